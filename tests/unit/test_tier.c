/* SPDX-License-Identifier: MIT */
/*
 * test_tier.c - which wishes need namespaces, which ones, and what is asked of a host for them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "make_plan.h"

#define USER (1U << HOST_NS_USER)
#define MOUNT (1U << HOST_NS_MOUNT)
#define PID (1U << HOST_NS_PID)
#define NET (1U << HOST_NS_NET)
#define IPC (1U << HOST_NS_IPC)
#define UTS (1U << HOST_NS_UTS)
#define CGROUP (1U << HOST_NS_CGROUP)
#define NEW (1U << 20) /* a new root */

static struct host make_able(int abi)
{
	struct host host = make_host(abi);

	for (int i = 0; i < HOST_NS_MAX; i++)
		host.ns[i].works = HOST_YES;
	host.mount.has_new_api = HOST_YES;
	host.mount.can_proc = HOST_YES;
	return host;
}

/* Wishes on a host that has everything, and what they come to: 0 for no namespaces. */
static const struct {
	const char *wishes[MAX_WISHES][2];
	int abi;
	bool has_no_filter;
	unsigned namespaces;
} rows[] = {
	{ { { "read", "/srv" } }, 7, false, 0 },
	{ { { "read", "/srv" } }, 0, false, USER | MOUNT | NEW },
	{ { { "off", "files" }, { "off", "exec" } }, 0, false, 0 },
	{ { { "prefer", "files" }, { "prefer", "exec" } }, 0, false, 0 },
	{ { { "read", "/srv" } }, 2, true, USER | MOUNT | NET | IPC },
	{ { { "require", "metadata" } }, 7, false, USER | MOUNT },
	{ { { "prefer", "metadata" } }, 7, false, 0 },
	{ { { "require", "hidden" } }, 7, false, USER | MOUNT | NEW },
	{ { { "prefer", "hidden" } }, 7, false, 0 },
	{ { { "isolate", "files" } }, 7, false, USER | MOUNT | NEW },
	{ { { "isolate", "files" }, { "prefer", "hidden" } }, 7, false, USER | MOUNT | NEW },
	{ { { "isolate", "files" }, { "off", "hidden" } }, 7, false, 0 },
	{ { { "require", "processes" } }, 7, false, USER | MOUNT | PID },
	{ { { "isolate", "processes" } }, 7, false, USER | MOUNT | PID },
	{ { { "isolate", "processes" }, { "prefer", "processes" } }, 7, false, USER | MOUNT | PID },
	{ { { "isolate", "ipc" } }, 7, false, USER | MOUNT | IPC },
	{ { { "isolate", "network" } }, 7, false, USER | MOUNT | NET },
	{ { { "isolate", "network" }, { "connect", "443" } }, 7, false, 0 },
	{ { { "isolate", "hostname" } }, 7, false, USER | MOUNT | UTS },
	{ { { "isolate", "cgroup" } }, 7, false, USER | MOUNT | CGROUP },
	{ { { "require", "signals" } }, 6, false, 0 },
	{ { { "require", "signals" } }, 5, false, USER | MOUNT | PID },
	{ { { "require", "unix-abstract" } }, 5, false, 0 },
	{ { { "require", "unix-abstract" }, { "off", "unix-path" } },
	  5,
	  false,
	  USER | MOUNT | NET },
	{ { { "write", "/srv" }, { "deny", "/srv/x" } }, 7, false, USER | MOUNT },
	{ { { "write", "/srv" }, { "deny", "/etc" } }, 7, false, 0 },
	{ { { "read", "/srv" }, { "deny-write", "/srv/x" } }, 7, false, 0 },
	{ { { "write", "/srv" }, { "deny", "/srv/x" }, { "prefer", "deny-inside" } }, 7, false, 0 },
	{ { { "hide", "/home" } }, 7, false, USER | MOUNT | NEW },
	{ { { "private", "/tmp" } }, 7, false, USER | MOUNT },
	{ { { "private", "/tmp" }, { "prefer", "private-tmp" } }, 7, false, USER | MOUNT },
	{ { { "private", "/tmp" }, { "off", "private-tmp" } }, 7, false, 0 },
	{ { { "require", "metadata" }, { "prefer", "hidden" } }, 7, false, USER | MOUNT | NEW },
	{ { { "tier", "namespaces" } }, 7, false, USER | MOUNT | PID | NET | IPC | UTS },
	{ { { "tier", "namespaces" }, { "connect", "443" } },
	  7,
	  false,
	  USER | MOUNT | PID | IPC | UTS },
	{ { { "tier", "namespaces" }, { "off", "tcp" } },
	  7,
	  false,
	  USER | MOUNT | PID | IPC | UTS },
	{ { { "tier", "landlock" }, { "require", "hidden" } }, 7, false, 0 },
	{ { { "tier", "any" } }, 7, false, 0 },
};

