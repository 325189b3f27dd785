/* SPDX-License-Identifier: MIT */
/*
 * row_net.c - the rows on networks: tcp, udp, other-net, unix-abstract, unix-path.
 *
 * A network namespace of its own keeps the first four by itself, where no port of the host is
 * granted; what the filter and Landlock refuse stays refused in it.
 */
#include <errno.h>

#include "plan/rows.h"

static bool has_port(const struct plan *plan, bool is_udp, enum port_use use)
{
	for (size_t i = 0; i < plan->profile->n_ports; i++)
		if (plan->profile->ports[i].is_udp == is_udp && plan->profile->ports[i].use == use)
			return true;
	return false;
}

/* A network of its own, in which nothing of the host's can be reached. */
static bool has_own_net(const struct plan *plan)
{
	return has_ns(plan, HOST_NS_NET);
}

static void row_own_net(const struct plan *plan, struct plan_row *row)
{
	row_enforced(row,
		     plan->syscalls.filters_sockets && has_seccomp(plan) ? "seccomp + net namespace"
									 : "net namespace",
		     "");
}

/* What a filter would do, and here is none. */
static void row_no_filter(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	row_no_seccomp(row);
	if (!plan->profile->n_ports)
		row_by_namespaces(plan, arena, row, HOST_NS_NET, row->missing);
}

/* Wanted by name, and the host's all the same. */
static const char *not_isolated(const struct plan *plan)
{
	if (!plan->profile->isolates[ISOLATE_NETWORK] || has_own_net(plan))
		return "";
	return plan->profile->n_ports ? "the host's network, as ports of it are granted"
				      : "refused as a whole, in the host's network namespace";
}

static bool grants_any_port(const struct plan *plan, bool is_udp)
{
	return has_port(plan, is_udp, PORT_CONNECT) || has_port(plan, is_udp, PORT_LISTEN);
}

static bool listens_on_any(const struct plan *plan)
{
	for (size_t i = 0; i < plan->profile->n_ports; i++) {
		const struct port_grant *port = &plan->profile->ports[i];

		if (!port->is_udp && port->use == PORT_LISTEN && port->port == 0)
			return true;
	}
	return false;
}

/* With other-net off, MPTCP, SCTP and raw sockets reach what TCP and UDP may not. */
static bool is_walked_around(const struct plan *plan, struct plan_row *row)
{
	if (plan->syscalls.refuses_other_net)
		return false;
	row->state = STATE_PARTIAL;
	row->mechanisms = "seccomp";
	row->missing = "other-net is off: MPTCP, SCTP and other sockets reach the same places";
	row->mend = "leave other-net on, or say --prefer tcp --prefer udp too";
	return true;
}

/* Landlock judges the ports; the filter only refuses what it does not see. */
static void judge_tcp_by_landlock(const struct plan *plan, struct arena *arena,
				  struct plan_row *row)
{
	const bool limits_ports = plan->handled_net & ABI_LANDLOCK_NET_CONNECT_TCP;

	if (limits_ports && has_seccomp(plan)) {
		row_enforced(row, row_landlock_since(plan, arena, 4, " + seccomp"),
			     "listen(2) without bind(2) gets a port that the kernel chooses");
	} else if (limits_ports) {
		row->state = STATE_PARTIAL;
		row->mechanisms = row_landlock_since(plan, arena, 4, "");
		row->missing = "MPTCP, SMC and TCP fast open reach every port";
		row->mend = "a kernel with CONFIG_SECCOMP_FILTER";
	} else if (has_seccomp(plan) && !grants_any_port(plan, false)) {
		row_enforced(row, "seccomp", "");
	} else {
		row_absent(row, "TCP ports cannot be told apart: TCP is open to everywhere",
			   row_newer(plan, arena, PROTECT_TCP, 4, ""));
	}
}

