/* SPDX-License-Identifier: MIT */
/*
 * why.c - would it be allowed, by which rule; if not, the smallest grant that would.
 *
 * The answer comes from the plan alone, by the same rules that Landlock and the
 * filter get. Paths are compared as resolved text: a rule covers what is
 * under its directory.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/text.h"
#include "plan/env.h"
#include "plan/parts.h"
#include "plan/pattern.h"
#include "plan/print.h"

const struct name why_op_names[WHY_MAX] = {
	[WHY_READ] = { "read", "read a file or list a directory" },
	[WHY_WRITE] = { "write", "write to or truncate a file" },
	[WHY_EXECUTE] = { "execute", "execute a file" },
	[WHY_CREATE] = { "create", "create a file or directory of this name" },
	[WHY_REMOVE] = { "remove", "remove or rename a file or directory" },
	[WHY_DEVICE] = { "device", "ioctl on a device" },
	[WHY_SOCKET] = { "socket", "connect to a path socket" },
	[WHY_CONNECT] = { "connect", "connect to a port" },
	[WHY_LISTEN] = { "listen", "listen on a port" },
	[WHY_ENV] = { "env", "see a variable" },
	[WHY_SYSCALL] = { "syscall", "make a system call, by name" },
};
static_assert(ARRAY_SIZE(why_op_names) == WHY_MAX, "a name for each operation");

/* The directory rule or exact rule that a path lies under. */
static bool is_under(const struct plan_rule *rule, const char *path)
{
	size_t len = strlen(rule->path);

	if (!strcmp(rule->path, path))
		return true;
	if (!rule->is_directory || strncmp(rule->path, path, len))
		return false;
	return len == 1 || path[len] == '/';
}

static bool is_in_tmpdir(const struct plan *plan, const char *path)
{
	size_t len = plan->tmpdir ? strlen(plan->tmpdir) : 0;

	return len && !strncmp(path, plan->tmpdir, len) && (path[len] == '/' || !path[len]);
}

/* What is limited: by Landlock, and by mounts where they alone keep to the grants. */
static uint64_t limited(const struct plan *plan)
{
	uint64_t access = plan->handled_fs;

	if (plan->has_new_root)
		access |= FS_READS | FS_CHANGES;
	if (plan->has_new_root && is_wanted(plan, PROTECT_EXEC))
		access |= ABI_LANDLOCK_FS_EXECUTE;
	return access;
}

/* What all grants together give on a path; *ret_last is one that gives some of `access`. */
static uint64_t given(const struct plan *plan, const char *path, uint64_t access,
		      const struct plan_rule **ret_last)
{
	const struct plan_rule *rules = plan->has_new_root ? plan->grants : plan->rules;
	size_t n = plan->has_new_root ? plan->n_grants : plan->n_rules;
	uint64_t sum = 0;

	if (is_in_tmpdir(plan, path))
		sum = kinds_to_access(GRANT_READ | GRANT_WRITE | GRANT_EXECUTE);
	*ret_last = NULL;
	for (size_t i = 0; i < n; i++) {
		if (!is_under(&rules[i], path))
			continue;
		sum |= rules[i].access;
		if (rules[i].access & access)
			*ret_last = &rules[i];
	}
	return sum;
}

/* What the mounts take away from a path, whatever is granted; *ret_op is the one that does. */
static uint64_t taken_by_mounts(const struct plan *plan, const char *path,
				const struct plan_mount_op **ret_op)
{
	const struct plan_mount_op *op = plan->has_tree ? plan_mount_over(plan, path) : NULL;

	*ret_op = op;
	if (!op)
		return plan->has_new_root ? UINT64_MAX : 0;
	switch (op->kind) {
	case MOUNT_MASK_FILE:
	case MOUNT_MASK_DIRECTORY:
	case MOUNT_DIRECTORY:
		return UINT64_MAX;
	case MOUNT_BIND:
	case MOUNT_READ_ONLY_ALL:
		/* a device can be written to where its name cannot be changed */
		return (op->flags & MOUNT_RDONLY && !path_is_under("/dev", path) ? FS_CHANGES : 0) |
		       (op->flags & MOUNT_NOEXEC ? ABI_LANDLOCK_FS_EXECUTE : 0);
	default:
		return 0;
	}
}

