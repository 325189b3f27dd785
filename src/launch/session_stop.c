/* SPDX-License-Identifier: MIT */
/*
 * session_stop.c - ends a session, and everything that still is in it.
 *
 * Where the session has a pid namespace its first process is the holder: the kernel kills the rest
 * with it. Elsewhere commands run among the host's processes, and are found by what they cannot
 * leave: the user namespace of the session, or one inside of it. The mount namespace stands in
 * where there is none (root that made namespaces by capability). /proc is gone
 * through again and again until a whole pass finds none: what is killed forks no more.
 *
 * The namespace's number is kept from being used again by a descriptor that is open meanwhile.
 * A process is held by pidfd before it is looked at, so that the number that was judged is
 * the process that is killed. Without pidfds (before 5.3, and under filters that refuse them) its
 * directory in /proc tells whether it has ended; between that look and the kill lies the one moment
 * in which its number could become another's.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/num.h"
#include "launch/session.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define PATIENCE_MS 5000
#define PAUSE_MS 2
#define END_MS 100
#define MAX_NESTING 33 /* the kernel's bound on user namespaces (since 4.9) is 32 */

/* What marks a process as one of the session's. */
struct mark {
	const char *link; /* "ns/user" */
	dev_t dev;
	ino_t ino;
	bool has_parents; /* a user namespace: those inside of it count too */
};

static bool is_same(const struct mark *mark, const struct stat *st)
{
	return st->st_dev == mark->dev && st->st_ino == mark->ino;
}

/* True if the process of a directory in /proc is in the namespace, or in one made inside of it. */
static bool is_inside(const struct mark *mark, int proc)
{
	AUTO_FD int at = sys_openat(proc, mark->link, O_RDONLY, 0);
	struct stat st;

	for (int i = 0; at >= 0 && i < MAX_NESTING; i++) {
		int parent;

		if (sys_fstatat(at, "", &st, AT_EMPTY_PATH) < 0)
			return false;
		if (is_same(mark, &st))
			return true;
		if (!mark->has_parents)
			return false;
		/* since 4.9; EPERM: outside of ours, so not inside of the session's */
		parent = sys_ioctl(at, NS_GET_PARENT, NULL);
		fd_close(&at);
		at = parent;
	}
	return false;
}

/*
 * By pidfd where that can be (5.1), for a number may be another's by now. EPERM is a filter's, or
 * else kill says it too.
 */
static int send_kill(int pidfd, pid_t pid)
{
	int r = pidfd < 0 ? -ENOSYS : sys_pidfd_send_signal(pidfd, SIGKILL);

	return r == -ENOSYS || r == -EPERM ? sys_kill(pid, SIGKILL) : r;
}

/* True if it only waits for its parent, or not even that. "PID (NAME) STATE ..." in its stat. */
static bool has_ended(int pidfd, int proc)
{
	struct pollfd poll = { .fd = pidfd, .events = POLLIN };
	const char *end;
	char line[512];
	ssize_t n;

	if (pidfd >= 0)
		return sys_ppoll(&poll, 1, 0) > 0;
	n = fd_read_file(proc, "stat", line, sizeof(line));
	end = n < 0 ? NULL : strrchr(line, ')');
	return n == -ESRCH || n == -ENOENT || (end && (end[2] == 'Z' || end[2] == 'X'));
}

/* False if it is there for longer. */
static bool wait_for_end(int pidfd, int proc, int timeout_ms)
{
	struct pollfd poll = { .fd = pidfd, .events = POLLIN };

	if (pidfd >= 0)
		return sys_ppoll(&poll, 1, timeout_ms) != 0;
	for (int waited = 0; !has_ended(pidfd, proc); waited += PAUSE_MS) {
		if (waited >= timeout_ms)
			return false;
		(void)sys_ppoll(NULL, 0, PAUSE_MS);
	}
	return true;
}

