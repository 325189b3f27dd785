/* SPDX-License-Identifier: MIT */
/*
 * pid_enter.c - makes a probe's process what the process of --pid is, step by step.
 *
 * The order is the only one in which each step still has the rights it needs:
 *
 *   limits       of numbers, while our own are the higher ones
 *   namespaces   first those that our rights here suffice for, then the user namespace, in which we
 *                have every capability, then the rest. The control group is not entered: nothing
 *                there may be left in it. A pid namespace is for children: run is called in one
 *   root         by descriptor, if "/" of that mount namespace is not its root
 *   filters      the oldest first, as they were installed. Where it has no no_new_privs, that takes
 *                our CAP_SYS_ADMIN, so it comes before that goes, as container runtimes do it; they
 *                let pass what is needed to give up the rest. Where it has, they come last
 *   bounding set, ids, capabilities, no_new_privs
 *
 * Each is seen to be in force, or run is not called. A security label cannot be taken over: a
 * process with another one is not entered.
 *
 * The files of `tmp` are in a mount that may not be there: they are reached by descriptor then, and
 * belong to the ids that the process has.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "doctor/probe_pid.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define CAP_SYS_ADMIN_BIT 21
#define CAP_LAST 63

/* What was not taken over: a word, and why. step "" is success. */
struct result {
	const char *step;
	int errnum;
};

static const struct result done = { "", 0 };

static struct result failed(const char *step, long r)
{
	return (struct result){ step, r < 0 ? (int)-r : (int)r };
}

/* "label (unconfined)" and the like have a line end in some kernels, and not in others. */
static bool has_our_label(const struct pid_target *target)
{
	char here[256], there[256];
	ssize_t a = text_read(AT_FDCWD, "/proc/self/attr/current", here, sizeof(here));
	ssize_t b = text_read(target->proc_fd, "attr/current", there, sizeof(there));

	if (a < 0 && b < 0)
		return true; /* no module has labels */
	here[strcspn(here, "\n")] = there[strcspn(there, "\n")] = '\0';
	return a >= 0 && b >= 0 && strcmp(here, there) == 0;
}

/* Lower only: a hard limit above ours takes CAP_SYS_RESOURCE, which is tried. */
static struct result take_limits(const struct pid_target *target)
{
	if (target->limits_errnum)
		return failed("limits", target->limits_errnum);
	for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
		struct rlimit ours;
		int r = sys_prlimit(i, NULL, &ours);

		if (r == 0 && (ours.rlim_cur != target->limits[i].rlim_cur ||
			       ours.rlim_max != target->limits[i].rlim_max))
			r = sys_prlimit(i, &target->limits[i], NULL);
		if (r < 0)
			return failed("limits", r);
	}
	return done;
}

/* One round over all kinds but the user namespace; which are left, as bits. */
static unsigned join_round(const struct pid_target *target, unsigned left, int *ret_errnum)
{
	for (size_t i = 1; i < PID_NS_KINDS; i++) {
		int r;

		if (!(left & 1U << i))
			continue;
		r = sys_setns(target->ns[i].fd, target->ns[i].flag);
		if (r == 0)
			left &= ~(1U << i);
		else
			*ret_errnum = -r;
	}
	return left;
}

static struct result join_namespaces(const struct pid_target *target)
{
	unsigned left = 0;
	int errnum = 0;

	for (size_t i = 0; i < PID_NS_KINDS; i++) {
		if (target->ns[i].errnum)
			return failed(target->ns[i].name, target->ns[i].errnum);
		if (!target->ns[i].is_ours)
			left |= 1U << i;
	}
	left = join_round(target, left, &errnum);
	if (left & 1U) {
		int r = sys_setns(target->ns[0].fd, CLONE_NEWUSER);

		if (r < 0)
			return failed("user", r);
		left = join_round(target, left & ~1U, &errnum);
	}
	for (size_t i = 1; i < PID_NS_KINDS; i++)
		if (left & 1U << i)
			return failed(target->ns[i].name, errnum);
	return done;
}

