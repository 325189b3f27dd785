/* SPDX-License-Identifier: MIT */
/*
 * report.h - what can be said about an image: the kinds, and a list of them.
 *
 * Not check/finding.h, which is about profiles: its kinds, severities and the rule for built-in
 * profiles have no meaning here, and it is part of croft itself, which is to stay small. A
 * finding here is always a reason not to start the image.
 */
#ifndef CROFT_IMAGE_REPORT_H
#define CROFT_IMAGE_REPORT_H

#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"

#define REPORT_MAX 2000 /* findings; nobody reads more, what is beyond is counted */
#define REPORT_MAX_BYTES (16U << 20)

enum report_kind {
	/* of programs */
	REPORT_NOT_FOUND, /* no such command on the image's PATH */
	REPORT_NO_APPLET, /* a busybox that was built without it */
	REPORT_CANNOT_START, /* the words are trouble.c's */

	/* of pods */
	REPORT_VOLUME_TWICE,
	REPORT_VOLUME_OF_HOOK,
	REPORT_MOUNT_TWICE,
	REPORT_MOUNT_OF_HOOK,
	REPORT_MOUNT_IN_HOOK,
	REPORT_MOUNT_WITHOUT_VOLUME,
	REPORT_VOLUME_WITHOUT_MOUNT,
	REPORT_MOUNT_HIDES,
	REPORT_MOUNT_MISSING,
	REPORT_INIT_REPLACED,
	REPORT_NAME_OF_HOOK,
	REPORT_MAX_KIND
};

/* Where something stands; file NULL: the image itself. */
struct report_spot {
	const char *file;
	unsigned line, column; /* from 1; 0: none */
};

struct report_finding {
	enum report_kind kind;
	struct report_spot spot;
	const char *subject; /* the command, program, volume or mount path that it is about */
	const char *what, *mend; /* plain text, to be escaped; mend may be "" */
};

struct report {
	struct arena arena;
	struct report_finding *items;
	size_t n, capacity;
	size_t n_left_out; /* beyond REPORT_MAX */
	int error; /* 0 or -ENOMEM; sticks, as in buf.h: adders need not look */
};

void report_init(struct report *report);
void report_done(struct report *report);

/* What a kind's templates are filled with; NULL: "". */
struct report_words {
	const char *subject, *detail, *other;
	const char *what, *mend; /* a finished text in place of the row's; NULL: the row's */
};

/* Adds one; texts are copied. The same said of the same spot before is not added again. */
void report_add(struct report *report, enum report_kind kind, const struct report_spot *spot,
		const struct report_words *words);

/* The word for a kind in JSON: "not-found". */
const char *report_kind_name(enum report_kind kind);

/* "croft: IMAGE: what (mend)" each, or "croft: FILE:LINE:COLUMN: what (mend)". */
void report_print(struct buf *buf, const struct report *report, const char *image);
/* One object each, into an array that is open. */
void report_print_json(struct json *json, const struct report *report);

#endif
