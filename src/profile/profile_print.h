/* SPDX-License-Identifier: MIT */
/*
 * profile_print.h - profiles as text: YAML that is read back to the same, JSON, and the schema.
 *
 * All of it is made for a file or a terminal: what somebody else chose is quoted and escaped
 * so that it stays one text on one line. Errors stick to the buffer (base/buf.h).
 */
#ifndef CROFT_PROFILE_PROFILE_PRINT_H
#define CROFT_PROFILE_PROFILE_PRINT_H

#include <stdbool.h>

#include "base/buf.h"
#include "profile/document.h"
#include "profile/profile.h"

/*
 * A whole file of version 2 with one profile, in the order of the schema, from what a file says:
 * nothing is expanded or merged. Reading it gives the same keys, names and values; what a
 * profile of version 1 means by a text is written as version 2 writes it, and where it
 * cannot a comment says so. With origins each item is followed by "# FILE:LINE".
 */
void profile_print_document(struct buf *buf, const struct document *document,
			    const struct document_profile *profile, bool wants_origin);

/*
 * The same of what a profile has become: merged, variables expanded, paths absolute. Without what
 * no file can say (the settings of drop-in front ends). Grants that hold only within a project's
 * bounds (profile->bounds) are followed by a comment that lists these. Bytes of paths that are not
 * UTF-8 become U+FFFD: YAML has no way to write them.
 */
void profile_print_resolved(struct buf *buf, const struct profile *profile, bool wants_origin);

/*
 * The same as one JSON object: "name"; "profile" with the keys of the schema; "origins", for each
 * list of grants one text for each of its items; "bounds" as "profile", and "bound_by", where there
 * are any.
 */
void profile_print_resolved_json(struct buf *buf, const struct profile *profile);

/* Appends `text` as one scalar of YAML: as it is where no reader takes that for anything else. */
void profile_print_text(struct buf *buf, const char *text);
/* The same in double quotes, the one form of YAML that has escapes: it takes every text. */
void profile_print_quoted(struct buf *buf, const char *text);

/*
 * A JSON Schema (draft 7, which editors' YAML servers take) of profile files, versions 1 and 2,
 * from the table of schema.h.
 */
void schema_print(struct buf *buf);

#endif
