/* SPDX-License-Identifier: MIT */
/*
 * test_globs.c - patterns of profiles on a tree of this machine: what is found, what an enemy who
 * writes in it cannot make of them, and where they end.
 */
#include "ground.h"

#include <dirent.h>

#include "launch/deps.h"
#include "launch/globs.h"
#include "launch/sandbox.h"

/* A profile with one pattern below the scratch directory, as a loader makes it. */
static struct profile *make(const char *pattern)
{
	struct profile *profile, *copy;
	char path[GROUND_PATH];

	assert_int_equal(profile_new("empty", NULL, NULL, &profile, NULL), 0);
	assert_int_equal(profile_add_path(profile, GRANT_READ, in_scratch(path, pattern),
					  "x.yaml:5", NULL),
			 0);
	profile->grants[0].is_pattern = true;
	/* patterns are expanded in a copy, and the original is of no more use here but alive */
	assert_int_equal(deps_copy_profile(profile, &copy, NULL), 0);
	assert_true(globs_are_wanted(copy));
	copy->grants[0].path = arena_strdup(&copy->arena, profile->grants[0].path);
	profile_free(profile);
	return copy;
}

/* The names below the scratch directory that a pattern finds, joined by spaces. */
static const char *found(const char *pattern, char text[1024])
{
	struct profile *profile = make(pattern);
	const struct plan_pattern *patterns;
	struct croft_error err = { 0 };
	size_t n, len = 0;
	int r;

	profile->grants[0].is_optional = true;
	r = globs_expand(profile, &patterns, &n, &err);
	if (r < 0) {
		(void)snprintf(text, 1024, "%s", errno_name(-r));
		profile_free(profile);
		return text;
	}
	text[0] = '\0';
	assert_int_equal(n, 1);
	assert_int_equal(patterns[0].n_names, profile->n_grants);
	for (size_t i = 0; i < profile->n_grants; i++) {
		const struct grant *grant = &profile->grants[i];

		assert_false(grant->is_pattern);
		assert_string_equal(grant->origin, "x.yaml:5");
		assert_int_equal(grant->kinds, GRANT_READ);
		assert_memory_equal(grant->path, scratch, strlen(scratch));
		len += (size_t)snprintf(text + len, 1024 - len, "%s%s", i ? " " : "",
					grant->path + strlen(scratch) + 1);
	}
	profile_free(profile);
	return text;
}

