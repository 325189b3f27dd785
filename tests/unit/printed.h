/* SPDX-License-Identifier: MIT */
/*
 * printed.h - profiles from texts and back to texts, for the tests of the printers.
 *
 * What a test reads and prints lives in one arena until the program ends.
 */
#ifndef CROFT_TESTS_UNIT_PRINTED_H
#define CROFT_TESTS_UNIT_PRINTED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "profile/load.h"
#include "profile/profile_print.h"

#define MAX_TEXT (4U << 20)

static struct arena arena;
static struct croft_error err;

static const char *const environ_of_tests[] = { "XDG_CACHE_HOME=/srv/cache", "TOOLS=/srv/tools",
						NULL };
static const struct load_place place = { .home = "/home/ada",
					 .workdir = "/home/ada/src/sub",
					 .project = "/home/ada/src",
					 .environ = environ_of_tests };

static inline int before(void **state)
{
	(void)state;
	arena_init(&arena, 256U << 20);
	return 0;
}

static inline int after(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

/* Reads a file, which must be right. */
static inline const struct document *read_text(const char *text)
{
	struct document *document = arena_alloc(&arena, sizeof(*document));

	assert_non_null(document);
	if (document_read("x.yaml", text, strlen(text), &arena, document, &err) < 0)
		fail_msg("%s (%s):\n%s", err.what, err.hint, text);
	return document;
}

static inline const char *print_document(const struct document *document, bool wants_origin)
{
	AUTO_BUF struct buf buf = BUF_INIT(MAX_TEXT);

	profile_print_document(&buf, document, &document->profiles[0], wants_origin);
	assert_int_equal(buf_error(&buf), 0);
	return arena_strdup(&arena, buf_text(&buf));
}

static inline struct profile *load_text(const char *text)
{
	struct profile *profile;

	if (load_document(read_text(text), NULL, false, &place, &profile, &err) < 0)
		fail_msg("%s (%s):\n%s", err.what, err.hint, text);
	return profile;
}

static inline const char *print_resolved(const struct profile *profile, bool wants_origin)
{
	AUTO_BUF struct buf buf = BUF_INIT(MAX_TEXT);

	profile_print_resolved(&buf, profile, wants_origin);
	assert_int_equal(buf_error(&buf), 0);
	return arena_strdup(&arena, buf_text(&buf));
}

static inline const char *or_nothing(const char *text)
{
	return text ? text : "(nothing)";
}

/* The same entries, in the order of the schema, as the printer writes them. */
static inline void assert_same_entries(const struct document_profile *a,
				       const struct document_profile *b, const char *text)
{
	size_t n = 0;

	if (a->n_entries != b->n_entries)
		fail_msg("%zu entries became %zu:\n%s", a->n_entries, b->n_entries, text);
	for (enum schema_id key = 0; key < KEY_MAX; key++) {
		for (size_t i = 0; i < a->n_entries; i++) {
			const struct entry *was = &a->entries[i], *is = &b->entries[n];

			if (was->key != key)
				continue;
			if (is->key != key || is->rights != was->rights ||
			    strcmp(or_nothing(is->name), or_nothing(was->name)) != 0 ||
			    strcmp(is->value, was->value) != 0)
				fail_msg("%s %s: '%s' became %s %s: '%s':\n%s",
					 schema_keys[key].path, or_nothing(was->name), was->value,
					 schema_keys[is->key].path, or_nothing(is->name), is->value,
					 text);
			n++;
		}
	}
	assert_int_equal(n, b->n_entries);
}

#endif
