/* SPDX-License-Identifier: MIT */
/*
 * bpf_sim.c - runs a seccomp filter outside the kernel, for tests.
 *
 * First the whole program is checked by the kernel's rules for classic BPF
 * (bpf_check_classic) and by those that seccomp adds (seccomp_check_filter, since
 * 3.5), then it is run. A program that passes the check ends: jumps go forward only,
 * every target is inside, and the last instruction returns.
 *
 * Seccomp takes fewer instructions than sockets do: 32-bit loads from the call's data at
 * multiples of four, the length, constants, sixteen words of memory, arithmetic
 * without modulo, jumps and returns.
 */
#include "enforce/bpf.h"

#include <assert.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <string.h>

#define MAX_INSTRUCTIONS 4096 /* BPF_MAXINSNS of the kernel */
#define SHIFT_MASK 31U /* what the kernel does to a shift by the index register */

static_assert(BPF_MEMWORDS == 16, "a set of memory words fits uint16_t");

struct machine {
	uint32_t a, x;
	uint32_t memory[BPF_MEMWORDS];
};

/* Instructions that seccomp takes; constants that would be undefined are refused with them. */
static bool instruction_is_known(const struct sock_filter *ins)
{
	switch (ins->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		return ins->k < sizeof(struct seccomp_data) && (ins->k & 3) == 0;
	case BPF_LD | BPF_MEM:
	case BPF_LDX | BPF_MEM:
	case BPF_ST:
	case BPF_STX:
		return ins->k < BPF_MEMWORDS;
	case BPF_ALU | BPF_DIV | BPF_K:
		return ins->k != 0;
	case BPF_ALU | BPF_LSH | BPF_K:
	case BPF_ALU | BPF_RSH | BPF_K:
		return ins->k < 32;
	case BPF_LD | BPF_W | BPF_LEN:
	case BPF_LDX | BPF_W | BPF_LEN:
	case BPF_LD | BPF_IMM:
	case BPF_LDX | BPF_IMM:
	case BPF_MISC | BPF_TAX:
	case BPF_MISC | BPF_TXA:
	case BPF_RET | BPF_K:
	case BPF_RET | BPF_A:
	case BPF_ALU | BPF_ADD | BPF_K:
	case BPF_ALU | BPF_ADD | BPF_X:
	case BPF_ALU | BPF_SUB | BPF_K:
	case BPF_ALU | BPF_SUB | BPF_X:
	case BPF_ALU | BPF_MUL | BPF_K:
	case BPF_ALU | BPF_MUL | BPF_X:
	case BPF_ALU | BPF_DIV | BPF_X:
	case BPF_ALU | BPF_AND | BPF_K:
	case BPF_ALU | BPF_AND | BPF_X:
	case BPF_ALU | BPF_OR | BPF_K:
	case BPF_ALU | BPF_OR | BPF_X:
	case BPF_ALU | BPF_XOR | BPF_K:
	case BPF_ALU | BPF_XOR | BPF_X:
	case BPF_ALU | BPF_LSH | BPF_X:
	case BPF_ALU | BPF_RSH | BPF_X:
	case BPF_ALU | BPF_NEG:
	case BPF_JMP | BPF_JA:
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JEQ | BPF_X:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_X:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_X:
	case BPF_JMP | BPF_JSET | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_X:
		return true;
	default:
		return false;
	}
}

/* Where an instruction can go on: two places for a condition, else one. False if one is outside. */
static bool get_targets(const struct sock_filter *ins, size_t pc, size_t n, size_t *ret_next,
			size_t *ret_other)
{
	*ret_next = pc + 1;
	*ret_other = pc + 1;
	if (BPF_CLASS(ins->code) == BPF_JMP) {
		bool is_always = BPF_OP(ins->code) == BPF_JA;

		*ret_next = pc + 1 + (is_always ? ins->k : ins->jt);
		*ret_other = pc + 1 + (is_always ? ins->k : ins->jf);
	}
	return *ret_next < n && *ret_other < n;
}

/*
 * No word of memory is read on a path that has not written it. As in the kernel, what
 * stands behind a jump and is no target counts as unreached, what stands behind a return
 * does not.
 */
