/* SPDX-License-Identifier: MIT */
/*
 * cause.c - why namespaces cannot be had here, in a line, and what would mend it.
 *
 * From what the probe has seen: which step was refused, and with which errno. One errno has many
 * causes; the step tells most of them apart. The kernel takes a new user namespace and then gives
 * it no powers where AppArmor restricts them (Ubuntu since 23.10); a limit says ENOSPC (EUSERS
 * before 4.9); a system call filter says EPERM or ENOSYS, and a chroot EPERM as well: those the
 * probe has told apart by further asking (host/refuser.c). Where more than one is left, the text
 * names them: a wrong guess would cost an evening.
 */
#include "plan/cause.h"

#include <errno.h>

static const struct cause causes[CAUSE_MAX] = {
	[CAUSE_NONE] = { "", "" },
	[CAUSE_NOT_ASKED] = { "this host was not asked about namespaces",
			      "a look at this host itself, or one that was saved by croft plan "
			      "--save-host" },
	[CAUSE_LIMIT] = { "no more user namespaces may be made: the limit "
			  "user.max_user_namespaces, or too many in each other",
			  "sysctl user.max_user_namespaces=15000" },
	[CAUSE_LIMIT_ZERO] = { "no user namespace may be made: the limit user.max_user_namespaces "
			       "is 0",
			       "sysctl user.max_user_namespaces=15000" },
	[CAUSE_NESTING] = { "too many user namespaces lie in each other (the kernel takes 33), or "
			    "one further out has a limit that is reached",
			    "start croft fewer sandboxes deep; or in those further out: sysctl "
			    "user.max_user_namespaces=15000" },
	[CAUSE_SELINUX] = { "a security module (SELinux) refuses user namespaces",
			    "a policy that allows user_namespace create for croft" },
	[CAUSE_APPARMOR] = { "user namespaces are made here and given no powers, as AppArmor does "
			     "with programs that it does not know",
			     "an AppArmor profile for croft with 'userns,' (or, for all programs, "
			     "sysctl kernel.apparmor_restrict_unprivileged_userns=0)" },
	[CAUSE_ABSENT] = { "this kernel has no user namespaces", "a kernel with CONFIG_USER_NS" },
	[CAUSE_NO_PROCESS] = { "there was no process or no memory to try user namespaces with",
			       "a greater limit on processes (ulimit -u, pids.max)" },
	[CAUSE_NO_EFFECT] = { "this kernel takes user namespaces and makes none",
			      "a host whose kernel has them, not an emulation of one" },
	[CAUSE_FILTER] = { "the system call filter of an outer container hides user namespaces",
			   "a seccomp profile for the container that allows unshare, mount, "
			   "umount2 and pivot_root" },
	[CAUSE_REFUSED] = { "user namespaces are refused: by an outer container's system call "
			    "filter, in a chroot, or by kernel.unprivileged_userns_clone",
			    "a seccomp profile for the container that allows unshare, mount, "
			    "umount2 and pivot_root; pivot_root in place of chroot; sysctl "
			    "kernel.unprivileged_userns_clone=1" },
	[CAUSE_CHROOT] = { "this is a chroot, and the kernel makes no user namespace in one",
			   "pivot_root in place of chroot" },
	[CAUSE_CLONE_SYSCTL] = { "user namespaces are root's alone here: "
				 "kernel.unprivileged_userns_clone is 0",
				 "sysctl kernel.unprivileged_userns_clone=1" },
	[CAUSE_SETFCAP] = { "user 0 without capabilities may not be mapped into a user namespace",
			    "another user, or CAP_SETFCAP kept" },
	[CAUSE_NO_PROC] = { "ids cannot be mapped, as /proc is not there",
			    "mount -t proc proc /proc" },
	[CAUSE_PROC_READ_ONLY] = { "ids cannot be mapped, as /proc is mounted read-only",
				   "mount -o remount,rw /proc" },
	[CAUSE_MOUNT_NO_EFFECT] = { "this kernel takes mount namespaces and makes none",
				    "a host whose kernel has them, not an emulation of one" },
	[CAUSE_MOUNT_REFUSED] = { "mounts are refused in a namespace of its own: by an outer "
				  "container's system call filter or security module",
				  "a seccomp profile for the container that allows mount, umount2 "
				  "and pivot_root" },
	[CAUSE_PROC_COVERED] = { "a fresh /proc cannot be mounted, as an outer container covers "
				 "parts of its own: a pid namespace without one would show the "
				 "processes outside",
				 "podman: --security-opt unmask=ALL; Docker: --security-opt "
				 "systempaths=unconfined; Kubernetes: procMount: Unmasked" },
	[CAUSE_NO_PID] = { "this kernel makes no pid namespaces", "a kernel with CONFIG_PID_NS" },
	[CAUSE_NO_NET] = { "this kernel makes no network namespaces, or their loopback cannot be "
			   "set up",
			   "a kernel with CONFIG_NET_NS" },
	[CAUSE_NO_IPC] = { "this kernel makes no ipc namespaces", "a kernel with CONFIG_IPC_NS" },
	[CAUSE_NO_UTS] = { "no host name can be set in a namespace of its own: the kernel or an "
			   "outer container refuses it",
			   "a seccomp profile for the container that allows sethostname" },
	[CAUSE_NO_CGROUP] = { "this kernel makes no cgroup namespaces",
			      "Linux 4.6 with CONFIG_CGROUPS" },
};

