/* SPDX-License-Identifier: MIT */
/*
 * test_document_value.c - a value is what its key takes, as text, or is refused in so many words.
 */
#include "document_case.h"

#include "profile/document_parts.h"
#include "profile/protection.h"

static void what_is_no_single_value_is_refused_where_one_is_wanted(void **state)
{
	static const struct refusal cases[] = {
		{ "abi: [3]", "4:10: abi: a number was expected, a list was found", NULL },
		{ "abi:", "4:9: abi: a number was expected, nothing was found", NULL },
		{ "audit: {}", "4:12: audit: true or false was expected, a mapping was found",
		  NULL },
		{ "limits: {memory: [1]}",
		  "4:22: limits.memory: a size such as 512MiB or 4GiB was expected, a list was found",
		  NULL },
		{ "limits: {time: }",
		  "4:20: limits.time: a time such as 500ms, 90s or 30m was expected, nothing was "
		  "found",
		  NULL },
		{ "files: {read: [[/etc]]}",
		  "4:20: files.read: a path was expected, a list was found", NULL },
		{ "files:\n  read:\n  - ",
		  "6:8: files.read: a path was expected, nothing was found", NULL },
		{ "files: {read: [null]}",
		  "4:20: files.read: a path was expected, nothing was found",
		  "the word null is written \"null\"" },
		{ "network: {connect: [{a: b}]}",
		  "4:25: network.connect: a port was expected, a mapping was found", NULL },
		{ "extends: [[a]]", "4:15: extends: a text was expected, a list was found", NULL },
		{ "extends: [~]", "4:15: extends: a text was expected, nothing was found",
		  "the word ~ is written \"~\"" },
		{ "with: [[nss]]", "4:12: with: a known word was expected, a list was found",
		  NULL },
		{ "descriptors: [[3]]",
		  "4:19: descriptors: a number was expected, a list was found", NULL },
		{ "description: {a: b}",
		  "4:18: description: a text was expected, a mapping was found", NULL },
		{ "command: {directory: [.]}",
		  "4:26: command.directory: a path was expected, a list was found", NULL },
		{ "environment: {set: {A: [b]}}",
		  "4:28: environment.set.A: a text was expected, a list was found", NULL },
		{ "environment: {set: {A: }}",
		  "4:28: environment.set.A: a text was expected, nothing was found", NULL },
		{ "environment: {set: {A: null}}",
		  "4:28: environment.set.A: a text was expected, nothing was found",
		  "the word null is written \"null\"" },
	};

	(void)state;
	assert_all_refused(cases, ARRAY_SIZE(cases));
	assert_entries("files: {read: [\"null\"]}", "files.read=null@4:20");
}

static void paths_are_not_empty_and_not_longer_than_the_kernel_takes(void **state)
{
	char lines[4400] = "sockets: [\"";
	static const struct refusal cases[] = {
		{ "files: {read: [\"\"]}",
		  "4:20: files.read: a path was expected, an empty text was found", NULL },
		{ "files: {read: [\"optional:\"]}",
		  "4:20: files.read: a path was expected, an empty text was found", NULL },
		{ "command: {directory: ''}",
		  "4:26: command.directory: a path was expected, an empty text was found", NULL },
		{ "command: {directory: \"optional:.\"}",
		  "4:26: command.directory: a path without 'optional:' was expected, 'optional:.' was "
		  "found",
		  NULL },
		{ "files: {read: [\"a\\nb\"]}",
		  "4:20: files.read: a path was expected, a tab or newline was found in it", NULL },
		{ "files:\n  read:\n  - |\n    /etc",
		  "6:9: files.read: a path was expected, a tab or newline was found in it",
		  "'|-' and '>-' leave the last newline out" },
	};

	(void)state;
	assert_all_refused(cases, ARRAY_SIZE(cases));
	memset(lines + 11, '/', 4095);
	memcpy(lines + 11 + 4095, "\"]", 3);
	assert_int_equal(read_profile(lines), 0);
	memcpy(lines + 11 + 4095, "/\"]", 4);
	assert_error(
		read_profile(lines), -EINVAL,
		"4:15: sockets: a path of at most 4095 bytes was expected, one of 4096 was found",
		NULL);
}

