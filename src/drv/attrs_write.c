/* SPDX-License-Identifier: MIT */
/*
 * attrs_write.c - structured attributes as the builder finds them: .attrs.json and .attrs.sh.
 *
 * Byte for byte as Nix writes them (libstore/parsed-derivations.cc, and nlohmann's dump()): keys
 * sorted by their bytes, no white space, letters beyond ASCII as they are, numbers in the shortest
 * form that is read back as the same. "outputs" is replaced by an object of names and paths.
 *
 * The shell gets what bash can hold: words, lists and tables of words. A number is a word if it is
 * whole (as a float, then as an int: so Nix has it); true is 1, false and null are empty. What is
 * nested deeper, and a name that is none of a variable, is in the JSON alone.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "drv/attrs.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
#define NUMBER_SIZE 40
/* What a float must be below, and not below, to become an int; else x86 makes INT_MIN of it. */
#define MAX_INT 0x1p31F
#define MIN_INT (-0x1p31F)
#define OUTPUTS "outputs"

static void put_string(struct buf *out, const char *text, size_t len)
{
	static const char escaped[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";

	buf_putc(out, '"');
	for (size_t i = 0; i < len; i++) {
		const char *found = text[i] ? strchr(escaped, text[i]) : NULL;

		if (found)
			buf_printf(out, "\\%c", letters[found - escaped]);
		else if ((unsigned char)text[i] < 0x20)
			buf_printf(out, "\\u%04x", (unsigned)(unsigned char)text[i]);
		else
			buf_putc(out, text[i]);
	}
	buf_putc(out, '"');
}

/* The shortest that is the same number again; marked as no integer. */
static void put_real(struct buf *out, double value)
{
	char text[NUMBER_SIZE];

	for (int digits = 1; digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	buf_puts(out, text);
	if (!strpbrk(text, ".en"))
		buf_puts(out, ".0");
}

static int compare(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

/* The names of an object, sorted; to be freed. Sets the error of `out` if there is no memory. */
static const char **sort_names(json_t *object, struct buf *out)
{
	const char **names = calloc(json_object_size(object) + 1, sizeof(*names)), *name;
	json_t *value;
	size_t n = 0;

	if (!names) {
		out->error = -ENOMEM;
		return NULL;
	}
	json_object_foreach(object, name, value) names[n++] = name;
	qsort(names, n, sizeof(*names), compare);
	return names;
}

/* jansson bounds the depth of what it has read. */
static void put_value(struct buf *out, json_t *value)
{
	AUTO_FREE const char **names = NULL;
	const char *mark = "";

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		names = sort_names(value, out);
		buf_putc(out, '{');
		for (size_t i = 0; names && names[i]; i++, mark = ",") {
			buf_puts(out, mark);
			put_string(out, names[i], strlen(names[i]));
			buf_putc(out, ':');
			put_value(out, json_object_get(value, names[i]));
		}
		buf_putc(out, '}');
		break;
	case JSON_ARRAY:
		buf_putc(out, '[');
		for (size_t i = 0; i < json_array_size(value); i++, mark = ",") {
			buf_puts(out, mark);
			put_value(out, json_array_get(value, i));
		}
		buf_putc(out, ']');
		break;
	case JSON_STRING:
		put_string(out, json_string_value(value), json_string_length(value));
		break;
	case JSON_INTEGER:
		buf_printf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		break;
	case JSON_REAL:
		put_real(out, json_real_value(value));
		break;
	default:
		buf_puts(out, json_is_true(value)    ? "true"
			      : json_is_false(value) ? "false"
						     : "null");
	}
}

/* A copy, not deep, with the paths of the outputs in it; NULL: no memory. */
static json_t *with_outputs(const struct attrs *attrs, const struct drv *drv)
{
	json_t *root = json_copy(attrs->root), *outputs = json_object();
	int r = root && outputs ? 0 : -1;

	for (size_t i = 0; i < drv->n_outputs && r == 0; i++)
		r = json_object_set_new(outputs, drv->outputs[i].name,
					json_stringn(drv->outputs[i].path,
						     strlen(drv->outputs[i].path)));
	if (r == 0)
		r = json_object_set(root, OUTPUTS, outputs);
	json_decref(outputs);
	if (r == 0)
		return root;
	json_decref(root);
	return NULL;
}

void attrs_write_json(const struct attrs *attrs, const struct drv *drv, struct buf *out)
{
	json_t *root = with_outputs(attrs, drv);

	if (root)
		put_value(out, root);
	else
		out->error = -ENOMEM;
	json_decref(root);
}

static void quote(struct buf *out, const char *text)
{
	buf_putc(out, '\'');
	for (; *text; text++)
		if (*text == '\'')
			buf_puts(out, "'\\''");
		else
			buf_putc(out, *text);
	buf_putc(out, '\'');
}

/* False, and nothing is written: it is no word. */
static bool put_word(struct buf *out, const json_t *value)
{
	if (json_is_string(value)) {
		quote(out, json_string_value(value));
		return true;
	}
	if (json_is_number(value)) {
		float number = (float)json_number_value(value);

		if (ceilf(number) != number)
			return false;
		if (json_is_integer(value))
			buf_printf(out, "%d", (int)json_integer_value(value));
		else
			buf_printf(out, "%d",
				   number < MAX_INT && number >= MIN_INT ? (int)number : INT_MIN);
		return true;
	}
	if (json_is_null(value))
		buf_puts(out, "''");
	else if (json_is_true(value))
		buf_putc(out, '1');
	return json_is_null(value) || json_is_boolean(value);
}

static bool put_list(struct buf *out, const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (!put_word(out, json_array_get(list, i)))
			return false;
		buf_putc(out, ' ');
	}
	return true;
}

static bool put_table(struct buf *out, json_t *table)
{
	AUTO_FREE const char **names = sort_names(table, out);

	for (size_t i = 0; names && names[i]; i++) {
		buf_putc(out, '[');
		quote(out, names[i]);
		buf_puts(out, "]=");
		if (!put_word(out, json_object_get(table, names[i])))
			return false;
		buf_putc(out, ' ');
	}
	return true;
}

static void put_variable(struct buf *out, const char *name, json_t *value)
{
	struct buf text = BUF_INIT(out->max);
	const char *kind = json_is_array(value) ? "-a " : json_is_object(value) ? "-A " : "";
	bool is_good = json_is_array(value)    ? put_list(&text, value)
		       : json_is_object(value) ? put_table(&text, value)
					       : put_word(&text, value);

	if (is_good)
		buf_printf(out, *kind ? "declare %s%s=(" : "declare %s%s=", kind, name);
	if (is_good)
		buf_add(out, buf_text(&text), text.len);
	if (is_good)
		buf_puts(out, *kind ? ")\n" : "\n");
	if (buf_error(&text) < 0)
		out->error = buf_error(&text);
	buf_done(&text);
}

void attrs_write_shell(const struct attrs *attrs, const struct drv *drv, struct buf *out)
{
	json_t *root = with_outputs(attrs, drv);
	AUTO_FREE const char **names = root ? sort_names(root, out) : NULL;

	if (!root)
		out->error = -ENOMEM;
	for (size_t i = 0; names && names[i]; i++)
		if (strspn(names[i], LETTERS "0123456789") == strlen(names[i]) && *names[i] &&
		    strchr(LETTERS, *names[i]))
			put_variable(out, names[i], json_object_get(root, names[i]));
	json_decref(root);
}
