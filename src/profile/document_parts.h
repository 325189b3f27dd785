/* SPDX-License-Identifier: MIT */
/*
 * document_parts.h - what the parts of the reader of profile files share: inside src/profile only.
 *
 *   document.c         version, profiles, mappings and lists: what stands where
 *   document_value.c   one scalar: whether it is what its key wants, and the words for errors
 */
#ifndef CROFT_PROFILE_DOCUMENT_PARTS_H
#define CROFT_PROFILE_DOCUMENT_PARTS_H

#include "profile/document.h"
#include "profile/yaml.h"

/* Room for a key with a name behind it in messages; what is longer is cut. */
#define DOCUMENT_PATH_SHOWN 96

struct document_reader {
	const char *source;
	struct arena *arena;
	struct croft_error *err;
	struct entry *entries; /* of the profile that is being read */
	size_t n_entries, capacity;
};

/* "path: EXPECTED was expected, WHAT WAS FOUND was found", at the node; `path` may be "". */
int document_unexpected(const struct document_reader *reader, const struct yaml_node *node,
			const char *path, const char *expected);

/* The same of a scalar whose content is wrong: "'strct' was found". */
int document_wrong_value(const struct document_reader *reader, const struct yaml_node *node,
			 const char *path, const char *expected);

/* Adds "did you mean 'nearest'?", or where nothing is near a list of the words. */
void document_hint_words(const struct document_reader *reader, const struct name *words, size_t n,
			 const char *word);

/* True for a scalar that means nothing at all: "key:", null. */
bool document_is_nothing(const struct yaml_node *node);

/*
 * 0 if the node is one value (of a list: one item) as the row wants it; else as document_read.
 * `path` is what messages call it.
 */
int document_check_value(const struct document_reader *reader, enum schema_id id, const char *path,
			 const struct yaml_node *node);

/* The same for the value behind a protection under `require`, or behind "landlock" there. */
int document_check_requirement(const struct document_reader *reader, const char *name,
			       const char *path, const struct yaml_node *node);

/* The bit of ABI_LANDLOCK_FS_* that the node names. */
int document_check_right(const struct document_reader *reader, const char *path,
			 const struct yaml_node *node, uint64_t *ret_right);

/* True for what a shell would take as a variable's name. */
bool document_is_variable(const char *text);

#endif
