/* SPDX-License-Identifier: MIT */
/*
 * result.h - what a builder has made: put into the form that a store has, hashed, checked.
 */
#ifndef CROFT_DRV_RESULT_H
#define CROFT_DRV_RESULT_H

#include "drv/digest.h"
#include "drv/graph.h"

struct result_output {
	const struct drv_output *output;
	unsigned char nar_hash[DIGEST_MAX_BYTES]; /* sha256 of its archive */
	uint64_t nar_size;
	struct path_list references; /* sorted; itself too if it names itself */
};

/*
 * Takes the output `name` in `dir` (a descriptor) as a store would: modes 0444 and 0555, modified
 * at second 1, no extended attributes; then reads it: hash, size, references among `candidates` (a
 * sorted list). What no store can hold is refused: devices, sockets, pipes, files that others may
 * write or that somebody else owns. A fixed-output derivation's own hash is compared. Stage
 * supervise.
 */
int result_read(int dir, const char *name, const struct drv *drv, const struct drv_output *output,
		const struct path_list *candidates, struct arena *arena,
		struct result_output *ret_result, struct croft_error *err);

/* The first half of that by itself. */
int result_settle(int dir, const char *name, struct croft_error *err);

#endif
