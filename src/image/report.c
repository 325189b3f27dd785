/* SPDX-License-Identifier: MIT */
/*
 * report.c - the list of what was found, in order, once each; and the words.
 *
 * One table has a row for each kind: what is wrong and what mends it, as templates (%s the subject,
 * %d the detail, %o the other). Texts are built here and kept as they are: names of files go into
 * them unescaped and are escaped where they are printed, for a terminal or as JSON.
 */
#include "image/report.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define TEXT_MAX_BYTES 65536 /* of one message: some names of PATH_MAX */

/* clang-format off */
static const struct {
	const char *name, *what, *mend;
} rows[] = {
	[REPORT_NOT_FOUND] = { "not-found",
		"%s: missing (not on PATH %d)",
		"" },
	[REPORT_NO_APPLET] = { "no-applet",
		"%s: '%d' leads to a busybox that was built without it",
		"" },
	[REPORT_CANNOT_START] = { "cannot-start", "", "" },
	[REPORT_VOLUME_TWICE] = { "volume-twice",
		"the volume '%s' is there twice, first in line %d: the pod will be refused (422)",
		"take one of them out, or give it another name" },
	[REPORT_VOLUME_OF_HOOK] = { "volume-of-hook",
		"the volume '%s' is one that the hook adds itself (%d): the pod will be refused (422)",
		"take it out of this file, or give it another name" },
	[REPORT_MOUNT_TWICE] = { "mount-twice",
		"the container '%d' mounts something at '%s' twice, first in line %o: the pod will be "
		"refused (422), or the second hides the first",
		"take one of them out" },
	[REPORT_MOUNT_OF_HOOK] = { "mount-of-hook",
		"the hook itself mounts its volume '%d' at '%s' (%o): the pod will be refused (422)",
		"take this mount out" },
	[REPORT_MOUNT_IN_HOOK] = { "mount-in-hook",
		"the mount at '%s' hides a part of what the hook puts into '%d' (%o)",
		"take this mount out, or mount it elsewhere" },
	[REPORT_MOUNT_WITHOUT_VOLUME] = { "mount-without-volume",
		"the container '%o' mounts the volume '%s', which is not there: the pod will be refused "
		"(422)",
		"add it to spec.volumes: { name: %s, emptyDir: {} }, or mend the name" },
	[REPORT_VOLUME_WITHOUT_MOUNT] = { "volume-without-mount",
		"the volume '%s' is mounted by no container",
		"add a volumeMount for it, or take it out" },
	[REPORT_MOUNT_HIDES] = { "mount-hides",
		"the mount at '%s' hides '%d', which %o needs",
		"mount it at a directory of its own; or tell what will lie there: --mount HOST:%s" },
	[REPORT_MOUNT_MISSING] = { "mount-missing",
		"the container '%d' starts '%s', which is neither in the image nor below a mount",
		"mount the volume that has it, or tell what lies there: --mount HOST:PATH" },
	[REPORT_INIT_REPLACED] = { "init-replaced",
		"these initContainers replace the hook's own 'fs-init', and none of them fills the volume "
		"'externals': /__e stays empty (env: '/__e/node20/bin/node': No such file or directory)",
		"take them out; or add the hook's own to them, on the runner's image, with 'externals' "
		"at /mnt/externals: mv /home/runner/externals/* /mnt/externals/" },
	[REPORT_NAME_OF_HOOK] = { "name-of-hook",
		"the container '%s' is added beside the hook's own of that name: the pod will be refused "
		"(422)",
		"call it '$job': then it extends the job's container" },
};
/* clang-format on */

static_assert(ARRAY_SIZE(rows) == REPORT_MAX_KIND, "each kind has a row");

void report_init(struct report *report)
{
	*report = (struct report){ 0 };
	arena_init(&report->arena, REPORT_MAX_BYTES);
}

void report_done(struct report *report)
{
	arena_done(&report->arena);
	*report = (struct report){ 0 };
}

