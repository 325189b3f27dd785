/* SPDX-License-Identifier: MIT */
/*
 * finding.h - what can be said about a profile: the kinds, and a list of them.
 */
#ifndef CROFT_CHECK_FINDING_H
#define CROFT_CHECK_FINDING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/names.h"

#define FINDINGS_MAX 2000 /* nobody reads more; what is beyond is counted */
#define FINDINGS_MAX_BYTES (16U << 20)

enum severity {
	SEVERITY_ERROR, /* croft run refuses it */
	SEVERITY_WARNING, /* it runs, and is weaker than it looks */
	SEVERITY_NOTE, /* worth knowing */
	SEVERITY_MAX
};

extern const struct name severity_names[SEVERITY_MAX]; /* "error", "warning", "note" */

enum finding_kind {
	/* the file */
	FINDING_FILE,
	FINDING_REFUSED,
	FINDING_COMMAND,

	/* paths */
	FINDING_MISSING,
	FINDING_UNREACHABLE,
	FINDING_NOT_THERE,
	FINDING_NO_MATCH,
	FINDING_SYMLINK,
	FINDING_COVERED,
	FINDING_ONE_FILE,
	FINDING_MOUNT_FORBIDS,

	/* grants that give much */
	FINDING_ROOT,
	FINDING_HOME,
	FINDING_ABOVE_HOME,
	FINDING_SECRETS,
	FINDING_WRITE_EXECUTE,
	FINDING_OTHERS_WRITE,
	FINDING_ON_YOUR_PATH,
	FINDING_ON_COMMAND_PATH,
	FINDING_POLICY,
	FINDING_AUTHORITY,

	/* granted trees */
	FINDING_LINKS_OUT,
	FINDING_HARD_LINKS,
	FINDING_MOUNT,
	FINDING_MORE_MOUNTS,
	FINDING_FORGETFUL,
	FINDING_SERVED,
	FINDING_OVERLAY,

	/* the environment */
	FINDING_SECRET_PASSED,
	FINDING_SECRET_WRITTEN,
	FINDING_UNSET,

	/* what this host makes of it */
	FINDING_NOT_KEPT,
	FINDING_NOT_KEPT_HERE,
	FINDING_PUT_OFF,
	FINDING_NO_PROMISE,
	FINDING_SYSCALLS_OFF,
	FINDING_TOO_OLD,
	FINDING_IGNORED,
	FINDING_DENIAL,
	FINDING_SEEN,
	FINDING_MAX
};

/* Where something stands. */
struct spot {
	const char *file; /* as messages call it: "./agent.yaml", "profile default" */
	unsigned line, column; /* from 1; 0: unknown */
	bool is_builtin;
};

struct finding {
	enum finding_kind kind;
	enum severity severity;
	struct spot spot;
	const char *profile; /* the profile's name, NULL: of the whole file */
	const char *what, *mend; /* plain text, to be escaped; mend may be "" */
};

struct findings {
	struct arena arena;
	struct finding *items;
	size_t n, capacity;
	size_t counts[SEVERITY_MAX];
	size_t n_left_out; /* beyond FINDINGS_MAX; counted above all the same */
	int error; /* 0 or -ENOMEM; sticks, as in buf.h: adders need not look */
	bool is_own; /* a built-in profile is checked for itself: what stands in it is told */
};

void findings_init(struct findings *findings);
void findings_done(struct findings *findings);

/* What a kind's templates are filled with; NULL: "". */
struct words {
	const char *path, *detail, *other;
	const char *mend; /* a finished text in place of the row's; NULL: the row's */
	const char *about; /* what stands in the file, where that is not `path` */
};

/*
 * Adds one, its texts made from the table's templates and copied. The same said of the same
 * spot before is not added again (profiles of one file share their base). What the row
 * does not tell of a built-in profile is left out, unless that was asked about.
 */
void findings_add(struct findings *findings, enum finding_kind kind, const struct spot *spot,
		  const char *profile, const struct words *words);

/* In the order of files (first the one called `file`), lines and adding. */
void findings_sort(struct findings *findings, const char *file);

/* The word for a kind in JSON: "symlink". */
const char *finding_name(enum finding_kind kind);

/* What an origin of a profile's grants says: "FILE:LINE", "profile NAME:LINE", "--option". */
struct spot spot_of_origin(struct arena *arena, const char *origin);

/* One line each for people and editors, with the profile's name if `names_profiles`. */
void findings_print(struct buf *buf, const struct findings *findings, bool names_profiles);
/* One object each, into an array that is open. */
void findings_print_json(struct json *json, const struct findings *findings);

#endif
