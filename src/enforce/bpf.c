/* SPDX-License-Identifier: MIT */
/*
 * bpf.c - writes the filter program of a policy.
 *
 * The program, in the order the kernel runs it:
 *
 *	load the architecture; another than ours is killed
 *	load the number; a tree of "at least" tests leads to a short row of
 *	  "equals" tests, and from there to an answer or a check
 *	the argument checks, each once
 *	the answers: allow, EACCES, ENOSYS
 *
 * It is written backwards, from the last instruction to the first. Classic BPF only
 * jumps forward, so every target is known when a jump to it is written: no labels and
 * no second pass. An instruction is named by its distance from the end, and the three
 * answers are written first, in the order of enum call_verdict: an answer's name is its verdict.
 *
 * Size and depth both cost at start: the kernel checks and compiles each instruction, and
 * since 5.11 runs every native number through the program to find those that are always
 * allowed.
 *
 * Conditional jumps reach 255 instructions. The whole table stays below that (a test
 * builds it). With many calls refused by name it does not: then an answer is written once more,
 * and any other target gets an unconditional jump, which reaches far, nearer by. A program
 * that is longer than there is room is an error, never a wrong jump.
 */
#include "enforce/bpf.h"

#include <assert.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

/* Ranges tested one after another at the end of a path: more lengthens paths, fewer the program. */
#define ROW_MAX 4

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the low half of an argument comes first");
static_assert(VERDICT_ALLOW == 0 && VERDICT_EACCES == 1 && VERDICT_ENOSYS == 2,
	      "answers are named by their verdict");

#define OFFSET_NR ((uint32_t)offsetof(struct seccomp_data, nr))
#define OFFSET_ARCH ((uint32_t)offsetof(struct seccomp_data, arch))
#define OFFSET_LOW(n) ((uint32_t)(offsetof(struct seccomp_data, args) + (n) * sizeof(uint64_t)))
#define OFFSET_HIGH(n) (OFFSET_LOW(n) + (uint32_t)sizeof(uint32_t))

struct program {
	struct sock_filter code[BPF_MAX_FILTER]; /* filled from its end */
	unsigned n;
	bool is_too_long;
	unsigned checks[CHECK_MAX]; /* where each starts; 0 while unwritten */
	unsigned answers[VERDICT_KILL]; /* the last copy of each answer */
};

static unsigned put(struct program *program, uint16_t code, unsigned jt, unsigned jf, uint32_t k)
{
	if (program->n == BPF_MAX_FILTER || jt > UINT8_MAX || jf > UINT8_MAX) {
		program->is_too_long = true;
		return program->n - 1;
	}
	program->code[BPF_MAX_FILTER - 1 - program->n] =
		(struct sock_filter){ code, (uint8_t)jt, (uint8_t)jf, k };
	return program->n++;
}

static unsigned put_return(struct program *program, uint32_t answer)
{
	return put(program, BPF_RET | BPF_K, 0, 0, answer);
}

/* The target, or something within reach of the next two instructions that leads to it. */
static unsigned bring_near(struct program *program, unsigned target)
{
	static const uint32_t words[VERDICT_KILL] = {
		[VERDICT_ALLOW] = SECCOMP_RET_ALLOW,
		[VERDICT_EACCES] = SECCOMP_RET_ERRNO | EACCES,
		[VERDICT_ENOSYS] = SECCOMP_RET_ERRNO | ENOSYS,
	};

	if (target < VERDICT_KILL && program->answers[target])
		target = program->answers[target];
	if (program->n + 2 - target - 1 <= UINT8_MAX)
		return target;
	for (unsigned answer = 0; answer < VERDICT_KILL; answer++)
		if (target == answer || target == program->answers[answer])
			return program->answers[answer] = put_return(program, words[answer]);
	return put(program, BPF_JMP | BPF_JA, 0, 0, program->n - target - 1);
}

/* Compares the loaded word with k. Two equal targets need no instruction. */
static unsigned put_test(struct program *program, uint16_t op, uint32_t k, unsigned yes,
			 unsigned no)
{
	if (yes == no)
		return yes;
	yes = bring_near(program, yes);
	no = bring_near(program, no);
	return put(program, BPF_JMP | op | BPF_K, program->n - yes - 1, program->n - no - 1, k);
}

/* These two go on to `next`, which is an answer (they are not needed then) or was just written. */
static unsigned put_load(struct program *program, uint32_t offset, unsigned next)
{
	if (next < VERDICT_KILL)
		return next;
	assert(next + 1 == program->n);
	return put(program, BPF_LD | BPF_W | BPF_ABS, 0, 0, offset);
}

static unsigned put_mask(struct program *program, uint32_t mask, unsigned next)
{
	if (next < VERDICT_KILL)
		return next;
	assert(next + 1 == program->n);
	return put(program, BPF_ALU | BPF_AND | BPF_K, 0, 0, mask);
}