void judge_tcp(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (plan->profile->leaves_tcp_to_landlock) {
		judge_tcp_by_landlock(plan, arena, row);
	} else if (has_own_net(plan)) {
		row_own_net(plan, row);
	} else if (!has_seccomp(plan)) {
		row_no_filter(plan, arena, row);
	} else if (is_walked_around(plan, row)) {
		return;
	} else if (!grants_any_port(plan, false)) {
		row_enforced(row, "seccomp", "");
	} else if (!(plan->handled_net & ABI_LANDLOCK_NET_CONNECT_TCP)) {
		row_absent(
			row,
			"TCP ports cannot be told apart: if TCP is opened, it is opened to everywhere",
			row_newer(plan, arena, PROTECT_TCP, 4,
				  "; or drop the port grants; or accept it with --prefer tcp"));
	} else if (plan->syscalls.refuses_listen) {
		row_enforced(row, row_landlock_since(plan, arena, 4, " + seccomp"),
			     "listen(2) is refused, on unix sockets too");
	} else {
		row_enforced(
			row, row_landlock_since(plan, arena, 4, " + seccomp"),
			listens_on_any(plan)
				? ""
				: "listen(2) without bind(2) gets a port that the kernel chooses");
	}
}

void judge_udp(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (has_own_net(plan))
		row_own_net(plan, row);
	else if (!has_seccomp(plan))
		row_no_filter(plan, arena, row);
	else if (is_walked_around(plan, row))
		return;
	else if (!grants_any_port(plan, true))
		row_enforced(row, "seccomp", "");
	else if (!(plan->handled_net & ABI_LANDLOCK_NET_BIND_UDP))
		row_absent(
			row,
			"UDP ports cannot be told apart: if UDP is opened, it is opened to everywhere",
			row_newer(plan, arena, PROTECT_UDP, 10,
				  "; or drop the udp: grants; or accept it with --prefer udp"));
	else
		row_enforced(row, row_landlock_since(plan, arena, 10, " + seccomp"), "");
}

void judge_other_net(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (has_own_net(plan))
		row_own_net(plan, row);
	else if (!has_seccomp(plan))
		row_no_filter(plan, arena, row);
	else
		row_enforced(row, "seccomp",
			     plan->syscalls.allows_route_netlink
				     ? "NETLINK_ROUTE passes: the host's addresses can be read"
				     : not_isolated(plan));
}

void judge_unix_abstract(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	bool is_scoped = plan->scoped & ABI_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;

	if (is_scoped)
		row_enforced(row,
			     row_landlock_since(plan, arena, 6,
						has_own_net(plan) ? " + net namespace" : ""),
			     "");
	else if (has_own_net(plan))
		row_enforced(row, "net namespace", "");
	else if (!plan->syscalls.is_off && !plan->syscalls.allows_unix)
		row_enforced(row, "seccomp", "no unix sockets but connected pairs");
	else
		row_absent(row, "abstract unix sockets of other processes can be reached",
			   row_newer(plan, arena, PROTECT_UNIX_ABSTRACT, 6,
				     plan->profile->n_ports ? ""
							    : "; or --isolate network, where "
							      "namespaces work"));
}

/* Sockets outside of the grants are not there; one inside needs no grant of its own. */
static void row_in_new_root(struct plan_row *row)
{
	row->state = STATE_PARTIAL;
	row->mechanisms = "mounts";
	row->missing = "path sockets in directories that are granted in any way can be reached";
	row->mend = "Linux 7.1 (Landlock ABI 9); or drop --socket; or accept it with --prefer "
		    "unix-path";
}

void judge_unix_path(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (plan->handled_fs & ABI_LANDLOCK_FS_RESOLVE_UNIX)
		row_enforced(row, row_landlock_since(plan, arena, 9, ""), "");
	else if (!has_seccomp(plan))
		row_no_seccomp(row);
	else if (!plan->syscalls.allows_unix)
		row_enforced(
			row, "seccomp",
			"no unix sockets but connected pairs, not even among its own processes");
	else if (plan->has_new_root)
		row_in_new_root(row);
	else if (known_fs(plan) & ABI_LANDLOCK_FS_RESOLVE_UNIX)
		row_absent(row, "file protection is off, and this rests on it",
			   "leave files on, or say --off unix-path too");
	else
		row_absent(
			row,
			"path sockets cannot be told apart: with one granted, the session bus and others can be reached",
			"Linux 7.1 (Landlock ABI 9); or drop --socket; or accept it with --prefer unix-path");
}
