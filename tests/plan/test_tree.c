/* SPDX-License-Identifier: MIT */
/*
 * test_tree.c - the operations on mounts, done on a small model: what is denied is out of reach,
 * and what is granted is there.
 *
 * Random trees, random grants on their names (beneath one another, on files, twice), random denials
 * of every kind (on names that are there and that are not, by patterns, above and below grants),
 * on hosts with Landlock and without, with the new mount API and without, where the tree is the
 * host's and where it is a new one. The model is what the kernel does with a list of mounts: on a
 * path the last one wins that was put on it or above it. Landlock's part is the plan's own rules.
 * What must hold is worked out from grants and denials alone, one by one, without the planner's
 * indexes and stacks.
 *
 * Seeds are fixed: a failure comes again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "plan/parts.h"
#include "plan/pattern.h"

#define N_TRIALS 12000
#define MAX_NAMES 48
#define MAX_GRANTS 10
#define MAX_DENIALS 6
#define PATH_BYTES 160

struct world {
	char names[MAX_NAMES][PATH_BYTES];
	bool is_directory[MAX_NAMES];
	size_t n_names;

	char denied[MAX_DENIALS][PATH_BYTES];
	struct denial_fact denial_facts[MAX_DENIALS];
	struct denial_name found[MAX_DENIALS][MAX_NAMES];

	struct directory_fact directories[MAX_NAMES];
	struct entry_fact entries[MAX_NAMES][MAX_NAMES];
	size_t n_directories;

	struct path_fact facts[MAX_GRANTS + 1];
	struct host host;
	struct profile *profile;
	struct plan *plan;
	unsigned trial;
};

static uint64_t state;

static unsigned random_below(unsigned n)
{
	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned)(state >> 33) % n;
}

static size_t find_name(const struct world *world, const char *path)
{
	size_t i = 0;

	while (i < world->n_names && strcmp(world->names[i], path) != 0)
		i++;
	return i;
}

static const char *const parts[] = { "a", "a-b", "b", "ab", "c", "d e" };

static void make_names(struct world *world)
{
	(void)snprintf(world->names[0], PATH_BYTES, "/");
	world->is_directory[0] = true;
	world->n_names = 1;
	for (unsigned tries = 10 + random_below(60); tries > 0; tries--) {
		size_t parent = random_below((unsigned)world->n_names);
		char name[PATH_BYTES + 8];

		if (!world->is_directory[parent] || strlen(world->names[parent]) > 100 ||
		    world->n_names == MAX_NAMES)
			continue;
		(void)snprintf(name, sizeof(name), "%s/%s", parent ? world->names[parent] : "",
			       parts[random_below(ARRAY_SIZE(parts))]);
		if (find_name(world, name) < world->n_names)
			continue;
		memcpy(world->names[world->n_names], name, strlen(name) + 1);
		world->is_directory[world->n_names++] = random_below(3) != 0;
	}
}

/* Every directory, with what is directly in it. */
static void list_directories(struct world *world)
{
	for (size_t i = 0; i < world->n_names; i++) {
		struct directory_fact *dir = &world->directories[world->n_directories];
		size_t len = i ? strlen(world->names[i]) : 0;

		if (!world->is_directory[i])
			continue;
		*dir = (struct directory_fact){ .path = world->names[i],
						.ino = i + 1,
						.errnum = random_below(8) ? 0 : EFBIG,
						.entries = world->entries[i] };
		for (size_t j = 1; j < world->n_names; j++)
			if (path_is_under(world->names[i], world->names[j]) &&
			    strlen(world->names[j]) > len &&
			    !strchr(world->names[j] + len + 1, '/'))
				world->entries[i][dir->n_entries++] = (struct entry_fact){
					.name = world->names[j] + len + 1,
					.type = world->is_directory[j] ? S_IFDIR : S_IFREG,
					.ino = j + 1,
					.fact = SIZE_MAX,
				};
		world->n_directories++;
	}
}

static void add_grants(struct world *world)
{
	for (unsigned i = random_below(MAX_GRANTS); i > 0; i--) {
		size_t name = random_below((unsigned)world->n_names);
		unsigned kinds[] = { GRANT_READ, GRANT_READ | GRANT_EXECUTE,
				     GRANT_READ | GRANT_WRITE,
				     GRANT_READ | GRANT_WRITE | GRANT_EXECUTE };
		size_t n = world->profile->n_grants;

		if (name == 0 && random_below(4))
			continue;
		world->facts[n] =
			(struct path_fact){ .fd = -1,
					    .type = world->is_directory[name] ? S_IFDIR : S_IFREG,
					    .ino = name + 1 };
		assert_int_equal(profile_add_path(world->profile, kinds[random_below(4)],
						  world->names[name], "--grant", NULL),
				 0);
	}
}

