/* SPDX-License-Identifier: MIT */
/*
 * hold.h - the other end of a new pseudo terminal, kept open until somebody else has it open.
 *
 * For kernels that answer EIO to a read of a master whose slave was never opened (gVisor since
 * May 2023); Linux blocks there. All functions keep errno, and none waits but hold_wait.
 */
#ifndef CROFT_PTYFIX_HOLD_H
#define CROFT_PTYFIX_HOLD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#define HOLDS_MAX 64 /* at once; the next masters are as the kernel makes them */
#define HOLD_SLICE_MS 20 /* how often it is looked whether somebody else has it open */

/* A master that was just opened, before anybody else knows of it. Does nothing on other kernels. */
void hold_begin(int master);
/* Lets go of the slave of this master, if it is held and this process holds it. */
void hold_end(int master);
/* The same before `fd` is closed, unless the process has another descriptor of that master. */
void hold_closing(int fd);
/* True if any is held: where it is not, a caller has nothing to do. */
bool hold_any(void);
/* True if it is a master whose slave is held: a hang-up that it shows is a look's, and passes. */
bool hold_has(int fd);
/*
 * Looks at each that is held, if the last look is HOLD_SLICE_MS old: what somebody else has open,
 * what has no master any more, and what nobody is left to open is let go of. Between hold_guard
 * and hold_unguard, which block all signals and put the caller's mask back: a wait takes it in the
 * same call, so that no signal is lost between a look and a wait.
 */
void hold_look(void);
void hold_guard(sigset_t *ret_before);
void hold_unguard(const sigset_t *before);
/*
 * Before a read of `fd`: returns when it will not block for a slave that nobody has opened.
 * False: a signal came whose handler wants the read to be interrupted.
 */
bool hold_wait(int fd);
/* The clock of the looks. */
int64_t hold_now_ms(void);

#endif
