/* SPDX-License-Identifier: MIT */
/*
 * test_cleaner.c - the TMPDIR is gone when the process that had it made is, however that ended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "in_child.h"
#include "launch/cleaner.h"
#include "launch/tmpdir.h"
#include "sys/calls.h"

static char scratch[300], path[TMPDIR_NAME_SIZE];

static int setup(void **state)
{
	(void)state;
	make_scratch(scratch, sizeof(scratch));
	/* a cleaner that loses its parent becomes ours, and can be waited for */
	return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static int teardown(void **state)
{
	(void)state;
	return tmpdir_remove(scratch);
}

static long has_no_pidfd(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return -ENOSYS;
}

enum ending { EXITS, IS_KILLED, EXECUTES, KILLS_ITS_GROUP, ENDING_MAX };

/* A process that starts a cleaner, makes the directory, fills it and ends. */
static pid_t start_owner(enum ending ending, bool has_pidfd, int report)
{
	char *const argv[] = { (char *)(uintptr_t) "true", NULL };
	pid_t pid = fork(), cleaner = 0;
	int fd;

	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	(void)setpgid(0, 0);
	if (!has_pidfd)
		sys_replace(SYS_CALL_pidfd_open, has_no_pidfd);
	if (cleaner_start(path, NULL, &cleaner, NULL) < 0 || tmpdir_make(path, &fd, NULL) < 0 ||
	    mkdirat(fd, "d", 0) < 0 || write(report, &cleaner, sizeof(cleaner)) < 4)
		_exit(90);
	if (ending == IS_KILLED)
		(void)kill(getpid(), SIGKILL);
	if (ending == KILLS_ITS_GROUP)
		(void)kill(0, SIGTERM);
	if (ending == EXECUTES)
		(void)execv("/bin/true", argv);
	_exit(ending == EXITS ? 0 : 91);
}

static void run_owner(enum ending ending, bool has_pidfd)
{
	int ends[2], status;
	pid_t owner, cleaner = 0;

	assert_int_equal(tmpdir_choose(scratch, path, NULL), 0);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	owner = start_owner(ending, has_pidfd, ends[1]);
	assert_int_equal(close(ends[1]), 0);
	assert_int_equal(read(ends[0], &cleaner, sizeof(cleaner)), sizeof(cleaner));
	/* when the owner is gone nobody holds the other end: the cleaner has closed it */
	assert_int_equal(read(ends[0], &status, 1), 0);
	assert_int_equal(close(ends[0]), 0);
	assert_int_equal(waitpid(owner, &status, 0), owner);
	assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	if (!goes_away(path))
		fail_msg("it is still there, ending %d, %s pidfd", ending,
			 has_pidfd ? "with a" : "without");
	assert_int_equal(waitpid(cleaner, &status, __WALL), cleaner);
	assert_int_equal(status, 0);
}

static void the_directory_goes_with_its_owner_however_he_ends(void **state)
{
	(void)state;
	for (int ending = 0; ending < ENDING_MAX; ending++)
		run_owner((enum ending)ending, true);
}

static void without_pidfds_it_goes_too(void **state)
{
	(void)state;
	for (int ending = 0; ending < ENDING_MAX; ending++)
		run_owner((enum ending)ending, false);
}

static void wait_as_a_command_would(const void *arg, struct said *said)
{
	pid_t cleaner = 0;

	(void)arg;
	said->result = cleaner_start(path, NULL, &cleaner, &said->err);
	/* an ordinary wait knows no child; wait for it by name would take __WALL */
	said->answers[0] = waitpid(-1, NULL, 0) < 0 ? errno : 0;
	said->answers[1] = kill(cleaner, 0) == 0;
}

static void the_cleaner_is_no_child_that_a_command_waits_for(void **state)
{
	struct said said;

	(void)state;
	assert_int_equal(tmpdir_choose(scratch, path, NULL), 0);
	said = in_child(wait_as_a_command_would, NULL);
	assert_int_equal(said.result, 0);
	assert_int_equal(said.answers[0], ECHILD);
	assert_int_equal(said.answers[1], 1);
	while (waitpid(-1, NULL, __WALL) > 0)
		continue;
}

static void finish_now(const void *arg, struct said *said)
{
	pid_t cleaner = 0;
	int fd;

	(void)arg;
	said->result = cleaner_start(path, NULL, &cleaner, &said->err);
	if (said->result == 0)
		said->result = tmpdir_make(path, &fd, &said->err);
	said->answers[0] = is_there(path);
	if (said->result == 0)
		said->result = cleaner_finish(path, NULL, cleaner, &said->err);
	said->answers[1] = is_there(path);
	said->answers[2] = waitpid(-1, NULL, __WALL) < 0 ? errno : 0;
}

static void who_stays_until_the_end_removes_it_at_once_and_ends_the_cleaner(void **state)
{
	struct said said;

	(void)state;
	assert_int_equal(tmpdir_choose(scratch, path, NULL), 0);
	said = in_child(finish_now, NULL);
	assert_int_equal(said.result, 0);
	assert_int_equal(said.answers[0], 1);
	assert_int_equal(said.answers[1], 0);
	assert_int_equal(said.answers[2], ECHILD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_directory_goes_with_its_owner_however_he_ends),
		cmocka_unit_test(without_pidfds_it_goes_too),
		cmocka_unit_test(the_cleaner_is_no_child_that_a_command_waits_for),
		cmocka_unit_test(who_stays_until_the_end_removes_it_at_once_and_ends_the_cleaner),
	};

	return cmocka_run_group_tests_name("cleaner", tests, setup, teardown);
}
