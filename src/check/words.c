/* SPDX-License-Identifier: MIT */
/*
 * words.c - which profiles a word of the command line means, and what is wrong with their file.
 *
 * A file means all of its profiles, for whoever writes one wants to know of each; FILE:NAME and a
 * name mean one. The file is read as croft run reads it: owner and mode count, and what stops the
 * reader or the loader is the file's first error and its last, as for a compiler that lost its way.
 * The other profiles of the file are looked at all the same.
 *
 * A project's file may extend names and no files (project.h), so it is read by that rule.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "check/parts.h"
#include "profile/project.h"
#include "profile/store.h"
#include "sys/fd.h"

struct words_of {
	const struct load_place *place;
	const struct host *host;
	struct findings *findings;
	struct croft_error *err;
	struct arena arena; /* for the document */
	const char *file; /* as messages call it */
	const char *name; /* of one profile, NULL: all */
};

static bool ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && !strcmp(text + len - end_len, end);
}

static bool is_yaml(const char *text)
{
	return ends_in(text, ".yaml") || ends_in(text, ".yml");
}

/* As load.h has it: a word with a slash or an ending is a file, perhaps with ":NAME" behind it. */
static int split_word(struct words_of *words, const char *word, const char **ret_path)
{
	const char *colon = is_yaml(word) ? NULL : strrchr(word, ':');
	char *path = NULL;

	if (colon && document_is_name(colon + 1)) {
		path = arena_strndup(&words->findings->arena, word, (size_t)(colon - word));
		if (!path)
			return -ENOMEM;
		if (strchr(path, '/') || is_yaml(path)) {
			words->name = colon + 1;
			*ret_path = path;
			return 0;
		}
	}
	*ret_path = strchr(word, '/') || is_yaml(word) ? word : NULL;
	return 0;
}

/* Takes "NUMBER" and the text behind it off the front: false if it is not there. */
static bool take_number(const char **text, const char *behind, unsigned *ret_number)
{
	size_t len = strspn(*text, "0123456789");
	char digits[12];
	uint64_t number;

	if (len >= sizeof(digits) || strncmp(*text + len, behind, strlen(behind)) != 0)
		return false;
	memcpy(digits, *text, len);
	digits[len] = '\0';
	if (num_parse(digits, 1, UINT32_MAX, &number) < 0)
		return false;
	*text += len + strlen(behind);
	*ret_number = (unsigned)number;
	return true;
}

/* "file:12:3: key: what": the place, and what is behind it. */
static const char *cut_spot(struct words_of *words, const char *what, struct spot *spot)
{
	for (const char *colon = strchr(what, ':'); colon; colon = strchr(colon + 1, ':')) {
		const char *rest = colon + 1, *file;
		unsigned line, column;

		if (!take_number(&rest, ":", &line) || !take_number(&rest, ": ", &column))
			continue;
		file = arena_strndup(&words->arena, what, (size_t)(colon - what));
		/* the reader says "built-in NAME" where grants say "profile NAME" */
		if (file && !strncmp(file, "built-in ", 9))
			file = arena_printf(&words->arena, "profile %s", file + 9);
		if (!file)
			break;
		*spot = (struct spot){ .file = file, .line = line, .column = column };
		return rest;
	}
	return what;
}

/* What the reader or the loader stopped at. */
static void tell(struct words_of *words, const char *profile, const struct croft_error *why)
{
	struct spot spot = { .file = words->file };
	const char *what = cut_spot(words, why->what, &spot);
	const char *reason = why->errnum ? errno_text(why->errnum) : "";
	char text[sizeof(why->what) + 128];

	(void)snprintf(text, sizeof(text), "%s%s%s", what, *reason ? ": " : "", reason);
	findings_add(words->findings, FINDING_FILE, &spot, profile,
		     &(struct words){ .detail = text, .mend = why->hint });
}

