/* SPDX-License-Identifier: MIT */
/*
 * oracle.h - the filter of a policy, as libseccomp builds it; for test_sim.c.
 *
 * The rules are written here once more, by the names of calls and by hand, from the
 * words of the promises and not from our table. libseccomp's number tables and its code
 * generator are not ours, so that a wrong number or a wrong jump shows as a difference.
 *
 * libseccomp has one default answer for a filter. A call of which only some arguments are
 * allowed cannot be written where the default is to allow, so there are two filters:
 * `denials` allows all but its rules, `passes` refuses all but its rules; each call asks
 * the one that it was written into.
 */
#ifndef CROFT_TESTS_SIM_ORACLE_H
#define CROFT_TESTS_SIM_ORACLE_H

#include "plan/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
/* Calls that libseccomp 2.5 has no names for: by number, the same on both architectures. */
#define OPEN_TREE_ATTR 467 /* 6.15 */
#define STATMOUNT 457 /* 6.8 */
#define LISTMOUNT 458 /* 6.8 */
#define LISTNS 470 /* 6.19 */
#define MAX_ORACLE 4096

static const uint32_t scmp_archs[ARCH_MAX] = { SCMP_ARCH_X86_64, SCMP_ARCH_AARCH64 };

struct program {
	struct sock_filter code[MAX_ORACLE];
	size_t n;
};

struct oracle {
	struct program denials, passes;
};

/* Calls that a group refuses whatever the arguments, with the answer. */
static const struct {
	enum syscall_group group;
	int answer;
	const char *names;
} plain_groups[] = {
	{ GROUP_USER_NAMESPACES, EACCES, "setns" },
	{ GROUP_USER_NAMESPACES, ENOSYS, "clone3" },
	{ GROUP_MOUNT, EACCES,
	  "mount umount2 pivot_root chroot open_tree move_mount fsopen fsconfig fsmount fspick "
	  "mount_setattr" },
	{ GROUP_IO_URING, ENOSYS, "io_uring_setup io_uring_enter io_uring_register" },
	{ GROUP_KEYRING, EACCES, "add_key request_key keyctl" },
	{ GROUP_SYSV_IPC, EACCES,
	  "shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl "
	  "mq_open mq_unlink" },
	{ GROUP_BPF, EACCES, "bpf" },
	{ GROUP_PERF, EACCES, "perf_event_open" },
	{ GROUP_USERFAULTFD, EACCES, "userfaultfd" },
	{ GROUP_KERNEL, EACCES,
	  "init_module finit_module delete_module create_module get_kernel_syms query_module "
	  "kexec_load kexec_file_load reboot swapon swapoff acct settimeofday clock_settime "
	  "quotactl quotactl_fd open_by_handle_at fanotify_init fanotify_mark syslog iopl ioperm "
	  "uselib vhangup nfsservctl sethostname setdomainname lookup_dcookie _sysctl" },
};

static const char ptrace_names[] = "ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd "
				   "process_madvise";

/* What strict refuses besides. */
static const char rare_names[] =
	"move_pages migrate_pages process_mrelease mbind set_mempolicy set_mempolicy_home_node "
	"vmsplice memfd_secret name_to_handle_at modify_ldt remap_file_pages sysfs ustat";
static const int rare_numbers[] = { STATMOUNT, LISTMOUNT, LISTNS };

static inline void add(scmp_filter_ctx ctx, int answer, const char *name, unsigned n,
		       const struct scmp_arg_cmp *args)
{
	int nr = seccomp_syscall_resolve_name(name);
	uint32_t action = answer == 0 ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO((uint32_t)answer);

	if (nr == __NR_SCMP_ERROR)
		fail_msg("libseccomp does not know %s", name);
	assert_int_equal(seccomp_rule_add_array(ctx, action, nr, n, args), 0);
}

