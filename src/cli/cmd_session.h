/* SPDX-License-Identifier: MIT */
/*
 * cmd_session.h - the verbs of croft session.
 *
 * Each gets the options that were read for it and the words behind them, and returns the exit
 * status.
 */
#ifndef CROFT_CLI_CMD_SESSION_H
#define CROFT_CLI_CMD_SESSION_H

#include "cli/options.h"

int cmd_session_start(const struct option_list *list, const char *const *words);
int cmd_session_list(const struct option_list *list, const char *const *words);
int cmd_session_stop(const struct option_list *list, const char *const *words);

#endif
