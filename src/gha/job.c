/* SPDX-License-Identifier: MIT */
/*
 * job.c - mounts, variables and options of a job, all checked before anything is started.
 *
 * Mounts come from the request and from nowhere else, for the runner alone knows what it lays
 * where. The docker socket is always asked for and always left out: who has it is root on the
 * machine.
 * A source has to be there; a bare name is a volume of the job, a null source a fresh
 * directory. A source that holds the store of jobs is refused: a step could write the
 * state of the next.
 */
#include "gha/job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "elf/root.h"
#include "gha/annotate.h"
#include "gha/options.h"
#include "gha/pod.h"
#include "sys/calls.h"
#include "sys/path.h"

#define VOLUME_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._"

struct build {
	struct job *job;
	struct arena *arena;
	struct croft_error *err;
	const char *store;
	struct pod_mount *mounts;
	size_t n_mounts, mounts_capacity;
	struct request_pair *env;
	size_t n_env, env_capacity;
};

static int no_memory(struct build *build)
{
	return fail(build->err, CROFT_STAGE_PREPARE, ENOMEM, "prepare the job");
}

static bool is_docker_socket(const char *path)
{
	return path && (!strcmp(path, "/var/run/docker.sock") || !strcmp(path, "/run/docker.sock"));
}

/* The directory of a volume, by name or of its own. */
static int make_volume(struct build *build, const char *name, const char **ret_path)
{
	if (!name)
		name = arena_printf(build->arena, "fresh-%zu", build->n_mounts);
	if (!name)
		return no_memory(build);
	if (name[0] == '.' || strspn(name, VOLUME_CHARACTERS) != strlen(name) ||
	    strlen(name) > 128) {
		(void)fail(build->err, CROFT_STAGE_PREPARE, 0,
			   "volume '%s' is neither an absolute path nor the name of a volume",
			   name);
		fail_hint(build->err, "names have letters, digits, '-', '_' and '.'");
		return -EINVAL;
	}
	return state_volume(build->job, name, build->arena, ret_path, build->err);
}

static int check_source(struct build *build, const struct request_mount *mount)
{
	const struct root host = { .fd = -1, .path = "/" };
	char real[PATH_MAX];
	int r = pod_check_source(&host, mount->source, build->err);

	if (r < 0)
		return r;
	r = state_real_path(mount->source, real);
	if (r < 0)
		return fail(build->err, CROFT_STAGE_PREPARE, -r, "mount: %s", mount->source);
	if (!path_is_under(real, build->store) && !path_is_under(build->store, real))
		return 0;
	(void)fail(build->err, CROFT_STAGE_PREPARE, 0,
		   "mount: %s holds the jobs of this hook, which no step may reach", mount->source);
	fail_hint(build->err,
		  "let CROFT_GHA_STATE be a folder outside of the runner's work folder");
	return -EPERM;
}

static int add_mount(struct build *build, const struct request_mount *mount)
{
	struct pod_mount *to;

	if (is_docker_socket(mount->source) || is_docker_socket(mount->target)) {
		if (mount->is_user)
			annotate(ANNOTATE_WARNING, "volumes: the docker socket is left out: a job "
						   "that has it is root on this machine");
		return 0;
	}
	to = arena_grow(build->arena, build->mounts, build->n_mounts, &build->mounts_capacity,
			sizeof(*to));
	if (!to)
		return no_memory(build);
	build->mounts = to;
	to += build->n_mounts;
	*to = (struct pod_mount){ .path = mount->target,
				  .is_read_only = mount->is_read_only,
				  .from = mount->is_user ? "userMountVolumes"
							 : "systemMountVolumes" };
	if (mount->source && mount->source[0] == '/') {
		int r = check_source(build, mount);

		if (r < 0)
			return r;
		to->host = mount->source;
	} else if (make_volume(build, mount->source, &to->host) < 0) {
		return -EINVAL;
	}
	build->n_mounts++;
	return 0;
}

static int add_variable(struct build *build, const char *name, const char *value)
{
	struct request_pair *pair = arena_grow(build->arena, build->env, build->n_env,
					       &build->env_capacity, sizeof(*pair));

	if (!pair)
		return no_memory(build);
	build->env = pair;
	for (size_t i = 0; i < build->n_env; i++)
		if (!strcmp(pair[i].name, name)) {
			pair[i].value = value;
			return 0;
		}
	pair[build->n_env++] = (struct request_pair){ name, value };
	return 0;
}

static int add_variables(struct build *build, const struct request_pair *pairs, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++)
		r = add_variable(build, pairs[i].name, pairs[i].value);
	return r;
}

