/* SPDX-License-Identifier: MIT */
/*
 * test_mounts_hostile.c - somebody works against it: from outside while the tree is made, and from
 * inside when it is.
 */
#include "mounts_ground.h"
#include "mounts_run.h"

#include <linux/fs.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define RACES 60

static void every_mask(struct ops *ops)
{
	(void)add(ops, MOUNT_BIND, "work", 0);
	(void)add(ops, MOUNT_BIND, "work/sub", 0);
	(void)add(ops, MOUNT_BIND, "work/hooks", MOUNT_RDONLY);
	(void)add(ops, MOUNT_MASK_FILE, "work/sub/deep", 0);
	(void)add(ops, MOUNT_MASK_FILE, "work/secret", 0);
	(void)add(ops, MOUNT_MASK_DIRECTORY, "work/hidden", 0);
}

/*
 * Nothing of what lies below is read or written. (Who has CAP_DAC_OVERRIDE in a user namespace of
 * his own may open the mask, which is empty and read-only.)
 */
static bool is_denied(void)
{
	return !has_text("work/secret", "secret") && !has_text("work/sub/deep", "deep") &&
	       can_read("work/hidden/inside") && can_write("work/secret") &&
	       can_create("work/hidden/made") && can_write("work/hooks/one") &&
	       can_create("work/hooks/made");
}

/* Everything that every_mask denies is denied, and its twins are not. */
static bool is_masked(void)
{
	return is_denied() && can_read("work/own") == 0 && can_read("work/hooks/one") == 0 &&
	       can_create("work/made") == 0 && can_remove("work/made") == 0;
}

static const char *const covered[] = { "work/secret", "work/sub/deep", "work/hidden",
				       "work/hooks",  "work/sub",      "work" };

static int raw_open_tree(const char *path, unsigned flags)
{
	return (int)syscall(428, AT_FDCWD, path, flags | ABI_OPEN_TREE_CLOEXEC);
}

/* Whoever gets a descriptor of a tree looks for what should be hidden in it. */
static bool shows(int dirfd)
{
	static const char *const names[] = { "secret", "sub/deep", "hidden/inside", "work/secret" };
	bool is_shown = false;
	char byte;

	for (size_t i = 0; dirfd >= 0 && i < ARRAY_SIZE(names); i++) {
		int fd = openat(dirfd, names[i], O_RDONLY | O_CLOEXEC);

		is_shown = is_shown || (fd >= 0 && read(fd, &byte, 1) > 0);
		if (fd >= 0)
			(void)close(fd);
	}
	if (dirfd >= 0)
		(void)close(dirfd);
	return is_shown;
}

/* Every call that could take a mount away, once for each thing that is covered. */
static bool try_everything(void)
{
	const struct abi_mount_attr clear = { .attr_clr = ABI_MOUNT_ATTR_RDONLY |
							  ABI_MOUNT_ATTR_NODEV |
							  ABI_MOUNT_ATTR_NOSUID };
	char path[GROUND_PATH], other[GROUND_PATH];
	bool is_shown = false;

	for (size_t i = 0; i < ARRAY_SIZE(covered); i++) {
		(void)in_scratch(path, covered[i]);
		(void)in_scratch(other, "work/made");
		(void)mkdir(other, 0700);
		(void)umount2(path, 0);
		(void)umount2(path, MNT_DETACH);
		(void)umount2(path, MNT_FORCE);
		(void)umount2(path, MNT_EXPIRE);
		(void)umount2(path, MNT_EXPIRE);
		(void)mount(NULL, path, NULL, MS_REMOUNT | MS_BIND, NULL);
		(void)mount(NULL, path, NULL, MS_REMOUNT, NULL);
		(void)mount(path, other, NULL, MS_MOVE, NULL);
		(void)syscall(442, AT_FDCWD, path, 0, &clear, sizeof(clear));
		(void)syscall(442, AT_FDCWD, path, ABI_AT_RECURSIVE, &clear, sizeof(clear));
		(void)syscall(429, AT_FDCWD, path, AT_FDCWD, other, 0);
		is_shown = shows(raw_open_tree(path, ABI_OPEN_TREE_CLONE)) || is_shown;
		is_shown = shows(raw_open_tree(path, ABI_OPEN_TREE_CLONE | ABI_AT_RECURSIVE)) ||
			   is_shown;
		is_shown = shows(open(path, O_PATH | O_CLOEXEC)) || is_shown;
		if (mount(path, other, NULL, MS_BIND, NULL) == 0)
			is_shown = shows(open(other, O_PATH | O_CLOEXEC)) || is_shown;
		(void)umount2(other, MNT_DETACH);
		(void)rmdir(other);
	}
	(void)umount2("/", MNT_DETACH);
	(void)syscall(SYS_pivot_root, ".", ".");
	(void)setns(open("/proc/1/ns/mnt", O_RDONLY | O_CLOEXEC), CLONE_NEWNS);
	return is_shown;
}

