/* SPDX-License-Identifier: MIT */
/*
 * test_git.c - what git obeys, found in repositories that are made by hand: as git makes them, and
 * as an enemy would. With the real git: tests/cli/test_git_rule.py.
 */
#include "ground.h"

#include "host/git.h"
#include "host/git_config.h"

static struct git_found found;
static const char *trees[8];
static struct git_search search;

__attribute__((noinline)) static void make(const char *path)
{
	char at[GROUND_PATH], *slash;

	(void)in_scratch(at, path);
	for (slash = strchr(at + strlen(scratch) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(at, 0755);
		*slash = '/';
	}
}

__attribute__((noinline)) static void write_in(const char *path, const char *text)
{
	make(path);
	make_file(path, text, 0644);
}

/* A directory of git with what makes it one. */
static void make_git(const char *dir)
{
	static const char *const parts[] = { "HEAD",   "config",  "objects/x",
					     "refs/x", "hooks/x", "info/x" };
	char path[256];

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, parts[i]);
		write_in(path, "");
	}
}

/* Looks in scratch/p, all of which may be written, and in scratch/also if that is given. */
static void look(const char *also)
{
	static char project[GROUND_PATH], other[GROUND_PATH];
	struct croft_error err = { 0 };

	search = (struct git_search){ .trees = trees,
				      .n_trees = 1,
				      .project = in_scratch(project, "p"),
				      .home = "/home/ada" };
	trees[0] = project;
	if (also)
		trees[search.n_trees++] = in_scratch(other, also);
	git_found_done(&found);
	assert_int_equal(git_find(&search, &found, &err), 0);
	for (size_t i = 1; i < found.n_names; i++)
		assert_true(strcmp(found.names[i - 1], found.names[i]) < 0);
}

static bool has(const char *name)
{
	char path[GROUND_PATH];

	(void)in_scratch(path, name);
	for (size_t i = 0; i < found.n_names; i++)
		if (!strcmp(found.names[i], path))
			return true;
	return false;
}

static int open_empty(void **state)
{
	int r = ground_open(state);
	char path[GROUND_PATH];

	return r < 0 ? r : mkdir(in_scratch(path, "p"), 0755);
}

static int close_all(void **state)
{
	git_found_done(&found);
	(void)ground_restore(state);
	return ground_close(state);
}

static void the_repository_of_the_project_is_found(void **state)
{
	(void)state;
	make_git("p/.git");
	look(NULL);
	assert_int_equal(found.n_names, 4);
	assert_true(has("p/.git/hooks") && has("p/.git/config") && has("p/.git/info"));
	assert_true(has("p/.git/commondir"));
	assert_int_equal(found.n_repositories, 1);
	assert_false(found.is_cut);
	assert_null(found.outside);
	/* only where it is read */
	write_in("p/.git/config", "[extensions]\n\tworktreeConfig = true\n");
	look(NULL);
	assert_true(has("p/.git/config.worktree"));
}

static void nested_bare_and_linked_ones_are_found_with_their_pointers(void **state)
{
	(void)state;
	make_git("p/.git");
	make_git("p/a/b/.git");
	make_git("p/bare.git");
	make_git("p/.git/modules/lib/sub");
	make_git("p/.git/modules/lib/sub/modules/deep");
	write_in("p/lib/sub/.git", "gitdir: ../../.git/modules/lib/sub\n");
	write_in("p/.git/worktrees/w/commondir", "../..\n");
	write_in("p/.git/worktrees/w/gitdir", "");
	write_in("p/w/.git", "gitdir: ../.git/worktrees/w\n");
	look(NULL);
	assert_true(has("p/a/b/.git/hooks") && has("p/bare.git/config"));
	assert_true(has("p/.git/modules/lib/sub/hooks"));
	assert_true(has("p/.git/modules/lib/sub/modules/deep/config"));
	assert_true(has("p/lib/sub/.git") && has("p/w/.git"));
	assert_true(has("p/.git/worktrees/w/commondir") && has("p/.git/worktrees/w/gitdir"));
	assert_int_equal(found.n_repositories, 6);
	/* what git writes all day is not among them */
	assert_false(has("p/.git") || has("p/.git/objects") || has("p/.git/refs") ||
		     has("p/.git/HEAD") || has("p/.git/index") || has("p/.git/modules"));
}

