/* SPDX-License-Identifier: MIT */
/*
 * protections.h - croft's promises on a host: what keeps each, or why nothing does.
 *
 * By the planner that croft run uses, so that the doctor cannot say anything else than a start
 * would. Pure: the host alone decides.
 */
#ifndef CROFT_DOCTOR_PROTECTIONS_H
#define CROFT_DOCTOR_PROTECTIONS_H

#include "base/arena.h"
#include "base/err.h"
#include "doctor/verdict.h"
#include "host/host.h"
#include "profile/protection.h"

struct protection_answer {
	/* VERDICT_WORKS, _PARTLY, _MISSING; _UNKNOWN: the host was not asked */
	enum verdict_state state;
	const char *by; /* "Landlock 7": what keeps it; "" if nothing does */
	const char
		*note; /* partly: what is missing; missing: why; works: what its words leave out */
	const char *mend; /* "" if nothing is to mend */
	/* What is in the way: the verdict on it has the mend. FACILITY_N: nothing. */
	enum facility lacks;
};

struct protections {
	struct arena arena;
	struct protection_answer answers[PROTECT_MAX];
};

/* The answers' texts live in the arena; protections_done frees it. Stage plan. */
int protections_judge(const struct host *host, struct protections *ret_protections,
		      struct croft_error *err);
void protections_done(struct protections *protections);

#endif
