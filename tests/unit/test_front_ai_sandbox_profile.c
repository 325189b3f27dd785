/* SPDX-License-Identifier: MIT */
/*
 * test_front_ai_sandbox_profile.c - which profile ai-sandbox-landlock's words mean: a file's, the
 * one that --root stands for, the one that is generated.
 */
#include "ground.h"

#include "cli/front_ai_sandbox_print.h"
#include "cli/front_ai_sandbox_profile.h"

#define MAX_WORDS 16
#define READING (1U << VERSION1_READ_FILE | 1U << VERSION1_READ_DIR | 1U << VERSION1_EXECUTE)
#define EVERYTHING ((1U << VERSION1_RIGHT_MAX) - 1)

struct trial {
	struct ai_options options;
	struct load_place place;
	struct arena arena;
	struct ai_choice choice;
	struct version1_profile generated;
	struct profile *profile;
	struct croft_error err;
	int result;
};

static void open_trial(struct trial *trial, const char *const *words)
{
	char *argv[MAX_WORDS + 1] = { (char *)(uintptr_t) "ai-sandbox-landlock" };
	int argc = 1;

	*trial = (struct trial){ .place = { .home = "/home/ada", .workdir = "/srv/work" } };
	arena_init(&trial->arena, AI_MAX_BYTES);
	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)(uintptr_t)words[argc - 1];
	assert_int_equal(ai_options_parse(argc, argv, 1, &trial->options, &trial->err), 0);
}

static void choose(struct trial *trial, const char *const *words)
{
	open_trial(trial, words);
	trial->result = ai_choose(&trial->options, &trial->arena, &trial->choice, &trial->err);
}

static void make(struct trial *trial, bool is_open)
{
	trial->result = ai_profile_new(&trial->options, &trial->choice, &trial->place, is_open,
				       &trial->arena, &trial->profile, &trial->err);
}

static void trial_done(struct trial *trial)
{
	profile_free(trial->profile);
	arena_done(&trial->arena);
	ai_options_done(&trial->options);
}

static void a_root_is_a_profile_of_one_group(void **state)
{
	const char *words[] = { "--root", "/srv/p/", NULL };
	struct trial t;

	(void)state;
	choose(&t, words);
	assert_int_equal(t.result, 0);
	assert_true(t.choice.is_root_mode);
	assert_string_equal(t.choice.root, "/srv/p");
	assert_int_equal(t.choice.profile.n_groups, 1);
	assert_string_equal(t.choice.profile.groups[0].name, "projects");
	assert_int_equal(t.choice.profile.groups[0].rights, EVERYTHING);
	make(&t, false);
	assert_int_equal(t.result, 0);
	assert_int_equal(t.profile->n_grants, 1);
	assert_string_equal(t.profile->grants[0].path, "/srv/p");
	assert_int_equal(t.profile->grants[0].rights, version1_access(EVERYTHING));
	assert_true(t.profile->may_write_root);
	trial_done(&t);
}

static void read_only_leaves_reading_and_executing(void **state)
{
	const char *words[] = { "--root", "~/p", "--read-only", NULL };
	struct trial t;

	(void)state;
	choose(&t, words);
	make(&t, false);
	assert_int_equal(t.result, 0);
	assert_string_equal(t.profile->grants[0].path, "/home/ada/p");
	assert_int_equal(t.profile->grants[0].rights, ABI_LANDLOCK_FS_READ_FILE |
							      ABI_LANDLOCK_FS_READ_DIR |
							      ABI_LANDLOCK_FS_EXECUTE);
	trial_done(&t);
}

static void a_relative_root_is_one_of_the_working_directory(void **state)
{
	const char *words[] = { "--root", ".", NULL };
	char here[PATH_MAX];
	struct trial t;

	(void)state;
	assert_non_null(getcwd(here, sizeof(here)));
	choose(&t, words);
	assert_int_equal(t.result, 0);
	assert_string_equal(t.choice.root, here);
	trial_done(&t);
}

static void without_a_root_or_a_file_there_is_nothing_to_do(void **state)
{
	const char *words[] = { "--read-only", NULL };
	struct trial t;

	(void)state;
	choose(&t, words);
	assert_true(t.result < 0);
	assert_int_equal(t.err.stage, CROFT_STAGE_USAGE);
	assert_non_null(strstr(t.err.hint, "--config FILE --profile NAME, or --root"));
	trial_done(&t);
}

