/* SPDX-License-Identifier: MIT */
/*
 * syscall_table.c - the system calls that some policy refuses, with their numbers.
 *
 * One line for each call: name, number on x86_64, number on aarch64 (-1: no such
 * call), the rule that refuses it, and how. The numbers are the kernel's
 * (arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h); from 424 on
 * they are the same everywhere. The tests compare them with libseccomp's tables.
 *
 * How a call is refused. EACCES is the rule: it can be searched for and means
 * what it says. ENOSYS is for calls whose users have an older way, and take it:
 * clone3 and openat2 (their arguments are in memory, where a filter cannot look;
 * those of clone and openat can be checked) and io_uring (as on a kernel without it).
 *
 * A call stands here once. What refuses it is one rule: a group that the user can
 * allow by name, the word "strict", or a promise that this host's Landlock does not keep alone.
 */
#include "plan/syscalls.h"

#include <assert.h>

/* clang-format off */
#define REFUSED(name, x86_64, aarch64, rule) \
	{ name, { x86_64, aarch64 }, rule, VERDICT_EACCES, CHECK_NONE }
#define ABSENT(name, x86_64, aarch64, rule) \
	{ name, { x86_64, aarch64 }, rule, VERDICT_ENOSYS, CHECK_NONE }
#define CHECKED(name, x86_64, aarch64, rule, check) \
	{ name, { x86_64, aarch64 }, rule, VERDICT_EACCES, check }

