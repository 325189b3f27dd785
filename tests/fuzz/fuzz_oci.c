/* SPDX-License-Identifier: MIT */
/*
 * fuzz_oci.c - what croft-oci reads: the first line says what the rest is.
 *
 *	config     a config.json       process    a process file of exec
 *	settings   a settings file     call       a command line, one word a line
 *
 * A config that is read is also written. The result has to be read again, with croft's words before
 * the same program, and without them it has to be the bytes that it was made from.
 */
#include <assert.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/call.h"
#include "oci/config.h"
#include "oci/settings.h"
#include "oci/words.h"

#define MAX_WORDS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was put in is all that is more: both ends of the old bytes are there, in their order. */
static void check_bytes(const struct config *config, const struct buf *out)
{
	const char *now = buf_text(out);
	size_t at = 0;

	for (size_t i = 0; i < config->len; i++) {
		const char *found = memchr(now + at, config->text[i], out->len - at);

		assert(found);
		at = (size_t)(found - now) + 1;
	}
	assert(!memcmp(now, config->text, config->args.start < 1 ? 0 : 1));
}

static void check_again(const struct config_wrap *wrap, const struct buf *out, bool is_process)
{
	struct croft_error err = { 0 };
	struct config again;

	assert(config_read(&again, "again", buf_text(out), out->len, is_process, &err) == 0);
	assert(again.has_args);
	assert(is_process || config_is_wrapped(&again, wrap));
	if (!is_process) {
		const char *words[CONFIG_MAX_PREFIX];

		assert(config_find_prefix(&again, wrap->program, words, CONFIG_MAX_PREFIX) ==
		       (ssize_t)wrap->n_prefix);
	}
	config_done(&again);
}

static void write_config(const struct config *config, bool is_process)
{
	AUTO_BUF struct buf out = BUF_INIT(2 * CONFIG_MAX_BYTES);
	struct config_wrap wrap = { .program = "/croft", .profile = "/croft.yaml" };
	const struct call call = { .n_fds = 2 };
	struct croft_error err = { 0 };
	struct arena arena;

	arena_init(&arena, 1U << 20);
	if (is_process)
		wrap.prefix[wrap.n_prefix++] = "--";
	else if (words_build(&call, config, "container", &arena, &wrap, &err) < 0)
		assert(*err.what);
	if (wrap.n_prefix) {
		assert(config_write(config, &wrap, !is_process, &out, &err) == 0);
		check_bytes(config, &out);
		check_again(&wrap, &out, is_process);
	}
	arena_done(&arena);
}

static void read_config(const char *text, size_t len, bool is_process)
{
	struct croft_error err = { 0 };
	const char *wish = NULL;
	struct config config;
	int64_t uid, gid;
	int r = config_read(&config, "config.json", text, len, is_process, &err);

	assert(r == 0 || *err.what);
	if (r == 0) {
		(void)config_annotation(&config, CONFIG_ANNOTATION, &wish, &err);
		(void)config_check_handler(&config, &err);
		config_root_ids(&config, &uid, &gid);
		assert(uid >= -1 && gid >= -1);
	}
	if (r == 0 && config.has_args)
		write_config(&config, is_process);
	config_done(&config);
}

static void read_settings(const char *text, size_t len)
{
	struct croft_error err = { 0 };
	struct settings settings;
	const char *profile = NULL;
	int r = settings_parse(&settings, "oci.conf", text, len, &err);

	assert(r == 0 || *err.what);
	if (r < 0)
		return;
	assert(!*settings.runtime || settings.runtime[0] == '/');
	assert(!*settings.choices || strchr(settings.choices + 1, ' '));
	assert(settings_profile(&settings, NULL, &profile, &err) == 0 && *profile);
	r = settings_profile(&settings, "off", &profile, &err);
	assert((r == 0) == (strstr(settings.choices, " off ") != NULL));
}

static void read_call(char *text)
{
	static char name[] = "croft-oci";
	char *words[MAX_WORDS + 1] = { name };
	struct croft_error err = { 0 };
	struct call call;
	int n = 1, r;

	for (char *end; n < MAX_WORDS && (end = strchr(text, '\n')) != NULL; text = end + 1) {
		*end = '\0';
		words[n++] = text;
	}
	r = call_read(&call, n, words, &err);
	assert(r == 0 || *err.what);
	assert(call.verb >= 1 && call.verb <= call.argc && call.id <= call.argc);
	assert(r < 0 || call.kind == CALL_PASS || call.verb < call.argc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *copy = malloc(size + 1);
	char *end, *rest;
	size_t len;

	if (!copy)
		return 0;
	memcpy(copy, data, size);
	copy[size] = '\0';
	end = memchr(copy, '\n', size);
	if (!end)
		return 0;
	*end = '\0';
	rest = end + 1;
	len = size - (size_t)(rest - copy);
	if (!strcmp(copy, "config") || !strcmp(copy, "process"))
		read_config(rest, len, *copy == 'p');
	else if (!strcmp(copy, "settings"))
		read_settings(rest, len);
	else if (!strcmp(copy, "call"))
		read_call(rest);
	return 0;
}
