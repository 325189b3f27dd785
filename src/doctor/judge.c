/* SPDX-License-Identifier: MIT */
/*
 * judge.c - the words and decisions that several files of causes share: whether a filter of system
 * calls can have said something at all, and whether the shim for pseudo terminals would help.
 */
#include "doctor/judge.h"

#include "base/err.h"

void judge_add(struct verdicts *verdicts, enum facility facility, enum verdict_state state,
	       const struct cause_row *row, const char *evidence, const char *mend)
{
	verdicts_add(verdicts, &(struct verdict){ .facility = facility,
						  .state = state,
						  .who = row->who,
						  .cause = row->cause,
						  .what = row->what,
						  .evidence = evidence,
						  .mend = mend ? mend : row->mend,
						  .cost = row->cost });
}

void judge_works(struct verdicts *verdicts, enum facility facility, const char *evidence)
{
	verdicts_add(verdicts, &(struct verdict){ .facility = facility,
						  .state = VERDICT_WORKS,
						  .who = WHO_NOBODY,
						  .evidence = evidence });
}

void judge_unknown(struct verdicts *verdicts, enum facility facility, const struct observation *obs)
{
	const char *what = "it was not asked", *mend = "";

	if (obs->outcome == OBS_LATE) {
		what = "there was no answer in time";
		mend = "if the host is only slow: croft doctor --timeout 30";
	} else if (obs->outcome == OBS_BROKEN) {
		what = "it could not be tried";
	}
	verdicts_add(verdicts, &(struct verdict){ .facility = facility,
						  .state = VERDICT_UNKNOWN,
						  .who = WHO_UNKNOWN,
						  .what = what,
						  .evidence = judge_step(verdicts, obs),
						  .mend = mend });
}

bool was_asked(const struct observation *obs)
{
	return obs->outcome == OBS_YES || obs->outcome == OBS_NO;
}

const char *judge_errno(struct verdicts *verdicts, int errnum)
{
	const char *name = errnum ? errno_name(errnum) : "no error";

	return name ? name : verdicts_text(verdicts, "errno %d", errnum);
}

const char *judge_step(struct verdicts *verdicts, const struct observation *obs)
{
	if (!*obs->step && !obs->errnum)
		return "";
	return verdicts_text(verdicts, "%s%s%s", obs->step, *obs->step ? ": " : "",
			     judge_errno(verdicts, obs->errnum));
}

const char *judge_list(struct verdicts *verdicts, const char *list, const char *more)
{
	return verdicts_text(verdicts, "%s%s%s", list, *list ? ", " : "", more);
}

const char *judge_gvisor(const struct observations *set, const char *in_gvisor, const char *other)
{
	return observed_of(set, OBS_PLACE, "gvisor")->outcome == OBS_YES ? in_gvisor : other;
}

enum filter_sight judge_filter(const struct observations *set)
{
	const struct observation *mode = observed(set, OBS_FILTER_MODE);

	if (mode->outcome != OBS_YES)
		return FILTER_UNKNOWN;
	return mode->value ? FILTER_IN_FORCE : FILTER_NONE;
}

bool judge_holding_helps(const struct observations *set)
{
	const struct observation *held = observed_of(set, OBS_PTY_RACE, "2000 us, slave held");

	if (!was_asked(held)) /* there was no time for the race */
		held = observed_of(set, OBS_PTY_RACE, "slave held");
	return held->outcome == OBS_YES;
}
