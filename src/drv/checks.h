/* SPDX-License-Identifier: MIT */
/*
 * checks.h - what a derivation demands of its outputs: references that may or may not be in them.
 */
#ifndef CROFT_DRV_CHECKS_H
#define CROFT_DRV_CHECKS_H

#include "drv/attrs.h"
#include "drv/result.h"

enum check_kind {
	OUTPUT_CHECK_ALLOWED_REFERENCES,
	OUTPUT_CHECK_ALLOWED_REQUISITES,
	OUTPUT_CHECK_DISALLOWED_REFERENCES,
	OUTPUT_CHECK_DISALLOWED_REQUISITES,
	OUTPUT_CHECK_MAX
};

struct output_checks {
	struct attrs_list lists[OUTPUT_CHECK_MAX];
	bool ignores_self; /* itself among its requisites */
	bool has_max_size;
	uint64_t max_size; /* of the archive, in bytes */
};

/*
 * Reads the checks of each output of `drv`, one after another. What croft cannot check is refused
 * by its name: maxClosureSize, unknown ones, requisites where there is no database. Stage usage.
 */
int checks_load(const struct attrs *attrs, const struct drv *drv, const struct graph *graph,
		struct arena *arena, const struct output_checks **ret_checks,
		struct croft_error *err);

/*
 * Checks all outputs, `results` being in the order of drv's; and that no two refer to each other,
 * which Nix refuses as well. Stage supervise.
 */
int checks_apply(const struct output_checks *checks, const struct drv *drv,
		 const struct graph *graph, const struct result_output *results,
		 struct arena *arena, struct croft_error *err);

#endif
