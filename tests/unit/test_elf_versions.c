/* SPDX-License-Identifier: MIT */
/* test_elf_versions.c - needed and defined versions, and chains of them without end. */
#include "read_elf.h"

static void notes_and_versions_are_read_in_each_class_and_byte_order(void **state)
{
	(void)state;
	for (int kind = 0; kind < N_KINDS; kind++) {
		struct image image;

		make_library(&image, kind);
		ASSERT_READ(&image);
		assert_true(elf.has_abi_tag);
		assert_int_equal(elf.abi_os, 0);
		assert_int_equal(elf.abi_version[0], 3);
		assert_int_equal(elf.abi_version[1], 2);
		assert_int_equal(elf.abi_version[2], 1);
		assert_int_equal(elf.isa_needed, 5);
		assert_int_equal(elf.n_verneeds, 2);
		assert_string_equal(elf.verneeds[0].file, "libc.so.6");
		assert_string_equal(elf.verneeds[0].version, "GLIBC_2.38");
		assert_false(elf.verneeds[0].is_weak);
		assert_string_equal(elf.verneeds[1].version, "GLIBC_ABI_DT_RELR");
		assert_true(elf.verneeds[1].is_weak);
		assert_true(elf.has_verdefs);
		assert_int_equal(elf.n_verdefs, 1); /* the base name is left out */
		assert_string_equal(elf.verdefs[0], "X_1");
		image_done(&image);
	}
}

static void versions_are_read_only_when_asked_for(void **state)
{
	struct image image;
	AUTO_FD int fd = -1;

	(void)state;
	make_library(&image, 1);
	fd = image_open(&image, image.size);
	assert_int_equal(elf_read(fd, image.size, 0, &arena, &elf, &why), 0);
	assert_int_equal(elf.n_verneeds + elf.n_verdefs, 0);
	assert_true(elf.has_verdefs);
	image_done(&image);
}

/* A library whose needed versions start at IMAGE_SIZE, with room for `size` bytes there. */
static void make_verneeds(struct image *image, size_t size)
{
	image_init_dynamic(image, true, false);
	image_grow(image, IMAGE_SIZE + size);
	add_dynamic(image, DT_VERNEED, IMAGE_BASE + IMAGE_SIZE);
	PUT(image, IMAGE_SIZE, Verneed, vn_version, VER_NEED_CURRENT);
	PUT(image, IMAGE_SIZE, Verneed, vn_aux, 16);
}

static void chains_of_versions_end_at_the_limit(void **state)
{
	struct image image;
	size_t last = IMAGE_SIZE + 16 + 16 * (ELF_MAX_VERSIONS - 1);

	(void)state;
	make_verneeds(&image, 16 * (ELF_MAX_VERSIONS + 2));
	for (size_t at = IMAGE_SIZE + 16; at < last; at += 16)
		PUT(&image, at, Vernaux, vna_next, 16);
	ASSERT_READ(&image);
	assert_int_equal(elf.n_verneeds, ELF_MAX_VERSIONS);
	PUT(&image, last, Vernaux, vna_next, 16);
	ASSERT_REFUSED(&image, -EFBIG, "it needs more than 16384 symbol versions");
	image_done(&image);
}

static void files_that_share_a_chain_are_counted_each_time(void **state)
{
	struct image image;
	size_t n = 4096;

	(void)state;
	/* n Verneeds, all with the one chain of 8 behind them. */
	make_verneeds(&image, 16 * (n + 9));
	for (size_t i = 0; i < n; i++) {
		size_t at = IMAGE_SIZE + 16 * i;

		PUT(&image, at, Verneed, vn_version, VER_NEED_CURRENT);
		PUT(&image, at, Verneed, vn_aux, 16 * (n - i));
		PUT(&image, at, Verneed, vn_next, i == 100 ? 0 : 16);
	}
	for (size_t i = 0; i < 7; i++)
		PUT(&image, IMAGE_SIZE + 16 * (n + i), Vernaux, vna_next, 16);
	ASSERT_READ(&image);
	assert_int_equal(elf.n_verneeds, 101 * 8);
	PUT(&image, IMAGE_SIZE + 1600, Verneed, vn_next, 16);
	ASSERT_REFUSED(&image, -EFBIG, "it needs more than 16384 symbol versions");
	image_done(&image);
}