static void ports_are_numbers_with_or_without_a_protocol(void **state)
{
	static const char *const wrong[] = { "0",      "65536",     "-1",   "http",   "080",
					     "tcp:",   "80 ",       "1e3",  "sctp:1", "udp:0",
					     "TCP:80", "tcp:tcp:1", "0x50", "80-90" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		char lines[64], what[128];
		const char *quote = strspn(wrong[i], "0123456789") == strlen(wrong[i]) ? "" : "'";

		(void)snprintf(lines, sizeof(lines), "network: {connect: ['%s']}", wrong[i]);
		(void)snprintf(what, sizeof(what),
			       "4:25: network.connect: a port was expected, '%s' was found",
			       wrong[i]);
		assert_error(read_profile(lines), -EINVAL, what,
			     "a port is a number up to 65535, 'udp:' before it for UDP");
		(void)snprintf(lines, sizeof(lines), "network: {connect: [%s]}", wrong[i]);
		if (*quote || strchr(wrong[i], ' '))
			continue;
		(void)snprintf(what, sizeof(what),
			       "4:25: network.connect: a port was expected, %s was found",
			       wrong[i]);
		assert_error(read_profile(lines), -EINVAL, what,
			     "a port is a number up to 65535, 'udp:' before it for UDP");
	}
	assert_entries("network: {connect: [1, 65535, udp:1], listen: [udp:0]}",
		       "network.connect=1@4:25\nnetwork.connect=65535@4:28\n"
		       "network.connect=udp:1@4:35\nnetwork.listen=udp:0@4:52");
}

static void numbers_sizes_and_times_are_what_their_keys_take(void **state)
{
	static const struct refusal cases[] = {
		{ "abi: 0", "4:10: abi: a number from 1 to 11 was expected, 0 was found", NULL },
		{ "abi: 12", "4:10: abi: a number from 1 to 11 was expected, 12 was found", NULL },
		{ "abi: x", "4:10: abi: a number from 1 to 11 was expected, 'x' was found", NULL },
		{ "abi: 3.0", "4:10: abi: a number from 1 to 11 was expected, '3.0' was found",
		  NULL },
		{ "abi: 03", "4:10: abi: a number from 1 to 11 was expected, 03 was found", NULL },
		{ "abi: \"\"", "4:10: abi: a number from 1 to 11 was expected, '' was found",
		  NULL },
		{ "abi: 00", "4:10: abi: a number from 1 to 11 was expected, 00 was found", NULL },
		{ "abi: 09", "4:10: abi: a number from 1 to 11 was expected, 09 was found", NULL },
		{ "limits: {processes: 0}",
		  "4:25: limits.processes: a number from 1 to 1073741824 was expected, 0 was found",
		  NULL },
		{ "limits: {open_files: 99999999999999999999}",
		  "4:26: limits.open_files: a number from 1 to 1073741824 was expected, "
		  "99999999999999999999 was found",
		  NULL },
		{ "limits: {memory: 4 GiB}",
		  "4:22: limits.memory: a size such as 512MiB or 4GiB was expected, '4 GiB' was "
		  "found",
		  NULL },
		{ "limits: {memory: 0}",
		  "4:22: limits.memory: a size such as 512MiB or 4GiB was expected, 0 was found",
		  NULL },
		{ "limits: {file_size: 010}",
		  "4:25: limits.file_size: a size such as 512MiB or 4GiB was expected, 010 was found",
		  NULL },
		{ "limits: {time: 1min}",
		  "4:20: limits.time: a time such as 500ms, 90s or 30m was expected, '1min' was "
		  "found",
		  NULL },
		{ "limits: {grace: 0s}",
		  "4:21: limits.grace: a time such as 500ms, 90s or 30m was expected, '0s' was found",
		  NULL },
		{ "limits: {cpu: 366d}",
		  "4:19: limits.cpu: a time such as 500ms, 90s or 30m was expected, '366d' was found",
		  NULL },
		{ "descriptors: [2]",
		  "4:19: descriptors: a number from 3 to 1048575 was expected, 2 was found", NULL },
		{ "descriptors: [1048576]",
		  "4:19: descriptors: a number from 3 to 1048575 was expected, 1048576 was found",
		  NULL },
	};

	(void)state;
	assert_all_refused(cases, ARRAY_SIZE(cases));
}

static void words_are_whole_and_the_nearest_is_named(void **state)
{
	static const struct refusal cases[] = {
		{ "with: [ns]", "4:12: with: a known word was expected, 'ns' was found",
		  "did you mean 'nss'?" },
		{ "with: [kernel]", "4:12: with: a known word was expected, 'kernel' was found",
		  "one of: nss, gconv, locale, timezone, ca-certificates, terminfo, python, perl, "
		  "node, pam" },
		{ "with: [\"\"]", "4:12: with: a known word was expected, '' was found",
		  "one of: nss, gconv, locale, timezone, ca-certificates, terminfo, python, perl, "
		  "node, pam" },
		{ "isolate: [process]",
		  "4:15: isolate: a known word was expected, 'process' was found",
		  "did you mean 'processes'?" },
		{ "syscalls: {mode: Strict}",
		  "4:22: syscalls.mode: a known word was expected, 'Strict' was found",
		  "did you mean 'strict'?" },
		{ "syscalls: {allow: [mounts]}",
		  "4:24: syscalls.allow: a known word was expected, 'mounts' was found",
		  "did you mean 'mount'?" },
		{ "syscalls: {refuse: ['']}",
		  "4:25: syscalls.refuse: a name was expected, an empty text was found", NULL },
	};

	(void)state;
	assert_all_refused(cases, ARRAY_SIZE(cases));
}

