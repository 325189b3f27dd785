/* SPDX-License-Identifier: MIT */
/*
 * cmd_profile_import.c - croft profile import: other launchers' settings to a profile.
 *
 * The reading is done by croft-import, an executable of its own for the weight of its JSON
 * library.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/beside.h"
#include "cli/cmd_profile.h"

static int run_importer(const char *format, const char *file, struct croft_error *err)
{
	AUTO_FREE char *format_copy = strdup(format), *file_copy = strdup(file);
	char *const argv[] = { NULL, format_copy, file_copy, NULL };

	if (!format_copy || !file_copy)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "import '%.40s...'", file);
	return beside_run("croft-import", "it is built where jansson is (./dev build)", 3, argv,
			  err);
}

int cmd_profile_import(const struct option_list *list, const char *const *words)
{
	const char *format = options_value(list, OPT_FROM, NULL);
	struct croft_error err = { 0 };

	if (!format || !words[0] || words[1]) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "a format and one file are needed");
		fail_hint(&err, "for example: croft profile import --from srt settings.json");
		return cli_fail(&err);
	}
	/* returns only if it failed */
	(void)run_importer(format, words[0], &err);
	return cli_fail(&err);
}
