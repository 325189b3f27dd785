/* SPDX-License-Identifier: MIT */
/*
 * elf_print.c - what elf_read finds in each file named on standard input, one a line.
 *
 * For tests/deps/readelf.py, which compares it with what readelf prints. Each
 * file begins with "file PATH"; an unreadable or refused one has the line "error ERRNO WHY".
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf/elf.h"

static void print_elf(const struct elf *elf)
{
	printf("header %u %d %u %u %#" PRIx32 "\n", elf->class == 2 ? 64U : 32U, elf->is_big_endian,
	       elf->type, elf->machine, elf->flags);
	printf("segments %d %u %s %#" PRIx64 " %d\n", elf->is_dynamic, elf->n_interp,
	       elf->interp ? elf->interp : "-", elf->load_align, elf->has_exec_stack);
	for (size_t i = 0; i < elf->n_needed; i++)
		printf("needed %s\n", elf->needed[i]);
	if (elf->soname)
		printf("soname %s\n", elf->soname);
	if (elf->rpath)
		printf("rpath %s\n", elf->rpath);
	if (elf->runpath)
		printf("runpath %s\n", elf->runpath);
	printf("flags %d %d\n", elf->is_nodeflib, elf->is_pie);
	if (elf->has_abi_tag)
		printf("abi %u %u.%u.%u\n", elf->abi_os, elf->abi_version[0], elf->abi_version[1],
		       elf->abi_version[2]);
	printf("isa %#" PRIx32 "\n", elf->isa_needed);
	for (size_t i = 0; i < elf->n_verneeds; i++)
		printf("verneed %s %s %d\n", elf->verneeds[i].file, elf->verneeds[i].version,
		       elf->verneeds[i].is_weak);
	for (size_t i = 0; i < elf->n_verdefs; i++)
		printf("verdef %s\n", elf->verdefs[i]);
}

static void print_file(const char *path)
{
	struct arena arena;
	struct elf elf;
	struct stat st;
	const char *why = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC), r;

	printf("file %s\n", path);
	if (fd < 0 || fstat(fd, &st) != 0) {
		printf("error open\n");
		if (fd >= 0)
			close(fd);
		return;
	}
	arena_init(&arena, 16U << 20);
	r = elf_read(fd, (uint64_t)st.st_size, ELF_VERSIONS, &arena, &elf, &why);
	if (r != 0)
		printf("error %d %s\n", -r, why);
	else
		print_elf(&elf);
	arena_done(&arena);
	close(fd);
}

int main(void)
{
	char path[4096];

	while (fgets(path, sizeof(path), stdin)) {
		path[strcspn(path, "\n")] = '\0';
		print_file(path);
	}
	return 0;
}
