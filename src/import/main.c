/* SPDX-License-Identifier: MIT */
/*
 * main.c - croft-import: another launcher's settings to a profile on standard output.
 *
 *	croft-import landlockconfig|srt|claude-settings FILE
 *
 * People call it as `croft profile import --from FORMAT FILE`. What could not be carried over
 * stands as comments at the head of the profile, where it will be read again, and on stderr, one
 * line each. Exit status: 0, 125 when nothing was imported.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "cli/cli.h"
#include "import/import.h"
#include "profile/profile_print.h"
#include "sys/fd.h"

#define IMPORT_ARENA (16U << 20)

static const struct name format_names[] = {
	{ "landlockconfig", "landlockconfig's JSON form" },
	{ "srt", "Anthropic's sandbox runtime" },
	{ "claude-settings", "Claude Code's settings.json" },
};

static int (*const readers[])(struct import *import, json_t *root, struct croft_error *err) = {
	import_landlockconfig,
	import_srt,
	import_claude,
};
_Static_assert(ARRAY_SIZE(format_names) == ARRAY_SIZE(readers), "a reader for each format");

static int load(const char *file, json_t **ret_root, struct croft_error *err)
{
	AUTO_FREE char *data = malloc(IMPORT_MAX_BYTES + 1);
	json_error_t where;
	ssize_t len;
	int r;

	if (!data)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "import '%s'", file);
	len = fd_read_file(AT_FDCWD, file, data, IMPORT_MAX_BYTES + 1);
	if (len < 0)
		return fail(err, CROFT_STAGE_PROFILE, (int)-len, "read '%s'", file);
	*ret_root = json_loadb(data, (size_t)len, JSON_REJECT_DUPLICATES, &where);
	if (!*ret_root) {
		r = fail(err, CROFT_STAGE_PROFILE, 0, "%s:%d:%d: no JSON: %s", file, where.line,
			 where.column, where.text);
		if (strchr(data, '=') && strstr(data, "[["))
			fail_hint(err, "the TOML form is not read: write it as JSON");
		return r;
	}
	if (json_is_object(*ret_root))
		return 0;
	json_decref(*ret_root);
	return fail(err, CROFT_STAGE_PROFILE, 0, "%s: an object was expected", file);
}

static int compare_entries(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

/* Entries of one key together, else in their order: lines stand in for it. */
static void sort_entries(struct import *import)
{
	for (size_t i = 0; i < import->n_entries; i++)
		import->entries[i].line = (unsigned)i;
	if (import->n_entries)
		qsort(import->entries, import->n_entries, sizeof(*import->entries),
		      compare_entries);
}

static int print(struct import *import, const char *format)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	const struct document_profile profile = {
		.name = "imported",
		.entries = import->entries,
		.n_entries = import->n_entries,
	};
	const struct document document = {
		.source = import->file,
		.version = 2,
		.profiles = &profile,
		.n_profiles = 1,
	};

	buf_printf(&buf, "# Imported from %s: ", format);
	text_escape(&buf, import->file);
	buf_putc(&buf, '\n');
	if (import->n_lost)
		buf_puts(&buf, "# Not carried over:\n");
	for (size_t i = 0; i < import->n_lost; i++) {
		buf_puts(&buf, "#   ");
		text_escape(&buf, import->lost[i]);
		buf_putc(&buf, '\n');
	}
	profile_print_document(&buf, &document, &profile, false);
	return cli_print(&buf);
}

static void tell_lost(const struct import *import)
{
	for (size_t i = 0; i < import->n_lost; i++) {
		AUTO_BUF struct buf line = BUF_INIT(8192);

		buf_printf(&line, "not carried over: %s", import->lost[i]);
		cli_warn(buf_text(&line));
	}
}

static int run(struct arena *arena, int format, const char *file)
{
	struct import import = { .arena = arena, .file = file };
	struct croft_error err = { 0 };
	json_t *root = NULL;
	int r, status;

	if (load(file, &root, &err) < 0)
		return cli_fail(&err);
	r = readers[format](&import, root, &err);
	json_decref(root);
	if (r < 0 && !*err.what)
		(void)fail(&err, CROFT_STAGE_PROFILE, -r, "import '%s'", file);
	if (r < 0)
		return cli_fail(&err);
	sort_entries(&import);
	status = print(&import, format_names[format].name);
	if (status == 0)
		tell_lost(&import);
	return status;
}

int main(int argc, char *argv[])
{
	struct croft_error err = { 0 };
	struct arena arena;
	int format, status;

	if (argc != 3) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "a format and a file are needed");
		fail_hint(&err, "for example: croft profile import --from srt settings.json");
		return cli_fail(&err);
	}
	format = names_find(format_names, ARRAY_SIZE(format_names), argv[1]);
	if (format < 0) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "there is no format '%s'", argv[1]);
		fail_hint(&err, "one of: landlockconfig, srt, claude-settings");
		return cli_fail(&err);
	}
	arena_init(&arena, IMPORT_ARENA);
	status = run(&arena, format, argv[2]);
	arena_done(&arena);
	return status;
}
