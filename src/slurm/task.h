/* SPDX-License-Identifier: MIT */
/*
 * task.h - one task of a job as a command line of the launcher.
 *
 * Pure but for task_limits: what comes in are the task's words and variables as slurmstepd has
 * them, all of the user's choosing; what goes out points into them or lies in the arena.
 */
#ifndef CROFT_SLURM_TASK_H
#define CROFT_SLURM_TASK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"

#define TASK_ARENA_MAX (32U << 20) /* words and variables that an execve takes are far below it */

struct task {
	const char *croft, *profile;
	bool is_enforced; /* then no directory of the user's is looked in for the profile's name */
	bool is_batch; /* argv[0] is the script that slurmd has put into its spool directory */
	char *const *argv, *const *env; /* each ends with NULL */
};

/*
 * croft run --profile PROFILE --env SLURM... --keep-fd ... -- argv
 *
 * What is added to the profile, and no more: Slurm's variables by their names (no SLURM_JWT, which
 * is a key), the descriptor of PMI where one is named, and of a batch job the script itself. What
 * the loader would take from the environment is given behind croft's back: --env NAME=VALUE.
 */
int task_words(struct arena *arena, const struct task *task, char ***ret_words,
	       struct croft_error *err);

/*
 * The launcher's own environment: the task's, without what could make a dynamically linked
 * launcher run the user's code before anything is confined (the names that glibc takes from no
 * set-user-ID program), and without slurmstepd's notes of limits.
 */
int task_env(struct arena *arena, const struct task *task, char ***ret_env,
	     struct croft_error *err);

/*
 * Applies the resource limits that the submitting side wants to have carried over
 * (PropagateResourceLimits): the soft ones, as slurmstepd would have done just before its execve.
 * One that is above the hard limit becomes that, unless the user has asked for it ("U", srun
 * --propagate): then it is an error, as it is there.
 */
int task_limits(char *const *env, struct croft_error *err);

#endif
