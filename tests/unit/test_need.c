/* SPDX-License-Identifier: MIT */
/*
 * test_need.c - what has to be there: words, their places, and when one counts as had; the
 * protections that answers rest on; texts in columns.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/need.h"
#include "doctor/wrap.h"
#include "plan/cause.h"

static struct observations set;
static struct verdicts verdicts;
static struct protections protections;
static struct view view;
static struct needs needs;
static struct croft_error err;

/* A host that has everything, in a fresh view. */
static struct host full(void)
{
	struct host host = {
		.uid = 1000,
		.landlock = { .abi = ABI_LANDLOCK_NEWEST, .enforces = HOST_YES },
		.seccomp = { .has_kill_process = true },
		.mount = { HOST_YES, HOST_YES, HOST_YES, 0 },
		.cgroup = { 2, HOST_YES, { HOST_YES, HOST_YES, HOST_YES } },
		.has_close_range = true,
		.has_pidfd = true,
	};

	for (int i = 0; i < HOST_NS_MAX; i++)
		host.ns[i].works = HOST_YES;
	return host;
}

static int setup(void **state)
{
	(void)state;
	observations_init(&set);
	verdicts_init(&verdicts);
	memset(&needs, 0, sizeof(needs));
	view = (struct view){ .set = &set, .verdicts = &verdicts, .columns = COLUMNS_USUAL };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (view.protections)
		protections_done(&protections);
	verdicts_done(&verdicts);
	observations_done(&set);
	return 0;
}

static void judge(const struct host *host)
{
	if (protections_judge(host, &protections, &err) < 0)
		fail_msg("%s", err.what);
	view.protections = &protections;
}

static void need(const char *words)
{
	if (needs_add(&needs, words, &err) < 0)
		fail_msg("%s", err.what);
}

static void a_host_with_everything_keeps_every_promise(void **state)
{
	const struct host host = full();

	(void)state;
	judge(&host);
	for (int i = 0; i < PROTECT_MAX; i++) {
		if (protections.answers[i].state != VERDICT_WORKS)
			fail_msg("%s: %s", protection_names[i].name, protections.answers[i].note);
		assert_true(*protections.answers[i].by);
		assert_int_equal(protections.answers[i].lacks, FACILITY_N);
		need(protection_names[i].name);
	}
	/* limits, privileges and ptrace are facilities too, of which nothing is known */
	assert_int_not_equal(needs_status(&needs, &view), 0);
	memset(&needs, 0, sizeof(needs));
	need("net,files,hidden");
	assert_int_equal(needs_status(&needs, &view), 0);
}

static void what_landlock_keeps_is_not_told_of_namespaces(void **state)
{
	const struct host host = full();

	(void)state;
	judge(&host);
	assert_non_null(strstr(protections.answers[PROTECT_FILES].by, "Landlock"));
	assert_null(strstr(protections.answers[PROTECT_FILES].by, "mount"));
	assert_non_null(strstr(protections.answers[PROTECT_HIDDEN].by, "mount"));
}

static void a_promise_that_waits_for_namespaces_says_for_which_facility(void **state)
{
	struct host host = full();

	(void)state;
	for (int i = 0; i < HOST_NS_MAX; i++) {
		host.ns[i].works = HOST_NO;
		host.ns[i].errnum = EPERM;
	}
	host.ns_step = NS_STEP_UNSHARE;
	host.ns_refuser = NS_REFUSER_CHROOT;
	judge(&host);
	assert_int_equal(protections.answers[PROTECT_HIDDEN].state, VERDICT_MISSING);
	assert_int_equal(protections.answers[PROTECT_HIDDEN].lacks, FACILITY_USERNS);
	assert_non_null(strstr(protections.answers[PROTECT_HIDDEN].note,
			       cause_of(&host, HOST_NS_USER).why));
	/* its verdict has the mend for this place, and is what is told */
	verdicts_add(&verdicts, &(struct verdict){ .facility = FACILITY_USERNS,
						   .state = VERDICT_MISSING,
						   .who = WHO_CHROOT,
						   .what = "a chroot it is",
						   .mend = "pivot_root it" });
	need("hidden");
	{
		AUTO_BUF struct buf buf = BUF_INIT(4096), table = BUF_INIT(65536);

		needs_print(&buf, &needs, &view);
		assert_string_equal(
			buf_text(&buf),
			"hidden: not had: a chroot it is [a chroot] (mend: pivot_root it)\n");
		print_table(&table, &view);
		assert_non_null(
			strstr(buf_text(&table), "hidden         not kept: needs userns\n"));
	}
}

