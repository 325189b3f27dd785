/* SPDX-License-Identifier: MIT */
/*
 * drv_parse.c - reads a .drv.
 *
 * The form (ATerm, one line, no white space):
 *
 *	Derive([("out","PATH","ALGO","HASH"),...],[("DRV",["out",...]),...],["SOURCE",...],
 *	       "SYSTEM","BUILDER",["ARG",...],[("NAME","VALUE"),...])
 *
 * In a string \n, \r, \t, \" and \\ stand for one byte; any other byte stands for itself. Nix takes
 * \x for x as well but never writes it: such a file was not written by Nix and is refused, since
 * what two readers read differently is nothing to build by.
 *
 * Who wrote a derivation is not trusted: its words become a command, variables and mount points. So
 * all is bounded, paths are STORE/HASH-NAME of one store (spec.h), and no name stands twice.
 */
#include "drv/drv_parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "drv/spec.h"
#include "drv/read.h"
#include "sys/path.h"

#define SUFFIX ".drv"

struct reader {
	struct arena *arena;
	const char *source;
	const char *start, *at, *end;
	struct croft_error *err;
};

static int refuse(const struct reader *reader, const char *what)
{
	return fail(reader->err, CROFT_STAGE_USAGE, 0, "%s: byte %zu: %s", reader->source,
		    (size_t)(reader->at - reader->start) + 1, what);
}

static int no_memory(const struct reader *reader)
{
	return fail(reader->err, CROFT_STAGE_USAGE, ENOMEM, "read '%s'", reader->source);
}

static int take_word(struct reader *reader, const char *word, const char *wanted)
{
	size_t len = strlen(word);

	if ((size_t)(reader->end - reader->at) < len || memcmp(reader->at, word, len) != 0)
		return refuse(reader, wanted);
	reader->at += len;
	return 0;
}

static int take_mark(struct reader *reader, const char *mark)
{
	return take_word(reader, mark, "not of a derivation's form");
}

static bool is_next(const struct reader *reader, char c)
{
	return reader->at < reader->end && *reader->at == c;
}

static char unescape(char c)
{
	switch (c) {
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case '"':
	case '\\':
		return c;
	default:
		return '\0';
	}
}

static int take_string(struct reader *reader, const char **ret_text)
{
	const char *begin, *p;
	char *text, *out;
	int r = take_mark(reader, "\"");

	if (r < 0)
		return r;
	begin = reader->at;
	for (p = begin; p < reader->end && *p != '"'; p++)
		p += *p == '\\';
	if (p >= reader->end) {
		reader->at = reader->end;
		return refuse(reader, "the file ends within a string");
	}
	text = out = arena_alloc(reader->arena, (size_t)(p - begin) + 1);
	if (!text)
		return no_memory(reader);
	for (; reader->at < p; reader->at++) {
		char c = *reader->at;

		if (c == '\\')
			c = unescape(*++reader->at);
		if (c == '\0')
			return refuse(reader, "a NUL, or an escape that Nix does not write");
		*out++ = c;
	}
	reader->at++;
	*ret_text = text;
	return 0;
}

/* Reads an element into `element`, which is zero. */
typedef int (*take_element)(struct reader *reader, void *element);

static int take_list(struct reader *reader, size_t size, take_element take, void *ret_list,
		     size_t *ret_n)
{
	size_t n = 0, capacity = 0;
	void *list = NULL;
	int r = take_mark(reader, "[");

	while (r == 0 && !is_next(reader, ']')) {
		if (n > 0)
			r = take_mark(reader, ",");
		if (r == 0 && n == DRV_MAX_ITEMS)
			r = refuse(reader, "a list of too many members");
		if (r < 0)
			return r;
		list = arena_grow(reader->arena, list, n, &capacity, size);
		if (!list)
			return no_memory(reader);
		memset((char *)list + n * size, 0, size);
		r = take(reader, (char *)list + n++ * size);
	}
	if (r < 0)
		return r;
	reader->at++;
	memcpy(ret_list, &list, sizeof(list));
	*ret_n = n;
	return 0;
}

static int take_text(struct reader *reader, void *element)
{
	const char **text = element;

	return take_string(reader, text);
}

static int take_texts(struct reader *reader, const char *const **ret_list, size_t *ret_n)
{
	return take_list(reader, sizeof(char *), take_text, (void *)ret_list, ret_n);
}

/* ("a","b",...) */
static int take_tuple(struct reader *reader, const char **const texts[], size_t n)
{
	int r = take_mark(reader, "(");

	for (size_t i = 0; i < n && r == 0; i++) {
		if (i > 0)
			r = take_mark(reader, ",");
		if (r == 0)
			r = take_string(reader, texts[i]);
	}
	return r == 0 ? take_mark(reader, ")") : r;
}

