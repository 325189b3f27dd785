/* SPDX-License-Identifier: MIT */
/*
 * test_bpf.c - the shape of built filters, and the interpreter that other tests lean on.
 *
 * What filters answer is tested in tests/sim; that the interpreter agrees with a
 * real kernel, in tests/sim/test_load.c.
 */
#include "enforce/bpf.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define MAX_JUMP 255 /* what a condition of classic BPF can reach */
#define DEFAULT_BUDGET 100 /* instructions of the usual filter: each costs start-up time */

/* What croft run uses when nothing is allowed and Landlock does its part. */
static struct syscall_policy usual_policy(enum arch arch)
{
	return (struct syscall_policy){
		.arch = arch,
		.filters_sockets = true,
		.refuses_other_net = true,
		.refuses_listen = true,
	};
}

/* Every bit of `bits` turns one part of a policy around. */
static struct syscall_policy policy_from_bits(enum arch arch, uint32_t bits)
{
	struct syscall_policy policy = {
		.arch = arch,
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

static void every_policy_gives_a_sound_program_within_reach_of_its_jumps(void **state)
{
	static const struct seccomp_data data = { .nr = 1 };
	struct sock_filter filter[BPF_MAX_FILTER];

	(void)state;
	for (unsigned arch = 0; arch < ARCH_MAX; arch++) {
		/* An odd step passes through all policies in mixed order. */
		for (uint32_t i = 0, bits = 0; i < 1 << 14; i++, bits += 0x9e3779b1) {
			struct syscall_policy policy = policy_from_bits(arch, bits & 0xffffff);
			int n = filter_build(&policy, filter, NULL);

			assert_in_range(n, 5, MAX_JUMP);
			assert_true(filter_simulate(filter, (size_t)n, &data) >= 0);
		}
	}
}

static void the_usual_filter_stays_short(void **state)
{
	struct sock_filter filter[BPF_MAX_FILTER];

	(void)state;
	for (unsigned arch = 0; arch < ARCH_MAX; arch++) {
		struct syscall_policy policy = usual_policy(arch);
		int n = filter_build(&policy, filter, NULL);

		print_message("usual filter: %d instructions\n", n);
		assert_in_range(n, 1, DEFAULT_BUDGET);
	}
}

static void the_architecture_is_looked_at_before_the_number(void **state)
{
	struct syscall_policy policy = usual_policy(ARCH_X86_64);
	struct sock_filter filter[BPF_MAX_FILTER];
	struct seccomp_data data = { .arch = ABI_AUDIT_ARCH_AARCH64 };
	int n = filter_build(&policy, filter, NULL);

	(void)state;
	assert_int_equal(filter[0].code, BPF_LD | BPF_W | BPF_ABS);
	assert_int_equal(filter[0].k, offsetof(struct seccomp_data, arch));
	for (data.nr = -1; data.nr < SYSCALL_FIRST_UNKNOWN; data.nr++)
		assert_int_equal(filter_simulate(filter, (size_t)n, &data),
				 SECCOMP_RET_KILL_PROCESS);
	data.arch = ABI_AUDIT_ARCH_X86_64;
	data.nr = 0;
	assert_int_equal(filter_simulate(filter, (size_t)n, &data), SECCOMP_RET_ALLOW);
}

static void a_policy_that_is_off_is_one_instruction_that_allows(void **state)
{
	struct syscall_policy policy = usual_policy(ARCH_X86_64);
	struct sock_filter filter[BPF_MAX_FILTER];

	(void)state;
	policy.is_off = true;
	assert_int_equal(filter_build(&policy, filter, NULL), 1);
	assert_int_equal(filter[0].code, BPF_RET | BPF_K);
	assert_int_equal(filter[0].k, SECCOMP_RET_ALLOW);
}

static void the_same_policy_gives_the_same_program(void **state)
{
	struct syscall_policy policy = usual_policy(ARCH_AARCH64);
	struct sock_filter a[BPF_MAX_FILTER], b[BPF_MAX_FILTER];
	int n;

	(void)state;
	memset(a, 0x55, sizeof(a));
	memset(b, 0xaa, sizeof(b));
	n = filter_build(&policy, a, NULL);
	assert_int_equal(filter_build(&policy, b, NULL), n);
	assert_memory_equal(a, b, (size_t)n * sizeof(a[0]));
}

/* clang-format off */
#define STMT(code, k) { code, 0, 0, k }
#define JUMP(code, k, jt, jf) { code, jt, jf, k }
#define LOAD_NR STMT(BPF_LD | BPF_W | BPF_ABS, 0)
#define RETURN(k) STMT(BPF_RET | BPF_K, k)
#define RETURN_A STMT(BPF_RET | BPF_A, 0)
#define CHOOSE(op, k) LOAD_NR, JUMP(BPF_JMP | (op), k, 0, 1), RETURN(1), RETURN(2)

struct sim_case {
	const char *what;
	int64_t wanted;		/* for nr 7 */
	struct sock_filter code[8];
	size_t n;
};

static const struct sim_case sound_cases[] = {
	{ "a constant", 5, { RETURN(5) }, 1 },
	{ "the number", 7, { LOAD_NR, RETURN_A }, 2 },
	{ "the last word of the data", 6, { STMT(BPF_LD | BPF_W | BPF_ABS, 60), RETURN_A }, 2 },
	{ "the length of the data", 64, { STMT(BPF_LD | BPF_W | BPF_LEN, 0), RETURN_A }, 2 },
	{ "a stays 0 until it is loaded", 0, { RETURN_A }, 1 },
	{ "equal", 1, { CHOOSE(BPF_JEQ, 7) }, 4 },
	{ "not equal", 2, { CHOOSE(BPF_JEQ, 8) }, 4 },
	{ "not greater", 2, { CHOOSE(BPF_JGT, 7) }, 4 },
	{ "greater", 1, { CHOOSE(BPF_JGT, 6) }, 4 },
	{ "at least", 1, { CHOOSE(BPF_JGE, 7) }, 4 },
	{ "not at least", 2, { CHOOSE(BPF_JGE, 8) }, 4 },
	{ "a common bit", 1, { CHOOSE(BPF_JSET, 12) }, 4 },
	{ "no common bit", 2, { CHOOSE(BPF_JSET, 8) }, 4 },
	{ "always", 2, { STMT(BPF_JMP | BPF_JA, 1), RETURN(1), RETURN(2) }, 3 },
	{ "and", 6, { LOAD_NR, STMT(BPF_ALU | BPF_AND, 14), RETURN_A }, 3 },
	{ "less than zero is large", 1,
	  { LOAD_NR, STMT(BPF_ALU | BPF_SUB, 8), JUMP(BPF_JMP | BPF_JGT, 0x80000000, 0, 1),
	    RETURN(1), RETURN(2) }, 5 },
	{ "division by a zero register ends with 0", 0,
	  { LOAD_NR, STMT(BPF_ALU | BPF_DIV | BPF_X, 0), RETURN(9) }, 3 },
	{ "memory keeps a word", 7,
	  { LOAD_NR, STMT(BPF_ST, 3), STMT(BPF_LD | BPF_IMM, 1), STMT(BPF_LD | BPF_MEM, 3),
	    RETURN_A }, 5 },
	{ "the index register", 14,
	  { LOAD_NR, STMT(BPF_MISC | BPF_TAX, 0), STMT(BPF_ALU | BPF_ADD | BPF_X, 0),
	    RETURN_A }, 4 },
	{ "memory that was not written, where no jump leads", 1,
	  { STMT(BPF_JMP | BPF_JA, 1), STMT(BPF_LD | BPF_MEM, 0), RETURN(1) }, 3 },
};

static const struct sim_case unsound_cases[] = {
	{ "no instruction", 0, { RETURN(0) }, 0 },
	{ "no return at the end", 0, { LOAD_NR }, 1 },
	{ "a load behind the data", 0, { STMT(BPF_LD | BPF_W | BPF_ABS, 64), RETURN(0) }, 2 },
	{ "a load across words", 0, { STMT(BPF_LD | BPF_W | BPF_ABS, 2), RETURN(0) }, 2 },
	{ "a load of half a word", 0, { STMT(BPF_LD | BPF_H | BPF_ABS, 0), RETURN(0) }, 2 },
	{ "an indirect load", 0, { STMT(BPF_LD | BPF_W | BPF_IND, 0), RETURN(0) }, 2 },
	{ "a load of a packet's header length", 0,
	  { STMT(BPF_LDX | BPF_B | BPF_MSH, 0), RETURN(0) }, 2 },
	{ "modulo", 0, { STMT(BPF_ALU | BPF_MOD, 2), RETURN(0) }, 2 },
	{ "division by a constant zero", 0, { STMT(BPF_ALU | BPF_DIV, 0), RETURN(0) }, 2 },
	{ "a shift by all bits", 0, { STMT(BPF_ALU | BPF_LSH, 32), RETURN(0) }, 2 },
	{ "a jump just behind the end", 0,
	  { LOAD_NR, JUMP(BPF_JMP | BPF_JEQ, 0, 1, 0), RETURN(0) }, 3 },
	{ "the other jump just behind the end", 0,
	  { LOAD_NR, JUMP(BPF_JMP | BPF_JEQ, 0, 0, 1), RETURN(0) }, 3 },
	{ "a far jump that wraps around", 0, { STMT(BPF_JMP | BPF_JA, UINT32_MAX), RETURN(0) }, 2 },
	{ "memory that does not exist", 0, { STMT(BPF_ST, 16), RETURN(0) }, 2 },
	{ "memory that was not written", 0, { STMT(BPF_LD | BPF_MEM, 0), RETURN(0) }, 2 },
	{ "memory that was not written, behind a return", 0,
	  { RETURN(1), STMT(BPF_LD | BPF_MEM, 0), RETURN_A }, 3 },
	{ "memory written on one path only", 0,
	  { JUMP(BPF_JMP | BPF_JEQ, 0, 0, 1), STMT(BPF_ST, 1), STMT(BPF_LD | BPF_MEM, 1),
	    RETURN(0) }, 4 },
	{ "an instruction that is none", 0, { STMT(0xffff, 0), RETURN(0) }, 2 },
};
/* clang-format on */

static const struct seccomp_data sim_data = { .nr = 7, .args = { 1, 2, 3, 4, 5, 6ULL << 32 } };

static void sound_programs_run(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(sound_cases); i++)
		if (filter_simulate(sound_cases[i].code, sound_cases[i].n, &sim_data) !=
		    sound_cases[i].wanted)
			fail_msg("%s", sound_cases[i].what);
}

static void unsound_programs_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(unsound_cases); i++)
		if (filter_simulate(unsound_cases[i].code, unsound_cases[i].n, &sim_data) !=
		    -EINVAL)
			fail_msg("%s", unsound_cases[i].what);
}

static void a_program_may_be_as_long_as_the_kernel_takes(void **state)
{
	static struct sock_filter filter[4097];

	(void)state;
	for (size_t i = 0; i < COUNT(filter); i++)
		filter[i] = (struct sock_filter)RETURN(3);
	assert_int_equal(filter_simulate(filter, 4096, &sim_data), 3);
	assert_int_equal(filter_simulate(filter, 4097, &sim_data), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_policy_gives_a_sound_program_within_reach_of_its_jumps),
		cmocka_unit_test(the_usual_filter_stays_short),
		cmocka_unit_test(the_architecture_is_looked_at_before_the_number),
		cmocka_unit_test(a_policy_that_is_off_is_one_instruction_that_allows),
		cmocka_unit_test(the_same_policy_gives_the_same_program),
		cmocka_unit_test(sound_programs_run),
		cmocka_unit_test(unsound_programs_are_refused),
		cmocka_unit_test(a_program_may_be_as_long_as_the_kernel_takes),
	};

	return cmocka_run_group_tests_name("bpf", tests, NULL, NULL);
}
