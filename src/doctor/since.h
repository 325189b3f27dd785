/* SPDX-License-Identifier: MIT */
/*
 * since.h - which of our ancestors began with something that is handed down.
 */
#ifndef CROFT_DOCTOR_SINCE_H
#define CROFT_DOCTOR_SINCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Whether the process whose directory of /proc this is has it. */
typedef bool (*since_fn)(int proc_dir, const void *arg);

/*
 * Goes up from `pid` as long as each has it. ret: "process 812 (bash), not its parent 1
 * (systemd)", "the first process here, 1 (tini)", or how far could be seen. "" if `pid` has it not,
 * or nothing can be read. What is found is who has it first now: one that has ended since is
 * not seen.
 */
void since_find(pid_t pid, since_fn has, const void *arg, char *ret, size_t size);

#endif
