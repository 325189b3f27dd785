/* SPDX-License-Identifier: MIT */
/*
 * front_ai_sandbox_options.c - reads ai-sandbox-landlock's command line.
 *
 * The original (0.0.1) parses with clap 4, and its rules are kept, for who has lived with them
 * has no line that breaks one: whole names with two dashes, "--opt value" or "--opt=value", a value
 * that begins with a dash only behind '=', no option with a value twice, no word between the
 * options. The command stands behind "--", so nothing of it can be taken for an option.
 *
 * Two things that are passed over in silence there are errors: --profile without --config, and
 * options of --generate-profile without it.
 */
#include "cli/front_ai_sandbox_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"

const char *const ai_option_names[AI_OPTION_MAX] = {
	[AI_CONFIG] = "--config",
	[AI_PROFILE] = "--profile",
	[AI_ROOT] = "--root",
	[AI_LOG_LEVEL] = "--log-level",
	[AI_GEN_NAME] = "--gen-name",
	[AI_OUTPUT] = "--output",
	[AI_ENV] = "--env",
	[AI_KEEP_FD] = "--keep-fd",
	[AI_READ_ONLY] = "--read-only",
	[AI_CHECK] = "--check",
	[AI_DRY_RUN] = "--dry-run",
	[AI_PRINT_RULESET] = "--print-ruleset",
	[AI_PRINT_CONFIG] = "--print-config",
	[AI_REQUIRE_LANDLOCK] = "--require-landlock",
	[AI_ALLOW_UNSANDBOXED] = "--allow-unsandboxed",
	[AI_NO_COLOR] = "--no-color",
	[AI_GENERATE_PROFILE] = "--generate-profile",
	[AI_VERSION] = "--version",
	[AI_HELP] = "--help",
};

/* The enum has those that take a value first. */
static bool is_switch(enum ai_option option)
{
	return option >= AI_READ_ONLY;
}

/* Ours may be repeated; of the original's each names one thing. */
static bool is_list(enum ai_option option)
{
	return option == AI_ENV || option == AI_KEEP_FD;
}

/* The option's index by its name, which ends at a '='; -ENOENT. */
static int find_option(const char *word)
{
	size_t len = strcspn(word, "=");

	if (!strcmp(word, "-h"))
		return AI_HELP;
	for (int i = 0; i < AI_OPTION_MAX; i++)
		if (strlen(ai_option_names[i]) == len && !strncmp(ai_option_names[i], word, len))
			return i;
	return -ENOENT;
}

/*
 * A word between the options is most likely a command without the dashes before it: to take it for
 * one would be to guess where the options end.
 */
static int unknown_word(const char *word, struct croft_error *err)
{
	struct name names[AI_OPTION_MAX];
	const char *nearest = NULL;
	char bare[32] = "";
	size_t len = strcspn(word, "=");
	int r;

	if (word[0] != '-') {
		r = fail(err, CROFT_STAGE_USAGE, 0, "'%.64s' is no option", word);
		fail_hint(err, "the command stands behind '--'");
		return r;
	}
	r = fail(err, CROFT_STAGE_USAGE, 0, "there is no option '%.64s'", word);
	for (int i = 0; i < AI_OPTION_MAX; i++)
		names[i] = (struct name){ ai_option_names[i], NULL };
	if (len < sizeof(bare)) {
		memcpy(bare, word, len);
		nearest = names_nearest(names, ARRAY_SIZE(names), bare);
	}
	if (nearest)
		fail_hint(err, "did you mean %s?", nearest);
	else
		fail_hint(err, "see ai-sandbox-landlock --help");
	return r;
}

