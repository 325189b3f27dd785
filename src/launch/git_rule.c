/* SPDX-License-Identifier: MIT */
/*
 * git_rule.c - git: protect, as denials of a profile.
 *
 * Looking for repositories is a walk of the project. It is worth its time only where mounts can
 * keep what it finds, so there are two steps: names that need no looking, from which the planner
 * sees that the rule asks for mounts; and all names, once it is known that mounts work here.
 *
 * Names that do not exist stay open (struct denial): the directory that they would be made in is
 * the one in which git makes its lock files, and to close it would end every commit. They are
 * told in the row, and at the end of a supervised run it is looked whether one was made.
 */
#include "launch/git_rule.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/git.h"
#include "host/paths.h"
#include "launch/denial_parts.h"
#include "sys/calls.h"
#include "sys/path.h"

#define ORIGIN "git: protect"
#define SHOWN_MAX 4 /* names in the line at the end */

static int no_memory(struct croft_error *err)
{
	return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "keep the names that git obeys");
}

/* As well true of what cannot be looked at: then it is not there for the command either. */
static bool is_missing(const char *path)
{
	struct stat st;

	return sys_fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0;
}

/* The profile's own denials, and behind them those for `names`. */
static int set_denials(const struct git_rule *rule, struct profile *profile,
		       const char *const *names, size_t n, struct croft_error *err)
{
	struct denial *denials =
		arena_calloc(&profile->arena, rule->n_own + n + 1, sizeof(*denials));

	if (!denials)
		return no_memory(err);
	if (rule->n_own)
		memcpy(denials, profile->denials, rule->n_own * sizeof(*denials));
	for (size_t i = 0; i < n; i++) {
		struct denial *denial = &denials[rule->n_own + i];

		*denial = (struct denial){ .kind = DENY_WRITE,
					   .path = arena_strdup(&profile->arena, names[i]),
					   .origin = ORIGIN,
					   .stays_open = is_missing(names[i]),
					   .is_git = true };
		if (!denial->path)
			return no_memory(err);
	}
	profile->denials = denials;
	profile->n_denials = profile->denials_capacity = rule->n_own + n;
	return 0;
}

int git_rule_begin(struct git_rule *rule, struct profile *profile, struct croft_error *err)
{
	static const char *const always[] = { ".git/config", ".git/hooks" };
	const char *names[ARRAY_SIZE(always)];

	rule->n_own = profile->n_denials;
	if (!profile->project)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(always); i++) {
		names[i] = arena_path(&profile->arena, profile->project, always[i]);
		if (!names[i])
			return no_memory(err);
	}
	return set_denials(rule, profile, names, ARRAY_SIZE(names), err);
}

/* Finds what there is, in the trees that are granted for changes. */
static int find(const struct profile *profile, const struct path_facts *grants,
		struct git_found *found, struct croft_error *err)
{
	AUTO_FREE const char **trees = NULL;
	char project[PATH_MAX];
	struct git_search search = { .project = project, .home = profile->home };

	*found = (struct git_found){ 0 };
	if (!profile->project || path_resolve(profile->project, project, sizeof(project)) < 0)
		return 0;
	trees = calloc(profile->n_grants + 1, sizeof(*trees));
	if (!trees)
		return no_memory(err);
	for (size_t i = 0; i < profile->n_grants; i++) {
		const char *tree = granted_directory(&profile->grants[i], &grants->list[i]);

		if (tree && grant_may_change(&profile->grants[i]))
			trees[search.n_trees++] = tree;
	}
	search.trees = trees;
	return git_find(&search, found, err);
}

static int keep_repositories(struct git_rule *rule, const struct git_found *found)
{
	rule->repositories = calloc(found->n_repositories + 1, sizeof(*rule->repositories));
	if (!rule->repositories)
		return -ENOMEM;
	for (size_t i = 0; i < found->n_repositories; i++) {
		rule->repositories[i] = strdup(found->repositories[i]);
		if (!rule->repositories[i])
			return -ENOMEM;
		rule->n_repositories++;
	}
	return 0;
}

/* Words for who has to know, behind those that are there. */
static int add_note(struct profile *profile, const char *note, struct croft_error *err)
{
	if (note && profile->note)
		note = arena_printf(&profile->arena, "%s; %s", profile->note, note);
	if (!note)
		return no_memory(err);
	profile->note = note;
	return 0;
}

int git_rule_look_up(struct git_rule *rule, struct profile *profile,
		     const struct path_facts *grants, struct croft_error *err)
{
	struct git_found found;
	int r = find(profile, grants, &found, err);

	rule->is_looked_up = true;
	if (r == 0)
		r = set_denials(rule, profile, found.names, found.n_names, err);
	if (r == 0 && keep_repositories(rule, &found) < 0)
		r = no_memory(err);
	if (r == 0 && found.outside)
		r = add_note(profile,
			     arena_printf(&profile->arena,
					  "the repository of this project is outside of it: with "
					  "--write '%s' git could commit to it",
					  found.outside),
			     err);
	if (r == 0 && found.is_cut)
		r = add_note(profile,
			     "not all repositories of this project could be looked at: "
			     "git: protect does not hold for those that were not",
			     err);
	git_found_done(&found);
	return r;
}

static bool is_known(const struct git_rule *rule, const char *path)
{
	for (size_t i = 0; i < rule->n_repositories; i++)
		if (!strcmp(rule->repositories[i], path))
			return true;
	return false;
}

/* True for a directory of git that is there, and git takes it for none any more. */
static bool has_lost_head(const char *dir)
{
	char path[PATH_MAX];
	struct stat st;

	return path_child(path, dir, "HEAD") && !is_missing(dir) &&
	       (sys_fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISDIR(st.st_mode));
}

/* Git goes on from there to the directory above, which the command may have filled. */
static void tell_lost(struct buf *buf, const struct git_rule *rule)
{
	size_t n = 0;

	for (size_t i = 0; i < rule->n_repositories; i++) {
		if (!has_lost_head(rule->repositories[i]) || n++ >= SHOWN_MAX)
			continue;
		buf_puts(buf, buf->len ? ", " : "");
		text_quote(buf, rule->repositories[i]);
		buf_puts(buf, " without its HEAD");
	}
}

void git_rule_tell_made(struct buf *buf, const struct git_rule *rule, const struct profile *profile,
			const struct path_facts *grants)
{
	struct git_found found;
	size_t n = 0;

	if (!rule->is_looked_up)
		return;
	/* what cannot be looked up now cannot be told: the command has ended all the same */
	if (find(profile, grants, &found, NULL) < 0)
		found.n_repositories = 0;
	for (size_t i = 0; i < found.n_repositories; i++) {
		if (is_known(rule, found.repositories[i]) || n++ >= SHOWN_MAX)
			continue;
		buf_puts(buf, n > 1 ? ", " : "");
		text_quote(buf, found.repositories[i]);
	}
	if (n > SHOWN_MAX)
		buf_printf(buf, " and %zu more", n - SHOWN_MAX);
	git_found_done(&found);
	tell_lost(buf, rule);
}

void git_rule_done(struct git_rule *rule)
{
	for (size_t i = 0; i < rule->n_repositories; i++)
		free(rule->repositories[i]);
	free(rule->repositories);
	*rule = (struct git_rule){ 0 };
}
