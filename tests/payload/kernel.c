/* SPDX-License-Identifier: MIT */
/*
 * kernel.c - the calls that an ordinary program has no need of: namespaces,
 * mounts, keyrings, System V objects, rings, probes, typing into terminals.
 *
 * `call NAME ARG...` is any call of a table with plain numbers, so that a test
 * can go through a group of calls without one function for each. The arguments
 * are chosen by the tests such that an unhindered call fails harmlessly.
 */
#include "payload.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define NR_PIDFD_OPEN 434 /* Linux 5.3 */
#define CALL_ARGS 6

static const struct word namespaces[] = {
	{ "user", 0x10000000 },   { "mount", 0x00020000 }, { "net", 0x40000000 },
	{ "pid", 0x20000000 },    { "ipc", 0x08000000 },   { "uts", 0x04000000 },
	{ "cgroup", 0x02000000 }, { "time", 0x00000080 },  { "files", 0x00000400 },
};

/* Numbers since Linux 5.1 are the same everywhere and written down; the rest are the libc's. */
/* clang-format off */
static const struct word calls[] = {
#define C(name) { #name, SYS_##name }
	C(mount), C(umount2), C(pivot_root), C(chroot), C(keyctl), C(add_key), C(request_key),
	C(shmget), C(shmat), C(shmctl), C(semget), C(semop), C(semctl), C(msgget), C(msgsnd),
	C(msgctl), C(bpf), C(perf_event_open), C(userfaultfd), C(personality), C(init_module),
	C(finit_module), C(delete_module), C(kexec_load), C(reboot), C(swapon), C(swapoff),
	C(acct), C(settimeofday), C(clock_settime), C(adjtimex), C(clock_adjtime), C(quotactl),
	C(open_by_handle_at), C(fanotify_init), C(syslog), C(sethostname), C(setdomainname),
	C(vhangup), C(nfsservctl), C(setns), C(unshare), C(lookup_dcookie), C(getpid),
	C(getppid), C(socket), C(socketpair), C(ioctl), C(prlimit64), C(setuid), C(setgid),
	C(setgroups), C(listen), C(process_vm_readv), C(process_vm_writev), C(ptrace), C(kcmp),
	C(memfd_create), C(clone), C(seccomp),
#ifdef SYS_kexec_file_load
	C(kexec_file_load),
#endif
#ifdef SYS_iopl
	C(iopl), C(ioperm), C(modify_ldt), C(uselib), C(ustat), C(sysfs), C(_sysctl),
#endif
#undef C
	{ "io_uring_setup", 425 },
	{ "io_uring_enter", 426 },
	{ "io_uring_register", 427 },
	{ "open_tree", 428 },
	{ "move_mount", 429 },
	{ "fsopen", 430 },
	{ "fsconfig", 431 },
	{ "fsmount", 432 },
	{ "fspick", 433 },
	{ "pidfd_open", 434 },
	{ "clone3", 435 },
	{ "close_range", 436 },
	{ "openat2", 437 },
	{ "mount_setattr", 442 },
	{ "quotactl_fd", 443 },
	{ "landlock_create_ruleset", 444 },
	{ "memfd_secret", 447 },
	{ "open_tree_attr", 467 },
};
/* clang-format on */

/* A number; or @TEXT, the address of that text; or @@N, the address of N zero bytes (up to 256). */
static unsigned long call_argument(const char *text)
{
	static unsigned char zeroes[CALL_ARGS][256];
	static size_t n_zeroes;

	if (text[0] != '@')
		return payload_number(text);
	if (text[1] == '@')
		return (unsigned long)zeroes[n_zeroes++ % CALL_ARGS];
	return (unsigned long)(text + 1);
}

static int do_call(int argc, char **argv)
{
	unsigned long nr = payload_word(calls, PAYLOAD_ENTRIES(calls), argv[0]);
	unsigned long arg[CALL_ARGS] = { 0 };

	for (int i = 1; i < argc && i <= CALL_ARGS; i++)
		arg[i - 1] = call_argument(argv[i]);
	return result(syscall((long)nr, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]));
}

static int do_unshare(int argc, char **argv)
{
	unsigned long flags = 0;

	for (int i = 0; i < argc; i++)
		flags |= payload_word(namespaces, PAYLOAD_ENTRIES(namespaces), argv[i]);
	return result(syscall(SYS_unshare, flags));
}

/* The child ends at once: only whether it could be made is asked. */
static int clone_new(int argc, char **argv)
{
	unsigned long flags = SIGCHLD;
	long pid;
	int status;

	for (int i = 0; i < argc; i++)
		flags |= payload_word(namespaces, PAYLOAD_ENTRIES(namespaces), argv[i]);
	pid = syscall(SYS_clone, flags, NULL, NULL, NULL, NULL);
	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(0);
	return result(waitpid((pid_t)pid, &status, 0));
}

static int clone3_new(int argc, char **argv)
{
	uint64_t args[11] = { 0 }; /* flags, pidfd, child_tid, parent_tid, exit_signal, ... */
	long pid;
	int status;

	for (int i = 0; i < argc; i++)
		args[0] |= payload_word(namespaces, PAYLOAD_ENTRIES(namespaces), argv[i]);
	args[4] = SIGCHLD;
	pid = syscall(435, args, sizeof(args));
	if (pid < 0)
		return -errno;
	if (pid == 0)
		_exit(0);
	return result(waitpid((pid_t)pid, &status, 0));
}

