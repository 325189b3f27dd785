/* SPDX-License-Identifier: MIT */
/*
 * net.c - from port and socket grants to Landlock ports and socket verdicts.
 *
 * Landlock alone is no network boundary below ABI 10: MPTCP, SCTP, fast open,
 * listen without bind, UDP and every other family pass. So two layers
 * are planned together:
 *
 *   nothing granted    the filter refuses to make the socket at all
 *   ports granted      the filter lets plain TCP (UDP) sockets be made and nothing
 *                      near them; Landlock limits the ports; fast open is refused where
 *                      the kernel does not check it (before ABI 10)
 *   ports granted, but this Landlock has no such right
 *                      the promise cannot be kept: the row is absent. Where the
 *                      user only prefers it, any port is open, and the row says so
 *
 * A filter cannot see which port a listen(2) without bind(2) gets: the kernel
 * chooses one. Without any --listen the call is refused whole; with one, an unbound
 * listen passes, and the row says so.
 *
 * Unix sockets: Landlock limits path sockets from ABI 9. Below it, a filter cannot
 * tell a harmless path from the session bus (which starts programs outside the
 * sandbox on request), so AF_UNIX sockets are not made at all; connected pairs are.
 */
#include <errno.h>

#include "plan/parts.h"

/* What is granted, summed up. */
struct wishes {
	bool connects_tcp, listens_tcp, uses_udp;
};

static struct wishes sum_up(const struct profile *profile)
{
	struct wishes wishes = { 0 };

	for (size_t i = 0; i < profile->n_ports; i++) {
		if (profile->ports[i].is_udp)
			wishes.uses_udp = true;
		else if (profile->ports[i].use == PORT_CONNECT)
			wishes.connects_tcp = true;
		else
			wishes.listens_tcp = true;
	}
	return wishes;
}

static uint64_t port_access(const struct port_grant *grant)
{
	if (grant->is_udp)
		return grant->use == PORT_CONNECT ? ABI_LANDLOCK_NET_CONNECT_SEND_UDP
						  : ABI_LANDLOCK_NET_BIND_UDP;
	return grant->use == PORT_CONNECT ? ABI_LANDLOCK_NET_CONNECT_TCP
					  : ABI_LANDLOCK_NET_BIND_TCP;
}

/*
 * A UDP client is bound to a port that the kernel chooses before it sends: it
 * needs BIND_UDP on port 0 besides the right to send (ABI 10).
 */
static const struct port_grant udp_autobind = {
	.is_udp = true,
	.use = PORT_LISTEN,
	.origin = "--connect udp",
};

static int choose_ports(struct plan *plan, struct croft_error *err)
{
	const struct profile *profile = plan->profile;
	bool needs_autobind = false;

	plan->handled_net = known_net(plan);
	if (!is_wanted(plan, PROTECT_TCP))
		plan->handled_net &= ~(ABI_LANDLOCK_NET_BIND_TCP | ABI_LANDLOCK_NET_CONNECT_TCP);
	if (!is_wanted(plan, PROTECT_UDP))
		plan->handled_net &=
			~(ABI_LANDLOCK_NET_BIND_UDP | ABI_LANDLOCK_NET_CONNECT_SEND_UDP);
	plan->ports = arena_calloc(&plan->arena, profile->n_ports + 1, sizeof(*plan->ports));
	if (!plan->ports)
		return fail(err, CROFT_STAGE_PLAN, ENOMEM, "make room for %zu ports",
			    profile->n_ports);
	for (size_t i = 0; i < profile->n_ports; i++) {
		const struct port_grant *grant = &profile->ports[i];
		uint64_t access = port_access(grant) & plan->handled_net;

		if (!access)
			continue;
		plan->ports[plan->n_ports++] =
			(struct plan_port){ .grant = grant, .access = access };
		needs_autobind |= grant->is_udp && grant->use == PORT_CONNECT;
	}
	if (needs_autobind)
		plan->ports[plan->n_ports++] =
			(struct plan_port){ .grant = &udp_autobind,
					    .access = ABI_LANDLOCK_NET_BIND_UDP };
	return 0;
}

int plan_net(struct plan *plan, struct croft_error *err)
{
	const struct wishes wishes = sum_up(plan->profile);
	struct syscall_policy *policy = &plan->syscalls;
	int r = choose_ports(plan, err);

	if (r < 0)
		return r;
	policy->allows_inet_stream = !is_wanted(plan, PROTECT_TCP) || wishes.connects_tcp ||
				     wishes.listens_tcp ||
				     (plan->profile->leaves_tcp_to_landlock &&
				      (plan->handled_net & ABI_LANDLOCK_NET_CONNECT_TCP));
	policy->allows_inet_dgram = !is_wanted(plan, PROTECT_UDP) || wishes.uses_udp;
	policy->refuses_other_net = is_wanted(plan, PROTECT_OTHER_NET);
	policy->refuses_tcp_kin =
		is_wanted(plan, PROTECT_TCP) && plan->profile->leaves_tcp_to_landlock;
	/*
	 * getaddrinfo and getifaddrs ask it which addresses exist; without a network nobody
	 * needs the answer
	 */
	policy->allows_route_netlink = policy->allows_inet_stream || policy->allows_inet_dgram;
	policy->allows_unix = !is_wanted(plan, PROTECT_UNIX_PATH) ||
			      (plan->handled_fs & ABI_LANDLOCK_FS_RESOLVE_UNIX) ||
			      plan->wants_sockets;
	policy->filters_sockets = !policy->allows_inet_stream || !policy->allows_inet_dgram ||
				  policy->refuses_other_net || policy->refuses_tcp_kin ||
				  !policy->allows_unix;
	if (is_wanted(plan, PROTECT_TCP)) {
		/* it would take the listening unix sockets of programs away as well */
		policy->refuses_listen = wishes.connects_tcp && !wishes.listens_tcp &&
					 !plan->profile->leaves_tcp_to_landlock;
		/* Landlock checks fast open since 7.2 */
		policy->refuses_fastopen = policy->allows_inet_stream && plan->abi < 10;
		policy->refuses_tcp_ulp = policy->allows_inet_stream;
	}
	return 0;
}
