/* SPDX-License-Identifier: MIT */
/*
 * planted.h - observations that a test plants, and the verdict that must come of them.
 *
 * Each case is a sentence, the records that are there, and of one facility its state, who said no,
 * the cause, and words that mend and evidence must have. A cause of "" is the twin: the
 * facility works, and nothing else is said of it.
 */
#ifndef CROFT_TESTS_UNIT_PLANTED_H
#define CROFT_TESTS_UNIT_PLANTED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/verdict.h"

/* A record leaves out what it does not bear: it ends early, and the rest is 0. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define PLANTED_MAX 12

struct planted {
	enum obs id;
	enum obs_outcome outcome; /* 0: the end of the list */
	const char *subject, *step;
	int errnum;
	int64_t value;
	const char *text;
};

struct planted_case {
	const char *sentence;
	struct planted records[PLANTED_MAX];
	enum facility facility;
	enum verdict_state state;
	enum verdict_who who;
	const char *cause;
	const char *mend, *evidence; /* parts of them; NULL: any */
};

typedef void (*causes_fn)(struct verdicts *verdicts, const struct observations *set);

static inline void plant(struct observations *set, const struct planted *records)
{
	for (size_t i = 0; i < PLANTED_MAX && records[i].outcome; i++) {
		const struct planted *record = &records[i];

		assert_int_equal(observations_add(set,
						  &(struct observation){ .id = record->id,
									 .outcome = record->outcome,
									 .errnum = record->errnum,
									 .value = record->value,
									 .subject = record->subject,
									 .step = record->step,
									 .text = record->text }),
				 0);
	}
}

static inline const struct verdict *find_verdict(const struct verdicts *verdicts,
						 const struct planted_case *one)
{
	const struct verdict *found = NULL;

	for (size_t i = 0; i < verdicts->n; i++) {
		const struct verdict *verdict = &verdicts->items[i];

		if (verdict->facility != one->facility)
			continue;
		if (!strcmp(verdict->cause, one->cause)) {
			if (found)
				fail_msg("%s: '%s' is said twice", one->sentence, one->cause);
			found = verdict;
		} else if (!*one->cause) {
			fail_msg("%s: '%s' is said too", one->sentence, verdict->cause);
		}
	}
	return found;
}

static inline void check_case(causes_fn causes, const struct planted_case *one)
{
	const struct verdict *verdict;
	struct observations set;
	struct verdicts verdicts;

	observations_init(&set);
	verdicts_init(&verdicts);
	plant(&set, one->records);
	causes(&verdicts, &set);
	assert_int_equal(verdicts.error, 0);
	verdict = find_verdict(&verdicts, one);
	if (!verdict) {
		verdict = verdict_of(&verdicts, one->facility);
		fail_msg("%s: not '%s', but '%s'", one->sentence, one->cause,
			 verdict ? verdict->cause : "nothing");
	}
	if (verdict->state != one->state || verdict->who != one->who)
		fail_msg("%s: %s by %s", one->sentence, verdict_state_names[verdict->state].name,
			 verdict_who_names[verdict->who].name);
	if (one->mend && !strstr(verdict->mend, one->mend))
		fail_msg("%s: the mend is '%s'", one->sentence, verdict->mend);
	if (one->evidence && !strstr(verdict->evidence, one->evidence))
		fail_msg("%s: the evidence is '%s'", one->sentence, verdict->evidence);
	/* what is wrong is told in words, with a mend and its evidence */
	if (verdict->state == VERDICT_MISSING || verdict->state == VERDICT_PARTLY)
		if (!*verdict->what || !*verdict->evidence)
			fail_msg("%s: told without words", one->sentence);
	verdicts_done(&verdicts);
	observations_done(&set);
}

static inline void check_cases(causes_fn causes, const struct planted_case *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		check_case(causes, &cases[i]);
}

/* Without any record a facility is unknown, and never works. */
static inline void check_unknown(causes_fn causes, const enum facility *facilities, size_t n)
{
	struct observations set;
	struct verdicts verdicts;

	observations_init(&set);
	verdicts_init(&verdicts);
	causes(&verdicts, &set);
	for (size_t i = 0; i < n; i++) {
		const struct verdict *verdict = verdict_of(&verdicts, facilities[i]);

		assert_non_null(verdict);
		assert_int_equal(verdict->state, VERDICT_UNKNOWN);
	}
	verdicts_done(&verdicts);
	observations_done(&set);
}

#endif
