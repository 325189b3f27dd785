/* SPDX-License-Identifier: MIT */
/*
 * tree.c - the tree of files that the command sees: what is to lie where.
 *
 * Two shapes (tier.c chooses). The host's tree, read-only, with what may be written bound back over
 * it; or a new tree, in which there is nothing but what is granted. Both get the same: grants,
 * masks and read-only binds for what is denied, private directories, a fresh /proc and /dev/pts.
 * tree_walk.c makes operations of them.
 */
#include "plan/tree.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "plan/pattern.h"

#define ALL_ACCESS (GRANT_READ | GRANT_WRITE | GRANT_EXECUTE)

const struct name mount_kind_names[MOUNT_KIND_MAX] = {
	[MOUNT_BIND] = { "bind", "the host's" },
	[MOUNT_READ_ONLY_ALL] = { "read-only", "everything that is mounted" },
	[MOUNT_TMPFS] = { "own", "an empty directory of its own" },
	[MOUNT_MASK_DIRECTORY] = { "mask-directory", "nobody may open it" },
	[MOUNT_MASK_FILE] = { "mask-file", "nobody may open it" },
	[MOUNT_PROC] = { "proc", "of the new pid namespace" },
	[MOUNT_DEVPTS] = { "devpts", "terminals of its own" },
	[MOUNT_DIRECTORY] = { "directory", "on the way to what is granted" },
	[MOUNT_LINK] = { "link", "as the host's" },
	[MOUNT_RULE] = { "rule", "Landlock's, for a part of a fresh file system" },
};

bool tree_limits_files(const struct plan *plan)
{
	return plan->has_new_root || is_wanted(plan, PROTECT_FILES);
}

void tree_add(struct tree *tree, const struct thing *thing)
{
	struct thing *things = arena_grow(&tree->plan->arena, tree->things, tree->n_things,
					  &tree->capacity, sizeof(*things));

	if (!things) {
		tree->has_failed = true;
		return;
	}
	tree->things = things;
	things[tree->n_things++] = *thing;
}

struct plan_mount_op *tree_add_op(struct tree *tree, const struct plan_mount_op *op)
{
	struct plan *plan = tree->plan;
	struct plan_mount_op *ops = arena_grow(&plan->arena, plan->mount_ops, plan->n_mount_ops,
					       &tree->ops_capacity, sizeof(*ops));

	if (!ops) {
		tree->has_failed = true;
		return NULL;
	}
	plan->mount_ops = ops;
	ops[plan->n_mount_ops] = *op;
	return &ops[plan->n_mount_ops++];
}

uint64_t tree_access(const struct tree *tree, const char *path)
{
	uint64_t access = tree_limits_files(tree->plan) ? 0 : UINT64_MAX;
	const struct path_index *index = &tree->grants;
	size_t at;

	for (at = path_index_above(index, path); at; at = index->items[at - 1].above)
		access |= tree->plan->grants[index->items[at - 1].id].access;
	index = &tree->denials;
	for (at = path_index_above(index, path); at; at = index->items[at - 1].above)
		access &= ~denial_takes(&tree->plan->denials[index->items[at - 1].id]);
	return access;
}

static void add_grant(struct tree *tree, const struct plan_rule *grant)
{
	const struct path_fact *fact = &tree->input->facts[grant->fact];

	tree_add(tree, &(struct thing){ .path = grant->path,
					.kind = THING_GRANT,
					.origin = grant->origin,
					.access = grant->access,
					.dev = fact->dev,
					.ino = fact->ino,
					.type = fact->type });
}

/* TMPDIR is the private directory that it would lie in; a fresh one on the host is not made. */
static void choose_tmpdir(struct tree *tree)
{
	struct plan *plan = tree->plan;

	if (!plan->tmpdir)
		return;
	for (size_t i = 0; i < plan->n_denials; i++) {
		const struct plan_denial *denial = &plan->denials[i];

		if (denial->means != DENIAL_PRIVATE || !path_is_under(denial->path, plan->tmpdir))
			continue;
		plan->tmpdir_value = denial->path;
		plan->tmpdir = NULL;
		plan->tmpdir_access = 0;
		return;
	}
	tree_add(tree, &(struct thing){ .path = plan->tmpdir,
					.kind = THING_TMPDIR,
					.origin = "TMPDIR",
					.access = kinds_to_access(ALL_ACCESS),
					.type = S_IFDIR });
}

