/* SPDX-License-Identifier: MIT */
/*
 * checks.c - allowedReferences and its like, as Nix has them (libstore: checkOutputs).
 *
 * With variables the lists are for every output, and requisites leave the output itself out. With
 * structured attributes they stand in outputChecks.NAME, for that output alone, with maxSize beside
 * them, and the output itself counts unless ignoreSelfRefs says otherwise. A member of a list is a
 * store path or the name of an output.
 *
 * References are what was found in the output. Requisites are all that these need in turn: of the
 * derivation's own outputs by what was found in them, of all else by Nix's database.
 */
#include "drv/checks.h"

#include <errno.h>
#include <string.h>

#include <jansson.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "drv/spec.h"

static const struct name kinds[] = {
	{ "allowedReferences", NULL },
	{ "allowedRequisites", NULL },
	{ "disallowedReferences", NULL },
	{ "disallowedRequisites", NULL },
};
_Static_assert(ARRAY_SIZE(kinds) == OUTPUT_CHECK_MAX, "a name for each kind");

static bool is_recursive(size_t kind)
{
	return kind == OUTPUT_CHECK_ALLOWED_REQUISITES ||
	       kind == OUTPUT_CHECK_DISALLOWED_REQUISITES;
}

static bool is_allowing(size_t kind)
{
	return kind == OUTPUT_CHECK_ALLOWED_REFERENCES || kind == OUTPUT_CHECK_ALLOWED_REQUISITES;
}

static int no_memory(struct croft_error *err)
{
	return fail(err, CROFT_STAGE_USAGE, ENOMEM, "read the checks of the outputs");
}

static int refuse(struct croft_error *err, const char *name, const char *why)
{
	return fail(err, CROFT_STAGE_USAGE, 0, "outputChecks: '%s' %s", name, why);
}

/* outputChecks.NAME */
static int load_object(struct arena *arena, json_t *object, struct output_checks *checks,
		       struct croft_error *err)
{
	json_t *value;
	const char *name;
	int r = 0;

	json_object_foreach(object, name, value)
	{
		int kind = names_find(kinds, ARRAY_SIZE(kinds), name);

		if (kind >= 0) {
			r = attrs_json_list(arena, object, name, &checks->lists[kind], err);
		} else if (!strcmp(name, "ignoreSelfRefs") && json_is_boolean(value)) {
			checks->ignores_self = json_is_true(value);
		} else if (!strcmp(name, "maxSize") && json_is_integer(value) &&
			   json_integer_value(value) >= 0) {
			checks->has_max_size = true;
			checks->max_size = (uint64_t)json_integer_value(value);
		} else {
			r = refuse(err, name, "is no check that croft can make");
		}
		if (r < 0)
			return r;
	}
	return 0;
}

static int load_structured(struct arena *arena, const struct attrs *attrs, const struct drv *drv,
			   struct output_checks *checks, struct croft_error *err)
{
	json_t *all = json_object_get(attrs->root, "outputChecks"), *object;
	const char *name;

