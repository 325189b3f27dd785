/* SPDX-License-Identifier: MIT */
/*
 * drv_env.h - the variables and files that a builder starts with.
 */
#ifndef CROFT_DRV_DRV_ENV_H
#define CROFT_DRV_DRV_ENV_H

#include "drv/attrs.h"

#define ENV_MAX_BYTES ((size_t)128 << 20) /* of one file for a builder */

struct drv_file {
	const char *name; /* in the build's directory */
	const char *data;
	size_t len;
};

struct drv_env {
	const struct build_variable *variables;
	size_t n;
	const struct drv_file *files;
	size_t n_files;
};

/* A variable of whoever builds, for impureEnvVars; or NULL. */
typedef const char *(*env_lookup)(const char *name);

/*
 * Makes what Nix gives the builder of `drv`, no variable more: all in `arena`. `cores` is what
 * NIX_BUILD_CORES says. Stage usage.
 */
int drv_env_make(struct arena *arena, const struct drv *drv, const struct attrs *attrs,
		 unsigned cores, env_lookup lookup, struct drv_env *ret_env,
		 struct croft_error *err);

#endif
