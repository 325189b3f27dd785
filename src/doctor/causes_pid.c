/* SPDX-License-Identifier: MIT */
/*
 * causes_pid.c - what the process of --pid has otherwise, what that means, and who set it.
 *
 * A difference is a place to look, not a cause: what fails there is told by the other rows, whose
 * probes were made what that process is. Where they could not be, it is said here why, and
 * those rows say "unknown": the shell's answer would be another process's.
 *
 * Each kind of difference has the directives of systemd that make it. Where the process is of a
 * unit and its files have one of these, the mend is the drop-in that takes it back; in a
 * container, which the path of the control group tells, it is the runtime's word.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "base/text.h"
#include "doctor/verdict.h"

#define RELATED_MAX 8

/* What a directive is set to so that it takes nothing away; NULL: no, it cannot be told. */
static const struct {
	const char *directive, *reset, *cost;
} resets[] = {
	{ "CapabilityBoundingSet", "~", "its programs may be given every capability" },
	{ "InaccessiblePaths", "", "those paths can be reached" },
	{ "LimitAS", "infinity", "memory" },
	{ "LimitMEMLOCK", "infinity", "memory that cannot be swapped" },
	{ "LimitNOFILE", "1048576", "files" },
	{ "LimitNPROC", "infinity", "processes" },
	{ "LockPersonality", "no", "it may change its personality" },
	{ "MemoryDenyWriteExecute", "no", "memory can be written and executed" },
	{ "MemoryMax", "infinity", "all memory of the host" },
	{ "NoExecPaths", "", "files there can be executed" },
	{ "NoNewPrivileges", "no", "programs that change the user do so" },
	{ "PrivateDevices", "no", "the host's devices" },
	{ "PrivateNetwork", "no", "the host's network" },
	{ "PrivateUsers", "no", "its ids are the host's" },
	{ "ProcSubset", "all", "all of /proc can be read" },
	{ "ProtectControlGroups", "no", "control groups can be changed by root" },
	{ "ProtectHome", "no", "the users' files" },
	{ "ProtectHostname", "no", "the host name can be changed by root" },
	{ "ProtectKernelTunables", "no", "settings of the kernel can be changed by root" },
	{ "ProtectProc", "default", "other users' processes can be seen" },
	{ "ProtectSystem", "no", "the system's files can be changed by root" },
	{ "ReadOnlyPaths", "", "those paths can be written" },
	{ "RestrictAddressFamilies", "", "every kind of socket" },
	{ "RestrictNamespaces", "no", "namespaces of every kind" },
	{ "RestrictSUIDSGID", "no", "files that change the user can be made" },
	{ "SystemCallArchitectures", "", "calls of other architectures" },
	{ "SystemCallFilter", "", "every system call" },
	{ "TasksMax", "infinity", "processes" },
};

