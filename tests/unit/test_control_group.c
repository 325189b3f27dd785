/* SPDX-License-Identifier: MIT */
/* test_control_group.c - a group of the command's own: limits, who kills in it, and its end. */
#include "cgroup_tree.h"

#include "enforce/cgroup.h"

static struct profile profile;
static struct plan plan;

static void wants(enum limit limit, enum host_controller controller, uint64_t value)
{
	profile.limits[limit] = value;
	profile.has_limit[limit] = true;
	plan.cgroup_controllers |= 1U << controller;
}

static int open_all(void **state)
{
	memset(&profile, 0, sizeof(profile));
	memset(&plan, 0, sizeof(plan));
	plan.profile = &profile;
	(void)tree_open(state);
	tree_put("", "cgroup.subtree_control", "memory pids cpu");
	tree_make("/job", "memory pids cpu", "");
	tree_be_in("/job");
	return 0;
}

/* Chosen and made; its name within the tree. */
static const char *made(struct cgroup *group)
{
	struct croft_error err = { 0 };

	if (cgroup_choose(&plan, group, &err) < 0 || cgroup_make(group, &err) < 0)
		fail_msg("%s", err.what);
	return group->path + strlen(TREE_MOUNT);
}

static void a_group_has_the_limits_that_were_asked_for_and_no_swap(void **state)
{
	struct cgroup group;
	const char *name;

	(void)state;
	wants(LIMIT_MEMORY, CONTROLLER_MEMORY, 64 << 20);
	wants(LIMIT_PROCESSES, CONTROLLER_PIDS, 7);
	wants(LIMIT_CPU_PERCENT, CONTROLLER_CPU, 150);
	name = made(&group);
	assert_string_equal(tree_get(name, "memory.max"), "67108864");
	assert_string_equal(tree_get(name, "memory.swap.max"), "0");
	assert_string_equal(tree_get(name, "pids.max"), "7");
	assert_string_equal(tree_get(name, "cpu.max"), "150000 100000");
	cgroup_done(&group);
	assert_int_equal(cgroup_remove(group.path), 0);
}

static void what_was_not_asked_for_is_not_limited(void **state)
{
	struct cgroup group;
	const char *name;

	(void)state;
	wants(LIMIT_PROCESSES, CONTROLLER_PIDS, 7);
	name = made(&group);
	assert_string_equal(tree_get(name, "memory.max"), "max\n");
	assert_string_equal(tree_get(name, "memory.swap.max"), "max\n");
	assert_string_equal(tree_get(name, "cpu.max"), "max\n");
	cgroup_done(&group);
}

static void the_lower_limits_of_groups_that_are_left_hold_on(void **state)
{
	struct cgroup group;
	const char *name;

	(void)state;
	wants(LIMIT_MEMORY, CONTROLLER_MEMORY, 64 << 20);
	wants(LIMIT_PROCESSES, CONTROLLER_PIDS, 7);
	tree_put("/job", "memory.max", "1048576\n");
	tree_put("/job", "memory.high", "524288\n");
	tree_put("/job", "pids.max", "100\n");
	tree_put("/job", "cpu.max", "10000 50000\n");
	name = made(&group);
	assert_string_equal(tree_get(name, "memory.max"), "1048576");
	assert_string_equal(tree_get(name, "memory.high"), "524288");
	assert_string_equal(tree_get(name, "pids.max"), "7");
	assert_string_equal(tree_get(name, "cpu.max"), "20000 100000");
	cgroup_done(&group);
}

static void a_group_without_limits_leaves_none_and_carries_none_over(void **state)
{
	struct cgroup group;
	const char *name;

	(void)state;
	tree_put("/job", "memory.max", "1048576\n");
	name = made(&group);
	assert_memory_equal(name, "/job/croft-", 11);
	assert_null(tree_get(name, "memory.max"));
	cgroup_done(&group);
}

static void without_a_place_nothing_is_chosen(void **state)
{
	struct croft_error err = { 0 };
	struct cgroup group;

	(void)state;
	wants(LIMIT_PROCESSES, CONTROLLER_PIDS, 7);
	tree_put("", "cgroup.subtree_control", "memory");
	assert_int_equal(cgroup_choose(&plan, &group, &err), -EOPNOTSUPP);
	assert_int_equal(err.stage, CROFT_STAGE_LIMITS);
}

