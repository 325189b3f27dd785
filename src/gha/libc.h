/* SPDX-License-Identifier: MIT */
/*
 * libc.h - what of this host a job's image lacks so that the runner's node starts in it.
 *
 * The runner's folder "externals" lies in the job container at /__e. Its node is a program for
 * glibc, and node*_alpine one for musl; an image made by Nix, from scratch or for the other C
 * library has no loader for it. What is missing is found by the code that `croft image check`
 * rests on (elf/closure.h), over a view of how the job will see things: the image, the
 * externals at /__e, and over both what is lent. The host's loader and libraries are lent one by
 * one, each only where the image has none; what the image has stays, so its own programs
 * notice nothing.
 *
 * Reading only; nothing is executed; no name leads out of the image.
 */
#ifndef CROFT_GHA_LIBC_H
#define CROFT_GHA_LIBC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "elf/root.h"

#define LIBC_EXTERNALS "/__e" /* where the externals lie in the job, unless told otherwise */
#define LIBC_MAX_NODES 16 /* node12 ... node24, each twice; more are not looked at */
#define LIBC_MAX_LOANS 64 /* node needs 8 files */

struct libc_input {
	const struct root *image; /* the job's root file system */
	const struct root *host; /* { .fd = -1, .path = "/" } but in tests */
	const char *externals; /* absolute on the host: the folder that has node20/bin/node */
	const char *externals_at; /* where it will lie in the job; NULL: LIBC_EXTERNALS */
	const char *library_path; /* LD_LIBRARY_PATH of the job's environment; NULL */
	const char *preload; /* LD_PRELOAD of it; NULL */
};

/* A regular file of the host that is to lie at `path` in the job, read-only. */
struct libc_loan {
	const char *host; /* absolute, links resolved */
	const char *path; /* absolute in the job; nothing is there in the image */
};

/* One program of the externals that this job could be given. */
struct libc_node {
	const char *name; /* "node20", "node24_alpine": the folder's name */
	bool can_start; /* with the loans */
	const char *why; /* else one line: what is wrong, every file named; "" */
	const char *mend; /* what would mend it; may be "" */
};

struct libc_plan {
	/*
	 * The answer's "isAlpine": the image is Alpine's, this is x86_64, and the externals have
	 * a node*_alpine. It only chooses which node is started.
	 */
	bool is_alpine;
	struct libc_loan *loans; /* in the arena */
	size_t n_loans;
	struct libc_node *nodes; /* of the kind that is_alpine chooses, by name; at least one */
	size_t n_nodes;
};

/*
 * Is it an image of Alpine's, by its files alone: ID= of /etc/os-release (in quotes too, any case),
 * or, where that says no ID, /etc/alpine-release being there. False for what cannot be read.
 */
bool libc_is_alpine_image(const struct root *image);

/*
 * Looks at each node of the externals that a job of this image would be given. A node that cannot
 * start is no error: see `why`. Errors (stage prepare, one line with its mend): the externals
 * cannot be read or have no node; a bound is reached; no memory. Texts live in the arena.
 */
int libc_plan(const struct libc_input *input, struct arena *arena, struct libc_plan *ret_plan,
	      struct croft_error *err);

#endif
