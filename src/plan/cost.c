/* SPDX-License-Identifier: MIT */
/*
 * cost.c - what a start by a plan costs, by mechanism.
 *
 * Estimates from measured parts (docs/design/start-up-cost.md, docs/design/tiers.md): median
 * differences from a bare start, on one machine that was not busy. They tell a plan with
 * three rules from one with two thousand and show what a namespace is worth, no more. A mount
 * namespace copies every mount of the host: some 3 microseconds each, which a plan cannot know.
 */
#include "base/cleanup.h"
#include "plan/parts.h"
#include "plan/print.h"

/* Microseconds. */
#define COST_CROFT 220
#define COST_RULESET 20
#define COST_RULE 6
#define COST_FILTER 80
#define COST_TMPDIR 60
#define COST_SUPERVISOR 250
#define COST_READ_ONLY_ALL 25
#define COST_NEW_ROOT 60
#define COST_MOUNT 45 /* one bind, tmpfs or mask, made and taken down */
#define COST_NAME 5 /* a directory or link in a new root */
#define COST_INIT 400 /* the first process of a pid namespace, and the one that makes it */

static const unsigned long namespace_costs[HOST_NS_MAX] = {
	[HOST_NS_USER] = 70, [HOST_NS_MOUNT] = 180, [HOST_NS_PID] = 30,    [HOST_NS_NET] = 680,
	[HOST_NS_IPC] = 30,  [HOST_NS_UTS] = 10,    [HOST_NS_CGROUP] = 10,
};

static const char *const namespace_words[HOST_NS_MAX] = {
	[HOST_NS_USER] = "user namespace",     [HOST_NS_MOUNT] = "mount namespace",
	[HOST_NS_PID] = "pid namespace",       [HOST_NS_NET] = "net namespace",
	[HOST_NS_IPC] = "ipc namespace",       [HOST_NS_UTS] = "uts namespace",
	[HOST_NS_CGROUP] = "cgroup namespace",
};

static unsigned long cost_of_tree(const struct plan *plan)
{
	unsigned long us = plan->has_new_root ? COST_NEW_ROOT : 0;

	for (size_t i = 0; i < plan->n_mount_ops; i++) {
		switch (plan->mount_ops[i].kind) {
		case MOUNT_READ_ONLY_ALL:
			us += COST_READ_ONLY_ALL;
			break;
		case MOUNT_DIRECTORY:
		case MOUNT_LINK:
		case MOUNT_RULE:
			us += COST_NAME;
			break;
		default:
			us += COST_MOUNT;
		}
	}
	return us;
}

static void add(struct price *prices, size_t *n, const char *what, unsigned long us)
{
	if (us)
		prices[(*n)++] = (struct price){ what, us };
}

size_t plan_prices(const struct plan *plan, struct price ret_prices[PRICES_MAX])
{
	unsigned long rules = COST_RULE * (unsigned long)(plan->n_rules + plan->n_ports);
	size_t n = 0;

	_Static_assert(HOST_NS_MAX + 7 <= PRICES_MAX, "a price for each mechanism");
	add(ret_prices, &n, "croft", COST_CROFT);
	add(ret_prices, &n, "Landlock", plan->abi ? COST_RULESET + rules : 0);
	add(ret_prices, &n, "seccomp", plan->syscalls.is_off ? 0 : COST_FILTER);
	add(ret_prices, &n, "TMPDIR", plan->tmpdir ? COST_TMPDIR : 0);
	add(ret_prices, &n, "waiting parent", plan->is_supervised ? COST_SUPERVISOR : 0);
	for (int i = 0; i < HOST_NS_MAX; i++)
		add(ret_prices, &n, namespace_words[i],
		    has_ns(plan, (enum host_ns)i) ? namespace_costs[i] : 0);
	add(ret_prices, &n, "first process", has_ns(plan, HOST_NS_PID) ? COST_INIT : 0);
	add(ret_prices, &n, "mounts", cost_of_tree(plan));
	return n;
}

unsigned long long plan_estimate_us(const struct plan *plan)
{
	struct price prices[PRICES_MAX];
	size_t n = plan_prices(plan, prices);
	unsigned long long us = 0;

	for (size_t i = 0; i < n; i++)
		us += prices[i].us;
	return us;
}
