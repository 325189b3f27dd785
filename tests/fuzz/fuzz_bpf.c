/* SPDX-License-Identifier: MIT */
/*
 * fuzz_bpf.c - a policy and a call, through the filter and through the verdict; and any
 * program through the interpreter.
 *
 * The input is read as little-endian numbers, zeros behind its end: 32 bits of policy,
 * 8 that say how the next are taken, the number and the architecture of the call
 * (32 each), six arguments of 64. What is left is a program of its own, eight bytes an
 * instruction.
 *
 * It looks for a call that the filter answers otherwise than the policy means, for a
 * policy whose filter is not built or would not load, and for a program that leads the
 * interpreter out of bounds.
 */
#include <assert.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "enforce/bpf.h"

#define PROGRAM_MAX 4100 /* a little more than the kernel takes */

/* How number and architecture are taken. */
#define RAW_NUMBER 1 /* any number, instead of one of the table's range */
#define RAW_ARCH 2 /* any architecture, instead of the policy's own */

struct input {
	const uint8_t *data;
	size_t left;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t take(struct input *input, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size && input->left > 0; i++, input->data++, input->left--)
		value |= (uint64_t)*input->data << (8 * i);
	return value;
}

static struct syscall_policy take_policy(struct input *input)
{
	uint32_t bits = (uint32_t)take(input, 4);
	struct syscall_policy policy = {
		.arch = bits >> 22 & 1 ? ARCH_AARCH64 : ARCH_X86_64,
		.is_off = bits >> 23 & 1,
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
		.refuses_tcp_ulp = bits >> 24 & 1,
		.refuses_tcp_kin = bits >> 25 & 1,
	};

	for (size_t i = 0; i < GROUP_MAX; i++)
		policy.allows_group[i] = bits >> (10 + i) & 1;
	return policy;
}

static struct seccomp_data take_call(struct input *input, enum arch arch)
{
	static const uint32_t archs[ARCH_MAX] = { ABI_AUDIT_ARCH_X86_64, ABI_AUDIT_ARCH_AARCH64 };
	unsigned how = (unsigned)take(input, 1);
	uint32_t nr = (uint32_t)take(input, 4), audit_arch = (uint32_t)take(input, 4);
	struct seccomp_data call = {
		.nr = (int)(how & RAW_NUMBER ? nr : nr % SYSCALL_FIRST_UNKNOWN),
		.arch = how & RAW_ARCH ? audit_arch : archs[arch],
	};

	for (size_t i = 0; i < 6; i++)
		call.args[i] = take(input, 8);
	return call;
}

static void fuzz_policy(const struct syscall_policy *policy, const struct seccomp_data *call)
{
	static const int64_t answers[VERDICT_MAX] = {
		[VERDICT_ALLOW] = SECCOMP_RET_ALLOW,
		[VERDICT_EACCES] = SECCOMP_RET_ERRNO | EACCES,
		[VERDICT_ENOSYS] = SECCOMP_RET_ERRNO | ENOSYS,
		[VERDICT_KILL] = SECCOMP_RET_KILL_PROCESS,
	};
	struct sock_filter filter[BPF_MAX_FILTER];
	uint64_t args[6];
	int n = filter_build(policy, filter, NULL);

	assert(n > 0 && n <= BPF_MAX_FILTER);
	memcpy(args, call->args, sizeof(args));
	assert(filter_simulate(filter, (size_t)n, call) ==
	       answers[syscall_policy_verdict(policy, call->arch, (uint32_t)call->nr, args)]);
}

static void fuzz_program(const struct input *input, const struct seccomp_data *call)
{
	size_t n = input->left / sizeof(struct sock_filter);
	struct sock_filter *filter;
	int64_t answer;

	n = n < PROGRAM_MAX ? n : PROGRAM_MAX;
	filter = calloc(n > 0 ? n : 1, sizeof(*filter));
	if (filter == NULL)
		return;
	if (n > 0)
		memcpy(filter, input->data, n * sizeof(*filter));
	answer = filter_simulate(filter, n, call);
	assert(answer == -EINVAL || (answer >= 0 && answer <= UINT32_MAX));
	free(filter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input input = { data, size };
	struct syscall_policy policy = take_policy(&input);
	struct seccomp_data call = take_call(&input, policy.arch);

	fuzz_policy(&policy, &call);
	fuzz_program(&input, &call);
	return 0;
}