static void booleans_are_true_or_false_without_quotes(void **state)
{
	static const struct refusal cases[] = {
		{ "audit: yes", "4:12: audit: true or false was expected, 'yes' was found", NULL },
		{ "audit: on", "4:12: audit: true or false was expected, 'on' was found", NULL },
		{ "audit: True", "4:12: audit: true or false was expected, 'True' was found",
		  NULL },
		{ "audit: 1", "4:12: audit: true or false was expected, 1 was found", NULL },
		{ "audit: \"true\"",
		  "4:12: audit: true or false without quotes was expected, 'true' was found",
		  NULL },
		{ "environment: {all: n}",
		  "4:24: environment.all: true or false was expected, 'n' was found", NULL },
	};

	(void)state;
	assert_all_refused(cases, ARRAY_SIZE(cases));
	assert_entries("audit: false", "audit=false@4:12");
}

static void variables_have_names_that_a_shell_takes(void **state)
{
	static const struct refusal cases[] = {
		{ "environment: {set: {1A: x}}",
		  "4:25: environment.set: a variable's name was expected, '1A' was found", NULL },
		{ "environment: {set: {A-B: x}}",
		  "4:25: environment.set: a variable's name was expected, 'A-B' was found", NULL },
		{ "environment: {set: {\"A=B\": x}}",
		  "4:25: environment.set: a variable's name was expected, 'A=B' was found", NULL },
		{ "environment: {use: [\"A*\"]}",
		  "4:25: environment.use: a variable's name was expected, 'A*' was found", NULL },
		{ "environment: {use: [\"\"]}",
		  "4:25: environment.use: a variable's name was expected, '' was found", NULL },
		{ "environment: {pass: [A=1]}",
		  "4:26: environment.pass: a variable's name was expected, 'A=1' was found",
		  "values stand under environment.set: { NAME: value }" },
		{ "environment: {pass: [\"*A\"]}",
		  "4:26: environment.pass: a variable's name was expected, '*A' was found",
		  "'*' stands for any letters at the end of a name, and nowhere else" },
		{ "environment: {pass: [\"\"]}",
		  "4:26: environment.pass: a variable's name was expected, '' was found",
		  "for example PATH, or \"LC_*\"" },
	};

	(void)state;
	assert_all_refused(cases, ARRAY_SIZE(cases));
	assert_entries("environment: {set: {_a1Z: x}, pass: [\"BASH_FUNC_x%%\"]}",
		       "environment.set _a1Z=x@4:31\nenvironment.pass=BASH_FUNC_x%%@4:42");
}

static void requirements_are_words_and_landlock_is_a_number(void **state)
{
	static const struct refusal cases[] = {
		{ "require: {hiden: off}", "4:15: require.hiden: there is no such key",
		  "did you mean 'hidden'?" },
		{ "require: {colour: off}", "4:15: require.colour: there is no such key",
		  "one of: files, exec, devices, metadata, hidden, deny-inside, private-tmp, tcp, "
		  "udp, other-net, unix-abstract, unix-path, signals, ptrace, processes, ipc, "
		  "terminal, syscalls, privileges, descriptors, environment, limits, landlock" },
		{ "require: {Landlock: 1}", "4:15: require.Landlock: there is no such key",
		  "did you mean 'landlock'?" },
		{ "require: {tcp: of}",
		  "4:20: require.tcp: require, prefer or off was expected, 'of' was found",
		  "did you mean 'off'?" },
		{ "require: {tcp: true}",
		  "4:20: require.tcp: require, prefer or off was expected, 'true' was found",
		  "one of: off, prefer, require" },
		{ "require: {tcp: }",
		  "4:20: require.tcp: require, prefer or off was expected, nothing was found",
		  NULL },
		{ "require: {tcp: [off]}",
		  "4:20: require.tcp: require, prefer or off was expected, a list was found",
		  NULL },
		{ "require: {landlock: 12}",
		  "4:25: require.landlock: a number from 1 to 11 was expected, 12 was found",
		  NULL },
		{ "require: {landlock: require}",
		  "4:25: require.landlock: a number from 1 to 11 was expected, 'require' was found",
		  NULL },
		{ "require: {landlock: {}}",
		  "4:25: require.landlock: a Landlock ABI was expected, a mapping was found",
		  NULL },
	};

	(void)state;
	assert_all_refused(cases, ARRAY_SIZE(cases));
	for (size_t i = 0; i < PROTECT_MAX; i++) {
		char lines[64];

		(void)snprintf(lines, sizeof(lines), "require: {%s: prefer}",
			       protection_names[i].name);
		assert_int_equal(read_profile(lines), 0);
	}
}

