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
#include "plan/parts.h"

const struct name state_names[STATE_MAX] = {
	[STATE_ENFORCED] = { "enforced", "the promise is kept" },
	[STATE_PARTIAL] = { "partial", "the promise is kept in part" },
	[STATE_ABSENT] = { "absent", "the promise is not kept" },
};
static_assert(ARRAY_SIZE(state_names) == STATE_MAX, "a name for each state");

static int build(struct plan *plan, const struct plan_input *input, struct croft_error *err)
{
	int r;

	if (input->argv && input->profile->wants_tmpdir && input->tmpdir) {
		plan->tmpdir = arena_strdup(&plan->arena, input->tmpdir);
		if (!plan->tmpdir)
			return fail(err, CROFT_STAGE_PLAN, ENOMEM, "build a plan");
	}
	plan->command.argv = input->argv;
	plan->command.path = input->command_path;
	plan->workdir = input->profile->chdir;
	plan->is_supervised = input->profile->wants_supervisor || input->profile->time_ms;
	plan->patterns = input->patterns;
	plan->n_patterns = input->n_patterns;
	plan_handled(plan);
	r = plan_files(plan, input, err);
	if (r < 0)
		return r;
	r = plan_denials(plan, input, err);
	if (r < 0)
		return r;
	r = plan_net(plan, err);
	if (r < 0)
		return r;
	r = plan_syscalls(plan, err);
	if (r < 0)
		return r;
	if (input->argv) {
		r = env_build(plan, input->environ, plan->tmpdir, err);
		if (r < 0)
			return r;
	}
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

int plan_check(const struct plan *plan, struct croft_error *err)
{
	int r = check_landlock(plan, err);

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
