/* SPDX-License-Identifier: MIT */
/*
 * print.c - findings as text for people and editors, and as JSON.
 *
 * A line of text is what compilers print ("file:line:column: severity: what (mend)"), so that
 * editors find the place. Names of files may hold anything: escaped for a terminal, and by the
 * rules of JSON there.
 */
#include "base/text.h"
#include "check/finding.h"

static void print_one(struct buf *buf, const struct finding *found, bool names_profiles)
{
	text_escape(buf, found->spot.file);
	if (found->spot.line)
		buf_printf(buf, ":%u", found->spot.line);
	if (found->spot.line && found->spot.column)
		buf_printf(buf, ":%u", found->spot.column);
	buf_printf(buf, ": %s: ", severity_names[found->severity].name);
	if (names_profiles && found->profile) {
		buf_puts(buf, "profile ");
		text_escape(buf, found->profile);
		buf_puts(buf, ": ");
	}
	text_escape(buf, found->what);
	if (*found->mend) {
		buf_puts(buf, " (");
		text_escape(buf, found->mend);
		buf_putc(buf, ')');
	}
	buf_putc(buf, '\n');
}

void findings_print(struct buf *buf, const struct findings *findings, bool names_profiles)
{
	for (size_t i = 0; i < findings->n; i++)
		print_one(buf, &findings->items[i], names_profiles);
}

static void key_number(struct json *json, const char *key, unsigned number)
{
	json_key(json, key);
	if (number)
		json_uint(json, number);
	else
		json_null(json);
}

static void key_text(struct json *json, const char *key, const char *text)
{
	json_key(json, key);
	json_string(json, text);
}

void findings_print_json(struct json *json, const struct findings *findings)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct finding *found = &findings->items[i];

		json_object_begin(json);
		key_text(json, "file", found->spot.file);
		key_number(json, "line", found->spot.line);
		key_number(json, "column", found->spot.column);
		key_text(json, "profile", found->profile);
		key_text(json, "severity", severity_names[found->severity].name);
		key_text(json, "kind", finding_name(found->kind));
		key_text(json, "what", found->what);
		key_text(json, "mend", found->mend);
		json_object_end(json);
	}
}
