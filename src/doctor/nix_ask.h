/* SPDX-License-Identifier: MIT */
/*
 * nix_ask.h - `croft doctor --nix`: what Nix reaches over the network, asked by croft-doctor-nix.
 */
#ifndef CROFT_DOCTOR_NIX_ASK_H
#define CROFT_DOCTOR_NIX_ASK_H

#include "doctor/probe.h"

#define NIX_ASK_PROGRAM "croft-doctor-nix"
#define NIX_ASK_LIMIT_MS \
	8000 /* 5 s for each cache and builder, all at once, and what is around it */

/*
 * Asks every binary cache and remote builder once and adds the records, at most some 8 s later. The
 * program is started from the folder of the running one and nowhere else, as a probe is: context
 * and spare are probes_run's; context->tmp must be a directory. 0, or -errno (stage usage where the
 * program is not there). No other children may be there.
 */
int nix_ask(const struct probe_context *context, pid_t spare, struct observations *set,
	    struct croft_error *err);

#endif
