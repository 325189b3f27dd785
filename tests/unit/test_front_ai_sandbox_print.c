/* SPDX-License-Identifier: MIT */
/*
 * test_front_ai_sandbox_print.c - the printed ruleset on several ABIs, profiles as YAML that is
 * read back to the same, and the report on the host.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "cli/front_ai_sandbox_print.h"
#include "profile/load.h"

#define SOURCE "v1.yaml"

/* What all of ABI 5 to 8 handle here, as it is printed. */
#define REST                                                                                \
	"\"MakeReg\", \"MakeDir\", \"MakeSym\", \"MakeSock\", \"MakeFifo\", \"MakeChar\", " \
	"\"MakeBlock\""
#define SEVEN                                                                     \
	"\"ReadFile\", \"ReadDir\", \"Execute\", \"WriteFile\", \"RemoveFile\", " \
	"\"RemoveDir\", \"Truncate\""
#define OPEN                                                                                  \
	"  not restricted: metadata, hidden, tcp, udp, other-net, unix-abstract, unix-path, " \
	"signals, processes, ipc, terminal, syscalls, privileges\n"

static const char sample[] =
	"profiles:\n"
	"  dev:\n"
	"    access_roots:\n"
	"      system: { paths: [/usr, /lib, /missing], permissions: { read_file: true, execute: true } }\n"
	"      none: { paths: [/etc], permissions: {} }\n"
	"      cache: { paths: [/srv/c], permissions: { write_file: true, truncate: true } }\n";

/* A profile of a text, planned on a host with these paths. */
struct trial {
	struct arena arena;
	struct version1_profile profile;
	struct profile *made;
	struct path_fact facts[8];
	struct sandbox sandbox;
	struct croft_error err;
};

static void try(struct trial *t, const char *text, const char *name, int abi)
{
	static const struct load_place place = { .home = "/home/ada", .workdir = "/srv" };
	static const char *const argv[] = { "job", NULL };
	static char link_target[] = "/usr/lib";
	struct host host = { .landlock = { .abi = abi, .errnum = abi ? 0 : ENOSYS },
			     .has_close_range = true };
	struct plan_input input = { .host = &host, .facts = t->facts, .argv = argv };
	struct document document;
	struct yaml_node *root;

	*t = (struct trial){ 0 };
	arena_init(&t->arena, 1U << 20);
	for (size_t i = 0; i < ARRAY_SIZE(t->facts); i++)
		t->facts[i].type = S_IFDIR;
	t->facts[1].real = link_target;
	t->facts[2] = (struct path_fact){ .fd = -1, .errnum = ENOENT };
	assert_int_equal(yaml_read(SOURCE, text, strlen(text), &t->arena, &root, &t->err), 0);
	assert_int_equal(version1_read_profile(SOURCE, root, name, &t->arena, &t->profile, &t->err),
			 0);
	assert_int_equal(version1_make(SOURCE, &t->profile, &t->arena, &document, &t->err), 0);
	assert_int_equal(load_document(&document, name, true, &place, &t->made, &t->err), 0);
	input.profile = t->made;
	t->sandbox.facts = t->facts;
	assert_int_equal(plan_build(&input, &t->sandbox.plan, &t->err), 0);
}

static void trial_done(struct trial *t)
{
	plan_free(t->sandbox.plan);
	profile_free(t->made);
	arena_done(&t->arena);
}

static void a_ruleset_is_printed_with_what_links_lead_to_and_what_is_missing(void **state)
{
	static const char want[] =
		"Ruleset (profile mode):\n"
		"  handled = [" SEVEN ", " REST ", \"Refer\", \"IoctlDev\"]\n"
		"  groups:\n"
		"    - system:\n"
		"      allowed = [\"ReadFile\", \"Execute\"]\n"
		"      paths:\n"
		"        - /usr\n"
		"        - /lib -> /usr/lib\n"
		"        - /missing (passed over: No such file or directory)\n"
		"    - none:\n"
		"      allowed = []\n"
		"      paths:\n"
		"        - /etc\n"
		"    - cache:\n"
		"      allowed = [\"WriteFile\", \"Truncate\", \"MakeReg\", \"MakeDir\", "
		"\"MakeSym\", \"MakeSock\", \"MakeFifo\", \"IoctlDev\"]\n"
		"      paths:\n"
		"        - /srv/c\n" OPEN;
	static const int abis[] = { 5, 7, 8, 11 };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(abis); i++) {
		AUTO_BUF struct buf buf = BUF_INIT(1U << 16);
		struct trial t;

		try(&t, sample, "dev", abis[i]);
		ai_print_ruleset(&buf, &t.profile, &t.sandbox, false);
		assert_string_equal(buf_text(&buf), want);
		trial_done(&t);
	}
}

