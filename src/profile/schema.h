/* SPDX-License-Identifier: MIT */
/*
 * schema.h - what may stand in a profile file, version 2, as one table.
 *
 * The rows come from the pages of docs/keys (schema.def), from which the reader, its errors, the
 * manual page croft-profile(5), the JSON Schema and `croft profile show` are made too.
 */
#ifndef CROFT_PROFILE_SCHEMA_H
#define CROFT_PROFILE_SCHEMA_H

#include <stdint.h>

#include "base/names.h"

enum schema_type {
	SCHEMA_MAP, /* a mapping whose keys are rows of this table: "files" */
	SCHEMA_PROFILES, /* name: profile, ... */
	SCHEMA_TEXT,
	SCHEMA_TEXTS, /* a list of texts */
	SCHEMA_PATH,
	SCHEMA_PATHS, /* a list; patterns with '*' where the page says so */
	SCHEMA_PORTS, /* a list of 443, "tcp:443", "udp:53" */
	SCHEMA_WORD, /* one of `words` */
	SCHEMA_WORDS, /* a list of them */
	SCHEMA_BOOL, /* true or false, plain; no other spelling */
	SCHEMA_COUNT, /* a number, 0 up to `max` */
	SCHEMA_COUNTS, /* a list of them */
	SCHEMA_SIZE, /* "4GiB" (base/num.h) */
	SCHEMA_TIME, /* "30m" */
	SCHEMA_VARIABLES, /* NAME: text, ... */
	SCHEMA_REQUIRE, /* protection: require | prefer | off, ...; landlock: ABI */
	SCHEMA_RIGHTS, /* a list of { paths: [...], allow: [right, ...] } */
	SCHEMA_TYPE_MAX
};

enum schema_id {
#define SCHEMA(id, ...) KEY_##id,
#include "schema.def"
	KEY_MAX
};

struct schema_key {
	/*
	 * "files.read". Rows of a profile are named from the profile on; only "version" and
	 * "profiles" stand at the top of a file.
	 */
	const char *path;
	enum schema_type type;
	const struct name *words; /* of SCHEMA_WORD(S); else NULL */
	size_t n_words;
	uint64_t max; /* items of a list, or the greatest number; 0: none but the reader's */
	const char *fallback; /* as text, or NULL: what holds if the key is absent */
	const char *since; /* croft's version: "0.2" */
	const char *help; /* one line */
};

extern const struct schema_key schema_keys[KEY_MAX];

/*
 * The key `name` in the mapping `parent` ("" for the profile itself, "files"), or -ENOENT with
 * the nearest name of that mapping (or NULL) in *ret_nearest.
 */
int schema_find(const char *parent, const char *name, const char **ret_nearest);

/* "a list of paths", "a number up to 65535": what was expected, for messages. */
const char *schema_type_text(enum schema_type type);

#endif
