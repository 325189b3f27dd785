/* SPDX-License-Identifier: MIT */
/*
 * tiny_elf.c - the smallest programs there are (ELF gABI, chapters 4 and 5).
 *
 * The host is asked what it executes by executing something that needs nothing else: no loader,
 * no library, no file but itself. So whatever is refused is refused for what the file is or for
 * where it lies. The header is written in the byte order of the architecture that it is for, field
 * by field: nothing of this machine's shows through.
 *
 * They are loaded at 4 MiB: above what vm.mmap_min_addr keeps free, and a multiple of every page
 * size.
 */
#include "doctor/tiny_elf.h"

#include <assert.h>
#include <elf.h>
#include <string.h>

#include "base/cleanup.h"

#define LOAD_ADDRESS 0x400000U
#define ALIGNMENT 0x10000U
#define N_SEGMENTS 2 /* what is loaded, and PT_GNU_STACK */

#define CODE(bytes) .code = (bytes), .code_len = sizeof(bytes) - 1

/* exit is call 60 on x86_64, 93 on newer architectures, 1 on the others. */
#define X86_64                                                                  \
	{                                                                       \
		.name = "x86_64", .qemu = "x86_64", .is_64 = true,              \
		.machine = EM_X86_64, /* mov $60,%eax; mov $42,%edi; syscall */ \
			CODE("\xb8\x3c\0\0\0\xbf\x2a\0\0\0\x0f\x05"),           \
	}
#define I386                                                                  \
	{                                                                     \
		.name = "i386", .qemu = "i386",                               \
		.machine = EM_386, /* mov $1,%eax; mov $42,%ebx; int $0x80 */ \
			CODE("\xb8\x01\0\0\0\xbb\x2a\0\0\0\xcd\x80"),         \
	}
#define AARCH64                                                               \
	{                                                                     \
		.name = "aarch64", .qemu = "aarch64", .is_64 = true,          \
		.machine = EM_AARCH64, /* mov x0,#42; mov x8,#93; svc #0 */   \
			CODE("\x40\x05\x80\xd2\xa8\x0b\x80\xd2\x01\0\0\xd4"), \
	}
#define ARM                                                                   \
	{                                                                     \
		.name = "arm", .qemu = "arm", .machine = EM_ARM,              \
		.flags = EF_ARM_EABI_VER5, /* mov r0,#42; mov r7,#1; svc 0 */ \
			CODE("\x2a\0\xa0\xe3\x01\x70\xa0\xe3\0\0\0\xef"),     \
	}

const struct tiny_elf tiny_elfs[] = {
/* its own first, with its 32 bits */
#if defined(__x86_64__)
	X86_64,
	I386,
	AARCH64,
	ARM,
#else
	AARCH64,
	ARM,
	X86_64,
	I386,
#endif
	{
		.name = "riscv64",
		.qemu = "riscv64",
		.is_64 = true,
		.machine = EM_RISCV,
		/* li a0,42; li a7,93; ecall */
		CODE("\x13\x05\xa0\x02\x93\x08\xd0\x05\x73\0\0\0"),
	},
	{
		.name = "ppc64le",
		.qemu = "ppc64le",
		.is_64 = true,
		.machine = EM_PPC64,
		.flags = 2, /* ELFv2 */
		/* li r0,1; li r3,42; sc */
		CODE("\x01\0\0\x38\x2a\0\x60\x38\x02\0\0\x44"),
	},
	{
		.name = "s390x",
		.qemu = "s390x",
		.is_64 = true,
		.is_big_endian = true,
		.machine = EM_S390,
		/* lghi %r2,42; svc 1 */
		CODE("\xa7\x29\0\x2a\x0a\x01"),
	},
};
const size_t n_tiny_elfs = ARRAY_SIZE(tiny_elfs);

struct writer {
	unsigned char *data;
	size_t len;
	bool is_64, is_big_endian;
};

static void put(struct writer *writer, uint64_t value, size_t size)
{
	assert(writer->len + size <= TINY_ELF_MAX);
	for (size_t i = 0; i < size; i++) {
		size_t shift = writer->is_big_endian ? size - 1 - i : i;

		writer->data[writer->len++] = (unsigned char)(value >> 8 * shift);
	}
}

/* An address, an offset or a size: as wide as the class says. */
static void put_wide(struct writer *writer, uint64_t value)
{
	put(writer, value, writer->is_64 ? 8 : 4);
}

static void put_header(struct writer *writer, const struct tiny_elf *elf, size_t header,
		       size_t segment)
{
	put(writer, ELFMAG0, 1);
	put(writer, ELFMAG1, 1);
	put(writer, ELFMAG2, 1);
	put(writer, ELFMAG3, 1);
	put(writer, elf->is_64 ? ELFCLASS64 : ELFCLASS32, 1);
	put(writer, elf->is_big_endian ? ELFDATA2MSB : ELFDATA2LSB, 1);
	put(writer, EV_CURRENT, 1);
	while (writer->len < EI_NIDENT)
		put(writer, 0, 1);
	put(writer, ET_EXEC, 2);
	put(writer, elf->machine, 2);
	put(writer, EV_CURRENT, 4);
	put_wide(writer, LOAD_ADDRESS + header + N_SEGMENTS * segment);
	put_wide(writer, header); /* the segments' table follows at once */
	put_wide(writer, 0);
	put(writer, elf->flags, 4);
	put(writer, header, 2);
	put(writer, segment, 2);
	put(writer, N_SEGMENTS, 2);
	put(writer, 0, 2); /* no sections */
	put(writer, 0, 2);
	put(writer, 0, 2);
}

/* The flags stand in another place in 64 bits. */
static void put_segment(struct writer *writer, uint32_t type, uint32_t flags, uint64_t address,
			size_t size)
{
	put(writer, type, 4);
	if (writer->is_64)
		put(writer, flags, 4);
	put_wide(writer, 0);
	put_wide(writer, address);
	put_wide(writer, address);
	put_wide(writer, size);
	put_wide(writer, size);
	if (!writer->is_64)
		put(writer, flags, 4);
	put_wide(writer, ALIGNMENT);
}

size_t tiny_elf_build(const struct tiny_elf *elf, unsigned char ret[TINY_ELF_MAX])
{
	struct writer writer = {
		.data = ret,
		.is_64 = elf->is_64,
		.is_big_endian = elf->is_big_endian,
	};
	size_t header = elf->is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);
	size_t segment = elf->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	size_t size = header + N_SEGMENTS * segment + elf->code_len;

	put_header(&writer, elf, header, segment);
	put_segment(&writer, PT_LOAD, PF_R | PF_X, LOAD_ADDRESS, size);
	put_segment(&writer, PT_GNU_STACK, PF_R | PF_W, 0, 0);
	assert(writer.len + elf->code_len <= TINY_ELF_MAX);
	memcpy(ret + writer.len, elf->code, elf->code_len);
	return size;
}
