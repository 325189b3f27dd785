/* SPDX-License-Identifier: MIT */
/*
 * causes_ns_tools.c - who answered, and the mends that are made of what was seen.
 *
 * A filter is known by its answers, never by being there alone: every container has one. It answers
 * EPERM, EACCES or ENOSYS where the kernel itself has another errno, or it kills. ENOSYS could be
 * the kernel's where the call is one of the newer ones (424 and up, which are numbered alike on
 * every architecture): it is a filter's if a later one is there, or if the call is older than any
 * kernel that could run us. Where no filter is in force (prctl says so) none can have answered:
 * gVisor has later calls and not the earlier ones.
 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "base/err.h"
#include "doctor/causes_ns.h"
#include "doctor/ns.h"

#define FIRST_NEWER 424
#define CALLS_MAX 32
#define TEXT_BYTES 4096

const char cost_of_filter[] =
	"every program inside can call these: the kernel's code for namespaces and mounts is "
	"within reach";

/* A call that came later than this one is there. */
static bool has_later_call(const struct observations *set, int64_t number)
{
	const struct observation *obs = NULL;

	while ((obs = observed_next(set, OBS_NS_CALL, obs)))
		if (obs->outcome == OBS_YES && obs->value >= FIRST_NEWER && obs->value > number)
			return true;
	return false;
}

static enum answer answer_of(const struct observations *set, const struct observation *obs)
{
	const struct observation *mode = observed(set, OBS_FILTER_MODE);
	const bool is_unfiltered = mode->outcome == OBS_YES && mode->value == 0;

	if (obs->outcome == OBS_YES)
		return ANSWER_KERNEL;
	if (obs->outcome != OBS_NO)
		return ANSWER_UNKNOWN;
	if (!strcmp(obs->step, "killed"))
		return ANSWER_FILTER;
	switch (obs->errnum) {
	case 0:
		return ANSWER_TAKEN;
	case EPERM:
	case EACCES:
		return is_unfiltered ? ANSWER_UNKNOWN : ANSWER_FILTER;
	case ENOSYS:
		if (is_unfiltered)
			return ANSWER_ABSENT;
		return obs->value < FIRST_NEWER || has_later_call(set, obs->value) ? ANSWER_FILTER
										   : ANSWER_ABSENT;
	default:
		return ANSWER_UNKNOWN;
	}
}

enum answer answer_of_call(const struct observations *set, const char *call)
{
	return answer_of(set, observed_of(set, OBS_NS_CALL, call));
}

enum answer answer_of_kind(const struct observations *set, const char *kind)
{
	return answer_of(set, observed_of(set, OBS_NS_INVALID, kind));
}

const struct host *ns_host(const struct observations *set)
{
	return set->has_host && set->host.ns[HOST_NS_USER].works != HOST_UNKNOWN ? &set->host
										 : NULL;
}

bool ns_has_ground(const struct host *host)
{
	return host->ns[HOST_NS_USER].works == HOST_YES || host->has_ns_by_capability;
}

int64_t ns_sysctl(const struct observations *set, const char *key)
{
	const struct observation *obs = observed_of(set, OBS_SYSCTL, key);

	return obs->outcome == OBS_YES ? obs->value : OBS_NO_VALUE;
}

int ns_has_module(const struct observations *set, const char *module)
{
	const struct observation *obs = observed(set, OBS_LSM_LIST);
	const size_t len = strlen(module);

	if (obs->outcome != OBS_YES)
		return -1;
	for (const char *at = obs->text; *at;) {
		size_t word = strcspn(at, ",\n");

		if (word == len && !memcmp(at, module, len))
			return 1;
		at += word + (at[word] != '\0');
	}
	return 0;
}

bool ns_is_restricted(const struct observations *set)
{
	return strstr(observed(set, OBS_NS_USE)->text, "unprivileged_userns") ||
	       ns_sysctl(set, "kernel.apparmor_restrict_unprivileged_userns") == 1;
}

