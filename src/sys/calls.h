/* SPDX-License-Identifier: MIT */
/*
 * calls.h - every system call that croft makes, through one table.
 *
 * The table exists so that tests can make any of them fail, one after another
 * (tests/faults), without a kernel that fails. Each wrapper returns what the
 * kernel gave or -errno; errno is read nowhere else. The wrappers neither
 * allocate nor lock: they may be used in a child that borrows its parent's
 * memory (CLONE_VM).
 *
 * EINTR is returned as it is, but where a wrapper's comment says otherwise.
 */
#ifndef CROFT_SYS_CALLS_H
#define CROFT_SYS_CALLS_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "sys/abi.h"

struct msghdr;
struct pollfd;
struct sockaddr;
struct sock_fprog;
struct signalfd_siginfo;
struct statfs;

/* One line for each call, by the kernel's name. Drives the enum and the fault tests. */
#define SYS_CALLS(X)               \
	X(openat)                  \
	X(openat2)                 \
	X(close)                   \
	X(close_range)             \
	X(read)                    \
	X(pread64)                 \
	X(write)                   \
	X(newfstatat)              \
	X(faccessat)               \
	X(readlinkat)              \
	X(getdents64)              \
	X(fstatfs)                 \
	X(mkdirat)                 \
	X(unlinkat)                \
	X(renameat2)               \
	X(fchmodat)                \
	X(chdir)                   \
	X(fchdir)                  \
	X(getcwd)                  \
	X(fcntl)                   \
	X(pipe2)                   \
	X(ppoll)                   \
	X(clone)                   \
	X(execve)                  \
	X(wait4)                   \
	X(waitid)                  \
	X(kill)                    \
	X(tgkill)                  \
	X(pidfd_open)              \
	X(pidfd_send_signal)       \
	X(signalfd4)               \
	X(rt_sigaction)            \
	X(rt_sigprocmask)          \
	X(prctl)                   \
	X(capget)                  \
	X(capset)                  \
	X(prlimit64)               \
	X(setsid)                  \
	X(setpgid)                 \
	X(getpgid)                 \
	X(getrandom)               \
	X(uname)                   \
	X(geteuid)                 \
	X(getegid)                 \
	X(getuid)                  \
	X(getpid)                  \
	X(getppid)                 \
	X(gettid)                  \
	X(unshare)                 \
	X(seccomp)                 \
	X(landlock_create_ruleset) \
	X(landlock_add_rule)       \
	X(landlock_restrict_self)  \
	X(clock_gettime)           \
	X(timer_create)            \
	X(timer_settime)           \
	X(timer_delete)            \
	X(mmap)                    \
	X(munmap)                  \
	X(mount)                   \
	X(umount2)                 \
	X(pivot_root)              \
	X(chroot)                  \
	X(open_tree)               \
	X(move_mount)              \
	X(mount_setattr)           \
	X(fsopen)                  \
	X(fsconfig)                \
	X(fsmount)                 \
	X(symlinkat)               \
	X(setns)                   \
	X(sethostname)             \
	X(ioctl)                   \
	X(dup3)                    \
	X(socket)                  \
	X(socketpair)              \
	X(bind)                    \
	X(listen)                  \
	X(connect)                 \
	X(accept4)                 \
	X(getsockopt)              \
	X(sendmsg)                 \
	X(recvmsg)                 \
	X(raw)

/* Not SYS_openat: <sys/syscall.h> makes macros of such names. */
#define X(name) SYS_CALL_##name,
enum sys_call { SYS_CALLS(X) SYS_CALL_MAX };
#undef X

/* Does the call: returns the result or -errno. */
typedef long (*sys_fn)(enum sys_call call, long a, long b, long c, long d, long e, long f);

/* The name of a call, for messages and tests. */
const char *sys_name(enum sys_call call);
/* Replaces one call (tests only); NULL puts the real one back. */
void sys_replace(enum sys_call call, sys_fn fn);
/*
 * The real thing, for replacements that pass a call on. For clone, which must not
 * return twice through here, it gives 0: sys_clone then goes on.
 */
long sys_real(enum sys_call call, long a, long b, long c, long d, long e, long f);

