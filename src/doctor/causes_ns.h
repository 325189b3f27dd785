/* SPDX-License-Identifier: MIT */
/*
 * causes_ns.h - what the files of causes about namespaces share: who answered a call, and mends
 * that are made of what was seen.
 */
#ifndef CROFT_DOCTOR_CAUSES_NS_H
#define CROFT_DOCTOR_CAUSES_NS_H

#include <stdbool.h>

#include "doctor/verdict.h"

/* Who answered a call that was made with what no kernel takes. */
enum answer {
	ANSWER_UNKNOWN, /* not asked, or an errno that tells nothing */
	ANSWER_KERNEL,
	ANSWER_FILTER,
	ANSWER_ABSENT, /* ENOSYS, and nothing says that it is a filter's */
	ANSWER_TAKEN, /* it was done, or said to be: no kernel of Linux answers so */
};

/* OBS_NS_CALL's: "mount". */
enum answer answer_of_call(const struct observations *set, const char *call);
/* OBS_NS_INVALID's: "user", "clone". */
enum answer answer_of_kind(const struct observations *set, const char *kind);

/* What is known of the host's namespaces by their effect; NULL: nothing. */
const struct host *ns_host(const struct observations *set);
/* Whether namespaces come from a user namespace, or by a capability. */
bool ns_has_ground(const struct host *host);
/* A sysctl's value, or OBS_NO_VALUE. */
int64_t ns_sysctl(const struct observations *set, const char *key);
/* A module is among the active ones: 1, 0; -1: it is not known which are. */
int ns_has_module(const struct observations *set, const char *module);
/* AppArmor gives powers of user namespaces to programs that it knows alone. */
bool ns_is_restricted(const struct observations *set);

/* "unshare: ENOSPC", of a step and an errno; "unshare: without effect". */
const char *ns_failure(struct verdicts *verdicts, const char *step, int errnum);

/*
 * The mend for a filter: the rule that it lacks, of the calls named (with commas), and where it is
 * to be written. Exact: it can be pasted.
 */
const char *mend_rule(struct verdicts *verdicts, const struct observations *set, const char *calls);
/* "unshare,mount": of the calls that a sandbox is made with, those that a filter refuses. */
const char *filtered_calls(struct verdicts *verdicts, const struct observations *set);
extern const char cost_of_filter[];

/* A facility that works. */
void ns_works(struct verdicts *verdicts, enum facility facility, const char *how);
/* One that is missing: the rest of the verdict says why. */
void ns_missing(struct verdicts *verdicts, enum facility facility, const struct verdict *verdict);
/* One that cannot be had for want of another, of which a verdict is there. */
void ns_needs(struct verdicts *verdicts, enum facility facility, enum facility other);
/* Not asked, late or broken, by the record that should tell. */
void ns_unknown(struct verdicts *verdicts, enum facility facility, const struct observation *about);

/* The parts, by file. */
void causes_ns_user(struct verdicts *verdicts, const struct observations *set);
void causes_ns_mount(struct verdicts *verdicts, const struct observations *set);
void causes_ns_kinds(struct verdicts *verdicts, const struct observations *set);
void causes_ns_files(struct verdicts *verdicts, const struct observations *set);

#endif