const char *ns_failure(struct verdicts *verdicts, const char *step, int errnum)
{
	const char *name = errnum == ENOTSUP ? NULL : errno_name(errnum);

	if (!strcmp(step, "killed"))
		return "whoever asks is killed";
	return verdicts_text(verdicts, "%s%s%s", step, *step ? ": " : "",
			     errnum && name ? name : "without effect");
}

/* Adds a name once. */
static size_t add_name(const char *names[CALLS_MAX], size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i], name))
			return n;
	if (n < CALLS_MAX)
		names[n++] = name;
	return n;
}

/*
 * What a sandbox is made with. Some could not be asked for want of a namespace to ask them in:
 * where mounts are refused, those go with them in every profile there is.
 */
static size_t find_filtered(const struct observations *set, const char *names[CALLS_MAX])
{
	static const char *const calls[] = { "mount",        "umount2",   "pivot_root",
					     "sethostname",  "open_tree", "fsopen",
					     "fsconfig",     "fsmount",   "move_mount",
					     "mount_setattr" };
	const bool is_all = answer_of_call(set, "mount") == ANSWER_FILTER;
	size_t n = 0;

	for (int i = 0; i < NS_KINDS; i++) {
		enum answer answer = answer_of_kind(set, ns_kinds[i].name);

		/* a success without effect is a filter's too, where one is in force */
		if (answer == ANSWER_FILTER ||
		    (answer == ANSWER_TAKEN && observed(set, OBS_FILTER_MODE)->value == 2))
			n = add_name(names, n, "unshare");
	}
	if (answer_of_kind(set, "clone") == ANSWER_FILTER)
		n = add_name(names, n, "clone");
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		enum answer answer = answer_of_call(set, calls[i]);

		if (answer == ANSWER_FILTER || (is_all && answer == ANSWER_UNKNOWN))
			n = add_name(names, n, calls[i]);
	}
	return n;
}

const char *filtered_calls(struct verdicts *verdicts, const struct observations *set)
{
	const char *names[CALLS_MAX];
	size_t n = find_filtered(set, names);
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_BYTES);

	for (size_t i = 0; i < n; i++)
		buf_printf(&buf, "%s%s", i ? "," : "", names[i]);
	return verdicts_text(verdicts, "%s", buf_text(&buf));
}

/* {"names": ["mount", "unshare"], "action": "SCMP_ACT_ALLOW"} */
static void add_rule(struct buf *buf, const char *const *names, size_t n)
{
	buf_puts(buf, "{\"names\": [");
	for (size_t i = 0; i < n; i++)
		buf_printf(buf, "%s\"%s\"", i ? ", " : "", names[i]);
	buf_puts(buf, "], \"action\": \"SCMP_ACT_ALLOW\"}");
}

/* The rule of these names, as the place that this is takes it. */
static const char *mend_names(struct verdicts *verdicts, const struct observations *set,
			      const char *const *names, size_t n)
{
	AUTO_BUF struct buf rule = BUF_INIT(TEXT_BYTES), list = BUF_INIT(TEXT_BYTES);
	struct mend_words words;
	const char *text;

	add_rule(&rule, names, n);
	for (size_t i = 0; i < n; i++)
		buf_printf(&list, "%s%s", i ? " " : "", names[i]);
	text = buf_text(&rule);
	words = (struct mend_words){
		.docker = verdicts_text(
			verdicts,
			"docker run --security-opt seccomp=croft.json, where croft.json is "
			"Docker's default profile with this put first in \"syscalls\": %s",
			text),
		.podman = verdicts_text(
			verdicts,
			"podman run --security-opt seccomp=croft.json, where croft.json is "
			"/usr/share/containers/seccomp.json with this put first in \"syscalls\": "
			"%s",
			text),
		.kubernetes = verdicts_text(
			verdicts,
			"securityContext: {seccompProfile: {type: Localhost, localhostProfile: "
			"croft.json}}, where croft.json in the node's /var/lib/kubelet/seccomp is "
			"the runtime's default profile with this put first in \"syscalls\": %s",
			text),
		.systemd = verdicts_text(
			verdicts,
			"systemctl edit the unit: [Service] RestrictNamespaces=no and "
			"SystemCallFilter=%s (the rule of a profile: %s)",
			buf_text(&list), text),
		.nspawn = verdicts_text(
			verdicts,
			"systemd-nspawn --system-call-filter='%s' (the rule of a profile: %s)",
			buf_text(&list), text),
		.lxc = verdicts_text(
			verdicts,
			"lxc config set NAME security.nesting=true, or without it a line less in "
			"its lxc.seccomp.profile for each of %s",
			text),
		.other = verdicts_text(verdicts,
				       "in the filter of the sandbox or service around: %s", text),
	};
	if (buf_error(&rule) || buf_error(&list))
		verdicts->error = -ENOMEM;
	return mend_here(set, &words);
}

