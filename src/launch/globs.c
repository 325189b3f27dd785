/* SPDX-License-Identifier: MIT */
/*
 * globs.c - patterns looked up on this machine.
 *
 *   pattern ─► directories listed, sorted ─► names that fit ─► grants in its place
 *
 * Two kinds of patterns come here. Those of tables name system directories, which root owns: what
 * is found is trusted as far as the system is, and links are followed as programs do. Those of
 * profiles may speak of directories that an enemy writes in (a project, where yesterday's
 * command ran): a link there would turn "logs of this project" into any file of the user's.
 * So behind a profile's first '*' nothing is followed: directories are opened without links, and a
 * name that is a link, or leads through one, is left out.
 *
 * What could hurt besides is only size: names in a directory, names in all, depth. A project that
 * goes beyond them is refused, not granted in part.
 *
 * A grant's pattern stands for the names that are there now. The plan says so (plan_pattern); to
 * cover names that are made later, the directory is to be granted.
 */
#include "launch/globs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/paths.h"
#include "plan/pattern.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define NAME_BYTES (16U << 20) /* names while a pattern is looked up */
#define DIRENT_BYTES 32768

struct entry {
	const char *name;
	bool may_be_dir;
	bool fits;
};

struct entries {
	struct entry *list; /* in the arena */
	size_t n, capacity;
};

/*
 * What of a directory is looked for: names that fit `len` bytes of `pattern`, and with
 * wants_dirs the directories to walk through.
 */
struct wish {
	const char *pattern;
	size_t len;
	bool are_dirs; /* more components follow: a file is of no use */
	bool wants_dirs;
};

static int no_memory(const struct glob *glob)
{
	return fail(glob->err, CROFT_STAGE_PROFILE, ENOMEM, "look up '%s'", glob->what);
}

static int too_many(const struct glob *glob, const char *where)
{
	int r = fail(glob->err, CROFT_STAGE_PROFILE, EFBIG, "look up '%s' in '%s'", glob->what,
		     where);

	if (!glob->is_table)
		fail_hint(
			glob->err,
			"at most %d names for all patterns, and %d directories deep: grant a directory",
			GLOBS_MAX_ALL_NAMES, GLOBS_MAX_DEPTH);
	return r;
}

/* Compiled Python files: as many directories again as there are packages, and no module. */
static bool is_walked(const struct glob *glob, const char *name)
{
	return name[0] != '.' && !(glob->is_table && !strcmp(name, "__pycache__"));
}

static int take_entry(struct glob *glob, struct entries *entries, const struct sys_dirent *found,
		      const struct wish *wish)
{
	/* some file systems do not tell: then the open of it will */
	bool may_be_dir = found->type == DT_DIR || found->type == DT_UNKNOWN;
	bool fits = pattern_fits(wish->pattern, wish->len, found->name, strlen(found->name), false);
	struct entry *grown;

	/* a link is followed where a table names it, not on a walk: it may lead back */
	if (fits && wish->are_dirs)
		fits = may_be_dir || (found->type == DT_LNK && glob->is_table);
	if (!glob->is_table && found->type == DT_LNK)
		fits = false;
	if (!fits && !(wish->wants_dirs && may_be_dir && is_walked(glob, found->name)))
		return 0;
	grown = arena_grow(glob->arena, entries->list, entries->n, &entries->capacity,
			   sizeof(*grown));
	if (!grown)
		return no_memory(glob);
	entries->list = grown;
	grown += entries->n++;
	grown->name = arena_strdup(glob->arena, found->name);
	grown->may_be_dir = may_be_dir;
	grown->fits = fits;
	return grown->name ? 0 : no_memory(glob);
}

static int take_entries(struct glob *glob, struct entries *entries, const char *block, size_t size,
			const struct wish *wish)
{
	for (size_t at = 0; at < size;) {
		const struct sys_dirent *found = (const void *)(block + at);
		int r = take_entry(glob, entries, found, wish);

		if (r < 0)
			return r;
		glob->n_names++;
		at += found->length;
	}
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/*
 * A directory to be listed. For profiles no component may be a link: what stands before the
 * first '*' was resolved before. openat2 since 5.6; without it the name is compared with where
 * it leads, which leaves an enemy a moment between.
 */
static int open_dir(const struct glob *glob, const char *dir)
{
	char real[PATH_MAX];
	size_t len = strlen(dir);
	int fd;

	if (glob->is_table)
		return sys_openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0);
	fd = sys_openat2(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, ABI_RESOLVE_NO_SYMLINKS);
	if (fd != -ENOSYS && fd != -EPERM)
		return fd;
	if (path_resolve(dir, real, sizeof(real)) < 0 || strncmp(real, dir, strlen(real)) != 0 ||
	    strlen(real) + 1 < len)
		return -ELOOP;
	return sys_openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0);
}

/*
 * The entries of `dir` that are wished, sorted: the order of a directory is an accident, that of a
 * plan should not be. None where it cannot be listed: what this user may not see is not granted.
 */
