/* SPDX-License-Identifier: MIT */
/*
 * test_document.c - a profile file of version 2 becomes entries that say what stands there and
 * where, or one error that says where, which key, what was expected and what was found.
 */
#include "document_case.h"

#include "base/buf.h"
#include "profile/profile.h"
#include "sys/abi.h"

static void the_profiles_of_a_file_stand_in_its_order(void **state)
{
	(void)state;
	assert_int_equal(read_document("profiles:\n  b: {}\n  a:\n    abi: 3\nversion: 2\n"), 0);
	assert_string_equal(document.source, "x.yaml");
	assert_int_equal(document.version, 2);
	assert_int_equal(document.n_profiles, 2);
	assert_string_equal(document.profiles[0].name, "b");
	assert_int_equal(document.profiles[0].n_entries, 0);
	assert_int_equal(document.profiles[0].line, 2);
	assert_int_equal(document.profiles[0].column, 3);
	assert_string_equal(document.profiles[1].name, "a");
	assert_int_equal(document.profiles[1].n_entries, 1);
	assert_ptr_equal(document_find(&document, "a"), &document.profiles[1]);
	assert_ptr_equal(document_find(&document, "b"), &document.profiles[0]);
	assert_null(document_find(&document, "c"));
}

static void each_key_becomes_entries_that_know_their_place(void **state)
{
	(void)state;
	assert_entries("description: Some words\nextends: [default, ./team.yaml:node]\nabi: 6\n",
		       "description=Some words@4:18\nextends=default@5:15\n"
		       "extends=./team.yaml:node@5:24\nabi=6@6:10");
	assert_entries("files:\n  read: [/etc, ~, \"~\", .]\n  execute:\n  - optional:/usr\n"
		       "  write: []\n  device: [/dev/null]\n",
		       "files.read=/etc@5:14\nfiles.read=~@5:20\nfiles.read=~@5:23\n"
		       "files.read=.@5:28\nfiles.execute=optional:/usr@7:9\n"
		       "files.device=/dev/null@9:16");
	assert_entries("files: {deny: [\"**/*.pem\"], deny_write: [.git/hooks], hide: [~/.ssh], "
		       "private: [/tmp]}",
		       "files.deny=**/*.pem@4:20\nfiles.deny_write=.git/hooks@4:46\n"
		       "files.hide=~/.ssh@4:66\nfiles.private=/tmp@4:85");
	assert_entries("network: {connect: [443, \"udp:53\", tcp:80], listen: [0, 8080]}\n"
		       "sockets: [/run/x.sock]",
		       "network.connect=443@4:25\nnetwork.connect=udp:53@4:30\n"
		       "network.connect=tcp:80@4:40\nnetwork.listen=0@4:58\n"
		       "network.listen=8080@4:61\nsockets=/run/x.sock@5:15");
	assert_entries("environment: {pass: [PATH, \"LC_*\"], set: {CI: \"1\", N: 2, E: \"\"}, "
		       "all: true, use: [X_1]}",
		       "environment.pass=PATH@4:26\nenvironment.pass=LC_*@4:32\n"
		       "environment.set CI=1@4:51\nenvironment.set N=2@4:59\n"
		       "environment.set E=@4:65\nenvironment.all=true@4:75\n"
		       "environment.use=X_1@4:87");
	assert_entries(
		"limits: {memory: 4GiB, processes: 256, open_files: \"1024\", file_size: 1M, "
		"cpu: 10s, time: 30m, grace: 500ms}",
		"limits.memory=4GiB@4:22\nlimits.processes=256@4:39\n"
		"limits.open_files=1024@4:56\nlimits.file_size=1M@4:75\nlimits.cpu=10s@4:84\n"
		"limits.time=30m@4:95\nlimits.grace=500ms@4:107");
	assert_entries("syscalls: {mode: off, allow: [mount, user-namespaces], refuse: [ptrace]}\n"
		       "isolate: [files, processes, ipc, network]",
		       "syscalls.mode=off@4:22\nsyscalls.allow=mount@4:35\n"
		       "syscalls.allow=user-namespaces@4:42\nsyscalls.refuse=ptrace@4:69\n"
		       "isolate=files@5:15\nisolate=processes@5:22\nisolate=ipc@5:33\n"
		       "isolate=network@5:38");
	assert_entries("require: {landlock: 3, hidden: prefer, tcp: off, files: require}",
		       "require landlock=3@4:25\nrequire hidden=prefer@4:36\nrequire tcp=off@4:49\n"
		       "require files=require@4:61");
	assert_entries("with: [nss, ca-certificates]\nwith_deps: false\n"
		       "command: {program: make, args: [\"-j4\", \"\", 'a\tb'], directory: .}\n"
		       "descriptors: [3, 1048575]\nsupervise: true\naudit: true",
		       "with=nss@4:12\nwith=ca-certificates@4:17\nwith_deps=false@5:16\n"
		       "command.program=make@6:24\ncommand.args=-j4@6:37\ncommand.args=@6:44\n"
		       "command.args=a\tb@6:48\ncommand.directory=.@6:67\ndescriptors=3@7:19\n"
		       "descriptors=1048575@7:22\nsupervise=true@8:16\naudit=true@9:12");
}

