/* SPDX-License-Identifier: MIT */
/*
 * survivors.c - kills what a command has left behind.
 *
 * Every orphan of the command is our child (PR_SET_CHILD_SUBREAPER, since 3.4), and
 * the children of a killed orphan become ours in turn. So killing the direct
 * children, again and again until wait(2) knows none, gets everything, however
 * deep and in whatever session. Children are found by the parent's number in
 * /proc/PID/stat: the one line that is read there is written by the kernel, but for
 * the name, which the process chooses; it is skipped from its last parenthesis.
 */
#include "launch/survivors.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>

#include "enforce/cgroup.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define PAUSE_MS 2

/* Decimal digits only; 0 for anything else. */
static pid_t parse_pid(const char *text)
{
	pid_t pid = 0;

	for (; *text >= '0' && *text <= '9' && pid < 100000000; text++)
		pid = pid * 10 + (*text - '0');
	return pid;
}

/* From /proc/PID/stat: "PID (NAME) STATE PPID ...". 0 if it cannot be read, or has ended (Z). */
static pid_t parent_of(int proc, const char *name)
{
	char path[32], line[512];
	size_t len = strlen(name);
	const char *end;

	if (len > sizeof(path) - sizeof("/stat"))
		return 0;
	memcpy(path, name, len);
	memcpy(path + len, "/stat", sizeof("/stat"));
	{
		/* never waiting: a FIFO may be mounted over it */
		AUTO_FD int fd = sys_openat(proc, path, O_RDONLY | O_NONBLOCK, 0);
		ssize_t n = fd < 0 ? -1 : fd_read_full(fd, line, sizeof(line) - 1);

		if (n <= 0)
			return 0;
		line[n] = '\0';
	}
	end = strrchr(line, ')');
	return end && strlen(end) > 4 && end[2] != 'Z' ? parse_pid(end + 4) : 0;
}

static int kill_children(pid_t spare)
{
	_Alignas(uint64_t) char entries[4096];
	AUTO_FD int proc = sys_openat(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY, 0);
	pid_t self = sys_getpid();
	ssize_t n;

	if (proc < 0)
		return proc;
	while ((n = sys_getdents64(proc, entries, sizeof(entries))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct sys_dirent *entry = (const void *)(entries + at);
			pid_t pid = parse_pid(entry->name);
			int r;

			at += entry->length;
			if (pid <= 0 || pid == spare || parent_of(proc, entry->name) != self)
				continue;
			/* our child, unreaped: its number is nobody else's, and it can be killed */
			r = sys_kill(pid, SIGKILL);
			if (r < 0)
				return r;
		}
	}
	return (int)n;
}

/* True while there are children; zombies are reaped on the way, and counted. */
static bool reap_all(unsigned *reaped)
{
	int r;

	do {
		r = sys_wait4(-1, NULL, WNOHANG, NULL);
		*reaped += r > 0;
	} while (r > 0 || r == -EINTR);
	return r == 0;
}

int survivors_kill(pid_t spare, const char *group, int64_t limit_ms, unsigned *ret_killed,
		   struct croft_error *err)
{
	unsigned ended = 0, killed = 0;
	int64_t began = 0, now = 0;
	bool has_begun = false;

	/* what had ended by itself before the first kill is not counted as killed */
	for (; reap_all(has_begun ? &killed : &ended); has_begun = true) {
		int r;

		/* what it does not reach, its children are looked for */
		if (*group)
			(void)cgroup_kill(group);
		r = kill_children(spare);
		if (r == 0)
			r = sys_clock_ms(&now);
		if (r < 0)
			return fail(err, CROFT_STAGE_SUPERVISE, -r,
				    "find the processes that the command left");
		if (!has_begun)
			began = now;
		if (now - began > limit_ms)
			return fail(err, CROFT_STAGE_SUPERVISE, EBUSY,
				    "kill the processes that the command left");
		(void)sys_ppoll(NULL, 0, PAUSE_MS);
	}
	*ret_killed = killed;
	return 0;
}