/* What a difference means, and what may have made it. */
static const struct meaning {
	const char *subject; /* of OBS_PID_DIFFERS, or the step of OBS_PID_MOUNT */
	enum verdict_who who;
	const char *cause, *what;
	const char *directives; /* separated by blanks */
	const char *docker, *podman, *kubernetes; /* of the container's start; NULL: nothing */
} meanings[] = {
	{ "seccomp", WHO_FILTER, "process-filter",
	  "it has a system call filter, and this shell none",
	  "SystemCallFilter RestrictNamespaces RestrictAddressFamilies MemoryDenyWriteExecute "
	  "RestrictSUIDSGID SystemCallArchitectures LockPersonality",
	  "docker run --security-opt seccomp=unconfined",
	  "podman run --security-opt seccomp=unconfined",
	  "securityContext: {seccompProfile: {type: Unconfined}}" },
	{ "filters", WHO_FILTER, "process-filters", "it has other system call filters",
	  "SystemCallFilter RestrictNamespaces RestrictAddressFamilies MemoryDenyWriteExecute",
	  NULL, NULL, NULL },
	{ "no-new-privs", WHO_PRIVILEGE, "process-no-new-privs",
	  "programs that change the user (sudo, newuidmap) gain nothing in it", "NoNewPrivileges",
	  "docker run --security-opt no-new-privileges=false",
	  "podman run --security-opt no-new-privileges=false",
	  "securityContext: {allowPrivilegeEscalation: true}" },
	{ "cap-bounding", WHO_PRIVILEGE, "process-bounding",
	  "its programs cannot be given every capability", "CapabilityBoundingSet", NULL, NULL,
	  NULL },
	{ "cap-effective", WHO_PRIVILEGE, "process-capabilities", "it has other capabilities",
	  "CapabilityBoundingSet PrivateUsers", NULL, NULL, NULL },
	{ "uid-map", WHO_RUNTIME, "process-uid-map", "its user namespace has other users",
	  "PrivateUsers", NULL, NULL, NULL },
	{ "gid-map", WHO_RUNTIME, "process-gid-map", "its user namespace has other groups",
	  "PrivateUsers", NULL, NULL, NULL },
	{ "ids", WHO_PRIVILEGE, "process-user", "it is another user's", "", NULL, NULL, NULL },
	{ "root", WHO_CHROOT, "process-root",
	  "its root directory is another: in a plain chroot the kernel makes no user namespace", "",
	  NULL, NULL, NULL },
	{ "label", WHO_LSM, "process-label", "a security module has another label on it", "", NULL,
	  NULL, NULL },
	{ "covers-proc", WHO_MOUNT, "process-proc-covered",
	  "something lies over its /proc: a fresh one cannot be mounted by who cannot take it off",
	  "ProtectKernelTunables ProtectProc ProcSubset InaccessiblePaths ReadOnlyPaths",
	  "docker run --security-opt systempaths=unconfined",
	  "podman run --security-opt unmask=ALL",
	  "securityContext: {procMount: Unmasked} with hostUsers: false" },
	{ "read-only", WHO_MOUNT, "process-read-only", "it cannot write there",
	  "ProtectSystem ProtectHome ReadOnlyPaths ProtectControlGroups ProtectKernelTunables",
	  NULL, NULL, NULL },
	{ "noexec", WHO_MOUNT, "process-noexec", "it cannot execute anything there",
	  "NoExecPaths PrivateDevices ProtectHome", NULL, NULL, NULL },
	{ "limit-nproc", WHO_LIMIT, "process-limit-nproc", "it may have other numbers of processes",
	  "LimitNPROC", NULL, NULL, NULL },
	{ "limit-nofile", WHO_LIMIT, "process-limit-nofile", "it may open other numbers of files",
	  "LimitNOFILE", NULL, NULL, NULL },
	{ "limit-memlock", WHO_LIMIT, "process-limit-memlock",
	  "it may lock other amounts of memory", "LimitMEMLOCK", NULL, NULL, NULL },
	{ "limit-as", WHO_LIMIT, "process-limit-as", "it may have other amounts of memory",
	  "LimitAS", NULL, NULL, NULL },
	{ "limit-fsize", WHO_LIMIT, "process-limit-fsize", "its files may be of other sizes", "",
	  NULL, NULL, NULL },
	{ "pids.max", WHO_LIMIT, "process-group-pids", "its control group limits processes",
	  "TasksMax", "docker run --pids-limit=-1", "podman run --pids-limit=-1", NULL },
	{ "memory.max", WHO_LIMIT, "process-group-memory", "its control group limits memory",
	  "MemoryMax", NULL, NULL, NULL },
};

static const struct meaning *meaning_of(const char *subject)
{
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (strcmp(meanings[i].subject, subject) == 0)
			return &meanings[i];
	return NULL;
}

/* "RestrictNamespaces=yes" is of "SystemCallFilter RestrictNamespaces". */
static bool is_listed(const char *directive, const char *list)
{
	size_t len = strcspn(directive, "=");

	for (const char *at = list; *at; at += strspn(at, " ")) {
		size_t word = strcspn(at, " ");

		if (word == len && memcmp(at, directive, len) == 0)
			return true;
		at += word;
	}
	return false;
}

static size_t reset_of(const char *directive)
{
	size_t len = strcspn(directive, "="), i = 0;

	while (i < ARRAY_SIZE(resets) && (strlen(resets[i].directive) != len ||
					  memcmp(resets[i].directive, directive, len) != 0))
		i++;
	return i;
}

