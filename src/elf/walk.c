/* SPDX-License-Identifier: MIT */
/*
 * walk.c - following a name inside a root, a component at a time.
 *
 * It explains why a name could not be opened, and it opens names in an image where openat2 is
 * missing. Each component is opened with O_NOFOLLOW, from the root down, and links are read
 * here. ".." is not asked of the kernel, as a directory that is moved away meanwhile would lead
 * out: the path walked so far loses its last part and is opened again from the root. So
 * whatever is swapped while it walks, each descriptor comes from the root through names that
 * were no links at that moment.
 *
 * The links of /proc that jump (exe, root, fd/3) lead out of any root. In an image they end
 * the walk with ELOOP, as they do with RESOLVE_NO_MAGICLINKS; in the real root the kernel jumps.
 */
#include "elf/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>

#include "base/cleanup.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define LINKS_MAX 40 /* the kernel's MAXSYMLINKS */
/* Components opened in one walk: a hostile name of "x/../x/.." could ask for millions. */
#define STEPS_MAX 65536

struct walk {
	const struct root *root;
	struct root_walk *to; /* to->real: the path walked so far, "" for the root */
	size_t len; /* of to->real */
	char rest[PATH_MAX]; /* still to be walked */
	int fd; /* O_PATH, owned: what to->real leads to */
	struct stat st; /* of fd */
	unsigned links, steps;
};

int walk_openat(int dirfd, const char *path, int flags)
{
	int fd;

	do
		fd = sys_openat(dirfd, path, flags, 0);
	while (fd == -EINTR);
	return fd;
}

