/* SPDX-License-Identifier: MIT */
/*
 * cgroup.c - which cgroup tree we are in, and where in it a group of ours can be made.
 *
 * The kernel tells the group in /proc/self/cgroup, one line for each tree; the
 * line of the unified tree is "0::/path". That path is relative to the root of
 * our cgroup namespace, and the tree is mounted at one of two places by
 * convention (hybrid hosts use the second).
 *
 * A group that holds processes gives no controllers to the groups in it ("no internal
 * processes", cgroups(7); the root is excepted). So a group that only gathers processes is made in
 * our own, and one with limits mostly in the one above: the nearest whose cgroup.subtree_control
 * names the controllers. Who moves a process must be able to write cgroup.procs of the nearest
 * group above both; that is the one in which the new group is made.
 *
 * Going up leaves a group, and with it what limits that one. Limits of memory, of the number of
 * processes and of processor time are carried over to the new group (enforce/cgroup.c); a group
 * with others (a choice of processors, limits of a disk) is not left.
 *
 * All of this is looked at, not tried: a group that is made to try leaves an empty directory
 * behind if croft is killed at that moment. Controllers are never switched on: that would stay.
 */
#include "host/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/probe.h"
#include "sys/calls.h"
#include "sys/fd.h"

/* Twelve old hierarchies with a path of PATH_MAX each, and the unified one, fit. */
#define CGROUP_FILE_MAX 65536U
#define NAME_SIZE (CGROUP_PATH_SIZE + 32) /* the longest name of a file is 22 bytes */

static const char *const cgroup2_mounts[] = { "/sys/fs/cgroup", "/sys/fs/cgroup/unified" };

/* A group outside of our namespace's root is shown as "/../name" (since 4.6). */
static bool leads_out(const char *path, size_t len)
{
	return len >= 3 && memcmp(path, "/..", 3) == 0 && (len == 3 || path[3] == '/');
}

int cgroup_parse(const char *text, char *ret_path, size_t size)
{
	int version = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");

		if (len > 3 && memcmp(text, "0::/", 4) == 0) {
			const char *path = text + 3;

			len -= 3;
			if (leads_out(path, len) || len >= size)
				len = 0;
			memcpy(ret_path, path, len);
			ret_path[len] = '\0';
			return 2;
		}
		if (len)
			version = 1;
		text += len;
		if (*text)
			text++;
	}
	return version;
}

/* Reads our own line; the version, or -ENOMEM. */
static int own_group(char *ret_path, size_t size, struct croft_error *err)
{
	AUTO_FREE char *text = malloc(CGROUP_FILE_MAX);

	if (!text)
		return fail(err, CROFT_STAGE_HOST, ENOMEM, "read /proc/self/cgroup");
	if (fd_read_now(AT_FDCWD, "/proc/self/cgroup", text, CGROUP_FILE_MAX) < 0)
		return 0;
	return cgroup_parse(text, ret_path, size);
}

/* The name of a file of the group that the first `len` bytes of the place name. */
static const char *file_name(const struct cgroup_place *place, size_t len, const char *file,
			     char name[NAME_SIZE])
{
	(void)snprintf(name, NAME_SIZE, "%.*s/%s", (int)len, place->own, file);
	return name;
}

/* The directory of our group; false: nowhere, or not by a name that fits. */
static bool find_own(const char *path, struct cgroup_place *ret_place)
{
	if (!strcmp(path, "/"))
		path = "";
	for (size_t i = 0; i < ARRAY_SIZE(cgroup2_mounts); i++) {
		char name[NAME_SIZE];
		struct stat st;
		int n = snprintf(ret_place->own, sizeof(ret_place->own), "%s%s", cgroup2_mounts[i],
				 path);

		if (n < 0 || (size_t)n >= sizeof(ret_place->own))
			return false;
		ret_place->len = (size_t)n;
		ret_place->root_len = strlen(cgroup2_mounts[i]);
		/* this file is in every group of the unified tree and in no other */
		if (sys_fstatat(AT_FDCWD,
				file_name(ret_place, ret_place->len, "cgroup.controllers", name),
				&st, 0) == 0)
			return true;
	}
	return false;
}

