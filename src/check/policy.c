/* SPDX-License-Identifier: MIT */
/*
 * policy.c - files that decide what croft grants, where the command can write.
 *
 * Who can change the profile by which he is confined is confined until the next start. That is
 * so of the profile's own file, of the user's and the system's profiles, and of the digests by
 * which projects' files are approved. A project's own file (project.h) is left out: it can only
 * take away, or was approved by its content.
 */
#include <string.h>

#include "check/parts.h"
#include "profile/project.h"
#include "profile/store.h"
#include "profile/trust.h"

static void judge(struct check *check, const char *path, const char *what)
{
	const struct look *look = path ? look_letting_write(check, path) : NULL;

	if (look)
		check_tell(check, FINDING_POLICY, &look->spot,
			   &(struct words){ .path = path,
					    .detail = what,
					    .other = look->path,
					    .about = look->path });
}

void find_policy(struct check *check)
{
	const struct document *document = check->input->document;
	const struct profile *profile = check->profile;
	const char *const *environ = check->input->environ;
	const char *config = store_config_home(&check->arena, profile->home, environ);
	const char *trust = trust_dir(&check->arena, profile->home, environ);

	if (document && !check->findings->is_own) {
		const char *slash = strrchr(document->source, '/');

		if (strcmp(slash ? slash + 1 : document->source, PROJECT_FILE) != 0)
			judge(check, document->source, "this profile");
	}
	if (config)
		config = arena_printf(&check->arena, "%s/croft/profiles", config);
	judge(check, config, "your profiles");
	judge(check, trust, "which files of projects are approved");
	judge(check, STORE_SYSTEM_DIR, "this machine's profiles");
}
