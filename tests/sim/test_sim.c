/* SPDX-License-Identifier: MIT */
/*
 * test_sim.c - every call through our filters, against two others who should know.
 *
 * One is syscall_policy_verdict, which says what a policy means. The other is libseccomp
 * (oracle.h), for both architectures. What libseccomp cannot say is compared with the
 * verdict alone: numbers newer than its tables on a foreign architecture, and those that are
 * absent as a whole.
 */
#include "enforce/bpf.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdlib.h>

#include "oracle.h"

#define HIGH (1ULL << 32)
#define LOW_MASK 0xffffffffULL
#define LAST_NUMBER 500 /* numbers up to here are compared one by one */

static const uint32_t audit_archs[ARCH_MAX] = { ABI_AUDIT_ARCH_X86_64, ABI_AUDIT_ARCH_AARCH64 };

/* One policy with its filter, as all three see it. */
struct trial {
	struct syscall_policy policy;
	struct sock_filter filter[BPF_MAX_FILTER];
	int n;
	struct oracle oracle;
	const struct program *program; /* the oracle's, for the number at hand */
	size_t n_compared;
};

static int64_t answer_of(enum call_verdict verdict)
{
	switch (verdict) {
	case VERDICT_ALLOW:
		return SECCOMP_RET_ALLOW;
	case VERDICT_EACCES:
		return SECCOMP_RET_ERRNO | EACCES;
	case VERDICT_ENOSYS:
		return SECCOMP_RET_ERRNO | ENOSYS;
	case VERDICT_KILL:
		return SECCOMP_RET_KILL_PROCESS;
	case VERDICT_MAX:
		break;
	}
	return -1;
}

/* One call through the filter, the verdict, and the oracle if there is one for the number. */
static void compare(struct trial *trial, uint32_t arch, uint32_t nr, const uint64_t args[6])
{
	struct seccomp_data data = { .nr = (int)nr, .arch = arch };
	int64_t ours, meant, theirs;

	memcpy(data.args, args, sizeof(data.args));
	ours = filter_simulate(trial->filter, (size_t)trial->n, &data);
	meant = answer_of(syscall_policy_verdict(&trial->policy, arch, nr, args));
	theirs = ours;
	if (trial->program != NULL)
		theirs = filter_simulate(trial->program->code, trial->program->n, &data);
	if (ours != meant || ours != theirs)
		fail_msg("arch %#x nr %u args %#llx %#llx %#llx %#llx: filter %#llx verdict %#llx "
			 "libseccomp %#llx",
			 arch, nr, (unsigned long long)args[0], (unsigned long long)args[1],
			 (unsigned long long)args[2], (unsigned long long)args[3],
			 (unsigned long long)ours, (unsigned long long)meant,
			 (unsigned long long)theirs);
	trial->n_compared++;
}

/* Every value that some check compares with, and their neighbours. */
/* clang-format off */
static const uint32_t constants[] = {
	0, 1, 2, 3, 5, 6, 10, 16, 17, 0x80, O_TRUNC, O_TRUNC | 1, O_TRUNC | 2, O_TRUNC | 3,
	CLONE_VM, CLONE_FS, CLONE_NEWNS, CLONE_SYSVSEM, 0x100000, CLONE_NEWCGROUP, CLONE_NEWUTS,
	CLONE_NEWIPC, CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET, CLONE_IO, MSG_FASTOPEN,
	MSG_NOSIGNAL, TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD, UINT32_MAX,
};
/* clang-format on */

static void compare_boundaries(struct trial *trial, uint32_t nr)
{
	uint32_t arch = audit_archs[trial->policy.arch];

	for (size_t i = 0; i < COUNT(constants); i++) {
		for (unsigned variant = 0; variant < 8; variant++) {
			uint64_t word = (constants[i] + variant % 4 - 1U) & LOW_MASK;
			uint64_t same[6], alone[6];

			word |= variant < 4 ? 0 : HIGH;
			for (size_t arg = 0; arg < 6; arg++)
				same[arg] = word;
			compare(trial, arch, nr, same);
			for (size_t arg = 0; arg < 4; arg++) {
				memset(alone, (int)(variant & 1), sizeof(alone));
				alone[arg] = word;
				compare(trial, arch, nr, alone);
			}
		}
	}
}

