/* SPDX-License-Identifier: MIT */
/*
 * document.h - a profile file, checked against the schema: profiles as flat lists of entries.
 *
 *	bytes ─► yaml.h ─► tree ─► document_read ─► entries ─► load.h ─► struct profile
 *
 * Nothing is looked up here and no variable is expanded: the same bytes give the same entries on
 * every machine. That is why the built-in profiles are compiled to these very structs.
 * Version 1 (the schema of ai-sandbox-landlock) becomes entries of the same keys.
 */
#ifndef CROFT_PROFILE_DOCUMENT_H
#define CROFT_PROFILE_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "profile/schema.h"

#define DOCUMENT_MAX_PROFILES 256
#define DOCUMENT_MAX_NAME 64 /* bytes of a profile's name: letters, digits, '.', '_', '-' */

struct entry {
	enum schema_id key; /* never a SCHEMA_MAP */
	/*
	 * environment.set: the variable. require: the protection, or "landlock". files.rights:
	 * version 1's group, or NULL. Else NULL.
	 */
	const char *name;
	const char *value; /* one item of a list, one scalar; "true" or "false" of a SCHEMA_BOOL */
	uint64_t rights; /* files.rights: ABI_LANDLOCK_FS_* */
	unsigned line, column; /* of the value */
};

struct document_profile {
	const char *name;
	unsigned line, column;
	const struct entry *entries; /* in the order of the file */
	size_t n_entries;
};

struct document {
	const char *source; /* the file's name; of a built-in "built-in NAME" */
	unsigned version; /* 1 or 2 */
	const struct document_profile *profiles;
	size_t n_profiles;
};

/*
 * Reads a file of version 1 or 2. The document, its texts included, lives in `arena`; `source` is
 * copied. Errors as of yaml_read, and "source:line:column: key.path: what was expected, what was
 * found" with the nearest word as hint.
 */
int document_read(const char *source, const char *data, size_t len, struct arena *arena,
		  struct document *ret_document, struct croft_error *err);

/* The profile of that name, or NULL. */
const struct document_profile *document_find(const struct document *document, const char *name);

/* True for a text that may be a profile's name. */
bool document_is_name(const char *text);

/* "read_file" and so on, in the order of the bits ABI_LANDLOCK_FS_*. */
extern const struct name right_names[];
extern const size_t n_right_names;

#endif