	if (!all)
		return 0;
	if (!json_is_object(all))
		return refuse(err, "outputChecks", "is no object");
	json_object_foreach(all, name, object)
	{
		const struct drv_output *output = drv_find_output(drv, name);
		int r;

		/* Nix passes over checks of an output that there is not */
		if (!output)
			continue;
		if (!json_is_object(object))
			return refuse(err, name, "is no object");
		r = load_object(arena, object, &checks[output - drv->outputs], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int load_variables(struct arena *arena, const struct drv *drv, struct output_checks *checks,
			  struct croft_error *err)
{
	for (size_t kind = 0; kind < OUTPUT_CHECK_MAX; kind++) {
		const char *text = drv_variable(drv, kinds[kind].name);
		struct attrs_list list = { 0 };
		int r = text ? attrs_split(arena, text, &list, err) : 0;

		if (r < 0)
			return r;
		for (size_t i = 0; i < drv->n_outputs; i++) {
			checks[i].lists[kind] = list;
			checks[i].ignores_self = true;
		}
	}
	return 0;
}

static int check_list(const struct attrs_list *list, size_t kind, const struct drv *drv,
		      const struct graph *graph, struct croft_error *err)
{
	if (!list || !list->is_there)
		return 0;
	if (is_recursive(kind) && !graph->db) {
		int r = refuse(err, kinds[kind].name, "needs Nix's database");

		fail_hint(err, "build without --closure");
		return r;
	}
	for (size_t i = 0; i < list->n; i++)
		if (!store_name(drv->store_dir, list->words[i]) &&
		    !drv_find_output(drv, list->words[i]))
			return fail(err, CROFT_STAGE_USAGE, 0,
				    "%s: '%s' is neither an output nor a path of the store",
				    kinds[kind].name, list->words[i]);
	return 0;
}

int checks_load(const struct attrs *attrs, const struct drv *drv, const struct graph *graph,
		struct arena *arena, const struct output_checks **ret_checks,
		struct croft_error *err)
{
	struct output_checks *checks = arena_calloc(arena, drv->n_outputs, sizeof(*checks));
	int r = !checks       ? no_memory(err)
		: attrs->root ? load_structured(arena, attrs, drv, checks, err)
			      : load_variables(arena, drv, checks, err);

	for (size_t i = 0; i < drv->n_outputs && r == 0; i++)
		for (size_t kind = 0; kind < OUTPUT_CHECK_MAX && r == 0; kind++)
			r = check_list(&checks[i].lists[kind], kind, drv, graph, err);
	if (r == 0)
		*ret_checks = checks;
	return r;
}

struct check {
	const struct drv *drv;
	const struct graph *graph;
	const struct result_output *results;
	struct arena *arena;
	struct croft_error *err;
};

static bool is_named(const struct attrs_list *list, const struct drv *drv, const char *path)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct drv_output *output = drv_find_output(drv, list->words[i]);

		if (!strcmp(output ? output->path : list->words[i], path))
			return true;
	}
	return false;
}

static size_t find_output(const struct drv *drv, const char *path)
{
	size_t i = 0;

	while (i < drv->n_outputs && strcmp(drv->outputs[i].path, path) != 0)
		i++;
	return i;
}

/* Which of our own outputs output `at` needs, into `is_needed`, and what else they refer to. */
static size_t spread(const struct check *check, size_t at, bool *is_needed, const char **others)
{
	const struct drv *drv = check->drv;
	size_t n_others = 0;
	bool has_changed = true;

	is_needed[at] = true;
	while (has_changed) {
		has_changed = false;
		n_others = 0;
		for (size_t i = 0; i < drv->n_outputs; i++) {
			const struct path_list *list = &check->results[i].references;

			for (size_t k = 0; is_needed[i] && k < list->n; k++) {
				size_t own = find_output(drv, list->paths[k]);

				if (own == drv->n_outputs)
					others[n_others++] = list->paths[k];
				else if (!is_needed[own])
					has_changed = is_needed[own] = true;
			}
		}
	}
	return n_others;
}

/* All that output `at` needs, itself included. */
static int list_requisites(const struct check *check, size_t at, struct path_list *ret_list)
{
	const struct drv *drv = check->drv;
	struct path_list direct = { 0 }, closure = { 0 };
	bool *is_needed = arena_calloc(check->arena, drv->n_outputs, sizeof(bool));
	const char **others, **all;
	size_t n = 0;
	int r;

	for (size_t i = 0; i < drv->n_outputs; i++)
		n += check->results[i].references.n;
	others = arena_calloc(check->arena, n + 1, sizeof(*others));
	if (!is_needed || !others)
		return no_memory(check->err);
	direct.n = spread(check, at, is_needed, others);
	direct.paths = others;
	r = graph_closure(check->graph, check->arena, drv->store_dir, &direct, &closure,
			  check->err);
	if (r < 0)
		return r;
	all = arena_calloc(check->arena, closure.n + drv->n_outputs, sizeof(*all));
	if (!all)
		return no_memory(check->err);
	for (n = 0; n < closure.n; n++)
		all[n] = closure.paths[n];
	for (size_t i = 0; i < drv->n_outputs; i++)
		if (is_needed[i])
			all[n++] = drv->outputs[i].path;
	*ret_list = (struct path_list){ .paths = all, .n = n };
	return 0;
}

static int apply_list(const struct check *check, size_t at, const struct output_checks *checks,
		      size_t kind)
{
	const struct drv_output *output = &check->drv->outputs[at];
	const struct attrs_list *list = &checks->lists[kind];
	struct path_list used = check->results[at].references;
	int r = is_recursive(kind) ? list_requisites(check, at, &used) : 0;

	for (size_t i = 0; r == 0 && i < used.n; i++) {
		if (is_recursive(kind) && checks->ignores_self &&
		    !strcmp(used.paths[i], output->path))
			continue;
		if (is_named(list, check->drv, used.paths[i]) != is_allowing(kind))
			r = fail(check->err, CROFT_STAGE_SUPERVISE, 0,
				 "the output '%s' has '%s' in it, against %s", output->name,
				 used.paths[i], kinds[kind].name);
	}
	return r;
}

/* What needs itself by way of another: no store could have the one before the other. */
static int check_cycles(const struct check *check)
{
	const struct drv *drv = check->drv;
	const size_t n = drv->n_outputs;
	bool *reaches = arena_calloc(check->arena, n, n * sizeof(bool));

	if (!reaches)
		return no_memory(check->err);
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < n; k++)
			reaches[i * n + k] =
				path_list_has(&check->results[i].references, drv->outputs[k].path);
	for (size_t by = 0; by < n; by++)
		for (size_t i = 0; i < n; i++)
			for (size_t k = 0; reaches[i * n + by] && k < n; k++)
				reaches[i * n + k] |= reaches[by * n + k];
	for (size_t i = 0; i < n; i++)
		for (size_t k = i + 1; k < n; k++)
			if (reaches[i * n + k] && reaches[k * n + i])
				return fail(check->err, CROFT_STAGE_SUPERVISE, 0,
					    "the outputs '%s' and '%s' refer to each other",
					    drv->outputs[i].name, drv->outputs[k].name);
	return 0;
}

int checks_apply(const struct output_checks *checks, const struct drv *drv,
		 const struct graph *graph, const struct result_output *results,
		 struct arena *arena, struct croft_error *err)
{
	const struct check check = {
		.drv = drv, .graph = graph, .results = results, .arena = arena, .err = err
	};
	int r = check_cycles(&check);

	for (size_t i = 0; i < drv->n_outputs && r == 0; i++) {
		if (checks[i].has_max_size && results[i].nar_size > checks[i].max_size)
			return fail(err, CROFT_STAGE_SUPERVISE, EFBIG,
				    "the output '%s' has %llu bytes, and maxSize is %llu",
				    drv->outputs[i].name, (unsigned long long)results[i].nar_size,
				    (unsigned long long)checks[i].max_size);
		for (size_t kind = 0; kind < OUTPUT_CHECK_MAX && r == 0; kind++)
			if (checks[i].lists[kind].is_there)
				r = apply_list(&check, i, &checks[i], kind);
	}
	return r;
}
