/* SPDX-License-Identifier: MIT */
/*
 * project_profile.c - what a project may say about its own sandbox.
 *
 *	no .croft.yaml       the profile `default`
 *	approved content     the file's profile, in place of `default`
 *	any other content    `default`, tightened by the file's profile
 *
 * The file comes with the project: from a stranger's repository, or from the command that was
 * confined here before, which may write where it works. So by itself it only takes away
 * (tighten.h), and the approval is kept elsewhere and by content (trust.h). The bytes that are
 * digested are the bytes that are parsed.
 *
 * What it cannot do by being there: have another file opened in its place (a symbolic link is
 * refused before the open; the messages about a broken file quote from it), have files read through
 * `extends` (names only), make the start wait (store_read does not block) or grow (the reader's
 * limits). What it can do is to stop the start, by being wrong: to pass over a file that might have
 * tightened would be the looser answer.
 *
 * A tightening is a project's help to its user and no wall against the project: whoever may write
 * the file can take it back.
 */
#include "cli/project_profile.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/paths.h"
#include "profile/project.h"
#include "profile/store.h"
#include "profile/yaml.h"
#include "sys/calls.h"

#define BASE "default"
/* a tree of YAML_MAX_SCALARS nodes and their texts, and the entries made of them */
#define FILE_MAX_BYTES (16U << 20)

const char *project_file_path(const struct load_place *place, struct arena *arena)
{
	const char *dir = place->project ? place->project : place->workdir;

	if (!dir)
		return NULL;
	return arena_printf(arena, "%s/%s", strcmp(dir, "/") != 0 ? dir : "", PROJECT_FILE);
}

static int parse(struct project_file *file, const struct store_text *text, struct croft_error *err)
{
	trust_digest(text->data, text->len, file->digest);
	return document_read(file->path, text->data, text->len, &file->arena, &file->document, err);
}

/* Reads the file that `st` was asked about, and no other. */
static int read_same(struct project_file *file, const struct stat *st, struct croft_error *err)
{
	struct store_text text;
	int r = store_read(file->path, &text, err);

	if (r < 0)
		return r;
	if (text.device != st->st_dev || text.inode != st->st_ino)
		r = fail(err, CROFT_STAGE_PROFILE, EBUSY,
			 "read '%s': another file took its place meanwhile", file->path);
	else
		r = parse(file, &text, err);
	store_text_done(&text);
	return r;
}

int project_file_read(const char *path, struct project_file *ret_file, struct croft_error *err)
{
	struct stat st;
	int r = sys_fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW);

	if (r == -ENOENT)
		return r;
	if (r < 0)
		return fail(err, CROFT_STAGE_PROFILE, -r, "look at '%s'", path);
	if (S_ISLNK(st.st_mode)) {
		(void)fail(err, CROFT_STAGE_PROFILE, 0, "'%s' is a symbolic link", path);
		fail_hint(err, "a project's own profile has to be a file in the project");
		return -ELOOP;
	}
	memset(ret_file, 0, sizeof(*ret_file));
	arena_init(&ret_file->arena, FILE_MAX_BYTES);
	ret_file->path = arena_strdup(&ret_file->arena, path);
	r = ret_file->path ? read_same(ret_file, &st, err)
			   : fail(err, CROFT_STAGE_PROFILE, ENOMEM, "read '%s'", path);
	if (r < 0)
		project_file_done(ret_file);
	/* it was there a moment ago: whatever that means, it does not mean that there is none */
	return r == -ENOENT ? -EBUSY : r;
}

void project_file_done(struct project_file *file)
{
	arena_done(&file->arena);
	memset(file, 0, sizeof(*file));
}

/* Paths of what goes beyond */

static bool is_under(const char *path, const char *tree)
{
	size_t len = strlen(tree);

	while (len > 0 && tree[len - 1] == '/')
		len--;
	return !strncmp(path, tree, len) && (path[len] == '/' || !path[len]);
}

/* The directory above a pattern's first '*', or the path: as far as links can be followed. */
static const char *fixed_part(const struct grant *grant, char path[PATH_MAX])
{
	size_t len = grant->is_pattern ? strcspn(grant->path, "*") : strlen(grant->path);

	while (grant->is_pattern && len > 1 && grant->path[len - 1] != '/')
		len--;
	if (len >= PATH_MAX)
		len = PATH_MAX - 1;
	memcpy(path, grant->path, len);
	path[len] = '\0';
	return path;
}

/*
 * What the grants give at a path, or may give: nobody shall be told that a wish is left out which
 * is not. So single rights count as everything, and a pattern for all of its directory.
 * `real`: where each grant leads, or NULL to go by the texts of those that are no patterns.
 */
static unsigned kinds_at(const struct profile *profile, const char *const *real, const char *path)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < profile->n_grants; i++) {
		const struct grant *grant = &profile->grants[i];
		const char *tree = real ? real[i] : grant->is_pattern ? NULL : grant->path;

		if (tree && is_under(path, tree))
			kinds |= grant->kinds ? grant->kinds : ~0U;
	}
	return kinds;
}

