/* SPDX-License-Identifier: MIT */
/* test_cpu.c - names of machines, and the level of x86-64 as this system's own loader sees it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "elf/elf.h"
#include "elf/elf_parts.h"

static void machines_have_the_names_that_people_use(void **state)
{
	(void)state;
	assert_string_equal(elf_machine_name(ELFCLASS64, EM_X86_64), "x86_64");
	assert_string_equal(elf_machine_name(ELFCLASS32, EM_X86_64), "x32");
	assert_string_equal(elf_machine_name(ELFCLASS64, EM_AARCH64), "aarch64");
	assert_string_equal(elf_machine_name(ELFCLASS32, EM_386), "i386");
	assert_string_equal(elf_machine_name(ELFCLASS32, EM_ARM), "arm");
	assert_string_equal(elf_machine_name(ELFCLASS64, 243), "riscv64");
	assert_string_equal(elf_machine_name(ELFCLASS32, 243), "riscv32");
	assert_null(elf_machine_name(ELFCLASS64, 0xfffe));
	assert_null(elf_machine_name(ELFCLASS64, EM_NONE));
}

static void the_own_machine_is_the_one_that_uname_tells(void **state)
{
	struct utsname name;

	(void)state;
	assert_int_equal(uname(&name), 0);
	assert_string_equal(elf_machine_name(elf_own_class(), elf_own_machine()), name.machine);
}

/* The features of each level, all of them. */
static const struct cpu_words newest = {
	.leaf1_ecx = 1U << 0 | 1U << 9 | 1U << 12 | 1U << 13 | 1U << 19 | 1U << 20 | 1U << 22 |
		     1U << 23 | 1U << 27 | 1U << 28 | 1U << 29,
	.leaf1_edx = 1U << 0 | 1U << 8 | 1U << 15 | 1U << 23 | 1U << 24 | 1U << 25 | 1U << 26,
	.leaf7_ebx =
		1U << 3 | 1U << 5 | 1U << 8 | 1U << 16 | 1U << 17 | 1U << 28 | 1U << 30 | 1U << 31,
	.extended_ecx = 1U << 0 | 1U << 5,
	.xcr0 = 0xe6,
};

static void all_features_make_the_highest_level_and_none_none(void **state)
{
	struct cpu_words words = { 0 };

	(void)state;
	assert_int_equal(cpu_words_level(&newest), 4);
	assert_int_equal(cpu_words_level(&words), 0);
	words.leaf1_edx = newest.leaf1_edx;
	assert_int_equal(cpu_words_level(&words), 1);
}

static void each_missing_feature_lowers_the_level_to_the_one_below_its_own(void **state)
{
	/* The level that is left when this bit of that word is missing. */
	static const struct {
		size_t word; /* in 32-bit words; xcr0 is one of 64 bits */
		unsigned bit, left;
	} cases[] = {
		{ 0, 0, 1 },  { 0, 9, 1 },  { 0, 13, 1 }, { 0, 19, 1 }, { 0, 20, 1 }, { 0, 23, 1 },
		{ 0, 12, 2 }, { 0, 22, 2 }, { 0, 27, 2 }, { 0, 28, 2 }, { 0, 29, 2 }, { 1, 0, 0 },
		{ 1, 8, 0 },  { 1, 15, 0 }, { 1, 23, 0 }, { 1, 24, 0 }, { 1, 25, 0 }, { 1, 26, 0 },
		{ 2, 3, 2 },  { 2, 5, 2 },  { 2, 8, 2 },  { 2, 16, 3 }, { 2, 17, 3 }, { 2, 28, 3 },
		{ 2, 30, 3 }, { 2, 31, 3 }, { 3, 0, 1 },  { 3, 5, 2 },  { 4, 1, 2 },  { 4, 2, 2 },
		{ 4, 5, 3 },  { 4, 6, 3 },  { 4, 7, 3 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct cpu_words words = newest;
		uint32_t *const parts[] = { &words.leaf1_ecx, &words.leaf1_edx, &words.leaf7_ebx,
					    &words.extended_ecx };

		if (cases[i].word < ARRAY_SIZE(parts))
			*parts[cases[i].word] &= ~(1U << cases[i].bit);
		else
			words.xcr0 &= ~(1ULL << cases[i].bit);
		assert_int_equal(cpu_words_level(&words), cases[i].left);
	}
}

#if defined(__x86_64__) && defined(__GLIBC__)
/* What the system's loader prints of itself; its length. */
static size_t ask_loader(char *text, size_t size)
{
	size_t len = 0;
	ssize_t n;
	int fds[2];
	pid_t pid;

	assert_int_equal(pipe(fds), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(fds[1], STDOUT_FILENO);
		(void)execl("/lib64/ld-linux-x86-64.so.2", "ld.so", "--help", (char *)NULL);
		_exit(1);
	}
	close(fds[1]);
	while ((n = read(fds[0], text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	close(fds[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	text[len] = '\0';
	return len;
}

static void the_level_is_the_one_that_the_system_s_loader_searches(void **state)
{
	static char text[64 << 10];
	char line[64];
	unsigned level = 1;

	(void)state;
	(void)ask_loader(text, sizeof(text));
	if (!strstr(text, "glibc-hwcaps")) /* before 2.33 it had no levels */
		skip();
	for (unsigned n = 2; n <= 4; n++) {
		(void)snprintf(line, sizeof(line), "x86-64-v%u (supported, searched)", n);
		if (strstr(text, line))
			level = n;
	}
	assert_int_equal(elf_cpu_level(), level);
}
#else
static void there_is_no_level_on_other_machines_and_some_on_x86(void **state)
{
	(void)state;
	assert_int_equal(elf_cpu_level() > 0, elf_own_machine() == EM_X86_64);
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(machines_have_the_names_that_people_use),
		cmocka_unit_test(the_own_machine_is_the_one_that_uname_tells),
		cmocka_unit_test(all_features_make_the_highest_level_and_none_none),
		cmocka_unit_test(each_missing_feature_lowers_the_level_to_the_one_below_its_own),
#if defined(__x86_64__) && defined(__GLIBC__)
		cmocka_unit_test(the_level_is_the_one_that_the_system_s_loader_searches),
#else
		cmocka_unit_test(there_is_no_level_on_other_machines_and_some_on_x86),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
