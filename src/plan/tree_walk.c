/* SPDX-License-Identifier: MIT */
/*
 * tree_walk.c - from things at paths to operations on mounts.
 *
 * The things are sorted by path, so that what is under a directory follows it at once: one walk
 * with a stack of the places that it is in. Each place knows what is granted there (all that is
 * granted above it, too: Landlock's rules work downwards, and mounts must not take away what they
 * give), and which kind of mount it lies in. An operation is made only where that mount is not
 * what the place needs: so the list is no longer than grants, denials and pins together.
 *
 * A denial is stronger than any grant, wherever the grant stands: beneath a mask there is nothing.
 * Private directories are the exception: a grant beneath one comes back in it.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "plan/pattern.h"
#include "plan/tree.h"

/* A tree of our own, in which nothing is that was not put there. */
struct empty {
	const char *top;
	const char *last; /* what was put there last; NULL: nothing yet */
};

/* A place that the walk is in. */
struct place {
	const char *path;
	uint64_t access; /* granted here, by all that is above, too */
	unsigned flags; /* of the mount that it lies in */
	struct empty *empty; /* it lies in this one; NULL: in what the host has */
	bool is_masked; /* nothing beneath counts */
	bool is_proc; /* in a fresh proc: nothing of the host's is there */
	bool is_private; /* in a private directory, whose rule gives everything on what is in it */
	bool refuses_writing; /* by a denial */
	bool is_anew; /* a directory whose entries are put into it one by one */
};

struct walk {
	struct tree *tree;
	struct place *stack;
	size_t depth;
};

/* All things at one path. */
struct node {
	const char *path;
	uint64_t access;
	const struct thing *of[THING_LINK + 1]; /* the first of each kind */
};

static struct empty *new_empty(struct walk *walk, const char *top)
{
	struct empty *empty = arena_calloc(&walk->tree->plan->arena, 1, sizeof(*empty));

	if (empty)
		empty->top = top;
	else
		walk->tree->has_failed = true;
	return empty;
}

static int compare_things(const void *a, const void *b)
{
	const struct thing *x = a, *y = b;
	int order = path_order(x->path, y->path);

	return order ? order : (int)x->kind - (int)y->kind;
}

static bool is_near_devices(const char *path)
{
	return path_is_under("/dev", path) || !strcmp(path, "/");
}

/*
 * The flags that a mount with this access gets. Where Landlock judges what is executed, mounts
 * leave it to it: noexec would also refuse to map libraries. A device or socket is used, not
 * changed, by who writes to it: that works on read-only mounts, and chmod does not.
 */
static unsigned flags_of(const struct plan *plan, const struct place *in, uint64_t access,
			 const char *path, mode_t type)
{
	/* gVisor, which has no mount_setattr, refuses to write to devices there */
	bool is_node = type && type != S_IFDIR && type != S_IFREG &&
		       plan->host.mount.has_new_api == HOST_YES;
	bool judges_exec = (plan->handled_fs & ABI_LANDLOCK_FS_EXECUTE) && !in->is_private;
	unsigned flags = 0;

	if (!(access & FS_CHANGES & ~ABI_LANDLOCK_FS_REFER) || is_node)
		flags |= MOUNT_RDONLY;
	if (!(access & ABI_LANDLOCK_FS_EXECUTE) && is_wanted(plan, PROTECT_EXEC) && !judges_exec)
		flags |= MOUNT_NOEXEC;
	if (!plan->has_new_root)
		return flags;
	if (!(access & ABI_LANDLOCK_FS_IOCTL_DEV) && is_wanted(plan, PROTECT_DEVICES) && !is_node &&
	    (in->empty ? !is_near_devices(path) : (in->flags & MOUNT_NODEV) != 0))
		flags |= MOUNT_NODEV;
	return flags | MOUNT_NOSUID;
}

/* The directories above `path` that are not there yet, and the mark that it is. */
static void make_way(struct walk *walk, struct place *in, const char *path)
{
	struct arena *arena = &walk->tree->plan->arena;

	for (const char *slash = strchr(path + 1, '/'); slash && in->empty;
	     slash = strchr(slash + 1, '/')) {
		const char *above = arena_strndup(arena, path, (size_t)(slash - path));

		if (!above) {
			walk->tree->has_failed = true;
			return;
		}
		if (path_is_under(above, in->empty->top) ||
		    (in->empty->last && path_is_under(above, in->empty->last)))
			continue;
		(void)tree_add_op(walk->tree, &(struct plan_mount_op){
						      .kind = MOUNT_DIRECTORY,
						      .path = above,
						      .is_directory = true,
						      .origin = "the way to a grant",
					      });
	}
	if (in->empty)
		in->empty->last = path;
}

static void put(struct walk *walk, struct place *in, const struct plan_mount_op *op)
{
	make_way(walk, in, op->path);
	(void)tree_add_op(walk->tree, op);
}

