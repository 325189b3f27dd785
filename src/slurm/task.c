/* SPDX-License-Identifier: MIT */
/*
 * task.c - what slurmstepd would have executed, said to croft.
 *
 * slurmstepd calls task_init as the user, with descriptors 0 to 2, terminal, working directory,
 * signals and processors as the task gets them. What it does after that is a prolog of the task,
 * TMPDIR and the limits; the launcher takes its place there, so the limits are done here.
 *
 * The variables decide nothing about the sandbox. With an enforced profile the name is not looked
 * for where the user could put a file of that name: XDG_CONFIG_HOME is /etc for the launcher, so
 * that its two places are one; the command gets the user's again.
 */
#include "slurm/task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "sys/calls.h"

#define LIMIT_PREFIX "SLURM_RLIMIT_"
#define CONFIG_HOME "XDG_CONFIG_HOME"

/* Each begins the names that are meant; one that ends with '=' is a whole name. */
static const char *const slurm_names[] = {
	"SLURM",
	"PMI_",
	"PMI2_",
	"PMIX_",
	"CUDA_VISIBLE_DEVICES=",
	"ROCR_VISIBLE_DEVICES=",
	"HIP_VISIBLE_DEVICES=",
	"ZE_AFFINITY_MASK=",
	"GPU_DEVICE_ORDINAL=",
};
static const char *const kept_back[] = { "SLURM_JWT=", LIMIT_PREFIX };
static const char *const loader_names[] = {
	"LD_",          "GLIBC_TUNABLES=", "GCONV_PATH=",    "GETCONF_DIR=",
	"HOSTALIASES=", "LOCALDOMAIN=",    "LOCPATH=",       "MALLOC_",
	"NIS_PATH=",    "NLSPATH=",        "RES_OPTIONS=",   "RESOLV_HOST_CONF=",
	"TZDIR=",       "ASAN_OPTIONS=",   "UBSAN_OPTIONS=", "LSAN_OPTIONS=",
};
/* The two of them that programs of users live by: modules of compilers and of MPI set them. */
static const char *const given_names[] = { "LD_LIBRARY_PATH=", "LD_PRELOAD=" };

static bool is_one(const char *variable, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!strncmp(variable, names[i], strlen(names[i])))
			return true;
	return false;
}

#define IS_ONE(variable, names) is_one(variable, names, ARRAY_SIZE(names))

static const char *find(char *const *env, const char *name)
{
	size_t len = strlen(name);

	for (; env && *env; env++)
		if (!strncmp(*env, name, len) && (*env)[len] == '=')
			return *env + len + 1;
	return NULL;
}

static size_t count(char *const *list)
{
	size_t n = 0;

	while (list && list[n])
		n++;
	return n;
}

/* A growing list of words; the first failure stays. */
struct words {
	struct arena *arena;
	char **list;
	size_t n, capacity;
	bool has_failed;
};

static void add(struct words *words, const char *text)
{
	char **list = words->has_failed ? NULL
					: arena_grow(words->arena, words->list, words->n,
						     &words->capacity, sizeof(*list));
	char *copy = text && list ? arena_strdup(words->arena, text) : NULL;

	words->has_failed = !list || (text && !copy);
	if (words->has_failed)
		return;
	words->list = list;
	list[words->n++] = copy;
}

static void add_pair(struct words *words, const char *option, const char *value)
{
	add(words, option);
	add(words, value);
}

static int finish(struct words *words, char ***ret_list, struct croft_error *err)
{
	add(words, NULL);
	if (words->has_failed)
		return fail(err, CROFT_STAGE_START, ENOMEM, "the task's words and variables");
	*ret_list = words->list;
	return 0;
}

static void add_variable(struct words *words, const char *variable)
{
	const char *equals = strchr(variable, '=');
	char *name;

	if (!equals || equals == variable)
		return;
	if (IS_ONE(variable, given_names)) {
		add_pair(words, "--env", variable);
		return;
	}
	if (!IS_ONE(variable, slurm_names) || IS_ONE(variable, kept_back))
		return;
	name = arena_strndup(words->arena, variable, (size_t)(equals - variable));
	words->has_failed = words->has_failed || !name;
	if (name && !strchr(name, '*')) /* which would mean others too */
		add_pair(words, "--env", name);
}

