/* SPDX-License-Identifier: MIT */
/*
 * drv_parse.h - a derivation of Nix, read from its .drv and checked.
 */
#ifndef CROFT_DRV_DRV_PARSE_H
#define CROFT_DRV_DRV_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "drv/build.h"

/* Whole sources stand in variables of some derivations; nixpkgs' largest have some 100 KiB. */
#define DRV_MAX_BYTES ((size_t)64 << 20)
#define DRV_MAX_ITEMS ((size_t)1 << 16) /* of each list */
#define DRV_ARENA ((size_t)512 << 20) /* what a reader of one, and of what it needs, may take */

struct drv_output {
	const char *name; /* "out" */
	const char *path; /* in the store; "" where it follows from the content */
	const char *algo; /* "" or "sha256", "r:sha256" */
	const char *hash; /* "" or hexadecimal */
};

struct drv_input {
	const char *path; /* of its .drv */
	const char *const *outputs; /* their names, at least one */
	size_t n_outputs;
};

/* All lives in the arena that it was read into. */
struct drv {
	const char *store_dir; /* of every path in it: "/nix/store" */
	const struct drv_output *outputs; /* at least one */
	size_t n_outputs;
	const struct drv_input *inputs;
	size_t n_inputs;
	const char *const *sources;
	size_t n_sources;
	const char *system, *builder;
	const char *const *args;
	size_t n_args;
	const struct build_variable *env;
	size_t n_env;
};

/*
 * Reads the text of `len` bytes; `source` is its name for messages. Refused (stage usage): what is
 * not of the form "Derive(...)", with its byte; the versioned form of dynamic derivations, by name;
 * a NUL; an escape that Nix does not write; a name that stands twice; a path that is none of one
 * store. The order of lists is taken as it is.
 */
int drv_parse(struct arena *arena, const char *source, const char *data, size_t len,
	      struct drv *ret_drv, struct croft_error *err);
/* The same of a file. -ENOENT as it is. */
int drv_load(struct arena *arena, const char *path, struct drv *ret_drv, struct croft_error *err);

/* The value of a variable, or NULL. */
const char *drv_variable(const struct drv *drv, const char *name);
/* The output of that name, or NULL. */
const struct drv_output *drv_find_output(const struct drv *drv, const char *name);
/* Its one output has a hash: it may use the network. */
bool drv_is_fixed(const struct drv *drv);

#endif
