/* SPDX-License-Identifier: MIT */
/*
 * causes_ns_kinds.c - the other kinds of namespaces: pid, net, ipc, uts, cgroup and time.
 *
 * Each could be refused by its own sysctl (ENOSPC; user.max_net_namespaces and its like, since
 * 4.9), by a filter that looks at the flag, by a kernel without it (EINVAL), or is taken and not
 * made, as gVisor does with cgroup namespaces. Then there are two that are made and of no use: a
 * network whose loopback cannot be set up, and a uts namespace in which sethostname is refused
 * (podman's filter).
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/causes_ns.h"
#include "doctor/ns.h"
#include "plan/cause.h"

#define WORDS(kind)                                                                                \
	{                                                                                          \
		kind "-limit", kind "-filter", kind "-absent", kind "-no-effect", kind "-refused", \
			kind "-emulated"                                                           \
	}

enum word { LIMIT, FILTER, ABSENT, NO_EFFECT, REFUSED, EMULATED, WORD_MAX };

static const struct kind {
	int ns; /* HOST_NS_*, or NS_TIME */
	enum facility facility;
	enum cause_word absent;
	const char *key; /* of sysctl */
	const char *words[WORD_MAX];
} kinds[] = {
	{ HOST_NS_PID, FACILITY_PIDNS, CAUSE_NO_PID, "user.max_pid_namespaces", WORDS("pidns") },
	{ HOST_NS_NET, FACILITY_NETNS, CAUSE_NO_NET, "user.max_net_namespaces", WORDS("netns") },
	{ HOST_NS_IPC, FACILITY_IPCNS, CAUSE_NO_IPC, "user.max_ipc_namespaces", WORDS("ipcns") },
	{ HOST_NS_UTS, FACILITY_UTSNS, CAUSE_NO_UTS, "user.max_uts_namespaces", WORDS("utsns") },
	{ HOST_NS_CGROUP, FACILITY_CGROUPNS, CAUSE_NO_CGROUP, "user.max_cgroup_namespaces",
	  WORDS("cgroupns") },
	{ NS_TIME, FACILITY_TIMENS, CAUSE_NONE, "user.max_time_namespaces", WORDS("timens") },
};

static const char *name_of(const struct kind *kind)
{
	return kind->ns == NS_TIME ? "time" : host_ns_names[kind->ns].name;
}

static void add(struct verdicts *verdicts, const struct kind *kind, enum word word,
		enum verdict_who who, const struct verdict *texts)
{
	struct verdict verdict = *texts;

	verdict.facility = kind->facility;
	verdict.state = VERDICT_MISSING;
	verdict.who = who;
	verdict.cause = kind->words[word];
	verdicts_add(verdicts, &verdict);
}

static void say_limit(struct verdicts *verdicts, const struct observations *set,
		      const struct kind *kind, const char *seen)
{
	const int64_t limit = ns_sysctl(set, kind->key);
	const struct verdict texts = {
		.what = verdicts_text(verdicts, "no more %s namespaces may be made: the limit %s",
				      name_of(kind), kind->key),
		.evidence = limit == OBS_NO_VALUE ? seen
						  : verdicts_text(verdicts, "%s; %s is %lld", seen,
								  kind->key, (long long)limit),
		.mend = verdicts_text(
			verdicts,
			"sysctl %s=15000 (as root, where the limit was set; to keep it: echo "
			"%s=15000 >/etc/sysctl.d/60-userns.conf)",
			kind->key, kind->key),
		.cost = verdicts_text(verdicts, "every program can make %s namespaces",
				      name_of(kind)),
	};

	add(verdicts, kind, LIMIT, limit == 0 ? WHO_SYSCTL : WHO_LIMIT, &texts);
}

static void say_filter(struct verdicts *verdicts, const struct observations *set,
		       const struct kind *kind, const char *call, const char *seen)
{
	const struct verdict texts = {
		.what = verdicts_text(verdicts, "a system call filter refuses %s of a %s namespace",
				      call, name_of(kind)),
		.evidence = verdicts_text(
			verdicts, "%s; the kernel answers otherwise to what it takes never", seen),
		.mend = mend_rule(verdicts, set, call),
		.cost = cost_of_filter,
	};

	add(verdicts, kind, FILTER, WHO_FILTER, &texts);
}

