/* SPDX-License-Identifier: MIT */
/*
 * cleanup.c - cleanup_job: nothing of the job is left, whatever became of it.
 *
 * The runner calls it also when prepare_job has failed or was killed, and then with no state. So
 * it does
 * not ask for one: all that this runner has in the store is removed, as it has one job at a time.
 * A second call finds nothing and is content.
 */
#include "gha/hook.h"

int hook_cleanup(const struct hook *hook, struct croft_error *err)
{
	const char *owner = arena_printf(hook->arena, "%s/container", hook->runner);
	int r = state_sweep(hook->store, hook->runner, err);

	if (r == 0 && owner)
		r = state_sweep(hook->store, owner, err);
	return r;
}
