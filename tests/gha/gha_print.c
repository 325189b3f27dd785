/* SPDX-License-Identifier: MIT */
/*
 * gha_print.c - what the hook's deciding parts say, for test_images.py and test_pod.py.
 *
 *	gha_print libc IMAGE EXTERNALS [HOST]      one line of JSON: the plan
 *	gha_print pod FILE [HOST=PATH[:ro]]... [NAME:VALUE]...
 *	gha_print source HOST PATH                 0 or the message
 *
 * A refusal is one line on stderr ("what (hint)") and the status 1.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "gha/libc.h"
#include "gha/pod.h"

#define ITEMS_MAX 64

static int refuse(const struct croft_error *err)
{
	fprintf(stderr, "%s", err->what);
	if (err->errnum)
		fprintf(stderr, ": %s", errno_text(err->errnum));
	fprintf(stderr, err->hint[0] ? " (%s)\n" : "\n", err->hint);
	return 1;
}

static void pair(struct json *json, const char *key, const char *value)
{
	json_key(json, key);
	json_string(json, value);
}

static void flag(struct json *json, const char *key, bool value)
{
	json_key(json, key);
	json_bool(json, value);
}

static int finish(struct buf *buf)
{
	puts(buf_text(buf));
	return buf_error(buf) ? 1 : 0;
}

static int print_libc(const struct libc_plan *plan)
{
	AUTO_BUF struct buf buf = BUF_INIT(1U << 20);
	struct json json;

	json_init(&json, &buf);
	json_object_begin(&json);
	flag(&json, "alpine", plan->is_alpine);
	json_key(&json, "loans");
	json_object_begin(&json);
	for (size_t i = 0; i < plan->n_loans; i++)
		pair(&json, plan->loans[i].path, plan->loans[i].host);
	json_object_end(&json);
	json_key(&json, "nodes");
	json_object_begin(&json);
	for (size_t i = 0; i < plan->n_nodes; i++) {
		const struct libc_node *node = &plan->nodes[i];

		json_key(&json, node->name);
		json_array_begin(&json);
		json_bool(&json, node->can_start);
		json_string(&json, node->why);
		json_string(&json, node->mend);
		json_array_end(&json);
	}
	json_object_end(&json);
	json_object_end(&json);
	return finish(&buf);
}

static int ask_libc(char *argv[])
{
	struct root image = { .fd = -1 }, host = { .fd = -1, .path = "/" };
	const struct libc_input input = { .image = &image, .host = &host, .externals = argv[1] };
	struct croft_error err = { 0 };
	struct libc_plan plan;
	struct arena arena;
	int status;

	if (root_open(argv[0], &image, &err) < 0 ||
	    (argv[2] && root_open(argv[2], &host, &err) < 0))
		return refuse(&err);
	arena_init(&arena, 1U << 20);
	status = libc_plan(&input, &arena, &plan, &err) < 0 ? refuse(&err) : print_libc(&plan);
	arena_done(&arena);
	root_done(&image);
	root_done(&host);
	return status;
}

static int print_pod(const struct pod_merged *merged)
{
	AUTO_BUF struct buf buf = BUF_INIT(1U << 20);
	struct json json;

	json_init(&json, &buf);
	json_object_begin(&json);
	json_key(&json, "mounts");
	json_array_begin(&json);
	for (size_t i = 0; i < merged->n_mounts; i++) {
		const struct pod_mount *mount = &merged->mounts[i];

		json_array_begin(&json);
		json_string(&json, mount->path);
		json_string(&json, mount->host);
		json_string(&json, mount->fresh);
		json_bool(&json, mount->is_read_only);
		json_string(&json, mount->from);
		json_array_end(&json);
	}
	json_array_end(&json);
	json_key(&json, "env");
	json_object_begin(&json);
	for (size_t i = 0; i < merged->n_variables; i++)
		pair(&json, merged->variables[i].name, merged->variables[i].value);
	json_object_end(&json);
	json_key(&json, "warnings");
	json_array_begin(&json);
	for (size_t i = 0; i < merged->n_warnings; i++)
		json_string(&json, merged->warnings[i]);
	json_array_end(&json);
	json_object_end(&json);
	return finish(&buf);
}

static int ask_pod(char *argv[])
{
	struct pod_mount mounts[ITEMS_MAX];
	struct pod_variable variables[ITEMS_MAX];
	struct pod_input input = { .source = argv[0], .mounts = mounts, .variables = variables };
	struct croft_error err = { 0 };
	struct pod_merged merged;
	struct arena arena;
	int status;

	for (argv++; *argv && input.n_mounts < ITEMS_MAX && input.n_variables < ITEMS_MAX; argv++) {
		char *equals = strchr(*argv, '='), *end = strstr(*argv, ":ro");

		if (equals) {
			*equals = '\0';
			if (end)
				*end = '\0';
			mounts[input.n_mounts++] = (struct pod_mount){ .host = *argv,
								       .path = equals + 1,
								       .is_read_only = end,
								       .from = "the hook" };
		} else if ((equals = strchr(*argv, ':')) != NULL) {
			*equals = '\0';
			variables[input.n_variables++] = (struct pod_variable){
				.name = *argv, .value = equals + 1, .from = "container.env"
			};
		}
	}
	arena_init(&arena, 16U << 20);
	status = pod_merge_file(&input, &arena, &merged, &err) < 0 ? refuse(&err)
								   : print_pod(&merged);
	arena_done(&arena);
	return status;
}

static int ask_source(char *argv[])
{
	struct root host = { .fd = -1, .path = "/" };
	struct croft_error err = { 0 };
	int r = root_open(argv[0], &host, &err);

	if (r == 0)
		r = pod_check_source(&host, argv[1], &err);
	root_done(&host);
	return r < 0 ? refuse(&err) : 0;
}

int main(int argc, char *argv[])
{
	if (argc >= 4 && !strcmp(argv[1], "libc"))
		return ask_libc(argv + 2);
	if (argc >= 3 && !strcmp(argv[1], "pod"))
		return ask_pod(argv + 2);
	if (argc == 4 && !strcmp(argv[1], "source"))
		return ask_source(argv + 2);
	fprintf(stderr, "gha_print: libc, pod or source\n");
	return 2;
}
