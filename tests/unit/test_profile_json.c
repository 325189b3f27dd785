/* SPDX-License-Identifier: MIT */
/*
 * test_profile_json.c - what is printed of a merged profile, as YAML and as JSON, is all of it.
 *
 * A profile in which every key of the schema says something is loaded, what it has become is
 * printed, that is loaded, and the two are compared field by field: a key or a field that
 * the printers do not know makes it fail.
 */
#include "printed.h"

#include "sys/abi.h"

/* Each key of the schema, with something else than what holds without it. */
static const char everything[] =
	"version: 2\n"
	"profiles:\n"
	"  p:\n"
	"    description: each key has something to say\n"
	"    extends: [base]\n"
	"    abi: 9\n"
	"    files:\n"
	"      read: [/etc, optional:~/.gitconfig, docs]\n"
	"      execute: [/usr, '${project}/bin', .]\n"
	"      write: [., '${XDG_CACHE_HOME}/x', '${env:TOOLS}/cache']\n"
	"      device: [/dev/null]\n"
	"      rights:\n"
	"        - paths: [/srv/log, /srv/other]\n"
	"          allow: [read_dir, write_file, make_reg]\n"
	"        - paths: [/srv/third]\n"
	"          allow: [execute]\n"
	"      deny: [.env, '**/*.pem']\n"
	"      deny_write: [.git/hooks]\n"
	"      hide: [~/.ssh]\n"
	"      private: [/tmp]\n"
	"    network: { connect: [443, 'udp:53'], listen: [0, 8080] }\n"
	"    sockets: [/run/postgresql/.s.PGSQL.5432]\n"
	"    environment: { pass: [PATH, 'LC_*'], set: { CI: '1', ODD: 'a: $$b' }, all: true, use: [TOOLS] }\n"
	"    limits: { memory: 3GiB, processes: 17, open_files: 99, file_size: 1234, cpu: 90s, cpu_percent: 150, time: 30m, grace: 1500ms }\n"
	"    syscalls: { mode: strict, allow: [perf, bpf], refuse: [ptrace] }\n"
	"    git: protect\n"
	"    isolate: [ipc, network]\n"
	"    require: { landlock: 3, signals: require, devices: 'off', deny-inside: prefer }\n"
	"    with: [nss, ca-certificates]\n"
	"    with_deps: true\n"
	"    command: { program: ./a$$b, args: [-x, '~/y', '$z'], directory: '${project}/sub' }\n"
	"    descriptors: [3, 7]\n"
	"    supervise: true\n"
	"    pty: true\n"
	"    audit: true\n"
	"  base:\n"
	"    files: { read: [/srv/base] }\n";

static bool says(const struct document_profile *profile, enum schema_id key)
{
	for (size_t i = 0; i < profile->n_entries; i++)
		if (profile->entries[i].key == key)
			return true;
	return false;
}

static void every_key_of_the_schema_is_printed_and_comes_back(void **state)
{
	const struct document *document = read_text(everything);
	const char *text = print_document(document, false);

	(void)state;
	for (enum schema_id id = 0; id < KEY_MAX; id++)
		if (id != KEY_VERSION && id != KEY_PROFILES && schema_keys[id].type != SCHEMA_MAP &&
		    !says(&document->profiles[0], id))
			fail_msg("a new key has to be added to the text above: %s",
				 schema_keys[id].path);
	assert_same_entries(&document->profiles[0], &read_text(text)->profiles[0], text);
}

static void assert_same_text(const char *a, const char *b)
{
	assert_string_equal(or_nothing(a), or_nothing(b));
}

/* All kinds that the grants of that path give. */
static unsigned kinds_of(const struct profile *profile, const struct grant *wanted)
{
	unsigned kinds = 0;

	for (size_t i = 0; i < profile->n_grants; i++) {
		const struct grant *grant = &profile->grants[i];

		if (!strcmp(grant->path, wanted->path) && grant->rights == wanted->rights &&
		    grant->is_optional == wanted->is_optional &&
		    grant->is_pattern == wanted->is_pattern)
			kinds |= grant->kinds | (grant->kinds ? 0 : 1U << GRANT_KIND_COUNT);
	}
	return kinds;
}

