/* SPDX-License-Identifier: MIT */
/*
 * make_elf.h - ELF files made by hand, byte for byte, in both classes and byte orders.
 *
 * All of the file is loaded at IMAGE_BASE by one PT_LOAD, so that no address is an offset:
 *
 *   0        header, program headers (up to 12)
 *   0x400    names        0x800    dynamic section (up to 64 entries)
 *   0xc00    notes, versions, and what a test puts there
 *
 * A test changes what it is about with put, and writes the image to a file without a name.
 */
#ifndef CROFT_TESTS_UNIT_MAKE_ELF_H
#define CROFT_TESTS_UNIT_MAKE_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define IMAGE_BASE 0x10000U
#define IMAGE_NAMES 0x400U
#define IMAGE_DYNAMIC 0x800U
#define IMAGE_FREE 0xc00U
#define IMAGE_SIZE 0x1000U

struct image {
	uint8_t *bytes; /* owned */
	size_t size, names_end, free;
	bool is_64, is_big;
	unsigned n_phdrs, n_dynamic;
};

static inline void put(struct image *image, size_t at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		image->bytes[at + (image->is_big ? size - 1 - i : i)] = (uint8_t)(value >> (8 * i));
}

/* Sets a member of one of <elf.h>'s structs at an offset of the image. */
#define PUT(image, at, name, member, value)                                        \
	((image)->is_64 ? put(image, (at) + offsetof(Elf64_##name, member), value, \
			      sizeof(((Elf64_##name *)NULL)->member))              \
			: put(image, (at) + offsetof(Elf32_##name, member), value, \
			      sizeof(((Elf32_##name *)NULL)->member)))
#define SIZE_OF(image, name) ((image)->is_64 ? sizeof(Elf64_##name) : sizeof(Elf32_##name))

static inline size_t phdr_at(const struct image *image, unsigned index)
{
	return SIZE_OF(image, Ehdr) + index * SIZE_OF(image, Phdr);
}

/* The whole of the segment's bytes is loaded; its number, for phdr_at. */
static inline unsigned add_phdr(struct image *image, uint32_t type, uint64_t offset, uint64_t size)
{
	unsigned index = image->n_phdrs++;
	size_t at = phdr_at(image, index);

	PUT(image, at, Phdr, p_type, type);
	PUT(image, at, Phdr, p_flags, PF_R);
	PUT(image, at, Phdr, p_offset, offset);
	PUT(image, at, Phdr, p_vaddr, IMAGE_BASE + offset);
	PUT(image, at, Phdr, p_filesz, size);
	PUT(image, at, Phdr, p_memsz, size);
	PUT(image, at, Phdr, p_align, 4);
	PUT(image, 0, Ehdr, e_phnum, image->n_phdrs);
	return index;
}

/* Its place in the string table. */
static inline uint64_t add_name(struct image *image, const char *name)
{
	size_t at = image->names_end;

	memcpy(image->bytes + at, name, strlen(name) + 1);
	image->names_end += strlen(name) + 1;
	return at - IMAGE_NAMES;
}

static inline void put_dynamic(struct image *image, unsigned index, uint64_t tag, uint64_t value)
{
	size_t at = IMAGE_DYNAMIC + index * SIZE_OF(image, Dyn);

	PUT(image, at, Dyn, d_tag, tag);
	PUT(image, at, Dyn, d_un.d_val, value);
}

static inline unsigned add_dynamic(struct image *image, uint64_t tag, uint64_t value)
{
	put_dynamic(image, image->n_dynamic, tag, value);
	return image->n_dynamic++;
}

/* Some bytes behind the dynamic section; their offset. */
static inline size_t add_bytes(struct image *image, const void *bytes, size_t size)
{
	size_t at = image->free;

	memcpy(image->bytes + at, bytes, size);
	image->free += (size + 7) / 8 * 8;
	return at;
}

/* A note: 32-bit words of content in the file's byte order; its offset. */
static inline size_t add_note(struct image *image, const char *name, uint32_t type,
			      const uint32_t *words, size_t n)
{
	size_t at = image->free;

	put(image, at, strlen(name) + 1, 4);
	put(image, at + 4, 4 * n, 4);
	put(image, at + 8, type, 4);
	memcpy(image->bytes + at + 12, name, strlen(name) + 1);
	for (size_t i = 0; i < n; i++)
		put(image, at + 16 + 4 * i, words[i], 4);
	image->free += (16 + 4 * n + 7) / 8 * 8;
	return at;
}

/* A header and the PT_LOAD: a static program, or what a test makes of it. */
static inline void image_init(struct image *image, bool is_64, bool is_big)
{
	*image = (struct image){ .size = IMAGE_SIZE,
				 .names_end = IMAGE_NAMES + 1,
				 .free = IMAGE_FREE,
				 .is_64 = is_64,
				 .is_big = is_big,
				 .bytes = calloc(1, IMAGE_SIZE) };
	if (!image->bytes)
		abort();
	memcpy(image->bytes, ELFMAG, SELFMAG);
	image->bytes[EI_CLASS] = is_64 ? ELFCLASS64 : ELFCLASS32;
	image->bytes[EI_DATA] = is_big ? ELFDATA2MSB : ELFDATA2LSB;
	image->bytes[EI_VERSION] = EV_CURRENT;
	PUT(image, 0, Ehdr, e_type, ET_DYN);
	PUT(image, 0, Ehdr, e_machine, is_64 ? EM_X86_64 : EM_386);
	PUT(image, 0, Ehdr, e_version, EV_CURRENT);
	PUT(image, 0, Ehdr, e_phoff, SIZE_OF(image, Ehdr));
	PUT(image, 0, Ehdr, e_ehsize, SIZE_OF(image, Ehdr));
	PUT(image, 0, Ehdr, e_phentsize, SIZE_OF(image, Phdr));
	PUT(image, phdr_at(image, add_phdr(image, PT_LOAD, 0, IMAGE_SIZE)), Phdr, p_align, 0x1000);
}

/* And a dynamic section, with the string table as its first two entries. */
static inline void image_init_dynamic(struct image *image, bool is_64, bool is_big)
{
	image_init(image, is_64, is_big);
	(void)add_phdr(image, PT_DYNAMIC, IMAGE_DYNAMIC, 64 * SIZE_OF(image, Dyn));
	(void)add_dynamic(image, DT_STRTAB, IMAGE_BASE + IMAGE_NAMES);
	(void)add_dynamic(image, DT_STRSZ, IMAGE_DYNAMIC - IMAGE_NAMES);
}

/* Makes the image larger, with zeros, and its PT_LOAD with it. */
static inline void image_grow(struct image *image, size_t size)
{
	uint8_t *bytes = realloc(image->bytes, size);

	if (!bytes)
		abort();
	memset(bytes + image->size, 0, size - image->size);
	image->bytes = bytes;
	image->size = size;
	PUT(image, phdr_at(image, 0), Phdr, p_filesz, size);
	PUT(image, phdr_at(image, 0), Phdr, p_memsz, size);
}

/* A descriptor of a file without a name that holds the image's first `size` bytes. */
static inline int image_open(const struct image *image, size_t size)
{
	int fd = memfd_create("image", MFD_CLOEXEC);

	if (fd < 0 || write(fd, image->bytes, size) != (ssize_t)size)
		abort();
	return fd;
}

static inline void image_done(struct image *image)
{
	free(image->bytes);
	*image = (struct image){ 0 };
}

#endif
