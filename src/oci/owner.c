/* SPDX-License-Identifier: MIT */
/*
 * owner.c - asks the namespace's map of users.
 */
#include "oci/owner.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define ALL_USERS "4294967295" /* as many as the first namespace maps */
#define DEFAULT_OVERFLOW 65534
#define NUMBER_SIZE 64

/* The next word of a line; what is too long is cut, and then is none of those looked for. */
static const char *next_word(const char *text, char word[NUMBER_SIZE])
{
	size_t len;

	text += strspn(text, " ");
	len = strcspn(text, " \n");
	(void)snprintf(word, NUMBER_SIZE, "%.*s", (int)len, text);
	return text + len;
}

/* "0 0 4294967295" is the first namespace's map; what cannot be read is taken for that. */
static bool is_in_user_namespace(void)
{
	static const char *const first[] = { "0", "0", ALL_USERS };
	char map[4096], word[NUMBER_SIZE];
	const char *at = map;
	bool is_first = true;

	if (fd_read_now(AT_FDCWD, "/proc/self/uid_map", map, sizeof(map)) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(first); i++) {
		at = next_word(at, word);
		is_first &= !strcmp(word, first[i]);
	}
	return !is_first;
}

static uid_t overflow_uid(void)
{
	char text[NUMBER_SIZE];
	uint64_t uid;

	if (fd_read_now(AT_FDCWD, "/proc/sys/kernel/overflowuid", text, sizeof(text)) < 0)
		return DEFAULT_OVERFLOW;
	text[strcspn(text, "\n")] = '\0';
	return num_parse(text, 0, UINT32_MAX, &uid) == 0 ? (uid_t)uid : DEFAULT_OVERFLOW;
}

static bool is_written_by_others(const struct stat *st)
{
	bool is_sticky = S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX);

	return (st->st_mode & (S_IWGRP | S_IWOTH)) && !is_sticky;
}

static bool is_outside(const struct stat *st)
{
	return st->st_uid == overflow_uid() && is_in_user_namespace();
}

bool owner_may_decide(const struct stat *st)
{
	if (is_written_by_others(st))
		return false;
	return st->st_uid == 0 || st->st_uid == sys_geteuid() || is_outside(st);
}

bool owner_is_outside(const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	int n = snprintf(directory, sizeof(directory), "%.*s/.", (int)(slash ? slash - path : 0),
			 path);
	struct stat file, place;

	if (!slash || n < 0 || (size_t)n >= sizeof(directory) ||
	    sys_fstatat(AT_FDCWD, path, &file, 0) < 0 ||
	    sys_fstatat(AT_FDCWD, directory, &place, 0) < 0)
		return false;
	return is_outside(&file) && !is_written_by_others(&file) && owner_may_decide(&place);
}
