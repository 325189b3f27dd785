/* SPDX-License-Identifier: MIT */
/*
 * options.h - the workflow's `options:`, words for docker, as far as they mean something here.
 */
#ifndef CROFT_GHA_OPTIONS_H
#define CROFT_GHA_OPTIONS_H

#include "base/arena.h"
#include "base/err.h"
#include "gha/contract.h"

struct job_options {
	const char **words; /* for croft run */
	size_t n_words, words_capacity;
	struct request_pair *env;
	size_t n_env, env_capacity;
	struct request_mount *mounts; /* of --volume */
	size_t n_mounts, mounts_capacity;
	const char *workdir; /* NULL: none was said */
	const char **warnings; /* one line each */
	size_t n_warnings, warnings_capacity;
};

/*
 * Reads the text; NULL is no options. Honoured: --cpus, --memory, --pids-limit, --ulimit nofile,
 * --env, --volume, --workdir, --network none (and host). The words have a profile, `job`, or
 * `build` where there is to be no network. Everything else is a warning. Errors (stage usage): a
 * quote that is not closed, a value that is honoured and makes no sense.
 */
int options_read(const char *text, struct arena *arena, struct job_options *ret_options,
		 struct croft_error *err);

#endif