/* What is granted on a directory by itself and above, and strictly beneath. */
static uint64_t granted_beneath(const struct plan *plan, const char *path, const char *except)
{
	uint64_t access = 0;

	for (size_t i = 0; i < plan->n_grants; i++) {
		const struct plan_rule *grant = &plan->grants[i];

		if (path_is_under(path, grant->path) && strcmp(path, grant->path) != 0 &&
		    (!except || strcmp(except, grant->path) != 0))
			access |= grant->access;
	}
	return access;
}

static void add_proc(struct tree *tree)
{
	struct plan *plan = tree->plan;
	uint64_t access = tree_access(tree, "/proc") | granted_beneath(plan, "/proc", NULL);

	if (!has_ns(plan, HOST_NS_PID) || plan->host.mount.can_proc != HOST_YES ||
	    (plan->has_new_root && !grants_proc(plan)))
		return;
	tree_add(tree, &(struct thing){ .path = "/proc",
					.kind = THING_PROC,
					.origin = "pid namespace",
					.access = tree_access(tree, "/proc"),
					.flags = access & FS_CHANGES && !plan->profile->is_room
							 ? 0
							 : MOUNT_RDONLY,
					.type = S_IFDIR });
	for (size_t i = 0; i < plan->n_grants && !plan->has_tree; i++)
		if (path_is_under("/proc", plan->grants[i].path) &&
		    strcmp(plan->grants[i].path, "/proc") != 0)
			add_grant(tree, &plan->grants[i]);
}

static void add_link(struct tree *tree, const char *path, const char *target)
{
	tree_add(tree, &(struct thing){ .path = path,
					.kind = THING_LINK,
					.origin = "as on the host",
					.target = target });
}

/* Granted by this name: so it is there. */
static bool is_granted(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->n_grants; i++)
		if (!strcmp(plan->grants[i].path, path))
			return true;
	return false;
}

/* Terminals of its own, where all of /dev/pts is granted; one terminal by name is the host's. */
static void add_devices(struct tree *tree)
{
	static const char *const links[][2] = { { "/dev/fd", "/proc/self/fd" },
						{ "/dev/stdin", "/proc/self/fd/0" },
						{ "/dev/stdout", "/proc/self/fd/1" },
						{ "/dev/stderr", "/proc/self/fd/2" } };
	struct plan *plan = tree->plan;
	bool has_terminals = is_granted(plan, "/dev/pts") &&
			     (tree_access(tree, "/dev/pts") & FS_READS) &&
			     !granted_beneath(plan, "/dev/pts", "/dev/pts/ptmx");

	if (has_terminals && tree_limits_files(plan)) {
		tree_add(tree, &(struct thing){ .path = "/dev/pts",
						.kind = THING_DEVPTS,
						.origin = "terminals of its own",
						.type = S_IFDIR });
		if (plan->has_new_root)
			add_link(tree, "/dev/ptmx", "pts/ptmx");
	}
	if (!plan->has_new_root || !grants_proc(plan) || !granted_beneath(plan, "/dev", NULL))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++)
		add_link(tree, links[i][0], links[i][1]);
}

/* Where a link leads by its text alone: what is behind another link is that one's matter. */
static const char *link_leads(struct tree *tree, const struct path_link *link)
{
	const char *slash = strrchr(link->path, '/');
	const char *target = link->target;

	if (target[0] == '/')
		return target;
	while (!strncmp(target, "./", 2))
		target += 2;
	for (; !strncmp(target, "../", 3) && slash > link->path; target += 3)
		while (slash > link->path && *--slash != '/')
			continue;
	return arena_printf(&tree->plan->arena, "%.*s/%s", (int)(slash - link->path), link->path,
			    target);
}