static int make_tree(void **state)
{
	static const char *const dirs[] = { "p",        "p/src", "p/src/lib", "p/src/lib/deep",
					    "p/.git",   "p/out", "p/test",    "p/__pycache__",
					    "elsewhere" };
	static const char *const files[] = {
		"p/a.log",        "p/b.log",     "p/c.txt",
		"p/.hidden.log",  "p/src/a.log", "p/src/lib/deep/a.log",
		"p/.git/a.log",   "p/test/x",    "p/__pycache__/a.log",
		"elsewhere/a.log"
	};
	char from[GROUND_PATH], to[GROUND_PATH];

	if (ground_open(state) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		make_dir(dirs[i]);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		make_file(files[i], "", 0644);
	/* what yesterday's command left: links out of the project, in every place */
	return symlink(in_scratch(to, "elsewhere"), in_scratch(from, "p/out/link")) +
	       symlink("/etc/passwd", in_scratch(from, "p/evil.log")) +
	       symlink("../..", in_scratch(from, "p/src/up")) +
	       symlink(in_scratch(to, "p"), in_scratch(from, "named"));
}

static void names_that_fit_are_found_in_order(void **state)
{
	static const struct {
		const char *pattern, *names;
	} rows[] = {
		{ "p/*.log", "p/a.log p/b.log" },
		{ "p/.*.log", "p/.hidden.log" },
		{ "p/*", "p/__pycache__ p/a.log p/b.log p/c.txt p/out p/src p/test" },
		{ "p/*/", "p/__pycache__ p/out p/src p/test" },
		{ "p/*/a.log", "p/__pycache__/a.log p/src/a.log" },
		{ "p/s*/l*/d*/*.log", "p/src/lib/deep/a.log" },
		{ "p/**/a.log", "p/__pycache__/a.log p/a.log p/src/a.log p/src/lib/deep/a.log" },
		{ "p/**/**/d*", "p/src/lib/deep" },
		{ "p/**/lib/**/*.log", "p/src/lib/deep/a.log" },
		{ "p/**/lib/*/a.log", "p/src/lib/deep/a.log" },
		{ "p/**", "p/__pycache__ p/a.log p/b.log p/c.txt p/out p/src p/test" },
		{ "p/*.none", "" },
		{ "nowhere/*", "" },
		{ "p/a.log/*", "" },
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		if (strcmp(found(rows[i].pattern, text), rows[i].names) != 0)
			fail_msg("%s: '%s'", rows[i].pattern, text);
}

static void no_link_is_found_and_none_is_followed_behind_the_first_star(void **state)
{
	char text[1024];

	(void)state;
	assert_string_equal(found("p/evil*", text), "");
	assert_string_equal(found("p/out/*", text), "");
	assert_string_equal(found("p/out/*/a.log", text), "");
	assert_string_equal(found("p/*/link/a.log", text), "");
	assert_string_equal(found("p/*/link/*", text), "");
	assert_string_equal(found("p/*/up/elsewhere/a.log", text), "");
	assert_string_equal(found("p/**/elsewhere/*", text), "");
	/* its allowing twin: the same name without a link */
	assert_string_equal(found("elsewhe*/a.log", text), "elsewhere/a.log");
}

static void a_link_before_the_first_star_is_the_users_and_is_resolved(void **state)
{
	char text[1024];

	(void)state;
	assert_string_equal(found("named/*.log", text), "p/a.log p/b.log");
	assert_string_equal(found("p/src/up/elsewhere/*", text), "elsewhere/a.log");
}

/* What an old kernel or an emulated one answers. */
static void without_openat2_links_are_not_followed_either(void **state)
{
	static const long answers[] = { -ENOSYS, -EPERM };

	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		ground_replace(SYS_CALL_openat2, answers[i]);
		no_link_is_found_and_none_is_followed_behind_the_first_star(state);
		a_link_before_the_first_star_is_the_users_and_is_resolved(state);
		names_that_fit_are_found_in_order(state);
	}
}

static long gives_unknown_types(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	long n;

	n = sys_real(call, a, b, c, d, e, f);
	for (long at = 0; at < n;) {
		struct sys_dirent *entry =
			(struct sys_dirent *)(void *)((char *)b + at); /* NOLINT */

		entry->type = DT_UNKNOWN;
		at += entry->length;
	}
	return n;
}

static void a_file_system_that_does_not_tell_types_makes_no_difference(void **state)
{
	sys_replace(SYS_CALL_getdents64, gives_unknown_types);
	no_link_is_found_and_none_is_followed_behind_the_first_star(state);
	a_link_before_the_first_star_is_the_users_and_is_resolved(state);
}

static void nothing_that_fits_is_an_error_unless_the_pattern_is_optional(void **state)
{
	struct profile *profile = make("p/*.none");
	const struct plan_pattern *patterns;
	struct croft_error err = { 0 };
	size_t n;

	(void)state;
	assert_int_equal(globs_expand(profile, &patterns, &n, &err), -ENOENT);
	assert_int_equal(err.stage, CROFT_STAGE_PLAN);
	assert_memory_equal(err.what, "x.yaml:5 '", 10);
	assert_non_null(strstr(err.what, "/p/*.none'"));
	assert_string_equal(err.hint,
			    "nothing fits it now, and names made later are not covered: grant "
			    "the directory, or write 'optional:' before it");
	profile->grants[0].is_optional = true;
	assert_int_equal(globs_expand(profile, &patterns, &n, &err), 0);
	assert_int_equal(profile->n_grants, 0);
	profile_free(profile);
}

static void patterns_among_bounded_grants_and_bounds_keep_the_border(void **state)
{
	struct profile *profile = make("p/*.log");
	struct grant *grants = arena_calloc(&profile->arena, 3, sizeof(*grants));
	const struct plan_pattern *patterns;
	size_t n;

	(void)state;
	grants[0] = (struct grant){ .path = "/first", .origin = "a" };
	grants[1] = profile->grants[0];
	grants[2] = (struct grant){ .path = "/last", .origin = "--read" };
	profile->grants = grants;
	profile->n_grants = 3;
	profile->n_bounded = 2;
	profile->bound_name = ".croft.yaml";
	profile->bounds = &grants[1];
	profile->n_bounds = 1;
	assert_int_equal(globs_expand(profile, &patterns, &n, NULL), 0);
	assert_int_equal(profile->n_grants, 4);
	assert_int_equal(profile->n_bounded, 3);
	assert_string_equal(profile->grants[0].path, "/first");
	assert_string_equal(profile->grants[3].path, "/last");
	assert_int_equal(profile->n_bounds, 2);
	assert_int_equal(n, 2);
	assert_int_equal(patterns[0].n_names, 2);
	assert_int_equal(patterns[1].n_names, 2);
	profile_free(profile);
}

static void the_callers_profile_keeps_its_patterns_and_the_plan_tells_them(void **state)
{
	static const char *const argv[] = { "x", NULL };
	static const char *const environment[] = { NULL };
	AUTO_BUF struct buf text = BUF_INIT(1 << 16);
	struct profile *profile;
	struct sandbox sandbox;
	char path[GROUND_PATH];

	(void)state;
	assert_int_equal(profile_new("empty", NULL, NULL, &profile, NULL), 0);
	assert_int_equal(
		profile_add_path(profile, GRANT_READ, in_scratch(path, "p/*.log"), "x:5", NULL), 0);
	profile->grants[0].is_pattern = true;
	assert_int_equal(sandbox_plan(profile, NULL, argv, environment, &sandbox, NULL), 0);
	assert_int_equal(profile->n_grants, 1);
	assert_true(profile->grants[0].is_pattern);
	assert_int_equal(sandbox.n_facts, 2);
	assert_int_equal(sandbox.plan->n_rules, sandbox.plan->handled_fs ? 2 : 0);
	plan_print(&text, sandbox.plan);
	if (sandbox.plan->abi)
		assert_non_null(strstr(buf_text(&text),
				       "p/*.log' (x:5): 2 names now, names made later are not "
				       "granted"));
	sandbox_done(&sandbox);
	profile_free(profile);
}

static void a_tree_without_an_end_is_an_error_that_says_what_to_grant(void **state)
{
	char path[64] = "deep", text[1024];
	struct profile *profile;
	const struct plan_pattern *patterns;
	struct croft_error err = { 0 };
	size_t n, len = strlen(path);

	(void)state;
	make_dir(path);
	for (int i = 0; i <= GLOBS_MAX_DEPTH; i++) {
		memcpy(path + len, "/d", 3);
		len += 2;
		make_dir(path);
	}
	profile = make("deep/**/x");
	assert_int_equal(globs_expand(profile, &patterns, &n, &err), -EFBIG);
	assert_non_null(strstr(err.what, "x.yaml:5: "));
	assert_string_equal(
		err.hint, "at most 262144 names for all patterns, and 16 directories deep: grant a "
			  "directory");
	profile_free(profile);
	/* as deep as it may be */
	make_file("deep/d/d/x", "", 0644);
	assert_string_equal(found("deep/d/d/**/x", text), "deep/d/d/x");
}

static void a_denied_link_is_followed_unless_its_name_may_be_written(void **state)
{
	static const char *const argv[] = { "x", NULL };
	static const unsigned kinds[] = { GRANT_READ, GRANT_READ | GRANT_WRITE };
	char path[GROUND_PATH];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct profile *profile;
		struct sandbox sandbox;

		assert_int_equal(profile_new("empty", NULL, NULL, &profile, NULL), 0);
		assert_int_equal(
			profile_add_path(profile, kinds[i], in_scratch(path, "p"), "x:1", NULL), 0);
		assert_int_equal(profile_add_denial(profile, DENY_ALL,
						    in_scratch(path, "p/evil.log"), "x:2", NULL),
				 0);
		assert_int_equal(sandbox_plan(profile, NULL, argv, NULL, &sandbox, NULL), 0);
		assert_int_equal(sandbox.n_denied, 1);
		/* the link is to /etc/passwd, which nothing grants: kept while it stays one */
		assert_string_equal(sandbox.denied[0], "/etc/passwd");
		if (sandbox.plan->abi)
			assert_int_equal(sandbox.plan->rows[PROTECT_DENY_INSIDE].state,
					 kinds[i] & GRANT_WRITE ? STATE_ABSENT : STATE_ENFORCED);
		sandbox_done(&sandbox);
		profile_free(profile);
	}
}

