/* SPDX-License-Identifier: MIT */
/*
 * store.h - where profiles are kept, and which files may decide a policy.
 *
 *	${XDG_CONFIG_HOME:-~/.config}/croft/profiles/NAME.yaml
 *	/etc/croft/profiles/NAME.yaml
 *	built in
 *
 * A file that decides is a regular file of the caller or of root, which nobody else may write, in
 * a directory that nobody else may write (or whose sticky bit keeps others from replacing it). It
 * is judged through the descriptor that it is then read from.
 */
#ifndef CROFT_PROFILE_STORE_H
#define CROFT_PROFILE_STORE_H

#include "profile/document.h"

#define STORE_SYSTEM_DIR "/etc/croft/profiles"
#define STORE_SUFFIX ".yaml"
#define STORE_MAX_FILES 4096 /* in one directory: what lists them keeps them all */

struct store_text {
	char *data; /* owned */
	size_t len;
	uint64_t device, inode; /* which file it was: a name may be spelled in many ways */
};

/*
 * Reads a profile file whole, at most YAML_MAX_BYTES. Errors (stage profile) name the file and
 * what is wrong with it, and the mend: -ENOENT, -EISDIR, -EACCES, -EPERM (owner or mode),
 * -EFBIG, -EINVAL (a FIFO, a device). A symbolic link is followed: the directory of each link
 * on the way is judged too. Does not block, whatever the path is.
 */
int store_read(const char *path, struct store_text *ret_text, struct croft_error *err);
void store_text_done(struct store_text *text);

/* Where a name was found. */
struct store_found {
	const struct document *builtin; /* or NULL: then `path` */
	char *path; /* owned */
};

/*
 * Looks a name up, in the order above. `after`: a path; only places behind its directory are
 * looked at, so that a user's "default" can extend the one that it replaces. A directory that may
 * not be searched is passed over: it is another user's, or not granted to a sandbox that croft is
 * started in. -ENOENT with the nearest known name as hint; -EINVAL for what can be no name.
 */
int store_find(const char *name, const char *config_home, const char *after,
	       struct store_found *ret_found, struct croft_error *err);
void store_found_done(struct store_found *found);

/*
 * Calls `each` for every profile that can be named: user's files, system's, built-in, each in the
 * order of names. `is_shadowed`: one before it has its name. A directory that is not there
 * is passed over; other errors end it. A negative answer of `each` ends it too.
 */
struct store_listed {
	const char *name;
	const char *path; /* NULL: built in */
	bool is_shadowed;
};
int store_list(const char *config_home,
	       int (*each)(void *context, const struct store_listed *listed), void *context,
	       struct croft_error *err);

/* The built-in profiles, compiled from the files of profiles/, in the order of their names. */
extern const struct document *const builtin_documents[];
extern const size_t n_builtin_documents;
/* The built-in of that name, which is also the name of its only profile; or NULL. */
const struct document *store_builtin(const char *name);

/* ${XDG_CONFIG_HOME} or ~/.config, absolute, in the arena; NULL when there is neither. */
const char *store_config_home(struct arena *arena, const char *home, const char *const *envp);

#endif
