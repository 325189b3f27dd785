/* SPDX-License-Identifier: MIT */
/*
 * mounts_run.h - the tree that the tests of mounts stand on, and a main for a list of cases:
 * RUN_CASES after #define CASES(X), each run in its own process, in every way.
 */
#ifndef CROFT_TESTS_UNIT_MOUNTS_RUN_H
#define CROFT_TESTS_UNIT_MOUNTS_RUN_H

#include "mounts_ground.h"

/* work/{own,sub/deep,hooks/one,secret,hidden/inside}, beside/own, tools/run */
static inline int make_world(void **state)
{
	if (ground_open(state) < 0)
		return -1;
	make_dir("work");
	make_file("work/own", "own", 0600);
	make_dir("work/sub");
	make_file("work/sub/deep", "deep", 0600);
	make_dir("work/hooks");
	make_file("work/hooks/one", "one", 0600);
	make_file("work/secret", "secret", 0600);
	make_dir("work/hidden");
	make_file("work/hidden/inside", "inside", 0600);
	make_dir("beside");
	make_file("beside/own", "own", 0600);
	make_dir("tools");
	make_file("tools/run", "#!/bin/true\n", 0755);
	return 0;
}

static inline int tries_namespaces(void *data)
{
	(void)data;
	EXPECT(enter_namespaces(0));
	return 0;
}

/* Not in a container that refuses them. */
static inline void need_namespaces(void)
{
	if (in_child(tries_namespaces, NULL) != 0)
		skip();
}

static inline void run_every_way(int (*fn)(void *))
{
	need_namespaces();
	for (int way = 0; way < WAY_MAX; way++) {
		enum way given = (enum way)way;
		int line = in_child(fn, &given);

		if (line)
			fail_msg("%s: line %d", way_names[way], line);
	}
}

#define RUN_CASE(name)                      \
	static void do_##name(void **state) \
	{                                   \
		(void)state;                \
		run_every_way(name);        \
	}
#define LIST_CASE(name) { #name, do_##name, NULL, NULL, NULL },

#define RUN_CASES                                                               \
	CASES(RUN_CASE)                                                         \
	int main(void)                                                          \
	{                                                                       \
		const struct CMUnitTest tests[] = { CASES(LIST_CASE) };         \
                                                                                \
		return cmocka_run_group_tests(tests, make_world, ground_close); \
	}

#endif
