/* SPDX-License-Identifier: MIT */
/* test_elf_notes.c - the ABI tag and the level of x86-64, and notes that are none. */
#include "read_elf.h"

static void only_notes_that_are_as_they_should_be_are_looked_at(void **state)
{
	static const uint32_t abi[] = { 0, 2, 6, 32, 0 };
	static const uint32_t property[] = { 0xc0008002, 4, 2, 0 };
	struct image image;
	unsigned index;
	size_t at;

	(void)state;
	image_init(&image, true, false);
	at = image.free;
	add_note(&image, "XYZ", 1, abi, 4); /* somebody else's */
	add_note(&image, "GNU", 1, abi, 5); /* too long */
	add_note(&image, "GNU", 3, abi, 4); /* a build ID */
	add_note(&image, "GNU", 5, property, 4);
	index = add_phdr(&image, PT_NOTE, at, image.free - at);
	ASSERT_READ(&image);
	assert_false(elf.has_abi_tag);
	assert_int_equal(elf.isa_needed, 0); /* aligned to 4 in a 64-bit file: glibc skips it */
	PUT(&image, phdr_at(&image, index), Phdr, p_align, 8);
	ASSERT_READ(&image);
	assert_int_equal(elf.isa_needed, 2);
	PUT(&image, 0, Ehdr, e_machine, EM_AARCH64); /* there the number means nothing */
	ASSERT_READ(&image);
	assert_int_equal(elf.isa_needed, 0);
	image_done(&image);
}

static void notes_with_wrong_sizes_end_the_walk_and_nothing_else(void **state)
{
	static const uint32_t abi[] = { 0, 2, 6, 32 };
	static const uint32_t huge[] = { 0, 4, 0xffffffff, 0xfffffff0 };
	struct image image;
	size_t at;

	(void)state;
	image_init(&image, true, false);
	at = add_note(&image, "GNU", 1, abi, 4);
	add_phdr(&image, PT_NOTE, at, image.free - at);
	for (size_t i = 0; i < sizeof(huge) / sizeof(huge[0]); i++) {
		for (size_t word = 0; word < 2; word++) {
			uint32_t old = word == 0 ? 4 : 16;

			put(&image, at + 4 * word, huge[i] == old ? 5 : huge[i], 4);
			ASSERT_READ(&image);
			assert_false(elf.has_abi_tag);
			put(&image, at + 4 * word, old, 4);
		}
	}
	ASSERT_READ(&image);
	assert_true(elf.has_abi_tag);
	image_done(&image);
}

static void a_property_that_ends_behind_its_note_is_not_read(void **state)
{
	static const uint32_t properties[] = { 1, 0xfffffff9, 0, 0, 0xc0008002, 4, 2, 0 };
	struct image image;
	unsigned index;
	size_t at;

	(void)state;
	image_init(&image, true, false);
	at = add_note(&image, "GNU", 5, properties, 8);
	index = add_phdr(&image, PT_NOTE, at, image.free - at);
	PUT(&image, phdr_at(&image, index), Phdr, p_align, 8);
	ASSERT_READ(&image);
	assert_int_equal(elf.isa_needed, 0);
	put(&image, at + 20, 8, 4);
	ASSERT_READ(&image);
	assert_int_equal(elf.isa_needed, 2);
	/* The level's type is the note's last word: what follows is something else. */
	put(&image, at + 4, 20, 4);
	ASSERT_READ(&image);
	assert_int_equal(elf.isa_needed, 0);
	image_done(&image);
}

static void notes_outside_of_the_file_are_none(void **state)
{
	static const uint32_t abi[] = { 0, 2, 6, 32 };
	static const uint64_t sizes[] = { 0x2000, ELF_MAX_NOTES + 1, UINT64_MAX };
	struct image image;
	size_t at, phdr;

	(void)state;
	image_init(&image, true, false);
	at = add_note(&image, "GNU", 1, abi, 4);
	phdr = phdr_at(&image, add_phdr(&image, PT_NOTE, at, 32));
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		PUT(&image, phdr, Phdr, p_filesz, sizes[i]);
		PUT(&image, phdr, Phdr, p_offset, at); /* some lie inside */
		ASSERT_READ(&image);
		assert_true(elf.has_abi_tag);
		PUT(&image, phdr, Phdr, p_offset, UINT64_MAX);
		ASSERT_READ(&image);
		assert_false(elf.has_abi_tag);
		PUT(&image, phdr, Phdr, p_offset, IMAGE_SIZE);
		ASSERT_READ(&image);
		assert_false(elf.has_abi_tag);
	}
	image_done(&image);
}

static void so_many_bytes_of_notes_are_read_and_no_more(void **state)
{
	static const uint32_t abi[] = { 0, 2, 6, 32 };
	struct image image;

	(void)state;
	image_init(&image, true, false);
	image_grow(&image, 0x40000);
	/* One of somebody else's that fills all but 32 bytes, then one byte more. */
	for (size_t more = 0; more < 2; more++) {
		image.free = 0x1000 + ELF_MAX_NOTES - 32 + 4 * more;
		add_note(&image, "GNU", 1, abi, 4);
		put(&image, 0x1000, 4, 4);
		put(&image, 0x1004, ELF_MAX_NOTES - 32 - 16 + 4 * more, 4);
		image.n_phdrs = 1;
		add_phdr(&image, PT_NOTE, 0x1000, 0x20000);
		ASSERT_READ(&image);
		assert_int_equal(elf.has_abi_tag, more == 0);
	}
	image_done(&image);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(only_notes_that_are_as_they_should_be_are_looked_at),
		TEST(notes_with_wrong_sizes_end_the_walk_and_nothing_else),
		TEST(a_property_that_ends_behind_its_note_is_not_read),
		TEST(notes_outside_of_the_file_are_none),
		TEST(so_many_bytes_of_notes_are_read_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