/* Files. Every descriptor made here is CLOEXEC whatever the flags say. */
int sys_openat(int dirfd, const char *path, int flags, mode_t mode);
int sys_openat2(int dirfd, const char *path, int flags, uint64_t resolve); /* mode 0 */
int sys_close(int fd);
int sys_close_range(unsigned first, unsigned last, unsigned flags);
ssize_t sys_read(int fd, void *data, size_t len);
ssize_t sys_pread(int fd, void *data, size_t len, uint64_t offset);
ssize_t sys_write(int fd, const void *data, size_t len);
/* AT_EMPTY_PATH with "" for a descriptor. */
int sys_fstatat(int dirfd, const char *path, struct stat *ret_st, int flags);
/* Also of an O_PATH descriptor (since 3.12). */
int sys_fstatfs(int fd, struct statfs *ret_fs);
/* By the real ids, as the kernel's call without flags. */
int sys_faccessat(int dirfd, const char *path, int mode);
/* Not NUL-terminated. */
ssize_t sys_readlinkat(int dirfd, const char *path, char *data, size_t len);
/* linux_dirent64: entries lie one after another, each `length` bytes. */
struct sys_dirent {
	uint64_t inode;
	int64_t offset;
	unsigned short length;
	unsigned char type;
	char name[];
};
ssize_t sys_getdents64(int fd, void *data, size_t len); /* `data` aligned for the struct above */
int sys_mkdirat(int dirfd, const char *path, mode_t mode);
int sys_unlinkat(int dirfd, const char *path, int flags);
int sys_renameat2(int olddir, const char *old, int newdir, const char *new, unsigned flags);
int sys_fchmodat(int dirfd, const char *path, mode_t mode);
int sys_chdir(const char *path);
int sys_fchdir(int fd);
/* The length with the NUL. "(unreachable)..." may come: the caller checks for '/'. */
ssize_t sys_getcwd(char *data, size_t len);
int sys_fcntl(int fd, int op, long arg);
int sys_pipe(int ret_fds[2]); /* pipe2 with O_CLOEXEC */

/* Processes */
/*
 * clone through libc (it needs a stack switch): fn runs in the child on
 * `stack_top`. Returns the pid, or -errno. With ABI_CLONE_PIDFD in flags *ret_pidfd is set;
 * with CLONE_PARENT_SETTID it is the pid, and is set before the child runs.
 * A replacement is asked first, with (flags, stack_top): a negative answer is the result.
 */
int sys_clone(int (*fn)(void *), void *stack_top, int flags, void *arg, int *ret_pidfd);
/* Returns only -errno. */
int sys_execve(const char *path, char *const argv[], char *const envp[]);
int sys_wait4(pid_t pid, int *ret_status, int options, struct rusage *ret_usage);
/* The raw call, its fifth argument NULL. */
int sys_waitid(int idtype, int id, siginfo_t *ret_info, int options);
int sys_kill(pid_t pid, int sig);
int sys_tgkill(pid_t tgid, pid_t tid, int sig);
int sys_pidfd_open(pid_t pid, unsigned flags);
int sys_pidfd_send_signal(int pidfd, int sig);
int sys_ppoll(struct pollfd *fds, unsigned n, int64_t timeout_ms); /* timeout below 0: none */
int sys_setsid(void);
int sys_setpgid(pid_t pid, pid_t pgid);
pid_t sys_getpgid(pid_t pid);
pid_t sys_getpid(void);
pid_t sys_getppid(void);
pid_t sys_gettid(void);
uid_t sys_getuid(void);
uid_t sys_geteuid(void);
gid_t sys_getegid(void);
int sys_unshare(int flags);
_Noreturn void sys_exit(int status); /* exit_group; not replaceable */

/* Signals. sets are the kernel's 64-bit mask, bit n-1 for signal n. */
struct sys_sigaction { /* what the kernel takes; layout of x86_64 and aarch64 */
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};
int sys_sigaction(int sig, const struct sys_sigaction *act, struct sys_sigaction *ret_old);
int sys_sigprocmask(int how, const uint64_t *set, uint64_t *ret_old);
int sys_signalfd(uint64_t mask); /* CLOEXEC, non-blocking */

