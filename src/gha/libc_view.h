/* SPDX-License-Identifier: MIT */
/*
 * libc_view.h - a job's files as they will lie there: inside src/gha only.
 *
 * A root (elf/root.h) of three things, told apart by the name alone, as the mounts will be: what
 * is lent, the externals, and the image below both. Each part is followed inside itself, so a
 * link of the image's never leads to the host.
 */
#ifndef CROFT_GHA_LIBC_VIEW_H
#define CROFT_GHA_LIBC_VIEW_H

#include "elf/root.h"
#include "gha/libc.h"

struct libc_view {
	const struct libc_input *input;
	const char *at; /* where the externals lie */
	struct root externals; /* owned */
	const struct libc_plan *plan; /* its loans, as they are by now */
	struct root_source source;
	struct root root; /* for closures; points into this struct, which must stay where it is */
};

/* Errors: stage PREPARE. libc_view_done in any case. */
int libc_view_init(struct libc_view *view, const struct libc_input *input,
		   const struct libc_plan *plan, struct croft_error *err);
void libc_view_done(struct libc_view *view);

#endif