/* A file in the scratch directory, and one of its profiles. */
static void choose_from(struct trial *trial, const char *text, const char *name, const char *more)
{
	static char path[GROUND_PATH]; /* the choice keeps the name */
	const char *words[] = { "--config", in_scratch(path, "v1.yaml"), "--profile", name, more,
				NULL };

	make_file("v1.yaml", text, 0644);
	choose(trial, words);
}

static const char sample[] =
	"version: 1\nprofiles:\n  dev:\n    access_roots:\n"
	"      system: { paths: [/usr], permissions: { read_file: true, execute: true } }\n"
	"      projects: { paths: [~/one, /two], permissions: { read_file: true, write_file: true, "
	"remove_file: true, remove_dir: true, truncate: true } }\n"
	"  homeless: { access_roots: { g: { paths: [/usr], permissions: {} } } }\n";

static void the_root_is_the_first_path_of_projects_unless_it_is_given(void **state)
{
	struct trial t;

	(void)state;
	choose_from(&t, sample, "dev", NULL);
	assert_int_equal(t.result, 0);
	assert_false(t.choice.is_root_mode);
	assert_string_equal(t.choice.root, "~/one");
	trial_done(&t);
	choose_from(&t, sample, "dev", "--root=/srv/other");
	assert_string_equal(t.choice.root, "/srv/other");
	make(&t, false);
	assert_int_equal(t.profile->n_grants, 3);
	for (size_t i = 0; i < t.profile->n_grants; i++)
		assert_string_not_equal(t.profile->grants[i].path, "/srv/other");
	trial_done(&t);
	choose_from(&t, sample, "homeless", NULL);
	assert_null(t.choice.root);
	trial_done(&t);
}

static void read_only_takes_writing_from_every_group(void **state)
{
	struct trial t;

	(void)state;
	choose_from(&t, sample, "dev", "--read-only");
	assert_int_equal(t.result, 0);
	assert_int_equal(t.choice.profile.groups[0].rights,
			 1U << VERSION1_READ_FILE | 1U << VERSION1_EXECUTE);
	assert_int_equal(t.choice.profile.groups[1].rights, 1U << VERSION1_READ_FILE);
	make(&t, false);
	for (size_t i = 0; i < t.profile->n_grants; i++)
		assert_int_equal(t.profile->grants[i].rights &
					 ~(uint64_t)(ABI_LANDLOCK_FS_READ_FILE |
						     ABI_LANDLOCK_FS_EXECUTE),
				 0);
	trial_done(&t);
}

