/* SPDX-License-Identifier: MIT */
/*
 * paths.h - each granted path, opened once.
 *
 * A path is walked one time, to an O_PATH descriptor; the type is taken from that
 * descriptor, and the rule is later made from it. What happens to the name in
 * between cannot matter.
 */
#ifndef CROFT_HOST_PATHS_H
#define CROFT_HOST_PATHS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct path_fact {
	int fd; /* O_PATH, owned; -1 when errnum is set, and in recorded facts */
	int errnum; /* positive errno of the open, 0 if it worked */
	mode_t type; /* S_IFMT bits */
	uint64_t dev, ino;
	/* owned: where it leads (through /proc/self/fd); NULL if unknown or the name itself */
	char *real;
};

/*
 * Opens n paths. A path that cannot be opened is a fact, not an error. Returns
 * 0, or -EMFILE, -ENFILE or -ENOMEM when it cannot go on: then nothing is left open.
 * `ret_facts` has n entries.
 */
int paths_open(const char *const *paths, size_t n, struct path_fact *ret_facts);
/* Closes what is open; the array itself is the caller's. */
void paths_close(struct path_fact *facts, size_t n);
/*
 * Resolves a name as far as it exists: the real path of the longest existing
 * ancestor with the rest appended. 0, or -ELOOP, -ENAMETOOLONG (also when `size` is too
 * small; PATH_MAX never is), -EACCES (a directory may not be searched), and so on.
 */
int path_resolve(const char *path, char *ret, size_t size);
/*
 * The same, and tells each symbolic link that is followed: its own absolute path, no link in the
 * part before its last component, and its text. Not 0 from `link` ends it and is its result.
 */
int path_resolve_links(const char *path, char *ret, size_t size,
		       int (*link)(void *context, const char *path, const char *text),
		       void *context);

#endif
