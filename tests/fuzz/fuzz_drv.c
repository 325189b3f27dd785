/* SPDX-License-Identifier: MIT */
/*
 * fuzz_drv.c - derivations: their form, their attributes, and what a builder gets of them.
 *
 * Beside memory errors it looks for paths that are none of one store, variables that no process can
 * have or that stand twice, files that would not lie in the build's directory.
 */
#include "drv/drv_env.h"
#include "drv/spec.h"

#include "check.h"

#define COMPARED 200 /* variables: each with all */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *look_up(const char *name)
{
	return strlen(name) % 2 ? "value" : NULL;
}

static void check_paths(const struct drv *drv)
{
	assert(path_is_normal(drv->store_dir) && drv->n_outputs > 0);
	for (size_t i = 0; i < drv->n_outputs; i++)
		assert(!*drv->outputs[i].path || store_name(drv->store_dir, drv->outputs[i].path));
	for (size_t i = 0; i < drv->n_sources; i++)
		assert(store_name(drv->store_dir, drv->sources[i]));
	for (size_t i = 0; i < drv->n_inputs; i++)
		assert(store_name(drv->store_dir, drv->inputs[i].path) &&
		       drv->inputs[i].n_outputs > 0);
}

static void check_env(const struct drv_env *env)
{
	for (size_t i = 0; i < env->n; i++) {
		assert(*env->variables[i].name && !strchr(env->variables[i].name, '='));
		assert(env->variables[i].value);
		for (size_t k = 0; k < i && i < COMPARED; k++)
			assert(strcmp(env->variables[k].name, env->variables[i].name) != 0);
	}
	for (size_t i = 0; i < env->n_files; i++) {
		assert(env->files[i].name[0] == '.' && !strchr(env->files[i].name, '/'));
		assert(strlen(env->files[i].name) < 100);
	}
}

static void fuzz_rest(struct arena *arena, const struct drv *drv)
{
	struct croft_error err = { 0 };
	struct attrs attrs;
	struct drv_env env;

	if (attrs_load(drv, &attrs, &err) == 0) {
		(void)attrs_check(&attrs, drv, "a.drv", &err);
		if (drv_env_make(arena, drv, &attrs, 2, look_up, &env, &err) == 0)
			check_env(&env);
	}
	attrs_done(&attrs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct croft_error err = { 0 };
	struct arena arena;
	struct drv drv;

	arena_init(&arena, (size_t)64 << 20);
	if (drv_parse(&arena, "a.drv", (const char *)data, size, &drv, &err) == 0) {
		check_paths(&drv);
		fuzz_rest(&arena, &drv);
	} else {
		assert(err.what[0]);
	}
	arena_done(&arena);
	return 0;
}
