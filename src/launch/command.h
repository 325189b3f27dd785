/* SPDX-License-Identifier: MIT */
/*
 * command.h - which file a command is, what it needs, and what can be known beforehand to be
 * wrong with it.
 */
#ifndef CROFT_LAUNCH_COMMAND_H
#define CROFT_LAUNCH_COMMAND_H

#include <limits.h>

#include "base/err.h"
#include "elf/closure.h"
#include "plan/plan.h"

/* What is looked for, and with which eyes. Texts are the caller's. */
struct command_search {
	const char *name; /* argv[0] */
	const char *workdir; /* where the command starts; NULL: here */
	const char *path; /* the PATH it gets; NULL: none */
	const char *library_path, *preload; /* its LD_LIBRARY_PATH, LD_PRELOAD; NULL */
	const struct plan *plan; /* whose grants count; NULL: none do */
	const struct path_fact *facts; /* that the plan was made from; NULL: names alone count */
	bool wants_libraries; /* also where the plan lets the loader's directories be read */
};

struct command {
	char path[PATH_MAX]; /* the name to execute */
	struct closure closure; /* what was looked at */
	struct croft_error doubt; /* exec will work, and the start will fail; what[0] 0: no doubt */
};

/* The same for src/elf: on the real root. flags: CLOSURE_*. */
struct closure_input command_closure_input(const struct command_search *search, unsigned flags);

/* The variables that count, from the environment that the command will get. */
void command_search_env(struct command_search *search, const char *const *envp);

/*
 * Finds the file that a command stands for, as execvp would find it inside the sandbox: a name
 * with a slash as it is, else the first on PATH that can be executed and is granted. Looks
 * at the chain of interpreters, and at the libraries where the plan may withhold them.
 * Executes nothing. Failures have stage exec and name the one cause: -ENOENT not found;
 * others: found, but it cannot be executed. On success the caller frees with command_done.
 */
int command_find(const struct command_search *search, struct command *ret_command,
		 struct croft_error *err);
/* The grants alone, for a command that was found before there was a plan; facts as above. */
int command_check_grants(struct command *command, const struct plan *plan,
			 const struct path_fact *facts, struct croft_error *err);
void command_done(struct command *command);

#endif
