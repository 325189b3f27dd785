/* SPDX-License-Identifier: MIT */
/*
 * state.h - what prepare_job has decided, kept for the steps of the job.
 *
 * The store is a directory of the runner's user, mode 0700, outside of everything that a job can
 * see: whoever could write the state of a job could have its next step mount what he likes.
 *
 *	STORE/.lock                 held while jobs appear and are swept
 *	STORE/ID/lock               held by each call of the hook for that job
 *	STORE/ID/state.json         0600, replaced by rename
 *	STORE/ID/upper/             what the job writes to the image (croft run --upper)
 *	STORE/ID/volumes/NAME/      named and fresh volumes
 */
#ifndef CROFT_GHA_STATE_H
#define CROFT_GHA_STATE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "gha/contract.h"
#include "gha/pod.h"

struct job {
	char id[JOB_ID_SIZE];
	char path[PATH_MAX]; /* STORE/ID */
	int lock; /* owned; -1: none */
	/* below: what state.json has; texts live in the arena */
	const char *runner; /* the runner's own temporary directory: whose job it is */
	const char *image; /* as the workflow names it */
	const char *root; /* the image's directory */
	uint64_t root_dev, root_ino; /* it is still that one, */
	int64_t root_changed; /* and nothing in it was added or taken away (its mtime, ns) */
	const char *workdir; /* "": none was said */
	struct request_pair *env; /* the image's, the container's, the options'; PATH among them */
	size_t n_env;
	struct pod_mount *mounts; /* host and path set, none fresh */
	size_t n_mounts;
	const char **options; /* further words for croft run */
	size_t n_options;
	bool is_alpine;
};

/*
 * The store: $CROFT_GHA_STATE, else $XDG_STATE_HOME/croft/gha, else ~/.local/state/croft/gha. Made
 * where it is missing. Errors (stage prepare): it cannot be, or others may write it.
 */
int state_store(char ret_path[PATH_MAX], struct croft_error *err);

/*
 * A new job of this runner, locked. Jobs of the same runner that nobody works on are removed first:
 * a runner has one job at a time, so they are of earlier ones that never came to their cleanup.
 */
int state_new(const char *store, const char *runner, struct arena *arena, struct job *ret_job,
	      struct croft_error *err);
/* Writes state.json whole or not at all. */
int state_write(const struct job *job, struct croft_error *err);
/*
 * The job of that id, locked. Waits a little for a call that is just ending. Errors: there is none
 * (-ENOENT), it is another runner's, it is in use, it cannot be read.
 */
int state_load(const char *store, const char *id, const char *runner, struct arena *arena,
	       struct job *ret_job, struct croft_error *err);
/* Removes all jobs of this runner that nobody works on. */
int state_sweep(const char *store, const char *runner, struct croft_error *err);
/* Removes the job and gives up the lock. */
int state_remove(struct job *job, struct croft_error *err);
void state_done(struct job *job); /* gives up the lock only */

/* STORE/ID/volumes/NAME, made with mode 0777 below a directory that is 0700. */
int state_volume(const struct job *job, const char *name, struct arena *arena,
		 const char **ret_path, struct croft_error *err);

/* The kernel's own name of what a path leads to, links followed. 0 or -errno. */
int state_real_path(const char *path, char ret[PATH_MAX]);

#endif
