/* SPDX-License-Identifier: MIT */
/*
 * join.c - entering namespaces that are there already.
 *
 * child-path: no allocation
 *
 * A process is named by a directory descriptor of /proc, never by its number: what is opened
 * beneath it is that process' own or fails, whoever has the number by then. The descriptors of
 * the namespaces are then what is compared, and the same are entered: nothing is looked up twice.
 *
 * The user namespace comes first, for it brings the capabilities that the others ask for. After
 * each setns the inode behind /proc/self/ns is compared, through a descriptor of that directory
 * from before: the joined tree may have no /proc, or one that lies.
 *
 * A command of a session that wants no other process to be seen gets a pid namespace of its
 * own, and a mount namespace, both of the session's user namespace. The session's pid namespace is
 * not entered for that: who has entered one by setns may not make another (copy_pid_ns in Linux's
 * kernel/pid_namespace.c). It is there for its proc, in whose place a fresh one can be mounted: a
 * tree that shows none yet may have none (mount_too_revealing, since 4.2).
 */
#include "enforce/join.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nsfs.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "enforce/namespaces.h"
#include "sys/calls.h"
#include "sys/fd.h"

/* In /proc/PID/ns. They are entered in this order. */
static const char *const links[HOST_NS_MAX] = {
	[HOST_NS_USER] = "user",
	[HOST_NS_MOUNT] = "mnt",
	/* where its children would be, which is what setns sets (since 4.12) */
	[HOST_NS_PID] = "pid_for_children",
	[HOST_NS_NET] = "net",
	[HOST_NS_IPC] = "ipc",
	[HOST_NS_UTS] = "uts",
	[HOST_NS_CGROUP] = "cgroup",
};
_Static_assert(HOST_NS_USER == 0, "the user namespace is entered first");

void join_init(struct join *join)
{
	memset(join, 0, sizeof(*join));
	for (int i = 0; i < HOST_NS_MAX; i++)
		join->fds[i] = -1;
}

void join_done(struct join *join)
{
	for (int i = 0; i < HOST_NS_MAX; i++)
		fd_close(&join->fds[i]);
}

static int open_own(struct croft_error *err)
{
	int fd = sys_openat(AT_FDCWD, "/proc/self/ns", O_PATH | O_DIRECTORY, 0);

	if (fd < 0) {
		fd = fail(err, CROFT_STAGE_NAMESPACES, -fd, "look at the own namespaces in /proc");
		fail_hint(err, "joining needs a /proc to compare with");
	}
	return fd;
}

/* Takes the descriptor. */
static int put(struct join *join, int kind, int fd, struct croft_error *err)
{
	AUTO_FD int owned = fd;
	struct stat st;
	int r;

	if (join->fds[kind] >= 0)
		return fail(err, CROFT_STAGE_NAMESPACES, 0, "two %s namespaces cannot be joined",
			    host_ns_names[kind].name);
	r = sys_fstatat(fd, "", &st, AT_EMPTY_PATH);
	if (r < 0)
		return fail(err, CROFT_STAGE_NAMESPACES, -r, "look at a %s namespace",
			    host_ns_names[kind].name);
	join->inodes[kind] = st.st_ino;
	join->fds[kind] = fd_take(&owned);
	return 0;
}

static int open_failed(int kind, int errnum, struct croft_error *err)
{
	int r = fail(err, CROFT_STAGE_NAMESPACES, errnum, "open the %s namespace of the process",
		     host_ns_names[kind].name);

	if (errnum == EACCES || errnum == EPERM)
		fail_hint(err, "it is another user's, or a sandbox around refuses it");
	return r;
}

int join_add_process(struct join *join, int proc, int pidfd, struct croft_error *err)
{
	struct pollfd poll = { .fd = pidfd, .events = POLLIN };
	AUTO_FD int own = open_own(err), dir = -1;

	if (own < 0)
		return own;
	dir = sys_openat(proc, "ns", O_PATH | O_DIRECTORY, 0);
	if (dir < 0)
		return open_failed(HOST_NS_USER, -dir, err);
	for (int i = 0; i < HOST_NS_MAX; i++) {
		uint64_t mine = namespaces_number(own, (enum host_ns)i);
		int fd, r;

		/* a kind that this kernel does not have, or that is the same */
		if (!mine || mine == namespaces_number(dir, (enum host_ns)i))
			continue;
		fd = sys_openat(dir, links[i], O_RDONLY, 0);
		r = fd < 0 ? open_failed(i, -fd, err) : put(join, i, fd, err);
		if (r < 0)
			return r;
	}
	/* a pidfd becomes readable when its process ends: until then the number was its own */
	if (pidfd >= 0 && sys_ppoll(&poll, 1, 0) != 0)
		return fail(err, CROFT_STAGE_NAMESPACES, ESRCH, "join a process that has ended");
	return 0;
}

