/* SPDX-License-Identifier: MIT */
/* test_cgroup.c - our group is found, and the nearest one in which another can be made. */
#include "cgroup_tree.h"

#include "host/cgroup.h"
#include "host/probe.h"

static void the_unified_tree_is_found_among_the_others(void **state)
{
	static const struct {
		const char *text;
		int version;
		const char *path;
	} cases[] = {
		{ "", 0, NULL },
		{ "0::/\n", 2, "/" },
		{ "0::/user.slice/a.scope\n", 2, "/user.slice/a.scope" },
		{ "0::/no newline", 2, "/no newline" },
		{ "9:name=systemd:/\n4:memory:/x\n0::/y\n", 2, "/y" },
		{ "10::/not-zero\n", 1, NULL },
		{ "4:memory:/x\n", 1, NULL },
		{ "1:0::/x\n", 1, NULL },
		{ "0::/../outside\n", 2, "" },
		{ "0::/..\n", 2, "" },
		{ "0::/..name\n", 2, "/..name" },
		{ "0::/too-long-for-it-by-one..........\n", 2, "" },
		{ "0::/just-as-long-as-it-can-be......\n", 2, "/just-as-long-as-it-can-be......" },
		{ "0::relative\n", 1, NULL },
		{ "0:\n", 1, NULL },
		{ "\n\n", 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[33] = "untouched";

		assert_int_equal(cgroup_parse(cases[i].text, path, sizeof(path)), cases[i].version);
		assert_string_equal(path, cases[i].path ? cases[i].path : "untouched");
	}
}

static void the_version_is_that_of_our_own_file_and_0_without_it(void **state)
{
	char text[8192], path[4096];
	struct host host = { .cgroup.version = 7 };

	(void)state;
	if (fd_read_file(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) < 0)
		text[0] = '\0';
	assert_int_equal(host_probe_cgroup(&host, NULL), 0);
	assert_int_equal(host.cgroup.version, cgroup_parse(text, path, sizeof(path)));
	ground_replace(SYS_CALL_openat, -ENOENT);
	assert_int_equal(host_probe_cgroup(&host, NULL), 0);
	assert_int_equal(host.cgroup.version, 0);
	assert_int_equal(host.cgroup.is_delegated, HOST_NO);
}

/* Names that may not be written, as the tree has them, one after another. */
static const char *not_writable[4];

static long refuses_some(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const char *path = (const char *)(uintptr_t)b;

	for (size_t i = 0; i < ARRAY_SIZE(not_writable); i++)
		if (not_writable[i] && !strncmp(path, TREE_MOUNT, strlen(TREE_MOUNT)) &&
		    !strcmp(path + strlen(TREE_MOUNT), not_writable[i]) &&
		    (call != SYS_CALL_openat || (c & O_ACCMODE) == O_WRONLY))
			return -EACCES;
	return tree_openat(call, a, b, c, d, e, f);
}

static void forbid(const char *one, const char *two)
{
	not_writable[0] = one;
	not_writable[1] = two;
	sys_replace(SYS_CALL_faccessat, refuses_some);
	sys_replace(SYS_CALL_openat, refuses_some);
}

/* The place for these controllers, without the mount; NULL: none. */
static const char *place_for(unsigned controllers)
{
	static struct cgroup_place place;
	int r = cgroup_find(controllers, &place, NULL);

	assert_in_range(r, 0, 1);
	place.own[place.len] = '\0';
	return r ? place.own + strlen(TREE_MOUNT) : NULL;
}

#define MEMORY (1U << CONTROLLER_MEMORY)
#define PIDS (1U << CONTROLLER_PIDS)
#define CPU (1U << CONTROLLER_CPU)

static void a_group_without_limits_is_made_in_our_own(void **state)
{
	(void)state;
	tree_make("/job", "memory pids", "");
	tree_be_in("/job");
	assert_string_equal(place_for(0), "/job");
	tree_be_in("/");
	assert_string_equal(place_for(0), "");
}

static void one_with_limits_is_made_where_the_controllers_are_given(void **state)
{
	(void)state;
	tree_put("", "cgroup.subtree_control", "cpu memory pids\n");
	tree_make("/user", "memory pids cpu", "memory pids");
	tree_make("/user/app", "memory pids", "pids");
	tree_make("/user/app/job", "pids", "");
	tree_be_in("/user/app/job");
	assert_string_equal(place_for(0), "/user/app/job");
	assert_string_equal(place_for(PIDS), "/user/app");
	assert_string_equal(place_for(MEMORY), "/user");
	assert_string_equal(place_for(MEMORY | PIDS), "/user");
	assert_string_equal(place_for(CPU), "");
	assert_string_equal(place_for(CPU | MEMORY | PIDS), "");
}

static void no_controller_is_taken_for_another_of_a_longer_name(void **state)
{
	(void)state;
	tree_put("", "cgroup.subtree_control", "cpuset memory_recursiveprot\n");
	tree_make("/job", "", "");
	tree_be_in("/job");
	assert_null(place_for(CPU));
	assert_null(place_for(MEMORY));
	tree_put("", "cgroup.subtree_control", "cpuset cpu\n");
	assert_string_equal(place_for(CPU), "");
}

static void who_may_not_write_somewhere_goes_further_up(void **state)
{
	(void)state;
	tree_put("", "cgroup.subtree_control", "pids\n");
	tree_make("/user", "pids", "pids");
	tree_make("/user/job", "pids", "");
	tree_be_in("/user/job");
	forbid("/user/job/cgroup.procs", "/user/.");
	assert_string_equal(place_for(0), "");
	assert_string_equal(place_for(PIDS), "");
	forbid("/user/job/.", "/user/cgroup.procs");
	assert_string_equal(place_for(0), "");
	forbid("/cgroup.procs", NULL);
	assert_string_equal(place_for(PIDS), "/user");
	not_writable[2] = "/user/cgroup.procs";
	assert_null(place_for(PIDS));
	assert_string_equal(place_for(0), "/user/job");
	not_writable[2] = NULL;
}

static void a_group_of_threads_takes_no_processes(void **state)
{
	(void)state;
	tree_put("", "cgroup.subtree_control", "pids\n");
	tree_make("/job", "pids", "");
	tree_be_in("/job");
	tree_put("/job", "cgroup.type", "domain threaded\n");
	assert_string_equal(place_for(0), "");
	tree_put("/job", "cgroup.type", "domain\n");
	assert_string_equal(place_for(0), "/job");
}

static void a_group_whose_limits_no_other_has_is_not_left(void **state)
{
	static const struct {
		const char *file, *binding, *free;
	} cases[] = {
		{ "cpuset.cpus", "0-1\n", "\n" },
		{ "cpuset.mems", "0\n", "\n" },
		{ "io.max", "8:0 rbps=max wbps=1048576 riops=max wiops=max\n", "" },
	};

	(void)state;
	tree_put("", "cgroup.subtree_control", "pids\n");
	tree_make("/job", "pids", "");
	tree_be_in("/job");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		tree_put("/job", cases[i].file, cases[i].binding);
		assert_null(place_for(PIDS));
		assert_string_equal(place_for(0), "/job");
		tree_put("/job", cases[i].file, cases[i].free);
		assert_string_equal(place_for(PIDS), "");
	}
}