/* One rule on up to three arguments, each compared at 32 bits. */
static inline void add_low(scmp_filter_ctx ctx, int answer, const char *name, unsigned n,
			   const unsigned *arg, const uint32_t *mask, const uint32_t *value)
{
	struct scmp_arg_cmp cmp[3];

	for (unsigned i = 0; i < n; i++)
		cmp[i] = (struct scmp_arg_cmp){ arg[i], SCMP_CMP_MASKED_EQ, mask[i], value[i] };
	add(ctx, answer, name, n, cmp);
}

static inline void add_one(scmp_filter_ctx ctx, int answer, const char *name, unsigned arg,
			   uint32_t mask, uint32_t value)
{
	add_low(ctx, answer, name, 1, &arg, &mask, &value);
}

static inline void add_names(scmp_filter_ctx ctx, int answer, const char *names)
{
	char copy[512], *save = NULL;

	assert_in_range(snprintf(copy, sizeof(copy), "%s", names), 1, sizeof(copy) - 1);
	for (char *name = strtok_r(copy, " ", &save); name != NULL;
	     name = strtok_r(NULL, " ", &save))
		add(ctx, answer, name, 0, NULL);
}

static inline scmp_filter_ctx new_context(enum arch arch, uint32_t otherwise)
{
	scmp_filter_ctx ctx = seccomp_init(otherwise);

	assert_non_null(ctx);
	if (seccomp_arch_native() != scmp_archs[arch]) {
		assert_int_equal(seccomp_arch_add(ctx, scmp_archs[arch]), 0);
		assert_int_equal(seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE), 0);
	}
	assert_int_equal(seccomp_attr_set(ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS), 0);
	return ctx;
}

static inline void export_program(scmp_filter_ctx ctx, struct program *ret_program)
{
	int fd = memfd_create("filter", MFD_CLOEXEC);
	ssize_t size;

	assert_true(fd >= 0);
	assert_int_equal(seccomp_export_bpf(ctx, fd), 0);
	size = pread(fd, ret_program->code, sizeof(ret_program->code), 0);
	assert_in_range(size, 1, sizeof(ret_program->code) - 1);
	ret_program->n = (size_t)size / sizeof(ret_program->code[0]);
	assert_int_equal(close(fd), 0);
	seccomp_release(ctx);
}

static inline void deny_by_arguments(scmp_filter_ctx ctx, const struct syscall_policy *policy)
{
	static const unsigned option[] = { 1, 2 };
	static const uint32_t whole[] = { UINT32_MAX, UINT32_MAX };
	static const uint32_t tcp_ulp[] = { SOL_TCP, TCP_ULP };
	static const uint32_t namespaces[] = { CLONE_NEWNS,  CLONE_NEWCGROUP, CLONE_NEWUTS,
					       CLONE_NEWIPC, CLONE_NEWUSER,   CLONE_NEWPID,
					       CLONE_NEWNET };
	static const uint32_t requests[] = { TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD };

	for (size_t i = 0; i < COUNT(namespaces) && !policy->allows_group[GROUP_USER_NAMESPACES];
	     i++)
		add_one(ctx, EACCES, "clone", 0, namespaces[i], namespaces[i]);
	for (size_t i = 0; i < COUNT(requests) && !policy->allows_group[GROUP_TERMINAL]; i++)
		add_one(ctx, EACCES, "ioctl", 1, UINT32_MAX, requests[i]);
	if (policy->refuses_fastopen) {
		add_one(ctx, EACCES, "sendto", 3, MSG_FASTOPEN, MSG_FASTOPEN);
		add_one(ctx, EACCES, "sendmsg", 2, MSG_FASTOPEN, MSG_FASTOPEN);
		add_one(ctx, EACCES, "sendmmsg", 3, MSG_FASTOPEN, MSG_FASTOPEN);
	}
	if (policy->refuses_tcp_ulp)
		add_low(ctx, EACCES, "setsockopt", 2, option, whole, tcp_ulp);
	if (policy->refuses_path_truncate) {
		add_one(ctx, EACCES, "open", 1, O_TRUNC | O_ACCMODE, O_TRUNC | O_RDONLY);
		add_one(ctx, EACCES, "open", 1, O_TRUNC | O_ACCMODE, O_TRUNC | O_ACCMODE);
		add_one(ctx, EACCES, "openat", 2, O_TRUNC | O_ACCMODE, O_TRUNC | O_RDONLY);
		add_one(ctx, EACCES, "openat", 2, O_TRUNC | O_ACCMODE, O_TRUNC | O_ACCMODE);
	}
}

