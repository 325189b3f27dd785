/* SPDX-License-Identifier: MIT */
/*
 * print.c - a plan as text for people.
 *
 * One block for each thing that will be done, in the order in which it is done,
 * then the rows. The text is the golden tests' subject: it changes only when what
 * is done changes. Values of variables are never printed.
 */
#include "plan/print.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "plan/parts.h"

static const char *const fs_names[] = {
	"execute",   "write_file", "read_file", "read_dir",  "remove_dir",   "remove_file",
	"make_char", "make_dir",   "make_reg",  "make_sock", "make_fifo",    "make_block",
	"make_sym",  "refer",      "truncate",  "ioctl_dev", "resolve_unix",
};

static const char *const net_names[] = { "bind_tcp", "connect_tcp", "bind_udp",
					 "connect_send_udp" };
static const char *const scope_names[] = { "abstract_unix_socket", "signal" };

static void print_bits(struct buf *buf, uint64_t bits, const char *const *names, size_t n,
		       const char *between)
{
	bool is_first = true;

	for (size_t i = 0; i < n; i++) {
		if (!(bits & (1ULL << i)))
			continue;
		buf_printf(buf, "%s%s", is_first ? "" : between, names[i]);
		is_first = false;
	}
	if (is_first)
		buf_puts(buf, "nothing");
}

void print_fs_access(struct buf *buf, uint64_t access)
{
	print_bits(buf, access, fs_names, ARRAY_SIZE(fs_names), " ");
}

void print_net_access(struct buf *buf, uint64_t access)
{
	print_bits(buf, access, net_names, ARRAY_SIZE(net_names), " ");
}

void print_scoped(struct buf *buf, uint64_t scoped)
{
	print_bits(buf, scoped, scope_names, ARRAY_SIZE(scope_names), " ");
}

uint64_t plan_ignored(const struct plan *plan, uint64_t *ret_net, uint64_t *ret_scoped)
{
	const struct landlock_abi *newest = landlock_abi_get(ABI_LANDLOCK_NEWEST);

	*ret_net = newest->net & ~known_net(plan);
	*ret_scoped = newest->scoped & ~known_scoped(plan);
	return newest->fs & ~known_fs(plan);
}

/* Rights that a newer Landlock has and this one does not, each with the kernel that brought it. */
static void print_ignored(struct buf *buf, const struct plan *plan)
{
	bool is_first = true;

	for (int abi = plan->abi + 1; abi <= ABI_LANDLOCK_NEWEST && plan->abi > 0; abi++) {
		const struct landlock_abi *newer = landlock_abi_get(abi),
					  *before = landlock_abi_get(abi - 1);
		uint64_t fs = newer->fs & ~before->fs & ~plan->beyond_fs;
		uint64_t net = newer->net & ~before->net & ~plan->beyond_net;
		uint64_t scoped = newer->scoped & ~before->scoped & ~plan->beyond_scoped;

		if (!fs && !net && !scoped)
			continue;
		buf_printf(buf, "%s", is_first ? "  ignored here:   " : ", ");
		is_first = false;
		if (fs)
			print_fs_access(buf, fs);
		if (net)
			print_net_access(buf, net);
		if (scoped)
			print_scoped(buf, scoped);
		buf_printf(buf, " (Landlock %d, Linux %s)", abi, landlock_abi_kernel(abi));
	}
	if (!is_first)
		buf_putc(buf, '\n');
}

void print_origin(struct buf *buf, const char *origin)
{
	buf_puts(buf, " (");
	text_escape(buf, origin);
	buf_putc(buf, ')');
}

/* The grant's own words: "read write". */
static void print_kinds(struct buf *buf, unsigned kinds)
{
	bool is_first = true;

	for (int i = 0; i < GRANT_KIND_COUNT; i++) {
		/* reading comes with the others; "write" alone says it */
		if (!(kinds & (1U << i)) || (i == 0 && (kinds & (GRANT_WRITE | GRANT_EXECUTE))))
			continue;
		buf_printf(buf, "%s%s", is_first ? "" : "+", grant_kind_names[i].name);
		is_first = false;
	}
}

/*
 * What a rule gives: in the words of its grant; by the names of the rights where the grant says
 * them. Where a bound has left less, in the words that are left whole, and by name what else is.
 */
static void print_given(struct buf *buf, const struct plan *plan, const struct plan_rule *rule)
{
	const uint64_t can =
		rule->is_directory ? plan->handled_fs : plan->handled_fs & ABI_LANDLOCK_FS_ON_FILE;
	uint64_t rest = rule->access;
	unsigned kinds = 0;

	if (rule->grant->kinds && !rule->is_narrowed) {
		print_kinds(buf, rule->grant->kinds);
		return;
	}
	for (unsigned i = 0; i < GRANT_KIND_COUNT && rule->is_narrowed; i++) {
		uint64_t access = kinds_to_access(1U << i) & can;

		if (!access || (access & ~rule->access))
			continue;
		kinds |= 1U << i;
		rest &= ~access;
	}
	print_kinds(buf, kinds);
	if (rest && kinds)
		buf_putc(buf, '+');
	if (rest)
		print_bits(buf, rest, fs_names, ARRAY_SIZE(fs_names), "+");
}

