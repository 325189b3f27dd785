/* SPDX-License-Identifier: MIT */
/*
 * read.h - a file that somebody else has named, whole.
 */
#ifndef CROFT_DRV_READ_H
#define CROFT_DRV_READ_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/*
 * Reads a regular file of less than `max` bytes: malloc'd text with a NUL behind it in *ret_data,
 * the caller's; returns its length. Waits for no FIFO. Described, stage usage.
 */
ssize_t read_whole(const char *path, size_t max, char **ret_data, struct croft_error *err);

#endif