static void wishes_raise_the_tier_just_as_far_as_they_need(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct making m = { .host = make_able(rows[i].abi) };
		unsigned namespaces;

		memcpy(m.wishes, rows[i].wishes, sizeof(m.wishes));
		m.host.seccomp.errnum = rows[i].has_no_filter ? EINVAL : 0;
		make(&m);
		if (m.result < 0)
			fail_msg("row %zu: %s", i, m.err.what);
		namespaces = m.plan->namespaces | (m.plan->has_new_root ? NEW : 0);
		if (namespaces != rows[i].namespaces)
			fail_msg("row %zu: %x, not %x", i, namespaces, rows[i].namespaces);
		assert_int_equal(m.plan->tier, namespaces ? TIER_NAMESPACES : TIER_LANDLOCK);
		assert_int_equal(m.plan->is_supervised, (namespaces & PID) != 0);
		assert_int_equal(m.plan->asks_namespaces, 0);
		assert_true(namespaces || !m.plan->n_mount_ops);
		make_done(&m);
	}
}

static void a_host_is_asked_only_if_the_answer_matters(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct making m = { .host = make_host(rows[i].abi) };
		const unsigned base = USER | MOUNT | PID;

		memcpy(m.wishes, rows[i].wishes, sizeof(m.wishes));
		m.host.seccomp.errnum = rows[i].has_no_filter ? EINVAL : 0;
		make(&m);
		assert_int_equal(m.plan->tier, TIER_LANDLOCK);
		if (rows[i].namespaces)
			assert_int_equal(m.plan->asks_namespaces,
					 (rows[i].namespaces & ~(NEW | NET | IPC)) | base);
		else
			assert_int_equal(m.plan->asks_namespaces, 0);
		if (rows[i].namespaces)
			assert_int_equal(plan_check(m.plan, NULL), -EOPNOTSUPP);
		make_done(&m);
	}
}

static void a_network_and_ipc_are_had_where_mounts_are_unless_the_host_said_no(void **state)
{
	(void)state;
	for (int refused = 0; refused < 2; refused++) {
		struct making m = { .host = make_able(7),
				    .wishes = { { "isolate", "network" }, { "isolate", "ipc" } } };

		m.host.ns[HOST_NS_NET].works = refused ? HOST_NO : HOST_UNKNOWN;
		m.host.ns[HOST_NS_NET].errnum = refused ? EPERM : 0;
		m.host.ns[HOST_NS_IPC].works = HOST_UNKNOWN;
		make(&m);
		assert_int_equal(m.plan->asks_namespaces, 0);
		assert_int_equal(m.plan->namespaces, USER | MOUNT | IPC | (refused ? 0 : NET));
		make_done(&m);
	}
}

static void the_usual_start_asks_nothing_of_the_host(void **state)
{
	struct making m = { .builtin = "default", .host = make_host(7), .tmpdir = "/tmp/croft-1" };

	(void)state;
	make(&m);
	assert_int_equal(m.result, 0);
	assert_int_equal(m.plan->asks_namespaces, 0);
	assert_int_equal(m.plan->tier, TIER_LANDLOCK);
	assert_null(m.plan->workdir);
	make_done(&m);
}

static void a_process_that_confines_itself_gets_no_namespaces(void **state)
{
	struct making m = { .host = make_able(7),
			    .has_no_command = true,
			    .wishes = { { "isolate", "processes" }, { "require", "hidden" } } };

	(void)state;
	make(&m);
	assert_int_equal(m.plan->tier, TIER_LANDLOCK);
	assert_int_equal(m.plan->asks_namespaces, 0);
	assert_int_equal(plan_check(m.plan, NULL), -EOPNOTSUPP);
	make_done(&m);
}