static void syscalls_with_a_word_is_short_for_its_mode(void **state)
{
	static const struct refusal cases[] = {
		{ "syscalls: strct", "4:15: syscalls: a known word was expected, 'strct' was found",
		  "did you mean 'strict'?" },
		{ "syscalls:", "4:14: syscalls: a mapping was expected, nothing was found", NULL },
		{ "syscalls: [strict]", "4:15: syscalls: a mapping was expected, a list was found",
		  NULL },
	};

	(void)state;
	assert_entries("syscalls: strict", "syscalls.mode=strict@4:15");
	assert_entries("syscalls: \"off\"", "syscalls.mode=off@4:15");
	assert_all_refused(cases, ARRAY_SIZE(cases));
}

static void rights_are_given_to_each_path_of_their_item(void **state)
{
	static const struct refusal cases[] = {
		{ "files: {rights: /etc}",
		  "4:21: files.rights: a list of mappings of 'paths' and 'allow' was expected, "
		  "a text was found",
		  "a list of one is written [/etc]" },
		{ "files: {rights: [/etc]}",
		  "4:22: files.rights: a mapping of 'paths' and 'allow' was expected, a text was "
		  "found",
		  NULL },
		{ "files: {rights: [{paths: [/etc]}]}",
		  "4:22: files.rights: a list 'allow' was expected, nothing was found", NULL },
		{ "files: {rights: [{allow: [execute]}]}",
		  "4:22: files.rights: a list 'paths' was expected, nothing was found", NULL },
		{ "files: {rights: [{paths: [/etc], allow: []}]}",
		  "4:22: files.rights: a list 'allow' was expected, nothing was found", NULL },
		{ "files: {rights: [{paths: [], allow: [execute]}]}",
		  "4:22: files.rights: a list 'paths' was expected, nothing was found", NULL },
		{ "files: {rights: [{paths: [/etc], alow: [execute]}]}",
		  "4:38: files.rights.alow: there is no such key", "did you mean 'allow'?" },
		{ "files: {rights: [{path: /etc, x: y}]}",
		  "4:23: files.rights.path: there is no such key", "did you mean 'paths'?" },
		{ "files: {rights: [{mode: 7}]}", "4:23: files.rights.mode: there is no such key",
		  "one of: paths, allow" },
		{ "files: {rights: [{paths: /etc, allow: [execute]}]}",
		  "4:30: files.rights.paths: a list of paths was expected, a text was found",
		  "a list of one is written [/etc]" },
		{ "files: {rights: [{paths: [/etc], allow: execute}]}",
		  "4:45: files.rights.allow: a list of rights was expected, a text was found",
		  "a list of one is written [execute]" },
		{ "files: {rights: [{paths: [/etc], allow: [exec]}]}",
		  "4:46: files.rights.allow: a right was expected, 'exec' was found",
		  "one of: execute, write_file, read_file, read_dir, remove_dir, remove_file, "
		  "make_char, make_dir, make_reg, make_sock, make_fifo, make_block, make_sym, "
		  "refer, truncate, ioctl_dev, resolve_unix" },
		{ "files: {rights: [{paths: [/etc], allow: [read_fil]}]}",
		  "4:46: files.rights.allow: a right was expected, 'read_fil' was found",
		  "did you mean 'read_file'?" },
		{ "files: {rights: [{paths: [/etc], allow: [[execute]]}]}",
		  "4:46: files.rights.allow: a right was expected, a list was found", NULL },
		{ "files: {rights: [{paths: [/etc], allow: [~]}]}",
		  "4:46: files.rights.allow: a right was expected, nothing was found", NULL },
		{ "files: {rights: [{paths: [\"\"], allow: [execute]}]}",
		  "4:31: files.rights.paths: a path was expected, an empty text was found", NULL },
	};

	(void)state;
	assert_entries("files:\n  rights:\n  - {paths: [/a, /b], allow: [execute, read_file]}\n"
		       "  - {allow: [resolve_unix, execute, execute], paths: [~]}\n",
		       "files.rights=/a@6:18 0x5\nfiles.rights=/b@6:22 0x5\n"
		       "files.rights=~@7:59 0x10001");
	assert_all_refused(cases, ARRAY_SIZE(cases));
}

