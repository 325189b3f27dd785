/* SPDX-License-Identifier: MIT */
/*
 * test_properties.c - what holds for every plan, on every host, for every wish.
 *
 * The golden files show single plans. Here some thirty thousand are built: each Landlock ABI with
 * and without filters, each protection off alone and each pair of them, each set of port grants,
 * with and without a socket, with and without io_uring. Each plan goes through all checks; each
 * check is one test, which names the first plan that failed it.
 *
 * What an ABI knows is written down here once more, from the kernel's documentation, and not taken
 * from the table that is tested.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "world.h"

#define NEWEST 12 /* one more than is known */
#define N_PORT_SETS 16 /* connect and listen, TCP and UDP */
#define PRINT_EVERY 11 /* no divisor of the number of hosts: each host is printed */

typedef bool (*check_fn)(const struct world *world);

/* The masks of each ABI (kernel documentation: userspace-api/landlock.rst). */
static bool handles_all(const struct world *world)
{
	int abi = abi_of(world);
	uint64_t fs = abi == 0   ? 0
		      : abi == 1 ? 0x1fff
		      : abi == 2 ? 0x3fff
		      : abi < 5  ? 0x7fff
		      : abi < 9  ? 0xffff
				 : 0x1ffff;
	uint64_t net = abi < 4 ? 0 : abi < 10 ? 0x3 : 0xf, scoped = abi < 6 ? 0 : 0x3;

	fs &= ~(uint64_t)(is_wanted(world, PROTECT_EXEC) ? 0 : 1 << 0);
	fs &= ~(uint64_t)(is_wanted(world, PROTECT_DEVICES) ? 0 : 1 << 15);
	fs &= ~(uint64_t)(is_wanted(world, PROTECT_UNIX_PATH) ? 0 : 1 << 16);
	fs = is_wanted(world, PROTECT_FILES) ? fs : 0;
	net &= ~(uint64_t)(is_wanted(world, PROTECT_TCP) ? 0 : 0x3);
	net &= ~(uint64_t)(is_wanted(world, PROTECT_UDP) ? 0 : 0xc);
	scoped &= ~(uint64_t)(is_wanted(world, PROTECT_UNIX_ABSTRACT) ? 0 : 0x1);
	scoped &= ~(uint64_t)(is_wanted(world, PROTECT_SIGNALS) ? 0 : 0x2);
	return world->plan->handled_fs == fs && world->plan->handled_net == net &&
	       world->plan->scoped == scoped;
}

static bool rules_are_sound(const struct world *world)
{
	const struct plan *plan = world->plan;

	for (size_t i = 0; i < plan->n_rules; i++) {
		const struct plan_rule *rule = &plan->rules[i];

		if (!rule->access || (rule->access & ~plan->handled_fs))
			return false;
		/* execute, write, read, truncate, ioctl, resolve: what a rule on a file can have */
		if (!rule->is_directory && (rule->access & ~(uint64_t)0x1c007))
			return false;
		if (rule->access & (1 << 6 | 1 << 11))
			return false;
	}
	for (size_t i = 0; i < plan->n_ports; i++)
		if (!plan->ports[i].access || (plan->ports[i].access & ~plan->handled_net))
			return false;
	return !(plan->tmpdir_access & ~plan->handled_fs);
}

static bool every_grant_is_ruled(const struct world *world)
{
	/* /usr, /work, /dev/kvm and perhaps a socket: none covers another */
	size_t n = world->plan->handled_fs ? 3 : 0;

	n += world->has_socket && (world->plan->handled_fs & 1 << 16);
	return world->plan->n_rules == n;
}

static bool rows_are_whole(const struct world *world)
{
	for (int i = 0; i < PROTECT_MAX; i++) {
		const struct plan_row *row = &world->plan->rows[i];

		if (row->protection != (enum protection)i ||
		    row->requirement != world->profile->require[i])
			return false;
		if (!row->mechanisms || !row->missing || !row->mend || row->state >= STATE_MAX)
			return false;
		if (row->state == STATE_ENFORCED && (!*row->mechanisms || *row->mend))
			return false;
		if (row->state == STATE_PARTIAL &&
		    (!*row->mechanisms || !*row->missing || !*row->mend))
			return false;
		if (row->state == STATE_ABSENT && (*row->mechanisms || !*row->missing))
			return false;
		if (row->state == STATE_ABSENT && row->requirement != REQUIRE_OFF && !*row->mend)
			return false;
	}
	return true;
}

