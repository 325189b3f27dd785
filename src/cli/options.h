/* SPDX-License-Identifier: MIT */
/*
 * options.h - the command line's options, as tables.
 *
 * The tables are made from docs/options (options.def), from which help, manual
 * page and completion are made too. Parsing stops at the first word that is no
 * option: nothing after the command is ever croft's.
 */
#ifndef CROFT_CLI_OPTIONS_H
#define CROFT_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"

enum option_command {
	CMD_GLOBAL = 1 << 0,
	CMD_RUN = 1 << 1,
	CMD_PLAN = 1 << 2,
	CMD_WHY = 1 << 3,
	CMD_DEPS = 1 << 4,
	CMD_CHECK = 1 << 5,
	CMD_PROFILE = 1 << 6, /* without a verb */
	CMD_PROFILE_LIST = 1 << 7,
	CMD_PROFILE_SHOW = 1 << 8,
	CMD_PROFILE_NEW = 1 << 9,
	CMD_PROFILE_SCHEMA = 1 << 10,
	CMD_PROFILE_TRUST = 1 << 11,
	CMD_PROFILE_IMPORT = 1 << 12,
	CMD_PROFILE_EXPORT = 1 << 13,
	CMD_SESSION = 1 << 14, /* without a verb */
	CMD_SESSION_START = 1 << 15,
	CMD_SESSION_LIST = 1 << 16,
	CMD_SESSION_STOP = 1 << 17,
	CMD_DOCTOR = 1 << 18, /* croft-doctor's */
	CMD_IMAGE = 1 << 19, /* croft-image's, without a verb */
	CMD_IMAGE_CHECK = 1 << 20,
	CMD_NIX_BUILDER = 1 << 21, /* croft-nix's */
	CMD_NIX_DRV = 1 << 22,
	CMD_IMAGE_UNPACK = 1 << 23,
	CMD_GHA_HOOK = 1 << 24, /* croft-gha's */
};

enum option_id {
#define OPTION(id, ...) OPT_##id,
#include "options.def"
	OPT_MAX
};

struct option_word {
	enum option_id id;
	const char *value; /* NULL for switches, and where an optional value was not given */
};

struct option_list {
	struct option_word *words; /* owned */
	size_t n;
	int next; /* index in argv of the first word that is no option */
	char *more; /* owned: the words of --options-fd */
};

#define OPTIONS_MAX_BYTES (64U << 20) /* read from --options-fd */

/*
 * Reads argv[first...] for one command. Values are taken as they are, "--option value" or
 * "--option=value"; names are whole words. What --options-fd reads stands at the end of the list.
 * Errors have stage usage.
 */
int options_parse(enum option_command command, int argc, char *const argv[], int first,
		  struct option_list *ret_list, struct croft_error *err);
void options_done(struct option_list *list);

/* The last value given for an option, or `fallback`. */
const char *options_value(const struct option_list *list, enum option_id id, const char *fallback);
bool options_has(const struct option_list *list, enum option_id id);

/*
 * The command that `verb` is behind `parent`: CMD_PROFILE_LIST for CMD_PROFILE and "list". NULL or
 * another word: a usage error that lists the verbs, with the nearest.
 */
int options_verb(enum option_command parent, const char *verb, enum option_command *ret_command,
		 struct croft_error *err);

const char *option_name(enum option_id id); /* "read" */
const char *option_origin(enum option_id id); /* "--read" */

/* Help for a command (CMD_GLOBAL: the program), short or with everything. */
void options_help(struct buf *buf, enum option_command command, bool wants_all);

/* The words of docs/names/ID.md ("LANDRUN"), from which the manual page's section is made too. */
void options_topic(struct buf *buf, const char *id);

#endif
