/* SPDX-License-Identifier: MIT */
/*
 * test_machines.c - lines of remote builders, and what of them gets to ssh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "nix/nix.h"

static long read_here(void *context, const char *path, char **ret_text)
{
	static const char again[] = "ssh://one\n@again\n";

	(void)context;
	if (!strcmp(path, "two"))
		*ret_text = strdup("# none\nssh://one ; two\n");
	else if (!strcmp(path, "again"))
		*ret_text = strdup(again);
	else
		return -ENOENT;
	return *ret_text ? (long)strlen(*ret_text) : -ENOMEM;
}

struct machine_case {
	const char *line, *uri, *user, *host, *port, *key, *program;
	bool is_ng;
};

static void each_part_of_a_line_is_taken(void **state)
{
	static const struct machine_case cases[] = {
		{ "builder", "ssh://builder", "", "builder", "", "", "", false },
		{ "ada@builder - /k", "ssh://ada@builder", "ada", "builder", "", "/k", "", false },
		{ "ssh://ada@builder:22 x /k 4 1.5 a,b - -", "ssh://ada@builder:22", "ada",
		  "builder", "22", "/k", "", false },
		{ "ssh-ng://[::1]:2222", "ssh-ng://[::1]:2222", "", "::1", "2222", "", "", true },
		{ "ssh://::1", "ssh://::1", "", "::1", "", "", "", false },
		{ "ssh://h/?ssh-key=%2Fk%20&remote-program=/p/nix-store&x=y", NULL, "", "h", "",
		  "/k ", "/p/nix-store", false },
		{ "ssh://h?ssh-key=/a x /b", NULL, "", "h", "", "/b", "", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct machine_case *want = &cases[i];
		struct nix_machine *machines = NULL;
		struct arena arena;
		size_t n = 0;

		arena_init(&arena, 1 << 20);
		assert_int_equal(machines_parse(&arena, want->line, read_here, NULL, &machines, &n),
				 0);
		assert_int_equal(n, 1);
		assert_string_equal(machines[0].fault, "");
		assert_true(machines[0].is_ssh);
		assert_int_equal(machines[0].is_ng, want->is_ng);
		if (want->uri)
			assert_string_equal(machines[0].uri, want->uri);
		assert_string_equal(machines[0].user, want->user);
		assert_string_equal(machines[0].host, want->host);
		assert_string_equal(machines[0].port, want->port);
		assert_string_equal(machines[0].key, want->key);
		assert_string_equal(machines[0].program, want->program);
		arena_done(&arena);
	}
}

static void check_fault(const char *line)
{
	struct nix_machine *machines = NULL;
	struct arena arena;
	size_t n = 0;

	arena_init(&arena, 1 << 20);
	assert_int_equal(machines_parse(&arena, line, read_here, NULL, &machines, &n), 0);
	assert_int_equal(n, 1);
	if (!*machines[0].fault)
		fail_msg("'%s' was taken", line);
	arena_done(&arena);
}

static void what_ssh_could_take_for_an_option_is_refused(void **state)
{
	static const char *const lines[] = {
		"-x",
		"ssh://-oProxyCommand=x",
		"ssh://-a@h",
		"ssh://",
		"ssh://ada@",
		"ssh://h:0",
		"ssh://h:65536",
		"ssh://h:x",
		"ssh://[::1",
		"ssh://h$(x)",
		"ssh://a'b@h",
		"h - - x",
		"h - - -1",
		"h - - 1 x",
		"h - - 1 -1",
		"h - - 1 1 - - ?",
		"h - - 1 1 - - a===",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		check_fault(lines[i]);
}

static size_t count(const char *builders, int want)
{
	struct nix_machine *machines = NULL;
	struct arena arena;
	size_t n = 0;

	arena_init(&arena, 1 << 20);
	assert_int_equal(machines_parse(&arena, builders, read_here, NULL, &machines, &n), want);
	arena_done(&arena);
	return n;
}

static void lines_end_at_newlines_and_semicolons_and_files_stand_for_theirs(void **state)
{
	AUTO_BUF struct buf many = BUF_INIT(1 << 16);

	(void)state;
	assert_int_equal(count("", 0), 0);
	assert_int_equal(count(" ;; \n # a ; b\n", 0), 0);
	assert_int_equal(count("a ; b # c\nd", 0), 3);
	assert_int_equal(count("@none", 0), 0);
	assert_int_equal(count("@two ; c", 0), 3);
	/* a file that names itself comes to an end */
	assert_int_equal(count("@again", -E2BIG), MACHINES_DEPTH_MAX);
	for (int i = 0; i < MACHINES_MAX + 1; i++)
		buf_puts(&many, "a\n");
	assert_int_equal(count(buf_text(&many), -E2BIG), MACHINES_MAX);
}

static void base64_is_read_and_what_is_none_is_not(void **state)
{
	char text[16];

	(void)state;
	assert_int_equal(base64_decode("c3NoLWVk", text, sizeof(text)), 6);
	assert_string_equal(text, "ssh-ed");
	assert_int_equal(base64_decode("YQ==", text, sizeof(text)), 1);
	assert_string_equal(text, "a");
	assert_int_equal(base64_decode("", text, sizeof(text)), 0);
	assert_int_equal(base64_decode("YQ===", text, sizeof(text)), -EINVAL);
	assert_int_equal(base64_decode("Y?==", text, sizeof(text)), -EINVAL);
	assert_int_equal(base64_decode("YQ==x", text, sizeof(text)), -EINVAL);
	assert_int_equal(base64_decode("c3NoLWVkc3NoLWVkc3NoLWVk", text, sizeof(text)), -EINVAL);
}

static void names_and_passwords_of_urls_are_not_shown(void **state)
{
	char shown[NIX_URL_MAX];

	(void)state;
	url_public("https://ada:secret@cache.example.org/x?y", shown);
	assert_string_equal(shown, "https://cache.example.org/x");
	url_public("https://cache.example.org/@x", shown);
	assert_string_equal(shown, "https://cache.example.org/@x");
	url_public("ada:secret@proxy:3128", shown);
	assert_string_equal(shown, "proxy:3128");
	url_public("http://a@b@c/", shown);
	assert_string_equal(shown, "http://c/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_part_of_a_line_is_taken),
		cmocka_unit_test(what_ssh_could_take_for_an_option_is_refused),
		cmocka_unit_test(lines_end_at_newlines_and_semicolons_and_files_stand_for_theirs),
		cmocka_unit_test(base64_is_read_and_what_is_none_is_not),
		cmocka_unit_test(names_and_passwords_of_urls_are_not_shown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