/* The same through the names: a mount point, and what it is reached by, stay what they are. */
static void try_names(void)
{
	char a[GROUND_PATH], b[GROUND_PATH];

	for (size_t i = 0; i < ARRAY_SIZE(covered); i++) {
		(void)in_scratch(a, covered[i]);
		(void)in_scratch(b, "work/moved");
		(void)rename(a, b);
		(void)syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, in_scratch(b, "work/own"),
			      RENAME_EXCHANGE);
		(void)syscall(SYS_linkat, AT_FDCWD, a, AT_FDCWD, in_scratch(b, "work/linked"), 0);
		(void)unlink(b);
		(void)unlink(a);
		(void)rmdir(a);
		(void)chmod(a, 0777);
	}
}

static int masks_hold_against_the_command(void *data)
{
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	every_mask(&ops);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(is_masked() && can_read("work/secret") == EACCES);
	EXPECT(!try_everything() && is_masked());
	try_names();
	EXPECT(is_masked());
	return 0;
}

/* With all capabilities over namespaces of its own, which the filter refuses to most. */
static int masks_hold_in_nested_namespaces(void *data)
{
	static struct ops ops;
	int status;
	pid_t pid;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "/proc", 0);
	every_mask(&ops);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(is_masked() && can_read("work/secret") == EACCES);
	ground_restore(NULL);
	pid = fork();
	if (pid == 0) {
		if (!enter_namespaces(0) || !is_masked())
			_exit(1);
		try_names();
		if (!is_masked())
			_exit(2);
		_exit(try_everything() || !is_denied() ? 3 : 0);
	}
	EXPECT(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	EXPECT(WEXITSTATUS(status) == 0 && is_masked());
	return 0;
}

/* Upon an initramfs, which cannot be moved: the same from inside, and nothing is laid bare. */
static int a_stacked_root_holds_in_nested_namespaces(void *data)
{
	static struct ops ops;
	enum way way = *(enum way *)data;
	int status;
	pid_t pid;

	if (way == IN_PLACE)
		return 0;
	EXPECT(enter_namespaces(0));
	ops_init(&ops, way);
	(void)add(&ops, MOUNT_BIND, "/proc", 0);
	every_mask(&ops);
	ops.bare.profile.require[PROTECT_PRIVILEGES] = REQUIRE_REQUIRE;
	ground_replace(SYS_CALL_pivot_root, -EINVAL);
	EXPECT(apply(&ops) == 0 && drop_capabilities() && is_masked());
	EXPECT(can_read("/etc/passwd") == ENOENT && can_read("/../etc/passwd") == ENOENT);
	ground_restore(NULL);
	pid = fork();
	if (pid == 0) {
		if (!enter_namespaces(0) || !is_masked())
			_exit(1);
		if (try_everything() || !is_denied())
			_exit(2);
		(void)sys_chroot("/proc");
		for (int i = 0; i < 9; i++)
			(void)sys_chdir("..");
		(void)sys_chroot(".");
		_exit(can_read("/etc/passwd") && can_read("beside/own") ? 0 : 3);
	}
	EXPECT(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	EXPECT(WEXITSTATUS(status) == 0 && is_masked());
	return 0;
}

static int a_stacked_root_is_refused_to_who_keeps_capabilities(void *data)
{
	static struct ops ops;

	if (*(enum way *)data == IN_PLACE)
		return 0;
	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", 0);
	ops.bare.profile.require[PROTECT_PRIVILEGES] = REQUIRE_OFF;
	ground_replace(SYS_CALL_pivot_root, -EINVAL);
	EXPECT(apply(&ops) == -EINVAL && strstr(ops.err.hint, "initramfs"));
	return 0;
}

/*
 * What a mount covers can be renamed by a process whose mount namespace does not have that mount,
 * through a directory that it opened before. Landlock refuses it the calls by which it could
 * get rid of the mount.
 */
static int masks_hold_against_another_namespace(void *data)
{
	static struct ops ops;
	const struct abi_landlock_ruleset_attr attr = { .handled_access_fs =
								ABI_LANDLOCK_FS_MAKE_BLOCK };
	char path[GROUND_PATH];
	int dir, ruleset, status;
	pid_t pid;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "/proc", 0);
	every_mask(&ops);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(is_masked() && can_read("work/secret") == EACCES);
	ground_restore(NULL);
	ruleset = sys_landlock_create_ruleset(&attr, sizeof(attr), 0);
	if (ruleset == -ENOSYS || ruleset == -EOPNOTSUPP)
		return 0;
	EXPECT(ruleset >= 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       sys_landlock_restrict_self(ruleset, 0) == 0);
	dir = open(in_scratch(path, "work"), O_PATH | O_CLOEXEC);
	EXPECT(dir >= 0);
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
			_exit(1);
		(void)mount("x", path, "tmpfs", 0, "");
		(void)sys_chdir(path);
		(void)syscall(SYS_pivot_root, ".", ".");
		(void)umount2(".", MNT_DETACH);
		_exit(renameat(dir, "hooks", dir, "moved") == 0 ? 2 : 0);
	}
	EXPECT(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	EXPECT(is_masked());
	return 0;
}