static bool is_same_place(int fd, const char *path)
{
	struct stat one, other;

	return sys_fstatat(fd, "", &one, AT_EMPTY_PATH) == 0 &&
	       sys_fstatat(AT_FDCWD, path, &other, 0) == 0 && one.st_ino == other.st_ino &&
	       one.st_dev == other.st_dev;
}

static struct result take_root(const struct pid_target *target)
{
	int r;

	if (target->root_errnum)
		return failed("root", target->root_errnum);
	r = sys_fchdir(target->root_fd);
	if (r == 0 && !is_same_place(target->root_fd, "/"))
		r = sys_chroot(".");
	if (r == 0)
		r = sys_chdir("/");
	return r < 0 ? failed("root", r) : done;
}

static struct result take_filters(const struct pid_target *target)
{
	const struct pid_filters *filters = target->filters;

	if (!filters)
		return done;
	if (filters->errnum)
		return failed(filters->step, filters->errnum);
	for (unsigned i = filters->n; i > 0; i--) {
		struct sock_filter instructions[PID_FILTER_MAX];
		struct sock_fprog program = { (unsigned short)filters->all[i - 1].n, instructions };
		int r;

		memcpy(instructions, filters->all[i - 1].instructions,
		       program.len * sizeof(instructions[0]));
		r = sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program);
		if (r < 0)
			return failed("install", r);
	}
	return done;
}

static struct result take_bounding(const struct pid_target *target)
{
	for (int cap = 0; cap <= CAP_LAST; cap++) {
		int have = sys_prctl(PR_CAPBSET_READ, (unsigned long)cap, 0, 0, 0), r;

		if (have < 0)
			break; /* the kernel has no more of them */
		if (target->caps_bounding & UINT64_C(1) << cap) {
			if (have == 0)
				return failed("bounding", EPERM);
		} else if (have) {
			r = sys_prctl(PR_CAPBSET_DROP, (unsigned long)cap, 0, 0, 0);
			if (r < 0)
				return failed("bounding", r);
		}
	}
	return done;
}

static struct result take_ids(const struct pid_target *target)
{
	const struct pid_ids *ids = &target->ids;
	uint32_t uid[3], gid[3];
	long r;

	if (target->ids_errnum)
		return failed("ids", target->ids_errnum);
	(void)sys_raw(SYS_getresuid, (long)&uid[0], (long)&uid[1], (long)&uid[2], 0, 0, 0);
	(void)sys_raw(SYS_getresgid, (long)&gid[0], (long)&gid[1], (long)&gid[2], 0, 0, 0);
	if (memcmp(uid, ids->uid, sizeof(uid)) == 0 && memcmp(gid, ids->gid, sizeof(gid)) == 0 &&
	    uid[1] != 0)
		return done; /* a user's own process: groups are his, and cannot be set */
	(void)sys_prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0);
	/* refused in a user namespace without privileges: there are none to take then */
	r = sys_raw(SYS_setgroups, (long)ids->n_groups, (long)ids->groups, 0, 0, 0, 0);
	if (r < 0 && (r != -EPERM || target->ns[0].is_ours))
		return failed("ids", r);
	r = sys_raw(SYS_setresgid, ids->gid[0], ids->gid[1], ids->gid[2], 0, 0, 0);
	if (r == 0)
		r = sys_raw(SYS_setresuid, ids->uid[0], ids->uid[1], ids->uid[2], 0, 0, 0);
	return r < 0 ? failed("ids", r) : done;
}

static struct result take_capabilities(const struct pid_target *target)
{
	struct sys_caps caps = {
		.effective = { (uint32_t)target->caps_effective,
			       (uint32_t)(target->caps_effective >> 32) },
		.permitted = { (uint32_t)target->caps_permitted,
			       (uint32_t)(target->caps_permitted >> 32) },
		.inheritable = { (uint32_t)target->caps_inheritable,
				 (uint32_t)(target->caps_inheritable >> 32) },
	};
	int r = sys_capset(&caps);

