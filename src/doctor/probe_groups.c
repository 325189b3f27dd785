/* SPDX-License-Identifier: MIT */
/*
 * probe_groups.c - a control group of our own, and ranges of subordinate ids, both by having them.
 *
 * The group is made where croft run would make it (host/cgroup.h), or, where that finds no place,
 * in our own group, so that the kernel says why not. A child is moved there, seen to be there, and
 * ended; then the group is removed. It is the one thing that a probe makes outside of itself: it
 * is there for about a millisecond, and empty but for that child. A cleaner (launch/cleaner.h)
 * stands by before it is made: should the probe be killed in between, nothing is left.
 *
 * newuidmap is run as rootless containers run it: on a child in a user namespace of its own, with
 * the first range that /etc/subuid gives this user; and the map is read back. Its own words are
 * kept. Where there is no range it is run all the same, with the range that Debian gives first: so
 * what is reported is what it says.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "doctor/groups.h"
#include "enforce/cgroup.h"
#include "host/cgroup.h"
#include "host/probe.h"
#include "launch/cleaner.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define NAME_SIZE (GROUP_PATH_SIZE + 64)
#define FILE_SIZE (NAME_SIZE + 32)
#define PIDS_WANTED "7"
#define ACCOUNTS_MAX 65536U
#define RANGE_START 100000 /* what useradd of Debian begins with */
#define RANGE_COUNT 65536

static void report_own(const struct probe_context *context, char dir[GROUP_PATH_SIZE])
{
	char text[8192], path[GROUP_PATH_SIZE];
	int version = 0, r;

	dir[0] = '\0';
	if (text_read(context->proc_fd, "cgroup", text, sizeof(text)) >= 0)
		version = cgroup_parse(text, path, sizeof(path));
	r = group_find(context->proc_fd, "", dir);
	if (r <= 0)
		dir[0] = '\0';
	/* hybrid: what limits memory or processes is kept by the old hierarchies */
	if (version == 2 &&
	    (group_is_old(context->proc_fd, "pids") || group_is_old(context->proc_fd, "memory")))
		version = 3;
	probe_value(context, OBS_CGROUP_OWN, version, dir);
}

static int limit_group(const char *group)
{
	char name[FILE_SIZE], text[32];
	int r = cgroup_write(group, "pids.max", PIDS_WANTED);

	if (r < 0)
		return r;
	(void)snprintf(name, sizeof(name), "%s/pids.max", group);
	if (text_read(AT_FDCWD, name, text, sizeof(text)) <= 0 || strcmp(text, PIDS_WANTED "\n"))
		return -ENOTSUP;
	return 0;
}

/* The child's own line ends in the group's name. */
static bool is_in(pid_t pid, const char *name)
{
	char path[64], text[8192], line[GROUP_PATH_SIZE];
	size_t len, tail = strlen(name);

	(void)snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	if (text_read(AT_FDCWD, path, text, sizeof(text)) <= 0 ||
	    !text_line(text, "0::", line, sizeof(line)))
		return false;
	len = strlen(line);
	return len > tail && !strcmp(line + len - tail, name);
}

static int move_child(const char *group, const char *name, const char **step)
{
	char number[16];
	pid_t pid = child_start(child_pause, NULL);
	int r;

	*step = "clone";
	if (pid < 0)
		return pid;
	*step = "cgroup.procs";
	(void)snprintf(number, sizeof(number), "%d", pid);
	r = cgroup_write(group, "cgroup.procs", number);
	if (r == 0 && !is_in(pid, name)) {
		*step = "effect";
		r = -ENOTSUP;
	}
	(void)child_end(pid, true);
	return r;
}

static void report_made(const struct probe_context *context, enum obs id, int r, const char *step,
			const char *dir)
{
	if (r < 0)
		probe_no(context, id, step, r == -ENOTSUP ? 0 : -r, dir);
	else
		probe_yes(context, id, dir);
}

