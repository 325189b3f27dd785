/* SPDX-License-Identifier: MIT */
/*
 * test_nix_conf.c - nix.conf as Nix reads it: order, includes, "extra-", and what it cannot read.
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
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor/nix_conf.h"

/* Files that are only here: "/srv/nix/a" and so on. */
static const struct {
	const char *path, *text; /* NULL: not to be read */
} files[] = {
	{ "/srv/nix/a", "cores = 2\n" },       { "/srv/nix/b", "include a\ncores = 3\n" },
	{ "/srv/nix/loop", "include loop\n" }, { "/srv/nix/secret", NULL },
	{ "/srv/other", "cores = 4" },
};

static long read_here(void *context, const char *path, char **ret_text)
{
	(void)context;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		if (strcmp(files[i].path, path) != 0)
			continue;
		if (!files[i].text)
			return -EACCES;
		*ret_text = strdup(files[i].text);
		return *ret_text ? (long)strlen(*ret_text) : -ENOMEM;
	}
	return -ENOENT;
}

static void parse(struct nix_conf *conf, const char *text)
{
	assert_int_equal(nix_conf_parse(conf, "/srv/nix/nix.conf", text, strlen(text), true,
					read_here, NULL),
			 0);
}

/*
 * "key=value@file:line" of every assignment, one a line; then each fault, "!kind file:line
 * text".
 */
static void check_all(const char *text, const char *want)
{
	static const char *const kinds[NIX_FAULT_KIND_MAX] = { "syntax", "no-include", "loop",
							       "unread", "limit" };
	AUTO_BUF struct buf said = BUF_INIT(1 << 16);
	struct nix_conf conf;

	nix_conf_init(&conf);
	parse(&conf, text);
	for (size_t i = 0; i < conf.n_lines; i++)
		buf_printf(&said, "%s=%s@%s:%u\n", conf.lines[i].key, conf.lines[i].value,
			   conf.lines[i].file, conf.lines[i].line);
	for (size_t i = 0; i < conf.n_faults; i++)
		buf_printf(&said, "!%s %s:%u %s\n", kinds[conf.faults[i].kind], conf.faults[i].file,
			   conf.faults[i].line, conf.faults[i].text);
	assert_string_equal(buf_text(&said), want);
	nix_conf_done(&conf);
}

#define HERE "@/srv/nix/nix.conf:"

static void lines_are_words_and_a_hash_ends_them_wherever_it_stands(void **state)
{
	(void)state;
	check_all("", "");
	check_all("\n\n  # sandbox = true\n\t\r\n", "");
	check_all("cores = 1", "cores=1" HERE "1\n");
	check_all("  cores\t=  1 \r\n", "cores=1" HERE "1\n");
	check_all("substituters = a   b\tc # d\n", "substituters=a b c" HERE "1\n");
	check_all("substituters = http://x/#y z\n", "substituters=http://x/" HERE "1\n");
	check_all("sandbox-paths =\n", "sandbox-paths=" HERE "1\n");
	check_all("cores = 1 = 2\n", "cores=1 = 2" HERE "1\n");
	check_all("cores = 1\ncores = 2\n", "cores=1" HERE "1\ncores=2" HERE "2\n");
}

static void what_is_no_assignment_is_a_fault_of_that_line(void **state)
{
	(void)state;
	check_all("sandbox\n", "!syntax /srv/nix/nix.conf:1 sandbox\n");
	check_all("\nsandbox=true\n", "!syntax /srv/nix/nix.conf:2 sandbox\n");
	check_all("sandbox true\n", "!syntax /srv/nix/nix.conf:1 sandbox\n");
	check_all("sandbox =true\n", "!syntax /srv/nix/nix.conf:1 sandbox\n");
	check_all("include\n", "!syntax /srv/nix/nix.conf:1 include\n");
	check_all("include a b\n", "!syntax /srv/nix/nix.conf:1 include\n");
	/* what may be a secret is not told */
	check_all("access-tokens github.com=secret\n",
		  "!syntax /srv/nix/nix.conf:1 access-tokens\n");
	check_all("access-tokens=github.com=secret\n",
		  "!syntax /srv/nix/nix.conf:1 access-tokens\n");
	check_all("secret\n", "!syntax /srv/nix/nix.conf:1 \n");
}

