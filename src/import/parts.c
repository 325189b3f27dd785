/* SPDX-License-Identifier: MIT */
/*
 * parts.c - what the readers of foreign settings share.
 *
 * The walk over an object is here and nowhere else, so that no reader can pass over a key in
 * silence: a member either has a row in the reader's table or goes on the list of what was lost.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "import/import.h"
#include "profile/profile.h"
#include "profile/yaml.h"

static int no_memory(struct croft_error *err)
{
	return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "import a profile");
}

static int add_entry(struct import *import, const struct entry *entry, struct croft_error *err)
{
	struct entry *grown;

	if (import->n_entries >= IMPORT_MAX_ENTRIES)
		return fail(err, CROFT_STAGE_PROFILE, EOVERFLOW, "%s: more than %d wishes",
			    import->file, IMPORT_MAX_ENTRIES);
	grown = arena_grow(import->arena, import->entries, import->n_entries,
			   &import->entries_capacity, sizeof(*grown));
	if (!grown || !entry->value)
		return no_memory(err);
	import->entries = grown;
	grown[import->n_entries++] = *entry;
	return 0;
}

int import_add(struct import *import, enum schema_id key, const char *name, const char *value,
	       struct croft_error *err)
{
	struct entry entry = { .key = key, .value = arena_strdup(import->arena, value) };

	if (name) {
		entry.name = arena_strdup(import->arena, name);
		if (!entry.name)
			return no_memory(err);
	}
	/* said twice is said once: formats repeat themselves between their parts */
	for (size_t i = 0; i < import->n_entries; i++) {
		const struct entry *old = &import->entries[i];

		if (old->key == key && !strcmp(old->value, value) && !old->name == !name &&
		    (!name || !strcmp(old->name, name)))
			return 0;
	}
	return add_entry(import, &entry, err);
}

int import_add_rights(struct import *import, uint64_t rights, const char *path,
		      struct croft_error *err)
{
	const struct entry entry = { .key = KEY_FILES_RIGHTS,
				     .value = arena_strdup(import->arena, path),
				     .rights = rights };

	return add_entry(import, &entry, err);
}

int import_lose(struct import *import, struct croft_error *err, const char *fmt, ...)
{
	AUTO_BUF struct buf text = BUF_INIT(4096);
	const char **grown;
	va_list args;

	if (import->n_lost >= IMPORT_MAX_LOST)
		return fail(err, CROFT_STAGE_PROFILE, EOVERFLOW,
			    "%s: more than %d things that cannot be carried over", import->file,
			    IMPORT_MAX_LOST);
	va_start(args, fmt);
	buf_vprintf(&text, fmt, args);
	va_end(args);
	grown = arena_grow(import->arena, import->lost, import->n_lost, &import->lost_capacity,
			   sizeof(*grown));
	if (!grown || buf_error(&text) < 0)
		return no_memory(err);
	import->lost = grown;
	grown[import->n_lost] = arena_strdup(import->arena, buf_text(&text));
	if (!grown[import->n_lost])
		return no_memory(err);
	import->n_lost++;
	return 0;
}

/* NULL: the key is not there. */
static const char *type_name(const json_t *value)
{
	if (!value)
		return "nothing";
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "a list";
	case JSON_STRING:
		return "a text";
	case JSON_INTEGER:
	case JSON_REAL:
		return "a number";
	case JSON_TRUE:
	case JSON_FALSE:
		return "a boolean";
	case JSON_NULL:
		return "null";
	}
	return "nothing";
}

int import_expect(const struct import *import, const char *key, const char *expected,
		  const json_t *found, struct croft_error *err)
{
	return fail(err, CROFT_STAGE_PROFILE, 0, "%s: %s%s%s was expected, %s was found",
		    import->file, key, *key ? ": " : "", expected, type_name(found));
}

