/* SPDX-License-Identifier: MIT */
/*
 * test_acts_mounts.c - which mounts, and which proc, are found in namespaces of one's own, on this
 * kernel and on ones that refuse or lie (act_play.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <sys/mount.h>

#include "act_play.h"

/* Ubuntu's AppArmor: the namespace is made and mapped, and may do nothing. */
static void capabilities_that_do_nothing_are_no_namespace(void **state)
{
	static const char *const types[] = { NULL, "tmpfs" };

	(void)state;
	needs_namespaces();
	sys_replace(SYS_CALL_mount, refuses_a_mount);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		struct host host;

		shared->name = types[i];
		shared->answer = -EACCES;
		host = probed(1U << HOST_NS_NET);
		assert_int_equal(host.ns_step, NS_STEP_MOUNT);
		assert_int_equal(host.ns[HOST_NS_USER].errnum, EACCES);
		assert_int_equal(host.ns[HOST_NS_MOUNT].errnum, EACCES);
		assert_int_equal(host.mount.has_new_api, HOST_NO);
		assert_int_equal(host.mount.proc_errnum, EACCES);
		assert_false(host.has_ns_by_capability);
	}
}

static void a_mount_that_only_says_so_is_none(void **state)
{
	struct host host;

	(void)state;
	needs_namespaces();
	sys_replace(SYS_CALL_mount, gives_answer);
	host = probed(0);
	assert_int_equal(host.ns[HOST_NS_MOUNT].errnum, ENOTSUP);
	assert_int_equal(host.ns_step, NS_STEP_MOUNT);
}

static void without_the_new_calls_the_old_ones_are_taken(void **state)
{
	static const int errnums[] = { ENOSYS, EPERM, EINVAL };
	static const enum sys_call calls[] = { SYS_CALL_open_tree, SYS_CALL_mount_setattr,
					       SYS_CALL_move_mount };

	(void)state;
	needs_namespaces();
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		sys_replace(calls[i], gives_answer);
		for (size_t k = 0; k < ARRAY_SIZE(errnums); k++) {
			struct host host;

			shared->answer = -errnums[k];
			host = probed(0);
			assert_int_equal(host.ns[HOST_NS_MOUNT].works, HOST_YES);
			assert_int_equal(host.mount.has_new_api, HOST_NO);
			assert_int_equal(host.mount.can_proc, HOST_YES);
		}
		sys_replace(calls[i], NULL);
	}
}

/* The calls that must have an effect: one that has none is not believed. */
static void read_only_is_seen_and_not_believed(void **state)
{
	struct host host;

	(void)state;
	needs_namespaces();
	shared->answer = 0;
	sys_replace(SYS_CALL_mount_setattr, gives_answer);
	host = probed(0);
	assert_int_equal(host.mount.has_new_api, HOST_NO);
	assert_int_equal(host.ns[HOST_NS_MOUNT].works, HOST_YES);
	sys_replace(SYS_CALL_move_mount, gives_answer);
	shared->answer = -ENOSYS;
	sys_replace(SYS_CALL_mkdirat, gives_answer);
	host = probed(0);
	assert_int_equal(host.ns[HOST_NS_MOUNT].errnum, ENOSYS);
}

/* gVisor: the mode of what is read-only can be changed, on a tmpfs. */
static void a_read_only_mount_that_lets_modes_be_changed_is_told(void **state)
{
	(void)state;
	needs_namespaces();
	assert_int_equal(probed(0).mount.is_read_only_whole, HOST_YES);
	shared->answer = 0;
	sys_replace(SYS_CALL_fchmodat, gives_answer);
	assert_int_equal(probed(0).mount.is_read_only_whole, HOST_NO);
	assert_int_equal(probed(0).ns[HOST_NS_MOUNT].works, HOST_YES);
}

static long remount_does_nothing(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	return d & MS_REMOUNT ? shared->answer : sys_real(call, a, b, c, d, e, f);
}

static void the_old_calls_are_not_believed_either(void **state)
{
	struct host host;

	(void)state;
	needs_namespaces();
	shared->answer = -ENOSYS;
	sys_replace(SYS_CALL_open_tree, gives_answer);
	sys_replace(SYS_CALL_mount, remount_does_nothing);
	host = probed(0);
	assert_int_equal(host.ns[HOST_NS_MOUNT].errnum, ENOSYS);
	shared->answer = 0;
	sys_replace(SYS_CALL_mount_setattr, gives_answer);
	sys_replace(SYS_CALL_open_tree, NULL);
	host = probed(0);
	assert_int_equal(host.ns[HOST_NS_MOUNT].errnum, ENOTSUP);
}

static void a_proc_is_mounted_one_way_or_the_other(void **state)
{
	static const enum sys_call calls[] = { SYS_CALL_fsopen, SYS_CALL_fsconfig,
					       SYS_CALL_fsmount };

	(void)state;
	needs_namespaces();
	shared->name = "proc";
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct host host;

		shared->answer = -ENOSYS;
		sys_replace(calls[i], gives_answer);
		assert_int_equal(probed(0).mount.can_proc, HOST_YES);
		/* "mount too revealing": a masked proc, as in containers */
		shared->answer = -EPERM;
		sys_replace(SYS_CALL_mount, refuses_a_mount);
		host = probed(ALL_KINDS);
		assert_refused(&host, 0, 0);
		assert_int_equal(host.mount.can_proc, HOST_NO);
		assert_int_equal(host.mount.proc_errnum, EPERM);
		/* a mount that does nothing shows no process of ours */
		shared->answer = 0;
		sys_replace(calls[i], NULL);
		sys_replace(SYS_CALL_fsopen, gives_answer);
		host = probed(0);
		assert_int_equal(host.mount.can_proc, HOST_NO);
		restore(NULL);
		shared->name = "proc";
	}
}

static void a_first_process_with_another_number_is_no_pid_namespace(void **state)
{
	struct host host;

	(void)state;
	needs_namespaces();
	shared->answer = 7;
	sys_replace(SYS_CALL_getpid, gives_answer);
	host = probed(ALL_KINDS);
	assert_refused(&host, 1U << HOST_NS_PID, ENOTSUP);
	assert_int_equal(host.mount.proc_errnum, ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(capabilities_that_do_nothing_are_no_namespace, restore),
		cmocka_unit_test_teardown(a_mount_that_only_says_so_is_none, restore),
		cmocka_unit_test_teardown(without_the_new_calls_the_old_ones_are_taken, restore),
		cmocka_unit_test_teardown(read_only_is_seen_and_not_believed, restore),
		cmocka_unit_test_teardown(a_read_only_mount_that_lets_modes_be_changed_is_told,
					  restore),
		cmocka_unit_test_teardown(the_old_calls_are_not_believed_either, restore),
		cmocka_unit_test_teardown(a_proc_is_mounted_one_way_or_the_other, restore),
		cmocka_unit_test_teardown(a_first_process_with_another_number_is_no_pid_namespace,
					  restore),
	};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