bool plan_allows(const struct plan *plan, const char *real_path, uint64_t access)
{
	const struct plan_mount_op *op;
	const struct plan_rule *last;

	access &= limited(plan);
	return !(access &
		 (~given(plan, real_path, access, &last) | taken_by_mounts(plan, real_path, &op)));
}

static int no_memory(struct croft_error *err)
{
	return fail(err, CROFT_STAGE_PLAN, ENOMEM, "word the answer");
}

/* Which rights an operation takes, and the option that gives them. */
static const struct {
	uint64_t access;
	const char *option;
	bool is_on_parent; /* the right is looked up on the directory */
} path_ops[] = {
	[WHY_READ] = { ABI_LANDLOCK_FS_READ_FILE, "--read", false },
	[WHY_WRITE] = { ABI_LANDLOCK_FS_WRITE_FILE | ABI_LANDLOCK_FS_TRUNCATE, "--write", false },
	[WHY_EXECUTE] = { ABI_LANDLOCK_FS_EXECUTE, "--execute", false },
	[WHY_CREATE] = { ABI_LANDLOCK_FS_MAKE_REG | ABI_LANDLOCK_FS_MAKE_DIR, "--write", true },
	[WHY_REMOVE] = { ABI_LANDLOCK_FS_REMOVE_FILE | ABI_LANDLOCK_FS_REMOVE_DIR, "--write",
			 true },
	[WHY_DEVICE] = { ABI_LANDLOCK_FS_IOCTL_DEV, "--device", false },
	[WHY_SOCKET] = { ABI_LANDLOCK_FS_RESOLVE_UNIX, "--socket", false },
};

static char *parent_of(struct arena *arena, const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t len = slash ? (size_t)(slash - path) : 0;

	return arena_strndup(arena, path, len ? len : 1);
}

/* The option that would allow a path, as it can be pasted into a shell; "" if croft takes none. */
static const char *path_option(struct plan *plan, const char *option, const char *path)
{
	AUTO_BUF struct buf quoted = BUF_INIT((size_t)8 * PROFILE_MAX_PATH);

	if (!strcmp(path, "/") && (!strcmp(option, "--write") || !strcmp(option, "--device")))
		return "";
	text_word(&quoted, path);
	if (buf_error(&quoted) < 0)
		return NULL;
	return arena_printf(&plan->arena, "%s %s", option, buf_text(&quoted));
}

/* A denial that speaks of an operation on this path, or NULL. */
static const struct plan_denial *find_denial(const struct plan *plan, enum why_op op,
					     const char *path)
{
	bool changes = op == WHY_WRITE || op == WHY_CREATE || op == WHY_REMOVE;

	for (size_t i = 0; i < plan->n_denials; i++) {
		const struct plan_denial *denial = &plan->denials[i];

		if ((changes || denial->denial->kind != DENY_WRITE) &&
		    pattern_covers(denial->path, path))
			return denial;
	}
	return NULL;
}

/* What a denial adds to an answer that the rules have given. */
static void tell_denial(struct plan *plan, enum why_op op, const char *path,
			struct why_answer *answer)
{
	const struct plan_denial *denial = find_denial(plan, op, path);
	const char *kind;

	if (!denial || !answer->reason)
		return;
	kind = denial_names[denial->denial->kind].name;
	if (answer->is_allowed) {
		answer->reason = arena_printf(
			&plan->arena, "%s, although %s says %s: %s", answer->reason,
			denial->denial->origin, kind,
			denial->lacks      ? denial->lacks
			: plan->handled_fs ? "Landlock has no deny rule inside a granted directory"
					   : "nothing limits files");
		return;
	}
	answer->reason = arena_printf(&plan->arena, "%s, and %s says %s", answer->reason,
				      denial->denial->origin, kind);
	/* a grant would not keep what the profile denies */
	answer->grant = "";
}

