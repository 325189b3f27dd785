/* SPDX-License-Identifier: MIT */
/*
 * test_version1.c - files of version 1: what is read of each key, what may be left out or null,
 * and what is said of each wrong one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "profile/version1.h"

#define SOURCE "v1.yaml"
#define BIT(right) (1U << VERSION1_##right)

struct reading {
	struct arena arena;
	struct version1_profile profile;
	struct croft_error err;
	int result;
};

/* A whole file, and one of its profiles. */
static void read_file(struct reading *reading, const char *text, const char *name)
{
	struct yaml_node *root;

	*reading = (struct reading){ 0 };
	arena_init(&reading->arena, 1U << 20);
	reading->result =
		yaml_read(SOURCE, text, strlen(text), &reading->arena, &root, &reading->err);
	if (reading->result == 0)
		reading->result = version1_read_profile(SOURCE, root, name, &reading->arena,
							&reading->profile, &reading->err);
}

/* The keys of a profile "p", which begin in line 4. */
static void read_keys(struct reading *reading, const char *keys)
{
	char text[4096];

	(void)snprintf(text, sizeof(text), "version: 1\nprofiles:\n  p:\n%s", keys);
	read_file(reading, text, "p");
}

static void reading_done(struct reading *reading)
{
	arena_done(&reading->arena);
}

static const char everything[] =
	"version: 1 # of the schema\n"
	"profiles:\n"
	"  other: {}\n"
	"  dev:\n"
	"    description: \"an editor\"\n"
	"    access_roots:\n"
	"      projects:\n"
	"        paths: [~/dev/one, /srv/two]\n"
	"        permissions:\n"
	"          read_file: true\n"
	"          read_dir: True\n"
	"          execute: TRUE\n"
	"          write_file: true\n"
	"          remove_file: true\n"
	"          remove_dir: true\n"
	"          truncate: true\n"
	"      system:\n"
	"        permissions: { read_file: true, execute: false, write_file: False, truncate: FALSE }\n"
	"        paths:\n"
	"          - /usr\n"
	"    control_access: { execute: true, remove_dir: false }\n"
	"    command:\n"
	"      binary: code\n"
	"      args: [., 8080, \"-x\"]\n"
	"      working_dir: ~/dev/one\n"
	"      env: { HOME: ~/box, CI: 1, EMPTY: \"\" }\n"
	"    log_level: warn\n"
	"    dry_run: true\n";

static void each_key_is_read(void **state)
{
	struct reading r;
	const struct version1_group *groups;

	(void)state;
	read_file(&r, everything, "dev");
	assert_int_equal(r.result, 0);
	assert_string_equal(r.profile.name, "dev");
	assert_int_equal(r.profile.line, 4);
	assert_int_equal(r.profile.column, 3);
	assert_string_equal(r.profile.description.text, "an editor");
	assert_int_equal(r.profile.n_groups, 2);
	groups = r.profile.groups;
	assert_string_equal(groups[0].name, "projects");
	assert_int_equal(groups[0].n_paths, 2);
	assert_string_equal(groups[0].paths[0].text, "~/dev/one");
	assert_string_equal(groups[0].paths[1].text, "/srv/two");
	assert_int_equal(groups[0].paths[1].line, 8);
	assert_int_equal(groups[0].paths[1].column, 28);
	assert_int_equal(groups[0].rights, (1U << VERSION1_RIGHT_MAX) - 1);
	assert_string_equal(groups[1].name, "system");
	assert_int_equal(groups[1].rights, BIT(READ_FILE));
	assert_int_equal(r.profile.control_access, BIT(EXECUTE));
	assert_string_equal(r.profile.program.text, "code");
	assert_int_equal(r.profile.n_args, 3);
	assert_string_equal(r.profile.args[0].text, ".");
	assert_string_equal(r.profile.args[1].text, "8080");
	assert_string_equal(r.profile.args[2].text, "-x");
	assert_string_equal(r.profile.directory.text, "~/dev/one");
	assert_int_equal(r.profile.n_env, 3);
	assert_string_equal(r.profile.env[0].name, "HOME");
	assert_string_equal(r.profile.env[0].text, "~/box");
	assert_string_equal(r.profile.env[1].text, "1");
	assert_string_equal(r.profile.env[2].text, "");
	assert_string_equal(r.profile.log_level, "warn");
	assert_true(r.profile.is_dry_run);
	reading_done(&r);
}

static void each_right_is_its_own_bit(void **state)
{
	(void)state;
	for (int i = 0; i < VERSION1_RIGHT_MAX; i++) {
		struct reading r;
		char keys[200];

		(void)snprintf(
			keys, sizeof(keys),
			"    access_roots: { g: { paths: [/], permissions: { %s: true } } }\n",
			version1_right_names[i].name);
		read_keys(&r, keys);
		assert_int_equal(r.result, 0);
		assert_int_equal(r.profile.groups[0].rights, 1U << i);
		reading_done(&r);
	}
}

