/* SPDX-License-Identifier: MIT */
/*
 * plan.c - builds a plan, checks it, and words the one-line warning.
 *
 * plan_build runs the reducers of parts.h in their order; each sees what the ones
 * before it decided. Nothing here asks the machine anything: the same input gives the
 * same plan, which is what --dry-run, `why` and the golden tests live on.
 */
#include "plan/plan.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "plan/cause.h"
#include "plan/parts.h"

const struct name state_names[STATE_MAX] = {
	[STATE_ENFORCED] = { "enforced", "the promise is kept" },
	[STATE_PARTIAL] = { "partial", "the promise is kept in part" },
	[STATE_ABSENT] = { "absent", "the promise is not kept" },
};
static_assert(ARRAY_SIZE(state_names) == STATE_MAX, "a name for each state");

const struct name tier_names[TIER_MAX] = {
	[TIER_LANDLOCK] = { "landlock", "no namespaces" },
	[TIER_NAMESPACES] = { "namespaces", "namespaces and mounts of its own" },
};
static_assert(ARRAY_SIZE(tier_names) == TIER_MAX, "a name for each tier");

static int build(struct plan *plan, const struct plan_input *input, struct croft_error *err)
{
	int r;

	if (input->argv && input->profile->wants_tmpdir && input->tmpdir) {
		plan->tmpdir = arena_strdup(&plan->arena, input->tmpdir);
		if (!plan->tmpdir)
			return fail(err, CROFT_STAGE_PLAN, ENOMEM, "build a plan");
		plan->tmpdir_value = plan->tmpdir;
	}
	plan->command.argv = input->argv;
	plan->command.path = input->command_path;
	plan->workdir = input->profile->chdir;
	plan->is_supervised = input->profile->wants_supervisor || input->profile->time_ms ||
			      input->profile->wants_pty;
	plan->patterns = input->patterns;
	plan->n_patterns = input->n_patterns;
	plan_handled(plan);
	r = plan_denials_resolve(plan, input, err);
	if (r == 0)
		r = plan_files(plan, input, err);
	if (r == 0)
		r = plan_denials(plan, err);
	if (r < 0)
		return r;
	plan_tier(plan);
	r = plan_beside(plan, input, err);
	if (r == 0)
		r = plan_tree(plan, input, err);
	if (r < 0)
		return r;
	r = plan_net(plan, err);
	if (r < 0)
		return r;
	r = plan_syscalls(plan, err);
	if (r < 0)
		return r;
	if (input->argv) {
		r = env_build(plan, input->environ, plan->tmpdir_value, err);
		if (r < 0)
			return r;
	}
	plan_limits(plan);
	return plan_rows(plan, err);
}

int plan_build(const struct plan_input *input, struct plan **ret_plan, struct croft_error *err)
{
	struct plan *plan = calloc(1, sizeof(*plan));
	int r;

	if (!plan)
		return fail(err, CROFT_STAGE_PLAN, ENOMEM, "build a plan");
	arena_init(&plan->arena, PLAN_MAX_BYTES);
	plan->profile = input->profile;
	plan->host = *input->host;
	r = build(plan, input, err);
	if (r < 0) {
		plan_free(plan);
		return r;
	}
	*ret_plan = plan;
	return 0;
}

void plan_free(struct plan *plan)
{
	if (!plan)
		return;
	arena_done(&plan->arena);
	free(plan);
}

/* A number in the profile's own words; what the rows say of it is not asked for. */
static int check_landlock(const struct plan *plan, struct croft_error *err)
{
	int wanted = (int)plan->profile->min_landlock, abi = host_abi(plan);
	char has[24] = "none";

	if (abi >= wanted)
		return 0;
	if (abi)
		(void)snprintf(has, sizeof(has), "%d", abi);
	(void)fail(err, CROFT_STAGE_PLAN, 0,
		   "the profile requires Landlock ABI %d, this kernel has %s", wanted, has);
	fail_hint(err, "Linux %s, or a smaller number in the profile", landlock_abi_kernel(wanted));
	return -EOPNOTSUPP;
}

/* A tier that was named is had, or nothing is started. */
static int check_tier(const struct plan *plan, struct croft_error *err)
{
	struct cause cause = cause_of(&plan->host, HOST_NS_USER);

	if (plan->profile->tier != TIER_ONLY_NAMESPACES || plan->tier == TIER_NAMESPACES)
		return 0;
	if (!*cause.why)
		cause = cause_of(&plan->host, HOST_NS_MOUNT);
	if (!plan->command.argv)
		cause = (struct cause){ "a process that confines itself stays in those it has",
					"leave out tier" };
	(void)fail(err, CROFT_STAGE_PLAN, 0, "--tier namespaces cannot be had: %s", cause.why);
	fail_hint(err, "%s", cause.mend);
	return -EOPNOTSUPP;
}

