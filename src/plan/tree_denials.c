/* SPDX-License-Identifier: MIT */
/*
 * tree_denials.c - what the tree of files is given for each denial, and what that keeps of it.
 *
 * A denied name is kept by a mount on it. A mount cannot be renamed or removed, but a directory
 * above it could be, and the mount would go with it: so within a tree that may be written every
 * directory between its top and the denied name becomes a mount, too (a pin).
 *
 * A denied name that is not there can have no mount, and croft makes nothing on the host. Where its
 * directory cannot be written nothing has to be done. Else the directory is closed: it is bound
 * on itself read-only, and all that is in it is bound back as it was. That ends the making of
 * other names directly in it, too, so it is done only where deny-inside is required.
 *
 * A hidden name must not even be listed. What lies in a grant for reading is left out of a
 * directory that is made anew.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "plan/pattern.h"
#include "plan/tree.h"

/* The topmost directory in which `path` lies and may be changed; NULL: none. */
static const char *writable_top(const struct tree *tree, const char *path)
{
	const struct path_index *index = &tree->grants;
	const char *top = NULL;

	if (!tree_limits_files(tree->plan))
		return "/";
	for (size_t at = path_index_above(index, path); at; at = index->items[at - 1].above)
		if (tree->plan->grants[index->items[at - 1].id].access & FS_CHANGES)
			top = index->items[at - 1].path;
	return top;
}

/* Every directory between the top of a writable tree and `path` becomes a mount. */
static void pin(struct tree *tree, const char *path, const char *origin)
{
	const char *top = writable_top(tree, path);

	if (!top)
		return;
	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		char *above = arena_strndup(&tree->plan->arena, path, (size_t)(slash - path));

		if (!above) {
			tree->has_failed = true;
			return;
		}
		if (strcmp(above, top) != 0 && path_is_under(top, above))
			tree_add(tree, &(struct thing){ .path = above,
							.kind = THING_PIN,
							.origin = origin,
							.type = S_IFDIR });
	}
}

static void add_private(struct tree *tree, struct plan_denial *denial,
			const struct denial_fact *fact)
{
	tree_add(tree, &(struct thing){ .path = denial->path,
					.kind = THING_PRIVATE,
					.origin = denial->denial->origin,
					.dev = fact->dev,
					.ino = fact->ino,
					.type = S_IFDIR,
					.denial = denial });
	denial->means = DENIAL_PRIVATE;
	pin(tree, denial->path, denial->denial->origin);
}

/* A denied name that is there. */
static void add_mask(struct tree *tree, struct plan_denial *denial, const char *path, mode_t type,
		     uint64_t dev, uint64_t ino)
{
	bool is_write = denial->denial->kind == DENY_WRITE;

	tree_add(tree, &(struct thing){ .path = path,
					.kind = is_write ? THING_READ_ONLY : THING_MASK,
					.origin = denial->denial->origin,
					.dev = dev,
					.ino = ino,
					.type = type,
					.denial = denial });
	pin(tree, path, denial->denial->origin);
}

/* Lets nothing new be made in a directory. NULL, or why that cannot be. */
static const char *close_directory(struct tree *tree, struct plan_denial *denial,
				   const struct denial_fact *fact)
{
	const struct directory_fact *dir =
		fact->above ? plan_find_directory(tree->input, fact->above) : NULL;
	const char *origin = denial->denial->origin;

	if (dir && dir->errnum == EFBIG)
		return "it does not exist and can be made: its directory has too many entries to "
		       "be closed";
	if (!dir || dir->errnum)
		return "it does not exist and can be made: its directory could not be listed, to "
		       "be closed";
	tree_add(tree, &(struct thing){ .path = dir->path,
					.kind = THING_CLOSED,
					.origin = origin,
					.dev = dir->dev,
					.ino = dir->ino,
					.type = S_IFDIR,
					.denial = denial });
	pin(tree, dir->path, origin);
	for (size_t i = 0; i < dir->n_entries; i++) {
		const struct entry_fact *entry = &dir->entries[i];
		char *path = arena_path(&tree->plan->arena, dir->path, entry->name);

		/* a link cannot be bound, and stays as it is in a read-only directory */
		if (entry->type == S_IFLNK)
			continue;
		if (!path) {
			tree->has_failed = true;
			return NULL;
		}
		tree_add(tree, &(struct thing){ .path = path,
						.kind = THING_PIN,
						.origin = origin,
						.dev = entry->dev,
						.ino = entry->ino,
						.type = entry->type });
	}
	denial->means = DENIAL_CLOSED;
	return NULL;
}

