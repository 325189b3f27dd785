/* SPDX-License-Identifier: MIT */
/*
 * namespaces.c - the stage that makes namespaces.
 *
 * child-path: no allocation
 *
 * A zero from unshare(2) proves nothing: gVisor takes flags that it does nothing for. So
 * each kind is seen by its effect, and the order is such that nothing of the host's can be
 * changed by a call that was meant for a namespace that is not there:
 *
 *   unshare      all at once: the new user namespace owns the others
 *   numbers      each link in /proc/self/ns is another than before; of a user namespace it may be
 *                seen as well by its map, which is empty at first
 *   ids          setgroups denied, then one id each, the same inside as outside: without
 *                privileges a map of more is refused, and the files keep their owner
 *   propagation  private, recursively: no mount made here reaches the host, and none of the
 *                host's arrives. Where a user namespace is made the kernel has cut the first
 *                direction already; by capability alone this call is what cuts it
 *   lo           up, by its flags. Never by adding 127.0.0.1: gVisor has the address and
 *                takes neither
 *   host name    set, and read back
 *
 * The maps are written to files of this process itself. Their owner is root where the
 * process is not dumpable (PR_SET_DUMPABLE; a program that its user may not read), which is
 * a property of the memory, and so the caller's where a child borrows that: such a caller
 * cannot use a user namespace, and is told so.
 */
#include "enforce/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>

#include "base/cleanup.h"
#include "sys/calls.h"
#include "sys/fd.h"

static const struct {
	int flag;
	const char *link;
} kinds[] = {
	[HOST_NS_USER] = { CLONE_NEWUSER, "user" },
	[HOST_NS_MOUNT] = { CLONE_NEWNS, "mnt" },
	/* unshare changes only where children will be (since 4.12; /proc/self/ns/pid stays) */
	[HOST_NS_PID] = { CLONE_NEWPID, "pid_for_children" },
	[HOST_NS_NET] = { CLONE_NEWNET, "net" },
	[HOST_NS_IPC] = { CLONE_NEWIPC, "ipc" },
	[HOST_NS_UTS] = { CLONE_NEWUTS, "uts" },
	[HOST_NS_CGROUP] = { CLONE_NEWCGROUP, "cgroup" },
};
_Static_assert(ARRAY_SIZE(kinds) == HOST_NS_MAX, "one row for each kind");

static bool is_wanted(unsigned wanted, int kind)
{
	return wanted & 1U << kind;
}

int namespaces_flags(unsigned wanted)
{
	int flags = 0;

	for (int i = 0; i < HOST_NS_MAX; i++)
		if (is_wanted(wanted, i))
			flags |= kinds[i].flag;
	return flags;
}

/* A link reads "mnt:[4026531841]". */
uint64_t namespaces_number(int dir, enum host_ns kind)
{
	char text[40];
	uint64_t number = 0;
	ssize_t n = sys_readlinkat(dir, kinds[kind].link, text, sizeof(text));
	const char *at = n > 0 ? memchr(text, '[', (size_t)n) : NULL;

	if (!at)
		return 0;
	for (at++; at < text + n && *at >= '0' && *at <= '9'; at++)
		number = number * 10 + (uint64_t)(*at - '0');
	return number;
}

/* A pid namespace without processes has no number yet: its first process sees it. */
static bool has_number(unsigned wanted, int kind)
{
	return is_wanted(wanted, kind) && kind != HOST_NS_PID;
}

int namespaces_prepare(const struct plan *plan, struct namespaces *ret_ns, struct croft_error *err)
{
	return namespaces_prepare_kinds(plan->namespaces, ret_ns, err);
}

int namespaces_prepare_kinds(unsigned wanted, struct namespaces *ret_ns, struct croft_error *err)
{
	AUTO_FD int dir = sys_openat(AT_FDCWD, "/proc/self/ns", O_PATH | O_DIRECTORY, 0);
	unsigned uid = sys_geteuid(), gid = sys_getegid();

	memset(ret_ns, 0, sizeof(*ret_ns));
	ret_ns->wanted = wanted;
	ret_ns->hostname = NAMESPACES_HOSTNAME;
	if (!wanted)
		return 0;
	if (dir < 0)
		return fail(err, CROFT_STAGE_NAMESPACES, -dir, "look at /proc/self/ns");
	(void)snprintf(ret_ns->uid_map, sizeof(ret_ns->uid_map), "%u %u 1\n", uid, uid);
	(void)snprintf(ret_ns->gid_map, sizeof(ret_ns->gid_map), "%u %u 1\n", gid, gid);
	for (int i = 0; i < HOST_NS_MAX; i++) {
		if (!has_number(wanted, i))
			continue;
		ret_ns->before[i] = namespaces_number(dir, (enum host_ns)i);
		if (ret_ns->before[i])
			continue;
		(void)fail(err, CROFT_STAGE_NAMESPACES, 0,
			   "/proc does not tell in which %s namespace this is",
			   host_ns_names[i].name);
		return -EOPNOTSUPP;
	}
	return 0;
}

/*
 * A new user namespace maps nothing yet; every other that a process can be in maps something. For
 * gVisor, whose number of the user namespace is the same in all.
 */
static bool is_unmapped(void)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, "/proc/self/uid_map", O_RDONLY, 0);
	char byte;

	return fd >= 0 && fd_read_full(fd, &byte, 1) == 0;
}

