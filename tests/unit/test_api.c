/* SPDX-License-Identifier: MIT */
/*
 * test_api.c - the promises of croft.h, through croft.h.
 */
#include "ground.h"

#include <poll.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/socket.h>

static const char *const argv_sleep[] = { "sleep", "60", NULL };

/* "empty" and what a dynamically linked program needs; more as pairs of key and value. */
static struct croft_profile *profile_of(const char *const (*wishes)[2])
{
	static const char *const needed[][2] = { { "execute", "optional:/usr" },
						 { "execute", "optional:/bin" },
						 { "execute", "optional:/lib" },
						 { "execute", "optional:/lib64" },
						 { "env", "PATH" } };
	struct croft_profile *profile;
	struct croft_error err;

	if (croft_profile_new("empty", NULL, scratch, 0, &profile, &err) < 0)
		fail_msg("%s", err.what);
	for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
		if (croft_profile_set(profile, needed[i][0], needed[i][1], &err) < 0)
			fail_msg("%s", err.what);
	for (; wishes && (*wishes)[0]; wishes++)
		if (croft_profile_set(profile, (*wishes)[0], (*wishes)[1], &err) < 0)
			fail_msg("%s", err.what);
	return profile;
}

static struct croft_plan *plan_of(const struct croft_profile *profile, const char *const argv[])
{
	char tmpdir[GROUND_PATH + 16];
	const char *const environment[] = { "PATH=/usr/bin:/bin", tmpdir, NULL };
	struct croft_plan *plan = NULL;
	struct croft_error err;

	(void)snprintf(tmpdir, sizeof(tmpdir), "TMPDIR=%s", scratch);
	if (croft_plan_new(profile, argv, environment, 0, &plan, &err) < 0)
		fail_msg("%s", err.what);
	return plan;
}

static const char *const with_tmpdir[][2] = { { "require", "private-tmp" }, { NULL, NULL } };

static void names_and_numbers_of_the_version_agree(void **state)
{
	char version[64];

	(void)state;
	(void)snprintf(version, sizeof(version), "%d.%d.%d", CROFT_VERSION_MAJOR,
		       CROFT_VERSION_MINOR, CROFT_VERSION_PATCH);
	assert_string_equal(croft_version(), version);
	assert_string_equal(croft_stage_name(CROFT_STAGE_LANDLOCK), "landlock");
	assert_string_equal(croft_stage_name(-1), "unknown");
	assert_string_equal(croft_stage_name(CROFT_STAGE_MAX), "unknown");
}

static void flags_that_mean_nothing_yet_are_refused(void **state)
{
	struct croft_profile *profile = profile_of(NULL), *untouched = (void *)(uintptr_t)7;
	struct croft_plan *plan = plan_of(profile, argv_sleep), *no_plan = (void *)(uintptr_t)7;
	struct croft_child *child = (void *)(uintptr_t)7;
	char *text = (void *)(uintptr_t)7;

	(void)state;
	for (int bit = 0; bit < 32; bit++) {
		unsigned flags = 1U << bit;
		struct croft_error err = { 0 };

		assert_int_equal(croft_profile_new("empty", NULL, NULL, flags, &untouched, &err),
				 -EINVAL);
		assert_int_equal(err.stage, CROFT_STAGE_USAGE);
		assert_int_equal(croft_profile_load("empty", NULL, NULL, NULL, flags, &untouched,
						    &err),
				 -EINVAL);
		assert_int_equal(croft_plan_new(profile, NULL, NULL, flags, &no_plan, &err),
				 -EINVAL);
		assert_int_equal(croft_launch(plan, flags, &child, &err), -EINVAL);
		assert_int_equal(croft_confine(plan, flags, &err), -EINVAL);
		if (flags != CROFT_PRINT_JSON)
			assert_int_equal(croft_plan_print(plan, flags, &text, &err), -EINVAL);
		assert_int_equal(croft_launch(plan, flags, &child, NULL), -EINVAL);
	}
	assert_true((uintptr_t)untouched == 7 && (uintptr_t)no_plan == 7);
	assert_true((uintptr_t)child == 7 && (uintptr_t)text == 7);
	croft_plan_free(plan);
	croft_profile_free(profile);
}

