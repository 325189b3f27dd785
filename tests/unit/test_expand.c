/* SPDX-License-Identifier: MIT */
/* test_expand.c - what the texts in profile files stand for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "profile/parts.h"

static const char *const environment[] = {
	"XDG_CACHE_HOME=/srv/cache",
	"XDG_DATA_HOME=share", /* relative: to be ignored */
	"XDG_STATE_HOME=",
	"XDG_RUNTIME_DIR=/run/user/1000",
	"GOPATH=/srv/go",
	"GOPATHS=/srv/other",
	"EMPTY=",
	"RELATIVE=go",
	"UP=/srv/go/..",
	"STARS=/srv/*",
	NULL,
};

static const struct load_place full = {
	.home = "/home/ada",
	.workdir = "/srv/p/src",
	.project = "/srv/p",
	.environ = environment,
};

struct ground {
	struct profile *profile;
	struct croft_error err;
};

static int setup(void **state)
{
	static struct ground ground;

	memset(&ground, 0, sizeof(ground));
	if (profile_new("empty", NULL, NULL, &ground.profile, NULL) < 0)
		return -1;
	for (const char *const *name = (const char *const[]){ "GOPATH", "EMPTY", "RELATIVE", "UP",
							      "UNSET", "STARS", NULL };
	     *name; name++)
		if (profile_use_env(ground.profile, *name, NULL) < 0)
			return -1;
	*state = &ground;
	return 0;
}

static int teardown(void **state)
{
	profile_free(((struct ground *)*state)->profile);
	return 0;
}

static void becomes(struct ground *ground, const struct load_place *place, const char *text,
		    const char *expected)
{
	const char *found = NULL;

	if (load_expand(ground->profile, place, text, &found, &ground->err) < 0)
		fail_msg("%s: %s", text, ground->err.what);
	assert_string_equal(found, expected);
}

static void fails(struct ground *ground, const struct load_place *place, const char *text,
		  const char *what, const char *hint)
{
	const char *untouched = "untouched";
	int r = load_expand(ground->profile, place, text, &untouched, &ground->err);

	assert_true(r < 0);
	assert_int_equal(ground->err.stage, CROFT_STAGE_PROFILE);
	assert_string_equal(ground->err.what, what);
	assert_string_equal(ground->err.hint, hint);
	assert_string_equal(untouched, "untouched");
	/* nobody needs to listen */
	assert_int_equal(load_expand(ground->profile, place, text, &untouched, NULL), r);
}

static void absolute_paths_stay_as_they_are(void **state)
{
	static const char *const texts[] = { "/", "/usr/lib", "/srv/*.c", "optional:/x", "/a b" };
	const struct load_place nowhere = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *found;

		assert_int_equal(load_expand(((struct ground *)*state)->profile, &nowhere, texts[i],
					     &found, NULL),
				 0);
		assert_ptr_equal(found, texts[i]);
	}
}

static void a_tilde_is_the_home(void **state)
{
	becomes(*state, &full, "~", "/home/ada");
	becomes(*state, &full, "~/x/~", "/home/ada/x/~");
	becomes(*state, &full, "optional:~/.gitconfig", "optional:/home/ada/.gitconfig");
	becomes(*state, &full, "${home}/x", "/home/ada/x");
	becomes(*state, &full, "${home}", "/home/ada");
}

static void what_is_relative_is_in_the_working_directory(void **state)
{
	becomes(*state, &full, ".", "/srv/p/src");
	becomes(*state, &full, "./", "/srv/p/src/");
	becomes(*state, &full, "./x", "/srv/p/src/x");
	becomes(*state, &full, "x/y", "/srv/p/src/x/y");
	becomes(*state, &full, ".git/hooks", "/srv/p/src/.git/hooks");
	becomes(*state, &full, "**/*.pem", "/srv/p/src/**/*.pem");
	becomes(*state, &full, "optional:.env", "optional:/srv/p/src/.env");
}

static void the_project_is_the_work_tree_else_the_working_directory(void **state)
{
	struct load_place place = full;

	becomes(*state, &place, "${project}", "/srv/p");
	becomes(*state, &place, "${project}/.git", "/srv/p/.git");
	place.project = NULL;
	becomes(*state, &place, "${project}/.git", "/srv/p/src/.git");
}

