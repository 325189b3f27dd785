/* SPDX-License-Identifier: MIT */
/*
 * test_syscalls.c - the table of system calls and the verdicts of policies.
 *
 * The verdicts are given here as a reader of the promises would write them, one
 * line each, next to the closest call that must pass.
 */
#include "plan/syscalls.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <cmocka.h>

#define HIGH (1ULL << 32) /* a bit that the kernel does not look at in a 32-bit argument */

static const uint32_t audit_archs[ARCH_MAX] = { ABI_AUDIT_ARCH_X86_64, ABI_AUDIT_ARCH_AARCH64 };

/* The policy that refuses whatever there is to refuse. */
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

/* The policy that refuses no known call, and still is a filter. */
static struct syscall_policy allow_all(enum arch arch)
{
	struct syscall_policy policy = { .arch = arch };

	for (size_t i = 0; i < GROUP_MAX; i++)
		policy.allows_group[i] = true;
	return policy;
}

static int find_number(const char *name, enum arch arch)
{
	for (size_t i = 0; i < n_syscall_entries; i++)
		if (strcmp(syscall_entries[i].name, name) == 0)
			return syscall_entries[i].nr[arch];
	fail_msg("no entry named %s", name);
	return -1;
}

static void names_and_numbers_stand_once(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_syscall_entries; i++) {
		for (size_t j = i + 1; j < n_syscall_entries; j++) {
			const struct syscall_entry *a = &syscall_entries[i],
						   *b = &syscall_entries[j];

			assert_string_not_equal(a->name, b->name);
			for (unsigned arch = 0; arch < ARCH_MAX; arch++)
				assert_true(a->nr[arch] < 0 || a->nr[arch] != b->nr[arch]);
		}
	}
}

static void entries_are_well_formed(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_syscall_entries; i++) {
		const struct syscall_entry *entry = &syscall_entries[i];

		assert_true(entry->rule < REFUSES_MAX);
		assert_true(entry->check < CHECK_MAX);
		assert_true(entry->verdict == VERDICT_EACCES || entry->verdict == VERDICT_ENOSYS);
		for (unsigned arch = 0; arch < ARCH_MAX; arch++) {
			assert_in_range(entry->nr[arch] + 1, 0, SYSCALL_FIRST_UNKNOWN);
			/* From pidfd_send_signal on, new calls have one number everywhere (5.1). */
			if (entry->nr[arch] >= 424)
				assert_int_equal(entry->nr[ARCH_X86_64], entry->nr[ARCH_AARCH64]);
		}
	}
}

static void each_rule_refuses_something(void **state)
{
	(void)state;
	for (unsigned rule = 0; rule < REFUSES_MAX; rule++) {
		size_t n = 0;

		for (size_t i = 0; i < n_syscall_entries; i++)
			n += syscall_entries[i].rule == rule;
		if (n == 0)
			fail_msg("rule %u refuses no call", rule);
	}
}

/* One call: what refuses it says no to `args` and yes to `twin`. */
struct verdict_case {
	const char *name;
	uint64_t args[6];
	uint64_t twin[6];
};

