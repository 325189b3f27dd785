/* SPDX-License-Identifier: MIT */
/*
 * profile_print.c - the items of a profile as YAML.
 *
 * YAML is written in one narrow form: blocks, one item a line, two blanks a level, no
 * anchors, no tags, no lists in one line but those of rights' names. The order is that of
 * the schema, so that two prints can be compared with diff.
 *
 * A text is written without quotes only where it is plain for every reader, those of YAML
 * 1.1 and 1.2 alike: "no", "1e3", "~" and "2001-01-01" are texts to croft, and dates,
 * numbers and nothing to others. In quotes, what could turn or end a line on a terminal is
 * an escape (base/text.h), and so are the characters that yaml_bytes.c refuses as they are.
 */
#include "profile/profile_print.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "profile/print_parts.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* Words that are no texts to some reader, in any case of letters. */
static bool is_reserved(const char *text)
{
	static const char *const words[] = { "y",    "n",     "yes",  "no",   "on",   "off",
					     "true", "false", "null", ".inf", ".nan", "~" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcasecmp(text, words[i]))
			return true;
	return false;
}

/*
 * Narrower than YAML 1.2, section 7.3.3: no blank, no quote, no bracket, no ',', '#', '&' or '!' at
 * all, and nothing first that a number, a date, a list or an alias could begin with. A ':' is the
 * end of a key only before a blank; before these letters it never is.
 */
static bool is_plain(const char *text)
{
	if (!*text || !strchr(LETTERS "/_~.$", *text) || is_reserved(text) ||
	    text[strspn(text, LETTERS DIGITS "/_~.$@%+-=*{}:")])
		return false;
	if (text[0] == '.' && strchr(DIGITS, text[1]) && text[1])
		return false;
	for (; *text; text++)
		if (text[0] == ':' && (!text[1] || !strchr(LETTERS DIGITS "/~.$", text[1])))
			return false;
	return true;
}

/* The number of the valid UTF-8 character of `n` bytes. */
static uint32_t decode(const char *text, size_t n)
{
	static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t value = (unsigned char)text[0] & masks[n];

	for (size_t i = 1; i < n; i++)
		value = value << 6 | ((unsigned char)text[i] & 0x3f);
	return value;
}

/* The ranges of base/text.h, and what yaml_bytes.c refuses besides. */
static bool needs_escape(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069) || c == 0xfeff || c == 0xfffe || c == 0xffff;
}

void profile_print_quoted(struct buf *buf, const char *text)
{
	size_t len = strlen(text), n;

	buf_putc(buf, '"');
	for (size_t i = 0; i < len; i += n) {
		uint32_t c = 0xfffd;

		n = text_utf8_len(text + i, len - i);
		if (n)
			c = decode(text + i, n);
		if (c == '"' || c == '\\')
			buf_printf(buf, "\\%c", (char)c);
		else if (c == '\n' || c == '\t')
			buf_puts(buf, c == '\n' ? "\\n" : "\\t");
		else if (n && !needs_escape(c))
			buf_add(buf, text + i, n);
		else
			buf_printf(buf, "\\u%04x", (unsigned)c);
		n += !n;
	}
	buf_putc(buf, '"');
}

void profile_print_text(struct buf *buf, const char *text)
{
	if (is_plain(text))
		buf_puts(buf, text);
	else
		profile_print_quoted(buf, text);
}

/* A value of a type that has no other reading: a number, a word, a size. */
static void put_value(struct buf *buf, const struct print_item *item)
{
	switch (schema_keys[item->key].type) {
	case SCHEMA_BOOL:
	case SCHEMA_COUNT:
	case SCHEMA_COUNTS:
	case SCHEMA_SIZE:
	case SCHEMA_TIME:
	case SCHEMA_PORTS:
		if (!item->value[strspn(item->value, LETTERS DIGITS)]) {
			buf_puts(buf, item->value);
			return;
		}
		break;
	case SCHEMA_REQUIRE:
		/* the number behind landlock, or one of three words */
		if (strchr(DIGITS, item->value[0])) {
			buf_puts(buf, item->value);
			return;
		}
		break;
	default:
		break;
	}
	profile_print_text(buf, item->value);
}

/* How YAML is written. */
struct style {
	struct buf *buf;
	const char *before; /* before each line: "# ", or nothing */
	bool wants_origin;
};

static void begin_line(const struct style *style, unsigned level)
{
	buf_puts(style->buf, style->before);
	for (unsigned i = 0; i < level; i++)
		buf_puts(style->buf, "  ");
}

static void end_line(const struct style *style, const struct print_item *item)
{
	bool has_origin = item && style->wants_origin && item->origin;

	if (has_origin || (item && item->note))
		buf_puts(style->buf, " # ");
	if (has_origin)
		text_escape(style->buf, item->origin);
	if (item && item->note)
		buf_printf(style->buf, "%s%s", has_origin ? ": " : "", item->note);
	buf_putc(style->buf, '\n');
}

static bool is_list(enum schema_type type)
{
	return type == SCHEMA_TEXTS || type == SCHEMA_PATHS || type == SCHEMA_PORTS ||
	       type == SCHEMA_WORDS || type == SCHEMA_COUNTS;
}

/* "read" of "files.read". */
static const char *last_part(const char *path)
{
	const char *dot = strchr(path, '.');

	return dot ? dot + 1 : path;
}

static void put_rights(struct buf *buf, uint64_t rights)
{
	const char *between = "";

	buf_puts(buf, "allow: [");
	for (size_t i = 0; i < n_right_names; i++) {
		if (!(rights & 1ULL << i))
			continue;
		buf_printf(buf, "%s%s", between, right_names[i].name);
		between = ", ";
	}
	buf_putc(buf, ']');
}