static void each_level_is_kept(void **state)
{
	(void)state;
	for (int i = 0; i < VERSION1_N_LEVELS; i++) {
		struct reading r;
		char keys[64];

		(void)snprintf(keys, sizeof(keys), "    log_level: %s\n",
			       version1_level_names[i].name);
		read_keys(&r, keys);
		assert_int_equal(r.result, 0);
		assert_ptr_equal(r.profile.log_level, version1_level_names[i].name);
		reading_done(&r);
	}
}

/* As the original's generator and serde's Option have it. */
static void what_may_be_absent_may_be_null(void **state)
{
	static const char *const files[] = {
		"profiles: { p: {} }\n",
		"version: 1\nprofiles: { p: { description: null, log_level: ~, dry_run: , command: null } }\n",
		"profiles: { p: { control_access: { execute: null, truncate: Null } } }\n",
	};
	struct reading r;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		read_file(&r, files[i], "p");
		assert_int_equal(r.result, 0);
		assert_null(r.profile.description.text);
		assert_null(r.profile.log_level);
		assert_null(r.profile.program.text);
		assert_false(r.profile.is_dry_run);
		assert_int_equal(r.profile.control_access, 0);
		assert_int_equal(r.profile.n_groups, 0);
		reading_done(&r);
	}
	read_keys(&r, "    command: { binary: b, args: [], working_dir: null, env: null }\n");
	assert_int_equal(r.result, 0);
	assert_string_equal(r.profile.program.text, "b");
	assert_int_equal(r.profile.n_args, 0);
	assert_null(r.profile.directory.text);
	assert_int_equal(r.profile.n_env, 0);
	reading_done(&r);
}

