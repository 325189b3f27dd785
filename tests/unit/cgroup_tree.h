/* SPDX-License-Identifier: MIT */
/*
 * cgroup_tree.h - a directory that plays the tree of control groups.
 *
 * Names below /sys/fs/cgroup lead into the directory, and /proc/self/cgroup is a file of it. A
 * group that is made gets the files of the controllers that the one above gives, as the kernel
 * does it; a group is removed with its files, unless it holds processes or groups.
 */
#ifndef CROFT_TESTS_UNIT_CGROUP_TREE_H
#define CROFT_TESTS_UNIT_CGROUP_TREE_H

#include "ground.h"

#include <dirent.h>

#include "sys/fd.h"

#define TREE_MOUNT "/sys/fs/cgroup"
#define TREE_PATH (GROUND_PATH + 2000)

static const char *const tree_files[][2] = {
	{ "memory.max", "memory" },      { "memory.high", "memory" },
	{ "memory.swap.max", "memory" }, { "memory.events", "memory" },
	{ "pids.max", "pids" },          { "cpu.max", "cpu" },
	{ "cgroup.controllers", NULL },  { "cgroup.subtree_control", NULL },
	{ "cgroup.procs", NULL },        { "cgroup.type", NULL },
	{ "cgroup.kill", NULL },
};

/* Where the name leads; other names as they are. */
static const char *tree_name(const char *path, char room[TREE_PATH])
{
	if (!strcmp(path, "/proc/self/cgroup"))
		(void)snprintf(room, TREE_PATH, "%s/own", scratch);
	else if (!strncmp(path, TREE_MOUNT, strlen(TREE_MOUNT)))
		(void)snprintf(room, TREE_PATH, "%s/tree%s", scratch, path + strlen(TREE_MOUNT));
	else
		return path;
	return room;
}

static void tree_put(const char *group, const char *file, const char *text)
{
	char path[TREE_PATH];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/tree%s/%s", scratch, group, file);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static const char *tree_get(const char *group, const char *file)
{
	static char text[256];
	char path[TREE_PATH];
	FILE *f;
	int len = snprintf(path, sizeof(path), "%s/tree%s/%s", scratch, group, file);

	assert_in_range(len, 1, sizeof(path) - 1);
	f = fopen(path, "r");
	if (!f)
		return NULL;
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	assert_int_equal(fclose(f), 0);
	return text;
}

/* A group with these controllers, which gives those of `gives` to the ones in it. */
static void tree_make(const char *group, const char *has, const char *gives)
{
	char path[TREE_PATH];

	(void)snprintf(path, sizeof(path), "%s/tree%s", scratch, group);
	assert_int_equal(mkdir(path, 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(tree_files); i++) {
		const char *controller = tree_files[i][1];

		if (!controller || strstr(has, controller))
			tree_put(group, tree_files[i][0], controller ? "max\n" : "");
	}
	tree_put(group, "cgroup.type", "domain\n");
	tree_put(group, "cgroup.controllers", has);
	tree_put(group, "cgroup.subtree_control", gives);
	tree_put(group, "cgroup.procs", "");
}

static void tree_be_in(const char *group)
{
	char path[TREE_PATH];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/own", scratch);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fprintf(f, "4:memory:/old\n0::%s\n", group) > 0);
	assert_int_equal(fclose(f), 0);
}

static long tree_openat(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	char room[TREE_PATH];

	/* what is written to a file of the kernel takes the place of all that was there */
	if (call == SYS_CALL_openat && (c & O_ACCMODE) == O_WRONLY)
		c |= O_TRUNC;
	return sys_real(call, a, (long)(uintptr_t)tree_name((const char *)(uintptr_t)b, room), c, d,
			e, f);
}

/* As the kernel: files come with the group. */
static long tree_mkdirat(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const char *path = (const char *)(uintptr_t)b;
	char room[TREE_PATH], above[TREE_PATH];
	long r = sys_real(call, a, (long)(uintptr_t)tree_name(path, room), c, d, e, f);

	if (r < 0 || tree_name(path, room) == path)
		return r;
	(void)snprintf(above, sizeof(above), "%s", path + strlen(TREE_MOUNT));
	*strrchr(above, '/') = '\0';
	(void)sys_real(SYS_CALL_unlinkat, AT_FDCWD, (long)(uintptr_t)room, AT_REMOVEDIR, 0, 0, 0);
	tree_make(path + strlen(TREE_MOUNT), tree_get(above, "cgroup.subtree_control"), "");
	return 0;
}

static bool is_group_file(const char *name)
{
	return !strncmp(name, "memory.", 7) || !strncmp(name, "pids.", 5) ||
	       !strncmp(name, "cpu.", 4) || !strncmp(name, "cgroup.", 7);
}

/* As the kernel: files go with the group; who holds processes or groups stays. */
static long tree_unlinkat(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const char *path = (const char *)(uintptr_t)b;
	char room[TREE_PATH], text[64];
	struct dirent *entry;
	int dirfd = (int)a;
	DIR *dir;

	path = tree_name(path, room);
	dirfd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!(c & AT_REMOVEDIR) || dirfd < 0)
		return sys_real(call, a, (long)(uintptr_t)path, c, d, e, f);
	if (fd_read_file(dirfd, "cgroup.procs", text, sizeof(text)) > 0) {
		(void)close(dirfd);
		return -EBUSY;
	}
	dir = fdopendir(dirfd);
	assert_non_null(dir);
	while ((entry = readdir(dir)))
		if (is_group_file(entry->d_name))
			(void)unlinkat(dirfd, entry->d_name, 0);
	(void)closedir(dir);
	return sys_real(call, a, (long)(uintptr_t)path, c, d, e, f) == 0 ? 0 : -EBUSY;
}

static inline int tree_close(void **state)
{
	char command[TREE_PATH];
	DIR *dir = opendir(scratch);

	(void)state;
	for (int i = 0; i < SYS_CALL_MAX; i++)
		sys_replace((enum sys_call)i, NULL);
	assert_non_null(dir);
	(void)closedir(dir);
	(void)snprintf(command, sizeof(command), "%s/tree", scratch);
	return tmpdir_remove(command);
}

static inline int tree_open(void **state)
{
	(void)state;
	tree_make("", "memory pids cpu", "");
	sys_replace(SYS_CALL_openat, tree_openat);
	sys_replace(SYS_CALL_newfstatat, tree_openat);
	sys_replace(SYS_CALL_faccessat, tree_openat);
	sys_replace(SYS_CALL_mkdirat, tree_mkdirat);
	sys_replace(SYS_CALL_unlinkat, tree_unlinkat);
	return 0;
}

#endif
