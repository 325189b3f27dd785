/* SPDX-License-Identifier: MIT */
/*
 * front_landrun_options.c - reads landrun's command line.
 *
 * landrun 0.1.18 takes its options with urfave/cli 3: "-rox" is "--rox" ("-ldd -add-exec" is
 * what a much used checker of proofs writes), a switch may have a value as Go's
 * strconv.ParseBool reads it, and options are looked for in the whole line. The last is
 * not kept: who appends an untrusted tail to the command would have it grant itself what it
 * likes. Parsing stops at the first word that does not begin with a dash.
 */
#include "cli/front_landrun_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"

const char *const landrun_origins[LANDRUN_OPTION_MAX] = {
	[LANDRUN_RO] = "--ro",
	[LANDRUN_ROX] = "--rox",
	[LANDRUN_RW] = "--rw",
	[LANDRUN_RWX] = "--rwx",
	[LANDRUN_UNIX] = "--unix",
	[LANDRUN_BIND_TCP] = "--bind-tcp",
	[LANDRUN_CONNECT_TCP] = "--connect-tcp",
	[LANDRUN_ENV] = "--env",
	[LANDRUN_KEEP_FD] = "--keep-fd",
	[LANDRUN_LOG_LEVEL] = "--log-level",
	[LANDRUN_BEST_EFFORT] = "--best-effort",
	[LANDRUN_UNRESTRICTED_FILESYSTEM] = "--unrestricted-filesystem",
	[LANDRUN_UNRESTRICTED_NETWORK] = "--unrestricted-network",
	[LANDRUN_UNRESTRICTED_SCOPED] = "--unrestricted-scoped",
	[LANDRUN_IGNORE_MISSING] = "--ignore-missing",
	[LANDRUN_ADD_EXEC] = "--add-exec",
	[LANDRUN_LDD] = "--ldd",
	[LANDRUN_LOG_DISABLE_ORIGINATING] = "--log-disable-originating",
	[LANDRUN_LOG_ENABLE_SUBPROCESSES] = "--log-enable-subprocesses",
	[LANDRUN_LOG_DISABLE_SUBDOMAINS] = "--log-disable-subdomains",
	[LANDRUN_VERSION] = "--version",
	[LANDRUN_HELP] = "--help",
};

/* The enum has those that take a value first. */
static bool is_switch(enum landrun_option option)
{
	return option >= LANDRUN_BEST_EFFORT;
}

/* The option's index by its bare name, which ends at a '='; -ENOENT. */
static int find_option(const char *name)
{
	size_t len = strcspn(name, "=");

	if (len == 1 && (*name == 'h' || *name == 'v'))
		return *name == 'h' ? LANDRUN_HELP : LANDRUN_VERSION;
	for (int i = 0; i < LANDRUN_OPTION_MAX; i++)
		if (strlen(landrun_origins[i] + 2) == len &&
		    !strncmp(landrun_origins[i] + 2, name, len))
			return i;
	return -ENOENT;
}

static int unknown_option(const char *word, const char *name, struct croft_error *err)
{
	struct name names[LANDRUN_OPTION_MAX];
	const char *nearest = NULL;
	char bare[32] = "";
	size_t len = strcspn(name, "=");
	int r = fail(err, CROFT_STAGE_USAGE, 0, "there is no option '%.64s'", word);

	for (int i = 0; i < LANDRUN_OPTION_MAX; i++)
		names[i] = (struct name){ landrun_origins[i] + 2, NULL };
	if (len < sizeof(bare)) {
		memcpy(bare, name, len);
		nearest = names_nearest(names, ARRAY_SIZE(names), bare);
	}
	if (nearest)
		fail_hint(err, "did you mean --%s?", nearest);
	else
		fail_hint(err, "see landrun --help");
	return r;
}

/* As strconv.ParseBool; nothing means true. -EINVAL for other words. */
static int parse_switch(const char *value)
{
	static const char *const yes[] = { "", "1", "t", "T", "true", "TRUE", "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++)
		if (!strcmp(value, yes[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(no); i++)
		if (!strcmp(value, no[i]))
			return false;
	return -EINVAL;
}

static int take_switch(struct landrun_options *options, enum landrun_option option,
		       const char *value, struct croft_error *err)
{
	int r = parse_switch(value ? value : "");

	if (r < 0)
		return fail(err, CROFT_STAGE_USAGE, 0, "%s is a switch: '%.64s' is no value for it",
			    landrun_origins[option], value);
	options->has[option] = r;
	return 0;
}

/*
 * One option at argv[*at], and its value, which may be the next word: *at moves there. That word
 * is taken whatever it looks like, as landrun does: "--env --" is a value.
 */
static int take_option(struct landrun_options *options, int argc, char *const argv[], int *at,
		       struct croft_error *err)
{
	const char *name = argv[*at] + (argv[*at][1] == '-' ? 2 : 1);
	const char *equals = strchr(name, '=');
	const char *value = equals ? equals + 1 : NULL;
	int option = find_option(name);

	if (option < 0)
		return unknown_option(argv[*at], name, err);
	if (is_switch((enum landrun_option)option))
		return take_switch(options, (enum landrun_option)option, value, err);
	if (!value && *at + 1 == argc)
		return fail(err, CROFT_STAGE_USAGE, 0, "%s needs a value", landrun_origins[option]);
	if (!value)
		value = argv[++*at];
	options->has[option] = true;
	options->words[options->n++] = (struct landrun_word){ (enum landrun_option)option, value };
	return 0;
}

int landrun_options_parse(int argc, char *const argv[], int first,
			  struct landrun_options *ret_options, struct croft_error *err)
{
	struct landrun_options options = { 0 };
	int at;

	options.words = calloc(argc > first ? (size_t)(argc - first) : 1, sizeof(*options.words));
	if (!options.words)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "read the command line");
	/* "-" alone is a word like any other */
	for (at = first; at < argc && argv[at][0] == '-' && argv[at][1]; at++) {
		int r;

		if (!strcmp(argv[at], "--")) {
			at++;
			break;
		}
		r = take_option(&options, argc, argv, &at, err);
		if (r < 0) {
			landrun_options_done(&options);
			return r;
		}
	}
	options.next = at;
	*ret_options = options;
	return 0;
}

void landrun_options_done(struct landrun_options *options)
{
	free(options->words);
	options->words = NULL;
	options->n = 0;
}

const char *landrun_options_value(const struct landrun_options *options, enum landrun_option option)
{
	for (size_t i = options->n; i > 0; i--)
		if (options->words[i - 1].option == option)
			return options->words[i - 1].value;
	return NULL;
}
