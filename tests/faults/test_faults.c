/* SPDX-License-Identifier: MIT */
/*
 * test_faults.c - every system call of a launch fails once, at each of its uses.
 *
 * For each way to a confined process (modes.h), each call of sys/calls.h, each errno that it can
 * sensibly fail with and each of its uses, one launch is made with that one failure in it (and one
 * in which every use fails). Then one of two things must be so:
 *
 *   an error    with a stage in which that call is made, nothing run
 *   success     with everything in force: the canary itself says so. Calls that may fail and
 *               change nothing stand in a table, each with the reason.
 *
 * In both cases no descriptor stays open, no child is left, and the TMPDIR is gone.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "tables.h"
#include "watch.h"

#define MAX_USES 60 /* of one call */
#define MAX_LOOKS 16 /* the same where /proc is looked through, thousands of times */
#define MAX_TOLD 10 /* failures printed for one test */

/* What a launch that went well must have; NULL if it has. */
static const char *judge_success(const struct run *run, enum mode mode)
{
	/* the limit is short, and may be over before the command, started, has come to write */
	if (!run->has_canary)
		return mode == TIMED && run->told.has_started && run->told.timed_out
			       ? NULL
			       : "success is told, and nothing ran";
	if (!is_confined(&run->canary, mode))
		return "the command ran, and not everything was in force";
	if (mode == TIMED && !run->told.timed_out)
		return "the time limit was not kept";
	if ((mode == SUPERVISED || mode == SURVIVED || mode == LIBRARY || is_inside(mode)) &&
	    run->told.status != 7 << 8)
		return "the command's status is another";
	if ((mode == IN_PLACE || mode == APART) && run->status != 7 << 8)
		return "the command's status is another";
	return NULL;
}

static const char *judge_error(const struct run *run, const struct fault *fault)
{
	const struct told *told = &run->told;

	if (told->result > 0)
		return "the result is no errno";
	if (!*told->err.what || told->err.stage == CROFT_STAGE_NONE)
		return "an error that says nothing";
	if (fault && !(fault->stages & 1U << told->err.stage))
		return "the error has another stage";
	/*
	 * when the report cannot be read, or the command is said to be nobody's child, it may
	 * have begun: it is killed then
	 */
	if (run->has_canary && told->err.stage != CROFT_STAGE_SUPERVISE &&
	    (!fault || (fault->call != SYS_CALL_read && fault->call != SYS_CALL_waitid)))
		return "an error is told, and the command ran";
	return NULL;
}

/* NULL if nothing is left but what is told and cannot be helped. */
static const char *judge_remains(const struct run *run, const struct fault *fault)
{
	bool is_told = run->has_told && run->told.result < 0 &&
		       run->told.err.stage == CROFT_STAGE_SUPERVISE;
	bool processes = false, tmpdir = false;

	for (size_t i = 0; i < sizeof(may_leave) / sizeof(may_leave[0]) && fault && is_told; i++)
		if (may_leave[i].call == fault->call) {
			processes = may_leave[i].leaves_processes;
			tmpdir = may_leave[i].leaves_tmpdir;
		}
	if (run->n_left && !processes)
		return "processes are left";
	if (run->told.n_zombies && !processes)
		return "a child was not waited for";
	if (run->told.n_leaked_fds)
		return "descriptors are left open";
	return run->left_tmpdir && !tmpdir ? "the TMPDIR is left" : NULL;
}

/* NULL if the run is as it must be. fault NULL: nothing was made to fail. */
static const char *judge(const struct run *run, enum mode mode, const struct fault *fault,
			 int errnum)
{
	bool is_in_place = mode == IN_PLACE || mode == APART;
	bool has_succeeded = run->has_told ? run->told.result == 0 : is_in_place;
	const char *wrong;

	if (run->has_canary && getenv("XX")) {
		const int *q = (const int *)&run->canary;
		for (size_t i = 0; i < sizeof(run->canary) / 4; i++)
			fprintf(stderr, "%d ", q[i]);
		fprintf(stderr, "\n");
	}
	if (run->has_hung)
		return "it hangs";
	if (!run->has_told && !is_in_place)
		return "the launching process died";
	if (run->has_canary && !is_confined(&run->canary, mode))
		return "the command ran, and not everything was in force";
	wrong = has_succeeded ? judge_success(run, mode) : judge_error(run, fault);
	if (!wrong)
		wrong = judge_remains(run, fault);
	if (wrong)
		return wrong;
	if (has_succeeded && fault && !may_pass_over(fault->call, errnum))
		return "it fails in silence";
	return NULL;
}

/* The tests: one for each mode, and for the cleaner. */
struct sweep_state {
	enum mode mode;
	enum who who;
	unsigned n_runs, n_wrong, n_missed;
};

