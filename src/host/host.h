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
#include "sys/abi.h"

#define HOST_FILE_MAX 16384 /* bytes of a saved host; ours are under 1 KiB */

/* A question that needs a child to be answered. Unknown: not asked, or it could not be told. */
enum host_answer { HOST_UNKNOWN, HOST_YES, HOST_NO, HOST_ANSWER_MAX };

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
	struct {
		enum host_answer works; /* a child could make one and map its id */
		int errnum; /* what refused it */
	} userns;
	struct {
		int version; /* 0 none, 1, 2; 2 also for hybrid hosts' unified tree */
		enum host_answer is_delegated; /* we may make a child group */
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
 * that Landlock enforces, that a user namespace can be made and mapped, that a
 * cgroup can be made. Forks (never in the caller's memory), waits, leaves nothing.
 */
int host_probe_fully(struct host *ret_host, struct croft_error *err);

/* Asks only whether Landlock enforces, in a child; sets host->landlock.enforces. */
int host_probe_enforcement(struct host *host, struct croft_error *err);

/* Writes "key: value" lines, each key once, in a fixed order. */
void host_print(struct buf *buf, const struct host *host);

/*
 * Reads what host_print wrote. Bounded (HOST_FILE_MAX) and strict: an unknown,
 * missing, or repeated key, or a value out of range, is -EINVAL with the line
 * number and key in err. `text` need not be NUL-terminated.
 */
int host_parse(const char *text, size_t len, struct host *ret_host, struct croft_error *err);

#endif