static void an_included_file_stands_in_the_place_of_its_line(void **state)
{
	(void)state;
	check_all("cores = 1\ninclude a\n", "cores=1" HERE "1\ncores=2@/srv/nix/a:1\n");
	check_all("include b\ncores = 1\n",
		  "cores=2@/srv/nix/a:1\ncores=3@/srv/nix/b:2\ncores=1" HERE "2\n");
	check_all("include /srv/other\n", "cores=4@/srv/other:1\n");
	check_all("!include none\ncores = 1\n", "cores=1" HERE "2\n");
	check_all("include none\n", "!no-include /srv/nix/nix.conf:1 /srv/nix/none\n");
	check_all("include secret\n", "!unread /srv/nix/nix.conf:1 /srv/nix/secret\n");
	check_all("!include secret\n", "!unread /srv/nix/nix.conf:1 /srv/nix/secret\n");
	check_all("include loop\n", "!loop /srv/nix/loop:1 /srv/nix/loop\n");
}

static void check_value(const char *text, const char *name, const char *initial, const char *want,
			unsigned line)
{
	struct nix_conf conf;
	struct nix_value value;

	nix_conf_init(&conf);
	parse(&conf, text);
	value = nix_conf_get(&conf, name, initial, false);
	if (want)
		assert_string_equal(value.value, want);
	else
		assert_null(value.value);
	assert_int_equal(value.at ? value.at->line : 0, line);
	nix_conf_done(&conf);
}

static void the_last_line_of_a_setting_is_in_force(void **state)
{
	(void)state;
	check_value("", "sandbox", NULL, NULL, 0);
	check_value("", "sandbox", "true", "true", 0);
	check_value("sandbox = true\nsandbox = false\n", "sandbox", "true", "false", 2);
	check_value("sandbox = true\nbuild-use-sandbox = relaxed\n", "sandbox", NULL, "relaxed", 2);
	check_value("sandbo = false\n", "sandbox", "true", "true", 0);
	/* "extra-" adds, to a default too */
	check_value("substituters = a\nextra-substituters = b\n", "substituters", "d", "a b", 2);
	check_value("extra-substituters = b\n", "substituters", "d", "d b", 1);
	check_value("extra-substituters = b\nsubstituters = a\n", "substituters", "d", "a", 2);
	check_value("build-extra-sandbox-paths = /x\n", "sandbox-paths", "/bin/sh", "/bin/sh /x",
		    1);
	check_value("extra-binary-caches = b\n", "substituters", "d", "d b", 1);
	/* a setting that is no list has no "extra-" */
	check_value("extra-sandbox = false\n", "sandbox", "true", "true", 0);
}

static void a_daemon_sees_the_systems_file_only(void **state)
{
	struct nix_conf conf;

	(void)state;
	nix_conf_init(&conf);
	parse(&conf, "sandbox = true\n");
	assert_int_equal(nix_conf_parse(&conf, "/home/ada/nix.conf", "sandbox = false", 15, false,
					read_here, NULL),
			 0);
	assert_string_equal(nix_conf_get(&conf, "sandbox", NULL, false).value, "false");
	assert_string_equal(nix_conf_get(&conf, "sandbox", NULL, true).value, "true");
	assert_ptr_equal(nix_conf_overrides(&conf, &conf.lines[0]), &conf.lines[1]);
	assert_null(nix_conf_overrides(&conf, &conf.lines[1]));
	nix_conf_done(&conf);
}

static void what_is_too_much_is_left_out_and_told(void **state)
{
	AUTO_BUF struct buf text = BUF_INIT(1 << 20);
	struct nix_conf conf;

	(void)state;
	for (int i = 0; i < NIX_CONF_LINES_MAX + 10; i++)
		buf_puts(&text, "cores = 1\n");
	nix_conf_init(&conf);
	parse(&conf, buf_text(&text));
	assert_int_equal(conf.n_lines, NIX_CONF_LINES_MAX);
	assert_int_equal(conf.n_faults, 10);
	assert_int_equal(conf.faults[0].kind, NIX_FAULT_LIMIT);
	nix_conf_done(&conf);
}

