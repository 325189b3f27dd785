/* SPDX-License-Identifier: MIT */
/*
 * init.h - the first process of a pid namespace.
 */
#ifndef CROFT_LAUNCH_INIT_H
#define CROFT_LAUNCH_INIT_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Who holds this holds the namespace: when `life` is closed, by whatever end, everything in the
 * namespace is killed.
 */
struct init {
	pid_t pid; /* 0: none */
	int life; /* owned: the one write end of the pipe whose end init waits for; -1: none */
	void *stack; /* owned: init's; NULL: none */
};

/* None. */
void init_none(struct init *init);

/*
 * Makes the stack and the pipe, for one init_start. Ended by init_end, started or not. A child that
 * the caller forks while it lives, and that does not execute anything, keeps a copy of the pipe:
 * the namespace ends with both then. Stage start.
 */
int init_prepare(struct init *init, struct croft_error *err);

/*
 * Makes the process, in the pid namespace that the caller has made for its children, as a child
 * of the caller's parent. For a child that borrows the memory in which `init` lies; it must
 * hold no copy of the write end by then (init_let_go). All signals are blocked. Stage start.
 */
int init_start(struct init *init, struct croft_error *err);
/* Closes the calling process' copy of the write end; `init` stays as it is: it is another's. */
void init_let_go(const struct init *init);
/* Closes the caller's copy of the read end, once init has its own. */
void init_watched(const struct init *init);

/*
 * In the process that prepared it: kills everything in the namespace, waits until it is gone, and
 * frees what init_prepare made. *ret_killed (may be NULL): how many were running. A child of the
 * caller's in the namespace must have been waited for: its end is waited for here. Blocks, at most
 * some seconds; then it is an error (stage supervise), and init is killed all the same.
 */
int init_end(struct init *init, unsigned *ret_killed, struct croft_error *err);

#endif