static const struct verdict_case checked_cases[] = {
	{ "ioctl", { 0, TIOCSTI }, { 0, TCGETS } },
	{ "ioctl", { 0, HIGH | TIOCSTI }, { 0, TIOCSTI + 1 } },
	{ "ioctl", { 0, TIOCLINUX }, { 0, TIOCLINUX - 1 } },
	{ "ioctl", { 0, TIOCCONS }, { 0, TIOCSTI - 1 } },
	{ "ioctl", { 0, ~(uint64_t)UINT32_MAX | TIOCSETD }, { 0, TIOCGETD } },
	{ "clone", { CLONE_NEWUSER | 17 }, { CLONE_VM | CLONE_VFORK | 17 } },
	{ "clone", { CLONE_NEWNS }, { HIGH | 17 } },
	{ "clone", { HIGH | CLONE_NEWPID }, { CLONE_IO | CLONE_PARENT } },
	{ "clone", { CLONE_NEWCGROUP | CLONE_VM }, { 0x81fdffff } },
	{ "clone", { CLONE_NEWUTS }, { 0x80 | 17 } },
	{ "clone", { CLONE_NEWIPC }, { 0 } },
	{ "clone", { CLONE_NEWNET }, { 0xff } },
	{ "unshare", { CLONE_NEWUSER }, { CLONE_FILES | CLONE_FS } },
	{ "unshare", { 0x80 }, { CLONE_SYSVSEM | CLONE_THREAD } },
	{ "unshare", { CLONE_FS | CLONE_NEWNS }, { CLONE_VM | CLONE_SIGHAND } },
	{ "unshare", { 0x100000 }, { 0 } },
	{ "personality", { 0x0040000 }, { UINT32_MAX } },
	{ "personality", { HIGH | 8 }, { HIGH } },
	{ "prlimit64", { 1, 7, 0x1000 }, { 1, 7, 0 } },
	{ "prlimit64", { 1, 7, HIGH }, { HIGH, 7, 0x1000 } },
	{ "sendto", { 3, 0, 0, MSG_FASTOPEN }, { 3, 0, 0, MSG_NOSIGNAL } },
	{ "sendmsg", { 3, 0, HIGH | MSG_FASTOPEN }, { 3, 0, 0, MSG_FASTOPEN } },
	{ "sendmmsg", { 3, 0, 0, UINT32_MAX }, { 3, 0, MSG_FASTOPEN, 0 } },
	{ "setsockopt", { 3, IPPROTO_TCP, TCP_ULP }, { 3, IPPROTO_TCP, TCP_NODELAY } },
	{ "setsockopt", { 3, HIGH | IPPROTO_TCP, HIGH | TCP_ULP }, { 3, SOL_SOCKET, TCP_ULP } },
	{ "setsockopt", { TCP_ULP, IPPROTO_TCP, TCP_ULP }, { 3, TCP_ULP, IPPROTO_TCP } },
	{ "open", { 0, O_TRUNC }, { 0, O_TRUNC | O_WRONLY } },
	{ "open", { 0, O_TRUNC | 3 }, { 0, 3 } },
	{ "openat", { 0, 0, HIGH | O_TRUNC | O_CLOEXEC }, { 0, 0, O_TRUNC | O_RDWR } },
	{ "openat", { 0, 0, O_TRUNC | O_CREAT | 3 }, { 0, 0, O_CREAT | O_CLOEXEC } },
	{ "socketpair", { AF_UNIX, SOCK_DGRAM }, { AF_UNIX, SOCK_STREAM } },
	{ "socketpair", { AF_UNIX, SOCK_RAW }, { HIGH | AF_UNIX, SOCK_SEQPACKET } },
	{ "socketpair", { AF_TIPC, SOCK_STREAM }, { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC } },
};

static void arguments_decide_at_the_kernels_width(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(checked_cases) / sizeof(checked_cases[0]); i++) {
		const struct verdict_case *c = &checked_cases[i];

		for (unsigned arch = 0; arch < ARCH_MAX; arch++) {
			struct syscall_policy refusing = refuse_all(arch),
					      allowing = allow_all(arch);
			int nr = find_number(c->name, arch);

			if (nr < 0)
				continue;
			if (syscall_policy_verdict(&refusing, audit_archs[arch], (uint32_t)nr,
						   c->args) != VERDICT_EACCES)
				fail_msg("case %zu: %s is not refused", i, c->name);
			if (syscall_policy_verdict(&refusing, audit_archs[arch], (uint32_t)nr,
						   c->twin) != VERDICT_ALLOW)
				fail_msg("case %zu: the twin of %s does not pass", i, c->name);
			assert_int_equal(syscall_policy_verdict(&allowing, audit_archs[arch],
								(uint32_t)nr, c->args),
					 VERDICT_ALLOW);
		}
	}
}

