/* SPDX-License-Identifier: MIT */
/*
 * test_command.c - which file a command is, and what is said when it cannot be executed.
 *
 * One tree for all rows: "in" is granted, "out" is not. Interpreters are files of the tree
 * too, so that nothing rests on what is installed.
 */
#include "ground.h"

#include "launch/command.h"

struct row {
	const char *name; /* "@" stands for the scratch directory, everywhere */
	const char *path; /* PATH; NULL: none */
	const char *workdir;
	int want;
	const char *found; /* if want is 0 */
	const char *what, *hint; /* parts of the message otherwise */
};

/* "@/in" to the true name; some rows have more than one "@". */
static const char *expand(char *text, size_t size, const char *pattern)
{
	size_t at = 0;

	for (; *pattern && at < size - 1; pattern++) {
		if (*pattern == '@')
			at += (size_t)snprintf(text + at, size - at, "%s", scratch);
		else
			text[at++] = *pattern;
	}
	assert_true(at < size);
	text[at] = '\0';
	return text;
}

static void make_script(const char *name, const char *first_line)
{
	char text[2048];

	make_file(name, expand(text, sizeof(text), first_line), 0755);
}

static int make_tree(void **state)
{
	static const char *const dirs[] = {
		"in", "in/dir", "in/later", "out", "place", "place/sub"
	};
	char path[GROUND_PATH];

	if (ground_open(state) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		make_dir(dirs[i]);
	make_program("in/tool");
	make_program("in/later/tool");
	make_program("in/plain");
	assert_return_code(chmod(in_scratch(path, "in/plain"), 0644), errno);
	make_program("in/later/plain");
	make_program("in/later/dir");
	make_program("in/later/both");
	make_program("out/both");
	make_program("out/only");
	make_program("place/sub/own");
	make_file("in/empty", "", 0755);
	make_script("in/script", "#!@/in/tool -x\n");
	make_script("in/spaces", "#! \t @/in/tool\t-x\n");
	make_script("in/no-end", "#!@/in/tool");
	make_script("in/dos", "#!@/in/tool\r\necho\r\n");
	make_script("in/lost", "#!/no/such/interpreter -x\n");
	make_script("in/to-out", "#!@/out/only\n");
	make_script("in/to-plain", "#!@/in/plain\n");
	make_script("in/to-dir", "#!@/in/dir\n");
	make_script("in/nothing", "#!  \n");
	make_script("in/not-one", "# !/no/such\n");
	make_script("in/chain1", "#!@/in/script\n");
	make_script("in/chain2", "#!@/in/chain1\n");
	make_script("in/to-lost", "#!@/in/lost\n");
	make_script("in/loop", "#!@/in/loop\n");
	if (symlink("../out/only", in_scratch(path, "in/link-out")) < 0 ||
	    symlink("../in/tool", in_scratch(path, "out/link-in")) < 0 ||
	    mkfifo(in_scratch(path, "in/fifo"), 0755) < 0)
		return -1;
	return 0;
}

static int find(const struct row *row, char *found, size_t size, struct croft_error *err)
{
	static struct bare bare;
	static struct plan_rule rules[2];
	static char granted[2][GROUND_PATH], name[2 * PATH_MAX], path[PATH_MAX];
	static char workdir[GROUND_PATH];
	static const char *argv[2], *env[4];
	struct command_search search = { 0 };
	struct command command;
	int r;

	argv[0] = expand(name, sizeof(name), row->name);
	bare_init(&bare, argv);
	env[0] = "PATHS=/not/this";
	env[1] = "PAT=H";
	env[2] = row->path ? path : NULL;
	if (row->path) {
		memcpy(path, "PATH=", 5);
		expand(path + 5, sizeof(path) - 5, row->path);
	}
	bare.plan.command.envp = env;
	bare.plan.command.path = NULL;
	bare.plan.workdir = row->workdir ? expand(workdir, sizeof(workdir), row->workdir) : NULL;
	bare.plan.abi = 3;
	bare.plan.handled_fs = ABI_LANDLOCK_FS_EXECUTE;
	bare.plan.rules = rules;
	bare.plan.n_rules = 2;
	for (int i = 0; i < 2; i++) {
		rules[i].path = in_scratch(granted[i], i ? "place" : "in");
		rules[i].access = ABI_LANDLOCK_FS_EXECUTE;
		rules[i].is_directory = true;
	}
	search.name = argv[0];
	search.workdir = bare.plan.workdir;
	search.plan = &bare.plan;
	command_search_env(&search, env);
	r = command_find(&search, &command, err);
	if (r == 0) {
		(void)snprintf(found, size, "%s", command.path);
		command_done(&command);
	}
	return r;
}

static void check(const struct row *row)
{
	char found[PATH_MAX] = "", want[PATH_MAX];
	struct croft_error err = { 0 };
	int r = find(row, found, sizeof(found), &err);

	if (r != row->want)
		print_error("'%s' on '%s': %s\n", row->name, row->path ? row->path : "(none)",
			    err.what);
	assert_int_equal(r, row->want);
	assert_int_equal(find(row, found, sizeof(found), NULL), row->want);
	if (r == 0) {
		assert_string_equal(found, expand(want, sizeof(want), row->found));
		return;
	}
	assert_int_equal(err.stage, CROFT_STAGE_EXEC);
	if (row->what && !strstr(err.what, expand(want, sizeof(want), row->what)))
		fail_msg("'%s' is not in '%s'", want, err.what);
	if (row->hint && !strstr(err.hint, expand(want, sizeof(want), row->hint)))
		fail_msg("'%s' is not in the hint '%s'", want, err.hint);
}

static void a_name_is_looked_up_on_the_commands_path(void **state)
{
	static const struct row rows[] = {
		{ "tool", "@/in", NULL, 0, "@/in/tool", NULL, NULL },
		{ "tool", "@/in/later:@/in", NULL, 0, "@/in/later/tool", NULL, NULL },
		{ "tool", "/no/such:@/in/tool:@/in", NULL, 0, "@/in/tool", NULL, NULL },
		/* passed over: not executable, a directory, not granted */
		{ "plain", "@/in:@/in/later", NULL, 0, "@/in/later/plain", NULL, NULL },
		{ "dir", "@/in:@/in/later", NULL, 0, "@/in/later/dir", NULL, NULL },
		{ "both", "@/out:@/in/later", NULL, 0, "@/in/later/both", NULL, NULL },
		/* if nothing else is there, what was wrong with the first is said */
		{ "plain", "/no/such:@/in", NULL, -EACCES, NULL, "'@/in/plain' is not executable",
		  "chmod +x @/in/plain" },
		{ "only", "@/in:@/out", NULL, -EACCES, NULL, "no grant covers '@/out/only'",
		  "--execute @/out/only" },
		{ "dir", "@/in", NULL, -ENOENT, NULL, "'dir' on PATH", "" },
		{ "absent", "@/in", NULL, -ENOENT, NULL, "'absent' on PATH", "" },
		{ "tool", "", NULL, -ENOENT, NULL, "'tool' on PATH", "" },
		{ "tool", NULL, NULL, -ENOENT, NULL, "has no PATH", "--env PATH" },
		/* an empty or relative entry is seen from the command's directory */
		{ "own", ":@/in", "@/place/sub", 0, "@/place/sub/own", NULL, NULL },
		{ "own", "@/in:", "@/place/sub", 0, "@/place/sub/own", NULL, NULL },
		{ "own", "@/in::/no/such", "@/place/sub", 0, "@/place/sub/own", NULL, NULL },
		{ "own", "sub", "@/place", 0, "@/place/sub/own", NULL, NULL },
		/* what a link leads to is judged */
		{ "link-out", "@/in", NULL, -EACCES, NULL, "@/out/only", "--execute @/out/only" },
		{ "link-in", "@/out", NULL, 0, "@/out/link-in", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(&rows[i]);
}

static void a_name_with_a_slash_is_taken_as_it_is(void **state)
{
	static const struct row rows[] = {
		{ "@/in/tool", NULL, NULL, 0, "@/in/tool", NULL, NULL },
		{ "@/in/empty", NULL, NULL, -ENOEXEC, NULL, "'@/in/empty' is empty", "" },
		{ "@/in/not-one", NULL, NULL, -ENOEXEC, NULL, "neither an ELF program nor", "#!" },
		{ "./own", "@/in", "@/place/sub", 0, "./own", NULL, NULL },
		{ "sub/own", "@/in", "@/place", 0, "sub/own", NULL, NULL },
		{ "./own", "@/in", "@/place", -ENOENT, NULL, "'./own'", "" },
		{ "@/in/absent", "@/in", NULL, -ENOENT, NULL, "@/in/absent", "" },
		{ "@/in/tool/x", "@/in", NULL, -ENOENT, NULL, "@/in/tool/x", "" },
		{ "@/in/dir", NULL, NULL, -EISDIR, NULL, "@/in/dir", "" },
		{ "@/in/plain", NULL, NULL, -EACCES, NULL, "@/in/plain", "chmod +x" },
		{ "@/in/fifo", NULL, NULL, -EACCES, NULL, "'@/in/fifo' is a FIFO", "regular file" },
		{ "@/out/only", NULL, NULL, -EACCES, NULL, "no grant", "--execute @/out/only" },
		{ "@/place/../out/only", NULL, NULL, -EACCES, NULL, "no grant", "@/out/only" },
		{ "", "@/in", NULL, -ENOENT, NULL, "empty name", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(&rows[i]);
}

static void a_scripts_interpreter_has_to_be_there_and_granted(void **state)
{
	static const struct row rows[] = {
		{ "script", "@/in", NULL, 0, "@/in/script", NULL, NULL },
		{ "spaces", "@/in", NULL, 0, "@/in/spaces", NULL, NULL },
		{ "no-end", "@/in", NULL, 0, "@/in/no-end", NULL, NULL },
		{ "chain2", "@/in", NULL, 0, "@/in/chain2", NULL, NULL },
		{ "nothing", "@/in", NULL, -ENOEXEC, NULL, "'#!' and no interpreter", "#!/bin/sh" },
		{ "lost", "@/in", NULL, -EINVAL, NULL,
		  "'/no/such/interpreter' of '@/in/lost' is missing",
		  "install '/no/such/interpreter'" },
		{ "to-lost", "@/in", NULL, -EINVAL, NULL,
		  "'/no/such/interpreter' of '@/in/lost' is missing", "" },
		{ "dos", "@/in", NULL, -EINVAL, NULL, "DOS line ends", "sed -i" },
		{ "to-out", "@/in", NULL, -EACCES, NULL, "@/out/only", "--execute @/out/only" },
		{ "to-plain", "@/in", NULL, -EACCES, NULL, "interpreter '@/in/plain'", "" },
		{ "to-dir", "@/in", NULL, -EACCES, NULL,
		  "'@/in/dir' of '@/in/to-dir' is a directory", "first line" },
		{ "@/in/to-dir", NULL, NULL, -EACCES, NULL, "is a directory", "" },
		{ "loop", "@/in", NULL, -ELOOP, NULL, "5 deep", "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(&rows[i]);
}

static void names_without_end_are_an_error_and_no_overflow(void **state)
{
	static char long_name[2 * PATH_MAX], long_path[2 * PATH_MAX];
	struct row row = { long_name, "/", NULL, 0, NULL, NULL, NULL };
	struct croft_error err;
	char found[PATH_MAX];

	(void)state;
	memset(long_name, 'n', sizeof(long_name));
	for (size_t len = PATH_MAX - 3; len <= PATH_MAX - 1; len++) {
		long_name[len] = '\0';
		/* each component is longer than NAME_MAX, so even what fits is not there */
		assert_true(find(&row, found, sizeof(found), &err) < 0);
		assert_int_equal(err.stage, CROFT_STAGE_EXEC);
		long_name[len] = 'n';
	}
	long_name[PATH_MAX - 1] = '\0';
	memset(long_name, 'n', PATH_MAX + 1);
	assert_int_equal(find(&row, found, sizeof(found), &err), -ENAMETOOLONG);
	/* an entry of PATH without end is no candidate; the next one is */
	memset(long_path, 'p', sizeof(long_path));
	(void)snprintf(long_path + PATH_MAX - 700, 700, ":%s/in", scratch);
	row.name = "tool";
	row.path = long_path;
	assert_int_equal(find(&row, found, sizeof(found), &err), 0);
	assert_non_null(strstr(found, "/in/tool"));
}

/* By root's rights everything may be opened; for others a program may be executable only. */
static void a_program_that_may_not_be_read_is_no_script(void **state)
{
	const struct row row = { "secret", "@/in", NULL, 0, "@/in/secret", NULL, NULL };
	char path[GROUND_PATH];

	(void)state;
	make_program("in/secret");
	assert_return_code(chmod(in_scratch(path, "in/secret"), 0111), errno);
	check(&row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_name_is_looked_up_on_the_commands_path),
		cmocka_unit_test(a_name_with_a_slash_is_taken_as_it_is),
		cmocka_unit_test(a_scripts_interpreter_has_to_be_there_and_granted),
		cmocka_unit_test(names_without_end_are_an_error_and_no_overflow),
		cmocka_unit_test(a_program_that_may_not_be_read_is_no_script),
	};

	return cmocka_run_group_tests(tests, make_tree, ground_close);
}
