/* SPDX-License-Identifier: MIT */
/*
 * rows.h - what the judges of the rows share.
 */
#ifndef CROFT_PLAN_ROWS_H
#define CROFT_PLAN_ROWS_H

#include "plan/parts.h"

void row_enforced(struct plan_row *row, const char *mechanisms, const char *note);
void row_absent(struct plan_row *row, const char *why, const char *mend);
/* Says why nothing limits files in this plan: no Landlock, and no mounts in its place. */
void row_no_landlock(const struct plan *plan, struct arena *arena, struct plan_row *row);
void row_no_seccomp(struct plan_row *row);
/* Absent as `why` says, as it takes a kind of namespace; and why there is none, and the mend. */
void row_by_namespaces(const struct plan *plan, struct arena *arena, struct plan_row *row,
		       enum host_ns kind, const char *why);
/*
 * Texts; NULL when memory is out, which plan_rows notices.
 * "Landlock 7" and what helps it.
 */
const char *row_landlock(const struct plan *plan, struct arena *arena, const char *more);
/* Two notes, either of which may be "". */
const char *row_join(struct arena *arena, const char *a, const char *b);
/* Of a right that came with ABI `since`: a profile that is pinned to an older one may name it. */
const char *row_landlock_since(const struct plan *plan, struct arena *arena, int since,
			       const char *more);
/* What gives a right that came with ABI `since`; the profile's pin can be in the way, too. */
const char *row_newer(const struct plan *plan, struct arena *arena, enum protection protection,
		      int since, const char *more);

/* The rows on what is denied inside of what is granted (denial_rows.c). */
void judge_deny_inside(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_hidden(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_private_tmp(const struct plan *plan, struct arena *arena, struct plan_row *row);

/* On files and devices (row_files.c). */
void judge_files(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_exec(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_devices(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_metadata(const struct plan *plan, struct arena *arena, struct plan_row *row);

/* On networks (row_net.c). */
void judge_tcp(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_udp(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_other_net(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_unix_abstract(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_unix_path(const struct plan *plan, struct arena *arena, struct plan_row *row);

/* On processes, and what else the kernel hands out (row_processes.c). */
void judge_signals(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_ptrace(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_processes(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_ipc(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_terminal(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_syscalls(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_privileges(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_descriptors(const struct plan *plan, struct arena *arena, struct plan_row *row);
void judge_environment(const struct plan *plan, struct arena *arena, struct plan_row *row);

/* The row on limits (limits.c). */
void judge_limits(const struct plan *plan, struct arena *arena, struct plan_row *row);

#endif
