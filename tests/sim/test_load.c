/* SPDX-License-Identifier: MIT */
/*
 * test_load.c - filters in a real kernel, each in a child of its own.
 *
 * Three things: the kernel takes every program that we build; real calls get the
 * answer that the policy promises, where the same call gets the kernel's own answer
 * once the policy permits it; and the interpreter of the other tests agrees with
 * the kernel on random programs, sound and unsound.
 *
 * The calls are made with arguments that do nothing even to root: a bad pointer, a bad
 * descriptor, an unknown flag. A row whose plain answer is the refusal itself cannot be
 * told apart on this host; it says so and is not counted.
 */
#include "enforce/bpf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define HIGH (1L << 32)
#define BAD 1L /* a pointer to nothing */
#define MPTCP 262
#define N_RANDOM 2000 /* random programs; each costs a fork */
#define MAX_ERRNO 4095 /* the kernel makes larger ones this */

/* What happened in a child. Written by it into shared memory: no call is needed for that. */
struct outcome {
	int load; /* of the filter: 0 or -errno */
	long result; /* of the call: its value or -errno */
	int status; /* of the child, as from waitpid */
};

static struct outcome *shared;

struct call {
	long nr;
	long args[6];
};

static int load_filter(const struct sock_filter *filter, size_t n)
{
	struct sock_fprog prog = { (unsigned short)n, (struct sock_filter *)(uintptr_t)filter };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0 ? -errno : 0;
}

static long make_call(const struct call *call)
{
	long result = syscall(call->nr, call->args[0], call->args[1], call->args[2], call->args[3],
			      call->args[4], call->args[5]);

	return result < 0 ? -errno : result;
}

/* Runs one call in a child behind a filter; without one if `filter` is NULL. */
static struct outcome run_call(const struct sock_filter *filter, size_t n,
			       long (*fn)(const struct call *), const struct call *call)
{
	struct outcome outcome;
	pid_t pid;

	*shared = (struct outcome){ .load = -ECHILD };
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		shared->load = filter == NULL ? 0 : load_filter(filter, n);
		if (shared->load == 0)
			shared->result = fn(call);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &outcome.status, 0), pid);
	outcome.load = shared->load;
	outcome.result = shared->result;
	return outcome;
}

static struct syscall_policy refuse_all(void)
{
	return (struct syscall_policy){
		.arch = ARCH_NATIVE,
		.refuses_ptrace = true,
		.refuses_path_truncate = true,
		.filters_sockets = true,
		.refuses_other_net = true,
		.refuses_listen = true,
		.refuses_fastopen = true,
		.refuses_tcp_ulp = true,
	};
}

/* What has to be permitted for a call to pass: a group of calls, or one of these. */
enum permit {
	PERMIT_PTRACE = GROUP_MAX,
	PERMIT_TRUNCATE,
	PERMIT_STREAM,
	PERMIT_DGRAM,
	PERMIT_UNIX,
	PERMIT_ROUTE,
	PERMIT_OTHER,
	PERMIT_LISTEN,
	PERMIT_FASTOPEN,
	PERMIT_TCP_ULP,
};

static void permit(struct syscall_policy *policy, unsigned what)
{
	if (what < GROUP_MAX)
		policy->allows_group[what] = true;
	policy->refuses_ptrace = what != PERMIT_PTRACE;
	policy->refuses_path_truncate = what != PERMIT_TRUNCATE;
	policy->allows_inet_stream = what == PERMIT_STREAM;
	policy->allows_inet_dgram = what == PERMIT_DGRAM;
	policy->allows_unix = what == PERMIT_UNIX;
	policy->allows_route_netlink = what == PERMIT_ROUTE;
	policy->refuses_other_net = what != PERMIT_OTHER;
	policy->refuses_listen = what != PERMIT_LISTEN;
	policy->refuses_fastopen = what != PERMIT_FASTOPEN;
	policy->refuses_tcp_ulp = what != PERMIT_TCP_ULP;
}

static struct outcome run_policy(const struct syscall_policy *policy, const struct call *call)
{
	struct sock_filter filter[BPF_MAX_FILTER];
	int n = filter_build(policy, filter, NULL);

