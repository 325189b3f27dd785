/* SPDX-License-Identifier: MIT */
/* test_load.c - from words and files to a profile: where they are found, how they are merged. */
#include "load_of.h"

/* Words */

static void a_built_in_profile_is_loaded_by_its_name(void **state)
{
	struct profile *profile = load("default");

	(void)state;
	assert_string_equal(profile->name, "default");
	assert_string_equal(profile->home, place.home);
	assert_string_equal(profile->workdir, "/srv/p");
	assert_string_equal(profile->project, "/srv/p");
	assert_true(find_grant(profile, "/srv/p")->is_project);
	assert_true(profile->wants_tmpdir);
	profile_free(profile);
}

static void a_users_profile_stands_before_a_built_in_one(void **state)
{
	struct profile *profile;

	(void)state;
	user_file("default", "version: 2\nprofiles: {default: {files: {read: [/srv/mine]}}}\n");
	profile = load("default");
	assert_int_equal(profile->n_grants, 1);
	assert_string_equal(profile->grants[0].path, "/srv/mine");
	profile_free(profile);
}

static void a_file_is_loaded_by_its_path(void **state)
{
	static const char *const words[] = { "./one.yaml", "one.yaml", "./one.yaml:p",
					     "one.yaml:p" };
	char path[GROUND_PATH];

	(void)state;
	(void)one("    files: {read: [/srv/x]}\n");
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		struct profile *profile = load(words[i]);

		assert_string_equal(paths_of(profile), "/srv/x");
		assert_string_equal(profile->name, words[i]);
		profile_free(profile);
	}
	profile_free(load(in_scratch(path, "one.yaml")));
	make_file("home/mine.yml", "profiles: {a: {}}\n", 0644);
	profile_free(load("~/mine.yml"));
}

static void one_of_several_profiles_is_named_or_called_default(void **state)
{
	struct profile *profile;

	(void)state;
	make_file("two.yaml",
		  "version: 2\nprofiles:\n  a: {files: {read: [/a]}}\n  b: {files: {read: [/b]}}\n",
		  0644);
	profile = load("two.yaml:b");
	assert_string_equal(paths_of(profile), "/b");
	profile_free(profile);
	refuses("two.yaml", "'two.yaml' has several profiles", "name one as FILE:NAME: a, b");
	refuses("two.yaml:c", "'two.yaml' has no profile 'c'", "it has: a, b");
	make_file("two.yaml",
		  "version: 2\nprofiles:\n  a: {files: {read: [/a]}}\n"
		  "  default: {files: {read: [/d]}}\n",
		  0644);
	profile = load("two.yaml");
	assert_string_equal(paths_of(profile), "/d");
	profile_free(profile);
}

static void a_named_file_gives_the_profile_of_its_name_or_its_only_one(void **state)
{
	struct profile *profile;

	(void)state;
	user_file("team", "version: 2\nprofiles:\n  a: {files: {read: [/a]}}\n"
			  "  team: {files: {read: [/team]}}\n");
	profile = load("team");
	assert_string_equal(paths_of(profile), "/team");
	profile_free(profile);
	user_file("team", "version: 2\nprofiles:\n  a: {files: {read: [/a]}}\n");
	profile = load("team");
	assert_string_equal(paths_of(profile), "/a");
	profile_free(profile);
}

static void a_word_that_is_nothing_is_said(void **state)
{
	(void)state;
	refuses("defualt", "there is no profile 'defualt'", "did you mean 'default'?");
	refuses("agent:x", "'agent:x' is not the name of a profile",
		"letters, digits, '.', '_' and '-'; a file is named with its '/'");
	assert_int_equal(load_profile("./none.yaml", &place, &(struct profile *){ NULL }, &err),
			 -ENOENT);
	assert_string_equal(err.what, "read the profile './none.yaml'");
}

static void a_file_whose_name_has_a_colon_is_a_file(void **state)
{
	(void)state;
	make_file("a:b.yaml", "version: 2\nprofiles: {x: {}}\n", 0644);
	profile_free(load("./a:b.yaml"));
	profile_free(load("./a:b.yaml:x"));
}

/* Merging */

static void profiles_are_merged_from_left_to_right_then_this(void **state)
{
	struct profile *profile;

	(void)state;
	make_file("m.yaml",
		  "version: 2\nprofiles:\n"
		  "  left: {files: {read: [/left]}, limits: {memory: 1}, description: left}\n"
		  "  right: {files: {read: [/right]}, limits: {memory: 2, processes: 2}}\n"
		  "  this:\n    files: {read: [/this]}\n    extends: [left, right]\n"
		  "    limits: {processes: 3}\n",
		  0644);
	profile = load("m.yaml:this");
	assert_string_equal(paths_of(profile), "/left /right /this");
	assert_int_equal(profile->limits[LIMIT_MEMORY], 2);
	assert_int_equal(profile->limits[LIMIT_PROCESSES], 3);
	assert_null(profile->description); /* of the others, not of this */
	profile_free(profile);
}