/* Compares args[2] with 0, which is the default of each type, and with `protocol`. */
static unsigned put_protocol(struct program *program, uint32_t protocol, unsigned yes, unsigned no)
{
	unsigned next = put_test(program, BPF_JEQ, protocol, yes, no);

	next = protocol == 0 ? next : put_test(program, BPF_JEQ, 0, yes, next);
	return put_load(program, OFFSET_LOW(2), next);
}

static unsigned put_socket(struct program *program, const struct syscall_policy *policy)
{
	unsigned other = policy->refuses_other_net ? VERDICT_EACCES : VERDICT_ALLOW;
	unsigned stream = policy->allows_inet_stream ? VERDICT_ALLOW : VERDICT_EACCES;
	unsigned dgram = policy->allows_inet_dgram ? VERDICT_ALLOW : VERDICT_EACCES;
	unsigned local = policy->allows_unix ? VERDICT_ALLOW : VERDICT_EACCES;
	unsigned netlink = policy->allows_route_netlink ? VERDICT_ALLOW : other;
	unsigned kin = policy->refuses_tcp_kin ? VERDICT_EACCES : other;
	unsigned inet, next;

	netlink = put_protocol(program, 0, netlink, other);
	next = put_test(program, BPF_JEQ, ABI_IPPROTO_MPTCP, kin, other);
	stream = put_protocol(program, IPPROTO_TCP, stream, next);
	dgram = put_protocol(program, IPPROTO_UDP, dgram, other);
	inet = put_test(program, BPF_JEQ, SOCK_DGRAM, dgram, other);
	inet = put_test(program, BPF_JEQ, SOCK_STREAM, stream, inet);
	inet = put_mask(program, ABI_SOCK_TYPE_MASK, inet);
	inet = put_load(program, OFFSET_LOW(1), inet);
	next = put_test(program, BPF_JEQ, AF_SMC, kin, other);
	next = put_test(program, BPF_JEQ, AF_NETLINK, netlink, next);
	next = put_test(program, BPF_JEQ, AF_INET6, inet, next);
	next = put_test(program, BPF_JEQ, AF_INET, inet, next);
	next = put_test(program, BPF_JEQ, AF_UNIX, local, next);
	return put_load(program, OFFSET_LOW(0), next);
}

static unsigned put_socketpair(struct program *program, const struct syscall_policy *policy)
{
	unsigned other = policy->refuses_other_net ? VERDICT_EACCES : VERDICT_ALLOW;
	unsigned local = policy->allows_unix ? VERDICT_ALLOW : VERDICT_EACCES;
	unsigned next;

	local = put_test(program, BPF_JEQ, SOCK_SEQPACKET, VERDICT_ALLOW, local);
	local = put_test(program, BPF_JEQ, SOCK_STREAM, VERDICT_ALLOW, local);
	local = put_mask(program, ABI_SOCK_TYPE_MASK, local);
	local = put_load(program, OFFSET_LOW(1), local);
	next = put_test(program, BPF_JEQ, AF_UNIX, local, other);
	return put_load(program, OFFSET_LOW(0), next);
}

static unsigned put_ioctl(struct program *program)
{
	static const uint32_t requests[] = { ABI_TIOCSTI, ABI_TIOCLINUX, ABI_TIOCCONS,
					     ABI_TIOCSETD };
	unsigned next = VERDICT_ALLOW;

	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++)
		next = put_test(program, BPF_JEQ, requests[i], VERDICT_EACCES, next);
	return put_load(program, OFFSET_LOW(1), next);
}

/* The new limit is a pointer: all of its 64 bits say whether there is one. */
static unsigned put_prlimit(struct program *program)
{
	unsigned next = put_test(program, BPF_JEQ, 0, VERDICT_ALLOW, VERDICT_EACCES);

	next = put_load(program, OFFSET_HIGH(2), next);
	next = put_test(program, BPF_JEQ, 0, next, VERDICT_EACCES);
	next = put_load(program, OFFSET_LOW(2), next);
	next = put_test(program, BPF_JEQ, 0, VERDICT_ALLOW, next);
	return put_load(program, OFFSET_LOW(0), next);
}

static unsigned put_open(struct program *program, unsigned arg)
{
	unsigned next =
		put_test(program, BPF_JEQ, SYSCALL_OPEN_TRUNC_NONE, VERDICT_EACCES, VERDICT_ALLOW);

	next = put_test(program, BPF_JEQ, SYSCALL_OPEN_TRUNC_RDONLY, VERDICT_EACCES, next);
	next = put_mask(program, SYSCALL_OPEN_MASK, next);
	return put_load(program, OFFSET_LOW(arg), next);
}

static unsigned put_setsockopt(struct program *program)
{
	unsigned next = put_test(program, BPF_JEQ, ABI_TCP_ULP, VERDICT_EACCES, VERDICT_ALLOW);

	next = put_load(program, OFFSET_LOW(2), next);
	next = put_test(program, BPF_JEQ, IPPROTO_TCP, next, VERDICT_ALLOW);
	return put_load(program, OFFSET_LOW(1), next);
}

