/* SPDX-License-Identifier: MIT */
/*
 * cmd_profile.c - croft profile: its verbs, and what they share.
 */
#include "cli/cmd_profile.h"

#include "cli/place.h"
#include "cli/verbs.h"
#include "profile/profile_print.h"

int cli_load_profile(const char *word, struct profile **ret_profile, struct croft_error *err)
{
	struct place place;

	place_init(&place);
	place.at.is_for_room = true; /* to be looked at */
	return load_profile(word, &place.at, ret_profile, err);
}

int cmd_profile_schema(const struct option_list *list, const char *const *words)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_MAX);
	struct croft_error err = { 0 };

	(void)list;
	if (words[0]) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "croft profile schema takes no '%s'",
			   words[0]);
		return cli_fail(&err);
	}
	schema_print(&buf);
	return cli_print(&buf);
}

int cmd_profile(int argc, char *const argv[])
{
	static const struct verb verbs[] = {
		{ CMD_PROFILE_LIST, cmd_profile_list },
		{ CMD_PROFILE_SHOW, cmd_profile_show },
		{ CMD_PROFILE_NEW, cmd_profile_new },
		{ CMD_PROFILE_SCHEMA, cmd_profile_schema },
		{ CMD_PROFILE_TRUST, cmd_profile_trust },
		{ CMD_PROFILE_IMPORT, cmd_profile_import },
		{ CMD_PROFILE_EXPORT, cmd_profile_export },
		{ 0 },
	};

	return verbs_run(CMD_PROFILE, verbs, argc, argv);
}
