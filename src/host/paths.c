/* SPDX-License-Identifier: MIT */
/*
 * paths.c - each granted path, opened once.
 *
 * paths_open follows symbolic links to the end: the rule is about what a name
 * leads to, and that is what the program will open. Where it led, if there was a
 * link on the way, is read back from /proc/self/fd: people read it, and the planner
 * leaves out a rule whose real path another rule covers, which can only take
 * rights away.
 *
 * path_resolve answers for names that need not exist. It walks component by
 * component with readlink alone, so it needs no /proc and no permission that
 * using the path would not need. ".." cuts off the last component of what has been
 * resolved so far, which is the kernel's meaning as all links before are gone.
 */
#include "host/paths.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define LINKS_MAX 40 /* the kernel's MAXSYMLINKS */

/*
 * Absolute, and without an empty, "." or ".." component: the path of what it names, if no part
 * is a link.
 */
static bool is_plain(const char *path)
{
	if (path[0] != '/')
		return false;
	if (!path[1])
		return true;
	for (const char *p = path; *p;) {
		size_t len = strcspn(p + 1, "/");

		if (len == 0 || (p[1] == '.' && (len == 1 || (len == 2 && p[2] == '.'))))
			return false;
		p += len + 1;
	}
	return true;
}

/*
 * Opens, following links. *ret_has_links is false if the path is known to have none: then it is
 * its own real path, which saves asking /proc, the dearest call of a start (openat2, since 5.6).
 */
static int open_path(const char *path, bool *ret_has_links)
{
	int fd;

	*ret_has_links = false;
	if (is_plain(path)) {
		fd = sys_openat2(AT_FDCWD, path, O_PATH, ABI_RESOLVE_NO_SYMLINKS);
		if (fd != -ELOOP && fd != -ENOSYS && fd != -EPERM && fd != -EINTR)
			return fd;
	}
	*ret_has_links = true;
	do
		fd = sys_openat(AT_FDCWD, path, O_PATH, 0);
	while (fd == -EINTR);
	return fd;
}

/* Where the descriptor leads, if that is known and not just `path` again. */
static int read_real(int fd, const char *path, char **ret_real)
{
	char link[64], real[PATH_MAX];
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = sys_readlinkat(AT_FDCWD, link, real, sizeof(real) - 1);
	if (n <= 0 || real[0] != '/' || (size_t)n == sizeof(real) - 1)
		return 0;
	real[n] = '\0';
	if (strcmp(real, path) == 0)
		return 0;
	*ret_real = strdup(real);
	return *ret_real ? 0 : -ENOMEM;
}

/* Fills one fact. Only what would hit every other path as well is an error. */
static int find_fact(const char *path, struct path_fact *fact)
{
	bool has_links;
	AUTO_FD int fd = open_path(path, &has_links);
	struct stat st;
	int r;

	if (fd_is_shortage(fd))
		return fd;
	if (fd < 0) {
		fact->errnum = -fd;
		return 0;
	}
	r = sys_fstatat(fd, "", &st, AT_EMPTY_PATH);
	if (r == -ENOMEM)
		return r;
	if (r < 0) {
		fact->errnum = -r;
		return 0;
	}
	r = has_links ? read_real(fd, path, &fact->real) : 0;
	if (r < 0)
		return r;
	fact->type = st.st_mode & S_IFMT;
	fact->dev = st.st_dev;
	fact->ino = st.st_ino;
	fact->fd = fd_take(&fd);
	return 0;
}

int paths_open(const char *const *paths, size_t n, struct path_fact *ret_facts)
{
	for (size_t i = 0; i < n; i++)
		ret_facts[i] = (struct path_fact){ .fd = -1 };
	for (size_t i = 0; i < n; i++) {
		int r = find_fact(paths[i], &ret_facts[i]);

		if (r < 0) {
			paths_close(ret_facts, n);
			return r;
		}
	}
	return 0;
}

void paths_close(struct path_fact *facts, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fd_close(&facts[i].fd);
		free(facts[i].real);
		facts[i].real = NULL;
	}
}

struct walk {
	char *done; /* resolved so far: "" is the root, no slash at the end */
	size_t done_size;
	size_t done_len;
	char rest[PATH_MAX]; /* still to be walked */
	unsigned links;
	int (*link)(void *context, const char *path, const char *text); /* NULL: nobody asks */
	void *context;
};

static void cut_last(struct walk *walk)
{
	while (walk->done_len && walk->done[walk->done_len - 1] != '/')
		walk->done_len--;
	if (walk->done_len)
		walk->done_len--;
	walk->done[walk->done_len] = '\0';
}

