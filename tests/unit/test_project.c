/* SPDX-License-Identifier: MIT */
/*
 * test_project.c - the project around a directory: found where git would find it, and neither
 * through the directories of others nor in a home.
 *
 * Each test has a tree of its own: scratch/N/a/b/c.
 */
#include "ground.h"

#include "profile/project.h"

static char tree[8]; /* its name in the scratch directory */
static char found[PATH_MAX];

static int new_tree(void **state)
{
	static unsigned n;
	char path[GROUND_PATH];
	const char *const parts[] = { "", "/a", "/a/b", "/a/b/c" };

	(void)state;
	(void)snprintf(tree, sizeof(tree), "%u", n++);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		char name[32];

		(void)snprintf(name, sizeof(name), "%s%s", tree, parts[i]);
		if (mkdir(in_scratch(path, name), 0755) != 0)
			return -1;
	}
	return 0;
}

/* The tree's directory of that name, "" for itself; one of a few buffers. */
static const char *at(const char *name)
{
	static char paths[4][GROUND_PATH * 2];
	static unsigned next;
	char *path = paths[next++ % 4];

	(void)snprintf(path, sizeof(paths[0]), "%s/%s%s%s", scratch, tree, *name ? "/" : "", name);
	return path;
}

static void make_git(const char *dir)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s/%.20s/.git", tree, dir);
	make_dir(name);
	(void)snprintf(name, sizeof(name), "%s/%.20s/.git/HEAD", tree, dir);
	make_file(name, "ref: refs/heads/main\n", 0644);
}

static void make_git_file(const char *dir, const char *text)
{
	char name[64];

	(void)snprintf(name, sizeof(name), "%s/%.20s/.git", tree, dir);
	make_file(name, text, 0644);
}

/* The project of a/b/c is `dir`, or none where that is NULL. */
static void assert_project_with(const char *home, const char *dir)
{
	int fd = lowest_free();

	found[0] = '\0';
	assert_int_equal(project_find(at("a/b/c"), home, found, sizeof(found)), dir ? 1 : 0);
	assert_string_equal(found, dir ? at(dir) : "");
	assert_int_equal(lowest_free(), fd);
}

static void assert_project(const char *dir)
{
	/* a home around it all, so that what lies around that has no say */
	assert_project_with(scratch, dir);
}

static void outside_of_any_project_there_is_none(void **state)
{
	(void)state;
	assert_project(NULL);
	assert_int_equal(project_find("/", NULL, found, sizeof(found)), 0);
	assert_int_equal(project_find("/nowhere/at/all", NULL, found, sizeof(found)), 0);
	assert_int_equal(project_find("relative", NULL, found, sizeof(found)), 0);
}

static void the_nearest_git_directory_upwards_is_the_project(void **state)
{
	(void)state;
	make_git("a");
	assert_project("a");
	make_git("a/b/c");
	assert_project("a/b/c");
}

static void a_git_file_of_a_work_tree_or_submodule_counts(void **state)
{
	(void)state;
	make_git("a");
	make_git_file("a/b", "gitdir: ../.git/modules/b\n");
	assert_project("a/b");
}

static void what_only_looks_like_git_is_passed_over(void **state)
{
	char path[GROUND_PATH * 2];

	(void)state;
	make_git("a");
	/* a file that says something else, one that is too short, a directory without a HEAD */
	make_git_file("a/b", "hello world\n");
	assert_project("a");
	make_git_file("a/b", "gitdi");
	assert_project("a");
	make_git_file("a/b", "gitdir:");
	assert_project("a/b");
	assert_int_equal(unlink(at("a/b/.git")), 0);
	assert_int_equal(mkdir(at("a/b/.git"), 0755), 0);
	assert_project("a");
	/* a HEAD that is a directory */
	assert_int_equal(mkdir(at("a/b/.git/HEAD"), 0755), 0);
	assert_project("a");
	assert_int_equal(rmdir(at("a/b/.git/HEAD")), 0);
	/* a symbolic link was a HEAD once, and is one still */
	assert_int_equal(symlink("refs/heads/main", at("a/b/.git/HEAD")), 0);
	assert_project("a/b");
	/* but ".git" is none that is a link */
	(void)snprintf(path, sizeof(path), "%s", at("a/b/.git"));
	assert_int_equal(rename(path, at("a/b/git")), 0);
	assert_int_equal(symlink("git", path), 0);
	assert_project("a");
}

static void a_fifo_called_git_does_not_hold_anybody_up(void **state)
{
	(void)state;
	make_git("a");
	assert_int_equal(mkfifo(at("a/b/.git"), 0644), 0);
	assert_project("a");
}

/* Says of the first name that is asked about that it is a regular file. */
static long lies_once(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	struct stat *st = (void *)c;
	long r = sys_real(call, a, b, c, d, e, f);

	sys_replace(call, NULL);
	if (r == 0)
		st->st_mode = S_IFREG | 0644;
	return r;
}

static void a_fifo_that_takes_the_place_of_a_file_is_no_wait(void **state)
{
	(void)state;
	make_git("a");
	assert_int_equal(mkfifo(at("a/b/c/.git"), 0644), 0);
	sys_replace(SYS_CALL_newfstatat, lies_once);
	(void)alarm(20);
	assert_project("a");
	(void)alarm(0);
}

