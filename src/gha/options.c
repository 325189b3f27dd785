/* SPDX-License-Identifier: MIT */
/*
 * options.c - docker's words to croft's.
 *
 * What a job on this machine can have is had: variables, volumes, open files, a working directory,
 * no network. What would be missed silently is warned of, one line each: devices, privileges,
 * health checks; and memory, processors and processes, which a control group would have to bound,
 * as a room has none: a bound on address space in their place would stop node, which reserves much
 * and uses little. Their values are read all the same: one without sense is the author's mistake.
 *
 * Docker's options take their value behind "=" or as the next word; of one that is not known here a
 * next word that begins with no dash is its value, for there is nothing else it could be.
 */
#include "gha/options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "gha/quote.h"

struct reading {
	struct arena *arena;
	struct croft_error *err;
	struct job_options *options;
	const char *profile;
};

static int no_memory(struct reading *reading)
{
	return fail(reading->err, CROFT_STAGE_USAGE, ENOMEM, "read options");
}

static int bad_value(struct reading *reading, const char *option, const char *value,
		     const char *wanted)
{
	int r = fail(reading->err, CROFT_STAGE_USAGE, 0, "options: %s %s", option, value);

	fail_hint(reading->err, "%s is wanted", wanted);
	return r;
}

static int add_text(struct reading *reading, const char ***list, size_t *n, size_t *capacity,
		    const char *text)
{
	const char **grown =
		arena_grow(reading->arena, (void *)*list, *n, capacity, sizeof(*grown));

	if (!grown || !text)
		return no_memory(reading);
	*list = grown;
	grown[(*n)++] = text;
	return 0;
}

static int add_word(struct reading *reading, const char *word)
{
	struct job_options *options = reading->options;

	return add_text(reading, &options->words, &options->n_words, &options->words_capacity,
			word);
}

static int add_warning(struct reading *reading, const char *text)
{
	struct job_options *options = reading->options;

	return add_text(reading, &options->warnings, &options->n_warnings,
			&options->warnings_capacity, text);
}

static int warn(struct reading *reading, const char *option)
{
	return add_warning(
		reading, arena_printf(reading->arena,
				      "options: %s means nothing to a job in croft and is left out",
				      option));
}

static int lacks_group(struct reading *reading, const char *option)
{
	return add_warning(reading,
			   arena_printf(reading->arena,
					"options: %s is not kept: it takes a control group, which "
					"no room has; bound the service of the runner",
					option));
}

/* "1.5" */
static int take_cpus(struct reading *reading, const char *option, const char *value)
{
	static const char wanted[] = "a number of processors as 2 or 0.5";
	const char *dot = strchr(value, '.');
	char whole[16], part[3] = "00";
	uint64_t n, hundredths;
	size_t len = dot ? (size_t)(dot - value) : strlen(value);

	if (len >= sizeof(whole) || (dot && (!dot[1] || strlen(dot + 1) > 9)))
		return bad_value(reading, option, value, wanted);
	memcpy(whole, value, len);
	whole[len] = '\0';
	for (size_t i = 0; dot && i < 2 && dot[1 + i]; i++)
		part[i] = dot[1 + i];
	if (dot && strspn(dot + 1, "0123456789") != strlen(dot + 1))
		return bad_value(reading, option, value, wanted);
	if (num_parse(len ? whole : "0", 0, 10000, &n) < 0 ||
	    num_parse(part, 0, 99, &hundredths) < 0)
		return bad_value(reading, option, value, wanted);
	/* 0 is docker's "no limit" */
	return n || hundredths ? lacks_group(reading, option) : 0;
}

/* "512m", "2g", "1073741824b": docker's units are powers of 1024, in either case. */
static int take_memory(struct reading *reading, const char *option, const char *value)
{
	char text[32];
	uint64_t bytes;
	size_t len = strlen(value);

	if (!len || len >= sizeof(text))
		return bad_value(reading, option, value, "a size as 512m or 2g");
	memcpy(text, value, len + 1);
	if ((text[len - 1] | 32) == 'b')
		text[--len] = '\0';
	if (len && strchr("kmgt", text[len - 1]))
		text[len - 1] = (char)(text[len - 1] - 32);
	if (size_parse(text, &bytes) < 0)
		return bad_value(reading, option, value, "a size as 512m or 2g");
	return bytes ? lacks_group(reading, option) : 0;
}

static int take_pids(struct reading *reading, const char *option, const char *value)
{
	uint64_t n;

	if (!strcmp(value, "-1") || !strcmp(value, "0"))
		return 0;
	if (num_parse(value, 1, 1U << 22, &n) < 0)
		return bad_value(reading, option, value, "a number of processes");
	return lacks_group(reading, option);
}

