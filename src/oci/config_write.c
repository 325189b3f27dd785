/* SPDX-License-Identifier: MIT */
/*
 * config_write.c - the bytes of a file with croft's own in between.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "oci/config_parts.h"
#include "sys/path.h"

/* What is put in at `at`. */
struct edit {
	size_t at;
	struct buf text;
};

static void write_pair(struct json *json, const char *key, const char *value)
{
	json_key(json, key);
	json_string(json, value);
}

static void write_mount(struct json *json, const struct config_wrap *wrap, const char *source,
			const char *name)
{
	static const char *const options[] = { "bind", "ro", "nosuid", "nodev" };
	char destination[PATH_MAX];

	/* config_place has seen that it fits */
	(void)path_child(destination, wrap->place, name);
	json_object_begin(json);
	write_pair(json, "destination", destination);
	write_pair(json, "type", "bind");
	write_pair(json, "source", source);
	json_key(json, "options");
	json_array_begin(json);
	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		json_string(json, options[i]);
	json_array_end(json);
	json_object_end(json);
}

/* ",{...},{...}" before the end of the list; there is one, for it has croft's place. */
static void edit_mounts(const struct config *config, const struct config_wrap *wrap,
			struct edit *edit)
{
	AUTO_BUF struct buf list = BUF_INIT(CONFIG_MAX_BYTES);
	struct json json;

	json_init(&json, &list);
	json_array_begin(&json);
	write_mount(&json, wrap, wrap->program, CONFIG_PROGRAM);
	write_mount(&json, wrap, wrap->profile, CONFIG_PROFILE);
	json_array_end(&json);
	edit->at = config->mounts.end - 1;
	edit->text.error = buf_error(&list);
	buf_putc(&edit->text, ',');
	if (list.len > 2)
		buf_add(&edit->text, buf_text(&list) + 1, list.len - 2);
}

static void edit_args(const struct config *config, const struct config_wrap *wrap,
		      struct edit *edit)
{
	AUTO_BUF struct buf list = BUF_INIT(CONFIG_MAX_BYTES);
	struct json json;

	json_init(&json, &list);
	json_array_begin(&json);
	for (size_t i = 0; i < wrap->n_prefix; i++)
		json_string(&json, wrap->prefix[i]);
	json_array_end(&json);
	edit->at = config->args.start + 1;
	edit->text.error = buf_error(&list);
	if (list.len > 2)
		buf_add(&edit->text, buf_text(&list) + 1, list.len - 2);
	buf_putc(&edit->text, ',');
}

int config_write(const struct config *config, const struct config_wrap *wrap, bool wants_mounts,
		 struct buf *out, struct croft_error *err)
{
	struct edit edits[2] = { { .text = BUF_INIT(CONFIG_MAX_BYTES) },
				 { .text = BUF_INIT(CONFIG_MAX_BYTES) } };
	size_t n = 0, at = 0;

	edit_args(config, wrap, &edits[n++]);
	if (wants_mounts)
		edit_mounts(config, wrap, &edits[n++]);
	if (n == 2 && edits[1].at < edits[0].at) {
		struct edit first = edits[1];

		edits[1] = edits[0];
		edits[0] = first;
	}
	for (size_t i = 0; i < n; i++) {
		if (buf_error(&edits[i].text) < 0)
			out->error = buf_error(&edits[i].text);
		buf_add(out, config->text + at, edits[i].at - at);
		buf_add(out, buf_text(&edits[i].text), edits[i].text.len);
		at = edits[i].at;
		buf_done(&edits[i].text);
	}
	buf_add(out, config->text + at, config->len - at);
	if (buf_error(out) < 0)
		return fail(err, CROFT_STAGE_PREPARE, -buf_error(out), "write %s anew",
			    config->name);
	return 0;
}