static void run_one(struct sweep_state *state, const struct fault *fault, int errnum,
		    unsigned first, unsigned last)
{
	struct run run;
	const char *wrong;

	inject_tell(state->who, fault->call, errnum, first, last);
	run = launch_once(state->mode);
	state->n_runs++;
	/* how often survivors are looked for is a matter of time: such a use may not come */
	state->n_missed += inject->n_failed == 0;
	wrong = judge(&run, state->mode, inject->n_failed ? fault : NULL, errnum);
	if (!wrong || state->n_wrong++ >= MAX_TOLD)
		return;
	print_error("%s, use %u%s of %s answers %s: %s (result %d, stage %s: %s)\n",
		    mode_names[state->mode], first, last > first ? " and all after" : "",
		    sys_name(fault->call), errno_name(errnum) ? errno_name(errnum) : "?", wrong,
		    run.told.result, stage_name((enum croft_stage)run.told.err.stage),
		    run.told.err.what);
}

/* What a mode adds to a plain supervised launch: the rest is swept there. */
static bool is_of_mode(enum mode mode, enum sys_call call)
{
	switch (call) {
	case SYS_CALL_clock_gettime:
	case SYS_CALL_timer_create:
	case SYS_CALL_timer_settime:
	case SYS_CALL_timer_delete:
	case SYS_CALL_signalfd4:
		return mode != SURVIVED;
	case SYS_CALL_openat:
	case SYS_CALL_getdents64:
		return mode != TIMED;
	case SYS_CALL_kill:
	case SYS_CALL_ppoll:
	case SYS_CALL_read:
	case SYS_CALL_wait4:
		return true;
	default:
		return mode != TIMED && mode != SURVIVED;
	}
}

/* Each use of each call fails by itself, with each errno; then all uses of it. */
static void each_call_fails(void **state)
{
	struct sweep_state sweep_state = { .mode = *(enum mode *)*state, .who = WHO_LAUNCH };
	unsigned max_uses = sweep_state.mode == SURVIVED ? MAX_LOOKS : MAX_USES;
	unsigned uses[SYS_CALL_MAX];
	struct run run;
	const char *wrong;

	inject_tell(WHO_LAUNCH, SYS_CALL_MAX, 0, 0, 0);
	run = launch_once(sweep_state.mode);
	wrong = judge(&run, sweep_state.mode, NULL, 0);
	if (wrong)
		fail_msg("without any failure: %s (stage %s: %s)", wrong,
			 stage_name((enum croft_stage)run.told.err.stage), run.told.err.what);
	memcpy(uses, inject->uses[WHO_LAUNCH], sizeof(uses));
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct fault *fault = &faults[i];

		if (!is_of_mode(sweep_state.mode, fault->call))
			continue;
		for (size_t e = 0; e < 5 && fault->errnums[e] && uses[fault->call]; e++) {
			for (unsigned use = 1; use <= uses[fault->call] && use <= max_uses; use++)
				run_one(&sweep_state, fault, fault->errnums[e], use, use);
			if (uses[fault->call] > 1 && can_repeat(fault->call, fault->errnums[e]))
				run_one(&sweep_state, fault, fault->errnums[e], 1, UINT_MAX);
		}
	}
	print_message("# %u launches, %u without the failure meant for them\n", sweep_state.n_runs,
		      sweep_state.n_missed);
	assert_true(sweep_state.n_missed * 10 < sweep_state.n_runs);
	if (sweep_state.n_wrong)
		fail_msg("%u of %u launches went wrong", sweep_state.n_wrong, sweep_state.n_runs);
}

/* The cleaner of a command in place: whatever fails there, the command does not notice. */
static void each_call_of_the_cleaner_fails(void **state)
{
	/* who may not remove a tree leaves it: nobody is there to be told */
	static const enum sys_call removals[] = { SYS_CALL_openat, SYS_CALL_unlinkat,
						  SYS_CALL_renameat2, SYS_CALL_fchmodat,
						  SYS_CALL_getdents64 };
	unsigned uses[SYS_CALL_MAX], n_runs = 0, n_wrong = 0;
	struct run run;

	(void)state;
	inject_tell(WHO_CLEANER, SYS_CALL_MAX, 0, 0, 0);
	run = launch_once(IN_PLACE);
	assert_null(judge(&run, IN_PLACE, NULL, 0));
	memcpy(uses, inject->uses[WHO_CLEANER], sizeof(uses));
	assert_true(uses[SYS_CALL_unlinkat] > 0);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct fault *fault = &faults[i];
		bool may_stay = false;

		for (size_t j = 0; j < sizeof(removals) / sizeof(removals[0]); j++)
			may_stay |= fault->call == removals[j];
		for (unsigned use = 1; use <= uses[fault->call]; use++) {
			const char *wrong;

			inject_tell(WHO_CLEANER, fault->call, fault->errnums[0], use, use);
			run = launch_once(IN_PLACE);
			n_runs++;
			if (may_stay)
				run.left_tmpdir = false;
			wrong = judge(&run, IN_PLACE, NULL, 0);
			if (wrong && n_wrong++ < MAX_TOLD)
				print_error("the cleaner, use %u of %s: %s\n", use,
					    sys_name(fault->call), wrong);
		}
	}
	print_message("# %u launches with a failure in the cleaner\n", n_runs);
	assert_int_equal(n_wrong, 0);
}