static int take_output(struct reader *reader, void *element)
{
	struct drv_output *output = element;
	const char **const texts[] = { &output->name, &output->path, &output->algo, &output->hash };

	return take_tuple(reader, texts, ARRAY_SIZE(texts));
}

static int take_variable(struct reader *reader, void *element)
{
	struct build_variable *variable = element;
	const char **const texts[] = { &variable->name, &variable->value };

	return take_tuple(reader, texts, ARRAY_SIZE(texts));
}

static int take_input(struct reader *reader, void *element)
{
	struct drv_input *input = element;
	int r = take_mark(reader, "(");

	if (r == 0)
		r = take_string(reader, &input->path);
	if (r == 0)
		r = take_mark(reader, ",");
	if (r == 0)
		r = take_texts(reader, &input->outputs, &input->n_outputs);
	return r == 0 ? take_mark(reader, ")") : r;
}

static int take_start(struct reader *reader)
{
	static const char versioned[] = "DrvWithVersion(";
	int r;

	if ((size_t)(reader->end - reader->at) >= strlen(versioned) &&
	    !memcmp(reader->at, versioned, strlen(versioned))) {
		r = refuse(reader, "DrvWithVersion: a dynamic derivation is not built by croft");
		fail_hint(reader->err, "Nix itself builds it: nix-store -r");
		return r;
	}
	return take_word(reader, "Derive(", "no derivation: it does not begin with \"Derive(\"");
}

static int read_all(struct reader *reader, struct drv *drv)
{
	int r = take_start(reader);

	if (r == 0)
		r = take_list(reader, sizeof(*drv->outputs), take_output, (void *)&drv->outputs,
			      &drv->n_outputs);
	if (r == 0)
		r = take_mark(reader, ",");
	if (r == 0)
		r = take_list(reader, sizeof(*drv->inputs), take_input, (void *)&drv->inputs,
			      &drv->n_inputs);
	if (r == 0)
		r = take_mark(reader, ",");
	if (r == 0)
		r = take_texts(reader, &drv->sources, &drv->n_sources);
	if (r == 0)
		r = take_mark(reader, ",");
	if (r == 0)
		r = take_string(reader, &drv->system);
	if (r == 0)
		r = take_mark(reader, ",");
	if (r == 0)
		r = take_string(reader, &drv->builder);
	if (r == 0)
		r = take_mark(reader, ",");
	if (r == 0)
		r = take_texts(reader, &drv->args, &drv->n_args);
	if (r == 0)
		r = take_mark(reader, ",");
	if (r == 0)
		r = take_list(reader, sizeof(*drv->env), take_variable, (void *)&drv->env,
			      &drv->n_env);
	if (r == 0)
		r = take_mark(reader, ")");
	if (r == 0 && reader->at != reader->end)
		r = refuse(reader, "more behind the end of the derivation");
	return r;
}

/* What is read is checked: from here on messages name the thing, not the byte. */
static int refuse_name(const struct reader *reader, const char *what, const char *name)
{
	return fail(reader->err, CROFT_STAGE_USAGE, 0, "%s: %s: '%s'", reader->source, what, name);
}

static int compare(const void *a, const void *b)
{
	const char *const *left = a, *const *right = b;

	return strcmp(*left, *right);
}

/* `first` is a member of the first of `n` structs of `size` bytes. */
static int check_once(const struct reader *reader, const char *what, const void *first, size_t n,
		      size_t size)
{
	AUTO_FREE const char **names = calloc(n ? n : 1, sizeof(*names));

	if (!names)
		return no_memory(reader);
	for (size_t i = 0; i < n; i++)
		memcpy(&names[i], (const char *)first + i * size, sizeof(*names));
	qsort(names, n, sizeof(*names), compare);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(names[i - 1], names[i]))
			return refuse_name(reader, what, names[i]);
	return 0;
}

static int check_names(const struct reader *reader, const struct drv *drv)
{
	int r = check_once(reader, "an output stands twice", &drv->outputs->name, drv->n_outputs,
			   sizeof(*drv->outputs));

	if (r == 0 && drv->n_inputs)
		r = check_once(reader, "an input stands twice", &drv->inputs->path, drv->n_inputs,
			       sizeof(*drv->inputs));
	if (r == 0 && drv->n_sources)
		r = check_once(reader, "a source stands twice", drv->sources, drv->n_sources,
			       sizeof(*drv->sources));
	if (r == 0 && drv->n_env)
		r = check_once(reader, "a variable stands twice", &drv->env->name, drv->n_env,
			       sizeof(*drv->env));
	for (size_t i = 0; i < drv->n_env && r == 0; i++)
		if (!*drv->env[i].name || strchr(drv->env[i].name, '='))
			r = refuse_name(reader, "no name of a variable", drv->env[i].name);
	return r;
}