/* The line that makes a drop-in of these settings. "\n" is for printf(1). */
static const char *drop_in(struct verdicts *verdicts, const char *unit, const char *settings)
{
	AUTO_BUF struct buf word = BUF_INIT((size_t)OBS_TEXT_MAX * 4);
	AUTO_BUF struct buf folder = BUF_INIT((size_t)OBS_TEXT_MAX * 2);

	buf_printf(&folder, "/etc/systemd/system/%s.d", unit);
	text_word(&word, buf_text(&folder));
	buf_reset(&folder);
	text_word(&folder, unit);
	return verdicts_text(verdicts,
			     "mkdir -p %s && printf '[Service]\\n%s' >>%s/croft.conf && "
			     "systemctl daemon-reload && systemctl restart %s",
			     buf_text(&word), settings, buf_text(&word), buf_text(&folder));
}

struct found {
	const char *settings, *where, *cost; /* "" each: no directive of the list is in its unit */
};

static struct found find_directives(struct verdicts *verdicts, const struct observations *set,
				    const char *list)
{
	struct found found = { "", "", "" };
	const struct observation *line = NULL;
	int n = 0;

	while ((line = observed_next(set, OBS_PID_DIRECTIVE, line)) && n < RELATED_MAX) {
		size_t i = reset_of(line->subject);

		if (!is_listed(line->subject, list) || i == ARRAY_SIZE(resets) ||
		    line->outcome != OBS_YES)
			continue;
		n++;
		found.settings = verdicts_text(verdicts, "%s%s=%s\\n", found.settings,
					       resets[i].directive, resets[i].reset);
		found.where = verdicts_text(verdicts, "%s; %s in %s", found.where, line->subject,
					    line->text);
		found.cost = verdicts_text(verdicts, "%s%s%s", found.cost, *found.cost ? ", " : "",
					   resets[i].cost);
	}
	return found;
}

/* The words of the runtime that its control group is of; NULL: of none that is known. */
static const char *runtime_mend(const struct observations *set, const struct meaning *meaning)
{
	const char *group = observed_of(set, OBS_PID_DIFFERS, "cgroup")->text;
	const char *there = strstr(group, ", there ");

	if (!there)
		return NULL;
	if (strstr(there, "kubepods"))
		return meaning->kubernetes;
	if (strstr(there, "libpod"))
		return meaning->podman;
	return strstr(there, "docker") ? meaning->docker : NULL;
}

static void judge(struct verdicts *verdicts, const struct observations *set,
		  const struct meaning *meaning, const char *what, const char *evidence)
{
	struct found found = find_directives(verdicts, set, meaning->directives);
	const char *unit = observed(set, OBS_PID_UNIT)->subject;
	const char *runtime = runtime_mend(set, meaning);
	struct verdict verdict = {
		.facility = FACILITY_PROCESS,
		.state = VERDICT_PARTLY,
		.who = meaning->who,
		.cause = meaning->cause,
		.what = what,
		.evidence = verdicts_text(verdicts, "%s%s", evidence, found.where),
	};

	if (*found.settings && *unit) {
		verdict.mend = drop_in(verdicts, unit, found.settings);
		verdict.cost = found.cost;
	} else if (runtime) {
		verdict.mend = runtime;
		verdict.cost = "what the runtime keeps from its containers";
	}
	verdicts_add(verdicts, &verdict);
}

static void judge_differences(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *one = NULL;

	while ((one = observed_next(set, OBS_PID_DIFFERS, one))) {
		const struct meaning *meaning = meaning_of(one->subject);

		/* namespaces by themselves are no trouble, nor is another group */
		if (meaning && one->outcome == OBS_YES)
			judge(verdicts, set, meaning, meaning->what,
			      verdicts_text(verdicts, "%s: %s", one->subject, one->text));
	}
	one = NULL;
	while ((one = observed_next(set, OBS_PID_MOUNT, one))) {
		const struct meaning *meaning = meaning_of(one->step);

		if (meaning && one->outcome == OBS_YES)
			judge(verdicts, set, meaning,
			      verdicts_text(verdicts, "%s: %s", one->subject, meaning->what),
			      verdicts_text(verdicts, "%s: %s", one->subject, one->text));
	}
	one = NULL;
	while ((one = observed_next(set, OBS_PID_GROUP, one))) {
		const struct meaning *meaning = meaning_of(one->subject);

		if (meaning && one->outcome == OBS_YES)
			judge(verdicts, set, meaning, meaning->what,
			      verdicts_text(verdicts, "%s/%s: %lld", one->text, one->subject,
					    (long long)one->value));
	}
}