static void a_wrong_use_is_an_error_with_its_stage(void **state)
{
	static const char *const no_words[] = { NULL };
	static const char *const absent[] = { "no-such-program", NULL };
	static const char *const environment[] = { "PATH=/usr/bin:/bin", NULL };
	int before = lowest_free();
	struct croft_profile *profile = profile_of(NULL), *other;
	struct croft_plan *plan = plan_of(profile, NULL), *none = NULL;
	struct croft_child *child;
	struct croft_error err;

	(void)state;
	assert_int_equal(croft_profile_new(NULL, NULL, NULL, 0, &other, &err), -EINVAL);
	assert_int_equal(err.stage, CROFT_STAGE_USAGE);
	assert_int_equal(croft_profile_new("defualt", NULL, NULL, 0, &other, &err), -EINVAL);
	assert_non_null(strstr(err.hint, "default"));
	assert_int_equal(croft_plan_new(profile, no_words, environment, 0, &none, &err), -EINVAL);
	assert_int_equal(croft_plan_new(profile, absent, environment, 0, &none, &err), -ENOENT);
	assert_int_equal(err.stage, CROFT_STAGE_EXEC);
	assert_null(none);
	/* a plan is for a child or for the caller, never for both */
	assert_int_equal(croft_launch(plan, 0, &child, &err), -EINVAL);
	assert_int_equal(err.stage, CROFT_STAGE_USAGE);
	croft_plan_free(plan);
	plan = plan_of(profile, argv_sleep);
	assert_int_equal(croft_confine(plan, 0, &err), -EINVAL);
	assert_int_equal(err.stage, CROFT_STAGE_USAGE);
	assert_int_equal(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
	croft_plan_free(plan);
	croft_profile_free(profile);
	croft_plan_free(NULL);
	croft_profile_free(NULL);
	croft_child_free(NULL);
	assert_int_equal(lowest_free(), before);
}

static void a_wish_that_is_wrong_is_refused_with_or_without_an_error_to_fill(void **state)
{
	static const struct {
		const char *key, *value;
		int want;
	} rows[] = {
		{ "read", "/usr", 0 },
		{ "env-all", NULL, 0 },
		{ "audit", NULL, 0 },
		{ "connect", "443", 0 },
		{ "limit", "memory=1GiB", 0 },
		{ "require", "signals", 0 },
		/* what a waiting parent does is the caller's here */
		{ "time", "1s", -EINVAL },
		{ "grace", "1s", -EINVAL },
		{ "supervise", NULL, -EINVAL },
		{ "raed", "/usr", -ENOENT },
		{ "read", NULL, -EINVAL },
		{ "read", "relative", -EINVAL },
		{ "env-all", "1", -EINVAL },
		{ "connect", "65536", -EINVAL },
		{ "require", "no-such-protection", -EINVAL },
	};
	struct croft_profile *profile = profile_of(NULL);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct croft_error err = { 0 };

		if (croft_profile_set(profile, rows[i].key, rows[i].value, &err) != rows[i].want)
			fail_msg("row %zu: '%s'", i, err.what);
		if (rows[i].want < 0)
			assert_int_equal(croft_profile_set(profile, rows[i].key, rows[i].value,
							   NULL),
					 rows[i].want);
		assert_int_equal(rows[i].want < 0, err.what[0] != '\0');
	}
	croft_profile_free(profile);
}