static void newlines_stand_inside_of_arguments_and_values_only(void **state)
{
	static const struct refusal cases[] = {
		{ "command: {program: \"a\\tb\"}",
		  "4:24: command.program: a text was expected, a tab or newline was found in it",
		  NULL },
		{ "command:\n  args:\n  - |\n    echo",
		  "6:9: command.args: a text was expected, a tab or newline was found at an end of it",
		  "'|-' and '>-' leave the last newline out" },
		{ "description: |\n  a\n  b\n",
		  "4:18: description: a text was expected, a tab or newline was found in it",
		  "'|-' and '>-' leave the last newline out" },
		{ "environment: {set: {A: \"\\tb\"}}",
		  "4:28: environment.set.A: a text was expected, a tab or newline was found at an end "
		  "of it",
		  NULL },
		{ "command: {program: ''}",
		  "4:24: command.program: a name was expected, an empty text was found", NULL },
		{ "extends: ['']", "4:15: extends: a name was expected, an empty text was found",
		  NULL },
	};

	(void)state;
	assert_all_refused(cases, ARRAY_SIZE(cases));
	assert_entries("command:\n  args:\n  - |-\n    a\n    b\ndescription: >-\n  c\n  d\n",
		       "command.args=a\nb@6:9\ndescription=c d@9:18");
}

static void a_value_over_several_lines_stands_in_quotes(void **state)
{
	static const char hint[] = "is a ',' or '-' missing? a long text stands in quotes";
	static const struct refusal cases[] = {
		{ "files: {deny: [.env\n  .git]}",
		  "4:20: files.deny: a path was expected, one over several lines was found", hint },
		{ "files:\n  read:\n  - /etc\n    /usr\n",
		  "6:9: files.read: a path was expected, one over several lines was found", hint },
		{ "environment:\n  set:\n    A: b\n      c\n",
		  "6:12: environment.set.A: a text was expected, one over several lines was found",
		  hint },
	};

	(void)state;
	assert_all_refused(cases, ARRAY_SIZE(cases));
	assert_entries("description: a\n  b\nsockets: ['/a\n  b']\n",
		       "description=a b@4:18\nsockets=/a b@6:15");
}

static void a_list_of_words_that_is_too_long_for_a_hint_ends_with_dots(void **state)
{
	struct document_reader reader = { .err = &err };
	struct name words[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		words[i] = (struct name){ i % 2 ? NULL : "twelve-bytes", NULL };
	for (size_t n = 1; n <= ARRAY_SIZE(words); n++) {
		size_t len;

		document_hint_words(&reader, words, n, "x");
		len = strlen(err.hint);
		assert_memory_equal(err.hint, "one of: twelve-bytes", 20);
		assert_true(len < sizeof(err.hint) - 1);
		assert_string_equal(err.hint + len - 5, n > 32 ? ", ..." : "bytes");
	}
	document_hint_words(&reader, words, ARRAY_SIZE(words), "twelv-bytes");
	assert_string_equal(err.hint, "did you mean 'twelve-bytes'?");
}

static void a_long_value_is_cut_between_characters(void **state)
{
	(void)state;
	assert_error(
		read_profile("abi: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa4zzz"),
		-EINVAL,
		"4:10: abi: a number from 1 to 11 was expected, "
		"'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...' was found",
		NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_single_value_is_refused_where_one_is_wanted),
		cmocka_unit_test(paths_are_not_empty_and_not_longer_than_the_kernel_takes),
		cmocka_unit_test(ports_are_numbers_with_or_without_a_protocol),
		cmocka_unit_test(numbers_sizes_and_times_are_what_their_keys_take),
		cmocka_unit_test(words_are_whole_and_the_nearest_is_named),
		cmocka_unit_test(booleans_are_true_or_false_without_quotes),
		cmocka_unit_test(variables_have_names_that_a_shell_takes),
		cmocka_unit_test(requirements_are_words_and_landlock_is_a_number),
		cmocka_unit_test(newlines_stand_inside_of_arguments_and_values_only),
		cmocka_unit_test(a_value_over_several_lines_stands_in_quotes),
		cmocka_unit_test(a_list_of_words_that_is_too_long_for_a_hint_ends_with_dots),
		cmocka_unit_test(a_long_value_is_cut_between_characters),
	};

	return cmocka_run_group_tests(tests, before, after);
}
