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

#include <dirent.h>
#include <limits.h>
#include <poll.h>
#include <time.h>

#include "modes.h"
#include "tables.h"

#define PATIENCE_MS 5000 /* a run takes some milliseconds; more is a hang */
#define AFTERMATH_MS 1500 /* for the cleaner, once the launch is over */
#define TOLD_MS 50 /* where it is told that processes are left */
#define MAX_USES 60 /* of one call */
#define MAX_LOOKS 16 /* the same where /proc is looked through, thousands of times */
#define MAX_TOLD 10 /* failures printed for one test */

static struct ground ground;

/* One launch, watched. */
struct run {
	struct told told;
	bool has_told;
	struct canary canary;
	bool has_canary;
	int status; /* of the process that launched */
	bool has_hung;
	unsigned n_left; /* processes that outlived it */
	bool left_tmpdir;
};

static int64_t now(void)
{
	struct timespec time;

	(void)clock_gettime(CLOCK_MONOTONIC, &time);
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* Reads a struct that may come or not: false at the end of the pipe, or of patience. */
static bool receive(int fd, void *data, size_t size, int64_t deadline)
{
	size_t done = 0;

	while (done < size) {
		struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - now();
		ssize_t n;

		if (left <= 0 || poll(&poll_fd, 1, (int)left) <= 0)
			return false;
		n = read(fd, (char *)data + done, size - done);
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return true;
}

/* The process that launches. Its standard output is the canary's pipe, `tell` its own. */
static _Noreturn void launcher(enum mode mode, int canary, int tell)
{
	struct told told = { 0 };

	if (dup2(canary, 1) != 1 || close(canary) != 0 ||
	    dup2(open("/dev/null", O_RDWR | O_CLOEXEC), CANARY_KEPT_FD) != CANARY_KEPT_FD)
		_exit(90);
	(void)signal(SIGUSR1, (void (*)(int))_exit); /* caught: the command must not inherit that */
	run_mode(&ground, mode, &told);
	if (write(tell, &told, sizeof(told)) != (ssize_t)sizeof(told))
		_exit(91);
	_exit(0);
}

static bool is_empty(const char *path)
{
	DIR *dir = opendir(path);
	unsigned n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	assert_int_equal(closedir(dir), 0);
	return n == 2;
}

/* Ends what is still there: all of them are this process's own children. */
static void kill_children(void)
{
	char path[64], text[4096];
	FILE *file;
	char *at = text;

	(void)snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	file = fopen(path, "re");
	assert_non_null(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	(void)fclose(file);
	for (long child = strtol(at, &at, 10); child > 0; child = strtol(at, &at, 10))
		(void)kill((pid_t)child, SIGKILL);
}

/* Waits for `pid` and then for whatever it has left; kills what does not end. */
static void reap_all(pid_t pid, struct run *run, int64_t deadline)
{
	bool has_ended = false;
	int status;
	pid_t ended;

	for (;;) {
		ended = waitpid(-1, &status, WNOHANG | __WALL);
		if (ended < 0)
			return;
		if (ended == pid) {
			run->status = status;
			has_ended = true;
			deadline = now() + (run->told.err.stage == CROFT_STAGE_SUPERVISE
						    ? TOLD_MS
						    : AFTERMATH_MS);
		}
		if (ended > 0)
			continue;
		if (now() > deadline) {
			run->has_hung |= !has_ended;
			run->n_left += has_ended;
			kill_children();
			deadline = now() + 1000;
		}
		(void)usleep(500);
	}
}

/* Removes what a run has left, so that the next starts clean. */
static void sweep(struct run *run)
{
	char path[900];
	struct dirent *entry;
	DIR *dir;

	run->left_tmpdir = !is_empty(ground.tmp);
	if (!run->left_tmpdir)
		return;
	dir = opendir(ground.tmp);
	while ((entry = readdir(dir)))
		if (entry->d_name[0] != '.') {
			(void)snprintf(path, sizeof(path), "%s/%s", ground.tmp, entry->d_name);
			(void)tmpdir_remove(path);
		}
	(void)closedir(dir);
	assert_true(is_empty(ground.tmp));
}

static struct run launch_once(enum mode mode)
{
	struct run run = { 0 };
	int canary[2], tell[2];
	int64_t deadline = now() + PATIENCE_MS;
	pid_t pid;

	assert_int_equal(pipe2(canary, O_CLOEXEC), 0);
	assert_int_equal(pipe2(tell, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)setpgid(0, 0);
		(void)close(canary[0]);
		(void)close(tell[0]);
		launcher(mode, canary[1], tell[1]);
	}
	(void)close(canary[1]);
	(void)close(tell[1]);
	/* the launcher's word first: in place its pipe closes when the canary starts */
	run.has_told = receive(tell[0], &run.told, sizeof(run.told), deadline);
	run.has_canary = receive(canary[0], &run.canary, sizeof(run.canary), deadline);
	reap_all(pid, &run, deadline);
	(void)close(canary[0]);
	(void)close(tell[0]);
	sweep(&run);
	return run;
}

static bool is_confined(const struct canary *c, enum mode mode)
{
	bool is_own = mode == CONFINE;

	if (c->alive != CANARY_ALIVE || c->read_outside != EACCES || c->create_outside != EACCES ||
	    c->inet_socket != EACCES || c->netlink_socket != EACCES ||
	    c->new_user_namespace != EACCES || c->type_into_terminal != EACCES)
		return false;
	if (c->no_new_privs != 1 || c->seccomp_mode != 2 || c->has_capabilities ||
	    !c->file_size_is_limited || !c->open_files_are_limited)
		return false;
	return is_own ||
	       (c->chdir_matches && !c->n_extra_fds && c->has_kept_fd && !c->blocked_signals &&
		!c->caught_signals && !c->has_secret && c->wrote_in_tmpdir);
}

/* What a launch that went well must have; NULL if it has. */
static const char *judge_success(const struct run *run, enum mode mode)
{
	if (!run->has_canary)
		return "success is told, and nothing ran";
	if (!is_confined(&run->canary, mode))
		return "the command ran, and not everything was in force";
	if (mode == TIMED && !run->told.timed_out)
		return "the time limit was not kept";
	if ((mode == SUPERVISED || mode == SURVIVED || mode == LIBRARY) &&
	    run->told.status != 7 << 8)
		return "the command's status is another";
	if (mode == IN_PLACE && run->status != 7 << 8)
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
	/* when the report cannot be read the command may have begun: it is killed then */
	if (run->has_canary && told->err.stage != CROFT_STAGE_SUPERVISE &&
	    (!fault || fault->call != SYS_CALL_read))
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
	bool has_succeeded = run->has_told ? run->told.result == 0 : mode == IN_PLACE;
	const char *wrong;

	if (run->has_hung)
		return "it hangs";
	if (!run->has_told && mode != IN_PLACE)
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
			used[i] += inject->uses[WHO_LAUNCH][i] + inject->uses[WHO_CLEANER][i];
	}
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (!used[faults[i].call])
			print_message("# %s is used in no launch here\n", sys_name(faults[i].call));
	for (size_t i = 0; i < sizeof(never_fails) / sizeof(never_fails[0]); i++)
		if (strstr(never_fails[i].reason, "not used") && used[never_fails[i].call])
			fail_msg("%s is used, and it is said not to be",
				 sys_name(never_fails[i].call));
}

static int make_ground(void **state)
{
	const char *tmp = getenv("TMPDIR");
	char base[200], real[PATH_MAX], *slash;
	ssize_t n = readlink("/proc/self/exe", ground.self, sizeof(ground.self) - 1);

	(void)state;
	assert_true(n > 0);
	memcpy(ground.self_dir, ground.self, sizeof(ground.self));
	slash = strrchr(ground.self_dir, '/');
	*slash = '\0';
	(void)snprintf(base, sizeof(base), "%s/faults-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(base));
	assert_true(realpath(base, real) && strlen(real) < 400);
	(void)snprintf(ground.tmp, sizeof(ground.tmp), "%.400s/tmp", real);
	(void)snprintf(ground.outside, sizeof(ground.outside), "%.400s/outside", real);
	(void)snprintf(ground.work, sizeof(ground.work), "%.400s/work", real);
	assert_int_equal(mkdir(ground.tmp, 0700) | mkdir(ground.outside, 0700) |
				 mkdir(ground.work, 0700),
			 0);
	assert_int_equal(canary_open(ground.outside, "secret", O_WRONLY | O_CREAT), 0);
	/* what a run leaves becomes ours, to be seen and ended */
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	inject_init();
	return 0;
}

static int remove_ground(void **state)
{
	(void)state;
	*strrchr(ground.tmp, '/') = '\0';
	return tmpdir_remove(ground.tmp);
}

int main(int argc, char **argv)
{
	static enum mode modes[MODE_MAX] = {
		IN_PLACE, SUPERVISED, SURVIVED, TIMED, LIBRARY, CONFINE
	};
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
		cmocka_unit_test(each_call_of_the_cleaner_fails),
	};

	if (argc > 3 && !strcmp(argv[1], "--canary"))
		canary_main(argc, argv);
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests_name("faults", tests, make_ground, remove_ground);
}