/* Privileges and limits */
int sys_prctl(int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d);
struct sys_caps {
	uint32_t effective[2];
	uint32_t permitted[2];
	uint32_t inheritable[2];
};
int sys_capget(struct sys_caps *ret_caps); /* of the calling thread, version 3 */
int sys_capset(const struct sys_caps *caps);
int sys_prlimit(int resource, const struct rlimit *limit, struct rlimit *ret_old); /* pid 0 */

/* Confinement */
int sys_seccomp(unsigned op, unsigned flags, void *arg);
int sys_landlock_create_ruleset(const struct abi_landlock_ruleset_attr *attr, size_t size,
				uint32_t flags);
int sys_landlock_add_rule(int ruleset, int type, const void *attr, uint32_t flags);
int sys_landlock_restrict_self(int ruleset, uint32_t flags);

/* Namespaces and mounts: calls_ns.c */
int sys_setns(int fd, int type);
int sys_sethostname(const char *name, size_t len);
int sys_mount(const char *source, const char *target, const char *type, unsigned long flags,
	      const char *data); /* any may be NULL but target */
int sys_umount(const char *target, int flags);
int sys_pivot_root(const char *root, const char *old);
int sys_chroot(const char *path);
/* Descriptors that these three make are CLOEXEC. AT_EMPTY_PATH with "" for a descriptor. */
int sys_open_tree(int dirfd, const char *path, unsigned flags);
int sys_fsopen(const char *type);
int sys_fsmount(int fs, unsigned attrs); /* ABI_MOUNT_ATTR_* */
/* One of ABI_FSCONFIG_*; key and value may be NULL. */
int sys_fsconfig(int fs, unsigned command, const char *key, const char *value, int aux);
int sys_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags);
int sys_mount_setattr(int dirfd, const char *path, unsigned flags,
		      const struct abi_mount_attr *attr);
int sys_symlinkat(const char *text, int dirfd, const char *path);

/* Sockets and terminals: calls_ns.c */
int sys_ioctl(int fd, unsigned long request, void *arg);
int sys_dup3(int from, int to, int flags); /* to: CLOEXEC only if flags say so */
int sys_socket(int family, int type, int protocol); /* CLOEXEC */
int sys_socketpair(int family, int type, int ret_fds[2]); /* CLOEXEC */
int sys_bind(int fd, const struct sockaddr *address, size_t len);
int sys_listen(int fd, int backlog);
int sys_connect(int fd, const struct sockaddr *address, size_t len);
int sys_accept(int fd); /* CLOEXEC */
/* *len: the room in value, then what was written. */
int sys_getsockopt(int fd, int level, int option, void *ret_value, unsigned *len);
ssize_t sys_sendmsg(int fd, const struct msghdr *message); /* no SIGPIPE */
ssize_t sys_recvmsg(int fd, struct msghdr *message); /* descriptors arrive CLOEXEC */

/*
 * The call of this number, whatever it is: for who asks on purpose what no wrapper would, with a
 * flag that no kernel takes or none of the arguments that are needed. Its row gets the number and
 * a pointer to the six arguments. Not for calls that return twice.
 */
long sys_raw(long number, long a, long b, long c, long d, long e, long f);

/* Other */
struct utsname;
int sys_uname(struct utsname *ret_name);
ssize_t sys_getrandom(void *data, size_t len);
int sys_clock_ms(int64_t *ret_ms); /* CLOCK_MONOTONIC */
/*
 * A timer of CLOCK_MONOTONIC that sends `sig` to this process at the end of `ms` and then once
 * a second, until it is stopped or the process ends: its number, 0 or above, or -errno.
 */
int sys_timer_start(int64_t ms, int sig);
int sys_timer_stop(int timer);
/* Anonymous, private; the lowest page of `size` is the guard. At least two pages, else -EINVAL. */
int sys_mmap_stack(size_t size, void **ret_base);
/* Anonymous, zero, the same memory in children that have a copy of everything else. */
int sys_mmap_shared(size_t size, void **ret_base);
int sys_munmap(void *base, size_t size);

#endif