/*
 * The init of a pid namespace: it ends when something fails there, and everything with it; or it
 * does not matter.
 */
static void each_call_of_init_fails(void **state)
{
	unsigned uses[SYS_CALL_MAX], n_runs = 0, n_wrong = 0;
	struct run run;

	(void)state;
	inject_tell(WHO_INIT, SYS_CALL_MAX, 0, 0, 0);
	run = launch_once(INSIDE);
	assert_null(judge(&run, INSIDE, NULL, 0));
	memcpy(uses, inject->uses[WHO_INIT], sizeof(uses));
	assert_true(uses[SYS_CALL_read] > 0 && uses[SYS_CALL_kill] > 0);
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		const struct fault *fault = &faults[i];

		for (unsigned use = 1; use <= uses[fault->call]; use++) {
			const char *wrong;

			inject_tell(WHO_INIT, fault->call, fault->errnums[0], use, use);
			run = launch_once(INSIDE);
			n_runs++;
			/* its end is the command's, at any moment */
			if (run.told.result == 0 && run.told.status == SIGKILL)
				wrong = run.has_canary && !is_confined(&run.canary, INSIDE)
						? "it ran, and not everything was in force"
						: judge_remains(&run, NULL);
			else if (run.told.result < 0)
				wrong = judge_remains(&run, NULL);
			else
				wrong = judge(&run, INSIDE, NULL, 0);
			if (wrong && n_wrong++ < MAX_TOLD)
				print_error("init, use %u of %s: %s\n", use, sys_name(fault->call),
					    wrong);
		}
	}
	print_message("# %u launches with a failure in init\n", n_runs);
	assert_int_equal(n_wrong, 0);
}

static void every_call_is_in_a_table(void **state)
{
	(void)state;
	for (int i = 0; i < SYS_CALL_MAX; i++) {
		bool is_named = find_fault((enum sys_call)i) != NULL;

		for (size_t j = 0; j < sizeof(never_fails) / sizeof(never_fails[0]); j++)
			is_named |= never_fails[j].call == (enum sys_call)i;
		if (!is_named)
			fail_msg("%s: neither made to fail nor excepted with a reason",
				 sys_name((enum sys_call)i));
	}
}

/* A table that nothing is compared with any more would look like a test. */
static void what_is_made_to_fail_is_used(void **state)
{
	unsigned used[SYS_CALL_MAX] = { 0 };

	(void)state;
	for (int mode = 0; mode < MODE_MAX; mode++) {
		inject_tell(WHO_LAUNCH, SYS_CALL_MAX, 0, 0, 0);
		(void)launch_once((enum mode)mode);
		for (int i = 0; i < SYS_CALL_MAX; i++)
			used[i] += inject->uses[WHO_LAUNCH][i] + inject->uses[WHO_CLEANER][i] +
				   inject->uses[WHO_INIT][i];
	}
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (!used[faults[i].call])
			print_message("# %s is used in no launch here\n", sys_name(faults[i].call));
	for (size_t i = 0; i < sizeof(never_fails) / sizeof(never_fails[0]); i++)
		if (strstr(never_fails[i].reason, "not used") && used[never_fails[i].call])
			fail_msg("%s is used, and it is said not to be",
				 sys_name(never_fails[i].call));
}

int main(int argc, char **argv)
{
	static enum mode modes[MODE_MAX] = { IN_PLACE,    SUPERVISED,    SURVIVED, TIMED,
					     LIBRARY,     CONFINE,       APART,    INSIDE,
					     INSIDE_ROOT, LIBRARY_INSIDE };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_call_is_in_a_table),
		cmocka_unit_test(what_is_made_to_fail_is_used),
		{ "in place, each call fails once", each_call_fails, NULL, NULL, &modes[IN_PLACE] },
		{ "supervised, each call fails once", each_call_fails, NULL, NULL,
		  &modes[SUPERVISED] },
		{ "with survivors, each call fails once", each_call_fails, NULL, NULL,
		  &modes[SURVIVED] },
		{ "with a time limit, each call fails once", each_call_fails, NULL, NULL,
		  &modes[TIMED] },
		{ "by the library, each call fails once", each_call_fails, NULL, NULL,
		  &modes[LIBRARY] },
		{ "confining itself, each call fails once", each_call_fails, NULL, NULL,
		  &modes[CONFINE] },
		{ "in place with namespaces, each call fails once", each_call_fails, NULL, NULL,
		  &modes[APART] },
		{ "inside a pid namespace, each call fails once", each_call_fails, NULL, NULL,
		  &modes[INSIDE] },
		{ "inside a root of its own, each call fails once", each_call_fails, NULL, NULL,
		  &modes[INSIDE_ROOT] },
		{ "inside by the library, each call fails once", each_call_fails, NULL, NULL,
		  &modes[LIBRARY_INSIDE] },
		cmocka_unit_test(each_call_of_the_cleaner_fails),
		cmocka_unit_test(each_call_of_init_fails),
	};

	if (argc > 3 && !strcmp(argv[1], "--canary"))
		canary_main(argc, argv);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("faults", tests, make_ground, remove_ground);
}
