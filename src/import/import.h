/* SPDX-License-Identifier: MIT */
/*
 * import.h - other launchers' settings, as entries of a profile.
 *
 *	JSON file ─► jansson ─► one reader a format ─► entries + what was not carried over ─► YAML
 *
 * An executable of its own (croft-import), for the weight of a JSON reader; `croft profile import`
 * runs it by descriptor from the folder that croft itself lies in. Rule for every reader: a
 * wish that croft cannot express is listed, never dropped, and where the original allows more
 * than can be said exactly, less is allowed and that is listed.
 */
#ifndef CROFT_IMPORT_IMPORT_H
#define CROFT_IMPORT_IMPORT_H

#include <jansson.h>
#include <stdbool.h>

#include "profile/document.h"

#define IMPORT_MAX_BYTES (1U << 20)
#define IMPORT_MAX_ENTRIES 8192 /* a product of variables may not grow beyond this */
#define IMPORT_MAX_LOST 1024

struct import {
	struct arena *arena;
	const char *file; /* for messages */
	struct entry *entries;
	size_t n_entries, entries_capacity;
	const char **lost; /* "network.allowedDomains: croft knows ports, not names" */
	size_t n_lost, lost_capacity;
};

/*
 * The readers: 0, or an error (stage profile) that names the file and the key that is not what
 * the format says. Wishes of the same kind stand together in the entries.
 */
int import_landlockconfig(struct import *import, json_t *root, struct croft_error *err);
int import_srt(struct import *import, json_t *root, struct croft_error *err);
int import_claude(struct import *import, json_t *root, struct croft_error *err);

/* The sandbox part of both agents' settings: {"filesystem": ..., "network": ...}. */
int import_srt_filesystem(struct import *import, const char *key, json_t *filesystem,
			  struct croft_error *err);
int import_srt_network(struct import *import, const char *key, json_t *network,
		       struct croft_error *err);

/* What the readers share (parts.c). Texts are copied into the arena. */
int import_add(struct import *import, enum schema_id key, const char *name, const char *value,
	       struct croft_error *err);
/* A variable's value, which nothing is to be expanded in. */
int import_add_variable(struct import *import, const char *name, const char *value,
			struct croft_error *err);
int import_add_rights(struct import *import, uint64_t rights, const char *path,
		      struct croft_error *err);
int import_lose(struct import *import, struct croft_error *err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* "FILE: key: a list was expected, a number was found". */
int import_expect(const struct import *import, const char *key, const char *expected,
		  const json_t *found, struct croft_error *err);

/* One key of an object that a format knows. */
struct import_key {
	const char *name;
	/* Takes the value under its full key, "network.allowedDomains". */
	int (*take)(struct import *import, const char *key, json_t *value, struct croft_error *err);
	const char *why_lost; /* in place of `take`: why croft has nothing for it */
};

/* Each member goes to its row; one without a row is listed as lost. */
int import_object(struct import *import, const char *key, json_t *object,
		  const struct import_key *rows, size_t n_rows, struct croft_error *err);
/* A list of texts, each handed on. */
int import_texts(struct import *import, const char *key, json_t *list,
		 int (*take)(struct import *import, const char *key, const char *text,
			     struct croft_error *err),
		 struct croft_error *err);

/*
 * A path of theirs as one of a profile: '$' doubled; "./" and "src" stay relative. NULL when it
 * cannot be said (a ".." in it, a '*' that is meant literally): then it has been listed as lost.
 */
int import_path(struct import *import, const char *key, const char *text, bool takes_patterns,
		const char **ret_path, struct croft_error *err);
/* A path that is no pattern, as one that may be missing. */
int import_add_optional(struct import *import, const char *key, enum schema_id as, const char *text,
			struct croft_error *err);

#endif
