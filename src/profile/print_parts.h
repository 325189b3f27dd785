/* SPDX-License-Identifier: MIT */
/*
 * print_parts.h - between the files that print profiles; not for others.
 *
 *	entries of a file ─┐
 *	                   ├─► print_items.c ─► struct print_list ─► profile_print.c ─► YAML
 *	struct profile ────┘                                       profile_json.c  ─► JSON
 */
#ifndef CROFT_PROFILE_PRINT_PARTS_H
#define CROFT_PROFILE_PRINT_PARTS_H

#include "profile/document.h"
#include "profile/profile.h"

/* One item of a list, or one value: what a file of version 2 would say. */
struct print_item {
	enum schema_id key;
	const char *name, *value; /* as in struct entry */
	uint64_t rights;
	const char *origin; /* or NULL */
	const char *note; /* what the item cannot say; NULL: nothing */
};

/* Lives in its arena; `error` sticks. */
struct print_list {
	struct arena arena;
	struct print_item *items;
	size_t n, capacity;
	int error; /* 0 or -ENOMEM */
};

void print_list_init(struct print_list *list);
void print_list_done(struct print_list *list);
void print_list_document(struct print_list *list, const struct document *document,
			 const struct document_profile *profile);
void print_list_profile(struct print_list *list, const struct profile *profile);
/* Only profile->bounds. */
void print_list_bounds(struct print_list *list, const struct profile *profile);
/* The first item of the key behind `at` (NULL: of all), or NULL. */
const struct print_item *print_list_next(const struct print_list *list, enum schema_id key,
					 const struct print_item *at);

#endif