static void a_switch_can_be_taken_back(void **state)
{
	struct profile *profile;

	(void)state;
	user_file("base",
		  "version: 2\nprofiles: {base: {with_deps: true, environment: {all: true}}}\n");
	profile = load(one("    extends: [base]\n    with_deps: false\n"));
	assert_false(profile->wants_deps);
	assert_true(profile->wants_env_all);
	profile_free(profile);
}

static void what_two_have_in_common_is_applied_once(void **state)
{
	struct profile *profile;

	(void)state;
	make_file("d.yaml",
		  "version: 2\nprofiles:\n"
		  "  base: {files: {read: [/base]}}\n"
		  "  left: {extends: [base], files: {read: [/left]}}\n"
		  "  right: {extends: [base], files: {read: [/right]}}\n"
		  "  this: {extends: [left, right, base, left]}\n",
		  0644);
	profile = load("d.yaml:this");
	assert_string_equal(paths_of(profile), "/base /left /right");
	profile_free(profile);
	/* by another way to the same file */
	make_file("e.yaml",
		  "version: 2\nprofiles: {e: {extends: [d.yaml:left, sub/../d.yaml:base,\n"
		  "  ./d.yaml:right]}}\n",
		  0644);
	profile = load("./e.yaml");
	assert_string_equal(paths_of(profile), "/base /left /right");
	profile_free(profile);
}

static void names_in_extends_are_of_the_file_then_of_the_places(void **state)
{
	struct profile *profile;

	(void)state;
	user_file("other", "version: 2\nprofiles: {other: {files: {read: [/user]}}}\n");
	make_file("n.yaml",
		  "version: 2\nprofiles:\n  a: {extends: [other]}\n"
		  "  other: {files: {read: [/file]}}\n  b: {extends: [empty]}\n",
		  0644);
	profile = load("n.yaml:a");
	assert_string_equal(paths_of(profile), "/file");
	profile_free(profile);
	profile_free(load("n.yaml:b"));
	profile = load(one("    extends: [other]\n"));
	assert_string_equal(paths_of(profile), "/user");
	profile_free(profile);
}

static void files_in_extends_are_found_from_the_file_that_says_so(void **state)
{
	struct profile *profile;

	(void)state;
	make_file("sub/a.yaml",
		  "version: 2\nprofiles: {a: {extends: [b.yaml, ../c.yaml, ~/h.yaml]}}\n", 0644);
	make_file("sub/b.yaml", "version: 2\nprofiles: {b: {files: {read: [/b]}}}\n", 0644);
	make_file("c.yaml", "version: 2\nprofiles: {c: {files: {read: [/c]}}}\n", 0644);
	make_file("home/h.yaml", "version: 2\nprofiles: {h: {files: {read: [/h]}}}\n", 0644);
	profile = load("sub/a.yaml");
	assert_string_equal(paths_of(profile), "/b /c /h");
	assert_string_equal(find_grant(profile, "/b")->origin, "sub/b.yaml:2");
	profile_free(profile);
}

static void a_profile_can_extend_the_one_that_it_replaces(void **state)
{
	struct profile *profile;

	(void)state;
	user_file(
		"default",
		"version: 2\nprofiles: {default: {extends: [default], files: {read: [/mine]}}}\n");
	profile = load("default");
	assert_non_null(find_grant(profile, "/usr"));
	assert_string_equal(paths_of(profile), "/mine");
	profile_free(profile);
}

static void what_a_built_in_extends_is_not_the_users(void **state)
{
	struct profile *profile;

	(void)state;
	user_file("system", "version: 2\nprofiles: {system: {files: {read: [/mine]}}}\n");
	profile = load("default");
	assert_string_equal(paths_of(profile), "");
	assert_non_null(find_grant(profile, "/usr"));
	profile_free(profile);
}

static void arguments_go_with_their_program(void **state)
{
	struct profile *profile;

	(void)state;
	user_file("base", "version: 2\nprofiles: {base: {command: {program: make, args: [a]}}}\n");
	profile = load(one("    extends: [base]\n    command: {args: [b]}\n"));
	assert_string_equal(profile->program, "make");
	assert_int_equal(profile->n_args, 2);
	profile_free(profile);
	profile = load(one("    extends: [base]\n    command: {args: [b], program: ninja}\n"));
	assert_int_equal(profile->n_args, 1);
	assert_string_equal(profile->args[0], "b");
	profile_free(profile);
}