static void print_rules(struct buf *buf, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_rules; i++) {
		const struct plan_rule *rule = &plan->rules[i];

		buf_puts(buf, "  ");
		print_given(buf, plan, rule);
		buf_putc(buf, ' ');
		text_quote(buf, rule->path);
		if (strcmp(rule->path, rule->grant->path)) {
			buf_puts(buf, " as ");
			text_quote(buf, rule->grant->path);
		}
		print_origin(buf, rule->origin);
		if (rule->ignored) {
			buf_puts(buf, ", ignored here: ");
			print_fs_access(buf, rule->ignored);
		}
		buf_putc(buf, '\n');
	}
	if (plan->tmpdir_access)
		buf_puts(buf, "  execute+write TMPDIR, a fresh directory, removed at the end\n");
	for (size_t i = 0; i < plan->n_ports; i++) {
		const struct plan_port *port = &plan->ports[i];

		buf_puts(buf, "  ");
		print_net_access(buf, port->access);
		buf_printf(buf, " port %u", port->grant->port);
		print_origin(buf, port->grant->origin);
		buf_putc(buf, '\n');
	}
}

/*
 * Optional grants that are not there, if the user named them: those of built-in profiles are many
 * and common.
 */
static void print_left_out(struct buf *buf, const struct plan *plan)
{
	for (size_t i = 0; i < plan->profile->n_grants; i++) {
		const struct grant *grant = &plan->profile->grants[i];

		if (!plan->is_skipped[i] || !strncmp(grant->origin, "profile ", 8))
			continue;
		buf_puts(buf, "  left out: ");
		text_quote(buf, grant->path);
		print_origin(buf, grant->origin);
		buf_puts(buf, ", it is not there or may not be reached\n");
	}
}

/* Grants that a denial of them, or of what is above them, has taken away. */
static void print_voids(struct buf *buf, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_voids; i++) {
		const struct plan_void *taken = &plan->voids[i];

		buf_puts(buf, taken->is_whole ? "  left out: " : "  less: ");
		text_quote(buf, taken->path);
		print_origin(buf, taken->origin);
		buf_printf(buf, ", %s ", denial_names[taken->denial->kind].name);
		text_quote(buf, taken->denial->path);
		print_origin(buf, taken->denial->origin);
		buf_puts(buf, " is stronger\n");
	}
}

/* A pattern stands for names, and names can be made at any time: what that means is said. */
static void print_patterns(struct buf *buf, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_patterns; i++) {
		const struct plan_pattern *pattern = &plan->patterns[i];

		buf_puts(buf, "  pattern ");
		text_quote(buf, pattern->grant->path);
		print_origin(buf, pattern->grant->origin);
		buf_printf(buf, ": %zu name%s now, names made later are not granted\n",
			   pattern->n_names, pattern->n_names == 1 ? "" : "s");
	}
}

static void print_denials(struct buf *buf, const struct plan *plan)
{
	if (plan->n_denials)
		buf_puts(buf, "Denied:\n");
	for (size_t i = 0; i < plan->n_denials; i++) {
		const struct plan_denial *denial = &plan->denials[i];

		buf_printf(buf, "  %s ", denial_names[denial->denial->kind].name);
		text_quote(buf, denial->denial->path);
		if (strcmp(denial->path, denial->denial->path)) {
			buf_puts(buf, ", which is ");
			text_quote(buf, denial->path);
		}
		print_origin(buf, denial->denial->origin);
		buf_puts(buf, ": ");
		buf_puts(buf, denial_says(plan, denial));
		if (denial->lacks && plan->has_tree)
			buf_puts(buf, denial->lacks);
		if (denial->rule && !denial_is_kept(plan, denial)) {
			buf_puts(buf, plan->has_tree ? "; given by" : "");
			buf_putc(buf, ' ');
			text_quote(buf, denial->rule->path);
			print_origin(buf, denial->rule->origin);
		}
		buf_putc(buf, '\n');
	}
}

static void print_mounts(struct buf *buf, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_mounts; i++) {
		const struct plan_mount *mount = &plan->mounts[i];

		buf_puts(buf, "  mounted beneath ");
		text_quote(buf, mount->rule->path);
		buf_puts(buf, ", and granted with it: ");
		text_quote(buf, mount->point);
		buf_puts(buf, ", ");
		text_escape(buf, mount->what);
		buf_putc(buf, '\n');
	}
}

