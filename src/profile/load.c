/* SPDX-License-Identifier: MIT */
/*
 * load.c - from a name or a file to a profile: which files, in which order.
 *
 *	word ─► store.h ─► document.h ─► for each profile of `extends`, the same
 *	                                 then its own entries (entries.c)
 *
 * Merging is depth first, from left to right: what a profile extends is there before it speaks.
 * Each profile is applied once, where it is first met, so that two that extend a common one do
 * not grant it twice. Which file a name stands for is known by device and inode, however it was
 * spelled.
 *
 * The documents are bounded by the reader; here are bounded how deep they lead, how many
 * profiles one becomes, and what all of them may hold together. They live in an arena of their
 * own, which ends with the loading: the doors copy what they keep.
 *
 * The built-in profiles are documents that need no reading. What they extend is built in as well:
 * they mean the same whatever files a user has.
 */
#include "profile/load.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "profile/parts.h"

/* A document, and where it came from. */
struct source {
	const struct document *document;
	const char *path; /* NULL: built in, or read by somebody else */
	uint64_t device, inode;
	bool is_builtin;
	bool names_only; /* may not extend files */
};

/* A profile that is being applied, and who extends it. */
struct level {
	const struct source *source;
	const struct document_profile *profile;
	const struct level *parent;
	unsigned depth;
};

struct loader {
	struct profile *profile;
	struct load_place place;
	struct arena *arena; /* documents */
	struct arena own; /* where nobody else gave one */
	struct arena *texts; /* paths */
	struct source sources[LOAD_MAX_PROFILES];
	size_t n_sources;
	const struct document_profile *applied[LOAD_MAX_PROFILES];
	size_t n_applied;
	struct croft_error *err;
};

/* What --profile and an item of extends can name. */
struct word {
	const char *path; /* NULL: a name */
	const char *name; /* with a path: the profile in it, or NULL */
};

static int no_memory(struct loader *loader)
{
	return fail(loader->err, CROFT_STAGE_PROFILE, ENOMEM, "read the profile");
}

static bool ends_in(const char *text, const char *end)
{
	size_t len = strlen(text), end_len = strlen(end);

	return len > end_len && !strcmp(text + len - end_len, end);
}

static bool is_file(const char *text)
{
	return strchr(text, '/') || ends_in(text, ".yaml") || ends_in(text, ".yml");
}

/* NAME, FILE or FILE:NAME. A word that ends as a file's name does is one, colons and all. */
static int parse_word(struct loader *loader, const char *text, struct word *ret_word)
{
	const char *colon = strrchr(text, ':');
	char *path;

	*ret_word = (struct word){ .name = text };
	if (ends_in(text, ".yaml") || ends_in(text, ".yml"))
		colon = NULL;
	if (colon && document_is_name(colon + 1)) {
		path = arena_strndup(loader->texts, text, (size_t)(colon - text));
		if (!path)
			return no_memory(loader);
		if (is_file(path)) {
			*ret_word = (struct word){ .path = path, .name = colon + 1 };
			return 0;
		}
	}
	if (is_file(text))
		*ret_word = (struct word){ .path = text };
	return 0;
}

/* A path in an item of extends: "~/" is the home, relative is from the file that says it. */
static int place_path(struct loader *loader, const char *from, const char *path,
		      const char **ret_path)
{
	const char *slash = from ? strrchr(from, '/') : NULL;

	if (path[0] == '~' && path[1] == '/') {
		if (!loader->place.home)
			return fail(loader->err, CROFT_STAGE_PROFILE, 0,
				    "the path '%s' needs HOME, which is not set", path);
		path = arena_printf(loader->texts, "%s%s", loader->place.home, path + 1);
	} else if (path[0] != '/' && slash) {
		path = arena_printf(loader->texts, "%.*s/%s", (int)(slash - from), from, path);
	}
	if (!path)
		return no_memory(loader);
	*ret_path = path;
	return 0;
}

static int new_source(struct loader *loader, const struct source *source,
		      const struct source **ret_source)
{
	if (loader->n_sources == LOAD_MAX_PROFILES)
		return fail(loader->err, CROFT_STAGE_PROFILE, 0,
			    "more than %d files for one profile", LOAD_MAX_PROFILES);
	loader->sources[loader->n_sources] = *source;
	*ret_source = &loader->sources[loader->n_sources++];
	return 0;
}