	assert_in_range(n, 1, BPF_MAX_FILTER);
	return run_call(filter, (size_t)n, make_call, call);
}

static long pair[2];
static struct rlimit limit;
static char null_name[] = "/dev/null";

#define NULL_NAME ((long)null_name)

/* Refused by refuse_all, and the kernel's own business once `permit` is given. */
static const struct {
	const char *what;
	unsigned permit;
	int refused;
	struct call call;
} refused_calls[] = {
	{ "unshare", GROUP_USER_NAMESPACES, EACCES, { SYS_unshare, { CLONE_NEWUTS } } },
	{ "unshare, time", GROUP_USER_NAMESPACES, EACCES, { SYS_unshare, { 0x80 } } },
	{ "clone", GROUP_USER_NAMESPACES, EACCES, { SYS_clone, { CLONE_NEWNS | CLONE_FS } } },
	{ "setns", GROUP_USER_NAMESPACES, EACCES, { SYS_setns, { -1 } } },
	{ "clone3", GROUP_USER_NAMESPACES, ENOSYS, { SYS_clone3, { 0 } } },
	{ "mount", GROUP_MOUNT, EACCES, { SYS_mount, { 0 } } },
	{ "umount2", GROUP_MOUNT, EACCES, { SYS_umount2, { BAD } } },
	{ "pivot_root", GROUP_MOUNT, EACCES, { SYS_pivot_root, { BAD, BAD } } },
	{ "chroot", GROUP_MOUNT, EACCES, { SYS_chroot, { BAD } } },
	{ "open_tree", GROUP_MOUNT, EACCES, { 428, { -1, BAD, 0 } } },
	{ "move_mount", GROUP_MOUNT, EACCES, { 429, { -1, BAD, -1, BAD, -1 } } },
	{ "fsopen", GROUP_MOUNT, EACCES, { 430, { BAD, -1 } } },
	{ "fsconfig", GROUP_MOUNT, EACCES, { 431, { -1 } } },
	{ "fsmount", GROUP_MOUNT, EACCES, { 432, { -1, -1 } } },
	{ "fspick", GROUP_MOUNT, EACCES, { 433, { -1, BAD, -1 } } },
	{ "mount_setattr", GROUP_MOUNT, EACCES, { 442, { -1 } } },
	{ "open_tree_attr", GROUP_MOUNT, EACCES, { 467, { -1, BAD } } },
	{ "io_uring_setup", GROUP_IO_URING, ENOSYS, { SYS_io_uring_setup, { 0, BAD } } },
	{ "add_key", GROUP_KEYRING, EACCES, { SYS_add_key, { BAD, BAD } } },
	{ "keyctl", GROUP_KEYRING, EACCES, { SYS_keyctl, { 9999 } } },
	{ "shmget", GROUP_SYSV_IPC, EACCES, { SYS_shmget, { 0, 0, 0 } } },
	{ "shmat", GROUP_SYSV_IPC, EACCES, { SYS_shmat, { -1 } } },
	{ "semget", GROUP_SYSV_IPC, EACCES, { SYS_semget, { 0, -1 } } },
	{ "msgsnd", GROUP_SYSV_IPC, EACCES, { SYS_msgsnd, { -1, BAD, -1 } } },
	{ "bpf", GROUP_BPF, EACCES, { SYS_bpf, { -1 } } },
	{ "perf_event_open", GROUP_PERF, EACCES, { SYS_perf_event_open, { BAD, 0, 0, 0, -1 } } },
	{ "userfaultfd", GROUP_USERFAULTFD, EACCES, { SYS_userfaultfd, { -1 } } },
	{ "personality", GROUP_PERSONALITY, EACCES, { SYS_personality, { 0x0040000 } } },
	{ "init_module", GROUP_KERNEL, EACCES, { SYS_init_module, { BAD, 0, BAD } } },
	{ "finit_module", GROUP_KERNEL, EACCES, { SYS_finit_module, { -1, BAD, -1 } } },
	{ "kexec_load", GROUP_KERNEL, EACCES, { SYS_kexec_load, { 0, 0, 0, 0xfff8 } } },
	{ "reboot", GROUP_KERNEL, EACCES, { SYS_reboot, { 0 } } },
	{ "swapon", GROUP_KERNEL, EACCES, { SYS_swapon, { BAD } } },
	{ "acct", GROUP_KERNEL, EACCES, { SYS_acct, { BAD } } },
	{ "settimeofday", GROUP_KERNEL, EACCES, { SYS_settimeofday, { BAD } } },
	{ "clock_settime", GROUP_KERNEL, EACCES, { SYS_clock_settime, { -1, BAD } } },
	{ "quotactl", GROUP_KERNEL, EACCES, { SYS_quotactl, { -1, BAD } } },
	{ "open_by_handle_at", GROUP_KERNEL, EACCES, { SYS_open_by_handle_at, { -1, BAD } } },
	{ "fanotify_init", GROUP_KERNEL, EACCES, { SYS_fanotify_init, { -1, -1 } } },
	{ "syslog", GROUP_KERNEL, EACCES, { SYS_syslog, { -1 } } },
	{ "sethostname", GROUP_KERNEL, EACCES, { SYS_sethostname, { BAD, -1 } } },
	{ "TIOCSTI", GROUP_TERMINAL, EACCES, { SYS_ioctl, { -1, TIOCSTI } } },
	{ "TIOCSTI above 32 bits", GROUP_TERMINAL, EACCES, { SYS_ioctl, { -1, HIGH | TIOCSTI } } },
	{ "TIOCLINUX", GROUP_TERMINAL, EACCES, { SYS_ioctl, { -1, TIOCLINUX } } },
	{ "prlimit64", GROUP_PRLIMIT_OTHERS, EACCES, { SYS_prlimit64, { 1, RLIMIT_CORE, BAD } } },
	{ "ptrace", PERMIT_PTRACE, EACCES, { SYS_ptrace, { 1 } } },
	{ "process_vm_readv", PERMIT_PTRACE, EACCES, { SYS_process_vm_readv, { -1 } } },
	{ "kcmp", PERMIT_PTRACE, EACCES, { SYS_kcmp, { -1, -1 } } },
	{ "pidfd_getfd", PERMIT_PTRACE, EACCES, { 438, { -1 } } },
	{ "process_madvise", PERMIT_PTRACE, EACCES, { 440, { -1 } } },
	{ "truncate", PERMIT_TRUNCATE, EACCES, { SYS_truncate, { NULL_NAME } } },
	{ "openat to truncate",
	  PERMIT_TRUNCATE,
	  EACCES,
	  { SYS_openat, { AT_FDCWD, NULL_NAME, O_TRUNC } } },
	{ "openat to truncate without reading",
	  PERMIT_TRUNCATE,
	  EACCES,
	  { SYS_openat, { AT_FDCWD, NULL_NAME, HIGH | O_TRUNC | 3 } } },
	{ "openat2", PERMIT_TRUNCATE, ENOSYS, { 437, { AT_FDCWD, NULL_NAME } } },
	{ "TCP", PERMIT_STREAM, EACCES, { SYS_socket, { AF_INET, SOCK_STREAM } } },
	{ "TCP by number",
	  PERMIT_STREAM,
	  EACCES,
	  { SYS_socket, { HIGH | AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP } } },
	{ "UDP", PERMIT_DGRAM, EACCES, { SYS_socket, { AF_INET6, SOCK_DGRAM } } },
	{ "Unix", PERMIT_UNIX, EACCES, { SYS_socket, { AF_UNIX, SOCK_STREAM } } },
	{ "a pair of datagrams",
	  PERMIT_UNIX,
	  EACCES,
	  { SYS_socketpair, { AF_UNIX, SOCK_DGRAM, 0, (long)pair } } },
	{ "a raw pair",
	  PERMIT_UNIX,
	  EACCES,
	  { SYS_socketpair, { AF_UNIX, SOCK_RAW, 0, (long)pair } } },
	{ "route netlink", PERMIT_ROUTE, EACCES, { SYS_socket, { AF_NETLINK, SOCK_RAW } } },
	{ "another netlink", PERMIT_OTHER, EACCES, { SYS_socket, { AF_NETLINK, SOCK_RAW, 15 } } },
	{ "MPTCP", PERMIT_OTHER, EACCES, { SYS_socket, { AF_INET, SOCK_STREAM, MPTCP } } },
	{ "SCTP", PERMIT_OTHER, EACCES, { SYS_socket, { AF_INET, SOCK_STREAM, IPPROTO_SCTP } } },
	{ "ping", PERMIT_OTHER, EACCES, { SYS_socket, { AF_INET, SOCK_DGRAM, IPPROTO_ICMP } } },
	{ "raw", PERMIT_OTHER, EACCES, { SYS_socket, { AF_INET, SOCK_RAW, IPPROTO_UDP } } },
	{ "packet", PERMIT_OTHER, EACCES, { SYS_socket, { AF_PACKET, SOCK_DGRAM } } },
	{ "vsock", PERMIT_OTHER, EACCES, { SYS_socket, { AF_VSOCK, SOCK_STREAM } } },
	{ "kernel crypto", PERMIT_OTHER, EACCES, { SYS_socket, { AF_ALG, SOCK_SEQPACKET } } },
	{ "listen", PERMIT_LISTEN, EACCES, { SYS_listen, { -1 } } },
	{ "fast open", PERMIT_FASTOPEN, EACCES, { SYS_sendto, { -1, 0, 0, MSG_FASTOPEN } } },
	{ "fast open msg", PERMIT_FASTOPEN, EACCES, { SYS_sendmsg, { -1, BAD, MSG_FASTOPEN } } },
	{ "fast open messages",
	  PERMIT_FASTOPEN,
	  EACCES,
	  { SYS_sendmmsg, { -1, BAD, 0, MSG_FASTOPEN } } },
	{ "TCP ULP", PERMIT_TCP_ULP, EACCES, { SYS_setsockopt, { -1, IPPROTO_TCP, TCP_ULP } } },
};