static void print_handled(struct buf *buf, const struct plan *plan)
{
	const char *comma = "";

	buf_puts(buf, "  handled:        ");
	if (plan->handled_fs || !(plan->handled_net || plan->scoped)) {
		print_fs_access(buf, plan->handled_fs);
		comma = ", ";
	}
	if (plan->handled_net) {
		buf_puts(buf, comma);
		print_net_access(buf, plan->handled_net);
		comma = ", ";
	}
	if (plan->scoped) {
		buf_printf(buf, "%sscoped: ", comma);
		print_scoped(buf, plan->scoped);
	}
	buf_putc(buf, '\n');
}

/* The profile's word on which Landlock it means, where this host's is newer. */
static void print_pin(struct buf *buf, const struct plan *plan)
{
	const char *comma = "";

	if (plan->abi == host_abi(plan))
		return;
	buf_puts(buf, "where the profile pins it");
	if (plan->beyond_fs || plan->beyond_net || plan->beyond_scoped)
		buf_puts(buf, " (named beyond: ");
	if (plan->beyond_fs) {
		print_fs_access(buf, plan->beyond_fs);
		comma = ", ";
	}
	if (plan->beyond_net) {
		buf_puts(buf, comma);
		print_net_access(buf, plan->beyond_net);
		comma = ", ";
	}
	if (plan->beyond_scoped) {
		buf_puts(buf, comma);
		print_scoped(buf, plan->beyond_scoped);
		comma = ", ";
	}
	buf_puts(buf, *comma ? "), " : ", ");
}

static void print_landlock(struct buf *buf, const struct plan *plan)
{
	size_t n_rules = plan->n_rules + plan->n_ports + (plan->tmpdir_access != 0);

	if (!plan->abi) {
		buf_puts(buf, "Landlock: none\n");
		return;
	}
	buf_printf(buf, "Landlock: ABI %d, ", plan->abi);
	print_pin(buf, plan);
	buf_printf(buf, "%zu rule%s%s\n", n_rules, n_rules == 1 ? "" : "s",
		   plan->restrict_flags ? ", what is refused is logged (audit)" : "");
	print_handled(buf, plan);
	print_ignored(buf, plan);
	print_rules(buf, plan);
	print_left_out(buf, plan);
	print_voids(buf, plan);
	print_patterns(buf, plan);
	print_mounts(buf, plan);
}

static void print_filter(struct buf *buf, const struct plan *plan)
{
	const struct syscall_policy *policy = &plan->syscalls;
	bool is_first = true;

	if (policy->is_off) {
		buf_puts(buf, "System calls: no filter\n");
		return;
	}
	buf_puts(buf, "System calls: refused groups: ");
	for (int group = 0; group < GROUP_MAX; group++) {
		if (policy->allows_group[group])
			continue;
		buf_printf(buf, "%s%s", is_first ? "" : " ", syscall_group_names[group].name);
		is_first = false;
	}
	buf_puts(buf, is_first ? "none\n" : "\n");
	if (policy->is_strict)
		buf_puts(buf, "  strict: what few programs need is refused, too\n");
	if (plan->profile->n_refused_calls)
		buf_puts(buf, "  refused by name:");
	for (size_t i = 0; i < plan->profile->n_refused_calls; i++)
		buf_printf(buf, " %s%s", plan->profile->refused_calls[i],
			   i + 1 == plan->profile->n_refused_calls ? "\n" : "");
	if (policy->filters_sockets)
		buf_printf(buf, "  sockets:%s%s%s%s%s\n",
			   policy->allows_unix ? " unix" : " unix pairs only",
			   policy->allows_inet_stream ? ", tcp" : "",
			   policy->allows_inet_dgram ? ", udp" : "",
			   policy->allows_route_netlink ? ", route netlink" : "",
			   policy->refuses_other_net ? "; no others"
			   : policy->refuses_tcp_kin ? "; others pass, but mptcp and smc"
						     : "; others pass");
	if (policy->refuses_listen || policy->refuses_fastopen || policy->refuses_tcp_ulp ||
	    policy->refuses_path_truncate || policy->refuses_ptrace)
		buf_printf(buf, "  refused too:%s%s%s%s%s\n",
			   policy->refuses_listen ? " listen" : "",
			   policy->refuses_fastopen ? " fast-open" : "",
			   policy->refuses_tcp_ulp ? " tcp-ulp" : "",
			   policy->refuses_path_truncate ? " truncate" : "",
			   policy->refuses_ptrace ? " ptrace" : "");
}