/* What is said of files, ports and variables, whatever the order. */
static void assert_same_grants(const struct profile *a, const struct profile *b)
{
	for (size_t i = 0; i < a->n_grants; i++)
		if (kinds_of(a, &a->grants[i]) != kinds_of(b, &a->grants[i]))
			fail_msg("%s is not the same", a->grants[i].path);
	assert_int_equal(a->n_denials, b->n_denials);
	for (size_t i = 0; i < a->n_denials; i++) {
		assert_int_equal(a->denials[i].kind, b->denials[i].kind);
		assert_string_equal(a->denials[i].path, b->denials[i].path);
	}
	assert_int_equal(a->n_ports, b->n_ports);
	for (size_t i = 0; i < a->n_ports; i++) {
		assert_int_equal(a->ports[i].port, b->ports[i].port);
		assert_int_equal(a->ports[i].is_udp, b->ports[i].is_udp);
		assert_int_equal(a->ports[i].use, b->ports[i].use);
	}
	assert_int_equal(a->n_env, b->n_env);
	for (size_t i = 0; i < a->n_env; i++) {
		assert_string_equal(a->env[i].name, b->env[i].name);
		assert_same_text(a->env[i].value, b->env[i].value);
	}
}

static void assert_same_profile(const struct profile *a, const struct profile *b)
{
	assert_same_text(a->description, b->description);
	assert_same_grants(a, b);
	assert_int_equal(a->n_usable_env, b->n_usable_env);
	for (size_t i = 0; i < a->n_usable_env; i++)
		assert_string_equal(a->usable_env[i], b->usable_env[i]);
	assert_int_equal(a->n_refused_calls, b->n_refused_calls);
	for (size_t i = 0; i < a->n_refused_calls; i++)
		assert_string_equal(a->refused_calls[i], b->refused_calls[i]);
	assert_int_equal(a->n_keep_fds, b->n_keep_fds);
	for (size_t i = 0; i < a->n_keep_fds; i++)
		assert_int_equal(a->keep_fds[i], b->keep_fds[i]);
	assert_same_text(a->program, b->program);
	assert_int_equal(a->n_args, b->n_args);
	for (size_t i = 0; i < a->n_args; i++)
		assert_string_equal(a->args[i], b->args[i]);
	assert_same_text(a->chdir, b->chdir);
	assert_int_equal(a->abi, b->abi);
	assert_int_equal(a->min_landlock, b->min_landlock);
	assert_memory_equal(a->isolates, b->isolates, sizeof(a->isolates));
	assert_int_equal(a->protects_git, b->protects_git);
	assert_int_equal(a->syscall_mode, b->syscall_mode);
	assert_memory_equal(a->require, b->require, sizeof(a->require));
	assert_memory_equal(a->limits, b->limits, sizeof(a->limits));
	assert_memory_equal(a->has_limit, b->has_limit, sizeof(a->has_limit));
	assert_memory_equal(a->allows_group, b->allows_group, sizeof(a->allows_group));
	assert_memory_equal(a->wants_set, b->wants_set, sizeof(a->wants_set));
	assert_int_equal(a->wants_deps, b->wants_deps);
	assert_int_equal(a->wants_env_all, b->wants_env_all);
	assert_int_equal(a->wants_tmpdir, b->wants_tmpdir);
	assert_int_equal(a->wants_supervisor, b->wants_supervisor);
	assert_int_equal(a->wants_pty, b->wants_pty);
	assert_int_equal(a->wants_audit, b->wants_audit);
	assert_int_equal(a->time_ms, b->time_ms);
	assert_int_equal(a->grace_ms, b->grace_ms);
}

static void a_resolved_profile_comes_back_with_every_field(void **state)
{
	struct profile *profile = NULL, *again;
	const char *text;
	const struct document *document;

	(void)state;
	if (load_document(read_text(everything), "p", false, &place, &profile, &err) < 0)
		fail_msg("%s (%s)", err.what, err.hint);
	text = print_resolved(profile, false);
	document = read_text(text);
	for (enum schema_id id = 0; id < KEY_MAX; id++)
		if (id != KEY_VERSION && id != KEY_PROFILES && id != KEY_EXTENDS &&
		    schema_keys[id].type != SCHEMA_MAP && !says(&document->profiles[0], id))
			fail_msg("%s is not printed:\n%s", schema_keys[id].path, text);
	again = load_text(text);
	assert_same_profile(profile, again);
	assert_same_profile(again, profile);
	/* what it says does not depend on where it is read */
	assert_null(strstr(text, "${"));
	assert_null(strstr(text, "~/.gitconfig"));
	assert_string_equal(print_resolved(again, false), text);
	profile_free(profile);
	profile_free(again);
}

