/* SPDX-License-Identifier: MIT */
/*
 * main.c - croft-nix: derivations of Nix, built in rooms of croft.
 *
 *	croft-nix nix-builder [options] BUILD.json	what Nix calls (external-builders)
 *	croft-nix nix-drv [options] FILE.drv		one derivation, without Nix
 *
 * Nix's settings and people call them as `croft nix-builder` and `croft nix-drv`. An executable
 * of its own, for the weight of jansson and SQLite. It reads and moves files; whatever is run is
 * run by `croft run`, which lies beside it.
 */
#include "base/cleanup.h"
#include "base/names.h"
#include "cli/cli.h"
#include "drv/builder.h"
#include "drv/drv.h"

static const struct name command_names[] = { { "nix-builder", NULL }, { "nix-drv", NULL } };
static int (*const command_functions[])(int, char *const[]) = { builder_main, drv_main };
_Static_assert(ARRAY_SIZE(command_names) == ARRAY_SIZE(command_functions),
	       "a function for each command");

int main(int argc, char *argv[])
{
	struct croft_error err = { 0 };
	int command = argc > 1 ? names_find(command_names, ARRAY_SIZE(command_names), argv[1]) : -1;

	if (cli_check_standard(&err) < 0)
		return cli_fail(&err);
	if (command >= 0)
		return command_functions[command](argc - 1, argv + 1);
	(void)fail(&err, CROFT_STAGE_USAGE, 0,
		   "croft-nix is called by croft nix-builder and croft nix-drv");
	return cli_fail(&err);
}
