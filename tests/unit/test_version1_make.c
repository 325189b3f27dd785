/* SPDX-License-Identifier: MIT */
/*
 * test_version1_make.c - what files of version 1 come to: entries, and the profile and the plan
 * that the loader and the planner make of them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "host/host.h"
#include "plan/plan.h"
#include "profile/load.h"
#include "profile/version1.h"
#include "sys/abi.h"

#define SOURCE "v1.yaml"
#define BIT(right) (1U << VERSION1_##right)

#define MADE                                                                              \
	(ABI_LANDLOCK_FS_MAKE_REG | ABI_LANDLOCK_FS_MAKE_DIR | ABI_LANDLOCK_FS_MAKE_SYM | \
	 ABI_LANDLOCK_FS_MAKE_SOCK | ABI_LANDLOCK_FS_MAKE_FIFO)
#define WRITING (ABI_LANDLOCK_FS_WRITE_FILE | MADE | ABI_LANDLOCK_FS_IOCTL_DEV)

static void each_right_gives_its_own_and_no_other(void **state)
{
	static const uint64_t own[VERSION1_RIGHT_MAX] = {
		ABI_LANDLOCK_FS_READ_FILE,   ABI_LANDLOCK_FS_READ_DIR,
		ABI_LANDLOCK_FS_EXECUTE,     WRITING,
		ABI_LANDLOCK_FS_REMOVE_FILE, ABI_LANDLOCK_FS_REMOVE_DIR,
		ABI_LANDLOCK_FS_TRUNCATE,
	};

	(void)state;
	assert_int_equal(version1_access(0), 0);
	for (int i = 0; i < VERSION1_RIGHT_MAX; i++)
		assert_int_equal(version1_access(1U << i), own[i]);
}

static void moving_takes_both_making_and_removing(void **state)
{
	(void)state;
	for (unsigned rights = 0; rights < 1U << VERSION1_RIGHT_MAX; rights++) {
		bool moves = (rights & BIT(WRITE_FILE)) && (rights & BIT(REMOVE_FILE));

		assert_int_equal(!!(version1_access(rights) & ABI_LANDLOCK_FS_REFER), moves);
	}
}

static void nobody_makes_device_nodes_or_is_given_sockets(void **state)
{
	(void)state;
	for (unsigned rights = 0; rights < 1U << VERSION1_RIGHT_MAX; rights++)
		assert_int_equal(version1_access(rights) &
					 (ABI_LANDLOCK_FS_MAKE_CHAR | ABI_LANDLOCK_FS_MAKE_BLOCK |
					  ABI_LANDLOCK_FS_RESOLVE_UNIX),
				 0);
}

/* A document, loaded and planned on a host with directories wherever one is named. */
struct trial {
	struct arena arena;
	struct document document;
	struct profile *profile;
	struct plan *plan;
	struct croft_error err;
	int result;
};

static const char *const environment[] = { "PATH=/bin", "API_TOKEN=x", "LANG=C", NULL };

static void try(struct trial *trial, const char *text, int abi)
{
	static const struct load_place place = { .home = "/home/ada",
						 .workdir = "/srv/area",
						 .environ = environment };
	static const char *const argv[] = { "job", NULL };
	struct host host = { .landlock = { .abi = abi }, .has_close_range = true };
	struct path_fact facts[16] = { 0 };
	struct plan_input input = {
		.host = &host, .facts = facts, .argv = argv, .environ = environment
	};

	*trial = (struct trial){ 0 };
	arena_init(&trial->arena, 1U << 20);
	for (size_t i = 0; i < ARRAY_SIZE(facts); i++)
		facts[i].type = S_IFDIR;
	trial->result = document_read(SOURCE, text, strlen(text), &trial->arena, &trial->document,
				      &trial->err);
	if (trial->result == 0)
		trial->result = load_document(&trial->document, NULL, false, &place,
					      &trial->profile, &trial->err);
	input.profile = trial->profile;
	if (trial->result == 0)
		trial->result = plan_build(&input, &trial->plan, &trial->err);
}

static void trial_done(struct trial *trial)
{
	plan_free(trial->plan);
	profile_free(trial->profile);
	arena_done(&trial->arena);
}