static void rights_have_the_names_of_the_kernels_bits(void **state)
{
	(void)state;
	assert_int_equal(n_right_names, 17);
	assert_int_equal(1 << names_find(right_names, n_right_names, "execute"),
			 ABI_LANDLOCK_FS_EXECUTE);
	assert_int_equal(1 << names_find(right_names, n_right_names, "read_file"),
			 ABI_LANDLOCK_FS_READ_FILE);
	assert_int_equal(1 << names_find(right_names, n_right_names, "make_reg"),
			 ABI_LANDLOCK_FS_MAKE_REG);
	assert_int_equal(1 << names_find(right_names, n_right_names, "make_sym"),
			 ABI_LANDLOCK_FS_MAKE_SYM);
	assert_int_equal(1 << names_find(right_names, n_right_names, "refer"),
			 ABI_LANDLOCK_FS_REFER);
	assert_int_equal(1 << names_find(right_names, n_right_names, "truncate"),
			 ABI_LANDLOCK_FS_TRUNCATE);
	assert_int_equal(1 << names_find(right_names, n_right_names, "ioctl_dev"),
			 ABI_LANDLOCK_FS_IOCTL_DEV);
	for (size_t i = 0; i < n_right_names; i++)
		assert_true(right_names[i].help && *right_names[i].help);
}

static void an_unknown_key_is_refused_and_the_nearest_named(void **state)
{
	static const struct refusal cases[] = {
		{ "files:\n  raed: [/etc]", "5:7: files.raed: there is no such key",
		  "did you mean 'read'?" },
		{ "enviroment: {}", "4:5: enviroment: there is no such key",
		  "did you mean 'environment'?" },
		{ "limits: {colour: 1}", "4:14: limits.colour: there is no such key",
		  "one of: memory, processes, open_files, file_size, cpu, cpu_percent, time, grace" },
		{ "read: [/etc]", "4:5: read: there is no such key", "did you mean 'files.read'?" },
		{ "files: {connect: [1]}", "4:13: files.connect: there is no such key",
		  "did you mean 'network.connect'?" },
		{ "version: 2", "4:5: version: there is no such key",
		  "'version' stands at the top of the file" },
		{ "network: {profiles: 2}", "4:15: network.profiles: there is no such key",
		  "'profiles' stands at the top of the file" },
		{ "<<: {abi: 3}", "4:5: <<: there is no such key",
		  "one of: description, extends, abi, files, network, sockets, environment, "
		  "limits, syscalls, isolate, git, require, with, with_deps, command, "
		  "descriptors, supervise, pty, audit" },
		{ "files.read: [/etc]", "4:5: files.read: there is no such key",
		  "one of: description, extends, abi, files, network, sockets, environment, "
		  "limits, syscalls, isolate, git, require, with, with_deps, command, "
		  "descriptors, supervise, pty, audit" },
		{ "Files: {}", "4:5: Files: there is no such key", "did you mean 'files'?" },
	};

	(void)state;
	assert_all_refused(cases, ARRAY_SIZE(cases));
}

