/* SPDX-License-Identifier: MIT */
/*
 * words.c - the command line of `croft image check` and `croft image unpack`.
 *
 * One image, and options on both sides of it: people add them at the end. What both commands have
 * is read here, the rest is each one's own.
 */
#include "image/words.h"

#include <errno.h>

static int take_common(struct image_words *words, const struct option_word *word,
		       image_take_fn take, void *context, struct croft_error *err)
{
	if (word->value && !*word->value)
		return fail(err, CROFT_STAGE_USAGE, 0, "%s: the value is empty",
			    option_origin(word->id));
	switch (word->id) {
	case OPT_TAG:
		words->tag = word->value;
		return 0;
	case OPT_ARCH:
		words->architecture = word->value;
		return 0;
	case OPT_JSON:
		words->wants_json = true;
		return 0;
	case OPT_HELP:
		words->wants_help = true;
		words->wants_help_all = word->value != NULL;
		return 0;
	default:
		return take(context, word, err);
	}
}

int image_words_parse(struct image_words *words, enum option_command command, int argc,
		      char *const argv[], image_take_fn take, void *context, const char *deed,
		      const char *example, struct croft_error *err)
{
	for (int at = 2; at < argc;) {
		struct option_list list;
		int r = options_parse(command, argc, argv, at, &list, err);

		if (r < 0)
			return r;
		for (size_t i = 0; i < list.n && r == 0; i++)
			r = take_common(words, &list.words[i], take, context, err);
		at = list.next;
		options_done(&list);
		if (r < 0)
			return r;
		if (at < argc && words->image)
			return fail(err, CROFT_STAGE_USAGE, 0, "one image is %s, not '%s' too",
				    deed, argv[at]);
		if (at < argc)
			words->image = argv[at++];
	}
	if (words->image || words->wants_help)
		return 0;
	(void)fail(err, CROFT_STAGE_USAGE, 0, "no image to be %s", deed);
	fail_hint(err, "for example: %s", example);
	return -EINVAL;
}