static void what_settings_name_inside_is_found_and_nothing_outside(void **state)
{
	(void)state;
	make_git("p/.git");
	write_in("p/.git/config",
		 "[core]\n\thooksPath = tools/hooks\n\tfsmonitor = \"./tools/watch --x\"\n"
		 "\tpager = less\n\tsshCommand = /usr/bin/ssh -x\n\tattributesFile = ~/x\n"
		 "[include]\n\tpath = ../tools/more\n\tpath = /etc/passwd\n\tpath = ../../out\n"
		 "[filter \"x\"]\n\tclean = 'tools/clean' %f\n[alias]\n\tx = !tools/alias\n");
	write_in("p/tools/more", "[include]\n\tpath = again\n[core]\n\thooksPath = other\n");
	write_in("p/tools/again",
		 "[include]\n\tpath = again\n[diff \"d\"]\n\ttextconv=tools/conv\n");
	look(NULL);
	assert_true(has("p/tools/hooks") && has("p/tools/watch") && has("p/tools/more"));
	assert_true(has("p/tools/again") && has("p/other") && has("p/tools/clean"));
	assert_true(has("p/tools/conv"));
	assert_false(has("p/tools/alias") || has("out"));
	assert_int_equal(found.n_names, 4 + 7);
	/* what includes itself ends; that it was cut off is told */
	assert_true(found.is_cut);
}

static void the_tree_itself_is_not_shut_by_a_setting(void **state)
{
	(void)state;
	make_git("p/.git");
	write_in("p/.git/config", "[core]\n\thooksPath = .\n\tattributesFile = ..\n");
	look(NULL);
	assert_int_equal(found.n_names, 4);
	assert_true(found.is_cut);
}

static const char *const pointers[] = {
	"gitdir: /\n",
	"gitdir: /etc\n",
	"gitdir: ../out\n",
	"gitdir: ../../../../../../etc\n",
	"gitdir: .git\n",
	"gitdir: .\n",
	"gitdir: nowhere\n",
	"gitdir: \n",
	"",
	"x",
	"gitdir: a/../..\n",
};

static void a_pointer_to_elsewhere_is_protected_itself_and_not_followed(void **state)
{
	(void)state;
	make_git("out");
	for (size_t i = 0; i < ARRAY_SIZE(pointers); i++) {
		write_in("p/sub/.git", pointers[i]);
		look(NULL);
		assert_true(has("p/sub/.git"));
		for (size_t j = 0; j < found.n_names; j++)
			assert_memory_equal(found.names[j], trees[0], strlen(trees[0]));
	}
}

static unsigned n_touched;

/* Counts whatever is done with names in scratch/out. */
static long counts(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	char out[GROUND_PATH];
	const char *path = (const char *)b; // NOLINT(performance-no-int-to-ptr)

	if (!strncmp(path, in_scratch(out, "out"), strlen(scratch) + 4))
		n_touched++;
	return sys_real(call, a, b, c, d, e, f);
}

static void nothing_outside_of_the_trees_is_touched(void **state)
{
	char path[GROUND_PATH], target[GROUND_PATH];

	(void)state;
	make_git("out");
	make_git("p/.git");
	(void)in_scratch(target, "out");
	write_in("p/.git/config",
		 "[include]\n\tpath = ../../out/config\n[core]\n\thooksPath = ../out/hooks\n"
		 "\tworktree = ../../out\n");
	write_in("p/.git/commondir", "../../out\n");
	write_in("p/a/.git", "gitdir: ../../out\n");
	make("p/b/x");
	assert_return_code(symlink(target, in_scratch(path, "p/b/.git")), errno);
	assert_return_code(symlink(target, in_scratch(path, "p/link")), errno);
	n_touched = 0;
	sys_replace(SYS_CALL_openat, counts);
	sys_replace(SYS_CALL_openat2, counts);
	sys_replace(SYS_CALL_newfstatat, counts);
	look(NULL);
	assert_int_equal(n_touched, 0);
	assert_false(has("out") || has("out/config") || has("out/hooks"));
	/* where it is granted it is followed */
	look("out");
	assert_true(n_touched > 0);
	assert_true(has("out/config") && has("out/hooks"));
}