/* What a file of the group says, without its line's end; "" without the file. */
static void read_word(const struct cgroup_place *place, size_t len, const char *file, char *ret,
		      size_t size)
{
	char name[NAME_SIZE];

	if (fd_read_now(AT_FDCWD, file_name(place, len, file, name), ret, size) < 0)
		ret[0] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (; *words; words += strspn(words, " ")) {
		size_t n = strcspn(words, " ");

		if (n == len && memcmp(words, word, n) == 0)
			return true;
		words += n;
	}
	return false;
}

/* All of these controllers are on for the groups in this one. */
static bool gives(const struct cgroup_place *place, size_t len, unsigned controllers)
{
	char words[256];

	read_word(place, len, "cgroup.subtree_control", words, sizeof(words));
	for (int i = 0; i < CONTROLLER_MAX; i++)
		if ((controllers & 1U << i) && !has_word(words, host_controller_names[i].name))
			return false;
	return true;
}

/* A group may be made in it and a process be moved there. */
static bool takes_groups(const struct cgroup_place *place, size_t len)
{
	char name[NAME_SIZE], type[64];
	AUTO_FD int procs = -1;

	/* of threads, not of processes (4.14); the root has no such file */
	read_word(place, len, "cgroup.type", type, sizeof(type));
	if (type[0] && strcmp(type, "domain") != 0)
		return false;
	/* in a sandbox the modes do not tell: it is opened, and nothing written */
	procs = sys_openat(AT_FDCWD, file_name(place, len, "cgroup.procs", name), O_WRONLY, 0);
	if (procs < 0)
		return false;
	return sys_faccessat(AT_FDCWD, file_name(place, len, ".", name), W_OK) == 0;
}

/* It limits what no other group would. */
static bool must_be_kept(const struct cgroup_place *place, size_t len)
{
	static const char *const files[] = { "cpuset.cpus", "cpuset.mems", "io.max" };
	char text[64];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		/* a text that is too long for us is not empty either */
		char name[NAME_SIZE];
		ssize_t n = fd_read_now(AT_FDCWD, file_name(place, len, files[i], name), text,
					sizeof(text));

		if (n == -EFBIG || (n > 0 && text[0] != '\n'))
			return true;
	}
	return false;
}

static bool find_place(unsigned controllers, struct cgroup_place *place)
{
	for (;;) {
		if (takes_groups(place, place->len) && gives(place, place->len, controllers))
			return true;
		if (place->len <= place->root_len || must_be_kept(place, place->len))
			return false;
		while (place->own[--place->len] != '/')
			;
	}
}

/* 1: our own group is found; 0: it is not; the version of the groups besides. */
static int find_start(struct cgroup_place *ret_place, int *ret_version, struct croft_error *err)
{
	char path[PATH_MAX] = "";
	int version = own_group(path, sizeof(path), err);

	if (version < 0)
		return version;
	*ret_version = version;
	return version == 2 && path[0] && find_own(path, ret_place);
}

int cgroup_find(unsigned controllers, struct cgroup_place *ret_place, struct croft_error *err)
{
	int version, r = find_start(ret_place, &version, err);

	return r <= 0 ? r : find_place(controllers, ret_place);
}

int host_probe_cgroup(struct host *host, struct croft_error *err)
{
	struct cgroup_place own = { 0 }, place;
	int r = find_start(&own, &host->cgroup.version, err);

	if (r < 0)
		return r;
	place = own;
	host->cgroup.is_delegated = r && find_place(0, &place) ? HOST_YES : HOST_NO;
	for (int i = 0; i < CONTROLLER_MAX; i++) {
		place = own;
		host->cgroup.controllers[i] = r && find_place(1U << i, &place) ? HOST_YES : HOST_NO;
	}
	return 0;
}
