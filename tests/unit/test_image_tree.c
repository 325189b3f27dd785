/* SPDX-License-Identifier: MIT */
/*
 * test_image_tree.c - what layers make of names: whiteouts, links, bounds; without any archive.
 *
 * A layer is a text: "d/", "f", "l>target", "h=target", and whiteouts as they are. What is left is
 * printed as a sorted list of names, and a tree of the same rules, written the slow way, has to
 * agree with it for layers that are made at random.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "image/tree.h"

static struct tree tree;
static const char *why;

static int start(void **state)
{
	(void)state;
	return tree_init(&tree);
}

static int stop(void **state)
{
	(void)state;
	tree_done(&tree);
	return 0;
}

static int add(const char *word)
{
	struct tree_entry entry = { .mode = S_IFREG | 0644 };
	char path[PATH_MAX];
	size_t len = strcspn(word, ">=");
	uint32_t inode;

	memcpy(path, word, len);
	path[len] = '\0';
	entry.path = path;
	if (word[len] == '>')
		entry.mode = S_IFLNK | 0777;
	if (word[len])
		entry.link = word + len + 1;
	entry.is_hard_link = word[len] == '=';
	if (len && word[len - 1] == '/')
		entry.mode = S_IFDIR | 0755;
	why = "";
	return tree_add_entry(&tree, &entry, &inode, &why);
}

static void add_layer(unsigned number, const char *words)
{
	char copy[4096], *rest = copy, *word;

	(void)snprintf(copy, sizeof(copy), "%s", words);
	tree_begin_layer(&tree, number);
	while ((word = strsep(&rest, " ")) != NULL) {
		int r = *word ? add(word) : 0;

		if (r != 0)
			fail_msg("'%s': %d, %s", word, r, why);
	}
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

struct list {
	char *names[512];
	size_t n;
};

static void list(uint32_t node, const char *dir, struct list *ret)
{
	for (uint32_t at = tree.nodes[node].child; at != TREE_NONE; at = tree.nodes[at].next) {
		char *path = malloc(PATH_MAX);

		assert_non_null(path);
		assert_true(ret->n < 512);
		(void)snprintf(path, PATH_MAX, "%s/%s", dir, tree_name(&tree, at));
		ret->names[ret->n++] = path;
		assert_int_equal(tree.nodes[at].parent, node);
		assert_int_equal(tree_find_child(&tree, node, tree_name(&tree, at),
						 strlen(tree_name(&tree, at))),
				 at);
		if (S_ISDIR(tree_inode_of(&tree, at)->mode))
			list(at, path, ret);
		else
			assert_int_equal(tree.nodes[at].child, TREE_NONE);
	}
}

static void check(const char *expected)
{
	struct list names = { .n = 0 };
	char text[8192] = "";
	size_t len = 0;

	list(TREE_ROOT, "", &names);
	qsort(names.names, names.n, sizeof(char *), compare);
	for (size_t i = 0; i < names.n; i++) {
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? " " : "",
					names.names[i]);
		free(names.names[i]);
	}
	assert_string_equal(text, expected);
}

static void layers_are_put_over_each_other(void **state)
{
	static const struct {
		const char *layers[3], *names;
	} cases[] = {
		{ { "a/b c", "a/d" }, "/a /a/b /a/d /c" },
		{ { "a/b c", ".wh.a" }, "/c" },
		{ { "a/b c", "a/.wh.b" }, "/a /c" },
		{ { "a/b", "a/.wh.b", "a/b" }, "/a /a/b" },
		{ { "a/b a/c/d", "a/.wh..wh..opq a/e" }, "/a /a/e" },
		{ { "a/b a/c/d", "a/e a/.wh..wh..opq" }, "/a /a/e" },
		{ { "a/b a/c/d", "a/c/e .wh..wh..opq" }, "/a /a/c /a/c/e" },
		{ { "a/b/c/d", "a/b/x a/b/.wh..wh..opq a/.wh..wh..opq" }, "/a /a/b /a/b/x" },
		{ { "a/b", ".wh.a a/c" }, "/a /a/c" },
		{ { "a/b", "a/c .wh.a" }, "/a /a/c" },
		{ { "a", "b/.wh.a/" }, "/a" }, /* a whiteout's directory need not be there */
		{ { "a/b", "a" }, "/a" },
		{ { "a", "a/b" }, "/a /a/b" },
		{ { "a>b b/c", "a/x" }, "/a /a/x /b /b/c" },
		{ { "a>b b/c a/x" }, "/a /b /b/c /b/x" },
		{ { "a>/b/../b b/c a/x" }, "/a /b /b/c /b/x" },
		{ { "d/a>../../../e d/a/x" }, "/d /d/a /e /e/x" },
		{ { "a>b b/c", ".wh.a" }, "/b /b/c" },
		{ { "a b=a", ".wh.a" }, "/b" },
		{ { "./ ./a/ ./a/./b" }, "/a /a/b" },
		{ { "..wh.a .whx" }, "/..wh.a /.whx" },
		{ { ".wh..wh.plnk .wh..wh.x/ .wh..wh.x/a" }, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		tree_done(&tree);
		assert_int_equal(tree_init(&tree), 0);
		for (unsigned n = 0; n < 3 && cases[i].layers[n]; n++)
			add_layer(n + 1, cases[i].layers[n]);
		check(cases[i].names);
	}
}

