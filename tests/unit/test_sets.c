/* SPDX-License-Identifier: MIT */
/*
 * test_sets.c - the named sets: what their tables may say, which grants
 * they become. What is on this machine is looked up here once more, with glob(3).
 */
#include "ground.h"

#include <dirent.h>
#include <ftw.h>
#include <glob.h>

#include "launch/sets.h"
#include "plan/pattern.h"

static void each_row_is_absolute_and_gives_no_more_than_reading(void **state)
{
	(void)state;
	for (int i = 0; i < SET_MAX; i++) {
		const struct set *set = set_get((enum grant_set)i);
		const struct set_path *row = set->paths;

		assert_non_null(set_names[i].name);
		assert_non_null(set_names[i].help);
		assert_non_null(strstr(set->origin, set_names[i].name));
		assert_non_null(row->pattern);
		for (; row->pattern; row++) {
			assert_int_equal(row->pattern[0], '/');
			assert_null(strstr(row->pattern, ".."));
			assert_null(strstr(row->pattern, "//"));
			assert_int_not_equal(row->pattern[strlen(row->pattern) - 1], '/');
			assert_true(row->kinds == GRANT_READ || (!row->kinds && row->is_module));
		}
	}
}

static void no_row_covers_what_holds_secrets(void **state)
{
	static const char *const secrets[] = {
		"/etc/shadow",
		"/etc/gshadow",
		"/etc/security/opasswd",
		"/etc/ssl/private",
		"/etc/pki/tls",
		"/etc/pki/tls/private",
		"/etc/ssl",
		"/etc/krb5.keytab",
		"/etc/sudoers",
		"/etc",
		"/usr",
		"/",
		"/var/lib",
		"/run",
		"/etc/pki",
	};

	(void)state;
	for (int i = 0; i < SET_MAX; i++)
		for (const struct set_path *row = set_get((enum grant_set)i)->paths; row->pattern;
		     row++)
			for (size_t k = 0; k < ARRAY_SIZE(secrets); k++)
				assert_false(pattern_fits(row->pattern, strlen(row->pattern),
							  secrets[k], strlen(secrets[k]), false));
}

static struct profile *make(void)
{
	struct profile *profile;

	assert_int_equal(profile_new("empty", NULL, NULL, &profile, NULL), 0);
	return profile;
}

static bool is_same_file(const char *a, const char *b)
{
	struct stat one, other;

	return stat(a, &one) == 0 && stat(b, &other) == 0 && one.st_dev == other.st_dev &&
	       one.st_ino == other.st_ino;
}

static bool is_granted(const struct profile *profile, const char *path)
{
	for (size_t i = 0; i < profile->n_grants; i++)
		if (is_same_file(profile->grants[i].path, path))
			return true;
	return false;
}

/* Everything that glob(3) finds for the rows of a set is granted, once, and nothing else. */
static void check_set(enum grant_set number)
{
	const struct set *set = set_get(number);
	struct root root = { .fd = -1, .path = "/" };
	struct closure_input input = { .root = &root, .flags = CLOSURE_LIBRARIES };
	struct profile *profile = make();
	struct closure closure = { 0 };
	size_t n_found = 0;

	closure_init(&closure);
	profile->wants_set[number] = true;
	assert_int_equal(sets_grant(profile, &closure, &input, NULL), 0);
	for (const struct set_path *row = set->paths; row->pattern; row++) {
		glob_t found = { 0 };

		if (!row->kinds || glob(row->pattern, 0, NULL, &found) != 0)
			continue;
		for (size_t i = 0; i < found.gl_pathc; i++)
			if (access(found.gl_pathv[i], F_OK) == 0)
				assert_true(is_granted(profile, found.gl_pathv[i]));
		n_found += found.gl_pathc;
		globfree(&found);
	}
	assert_true(profile->n_grants <= n_found);
	for (size_t i = 0; i < profile->n_grants; i++) {
		assert_string_equal(profile->grants[i].origin, set->origin);
		assert_int_equal(profile->grants[i].kinds, GRANT_READ);
		assert_true(profile->grants[i].is_optional);
		for (size_t k = 0; k < i; k++)
			assert_false(
				is_same_file(profile->grants[i].path, profile->grants[k].path));
	}
	closure_done(&closure);
	profile_free(profile);
}

static void a_set_grants_what_its_patterns_find_once(void **state)
{
	(void)state;
	for (int i = 0; i < SET_MAX; i++)
		check_set((enum grant_set)i);
}

/* What a "**" stands for, looked up once more: every module below, and the file system walks it. */
static struct closure walked;

static int find_module(const char *path, const struct stat *st, int type, struct FTW *at)
{
	size_t len = strlen(path);

	(void)st, (void)at;
	if (type != FTW_F || len < 3 || strcmp(path + len - 3, ".so") != 0)
		return 0;
	for (size_t i = 0; i < walked.n_files; i++)
		if (is_same_file(walked.files[i].path, path))
			return 0;
	fail_msg("'%s' is not among the modules", path);
	return 1;
}