static void look_up_pattern(struct world *world, size_t i)
{
	struct denial_fact *fact = &world->denial_facts[i];

	fact->names = world->found[i];
	for (size_t j = 0; j < world->n_names; j++)
		if (pattern_covers(world->denied[i], world->names[j]))
			world->found[i][fact->n_names++] = (struct denial_name){
				.path = world->names[j],
				.type = world->is_directory[j] ? S_IFDIR : S_IFREG,
				.ino = j + 1,
			};
}

/* What croft finds at a denied name. */
static void look_up(struct world *world, size_t i)
{
	struct denial_fact *fact = &world->denial_facts[i];
	size_t name = find_name(world, world->denied[i]);
	char path[PATH_BYTES];

	if (strchr(world->denied[i], '*')) {
		look_up_pattern(world, i);
		return;
	}
	if (name < world->n_names) {
		fact->type = world->is_directory[name] ? S_IFDIR : S_IFREG;
		fact->ino = name + 1;
		return;
	}
	fact->errnum = ENOENT;
	(void)snprintf(path, sizeof(path), "%s", world->denied[i]);
	do {
		char *slash = strrchr(path, '/');

		slash[slash == path] = '\0';
		name = find_name(world, path);
	} while (name == world->n_names);
	if (!world->is_directory[name])
		fact->errnum = ENOTDIR;
	fact->above = world->names[name];
	fact->above_ino = name + 1;
}

static void add_denials(struct world *world)
{
	static const char *const patterns[] = { "/**/ab", "/a/*", "/*/b", "/a/**/c", "/b*" };

	for (unsigned n = random_below(MAX_DENIALS), i = 0; i < n; i++) {
		size_t name = 1 + random_below((unsigned)world->n_names);
		const char *missing = random_below(3) ? "" : random_below(2) ? "/x" : "/x/y";
		const char *path = name < world->n_names ? world->names[name] : "";
		bool is_pattern = random_below(8) == 0;

		(void)snprintf(world->denied[i], PATH_BYTES, "%s%s",
			       is_pattern ? patterns[random_below(ARRAY_SIZE(patterns))] : path,
			       is_pattern ? ""
			       : *path    ? missing
			       : *missing ? missing
					  : "/x");
		assert_int_equal(profile_add_denial(world->profile,
						    (enum denial_kind)random_below(
							    is_pattern ? DENY_PRIVATE : DENY_MAX),
						    world->denied[i], "--deny", NULL),
				 0);
		look_up(world, i);
	}
}

static void make_host(struct world *world)
{
	world->host = (struct host){
		.kernel_release = "6.0",
		.uid = 1000,
		.landlock = { .abi = random_below(2) ? 7 : 0 },
		.mount = { .has_new_api = random_below(3) ? HOST_YES : HOST_NO,
			   .can_proc = HOST_YES },
	};
	world->host.landlock.errnum = world->host.landlock.abi ? 0 : ENOSYS;
	for (int i = 0; i < HOST_NS_MAX; i++)
		world->host.ns[i].works = HOST_YES;
}

static void make_world(struct world *world, unsigned trial)
{
	static const char *const argv[] = { "job", NULL };
	struct croft_error err;
	struct plan_input input = { .host = &world->host,
				    .facts = world->facts,
				    .denial_facts = world->denial_facts,
				    .directories = world->directories,
				    .argv = argv };

	memset(world, 0, sizeof(*world));
	world->trial = trial;
	state = 77 + (uint64_t)trial * 7919;
	make_host(world);
	make_names(world);
	list_directories(world);
	assert_int_equal(profile_new("empty", NULL, NULL, &world->profile, NULL), 0);
	world->profile->may_write_root = true;
	world->profile->tier = TIER_ONLY_NAMESPACES;
	add_grants(world);
	add_denials(world);
	if (random_below(2))
		world->profile->require[PROTECT_HIDDEN] = REQUIRE_REQUIRE;
	input.profile = world->profile;
	input.n_directories = world->n_directories;
	if (plan_build(&input, &world->plan, &err) < 0)
		fail_msg("trial %u: %s", trial, err.what);
}

static void free_world(struct world *world)
{
	plan_free(world->plan);
	profile_free(world->profile);
}

