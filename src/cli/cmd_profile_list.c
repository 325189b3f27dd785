/* SPDX-License-Identifier: MIT */
/*
 * cmd_profile_list.c - croft profile list: what --profile can name.
 *
 * Each file is read for its description, and one that cannot be read, or is wrong, is listed with
 * what is wrong with it: it would be so when it is named. The exit status stays 0, as the
 * question was answered.
 */
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/cmd_profile.h"
#include "cli/place.h"
#include "profile/store.h"

#define FILE_MAX_BYTES (16U << 20) /* as a project's file: cli/project_profile.c */

struct printer {
	struct buf *buf;
	struct json json;
	bool wants_json;
};

/* One profile, with what its own file says. */
struct item {
	const struct store_listed *listed;
	const char *description; /* NULL: none */
	const char *trouble; /* NULL: none */
};

static const char *description_of(const struct document *document, const char *name)
{
	const struct document_profile *profile = document_find(document, name);
	const char *text = NULL;

	/* as the loader chooses */
	if (!profile && document->n_profiles == 1)
		profile = &document->profiles[0];
	if (!profile)
		profile = document_find(document, "default");
	for (size_t i = 0; profile && i < profile->n_entries; i++)
		if (profile->entries[i].key == KEY_DESCRIPTION)
			text = profile->entries[i].value;
	return text;
}

static void print_text(struct printer *printer, const struct item *item)
{
	const char *path = item->listed->path;

	buf_printf(printer->buf, "%-16s ", item->listed->name);
	if (item->trouble)
		buf_puts(printer->buf, "cannot be used: ");
	text_escape(printer->buf, item->trouble       ? item->trouble
				  : item->description ? item->description
						      : "-");
	buf_puts(printer->buf, " (");
	text_escape(printer->buf, path ? path : "built in");
	if (item->listed->is_shadowed)
		buf_puts(printer->buf, ", hidden by the one before");
	buf_puts(printer->buf, ")\n");
}

static void print_json(struct printer *printer, const struct item *item)
{
	struct json *json = &printer->json;

	json_object_begin(json);
	json_key(json, "name");
	json_string(json, item->listed->name);
	json_key(json, "path");
	json_string(json, item->listed->path);
	json_key(json, "description");
	json_string(json, item->description);
	json_key(json, "shadowed");
	json_bool(json, item->listed->is_shadowed);
	json_key(json, "error");
	json_string(json, item->trouble);
	json_object_end(json);
}

static void print_item(struct printer *printer, const struct item *item)
{
	if (printer->wants_json)
		print_json(printer, item);
	else
		print_text(printer, item);
}

static void print_file(struct printer *printer, const struct store_listed *listed)
{
	struct item item = { .listed = listed };
	struct croft_error err = { 0 };
	struct document document = { 0 };
	struct store_text text;
	struct arena arena;
	int r = store_read(listed->path, &text, &err);

	arena_init(&arena, FILE_MAX_BYTES);
	if (r == 0) {
		r = document_read(listed->path, text.data, text.len, &arena, &document, &err);
		store_text_done(&text);
	}
	if (r < 0)
		item.trouble = err.what;
	else
		item.description = description_of(&document, listed->name);
	print_item(printer, &item);
	arena_done(&arena);
}

static int print_listed(void *context, const struct store_listed *listed)
{
	struct printer *printer = context;
	struct item item = { .listed = listed };

	if (listed->path) {
		print_file(printer, listed);
		return 0;
	}
	for (size_t i = 0; i < n_builtin_documents; i++)
		if (document_find(builtin_documents[i], listed->name))
			item.description = description_of(builtin_documents[i], listed->name);
	print_item(printer, &item);
	return 0;
}

static int list_all(struct printer *printer, struct croft_error *err)
{
	struct place place;
	struct arena arena;
	int r;

	place_init(&place);
	arena_init(&arena, 4 * (size_t)PATH_MAX);
	r = store_list(store_config_home(&arena, place.at.home, place.at.environ), print_listed,
		       printer, err);
	arena_done(&arena);
	return r;
}

int cmd_profile_list(const struct option_list *list, const char *const *words)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	struct printer printer = { .buf = &buf, .wants_json = options_has(list, OPT_JSON) };
	struct croft_error err = { 0 };

	if (words[0]) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "croft profile list takes no '%s'",
			   words[0]);
		fail_hint(&err, "croft profile show prints one profile");
		return cli_fail(&err);
	}
	json_init(&printer.json, &buf);
	if (printer.wants_json) {
		json_object_begin(&printer.json);
		json_key(&printer.json, "profiles");
		json_array_begin(&printer.json);
	}
	if (list_all(&printer, &err) < 0)
		return cli_fail(&err);
	if (printer.wants_json) {
		json_array_end(&printer.json);
		json_object_end(&printer.json);
		buf_putc(&buf, '\n');
	}
	return cli_print(&buf);
}