static void rights_that_the_kernel_does_not_know_are_listed(void **state)
{
	static const struct {
		int abi;
		const char *handled, *ignored, *groups;
	} rows[] = {
		{ 1,
		  "  handled = [\"ReadFile\", \"ReadDir\", \"Execute\", \"WriteFile\", "
		  "\"RemoveFile\", \"RemoveDir\", " REST "]\n",
		  "  ignored (unsupported by ABI): [\"Truncate\", \"Refer\", \"IoctlDev\"]\n",
		  "      ignored (unsupported by ABI): [\"Truncate\", \"IoctlDev\"]\n" },
		{ 2,
		  "  handled = [\"ReadFile\", \"ReadDir\", \"Execute\", \"WriteFile\", "
		  "\"RemoveFile\", \"RemoveDir\", " REST ", \"Refer\"]\n",
		  "  ignored (unsupported by ABI): [\"Truncate\", \"IoctlDev\"]\n",
		  "      ignored (unsupported by ABI): [\"Truncate\", \"IoctlDev\"]\n" },
		{ 3, "  handled = [" SEVEN ", " REST ", \"Refer\"]\n",
		  "  ignored (unsupported by ABI): [\"IoctlDev\"]\n",
		  "      ignored (unsupported by ABI): [\"IoctlDev\"]\n" },
		{ 0, "  handled = []\n",
		  "  ignored (unsupported by ABI): [" SEVEN ", " REST ", \"Refer\", "
		  "\"IoctlDev\"]\n",
		  "      ignored (unsupported by ABI): [\"ReadFile\", \"Execute\"]\n" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf buf = BUF_INIT(1U << 16);
		struct trial t;

		try(&t, sample, "dev", rows[i].abi);
		ai_print_ruleset(&buf, &t.profile, &t.sandbox, false);
		assert_non_null(strstr(buf_text(&buf), rows[i].handled));
		assert_non_null(strstr(buf_text(&buf), rows[i].ignored));
		assert_non_null(strstr(buf_text(&buf), rows[i].groups));
		trial_done(&t);
	}
}

static void in_root_mode_the_path_stands_before_its_rights(void **state)
{
	static const char text[] = "profiles: { p: { access_roots: { projects: { paths: [/srv], "
				   "permissions: { read_file: true, truncate: true } } } } }\n";
	AUTO_BUF struct buf buf = BUF_INIT(1U << 16);
	struct trial t;

	(void)state;
	try(&t, text, "p", 1);
	ai_print_ruleset(&buf, &t.profile, &t.sandbox, true);
	assert_int_equal(strncmp(buf_text(&buf), "Ruleset (root mode):\n  handled = [", 34), 0);
	assert_non_null(strstr(buf_text(&buf),
			       "  paths:\n"
			       "    - /srv\n"
			       "      allowed = [\"ReadFile\", \"Truncate\"]\n"
			       "      ignored (unsupported by ABI): [\"Truncate\"]\n" OPEN));
	trial_done(&t);
}

static void a_final_slash_leads_nowhere_else(void **state)
{
	static const char text[] =
		"profiles: { p: { access_roots: { g: { paths: [/x, /usr/lib/, /y], "
		"permissions: { read_file: true } } } } }\n";
	AUTO_BUF struct buf buf = BUF_INIT(1U << 16);
	struct trial t;

	(void)state;
	try(&t, text, "p", 7);
	ai_print_ruleset(&buf, &t.profile, &t.sandbox, false);
	assert_non_null(strstr(buf_text(&buf), "        - /usr/lib/\n"));
	trial_done(&t);
}

static void names_cannot_forge_a_line_of_a_ruleset(void **state)
{
	static const char text[] =
		"profiles: { p: { access_roots: { \"g\\n  handled = []\": { paths: [\"/a\\n- /b\"], "
		"permissions: { read_file: true } } } } }\n";
	AUTO_BUF struct buf buf = BUF_INIT(1U << 16);
	struct trial t;

	(void)state;
	try(&t, text, "p", 7);
	ai_print_ruleset(&buf, &t.profile, &t.sandbox, false);
	assert_non_null(strstr(buf_text(&buf), "    - g\\n  handled = []:\n"));
	assert_non_null(strstr(buf_text(&buf), "        - /a\\n- /b\n"));
	trial_done(&t);
}

static void expect_texts(const struct version1_text *a, const struct version1_text *b, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_string_equal(a[i].text, b[i].text);
		assert_int_equal(!a[i].name, !b[i].name);
		if (a[i].name)
			assert_string_equal(a[i].name, b[i].name);
	}
}

