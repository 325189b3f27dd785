/* SPDX-License-Identifier: MIT */
/*
 * elf_parts.h - what the parts of the ELF reader share: inside src/elf only.
 *
 *   elf.c            header, program headers, interpreter, dynamic section
 *   elf_bytes.c      bytes of the file, bounded: the only part that reads
 *   elf_notes.c      ABI tag and x86 properties
 *   elf_versions.c   needed and defined symbol versions
 *   cpu.c            names of machines; what this CPU can run
 */
#ifndef CROFT_ELF_ELF_PARTS_H
#define CROFT_ELF_ELF_PARTS_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "elf/elf.h"

#define ELF_WINDOW 4096U /* bytes that one pread takes: ELF_MAX_STRING and a page */
_Static_assert(ELF_WINDOW >= ELF_MAX_STRING, "a string fits into a window");

struct elf_window {
	uint64_t start;
	size_t len;
	uint8_t data[ELF_WINDOW];
};

/* A PT_LOAD. */
struct elf_segment {
	uint64_t address, offset, file_size, memory_size;
	uint64_t left; /* what of file_size lies before the end of the file */
};

struct elf_reader {
	int fd;
	uint64_t size;
	bool is_64, is_swapped;
	const char *why; /* of the last failure; a literal */
	struct arena *arena;
	struct elf *elf; /* what is being filled */
	uint64_t strings, strings_size; /* the dynamic string table: offset in the file, bytes */
	size_t n_loads;
	struct elf_window head, other, names; /* the file's start; what was read last elsewhere */
	struct elf_segment loads[ELF_MAX_PHDRS];
};

/* The value of a number of 1, 2, 4 or 8 bytes, in the file's byte order. */
uint64_t elf_number(const struct elf_reader *reader, const uint8_t *at, size_t size);

/* A member of one of <elf.h>'s structs, which lies at `at` as the file's class has it. */
#define ELF_FIELD(reader, at, name, member)                                          \
	((reader)->is_64 ? elf_number(reader, (at) + offsetof(Elf64_##name, member), \
				      sizeof(((Elf64_##name *)NULL)->member))        \
			 : elf_number(reader, (at) + offsetof(Elf32_##name, member), \
				      sizeof(((Elf32_##name *)NULL)->member)))
#define ELF_SIZE(reader, name) ((reader)->is_64 ? sizeof(Elf64_##name) : sizeof(Elf32_##name))

/* Note the reason, a literal; return -EBADMSG and -EFBIG. */
int elf_bad(struct elf_reader *reader, const char *why);
int elf_too_big(struct elf_reader *reader, const char *why);

/* Reads the file's start into reader->head, which holds less than that if the file got shorter. */
int elf_load_head(struct elf_reader *reader);
/*
 * `len` bytes at `offset` of the file, at most ELF_WINDOW: valid until the next call of a
 * function with a reader. Outside of the file: -EBADMSG with that reason.
 */
int elf_view(struct elf_reader *reader, uint64_t offset, size_t len, const char *why,
	     const uint8_t **ret_at);
/*
 * Where the byte that is loaded to `address` lies in the file, and how many bytes of its segment
 * follow it there, itself counted. Below memory_size more are zero: *ret_has_zeros.
 * -EBADMSG, with that reason if no segment brings it from the file.
 */
int elf_locate(struct elf_reader *reader, uint64_t address, const char *why, uint64_t *ret_offset,
	       uint64_t *ret_left, bool *ret_has_zeros);
/* A copy, in the arena, of the string at `index` of the dynamic string table. */
int elf_string(struct elf_reader *reader, uint64_t index, const char **ret_text);

/* What of a PT_NOTE or PT_GNU_PROPERTY matters. A note that is not well formed ends the walk. */
int elf_read_notes(struct elf_reader *reader, uint64_t offset, uint64_t size, uint64_t align);

/* The chains of DT_VERNEED and DT_VERDEF, by their addresses. */
int elf_read_verneeds(struct elf_reader *reader, uint64_t address);
int elf_read_verdefs(struct elf_reader *reader, uint64_t address);

/* What CPUID and XGETBV tell, as far as levels of x86-64 rest on it. */
struct cpu_words {
	uint32_t leaf1_ecx, leaf1_edx; /* leaf 1 */
	uint32_t leaf7_ebx; /* leaf 7, subleaf 0; 0 where there is none */
	uint32_t extended_ecx; /* leaf 0x80000001 */
	uint64_t xcr0; /* 0 where the system has not enabled XGETBV */
};
/* 1 to 4, or 0 for less than any x86-64. */
unsigned cpu_words_level(const struct cpu_words *words);

#endif
