/* SPDX-License-Identifier: MIT */
/*
 * cgroup.c - a control group of the command's own (version 2).
 *
 * child-path: no allocation
 *
 * What a limit of a process cannot do, a group does: memory is counted for all processes together,
 * processes for this command and not for the whole user (and for user 0 too), processor time as a
 * share. And whatever a command forks stays in its group, in whatever session, with whatever
 * parent: the group is the list of what has to be killed at the end.
 *
 *   choose   place, name and values, before somebody is started who removes it (cleaner.c)
 *   make     in the parent; every value is read back, since some are rounded or refused
 *   enter    in the child, before anything is confined
 *   remove   kill, wait until it is empty, rmdir
 *
 * Swap: with a limit on memory none may be used. Otherwise the limit would only decide
 * when the disk gets busy, for everybody on the machine.
 *
 * Who is killed when memory is out is the kernel's choice among the group (memory.oom.group stays
 * 0): a compiler that took too much dies, and the build can say which.
 *
 * The command runs as the user who owns the group. Nothing but the rules on files keeps it from
 * writing there; the plan says so where they would let it (limits.c).
 */
#include "enforce/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define NAME_SIZE (CGROUP_PATH_SIZE + 96) /* the doctor writes in a group beneath that one */
#define WAIT_MS 5000 /* a dying process frees its memory first: gigabytes take some time */
#define PAUSE_MS 2
#define MAX_DEPTH 5 /* groups in groups that a command has made and nobody removed */
#define MODE 0755

static const char *const files[] = {
	[CGROUP_MEMORY_MAX] = "memory.max",    [CGROUP_MEMORY_HIGH] = "memory.high",
	[CGROUP_SWAP_MAX] = "memory.swap.max", [CGROUP_PIDS_MAX] = "pids.max",
	[CGROUP_CPU_MAX] = "cpu.max",
};
_Static_assert(ARRAY_SIZE(files) == CGROUP_VALUE_MAX, "a file for each value");

void cgroup_init(struct cgroup *group)
{
	group->path[0] = '\0';
	group->procs = -1;
	for (int i = 0; i < CGROUP_VALUE_MAX; i++)
		group->values[i] = UINT64_MAX;
}

/* "123", "max", "150000 100000"; false: it cannot be read, or is of another form. */
static bool parse_value(enum cgroup_value value, char *text, uint64_t *ret)
{
	char *period_text = strchr(text, ' ');
	uint64_t number, period;

	text[strcspn(text, "\n ")] = '\0';
	if (!strcmp(text, "max")) {
		*ret = UINT64_MAX;
		return true;
	}
	if (num_parse(text, 0, INT64_MAX, &number) < 0)
		return false;
	if (value == CGROUP_CPU_MAX) {
		if (!period_text || num_parse(period_text + 1, 1, 1000000, &period) < 0 ||
		    number > INT64_MAX / CGROUP_PERIOD_US)
			return false;
		number = number * CGROUP_PERIOD_US / period;
	}
	*ret = number;
	return true;
}

/* -ENOENT: the group has no such file. */
static int read_value(const char *group, size_t len, enum cgroup_value value, uint64_t *ret)
{
	char name[NAME_SIZE], text[64];
	ssize_t n;

	(void)snprintf(name, sizeof(name), "%.*s/%s", (int)len, group, files[value]);
	n = fd_read_file(AT_FDCWD, name, text, sizeof(text));
	if (n < 0)
		return (int)n;
	text[strcspn(text, "\n")] = '\0';
	return parse_value(value, text, ret) ? 0 : -EINVAL;
}

/* The lower limits of the groups that are left hold on. */
static void carry_over(const struct cgroup_place *place, struct cgroup *group)
{
	size_t len = strlen(place->own);

	while (len > place->len) {
		for (int i = 0; i < CGROUP_VALUE_MAX; i++) {
			uint64_t value;

			if (read_value(place->own, len, (enum cgroup_value)i, &value) == 0 &&
			    value < group->values[i])
				group->values[i] = value;
		}
		while (place->own[--len] != '/')
			;
	}
}

