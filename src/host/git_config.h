/* SPDX-License-Identifier: MIT */
/*
 * git_config.h - git's configuration files and pointer files, as text.
 */
#ifndef CROFT_HOST_GIT_CONFIG_H
#define CROFT_HOST_GIT_CONFIG_H

#include <stddef.h>

#define GIT_CONFIG_MAX 262144 /* bytes of one file; those of people are below 10 KiB */
#define GIT_CONFIG_VALUE_MAX 4096 /* PATH_MAX: no longer one is a path */
#define GIT_CONFIG_NAME_MAX 256

/* Section and key in lower case, as git compares them; the subsection as it is written. */
struct git_config_item {
	const char *section;
	const char *subsection; /* "" without */
	const char *key;
	const char *value; /* "" for a key alone, or where it is longer than GIT_CONFIG_VALUE_MAX */
};

/*
 * Tells each setting of `len` bytes (any bytes). Lines that git would refuse are passed over:
 * more is found than git obeys, never less. Not 0 from `found` ends it and is its result.
 */
int git_config_read(const char *text, size_t len,
		    int (*found)(void *context, const struct git_config_item *item), void *context);

/*
 * The path in a ".git" file ("gitdir: PATH"): its start in text, *ret_len bytes of it; NULL if it
 * is none. With an empty prefix the same for a "commondir" or "gitdir" file, which is a path alone.
 */
const char *git_pointer_read(const char *text, size_t len, const char *prefix, size_t *ret_len);

#endif
