/* SPDX-License-Identifier: MIT */
/*
 * front_ai_sandbox_profile.h - from the words of ai-sandbox-landlock to a profile of ours.
 */
#ifndef CROFT_CLI_FRONT_AI_SANDBOX_PROFILE_H
#define CROFT_CLI_FRONT_AI_SANDBOX_PROFILE_H

#include "cli/front_ai_sandbox_options.h"
#include "profile/load.h"
#include "profile/version1.h"

#define AI_MAX_BYTES (16U << 20) /* of a file of YAML_MAX_BYTES as a tree, and what is made of it */

/* What was chosen. */
struct ai_choice {
	const char *source; /* the file, or "--root" */
	bool is_root_mode;
	const char
		*root; /* absolute or below "~/": --root, else the first path of `projects`; NULL */
	struct version1_profile profile;
};

/*
 * The profile that --config and --profile name, or the one that --root stands for. All lives
 * in `arena`. Errors as of store_read and document_read; stage usage without any of the
 * options.
 */
int ai_choose(const struct ai_options *options, struct arena *arena, struct ai_choice *ret_choice,
	      struct croft_error *err);

/*
 * The profile of --generate-profile: for --root, else the enclosing work tree, else the working
 * directory. Nothing is looked up but the directory's name.
 */
int ai_generate(const struct ai_options *options, const struct load_place *place,
		struct arena *arena, struct version1_profile *ret_profile, struct croft_error *err);

/*
 * A profile from what was chosen, and from --env and --keep-fd. With is_open nothing of it that
 * rests on Landlock is asked for. The caller frees it. A path below "~/" without a home is an
 * error: the loader would pass over it.
 */
int ai_profile_new(const struct ai_options *options, const struct ai_choice *choice,
		   const struct load_place *place, bool is_open, struct arena *arena,
		   struct profile **ret_profile, struct croft_error *err);

#endif
