/* SPDX-License-Identifier: MIT */
/*
 * seccomp.c - the stage that installs the filter (Documentation/userspace-api/seccomp_filter.rst).
 */
#include "enforce/seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include "sys/calls.h"

int seccomp_apply(const struct sock_filter *filter, size_t n, struct croft_error *err)
{
	struct sock_fprog program = { .len = (unsigned short)n,
				      .filter = (struct sock_filter *)(uintptr_t)filter };
	int r;

	if (n == 0)
		return 0;
	r = sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &program);
	if (r < 0)
		return fail(err, CROFT_STAGE_SECCOMP, -r, "install the system call filter");
	r = sys_prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
	if (r != SECCOMP_MODE_FILTER) {
		(void)fail(err, CROFT_STAGE_SECCOMP, 0,
			   "the kernel took the system call filter but it is not in force");
		return -EOPNOTSUPP;
	}
	return 0;
}
