/* SPDX-License-Identifier: MIT */
/*
 * denial_facts.c - what is found where something is denied, for a plan with mounts.
 *
 * A mount lies on what exists. So each denied name is looked up: what it is, or, where it is not
 * there, the nearest directory that is, in which it would be made. A pattern becomes the names
 * that fit it now. The planner decides what to do about them; the stage that mounts compares
 * device and inode once more.
 *
 * None of this is done for a plan in which Landlock is alone: an agent's profile brings a hundred
 * denials, most of them patterns, and is started often. Where it is done, all patterns of one tree
 * are looked up in one walk, which is bounded (host/name_walk.h): a project may hold any
 * number of files, put there by an enemy too. What was cut off is told, and the row says it.
 *
 * No link is followed behind a pattern's first '*'. A link whose own name fits stands for what it
 * leads to, as a name without '*' does; that the link itself can be replaced is told (has_link).
 */
#include "launch/denial_facts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "host/beneath.h"
#include "host/paths.h"
#include "host/name_walk.h"
#include "launch/denial_parts.h"
#include "plan/pattern.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define FACTS_BYTES (64U << 20)
#define SHOWN_MAX 4 /* names in the line at the end */

static int no_memory(struct croft_error *err)
{
	return fail(err, CROFT_STAGE_PREPARE, ENOMEM, "look up denials");
}

void denial_facts_init(struct denial_facts *facts)
{
	*facts = (struct denial_facts){ 0 };
	arena_init(&facts->arena, FACTS_BYTES);
}

void denial_facts_done(struct denial_facts *facts)
{
	arena_done(&facts->arena);
	*facts = (struct denial_facts){ 0 };
}

static int stat_plain(const char *path, struct stat *ret_st)
{
	AUTO_FD int fd = beneath_open(AT_FDCWD, path, O_PATH);

	return fd < 0 ? fd : sys_fstatat(fd, "", ret_st, AT_EMPTY_PATH);
}

/* The nearest directory above `path` that is there. */
static int find_above(struct arena *arena, const char *path, struct denial_fact *fact)
{
	char *above = arena_strdup(arena, path);
	struct stat st;
	int r;

	if (!above)
		return -ENOMEM;
	do {
		char *slash = strrchr(above, '/');

		slash[slash == above] = '\0';
		r = stat_plain(above, &st);
		if (fd_is_shortage(r))
			return r;
	} while (above[1] && (r < 0 || !S_ISDIR(st.st_mode)));
	if (r < 0)
		return 0;
	fact->above = above;
	fact->above_dev = st.st_dev;
	fact->above_ino = st.st_ino;
	return 0;
}

static int look_at(struct arena *arena, const char *path, struct denial_fact *fact)
{
	struct stat st;
	int r = stat_plain(path, &st);

	if (fd_is_shortage(r))
		return r;
	if (r == -ENOENT || r == -ENOTDIR) {
		fact->errnum = ENOENT;
		return find_above(arena, path, fact);
	}
	if (r < 0) {
		fact->errnum = -r;
		return 0;
	}
	fact->type = st.st_mode & S_IFMT;
	fact->dev = st.st_dev;
	fact->ino = st.st_ino;
	return 0;
}

bool grant_may_change(const struct grant *grant)
{
	return grant->rights || (grant->kinds & GRANT_WRITE);
}

const char *granted_directory(const struct grant *grant, const struct path_fact *fact)
{
	if (fact->errnum || !S_ISDIR(fact->type))
		return NULL;
	return fact->real ? fact->real : grant->path;
}

bool denial_is_changeable(const struct granted *granted, const char *path)
{
	for (size_t i = 0; i < granted->profile->n_grants; i++) {
		const struct grant *grant = &granted->profile->grants[i];
		const char *tree = granted_directory(grant, &granted->facts->list[i]);

		if (tree && grant_may_change(grant) && path_is_under(tree, path))
			return true;
	}
	return false;
}

struct way {
	const struct granted *granted;
	struct arena *arena;
	const char *link;
};

static int note_link(void *context, const char *path, const char *text)
{
	struct way *way = context;

	(void)text;
	if (way->link || !denial_is_changeable(way->granted, path))
		return 0;
	way->link = arena_strdup(way->arena, path);
	return way->link ? 0 : -ENOMEM;
}