static inline void pass_by_arguments(scmp_filter_ctx ctx)
{
	static const struct scmp_arg_cmp nothing_new[] = { { 2, SCMP_CMP_EQ, 0, 0 } };

	add_one(ctx, 0, "unshare", 0,
		~(uint32_t)(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			    CLONE_SYSVSEM),
		0);
	add_one(ctx, 0, "personality", 0, UINT32_MAX, 0);
	add_one(ctx, 0, "personality", 0, UINT32_MAX, UINT32_MAX);
	add_one(ctx, 0, "prlimit64", 0, UINT32_MAX, 0);
	add(ctx, 0, "prlimit64", 1, nothing_new);
}

/* A socket of one family and type, with the default protocol or the one named. */
static inline void add_socket(scmp_filter_ctx ctx, int answer, uint32_t family, uint32_t type,
			      uint32_t protocol)
{
	static const unsigned arg[] = { 0, 1, 2 };
	static const uint32_t mask[] = { UINT32_MAX, 0xf, UINT32_MAX };

	add_low(ctx, answer, "socket", 3, arg, mask, (uint32_t[]){ family, type, 0 });
	add_low(ctx, answer, "socket", 3, arg, mask, (uint32_t[]){ family, type, protocol });
}

static inline void add_pair(scmp_filter_ctx ctx, int answer, uint32_t type)
{
	static const unsigned arg[] = { 0, 1 };
	static const uint32_t mask[] = { UINT32_MAX, 0xf };

	add_low(ctx, answer, "socketpair", 2, arg, mask, (uint32_t[]){ AF_UNIX, type });
}

/* Where other families are refused: what passes. */
static inline void pass_sockets(scmp_filter_ctx ctx, const struct syscall_policy *policy)
{
	static const unsigned arg[] = { 0, 2 };
	static const uint32_t mask[] = { UINT32_MAX, UINT32_MAX };

	for (size_t i = 0; i < 2; i++) {
		uint32_t family = i == 0 ? AF_INET : AF_INET6;

		if (policy->allows_inet_stream)
			add_socket(ctx, 0, family, SOCK_STREAM, IPPROTO_TCP);
		if (policy->allows_inet_dgram)
			add_socket(ctx, 0, family, SOCK_DGRAM, IPPROTO_UDP);
	}
	if (policy->allows_unix) {
		add_one(ctx, 0, "socket", 0, UINT32_MAX, AF_UNIX);
		add_one(ctx, 0, "socketpair", 0, UINT32_MAX, AF_UNIX);
	}
	if (policy->allows_route_netlink)
		add_low(ctx, 0, "socket", 2, arg, mask, (uint32_t[]){ AF_NETLINK, 0 });
	add_pair(ctx, 0, SOCK_STREAM);
	add_pair(ctx, 0, SOCK_SEQPACKET);
}

