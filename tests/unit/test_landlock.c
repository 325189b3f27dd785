/* SPDX-License-Identifier: MIT */
/*
 * test_landlock.c - the ruleset is what the plan says, and a restriction is proven by its effect.
 * What each right truly refuses is the matter of tests/kernel.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <sys/prctl.h>

#include "enforce/landlock.h"
#include "in_child.h"
#include "make_plan.h"
#include "sys/calls.h"

#define MAX_CALLS 16

/* What was asked of the kernel, instead of asking it. */
static struct {
	struct abi_landlock_ruleset_attr attr;
	size_t attr_size;
	unsigned n_rules;
	int types[MAX_CALLS];
	uint64_t access[MAX_CALLS];
	int64_t object[MAX_CALLS]; /* the descriptor or the port */
	unsigned refuse_rule; /* the rule, from 1, that is refused with EINVAL */
} asked;

static long record(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	unsigned n = asked.n_rules;

	(void)d, (void)e, (void)f;
	if (call == SYS_CALL_landlock_create_ruleset) {
		asked.attr = *(const struct abi_landlock_ruleset_attr *)(uintptr_t)a;
		asked.attr_size = (size_t)b;
		return sys_real(SYS_CALL_openat, AT_FDCWD, (long)(uintptr_t) "/dev/null",
				O_RDONLY | O_CLOEXEC, 0, 0, 0);
	}
	assert_true(n < MAX_CALLS);
	asked.types[n] = (int)b;
	if (b == ABI_LANDLOCK_RULE_PATH_BENEATH) {
		const struct abi_landlock_path_beneath_attr *attr = (const void *)(uintptr_t)c;

		asked.access[n] = attr->allowed_access;
		asked.object[n] = attr->parent_fd;
	} else {
		const struct abi_landlock_net_port_attr *attr = (const void *)(uintptr_t)c;

		asked.access[n] = attr->allowed_access;
		asked.object[n] = (int64_t)attr->port;
	}
	asked.n_rules++;
	return asked.n_rules == asked.refuse_rule ? -EINVAL : 0;
}

static int record_calls(void **state)
{
	(void)state;
	memset(&asked, 0, sizeof(asked));
	sys_replace(SYS_CALL_landlock_create_ruleset, record);
	sys_replace(SYS_CALL_landlock_add_rule, record);
	return 0;
}

static int call_the_kernel(void **state)
{
	(void)state;
	for (int i = 0; i < SYS_CALL_MAX; i++)
		sys_replace((enum sys_call)i, NULL);
	return 0;
}

static void each_rule_and_port_of_the_plan_is_added_from_its_descriptor(void **state)
{
	struct making m = { .host = make_host(10),
			    .wishes = { { "read", "/a" },
					{ "write", "/b" },
					{ "read", "/a/c" },
					{ "connect", "443" },
					{ "listen", "udp:53" } } };
	int fd = -1;

	(void)state;
	make(&m);
	for (int i = 0; i < 3; i++)
		m.facts[i].fd = 100 + i;
	assert_int_equal(ruleset_build(m.plan, m.facts, &fd, &m.err), 0);
	assert_true(fd >= 0);
	assert_int_equal(asked.attr.handled_access_fs, 0x1ffff);
	assert_int_equal(asked.attr.handled_access_net, 0xf);
	assert_int_equal(asked.attr.scoped, 0x3);
	assert_int_equal(asked.attr.quiet_access_fs | asked.attr.quiet_access_net |
				 asked.attr.quiet_scoped,
			 0);
	assert_int_equal(asked.attr_size, 48);
	assert_int_equal(asked.n_rules, 4); /* /a covers /a/c */
	assert_int_equal(asked.object[0], 100);
	assert_int_equal(asked.object[1], 101);
	assert_int_equal(asked.access[1], m.plan->rules[1].access);
	assert_int_equal(asked.types[2], ABI_LANDLOCK_RULE_NET_PORT);
	assert_int_equal(asked.object[2], 443);
	assert_int_equal(asked.access[2], ABI_LANDLOCK_NET_CONNECT_TCP);
	assert_int_equal(asked.object[3], 53);
	assert_int_equal(asked.access[3], ABI_LANDLOCK_NET_BIND_UDP);
	assert_int_equal(close(fd), 0);
	make_done(&m);
}

static void a_plan_that_handles_nothing_makes_no_ruleset(void **state)
{
	struct making m = { .host = make_host(0), .wishes = { { "read", "/a" } } };
	int fd = 5;

	(void)state;
	make(&m);
	assert_int_equal(ruleset_build(m.plan, m.facts, &fd, &m.err), 0);
	assert_int_equal(fd, -1);
	assert_int_equal(asked.attr_size, 0);
	make_done(&m);
}

