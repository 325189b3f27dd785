/* SPDX-License-Identifier: MIT */
/*
 * tiny_elf.h - programs of a few bytes, one for each of some architectures, to be executed.
 */
#ifndef CROFT_DOCTOR_TINY_ELF_H
#define CROFT_DOCTOR_TINY_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TINY_ELF_MAX 256 /* bytes of the largest */
#define TINY_ELF_STATUS 42 /* what each of them exits with */
#define TINY_ELF_NATIVE 0 /* the row of this program's own architecture */
#define TINY_ELF_COMPAT 1 /* and of the 32-bit one that goes with it */

struct tiny_elf {
	const char *name; /* as uname -m has it, "i386" for the oldest */
	const char *qemu; /* qemu-user's name for it */
	bool is_64, is_big_endian;
	uint16_t machine; /* EM_* */
	uint32_t flags;
	const char *code; /* exits with TINY_ELF_STATUS */
	size_t code_len;
};

extern const struct tiny_elf tiny_elfs[];
extern const size_t n_tiny_elfs;

/*
 * Writes the program: an ELF header, one segment that is read and executed, no stack that can be
 * executed, no interpreter, no library. Its length.
 */
size_t tiny_elf_build(const struct tiny_elf *elf, unsigned char ret[TINY_ELF_MAX]);

#endif