static int append_name(struct walk *walk, const char *name, size_t len)
{
	if (walk->done_len + 1 + len >= walk->done_size)
		return -ENAMETOOLONG;
	walk->done[walk->done_len++] = '/';
	memcpy(walk->done + walk->done_len, name, len);
	walk->done_len += len;
	walk->done[walk->done_len] = '\0';
	return 0;
}

/* If the last name is a link, what it says takes its place. */
static int follow_link(struct walk *walk)
{
	char target[PATH_MAX];
	ssize_t n = sys_readlinkat(AT_FDCWD, walk->done, target, sizeof(target));
	size_t len, rest_len = strlen(walk->rest);
	int r;

	/* not a link; or beyond what exists, where names are kept as they are */
	if (n == -EINVAL || n == -ENOENT || n == -ENOTDIR)
		return 0;
	if (n < 0)
		return (int)n;
	len = (size_t)n;
	if (len + 1 + rest_len >= sizeof(walk->rest))
		return -ENAMETOOLONG;
	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	if (walk->link) {
		target[len] = '\0'; /* shorter than its buffer: checked above */
		r = walk->link(walk->context, walk->done, target);
		if (r != 0)
			return r;
	}
	memmove(walk->rest + len + 1, walk->rest, rest_len + 1);
	memcpy(walk->rest, target, len);
	walk->rest[len] = '/';
	if (target[0] == '/') {
		walk->done_len = 0;
		walk->done[0] = '\0';
	} else {
		cut_last(walk);
	}
	return 0;
}

/* Walks one component: 1 if there was one, 0 at the end, or -errno. */
static int walk_step(struct walk *walk)
{
	size_t start = strspn(walk->rest, "/");
	size_t len = strcspn(walk->rest + start, "/");
	char name[NAME_MAX + 1];
	int r;

	if (len == 0)
		return 0;
	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, walk->rest + start, len);
	name[len] = '\0';
	memmove(walk->rest, walk->rest + start + len, strlen(walk->rest + start + len) + 1);
	if (strcmp(name, ".") == 0)
		return 1;
	if (strcmp(name, "..") == 0) {
		cut_last(walk);
		return 1;
	}
	r = append_name(walk, name, len);
	if (r == 0)
		r = follow_link(walk);
	return r < 0 ? r : 1;
}

static int start_in_cwd(struct walk *walk)
{
	ssize_t n = sys_getcwd(walk->done, walk->done_size);

	if (n < 0)
		return n == -ERANGE ? -ENAMETOOLONG : (int)n;
	if (walk->done[0] != '/')
		return -ENOENT; /* "(unreachable)": outside of our root (since 2.6.36) */
	walk->done_len = strlen(walk->done);
	if (walk->done_len == 1)
		cut_last(walk);
	return 0;
}

/* Kept apart for its three buffers of PATH_MAX: a start that needs none of them touches none. */
__attribute__((noinline)) static int resolve_by_walk(const char *path, char *ret, size_t size,
						     int (*link)(void *context, const char *path,
								 const char *text),
						     void *context)
{
	char done[PATH_MAX];
	struct walk walk = {
		.done = done, .done_size = sizeof(done), .link = link, .context = context
	};
	int r = 0;

	done[0] = '\0';
	memcpy(walk.rest, path, strlen(path) + 1);
	if (path[0] != '/')
		r = start_in_cwd(&walk);
	if (r < 0)
		return r;
	do
		r = walk_step(&walk);
	while (r > 0);
	if (r < 0)
		return r;
	if (walk.done_len == 0)
		r = append_name(&walk, "", 0);
	if (r < 0 || walk.done_len >= size)
		return -ENAMETOOLONG;
	memcpy(ret, done, walk.done_len + 1);
	return 0;
}

int path_resolve(const char *path, char *ret, size_t size)
{
	size_t len = strlen(path);

	if (len == 0)
		return -ENOENT;
	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	if (is_plain(path)) {
		AUTO_FD int fd = sys_openat2(AT_FDCWD, path, O_PATH, ABI_RESOLVE_NO_SYMLINKS);

		/* a link would have come before the part that is missing */
		if ((fd >= 0 || fd == -ENOENT || fd == -ENOTDIR) && len < size) {
			memcpy(ret, path, len + 1);
			return 0;
		}
	}
	return resolve_by_walk(path, ret, size, NULL, NULL);
}

int path_resolve_links(const char *path, char *ret, size_t size,
		       int (*link)(void *context, const char *path, const char *text),
		       void *context)
{
	size_t len = strlen(path);

	if (len == 0)
		return -ENOENT;
	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	return resolve_by_walk(path, ret, size, link, context);
}
