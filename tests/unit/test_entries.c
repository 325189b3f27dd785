/* SPDX-License-Identifier: MIT */
/* test_entries.c - what one profile of a file says, in the struct of a profile. */
#include "load_of.h"

/* What a file says */

static void each_list_of_files_gives_its_kind(void **state)
{
	static const struct {
		const char *path;
		unsigned kinds;
	} cases[] = {
		{ "/r", GRANT_READ },
		{ "/x", GRANT_READ | GRANT_EXECUTE },
		{ "/w", GRANT_READ | GRANT_WRITE },
		{ "/d", GRANT_READ | GRANT_WRITE | GRANT_DEVICE },
		{ "/s", GRANT_SOCKET },
	};
	struct profile *profile =
		load(one("    files: {read: [/r], execute: [/x], write: [/w], device: [/d]}\n"
			 "    sockets: [/s]\n"));

	(void)state;
	assert_int_equal(profile->n_grants, ARRAY_SIZE(cases));
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(find_grant(profile, cases[i].path)->kinds, cases[i].kinds);
	assert_false(profile->wants_tmpdir);
	assert_int_equal(profile->require[PROTECT_PRIVATE_TMP], REQUIRE_OFF);
	profile_free(profile);
}

static void rights_are_granted_as_they_are_listed(void **state)
{
	struct profile *profile =
		load(one("    files:\n      rights:\n"
			 "        - {paths: [/a, optional:~/b], allow: [read_file, execute]}\n"));

	(void)state;
	assert_int_equal(profile->n_grants, 2);
	assert_int_equal(profile->grants[0].kinds, 0);
	assert_int_equal(profile->grants[0].rights,
			 ABI_LANDLOCK_FS_READ_FILE | ABI_LANDLOCK_FS_EXECUTE);
	assert_true(profile->grants[1].is_optional);
	profile_free(profile);
}

static void every_other_key_sets_its_member(void **state)
{
	struct profile *profile =
		load(one("    description: words\n"
			 "    abi: 5\n"
			 "    network: {connect: [443, \"udp:53\"], listen: [0]}\n"
			 "    environment: {pass: [PATH, LC_*], all: true}\n"
			 "    limits: {memory: 1GiB, processes: 5, open_files: 6,\n"
			 "      file_size: 7, cpu: 8s, time: 9s, grace: 1s}\n"
			 "    syscalls: {mode: strict, allow: [bpf], refuse: [sync]}\n"
			 "    require: {landlock: 3, signals: off}\n"
			 "    with: [nss]\n"
			 "    with_deps: true\n"
			 "    descriptors: [3, 9]\n"
			 "    supervise: true\n"
			 "    audit: true\n"));

	(void)state;
	assert_string_equal(profile->description, "words");
	assert_int_equal(profile->abi, 5);
	assert_int_equal(profile->n_ports, 3);
	assert_true(profile->ports[1].is_udp);
	assert_int_equal(profile->ports[2].use, PORT_LISTEN);
	assert_int_equal(profile->n_env, 2);
	assert_true(profile->wants_env_all);
	assert_int_equal(profile->limits[LIMIT_MEMORY], 1 << 30);
	assert_int_equal(profile->limits[LIMIT_PROCESSES], 5);
	assert_int_equal(profile->limits[LIMIT_OPEN_FILES], 6);
	assert_int_equal(profile->limits[LIMIT_FILE_SIZE], 7);
	assert_int_equal(profile->limits[LIMIT_CPU], 8);
	assert_int_equal(profile->time_ms, 9000);
	assert_int_equal(profile->grace_ms, 1000);
	assert_int_equal(profile->syscall_mode, SYSCALLS_STRICT);
	assert_true(profile->allows_group[GROUP_BPF]);
	assert_string_equal(profile->refused_calls[0], "sync");
	assert_int_equal(profile->min_landlock, 3);
	assert_int_equal(profile->require[PROTECT_SIGNALS], REQUIRE_OFF);
	assert_true(profile->is_named[PROTECT_SIGNALS]);
	assert_false(profile->is_named[PROTECT_TCP]);
	assert_true(profile->wants_set[SET_NSS]);
	assert_true(profile->wants_deps);
	assert_int_equal(profile->n_keep_fds, 2);
	assert_true(profile->wants_supervisor);
	assert_true(profile->wants_audit);
	profile_free(profile);
}