static int parse_file(struct loader *loader, const char *path, const struct store_text *text,
		      const struct source **ret_source)
{
	struct source source = { .path = path, .device = text->device, .inode = text->inode };
	struct document *document;
	int r;

	for (size_t i = 0; i < loader->n_sources; i++)
		if (loader->sources[i].path && loader->sources[i].device == text->device &&
		    loader->sources[i].inode == text->inode) {
			*ret_source = &loader->sources[i];
			return 0;
		}
	document = arena_alloc(loader->arena, sizeof(*document));
	if (!document)
		return no_memory(loader);
	r = document_read(path, text->data, text->len, loader->arena, document, loader->err);
	if (r < 0)
		return r;
	source.document = document;
	return new_source(loader, &source, ret_source);
}

static int open_file(struct loader *loader, const char *path, const struct source **ret_source)
{
	struct store_text text;
	int r = store_read(path, &text, loader->err);

	if (r < 0)
		return r;
	r = parse_file(loader, path, &text, ret_source);
	store_text_done(&text);
	return r;
}

/* Those that grant every file, as a room has nothing else in it. */
static bool is_of_rooms(const struct document *document)
{
	static const char *const names[] = { "job", "build" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (document == store_builtin(names[i]))
			return true;
	return false;
}

static int only_in_rooms(struct loader *loader, const struct document *document)
{
	(void)fail(loader->err, CROFT_STAGE_PROFILE, 0,
		   "the profile '%s' grants every file: it is for rooms only",
		   document->profiles[0].name);
	fail_hint(loader->err, "add --root DIR, or take another profile");
	return -EINVAL;
}

static int open_builtin(struct loader *loader, const struct document *document,
			const struct source **ret_source)
{
	const struct source source = { .document = document, .is_builtin = true };

	if (is_of_rooms(document) && !loader->place.is_for_room)
		return only_in_rooms(loader, document);

	for (size_t i = 0; i < loader->n_sources; i++)
		if (loader->sources[i].document == document) {
			*ret_source = &loader->sources[i];
			return 0;
		}
	return new_source(loader, &source, ret_source);
}

static int open_name(struct loader *loader, const char *name, const char *after,
		     const struct source **ret_source)
{
	const char *config_home =
		store_config_home(loader->texts, loader->place.home, loader->place.environ);
	struct store_found found = { 0 };
	const char *path = NULL;
	int r = store_find(name, config_home, after, &found, loader->err);

	if (r < 0)
		return r;
	if (found.builtin)
		r = open_builtin(loader, found.builtin, ret_source);
	else
		path = arena_strdup(loader->texts, found.path);
	store_found_done(&found);
	if (path)
		return open_file(loader, path, ret_source);
	return r == 0 && !*ret_source ? no_memory(loader) : r;
}

/* Nobody said which of several. */
static int which(struct loader *loader, const struct document *document, const char *name)
{
	AUTO_BUF struct buf list = BUF_INIT(CROFT_HINT_SIZE - 32);
	int r;

	for (size_t i = 0; i < document->n_profiles; i++)
		buf_printf(&list, "%s%s", i ? ", " : "", document->profiles[i].name);
	if (name)
		r = fail(loader->err, CROFT_STAGE_PROFILE, 0, "'%s' has no profile '%s'",
			 document->source, name);
	else
		r = fail(loader->err, CROFT_STAGE_PROFILE, 0, "'%s' has several profiles",
			 document->source);
	/* a list that is too long ends somewhere */
	fail_hint(loader->err, "%s: %s", name ? "it has" : "name one as FILE:NAME",
		  buf_text(&list));
	return r;
}

/* The profile called `name`, or the only one, or "default". */
static int choose(struct loader *loader, const struct document *document, const char *name,
		  bool is_exact, const struct document_profile **ret_profile)
{
	const struct document_profile *found = name ? document_find(document, name) : NULL;

	assert(document->profiles);
	if (!found && !(name && is_exact)) {
		if (document->n_profiles == 1)
			found = &document->profiles[0];
		else
			found = document_find(document, "default");
	}
	if (!found)
		return which(loader, document, name);
	*ret_profile = found;
	return 0;
}

/* What a word leads to; `from` is who extends it, or NULL. */
static int find(struct loader *loader, const struct word *word, const struct level *from,
		struct level *ret_level)
{
	const struct source *source = NULL;
	const struct document_profile *profile = NULL;
	const char *path = word->path;
	bool is_own = from && !path && !strcmp(word->name, from->profile->name);
	int r;

	assert(!from || from->source);
	if (path) {
		r = place_path(loader, from ? from->source->path : NULL, path, &path);
		if (r == 0)
			r = open_file(loader, path, &source);
	} else if (from && !is_own && document_find(from->source->document, word->name)) {
		source = from->source;
		r = 0;
	} else if (from && from->source->is_builtin) {
		/* seen to when they were compiled */
		assert(store_builtin(word->name));
		r = open_builtin(loader, store_builtin(word->name), &source);
	} else {
		r = open_name(loader, word->name, is_own ? from->source->path : NULL, &source);
	}
	if (r < 0)
		return r;
	assert(source && source->document);
	r = choose(loader, source->document, word->name, path != NULL, &profile);
	if (r < 0)
		return r;
	assert(profile);
	*ret_level = (struct level){ .source = source, .profile = profile };
	return 0;
}

/* The way that leads back to the profile which is its last level. */
static int cycle(struct loader *loader, const struct level *last)
{
	const struct level *way[LOAD_MAX_DEPTH + 2];
	AUTO_BUF struct buf names = BUF_INIT(CROFT_HINT_SIZE - 1);
	size_t n = 0;
	int r;

	for (const struct level *level = last; n < ARRAY_SIZE(way) && level;
	     level = level->parent) {
		way[n++] = level;
		if (n > 1 && level->profile == last->profile)
			break;
	}
	while (n > 0) {
		buf_puts(&names, way[--n]->profile->name);
		buf_puts(&names, n ? " -> " : "");
	}
	r = fail(loader->err, CROFT_STAGE_PROFILE, 0, "the profile '%s' extends itself",
		 last->profile->name);
	fail_hint(loader->err, "%s", buf_text(&names));
	return r;
}

static int apply(struct loader *loader, const struct level *level);

static int extend(struct loader *loader, const struct level *level, const struct entry *entry)
{
	struct level next = { 0 };
	struct word word;
	int r = parse_word(loader, entry->value, &word);

	assert(level->source);
	if (r == 0 && word.path && level->source->names_only) {
		r = fail(loader->err, CROFT_STAGE_PROFILE, 0, "'%s' is a file", entry->value);
		fail_hint(loader->err,
			  "here only names of profiles may stand: what a file leads to "
			  "is not approved with it");
	}
	if (r == 0)
		r = find(loader, &word, level, &next);
	if (r)
		return entries_blame(level->source->document, entry, r, loader->err);
	next.parent = level;
	next.depth = level->depth + 1;
	for (const struct level *l = level; l; l = l->parent)
		if (l->profile == next.profile)
			return entries_blame(level->source->document, entry, cycle(loader, &next),
					     loader->err);
	if (next.depth > LOAD_MAX_DEPTH)
		return entries_blame(level->source->document, entry,
				     fail(loader->err, CROFT_STAGE_PROFILE, 0,
					  "profiles extend one another more than %d deep",
					  LOAD_MAX_DEPTH),
				     loader->err);
	return apply(loader, &next);
}

static int apply(struct loader *loader, const struct level *level)
{
	const struct document_profile *profile = level->profile;
	int r = 0;

	assert(level->source);
	for (size_t i = 0; i < loader->n_applied; i++)
		if (loader->applied[i] == profile)
			return 0;
	for (size_t i = 0; i < profile->n_entries && r == 0; i++)
		if (profile->entries[i].key == KEY_EXTENDS)
			r = extend(loader, level, &profile->entries[i]);
	if (r < 0)
		return r;
	if (loader->n_applied == LOAD_MAX_PROFILES)
		return fail(loader->err, CROFT_STAGE_PROFILE, 0, "more than %d profiles for one",
			    LOAD_MAX_PROFILES);
	loader->applied[loader->n_applied++] = profile;
	return entries_apply(loader->profile, &loader->place, level->source->document, profile,
			     level->source->is_builtin, loader->err);
}

static const char *absolute_or_null(const char *path)
{
	return path && path[0] == '/' ? path : NULL;
}

static void loader_init(struct loader *loader, const struct load_place *place,
			struct croft_error *err)
{
	/* not all of it: the arrays are filled as far as they are counted */
	loader->profile = NULL;
	loader->place = (struct load_place){ .home = absolute_or_null(place->home),
					     .workdir = absolute_or_null(place->workdir),
					     .project = absolute_or_null(place->project),
					     .environ = place->environ,
					     .is_for_room = place->is_for_room };
	loader->arena = loader->texts = NULL;
	loader->n_sources = 0;
	loader->n_applied = 0;
	loader->err = err;
}

static int find_word(struct loader *loader, const char *text, struct level *ret_level)
{
	struct word word;
	int r = parse_word(loader, text, &word);

	return r < 0 ? r : find(loader, &word, NULL, ret_level);
}

/*
 * Makes the profile that `begin` leads to. Small texts live in the new profile: with a built-in
 * one there are no documents, and a second arena would cost more than what stands in it.
 */
static int make(struct loader *loader, const char *name,
		int (*begin)(struct loader *loader, const void *what, struct level *ret_level),
		const void *what, struct profile **ret_profile)
{
	struct level level = { 0 };
	int r;

	arena_init(&loader->own, LOAD_MAX_BYTES);
	r = profile_start(name, &loader->place, &loader->profile, loader->err);
	if (r < 0)
		return r;
	loader->arena = &loader->own;
	loader->texts = &loader->profile->arena;
	r = begin(loader, what, &level);
	if (r == 0)
		r = apply(loader, &level);
	arena_done(&loader->own);
	if (r < 0) {
		profile_free(loader->profile);
		return r;
	}
	profile_finish(loader->profile);
	*ret_profile = loader->profile;
	return 0;
}

static int begin_word(struct loader *loader, const void *what, struct level *ret_level)
{
	return find_word(loader, what, ret_level);
}

int load_profile(const char *word, const struct load_place *place, struct profile **ret_profile,
		 struct croft_error *err)
{
	struct loader loader;

	loader_init(&loader, place, err);
	return make(&loader, word, begin_word, word, ret_profile);
}

int load_find(const char *word, const struct load_place *place, struct arena *arena,
	      const struct document **ret_document, const struct document_profile **ret_profile,
	      struct croft_error *err)
{
	struct loader loader;
	struct level level = { 0 };
	int r;

	loader_init(&loader, place, err);
	loader.arena = loader.texts = arena;
	r = find_word(&loader, word, &level);
	if (r < 0)
		return r;
	*ret_document = level.source->document;
	*ret_profile = level.profile;
	return 0;
}

/* A document that somebody else has read. */
struct read_document {
	const struct document *document;
	const char *name;
	bool names_only;
};

static int begin_document(struct loader *loader, const void *what, struct level *ret_level)
{
	const struct read_document *read = what;
	const struct source source = { .document = read->document,
				       .path = read->document->source,
				       .names_only = read->names_only };
	int r = new_source(loader, &source, &ret_level->source);

	return r < 0 ? r : choose(loader, read->document, read->name, true, &ret_level->profile);
}

int load_document(const struct document *document, const char *name, bool names_only,
		  const struct load_place *place, struct profile **ret_profile,
		  struct croft_error *err)
{
	const struct read_document read = { document, name, names_only };
	struct loader loader;

	loader_init(&loader, place, err);
	return make(&loader, document->source, begin_document, &read, ret_profile);
}

static int no_builtin(const char *name, struct croft_error *err)
{
	AUTO_BUF struct buf list = BUF_INIT(CROFT_HINT_SIZE - 32);
	const char *nearest = NULL;
	unsigned least = 3;
	int r;

	for (size_t i = 0; i < n_builtin_documents; i++) {
		const char *other = builtin_documents[i]->profiles[0].name;
		unsigned distance = names_distance(name, other, 2);

		if (distance < least) {
			least = distance;
			nearest = other;
		}
		buf_printf(&list, "%s%s", i ? ", " : "", other);
	}
	r = fail(err, CROFT_STAGE_PROFILE, 0, "there is no built-in profile '%s'", name);
	if (nearest)
		fail_hint(err, "did you mean '%s'?", nearest);
	else
		fail_hint(err, "built in are: %s", buf_text(&list));
	return r;
}

static int begin_builtin(struct loader *loader, const void *what, struct level *ret_level)
{
	const struct document *document = what;

	ret_level->profile = &document->profiles[0];
	return open_builtin(loader, document, &ret_level->source);
}

int profile_new(const char *builtin, const char *home, const char *workdir,
		struct profile **ret_profile, struct croft_error *err)
{
	const struct load_place place = { .home = home, .workdir = workdir };
	const struct document *document = store_builtin(builtin);
	struct loader loader;

	if (!document)
		return no_builtin(builtin, err);
	loader_init(&loader, &place, err);
	return make(&loader, builtin, begin_builtin, document, ret_profile);
}
