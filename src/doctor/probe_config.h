/* SPDX-License-Identifier: MIT */
/*
 * probe_config.h - settings of the kernel that files ask for, beside those in force.
 */
#ifndef CROFT_DOCTOR_PROBE_CONFIG_H
#define CROFT_DOCTOR_PROBE_CONFIG_H

#include "doctor/probe.h"

/* Limits of what is read; who has more is told so (OBS_SYSCTL_FAULT, step "limit"). */
#define CONFIG_FILES_MAX 200 /* in all directories */
#define CONFIG_NAMES_MAX 2000 /* looked at in one directory */
#define CONFIG_FILE_MAX (256U << 10)
#define CONFIG_LINES_MAX 2000
#define CONFIG_REPORTS_MAX 100
#define CONFIG_MATCHES_MAX 200 /* of one pattern */

/*
 * Reads the files of sysctl.d(5) and sysctl.conf(5) below the directory `root`, compares them with
 * the directory `sys`, which stands for /proc/sys, and reports what does nothing.
 */
void config_look(const struct probe_context *context, int root, int sys);

#endif