static void a_command_has_its_own_place(void **state)
{
	struct profile *profile =
		load(one("    command: {args: [-v, ~/x, $x], program: make, directory: sub}\n"));

	(void)state;
	assert_string_equal(profile->program, "make");
	assert_int_equal(profile->n_args, 3);
	assert_string_equal(profile->args[1], "~/x");
	assert_string_equal(profile->args[2], "$x");
	assert_string_equal(profile->chdir, "/srv/p/sub");
	profile_free(profile);
	profile = load(one("    command: {program: ./tool}\n"));
	assert_string_equal(profile->program, "/srv/p/tool");
	profile_free(profile);
}

static void grants_remember_file_and_line(void **state)
{
	struct profile *profile = load(one("    files:\n"
					   "      read: [/a, /b]\n"
					   "      write:\n"
					   "        - /c\n"
					   "      deny: [/d]\n"
					   "    network: {connect: [1]}\n"
					   "    environment: {set: {A: b}}\n"));

	(void)state;
	assert_string_equal(profile->grants[0].origin, "./one.yaml:5");
	assert_string_equal(profile->grants[1].origin, "./one.yaml:5");
	assert_string_equal(profile->grants[2].origin, "./one.yaml:7");
	assert_string_equal(profile->denials[0].origin, "./one.yaml:8");
	assert_string_equal(profile->ports[0].origin, "./one.yaml:9");
	assert_string_equal(profile->env[0].origin, "./one.yaml:10");
	profile_free(profile);
}

static void variables_may_be_named_wherever_they_are_listed(void **state)
{
	struct profile *profile = load(one("    files: {read: [\"${env:GOPATH}/src\"]}\n"
					   "    environment: {use: [GOPATH]}\n"));

	(void)state;
	assert_string_equal(paths_of(profile), "/srv/go/src");
	profile_free(profile);
	refuses(one("    files: {read: [\"${env:GOPATH}/src\"]}\n"),
		"./one.yaml:4:20: files.read: the variable 'GOPATH' may not be used",
		"list it: environment: { use: [GOPATH] }");
}

static void values_of_variables_name_others(void **state)
{
	struct profile *profile =
		load(one("    environment: {set: {A: \"${project}/x$$\", B: ~/b}}\n"));

	(void)state;
	assert_string_equal(profile->env[0].value, "/srv/p/x$");
	assert_string_equal(profile->env[1].value, "~/b");
	profile_free(profile);
	refuses(one("    environment: {set: {A: $x}}\n"),
		"./one.yaml:4:28: environment.set.A: the value '$x' has a '$' that names no "
		"variable",
		"write '${home}', or '$$' for the character");
}

static void patterns_are_known_by_their_text(void **state)
{
	struct profile *profile =
		load(one("    files: {read: [/srv/*.c, /srv/x], deny: [\"**/.env\"]}\n"));
	struct load_place starry = place;
	struct profile *none = NULL;

	(void)state;
	assert_true(profile->grants[0].is_pattern);
	assert_false(profile->grants[1].is_pattern);
	assert_string_equal(profile->denials[0].path, "/srv/p/**/.env");
	profile_free(profile);
	/* a directory's own '*' is none */
	starry.workdir = "/srv/a*b";
	assert_int_equal(load_profile(one("    files: {read: [.]}\n"), &starry, &profile, &err), 0);
	assert_false(profile->grants[0].is_pattern);
	profile_free(profile);
	assert_int_equal(load_profile(one("    files: {read: [\"*.c\"]}\n"), &starry, &none, &err),
			 -EINVAL);
	assert_string_equal(err.what, "./one.yaml:4:20: files.read: the pattern '*.c' becomes "
				      "'/srv/a*b/*.c', with a '*' that is not its own");
}

static void the_working_directory_is_one_grant_and_the_project(void **state)
{
	struct profile *profile =
		load(one("    files: {execute: [.], read: [./x], write: [., \"${project}\"]}\n"));
	const struct grant *grant = &profile->grants[0];

	(void)state;
	assert_int_equal(profile->n_grants, 2);
	assert_string_equal(grant->path, "/srv/p");
	assert_int_equal(grant->kinds, GRANT_READ | GRANT_WRITE | GRANT_EXECUTE);
	assert_true(grant->is_project);
	assert_false(profile->grants[1].is_project);
	profile_free(profile);
	/* to read it is no danger */
	profile = load(one("    files: {read: [.], write: [/srv/q]}\n"));
	assert_false(profile->grants[0].is_project);
	assert_false(profile->grants[1].is_project);
	profile_free(profile);
}