static void a_descriptor_of_both_is_kept_once(void **state)
{
	struct profile *profile;

	(void)state;
	user_file("base", "version: 2\nprofiles: {base: {descriptors: [3]}}\n");
	profile = load(one("    extends: [base]\n    descriptors: [3, 4]\n"));
	assert_int_equal(profile->n_keep_fds, 2);
	profile_free(profile);
	refuses(one("    descriptors: [3, 3]\n"),
		"./one.yaml:4:22: descriptors: descriptor 3 is given twice", "");
}

/* What leads nowhere */

static void a_profile_that_extends_itself_is_refused(void **state)
{
	(void)state;
	make_file("c.yaml",
		  "version: 2\nprofiles:\n  a: {extends: [b]}\n  b: {extends: [c]}\n"
		  "  c: {extends: [b]}\n",
		  0644);
	refuses("c.yaml:a", "c.yaml:5:17: extends: the profile 'b' extends itself", "b -> c -> b");
	refuses("c.yaml:b", "c.yaml:5:17: extends: the profile 'b' extends itself", "b -> c -> b");
	refuses(one("    extends: [p]\n"),
		"./one.yaml:4:15: extends: there is no other profile 'p'",
		"'croft profile list' names them; a file is named with its '/'");
	refuses(one("    extends: [./one.yaml]\n"),
		"./one.yaml:4:15: extends: the profile 'p' extends itself", "p -> p");
	refuses(one("    extends: [\"sub/../one.yaml:p\"]\n"),
		"./one.yaml:4:15: extends: the profile 'p' extends itself", "p -> p");
	user_file("x", "version: 2\nprofiles: {x: {extends: [y]}}\n");
	user_file("y", "version: 2\nprofiles: {y: {extends: [x]}}\n");
	assert_int_equal(load_profile("x", &place, &(struct profile *){ NULL }, &err), -EINVAL);
	assert_string_equal(err.hint, "x -> y -> x");
}

static void profiles_extend_one_another_so_deep_and_no_deeper(void **state)
{
	char text[8192];
	int len = snprintf(text, sizeof(text), "version: 2\nprofiles:\n");

	(void)state;
	for (int i = 0; i <= LOAD_MAX_DEPTH; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "  p%d: {extends: [p%d]}\n",
				i, i + 1);
	(void)snprintf(text + len, sizeof(text) - (size_t)len, "  p%d: {}\n", LOAD_MAX_DEPTH + 1);
	make_file("chain.yaml", text, 0644);
	profile_free(load("chain.yaml:p1"));
	refuses("chain.yaml:p0",
		"chain.yaml:19:19: extends: profiles extend one another more than 16 deep", "");
}

