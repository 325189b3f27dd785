/* SPDX-License-Identifier: MIT */
/*
 * annotate.h - our own lines in the log of a job, as workflow commands.
 */
#ifndef CROFT_GHA_ANNOTATE_H
#define CROFT_GHA_ANNOTATE_H

#include "base/buf.h"
#include "base/err.h"

enum annotate_level { ANNOTATE_ERROR, ANNOTATE_WARNING, ANNOTATE_DEBUG };

/*
 * Appends one line, "::error title=croft::TEXT\n". TEXT may hold anything: it can neither end the
 * line nor begin another command.
 */
void annotate_line(struct buf *buf, enum annotate_level level, const char *text);
/* Writes such a line to standard output. */
void annotate(enum annotate_level level, const char *text);
/* "cause (mend)" of a failure, as such a line. */
void annotate_failure(enum annotate_level level, const struct croft_error *err);

#endif