static bool memory_is_sound(const struct sock_filter *filter, size_t n)
{
	uint16_t written[MAX_INSTRUCTIONS]; /* on every path that leads to the instruction */
	uint16_t words = 0; /* on the path through the instruction before */

	memset(written, 0xff, n * sizeof(written[0]));
	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *ins = &filter[pc];
		unsigned class = BPF_CLASS(ins->code);
		size_t next, other;

		words &= written[pc];
		if ((class == BPF_LD || class == BPF_LDX) && BPF_MODE(ins->code) == BPF_MEM &&
		    (words & (1U << ins->k)) == 0)
			return false;
		if (class == BPF_ST || class == BPF_STX)
			words = (uint16_t)(words | (1U << ins->k));
		if (class == BPF_JMP && get_targets(ins, pc, n, &next, &other)) {
			written[next] &= words;
			written[other] &= words;
			words = UINT16_MAX;
		}
	}
	return true;
}

static bool program_is_sound(const struct sock_filter *filter, size_t n)
{
	size_t next, other;

	if (n == 0 || n > MAX_INSTRUCTIONS || BPF_CLASS(filter[n - 1].code) != BPF_RET)
		return false;
	for (size_t pc = 0; pc < n; pc++) {
		if (!instruction_is_known(&filter[pc]))
			return false;
		if (BPF_CLASS(filter[pc].code) == BPF_JMP &&
		    !get_targets(&filter[pc], pc, n, &next, &other))
			return false;
	}
	return memory_is_sound(filter, n);
}

static uint32_t load(const struct sock_filter *ins, const struct machine *machine,
		     const struct seccomp_data *data)
{
	uint32_t word;

	switch (BPF_MODE(ins->code)) {
	case BPF_ABS:
		memcpy(&word, (const char *)data + ins->k, sizeof(word));
		return word;
	case BPF_MEM:
		return machine->memory[ins->k];
	case BPF_LEN:
		return sizeof(*data);
	default:
		return ins->k;
	}
}

static uint32_t compute(uint16_t op, uint32_t a, uint32_t operand)
{
	switch (op) {
	case BPF_ADD:
		return a + operand;
	case BPF_SUB:
		return a - operand;
	case BPF_MUL:
		return a * operand;
	case BPF_DIV:
		return a / operand;
	case BPF_AND:
		return a & operand;
	case BPF_OR:
		return a | operand;
	case BPF_XOR:
		return a ^ operand;
	case BPF_LSH:
		return a << (operand & SHIFT_MASK);
	case BPF_RSH:
		return a >> (operand & SHIFT_MASK);
	default:
		return 0U - a;
	}
}

static bool jumps(uint16_t op, uint32_t a, uint32_t operand)
{
	switch (op) {
	case BPF_JEQ:
		return a == operand;
	case BPF_JGT:
		return a > operand;
	case BPF_JGE:
		return a >= operand;
	case BPF_JSET:
		return (a & operand) != 0;
	default:
		return true;
	}
}

int64_t filter_simulate(const struct sock_filter *filter, size_t n, const struct seccomp_data *data)
{
	struct machine machine = { .a = 0 };
	size_t next, other;

	if (!program_is_sound(filter, n))
		return -EINVAL;
	for (size_t pc = 0;; pc = next) {
		const struct sock_filter *ins = &filter[pc];
		uint32_t operand = BPF_SRC(ins->code) == BPF_X ? machine.x : ins->k;

		if (BPF_CLASS(ins->code) == BPF_RET)
			return BPF_RVAL(ins->code) == BPF_A ? machine.a : ins->k;
		(void)get_targets(ins, pc, n, &next, &other);
		switch (BPF_CLASS(ins->code)) {
		case BPF_LD:
			machine.a = load(ins, &machine, data);
			break;
		case BPF_LDX:
			machine.x = load(ins, &machine, data);
			break;
		case BPF_ST:
			machine.memory[ins->k] = machine.a;
			break;
		case BPF_STX:
			machine.memory[ins->k] = machine.x;
			break;
		case BPF_ALU:
			/* The kernel returns 0 (kill the thread) where X would divide by 0. */
			if (BPF_OP(ins->code) == BPF_DIV && operand == 0)
				return 0;
			machine.a = compute(BPF_OP(ins->code), machine.a, operand);
			break;
		case BPF_JMP:
			next = jumps(BPF_OP(ins->code), machine.a, operand) ? next : other;
			break;
		default:
			if (BPF_MISCOP(ins->code) == BPF_TAX)
				machine.x = machine.a;
			else
				machine.a = machine.x;
			break;
		}
	}
}