/* Everything that is given is on the heap and goes at once: ASan sees who reads it later. */
static void what_the_caller_gave_may_be_freed_after_the_plan(void **state)
{
	struct croft_profile *profile;
	struct croft_plan *plan = NULL;
	char **argv = calloc(4, sizeof(*argv)), **env = calloc(2, sizeof(*env));
	char *key = strdup("execute"), *value = strdup("optional:/usr"), *name = strdup("empty");
	struct croft_child *child;
	int status;

	(void)state;
	argv[0] = strdup("sh");
	argv[1] = strdup("-c");
	argv[2] = strdup("exit 33");
	env[0] = strdup("PATH=/usr/bin:/bin");
	assert_int_equal(croft_profile_new(name, NULL, NULL, 0, &profile, NULL), 0);
	assert_int_equal(croft_profile_set(profile, key, value, NULL), 0);
	free(key);
	free(value);
	free(name);
	for (const char *const *path = (const char *const[]){ "optional:/bin", "optional:/lib",
							      "optional:/lib64", NULL };
	     *path; path++)
		assert_int_equal(croft_profile_set(profile, "execute", *path, NULL), 0);
	assert_int_equal(croft_profile_set(profile, "env", "PATH", NULL), 0);
	assert_int_equal(croft_plan_new(profile, (const char *const *)argv,
					(const char *const *)env, 0, &plan, NULL),
			 0);
	for (int i = 0; i < 3; i++) {
		memset(argv[i], 'x', strlen(argv[i]));
		free(argv[i]);
	}
	memset(env[0], 'x', strlen(env[0]));
	free(env[0]);
	free(argv);
	free(env);
	assert_int_equal(croft_launch(plan, 0, &child, NULL), 0);
	assert_int_equal(croft_child_wait(child, &status, NULL), 0);
	assert_int_equal(status, 33 << 8);
	croft_child_free(child);
	croft_plan_free(plan);
	croft_profile_free(profile);
}

static void a_plan_is_printed_as_text_and_as_json(void **state)
{
	struct croft_profile *profile = profile_of(NULL);
	struct croft_plan *plan = plan_of(profile, argv_sleep);
	char *text = NULL, *json = NULL;

	(void)state;
	assert_int_equal(croft_plan_check(plan, NULL), 0);
	assert_int_equal(croft_plan_print(plan, 0, &text, NULL), 0);
	assert_non_null(strstr(text, "/usr"));
	free(text);
	assert_int_equal(croft_plan_print(plan, CROFT_PRINT_JSON, &json, NULL), 0);
	assert_true(json[0] == '{' && strchr(json, '}'));
	free(json);
	croft_plan_free(plan);
	croft_profile_free(profile);
}

static void a_child_is_waited_for_once_and_its_tmpdir_goes(void **state)
{
	struct croft_profile *profile = profile_of(with_tmpdir);
	static const char *const argv[] = { "sh", "-c", ": >\"$TMPDIR/file\"; exit 5", NULL };
	struct croft_plan *plan = plan_of(profile, argv);
	int before = lowest_free(), status = -7;
	struct croft_child *child;
	struct croft_error err;

	(void)state;
	/* a second launch of the same plan is like the first */
	for (int i = 0; i < 2; i++) {
		struct pollfd poll_end;

		assert_int_equal(croft_launch(plan, 0, &child, &err), 0);
		assert_int_equal(count_names(""), 1);
		poll_end = (struct pollfd){ .fd = croft_child_pidfd(child), .events = POLLIN };
		assert_true(croft_child_pid(child) > 0);
		assert_int_equal(poll(&poll_end, 1, 10000), 1);
		assert_int_equal(croft_child_wait(child, &status, &err), 0);
		assert_int_equal(status, 5 << 8);
		assert_int_equal(count_names(""), 0);
		assert_int_equal(croft_child_wait(child, &status, &err), -ECHILD);
		assert_int_equal(err.stage, CROFT_STAGE_SUPERVISE);
		croft_child_free(child);
		assert_int_equal(lowest_free(), before);
	}
	croft_plan_free(plan);
	croft_profile_free(profile);
}