static bool check_agrees(const struct world *world)
{
	struct croft_error err = { 0 };
	int r = plan_check(world->plan, &err);

	for (int i = 0; i < PROTECT_MAX; i++) {
		const struct plan_row *row = &world->plan->rows[i];

		if (row->requirement == REQUIRE_REQUIRE && row->state != STATE_ENFORCED)
			return r == -EOPNOTSUPP && err.stage == CROFT_STAGE_PLAN && *err.hint &&
			       strstr(err.what, protection_names[i].name) &&
			       strstr(err.what, row->missing);
	}
	return r == 0 && err.stage == CROFT_STAGE_NONE;
}

static bool warning_agrees(const struct world *world)
{
	AUTO_BUF struct buf warning = BUF_INIT(1 << 16);
	bool is_due = false;

	plan_warn(&warning, world->plan);
	for (int i = 0; i < PROTECT_MAX; i++) {
		const struct plan_row *row = &world->plan->rows[i];
		bool is_missed = row->requirement == REQUIRE_PREFER && row->state != STATE_ENFORCED;

		if (is_missed && !strstr(buf_text(&warning), protection_names[i].name))
			return false;
		is_due |= is_missed;
	}
	return is_due == (warning.len > 0);
}

static bool tcp_agrees(const struct world *world)
{
	bool is_open = !refuses_inet(world, SOCK_STREAM, 0) ||
		       !refuses_inet(world, SOCK_STREAM, IPPROTO_TCP);
	bool listens = world->ports & 2;

	if (!is_wanted(world, PROTECT_TCP))
		return !refuses_socket(world, AF_INET, SOCK_STREAM, 0) &&
		       !is_refused(world, "listen", 3, 1, 0, 0);
	if (!is_kept(world, PROTECT_TCP))
		return true;
	if (!refuses_inet(world, SOCK_STREAM, IPPROTO_MPTCP) ||
	    !refuses_inet(world, SOCK_STREAM, IPPROTO_SCTP) ||
	    !refuses_socket(world, 43, SOCK_STREAM, 0) || !refuses_rings(world))
		return false;
	if (!is_open)
		return true;
	return (world->ports & 3) && (world->plan->handled_net & 3) == 3 &&
	       (listens || is_refused(world, "listen", 3, 1, 0, 0)) &&
	       (abi_of(world) >= 10 || (is_refused(world, "sendto", 3, 0, 0, MSG_FASTOPEN) &&
					is_refused(world, "sendmsg", 3, 0, MSG_FASTOPEN, 0)));
}

static bool udp_agrees(const struct world *world)
{
	bool is_open = !refuses_inet(world, SOCK_DGRAM, 0) ||
		       !refuses_inet(world, SOCK_DGRAM, IPPROTO_UDP);

	if (!is_wanted(world, PROTECT_UDP))
		return !refuses_socket(world, AF_INET, SOCK_DGRAM, 0);
	if (!is_kept(world, PROTECT_UDP))
		return true;
	if (!refuses_inet(world, SOCK_DGRAM, IPPROTO_UDPLITE) || !refuses_rings(world))
		return false;
	return !is_open || ((world->ports & 12) && (world->plan->handled_net & 12) == 12);
}

static bool other_net_agrees(const struct world *world)
{
	static const int families[] = { AF_PACKET, AF_VSOCK, AF_ALG, AF_BLUETOOTH, AF_TIPC, AF_XDP,
					AF_RDS,    AF_CAN,   43 };

	if (!is_wanted(world, PROTECT_OTHER_NET))
		return !refuses_socket(world, AF_VSOCK, SOCK_STREAM, 0);
	if (!is_kept(world, PROTECT_OTHER_NET))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(families); i++)
		if (!refuses_socket(world, families[i], SOCK_DGRAM, 0) ||
		    !refuses_socket(world, families[i], SOCK_STREAM, 0))
			return false;
	/* the kernel's own news (NETLINK_KOBJECT_UEVENT); and ICMP by datagrams */
	return refuses_socket(world, AF_NETLINK, SOCK_RAW, 15) &&
	       refuses_inet(world, SOCK_RAW, IPPROTO_RAW) &&
	       refuses_inet(world, SOCK_DGRAM, IPPROTO_ICMP) && refuses_rings(world);
}

