/* SPDX-License-Identifier: MIT */
/*
 * build.h - one build of Nix, run in a room: what it is, and how it is run.
 *
 * Two commands make a struct build: croft nix-builder from the JSON file that Nix gives it
 * (spec.h), croft nix-drv from a .drv. build_run() is the half that they share: the room's tree
 * (skeleton.h), the options of `croft run --root`, the log, the signals, the outputs moved out.
 */
#ifndef CROFT_DRV_BUILD_H
#define CROFT_DRV_BUILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

#define BUILD_TMP_INSIDE "/build" /* what Nix's own sandbox has as sandbox-build-dir */
#define BUILD_UID 1000 /* of the builder, as in Nix's own sandbox */
#define BUILD_GID 100

struct build_variable {
	const char *name, *value;
};

struct build_output {
	const char *name; /* "out" */
	const char *path; /* as the builder sees it: store_dir/BASENAME */
};

/* All strings are the caller's. Store paths are store_dir/BASENAME, checked: no further '/'. */
struct build {
	const char *builder; /* absolute, in the room */
	const char *const *args; /* without argv[0] */
	size_t n_args;
	const struct build_variable *env; /* all of it: nothing is added */
	size_t n_env;
	const char *const *inputs; /* store paths: the whole closure */
	size_t n_inputs;
	const struct build_output *outputs;
	size_t n_outputs;
	const char *store_dir; /* in the room: "/nix/store" */
	const char *real_store_dir; /* where the inputs lie outside */
	const char *tmp_dir; /* outside: what the room has as tmp_inside; the caller's to remove */
	const char *tmp_inside; /* in the room: BUILD_TMP_INSIDE */
	const char *system; /* "x86_64-linux" */
	bool is_fixed_output; /* the host's network, and what it takes to use it */
};

/* How it is run, whatever is built. */
struct build_options {
	/*
	 * Where the outputs come to lie, under their BASENAMEs, when the builder ends with 0; the
	 * private directory of the build is made there as well, for they are moved by rename.
	 */
	const char *result_dir;
	const char *shell; /* a static shell for /bin/sh; NULL: the first known one, or none */
	const char *const *mounts; /* HOST:PATH, read-only each */
	size_t n_mounts;
	const char *const *run_options; /* words for croft run: "--limit", "memory=4G", ... */
	size_t n_run_options;
	/*
	 * Run in place of the builder, with the caller's own stdin, stdout and stderr: a shell in
	 * the true environment. NULL-terminated; NULL: the builder, stdin /dev/null, its stdout
	 * and stderr by a pipe to log_fd.
	 */
	const char *const *command;
	int log_fd; /* borrowed */
};

/* How the builder ended. */
struct build_result {
	bool is_started; /* false: croft could not start it, and has said why on log_fd */
	int signal; /* that killed it, or 0 */
	int status; /* its exit status, if signal is 0; croft's if it was not started */
};

/*
 * Runs it: returns 0 once the builder has ended in whatever way, with *ret_result set, or -errno if
 * it was not run or its outputs could not be moved. Nothing but the outputs is left then; killed by
 * SIGKILL, a process of its own removes it. SIGTERM, SIGINT and SIGHUP are passed on to the build.
 * For a program of one thread that has no other child. Blocks for as long as the build takes.
 */
int build_run(const struct build *build, const struct build_options *options,
	      struct build_result *ret_result, struct croft_error *err);

#endif
