/* SPDX-License-Identifier: MIT */
/*
 * test_slurm_task.c - a task's words and variables, as croft gets them; and its limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/resource.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "slurm/task.h"
#include "sys/calls.h"

#define WORDS_MAX 32

/* Both lists of a task as one text, a blank before each word. */
static void say(const struct task *task, struct buf *ret_words, struct buf *ret_env)
{
	char **words = NULL, **env = NULL;
	struct arena arena;

	arena_init(&arena, TASK_ARENA_MAX);
	assert_int_equal(task_words(&arena, task, &words, NULL), 0);
	assert_int_equal(task_env(&arena, task, &env, NULL), 0);
	for (size_t i = 0; words[i]; i++)
		buf_printf(ret_words, " %s", words[i]);
	for (size_t i = 0; env[i]; i++)
		buf_printf(ret_env, " %s", env[i]);
	arena_done(&arena);
}

#define CHECK(task, words, env)                                                       \
	do {                                                                          \
		AUTO_BUF struct buf words_ = BUF_INIT(65536), env_ = BUF_INIT(65536); \
		say(task, &words_, &env_);                                            \
		assert_string_equal(buf_text(&words_), words);                        \
		assert_string_equal(buf_text(&env_), env);                            \
	} while (0)

static const char *const command[] = { "/bin/sh", "-c", "a b", "", NULL };

static struct task a_task(const char *const *env)
{
	return (struct task){ .croft = "/usr/bin/croft",
			      .profile = "default",
			      .argv = (char *const *)(uintptr_t)command,
			      .env = (char *const *)(uintptr_t)env };
}

static void slurm_s_variables_are_named_and_its_key_is_not(void **state)
{
	static const char *const env[] = { "PATH=/bin",
					   "SLURM_JOB_ID=7",
					   "SLURM_JWT=key",
					   "SLURM_RLIMIT_CORE=0",
					   "SLURMD_NODENAME=n",
					   "SLURM_X*=1",
					   "=x",
					   "odd",
					   NULL };
	struct task task = a_task(env);

	(void)state;
	CHECK(&task,
	      " /usr/bin/croft run --profile default --env SLURM_JOB_ID --env SLURMD_NODENAME"
	      " -- /bin/sh -c a b ",
	      " PATH=/bin SLURM_JOB_ID=7 SLURM_JWT=key SLURMD_NODENAME=n SLURM_X*=1 =x odd");
}

static void what_the_loader_takes_is_kept_from_croft(void **state)
{
	static const char *const env[] = { "LD_PRELOAD=/srv/x.so",
					   "LD_LIBRARY_PATH=/srv",
					   "LD_AUDIT=/srv/y.so",
					   "GLIBC_TUNABLES=a=b",
					   "GLIBC=1",
					   NULL };
	struct task task = a_task(env);

	(void)state;
	CHECK(&task,
	      " /usr/bin/croft run --profile default --env LD_PRELOAD=/srv/x.so"
	      " --env LD_LIBRARY_PATH=/srv -- /bin/sh -c a b ",
	      " GLIBC=1");
}

static void an_enforced_name_is_not_looked_for_among_the_user_s(void **state)
{
	static const char *const env[] = { "XDG_CONFIG_HOME=/home/ada/x", "HOME=/home/ada", NULL };
	struct task task = a_task(env);

	(void)state;
	CHECK(&task, " /usr/bin/croft run --profile default -- /bin/sh -c a b ",
	      " XDG_CONFIG_HOME=/home/ada/x HOME=/home/ada");
	task.is_enforced = true;
	CHECK(&task,
	      " /usr/bin/croft run --profile default --env XDG_CONFIG_HOME=/home/ada/x"
	      " -- /bin/sh -c a b ",
	      " HOME=/home/ada XDG_CONFIG_HOME=/etc");
}

static void the_script_of_a_batch_job_is_granted_and_pmi_s_socket_kept(void **state)
{
	static const char *const env[] = { "PMI_FD=0", NULL };
	static const char *const none[] = { "PMI_FD=99999", NULL };
	char kept[] = "PMI_FD=nn";
	const char *const held[] = { kept, NULL };
	int ends[2];
	struct task task = a_task(env);

	(void)state;
	task.is_batch = true;
	CHECK(&task,
	      " /usr/bin/croft run --profile default --env PMI_FD --execute /bin/sh"
	      " -- /bin/sh -c a b ",
	      " PMI_FD=0");
	task = a_task(none);
	CHECK(&task, " /usr/bin/croft run --profile default --env PMI_FD -- /bin/sh -c a b ",
	      " PMI_FD=99999");
	assert_int_equal(sys_pipe(ends), 0);
	assert_in_range(ends[0], 3, 9);
	kept[7] = (char)('0' + ends[0]);
	kept[8] = '\0';
	task = a_task(held);
	{
		AUTO_BUF struct buf words = BUF_INIT(65536), env_text = BUF_INIT(65536);

		say(&task, &words, &env_text);
		assert_non_null(strstr(buf_text(&words), " --keep-fd "));
	}
	(void)sys_close(ends[0]);
	(void)sys_close(ends[1]);
}

static void limits_are_carried_over(void **state)
{
	static const char *const env[] = { "SLURM_RLIMIT_NOFILE=200", "SLURM_RLIMIT_CORE=U0",
					   NULL };
	static const char *const high[] = { "SLURM_RLIMIT_NOFILE=18446744073709551615", NULL };
	static const char *const bad[] = { "SLURM_RLIMIT_NOFILE=-1", NULL };
	struct croft_error err = { 0 };
	struct rlimit before, now;

	(void)state;
	assert_int_equal(sys_prlimit(RLIMIT_NOFILE, NULL, &before), 0);
	assert_int_equal(task_limits((char *const *)(uintptr_t)env, &err), 0);
	assert_int_equal(sys_prlimit(RLIMIT_NOFILE, NULL, &now), 0);
	assert_int_equal(now.rlim_cur, 200);
	assert_int_equal(now.rlim_max, before.rlim_max);
	assert_int_equal(task_limits((char *const *)(uintptr_t)high, &err), 0);
	assert_int_equal(sys_prlimit(RLIMIT_NOFILE, NULL, &now), 0);
	assert_int_equal(now.rlim_cur, before.rlim_max);
	assert_true(task_limits((char *const *)(uintptr_t)bad, &err) < 0);
	assert_non_null(strstr(err.what, "SLURM_RLIMIT_NOFILE"));
	assert_int_equal(sys_prlimit(RLIMIT_NOFILE, &before, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(slurm_s_variables_are_named_and_its_key_is_not),
		cmocka_unit_test(what_the_loader_takes_is_kept_from_croft),
		cmocka_unit_test(an_enforced_name_is_not_looked_for_among_the_user_s),
		cmocka_unit_test(the_script_of_a_batch_job_is_granted_and_pmi_s_socket_kept),
		cmocka_unit_test(limits_are_carried_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