/* A directive that no difference was found for: it may be what a call meets all the same. */
static void judge_rest(struct verdicts *verdicts, const struct observations *set)
{
	const char *unit = observed(set, OBS_PID_UNIT)->subject;
	const struct observation *line = NULL;

	while ((line = observed_next(set, OBS_PID_DIRECTIVE, line))) {
		size_t i = reset_of(line->subject);
		bool is_told = false;

		for (size_t k = 0; k < verdicts->n && !is_told; k++)
			is_told = verdicts->items[k].facility == FACILITY_PROCESS &&
				  strstr(verdicts->items[k].evidence, line->text);
		if (is_told || i == ARRAY_SIZE(resets) || line->outcome != OBS_YES || !*unit)
			continue;
		verdicts_add(verdicts, &(struct verdict){
					       .facility = FACILITY_PROCESS,
					       .state = VERDICT_PARTLY,
					       .who = WHO_SETTING,
					       .cause = "process-unit",
					       .what = verdicts_text(verdicts, "%s has %s", unit,
								     line->subject),
					       .evidence = line->text,
					       .mend = drop_in(verdicts, unit,
							       verdicts_text(verdicts, "%s=%s\\n",
									     resets[i].directive,
									     resets[i].reset)),
					       .cost = resets[i].cost,
				       });
	}
}

static void judge_unknown(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *one = NULL;
	bool has_filter_answer = observed_of(set, OBS_PID_ENTERED, "filter")->outcome == OBS_YES;
	bool has_filter = observed_of(set, OBS_PID_DIFFERS, "seccomp")->value == 2;

	while ((one = observed_next(set, OBS_PID_ENTERED, one))) {
		if (one->outcome != OBS_NO)
			continue;
		verdicts_add(
			verdicts,
			&(struct verdict){
				.facility = FACILITY_PROCESS,
				.state = VERDICT_UNKNOWN,
				.who = WHO_PRIVILEGE,
				.cause = "process-not-entered",
				.what = verdicts_text(
					verdicts,
					"probes cannot be made what it is (its %s): what works "
					"in it is not known here",
					one->subject),
				.evidence = verdicts_text(verdicts, "%s: %s", one->step,
							  errno_text(one->errnum)),
			});
		return;
	}
	if (has_filter && !has_filter_answer)
		verdicts_add(verdicts, &(struct verdict){
					       .facility = FACILITY_PROCESS,
					       .state = VERDICT_UNKNOWN,
					       .who = WHO_FILTER,
					       .cause = "process-filter-silent",
					       .what = "its filter lets no probe tell what it sees",
					       .evidence = "no report came from under it",
				       });
	one = observed(set, OBS_PID_UNSEEN);
	if (one->outcome == OBS_NO)
		verdicts_add(verdicts,
			     &(struct verdict){
				     .facility = FACILITY_PROCESS,
				     .state = VERDICT_UNKNOWN,
				     .who = WHO_PRIVILEGE,
				     .cause = "process-unseen",
				     .what = verdicts_text(
					     verdicts, "its %s may not be looked at by this user",
					     one->subject),
				     .evidence = errno_text(one->errnum),
				     .mend = "sudo croft doctor --pid PID",
				     .cost = "the doctor is root",
			     });
}

void causes_pid(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *target = observed(set, OBS_PID_TARGET);
	size_t n = verdicts->n;

	/* without --pid there is no such process, and no row */
	if (target->outcome == OBS_NOT_ASKED)
		return;
	if (target->outcome != OBS_YES) {
		verdicts_add(verdicts, &(struct verdict){ .facility = FACILITY_PROCESS,
							  .state = VERDICT_UNKNOWN,
							  .who = WHO_UNKNOWN,
							  .cause = "process-gone",
							  .what = "it could not be looked at",
							  .evidence = errno_text(target->errnum) });
		return;
	}
	judge_differences(verdicts, set);
	judge_rest(verdicts, set);
	judge_unknown(verdicts, set);
	if (verdicts->n == n)
		verdicts_add(verdicts,
			     &(struct verdict){ .facility = FACILITY_PROCESS,
						.state = VERDICT_WORKS,
						.evidence = "nothing that bears on a "
							    "sandbox is otherwise there" });
}
