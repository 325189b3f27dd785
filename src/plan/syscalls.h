/* SPDX-License-Identifier: MIT */
/*
 * syscalls.h - which system calls are refused, decided from the profile; pure.
 *
 * The verdict on a call is allow, unless a rule of the policy refuses it. Some
 * calls are decided by their arguments: always at the width the kernel uses (32
 * bits for ioctl requests, socket families and flags; CVE-2019-10063 and
 * CVE-2019-7303 were filters that compared 64). Numbers newer than this table
 * answer ENOSYS, so that a call that did not exist when croft was built cannot
 * be a way around it; programs live with that as with an older kernel.
 */
#ifndef CROFT_PLAN_SYSCALLS_H
#define CROFT_PLAN_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "profile/profile.h"
#include "sys/abi.h"

/* The first number that this table does not know: everything from here answers ENOSYS. */
#define SYSCALL_FIRST_UNKNOWN 472

/* What the filter is to do, in the words of the promises. Built by plan_build. */
struct syscall_policy {
	enum arch arch;
	bool is_off; /* no filter at all: every promise that needs one is off */
	bool allows_group[GROUP_MAX];
	bool is_strict; /* what few programs need is refused, too */
	/* one bit for each number that the profile refuses by name, whatever the arguments */
	uint8_t refused[SYSCALL_FIRST_UNKNOWN / 8 + 1];
	bool refuses_ptrace; /* where Landlock does not keep ptrace inside; and if strict */
	bool refuses_path_truncate; /* by name and without write access: below Landlock ABI 3 */

	/* TCP, UDP and Unix sockets are decided by their own flag, all others by the last. */
	bool filters_sockets; /* false: the six below mean nothing */
	bool allows_inet_stream; /* AF_INET, AF_INET6: SOCK_STREAM with protocol 0 or TCP */
	bool allows_inet_dgram; /* SOCK_DGRAM with protocol 0 or UDP */
	bool allows_unix; /* sockets and datagram pairs; stream pairs always pass */
	bool allows_route_netlink; /* NETLINK_ROUTE, though other families are refused */
	bool refuses_other_net; /* every family, type and protocol not named above */
	bool refuses_tcp_kin; /* of those, MPTCP and SMC: TCP ports that Landlock does not see */
	bool refuses_listen;
	bool refuses_fastopen; /* MSG_FASTOPEN in sendto, sendmsg, sendmmsg */
	/* setsockopt TCP_ULP: a TCP socket could become an SMC one, which Landlock does not see */
	bool refuses_tcp_ulp;
};

enum call_verdict {
	VERDICT_ALLOW,
	VERDICT_EACCES, /* refused; the errno a user can search for */
	VERDICT_ENOSYS, /* refused in the way that programs know how to live with */
	VERDICT_KILL, /* a foreign architecture */
	VERDICT_MAX
};

enum arg_check {
	CHECK_NONE,
	CHECK_IOCTL, /* args[1] */
	CHECK_SOCKET, /* family, type, protocol */
	CHECK_SOCKETPAIR,
	CHECK_CLONE, /* args[0]: SYSCALL_CLONE_NAMESPACES */
	CHECK_UNSHARE, /* args[0]: anything but SYSCALL_UNSHARE_PLAIN */
	CHECK_PERSONALITY, /* args[0]: 0 and 0xffffffff pass */
	CHECK_PRLIMIT, /* args[0] != 0 and args[2] != 0 */
	CHECK_SEND_FLAGS_2, /* sendmsg: args[2] */
	CHECK_SEND_FLAGS_3, /* sendto, sendmmsg: args[3] */
	CHECK_OPEN_FLAGS_1, /* open: args[1], see SYSCALL_OPEN_MASK */
	CHECK_OPEN_FLAGS_2, /* openat: args[2] */
	CHECK_SETSOCKOPT, /* args[1] level, args[2] name: TCP_ULP */
	CHECK_MAX
};

/*
 * CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET. NEWTIME is not for
 * clone: there its bit is part of the exit signal.
 */
