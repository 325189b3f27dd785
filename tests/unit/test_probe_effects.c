/* SPDX-License-Identifier: MIT */
/*
 * test_probe_effects.c - what probes report rests on effects: on this host they see what is there,
 * and a kernel that says yes and does nothing, or says no, is seen through.
 *
 * Kernels that lie are made by replacing a call (sys_replace): a probe is a forked child and
 * has the replacement.
 */
#include "ground.h"

#include <asm/unistd.h>
#include <linux/seccomp.h>
#include <sys/resource.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "doctor/probe.h"

static struct observations set;

static int setup(void **state)
{
	(void)state;
	observations_init(&set);
	return 0;
}

static int teardown(void **state)
{
	(void)ground_restore(state);
	for (int i = 0; i < SYS_CALL_MAX; i++)
		sys_replace((enum sys_call)i, NULL);
	observations_done(&set);
	return 0;
}

static void run(const struct probe_table *table)
{
	const struct probe_context context = {
		.proc_fd = open("/proc/self", O_PATH | O_CLOEXEC),
		.tmp = scratch,
	};
	struct croft_error err;

	assert_int_equal(probes_run(&table, 1, &context, 0, &set, &err), 0);
	(void)close(context.proc_fd);
}

static unsigned count(enum obs id, enum obs_outcome outcome)
{
	const struct observation *obs = NULL;
	unsigned n = 0;

	while ((obs = observed_next(&set, id, obs)))
		n += obs->outcome == outcome;
	return n;
}

static long does_nothing(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call;
	(void)a;
	(void)b;
	(void)c;
	(void)d;
	(void)e;
	(void)f;
	return 0;
}

static void each_right_is_kept_on_a_kernel_that_keeps_them(void **state)
{
	(void)state;
	if (sys_landlock_create_ruleset(NULL, 0, ABI_LANDLOCK_CREATE_RULESET_VERSION) < 5)
		skip();
	run(&probes_rights);
	assert_int_equal(count(OBS_LANDLOCK_RIGHT, OBS_NO), 0);
	assert_int_equal(count(OBS_LANDLOCK_RIGHT, OBS_BROKEN), 0);
	assert_true(count(OBS_LANDLOCK_RIGHT, OBS_YES) >= 16);
}

static void no_right_is_kept_where_restricting_does_nothing(void **state)
{
	(void)state;
	if (sys_landlock_create_ruleset(NULL, 0, ABI_LANDLOCK_CREATE_RULESET_VERSION) < 5)
		skip();
	sys_replace(SYS_CALL_landlock_restrict_self, does_nothing);
	run(&probes_rights);
	assert_int_equal(count(OBS_LANDLOCK_RIGHT, OBS_YES), 0);
	assert_string_equal(observed_of(&set, OBS_LANDLOCK_RIGHT, "write-file")->step, "denied");
}

static long knows_no_flags(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	return b ? -EINVAL : sys_real(call, a, b, c, d, e, f);
}

static void flags_for_the_log_that_are_not_taken_are_named(void **state)
{
	(void)state;
	if (sys_landlock_create_ruleset(NULL, 0, ABI_LANDLOCK_CREATE_RULESET_VERSION) < 7)
		skip();
	sys_replace(SYS_CALL_landlock_restrict_self, knows_no_flags);
	run(&probes_rights);
	assert_int_equal(observed_of(&set, OBS_LANDLOCK_RIGHT, "audit-flags")->outcome, OBS_NO);
	assert_string_equal(observed_of(&set, OBS_LANDLOCK_RIGHT, "audit-flags")->step, "confine");
	assert_int_equal(observed_of(&set, OBS_LANDLOCK_RIGHT, "read-file")->outcome, OBS_YES);
}

static long takes_filters_and_forgets_them(enum sys_call call, long a, long b, long c, long d,
					   long e, long f)
{
	return a == SECCOMP_SET_MODE_FILTER ? 0 : sys_real(call, a, b, c, d, e, f);
}

