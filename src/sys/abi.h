/* SPDX-License-Identifier: MIT */
/*
 * abi.h - our own copies of the kernel's constants and structures.
 *
 * Building must not depend on how old the toolchain's kernel headers are, so
 * everything newer than about Linux 5.10 is written down here with the kernel
 * version that brought it. Names carry an ABI_ prefix: the kernel's own macros,
 * where the headers have them, cannot collide.
 *
 * Source: the kernel's include/uapi/linux/landlock.h up to Linux 7.3 (Landlock
 * ABI 11), seccomp.h, close_range.h, and Documentation/userspace-api/landlock.rst.
 */
#ifndef CROFT_SYS_ABI_H
#define CROFT_SYS_ABI_H

#include <stdint.h>

/* Landlock: the same numbers on every architecture (since 5.13) */
#define ABI_NR_LANDLOCK_CREATE_RULESET 444
#define ABI_NR_LANDLOCK_ADD_RULE 445
#define ABI_NR_LANDLOCK_RESTRICT_SELF 446
#define ABI_NR_PIDFD_SEND_SIGNAL 424 /* 5.1 */
#define ABI_NR_PIDFD_OPEN 434 /* 5.3 */
#define ABI_NR_CLOSE_RANGE 436 /* 5.9 */
#define ABI_NR_OPENAT2 437 /* 5.6 */
#define ABI_NR_OPEN_TREE 428 /* 5.2, with the next four */
#define ABI_NR_MOVE_MOUNT 429
#define ABI_NR_FSOPEN 430
#define ABI_NR_FSCONFIG 431
#define ABI_NR_FSMOUNT 432
#define ABI_NR_MOUNT_SETATTR 442 /* 5.12 */

#define ABI_LANDLOCK_NEWEST 11 /* the newest ABI this table knows */

#define ABI_LANDLOCK_CREATE_RULESET_VERSION (1U << 0) /* 5.13 */
#define ABI_LANDLOCK_CREATE_RULESET_ERRATA (1U << 1) /* 6.15 */

#define ABI_LANDLOCK_RULE_PATH_BENEATH 1 /* 5.13 */
#define ABI_LANDLOCK_RULE_NET_PORT 2 /* 6.7, ABI 4 */

#define ABI_LANDLOCK_FS_EXECUTE (1ULL << 0)
#define ABI_LANDLOCK_FS_WRITE_FILE (1ULL << 1)
#define ABI_LANDLOCK_FS_READ_FILE (1ULL << 2)
#define ABI_LANDLOCK_FS_READ_DIR (1ULL << 3)
#define ABI_LANDLOCK_FS_REMOVE_DIR (1ULL << 4)
#define ABI_LANDLOCK_FS_REMOVE_FILE (1ULL << 5)
#define ABI_LANDLOCK_FS_MAKE_CHAR (1ULL << 6)
#define ABI_LANDLOCK_FS_MAKE_DIR (1ULL << 7)
#define ABI_LANDLOCK_FS_MAKE_REG (1ULL << 8)
#define ABI_LANDLOCK_FS_MAKE_SOCK (1ULL << 9)
#define ABI_LANDLOCK_FS_MAKE_FIFO (1ULL << 10)
#define ABI_LANDLOCK_FS_MAKE_BLOCK (1ULL << 11)
#define ABI_LANDLOCK_FS_MAKE_SYM (1ULL << 12)
#define ABI_LANDLOCK_FS_REFER (1ULL << 13) /* 5.19, ABI 2 */
#define ABI_LANDLOCK_FS_TRUNCATE (1ULL << 14) /* 6.2, ABI 3 */
#define ABI_LANDLOCK_FS_IOCTL_DEV (1ULL << 15) /* 6.10, ABI 5 */
#define ABI_LANDLOCK_FS_RESOLVE_UNIX (1ULL << 16) /* 7.1, ABI 9 */

/* Valid on a rule for something that is not a directory; any other bit there is EINVAL. */
#define ABI_LANDLOCK_FS_ON_FILE                                                             \
	(ABI_LANDLOCK_FS_EXECUTE | ABI_LANDLOCK_FS_WRITE_FILE | ABI_LANDLOCK_FS_READ_FILE | \
	 ABI_LANDLOCK_FS_TRUNCATE | ABI_LANDLOCK_FS_IOCTL_DEV | ABI_LANDLOCK_FS_RESOLVE_UNIX)

#define ABI_LANDLOCK_NET_BIND_TCP (1ULL << 0) /* 6.7, ABI 4 */
#define ABI_LANDLOCK_NET_CONNECT_TCP (1ULL << 1) /* 6.7, ABI 4 */
#define ABI_LANDLOCK_NET_BIND_UDP (1ULL << 2) /* 7.2, ABI 10 */
#define ABI_LANDLOCK_NET_CONNECT_SEND_UDP (1ULL << 3) /* 7.2, ABI 10 */

#define ABI_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0) /* 6.12, ABI 6 */
#define ABI_LANDLOCK_SCOPE_SIGNAL (1ULL << 1) /* 6.12, ABI 6 */