static int take_ulimit(struct reading *reading, const char *option, const char *value)
{
	char text[24];
	size_t len;
	uint64_t n;

	if (strncmp(value, "nofile=", 7))
		return warn(reading, arena_printf(reading->arena, "%s %s", option, value));
	value += 7;
	len = strcspn(value, ":");
	if (len >= sizeof(text))
		return bad_value(reading, option, value, "nofile=NUMBER");
	memcpy(text, value, len);
	text[len] = '\0';
	if (num_parse(text, 1, 1U << 30, &n) < 0)
		return bad_value(reading, option, value, "nofile=NUMBER");
	if (add_word(reading, "--limit") < 0)
		return no_memory(reading);
	return add_word(reading,
			arena_printf(reading->arena, "open-files=%llu", (unsigned long long)n));
}

static int take_env(struct reading *reading, const char *option, const char *value)
{
	struct job_options *options = reading->options;
	const char *equals = strchr(value, '=');
	struct request_pair *pair = arena_grow(reading->arena, options->env, options->n_env,
					       &options->env_capacity, sizeof(*pair));

	if (!pair)
		return no_memory(reading);
	options->env = pair;
	if (!equals || equals == value) /* docker would take the value of the docker client */
		return warn(reading, arena_printf(reading->arena, "%s without a value", option));
	pair += options->n_env++;
	pair->name = arena_strndup(reading->arena, value, (size_t)(equals - value));
	pair->value = arena_strdup(reading->arena, equals + 1);
	return pair->name && pair->value ? 0 : no_memory(reading);
}

/* SOURCE:TARGET[:ro|rw] or TARGET. */
static int take_volume(struct reading *reading, const char *option, const char *value)
{
	struct job_options *options = reading->options;
	struct request_mount *mount = arena_grow(reading->arena, options->mounts, options->n_mounts,
						 &options->mounts_capacity, sizeof(*mount));
	char *text = arena_strdup(reading->arena, value), *target, *mode = NULL;

	if (!mount || !text)
		return no_memory(reading);
	options->mounts = mount;
	target = strchr(text, ':');
	if (target) {
		*target++ = '\0';
		mode = strchr(target, ':');
	}
	if (mode)
		*mode++ = '\0';
	mount += options->n_mounts;
	*mount = (struct request_mount){ .source = target ? text : NULL,
					 .target = target ? target : text,
					 .is_user = true,
					 .is_read_only = mode && !strcmp(mode, "ro") };
	if (mount->target[0] != '/' || (target && !*text))
		return bad_value(reading, option, value, "SOURCE:/TARGET or SOURCE:/TARGET:ro");
	options->n_mounts++;
	return 0;
}

static int take_workdir(struct reading *reading, const char *option, const char *value)
{
	if (value[0] != '/')
		return bad_value(reading, option, value, "an absolute path");
	reading->options->workdir = arena_strdup(reading->arena, value);
	return reading->options->workdir ? 0 : no_memory(reading);
}

static int take_network(struct reading *reading, const char *option, const char *value)
{
	if (!strcmp(value, "none"))
		reading->profile = "build";
	else if (strcmp(value, "host"))
		return warn(reading, arena_printf(reading->arena, "%s %s", option, value));
	return 0;
}

static const struct {
	const char *name;
	int (*take)(struct reading *reading, const char *option, const char *value);
} known[] = {
	{ "--cpus", take_cpus },     { "--memory", take_memory },
	{ "-m", take_memory },       { "--pids-limit", take_pids },
	{ "--ulimit", take_ulimit }, { "--env", take_env },
	{ "-e", take_env },          { "--volume", take_volume },
	{ "-v", take_volume },       { "--workdir", take_workdir },
	{ "-w", take_workdir },      { "--network", take_network },
	{ "--net", take_network },
};

/* The option at words[*at] with its value; *at then is the next one's. */
static int take_option(struct reading *reading, char **words, size_t n, size_t *at)
{
	char *word = words[(*at)++], *value = word[0] == '-' ? strchr(word, '=') : NULL;

	if (value)
		*value++ = '\0';
	else if (*at < n && (words[*at][0] != '-' || !strcmp(words[*at], "-1")))
		value = words[(*at)++];
	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(word, known[i].name))
			return value ? known[i].take(reading, word, value)
				     : bad_value(reading, word, "", "a value");
	return warn(reading, word);
}

int options_read(const char *text, struct arena *arena, struct job_options *ret_options,
		 struct croft_error *err)
{
	struct job_options options = { 0 };
	struct reading reading = { arena, err, &options, "job" };
	char **words = NULL;
	size_t n = 0;
	int r = quote_split(arena, "options", text ? text : "", &words, &n, err);

	for (size_t at = 0; r == 0 && at < n;)
		r = take_option(&reading, words, n, &at);
	if (r == 0)
		r = add_word(&reading, "--profile");
	if (r == 0)
		r = add_word(&reading, reading.profile);
	if (r == 0)
		*ret_options = options;
	return r;
}
