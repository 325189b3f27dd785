/* SPDX-License-Identifier: MIT */
/*
 * front_ai_sandbox_options.h - the words of ai-sandbox-landlock's command line.
 *
 * A parser of its own, since the rules differ from croft's: the command stands behind "--" and
 * nowhere else, an option is given once, and a value does not begin with a dash.
 */
#ifndef CROFT_CLI_FRONT_AI_SANDBOX_OPTIONS_H
#define CROFT_CLI_FRONT_AI_SANDBOX_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum ai_option {
	AI_CONFIG,
	AI_PROFILE,
	AI_ROOT,
	AI_LOG_LEVEL,
	AI_GEN_NAME,
	AI_OUTPUT,
	AI_ENV, /* ours */
	AI_KEEP_FD, /* ours */
	AI_READ_ONLY, /* from here on switches */
	AI_CHECK,
	AI_DRY_RUN,
	AI_PRINT_RULESET,
	AI_PRINT_CONFIG,
	AI_REQUIRE_LANDLOCK,
	AI_ALLOW_UNSANDBOXED, /* ours */
	AI_NO_COLOR,
	AI_GENERATE_PROFILE,
	AI_VERSION, /* ours */
	AI_HELP,
	AI_OPTION_MAX
};

/* "--config" and so on, in enum order. */
extern const char *const ai_option_names[AI_OPTION_MAX];

struct ai_word {
	enum ai_option option;
	const char *value;
};

struct ai_options {
	const char
		*value[AI_OPTION_MAX]; /* of options that take one and are given once; else NULL */
	bool has[AI_OPTION_MAX];
	struct ai_word *words; /* owned; --env and --keep-fd, in the order given */
	size_t n;
	int next; /* index in argv of the command, behind "--"; argc without one */
};

/*
 * Reads argv[first...] up to "--". Errors have stage usage: an unknown option, a word that is
 * none, a value that is missing or stands where there is none to be, an option given twice, two
 * that exclude each other. Values are not looked at but for being there.
 */
int ai_options_parse(int argc, char *const argv[], int first, struct ai_options *ret_options,
		     struct croft_error *err);
void ai_options_done(struct ai_options *options);

#endif