static int take_member(struct import *import, const char *key, const char *name, json_t *value,
		       const struct import_key *rows, size_t n_rows, struct croft_error *err)
{
	const char *full = *key ? arena_printf(import->arena, "%s.%s", key, name) : name;

	if (!full)
		return no_memory(err);
	for (size_t i = 0; i < n_rows; i++) {
		if (strcmp(rows[i].name, name))
			continue;
		if (rows[i].take)
			return rows[i].take(import, full, value, err);
		return import_lose(import, err, "%s: %s", full, rows[i].why_lost);
	}
	return import_lose(import, err, "%s: croft does not know this key", full);
}

int import_object(struct import *import, const char *key, json_t *object,
		  const struct import_key *rows, size_t n_rows, struct croft_error *err)
{
	const char *name;
	json_t *value;

	if (!json_is_object(object))
		return import_expect(import, key, "an object", object, err);
	json_object_foreach(object, name, value)
	{
		int r = take_member(import, key, name, value, rows, n_rows, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int import_texts(struct import *import, const char *key, json_t *list,
		 int (*take)(struct import *import, const char *key, const char *text,
			     struct croft_error *err),
		 struct croft_error *err)
{
	json_t *item;
	size_t i;

	if (!json_is_array(list))
		return import_expect(import, key, "a list of texts", list, err);
	json_array_foreach(list, i, item)
	{
		int r;

		if (!json_is_string(item))
			return import_expect(import, key, "a list of texts", item, err);
		r = take(import, key, json_string_value(item), err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* True if one of the components is "..": what it names depends on symbolic links. */
static bool has_dotdot(const char *path)
{
	for (const char *p = path; *p;) {
		size_t len = strcspn(p, "/");

		if (len == 2 && !strncmp(p, "..", 2))
			return true;
		p += len;
		p += strspn(p, "/");
	}
	return false;
}

/* '$' begins a variable in a profile's texts. */
static void double_dollars(struct buf *buf, const char *text)
{
	for (; *text; text++) {
		if (*text == '$')
			buf_putc(buf, '$');
		buf_putc(buf, *text);
	}
}

int import_add_variable(struct import *import, const char *name, const char *value,
			struct croft_error *err)
{
	AUTO_BUF struct buf text = BUF_INIT(YAML_MAX_SCALAR);

	double_dollars(&text, value);
	if (buf_error(&text) < 0)
		return import_lose(import, err, "env.%s: more than %d bytes", name,
				   YAML_MAX_SCALAR);
	return import_add(import, KEY_ENVIRONMENT_SET, name, buf_text(&text), err);
}

int import_path(struct import *import, const char *key, const char *text, bool takes_patterns,
		const char **ret_path, struct croft_error *err)
{
	AUTO_BUF struct buf path = BUF_INIT(PROFILE_MAX_PATH);

	*ret_path = NULL;
	if (!*text)
		return import_lose(import, err, "%s: an empty path", key);
	if (has_dotdot(text))
		return import_lose(import, err, "%s: '%s' has a '..' in it: write what it means",
				   key, text);
	if (takes_patterns ? !!strpbrk(text, "?[]{}") : !!strchr(text, '*'))
		return import_lose(import, err, "%s: '%s' holds a pattern that croft has not", key,
				   text);
	double_dollars(&path, text);
	if (buf_error(&path) < 0)
		return import_lose(import, err, "%s: a path of more than %d bytes", key,
				   PROFILE_MAX_PATH);
	*ret_path = arena_strdup(import->arena, buf_text(&path));
	return *ret_path ? 0 : no_memory(err);
}

int import_add_optional(struct import *import, const char *key, enum schema_id as, const char *text,
			struct croft_error *err)
{
	const char *path;
	int r = import_path(import, key, text, false, &path, err);

	if (r < 0 || !path)
		return r;
	path = arena_printf(import->arena, "optional:%s", path);
	return path ? import_add(import, as, NULL, path, err) : no_memory(err);
}
