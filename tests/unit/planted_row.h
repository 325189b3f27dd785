/* SPDX-License-Identifier: MIT */
/*
 * planted_row.h - observations as a host would give them, beside the verdict that a causes_*.c is
 * to make of them: rows of a table.
 */
#ifndef CROFT_TESTS_UNIT_PLANTED_ROW_H
#define CROFT_TESTS_UNIT_PLANTED_ROW_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/verdict.h"

#define PLANTED_MAX 8

/* What is expected of one set: the verdict with this cause, or, with "", that of the facility. */
struct planted_row {
	struct observation observations[PLANTED_MAX]; /* up to the first without an outcome */
	enum facility facility;
	enum verdict_state state;
	enum verdict_who who;
	const char *cause;
	const char *mend; /* exactly; NULL: none */
	const char *evidence; /* a part of it; NULL: any */
	const char *what; /* the same */
};

#define YES(id_, ...)                                            \
	{                                                        \
		.id = OBS_##id_, .outcome = OBS_YES, __VA_ARGS__ \
	}
#define NO(id_, ...)                                            \
	{                                                       \
		.id = OBS_##id_, .outcome = OBS_NO, __VA_ARGS__ \
	}

static inline void planted_set(struct observations *set, const struct observation *list, size_t n)
{
	observations_init(set);
	for (size_t i = 0; i < n && list[i].outcome != OBS_NOT_ASKED; i++)
		assert_int_equal(observations_add(set, &list[i]), 0);
}

static inline const struct verdict *planted_find(const struct verdicts *verdicts,
						 const struct planted_row *planted)
{
	for (size_t i = 0; i < verdicts->n; i++) {
		const struct verdict *verdict = &verdicts->items[i];

		if (verdict->facility == planted->facility &&
		    strcmp(verdict->cause, planted->cause) == 0)
			return verdict;
	}
	return NULL;
}

static inline void planted_check(const struct planted_row *planted,
				 void (*causes)(struct verdicts *, const struct observations *))
{
	struct observations set;
	struct verdicts verdicts;
	const struct verdict *found;

	planted_set(&set, planted->observations, PLANTED_MAX);
	verdicts_init(&verdicts);
	causes(&verdicts, &set);
	assert_int_equal(verdicts.error, 0);
	found = planted_find(&verdicts, planted);
	if (!found) {
		for (size_t i = 0; i < verdicts.n; i++)
			print_message("there is: '%s'\n", verdicts.items[i].cause);
		fail_msg("no verdict '%s'", planted->cause);
	}
	assert_string_equal(verdict_state_names[found->state].name,
			    verdict_state_names[planted->state].name);
	assert_string_equal(verdict_who_names[found->who].name,
			    verdict_who_names[planted->who].name);
	assert_string_equal(found->mend, planted->mend ? planted->mend : "");
	if (planted->evidence && !strstr(found->evidence, planted->evidence))
		fail_msg("'%s' is not in the evidence '%s'", planted->evidence, found->evidence);
	if (planted->what && !strstr(found->what, planted->what))
		fail_msg("'%s' is not in '%s'", planted->what, found->what);
	/* who says that something is the matter says what, and how it is known */
	if (*planted->cause) {
		assert_string_not_equal(found->what, "");
		assert_string_not_equal(found->evidence, "");
	}
	verdicts_done(&verdicts);
	observations_done(&set);
}

#endif
