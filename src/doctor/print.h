/* SPDX-License-Identifier: MIT */
/*
 * print.h - what the doctor has found, for people and for programs.
 */
#ifndef CROFT_DOCTOR_PRINT_H
#define CROFT_DOCTOR_PRINT_H

#include <stdbool.h>

#include "base/json.h"
#include "doctor/protections.h"
#include "doctor/verdict.h"

#define COLUMNS_MIN 60
#define COLUMNS_USUAL 100 /* off a terminal */
#define COLUMNS_MAX 120 /* longer lines are hard to read */

struct view {
	const struct observations *set;
	const struct verdicts *verdicts;
	const struct protections *protections; /* NULL: nothing is known of the host */
	unsigned columns;
	bool has_colours;
};

/* The table that is read in a minute: protections, then what does not work, then what does. */
void print_table(struct buf *buf, const struct view *view);
/* Every verdict with its evidence and costs, then every observation. */
void print_verbose(struct buf *buf, const struct view *view);
/* "host", "protections", "verdicts", "observations": keys of an object that has begun. */
void print_json(struct json *json, const struct view *view);

/* "who says no": "a system call filter", "the kernel"; "" for nobody. */
const char *print_who(enum verdict_who who);

#endif