static const char sample[] =
	"version: 1\n"
	"profiles:\n"
	"  dev:\n"
	"    access_roots:\n"
	"      projects: { paths: [~/dev, sub], permissions: { read_file: true, write_file: true } }\n"
	"      nothing: { paths: [/etc], permissions: { read_file: false } }\n"
	"      system: { paths: [/usr, \"/opt/*\", \"/opt/$x\"], permissions: { execute: true } }\n"
	"    control_access: { remove_dir: true }\n"
	"    command:\n"
	"      binary: ~/bin/tool\n"
	"      args: [~/a, $b, c]\n"
	"      working_dir: ~/dev\n"
	"      env: { BOX: ~/box, MONEY: \"${home}$$\" }\n";

static void paths_become_optional_grants_of_exact_rights(void **state)
{
	static const struct {
		const char *path, *origin;
		uint64_t rights;
	} grants[] = {
		{ "/home/ada/dev", SOURCE ":5", WRITING | ABI_LANDLOCK_FS_READ_FILE },
		{ "/srv/area/sub", SOURCE ":5", WRITING | ABI_LANDLOCK_FS_READ_FILE },
		{ "/usr", SOURCE ":7", ABI_LANDLOCK_FS_EXECUTE },
		{ "/opt/*", SOURCE ":7", ABI_LANDLOCK_FS_EXECUTE },
		{ "/opt/$x", SOURCE ":7", ABI_LANDLOCK_FS_EXECUTE },
	};
	struct trial t;

	(void)state;
	try(&t, sample, 7);
	assert_int_equal(t.result, 0);
	assert_int_equal(t.profile->n_grants, ARRAY_SIZE(grants));
	for (size_t i = 0; i < ARRAY_SIZE(grants); i++) {
		assert_string_equal(t.profile->grants[i].path, grants[i].path);
		assert_string_equal(t.profile->grants[i].origin, grants[i].origin);
		assert_int_equal(t.profile->grants[i].rights, grants[i].rights);
		assert_int_equal(t.profile->grants[i].kinds, 0);
		assert_true(t.profile->grants[i].is_optional);
		assert_false(t.profile->grants[i].is_pattern);
	}
	trial_done(&t);
}

static void groups_are_named_in_their_entries(void **state)
{
	static const char *const names[] = { "projects", "projects", "system", "system", "system" };
	struct trial t;
	size_t n = 0;

	(void)state;
	try(&t, sample, 7);
	for (size_t i = 0; i < t.document.profiles[0].n_entries; i++) {
		const struct entry *entry = &t.document.profiles[0].entries[i];

		if (entry->key == KEY_FILES_RIGHTS)
			assert_string_equal(entry->name, names[n++]);
	}
	assert_int_equal(n, ARRAY_SIZE(names));
	trial_done(&t);
}

static void the_command_is_taken_with_the_home_in_it(void **state)
{
	struct trial t;

	(void)state;
	try(&t, sample, 7);
	assert_string_equal(t.profile->program, "/home/ada/bin/tool");
	assert_int_equal(t.profile->n_args, 3);
	assert_string_equal(t.profile->args[0], "/home/ada/a");
	assert_string_equal(t.profile->args[1], "$b");
	assert_string_equal(t.profile->chdir, "/home/ada/dev");
	assert_int_equal(t.profile->n_env, 2);
	assert_string_equal(t.profile->env[0].value, "/home/ada/box");
	assert_string_equal(t.profile->env[1].value, "${home}$$");
	trial_done(&t);
}

static void names_that_version_2_reads_otherwise_are_names_of_the_working_directory(void **state)
{
	static const char text[] =
		"profiles: { p: { access_roots: { g: { paths: [~ada, "
		"\"optional:x\", ., a//b], permissions: { read_dir: true } } } } }\n";
	static const char *const paths[] = { "/srv/area/~ada", "/srv/area/optional:x", "/srv/area",
					     "/srv/area/a/b" };
	struct trial t;

	(void)state;
	try(&t, text, 7);
	assert_int_equal(t.result, 0);
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		assert_string_equal(t.profile->grants[i].path, paths[i]);
	trial_done(&t);
}