/* What lies on a path when all is done: the last that was put on it or above it. */
static const struct plan_mount_op *winner(const struct plan *plan, const char *path)
{
	const struct plan_mount_op *op = NULL;

	for (size_t i = 0; i < plan->n_mount_ops; i++)
		if (plan->mount_ops[i].kind != MOUNT_RULE &&
		    path_is_under(plan->mount_ops[i].path, path))
			op = &plan->mount_ops[i];
	return op;
}

/* What the mounts let be done with what the host has at a path: bits of enum grant_kind. */
static unsigned mounts_give(const struct plan *plan, const char *path)
{
	const struct plan_mount_op *op = winner(plan, path);
	unsigned flags = op ? op->flags : 0;

	if (!op && plan->has_new_root)
		return 0;
	if (op && op->kind != MOUNT_BIND && op->kind != MOUNT_READ_ONLY_ALL)
		return 0;
	return GRANT_READ | (flags & MOUNT_RDONLY ? 0 : GRANT_WRITE) |
	       (flags & MOUNT_NOEXEC ? 0 : GRANT_EXECUTE);
}

/* What Landlock gives for what lies at one path alone: rules hang on what is there. */
static uint64_t rules_on(const struct plan *plan, const char *path)
{
	const struct plan_mount_op *op = winner(plan, path);
	bool is_own =
		op ? op->kind == MOUNT_TMPFS || op->kind == MOUNT_DIRECTORY : plan->has_new_root;
	uint64_t access = 0;

	for (size_t i = 0; i < plan->n_rules && !is_own; i++)
		if (!strcmp(plan->rules[i].path, path))
			access |= plan->rules[i].access;
	for (size_t i = 0; i < plan->n_mount_ops; i++)
		if (!strcmp(plan->mount_ops[i].path, path) &&
		    (&plan->mount_ops[i] == op || plan->mount_ops[i].kind == MOUNT_RULE))
			access |= plan->mount_ops[i].access;
	return access;
}

/* Landlock, if there is one: what the path and all above it have been given. */
static bool rules_allow(const struct plan *plan, const char *path, uint64_t access)
{
	char above[PATH_BYTES];

	access &= plan->handled_fs & ~rules_on(plan, "/");
	(void)snprintf(above, sizeof(above), "%s", path);
	for (; *above; *strrchr(above, '/') = '\0')
		access &= ~rules_on(plan, above);
	return !access;
}

static unsigned landlock_gives(const struct plan *plan, const char *path)
{
	const uint64_t on_file = ABI_LANDLOCK_FS_WRITE_FILE | ABI_LANDLOCK_FS_TRUNCATE;
	unsigned kinds = 0;

	if (rules_allow(plan, path, ABI_LANDLOCK_FS_READ_FILE))
		kinds |= GRANT_READ;
	if (rules_allow(plan, path, on_file))
		kinds |= GRANT_WRITE;
	if (rules_allow(plan, path, ABI_LANDLOCK_FS_EXECUTE))
		kinds |= GRANT_EXECUTE;
	return kinds;
}

static unsigned gives(const struct plan *plan, const char *path)
{
	return mounts_give(plan, path) & landlock_gives(plan, path);
}

/* What grants and denials, asked one by one, give on a path. */
static unsigned should_give(const struct world *world, const char *path)
{
	const struct profile *profile = world->profile;
	const char *private_above = NULL;
	unsigned kinds = 0;
	bool has_any = false;

	for (size_t i = 0; i < profile->n_denials; i++)
		if (world->plan->denials[i].means == DENIAL_PRIVATE &&
		    path_is_under(world->plan->denials[i].path, path) &&
		    (!private_above || path_is_under(private_above, world->plan->denials[i].path)))
			private_above = world->plan->denials[i].path;
	for (size_t i = 0; i < profile->n_grants; i++) {
		const struct grant *grant = &profile->grants[i];

		if (!path_is_under(grant->path, path))
			continue;
		kinds |= grant->kinds;
		has_any |= !private_above || (path_is_under(private_above, grant->path) &&
					      strcmp(private_above, grant->path) != 0);
	}
	return has_any ? kinds : 0;
}

#define FAIL(world, ...)                                   \
	do {                                               \
		print_error("trial %u: ", (world)->trial); \
		show(world);                               \
		fail_msg(__VA_ARGS__);                     \
	} while (0)

static void show(const struct world *world)
{
	AUTO_BUF struct buf buf = BUF_INIT(1 << 20);

	plan_print(&buf, world->plan);
	(void)fputs(buf_text(&buf), stderr); /* cmocka would cut it */
}

static bool is_whole(const struct plan_denial *denial)
{
	return denial->means != DENIAL_UNKEPT && !denial->lacks;
}

