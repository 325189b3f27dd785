/* SPDX-License-Identifier: MIT */
/*
 * test_rows.c - single rows and their words. That rows agree with what is planned is shown for all
 * hosts at once by tests/plan/test_properties.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/cleanup.h"
#include "make_plan.h"

/* One row of a plan on ABI 7 (or another): its state, and a part of what it says. */
static const struct {
	const char *wishes[MAX_WISHES][2];
	int abi;
	enum protection protection;
	enum state state;
	const char *says; /* in the mechanisms or in what is missing or noted */
	const char *mend; /* in the mend; NULL: there is none */
} cases[] = {
	{ { { NULL, NULL } }, 7, PROTECT_FILES, STATE_ENFORCED, "Landlock 7", NULL },
	{ { { NULL, NULL } }, 2, PROTECT_FILES, STATE_ENFORCED, "truncate(2)", NULL },
	{ { { NULL, NULL } }, 1, PROTECT_FILES, STATE_ENFORCED, "director", NULL },
	{ { { NULL, NULL } },
	  7,
	  PROTECT_EXEC,
	  STATE_ENFORCED,
	  "an interpreter runs any file",
	  NULL },
	{ { { NULL, NULL } }, 4, PROTECT_DEVICES, STATE_ABSENT, "any ioctl", "Linux 6.10" },
	{ { { NULL, NULL } }, 7, PROTECT_METADATA, STATE_ABSENT, "chmod", "--require metadata" },
	{ { { NULL, NULL } }, 7, PROTECT_HIDDEN, STATE_ABSENT, "stat", "--require hidden" },
	{ { { NULL, NULL } },
	  7,
	  PROTECT_DENY_INSIDE,
	  STATE_ABSENT,
	  "no deny rule",
	  "--require deny-inside" },
	{ { { NULL, NULL } }, 7, PROTECT_TCP, STATE_ENFORCED, "seccomp", NULL },
	{ { { "connect", "1" } }, 7, PROTECT_TCP, STATE_ENFORCED, "listen(2) is refused", NULL },
	{ { { "listen", "1" } },
	  7,
	  PROTECT_TCP,
	  STATE_ENFORCED,
	  "a port that the kernel chooses",
	  NULL },
	{ { { "connect", "1" } }, 3, PROTECT_TCP, STATE_ABSENT, "everywhere", "--prefer tcp" },
	{ { { "connect", "udp:1" } }, 9, PROTECT_UDP, STATE_ABSENT, "everywhere", "--prefer udp" },
	{ { { "connect", "udp:1" } }, 10, PROTECT_UDP, STATE_ENFORCED, "Landlock 10", NULL },
	{ { { "connect", "1" } }, 7, PROTECT_OTHER_NET, STATE_ENFORCED, "NETLINK_ROUTE", NULL },
	{ { { NULL, NULL } }, 5, PROTECT_UNIX_ABSTRACT, STATE_ENFORCED, "seccomp", NULL },
	{ { { "off", "unix-path" } },
	  5,
	  PROTECT_UNIX_ABSTRACT,
	  STATE_ABSENT,
	  "abstract",
	  "Linux 6.12" },
	{ { { "socket", "/run" } },
	  8,
	  PROTECT_UNIX_PATH,
	  STATE_ABSENT,
	  "session bus",
	  "--prefer unix-path" },
	{ { { "socket", "/run" } }, 9, PROTECT_UNIX_PATH, STATE_ENFORCED, "Landlock 9", NULL },
	{ { { NULL, NULL } }, 5, PROTECT_SIGNALS, STATE_ABSENT, "signalled", "Linux 6.12" },
	{ { { NULL, NULL } }, 0, PROTECT_PTRACE, STATE_ENFORCED, "cannot be traced either", NULL },
	{ { { NULL, NULL } }, 7, PROTECT_PROCESSES, STATE_ABSENT, "survives", "--supervise" },
	{ { { "supervise", NULL } },
	  7,
	  PROTECT_PROCESSES,
	  STATE_PARTIAL,
	  "can be seen",
	  "--require processes" },
	{ { { "allow", "sysv-ipc" }, { "allow", "bpf" } },
	  7,
	  PROTECT_IPC,
	  STATE_ENFORCED,
	  "by name: sysv-ipc",
	  NULL },
	{ { { "allow", "bpf" }, { "allow", "perf" } },
	  7,
	  PROTECT_SYSCALLS,
	  STATE_ENFORCED,
	  "by name: bpf, perf",
	  NULL },
	{ { { "time", "5" } }, 7, PROTECT_LIMITS, STATE_ENFORCED, "timer", NULL },
	{ { { "limit", "memory=1G" } },
	  7,
	  PROTECT_LIMITS,
	  STATE_ENFORCED,
	  "each process by itself",
	  NULL },
	{ { { NULL, NULL } }, 7, PROTECT_ENVIRONMENT, STATE_ENFORCED, "", NULL },
	{ { { "off", "files" } },
	  7,
	  PROTECT_EXEC,
	  STATE_ABSENT,
	  "file protection is off",
	  "--off exec" },
	{ { { "off", "files" } },
	  7,
	  PROTECT_DEVICES,
	  STATE_ABSENT,
	  "file protection is off",
	  "--off devices" },
};

