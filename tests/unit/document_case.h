/* SPDX-License-Identifier: MIT */
/*
 * document_case.h - what the tests of profile files share: a file is read from a text that is gone
 * afterwards, its entries are compared as lines, a refusal with all of its words.
 */
#ifndef CROFT_TESTS_UNIT_DOCUMENT_CASE_H
#define CROFT_TESTS_UNIT_DOCUMENT_CASE_H

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
#include "profile/document.h"

#define HEAD "version: 2\nprofiles:\n  p:\n" /* what follows is in line 4 */

static struct arena arena;
static struct document document;
static struct croft_error err;

static inline int before(void **state)
{
	(void)state;
	arena_init(&arena, 16U << 20);
	return 0;
}

static inline int after(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static inline int read_document(const char *text)
{
	char *copy = strdup(text); /* gone afterwards: the document may not point into it */
	int r;

	assert_non_null(copy);
	arena_done(&arena);
	memset(&document, 0, sizeof(document));
	memset(&err, 0, sizeof(err));
	r = document_read("x.yaml", copy, strlen(copy), &arena, &document, &err);
	memset(copy, '?', strlen(copy));
	free(copy);
	return r;
}

/* A profile p with these lines, which are indented here. */
static inline int read_profile(const char *lines)
{
	char text[8192] = HEAD;
	size_t len = strlen(text);

	while (*lines) {
		size_t n = strcspn(lines, "\n");

		assert_true(len + n + 8 < sizeof(text));
		len += (size_t)snprintf(text + len, sizeof(text) - len, "    %.*s\n", (int)n,
					lines);
		lines += n + (lines[n] == '\n');
	}
	return read_document(text);
}

/* "key name=value@line:column rights ..." of each entry, a newline between them. */
static inline void assert_entries(const char *lines, const char *expected)
{
	char got[4096] = "";
	size_t len = 0;

	if (read_profile(lines) != 0)
		fail_msg("%s", err.what);
	assert_int_equal(document.n_profiles, 1);
	for (size_t i = 0; i < document.profiles[0].n_entries; i++) {
		const struct entry *entry = &document.profiles[0].entries[i];

		assert_true(len + 256 < sizeof(got));
		len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%s%s%s=%s@%u:%u",
					i ? "\n" : "", schema_keys[entry->key].path,
					entry->name ? " " : "", entry->name ? entry->name : "",
					entry->value, entry->line, entry->column);
		if (entry->rights)
			len += (size_t)snprintf(got + len, sizeof(got) - len, " %#llx",
						(unsigned long long)entry->rights);
	}
	assert_string_equal(got, expected);
}

struct refusal {
	const char *lines; /* of a profile, from line 4 on, column 5 on */
	const char *what; /* behind "x.yaml:" */
	const char *hint; /* NULL: none */
};

static inline void assert_error(int r, int result, const char *what, const char *hint)
{
	assert_int_equal(r, result);
	assert_memory_equal(err.what, "x.yaml:", 7);
	assert_string_equal(err.what + 7, what);
	assert_string_equal(err.hint, hint ? hint : "");
	assert_int_equal(err.stage, CROFT_STAGE_PROFILE);
	assert_null(document.profiles);
}

static inline void assert_all_refused(const struct refusal *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_error(read_profile(cases[i].lines), -EINVAL, cases[i].what, cases[i].hint);
}

#endif