static void expect_text(const struct version1_text *a, const struct version1_text *b)
{
	assert_int_equal(!a->text, !b->text);
	if (a->text)
		assert_string_equal(a->text, b->text);
}

/* Printed, read, and every field compared. */
static void expect_read_back(const struct version1_profile *a)
{
	AUTO_BUF struct buf buf = BUF_INIT(1U << 20);
	struct arena arena;
	struct yaml_node *root;
	struct version1_profile b;
	struct croft_error err;

	arena_init(&arena, 1U << 22);
	ai_print_file(&buf, a);
	assert_int_equal(buf_error(&buf), 0);
	if (yaml_read(SOURCE, buf_text(&buf), buf.len, &arena, &root, &err) < 0 ||
	    version1_read_profile(SOURCE, root, a->name, &arena, &b, &err) < 0)
		fail_msg("%s\n%s", err.what, buf_text(&buf));
	expect_text(&a->description, &b.description);
	expect_text(&a->program, &b.program);
	expect_text(&a->directory, &b.directory);
	assert_int_equal(a->control_access, b.control_access);
	assert_int_equal(a->is_dry_run, b.is_dry_run);
	assert_ptr_equal(a->log_level, b.log_level);
	assert_int_equal(a->n_args, b.n_args);
	expect_texts(a->args, b.args, a->n_args);
	assert_int_equal(a->n_env, b.n_env);
	expect_texts(a->env, b.env, a->n_env);
	assert_int_equal(a->n_groups, b.n_groups);
	for (size_t i = 0; i < a->n_groups; i++) {
		assert_string_equal(a->groups[i].name, b.groups[i].name);
		assert_int_equal(a->groups[i].rights, b.groups[i].rights);
		assert_int_equal(a->groups[i].n_paths, b.groups[i].n_paths);
		for (size_t j = 0; j < a->groups[i].n_paths; j++)
			assert_string_equal(a->groups[i].paths[j].text, b.groups[i].paths[j].text);
	}
	arena_done(&arena);
}

/* What somebody may have written that means something else to YAML, as every kind of text. */
static void every_text_survives_being_printed_and_read(void **state)
{
	static const char *const texts[] = {
		"plain",
		"",
		"~",
		"~/x",
		"null",
		"NULL",
		"true",
		"Yes",
		"off",
		"n",
		"0",
		"010",
		"1e3",
		"-1",
		"-",
		"- a",
		".5",
		"0x1f",
		"2001-01-01",
		"a: b",
		"a #b",
		"#a",
		"a\nb\n",
		"\ttab",
		" a ",
		"'q'",
		"\"q\"",
		"back\\slash",
		"{a}",
		"[b]",
		"*a",
		"&a",
		"!tag",
		"|",
		">",
		"%TAG",
		"@x",
		"`x`",
		"?",
		"? a",
		":",
		"::",
		"---",
		"...",
		"<<",
		"=",
		"\xc3\xa9t\xc3\xa9",
		"/x y",
		"a,b",
		"$HOME",
		"+1",
		"1_000",
		"12:30:45",
		"y",
		"a b",
		"line \xe2\x80\xa8 paragraph \xe2\x80\xa9 turned \xe2\x80\xae",
		"mark \xef\xbb\xbf",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		const struct version1_text one = { .text = texts[i] };
		/* a key is never empty (yaml.c) */
		const struct version1_text set = { .name = *texts[i] && !strchr(texts[i], '=')
								   ? texts[i]
								   : "K",
						   .text = texts[i] };
		const struct version1_group group = { *texts[i] ? texts[i] : "g", &one, 1, 0x55 };
		const struct version1_profile profile = {
			.name = "p",
			.description = one,
			.groups = &group,
			.n_groups = 1,
			.control_access = 0x2a,
			/* a program is never empty (version1.c) */
			.program = { .text = *texts[i] && strcmp(texts[i], "") ? texts[i] : "b" },
			.args = &one,
			.n_args = 1,
			.directory = one,
			.env = &set,
			.n_env = 1,
			.is_dry_run = i % 2,
		};

		expect_read_back(&profile);
	}
}

