/* SPDX-License-Identifier: MIT */
/*
 * loader.c - what is compiled into one dynamic loader.
 *
 * Where a loader looks is fixed when it is built: Debian's has multiarch directories, Fedora's
 * lib64, Nix's and Guix's nothing but their own place in the store. No table can know them all, so
 * they are read out of the loader itself, as strings in its file (nothing is executed):
 *
 *   "/lib/x86_64-linux-gnu/" NUL "/usr/lib/x86_64-linux-gnu/" NUL "/lib/" NUL ...
 *                       system_dirs of glibc's elf/dl-load.c: a run of strings between slashes
 *   ".../ld.so.cache"   LD_SO_CACHE; Nix has it in its store
 *   ".../ld.so.preload" the same; Nix: /etc/ld-nix.so.preload
 *   "stable release version 2.36."
 *   ".../etc/ld-musl-ARCH.path"    musl; its directories are a literal of ldso/dynlink.c
 *
 * The file is an enemy's: it is read in pieces, bounded, and what is kept of it too. A false
 * directory there can only make the answer wrong for programs that use this very loader.
 *
 * Loaders in the system's own directories keep to /etc, so that those need not be read.
 */
#include "elf/ldcache.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define SCAN_MAX \
	(16U << 20) /* bytes of the file; the largest loader (musl's) has less than 1 MiB */
#define RUN_MAX 4096 /* bytes of one run of directories */
#define DIRS_MAX 32 /* directories in it */
#define ARCH_MAX 32 /* bytes of musl's name of a machine */

/* A run of directories, each with its NUL. */
struct run {
	char text[RUN_MAX];
	size_t len;
	size_t n;
};

struct scan {
	struct arena *arena;
	char text[PATH_MAX]; /* the printable bytes since the last other one */
	size_t len; /* up to sizeof(text): too long to be of interest */
	struct run run, best;
	const char *cache, *preload, *musl_arch;
	unsigned version;
	bool is_guix;
};

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static bool starts_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

/* 236 for the "2.36" that the text starts with, 0 for anything else. */
static unsigned parse_version(const char *text)
{
	unsigned minor = 0, digits = 0;

	if (!starts_with(text, "2."))
		return 0;
	for (text += 2; *text >= '0' && *text <= '9' && digits < 3; text++, digits++)
		minor = minor * 10 + (unsigned)(*text - '0');
	return digits == 1 || digits == 2 ? 200 + minor : 0;
}

/* Strings in the file */

static void end_run(struct scan *scan)
{
	bool is_better = scan->run.n > scan->best.n ||
			 (scan->run.n == scan->best.n && scan->run.len > scan->best.len);

	/* one short string between slashes may be chance: the most, then the longest, it is */
	if (is_better)
		scan->best = scan->run;
	scan->run.len = scan->run.n = 0;
}

/*
 * A text that begins and ends with a slash: one more of the run. What is too much for the arrays
 * is left out: loaders have four of them at most, of some fifty bytes.
 */
static void add_dir(struct scan *scan)
{
	struct run *run = &scan->run;

	if (run->n == DIRS_MAX || scan->len + 1 > sizeof(run->text) - run->len)
		return;
	memcpy(run->text + run->len, scan->text, scan->len + 1);
	run->len += scan->len + 1;
	run->n++;
}

/* "x86_64" of ".../ld-musl-x86_64" and what stands in `end`; NULL if it is no such text. */
static int take_musl_arch(struct arena *arena, const char *text, const char *end,
			  const char **ret_arch)
{
	static const char start[] = "ld-musl-";
	const char *base = base_name(text), *stop;

	if (!starts_with(base, start))
		return 0;
	base += sizeof(start) - 1;
	stop = strstr(base, end);
	if (!stop || stop == base || stop - base > ARCH_MAX)
		return 0;
	*ret_arch = arena_strndup(arena, base, (size_t)(stop - base));
	return *ret_arch ? 0 : -ENOMEM;
}

static int take_path(struct scan *scan, const char *end, const char **ret_path)
{
	if (*ret_path || scan->text[0] != '/' || !ends_with(scan->text, end))
		return 0;
	*ret_path = arena_strdup(scan->arena, scan->text);
	return *ret_path ? 0 : -ENOMEM;
}

/* A whole text, ended by NUL. */
static int look_at_text(struct scan *scan)
{
	int r = take_path(scan, "/ld.so.cache", &scan->cache);

	if (r == 0)
		r = take_path(scan, ".so.preload", &scan->preload);
	if (r == 0 && !scan->musl_arch && ends_with(scan->text, ".path"))
		r = take_musl_arch(scan->arena, scan->text, ".path", &scan->musl_arch);
	/* Guix's loader has a cache for each program, beside it, and no other */
	if (strcmp(scan->text, "/ld.so cache is lacking") == 0)
		scan->is_guix = true;
	return r;
}

/* The text has come to its end with the byte `c`. */
static int end_text(struct scan *scan, char c)
{
	static const char release[] = "release version ";
	bool is_text = scan->len > 0 && scan->len < sizeof(scan->text);
	const char *version;
	int r = 0;

	scan->text[is_text ? scan->len : 0] = '\0';
	version = strstr(scan->text, release);
	if (version && scan->version == 0)
		scan->version = parse_version(version + sizeof(release) - 1);
	if (is_text && c == '\0')
		r = look_at_text(scan);
	if (c == '\0' && scan->text[0] == '/' && scan->len > 1 && ends_with(scan->text, "/"))
		add_dir(scan);
	else
		end_run(scan);
	scan->len = 0;
	return r;
}