/* Which flag of the policy decides a socket. */
enum socket_class { BY_UNIX, BY_STREAM, BY_DGRAM, BY_ROUTE, BY_OTHER };

static const struct {
	uint64_t family, type, protocol;
	enum socket_class class;
} socket_cases[] = {
	{ AF_UNIX, SOCK_STREAM, 0, BY_UNIX },
	{ AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, BY_UNIX },
	{ HIGH | AF_UNIX, SOCK_SEQPACKET, 0, BY_UNIX },
	{ AF_INET, SOCK_STREAM, 0, BY_STREAM },
	{ AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, IPPROTO_TCP, BY_STREAM },
	{ HIGH | AF_INET, HIGH | SOCK_STREAM, HIGH, BY_STREAM },
	{ AF_INET, SOCK_DGRAM, 0, BY_DGRAM },
	{ AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_UDP, BY_DGRAM },
	{ AF_INET, SOCK_STREAM, 262, BY_OTHER }, /* MPTCP */
	{ AF_INET, SOCK_STREAM, 256, BY_OTHER }, /* SMC */
	{ AF_INET, SOCK_STREAM, IPPROTO_UDP, BY_OTHER },
	{ AF_INET6, SOCK_STREAM, IPPROTO_SCTP, BY_OTHER },
	{ AF_INET, SOCK_SEQPACKET, IPPROTO_SCTP, BY_OTHER },
	{ AF_INET, SOCK_DGRAM, IPPROTO_ICMP, BY_OTHER },
	{ AF_INET, SOCK_DGRAM, IPPROTO_UDPLITE, BY_OTHER },
	{ AF_INET, SOCK_DGRAM, IPPROTO_TCP, BY_OTHER },
	{ AF_INET, SOCK_RAW, IPPROTO_TCP, BY_OTHER },
	{ AF_INET, 10, 0, BY_OTHER }, /* SOCK_PACKET */
	{ AF_INET, 0, 0, BY_OTHER },
	{ AF_NETLINK, SOCK_RAW, 0, BY_ROUTE },
	{ AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, HIGH, BY_ROUTE },
	{ AF_NETLINK, SOCK_RAW, 9, BY_OTHER }, /* NETLINK_AUDIT */
	{ AF_PACKET, SOCK_RAW, 0, BY_OTHER },
	{ AF_VSOCK, SOCK_STREAM, 0, BY_OTHER },
	{ AF_ALG, SOCK_SEQPACKET, 0, BY_OTHER },
	{ AF_SMC, SOCK_STREAM, 0, BY_OTHER },
	{ AF_UNSPEC, SOCK_STREAM, 0, BY_OTHER },
	{ UINT32_MAX, SOCK_STREAM, 0, BY_OTHER },
};

static bool class_passes(const struct syscall_policy *policy, enum socket_class class)
{
	switch (class) {
	case BY_UNIX:
		return policy->allows_unix;
	case BY_STREAM:
		return policy->allows_inet_stream;
	case BY_DGRAM:
		return policy->allows_inet_dgram;
	case BY_ROUTE:
		return policy->allows_route_netlink || !policy->refuses_other_net;
	case BY_OTHER:
		break;
	}
	return !policy->refuses_other_net;
}

static void each_socket_is_decided_by_its_own_flag(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(socket_cases) / sizeof(socket_cases[0]); i++) {
		const uint64_t args[6] = { socket_cases[i].family, socket_cases[i].type,
					   socket_cases[i].protocol };

		for (unsigned bits = 0; bits < 32; bits++) {
			struct syscall_policy policy = {
				.filters_sockets = true,
				.allows_inet_stream = bits & 1,
				.allows_inet_dgram = bits & 2,
				.allows_unix = bits & 4,
				.allows_route_netlink = bits & 8,
				.refuses_other_net = bits & 16,
			};
			bool passes = syscall_policy_verdict(&policy, ABI_AUDIT_ARCH_X86_64, 41,
							     args) == VERDICT_ALLOW;

			if (passes != class_passes(&policy, socket_cases[i].class))
				fail_msg("socket %zu with flags %#x", i, bits);
		}
	}
}

