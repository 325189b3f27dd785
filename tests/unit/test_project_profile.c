/* SPDX-License-Identifier: MIT */
/*
 * test_project_profile.c - whatever fails while a project's file is looked for, read and judged,
 * the outcome is an error or the tighter profile: never the looser one.
 *
 * Each system call on the way fails in turn. What the file can and cannot do when nothing fails
 * is asked of the program: tests/cli/test_project_file.py.
 */
#include "ground.h"

#include "cli/project_profile.h"
#include "profile/project.h"
#include "profile/trust.h"

#define MAX_CALLS 500

static const char text[] = "version: 2\nprofiles:\n  project:\n    extends: [system]\n"
			   "    files: {read: [/srv/granted]}\n    network: {connect: [443]}\n";

static char home[GROUND_PATH], work[GROUND_PATH], path[GROUND_PATH], dir[GROUND_PATH];
static struct load_place place = { .home = home, .workdir = work, .project = work };

static int set_up(void **state)
{
	if (ground_open(state) != 0)
		return -1;
	make_dir("home");
	make_dir("work");
	make_file("work/.croft.yaml", text, 0644);
	(void)in_scratch(home, "home");
	(void)in_scratch(work, "work");
	(void)in_scratch(path, "work/.croft.yaml");
	(void)in_scratch(dir, "home/.local/state/croft/trust");
	return 0;
}

/* Approves the file, or takes that back. */
static void set_approved(bool is_approved)
{
	char digest[TRUST_DIGEST_SIZE];
	struct croft_error err = { 0 };

	trust_digest(text, strlen(text), digest);
	if (is_approved)
		assert_int_equal(trust_add(dir, digest, path, &err), 0);
	else
		(void)trust_remove(dir, digest, &err);
}

/* Which of the three a profile is. */
enum outcome_kind { IS_ERROR, IS_DEFAULT, IS_TIGHTENED, IS_APPROVED };

static enum outcome_kind load(struct croft_error *err)
{
	struct profile *profile;
	enum outcome_kind kind = IS_DEFAULT;

	memset(err, 0, sizeof(*err));
	if (project_profile(&place, &profile, err) < 0)
		return IS_ERROR;
	if (profile->bound_name)
		kind = IS_TIGHTENED;
	else if (profile->n_ports)
		kind = IS_APPROVED;
	profile_free(profile);
	return kind;
}

/* The n-th system call fails, whichever it is. */
static unsigned n_calls, failing;
static long failure;

static long fails_once(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	bool is_failing = n_calls++ == failing;

	/* a close that fails has closed all the same */
	if (!is_failing || call == SYS_CALL_close) {
		long r = sys_real(call, a, b, c, d, e, f);

		return is_failing ? failure : r;
	}
	return failure;
}

static enum outcome_kind load_with(unsigned at, int errnum, struct croft_error *err)
{
	enum outcome_kind kind;

	n_calls = 0;
	failing = at;
	failure = -errnum;
	for (int call = 0; call < SYS_CALL_MAX; call++)
		sys_replace((enum sys_call)call, fails_once);
	kind = load(err);
	(void)ground_restore(NULL);
	return kind;
}

/* Counts the errors; the outcome is one, or what it would be without a failure, or `tighter`. */
static unsigned fail_each(enum outcome_kind usual, enum outcome_kind tighter)
{
	static const int errnums[] = { EIO, EACCES, EPERM, ENOMEM, EMFILE, EINTR };
	unsigned n_errors = 0;

	for (size_t i = 0; i < ARRAY_SIZE(errnums); i++) {
		struct croft_error err;
		enum outcome_kind kind;
		unsigned at = 0;
		int fd = lowest_free();

		do {
			kind = load_with(at, errnums[i], &err);
			if (kind == IS_ERROR) {
				n_errors++;
				assert_true(err.what[0] != '\0');
				assert_int_not_equal(err.stage, CROFT_STAGE_NONE);
			} else {
				assert_true(kind == usual || kind == tighter);
			}
			assert_int_equal(lowest_free(), fd);
		} while (at++ < n_calls && at < MAX_CALLS);
		assert_true(at < MAX_CALLS);
	}
	return n_errors;
}

