/* SPDX-License-Identifier: MIT */
/* test_net.c - port and socket grants become ports of Landlock's and verdicts on sockets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/cleanup.h"
#include "make_plan.h"

/* The flags of the policy as a word each, in a fixed order. */
static const char *describe(const struct syscall_policy *p)
{
	static char text[128];

	(void)snprintf(text, sizeof(text), "%s%s%s%s%s%s%s", p->allows_inet_stream ? "tcp " : "",
		       p->allows_inet_dgram ? "udp " : "", p->allows_unix ? "unix " : "",
		       p->allows_route_netlink ? "route " : "",
		       p->refuses_other_net ? "" : "others ", p->refuses_listen ? "-listen " : "",
		       p->refuses_fastopen ? "-fastopen " : "");
	return text;
}

static const struct {
	const char *wishes[MAX_WISHES][2];
	int abi;
	const char *policy;
	size_t n_ports;
} cases[] = {
	{ { { NULL, NULL } }, 7, "", 0 },
	{ { { NULL, NULL } }, 0, "", 0 },
	{ { { NULL, NULL } }, 9, "unix ", 0 },
	{ { { "connect", "443" } }, 7, "tcp route -listen -fastopen ", 1 },
	{ { { "connect", "443" } }, 10, "tcp unix route -listen ", 1 },
	{ { { "connect", "443" } }, 3, "tcp route -listen -fastopen ", 0 },
	{ { { "listen", "80" } }, 7, "tcp route -fastopen ", 1 },
	{ { { "connect", "443" }, { "listen", "80" } }, 7, "tcp route -fastopen ", 2 },
	{ { { "connect", "udp:53" } }, 7, "udp route ", 0 },
	{ { { "connect", "udp:53" } }, 10, "udp unix route ", 2 },
	{ { { "listen", "udp:53" } }, 10, "udp unix route ", 1 },
	{ { { "connect", "443" }, { "connect", "udp:53" } }, 10, "tcp udp unix route -listen ", 3 },
	{ { { "off", "tcp" } }, 7, "tcp route ", 0 },
	{ { { "off", "tcp" }, { "connect", "443" } }, 7, "tcp route ", 0 },
	{ { { "off", "udp" } }, 10, "udp unix route ", 0 },
	{ { { "off", "other-net" } }, 7, "others ", 0 },
	{ { { "off", "unix-path" } }, 7, "unix ", 0 },
	{ { { "socket", "/run/x" } }, 7, "unix ", 0 },
	{ { { "off", "files" }, { "off", "exec" } }, 9, "", 0 },
};

static void wishes_decide_which_sockets_can_be_made(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct making m = { .host = make_host(cases[i].abi) };

		memcpy(m.wishes, cases[i].wishes, sizeof(m.wishes));
		make(&m);
		assert_int_equal(m.result, 0);
		if (strcmp(describe(&m.plan->syscalls), cases[i].policy) != 0)
			fail_msg("case %zu: '%s' and not '%s'", i, describe(&m.plan->syscalls),
				 cases[i].policy);
		assert_int_equal(m.plan->n_ports, cases[i].n_ports);
		make_done(&m);
	}
}

static void a_udp_client_also_gets_the_port_that_it_sends_from(void **state)
{
	struct making m = { .host = make_host(10), .wishes = { { "connect", "udp:53" } } };

	(void)state;
	make(&m);
	assert_int_equal(m.plan->ports[0].grant->port, 53);
	assert_int_equal(m.plan->ports[0].access, ABI_LANDLOCK_NET_CONNECT_SEND_UDP);
	assert_int_equal(m.plan->ports[1].grant->port, 0);
	assert_int_equal(m.plan->ports[1].access, ABI_LANDLOCK_NET_BIND_UDP);
	make_done(&m);
}

static void all_off_is_no_filter_and_any_one_promise_makes_one(void **state)
{
	static const char *const filtered[] = { "tcp", "udp",      "other-net", "unix-path",
						"ipc", "terminal", "syscalls" };

	(void)state;
	for (size_t kept = 0; kept <= ARRAY_SIZE(filtered); kept++) {
		struct making m = { .host = make_host(7) };
		size_t n = 0;

		for (size_t i = 0; i < ARRAY_SIZE(filtered); i++) {
			if (i == kept)
				continue;
			m.wishes[n][0] = "off";
			m.wishes[n++][1] = filtered[i];
		}
		make(&m);
		assert_int_equal(m.plan->syscalls.is_off, kept == ARRAY_SIZE(filtered));
		make_done(&m);
	}
}

static void a_host_without_filters_gets_none(void **state)
{
	struct making m = { .host = make_host(7) };

	(void)state;
	m.host.seccomp.errnum = EINVAL;
	make(&m);
	assert_true(m.plan->syscalls.is_off);
	make_done(&m);
}

static void the_filter_stands_in_where_landlock_does_not_reach(void **state)
{
	(void)state;
	for (int abi = 0; abi <= 4; abi++) {
		struct making m = { .host = make_host(abi) };

		make(&m);
		assert_int_equal(m.plan->syscalls.refuses_path_truncate, abi == 1 || abi == 2);
		assert_int_equal(m.plan->syscalls.refuses_ptrace, abi == 0);
		make_done(&m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(wishes_decide_which_sockets_can_be_made),
		cmocka_unit_test(a_udp_client_also_gets_the_port_that_it_sends_from),
		cmocka_unit_test(all_off_is_no_filter_and_any_one_promise_makes_one),
		cmocka_unit_test(a_host_without_filters_gets_none),
		cmocka_unit_test(the_filter_stands_in_where_landlock_does_not_reach),
	};

	return cmocka_run_group_tests_name("net", tests, NULL, NULL);
}
