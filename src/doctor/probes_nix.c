/* SPDX-License-Identifier: MIT */
/*
 * probes_nix.c - the table of the probes about Nix. Each does nothing where there is no sign of it.
 */
#include "base/cleanup.h"
#include "doctor/nix_probes.h"

static const struct probe probes[] = {
	{ .id = OBS_NIX_CONF, .run = probe_nix_conf, .limit_ms = 1200 },
	{ .id = OBS_NIX_USERNS, .run = probe_nix_userns },
	{ .id = OBS_NIX_NAMESPACES, .run = probe_nix_namespaces },
	{ .id = OBS_NIX_SETUP, .run = probe_nix_setup, .limit_ms = 1200 },
	{ .id = OBS_NIX_GROUP, .run = probe_nix_group, .limit_ms = 1200 },
	{ .id = OBS_NIX_STORE, .run = probe_nix_store, .limit_ms = 1200 },
	{ .id = OBS_NIX_SHELL, .run = probe_nix_shell, .limit_ms = 1200 },
};

const struct probe_table probes_nix = { probes, ARRAY_SIZE(probes) };