static void what_no_layer_may_have_is_refused_with_its_reason(void **state)
{
	static const struct {
		const char *before, *word;
		int r;
	} cases[] = {
		{ "", "/a", -EINVAL },        { "", "../a", -EINVAL },
		{ "", "a/..", -EINVAL },      { "", "a/../b", -EINVAL },
		{ "", ">x", -EINVAL },        { "", "a>", -EINVAL },
		{ "", "a=b", -ENOENT },       { "b/", "a=b", -EINVAL },
		{ "b", "a=../b", -EINVAL },   { "b", "b/c", -EINVAL },
		{ "a>b b>a", "a/x", -ELOOP }, { "a>a/a", "a/x", -ELOOP },
		{ "", ".wh.a/b", -EINVAL },   { "d/", "d/.wh.", -EINVAL },
		{ "d/", "d/.wh..", -EINVAL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r;

		tree_done(&tree);
		assert_int_equal(tree_init(&tree), 0);
		add_layer(1, cases[i].before);
		r = add(cases[i].word);
		if (r != cases[i].r || !*why)
			fail_msg("'%s': %d, %s", cases[i].word, r, why);
	}
}

static void a_hard_link_shares_what_it_names_until_that_is_replaced(void **state)
{
	uint32_t a, b;

	(void)state;
	add_layer(1, "a b=a");
	a = tree_find_child(&tree, TREE_ROOT, "a", 1);
	b = tree_find_child(&tree, TREE_ROOT, "b", 1);
	assert_int_equal(tree.nodes[a].inode, tree.nodes[b].inode);
	assert_int_equal(tree_inode_of(&tree, a)->links, 2);
	add_layer(2, "a");
	a = tree_find_child(&tree, TREE_ROOT, "a", 1);
	assert_int_not_equal(tree.nodes[a].inode, tree.nodes[b].inode);
	assert_int_equal(tree_inode_of(&tree, b)->links, 1);
	assert_int_equal(tree_inode_of(&tree, b)->layer, 1);
	add_layer(3, "b=b"); /* itself */
	assert_int_equal(tree_inode_of(&tree, b)->links, 1);
}

static void names_and_entries_have_an_end(void **state)
{
	char name[64];
	unsigned n;
	int r = 0;

	(void)state;
	tree_begin_layer(&tree, 1);
	for (n = 0; r == 0; n++) {
		(void)snprintf(name, sizeof(name), "%u", n);
		r = add(name);
	}
	assert_int_equal(r, -EFBIG);
	assert_int_equal(n, TREE_MAX_NODES);
	assert_non_null(strstr(why, "names"));
	for (r = 0; r == 0; n++)
		r = add("0");
	assert_int_equal(r, -EFBIG);
	assert_int_equal(n, TREE_MAX_ENTRIES + 1);
	assert_non_null(strstr(why, "entries"));
}

static void layers_that_undo_each_other_have_an_end(void **state)
{
	char deep[PATH_MAX] = "";
	int r = 0;

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		memcpy(deep + 2 * i, "a/", 3);
	for (unsigned layer = 1; r == 0; layer++) {
		tree_begin_layer(&tree, layer);
		memcpy(deep + 4000, "x", 2);
		r = add(deep);
		for (int i = 0; r == 0 && i < 100; i++) {
			memcpy(deep + 4000 - 40 * i, ".wh..wh..opq", 13);
			r = add(deep);
			memcpy(deep + 4000 - 40 * i, "a/a/a/a/a/a/a", 13);
		}
	}
	assert_int_equal(r, -EFBIG);
	assert_non_null(strstr(why, "undo"));
}

/* The same rules the slow way: paths with the layer that named them; no links. */
struct slow {
	char path[32];
	unsigned layer;
	bool is_there;
};

static struct slow slow[64];
static size_t n_slow;

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && path[len] == '/';
}

