/* SPDX-License-Identifier: MIT */
/*
 * since.c - who set it: for limits, no_new_privs and the like, which every child inherits and
 * no errno tells the origin of.
 *
 * Names of processes are anybody's: they are evidence in a line of text, no more.
 */
#include "doctor/since.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "doctor/child.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define ANCESTORS_MAX 64
#define STATUS_SIZE 8192

struct ancestor {
	pid_t pid, parent;
	bool has;
	char name[32];
};

/* false: there is no such process, or its files may not be read. */
static bool look_at(pid_t pid, since_fn has, const void *arg, struct ancestor *ret)
{
	char path[32], status[STATUS_SIZE], number[32];
	AUTO_FD int dir = -1;
	uint64_t parent;

	(void)snprintf(path, sizeof(path), "/proc/%d", pid);
	dir = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
	if (dir < 0 || text_read(dir, "status", status, sizeof(status)) <= 0)
		return false;
	ret->pid = pid;
	ret->has = has(dir, arg);
	(void)text_line(status, "Name:", ret->name, sizeof(ret->name));
	(void)text_line(status, "PPid:", number, sizeof(number));
	ret->parent =
		text_number(number, 10, &parent) == 0 && parent < INT32_MAX ? (pid_t)parent : 0;
	return true;
}

void since_find(pid_t pid, since_fn has, const void *arg, char *ret, size_t size)
{
	struct ancestor at, above;

	ret[0] = '\0';
	if (!look_at(pid, has, arg, &at) || !at.has)
		return;
	for (int i = 0; i < ANCESTORS_MAX; i++) {
		if (at.parent <= 0) {
			(void)snprintf(ret, size, "the first process here, %d (%s)", at.pid,
				       at.name);
			return;
		}
		if (!look_at(at.parent, has, arg, &above))
			break;
		if (!above.has) {
			(void)snprintf(ret, size, "process %d (%s), not its parent %d (%s)", at.pid,
				       at.name, above.pid, above.name);
			return;
		}
		at = above;
	}
	(void)snprintf(ret, size, "process %d (%s) or one before it", at.pid, at.name);
}
