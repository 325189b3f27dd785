/* SPDX-License-Identifier: MIT */
/*
 * tables.h - how each system call of a launch can fail, and what may come of it.
 *
 * Four tables: what is made to fail, with the stages that may be named then; what may fail and
 * change nothing; what may stay behind; and what is not made to fail at all. Every exception has
 * its reason beside it. A call that stands in none of them fails a test.
 */
#ifndef CROFT_TESTS_FAULTS_TABLES_H
#define CROFT_TESTS_FAULTS_TABLES_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include "croft.h"
#include "sys/calls.h"

#define S(stage) (1U << CROFT_STAGE_##stage)

/* Where a call is made in a launch, and how it can fail. 0 ends the errnos. */
static const struct fault {
	enum sys_call call;
	unsigned stages;
	int errnums[5];
} faults[] = {
	{ SYS_CALL_openat,
	  S(PLAN) | S(PREPARE) | S(HOST) | S(EXEC) | S(LANDLOCK) | S(SUPERVISE) | S(NAMESPACES) |
		  S(MOUNTS) | S(LIMITS),
	  { EACCES, EMFILE, ENOMEM } },
	{ SYS_CALL_openat2, S(PLAN) | S(PREPARE) | S(MOUNTS), { ENOSYS, EPERM, EMFILE, ENOMEM } },
	{ SYS_CALL_close, 0, { EIO, EINTR } },
	{ SYS_CALL_close_range, S(DESCRIPTORS), { ENOSYS, EINVAL, EPERM, ENOMEM } },
	{ SYS_CALL_read, S(START) | S(HOST) | S(SUPERVISE) | S(LIMITS), { EINTR, EIO } },
	{ SYS_CALL_pread64, S(EXEC), { EIO, EINTR } },
	{ SYS_CALL_fstatfs, S(EXEC), { EIO } },
	{ SYS_CALL_write, S(START) | S(NAMESPACES) | S(PLAN) | S(LIMITS), { EINTR, EIO } },
	{ SYS_CALL_newfstatat,
	  S(PLAN) | S(PREPARE) | S(EXEC) | S(START) | S(MOUNTS) | S(LIMITS),
	  { EACCES, ENOMEM } },
	{ SYS_CALL_faccessat, S(EXEC) | S(LIMITS) | S(PLAN), { EACCES } },
	{ SYS_CALL_readlinkat, S(NAMESPACES) | S(PLAN), { ENOENT, EACCES } },
	{ SYS_CALL_getdents64, S(DESCRIPTORS) | S(SUPERVISE), { EIO } },
	{ SYS_CALL_mkdirat, S(PREPARE) | S(MOUNTS) | S(PLAN) | S(LIMITS), { EACCES, ENOSPC } },
	{ SYS_CALL_unlinkat, S(SUPERVISE), { EACCES, EBUSY } },
	{ SYS_CALL_renameat2, S(SUPERVISE), { EINVAL, ENOSPC } },
	{ SYS_CALL_fchmodat, S(SUPERVISE) | S(MOUNTS), { EPERM } },
	{ SYS_CALL_chdir, S(WORKDIR) | S(MOUNTS), { EACCES, ENOENT } },
	{ SYS_CALL_getcwd, S(WORKDIR), { ENOENT, EACCES } },
	{ SYS_CALL_fcntl, S(PROFILE) | S(DESCRIPTORS), { EBADF } },
	{ SYS_CALL_pipe2, S(START), { EMFILE, ENFILE } },
	{ SYS_CALL_ppoll, S(SUPERVISE), { EINTR, ENOMEM } },
	{ SYS_CALL_clone,
	  S(START) | S(PREPARE) | S(HOST) | S(PLAN),
	  { EAGAIN, EPERM, ENOSYS, EINVAL, ENOMEM } },
	{ SYS_CALL_execve, S(EXEC), { EACCES, ENOENT, ENOMEM } },
	/* no ECHILD: there is a child, and croft takes SIGCHLD back from who ignored it */
	{ SYS_CALL_wait4, S(SUPERVISE) | S(START) | S(HOST), { EINTR } },
	{ SYS_CALL_waitid, S(START), { ECHILD, EINTR } },
	{ SYS_CALL_kill, S(SUPERVISE), { ESRCH, EPERM } },
	{ SYS_CALL_pidfd_open, 0, { ENOSYS, EPERM, EMFILE } },
	{ SYS_CALL_pidfd_send_signal, 0, { ESRCH, ENOSYS } },
	{ SYS_CALL_signalfd4, S(SUPERVISE), { EMFILE, ENOSYS } },
	{ SYS_CALL_rt_sigaction, S(START) | S(SUPERVISE), { EINVAL, EPERM } },
	{ SYS_CALL_rt_sigprocmask,
	  S(START) | S(SUPERVISE) | S(PREPARE) | S(HOST),
	  { EINVAL, EPERM } },
	{ SYS_CALL_prctl,
	  S(PRIVILEGES) | S(START) | S(SECCOMP) | S(SUPERVISE),
	  { EPERM, EINVAL, EACCES } },
	{ SYS_CALL_capget, S(PRIVILEGES) | S(MOUNTS), { EPERM } },
	{ SYS_CALL_capset, S(PRIVILEGES) | S(MOUNTS), { EPERM } },
	{ SYS_CALL_prlimit64, S(LIMITS), { EPERM, EINVAL } },
	{ SYS_CALL_setsid, 0, { EPERM } },
	{ SYS_CALL_setpgid, 0, { EPERM } },
	{ SYS_CALL_getpgid, 0, { ESRCH } },
	{ SYS_CALL_getrandom, S(PREPARE) | S(LIMITS), { ENOSYS, EINTR } },
	{ SYS_CALL_uname, S(HOST) | S(NAMESPACES) | S(PLAN), { EFAULT } },
	{ SYS_CALL_getppid, S(START), { ENOSYS } },
	{ SYS_CALL_seccomp, S(PLAN) | S(SECCOMP), { ENOSYS, EINVAL, EACCES, EPERM, ENOMEM } },
	{ SYS_CALL_landlock_create_ruleset,
	  S(PLAN) | S(PREPARE),
	  { ENOSYS, EOPNOTSUPP, EPERM, ENOMEM, EMFILE } },
	{ SYS_CALL_landlock_add_rule, S(PREPARE), { ENOSYS, EPERM, ENOMEM, EINVAL, EBADFD } },
	{ SYS_CALL_landlock_restrict_self, S(LANDLOCK), { ENOSYS, EPERM, ENOMEM, E2BIG } },
	{ SYS_CALL_clock_gettime, S(SUPERVISE), { EINVAL } },
	{ SYS_CALL_timer_create, S(SUPERVISE), { EAGAIN, ENOMEM } },
	{ SYS_CALL_timer_settime, S(SUPERVISE), { EINVAL } },
	{ SYS_CALL_timer_delete, 0, { EINVAL } },
	{ SYS_CALL_mmap, S(START) | S(PREPARE) | S(HOST), { ENOMEM } },
	{ SYS_CALL_munmap, 0, { ENOMEM } },
	{ SYS_CALL_unshare, S(NAMESPACES) | S(PLAN), { EPERM, ENOSPC, EINVAL, ENOSYS } },
	{ SYS_CALL_mount,
	  S(HOST) | S(NAMESPACES) | S(MOUNTS) | S(PLAN),
	  { EPERM, EINVAL, ENOMEM } },
	{ SYS_CALL_umount2, S(MOUNTS) | S(PLAN), { EPERM, EBUSY } },
	{ SYS_CALL_pivot_root, S(MOUNTS) | S(PLAN), { EPERM, EINVAL, ENOSYS } },
	{ SYS_CALL_fchdir, S(MOUNTS) | S(PLAN), { EACCES } },
	{ SYS_CALL_open_tree, S(HOST) | S(MOUNTS) | S(PLAN), { ENOSYS, EPERM, EINVAL, EMFILE } },
	{ SYS_CALL_move_mount, S(MOUNTS) | S(PLAN), { ENOSYS, EPERM, EINVAL } },
	{ SYS_CALL_mount_setattr, S(MOUNTS) | S(PLAN), { ENOSYS, EPERM, EINVAL } },
	{ SYS_CALL_fsopen, S(HOST) | S(MOUNTS) | S(PLAN), { ENOSYS, EPERM, EMFILE } },
	{ SYS_CALL_fsconfig, S(MOUNTS) | S(PLAN), { ENOSYS, EPERM, EINVAL } },
	{ SYS_CALL_fsmount, S(MOUNTS) | S(PLAN), { ENOSYS, EPERM, EINVAL } },
	{ SYS_CALL_symlinkat, S(MOUNTS) | S(PLAN), { EACCES, ENOSPC } },
	{ SYS_CALL_sethostname, S(NAMESPACES) | S(PLAN), { EPERM } },
	{ SYS_CALL_socket, S(HOST) | S(NAMESPACES) | S(PLAN), { EACCES, EMFILE } },
	{ SYS_CALL_ioctl, S(NAMESPACES) | S(PLAN), { ENOTTY, EPERM } },
};

