/* SPDX-License-Identifier: MIT */
/* test_elf.c - headers, segments, interpreter and dynamic section, as kernel and loaders do. */
#include "read_elf.h"

static void all_of_a_library_is_read_in_each_class_and_byte_order(void **state)
{
	(void)state;
	for (int kind = 0; kind < N_KINDS; kind++) {
		struct image image;

		make_library(&image, kind);
		ASSERT_READ(&image);
		assert_int_equal(elf.class, IS_64(kind) ? ELFCLASS64 : ELFCLASS32);
		assert_int_equal(elf.is_big_endian, IS_BIG(kind));
		assert_int_equal(elf.osabi, ELFOSABI_GNU);
		assert_int_equal(elf.type, ET_DYN);
		assert_int_equal(elf.machine, IS_64(kind) ? EM_X86_64 : EM_386);
		assert_int_equal(elf.flags, 0x5000400);
		assert_true(elf.is_dynamic && elf.is_nodeflib && !elf.is_pie);
		assert_int_equal(elf.n_interp, 1);
		assert_string_equal(elf.interp, "/lib/ld.so");
		assert_int_equal(elf.load_align, 0x1000);
		assert_true(elf.has_exec_stack);
		assert_int_equal(elf.n_needed, 2);
		assert_string_equal(elf.needed[0], "libm.so.6");
		assert_string_equal(elf.needed[1], "libc.so.6");
		assert_string_equal(elf.soname, "libx.so.1");
		assert_string_equal(elf.rpath, "/old");
		assert_string_equal(elf.runpath, "$ORIGIN/../lib:/opt");
		image_done(&image);
	}
}

static void a_file_without_a_dynamic_section_is_static(void **state)
{
	struct image image;

	(void)state;
	image_init(&image, true, false);
	ASSERT_READ(&image);
	assert_false(elf.is_dynamic || elf.has_abi_tag || elf.has_exec_stack);
	assert_null(elf.interp);
	assert_int_equal(elf.n_interp + elf.n_needed, 0);
	/* Files with nothing but debug information have an empty one. */
	add_phdr(&image, PT_DYNAMIC, IMAGE_DYNAMIC, 0);
	ASSERT_READ(&image);
	assert_false(elf.is_dynamic);
	add_phdr(&image, PT_DYNAMIC, IMAGE_DYNAMIC, 16);
	add_phdr(&image, PT_DYNAMIC, IMAGE_DYNAMIC, 0);
	ASSERT_READ(&image);
	assert_true(elf.is_dynamic);
	image_done(&image);
}

static void of_objects_and_core_files_the_header_is_told(void **state)
{
	static const uint16_t types[] = { ET_NONE, ET_REL, ET_CORE, 0xfe00 };
	struct image image;

	(void)state;
	image_init(&image, true, false);
	PUT(&image, 0, Ehdr, e_phoff, UINT64_MAX);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		PUT(&image, 0, Ehdr, e_type, types[i]);
		ASSERT_READ(&image);
		assert_int_equal(elf.type, types[i]);
		assert_int_equal(elf.machine, EM_X86_64);
	}
	PUT(&image, 0, Ehdr, e_type, ET_DYN);
	ASSERT_REFUSED(&image, -EBADMSG, "its program headers lie outside of the file");
	image_done(&image);
}

static void what_has_no_magic_is_no_elf_file(void **state)
{
	static const char *const texts[] = { "", "\177EL", "#!/bin/sh\n", "\177ELG\2\1\1" };
	struct elf empty = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		AUTO_FD int fd = memfd_create("text", MFD_CLOEXEC);

		assert_int_equal(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
		memset(&elf, 0xff, sizeof(elf));
		assert_int_equal(elf_read(fd, strlen(texts[i]), 0, &arena, &elf, &why), -ENOEXEC);
		assert_memory_equal(&elf, &empty, sizeof(elf));
	}
}