/* The directory of the first path that there is: all others must lie in it. */
static int find_store(const struct reader *reader, struct drv *drv)
{
	const char *path = NULL, *slash;
	char *dir;

	for (size_t i = 0; i < drv->n_outputs && !path; i++)
		path = *drv->outputs[i].path ? drv->outputs[i].path : NULL;
	if (!path && drv->n_inputs)
		path = drv->inputs[0].path;
	if (!path && drv->n_sources)
		path = drv->sources[0];
	if (!path)
		path = "/nix/store/none";
	slash = strrchr(path, '/');
	dir = slash ? arena_strndup(reader->arena, path, (size_t)(slash - path)) : NULL;
	if (slash && !dir)
		return no_memory(reader);
	if (!dir || !path_is_normal(dir))
		return refuse_name(reader, "no path of a store", path);
	drv->store_dir = dir;
	return 0;
}

static bool is_in_store(const struct drv *drv, const char *path)
{
	return store_name(drv->store_dir, path) != NULL;
}

static int check_input(const struct reader *reader, const struct drv *drv,
		       const struct drv_input *input)
{
	size_t len = strlen(input->path);

	if (!is_in_store(drv, input->path) || len < strlen(SUFFIX) ||
	    strcmp(input->path + len - strlen(SUFFIX), SUFFIX) != 0)
		return refuse_name(reader, "an input is no .drv of the store", input->path);
	if (input->n_outputs == 0)
		return refuse_name(reader, "an input of no output", input->path);
	return 0;
}

static int check_paths(const struct reader *reader, const struct drv *drv)
{
	int r = 0;

	for (size_t i = 0; i < drv->n_outputs; i++) {
		const char *path = drv->outputs[i].path;

		if (!*drv->outputs[i].name)
			return refuse_name(reader, "an output has no name", path);
		if (*path && !is_in_store(drv, path))
			return refuse_name(reader, "an output is no path of the store", path);
		for (size_t k = 0; k < i && *path; k++)
			if (!strcmp(drv->outputs[k].path, path))
				return refuse_name(reader, "two outputs have one path", path);
	}
	for (size_t i = 0; i < drv->n_inputs && r == 0; i++)
		r = check_input(reader, drv, &drv->inputs[i]);
	for (size_t i = 0; i < drv->n_sources && r == 0; i++)
		if (!is_in_store(drv, drv->sources[i]))
			r = refuse_name(reader, "a source is no path of the store",
					drv->sources[i]);
	return r;
}

#define MAX_OUTPUTS 256 /* compared each with each; nixpkgs' most have some 30 */

int drv_parse(struct arena *arena, const char *source, const char *data, size_t len,
	      struct drv *ret_drv, struct croft_error *err)
{
	struct reader reader = { .arena = arena,
				 .source = source,
				 .start = data,
				 .at = data,
				 .end = data + len,
				 .err = err };
	struct drv drv = { 0 };
	int r = read_all(&reader, &drv);

	if (r < 0)
		return r;
	if (drv.n_outputs == 0 || drv.n_outputs > MAX_OUTPUTS)
		return fail(err, CROFT_STAGE_USAGE, 0, "%s: %zu outputs", source, drv.n_outputs);
	r = find_store(&reader, &drv);
	if (r == 0)
		r = check_names(&reader, &drv);
	if (r == 0)
		r = check_paths(&reader, &drv);
	if (r == 0)
		*ret_drv = drv;
	return r;
}

int drv_load(struct arena *arena, const char *path, struct drv *ret_drv, struct croft_error *err)
{
	AUTO_FREE char *data = NULL;
	ssize_t len = read_whole(path, DRV_MAX_BYTES, &data, err);

	return len < 0 ? (int)len : drv_parse(arena, path, data, (size_t)len, ret_drv, err);
}

const char *drv_variable(const struct drv *drv, const char *name)
{
	for (size_t i = 0; i < drv->n_env; i++)
		if (!strcmp(drv->env[i].name, name))
			return drv->env[i].value;
	return NULL;
}

const struct drv_output *drv_find_output(const struct drv *drv, const char *name)
{
	for (size_t i = 0; i < drv->n_outputs; i++)
		if (!strcmp(drv->outputs[i].name, name))
			return &drv->outputs[i];
	return NULL;
}

bool drv_is_fixed(const struct drv *drv)
{
	return drv->n_outputs == 1 && *drv->outputs[0].hash;
}