/* One path of files.rights; those with the same rights as the one before share its item. */
static void put_right(const struct style *style, unsigned level, const struct print_item *item,
		      const struct print_item *before, bool is_last)
{
	if (!before) {
		begin_line(style, level);
		buf_puts(style->buf, "- paths:\n");
	}
	begin_line(style, level + 2);
	buf_puts(style->buf, "- ");
	profile_print_text(style->buf, item->value);
	end_line(style, item);
	if (!is_last)
		return;
	begin_line(style, level + 1);
	put_rights(style->buf, item->rights);
	end_line(style, NULL);
}

/* The groups of version 1 stay apart: they are how its author has ordered them. */
static bool same_rights(const struct print_item *a, const struct print_item *b)
{
	const char *x = a->name ? a->name : "", *y = b->name ? b->name : "";

	return a->rights == b->rights && !strcmp(x, y);
}

static void put_items(const struct style *style, const struct print_list *list, enum schema_id key,
		      unsigned level)
{
	const struct print_item *before = NULL, *next;
	enum schema_type type = schema_keys[key].type;

	for (const struct print_item *item = print_list_next(list, key, NULL); item; item = next) {
		next = print_list_next(list, key, item);
		if (type == SCHEMA_RIGHTS) {
			bool is_last = !next || !same_rights(item, next);

			put_right(style, level, item, before, is_last);
			before = is_last ? NULL : item;
			continue;
		}
		begin_line(style, level);
		if (is_list(type)) {
			buf_puts(style->buf, "- ");
		} else {
			profile_print_text(style->buf, item->name);
			buf_puts(style->buf, ": ");
		}
		put_value(style->buf, item);
		end_line(style, item);
	}
}

/* A key with all of its items; of a mapping each key that has any. */
static bool put_key(const struct style *style, const struct print_list *list, enum schema_id key,
		    unsigned level)
{
	const struct print_item *first = print_list_next(list, key, NULL);
	enum schema_type type = schema_keys[key].type;

	if (!first)
		return false;
	begin_line(style, level);
	buf_printf(style->buf, "%s:", last_part(schema_keys[key].path));
	if (is_list(type) || type == SCHEMA_RIGHTS || type == SCHEMA_VARIABLES ||
	    type == SCHEMA_REQUIRE) {
		end_line(style, NULL);
		put_items(style, list, key, level + 1);
		return true;
	}
	buf_putc(style->buf, ' ');
	put_value(style->buf, first);
	end_line(style, first);
	return true;
}

/* True if the list has an item of a key below the mapping. */
static bool has_below(const struct print_list *list, enum schema_id map)
{
	size_t len = strlen(schema_keys[map].path);

	for (size_t i = 0; i < list->n; i++) {
		const char *path = schema_keys[list->items[i].key].path;

		if (!strncmp(path, schema_keys[map].path, len) && path[len] == '.')
			return true;
	}
	return false;
}

/* The rows of a mapping follow its own row, so that its name is written just before them. */
static void put_profile(const struct style *style, const struct print_list *list, unsigned level)
{
	for (enum schema_id key = 0; key < KEY_MAX; key++) {
		bool is_below = strchr(schema_keys[key].path, '.') != NULL;

		if (schema_keys[key].type != SCHEMA_MAP) {
			(void)put_key(style, list, key, level + is_below);
		} else if (has_below(list, key)) {
			begin_line(style, level);
			buf_printf(style->buf, "%s:\n", schema_keys[key].path);
		}
	}
}

static void put_file(struct buf *buf, const char *name, const struct print_list *list,
		     bool wants_origin)
{
	const struct style style = { .buf = buf, .before = "", .wants_origin = wants_origin };

	buf_puts(buf, "version: 2\nprofiles:\n  ");
	profile_print_text(buf, name);
	buf_puts(buf, list->n ? ":\n" : ": {}\n");
	put_profile(&style, list, 2);
	if (list->error && !buf->error)
		buf->error = list->error;
}

void profile_print_document(struct buf *buf, const struct document *document,
			    const struct document_profile *profile, bool wants_origin)
{
	struct print_list list;

	print_list_init(&list);
	print_list_document(&list, document, profile);
	put_file(buf, profile->name, &list, wants_origin);
	print_list_done(&list);
}

/* A name for a merged profile: its own, that behind "FILE:", or a word. */
static const char *name_of(const struct profile *profile)
{
	const char *colon = strrchr(profile->name, ':');

	if (document_is_name(profile->name))
		return profile->name;
	return colon && document_is_name(colon + 1) ? colon + 1 : "resolved";
}

/*
 * A comment, for no file can say it: both profiles have a grant, and which of its paths lies within
 * which is known only when they are resolved (plan/files.c).
 */
static void put_bounds(struct buf *buf, const struct profile *profile, bool wants_origin)
{
	const struct style style = { .buf = buf, .before = "# ", .wants_origin = wants_origin };
	struct print_list list;

	buf_puts(buf, "\n# All this only as far as it is within what ");
	text_escape(buf, profile->bound_name);
	buf_puts(buf, " grants:\n#\n");
	print_list_init(&list);
	print_list_bounds(&list, profile);
	put_profile(&style, &list, 0);
	if (!list.n)
		buf_puts(buf, "# nothing\n");
	if (list.error && !buf->error)
		buf->error = list.error;
	print_list_done(&list);
}

void profile_print_resolved(struct buf *buf, const struct profile *profile, bool wants_origin)
{
	struct print_list list;

	print_list_init(&list);
	print_list_profile(&list, profile);
	put_file(buf, name_of(profile), &list, wants_origin);
	if (profile->bound_name)
		put_bounds(buf, profile, wants_origin);
	print_list_done(&list);
}
