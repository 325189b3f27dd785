/* SPDX-License-Identifier: MIT */
/*
 * test_acts_ns.c - which namespaces are found, on this kernel and on ones that refuse or lie.
 * Those are played by replaced calls: the children inherit them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../fakes/filter.h"
#include "act_play.h"
#include "in_child.h"
#include "sys/fd.h"

/* What a plain fork finds that does it through the C library. */
static int plain_unshare(int flags)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0)
		_exit(unshare(flags) == 0 ? 0 : errno);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static void namespaces_work_where_unshare_does(void **state)
{
	static const int flags[HOST_NS_MAX] = { CLONE_NEWUSER,  CLONE_NEWNS,  CLONE_NEWPID,
						CLONE_NEWNET,   CLONE_NEWIPC, CLONE_NEWUTS,
						CLONE_NEWCGROUP };
	struct host host = probed(ALL_KINDS);

	(void)state;
	for (int i = 0; i < HOST_NS_MAX; i++) {
		int errnum = plain_unshare(flags[i] | CLONE_NEWUSER);

		assert_int_not_equal(host.ns[i].works, HOST_UNKNOWN);
		if (host.ns[i].works == HOST_YES && !host.has_ns_by_capability)
			assert_int_equal(errnum, 0);
		else if (errnum)
			assert_int_equal(host.ns[i].errnum, errnum);
	}
	assert_int_equal(host.ns_step == NS_STEP_NONE, host.ns[HOST_NS_USER].works == HOST_YES);
}

static void what_is_not_wanted_is_not_asked(void **state)
{
	struct host host = probed(1U << HOST_NS_IPC);

	(void)state;
	assert_int_not_equal(host.ns[HOST_NS_USER].works, HOST_UNKNOWN);
	assert_int_not_equal(host.ns[HOST_NS_MOUNT].works, HOST_UNKNOWN);
	assert_int_not_equal(host.ns[HOST_NS_PID].works, HOST_UNKNOWN);
	assert_int_not_equal(host.ns[HOST_NS_IPC].works, HOST_UNKNOWN);
	assert_int_equal(host.ns[HOST_NS_NET].works, HOST_UNKNOWN);
	assert_int_equal(host.ns[HOST_NS_UTS].works, HOST_UNKNOWN);
	assert_int_equal(host.ns[HOST_NS_CGROUP].works, HOST_UNKNOWN);
	assert_int_not_equal(host.mount.has_new_api, HOST_UNKNOWN);
	assert_int_not_equal(host.mount.can_proc, HOST_UNKNOWN);
}

static size_t read_mounts(char *text, size_t size)
{
	ssize_t len = fd_read_file(AT_FDCWD, "/proc/self/mountinfo", text, size);

	assert_true(len > 0);
	return (size_t)len;
}

static void *wait_for_the_end(void *arg)
{
	const atomic_bool *has_ended = arg;

	while (!*has_ended)
		pause_ms(5);
	return NULL;
}

/* A caller with threads, and a tree of mounts that tells others what happens in it. */
static void probe_with_threads(const void *arg, struct said *said)
{
	static char before[65536], after[65536];
	static atomic_bool has_ended;
	struct utsname name, name_after;
	int fd = sys_openat(AT_FDCWD, "/dev/null", 0, 0), fd_after;
	struct host host = { 0 };
	pthread_t thread;

	(void)arg;
	if (may_mount() &&
	    (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL)))
		said->result = -errno;
	(void)sys_uname(&name);
	(void)read_mounts(before, sizeof(before));
	if (pthread_create(&thread, NULL, wait_for_the_end, &has_ended))
		said->result = -EAGAIN;
	said->result = host_probe_namespaces(&host, ALL_KINDS, &said->err);
	has_ended = true;
	(void)pthread_join(thread, NULL);
	(void)read_mounts(after, sizeof(after));
	(void)sys_uname(&name_after);
	(void)sys_close(fd);
	fd_after = sys_openat(AT_FDCWD, "/dev/null", 0, 0);
	said->answers[0] = strcmp(before, after) == 0;
	said->answers[1] = strcmp(name.nodename, name_after.nodename) == 0;
	said->answers[2] = fd == fd_after;
	said->answers[3] = sys_wait4(-1, NULL, __WALL | WNOHANG, NULL) == -ECHILD;
	said->answers[4] = host.ns[HOST_NS_USER].works == HOST_NO;
	said->answers[5] = host.has_ns_by_capability;
}