static void needed_versions_must_lie_in_a_segment(void **state)
{
	static const char outside[] = "its symbol versions lie outside of its segments";
	struct image image;

	(void)state;
	make_verneeds(&image, 48);
	ASSERT_READ(&image);
	PUT(&image, IMAGE_SIZE, Verneed, vn_next, 33);
	ASSERT_REFUSED(&image, -EBADMSG, outside);
	PUT(&image, IMAGE_SIZE, Verneed, vn_next, UINT32_MAX);
	ASSERT_REFUSED(&image, -EBADMSG, outside);
	PUT(&image, IMAGE_SIZE, Verneed, vn_next, 0);
	PUT(&image, IMAGE_SIZE, Verneed, vn_aux, 33);
	ASSERT_REFUSED(&image, -EBADMSG, outside);
	PUT(&image, IMAGE_SIZE, Verneed, vn_aux, 32);
	PUT(&image, IMAGE_SIZE + 32, Vernaux, vna_next, 1);
	ASSERT_REFUSED(&image, -EBADMSG, outside);
	PUT(&image, IMAGE_SIZE + 32, Vernaux, vna_next, 0);
	ASSERT_READ(&image);
	PUT(&image, IMAGE_SIZE, Verneed, vn_version, 2);
	ASSERT_REFUSED(&image, -EBADMSG, "its needed versions have an unknown format");
	put_dynamic(&image, 2, DT_VERNEED, 0);
	ASSERT_REFUSED(&image, -EBADMSG, outside);
	image_done(&image);
}

static void defined_versions_end_at_the_limit_and_in_their_segment(void **state)
{
	static const char outside[] = "its symbol versions lie outside of its segments";
	struct image image;
	size_t last = IMAGE_SIZE + 20 * (ELF_MAX_VERSIONS - 1);

	(void)state;
	image_init_dynamic(&image, true, false);
	image_grow(&image, IMAGE_SIZE + 20 * (ELF_MAX_VERSIONS + 2));
	add_dynamic(&image, DT_VERDEF, IMAGE_BASE + IMAGE_SIZE);
	for (size_t at = IMAGE_SIZE; at <= last + 20; at += 20) {
		PUT(&image, at, Verdef, vd_version, VER_DEF_CURRENT);
		PUT(&image, at, Verdef, vd_flags, VER_FLG_BASE);
		PUT(&image, at, Verdef, vd_next, at == last ? 0 : 20);
	}
	ASSERT_READ(&image);
	assert_int_equal(elf.n_verdefs, 0);
	PUT(&image, last, Verdef, vd_next, 20);
	ASSERT_REFUSED(&image, -EFBIG, "it defines more than 16384 symbol versions");
	PUT(&image, IMAGE_SIZE, Verdef, vd_next, UINT32_MAX);
	ASSERT_REFUSED(&image, -EBADMSG, outside);
	PUT(&image, IMAGE_SIZE, Verdef, vd_next, 0);
	PUT(&image, IMAGE_SIZE, Verdef, vd_flags, 0);
	PUT(&image, IMAGE_SIZE, Verdef, vd_aux, UINT32_MAX);
	ASSERT_REFUSED(&image, -EBADMSG, outside);
	PUT(&image, IMAGE_SIZE, Verdef, vd_aux, 40);
	PUT(&image, IMAGE_SIZE + 40, Verdaux, vda_name, 0);
	ASSERT_READ(&image);
	assert_int_equal(elf.n_verdefs, 1);
	PUT(&image, IMAGE_SIZE, Verdef, vd_version, 0);
	ASSERT_REFUSED(&image, -EBADMSG, "its defined versions have an unknown format");
	image_done(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(notes_and_versions_are_read_in_each_class_and_byte_order),
		TEST(versions_are_read_only_when_asked_for),
		TEST(chains_of_versions_end_at_the_limit),
		TEST(files_that_share_a_chain_are_counted_each_time),
		TEST(needed_versions_must_lie_in_a_segment),
		TEST(defined_versions_end_at_the_limit_and_in_their_segment),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
