/* SPDX-License-Identifier: MIT */
/*
 * cpu.c - names of machines, and what this one can run.
 *
 * glibc's loader picks libraries from glibc-hwcaps/x86-64-v2 to v4, and refuses files whose notes
 * ask for more, by the level of the CPU. A feature counts when CPUID tells of it and, for
 * those with wider registers, when the system saves these (XCR0). The levels are cumulative.
 * Source: x86-64 psABI, table "Micro-Architecture Levels"; glibc's
 * sysdeps/x86/get-isa-level.h, which leaves out OSFXSR and OSXSAVE by name.
 */
#include <elf.h>

#include "base/cleanup.h"
#include "elf/elf_parts.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#ifndef EM_RISCV
#define EM_RISCV 243
#endif
#ifndef EM_LOONGARCH
#define EM_LOONGARCH 258
#endif

#define ANY_CLASS ELFCLASSNONE

static const struct {
	uint16_t machine;
	uint8_t class;
	const char *name;
} machines[] = {
	{ EM_X86_64, ELFCLASS64, "x86_64" },
	{ EM_X86_64, ELFCLASS32, "x32" },
	{ EM_AARCH64, ELFCLASS64, "aarch64" },
	{ EM_AARCH64, ELFCLASS32, "aarch64_ilp32" },
	{ EM_386, ANY_CLASS, "i386" },
	{ EM_ARM, ANY_CLASS, "arm" },
	{ EM_RISCV, ELFCLASS64, "riscv64" },
	{ EM_RISCV, ELFCLASS32, "riscv32" },
	{ EM_PPC64, ANY_CLASS, "ppc64" },
	{ EM_PPC, ANY_CLASS, "ppc" },
	{ EM_S390, ELFCLASS64, "s390x" },
	{ EM_S390, ELFCLASS32, "s390" },
	{ EM_MIPS, ELFCLASS64, "mips64" },
	{ EM_MIPS, ELFCLASS32, "mips" },
	{ EM_LOONGARCH, ELFCLASS64, "loongarch64" },
	{ EM_LOONGARCH, ELFCLASS32, "loongarch32" },
	{ EM_SPARCV9, ANY_CLASS, "sparc64" },
	{ EM_SPARC, ANY_CLASS, "sparc" },
	{ EM_SPARC32PLUS, ANY_CLASS, "sparc" },
	{ EM_68K, ANY_CLASS, "m68k" },
	{ EM_ALPHA, ANY_CLASS, "alpha" },
	{ EM_PARISC, ANY_CLASS, "hppa" },
	{ EM_SH, ANY_CLASS, "sh" },
	{ EM_IA_64, ANY_CLASS, "ia64" },
};

const char *elf_machine_name(uint8_t class, uint16_t machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].machine == machine &&
		    (machines[i].class == ANY_CLASS || machines[i].class == class))
			return machines[i].name;
	return NULL;
}

uint16_t elf_own_machine(void)
{
#if defined(__x86_64__)
	return EM_X86_64;
#elif defined(__aarch64__)
	return EM_AARCH64;
#endif
}

uint8_t elf_own_class(void)
{
	return sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32;
}

/* Numbers of bits in the words of struct cpu_words. */
#define BIT(n) (1U << (n))
#define EDX_V1                                                                          \
	(BIT(0) /* FPU */ | BIT(8) /* CX8 */ | BIT(15) /* CMOV */ | BIT(23) /* MMX */ | \
	 BIT(24) /* FXSR */ | BIT(25) /* SSE */ | BIT(26) /* SSE2 */)
#define ECX_V2                                                               \
	(BIT(0) /* SSE3 */ | BIT(9) /* SSSE3 */ | BIT(13) /* CMPXCHG16B */ | \
	 BIT(19) /* SSE4.1 */ | BIT(20) /* SSE4.2 */ | BIT(23) /* POPCNT */)
#define EXTENDED_V2 BIT(0) /* LAHF and SAHF in 64-bit mode */
#define ECX_V3                                                                                 \
	(BIT(12) /* FMA */ | BIT(22) /* MOVBE */ | BIT(27) /* OSXSAVE */ | BIT(28) /* AVX */ | \
	 BIT(29) /* F16C */)
#define EBX_V3 (BIT(3) /* BMI1 */ | BIT(5) /* AVX2 */ | BIT(8) /* BMI2 */)
#define EXTENDED_V3 BIT(5) /* LZCNT */
#define XCR0_V3 (BIT(1) /* XMM */ | BIT(2) /* YMM */)
#define EBX_V4                                                                     \
	(BIT(16) /* AVX512F */ | BIT(17) /* AVX512DQ */ | BIT(28) /* AVX512CD */ | \
	 BIT(30) /* AVX512BW */ | BIT(31) /* AVX512VL */)
#define XCR0_V4 (BIT(5) /* opmask */ | BIT(6) /* ZMM0 to 15 */ | BIT(7) /* ZMM16 to 31 */)

unsigned cpu_words_level(const struct cpu_words *words)
{
	static const struct cpu_words levels[] = {
		{ .leaf1_edx = EDX_V1 },
		{ .leaf1_ecx = ECX_V2, .extended_ecx = EXTENDED_V2 },
		{ .leaf1_ecx = ECX_V3,
		  .leaf7_ebx = EBX_V3,
		  .extended_ecx = EXTENDED_V3,
		  .xcr0 = XCR0_V3 },
		{ .leaf7_ebx = EBX_V4, .xcr0 = XCR0_V4 },
	};
	unsigned level = 0;

	for (; level < ARRAY_SIZE(levels); level++) {
		const struct cpu_words *needs = &levels[level];

		if ((needs->leaf1_ecx & ~words->leaf1_ecx) ||
		    (needs->leaf1_edx & ~words->leaf1_edx) ||
		    (needs->leaf7_ebx & ~words->leaf7_ebx) ||
		    (needs->extended_ecx & ~words->extended_ecx) || (needs->xcr0 & ~words->xcr0))
			break;
	}
	return level;
}

unsigned elf_cpu_level(void)
{
#if defined(__x86_64__)
	struct cpu_words words = { 0 };
	uint32_t a, b, c, d, greatest;

	__cpuid(0, greatest, b, c, d);
	__cpuid(1, a, b, words.leaf1_ecx, words.leaf1_edx);
	if (greatest >= 7)
		__cpuid_count(7, 0, a, words.leaf7_ebx, c, d);
	/* In every CPU with 64-bit mode, which this leaf tells of. */
	__cpuid(0x80000001, a, b, words.extended_ecx, d);
	if (words.leaf1_ecx & bit_OSXSAVE) {
		__asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
		words.xcr0 = (uint64_t)d << 32 | a;
	}
	return cpu_words_level(&words);
#else
	return 0;
#endif
}