static void make_group(const struct probe_context *context, const char *dir)
{
	char name[32], group[CGROUP_PATH_SIZE];
	const char *step = "mkdir";
	pid_t cleaner;
	int r;

	(void)snprintf(name, sizeof(name), "croft-doctor-%d", sys_getpid());
	if ((size_t)snprintf(group, sizeof(group), "%s/%s", dir, name) >= sizeof(group)) {
		probe_no(context, OBS_CGROUP_MAKE, step, ENAMETOOLONG, dir);
		return;
	}
	r = cleaner_start(NULL, group, &cleaner, NULL);
	if (r < 0) {
		probe_no(context, OBS_CGROUP_MAKE, "clone", -r, dir);
		return;
	}
	r = sys_mkdirat(AT_FDCWD, group, 0755);
	if (r == 0) {
		report_made(context, OBS_CGROUP_LIMIT, limit_group(group), "pids.max", dir);
		r = move_child(group, name, &step);
		(void)cleaner_finish(NULL, group, cleaner, NULL);
	} else {
		/* one of that name may be somebody else's */
		(void)cleaner_finish(NULL, NULL, cleaner, NULL);
	}
	report_made(context, OBS_CGROUP_MAKE, r, step, dir);
}

static void probe_cgroup(const struct probe_context *context)
{
	char own[GROUP_PATH_SIZE];
	struct cgroup_place place;
	struct croft_error err;
	int r;

	report_own(context, own);
	r = cgroup_find(1U << CONTROLLER_PIDS, &place, &err);
	if (r == 0)
		r = cgroup_find(0, &place, &err);
	if (r == 1) {
		place.own[place.len] = '\0';
		make_group(context, place.own);
	} else if (own[0]) {
		make_group(context, own);
	} else {
		probe_no(context, OBS_CGROUP_MAKE, "find", ENOENT, NULL);
	}
}

/* The user's name in /etc/passwd, else what the environment calls it. */
static void name_of_user(char *ret, size_t size)
{
	AUTO_FREE char *text = malloc(ACCOUNTS_MAX);
	char *rest = text, *line;
	const char *told = getenv("USER");

	(void)snprintf(ret, size, "%s", told ? told : "");
	if (!text || text_read(AT_FDCWD, "/etc/passwd", text, ACCOUNTS_MAX) < 0)
		return;
	while ((line = strsep(&rest, "\n"))) {
		char *name = strsep(&line, ":");
		uint64_t uid;

		(void)strsep(&line, ":");
		if (!line || text_number(line, 10, &uid) < 0 || uid != sys_getuid())
			continue;
		(void)snprintf(ret, size, "%s", name);
		return;
	}
}

struct range {
	uint64_t start, count; /* count 0: none */
	char line[128];
};

/* The first line of subuid(5) or subgid(5) for this user, by name or by number. */
static int find_range(const char *path, const char *user, struct range *ret)
{
	AUTO_FREE char *text = malloc(ACCOUNTS_MAX);
	char *rest = text, *line, number[16];
	ssize_t n;

	*ret = (struct range){ 0 };
	if (!text)
		return -ENOMEM;
	n = text_read(AT_FDCWD, path, text, ACCOUNTS_MAX);
	if (n < 0)
		return (int)n;
	(void)snprintf(number, sizeof(number), "%u", sys_getuid());
	while ((line = strsep(&rest, "\n"))) {
		struct range range;
		char *name, *start;

		(void)snprintf(range.line, sizeof(range.line), "%s", line);
		name = strsep(&line, ":");
		start = strsep(&line, ":");
		if (!line || (strcmp(name, user) != 0 && strcmp(name, number) != 0) ||
		    text_number(start, 10, &range.start) < 0 ||
		    text_number(line, 10, &range.count) < 0 || !range.count)
			continue;
		*ret = range;
		return 1;
	}
	return 0;
}

static struct range report_range(const struct probe_context *context, const char *path,
				 const char *user)
{
	struct range range;
	int r = find_range(path, user, &range);

	if (r == 1)
		report_of(context, OBS_SUBID_RANGE, path, OBS_YES, user, 0, (int64_t)range.count,
			  range.line);
	else
		report_of(context, OBS_SUBID_RANGE, path, OBS_NO, user, -r, OBS_NO_VALUE, NULL);
	return range;
}

struct mapping {
	int errnum_to; /* the child tells here what unshare said */
	pid_t pid;
	char *argv[12];
	const char *program;
	int words_to; /* what the program writes to 2 */
};

static int act_unshared(void *arg)
{
	const struct mapping *mapping = arg;
	int r = sys_unshare(CLONE_NEWUSER);

	if (fd_write_all(mapping->errnum_to, &r, sizeof(r)) < 0)
		return 1;
	return child_pause(NULL);
}