/* 1 if it was one of the session's and is killed, 0 if not. */
static int kill_if_inside(const struct mark *mark, int procs, const char *name, pid_t pid)
{
	AUTO_FD int proc = sys_openat(procs, name, O_PATH | O_DIRECTORY, 0);
	AUTO_FD int pidfd = proc < 0 ? -1 : sys_pidfd_open(pid, 0);

	if (proc < 0 || !is_inside(mark, proc) || has_ended(pidfd, proc))
		return 0;
	if (send_kill(pidfd, pid) < 0)
		return 0;
	/* until it has ended, or the next pass would count it again */
	(void)wait_for_end(pidfd, proc, END_MS);
	return 1;
}

/* One pass over /proc: how many were killed, or -errno. */
static int kill_pass(const struct mark *mark)
{
	_Alignas(uint64_t) char entries[8192];
	AUTO_FD int procs = sys_openat(AT_FDCWD, "/proc", O_RDONLY | O_DIRECTORY, 0);
	int killed = 0;
	ssize_t n;

	if (procs < 0)
		return procs;
	while ((n = sys_getdents64(procs, entries, sizeof(entries))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct sys_dirent *entry = (const void *)(entries + at);
			uint64_t pid;

			at += entry->length;
			if (num_parse(entry->name, 1, INT32_MAX, &pid) == 0)
				killed += kill_if_inside(mark, procs, entry->name, (pid_t)pid);
		}
	}
	return n < 0 ? (int)n : killed;
}

static int kill_inside(const struct mark *mark, unsigned *ret_killed, struct croft_error *err)
{
	unsigned total = 0;

	for (int waited = 0; waited <= PATIENCE_MS; waited += PAUSE_MS) {
		int n = kill_pass(mark);

		if (n < 0)
			return fail(err, CROFT_STAGE_SESSION, -n,
				    "look for the session's processes in /proc");
		if (n == 0) {
			*ret_killed = total;
			return 0;
		}
		total += (unsigned)n;
		(void)sys_ppoll(NULL, 0, PAUSE_MS);
	}
	return fail(err, CROFT_STAGE_SESSION, EBUSY, "kill the session's processes");
}

static int kill_holder(struct session *session, struct croft_error *err)
{
	int r = send_kill(session->pidfd, session->pid);

	if (r == -ESRCH)
		return 0;
	if (r < 0)
		return fail(err, CROFT_STAGE_SESSION, -r, "kill the holder of the session '%s'",
			    session->record.id);
	/* with a pid namespace it ends after all that is in there */
	if (!wait_for_end(session->pidfd, session->proc, PATIENCE_MS))
		return fail(err, CROFT_STAGE_SESSION, EBUSY, "wait for the end of the session '%s'",
			    session->record.id);
	return 0;
}

int session_stop(struct session *session, unsigned *ret_killed, struct croft_error *err)
{
	bool has_user = session->record.namespaces & 1U << HOST_NS_USER;
	struct mark mark = { .link = has_user ? "ns/user" : "ns/mnt", .has_parents = has_user };
	AUTO_FD int fd = sys_openat(session->proc, mark.link, O_RDONLY, 0);
	AUTO_FD int own = sys_openat(AT_FDCWD, "/proc/self", O_PATH | O_DIRECTORY, 0);
	struct stat st;
	int r = fd < 0 ? fd : sys_fstatat(fd, "", &st, AT_EMPTY_PATH);

	if (r == 0 && own < 0)
		r = own;
	if (r < 0)
		return fail(err, CROFT_STAGE_SESSION, -r, "open the namespaces of the session '%s'",
			    session->record.id);
	mark.dev = st.st_dev;
	mark.ino = st.st_ino;
	/* a record can say anything: what is ours too is no session's */
	if (is_inside(&mark, own))
		return fail(err, CROFT_STAGE_SESSION, EPERM,
			    "the session '%s' is in the namespaces of croft itself",
			    session->record.id);
	r = kill_holder(session, err);
	return r < 0 ? r : kill_inside(&mark, ret_killed, err);
}