const struct syscall_entry syscall_entries[] = {
	/*
	 * A new user namespace gives every capability inside it, and with them the parts
	 * of the kernel that were written for root: the widest door for kernel bugs.
	 */
	CHECKED("clone", 56, 220, GROUP_USER_NAMESPACES, CHECK_CLONE),
	CHECKED("unshare", 272, 97, GROUP_USER_NAMESPACES, CHECK_UNSHARE),
	REFUSED("setns", 308, 268, GROUP_USER_NAMESPACES),
	ABSENT("clone3", 435, 435, GROUP_USER_NAMESPACES),

	/*
	 * Landlock refuses changes of the tree once it handles files, chroot excepted;
	 * where there is no Landlock, this does.
	 */
	REFUSED("mount", 165, 40, GROUP_MOUNT),
	REFUSED("umount2", 166, 39, GROUP_MOUNT),
	REFUSED("pivot_root", 155, 41, GROUP_MOUNT),
	REFUSED("chroot", 161, 51, GROUP_MOUNT),
	REFUSED("open_tree", 428, 428, GROUP_MOUNT),
	REFUSED("move_mount", 429, 429, GROUP_MOUNT),
	REFUSED("fsopen", 430, 430, GROUP_MOUNT),
	REFUSED("fsconfig", 431, 431, GROUP_MOUNT),
	REFUSED("fsmount", 432, 432, GROUP_MOUNT),
	REFUSED("fspick", 433, 433, GROUP_MOUNT),
	REFUSED("mount_setattr", 442, 442, GROUP_MOUNT),
	REFUSED("open_tree_attr", 467, 467, GROUP_MOUNT),	/* 6.15 */

	/* What a ring does is not seen by any seccomp filter: sockets, opens, sends. */
	ABSENT("io_uring_setup", 425, 425, GROUP_IO_URING),
	ABSENT("io_uring_enter", 426, 426, GROUP_IO_URING),
	ABSENT("io_uring_register", 427, 427, GROUP_IO_URING),

	/* The keyrings of the user and the session are the host's. */
	REFUSED("add_key", 248, 217, GROUP_KEYRING),
	REFUSED("request_key", 249, 218, GROUP_KEYRING),
	REFUSED("keyctl", 250, 219, GROUP_KEYRING),

	/* System V objects are found by number, across every process of the user. */
	REFUSED("shmget", 29, 194, GROUP_SYSV_IPC),
	REFUSED("shmat", 30, 196, GROUP_SYSV_IPC),
	REFUSED("shmctl", 31, 195, GROUP_SYSV_IPC),
	REFUSED("shmdt", 67, 197, GROUP_SYSV_IPC),
	REFUSED("semget", 64, 190, GROUP_SYSV_IPC),
	REFUSED("semop", 65, 193, GROUP_SYSV_IPC),
	REFUSED("semctl", 66, 191, GROUP_SYSV_IPC),
	REFUSED("semtimedop", 220, 192, GROUP_SYSV_IPC),
	REFUSED("msgget", 68, 186, GROUP_SYSV_IPC),
	REFUSED("msgsnd", 69, 189, GROUP_SYSV_IPC),
	REFUSED("msgrcv", 70, 188, GROUP_SYSV_IPC),
	REFUSED("msgctl", 71, 187, GROUP_SYSV_IPC),

	/* POSIX queues are in no file system that Landlock sees: a refused mq_open has made one. */
	REFUSED("mq_open", 240, 180, GROUP_SYSV_IPC),
	REFUSED("mq_unlink", 241, 181, GROUP_SYSV_IPC),

	/* Large surfaces with a long list of kernel bugs, of no use to an ordinary program. */
	REFUSED("bpf", 321, 280, GROUP_BPF),
	REFUSED("perf_event_open", 298, 241, GROUP_PERF),
	REFUSED("userfaultfd", 323, 282, GROUP_USERFAULTFD),

	/* ADDR_NO_RANDOMIZE, READ_IMPLIES_EXEC: what weakens the program executed next. */
	CHECKED("personality", 135, 92, GROUP_PERSONALITY, CHECK_PERSONALITY),

	/*
	 * Administration of the machine; and what watches or opens files without their
	 * path: fanotify and file handles.
	 */
	REFUSED("init_module", 175, 105, GROUP_KERNEL),
	REFUSED("finit_module", 313, 273, GROUP_KERNEL),
	REFUSED("delete_module", 176, 106, GROUP_KERNEL),
	REFUSED("create_module", 174, -1, GROUP_KERNEL),
	REFUSED("get_kernel_syms", 177, -1, GROUP_KERNEL),
	REFUSED("query_module", 178, -1, GROUP_KERNEL),
	REFUSED("kexec_load", 246, 104, GROUP_KERNEL),
	REFUSED("kexec_file_load", 320, 294, GROUP_KERNEL),
	REFUSED("reboot", 169, 142, GROUP_KERNEL),
	REFUSED("swapon", 167, 224, GROUP_KERNEL),
	REFUSED("swapoff", 168, 225, GROUP_KERNEL),
	REFUSED("acct", 163, 89, GROUP_KERNEL),
	REFUSED("settimeofday", 164, 170, GROUP_KERNEL),
	REFUSED("clock_settime", 227, 112, GROUP_KERNEL),
	REFUSED("quotactl", 179, 60, GROUP_KERNEL),
	REFUSED("quotactl_fd", 443, 443, GROUP_KERNEL),
	REFUSED("open_by_handle_at", 304, 265, GROUP_KERNEL),
	REFUSED("fanotify_init", 300, 262, GROUP_KERNEL),
	REFUSED("fanotify_mark", 301, 263, GROUP_KERNEL),
	REFUSED("syslog", 103, 116, GROUP_KERNEL),
	REFUSED("iopl", 172, -1, GROUP_KERNEL),
	REFUSED("ioperm", 173, -1, GROUP_KERNEL),
	REFUSED("uselib", 134, -1, GROUP_KERNEL),
	REFUSED("vhangup", 153, 58, GROUP_KERNEL),
	REFUSED("nfsservctl", 180, 42, GROUP_KERNEL),
	REFUSED("sethostname", 170, 161, GROUP_KERNEL),
	REFUSED("setdomainname", 171, 162, GROUP_KERNEL),
	REFUSED("lookup_dcookie", 212, 18, GROUP_KERNEL),
	REFUSED("_sysctl", 156, -1, GROUP_KERNEL),

	/* Typing into the caller's terminal (CVE-2017-5226), or taking over its lines. */
	CHECKED("ioctl", 16, 29, GROUP_TERMINAL, CHECK_IOCTL),

	/* Landlock does not keep the limits of other processes of the user. */
	CHECKED("prlimit64", 302, 261, GROUP_PRLIMIT_OTHERS, CHECK_PRLIMIT),

	/* Reaching into other processes: their memory, their descriptors. */
	REFUSED("ptrace", 101, 117, REFUSES_PTRACE),
	REFUSED("process_vm_readv", 310, 270, REFUSES_PTRACE),
	REFUSED("process_vm_writev", 311, 271, REFUSES_PTRACE),
	REFUSED("kcmp", 312, 272, REFUSES_PTRACE),
	REFUSED("pidfd_getfd", 438, 438, REFUSES_PTRACE),
	REFUSED("process_madvise", 440, 440, REFUSES_PTRACE),

	/*
	 * What few programs need, refused if the profile says strict; programs that place their
	 * memory, debug, or watch the machine are those few. The reasons, one for each group:
	 *
	 * pages of other processes moved, and freed, by pid: Landlock does not look
	 */
	REFUSED("move_pages", 279, 239, REFUSES_RARE),
	REFUSED("migrate_pages", 256, 238, REFUSES_RARE),
	REFUSED("process_mrelease", 448, 448, REFUSES_RARE),
	/* memory placed by node: container engines refuse it without a capability as well */
	REFUSED("mbind", 237, 235, REFUSES_RARE),
	REFUSED("set_mempolicy", 238, 237, REFUSES_RARE),
	REFUSED("set_mempolicy_home_node", 450, 450, REFUSES_RARE),
	/* a program's pages lent to a pipe (CVE-2008-0600); pages that nothing can look at */
	REFUSED("vmsplice", 278, 75, REFUSES_RARE),
	REFUSED("memfd_secret", 447, 447, REFUSES_RARE),
	/* the host's mounts and namespaces, told without a path that could be refused */
	ABSENT("statmount", 457, 457, REFUSES_RARE),	/* 6.8 */
	ABSENT("listmount", 458, 458, REFUSES_RARE),	/* 6.8 */
	ABSENT("listns", 470, 470, REFUSES_RARE),	/* 6.19 */
	/* half of open_by_handle_at; and it tells of files that may not be opened */
	REFUSED("name_to_handle_at", 303, 264, REFUSES_RARE),
	/* leftovers of other times: segments of 16-bit programs, mappings out of order, lists of
	 * file systems */
	REFUSED("modify_ldt", 154, -1, REFUSES_RARE),
	REFUSED("remap_file_pages", 216, 234, REFUSES_RARE),
	REFUSED("sysfs", 139, -1, REFUSES_RARE),
	REFUSED("ustat", 136, -1, REFUSES_RARE),

	REFUSED("truncate", 76, 45, REFUSES_PATH_TRUNCATE),
	CHECKED("open", 2, -1, REFUSES_PATH_TRUNCATE, CHECK_OPEN_FLAGS_1),
	CHECKED("openat", 257, 56, REFUSES_PATH_TRUNCATE, CHECK_OPEN_FLAGS_2),
	ABSENT("openat2", 437, 437, REFUSES_PATH_TRUNCATE),

	CHECKED("socket", 41, 198, REFUSES_SOCKETS, CHECK_SOCKET),
	CHECKED("socketpair", 53, 199, REFUSES_SOCKETS, CHECK_SOCKETPAIR),

	/* listen on an unbound TCP socket binds it, and Landlock does not look (so on 6.18). */
	REFUSED("listen", 50, 201, REFUSES_LISTEN),

	/* MSG_FASTOPEN connects without connect, and Landlock looks only since 7.2. */
	CHECKED("sendto", 44, 206, REFUSES_FASTOPEN, CHECK_SEND_FLAGS_3),
	CHECKED("sendmsg", 46, 211, REFUSES_FASTOPEN, CHECK_SEND_FLAGS_2),
	CHECKED("sendmmsg", 307, 269, REFUSES_FASTOPEN, CHECK_SEND_FLAGS_3),

	/* The ULP "smc" (5.17) makes an SMC socket of it: its TCP connect is the kernel's own. */
	CHECKED("setsockopt", 54, 208, REFUSES_TCP_ULP, CHECK_SETSOCKOPT),
};
/* clang-format on */

const size_t n_syscall_entries = sizeof(syscall_entries) / sizeof(syscall_entries[0]);

/* syscall_policy_ranges keeps their numbers, plus one, in bytes. */
static_assert(sizeof(syscall_entries) / sizeof(syscall_entries[0]) < UINT8_MAX,
	      "too many entries for a byte");