static void modules_are_found_at_all_depths_with_what_they_need(void **state)
{
	static const char python[] = "/usr/bin/python3";
	struct root root = { .fd = -1, .path = "/" };
	struct closure_input input = { .root = &root, .flags = CLOSURE_LIBRARIES };
	struct profile *profile = make();
	size_t n_own;

	(void)state;
	if (access("/usr/lib/python3/dist-packages", F_OK) < 0) {
		profile_free(profile);
		skip();
	}
	closure_init(&walked);
	assert_int_equal(closure_add_program(&walked, &input, python, NULL), 0);
	n_own = walked.n_files;
	profile->wants_set[SET_PYTHON] = true;
	assert_int_equal(sets_grant(profile, &walked, &input, NULL), 0);
	assert_return_code(nftw("/usr/lib/python3/dist-packages", find_module, 16, FTW_PHYS), 0);
	/* of what was new, libraries outside of Python's directories are granted one by one */
	for (size_t i = n_own; i < walked.n_files; i++)
		if (walked.files[i].rule == RULE_CACHE)
			assert_true(is_granted(profile, walked.files[i].path));
	for (size_t i = 0; i < n_own; i++)
		assert_false(is_granted(profile, walked.files[i].path));
	closure_done(&walked);
	profile_free(profile);
}

static int grant_python(struct profile **ret_profile, struct croft_error *err)
{
	struct root root = { .fd = -1, .path = "/" };
	struct closure_input input = { .root = &root, .flags = CLOSURE_LIBRARIES };
	struct closure closure = { 0 };
	int r;

	*ret_profile = make();
	(*ret_profile)->wants_set[SET_PYTHON] = true;
	closure_init(&closure);
	r = sets_grant(*ret_profile, &closure, &input, err);
	closure_done(&closure);
	return r;
}

static void a_directory_that_may_not_be_listed_is_left_out_and_no_more(void **state)
{
	struct profile *profile;

	(void)state;
	ground_replace(SYS_CALL_openat, -EACCES);
	assert_int_equal(grant_python(&profile, NULL), 0);
	assert_int_equal(profile->n_grants, 0);
	profile_free(profile);
}

static void no_descriptors_and_no_memory_are_errors_and_not_an_empty_set(void **state)
{
	static const int errnums[] = { EMFILE, ENFILE, ENOMEM };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errnums); i++) {
		struct croft_error err = { 0 };
		struct profile *profile;

		ground_replace(SYS_CALL_openat, -errnums[i]);
		assert_int_equal(grant_python(&profile, &err), -errnums[i]);
		assert_int_equal(err.errnum, errnums[i]);
		assert_non_null(strstr(err.what, "--with python"));
		profile_free(profile);
	}
}

/* A directory without an end: each call gives as many names as fit, all of which match. */
static long endless(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	static const char name[] = "python3";
	const size_t size = sizeof(struct sys_dirent) + 8;
	char *block = (char *)b; /* NOLINT(performance-no-int-to-ptr) */
	long at;

	(void)call, (void)a, (void)d, (void)e, (void)f;
	for (at = 0; at + (long)size <= c; at += (long)size) {
		struct sys_dirent *entry = (struct sys_dirent *)(void *)(block + at);

		entry->length = (unsigned short)size;
		entry->type = DT_DIR;
		memcpy(entry->name, name, sizeof(name));
	}
	return at;
}

static void a_directory_without_an_end_is_an_error(void **state)
{
	struct croft_error err = { 0 };
	struct profile *profile;

	(void)state;
	sys_replace(SYS_CALL_getdents64, endless);
	assert_int_equal(grant_python(&profile, &err), -EFBIG);
	assert_non_null(strstr(err.what, "--with python"));
	profile_free(profile);
}

static void sets_that_are_not_wanted_grant_nothing(void **state)
{
	struct closure_input input = { 0 };
	struct profile *profile = make();
	struct closure closure = { 0 };

	(void)state;
	assert_int_equal(sets_grant(profile, &closure, &input, NULL), 0);
	assert_int_equal(profile->n_grants, 0);
	profile_free(profile);
}

static void a_set_is_named_in_full_and_a_wrong_name_gets_the_nearest(void **state)
{
	struct profile *profile = make();
	struct croft_error err = { 0 };

	(void)state;
	assert_int_equal(profile_set(profile, "with", "timezone", "-", NULL), 0);
	assert_int_equal(profile_set(profile, "with", "timezone", "-", NULL), 0);
	for (int i = 0; i < SET_MAX; i++)
		assert_int_equal(profile->wants_set[i], i == SET_TIMEZONE);
	assert_false(profile->wants_deps);
	assert_int_equal(profile_set(profile, "with", "pyton", "-", &err), -EINVAL);
	assert_int_equal(err.stage, CROFT_STAGE_PROFILE);
	assert_non_null(strstr(err.hint, "python"));
	assert_int_equal(profile_set(profile, "with", "py", "-", &err), -EINVAL);
	assert_int_equal(profile_set(profile, "with", "", "-", &err), -EINVAL);
	assert_false(profile->wants_set[SET_PYTHON]);
	profile_free(profile);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_is_absolute_and_gives_no_more_than_reading),
		cmocka_unit_test(no_row_covers_what_holds_secrets),
		cmocka_unit_test(a_set_grants_what_its_patterns_find_once),
		cmocka_unit_test(modules_are_found_at_all_depths_with_what_they_need),
		cmocka_unit_test_teardown(
			a_directory_that_may_not_be_listed_is_left_out_and_no_more, ground_restore),
		cmocka_unit_test_teardown(
			no_descriptors_and_no_memory_are_errors_and_not_an_empty_set,
			ground_restore),
		cmocka_unit_test_teardown(a_directory_without_an_end_is_an_error, ground_restore),
		cmocka_unit_test(sets_that_are_not_wanted_grant_nothing),
		cmocka_unit_test(a_set_is_named_in_full_and_a_wrong_name_gets_the_nearest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
