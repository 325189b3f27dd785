/* SPDX-License-Identifier: MIT */
/*
 * tree.h - what the two halves of the tree's planning share: things that lie at a path (tree.c
 * finds them), and the walk over them in the order of paths (tree_walk.c).
 */
#ifndef CROFT_PLAN_TREE_H
#define CROFT_PLAN_TREE_H

#include "plan/parts.h"
#include "plan/path_index.h"

enum thing_kind {
	THING_GRANT, /* of plan->grants */
	THING_PIN, /* a directory or entry that has to be a mount */
	THING_READ_ONLY, /* an existing name that writing is denied on */
	THING_CLOSED, /* a directory in which nothing new may be made */
	THING_ANEW, /* a directory that is made, with what is granted of its entries put into it */
	THING_ENTRY, /* one of those */
	THING_LEFT_OUT, /* not one of those, and nothing beneath it */
	THING_TMPDIR,
	THING_PRIVATE,
	THING_PROC,
	THING_DEVPTS,
	THING_MASK,
	THING_LINK,
};

/* One thing at one path. */
struct thing {
	const char *path;
	enum thing_kind kind;
	const char *origin;
	const char *target; /* LINK */
	uint64_t access; /* GRANT: what it gives; PROC: what is granted on it */
	unsigned flags; /* PROC: of its mount */
	uint64_t dev, ino; /* 0, 0: unknown */
	mode_t type; /* S_IFMT bits; 0: unknown */
	struct plan_denial *denial; /* MASK, READ_ONLY, CLOSED, PRIVATE: of which; or NULL */
};

struct tree {
	struct plan *plan;
	const struct plan_input *input;
	struct thing *things;
	size_t n_things, capacity;
	struct path_index grants; /* of plan->grants */
	struct path_index denials; /* those without '*' */
	size_t ops_capacity;
	bool has_failed; /* no memory */
};

void tree_add(struct tree *tree, const struct thing *thing);
/* Appends an operation; a failure is noted in has_failed. */
struct plan_mount_op *tree_add_op(struct tree *tree, const struct plan_mount_op *op);
/* Goes over the things in the order of paths and makes operations of them. -ENOMEM. */
int tree_walk(struct tree *tree);
/* What is granted on a path, by all grants on it and above it, less what is denied there. */
uint64_t tree_access(const struct tree *tree, const char *path);
/* Adds what a denial takes, and sets what is kept of it; `fact` NULL: it was not looked up. */
void tree_plan_denial(struct tree *tree, struct plan_denial *denial,
		      const struct denial_fact *fact);
/* True if mounts limit what can be done with files at all. */
bool tree_limits_files(const struct plan *plan);

#endif
