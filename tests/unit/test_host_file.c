/* SPDX-License-Identifier: MIT */
/* test_host_file.c - a host is saved and loaded without loss, and wrong files are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/host.h"

static const struct host full_host = {
	.arch = ARCH_AARCH64,
	.kernel_release = "6.18.44-generic+x",
	.uid = UINT32_MAX,
	.has_capabilities = true,
	.landlock = { .abi = 11, .errata = 0x80000007, .has_errata = true, .enforces = HOST_YES },
	.seccomp = { .errnum = ENOSYS, .has_kill_process = true },
	.ns = { [HOST_NS_USER] = { .works = HOST_NO, .errnum = ENOSPC },
		[HOST_NS_MOUNT] = { .works = HOST_YES },
		[HOST_NS_PID] = { .works = HOST_YES },
		[HOST_NS_NET] = { .works = HOST_NO, .errnum = EUSERS },
		[HOST_NS_CGROUP] = { .works = HOST_NO, .errnum = ENOTSUP } },
	.ns_step = NS_STEP_UNSHARE,
	.has_ns_by_capability = true,
	.mount = { .has_new_api = HOST_YES,
		   .is_read_only_whole = HOST_YES,
		   .can_proc = HOST_NO,
		   .proc_errnum = EPERM },
	.cgroup = { .version = 2,
		    .is_delegated = HOST_YES,
		    .controllers = { [CONTROLLER_MEMORY] = HOST_YES,
				     [CONTROLLER_PIDS] = HOST_NO } },
	.has_close_range = true,
	.has_pidfd = true,
};

static void assert_same(const struct host *a, const struct host *b)
{
	AUTO_BUF struct buf text_a = BUF_INIT(HOST_FILE_MAX), text_b = BUF_INIT(HOST_FILE_MAX);

	host_print(&text_a, a);
	host_print(&text_b, b);
	assert_int_equal(buf_error(&text_a), 0);
	assert_string_equal(buf_text(&text_a), buf_text(&text_b));
}

static const char full_text[] = "arch: aarch64\n"
				"kernel-release: 6.18.44-generic+x\n"
				"uid: 4294967295\n"
				"capabilities: yes\n"
				"landlock-errno: 0\n"
				"landlock-abi: 11\n"
				"landlock-errata-known: yes\n"
				"landlock-errata: 2147483655\n"
				"landlock-enforces: yes\n"
				"seccomp-errno: 38\n"
				"seccomp-kill-process: yes\n"
				"ns-user: no\n"
				"ns-user-errno: 28\n"
				"ns-mount: yes\n"
				"ns-mount-errno: 0\n"
				"ns-pid: yes\n"
				"ns-pid-errno: 0\n"
				"ns-net: no\n"
				"ns-net-errno: 87\n"
				"ns-ipc: unknown\n"
				"ns-ipc-errno: 0\n"
				"ns-uts: unknown\n"
				"ns-uts-errno: 0\n"
				"ns-cgroup: no\n"
				"ns-cgroup-errno: 95\n"
				"ns-step: unshare\n"
				"ns-by-capability: yes\n"
				"mount-new-api: yes\n"
				"mount-read-only: yes\n"
				"mount-proc: no\n"
				"mount-proc-errno: 1\n"
				"cgroup-version: 2\n"
				"cgroup-delegated: yes\n"
				"cgroup-memory: yes\n"
				"cgroup-pids: no\n"
				"cgroup-cpu: unknown\n"
				"close-range: yes\n"
				"pidfd: yes\n";

static void a_host_is_written_as_lines_and_read_back(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(HOST_FILE_MAX);
	struct croft_error err;
	struct host host;

	(void)state;
	host_print(&buf, &full_host);
	assert_string_equal(buf_text(&buf), full_text);
	assert_int_equal(host_parse(buf_text(&buf), buf.len, &host, &err), 0);
	assert_int_equal(host.arch, ARCH_AARCH64);
	assert_string_equal(host.kernel_release, "6.18.44-generic+x");
	assert_int_equal(host.uid, UINT32_MAX);
	assert_true(host.has_capabilities);
	assert_int_equal(host.landlock.abi, 11);
	assert_int_equal(host.landlock.errata, 0x80000007);
	assert_true(host.landlock.has_errata);
	assert_int_equal(host.landlock.enforces, HOST_YES);
	assert_int_equal(host.seccomp.errnum, ENOSYS);
	assert_true(host.seccomp.has_kill_process);
	assert_int_equal(host.ns[HOST_NS_USER].works, HOST_NO);
	assert_int_equal(host.ns[HOST_NS_USER].errnum, ENOSPC);
	for (int i = 0; i < HOST_NS_MAX; i++) {
		assert_int_equal(host.ns[i].works, full_host.ns[i].works);
		assert_int_equal(host.ns[i].errnum, full_host.ns[i].errnum);
	}
	assert_int_equal(host.ns_step, NS_STEP_UNSHARE);
	assert_true(host.has_ns_by_capability);
	assert_int_equal(host.mount.has_new_api, HOST_YES);
	assert_int_equal(host.mount.is_read_only_whole, HOST_YES);
	assert_int_equal(host.mount.can_proc, HOST_NO);
	assert_int_equal(host.mount.proc_errnum, EPERM);
	assert_int_equal(host.cgroup.version, 2);
	assert_int_equal(host.cgroup.is_delegated, HOST_YES);
	assert_int_equal(host.cgroup.controllers[CONTROLLER_MEMORY], HOST_YES);
	assert_int_equal(host.cgroup.controllers[CONTROLLER_PIDS], HOST_NO);
	assert_int_equal(host.cgroup.controllers[CONTROLLER_CPU], HOST_UNKNOWN);
	assert_true(host.has_close_range);
	assert_true(host.has_pidfd);
}

static void every_landlock_abi_and_errno_can_be_recorded(void **state)
{
	static const int errnums[] = { ENOSYS, EOPNOTSUPP, EPERM, 4095 };

	(void)state;
	for (int abi = 1; abi <= 1000; abi += abi < 20 ? 1 : 49) {
		struct host host = full_host, got;
		AUTO_BUF struct buf buf = BUF_INIT(HOST_FILE_MAX);

		host.landlock.abi = abi;
		host.landlock.enforces = HOST_UNKNOWN;
		host_print(&buf, &host);
		assert_int_equal(host_parse(buf_text(&buf), buf.len, &got, NULL), 0);
		assert_same(&host, &got);
	}
	for (size_t i = 0; i < ARRAY_SIZE(errnums); i++) {
		struct host host = { .landlock.errnum = errnums[i] }, got;
		AUTO_BUF struct buf buf = BUF_INIT(HOST_FILE_MAX);

		host_print(&buf, &host);
		assert_int_equal(host_parse(buf_text(&buf), buf.len, &got, NULL), 0);
		assert_same(&host, &got);
	}
}

static void what_each_namespace_answers_can_be_recorded(void **state)
{
	static const enum host_answer answers[] = { HOST_UNKNOWN, HOST_YES, HOST_NO };

	(void)state;
	for (int i = 0; i < HOST_NS_MAX; i++)
		for (size_t k = 0; k < ARRAY_SIZE(answers); k++) {
			struct host host = { .arch = ARCH_X86_64, .landlock.errnum = ENOSYS }, got;
			AUTO_BUF struct buf buf = BUF_INIT(HOST_FILE_MAX);
			struct croft_error err;

			host.ns[i].works = answers[k];
			host.ns[i].errnum = answers[k] == HOST_NO ? EPERM : 0;
			if (i == HOST_NS_USER && answers[k] == HOST_NO)
				host.ns_step = NS_STEP_GID_MAP;
			host_print(&buf, &host);
			if (host_parse(buf_text(&buf), buf.len, &got, &err) != 0)
				fail_msg("%s", err.what);
			assert_same(&host, &got);
			assert_int_equal(got.ns[i].works, answers[k]);
			assert_int_equal(got.ns_step, host.ns_step);
		}
}

static void who_refused_can_be_recorded_and_need_not_be(void **state)
{
	(void)state;
	for (int i = 0; i < NS_REFUSER_MAX; i++) {
		struct host host = full_host, got;
		AUTO_BUF struct buf buf = BUF_INIT(HOST_FILE_MAX);

		host.ns_refuser = (enum host_refuser)i;
		host_print(&buf, &host);
		assert_int_equal(strstr(buf_text(&buf), "ns-refuser: ") != NULL, i != 0);
		assert_int_equal(host_parse(buf_text(&buf), buf.len, &got, NULL), 0);
		assert_int_equal(got.ns_refuser, i);
	}
}

static void the_host_itself_can_be_saved_and_loaded(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(HOST_FILE_MAX);
	struct host host, got;
	struct croft_error err;

	(void)state;
	assert_int_equal(host_probe_fully(&host, &err), 0);
	host_print(&buf, &host);
	if (host_parse(buf_text(&buf), buf.len, &got, &err) != 0)
		fail_msg("%s", err.what);
	assert_same(&host, &got);
}

/* A copy of full_text in which a line (by its key) is replaced by another text. */
static void change(struct buf *buf, const char *key, const char *by)
{
	const char *at = strstr(full_text, key);
	const char *end;

	assert_non_null(at);
	end = strchr(at, '\n') + 1;
	buf_add(buf, full_text, (size_t)(at - full_text));
	buf_puts(buf, by);
	buf_puts(buf, end);
}

