/* SPDX-License-Identifier: MIT */
/*
 * main.c - croft's command line: finds the command and hands over.
 *
 * Standing rule: 0, 1 and 2 must be open. With one of them closed, the next file
 * that is opened would land there, and the command's output in it.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "cli/cli.h"
#include "sys/calls.h"

static const struct name command_names[] = {
	{ "run", NULL },
	{ "plan", NULL },
	{ "why", NULL },
};

static int (*const command_functions[])(int, char *const[]) = { cmd_run, cmd_plan, cmd_why };
_Static_assert(ARRAY_SIZE(command_names) == ARRAY_SIZE(command_functions),
	       "a function for each command");

static int check_standard(struct croft_error *err)
{
	static const char *const names[] = { "input", "output", "error" };

	for (int fd = 0; fd < 3; fd++) {
		int r = sys_fcntl(fd, F_GETFD, 0);

		if (r < 0) {
			r = fail(err, CROFT_STAGE_USAGE, 0, "standard %s (descriptor %d) is closed",
				 names[fd], fd);
			fail_hint(err, "open it, for example on /dev/null");
			return r;
		}
	}
	return 0;
}

static int no_command(const char *word)
{
	struct croft_error err = { 0 };
	const char *nearest = NULL;

	if (word) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "there is no command '%s'", word);
		nearest = names_nearest(command_names, ARRAY_SIZE(command_names), word);
	} else {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "a command is needed: run, plan or why");
	}
	if (nearest)
		fail_hint(&err, "did you mean '%s'?", nearest);
	else
		fail_hint(&err, "see croft --help");
	return cli_fail(&err);
}

static int print_version(void)
{
	AUTO_BUF struct buf buf = BUF_INIT(256);

	buf_printf(&buf, "croft %d.%d.%d\n", CROFT_VERSION_MAJOR, CROFT_VERSION_MINOR,
		   CROFT_VERSION_PATCH);
	return cli_print(&buf);
}

int main(int argc, char *argv[])
{
	struct croft_error err = { 0 };
	struct option_list list;
	int command, status;

	if (check_standard(&err) < 0)
		return cli_fail(&err);
	if (options_parse(CMD_GLOBAL, argc, argv, argc > 0 ? 1 : 0, &list, &err) < 0)
		return cli_fail(&err);
	if (options_has(&list, OPT_HELP)) {
		status = cli_help(&list, CMD_GLOBAL);
	} else if (options_has(&list, OPT_VERSION)) {
		status = print_version();
	} else if (list.next >= argc) {
		status = no_command(NULL);
	} else {
		command = names_find(command_names, ARRAY_SIZE(command_names), argv[list.next]);
		status = command < 0
				 ? no_command(argv[list.next])
				 : command_functions[command](argc - list.next, argv + list.next);
	}
	options_done(&list);
	return status;
}
