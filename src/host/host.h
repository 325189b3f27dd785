/* SPDX-License-Identifier: MIT */
/*
 * host.h - what this machine can do, found by doing.
 *
 * struct host is plain data without pointers: it can be saved to a file,
 * loaded again, and given to the planner in place of the real machine. The
 * golden tests live on that.
 *
 * Version numbers decide nothing: kernel_release is for display only. Each
 * mechanism has an errnum: 0 works; ENOSYS not in this kernel (or an outer
 * filter says so); EOPNOTSUPP built in, switched off at boot; EPERM an outer
 * sandbox or policy refuses; anything else is what the kernel said.
 */
#ifndef CROFT_HOST_HOST_H
#define CROFT_HOST_HOST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/names.h"
#include "sys/abi.h"

#define HOST_FILE_MAX 16384 /* bytes of a saved host; ours are under 1 KiB */

/* A question that needs a child to be answered. Unknown: not asked, or it could not be told. */
enum host_answer { HOST_UNKNOWN, HOST_YES, HOST_NO, HOST_ANSWER_MAX };

/* Kinds of namespaces; host_ns_names has their words. */
enum host_ns {
	HOST_NS_USER, /* made, one id mapped, and its capabilities do something */
	HOST_NS_MOUNT, /* and a tmpfs and a bind can be mounted in it */
	HOST_NS_PID, /* and its first process has the number 1 */
	HOST_NS_NET, /* and lo is up, or can be set up */
	HOST_NS_IPC,
	HOST_NS_UTS, /* and the host name can be set */
	HOST_NS_CGROUP,
	HOST_NS_MAX
};

/* How a user namespace comes to be used. */
enum host_ns_step {
	NS_STEP_NONE,
	NS_STEP_UNSHARE,
	NS_STEP_SETGROUPS,
	NS_STEP_UID_MAP,
	NS_STEP_GID_MAP,
	NS_STEP_MOUNT,
	NS_STEP_MAX
};

/* Who refused to make a user namespace, where its errno has more than one reason. */
enum host_refuser {
	NS_REFUSER_UNKNOWN, /* nobody did, or it could not be told */
	NS_REFUSER_FILTER, /* of system calls */
	NS_REFUSER_CHROOT,
	NS_REFUSER_SYSCTL, /* kernel.unprivileged_userns_clone */
	NS_REFUSER_LIMIT, /* user.max_user_namespaces is 0 */
	NS_REFUSER_NESTING, /* that limit is reached, or one further out; or 33 in each other */
	NS_REFUSER_MAX
};

/* "unknown", "filter", "chroot", "sysctl", "limit", "nesting" */
extern const struct name host_refuser_names[NS_REFUSER_MAX];

/* "none", "unshare", "setgroups", "uid_map", "gid_map", "mount" */
extern const struct name host_ns_step_names[NS_STEP_MAX];

/* "user", "mount", "pid", "net", "ipc", "uts", "cgroup" */
extern const struct name host_ns_names[HOST_NS_MAX];

/* Controllers of cgroup v2 that croft has limits for; host_controller_names has their words. */
enum host_controller { CONTROLLER_MEMORY, CONTROLLER_PIDS, CONTROLLER_CPU, CONTROLLER_MAX };

/* "memory", "pids", "cpu": as the kernel names them */
extern const struct name host_controller_names[CONTROLLER_MAX];

struct host {
	enum arch arch;
	char kernel_release[65]; /* display only */
	uint32_t uid; /* effective */
	bool has_capabilities; /* any permitted capability */