static void rows_say_how_or_why_not_and_what_would_mend_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct making m = { .host = make_host(cases[i].abi) };
		const struct plan_row *row;
		char said[1024];

		memcpy(m.wishes, cases[i].wishes, sizeof(m.wishes));
		make(&m);
		assert_int_equal(m.result, 0);
		row = &m.plan->rows[cases[i].protection];
		(void)snprintf(said, sizeof(said), "%s; %s", row->mechanisms, row->missing);
		if (row->state != cases[i].state || !strstr(said, cases[i].says))
			fail_msg("case %zu: %s: %s", i, state_names[row->state].name, said);
		if (cases[i].mend ? !strstr(row->mend, cases[i].mend) : *row->mend)
			fail_msg("case %zu: the mend is '%s'", i, row->mend);
		make_done(&m);
	}
}

/* Rows that namespaces keep, on a host that has them all; ABI 0: no Landlock. */
static const struct {
	const char *wishes[MAX_WISHES][2];
	int abi;
	bool has_no_filter;
	enum protection protection;
	enum state state;
	const char *says;
} namespace_cases[] = {
	{ { { "read", "/srv" } }, 0, false, PROTECT_FILES, STATE_ENFORCED, "mounts" },
	{ { { "write", "/srv" } }, 0, false, PROTECT_FILES, STATE_ENFORCED, "hard link" },
	{ { { "read", "/proc" } }, 0, false, PROTECT_FILES, STATE_ENFORCED, "descriptor" },
	{ { { "read", "/proc/meminfo" }, { "isolate", "processes" } },
	  0,
	  false,
	  PROTECT_FILES,
	  STATE_PARTIAL,
	  "all of a /proc" },
	{ { { "read", "/srv" } }, 0, false, PROTECT_EXEC, STATE_ENFORCED, "noexec mounts" },
	{ { { "device", "/dev/null" } }, 0, false, PROTECT_DEVICES, STATE_ENFORCED, "nodev" },
	{ { { "read", "/dev" } }, 0, false, PROTECT_DEVICES, STATE_PARTIAL, "any ioctl" },
	{ { { "isolate", "files" } }, 4, false, PROTECT_DEVICES, STATE_ENFORCED, "nodev" },
	{ { { "require", "metadata" } }, 7, false, PROTECT_METADATA, STATE_ENFORCED, "read-only" },
	{ { { "isolate", "files" } }, 7, false, PROTECT_HIDDEN, STATE_ENFORCED, "on the way" },
	{ { { "isolate", "files" } },
	  7,
	  false,
	  PROTECT_FILES,
	  STATE_ENFORCED,
	  "Landlock 7 + mounts" },
	{ { { "isolate", "network" } }, 7, false, PROTECT_TCP, STATE_ENFORCED, "net namespace" },
	{ { { "isolate", "network" } }, 7, true, PROTECT_UDP, STATE_ENFORCED, "net namespace" },
	{ { { "isolate", "network" } }, 5, false, PROTECT_UNIX_ABSTRACT, STATE_ENFORCED, "net" },
	{ { { "isolate", "network" }, { "connect", "443" } },
	  7,
	  false,
	  PROTECT_OTHER_NET,
	  STATE_ENFORCED,
	  "NETLINK_ROUTE" },
	{ { { "isolate", "files" }, { "socket", "/run/s" } },
	  7,
	  false,
	  PROTECT_UNIX_PATH,
	  STATE_PARTIAL,
	  "granted in any way" },
	{ { { "isolate", "processes" } }, 7, false, PROTECT_PROCESSES, STATE_ENFORCED, "pid" },
	{ { { "isolate", "processes" } }, 7, false, PROTECT_SIGNALS, STATE_ENFORCED, "Landlock 7" },
	{ { { "isolate", "processes" } }, 5, false, PROTECT_SIGNALS, STATE_PARTIAL, "kill(0)" },
	{ { { "isolate", "processes" }, { "pty", NULL } },
	  5,
	  false,
	  PROTECT_SIGNALS,
	  STATE_ENFORCED,
	  "a session of its own" },
	{ { { "read", "/srv" } }, 0, true, PROTECT_PTRACE, STATE_ENFORCED, "user namespace" },
	{ { { "isolate", "ipc" } }, 7, false, PROTECT_IPC, STATE_ENFORCED, "ipc namespace" },
	{ { { "isolate", "ipc" } }, 7, true, PROTECT_IPC, STATE_PARTIAL, "keyrings" },
	{ { { "isolate", "files" }, { "device", "/dev/pts" } },
	  7,
	  false,
	  PROTECT_TERMINAL,
	  STATE_ENFORCED,
	  "a fresh /dev/pts" },
};