/* A name that is not there now. */
static void plan_missing(struct tree *tree, struct plan_denial *denial,
			 const struct denial_fact *fact)
{
	const struct plan *plan = tree->plan;

	if (!(tree_access(tree, fact->above ? fact->above : denial->path) & FS_CHANGES)) {
		denial->means = DENIAL_SEALED;
	} else if (denial->denial->stays_open) {
		denial->lacks = "it does not exist and can be made";
	} else if (plan->profile->require[PROTECT_DENY_INSIDE] != REQUIRE_REQUIRE) {
		denial->lacks = "it does not exist and can be made: its directory is closed to all "
				"new names only where deny-inside is required";
	} else {
		denial->lacks = close_directory(tree, denial, fact);
	}
}

static void plan_pattern_denial(struct tree *tree, struct plan_denial *denial,
				const struct denial_fact *fact)
{
	const struct plan *plan = tree->plan;

	for (size_t i = 0; i < fact->n_names; i++)
		add_mask(tree, denial, fact->names[i].path, fact->names[i].type, fact->names[i].dev,
			 fact->names[i].ino);
	denial->means = fact->n_names ? DENIAL_MASKED : DENIAL_SEALED;
	if (fact->is_cut)
		denial->lacks = "not all names that fit it were found";
	for (size_t i = 0; i < plan->n_grants && !denial->lacks; i++)
		if ((plan->grants[i].access & FS_CHANGES) &&
		    pattern_meets(denial->path, plan->grants[i].path, plan->grants[i].is_directory))
			denial->lacks = "names that are made later are not denied";
	if (!tree_limits_files(plan))
		denial->lacks = "names that are made later are not denied";
}

/* The topmost grant that a path lies in; NULL: none. */
static const char *granted_top(const struct tree *tree, const char *path)
{
	const struct path_index *index = &tree->grants;
	const char *top = NULL;

	for (size_t at = path_index_above(index, path); at; at = index->items[at - 1].above)
		top = index->items[at - 1].path;
	return top;
}

/* One directory is made anew, but for one of its entries. */
static void make_anew(struct tree *tree, const struct directory_fact *dir, const char *but,
		      const char *origin)
{
	tree_add(tree, &(struct thing){ .path = dir->path,
					.kind = THING_ANEW,
					.origin = origin,
					.type = S_IFDIR });
	for (size_t i = 0; i < dir->n_entries; i++) {
		const struct entry_fact *entry = &dir->entries[i];
		const char *path = arena_path(&tree->plan->arena, dir->path, entry->name);

		if (!path) {
			tree->has_failed = true;
			return;
		}
		if (path_is_under(path, but) || (entry->type == S_IFLNK && !entry->target))
			continue;
		tree_add(tree,
			 &(struct thing){ .path = path,
					  .kind = entry->type == S_IFLNK ? THING_LINK : THING_ENTRY,
					  .origin = origin,
					  .target = entry->target,
					  .dev = entry->dev,
					  .ino = entry->ino,
					  .type = entry->type });
	}
}

/*
 * A mask would leave the name to be seen. In a new tree the directories from the grant down to the
 * name's own can be made anew, and what is in them put there entry by entry, but for the name. Not
 * where something can be made in them: it would be lost. True if that is done.
 */
