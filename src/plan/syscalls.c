/* SPDX-License-Identifier: MIT */
/*
 * syscalls.c - from a policy to verdicts on system calls.
 *
 * Two readers of one table (syscall_table.c). syscall_policy_verdict decides one
 * call with its arguments, in C: it is what the policy means. syscall_policy_ranges
 * lists what is not simply allowed, for the filter builder. The builder writes the
 * argument checks once more as BPF instructions; the tests run every call through both.
 *
 * Arguments come from the command and are hostile. Each check masks its argument
 * to the width that the kernel uses before it compares.
 */
#include "plan/syscalls.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

static bool rule_applies(const struct syscall_policy *policy, unsigned rule)
{
	if (rule < GROUP_MAX)
		return !policy->allows_group[rule];
	switch ((enum syscall_rule)rule) {
	case REFUSES_PTRACE:
		return policy->refuses_ptrace;
	case REFUSES_RARE:
		return policy->is_strict;
	case REFUSES_PATH_TRUNCATE:
		return policy->refuses_path_truncate;
	case REFUSES_SOCKETS:
		return policy->filters_sockets;
	case REFUSES_LISTEN:
		return policy->refuses_listen;
	case REFUSES_FASTOPEN:
		return policy->refuses_fastopen;
	case REFUSES_TCP_ULP:
		return policy->refuses_tcp_ulp;
	case REFUSES_MAX:
		break;
	}
	return true;
}

static bool is_tcp_kin(uint32_t family, uint32_t type, uint32_t protocol)
{
	return family == AF_SMC || ((family == AF_INET || family == AF_INET6) &&
				    type == SOCK_STREAM && protocol == ABI_IPPROTO_MPTCP);
}

static bool socket_passes(const struct syscall_policy *policy, uint32_t family, uint32_t type,
			  uint32_t protocol)
{
	type &= ABI_SOCK_TYPE_MASK;
	if (family == AF_UNIX)
		return policy->allows_unix;
	if (family == AF_INET || family == AF_INET6) {
		if (type == SOCK_STREAM && (protocol == 0 || protocol == IPPROTO_TCP))
			return policy->allows_inet_stream;
		if (type == SOCK_DGRAM && (protocol == 0 || protocol == IPPROTO_UDP))
			return policy->allows_inet_dgram;
	}
	if (family == AF_NETLINK && protocol == 0 && policy->allows_route_netlink)
		return true;
	if (policy->refuses_tcp_kin && is_tcp_kin(family, type, protocol))
		return false;
	return !policy->refuses_other_net;
}

/* A datagram pair can sendto() any path; and SOCK_RAW of AF_UNIX is a datagram socket, too. */
static bool socketpair_passes(const struct syscall_policy *policy, uint32_t family, uint32_t type)
{
	type &= ABI_SOCK_TYPE_MASK;
	if (family != AF_UNIX)
		return !policy->refuses_other_net;
	return type == SOCK_STREAM || type == SOCK_SEQPACKET || policy->allows_unix;
}

static bool ioctl_passes(uint32_t request)
{
	return request != ABI_TIOCSTI && request != ABI_TIOCLINUX && request != ABI_TIOCCONS &&
	       request != ABI_TIOCSETD;
}

static bool open_passes(uint32_t flags)
{
	flags &= SYSCALL_OPEN_MASK;
	return flags != SYSCALL_OPEN_TRUNC_RDONLY && flags != SYSCALL_OPEN_TRUNC_NONE;
}

/* Whether the arguments make a call harmless that its rule refuses. */
static bool check_passes(const struct syscall_policy *policy, enum arg_check check,
			 const uint64_t args[6])
{
	uint32_t low[4] = { (uint32_t)args[0], (uint32_t)args[1], (uint32_t)args[2],
			    (uint32_t)args[3] };

	switch (check) {
	case CHECK_IOCTL:
		return ioctl_passes(low[1]);
	case CHECK_SOCKET:
		return socket_passes(policy, low[0], low[1], low[2]);
	case CHECK_SOCKETPAIR:
		return socketpair_passes(policy, low[0], low[1]);
	case CHECK_CLONE:
		return (low[0] & SYSCALL_CLONE_NAMESPACES) == 0;
	case CHECK_UNSHARE:
		return (low[0] & ~SYSCALL_UNSHARE_PLAIN) == 0;
	case CHECK_PERSONALITY:
		return low[0] == 0 || low[0] == UINT32_MAX;
	case CHECK_PRLIMIT:
		return low[0] == 0 || args[2] == 0;
	case CHECK_SEND_FLAGS_2:
		return (low[2] & ABI_MSG_FASTOPEN) == 0;
	case CHECK_SEND_FLAGS_3:
		return (low[3] & ABI_MSG_FASTOPEN) == 0;
	case CHECK_OPEN_FLAGS_1:
		return open_passes(low[1]);
	case CHECK_OPEN_FLAGS_2:
		return open_passes(low[2]);
	case CHECK_SETSOCKOPT:
		return low[1] != IPPROTO_TCP || low[2] != ABI_TCP_ULP;
	case CHECK_NONE:
	case CHECK_MAX:
		break;
	}
	return false;
}