static void wrong_files_are_refused_with_the_line_and_the_key(void **state)
{
	static const struct {
		const char *key, *by, *message;
	} cases[] = {
		{ "uid: ", "uid: 4294967296\n", "line 3: 'uid' cannot be '4294967296'" },
		{ "uid: ", "uid: -1\n", "line 3: 'uid' cannot be '-1'" },
		{ "uid: ", "uid: \n", "line 3: 'uid' cannot be ''" },
		{ "uid: ", "uid:  1\n", "line 3: 'uid' cannot be ' 1'" },
		{ "uid: ", "uid:1\n", "line 3: not of the form" },
		{ "uid: ", "uid:\n", "line 3: not of the form" },
		{ "uid: ", "\n", "line 3: not of the form" },
		{ "uid: ", "uid\n", "line 3: not of the form" },
		{ "uid: ", "", "'uid' is missing" },
		{ "uid: ", "uid: 1\nuid: 1\n", "line 4: 'uid' again" },
		{ "uid: ", "uids: 1\n", "line 3: unknown key" },
		{ "uid: ", "ui: 1\n", "line 3: unknown key" },
		{ "uid: ", ": 1\n", "line 3: unknown key" },
		{ "uid: ", "uid: 1\r\n", "line 3: 'uid' cannot be" },
		{ "arch: ", "arch: riscv64\n", "line 1: 'arch' cannot be 'riscv64'" },
		{ "kernel-release: ", "kernel-release: a b\n",
		  "line 2: 'kernel-release' cannot be" },
		{ "kernel-release: ", "kernel-release: \x1b[2J\n", "'kernel-release' cannot be" },
		{ "kernel-release: ",
		  "kernel-release: "
		  "12345678901234567890123456789012345678901234567890123456789012345\n",
		  "line 2: 'kernel-release' is no line of text" },
		{ "capabilities: ", "capabilities: maybe\n", "line 4: 'capabilities' cannot be" },
		{ "capabilities: ", "capabilities: unknown\n", "line 4: 'capabilities' cannot be" },
		{ "landlock-errno: ", "landlock-errno: 4096\n",
		  "'landlock-errno' cannot be '4096'" },
		{ "landlock-abi: ", "landlock-abi: 1001\n", "'landlock-abi' cannot be '1001'" },
		{ "ns-user: ", "ns-user: YES\n", "'ns-user' cannot be 'YES'" },
		{ "ns-net-errno: ", "ns-net-errno: 4096\n", "'ns-net-errno' cannot be '4096'" },
		{ "ns-step: ", "ns-step: fork\n", "'ns-step' cannot be 'fork'" },
		{ "ns-step: ", "ns-step: unshare\nns-refuser: me\n",
		  "'ns-refuser' cannot be 'me'" },
		{ "ns-step: ", "ns-step: mount\nns-refuser: filter\n", "only where ns-step is" },
		{ "ns-by-capability: ", "ns-by-capability: unknown\n",
		  "'ns-by-capability' cannot be" },
		{ "mount-new-api: ", "mount-new-api: 1\n", "'mount-new-api' cannot be '1'" },
		{ "cgroup-version: ", "cgroup-version: 3\n", "'cgroup-version' cannot be '3'" },
		{ "pidfd: ", "pidfd: yes", "line 38: it does not end" },
		{ "pidfd: ", "pidfd: yes\n\n", "line 39: not of the form" },
		/* what cannot be true together */
		{ "landlock-errno: ", "landlock-errno: 38\n", "landlock-abi is above 0 just when" },
		{ "landlock-abi: ", "landlock-abi: 0\n", "landlock-abi is above 0 just when" },
		{ "landlock-errata-known: ", "landlock-errata-known: no\n", "errata are given" },
		{ "ns-user: ", "ns-user: yes\n", "the errno of a namespace" },
		{ "ns-user-errno: ", "ns-user-errno: 0\n", "the errno of a namespace" },
		{ "ns-cgroup-errno: ", "ns-cgroup-errno: 0\n", "the errno of a namespace" },
		{ "ns-step: ", "ns-step: none\n", "ns-step is a step just when" },
		{ "ns-mount: ", "ns-mount: unknown\n", "ns-by-capability is of a host" },
		{ "mount-proc: ", "mount-proc: yes\n", "mount-proc-errno is above 0" },
		{ "mount-proc-errno: ", "mount-proc-errno: 0\n", "mount-proc-errno is above 0" },
		{ "cgroup-version: ", "cgroup-version: 1\n", "only version 2" },
		{ "cgroup-delegated: ", "cgroup-delegated: no\n", "a controller needs a cgroup" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf buf = BUF_INIT(HOST_FILE_MAX);
		struct host host = { .uid = 77 };
		struct croft_error err = { 0 };

		change(&buf, cases[i].key, cases[i].by);
		assert_int_equal(host_parse(buf_text(&buf), buf.len, &host, &err), -EINVAL);
		assert_int_equal(err.stage, CROFT_STAGE_HOST);
		assert_int_equal(host.uid, 77);
		if (!strstr(err.what, cases[i].message))
			fail_msg("case %zu: '%s' has no '%s'", i, err.what, cases[i].message);
	}
}

static void harmless_changes_are_accepted(void **state)
{
	static const struct {
		const char *key, *by;
	} cases[] = {
		{ "uid: ", "uid: 0\n" },
		{ "kernel-release: ", "kernel-release: \n" },
		{ "kernel-release: ",
		  "kernel-release: "
		  "1234567890123456789012345678901234567890123456789012345678901234\n" },
		{ "landlock-abi: ", "landlock-abi: 1\n" },
		{ "landlock-enforces: ", "landlock-enforces: no\n" },
		{ "cgroup-memory: ", "cgroup-memory: unknown\n" },
		{ "ns-step: ", "ns-step: mount\n" },
		{ "ns-step: ", "ns-step: unshare\nns-refuser: chroot\n" },
		{ "ns-step: ", "ns-step: unshare\nns-refuser: unknown\n" },
		{ "ns-step: ", "ns-step: setgroups\n" },
		{ "ns-by-capability: ", "ns-by-capability: no\n" },
		{ "mount-new-api: ", "mount-new-api: unknown\n" },
		{ "mount-read-only: ", "mount-read-only: no\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		AUTO_BUF struct buf buf = BUF_INIT(HOST_FILE_MAX);
		struct croft_error err = { 0 };
		struct host host;

		change(&buf, cases[i].key, cases[i].by);
		if (host_parse(buf_text(&buf), buf.len, &host, &err) != 0)
			fail_msg("case %zu: %s", i, err.what);
	}
}

static void nul_bytes_and_long_files_are_refused(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(2 * HOST_FILE_MAX);
	char text[sizeof(full_text)];
	struct croft_error err;
	struct host host;

	(void)state;
	memcpy(text, full_text, sizeof(text));
	assert_int_equal(host_parse(text, sizeof(text), &host, &err), -EINVAL);
	*strchr(text, '+') = '\0';
	assert_int_equal(host_parse(text, sizeof(text) - 1, &host, &err), -EINVAL);
	assert_int_equal(host_parse(text, 0, &host, &err), -EINVAL);
	while (buf.len <= HOST_FILE_MAX)
		buf_puts(&buf, "x: y\n");
	assert_int_equal(host_parse(buf_text(&buf), buf.len, &host, &err), -EINVAL);
	assert_non_null(strstr(err.what, "longer than"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_host_is_written_as_lines_and_read_back),
		cmocka_unit_test(every_landlock_abi_and_errno_can_be_recorded),
		cmocka_unit_test(what_each_namespace_answers_can_be_recorded),
		cmocka_unit_test(who_refused_can_be_recorded_and_need_not_be),
		cmocka_unit_test(the_host_itself_can_be_saved_and_loaded),
		cmocka_unit_test(wrong_files_are_refused_with_the_line_and_the_key),
		cmocka_unit_test(harmless_changes_are_accepted),
		cmocka_unit_test(nul_bytes_and_long_files_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
