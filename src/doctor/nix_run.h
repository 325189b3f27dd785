/* SPDX-License-Identifier: MIT */
/*
 * nix_run.h - runs a program and keeps what it says: nix itself, getent, ssh.
 *
 * Bounded in time and in bytes; the program is killed then. Never a shell.
 */
#ifndef CROFT_DOCTOR_NIX_RUN_H
#define CROFT_DOCTOR_NIX_RUN_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct nix_run {
	const char *file; /* absolute */
	char *const *argv, *const *envp;
	const void
		*input; /* what it finds on its standard input, below PIPE_BUF bytes; NULL: none */
	size_t input_len;
	/*
	 * Its input ends when it has said so many bytes, at the latest after half of the limit; 0:
	 * at once. nix-daemon ends without an answer if it sees that end before it has given one.
	 */
	size_t answer_len;
	int64_t limit_ms;
};

/*
 * Exit status, CHILD_SIGNALLED + signal, or -errno: -ETIMEDOUT (killed), -EFBIG (it said more than
 * a buffer's max; killed), -ENOENT and the like where it could not be executed. What was said is in
 * the buffers in each case.
 */
int nix_run(const struct nix_run *run, struct buf *out, struct buf *err);

/*
 * Finds a program on a PATH, or where Nix puts its own; false: nowhere. Relative parts are not
 * used.
 */
bool nix_find_program(const char *path, const char *name, char ret[PATH_MAX]);

#endif