static void a_profile_that_says_nothing_prints_nothing_and_comes_back(void **state)
{
	struct profile *profile = load_text("version: 2\nprofiles: { p: {} }\n"), *again;
	const char *text = print_resolved(profile, false);

	(void)state;
	assert_string_equal(print_document(read_text("version: 2\nprofiles: { p: {} }\n"), true),
			    "version: 2\nprofiles:\n  p: {}\n");
	again = load_text(text);
	assert_same_profile(profile, again);
	profile_free(profile);
	profile_free(again);
}

static void a_merged_profile_names_the_place_of_each_grant(void **state)
{
	struct profile *profile = NULL;
	const char *text;

	(void)state;
	assert_int_equal(load_document(read_text("version: 2\n"
						 "profiles:\n"
						 "  p:\n"
						 "    extends: [base]\n"
						 "    files: {read: [/a]}\n"
						 "    network: {connect: [1]}\n"
						 "  base:\n"
						 "    files: {read: [/b], deny: [/b/c]}\n"
						 "    environment: {pass: [PATH]}\n"),
				       "p", false, &place, &profile, &err),
			 0);
	text = print_resolved(profile, true);
	assert_non_null(strstr(text, "        - /b # x.yaml:8\n        - /a # x.yaml:5\n"));
	assert_non_null(strstr(text, "        - /b/c # x.yaml:8\n"));
	assert_non_null(strstr(text, "        - 1 # x.yaml:6\n"));
	assert_non_null(strstr(text, "        - PATH # x.yaml:9\n"));
	profile_free(profile);
}

static void the_name_of_a_file_cannot_forge_a_line(void **state)
{
	struct grant grants[] = { { .path = "/a\n- /b",
				    .origin = "evil\n      write: [/]\x1b[2J.yaml:1",
				    .kinds = GRANT_READ } };
	struct profile *profile = load_text("version: 2\nprofiles: { p: {} }\n");
	const char *text;

	(void)state;
	profile->grants = grants;
	profile->n_grants = 1;
	text = print_resolved(profile, true);
	assert_non_null(
		strstr(text, "        - \"/a\\n- /b\" # evil\\n      write: [/]\\e[2J.yaml:1\n"));
	profile_free(profile);
}

static void what_binds_a_profile_is_told_behind_it(void **state)
{
	struct grant bounds[] = {
		{ .path = "/srv/a", .origin = "default:3", .kinds = GRANT_READ },
		{ .path = "/srv/b", .origin = "default:4", .kinds = GRANT_READ | GRANT_WRITE }
	};
	struct profile *profile =
		load_text("version: 2\nprofiles: { p: { files: { read: [/srv] } } }\n");
	const char *text;

	(void)state;
	assert_null(strstr(print_resolved(profile, false), "only as far"));
	profile->bound_name = "default";
	profile->bounds = bounds;
	profile->n_bounds = 2;
	text = print_resolved(profile, true);
	assert_non_null(strstr(text, "# All this only as far as it is within what default grants:\n"
				     "#\n"
				     "# files:\n"
				     "#   read:\n"
				     "#     - /srv/a # default:3\n"
				     "#   write:\n"
				     "#     - /srv/b # default:4\n"));
	/* comments: what is read is the profile as it was */
	assert_int_equal(read_text(text)->profiles[0].n_entries,
			 read_text(print_resolved(profile, false))->profiles[0].n_entries);
	profile->n_bounds = 0;
	assert_non_null(strstr(print_resolved(profile, false), "\n# nothing\n"));
	profile_free(profile);
}

static void a_merged_profile_has_a_name_that_a_file_may_have(void **state)
{
	static const struct {
		const char *name, *printed;
	} rows[] = { { "team", "\n  team:" },
		     { "./a.yaml:team", "\n  team:" },
		     { "./a.yaml", "\n  resolved:" },
		     { "/srv/a.yml:no name", "\n  resolved:" } };
	struct profile *profile = load_text("version: 2\nprofiles: { p: { audit: true } }\n");

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		profile->name = rows[i].name;
		assert_non_null(strstr(print_resolved(profile, false), rows[i].printed));
	}
	profile_free(profile);
}