/* croft run's word is HOST:PATH[:ro]. */
static int check_colons(struct build *build, const struct pod_mount *mount)
{
	if ((!mount->host || !strchr(mount->host, ':')) && !strchr(mount->path, ':'))
		return 0;
	(void)fail(build->err, CROFT_STAGE_PREPARE, 0, "mount: %s at %s has a ':' in its name",
		   mount->host, mount->path);
	fail_hint(build->err, "such a name cannot be mounted: use one without");
	return -EINVAL;
}

/* What the template adds comes checked for doubles, not for being there. */
static int settle_mounts(struct build *build, const struct pod_merged *merged)
{
	struct job *job = build->job;
	int r = 0;

	job->mounts = arena_calloc(build->arena, merged->n_mounts + 1, sizeof(*job->mounts));
	if (!job->mounts)
		return no_memory(build);
	for (size_t i = 0; i < merged->n_mounts && r == 0; i++) {
		struct pod_mount *to = &job->mounts[job->n_mounts++];
		const struct request_mount of_pod = { .source = merged->mounts[i].host };

		*to = merged->mounts[i];
		if (!to->host)
			r = make_volume(build, to->fresh, &to->host);
		else if (i >= build->n_mounts)
			r = check_source(build, &of_pod);
		if (r == 0)
			r = check_colons(build, to);
	}
	return r;
}

static int merge_pod(struct build *build)
{
	const char *template = getenv("ACTIONS_RUNNER_CONTAINER_HOOK_TEMPLATE");
	struct pod_variable *variables =
		arena_calloc(build->arena, build->n_env + 1, sizeof(*variables));
	struct pod_input input = { .source = template,
				   .mounts = build->mounts,
				   .n_mounts = build->n_mounts,
				   .variables = variables,
				   .n_variables = build->n_env };
	struct pod_merged merged = { 0 };
	int r;

	for (size_t i = 0; variables && i < build->n_env; i++)
		variables[i] = (struct pod_variable){ build->env[i].name, build->env[i].value,
						      "container.env" };
	if (!variables)
		return no_memory(build);
	r = template && *template ? pod_merge_file(&input, build->arena, &merged, build->err)
				  : pod_merge(&input, build->arena, &merged, build->err);
	for (size_t i = 0; r == 0 && i < merged.n_warnings; i++)
		annotate(ANNOTATE_WARNING, merged.warnings[i]);
	for (size_t i = 0; r == 0 && i < merged.n_variables; i++)
		r = add_variable(build, merged.variables[i].name, merged.variables[i].value);
	return r < 0 ? r : settle_mounts(build, &merged);
}

static int note_root(struct build *build, const struct job_image *image)
{
	struct stat st;
	int r = sys_fstatat(AT_FDCWD, image->root, &st, 0);

	if (r < 0)
		return fail(build->err, CROFT_STAGE_PREPARE, -r, "look at '%s'", image->root);
	build->job->root = image->root;
	build->job->root_dev = (uint64_t)st.st_dev;
	build->job->root_ino = (uint64_t)st.st_ino;
	build->job->root_changed = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
	return 0;
}

static int build_all(struct build *build, const struct request_args *args,
		     const struct job_image *image)
{
	struct job_options options = { 0 };
	struct job *job = build->job;
	int r = note_root(build, image);

	if (r == 0)
		r = options_read(args->options, build->arena, &options, build->err);
	for (size_t i = 0; r == 0 && i < options.n_warnings; i++)
		annotate(ANNOTATE_WARNING, options.warnings[i]);
	if (r == 0 && args->n_ports)
		annotate(ANNOTATE_WARNING, "ports: the job has this machine's network, or none: "
					   "nothing is mapped");
	for (size_t i = 0; i < args->n_mounts && r == 0; i++)
		r = add_mount(build, &args->mounts[i]);
	for (size_t i = 0; i < options.n_mounts && r == 0; i++)
		r = add_mount(build, &options.mounts[i]);
	if (r == 0)
		r = add_variables(build, image->env, image->n_env);
	if (r == 0)
		r = add_variables(build, options.env, options.n_env);
	if (r == 0)
		r = add_variables(build, args->env, args->n_env);
	if (r == 0)
		r = merge_pod(build);
	if (r < 0)
		return r;
	job->env = build->env;
	job->n_env = build->n_env;
	job->options = options.words;
	job->n_options = options.n_words;
	job->workdir = options.workdir                   ? options.workdir
		       : args->workdir && *args->workdir ? args->workdir
							 : image->workdir;
	return 0;
}

int job_build(struct job *job, const struct request_args *args, const struct job_image *image,
	      const char *store, struct arena *arena, struct croft_error *err)
{
	struct build build = { .job = job, .arena = arena, .err = err, .store = store };

	job->image = args->image;
	return build_all(&build, args, image);
}

const char *job_variable(const struct job *job, const char *name)
{
	for (size_t i = job->n_env; i > 0; i--)
		if (!strcmp(job->env[i - 1].name, name))
			return job->env[i - 1].value;
	return NULL;
}
