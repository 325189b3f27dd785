/* SPDX-License-Identifier: MIT */
/*
 * test_script.c - a first line as the kernel and env(1) read it.
 *
 * The kernel is asked as well: scripts are executed whose interpreter is this program, which
 * then writes what it was given.
 */
#include "ground.h"

#include "elf/script.h"

#define LAST_WORD "CROFT_TEST_SCRIPT" /* in the environment: this program is an interpreter */

struct line_case {
	const char *head;
	size_t len; /* 0: strlen */
	enum script_kind kind;
	const char *interpreter, *argument;
	bool has_cr;
};

static void check_line(const struct line_case *want)
{
	struct script_line line;

	script_parse(want->head, want->len ? want->len : strlen(want->head), &line);
	assert_int_equal(line.kind, want->kind);
	assert_string_equal(line.interpreter, want->interpreter ? want->interpreter : "");
	assert_string_equal(line.argument, want->argument ? want->argument : "");
	assert_int_equal(line.has_cr, want->has_cr);
	assert_false(line.has_bom);
	assert_false(line.is_long_for_old);
}

static void the_first_word_is_the_interpreter_and_the_rest_one_argument(void **state)
{
	static const struct line_case cases[] = {
		{ "#!/bin/sh\n", 0, SCRIPT_OK, "/bin/sh", "", false },
		{ "#!/bin/sh", 0, SCRIPT_OK, "/bin/sh", "", false },
		{ "#! \t /bin/sh\nexit 1\n", 0, SCRIPT_OK, "/bin/sh", "", false },
		{ "#!/bin/sh -e\n", 0, SCRIPT_OK, "/bin/sh", "-e", false },
		{ "#!/bin/sh -e -u  x\n", 0, SCRIPT_OK, "/bin/sh", "-e -u  x", false },
		{ "#!/bin/sh\t-e\t \n", 0, SCRIPT_OK, "/bin/sh", "-e", false },
		{ "#!/bin/sh  \n -e\n", 0, SCRIPT_OK, "/bin/sh", "", false },
		{ "#!sh\n", 0, SCRIPT_OK, "sh", "", false },
		/* a carriage return is a character like any other */
		{ "#!/bin/sh\r\n", 0, SCRIPT_OK, "/bin/sh\r", "", true },
		{ "#!/bin/sh -e\r\n", 0, SCRIPT_OK, "/bin/sh", "-e\r", true },
		{ "#!/bin/sh \r\n", 0, SCRIPT_OK, "/bin/sh", "\r", true },
		{ "#!/bin/sh\r", 0, SCRIPT_OK, "/bin/sh\r", "", true },
		{ "#!/bin/sh\recho\r", 0, SCRIPT_OK, "/bin/sh\recho\r", "", true },
		{ "#!/bin/sh a\rb\n", 0, SCRIPT_OK, "/bin/sh", "a\rb", false },
		/* other white space is none */
		{ "#!/bin/sh\v-e\n", 0, SCRIPT_OK, "/bin/sh\v-e", "", false },
		/* a NUL ends the line; white space before it then stays */
		{ "#!/bin/sh\0 -e\n", 14, SCRIPT_OK, "/bin/sh", "", false },
		{ "#!/bin/sh -e \0x\n", 16, SCRIPT_OK, "/bin/sh", "-e ", false },
		{ "#!/bin/sh -e  ", 0, SCRIPT_OK, "/bin/sh", "-e  ", false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_line(&cases[i]);
}

static void a_file_that_does_not_start_with_it_is_no_script(void **state)
{
	static const struct line_case cases[] = {
		{ "", 0, SCRIPT_NONE, NULL, NULL, false },
		{ "#", 0, SCRIPT_NONE, NULL, NULL, false },
		{ " #!/bin/sh\n", 0, SCRIPT_NONE, NULL, NULL, false },
		{ "# !/bin/sh\n", 0, SCRIPT_NONE, NULL, NULL, false },
		{ "\177ELF", 0, SCRIPT_NONE, NULL, NULL, false },
		{ "#!\n", 0, SCRIPT_EMPTY, NULL, NULL, false },
		{ "#!", 0, SCRIPT_EMPTY, NULL, NULL, false },
		{ "#! \t \n/bin/sh\n", 0, SCRIPT_EMPTY, NULL, NULL, false },
		{ "#!   ", 0, SCRIPT_EMPTY, NULL, NULL, false },
		{ "#!\0/bin/sh\n", 11, SCRIPT_EMPTY, NULL, NULL, false },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check_line(&cases[i]);
}

static void a_byte_order_mark_is_seen_only_before_a_script(void **state)
{
	static const char script[] = "\xef\xbb\xbf#!/bin/sh\n", text[] = "\xef\xbb\xbf# text\n";
	struct script_line line;

	(void)state;
	script_parse(script, strlen(script), &line);
	assert_int_equal(line.kind, SCRIPT_NONE);
	assert_true(line.has_bom);
	script_parse(text, strlen(text), &line);
	assert_false(line.has_bom);
	script_parse(script, 4, &line);
	assert_false(line.has_bom);
}

/* "#!", `n` bytes of a name that starts with a slash, and the rest. */
static size_t make_head(char *head, size_t n, const char *rest)
{
	memcpy(head, "#!/", 3);
	memset(head + 3, 'a', n - 1);
	memcpy(head + 2 + n, rest, strlen(rest) + 1);
	return 2 + n + strlen(rest);
}

/* What the kernel does with a name that ends at the edge is asked below. */
static void a_name_has_to_end_within_256_bytes(void **state)
{
	static const struct {
		size_t n;
		const char *rest;
		enum script_kind kind;
		bool is_long_for_old;
	} cases[] = {
		{ 253, "\n", SCRIPT_OK, true },       { 253, " -e\n", SCRIPT_OK, true },
		{ 253, "", SCRIPT_OK, true },         { 254, "", SCRIPT_TOO_LONG, true },
		{ 254, "\n", SCRIPT_TOO_LONG, true }, { 300, "\n", SCRIPT_TOO_LONG, true },
		{ 126, "\n", SCRIPT_OK, true },       { 125, "\n", SCRIPT_OK, false },
		{ 125, " ", SCRIPT_OK, false },       { 123, " -\n", SCRIPT_OK, false },
		{ 123, " -e\n", SCRIPT_OK, true },
	};
	char head[400];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = make_head(head, cases[i].n, cases[i].rest);
		struct script_line line;

		script_parse(head, len, &line);
		assert_int_equal(line.kind, cases[i].kind);
		assert_int_equal(strlen(line.interpreter),
				 cases[i].kind == SCRIPT_OK ? cases[i].n : 0);
		if (cases[i].kind == SCRIPT_OK)
			assert_int_equal(line.is_long_for_old, cases[i].is_long_for_old);
	}
}

static void a_long_argument_is_cut(void **state)
{
	struct script_line line;
	char head[400];
	size_t len;

	(void)state;
	memset(head, 'x', sizeof(head));
	memcpy(head, "#!/bin/sh ", 10);
	head[300] = '\n';
	script_parse(head, sizeof(head), &line);
	assert_int_equal(line.kind, SCRIPT_OK);
	assert_int_equal(strlen(line.argument), 245);
	assert_true(line.is_long_for_old);
	/* where it is cut stands no end of line, whatever the byte */
	head[254] = '\r';
	script_parse(head, sizeof(head), &line);
	assert_false(line.has_cr);
	/* only white space, as far as the kernel looks */
	memset(head + 2, ' ', sizeof(head) - 2);
	script_parse(head, sizeof(head), &line);
	assert_int_equal(line.kind, SCRIPT_EMPTY);
	/* a name after so much white space that it has no room */
	len = 253;
	head[len] = '/';
	script_parse(head, sizeof(head), &line);
	assert_int_equal(line.kind, SCRIPT_OK);
	assert_string_equal(line.interpreter, "/");
	head[254] = head[255] = '/';
	script_parse(head, sizeof(head), &line);
	assert_int_equal(line.kind, SCRIPT_TOO_LONG);
}

/* Executes the script; what its interpreter was given, or -errno. */
static int ask_kernel(char *script, char *ret_argument, size_t size)
{
	char variable[] = LAST_WORD "=1", *argv[] = { script, NULL }, *envp[] = { variable, NULL };
	int out[2], status, len = 0;
	pid_t child;
	ssize_t n;

	assert_return_code(pipe(out), errno);
	child = fork();
	if (child == 0) {
		(void)dup2(out[1], 1);
		(void)close(out[0]);
		(void)execve(script, argv, envp);
		_exit(errno);
	}
	(void)close(out[1]);
	while ((n = read(out[0], ret_argument + len, size - 1 - (size_t)len)) > 0)
		len += (int)n;
	ret_argument[len] = '\0';
	(void)close(out[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return -WEXITSTATUS(status);
}

/* "@" is the interpreter; "~" is a NUL, as many "a" as fill the first 252 bytes stand for "%". */
static size_t expand_head(char *head, size_t size, const char *pattern, const char *interpreter)
{
	size_t len = 0;

	for (; *pattern; pattern++) {
		if (*pattern == '@')
			len += (size_t)snprintf(head + len, size - len, "%s", interpreter);
		else if (*pattern == '%')
			for (; len < 252; len++)
				head[len] = 'a';
		else
			head[len++] = *pattern == '~' ? '\0' : *pattern;
	}
	assert_true(len < size);
	return len;
}

static void the_kernel_reads_the_line_the_same_way(void **state)
{
	static const char *const patterns[] = {
		"#!@\n",       "#!@",          "#!  @  \n",    "#!@ one two\n", "#!@\ttab\t\n",
		"#!@ one\r\n", "#!@ end  ",    "#!@ end  \n",  "#!@ nul  ~x\n", "#!@~x\n",
		"#!@ %\n",     "#!@ %b\n",     "#!@ %bc\n",    "#!@ %bcd\n",    "#!@ %bcde\n",
		"#!@ %  \n",   "#!@ %    x\n", "#!@ \n arg\n", "#!@ \v\f\n",    "#!@ a b  \t\n",
		"#!\n",        "#! \t\n",      "#!/%\n",       "#!/%a\n",       "#!/%ab\n",
		"#!/%abc\n",   "#!/%abcd\n",   "#!/%abcd ",    "#!/%abcdef ",   "#!/%ab d\n",
		"#!/%abc d\n", "#!/%ab",       "#!/%abc",      "#!/%abcd",      "#!@\r\n",
		"# !@\n",      " #!@\n",       "#!@ \r\n",
	};
	char interpreter[GROUND_PATH], script[GROUND_PATH], head[1024], got[1024], self[512];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	(void)state;
	assert_true(n > 0);
	self[n] = '\0';
	assert_return_code(symlink(self, in_scratch(interpreter, "i")), errno);
	(void)in_scratch(script, "script");
	for (size_t i = 0; i < ARRAY_SIZE(patterns); i++) {
		size_t len = expand_head(head, sizeof(head), patterns[i], interpreter);
		int fd = open(script, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700), r;
		struct script_line line;

		assert_return_code(fd, errno);
		assert_int_equal(write(fd, head, len), (long)len);
		(void)close(fd);
		script_parse(head, len, &line);
		r = ask_kernel(script, got, sizeof(got));
		if (line.kind != SCRIPT_OK)
			assert_int_equal(r, -ENOEXEC);
		else if (strcmp(line.interpreter, interpreter) != 0)
			assert_true(r == -ENOENT || r == -ENAMETOOLONG);
		else
			assert_string_equal(got, line.argument);
	}
}

/* Each row was tried with env of GNU coreutils 9.1. */
static void env_looks_up_what_its_argument_names(void **state)
{
	static const struct {
		const char *argument, *program, *path;
		bool needs_split, is_unknown;
	} cases[] = {
		{ "sh", "sh", "", false, false },
		{ "/bin/sh", "/bin/sh", "", false, false },
		{ "sh -e", "sh -e", "", true, false },
		{ "sh\r", "sh\r", "", false, false },
		{ "sh\t", "sh\t", "", true, false },
		{ "-S sh -e", "sh", "", false, false },
		{ "-Ssh -e", "sh", "", false, false },
		{ "-S sh\r", "sh", "", false, false },
		{ "-S\tsh\t-e", "sh", "", false, false },
		{ "-vS sh", "sh", "", false, false },
		{ "-iS sh", "sh", SCRIPT_ENV_PATH, false, false },
		{ "-S -i sh", "sh", SCRIPT_ENV_PATH, false, false },
		{ "-S - sh", "sh", SCRIPT_ENV_PATH, false, false },
		{ "-S -u PATH sh", "sh", SCRIPT_ENV_PATH, false, false },
		{ "-S -uPATH sh", "sh", SCRIPT_ENV_PATH, false, false },
		{ "-S --unset=PATH sh", "sh", SCRIPT_ENV_PATH, false, false },
		{ "-S -u HOME sh", "sh", "", false, false },
		{ "-S --ignore-environment PATH=/x sh", "sh", "/x", false, false },
		{ "-S PATH=/x:/y A=1 sh PATH=/z", "sh", "/x:/y", false, false },
		{ "-S PATH= sh", "sh", ".", false, false },
		{ "-S -- sh", "sh", "", false, false },
		{ "-S -- -x", "-x", "", false, false },
		{ "-S A=1 -i sh", "-i", "", false, false },
		{ "-S --debug --ignore-signal=INT sh", "sh", "", false, false },
		{ "--split-string=sh -e", "sh", "", false, false },
		{ "-S\"/bin/my sh\" -e", "/bin/my sh", "", false, false },
		{ "-S 's'\"h\"", "sh", "", false, false },
		{ "-S my\\_sh", "my", "", false, false },
		{ "-S \"my\\_sh\"", "my sh", "", false, false },
		{ "-S a\\\\b\\tc", "a\\b\tc", "", false, false },
		{ "-S 'a\\tb'", "a\\tb", "", false, false },
		{ "-S 'a\\'b'", "a'b", "", false, false },
		{ "-S \\#x", "#x", "", false, false },
		{ "-S a#b", "a#b", "", false, false },
		{ "-S sh\\c -e", "sh", "", false, false },
		/* no program: env takes the next word of its command line, the script */
		{ "", "", "", false, false },
		{ "-S", "", "", false, false },
		{ "-S # sh", "", "", false, false },
		{ "-S \\c sh", "", "", false, false },
		{ "-i", "", SCRIPT_ENV_PATH, false, false },
		{ "-", "", SCRIPT_ENV_PATH, false, false },
		{ "--", "", "", false, false },
		{ "A=1", "", "", false, false },
		{ "A=1 sh", "", "", true, false },
		{ "-u PATH sh", "", "", true, false },
		/* what env says then leads to -S, too */
		{ "-i sh", "-i sh", SCRIPT_ENV_PATH, true, false },
		{ "-C/ sh", "-C/ sh", "", true, false },
		/* only env can tell */
		{ "-S ${SHELL}", "", "", false, true },
		{ "-S \"${SHELL}\"", "", "", false, true },
		{ "-S a\\q", "", "", false, true },
		{ "-S 'sh", "", "", false, true },
		{ "-S -C / sh", "", "", false, true },
		{ "-S -S sh", "", "", false, true },
		{ "-S -u", "", "", false, true },
		{ "-S --unknown sh", "", "", false, true },
		{ "-0", "", "", false, true },
		{ "-x", "", "", false, true },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct script_env env;

		script_parse_env(cases[i].argument, &env);
		assert_int_equal(env.is_unknown, cases[i].is_unknown);
		assert_int_equal(env.needs_split, cases[i].needs_split);
		if (cases[i].is_unknown)
			continue;
		assert_string_equal(env.program, cases[i].program);
		assert_string_equal(env.path, cases[i].path);
	}
}

static void an_argument_that_no_line_can_have_is_unknown(void **state)
{
	char argument[SCRIPT_HEAD + 1];
	struct script_env env;

	(void)state;
	memset(argument, 'a', sizeof(argument));
	argument[SCRIPT_HEAD] = '\0';
	script_parse_env(argument, &env);
	assert_true(env.is_unknown);
	argument[SCRIPT_HEAD - 1] = '\0';
	script_parse_env(argument, &env);
	assert_false(env.is_unknown);
	assert_string_equal(env.program, argument);
}

static void the_usual_wrong_files_are_recognised(void **state)
{
	static const struct {
		const char *head;
		size_t len; /* 0: strlen */
		const char *guess;
	} cases[] = {
		{ "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", 0,
		  "a Git LFS pointer" },
		{ "MZ\x90\0", 4, "a Windows program" },
		{ "\xcf\xfa\xed\xfe\7\0\0\1", 8, "a Mach-O program (macOS)" },
		{ "\xca\xfe\xba\xbe\0\0\0\2", 8, "a Mach-O program (macOS)" },
		{ "\xca\xfe\xba\xbe\0\0\0\x34", 8, "a Java class" },
		{ "\0asm\1\0\0\0", 8, "a WebAssembly module" },
		{ "\x1f\x8b\x08", 3, "a gzip archive" },
		{ "PK\3\4", 4, "a zip archive" },
		{ "\xfd"
		  "7zXZ\0",
		  6, "an xz archive" },
		{ "BZh9", 4, "a bzip2 archive" },
		{ "\x28\xb5\x2f\xfd", 4, "a zstd archive" },
		{ "!<arch>\n", 0, "an ar archive" },
		{ "# This is a shell archive (produced by shar)\n", 0, "a shell archive" },
		{ "\xff\xfe#\0!\0", 6, "UTF-16 text" },
		{ "<!DOCTYPE html>\n<html>", 0, "an HTML page" },
		{ "\r\n  <HTML lang=en>", 0, "an HTML page" },
		{ "\0\0\0\0\0\0", 6, "zeros" },
		{ "\0", 1, "zeros" },
		{ "\n#!/bin/sh\n", 0, "text with a '#!' that is not at its start" },
		{ "  #!/bin/sh\n", 0, "text with a '#!' that is not at its start" },
		{ "echo hi\n", 0, "text" },
		{ "\xc3\xa9\n", 0, "text" },
		{ "\x01\x02\x03", 0, "" },
		{ "echo\0hi", 7, "" },
		{ "\0\0\1", 3, "" },
		{ "", 0, "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		size_t len = cases[i].len ? cases[i].len : strlen(cases[i].head), n = 0;
		const char *guess = script_guess(cases[i].head, len);

		assert_string_equal(guess, cases[i].guess);
		while (script_guesses[n] && strcmp(script_guesses[n], guess) != 0)
			n++;
		assert_true(script_guesses[n] || !*guess);
	}
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_word_is_the_interpreter_and_the_rest_one_argument),
		cmocka_unit_test(a_file_that_does_not_start_with_it_is_no_script),
		cmocka_unit_test(a_byte_order_mark_is_seen_only_before_a_script),
		cmocka_unit_test(a_name_has_to_end_within_256_bytes),
		cmocka_unit_test(a_long_argument_is_cut),
		cmocka_unit_test(the_kernel_reads_the_line_the_same_way),
		cmocka_unit_test(env_looks_up_what_its_argument_names),
		cmocka_unit_test(an_argument_that_no_line_can_have_is_unknown),
		cmocka_unit_test(the_usual_wrong_files_are_recognised),
	};

	if (getenv(LAST_WORD)) {
		/* an interpreter: its name, perhaps an argument, the script's name */
		if (argc == 3 && fputs(argv[1], stdout) < 0)
			return 1;
		return 0;
	}
	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