/* Finds the link on the way of a name that the command could put something else in the place of. */
static int find_link(struct arena *arena, const struct granted *granted, const char *path,
		     const char **ret_link)
{
	struct way way = { .granted = granted, .arena = arena };
	char fixed[PATH_MAX], real[PATH_MAX];

	if (!pattern_copy_fixed(path, fixed))
		return 0;
	/* a loop of links has told them all before it is given up */
	if (path_resolve_links(fixed, real, sizeof(real), note_link, &way) == -ENOMEM)
		return -ENOMEM;
	*ret_link = way.link;
	return 0;
}

/* The patterns that begin in one tree, looked up together. */
struct lookup {
	const struct granted *granted;
	struct denial_facts *facts;
	struct arena *arena; /* for the walk alone */
	const char **patterns; /* where each leads; NULL: not of this tree, or no pattern */
	const char **last; /* its last component */
	size_t *capacities;
	size_t n;
};

static int add_name(struct lookup *lookup, size_t i, const char *path, unsigned char type)
{
	struct denial_fact *fact = &lookup->facts->list[i];
	struct denial_name *names = (struct denial_name *)(uintptr_t)fact->names;
	char real[PATH_MAX];
	struct stat st;
	int r;

	if (fact->n_names >= DENIAL_NAMES_MAX) {
		fact->is_cut = true;
		return 0;
	}
	if (type == DT_LNK) {
		fact->has_link |= denial_is_changeable(lookup->granted, path);
		if (path_resolve(path, real, sizeof(real)) < 0)
			return 0;
		path = real;
	}
	r = stat_plain(path, &st);
	if (r < 0)
		return fd_is_shortage(r) ? r : 0;
	names = arena_grow(&lookup->facts->arena, names, fact->n_names, &lookup->capacities[i],
			   sizeof(*names));
	if (!names)
		return -ENOMEM;
	fact->names = names;
	names += fact->n_names;
	names->path = arena_strdup(&lookup->facts->arena, path);
	names->type = st.st_mode & S_IFMT;
	names->dev = st.st_dev;
	names->ino = st.st_ino;
	fact->n_names++;
	return names->path ? 0 : -ENOMEM;
}

/*
 * Only the topmost name that fits: what is below it goes with it. Told of each entry of the tree,
 * so the cheap question comes first.
 */
static int found(void *context, const char *dir, const char *name, unsigned char type)
{
	struct lookup *lookup = context;
	char path[PATH_MAX];
	size_t len = strlen(name);
	bool goes_on = false;

	if (!path_child(path, dir, name))
		return 0; /* no call takes such a name: neither can the command use it */
	for (size_t i = 0; i < lookup->n; i++) {
		const char *pattern = lookup->patterns[i], *last = lookup->last[i];
		bool covers;
		int r;

		if (!pattern)
			continue;
		covers = pattern_fits(last, strlen(last), name, len, true) &&
			 pattern_covers(pattern, path);
		if (covers && !pattern_covers(pattern, *dir ? dir : "/")) {
			r = add_name(lookup, i, path, type);
			if (r < 0)
				return r;
		}
		goes_on |= type == DT_DIR && !goes_on && pattern_meets(pattern, path, true);
	}
	return goes_on;
}

static int compare_names(const void *a, const void *b)
{
	return path_order(((const struct denial_name *)a)->path,
			  ((const struct denial_name *)b)->path);
}

static void finish_names(struct denial_fact *fact, bool is_cut)
{
	struct denial_name *names = (struct denial_name *)(uintptr_t)fact->names;

	fact->is_cut |= is_cut;
	if (fact->n_names)
		qsort(names, fact->n_names, sizeof(*names), compare_names);
}

/* Walks the tree that pattern `first` begins in, for all that begin there. */
static int look_up_tree(struct lookup *lookup, const char *const *paths, size_t first,
			size_t *n_looked)
{
	size_t fixed = pattern_fixed(paths[first]);
	const char *root = fixed ? arena_strndup(lookup->arena, paths[first], fixed) : "/";
	struct name_walk walk = { .root = root,
				  .arena = lookup->arena,
				  .found = found,
				  .context = lookup,
				  .n_names = *n_looked };
	int r;

	if (!root)
		return -ENOMEM;
	for (size_t i = 0; i < lookup->n; i++) {
		bool is_here = paths[i] && strchr(paths[i], '*') &&
			       pattern_fixed(paths[i]) == fixed &&
			       !strncmp(paths[i], paths[first], fixed);

		lookup->patterns[i] = is_here ? paths[i] : NULL;
		lookup->last[i] = is_here ? strrchr(paths[i], '/') + 1 : NULL;
	}
	r = name_walk(&walk);
	*n_looked = walk.n_names;
	for (size_t i = first; r == 0 && i < lookup->n; i++)
		if (lookup->patterns[i])
			finish_names(&lookup->facts->list[i], walk.is_cut);
	return r;
}