/* The number of a pidfd's process, from "Pid:\t4711" in its fdinfo (since 5.2). */
static int read_pid(int pidfd, pid_t *ret_pid)
{
	char path[48], text[512], *line, *end;
	uint64_t pid;
	ssize_t n;
	int r;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	n = fd_read_file(AT_FDCWD, path, text, sizeof(text));
	line = n < 0 ? NULL : strstr(text, "\nPid:\t");
	if (!line)
		return -EINVAL;
	line += 6;
	end = strchr(line, '\n');
	if (end)
		*end = '\0';
	/* -1: ended; 0: not in our pid namespace */
	r = num_parse(line, 1, INT32_MAX, &pid);
	if (r < 0)
		return -ESRCH;
	*ret_pid = (pid_t)pid;
	return 0;
}

static int add_pidfd(struct join *join, int fd, struct croft_error *err)
{
	AUTO_FD int proc = -1;
	char path[32];
	pid_t pid;
	int r = read_pid(fd, &pid);

	if (r == -EINVAL) {
		r = fail(err, CROFT_STAGE_NAMESPACES, 0, "descriptor %d holds no namespace", fd);
		fail_hint(err, "it has to be open on /proc/PID/ns/NAME, or a pidfd");
		return r;
	}
	if (r < 0)
		return fail(err, CROFT_STAGE_NAMESPACES, -r, "join the process of descriptor %d",
			    fd);
	(void)snprintf(path, sizeof(path), "/proc/%d", pid);
	proc = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
	if (proc < 0)
		return fail(err, CROFT_STAGE_NAMESPACES, -proc, "open '%s'", path);
	return join_add_process(join, proc, fd, err);
}

int join_add(struct join *join, int fd, struct croft_error *err)
{
	int type, copy;

	type = sys_fcntl(fd, F_GETFD, 0);
	if (type < 0)
		return fail(err, CROFT_STAGE_NAMESPACES, -type, "join by descriptor %d", fd);
	/* since 4.11; before it, descriptors of namespaces are not told apart */
	type = sys_ioctl(fd, NS_GET_NSTYPE, NULL);
	if (type < 0)
		return add_pidfd(join, fd, err);
	for (int i = 0; i < HOST_NS_MAX; i++) {
		if (namespaces_flags(1U << i) != type)
			continue;
		copy = sys_fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (copy < 0)
			return fail(err, CROFT_STAGE_NAMESPACES, -copy, "keep descriptor %d", fd);
		return put(join, i, copy, err);
	}
	return fail(err, CROFT_STAGE_NAMESPACES, 0,
		    "descriptor %d holds a namespace of a kind that croft does not know", fd);
}

static int enter(const struct join *join, int kind, int own, struct croft_error *err)
{
	const char *name = host_ns_names[kind].name;
	int r = sys_setns(join->fds[kind], namespaces_flags(1U << kind));

	if (r < 0) {
		r = fail(err, CROFT_STAGE_NAMESPACES, -r, "join a %s namespace", name);
		if (r == -EPERM)
			fail_hint(err, "that takes capabilities over it: its user namespace has to "
				       "be joined too, or a sandbox around refuses it");
		else if (r == -EINVAL && kind == HOST_NS_USER)
			fail_hint(err, "it is the one croft is in already");
		return r;
	}
	if (namespaces_number(own, (enum host_ns)kind) != join->inodes[kind])
		return fail(err, CROFT_STAGE_NAMESPACES, ENOTSUP,
			    "the kernel says that a %s namespace was joined, and it was not", name);
	return 0;
}

static int make_own_pid(int own, struct croft_error *err)
{
	uint64_t before = namespaces_number(own, HOST_NS_MOUNT);
	int r = sys_unshare(CLONE_NEWPID | CLONE_NEWNS);

	if (r < 0)
		return fail(err, CROFT_STAGE_NAMESPACES, -r,
			    "make a pid namespace inside of the session");
	/* that of pid shows with the first child only, which looks at its number */
	if (!before || before == namespaces_number(own, HOST_NS_MOUNT))
		return fail(err, CROFT_STAGE_NAMESPACES, ENOTSUP,
			    "see that a mount namespace was made inside of the session");
	return 0;
}

int join_enter(const struct join *join, struct croft_error *err)
{
	AUTO_FD int own = open_own(err);
	int r = own < 0 ? own : 0;

	for (int i = 0; i < HOST_NS_MAX && r == 0; i++)
		if (join->fds[i] >= 0 && !(i == HOST_NS_PID && join->wants_own_pid))
			r = enter(join, i, own, err);
	if (r == 0 && join->wants_own_pid)
		r = make_own_pid(own, err);
	return r;
}
