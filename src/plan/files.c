/* SPDX-License-Identifier: MIT */
/*
 * files.c - from grants to Landlock rules.
 *
 * Whatever Landlock does not handle is allowed, so the handled sets are always
 * everything the ABI knows, less what belongs to a protection that the user put
 * off by his own word. What is granted is a separate matter: each grant becomes
 * one rule, its rights masked by the ABI and by the type of file.
 *
 * Rules cost microseconds each at every start. A rule that another one covers is
 * left out: on systems where /bin and /lib lead into /usr that is a fifth of
 * them. Covering is decided on resolved paths: Landlock walks from the file up to the
 * root through all mounts, so a rule on a directory covers what is under its path.
 *
 * Device nodes are never made by anybody (MAKE_CHAR, MAKE_BLOCK): that needs
 * privileges that the command does not have.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plan/parts.h"

#define FS_READ (ABI_LANDLOCK_FS_READ_FILE | ABI_LANDLOCK_FS_READ_DIR)
/* WRITE_FILE and TRUNCATE go together (the kernel's documentation) */
#define FS_WRITE                                                                              \
	(ABI_LANDLOCK_FS_WRITE_FILE | ABI_LANDLOCK_FS_TRUNCATE | ABI_LANDLOCK_FS_REMOVE_DIR | \
	 ABI_LANDLOCK_FS_REMOVE_FILE | ABI_LANDLOCK_FS_MAKE_DIR | ABI_LANDLOCK_FS_MAKE_REG |  \
	 ABI_LANDLOCK_FS_MAKE_SOCK | ABI_LANDLOCK_FS_MAKE_FIFO | ABI_LANDLOCK_FS_MAKE_SYM |   \
	 ABI_LANDLOCK_FS_REFER)

static uint64_t kinds_to_access(unsigned kinds)
{
	uint64_t access = 0;

	if (kinds & GRANT_READ)
		access |= FS_READ;
	if (kinds & GRANT_EXECUTE)
		access |= ABI_LANDLOCK_FS_EXECUTE;
	if (kinds & GRANT_WRITE)
		access |= FS_WRITE;
	if (kinds & GRANT_DEVICE)
		access |= ABI_LANDLOCK_FS_IOCTL_DEV;
	if (kinds & GRANT_SOCKET)
		access |= ABI_LANDLOCK_FS_RESOLVE_UNIX;
	return access;
}

static void choose_handled(struct plan *plan)
{
	const struct landlock_abi *abi;

	plan->abi = plan->host.landlock.enforces == HOST_NO ? 0 : plan->host.landlock.abi;
	abi = landlock_abi_get(plan->abi);
	/* without rules on files there is nothing that the rights below could be granted on */
	plan->handled_fs = is_wanted(plan, PROTECT_FILES) ? abi->fs : 0;
	if (!is_wanted(plan, PROTECT_EXEC))
		plan->handled_fs &= ~ABI_LANDLOCK_FS_EXECUTE;
	if (!is_wanted(plan, PROTECT_DEVICES))
		plan->handled_fs &= ~ABI_LANDLOCK_FS_IOCTL_DEV;
	if (!is_wanted(plan, PROTECT_UNIX_PATH))
		plan->handled_fs &= ~ABI_LANDLOCK_FS_RESOLVE_UNIX;
	plan->scoped = abi->scoped;
	if (!is_wanted(plan, PROTECT_UNIX_ABSTRACT))
		plan->scoped &= ~ABI_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET;
	if (!is_wanted(plan, PROTECT_SIGNALS))
		plan->scoped &= ~ABI_LANDLOCK_SCOPE_SIGNAL;
	if (plan->profile->wants_audit)
		plan->restrict_flags |= ABI_LANDLOCK_RESTRICT_LOG_NEW_EXEC_ON;
	if (plan->profile->wants_no_own_audit)
		plan->restrict_flags |= ABI_LANDLOCK_RESTRICT_LOG_SAME_EXEC_OFF;
	if (plan->profile->wants_no_nested_audit)
		plan->restrict_flags |= ABI_LANDLOCK_RESTRICT_LOG_SUBDOMAINS_OFF;
	plan->restrict_flags &= abi->restrict_flags;
}

static int missing_path(const struct grant *grant, const struct path_fact *fact,
			struct croft_error *err)
{
	int r = fail(err, CROFT_STAGE_PLAN, fact->errnum, "%s '%s'", grant->origin, grant->path);

	if (fact->errnum == ENOENT)
		fail_hint(err, "create it, or write 'optional:' before it if it may be missing");
	else if (fact->errnum == ENOTDIR)
		fail_hint(err, "a part of it that should be a directory is a file");
	else if (fact->errnum == EACCES)
		fail_hint(err, "you may not reach it yourself");
	return r;
}

static const char *real_path(const struct plan_input *input, size_t i)
{
	return input->facts[i].real ? input->facts[i].real : input->profile->grants[i].path;
}

/*
 * Writing everywhere is no sandbox; and the default's writable working directory
 * must not be everything that a user has.
 */
static int check_writable(const struct plan *plan, const struct grant *grant, const char *real,
			  struct croft_error *err)
{
	const char *home = plan->profile->home;
	size_t len = strlen(real);
	bool is_root = !strcmp(real, "/");
	bool holds_home = home && !strncmp(home, real, len) && (home[len] == '/' || !home[len]);
	int r;

