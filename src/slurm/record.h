/* SPDX-License-Identifier: MIT */
/*
 * record.h - which process a container is, for the calls that come after its start.
 *
 *	BASE/croft-slurm-UID/	mode 0700, the user's
 *		ID		"PID START\n": START tells it from a later one of that number
 *		ID.d/		its scratch directory
 *
 * slurmstepd calls `run` as the user, and `state`, `kill` and `delete` as root. Whatever lies here
 * may have been written by the user, so root becomes him before he looks (record_become): then a
 * record that lies can end the user's own processes and remove his own files, and no more.
 */
#ifndef CROFT_SLURM_RECORD_H
#define CROFT_SLURM_RECORD_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define RECORD_ID_MAX 200

struct records {
	int fd; /* of the user's directory, owned; -1: none */
	char path[PATH_MAX / 2]; /* its name */
};

struct record {
	pid_t pid;
	uint64_t start;
};

/*
 * Becomes the user, for good, if this is root and he is somebody else: no groups, group 65534.
 * -EPERM (stage privileges): this is neither.
 */
int record_become(uid_t uid, struct croft_error *err);

/* Opens or makes the directory of this user. -EPERM: what is there is not his alone. */
int records_open(const char *base, struct records *ret_records, struct croft_error *err);
void records_done(struct records *records);

/* An ID is letters, digits, '.', '_' and '-', and does not begin with a dot. */
int record_check_id(const char *id, struct croft_error *err);

/*
 * Makes the scratch directory and notes this process, which will become the container. What a
 * container of that name has left is removed; -EEXIST: it is running.
 */
int record_begin(const struct records *records, const char *id, char *ret_scratch, size_t size,
		 struct croft_error *err);
/* -ENOENT: there is no such container. */
int record_load(const struct records *records, const char *id, struct record *ret_record,
		struct croft_error *err);
/* Whether that process is there and is not dead. */
bool record_is_alive(const struct record *record);
/* Sends it a signal; 0 too if it has ended. */
int record_kill(const struct record *record, int sig, struct croft_error *err);
/* Removes the note and the scratch directory; 0 too if there are none. */
int record_remove(const struct records *records, const char *id, struct croft_error *err);

#endif
