/* SPDX-License-Identifier: MIT */
/*
 * attrs.c - reads what a derivation asks for besides its form, and refuses what cannot be given.
 *
 * Nix takes its own attributes (passAsFile, impureEnvVars, ...) from the variables, or, where there
 * is a variable __json, from the object in that. What croft does not know how to honour is refused
 * by name and never passed over: a check of outputs that is not made, or a graph that is not
 * written, would be a success that Nix would not have given.
 */
#include "drv/attrs.h"

#include <errno.h>
#include <string.h>

#include <jansson.h>

#include "base/cleanup.h"

#define ATTRS "__json"
#define SPACES " \t\n\r"

int attrs_load(const struct drv *drv, struct attrs *ret_attrs, struct croft_error *err)
{
	const char *text = drv_variable(drv, ATTRS);
	json_error_t where;

	ret_attrs->root = NULL;
	if (!text)
		return 0;
	ret_attrs->root = json_loads(text, JSON_REJECT_DUPLICATES, &where);
	if (!ret_attrs->root)
		return fail(err, CROFT_STAGE_USAGE, 0, ATTRS ": byte %d: %s", where.position,
			    where.text);
	if (!json_is_object(ret_attrs->root))
		return fail(err, CROFT_STAGE_USAGE, 0, ATTRS " is no object");
	return 0;
}

void attrs_done(struct attrs *attrs)
{
	json_decref(attrs->root);
	attrs->root = NULL;
}

static int no_memory(struct croft_error *err)
{
	return fail(err, CROFT_STAGE_USAGE, ENOMEM, "read the attributes");
}

static int add_word(struct arena *arena, const char *word, size_t len, const char ***words,
		    size_t *n, size_t *capacity, struct croft_error *err)
{
	if (*n == DRV_MAX_ITEMS)
		return fail(err, CROFT_STAGE_USAGE, E2BIG, "read the attributes");
	*words = arena_grow(arena, *words, *n, capacity, sizeof(**words));
	if (!*words)
		return no_memory(err);
	(*words)[*n] = arena_strndup(arena, word, len);
	return (*words)[(*n)++] ? 0 : no_memory(err);
}

int attrs_split(struct arena *arena, const char *text, struct attrs_list *ret_list,
		struct croft_error *err)
{
	const char **words = NULL;
	size_t n = 0, capacity = 0;

	for (text += strspn(text, SPACES); *text; text += strspn(text, SPACES)) {
		size_t len = strcspn(text, SPACES);
		int r = add_word(arena, text, len, &words, &n, &capacity, err);

		if (r < 0)
			return r;
		text += len;
	}
	*ret_list = (struct attrs_list){ .words = words, .n = n, .is_there = true };
	return 0;
}

int attrs_json_list(struct arena *arena, const json_t *object, const char *name,
		    struct attrs_list *ret_list, struct croft_error *err)
{
	const json_t *list = object ? json_object_get(object, name) : NULL;
	const char **words = NULL;
	size_t n = 0, capacity = 0;

	*ret_list = (struct attrs_list){ 0 };
	if (!list)
		return 0;
	if (!json_is_array(list))
		return fail(err, CROFT_STAGE_USAGE, 0, "the attribute '%s' is no list", name);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *word = json_array_get(list, i);
		int r;

		if (!json_is_string(word))
			return fail(err, CROFT_STAGE_USAGE, 0,
				    "the attribute '%s' is no list of strings", name);
		r = add_word(arena, json_string_value(word), json_string_length(word), &words, &n,
			     &capacity, err);
		if (r < 0)
			return r;
	}
	*ret_list = (struct attrs_list){ .words = words, .n = n, .is_there = true };
	return 0;
}

int attrs_list(const struct attrs *attrs, const struct drv *drv, struct arena *arena,
	       const char *name, struct attrs_list *ret_list, struct croft_error *err)
{
	const char *text;

	if (attrs->root)
		return attrs_json_list(arena, attrs->root, name, ret_list, err);
	text = drv_variable(drv, name);
	if (text)
		return attrs_split(arena, text, ret_list, err);
	*ret_list = (struct attrs_list){ 0 };
	return 0;
}

bool attrs_list_has(const struct attrs_list *list, const char *word)
{
	for (size_t i = 0; i < list->n; i++)
		if (!strcmp(list->words[i], word))
			return true;
	return false;
}

static int refuse(const char *source, struct croft_error *err, const char *what, const char *name)
{
	int r = fail(err, CROFT_STAGE_USAGE, 0, "%s: %s '%s', which croft does not build", source,
		     what, name);

	fail_hint(err, "nix-store -r does; croft nix-builder may be its sandbox");
	return r;
}

static int check_outputs(const struct drv *drv, const char *source, struct croft_error *err)
{
	for (size_t i = 0; i < drv->n_outputs; i++) {
		const struct drv_output *output = &drv->outputs[i];

		if (!strcmp(output->hash, "impure"))
			return refuse(source, err, "the impure output", output->name);
		if (*output->algo && !*output->hash)
			return refuse(source, err, "the content-addressed output", output->name);
		if (!*output->path)
			return refuse(source, err, "the output without a path", output->name);
		if (*output->hash && (drv->n_outputs > 1 || strcmp(output->name, "out") != 0))
			return refuse(source, err, "one hash and several outputs, of them",
				      output->name);
	}
	return 0;
}

/* Set, and not to what means nothing. */
static bool is_set(const struct attrs *attrs, const struct drv *drv, const char *name)
{
	const json_t *value = json_object_get(attrs->root, name);
	const char *text = attrs->root ? NULL : drv_variable(drv, name);

	if (text)
		return *text != '\0' && strcmp(text, "0") != 0;
	return value && !json_is_null(value) && !json_is_false(value) &&
	       !(json_is_array(value) && json_array_size(value) == 0) &&
	       !(json_is_object(value) && json_object_size(value) == 0) &&
	       !(json_is_string(value) && json_string_length(value) == 0);
}

static int check_features(const struct attrs *attrs, const struct drv *drv, const char *source,
			  struct croft_error *err)
{
	/* what asks for a place ("big-parallel") is no part of the sandbox */
	static const char *const others[] = { "recursive-nix", "uid-range", "kvm" };
	struct attrs_list features;
	struct arena arena;
	int r;

	arena_init(&arena, DRV_ARENA);
	r = attrs_list(attrs, drv, &arena, "requiredSystemFeatures", &features, err);
	for (size_t i = 0; i < ARRAY_SIZE(others) && r == 0; i++)
		if (attrs_list_has(&features, others[i]))
			r = refuse(source, err, "the feature", others[i]);
	arena_done(&arena);
	return r;
}

int attrs_check(const struct attrs *attrs, const struct drv *drv, const char *source,
		struct croft_error *err)
{
	static const char *const others[] = { "exportReferencesGraph", "__noChroot",
					      "unsafeDiscardReferences" };
	int r = check_outputs(drv, source, err);

	if (r < 0)
		return r;
	if (!strncmp(drv->builder, "builtin:", strlen("builtin:")))
		return refuse(source, err, "the builder", drv->builder);
	if (drv->builder[0] != '/')
		return fail(err, CROFT_STAGE_USAGE, 0, "%s: the builder '%s' is no absolute path",
			    source, drv->builder);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		if (is_set(attrs, drv, others[i]))
			return refuse(source, err, "the attribute", others[i]);
	return check_features(attrs, drv, source, err);
}
