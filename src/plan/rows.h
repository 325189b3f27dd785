/* SPDX-License-Identifier: MIT */
/*
 * rows.h - what the judges of the rows share.
 */
#ifndef CROFT_PLAN_ROWS_H
#define CROFT_PLAN_ROWS_H

#include "plan/parts.h"

void row_enforced(struct plan_row *row, const char *mechanisms, const char *note);
void row_absent(struct plan_row *row, const char *why, const char *mend);
/* Says why there is no Landlock in this plan. */
void row_no_landlock(const struct plan *plan, struct plan_row *row);
/* "Landlock 7" and what helps it; NULL when memory is out, which plan_rows notices. */
const char *row_landlock(const struct plan *plan, struct arena *arena, const char *more);

/* The rows on what is denied inside of what is granted (denials.c). */
void judge_deny_inside(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_hidden(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_private_tmp(const struct plan *plan, struct arena *arena, struct plan_row *row);

#endif
