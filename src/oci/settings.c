/* SPDX-License-Identifier: MIT */
/*
 * settings.c - reads lines of "key = value", and says which profile a container gets.
 *
 * A key that is unknown or given twice is an error: a wish for confinement that is misspelled must
 * not be passed over. Paths are absolute, for a runtime is started in any directory.
 */
#include "oci/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "oci/owner.h"
#include "profile/document.h"
#include "profile/store.h"
#include "sys/fd.h"

#define SETTINGS_MAX_BYTES ((size_t)64 << 10)

static const struct name key_names[] = {
	{ "runtime", NULL },
	{ "croft", NULL },
	{ "profile", NULL },
	{ "choose", NULL },
};

struct line {
	const char *source;
	unsigned number;
};

static int wrong(const struct line *line, struct croft_error *err, const char *what,
		 const char *value)
{
	return fail(err, CROFT_STAGE_PROFILE, 0, "%s:%u: %s '%.200s'", line->source, line->number,
		    what, value);
}

/* A name or an absolute path. */
static int check_profile(const struct line *line, const char *value, struct croft_error *err)
{
	if (value[0] == '/' || document_is_name(value))
		return 0;
	return wrong(line, err, "neither a profile's name nor an absolute path:", value);
}

/* Each word with one blank before it, and one behind the last. */
static int take_choices(const struct line *line, struct settings *settings, const char *value,
			struct croft_error *err)
{
	size_t used = 0;

	for (value += strspn(value, " \t"); *value; value += strspn(value, " \t")) {
		size_t len = strcspn(value, " \t");
		char *word = settings->choices + used + 1;
		int r;

		if (used + len + 3 > sizeof(settings->choices))
			return wrong(line, err, "too long:", "choose");
		settings->choices[used] = ' ';
		memcpy(word, value, len);
		word[len] = '\0';
		r = check_profile(line, word, err);
		if (r < 0)
			return r;
		used += len + 1;
		value += len;
	}
	if (!used)
		return wrong(line, err, "nothing behind", "choose");
	settings->choices[used] = ' ';
	settings->choices[used + 1] = '\0';
	return 0;
}

static int take_path(const struct line *line, char *place, const char *value,
		     struct croft_error *err)
{
	if (value[0] != '/')
		return wrong(line, err, "an absolute path was expected, not", value);
	(void)snprintf(place, PATH_MAX, "%s", value);
	return 0;
}

static int take(const struct line *line, struct settings *settings, const char *key,
		const char *value, struct croft_error *err)
{
	char *const places[] = { settings->runtime, settings->croft, settings->profile,
				 settings->choices };
	int n = names_find(key_names, ARRAY_SIZE(key_names), key);
	int r;

	if (n < 0) {
		r = wrong(line, err, "there is no key", key);
		fail_hint(err, "runtime, croft, profile, choose");
		return r;
	}
	if (*places[n])
		return wrong(line, err, "given twice:", key);
	if (!*value)
		return wrong(line, err, "nothing behind", key);
	if (n == 3)
		return take_choices(line, settings, value, err);
	if (n < 2)
		return take_path(line, places[n], value, err);
	r = check_profile(line, value, err);
	if (r == 0 && !strcmp(value, SETTINGS_OFF))
		r = wrong(line, err, "no profile of all containers:", value);
	if (r == 0)
		(void)snprintf(settings->profile, sizeof(settings->profile), "%s", value);
	return r;
}

static bool is_printable(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < ' ' && c != '\t') || c == 127)
			return false;
	}
	return true;
}

/* Cuts blanks off both ends, in place. */
static char *trim(char *text)
{
	size_t len;

	text += strspn(text, " \t");
	len = strlen(text);
	while (len && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	text[len] = '\0';
	return text;
}

static int read_line(const struct line *line, struct settings *settings, const char *text,
		     size_t len, struct croft_error *err)
{
	char copy[PATH_MAX], *start, *equals;

	if (len >= sizeof(copy) || !is_printable(text, len))
		return wrong(line, err, "too long, or not of printable characters:", "a line");
	memcpy(copy, text, len);
	copy[len] = '\0';
	start = trim(copy);
	if (!*start || *start == '#')
		return 0;
	equals = strchr(start, '=');
	if (!equals)
		return wrong(line, err, "'key = value' was expected, not", start);
	*equals = '\0';
	return take(line, settings, trim(start), trim(equals + 1), err);
}

int settings_parse(struct settings *settings, const char *source, const char *text, size_t len,
		   struct croft_error *err)
{
	struct line line = { .source = source };

	memset(settings, 0, sizeof(*settings));
	while (len) {
		const char *newline = memchr(text, '\n', len);
		size_t part = newline ? (size_t)(newline - text) : len;
		int r;

		line.number++;
		r = read_line(&line, settings, text, part, err);
		if (r < 0)
			return r;
		part += newline ? 1 : 0;
		text += part;
		len -= part;
	}
	return 0;
}

/* Root's file, seen from a user namespace (owner.h). */
static int load_outside(struct settings *settings, const char *name, struct croft_error *err)
{
	AUTO_FREE char *data = malloc(SETTINGS_MAX_BYTES);
	ssize_t n = data ? fd_read_now(AT_FDCWD, name, data, SETTINGS_MAX_BYTES) : -ENOMEM;

	if (n < 0)
		return fail(err, CROFT_STAGE_PROFILE, (int)-n, "read '%s'", name);
	return settings_parse(settings, name, data, (size_t)n, err);
}

int settings_load(struct settings *settings, const char *path, struct croft_error *err)
{
	struct store_text text = { 0 };
	const char *name = path ? path : SETTINGS_FILE;
	int r = store_read(name, &text, err);

	memset(settings, 0, sizeof(*settings));
	if (r == -EPERM && owner_is_outside(name))
		return load_outside(settings, name, err);
	if (r == -ENOENT && !path)
		return 0;
	if (r < 0)
		return r;
	r = settings_parse(settings, name, text.data, text.len, err);
	store_text_done(&text);
	return r;
}

static bool is_listed(const struct settings *settings, const char *name)
{
	char word[PATH_MAX];
	int n = snprintf(word, sizeof(word), " %s ", name);

	return n > 0 && (size_t)n < sizeof(word) && !strchr(name, ' ') && *name &&
	       strstr(settings->choices, word);
}

int settings_profile(const struct settings *settings, const char *wish, const char **ret_profile,
		     struct croft_error *err)
{
	const char *own = *settings->profile ? settings->profile : SETTINGS_PROFILE;
	bool is_free = !*settings->profile && !*settings->choices;
	int r;

	if (!wish || !strcmp(wish, own) || is_listed(settings, wish) ||
	    (is_free && document_is_name(wish) && store_builtin(wish))) {
		*ret_profile = wish ? wish : own;
		return 0;
	}
	r = fail(err, CROFT_STAGE_PROFILE, 0,
		 "the annotation croft.profile asks for '%.100s', which the settings do not allow",
		 wish);
	fail_hint(err, "allowed: '%.100s'%s%.200s; the key 'choose' of %s adds to that", own,
		  *settings->choices ? " and"
		  : is_free          ? " and what is built in"
				     : "",
		  settings->choices, SETTINGS_FILE);
	return r;
}