static void say_kernel(struct verdicts *verdicts, const struct kind *kind, enum word word,
		       const char *seen)
{
	const struct cause cause = cause_text(kind->absent);
	const struct verdict texts = {
		.what = word == NO_EFFECT
				? verdicts_text(verdicts,
						"this kernel takes %s namespaces and makes none",
						name_of(kind))
			: *cause.why ? cause.why
				     : "this kernel makes no time namespaces",
		.evidence = seen,
		.mend = word == NO_EFFECT ? cause_text(CAUSE_NO_EFFECT).mend
			: *cause.why      ? cause.mend
					  : "Linux 5.6 with CONFIG_TIME_NS",
	};

	add(verdicts, kind, word, WHO_KERNEL, &texts);
}

/* Refused, and neither by a filter nor for a limit nor for want of it. */
static void say_refused(struct verdicts *verdicts, const struct observations *set,
			const struct kind *kind, const char *seen)
{
	const bool is_apparmor = ns_is_restricted(set);
	const struct verdict texts = {
		.what = verdicts_text(verdicts, "%s: refused to who has all capabilities there%s",
				      facility_names[kind->facility].help,
				      is_apparmor ? ", by AppArmor" : ""),
		.evidence = seen,
		.mend = is_apparmor ? cause_text(CAUSE_APPARMOR).mend : "",
	};

	add(verdicts, kind, REFUSED, is_apparmor ? WHO_LSM : WHO_UNKNOWN, &texts);
}

/* It was not made. */
static void at_unshare(struct verdicts *verdicts, const struct observations *set,
		       const struct kind *kind, const char *step, int errnum)
{
	const char *seen = ns_failure(verdicts, step, errnum);
	const enum answer answer = answer_of_kind(set, name_of(kind));

	if (!strcmp(step, "link") || errnum == ENOTSUP)
		say_kernel(verdicts, kind, NO_EFFECT, seen);
	else if (answer == ANSWER_FILTER)
		say_filter(verdicts, set, kind, "unshare", seen);
	else if (errnum == ENOSPC || errnum == EUSERS)
		say_limit(verdicts, set, kind, seen);
	else if (answer == ANSWER_TAKEN)
		say_kernel(verdicts, kind, EMULATED, seen);
	else if (errnum == EINVAL)
		say_kernel(verdicts, kind, ABSENT, seen);
	else
		say_refused(verdicts, set, kind, seen);
}

/* It was made, and what it is for cannot be done in it. */
static void at_use(struct verdicts *verdicts, const struct observations *set,
		   const struct kind *kind, int errnum)
{
	static const char *const steps[HOST_NS_MAX] = {
		[HOST_NS_PID] = "fork", [HOST_NS_NET] = "lo", [HOST_NS_UTS] = "sethostname"
	};
	const char *step = steps[kind->ns] ? steps[kind->ns] : "use";
	const char *seen = ns_failure(verdicts, step, errnum);

	if (kind->ns == HOST_NS_UTS && answer_of_call(set, "sethostname") == ANSWER_FILTER)
		say_filter(verdicts, set, kind, "sethostname", seen);
	else if (errnum == ENOTSUP)
		say_kernel(verdicts, kind, NO_EFFECT, seen);
	else if (kind->ns == HOST_NS_PID && (errnum == ENOSPC || errnum == EUSERS))
		say_limit(verdicts, set, kind, seen);
	else
		say_refused(verdicts, set, kind, seen);
}

static void judge(struct verdicts *verdicts, const struct observations *set,
		  const struct host *host, const struct kind *kind)
{
	const struct observation *made = observed_of(set, OBS_NS_KIND, name_of(kind));
	const bool is_time = kind->ns == NS_TIME;
	const bool is_asked =
		is_time ? made->outcome != OBS_NOT_ASKED : host->ns[kind->ns].works != HOST_UNKNOWN;

	if (is_time ? made->outcome == OBS_YES : host->ns[kind->ns].works == HOST_YES)
		ns_works(verdicts, kind->facility, "made, and its effect seen");
	else if (!ns_has_ground(host) &&
		 verdict_of(verdicts, FACILITY_USERNS)->state != VERDICT_WORKS)
		ns_needs(verdicts, kind->facility, FACILITY_USERNS);
	else if (!is_asked)
		ns_unknown(verdicts, kind->facility, made);
	else if (made->outcome == OBS_YES)
		at_use(verdicts, set, kind, host->ns[kind->ns].errnum);
	else
		at_unshare(verdicts, set, kind, made->outcome == OBS_NO ? made->step : "unshare",
			   made->outcome == OBS_NO ? made->errnum
			   : is_time               ? 0
						   : host->ns[kind->ns].errnum);
}

void causes_ns_kinds(struct verdicts *verdicts, const struct observations *set)
{
	const struct host *host = ns_host(set);

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (host)
			judge(verdicts, set, host, &kinds[i]);
		else
			ns_unknown(verdicts, kinds[i].facility, observed(set, OBS_HOST));
}