static void a_home_and_what_holds_it_is_no_project(void **state)
{
	(void)state;
	make_git("a");
	assert_project_with(at("a/b"), NULL);
	assert_project_with(at("a"), NULL);
	assert_project_with(at("a/b/c"), NULL);
	/* a name that begins as the home's is another */
	assert_project_with(at("a/b/ca"), NULL);
	assert_project_with(at("a/bc"), NULL);
	assert_project_with(at("ab"), "a");
	assert_project_with("/home/ada", "a");
	assert_project_with(NULL, "a");
	/* below the home there may be one */
	make_git("a/b");
	assert_project_with(at("a"), "a/b");
	assert_project_with(at(""), "a/b");
}

static void nothing_is_found_through_directories_of_somebody_else(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	make_git("a");
	assert_project("a");
	assert_int_equal(chown(at("a/b"), 12345, (gid_t)-1), 0);
	assert_project(NULL);
	/* nearer than that it is no matter */
	make_git("a/b/c");
	assert_project("a/b/c");
	assert_int_equal(chown(at("a/b"), 0, (gid_t)-1), 0);
	assert_project("a/b/c");
}

static void a_project_of_somebody_else_is_none(void **state)
{
	static const char *const parts[] = { "a", "a/.git", "a/.git/HEAD" };

	(void)state;
	if (geteuid() != 0)
		skip();
	make_git("a");
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		assert_int_equal(lchown(at(parts[i]), 12345, (gid_t)-1), 0);
		assert_project(NULL);
		assert_int_equal(lchown(at(parts[i]), 0, (gid_t)-1), 0);
		assert_project("a");
	}
	make_git_file("a/b", "gitdir: x\n");
	assert_project("a/b");
	assert_int_equal(lchown(at("a/b/.git"), 12345, (gid_t)-1), 0);
	assert_project("a");
}

static int finds_it_as_a_user(void *data)
{
	const char *const *names = data;

	EXPECT(setgid(12345) == 0 && setuid(12345) == 0);
	/* root's is as good as the user's own */
	EXPECT(project_find(names[0], NULL, found, sizeof(found)) == 1);
	EXPECT(!strcmp(found, names[1]));
	return 0;
}

static void a_project_of_root_is_everybodys(void **state)
{
	const char *names[] = { at("a/b/c"), at("a") };

	(void)state;
	if (geteuid() != 0)
		skip();
	make_git("a");
	assert_int_equal(chmod(scratch, 0755), 0);
	assert_int_equal(chown(names[0], 12345, (gid_t)-1), 0);
	assert_int_equal(in_child(finds_it_as_a_user, names), 0);
}

static unsigned n_calls;

static long count_calls(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	n_calls++;
	return sys_real(call, a, b, c, d, e, f);
}

static void outside_of_a_project_a_level_costs_one_call(void **state)
{
	(void)state;
	n_calls = 0;
	for (int call = 0; call < SYS_CALL_MAX; call++)
		sys_replace((enum sys_call)call, count_calls);
	assert_int_equal(project_find(at("a/b/c"), scratch, found, sizeof(found)), 0);
	(void)ground_restore(NULL);
	assert_int_equal(n_calls, 4);
}

static void the_way_up_is_bounded(void **state)
{
	char path[PATH_MAX] = "";
	size_t len = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		memcpy(path + len, "/d", 3);
		len += 2;
	}
	n_calls = 0;
	sys_replace(SYS_CALL_newfstatat, count_calls);
	assert_int_equal(project_find(path, NULL, found, sizeof(found)), 0);
	(void)ground_restore(NULL);
	assert_int_equal(n_calls, PROJECT_MAX_DEPTH);
}

static void names_that_do_not_fit_are_no_project(void **state)
{
	char small[8], path[PATH_MAX + 8];

	(void)state;
	make_git("a");
	small[0] = '\0';
	assert_int_equal(project_find(at("a/b/c"), NULL, small, sizeof(small)), 0);
	assert_string_equal(small, "");
	memset(path, 'a', sizeof(path) - 1);
	path[0] = '/';
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(project_find(path, NULL, found, sizeof(found)), 0);
}

int main(void)
{
#define ON_TREE(test) cmocka_unit_test_setup_teardown(test, new_tree, ground_restore)
	const struct CMUnitTest tests[] = {
		ON_TREE(outside_of_any_project_there_is_none),
		ON_TREE(the_nearest_git_directory_upwards_is_the_project),
		ON_TREE(a_git_file_of_a_work_tree_or_submodule_counts),
		ON_TREE(what_only_looks_like_git_is_passed_over),
		ON_TREE(a_fifo_called_git_does_not_hold_anybody_up),
		ON_TREE(a_fifo_that_takes_the_place_of_a_file_is_no_wait),
		ON_TREE(a_home_and_what_holds_it_is_no_project),
		ON_TREE(nothing_is_found_through_directories_of_somebody_else),
		ON_TREE(a_project_of_somebody_else_is_none),
		ON_TREE(a_project_of_root_is_everybodys),
		ON_TREE(outside_of_a_project_a_level_costs_one_call),
		ON_TREE(the_way_up_is_bounded),
		ON_TREE(names_that_do_not_fit_are_no_project),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