static void a_wrong_value_is_told_with_its_place_and_what_was_expected(void **state)
{
	static const struct {
		const char *keys, *what, *hint;
	} rows[] = {
		{ "    descripton: x\n", "4:5: descripton: there is no such key", "'description'" },
		{ "    secrets: x\n", "4:5: secrets: there is no such key",
		  "one of: description, access_roots, control_access, command, log_level, dry_run" },
		{ "    files: {}\n", "4:5: files: there is no such key in version 1",
		  "version: 2" },
		{ "    access_roots: [/usr]\n",
		  "4:19: access_roots: a mapping of groups was expected, a list was found", "" },
		{ "    access_roots:\n", "access_roots: a mapping of groups was expected, nothing",
		  "" },
		{ "    access_roots: { g: [] }\n",
		  "4:24: access_roots.g: a mapping was expected, a list was found", "" },
		{ "    access_roots: { g: { paths: [/usr] } }\n",
		  "4:24: access_roots.g: the key 'permissions' was expected, nothing was found",
		  "" },
		{ "    access_roots: { g: { permissions: {} } }\n",
		  "access_roots.g: the key 'paths' was expected, nothing was found", "" },
		{ "    access_roots: { g: { path: [/usr] } }\n",
		  "4:26: access_roots.g.path: there is no such key", "'paths'" },
		{ "    access_roots: { g: { paths: /usr, permissions: {} } }\n",
		  "4:33: access_roots.g.paths: a list of texts was expected, '/usr' was found",
		  "" },
		{ "    access_roots: { g: { paths: [[/usr]], permissions: {} } }\n",
		  "4:34: access_roots.g.paths: a text was expected, a list was found", "" },
		{ "    access_roots: { g: { paths: [], permissions: { raed_file: true } } }\n",
		  "access_roots.g.permissions.raed_file: there is no such key", "'read_file'" },
		{ "    access_roots: { g: { paths: [], permissions: { execute: yes } } }\n",
		  "permissions.execute: true or false was expected, 'yes' was found", "" },
		{ "    access_roots: { g: { paths: [], permissions: { execute: \"true\" } } }\n",
		  "permissions.execute: true or false was expected, 'true' was found", "" },
		{ "    access_roots: { g: { paths: [], permissions: { execute: 1 } } }\n",
		  "permissions.execute: true or false was expected, 1 was found", "" },
		{ "    access_roots: { g: { paths: [], permissions: true } }\n",
		  "access_roots.g.permissions: a mapping was expected, 'true' was found", "" },
		{ "    control_access: { readfile: true }\n",
		  "control_access.readfile: there is no such key", "'read_file'" },
		{ "    control_access: { execute: [] }\n",
		  "control_access.execute: true or false was expected, a list was found", "" },
		{ "    command: vim\n", "4:14: command: a mapping was expected, 'vim' was found",
		  "" },
		{ "    command: { args: [x] }\n",
		  "command: the key 'binary' was expected, nothing was found", "" },
		{ "    command: { binary: }\n",
		  "command.binary: a program was expected, nothing was found", "" },
		{ "    command: { binary: \"\" }\n",
		  "command.binary: a program was expected, nothing was found", "" },
		{ "    command: { binary: [vim] }\n",
		  "command.binary: a text was expected, a list was found", "" },
		{ "    command: { binary: b, args: x }\n",
		  "command.args: a list of texts was expected, 'x' was found", "" },
		{ "    command: { binary: b, args: null }\n",
		  "command.args: a list of texts was expected, nothing was found", "" },
		{ "    command: { binary: b, working_dir: [x] }\n",
		  "command.working_dir: a text was expected, a list was found", "" },
		{ "    command: { binary: b, env: [K=V] }\n",
		  "command.env: a mapping of names to texts was expected, a list was found", "" },
		{ "    command: { binary: b, env: { K: {} } }\n",
		  "command.env: a text was expected, a mapping was found", "" },
		{ "    command: { binary: b, env: { \"A=B\": c } }\n",
		  "command.env: the name of a variable was expected, 'A=B' was found", "" },
		{ "    command: { program: b }\n", "command.program: there is no such key",
		  "one of: binary, args, working_dir, env" },
		{ "    log_level: wran\n",
		  "4:16: log_level: error, warn, info, debug or trace was expected, 'wran' was found",
		  "'warn'" },
		{ "    log_level: { a: b }\n", "log_level: a text was expected, a mapping", "" },
		{ "    dry_run: maybe\n", "dry_run: true or false was expected, 'maybe' was found",
		  "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reading r;

		read_keys(&r, rows[i].keys);
		if (r.result != -EINVAL || !strstr(r.err.what, rows[i].what) ||
		    !strstr(r.err.hint, rows[i].hint))
			fail_msg("%s: %d, '%s' (%s)", rows[i].keys, r.result, r.err.what,
				 r.err.hint);
		assert_int_equal(r.err.stage, CROFT_STAGE_PROFILE);
		assert_int_equal(strncmp(r.err.what, SOURCE ":4:", strlen(SOURCE ":4:")), 0);
		reading_done(&r);
	}
}

static void the_top_of_a_file_is_checked(void **state)
{
	static const struct {
		const char *text, *what, *hint;
	} rows[] = {
		{ "[]\n", "1:1: a mapping with the key 'profiles' was expected, a list was found",
		  "" },
		{ "version: 1\n", "profiles: a mapping of profiles was expected, nothing was found",
		  "" },
		{ "profiles: [p]\n", "1:11: profiles: a mapping of profiles was expected, a list",
		  "" },
		{ "profiles: {}\n", "profiles: a mapping of profiles was expected", "" },
		{ "profiles: { p: {} }\nprofile: {}\n", "2:1: profile: there is no such key",
		  "'profiles'" },
		{ "profiles: { p: x }\n", "profiles.p: a mapping was expected, 'x' was found", "" },
		{ "profiles: { p: }\n", "profiles.p: a mapping was expected, nothing was found",
		  "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct reading r;

		read_file(&r, rows[i].text, "p");
		if (r.result != -EINVAL || !strstr(r.err.what, rows[i].what) ||
		    !strstr(r.err.hint, rows[i].hint))
			fail_msg("%s: %d, '%s' (%s)", rows[i].text, r.result, r.err.what,
				 r.err.hint);
		reading_done(&r);
	}
}

static void a_profile_that_is_not_there_is_told_with_the_nearest(void **state)
{
	struct reading r;

	(void)state;
	read_file(&r, "profiles: { editor: {}, agent: {} }\n", "edtor");
	assert_int_equal(r.result, -ENOENT);
	assert_non_null(strstr(r.err.what, "there is no profile 'edtor' in '" SOURCE "'"));
	assert_non_null(strstr(r.err.hint, "'editor'"));
	reading_done(&r);
	read_file(&r, "profiles: { editor: {}, agent: {} }\n", "browser");
	assert_int_equal(r.result, -ENOENT);
	assert_string_equal(r.err.hint, "");
	reading_done(&r);
}

/* The key is repeated in the message, which has an end. */
static void long_names_do_not_break_a_message(void **state)
{
	struct reading r;
	char keys[3000], name[1000];

	(void)state;
	memset(name, 'g', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	(void)snprintf(keys, sizeof(keys), "    access_roots: { %s: { %s: 1 } }\n", name, name);
	read_keys(&r, keys);
	assert_int_equal(r.result, -EINVAL);
	assert_true(strlen(r.err.what) < sizeof(r.err.what));
	assert_non_null(strstr(r.err.what, SOURCE ":4:"));
	reading_done(&r);
}

static void more_groups_than_anybody_writes_are_refused(void **state)
{
	struct reading r;
	AUTO_BUF struct buf text = BUF_INIT(1U << 20);

	(void)state;
	for (int n = VERSION1_MAX_GROUPS; n <= VERSION1_MAX_GROUPS + 1; n++) {
		buf_reset(&text);
		buf_puts(&text, "profiles: { p: { access_roots: {");
		for (int i = 0; i < n; i++)
			buf_printf(&text, "%s g%d: { paths: [], permissions: {} }", i ? "," : "",
				   i);
		buf_puts(&text, " } } }\n");
		read_file(&r, buf_text(&text), "p");
		assert_int_equal(r.result, n > VERSION1_MAX_GROUPS ? -EOVERFLOW : 0);
		if (r.result < 0)
			assert_non_null(strstr(r.err.what, "256 groups were expected, 257"));
		else
			assert_int_equal(r.profile.n_groups, n);
		reading_done(&r);
	}
}

/* The whole document: every profile is read, whoever is asked for. */
static void a_document_has_each_profile_and_an_error_in_any_is_one(void **state)
{
	struct arena arena;
	struct document document;
	struct croft_error err;
	static const char wrong[] = "version: 1\nprofiles: { a: {}, b: { x: 1 } }\n";
	static const char name[] = "version: 1\nprofiles: { \"a b\": {} }\n";

	(void)state;
	arena_init(&arena, 1U << 20);
	assert_int_equal(
		document_read(SOURCE, everything, strlen(everything), &arena, &document, &err), 0);
	assert_int_equal(document.version, 1);
	assert_int_equal(document.n_profiles, 2);
	assert_string_equal(document.profiles[0].name, "other");
	assert_string_equal(document.profiles[1].name, "dev");
	assert_true(document_read(SOURCE, wrong, strlen(wrong), &arena, &document, &err) < 0);
	assert_non_null(strstr(err.what, SOURCE ":2:25: x: there is no such key"));
	assert_true(document_read(SOURCE, name, strlen(name), &arena, &document, &err) < 0);
	assert_non_null(strstr(err.what, "'a b' was found"));
	arena_done(&arena);
}

static void a_file_without_a_version_is_one_of_version_1(void **state)
{
	struct arena arena;
	struct document document;
	struct croft_error err;
	static const struct {
		const char *text;
		unsigned version; /* 0: an error */
	} rows[] = {
		{ "profiles: { p: {} }\n", 1 },
		{ "version: 1\nprofiles: { p: {} }\n", 1 },
		{ "version: 2\nprofiles: { p: {} }\n", 2 },
		{ "version: 3\nprofiles: { p: {} }\n", 0 },
		{ "version: 0\nprofiles: { p: {} }\n", 0 },
	};

	(void)state;
	arena_init(&arena, 1U << 20);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		int r = document_read(SOURCE, rows[i].text, strlen(rows[i].text), &arena, &document,
				      &err);

		assert_int_equal(r, rows[i].version ? 0 : -EINVAL);
		if (rows[i].version)
			assert_int_equal(document.version, rows[i].version);
		else
			assert_non_null(strstr(err.what, "version: 1 or 2 was expected"));
	}
	arena_done(&arena);
}

/* Each allocation in turn is the one that there is no room for. */
static void memory_that_runs_out_is_an_ordinary_error(void **state)
{
	size_t n_failed = 0, max = 0;
	int r;

	(void)state;
	do {
		struct arena arena;
		struct document document = { .source = "untouched" };
		struct croft_error err = { 0 };

		arena_init(&arena, max);
		r = document_read(SOURCE, everything, strlen(everything), &arena, &document, &err);
		if (r < 0) {
			assert_int_equal(r, -ENOMEM);
			assert_int_equal(err.errnum, ENOMEM);
			assert_string_equal(document.source, "untouched");
			n_failed++;
		}
		arena_done(&arena);
		max += 16;
	} while (r < 0);
	assert_true(n_failed > 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_key_is_read),
		cmocka_unit_test(each_right_is_its_own_bit),
		cmocka_unit_test(each_level_is_kept),
		cmocka_unit_test(what_may_be_absent_may_be_null),
		cmocka_unit_test(a_wrong_value_is_told_with_its_place_and_what_was_expected),
		cmocka_unit_test(the_top_of_a_file_is_checked),
		cmocka_unit_test(a_profile_that_is_not_there_is_told_with_the_nearest),
		cmocka_unit_test(long_names_do_not_break_a_message),
		cmocka_unit_test(more_groups_than_anybody_writes_are_refused),
		cmocka_unit_test(a_document_has_each_profile_and_an_error_in_any_is_one),
		cmocka_unit_test(memory_that_runs_out_is_an_ordinary_error),
		cmocka_unit_test(a_file_without_a_version_is_one_of_version_1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