	if (!plan->handled_fs || !(grant->kinds & GRANT_WRITE) || plan->profile->may_write_root ||
	    !(is_root || (grant->is_project && holds_home)))
		return 0;
	if (grant->is_project) {
		r = fail(err, CROFT_STAGE_PLAN, 0,
			 "the working directory '%s' would be writable, and with it %s", real,
			 is_root ? "everything" : "your home directory");
		fail_hint(err,
			  "cd into the project; or use --profile system and --write what you mean");
	} else {
		r = fail(err, CROFT_STAGE_PLAN, 0, "%s '%s' would leave nothing protected",
			 grant->origin, grant->path);
		fail_hint(
			err,
			"name the directories; or say --off files --off exec to do without file protection");
	}
	return r;
}

/* "/x/" is "/x" to whoever compares paths; it differs only in being opened. */
static const char *without_final_slash(struct arena *arena, const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return arena_strndup(arena, path, len);
}

/* Adds the rule for grant i, or passes over it; an error if it has to be there and is not. */
static int add_rule(struct plan *plan, const struct plan_input *input, size_t i,
		    struct croft_error *err)
{
	const struct grant *grant = &input->profile->grants[i];
	const struct path_fact *fact = &input->facts[i];
	struct plan_rule rule = { .grant = grant, .fact = i };
	uint64_t wanted = kinds_to_access(grant->kinds);
	int r;

	plan->is_skipped[i] = fact->errnum != 0;
	if (fact->errnum)
		return grant->is_optional ? 0 : missing_path(grant, fact, err);
	r = check_writable(plan, grant, real_path(input, i), err);
	if (r < 0)
		return r;
	rule.is_directory = S_ISDIR(fact->type);
	if (!rule.is_directory)
		wanted &= ABI_LANDLOCK_FS_ON_FILE;
	rule.access = wanted & plan->handled_fs;
	rule.ignored = wanted & ~landlock_abi_get(plan->abi)->fs;
	if (!rule.access)
		return 0;
	rule.path = without_final_slash(&plan->arena, real_path(input, i));
	if (!rule.path)
		return fail(err, CROFT_STAGE_PLAN, ENOMEM, "add a rule");
	plan->rules[plan->n_rules++] = rule;
	return 0;
}

static int compare_rules(const void *a, const void *b)
{
	const struct plan_rule *x = a, *y = b;
	int order = strcmp(x->path, y->path);

	if (order)
		return order;
	return x->fact < y->fact ? -1 : 1;
}

static int compare_facts(const void *a, const void *b)
{
	const struct plan_rule *x = a, *y = b;

	return x->fact < y->fact ? -1 : x->fact > y->fact;
}

static bool covers(const struct plan_rule *outer, const struct plan_rule *inner)
{
	size_t len = strlen(outer->path);
	bool is_under;

	if (len == 1) /* "/" */
		is_under = true;
	else
		is_under = !strncmp(outer->path, inner->path, len) &&
			   (inner->path[len] == '/' || !inner->path[len]);
	return is_under && (outer->is_directory || !inner->path[len]) &&
	       !(inner->access & ~outer->access);
}

/*
 * Leaves out rules that another one covers. In the order of the paths whatever can
 * cover a rule stands before it, but for "/a", "/a-b", "/a/c": so every rule that
 * is kept so far and whose path is a prefix is found by walking up a short stack.
 */
static void drop_covered(struct plan *plan, size_t *stack)
{
	size_t kept = 0, depth = 0;

	if (plan->n_rules == 0)
		return;
	qsort(plan->rules, plan->n_rules, sizeof(*plan->rules), compare_rules);
	for (size_t i = 0; i < plan->n_rules; i++) {
		struct plan_rule rule = plan->rules[i];
		bool is_covered = false;

		/* nothing on the stack that is no text prefix can be an ancestor of a later path */
		while (depth > 0 && strncmp(plan->rules[stack[depth - 1]].path, rule.path,
					    strlen(plan->rules[stack[depth - 1]].path)))
			depth--;
		for (size_t d = depth; d > 0 && !is_covered; d--)
			is_covered = covers(&plan->rules[stack[d - 1]], &rule);
		if (is_covered)
			continue;
		plan->rules[kept] = rule;
		stack[depth++] = kept++;
	}
	plan->n_rules = kept;
	qsort(plan->rules, plan->n_rules, sizeof(*plan->rules), compare_facts);
}

int plan_files(struct plan *plan, const struct plan_input *input, struct croft_error *err)
{
	size_t n = input->profile->n_grants;
	size_t *stack;
	int r;

	choose_handled(plan);
	plan->rules = arena_calloc(&plan->arena, n + 1, sizeof(*plan->rules));
	stack = arena_calloc(&plan->arena, n + 1, sizeof(*stack));
	plan->is_skipped = arena_calloc(&plan->arena, n + 1, sizeof(*plan->is_skipped));
	if (!plan->rules || !stack || !plan->is_skipped)
		return fail(err, CROFT_STAGE_PLAN, ENOMEM, "make room for %zu rules", n);
	for (size_t i = 0; i < n; i++) {
		r = add_rule(plan, input, i, err);
		if (r < 0)
			return r;
	}
	drop_covered(plan, stack);
	if (plan->tmpdir)
		plan->tmpdir_access = kinds_to_access(GRANT_READ | GRANT_WRITE | GRANT_EXECUTE) &
				      plan->handled_fs;
	plan->can_verify = plan->handled_fs & ABI_LANDLOCK_FS_READ_DIR;
	for (size_t i = 0; i < plan->n_rules; i++)
		if (!strcmp(plan->rules[i].path, "/") &&
		    (plan->rules[i].access & ABI_LANDLOCK_FS_READ_DIR))
			plan->can_verify = false;
	return 0;
}