static void print_environment(struct buf *buf, const struct plan *plan)
{
	if (!plan->command.envp)
		return;
	buf_puts(buf, "Environment:");
	for (size_t i = 0; i < plan->n_env; i++) {
		AUTO_BUF struct buf name = BUF_INIT(PROFILE_MAX_PATH);

		buf_add(&name, plan->command.envp[i], strcspn(plan->command.envp[i], "="));
		buf_putc(buf, ' ');
		text_escape(buf, buf_text(&name));
	}
	buf_printf(buf, "%s, %zu not passed\n", plan->n_env ? "" : " nothing", plan->n_env_dropped);
}

static void print_process(struct buf *buf, const struct plan *plan)
{
	const struct profile *profile = plan->profile;

	print_environment(buf, plan);
	if (plan->command.argv) {
		buf_puts(buf, "Descriptors: 0 1 2");
		for (size_t i = 0; i < profile->n_keep_fds; i++)
			buf_printf(buf, " %d", profile->keep_fds[i]);
		buf_putc(buf, '\n');
	}
	for (int limit = 0; limit < LIMIT_MAX; limit++)
		if (profile->has_limit[limit])
			buf_printf(buf, "Limit: %s %llu\n", limit_names[limit].name,
				   (unsigned long long)profile->limits[limit]);
	if (profile->time_ms)
		buf_printf(buf, "Limit: time %llu ms, then TERM, and KILL after %llu ms\n",
			   (unsigned long long)profile->time_ms,
			   (unsigned long long)profile->grace_ms);
	if (plan->workdir) {
		buf_puts(buf, "Directory: ");
		text_quote(buf, plan->workdir);
		buf_putc(buf, '\n');
	}
}

static void print_row(struct buf *buf, const struct plan_row *row)
{
	const char *name = protection_names[row->protection].name;

	buf_printf(buf, "  %-13s  %-7s  ", name, requirement_names[row->requirement].name);
	if (row->requirement == REQUIRE_OFF && !strcmp(row->missing, "off")) {
		buf_puts(buf, "not wanted\n");
		return;
	}
	buf_puts(buf, state_names[row->state].name);
	if (*row->mechanisms)
		buf_printf(buf, " by %s", row->mechanisms);
	if (*row->missing)
		buf_printf(buf, "%s%s", row->state == STATE_ENFORCED ? "; note: " : ": ",
			   row->missing);
	if (*row->mend)
		buf_printf(buf, " [mend: %s]", row->mend);
	buf_putc(buf, '\n');
}

/* Grants that were not in the profile, but looked up for it: launch/deps.h. */
static void print_lookups(struct buf *buf, const struct profile *profile)
{
	bool is_first = true;

	if (profile->wants_deps)
		buf_puts(buf, "Closure: granted, what the command needs to start\n");
	for (int i = 0; i < SET_MAX; i++) {
		if (!profile->wants_set[i])
			continue;
		buf_printf(buf, "%s%s", is_first ? "Sets: " : " ", set_names[i].name);
		is_first = false;
	}
	if (!is_first)
		buf_putc(buf, '\n');
}

static void print_profile(struct buf *buf, const struct plan *plan)
{
	const struct profile *profile = plan->profile;

	buf_puts(buf, "Profile: ");
	text_escape(buf, profile->name);
	if (profile->bound_name) {
		buf_puts(buf, ", bounded by ");
		text_escape(buf, profile->bound_name);
	}
	if (profile->description) {
		buf_puts(buf, " (");
		text_escape(buf, profile->description);
		buf_putc(buf, ')');
	}
	buf_putc(buf, '\n');
	print_lookups(buf, profile);
	if (profile->min_landlock)
		buf_printf(buf, "Requires: Landlock ABI %u%s\n", profile->min_landlock,
			   host_abi(plan) < (int)profile->min_landlock
				   ? ", newer than this kernel's"
				   : "");
}

void plan_print(struct buf *buf, const struct plan *plan)
{
	if (plan->command.argv) {
		buf_puts(buf, "Command:");
		for (const char *const *word = plan->command.argv; *word; word++) {
			buf_putc(buf, ' ');
			text_quote(buf, *word);
		}
		buf_putc(buf, '\n');
		if (plan->command.path) {
			buf_puts(buf, "Program: ");
			text_quote(buf, plan->command.path);
			buf_putc(buf, '\n');
		}
	}
	print_profile(buf, plan);
	buf_puts(buf, "Host: Linux ");
	text_escape(buf, plan->host.kernel_release);
	if (plan->abi != host_abi(plan))
		buf_printf(buf, ", Landlock ABI %d", host_abi(plan));
	buf_putc(buf, '\n');
	print_tier(buf, plan);
	print_landlock(buf, plan);
	print_tree(buf, plan);
	print_denials(buf, plan);
	print_filter(buf, plan);
	print_process(buf, plan);
	buf_puts(buf, "Protections:\n");
	for (int i = 0; i < PROTECT_MAX; i++)
		print_row(buf, &plan->rows[i]);
}