/* Passed by refuse_all: the answer is the kernel's. */
static const struct {
	const char *what;
	struct call call;
} passed_calls[] = {
	{ "read", { SYS_read, { -1 } } },
	{ "getppid", { SYS_getppid, { 0 } } },
	{ "unshare of what is no namespace", { SYS_unshare, { CLONE_FILES | CLONE_FS } } },
	{ "clone of a child that cannot be", { SYS_clone, { CLONE_THREAD } } },
	{ "personality that asks", { SYS_personality, { 0xffffffff } } },
	{ "own limits", { SYS_prlimit64, { 0, RLIMIT_CORE, 0, (long)&limit } } },
	{ "limits of others, read", { SYS_prlimit64, { 1, RLIMIT_CORE, 0, (long)&limit } } },
	{ "openat", { SYS_openat, { AT_FDCWD, NULL_NAME, O_RDONLY } } },
	{ "openat to write anew", { SYS_openat, { AT_FDCWD, NULL_NAME, O_WRONLY | O_TRUNC } } },
	{ "ftruncate", { SYS_ftruncate, { -1 } } },
	{ "ioctl", { SYS_ioctl, { -1, TCGETS } } },
	{ "a pair of streams", { SYS_socketpair, { AF_UNIX, SOCK_STREAM, 0, (long)pair } } },
	{ "a pair of packets",
	  { SYS_socketpair, { AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, (long)pair } } },
	{ "sendto", { SYS_sendto, { -1, 0, 0, MSG_NOSIGNAL } } },
	{ "connect", { SYS_connect, { -1 } } },
	{ "setsockopt", { SYS_setsockopt, { -1, IPPROTO_TCP, TCP_NODELAY } } },
	{ "setsockopt of another level", { SYS_setsockopt, { -1, SOL_SOCKET, TCP_ULP } } },
	{ "landlock_create_ruleset", { ABI_NR_LANDLOCK_CREATE_RULESET, { 0, 0, 1 } } },
	{ "seccomp", { SYS_seccomp, { 99 } } },
	{ "adjtimex", { SYS_adjtimex, { BAD } } },
	{ "memfd_create", { SYS_memfd_create, { NULL_NAME, 0 } } },
};

