/* SPDX-License-Identifier: MIT */
/*
 * pod_hides.c - a mount lies over what the image has there.
 *
 * A folder with eight libraries mounted at /lib/x86_64-linux-gnu makes a Nix-built image start
 * foreign programs, and a Debian image none. What lies in a volume only the cluster knows; what it
 * hides can be told: each command that is needed is looked up and followed to its libraries, and
 * a mount at or above one of these files takes it away. As on PATH another file may stand
 * behind, a command is hidden only when each candidate is.
 *
 * Where the user says what will lie there (--mount HOST:PATH) the image was opened with it, and
 * that mount hides nothing.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "image/pod.h"
#include "sys/path.h"

/* What one mount hides. */
struct hidden {
	const char *file; /* the first file that is needed; NULL: nothing */
	const char *command; /* who needs it */
	size_t n_commands;
};

struct look {
	const struct image_check *check;
	struct arena *arena;
	const struct pod *pod;
	const struct pod_container *container;
	const struct image_mount *known; /* of --mount */
	size_t n_known;
	struct hidden *hidden; /* one for each mount of the container */
	char (*reals)[PATH_MAX]; /* where each mount really lies: its links are followed */
};

static bool is_known(const struct look *look, const char *path)
{
	for (size_t i = 0; i < look->n_known; i++)
		if (!strcmp(look->known[i].path, path))
			return true;
	return false;
}

/* The mount that lies over the file; its number, or n_mounts. */
static size_t find_over(const struct look *look, const char *file)
{
	const struct pod_container *container = look->container;
	size_t i = 0;

	while (i < container->n_mounts &&
	       (is_known(look, container->mounts[i].path) || !path_is_under(look->reals[i], file)))
		i++;
	return i;
}

/*
 * The first file of a closure that lies below a mount: its name, the last link on the way, or where
 * that leads.
 */
static size_t find_hidden(const struct look *look, const struct closure *closure,
			  const char **ret_file)
{
	size_t none = look->container->n_mounts;

	for (size_t i = 0; i < closure->n_files; i++) {
		const struct closure_file *file = &closure->files[i];
		struct root_walk walk;
		size_t over;

		/* without its cache or its list of preloads a loader does its work all the same */
		if (file->role == ROLE_CONFIG)
			continue;
		root_walk(look->check->root, NULL, file->path, &walk);
		over = find_over(look, file->path);
		if (over == none)
			over = find_over(look, file->real);
		if (over == none && walk.link[0])
			over = find_over(look, walk.link);
		if (over == none)
			continue;
		*ret_file = arena_strdup(look->arena, *file->real ? file->real : file->path);
		return over;
	}
	return none;
}

/* One file that the command may be: 1 it starts, 0 it does not; *ret_over: what hides it. */
static int look_at(const struct look *look, const char *path, size_t *ret_over,
		   const char **ret_file)
{
	const struct closure_input input = check_input(look->check);
	struct closure closure;
	int r;

	*ret_over = look->container->n_mounts;
	closure_init(&closure);
	r = closure_add_program(&closure, &input, path, look->check->err);
	if (r == 0)
		r = !closure_find_trouble(&closure, WEIGHT_START);
	if (r == 1)
		*ret_over = find_hidden(look, &closure, ret_file);
	closure_done(&closure);
	return r;
}

/* One command. */
static int look_for(const struct look *look, const char *command)
{
	const char *rest = look->check->config->path, *file = NULL, *hidden_file = NULL;
	size_t none = look->container->n_mounts, over = none;
	char path[PATH_MAX];

	while (check_next_candidate(look->check, command, &rest, path)) {
		size_t hiding;
		int r = look_at(look, path, &hiding, &file);

		if (r < 0)
			return r;
		if (r == 1 && hiding == none)
			return 0;
		if (r == 1 && over == none) {
			over = hiding;
			hidden_file = file;
		}
	}
	if (over == none)
		return 0;
	if (!hidden_file)
		return fail(look->check->err, CROFT_STAGE_USAGE, ENOMEM, "look for '%s'", command);
	if (!look->hidden[over].file) {
		look->hidden[over].file = hidden_file;
		look->hidden[over].command = command;
	}
	look->hidden[over].n_commands++;
	return 0;
}

static void tell(const struct look *look)
{
	for (size_t i = 0; i < look->container->n_mounts; i++) {
		const struct hidden *hidden = &look->hidden[i];
		const struct pod_mount *mount = &look->container->mounts[i];
		char who[300];

		if (!hidden->file)
			continue;
		(void)snprintf(who, sizeof(who), "%.256s", hidden->command);
		if (hidden->n_commands > 1)
			(void)snprintf(who, sizeof(who), "%.256s (and %zu more)", hidden->command,
				       hidden->n_commands - 1);
		report_add(look->check->report, REPORT_MOUNT_HIDES, &mount->spot,
			   &(struct report_words){
				   .subject = mount->path, .detail = hidden->file, .other = who });
	}
}

