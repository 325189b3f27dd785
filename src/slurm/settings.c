/* SPDX-License-Identifier: MIT */
/*
 * settings.c - the machine's words first, then the user's, as far as the machine lets him.
 *
 * The user's word comes twice: to srun, sbatch or salloc, where he is told at once what is wrong,
 * and to slurmstepd on the node, which trusts nothing that came from there and asks the same again.
 */
#include "slurm/settings.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* By croft's own rule: a '/' in it, or a suffix of YAML. */
static bool is_file(const char *word)
{
	size_t len = strlen(word);

	return strchr(word, '/') || (len > 5 && !strcmp(word + len - 5, ".yaml")) ||
	       (len > 4 && !strcmp(word + len - 4, ".yml"));
}

static int take_word(struct settings *settings, const char *word, struct croft_error *err)
{
	int r;

	if (!strncmp(word, "croft=", 6) && word[6] == '/') {
		settings->croft = word + 6;
		return 0;
	}
	if (!strncmp(word, "default=", 8) && word[8] && (word[8] == '/' || !is_file(word + 8))) {
		settings->preset = word + 8;
		return 0;
	}
	if (!strcmp(word, "enforce")) {
		settings->is_enforced = true;
		return 0;
	}
	r = fail(err, CROFT_STAGE_USAGE, 0, "plugstack.conf: '%.200s' means nothing here", word);
	fail_hint(err, "known are croft=/PATH, default=NAME, default=/FILE and enforce");
	return r;
}

int settings_parse(struct settings *ret_settings, const char *croft, int argc, char *const argv[],
		   struct croft_error *err)
{
	struct settings settings = { .croft = croft };
	int r = 0;

	for (int i = 0; i < argc && r == 0; i++)
		r = take_word(&settings, argv[i], err);
	if (r < 0)
		return r;
	if (settings.preset && !strcmp(settings.preset, SETTINGS_OFF))
		settings.preset = NULL;
	if (settings.is_enforced && !settings.preset) {
		r = fail(err, CROFT_STAGE_USAGE, 0, "plugstack.conf: nothing is there to enforce");
		fail_hint(err, "say which profile: default=NAME enforce");
		return r;
	}
	*ret_settings = settings;
	return 0;
}

int settings_choose(struct settings *settings, const char *word, const char *workdir,
		    struct croft_error *err)
{
	char choice[PATH_MAX];
	bool is_relative = is_file(word) && word[0] != '/';
	int n, r;

	if (!*word)
		return fail(err, CROFT_STAGE_USAGE, 0, "--croft= names no profile");
	if (is_relative && !workdir)
		return fail(err, CROFT_STAGE_USAGE, 0,
			    "--croft=%.200s: not an absolute path, and no directory to look in",
			    word);
	n = snprintf(choice, sizeof(choice), "%s%s%s", is_relative ? workdir : "",
		     is_relative ? "/" : "", word);
	if (n < 0 || (size_t)n >= sizeof(choice))
		return fail(err, CROFT_STAGE_USAGE, ENAMETOOLONG, "--croft=%.100s...", word);
	if (settings->is_enforced && strcmp(choice, settings->preset) != 0) {
		r = fail(err, CROFT_STAGE_USAGE, EPERM,
			 "--croft=%.200s: every task here is confined by '%.200s'", word,
			 settings->preset);
		fail_hint(err, "leave the option out; plugstack.conf says enforce");
		return r;
	}
	memcpy(settings->choice, choice, (size_t)n + 1);
	settings->is_chosen = true;
	return 0;
}

const char *settings_profile(const struct settings *settings)
{
	if (!settings->is_chosen)
		return settings->preset;
	return strcmp(settings->choice, SETTINGS_OFF) ? settings->choice : NULL;
}