const char *report_kind_name(enum report_kind kind)
{
	return rows[kind].name;
}

/* NULL when memory is exhausted, which is kept. */
static const char *expand(struct report *report, const char *template,
			  const struct report_words *words)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX_BYTES);
	const char *text;

	for (; *template; template ++) {
		const char *word;

		if (*template != '%') {
			buf_putc(&buf, *template);
			continue;
		}
		template ++;
		assert(strchr("sdo", *template));
		word = *template == 's'   ? words->subject
		       : *template == 'd' ? words->detail
					  : words->other;
		buf_puts(&buf, word ? word : "");
	}
	text = buf_error(&buf) ? NULL : arena_strdup(&report->arena, buf_text(&buf));
	if (!text)
		report->error = -ENOMEM;
	return text;
}

static bool is_known(const struct report *report, const struct report_finding *found)
{
	for (size_t i = 0; i < report->n; i++) {
		const struct report_finding *known = &report->items[i];

		if (known->kind == found->kind && known->spot.line == found->spot.line &&
		    known->spot.column == found->spot.column && !strcmp(known->what, found->what))
			return true;
	}
	return false;
}

void report_add(struct report *report, enum report_kind kind, const struct report_spot *spot,
		const struct report_words *words)
{
	struct report_finding found = { .kind = kind, .spot = *spot }, *items;

	if (report->n == REPORT_MAX) {
		report->n_left_out++;
		return;
	}
	found.what = words->what ? arena_strdup(&report->arena, words->what)
				 : expand(report, rows[kind].what, words);
	found.mend = words->mend ? arena_strdup(&report->arena, words->mend)
				 : expand(report, rows[kind].mend, words);
	found.subject = arena_strdup(&report->arena, words->subject ? words->subject : "");
	found.spot.file = spot->file ? arena_strdup(&report->arena, spot->file) : NULL;
	items = arena_grow(&report->arena, report->items, report->n, &report->capacity,
			   sizeof(*items));
	if (!found.what || !found.mend || !found.subject || !items ||
	    (spot->file && !found.spot.file)) {
		report->error = -ENOMEM;
		return;
	}
	report->items = items;
	if (!is_known(report, &found))
		items[report->n++] = found;
}

static void print_one(struct buf *buf, const struct report_finding *found, const char *image)
{
	buf_puts(buf, "croft: ");
	text_escape(buf, found->spot.file ? found->spot.file : image);
	if (found->spot.line)
		buf_printf(buf, ":%u:%u", found->spot.line, found->spot.column);
	buf_puts(buf, ": ");
	text_escape(buf, found->what);
	if (*found->mend) {
		buf_puts(buf, " (");
		text_escape(buf, found->mend);
		buf_putc(buf, ')');
	}
	buf_putc(buf, '\n');
}

void report_print(struct buf *buf, const struct report *report, const char *image)
{
	for (size_t i = 0; i < report->n; i++)
		print_one(buf, &report->items[i], image);
	if (report->n_left_out)
		buf_printf(buf, "croft: and %zu more\n", report->n_left_out);
}

static void pair(struct json *json, const char *key, const char *value)
{
	json_key(json, key);
	json_string(json, value);
}

static void pair_number(struct json *json, const char *key, unsigned value)
{
	json_key(json, key);
	if (value)
		json_uint(json, value);
	else
		json_null(json);
}

void report_print_json(struct json *json, const struct report *report)
{
	for (size_t i = 0; i < report->n; i++) {
		const struct report_finding *found = &report->items[i];

		json_object_begin(json);
		pair(json, "kind", rows[found->kind].name);
		pair(json, "subject", found->subject);
		pair(json, "file", found->spot.file);
		pair_number(json, "line", found->spot.line);
		pair_number(json, "column", found->spot.column);
		pair(json, "what", found->what);
		pair(json, "mend", found->mend);
		json_object_end(json);
	}
}