/* Links to what is in the tree. The name of any other would only be seen. */
static void add_links(struct tree *tree)
{
	const struct plan_input *input = tree->input;

	for (size_t i = 0; tree->plan->has_new_root && i < input->n_links; i++) {
		const struct path_link *link = &input->links[i];
		const char *leads = link_leads(tree, link);

		if (!leads)
			tree->has_failed = true;
		else if (link->is_on_way || tree_access(tree, leads) ||
			 granted_beneath(tree->plan, leads, NULL))
			add_link(tree, link->path, link->target);
	}
}

static int index_paths(struct tree *tree)
{
	struct plan *plan = tree->plan;
	size_t n = plan->n_grants + plan->n_denials;
	const char **paths = arena_calloc(&plan->arena, n + 1, sizeof(*paths));
	int r;

	if (!paths)
		return -ENOMEM;
	for (size_t i = 0; i < plan->n_grants; i++)
		paths[i] = plan->grants[i].path;
	r = path_index_make(&plan->arena, paths, plan->n_grants, &tree->grants);
	if (r < 0)
		return r;
	for (size_t i = 0; i < plan->n_denials; i++)
		paths[i] = strchr(plan->denials[i].path, '*') ? NULL : plan->denials[i].path;
	return path_index_make(&plan->arena, paths, plan->n_denials, &tree->denials);
}

static void collect(struct tree *tree)
{
	const struct plan_input *input = tree->input;
	struct plan *plan = tree->plan;

	add_proc(tree);
	if (!plan->has_tree)
		return;
	if (!plan->has_new_root && tree_limits_files(plan))
		(void)tree_add_op(tree, &(struct plan_mount_op){ .kind = MOUNT_READ_ONLY_ALL,
								 .flags = MOUNT_RDONLY,
								 .path = "/",
								 .is_directory = true,
								 .origin = "metadata" });
	for (size_t i = 0; i < plan->n_grants && tree_limits_files(plan); i++)
		add_grant(tree, &plan->grants[i]);
	for (size_t i = 0; i < plan->n_denials; i++)
		tree_plan_denial(tree, &plan->denials[i],
				 input->denial_facts ? &input->denial_facts[i] : NULL);
	choose_tmpdir(tree);
	add_devices(tree);
	add_links(tree);
}

const struct plan_mount_op *plan_mount_over(const struct plan *plan, const char *path)
{
	const struct plan_mount_op *over = NULL;

	for (size_t i = 0; i < plan->n_mount_ops; i++)
		if (plan->mount_ops[i].kind != MOUNT_RULE &&
		    path_is_under(plan->mount_ops[i].path, path))
			over = &plan->mount_ops[i];
	return over;
}

/* True if a directory of the host can be entered in the tree that was planned. */
static bool is_in_tree(const struct plan *plan, const char *path)
{
	const struct plan_mount_op *over = plan_mount_over(plan, path);

	if (!over)
		return !plan->has_new_root || !strcmp(path, "/");
	switch (over->kind) {
	case MOUNT_BIND:
	case MOUNT_READ_ONLY_ALL:
		return true;
	case MOUNT_TMPFS:
	case MOUNT_DIRECTORY:
	case MOUNT_PROC:
	case MOUNT_DEVPTS:
		return !strcmp(over->path, path);
	default:
		return false;
	}
}

/*
 * The directory is entered again, by name, in the new tree. Where the caller's is not part of
 * it, and nobody has asked for it, the command starts at the top.
 */
static void choose_workdir(struct plan *plan)
{
	const char *workdir = plan->workdir ? plan->workdir : plan->profile->workdir;

	if (!plan->workdir && (!workdir || !is_in_tree(plan, workdir)))
		workdir = "/";
	plan->workdir = workdir;
}

int plan_tree(struct plan *plan, const struct plan_input *input, struct croft_error *err)
{
	struct tree tree = { .plan = plan, .input = input };
	int r;

	if (plan->tier != TIER_NAMESPACES)
		return 0;
	r = index_paths(&tree);
	if (r == 0) {
		collect(&tree);
		r = tree_walk(&tree);
	}
	if (r < 0)
		return fail(err, CROFT_STAGE_PLAN, -r, "plan the tree of files");
	choose_workdir(plan);
	return 0;
}