/* Descriptors may differ; errors may not. */
static bool is_same(struct outcome a, struct outcome b)
{
	return a.load == b.load && a.status == b.status &&
	       (a.result == b.result || (a.result >= 0 && b.result >= 0));
}

static void refused_calls_fail_and_pass_once_permitted(void **state)
{
	size_t n_told = 0;

	(void)state;
	for (size_t i = 0; i < COUNT(refused_calls); i++) {
		const char *what = refused_calls[i].what;
		struct syscall_policy policy = refuse_all();
		struct outcome plain = run_call(NULL, 0, make_call, &refused_calls[i].call);
		struct outcome refused = run_policy(&policy, &refused_calls[i].call), permitted;

		if (refused.load != 0 || refused.status != 0 ||
		    refused.result != -refused_calls[i].refused)
			fail_msg("%s: not refused: load %d, status %#x, result %ld", what,
				 refused.load, (unsigned)refused.status, refused.result);
		permit(&policy, refused_calls[i].permit);
		permitted = run_policy(&policy, &refused_calls[i].call);
		if (!is_same(plain, permitted))
			fail_msg("%s: permitted gives %ld, without a filter %ld", what,
				 permitted.result, plain.result);
		if (plain.result == -refused_calls[i].refused)
			print_message("%s: this host refuses it by itself\n", what);
		else
			n_told++;
	}
	/* A host may lack some of these calls, never most of them. */
	assert_in_range(n_told, COUNT(refused_calls) / 2, COUNT(refused_calls));
}

