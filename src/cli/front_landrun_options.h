/* SPDX-License-Identifier: MIT */
/*
 * front_landrun_options.h - the words of landrun's command line.
 *
 * A parser of its own, since the rules differ from croft's: one dash or two before any
 * name, switches that take "=false", lists that are split at commas.
 */
#ifndef CROFT_CLI_FRONT_LANDRUN_OPTIONS_H
#define CROFT_CLI_FRONT_LANDRUN_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

enum landrun_option {
	LANDRUN_RO,
	LANDRUN_ROX,
	LANDRUN_RW,
	LANDRUN_RWX,
	LANDRUN_UNIX,
	LANDRUN_BIND_TCP,
	LANDRUN_CONNECT_TCP,
	LANDRUN_ENV,
	LANDRUN_KEEP_FD, /* ours */
	LANDRUN_LOG_LEVEL,
	LANDRUN_BEST_EFFORT,
	LANDRUN_UNRESTRICTED_FILESYSTEM,
	LANDRUN_UNRESTRICTED_NETWORK,
	LANDRUN_UNRESTRICTED_SCOPED,
	LANDRUN_IGNORE_MISSING,
	LANDRUN_ADD_EXEC,
	LANDRUN_LDD,
	LANDRUN_LOG_DISABLE_ORIGINATING,
	LANDRUN_LOG_ENABLE_SUBPROCESSES,
	LANDRUN_LOG_DISABLE_SUBDOMAINS,
	LANDRUN_VERSION,
	LANDRUN_HELP,
	LANDRUN_OPTION_MAX
};

/* "--ro" and so on, in enum order: origins of grants, and names in messages. */
extern const char *const landrun_origins[LANDRUN_OPTION_MAX];

struct landrun_word {
	enum landrun_option option;
	const char *value; /* whole, not split; "" for switches */
};

struct landrun_options {
	struct landrun_word *words; /* owned; options with a value, in the order given */
	size_t n;
	bool has[LANDRUN_OPTION_MAX]; /* switches: the last word said; others: given at all */
	int next; /* index in argv of the first word that is no option */
};

/*
 * Reads argv[first...] up to the first word that is no option, or behind "--". Errors have stage
 * usage. Values are not looked at, but those of switches.
 */
int landrun_options_parse(int argc, char *const argv[], int first,
			  struct landrun_options *ret_options, struct croft_error *err);
void landrun_options_done(struct landrun_options *options);
/* The last value given, or NULL. */
const char *landrun_options_value(const struct landrun_options *options,
				  enum landrun_option option);

#endif