/* Families, types and protocols of which the verdict on a socket is made. */
static void compare_sockets(struct trial *trial, uint32_t nr)
{
	static const uint64_t families[] = {
		0,      AF_UNIX,  HIGH | AF_UNIX, AF_INET,    HIGH | AF_INET,    3,
		9,      AF_INET6, AF_KEY,         AF_NETLINK, HIGH | AF_NETLINK, AF_PACKET,
		AF_ALG, AF_VSOCK, AF_SMC,         LOW_MASK,   UINT64_MAX
	};
	static const uint64_t types[] = { 0,
					  1,
					  2,
					  3,
					  4,
					  5,
					  6,
					  10,
					  15,
					  1 | SOCK_CLOEXEC,
					  2 | SOCK_NONBLOCK,
					  5 | SOCK_CLOEXEC,
					  16,
					  17,
					  HIGH | 1,
					  HIGH | 2,
					  LOW_MASK };
	static const uint64_t protocols[] = { 0,    1,        5,         6,       7,   16,
					      17,   18,       132,       136,     256, 262,
					      HIGH, HIGH | 6, HIGH | 17, LOW_MASK };

	for (size_t f = 0; f < COUNT(families); f++) {
		for (size_t t = 0; t < COUNT(types); t++) {
			for (size_t p = 0; p < COUNT(protocols); p++) {
				const uint64_t args[6] = { families[f], types[t], protocols[p] };

				compare(trial, audit_archs[trial->policy.arch], nr, args);
			}
		}
	}
}

/* Levels and names of socket options: one pair of them is refused. */
static void compare_options(struct trial *trial, uint32_t nr)
{
	static const uint64_t words[] = { 0,  SOL_SOCKET, 5,       SOL_TCP,   HIGH | SOL_TCP,
					  7,  30,         31,      HIGH | 31, 32,
					  38, 0x1f1f,     6U << 8, LOW_MASK,  UINT64_MAX };

	for (size_t level = 0; level < COUNT(words); level++) {
		for (size_t name = 0; name < COUNT(words); name++) {
			const uint64_t args[6] = { 3, words[level], words[name] };

			compare(trial, audit_archs[trial->policy.arch], nr, args);
		}
	}
}

/* libseccomp cannot be told about numbers without a name on an architecture that is not its own. */
static bool oracle_knows(enum arch arch, uint32_t nr)
{
	if (nr >= SYSCALL_FIRST_UNKNOWN)
		return false;
	return !is_nameless(nr) || seccomp_arch_native() == scmp_archs[arch];
}

static void compare_outside_the_table(struct trial *trial)
{
	static const uint32_t numbers[] = { 511,        512,        547,        1024,
					    0x3fffffff, 0x40000000, 0x40000010, 0x40000029,
					    0x7fffffff, 0x80000000, 0xfffffffe, UINT32_MAX };
	static const uint32_t foreign[] = { 0,          0x40000003, 0x40000028,
					    0xc000003d, 0x800000b7, UINT32_MAX };
	static const uint64_t args[6] = { 0 };
	enum arch arch = trial->policy.arch;

	trial->program = NULL;
	for (size_t i = 0; i < COUNT(numbers); i++)
		compare(trial, audit_archs[arch], numbers[i], args);
	trial->program = &trial->oracle.denials;
	for (uint32_t nr = 0; nr < LAST_NUMBER; nr++) {
		compare(trial, audit_archs[ARCH_MAX - 1 - arch], nr, args);
		for (size_t i = 0; i < COUNT(foreign); i++)
			compare(trial, foreign[i], nr, args);
	}
}

