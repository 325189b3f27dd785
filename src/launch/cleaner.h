/* SPDX-License-Identifier: MIT */
/*
 * cleaner.h - the process that removes what a launch has made, whatever happens.
 */
#ifndef CROFT_LAUNCH_CLEANER_H
#define CROFT_LAUNCH_CLEANER_H

#include <sys/types.h>

#include "base/err.h"

/*
 * Starts the cleaner: a process of its own that waits for the end of the calling process,
 * SIGKILL included, and then removes the control group `group`, killing what is in it, and the
 * directory `tmpdir` (each may be NULL). To be called before these are made, so that no
 * moment is left in which a kill leaves something behind.
 *
 * The cleaner borrows the caller's memory (CLONE_VM) for as long as it lives, so this is for the
 * command line only. It does not count as a child for wait(2).
 */
int cleaner_start(const char *tmpdir, const char *group, pid_t *ret_pid, struct croft_error *err);

/*
 * Removes both now and ends the cleaner, which is not needed any more: who stays until the end
 * leaves nothing for later. Stage supervise.
 */
int cleaner_finish(const char *tmpdir, const char *group, pid_t cleaner, struct croft_error *err);

#endif