static void a_text_that_does_not_fit_is_an_error_and_not_half_a_profile(void **state)
{
	const struct document *document = read_text(everything);
	AUTO_BUF struct buf buf = BUF_INIT(100);

	(void)state;
	profile_print_document(&buf, document, &document->profiles[0], false);
	assert_int_equal(buf_error(&buf), -EOVERFLOW);
}

static const char version1[] = "profiles:\n"
			       "  v:\n"
			       "    access_roots:\n"
			       "      system:\n"
			       "        paths: [/usr, ~/a$b]\n"
			       "        permissions: { read_file: true, execute: true }\n"
			       "      other:\n"
			       "        paths: [/srv]\n"
			       "        permissions: { read_file: true, execute: true }\n"
			       "    command:\n"
			       "      binary: /bin/sh\n"
			       "      args: [-c, 'echo $HOME']\n"
			       "      env: { CACHE: ~/.cache, PRICE: 5$ }\n";

static void a_profile_of_version_1_is_printed_as_version_2_and_means_the_same(void **state)
{
	const char *text = print_document(read_text(version1), false);
	struct profile *was = load_text(version1), *is = load_text(text);

	(void)state;
	assert_non_null(strstr(text, "version: 2\n"));
	assert_same_profile(was, is);
	profile_free(was);
	profile_free(is);
}

static void what_version_2_cannot_say_of_version_1_has_a_comment(void **state)
{
	const char *text = print_document(read_text("profiles:\n"
						    "  v:\n"
						    "    command: { binary: cat, args: [~/x] }\n"
						    "    access_roots: { g: { paths: ['/srv/a*'], "
						    "permissions: { read_file: true } } }\n"),
					  false);

	(void)state;
	assert_non_null(
		strstr(text, "- ~/x # in version 1 in the home directory, here the text itself\n"));
	assert_non_null(strstr(text, "# in version 1 the name itself, here a pattern\n"));
}

static void json_has_the_same_keys_with_values_of_its_own_types(void **state)
{
	struct profile *profile = NULL;
	AUTO_BUF struct buf buf = BUF_INIT(MAX_TEXT);
	const char *text;

	(void)state;
	assert_int_equal(load_document(read_text(everything), "p", false, &place, &profile, &err),
			 0);
	profile_print_resolved_json(&buf, profile);
	text = buf_text(&buf);
	assert_int_equal(strncmp(text, "{\"name\":", 8), 0);
	assert_non_null(strstr(text, "\"abi\":9,"));
	assert_non_null(strstr(text,
			       "\"read\":[\"/srv/base\",\"/etc\",\"optional:/home/ada/.gitconfig\","
			       "\"/home/ada/src/sub/docs\"]"));
	assert_non_null(strstr(text, "{\"paths\":[\"/srv/third\"],\"allow\":[\"execute\"]}"));
	assert_non_null(
		strstr(text, "\"network\":{\"connect\":[443,\"udp:53\"],\"listen\":[0,8080]}"));
	assert_non_null(strstr(text, "\"memory\":\"3GiB\""));
	assert_non_null(strstr(text, "\"landlock\":3"));
	assert_non_null(strstr(text, "\"supervise\":true"));
	assert_non_null(strstr(text, "\"descriptors\":[3,7]"));
	assert_non_null(strstr(text, "\"origins\":{\"files.read\":[\"x.yaml:37\",\"x.yaml:8\","));
	assert_null(strstr(text, "\"bounds\""));
	profile->bound_name = "default";
	profile_print_resolved_json(&buf, profile);
	assert_non_null(strstr(buf_text(&buf), "\"bound_by\":\"default\",\"bounds\":{}}\n"));
	profile_free(profile);
}