/* The first kind that the kernel took the flag of and did nothing for, or -1. */
static int find_unmade(const struct namespaces *ns)
{
	AUTO_FD int dir = sys_openat(AT_FDCWD, "/proc/self/ns", O_PATH | O_DIRECTORY, 0);

	for (int i = 0; i < HOST_NS_MAX; i++) {
		uint64_t now;

		if (!has_number(ns->wanted, i))
			continue;
		now = dir < 0 ? 0 : namespaces_number(dir, (enum host_ns)i);
		if (now && now != ns->before[i])
			continue;
		if (i != HOST_NS_USER || !is_unmapped())
			return i;
	}
	return -1;
}

static int write_text(const char *path, const char *text)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, path, O_WRONLY, 0);

	return fd < 0 ? fd : fd_write_all(fd, text, strlen(text));
}

static int map_ids(const struct namespaces *ns, struct croft_error *err)
{
	const char *what = "deny setgroups";
	int r = write_text("/proc/self/setgroups", "deny");

	/* not in gVisor, nor before 3.19: there the map may be written without */
	if (r == 0 || r == -ENOENT) {
		what = "map the user id";
		r = write_text("/proc/self/uid_map", ns->uid_map);
	}
	if (r == 0) {
		what = "map the group id";
		r = write_text("/proc/self/gid_map", ns->gid_map);
	}
	if (r == 0)
		return 0;
	r = fail(err, CROFT_STAGE_NAMESPACES, -r, "%s of the user namespace", what);
	if (sys_prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1)
		fail_hint(err, "this process is not dumpable, so its files in /proc are root's: "
			       "let it call prctl(PR_SET_DUMPABLE, 1), or make the program's file "
			       "readable");
	return r;
}

static int set_lo_up(struct croft_error *err)
{
	struct ifreq lo = { .ifr_name = "lo" };
	AUTO_FD int fd = sys_socket(AF_INET, SOCK_DGRAM, 0);
	int r;

	/* a filter outside may refuse these; the question can be asked of any socket */
	if (fd < 0)
		fd = sys_socket(AF_UNIX, SOCK_DGRAM, 0);
	r = fd < 0 ? fd : sys_ioctl(fd, SIOCGIFFLAGS, &lo);
	if (r == 0 && !(lo.ifr_flags & IFF_UP)) {
		lo.ifr_flags |= IFF_UP;
		r = sys_ioctl(fd, SIOCSIFFLAGS, &lo);
		if (r == 0)
			r = sys_ioctl(fd, SIOCGIFFLAGS, &lo);
		if (r == 0 && !(lo.ifr_flags & IFF_UP))
			r = -ENETDOWN;
	}
	return r < 0 ? fail(err, CROFT_STAGE_NAMESPACES, -r, "set the interface lo up") : 0;
}

static int set_hostname(const struct namespaces *ns, struct croft_error *err)
{
	const char *want = ns->hostname;
	struct utsname name;
	int r = sys_sethostname(want, strlen(want));

	if (r == -EPERM && ns->may_keep_hostname)
		return 0;
	if (r == 0)
		r = sys_uname(&name);
	if (r == 0 && strcmp(name.nodename, want) != 0)
		r = -ENOTSUP;
	return r < 0 ? fail(err, CROFT_STAGE_NAMESPACES, -r, "set the host name") : 0;
}

static int unshare_failed(const struct namespaces *ns, int errnum, struct croft_error *err)
{
	int r = fail(err, CROFT_STAGE_NAMESPACES, errnum, "make namespaces");

	if (errnum == ENOSPC || errnum == EUSERS)
		fail_hint(err, "they are nested too deeply, or a limit in /proc/sys/user is "
			       "reached");
	else if (errnum == EPERM && is_wanted(ns->wanted, HOST_NS_USER))
		fail_hint(err, "user namespaces are refused here, by a filter, a security module "
			       "or since this is a chroot");
	return r;
}

int namespaces_settle(const struct namespaces *ns, struct croft_error *err)
{
	int r = 0;

	if (is_wanted(ns->wanted, HOST_NS_MOUNT)) {
		r = sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
		if (r < 0)
			return fail(err, CROFT_STAGE_NAMESPACES, -r, "make the mounts private");
	}
	if (is_wanted(ns->wanted, HOST_NS_NET))
		r = set_lo_up(err);
	if (r == 0 && is_wanted(ns->wanted, HOST_NS_UTS))
		r = set_hostname(ns, err);
	return r;
}

int namespaces_enter(const struct namespaces *ns, struct croft_error *err)
{
	int r, kind;

	if (!ns->wanted)
		return 0;
	r = sys_unshare(namespaces_flags(ns->wanted));
	if (r < 0)
		return unshare_failed(ns, -r, err);
	kind = find_unmade(ns);
	if (kind >= 0) {
		(void)fail(err, CROFT_STAGE_NAMESPACES, 0,
			   "the kernel took the flag and made no %s namespace",
			   host_ns_names[kind].name);
		return -EOPNOTSUPP;
	}
	if (is_wanted(ns->wanted, HOST_NS_USER))
		r = map_ids(ns, err);
	return r < 0 ? r : namespaces_settle(ns, err);
}