static void names_are_known_by_themselves_by_aliases_and_by_their_neighbours(void **state)
{
	(void)state;
	assert_non_null(nix_key_find("sandbox-fallback"));
	assert_null(nix_key_find("sandbox-fallbac"));
	assert_string_equal(nix_key_find("build-cores")->alias_of, "cores");
	assert_string_equal(nix_key_true_name("build-cores"), "cores");
	assert_string_equal(nix_key_true_name("extra-trusted-binary-caches"),
			    "trusted-substituters");
	assert_null(nix_key_true_name("extra-cores"));
	assert_null(nix_key_true_name("kernel.unprivileged_userns_clone"));
	assert_string_equal(nix_key_nearest("sandbx"), "sandbox");
	assert_string_equal(nix_key_nearest("trusted-public-key"), "trusted-public-keys");
	assert_null(nix_key_nearest("kernel.unprivileged_userns_clone"));
	/* the table is in order: each of some is found, the first and the last too */
	assert_non_null(nix_key_find("abort-on-warn"));
	assert_non_null(nix_key_find("warn-short-path-literals"));
	assert_non_null(nix_key_find("http2"));
}

static void write_file(const char *dir, const char *name, const char *text)
{
	char path[600];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* The order of files: the system's, the users' from the last, the variable. */
static void files_are_read_in_nixs_order(void **state)
{
	char dir[] = "/tmp/croft-nix-conf-XXXXXX", users[600], path[600];
	static const char *const names[] = { "nix.conf", "one", "two", "fifo" };
	struct nix_env env = { 0 };
	struct nix_conf conf;

	(void)state;
	assert_non_null(mkdtemp(dir));
	write_file(dir, "nix.conf", "cores = 1\n");
	write_file(dir, "one", "cores = 2\nsandbox = false\n");
	write_file(dir, "two", "cores = 3\n");
	(void)snprintf(path, sizeof(path), "%s/fifo", dir);
	assert_int_equal(mkfifo(path, 0600), 0);
	(void)snprintf(users, sizeof(users), "%s/one:%s/two:%s/none:%s/fifo", dir, dir, dir, dir);
	env.conf_dir = dir;
	env.user_files = users;
	assert_int_equal(nix_conf_load(&conf, &env), 0);
	assert_int_equal(conf.n_files, 3);
	assert_string_equal(nix_conf_get(&conf, "cores", NULL, false).value, "2");
	assert_string_equal(nix_conf_get(&conf, "cores", NULL, true).value, "1");
	/* a FIFO is not waited for */
	assert_int_equal(conf.n_faults, 1);
	assert_int_equal(conf.faults[0].kind, NIX_FAULT_UNREAD);
	nix_conf_done(&conf);
	env.config = "cores = 7";
	assert_int_equal(nix_conf_load(&conf, &env), 0);
	assert_string_equal(nix_conf_get(&conf, "cores", NULL, false).value, "7");
	assert_string_equal(nix_conf_get(&conf, "cores", NULL, false).at->file, "NIX_CONFIG");
	nix_conf_done(&conf);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		assert_int_equal(unlink(path), 0);
	}
	assert_int_equal(rmdir(dir), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_words_and_a_hash_ends_them_wherever_it_stands),
		cmocka_unit_test(what_is_no_assignment_is_a_fault_of_that_line),
		cmocka_unit_test(an_included_file_stands_in_the_place_of_its_line),
		cmocka_unit_test(the_last_line_of_a_setting_is_in_force),
		cmocka_unit_test(a_daemon_sees_the_systems_file_only),
		cmocka_unit_test(what_is_too_much_is_left_out_and_told),
		cmocka_unit_test(names_are_known_by_themselves_by_aliases_and_by_their_neighbours),
		cmocka_unit_test(files_are_read_in_nixs_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