static bool refuses_unix(const struct world *world)
{
	return refuses_socket(world, AF_UNIX, SOCK_STREAM, 0) &&
	       refuses_socket(world, AF_UNIX, SOCK_DGRAM, 0) &&
	       is_refused(world, "socketpair", AF_UNIX, SOCK_DGRAM, 0, 0) && refuses_rings(world);
}

static bool unix_agrees(const struct world *world)
{
	if (is_kept(world, PROTECT_UNIX_PATH) && !refuses_unix(world) &&
	    !(world->plan->handled_fs & 1 << 16))
		return false;
	if (is_kept(world, PROTECT_UNIX_ABSTRACT) && !refuses_unix(world) &&
	    !(world->plan->scoped & 1))
		return false;
	if (is_refused(world, "socketpair", AF_UNIX, SOCK_STREAM, 0, 0))
		return false;
	return is_wanted(world, PROTECT_UNIX_PATH) ||
	       !refuses_socket(world, AF_UNIX, SOCK_STREAM, 0);
}

static bool files_agree(const struct world *world)
{
	const struct plan *plan = world->plan;

	if (is_kept(world, PROTECT_FILES) &&
	    ((plan->handled_fs & 0x1ffe) != 0x1ffe ||
	     (abi_of(world) < 3 && !(is_refused(world, "truncate", 0, 0, 0, 0) &&
				     is_refused(world, "openat2", 0, 0, 0, 0) &&
				     is_refused(world, "openat", 0, 0, O_RDONLY | O_TRUNC, 0)))))
		return false;
	if (abi_of(world) >= 3 && is_refused(world, "truncate", 0, 0, 0, 0))
		return false;
	if (is_kept(world, PROTECT_EXEC) && !(plan->handled_fs & 1))
		return false;
	if (is_kept(world, PROTECT_DEVICES) && !(plan->handled_fs & 1 << 15))
		return false;
	return !is_kept(world, PROTECT_PRIVATE_TMP) || (plan->tmpdir && plan->tmpdir_access);
}

static bool processes_agree(const struct world *world)
{
	const struct plan *plan = world->plan;

	if (is_kept(world, PROTECT_SIGNALS) && !(plan->scoped & 2))
		return false;
	if (is_kept(world, PROTECT_PTRACE) && !plan->handled_fs && !plan->handled_net &&
	    !plan->scoped &&
	    !(is_refused(world, "ptrace", 0, 0, 0, 0) &&
	      is_refused(world, "process_vm_writev", 0, 0, 0, 0) &&
	      is_refused(world, "pidfd_getfd", 0, 0, 0, 0)))
		return false;
	return !is_kept(world, PROTECT_PROCESSES);
}

/* One call of each group, with arguments that only the group refuses. */
static const struct {
	const char *name;
	uint64_t args[3];
} group_calls[GROUP_MAX] = {
	[GROUP_USER_NAMESPACES] = { "unshare", { CLONE_NEWUSER } },
	[GROUP_MOUNT] = { "mount", { 0 } },
	[GROUP_IO_URING] = { "io_uring_setup", { 0 } },
	[GROUP_KEYRING] = { "keyctl", { 0 } },
	[GROUP_SYSV_IPC] = { "shmget", { 0 } },
	[GROUP_BPF] = { "bpf", { 0 } },
	[GROUP_PERF] = { "perf_event_open", { 0 } },
	[GROUP_USERFAULTFD] = { "userfaultfd", { 0 } },
	[GROUP_PERSONALITY] = { "personality", { 0x0040000 } },
	[GROUP_KERNEL] = { "finit_module", { 0 } },
	[GROUP_TERMINAL] = { "ioctl", { 0, ABI_TIOCSTI } },
	[GROUP_PRLIMIT_OTHERS] = { "prlimit64", { 1, 0, 1 } },
};

static bool refuses_group(const struct world *world, enum syscall_group group)
{
	const uint64_t *args = group_calls[group].args;

	return is_refused(world, group_calls[group].name, args[0], args[1], args[2], 0);
}