static int list(struct glob *glob, const char *dir, const struct wish *wish,
		struct entries *entries)
{
	_Alignas(struct sys_dirent) char block[DIRENT_BYTES];
	AUTO_FD int fd = open_dir(glob, dir);
	ssize_t n;

	/* these are not the directory's: to go on would leave out what is there */
	if (fd_is_shortage(fd))
		return fail(glob->err, CROFT_STAGE_PROFILE, -fd, "look up '%s' in '%s'", glob->what,
			    dir);
	while (fd >= 0 && (n = sys_getdents64(fd, block, sizeof(block))) > 0) {
		int r = take_entries(glob, entries, block, (size_t)n, wish);

		if (r < 0)
			return r;
		if (entries->n > GLOBS_MAX_NAMES ||
		    (!glob->is_table && glob->n_names > GLOBS_MAX_ALL_NAMES))
			return too_many(glob, dir);
	}
	if (entries->n)
		qsort(entries->list, entries->n, sizeof(*entries->list), compare_entries);
	return 0;
}

/* A whole name. A profile's is there, and is reached without a link. */
static int report(struct glob *glob, const char *path)
{
	char real[PATH_MAX];
	struct stat st;

	if (!glob->is_table && (sys_fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
				path_resolve(path, real, sizeof(real)) < 0 || strcmp(real, path)))
		return 0;
	return glob->found(glob->context, path);
}

static int expand(struct glob *glob, const char *path, const char *rest);

/* A name that fits the component before `rest`, which "" ends the pattern. */
static int go_on(struct glob *glob, const char *dir, const char *name, const char *rest)
{
	const char *path = arena_printf(glob->arena, "%s%s", dir, name);

	return path ? expand(glob, path, rest) : no_memory(glob);
}

/*
 * `pattern` in `dir` (with its slash), and in the directories below it. In a table's last
 * component a directory is no file, and is only walked through.
 */
static int walk(struct glob *glob, const char *dir, const char *pattern, unsigned depth)
{
	const unsigned max = glob->is_table ? GLOBS_MAX_TABLE_DEPTH : GLOBS_MAX_DEPTH;
	const struct wish wish = {
		.pattern = pattern,
		.len = strcspn(pattern, "/"),
		.are_dirs = strchr(pattern, '/') != NULL,
		.wants_dirs = !glob->is_table || depth < max,
	};
	struct entries entries = { 0 };
	int r = depth > max ? too_many(glob, dir) : list(glob, dir, &wish, &entries);

	for (size_t i = 0; r == 0 && i < entries.n; i++) {
		const struct entry *entry = &entries.list[i];
		const char *below;

		if (entry->fits && !(glob->is_table && entry->may_be_dir))
			r = go_on(glob, dir, entry->name, pattern + wish.len);
		if (r < 0 || !entry->may_be_dir || !is_walked(glob, entry->name))
			continue;
		below = arena_printf(glob->arena, "%s%s/", dir, entry->name);
		r = below ? walk(glob, below, pattern, depth + 1) : no_memory(glob);
	}
	return r;
}

/*
 * `path` (all of it exists, or nothing of it is known yet) and the rest of a pattern. As deep as
 * the pattern has components with '*'.
 */
static int expand(struct glob *glob, const char *path, const char *rest)
{
	const char *star = strchr(rest, '*'), *start = star;
	struct entries entries = { 0 };
	struct wish wish = { 0 };
	const char *dir;
	int r;

	if (!star) {
		/* a slash at the end has asked for directories, and means no more */
		dir = arena_printf(glob->arena, "%s%.*s", path, (int)pattern_fixed(rest), rest);
		return dir ? report(glob, dir) : no_memory(glob);
	}
	while (start[-1] != '/')
		start--;
	dir = arena_printf(glob->arena, "%s%.*s", path, (int)(start - rest), rest);
	if (!dir)
		return no_memory(glob);
	if (!strncmp(start, "**/", 3)) {
		/* once more is no more */
		while (!strncmp(start + 3, "**/", 3))
			start += 3;
		return walk(glob, dir, start + 3, 0);
	}
	wish.pattern = start;
	wish.len = strcspn(start, "/");
	wish.are_dirs = start[wish.len] != '\0';
	r = list(glob, dir, &wish, &entries);
	for (size_t i = 0; r == 0 && i < entries.n; i++)
		r = go_on(glob, dir, entries.list[i].name, start + wish.len);
	return r;
}

int glob_look_up(struct glob *glob)
{
	size_t fixed = pattern_fixed(glob->pattern);
	char real[PATH_MAX];
	const char *start;

	if (glob->is_table)
		return expand(glob, "", glob->pattern);
	start = arena_strndup(glob->arena, glob->pattern, fixed);
	if (!start)
		return no_memory(glob);
	if (fixed && path_resolve(start, real, sizeof(real)) < 0)
		return 0;
	return expand(glob, fixed && strcmp(real, "/") ? real : "", glob->pattern + fixed);
}