static bool is_seen(const struct plan *plan, const char *path)
{
	const struct plan_mount_op *op = winner(plan, path);

	return op && (op->kind == MOUNT_BIND || op->kind == MOUNT_READ_ONLY_ALL ||
		      !strcmp(op->path, path));
}

/* Denials that are said to be kept are, for every name that there is. */
static void check_denied(const struct world *world)
{
	for (size_t d = 0; d < world->plan->n_denials; d++) {
		const struct plan_denial *denial = &world->plan->denials[d];
		const unsigned refused = denial->denial->kind == DENY_WRITE
						 ? GRANT_WRITE
						 : GRANT_READ | GRANT_WRITE | GRANT_EXECUTE;

		if (!is_whole(denial) || denial->means == DENIAL_PRIVATE)
			continue;
		if (denial->means == DENIAL_LEFT_OUT && is_seen(world->plan, denial->path))
			FAIL(world, "'%s' is left out, and seen", denial->path);
		for (size_t i = 0; i < world->n_names; i++)
			if (pattern_covers(denial->denial->path, world->names[i]) &&
			    (gives(world->plan, world->names[i]) & refused))
				FAIL(world, "'%s' is denied by '%s' and gives %u", world->names[i],
				     denial->denial->path, gives(world->plan, world->names[i]));
	}
}

static bool is_mount_point(const struct plan *plan, const char *path)
{
	for (size_t i = 0; i < plan->n_mount_ops; i++)
		if (plan->mount_ops[i].kind != MOUNT_RULE &&
		    plan->mount_ops[i].kind != MOUNT_LINK && !strcmp(plan->mount_ops[i].path, path))
			return true;
	return false;
}

/* Names can be made, renamed and removed in a directory. */
static bool can_change(const struct world *world, const char *directory)
{
	const struct plan *plan = world->plan;

	/* nothing is made beneath a file */
	for (size_t i = 0; i < world->n_names; i++)
		if (!world->is_directory[i] && path_is_under(world->names[i], directory))
			return false;
	return (mounts_give(plan, directory) & GRANT_WRITE) &&
	       rules_allow(plan, directory, ABI_LANDLOCK_FS_MAKE_REG | ABI_LANDLOCK_FS_REMOVE_DIR);
}

/* The way to a denied name cannot be moved away from under its mount. */
static void check_pins(const struct world *world)
{
	for (size_t d = 0; d < world->plan->n_denials; d++) {
		const struct plan_denial *denial = &world->plan->denials[d];
		char path[PATH_BYTES];

		if (!is_whole(denial) || strchr(denial->path, '*'))
			continue;
		(void)snprintf(path, sizeof(path), "%s", denial->path);
		while (strcmp(path, "/") != 0) {
			char above[PATH_BYTES], *slash;

			memcpy(above, path, sizeof(above));
			slash = strrchr(above, '/');
			slash[slash == above] = '\0';
			if (can_change(world, above) && !is_mount_point(world->plan, path))
				FAIL(world, "'%s' can be moved, and with it '%s'", path,
				     denial->path);
			memcpy(path, above, sizeof(path));
		}
	}
}

static bool is_made_anew(const struct plan *plan, const char *path)
{
	const struct plan_mount_op *op = winner(plan, path);

	return op && op->kind == MOUNT_DIRECTORY && !strcmp(op->path, path) &&
	       (!plan->handled_fs || rules_allow(plan, path, ABI_LANDLOCK_FS_READ_DIR));
}

/* What is granted and by nothing denied can be used; what is not granted cannot. */
static void check_granted(const struct world *world)
{
	for (size_t i = 0; i < world->n_names; i++) {
		const char *path = world->names[i];
		unsigned should = should_give(world, path), can = gives(world->plan, path);

		for (size_t d = 0; d < world->profile->n_denials; d++) {
			const struct plan_denial *denial = &world->plan->denials[d];

			if (!pattern_covers(denial->denial->path, path) ||
			    denial->denial->kind == DENY_PRIVATE)
				continue;
			should &= denial->denial->kind == DENY_WRITE ? ~(unsigned)GRANT_WRITE : 0;
			/* it is said that it is not kept: then it may give more */
			if (!is_whole(denial))
				can &= should;
		}
		/* whether a new name in a closed directory is refused is another check's */
		for (size_t d = 0; d < world->profile->n_denials; d++)
			if (world->plan->denials[d].means == DENIAL_CLOSED &&
			    world->denial_facts[d].above &&
			    !strcmp(world->denial_facts[d].above, path))
				should &= ~(unsigned)GRANT_WRITE;
		/* made anew, to be listed: each of its entries is asked by itself */
		if (is_made_anew(world->plan, path) && (should & GRANT_READ))
			continue;
		if (can != should)
			FAIL(world, "'%s' should give %u and gives %u", path, should, can);
	}
}

