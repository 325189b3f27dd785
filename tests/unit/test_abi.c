/* SPDX-License-Identifier: MIT */
/* test_abi.c - our copies of the kernel's constants agree with the kernel. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <asm/unistd.h>
#include <errno.h>
#include <linux/audit.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/abi.h"
#include "sys/calls.h"

static void rows_are_cumulative(void **state)
{
	(void)state;
	for (int abi = 1; abi <= ABI_LANDLOCK_NEWEST; abi++) {
		const struct landlock_abi *row = landlock_abi_get(abi);
		const struct landlock_abi *before = landlock_abi_get(abi - 1);

		assert_int_equal(row->abi, abi);
		assert_true((before->fs & ~row->fs) == 0);
		assert_true((before->net & ~row->net) == 0);
		assert_true((before->scoped & ~row->scoped) == 0);
		assert_true((before->restrict_flags & ~row->restrict_flags) == 0);
	}
}

/* The ABI that brought each right, from the kernel's documentation. */
static void each_right_appears_with_its_abi(void **state)
{
	static const struct {
		int abi;
		uint64_t fs, net, scoped;
		uint32_t flags;
	} news[] = {
		{ 1, (1U << 13) - 1, 0, 0, 0 },
		{ 2, ABI_LANDLOCK_FS_REFER, 0, 0, 0 },
		{ 3, ABI_LANDLOCK_FS_TRUNCATE, 0, 0, 0 },
		{ 4, 0, ABI_LANDLOCK_NET_BIND_TCP | ABI_LANDLOCK_NET_CONNECT_TCP, 0, 0 },
		{ 5, ABI_LANDLOCK_FS_IOCTL_DEV, 0, 0, 0 },
		{ 6, 0, 0, ABI_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | ABI_LANDLOCK_SCOPE_SIGNAL, 0 },
		{ 7, 0, 0, 0,
		  ABI_LANDLOCK_RESTRICT_LOG_SAME_EXEC_OFF | ABI_LANDLOCK_RESTRICT_LOG_NEW_EXEC_ON |
			  ABI_LANDLOCK_RESTRICT_LOG_SUBDOMAINS_OFF },
		{ 8, 0, 0, 0, ABI_LANDLOCK_RESTRICT_TSYNC },
		{ 9, ABI_LANDLOCK_FS_RESOLVE_UNIX, 0, 0, 0 },
		{ 10, 0, ABI_LANDLOCK_NET_BIND_UDP | ABI_LANDLOCK_NET_CONNECT_SEND_UDP, 0, 0 },
		{ 11, 0, 0, 0, ABI_LANDLOCK_RESTRICT_NO_NEW_PRIVS },
	};

	(void)state;
	assert_int_equal(ARRAY_SIZE(news), ABI_LANDLOCK_NEWEST);
	for (size_t i = 0; i < ARRAY_SIZE(news); i++) {
		const struct landlock_abi *row = landlock_abi_get(news[i].abi);
		const struct landlock_abi *before = landlock_abi_get(news[i].abi - 1);

		assert_true((row->fs & ~before->fs) == news[i].fs);
		assert_true((row->net & ~before->net) == news[i].net);
		assert_true((row->scoped & ~before->scoped) == news[i].scoped);
		assert_true((row->restrict_flags & ~before->restrict_flags) == news[i].flags);
	}
}

static void numbers_outside_the_table_give_its_ends(void **state)
{
	(void)state;
	assert_int_equal(landlock_abi_get(0)->fs, 0);
	assert_ptr_equal(landlock_abi_get(-5), landlock_abi_get(0));
	assert_ptr_equal(landlock_abi_get(ABI_LANDLOCK_NEWEST + 1),
			 landlock_abi_get(ABI_LANDLOCK_NEWEST));
	assert_ptr_equal(landlock_abi_get(1000), landlock_abi_get(ABI_LANDLOCK_NEWEST));
}