bool globs_are_wanted(const struct profile *profile)
{
	for (size_t i = 0; i < profile->n_grants; i++)
		if (profile->grants[i].is_pattern)
			return true;
	for (size_t i = 0; profile->bound_name && i < profile->n_bounds; i++)
		if (profile->bounds[i].is_pattern)
			return true;
	return false;
}

/* A list of grants that grows while patterns become names. */
struct growing {
	struct profile *profile;
	const struct grant *pattern;
	struct grant *grants;
	size_t n, capacity;
	size_t *n_looked; /* names looked at, for all patterns of the profile */
	struct croft_error *err;
};

static int add(struct growing *growing, const struct grant *grant)
{
	struct grant *grown;

	if (growing->n >= PROFILE_MAX_GRANTS) {
		int r = fail(growing->err, CROFT_STAGE_PROFILE, EFBIG,
			     "%s '%s': more than %d grants with what fits it", grant->origin,
			     growing->pattern ? growing->pattern->path : grant->path,
			     PROFILE_MAX_GRANTS);

		fail_hint(growing->err, "grant the directory");
		return r;
	}
	grown = arena_grow(&growing->profile->arena, growing->grants, growing->n,
			   &growing->capacity, sizeof(*grown));
	if (!grown)
		return fail(growing->err, CROFT_STAGE_PROFILE, ENOMEM, "store a grant");
	growing->grants = grown;
	grown[growing->n++] = *grant;
	return 0;
}

static int add_name(void *context, const char *path)
{
	struct growing *growing = context;
	struct grant grant = *growing->pattern;

	grant.path = arena_strdup(&growing->profile->arena, path);
	if (!grant.path)
		return fail(growing->err, CROFT_STAGE_PROFILE, ENOMEM, "store a grant");
	grant.is_pattern = false;
	grant.is_optional = true; /* it may go away before it is opened */
	return add(growing, &grant);
}

/* The pattern's names behind the grants so far; how many, or an error. */
static int add_names(struct growing *growing, size_t *ret_n_names)
{
	const struct grant *pattern = growing->pattern;
	size_t before = growing->n;
	struct arena arena;
	struct glob glob = {
		.pattern = pattern->path,
		.arena = &arena,
		.found = add_name,
		.context = growing,
		.err = growing->err,
		.n_names = *growing->n_looked,
	};
	int r = 0;

	arena_init(&arena, NAME_BYTES);
	glob.what = arena_printf(&arena, "%s: %s", pattern->origin, pattern->path);
	r = glob.what ? glob_look_up(&glob) : -ENOMEM;
	*growing->n_looked = glob.n_names;
	arena_done(&arena);
	if (r < 0)
		return r;
	*ret_n_names = growing->n - before;
	if (*ret_n_names || pattern->is_optional)
		return 0;
	r = fail(growing->err, CROFT_STAGE_PLAN, ENOENT, "%s '%s'", pattern->origin, pattern->path);
	fail_hint(growing->err,
		  "nothing fits it now, and names made later are not covered: grant the directory, "
		  "or write 'optional:' before it");
	return r;
}

/* The same grants with names in the place of patterns. *n_first: how many of the first count. */
static int expand_grants(struct profile *profile, struct grant **grants, size_t *n, size_t *n_first,
			 struct plan_pattern *patterns, size_t *n_patterns, size_t *n_looked,
			 struct croft_error *err)
{
	struct growing growing = { .profile = profile, .n_looked = n_looked, .err = err };
	size_t first = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < *n; i++) {
		const struct grant *grant = &(*grants)[i];

		growing.pattern = grant->is_pattern ? grant : NULL;
		if (grant->is_pattern) {
			patterns[*n_patterns].grant = grant;
			r = add_names(&growing, &patterns[(*n_patterns)++].n_names);
		} else {
			r = add(&growing, grant);
		}
		if (n_first && i < *n_first)
			first = growing.n;
	}
	if (r < 0)
		return r;
	*grants = growing.grants;
	*n = growing.n;
	if (n_first)
		*n_first = first;
	return 0;
}

int globs_expand(struct profile *profile, const struct plan_pattern **ret_patterns, size_t *ret_n,
		 struct croft_error *err)
{
	struct plan_pattern *patterns;
	size_t n = 0, n_looked = 0;
	int r;

	patterns = arena_calloc(&profile->arena, profile->n_grants + profile->n_bounds + 1,
				sizeof(*patterns));
	if (!patterns)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "make room for patterns");
	r = expand_grants(profile, &profile->grants, &profile->n_grants, &profile->n_bounded,
			  patterns, &n, &n_looked, err);
	if (r == 0)
		r = expand_grants(profile, &profile->bounds, &profile->n_bounds, NULL, patterns, &n,
				  &n_looked, err);
	if (r < 0)
		return r;
	profile->grants_capacity = profile->n_grants;
	*ret_patterns = patterns;
	*ret_n = n;
	return 0;
}
