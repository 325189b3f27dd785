/* SPDX-License-Identifier: MIT */
/*
 * calls.c - every system call that croft makes, through one table.
 *
 * A row holds the kernel's number and the function that does the call. The
 * number comes from <asm/unistd.h> where every supported header set has it, from
 * sys/abi.h otherwise. All rows start with the same function, which enters the
 * kernel itself: the C library's errno is not touched.
 *
 * The numbers are those of 64-bit x86_64 and aarch64, whose kernels take the C
 * library's struct stat, timespec, rlimit and rusage as they are.
 *
 * Only tests write to the table; nothing in the product does.
 */
#include "sys/calls.h"

#include <asm/unistd.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <poll.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "sys/calls_parts.h"

/* The kernel's sigset_t: 64 signals. The C library's is larger. */
#define KERNEL_SIGSET_SIZE sizeof(uint64_t)

struct row {
	const char *name;
	long number;
	sys_fn fn;
};

/* Pasted at once: C libraries have macros named prlimit64 and the like. */
#define ROW(name, nr) [SYS_CALL_##name] = { #name, nr, sys_real }
#define NATIVE(name) [SYS_CALL_##name] = { #name, __NR_##name, sys_real }

static struct row rows[] = {
	NATIVE(openat),
	ROW(openat2, ABI_NR_OPENAT2),
	NATIVE(close),
	ROW(close_range, ABI_NR_CLOSE_RANGE),
	NATIVE(read),
	NATIVE(pread64),
	NATIVE(write),
	NATIVE(newfstatat),
	NATIVE(faccessat),
	NATIVE(readlinkat),
	NATIVE(getdents64),
	NATIVE(fstatfs),
	NATIVE(mkdirat),
	NATIVE(unlinkat),
	NATIVE(renameat2),
	NATIVE(fchmodat),
	NATIVE(chdir),
	NATIVE(fchdir),
	NATIVE(getcwd),
	NATIVE(fcntl),
	NATIVE(pipe2),
	NATIVE(ppoll),
	NATIVE(clone),
	NATIVE(execve),
	NATIVE(wait4),
	NATIVE(waitid),
	NATIVE(kill),
	NATIVE(tgkill),
	ROW(pidfd_open, ABI_NR_PIDFD_OPEN),
	ROW(pidfd_send_signal, ABI_NR_PIDFD_SEND_SIGNAL),
	NATIVE(signalfd4),
	NATIVE(rt_sigaction),
	NATIVE(rt_sigprocmask),
	NATIVE(prctl),
	NATIVE(capget),
	NATIVE(capset),
	NATIVE(prlimit64),
	NATIVE(setsid),
	NATIVE(setpgid),
	NATIVE(getpgid),
	NATIVE(getrandom),
	NATIVE(uname),
	NATIVE(geteuid),
	NATIVE(getegid),
	NATIVE(getuid),
	NATIVE(getpid),
	NATIVE(getppid),
	NATIVE(gettid),
	NATIVE(unshare),
	NATIVE(seccomp),
	ROW(landlock_create_ruleset, ABI_NR_LANDLOCK_CREATE_RULESET),
	ROW(landlock_add_rule, ABI_NR_LANDLOCK_ADD_RULE),
	ROW(landlock_restrict_self, ABI_NR_LANDLOCK_RESTRICT_SELF),
	NATIVE(clock_gettime),
	NATIVE(timer_create),
	NATIVE(timer_settime),
	NATIVE(timer_delete),
	NATIVE(mmap),
	NATIVE(munmap),
	NATIVE(mount),
	NATIVE(umount2),
	NATIVE(pivot_root),
	NATIVE(chroot),
	ROW(open_tree, ABI_NR_OPEN_TREE),
	ROW(move_mount, ABI_NR_MOVE_MOUNT),
	ROW(mount_setattr, ABI_NR_MOUNT_SETATTR),
	ROW(fsopen, ABI_NR_FSOPEN),
	ROW(fsconfig, ABI_NR_FSCONFIG),
	ROW(fsmount, ABI_NR_FSMOUNT),
	NATIVE(symlinkat),
	NATIVE(setns),
	NATIVE(sethostname),
	NATIVE(ioctl),
	NATIVE(dup3),
	NATIVE(socket),
	NATIVE(socketpair),
	NATIVE(bind),
	NATIVE(listen),
	NATIVE(connect),
	NATIVE(accept4),
	NATIVE(getsockopt),
	NATIVE(sendmsg),
	NATIVE(recvmsg),
	ROW(raw, -1), /* the caller's number, sys_raw */
};
_Static_assert(sizeof(rows) / sizeof(rows[0]) == SYS_CALL_MAX, "one row for each call");