const char *mend_rule(struct verdicts *verdicts, const struct observations *set, const char *calls)
{
	AUTO_FREE char *copy = strdup(calls);
	const char *names[CALLS_MAX];
	char *rest = copy, *name;
	size_t n = 0;

	while (rest && (name = strsep(&rest, ",")))
		n = add_name(names, n, name);
	if (!copy)
		verdicts->error = -ENOMEM;
	return mend_names(verdicts, set, names, n);
}

void ns_missing(struct verdicts *verdicts, enum facility facility, const struct verdict *verdict)
{
	struct verdict one = *verdict;

	one.facility = facility;
	one.state = VERDICT_MISSING;
	verdicts_add(verdicts, &one);
}

void ns_works(struct verdicts *verdicts, enum facility facility, const char *how)
{
	const struct verdict verdict = {
		.facility = facility,
		.state = VERDICT_WORKS,
		.evidence = how,
	};

	verdicts_add(verdicts, &verdict);
}

void ns_needs(struct verdicts *verdicts, enum facility facility, enum facility other)
{
	const struct verdict *user = verdict_of(verdicts, FACILITY_USERNS), *found;
	const struct verdict *mount = verdict_of(verdicts, FACILITY_MOUNT);

	/* the one at the bottom, where that needs another itself */
	if (other == FACILITY_MOUNT && mount && !strcmp(mount->cause, "needs-userns"))
		other = FACILITY_USERNS;
	found = other == FACILITY_USERNS ? user : verdict_of(verdicts, other);
	verdicts_add(
		verdicts,
		&(struct verdict){
			.facility = facility,
			.state =
				found->state == VERDICT_UNKNOWN ? VERDICT_UNKNOWN : VERDICT_MISSING,
			.who = found->who,
			.cause = other == FACILITY_USERNS  ? "needs-userns"
				 : other == FACILITY_PIDNS ? "needs-pidns"
							   : "needs-mount",
			.what = verdicts_text(verdicts, "it needs %s", facility_names[other].help),
			.evidence = verdicts_text(verdicts, "%s: %s", facility_names[other].name,
						  found->cause),
			.mend = verdicts_text(verdicts, "as for %s", facility_names[other].name),
		});
}

void ns_unknown(struct verdicts *verdicts, enum facility facility, const struct observation *about)
{
	struct verdict verdict = {
		.facility = facility,
		.state = VERDICT_UNKNOWN,
		.who = WHO_UNKNOWN,
		.cause = "not-asked",
		.what = "it was not asked",
		.evidence = verdicts_text(verdicts, "%s: %s", obs_names[about->id].name,
					  obs_outcome_names[about->outcome].name),
	};

	if (about->errnum == EAGAIN || about->errnum == ENOMEM) {
		verdict.state = VERDICT_MISSING;
		verdict.who = WHO_LIMIT;
		verdict.cause = "no-process";
		verdict.what = "there is no process or no memory left to try it with";
		verdict.evidence =
			ns_failure(verdicts, *about->step ? about->step : "fork", about->errnum);
		verdict.mend =
			"prlimit --nproc=4096:4096 --pid $$ as root in the shell that starts "
			"croft; or a greater pids.max of its control group";
	} else if (about->outcome == OBS_LATE) {
		verdict.cause = "late";
		verdict.what = "there was no answer within the time";
	}
	verdicts_add(verdicts, &verdict);
}