static void a_child_that_is_freed_is_killed_and_reaped(void **state)
{
	struct croft_profile *profile = profile_of(with_tmpdir);
	struct croft_plan *plan = plan_of(profile, argv_sleep);
	int before = lowest_free();
	struct croft_child *child;

	(void)state;
	assert_int_equal(croft_launch(plan, 0, &child, NULL), 0);
	assert_int_equal(count_names(""), 1);
	croft_child_free(child);
	assert_true(has_no_children());
	assert_int_equal(count_names(""), 0);
	assert_int_equal(lowest_free(), before);
	croft_plan_free(plan);
	croft_profile_free(profile);
}

/* The end was taken by somebody else: the number may be another process's by then. */
static void an_end_that_was_lost_is_said_and_cleaned_up_after(void **state)
{
	struct croft_profile *profile = profile_of(with_tmpdir);
	struct croft_plan *plan = plan_of(profile, argv_sleep);
	struct croft_child *child;
	struct croft_error err;
	int status = -7;

	(void)state;
	assert_int_equal(croft_launch(plan, 0, &child, NULL), 0);
	assert_return_code(kill(croft_child_pid(child), SIGKILL), errno);
	assert_int_equal(waitpid(croft_child_pid(child), NULL, 0), croft_child_pid(child));
	assert_int_equal(croft_child_wait(child, &status, &err), -ECHILD);
	assert_int_equal(status, -7);
	assert_int_equal(count_names(""), 0);
	croft_child_free(child);
	croft_plan_free(plan);
	croft_profile_free(profile);
}

static void a_launch_that_fails_leaves_nothing(void **state)
{
	static const enum sys_call calls[] = { SYS_CALL_mkdirat, SYS_CALL_clone, SYS_CALL_seccomp,
					       SYS_CALL_execve };
	struct croft_profile *profile = profile_of(with_tmpdir);
	struct croft_plan *plan = plan_of(profile, argv_sleep);
	int before = lowest_free();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct croft_child *child = (void *)(uintptr_t)7;
		struct croft_error err = { 0 };

		ground_replace(calls[i], -EPERM);
		assert_int_equal(croft_launch(plan, 0, &child, &err), -EPERM);
		assert_true((uintptr_t)child == 7 && err.errnum == EPERM && err.what[0]);
		assert_int_equal(croft_launch(plan, 0, &child, NULL), -EPERM);
		ground_restore(NULL);
		assert_int_equal(count_names(""), 0);
		assert_int_equal(lowest_free(), before);
		assert_true(has_no_children());
	}
	croft_plan_free(plan);
	croft_profile_free(profile);
}

static int confine_myself(void *data)
{
	const struct croft_plan *plan = data;
	struct croft_error err;

	EXPECT(croft_confine(plan, 0, &err) == 0);
	EXPECT(open("/etc/passwd", O_RDONLY) == -1 && errno == EACCES);
	EXPECT(open("/usr", O_RDONLY | O_DIRECTORY) >= 0);
	EXPECT(socket(AF_INET, SOCK_STREAM, 0) == -1 && errno == EACCES);
	EXPECT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	/* more can be added, nothing taken back */
	EXPECT(croft_confine(plan, 0, &err) == 0);
	EXPECT(open("/etc/passwd", O_RDONLY) == -1 && errno == EACCES);
	return 0;
}

static void a_process_can_confine_itself(void **state)
{
	struct croft_profile *profile = profile_of(NULL);
	struct croft_plan *plan = plan_of(profile, NULL);

	(void)state;
	assert_int_equal(in_child(confine_myself, plan), 0);
	croft_plan_free(plan);
	croft_profile_free(profile);
}

static void *wait_for_good(void *data)
{
	(void)data;
	for (;;)
		(void)pause();
	return NULL;
}

