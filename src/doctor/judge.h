/* SPDX-License-Identifier: MIT */
/*
 * judge.h - what files of causes share: adding a verdict in a line, and words for what was seen.
 */
#ifndef CROFT_DOCTOR_JUDGE_H
#define CROFT_DOCTOR_JUDGE_H

#include "doctor/verdict.h"

/* A cause as tables hold it. */
struct cause_row {
	enum verdict_who who;
	const char *cause, *what, *mend, *cost;
};

/* Adds it; evidence, and mend where it is not NULL, in place of the row's. */
void judge_add(struct verdicts *verdicts, enum facility facility, enum verdict_state state,
	       const struct cause_row *row, const char *evidence, const char *mend);
void judge_works(struct verdicts *verdicts, enum facility facility, const char *evidence);
/* Nothing was found out: the record's outcome says why. */
void judge_unknown(struct verdicts *verdicts, enum facility facility,
		   const struct observation *obs);
/* Is there an answer, yes or no? */
bool was_asked(const struct observation *obs);

/* "EPERM", "errno 123", "no error". */
const char *judge_errno(struct verdicts *verdicts, int errnum);
/* "mkdir: EROFS" */
const char *judge_step(struct verdicts *verdicts, const struct observation *obs);
/* Adds "a", then ", b" to a list. */
const char *judge_list(struct verdicts *verdicts, const char *list, const char *more);

/*
 * The mend in gVisor, whatever container it is the kernel of, where nothing inside can help; else
 * the other one.
 */
const char *judge_gvisor(const struct observations *set, const char *in_gvisor, const char *other);

/* Is a reader of a pseudo terminal served where its slave is held open, as the shim does? */
bool judge_holding_helps(const struct observations *set);

/* Certainly none, certainly one, or it could not be asked. */
enum filter_sight { FILTER_NONE, FILTER_IN_FORCE, FILTER_UNKNOWN };
enum filter_sight judge_filter(const struct observations *set);

#endif