static void directories_of_the_specification_have_its_defaults(void **state)
{
	struct load_place place = full;

	becomes(*state, &place, "${XDG_CACHE_HOME}/npm", "/srv/cache/npm");
	becomes(*state, &place, "${XDG_RUNTIME_DIR}/bus", "/run/user/1000/bus");
	/* one that is relative or empty counts as not set */
	becomes(*state, &place, "${XDG_DATA_HOME}/x", "/home/ada/.local/share/x");
	becomes(*state, &place, "${XDG_STATE_HOME}/x", "/home/ada/.local/state/x");
	place.environ = NULL;
	becomes(*state, &place, "${XDG_CONFIG_HOME}/git", "/home/ada/.config/git");
	becomes(*state, &place, "${XDG_CACHE_HOME}/npm", "/home/ada/.cache/npm");
	fails(*state, &place, "${XDG_RUNTIME_DIR}/bus",
	      "the path '${XDG_RUNTIME_DIR}/bus' needs XDG_RUNTIME_DIR, which is not set", "");
	fails(*state, &place, "optional:${XDG_RUNTIME_DIR}/bus",
	      "the path '${XDG_RUNTIME_DIR}/bus' needs XDG_RUNTIME_DIR, which is not set", "");
}

static void listed_variables_may_be_named(void **state)
{
	becomes(*state, &full, "${env:GOPATH}/bin", "/srv/go/bin");
	becomes(*state, &full, "/x${env:GOPATH}${env:GOPATH}", "/x/srv/go/srv/go");
}

static void other_variables_may_not(void **state)
{
	fails(*state, &full, "${env:GOPATHS}/bin", "the variable 'GOPATHS' may not be used",
	      "list it: environment: { use: [GOPATHS] }");
	fails(*state, &full, "optional:${env:GOPAT}", "the variable 'GOPAT' may not be used",
	      "list it: environment: { use: [GOPAT] }");
	fails(*state, &full, "${env:}", "there is no variable '${env:}'",
	      "one of the environment's is written '${env:env:}'");
}

static void a_variable_that_is_not_set_is_an_error_in_an_optional_path_too(void **state)
{
	fails(*state, &full, "${env:UNSET}/x", "the variable 'UNSET' is not set", "");
	fails(*state, &full, "optional:${env:UNSET}/x", "the variable 'UNSET' is not set", "");
	fails(*state, &full, "${env:EMPTY}", "the variable 'EMPTY' is not set", "");
}

static void an_unknown_variable_is_named_with_its_neighbour(void **state)
{
	fails(*state, &full, "${hmoe}", "there is no variable '${hmoe}'",
	      "did you mean '${home}'?");
	fails(*state, &full, "/x/${XDG_CONFIG_HOM}", "there is no variable '${XDG_CONFIG_HOM}'",
	      "did you mean '${XDG_CONFIG_HOME}'?");
	fails(*state, &full, "${GOPATH}", "there is no variable '${GOPATH}'",
	      "one of the environment's is written '${env:GOPATH}'");
}

static void a_dollar_alone_is_an_error_and_two_are_one(void **state)
{
	static const char hint[] = "write '${home}', or '$$' for the character";

	becomes(*state, &full, "/srv/$$x$$", "/srv/$x$");
	becomes(*state, &full, "$$x", "/srv/p/src/$x");
	becomes(*state, &full, "/$${home}", "/${home}");
	fails(*state, &full, "$HOME/x", "the path '$HOME/x' has a '$' that names no variable",
	      hint);
	fails(*state, &full, "/x$", "the path '/x$' has a '$' that names no variable", hint);
	fails(*state, &full, "/x${home", "the path '/x${home' has a '$' that names no variable",
	      hint);
	fails(*state, &full, "/x${}", "the path '/x${}' has a '$' that names no variable", hint);
}

static void a_value_is_not_expanded_again(void **state)
{
	struct load_place place = full;

	place.home = "/home/${project}";
	becomes(*state, &place, "~/x", "/home/${project}/x");
}

