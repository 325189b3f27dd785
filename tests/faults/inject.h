/* SPDX-License-Identifier: MIT */
/*
 * inject.h - lets one system call fail, at one of its uses, in one of the processes of a launch.
 *
 * Every call of sys/calls.h goes through one function here. What it counts and what it is told lies
 * in shared memory: a process that is watched forks, clones and executes, and whoever watches reads
 * the counters afterwards.
 *
 * The cleaner of the TMPDIR and the init of a pid namespace run beside the launch in the same
 * memory. They are known by the stack that they run on, and counted by themselves, so that what is
 * counted for the launch is always the same.
 */
#ifndef CROFT_TESTS_FAULTS_INJECT_H
#define CROFT_TESTS_FAULTS_INJECT_H

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sys/calls.h"

/* The most that is looked at below the top of a stack. */
#define STACK_OF_ITS_OWN ((uintptr_t)32 << 10)

enum who { WHO_LAUNCH, WHO_CLEANER, WHO_INIT, WHO_MAX };

struct inject {
	/* told */
	enum who who;
	enum sys_call call; /* SYS_CALL_MAX: none fails */
	int errnum;
	unsigned first, last; /* the uses that fail, from 1 */
	unsigned kill_at; /* the call, whichever it is, at which the process is killed; 0: none */
	/* counted */
	unsigned uses[WHO_MAX][SYS_CALL_MAX];
	unsigned n_calls[WHO_MAX], n_failed;
	uintptr_t tops[WHO_MAX]; /* of its stack; 0: not made */
};

static struct inject *inject;

static inline void inject_init(void)
{
	inject = mmap(NULL, sizeof(*inject), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (inject == MAP_FAILED)
		abort();
}

static inline enum who inject_who(void)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	for (int who = WHO_CLEANER; who < WHO_MAX; who++)
		if (here < inject->tops[who] && here >= inject->tops[who] - STACK_OF_ITS_OWN)
			return (enum who)who;
	return WHO_LAUNCH;
}

/* As by kill -9; who is the first of a pid namespace cannot be killed from there, but can end. */
static inline void inject_die(void)
{
	__atomic_add_fetch(&inject->n_failed, 1, __ATOMIC_RELAXED);
	(void)syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
	(void)syscall(SYS_exit_group, 128 + SIGKILL);
}

static long inject_call(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	enum who who = inject_who();
	unsigned use = __atomic_add_fetch(&inject->uses[who][call], 1, __ATOMIC_RELAXED);

	if (__atomic_add_fetch(&inject->n_calls[who], 1, __ATOMIC_RELAXED) == inject->kill_at &&
	    who == inject->who)
		inject_die();
	if (call == SYS_CALL_clone && (a & CLONE_VM) && !(a & CLONE_VFORK))
		inject->tops[a & CLONE_PARENT ? WHO_INIT : WHO_CLEANER] = (uintptr_t)b;
	if (call == inject->call && who == inject->who && use >= inject->first &&
	    use <= inject->last) {
		__atomic_add_fetch(&inject->n_failed, 1, __ATOMIC_RELAXED);
		/* Linux has given the number back even when close fails (close(2)) */
		if (call == SYS_CALL_close)
			(void)sys_real(call, a, b, c, d, e, f);
		return -inject->errnum;
	}
	return sys_real(call, a, b, c, d, e, f);
}

static inline void inject_arm(void)
{
	for (int i = 0; i < SYS_CALL_MAX; i++)
		sys_replace((enum sys_call)i, inject_call);
}

static inline void inject_disarm(void)
{
	for (int i = 0; i < SYS_CALL_MAX; i++)
		sys_replace((enum sys_call)i, NULL);
}

/* Forgets what was counted, and says at which call of whom the process is killed. */
static inline void inject_kill(enum who who, unsigned at)
{
	memset(inject, 0, sizeof(*inject));
	inject->who = who;
	inject->call = SYS_CALL_MAX;
	inject->kill_at = at;
}

/* Forgets what was counted, and says what shall fail: uses first to last of `call`. */
static inline void inject_tell(enum who who, enum sys_call call, int errnum, unsigned first,
			       unsigned last)
{
	memset(inject, 0, sizeof(*inject));
	inject->who = who;
	inject->call = call;
	inject->errnum = errnum;
	inject->first = first;
	inject->last = last;
}

#endif