	struct {
		int errnum; /* of the version query */
		int abi; /* 0 unless errnum is 0 */
		uint32_t errata; /* bit N-1: erratum N is fixed; 0 unless has_errata */
		bool has_errata; /* the kernel knows the question (since 6.15) */
		enum host_answer enforces; /* a forbidden open was refused in a child */
	} landlock;
	struct {
		int errnum; /* of SECCOMP_GET_ACTION_AVAIL for ERRNO */
		bool has_kill_process; /* since 4.14 */
	} seccomp;
	/*
	 * Each made together with a user namespace and seen by its effect: some kernels take the
	 * flag and do nothing. errnum: what refused it, 0 if it works; ENOTSUP: no effect.
	 */
	struct {
		enum host_answer works;
		int errnum;
	} ns[HOST_NS_MAX];
	enum host_ns_step ns_step; /* the first step of a user namespace that was refused */
	enum host_refuser ns_refuser; /* if that is NS_STEP_UNSHARE */
	/*
	 * No user namespace, but CAP_SYS_ADMIN here: the other kinds are made without it, and
	 * `ns` tells of those.
	 */
	bool has_ns_by_capability;
	struct {
		enum host_answer has_new_api; /* open_tree, move_mount, mount_setattr recursive */
		/*
		 * A read-only mount of a tmpfs refuses changes of modes too. Where it does not
		 * (gVisor), files there can also be truncated by path: what refuses opening for
		 * writing is not asked.
		 */
		enum host_answer is_read_only_whole;
		enum host_answer can_proc; /* a fresh proc in a pid namespace */
		int proc_errnum;
	} mount;
	struct {
		int version; /* 0 none, 1, 2; 2 also for hybrid hosts' unified tree */
		enum host_answer is_delegated; /* we may make a group, and put processes in it */
		enum host_answer controllers[CONTROLLER_MAX]; /* and limit it by these */
	} cgroup;
	bool has_close_range; /* with CLOEXEC, since 5.11 */
	bool has_pidfd; /* pidfd_open, since 5.3 */
};

/*
 * Asks the kernel what costs no process and no file: about ten system calls. The answers
 * that need a child stay HOST_UNKNOWN, cgroup.version 0. Fails only if uname fails.
 */
int host_probe(struct host *ret_host, struct croft_error *err);

/*
 * As host_probe, and acts out in children what can only be known by doing:
 * that Landlock enforces, that namespaces can be made and mapped. Forks (never in the caller's
 * memory), waits, leaves nothing.
 */
int host_probe_fully(struct host *ret_host, struct croft_error *err);

/* Asks only whether Landlock enforces, in a child; sets host->landlock.enforces. */
int host_probe_enforcement(struct host *host, struct croft_error *err);

/*
 * Whether a kind of namespace is to be had. Those of network and ipc go with mounts where nobody
 * asked: they are made by the same call, and were never seen to be refused where that is not.
 * Trying one beforehand would cost as much as a launch (a network: 0.7 ms), whose stage sees it by
 * its effect, and fails closed.
 */
bool host_ns_goes_with_mounts(enum host_ns kind);
enum host_answer host_ns_answer(const struct host *host, enum host_ns kind);

/*
 * Asks what namespaces and mounts are to be had, in children (user, mount, pid and proc first, in
 * one; the others only if `wanted`, bits 1U << HOST_NS_*, names them): sets host->ns, ns_step,
 * mount. About half a millisecond.
 */
int host_probe_namespaces(struct host *host, unsigned wanted, struct croft_error *err);

/*
 * Asks whether control groups of our own can be had, by looking: nothing is made. Sets
 * host->cgroup. About a tenth of a millisecond. Fails only for lack of memory.
 */
int host_probe_cgroup(struct host *host, struct croft_error *err);

/* Writes "key: value" lines, each key once, in a fixed order; ns-refuser only if it is known. */
void host_print(struct buf *buf, const struct host *host);

/*
 * Reads what host_print wrote. Bounded (HOST_FILE_MAX) and strict: an unknown,
 * missing, or repeated key, or a value out of range, is -EINVAL with the line
 * number and key in err. `text` need not be NUL-terminated.
 */
int host_parse(const char *text, size_t len, struct host *ret_host, struct croft_error *err);

#endif