/* What the command needs is in force all the same: it says so itself. */
#define ANOTHER_WAY "what does the same is taken in its place"

/* What may fail while the launch goes on, and why everything is in force all the same. */
static const struct {
	enum sys_call call;
	int errnum; /* 0: whatever it is */
	const char *reason;
} may_pass[] = {
	{ SYS_CALL_openat, 0,
	  "a script's first line, /proc/self/cgroup, an optional grant: it gives nothing" },
	{ SYS_CALL_close, 0, "the number is free even when close fails" },
	{ SYS_CALL_close_range, ENOSYS, "the older way is taken" },
	{ SYS_CALL_close_range, EINVAL, "the older way is taken" },
	{ SYS_CALL_close_range, EPERM, "the older way is taken" },
	{ SYS_CALL_close_range, ENOMEM, "it was the question whether it is there" },
	{ SYS_CALL_openat2, 0, "openat, or a walk, is taken in its place" },
	{ SYS_CALL_write, EINTR, "it is written again" },
	{ SYS_CALL_write, EIO, "the probe's: " ANOTHER_WAY },
	{ SYS_CALL_faccessat, 0, "whether a control group can be had: " ANOTHER_WAY },
	{ SYS_CALL_mkdirat, 0, "the probe's: " ANOTHER_WAY },
	{ SYS_CALL_clone, EPERM, "the probe's: " ANOTHER_WAY },
	{ SYS_CALL_unshare, 0, "the probe's: " ANOTHER_WAY },
	{ SYS_CALL_mount, 0, "the probe's: " ANOTHER_WAY },
	{ SYS_CALL_umount2, 0, ANOTHER_WAY },
	{ SYS_CALL_pivot_root, EINVAL, "the root stays stacked upon the host's: " ANOTHER_WAY },
	{ SYS_CALL_pivot_root, EINVAL,
	  "the first root of a system cannot be changed so: " ANOTHER_WAY },
	{ SYS_CALL_open_tree, 0, ANOTHER_WAY },
	{ SYS_CALL_move_mount, 0, ANOTHER_WAY },
	{ SYS_CALL_mount_setattr, 0, ANOTHER_WAY },
	{ SYS_CALL_fsopen, 0, ANOTHER_WAY },
	{ SYS_CALL_fsconfig, 0, ANOTHER_WAY },
	{ SYS_CALL_fsmount, 0, ANOTHER_WAY },
	{ SYS_CALL_sethostname, 0, "the probe's: " ANOTHER_WAY },
	{ SYS_CALL_socket, 0, ANOTHER_WAY },
	{ SYS_CALL_ioctl, 0, "the probe's: " ANOTHER_WAY },
	{ SYS_CALL_uname, 0, "the probe's: " ANOTHER_WAY },
	{ SYS_CALL_prctl, 0, "the probe's: its child has a memory of its own then" },
	{ SYS_CALL_read, EINTR, "it is read again" },
	{ SYS_CALL_read, EIO, "it decides no protection: a script's first line, /proc" },
	{ SYS_CALL_pread64, 0, "it decides no protection: why a program may not start" },
	{ SYS_CALL_fstatfs, 0, "it decides no protection: why a program may not start" },
	{ SYS_CALL_readlinkat, 0,
	  "where a path leads is told; the rule is made from the descriptor" },
	{ SYS_CALL_newfstatat, 0, "an optional grant is left out" },
	{ SYS_CALL_getdents64, 0, "survivors are looked for once more" },
	{ SYS_CALL_unlinkat, 0, "what stayed is met in the next round" },
	{ SYS_CALL_renameat2, 0, "what stayed is met in the next round" },
	{ SYS_CALL_fchmodat, 0, "what stayed is met in the next round" },
	{ SYS_CALL_ppoll, EINTR, "it is waited again" },
	{ SYS_CALL_ppoll, ENOMEM, "a pause between two looks" },
	{ SYS_CALL_clone, ENOSYS, "clone without a pidfd" },
	{ SYS_CALL_clone, EINVAL, "clone without a pidfd" },
	{ SYS_CALL_wait4, EINTR, "it is waited again" },
	{ SYS_CALL_waitid, 0, "the command has not stopped" },
	{ SYS_CALL_kill, 0, "survivors are met in the next round; the cleaner ends with croft" },
	{ SYS_CALL_pidfd_open, 0, "the host has none; the cleaner looks for its parent" },
	{ SYS_CALL_rt_sigaction, EINVAL, "no such signal; exec resets what was caught" },
	{ SYS_CALL_rt_sigprocmask, 0, "the mask is put back in the parent, after everything" },
	{ SYS_CALL_capget, 0, "the probe's: it is only told, the stage asks again" },
	{ SYS_CALL_seccomp, 0, "the probe's: KILL_PROCESS is told, not used" },
	{ SYS_CALL_landlock_create_ruleset, 0, "the errata are told, not used" },
	{ SYS_CALL_clock_gettime, 0, "how long it took is told" },
	{ SYS_CALL_munmap, 0, "a stack stays mapped" },
	{ SYS_CALL_timer_delete, 0, "the timer ends with croft" },
	{ SYS_CALL_setsid, 0, "the cleaner's: it is blocked against signals as well" },
	{ SYS_CALL_setpgid, 0, "the cleaner leaves the group by itself, a moment later" },
	{ SYS_CALL_getppid, 0, "the cleaner's: it goes on looking" },
};

