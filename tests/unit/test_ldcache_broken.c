/* SPDX-License-Identifier: MIT */
/*
 * test_ldcache_broken.c - a cache that is cut, corrupt or hostile is refused, or the entries that
 * are wrong in it are not seen; nothing is read that is not in the file.
 */
#include "cache_finds.h"

/* Broken files */

static void a_file_cut_anywhere_is_refused_or_finds_less(void **state)
{
	static const char *const names[] = { "x86-64-v2" };
	static const struct cache_row rows[] = {
		{ 0x0303, "libb.so", "/b", 0 },
		{ 0x0303, "liba.so", "/v2", HWCAP_DIR(0) },
		{ 0x0303, "liba.so", "/plain", 0 },
	};
	const struct ldcache_target v4 = { ELFCLASS64, EM_X86_64, 0, 4 };

	(void)state;
	for (int bits = 1; bits < 8; bits++) {
		struct cache_plan plan = NEW_CACHE(rows);
		size_t size = 1;

		plan.has_old = bits & 1;
		plan.has_new = bits & 2;
		plan.is_swapped = bits & 4;
		plan.hwcaps = names;
		plan.n_hwcaps = 1;
		for (size_t cut = 0; cut < size && (plan.has_old || plan.has_new); cut++) {
			struct cache_bytes bytes = make_cache(&plan);
			char *data = malloc(cut ? cut : 1); /* so that a read behind it is seen */
			struct ldcache cache;
			const char *path;
			int r;

			size = bytes.size;
			assert_non_null(data);
			memcpy(data, bytes.data, cut);
			free(bytes.data);
			r = ldcache_parse(data, cut, &cache);
			assert_true(r == 0 || r == -EBADMSG);
			if (r < 0) {
				free(data);
				continue;
			}
			path = ldcache_find(&cache, "liba.so", &v4);
			assert_true(!path || !strcmp(path, "/plain") || !strcmp(path, "/v2"));
			path = ldcache_find(&cache, "libb.so", &v4);
			assert_true(!path || !strcmp(path, "/b"));
			ldcache_done(&cache);
		}
	}
}

static void what_is_no_cache_is_refused(void **state)
{
	static const struct cache_row rows[] = { { 0x0303, "liba.so", "/a", 0 } };
	static const struct {
		bool is_old;
		size_t at;
		unsigned char value;
	} breaks[] = {
		{ false, 0, 'G' },  { false, 19, '2' }, /* magic and version */
		{ false, 22, 1 }, /* 65537 entries in any order of bytes */
		{ false, 28, 1 }, /* an order that is none */
		{ true, 0, 'L' },   { true, 13, 1 },
	};
	struct ldcache cache = { .size = 7 };
	char *data = malloc(4096);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(breaks); i++) {
		struct cache_plan plan = NEW_CACHE(rows);
		struct cache_bytes bytes;

		plan.has_old = breaks[i].is_old;
		plan.has_new = !breaks[i].is_old;
		bytes = make_cache(&plan);
		bytes.data[breaks[i].at] = (char)breaks[i].value;
		if (ldcache_parse(bytes.data, bytes.size, &cache) != -EBADMSG)
			fail_msg("break %zu is not seen", i);
		free(bytes.data);
	}
	assert_non_null(data);
	memset(data, 0, 4096);
	assert_int_equal(ldcache_parse(data, 4096, &cache), -EBADMSG);
	assert_int_equal(ldcache_parse(data, 0, &cache), -EBADMSG);
	free(data);
	assert_int_equal(cache.size, 7);
}

static void the_headers_of_both_formats_must_agree_on_the_order(void **state)
{
	static const struct cache_row rows[] = { { 0x0303, "liba.so", "/a", 0 } };
	struct cache_plan plan = NEW_CACHE(rows);
	struct ldcache cache;

	(void)state;
	plan.has_old = true;
	for (int order = 1; order < 4; order++) {
		struct cache_bytes bytes;
		int own = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 2 : 3;

		plan.endian = order;
		bytes = make_cache(&plan);
		assert_int_equal(ldcache_parse(bytes.data, bytes.size, &cache),
				 order == own ? 0 : -EBADMSG);
		free(bytes.data);
	}
}

static void an_entry_that_points_out_of_the_file_is_not_seen(void **state)
{
	static const struct cache_row rows[] = {
		{ 0x0303, "libc.so", "/c", 0 },
		{ 0x0303, "libb.so", "/b", 0 },
		{ 0x0303, "liba.so", "/a", 0 },
	};
	static const uint32_t offsets[] = { 0xffffffff, 0x80000000, 0, 0 };

	(void)state;
	for (size_t field = 4; field <= 8; field += 4) {
		for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
			const struct cache_plan plan = NEW_CACHE(rows);
			struct cache_bytes bytes = make_cache(&plan);
			uint32_t offset = offsets[i] ? offsets[i] : (uint32_t)(bytes.size - i % 2);
			struct ldcache cache;

			/* the last text ends with the file: cut its NUL off for the last offset */
			memcpy(bytes.data + 48 + 24 + field, &offset, 4);
			assert_int_equal(ldcache_parse(bytes.data, bytes.size, &cache), 0);
			if (offset != bytes.size - 1)
				assert_finds(&cache, "libb.so", &x86_64, NULL);
			assert_finds(&cache, "liba.so", &x86_64, "/a");
			assert_finds(&cache, "libc.so", &x86_64, "/c");
			ldcache_done(&cache);
		}
	}
}

static void a_text_without_an_end_is_not_seen(void **state)
{
	static const struct cache_row rows[] = {
		{ 0x0303, "libb.so", "/b", 0 },
		{ 0x0303, "liba.so", "/a", 0 },
	};
	const struct cache_plan plan = NEW_CACHE(rows);
	struct cache_bytes bytes = make_cache(&plan);
	struct ldcache cache;

	(void)state;
	assert_int_equal(ldcache_parse(bytes.data, bytes.size - 1, &cache), 0);
	assert_finds(&cache, "liba.so", &x86_64, NULL);
	assert_finds(&cache, "libb.so", &x86_64, "/b");
	ldcache_done(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_cut_anywhere_is_refused_or_finds_less),
		cmocka_unit_test(what_is_no_cache_is_refused),
		cmocka_unit_test(the_headers_of_both_formats_must_agree_on_the_order),
		cmocka_unit_test(an_entry_that_points_out_of_the_file_is_not_seen),
		cmocka_unit_test(a_text_without_an_end_is_not_seen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