static int act_newuidmap(void *arg)
{
	const struct mapping *mapping = arg;
	static char *const none[] = { NULL };

	(void)sys_dup3(mapping->words_to, 2, 0);
	return CHILD_ERRNO(sys_execve(mapping->program, mapping->argv, none));
}

/* Runs it on that process: its exit status, and its first line. */
static int run_newuidmap(struct mapping *mapping, const struct range *range, char *words,
			 size_t size)
{
	char pid[16], uid[16], start[24], count[24];
	char *const argv[] = { (char *)(uintptr_t) "newuidmap",
			       pid,
			       (char *)(uintptr_t) "0",
			       uid,
			       (char *)(uintptr_t) "1",
			       (char *)(uintptr_t) "1",
			       start,
			       count,
			       NULL };
	int ends[2], r = sys_pipe(ends);
	ssize_t n;

	if (r < 0)
		return r;
	(void)snprintf(pid, sizeof(pid), "%d", mapping->pid);
	(void)snprintf(uid, sizeof(uid), "%u", sys_getuid());
	(void)snprintf(start, sizeof(start), "%llu",
		       (unsigned long long)(range->count ? range->start : RANGE_START));
	(void)snprintf(count, sizeof(count), "%llu",
		       (unsigned long long)(range->count ? range->count : RANGE_COUNT));
	memcpy(mapping->argv, argv, sizeof(argv));
	mapping->words_to = ends[1];
	r = child_start(act_newuidmap, mapping);
	(void)sys_close(ends[1]);
	n = r < 0 ? 0 : fd_read_full(ends[0], words, size - 1);
	(void)sys_close(ends[0]);
	words[n > 0 ? n : 0] = '\0';
	words[strcspn(words, "\n")] = '\0';
	return r < 0 ? r : child_end(r, false);
}

/* Both ids that were asked for are mapped. */
static bool is_mapped(pid_t pid)
{
	char path[64], text[256];
	const char *second;

	(void)snprintf(path, sizeof(path), "/proc/%d/uid_map", pid);
	if (text_read(AT_FDCWD, path, text, sizeof(text)) <= 0)
		return false;
	second = strchr(text, '\n');
	return second && second[1];
}

static void try_newuidmap(const struct probe_context *context, const char *program,
			  const struct range *range)
{
	struct mapping mapping = { .program = program };
	char words[256] = "";
	int ends[2], r = sys_pipe(ends), said = -ECHILD;

	if (r < 0)
		return;
	mapping.errnum_to = ends[1];
	mapping.pid = child_start(act_unshared, &mapping);
	(void)sys_close(ends[1]);
	if (mapping.pid > 0)
		(void)fd_read_full(ends[0], &said, sizeof(said));
	(void)sys_close(ends[0]);
	if (mapping.pid < 0 || said < 0) {
		probe_no(context, OBS_NEWUIDMAP, mapping.pid < 0 ? "clone" : "unshare",
			 mapping.pid < 0 ? -mapping.pid : -said, program);
		if (mapping.pid > 0)
			(void)child_end(mapping.pid, true);
		return;
	}
	r = run_newuidmap(&mapping, range, words, sizeof(words));
	if (r == 0 && is_mapped(mapping.pid))
		probe_yes(context, OBS_NEWUIDMAP, program);
	else
		report_of(context, OBS_NEWUIDMAP, NULL, OBS_NO, r ? "newuidmap" : "effect", 0, r,
			  words[0] ? words : program);
	(void)child_end(mapping.pid, true);
}

static void probe_subid(const struct probe_context *context)
{
	static const char *const programs[] = { "/usr/bin/newuidmap", "/bin/newuidmap",
						"/run/wrappers/bin/newuidmap" };
	struct range range;
	char user[64];
	struct stat st;

	name_of_user(user, sizeof(user));
	range = report_range(context, "/etc/subuid", user);
	(void)report_range(context, "/etc/subgid", user);
	for (size_t i = 0; i < ARRAY_SIZE(programs); i++)
		if (sys_fstatat(AT_FDCWD, programs[i], &st, 0) == 0) {
			try_newuidmap(context, programs[i], &range);
			return;
		}
	probe_no(context, OBS_NEWUIDMAP, "find", ENOENT, NULL);
}

static const struct probe probes[] = {
	{ .id = OBS_CGROUP_MAKE, .run = probe_cgroup },
	{ .id = OBS_NEWUIDMAP, .run = probe_subid },
};
const struct probe_table probes_groups = { probes, ARRAY_SIZE(probes) };
