/* SPDX-License-Identifier: MIT */
/*
 * cache_finds.h - a cache made by hand, parsed, and what is to be found in it.
 */
#ifndef CROFT_TESTS_UNIT_CACHE_FINDS_H
#define CROFT_TESTS_UNIT_CACHE_FINDS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "elf/ldcache.h"
#include "make_cache.h"

#define NEW_CACHE(rows_) \
	{ .rows = (rows_), .n_rows = ARRAY_SIZE(rows_), .has_new = true, .align = 8, .endian = -1 }

static const struct ldcache_target x86_64 = { ELFCLASS64, EM_X86_64, 0, 1 };

static inline struct ldcache parse(const struct cache_plan *plan)
{
	struct cache_bytes bytes = make_cache(plan);
	struct ldcache cache;

	assert_non_null(bytes.data);
	assert_int_equal(ldcache_parse(bytes.data, bytes.size, &cache), 0);
	return cache;
}

static inline void assert_finds(const struct ldcache *cache, const char *name,
				const struct ldcache_target *target, const char *expected)
{
	const char *path = ldcache_find(cache, name, target);
	const char *got = path ? path : "(none)", *wanted = expected ? expected : "(none)";

	if (strcmp(got, wanted) != 0)
		fail_msg("'%s': '%s', not '%s'", name, got, wanted);
}

#endif
