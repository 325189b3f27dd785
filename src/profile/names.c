/* SPDX-License-Identifier: MIT */
/*
 * names.c - the words for what a profile says: tables, no code.
 *
 * Apart from the rest, since the words of the schema come from here too: the program that
 * compiles the built-in profiles links these tables and the reader, and nothing else of this
 * folder. The protections have their own file, with their promises.
 */
#include <assert.h>

#include "base/cleanup.h"
#include "profile/profile.h"

const struct name grant_kind_names[GRANT_KIND_COUNT] = {
	{ "read", "read files, list directories" },
	{ "execute", "execute files" },
	{ "write", "write, create, remove, rename, truncate" },
	{ "device", "ioctl on devices" },
	{ "socket", "connect to path sockets" },
};
static_assert(1 << (GRANT_KIND_COUNT - 1) == GRANT_SOCKET, "a name for each kind");

const struct name denial_names[DENY_MAX] = {
	[DENY_ALL] = { "deny", "refused: read, write, execute" },
	[DENY_WRITE] = { "deny_write", "refused: write" },
	[DENY_HIDE] = { "hide", "not even its name is seen" },
	[DENY_PRIVATE] = { "private", "an own empty directory in its place" },
};
static_assert(ARRAY_SIZE(denial_names) == DENY_MAX, "a name for each denial");

const struct name isolation_names[ISOLATE_MAX] = {
	[ISOLATE_FILES] = { "files", "names of other files cannot be seen" },
	[ISOLATE_PROCESSES] = { "processes", "other processes cannot be seen, none survives" },
	[ISOLATE_IPC] = { "ipc", "no objects of System V IPC, no queues, no keyring of outside" },
	[ISOLATE_NETWORK] = { "network", "no network but what is granted" },
	[ISOLATE_HOSTNAME] = { "hostname", "a host name of its own" },
	[ISOLATE_CGROUP] = { "cgroup", "the host's control groups cannot be seen" },
};
static_assert(ARRAY_SIZE(isolation_names) == ISOLATE_MAX, "a name for each isolation");

const struct name tier_choice_names[TIER_CHOICE_MAX] = {
	[TIER_ANY] = { "any", "the cheapest that keeps what is required" },
	[TIER_ONLY_LANDLOCK] = { "landlock", "no namespaces" },
	[TIER_ONLY_NAMESPACES] = { "namespaces", "namespaces and mounts, needed or not" },
};
static_assert(ARRAY_SIZE(tier_choice_names) == TIER_CHOICE_MAX, "a name for each tier");

const struct name git_choice_names[GIT_CHOICE_MAX] = {
	[GIT_OFF] = { "off", "as any other file" },
	[GIT_PROTECT] = { "protect", "hooks and settings cannot be changed" },
};
static_assert(ARRAY_SIZE(git_choice_names) == GIT_CHOICE_MAX, "a name for each choice");

const struct name syscall_mode_names[SYSCALLS_MODE_MAX] = {
	[SYSCALLS_STANDARD] = { "standard", "the dangerous set is refused" },
	[SYSCALLS_STRICT] = { "strict", "and what few programs need" },
	[SYSCALLS_OFF] = { "off", "none of these is refused" },
};
static_assert(ARRAY_SIZE(syscall_mode_names) == SYSCALLS_MODE_MAX, "a name for each mode");

const struct name limit_names[LIMIT_MAX] = {
	[LIMIT_MEMORY] = { "memory", "memory of all processes or address space of each, bytes" },
	[LIMIT_PROCESSES] = { "processes", "processes and threads" },
	[LIMIT_OPEN_FILES] = { "open-files", "open descriptors of each process" },
	[LIMIT_FILE_SIZE] = { "file-size", "size of a written file, bytes" },
	[LIMIT_CPU] = { "cpu", "processor time of each process" },
	[LIMIT_CPU_PERCENT] = { "cpu-percent", "of one processor, for all processes together" },
};
static_assert(ARRAY_SIZE(limit_names) == LIMIT_MAX, "a name for each limit");

const struct name syscall_group_names[GROUP_MAX] = {
	[GROUP_USER_NAMESPACES] = { "user-namespaces", "new namespaces of any kind" },
	[GROUP_MOUNT] = { "mount", "the mount family, pivot_root, chroot" },
	[GROUP_IO_URING] = { "io-uring", "io_uring" },
	[GROUP_KEYRING] = { "keyring", "the kernel's keyrings" },
	[GROUP_SYSV_IPC] = { "sysv-ipc", "System V IPC, POSIX message queues" },
	[GROUP_BPF] = { "bpf", "bpf" },
	[GROUP_PERF] = { "perf", "perf_event_open" },
	[GROUP_USERFAULTFD] = { "userfaultfd", "userfaultfd" },
	[GROUP_PERSONALITY] = { "personality", "changes of the execution domain" },
	[GROUP_KERNEL] = { "kernel", "modules, kexec, reboot, swap, clocks and the like" },
	[GROUP_TERMINAL] = { "terminal", "TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD" },
	[GROUP_PRLIMIT_OTHERS] = { "prlimit-others", "limits of other processes" },
};
static_assert(ARRAY_SIZE(syscall_group_names) == GROUP_MAX, "a name for each group");
