/* SPDX-License-Identifier: MIT */
/* test_process.c - limits, privileges and descriptors of a process, each in a child of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "enforce/process.h"
#include "in_child.h"
#include "sys/calls.h"

static struct profile *with(const char *const *limits)
{
	struct profile *profile;

	if (profile_new("empty", NULL, NULL, &profile, NULL) < 0)
		abort();
	for (size_t i = 0; limits[i]; i++)
		if (profile_add_limit(profile, limits[i], NULL) < 0)
			abort();
	return profile;
}

static void read_limit(int resource, int *ret_soft, int *ret_hard)
{
	struct rlimit limit;

	if (sys_prlimit(resource, NULL, &limit) < 0)
		abort();
	*ret_soft = (int)limit.rlim_cur;
	*ret_hard = (int)limit.rlim_max;
}

static void apply_limits(const void *arg, struct said *said)
{
	static const int resources[] = { RLIMIT_AS, RLIMIT_NPROC, RLIMIT_NOFILE, RLIMIT_FSIZE,
					 RLIMIT_CPU };
	struct profile *profile = with(arg);

	said->result = limits_apply(profile, 0, &said->err);
	for (int i = 0; i < 5; i++)
		read_limit(resources[i], &said->answers[2 * i], &said->answers[2 * i + 1]);
	if (said->result == 0)
		said->result = limits_apply_open_files(profile, &said->err);
	read_limit(RLIMIT_NOFILE, &said->answers[10], &said->answers[11]);
	profile_free(profile);
}

/* Memory is large enough to go on living with, also where sanitizers are built in. */
static const char *const all_limits[] = { "processes=30000", "open-files=50", "file-size=1000",
					  "cpu=100", NULL };

static void limits_are_set_hard_and_soft_and_open_files_at_the_end(void **state)
{
	struct said said = in_child(apply_limits, all_limits);

	(void)state;
	assert_int_equal(said.result, 0);
	assert_int_equal(said.answers[2], said.answers[3]);
	assert_true(said.answers[2] <= 30000);
	assert_true(said.answers[4] > 50);
	assert_int_equal(said.answers[6], 1000);
	assert_int_equal(said.answers[7], 1000);
	assert_int_equal(said.answers[8], 100);
	assert_int_equal(said.answers[9], 100);
	assert_int_equal(said.answers[10], 50);
	assert_int_equal(said.answers[11], 50);
}

static void apply_under_a_lower_one(const void *arg, struct said *said)
{
	const struct rlimit low = { .rlim_cur = 500, .rlim_max = 700 };

	if (setrlimit(RLIMIT_FSIZE, &low) < 0 || setrlimit(RLIMIT_CPU, &low) < 0)
		abort();
	apply_limits(arg, said);
}

static void a_lower_limit_from_outside_stays(void **state)
{
	static const char *const limits[] = { "file-size=1000", NULL };
	struct said said = in_child(apply_under_a_lower_one, limits);

	(void)state;
	assert_int_equal(said.result, 0);
	assert_int_equal(said.answers[7], 700);
	/* what was not asked for is left alone */
	assert_int_equal(said.answers[8], 500);
	assert_int_equal(said.answers[9], 700);
}

static void drop(const void *arg, struct said *said)
{
	struct sys_caps caps;

	said->result = privileges_apply(arg != NULL, &said->err);
	said->answers[0] = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	if (sys_capget(&caps) < 0)
		abort();
	said->answers[1] = caps.effective[0] || caps.effective[1];
	said->answers[2] = caps.permitted[0] || caps.permitted[1];
	said->answers[3] = caps.inheritable[0] || caps.inheritable[1];
	for (unsigned long cap = 0; cap < 41; cap++) {
		said->answers[4] += prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1;
		said->answers[5] += prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1;
	}
}

static void every_set_of_capabilities_is_emptied(void **state)
{
	struct said said = in_child(drop, "");

	(void)state;
	assert_int_equal(said.result, 0);
	assert_int_equal(said.answers[0], 1);
	assert_int_equal(said.answers[1] + said.answers[2] + said.answers[3] + said.answers[5], 0);
	/* the bounding set only by who may: it gives nothing under no_new_privs */
	if (geteuid() == 0)
		assert_int_equal(said.answers[4], 0);
}

static void kept_capabilities_stay_and_new_ones_are_never_gained(void **state)
{
	struct said said = in_child(drop, NULL);

	(void)state;
	assert_int_equal(said.result, 0);
	assert_int_equal(said.answers[0], 1);
	assert_int_equal(said.answers[2], geteuid() == 0);
}

static int flags_of(int fd)
{
	return fcntl(fd, F_GETFD);
}

static const int kept[] = { 20, 22 };

/* A kernel before 5.11. sweep() is given NULL where the true one is to answer. */
static long refuse(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	static const long answer = -ENOSYS;

	(void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return call == SYS_CALL_close_range ? answer : -EPROTO;
}

static void sweep(const void *arg, struct said *said)
{
	for (int fd = 20; fd < 24; fd++)
		if (dup2(0, fd) != fd)
			abort();
	if (dup2(0, 200) != 200)
		abort();
	if (arg)
		sys_replace(SYS_CALL_close_range, refuse);
	said->result = descriptors_apply(kept, 2, &said->err);
	for (int i = 0; i < 4; i++)
		said->answers[i] = flags_of(20 + i);
	said->answers[4] = flags_of(200);
	for (int i = 0; i < 3; i++)
		said->answers[5 + i] = flags_of(i);
}

static void check_sweep(const struct said *said)
{
	assert_int_equal(said->result, 0);
	assert_int_equal(said->answers[0], 0);
	assert_int_equal(said->answers[1], FD_CLOEXEC);
	assert_int_equal(said->answers[2], 0);
	assert_int_equal(said->answers[3], FD_CLOEXEC);
	assert_int_equal(said->answers[4], FD_CLOEXEC);
	for (int i = 0; i < 3; i++)
		assert_int_equal(said->answers[5 + i], 0);
}

static void all_but_the_listed_descriptors_are_marked_and_none_is_closed(void **state)
{
	struct said said = in_child(sweep, NULL);

	(void)state;
	check_sweep(&said);
}

static void the_older_way_marks_the_same(void **state)
{
	struct said said = in_child(sweep, "");

	(void)state;
	check_sweep(&said);
}

static void keep_a_closed_one(const void *arg, struct said *said)
{
	static const int closed[] = { 999 };

	(void)arg;
	said->result = descriptors_apply(closed, 1, &said->err);
}

static void a_listed_descriptor_that_is_not_open_is_an_error(void **state)
{
	struct said said = in_child(keep_a_closed_one, NULL);

	(void)state;
	assert_int_equal(said.result, -EBADF);
	assert_int_equal(said.err.stage, CROFT_STAGE_DESCRIPTORS);
	assert_non_null(strstr(said.err.what, "999"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_are_set_hard_and_soft_and_open_files_at_the_end),
		cmocka_unit_test(a_lower_limit_from_outside_stays),
		cmocka_unit_test(every_set_of_capabilities_is_emptied),
		cmocka_unit_test(kept_capabilities_stay_and_new_ones_are_never_gained),
		cmocka_unit_test(all_but_the_listed_descriptors_are_marked_and_none_is_closed),
		cmocka_unit_test(the_older_way_marks_the_same),
		cmocka_unit_test(a_listed_descriptor_that_is_not_open_is_an_error),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