static void put_mask(struct walk *walk, struct place *in, const struct node *node)
{
	const struct thing *mask = node->of[THING_MASK];
	bool is_directory = mask->type == S_IFDIR;

	put(walk, in,
	    &(struct plan_mount_op){
		    .kind = is_directory ? MOUNT_MASK_DIRECTORY : MOUNT_MASK_FILE,
		    .flags = MOUNT_RDONLY | MOUNT_NOSUID | MOUNT_NODEV | MOUNT_NOEXEC,
		    .path = node->path,
		    .dev = in->is_proc ? 0 : mask->dev,
		    .ino = in->is_proc ? 0 : mask->ino,
		    .is_directory = is_directory,
		    .origin = mask->origin,
	    });
}

/* Rights that Landlock handles of those that a fresh file system is to have. */
static uint64_t rule_access(const struct plan *plan, uint64_t access, bool is_directory)
{
	access &= plan->handled_fs & known_fs(plan);
	return is_directory ? access : access & ABI_LANDLOCK_FS_ON_FILE;
}

static void put_private(struct walk *walk, struct place *in, const struct thing *thing)
{
	const struct plan *plan = walk->tree->plan;

	put(walk, in,
	    &(struct plan_mount_op){
		    .kind = MOUNT_TMPFS,
		    .flags = MOUNT_NOSUID | MOUNT_NODEV,
		    .path = thing->path,
		    .dev = in->empty ? 0 : thing->dev,
		    .ino = in->empty ? 0 : thing->ino,
		    .is_directory = true,
		    .access = rule_access(
			    plan, kinds_to_access(GRANT_READ | GRANT_WRITE | GRANT_EXECUTE), true),
		    .origin = thing->origin,
	    });
}

/* A fresh proc or devpts, for the processes in there. */
static void put_fresh(struct walk *walk, struct place *in, const struct thing *thing,
		      uint64_t access)
{
	const struct plan *plan = walk->tree->plan;
	bool is_proc = thing->kind == THING_PROC;
	unsigned flags = MOUNT_NOSUID | MOUNT_NOEXEC;

	if (is_proc)
		flags |= MOUNT_NODEV | thing->flags;
	put(walk, in,
	    &(struct plan_mount_op){
		    .kind = is_proc ? MOUNT_PROC : MOUNT_DEVPTS,
		    .flags = flags,
		    .path = thing->path,
		    .is_directory = true,
		    .access = rule_access(plan, access, true),
		    .origin = thing->origin,
	    });
}

static void put_bind(struct walk *walk, struct place *in, const struct node *node,
		     const struct thing *thing, unsigned flags)
{
	put(walk, in,
	    &(struct plan_mount_op){
		    .kind = MOUNT_BIND,
		    .flags = flags,
		    .path = node->path,
		    .dev = thing->dev,
		    .ino = thing->ino,
		    .is_directory = !thing->type || thing->type == S_IFDIR,
		    .origin = thing->origin,
	    });
}

/* What lies at a place, for its type and inode: whoever has looked. */
static const struct thing *known_thing(const struct node *node)
{
	static const enum thing_kind order[] = { THING_READ_ONLY, THING_CLOSED, THING_GRANT,
						 THING_ENTRY,     THING_TMPDIR, THING_PIN };
	const struct thing *best = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		const struct thing *thing = node->of[order[i]];

		if (thing && (!best || (!best->ino && thing->ino)))
			best = thing;
	}
	return best;
}

/* A rule for what is there by then: no rule of the host's files holds for it, or above it. */
static void put_rule(struct walk *walk, struct place *in, const struct node *node,
		     const char *origin, uint64_t access, bool is_directory)
{
	access = rule_access(walk->tree->plan, access, is_directory);
	if (access)
		put(walk, in,
		    &(struct plan_mount_op){ .kind = MOUNT_RULE,
					     .path = node->path,
					     .is_directory = is_directory,
					     .access = access,
					     .origin = origin });
}

/* In a fresh proc the rules for parts of it are made anew; a number means another process there. */
static void put_rule_in_proc(struct walk *walk, struct place *in, const struct node *node)
{
	const struct thing *grant = node->of[THING_GRANT];
	bool is_number = node->path[6] >= '0' && node->path[6] <= '9';

	if (grant && !is_number)
		put_rule(walk, in, node, grant->origin, node->access, grant->type == S_IFDIR);
}

/* Puts the mount that a place needs, if the one it lies in is not that. */
static void visit_bind(struct walk *walk, struct place *in, const struct node *node,
		       struct place *here)
{
	const struct thing *thing = known_thing(node);
	const struct plan *plan = walk->tree->plan;
	uint64_t access = here->refuses_writing ? here->access & ~FS_CHANGES : here->access;
	bool is_entry = node->of[THING_ENTRY] && in->is_anew && access;
	bool is_forced = node->of[THING_PIN] || node->of[THING_CLOSED];
	unsigned flags;