static void slow_add(const char *path, unsigned layer)
{
	for (size_t i = 0; i < n_slow; i++)
		if (strcmp(slow[i].path, path) == 0) {
			slow[i].layer = layer;
			slow[i].is_there = true;
			return;
		}
	(void)snprintf(slow[n_slow].path, sizeof(slow[n_slow].path), "%s", path);
	slow[n_slow].layer = layer;
	slow[n_slow++].is_there = true;
}

/* Files of lower layers at `path` or below go; directories are what has files in it. */
static void slow_remove(const char *path, unsigned layer)
{
	for (size_t i = 0; i < n_slow; i++)
		if (slow[i].layer < layer &&
		    (!*path || is_below(slow[i].path, path) || !strcmp(slow[i].path, path)))
			slow[i].is_there = false;
}

static bool has_file(uint32_t node, const char *path)
{
	while (*path && node != TREE_NONE) {
		size_t len = strcspn(path, "/");

		node = tree_find_child(&tree, node, path, len);
		path += len + (path[len] == '/');
	}
	return node != TREE_NONE && S_ISREG(tree_inode_of(&tree, node)->mode);
}

static void random_layers_agree_with_the_slow_way(void **state)
{
	uint32_t seed = 7;

	(void)state;
	for (int round = 0; round < 2000; round++) {
		tree_done(&tree);
		assert_int_equal(tree_init(&tree), 0);
		n_slow = 0;
		for (unsigned layer = 1; layer <= 4; layer++) {
			tree_begin_layer(&tree, layer);
			for (int i = 0; i < 5; i++) {
				char dir[8], path[32];
				unsigned a, b, c;

				seed = seed * 1664525 + 1013904223;
				a = seed >> 24 & 1;
				b = seed >> 25 & 1;
				c = seed >> 27 & 3;
				(void)snprintf(dir, sizeof(dir), "d%u/e%u", a, b);
				if (c < 2) {
					(void)snprintf(path, sizeof(path), "%s/f%u", dir, c);
					assert_int_equal(add(path), 0);
					slow_add(path, layer);
				} else if (c == 2) {
					(void)snprintf(path, sizeof(path), "d%u/.wh.e%u", a, b);
					assert_int_equal(add(path), 0);
					slow_remove(dir, layer);
				} else {
					(void)snprintf(path, sizeof(path), "d%u/.wh..wh..opq", a);
					assert_int_equal(add(path), 0);
					path[2] = '\0';
					slow_remove(path, layer);
				}
			}
		}
		for (size_t i = 0; i < n_slow; i++)
			if (has_file(TREE_ROOT, slow[i].path) != slow[i].is_there)
				fail_msg("round %d: '%s' should %sbe there", round, slow[i].path,
					 slow[i].is_there ? "" : "not ");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(layers_are_put_over_each_other, start, stop),
		cmocka_unit_test_setup_teardown(what_no_layer_may_have_is_refused_with_its_reason,
						start, stop),
		cmocka_unit_test_setup_teardown(
			a_hard_link_shares_what_it_names_until_that_is_replaced, start, stop),
		cmocka_unit_test_setup_teardown(names_and_entries_have_an_end, start, stop),
		cmocka_unit_test_setup_teardown(layers_that_undo_each_other_have_an_end, start,
						stop),
		cmocka_unit_test_setup_teardown(random_layers_agree_with_the_slow_way, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