static long no_user_namespace(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	return a & CLONE_NEWUSER ? -EPERM : sys_real(call, a, b, c, d, e, f);
}

static void nothing_is_left_whatever_way_it_was_done(void **state)
{
	(void)state;
	for (int way = 0; way < 4; way++) {
		struct said said;

		shared->answer = 2; /* a filter is in force: a copy of the memory */
		sys_replace(SYS_CALL_prctl, way & 1 ? gives_answer : NULL);
		sys_replace(SYS_CALL_unshare, way & 2 ? no_user_namespace : NULL);
		said = in_child(probe_with_threads, NULL);
		if (said.result)
			fail_msg("way %d: %d %s", way, said.result, said.err.what);
		for (int i = 0; i < 4; i++)
			if (!said.answers[i])
				fail_msg("way %d: %d has changed", way, i);
		if (way & 2) {
			assert_true(said.answers[4]);
			assert_int_equal(said.answers[5], may_mount());
		}
	}
}

static void a_refused_user_namespace_refuses_all_and_says_why(void **state)
{
	static const int errnums[] = { EPERM, ENOSPC, ENOSYS, EACCES, EUSERS, EINVAL };

	(void)state;
	sys_replace(SYS_CALL_unshare, gives_answer);
	for (size_t i = 0; i < ARRAY_SIZE(errnums); i++) {
		struct host host;

		shared->answer = -errnums[i];
		host = probed(ALL_KINDS);
		assert_refused(&host, ALL_KINDS, errnums[i]);
		assert_int_equal(host.ns_step, NS_STEP_UNSHARE);
		assert_int_equal(host.mount.has_new_api, HOST_NO);
		assert_int_equal(host.mount.can_proc, HOST_NO);
		assert_int_equal(host.mount.proc_errnum, errnums[i]);
		assert_false(host.has_ns_by_capability);
	}
}

static void without_user_namespaces_a_capability_makes_the_others(void **state)
{
	struct host host;

	(void)state;
	needs_namespaces();
	sys_replace(SYS_CALL_unshare, no_user_namespace);
	host = probed(ALL_KINDS);
	assert_int_equal(host.has_ns_by_capability, may_mount());
	assert_refused(&host, may_mount() ? 1U << HOST_NS_USER : ALL_KINDS, EPERM);
	assert_int_equal(host.ns_step, NS_STEP_UNSHARE);
	assert_int_equal(host.mount.has_new_api, may_mount() ? HOST_YES : HOST_NO);
	assert_int_equal(host.mount.can_proc, may_mount() ? HOST_YES : HOST_NO);
}

/* gVisor's older versions take every flag and do nothing. */
static void a_kernel_that_only_says_so_gives_nothing_and_gets_no_mount(void **state)
{
	struct host host;

	(void)state;
	sys_replace(SYS_CALL_unshare, gives_answer);
	sys_replace(SYS_CALL_mount, gives_answer);
	host = probed(ALL_KINDS);
	assert_refused(&host, ALL_KINDS, ENOTSUP);
	assert_false(host.has_ns_by_capability);
	/* one unshare for each try, and not one mount */
	assert_int_equal(shared->calls, may_mount() ? 2 : 1);
}

static long strips_a_flag(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	return sys_real(call, a & ~shared->flag, b, c, d, e, f);
}

static long refuses_a_flag(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	return a & shared->flag ? shared->answer : sys_real(call, a, b, c, d, e, f);
}

static void each_other_kind_is_refused_or_without_effect_alone(void **state)
{
	static const struct {
		enum host_ns kind;
		int flag;
	} cases[] = {
		{ HOST_NS_PID, CLONE_NEWPID },       { HOST_NS_NET, CLONE_NEWNET },
		{ HOST_NS_IPC, CLONE_NEWIPC },       { HOST_NS_UTS, CLONE_NEWUTS },
		{ HOST_NS_CGROUP, CLONE_NEWCGROUP },
	};

	(void)state;
	needs_namespaces();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned kind = 1U << cases[i].kind;
		struct host host;

		shared->flag = cases[i].flag;
		shared->answer = -ENOSPC;
		sys_replace(SYS_CALL_unshare, refuses_a_flag);
		host = probed(ALL_KINDS);
		assert_refused(&host, kind, ENOSPC);
		assert_int_equal(host.mount.can_proc,
				 cases[i].kind == HOST_NS_PID ? HOST_NO : HOST_YES);
		assert_int_equal(host.ns_step, NS_STEP_NONE);
		sys_replace(SYS_CALL_unshare, strips_a_flag);
		host = probed(ALL_KINDS);
		assert_refused(&host, kind, ENOTSUP);
	}
}