static void messages_name_the_first_kernel(void **state)
{
	(void)state;
	assert_string_equal(landlock_abi_kernel(1), "5.13");
	assert_string_equal(landlock_abi_kernel(6), "6.12");
	assert_string_equal(landlock_abi_kernel(11), "7.3");
	assert_string_equal(landlock_abi_kernel(12), "a later Linux");
}

static void structures_have_the_kernels_sizes(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct abi_landlock_ruleset_attr), 48);
	assert_int_equal(sizeof(struct abi_landlock_path_beneath_attr), 12);
	assert_int_equal(sizeof(struct abi_landlock_net_port_attr), 16);
	assert_int_equal(sizeof(struct sys_sigaction), 32);
}

static void constants_agree_with_the_headers_that_have_them(void **state)
{
	(void)state;
	assert_int_equal(ABI_NR_PIDFD_SEND_SIGNAL, __NR_pidfd_send_signal);
	assert_int_equal(ABI_NR_PIDFD_OPEN, __NR_pidfd_open);
	assert_int_equal(ABI_NR_CLOSE_RANGE, __NR_close_range);
	assert_int_equal(ABI_NR_OPENAT2, __NR_openat2);
	assert_int_equal(ABI_NR_LANDLOCK_CREATE_RULESET, __NR_landlock_create_ruleset);
	assert_int_equal(ABI_NR_LANDLOCK_ADD_RULE, __NR_landlock_add_rule);
	assert_int_equal(ABI_NR_LANDLOCK_RESTRICT_SELF, __NR_landlock_restrict_self);
	assert_int_equal(ABI_AUDIT_ARCH_X86_64, AUDIT_ARCH_X86_64);
	assert_int_equal(ABI_AUDIT_ARCH_AARCH64, AUDIT_ARCH_AARCH64);
	assert_int_equal(ABI_TIOCSTI, TIOCSTI);
	assert_int_equal(ABI_TIOCLINUX, TIOCLINUX);
	assert_int_equal(ABI_TIOCCONS, TIOCCONS);
	assert_int_equal(ABI_TIOCSETD, TIOCSETD);
}

/* What creating a ruleset with these rights answers: 0 or -errno. */
static int try_ruleset(uint64_t fs, uint64_t net, uint64_t scoped)
{
	struct abi_landlock_ruleset_attr attr = {
		.handled_access_fs = fs,
		.handled_access_net = net,
		.scoped = scoped,
	};
	int fd = sys_landlock_create_ruleset(&attr, sizeof(attr), 0);

	if (fd < 0)
		return fd;
	(void)sys_close(fd);
	return 0;
}

static void this_kernel_takes_its_own_row_and_refuses_one_bit_more(void **state)
{
	int abi = sys_landlock_create_ruleset(NULL, 0, ABI_LANDLOCK_CREATE_RULESET_VERSION);
	const struct landlock_abi *row = landlock_abi_get(abi);

	(void)state;
	if (abi < 1) {
		print_message("no Landlock here\n");
		skip();
	}
	assert_int_equal(try_ruleset(row->fs, row->net, row->scoped), 0);
	if (abi > ABI_LANDLOCK_NEWEST)
		return;
	assert_true(try_ruleset(row->fs + 1 + row->fs, row->net, row->scoped) < 0);
	assert_true(try_ruleset(row->fs, row->net + 1 + row->net, row->scoped) < 0);
	assert_true(try_ruleset(row->fs, row->net, row->scoped + 1 + row->scoped) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_cumulative),
		cmocka_unit_test(each_right_appears_with_its_abi),
		cmocka_unit_test(numbers_outside_the_table_give_its_ends),
		cmocka_unit_test(messages_name_the_first_kernel),
		cmocka_unit_test(structures_have_the_kernels_sizes),
		cmocka_unit_test(constants_agree_with_the_headers_that_have_them),
		cmocka_unit_test(this_kernel_takes_its_own_row_and_refuses_one_bit_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
