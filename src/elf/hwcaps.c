/* SPDX-License-Identifier: MIT */
/*
 * hwcaps.c - the subdirectories that glibc's loader tries before each directory.
 *
 *   since 2.33    glibc-hwcaps/x86-64-v4/, -v3/, -v2/: as far as the CPU goes
 *   before 2.37   every subset of the words "tls", the platform's name and the names of a few
 *                 CPU features, as a path: tls/haswell/x86_64/, tls/haswell/, tls/x86_64/, ...
 *
 * Both in 2.33 to 2.36; a loader of unknown version is taken for a new one. The loader
 * tries each path once and remembers which directories are missing. Here the parts are
 * asked for first: a directory that has no "tls" needs no tries below it, and in most there is
 * nothing at all.
 *
 * Only where the first word of a path is there, the CPU matters; asking it is
 * dear in a virtual machine, so it is put off until then.
 *
 * Source: glibc's elf/dl-hwcaps.c, elf/dl-hwcaps-subdirs.c, sysdeps/x86/cpu-features.c up to 2.36.
 */
#include "elf/hwcaps.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "base/cleanup.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define HWCAPS_DIR "glibc-hwcaps"
#define WORDS_MAX 4
#define SUBDIRS_MAX (3 + (1 << WORDS_MAX))
#define HWCAP_ATOMICS_BIT (1UL << 8) /* of AT_HWCAP on aarch64 */

static bool is_intel(void)
{
#if defined(__x86_64__) || defined(__i386__)
	unsigned max, ebx, ecx, edx;

	return __get_cpuid(0, &max, &ebx, &ecx, &edx) && ebx == signature_INTEL_ebx;
#else
	return false;
#endif
}

/* The name "haswell" stands for what x86-64-v3 asks for, on Intel's CPUs alone. */
static bool has_intel_level(struct linkage *linkage, unsigned level)
{
	return linkage_cpu_level(linkage) >= level && is_intel();
}

const char *hwcaps_platform(struct linkage *linkage)
{
	switch (linkage->objects[OBJECT_PROGRAM].elf.machine) {
	case EM_X86_64:
		return has_intel_level(linkage, 3) ? "haswell" : "x86_64";
	case EM_386:
		return "i686";
	case EM_AARCH64:
		return "aarch64";
	default:
		return NULL;
	}
}

/* The words whose subsets were paths, the first being the strongest. */
static size_t list_words(struct linkage *linkage, const char *words[WORDS_MAX])
{
	const struct elf *elf = &linkage->objects[OBJECT_PROGRAM].elf;
	size_t n = 0;

	words[n++] = "tls";
	if (hwcaps_platform(linkage))
		words[n++] = hwcaps_platform(linkage);
	switch (elf->machine) {
	case EM_X86_64:
		if (has_intel_level(linkage, 4))
			words[n++] = "avx512_1";
		words[n++] = "x86_64";
		break;
	case EM_386:
		words[n++] = "sse2";
		break;
	case EM_AARCH64:
		if (elf_own_machine() == EM_AARCH64 && getauxval(AT_HWCAP) & HWCAP_ATOMICS_BIT)
			words[n++] = "atomics";
		break;
	default:
		break;
	}
	return n;
}

/* The words that glibc may use on some CPU of that machine, to see whether a CPU must be asked. */
static const char *const any_words[] = {
	"tls", "haswell", "x86_64", "avx512_1", "i686", "sse2", "aarch64", "atomics",
};

/* Below a directory that may not be listed (NULL) everything can be. A link counts as there. */
static bool is_there(const struct root_dir *dir, const char *name)
{
	return !dir || root_dir_has(dir, name);
}

/* The paths of the older scheme: subsets in the order of binary numbers, from all to none. */
static int add_subsets(struct builder *builder, struct linkage *linkage, const struct root_dir *dir,
		       const char *subdirs[SUBDIRS_MAX], size_t *n)
{
	const char *words[WORDS_MAX];
	size_t n_words = list_words(linkage, words);
	bool is_first_there[WORDS_MAX];

	for (size_t i = 0; i < n_words; i++)
		is_first_there[i] = is_there(dir, words[i]);
	for (unsigned set = (1U << n_words) - 1; set > 0; set--) {
		char path[64] = "";
		size_t len = 0;
		bool is_useful = true;

		for (size_t i = 0; i < n_words && is_useful; i++) {
			if (!(set & (1U << (n_words - 1 - i))))
				continue;
			is_useful = len > 0 || is_first_there[i];
			len += (size_t)snprintf(path + len, sizeof(path) - len, "%s/", words[i]);
		}
		if (!is_useful)
			continue;
		subdirs[*n] = arena_strdup(&builder->closure->arena, path);
		if (!subdirs[(*n)++])
			return builder_no_memory(builder);
	}
	return 0;
}

/* The older scheme, if there is any of its words and the loader is old enough. */
static int add_older(struct builder *builder, struct linkage *linkage, const struct root_dir *dir,
		     const char *subdirs[SUBDIRS_MAX], size_t *n)
{
	bool is_any_there = false;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(any_words) && !is_any_there; i++)
		is_any_there = is_there(dir, any_words[i]);
	if (!is_any_there)
		return 0;
	r = linkage_ask_loader(builder, linkage);
	if (r < 0 || linkage->info.glibc_version == 0 || linkage->info.glibc_version >= 237)
		return r;
	return add_subsets(builder, linkage, dir, subdirs, n);
}

static int add_subdirs(struct builder *builder, struct linkage *linkage, const struct root_dir *dir,
		       const char *subdirs[SUBDIRS_MAX], size_t *n)
{
	static const char *const levels[] = {
		HWCAPS_DIR "/x86-64-v2/",
		HWCAPS_DIR "/x86-64-v3/",
		HWCAPS_DIR "/x86-64-v4/",
	};
	unsigned glibc = linkage->info.glibc_version;
	int r;

	if ((glibc == 0 || glibc >= 233) && is_there(dir, HWCAPS_DIR))
		for (unsigned level = linkage_cpu_level(linkage); level >= 2; level--)
			subdirs[(*n)++] = levels[level - 2];
	r = add_older(builder, linkage, dir, subdirs, n);
	subdirs[(*n)++] = "";
	return r;
}

int hwcaps_look_up(struct builder *builder, struct linkage *linkage, const char *full,
		   struct search_dir *dir)
{
	const char *subdirs[SUBDIRS_MAX + 1];
	const char **copy;
	struct root_dir opened = { .fd = -1 };
	size_t n = 0;
	int has = root_open_dir(builder->input->root, full, &opened), r = has;

	if (fd_is_shortage(r))
		return fail(builder->err, CROFT_STAGE_EXEC, -r, "opening '%s'", full);
	dir->is_known = true;
	/* one that may not be listed may still be searched */
	if (r < 0 && r != -EACCES)
		return 0;
	r = add_subdirs(builder, linkage, has < 0 ? NULL : &opened, subdirs, &n);
	root_dir_done(&opened);
	if (r < 0)
		return r;
	copy = arena_calloc(&builder->closure->arena, n, sizeof(*copy));
	if (!copy)
		return builder_no_memory(builder);
	memcpy(copy, subdirs, n * sizeof(*copy));
	dir->subdirs = copy;
	dir->n_subdirs = n;
	return 0;
}