static void the_json_schema_tells_of_each_key_with_its_help_and_default(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(MAX_TEXT), tiny = BUF_INIT(64);
	size_t n_lines = 0;

	(void)state;
	schema_print(&buf);
	assert_int_equal(buf_error(&buf), 0);
	for (enum schema_id id = 0; id < KEY_MAX; id++) {
		const char *dot = strchr(schema_keys[id].path, '.');
		char wanted[200];

		(void)snprintf(wanted, sizeof(wanted),
			       "\"%s\":{\"description\":\"%s%s%s (since %s)\"",
			       dot ? dot + 1 : schema_keys[id].path, schema_keys[id].help,
			       schema_keys[id].fallback ? "; else " : "",
			       schema_keys[id].fallback ? schema_keys[id].fallback : "",
			       schema_keys[id].since);
		if (!strstr(buf_text(&buf), wanted))
			fail_msg("it lacks %s", wanted);
	}
	for (const char *p = buf_text(&buf); *p; p++)
		n_lines += *p == '\n';
	assert_int_equal(n_lines, 1);
	schema_print(&tiny);
	assert_int_equal(buf_error(&tiny), -EOVERFLOW);
}

/* The pages of docs/keys write numbers; the sources have names for them. */
static void the_greatest_numbers_in_the_pages_are_those_of_the_doors(void **state)
{
	static const struct {
		enum schema_id key;
		uint64_t max;
	} rows[] = {
		{ KEY_VERSION, 2 },
		{ KEY_PROFILES, DOCUMENT_MAX_PROFILES },
		{ KEY_EXTENDS, LOAD_MAX_PROFILES },
		{ KEY_ABI, ABI_LANDLOCK_NEWEST },
		{ KEY_FILES_READ, PROFILE_MAX_GRANTS },
		{ KEY_FILES_EXECUTE, PROFILE_MAX_GRANTS },
		{ KEY_FILES_WRITE, PROFILE_MAX_GRANTS },
		{ KEY_FILES_DEVICE, PROFILE_MAX_GRANTS },
		{ KEY_FILES_RIGHTS, PROFILE_MAX_GRANTS },
		{ KEY_SOCKETS, PROFILE_MAX_GRANTS },
		{ KEY_FILES_DENY, PROFILE_MAX_DENIALS },
		{ KEY_FILES_DENY_WRITE, PROFILE_MAX_DENIALS },
		{ KEY_FILES_HIDE, PROFILE_MAX_DENIALS },
		{ KEY_FILES_PRIVATE, PROFILE_MAX_DENIALS },
		{ KEY_LIMITS_CPU_PERCENT, PROFILE_MAX_PERCENT },
		{ KEY_NETWORK_CONNECT, PROFILE_MAX_PORTS },
		{ KEY_NETWORK_LISTEN, PROFILE_MAX_PORTS },
		{ KEY_ENVIRONMENT_PASS, PROFILE_MAX_ENV },
		{ KEY_ENVIRONMENT_SET, PROFILE_MAX_ENV },
		{ KEY_ENVIRONMENT_USE, PROFILE_MAX_ENV },
		{ KEY_SYSCALLS_REFUSE, PROFILE_MAX_CALLS },
		{ KEY_COMMAND_ARGS, PROFILE_MAX_ARGS },
		{ KEY_DESCRIPTORS, PROFILE_MAX_FDS },
	};
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(schema_keys[rows[i].key].max, rows[i].max);
	for (enum schema_id id = 0; id < KEY_MAX; id++)
		n += schema_keys[id].max != 0;
	assert_int_equal(n, ARRAY_SIZE(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_key_of_the_schema_is_printed_and_comes_back),
		cmocka_unit_test(a_resolved_profile_comes_back_with_every_field),
		cmocka_unit_test(a_profile_that_says_nothing_prints_nothing_and_comes_back),
		cmocka_unit_test(a_merged_profile_names_the_place_of_each_grant),
		cmocka_unit_test(the_name_of_a_file_cannot_forge_a_line),
		cmocka_unit_test(what_binds_a_profile_is_told_behind_it),
		cmocka_unit_test(a_merged_profile_has_a_name_that_a_file_may_have),
		cmocka_unit_test(a_profile_of_version_1_is_printed_as_version_2_and_means_the_same),
		cmocka_unit_test(what_version_2_cannot_say_of_version_1_has_a_comment),
		cmocka_unit_test(a_text_that_does_not_fit_is_an_error_and_not_half_a_profile),
		cmocka_unit_test(json_has_the_same_keys_with_values_of_its_own_types),
		cmocka_unit_test(the_json_schema_tells_of_each_key_with_its_help_and_default),
		cmocka_unit_test(the_greatest_numbers_in_the_pages_are_those_of_the_doors),
	};

	return cmocka_run_group_tests(tests, before, after);
}
