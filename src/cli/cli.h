/* SPDX-License-Identifier: MIT */
/*
 * cli.h - what the commands share: messages, exit statuses, the way from options to a profile.
 */
#ifndef CROFT_CLI_CLI_H
#define CROFT_CLI_CLI_H

#include <sys/resource.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/err.h"
#include "cli/options.h"
#include "launch/launch.h"
#include "launch/sandbox.h"
#include "profile/profile.h"

enum exit_status {
	EXIT_TIME_LIMIT = 124,
	EXIT_CROFT = 125, /* croft could not build the sandbox, or was misused */
	EXIT_NOT_EXECUTABLE = 126,
	EXIT_NOT_FOUND = 127,
};

#define TEXT_MAX (16U << 20) /* of anything printed: a plan of 4096 long paths fits */

/* The commands: argv[0] is the command's own name. Each returns the exit status. */
int cmd_run(int argc, char *const argv[]);
int cmd_plan(int argc, char *const argv[]);
int cmd_why(int argc, char *const argv[]);
int cmd_deps(int argc, char *const argv[]);
int cmd_profile(int argc, char *const argv[]);
int cmd_check(int argc, char *const argv[]);
int cmd_session(int argc, char *const argv[]);

/*
 * One line on stderr, "croft: what: why (hint)", escaped. Returns the exit status that the
 * failure has.
 */
int cli_fail(const struct croft_error *err);
/* "what: why (hint)", escaped, without an end of line. */
void cli_describe(struct buf *line, const struct croft_error *err);
/* The same as a warning, "croft: warning: ...": of what will fail, but not at croft's hand. */
void cli_warn_of(const struct croft_error *err);
/* One line of warning on stderr. */
void cli_warn(const char *text);
/* Writes a finished text to stdout: 0, or the exit status after a message. */
int cli_print(const struct buf *buf);
/* The exit status for a failure, without a message. */
int cli_status(const struct croft_error *err);
/* An error if 0, 1 or 2 is closed: the next file that is opened would land there. Stage usage. */
int cli_check_standard(struct croft_error *err);
/* --help: prints and returns the exit status. */
int cli_help(const struct option_list *list, enum option_command command);

/*
 * A profile from the options: what --profile names, or else the project's (project_profile.h), then
 * everything else in the order given. Its note, if it has one, is for the caller to say.
 */
int cli_profile(const struct option_list *list, struct profile **ret_profile,
		struct croft_error *err);
/* Those options of a list that are the profile's, in their order. */
int cli_apply(const struct option_list *list, struct profile *profile, struct croft_error *err);
/*
 * The command: the words that follow the options, or where there are none the profile's own; then
 * the array lives in the profile. An empty array: neither has one.
 */
int cli_command(struct profile *profile, const char *const *words, const char *const **ret_argv,
		struct croft_error *err);

/*
 * Each granted path holds a descriptor until the start. Raises croft's soft limit on open files
 * to the hard one if the grants need more; then *ret_raised is true and *ret_old what the
 * command is to get back.
 */
int cli_raise_open_files(const struct profile *profile, struct rlimit *ret_old, bool *ret_raised,
			 struct croft_error *err);

/*
 * A reader of our messages that went away shall not end us, and the command's status with us. The
 * command gets the disposition back that was here before.
 */
int cli_ignore_sigpipe(struct launch *launch, struct croft_error *err);

#endif
