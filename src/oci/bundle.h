/* SPDX-License-Identifier: MIT */
/*
 * bundle.h - the files of an engine that croft-oci reads and writes.
 *
 * A file is written under a name of its own beside the old one and renamed over it: whoever reads
 * it sees the one or the other, whole. Mode and owner stay.
 */
#ifndef CROFT_OCI_BUNDLE_H
#define CROFT_OCI_BUNDLE_H

#include <stddef.h>
#include <sys/stat.h>

#include "base/err.h"

struct bundle_file {
	char *data; /* owned; NUL behind it */
	size_t len;
	struct stat st;
};

/* A regular file of at most `max` bytes. 0 or an error (stage prepare). Does not block. */
int bundle_read(struct bundle_file *file, const char *path, size_t max, struct croft_error *err);
void bundle_file_done(struct bundle_file *file);
/* Writes the file anew, with mode and owner of `st`. 0, or an error: then the old one is there. */
int bundle_write(const char *path, const struct stat *st, const char *data, size_t len,
		 struct croft_error *err);

#endif
