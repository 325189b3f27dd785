/* SPDX-License-Identifier: MIT */
/*
 * test_ldcache.c - ld.so.cache is read as the loaders of glibc read it: in each format and byte
 * order the entry that a loader takes is found, or none.
 */
#include "cache_finds.h"

/* Formats */

static void every_format_gives_the_same(void **state)
{
	static const struct cache_row rows[] = {
		{ 0x0303, "libz.so.1", "/lib/libz.so.1", 0 },
		{ 0x0303, "libc.so.6", "/lib/libc.so.6", 0 },
		{ 0x0003, "libc.so.6", "/lib32/libc.so.6", 0 },
	};
	const struct ldcache_target i386 = { ELFCLASS32, EM_386, 0, 0 };

	(void)state;
	for (unsigned bits = 0; bits < 32; bits++) {
		struct cache_plan plan = NEW_CACHE(rows);
		struct ldcache cache;

		plan.has_old = bits & 1;
		plan.has_new = bits & 2;
		plan.is_swapped = bits & 4;
		plan.align = bits & 8 ? 4 : 8;
		plan.endian = bits & 16 ? 0 : -1; /* before 2.33 the byte is zero */
		if (!plan.has_old && !plan.has_new)
			continue;
		cache = parse(&plan);
		assert_int_equal(cache.is_swapped, plan.is_swapped);
		assert_int_equal(cache.n_entries, plan.has_new ? 3 : 0);
		assert_true(cache.is_sorted);
		assert_finds(&cache, "libz.so.1", &x86_64, "/lib/libz.so.1");
		assert_finds(&cache, "libc.so.6", &x86_64, "/lib/libc.so.6");
		assert_finds(&cache, "libc.so.6", &i386, "/lib32/libc.so.6");
		assert_finds(&cache, "libz.so.1", &i386, NULL);
		assert_finds(&cache, "libc.so", &x86_64, NULL);
		assert_finds(&cache, "", &x86_64, NULL);
		ldcache_done(&cache);
		assert_null(cache.data);
	}
}

static void an_empty_cache_finds_nothing(void **state)
{
	for (int i = 1; i < 4; i++) {
		const struct cache_plan plan = {
			.has_old = i & 1, .has_new = i & 2, .align = 8, .endian = -1
		};
		struct ldcache cache = parse(&plan);

		(void)state;
		assert_finds(&cache, "libc.so.6", &x86_64, NULL);
		ldcache_done(&cache);
	}
}

static void an_entry_of_the_new_format_hides_the_old_format(void **state)
{
	static const struct cache_row rows[] = { { 0x0303, "liba.so", "/lib/liba.so", 0 } };
	struct cache_plan plan = NEW_CACHE(rows);
	struct cache_bytes bytes;
	struct ldcache cache;

	(void)state;
	plan.has_old = true;
	bytes = make_cache(&plan);
	/* the old entry is for nobody now: its flags are at the start of it */
	memset(bytes.data + 16, 0, 4);
	assert_int_equal(ldcache_parse(bytes.data, bytes.size, &cache), 0);
	assert_finds(&cache, "liba.so", &x86_64, "/lib/liba.so");
	ldcache_done(&cache);
}

/* Order */