/* Something is mounted there, or above it: what it has nobody knows. */
static bool is_below_mount(const struct look *look, const char *path)
{
	const char *at, *releases;

	for (size_t i = 0; i < look->container->n_mounts; i++)
		if (path_is_under(look->container->mounts[i].path, path))
			return true;
	return look->pod->is_extension && pod_hook_mount(path, &at, &releases);
}

/* A program that is neither in the image nor where something is mounted. */
static void check_program_there(const struct look *look, const char *program,
				const struct report_spot *spot)
{
	const char *rest = look->check->config->path;
	char path[PATH_MAX];
	bool is_there = check_find(look->check, program, path);

	/* relative to a directory of the pod's, on a PATH of its own, or $(VARIABLE) */
	if (program[0] != '/' && (strpbrk(program, "/$") || look->container->has_path))
		return;
	while (!is_there && check_next_candidate(look->check, program, &rest, path))
		is_there = is_below_mount(look, path);
	if (!is_there)
		report_add(look->check->report, REPORT_MOUNT_MISSING, spot,
			   &(struct report_words){ .subject = program,
						   .detail = look->container->name });
}

static int look_at_container(struct look *look, const char *const *needs, size_t n_needs)
{
	const struct pod_container *container = look->container;
	bool is_needed = false;
	int r = 0;

	look->hidden = arena_calloc(look->arena, container->n_mounts + 1, sizeof(*look->hidden));
	look->reals = arena_calloc(look->arena, container->n_mounts + 1, sizeof(*look->reals));
	if (!look->hidden || !look->reals)
		return fail(look->check->err, CROFT_STAGE_USAGE, ENOMEM, "look at '%s'",
			    container->name);
	for (size_t i = 0; i < container->n_mounts; i++) {
		struct root_walk walk;

		root_walk(look->check->root, NULL, container->mounts[i].path, &walk);
		memcpy(look->reals[i], walk.errnum ? container->mounts[i].path : walk.real,
		       PATH_MAX);
	}
	for (size_t i = 0; i < n_needs && r == 0; i++) {
		is_needed = is_needed || !strcmp(needs[i], container->program);
		r = look_for(look, needs[i]);
		/* of a name alone --need has said it */
		if (needs[i][0] == '/')
			check_program_there(look, needs[i], &container->spot);
	}
	if (r == 0 && *container->program && !is_needed) {
		check_program_there(look, container->program, &container->program_spot);
		r = look_for(look, container->program);
	}
	if (r == 0)
		tell(look);
	return r;
}

/* This image is that of "$job" in an extension, and in a pod that of its first container. */
static bool is_of_image(const struct pod *pod, const struct pod_container *container)
{
	const struct pod_container *first = NULL;

	if (container->is_init)
		return false;
	if (pod->is_extension)
		return !strcmp(container->name, "$job");
	for (size_t i = 0; i < pod->n_containers && !first; i++)
		if (!pod->containers[i].is_init)
			first = &pod->containers[i];
	return container == first ||
	       (first && *container->image && !strcmp(container->image, first->image));
}

/* Both lists as one; without any, the shell that every step and most images need. */
static int join_needs(const struct image_check *check, struct arena *arena, bool is_extension,
		      const char *const *needs, size_t n_needs, const char ***ret_all,
		      size_t *ret_n)
{
	const char **hooks = NULL, **all;
	size_t n_hooks = 0, n = 0;
	int r = 0;

	if (is_extension || !n_needs)
		r = need_list(arena, is_extension ? "@github-hooks" : "sh",
			      check->family.family == FAMILY_ALPINE, &hooks, &n_hooks, check->err);
	if (r < 0)
		return r;
	all = arena_calloc(arena, n_needs + n_hooks, sizeof(*all));
	if (!all)
		return fail(check->err, CROFT_STAGE_USAGE, ENOMEM, "--need");
	for (size_t i = 0; i < n_needs + n_hooks; i++) {
		const char *name = i < n_needs ? needs[i] : hooks[i - n_needs];
		size_t k = 0;

		while (k < n && strcmp(all[k], name) != 0)
			k++;
		if (k == n)
			all[n++] = name;
	}
	*ret_all = all;
	*ret_n = n;
	return 0;
}

int pod_check_hides(const struct image_check *check, struct arena *arena, const struct pod *pod,
		    const char *const *needs, size_t n_needs, const struct image_mount *mounts,
		    size_t n_mounts)
{
	struct look look = {
		.check = check, .arena = arena, .pod = pod, .known = mounts, .n_known = n_mounts
	};
	const char **all = NULL;
	size_t n = 0;
	int r = join_needs(check, arena, pod->is_extension, needs, n_needs, &all, &n);

	for (size_t i = 0; i < pod->n_containers && r == 0; i++) {
		if (!is_of_image(pod, &pod->containers[i]))
			continue;
		look.container = &pod->containers[i];
		r = look_at_container(&look, all, n);
	}
	return r;
}
