/* SPDX-License-Identifier: MIT */
/*
 * verbs.h - commands that are made of verbs: croft profile, croft session.
 */
#ifndef CROFT_CLI_VERBS_H
#define CROFT_CLI_VERBS_H

#include "cli/options.h"

/* Gets the options that were read for it and the words behind them; gives the exit status. */
struct verb {
	enum option_command command;
	int (*run)(const struct option_list *list, const char *const *words);
};

/*
 * Reads argv, whose first word is the command, and runs the verb that it names: one of `verbs`,
 * which end with an empty row and have one for each verb in docs/commands. Gives the exit status.
 */
int verbs_run(enum option_command parent, const struct verb *verbs, int argc, char *const argv[]);

#endif