static void run_trial(struct trial *trial)
{
	enum arch arch = trial->policy.arch;

	trial->n = filter_build(&trial->policy, trial->filter, NULL);
	assert_in_range(trial->n, 1, BPF_MAX_FILTER);
	build_oracle(&trial->policy, &trial->oracle);
	for (uint32_t nr = 0; nr <= LAST_NUMBER; nr++) {
		static const uint64_t zeros[6] = { 0 };
		static const uint64_t ones[6] = { UINT64_MAX, UINT64_MAX, UINT64_MAX,
						  UINT64_MAX, UINT64_MAX, UINT64_MAX };
		bool is_socket = is_named("socket", arch, nr) || is_named("socketpair", arch, nr);

		trial->program = asks_passes(&trial->policy, nr) ? &trial->oracle.passes
								 : &trial->oracle.denials;
		if (!oracle_knows(arch, nr))
			trial->program = NULL;
		compare(trial, audit_archs[arch], nr, zeros);
		compare(trial, audit_archs[arch], nr, ones);
		if (is_socket && trial->policy.filters_sockets)
			compare_sockets(trial, nr);
		if (is_named("setsockopt", arch, nr))
			compare_options(trial, nr);
	}
	for (size_t i = 0; i < n_syscall_entries; i++) {
		const struct syscall_entry *entry = &syscall_entries[i];
		uint32_t nr = (uint32_t)entry->nr[arch];

		if (entry->nr[arch] < 0 || entry->check == CHECK_NONE)
			continue;
		trial->program = asks_passes(&trial->policy, nr) ? &trial->oracle.passes
								 : &trial->oracle.denials;
		compare_boundaries(trial, nr);
	}
	compare_outside_the_table(trial);
}

static struct syscall_policy refuse_all(enum arch arch)
{
	return (struct syscall_policy){
		.arch = arch,
		.is_strict = true,
		.refuses_ptrace = true,
		.refuses_path_truncate = true,
		.filters_sockets = true,
		.refuses_other_net = true,
		.refuses_listen = true,
		.refuses_fastopen = true,
		.refuses_tcp_ulp = true,
	};
}

static struct syscall_policy allow_all(enum arch arch)
{
	struct syscall_policy policy = { .arch = arch };

	for (size_t i = 0; i < GROUP_MAX; i++)
		policy.allows_group[i] = true;
	return policy;
}

static void try_policy(const struct syscall_policy *policy)
{
	static struct trial trial;

	trial.policy = *policy;
	trial.n_compared = 0;
	run_trial(&trial);
	assert_true(trial.n_compared > LAST_NUMBER);
}

static void everything_refused_and_everything_allowed_agree(void **state)
{
	(void)state;
	for (unsigned arch = 0; arch < ARCH_MAX; arch++) {
		struct syscall_policy policy = refuse_all(arch);

		try_policy(&policy);
		policy = allow_all(arch);
		try_policy(&policy);
	}
}

static void each_group_allowed_alone_and_refused_alone_agrees(void **state)
{
	(void)state;
	for (unsigned arch = 0; arch < ARCH_MAX; arch++) {
		for (size_t group = 0; group < GROUP_MAX; group++) {
			struct syscall_policy policy = refuse_all(arch);

			policy.allows_group[group] = true;
			try_policy(&policy);
			policy = allow_all(arch);
			policy.allows_group[group] = false;
			try_policy(&policy);
		}
	}
}

static void each_combination_of_socket_flags_agrees(void **state)
{
	(void)state;
	for (unsigned arch = 0; arch < ARCH_MAX; arch++) {
		for (unsigned bits = 0; bits < 64; bits++) {
			struct syscall_policy policy = allow_all(arch);

			policy.filters_sockets = true;
			policy.allows_inet_stream = bits & 1;
			policy.allows_inet_dgram = bits & 2;
			policy.allows_unix = bits & 4;
			policy.allows_route_netlink = bits & 8;
			policy.refuses_other_net = bits & 16;
			policy.refuses_tcp_kin = bits & 32;
			try_policy(&policy);
		}
	}
}

static void each_single_promise_agrees(void **state)
{
	(void)state;
	for (unsigned arch = 0; arch < ARCH_MAX; arch++) {
		for (unsigned bit = 0; bit < 6; bit++) {
			struct syscall_policy policy = allow_all(arch);

			policy.refuses_ptrace = bit == 0;
			policy.refuses_path_truncate = bit == 1;
			policy.refuses_listen = bit == 2;
			policy.refuses_fastopen = bit == 3;
			policy.refuses_tcp_ulp = bit == 4;
			policy.is_strict = bit == 5;

			try_policy(&policy);
		}
	}
}