static void want(struct cgroup *group, const struct plan *plan)
{
	const uint64_t *limits = plan->profile->limits;

	if (plan->cgroup_controllers & 1U << CONTROLLER_MEMORY) {
		group->values[CGROUP_MEMORY_MAX] = limits[LIMIT_MEMORY];
		group->values[CGROUP_SWAP_MAX] = 0;
	}
	if (plan->cgroup_controllers & 1U << CONTROLLER_PIDS)
		group->values[CGROUP_PIDS_MAX] = limits[LIMIT_PROCESSES];
	if (plan->cgroup_controllers & 1U << CONTROLLER_CPU)
		group->values[CGROUP_CPU_MAX] = limits[LIMIT_CPU_PERCENT] * CGROUP_PERIOD_US / 100;
}

int cgroup_choose(const struct plan *plan, struct cgroup *ret_group, struct croft_error *err)
{
	struct cgroup_place place;
	uint64_t random[2];
	struct cgroup group;
	int r = cgroup_find(plan->cgroup_controllers, &place, err);

	if (r < 0)
		return r;
	if (r == 0) {
		(void)fail(err, CROFT_STAGE_LIMITS, 0, "there is no place for a control group");
		return -EOPNOTSUPP;
	}
	if (sys_getrandom(random, sizeof(random)) != (ssize_t)sizeof(random))
		return fail(err, CROFT_STAGE_LIMITS, EIO, "get random bytes");
	cgroup_init(&group);
	want(&group, plan);
	carry_over(&place, &group);
	r = snprintf(group.path, sizeof(group.path), "%.*s/croft-%016llx%08llx", (int)place.len,
		     place.own, (unsigned long long)random[0],
		     (unsigned long long)random[1] & 0xffffffff);
	if (r < 0 || (size_t)r >= sizeof(group.path))
		return fail(err, CROFT_STAGE_LIMITS, ENAMETOOLONG, "name a control group");
	*ret_group = group;
	return 0;
}

int cgroup_write(const char *group, const char *file, const char *text)
{
	char name[NAME_SIZE];
	AUTO_FD int fd = -1;

	(void)snprintf(name, sizeof(name), "%s/%s", group, file);
	fd = sys_openat(AT_FDCWD, name, O_WRONLY, 0);
	return fd < 0 ? fd : fd_write_all(fd, text, strlen(text));
}

static int set_value(const struct cgroup *group, enum cgroup_value value, struct croft_error *err)
{
	uint64_t wanted = group->values[value], found = UINT64_MAX;
	char text[64];
	int r;

	if (wanted == UINT64_MAX)
		return 0;
	if (value == CGROUP_CPU_MAX)
		(void)snprintf(text, sizeof(text), "%llu %llu", (unsigned long long)wanted,
			       CGROUP_PERIOD_US);
	else
		(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)wanted);
	r = cgroup_write(group->path, files[value], text);
	/* a kernel that does not count swap has none to use up, or counts it as memory */
	if (r == -ENOENT && value == CGROUP_SWAP_MAX)
		return 0;
	if (r == 0)
		r = read_value(group->path, strlen(group->path), value, &found);
	/* memory is rounded down to pages */
	if (r == 0 && found > wanted)
		r = -ERANGE;
	if (r < 0) {
		r = fail(err, CROFT_STAGE_LIMITS, -r, "set '%s' of a control group", files[value]);
		fail_hint(err, "%s", group->path);
	}
	return r;
}

int cgroup_make(struct cgroup *group, struct croft_error *err)
{
	char name[NAME_SIZE];
	int r = sys_mkdirat(AT_FDCWD, group->path, MODE);

	if (r < 0) {
		r = fail(err, CROFT_STAGE_LIMITS, -r, "make the control group '%s'", group->path);
		fail_hint(err, "cgroup.max.descendants and cgroup.max.depth above it may be "
			       "reached");
		return r;
	}
	for (int i = 0; i < CGROUP_VALUE_MAX && r == 0; i++)
		r = set_value(group, (enum cgroup_value)i, err);
	if (r == 0) {
		(void)snprintf(name, sizeof(name), "%s/cgroup.procs", group->path);
		r = sys_openat(AT_FDCWD, name, O_WRONLY, 0);
		if (r < 0)
			r = fail(err, CROFT_STAGE_LIMITS, -r, "open '%s'", name);
	}
	if (r < 0) {
		(void)sys_unlinkat(AT_FDCWD, group->path, AT_REMOVEDIR);
		return r;
	}
	group->procs = r;
	return 0;
}

