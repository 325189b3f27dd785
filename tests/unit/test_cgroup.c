/* SPDX-License-Identifier: MIT */
/* test_cgroup.c - our group is found, and a group that was made is removed again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/probe.h"
#include "sys/calls.h"
#include "sys/fd.h"

static int answer;

static long gives_answer(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return answer;
}

static int restore(void **state)
{
	(void)state;
	for (int i = 0; i < SYS_CALL_MAX; i++)
		sys_replace((enum sys_call)i, NULL);
	return 0;
}

static void the_unified_tree_is_found_among_the_others(void **state)
{
	static const struct {
		const char *text;
		int version;
		const char *path;
	} cases[] = {
		{ "", 0, NULL },
		{ "0::/\n", 2, "/" },
		{ "0::/user.slice/a.scope\n", 2, "/user.slice/a.scope" },
		{ "0::/no newline", 2, "/no newline" },
		{ "9:name=systemd:/\n4:memory:/x\n0::/y\n", 2, "/y" },
		{ "10::/not-zero\n", 1, NULL },
		{ "4:memory:/x\n", 1, NULL },
		{ "1:0::/x\n", 1, NULL },
		{ "0::/../outside\n", 2, "" },
		{ "0::/..\n", 2, "" },
		{ "0::/..name\n", 2, "/..name" },
		{ "0::/too-long-for-it-by-one..........\n", 2, "" },
		{ "0::/just-as-long-as-it-can-be......\n", 2, "/just-as-long-as-it-can-be......" },
		{ "0::relative\n", 1, NULL },
		{ "0:\n", 1, NULL },
		{ "\n\n", 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char path[33] = "untouched";

		assert_int_equal(cgroup_parse(cases[i].text, path, sizeof(path)), cases[i].version);
		assert_string_equal(path, cases[i].path ? cases[i].path : "untouched");
	}
}

static void the_version_is_that_of_our_own_file_and_0_without_it(void **state)
{
	char text[8192], path[4096];
	struct host host = { .cgroup.version = 7 };

	(void)state;
	if (fd_read_file(AT_FDCWD, "/proc/self/cgroup", text, sizeof(text)) < 0)
		text[0] = '\0';
	assert_int_equal(probe_cgroup(&host, NULL), 0);
	assert_int_equal(host.cgroup.version, cgroup_parse(text, path, sizeof(path)));
	answer = -ENOENT;
	sys_replace(SYS_CALL_openat, gives_answer);
	assert_int_equal(probe_cgroup(&host, NULL), 0);
	assert_int_equal(host.cgroup.version, 0);
}

static void a_group_that_takes_no_child_is_not_delegated(void **state)
{
	struct host host;

	(void)state;
	answer = -EROFS;
	sys_replace(SYS_CALL_mkdirat, gives_answer);
	assert_int_equal(probe_delegation(&host, NULL), 0);
	assert_int_equal(host.cgroup.is_delegated, HOST_NO);
	sys_replace(SYS_CALL_mkdirat, NULL);
	sys_replace(SYS_CALL_faccessat, gives_answer);
	assert_int_equal(probe_delegation(&host, NULL), 0);
	assert_int_equal(host.cgroup.is_delegated, HOST_NO);
}

static long refuses_our_own_procs(enum sys_call call, long a, long b, long c, long d, long e,
				  long f)
{
	(void)call, (void)a, (void)c, (void)d, (void)e, (void)f;
	return strcmp((const char *)(uintptr_t)b, "cgroup.procs") == 0 ? -EACCES : 0;
}

static char made[64], removed[64];

static long notes_mkdir(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)c, (void)d, (void)e, (void)f;
	strncpy(made, (const char *)(uintptr_t)b, sizeof(made) - 1);
	return 0;
}

static long notes_unlink(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)d, (void)e, (void)f;
	assert_int_equal(c, AT_REMOVEDIR);
	strncpy(removed, (const char *)(uintptr_t)b, sizeof(removed) - 1);
	return 0;
}

static void the_group_that_was_made_is_removed_again(void **state)
{
	struct host host = { 0 }, refused = { 0 };

	(void)state;
	assert_int_equal(probe_cgroup(&host, NULL), 0);
	if (host.cgroup.version != 2) {
		print_message("no unified cgroup tree here\n");
		skip();
	}
	answer = 0;
	sys_replace(SYS_CALL_faccessat, gives_answer);
	sys_replace(SYS_CALL_newfstatat, gives_answer);
	sys_replace(SYS_CALL_mkdirat, notes_mkdir);
	sys_replace(SYS_CALL_unlinkat, notes_unlink);
	assert_int_equal(probe_delegation(&host, NULL), 0);
	sys_replace(SYS_CALL_faccessat, refuses_our_own_procs);
	assert_int_equal(probe_delegation(&refused, NULL), 0);
	(void)restore(NULL);
	assert_int_equal(refused.cgroup.is_delegated, HOST_NO);
	if (!made[0]) {
		print_message("the unified tree is not mounted\n");
		skip();
	}
	assert_int_equal(host.cgroup.is_delegated, HOST_YES);
	assert_string_equal(made, removed);
	assert_null(strchr(made, '/'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_unified_tree_is_found_among_the_others),
		cmocka_unit_test_teardown(the_version_is_that_of_our_own_file_and_0_without_it,
					  restore),
		cmocka_unit_test_teardown(a_group_that_takes_no_child_is_not_delegated, restore),
		cmocka_unit_test_teardown(the_group_that_was_made_is_removed_again, restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