/*
 * One filter of libseccomp's for calls refused by name: what a policy answers for each of them, and
 * nothing else. Those without a name there are left out on both sides.
 */
static void build_by_name(const struct syscall_policy *policy, const char *const *names, size_t n,
			  struct program *ret_program)
{
	scmp_filter_ctx ctx = new_context(policy->arch, SCMP_ACT_ALLOW);

	for (size_t i = 0; i < n; i++)
		add(ctx,
		    !strcmp(names[i], "clone3") || !strcmp(names[i], "openat2") ? ENOSYS : EACCES,
		    names[i], 0, NULL);
	export_program(ctx, ret_program);
}

static void try_names(enum arch arch, const char *const *names, size_t n)
{
	static struct trial trial;
	static struct program oracle;

	trial.policy = allow_all(arch);
	for (size_t i = 0; i < n; i++)
		assert_int_equal(syscall_policy_refuse(&trial.policy, names[i]), 0);
	trial.n = filter_build(&trial.policy, trial.filter, NULL);
	assert_in_range(trial.n, 1, BPF_MAX_FILTER);
	build_by_name(&trial.policy, names, n, &oracle);
	for (uint32_t nr = 0; nr < SYSCALL_FIRST_UNKNOWN + 2; nr++) {
		static const uint64_t args[2][6] = { { 0 }, { 1, 1, 1, 1, 1, 1 } };

		trial.program = nr < SYSCALL_FIRST_UNKNOWN ? &oracle : NULL;
		for (size_t i = 0; i < COUNT(args); i++)
			compare(&trial, audit_archs[arch], nr, args[i]);
	}
}

/* One, some that are decided by arguments otherwise, and so many that jumps must reach far. */
static void calls_refused_by_name_agree(void **state)
{
	static const char *const few[] = { "chmod",  "clone", "clone3", "openat2",
					   "socket", "ioctl", "getpid" };
	const char *many[COUNT(few) + 512];
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < n_syscall_numbers; i += 2) {
		struct syscall_policy policy = { 0 };
		const char *name = syscall_numbers[i].name;

		/* both know it, it can be refused, and the answer is EACCES */
		if (seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR &&
		    syscall_policy_refuse(&policy, name) == 0 && !strstr(name, "io_uring") &&
		    strcmp(name, "clone3") != 0 && strcmp(name, "openat2") != 0)
			many[n++] = name;
	}
	assert_in_range(n, 120, COUNT(many));
	for (unsigned arch = 0; arch < ARCH_MAX; arch++) {
		try_names(arch, few, 1);
		try_names(arch, few, COUNT(few));
		try_names(arch, many, n);
	}
}

/* Runs of `width` refused numbers, each followed by others up to `period`. */
static int try_runs(enum arch arch, uint32_t period, uint32_t width)
{
	static struct trial trial;

	trial.policy = refuse_all(arch);
	for (uint32_t nr = 0; nr < SYSCALL_FIRST_UNKNOWN; nr++)
		if (nr % period < width)
			trial.policy.refused[nr / 8] |= (uint8_t)(1U << nr % 8);
	trial.n = filter_build(&trial.policy, trial.filter, NULL);
	assert_in_range(trial.n, 1, BPF_MAX_FILTER);
	trial.program = NULL;
	for (uint32_t nr = 0; nr < SYSCALL_FIRST_UNKNOWN + 2; nr++) {
		static const uint64_t args[6] = { 0 };

		compare(&trial, audit_archs[arch], nr, args);
		if (nr % 5 == 0)
			compare_boundaries(&trial, nr);
	}
	return trial.n;
}

static void the_longest_filter_has_room_and_means_what_it_says(void **state)
{
	int longest = 0;

	(void)state;
	for (unsigned arch = 0; arch < ARCH_MAX; arch++)
		for (uint32_t period = 2; period < 6; period++)
			for (uint32_t width = 1; width < period; width++) {
				int n = try_runs(arch, period, width);

				longest = n > longest ? n : longest;
			}
	print_message("the longest filter: %d instructions\n", longest);
	/* longer than a conditional jump reaches, and far from the end of the room */
	assert_in_range(longest, 300, BPF_MAX_FILTER - 100);
}

