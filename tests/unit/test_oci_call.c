/* SPDX-License-Identifier: MIT */
/*
 * test_oci_call.c - the command lines of engines, as runc and crun read them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "oci/call.h"

#define MAX_WORDS 32

static const struct row {
	const char *line;
	int r; /* -1: refused */
	enum call_kind kind;
	int verb, id;
	const char *bundle, *process, *log;
	unsigned n_fds;
} rows[] = {
	{ "", 0, CALL_PASS, 1, 1, NULL, NULL, NULL, 0 },
	{ "--version", 0, CALL_PASS, 2, 2, NULL, NULL, NULL, 0 },
	{ "state x", 0, CALL_PASS, 1, 3, NULL, NULL, NULL, 0 },
	{ "--root /r --systemd-cgroup kill x 9", 0, CALL_PASS, 4, 7, NULL, NULL, NULL, 0 },
	/* podman's conmon */
	{ "--log-format=json --log=/l create --bundle /b --pid-file /p --console-socket /s x", 0,
	  CALL_WRAP, 3, 10, "/b", NULL, "/l", 0 },
	{ "exec --pid-file /p --process /f --detach x", 0, CALL_EXEC, 1, 7, NULL, "/f", NULL, 0 },
	/* containerd's shim */
	{ "--root /r --log /l --log-format json create --bundle /b --pid-file p --preserve-fds 3 x",
	  0, CALL_WRAP, 7, 14, "/b", NULL, "/l", 3 },
	{ "exec -u 1:1 -e A=b -t x sh -c id", 0, CALL_EXEC, 1, 7, NULL, NULL, NULL, 0 },
	{ "run -b /b -- x", 0, CALL_WRAP, 1, 5, "/b", NULL, NULL, 0 },
	{ "run --bundle=/b --bundle /b x", 0, CALL_WRAP, 1, 5, "/b", NULL, NULL, 0 },
	/* a value is never a verb, nor a verb's option the engine's */
	{ "--root create state x", 0, CALL_PASS, 3, 5, NULL, NULL, NULL, 0 },
	{ "create --pid-file --bundle x", 0, CALL_WRAP, 1, 4, NULL, NULL, NULL, 0 },
	{ "--what create x", -1, 0, 0, 0, NULL, NULL, NULL, 0 },
	{ "--log", -1, 0, 0, 0, NULL, NULL, NULL, 0 },
	{ "restore x", -1, 0, 0, 0, NULL, NULL, NULL, 0 },
	{ "Create x", -1, 0, 0, 0, NULL, NULL, NULL, 0 },
	{ "create --bund /b x", -1, 0, 0, 0, NULL, NULL, NULL, 0 },
	{ "create -bundle /b x", -1, 0, 0, 0, NULL, NULL, NULL, 0 },
	{ "create -b=/b x", -1, 0, 0, 0, NULL, NULL, NULL, 0 },
	{ "create x --bundle /b", -1, 0, 0, 0, NULL, NULL, NULL, 0 },
	{ "create --bundle= x", -1, 0, 0, 0, NULL, NULL, NULL, 0 },
	{ "run -b /a -b /b x", -1, 0, 0, 0, NULL, NULL, NULL, 0 },
	{ "create --preserve-fds -1 x", -1, 0, 0, 0, NULL, NULL, NULL, 0 },
	{ "exec x -t sh", -1, 0, 0, 0, NULL, NULL, NULL, 0 },
	{ "exec --process /a -p /b x", -1, 0, 0, 0, NULL, NULL, NULL, 0 },
};

static int split(char *line, char *words[MAX_WORDS])
{
	static char name[] = "croft-oci";
	int n = 0;

	words[n++] = name;
	for (char *save, *word = strtok_r(line, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		words[n++] = word;
	return n;
}

static void assert_same(const char *got, const char *want)
{
	if (want && got)
		assert_string_equal(got, want);
	else
		assert_ptr_equal(got, want);
}

static void each_command_line_is_read_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		AUTO_FREE char *line = strdup(row->line);
		char *words[MAX_WORDS];
		struct croft_error err = { 0 };
		struct call call;
		int n, r;

		assert_non_null(line);
		n = split(line, words);
		r = call_read(&call, n, words, &err);
		if ((r < 0) != (row->r < 0))
			print_error("%s: %d %s\n", row->line, r, err.what);
		assert_int_equal(r < 0, row->r < 0);
		assert_int_equal(*err.what != '\0', r < 0);
		if (r < 0)
			continue;
		assert_int_equal(call.kind, row->kind);
		assert_int_equal(call.verb, row->verb);
		assert_int_equal(call.id, row->id);
		assert_int_equal(call.n_fds, row->n_fds);
		assert_same(call.bundle, row->bundle);
		assert_same(call.process, row->process);
		assert_same(call.log, row->log);
	}
}

static void a_refusal_still_knows_the_log(void **state)
{
	char line[] = "--log /l --log-format json restore x", *words[MAX_WORDS];
	struct croft_error err = { 0 };
	struct call call;

	(void)state;
	assert_true(call_read(&call, split(line, words), words, &err) < 0);
	assert_string_equal(call.log, "/l");
	assert_string_equal(call.log_format, "json");
}

static void the_settings_come_first_and_are_taken_out(void **state)
{
	char line[] = "--croft-settings=/s state x", late[] = "state --croft-settings=/s x";
	char *words[MAX_WORDS];
	struct croft_error err = { 0 };
	struct call call;

	(void)state;
	assert_int_equal(call_read(&call, split(line, words), words, &err), 0);
	assert_string_equal(call.settings, "/s");
	assert_int_equal(call.argc, 3);
	assert_string_equal(call.argv[1], "state");
	assert_int_equal(call_read(&call, split(late, words), words, &err), 0);
	assert_null(call.settings);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_command_line_is_read_or_refused),
		cmocka_unit_test(a_refusal_still_knows_the_log),
		cmocka_unit_test(the_settings_come_first_and_are_taken_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