/* What no protection is about: it is there, or nothing is started. */
static int check_isolation(const struct plan *plan, struct croft_error *err)
{
	static const struct {
		enum isolation isolation;
		enum host_ns kind;
	} made_of[] = { { ISOLATE_HOSTNAME, HOST_NS_UTS }, { ISOLATE_CGROUP, HOST_NS_CGROUP } };

	for (size_t i = 0; i < ARRAY_SIZE(made_of); i++) {
		const char *name = isolation_names[made_of[i].isolation].name;
		struct cause cause = cause_of(&plan->host, made_of[i].kind);

		if (!plan->profile->isolates[made_of[i].isolation] ||
		    has_ns(plan, made_of[i].kind) || !plan->command.argv)
			continue;
		if (plan->profile->tier == TIER_ONLY_LANDLOCK)
			cause = (struct cause){ "namespaces are not to be made",
						"leave out --tier landlock" };
		(void)fail(err, CROFT_STAGE_PLAN, 0, "isolate: %s cannot be had: %s", name,
			   cause.why);
		fail_hint(err, "%s", cause.mend);
		return -EOPNOTSUPP;
	}
	return 0;
}

/* The git rule is its own word: what is there of a repository is kept, or nothing is started. */
static int check_git(const struct plan *plan, struct croft_error *err)
{
	if (plan->profile->is_named[PROTECT_DENY_INSIDE])
		return 0;
	for (size_t i = 0; i < plan->n_denials; i++) {
		const struct plan_denial *denial = &plan->denials[i];

		if (!denial->denial->is_git || denial_is_kept(plan, denial) ||
		    denial->denial->stays_open)
			continue;
		(void)fail(err, CROFT_STAGE_PLAN, 0, "git: protect is not kept here: '%s' %s",
			   denial->denial->path,
			   denial->lacks ? denial->lacks
					 : "can be written, and mounts are needed "
					   "to refuse that");
		fail_hint(err, "git: off, or accept it with --prefer deny-inside");
		return -EOPNOTSUPP;
	}
	return 0;
}

int plan_check(const struct plan *plan, struct croft_error *err)
{
	int r = check_landlock(plan, err);

	if (r < 0)
		return r;
	r = check_tier(plan, err);
	if (r == 0)
		r = check_isolation(plan, err);
	if (r == 0)
		r = check_git(plan, err);
	if (r < 0)
		return r;
	for (int i = 0; i < PROTECT_MAX; i++) {
		const struct plan_row *row = &plan->rows[i];

		if (row->requirement != REQUIRE_REQUIRE || row->state == STATE_ENFORCED)
			continue;
		(void)fail(err, CROFT_STAGE_PLAN, 0,
			   "the protection '%s' is required and %s here: %s",
			   protection_names[i].name,
			   row->state == STATE_PARTIAL ? "only partial" : "absent", row->missing);
		if (*row->mend)
			fail_hint(err, "%s", row->mend);
		return -EOPNOTSUPP;
	}
	if (plan->asks_namespaces) {
		(void)fail(err, CROFT_STAGE_PLAN, 0,
			   "the plan depends on what namespaces this host has, and it was not "
			   "asked");
		fail_hint(err, "save the host's facts by croft plan --save-host");
		return -EOPNOTSUPP;
	}
	return 0;
}

void plan_warn(struct buf *buf, const struct plan *plan)
{
	bool is_first = true;

	for (int i = 0; i < PROTECT_MAX; i++) {
		const struct plan_row *row = &plan->rows[i];

		if (row->requirement != REQUIRE_PREFER || row->state == STATE_ENFORCED)
			continue;
		buf_puts(buf, is_first ? "not enforced here: " : "; ");
		buf_printf(buf, "%s%s (%s)", protection_names[i].name,
			   row->state == STATE_PARTIAL ? " in part" : "", row->missing);
		is_first = false;
	}
	if (plan->profile->wants_audit && !plan->restrict_flags)
		buf_printf(buf, "%saudit (Linux 6.15, Landlock ABI 7)",
			   is_first ? "not enforced here: " : "; ");
}