static void what_is_missing_is_said(void **state)
{
	struct load_place place = { .environ = environment };

	fails(*state, &place, "~/x", "the path '~/x' needs HOME, which is not set", "");
	fails(*state, &place, "${XDG_CONFIG_HOME}/x",
	      "the path '${XDG_CONFIG_HOME}/x' needs HOME, which is not set", "");
	becomes(*state, &place, "${XDG_CACHE_HOME}/x", "/srv/cache/x");
	fails(*state, &place, "x", "the path 'x' needs the working directory",
	      "it was removed, or cannot be reached from here: cd into a directory that exists");
	fails(*state, &place, "${project}", "the path '${project}' needs the working directory",
	      "it was removed, or cannot be reached from here: cd into a directory that exists");
}

static void a_path_that_goes_up_is_refused_wherever_that_comes_from(void **state)
{
	static const char hint[] =
		"what it names depends on symbolic links: write the directory itself";

	fails(*state, &full, "..", "the path '..' has a '..' in it", hint);
	fails(*state, &full, "optional:~/../x", "the path '~/../x' has a '..' in it", hint);
	fails(*state, &full, "/a/..", "the path '/a/..' has a '..' in it", hint);
	fails(*state, &full, "${env:UP}/x", "the path '${env:UP}/x' becomes '/srv/go/../x'",
	      "what a '..' names depends on symbolic links");
	becomes(*state, &full, "/a..b/...", "/a..b/...");
}

static void a_path_that_does_not_begin_at_the_root_is_refused(void **state)
{
	fails(*state, &full, "${env:RELATIVE}/x", "the path '${env:RELATIVE}/x' becomes 'go/x'",
	      "the variable at its beginning has to hold an absolute path");
	fails(*state, &full, "", "a path is empty", "");
	fails(*state, &full, "optional:", "a path is empty", "");
	fails(*state, &full, "~bob/x", "the path '~bob/x' names the home of somebody else",
	      "write it out; or './~bob/x' if it is in the working directory");
}

static void a_path_that_becomes_too_long_is_refused(void **state)
{
	struct ground *ground = *state;
	char text[PROFILE_MAX_PATH + 32];
	const char *found;

	memset(text, 'x', sizeof(text));
	text[PROFILE_MAX_PATH - 2 - strlen("/srv/p/src")] = '\0';
	assert_int_equal(load_expand(ground->profile, &full, text, &found, NULL), 0);
	assert_int_equal(strlen(found), PROFILE_MAX_PATH - 1);
	text[strlen(text)] = 'x';
	text[PROFILE_MAX_PATH - 1 - strlen("/srv/p/src")] = '\0';
	assert_int_equal(load_expand(ground->profile, &full, text, &found, &ground->err),
			 -ENAMETOOLONG);
	assert_non_null(strstr(ground->err.what, "expand the path 'xxx"));
}

