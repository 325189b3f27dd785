/* SPDX-License-Identifier: MIT */
/*
 * tmpdir.c - makes and removes the TMPDIR.
 *
 * child-path: no allocation
 *
 * Removal is the delicate half. It runs outside the sandbox, with the caller's
 * rights, over a tree that the confined command built, and survivors of the command may
 * still be changing it. So:
 *
 *   - every step is relative to a descriptor, and opened with O_NOFOLLOW: a
 *     directory swapped for a link is unlinked, not entered;
 *   - depth costs nothing: a directory found inside a directory is moved up next to
 *     it (renameat2, RENAME_NOREPLACE) and its turn comes later, so two descriptors are enough for
 *     a tree a million levels deep;
 *   - directories without permissions (module caches are made read-only) are given
 *     0700 first;
 *   - rounds are bounded: who keeps writing is not fought for ever.
 */
#include "launch/tmpdir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "sys/calls.h"
#include "sys/fd.h"

#define TMPDIR_MODE 0700
#define MAX_ROUNDS (1U << 20) /* entries looked at twice; a bound against survivors, not a budget */
#define DOWN_MAX 16 /* directories in each other, some 1.2 KiB of stack each */
#define IDLE_MAX 3 /* rounds in a row in which nothing was removed */
#define RENAME_NO_REPLACE 1U /* RENAME_NOREPLACE, since 3.15 */

static void to_hex(char *out, const unsigned char *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
}

int tmpdir_choose(const char *parent, char ret_path[TMPDIR_NAME_SIZE], struct croft_error *err)
{
	static const char prefix[] = "/croft-";
	const char *base = parent ? parent : "/tmp";
	unsigned char random[12];
	size_t len = strlen(base);
	ssize_t n;

	while (len > 0 && base[len - 1] == '/')
		len--;
	if (base[0] != '/' || len + sizeof(prefix) + 2 * sizeof(random) > TMPDIR_NAME_SIZE)
		return fail(err, CROFT_STAGE_PREPARE, EINVAL,
			    "use '%.80s' as the directory for temporary files", base);
	n = sys_getrandom(random, sizeof(random));
	if (n != (ssize_t)sizeof(random))
		return fail(err, CROFT_STAGE_PREPARE, n < 0 ? (int)-n : EIO, "get random bytes");
	memcpy(ret_path, base, len);
	memcpy(ret_path + len, prefix, sizeof(prefix) - 1);
	to_hex(ret_path + len + sizeof(prefix) - 1, random, sizeof(random));
	return 0;
}

/*
 * Gives a directory mode 0700, by descriptor: the name could be a link by now, and chmod
 * follows links. An O_PATH descriptor takes no fchmod, its name under /proc/self/fd takes chmod
 * (fchmodat2 is 6.6). One that has it needs no /proc.
 */
static int make_accessible(int dir, const char *name)
{
	AUTO_FD int fd = sys_openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	char link[32] = "/proc/self/fd/";
	struct stat st;
	char digits[12];
	size_t at = sizeof(digits) - 1;

	if (fd < 0)
		return fd;
	if (sys_fstatat(fd, "", &st, AT_EMPTY_PATH) == 0 && (st.st_mode & 07777) == TMPDIR_MODE)
		return 0;
	digits[at] = '\0';
	for (int rest = fd; rest || at == sizeof(digits) - 1; rest /= 10)
		digits[--at] = (char)('0' + rest % 10);
	memcpy(link + 14, digits + at, sizeof(digits) - at);
	return sys_fchmodat(AT_FDCWD, link, TMPDIR_MODE);
}

int tmpdir_make(const char *path, int *ret_fd, struct croft_error *err)
{
	AUTO_FD int fd = -1;
	struct stat st;
	int r = sys_mkdirat(AT_FDCWD, path, TMPDIR_MODE);

	if (r < 0) {
		r = fail(err, CROFT_STAGE_PREPARE, -r, "make the temporary directory '%s'", path);
		fail_hint(err,
			  "set TMPDIR to a directory that you may write; or say --off private-tmp");
		return r;
	}
	fd = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);
	r = fd < 0 ? fd : sys_fstatat(fd, "", &st, AT_EMPTY_PATH);
	/* the umask may have taken bits away, and a parent's set-group-id bit given one */
	if (r >= 0 && (st.st_mode & 07777) != TMPDIR_MODE)
		r = make_accessible(AT_FDCWD, path);
	if (r < 0) {
		(void)sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
		return fail(err, CROFT_STAGE_PREPARE, -r, "open the temporary directory '%s'",
			    path);
	}
	*ret_fd = fd_take(&fd);
	return 0;
}

static bool is_dot(const char *name)
{
	return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* A descriptor to read the directory `name` in `dir`, made accessible first if need be. */
static int open_directory(int dir, const char *name)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW;
	AUTO_FD int fd = sys_openat(dir, name, flags, 0);
	struct stat st;
	int r;

	if (fd >= 0 && sys_fstatat(fd, "", &st, AT_EMPTY_PATH) == 0 &&
	    (st.st_mode & TMPDIR_MODE) == TMPDIR_MODE)
		return fd_take(&fd);
	if (fd < 0 && fd != -EACCES)
		return fd;
	r = make_accessible(dir, name);
	return r < 0 ? r : sys_openat(dir, name, flags, 0);
}