static void the_three_outcomes_are_told_apart(void **state)
{
	struct load_place before = place;
	struct croft_error err;

	(void)state;
	assert_int_equal(load(&err), IS_TIGHTENED);
	set_approved(true);
	assert_int_equal(load(&err), IS_APPROVED);
	set_approved(false);
	assert_int_equal(load(&err), IS_TIGHTENED);
	place.workdir = place.project = home;
	assert_int_equal(load(&err), IS_DEFAULT);
	place = before;
}

static void a_failure_on_the_way_never_loosens_what_is_not_approved(void **state)
{
	(void)state;
	set_approved(false);
	assert_true(fail_each(IS_TIGHTENED, IS_TIGHTENED) > 10);
}

static void a_failure_on_the_way_never_passes_over_an_approved_file(void **state)
{
	(void)state;
	set_approved(true);
	assert_true(fail_each(IS_APPROVED, IS_TIGHTENED) > 10);
	set_approved(false);
}

/* Another file takes the place of the one that was looked at. */
static char other[GROUND_PATH];

static long swaps(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	sys_replace(SYS_CALL_openat, NULL);
	if (rename(other, path) != 0)
		return -EIO;
	return sys_real(call, a, b, c, d, e, f);
}

static void a_file_that_takes_anothers_place_meanwhile_is_an_error(void **state)
{
	struct croft_error err;

	(void)state;
	make_file("work/other", text, 0644);
	(void)in_scratch(other, "work/other");
	sys_replace(SYS_CALL_openat, swaps);
	assert_int_equal(load(&err), IS_ERROR);
	assert_non_null(strstr(err.what, "another file took its place"));
	assert_int_equal(load(&err), IS_TIGHTENED);
}

static void a_file_that_goes_away_meanwhile_is_an_error(void **state)
{
	struct croft_error err;

	(void)state;
	/* as if it was removed between the look and the open */
	ground_replace(SYS_CALL_openat, -ENOENT);
	assert_int_equal(load(&err), IS_ERROR);
	(void)ground_restore(NULL);
	assert_non_null(strstr(err.what, PROJECT_FILE));
	assert_int_equal(load(&err), IS_TIGHTENED);
}

static void without_a_directory_default_holds(void **state)
{
	struct load_place nowhere = { .home = home };
	struct croft_error err = { 0 };
	struct profile *profile;
	struct arena arena;

	(void)state;
	arena_init(&arena, 65536);
	assert_null(project_file_path(&nowhere, &arena));
	nowhere.workdir = "/";
	assert_string_equal(project_file_path(&nowhere, &arena), "/.croft.yaml");
	nowhere.project = "/srv/p";
	assert_string_equal(project_file_path(&nowhere, &arena), "/srv/p/.croft.yaml");
	arena_done(&arena);
	/* default itself needs a working directory: that is what is said, and nothing of a file */
	nowhere.workdir = nowhere.project = NULL;
	if (project_profile(&nowhere, &profile, &err) == 0)
		profile_free(profile);
	else
		assert_null(strstr(err.what, PROJECT_FILE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(the_three_outcomes_are_told_apart, ground_restore),
		cmocka_unit_test_teardown(a_failure_on_the_way_never_loosens_what_is_not_approved,
					  ground_restore),
		cmocka_unit_test_teardown(a_failure_on_the_way_never_passes_over_an_approved_file,
					  ground_restore),
		cmocka_unit_test_teardown(a_file_that_takes_anothers_place_meanwhile_is_an_error,
					  ground_restore),
		cmocka_unit_test_teardown(a_file_that_goes_away_meanwhile_is_an_error,
					  ground_restore),
		cmocka_unit_test_teardown(without_a_directory_default_holds, ground_restore),
	};

	return cmocka_run_group_tests(tests, set_up, ground_close);
}