void cgroup_done(struct cgroup *group)
{
	fd_close(&group->procs);
}

int cgroup_enter(const struct cgroup *group, struct croft_error *err)
{
	int r;

	if (group->procs < 0)
		return 0;
	/* the writer itself, whatever its number is called out there */
	r = fd_write_all(group->procs, "0", 1);
	return r < 0 ? fail(err, CROFT_STAGE_LIMITS, -r, "enter the control group") : 0;
}

static int open_in(int dir, const char *file, int flags)
{
	return sys_openat(dir, file, flags | O_NOFOLLOW, 0);
}

/* One after another, before 5.14. A number may be somebody else's by now only if it has left. */
static void kill_listed(int dir)
{
	AUTO_FD int fd = open_in(dir, "cgroup.procs", O_RDONLY);
	char text[1024];
	pid_t pid = 0;
	ssize_t n;

	while (fd >= 0 && (n = sys_read(fd, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (text[i] >= '0' && text[i] <= '9' && pid < 100000000) {
				pid = pid * 10 + (text[i] - '0');
				continue;
			}
			/* 0: of a process that we cannot see, in another namespace */
			if (pid > 1)
				(void)sys_kill(pid, SIGKILL);
			pid = 0;
		}
	}
}

static void kill_all(int dir)
{
	AUTO_FD int fd = open_in(dir, "cgroup.kill", O_WRONLY);

	if (fd < 0 || fd_write_all(fd, "1", 1) < 0)
		kill_listed(dir);
}

int cgroup_kill(const char *path)
{
	AUTO_FD int dir = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0);

	if (dir < 0)
		return dir;
	kill_all(dir);
	return 0;
}

/*
 * One pass over a group and those in it, the deepest first: kills what is there, removes what is
 * empty. The result is that of removing the group itself.
 */
static int remove_once(int parent, const char *name, int depth)
{
	_Alignas(uint64_t) char entries[1024]; /* the cleaner's stack is small */
	AUTO_FD int dir = -1;
	ssize_t n;
	int r = sys_unlinkat(parent, name, AT_REMOVEDIR);

	if (r == 0 || r == -ENOENT)
		return 0;
	dir = sys_openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	if (dir < 0)
		return dir;
	kill_all(dir);
	while (depth > 0 && (n = sys_getdents64(dir, entries, sizeof(entries))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct sys_dirent *entry = (const void *)(entries + at);
			struct stat st;

			at += entry->length;
			if (entry->name[0] != '.' &&
			    sys_fstatat(dir, entry->name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
			    S_ISDIR(st.st_mode))
				(void)remove_once(dir, entry->name, depth - 1);
		}
	}
	return sys_unlinkat(parent, name, AT_REMOVEDIR);
}

int cgroup_remove(const char *path)
{
	int r = -EBUSY;

	for (int waited = 0; r == -EBUSY && waited < WAIT_MS; waited += PAUSE_MS) {
		if (waited)
			(void)sys_ppoll(NULL, 0, PAUSE_MS);
		r = remove_once(AT_FDCWD, path, MAX_DEPTH);
	}
	return r == -ENOENT ? 0 : r;
}

unsigned cgroup_oom_kills(const char *path)
{
	static const char key[] = "\noom_kill ";
	char name[NAME_SIZE], text[512], *found;
	uint64_t number;

	(void)snprintf(name, sizeof(name), "%s/memory.events", path);
	if (fd_read_file(AT_FDCWD, name, text, sizeof(text)) < 0)
		return 0;
	found = strstr(text, key);
	if (!found)
		return 0;
	found += sizeof(key) - 1;
	found[strcspn(found, "\n")] = '\0';
	return num_parse(found, 0, UINT32_MAX, &number) < 0 ? 0 : (unsigned)number;
}