static void a_group_allowed_by_name_lets_its_calls_pass_and_no_others(void **state)
{
	static const uint64_t args[6] = { UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX };

	(void)state;
	for (unsigned group = 0; group < GROUP_MAX; group++) {
		struct syscall_policy policy = refuse_all(ARCH_X86_64), plain = policy;

		policy.allows_group[group] = true;
		for (size_t i = 0; i < n_syscall_entries; i++) {
			uint32_t nr = (uint32_t)syscall_entries[i].nr[ARCH_X86_64];
			enum call_verdict with =
				syscall_policy_verdict(&policy, ABI_AUDIT_ARCH_X86_64, nr, args);
			enum call_verdict without =
				syscall_policy_verdict(&plain, ABI_AUDIT_ARCH_X86_64, nr, args);

			assert_int_equal(with, syscall_entries[i].rule == group ? VERDICT_ALLOW
										: without);
		}
	}
}

static void the_answer_tells_programs_how_to_go_on(void **state)
{
	static const char *const absent[] = { "clone3", "openat2", "io_uring_setup",
					      "io_uring_enter", "io_uring_register" };
	static const uint64_t args[6] = { 0 };
	struct syscall_policy policy = refuse_all(ARCH_NATIVE);
	const uint32_t arch = audit_archs[ARCH_NATIVE];

	(void)state;
	for (size_t i = 0; i < sizeof(absent) / sizeof(absent[0]); i++)
		assert_int_equal(
			syscall_policy_verdict(&policy, arch,
					       (uint32_t)find_number(absent[i], ARCH_NATIVE), args),
			VERDICT_ENOSYS);
	assert_int_equal(syscall_policy_verdict(&policy, arch, SYS_mount, args), VERDICT_EACCES);
	assert_int_equal(syscall_policy_verdict(&policy, arch, SYS_ptrace, args), VERDICT_EACCES);
	assert_int_equal(syscall_policy_verdict(&policy, arch, SYS_read, args), VERDICT_ALLOW);
	assert_int_equal(syscall_policy_verdict(&policy, arch, SYS_adjtimex, args), VERDICT_ALLOW);
	assert_int_equal(syscall_policy_verdict(&policy, arch, SYS_seccomp, args), VERDICT_ALLOW);
	assert_int_equal(syscall_policy_verdict(&policy, arch, ABI_NR_LANDLOCK_RESTRICT_SELF, args),
			 VERDICT_ALLOW);
}

static void a_foreign_architecture_is_killed_whatever_the_policy(void **state)
{
	static const uint32_t foreign[] = { 0, 0x40000003 /* i386 */, 0x40000028 /* arm */,
					    UINT32_MAX };
	static const uint64_t args[6] = { 0 };

	(void)state;
	for (unsigned arch = 0; arch < ARCH_MAX; arch++) {
		struct syscall_policy policy = allow_all(arch);

		for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
			assert_int_equal(syscall_policy_verdict(&policy, foreign[i], 1, args),
					 VERDICT_KILL);
		assert_int_equal(syscall_policy_verdict(&policy, audit_archs[ARCH_MAX - 1 - arch],
							1, args),
				 VERDICT_KILL);
		assert_int_equal(syscall_policy_verdict(&policy, audit_archs[arch], 1, args),
				 VERDICT_ALLOW);
	}
}

static void unknown_numbers_are_absent_whatever_the_policy(void **state)
{
	static const uint32_t unknown[] = {
		SYSCALL_FIRST_UNKNOWN, 512, 547, 0x40000000, 0x40000000 + 41, 0x7fffffff, UINT32_MAX
	};
	static const uint64_t args[6] = { 0 };
	struct syscall_policy policy = allow_all(ARCH_X86_64);

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++)
		assert_int_equal(syscall_policy_verdict(&policy, ABI_AUDIT_ARCH_X86_64, unknown[i],
							args),
				 VERDICT_ENOSYS);
	assert_int_equal(syscall_policy_verdict(&policy, ABI_AUDIT_ARCH_X86_64,
						SYSCALL_FIRST_UNKNOWN - 1, args),
			 VERDICT_ALLOW);
	/* A hole between the old table and the common numbers. */
	assert_int_equal(syscall_policy_verdict(&policy, ABI_AUDIT_ARCH_X86_64, 400, args),
			 VERDICT_ALLOW);
}

