/* SPDX-License-Identifier: MIT */
/*
 * test_slurm_bundle.c - config.json to the options of croft run, word by word; and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "slurm/bundle.h"

#define PROCESS "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/w\",\"env\":[\"A=b c\",\"E=\"]}"
#define COMMAND "\"process\":{\"args\":[\"a\"]}"
#define ROOT "\"root\":{\"path\":\"rootfs\"}"

/* The options of a bundle, each word ended by a '|'; or the failure. */
static void say(const char *json, const char *profile, struct buf *ret_text)
{
	AUTO_BUF struct buf options = BUF_INIT(1U << 20);
	struct croft_error err = { 0 };
	struct bundle bundle;
	struct arena arena;

	arena_init(&arena, BUNDLE_ARENA_MAX);
	if (bundle_parse(&arena, json, strlen(json), "/srv/b", &bundle, &err) < 0) {
		buf_puts(ret_text, err.what);
	} else {
		bundle_options(&options, &bundle, profile, "/srv/s");
		for (size_t i = 0; i < options.len; i++)
			buf_putc(ret_text, buf_text(&options)[i] ? buf_text(&options)[i] : '|');
	}
	arena_done(&arena);
}

static const struct {
	const char *json, *profile, *said;
} rows[] = {
	{ "{" PROCESS "," ROOT "}", NULL,
	  "--root|/srv/b/rootfs|--upper|/srv/s/root|--chdir|/w|--env|A=b c|--env|E=|" },
	{ "{\"process\":{\"args\":[\"a\"]},\"root\":{\"path\":\"/r\",\"readonly\":true}}", "job",
	  "--root|/r|--profile|job|--chdir|/|" },
	{ "{" COMMAND ",\"root\":{\"path\":\"/r\",\"readonly\":true},\"mounts\":["
	  "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
	  "{\"destination\":\"/dev/pts\",\"type\":\"devpts\"},"
	  "{\"destination\":\"/d\",\"type\":\"none\",\"source\":\"x\",\"options\":[\"bind\"]},"
	  "{\"destination\":\"/e\",\"type\":\"bind\",\"source\":\"/y\",\"options\":[\"ro\"]},"
	  "{\"destination\":\"/run\",\"type\":\"tmpfs\",\"source\":\"tmpfs\"}]}",
	  NULL,
	  "--root|/r|--mount|/srv/b/x:/d|--mount|/y:/e:ro|--mount|/srv/s/empty-2:/run|--chdir|/|" },
	{ "{", NULL, "/srv/b/config.json:1:1: no JSON: string or '}' expected near end of file" },
	{ "[]", NULL, "/srv/b/config.json: root: it is missing" },
	{ "{" PROCESS ",\"root\":{\"path\":\"\"}}", NULL,
	  "/srv/b/config.json: root.path: it is missing" },
	{ "{" ROOT "}", NULL, "/srv/b/config.json: process: it is missing" },
	{ "{" ROOT ",\"process\":{\"args\":[]}}", NULL,
	  "/srv/b/config.json: process.args: no command" },
	{ "{" ROOT ",\"process\":{\"args\":[1]}}", NULL,
	  "/srv/b/config.json: args: a list of texts was expected" },
	{ "{" ROOT ",\"process\":{\"args\":[\"a\"],\"cwd\":\"x\"}}", NULL,
	  "/srv/b/config.json: process.cwd: not an absolute path" },
	{ "{" ROOT ",\"process\":{\"args\":[\"a\"],\"env\":[\"PATH\"]}}", NULL,
	  "/srv/b/config.json: process.env: NAME=VALUE was expected" },
	{ "{" PROCESS "," ROOT ",\"hooks\":{\"poststop\":[]}}", NULL,
	  "/srv/b/config.json: hooks: programs outside of the container are not run" },
	{ "{" PROCESS "," ROOT ",\"mounts\":[{\"destination\":\"/x\",\"type\":\"nfs\"}]}", NULL,
	  "/srv/b/config.json: mounts.type: only bind and tmpfs can be had" },
	{ "{" PROCESS "," ROOT ",\"mounts\":[{\"destination\":\"x\",\"type\":\"bind\"}]}", NULL,
	  "/srv/b/config.json: mounts.destination: not an absolute path" },
	{ "{" PROCESS "," ROOT ",\"mounts\":[{\"destination\":\"/x\",\"type\":\"bind\"}]}", NULL,
	  "/srv/b/config.json: mounts.source: it is missing" },
	{ "{" PROCESS ",\"root\":{\"path\":\"r\",\"readonly\":1}}", NULL,
	  "/srv/b/config.json: readonly: true or false was expected" },
};

static void a_bundle_becomes_options_or_is_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf text = BUF_INIT(1U << 20);

		say(rows[i].json, rows[i].profile, &text);
		assert_string_equal(buf_text(&text), rows[i].said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bundle_becomes_options_or_is_refused_by_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
