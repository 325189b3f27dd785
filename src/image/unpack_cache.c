/* SPDX-License-Identifier: MIT */
/*
 * unpack_cache.c - the directory of images: who may write it, locks, what is complete.
 *
 *	CACHE/HEX/root, CACHE/HEX/complete   an image
 *	CACHE/.new-HEX/                      one that is being unpacked, or was when it was killed
 *	CACHE/.lock-HEX                      empty; flock(2) on it is held by who unpacks
 *
 * An image appears under its name by one rename, when its bytes are on the disk. The kernel
 * releases the lock of a process that is killed, so whoever gets it and finds a .new-HEX knows
 * that nobody works on it. Lock files stay: to remove one is a race with who is opening it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/cleanup.h"
#include "image/unpack.h"
#include "launch/tmpdir.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define NAME_SIZE (CACHE_KEY_SIZE + 16)
#define WAIT_MS 50
#define WAITS_UNSAID 20 /* a second */
#define RENAME_NO_REPLACE 1U /* RENAME_NOREPLACE, since 3.15 */

static const char new_prefix[] = ".new-", lock_prefix[] = ".lock-";

static void make_name(char name[NAME_SIZE], const char *prefix, const char *key)
{
	(void)snprintf(name, NAME_SIZE, "%s%s", prefix, key);
}

static int make_directories(const char *path)
{
	char part[PATH_MAX];
	size_t len = strlen(path);
	int r = 0;

	if (len >= sizeof(part))
		return -ENAMETOOLONG;
	memcpy(part, path, len + 1);
	for (size_t i = 1; i <= len; i++) {
		if (part[i] != '/' && part[i])
			continue;
		part[i] = '\0';
		r = sys_mkdirat(AT_FDCWD, part, 0700);
		part[i] = path[i];
	}
	return r == -EEXIST ? 0 : r;
}

/* The name that the kernel has for it. Without /proc: as it was given, if that is absolute. */
static int find_path(struct cache *cache, const char *given)
{
	char link[32];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", cache->fd);
	n = sys_readlinkat(AT_FDCWD, link, cache->path, sizeof(cache->path));
	if (n < 0 && given[0] == '/') {
		n = (ssize_t)strlen(given);
		if ((size_t)n < sizeof(cache->path))
			memcpy(cache->path, given, (size_t)n);
	}
	if (n < 0)
		return (int)n;
	if ((size_t)n >= sizeof(cache->path))
		return -ENAMETOOLONG;
	cache->path[n] = '\0';
	return 0;
}

int cache_open(struct cache *cache, const char *path, struct croft_error *err)
{
	struct stat st = { .st_mode = 0 };
	int r = make_directories(path);

	*cache = (struct cache){ .fd = -1 };
	if (r == 0)
		cache->fd = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
	if (r == 0)
		r = cache->fd < 0 ? cache->fd : sys_fstatat(cache->fd, "", &st, AT_EMPTY_PATH);
	if (r == 0)
		r = find_path(cache, path);
	if (r < 0) {
		cache_done(cache);
		r = fail(err, CROFT_STAGE_PREPARE, -r, "use '%s' for unpacked images", path);
		fail_hint(err, "--cache DIR says another directory");
		return r;
	}
	if (st.st_uid == sys_geteuid() && !(st.st_mode & 022))
		return 0;
	cache_done(cache);
	(void)fail(err, CROFT_STAGE_PREPARE, 0,
		   "'%s' may be written by others, who could put an image there", path);
	fail_hint(err, "chmod go-w it, or say another directory of yours: --cache DIR");
	return -EPERM;
}

void cache_done(struct cache *cache)
{
	fd_close(&cache->fd);
}

