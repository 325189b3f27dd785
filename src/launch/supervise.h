/* SPDX-License-Identifier: MIT */
/*
 * supervise.h - a parent that waits: time limit, signals, kill tree, resource use.
 *
 * For the command line only: it makes the calling process a subreaper and takes
 * its signals.
 */
#ifndef CROFT_LAUNCH_SUPERVISE_H
#define CROFT_LAUNCH_SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/resource.h>

#include "launch/launch.h"

struct outcome {
	bool has_started; /* the command was executed; all below means nothing otherwise */
	int status; /* as wait(2) gives it */
	bool timed_out;
	struct rusage usage; /* of the command and what it waited for */
	int64_t wall_ms;
	unsigned n_killed; /* processes that were left and were killed */
	unsigned n_oom_killed; /* by the kernel: all together were over the memory limit */
};

/*
 * Starts the prepared launch and stays until it has ended and nothing is left of it.
 *
 * Signals that a process can be asked to end or reload with are passed on; those the terminal
 * sends to the whole group reach the command by themselves. A command that
 * stops itself stops croft too, so that the shell sees it. At the end of `time_ms`
 * TERM, after `grace_ms` KILL. ret_outcome is filled in on failure too.
 */
int supervise(struct launch *launch, struct outcome *ret_outcome, struct croft_error *err);

#endif
