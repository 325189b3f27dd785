/* SPDX-License-Identifier: MIT */
/*
 * contract.h - what the runner asks of its container hook: one JSON object on standard input.
 */
#ifndef CROFT_GHA_CONTRACT_H
#define CROFT_GHA_CONTRACT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

#define CONTRACT_MAX_BYTES (8U << 20) /* environments have a few hundred KB at the most */
#define CONTRACT_MAX_ITEMS 16384 /* of one list: variables, mounts, arguments */
#define CONTRACT_ARENA (64U << 20)
#define JOB_ID_SIZE 25 /* 24 hexadecimal digits */

enum request_command { REQUEST_PREPARE, REQUEST_SCRIPT, REQUEST_CONTAINER, REQUEST_CLEANUP };

struct request_pair {
	const char *name, *value;
};

struct request_mount {
	const char *source; /* a path, the name of a volume, or NULL: a fresh directory */
	const char *target;
	bool is_read_only;
	bool is_user; /* the workflow's, not the runner's own */
};

/* The container of prepare_job, or a step. What was null or is not there is NULL or 0. */
struct request_args {
	const char *image, *dockerfile, *entrypoint, *workdir, *options;
	const char **words; /* entryPointArgs, as they came: broken at blanks */
	size_t n_words;
	struct request_pair *env;
	size_t n_env;
	const char **prepend_path; /* newest first */
	size_t n_prepend_path;
	struct request_mount *mounts; /* the runner's, then the workflow's */
	size_t n_mounts;
	size_t n_ports;
};

struct request {
	enum request_command command;
	const char *response_file; /* absolute */
	char job[JOB_ID_SIZE]; /* of our own state; "": none came back */
	bool has_container; /* args.container of prepare_job */
	struct request_args args;
	size_t n_services;
};

/*
 * Reads the object; every text is copied into the arena. Unknown fields are left alone, a field of
 * another type than the contract's is an error (stage usage), which names the field and never a
 * value: a registry's password stands in this object.
 */
int contract_parse(const char *data, size_t len, struct arena *arena, struct request *ret_request,
		   struct croft_error *err);

#endif
