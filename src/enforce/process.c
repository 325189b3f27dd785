/* SPDX-License-Identifier: MIT */
/*
 * process.c - limits, privileges and descriptors of the process to be.
 *
 * child-path: no allocation
 */
#include "enforce/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "host/host.h"
#include "sys/calls.h"
#include "sys/fd.h"

static const int limit_resources[LIMIT_MAX] = {
	[LIMIT_MEMORY] = RLIMIT_AS,         [LIMIT_PROCESSES] = RLIMIT_NPROC,
	[LIMIT_OPEN_FILES] = RLIMIT_NOFILE, [LIMIT_FILE_SIZE] = RLIMIT_FSIZE,
	[LIMIT_CPU] = RLIMIT_CPU,           [LIMIT_CPU_PERCENT] = -1, /* a control group's */
};

static int set_limit(const struct profile *profile, enum limit limit, struct croft_error *err)
{
	struct rlimit wanted, old;
	int r;

	if (!profile->has_limit[limit] || limit_resources[limit] < 0)
		return 0;
	wanted.rlim_cur = wanted.rlim_max = profile->limits[limit];
	r = sys_prlimit(limit_resources[limit], NULL, &old);
	if (r < 0)
		return fail(err, CROFT_STAGE_LIMITS, -r, "read the limit '%s'",
			    limit_names[limit].name);
	/* a lower limit from outside stays: nobody gains by asking for more */
	if (old.rlim_max < wanted.rlim_max)
		wanted.rlim_cur = wanted.rlim_max = old.rlim_max;
	r = sys_prlimit(limit_resources[limit], &wanted, NULL);
	if (r < 0)
		return fail(err, CROFT_STAGE_LIMITS, -r, "set the limit '%s'",
			    limit_names[limit].name);
	return 0;
}

int limits_apply(const struct profile *profile, unsigned controllers, struct croft_error *err)
{
	for (int limit = 0; limit < LIMIT_MAX; limit++) {
		int r = 0;

		if (limit == LIMIT_OPEN_FILES ||
		    (limit == LIMIT_MEMORY && (controllers & 1U << CONTROLLER_MEMORY)) ||
		    (limit == LIMIT_PROCESSES && (controllers & 1U << CONTROLLER_PIDS)))
			continue;
		r = set_limit(profile, (enum limit)limit, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int limits_apply_open_files(const struct profile *profile, struct croft_error *err)
{
	return set_limit(profile, LIMIT_OPEN_FILES, err);
}

/*
 * The bounding set can only be emptied with CAP_SETPCAP. Without it nothing is lost:
 * under no_new_privs an exec cannot gain what the permitted set does not hold.
 */
static int empty_bounding_set(struct croft_error *err)
{
	int r = 0;

	for (unsigned long cap = 0; r >= 0; cap++)
		r = sys_prctl(PR_CAPBSET_DROP, cap, 0, 0, 0);
	/* EINVAL: one past the last capability that this kernel knows */
	if (r != -EINVAL)
		return fail(err, CROFT_STAGE_PRIVILEGES, -r, "empty the bounding set");
	return 0;
}

static bool is_empty(const struct sys_caps *caps)
{
	return !(caps->effective[0] | caps->effective[1] | caps->permitted[0] | caps->permitted[1] |
		 caps->inheritable[0] | caps->inheritable[1]);
}

int privileges_apply(bool drops_capabilities, struct croft_error *err)
{
	static const struct sys_caps none;
	struct sys_caps caps;
	int r = sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

	if (r < 0)
		return fail(err, CROFT_STAGE_PRIVILEGES, -r, "set no_new_privs");
	if (!drops_capabilities)
		return 0;
	r = sys_capget(&caps);
	if (r < 0)
		return fail(err, CROFT_STAGE_PRIVILEGES, -r, "read the capabilities");
	if (is_empty(&caps))
		return 0;
	if (caps.effective[0] & (1U << CAP_SETPCAP)) {
		r = empty_bounding_set(err);
		if (r < 0)
			return r;
	}
	/*
	 * the ambient set follows the permitted and inheritable ones (capabilities(7), since
	 * 4.3)
	 */
	r = sys_capset(&none);
	if (r < 0)
		return fail(err, CROFT_STAGE_PRIVILEGES, -r, "drop the capabilities");
	r = sys_capget(&caps);
	if (r < 0 || !is_empty(&caps)) {
		(void)fail(err, CROFT_STAGE_PRIVILEGES, 0,
			   "the kernel did not drop the capabilities");
		return -EOPNOTSUPP;
	}
	return 0;
}

int privileges_drop_one(int capability, struct croft_error *err)
{
	const uint32_t bit = 1U << capability % 32;
	const int word = capability / 32;
	struct sys_caps caps;
	int r = sys_capget(&caps);

	/* an exec as user 0 gives back what the bounding set has: without CAP_SETPCAP it stays */
	if (r == 0 && caps.effective[0] & (1U << CAP_SETPCAP))
		r = sys_prctl(PR_CAPBSET_DROP, (unsigned long)capability, 0, 0, 0);
	if (r == 0) {
		caps.effective[word] &= ~bit;
		caps.permitted[word] &= ~bit;
		caps.inheritable[word] &= ~bit;
		r = sys_capset(&caps);
	}
	return r < 0 ? fail(err, CROFT_STAGE_PRIVILEGES, -r, "drop the capability %d", capability)
		     : 0;
}

/* A decimal name to a number, -1 for anything else ("." and ".."). */
static int name_to_fd(const char *name)
{
	int fd = 0;

	for (; *name; name++) {
		if (*name < '0' || *name > '9' || fd > 100000000)
			return -1;
		fd = fd * 10 + (*name - '0');
	}
	return fd;
}

/* For kernels before 5.11, and filters that hide close_range. */
static int mark_by_proc(void)
{
	_Alignas(uint64_t) char entries[2048];
	AUTO_FD int dir = sys_openat(AT_FDCWD, "/proc/self/fd", O_RDONLY | O_DIRECTORY, 0);
	ssize_t n;

	if (dir < 0)
		return dir;
	while ((n = sys_getdents64(dir, entries, sizeof(entries))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct sys_dirent *entry = (const void *)(entries + at);
			int fd = name_to_fd(entry->name);
			int r = fd > 2 ? sys_fcntl(fd, F_SETFD, FD_CLOEXEC) : 0;

			if (r < 0)
				return r;
			at += entry->length;
		}
	}
	return (int)n;
}

int descriptors_apply(const int *keep, size_t n_keep, struct croft_error *err)
{
	int r = sys_close_range(3, ~0U, ABI_CLOSE_RANGE_CLOEXEC);

	if (r == -ENOSYS || r == -EINVAL || r == -EPERM)
		r = mark_by_proc();
	if (r < 0)
		return fail(err, CROFT_STAGE_DESCRIPTORS, -r, "mark the descriptors to be closed");
	for (size_t i = 0; i < n_keep; i++) {
		r = sys_fcntl(keep[i], F_SETFD, 0);
		if (r < 0)
			return fail(err, CROFT_STAGE_DESCRIPTORS, -r, "keep descriptor %d",
				    keep[i]);
	}
	return 0;
}