static void without_a_home_what_is_optional_below_it_is_left_out(void **state)
{
	struct load_place homeless = { .workdir = "/srv/p" };
	struct profile *profile;

	(void)state;
	assert_int_equal(
		load_profile(one("    files:\n"
				 "      read: [optional:~/x, \"optional:${XDG_CACHE_HOME}\"]\n"
				 "      hide: [optional:~/.ssh]\n"),
			     &homeless, &profile, &err),
		0);
	assert_int_equal(profile->n_grants, 0);
	assert_int_equal(profile->n_denials, 0);
	profile_free(profile);
	assert_int_equal(load_profile(one("    files: {read: [~/x]}\n"), &homeless, &profile, &err),
			 -EINVAL);
	assert_string_equal(err.what,
			    "./one.yaml:4:20: files.read: the path '~/x' needs HOME, which "
			    "is not set");
}

/* Requirements */

static void a_denial_raises_what_promises_it(void **state)
{
	struct profile *profile =
		load(one("    files: {deny: [/d], hide: [/h], private: [/tmp]}\n"));

	(void)state;
	assert_int_equal(profile->n_denials, 3);
	assert_int_equal(profile->denials[0].kind, DENY_ALL);
	assert_int_equal(profile->denials[1].kind, DENY_HIDE);
	assert_int_equal(profile->denials[2].kind, DENY_PRIVATE);
	assert_int_equal(profile->require[PROTECT_DENY_INSIDE], REQUIRE_REQUIRE);
	assert_int_equal(profile->require[PROTECT_HIDDEN], REQUIRE_REQUIRE);
	assert_int_equal(profile->require[PROTECT_PRIVATE_TMP], REQUIRE_REQUIRE);
	assert_true(profile->wants_tmpdir);
	profile_free(profile);
	profile = load(one("    files: {private: [/tmp]}\n    require: {private-tmp: off}\n"));
	assert_false(profile->wants_tmpdir);
	profile_free(profile);
	profile = load(one("    files: {deny_write: [/d]}\n    require: {deny-inside: prefer}\n"));
	assert_int_equal(profile->denials[0].kind, DENY_WRITE);
	assert_int_equal(profile->require[PROTECT_DENY_INSIDE], REQUIRE_PREFER);
	profile_free(profile);
}

/* What a profile says of its own denials does not weaken those of one that extends it. */
static void a_requirement_is_named_for_the_profile_that_names_it(void **state)
{
	struct profile *profile;

	(void)state;
	user_file("base", "version: 2\nprofiles: {base: {require: {deny-inside: prefer}}}\n");
	profile = load(one("    extends: [base]\n    files: {deny: [/d]}\n"));
	assert_int_equal(profile->require[PROTECT_DENY_INSIDE], REQUIRE_REQUIRE);
	assert_true(profile->is_named[PROTECT_DENY_INSIDE]);
	profile_free(profile);
	profile = load(one("    extends: [base]\n    files: {deny: [/d]}\n"
			   "    require: {deny-inside: prefer}\n"));
	assert_int_equal(profile->require[PROTECT_DENY_INSIDE], REQUIRE_PREFER);
	profile_free(profile);
}

static void isolation_requires_what_promises_it(void **state)
{
	struct profile *profile =
		load(one("    isolate: [files, processes, ipc, network, hostname, cgroup]\n"
			 "    require: {unix-abstract: prefer}\n"));
	static const enum protection raised[] = { PROTECT_HIDDEN, PROTECT_PROCESSES,
						  PROTECT_IPC,    PROTECT_TCP,
						  PROTECT_UDP,    PROTECT_OTHER_NET };

	(void)state;
	for (int i = 0; i < ISOLATE_MAX; i++)
		assert_true(profile->isolates[i]);
	for (size_t i = 0; i < ARRAY_SIZE(raised); i++)
		assert_int_equal(profile->require[raised[i]], REQUIRE_REQUIRE);
	assert_int_equal(profile->require[PROTECT_UNIX_ABSTRACT], REQUIRE_PREFER);
	profile_free(profile);
}

