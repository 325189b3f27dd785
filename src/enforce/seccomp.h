/* SPDX-License-Identifier: MIT */
/*
 * seccomp.h - the stage that installs the filter.
 */
#ifndef CROFT_ENFORCE_SECCOMP_H
#define CROFT_ENFORCE_SECCOMP_H

#include <stddef.h>

#include "base/err.h"

struct sock_filter;

/*
 * Child stage. Installs the program and asks the kernel whether it is in force.
 *
 * Needs: no_new_privs; every call that the filter refuses already made.
 * Must not: leave room for a later stage that the filter would refuse; only
 * prlimit, rt_sigprocmask and execve follow.
 */
int seccomp_apply(const struct sock_filter *filter, size_t n, struct croft_error *err);

#endif
