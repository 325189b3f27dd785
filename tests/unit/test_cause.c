/* SPDX-License-Identifier: MIT */
/*
 * test_cause.c - what refuses namespaces is told by the step and the errno, with its own mend.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "plan/cause.h"

static struct host works(void)
{
	struct host host = { .uid = 1000, .mount = { .can_proc = HOST_YES } };

	for (int i = 0; i < HOST_NS_MAX; i++)
		host.ns[i].works = HOST_YES;
	return host;
}

static void a_user_namespace_that_is_refused_has_its_cause(void **state)
{
	static const struct {
		enum host_ns_step step;
		int errnum;
		const char *why, *mend;
	} rows[] = {
		{ NS_STEP_UNSHARE, ENOSPC, "max_user_namespaces", "sysctl user.max_user" },
		{ NS_STEP_UNSHARE, EUSERS, "max_user_namespaces", "sysctl user.max_user" },
		{ NS_STEP_UNSHARE, EPERM, "in a chroot", "unprivileged_userns_clone=1" },
		{ NS_STEP_UNSHARE, ENOSYS, "outer container hides", "seccomp profile" },
		{ NS_STEP_UNSHARE, EACCES, "SELinux", "user_namespace create" },
		{ NS_STEP_UNSHARE, EINVAL, "has no user namespaces", "CONFIG_USER_NS" },
		{ NS_STEP_UNSHARE, EAGAIN, "no process", "ulimit -u" },
		{ NS_STEP_UNSHARE, ENOTSUP, "makes none", "emulation" },
		{ NS_STEP_MOUNT, ENOTSUP, "makes none", "emulation" },
		{ NS_STEP_UNSHARE, ENOENT, "/proc is not there", "mount -t proc proc /proc" },
		{ NS_STEP_UID_MAP, ENOENT, "/proc is not there", "mount -t proc proc /proc" },
		{ NS_STEP_SETGROUPS, EROFS, "mounted read-only", "remount,rw /proc" },
		{ NS_STEP_UID_MAP, EROFS, "mounted read-only", "remount,rw /proc" },
		{ NS_STEP_UID_MAP, EPERM, "AppArmor", "userns," },
		{ NS_STEP_SETGROUPS, EACCES, "AppArmor", "userns," },
		{ NS_STEP_MOUNT, EACCES, "AppArmor", "apparmor_restrict_unprivileged_userns" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		for (int kind = 0; kind < HOST_NS_MAX; kind++) {
			struct host host = { .uid = 1000, .ns_step = rows[i].step };
			struct cause cause;

			host.ns[HOST_NS_USER].works = HOST_NO;
			host.ns[HOST_NS_USER].errnum = rows[i].errnum;
			cause = cause_of(&host, (enum host_ns)kind);
			if (!strstr(cause.why, rows[i].why) || !strstr(cause.mend, rows[i].mend))
				fail_msg("row %zu: %s (%s)", i, cause.why, cause.mend);
		}
}

static void who_was_told_apart_by_further_asking_is_named_alone(void **state)
{
	static const struct {
		enum host_refuser refuser;
		int errnum;
		const char *why, *mend, *not ;
	} rows[] = {
		{ NS_REFUSER_FILTER, EPERM, "system call filter", "seccomp profile", "chroot" },
		{ NS_REFUSER_FILTER, ENOSYS, "system call filter", "seccomp profile", "chroot" },
		{ NS_REFUSER_CHROOT, EPERM, "is a chroot", "pivot_root", "filter" },
		{ NS_REFUSER_SYSCTL, EPERM, "unprivileged_userns_clone is 0", "userns_clone=1",
		  "chroot" },
		{ NS_REFUSER_LIMIT, ENOSPC, "max_user_namespaces is 0", "=15000", "33" },
		{ NS_REFUSER_NESTING, ENOSPC, "takes 33", "fewer sandboxes deep", "is 0" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct host host = { .uid = 1000,
				     .ns_step = NS_STEP_UNSHARE,
				     .ns_refuser = rows[i].refuser };
		struct cause cause;

		host.ns[HOST_NS_USER].works = HOST_NO;
		host.ns[HOST_NS_USER].errnum = rows[i].errnum;
		cause = cause_of(&host, HOST_NS_PID);
		if (!strstr(cause.why, rows[i].why) || !strstr(cause.mend, rows[i].mend) ||
		    strstr(cause.why, rows[i].not ))
			fail_msg("row %zu: %s (%s)", i, cause.why, cause.mend);
	}
}

static void root_without_capabilities_is_told_apart_from_apparmor(void **state)
{
	struct host host = { .ns_step = NS_STEP_UID_MAP };

	(void)state;
	host.ns[HOST_NS_USER].works = HOST_NO;
	host.ns[HOST_NS_USER].errnum = EPERM;
	assert_non_null(strstr(cause_of(&host, HOST_NS_USER).mend, "CAP_SETFCAP"));
	host.has_capabilities = true;
	assert_non_null(strstr(cause_of(&host, HOST_NS_USER).why, "AppArmor"));
}

static void each_other_kind_that_is_refused_has_its_own_cause(void **state)
{
	static const struct {
		enum host_ns kind;
		const char *why;
		bool goes_with_mounts; /* not tried beforehand where mounts work */
	} rows[] = {
		{ HOST_NS_MOUNT, "mounts are refused", false },
		{ HOST_NS_PID, "no pid namespaces", false },
		{ HOST_NS_NET, "no network namespaces", true },
		{ HOST_NS_IPC, "no ipc namespaces", true },
		{ HOST_NS_UTS, "no host name", false },
		{ HOST_NS_CGROUP, "no cgroup namespaces", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct host host = works();

		host.ns[rows[i].kind].works = HOST_NO;
		host.ns[rows[i].kind].errnum = EPERM;
		assert_non_null(strstr(cause_of(&host, rows[i].kind).why, rows[i].why));
		assert_true(*cause_of(&host, rows[i].kind).mend);
		host.ns[rows[i].kind].works = HOST_UNKNOWN;
		if (rows[i].goes_with_mounts)
			assert_string_equal(cause_of(&host, rows[i].kind).why, "");
		else
			assert_non_null(strstr(cause_of(&host, rows[i].kind).why, "was not asked"));
	}
}