#define ABI_LANDLOCK_RESTRICT_LOG_SAME_EXEC_OFF (1U << 0) /* 6.15, ABI 7 */
#define ABI_LANDLOCK_RESTRICT_LOG_NEW_EXEC_ON (1U << 1) /* 6.15, ABI 7 */
#define ABI_LANDLOCK_RESTRICT_LOG_SUBDOMAINS_OFF (1U << 2) /* 6.15, ABI 7 */
#define ABI_LANDLOCK_RESTRICT_TSYNC (1U << 3) /* 7.0, ABI 8 */
#define ABI_LANDLOCK_RESTRICT_NO_NEW_PRIVS (1U << 4) /* 7.3, ABI 11 */

#define ABI_LANDLOCK_MAX_LAYERS 16

/*
 * 48 bytes since ABI 10. An older kernel takes the longer struct as long as what
 * it does not know is zero (E2BIG otherwise), so one struct serves every ABI.
 */
struct abi_landlock_ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* ABI 4 */
	uint64_t scoped; /* ABI 6 */
	uint64_t quiet_access_fs; /* ABI 10 */
	uint64_t quiet_access_net; /* ABI 10 */
	uint64_t quiet_scoped; /* ABI 10 */
};

struct abi_landlock_path_beneath_attr {
	uint64_t allowed_access;
	int32_t parent_fd;
} __attribute__((packed)); /* 12 bytes */

struct abi_landlock_net_port_attr {
	uint64_t allowed_access;
	uint64_t port; /* host byte order; 0 is the kernel-chosen port */
};

/* What one Landlock ABI knows. */
struct landlock_abi {
	int abi;
	const char *kernel; /* the release that brought it, for messages only */
	uint64_t fs; /* handled_access_fs, cumulative */
	uint64_t net;
	uint64_t scoped;
	uint32_t restrict_flags;
};

/* Facts for an ABI number: above the newest gives the newest, 0 and below the empty row. */
const struct landlock_abi *landlock_abi_get(int abi);
/* The first kernel release with this ABI ("5.13"), or "a later Linux". For messages. */
const char *landlock_abi_kernel(int abi);

/* openat2 (5.6) */
struct abi_open_how {
	uint64_t flags;
	uint64_t mode;
	uint64_t resolve;
};
#define ABI_RESOLVE_NO_MAGICLINKS 0x02U /* ELOOP at a link of /proc that jumps, not names */
#define ABI_RESOLVE_NO_SYMLINKS 0x04U /* ELOOP if any part of the path is a symbolic link */
#define ABI_RESOLVE_IN_ROOT 0x10U /* the directory is "/" for links and ".." too */

#define ABI_RESOLVE_BENEATH 0x08U /* EXDEV for what leads out of the directory */

/* mounts by descriptor (5.2; mount_setattr 5.12): include/uapi/linux/mount.h */
#define ABI_OPEN_TREE_CLONE 1U /* a copy that is not attached yet */
#define ABI_OPEN_TREE_CLOEXEC 02000000U
#define ABI_AT_RECURSIVE 0x8000U /* the whole tree of mounts */
#define ABI_MOVE_MOUNT_F_EMPTY_PATH 0x04U
#define ABI_MOVE_MOUNT_T_EMPTY_PATH 0x40U
#define ABI_FSOPEN_CLOEXEC 1U
#define ABI_FSMOUNT_CLOEXEC 1U
#define ABI_FSCONFIG_SET_FLAG 0U
#define ABI_FSCONFIG_SET_STRING 1U
#define ABI_FSCONFIG_CMD_CREATE 6U
#define ABI_MOUNT_ATTR_RDONLY 0x01U
#define ABI_MOUNT_ATTR_NOSUID 0x02U
#define ABI_MOUNT_ATTR_NODEV 0x04U
#define ABI_MOUNT_ATTR_NOEXEC 0x08U

struct abi_mount_attr {
	uint64_t attr_set;
	uint64_t attr_clr;
	uint64_t propagation; /* MS_PRIVATE, MS_SLAVE; 0 leaves it */
	uint64_t userns_fd;
};

#define ABI_CLOSE_RANGE_CLOEXEC (1U << 2) /* 5.11 */

#define ABI_CLONE_PIDFD 0x00001000 /* 5.2 */

/* ioctls that type into or take over a terminal; the same on x86_64 and aarch64 */
#define ABI_TIOCSTI 0x5412U
#define ABI_TIOCLINUX 0x541CU
#define ABI_TIOCCONS 0x541DU
#define ABI_TIOCSETD 0x5423U

/* sockets */
#define ABI_IPPROTO_MPTCP 262 /* 5.6 */
#define ABI_SOCK_TYPE_MASK 0xfU /* the kernel's SOCK_TYPE_MASK: the rest are flags */
#define ABI_MSG_FASTOPEN 0x20000000U /* 3.7 */
#define ABI_TCP_ULP 31U /* setsockopt, level IPPROTO_TCP; 4.13 */

enum arch { ARCH_X86_64, ARCH_AARCH64, ARCH_MAX };

#if defined(__x86_64__)
#define ARCH_NATIVE ARCH_X86_64
#elif defined(__aarch64__)
#define ARCH_NATIVE ARCH_AARCH64
#else
#error "croft knows the system call numbers of x86_64 and aarch64 only"
#endif

#define ABI_AUDIT_ARCH_X86_64 0xc000003eU
#define ABI_AUDIT_ARCH_AARCH64 0xc00000b7U

#endif
