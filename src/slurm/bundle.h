/* SPDX-License-Identifier: MIT */
/*
 * bundle.h - the config.json that slurmstepd makes of an OCI bundle, as far as it becomes a room.
 *
 * Its words are the user's: the file of his own bundle, with the task's words and variables put
 * in by slurmstepd. What would ask for something outside of the room and cannot be had (hooks, file
 * systems of the kernel's) is refused by name; what the room has of its own accord (/proc, /dev,
 * /sys, /dev/pts and so on, every namespace) is passed over, and so are users, capabilities,
 * seccomp and limits: the room's profile has those, and it gives less.
 */
#ifndef CROFT_SLURM_BUNDLE_H
#define CROFT_SLURM_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#define BUNDLE_MAX_BYTES ((size_t)4 << 20) /* an environment of 2 MiB, escaped */
#define BUNDLE_MAX_WORDS 32768 /* of each list: the kernel's limit for a command is lower */
#define BUNDLE_MAX_MOUNTS 4096
#define BUNDLE_ARENA_MAX (16U << 20)

struct bundle_mount {
	const char *source; /* absolute; NULL: an empty directory that ends with the container */
	const char *target;
	bool is_read_only;
};

struct bundle {
	const char *root; /* absolute */
	bool is_read_only;
	const char *workdir; /* absolute, inside */
	const char **args, **env; /* n_args >= 1; each variable NAME=VALUE */
	size_t n_args, n_env;
	struct bundle_mount *mounts;
	size_t n_mounts;
};

/*
 * `directory`: the bundle's, absolute; what is relative lies in it. -EINVAL (stage profile): the
 * file is named with the key that is wrong. All of *ret lies in the arena.
 */
int bundle_parse(struct arena *arena, const char *data, size_t len, const char *directory,
		 struct bundle *ret_bundle, struct croft_error *err);
/* The same of DIRECTORY/config.json. */
int bundle_load(struct arena *arena, const char *directory, struct bundle *ret_bundle,
		struct croft_error *err);

/*
 * The options of `croft run --options-fd`, each ended by a NUL byte. `scratch`: a directory of
 * this container alone; what is written to the root goes to SCRATCH/root, and an empty directory
 * is SCRATCH/empty-N, by the mount's index. buf_error tells of a failure.
 */
void bundle_options(struct buf *options, const struct bundle *bundle, const char *profile,
		    const char *scratch);

#endif
