/* SPDX-License-Identifier: MIT */
/*
 * ns.c - the way into namespaces of one's own, for probes that need one as their ground.
 *
 * Whether that works at all is known from host.h's probe, and seen there by its effect. Here it is
 * gone once more for what must be looked at from inside: the security label that the kernel gives
 * whoever makes a user namespace, file systems that are not croft's own, how deep namespaces can
 * lie in each other. One unshare for all: gVisor gives a mount namespace that clone(2) made with a
 * user namespace to the wrong owner (until 2024-09).
 */
#include "doctor/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define CLONE_NEWTIME_FLAG 0x80 /* 5.6 */

const struct ns_kind ns_kinds[NS_KINDS] = {
	[HOST_NS_USER] = { "user", CLONE_NEWUSER, "/proc/self/ns/user" },
	[HOST_NS_MOUNT] = { "mount", CLONE_NEWNS, "/proc/self/ns/mnt" },
	[HOST_NS_PID] = { "pid", CLONE_NEWPID, "/proc/self/ns/pid_for_children" },
	[HOST_NS_NET] = { "net", CLONE_NEWNET, "/proc/self/ns/net" },
	[HOST_NS_IPC] = { "ipc", CLONE_NEWIPC, "/proc/self/ns/ipc" },
	[HOST_NS_UTS] = { "uts", CLONE_NEWUTS, "/proc/self/ns/uts" },
	[HOST_NS_CGROUP] = { "cgroup", CLONE_NEWCGROUP, "/proc/self/ns/cgroup" },
	[NS_TIME] = { "time", CLONE_NEWTIME_FLAG, "/proc/self/ns/time_for_children" },
};

struct text {
	char data[48];
	size_t len;
};

static struct text read_link(void)
{
	struct text text = { .len = 0 };
	ssize_t len = sys_readlinkat(AT_FDCWD, ns_kinds[HOST_NS_MOUNT].link, text.data,
				     sizeof(text.data));

	if (len > 0)
		text.len = (size_t)len;
	return text;
}

static int write_map(const char *path, unsigned id)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, path, O_WRONLY, 0);
	char text[32];
	int len = snprintf(text, sizeof(text), "%u %u 1\n", id, id);

	return fd < 0 ? fd : fd_write_all(fd, text, (size_t)len);
}

static int deny_setgroups(void)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, "/proc/self/setgroups", O_WRONLY, 0);

	/* Not in gVisor, nor before 3.19: there the map may be written without. */
	if (fd == -ENOENT)
		return 0;
	return fd < 0 ? fd : fd_write_all(fd, "deny", 4);
}

/* user_namespaces(7). The ids are asked before: inside they are nobody's until they are mapped. */
static int map_ids(unsigned uid, unsigned gid, struct ns_way *way)
{
	int r;

	way->step = "setgroups";
	r = deny_setgroups();
	if (r < 0)
		return r;
	way->step = "uid_map";
	r = write_map("/proc/self/uid_map", uid);
	if (r < 0)
		return r;
	way->step = "gid_map";
	return write_map("/proc/self/gid_map", gid);
}

static bool may_do_without_user(void)
{
	struct sys_caps caps;

	return sys_capget(&caps) == 0 && caps.effective[0] & 1U << CAP_SYS_ADMIN;
}

/*
 * Some kernels take the flag and do nothing: what is mounted then would be on the host. So without
 * a link that is another than before there is no way in.
 */
static int see_mounts(const struct text *before)
{
	struct text after = read_link();

	if (!before->len || !after.len)
		return -ENOENT;
	return before->len == after.len && memcmp(before->data, after.data, after.len) == 0
		       ? -ENOTSUP
		       : 0;
}

int ns_enter(int flags, struct ns_way *ret_way)
{
	struct ns_way way = { .step = "unshare" };
	const unsigned uid = sys_geteuid(), gid = sys_getegid();
	const bool may_alone = may_do_without_user();
	const struct text before = read_link();
	int r = sys_unshare(CLONE_NEWUSER | flags);

	if (r == 0) {
		(void)text_read(AT_FDCWD, "/proc/self/attr/current", way.label, sizeof(way.label));
		way.label[strcspn(way.label, "\n")] = '\0';
		r = map_ids(uid, gid, &way);
		if (r == 0)
			way.step = "";
	} else if (may_alone && flags) {
		way.errnum = -r;
		r = sys_unshare(flags);
		way.is_by_capability = r == 0;
		if (r == 0)
			way.step = "";
	}
	if (r == 0 && flags & CLONE_NEWNS) {
		r = see_mounts(&before);
		if (r < 0)
			way.step = "link";
	}
	if (r < 0)
		way.errnum = -r;
	*ret_way = way;
	return r;
}

int ns_own_mounts(void)
{
	return sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}
