/* SPDX-License-Identifier: MIT */
/*
 * main.c - croft's command line: finds the command and hands over.
 *
 * Under another launcher's name, a link's or that of --as, all that follows is that
 * launcher's: its words are not looked at here.
 *
 * Standing rule: 0, 1 and 2 must be open. With one of them closed, the next file
 * that is opened would land there, and the command's output in it.
 *
 * And croft's file gives nobody another user: a set-user-ID bit that somebody put on it would
 * start every command with its owner's rights, and every profile of the caller's would be read
 * with them (the class of CVE-2020-5291 and CVE-2022-31214).
 */
#include <errno.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "cli/beside.h"
#include "cli/cli.h"
#include "cli/front_ai_sandbox.h"
#include "cli/front_landrun.h"
#include "sys/calls.h"

/* Programs of their own, which read their words themselves. */
static int run_doctor(int argc, char *const argv[])
{
	struct croft_error err = { 0 };

	(void)beside_run("croft-doctor", "it is built with croft", argc, argv, &err);
	return cli_fail(&err);
}

static int run_image(int argc, char *const argv[])
{
	struct croft_error err = { 0 };

	(void)beside_run("croft-image", "it is built where libarchive is (./dev build)", argc, argv,
			 &err);
	return cli_fail(&err);
}

static int run_gha(int argc, char *const argv[])
{
	struct croft_error err = { 0 };

	(void)beside_run("croft-gha", "it is built where jansson is (./dev build)", argc, argv,
			 &err);
	return cli_fail(&err);
}

/* Has several commands, and so gets the word too: there is always one before it. */
static int run_nix(int argc, char *const argv[])
{
	struct croft_error err = { 0 };

	(void)beside_run("croft-nix", "it is built where jansson is (./dev build)", argc + 1,
			 argv - 1, &err);
	return cli_fail(&err);
}

static const struct name command_names[] = {
	{ "run", NULL },   { "plan", NULL },        { "why", NULL },     { "deps", NULL },
	{ "check", NULL }, { "profile", NULL },     { "session", NULL }, { "doctor", NULL },
	{ "image", NULL }, { "nix-builder", NULL }, { "nix-drv", NULL }, { "gha-hook", NULL },
};

static int (*const command_functions[])(int, char *const[]) = {
	cmd_run,     cmd_plan,   cmd_why,   cmd_deps, cmd_check, cmd_profile,
	cmd_session, run_doctor, run_image, run_nix,  run_nix,   run_gha,
};
_Static_assert(ARRAY_SIZE(command_names) == ARRAY_SIZE(command_functions),
	       "a function for each command");

/* Other launchers whose command line is understood. */
static const struct name front_names[] = { { "landrun", NULL }, { "ai-sandbox-landlock", NULL } };
static const struct {
	int (*run)(int argc, char *const argv[]);
	int (*fail)(const struct croft_error *err);
} fronts[] = {
	{ front_landrun, front_landrun_fail },
	{ front_ai_sandbox, front_ai_sandbox_fail },
};
_Static_assert(ARRAY_SIZE(front_names) == ARRAY_SIZE(fronts), "two functions for each front");

/* As exec has told it: nothing the caller controls can change these. */
static int check_is_own_user(struct croft_error *err)
{
	int r;

	if (getauxval(AT_UID) == getauxval(AT_EUID) && getauxval(AT_GID) == getauxval(AT_EGID))
		return 0;
	r = fail(
		err, CROFT_STAGE_USAGE, 0,
		"croft's file has a set-user-ID or set-group-ID bit: it never runs as somebody else");
	fail_hint(err, "chmod u-s,g-s on it");
	return r;
}

static int no_command(const char *word)
{
	struct croft_error err = { 0 };
	const char *nearest = NULL;

	if (word) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "there is no command '%s'", word);
		nearest = names_nearest(command_names, ARRAY_SIZE(command_names), word);
	} else {
		(void)fail(
			&err, CROFT_STAGE_USAGE, 0,
			"a command is needed: run, plan, why, deps, check, profile, session, doctor, image, gha-hook, nix-builder or nix-drv");
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

static int no_front(const char *name)
{
	struct croft_error err = { 0 };

	(void)fail(&err, CROFT_STAGE_USAGE, 0, "--as: there is no launcher '%s'", name);
	fail_hint(&err, "one of: landrun, ai-sandbox-landlock");
	return cli_fail(&err);
}

/*
 * The front that the words ask for, and how many of them did: 0 is the program's own name.
 * -ENOENT: none.
 */
static int find_front(int argc, char *const argv[], const char **ret_name, int *ret_skip)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	int front = argc > 0 ? names_find(front_names, ARRAY_SIZE(front_names),
					  slash ? slash + 1 : argv[0])
			     : -ENOENT;

	*ret_name = NULL;
	*ret_skip = 0;
	if (front >= 0)
		return front;
	if (argc > 2 && !strcmp(argv[1], "--as")) {
		*ret_name = argv[2];
		*ret_skip = 2;
	} else if (argc > 1 && !strncmp(argv[1], "--as=", 5)) {
		*ret_name = argv[1] + 5;
		*ret_skip = 1;
	}
	return *ret_name ? names_find(front_names, ARRAY_SIZE(front_names), *ret_name) : -ENOENT;
}

static int run_command(const struct option_list *list, int argc, char *const argv[])
{
	struct croft_error err = { 0 };
	int command;

	if (options_has(list, OPT_HELP))
		return cli_help(list, CMD_GLOBAL);
	if (options_has(list, OPT_VERSION))
		return print_version();
	if (options_has(list, OPT_AS)) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "--as has to be the first word");
		return cli_fail(&err);
	}
	if (list->next >= argc)
		return no_command(NULL);
	command = names_find(command_names, ARRAY_SIZE(command_names), argv[list->next]);
	return command < 0 ? no_command(argv[list->next])
			   : command_functions[command](argc - list->next, argv + list->next);
}

int main(int argc, char *argv[])
{
	struct croft_error err = { 0 };
	struct option_list list;
	const char *front_name;
	int skip, status, front = find_front(argc, argv, &front_name, &skip);

	if (check_is_own_user(&err) < 0 || cli_check_standard(&err) < 0)
		return front < 0 ? cli_fail(&err) : fronts[front].fail(&err);
	if (front >= 0)
		return fronts[front].run(argc - skip, argv + skip);
	if (front_name)
		return no_front(front_name);
	if (options_parse(CMD_GLOBAL, argc, argv, argc > 0 ? 1 : 0, &list, &err) < 0)
		return cli_fail(&err);
	status = run_command(&list, argc, argv);
	options_done(&list);
	return status;
}
