/* SPDX-License-Identifier: MIT */
/*
 * quote.c - splits a command line into words as a shell would, and does nothing else of a shell's.
 *
 * The runner hands over arguments.Split(' ') of what it would have given to docker as a text: the
 * words of `"a b"` come as `"a` and `b"`. One blank between the pieces gives the text back; where
 * the runner has dropped empty pieces (container steps), runs of blanks are lost before we see
 * them. A quote that is not closed is an error: what it was to end cannot be guessed.
 */
#include "gha/quote.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "base/cleanup.h"

struct split {
	const char *at; /* what has not been read */
	char *to; /* where the current word grows; as long as the text */
	bool in_word;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* at[0] is a quote; reads until behind its twin. False: there is none. */
static bool take_quoted(struct split *split)
{
	char quote = *split->at++;

	split->in_word = true;
	while (*split->at && *split->at != quote) {
		if (quote == '"' && split->at[0] == '\\' && split->at[1] &&
		    strchr("$`\"\\\n", split->at[1]))
			split->at++;
		*split->to++ = *split->at++;
	}
	if (!*split->at)
		return false;
	split->at++;
	return true;
}

/* The next word into split->to, NUL-terminated. 1: there was one; 0: the end; -EINVAL: a quote. */
static int take_word(struct split *split)
{
	split->in_word = false;
	while (is_blank(*split->at))
		split->at++;
	while (*split->at && !is_blank(*split->at)) {
		split->in_word = true;
		if (*split->at == '\'' || *split->at == '"') {
			if (!take_quoted(split))
				return -EINVAL;
			continue;
		}
		if (split->at[0] == '\\' && split->at[1])
			split->at++;
		*split->to++ = *split->at++;
	}
	*split->to++ = '\0';
	return split->in_word;
}

int quote_split(struct arena *arena, const char *what, const char *text, char ***ret_words,
		size_t *ret_n, struct croft_error *err)
{
	/* each word's NUL takes the place of the blank behind it; the last needs two more */
	char *room = arena_alloc(arena, strlen(text) + 2), **words = NULL;
	struct split split = { .at = text, .to = room };
	size_t n = 0, capacity = 0;
	int r = 1;

	while (room && r > 0) {
		char *word = split.to;

		words = arena_grow(arena, words, n, &capacity, sizeof(*words));
		if (!words || n == QUOTE_MAX_WORDS)
			return fail(err, CROFT_STAGE_USAGE, words ? E2BIG : ENOMEM, "split %s",
				    what);
		r = take_word(&split);
		words[n] = NULL;
		if (r > 0)
			words[n++] = word;
	}
	if (!room)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "split %s", what);
	if (r < 0) {
		r = fail(err, CROFT_STAGE_USAGE, 0, "%s: a quote is not closed", what);
		fail_hint(err, "close it, or put a backslash before it");
		return r;
	}
	*ret_words = words;
	*ret_n = n;
	return 0;
}

int quote_rejoin(struct arena *arena, const char *what, const char *const *pieces, size_t n_pieces,
		 char ***ret_words, size_t *ret_n, struct croft_error *err)
{
	size_t len = 1, at = 0;
	char *text;

	for (size_t i = 0; i < n_pieces; i++)
		len += strlen(pieces[i]) + 1;
	text = arena_alloc(arena, len);
	if (!text)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "join %s", what);
	for (size_t i = 0; i < n_pieces; i++) {
		size_t n = strlen(pieces[i]);

		memcpy(text + at, pieces[i], n);
		at += n;
		text[at++] = ' ';
	}
	return quote_split(arena, what, text, ret_words, ret_n, err);
}