static void a_header_that_is_cut_off_is_refused_at_each_length(void **state)
{
	(void)state;
	for (int kind = 0; kind < N_KINDS; kind++) {
		struct image image;

		image_init(&image, IS_64(kind), IS_BIG(kind));
		for (size_t size = SELFMAG; size < SIZE_OF(&image, Ehdr); size++) {
			assert_int_equal(read_cut(&image, size), -EBADMSG);
			assert_string_equal(why, "its header is cut off");
			/* The wrong machine can be told as soon as it is there. */
			if (size >= 20)
				assert_only_kind(&image);
		}
		assert_int_equal(read_cut(&image, SIZE_OF(&image, Ehdr)), -EBADMSG);
		assert_string_equal(why, "its program headers lie outside of the file");
		image_done(&image);
	}
}

static void a_wrong_class_or_byte_order_is_refused(void **state)
{
	struct image image;

	(void)state;
	image_init(&image, true, false);
	image.bytes[EI_DATA] = 3;
	assert_int_equal(read_image(&image), -EBADMSG);
	assert_string_equal(why, "its byte order is unknown");
	assert_int_equal(elf.class, ELFCLASS64);
	image.bytes[EI_CLASS] = 3;
	assert_int_equal(read_image(&image), -EBADMSG);
	assert_string_equal(why, "its class is neither 32-bit nor 64-bit");
	assert_int_equal(elf.class, 0);
	image_done(&image);
}

static void counts_and_sizes_of_program_headers_are_as_the_kernel_takes_them(void **state)
{
	(void)state;
	for (int kind = 0; kind < N_KINDS; kind++) {
		struct image image;

		image_init(&image, IS_64(kind), IS_BIG(kind));
		PUT(&image, 0, Ehdr, e_phnum, 0);
		ASSERT_REFUSED(&image, -EBADMSG, "it has no program headers");
		PUT(&image, 0, Ehdr, e_phnum, PN_XNUM);
		ASSERT_REFUSED(&image, -EBADMSG,
			       "it counts its program headers as only core files do");
		PUT(&image, 0, Ehdr, e_phnum, ELF_MAX_PHDRS + 1);
		ASSERT_REFUSED(&image, -EFBIG, "it has more than 512 program headers");
		PUT(&image, 0, Ehdr, e_phnum, 1);
		PUT(&image, 0, Ehdr, e_phentsize, SIZE_OF(&image, Phdr) + 1);
		ASSERT_REFUSED(&image, -EBADMSG, "its program headers have a wrong size");
		PUT(&image, 0, Ehdr, e_phentsize, SIZE_OF(&image, Phdr));
		ASSERT_READ(&image);
		image_done(&image);
	}
}

static void as_many_program_headers_as_allowed_are_read(void **state)
{
	struct image image;

	(void)state;
	image_init(&image, true, false);
	image_grow(&image, 0x10000);
	while (image.n_phdrs < ELF_MAX_PHDRS - 1)
		add_phdr(&image, PT_LOAD, 0, 16);
	PUT(&image, phdr_at(&image, add_phdr(&image, PT_LOAD, 0, 16)), Phdr, p_align, 0x200000);
	ASSERT_READ(&image);
	assert_int_equal(elf.load_align, 0x200000);
	image_done(&image);
}

static void program_headers_must_lie_in_the_file(void **state)
{
	static const uint64_t wrong[] = { IMAGE_SIZE - 55, IMAGE_SIZE, UINT64_MAX,
					  UINT64_MAX - 55 };
	struct image image;

	(void)state;
	image_init(&image, true, false);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		PUT(&image, 0, Ehdr, e_phoff, wrong[i]);
		ASSERT_REFUSED(&image, -EBADMSG, "its program headers lie outside of the file");
	}
	memcpy(image.bytes + IMAGE_SIZE - 56, image.bytes + 64, 56);
	PUT(&image, 0, Ehdr, e_phoff, IMAGE_SIZE - 56);
	ASSERT_READ(&image);
	image_done(&image);
	/* That comes first, as in the kernel: this one's segment is cut off too. */
	image_init(&image, true, false);
	add_phdr(&image, PT_NULL, 0, 0);
	image_grow(&image, 0x3000);
	assert_int_equal(read_cut(&image, 64 + 56 + 55), -EBADMSG);
	assert_string_equal(why, "its program headers lie outside of the file");
	assert_int_equal(read_cut(&image, 64 + 56 + 56), -EBADMSG);
	assert_string_equal(why, "it is cut off: a segment lies behind its end");
	image_done(&image);
}