static void without_a_mount_namespace_nothing_is_mounted(void **state)
{
	struct host host;

	(void)state;
	needs_namespaces();
	shared->flag = CLONE_NEWNS;
	sys_replace(SYS_CALL_mount, gives_answer);
	sys_replace(SYS_CALL_unshare, strips_a_flag);
	host = probed(0);
	assert_int_equal(shared->calls, 0);
	assert_int_equal(host.ns[HOST_NS_MOUNT].errnum, ENOTSUP);
	assert_int_equal(host.ns[HOST_NS_USER].errnum, ENOTSUP);
	assert_int_equal(host.ns_step, NS_STEP_MOUNT);
	assert_false(host.has_ns_by_capability);
}

static long link_never_changes(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const char *name = (const char *)(uintptr_t)b;

	if (strcmp(name, shared->name) != 0)
		return sys_real(call, a, b, c, d, e, f);
	memcpy((void *)(uintptr_t)c, "user:[125]", 10); // NOLINT(performance-no-int-to-ptr)
	return 10;
}

/* gVisor's link of the user namespace; its ids tell. Another that does not change is believed. */
static void a_user_namespace_is_seen_by_its_ids_too(void **state)
{
	struct host host;

	(void)state;
	needs_namespaces();
	sys_replace(SYS_CALL_readlinkat, link_never_changes);
	shared->name = "/proc/self/ns/user";
	host = probed(ALL_KINDS);
	assert_refused(&host, 0, 0);
	shared->name = "/proc/self/ns/ipc";
	host = probed(ALL_KINDS);
	assert_refused(&host, 1U << HOST_NS_IPC, ENOTSUP);
}

/* One of the files of the mapping cannot be opened. */
static long refuses_one_name(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const char *name = (const char *)(uintptr_t)b;

	return strcmp(name, shared->name) == 0 ? shared->answer : sys_real(call, a, b, c, d, e, f);
}

static void each_file_of_the_mapping_must_be_written(void **state)
{
	static const struct {
		const char *refused;
		enum host_ns_step step;
	} cases[] = {
		{ "/proc/self/setgroups", NS_STEP_SETGROUPS },
		{ "/proc/self/uid_map", NS_STEP_UID_MAP },
		{ "/proc/self/gid_map", NS_STEP_GID_MAP },
	};

	(void)state;
	needs_namespaces();
	sys_replace(SYS_CALL_openat, refuses_one_name);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct host host;

		shared->name = cases[i].refused;
		shared->answer = -EROFS;
		host = probed(0);
		assert_int_equal(host.ns_step, cases[i].step);
		assert_int_equal(host.ns[HOST_NS_USER].works, HOST_NO);
		assert_int_equal(host.ns[HOST_NS_USER].errnum, EROFS);
		assert_int_equal(host.has_ns_by_capability, may_mount());
	}
}

static void a_missing_setgroups_is_no_refusal(void **state)
{
	(void)state;
	/* It would refuse the map that it guards: the kernel that lacks the file does not. */
	needs_namespaces();
	shared->name = "/proc/self/setgroups";
	shared->answer = -ENOENT;
	sys_replace(SYS_CALL_openat, refuses_one_name);
	if (probed(0).ns_step == NS_STEP_SETGROUPS)
		fail_msg("a missing file was a refusal");
}

static long plays_lo(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	struct ifreq *lo = (struct ifreq *)(uintptr_t)c; // NOLINT(performance-no-int-to-ptr)

	(void)call, (void)a, (void)d, (void)e, (void)f;
	assert_string_equal(lo->ifr_name, "lo");
	if ((unsigned long)b == shared->request)
		return shared->answer;
	if (b == SIOCGIFFLAGS)
		lo->ifr_flags = (short)shared->flag;
	else
		shared->calls++;
	return 0;
}

