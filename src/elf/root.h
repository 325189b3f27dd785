/* SPDX-License-Identifier: MIT */
/*
 * root.h - files below a directory that stands for "/".
 *
 * Whoever explains an image must follow names as a process inside would: an absolute
 * symbolic link starts again at the image's root, ".." stops there. The real root is
 * the plain case and the fast one. What is no directory, as an image made of layers, is a
 * source: it follows the names itself and gives descriptors to read from. Nothing is ever
 * executed, and no open can hang: a FIFO, a device or a directory is told apart before it is
 * opened for reading.
 */
#ifndef CROFT_ELF_ROOT_H
#define CROFT_ELF_ROOT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct root_source;

struct root {
	int fd; /* O_PATH, owned; -1: the real root, or a source */
	const char *path; /* as given, for messages; not owned */
	const struct root_source *source; /* not owned; NULL: files of the kernel's */
};

/* One file that was opened for reading. */
struct root_file {
	int fd; /* owned */
	mode_t mode;
	uid_t uid;
	gid_t gid;
	uint64_t dev, ino, size;
	bool is_noexec; /* lies on a mount with that flag */
	char real[PATH_MAX]; /* absolute inside the root, symbolic links resolved; "" if unknown */
};

/* Where following a name came to its end. */
struct root_walk {
	int errnum; /* 0: it is there */
	mode_t mode; /* of what it leads to; 0 with errnum */
	/* the part that failed (missing, no directory, not to be searched), absolute in the root */
	char at[PATH_MAX];
	char link[PATH_MAX]; /* the last symbolic link that was followed on the way; "" if none */
	char real[PATH_MAX]; /* where it leads, when errnum is 0 */
};

/* A directory that is open, or that a source has. */
struct root_dir {
	int fd; /* owned; -1: a source's */
	const struct root_source *source;
	const char *path; /* as it was given; not owned */
};

/* Takes one name of a directory: 0, or what ends the listing. */
typedef int (*root_take_fn)(void *context, const char *name);

/*
 * Files that are no directory's. Names are absolute and not empty, shorter than PATH_MAX; links and
 * ".." are the source's to follow. What is returned and filled is as the functions below say.
 */
struct root_source {
	void *image; /* the source's own */
	int (*open_file)(const struct root_source *source, const char *full,
			 struct root_file *ret_file);
	void (*walk)(const struct root_source *source, const char *full,
		     struct root_walk *ret_walk);
	/* 0 or -errno: can it be opened as a directory? -EACCES: it may still be searched */
	int (*open_dir)(const struct root_source *source, const char *full);
	int (*list)(const struct root_source *source, const char *full, root_take_fn take,
		    void *context);
	/* a link counts as there */
	bool (*has)(const struct root_source *source, const char *dir, const char *name);
};

static inline bool root_is_image(const struct root *root)
{
	return root->fd >= 0 || root->source;
}

/* Opens the root: "/" is the real one. Errors: stage prepare. */
int root_open(const char *path, struct root *ret_root, struct croft_error *err);
void root_done(struct root *root);

/*
 * Opens a regular file for reading, absolute or relative to `workdir` (absolute inside the
 * root; NULL: "/"). 0, or -ENOENT, -ENOTDIR, -ELOOP, -EACCES, -EISDIR, -EINVAL (neither file
 * nor directory), -ENAMETOOLONG, -EMFILE, ... Outputs only on success.
 */
int root_open_file(const struct root *root, const char *workdir, const char *path,
		   struct root_file *ret_file);
void root_file_done(struct root_file *file);
/* Opens a directory; `path` must outlive it. Outputs only on success. */
int root_open_dir(const struct root *root, const char *path, struct root_dir *ret_dir);
void root_dir_done(struct root_dir *dir);
/* Hands on every name but "." and "..". What take gives but 0 ends it and is returned. */
int root_dir_list(const struct root_dir *dir, root_take_fn take, void *context);
/* Is there such a name in it? A link counts. */
bool root_dir_has(const struct root_dir *dir, const char *name);

/* Follows the name a component at a time; always fills *ret_walk. For explanations. */
void root_walk(const struct root *root, const char *workdir, const char *path,
	       struct root_walk *ret_walk);

/*
 * Reads a whole file below the root, at most max - 1 bytes (else -EFBIG), NUL-terminated:
 * malloc'd text in *ret_data, the caller's; returns its length or -errno.
 */
ssize_t root_read_file(const struct root *root, const char *path, size_t max, char **ret_data);

#endif
