/* SPDX-License-Identifier: MIT */
/*
 * nix_probes.h - what the probes about Nix share.
 */
#ifndef CROFT_DOCTOR_NIX_PROBES_H
#define CROFT_DOCTOR_NIX_PROBES_H

#include <limits.h>
#include <stdint.h>

#include "doctor/nix_conf.h"
#include "doctor/probe.h"

#define NIX_SHOWN_MAX ((size_t)256 * 1024) /* of `nix show-config`, which has some 10 KiB */
#define NIX_SHOW_MS 500

enum nix_builds { NIX_BUILDS_HERE, NIX_BUILDS_DAEMON, NIX_BUILDS_CHROOT, NIX_BUILDS_ELSEWHERE };

/* The files, and what the installed Nix says of itself: both halves of what is in force. */
struct nix_world {
	struct nix_env env;
	struct nix_conf conf;
	struct buf shown; /* lines "name = value"; empty where no Nix can be run */
	char program[PATH_MAX]; /* nix; "" */
	enum nix_builds builds;
	const char *builds_why;
	uint32_t uid;
};

/*
 * Reads all that; never fails: what is missing is empty. show_ms: `nix show-config` is run, and may
 * take so long (NIX_SHOW_MS); 0: it is not.
 */
void nix_world_load(struct nix_world *world, char *const envp[], int64_t show_ms);
void nix_world_done(struct nix_world *world);
/* Any sign of Nix: nothing else is asked without. */
bool nix_is_here(const struct nix_env *env);

/* The setting in force for whoever builds; value is never NULL for those that have a default. */
struct nix_value nix_world_get(struct nix_world *world, const char *name);
bool nix_world_is_true(struct nix_world *world, const char *name);
/* /nix/store, /nix/var/nix, its daemon's socket, or what the environment says. */
const char *nix_store_dir(const struct nix_env *env);
const char *nix_state_dir(const struct nix_env *env);
const char *nix_socket_path(const struct nix_env *env, char ret[PATH_MAX]);

/* probe_nix_conf.c, probe_nix.c, probe_nix_steps.c, probe_nix_place.c */
void probe_nix_conf(const struct probe_context *context);
void probe_nix_userns(const struct probe_context *context);
void probe_nix_namespaces(const struct probe_context *context);
void probe_nix_setup(const struct probe_context *context);
void probe_nix_group(const struct probe_context *context);
void probe_nix_store(const struct probe_context *context);
void probe_nix_shell(const struct probe_context *context);

/* What Nix takes user namespaces for: reads files first, and believes them; then makes one. */
struct nix_userns {
	const char *step; /* "" : they work */
	int errnum;
	char text[64];
};
struct nix_userns nix_userns_supported(void);

#endif