static void outside_of_what_can_be_seen_there_is_no_place(void **state)
{
	char path[2000];

	(void)state;
	tree_be_in("/../elsewhere");
	assert_null(place_for(0));
	tree_be_in("/not-mounted-here");
	assert_null(place_for(0));
	memset(path, 'x', sizeof(path));
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	tree_be_in(path);
	assert_null(place_for(0));
}

static void the_probe_tells_each_controller_by_itself(void **state)
{
	struct host host = { 0 };

	(void)state;
	tree_put("", "cgroup.subtree_control", "memory\n");
	tree_make("/job", "memory", "");
	tree_be_in("/job");
	assert_int_equal(host_probe_cgroup(&host, NULL), 0);
	assert_int_equal(host.cgroup.version, 2);
	assert_int_equal(host.cgroup.is_delegated, HOST_YES);
	assert_int_equal(host.cgroup.controllers[CONTROLLER_MEMORY], HOST_YES);
	assert_int_equal(host.cgroup.controllers[CONTROLLER_PIDS], HOST_NO);
	assert_int_equal(host.cgroup.controllers[CONTROLLER_CPU], HOST_NO);
	forbid("/job/.", "/.");
	assert_int_equal(host_probe_cgroup(&host, NULL), 0);
	assert_int_equal(host.cgroup.is_delegated, HOST_NO);
	assert_int_equal(host.cgroup.controllers[CONTROLLER_MEMORY], HOST_NO);
}

static long must_not_be_called(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	fail_msg("%s was called", sys_name(call));
	return -ENOSYS;
}

static void asking_makes_and_changes_nothing(void **state)
{
	struct host host = { 0 };

	(void)state;
	tree_be_in("/");
	sys_replace(SYS_CALL_mkdirat, must_not_be_called);
	sys_replace(SYS_CALL_unlinkat, must_not_be_called);
	sys_replace(SYS_CALL_write, must_not_be_called);
	assert_int_equal(host_probe_cgroup(&host, NULL), 0);
	assert_int_equal(host.cgroup.is_delegated, HOST_YES);
}

#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, tree_open, tree_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_unified_tree_is_found_among_the_others),
		cmocka_unit_test_teardown(the_version_is_that_of_our_own_file_and_0_without_it,
					  ground_restore),
		IN_TREE(a_group_without_limits_is_made_in_our_own),
		IN_TREE(one_with_limits_is_made_where_the_controllers_are_given),
		IN_TREE(no_controller_is_taken_for_another_of_a_longer_name),
		IN_TREE(who_may_not_write_somewhere_goes_further_up),
		IN_TREE(a_group_of_threads_takes_no_processes),
		IN_TREE(a_group_whose_limits_no_other_has_is_not_left),
		IN_TREE(outside_of_what_can_be_seen_there_is_no_place),
		IN_TREE(the_probe_tells_each_controller_by_itself),
		IN_TREE(asking_makes_and_changes_nothing),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
