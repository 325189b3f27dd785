/* SPDX-License-Identifier: MIT */
/*
 * files.c - from grants to Landlock rules.
 *
 * Each grant becomes one rule, its rights masked by what is handled (handled.c) and by the type of
 * file. Where the profile has bounds, the rules of the grants that they bind are first cut
 * down to what the bounds allow; then rules that others cover are left out (rules.c).
 *
 * Device nodes are never made by anybody (MAKE_CHAR, MAKE_BLOCK): that needs
 * privileges that the command does not have.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "plan/parts.h"
#include "plan/pattern.h"

#define FS_READ (ABI_LANDLOCK_FS_READ_FILE | ABI_LANDLOCK_FS_READ_DIR)
/* WRITE_FILE and TRUNCATE go together (the kernel's documentation) */
#define FS_WRITE                                                                              \
	(ABI_LANDLOCK_FS_WRITE_FILE | ABI_LANDLOCK_FS_TRUNCATE | ABI_LANDLOCK_FS_REMOVE_DIR | \
	 ABI_LANDLOCK_FS_REMOVE_FILE | ABI_LANDLOCK_FS_MAKE_DIR | ABI_LANDLOCK_FS_MAKE_REG |  \
	 ABI_LANDLOCK_FS_MAKE_SOCK | ABI_LANDLOCK_FS_MAKE_FIFO | ABI_LANDLOCK_FS_MAKE_SYM |   \
	 ABI_LANDLOCK_FS_REFER)

/* Any of these on "/" leaves nothing that is safe from being changed. */
#define FS_CHANGE                                                                              \
	(ABI_LANDLOCK_FS_WRITE_FILE | ABI_LANDLOCK_FS_TRUNCATE | ABI_LANDLOCK_FS_REMOVE_FILE | \
	 ABI_LANDLOCK_FS_REMOVE_DIR)

uint64_t kinds_to_access(unsigned kinds)
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

/*
 * Writing everywhere is no sandbox; and the default's writable working directory
 * must not be everything that a user has.
 */
static int check_writable(const struct plan *plan, const struct grant *grant,
			  const struct path_fact *fact, struct croft_error *err)
{
	const char *real = fact->real ? fact->real : grant->path;
	const char *home = plan->profile->home;
	size_t len = strlen(real);
	bool is_root = !strcmp(real, "/");
	bool holds_home = home && !strncmp(home, real, len) && (home[len] == '/' || !home[len]);
	int r;

	if (!is_wanted(plan, PROTECT_FILES) ||
	    !((kinds_to_access(grant->kinds) | grant->rights) & FS_CHANGE) ||
	    plan->profile->may_write_root || !(is_root || (grant->is_project && holds_home)))
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

/*
 * Makes the rule of a grant from what is known of its path. 1 if there is one, 0 if it is passed
 * over; an error if it has to be there and is not.
 */
static int make_rule(struct plan *plan, const struct grant *grant, const struct path_fact *fact,
		     struct plan_rule *ret_rule, struct croft_error *err)
{
	const char *real = fact->real ? fact->real : grant->path;
	uint64_t wanted = kinds_to_access(grant->kinds) | grant->rights;

	if (fact->errnum)
		return grant->is_optional ? 0 : missing_path(grant, fact, err);
	*ret_rule = (struct plan_rule){ .grant = grant,
					.origin = grant->origin,
					.is_directory = S_ISDIR(fact->type) };
	if (!ret_rule->is_directory)
		wanted &= ABI_LANDLOCK_FS_ON_FILE;
	ret_rule->access = wanted & plan->handled_fs;
	ret_rule->ignored = wanted & ~known_fs(plan);
	plan->wants_sockets |= wanted & ABI_LANDLOCK_FS_RESOLVE_UNIX;
	if (!ret_rule->access && !ret_rule->ignored)
		return 0;
	ret_rule->path = without_final_slash(&plan->arena, real);
	return ret_rule->path ? 1 : fail(err, CROFT_STAGE_PLAN, ENOMEM, "add a rule");
}

/* The rules of grants `first` up to `end`, behind those that are there. */
static int add_rules(struct plan *plan, const struct plan_input *input, size_t first, size_t end,
		     struct croft_error *err)
{
	for (size_t i = first; i < end; i++) {
		const struct grant *grant = &input->profile->grants[i];
		const struct path_fact *fact = &input->facts[i];
		struct plan_rule *rule = &plan->rules[plan->n_rules];
		int r = make_rule(plan, grant, fact, rule, err);

		plan->is_skipped[i] = fact->errnum != 0;
		if (r >= 0 && !fact->errnum && check_writable(plan, grant, fact, err) < 0)
			r = -EINVAL;
		if (r < 0)
			return r;
		rule->fact = i;
		plan->n_rules += (size_t)r;
	}
	return 0;
}

/* The rules of the first grants become what the bounds allow of them. */
static int bound_rules(struct plan *plan, const struct plan_input *input, struct croft_error *err)
{
	const struct profile *profile = input->profile;
	size_t n = plan->n_rules, n_bounds = 0;
	struct plan_rule *ours = arena_calloc(&plan->arena, n + 1, sizeof(*ours));
	struct plan_rule *bounds =
		arena_calloc(&plan->arena, profile->n_bounds + 1, sizeof(*bounds));
	int r;

	if (!ours || !bounds)
		return fail(err, CROFT_STAGE_PLAN, ENOMEM, "make room for bounds");
	if (n)
		memcpy(ours, plan->rules, n * sizeof(*ours));
	for (size_t i = 0; i < profile->n_bounds; i++) {
		size_t fact = profile->n_grants + i;

		r = make_rule(plan, &profile->bounds[i], &input->facts[fact], &bounds[n_bounds],
			      err);
		if (r < 0)
			return r;
		bounds[n_bounds].fact = fact;
		n_bounds += (size_t)r;
	}
	r = rules_intersect(&plan->arena, ours, n, bounds, n_bounds, plan->rules, &plan->n_rules);
	if (r < 0)
		return fail(err, CROFT_STAGE_PLAN, -r, "intersect rules");
	plan->wants_sockets = false;
	for (size_t i = 0; i < plan->n_rules; i++)
		plan->wants_sockets |= (plan->rules[i].access | plan->rules[i].ignored) &
				       ABI_LANDLOCK_FS_RESOLVE_UNIX;
	return 0;
}

/* A rule is kept until here for what it wants; without a right that is handled it is none. */
static void drop_empty(struct plan *plan)
{
	size_t kept = 0;

	for (size_t i = 0; i < plan->n_rules; i++)
		if (plan->rules[i].access)
			plan->rules[kept++] = plan->rules[i];
	plan->n_rules = kept;
}

static bool is_in_private(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->n_denials; i++)
		if (plan->denials[i].denial->kind == DENY_PRIVATE &&
		    strcmp(plan->denials[i].path, path) != 0 &&
		    path_is_under(plan->denials[i].path, path))
			return true;
	return false;
}