static const char *spoiled;

/* The kernel takes the limit and does something else. */
static long writes_another(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	char link[64], name[TREE_PATH];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%ld", a);
	n = readlink(link, name, sizeof(name) - 1);
	name[n > 0 ? n : 0] = '\0';
	if (strstr(name, spoiled)) {
		(void)sys_real(call, a, (long)(uintptr_t) "max", 3, 0, 0, 0);
		return c;
	}
	return sys_real(call, a, b, c, d, e, f);
}

static void a_limit_that_is_not_there_afterwards_is_a_failure_and_leaves_no_group(void **state)
{
	static const char *const files[] = { "memory.max", "memory.swap.max", "pids.max",
					     "cpu.max" };

	(void)state;
	wants(LIMIT_MEMORY, CONTROLLER_MEMORY, 64 << 20);
	wants(LIMIT_PROCESSES, CONTROLLER_PIDS, 7);
	wants(LIMIT_CPU_PERCENT, CONTROLLER_CPU, 150);
	sys_replace(SYS_CALL_write, writes_another);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		struct croft_error err = { 0 };
		struct cgroup group;
		char room[TREE_PATH];

		spoiled = files[i];
		assert_int_equal(cgroup_choose(&plan, &group, &err), 0);
		assert_int_equal(cgroup_make(&group, &err), -ERANGE);
		assert_non_null(strstr(err.what, files[i]));
		assert_int_equal(access(tree_name(group.path, room), F_OK), -1);
		assert_int_equal(group.procs, -1);
	}
}

static void a_kernel_that_does_not_count_swap_is_no_failure(void **state)
{
	struct cgroup group;
	char path[TREE_PATH];

	(void)state;
	wants(LIMIT_MEMORY, CONTROLLER_MEMORY, 64 << 20);
	assert_int_equal(cgroup_choose(&plan, &group, NULL), 0);
	/* the group as such a kernel makes it */
	tree_make(group.path + strlen(TREE_MOUNT), "memory", "");
	(void)snprintf(path, sizeof(path), "%s/tree%s/memory.swap.max", scratch,
		       group.path + strlen(TREE_MOUNT));
	assert_int_equal(unlink(path), 0);
	ground_replace(SYS_CALL_mkdirat, 0);
	assert_int_equal(cgroup_make(&group, NULL), 0);
	cgroup_done(&group);
}

static void who_enters_writes_itself_and_without_a_group_nothing_is_done(void **state)
{
	struct cgroup group, none;
	const char *name;

	(void)state;
	name = made(&group);
	assert_int_equal(cgroup_enter(&group, NULL), 0);
	assert_string_equal(tree_get(name, "cgroup.procs"), "0");
	cgroup_done(&group);
	cgroup_init(&none);
	ground_replace(SYS_CALL_write, -EIO);
	assert_int_equal(cgroup_enter(&none, NULL), 0);
}

static void a_refusal_to_enter_is_told(void **state)
{
	struct croft_error err = { 0 };
	struct cgroup group;

	(void)state;
	(void)made(&group);
	ground_replace(SYS_CALL_write, -EOPNOTSUPP);
	assert_int_equal(cgroup_enter(&group, &err), -EOPNOTSUPP);
	assert_int_equal(err.stage, CROFT_STAGE_LIMITS);
	cgroup_done(&group);
}

/* Each process is asked for by its number: no file kills them all (before 5.14). */
static void without_cgroup_kill_each_process_is_killed(void **state)
{
	struct cgroup group;
	char path[TREE_PATH], text[64];
	const char *name;
	pid_t pids[2];

	(void)state;
	name = made(&group);
	cgroup_done(&group);
	(void)snprintf(path, sizeof(path), "%s/tree%s/cgroup.kill", scratch, name);
	assert_int_equal(unlink(path), 0);
	for (int i = 0; i < 2; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0) {
			(void)pause();
			_exit(0);
		}
	}
	(void)snprintf(text, sizeof(text), "%d\n0\n%d\n", pids[0], pids[1]);
	tree_put(name, "cgroup.procs", text);
	assert_int_equal(cgroup_kill(group.path), 0);
	for (int i = 0; i < 2; i++) {
		int status;

		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	}
}