static void what_is_no_list_is_refused_where_a_list_is_wanted(void **state)
{
	static const struct refusal cases[] = {
		{ "files:\n  read: /etc",
		  "5:13: files.read: a list of paths was expected, a text was found",
		  "a list of one is written [/etc]" },
		{ "files:\n  read:",
		  "5:12: files.read: a list of paths was expected, nothing was found", NULL },
		{ "files: {read: {a: b}}",
		  "4:19: files.read: a list of paths was expected, a mapping was found", NULL },
		{ "extends: base", "4:14: extends: a list of texts was expected, a text was found",
		  "a list of one is written [base]" },
		{ "network: {connect: 443}",
		  "4:24: network.connect: a list of ports was expected, a text was found",
		  "a list of one is written [443]" },
		{ "with: nss", "4:11: with: a list of known words was expected, a text was found",
		  "a list of one is written [nss]" },
		{ "descriptors: 3",
		  "4:18: descriptors: a list of numbers was expected, a text was found",
		  "a list of one is written [3]" },
	};

	(void)state;
	assert_all_refused(cases, ARRAY_SIZE(cases));
}

static void what_is_no_mapping_is_refused_where_a_mapping_is_wanted(void **state)
{
	static const struct refusal cases[] = {
		{ "files: [/etc]", "4:12: files: a mapping was expected, a list was found", NULL },
		{ "files: /etc", "4:12: files: a mapping was expected, a text was found", NULL },
		{ "files:", "4:11: files: a mapping was expected, nothing was found", NULL },
		{ "files: null", "4:12: files: a mapping was expected, nothing was found", NULL },
		{ "files: ~", "4:12: files: a mapping was expected, nothing was found", NULL },
		{ "environment: {set: [A=1]}",
		  "4:24: environment.set: a mapping of variables was expected, a list was found",
		  NULL },
		{ "require: hidden",
		  "4:14: require: a mapping of protections was expected, a text was found", NULL },
	};

	(void)state;
	assert_all_refused(cases, ARRAY_SIZE(cases));
}

/* `head`, then `format` with 1 to n, then `tail`. */
static int read_many(const char *head, const char *format, size_t n, const char *tail)
{
	AUTO_BUF struct buf text = BUF_INIT(1U << 20);

	buf_puts(&text, head);
	for (size_t i = 1; i <= n; i++) {
		const char *number = strchr(format, '#');

		buf_printf(&text, "%.*s%zu%s", (int)(number - format), format, i, number + 1);
	}
	buf_puts(&text, tail);
	assert_int_equal(buf_error(&text), 0);
	return read_document(buf_text(&text));
}