static int confine_with_threads(void *data)
{
	const struct croft_plan *plan = data;
	struct croft_error err;
	pthread_t thread;

	EXPECT(pthread_create(&thread, NULL, wait_for_good, NULL) == 0);
	EXPECT(croft_confine(plan, 0, &err) == -EBUSY);
	EXPECT(err.stage == CROFT_STAGE_START && err.hint[0]);
	EXPECT(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 0);
	EXPECT(open("/etc/passwd", O_RDONLY) >= 0);
	return 0;
}

static void a_process_with_threads_is_not_half_confined(void **state)
{
	struct croft_profile *profile = profile_of(NULL);
	struct croft_plan *plan = plan_of(profile, NULL);

	(void)state;
	assert_int_equal(in_child(confine_with_threads, plan), 0);
	croft_plan_free(plan);
	croft_profile_free(profile);
}

struct from_thread {
	const struct croft_plan *plan;
	int result, status;
};

static void *launch_in_thread(void *data)
{
	struct from_thread *from = data;
	struct croft_child *child;

	from->result = croft_launch(from->plan, 0, &child, NULL);
	if (from->result == 0)
		from->result = croft_child_wait(child, &from->status, NULL);
	if (from->result == 0)
		croft_child_free(child);
	return NULL;
}

static void a_child_can_be_launched_from_any_thread(void **state)
{
	static const char *const argv[] = { "sh", "-c", "exit 21", NULL };
	struct croft_profile *profile = profile_of(NULL);
	struct croft_plan *plan = plan_of(profile, argv);
	struct from_thread from = { .plan = plan };
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, launch_in_thread, &from), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(from.result, 0);
	assert_int_equal(from.status, 21 << 8);
	croft_plan_free(plan);
	croft_profile_free(profile);
}

static const char program_profile[] =
	"version: 2\nprofiles:\n  p:\n    extends: [system]\n"
	"    files: {execute: [\"${env:EXTRA}\"], read: [optional:~/x, \"${project}\"]}\n"
	"    environment: {use: [EXTRA]}\n"
	"    command: {program: sh, args: [-c, exit 22]}\n";

static void a_profile_of_a_file_is_loaded_and_its_command_launched(void **state)
{
	char path[GROUND_PATH], home[GROUND_PATH], extra[GROUND_PATH + 8];
	const char *const envp[] = { "PATH=/usr/bin:/bin", extra, NULL };
	struct croft_profile *profile;
	struct croft_child *child;
	const char *const *argv;
	struct croft_plan *plan;
	struct croft_error err;
	int status;

	(void)state;
	(void)snprintf(extra, sizeof(extra), "EXTRA=%s", scratch);
	make_file("p.yaml", program_profile, 0644);
	if (croft_profile_load(in_scratch(path, "p.yaml"), in_scratch(home, "home"), scratch, envp,
			       0, &profile, &err) < 0)
		fail_msg("%s", err.what);
	assert_int_equal(croft_profile_command(profile, &argv, &err), 0);
	assert_string_equal(argv[0], "sh");
	assert_string_equal(argv[2], "exit 22");
	assert_null(argv[3]);
	assert_int_equal(croft_plan_new(profile, argv, envp, 0, &plan, &err), 0);
	assert_int_equal(croft_launch(plan, 0, &child, &err), 0);
	assert_int_equal(croft_child_wait(child, &status, &err), 0);
	assert_int_equal(status, 22 << 8);
	croft_child_free(child);
	croft_plan_free(plan);
	croft_profile_free(profile);
	/* a built-in one names no command */
	assert_int_equal(croft_profile_load("system", NULL, NULL, NULL, 0, &profile, &err), 0);
	assert_int_equal(croft_profile_command(profile, &argv, &err), 0);
	assert_null(argv);
	croft_profile_free(profile);
}