/* Whose promise a group is. */
static enum protection owner_of(enum syscall_group group)
{
	if (group == GROUP_TERMINAL)
		return PROTECT_TERMINAL;
	return group == GROUP_KEYRING || group == GROUP_SYSV_IPC ? PROTECT_IPC : PROTECT_SYSCALLS;
}

static bool groups_agree(const struct world *world)
{
	for (unsigned i = 0; i < GROUP_MAX; i++) {
		enum syscall_group group = (enum syscall_group)i;
		enum protection owner = owner_of(group);
		bool refuses = refuses_group(world, group),
		     allowed = world->profile->allows_group[group];

		if (allowed && refuses)
			return false;
		if (is_kept(world, owner) && !allowed && !refuses)
			return false;
		if (is_kept(world, owner) && allowed &&
		    !strstr(world->plan->rows[owner].missing, syscall_group_names[i].name))
			return false;
		/* a ring is no promise's alone: it goes around the others */
		if (!is_wanted(world, owner) && refuses && group != GROUP_IO_URING)
			return false;
	}
	return true;
}

/* What this host can give is given: refusing to start is a defect, too. */
static bool nothing_is_given_up(const struct world *world)
{
	int abi = abi_of(world);
	bool sees_all = has_filter(world) && !world->has_ring,
	     has_other = is_wanted(world, PROTECT_OTHER_NET);
	const struct {
		enum protection protection;
		bool can;
	} claims[] = {
		{ PROTECT_FILES, abi >= 3 || (abi > 0 && sees_all) },
		{ PROTECT_EXEC, abi > 0 && is_wanted(world, PROTECT_FILES) },
		{ PROTECT_DEVICES, abi >= 5 && is_wanted(world, PROTECT_FILES) },
		{ PROTECT_PRIVATE_TMP, abi > 0 && is_wanted(world, PROTECT_FILES) },
		{ PROTECT_TCP, sees_all && has_other && (!(world->ports & 3) || abi >= 4) },
		{ PROTECT_UDP, sees_all && has_other && (!(world->ports & 12) || abi >= 10) },
		{ PROTECT_OTHER_NET, sees_all },
		{ PROTECT_UNIX_PATH, (abi >= 9 && is_wanted(world, PROTECT_FILES)) ||
					     (sees_all && !world->has_socket) },
		{ PROTECT_UNIX_ABSTRACT, abi >= 6 },
		{ PROTECT_SIGNALS, abi >= 6 },
		{ PROTECT_PTRACE,
		  has_filter(world) || (abi > 0 && is_wanted(world, PROTECT_FILES)) },
		{ PROTECT_IPC, has_filter(world) },
		{ PROTECT_TERMINAL, has_filter(world) },
		{ PROTECT_SYSCALLS, has_filter(world) },
		{ PROTECT_PRIVILEGES, true },
		{ PROTECT_DESCRIPTORS, true },
		{ PROTECT_ENVIRONMENT, true },
		{ PROTECT_LIMITS, true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(claims); i++)
		if (is_wanted(world, claims[i].protection) && claims[i].can &&
		    !is_kept(world, claims[i].protection))
			return false;
	return true;
}

static bool newer_is_no_worse(const struct world *world)
{
	for (int i = 0; world->older && i < PROTECT_MAX; i++)
		if (world->plan->rows[i].state > world->older->rows[i].state)
			return false;
	return true;
}

static bool arch_makes_no_difference(const struct world *world)
{
	for (int i = 0; i < PROTECT_MAX; i++) {
		const struct plan_row *a = &world->plan->rows[i], *b = &world->other_arch->rows[i];

		if (a->state != b->state || strcmp(a->mechanisms, b->mechanisms) ||
		    strcmp(a->missing, b->missing))
			return false;
	}
	return true;
}

static bool prints_all(const struct world *world)
{
	AUTO_BUF struct buf text = BUF_INIT(1 << 20), again = BUF_INIT(1 << 20),
			    json = BUF_INIT(1 << 20);

	if (!world->again)
		return true;
	plan_print(&text, world->plan);
	plan_print(&again, world->again);
	plan_print_json(&json, world->plan);
	if (buf_error(&text) || buf_error(&json) || strcmp(buf_text(&text), buf_text(&again)))
		return false;
	for (int i = 0; i < PROTECT_MAX; i++)
		if (!strstr(buf_text(&text), protection_names[i].name) ||
		    !strstr(buf_text(&json), protection_names[i].name) ||
		    !strstr(buf_text(&json), world->plan->rows[i].missing))
			return false;
	return !strstr(buf_text(&text), "secret value") && !strstr(buf_text(&json), "secret value");
}

static struct check {
	const char *sentence;
	check_fn holds;
	size_t n_failed;
	char first[256];
} checks[] = {
	{ .sentence = "all that the ABI knows is handled, less what is off", .holds = handles_all },
	{ .sentence = "a rule has only rights that are handled and fit its file",
	  .holds = rules_are_sound },
	{ .sentence = "each grant that means something here is a rule",
	  .holds = every_grant_is_ruled },
	{ .sentence = "each protection has a row that says how, or why not",
	  .holds = rows_are_whole },
	{ .sentence = "the check refuses just what is required and not kept",
	  .holds = check_agrees },
	{ .sentence = "the warning tells just what is preferred and not kept",
	  .holds = warning_agrees },
	{ .sentence = "the row tcp agrees with what may be called", .holds = tcp_agrees },
	{ .sentence = "the row udp agrees with what may be called", .holds = udp_agrees },
	{ .sentence = "the row other-net agrees with what may be called",
	  .holds = other_net_agrees },
	{ .sentence = "the rows on unix sockets agree with what may be called",
	  .holds = unix_agrees },
	{ .sentence = "the rows on files agree with what is handled", .holds = files_agree },
	{ .sentence = "the rows on processes agree with what is refused",
	  .holds = processes_agree },
	{ .sentence = "the rows on system calls agree with what is refused",
	  .holds = groups_agree },
	{ .sentence = "what the host can give is not given up", .holds = nothing_is_given_up },
	{ .sentence = "a newer Landlock makes no row worse", .holds = newer_is_no_worse },
	{ .sentence = "the architecture changes no row", .holds = arch_makes_no_difference },
	{ .sentence = "a plan is printed whole, the same each time, without values",
	  .holds = prints_all },
};

static size_t n_worlds;

static struct plan *build(const struct profile *profile, int abi, enum arch arch, bool filters,
			  bool is_hollow)
{
	static const char *const environ[] = { "PATH=/usr/bin", "KEY=secret value", NULL };
	static const char *const argv[] = { "job", NULL };
	const struct host host = {
		.arch = arch,
		.kernel_release = "6.0.0",
		.uid = 1000,
		.landlock = { .abi = abi,
			      .errnum = abi ? 0 : ENOSYS,
			      .enforces = is_hollow ? HOST_NO : HOST_UNKNOWN },
		.seccomp = { .errnum = filters ? 0 : EINVAL, .has_kill_process = filters },
		.has_close_range = true,
		.has_pidfd = true,
	};
	const struct path_fact facts[] = {
		{ .fd = -1, .type = S_IFDIR }, /* /usr */
		{ .fd = -1, .type = S_IFDIR }, /* /work */
		{ .fd = -1, .type = S_IFCHR }, /* /dev/kvm */
		{ .fd = -1, .type = S_IFSOCK }, /* /run/s, where it is granted */
	};
	const struct plan_input input = { .profile = profile,
					  .host = &host,
					  .facts = facts,
					  .argv = argv,
					  .environ = environ,
					  .tmpdir = "/tmp/croft-x" };
	struct croft_error err;
	struct plan *plan;

	if (plan_build(&input, &plan, &err) < 0) {
		print_error("a plan cannot be built: %s\n", err.what);
		abort();
	}
	return plan;
}

static void run_checks(struct world *world, int abi, bool filters, bool is_hollow)
{
	n_worlds++;
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		size_t len;

		if (checks[i].holds(world) || checks[i].n_failed++)
			continue;
		len = (size_t)snprintf(checks[i].first, sizeof(checks[i].first), "ABI %d%s%s, %s",
				       abi, is_hollow ? " not enforced" : "",
				       filters ? "" : " no filters", world->label);
		assert_true(len < sizeof(checks[i].first));
	}
}