static void what_works_has_no_cause_but_a_proc_that_cannot_be_mounted(void **state)
{
	struct host host = works();

	(void)state;
	for (int kind = 0; kind < HOST_NS_MAX; kind++)
		if (kind != HOST_NS_PID)
			assert_string_equal(cause_of(&host, (enum host_ns)kind).why, "");
	host.mount.can_proc = HOST_NO;
	assert_non_null(strstr(cause_of(&host, HOST_NS_PID).why, "fresh /proc"));
	assert_non_null(strstr(cause_of(&host, HOST_NS_PID).mend, "unmask=ALL"));
	host.mount.can_proc = HOST_UNKNOWN;
	assert_non_null(strstr(cause_of(&host, HOST_NS_PID).why, "was not asked"));
}

static void a_capability_stands_in_for_a_user_namespace(void **state)
{
	struct host host = works();

	(void)state;
	host.ns[HOST_NS_USER].works = HOST_NO;
	host.ns[HOST_NS_USER].errnum = ENOSPC;
	host.ns[HOST_NS_NET].works = HOST_NO;
	assert_non_null(strstr(cause_of(&host, HOST_NS_NET).why, "user namespaces"));
	host.has_ns_by_capability = true;
	assert_non_null(strstr(cause_of(&host, HOST_NS_NET).why, "network namespaces"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_user_namespace_that_is_refused_has_its_cause),
		cmocka_unit_test(who_was_told_apart_by_further_asking_is_named_alone),
		cmocka_unit_test(root_without_capabilities_is_told_apart_from_apparmor),
		cmocka_unit_test(each_other_kind_that_is_refused_has_its_own_cause),
		cmocka_unit_test(what_works_has_no_cause_but_a_proc_that_cannot_be_mounted),
		cmocka_unit_test(a_capability_stands_in_for_a_user_namespace),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
