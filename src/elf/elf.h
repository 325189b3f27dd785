/* SPDX-License-Identifier: MIT */
/*
 * elf.h - what the kernel and a dynamic loader read of one ELF file.
 *
 * The file is an enemy's: every offset, size and count in it is checked against the
 * file and against the limits below before it is used. It is read with pread, never
 * mapped: a file that shrinks meanwhile gives an error, not a signal.
 * Source: System V gABI chapters 4 and 5; the GNU extensions of ld.so(8) and the LSB.
 */
#ifndef CROFT_ELF_ELF_H
#define CROFT_ELF_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

/* Limits: far above what any linker makes, far below what could hurt. */
#define ELF_MAX_PHDRS 512 /* the kernel takes at most 64 KiB of them (fs/binfmt_elf.c) */
#define ELF_MAX_DYNAMIC 65536 /* entries */
#define ELF_MAX_NEEDED 4096
#define ELF_MAX_STRING 4096 /* a name or a search path in the file: PATH_MAX */
#define ELF_MAX_VERSIONS 16384
#define ELF_MAX_NOTES (64U << 10) /* bytes of each segment of notes; the rest is passed over */

struct elf_verneed {
	const char *file; /* "libc.so.6" */
	const char *version; /* "GLIBC_2.38" */
	bool is_weak; /* its absence is only warned of */
};

struct elf {
	uint8_t class; /* ELFCLASS32 or ELFCLASS64 */
	bool is_big_endian;
	uint8_t osabi;
	uint16_t type; /* ET_EXEC, ET_DYN, ... */
	uint16_t machine; /* EM_X86_64, ... */
	uint32_t flags; /* e_flags */
	bool is_dynamic; /* has a PT_DYNAMIC that could be read */
	unsigned n_interp; /* PT_INTERP headers: Linux takes the first, older Unix refused two */
	const char *interp; /* of the first; NULL: none */
	uint64_t load_align; /* the greatest p_align of a PT_LOAD, 0 without one */
	uint64_t load_skew; /* p_vaddr ^ p_offset of all PT_LOADs, or-ed: 0 within a page */
	uint64_t load_size; /* bytes of memory that all PT_LOADs take at least */
	bool has_exec_stack; /* PT_GNU_STACK with PF_X */

	const char **needed; /* DT_NEEDED, in order */
	size_t n_needed;
	const char *soname, *rpath, *runpath; /* NULL: none */
	bool is_nodeflib; /* DF_1_NODEFLIB */
	bool is_pie; /* DF_1_PIE */
	bool has_verdefs; /* DT_VERDEF: without it glibc does not miss a version, it only warns */

	bool has_abi_tag; /* NT_GNU_ABI_TAG: the oldest kernel it runs on */
	uint32_t abi_os, abi_version[3];
	uint32_t isa_needed; /* GNU_PROPERTY_X86_ISA_1_NEEDED: bit n is x86-64-v(n+1) */

	/* only with ELF_VERSIONS */
	struct elf_verneed *verneeds;
	size_t n_verneeds;
	const char **verdefs; /* names of defined versions, the file's base name left out */
	size_t n_verdefs;
};

#define ELF_VERSIONS (1U << 0) /* read version needs and definitions too */

/*
 * Reads the file behind `fd`, which is `size` bytes long. Texts live in `arena`.
 * 0, or
 *   -ENOEXEC   no ELF magic (text, empty, anything)
 *   -EBADMSG   ELF, but truncated or corrupt: *ret_why says what, a literal
 *   -EFBIG     beyond a limit above: *ret_why says which
 *   -ENOMEM, -EIO and other errors of read
 * After the magic and class are read, ret_elf's class, type, machine are filled even with
 * -EBADMSG and -EFBIG, so that a wrong architecture can be told; the rest is then zero.
 */
int elf_read(int fd, uint64_t size, unsigned flags, struct arena *arena, struct elf *ret_elf,
	     const char **ret_why);

/* "x86_64", "aarch64", "i386", ...; NULL if unknown. */
const char *elf_machine_name(uint8_t class, uint16_t machine);
/* The machine and class that this program was built for. */
uint16_t elf_own_machine(void);
uint8_t elf_own_class(void);
/*
 * The x86-64 psABI level of this CPU, as glibc judges it (with what the system saves of the
 * registers): 1 to 4; 0 on other architectures.
 */
unsigned elf_cpu_level(void);

#endif