static bool leave_out(struct tree *tree, struct plan_denial *denial)
{
	const char *top = granted_top(tree, denial->path);
	struct arena *arena = &tree->plan->arena;
	const char *last = strrchr(denial->path, '/');

	if (!tree->plan->has_new_root || !top || !strcmp(top, denial->path) ||
	    writable_top(tree, denial->path))
		return false;
	/* first whether all of them are known */
	for (int pass = 0; pass < 2; pass++) {
		for (const char *slash = denial->path; slash && slash <= last;
		     slash = strchr(slash + 1, '/')) {
			size_t len = (size_t)(slash - denial->path);
			const char *path = arena_strndup(arena, denial->path, len ? len : 1);
			const struct directory_fact *dir;

			if (!path) {
				tree->has_failed = true;
				return true;
			}
			if (!path_is_under(top, path))
				continue;
			dir = plan_find_directory(tree->input, path);
			if (!dir || dir->errnum)
				return false;
			if (pass)
				make_anew(tree, dir, denial->path, denial->denial->origin);
		}
	}
	tree_add(tree, &(struct thing){ .path = denial->path,
					.kind = THING_LEFT_OUT,
					.origin = denial->denial->origin });
	denial->means = DENIAL_LEFT_OUT;
	return true;
}

/* True if a name, or a directory that it is in, is denied as a whole. */
static bool is_denied(const struct tree *tree, const char *path)
{
	const struct path_index *index = &tree->denials;

	for (size_t at = path_index_above(index, path); at; at = index->items[at - 1].above) {
		enum denial_kind kind = tree->plan->denials[index->items[at - 1].id].denial->kind;

		if (kind == DENY_ALL || kind == DENY_HIDE)
			return true;
	}
	return false;
}

static void plan_private(struct tree *tree, struct plan_denial *denial,
			 const struct denial_fact *fact)
{
	if (is_denied(tree, denial->path))
		denial->lacks = "it is denied as well, and that is stronger";
	else if (fact->errnum == 0 && fact->type != S_IFDIR)
		denial->lacks = "it is no directory";
	else if (fact->errnum == 0 ||
		 (tree->plan->has_new_root && !path_index_above(&tree->grants, denial->path)))
		add_private(tree, denial, fact);
	else
		denial->lacks = "it is not there, and nothing is made on the host";
}

void tree_plan_denial(struct tree *tree, struct plan_denial *denial, const struct denial_fact *fact)
{
	enum denial_kind kind = denial->denial->kind;

	if (!denial->rule && tree_limits_files(tree->plan) && kind != DENY_PRIVATE) {
		denial->means = DENIAL_UNREACHED;
		return;
	}
	if (!fact) {
		denial->lacks = "it was not looked up";
		return;
	}
	if (denial->is_by_link) {
		denial->lacks = "the name is a link, or lies behind one, that can be replaced";
		return;
	}
	if (strchr(denial->path, '*')) {
		plan_pattern_denial(tree, denial, fact);
		return;
	}
	if (kind == DENY_PRIVATE) {
		plan_private(tree, denial, fact);
		return;
	}
	if (fact->errnum == ENOENT || fact->errnum == ENOTDIR) {
		plan_missing(tree, denial, fact);
		return;
	}
	if (fact->errnum) {
		denial->lacks = "it could not be looked at";
		return;
	}
	/* TMPDIR lies in it: it is refused in the form of an own directory */
	if (kind != DENY_WRITE && tree->plan->tmpdir &&
	    path_is_under(denial->path, tree->plan->tmpdir)) {
		add_private(tree, denial, fact);
		return;
	}
	if (kind == DENY_HIDE && leave_out(tree, denial))
		return;
	denial->means = DENIAL_MASKED;
	if (fact->has_link)
		denial->lacks = "the name is a link, or lies behind one, that can be replaced";
	else if (kind == DENY_HIDE)
		denial->lacks = "its name is still listed where it lies";
	add_mask(tree, denial, denial->path, fact->type, fact->dev, fact->ino);
}