static void expect_number(const char *name, enum arch arch, int16_t nr)
{
	int theirs = seccomp_syscall_resolve_name_arch(scmp_archs[arch], name);

	/* Negative numbers stand for calls that the architecture does not have. */
	if (theirs < 0 ? nr != -1 : nr != theirs)
		fail_msg("%s is %d, libseccomp says %d", name, nr, theirs);
}

static void numbers_are_those_that_libseccomp_knows(void **state)
{
	size_t n_known = 0;

	(void)state;
	for (size_t i = 0; i < n_syscall_numbers; i++) {
		const struct syscall_number *call = &syscall_numbers[i];

		if (seccomp_syscall_resolve_name(call->name) == __NR_SCMP_ERROR) {
			/* newer than its tables, and the same everywhere; or two of x86_64 alone */
			assert_true((call->nr[ARCH_X86_64] > 450 &&
				     call->nr[ARCH_X86_64] == call->nr[ARCH_AARCH64]) ||
				    call->nr[ARCH_X86_64] == 335 || call->nr[ARCH_X86_64] == 336);
			continue;
		}
		n_known++;
		for (unsigned arch = 0; arch < ARCH_MAX; arch++)
			expect_number(call->name, arch, call->nr[arch]);
	}
	assert_true(n_known >= 350);
}

/* And the other way round: what libseccomp has a number for, we have too. */
static void no_call_that_libseccomp_knows_is_missing(void **state)
{
	(void)state;
	for (unsigned arch = 0; arch < ARCH_MAX; arch++) {
		for (int nr = 0; nr < SYSCALL_FIRST_UNKNOWN; nr++) {
			char *name = seccomp_syscall_resolve_num_arch(scmp_archs[arch], nr);

			if (name && (!syscall_find(name) || syscall_find(name)->nr[arch] != nr))
				fail_msg("%s, %d on architecture %u", name, nr, arch);
			free(name);
		}
	}
}

static void the_table_of_refusals_has_the_numbers_of_the_table_of_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_syscall_entries; i++) {
		const struct syscall_number *call = syscall_find(syscall_entries[i].name);

		assert_non_null(call);
		assert_memory_equal(call->nr, syscall_entries[i].nr, sizeof(call->nr));
	}
}

/* A comparison that could not fail would be worth nothing: one changed number must show. */
static void a_wrong_filter_would_be_noticed(void **state)
{
	static struct trial trial;
	static const uint64_t args[6] = { 0 };
	struct seccomp_data data = { .arch = ABI_AUDIT_ARCH_X86_64, .nr = 165 /* mount */ };

	(void)state;
	trial.policy = refuse_all(ARCH_X86_64);
	build_oracle(&trial.policy, &trial.oracle);
	trial.policy.allows_group[GROUP_MOUNT] = true;
	trial.n = filter_build(&trial.policy, trial.filter, NULL);
	assert_int_equal(filter_simulate(trial.filter, (size_t)trial.n, &data), SECCOMP_RET_ALLOW);
	assert_int_equal(filter_simulate(trial.oracle.denials.code, trial.oracle.denials.n, &data),
			 SECCOMP_RET_ERRNO | EACCES);
	assert_int_equal(syscall_policy_verdict(&trial.policy, data.arch, 165, args),
			 VERDICT_ALLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_those_that_libseccomp_knows),
		cmocka_unit_test(no_call_that_libseccomp_knows_is_missing),
		cmocka_unit_test(the_table_of_refusals_has_the_numbers_of_the_table_of_names),
		cmocka_unit_test(a_wrong_filter_would_be_noticed),
		cmocka_unit_test(calls_refused_by_name_agree),
		cmocka_unit_test(the_longest_filter_has_room_and_means_what_it_says),

		cmocka_unit_test(everything_refused_and_everything_allowed_agree),
		cmocka_unit_test(each_group_allowed_alone_and_refused_alone_agrees),
		cmocka_unit_test(each_combination_of_socket_flags_agrees),
		cmocka_unit_test(each_single_promise_agrees),
	};

	return cmocka_run_group_tests_name("sim", tests, NULL, NULL);
}
