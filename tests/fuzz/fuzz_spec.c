/* SPDX-License-Identifier: MIT */
/*
 * fuzz_spec.c - the JSON file of an external builder, with the words of a derivation in it.
 *
 * What must hold of what is taken: every path is absolute and of normal form; a store path is one
 * name below the store, and no input is an output.
 */
#include "drv/spec.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_store_path(const struct build *build, const char *path)
{
	const char *name = store_name(build->store_dir, path);

	assert(path_is_normal(path) && name && !strchr(name, '/') && strlen(name) < 256);
	assert(strcmp(name, ".") != 0 && strcmp(name, "..") != 0);
}

static void check_build(const struct build *build)
{
	assert(path_is_normal(build->store_dir) && path_is_normal(build->real_store_dir));
	assert(path_is_normal(build->tmp_dir) && path_is_normal(build->tmp_inside));
	assert(*build->builder == '/' && build->n_outputs > 0 && !build->is_fixed_output);
	for (size_t i = 0; i < build->n_outputs; i++)
		check_store_path(build, build->outputs[i].path);
	for (size_t i = 0; i < build->n_inputs; i++) {
		check_store_path(build, build->inputs[i]);
		for (size_t k = 0; k < build->n_outputs; k++)
			assert(strcmp(build->inputs[i], build->outputs[k].path) != 0);
	}
	for (size_t i = 0; i < build->n_env; i++)
		assert(*build->env[i].name && !strchr(build->env[i].name, '='));
	for (size_t i = 0; i < build->n_args; i++)
		assert(build->args[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct croft_error err = { 0 };
	struct spec spec;
	struct arena arena;

	arena_init(&arena, (size_t)16 << 20);
	if (spec_parse(&arena, "build.json", (const char *)data, size, &spec, &err) == 0)
		check_build(&spec.build);
	else
		assert(err.what[0]);
	arena_done(&arena);
	return 0;
}