static void a_path_that_means_nothing_is_told_with_its_place(void **state)
{
	static const struct {
		const char *text, *what, *hint;
	} rows[] = {
		{ "profiles:\n  p:\n"
		  "    access_roots: { g: { paths: [\"\"], permissions: { execute: true } } }\n",
		  SOURCE ":3:34: access_roots.g.paths: a path was expected, '' was found", "" },
		{ "profiles:\n  p:\n"
		  "    access_roots: { g: { paths: [~], permissions: { execute: true } } }\n",
		  SOURCE ":3:34: access_roots.g.paths: a path was expected, '~' was found",
		  "'~/'" },
		{ "profiles:\n  p:\n"
		  "    access_roots: { g: { paths: [/a/../b], permissions: { execute: true } } }\n",
		  SOURCE ":3:34: access_roots.g: the path '/a/../b' has a '..' in it", "links" },
		{ "profiles:\n  p:\n    command: { binary: b, working_dir: \"\" }\n",
		  SOURCE ":3:40: command.working_dir: a path was expected", "" },
		{ "profiles:\n  p:\n    command: { binary: b, working_dir: ../x }\n",
		  SOURCE ":3:40: command.working_dir: the path '../x' has a '..' in it", "links" },
		{ "profiles:\n  p:\n    command: { binary: b, env: { \"A*\": x } }\n",
		  SOURCE ":3:40: command.env.A*: 'A*' is not the name of a variable", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct trial t;

		try(&t, rows[i].text, 7);
		if (t.result >= 0 || !strstr(t.err.what, rows[i].what) ||
		    !strstr(t.err.hint, rows[i].hint))
			fail_msg("%s: %d '%s' (%s)", rows[i].text, t.result, t.err.what,
				 t.err.hint);
		trial_done(&t);
	}
}

/* The bug of the original: what nobody was granted was not even handled. */
static void every_right_is_handled_whatever_is_granted(void **state)
{
	static const char *const files[] = {
		"profiles: { p: {} }\n",
		"profiles: { p: { access_roots: { g: { paths: [/srv], permissions: { read_file: true } } } } }\n",
		"profiles: { p: { control_access: { read_file: false } } }\n",
		"profiles: { p: { control_access: { truncate: true } } }\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		for (int abi = 1; abi <= ABI_LANDLOCK_NEWEST; abi++) {
			struct trial t;

			try(&t, files[i], abi);
			assert_int_equal(t.result, 0);
			assert_int_equal(t.plan->handled_fs,
					 landlock_abi_get(abi)->fs & ~ABI_LANDLOCK_FS_RESOLVE_UNIX);
			trial_done(&t);
		}
}

static void control_access_grants_nothing(void **state)
{
	static const char text[] =
		"profiles: { p: { control_access: { read_file: true, write_file: true, execute: true }, "
		"access_roots: { g: { paths: [/srv], permissions: { read_dir: true } } } } }\n";
	struct trial t;

	(void)state;
	try(&t, text, 7);
	assert_int_equal(t.plan->n_rules, 1);
	assert_int_equal(t.plan->rules[0].access, ABI_LANDLOCK_FS_READ_DIR);
	trial_done(&t);
}

static void what_version_1_has_no_words_for_stays_open(void **state)
{
	static const enum protection open[] = {
		PROTECT_TCP,       PROTECT_UDP,        PROTECT_OTHER_NET, PROTECT_UNIX_ABSTRACT,
		PROTECT_UNIX_PATH, PROTECT_SIGNALS,    PROTECT_IPC,       PROTECT_TERMINAL,
		PROTECT_SYSCALLS,  PROTECT_PRIVILEGES,
	};
	static const enum protection closed[] = { PROTECT_FILES, PROTECT_EXEC, PROTECT_PTRACE,
						  PROTECT_DESCRIPTORS, PROTECT_ENVIRONMENT };

	(void)state;
	for (int abi = 3; abi <= ABI_LANDLOCK_NEWEST; abi++) {
		struct trial t;

		try(&t, sample, abi);
		for (size_t i = 0; i < ARRAY_SIZE(open); i++)
			assert_int_equal(t.plan->rows[open[i]].requirement, REQUIRE_OFF);
		for (size_t i = 0; i < ARRAY_SIZE(closed); i++) {
			assert_int_equal(t.plan->rows[closed[i]].requirement, REQUIRE_REQUIRE);
			assert_int_equal(t.plan->rows[closed[i]].state, STATE_ENFORCED);
		}
		/* no filter, no port, no scope: nothing but files */
		assert_true(t.plan->syscalls.is_off);
		assert_int_equal(t.plan->handled_net, 0);
		assert_int_equal(t.plan->scoped, 0);
		assert_int_equal(plan_check(t.plan, &t.err), 0);
		trial_done(&t);
	}
}

/* Below ABI 3 Landlock does not see truncation; the filter does. */
static void truncation_is_refused_on_old_kernels_too(void **state)
{
	(void)state;
	for (int abi = 1; abi <= 3; abi++) {
		struct trial t;

		try(&t, sample, abi);
		assert_int_equal(t.plan->syscalls.refuses_path_truncate, abi < 3);
		assert_int_equal(t.plan->rows[PROTECT_FILES].state, STATE_ENFORCED);
		trial_done(&t);
	}
}

static void the_environment_loses_its_secrets_and_nothing_else(void **state)
{
	struct trial t;
	bool has_lang = false;

	(void)state;
	try(&t, sample, 7);
	assert_int_equal(t.plan->n_env_dropped, 1);
	assert_string_equal(t.plan->env_dropped[0], "API_TOKEN");
	for (const char *const *entry = t.plan->command.envp; *entry; entry++)
		has_lang |= !strcmp(*entry, "LANG=C");
	assert_true(has_lang);
	trial_done(&t);
}

static void a_denial_that_is_added_is_required_as_in_any_profile(void **state)
{
	struct trial t;

	(void)state;
	try(&t, sample, 7);
	assert_int_equal(profile_add_denial(t.profile, DENY_ALL, "/usr/x", "--deny", NULL), 0);
	assert_int_equal(t.profile->require[PROTECT_DENY_INSIDE], REQUIRE_REQUIRE);
	trial_done(&t);
}

static void a_made_document_is_the_one_that_is_read(void **state)
{
	struct trial t;
	struct yaml_node *root;
	struct version1_profile profile;
	struct document made;

	(void)state;
	try(&t, sample, 7);
	assert_int_equal(yaml_read(SOURCE, sample, strlen(sample), &t.arena, &root, &t.err), 0);
	assert_int_equal(version1_read_profile(SOURCE, root, "dev", &t.arena, &profile, &t.err), 0);
	assert_int_equal(version1_make(SOURCE, &profile, &t.arena, &made, &t.err), 0);
	assert_int_equal(made.version, 1);
	assert_string_equal(made.source, SOURCE);
	assert_int_equal(made.n_profiles, 1);
	assert_int_equal(made.profiles[0].n_entries, t.document.profiles[0].n_entries);
	for (size_t i = 0; i < made.profiles[0].n_entries; i++) {
		const struct entry *a = &made.profiles[0].entries[i];
		const struct entry *b = &t.document.profiles[0].entries[i];

		assert_int_equal(a->key, b->key);
		assert_string_equal(a->value, b->value);
		assert_int_equal(a->rights, b->rights);
		assert_int_equal(a->line, b->line);
	}
	trial_done(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_right_gives_its_own_and_no_other),
		cmocka_unit_test(moving_takes_both_making_and_removing),
		cmocka_unit_test(nobody_makes_device_nodes_or_is_given_sockets),
		cmocka_unit_test(paths_become_optional_grants_of_exact_rights),
		cmocka_unit_test(groups_are_named_in_their_entries),
		cmocka_unit_test(the_command_is_taken_with_the_home_in_it),
		cmocka_unit_test(
			names_that_version_2_reads_otherwise_are_names_of_the_working_directory),
		cmocka_unit_test(a_path_that_means_nothing_is_told_with_its_place),
		cmocka_unit_test(every_right_is_handled_whatever_is_granted),
		cmocka_unit_test(control_access_grants_nothing),
		cmocka_unit_test(what_version_1_has_no_words_for_stays_open),
		cmocka_unit_test(truncation_is_refused_on_old_kernels_too),
		cmocka_unit_test(the_environment_loses_its_secrets_and_nothing_else),
		cmocka_unit_test(a_denial_that_is_added_is_required_as_in_any_profile),
		cmocka_unit_test(a_made_document_is_the_one_that_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