static void sweep_hosts(struct world *world)
{
	for (int filters = 0; filters < 2; filters++) {
		struct plan *older = NULL;

		for (int abi = 0; abi <= NEWEST + 1; abi++) {
			bool is_hollow =
				abi == NEWEST + 1; /* the last is ABI 6 that does nothing */
			int number = is_hollow ? 6 : abi;
			struct plan *plan =
				build(world->profile, number, ARCH_X86_64, filters, is_hollow);
			struct plan *other =
				build(world->profile, number, ARCH_AARCH64, filters, is_hollow);
			struct plan *again = NULL;
			if (n_worlds % PRINT_EVERY == 0)
				again = build(world->profile, number, ARCH_X86_64, filters,
					      is_hollow);

			world->plan = plan;
			world->other_arch = other;
			world->again = again;
			world->older = is_hollow ? NULL : older;
			run_checks(world, number, filters, is_hollow);
			plan_free(older);
			plan_free(other);
			plan_free(again);
			older = plan;
		}
		plan_free(older);
	}
}

static void wish(struct profile *profile, const char *key, const char *value)
{
	struct croft_error err;

	if (profile_set(profile, key, value, "--wish", &err) < 0) {
		print_error("%s %s: %s\n", key, value, err.what);
		abort();
	}
}