static void other_calls_get_the_kernels_answer(void **state)
{
	struct syscall_policy policy = refuse_all();

	(void)state;
	for (size_t i = 0; i < COUNT(passed_calls); i++) {
		struct outcome plain = run_call(NULL, 0, make_call, &passed_calls[i].call);
		struct outcome filtered = run_policy(&policy, &passed_calls[i].call);

		if (!is_same(plain, filtered) || plain.result == -EACCES || plain.result == -ENOSYS)
			fail_msg("%s: load %d, status %#x, result %ld; without a filter %ld",
				 passed_calls[i].what, filtered.load, (unsigned)filtered.status,
				 filtered.result, plain.result);
	}
}

static long fork_and_wait(const struct call *call)
{
	int status = -1;
	pid_t pid = fork();

	(void)call;
	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(7);
	return waitpid(pid, &status, 0) == pid ? WEXITSTATUS(status) : -errno;
}

static void a_confined_process_can_fork(void **state)
{
	struct syscall_policy policy = refuse_all();
	struct sock_filter filter[BPF_MAX_FILTER];
	int n = filter_build(&policy, filter, NULL);

	(void)state;
	assert_int_equal(run_call(filter, (size_t)n, fork_and_wait, NULL).result, 7);
}

#ifdef __x86_64__
/* getpid of i386, through the gate that 64-bit programs have, too. */
static long call_i386(const struct call *call)
{
	long result = 20;

	(void)call;
	__asm__ volatile("int $0x80" : "+a"(result) : : "memory", "r8", "r9", "r10", "r11");
	return result;
}

static void a_call_of_a_foreign_architecture_kills(void **state)
{
	struct syscall_policy policy = { .arch = ARCH_NATIVE };
	struct sock_filter filter[BPF_MAX_FILTER];
	struct outcome outcome = run_call(NULL, 0, call_i386, NULL);
	int n;

	(void)state;
	if (outcome.status != 0 || outcome.result <= 0) {
		print_message("this kernel has no i386 calls\n");
		skip();
	}
	memset(policy.allows_group, true, sizeof(policy.allows_group));
	n = filter_build(&policy, filter, NULL);
	outcome = run_call(filter, (size_t)n, call_i386, NULL);
	assert_int_equal(outcome.load, 0);
	assert_true(WIFSIGNALED(outcome.status));
	assert_int_equal(WTERMSIG(outcome.status), SIGSYS);
}
#endif

/* Every bit of `bits` turns one part of a policy around. */
static struct syscall_policy policy_from_bits(uint32_t bits)
{
	struct syscall_policy policy = {
		.arch = ARCH_NATIVE,
		.refuses_ptrace = bits & 1,
		.refuses_path_truncate = bits & 2,
		.filters_sockets = bits & 4,
		.allows_inet_stream = bits & 8,
		.allows_inet_dgram = bits & 16,
		.allows_unix = bits & 32,
		.allows_route_netlink = bits & 64,
		.refuses_other_net = bits & 128,
		.refuses_listen = bits & 256,
		.refuses_fastopen = bits & 512,
		.refuses_tcp_ulp = bits >> 22 & 1,
		.refuses_tcp_kin = bits >> 23 & 1,
	};

