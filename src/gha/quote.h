/* SPDX-License-Identifier: MIT */
/*
 * quote.h - words by the quoting rules of the shell, without any expansion.
 */
#ifndef CROFT_GHA_QUOTE_H
#define CROFT_GHA_QUOTE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

#define QUOTE_MAX_WORDS 65536 /* execve has no room for more that are worth it */

/*
 * Splits a text at blanks, tabs and newlines: '...' is as it stands, in "..." a backslash counts
 * before $ ` " \ and newline (XCU 2.2.3), elsewhere before anything. Nothing is expanded. The
 * words are in the arena, with a NULL behind them. `what` names the text in errors (stage usage).
 */
int quote_split(struct arena *arena, const char *what, const char *text, char ***ret_words,
		size_t *ret_n, struct croft_error *err);

/*
 * The runner breaks a command line at every blank, quotes left in: joins the pieces with one blank
 * each and splits as above.
 */
int quote_rejoin(struct arena *arena, const char *what, const char *const *pieces, size_t n_pieces,
		 char ***ret_words, size_t *ret_n, struct croft_error *err);

#endif
