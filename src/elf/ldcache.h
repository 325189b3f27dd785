/* SPDX-License-Identifier: MIT */
/*
 * ldcache.h - what glibc's loader knows before it looks: ld.so.cache, ld.so.conf, and the
 * directories that are compiled into each loader.
 *
 * The cache is made by root and read by everybody, but in an image it is an enemy's: every
 * offset is checked. Both formats are read: the new one ("glibc-ld.so.cache1.1", with
 * the hwcaps extension of glibc 2.33) alone or behind the old one ("ld.so-1.7.0").
 * Source: glibc's sysdeps/generic/dl-cache.h, elf/dl-cache.c, elf/ldconfig.c; ld.so(8) and
 * ldconfig(8).
 */
#ifndef CROFT_ELF_LDCACHE_H
#define CROFT_ELF_LDCACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "elf/root.h"

#define LDCACHE_MAX_BYTES (32U << 20) /* ten thousand libraries make one megabyte */
#define LDCONF_MAX_BYTES (1U << 20) /* one configuration file */
#define LDCONF_MAX_FILES 256 /* included ones */
#define LDCONF_MAX_DEPTH 8
#define LDCONF_MAX_DIRS 1024

struct ldcache {
	char *data; /* owned */
	size_t size;
	const void *entries; /* of the new format, NULL if there is only the old one */
	size_t n_entries;
	/* the rest is ldcache.c's */
	size_t strings; /* where the offsets in entries start from */
	const void *old_entries;
	size_t n_old_entries, old_strings;
	const uint32_t *hwcaps; /* offsets of names of glibc-hwcaps subdirectories */
	size_t n_hwcaps;
	bool is_swapped; /* written on a machine of the other byte order */
	bool is_sorted; /* in the order in which a binary search finds everything */
	size_t strings_end; /* every text that begins before this ends inside the file */
};

/* Which programs a lookup is for. */
struct ldcache_target {
	uint8_t class;
	uint16_t machine;
	uint32_t elf_flags; /* e_flags of the program: arm's float ABI, mips, riscv */
	unsigned cpu_level; /* x86-64-v1..4; 0: only plain entries */
};

/* Reads "/etc/ld.so.cache" or another. 0, -ENOENT, -EBADMSG (corrupt), -EFBIG, -EACCES, ... */
int ldcache_load(const struct root *root, const char *path, struct ldcache *ret_cache);
/* The same from memory, for tests and fuzzing: takes `data` (malloc'd) on success. */
int ldcache_parse(char *data, size_t size, struct ldcache *ret_cache);
void ldcache_done(struct ldcache *cache);
/*
 * The one path that the loader would take for `name` ("libc.so.6"): of the entries with that
 * name and the target's flags the best hwcaps one that the CPU can run, else the first plain one.
 * NULL: none. Points into the cache.
 */
const char *ldcache_find(const struct ldcache *cache, const char *name,
			 const struct ldcache_target *target);

/*
 * The directories of ld.so.conf with its includes (globs as ldconfig expands them), in
 * order, for a root whose cache is missing. *ret_dirs is an array in the arena.
 * A missing file gives none. 0, or -ENOMEM, -EFBIG (limits above), -ELOOP (includes itself).
 */
int ldconf_read(const struct root *root, const char *path, struct arena *arena,
		const char ***ret_dirs, size_t *ret_n);

/* What is compiled into one loader. */
struct loader_info {
	const char *cache; /* "/etc/ld.so.cache", or Nix's own; NULL: it has none (musl) */
	const char *preload; /* "/etc/ld.so.preload" */
	const char *const *dirs; /* the last directories it tries, in order, no final slash */
	size_t n_dirs;
	/* 236 for 2.36, 0 unknown; before 237 there are the older directories (tls, platform) */
	unsigned glibc_version;
	bool is_musl;
	const char *musl_arch; /* "x86_64" of ld-musl-x86_64.so.1; NULL */
};

/*
 * Looks at the loader `path` (an interpreter's name). Its strings are read (bounded) where
 * they matter: a loader in one of the system's lib directories has /etc/ld.so.cache, and
 * its directories are read from its strings only if `wants_dirs`. Texts in the arena or literal.
 * 0, or an errno of opening it, -ENOEXEC (no ELF).
 */
int loader_read(const struct root *root, const char *path, bool wants_dirs, struct arena *arena,
		struct loader_info *ret_info);

#endif
