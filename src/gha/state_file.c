/* SPDX-License-Identifier: MIT */
/*
 * state_file.c - a job to JSON and back.
 *
 * Only this program writes the file, below a directory that only its user can enter; it is read as
 * strictly all the same: a file of another version, or one that a full disk has cut, starts
 * nothing.
 */
#include "gha/state_file.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define VERSION 1

static json_t *pairs_json(const struct request_pair *pairs, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, json_pack("[ss]", pairs[i].name, pairs[i].value));
	return list;
}

static json_t *mounts_json(const struct pod_mount *mounts, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, json_pack("[ssb]", mounts[i].host, mounts[i].path,
							    mounts[i].is_read_only));
	return list;
}

static json_t *texts_json(const char *const *texts, size_t n)
{
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, json_stringn(texts[i], strlen(texts[i])));
	return list;
}

int state_file_print(const struct job *job, struct buf *buf)
{
	json_t *env = pairs_json(job->env, job->n_env);
	json_t *mounts = mounts_json(job->mounts, job->n_mounts);
	json_t *options = texts_json(job->options, job->n_options), *root;
	AUTO_FREE char *text = NULL;

	/* a text that is no UTF-8, as a path may be, is one that jansson makes no string of */
	if (json_array_size(env) != job->n_env || json_array_size(mounts) != job->n_mounts ||
	    json_array_size(options) != job->n_options) {
		json_decref(env);
		json_decref(mounts);
		json_decref(options);
		return -EILSEQ;
	}
	root = json_pack("{si ss ss ss sI sI sI ss so so so sb}", "version", VERSION, "runner",
			 job->runner, "image", job->image, "root", job->root, "dev",
			 (json_int_t)job->root_dev, "ino", (json_int_t)job->root_ino, "changed",
			 (json_int_t)job->root_changed, "workdir", job->workdir, "env", env,
			 "mounts", mounts, "options", options, "isAlpine", job->is_alpine);
	if (!root)
		return -EILSEQ;
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	if (!text)
		return -ENOMEM;
	buf_puts(buf, text);
	return buf_error(buf);
}

static int parse_pairs(const json_t *list, struct arena *arena, struct job *job)
{
	job->n_env = json_array_size(list);
	job->env = arena_calloc(arena, job->n_env + 1, sizeof(*job->env));
	for (size_t i = 0; job->env && i < job->n_env; i++) {
		const char *name, *value;

		if (json_unpack(json_array_get(list, i), "[ss!]", &name, &value) < 0)
			return -EINVAL;
		job->env[i] = (struct request_pair){ arena_strdup(arena, name),
						     arena_strdup(arena, value) };
		if (!job->env[i].name || !job->env[i].value)
			return -ENOMEM;
	}
	return job->env ? 0 : -ENOMEM;
}

static int parse_mounts(const json_t *list, struct arena *arena, struct job *job)
{
	job->n_mounts = json_array_size(list);
	job->mounts = arena_calloc(arena, job->n_mounts + 1, sizeof(*job->mounts));
	for (size_t i = 0; job->mounts && i < job->n_mounts; i++) {
		struct pod_mount *mount = &job->mounts[i];
		const char *host, *path;
		int is_read_only;

		if (json_unpack(json_array_get(list, i), "[ssb!]", &host, &path, &is_read_only) < 0)
			return -EINVAL;
		mount->host = arena_strdup(arena, host);
		mount->path = arena_strdup(arena, path);
		mount->is_read_only = is_read_only;
		if (!mount->host || !mount->path)
			return -ENOMEM;
	}
	return job->mounts ? 0 : -ENOMEM;
}

static int parse_options(const json_t *list, struct arena *arena, struct job *job)
{
	job->n_options = json_array_size(list);
	job->options = arena_calloc(arena, job->n_options + 1, sizeof(*job->options));
	for (size_t i = 0; job->options && i < job->n_options; i++) {
		const char *word = json_string_value(json_array_get(list, i));

		if (!word)
			return -EINVAL;
		job->options[i] = arena_strdup(arena, word);
		if (!job->options[i])
			return -ENOMEM;
	}
	return job->options ? 0 : -ENOMEM;
}

static int parse_root(json_t *root, struct arena *arena, struct job *job)
{
	const char *runner, *image, *tree, *workdir;
	json_t *env, *mounts, *options;
	json_int_t dev, ino, changed;
	int version, is_alpine, r;

	if (json_unpack(root, "{si ss ss ss sI sI sI ss so so so sb !}", "version", &version,
			"runner", &runner, "image", &image, "root", &tree, "dev", &dev, "ino", &ino,
			"changed", &changed, "workdir", &workdir, "env", &env, "mounts", &mounts,
			"options", &options, "isAlpine", &is_alpine) < 0 ||
	    version != VERSION || !json_is_array(env) || !json_is_array(mounts) ||
	    !json_is_array(options))
		return -EINVAL;
	job->runner = arena_strdup(arena, runner);
	job->image = arena_strdup(arena, image);
	job->root = arena_strdup(arena, tree);
	job->workdir = arena_strdup(arena, workdir);
	job->root_dev = (uint64_t)dev;
	job->root_ino = (uint64_t)ino;
	job->root_changed = changed;
	job->is_alpine = is_alpine;
	if (!job->runner || !job->image || !job->root || !job->workdir)
		return -ENOMEM;
	r = parse_pairs(env, arena, job);
	if (r == 0)
		r = parse_mounts(mounts, arena, job);
	return r < 0 ? r : parse_options(options, arena, job);
}

int state_file_parse(const char *data, size_t len, struct arena *arena, struct job *job,
		     struct croft_error *err)
{
	json_t *root = json_loadb(data, len, JSON_REJECT_DUPLICATES, NULL);
	int r = root ? parse_root(root, arena, job) : -EINVAL;

	json_decref(root);
	if (r == -ENOMEM)
		return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "read the job's state");
	if (r < 0) {
		(void)fail(err, CROFT_STAGE_PREPARE, 0,
			   "the state of this job cannot be understood");
		fail_hint(err,
			  "was croft replaced or the disk full meanwhile? start the job again");
	}
	return r;
}