/* The directories met inside are moved to `top` under names that no tree has by accident. */
static int move_up(int top, int from, const char *name, unsigned *counter)
{
	char fresh[32] = ".croft-";
	int r;

	do {
		unsigned char bytes[4];

		memcpy(bytes, counter, sizeof(bytes));
		to_hex(fresh + 7, bytes, sizeof(bytes));
		(*counter)++;
		r = sys_renameat2(from, name, top, fresh, RENAME_NO_REPLACE);
	} while (r == -EEXIST && *counter < MAX_ROUNDS);
	return r;
}

/*
 * The directory `name` and what is in it, by going down: for who may not move directories, as in a
 * Landlock domain that does not grant it (EXDEV; since 5.13). As deep as the stack of who cleans
 * up allows.
 */
static int remove_down(int dir, const char *name, unsigned depth)
{
	_Alignas(uint64_t) char entries[1024];
	AUTO_FD int fd = depth ? open_directory(dir, name) : -EMFILE;
	ssize_t n;

	while (fd >= 0 && (n = sys_getdents64(fd, entries, sizeof(entries))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct sys_dirent *entry = (const void *)(entries + at);
			int r;

			at += entry->length;
			if (is_dot(entry->name))
				continue;
			r = sys_unlinkat(fd, entry->name, 0);
			if (r == -EISDIR || r == -EPERM)
				(void)remove_down(fd, entry->name, depth - 1);
		}
	}
	return sys_unlinkat(dir, name, AT_REMOVEDIR);
}

/*
 * Empties `dir` as far as one pass goes: files are unlinked, directories removed if
 * they are empty, moved to `top` otherwise (or left, where dir is top). Returns how
 * many entries were dealt with, or -errno.
 */
static int empty_once(int top, int dir, unsigned *counter)
{
	_Alignas(uint64_t) char entries[2048];
	int done = 0;
	ssize_t n;

	while ((n = sys_getdents64(dir, entries, sizeof(entries))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct sys_dirent *entry = (const void *)(entries + at);
			int r;

			at += entry->length;
			if (is_dot(entry->name))
				continue;
			r = sys_unlinkat(dir, entry->name, 0);
			if (r == -EISDIR || r == -EPERM)
				r = sys_unlinkat(dir, entry->name, AT_REMOVEDIR);
			/* a directory must be writable to be moved: its ".." changes */
			if ((r == -ENOTEMPTY || r == -EEXIST) && dir != top &&
			    make_accessible(dir, entry->name) == 0)
				r = move_up(top, dir, entry->name, counter);
			if (r == -EXDEV)
				r = remove_down(dir, entry->name, DOWN_MAX);
			if (r == 0)
				done++;
		}
	}
	return n < 0 ? (int)n : done;
}

/*
 * One level below top: each directory there is emptied (its own directories moving up) and
 * removed.
 */
static int empty_children(int top, unsigned *counter)
{
	_Alignas(uint64_t) char entries[2048];
	int done = 0;
	ssize_t n;

	while ((n = sys_getdents64(top, entries, sizeof(entries))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct sys_dirent *entry = (const void *)(entries + at);
			AUTO_FD int child = -1;
			int r;

			at += entry->length;
			if (is_dot(entry->name))
				continue;
			child = open_directory(top, entry->name);
			if (child < 0)
				continue;
			r = empty_once(top, child, counter);
			if (r > 0)
				done += r;
			if (sys_unlinkat(top, entry->name, AT_REMOVEDIR) == 0)
				done++;
		}
	}
	return n < 0 ? (int)n : done;
}

int tmpdir_remove(const char *path)
{
	unsigned counter = 0, idle = 0;
	int r;

	for (unsigned round = 0; round < MAX_ROUNDS; round++) {
		AUTO_FD int top = -1, again = -1;
		int done, more;

		r = sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
		if (r == 0 || r == -ENOENT)
			return 0;
		if (r != -ENOTEMPTY && r != -EEXIST)
			return r;
		top = open_directory(AT_FDCWD, path);
		if (top < 0)
			return top;
		done = empty_once(top, top, &counter);
		if (done < 0)
			return done;
		/* a directory's position is at its end now: read it anew */
		again = sys_openat(top, ".", O_RDONLY | O_DIRECTORY, 0);
		more = again < 0 ? again : empty_children(again, &counter);
		if (more < 0)
			return more;
		/*
		 * Not at once: another may have removed what was here, as the cleaner of a croft
		 * that ran inside this sandbox does at the same moment.
		 */
		idle = done + more > 0 ? 0 : idle + 1;
		if (idle == IDLE_MAX)
			return -ENOTEMPTY;
	}
	return -EBUSY;
}
