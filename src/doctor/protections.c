/* SPDX-License-Identifier: MIT */
/*
 * protections.c - each promise of croft's, judged for a host by the planner.
 *
 * Two plans are made of one small profile that grants, denies and limits something, so that no
 * promise is kept for want of an occasion. In the first everything is preferred: then the planner
 * takes what costs little, and no namespaces. In the second everything is required, and namespaces
 * are taken where they help. A promise that the first keeps is told by it, since that is what a
 * start will do; else the second's answer counts.
 *
 * The paths are invented, and so is what is found there: plans are pure, and this one is about the
 * host, not about its files.
 */
#include "doctor/protections.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "plan/cause.h"
#include "plan/plan.h"

#define ARENA_MAX (1U << 20)
#define WORK "/srv/work"

static const char *const wishes[][2] = {
	{ "read", "/usr" },
	{ "read", "/proc" }, /* as the profile default has it: it shows processes */
	{ "write", WORK },
	{ "deny", WORK "/secret" },
	{ "limit", "memory=1GiB" },
	{ "limit", "processes=1000" },
	{ "limit", "cpu-percent=100" },
};

static int make_profile(enum requirement requirement, struct profile **ret_profile,
			struct croft_error *err)
{
	struct profile *profile;
	int r = profile_new("empty", "/root", "/", &profile, err);

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(wishes); i++)
		r = profile_set(profile, wishes[i][0], wishes[i][1], "", err);
	for (int i = 0; r == 0 && i < PROTECT_MAX; i++)
		r = profile_set_requirement(profile, protection_names[i].name, requirement, err);
	if (r < 0) {
		profile_free(profile);
		return r;
	}
	*ret_profile = profile;
	return 0;
}

static int make_plan(const struct host *host, const struct profile *profile, struct plan **ret_plan,
		     struct croft_error *err)
{
	static const struct path_fact facts[] = {
		{ .fd = -1, .type = S_IFDIR, .dev = 1, .ino = 2 },
		{ .fd = -1, .type = S_IFDIR, .dev = 2, .ino = 1 },
		{ .fd = -1, .type = S_IFDIR, .dev = 1, .ino = 3 },
	};
	static const char *const denied[] = { NULL };
	static const struct denial_fact denials[] = { { .type = S_IFREG, .dev = 1, .ino = 4 } };
	static const char *const nothing[] = { NULL };
	static const char *const command[] = { "COMMAND", NULL };
	const struct plan_input input = {
		.profile = profile,
		.host = host,
		.facts = facts,
		.denied = denied,
		.denial_facts = denials,
		.argv = command,
		.command_path = "/usr/bin/command",
		.environ = nothing,
		.tmpdir = "/tmp/croft",
	};

	return plan_build(&input, ret_plan, err);
}

/* What the row's text takes its reason from: the planner puts the cause of a namespace into it. */
static enum facility find_lack(const struct host *host, const struct plan_row *row)
{
	static const struct {
		enum host_ns kind;
		enum facility facility;
	} kinds[] = {
		{ HOST_NS_USER, FACILITY_USERNS }, { HOST_NS_MOUNT, FACILITY_MOUNT },
		{ HOST_NS_PID, FACILITY_PROC },    { HOST_NS_NET, FACILITY_NETNS },
		{ HOST_NS_IPC, FACILITY_IPCNS },
	};

	if (row->state == STATE_ENFORCED)
		return FACILITY_N;
	/* what is profiled above is kept without a control group but for the share of processors */
	if (row->protection == PROTECT_LIMITS)
		return FACILITY_CGROUP;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct cause cause = cause_of(host, kinds[i].kind);

		if (*cause.why && strstr(row->missing, cause.why))
			return kinds[i].facility;
	}
	return FACILITY_N;
}

static int take_row(struct protections *protections, const struct host *host,
		    const struct plan_row *row)
{
	static const enum verdict_state states[STATE_MAX] = {
		[STATE_ENFORCED] = VERDICT_WORKS,
		[STATE_PARTIAL] = VERDICT_PARTLY,
		[STATE_ABSENT] = VERDICT_MISSING,
	};
	struct protection_answer *answer = &protections->answers[row->protection];

	*answer = (struct protection_answer){
		.state = states[row->state],
		.by = arena_strdup(&protections->arena, row->mechanisms),
		.note = arena_strdup(&protections->arena, row->missing),
		.mend = arena_strdup(&protections->arena,
				     row->state == STATE_ENFORCED ? "" : row->mend),
		.lacks = find_lack(host, row),
	};
	return answer->by && answer->note && answer->mend ? 0 : -ENOMEM;
}

/* Takes from one plan what none before it has kept. */
static int judge_by(struct protections *protections, const struct host *host,
		    enum requirement requirement, struct croft_error *err)
{
	struct profile *profile;
	struct plan *plan;
	int r = make_profile(requirement, &profile, err);

	if (r < 0)
		return r;
	r = make_plan(host, profile, &plan, err);
	if (r < 0) {
		profile_free(profile);
		return r;
	}
	for (int i = 0; r == 0 && i < PROTECT_MAX; i++)
		if (protections->answers[i].state != VERDICT_WORKS)
			r = take_row(protections, host, &plan->rows[i]);
	plan_free(plan);
	profile_free(profile);
	return r < 0 ? fail(err, CROFT_STAGE_PLAN, -r, "judge the protections") : 0;
}

int protections_judge(const struct host *host, struct protections *ret_protections,
		      struct croft_error *err)
{
	static const enum requirement requirements[] = { REQUIRE_PREFER, REQUIRE_REQUIRE };
	struct protections protections = { 0 };
	int r = 0;

	arena_init(&protections.arena, ARENA_MAX);
	for (int i = 0; i < PROTECT_MAX; i++)
		protections.answers[i].state = VERDICT_UNKNOWN;
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(requirements); i++)
		r = judge_by(&protections, host, requirements[i], err);
	if (r < 0) {
		arena_done(&protections.arena);
		return r;
	}
	*ret_protections = protections;
	return 0;
}

void protections_done(struct protections *protections)
{
	arena_done(&protections->arena);
}