bool cache_has(const struct cache *cache, const char *key)
{
	char name[NAME_SIZE + 16];
	struct stat st;

	(void)snprintf(name, sizeof(name), "%s/complete", key);
	if (sys_fstatat(cache->fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(st.st_mode))
		return false;
	(void)snprintf(name, sizeof(name), "%s/root", key);
	return sys_fstatat(cache->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISDIR(st.st_mode);
}

/* A lock file's descriptor, not locked. */
static int open_lock(const struct cache *cache, const char *key)
{
	char name[NAME_SIZE];

	make_name(name, lock_prefix, key);
	return sys_openat(cache->fd, name, O_RDWR | O_CREAT | O_NOFOLLOW, 0600);
}

static int take_lock(int fd, int how)
{
	long r;

	do
		r = sys_raw(__NR_flock, fd, how, 0, 0, 0, 0);
	while (r == -EINTR);
	return (int)r;
}

int cache_lock(const struct cache *cache, const char *key, unpack_tell_fn tell, int *ret_lock,
	       struct croft_error *err)
{
	const struct timespec wait = { .tv_nsec = WAIT_MS * 1000000L };
	AUTO_FD int fd = open_lock(cache, key);
	int r = fd < 0 ? fd : take_lock(fd, LOCK_EX | LOCK_NB);

	for (int i = 0; r == -EWOULDBLOCK && i < WAITS_UNSAID; i++) {
		(void)sys_raw(__NR_nanosleep, (long)&wait, 0, 0, 0, 0, 0);
		r = take_lock(fd, LOCK_EX | LOCK_NB);
	}
	if (r == -EWOULDBLOCK) {
		tell("another croft is unpacking this image: waiting for it");
		r = take_lock(fd, LOCK_EX);
	}
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "lock an image in '%s'", cache->path);
	*ret_lock = fd_take(&fd);
	return 0;
}

/* CACHE/PREFIXKEY and all in it. */
static int remove_tree(const struct cache *cache, const char *prefix, const char *key)
{
	char path[PATH_MAX];
	int n = snprintf(path, sizeof(path), "%s/%s%s", cache->path, prefix, key);

	return n < 0 || (size_t)n >= sizeof(path) ? -ENAMETOOLONG : tmpdir_remove(path);
}

void cache_drop(const struct cache *cache, const char *key)
{
	(void)remove_tree(cache, new_prefix, key);
}

int cache_begin(const struct cache *cache, const char *key, int *ret_fd, struct croft_error *err)
{
	AUTO_FD int fd = -1, root = -1;
	char name[NAME_SIZE];
	int r;

	make_name(name, new_prefix, key);
	cache_drop(cache, key);
	r = sys_mkdirat(cache->fd, name, 0700);
	if (r == 0)
		fd = sys_openat(cache->fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	if (r == 0)
		r = fd < 0 ? fd : sys_mkdirat(fd, "root", 0755);
	if (r == 0)
		root = sys_openat(fd, "root", O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (r == 0 && root < 0)
		r = root;
	if (r < 0) {
		r = fail(err, CROFT_STAGE_PREPARE, -r, "make a directory in '%s'", cache->path);
		cache_drop(cache, key);
		return r;
	}
	*ret_fd = fd_take(&root);
	return 0;
}

/* The mark, and everything before it on the disk. */
static int write_mark(const struct cache *cache, const char *name, const char *digest)
{
	char path[NAME_SIZE + 16];
	AUTO_FD int fd = -1;
	int r;

	(void)snprintf(path, sizeof(path), "%s/complete", name);
	fd = sys_openat(cache->fd, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0444);
	if (fd < 0)
		return fd;
	r = fd_write_all(fd, digest, strlen(digest));
	if (r == 0)
		r = fd_write_all(fd, "\n", 1);
	return r < 0 ? r : (int)sys_raw(__NR_syncfs, fd, 0, 0, 0, 0, 0);
}

int cache_finish(const struct cache *cache, const char *key, const char *digest,
		 struct croft_error *err)
{
	char name[NAME_SIZE];
	int r;

	make_name(name, new_prefix, key);
	r = write_mark(cache, name, digest);
	if (r == 0)
		r = sys_renameat2(cache->fd, name, cache->fd, key, RENAME_NO_REPLACE);
	if (r == -EEXIST) { /* somebody has taken its mark away */
		(void)remove_tree(cache, "", key);
		r = sys_renameat2(cache->fd, name, cache->fd, key, RENAME_NO_REPLACE);
	}
	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "finish '%s/%s'", cache->path, key) : 0;
}

static void sweep_one(const struct cache *cache, const char *key)
{
	AUTO_FD int lock = -1;

	/* what is no key of ours is nobody's to remove */
	if (strlen(key) >= CACHE_KEY_SIZE || strspn(key, "0123456789abcdef") != strlen(key))
		return;
	lock = open_lock(cache, key);
	if (lock >= 0 && take_lock(lock, LOCK_EX | LOCK_NB) == 0)
		cache_drop(cache, key);
}

void cache_sweep(const struct cache *cache)
{
	_Alignas(uint64_t) char entries[4096];
	AUTO_FD int fd = sys_openat(cache->fd, ".", O_RDONLY | O_DIRECTORY, 0);
	ssize_t n;

	while (fd >= 0 && (n = sys_getdents64(fd, entries, sizeof(entries))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct sys_dirent *entry = (const void *)(entries + at);

			at += entry->length;
			if (!strncmp(entry->name, new_prefix, sizeof(new_prefix) - 1))
				sweep_one(cache, entry->name + sizeof(new_prefix) - 1);
		}
	}
}