	for (size_t i = 0; i < GROUP_MAX; i++)
		policy.allows_group[i] = bits >> (10 + i) & 1;
	return policy;
}

static void the_kernel_takes_the_program_of_any_policy(void **state)
{
	static const struct call getppid_call = { SYS_getppid, { 0 } };

	(void)state;
	for (uint32_t i = 0, bits = 0; i < 200; i++, bits += 0x9e3779b1) {
		struct syscall_policy policy = policy_from_bits(i == 0 ? 0xc003ff : bits);
		struct outcome outcome;

		policy.is_off = i == 1;
		outcome = run_policy(&policy, &getppid_call);
		assert_int_equal(outcome.load, 0);
		assert_int_equal(outcome.status, 0);
		assert_int_equal(outcome.result, getpid());
	}
}

/* xorshift: the same programs at each run. */
static uint32_t random_word(void)
{
	static uint32_t word = 0x2545f491;

	word ^= word << 13;
	word ^= word >> 17;
	word ^= word << 5;
	return word;
}

static uint32_t random_below(uint32_t n)
{
	return random_word() % n;
}

/* One instruction, mostly one that is sound where it stands. */
static struct sock_filter random_instruction(size_t n_left)
{
	static const uint16_t sources[] = { BPF_K, BPF_X };
	static const uint16_t operations[] = { BPF_ADD, BPF_SUB, BPF_MUL, BPF_DIV, BPF_OR,
					       BPF_AND, BPF_LSH, BPF_RSH, BPF_XOR, BPF_NEG };
	static const uint16_t tests[] = { BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET };
	static const uint32_t constants[] = { 0,  1,  2,          5,          12,
					      31, 32, 0x7fffffff, 0x80000000, UINT32_MAX };
	static const uint32_t offsets[] = { 0, 4, 16, 20, 24, 28, 32, 40, 52, 60 };
	uint16_t source = sources[random_below(2)];
	uint32_t k = random_below(2) ? random_word() : constants[random_below(COUNT(constants))];
	uint8_t near = (uint8_t)(n_left > 0 ? random_below((uint32_t)n_left) : 0);

	switch (random_below(12)) {
	case 0:
		return (struct sock_filter){ BPF_LD | BPF_W | BPF_ABS, 0, 0,
					     offsets[random_below(COUNT(offsets))] };
	case 1:
		return (struct sock_filter){ random_below(2) ? BPF_LD : BPF_LDX, 0, 0, k };
	case 2:
		return (struct sock_filter){ BPF_MISC | (random_below(2) ? BPF_TAX : BPF_TXA), 0, 0,
					     0 };
	case 3:
		return (struct sock_filter){ random_below(2) ? BPF_ST : BPF_STX, 0, 0,
					     random_below(4) };
	case 4:
		return (struct sock_filter){ (uint16_t)((random_below(2) ? BPF_LD : BPF_LDX) |
							BPF_MEM),
					     0, 0, random_below(3) };
	case 5:
		return (struct sock_filter){ BPF_JMP | BPF_JA, 0, 0, near };
	case 6:
	case 7:
		return (struct sock_filter){ (uint16_t)(BPF_JMP | tests[random_below(4)] | source),
					     near, (uint8_t)(near / 2), k };
	case 8:
		return (struct sock_filter){
			(uint16_t)((random_below(2) ? BPF_LD : BPF_LDX) | BPF_W | BPF_LEN), 0, 0, 0
		};
	default:
		return (struct sock_filter){
			(uint16_t)(BPF_ALU | operations[random_below(COUNT(operations))] | source),
			0, 0, random_below(4) == 0 ? k : 1 + k % 31
		};
	}
}

/*
 * A program that answers all calls but getppid as if it were not there, and for getppid computes
 * something that ends as an errno, or in the case of unsound programs does not load.
 */