static void lists_are_bounded(void **state)
{
	static const char ports[] = HEAD "    network: {connect: [";
	static const char variables[] = HEAD "    environment: {set: {";
	static const char profiles[] = "version: 2\nprofiles:\n";

	(void)state;
	assert_int_equal(read_many(ports, "#,", PROFILE_MAX_PORTS, "]}\n"), 0);
	assert_int_equal(document.profiles[0].n_entries, PROFILE_MAX_PORTS);
	assert_error(read_many(ports, "#,", PROFILE_MAX_PORTS + 1, "]}\n"), -EOVERFLOW,
		     "4:24: network.connect: at most 256 items were expected, 257 were found",
		     NULL);
	assert_int_equal(read_many(variables, "V#: x, ", PROFILE_MAX_ENV, "}}\n"), 0);
	assert_error(read_many(variables, "V#: x, ", PROFILE_MAX_ENV + 1, "}}\n"), -EOVERFLOW,
		     "4:24: environment.set: at most 512 variables were expected, 513 were found",
		     NULL);
	assert_int_equal(read_many(profiles, "  p#: {}\n", DOCUMENT_MAX_PROFILES, ""), 0);
	assert_error(read_many(profiles, "  p#: {}\n", DOCUMENT_MAX_PROFILES + 1, ""), -EOVERFLOW,
		     "3:3: profiles: at most 256 profiles were expected, 257 were found", NULL);
}

static void a_file_without_a_version_is_of_version_1(void **state)
{
	static const char words[] = "without 'version: 2' a file is read as version 1";
	static const char *const right[] = { "profiles: {p: {description: x}}",
					     "version: 1\nprofiles: {p: {description: x}}",
					     "profiles: {p: {description: x}}\nversion: '1'" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(right); i++) {
		assert_int_equal(read_document(right[i]), 0);
		assert_int_equal(document.version, 1);
		assert_string_equal(document.profiles[0].name, "p");
	}
	/* what is wrong is told by the reader of version 1; this hint is added where it has none */
	assert_int_equal(read_document("profiles: [p]"), -EINVAL);
	assert_string_equal(err.hint, words);
	assert_int_equal(read_document("version: 1\nprofiles: [p]"), -EINVAL);
	assert_string_equal(err.hint, "");
	assert_int_equal(read_document("profiles: {p: {files: {read: [/etc]}}}"), -EINVAL);
	assert_true(*err.hint);
}

struct top {
	const char *text;
	const char *what;
	const char *hint;
};