struct cause cause_text(enum cause_word word)
{
	return causes[word];
}

static enum cause_word cause_at_unshare(int errnum, enum host_refuser refuser)
{
	static const enum cause_word by_refuser[NS_REFUSER_MAX] = {
		[NS_REFUSER_UNKNOWN] = CAUSE_NONE,     [NS_REFUSER_FILTER] = CAUSE_FILTER,
		[NS_REFUSER_CHROOT] = CAUSE_CHROOT,    [NS_REFUSER_SYSCTL] = CAUSE_CLONE_SYSCTL,
		[NS_REFUSER_LIMIT] = CAUSE_LIMIT_ZERO, [NS_REFUSER_NESTING] = CAUSE_NESTING,
	};

	if (by_refuser[refuser] != CAUSE_NONE)
		return by_refuser[refuser];
	switch (errnum) {
	case ENOSPC:
	case EUSERS:
		return CAUSE_LIMIT;
	case EACCES:
		return CAUSE_SELINUX;
	case EINVAL:
		return CAUSE_ABSENT;
	case EAGAIN:
	case ENOMEM:
		return CAUSE_NO_PROCESS;
	case ENOTSUP:
		return CAUSE_NO_EFFECT;
	case ENOSYS:
		return CAUSE_FILTER;
	default:
		return CAUSE_REFUSED;
	}
}

static enum cause_word cause_of_user(const struct host *host)
{
	/* what unshare itself never says: seen afterwards */
	if (host->ns[HOST_NS_USER].errnum == ENOTSUP)
		return CAUSE_NO_EFFECT;
	if (host->ns[HOST_NS_USER].errnum == ENOENT)
		return CAUSE_NO_PROC;
	if (host->ns[HOST_NS_USER].errnum == EROFS)
		return CAUSE_PROC_READ_ONLY;
	/* user 0 is mapped by who had CAP_SETFCAP when the namespace was made (since 5.12) */
	if (host->ns_step == NS_STEP_UID_MAP && host->uid == 0 && !host->has_capabilities)
		return CAUSE_SETFCAP;
	switch (host->ns_step) {
	case NS_STEP_SETGROUPS:
	case NS_STEP_UID_MAP:
	case NS_STEP_GID_MAP:
	case NS_STEP_MOUNT:
		return CAUSE_APPARMOR;
	default:
		return cause_at_unshare(host->ns[HOST_NS_USER].errnum, host->ns_refuser);
	}
}

static enum cause_word cause_of_other(enum host_ns kind)
{
	static const enum cause_word words[HOST_NS_MAX] = {
		[HOST_NS_PID] = CAUSE_NO_PID,       [HOST_NS_NET] = CAUSE_NO_NET,
		[HOST_NS_IPC] = CAUSE_NO_IPC,       [HOST_NS_UTS] = CAUSE_NO_UTS,
		[HOST_NS_CGROUP] = CAUSE_NO_CGROUP,
	};

	return words[kind];
}

enum cause_word cause_word_of(const struct host *host, enum host_ns kind)
{
	const enum host_answer user = host->ns[HOST_NS_USER].works,
			       mount = host->ns[HOST_NS_MOUNT].works;

	if (host_ns_answer(host, kind) == HOST_YES && kind != HOST_NS_PID)
		return CAUSE_NONE;
	if (user == HOST_UNKNOWN && !host->has_ns_by_capability)
		return CAUSE_NOT_ASKED;
	if (user != HOST_YES && !host->has_ns_by_capability)
		return cause_of_user(host);
	if (mount == HOST_UNKNOWN)
		return CAUSE_NOT_ASKED;
	if (mount != HOST_YES)
		return host->ns[HOST_NS_MOUNT].errnum == ENOTSUP ? CAUSE_MOUNT_NO_EFFECT
								 : CAUSE_MOUNT_REFUSED;
	if (host->ns[kind].works == HOST_UNKNOWN)
		return CAUSE_NOT_ASKED;
	if (host->ns[kind].works == HOST_YES)
		return host->mount.can_proc == HOST_UNKNOWN ? CAUSE_NOT_ASKED : CAUSE_PROC_COVERED;
	return cause_of_other(kind);
}

struct cause cause_of(const struct host *host, enum host_ns kind)
{
	return causes[cause_word_of(host, kind)];
}
