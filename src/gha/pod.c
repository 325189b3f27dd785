/* SPDX-License-Identifier: MIT */
/*
 * pod.c - a pod's template, merged with what the hook mounts.
 *
 * The hook's own mounts come first, in their order, then the template's. Two entries are the same
 * when the job could not tell them apart: one path, one source, and both may be written or not.
 * Values of variables are never part of a message: they may be secrets.
 *
 * The hook for Kubernetes has volumes of its own, which templates name: "work" at /__w, "externals"
 * at /__e, "github" at /github. Where a template mounts one of them as the hook does, that is
 * the hook's mount; anywhere else, what the hook mounts there is mounted once more.
 *
 * subPath is refused: what lies below a volume is the job's, and a link that one step leaves there
 * would be followed, outside of the sandbox, for the next (CVE-2017-1002101).
 */
#include "gha/pod.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "gha/pod_parts.h"
#include "profile/yaml.h"

/* The hook's volumes in a cluster, and where they are in a job of this hook. */
static const struct {
	const char *name, *path;
} hook_volumes[] = {
	{ "work", "/__w" },
	{ "externals", "/__e" },
	{ "github", NULL }, /* two mounts, below /github */
};

int pod_no_memory(const struct pod_merging *merging)
{
	return fail(merging->err, CROFT_STAGE_USAGE, ENOMEM, "merge the template of the pod");
}

int pod_warn(struct pod_merging *merging, unsigned line, unsigned column, const char *what,
	     const char *why)
{
	struct pod_merged *to = merging->to;
	const char **all;

	if (to->n_warnings == POD_MAX_WARNINGS)
		return 0;
	all = arena_grow(merging->arena, (void *)to->warnings, to->n_warnings,
			 &merging->warnings_capacity, sizeof(*all));
	if (!all)
		return pod_no_memory(merging);
	to->warnings = all;
	all[to->n_warnings] = arena_printf(merging->arena, "%s:%u:%u: %.100s: %s",
					   merging->input->source, line, column, what, why);
	return all[to->n_warnings++] ? 0 : pod_no_memory(merging);
}

const char *pod_plain_path(struct arena *arena, const char *path)
{
	char *plain = path[0] == '/' && strlen(path) < PATH_MAX ? arena_strdup(arena, path) : NULL;
	size_t len = 0;

	for (const char *at = path; plain && *at;) {
		size_t part;

		at += strspn(at, "/");
		part = strcspn(at, "/");
		if ((part == 1 && at[0] == '.') || (part == 2 && at[0] == '.' && at[1] == '.'))
			return NULL;
		if (part) {
			plain[len++] = '/';
			memmove(plain + len, at, part);
			len += part;
		}
		at += part;
	}
	if (!plain)
		return NULL;
	if (len == 0)
		plain[len++] = '/';
	plain[len] = '\0';
	return plain;
}

/* Mounts */

static bool is_same_mount(const struct pod_mount *a, const struct pod_mount *b)
{
	if (!a->host != !b->host || a->is_read_only != b->is_read_only)
		return false;
	if (a->host && b->host)
		return !strcmp(a->host, b->host);
	return a->fresh && b->fresh && !strcmp(a->fresh, b->fresh);
}

static const struct pod_mount *find_mount(const struct pod_merged *to, const char *path)
{
	for (size_t i = 0; i < to->n_mounts; i++)
		if (!strcmp(to->mounts[i].path, path))
			return &to->mounts[i];
	return NULL;
}

static int fail_twice(const struct pod_merging *merging, const struct pod_mount *a,
		      const struct pod_mount *b)
{
	int r = fail(merging->err, CROFT_STAGE_USAGE, 0,
		     "mount %.200s: %s says '%.200s'%s, %s says '%.200s'%s", a->path, a->from,
		     a->host ? a->host : a->fresh, a->is_read_only ? " read-only" : "", b->from,
		     b->host ? b->host : b->fresh, b->is_read_only ? " read-only" : "");

	fail_hint(merging->err, "remove one of them");
	return r;
}

/* path: plain. */
static int add_mount(struct pod_merging *merging, const struct pod_mount *mount)
{
	struct pod_merged *to = merging->to;
	const struct pod_mount *other = find_mount(to, mount->path);
	struct pod_mount *all;

	if (other)
		return is_same_mount(other, mount) ? 0 : fail_twice(merging, mount, other);
	if (to->n_mounts == POD_MAX_MOUNTS)
		return fail(merging->err, CROFT_STAGE_USAGE, 0, "more than %d mounts",
			    POD_MAX_MOUNTS);
	all = arena_grow(merging->arena, to->mounts, to->n_mounts, &merging->mounts_capacity,
			 sizeof(*all));
	if (!all)
		return pod_no_memory(merging);
	to->mounts = all;
	all[to->n_mounts++] = *mount;
	return 0;
}

static int add_hook_mount(struct pod_merging *merging, const struct pod_mount *given)
{
	struct pod_mount mount = *given;

	mount.path = pod_plain_path(merging->arena, given->path);
	mount.host = given->host ? pod_plain_path(merging->arena, given->host) : NULL;
	if (!mount.path || (given->host && !mount.host) || (!given->host && !given->fresh))
		return fail(merging->err, CROFT_STAGE_USAGE, 0,
			    "mount %.200s: %s: not an absolute path without '..'",
			    mount.path && given->host ? given->host : given->path, given->from);
	return add_mount(merging, &mount);
}

/* The template's */