static size_t make_random_program(struct sock_filter code[32])
{
	size_t n = 0, n_body = 2 + random_below(12);

	code[n++] = (struct sock_filter){ BPF_LD | BPF_W | BPF_ABS, 0, 0, 0 };
	code[n++] = (struct sock_filter){ BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SYS_getppid };
	code[n++] = (struct sock_filter){ BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW };
	if (random_below(2))
		code[n++] = (struct sock_filter){ BPF_ST, 0, 0, random_below(3) };
	for (size_t i = 0; i < n_body; i++)
		code[n++] = random_instruction(n_body - i);
	/* Some of the twelve bits that an errno can show. */
	code[n++] = (struct sock_filter){ BPF_ALU | BPF_RSH | BPF_K, 0, 0, random_below(3) * 10 };
	code[n++] = (struct sock_filter){ BPF_ALU | BPF_AND | BPF_K, 0, 0, 0x7ff };
	code[n++] = (struct sock_filter){ BPF_ALU | BPF_OR | BPF_K, 0, 0, SECCOMP_RET_ERRNO };
	code[n++] = (struct sock_filter){ BPF_RET | BPF_A, 0, 0, 0 };
	if (random_below(4) == 0)
		code[3 + random_below((uint32_t)n - 3)].code = (uint16_t)random_below(256);
	if (random_below(8) == 0)
		code[3 + random_below((uint32_t)n - 3)].k = random_word();
	return n;
}

static void the_interpreter_agrees_with_the_kernel_on_random_programs(void **state)
{
	static const struct call call = {
		SYS_getppid, { 1, 0x7fffffff, HIGH | 3, -1, 0x5a5a5a5a5a5a5a5a, LONG_MIN }
	};
	static const uint32_t archs[ARCH_MAX] = { AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64 };
	struct seccomp_data data = { .nr = SYS_getppid, .arch = archs[ARCH_NATIVE] };
	size_t n_ran = 0, n_refused = 0, n_killed = 0;

	(void)state;
	memcpy(data.args, call.args, sizeof(data.args));
	for (size_t i = 0; i < N_RANDOM; i++) {
		struct sock_filter code[32];
		size_t n = make_random_program(code);
		int64_t said = filter_simulate(code, n, &data);
		struct outcome did = run_call(code, n, make_call, &call);

		if (said == -EINVAL) {
			assert_int_equal(did.load, -EINVAL);
			n_refused++;
		} else if ((said & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_ERRNO) {
			assert_int_equal(did.load, 0);
			assert_int_equal(did.status, 0);
			said &= SECCOMP_RET_DATA;
			assert_int_equal(did.result, said < MAX_ERRNO ? -said : -MAX_ERRNO);
			n_ran++;
		} else {
			/* 0 from a division, or what a changed instruction made of the answer. */
			assert_int_equal(did.load, 0);
			n_killed += said == 0;
			if (said == 0)
				assert_true(WIFSIGNALED(did.status) &&
					    WTERMSIG(did.status) == SIGSYS);
		}
	}
	print_message("random programs: %zu ran, %zu refused, %zu ended at a division\n", n_ran,
		      n_refused, n_killed);
	assert_true(n_ran > N_RANDOM / 4);
	assert_true(n_refused > N_RANDOM / 8);
	assert_true(n_killed > 0);
}

static int set_up(void **state)
{
	static const struct sock_filter allow[] = { { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW } };
	static const struct call call = { SYS_getppid, { 0 } };
	struct outcome outcome;

	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	assert_true(shared != MAP_FAILED);
	outcome = run_call(allow, 1, make_call, &call);
	if (outcome.load != 0)
		print_message("this host takes no seccomp filter: %s\n", strerror(-outcome.load));
	return outcome.load;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_kernel_takes_the_program_of_any_policy),
		cmocka_unit_test(refused_calls_fail_and_pass_once_permitted),
		cmocka_unit_test(other_calls_get_the_kernels_answer),
		cmocka_unit_test(a_confined_process_can_fork),
#ifdef __x86_64__
		cmocka_unit_test(a_call_of_a_foreign_architecture_kills),
#endif
		cmocka_unit_test(the_interpreter_agrees_with_the_kernel_on_random_programs),
	};

	return cmocka_run_group_tests_name("load", tests, set_up, NULL);
}