/* One thing that a host lacks, and what is left of the wishes. */
static const struct {
	enum host_ns lacks;
	bool lacks_proc, lacks_api;
	unsigned namespaces;
} lacking[] = {
	{ HOST_NS_USER, false, false, 0 },
	{ HOST_NS_MOUNT, false, false, 0 },
	{ HOST_NS_PID, false, false, USER | MOUNT | IPC },
	{ HOST_NS_IPC, false, false, USER | MOUNT | PID },
	{ HOST_NS_NET, false, false, USER | MOUNT | PID | IPC },
	{ HOST_NS_MAX, true, false, USER | MOUNT | IPC },
	{ HOST_NS_MAX, false, true, USER | MOUNT | PID | IPC | NEW },
};

static void what_a_host_lacks_is_left_out_and_the_rest_made(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lacking); i++) {
		struct making m = { .host = make_able(7),
				    .wishes = { { "read", "/proc" },
						{ "isolate", "processes" },
						{ "isolate", "ipc" },
						{ "require", "metadata" } } };
		unsigned namespaces;

		if (lacking[i].lacks < HOST_NS_MAX) {
			m.host.ns[lacking[i].lacks].works = HOST_NO;
			m.host.ns[lacking[i].lacks].errnum = EPERM;
		}
		m.host.mount.can_proc = lacking[i].lacks_proc ? HOST_NO : HOST_YES;
		m.host.mount.has_new_api = lacking[i].lacks_api ? HOST_NO : HOST_YES;
		make(&m);
		namespaces = m.plan->namespaces | (m.plan->has_new_root ? NEW : 0);
		if (namespaces != lacking[i].namespaces)
			fail_msg("row %zu: %x, not %x", i, namespaces, lacking[i].namespaces);
		assert_int_equal(m.plan->rows[PROTECT_PROCESSES].state,
				 namespaces & PID ? STATE_ENFORCED : STATE_ABSENT);
		make_done(&m);
	}
}

static void nothing_is_made_for_a_need_that_namespaces_do_not_meet_here(void **state)
{
	struct making m = { .host = make_able(7),
			    .wishes = { { "read", "/proc" }, { "isolate", "processes" } } };

	(void)state;
	m.host.mount.can_proc = HOST_NO;
	m.host.mount.proc_errnum = EPERM;
	make(&m);
	assert_int_equal(m.plan->tier, TIER_LANDLOCK);
	assert_non_null(strstr(m.plan->rows[PROTECT_PROCESSES].missing, "fresh /proc"));
	make_done(&m);
}

static void without_a_proc_to_be_seen_a_pid_namespace_needs_no_fresh_one(void **state)
{
	struct making m = {
		.host = make_able(7),
		.wishes = { { "read", "/srv" }, { "isolate", "processes" }, { "isolate", "files" } }
	};

	(void)state;
	m.host.mount.can_proc = HOST_NO;
	m.host.mount.proc_errnum = EPERM;
	make(&m);
	assert_int_equal(m.plan->namespaces, USER | MOUNT | PID);
	for (size_t i = 0; i < m.plan->n_mount_ops; i++)
		assert_int_not_equal(m.plan->mount_ops[i].kind, MOUNT_PROC);
	make_done(&m);
}

static void a_fresh_proc_gets_the_rules_that_the_hosts_has(void **state)
{
	static const struct {
		const char *kind, *path;
		enum mount_kind op;
		uint64_t access;
		unsigned flags;
	} grants[] = {
		{ "read", "/proc", MOUNT_PROC, 1 << 2 | 1 << 3, MOUNT_RDONLY },
		{ "write", "/proc", MOUNT_PROC, 1 << 1, 0 },
		{ "read", "/proc/sys", MOUNT_RULE, 1 << 2 | 1 << 3, MOUNT_RDONLY },
		{ "read", "/srv", MOUNT_PROC, 0, MOUNT_RDONLY },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(grants); i++) {
		struct making m = { .host = make_able(7),
				    .wishes = { { grants[i].kind, grants[i].path },
						{ "isolate", "processes" } } };
		const struct plan_mount_op *ops;

		make(&m);
		ops = m.plan->mount_ops;
		assert_int_equal(ops[0].kind, MOUNT_PROC);
		assert_int_equal(ops[0].flags & MOUNT_RDONLY, grants[i].flags);
		assert_int_equal(m.plan->n_mount_ops, grants[i].op == MOUNT_RULE ? 2 : 1);
		ops += m.plan->n_mount_ops - 1;
		assert_int_equal(ops->kind, grants[i].op);
		assert_int_equal(ops->access & grants[i].access, grants[i].access);
		assert_true(grants[i].access || !ops->access);
		make_done(&m);
	}
}

