/* SPDX-License-Identifier: MIT */
/*
 * act_play.h - kernels that refuse or lie about namespaces, played by replaced calls: the children
 * of the probe inherit them. What they are to do and what they saw lies in shared memory, for
 * some of the children have memory of their own.
 */
#ifndef CROFT_TESTS_UNIT_ACT_PLAY_H
#define CROFT_TESTS_UNIT_ACT_PLAY_H

#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cleanup.h"
#include "host/probe.h"
#include "sys/calls.h"

#define ALL_KINDS ((1U << HOST_NS_MAX) - 1)

/* What the replaced calls are to do, and what they saw; children with memory of their own too. */
static struct shared {
	int answer, flag, signal;
	unsigned long request;
	const char *name;
	unsigned calls;
} * shared;

static inline int prepare(void **state)
{
	(void)state;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	return shared == MAP_FAILED ? -1 : 0;
}

static inline int restore(void **state)
{
	(void)state;
	for (int i = 0; i < SYS_CALL_MAX; i++)
		sys_replace((enum sys_call)i, NULL);
	*shared = (struct shared){ 0 };
	return 0;
}

static inline struct host probed(unsigned wanted)
{
	struct host host = { 0 };
	struct croft_error err;

	if (host_probe_namespaces(&host, wanted, &err) != 0)
		fail_msg("%s", err.what);
	return host;
}

/* Plays on a host without namespaces would show nothing. */
static inline void needs_namespaces(void)
{
	struct host host = probed(ALL_KINDS);

	for (int i = 0; i < HOST_NS_MAX; i++)
		if (host.ns[i].works != HOST_YES) {
			print_message("no %s namespace here\n", host_ns_names[i].name);
			skip();
		}
}

static inline bool may_mount(void)
{
	struct sys_caps caps;

	return sys_capget(&caps) == 0 && caps.effective[0] & 1U << 21; /* CAP_SYS_ADMIN */
}

/* `refused` is a set of kinds; all others work. */
static inline void assert_refused(const struct host *host, unsigned refused, int errnum)
{
	for (int i = 0; i < HOST_NS_MAX; i++) {
		bool is_refused = refused & 1U << i;

		if (host->ns[i].works != (is_refused ? HOST_NO : HOST_YES) ||
		    host->ns[i].errnum != (is_refused ? errnum : 0))
			fail_msg("%s: %d, errno %d", host_ns_names[i].name, host->ns[i].works,
				 host->ns[i].errnum);
	}
}

static inline long gives_answer(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	shared->calls++;
	return shared->answer;
}

static inline long refuses_a_mount(enum sys_call call, long a, long b, long c, long d, long e,
				   long f)
{
	const char *type = (const char *)(uintptr_t)c;

	if (type && shared->name && strcmp(type, shared->name) == 0)
		return shared->answer;
	return !shared->name && !type ? shared->answer : sys_real(call, a, b, c, d, e, f);
}

#endif