static void the_projects_own_repository_outside_is_told(void **state)
{
	char want[GROUND_PATH];

	(void)state;
	make_git("out");
	write_in("p/.git", "gitdir: ../out\n");
	look(NULL);
	assert_string_equal(found.outside, in_scratch(want, "out"));
	look("out");
	assert_null(found.outside);
	assert_true(has("p/.git") && has("out/config"));
}

static void what_is_no_plain_small_file_is_not_read(void **state)
{
	static char large[GIT_CONFIG_MAX + 1];
	char path[GROUND_PATH];

	(void)state;
	make_git("p/.git");
	memset(large, '#', GIT_CONFIG_MAX);
	write_in("p/.git/config", large);
	look(NULL);
	assert_true(found.is_cut);
	assert_true(has("p/.git/config"));
	assert_return_code(unlink(in_scratch(path, "p/.git/config")), errno);
	assert_return_code(mkfifo(path, 0600), errno);
	look(NULL);
	assert_true(found.is_cut);
	make("p/f/x");
	assert_return_code(mkfifo(in_scratch(path, "p/f/.git"), 0600), errno);
	look(NULL);
	assert_true(has("p/f/.git"));
}

static void repositories_within_one_another_end_somewhere(void **state)
{
	char path[4000] = "p/.git";

	(void)state;
	make_git(path);
	for (int i = 0; i < 20; i++) {
		size_t len = strlen(path);

		(void)snprintf(path + len, sizeof(path) - len, "/modules/m");
		if (strlen(path) < 256 - 16)
			make_git(path);
	}
	look(NULL);
	assert_true(found.is_cut);
	assert_true(has("p/.git/modules/m/config"));
}

static void a_lack_of_descriptors_is_an_error_and_not_a_missing_repository(void **state)
{
	struct croft_error err;

	(void)state;
	make_git("p/.git");
	look(NULL);
	ground_replace(SYS_CALL_openat2, -EMFILE);
	git_found_done(&found);
	assert_int_equal(git_find(&search, &found, &err), -EMFILE);
	assert_non_null(strstr(err.what, "repositories"));
}

static void without_openat2_the_same_is_found(void **state)
{
	size_t n;

	(void)state;
	make_git("p/.git");
	make_git("p/.git/modules/m");
	write_in("p/m/.git", "gitdir: ../.git/modules/m\n");
	look(NULL);
	n = found.n_names;
	ground_replace(SYS_CALL_openat2, -ENOSYS);
	look(NULL);
	assert_int_equal(found.n_names, n);
	assert_int_equal(n, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define CASE(name) cmocka_unit_test_setup_teardown(name, open_empty, close_all)
		CASE(the_repository_of_the_project_is_found),
		CASE(nested_bare_and_linked_ones_are_found_with_their_pointers),
		CASE(what_settings_name_inside_is_found_and_nothing_outside),
		CASE(the_tree_itself_is_not_shut_by_a_setting),
		CASE(a_pointer_to_elsewhere_is_protected_itself_and_not_followed),
		CASE(nothing_outside_of_the_trees_is_touched),
		CASE(the_projects_own_repository_outside_is_told),
		CASE(what_is_no_plain_small_file_is_not_read),
		CASE(repositories_within_one_another_end_somewhere),
		CASE(a_lack_of_descriptors_is_an_error_and_not_a_missing_repository),
		CASE(without_openat2_the_same_is_found),
#undef CASE
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