/* One set of wishes on every host. off_a, off_b: protections, PROTECT_MAX for none. */
static void sweep(unsigned ports, bool has_socket, bool has_ring, int off_a, int off_b)
{
	static const char *const port_wishes[4][2] = { { "connect", "443" },
						       { "listen", "8080" },
						       { "connect", "udp:53" },
						       { "listen", "udp:5353" } };
	struct world world = { .ports = ports, .has_socket = has_socket, .has_ring = has_ring };
	struct profile *profile;
	struct croft_error err;

	if (profile_new("empty", NULL, NULL, &profile, &err) < 0)
		abort();
	wish(profile, "execute", "/usr");
	wish(profile, "write", "/work");
	wish(profile, "device", "/dev/kvm");
	if (has_socket)
		wish(profile, "socket", "/run/s");
	wish(profile, "prefer", "private-tmp");
	for (unsigned i = 0; i < 4; i++)
		if (ports & 1U << i)
			wish(profile, port_wishes[i][0], port_wishes[i][1]);
	if (has_ring)
		wish(profile, "allow", "io-uring");
	if (off_a < PROTECT_MAX)
		wish(profile, "off", protection_names[off_a].name);
	if (off_b < PROTECT_MAX)
		wish(profile, "off", protection_names[off_b].name);
	(void)snprintf(world.label, sizeof(world.label), "ports %x%s%s, off: %s %s", ports,
		       has_socket ? ", a socket" : "", has_ring ? ", io_uring" : "",
		       off_a < PROTECT_MAX ? protection_names[off_a].name : "-",
		       off_b < PROTECT_MAX ? protection_names[off_b].name : "-");
	world.profile = profile;
	sweep_hosts(&world);
	profile_free(profile);
}

static int sweep_all(void **state)
{
	(void)state;
	for (int a = 0; a <= PROTECT_MAX; a++)
		for (unsigned ports = 0; ports < N_PORT_SETS; ports++)
			for (int more = 0; more < (ports % 5 ? 1 : 4); more++)
				sweep(ports, more & 1, more & 2, a, PROTECT_MAX);
	for (int a = 0; a < PROTECT_MAX; a++)
		for (int b = a + 1; b < PROTECT_MAX; b++)
			for (unsigned ports = 0; ports < N_PORT_SETS; ports += N_PORT_SETS - 1)
				sweep(ports, false, false, a, b);
	return 0;
}

static void holds_everywhere(void **state)
{
	const struct check *check = *state;

	assert_true(n_worlds > 30000);
	if (check->n_failed)
		fail_msg("not for %zu of %zu plans, the first: %s", check->n_failed, n_worlds,
			 check->first);
}

int main(void)
{
	struct CMUnitTest tests[ARRAY_SIZE(checks)];

	for (size_t i = 0; i < ARRAY_SIZE(checks); i++)
		tests[i] = (struct CMUnitTest){ .name = checks[i].sentence,
						.test_func = holds_everywhere,
						.initial_state = &checks[i] };
	return _cmocka_run_group_tests("properties", tests, ARRAY_SIZE(checks), sweep_all, NULL);
}