static bool is_hook_volume(const char *name, const char **ret_path)
{
	for (size_t i = 0; i < ARRAY_SIZE(hook_volumes); i++) {
		if (strcmp(hook_volumes[i].name, name) != 0)
			continue;
		*ret_path = hook_volumes[i].path;
		return true;
	}
	return false;
}

static int fail_at(const struct pod_merging *merging, unsigned line, unsigned column,
		   const char *name, const char *why)
{
	return yaml_fail(merging->input->source, line, column, 0, merging->err, "volume '%s' %s",
			 name, why);
}

/* An emptyDir as the hook itself has it is the hook's. */
static int check_volumes(const struct pod_merging *merging)
{
	const struct pod_template *template = &merging->template;

	for (size_t i = 0; i < template->n_volumes; i++) {
		const struct pod_volume *volume = &template->volumes[i];
		const char *path;

		if (is_hook_volume(volume->name, &path) && !volume->is_plain)
			return fail_at(merging, volume->line, volume->column, volume->name,
				       "is in the template and in the hook: remove it from the "
				       "template");
	}
	return 0;
}

/* One of the hook's volumes at the place where the hook has it, or at another. */
static int add_of_hook(struct pod_merging *merging, const struct pod_wish *wish, const char *path)
{
	const struct pod_mount *there = find_mount(merging->to, wish->path), *own;
	struct pod_mount mount;

	if (there)
		return 0;
	own = path ? find_mount(merging->to, path) : NULL;
	if (!own || wish->has_sub)
		return fail_at(merging, wish->line, wish->column, wish->volume,
			       "is the hook's own: it can be mounted only as the hook does");
	mount = *own;
	mount.path = wish->path;
	mount.is_read_only = own->is_read_only || wish->is_read_only;
	mount.from = wish->from;
	return add_mount(merging, &mount);
}

static const struct pod_volume *find_volume(const struct pod_template *template, const char *name)
{
	for (size_t i = 0; i < template->n_volumes; i++)
		if (!strcmp(template->volumes[i].name, name))
			return &template->volumes[i];
	return NULL;
}

static int add_wish(struct pod_merging *merging, const struct pod_wish *wish)
{
	const struct pod_volume *volume = find_volume(&merging->template, wish->volume);
	struct pod_mount mount = { .path = wish->path,
				   .is_read_only = wish->is_read_only,
				   .from = wish->from };
	const char *path;

	if (is_hook_volume(wish->volume, &path))
		return add_of_hook(merging, wish, path);
	if (!volume)
		return fail_at(merging, wish->line, wish->column, wish->volume,
			       "is mounted, but there is no such volume in the template");
	if (wish->has_sub)
		return fail_at(merging, wish->line, wish->column, wish->volume,
			       "is mounted with a subPath, which is not followed on this host: "
			       "make a volume of its own of it");
	if (volume->kind == POD_VOLUME_OTHER)
		return yaml_fail(merging->input->source, volume->line, volume->column, 0,
				 merging->err, "volume '%s': %.100s: only a cluster has that",
				 volume->name, *volume->what ? volume->what : "it has no source");
	mount.host = volume->host;
	mount.fresh = volume->host ? NULL : volume->name;
	return add_mount(merging, &mount);
}

/* Variables */

static int add_variable(struct pod_merging *merging, const struct pod_variable *variable)
{
	struct pod_merged *to = merging->to;
	struct pod_variable *all;

	for (size_t i = 0; i < to->n_variables; i++) {
		if (strcmp(to->variables[i].name, variable->name) != 0)
			continue;
		if (!strcmp(to->variables[i].value, variable->value))
			return 0;
		(void)fail(merging->err, CROFT_STAGE_USAGE, 0,
			   "env %.100s: %s has it, and %s with another value", variable->name,
			   variable->from, to->variables[i].from);
		fail_hint(merging->err, "remove one of them");
		return -EINVAL;
	}
	if (to->n_variables == POD_MAX_VARIABLES)
		return fail(merging->err, CROFT_STAGE_USAGE, 0, "more than %d variables",
			    POD_MAX_VARIABLES);
	all = arena_grow(merging->arena, to->variables, to->n_variables,
			 &merging->variables_capacity, sizeof(*all));
	if (!all)
		return pod_no_memory(merging);
	to->variables = all;
	all[to->n_variables++] = *variable;
	return 0;
}

static int add_template(struct pod_merging *merging)
{
	const struct pod_template *template = &merging->template;
	int r = pod_read(merging);

	if (r == 0)
		r = check_volumes(merging);
	for (size_t i = 0; i < template->n_wishes && r == 0; i++)
		r = add_wish(merging, &template->wishes[i]);
	for (size_t i = 0; i < template->n_variables && r == 0; i++)
		r = add_variable(merging, &template->variables[i]);
	return r;
}

int pod_merge(const struct pod_input *input, struct arena *arena, struct pod_merged *ret_merged,
	      struct croft_error *err)
{
	struct pod_merged to = { .n_mounts = 0 };
	struct pod_merging merging = { .input = input, .arena = arena, .to = &to, .err = err };
	int r = 0;

	for (size_t i = 0; i < input->n_mounts && r == 0; i++)
		r = add_hook_mount(&merging, &input->mounts[i]);
	for (size_t i = 0; i < input->n_variables && r == 0; i++)
		r = add_variable(&merging, &input->variables[i]);
	if (r == 0 && input->data)
		r = add_template(&merging);
	if (r == 0)
		*ret_merged = to;
	return r;
}