/* Mounts stand before grants. True if one gives the answer. */
static bool tell_mount(struct plan *plan, const char *path, uint64_t access,
		       struct why_answer *answer)
{
	const struct plan_mount_op *op;
	uint64_t taken = taken_by_mounts(plan, path, &op) & access;

	if (op && op->kind == MOUNT_TMPFS) {
		answer->is_allowed = true;
		answer->reason =
			arena_printf(&plan->arena,
				     "'%s' is an own directory (%s), and nothing of the host's is "
				     "in it",
				     op->path, op->origin);
		return true;
	}
	if (!taken || !answer->is_allowed)
		return false;
	answer->is_allowed = false;
	if (!op || op->kind == MOUNT_DIRECTORY)
		answer->reason = "it is not in the tree of files that the command sees";
	else if (op->kind == MOUNT_MASK_FILE || op->kind == MOUNT_MASK_DIRECTORY)
		answer->reason = arena_printf(&plan->arena, "a mount masks '%s'", op->path);
	else
		answer->reason = arena_printf(&plan->arena, "the mount on '%s' is %s", op->path,
					      taken & FS_CHANGES ? "read-only" : "noexec");
	return true;
}

static int why_path(struct plan *plan, enum why_op op, const char *path, struct why_answer *answer,
		    struct croft_error *err)
{
	uint64_t access = path_ops[op].access & limited(plan);
	const char *where = path_ops[op].is_on_parent ? parent_of(&plan->arena, path) : path;
	const struct plan_rule *last;

	if (path[0] != '/')
		return fail(err, CROFT_STAGE_USAGE, 0, "the path '%s' is not absolute", path);
	if (!where)
		return no_memory(err);
	answer->grant = "";
	if (!access) {
		answer->is_allowed = true;
		answer->reason = arena_printf(&plan->arena, "nothing in this plan limits '%s'",
					      why_op_names[op].name);
		if (op == WHY_SOCKET && !plan->syscalls.is_off && !plan->syscalls.allows_unix) {
			answer->is_allowed = false;
			answer->reason = "unix sockets are refused as a whole";
			answer->grant =
				arena_printf(&plan->arena, "--socket %s --prefer unix-path", path);
		}
		tell_denial(plan, op, path, answer);
		return answer->reason && answer->grant ? 0 : no_memory(err);
	}
	answer->is_allowed = !(access & ~given(plan, where, access, &last));
	if (tell_mount(plan, where, access, answer)) {
		if (!answer->is_allowed)
			tell_denial(plan, op, path, answer);
		return answer->reason && answer->grant ? 0 : no_memory(err);
	}
	if (answer->is_allowed) {
		answer->reason =
			last ? arena_printf(&plan->arena, "%s '%s'", last->origin, last->path)
			     : "it is in the TMPDIR";
	} else {
		answer->reason = arena_printf(&plan->arena, "no grant covers '%s'", where);
		answer->grant = path_option(plan, path_ops[op].option, where);
	}
	tell_denial(plan, op, path, answer);
	return answer->reason && answer->grant ? 0 : no_memory(err);
}

/*
 * The option that would allow a port; on a Landlock without the right, with what that takes
 * besides.
 */
static const char *port_option(struct plan *plan, enum why_op op, const char *target, uint64_t port,
			       bool is_udp)
{
	const char *besides = "";

	/* nobody connects to port 0 */
	if (port == 0 && op == WHY_CONNECT)
		return "";
	if (!(known_net(plan) & (is_udp ? ABI_LANDLOCK_NET_BIND_UDP : ABI_LANDLOCK_NET_BIND_TCP)))
		besides = is_udp ? " --prefer udp" : " --prefer tcp";
	return arena_printf(&plan->arena, "--%s %s%s", why_op_names[op].name, target, besides);
}