static void a_segment_may_end_in_the_last_page_but_not_behind_it(void **state)
{
	struct image image;

	(void)state;
	image_init(&image, true, false);
	PUT(&image, phdr_at(&image, 0), Phdr, p_memsz, 0x3000);
	assert_int_equal(read_cut(&image, 0x200), 0);
	PUT(&image, phdr_at(&image, 0), Phdr, p_filesz, 0x1001);
	ASSERT_REFUSED(&image, -EBADMSG, "it is cut off: a segment lies behind its end");
	PUT(&image, phdr_at(&image, 0), Phdr, p_filesz, 0);
	PUT(&image, phdr_at(&image, 0), Phdr, p_offset, 0x100000);
	ASSERT_READ(&image);
	image_done(&image);
}

static void segments_with_impossible_sizes_are_refused(void **state)
{
	struct image image;
	size_t at;

	(void)state;
	image_init(&image, true, false);
	at = phdr_at(&image, 0);
	PUT(&image, at, Phdr, p_memsz, IMAGE_SIZE - 1);
	ASSERT_REFUSED(&image, -EBADMSG, "a segment is larger in the file than in memory");
	PUT(&image, at, Phdr, p_memsz, IMAGE_SIZE);
	PUT(&image, at, Phdr, p_offset, UINT64_MAX - 10);
	ASSERT_REFUSED(&image, -EBADMSG, "a segment lies beyond all files");
	PUT(&image, at, Phdr, p_type, PT_NULL);
	ASSERT_REFUSED(&image, -EBADMSG, "it has no segment to load");
	image_done(&image);
}

static void segments_must_lie_where_a_program_has_memory(void **state)
{
	(void)state;
	for (int kind = 0; kind < N_KINDS; kind++) {
		uint64_t most = IS_64(kind) ? 1ULL << 56 : 1ULL << 32;
		struct image image;
		size_t at;

		image_init(&image, IS_64(kind), IS_BIG(kind));
		at = phdr_at(&image, 0);
		PUT(&image, at, Phdr, p_vaddr, most - IMAGE_SIZE);
		ASSERT_READ(&image);
		PUT(&image, at, Phdr, p_memsz, IMAGE_SIZE + 1);
		ASSERT_REFUSED(&image, -EBADMSG, "a segment lies beyond all addresses");
		PUT(&image, at, Phdr, p_memsz, UINT64_MAX);
		ASSERT_REFUSED(&image, -EBADMSG, "a segment lies beyond all addresses");
		image_done(&image);
	}
}

static void how_far_addresses_are_from_their_places_is_told(void **state)
{
	struct image image;

	(void)state;
	image_init(&image, true, false);
	ASSERT_READ(&image);
	assert_int_equal(elf.load_skew, IMAGE_BASE);
	add_phdr(&image, PT_LOAD, 8, 16);
	PUT(&image, phdr_at(&image, 1), Phdr, p_vaddr, 0x21000 + 4);
	ASSERT_READ(&image);
	assert_int_equal(elf.load_skew, 0x3100c);
	image_done(&image);
}

static void the_interpreter_is_the_first_one_to_its_first_nul(void **state)
{
	struct image image;

	(void)state;
	image_init(&image, true, false);
	add_phdr(&image, PT_INTERP, add_bytes(&image, "/first\0more", 12), 12);
	add_phdr(&image, PT_INTERP, add_bytes(&image, "/second", 8), 8);
	ASSERT_READ(&image);
	assert_string_equal(elf.interp, "/first");
	assert_int_equal(elf.n_interp, 2);
	image_done(&image);
}