static void what_is_absent_stays_absent(void **state)
{
	const struct version1_profile empty = { .name = "p" };
	const struct version1_profile command = { .name = "p", .program = { .text = "b" } };

	(void)state;
	expect_read_back(&empty);
	expect_read_back(&command);
}

static void each_right_and_level_is_printed_as_itself(void **state)
{
	(void)state;
	for (unsigned rights = 0; rights < 1U << VERSION1_RIGHT_MAX; rights++) {
		const struct version1_group group = { "g", NULL, 0, rights };
		const struct version1_profile profile = {
			.name = "p",
			.groups = &group,
			.n_groups = 1,
			.control_access = ~rights & 0x7f,
			.log_level = version1_level_names[rights % VERSION1_N_LEVELS].name,
		};

		expect_read_back(&profile);
	}
}

static void a_profile_by_itself_has_its_keys_at_the_margin(void **state)
{
	const struct version1_profile profile = { .name = "p", .program = { .text = "b" } };
	AUTO_BUF struct buf buf = BUF_INIT(1U << 16);

	(void)state;
	ai_print_profile(&buf, &profile, 0);
	assert_non_null(strstr(buf_text(&buf), "\naccess_roots: {}\n"));
	assert_non_null(strstr(buf_text(&buf), "\ncommand:\n  binary: b\n  args: []\n"));
}

static void the_report_tells_each_kind_of_host_apart(void **state)
{
	static const struct {
		struct host host;
		const char *lsm, *lines[4];
	} rows[] = {
		{ { .kernel_release = "6.18.1", .landlock = { .abi = 7, .enforces = HOST_YES } },
		  "capability,landlock",
		  { "Kernel release: 6.18.1\nLandlock ABI: 7\nLSM list: capability,landlock\n",
		    "Enforced: yes", "Hidden: no", "Result: Landlock is available and usable\n" } },
		{ { .kernel_release = "5.10", .landlock = { .errnum = ENOSYS } },
		  NULL,
		  { "Landlock ABI: none (Function not implemented)\n"
		    "LSM list: cannot be read (why)\n",
		    "Enforced: could not be tried", "Hidden: no",
		    "Result: Landlock is not available\n" } },
		{ { .kernel_release = "4.4.0", .landlock = { .abi = 1, .enforces = HOST_NO } },
		  NULL,
		  { "Landlock ABI: 1\n", "Enforced: no:", "Hidden: no",
		    "Result: Landlock takes rules here and does not enforce them\n" } },
		{ { .kernel_release = "6\n6", .landlock = { .abi = 3 } },
		  "a\nb",
		  { "Kernel release: 6\\n6\n", "LSM list: a\\nb\n",
		    "Enforced: could not be tried\n",
		    "Result: Landlock is available and usable\n" } },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		AUTO_BUF struct buf buf = BUF_INIT(1U << 16);

		ai_print_check(&buf, &rows[i].host, rows[i].lsm, "why");
		for (size_t j = 0; j < 4; j++)
			if (!strstr(buf_text(&buf), rows[i].lines[j]))
				fail_msg("no '%s' in '%s'", rows[i].lines[j], buf_text(&buf));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ruleset_is_printed_with_what_links_lead_to_and_what_is_missing),
		cmocka_unit_test(rights_that_the_kernel_does_not_know_are_listed),
		cmocka_unit_test(in_root_mode_the_path_stands_before_its_rights),
		cmocka_unit_test(a_final_slash_leads_nowhere_else),
		cmocka_unit_test(names_cannot_forge_a_line_of_a_ruleset),
		cmocka_unit_test(every_text_survives_being_printed_and_read),
		cmocka_unit_test(what_is_absent_stays_absent),
		cmocka_unit_test(each_right_and_level_is_printed_as_itself),
		cmocka_unit_test(a_profile_by_itself_has_its_keys_at_the_margin),
		cmocka_unit_test(the_report_tells_each_kind_of_host_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
