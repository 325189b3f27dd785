/* SPDX-License-Identifier: MIT */
/*
 * groups.h - a process's control groups, of either version, and what limits it in them.
 */
#ifndef CROFT_DOCTOR_GROUPS_H
#define CROFT_DOCTOR_GROUPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GROUP_PATH_SIZE 1024

/*
 * The directory of the process's group in the hierarchy of `controller` ("pids", "memory"), or in
 * the unified one (""), as far as it is mounted: 1; 0: it is not to be seen; -errno of /proc.
 */
int group_find(int proc_dir, const char *controller, char ret[GROUP_PATH_SIZE]);
/* The controller belongs to an old hierarchy, mounted or not. */
bool group_is_old(int proc_dir, const char *controller);
/*
 * The lowest value of that file ("pids.max", "memory.max"; the names of version 2 stand for
 * those of version 1) in the process's group and the groups above it, and in which: 1; 0: none
 * says anything but "max".
 */
int group_lowest(int proc_dir, const char *file, uint64_t *ret_value, char ret[GROUP_PATH_SIZE]);
/* How many processes were refused by pids.max so far, in all of these groups, and by which. */
int group_refusals(int proc_dir, uint64_t *ret_n, char ret[GROUP_PATH_SIZE]);

#endif