static void numbers_in_names_are_compared_as_numbers(void **state)
{
	/* greatest first, as ldconfig sorts: digits are above letters, 10 is above 9 */
	static const struct cache_row rows[] = {
		{ 0x0303, "lib10.so", "/10", 0 },
		{ 0x0303, "lib9.so", "/9", 0 },
		{ 0x0303, "libx.so.10.2", "/x10.2", 0 },
		{ 0x0303, "libx.so.9", "/x9", 0 },
		{ 0x0303, "libx.so.20220623", "/never", 0 },
		{ 0x0303, "libx.so", "/x", 0 },
		{ 0x0303, "liba.so.99999999999999999999", "/big", 0 },
		{ 0x0303, "liba.so", "/a", 0 },
		{ 0x0303, "libX.so", "/X", 0 },
	};
	static const struct cache_row right[] = {
		{ 0x0303, "lib10.so", "/10", 0 },
		{ 0x0303, "lib9.so", "/9", 0 },
		{ 0x0303, "libx.so.20220623", "/x2022", 0 },
		{ 0x0303, "libx.so.10.2", "/x10.2", 0 },
		{ 0x0303, "libx.so.9", "/x9", 0 },
		{ 0x0303, "libx.so", "/x", 0 },
		{ 0x0303, "liba.so", "/a", 0 },
		{ 0x0303, "libX.so", "/X", 0 },
	};
	const struct cache_plan sorted = NEW_CACHE(right), unsorted = NEW_CACHE(rows);
	struct ldcache cache = parse(&sorted);

	(void)state;
	assert_true(cache.is_sorted);
	for (size_t i = 0; i < ARRAY_SIZE(right); i++)
		assert_finds(&cache, right[i].name, &x86_64, right[i].path);
	/* to a loader these are one name */
	assert_finds(&cache, "libx.so.09", &x86_64, "/x9");
	assert_finds(&cache, "libx.so.1", &x86_64, NULL);
	/* and these are not, though they are to one that counts in 32 bits */
	assert_finds(&cache, "libx.so.4294967305", &x86_64, NULL);
	ldcache_done(&cache);
	cache = parse(&unsorted);
	assert_false(cache.is_sorted);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_finds(&cache, rows[i].name, &x86_64, rows[i].path);
	ldcache_done(&cache);
}

static void of_equal_entries_the_first_is_taken(void **state)
{
	static const struct cache_row rows[] = {
		{ 0x0303, "libz.so", "/z", 0 }, { 0x0803, "libm.so", "/x32", 0 },
		{ 0x0303, "libm.so", "/1", 0 }, { 0x0303, "libm.so", "/2", 0 },
		{ 0x0303, "libm.so", "/3", 0 }, { 0x0003, "libm.so", "/i386", 0 },
		{ 0x0303, "liba.so", "/a", 0 },
	};
	const struct cache_plan plan = NEW_CACHE(rows);
	struct ldcache cache = parse(&plan);

	(void)state;
	assert_finds(&cache, "libm.so", &x86_64, "/1");
	ldcache_done(&cache);
}

/* Machines */

static void an_entry_is_for_its_kind_of_machine_only(void **state)
{
	static const struct {
		struct ldcache_target target;
		uint32_t flags;
	} kinds[] = {
		{ { ELFCLASS32, EM_386, 0, 0 }, 0x0003 },
		{ { ELFCLASS64, EM_SPARCV9, 0, 0 }, 0x0103 },
		{ { ELFCLASS64, EM_IA_64, 0, 0 }, 0x0203 },
		{ { ELFCLASS64, EM_X86_64, 0, 4 }, 0x0303 },
		{ { ELFCLASS64, EM_S390, 0, 0 }, 0x0403 },
		{ { ELFCLASS64, EM_PPC64, 1, 0 }, 0x0503 },
		{ { ELFCLASS32, EM_MIPS, 0x20, 0 }, 0x0603 },
		{ { ELFCLASS64, EM_MIPS, 0, 0 }, 0x0703 },
		{ { ELFCLASS32, EM_X86_64, 0, 4 }, 0x0803 },
		{ { ELFCLASS32, EM_ARM, 0x5000400, 0 }, 0x0903 },
		{ { ELFCLASS64, EM_AARCH64, 0, 0 }, 0x0a03 },
		{ { ELFCLASS32, EM_ARM, 0x5000200, 0 }, 0x0b03 },
		{ { ELFCLASS32, EM_MIPS, 0x400, 0 }, 0x0c03 },
		{ { ELFCLASS32, EM_MIPS, 0x420, 0 }, 0x0d03 },
		{ { ELFCLASS64, EM_MIPS, 0x400, 0 }, 0x0e03 },
		{ { ELFCLASS64, EM_RISCV, 1, 0 }, 0x0f03 },
		{ { ELFCLASS64, EM_RISCV, 5, 0 }, 0x1003 },
		{ { ELFCLASS64, 258, 0x41, 0 }, 0x1103 },
		{ { ELFCLASS64, 258, 0x43, 0 }, 0x1203 },
	};
	struct cache_row rows[ARRAY_SIZE(kinds)];
	char paths[ARRAY_SIZE(kinds)][16];
	const struct cache_plan plan = NEW_CACHE(rows);
	struct ldcache cache;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		(void)snprintf(paths[i], sizeof(paths[i]), "/%04x", kinds[i].flags);
		/* greatest flags first */
		rows[ARRAY_SIZE(kinds) - 1 - i] =
			(struct cache_row){ kinds[i].flags, "libc.so.6", paths[i], 0 };
	}
	cache = parse(&plan);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		assert_finds(&cache, "libc.so.6", &kinds[i].target, paths[i]);
	ldcache_done(&cache);
}