	return r < 0 ? failed("capabilities", r) : done;
}

/* The probe's directory by descriptor, whoever may reach it by name. */
static int open_tmp(const struct pid_target *target, const char *tmp)
{
	int fd = *tmp ? sys_openat(AT_FDCWD, tmp, O_PATH | O_DIRECTORY, 0) : -1;
	char line[64];
	uint64_t uid, gid;

	/* in our numbers, which the status was read in */
	if (fd >= 0 && text_line(target->status, "Uid:", line, sizeof(line)) &&
	    text_number(line, 10, &uid) == 0 &&
	    text_line(target->status, "Gid:", line, sizeof(line)) &&
	    text_number(line, 10, &gid) == 0)
		(void)sys_raw(SYS_fchownat, AT_FDCWD, (long)tmp, (long)uid, (long)gid,
			      AT_SYMLINK_NOFOLLOW, 0);
	return fd;
}

struct entering {
	const struct probe_context *context;
	void (*run)(const struct probe_context *context);
	bool only_reports;
};

static void report(const struct entering *entering, const char *part, struct result result)
{
	if (!entering->only_reports)
		return;
	report_of(entering->context, OBS_PID_ENTERED, part, *result.step ? OBS_NO : OBS_YES,
		  result.step, result.errnum, OBS_NO_VALUE, NULL);
}

/* What is taken over in the last process, which the namespaces are about. */
static bool become(const struct entering *entering)
{
	const struct pid_target *target = entering->context->target;
	bool filters_first =
		!target->has_nnp && !(target->caps_effective & UINT64_C(1) << CAP_SYS_ADMIN_BIT);
	struct result filters = filters_first ? take_filters(target) : done;
	struct result result = *filters.step ? filters : take_bounding(target);

	if (!*result.step)
		result = take_ids(target);
	if (!*result.step)
		result = take_capabilities(target);
	if (!*result.step && target->has_nnp) {
		int r = sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

		result = r < 0 ? failed("no_new_privs", r) : done;
	}
	if (!*filters.step)
		report(entering, "privileges", result);
	if (!*result.step && !filters_first)
		result = filters = take_filters(target);
	/* a filter may refuse the telling: no record is no success */
	if (target->filters)
		report(entering, "filter", filters);
	return !*result.step;
}

static int last_process(void *arg)
{
	const struct entering *entering = arg;

	if (become(entering) && !entering->only_reports)
		entering->run(entering->context);
	return 0;
}

static void enter(const struct entering *entering)
{
	const struct pid_target *target = entering->context->target;
	struct result result = has_our_label(target) ? done : failed("label", EPERM);
	pid_t pid;

	report(entering, "label", result);
	if (*result.step)
		return;
	result = take_limits(target);
	report(entering, "limits", result);
	if (*result.step)
		return;
	result = join_namespaces(target);
	report(entering, "namespaces", result);
	if (*result.step)
		return;
	result = take_root(target);
	report(entering, "root", result);
	if (*result.step)
		return;
	if (target->ns[2].is_ours) {
		(void)last_process((void *)(uintptr_t)entering);
		return;
	}
	/* the first process that is in the pid namespace */
	pid = child_start(last_process, (void *)(uintptr_t)entering);
	if (pid > 0)
		(void)child_end(pid, false);
}

void pid_enter(const struct probe_context *context,
	       void (*run)(const struct probe_context *context))
{
	struct probe_context inside = *context;
	struct entering entering = { .context = &inside, .run = run };
	char tmp[32];
	int fd = open_tmp(context->target, context->tmp);

	if (fd >= 0) {
		(void)snprintf(tmp, sizeof(tmp), "/proc/self/fd/%d", fd);
		inside.tmp = tmp;
	}
	enter(&entering);
}

void pid_try(const struct probe_context *context)
{
	const struct entering entering = { .context = context, .only_reports = true };

	enter(&entering);
}