static void a_policy_that_is_off_refuses_nothing(void **state)
{
	static const uint64_t args[6] = { 0 };
	struct syscall_policy policy = refuse_all(ARCH_X86_64);
	struct syscall_range ranges[SYSCALL_MAX_RANGES];

	(void)state;
	assert_int_equal(syscall_policy_verdict(&policy, ABI_AUDIT_ARCH_X86_64,
						SYSCALL_FIRST_UNKNOWN, args),
			 VERDICT_ENOSYS);
	policy.is_off = true;
	assert_int_equal(syscall_policy_ranges(&policy, ranges), 0);
	assert_int_equal(syscall_policy_verdict(&policy, ABI_AUDIT_ARCH_X86_64,
						SYSCALL_FIRST_UNKNOWN, args),
			 VERDICT_ALLOW);
	assert_int_equal(syscall_policy_verdict(&policy, ABI_AUDIT_ARCH_AARCH64, 1, args),
			 VERDICT_ALLOW);
}

/* Ranges of a policy are in order, as long as they can be, and say what the verdicts say. */
static void check_ranges(const struct syscall_policy *policy)
{
	static const uint64_t args[6] = { 0 };
	struct syscall_range ranges[SYSCALL_MAX_RANGES];
	size_t n = syscall_policy_ranges(policy, ranges), at = 0;

	assert_in_range(n, 1, n_syscall_entries + 1);
	assert_int_equal(ranges[n - 1].first, SYSCALL_FIRST_UNKNOWN);
	assert_int_equal(ranges[n - 1].last, UINT32_MAX);
	for (size_t i = 0; i < n; i++) {
		assert_true(ranges[i].first <= ranges[i].last);
		assert_int_not_equal(ranges[i].verdict, VERDICT_ALLOW);
		if (ranges[i].check != CHECK_NONE)
			assert_int_equal(ranges[i].first, ranges[i].last);
		if (i == 0)
			continue;
		assert_true(ranges[i].first > ranges[i - 1].last);
		assert_false(ranges[i].first == ranges[i - 1].last + 1 &&
			     ranges[i].check == CHECK_NONE && ranges[i - 1].check == CHECK_NONE &&
			     ranges[i].verdict == ranges[i - 1].verdict);
	}
	for (uint32_t nr = 0; nr < SYSCALL_FIRST_UNKNOWN + 2; nr++) {
		enum call_verdict said =
			syscall_policy_verdict(policy, audit_archs[policy->arch], nr, args);

		while (nr > ranges[at].last)
			at++;
		if (nr < ranges[at].first)
			assert_int_equal(said, VERDICT_ALLOW);
		else if (ranges[at].check == CHECK_NONE)
			assert_int_equal(said, ranges[at].verdict);
	}
}

static void ranges_are_sorted_merged_and_agree_with_the_verdicts(void **state)
{
	(void)state;
	for (unsigned arch = 0; arch < ARCH_MAX; arch++) {
		struct syscall_policy policy = refuse_all(arch);

		check_ranges(&policy);
		policy = allow_all(arch);
		check_ranges(&policy);
		for (size_t group = 0; group < GROUP_MAX; group++) {
			policy = refuse_all(arch);
			policy.allows_group[group] = true;
			check_ranges(&policy);
			policy = allow_all(arch);
			policy.allows_group[group] = false;
			check_ranges(&policy);
		}
	}
}