static void texts_of_version_1_are_literal_but_for_the_home(void **state)
{
	struct ground *ground = *state;
	static const struct {
		const char *text, *as_path, *as_value;
	} cases[] = {
		{ "~/x", "/home/ada/x", "/home/ada/x" },
		{ "/$x/*", "/$x/*", "/$x/*" },
		{ "optional:~/${home}", "optional:/home/ada/${home}", "optional:~/${home}" },
		{ "x", "/srv/p/src/x", "x" },
		{ "${home}", NULL, "${home}" },
		{ "", NULL, "" },
		{ "../x", NULL, "../x" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *found = NULL;
		int r = expand_version1(ground->profile, &full, cases[i].text, true, &found, NULL);

		assert_int_equal(r < 0, !cases[i].as_path);
		if (r == 0)
			assert_string_equal(found, cases[i].as_path);
		assert_int_equal(expand_version1(ground->profile, &full, cases[i].text, false,
						 &found, NULL),
				 0);
		assert_string_equal(found, cases[i].as_value);
	}
}

static void values_are_literal_but_for_variables(void **state)
{
	struct ground *ground = *state;
	static const char *const plain[] = { "", "~/x", "./x", "..", "a b", "{home}" };
	const char *found;

	for (size_t i = 0; i < ARRAY_SIZE(plain); i++) {
		assert_int_equal(load_expand_value(ground->profile, &full, plain[i], &found, NULL),
				 0);
		assert_ptr_equal(found, plain[i]);
	}
	assert_int_equal(load_expand_value(ground->profile, &full,
					   "-I${project}/a -L${XDG_CACHE_HOME}:${env:GOPATH}$$x",
					   &found, NULL),
			 0);
	assert_string_equal(found, "-I/srv/p/a -L/srv/cache:/srv/go$x");
	assert_int_equal(load_expand_value(ground->profile, &full, "~${env:UP}", &found, NULL), 0);
	assert_string_equal(found, "~/srv/go/..");
}

static void a_value_that_cannot_be_expanded_is_refused(void **state)
{
	static const struct {
		const char *text, *what;
	} cases[] = {
		{ "$HOME", "the value '$HOME' has a '$' that names no variable" },
		{ "${HOME}", "there is no variable '${HOME}'" },
		{ "${env:HOME}", "the variable 'HOME' may not be used" },
		{ "x${home}", "the value 'x${home}' needs HOME, which is not set" },
		{ "${project}", "the value '${project}' needs the working directory" },
	};
	const struct load_place nowhere = { 0 };
	struct ground *ground = *state;
	static char text[40000], value[] = "XDG_CACHE_HOME=/xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx";
	const char *const environ_of_text[] = { value, NULL };
	const struct load_place large = { .environ = environ_of_text };
	const char *untouched = "untouched";

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(load_expand_value(ground->profile, &nowhere, cases[i].text, &untouched,
					      &ground->err) < 0);
		assert_string_equal(ground->err.what, cases[i].what);
		assert_string_equal(untouched, "untouched");
	}
	while (strlen(text) + 20 < sizeof(text))
		memcpy(text + strlen(text), "${XDG_CACHE_HOME}", 18);
	assert_true(load_expand_value(ground->profile, &large, text, &untouched, &ground->err) < 0);
	assert_non_null(strstr(ground->err.what, "becomes too long"));
}

static void what_needs_a_home_is_known(void **state)
{
	struct load_place place = { .environ = environment };

	(void)state;
	assert_true(expand_needs_home(&place, "~"));
	assert_true(expand_needs_home(&place, "optional:~/x"));
	assert_true(expand_needs_home(&place, "/x/${home}"));
	assert_true(expand_needs_home(&place, "optional:${XDG_CONFIG_HOME}/x"));
	assert_false(expand_needs_home(&place, "${XDG_CACHE_HOME}/x")); /* is set */
	assert_false(expand_needs_home(&place, "~bob"));
	assert_false(expand_needs_home(&place, "/x/~"));
	assert_false(expand_needs_home(&place, "${env:XDG_CONFIG_HOME}"));
	assert_false(expand_needs_home(&place, "XDG_CONFIG_HOME"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(absolute_paths_stay_as_they_are),
		TEST(a_tilde_is_the_home),
		TEST(what_is_relative_is_in_the_working_directory),
		TEST(the_project_is_the_work_tree_else_the_working_directory),
		TEST(directories_of_the_specification_have_its_defaults),
		TEST(listed_variables_may_be_named),
		TEST(other_variables_may_not),
		TEST(a_variable_that_is_not_set_is_an_error_in_an_optional_path_too),
		TEST(an_unknown_variable_is_named_with_its_neighbour),
		TEST(a_dollar_alone_is_an_error_and_two_are_one),
		TEST(a_value_is_not_expanded_again),
		TEST(what_is_missing_is_said),
		TEST(a_path_that_goes_up_is_refused_wherever_that_comes_from),
		TEST(a_path_that_does_not_begin_at_the_root_is_refused),
		TEST(a_path_that_becomes_too_long_is_refused),
		TEST(texts_of_version_1_are_literal_but_for_the_home),
		TEST(values_are_literal_but_for_variables),
		TEST(a_value_that_cannot_be_expanded_is_refused),
		TEST(what_needs_a_home_is_known),
	};

	return cmocka_run_group_tests_name("expand", tests, NULL, NULL);
}