static void a_capability_makes_namespaces_without_one_of_users(void **state)
{
	struct making m = { .host = make_able(7), .wishes = { { "require", "metadata" } } };

	(void)state;
	m.host.ns[HOST_NS_USER].works = HOST_NO;
	m.host.ns[HOST_NS_USER].errnum = EPERM;
	m.host.has_ns_by_capability = true;
	make(&m);
	assert_int_equal(m.plan->namespaces, MOUNT);
	assert_int_equal(plan_check(m.plan, NULL), 0);
	make_done(&m);
}

static void names_that_no_row_is_about_are_had_or_refused(void **state)
{
	static const char *const words[][2] = { { "hostname", "sethostname" },
						{ "cgroup", "Linux 4.6" } };
	static const enum host_ns kinds[] = { HOST_NS_UTS, HOST_NS_CGROUP };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct making m = { .host = make_able(7),
				    .wishes = { { "isolate", words[i][0] } } };
		struct croft_error err = { 0 };

		make(&m);
		assert_int_equal(plan_check(m.plan, &err), 0);
		make_done(&m);
		m.host.ns[kinds[i]].works = HOST_NO;
		m.host.ns[kinds[i]].errnum = EPERM;
		make(&m);
		assert_int_equal(m.plan->tier, TIER_LANDLOCK);
		assert_int_equal(plan_check(m.plan, &err), -EOPNOTSUPP);
		assert_non_null(strstr(err.what, words[i][0]));
		assert_non_null(strstr(err.hint, words[i][1]));
		make_done(&m);
	}
}

static void a_tier_that_is_named_and_not_there_is_refused(void **state)
{
	struct making m = { .host = make_able(7), .wishes = { { "tier", "namespaces" } } };
	struct croft_error err = { 0 };

	(void)state;
	make(&m);
	assert_int_equal(plan_check(m.plan, &err), 0);
	make_done(&m);
	m.host.ns[HOST_NS_USER].works = HOST_NO;
	m.host.ns[HOST_NS_USER].errnum = ENOSPC;
	m.host.ns_step = NS_STEP_UNSHARE;
	make(&m);
	assert_int_equal(plan_check(m.plan, &err), -EOPNOTSUPP);
	assert_non_null(strstr(err.what, "--tier namespaces cannot be had"));
	assert_non_null(strstr(err.hint, "max_user_namespaces"));
	make_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wishes_raise_the_tier_just_as_far_as_they_need),
		cmocka_unit_test(a_host_is_asked_only_if_the_answer_matters),
		cmocka_unit_test(
			a_network_and_ipc_are_had_where_mounts_are_unless_the_host_said_no),
		cmocka_unit_test(the_usual_start_asks_nothing_of_the_host),
		cmocka_unit_test(a_process_that_confines_itself_gets_no_namespaces),
		cmocka_unit_test(what_a_host_lacks_is_left_out_and_the_rest_made),
		cmocka_unit_test(nothing_is_made_for_a_need_that_namespaces_do_not_meet_here),
		cmocka_unit_test(without_a_proc_to_be_seen_a_pid_namespace_needs_no_fresh_one),
		cmocka_unit_test(a_fresh_proc_gets_the_rules_that_the_hosts_has),
		cmocka_unit_test(a_capability_makes_namespaces_without_one_of_users),
		cmocka_unit_test(names_that_no_row_is_about_are_had_or_refused),
		cmocka_unit_test(a_tier_that_is_named_and_not_there_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
