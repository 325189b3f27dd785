/* SPDX-License-Identifier: MIT */
/*
 * words.h - the command line of the commands that take one image: options before it and behind it.
 */
#ifndef CROFT_IMAGE_WORDS_H
#define CROFT_IMAGE_WORDS_H

#include <stdbool.h>

#include "base/err.h"
#include "cli/options.h"

struct image_words {
	const char *image; /* NULL with --help alone */
	const char *tag, *architecture; /* NULL: not said */
	bool wants_json, wants_help, wants_help_all;
};

/* An option that is the command's own, its value not empty: 0 or described. */
typedef int (*image_take_fn)(void *context, const struct option_word *word,
			     struct croft_error *err);

/*
 * Reads argv[2...]. `deed` and `example` are for the messages: "checked", "croft image check ...".
 * Stage usage.
 */
int image_words_parse(struct image_words *words, enum option_command command, int argc,
		      char *const argv[], image_take_fn take, void *context, const char *deed,
		      const char *example, struct croft_error *err);

#endif