static void the_top_of_a_file_has_a_version_and_profiles(void **state)
{
	static const struct top cases[] = {
		{ "version: 3\nprofiles: {a: {}}",
		  "1:10: version: 1 or 2 was expected, 3 was found", NULL },
		{ "version: 2.0", "1:10: version: 1 or 2 was expected, '2.0' was found", NULL },
		{ "version: two", "1:10: version: 1 or 2 was expected, 'two' was found", NULL },
		{ "version: 02", "1:10: version: 1 or 2 was expected, 02 was found", NULL },
		{ "version:", "1:9: version: 1 or 2 was expected, nothing was found", NULL },
		{ "version: [2]", "1:10: version: 1 or 2 was expected, a list was found", NULL },
		{ "version: 2",
		  "1:1: profiles: a mapping of profiles was expected, nothing was found", NULL },
		{ "version: 2\nprofiles:",
		  "2:10: profiles: a mapping of profiles was expected, nothing was found", NULL },
		{ "version: 2\nprofiles: [a]",
		  "2:11: profiles: a mapping of profiles was expected, a list was found", NULL },
		{ "version: 2\nprofiles: {}",
		  "2:11: profiles: at least one profile was expected, none was found", NULL },
		{ "version: 2\nprofile: {a: {}}", "2:1: profile: there is no such key",
		  "did you mean 'profiles'?" },
		{ "version: 2\nx-words: {}", "2:1: x-words: there is no such key",
		  "one of: version, profiles" },
		{ "version: 2\nfiles: {}", "2:1: files: there is no such key",
		  "'files' stands in a profile: below profiles: NAME:" },
		{ "[a]",
		  "1:1: a mapping with 'version' and 'profiles' was expected, a list was found",
		  NULL },
		{ "text",
		  "1:1: a mapping with 'version' and 'profiles' was expected, a text was found",
		  NULL },
		{ "version: 2\nprofiles: {a: }",
		  "2:15: profiles.a: a mapping of keys was expected, nothing was found",
		  "an empty profile is written {}" },
		{ "version: 2\nprofiles: {a: [b]}",
		  "2:15: profiles.a: a mapping of keys was expected, a list was found", NULL },
		{ "", "1:1: there is nothing in it", NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_error(read_document(cases[i].text), -EINVAL, cases[i].what, cases[i].hint);
	assert_int_equal(read_document("version: \"2\"\nprofiles: {a: {}}"), 0);
}

static void a_profiles_name_is_a_word_that_is_no_file_and_no_option(void **state)
{
	static const char *const good[] = { "a", "A1", "_x", "tty", "make-c", "a.b", "0", "yaml" };
	static const char *const bad[] = { "",         ".",   "..",     ".a",    "-a",
					   "a b",      "a/b", "a.yaml", "a.yml", "a:b",
					   "\xc3\xa4", "a\n", "${a}",   "a\\b" };
	char text[128], name[DOCUMENT_MAX_NAME + 2] = "";

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		assert_true(document_is_name(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(document_is_name(bad[i]));
	memset(name, 'a', DOCUMENT_MAX_NAME);
	assert_true(document_is_name(name));
	name[DOCUMENT_MAX_NAME] = 'a';
	assert_false(document_is_name(name));
	(void)snprintf(text, sizeof(text), "version: 2\nprofiles: {a/b: {}}");
	assert_error(read_document(text), -EINVAL,
		     "2:12: profiles: a profile's name was expected, 'a/b' was found",
		     "a name has letters, digits, '_', '-' and '.', at most 64, and does not begin "
		     "with '-' or '.' or end in .yaml or .yml");
}

static void errors_of_yaml_come_through(void **state)
{
	(void)state;
	assert_error(read_profile("abi: &x 3"), -EINVAL, "4:10: anchors ('&name') are not read",
		     NULL);
	assert_error(read_profile("abi: 3\nabi: 4"), -EINVAL,
		     "5:5: the key 'abi' is there twice, first in line 4", NULL);
}

static void a_full_arena_is_an_error(void **state)
{
	static const char text[] = HEAD "    files: {read: [/etc], rights: [{paths: [/a], allow: "
					"[execute]}]}\n";
	struct arena small;
	struct document made;
	struct croft_error why;
	int r = -1;

	(void)state;
	for (size_t size = 0; r != 0; size += 16) {
		assert_true(size < 16384);
		arena_init(&small, size);
		made.profiles = NULL;
		r = document_read("x", text, strlen(text), &small, &made, &why);
		assert_true(r == 0 || r == -ENOMEM);
		assert_true((r == 0) == (made.profiles != NULL));
		assert_true(r == 0 || !strcmp(why.what, "read a profile"));
		arena_done(&small);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_profiles_of_a_file_stand_in_its_order),
		cmocka_unit_test(each_key_becomes_entries_that_know_their_place),
		cmocka_unit_test(syscalls_with_a_word_is_short_for_its_mode),
		cmocka_unit_test(rights_are_given_to_each_path_of_their_item),
		cmocka_unit_test(rights_have_the_names_of_the_kernels_bits),
		cmocka_unit_test(an_unknown_key_is_refused_and_the_nearest_named),
		cmocka_unit_test(what_is_no_list_is_refused_where_a_list_is_wanted),
		cmocka_unit_test(what_is_no_mapping_is_refused_where_a_mapping_is_wanted),
		cmocka_unit_test(lists_are_bounded),
		cmocka_unit_test(a_file_without_a_version_is_of_version_1),
		cmocka_unit_test(the_top_of_a_file_has_a_version_and_profiles),
		cmocka_unit_test(a_profiles_name_is_a_word_that_is_no_file_and_no_option),
		cmocka_unit_test(errors_of_yaml_come_through),
		cmocka_unit_test(a_full_arena_is_an_error),
	};

	return cmocka_run_group_tests(tests, before, after);
}