static void a_filter_without_effect_is_none(void **state)
{
	(void)state;
	sys_replace(SYS_CALL_seccomp, takes_filters_and_forgets_them);
	run(&probes_kernel);
	assert_int_equal(observed(&set, OBS_SECCOMP_FILTER)->outcome, OBS_NO);
	assert_string_equal(observed(&set, OBS_SECCOMP_FILTER)->step, "effect");
}

static long has_a_listener(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	return a == SECCOMP_SET_MODE_FILTER && (unsigned long)b & SECCOMP_FILTER_FLAG_NEW_LISTENER
		       ? -EBUSY
		       : sys_real(call, a, b, c, d, e, f);
}

static void a_second_listener_is_refused_and_the_first_question_is_not(void **state)
{
	(void)state;
	sys_replace(SYS_CALL_seccomp, has_a_listener);
	run(&probes_kernel);
	assert_int_equal(observed(&set, OBS_SECCOMP_FILTER)->outcome, OBS_YES);
	assert_int_equal(observed(&set, OBS_SECCOMP_NOTIFY)->outcome, OBS_NO);
	assert_int_equal(observed(&set, OBS_SECCOMP_NOTIFY)->errnum, EBUSY);
}

static void limits_say_how_far_and_whether_the_user_can_go_on(void **state)
{
	const struct observation *files;
	struct rlimit before, low;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	low = (struct rlimit){ .rlim_cur = 64, .rlim_max = before.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	run(&probes_limits);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	files = observed_of(&set, OBS_ROOM, "files");
	assert_int_equal(files->outcome, OBS_NO);
	assert_int_equal(files->errnum, EMFILE);
	assert_string_equal(files->step, "soft");
	assert_in_range(files->value, 40, 63);
	assert_int_equal(observed_of(&set, OBS_LIMIT, "nofile")->value, 64);
	/* the twin: of the others there is enough */
	assert_int_equal(observed_of(&set, OBS_ROOM, "processes")->outcome, OBS_YES);
	assert_int_equal(observed_of(&set, OBS_ROOM, "memory")->outcome, OBS_YES);
}

static long memfd_is_refused(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	return a == __NR_memfd_create ? -EPERM : sys_real(call, a, b, c, d, e, f);
}

static void memory_that_is_refused_is_told_and_files_run_all_the_same(void **state)
{
	(void)state;
	sys_replace(SYS_CALL_raw, memfd_is_refused);
	run(&probes_exec);
	assert_int_equal(observed_of(&set, OBS_MEMFD_EXEC, "plain")->errnum, EPERM);
	assert_int_equal(observed_of(&set, OBS_EXEC_INVALID, "memfd_create")->errnum, EPERM);
	assert_int_equal(observed_of(&set, OBS_EXEC_INVALID, "execveat")->errnum, EBADF);
	/* a program of this machine runs from a file instead */
	assert_int_equal(observed(&set, OBS_ARCH_RUNS)->outcome, OBS_YES);
}

static void what_is_written_here_is_executed_and_nothing_is_left(void **state)
{
	(void)state;
	assert_int_equal(setenv("TMPDIR", scratch, 1), 0);
	run(&probes_exec);
	assert_int_equal(observed_of(&set, OBS_EXEC_WRITTEN, "TMPDIR")->outcome, OBS_YES);
	assert_string_equal(observed_of(&set, OBS_EXEC_WRITTEN, "TMPDIR")->text, scratch);
	/* it has nothing in it */
	assert_int_equal(rmdir(scratch), 0);
	assert_int_equal(mkdir(scratch, 0700), 0);
}

static long null_is_a_file(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	long r = sys_real(call, a, b, c, d, e, f);
	const char *path = (const char *)(uintptr_t)b;
	struct stat *st = (struct stat *)(uintptr_t)c;

	if (r == 0 && !strcmp(path, "/dev/null"))
		st->st_mode = S_IFREG | 0666;
	if (r == 0 && !strcmp(path, "/dev/zero"))
		st->st_rdev = makedev(1, 3);
	return r;
}

static void a_name_is_no_device(void **state)
{
	(void)state;
	sys_replace(SYS_CALL_newfstatat, null_is_a_file);
	run(&probes_devices);
	assert_string_equal(observed_of(&set, OBS_DEVICE, "/dev/null")->step, "node");
	assert_string_equal(observed_of(&set, OBS_DEVICE, "/dev/null")->text, "a regular file");
	assert_string_equal(observed_of(&set, OBS_DEVICE, "/dev/zero")->text,
			    "character device 1:3");
	assert_int_equal(observed_of(&set, OBS_DEVICE, "/dev/urandom")->outcome, OBS_YES);
}

static long clock_stands(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	if (a != __NR_clock_gettime)
		return sys_real(call, a, b, c, d, e, f);
	return 0; /* nothing is written: 1970 */
}

static void a_clock_that_stands_is_seen(void **state)
{
	(void)state;
	run(&probes_devices);
	assert_int_equal(observed_of(&set, OBS_CLOCK, "monotonic")->outcome, OBS_YES);
	assert_int_equal(observed_of(&set, OBS_CLOCK, "realtime")->outcome, OBS_YES);
	observations_done(&set);
	observations_init(&set);
	sys_replace(SYS_CALL_raw, clock_stands);
	run(&probes_devices);
	assert_string_equal(observed_of(&set, OBS_CLOCK, "monotonic")->step, "effect");
	assert_string_equal(observed_of(&set, OBS_CLOCK, "realtime")->step, "effect");
}

static void every_door_that_is_open_here_is_closed_by_our_filter(void **state)
{
	const struct observation *door = NULL;

	(void)state;
	run(&probes_exposed);
	assert_int_equal(count(OBS_EXPOSED_CLOSED, OBS_NO), 0);
	while ((door = observed_next(&set, OBS_EXPOSED, door)))
		if (door->outcome == OBS_YES && strcmp(door->subject, "abstract") != 0)
			assert_int_equal(
				observed_of(&set, OBS_EXPOSED_CLOSED, door->subject)->outcome,
				OBS_YES);
	assert_true(count(OBS_EXPOSED, OBS_YES) + count(OBS_EXPOSED, OBS_NO) == 10);
}

static void a_filter_that_is_not_in_force_closes_no_door(void **state)
{
	(void)state;
	run(&probes_exposed);
	if (count(OBS_EXPOSED_CLOSED, OBS_YES) == 0)
		skip();
	observations_done(&set);
	observations_init(&set);
	sys_replace(SYS_CALL_seccomp, takes_filters_and_forgets_them);
	run(&probes_exposed);
	assert_int_equal(count(OBS_EXPOSED_CLOSED, OBS_YES), 0);
}

static void tracing_is_seen_by_its_effect(void **state)
{
	(void)state;
	run(&probes_process);
	assert_int_equal(observed(&set, OBS_NNP)->outcome, OBS_YES);
	assert_int_equal(observed_of(&set, OBS_PTRACE, "traceme")->outcome, OBS_YES);
	observations_done(&set);
	observations_init(&set);
	sys_replace(SYS_CALL_raw, does_nothing);
	run(&probes_process);
	assert_int_equal(observed_of(&set, OBS_PTRACE, "traceme")->outcome, OBS_NO);
	assert_string_equal(observed_of(&set, OBS_PTRACE, "readv")->step, "effect");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(each_right_is_kept_on_a_kernel_that_keeps_them),
		T(no_right_is_kept_where_restricting_does_nothing),
		T(flags_for_the_log_that_are_not_taken_are_named),
		T(a_filter_without_effect_is_none),
		T(a_second_listener_is_refused_and_the_first_question_is_not),
		T(limits_say_how_far_and_whether_the_user_can_go_on),
		T(memory_that_is_refused_is_told_and_files_run_all_the_same),
		T(what_is_written_here_is_executed_and_nothing_is_left),
		T(a_name_is_no_device),
		T(a_clock_that_stands_is_seen),
		T(every_door_that_is_open_here_is_closed_by_our_filter),
		T(a_filter_that_is_not_in_force_closes_no_door),
		T(tracing_is_seen_by_its_effect),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