/* Texts are followed from one piece of the file into the next: nothing hangs on where it is cut. */
static int scan_bytes(struct scan *scan, const char *data, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		char c = data[i];

		if (c >= ' ' && c <= '~') {
			if (scan->len < sizeof(scan->text))
				scan->text[scan->len++] = c;
		} else if (scan->len > 0 || scan->run.n > 0) {
			int r = end_text(scan, c);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int scan_file(struct scan *scan, int fd)
{
	char data[8192];
	uint64_t at = 0;

	while (at < SCAN_MAX) {
		ssize_t n = sys_pread(fd, data, sizeof(data), at);
		int r;

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return (int)n;
		r = scan_bytes(scan, data, (size_t)n);
		if (r < 0)
			return r;
		at += (uint64_t)n;
	}
	return 0;
}

/* What the strings say */

/* The texts of a run, without the slash at their ends, as an array. */
static int split_run(struct arena *arena, const struct run *run, struct loader_info *info)
{
	const char **dirs = arena_calloc(arena, run->n, sizeof(*dirs));
	const char *at = run->text;

	if (!dirs)
		return -ENOMEM;
	for (size_t i = 0; i < run->n; i++) {
		size_t len = strlen(at);

		dirs[i] = arena_strndup(arena, at, len - 1);
		if (!dirs[i])
			return -ENOMEM;
		at += len + 1;
	}
	info->dirs = dirs;
	info->n_dirs = run->n;
	return 0;
}

static void set_musl(struct loader_info *info, const char *arch)
{
	/* a literal in musl, not a setting (ldso/dynlink.c) */
	static const char *const dirs[] = { "/lib", "/usr/local/lib", "/usr/lib" };

	*info = (struct loader_info){
		.dirs = dirs,
		.n_dirs = ARRAY_SIZE(dirs),
		.is_musl = true,
		.musl_arch = arch,
	};
}

/* Apart for its size. */
__attribute__((noinline)) static int read_strings(int fd, struct arena *arena,
						  struct loader_info *info)
{
	struct scan scan = { .arena = arena };
	int r = scan_file(&scan, fd);

	if (r < 0)
		return r;
	end_run(&scan);
	if (scan.musl_arch && !scan.cache) {
		set_musl(info, scan.musl_arch);
		return 0;
	}
	if (scan.cache)
		info->cache = scan.cache;
	if (scan.is_guix)
		info->cache = NULL;
	if (scan.preload)
		info->preload = scan.preload;
	if (scan.version)
		info->glibc_version = scan.version;
	/* without a sign of glibc the strings are some other program's */
	return scan.cache || scan.version ? split_run(arena, &scan.best, info) : 0;
}

/* By the name */

/*
 * As in the ABI supplements: ld-linux-x86-64.so.2, ld-linux.so.2 (i386), ld-linux-aarch64.so.1,
 * ld64.so.2 (ppc64le), ld64.so.1 (s390x), ld.so.1 (mips, ppc); and the file's own name before 2.34.
 */
static bool is_glibc_name(const char *base)
{
	return (starts_with(base, "ld-linux") && strstr(base, ".so")) ||
	       starts_with(base, "ld64.so.") || starts_with(base, "ld.so.") ||
	       (starts_with(base, "ld-2.") && ends_with(base, ".so"));
}

/* Below /lib, /lib64, /usr/lib and the like. */
static bool is_in_system(const char *path)
{
	static const char *const dirs[] = { "/lib/", "/lib64/", "/lib32/", "/libx32/" };

	if (starts_with(path, "/usr/"))
		path += 4;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (starts_with(path, dirs[i]))
			return true;
	return false;
}

static int read_opened(int fd, const char *path, const char *real, bool wants_dirs,
		       struct arena *arena, struct loader_info *info)
{
	const char *arch = NULL;
	int r = take_musl_arch(arena, path, ".so", &arch);

	if (r == 0 && !arch)
		r = take_musl_arch(arena, real, ".so", &arch);
	if (r < 0)
		return r;
	if (arch) {
		set_musl(info, arch);
		return 0;
	}
	/* the file's own name was "ld-2.31.so" before 2.34 */
	if (starts_with(base_name(real), "ld-"))
		info->glibc_version = parse_version(base_name(real) + 3);
	if (is_in_system(real) &&
	    (is_glibc_name(base_name(path)) || is_glibc_name(base_name(real)))) {
		info->cache = "/etc/ld.so.cache";
		info->preload = "/etc/ld.so.preload";
		if (!wants_dirs)
			return 0;
	}
	return read_strings(fd, arena, info);
}

int loader_read(const struct root *root, const char *path, bool wants_dirs, struct arena *arena,
		struct loader_info *ret_info)
{
	struct loader_info info = { 0 };
	struct root_file file;
	AUTO_FD int fd = -1;
	char magic[4];
	ssize_t n;
	int r = root_open_file(root, NULL, path, &file);

	if (r < 0)
		return r;
	fd = file.fd;
	do
		n = sys_pread(fd, magic, sizeof(magic), 0);
	while (n == -EINTR);
	if (n < 0)
		return (int)n;
	if (n != sizeof(magic) || memcmp(magic, "\177ELF", sizeof(magic)) != 0)
		return -ENOEXEC;
	r = read_opened(fd, path, file.real[0] ? file.real : path, wants_dirs, arena, &info);
	if (r == 0)
		*ret_info = info;
	return r;
}