static void what_is_wrong_with_a_file_is_told(void **state)
{
	static const struct {
		const char *text, *name, *what, *hint;
	} rows[] = {
		{ "version: 2\nprofiles: { dev: {} }\n", "dev", "is a file of version 2",
		  "croft run --profile" },
		{ "version: 3\nprofiles: { dev: {} }\n", "dev", "1 or 2 was expected, 3 was found",
		  "" },
		{ "version: 1\nprofiles: { dev: {}, other: { x: y } }\n", "dev",
		  "there is no such key", "" },
		{ sample, "dve", "there is no profile 'dve'", "'dev'" },
		{ "version: 1\nprofiles: { dev: { access_roots: { g: { paths: [~], permissions: { "
		  "execute: true } } } } }\n",
		  "dev", "a path was expected", "'~/'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct trial t;

		choose_from(&t, rows[i].text, rows[i].name, NULL);
		assert_true(t.result < 0);
		if (!strstr(t.err.what, rows[i].what) || !strstr(t.err.hint, rows[i].hint))
			fail_msg("row %zu: %d '%s' (%s)", i, t.result, t.err.what, t.err.hint);
		trial_done(&t);
	}
}

static void without_a_home_a_path_below_it_is_an_error(void **state)
{
	char path[GROUND_PATH];
	const char *words[] = { "--config", in_scratch(path, "v1.yaml"), "--profile", "dev", NULL };
	struct trial t;

	(void)state;
	make_file("v1.yaml", sample, 0644);
	choose(&t, words);
	assert_int_equal(t.result, 0);
	t.place.home = NULL;
	make(&t, false);
	assert_true(t.result < 0);
	assert_non_null(strstr(t.err.what, "'~/one' needs HOME"));
	trial_done(&t);
}

static void variables_and_descriptors_are_added(void **state)
{
	const char *words[] = { "--root", "/srv",      "--env", "API_TOKEN", "--env",
				"CI=1",   "--keep-fd", "5",     NULL };
	struct trial t;
	size_t n;

	(void)state;
	choose(&t, words);
	make(&t, false);
	assert_int_equal(t.result, 0);
	n = t.profile->n_env;
	assert_true(n >= 2);
	assert_string_equal(t.profile->env[n - 2].name, "API_TOKEN");
	assert_null(t.profile->env[n - 2].value);
	assert_string_equal(t.profile->env[n - 1].value, "1");
	assert_int_equal(t.profile->n_keep_fds, 1);
	assert_int_equal(t.profile->keep_fds[0], 5);
	trial_done(&t);
}

static void an_open_profile_asks_for_nothing_of_landlock(void **state)
{
	const char *words[] = { "--root", "/srv", "--allow-unsandboxed", NULL };
	struct trial t;

	(void)state;
	for (int is_open = 0; is_open < 2; is_open++) {
		enum requirement want = is_open ? REQUIRE_OFF : REQUIRE_REQUIRE;

		choose(&t, words);
		make(&t, is_open);
		assert_int_equal(t.profile->require[PROTECT_FILES], want);
		assert_int_equal(t.profile->require[PROTECT_EXEC], want);
		assert_int_equal(t.profile->require[PROTECT_PTRACE], want);
		assert_int_equal(t.profile->require[PROTECT_DESCRIPTORS], REQUIRE_REQUIRE);
		assert_int_equal(t.profile->require[PROTECT_ENVIRONMENT], REQUIRE_REQUIRE);
		trial_done(&t);
	}
}

static void generate(struct trial *trial, const char *const *words, const char *project)
{
	open_trial(trial, words);
	trial->place.project = project;
	trial->result = ai_generate(&trial->options, &trial->place, &trial->arena,
				    &trial->generated, &trial->err);
}

static const struct version1_group *group_of(const struct version1_profile *profile,
					     const char *name)
{
	for (size_t i = 0; i < profile->n_groups; i++)
		if (!strcmp(profile->groups[i].name, name))
			return &profile->groups[i];
	fail_msg("there is no group '%s'", name);
	return NULL;
}

static void a_generated_profile_has_three_groups_and_a_shell(void **state)
{
	const char *words[] = { "--generate-profile", NULL };
	const struct version1_group *group;
	struct trial t;

	(void)state;
	generate(&t, words, "/srv/tree");
	assert_int_equal(t.result, 0);
	assert_string_equal(t.generated.name, "tree");
	assert_int_equal(t.generated.n_groups, 3);
	group = group_of(&t.generated, "system");
	assert_int_equal(group->n_paths, 3);
	assert_string_equal(group->paths[0].text, "/usr");
	assert_string_equal(group->paths[1].text, "/lib");
	assert_string_equal(group->paths[2].text, "/lib64");
	assert_int_equal(group->rights, READING);
	group = group_of(&t.generated, "cache");
	assert_string_equal(group->paths[0].text, "~/.ai-sandbox/cache");
	assert_int_equal(group->rights, EVERYTHING & ~(1U << VERSION1_EXECUTE));
	group = group_of(&t.generated, "projects");
	assert_int_equal(group->n_paths, 1);
	assert_string_equal(group->paths[0].text, "/srv/tree");
	assert_int_equal(group->rights, 1U << VERSION1_READ_FILE | 1U << VERSION1_READ_DIR);
	assert_string_equal(t.generated.program.text, "/bin/bash");
	assert_string_equal(t.generated.directory.text, "/srv/tree");
	trial_done(&t);
}

static void its_root_is_the_given_one_else_the_work_tree_else_the_working_directory(void **state)
{
	const char *given[] = { "--generate-profile", "--root", "/srv/given", NULL };
	const char *words[] = { "--generate-profile", NULL };
	struct trial t;

	(void)state;
	generate(&t, given, "/srv/tree");
	assert_string_equal(t.generated.directory.text, "/srv/given");
	trial_done(&t);
	generate(&t, words, "/srv/tree");
	assert_string_equal(t.generated.directory.text, "/srv/tree");
	trial_done(&t);
	generate(&t, words, NULL);
	assert_string_equal(t.generated.directory.text, "/srv/work");
	trial_done(&t);
}

static void its_name_is_the_last_component_made_a_name(void **state)
{
	static const struct {
		const char *root, *name;
	} rows[] = {
		{ "/srv/my project", "my_project" },
		{ "/srv/x+y", "x_y" },
		{ "/", "project" },
		{ "/srv/.dot", "_dot" },
		{ "/srv/v1.yaml", "project" },
		{ "/srv/a-b.c", "a-b.c" },
		{ "~/p/", "p" },
		{ "/srv/\xc3\xa9t\xc3\xa9", "__t__" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const char *words[] = { "--generate-profile", "--root", rows[i].root, NULL };
		struct trial t;

		generate(&t, words, NULL);
		assert_int_equal(t.result, 0);
		assert_string_equal(t.generated.name, rows[i].name);
		trial_done(&t);
	}
}

static void a_long_name_is_cut_to_what_a_name_may_have(void **state)
{
	char root[200] = "/srv/";
	const char *words[] = { "--generate-profile", "--root", root, NULL };
	struct trial t;

	(void)state;
	memset(root + 5, 'n', 100);
	generate(&t, words, NULL);
	assert_int_equal(t.result, 0);
	assert_int_equal(strlen(t.generated.name), DOCUMENT_MAX_NAME);
	trial_done(&t);
}

static void a_given_name_has_to_be_one(void **state)
{
	const char *good[] = { "--generate-profile", "--gen-name", "mine", NULL };
	const char *bad[] = { "--generate-profile", "--gen-name", "my own", NULL };
	struct trial t;

	(void)state;
	generate(&t, good, NULL);
	assert_string_equal(t.generated.name, "mine");
	trial_done(&t);
	generate(&t, bad, NULL);
	assert_true(t.result < 0);
	assert_non_null(strstr(t.err.what, "--gen-name: 'my own' is no name"));
	trial_done(&t);
}

static void what_no_file_can_name_is_refused(void **state)
{
	static const char *const roots[] = { "/srv/\xff", "/srv/a\nb", "/srv/\x7f" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(roots); i++) {
		const char *words[] = { "--generate-profile", "--root", roots[i], NULL };
		struct trial t;

		generate(&t, words, NULL);
		assert_true(t.result < 0);
		assert_non_null(strstr(t.err.what, "a profile cannot name it"));
		trial_done(&t);
	}
}

/* Each allocation in turn is the one that there is no room for. */
static void memory_that_runs_out_is_an_ordinary_error(void **state)
{
	static const char *const lines[][4] = { { "--root", "/srv/p", "--read-only", NULL },
						{ "--generate-profile", "--root", "/srv/p",
						  NULL } };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		size_t n_failed = 0, max = 0;
		struct trial t;

		do {
			open_trial(&t, lines[i]);
			arena_done(&t.arena);
			arena_init(&t.arena, max);
			if (i == 0)
				t.result = ai_choose(&t.options, &t.arena, &t.choice, &t.err);
			else
				t.result = ai_generate(&t.options, &t.place, &t.arena, &t.generated,
						       &t.err);
			if (i == 0 && t.result == 0)
				make(&t, false);
			if (t.result < 0) {
				assert_int_equal(t.result, -ENOMEM);
				assert_null(t.profile);
				n_failed++;
			}
			trial_done(&t);
			max += 16;
		} while (t.result < 0);
		assert_true(n_failed > 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_root_is_a_profile_of_one_group),
		cmocka_unit_test(read_only_leaves_reading_and_executing),
		cmocka_unit_test(a_relative_root_is_one_of_the_working_directory),
		cmocka_unit_test(without_a_root_or_a_file_there_is_nothing_to_do),
		cmocka_unit_test(the_root_is_the_first_path_of_projects_unless_it_is_given),
		cmocka_unit_test(read_only_takes_writing_from_every_group),
		cmocka_unit_test(what_is_wrong_with_a_file_is_told),
		cmocka_unit_test(without_a_home_a_path_below_it_is_an_error),
		cmocka_unit_test(variables_and_descriptors_are_added),
		cmocka_unit_test(an_open_profile_asks_for_nothing_of_landlock),
		cmocka_unit_test(a_generated_profile_has_three_groups_and_a_shell),
		cmocka_unit_test(
			its_root_is_the_given_one_else_the_work_tree_else_the_working_directory),
		cmocka_unit_test(its_name_is_the_last_component_made_a_name),
		cmocka_unit_test(a_long_name_is_cut_to_what_a_name_may_have),
		cmocka_unit_test(a_given_name_has_to_be_one),
		cmocka_unit_test(what_no_file_can_name_is_refused),
		cmocka_unit_test(memory_that_runs_out_is_an_ordinary_error),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
