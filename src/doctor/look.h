/* SPDX-License-Identifier: MIT */
/*
 * look.h - where observations come from and go to: this host, a process on it, a file.
 */
#ifndef CROFT_DOCTOR_LOOK_H
#define CROFT_DOCTOR_LOOK_H

#include <stdbool.h>
#include <sys/types.h>

#include "doctor/observe.h"
#include "doctor/print.h"

struct look_wishes {
	pid_t pid; /* the process that is looked at; 0: ourselves */
	bool wants_nix; /* caches and builders too */
	unsigned timeout_s; /* of struct probe_context */
};

/* The number behind --pid; NULL: 0. Stage usage. */
int look_pid(const char *text, pid_t *ret_pid, struct croft_error *err);
/* Whole seconds behind --timeout; NULL: TIMEOUT_USUAL_S. Stage usage. */
int look_timeout(const char *text, unsigned *ret_timeout_s, struct croft_error *err);
/* Asks this host everything. Leaves nothing, whatever happens. */
int look(const struct look_wishes *wishes, struct observations *set, struct croft_error *err);
/* Reads what was saved; "-" is the standard input. */
int look_load(const char *file, struct observations *set, struct croft_error *err);
/* Writes it; `file` is made or replaced. */
int look_save(const char *file, const struct observations *set, struct croft_error *err);
/* Columns, and whether colours are wanted: of the standard output. */
void look_terminal(struct view *view);

#endif