const char *sys_name(enum sys_call call)
{
	assert(call < SYS_CALL_MAX);
	return rows[call].name;
}

void sys_replace(enum sys_call call, sys_fn fn)
{
	assert(call < SYS_CALL_MAX);
	rows[call].fn = fn ? fn : sys_real;
}

/*
 * The system call itself. Not through the C library: its errno lives in memory that a
 * child made with CLONE_VM shares with its parent, and either may call while the other does.
 */
static long enter_kernel(long nr, long a, long b, long c, long d, long e, long f)
{
#if defined(__x86_64__)
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = nr;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ volatile("svc 0"
			 : "+r"(x0)
			 : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			 : "memory");
	return x0;
#endif
}

long sys_real(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	if (call == SYS_CALL_clone)
		return 0;
	if (call == SYS_CALL_raw) {
		const long *args = (const long *)(uintptr_t)b;

		return enter_kernel(a, args[0], args[1], args[2], args[3], args[4], args[5]);
	}
	return enter_kernel(rows[call].number, a, b, c, d, e, f);
}

long sys_call6(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	return rows[call].fn(call, a, b, c, d, e, f);
}

long sys_raw(long number, long a, long b, long c, long d, long e, long f)
{
	const long args[6] = { a, b, c, d, e, f };

	return CALL(raw, number, PTR(args));
}

int sys_openat(int dirfd, const char *path, int flags, mode_t mode)
{
	return (int)CALL(openat, dirfd, PTR(path), flags | O_CLOEXEC, mode);
}

int sys_openat2(int dirfd, const char *path, int flags, uint64_t resolve)
{
	const struct abi_open_how how = { .flags = (uint64_t)(flags | O_CLOEXEC),
					  .resolve = resolve };

	return (int)CALL(openat2, dirfd, PTR(path), PTR(&how), sizeof(how));
}

int sys_close(int fd)
{
	return (int)CALL(close, fd);
}

int sys_close_range(unsigned first, unsigned last, unsigned flags)
{
	/* A descriptor is an int; gVisor refuses what is none (EINVAL), Linux does not mind. */
	if (first > INT_MAX)
		first = INT_MAX;
	if (last > INT_MAX)
		last = INT_MAX;
	return (int)CALL(close_range, first, last, flags);
}

ssize_t sys_read(int fd, void *data, size_t len)
{
	return CALL(read, fd, PTR(data), len);
}

ssize_t sys_pread(int fd, void *data, size_t len, uint64_t offset)
{
	return CALL(pread64, fd, PTR(data), len, offset);
}

ssize_t sys_write(int fd, const void *data, size_t len)
{
	return CALL(write, fd, PTR(data), len);
}

int sys_fstatat(int dirfd, const char *path, struct stat *ret_st, int flags)
{
	return (int)CALL(newfstatat, dirfd, PTR(path), PTR(ret_st), flags);
}

int sys_faccessat(int dirfd, const char *path, int mode)
{
	return (int)CALL(faccessat, dirfd, PTR(path), mode);
}

ssize_t sys_readlinkat(int dirfd, const char *path, char *data, size_t len)
{
	return CALL(readlinkat, dirfd, PTR(path), PTR(data), len);
}

int sys_fstatfs(int fd, struct statfs *ret_fs)
{
	return (int)CALL(fstatfs, fd, PTR(ret_fs));
}

ssize_t sys_getdents64(int fd, void *data, size_t len)
{
	return CALL(getdents64, fd, PTR(data), len);
}

int sys_mkdirat(int dirfd, const char *path, mode_t mode)
{
	return (int)CALL(mkdirat, dirfd, PTR(path), mode);
}

int sys_unlinkat(int dirfd, const char *path, int flags)
{
	return (int)CALL(unlinkat, dirfd, PTR(path), flags);
}

int sys_renameat2(int olddir, const char *old, int newdir, const char *new, unsigned flags)
{
	return (int)CALL(renameat2, olddir, PTR(old), newdir, PTR(new), flags);
}

