/* SPDX-License-Identifier: MIT */
/*
 * trust.c - approved contents, one file each, named by the digest.
 *
 * The name is the approval: whether a content is approved is one look at a directory. The text
 * in the file is for people.
 *
 * Whom it trusts: the caller and root, and the path to the state directory as far as the caller's
 * environment says it. From there on ("croft", "trust") no symbolic link is followed, and both
 * directories have to be the caller's or root's with nobody else allowed to write: who could
 * write there could approve. That is looked at through the descriptor which is then used, so a
 * directory that takes the place of another in between is judged too.
 *
 * An entry is written under another name and renamed, so that a reader finds it whole or not at
 * all.
 */
#include "profile/trust.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sha2.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define STATE_BELOW_HOME "/.local/state" /* XDG Base Directory Specification 0.8 */
#define OWN_PARTS "/croft/trust"
#define NAME_SIZE (TRUST_DIGEST_SIZE + 1) /* a temporary name has a dot before it */
#define MAX_ENTRIES 4096 /* approvals are given by hand */

static void to_hex(char *out, const unsigned char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

void trust_digest(const char *data, size_t len, char ret_digest[TRUST_DIGEST_SIZE])
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX context;

	SHA256Init(&context);
	SHA256Update(&context, (const uint8_t *)data, len);
	SHA256Final(digest, &context);
	to_hex(ret_digest, digest, sizeof(digest));
}

const char *trust_dir(struct arena *arena, const char *home, const char *const *envp)
{
	static const char variable[] = "XDG_STATE_HOME=";

	for (size_t i = 0; envp && envp[i]; i++) {
		const char *value = envp[i] + sizeof(variable) - 1;

		/* "If an implementation encounters a relative path ... it should ... ignore it" */
		if (!strncmp(envp[i], variable, sizeof(variable) - 1) && value[0] == '/')
			return arena_printf(arena, "%s" OWN_PARTS, value);
	}
	return home ? arena_printf(arena, "%s" STATE_BELOW_HOME OWN_PARTS, home) : NULL;
}

/* The directory or the entry is the caller's or root's, and nobody else may write it. */
static int judge(const struct stat *st, const char *dir, struct croft_error *err)
{
	int r;

	if (st->st_uid != 0 && st->st_uid != sys_geteuid()) {
		r = fail(err, CROFT_STAGE_PROFILE, EPERM,
			 "look up what is approved in '%s': user %u owns it", dir, st->st_uid);
		fail_hint(err, "it has to be yours: move it away, and approve again");
		return r;
	}
	if (st->st_mode & (S_IWGRP | S_IWOTH)) {
		r = fail(err, CROFT_STAGE_PROFILE, EPERM,
			 "look up what is approved in '%s': others may write it", dir);
		fail_hint(err, "look what is in there, then: chmod -R go-w '%.150s'", dir);
		return r;
	}
	return 0;
}

/* Makes each directory of `dir` that is missing. */
static int make_directories(const char *dir)
{
	char path[PATH_MAX];
	size_t len = strlen(dir);
	int r = 0;

	if (len >= sizeof(path))
		return -ENAMETOOLONG;
	for (size_t at = 1; at <= len && r == 0; at++) {
		if (dir[at] != '/' && dir[at])
			continue;
		memcpy(path, dir, at);
		path[at] = '\0';
		r = sys_mkdirat(AT_FDCWD, path, 0700);
		if (r == -EEXIST)
			r = 0;
	}
	return r;
}

static int cannot_look(const char *dir, int r, struct croft_error *err)
{
	(void)fail(err, CROFT_STAGE_PROFILE, -r, "look up what is approved in '%s'", dir);
	/* what O_DIRECTORY and O_NOFOLLOW say of a symbolic link */
	if (r == -ENOTDIR || r == -ELOOP)
		fail_hint(err, "'croft' and 'trust' in there have to be directories, no links");
	return r;
}

/* Opens "croft" or "trust" in its parent, and judges what was opened. -ENOENT: nothing is said. */
static int open_own(int parent, const char *name, const char *dir, struct croft_error *err)
{
	AUTO_FD int fd = sys_openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	struct stat st;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? fd : cannot_look(dir, fd, err);
	r = sys_fstatat(fd, "", &st, AT_EMPTY_PATH);
	r = r < 0 ? cannot_look(dir, r, err) : judge(&st, dir, err);
	return r < 0 ? r : fd_take(&fd);
}

/*
 * The directory's descriptor; -ENOENT, and nothing said, where there is none. The two last parts
 * of its name are croft's own.
 */
static int open_dir(const char *dir, struct croft_error *err)
{
	size_t len = strlen(dir), own = sizeof(OWN_PARTS) - 1;
	AUTO_FD int state = -1, croft = -1;
	char path[PATH_MAX];

	if (len <= own || len >= sizeof(path))
		return cannot_look(dir, -ENAMETOOLONG, err);
	memcpy(path, dir, len - own);
	path[len - own] = '\0';
	state = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
	if (state < 0)
		return state == -ENOENT ? state : cannot_look(dir, state, err);
	croft = open_own(state, "croft", dir, err);
	return croft < 0 ? croft : open_own(croft, "trust", dir, err);
}