/*
 * What croft calls itself when the filter is installed (launch/child.c), and what a program's first
 * instructions cannot do without: with it refused nothing would start, and nothing would say
 * why.
 */
static const char *const needed[] = {
	"arch_prctl", "brk",  "close",     "execve",       "exit",           "exit_group", "mmap",
	"mprotect",   "read", "prlimit64", "rt_sigreturn", "rt_sigprocmask", "write",
};

int syscall_policy_refuse(struct syscall_policy *policy, const char *name)
{
	const struct syscall_number *call = syscall_find(name);

	if (!call)
		return -EINVAL;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (!strcmp(needed[i], name))
			return -EBUSY;
	if (call->nr[policy->arch] >= 0)
		policy->refused[call->nr[policy->arch] / 8] |=
			(uint8_t)(1U << call->nr[policy->arch] % 8);
	return 0;
}

static bool is_refused_by_name(const struct syscall_policy *policy, uint32_t nr)
{
	return policy->refused[nr / 8] & 1U << nr % 8;
}

enum call_verdict syscall_policy_verdict(const struct syscall_policy *policy, uint32_t audit_arch,
					 uint32_t nr, const uint64_t args[6])
{
	static const uint32_t audit_archs[ARCH_MAX] = {
		[ARCH_X86_64] = ABI_AUDIT_ARCH_X86_64,
		[ARCH_AARCH64] = ABI_AUDIT_ARCH_AARCH64,
	};

	if (policy->is_off)
		return VERDICT_ALLOW;
	if (audit_arch != audit_archs[policy->arch])
		return VERDICT_KILL;
	if (nr >= SYSCALL_FIRST_UNKNOWN)
		return VERDICT_ENOSYS;
	for (size_t i = 0; i < n_syscall_entries; i++) {
		const struct syscall_entry *entry = &syscall_entries[i];

		if (entry->nr[policy->arch] != (int)nr)
			continue;
		/* with the answer that its users know how to live with */
		if (is_refused_by_name(policy, nr))
			return entry->verdict;
		if (!rule_applies(policy, entry->rule) || check_passes(policy, entry->check, args))
			return VERDICT_ALLOW;
		return entry->verdict;
	}
	return is_refused_by_name(policy, nr) ? VERDICT_EACCES : VERDICT_ALLOW;
}

/* What one number meets: VERDICT_ALLOW and no check for most. */
static struct syscall_range meet(const struct syscall_policy *policy, uint32_t nr,
				 const struct syscall_entry *entry)
{
	struct syscall_range range = { nr, nr, VERDICT_ALLOW, CHECK_NONE };

	if (is_refused_by_name(policy, nr)) {
		range.verdict = entry ? entry->verdict : VERDICT_EACCES;
	} else if (entry && rule_applies(policy, entry->rule)) {
		range.verdict = entry->verdict;
		range.check = entry->check;
	}
	return range;
}

size_t syscall_policy_ranges(const struct syscall_policy *policy,
			     struct syscall_range ret_ranges[SYSCALL_MAX_RANGES])
{
	uint8_t slots[SYSCALL_FIRST_UNKNOWN] = { 0 }; /* 1 + index of the entry; 0: none */
	size_t n = 0;

	if (policy->is_off)
		return 0;
	for (size_t i = 0; i < n_syscall_entries; i++)
		if (syscall_entries[i].nr[policy->arch] >= 0)
			slots[syscall_entries[i].nr[policy->arch]] = (uint8_t)(i + 1);
	for (uint32_t nr = 0; nr < SYSCALL_FIRST_UNKNOWN; nr++) {
		const struct syscall_range range =
			meet(policy, nr, slots[nr] ? &syscall_entries[slots[nr] - 1] : NULL);
		struct syscall_range *last = n > 0 ? &ret_ranges[n - 1] : NULL;

		if (range.verdict == VERDICT_ALLOW)
			continue;
		if (last != NULL && last->last + 1 == nr && last->check == CHECK_NONE &&
		    range.check == CHECK_NONE && last->verdict == range.verdict) {
			last->last = nr;
			continue;
		}
		ret_ranges[n++] = range;
	}
	ret_ranges[n++] = (struct syscall_range){ SYSCALL_FIRST_UNKNOWN, UINT32_MAX, VERDICT_ENOSYS,
						  CHECK_NONE };
	return n;
}
