/* SPDX-License-Identifier: MIT */
/*
 * test_refused.c - an errno of execve is worded with its one cause, where the causes can be told
 * apart. The kernel's answers are played: what it truly says is asked by
 * tests/cli/test_exec_refused.py.
 */
#include "ground.h"

#include <sys/resource.h>

#include "launch/refused.h"

#define PATH "/srv/prog"

/* What the calls answer. */
static struct {
	int exec_of_nothing, access, layers_left;
	unsigned long stack;
} played;

static long answer(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)a, (void)b, (void)c, (void)e, (void)f;
	switch (call) {
	case SYS_CALL_execve:
		return played.exec_of_nothing;
	case SYS_CALL_faccessat:
		return played.access;
	case SYS_CALL_landlock_create_ruleset:
		return played.layers_left < 0 ? -ENOSYS : 1000; /* closed in vain */
	case SYS_CALL_landlock_restrict_self:
		return played.layers_left-- > 0 ? 0 : -E2BIG;
	case SYS_CALL_prlimit64:
		((struct rlimit *)(uintptr_t)d)->rlim_cur = played.stack;
		return 0;
	case SYS_CALL_openat:
	case SYS_CALL_raw:
		return -ENOENT;
	default:
		return 0;
	}
}

static const enum sys_call calls[] = {
	SYS_CALL_execve,
	SYS_CALL_faccessat,
	SYS_CALL_landlock_create_ruleset,
	SYS_CALL_landlock_restrict_self,
	SYS_CALL_prlimit64,
	SYS_CALL_openat,
	SYS_CALL_raw,
	SYS_CALL_geteuid,
};

static long is_user(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return 1000;
}

/* Nothing odd: the kernel's own answers, no sandbox around. */
static int set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		sys_replace(calls[i], answer);
	played.exec_of_nothing = -ENOENT;
	played.access = 0;
	played.layers_left = ABI_LANDLOCK_MAX_LAYERS - 1;
	played.stack = 8UL << 20;
	return 0;
}

static void says(const char *const *argv, int errnum, const char *part)
{
	static const char *const envp[] = { "A=1", NULL };
	static struct plan plan;
	static struct launch launch;
	struct croft_error err = { 0 };

	plan.command = (struct plan_command){ PATH, argv, envp };
	launch.plan = &plan;
	launch.ruleset = 3;
	assert_true(refused_say(&launch, errnum, &err) < 0);
	assert_int_equal(err.stage, CROFT_STAGE_EXEC);
	if (!strstr(err.hint, part))
		fail_msg("'%s' is not in '%s'", part, err.hint);
}

static const char *const plain[] = { PATH, NULL };

static void a_filter_is_known_by_its_answer_to_an_empty_name(void **state)
{
	static const int errnums[] = { EPERM, EACCES, ENOSYS, EINVAL };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errnums); i++) {
		played.exec_of_nothing = -errnums[i];
		says(plain, errnums[i], "a filter of system calls");
	}
	/* what the kernel itself may say, with a filter that says something else of nothing */
	played.exec_of_nothing = -ENOENT;
	says(plain, EPERM, "a security module");
	says(plain, EINVAL, "page size");
	says(plain, ENOENT, "it was there a moment ago");
}

static void a_denied_program_is_the_modes_a_sandboxs_or_a_modules(void **state)
{
	(void)state;
	says(plain, EACCES, "what starts it must be executable by its modes");
	played.layers_left = ABI_LANDLOCK_MAX_LAYERS - 2;
	says(plain, EACCES, "a sandbox around croft (Landlock)");
	played.layers_left = -1; /* no Landlock at all */
	says(plain, EACCES, "what starts it must be executable by its modes");
	played.access = -EACCES;
	says(plain, EACCES, "chmod a+x '" PATH "'");
	sys_replace(SYS_CALL_geteuid, is_user);
	says(plain, EACCES, "a security module");
}

static void what_is_too_long_is_told_with_what_would_do(void **state)
{
	static char one[(128 << 10) + 1], many[1 << 16];
	const char *argv[120] = { PATH, one };

	(void)state;
	memset(one, 'a', sizeof(one) - 1);
	memset(many, 'b', sizeof(many) - 1);
	says(argv, E2BIG, "one argument or variable has 131072 bytes");
	argv[1] = many;
	/* 64 KiB and what scripts add, of a quarter of 256 KiB or the least that all have */
	played.stack = 256UL << 10;
	says(argv, E2BIG, "131072 bytes here");
	for (size_t i = 2; i < 40; i++)
		argv[i] = many;
	played.stack = 8UL << 20;
	says(argv, E2BIG, "2097152 bytes here");
	for (size_t i = 40; i < 110; i++)
		argv[i] = many;
	says(argv, E2BIG, "6 MiB are the most");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_filter_is_known_by_its_answer_to_an_empty_name,
						set_up, ground_restore),
		cmocka_unit_test_setup_teardown(
			a_denied_program_is_the_modes_a_sandboxs_or_a_modules, set_up,
			ground_restore),
		cmocka_unit_test_setup_teardown(what_is_too_long_is_told_with_what_would_do, set_up,
						ground_restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