static void an_interpreter_that_the_kernel_would_not_take_is_refused(void **state)
{
	static const char too_long[] = "its interpreter's name is longer than 4095 bytes";
	struct image image;
	size_t at;

	(void)state;
	image_init(&image, true, false);
	image_grow(&image, 0x4000);
	memset(image.bytes + 0x2000, 'a', 0x1fff);
	at = phdr_at(&image, add_phdr(&image, PT_INTERP, 0x2000, 0));
	ASSERT_REFUSED(&image, -EBADMSG, "its interpreter's name is empty");
	PUT(&image, at, Phdr, p_filesz, 1);
	ASSERT_REFUSED(&image, -EBADMSG, "its interpreter's name is empty");
	PUT(&image, at, Phdr, p_filesz, 4097);
	ASSERT_REFUSED(&image, -EBADMSG, too_long);
	PUT(&image, at, Phdr, p_filesz, UINT64_MAX);
	ASSERT_REFUSED(&image, -EBADMSG, too_long);
	PUT(&image, at, Phdr, p_filesz, 4096);
	ASSERT_REFUSED(&image, -EBADMSG, "its interpreter's name has no end");
	PUT(&image, at, Phdr, p_offset, 0x3001);
	ASSERT_REFUSED(&image, -EBADMSG, "its interpreter's name lies outside of the file");
	PUT(&image, at, Phdr, p_offset, 0x3000);
	ASSERT_READ(&image);
	assert_int_equal(strlen(elf.interp), 4095);
	image_done(&image);
}

static void the_dynamic_section_is_found_by_its_address(void **state)
{
	struct image image;

	(void)state;
	make_library(&image, 1);
	PUT(&image, phdr_at(&image, 1), Phdr, p_offset, 0x12345678);
	PUT(&image, phdr_at(&image, 1), Phdr, p_filesz, 1); /* loaders go on to DT_NULL */
	ASSERT_READ(&image);
	assert_int_equal(elf.n_needed, 2);
	PUT(&image, phdr_at(&image, 1), Phdr, p_vaddr, IMAGE_BASE - 1);
	ASSERT_REFUSED(&image, -EBADMSG, "its dynamic section lies outside of its segments");
	image_done(&image);
}

static void where_segments_overlap_the_last_one_counts(void **state)
{
	struct image image;
	unsigned index;

	(void)state;
	image_init_dynamic(&image, true, false);
	add_dynamic(&image, DT_SONAME, add_name(&image, "first"));
	image_grow(&image, 0x2000);
	memcpy(image.bytes + 0x1000 + IMAGE_NAMES, "\0last!", 6);
	ASSERT_READ(&image);
	assert_string_equal(elf.soname, "first");
	index = add_phdr(&image, PT_LOAD, 0x1000 + IMAGE_NAMES, 0x400);
	PUT(&image, phdr_at(&image, index), Phdr, p_vaddr, IMAGE_BASE + IMAGE_NAMES);
	ASSERT_READ(&image);
	assert_string_equal(elf.soname, "last!");
	image_done(&image);
}

static void a_dynamic_section_needs_an_end(void **state)
{
	struct image image;

	(void)state;
	image_init_dynamic(&image, true, false);
	for (size_t at = IMAGE_DYNAMIC; at < IMAGE_SIZE; at += 16)
		image.bytes[at] = 23; /* DT_JMPREL */
	ASSERT_REFUSED(&image, -EBADMSG, "its dynamic section has no end");
	/* Behind what the file gives there are zeros in memory, and that is DT_NULL. */
	PUT(&image, phdr_at(&image, 0), Phdr, p_memsz, IMAGE_SIZE + 16);
	ASSERT_READ(&image);
	assert_true(elf.is_dynamic);
	PUT(&image, phdr_at(&image, 0), Phdr, p_memsz, IMAGE_SIZE);
	memset(image.bytes + IMAGE_SIZE - 16, 0, 16);
	ASSERT_READ(&image);
	image_done(&image);
}

static void the_dynamic_section_may_have_so_many_entries_and_no_more(void **state)
{
	struct image image;
	size_t end = IMAGE_DYNAMIC + ELF_MAX_DYNAMIC * 16;

	(void)state;
	image_init_dynamic(&image, true, false);
	image_grow(&image, end + 0x1000);
	for (size_t at = IMAGE_DYNAMIC; at < end - 16; at += 16)
		image.bytes[at] = 23;
	ASSERT_READ(&image);
	image.bytes[end - 16] = 23;
	ASSERT_REFUSED(&image, -EFBIG, "its dynamic section has more than 65536 entries");
	image_done(&image);
}