/* PMI-1 and PMI-2 talk to slurmstepd through a socket that the task inherits. */
static void add_pmi(struct words *words, char *const *env)
{
	const char *text = find(env, "PMI_FD");
	uint64_t fd;

	if (text && num_parse(text, 3, 1048575, &fd) == 0 && sys_fcntl((int)fd, F_GETFD, 0) >= 0)
		add_pair(words, "--keep-fd", text);
}

int task_words(struct arena *arena, const struct task *task, char ***ret_words,
	       struct croft_error *err)
{
	struct words words = { .arena = arena };

	add_pair(&words, task->croft, "run");
	add_pair(&words, "--profile", task->profile);
	for (size_t i = 0; i < count(task->env); i++)
		add_variable(&words, task->env[i]);
	if (task->is_enforced && find(task->env, CONFIG_HOME))
		add_pair(&words, "--env",
			 arena_printf(arena, CONFIG_HOME "=%s", find(task->env, CONFIG_HOME)));
	add_pmi(&words, task->env);
	if (task->is_batch)
		add_pair(&words, "--execute", task->argv[0]);
	add(&words, "--");
	for (size_t i = 0; i < count(task->argv); i++)
		add(&words, task->argv[i]);
	return finish(&words, ret_words, err);
}

int task_env(struct arena *arena, const struct task *task, char ***ret_env, struct croft_error *err)
{
	struct words words = { .arena = arena };

	for (size_t i = 0; i < count(task->env); i++) {
		const char *variable = task->env[i];

		if (IS_ONE(variable, loader_names) ||
		    !strncmp(variable, LIMIT_PREFIX, strlen(LIMIT_PREFIX)) ||
		    (task->is_enforced && !strncmp(variable, CONFIG_HOME "=", 16)))
			continue;
		add(&words, variable);
	}
	if (task->is_enforced)
		add(&words, CONFIG_HOME "=/etc");
	return finish(&words, ret_env, err);
}

static const struct {
	const char *name;
	int resource;
} limits[] = {
	{ "CPU", RLIMIT_CPU },     { "FSIZE", RLIMIT_FSIZE },   { "DATA", RLIMIT_DATA },
	{ "STACK", RLIMIT_STACK }, { "CORE", RLIMIT_CORE },     { "RSS", RLIMIT_RSS },
	{ "NPROC", RLIMIT_NPROC }, { "NOFILE", RLIMIT_NOFILE }, { "MEMLOCK", RLIMIT_MEMLOCK },
	{ "AS", RLIMIT_AS },
};

static int apply_limit(const char *name, int resource, const char *text, struct croft_error *err)
{
	bool is_asked = *text == 'U';
	struct rlimit now;
	uint64_t wanted;
	int r = num_parse(text + is_asked, 0, UINT64_MAX, &wanted);

	if (r < 0)
		return fail(err, CROFT_STAGE_LIMITS, -r, "%s%s: '%.40s' is no number", LIMIT_PREFIX,
			    name, text);
	r = sys_prlimit(resource, NULL, &now);
	if (r == 0) {
		now.rlim_cur = is_asked || wanted < now.rlim_max ? wanted : now.rlim_max;
		r = sys_prlimit(resource, &now, NULL);
	}
	if (r < 0)
		return fail(err, CROFT_STAGE_LIMITS, -r, "carry over the limit %s (%.40s)", name,
			    text);
	return 0;
}

int task_limits(char *const *env, struct croft_error *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(limits) && r == 0; i++) {
		char name[40];
		const char *text;

		(void)snprintf(name, sizeof(name), LIMIT_PREFIX "%s", limits[i].name);
		text = find(env, name);
		if (text)
			r = apply_limit(limits[i].name, limits[i].resource, text, err);
	}
	return r;
}
