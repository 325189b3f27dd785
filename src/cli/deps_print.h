/* SPDX-License-Identifier: MIT */
/*
 * deps_print.h - a closure as text, as a tree, as JSON. Pure: structs to a buffer.
 */
#ifndef CROFT_CLI_DEPS_PRINT_H
#define CROFT_CLI_DEPS_PRINT_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json.h"
#include "elf/closure.h"
#include "elf/remedy.h"

/* What was found for one word of the command line. */
struct deps_answer {
	const char *program; /* as the user wrote it */
	/* NULL; else the PATH that a bare name was not found on: the closure is then empty */
	const char *path_searched;
	bool is_library; /* a shared library: it is not started, but loaded */
	struct closure closure;
	struct remedy remedy; /* for what is missing in it */
};

/* True if nothing was found that would stop it. */
bool deps_starts(const struct deps_answer *answer);

/* A line with the verdict, one for each file, one for each trouble. */
void deps_print(struct buf *buf, const struct deps_answer *answer);
/*
 * The same with the files as a tree: who needs whom. What is needed a second time is
 * marked and not told again. -ENOMEM, or 0.
 */
int deps_print_tree(struct buf *buf, const struct deps_answer *answer);
/* One object, in the place where `json` stands. */
void deps_print_json(struct json *json, const struct deps_answer *answer);

#endif
