/* SPDX-License-Identifier: MIT */
/*
 * cmd_profile.h - the verbs of croft profile.
 *
 * Each gets the options that were read for it and the words behind them, and returns the exit
 * status.
 */
#ifndef CROFT_CLI_CMD_PROFILE_H
#define CROFT_CLI_CMD_PROFILE_H

#include "cli/cli.h"
#include "cli/options.h"
#include "profile/load.h"

int cmd_profile_list(const struct option_list *list, const char *const *words);
int cmd_profile_show(const struct option_list *list, const char *const *words);
int cmd_profile_new(const struct option_list *list, const char *const *words);
int cmd_profile_schema(const struct option_list *list, const char *const *words);
int cmd_profile_trust(const struct option_list *list, const char *const *words);
int cmd_profile_import(const struct option_list *list, const char *const *words);
int cmd_profile_export(const struct option_list *list, const char *const *words);

/* load_profile from where the caller stands. */
int cli_load_profile(const char *word, struct profile **ret_profile, struct croft_error *err);

#endif
