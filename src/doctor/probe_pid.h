/* SPDX-License-Identifier: MIT */
/*
 * probe_pid.h - the process of --pid: what was opened of it, and how a probe comes to be where it
 * is.
 *
 * Everything about it is opened once, in the doctor's own process, by descriptors that stay with
 * this process even when its number is used again. It is left as it was: only its filters cannot
 * be read without stopping it for a moment.
 */
#ifndef CROFT_DOCTOR_PROBE_PID_H
#define CROFT_DOCTOR_PROBE_PID_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "doctor/probe.h"

#define PID_NS_KINDS 7
#define PID_FILTERS_MAX 32 /* the kernel's own limit is 32768 instructions for all of them */
#define PID_FILTER_MAX 4096 /* instructions of one: BPF_MAXINSNS */
#define PID_GROUPS_MAX 64
#define PID_STOP_MS 250 /* for the process to stop; then it is let go */

struct pid_ns {
	const char *name; /* of the link in /proc/N/ns */
	int flag;
	bool is_ours; /* nothing to enter */
	int fd; /* -1 */
	int errnum; /* why it could not be opened or compared */
};

/* One filter, as the kernel gives it back. */
struct pid_filter {
	unsigned n; /* instructions, 8 bytes each */
	uint64_t instructions[PID_FILTER_MAX];
};

/* Shared with the child that stops the process. */
struct pid_filters {
	unsigned n;
	int errnum; /* why they could not be had */
	const char *step; /* "seize", "stop", "get", "count" */
	struct pid_filter all[PID_FILTERS_MAX]; /* the newest first */
};

struct pid_ids {
	uint32_t uid[3], gid[3]; /* real, effective, saved; as its own namespace has them */
	uint32_t groups[PID_GROUPS_MAX];
	size_t n_groups;
};

struct pid_target {
	pid_t pid;
	int proc_fd; /* O_PATH of /proc/N */
	int pidfd; /* -1 before Linux 5.3 */
	struct pid_ns ns[PID_NS_KINDS]; /* the user namespace is the first */
	int root_fd, root_errnum;
	char status[8192]; /* /proc/N/status as it was when it was opened */
	uint64_t caps_effective, caps_permitted, caps_inheritable, caps_bounding;
	bool has_nnp;
	int seccomp; /* 0, 1 strict, 2 filter; -1: the kernel does not tell */
	struct pid_filters *filters; /* NULL: none are in force */
	struct pid_ids ids;
	int ids_errnum;
	struct rlimit limits[RLIM_NLIMITS];
	int limits_errnum;
};

/*
 * Opens process `pid`. -ESRCH with words for one that has ended, is a zombie, or is none: nothing
 * is opened then. What the caller may not see is noted in its place. Stops it for a moment if it
 * has a filter that may be read: at most PID_STOP_MS. Ended by pid_target_close.
 */
int pid_target_open(pid_t pid, struct pid_target **ret_target, struct croft_error *err);
void pid_target_close(struct pid_target *target);

/*
 * Makes this process what context->target is: its limits, namespaces (not its control group),
 * root, ids, bounding set, capabilities, no_new_privs, filters; then calls run, in one more
 * child where there is a pid namespace to be in. Where any of them cannot be taken over, run is
 * not called: what it found would be the shell's answer. probe_context.enter.
 */
void pid_enter(const struct probe_context *context,
	       void (*run)(const struct probe_context *context));

/* The same up to the filters, for who reports: OBS_PID_ENTERED, one for each part. */
void pid_try(const struct probe_context *context);

/*
 * From the path of a control group ("/system.slice/x.service") the unit of systemd it is of, ""
 * if of none: the last component that ends as units do. Pure.
 */
void pid_unit_name(const char *cgroup, char *ret, size_t size);
/* Reports the unit's files and directives that take something away, below the directory root. */
void pid_unit_look(const struct probe_context *context, int root, const char *unit);

#endif