#define SYSCALL_CLONE_NAMESPACES 0x7e020000U
/*
 * CLONE_VM, FS, FILES, SIGHAND, THREAD, SYSVSEM: what unshare takes that makes no
 * namespace. All else is refused, known or not, because flags for namespaces are
 * still added: NEWTIME (0x80, since 5.6), UNSHARE_EMPTY_MNTNS (0x100000, since 7.1).
 */
#define SYSCALL_UNSHARE_PLAIN 0x00050f00U
/*
 * O_TRUNC and O_ACCMODE, the same numbers on both architectures. O_TRUNC with neither
 * O_WRONLY nor O_RDWR is refused: it truncates, and Landlock without its truncate right
 * asks for no write right. Access mode 3, which neither reads nor writes, asks for no
 * right at all (so on 6.18).
 */
#define SYSCALL_OPEN_MASK 01003U
#define SYSCALL_OPEN_TRUNC_RDONLY 01000U
#define SYSCALL_OPEN_TRUNC_NONE 01003U

/* What in a policy refuses a call: one of enum syscall_group, or one of these. */
enum syscall_rule {
	REFUSES_PTRACE = GROUP_MAX, /* refuses_ptrace */
	REFUSES_RARE, /* is_strict */
	REFUSES_PATH_TRUNCATE, /* refuses_path_truncate */
	REFUSES_SOCKETS, /* filters_sockets */
	REFUSES_LISTEN, /* refuses_listen */
	REFUSES_FASTOPEN, /* refuses_fastopen */
	REFUSES_TCP_ULP, /* refuses_tcp_ulp */
	REFUSES_MAX
};

/* One system call that some policy refuses or decides by arguments. */
struct syscall_entry {
	const char *name;
	int16_t nr[ARCH_MAX]; /* -1: the architecture has no such call */
	uint8_t rule; /* enum syscall_group or enum syscall_rule */
	uint8_t verdict; /* enum call_verdict, unless the rule is off or the check lets it pass */
	uint8_t check; /* enum arg_check */
};

extern const struct syscall_entry syscall_entries[];
extern const size_t n_syscall_entries;

/* Every call by its name, sorted. */
struct syscall_number {
	const char *name;
	int16_t nr[ARCH_MAX]; /* -1: the architecture has no such call */
};

extern const struct syscall_number syscall_numbers[];
extern const size_t n_syscall_numbers;

/* The call of that name, or NULL. */
const struct syscall_number *syscall_find(const char *name);
/* The name of a call within an edit distance of 2, or NULL. */
const char *syscall_nearest(const char *name);

/*
 * Refuses a call by name. -EINVAL if there is none, -EBUSY if a command could not be started
 * without it. A call that the architecture does not have is refused as it is.
 */
int syscall_policy_refuse(struct syscall_policy *policy, const char *name);

/*
 * The verdict that the policy means for one call with these arguments, decided
 * directly from the tables and not through BPF: `why` and the tests use it.
 * `audit_arch` is the AUDIT_ARCH value the call is made with.
 */
enum call_verdict syscall_policy_verdict(const struct syscall_policy *policy, uint32_t audit_arch,
					 uint32_t nr, const uint64_t args[6]);

struct syscall_range {
	uint32_t first;
	uint32_t last; /* inclusive */
	enum call_verdict
		verdict; /* never VERDICT_ALLOW; with a check: what the check refuses with */
	enum arg_check check;
};

/* Each number is in one range, and the unknown ones are one more. */
#define SYSCALL_MAX_RANGES (SYSCALL_FIRST_UNKNOWN + 1)

/*
 * The numbers that are not simply allowed, for the filter builder: sorted ranges that do
 * not overlap; neighbours with the same verdict are one range, a range with a check is one
 * number. The last is SYSCALL_FIRST_UNKNOWN to UINT32_MAX. Returns the number of ranges; 0
 * when the policy is off.
 */
size_t syscall_policy_ranges(const struct syscall_policy *policy,
			     struct syscall_range ret_ranges[SYSCALL_MAX_RANGES]);

#endif
