/* SPDX-License-Identifier: MIT */
/*
 * drv.h - croft nix-drv: one derivation, built without Nix.
 */
#ifndef CROFT_DRV_DRV_H
#define CROFT_DRV_DRV_H

#include "base/buf.h"
#include "drv/checks.h"
#include "drv/drv_env.h"

/* What is asked for. Paths are absolute but `file` and `closure`. */
struct drv_request {
	const char *file; /* the .drv */
	const char *out; /* the directory that the result becomes; is not there yet */
	const char *store; /* --store, or NULL: Nix's own */
	const char *closure; /* --closure, or NULL: the database */
	const char *shell_dir; /* --shell: no build, but a shell with this as /build; or NULL */
	bool keeps_failed, wants_json;
	struct build_options options; /* result_dir, command and log_fd are not used */
};

/* All that is known of one before it is built. Lives in one arena. */
struct drv_job {
	struct arena *arena;
	const struct drv_request *request;
	struct drv drv;
	struct attrs attrs; /* owned */
	struct graph graph; /* owned */
	const char *real_store;
	struct path_list closure; /* of the inputs */
	struct path_list candidates; /* the same and the outputs: what may be referred to; sorted */
	const struct output_checks *checks;
	struct drv_env env;
	struct result_output *results; /* after it */
};

/* argv[0] is the command's own name. Gives the exit status. */
int drv_main(int argc, char *const argv[]);

/* Reads and decides everything, makes nothing. drv_job_done is due in any case. */
int drv_job_load(struct drv_job *job, struct croft_error *err);
void drv_job_done(struct drv_job *job);
/* Builds, or opens the shell: the exit status. Says on stderr what is wrong. */
int drv_job_run(struct drv_job *job);

/* The answer, for stdout. */
void drv_print(const struct drv_job *job, struct buf *out);
/* The command that opens a shell in the kept directory `dir`, one line. */
void drv_print_shell(const struct drv_job *job, const char *dir, struct buf *out);

#endif
