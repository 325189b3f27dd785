/* SPDX-License-Identifier: MIT */
/*
 * test_kill.c - every process of a launch is killed with SIGKILL, at each of its system calls.
 *
 * Whoever dies, and whenever: in the end no process is there, no TMPDIR, and no mount; and if the
 * command ran, it ran with everything in force. The command leaves processes behind.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "watch.h"

#define AT_LEAST 100 /* kills that came, for one kind of process */
#define AT_MOST 1500 /* launches; the longest has some 600 calls */
#define MAX_TOLD 10

static unsigned count_mounts(void)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	unsigned n = 0;
	int c;

	assert_non_null(file);
	while ((c = fgetc(file)) != EOF)
		n += c == '\n';
	(void)fclose(file);
	return n;
}

static const char *judge(struct run *run, enum mode mode, enum who who)
{
	bool is_killed = WIFSIGNALED(run->status) && WTERMSIG(run->status) == SIGKILL;

	if (run->has_hung)
		return "it hangs";
	if (run->n_left)
		return "processes are left";
	if (run->has_told && run->told.n_zombies)
		return "a child was not waited for";
	if (run->has_told && run->told.n_leaked_fds)
		return "descriptors are left open";
	/* what the cleaner of a command in place was to remove: nobody else is there */
	if (run->left_tmpdir && !(who == WHO_CLEANER && mode == IN_PLACE))
		return "the TMPDIR is left";
	/* croft is gone, and its cleaner may be quicker than the command's end */
	run->canary.wrote_in_tmpdir |= is_killed;
	if (run->has_canary && !is_confined(&run->canary, mode))
		return "the command ran, and not everything was in force";
	if (who != WHO_LAUNCH && mode != IN_PLACE && is_killed)
		return "the launching process died too";
	if (run->has_told && run->told.result == 0 && !run->told.has_started)
		return "success is told, and nothing was started";
	return NULL;
}

struct kind {
	enum mode mode;
	enum who who;
	const char *name;
};

static void killed_at_each_call(void **state)
{
	const struct kind *kind = *state;
	unsigned n_calls, n_runs = 0, n_wrong = 0, n_missed = 0, n_mounts = count_mounts();
	struct run run;

	inject_kill(kind->who, 0);
	run = launch_once(kind->mode);
	assert_false(run.has_hung || run.left_tmpdir || run.n_left);
	n_calls = inject->n_calls[kind->who];
	assert_true(n_calls > 0);
	/* how often is waited is a matter of time: a late call may not come */
	while ((n_runs - n_missed < AT_LEAST || n_runs < n_calls) && n_runs < AT_MOST) {
		unsigned at = n_runs % n_calls + 1;
		const char *wrong;

		inject_kill(kind->who, at);
		run = launch_once(kind->mode);
		n_runs++;
		n_missed += inject->n_failed == 0;
		wrong = judge(&run, kind->mode, kind->who);
		if (wrong && n_wrong++ < MAX_TOLD)
			print_error("killed at call %u: %s (result %d: %s)\n", at, wrong,
				    run.told.result, run.told.err.what);
	}
	print_message("# %u launches, %u without the kill meant for them\n", n_runs, n_missed);
	assert_int_equal(count_mounts(), n_mounts);
	assert_true(n_runs - n_missed >= AT_LEAST);
	if (n_wrong)
		fail_msg("%u of %u launches went wrong", n_wrong, n_runs);
}

static struct kind kinds[] = {
	{ IN_PLACE, WHO_LAUNCH, "croft in place is killed" },
	{ SUPERVISED, WHO_LAUNCH, "croft that waits, or its child, is killed" },
	{ SUPERVISED, WHO_CLEANER, "the cleaner of a croft that waits is killed" },
	{ APART, WHO_LAUNCH, "croft in place with namespaces is killed" },
	{ INSIDE, WHO_LAUNCH, "croft, who makes its namespaces, or its child is killed" },
	{ INSIDE, WHO_INIT, "the init of the pid namespace is killed" },
	{ INSIDE_ROOT, WHO_LAUNCH, "the same with a new root" },
	{ LIBRARY_INSIDE, WHO_INIT, "the init of a library's child is killed" },
};

int main(int argc, char **argv)
{
	struct CMUnitTest tests[sizeof(kinds) / sizeof(kinds[0])];

	if (argc > 3 && !strcmp(argv[1], "--canary"))
		canary_main(argc, argv);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		tests[i] = (struct CMUnitTest){ kinds[i].name, killed_at_each_call, NULL, NULL,
						&kinds[i] };
	return cmocka_run_group_tests_name("kill", tests, make_ground, remove_ground);
}
