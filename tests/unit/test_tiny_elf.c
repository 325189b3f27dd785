/* SPDX-License-Identifier: MIT */
/*
 * test_tiny_elf.c - the smallest programs are well formed, and one for this machine runs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "in_child.h"

#include "doctor/tiny_elf.h"

static unsigned char program[TINY_ELF_MAX];

/* What the ELF header says of a program of its own byte order and class is what was asked for. */
static void a_program_of_this_machine_reads_back_as_it_was_asked_for(void **state)
{
	size_t len = tiny_elf_build(&tiny_elfs[TINY_ELF_NATIVE], program);
	Elf64_Phdr segments[2];
	Elf64_Ehdr header;

	(void)state;
	memcpy(&header, program, sizeof(header));
	assert_memory_equal(header.e_ident, ELFMAG, SELFMAG);
	assert_int_equal(header.e_type, ET_EXEC);
	assert_int_equal(header.e_machine, tiny_elfs[TINY_ELF_NATIVE].machine);
	assert_int_equal(header.e_phnum, 2);
	assert_int_equal(header.e_phentsize, sizeof(segments[0]));
	memcpy(segments, program + header.e_phoff, sizeof(segments));
	assert_int_equal(segments[0].p_type, PT_LOAD);
	assert_int_equal(segments[0].p_flags, PF_R | PF_X);
	assert_int_equal(segments[0].p_filesz, len);
	assert_int_equal(segments[1].p_type, PT_GNU_STACK);
	assert_int_equal(segments[1].p_flags, PF_R | PF_W);
	/* it begins where its code is, at the end */
	assert_int_equal(header.e_entry,
			 segments[0].p_vaddr + len - tiny_elfs[TINY_ELF_NATIVE].code_len);
}

static void each_architecture_has_its_own_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_tiny_elfs; i++) {
		const struct tiny_elf *elf = &tiny_elfs[i];
		size_t len = tiny_elf_build(elf, program);
		size_t machine = elf->is_big_endian ? 19 : 18;

		assert_true(len <= TINY_ELF_MAX && elf->code_len >= 4);
		assert_int_equal(program[EI_CLASS], elf->is_64 ? ELFCLASS64 : ELFCLASS32);
		assert_int_equal(program[EI_DATA], elf->is_big_endian ? ELFDATA2MSB : ELFDATA2LSB);
		assert_int_equal(program[machine], elf->machine & 0xff);
		assert_memory_equal(program + len - elf->code_len, elf->code, elf->code_len);
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(elf->name, tiny_elfs[k].name);
	}
}

static void run_it(const void *arg, struct said *said)
{
	char *const argv[] = { (char *)(uintptr_t) "tiny", NULL };
	const char *path = arg;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execv(path, argv);
		_exit(1);
	}
	said->result =
		waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void the_one_for_this_machine_runs_and_exits(void **state)
{
	size_t len = tiny_elf_build(&tiny_elfs[TINY_ELF_NATIVE], program);
	char folder[256], path[300];
	struct utsname name;
	FILE *file;

	(void)state;
	assert_int_equal(uname(&name), 0);
	assert_string_equal(tiny_elfs[TINY_ELF_NATIVE].name, name.machine);
	make_scratch(folder, sizeof(folder));
	(void)snprintf(path, sizeof(path), "%s/tiny", folder);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_int_equal(fwrite(program, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0700), 0);
	assert_int_equal(in_child(run_it, path).result, TINY_ELF_STATUS);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_program_of_this_machine_reads_back_as_it_was_asked_for),
		cmocka_unit_test(each_architecture_has_its_own_form),
		cmocka_unit_test(the_one_for_this_machine_runs_and_exits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