/* Where other families pass: what is refused. */
static inline void deny_sockets(scmp_filter_ctx ctx, const struct syscall_policy *policy)
{
	static const unsigned arg[] = { 0, 1, 2 };
	static const uint32_t mask[] = { UINT32_MAX, 0xf, UINT32_MAX };

	for (size_t i = 0; i < 2; i++) {
		uint32_t family = i == 0 ? AF_INET : AF_INET6;

		if (!policy->allows_inet_stream)
			add_socket(ctx, EACCES, family, SOCK_STREAM, IPPROTO_TCP);
		if (!policy->allows_inet_dgram)
			add_socket(ctx, EACCES, family, SOCK_DGRAM, IPPROTO_UDP);
		if (policy->refuses_tcp_kin)
			add_low(ctx, EACCES, "socket", 3, arg, mask,
				(uint32_t[]){ family, SOCK_STREAM, IPPROTO_MPTCP });
	}
	if (policy->refuses_tcp_kin)
		add_one(ctx, EACCES, "socket", 0, UINT32_MAX, AF_SMC);
	if (policy->allows_unix)
		return;
	add_one(ctx, EACCES, "socket", 0, UINT32_MAX, AF_UNIX);
	for (uint32_t type = 0; type < 16; type++)
		if (type != SOCK_STREAM && type != SOCK_SEQPACKET)
			add_pair(ctx, EACCES, type);
}

/* Both filters of a policy; cmocka fails the test if libseccomp does not build them. */
static inline void build_oracle(const struct syscall_policy *policy, struct oracle *ret_oracle)
{
	scmp_filter_ctx denials = new_context(policy->arch, SCMP_ACT_ALLOW);
	scmp_filter_ctx passes = new_context(policy->arch, SCMP_ACT_ERRNO(EACCES));

	for (size_t i = 0; i < COUNT(plain_groups); i++)
		if (!policy->allows_group[plain_groups[i].group])
			add_names(denials, plain_groups[i].answer, plain_groups[i].names);
	if (!policy->allows_group[GROUP_MOUNT] && seccomp_arch_native() == scmp_archs[policy->arch])
		assert_int_equal(
			seccomp_rule_add(denials, SCMP_ACT_ERRNO(EACCES), OPEN_TREE_ATTR, 0), 0);
	if (policy->refuses_ptrace)
		add_names(denials, EACCES, ptrace_names);
	if (policy->is_strict) {
		add_names(denials, EACCES, rare_names);
		for (size_t i = 0;
		     i < COUNT(rare_numbers) && seccomp_arch_native() == scmp_archs[policy->arch];
		     i++)
			assert_int_equal(seccomp_rule_add(denials, SCMP_ACT_ERRNO(ENOSYS),
							  rare_numbers[i], 0),
					 0);
	}
	if (policy->refuses_path_truncate) {
		add_names(denials, EACCES, "truncate");
		add_names(denials, ENOSYS, "openat2");
	}
	if (policy->refuses_listen)
		add_names(denials, EACCES, "listen");
	deny_by_arguments(denials, policy);
	pass_by_arguments(passes);
	if (policy->filters_sockets && policy->refuses_other_net)
		pass_sockets(passes, policy);
	else if (policy->filters_sockets)
		deny_sockets(denials, policy);
	export_program(denials, &ret_oracle->denials);
	export_program(passes, &ret_oracle->passes);
}

static inline bool is_named(const char *name, enum arch arch, uint32_t nr)
{
	return seccomp_syscall_resolve_name_arch(scmp_archs[arch], name) == (int)nr;
}

/* True for a number that libseccomp has no name for. */
static inline bool is_nameless(uint32_t nr)
{
	return nr == OPEN_TREE_ATTR || nr == STATMOUNT || nr == LISTMOUNT || nr == LISTNS;
}

/* Whether `passes` knows about a call, rather than `denials`. */
static inline bool asks_passes(const struct syscall_policy *policy, uint32_t nr)
{
	enum arch arch = policy->arch;

	if (is_named("unshare", arch, nr))
		return !policy->allows_group[GROUP_USER_NAMESPACES];
	if (is_named("personality", arch, nr))
		return !policy->allows_group[GROUP_PERSONALITY];
	if (is_named("prlimit64", arch, nr))
		return !policy->allows_group[GROUP_PRLIMIT_OTHERS];
	if (is_named("socket", arch, nr) || is_named("socketpair", arch, nr))
		return policy->filters_sockets && policy->refuses_other_net;
	return false;
}

#endif