/* Swaps two names without end. */
static pid_t start_swapping(const char *a, const char *b)
{
	char one[GROUND_PATH], two[GROUND_PATH];
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	(void)in_scratch(one, a);
	(void)in_scratch(two, b);
	for (;;)
		(void)syscall(SYS_renameat2, AT_FDCWD, one, AT_FDCWD, two, RENAME_EXCHANGE);
}

struct race {
	enum way way;
	struct stat want; /* what the plan saw */
	const char *other;
};

/* What either name leads to is read-only exactly if it is what the plan saw. */
static bool is_right(const struct race *race, const char *name)
{
	char path[GROUND_PATH];
	int fd = open(in_scratch(path, name), O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	struct statfs fs;
	bool is_good = true;

	if (fd < 0 || fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
		return fd < 0;
	if (S_ISDIR(st.st_mode))
		is_good = (st.st_dev == race->want.st_dev && st.st_ino == race->want.st_ino) ==
			  !!(fs.f_flags & ST_RDONLY);
	(void)close(fd);
	return is_good;
}

/* 0: refused, and said so; 1: made, and right; else a line, or more than 10000: an errno. */
static int race_once(void *data)
{
	static struct ops ops;
	const struct race *race = data;
	struct plan_mount_op *op;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, race->way);
	(void)add(&ops, MOUNT_BIND, "work", 0);
	op = add(&ops, MOUNT_BIND, "work/sub", MOUNT_RDONLY);
	op->dev = race->want.st_dev;
	op->ino = race->want.st_ino;
	if (apply(&ops) < 0) {
		int e = ops.err.errnum;

		return e == ESTALE || e == ELOOP || e == ENOENT ? 0 : 10000 + e;
	}
	for (int i = 0; i < 20; i++)
		EXPECT(is_right(race, "work/sub") && is_right(race, race->other));
	return 1;
}

/* Against somebody who swaps work/sub and `other` all the time. */
static void run_races(enum way way, const char *other)
{
	struct race race = { .way = way, .other = other };
	char a[GROUND_PATH], b[GROUND_PATH];
	int made = 0, line = 0;
	struct stat st;
	pid_t pid;

	assert_return_code(stat(in_scratch(a, "work/sub"), &race.want), errno);
	pid = start_swapping("work/sub", other);
	for (int i = 0; i < RACES && (line == 0 || line == 1); i++) {
		struct race mine = race;

		line = in_child(race_once, &mine);
		made += line == 1;
	}
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
	/* as it was */
	assert_return_code(lstat(a, &st), errno);
	if (st.st_ino != race.want.st_ino)
		assert_return_code(syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD,
					   in_scratch(b, other), RENAME_EXCHANGE),
				   errno);
	if (line != 0 && line != 1)
		fail_msg("%s, %s: %d", way_names[way], other, line);
	print_message("# %s, %s: %d of %d were made\n", way_names[way], other, made, RACES);
}

static void a_name_that_is_swapped_is_refused_or_right(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	need_namespaces();
	make_dir("work/else");
	assert_return_code(symlink("../beside", in_scratch(path, "work/link")), errno);
	for (int way = 0; way < WAY_MAX; way++) {
		run_races((enum way)way, "work/link");
		run_races((enum way)way, "work/else");
	}
}

#define CASES(X)                                     \
	X(masks_hold_against_the_command)            \
	X(masks_hold_in_nested_namespaces)           \
	X(masks_hold_against_another_namespace)      \
	X(a_stacked_root_holds_in_nested_namespaces) \
		X(a_stacked_root_is_refused_to_who_keeps_capabilities)

CASES(RUN_CASE)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CASES(LIST_CASE) cmocka_unit_test(a_name_that_is_swapped_is_refused_or_right),
	};

	return cmocka_run_group_tests(tests, make_world, ground_close);
}