static void a_rule_that_is_refused_is_an_error_that_names_it(void **state)
{
	static const char *const named[] = { "'/a'", "'/b'", "port 443" };

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		struct making m = {
			.host = make_host(7),
			.wishes = { { "read", "/a" }, { "read", "/b" }, { "connect", "443" } }
		};
		int fd = 5;

		(void)record_calls(NULL);
		asked.refuse_rule = i + 1;
		make(&m);
		assert_int_equal(ruleset_build(m.plan, m.facts, &fd, &m.err), -EINVAL);
		assert_int_equal(m.err.stage, CROFT_STAGE_PREPARE);
		assert_non_null(strstr(m.err.what, named[i]));
		assert_int_equal(fd, 5);
		make_done(&m);
	}
}

/* The kernel's own Landlock from here on. */
static void restrict_self(const void *arg, struct said *said)
{
	struct making m = { .wishes = { { "read", "/usr" } } };
	int fd = -1;

	(void)arg;
	if (host_probe(&m.host, &said->err) < 0)
		abort();
	make(&m);
	m.facts[0].fd = open("/usr", O_PATH | O_CLOEXEC);
	if (m.result < 0 || ruleset_build(m.plan, m.facts, &fd, &said->err) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		abort();
	said->result = landlock_apply(fd, 0, m.plan->can_verify, &said->err);
	said->answers[0] = open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
	said->answers[1] = open("/usr", O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
	make_done(&m);
}

static void a_restricted_process_reads_what_was_granted_and_nothing_else(void **state)
{
	struct said said = in_child(restrict_self, NULL);

	(void)state;
	assert_int_equal(said.result, 0);
	assert_int_equal(said.answers[0], EACCES);
	assert_int_equal(said.answers[1], 0);
}

static void apply_nothing(const void *arg, struct said *said)
{
	(void)arg;
	said->result = landlock_apply(-1, 0, false, &said->err);
	said->answers[0] = open("/etc/passwd", O_RDONLY | O_CLOEXEC) < 0 ? errno : 0;
}

static void without_a_ruleset_nothing_is_restricted(void **state)
{
	struct said said = in_child(apply_nothing, NULL);

	(void)state;
	assert_int_equal(said.result, 0);
	assert_int_equal(said.answers[0], 0);
}

static long pretend(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return 0;
}

/* A kernel that says yes and does nothing. */
static void apply_to_a_hollow_kernel(const void *arg, struct said *said)
{
	(void)arg;
	sys_replace(SYS_CALL_landlock_restrict_self, pretend);
	said->result = landlock_apply(0, 0, true, &said->err);
}

static void a_kernel_that_takes_rules_and_does_nothing_is_found_out(void **state)
{
	struct said said = in_child(apply_to_a_hollow_kernel, NULL);

	(void)state;
	assert_int_equal(said.result, -EOPNOTSUPP);
	assert_int_equal(said.err.stage, CROFT_STAGE_LANDLOCK);
	assert_non_null(strstr(said.err.what, "does not enforce"));
}

static long too_deep(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return -E2BIG;
}

static void apply_too_deep(const void *arg, struct said *said)
{
	(void)arg;
	sys_replace(SYS_CALL_landlock_restrict_self, too_deep);
	said->result = landlock_apply(0, 0, true, &said->err);
}

static void the_seventeenth_layer_is_an_error_that_says_what_it_is(void **state)
{
	struct said said = in_child(apply_too_deep, NULL);

	(void)state;
	assert_int_equal(said.result, -E2BIG);
	assert_int_equal(said.err.stage, CROFT_STAGE_LANDLOCK);
	assert_non_null(strstr(said.err.hint, "16"));
}

#define RECORDED(name) cmocka_unit_test_setup_teardown(name, record_calls, call_the_kernel)

int main(void)
{
	const struct CMUnitTest tests[] = {
		RECORDED(each_rule_and_port_of_the_plan_is_added_from_its_descriptor),
		RECORDED(a_plan_that_handles_nothing_makes_no_ruleset),
		RECORDED(a_rule_that_is_refused_is_an_error_that_names_it),
		cmocka_unit_test(a_restricted_process_reads_what_was_granted_and_nothing_else),
		cmocka_unit_test(without_a_ruleset_nothing_is_restricted),
		cmocka_unit_test(a_kernel_that_takes_rules_and_does_nothing_is_found_out),
		cmocka_unit_test(the_seventeenth_layer_is_an_error_that_says_what_it_is),
	};

	return cmocka_run_group_tests_name("landlock", tests, NULL, NULL);
}
