/* SPDX-License-Identifier: MIT */
/*
 * tiny_elf.h - ELF programs of some hundred bytes that this kernel runs: they end at once, with 0.
 *
 * One page, all of it loaded: header, up to four program headers, code, the name of an ELF
 * interpreter. The same file serves as a program and as an interpreter, which the kernel enters
 * in the program's place. A test changes a field before it is written.
 */
#ifndef CROFT_TESTS_UNIT_TINY_ELF_H
#define CROFT_TESTS_UNIT_TINY_ELF_H

#include "ground.h"

#include <elf.h>

#define TINY_BASE 0x400000U

#ifdef __aarch64__
#define TINY_MACHINE EM_AARCH64
#define TINY_CODE "\x00\x00\x80\xd2\xa8\x0b\x80\xd2\x01\x00\x00\xd4" /* exit(0) */
#else
#define TINY_MACHINE EM_X86_64
#define TINY_CODE "\xb8\x3c\x00\x00\x00\x31\xff\x0f\x05"
#endif

struct tiny {
	Elf64_Ehdr header;
	Elf64_Phdr load, interp, other[2];
	unsigned char code[16];
	char name[512]; /* of the interpreter */
};

static inline struct tiny tiny_make(const char *interpreter)
{
	struct tiny tiny = {
		.header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_DYN,
			    .e_machine = TINY_MACHINE,
			    .e_version = EV_CURRENT,
			    .e_entry = TINY_BASE + offsetof(struct tiny, code),
			    .e_phoff = offsetof(struct tiny, load),
			    .e_ehsize = sizeof(Elf64_Ehdr),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = 1 },
		.load = { .p_type = PT_LOAD,
			  .p_flags = PF_R | PF_X,
			  .p_vaddr = TINY_BASE,
			  .p_filesz = sizeof(tiny),
			  .p_memsz = sizeof(tiny),
			  .p_align = 65536 },
		.code = TINY_CODE,
	};

	if (interpreter) {
		tiny.header.e_phnum = 2;
		tiny.interp = (Elf64_Phdr){ .p_type = PT_INTERP,
					    .p_offset = offsetof(struct tiny, name),
					    .p_filesz = strlen(interpreter) + 1 };
		(void)snprintf(tiny.name, sizeof(tiny.name), "%s", interpreter);
	}
	return tiny;
}

static inline void tiny_write(const char *name, const struct tiny *tiny, size_t size, mode_t mode)
{
	char path[GROUND_PATH];
	int fd = open(in_scratch(path, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_return_code(fd, errno);
	assert_int_equal(write(fd, tiny, size), (long)size);
	assert_return_code(fchmod(fd, mode), errno);
	(void)close(fd);
}

#endif