static void libraries_that_do_not_say_their_kind_suit_some(void **state)
{
	static const struct cache_row rows[] = {
		{ 0x0003, "libold.so", "/unmarked", 0 },
		{ 0x0001, "libelf.so", "/elf", 0 },
	};
	const struct cache_plan plan = NEW_CACHE(rows);
	const struct ldcache_target i386 = { ELFCLASS32, EM_386, 0, 0 };
	const struct ldcache_target hard = { ELFCLASS32, EM_ARM, 0x5000400, 0 };
	struct ldcache cache = parse(&plan);

	(void)state;
	assert_finds(&cache, "libold.so", &hard, "/unmarked");
	assert_finds(&cache, "libold.so", &i386, "/unmarked");
	assert_finds(&cache, "libold.so", &x86_64, NULL);
	assert_finds(&cache, "libelf.so", &i386, "/elf");
	assert_finds(&cache, "libelf.so", &hard, NULL);
	assert_finds(&cache, "libelf.so", &x86_64, NULL);
	ldcache_done(&cache);
}

/* Hardware capabilities */

static void the_best_directory_that_the_cpu_can_run_is_taken(void **state)
{
	static const char *const names[] = { "bogus",     "x86-64-v1",  "x86-64-v2",
					     "x86-64-v3", "x86-64-v31", "x86-64-v4" };
	static const struct cache_row rows[] = {
		{ 0x0303, "liba.so", "/bogus", HWCAP_DIR(0) },
		{ 0x0303, "liba.so", "/v1", HWCAP_DIR(1) },
		{ 0x0303, "liba.so", "/out of the array", HWCAP_DIR(6) },
		{ 0x0303, "liba.so", "/v2 needs v4", HWCAP_DIR(2) | HWCAP_NEEDS(4) },
		{ 0x0303, "liba.so", "/v2", HWCAP_DIR(2) | HWCAP_NEEDS(2) },
		{ 0x0303, "liba.so", "/v31", HWCAP_DIR(4) },
		{ 0x0303, "liba.so", "/v3", HWCAP_DIR(3) },
		{ 0x0303, "liba.so", "/v3 again", HWCAP_DIR(3) },
		{ 0x0303, "liba.so", "/v4", HWCAP_DIR(5) | HWCAP_NEEDS(4) },
		{ 0x0303, "liba.so", "/tls", 1ULL << 63 },
		{ 0x0303, "liba.so", "/plain", 0 },
	};
	static const char *const expected[] = { "/tls", "/tls", "/v2", "/v3", "/v4", "/v4" };

	(void)state;
	for (unsigned bits = 0; bits < 4; bits++) {
		struct cache_plan plan = NEW_CACHE(rows);
		struct ldcache cache;

		plan.hwcaps = names;
		plan.n_hwcaps = ARRAY_SIZE(names);
		plan.is_swapped = bits & 1;
		plan.has_old = bits & 2;
		cache = parse(&plan);
		assert_int_equal(cache.n_hwcaps, ARRAY_SIZE(names));
		for (unsigned level = 0; level < ARRAY_SIZE(expected); level++) {
			const struct ldcache_target target = { ELFCLASS64, EM_X86_64, 0, level };

			assert_finds(&cache, "liba.so", &target, expected[level]);
		}
		ldcache_done(&cache);
	}
}

