/* SPDX-License-Identifier: MIT */
/*
 * yaml_case.h - what the tests of the YAML reader share: bytes are read from memory that ends where
 * they end, trees are compared as one line of text, a refusal with all of its words.
 */
#ifndef CROFT_TESTS_UNIT_YAML_CASE_H
#define CROFT_TESTS_UNIT_YAML_CASE_H

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
#include "profile/yaml.h"

static struct arena arena;
static struct yaml_node *root;
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

static inline int read_bytes(const char *data, size_t len)
{
	char *exact = malloc(len ? len : 1); /* a sanitizer sees a read behind the end */
	int r;

	assert_non_null(exact);
	if (len)
		memcpy(exact, data, len);
	arena_done(&arena);
	root = NULL;
	memset(&err, 0, sizeof(err));
	r = yaml_read("x.yaml", exact, len, &arena, &root, &err);
	free(exact);
	return r;
}

static inline int read_text(const char *text)
{
	return read_bytes(text, strlen(text));
}

static inline void assert_refused(const char *text, size_t len, int result, const char *what)
{
	assert_int_equal(read_bytes(text, len), result);
	assert_string_equal(err.what, what);
	assert_int_equal(err.stage, CROFT_STAGE_PROFILE);
	assert_int_equal(err.errnum, 0);
	assert_null(root);
}

/* {key: 'text', ...} [item, ...]; a plain scalar bare, another one between quotes. */
static inline void write_node(char *out, size_t size, const struct yaml_node *node)
{
	size_t len;

	assert_true(strlen(out) + 64 < size);
	len = strlen(out);
	if (node->key)
		len += (size_t)snprintf(out + len, size - len, "%s: ", node->key);
	if (node->kind == YAML_SCALAR) {
		const char *quote = node->is_plain ? "" : "'";

		(void)snprintf(out + len, size - len, "%s%s%s", quote, node->text, quote);
		return;
	}
	(void)snprintf(out + len, size - len, "%s", node->kind == YAML_MAPPING ? "{" : "[");
	for (const struct yaml_node *child = node->child; child; child = child->next) {
		write_node(out, size, child);
		if (child->next)
			(void)strncat(out, ", ", size - strlen(out) - 1);
	}
	(void)strncat(out, node->kind == YAML_MAPPING ? "}" : "]", size - strlen(out) - 1);
}

static inline void assert_reads(const char *text, const char *expected)
{
	char got[4096] = "";

	if (read_text(text) != 0)
		fail_msg("%s", err.what);
	write_node(got, sizeof(got), root);
	assert_string_equal(got, expected);
}

struct refusal {
	const char *text;
	const char *what;
};

static inline void assert_all_refused(const struct refusal *cases, size_t n)
{
	for (size_t i = 0; i < n; i++)
		assert_refused(cases[i].text, strlen(cases[i].text), -EINVAL, cases[i].what);
}

#endif
