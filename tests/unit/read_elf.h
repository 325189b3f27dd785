/* SPDX-License-Identifier: MIT */
/*
 * read_elf.h - reads files made by make_elf.h; what must hold of those that are refused.
 *
 * The files are of four kinds: each class in each byte order. Beside each file that is refused
 * stands in the tests the same one with the fault mended.
 */
#ifndef CROFT_TESTS_UNIT_READ_ELF_H
#define CROFT_TESTS_UNIT_READ_ELF_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "elf/elf_parts.h"
#include "sys/calls.h"
#include "sys/fd.h"

#include "make_elf.h"

#define N_KINDS 4
#define IS_64(kind) (((kind)&1) != 0)
#define IS_BIG(kind) (((kind)&2) != 0)
#define ARENA_MAX (16U << 20)

static struct arena arena; /* of the test that runs */
static struct elf elf;
static const char *why;

static inline int open_arena(void **state)
{
	(void)state;
	arena_init(&arena, ARENA_MAX);
	return 0;
}

static inline int close_arena(void **state)
{
	(void)state;
	for (int call = 0; call < SYS_CALL_MAX; call++)
		sys_replace((enum sys_call)call, NULL);
	arena_done(&arena);
	return 0;
}

static inline int read_cut(const struct image *image, size_t size)
{
	AUTO_FD int fd = image_open(image, size);

	why = NULL;
	memset(&elf, 0xff, sizeof(elf));
	return elf_read(fd, size, ELF_VERSIONS, &arena, &elf, &why);
}

static inline int read_image(const struct image *image)
{
	return read_cut(image, image->size);
}

/* What must be left of a file that was refused. */
static inline void assert_only_kind(const struct image *image)
{
	struct elf expected = { .class = image->is_64 ? ELFCLASS64 : ELFCLASS32,
				.type = ET_DYN,
				.machine = image->is_64 ? EM_X86_64 : EM_386 };

	assert_int_equal(elf.class, expected.class);
	assert_int_equal(elf.type, expected.type);
	assert_int_equal(elf.machine, expected.machine);
	elf.class = 0;
	elf.type = elf.machine = 0;
	expected = (struct elf){ 0 };
	assert_memory_equal(&elf, &expected, sizeof(elf));
}

#define ASSERT_REFUSED(image, r, text)                  \
	do {                                            \
		assert_int_equal(read_image(image), r); \
		assert_string_equal(why, text);         \
		assert_only_kind(image);                \
	} while (0)

/* Reads the image, whatever is in it, and asks for one text of it. */
#define ASSERT_READ(image)                                               \
	do {                                                             \
		int r_ = read_image(image);                              \
		if (r_ != 0)                                             \
			fail_msg("%d: %s", r_, why ? why : "no reason"); \
	} while (0)

static inline void add_versions(struct image *image)
{
	size_t need = image->free, aux = need + 16, def = need + 64;

	add_dynamic(image, DT_VERNEED, IMAGE_BASE + need);
	add_dynamic(image, DT_VERNEEDNUM, 1);
	add_dynamic(image, DT_VERDEF, IMAGE_BASE + def);
	add_dynamic(image, DT_VERDEFNUM, 2);
	PUT(image, need, Verneed, vn_version, VER_NEED_CURRENT);
	PUT(image, need, Verneed, vn_cnt, 2);
	PUT(image, need, Verneed, vn_file, add_name(image, "libc.so.6"));
	PUT(image, need, Verneed, vn_aux, 16);
	PUT(image, aux, Vernaux, vna_name, add_name(image, "GLIBC_2.38"));
	PUT(image, aux, Vernaux, vna_next, 16);
	PUT(image, aux + 16, Vernaux, vna_name, add_name(image, "GLIBC_ABI_DT_RELR"));
	PUT(image, aux + 16, Vernaux, vna_flags, VER_FLG_WEAK);
	for (size_t i = 0; i < 2; i++, def += 28) {
		PUT(image, def, Verdef, vd_version, VER_DEF_CURRENT);
		PUT(image, def, Verdef, vd_flags, i == 0 ? VER_FLG_BASE : 0);
		PUT(image, def, Verdef, vd_cnt, 1);
		PUT(image, def, Verdef, vd_aux, 20);
		PUT(image, def, Verdef, vd_next, i == 0 ? 28 : 0);
		PUT(image, def + 20, Verdaux, vda_name,
		    add_name(image, i == 0 ? "libx.so.1" : "X_1"));
	}
	image->free += 120; /* to the last Verdaux's end */
}

/* A library with everything that is read. */
static inline void make_library(struct image *image, int kind)
{
	static const uint32_t abi[] = { 0, 3, 2, 1 };
	static const uint32_t properties[] = { 0xc0000002, 4, 3, 0, 0xc0008002, 4, 5, 0 };
	unsigned index;
	size_t at;

	image_init_dynamic(image, IS_64(kind), IS_BIG(kind));
	at = add_bytes(image, "/lib/ld.so\0tail", 16);
	add_phdr(image, PT_INTERP, at, 16);
	at = add_note(image, "GNU", 1, abi, 4);
	add_phdr(image, PT_NOTE, at, image->free - at);
	/* In 32-bit files properties have no padding: the word behind each value is left out. */
	at = image->free;
	if (IS_64(kind)) {
		add_note(image, "GNU", 5, properties, 8);
	} else {
		const uint32_t packed[] = { 0xc0000002, 4, 3, 0xc0008002, 4, 5 };

		add_note(image, "GNU", 5, packed, 6);
	}
	index = add_phdr(image, PT_GNU_PROPERTY, at, image->free - at);
	PUT(image, phdr_at(image, index), Phdr, p_align, IS_64(kind) ? 8 : 4);
	index = add_phdr(image, PT_GNU_STACK, 0, 0);
	PUT(image, phdr_at(image, index), Phdr, p_flags, PF_R | PF_W | PF_X);
	add_dynamic(image, DT_NEEDED, add_name(image, "libm.so.6"));
	add_dynamic(image, DT_NEEDED, add_name(image, "libc.so.6"));
	add_dynamic(image, DT_SONAME, add_name(image, "libx.so.1"));
	add_dynamic(image, DT_RPATH, add_name(image, "/old"));
	add_dynamic(image, DT_RUNPATH, add_name(image, "$ORIGIN/../lib:/opt"));
	add_dynamic(image, DT_FLAGS_1, DF_1_NODEFLIB);
	add_versions(image);
	image->bytes[EI_OSABI] = ELFOSABI_GNU;
	PUT(image, 0, Ehdr, e_flags, 0x5000400);
}
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)

#endif
