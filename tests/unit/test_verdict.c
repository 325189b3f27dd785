/* SPDX-License-Identifier: MIT */
/*
 * test_verdict.c - the list of verdicts: the gravest of a facility counts, the place chooses the
 * words of a mend, and what is judged of nothing claims nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/verdict.h"

static struct verdicts verdicts;
static struct observations set;

static int setup(void **state)
{
	(void)state;
	verdicts_init(&verdicts);
	observations_init(&set);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	verdicts_done(&verdicts);
	observations_done(&set);
	return 0;
}

static void add(enum facility facility, enum verdict_state state, const char *cause)
{
	verdicts_add(&verdicts,
		     &(struct verdict){ .facility = facility, .state = state, .cause = cause });
}

static void place(const char *subject, enum obs_outcome outcome)
{
	assert_int_equal(observations_add(&set, &(struct observation){ .id = OBS_PLACE,
								       .outcome = outcome,
								       .value = OBS_NO_VALUE,
								       .subject = subject }),
			 0);
}

static void tables_have_a_word_for_each_entry(void **state)
{
	(void)state;
	for (int i = 0; i < FACILITY_N; i++)
		assert_int_equal(names_find(facility_names, FACILITY_N, facility_names[i].name), i);
	for (int i = 0; i < VERDICT_STATE_MAX; i++)
		assert_int_equal(names_find(verdict_state_names, VERDICT_STATE_MAX,
					    verdict_state_names[i].name),
				 i);
	for (int i = 0; i < VERDICT_WHO_MAX; i++)
		assert_int_equal(names_find(verdict_who_names, VERDICT_WHO_MAX,
					    verdict_who_names[i].name),
				 i);
}

static void the_gravest_of_a_facility_counts_and_of_equals_the_first(void **state)
{
	static const enum verdict_state by_gravity[] = { VERDICT_NO_EFFECT, VERDICT_WORKS,
							 VERDICT_UNKNOWN, VERDICT_PARTLY,
							 VERDICT_MISSING };

	(void)state;
	assert_null(verdict_of(&verdicts, FACILITY_PTY));
	for (size_t i = 0; i < ARRAY_SIZE(by_gravity); i++) {
		add(FACILITY_PTY, by_gravity[i], "first");
		add(FACILITY_PTY, by_gravity[i], "second");
		add(FACILITY_PTY, VERDICT_NO_EFFECT, "third");
		assert_int_equal(verdict_of(&verdicts, FACILITY_PTY)->state, by_gravity[i]);
		assert_string_equal(verdict_of(&verdicts, FACILITY_PTY)->cause, "first");
		assert_null(verdict_of(&verdicts, FACILITY_PIPE));
	}
}

static void texts_are_copied_and_none_is_null(void **state)
{
	char text[] = "once";

	(void)state;
	add(FACILITY_PTY, VERDICT_MISSING, text);
	text[0] = 'O';
	assert_string_equal(verdicts.items[0].cause, "once");
	assert_string_equal(verdicts.items[0].what, "");
	assert_string_equal(verdicts.items[0].mend, "");
	assert_string_equal(verdicts.items[0].cost, "");
	assert_string_equal(verdicts.items[0].evidence, "");
	assert_string_equal(verdicts_text(&verdicts, "%s %d", "a", 1), "a 1");
}

static void no_more_verdicts_than_the_limit_are_kept(void **state)
{
	(void)state;
	for (int i = 0; i < VERDICTS_MAX + 10; i++)
		add(FACILITY_PTY, VERDICT_WORKS, "");
	assert_int_equal(verdicts.n, VERDICTS_MAX);
	assert_int_equal(verdicts.error, 0);
}

static void texts_that_do_not_fit_into_memory_are_told_once(void **state)
{
	(void)state;
	verdicts.arena.max = 100;
	add(FACILITY_PTY, VERDICT_MISSING, "a");
	assert_int_equal(verdicts.error, -ENOMEM);
	assert_string_equal(verdicts_text(&verdicts, "%0200d", 1), "");
	assert_int_equal(verdicts.n, 0);
}

static void the_place_that_was_seen_chooses_the_mend(void **state)
{
	const struct mend_words words = {
		.docker = "D", .kubernetes = "K", .wsl = "W", .other = "O"
	};

	(void)state;
	assert_string_equal(mend_here(&set, &words), "O");
	place("docker", OBS_NO);
	place("vm", OBS_YES);
	assert_string_equal(mend_here(&set, &words), "O");
	place("podman", OBS_YES); /* has no words of its own here */
	assert_string_equal(mend_here(&set, &words), "O");
	place("wsl2", OBS_YES);
	assert_string_equal(mend_here(&set, &words), "W");
	place("kubernetes", OBS_YES);
	assert_string_equal(mend_here(&set, &words), "K");
	assert_string_equal(mend_here(&set, &(struct mend_words){ 0 }), "");
}

static void of_nothing_that_was_seen_nothing_is_said_to_be_missing(void **state)
{
	(void)state;
	verdicts_build(&verdicts, &set);
	assert_int_equal(verdicts.error, 0);
	for (size_t i = 0; i < verdicts.n; i++)
		if (verdicts.items[i].state != VERDICT_UNKNOWN)
			fail_msg("%s is said to be %s",
				 facility_names[verdicts.items[i].facility].name,
				 verdict_state_names[verdicts.items[i].state].name);
}

/* Who asked was killed, or nobody could ask: that is no yes. */
static void of_what_gave_no_answer_nothing_is_said_to_work(void **state)
{
	static const enum obs_outcome outcomes[] = { OBS_LATE, OBS_BROKEN };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(outcomes); i++) {
		for (int id = 0; id < OBS_N; id++)
			assert_int_equal(
				observations_add(&set,
						 &(struct observation){ .id = (enum obs)id,
									.outcome = outcomes[i],
									.value = OBS_NO_VALUE }),
				0);
		verdicts_build(&verdicts, &set);
		for (size_t k = 0; k < verdicts.n; k++)
			if (verdicts.items[k].state == VERDICT_WORKS)
				fail_msg("%s is said to work where all is %s",
					 facility_names[verdicts.items[k].facility].name,
					 obs_outcome_names[outcomes[i]].name);
		(void)teardown(NULL);
		(void)setup(NULL);
	}
}

static void verdicts_come_facility_by_facility(void **state)
{
	(void)state;
	add(FACILITY_PIPE, VERDICT_WORKS, "");
	add(FACILITY_LANDLOCK, VERDICT_WORKS, "");
	verdicts_build(&verdicts, &set);
	for (size_t i = 1; i < verdicts.n; i++)
		assert_true(verdicts.items[i - 1].facility <= verdicts.items[i].facility);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(tables_have_a_word_for_each_entry),
		TEST(the_gravest_of_a_facility_counts_and_of_equals_the_first),
		TEST(texts_are_copied_and_none_is_null),
		TEST(no_more_verdicts_than_the_limit_are_kept),
		TEST(texts_that_do_not_fit_into_memory_are_told_once),
		TEST(the_place_that_was_seen_chooses_the_mend),
		TEST(of_nothing_that_was_seen_nothing_is_said_to_be_missing),
		TEST(of_what_gave_no_answer_nothing_is_said_to_work),
		TEST(verdicts_come_facility_by_facility),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