/*
 * What stays behind when its end is what fails: then an error of the stage supervise tells it.
 * Processes are found by /proc alone; a TMPDIR that may not be emptied cannot be removed.
 */
static const struct {
	enum sys_call call;
	bool leaves_processes, leaves_tmpdir;
} may_leave[] = {
	{ SYS_CALL_kill, true, false },       { SYS_CALL_openat, true, true },
	{ SYS_CALL_getdents64, true, true },  { SYS_CALL_unlinkat, false, true },
	{ SYS_CALL_renameat2, false, true },  { SYS_CALL_fchmodat, false, true },
	{ SYS_CALL_newfstatat, false, true }, { SYS_CALL_kill, true, false },
};

/* Not failing in a launch. */
static const struct {
	enum sys_call call;
	const char *reason;
} never_fails[] = {
	{ SYS_CALL_getpid, "has no errors (getpid(2))" },
	{ SYS_CALL_geteuid, "has no errors (getuid(2))" },
	{ SYS_CALL_getuid, "not used in a launch; has no errors" },
	{ SYS_CALL_getegid, "has no errors (getgid(2))" },
	{ SYS_CALL_gettid, "not used in a launch; has no errors" },
	{ SYS_CALL_tgkill, "not used in a launch" },
	{ SYS_CALL_chroot, "not used in a launch" },
	{ SYS_CALL_setns, "not used in a launch" },
	{ SYS_CALL_dup3, "not used in a launch" },
	{ SYS_CALL_socketpair, "not used in a launch" },
	{ SYS_CALL_bind, "not used in a launch" },
	{ SYS_CALL_listen, "not used in a launch" },
	{ SYS_CALL_connect, "not used in a launch" },
	{ SYS_CALL_accept4, "not used in a launch" },
	{ SYS_CALL_getsockopt, "not used in a launch" },
	{ SYS_CALL_sendmsg, "not used in a launch" },
	{ SYS_CALL_recvmsg, "not used in a launch" },
	{ SYS_CALL_raw, "after a refusal, which it only words" },
};

/*
 * Not failing for ever: an interrupted call is made again, who cannot be killed cannot be ended,
 * survivors are looked for in /proc for ten seconds, and a control group that is busy is waited
 * for.
 */
static inline bool can_repeat(enum sys_call call, int errnum)
{
	return errnum != EINTR && call != SYS_CALL_kill && call != SYS_CALL_read &&
	       !(call == SYS_CALL_unlinkat && errnum == EBUSY);
}

static inline const struct fault *find_fault(enum sys_call call)
{
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		if (faults[i].call == call)
			return &faults[i];
	return NULL;
}

static inline bool may_pass_over(enum sys_call call, int errnum)
{
	for (size_t i = 0; i < sizeof(may_pass) / sizeof(may_pass[0]); i++)
		if (may_pass[i].call == call &&
		    (!may_pass[i].errnum || may_pass[i].errnum == errnum))
			return true;
	return false;
}

#endif