static void the_project_of_a_loaded_profile_is_the_work_tree(void **state)
{
	char workdir[GROUND_PATH], path[GROUND_PATH], *text;
	struct croft_profile *profile;
	struct croft_plan *plan;
	struct croft_error err;

	(void)state;
	make_dir("tree");
	make_dir("tree/.git");
	make_dir("tree/sub");
	make_file("tree/.git/HEAD", "ref: refs/heads/main\n", 0644);
	make_file("q.yaml", "version: 2\nprofiles: {q: {files: {read: [\"${project}\"]}}}\n", 0644);
	assert_int_equal(croft_profile_load(in_scratch(path, "q.yaml"), NULL,
					    in_scratch(workdir, "tree/sub"), NULL, 0, &profile,
					    &err),
			 0);
	assert_int_equal(croft_plan_new(profile, NULL, NULL, 0, &plan, &err), 0);
	assert_int_equal(croft_plan_print(plan, 0, &text, &err), 0);
	assert_non_null(strstr(text, "/tree'"));
	assert_non_null(strstr(text, "q.yaml:2)"));
	free(text);
	croft_plan_free(plan);
	croft_profile_free(profile);
}

static void a_profile_that_cannot_be_loaded_is_said(void **state)
{
	static const struct {
		const char *keys, *what;
	} cases[] = {
		{ "{limits: {time: 5s}}",
		  "has 'limits.time': a library does not wait for its children" },
		{ "{limits: {grace: 1s}}", "has 'limits.grace': a library" },
		{ "{supervise: true}", "has 'supervise': a library" },
		{ "{raed: []}", ":2:16: raed: " },
	};
	struct croft_profile *profile = NULL;
	struct croft_error err;
	char path[GROUND_PATH], text[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		(void)snprintf(text, sizeof(text), "version: 2\nprofiles: {p: %s}\n",
			       cases[i].keys);
		make_file("p.yaml", text, 0644);
		assert_int_equal(croft_profile_load(in_scratch(path, "p.yaml"), NULL, NULL, NULL, 0,
						    &profile, &err),
				 -EINVAL);
		if (!strstr(err.what, cases[i].what))
			fail_msg("'%s' in '%s'", cases[i].what, err.what);
		assert_int_equal(err.stage, CROFT_STAGE_PROFILE);
	}
	make_file("p.yaml", program_profile, 0666);
	assert_int_equal(croft_profile_load(path, NULL, NULL, NULL, 0, &profile, &err), -EPERM);
	assert_int_equal(croft_profile_load("defualt", NULL, NULL, NULL, 0, &profile, &err),
			 -ENOENT);
	assert_int_equal(croft_profile_load(NULL, NULL, NULL, NULL, 0, &profile, &err), -EINVAL);
	assert_int_equal(err.stage, CROFT_STAGE_USAGE);
	assert_int_equal(croft_profile_load(NULL, NULL, NULL, NULL, 0, &profile, NULL), -EINVAL);
	assert_null(profile);
}

#define T(test) cmocka_unit_test_teardown(test, ground_restore)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(names_and_numbers_of_the_version_agree),
		T(flags_that_mean_nothing_yet_are_refused),
		T(a_wrong_use_is_an_error_with_its_stage),
		T(a_wish_that_is_wrong_is_refused_with_or_without_an_error_to_fill),
		T(what_the_caller_gave_may_be_freed_after_the_plan),
		T(a_plan_is_printed_as_text_and_as_json),
		T(a_child_is_waited_for_once_and_its_tmpdir_goes),
		T(a_child_that_is_freed_is_killed_and_reaped),
		T(an_end_that_was_lost_is_said_and_cleaned_up_after),
		T(a_launch_that_fails_leaves_nothing),
		T(a_process_can_confine_itself),
		T(a_process_with_threads_is_not_half_confined),
		T(a_child_can_be_launched_from_any_thread),
		T(a_profile_of_a_file_is_loaded_and_its_command_launched),
		T(the_project_of_a_loaded_profile_is_the_work_tree),
		T(a_profile_that_cannot_be_loaded_is_said),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