int walk_join(char ret_full[PATH_MAX], const char *workdir, const char *path)
{
	size_t len = strlen(path);
	int n;

	if (!len)
		return -ENOENT; /* POSIX: the empty name names nothing */
	if (path[0] == '/') { /* nearly always, and each library comes by here */
		if (len >= PATH_MAX)
			return -ENAMETOOLONG;
		memcpy(ret_full, path, len + 1);
		return 0;
	}
	n = snprintf(ret_full, PATH_MAX, "%s/%s", workdir ? workdir : "", path);
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* Writes the path walked so far, and `name` in it if there is one. */
static void write_at(const struct walk *walk, const char *name, char at[PATH_MAX])
{
	int len = (int)walk->len, n = PATH_MAX;

	if (name)
		n = snprintf(at, PATH_MAX, "%.*s/%s", len, walk->to->real, name);
	if (n >= PATH_MAX)
		(void)snprintf(at, PATH_MAX, "%.*s", len, walk->to->real);
	if (!*at)
		(void)snprintf(at, PATH_MAX, "/");
}

/* Says which part failed. */
static int fail_at(struct walk *walk, const char *name, int errnum)
{
	write_at(walk, name, walk->to->at);
	return -errnum;
}

static int open_step(struct walk *walk, int dirfd, const char *name)
{
	if (walk->steps++ >= STEPS_MAX)
		return -ELOOP;
	return walk_openat(dirfd, name, O_PATH | O_NOFOLLOW);
}

/* Makes `fd` the place where the walk stands; takes it. */
static int stand_on(struct walk *walk, int fd, const struct stat *st)
{
	struct stat own;
	int r;

	if (fd < 0)
		return fail_at(walk, NULL, -fd);
	fd_close(&walk->fd);
	walk->fd = fd;
	r = st ? 0 : sys_fstatat(fd, "", &own, AT_EMPTY_PATH);
	if (r < 0)
		return fail_at(walk, NULL, -r);
	walk->st = st ? *st : own;
	return 0;
}

static int open_start(const struct root *root)
{
	return walk_openat(root->fd < 0 ? AT_FDCWD : root->fd, root->fd < 0 ? "/" : ".",
			   O_PATH | O_DIRECTORY);
}

static int return_to_start(struct walk *walk)
{
	walk->len = 0;
	walk->to->real[0] = '\0';
	return stand_on(walk, open_start(walk->root), NULL);
}

static void cut_last(struct walk *walk)
{
	char *slash = strrchr(walk->to->real, '/');

	if (slash)
		*slash = '\0';
	walk->len = strlen(walk->to->real);
}

static int append(struct walk *walk, const char *name)
{
	size_t len = strlen(name);

	if (walk->len + 1 + len >= PATH_MAX)
		return fail_at(walk, NULL, ENAMETOOLONG);
	walk->to->real[walk->len++] = '/';
	memcpy(walk->to->real + walk->len, name, len + 1);
	walk->len += len;
	return 0;
}

/*
 * Opens the path walked so far once more, from the root. No part of it was a link when it was
 * walked; one that is by now is not followed, and is no directory for the next part.
 */
static int descend(struct walk *walk)
{
	AUTO_FD int fd = open_start(walk->root);
	char name[NAME_MAX + 1];

	for (const char *at = walk->to->real; *at && fd >= 0;) {
		size_t len = strcspn(at + 1, "/");
		int next;

		memcpy(name, at + 1, len);
		name[len] = '\0';
		at += len + 1;
		next = open_step(walk, fd, name);
		fd_close(&fd);
		fd = next;
	}
	return stand_on(walk, fd_take(&fd), NULL);
}

static int go_up(struct walk *walk)
{
	if (walk->len == 0)
		return 0;
	cut_last(walk);
	return descend(walk);
}

/*
 * A link that the kernel follows by jumping: all in /proc that do not name something in /proc.
 * Their texts are paths or "pipe:[1]", those of the others ("self/mounts") relative.
 */
static bool is_magic(int link, const char *target)
{
	struct statfs fs;

	return (target[0] == '/' || strchr(target, ':')) && sys_fstatfs(link, &fs) == 0 &&
	       fs.f_type == PROC_SUPER_MAGIC;
}

/* In the real root the kernel may jump; the text is where to, if it is a path. */
static int jump(struct walk *walk, const char *name, const char *target)
{
	int fd, r;

	if (walk->root->fd >= 0)
		return fail_at(walk, name, ELOOP);
	fd = walk_openat(walk->fd, name, O_PATH);
	if (fd < 0)
		return fail_at(walk, name, -fd);
	if (target[0] == '/') {
		walk->len = 0;
		walk->to->real[0] = '\0';
	}
	r = strcmp(target, "/") == 0 ? 0 : append(walk, target[0] == '/' ? target + 1 : name);
	if (r < 0) {
		fd_close(&fd);
		return r;
	}
	return stand_on(walk, fd, NULL);
}

/*
 * `link` is the link `name` in the directory where the walk stands. Its text takes the place of the
 * name in front of the rest. It is read by descriptor: what was opened is what is followed.
 */
static int follow(struct walk *walk, int link, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = sys_readlinkat(link, "", target, sizeof(target)); /* since 2.6.39 */
	size_t len = n > 0 ? (size_t)n : 0, rest = strlen(walk->rest);

	if (n < 0)
		return fail_at(walk, name, (int)-n);
	if (walk->links++ >= LINKS_MAX)
		return fail_at(walk, name, ELOOP);
	if (len + rest >= sizeof(walk->rest))
		return fail_at(walk, name, ENAMETOOLONG);
	if (len == 0)
		return fail_at(walk, name, ENOENT);
	target[len] = '\0';
	write_at(walk, name, walk->to->link);
	if (is_magic(link, target))
		return jump(walk, name, target);
	memmove(walk->rest + len, walk->rest, rest + 1);
	memcpy(walk->rest, target, len);
	return target[0] == '/' ? return_to_start(walk) : 0;
}

static int enter(struct walk *walk, const char *name)
{
	AUTO_FD int fd = open_step(walk, walk->fd, name);
	struct stat st;
	int r;

	/* O_PATH asks nothing of the thing itself: it is the directory that may not be searched */
	if (fd < 0)
		return fail_at(walk, fd == -EACCES ? NULL : name, -fd);
	r = sys_fstatat(fd, "", &st, AT_EMPTY_PATH);
	if (r < 0)
		return fail_at(walk, name, -r);
	if (S_ISLNK(st.st_mode))
		return follow(walk, fd, name);
	r = append(walk, name);
	return r < 0 ? r : stand_on(walk, fd_take(&fd), &st);
}

/* "." and "..": a directory must be searchable even for them. */
static int enter_dots(struct walk *walk, bool is_up)
{
	AUTO_FD int fd = open_step(walk, walk->fd, ".");

	if (fd < 0)
		return fail_at(walk, NULL, -fd);
	return is_up ? go_up(walk) : 0;
}

/*
 * Every part but the last must be a directory, and with a slash behind it the last too. So the
 * question is asked before the next part is taken, when there is one or a slash.
 *
 * Walks one component: 1 if there was one, 0 at the end, or -errno.
 */
static int walk_step(struct walk *walk)
{
	size_t start = strspn(walk->rest, "/");
	size_t len = strcspn(walk->rest + start, "/");
	char name[NAME_MAX + 1];
	int r;

	if (start + len > 0 && !S_ISDIR(walk->st.st_mode))
		return fail_at(walk, NULL, ENOTDIR);
	if (len == 0)
		return 0;
	if (len > NAME_MAX)
		return fail_at(walk, NULL, ENAMETOOLONG);
	memcpy(name, walk->rest + start, len);
	name[len] = '\0';
	memmove(walk->rest, walk->rest + start + len, strlen(walk->rest + start + len) + 1);
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		r = enter_dots(walk, name[1] == '.');
	else
		r = enter(walk, name);
	return r < 0 ? r : 1;
}

/* The whole walk: 0 and a descriptor in walk->fd, or -errno. Fills *to but its errnum and mode. */
static int walk_all(struct walk *walk, const struct root *root, const char *full,
		    struct root_walk *to)
{
	int r;

	walk->root = root;
	walk->to = to;
	walk->fd = -1;
	walk->st = (struct stat){ 0 };
	walk->links = walk->steps = 0;
	to->at[0] = to->link[0] = '\0';
	memcpy(walk->rest, full, strlen(full) + 1);
	r = return_to_start(walk);
	while (r >= 0) {
		r = walk_step(walk);
		if (r == 0)
			break;
	}
	if (r < 0) {
		fd_close(&walk->fd);
		to->real[0] = '\0';
		return r;
	}
	to->at[0] = '\0';
	if (walk->len == 0)
		memcpy(to->real, "/", 2);
	return 0;
}

void root_walk(const struct root *root, const char *workdir, const char *path,
	       struct root_walk *ret_walk)
{
	struct walk walk;
	char full[PATH_MAX];
	int r = walk_join(full, workdir, path);

	*ret_walk = (struct root_walk){ 0 };
	if (r < 0) {
		(void)snprintf(ret_walk->at, sizeof(ret_walk->at), "%s", path);
		ret_walk->errnum = -r;
		return;
	}
	if (root->source) {
		root->source->walk(root->source, full, ret_walk);
		return;
	}
	r = walk_all(&walk, root, full, ret_walk);
	ret_walk->errnum = -r;
	if (r == 0)
		ret_walk->mode = walk.st.st_mode;
	fd_close(&walk.fd);
}

/* With other flags than O_PATH: what has that name now, in the directory that was found. */
int walk_open(const struct root *root, const char *full, int flags)
{
	struct root_walk to;
	struct walk walk;
	char *name;
	int r = walk_all(&walk, root, full, &to);
	AUTO_FD int fd = r < 0 ? -1 : walk.fd;

	if (r < 0)
		return r;
	if (flags == O_PATH)
		return fd_take(&fd);
	if (S_ISDIR(walk.st.st_mode))
		return walk_openat(fd, ".", flags);
	/* what is no directory has a name: the part behind the last slash */
	name = strrchr(to.real, '/') + 1;
	memmove(walk.rest, name, strlen(name) + 1);
	cut_last(&walk);
	walk.fd = -1;
	r = descend(&walk);
	fd_close(&fd);
	fd = walk.fd;
	return r < 0 ? r : walk_openat(fd, walk.rest, flags | O_NOFOLLOW);
}

void walk_find_real(const struct root *root, const char *full, const struct stat *st,
		    char ret_real[PATH_MAX])
{
	struct root_walk to;
	struct walk walk;

	ret_real[0] = '\0';
	if (walk_all(&walk, root, full, &to) < 0)
		return;
	if (is_same_file(&walk.st, st))
		memcpy(ret_real, to.real, strlen(to.real) + 1);
	fd_close(&walk.fd);
}
