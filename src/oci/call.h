/* SPDX-License-Identifier: MIT */
/*
 * call.h - what an engine asks of a runtime: the command line of runc and crun.
 *
 *	runtime [GLOBAL OPTION]... VERB [OPTION]... [ID] [COMMAND...]
 *
 * Only what decides over confinement is read: the verb, where the bundle and the process lie, where
 * errors are wanted. Everything is handed on as it came. What could be read in two ways is refused,
 * for the runtime below might read the other one: options that no runtime is known to have (does
 * the next word belong to it?), shortened options, long ones with one dash, options behind the ID.
 */
#ifndef CROFT_OCI_CALL_H
#define CROFT_OCI_CALL_H

#include <stdbool.h>

#include "base/err.h"

enum call_kind {
	CALL_PASS, /* starts nothing in a container, or only what was prepared before */
	CALL_WRAP, /* create, run: the bundle's config.json */
	CALL_EXEC, /* exec: a process file, or words */
};

struct call {
	int argc;
	char *const *argv; /* without what is croft's own */
	enum call_kind kind;
	int verb, id; /* indexes; argc where there is none */
	const char *settings; /* --croft-settings; or NULL */
	const char *log, *log_format; /* as given, or NULL */
	const char *bundle; /* or NULL */
	const char *config; /* crun's name for config.json; or NULL */
	const char *process; /* the file of exec; or NULL */
	unsigned n_fds; /* --preserve-fds */
};

/*
 * Reads argv[1...]; `--croft-settings=FILE` may stand first, and is taken out of it. 0, or an
 * error of stage usage; `log` and `log_format` are set then too if they were met before it.
 */
int call_read(struct call *call, int argc, char *const argv[], struct croft_error *err);

#endif
