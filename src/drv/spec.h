/* SPDX-License-Identifier: MIT */
/*
 * spec.h - the JSON file that Nix gives to an external builder, read and checked.
 */
#ifndef CROFT_DRV_SPEC_H
#define CROFT_DRV_SPEC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "drv/build.h"

/* The closure of a system has some thousand paths of about 70 bytes; the rest is variables. */
#define SPEC_MAX_BYTES ((size_t)64 << 20)
#define SPEC_MAX_ITEMS ((size_t)1 << 17) /* of each list */
#define SPEC_MAX_OUTPUTS 1024 /* each is compared with each input; texlive has four */
#define STORE_HASH_LEN 32 /* characters of base 32 at the start of each name in a store */
#define STORE_NAME_MAX 244 /* with hash and '-': what Nix takes, and NAME_MAX with ".lock" */

struct spec {
	struct build build; /* lives in the arena; is_fixed_output is for the caller to decide */
	bool is_marked; /* NIX_OUTPUT_CHECKED=1: Nix's word for fixed-output */
	bool has_hash; /* the derivation's own: outputHash among the variables, not empty */
};

/*
 * Reads the text of `len` bytes; `source` is its name for messages. What is not of the form, not of
 * version 1, or names a path that is not absolute, has ".", ".." or "//" in it, or lies beside the
 * store where it must be in it, is an error: -EINVAL, stage usage. Members that this version does
 * not know are passed over. All strings of `ret_spec` live in `arena`.
 */
int spec_parse(struct arena *arena, const char *source, const char *data, size_t len,
	       struct spec *ret_spec, struct croft_error *err);
/* The same of a file. */
int spec_load(struct arena *arena, const char *path, struct spec *ret_spec,
	      struct croft_error *err);

/* True for an absolute path of normal form, other than "/": no empty part, no "." and no "..". */
bool path_is_normal(const char *path);
/* The name in the store of a path that is DIR/HASH-NAME, or NULL if it is none. */
const char *store_name(const char *store_dir, const char *path);

#endif