/* Those beneath private directories, or the others. */
static int copy_some_grants(struct plan *plan, bool in_private)
{
	struct plan_rule *grants = plan->grants + plan->n_grants;
	size_t n = 0;
	int r;

	for (size_t i = 0; i < plan->n_rules; i++) {
		grants[n] = plan->rules[i];
		grants[n].access |= grants[n].ignored;
		if (grants[n].access && is_in_private(plan, grants[n].path) == in_private)
			n++;
	}
	r = in_private ? 0 : rules_drop_covered(&plan->arena, grants, &n);
	plan->n_grants += n;
	return r;
}

/*
 * What is granted, with the rights that this Landlock does not know: mounts may keep to them. What
 * is granted beneath a private directory is not covered by what is granted above it.
 */
static int copy_grants(struct plan *plan)
{
	int r;

	plan->grants = arena_calloc(&plan->arena, plan->n_rules + 1, sizeof(*plan->grants));
	if (!plan->grants)
		return -ENOMEM;
	r = copy_some_grants(plan, false);
	return r == 0 && has_denial(plan, DENY_PRIVATE) ? copy_some_grants(plan, true) : r;
}

static int make_rules(struct plan *plan, const struct plan_input *input, struct croft_error *err)
{
	const struct profile *profile = input->profile;
	size_t n_bounded = profile->bound_name ? profile->n_bounded : 0;
	int r = add_rules(plan, input, 0, n_bounded, err);

	if (r == 0 && profile->bound_name)
		r = bound_rules(plan, input, err);
	if (r == 0)
		r = add_rules(plan, input, n_bounded, profile->n_grants, err);
	if (r == 0)
		r = plan_voids(plan, plan->rules, plan->n_rules, err);
	if (r == 0)
		r = copy_grants(plan);
	if (r < 0)
		return r == -ENOMEM ? fail(err, CROFT_STAGE_PLAN, -r, "make room for rules") : r;
	drop_empty(plan);
	r = rules_drop_covered(&plan->arena, plan->rules, &plan->n_rules);
	return r < 0 ? fail(err, CROFT_STAGE_PLAN, -r, "leave out rules") : 0;
}

int plan_files(struct plan *plan, const struct plan_input *input, struct croft_error *err)
{
	size_t n = input->profile->n_grants;
	int r;

	plan->rules =
		arena_calloc(&plan->arena, n + input->profile->n_bounds + 1, sizeof(*plan->rules));
	plan->is_skipped = arena_calloc(&plan->arena, n + 1, sizeof(*plan->is_skipped));
	if (!plan->rules || !plan->is_skipped)
		return fail(err, CROFT_STAGE_PLAN, ENOMEM, "make room for %zu rules", n);
	r = make_rules(plan, input, err);
	if (r < 0)
		return r;
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