static void rows_that_namespaces_keep_name_them_and_what_they_do_not_cover(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(namespace_cases); i++) {
		struct making m = { .host = make_host(namespace_cases[i].abi) };
		const struct plan_row *row;
		char said[1024];

		for (int kind = 0; kind < HOST_NS_MAX; kind++)
			m.host.ns[kind].works = HOST_YES;
		m.host.mount.has_new_api = HOST_YES;
		m.host.mount.can_proc = HOST_YES;
		m.host.seccomp.errnum = namespace_cases[i].has_no_filter ? EINVAL : 0;
		memcpy(m.wishes, namespace_cases[i].wishes, sizeof(m.wishes));
		make(&m);
		assert_int_equal(m.result, 0);
		row = &m.plan->rows[namespace_cases[i].protection];
		(void)snprintf(said, sizeof(said), "%s; %s", row->mechanisms, row->missing);
		if (row->state != namespace_cases[i].state ||
		    !strstr(said, namespace_cases[i].says))
			fail_msg("case %zu: %s: %s", i, state_names[row->state].name, said);
		make_done(&m);
	}
}

static void each_way_to_have_no_landlock_has_its_own_mend(void **state)
{
	static const struct {
		int errnum;
		const char *mend;
	} ways[] = { { ENOSYS, "Linux 5.13" },
		     { EOPNOTSUPP, "lsm=" },
		     { EPERM, "system call filter" } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		struct making m = { .host = make_host(0) };

		m.host.landlock.errnum = ways[i].errnum;
		make(&m);
		for (int p = PROTECT_FILES; p <= PROTECT_DEVICES; p++) {
			assert_int_equal(m.plan->rows[p].state, STATE_ABSENT);
			assert_non_null(strstr(m.plan->rows[p].mend, ways[i].mend));
		}
		make_done(&m);
	}
}

static void what_belongs_to_a_start_is_off_where_nothing_is_started(void **state)
{
	struct making m = { .builtin = "system", .host = make_host(7), .has_no_command = true };

	(void)state;
	make(&m);
	assert_int_equal(m.plan->rows[PROTECT_DESCRIPTORS].requirement, REQUIRE_OFF);
	assert_int_equal(m.plan->rows[PROTECT_ENVIRONMENT].requirement, REQUIRE_OFF);
	assert_int_equal(m.plan->rows[PROTECT_PRIVATE_TMP].requirement, REQUIRE_OFF);
	assert_int_equal(m.plan->rows[PROTECT_FILES].requirement, REQUIRE_REQUIRE);
	make_done(&m);
}

static void user_0_is_told_what_that_means(void **state)
{
	struct making m = { .host = make_host(7), .wishes = { { "limit", "processes=5" } } };

	(void)state;
	m.host.uid = 0;
	make(&m);
	assert_non_null(strstr(m.plan->rows[PROTECT_PRIVILEGES].missing, "user 0"));
	assert_int_equal(m.plan->rows[PROTECT_LIMITS].state, STATE_PARTIAL);
	make_done(&m);
}

static void an_old_kernel_sweeps_descriptors_by_proc(void **state)
{
	struct making m = { .host = make_host(7) };

	(void)state;
	m.host.has_close_range = false;
	make(&m);
	assert_int_equal(m.plan->rows[PROTECT_DESCRIPTORS].state, STATE_ENFORCED);
	assert_non_null(strstr(m.plan->rows[PROTECT_DESCRIPTORS].mechanisms, "/proc/self/fd"));
	make_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_say_how_or_why_not_and_what_would_mend_it),
		cmocka_unit_test(rows_that_namespaces_keep_name_them_and_what_they_do_not_cover),
		cmocka_unit_test(each_way_to_have_no_landlock_has_its_own_mend),
		cmocka_unit_test(what_belongs_to_a_start_is_off_where_nothing_is_started),
		cmocka_unit_test(user_0_is_told_what_that_means),
		cmocka_unit_test(an_old_kernel_sweeps_descriptors_by_proc),
	};

	return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