int trust_has(const char *dir, const char *digest, struct croft_error *err)
{
	AUTO_FD int fd = open_dir(dir, err);
	struct stat st;
	int r;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	r = sys_fstatat(fd, digest, &st, AT_SYMLINK_NOFOLLOW);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return cannot_look(dir, r, err);
	r = judge(&st, dir, err);
	if (r < 0)
		return r;
	return S_ISREG(st.st_mode) ? 1
				   : fail(err, CROFT_STAGE_PROFILE, EINVAL,
					  "read '%s/%s': it is no file", dir, digest);
}

static int write_entry(int dir, const char *temporary, const char *digest, const char *path)
{
	AUTO_FD int fd = sys_openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
	int r = fd;

	if (fd >= 0)
		r = fd_write_all(fd, path, strlen(path));
	if (r == 0)
		r = fd_write_all(fd, "\n", 1);
	if (r == 0)
		r = sys_renameat2(dir, temporary, dir, digest, 0);
	if (r < 0 && fd >= 0)
		(void)sys_unlinkat(dir, temporary, 0);
	return r < 0 ? r : 0;
}

int trust_add(const char *dir, const char *digest, const char *path, struct croft_error *err)
{
	char temporary[NAME_SIZE] = ".";
	unsigned char random[16];
	AUTO_FD int fd = -1;
	ssize_t n;
	int r = make_directories(dir);

	if (r < 0)
		return fail(err, CROFT_STAGE_PROFILE, -r, "make the directory '%s'", dir);
	fd = open_dir(dir, err);
	if (fd == -ENOENT)
		return fail(err, CROFT_STAGE_PROFILE, ENOENT, "open the directory '%s'", dir);
	if (fd < 0)
		return fd;
	n = sys_getrandom(random, sizeof(random));
	if (n != (ssize_t)sizeof(random))
		return fail(err, CROFT_STAGE_PROFILE, n < 0 ? (int)-n : EIO, "get random bytes");
	to_hex(temporary + 1, random, sizeof(random));
	r = write_entry(fd, temporary, digest, path);
	return r < 0 ? fail(err, CROFT_STAGE_PROFILE, -r, "write '%s/%s'", dir, digest) : 0;
}

int trust_remove(const char *dir, const char *digest, struct croft_error *err)
{
	AUTO_FD int fd = open_dir(dir, err);
	int r = fd;

	if (fd < 0 && fd != -ENOENT)
		return fd;
	if (fd >= 0)
		r = sys_unlinkat(fd, digest, 0);
	return r < 0 ? fail(err, CROFT_STAGE_PROFILE, -r, "remove '%s/%s'", dir, digest) : 0;
}

static bool is_digest(const char *name)
{
	return strlen(name) == TRUST_DIGEST_SIZE - 1 &&
	       strspn(name, "0123456789abcdef") == TRUST_DIGEST_SIZE - 1;
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The names of the entries, sorted; *ret_names is owned by the caller. */
static int read_names(int fd, char (**ret_names)[TRUST_DIGEST_SIZE])
{
	_Alignas(struct sys_dirent) char entries[4096];
	AUTO_FREE char(*names)[TRUST_DIGEST_SIZE] = calloc(MAX_ENTRIES, sizeof(*names));
	size_t n = 0;
	ssize_t got;

	if (!names)
		return -ENOMEM;
	while ((got = sys_getdents64(fd, entries, sizeof(entries))) > 0) {
		for (ssize_t at = 0; at < got;) {
			const struct sys_dirent *entry = (const void *)(entries + at);

			at += entry->length;
			if (!is_digest(entry->name))
				continue;
			if (n == MAX_ENTRIES)
				return -EOVERFLOW;
			memcpy(names[n++], entry->name, TRUST_DIGEST_SIZE);
		}
	}
	if (got < 0)
		return (int)got;
	qsort(names, n, sizeof(*names), compare);
	*ret_names = take_ptr(&names);
	return (int)n;
}

int trust_list(const char *dir, int (*each)(void *context, const char *digest, const char *path),
	       void *context, struct croft_error *err)
{
	AUTO_FREE char(*names)[TRUST_DIGEST_SIZE] = NULL;
	AUTO_FD int fd = open_dir(dir, err);
	char path[PATH_MAX + 1];
	int n, r = 0;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	n = read_names(fd, &names);
	if (n < 0)
		return fail(err, CROFT_STAGE_PROFILE, -n, "list the directory '%s'", dir);
	for (int i = 0; i < n && r >= 0; i++) {
		ssize_t len = fd_read_file(fd, names[i], path, sizeof(path));

		/* the name decides; an entry that cannot be read is listed too */
		if (len > 0 && path[len - 1] == '\n')
			path[len - 1] = '\0';
		r = each(context, names[i], len > 0 ? path : "");
	}
	return r < 0 ? r : 0;
}