static void names_are_sorted_and_found(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_syscall_numbers; i++) {
		assert_true(i == 0 ||
			    strcmp(syscall_numbers[i - 1].name, syscall_numbers[i].name) < 0);
		assert_ptr_equal(syscall_find(syscall_numbers[i].name), &syscall_numbers[i]);
	}
	assert_null(syscall_find("chnod"));
	assert_null(syscall_find(""));
	assert_string_equal(syscall_nearest("chnod"), "chmod");
	assert_null(syscall_nearest("frobnicate"));
}

static void a_call_refused_by_name_is_refused_whatever_its_arguments_and_no_other_is(void **state)
{
	static const uint64_t args[6] = { 0 };
	const uint32_t arch = ABI_AUDIT_ARCH_X86_64;
	struct syscall_policy policy = allow_all(ARCH_X86_64);

	(void)state;
	assert_int_equal(syscall_policy_refuse(&policy, "chmod"), 0);
	assert_int_equal(syscall_policy_refuse(&policy, "socket"), 0);
	/* as a kernel without it: programs go on with clone */
	assert_int_equal(syscall_policy_refuse(&policy, "clone3"), 0);
	assert_int_equal(syscall_policy_verdict(&policy, arch, 90, args), VERDICT_EACCES);
	assert_int_equal(syscall_policy_verdict(&policy, arch, 41, args), VERDICT_EACCES);
	assert_int_equal(syscall_policy_verdict(&policy, arch, 435, args), VERDICT_ENOSYS);
	assert_int_equal(syscall_policy_verdict(&policy, arch, 90 + 1, args), VERDICT_ALLOW);
	assert_int_equal(syscall_policy_verdict(&policy, arch, 90 - 1, args), VERDICT_ALLOW);
	assert_int_equal(syscall_policy_verdict(&policy, arch, 56, args), VERDICT_ALLOW);
	check_ranges(&policy);
}

static void a_call_that_this_architecture_lacks_is_refused_as_it_is(void **state)
{
	struct syscall_policy policy = allow_all(ARCH_AARCH64), before = policy;

	(void)state;
	assert_int_equal(syscall_policy_refuse(&policy, "open"), 0);
	assert_memory_equal(&policy, &before, sizeof(policy));
}

static void what_no_command_starts_without_cannot_be_refused_and_other_names_are_none(void **state)
{
	static const char *const needed[] = { "execve", "exit",  "exit_group", "write",
					      "read",   "close", "prlimit64",  "rt_sigprocmask" };
	struct syscall_policy policy = allow_all(ARCH_X86_64), before = policy;

	(void)state;
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		assert_int_equal(syscall_policy_refuse(&policy, needed[i]), -EBUSY);
	assert_int_equal(syscall_policy_refuse(&policy, "chnod"), -EINVAL);
	assert_memory_equal(&policy, &before, sizeof(policy));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_numbers_stand_once),
		cmocka_unit_test(entries_are_well_formed),
		cmocka_unit_test(each_rule_refuses_something),
		cmocka_unit_test(arguments_decide_at_the_kernels_width),
		cmocka_unit_test(each_socket_is_decided_by_its_own_flag),
		cmocka_unit_test(a_group_allowed_by_name_lets_its_calls_pass_and_no_others),
		cmocka_unit_test(the_answer_tells_programs_how_to_go_on),
		cmocka_unit_test(a_foreign_architecture_is_killed_whatever_the_policy),
		cmocka_unit_test(unknown_numbers_are_absent_whatever_the_policy),
		cmocka_unit_test(a_policy_that_is_off_refuses_nothing),
		cmocka_unit_test(ranges_are_sorted_merged_and_agree_with_the_verdicts),
		cmocka_unit_test(names_are_sorted_and_found),
		cmocka_unit_test(
			a_call_refused_by_name_is_refused_whatever_its_arguments_and_no_other_is),
		cmocka_unit_test(a_call_that_this_architecture_lacks_is_refused_as_it_is),
		cmocka_unit_test(
			what_no_command_starts_without_cannot_be_refused_and_other_names_are_none),
	};

	return cmocka_run_group_tests_name("syscalls", tests, NULL, NULL);
}
