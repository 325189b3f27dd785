/* SPDX-License-Identifier: MIT */
/*
 * fuzz_gha_pod.c - the bytes of a pod's template, merged with a hook's mounts.
 *
 * Beside memory errors and endless reading it looks for a mount whose path is not plain, for two at
 * one path, for the name of a fresh directory that is more than a name, for a mount of the hook's
 * that is another one afterwards, and for an error that names neither file nor mount.
 */
#include "gha/pod.h"

#include "check.h"

#define SOURCE "fuzz.yaml"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct pod_mount hook[] = {
	{ .path = "/__w", .host = "/srv/work", .from = "the hook" },
	{ .path = "/__e/", .host = "/srv/externals", .is_read_only = true, .from = "the hook" },
	{ .path = "/github/home", .host = "/srv/home", .from = "the hook" },
};
static const struct pod_variable variables[] = {
	{ .name = "HOME", .value = "/github/home", .from = "container.env" },
};

static void check_plain(const char *path)
{
	size_t len = strlen(path);

	assert(path[0] == '/' && !strstr(path, "//") && !strstr(path, "/../") &&
	       !strstr(path, "/./"));
	assert(len == 1 || path[len - 1] != '/');
	assert(len < 3 || strcmp(path + len - 3, "/..") != 0);
}

static void check_merged(const struct pod_merged *merged)
{
	assert(merged->n_mounts >= 3 && merged->n_mounts <= POD_MAX_MOUNTS);
	assert(merged->n_variables >= 1 && merged->n_variables <= POD_MAX_VARIABLES);
	assert(merged->n_warnings <= POD_MAX_WARNINGS);
	for (size_t i = 0; i < 3; i++)
		assert(!strcmp(merged->mounts[i].host, hook[i].host) &&
		       merged->mounts[i].is_read_only == hook[i].is_read_only);
	for (size_t i = 0; i < merged->n_mounts; i++) {
		const struct pod_mount *mount = &merged->mounts[i];

		check_plain(mount->path);
		assert(mount->from[0] && !mount->host != !mount->fresh);
		if (mount->host)
			check_plain(mount->host);
		else
			assert(mount->fresh[0] && mount->fresh[0] != '.' &&
			       !strchr(mount->fresh, '/'));
		for (size_t k = 0; k < i; k++)
			assert(strcmp(merged->mounts[k].path, mount->path) != 0);
	}
	for (size_t i = 0; i < merged->n_variables; i++)
		assert(merged->variables[i].name[0] && !strchr(merged->variables[i].name, '='));
	for (size_t i = 0; i < merged->n_warnings; i++)
		assert(!strncmp(merged->warnings[i], SOURCE ":", strlen(SOURCE) + 1));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct pod_input input = { .source = SOURCE,
					 .data = (const char *)data,
					 .len = size,
					 .mounts = hook,
					 .n_mounts = 3,
					 .variables = variables,
					 .n_variables = 1 };
	struct croft_error err = { 0 };
	struct pod_merged merged;
	struct arena arena;

	arena_init(&arena, 16U << 20);
	if (pod_merge(&input, &arena, &merged, &err) == 0)
		check_merged(&merged);
	else
		assert(strstr(err.what, SOURCE) || !strncmp(err.what, "more than", 9) ||
		       err.errnum);
	arena_done(&arena);
	return 0;
}