static int why_port(struct plan *plan, enum why_op op, const char *target,
		    struct why_answer *answer, struct croft_error *err)
{
	bool is_udp = !strncmp(target, "udp:", 4);
	const char *number = is_udp || !strncmp(target, "tcp:", 4) ? target + 4 : target;
	enum port_use use = op == WHY_CONNECT ? PORT_CONNECT : PORT_LISTEN;
	bool is_open =
		is_udp ? plan->syscalls.allows_inet_dgram : plan->syscalls.allows_inet_stream;
	uint64_t handled = plan->handled_net &
			   (is_udp ? ABI_LANDLOCK_NET_BIND_UDP : ABI_LANDLOCK_NET_BIND_TCP);
	uint64_t port;

	if (num_parse(number, 0, UINT16_MAX, &port) < 0)
		return fail(err, CROFT_STAGE_USAGE, 0, "'%s' is not a port", target);
	answer->grant = "";
	if (plan->syscalls.is_off)
		is_open = true;
	if (is_open && !handled &&
	    !(use == PORT_LISTEN && !is_udp && plan->syscalls.refuses_listen)) {
		answer->is_allowed = true;
		answer->reason = "nothing in this plan limits it";
		return 0;
	}
	for (size_t i = 0; i < plan->n_ports; i++) {
		const struct port_grant *grant = plan->ports[i].grant;

		if (grant->is_udp != is_udp || grant->use != use || grant->port != port)
			continue;
		answer->is_allowed = true;
		answer->reason = arena_printf(&plan->arena, "%s %s", grant->origin, target);
		return answer->reason ? 0 : no_memory(err);
	}
	answer->is_allowed = false;
	answer->reason = is_open ? "no grant names this port" : "such sockets are not made at all";
	answer->grant = port_option(plan, op, target, port, is_udp);
	return answer->grant ? 0 : no_memory(err);
}

static int why_env(struct plan *plan, const char *target, struct why_answer *answer,
		   struct croft_error *err)
{
	answer->is_allowed = env_passes(plan->profile, target) ||
			     (plan->tmpdir_value && !strcmp(target, "TMPDIR"));
	for (size_t i = 0; i < plan->profile->n_env; i++)
		if (plan->profile->env[i].value && !strcmp(plan->profile->env[i].name, target))
			answer->is_allowed = true;
	answer->grant = "";
	answer->reason = "a profile or an option names it";
	if (answer->is_allowed)
		return 0;
	answer->reason = env_name_is_secret(target)
				 ? "nothing names it, and its name looks like a secret's"
				 : "nothing names it";
	answer->grant = arena_printf(&plan->arena, "--env %s", target);
	return answer->grant ? 0 : no_memory(err);
}

/* With a ring, what it goes around can only be preferred any more. */
static const char *allow_option(struct plan *plan, enum syscall_group group)
{
	const char *option =
		arena_printf(&plan->arena, "--allow %s", syscall_group_names[group].name);

	for (int i = 0; i < PROTECT_MAX && option && group == GROUP_IO_URING; i++)
		if (plan->rows[i].requirement == REQUIRE_REQUIRE &&
		    rests_on_checks(plan, (enum protection)i))
			option = arena_printf(&plan->arena, "%s --prefer %s", option,
					      protection_names[i].name);
	return option;
}

/* The groups are tried one by one: the one that opens the call is the one it is in. */
static const char *group_of(struct plan *plan, const struct syscall_entry *entry,
			    const uint64_t args[6])
{
	uint32_t arch =
		plan->host.arch == ARCH_X86_64 ? ABI_AUDIT_ARCH_X86_64 : ABI_AUDIT_ARCH_AARCH64;

	for (int group = 0; group < GROUP_MAX; group++) {
		struct syscall_policy policy = plan->syscalls;

		if (policy.allows_group[group])
			continue;
		policy.allows_group[group] = true;
		if (syscall_policy_verdict(&policy, arch, (uint32_t)entry->nr[plan->host.arch],
					   args) == VERDICT_ALLOW)
			return allow_option(plan, (enum syscall_group)group);
	}
	return "";
}

