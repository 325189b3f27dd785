/* SPDX-License-Identifier: MIT */
/*
 * test_cost.c - the price of a plan is that of the mechanisms which it uses, and grows with them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "make_plan.h"
#include "plan/print.h"

static const struct price *find(const struct price *prices, size_t n, const char *what)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(prices[i].what, what))
			return &prices[i];
	return NULL;
}

static unsigned long long cost(struct making *m, struct price prices[PRICES_MAX], size_t *n)
{
	unsigned long long us;

	for (int i = 0; i < HOST_NS_MAX; i++)
		m->host.ns[i].works = HOST_YES;
	m->host.mount.has_new_api = HOST_YES;
	m->host.mount.can_proc = HOST_YES;
	make(m);
	assert_int_equal(m->result, 0);
	*n = plan_prices(m->plan, prices);
	assert_true(*n <= PRICES_MAX);
	us = plan_estimate_us(m->plan);
	make_done(m);
	return us;
}

static void only_what_is_used_has_a_price(void **state)
{
	struct making plain = { .host = make_host(7), .wishes = { { "read", "/srv" } } };
	struct making all = { .host = make_host(7),
			      .wishes = { { "read", "/srv" },
					  { "tier", "namespaces" },
					  { "isolate", "files" },
					  { "isolate", "cgroup" } },
			      .tmpdir = "/tmp/croft-1" };
	static const char *const more[] = {
		"waiting parent", "user namespace", "mount namespace", "pid namespace",
		"net namespace",  "ipc namespace",  "uts namespace",   "cgroup namespace",
		"first process",  "mounts",
	};
	struct price prices[PRICES_MAX];
	unsigned long long cheap, dear, sum = 0;
	size_t n;

	(void)state;
	cheap = cost(&plain, prices, &n);
	assert_non_null(find(prices, n, "croft"));
	assert_non_null(find(prices, n, "Landlock"));
	assert_non_null(find(prices, n, "seccomp"));
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		assert_null(find(prices, n, more[i]));
	dear = cost(&all, prices, &n);
	for (size_t i = 0; i < ARRAY_SIZE(more); i++)
		if (!find(prices, n, more[i]))
			fail_msg("%s has no price", more[i]);
	for (size_t i = 0; i < n; i++)
		sum += prices[i].us;
	assert_int_equal(sum, dear);
	assert_true(dear > 3 * cheap);
}

static void without_landlock_and_filter_they_cost_nothing(void **state)
{
	struct making m = { .host = make_host(0),
			    .wishes = { { "off", "files" }, { "off", "exec" } } };
	struct price prices[PRICES_MAX];
	size_t n;

	(void)state;
	m.host.seccomp.errnum = EINVAL;
	(void)cost(&m, prices, &n);
	assert_null(find(prices, n, "Landlock"));
	assert_null(find(prices, n, "seccomp"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_is_used_has_a_price),
		cmocka_unit_test(without_landlock_and_filter_they_cost_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
