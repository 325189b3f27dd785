/* SPDX-License-Identifier: MIT */
/*
 * fuzz_elf.c - any bytes as an ELF file.
 *
 * The file lies in memory: pread is replaced. Beside memory errors the harness looks for a
 * read outside of the file, a result beyond the limits, a text without an end, a failure
 * that leaves something behind or says no reason, and for two readings that differ. Each
 * input is read once more as a file that gets shorter after the first call.
 *
 * The corpus is made by tests/fuzz/make_elf_corpus.py.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "elf/elf_parts.h"
#include "sys/calls.h"

#define ARENA_MAX (8U << 20)

static const uint8_t *file;
static size_t file_size; /* as elf_read is told */
static size_t cut_size; /* what is left of it after the first call */
static unsigned n_calls;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static long pread_memory(enum sys_call call, long fd, long data, long len, long offset, long e,
			 long f)
{
	size_t at = (size_t)offset, n = (size_t)len;
	size_t size = n_calls++ == 0 ? file_size : cut_size;

	(void)call;
	(void)e;
	(void)f;
	assert(fd == 3 && at <= file_size && n <= file_size - at);
	if (at >= size)
		return 0;
	if (n > size - at)
		n = size - at;
	memcpy((void *)data, file + at, n);
	return (long)n;
}

static void check_text(const char *text)
{
	assert(strnlen(text, ELF_MAX_STRING) < ELF_MAX_STRING);
}

static void check_elf(const struct elf *elf)
{
	const char *const texts[] = { elf->interp, elf->soname, elf->rpath, elf->runpath };

	assert(elf->class == ELFCLASS32 || elf->class == ELFCLASS64);
	assert((elf->interp != NULL) == (elf->n_interp > 0));
	assert(elf->n_interp <= ELF_MAX_PHDRS && elf->n_needed <= ELF_MAX_NEEDED);
	assert(elf->n_verneeds <= ELF_MAX_VERSIONS && elf->n_verdefs <= ELF_MAX_VERSIONS);
	assert(elf->is_dynamic || (!elf->n_needed && !elf->soname && !elf->has_verdefs));
	assert(elf->has_verdefs || !elf->n_verdefs);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i])
			check_text(texts[i]);
	for (size_t i = 0; i < elf->n_needed; i++)
		check_text(elf->needed[i]);
	for (size_t i = 0; i < elf->n_verneeds; i++) {
		check_text(elf->verneeds[i].file);
		check_text(elf->verneeds[i].version);
	}
	for (size_t i = 0; i < elf->n_verdefs; i++)
		check_text(elf->verdefs[i]);
}

static void check_failure(int r, const struct elf *elf, const char *why)
{
	struct elf nothing = { .class = elf->class, .type = elf->type, .machine = elf->machine };

	assert(r == -ENOEXEC || r == -EBADMSG || r == -EFBIG || r == -ENOMEM);
	assert(why && why[0]);
	assert(!memcmp(elf, &nothing, sizeof(nothing)));
	assert(r != -ENOEXEC || elf->class == ELFCLASSNONE);
}

static int read_once(unsigned flags, struct arena *arena, struct elf *elf)
{
	const char *why = NULL;
	int r;

	n_calls = 0;
	arena_init(arena, ARENA_MAX);
	memset(elf, 0, sizeof(*elf));
	r = elf_read(3, file_size, flags, arena, elf, &why);
	if (r == 0)
		check_elf(elf);
	else
		check_failure(r, elf, why);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena all_arena, arena;
	struct elf all, elf;
	int r;

	sys_replace(SYS_CALL_pread64, pread_memory);
	file = data;
	file_size = cut_size = size;
	r = read_once(ELF_VERSIONS, &all_arena, &all);
	if (r == 0) {
		assert(read_once(0, &arena, &elf) == 0);
		assert(elf.n_needed == all.n_needed && elf.isa_needed == all.isa_needed);
		for (size_t i = 0; i < elf.n_needed; i++)
			assert(!strcmp(elf.needed[i], all.needed[i]));
		assert(elf.n_verneeds == 0 && elf.n_verdefs == 0);
		arena_done(&arena);
	}
	arena_done(&all_arena);
	cut_size = size / 2;
	(void)read_once(ELF_VERSIONS, &arena, &elf);
	arena_done(&arena);
	return 0;
}
