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
#include "image/words.h"

#define ARENA_MAX ((size_t)64 << 20)

struct words {
	struct image_words common;
	struct unpack_options options;
};

static int take_option(void *context, const struct option_word *word, struct croft_error *err)
{
	struct words *words = context;

	if (word->id != OPT_CACHE)
		return fail(err, CROFT_STAGE_USAGE, 0, "%s does nothing here",
			    option_origin(word->id));
	words->options.cache = word->value;
	return 0;
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
	if (!words->options.cache || image_unpack(words->common.image, &words->options, arena,
						  &unpacked, cli_warn, &err) < 0) {
		(void)cli_fail(&err);
		return EXIT_CROFT; /* whatever the stage: it is not a command that failed */
	}
	if (words->common.wants_json)
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

	if (image_words_parse(&words.common, CMD_IMAGE_UNPACK, argc, argv, take_option, &words,
			      "unpacked", "croft image unpack ./image.tar", &err) < 0)
		return cli_fail(&err);
	if (words.common.wants_help)
		return help(words.common.wants_help_all);
	words.options.tag = words.common.tag;
	words.options.architecture = words.common.architecture;
	arena_init(&arena, ARENA_MAX);
	status = unpack(&words, &arena);
	arena_done(&arena);
	return status;
}