static void lo_is_set_up_only_where_it_is_down(void **state)
{
	static const struct {
		unsigned long refused;
		int flags, errnum;
		unsigned calls;
	} cases[] = {
		{ SIOCSIFFLAGS, IFF_UP, 0, 0 }, /* as in gVisor, where it cannot be set */
		{ SIOCSIFFLAGS, 0, EPERM, 0 },
		{ SIOCGIFFLAGS, 0, EPERM, 0 },
		{ 0, 0, ENOTSUP, 1 }, /* set, and not up */
	};

	(void)state;
	needs_namespaces();
	sys_replace(SYS_CALL_ioctl, plays_lo);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct host host;

		*shared = (struct shared){ .request = cases[i].refused,
					   .answer = -EPERM,
					   .flag = cases[i].flags };
		host = probed(ALL_KINDS);
		assert_refused(&host, cases[i].errnum ? 1U << HOST_NS_NET : 0, cases[i].errnum);
		assert_int_equal(shared->calls, cases[i].calls);
	}
	sys_replace(SYS_CALL_socket, gives_answer);
	shared->answer = -EAFNOSUPPORT;
	assert_int_equal(probed(1U << HOST_NS_NET).ns[HOST_NS_NET].errnum, EAFNOSUPPORT);
}

static void a_host_name_that_cannot_be_set_is_no_uts_namespace(void **state)
{
	static const int answers[] = { -EPERM, 0 };

	(void)state;
	needs_namespaces();
	sys_replace(SYS_CALL_sethostname, gives_answer);
	for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
		struct host host;

		shared->answer = answers[i];
		host = probed(ALL_KINDS);
		assert_refused(&host, 1U << HOST_NS_UTS, answers[i] ? EPERM : ENOTSUP);
	}
}

/* A filter that kills. With memory of its own: a core dump might take us along (before 5.16). */
static long dies_of_the_signal(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const struct sys_sigaction by_default = { .handler = SIG_DFL };
	const uint64_t none = 0;

	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	(void)sys_sigaction(shared->signal, &by_default, NULL);
	(void)sys_sigprocmask(SIG_SETMASK, &none, NULL);
	(void)sys_kill((pid_t)sys_real(SYS_CALL_getpid, 0, 0, 0, 0, 0, 0), shared->signal);
	return 0;
}

static void a_filter_that_kills_tells_how_far_it_went(void **state)
{
	struct host host;
	struct croft_error err;

	(void)state;
	needs_namespaces();
	shared->signal = SIGSYS;
	shared->answer = 2;
	sys_replace(SYS_CALL_prctl, gives_answer);
	sys_replace(SYS_CALL_unshare, dies_of_the_signal);
	host = probed(ALL_KINDS);
	assert_refused(&host, ALL_KINDS, EPERM);
	assert_int_equal(host.ns_step, NS_STEP_UNSHARE);
	sys_replace(SYS_CALL_unshare, NULL);
	sys_replace(SYS_CALL_mount, dies_of_the_signal);
	host = probed(ALL_KINDS);
	assert_int_equal(host.ns[HOST_NS_MOUNT].errnum, EPERM);
	assert_int_equal(host.ns_step, NS_STEP_MOUNT);
	sys_replace(SYS_CALL_mount, NULL);
	sys_replace(SYS_CALL_sethostname, dies_of_the_signal);
	host = probed(ALL_KINDS);
	assert_refused(&host, 1U << HOST_NS_UTS, EPERM);
	shared->signal = SIGKILL;
	assert_int_equal(host_probe_namespaces(&host, ALL_KINDS, &err), -ECHILD);
	assert_non_null(strstr(err.what, "signal 9"));
}

static void probe_under_a_filter(const void *arg, struct said *said)
{
	struct host host = { 0 };

	if (filter_install(arg, 1, SECCOMP_RET_KILL_PROCESS, 0) < 0)
		said->result = -errno;
	else
		said->result = host_probe_namespaces(&host, ALL_KINDS, &said->err);
	for (int i = 0; i < HOST_NS_MAX; i++)
		said->answers[i] = host.ns[i].errnum;
	said->answers[HOST_NS_MAX] = host.mount.proc_errnum;
	said->answers[HOST_NS_MAX + 1] = (int)host.ns_step;
}

