/* SPDX-License-Identifier: MIT */
/*
 * parts.h - the finders that check_profile runs one after another, and what they look at.
 *
 * Each adds what it finds and returns nothing: memory that is exhausted sticks in the list.
 * What cannot be looked at is passed over; whether it matters, another finder says.
 */
#ifndef CROFT_CHECK_PARTS_H
#define CROFT_CHECK_PARTS_H

#include <limits.h>
#include <stdint.h>
#include <sys/stat.h>

#include "check/check.h"
#include "host/mounts.h"
#include "plan/pattern.h"
#include "plan/plan.h"

/* What a tree that an enemy may have made can cost. */
#define LOOK_MAX_NAMES 1000 /* of one tree, at all its levels */
#define LOOK_MAX_LEVELS 2 /* the names in the granted directory are the first */
#define LOOK_MAX_TREES 256 /* in one profile */
#define LOOK_MAX_MATCHES 64 /* of one pattern of sockets */
#define EXAMPLES 4 /* named in one message */

struct kind {
	const char *name;
	enum severity severity, builtin; /* SEVERITY_MAX: not told */
	const char *what, *mend;
};

extern const struct kind finding_kinds[FINDING_MAX];

/* A granted path, or one match of a granted pattern, as it is now. */
struct look {
	const struct grant *grant;
	struct spot spot;
	const char *path; /* as granted, no slash at the end */
	const char *real; /* where it leads; of a missing one as far as that can be told */
	unsigned kinds; /* GRANT_*: also what `rights` come to */
	int errnum; /* it cannot be opened; then nothing below */
	struct stat st;
	uint64_t fs_type; /* the magic number of statfs; 0: unknown */
	bool is_noexec, is_readonly; /* as it is mounted */
};

struct check {
	const struct check_input *input;
	const struct profile *profile;
	struct findings *findings;
	struct arena arena;
	struct look *looks;
	size_t n_looks, looks_capacity;
	struct mount *mounts; /* in the kernel's order */
	size_t n_mounts;
	const struct plan *plan; /* NULL: none could be made */
};

/* findings_add with the profile's name. */
void check_tell(struct check *check, enum finding_kind kind, const struct spot *spot,
		const struct words *words);
/* Where the profile itself begins, for what has no line of its own. */
struct spot check_spot(const struct check *check);
/*
 * Where a key stands in the profile's own file, else where that begins. `name`: the entry's name,
 * or its value where it has no name; NULL: any.
 */
struct spot check_spot_of_key(const struct check *check, enum schema_id key, const char *name);

/* True if there is something under that name, a link that leads nowhere included. */
bool look_exists(const char *path);

/* look.c: 0 or -ENOMEM, -EMFILE, ... */
int look_at_grants(struct check *check, struct croft_error *err);
/*
 * False if an earlier grant with one of `kinds` is for the same, and no built-in's unless this one
 * is: it has been told there.
 */
bool look_is_first(const struct check *check, const struct look *look, unsigned kinds);
/* A grant with one of `kinds` that covers the resolved path, or NULL. */
const struct look *look_covering(const struct check *check, const char *path, unsigned kinds);
/*
 * The grant that lets the command write under that name, there or still to be made, or NULL. A
 * mode that forbids it counts: Landlock only takes away.
 */
const struct look *look_letting_write(const struct check *check, const char *path);
/* "read, write": for messages. */
const char *look_kinds_text(struct check *check, unsigned kinds);
/* True for /proc, /sys and their like, where nobody keeps files. */
bool look_is_kernels(uint64_t fs_type);
/* "a, b, c, d and 3 more"; sorts the names. */
const char *look_examples(struct check *check, const char **names, size_t n);

/*
 * Calls `each` for the names of a directory, in any order, not for "." and "..". Follows no link;
 * gives up after LOOK_MAX_NAMES. `used` counts on over several directories.
 */
typedef void (*look_name_fn)(void *context, int dirfd, const char *dir, const char *name);
void look_list(const char *dir, size_t *used, look_name_fn each, void *context);

#define LOOK_ANY (~0U) /* as kinds */
#define LOOK_OPENS (GRANT_READ | GRANT_WRITE | GRANT_EXECUTE) /* lets files be opened */

/* The finders. */
void find_paths(struct check *check); /* missing, links, covered */
void find_wide(struct check *check); /* /, home, secrets, writable and executable */
void find_policy(struct check *check); /* what croft itself reads, writable */
void find_authority(struct check *check);
void find_in_trees(struct check *check); /* links out, hard links */
void find_mounts(struct check *check); /* and file systems */
void find_in_environment(struct check *check);
void find_unkept(struct check *check); /* with the plan */

#endif