static void a_group_is_removed_with_groups_that_the_command_made_in_it(void **state)
{
	struct cgroup group;
	char inner[TREE_PATH], room[TREE_PATH];
	const char *name;

	(void)state;
	name = made(&group);
	cgroup_done(&group);
	(void)snprintf(inner, sizeof(inner), "%s/a", name);
	tree_make(inner, "", "");
	(void)snprintf(inner, sizeof(inner), "%s/a/b", name);
	tree_make(inner, "", "");
	assert_int_equal(cgroup_remove(group.path), 0);
	assert_int_equal(access(tree_name(group.path, room), F_OK), -1);
	/* a second time there is nothing to do */
	assert_int_equal(cgroup_remove(group.path), 0);
}

static char emptied[TREE_PATH];
static int n_waits;

static long empties_it(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	if (++n_waits == 3)
		tree_put(emptied, "cgroup.procs", "");
	return 0;
}

static void a_group_whose_processes_are_dying_is_waited_for(void **state)
{
	struct cgroup group;
	const char *name;

	(void)state;
	name = made(&group);
	cgroup_done(&group);
	(void)snprintf(emptied, sizeof(emptied), "%s", name);
	tree_put(name, "cgroup.procs", "1\n");
	n_waits = 0;
	sys_replace(SYS_CALL_ppoll, empties_it);
	assert_int_equal(cgroup_remove(group.path), 0);
	assert_int_equal(n_waits, 3);
	assert_string_equal(tree_get("", "cgroup.controllers"), "memory pids cpu");
}

static void one_that_does_not_become_empty_is_given_up_at_last(void **state)
{
	struct cgroup group;
	const char *name;

	(void)state;
	name = made(&group);
	cgroup_done(&group);
	tree_put(name, "cgroup.procs", "1\n");
	ground_replace(SYS_CALL_ppoll, 0);
	assert_int_equal(cgroup_remove(group.path), -EBUSY);
}

static void the_kills_for_memory_are_counted(void **state)
{
	struct cgroup group;
	const char *name;

	(void)state;
	wants(LIMIT_MEMORY, CONTROLLER_MEMORY, 64 << 20);
	name = made(&group);
	cgroup_done(&group);
	assert_int_equal(cgroup_oom_kills(group.path), 0);
	tree_put(name, "memory.events",
		 "low 0\nhigh 0\nmax 5\noom 1\noom_kill 3\noom_group_kill 9\n");
	assert_int_equal(cgroup_oom_kills(group.path), 3);
	tree_put(name, "memory.events", "low 0\nhigh 0\nmax 5\noom 1\n");
	assert_int_equal(cgroup_oom_kills(group.path), 0);
}

#define IN_TREE(test) cmocka_unit_test_setup_teardown(test, open_all, tree_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_TREE(a_group_has_the_limits_that_were_asked_for_and_no_swap),
		IN_TREE(what_was_not_asked_for_is_not_limited),
		IN_TREE(the_lower_limits_of_groups_that_are_left_hold_on),
		IN_TREE(a_group_without_limits_leaves_none_and_carries_none_over),
		IN_TREE(without_a_place_nothing_is_chosen),
		IN_TREE(a_limit_that_is_not_there_afterwards_is_a_failure_and_leaves_no_group),
		IN_TREE(a_kernel_that_does_not_count_swap_is_no_failure),
		IN_TREE(who_enters_writes_itself_and_without_a_group_nothing_is_done),
		IN_TREE(a_refusal_to_enter_is_told),
		IN_TREE(without_cgroup_kill_each_process_is_killed),
		IN_TREE(a_group_is_removed_with_groups_that_the_command_made_in_it),
		IN_TREE(a_group_whose_processes_are_dying_is_waited_for),
		IN_TREE(one_that_does_not_become_empty_is_given_up_at_last),
		IN_TREE(the_kills_for_memory_are_counted),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
