/* SPDX-License-Identifier: MIT */
/*
 * process.h - the stages that need no sandbox mechanism: limits, privileges, descriptors.
 */
#ifndef CROFT_ENFORCE_PROCESS_H
#define CROFT_ENFORCE_PROCESS_H

#include "base/err.h"
#include "profile/profile.h"

/*
 * Child stage: the limits that were asked for, but open files and those that a control group
 * keeps by these controllers (1U << CONTROLLER_*). Needs: nothing. Must not: be undone later;
 * limits are set hard and soft.
 */
int limits_apply(const struct profile *profile, unsigned controllers, struct croft_error *err);

/*
 * Child stage: the limit on open files. Last before exec, since every stage before it may
 * need one more descriptor.
 */
int limits_apply_open_files(const struct profile *profile, struct croft_error *err);

/*
 * Child stage: no_new_privs, and with `drops_capabilities` all five capability sets
 * empty (CVE-2022-27650: the inheritable one too).
 *
 * Needs: everything that wants a capability done (workdir, limits).
 */
int privileges_apply(bool drops_capabilities, struct croft_error *err);

/* Child stage, where capabilities are kept: this one is not, in any of the sets. */
int privileges_drop_one(int capability, struct croft_error *err);

/*
 * Child stage: every descriptor above 2 is marked to be closed at exec, then the listed ones
 * are unmarked (CVE-2024-21626: what leaks is a way around every rule on paths).
 *
 * Needs: before Landlock, since the fallback for kernels without close_range reads /proc/self/fd.
 * Must not: close anything now; the report pipe and the ruleset are still in use.
 */
int descriptors_apply(const int *keep, size_t n_keep, struct croft_error *err);

#endif