/* The kernel kills the first process of a pid namespace for a call, though no signal may. */
static void a_real_filter_that_kills_refuses_what_it_is_about(void **state)
{
	static const struct {
		uint32_t call;
		int user, net, uts, proc;
		enum host_ns_step step;
	} cases[] = {
		{ SYS_unshare, EPERM, EPERM, EPERM, EPERM, NS_STEP_UNSHARE },
		{ SYS_mount, EPERM, EPERM, EPERM, EPERM, NS_STEP_MOUNT },
		{ ABI_NR_FSOPEN, 0, 0, 0, EPERM, NS_STEP_NONE },
		{ SYS_sethostname, 0, 0, EPERM, 0, NS_STEP_NONE },
		{ SYS_getppid, 0, 0, 0, 0, NS_STEP_NONE }, /* not used */
	};

	(void)state;
	needs_namespaces();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct said said = in_child(probe_under_a_filter, &cases[i].call);

		if (said.result)
			fail_msg("%zu: %d %s", i, said.result, said.err.what);
		assert_int_equal(said.answers[HOST_NS_USER], cases[i].user);
		assert_int_equal(said.answers[HOST_NS_NET], cases[i].net);
		assert_int_equal(said.answers[HOST_NS_UTS], cases[i].uts);
		assert_int_equal(said.answers[HOST_NS_MAX], cases[i].proc);
		assert_int_equal(said.answers[HOST_NS_MAX + 1], cases[i].step);
	}
}

static void a_lack_of_means_is_a_failure_and_no_answer(void **state)
{
	static const struct {
		enum sys_call call;
		int errnum;
	} cases[] = {
		{ SYS_CALL_mmap, ENOMEM },           { SYS_CALL_clone, EAGAIN },
		{ SYS_CALL_unshare, ENOMEM },        { SYS_CALL_openat, EMFILE },
		{ SYS_CALL_fsopen, EMFILE },         { SYS_CALL_open_tree, ENFILE },
		{ SYS_CALL_socket, EMFILE },         { SYS_CALL_wait4, ECHILD },
		{ SYS_CALL_rt_sigprocmask, EFAULT },
	};

	(void)state;
	needs_namespaces();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct host host = { 0 };
		struct croft_error err;

		if (cases[i].call == SYS_CALL_fsopen) /* the old way is one open more */
			sys_replace(SYS_CALL_mount, refuses_a_mount);
		shared->name = "proc";
		shared->answer = -cases[i].errnum;
		sys_replace(cases[i].call, gives_answer);
		if (host_probe_namespaces(&host, ALL_KINDS, &err) != -cases[i].errnum)
			fail_msg("%s: no failure", sys_name(cases[i].call));
		assert_int_equal(err.stage, CROFT_STAGE_HOST);
		assert_int_equal(host.ns[HOST_NS_USER].works, HOST_UNKNOWN);
		sys_replace(cases[i].call, NULL);
		sys_replace(SYS_CALL_mount, NULL);
	}
	while (sys_wait4(-1, NULL, __WALL, NULL) > 0)
		; /* of the case in which the wait failed */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(namespaces_work_where_unshare_does),
		cmocka_unit_test(what_is_not_wanted_is_not_asked),
		cmocka_unit_test_teardown(nothing_is_left_whatever_way_it_was_done, restore),
		cmocka_unit_test_teardown(a_refused_user_namespace_refuses_all_and_says_why,
					  restore),
		cmocka_unit_test_teardown(without_user_namespaces_a_capability_makes_the_others,
					  restore),
		cmocka_unit_test_teardown(
			a_kernel_that_only_says_so_gives_nothing_and_gets_no_mount, restore),
		cmocka_unit_test_teardown(each_other_kind_is_refused_or_without_effect_alone,
					  restore),
		cmocka_unit_test_teardown(without_a_mount_namespace_nothing_is_mounted, restore),
		cmocka_unit_test_teardown(a_user_namespace_is_seen_by_its_ids_too, restore),
		cmocka_unit_test_teardown(each_file_of_the_mapping_must_be_written, restore),
		cmocka_unit_test_teardown(a_missing_setgroups_is_no_refusal, restore),
		cmocka_unit_test_teardown(lo_is_set_up_only_where_it_is_down, restore),
		cmocka_unit_test_teardown(a_host_name_that_cannot_be_set_is_no_uts_namespace,
					  restore),
		cmocka_unit_test_teardown(a_filter_that_kills_tells_how_far_it_went, restore),
		cmocka_unit_test_teardown(a_real_filter_that_kills_refuses_what_it_is_about,
					  restore),
		cmocka_unit_test_teardown(a_lack_of_means_is_a_failure_and_no_answer, restore),
	};

	return cmocka_run_group_tests(tests, prepare, NULL);
}