static void a_profile_is_made_of_so_many_and_no_more(void **state)
{
	char text[16384];
	int len = snprintf(text, sizeof(text), "version: 2\nprofiles:\n  all:\n    extends: [");

	(void)state;
	for (int i = 0; i < LOAD_MAX_PROFILES; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%sp%d", i ? ", " : "", i);
	len += snprintf(text + len, sizeof(text) - (size_t)len, "]\n");
	for (int i = 0; i < LOAD_MAX_PROFILES; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "  p%d: {}\n", i);
	make_file("many.yaml", text, 0644);
	refuses("many.yaml:all", "more than 64 profiles for one", "");
	/* one less is no error */
	memcpy(strstr(text, ", p63"), "     ", 5);
	make_file("many.yaml", text, 0644);
	profile_free(load("many.yaml:all"));
}

/* Errors */

static void errors_in_a_file_that_is_extended_name_that_file(void **state)
{
	(void)state;
	make_file("bad.yaml", "version: 2\nprofiles: {b: {files: {raed: [/x]}}}\n", 0644);
	assert_int_equal(load_profile(one("    extends: [bad.yaml]\n"), &place,
				      &(struct profile *){ NULL }, &err),
			 -EINVAL);
	assert_string_equal(err.what,
			    "./one.yaml:4:15: extends: ./bad.yaml:2:24: files.raed: there is "
			    "no such key");
	assert_non_null(strstr(err.hint, "read"));
}

static void a_file_that_others_may_write_decides_nothing(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	(void)one("    files: {read: [/]}\n");
	assert_return_code(chmod(in_scratch(path, "one.yaml"), 0666), errno);
	refuses("./one.yaml", "read the profile './one.yaml', which others may write",
		"it decides what is allowed: chmod go-w './one.yaml'");
	/* nor does one that another extends */
	make_file("e.yaml", "version: 2\nprofiles: {e: {extends: [one.yaml]}}\n", 0644);
	assert_int_equal(load_profile("./e.yaml", &place, &(struct profile *){ NULL }, &err),
			 -EPERM);
}

/* Documents */

static const char project_text[] =
	"version: 2\nprofiles:\n  default: {extends: [other, empty], files: {read: [/default]}}\n"
	"  other: {files: {read: [/other]}}\n  filed: {extends: [./one.yaml]}\n";

static void a_document_that_was_read_already_is_loaded(void **state)
{
	struct document document;
	struct profile *profile;
	struct arena arena;

	(void)state;
	arena_init(&arena, 1 << 20);
	assert_int_equal(document_read("p.yaml", project_text, strlen(project_text), &arena,
				       &document, &err),
			 0);
	assert_int_equal(load_document(&document, NULL, true, &place, &profile, &err), 0);
	assert_string_equal(paths_of(profile), "/other /default");
	assert_string_equal(profile->grants[0].origin, "p.yaml:4");
	profile_free(profile);
	assert_int_equal(load_document(&document, "other", true, &place, &profile, &err), 0);
	assert_string_equal(paths_of(profile), "/other");
	profile_free(profile);
	assert_int_equal(load_document(&document, "none", true, &place, &profile, &err), -EINVAL);
	assert_string_equal(err.what, "'p.yaml' has no profile 'none'");
	/* with its file it would be another profile than the one that was looked at */
	(void)one("    files: {read: [/one]}\n");
	assert_int_equal(load_document(&document, "filed", true, &place, &profile, &err), -EINVAL);
	assert_string_equal(err.what, "p.yaml:5:21: extends: './one.yaml' is a file");
	assert_int_equal(load_document(&document, "filed", false, &place, &profile, &err), 0);
	assert_string_equal(paths_of(profile), "/one");
	profile_free(profile);
	arena_done(&arena);
}

static void a_document_is_found_as_its_profile_would_be(void **state)
{
	const struct document_profile *found;
	const struct document *document;
	struct arena arena;

	(void)state;
	arena_init(&arena, LOAD_MAX_BYTES);
	assert_int_equal(load_find("default", &place, &arena, &document, &found, &err), 0);
	assert_ptr_equal(document, store_builtin("default"));
	assert_string_equal(found->name, "default");
	make_file("f.yaml", project_text, 0644);
	assert_int_equal(load_find("f.yaml:other", &place, &arena, &document, &found, &err), 0);
	assert_string_equal(document->source, "f.yaml");
	assert_string_equal(found->name, "other");
	assert_int_equal(load_find("defualt", &place, &arena, &document, &found, &err), -ENOENT);
	arena_done(&arena);
}

/* Growth: the work for a grant does not depend on how many there are. */
static void two_thousand_grants_are_loaded(void **state)
{
	static char text[64 << 10];
	int len = snprintf(text, sizeof(text),
			   "version: 2\nprofiles:\n  p:\n    files:\n      read:\n");
	struct profile *profile;

	(void)state;
	for (int i = 0; i < 2000; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "        - /srv/%d\n", i);
	make_file("big.yaml", text, 0644);
	profile = load("./big.yaml");
	assert_int_equal(profile->n_grants, 2000);
	assert_string_equal(profile->grants[1999].path, "/srv/1999");
	assert_string_equal(profile->grants[1999].origin, "./big.yaml:2005");
	profile_free(profile);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear)
	const struct CMUnitTest tests[] = {
		TEST(a_built_in_profile_is_loaded_by_its_name),
		TEST(a_users_profile_stands_before_a_built_in_one),
		TEST(a_file_is_loaded_by_its_path),
		TEST(one_of_several_profiles_is_named_or_called_default),
		TEST(a_named_file_gives_the_profile_of_its_name_or_its_only_one),
		TEST(a_word_that_is_nothing_is_said),
		TEST(a_file_whose_name_has_a_colon_is_a_file),
		TEST(profiles_are_merged_from_left_to_right_then_this),
		TEST(a_switch_can_be_taken_back),
		TEST(what_two_have_in_common_is_applied_once),
		TEST(names_in_extends_are_of_the_file_then_of_the_places),
		TEST(files_in_extends_are_found_from_the_file_that_says_so),
		TEST(a_profile_can_extend_the_one_that_it_replaces),
		TEST(what_a_built_in_extends_is_not_the_users),
		TEST(arguments_go_with_their_program),
		TEST(a_descriptor_of_both_is_kept_once),
		TEST(a_profile_that_extends_itself_is_refused),
		TEST(profiles_extend_one_another_so_deep_and_no_deeper),
		TEST(a_profile_is_made_of_so_many_and_no_more),
		TEST(errors_in_a_file_that_is_extended_name_that_file),
		TEST(a_file_that_others_may_write_decides_nothing),
		TEST(a_document_that_was_read_already_is_loaded),
		TEST(a_document_is_found_as_its_profile_would_be),
		TEST(two_thousand_grants_are_loaded),
	};

	return cmocka_run_group_tests_name("load", tests, open_places, ground_close);
}