static void only_what_works_as_a_whole_is_had(void **state)
{
	static const struct {
		enum verdict_state state;
		bool is_had;
	} rows[] = { { VERDICT_WORKS, true },
		     { VERDICT_NO_EFFECT, true },
		     { VERDICT_PARTLY, false },
		     { VERDICT_UNKNOWN, false },
		     { VERDICT_MISSING, false } };

	(void)state;
	need("pty");
	assert_int_equal(needs_status(&needs, &view), 1);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		verdicts_done(&verdicts);
		verdicts_init(&verdicts);
		verdicts_add(&verdicts,
			     &(struct verdict){ .facility = FACILITY_PTY, .state = rows[i].state });
		assert_int_equal(needs_status(&needs, &view), rows[i].is_had ? 0 : 1);
	}
}

static void the_place_of_the_first_that_is_missing_is_told(void **state)
{
	(void)state;
	verdicts_add(&verdicts,
		     &(struct verdict){ .facility = FACILITY_PTY, .state = VERDICT_WORKS });
	verdicts_add(&verdicts,
		     &(struct verdict){ .facility = FACILITY_PIPE, .state = VERDICT_WORKS });
	need("pty,pipe");
	need("nix,clock");
	assert_int_equal(needs.n, 4);
	assert_int_equal(needs_status(&needs, &view), 3);
}

static void words_that_are_none_are_refused(void **state)
{
	static const char *const bad[] = {
		"",          "pty,",    ",pty",
		"pty,,pipe", "Pty",     "pt",
		"net ",      "pty,pty", "a-word-that-is-much-too-long-for-any"
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		memset(&needs, 0, sizeof(needs));
		assert_int_equal(needs_add(&needs, bad[i], &err), -EINVAL);
		assert_int_equal(err.stage, CROFT_STAGE_USAGE);
	}
}

static void assert_wrapped(const char *text, unsigned columns, const char *want)
{
	AUTO_BUF struct buf buf = BUF_INIT(4096);
	struct wrap wrap;

	wrap_begin(&wrap, &buf, columns, 2, 0);
	wrap_add(&wrap, text);
	wrap_end(&wrap);
	assert_string_equal(buf_text(&buf), want);
}

static void lines_break_at_blanks_and_long_words_stay_whole(void **state)
{
	(void)state;
	assert_wrapped("", 10, "\n");
	assert_wrapped("aa bb", 5, "aa bb\n");
	assert_wrapped("aa bb", 4, "aa\n  bb\n");
	assert_wrapped("  aa   bb ", 10, "aa bb\n");
	assert_wrapped("a verylongword b", 6, "a\n  verylongword\n  b\n");
	assert_wrapped("\xc3\xa9\xc3\xa9 \xc3\xa9", 4, "\xc3\xa9\xc3\xa9 \xc3\xa9\n");
	assert_wrapped("a\x1b[2J b", 20, "a\\e[2J b\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(a_host_with_everything_keeps_every_promise),
		TEST(what_landlock_keeps_is_not_told_of_namespaces),
		TEST(a_promise_that_waits_for_namespaces_says_for_which_facility),
		TEST(only_what_works_as_a_whole_is_had),
		TEST(the_place_of_the_first_that_is_missing_is_told),
		TEST(words_that_are_none_are_refused),
		TEST(lines_break_at_blanks_and_long_words_stay_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