/* Refuses an argument with any bit of the mask. */
static unsigned put_bits(struct program *program, unsigned arg, uint32_t mask)
{
	unsigned next = put_test(program, BPF_JSET, mask, VERDICT_EACCES, VERDICT_ALLOW);

	return put_load(program, OFFSET_LOW(arg), next);
}

static unsigned put_check(struct program *program, const struct syscall_policy *policy,
			  enum arg_check check)
{
	unsigned next;

	switch (check) {
	case CHECK_IOCTL:
		return put_ioctl(program);
	case CHECK_SOCKET:
		return put_socket(program, policy);
	case CHECK_SOCKETPAIR:
		return put_socketpair(program, policy);
	case CHECK_CLONE:
		return put_bits(program, 0, SYSCALL_CLONE_NAMESPACES);
	case CHECK_UNSHARE:
		return put_bits(program, 0, ~SYSCALL_UNSHARE_PLAIN);
	case CHECK_PERSONALITY:
		next = put_test(program, BPF_JEQ, UINT32_MAX, VERDICT_ALLOW, VERDICT_EACCES);
		next = put_test(program, BPF_JEQ, 0, VERDICT_ALLOW, next);
		return put_load(program, OFFSET_LOW(0), next);
	case CHECK_PRLIMIT:
		return put_prlimit(program);
	case CHECK_SEND_FLAGS_2:
		return put_bits(program, 2, ABI_MSG_FASTOPEN);
	case CHECK_SEND_FLAGS_3:
		return put_bits(program, 3, ABI_MSG_FASTOPEN);
	case CHECK_OPEN_FLAGS_1:
		return put_open(program, 1);
	case CHECK_OPEN_FLAGS_2:
		return put_open(program, 2);
	case CHECK_SETSOCKOPT:
		return put_setsockopt(program);
	case CHECK_NONE:
	case CHECK_MAX:
		break;
	}
	return VERDICT_EACCES;
}

/* A row of tests in rising order; numbers below `floor` do not come here. */
static unsigned put_row(struct program *program, const struct syscall_range *ranges, size_t n,
			uint32_t floor)
{
	unsigned next = VERDICT_ALLOW;

	while (n-- > 0) {
		const struct syscall_range *range = &ranges[n];
		unsigned target =
			range->check != CHECK_NONE ? program->checks[range->check] : range->verdict;

		if (range->first == range->last) {
			next = put_test(program, BPF_JEQ, range->first, target, next);
			continue;
		}
		if (range->last < UINT32_MAX)
			target = put_test(program, BPF_JGT, range->last, next, target);
		if (range->first == floor)
			next = target;
		else
			next = put_test(program, BPF_JGE, range->first, target, VERDICT_ALLOW);
	}
	return next;
}

static unsigned put_tree(struct program *program, const struct syscall_range *ranges, size_t n,
			 uint32_t floor)
{
	size_t half = n / 2;
	unsigned below, above;

	if (n <= ROW_MAX)
		return put_row(program, ranges, n, floor);
	above = put_tree(program, ranges + half, n - half, ranges[half].first);
	below = put_tree(program, ranges, half, floor);
	return put_test(program, BPF_JGE, ranges[half].first, above, below);
}

static void put_policy(struct program *program, const struct syscall_policy *policy)
{
	static const uint32_t audit_archs[ARCH_MAX] = {
		[ARCH_X86_64] = ABI_AUDIT_ARCH_X86_64,
		[ARCH_AARCH64] = ABI_AUDIT_ARCH_AARCH64,
	};
	struct syscall_range ranges[SYSCALL_MAX_RANGES];
	size_t n = syscall_policy_ranges(policy, ranges);
	unsigned native, foreign;

	for (size_t i = 0; i < n; i++) {
		enum arg_check check = ranges[i].check;

		if (check != CHECK_NONE && program->checks[check] == 0)
			program->checks[check] = put_check(program, policy, check);
	}
	native = put_load(program, OFFSET_NR, put_tree(program, ranges, n, 0));
	foreign = put_return(program, SECCOMP_RET_KILL_PROCESS);
	put_load(program, OFFSET_ARCH,
		 put_test(program, BPF_JEQ, audit_archs[policy->arch], native, foreign));
}

int filter_build(const struct syscall_policy *policy, struct sock_filter ret_filter[BPF_MAX_FILTER],
		 struct croft_error *err)
{
	struct program program = { .n = 0 };

	put_return(&program, SECCOMP_RET_ALLOW);
	if (!policy->is_off) {
		put_return(&program, SECCOMP_RET_ERRNO | EACCES);
		put_return(&program, SECCOMP_RET_ERRNO | ENOSYS);
		put_policy(&program, policy);
	}
	if (program.is_too_long)
		return fail(err, CROFT_STAGE_SECCOMP, EOVERFLOW,
			    "the system call filter is too long");
	memcpy(ret_filter, &program.code[BPF_MAX_FILTER - program.n],
	       program.n * sizeof(program.code[0]));
	return (int)program.n;
}