int sys_fchmodat(int dirfd, const char *path, mode_t mode)
{
	return (int)CALL(fchmodat, dirfd, PTR(path), mode);
}

int sys_chdir(const char *path)
{
	return (int)CALL(chdir, PTR(path));
}

int sys_fchdir(int fd)
{
	return (int)CALL(fchdir, fd);
}

ssize_t sys_getcwd(char *data, size_t len)
{
	return CALL(getcwd, PTR(data), len);
}

int sys_fcntl(int fd, int op, long arg)
{
	return (int)CALL(fcntl, fd, op, arg);
}

int sys_pipe(int ret_fds[2])
{
	return (int)CALL(pipe2, PTR(ret_fds), O_CLOEXEC);
}

int sys_clone(int (*fn)(void *), void *stack_top, int flags, void *arg, int *ret_pidfd)
{
	int pidfd = -1;
	long asked = CALL(clone, flags, PTR(stack_top));
	int pid;

	if (asked < 0)
		return (int)asked;
	/* the kernel writes a pidfd before it is sure of the child, a number after */
	pid = clone(fn, stack_top, flags, arg, flags & CLONE_PARENT_SETTID ? ret_pidfd : &pidfd,
		    NULL, NULL);
	if (pid == -1)
		return -errno;
	if (flags & ABI_CLONE_PIDFD)
		*ret_pidfd = pidfd;
	return pid;
}

int sys_execve(const char *path, char *const argv[], char *const envp[])
{
	return (int)CALL(execve, PTR(path), PTR(argv), PTR(envp));
}

int sys_wait4(pid_t pid, int *ret_status, int options, struct rusage *ret_usage)
{
	return (int)CALL(wait4, pid, PTR(ret_status), options, PTR(ret_usage));
}

int sys_waitid(int idtype, int id, siginfo_t *ret_info, int options)
{
	return (int)CALL(waitid, idtype, id, PTR(ret_info), options, 0);
}

int sys_kill(pid_t pid, int sig)
{
	return (int)CALL(kill, pid, sig);
}

int sys_tgkill(pid_t tgid, pid_t tid, int sig)
{
	return (int)CALL(tgkill, tgid, tid, sig);
}

int sys_pidfd_open(pid_t pid, unsigned flags)
{
	return (int)CALL(pidfd_open, pid, flags);
}

int sys_pidfd_send_signal(int pidfd, int sig)
{
	return (int)CALL(pidfd_send_signal, pidfd, sig, 0, 0);
}

int sys_ppoll(struct pollfd *fds, unsigned n, int64_t timeout_ms)
{
	struct timespec timeout = {
		.tv_sec = timeout_ms / 1000,
		.tv_nsec = timeout_ms % 1000 * 1000000,
	};

	return (int)CALL(ppoll, PTR(fds), n, timeout_ms < 0 ? 0 : PTR(&timeout), 0,
			 KERNEL_SIGSET_SIZE);
}

pid_t sys_getpgid(pid_t pid)
{
	return (pid_t)CALL(getpgid, pid);
}

int sys_setpgid(pid_t pid, pid_t pgid)
{
	return (int)CALL(setpgid, pid, pgid);
}

int sys_setsid(void)
{
	return (int)CALL(setsid, 0);
}

pid_t sys_getpid(void)
{
	return (pid_t)CALL(getpid, 0);
}

pid_t sys_getppid(void)
{
	return (pid_t)CALL(getppid, 0);
}

pid_t sys_gettid(void)
{
	return (pid_t)CALL(gettid, 0);
}

uid_t sys_getuid(void)
{
	return (uid_t)CALL(getuid, 0);
}

uid_t sys_geteuid(void)
{
	return (uid_t)CALL(geteuid, 0);
}

gid_t sys_getegid(void)
{
	return (gid_t)CALL(getegid, 0);
}

int sys_unshare(int flags)
{
	return (int)CALL(unshare, flags);
}

_Noreturn void sys_exit(int status)
{
	for (;;)
		(void)syscall(__NR_exit_group, (long)status);
}

int sys_sigaction(int sig, const struct sys_sigaction *act, struct sys_sigaction *ret_old)
{
	return (int)CALL(rt_sigaction, sig, PTR(act), PTR(ret_old), KERNEL_SIGSET_SIZE);
}