/* Where each grant leads, NULL where that cannot be told; in the arena. */
static const char **resolve_all(const struct profile *profile, struct arena *arena)
{
	const char **real = arena_calloc(arena, profile->n_grants, sizeof(*real));
	char path[PATH_MAX], leads_to[PATH_MAX];

	for (size_t i = 0; real && i < profile->n_grants; i++)
		if (path_resolve(fixed_part(&profile->grants[i], path), leads_to,
				 sizeof(leads_to)) == 0)
			real[i] = arena_strdup(arena, leads_to);
	return real;
}

/* True if it wants what is not given; for single rights only if nothing at all is. */
static bool is_beyond(const struct grant *grant, unsigned given)
{
	return grant->kinds ? (grant->kinds & ~given) != 0 : given == 0;
}

static const char *key_of(const struct grant *grant, unsigned given)
{
	unsigned wanted = grant->kinds & ~given;

	if (!grant->kinds)
		return "files.rights";
	if (wanted & GRANT_SOCKET)
		return "sockets";
	if (wanted & GRANT_DEVICE)
		return "files.device";
	if (wanted & GRANT_WRITE)
		return "files.write";
	return wanted & GRANT_EXECUTE ? "files.execute" : "files.read";
}

static bool is_there(const char *path)
{
	struct stat st;

	return sys_fstatat(AT_FDCWD, path, &st, 0) == 0;
}

static void beyond_paths(const struct profile *profile, const struct profile *bound,
			 tighten_fn each, void *context, struct arena *arena)
{
	const char **real = NULL;

	for (size_t i = 0; i < bound->n_grants; i++) {
		const struct grant *grant = &bound->grants[i];
		char path[PATH_MAX], leads_to[PATH_MAX];
		unsigned given = kinds_at(profile, NULL, grant->path);

		if (!is_beyond(grant, given))
			continue;
		if (grant->is_optional && !grant->is_pattern && !is_there(grant->path))
			continue;
		/* by its text it is; a link on the way may lead to where it is granted */
		if (!real)
			real = resolve_all(profile, arena);
		if (!real || path_resolve(fixed_part(grant, path), leads_to, sizeof(leads_to)) < 0)
			continue;
		given |= kinds_at(profile, real, leads_to);
		if (is_beyond(grant, given))
			each(context, key_of(grant, given), grant->path);
	}
}

void project_beyond(const struct profile *profile, const struct profile *bound, tighten_fn each,
		    void *context)
{
	struct arena arena;

	arena_init(&arena, PROFILE_MAX_BYTES);
	beyond_paths(profile, bound, each, context, &arena);
	arena_done(&arena);
	profile_beyond(profile, bound, each, context);
}

/* The choice */

static void count(void *context, const char *key, const char *value)
{
	size_t *n = context;

	(void)key, (void)value;
	(*n)++;
}

static int tighten(struct profile *profile, const struct profile *bound, const char *path,
		   struct croft_error *err)
{
	size_t n = 0;
	int r;

	project_beyond(profile, bound, count, &n);
	r = profile_tighten(profile, bound, err);
	if (r < 0 || n == 0)
		return r;
	profile->note = arena_printf(&profile->arena,
				     "%s: %zu of its wishes %s beyond the profile '" BASE
				     "' and %s left out (croft profile trust approves %s)",
				     path, n, n == 1 ? "goes" : "go", n == 1 ? "is" : "are",
				     n == 1 ? "it" : "them");
	return profile->note ? 0 : fail(err, CROFT_STAGE_PROFILE, ENOMEM, "load '%s'", path);
}

static int load_tightened(const struct project_file *file, const struct load_place *place,
			  struct profile **ret_profile, struct croft_error *err)
{
	struct profile *profile = NULL, *bound = NULL;
	int r = load_document(&file->document, NULL, true, place, &bound, err);

	if (r < 0)
		return r;
	r = load_profile(BASE, place, &profile, err);
	if (r == 0) {
		r = tighten(profile, bound, file->path, err);
		if (r < 0)
			profile_free(profile);
		else
			*ret_profile = profile;
	}
	profile_free(bound);
	return r;
}

static int load_file(const struct project_file *file, const struct load_place *place,
		     struct arena *arena, struct profile **ret_profile, struct croft_error *err)
{
	const char *dir = trust_dir(arena, place->home, place->environ);
	int r = dir ? trust_has(dir, file->digest, err) : 0;

	if (r < 0)
		return r;
	return r > 0 ? load_document(&file->document, NULL, true, place, ret_profile, err)
		     : load_tightened(file, place, ret_profile, err);
}

int project_profile(const struct load_place *place, struct profile **ret_profile,
		    struct croft_error *err)
{
	struct project_file file = { 0 };
	struct arena arena;
	const char *path;
	int r;

	arena_init(&arena, 4 * (size_t)PATH_MAX);
	path = project_file_path(place, &arena);
	if (path)
		r = project_file_read(path, &file, err);
	else
		r = place->workdir ? fail(err, CROFT_STAGE_PROFILE, ENOMEM, "look for a project")
				   : -ENOENT;
	if (r == 0) {
		r = load_file(&file, place, &arena, ret_profile, err);
		project_file_done(&file);
	} else if (r == -ENOENT) {
		r = load_profile(BASE, place, ret_profile, err);
	}
	arena_done(&arena);
	return r;
}