static void so_many_libraries_may_be_needed_and_no_more(void **state)
{
	struct image image;

	(void)state;
	image_init_dynamic(&image, true, false);
	image_grow(&image, 0x20000);
	for (unsigned i = 0; i < ELF_MAX_NEEDED; i++)
		add_dynamic(&image, DT_NEEDED, i % 1024);
	ASSERT_READ(&image);
	assert_int_equal(elf.n_needed, ELF_MAX_NEEDED);
	add_dynamic(&image, DT_NEEDED, 0);
	ASSERT_REFUSED(&image, -EFBIG, "it needs more than 4096 libraries");
	image_done(&image);
}

static void what_of_a_segment_lies_behind_the_end_of_the_file_is_not_there(void **state)
{
	struct image image;
	unsigned index;

	(void)state;
	image_init_dynamic(&image, true, false);
	index = add_phdr(&image, PT_LOAD, IMAGE_NAMES, IMAGE_SIZE - IMAGE_NAMES);
	PUT(&image, phdr_at(&image, index), Phdr, p_vaddr, IMAGE_BASE * 2 + IMAGE_NAMES);
	put_dynamic(&image, 0, DT_STRTAB, IMAGE_BASE * 2 + IMAGE_NAMES);
	put_dynamic(&image, 1, DT_STRSZ, IMAGE_SIZE - IMAGE_NAMES);
	add_dynamic(&image, DT_NEEDED, 0x600);
	assert_int_equal(read_cut(&image, IMAGE_NAMES + 0x601), 0);
	assert_int_equal(read_cut(&image, IMAGE_NAMES + 0x600), -EBADMSG);
	assert_string_equal(why, "a name lies outside of its string table");
	put_dynamic(&image, 0, DT_STRTAB, IMAGE_BASE * 2 + IMAGE_NAMES + 0x600);
	assert_int_equal(read_cut(&image, IMAGE_NAMES + 0x600), -EBADMSG);
	assert_string_equal(why, "it is cut off: a part lies behind its end");
	image_done(&image);
}

static void of_several_entries_the_last_counts(void **state)
{
	struct image image;

	(void)state;
	image_init_dynamic(&image, false, true);
	put_dynamic(&image, 0, DT_STRTAB, 0);
	add_dynamic(&image, DT_STRTAB, IMAGE_BASE + IMAGE_NAMES);
	add_dynamic(&image, DT_SONAME, add_name(&image, "one"));
	add_dynamic(&image, DT_SONAME, add_name(&image, "two"));
	ASSERT_READ(&image);
	assert_string_equal(elf.soname, "two");
	image_done(&image);
}

static void names_must_lie_in_the_string_table(void **state)
{
	static const char outside[] = "a name lies outside of its string table";
	struct image image;
	unsigned needed;
	uint64_t name;

	(void)state;
	image_init_dynamic(&image, true, false);
	name = add_name(&image, "libc.so.6");
	needed = add_dynamic(&image, DT_NEEDED, name);
	put_dynamic(&image, 1, DT_STRSZ, name + 9);
	ASSERT_REFUSED(&image, -EBADMSG, "a name has no end in its string table");
	put_dynamic(&image, 1, DT_STRSZ, name + 10);
	ASSERT_READ(&image);
	put_dynamic(&image, needed, DT_NEEDED, name + 10);
	ASSERT_REFUSED(&image, -EBADMSG, outside);
	put_dynamic(&image, needed, DT_NEEDED, UINT64_MAX);
	ASSERT_REFUSED(&image, -EBADMSG, outside);
	put_dynamic(&image, needed, DT_NEEDED, name);
	put_dynamic(&image, 1, DT_STRSZ, UINT64_MAX); /* cut at the segment's end */
	ASSERT_READ(&image);
	put_dynamic(&image, needed, DT_NEEDED, IMAGE_SIZE - IMAGE_NAMES);
	ASSERT_REFUSED(&image, -EBADMSG, outside);
	image_done(&image);
}