/* Loads one and looks at it; what is wrong with it is told. `word` NULL: by the document. */
static int check_one(struct words_of *words, const char *word, const struct document *document,
		     const char *name)
{
	const char *slash = strrchr(words->file, '/');
	bool is_project = !strcmp(slash ? slash + 1 : words->file, PROJECT_FILE);
	struct croft_error why = { 0 };
	struct profile *profile;
	int r;

	if (word)
		r = load_profile(word, words->place, &profile, &why);
	else
		r = load_document(document, name, is_project, words->place, &profile, &why);
	if (fd_is_shortage(r)) {
		*words->err = why;
		return r;
	}
	if (r < 0) {
		tell(words, name, &why);
	} else {
		const struct check_input input = { .profile = profile,
						   .name = name,
						   .document = document,
						   .host = words->host,
						   .environ = words->place->environ };

		r = check_profile(&input, words->findings, words->err);
		profile_free(profile);
		return r;
	}
	return 0;
}

/* A file, and all of its profiles or the one called words->name. 0: nothing could be read of it. */
static int check_file(struct words_of *words, const char *path, size_t *ret_n)
{
	struct croft_error why = { 0 };
	struct document document = { 0 };
	struct store_text text;
	int r = store_read(path, &text, &why);

	if (r == 0) {
		r = document_read(path, text.data, text.len, &words->arena, &document, &why);
		store_text_done(&text);
	}
	if (r < 0) {
		*words->err = why;
		if (!fd_is_shortage(r))
			tell(words, NULL, &why);
		return fd_is_shortage(r) ? r : 0;
	}
	if (words->name) {
		*ret_n = 1;
		return check_one(words, NULL, &document, words->name);
	}
	*ret_n = document.n_profiles;
	for (size_t i = 0; i < document.n_profiles && r == 0; i++)
		r = check_one(words, NULL, &document, document.profiles[i].name);
	return r;
}

/* The document of a name's file; what is wrong with it the loader will say. */
static const struct document *read_quietly(struct words_of *words, const char *path,
					   struct document *document)
{
	struct store_text text;
	int r = store_read(path, &text, NULL);

	if (r < 0)
		return NULL;
	r = document_read(path, text.data, text.len, &words->arena, document, NULL);
	store_text_done(&text);
	return r == 0 ? document : NULL;
}

/* A name: its profile, as --profile takes it. */
static int check_name(struct words_of *words, const char *name)
{
	const char *config_home =
		store_config_home(&words->arena, words->place->home, words->place->environ);
	const struct document *document = NULL;
	struct store_found found = { 0 };
	struct document read;
	int r = store_find(name, config_home, NULL, &found, NULL);

	if (r == 0) {
		document = found.builtin ? found.builtin : read_quietly(words, found.path, &read);
		words->findings->is_own = found.builtin != NULL;
		words->file =
			arena_strdup(&words->findings->arena, document ? document->source : name);
	}
	store_found_done(&found);
	if (!words->file)
		return fail(words->err, CROFT_STAGE_PROFILE, ENOMEM, "check a profile");
	/* load.c: the profile of that name, else the only one, else "default" */
	if (document && !document_find(document, name))
		return check_one(words, name, document,
				 document->n_profiles == 1 ? document->profiles[0].name
							   : "default");
	return check_one(words, name, document, name);
}

int check_word(const char *word, const struct load_place *place, const struct host *host,
	       struct findings *findings, const char **ret_file, size_t *ret_n_profiles,
	       struct croft_error *err)
{
	struct words_of words = {
		.place = place, .host = host, .findings = findings, .err = err, .file = word
	};
	const char *path = NULL;
	size_t n = 1;
	int r;

	arena_init(&words.arena, FINDINGS_MAX_BYTES);
	findings->is_own = false;
	r = split_word(&words, word, &path);
	if (r == 0) {
		words.file = path ? path : word;
		r = path ? check_file(&words, path, &n) : check_name(&words, word);
	}
	arena_done(&words.arena);
	if (r == 0) {
		*ret_file = words.file;
		*ret_n_profiles = n;
	}
	return r;
}