/* Above before below, no place twice, and no longer than what it is made of. */
static void check_list(const struct world *world)
{
	const struct plan *plan = world->plan;
	size_t bound =
		8 + plan->profile->n_grants * 8 + plan->n_denials * 8 + plan->n_denials * MAX_NAMES;

	for (size_t i = 1; i < plan->n_mount_ops; i++) {
		const struct plan_mount_op *op = &plan->mount_ops[i], *before = op - 1;

		if (op->kind == MOUNT_RULE && !strcmp(before->path, op->path))
			continue;
		if (before->kind != MOUNT_READ_ONLY_ALL && path_order(before->path, op->path) >= 0)
			FAIL(world, "'%s' comes behind '%s'", op->path, before->path);
		if (op->kind == MOUNT_READ_ONLY_ALL)
			FAIL(world, "what is read-only comes late");
	}
	for (size_t i = 0; i < plan->n_mount_ops; i++) {
		const struct plan_mount_op *op = &plan->mount_ops[i];
		size_t name = find_name(world, op->path);

		if (op->kind == MOUNT_BIND && name == world->n_names)
			FAIL(world, "'%s' is not there to be bound", op->path);
		if (op->ino && op->ino != name + 1)
			FAIL(world, "'%s' is not %llu", op->path, (unsigned long long)op->ino);
		if (op->kind == MOUNT_BIND && op->is_directory != world->is_directory[name])
			FAIL(world, "'%s' is taken for another type", op->path);
	}
	if (plan->n_mount_ops > bound)
		FAIL(world, "%zu operations", plan->n_mount_ops);
}

/* A mount is put where something is: in the host's tree, or made by what came before. */
static void check_mount_points(const struct world *world)
{
	const struct plan *plan = world->plan;

	for (size_t i = 0; i < plan->n_mount_ops; i++) {
		const struct plan_mount_op *op = &plan->mount_ops[i], *in = NULL;
		char above[PATH_BYTES], *slash;

		(void)snprintf(above, sizeof(above), "%s", op->path);
		slash = strrchr(above, '/');
		slash[slash == above] = '\0';
		for (size_t j = 0; j < i; j++)
			if (plan->mount_ops[j].kind != MOUNT_RULE &&
			    path_is_under(plan->mount_ops[j].path, op->path))
				in = &plan->mount_ops[j];
		if (op->kind == MOUNT_RULE)
			continue;
		if ((!in && !plan->has_new_root) ||
		    (in && (in->kind == MOUNT_BIND || in->kind == MOUNT_READ_ONLY_ALL))) {
			if (find_name(world, op->path) == world->n_names &&
			    strncmp(op->path, "/proc", 5) != 0)
				FAIL(world, "'%s' is not there to be mounted on", op->path);
			continue;
		}
		if (in && in->kind != MOUNT_TMPFS && in->kind != MOUNT_DIRECTORY)
			FAIL(world, "'%s' is put into '%s'", op->path, in->path);
		if (strcmp(above, in ? in->path : "/") != 0)
			FAIL(world, "nothing makes '%s'", above);
	}
}

static void trees_keep_what_is_denied_and_give_what_is_granted(void **unused)
{
	size_t n_masks = 0, n_closed = 0, n_private = 0, n_sealed = 0, n_new = 0, n_left_out = 0;

	(void)unused;
	for (unsigned trial = 0; trial < N_TRIALS; trial++) {
		static struct world world;

		make_world(&world, trial);
		check_list(&world);
		check_mount_points(&world);
		check_denied(&world);
		check_pins(&world);
		check_granted(&world);
		for (size_t i = 0; i < world.plan->n_denials; i++) {
			n_masks += world.plan->denials[i].means == DENIAL_MASKED;
			n_closed += world.plan->denials[i].means == DENIAL_CLOSED;
			n_private += world.plan->denials[i].means == DENIAL_PRIVATE;
			n_left_out += world.plan->denials[i].means == DENIAL_LEFT_OUT;
			n_sealed += world.plan->denials[i].means == DENIAL_SEALED;
		}
		n_new += world.plan->has_new_root;
		free_world(&world);
	}
	assert_true(n_masks > 500 && n_closed > 100 && n_private > 100 && n_sealed > 100 &&
		    n_left_out > 100);
	assert_true(n_new > N_TRIALS / 4 && n_new < N_TRIALS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(trees_keep_what_is_denied_and_give_what_is_granted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
