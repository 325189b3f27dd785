/* SPDX-License-Identifier: MIT */
/*
 * cgroup.c - which cgroup tree we are in, and whether we may grow it.
 *
 * The kernel tells the group in /proc/self/cgroup, one line for each tree; the
 * line of the unified tree is "0::/path". That path is relative to the root of
 * our cgroup namespace, and the tree is mounted at one of two places by
 * convention (hybrid hosts use the second).
 *
 * Whether we may make groups is not read off modes and owners, which say
 * nothing about limits on depth, read-only mounts or policies: a group is made
 * and removed again. It is empty, and gone within microseconds.
 */
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
	if (fd_read_file(AT_FDCWD, "/proc/self/cgroup", text, CGROUP_FILE_MAX) < 0)
		return 0;
	return cgroup_parse(text, ret_path, size);
}

int probe_cgroup(struct host *host, struct croft_error *err)
{
	char path[PATH_MAX];
	int version = own_group(path, sizeof(path), err);

	if (version < 0)
		return version;
	host->cgroup.version = version;
	return 0;
}

/* An O_PATH descriptor of our group's directory, or -errno. */
static int open_group(const char *path)
{
	char name[PATH_MAX + 64];
	int fd = -ENOENT;

	for (size_t i = 0; i < ARRAY_SIZE(cgroup2_mounts); i++) {
		struct stat st;

		/* cgroup.controllers is in every group of the unified tree and in no other */
		(void)snprintf(name, sizeof(name), "%s%s/cgroup.controllers", cgroup2_mounts[i],
			       path);
		if (sys_fstatat(AT_FDCWD, name, &st, 0) < 0)
			continue;
		(void)snprintf(name, sizeof(name), "%s%s", cgroup2_mounts[i], path);
		fd = sys_openat(AT_FDCWD, name, O_PATH | O_DIRECTORY, 0);
		if (fd >= 0)
			break;
	}
	return fd;
}

static bool can_make_child(int group)
{
	char name[64], procs[96];
	uint64_t number;
	bool takes_processes;

	if (sys_getrandom(&number, sizeof(number)) != (ssize_t)sizeof(number))
		return false;
	/* A process is moved by writing to both groups' nearest common ancestor too: ours. */
	if (sys_faccessat(group, "cgroup.procs", W_OK) < 0)
		return false;
	(void)snprintf(name, sizeof(name), "croft-probe-%016llx", (unsigned long long)number);
	(void)snprintf(procs, sizeof(procs), "%s/cgroup.procs", name);
	if (sys_mkdirat(group, name, 0700) < 0)
		return false;
	takes_processes = sys_faccessat(group, procs, W_OK) == 0;
	return sys_unlinkat(group, name, AT_REMOVEDIR) == 0 && takes_processes;
}

int probe_delegation(struct host *host, struct croft_error *err)
{
	char path[PATH_MAX] = "";
	AUTO_FD int group = -1;
	int version = own_group(path, sizeof(path), err);

	if (version < 0)
		return version;
	host->cgroup.is_delegated = HOST_NO;
	if (version != 2 || !path[0])
		return 0;
	group = open_group(path);
	if (group >= 0 && can_make_child(group))
		host->cgroup.is_delegated = HOST_YES;
	return 0;
}