/*
 * The best verdict over some usual arguments: nothing, then sockets of the families and types
 * that a policy may allow. Tells a call that is refused whole from one of which some uses pass.
 */
static enum call_verdict best_verdict(const struct plan *plan, uint32_t nr)
{
	static const uint64_t usual[][6] = { { 0 }, { 1, 1 }, { 2, 1 }, { 2, 2 }, { 16, 3 } };
	uint32_t arch =
		plan->host.arch == ARCH_X86_64 ? ABI_AUDIT_ARCH_X86_64 : ABI_AUDIT_ARCH_AARCH64;
	enum call_verdict verdict = VERDICT_KILL;

	for (size_t i = 0; i < ARRAY_SIZE(usual) && verdict != VERDICT_ALLOW; i++)
		verdict = syscall_policy_verdict(&plan->syscalls, arch, nr, usual[i]);
	return verdict;
}

/* For a name that is no call's: it may be misspelt. */
static const char *unknown_call(struct plan *plan, const char *target)
{
	const char *nearest = syscall_nearest(target);

	if (!nearest)
		return "no policy refuses a call of this name";
	return arena_printf(&plan->arena,
			    "no policy refuses a call of this name; '%s' is one that can be",
			    nearest);
}

static const struct syscall_entry *find_entry(const char *name)
{
	for (size_t i = 0; i < n_syscall_entries; i++)
		if (!strcmp(syscall_entries[i].name, name))
			return &syscall_entries[i];
	return NULL;
}

static bool is_refused_by_name(const struct plan *plan, const char *name)
{
	for (size_t i = 0; i < plan->profile->n_refused_calls; i++)
		if (!strcmp(plan->profile->refused_calls[i], name))
			return true;
	return false;
}

static int why_syscall(struct plan *plan, const char *target, struct why_answer *answer,
		       struct croft_error *err)
{
	const uint64_t args[6] = { 0 };
	const struct syscall_number *call = syscall_find(target);
	const struct syscall_entry *entry = find_entry(target);
	enum call_verdict verdict;
	const char *says;

	answer->is_allowed = true;
	answer->reason = call ? "nothing in this plan refuses it" : unknown_call(plan, target);
	answer->grant = "";
	if (!answer->reason)
		return no_memory(err);
	if (!call || call->nr[plan->host.arch] < 0 || plan->syscalls.is_off)
		return 0;
	verdict = best_verdict(plan, (uint32_t)call->nr[plan->host.arch]);
	if (verdict == VERDICT_ALLOW) {
		if (entry && entry->check != CHECK_NONE)
			answer->reason = "allowed, though some arguments may be refused";
		return 0;
	}
	answer->is_allowed = false;
	says = verdict == VERDICT_ENOSYS ? "the filter answers ENOSYS"
					 : "the filter answers EACCES";
	answer->reason = says;
	if (is_refused_by_name(plan, target))
		answer->reason =
			arena_printf(&plan->arena, "%s: the profile refuses it by name", says);
	else if (entry && plan->syscalls.is_strict &&
		 (entry->rule == REFUSES_RARE || entry->rule == REFUSES_PTRACE))
		answer->reason = arena_printf(&plan->arena, "%s: the profile says strict", says);
	else if (entry)
		answer->grant = group_of(plan, entry, args);
	return answer->reason && answer->grant ? 0 : no_memory(err);
}

int plan_why(struct plan *plan, enum why_op op, const char *target, struct why_answer *ret_answer,
	     struct croft_error *err)
{
	struct why_answer answer = { 0 };
	int r;

	switch (op) {
	case WHY_CONNECT:
	case WHY_LISTEN:
		r = why_port(plan, op, target, &answer, err);
		break;
	case WHY_ENV:
		r = why_env(plan, target, &answer, err);
		break;
	case WHY_SYSCALL:
		r = why_syscall(plan, target, &answer, err);
		break;
	default:
		r = why_path(plan, op, target, &answer, err);
	}
	if (r == 0)
		*ret_answer = answer;
	return r;
}
