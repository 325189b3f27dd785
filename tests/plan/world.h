/* SPDX-License-Identifier: MIT */
/*
 * world.h - one plan among the many of test_properties.c, and the questions that are asked of it.
 *
 * What may be called is asked of the policy's own verdict, with the arguments that a program would
 * use; the simulator's tests show that the filter gives the same answer.
 */
#ifndef CROFT_TESTS_PLAN_WORLD_H
#define CROFT_TESTS_PLAN_WORLD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>

#include "plan/plan.h"

/* One plan and what it was made from. */
struct world {
	const struct plan *plan;
	const struct profile *profile;
	const struct plan *older; /* the same wishes on the ABI before; NULL for the first */
	const struct plan *other_arch; /* the same on aarch64 */
	const struct plan *again; /* the same once more; mostly NULL, as printing is slow */
	unsigned ports;
	bool has_socket, has_ring;
	char label[256];
};

static inline bool is_wanted(const struct world *world, enum protection protection)
{
	return world->profile->require[protection] != REQUIRE_OFF;
}

static inline bool is_kept(const struct world *world, enum protection protection)
{
	return is_wanted(world, protection) &&
	       world->plan->rows[protection].state == STATE_ENFORCED;
}

static inline bool has_filter(const struct world *world)
{
	return world->plan->host.seccomp.errnum == 0;
}

/* The ABI that counts: none where nothing is enforced. */
static inline int abi_of(const struct world *world)
{
	return world->plan->host.landlock.enforces == HOST_NO ? 0 : world->plan->host.landlock.abi;
}

static inline bool is_refused(const struct world *world, const char *name, uint64_t a, uint64_t b,
			      uint64_t c, uint64_t d)
{
	const uint64_t args[6] = { a, b, c, d };

	for (size_t i = 0; i < n_syscall_entries; i++)
		if (!strcmp(syscall_entries[i].name, name))
			return syscall_policy_verdict(&world->plan->syscalls, ABI_AUDIT_ARCH_X86_64,
						      (uint32_t)syscall_entries[i].nr[ARCH_X86_64],
						      args) != VERDICT_ALLOW;
	return false;
}

static inline bool refuses_socket(const struct world *world, int family, int type, int protocol)
{
	return is_refused(world, "socket", (uint64_t)family, (uint64_t)(type | SOCK_CLOEXEC),
			  (uint64_t)protocol, 0);
}

static inline bool refuses_inet(const struct world *world, int type, int protocol)
{
	return refuses_socket(world, AF_INET, type, protocol) &&
	       refuses_socket(world, AF_INET6, type, protocol);
}

static inline bool refuses_rings(const struct world *world)
{
	return is_refused(world, "io_uring_setup", 8, 0, 0, 0);
}

#endif