/* True if an earlier pattern begins in the same tree. */
static bool is_looked_up(const char *const *paths, size_t i)
{
	size_t fixed = pattern_fixed(paths[i]);

	for (size_t j = 0; j < i; j++)
		if (paths[j] && strchr(paths[j], '*') && pattern_fixed(paths[j]) == fixed &&
		    !strncmp(paths[i], paths[j], fixed))
			return true;
	return false;
}

static int look_up_patterns(struct denial_facts *facts, const struct granted *granted,
			    const char *const *paths, size_t n)
{
	struct arena arena;
	struct lookup lookup = { .granted = granted, .facts = facts, .arena = &arena, .n = n };
	size_t n_looked = 0;
	int r = 0;

	arena_init(&arena, NAME_WALK_MAX_BYTES);
	lookup.patterns = arena_calloc(&arena, n, sizeof(*lookup.patterns));
	lookup.last = arena_calloc(&arena, n, sizeof(*lookup.last));
	lookup.capacities = arena_calloc(&arena, n, sizeof(*lookup.capacities));
	if (!lookup.patterns || !lookup.last || !lookup.capacities)
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < n; i++)
		if (strchr(paths[i], '*') && !is_looked_up(paths, i))
			r = look_up_tree(&lookup, paths, i, &n_looked);
	arena_done(&arena);
	return r;
}

int denial_facts_find(struct denial_facts *facts, const struct profile *profile,
		      const char *const *denied, const struct path_facts *grants,
		      struct croft_error *err)
{
	const struct granted granted = { .profile = profile, .facts = grants };
	size_t n = profile->n_denials;
	const char **paths = arena_calloc(&facts->arena, n + 1, sizeof(*paths));
	int r = 0;

	facts->denied = denied;
	facts->list = arena_calloc(&facts->arena, n + 1, sizeof(*facts->list));
	if (!facts->list || !paths)
		return no_memory(err);
	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct denial *denial = &profile->denials[i];

		paths[i] = denial_leads(&facts->arena, denial, denied[i]);
		if (!paths[i])
			return no_memory(err);
		if (denied[i])
			r = find_link(&facts->arena, &granted, denial->path, &facts->list[i].link);
		facts->list[i].has_link = facts->list[i].link != NULL;
		if (r == 0 && !strchr(denial->path, '*'))
			r = look_at(&facts->arena, paths[i], &facts->list[i]);
	}
	if (r == 0)
		r = look_up_patterns(facts, &granted, paths, n);
	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "look up %zu denials", n) : 0;
}

/* Shows a name if there is room, and counts it. */
static void show(struct buf *buf, size_t *n, const char *path)
{
	if ((*n)++ < SHOWN_MAX) {
		buf_puts(buf, *n > 1 ? ", " : "");
		text_quote(buf, path);
	}
}

static bool has_name(const struct denial_fact *fact, const char *path)
{
	for (size_t i = 0; i < fact->n_names; i++)
		if (!strcmp(fact->names[i].path, path))
			return true;
	return false;
}

void denial_facts_tell_made(struct buf *buf, const struct denial_facts *facts,
			    const struct path_facts *grants, const struct plan *plan)
{
	struct denial_facts now;
	size_t n = 0;

	if (!facts->list)
		return;
	denial_facts_init(&now);
	/* what cannot be looked up at the end cannot be told: the command has ended all the same */
	if (denial_facts_find(&now, plan->profile, facts->denied, grants, NULL) < 0)
		now.list = NULL;
	for (size_t i = 0; now.list && i < plan->n_denials; i++) {
		const struct denial_fact *before = &facts->list[i], *after = &now.list[i];

		if (!plan->denials[i].lacks)
			continue;
		if (before->errnum == ENOENT && !after->errnum)
			show(buf, &n, plan->denials[i].path);
		for (size_t j = 0; j < after->n_names; j++)
			if (!before->is_cut && !has_name(before, after->names[j].path))
				show(buf, &n, after->names[j].path);
	}
	if (n > SHOWN_MAX)
		buf_printf(buf, " and %zu more", n - SHOWN_MAX);
	denial_facts_done(&now);
}
