/* SPDX-License-Identifier: MIT */
/*
 * need.h - what has to be there: the words of --need, and whether they are had.
 */
#ifndef CROFT_DOCTOR_NEED_H
#define CROFT_DOCTOR_NEED_H

#include "doctor/print.h"

#define NEEDS_MAX 100 /* places that an exit status can tell, below 124 */
#define NEED_NAME_SIZE 32

/*
 * One word. "limits", "privileges" and "ptrace" are names of a protection and of a facility: then
 * both are needed. "net" is tcp, udp and other-net.
 */
struct need {
	char name[NEED_NAME_SIZE];
	unsigned protections; /* bits 1U << PROTECT_* */
	enum facility facility; /* FACILITY_N: none */
};

struct needs {
	struct need items[NEEDS_MAX];
	size_t n;
};

/* Adds the words of one --need, "files,net": -EINVAL for what is none, empty or there already. */
int needs_add(struct needs *needs, const char *words, struct croft_error *err);
/* The place, from 1, of the first that is not had; 0: all are. */
int needs_status(const struct needs *needs, const struct view *view);
/* A line for each: whether it is had, and if not, why and the mend. */
void needs_print(struct buf *buf, const struct needs *needs, const struct view *view);
/* The key "needs". */
void needs_print_json(struct json *json, const struct needs *needs, const struct view *view);

#endif