/* Each alone is far from the limit: 1,000 names. A project may bring thousands of patterns. */
static void all_patterns_together_may_look_at_so_many_names(void **state)
{
	const size_t n_patterns = GLOBS_MAX_ALL_NAMES / 1000 + 2;
	const struct plan_pattern *patterns;
	struct croft_error err = { 0 };
	struct profile *profile;
	char name[32], path[GROUND_PATH];
	size_t n;

	(void)state;
	make_dir("many");
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(name, sizeof(name), "many/n%d", i);
		make_file(name, "", 0644);
	}
	for (size_t more = 0; more < 2; more++) {
		assert_int_equal(profile_new("empty", NULL, NULL, &profile, NULL), 0);
		for (size_t i = 0; i < (more ? n_patterns : n_patterns / 2); i++) {
			assert_int_equal(profile_add_path(profile, GRANT_READ,
							  in_scratch(path, "many/x*"), "x.yaml:5",
							  NULL),
					 0);
			profile->grants[i].is_pattern = profile->grants[i].is_optional = true;
		}
		assert_int_equal(globs_expand(profile, &patterns, &n, &err), more ? -EFBIG : 0);
		profile_free(profile);
	}
	assert_non_null(strstr(err.hint, "for all patterns"));
}

/* A directory without an end: each call gives as many names as fit. */
static long endless(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const size_t size = sizeof(struct sys_dirent) + 8;
	char *block = (char *)b; /* NOLINT(performance-no-int-to-ptr) */
	long at;

	(void)call, (void)a, (void)d, (void)e, (void)f;
	for (at = 0; at + (long)size <= c; at += (long)size) {
		struct sys_dirent *entry = (struct sys_dirent *)(void *)(block + at);

		entry->length = (unsigned short)size;
		entry->type = DT_REG;
		memcpy(entry->name, "name", 5);
	}
	return at;
}