	/* in an empty tree only what is granted there is put, and no pin on the way to it */
	if (!thing || (in->empty && !node->access && !is_entry))
		return;
	flags = flags_of(plan, in, access, node->path, thing->type);
	if (node->of[THING_CLOSED])
		flags |= MOUNT_RDONLY;
	/* the host's tree as it is has no flags of ours: what it needs is only not to be changed */
	if (!in->empty && !is_forced && flags == in->flags)
		return;
	put_bind(walk, in, node, thing, flags);
	/* the rule of the directory that it lies in on the host does not reach it here */
	if (is_entry)
		put_rule(walk, in, node, thing->origin, here->access, thing->type == S_IFDIR);
	here->flags = flags;
	here->empty = NULL;
}

/* A directory made anew can be listed; what is in it is given entry by entry. */
static void visit_anew(struct walk *walk, struct place *in, const struct node *node,
		       struct place *here)
{
	const struct thing *thing = node->of[THING_ANEW];

	/* not what lies in a private directory and is not granted there */
	if (!in->empty || !(in->is_anew || node->access))
		return;
	put(walk, in,
	    &(struct plan_mount_op){ .kind = MOUNT_DIRECTORY,
				     .path = node->path,
				     .is_directory = true,
				     .origin = thing->origin });
	put_rule(walk, in, node, thing->origin, here->access & ABI_LANDLOCK_FS_READ_DIR, true);
	here->is_anew = true;
}

static void visit_link(struct walk *walk, struct place *in, const struct node *node)
{
	const struct thing *link = node->of[THING_LINK];

	if (in->empty)
		put(walk, in,
		    &(struct plan_mount_op){ .kind = MOUNT_LINK,
					     .path = node->path,
					     .source = link->target,
					     .origin = link->origin });
}

static void visit_mask(struct walk *walk, struct place *in, const struct node *node,
		       struct place *here)
{
	struct plan_denial *denial = node->of[THING_MASK]->denial;

	here->is_masked = true;
	if (in->empty)
		return;
	put_mask(walk, in, node);
	if (denial->means == DENIAL_UNREACHED)
		denial->means = DENIAL_MASKED;
}

static void visit(struct walk *walk, const struct node *node)
{
	struct place *in = &walk->stack[walk->depth - 1], *here = in + 1;

	if (in->is_masked)
		return;
	*here = *in;
	here->path = node->path;
	here->is_anew = false;
	here->access |= node->access;
	here->refuses_writing |= node->of[THING_READ_ONLY] != NULL;
	walk->depth++;
	if (node->of[THING_LEFT_OUT] && in->is_anew) {
		here->is_masked = true;
	} else if (node->of[THING_MASK]) {
		visit_mask(walk, in, node, here);
	} else if (in->is_proc) {
		put_rule_in_proc(walk, in, node);
	} else if (node->of[THING_LINK]) {
		visit_link(walk, in, node);
	} else if (node->of[THING_PROC]) {
		put_fresh(walk, in, node->of[THING_PROC], node->of[THING_PROC]->access);
		here->is_proc = true;
		here->empty = NULL;
	} else if (node->of[THING_DEVPTS]) {
		put_fresh(walk, in, node->of[THING_DEVPTS], here->access);
		/* the host's terminals are not in it */
		here->is_masked = true;
	} else if (node->of[THING_PRIVATE]) {
		put_private(walk, in, node->of[THING_PRIVATE]);
		here->empty = new_empty(walk, node->path);
		here->is_private = true;
	} else if (node->of[THING_ANEW]) {
		visit_anew(walk, in, node, here);
	} else {
		visit_bind(walk, in, node, here);
	}
}

int tree_walk(struct tree *tree)
{
	const struct plan *plan = tree->plan;
	struct walk walk = { .tree = tree };
	size_t i = 0;

	walk.stack = arena_calloc(&tree->plan->arena, tree->n_things + 2, sizeof(*walk.stack));
	if (!walk.stack)
		return -ENOMEM;
	if (tree->n_things)
		qsort(tree->things, tree->n_things, sizeof(*tree->things), compare_things);
	walk.stack[walk.depth++] = (struct place){
		.path = "/",
		.empty = plan->has_new_root ? new_empty(&walk, "/") : NULL,
		.access = tree_limits_files(plan) ? 0 : UINT64_MAX,
		.flags = tree_limits_files(plan) ? MOUNT_RDONLY : 0,
	};
	while (i < tree->n_things && !tree->has_failed) {
		struct node node = { .path = tree->things[i].path };

		for (; i < tree->n_things && !strcmp(tree->things[i].path, node.path); i++) {
			const struct thing *thing = &tree->things[i];

			node.access |= thing->kind == THING_GRANT || thing->kind == THING_TMPDIR
					       ? thing->access
					       : 0;
			if (!node.of[thing->kind])
				node.of[thing->kind] = thing;
		}
		while (walk.depth > 1 && !path_is_under(walk.stack[walk.depth - 1].path, node.path))
			walk.depth--;
		visit(&walk, &node);
	}
	return tree->has_failed ? -ENOMEM : 0;
}