int sys_sigprocmask(int how, const uint64_t *set, uint64_t *ret_old)
{
	return (int)CALL(rt_sigprocmask, how, PTR(set), PTR(ret_old), KERNEL_SIGSET_SIZE);
}

int sys_signalfd(uint64_t mask)
{
	return (int)CALL(signalfd4, -1, PTR(&mask), KERNEL_SIGSET_SIZE, SFD_CLOEXEC | SFD_NONBLOCK);
}

int sys_prctl(int op, unsigned long a, unsigned long b, unsigned long c, unsigned long d)
{
	return (int)CALL(prctl, op, a, b, c, d);
}

int sys_capget(struct sys_caps *ret_caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	int r = (int)CALL(capget, PTR(&header), PTR(data));

	if (r < 0)
		return r;
	for (int i = 0; i < 2; i++) {
		ret_caps->effective[i] = data[i].effective;
		ret_caps->permitted[i] = data[i].permitted;
		ret_caps->inheritable[i] = data[i].inheritable;
	}
	return 0;
}

int sys_capset(const struct sys_caps *caps)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];

	for (int i = 0; i < 2; i++) {
		data[i].effective = caps->effective[i];
		data[i].permitted = caps->permitted[i];
		data[i].inheritable = caps->inheritable[i];
	}
	return (int)CALL(capset, PTR(&header), PTR(data));
}

int sys_prlimit(int resource, const struct rlimit *limit, struct rlimit *ret_old)
{
	return (int)CALL(prlimit64, 0, resource, PTR(limit), PTR(ret_old));
}

int sys_seccomp(unsigned op, unsigned flags, void *arg)
{
	return (int)CALL(seccomp, op, flags, PTR(arg));
}

int sys_landlock_create_ruleset(const struct abi_landlock_ruleset_attr *attr, size_t size,
				uint32_t flags)
{
	return (int)CALL(landlock_create_ruleset, PTR(attr), size, flags);
}

int sys_landlock_add_rule(int ruleset, int type, const void *attr, uint32_t flags)
{
	return (int)CALL(landlock_add_rule, ruleset, type, PTR(attr), flags);
}

int sys_landlock_restrict_self(int ruleset, uint32_t flags)
{
	return (int)CALL(landlock_restrict_self, ruleset, flags);
}

int sys_uname(struct utsname *ret_name)
{
	return (int)CALL(uname, PTR(ret_name));
}

ssize_t sys_getrandom(void *data, size_t len)
{
	return CALL(getrandom, PTR(data), len, 0);
}

int sys_clock_ms(int64_t *ret_ms)
{
	struct timespec now;
	int r = (int)CALL(clock_gettime, CLOCK_MONOTONIC, PTR(&now));

	if (r < 0)
		return r;
	*ret_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
	return 0;
}

int sys_timer_start(int64_t ms, int sig)
{
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = sig };
	const struct itimerspec when = {
		.it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 + 1 },
		.it_interval = { .tv_sec = 1 },
	};
	int id = 0;
	long r = CALL(timer_create, CLOCK_MONOTONIC, PTR(&event), PTR(&id));

	if (r == 0)
		r = CALL(timer_settime, id, 0, PTR(&when), 0);
	return r < 0 ? (int)r : id;
}

int sys_timer_stop(int timer)
{
	return (int)CALL(timer_delete, timer);
}

int sys_mmap_stack(size_t size, void **ret_base)
{
	size_t guard = getauxval(AT_PAGESZ);
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE;
	long base, top;

	if (size < 2 * guard)
		return -EINVAL;
	base = CALL(mmap, 0, size, PROT_NONE, flags, -1, 0);
	if (base < 0)
		return (int)base;
	top = CALL(mmap, base + (long)guard, size - guard, PROT_READ | PROT_WRITE,
		   flags | MAP_FIXED, -1, 0);
	if (top < 0) {
		(void)CALL(munmap, base, size);
		return (int)top;
	}
	*ret_base = (void *)(uintptr_t)base;
	return 0;
}

int sys_mmap_shared(size_t size, void **ret_base)
{
	long base = CALL(mmap, 0, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (base < 0)
		return (int)base;
	*ret_base = (void *)(uintptr_t)base;
	return 0;
}

int sys_munmap(void *base, size_t size)
{
	return (int)CALL(munmap, PTR(base), size);
}