static void names_without_an_end_are_an_error_whether_they_fit_or_not(void **state)
{
	static const char *const wanted[] = { "p/*", "p/*.log" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		char text[1024];

		sys_replace(SYS_CALL_getdents64, endless);
		assert_string_equal(found(wanted[i], text), "EFBIG");
	}
}

static void more_names_than_grants_are_an_error(void **state)
{
	struct profile *profile = make("p/*.log");
	struct grant *many = arena_calloc(&profile->arena, PROFILE_MAX_GRANTS, sizeof(*many));
	const struct plan_pattern *patterns;
	struct croft_error err = { 0 };
	size_t n;

	(void)state;
	for (size_t i = 0; i < PROFILE_MAX_GRANTS; i++)
		many[i] = (struct grant){ .path = "/x", .origin = "x" };
	many[PROFILE_MAX_GRANTS - 1] = profile->grants[0];
	profile->grants = many;
	profile->n_grants = PROFILE_MAX_GRANTS;
	assert_int_equal(globs_expand(profile, &patterns, &n, &err), -EFBIG);
	assert_non_null(strstr(err.what, "p/*.log': more than 4096 grants with what fits it"));
	profile_free(profile);
}

static void no_descriptors_and_no_memory_are_errors_and_not_an_empty_pattern(void **state)
{
	static const int errnums[] = { EMFILE, ENFILE, ENOMEM };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errnums); i++) {
		char text[1024];

		ground_replace(SYS_CALL_openat2, -errnums[i]);
		assert_string_equal(found("p/*", text), errno_name(errnums[i]));
	}
}

static unsigned calls_left; /* until one fails */
static long the_nth_fails(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	return calls_left-- == 0 ? -EIO : sys_real(call, a, b, c, d, e, f);
}

static unsigned count_descriptors(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 256; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* A call that fails can cost names, never give some, and leaves nothing open. */
static void a_call_that_fails_grants_nothing_more_and_leaves_nothing_open(void **state)
{
	static const enum sys_call calls[] = { SYS_CALL_openat2, SYS_CALL_getdents64,
					       SYS_CALL_newfstatat, SYS_CALL_openat };
	static const char all[] = "p/__pycache__/a.log p/a.log p/src/a.log p/src/lib/deep/a.log";
	unsigned before = count_descriptors(), n_less = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		for (unsigned nth = 0; nth < 24; nth++) {
			char text[1024];

			calls_left = nth;
			sys_replace(calls[i], the_nth_fails);
			(void)found("p/**/a.log", text);
			sys_replace(calls[i], NULL);
			assert_int_equal(count_descriptors(), before);
			for (char *save, *name = strtok_r(text, " ", &save); name;
			     name = strtok_r(NULL, " ", &save))
				assert_non_null(strstr(all, name));
			n_less += calls_left > nth; /* it was reached */
		}
	}
	assert_in_range(n_less, 10, 90);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_that_fit_are_found_in_order),
		cmocka_unit_test(no_link_is_found_and_none_is_followed_behind_the_first_star),
		cmocka_unit_test(a_link_before_the_first_star_is_the_users_and_is_resolved),
		cmocka_unit_test_teardown(without_openat2_links_are_not_followed_either,
					  ground_restore),
		cmocka_unit_test_teardown(
			a_file_system_that_does_not_tell_types_makes_no_difference, ground_restore),
		cmocka_unit_test(nothing_that_fits_is_an_error_unless_the_pattern_is_optional),
		cmocka_unit_test(patterns_among_bounded_grants_and_bounds_keep_the_border),
		cmocka_unit_test(the_callers_profile_keeps_its_patterns_and_the_plan_tells_them),
		cmocka_unit_test(a_tree_without_an_end_is_an_error_that_says_what_to_grant),
		cmocka_unit_test(a_denied_link_is_followed_unless_its_name_may_be_written),
		cmocka_unit_test(all_patterns_together_may_look_at_so_many_names),
		cmocka_unit_test_teardown(names_without_an_end_are_an_error_whether_they_fit_or_not,
					  ground_restore),
		cmocka_unit_test(more_names_than_grants_are_an_error),
		cmocka_unit_test_teardown(
			no_descriptors_and_no_memory_are_errors_and_not_an_empty_pattern,
			ground_restore),
		cmocka_unit_test_teardown(
			a_call_that_fails_grants_nothing_more_and_leaves_nothing_open,
			ground_restore),
	};

	return cmocka_run_group_tests_name("globs", tests, make_tree, ground_close);
}
