/* SPDX-License-Identifier: MIT */
/*
 * test_probe_stuck.c - probes that do not end, or are ended in the middle: the doctor has its time
 * all the same, and leaves nothing.
 *
 * How long it may take is asked by a clock that goes on as the runner waits, so that a busy machine
 * changes nothing.
 */
#include "probes_run.h"

#include <asm/unistd.h>

#include "host/cgroup.h"

static void all_of_them_together_have_a_limit(void **state)
{
	struct probe probes[4 * PROBES_AT_ONCE];
	int64_t began = now_ms();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
		probes[i] =
			(struct probe){ .id = OBS_HOST, .run = hangs, .limit_ms = PROBES_LIMIT_MS };
	run(probes, ARRAY_SIZE(probes));
	assert_true(now_ms() - began < 4 * PROBES_LIMIT_MS);
	for (size_t i = 0; i < set.n; i++)
		if (set.items[i].id == OBS_HOST)
			assert_int_equal(set.items[i].outcome, OBS_LATE);
	assert_string_equal(set.items[set.n - 1].step, "start");
}

/* Time as the runner sees it, which goes on while it waits; and nobody ends who is killed. */
static int64_t clock_now;

static long tells_the_time(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	struct timespec *now = (void *)(uintptr_t)b;

	(void)call, (void)a, (void)c, (void)d, (void)e, (void)f;
	*now = (struct timespec){ clock_now / 1000, clock_now % 1000 * 1000000 };
	return 0;
}

static long passes_the_time(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const struct timespec *timeout = (void *)(uintptr_t)c;

	(void)call, (void)a, (void)b, (void)d, (void)e, (void)f;
	clock_now += timeout->tv_sec * 1000 + timeout->tv_nsec / 1000000;
	return 0;
}

static long nobody_has_ended(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return 0;
}

static void where_every_probe_is_stuck_and_cannot_be_killed_it_takes_as_long_as_is_told(
	void **state)
{
	struct probe probes[40];
	int64_t began = clock_now = 1000000;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(probes); i++)
		probes[i] = (struct probe){ .id = OBS_HOST, .run = hangs, .wants_tmp = true };
	sys_replace(SYS_CALL_clock_gettime, tells_the_time);
	sys_replace(SYS_CALL_ppoll, passes_the_time);
	sys_replace(SYS_CALL_waitid, nobody_has_ended);
	sys_replace(SYS_CALL_wait4, nobody_has_ended);
	run(probes, ARRAY_SIZE(probes));
	assert_in_range(clock_now - began, PROBES_LIMIT_MS, PROBES_TAKE_MS);
	for (size_t i = 0; i < set.n; i++)
		if (set.items[i].id == OBS_HOST)
			assert_int_equal(set.items[i].outcome, OBS_LATE);
	(void)ground_restore(NULL);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* The first who opens a group's list of processes does not come back. */
static long hangs_at_the_group(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const char *path = (const char *)(uintptr_t)b;

	(void)call;
	if (!strstr(path, "/croft-doctor-") || !strstr(path, "/cgroup.procs") ||
	    __atomic_fetch_add(&shared->n_running, 1, __ATOMIC_SEQ_CST))
		return sys_raw(__NR_openat, a, b, c, d, e, f);
	for (;;)
		(void)pause();
}

static int count_groups(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	int n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		n += !strncmp(entry->d_name, "croft-doctor-", strlen("croft-doctor-"));
	(void)closedir(dir);
	return n;
}

static void a_control_group_is_removed_though_who_made_it_is_killed(void **state)
{
	struct probe probe = probes_groups.probes[0];
	struct cgroup_place place;

	(void)state;
	if (cgroup_find(0, &place, &err) != 1)
		skip();
	place.own[place.len] = '\0';
	probe.limit_ms = SHORT_MS;
	sys_replace(SYS_CALL_openat, hangs_at_the_group);
	run(&probe, 1);
	assert_true(shared->n_running > 0);
	assert_int_equal(observed_of(&set, OBS_CGROUP_MAKE, "")->outcome, OBS_LATE);
	assert_int_equal(count_groups(place.own), 0);
}

/* In a process of its own, whose end is the probe's. */
static void the_end_of_the_doctor_is_the_end_of_its_probes(void **state)
{
	static const struct probe probes[] = {
		{ .id = OBS_HOST, .run = hangs, .limit_ms = 60000 }
	};
	pid_t doctor = fork();

	(void)state;
	if (doctor == 0) {
		(void)run_with_tmp(probes, 1, "");
		_exit(0);
	}
	while (!shared->pids[0])
		(void)sched_yield();
	(void)kill(doctor, SIGKILL);
	(void)waitpid(doctor, NULL, 0);
	for (int i = 0; i < 1000 && !has_gone(shared->pids[0]); i++) {
		(void)waitpid(shared->pids[0], NULL, WNOHANG);
		(void)usleep(1000);
	}
	assert_true(has_gone(shared->pids[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(all_of_them_together_have_a_limit),
		TEST(where_every_probe_is_stuck_and_cannot_be_killed_it_takes_as_long_as_is_told),
		TEST(a_control_group_is_removed_though_who_made_it_is_killed),
		TEST(the_end_of_the_doctor_is_the_end_of_its_probes),
	};

	return cmocka_run_group_tests(tests, open_shared, ground_close);
}
