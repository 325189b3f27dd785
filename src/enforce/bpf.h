/* SPDX-License-Identifier: MIT */
/*
 * bpf.h - from a table of verdicts to a classic BPF program, and an interpreter
 * of such programs for tests.
 */
#ifndef CROFT_ENFORCE_BPF_H
#define CROFT_ENFORCE_BPF_H

#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "plan/syscalls.h"

struct seccomp_data;

/*
 * Instructions: ours stay below 255 without calls refused by name, and below 330 with those that
 * make the longest program; the kernel takes 4096.
 */
#define BPF_MAX_FILTER 512

/*
 * Builds the program for the policy: the architecture first (a foreign one is
 * killed), then the number by a search over ranges, then argument checks. A policy
 * that is off gives the one instruction that allows everything. Pure; no allocation.
 * Returns the number of instructions, or -EOVERFLOW (stage seccomp).
 */
int filter_build(const struct syscall_policy *policy, struct sock_filter ret_filter[BPF_MAX_FILTER],
		 struct croft_error *err);

/*
 * Runs a program as the kernel would: the SECCOMP_RET_* value with its data, or
 * -EINVAL for a program that the kernel would refuse to load: longer than 4096
 * instructions, a jump or a load out of bounds, an instruction that seccomp does not take,
 * no return at the end, a memory word read before it is written.
 */
int64_t filter_simulate(const struct sock_filter *filter, size_t n,
			const struct seccomp_data *data);

#endif
