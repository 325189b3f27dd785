/* SPDX-License-Identifier: MIT */
/*
 * refuser.c - who it was that refused a user namespace, where the errno alone does not tell.
 *
 * Asked only after unshare(2) was refused, so that a start on a host where it is not pays nothing.
 * EPERM is said by filters, for a chroot and by a sysctl of some distributions; ENOSPC by a limit
 * of zero and by the 33rd namespace in another (kernel/user_namespace.c). What tells them apart:
 *
 *   a filter   unshare with a flag that no kernel takes: the kernel says EINVAL before it looks at
 *              anything else (check_unshare_flags), so any other answer is not the kernel's
 *   a chroot   no line of mountinfo has the mount point "/": our root is no mount's
 *   a sysctl   its file says 0; they are read only to explain what was refused
 *
 * The odd call is made in a child: a filter may kill for it, and kernels that are no Linux may
 * take it.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>

#include "base/cleanup.h"
#include "host/mounts.h"
#include "host/probe.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define NO_FLAG 1 /* CLONE_* begin at 0x80; the lowest byte is clone's exit signal */
#define MOUNTS_ARENA (16U << 20)
#define SECCOMP_FILTERED 2 /* PR_GET_SECCOMP */

static int act_invalid(void *arg)
{
	(void)arg;
	return (int)-sys_raw(__NR_unshare, CLONE_NEWUSER | NO_FLAG, 0, 0, 0, 0, 0);
}

/* Where no filter is in force an odd answer is an odd kernel's. */
static bool is_filter(void)
{
	struct croft_error err;
	int r = probe_in_child(act_invalid, NULL, 0, "an invalid unshare", &err);

	return r > 0 && r != EINVAL && !fd_is_shortage(-r) &&
	       sys_prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_FILTERED;
}

static bool is_chroot(void)
{
	struct arena arena;
	struct mount *mounts;
	bool has_root = false;
	size_t n;
	int r;

	arena_init(&arena, MOUNTS_ARENA);
	r = mounts_read(&arena, &mounts, &n);
	for (size_t i = 0; r == 0 && i < n; i++)
		has_root |= !strcmp(mounts[i].point, "/");
	arena_done(&arena);
	return r == 0 && !has_root;
}

/* A FIFO could be mounted over it: opened without waiting, a pipe is empty. */
static bool is_zero(const char *sysctl)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, sysctl, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	char text[16];
	ssize_t n = fd < 0 ? fd : sys_read(fd, text, sizeof(text));

	return n == 2 && text[0] == '0' && text[1] == '\n';
}

enum host_refuser host_find_refuser(int errnum)
{
	if (errnum == ENOSPC || errnum == EUSERS)
		return is_zero("/proc/sys/user/max_user_namespaces") ? NS_REFUSER_LIMIT
								     : NS_REFUSER_NESTING;
	if (errnum != EPERM && errnum != ENOSYS)
		return NS_REFUSER_UNKNOWN;
	if (is_filter())
		return NS_REFUSER_FILTER;
	if (errnum == ENOSYS)
		return NS_REFUSER_UNKNOWN;
	if (is_chroot())
		return NS_REFUSER_CHROOT;
	return is_zero("/proc/sys/kernel/unprivileged_userns_clone") ? NS_REFUSER_SYSCTL
								     : NS_REFUSER_UNKNOWN;
}