/* Into the namespace one is in already: through a pidfd, so that no file is needed. */
static int set_namespace(int argc, char **argv)
{
	unsigned long kind = payload_word(namespaces, PAYLOAD_ENTRIES(namespaces), argv[0]);
	int fd = value(syscall(NR_PIDFD_OPEN, getpid(), 0)), r;

	(void)argc;
	if (fd < 0)
		return fd;
	r = result(syscall(SYS_setns, fd, kind));
	(void)close(fd);
	return r;
}

static int attach_shm(int argc, char **argv)
{
	long id = syscall(SYS_shmget, 0 /* IPC_PRIVATE */, 4096, 0600);
	int r;

	(void)argc;
	(void)argv;
	if (id < 0)
		return -errno;
	r = syscall(SYS_shmat, id, NULL, 0) == -1 ? -errno : 0;
	(void)syscall(SYS_shmctl, id, 0 /* IPC_RMID */, NULL);
	return r;
}

static int ring_setup(int argc, char **argv)
{
	unsigned params[30] = { 0 };
	int fd = value(syscall(425, 1, params));

	(void)argc;
	(void)argv;
	if (fd >= 0)
		(void)close(fd);
	return fd < 0 ? fd : 0;
}

static int perf_open(int argc, char **argv)
{
	/* type software (1), 64 bytes (PERF_ATTR_SIZE_VER0), user space only */
	uint64_t attr[8] = { 1 | 64ULL << 32, 0, 0, 0, 0, 1U << 5 | 1U << 6 };
	int fd = value(syscall(SYS_perf_event_open, attr, 0, -1, -1, 0));

	(void)argc;
	(void)argv;
	if (fd >= 0)
		(void)close(fd);
	return fd < 0 ? fd : 0;
}

static int bpf_map(int argc, char **argv)
{
	unsigned attr[32] = { 2 /* array */, 4, 4, 1 };
	int fd = value(syscall(SYS_bpf, 0 /* BPF_MAP_CREATE */, attr, sizeof(attr)));

	(void)argc;
	(void)argv;
	if (fd >= 0)
		(void)close(fd);
	return fd < 0 ? fd : 0;
}

static int fault_fd(int argc, char **argv)
{
	int fd = value(
		syscall(SYS_userfaultfd, O_CLOEXEC | 1 /* UFFD_USER_MODE_ONLY, Linux 5.11 */));

	(void)argc;
	(void)argv;
	if (fd >= 0)
		(void)close(fd);
	return fd < 0 ? fd : 0;
}

/*
 * The request that types into a terminal, at standard input. "high" sets a bit
 * above the 32 that the kernel looks at (CVE-2019-10063).
 */
static int type_into(int argc, char **argv)
{
	static const struct word requests[] = {
		{ "tiocsti", 0x5412 },  { "tioclinux", 0x541c }, { "tioccons", 0x541d },
		{ "tiocsetd", 0x5423 }, { "tcgets", 0x5401 },
	};
	unsigned long request = payload_word(requests, PAYLOAD_ENTRIES(requests), argv[0]);
	unsigned char argument[64] = { 0 };

	if (argc > 1 && !strcmp(argv[1], "high"))
		request |= 1UL << 32;
	return result(syscall(SYS_ioctl, 0, request, argument));
}

/* A call by the door for 32-bit programs: getpid is 20 there. */
static int compat_call(int argc, char **argv)
{
	(void)argc;
	(void)argv;
#ifdef __x86_64__
	long r;

	/* below 4 GiB there is nothing to pass: getpid takes no argument */
	__asm__ volatile("int $0x80" : "=a"(r) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
	return r < 0 ? (int)r : 0;
#else
	return -EOPNOTSUPP;
#endif
}

static int x32_call(int argc, char **argv)
{
	(void)argc;
	(void)argv;
#ifdef __x86_64__
	return result(syscall(0x40000000L | SYS_getpid));
#else
	return -EOPNOTSUPP;
#endif
}

const struct op kernel_ops[] = {
	{ "call", "NAME|NUMBER ARG...", 1, 1 + CALL_ARGS, do_call },
	{ "unshare", "NAMESPACE...", 0, 9, do_unshare },
	{ "clone", "NAMESPACE...", 0, 9, clone_new },
	{ "clone3", "NAMESPACE...", 0, 9, clone3_new },
	{ "setns", "NAMESPACE", 1, 1, set_namespace },
	{ "shm-attach", "", 0, 0, attach_shm },
	{ "io-uring", "", 0, 0, ring_setup },
	{ "perf", "", 0, 0, perf_open },
	{ "bpf", "", 0, 0, bpf_map },
	{ "userfaultfd", "", 0, 0, fault_fd },
	{ "terminal", "REQUEST [high]", 1, 2, type_into },
	{ "int80", "", 0, 0, compat_call },
	{ "x32", "", 0, 0, x32_call },
};
const size_t n_kernel_ops = PAYLOAD_ENTRIES(kernel_ops);
