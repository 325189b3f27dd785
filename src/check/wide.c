/* SPDX-License-Identifier: MIT */
/*
 * wide.c - grants that give more than a sandbox should.
 *
 * Everything is asked of what paths lead to: a link to the home directory grants it as its name
 * does. Secrets are told where they are on this machine; that a directory could hold some
 * is no news to anybody.
 *
 * The lists of secrets are what people's tools leave in a home and in a project: keys, tokens,
 * password stores, browsers' data, histories of shells.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "check/parts.h"
#include "host/paths.h"

static const char *const home_secrets[] = {
	".ssh",
	".gnupg",
	".aws",
	".azure",
	".gcloud",
	".config/gcloud",
	".kube",
	".docker/config.json",
	".git-credentials",
	".config/git/credentials",
	".config/gh",
	".netrc",
	".npmrc",
	".pypirc",
	".pgpass",
	".cargo/credentials.toml",
	".vault-token",
	".terraform.d",
	".credentials",
	".secrets",
	".keys",
	".pki",
	".config/op",
	".op",
	".1password",
	".password-store",
	".local/share/keyrings",
	".config/google-chrome",
	".config/chromium",
	".config/microsoft-edge",
	".config/BraveSoftware",
	".config/vivaldi",
	".config/opera",
	".mozilla/firefox",
	".thunderbird",
	".bash_history",
	".zsh_history",
	".history",
	".python_history",
	".env",
	".envrc",
};

static const char *const project_secrets[] = {
	".env",      ".env.local", ".env.development", ".env.production", ".env.staging",
	".env.test", ".netrc",     ".git-credentials", ".pgpass",
};

/* In a directory of secrets, and none. */
static const char *const public_names[] = { "*.pub",          "known_hosts", "known_hosts.old",
					    "config",         "config.d",    "authorized_keys",
					    "allowed_signers" };

static bool is_public(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

	for (size_t i = 0; i < ARRAY_SIZE(public_names); i++)
		if (pattern_fits(public_names[i], strlen(public_names[i]), base, strlen(base),
				 false))
			return true;
	return false;
}

/* Denied again: whether that is kept is another finding. */
static bool is_denied(const struct check *check, const char *path)
{
	for (size_t i = 0; i < check->profile->n_denials; i++) {
		const struct denial *denial = &check->profile->denials[i];

		if (denial->kind != DENY_WRITE && pattern_covers(denial->path, path))
			return true;
	}
	return false;
}

struct hoard {
	struct check *check;
	const struct look *look;
	const char *names[ARRAY_SIZE(home_secrets) + ARRAY_SIZE(project_secrets)];
	size_t n;
};

/*
 * Notes a secret if it is there and the grant reaches it, or reaches into it. `shown` stands for
 * the base in messages.
 */
static void try_secret(struct hoard *hoard, const char *base, const char *name, const char *shown)
{
	char path[PATH_MAX], real[PATH_MAX];
	const char *granted = hoard->look->real;
	char *text;
	int n = snprintf(path, sizeof(path), "%s/%s", base, name);

	if (n < 0 || (size_t)n >= sizeof(path) || !look_exists(path) ||
	    is_denied(hoard->check, path) || path_resolve(path, real, sizeof(real)) < 0)
		return;
	if (!path_is_under(granted, real) && (!path_is_under(real, granted) || is_public(granted)))
		return;
	text = arena_printf(&hoard->check->arena, "%s/%s", shown, name);
	if (!text)
		hoard->check->findings->error = -ENOMEM;
	else
		hoard->names[hoard->n++] = text;
}

static void find_secrets(struct check *check, const struct look *look)
{
	const struct profile *profile = check->profile;
	const char *project = profile->project ? profile->project : profile->workdir;
	struct hoard hoard = { .check = check, .look = look };

	for (size_t i = 0; profile->home && i < ARRAY_SIZE(home_secrets); i++)
		try_secret(&hoard, profile->home, home_secrets[i], "~");
	/* a project that is the home directory has no secrets of its own */
	for (size_t i = 0; project && i < ARRAY_SIZE(project_secrets); i++)
		if (!profile->home || strcmp(project, profile->home) != 0)
			try_secret(&hoard, project, project_secrets[i], project);
	if (hoard.n)
		check_tell(check, FINDING_SECRETS, &look->spot,
			   &(struct words){
				   .path = look->path,
				   .detail = look_examples(check, hoard.names, hoard.n),
			   });
}

static void find_whole(struct check *check, const struct look *look, const char *home)
{
	struct words words = { .path = look->path, .other = home };
	unsigned kinds = 0;

	for (size_t i = 0; i < check->n_looks; i++)
		if (!check->looks[i].errnum && !strcmp(check->looks[i].real, look->real))
			kinds |= check->looks[i].kinds;
	words.detail = look_kinds_text(check, kinds);

	if (!strcmp(look->real, "/"))
		check_tell(check, FINDING_ROOT, &look->spot, &words);
	else if (home && !strcmp(look->real, home))
		check_tell(check, FINDING_HOME, &look->spot, &words);
	else if (home && S_ISDIR(look->st.st_mode) && path_is_under(look->real, home))
		check_tell(check, FINDING_ABOVE_HOME, &look->spot, &words);
}

#define WRITE_EXECUTE (GRANT_WRITE | GRANT_EXECUTE)

/*
 * Told where the two come together: at the grant that has both, or at the inner one of two. Of
 * several for the same path, at the last.
 */
static void find_write_execute(struct check *check, size_t index)
{
	const struct look *look = &check->looks[index], *with = NULL;
	unsigned above = 0;
	const char *how = "by this grant";

	for (size_t i = 0; i < check->n_looks; i++) {
		const struct look *outer = &check->looks[i];

		if (i == index || outer->errnum || !path_is_under(outer->real, look->real))
			continue;
		if (i > index && !strcmp(outer->real, look->real))
			return;
		above |= outer->kinds;
		if (outer->kinds & WRITE_EXECUTE & ~look->kinds)
			with = outer;
	}
	if ((above & WRITE_EXECUTE) == WRITE_EXECUTE ||
	    ((above | look->kinds) & WRITE_EXECUTE) != WRITE_EXECUTE)
		return;
	if ((look->kinds & WRITE_EXECUTE) != WRITE_EXECUTE && with)
		how = arena_printf(&check->arena, "with '%s', %s", with->path, with->grant->origin);
	if (!how)
		check->findings->error = -ENOMEM;
	check_tell(check, FINDING_WRITE_EXECUTE, &look->spot,
		   &(struct words){ .path = look->path, .detail = how });
}

void find_wide(struct check *check)
{
	char buffer[PATH_MAX];
	const char *home = check->profile->home;

	if (home && path_resolve(home, buffer, sizeof(buffer)) == 0)
		home = buffer;
	for (size_t i = 0; i < check->n_looks; i++) {
		const struct look *look = &check->looks[i];

		if (look->errnum)
			continue;
		if (look_is_first(check, look, LOOK_ANY))
			find_whole(check, look, home);
		if ((look->kinds & LOOK_OPENS) && look_is_first(check, look, LOOK_OPENS))
			find_secrets(check, look);
		if (S_ISDIR(look->st.st_mode) || S_ISREG(look->st.st_mode))
			find_write_execute(check, i);
		if ((look->kinds & GRANT_EXECUTE) && (look->st.st_mode & S_IWOTH) &&
		    !look_is_kernels(look->fs_type))
			check_tell(check, FINDING_OTHERS_WRITE, &look->spot,
				   &(struct words){ .path = look->path });
	}
}