static void entries_of_the_old_scheme_are_left_out_but_tls(void **state)
{
	static const struct cache_row rows[] = {
		{ 0x0303, "libb.so", "/tls", 1ULL << 63 },
		{ 0x0303, "libb.so", "/plain", 0 },
		{ 0x0303, "liba.so", "/tls and haswell", 1ULL << 63 | 1ULL << 50 },
		{ 0x0303, "liba.so", "/haswell", 1ULL << 50 },
		{ 0x0303, "liba.so", "/sse2", 1 },
		{ 0x0303, "liba.so", "/plain", 0 },
	};
	const struct cache_plan plan = NEW_CACHE(rows);
	struct ldcache cache = parse(&plan);

	(void)state;
	assert_finds(&cache, "libb.so", &x86_64, "/tls");
	assert_finds(&cache, "liba.so", &x86_64, "/plain");
	ldcache_done(&cache);
}

static void a_broken_extension_hides_its_directories_only(void **state)
{
	static const char *const names[] = { "x86-64-v2" };
	static const struct cache_row rows[] = {
		{ 0x0303, "liba.so", "/v2", HWCAP_DIR(0) },
		{ 0x0303, "liba.so", "/plain", 0 },
	};
	const struct ldcache_target v4 = { ELFCLASS64, EM_X86_64, 0, 4 };
	struct cache_plan plan = NEW_CACHE(rows);
	struct ldcache cache;
	struct cache_bytes bytes;
	uint32_t extension;

	(void)state;
	plan.hwcaps = names;
	plan.n_hwcaps = 1;
	bytes = make_cache(&plan);
	memcpy(&extension, bytes.data + 32, 4);
	free(bytes.data);
	for (int broken = 0; broken < 10; broken++) {
		static const struct {
			size_t at; /* in the extension; 0 with is_header: where it is */
			bool is_header;
			uint32_t value;
		} breaks[] = {
			{ 0, true, 0 },
			{ 0, true, 1 },
			{ 0, true, 0xfffffffc },
			{ 0, false, 1 }, /* the magic */
			{ 4, false, 0 },
			{ 4, false, 1 }, /* how many sections */
			{ 32, false, 2 },
			{ 32, false, 0xfffffffc }, /* where the names are */
			{ 36, false, 3 },
			{ 36, false, 0xfffffffc }, /* how many bytes */
		};
		size_t at = breaks[broken].is_header ? 32 : extension + breaks[broken].at;

		bytes = make_cache(&plan);
		memcpy(bytes.data + at, &breaks[broken].value, 4);
		assert_int_equal(ldcache_parse(bytes.data, bytes.size, &cache), 0);
		assert_finds(&cache, "liba.so", &v4, "/plain");
		ldcache_done(&cache);
	}
	cache = parse(&plan);
	assert_finds(&cache, "liba.so", &v4, "/v2");
	ldcache_done(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_gives_the_same),
		cmocka_unit_test(an_empty_cache_finds_nothing),
		cmocka_unit_test(an_entry_of_the_new_format_hides_the_old_format),
		cmocka_unit_test(numbers_in_names_are_compared_as_numbers),
		cmocka_unit_test(of_equal_entries_the_first_is_taken),
		cmocka_unit_test(an_entry_is_for_its_kind_of_machine_only),
		cmocka_unit_test(libraries_that_do_not_say_their_kind_suit_some),
		cmocka_unit_test(the_best_directory_that_the_cpu_can_run_is_taken),
		cmocka_unit_test(entries_of_the_old_scheme_are_left_out_but_tls),
		cmocka_unit_test(a_broken_extension_hides_its_directories_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