static void without_its_size_the_string_table_goes_to_its_segments_end(void **state)
{
	struct image image;

	(void)state;
	image_init_dynamic(&image, true, false);
	add_dynamic(&image, DT_NEEDED, add_name(&image, "libc.so.6"));
	put_dynamic(&image, 1, DT_DEBUG, 0);
	ASSERT_READ(&image);
	assert_string_equal(elf.needed[0], "libc.so.6");
	put_dynamic(&image, 0, DT_DEBUG, 0);
	ASSERT_REFUSED(&image, -EBADMSG, "a name lies outside of its string table");
	put_dynamic(&image, 0, DT_STRTAB, IMAGE_NAMES);
	ASSERT_REFUSED(&image, -EBADMSG, "its string table lies outside of its segments");
	image_done(&image);
}

static void a_name_may_be_as_long_as_a_path(void **state)
{
	struct image image;

	(void)state;
	image_init_dynamic(&image, true, false);
	image_grow(&image, 0x5000);
	memset(image.bytes + 0x2000, 'x', 0x2800);
	put_dynamic(&image, 0, DT_STRTAB, IMAGE_BASE + 0x2000);
	put_dynamic(&image, 1, DT_STRSZ, 0x2800);
	add_dynamic(&image, DT_NEEDED, 1);
	ASSERT_REFUSED(&image, -EFBIG, "a name in it is longer than 4095 bytes");
	image.bytes[0x2000 + 4096] = '\0';
	ASSERT_READ(&image);
	assert_int_equal(strlen(elf.needed[0]), 4095);
	put_dynamic(&image, 2, DT_NEEDED, 0x2800 - 4096); /* a whole window, and no more */
	ASSERT_REFUSED(&image, -EBADMSG, "a name has no end in its string table");
	image_done(&image);
}

static void this_very_program_is_read(void **state)
{
	AUTO_FD int fd = sys_openat(-1, "/proc/self/exe", O_RDONLY, 0);
	struct stat st;
	bool needs_libc = false;

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(elf_read(fd, (uint64_t)st.st_size, 0, &arena, &elf, &why), 0);
	assert_int_equal(elf.machine, elf_own_machine());
	assert_int_equal(elf.class, elf_own_class());
	assert_true(elf.is_dynamic && elf.n_interp == 1 && elf.interp[0] == '/');
	for (size_t i = 0; i < elf.n_needed; i++)
		needs_libc = needs_libc || strstr(elf.needed[i], "libc.");
	assert_true(needs_libc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_of_a_library_is_read_in_each_class_and_byte_order),
		TEST(a_file_without_a_dynamic_section_is_static),
		TEST(of_objects_and_core_files_the_header_is_told),
		TEST(what_has_no_magic_is_no_elf_file),
		TEST(a_header_that_is_cut_off_is_refused_at_each_length),
		TEST(a_wrong_class_or_byte_order_is_refused),
		TEST(counts_and_sizes_of_program_headers_are_as_the_kernel_takes_them),
		TEST(as_many_program_headers_as_allowed_are_read),
		TEST(program_headers_must_lie_in_the_file),
		TEST(a_segment_may_end_in_the_last_page_but_not_behind_it),
		TEST(segments_with_impossible_sizes_are_refused),
		TEST(segments_must_lie_where_a_program_has_memory),
		TEST(how_far_addresses_are_from_their_places_is_told),
		TEST(the_interpreter_is_the_first_one_to_its_first_nul),
		TEST(an_interpreter_that_the_kernel_would_not_take_is_refused),
		TEST(the_dynamic_section_is_found_by_its_address),
		TEST(where_segments_overlap_the_last_one_counts),
		TEST(a_dynamic_section_needs_an_end),
		TEST(the_dynamic_section_may_have_so_many_entries_and_no_more),
		TEST(so_many_libraries_may_be_needed_and_no_more),
		TEST(what_of_a_segment_lies_behind_the_end_of_the_file_is_not_there),
		TEST(of_several_entries_the_last_counts),
		TEST(names_must_lie_in_the_string_table),
		TEST(without_its_size_the_string_table_goes_to_its_segments_end),
		TEST(a_name_may_be_as_long_as_a_path),
		TEST(this_very_program_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