/* The value behind '=', or the next word: *at moves there. */
static int take_value(enum ai_option option, int argc, char *const argv[], int *at,
		      const char **ret_value, struct croft_error *err)
{
	const char *equals = strchr(argv[*at], '=');
	const char *next = *at + 1 < argc ? argv[*at + 1] : NULL;
	int r;

	if (equals && equals[1]) {
		*ret_value = equals + 1;
		return 0;
	}
	if (!equals && next && *next && (next[0] != '-' || !next[1])) {
		*ret_value = next;
		*at += 1;
		return 0;
	}
	r = fail(err, CROFT_STAGE_USAGE, 0, "%s needs a value", ai_option_names[option]);
	if (!equals && next && next[0] == '-' && strcmp(next, "--") != 0)
		fail_hint(err, "if it begins with a dash: %s=%.64s", ai_option_names[option], next);
	return r;
}

/* One option at argv[*at], and its value. */
static int take_option(struct ai_options *options, int argc, char *const argv[], int *at,
		       struct croft_error *err)
{
	int found = find_option(argv[*at]);
	enum ai_option option = (enum ai_option)found;
	const char *value = NULL;
	int r;

	if (found < 0)
		return unknown_word(argv[*at], err);
	if (is_switch(option)) {
		if (strchr(argv[*at], '='))
			return fail(err, CROFT_STAGE_USAGE, 0, "%s takes no value",
				    ai_option_names[option]);
		options->has[option] = true;
		return 0;
	}
	if (options->has[option] && !is_list(option))
		return fail(err, CROFT_STAGE_USAGE, 0, "%s is given twice",
			    ai_option_names[option]);
	r = take_value(option, argc, argv, at, &value, err);
	if (r < 0)
		return r;
	options->has[option] = true;
	if (is_list(option))
		options->words[options->n++] = (struct ai_word){ option, value };
	else
		options->value[option] = value;
	return 0;
}

/* What has no meaning without another option, or beside it. */
static int check_together(const struct ai_options *options, struct croft_error *err)
{
	static const struct {
		enum ai_option option, needed;
		const char *hint;
	} rows[] = {
		{ AI_CONFIG, AI_PROFILE, "which of the file's profiles?" },
		{ AI_PROFILE, AI_CONFIG, "in which file is the profile?" },
		{ AI_GEN_NAME, AI_GENERATE_PROFILE, "it names the profile that is made" },
		{ AI_OUTPUT, AI_GENERATE_PROFILE, "it is where the profile that is made goes" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!options->has[rows[i].option] || options->has[rows[i].needed])
			continue;
		(void)fail(err, CROFT_STAGE_USAGE, 0, "%s needs %s",
			   ai_option_names[rows[i].option], ai_option_names[rows[i].needed]);
		fail_hint(err, "%s", rows[i].hint);
		return -EINVAL;
	}
	if (options->has[AI_REQUIRE_LANDLOCK] && options->has[AI_ALLOW_UNSANDBOXED])
		return fail(err, CROFT_STAGE_USAGE, 0, "%s and %s exclude each other",
			    ai_option_names[AI_REQUIRE_LANDLOCK],
			    ai_option_names[AI_ALLOW_UNSANDBOXED]);
	return 0;
}

static int parse(struct ai_options *options, int argc, char *const argv[], int first,
		 struct croft_error *err)
{
	int at, r = 0;

	for (at = first; at < argc && r == 0; at++) {
		if (!strcmp(argv[at], "--")) {
			at++;
			break;
		}
		r = take_option(options, argc, argv, &at, err);
	}
	options->next = at;
	if (r < 0 || options->has[AI_HELP] || options->has[AI_VERSION])
		return r;
	return check_together(options, err);
}

int ai_options_parse(int argc, char *const argv[], int first, struct ai_options *ret_options,
		     struct croft_error *err)
{
	struct ai_options options = { 0 };
	int r;

	options.words = calloc(argc > first ? (size_t)(argc - first) : 1, sizeof(*options.words));
	if (!options.words)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "read the command line");
	r = parse(&options, argc, argv, first, err);
	if (r < 0) {
		ai_options_done(&options);
		return r;
	}
	*ret_options = options;
	return 0;
}

void ai_options_done(struct ai_options *options)
{
	free(options->words);
	options->words = NULL;
	options->n = 0;
}
