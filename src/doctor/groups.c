/* SPDX-License-Identifier: MIT */
/*
 * groups.c - where the limits of control groups stand (cgroups(7)).
 *
 * A process has one line in /proc/PID/cgroup for each hierarchy: "0::/path" for the unified one,
 * "8:pids:/path" for an old one. The path is relative to the root of the reader's cgroup
 * namespace, the mount shows some part of the hierarchy: mountinfo tells which. A limit holds for
 * a group and all beneath, so each group up to the mount's root is looked at.
 *
 * The path is somebody else's text: it is bounded, and one that leads out ("/..") is not followed.
 */
#include "doctor/groups.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/cleanup.h"
#include "doctor/child.h"
#include "host/mounts.h"

#define CGROUP_FILE_MAX 65536U
#define MOUNTS_MAX_BYTES (16U << 20)
#define NAME_SIZE (GROUP_PATH_SIZE + 32)
#define UNLIMITED (UINT64_C(1) << 60) /* version 1 has a great number for none */

/* One of "cpu,cpuacct" is `word`. */
static bool has_option(const char *list, const char *word)
{
	size_t len = strlen(word);

	while (*list) {
		size_t n = strcspn(list, ",:");

		if (n == len && memcmp(list, word, n) == 0)
			return true;
		list += n;
		if (*list != ',')
			return false;
		list++;
	}
	return false;
}

/* The path on the line of that hierarchy, NUL-terminated in place; NULL: there is none. */
static char *own_path(char *text, const char *controller)
{
	char *rest = text, *line;

	while ((line = strsep(&rest, "\n"))) {
		char *names = strchr(line, ':'), *path = names ? strchr(names + 1, ':') : NULL;

		if (!path || path[1] != '/')
			continue;
		if (*controller ? has_option(names + 1, controller) : names + 1 == path)
			return path + 1;
	}
	return NULL;
}

bool group_is_old(int proc_dir, const char *controller)
{
	AUTO_FREE char *text = malloc(CGROUP_FILE_MAX);

	return text && text_read(proc_dir, "cgroup", text, CGROUP_FILE_MAX) > 0 &&
	       own_path(text, controller);
}

/* The rest of `path` beneath `root`; NULL: it is not. */
static const char *beneath(const char *path, const char *root)
{
	size_t len = strcmp(root, "/") ? strlen(root) : 0;

	if (strncmp(path, root, len) != 0 || (path[len] && path[len] != '/'))
		return NULL;
	return strcmp(path + len, "/") ? path + len : "";
}

int group_find(int proc_dir, const char *controller, char ret[GROUP_PATH_SIZE])
{
	AUTO_FREE char *text = malloc(CGROUP_FILE_MAX);
	struct mount *mounts;
	struct arena arena;
	char *path;
	size_t n;
	ssize_t len;
	int r;

	if (!text)
		return -ENOMEM;
	len = text_read(proc_dir, "cgroup", text, CGROUP_FILE_MAX);
	if (len < 0)
		return (int)len;
	path = own_path(text, controller);
	if (!path || !strncmp(path, "/..", 3))
		return 0;
	arena_init(&arena, MOUNTS_MAX_BYTES);
	r = mounts_read(&arena, &mounts, &n);
	for (size_t i = n; r >= 0 && i-- > 0;) {
		const char *rest = beneath(path, mounts[i].root);
		bool is_it = *controller ? !strcmp(mounts[i].type, "cgroup") &&
						   has_option(mounts[i].options, controller)
					 : !strcmp(mounts[i].type, "cgroup2");

		if (!is_it || !rest)
			continue;
		if ((size_t)snprintf(ret, GROUP_PATH_SIZE, "%s%s", mounts[i].point, rest) <
		    GROUP_PATH_SIZE)
			r = 1;
		break;
	}
	arena_done(&arena);
	return r < 0 ? r : r == 1;
}

/* The number in a file of the group. */
static bool read_value(const char *group, const char *file, uint64_t *ret)
{
	char name[NAME_SIZE], text[64];

	(void)snprintf(name, sizeof(name), "%s/%s", group, file);
	return text_read(AT_FDCWD, name, text, sizeof(text)) > 0 &&
	       text_number(text, 10, ret) == 0 && *ret < UNLIMITED;
}

/* To the group above; false: that would be above the tree, whose files all groups have. */
static bool go_up(char group[GROUP_PATH_SIZE])
{
	char *slash = strrchr(group, '/');

	if (!slash || slash == group)
		return false;
	*slash = '\0';
	return true;
}

static int lowest_in(int proc_dir, const char *controller, const char *file, uint64_t *ret_value,
		     char ret[GROUP_PATH_SIZE])
{
	char group[GROUP_PATH_SIZE];
	int found = 0, r = group_find(proc_dir, controller, group);

	if (r <= 0)
		return r;
	do {
		uint64_t value;

		if (!read_value(group, file, &value) || (found && value >= *ret_value))
			continue;
		*ret_value = value;
		memcpy(ret, group, GROUP_PATH_SIZE);
		found = 1;
	} while (go_up(group));
	return found;
}

int group_lowest(int proc_dir, const char *file, uint64_t *ret_value, char ret[GROUP_PATH_SIZE])
{
	bool is_pids = !strcmp(file, "pids.max");
	int r = lowest_in(proc_dir, "", file, ret_value, ret);

	if (r)
		return r;
	return lowest_in(proc_dir, is_pids ? "pids" : "memory",
			 is_pids ? file : "memory.limit_in_bytes", ret_value, ret);
}

int group_refusals(int proc_dir, uint64_t *ret_n, char ret[GROUP_PATH_SIZE])
{
	static const char *const controllers[] = { "", "pids" };

	*ret_n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		char group[GROUP_PATH_SIZE];

		if (group_find(proc_dir, controllers[i], group) != 1)
			continue;
		do {
			char name[NAME_SIZE], text[256], number[32];
			uint64_t n;

			(void)snprintf(name, sizeof(name), "%s/pids.events", group);
			if (text_read(AT_FDCWD, name, text, sizeof(text)) <= 0 ||
			    !text_line(text, "max ", number, sizeof(number)) ||
			    text_number(number, 10, &n) < 0 || !n)
				continue;
			*ret_n += n;
			memcpy(ret, group, GROUP_PATH_SIZE);
		} while (go_up(group));
	}
	return 0;
}