static void system_calls_off_are_as_the_protection_off(void **state)
{
	struct profile *profile = load(one("    syscalls: off\n"));

	(void)state;
	assert_int_equal(profile->syscall_mode, SYSCALLS_OFF);
	assert_int_equal(profile->require[PROTECT_SYSCALLS], REQUIRE_OFF);
	profile_free(profile);
	user_file("base", "version: 2\nprofiles: {base: {syscalls: off}}\n");
	profile = load(one("    extends: [base]\n    syscalls: strict\n"));
	assert_int_equal(profile->syscall_mode, SYSCALLS_STRICT);
	assert_int_equal(profile->require[PROTECT_SYSCALLS], REQUIRE_REQUIRE);
	profile_free(profile);
	profile = load(one("    extends: [base]\n    require: {syscalls: require}\n"));
	assert_int_equal(profile->syscall_mode, SYSCALLS_STANDARD);
	profile_free(profile);
}

/* Errors of doors */

static void errors_of_doors_have_the_place_before_them(void **state)
{
	static const struct {
		const char *lines, *what, *hint;
	} cases[] = {
		{ "    files: {read: [/a, ../x]}\n",
		  "./one.yaml:4:24: files.read: the path '../x' has a '..' in it",
		  "what it names depends on symbolic links: write the directory itself" },
		{ "    files: {deny: [\"/a**/b\"]}\n",
		  "./one.yaml:4:20: files.deny: the pattern '/a**/b' has a '**' inside a name",
		  "'**' stands for directories: write it between slashes" },
		{ "    command: {directory: ~bob}\n",
		  "./one.yaml:4:26: command.directory: the path '~bob' names the home of somebody "
		  "else",
		  "write it out; or './~bob' if it is in the working directory" },
		{ "    extends: [nowhere-at-all]\n",
		  "./one.yaml:4:15: extends: there is no profile 'nowhere-at-all'",
		  "'croft profile list' names them; a file is named with its '/'" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		refuses(one(cases[i].lines), cases[i].what, cases[i].hint);
}

/* The reader refuses these; a document that a front end makes has to pass the doors as well. */
static void doors_do_not_rest_on_the_reader(void **state)
{
	static const struct {
		struct entry entry;
		const char *what;
	} cases[] = {
		{ { KEY_ENVIRONMENT_PASS, NULL, "A=b", 0, 1, 2 },
		  "made:1:2: environment.pass: the variable 'A=b' has a '=' in its name" },
		{ { KEY_ENVIRONMENT_SET, "A=b", "c", 0, 1, 2 },
		  "made:1:2: environment.set.A=b: 'A=b' is not the name of a variable" },
		{ { KEY_ENVIRONMENT_USE, NULL, "A*", 0, 1, 2 },
		  "made:1:2: environment.use: 'A*' is not the name of a variable" },
		{ { KEY_SYSCALLS_REFUSE, NULL, "a b", 0, 1, 2 },
		  "made:1:2: syscalls.refuse: 'a b' is not the name of a system call" },
		{ { KEY_SYSCALLS_MODE, NULL, "strickt", 0, 1, 2 },
		  "made:1:2: syscalls.mode: there is no mode 'strickt'" },
		{ { KEY_ISOLATE, NULL, "file", 0, 1, 2 },
		  "made:1:2: isolate: there is no isolation 'file'" },
		{ { KEY_REQUIRE, "files", "perfer", 0, 1, 2 },
		  "made:1:2: require.files: there is no requirement 'perfer'" },
		{ { KEY_REQUIRE, "flies", "prefer", 0, 1, 2 },
		  "made:1:2: require.flies: there is no protection 'flies'" },
		{ { KEY_REQUIRE, "landlock", "12", 0, 1, 2 },
		  "made:1:2: require.landlock: '12' is not an ABI of Landlock" },
		{ { KEY_ABI, NULL, "0", 0, 1, 2 }, "made:1:2: abi: '0' is not an ABI of Landlock" },
		{ { KEY_LIMITS_CPU, NULL, "soon", 0, 1, 2 },
		  "made:1:2: limits.cpu: 'soon' is not a value for the limit 'cpu'" },
		{ { KEY_LIMITS_TIME, NULL, "soon", 0, 1, 2 },
		  "made:1:2: limits.time: 'soon' is not a time" },
		{ { KEY_DESCRIPTORS, NULL, "2", 0, 1, 2 },
		  "made:1:2: descriptors: descriptor 2 is always kept" },
		{ { KEY_COMMAND_PROGRAM, NULL, "", 0, 1, 2 },
		  "made:1:2: command.program: the name of a program is empty" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct document_profile of_it = { "p", 1, 1, &cases[i].entry, 1 };
		const struct document document = { "made", 2, &of_it, 1 };
		struct profile *profile = NULL;

		assert_true(load_document(&document, NULL, true, &place, &profile, &err) < 0);
		assert_string_equal(err.what, cases[i].what);
		assert_null(profile);
	}
}

/* Version 1, and no file */

static void version_1_is_literal_but_for_the_home(void **state)
{
	struct profile *profile;
	char home_x[GROUND_PATH];

	(void)state;
	make_file("v1.yaml",
		  "profiles:\n  a:\n    access_roots:\n      g:\n"
		  "        paths: [\"/srv/$x\", \"/srv/*\", ~/x]\n"
		  "        permissions: {read_file: true}\n"
		  "    command: {binary: ~/tool, args: [\"~/a\", \"$b\"],\n"
		  "              env: {A: ~/v, B: \"${x}\"}}\n",
		  0644);
	profile = load("v1.yaml");
	assert_int_equal(profile->n_grants, 3);
	assert_string_equal(profile->grants[0].path, "/srv/$x");
	assert_string_equal(profile->grants[1].path, "/srv/*");
	assert_false(profile->grants[1].is_pattern);
	assert_string_equal(profile->grants[2].path, in_scratch(home_x, "home/x"));
	assert_string_equal(profile->program, in_scratch(home_x, "home/tool"));
	assert_string_equal(profile->args[0], in_scratch(home_x, "home/a"));
	assert_string_equal(profile->args[1], "$b");
	assert_string_equal(profile->env[0].value, in_scratch(home_x, "home/v"));
	assert_string_equal(profile->env[1].value, "${x}");
	profile_free(profile);
	/* keys are told as they stand in the file */
	make_file("v1.yaml",
		  "profiles:\n  a:\n    access_roots:\n      g:\n        paths: [/a, /b/../c]\n"
		  "        permissions: {read_file: true}\n",
		  0644);
	assert_int_equal(load_profile("v1.yaml", &place, &profile, &err), -EINVAL);
	assert_non_null(strstr(err.what, "v1.yaml:5:21: access_roots.g: the path "));
}

/* A document of no file (a front end's): its lines are none. */
static void line_0_is_no_line(void **state)
{
	static const struct entry entries[] = { { KEY_FILES_READ, NULL, "/x", 0, 0, 0 } };
	static const struct document_profile of_it = { "p", 0, 0, entries, 1 };
	static const struct document document = { "--root", 2, &of_it, 1 };
	struct profile *profile;

	(void)state;
	assert_int_equal(load_document(&document, NULL, true, &place, &profile, &err), 0);
	assert_string_equal(profile->grants[0].origin, "--root");
	profile_free(profile);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, clear)
	const struct CMUnitTest tests[] = {
		TEST(each_list_of_files_gives_its_kind),
		TEST(rights_are_granted_as_they_are_listed),
		TEST(every_other_key_sets_its_member),
		TEST(a_command_has_its_own_place),
		TEST(grants_remember_file_and_line),
		TEST(variables_may_be_named_wherever_they_are_listed),
		TEST(values_of_variables_name_others),
		TEST(patterns_are_known_by_their_text),
		TEST(the_working_directory_is_one_grant_and_the_project),
		TEST(without_a_home_what_is_optional_below_it_is_left_out),
		TEST(a_denial_raises_what_promises_it),
		TEST(a_requirement_is_named_for_the_profile_that_names_it),
		TEST(isolation_requires_what_promises_it),
		TEST(system_calls_off_are_as_the_protection_off),
		TEST(errors_of_doors_have_the_place_before_them),
		TEST(doors_do_not_rest_on_the_reader),
		TEST(version_1_is_literal_but_for_the_home),
		TEST(line_0_is_no_line),
	};

	return cmocka_run_group_tests_name("entries", tests, open_places, ground_close);
}
