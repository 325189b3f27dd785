/* SPDX-License-Identifier: MIT */
/*
 * cmd_unpack.c - `croft image unpack`: an image made into a directory, and where that is.
 *
 *	croft-image unpack [--cache DIR] [--tag NAME] [--arch ARCH] [--json] IMAGE
 *
 * Prints the path of the root, or with --json one line with the path and what the image says of
 * how it is run. Exit status: 0, or 125 with one line on stderr and nothing on stdout.
 */
#include "image/cmd_unpack.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "cli/cli.h"
#include "image/unpack.h"

#define ARENA_MAX ((size_t)64 << 20)

struct words {
	const char *image;
	struct unpack_options options;
	bool wants_json, wants_help, wants_help_all;
};

static int take_option(struct words *words, const struct option_word *word, struct croft_error *err)
{
	if (word->value && !*word->value)
		return fail(err, CROFT_STAGE_USAGE, 0, "%s: the value is empty",
			    option_origin(word->id));
	switch (word->id) {
	case OPT_CACHE:
		words->options.cache = word->value;
		return 0;
	case OPT_TAG:
		words->options.tag = word->value;
		return 0;
	case OPT_ARCH:
		words->options.architecture = word->value;
		return 0;
	case OPT_JSON:
		words->wants_json = true;
		return 0;
	default: /* --help, the last that this command has */
		words->wants_help = true;
		words->wants_help_all = word->value != NULL;
		return 0;
	}
}

/* Options before the image and behind it. */
static int parse(struct words *words, int argc, char *const argv[], struct croft_error *err)
{
	for (int at = 2; at < argc;) {
		struct option_list list;
		int r = options_parse(CMD_IMAGE_UNPACK, argc, argv, at, &list, err);

		if (r < 0)
			return r;
		for (size_t i = 0; i < list.n && r == 0; i++)
			r = take_option(words, &list.words[i], err);
		at = list.next;
		options_done(&list);
		if (r < 0)
			return r;
		if (at < argc && words->image)
			return fail(err, CROFT_STAGE_USAGE, 0,
				    "one image is unpacked, not '%s' too", argv[at]);
		if (at < argc)
			words->image = argv[at++];
	}
	if (words->image || words->wants_help)
		return 0;
	(void)fail(err, CROFT_STAGE_USAGE, 0, "no image to unpack");
	fail_hint(err, "for example: croft image unpack ./image.tar");
	return -EINVAL;
}

/* $XDG_CACHE_HOME/croft/images, or that of the home. */
static const char *find_cache(struct arena *arena, struct croft_error *err)
{
	const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME"), *found;

	/* a relative one is to be ignored, says the XDG base directory specification */
	if (cache && cache[0] == '/') {
		found = arena_printf(arena, "%s/croft/images", cache);
	} else if (home && home[0] == '/') {
		found = arena_printf(arena, "%s/.cache/croft/images", home);
	} else {
		(void)fail(err, CROFT_STAGE_USAGE, 0,
			   "neither XDG_CACHE_HOME nor HOME says where unpacked images belong");
		fail_hint(err, "--cache DIR says it");
		return NULL;
	}
	if (!found)
		(void)fail(err, CROFT_STAGE_USAGE, ENOMEM, "find the cache");
	return found;
}

static void pair(struct json *json, const char *key, const char *value)
{
	json_key(json, key);
	json_string(json, value);
}

static void list(struct json *json, const char *key, const char *const *texts, size_t n)
{
	json_key(json, key);
	json_array_begin(json);
	for (size_t i = 0; i < n; i++)
		json_string(json, texts[i]);
	json_array_end(json);
}

static void write_json(struct buf *buf, const struct unpacked *unpacked)
{
	const struct image_config *config = &unpacked->config;
	struct json json;

	json_init(&json, buf);
	json_object_begin(&json);
	pair(&json, "root", unpacked->root);
	pair(&json, "digest", unpacked->digest);
	list(&json, "env", config->env, config->n_env);
	list(&json, "entrypoint", config->entrypoint, config->n_entrypoint);
	list(&json, "cmd", config->cmd, config->n_cmd);
	pair(&json, "workdir", config->workdir);
	pair(&json, "user", config->user);
	json_object_end(&json);
	buf_putc(buf, '\n');
}

static int unpack(struct words *words, struct arena *arena)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	struct unpacked unpacked;
	struct croft_error err = { 0 };

	if (!words->options.cache)
		words->options.cache = find_cache(arena, &err);
	if (!words->options.cache ||
	    image_unpack(words->image, &words->options, arena, &unpacked, cli_warn, &err) < 0) {
		(void)cli_fail(&err);
		return EXIT_CROFT; /* whatever the stage: it is not a command that failed */
	}
	if (words->wants_json)
		write_json(&buf, &unpacked);
	else
		buf_printf(&buf, "%s\n", unpacked.root);
	return cli_print(&buf);
}

static int help(bool wants_all)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);

	options_help(&buf, CMD_IMAGE_UNPACK, wants_all);
	return cli_print(&buf);
}

int cmd_image_unpack(int argc, char *const argv[])
{
	struct words words = { 0 };
	struct croft_error err = { 0 };
	struct arena arena;
	int status;

	if (parse(&words, argc, argv, &err) < 0)
		return cli_fail(&err);
	if (words.wants_help)
		return help(words.wants_help_all);
	arena_init(&arena, ARENA_MAX);
	status = unpack(&words, &arena);
	arena_done(&arena);
	return status;
}
