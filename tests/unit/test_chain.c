/* SPDX-License-Identifier: MIT */
/*
 * test_chain.c - what chain_follow says of a program is what execve then does with it.
 *
 * One row each for what the kernel, the loader and env can find wrong; the status is the kernel's.
 */
#include "chain_of.h"

static void programs_that_start_have_no_trouble(void **state)
{
	static const struct row rows[] = {
		{ .program = "@/static", NOTHING, .end = "@/static" },
		{ .program = "static", NOTHING, .end = "@/static" },
		{ .program = "./static", NOTHING, .end = "@/static" },
		{ .program = "bin/../static", NOTHING, .end = "@/bin/../static" },
		{ .program = ".//./static", NOTHING, .end = "@/static" },
		{ .program = "@/./bin//.././static", NOTHING, .end = "@/bin/../static" },
		{ .program = "@/link", NOTHING, .end = "@/link" },
		{ .program = "@/dynamic", NOTHING, .end = "@/dynamic" },
		{ .program = "@/script", NOTHING, .end = "@/static" },
		{ .program = "@/no-end", NOTHING, .end = "@/static" },
		{ .program = "@/to-dynamic", NOTHING, .end = "@/dynamic" },
		{ .program = "@/relative", NOTHING, .end = "@/static" },
		{ .program = "@/dos-there", NOTHING, .end = "@/static\r" },
		{ .program = "@/n5", NOTHING, .end = "@/static" },
		{ .program = "@/align", NOTHING, .end = "@/align" },
		{ .program = "@/set-gid-no-x", NOTHING, .end = "@/set-gid-no-x" },
	};

	(void)state;
	judge_all(rows, ARRAY_SIZE(rows));
}

static void what_starts_and_is_worth_a_word(void **state)
{
	static const struct row rows[] = {
		{ "@/set-uid", TROUBLE_SET_ID, 0, .role = PROGRAM, .detail = "set-user-ID",
		  .end = "@/set-uid" },
		{ "@/set-gid", TROUBLE_SET_ID, 0, .role = PROGRAM, .detail = "set-group-ID",
		  .end = "@/set-gid" },
		{ "@/name-twice", TROUBLE_INTERP_TWICE, 0, .role = PROGRAM, .end = "@/name-twice" },
		{ "@/dos-argument", TROUBLE_ARGUMENT_CR, 0, .role = SCRIPT, .detail = "-x",
		  .end = "@/static" },
		{ "@/cut", TROUBLE_SCRIPT_CUT, 0, .role = SCRIPT, .end = "@/static" },
		{ "@/loader-relative", TROUBLE_INTERP_RELATIVE, 0, .role = LOADER, .path = "static",
		  .needed_by = "@/loader-relative", .end = "@/loader-relative" },
	};

	(void)state;
	judge_all(rows, ARRAY_SIZE(rows));
}

static void a_name_that_leads_nowhere_is_explained(void **state)
{
	static char too_long[300];
	const struct row rows[] = {
		{ "@/none", TROUBLE_MISSING, -ENOENT, .role = PROGRAM },
		{ "none", TROUBLE_MISSING, -ENOENT, .role = PROGRAM },
		{ "@/none/x", TROUBLE_NO_DIRECTORY, -ENOENT, .role = PROGRAM, .detail = "@/none" },
		{ "@/static/x", TROUBLE_NOT_DIRECTORY, -ENOTDIR, .role = PROGRAM,
		  .detail = "@/static" },
		{ "@/dangling", TROUBLE_DANGLING, -ENOENT, .role = PROGRAM, .path = "@/none",
		  .detail = "@/dangling" },
		{ "@/circle", TROUBLE_LOOP, -ELOOP, .role = PROGRAM },
		{ too_long, TROUBLE_NAME_TOO_LONG, -ENAMETOOLONG, .role = PROGRAM },
		{ "@/bin", TROUBLE_IS_DIRECTORY, -EACCES, .role = PROGRAM },
		{ "@/fifo", TROUBLE_NOT_REGULAR, -EACCES, .role = PROGRAM, .detail = "a FIFO" },
		{ "@/socket", TROUBLE_NOT_REGULAR, -EACCES, .role = PROGRAM, .detail = "a socket" },
		{ "/dev/null", TROUBLE_NOT_REGULAR, -EACCES, .role = PROGRAM,
		  .detail = "a device" },
		{ "@/no-x", TROUBLE_NO_EXEC_BIT, -EACCES, .role = PROGRAM, .detail = "0644",
		  .end = NULL },
		{ "@/script-no-x", TROUBLE_NO_EXEC_BIT, -EACCES, .role = SCRIPT, .detail = "0644" },
	};

	(void)state;
	memset(too_long, 'a', sizeof(too_long) - 1);
	judge_all(rows, ARRAY_SIZE(rows));
}

static void scripts_that_do_not_start_are_explained(void **state)
{
	static const struct row rows[] = {
		{ "@/to-missing", TROUBLE_MISSING, -ENOENT, .role = INTERPRETER, .path = "@/none",
		  .needed_by = "@/to-missing" },
		{ "@/relative-missing", TROUBLE_MISSING, -ENOENT, .role = INTERPRETER,
		  .path = "none", .needed_by = "@/relative-missing" },
		{ "@/to-dir", TROUBLE_IS_DIRECTORY, -EACCES, .role = INTERPRETER, .path = "@/bin",
		  .needed_by = "@/to-dir" },
		{ "@/to-no-x", TROUBLE_NO_EXEC_BIT, -EACCES, .role = INTERPRETER, .path = "@/no-x",
		  .detail = "0644", .needed_by = "@/to-no-x" },
		{ "@/to-text", TROUBLE_NO_FORMAT, -ENOEXEC, .role = INTERPRETER, .path = "@/text",
		  .detail = "text", .needed_by = "@/to-text" },
		{ "@/to-loader-missing", TROUBLE_MISSING, -ENOENT, .role = LOADER, .path = "@/none",
		  .needed_by = "@/loader-missing" },
		{ "@/dos", TROUBLE_SCRIPT_CR, -ENOENT, .role = SCRIPT, .detail = "@/bin/tool" },
		{ "@/empty-line", TROUBLE_SCRIPT_EMPTY, -ENOEXEC, .role = SCRIPT },
		{ "@/too-long", TROUBLE_SCRIPT_TOO_LONG, -ENOEXEC, .role = SCRIPT },
		{ "@/bom", TROUBLE_SCRIPT_BOM, -ENOEXEC, .role = SCRIPT },
		{ "@/n6", TROUBLE_SCRIPT_TOO_DEEP, -ELOOP, .role = INTERPRETER, .path = "@/static",
		  .needed_by = "@/n1" },
		{ "@/loop-script", TROUBLE_SCRIPT_TOO_DEEP, -ELOOP, .role = SCRIPT,
		  .needed_by = "@/loop-script" },
		{ "@/empty", TROUBLE_EMPTY_FILE, -ENOEXEC, .role = PROGRAM },
		{ "@/text", TROUBLE_NO_FORMAT, -ENOEXEC, .role = PROGRAM, .detail = "text" },
		{ "@/late", TROUBLE_NO_FORMAT, -ENOEXEC, .role = PROGRAM,
		  .detail = "text with a '#!' that is not at its start" },
		{ "@/lfs", TROUBLE_NO_FORMAT, -ENOEXEC, .role = PROGRAM,
		  .detail = "a Git LFS pointer" },
		{ "@/bytes", TROUBLE_NO_FORMAT, -ENOEXEC, .role = PROGRAM },
	};

	(void)state;
	judge_all(rows, ARRAY_SIZE(rows));
}

static void programs_that_the_kernel_does_not_load_are_explained(void **state)
{
	static const struct row rows[] = {
		{ "@/foreign", TROUBLE_WRONG_MACHINE, -ENOEXEC, .role = PROGRAM,
		  .detail = "s390x" },
		{ "@/nameless", TROUBLE_WRONG_MACHINE, -ENOEXEC, .role = PROGRAM,
		  .detail = "machine number 30583" },
		{ "@/object", TROUBLE_ELF_TYPE, -ENOEXEC, .role = PROGRAM,
		  .detail = "an object file" },
		{ "@/core", TROUBLE_ELF_TYPE, -ENOEXEC, .role = PROGRAM, .detail = "a core file" },
		{ "@/odd-type", TROUBLE_ELF_TYPE, -ENOEXEC, .role = PROGRAM,
		  .detail = "an ELF file of an unknown type" },
		{ "@/cut-header", TROUBLE_ELF_CORRUPT, -ENOEXEC, .role = PROGRAM, .detail = "*" },
		{ "@/cut-phdrs", TROUBLE_ELF_CORRUPT, -ENOEXEC, .role = PROGRAM, .detail = "*" },
		{ "@/no-phdrs", TROUBLE_ELF_CORRUPT, -ENOEXEC, .role = PROGRAM, .detail = "*" },
		{ "@/phdr-size", TROUBLE_ELF_CORRUPT, -ENOEXEC, .role = PROGRAM, .detail = "*" },
		{ "@/phdrs-outside", TROUBLE_ELF_CORRUPT, -ENOEXEC, .role = PROGRAM,
		  .detail = "*" },
		{ "@/name-outside", TROUBLE_ELF_CORRUPT, -EIO, .role = PROGRAM, .detail = "*" },
		{ "@/name-empty", TROUBLE_ELF_CORRUPT, -ENOEXEC, .role = PROGRAM, .detail = "*" },
		{ "@/name-endless", TROUBLE_ELF_CORRUPT, -ENOEXEC, .role = PROGRAM, .detail = "*" },
		{ "@/no-class", TROUBLE_ELF_CORRUPT, 0, .role = PROGRAM, .detail = "*" },
		{ "@/no-order", TROUBLE_ELF_CORRUPT, 0, .role = PROGRAM, .detail = "*" },
	};

	(void)state;
	judge_all(rows, ARRAY_SIZE(rows));
}

static void loaders_that_keep_a_program_from_starting_are_explained(void **state)
{
	static const struct row rows[] = {
		{ "@/loader-missing", TROUBLE_MISSING, -ENOENT, .role = LOADER, .path = "@/none",
		  .needed_by = "@/loader-missing" },
		{ "@/loader-no-dir", TROUBLE_NO_DIRECTORY, -ENOENT, .role = LOADER,
		  .path = "@/none/ld", .detail = "@/none", .needed_by = "@/loader-no-dir" },
		{ "@/loader-dangling", TROUBLE_DANGLING, -ENOENT, .role = LOADER, .path = "@/none",
		  .detail = "@/dangling", .needed_by = "@/loader-dangling" },
		{ "@/loader-dir", TROUBLE_IS_DIRECTORY, -EACCES, .role = LOADER, .path = "@/bin",
		  .needed_by = "@/loader-dir" },
		{ "@/loader-no-x", TROUBLE_NO_EXEC_BIT, -EACCES, .role = LOADER, .path = "@/no-x",
		  .detail = "0644", .needed_by = "@/loader-no-x" },
		{ "@/loader-text", TROUBLE_INTERP_FORMAT, -ELIBBAD, .role = LOADER,
		  .path = "@/long-text", .detail = "text", .needed_by = "@/loader-text" },
		{ "@/loader-short", TROUBLE_INTERP_FORMAT, -EIO, .role = LOADER, .path = "@/text",
		  .detail = TROUBLE_SHORT, .needed_by = "@/loader-short" },
		{ "@/loader-foreign", TROUBLE_INTERP_FORMAT, -ELIBBAD, .role = LOADER,
		  .path = "@/foreign", .detail = "for s390x", .needed_by = "@/loader-foreign" },
		{ "@/loader-phdr-size", TROUBLE_ELF_CORRUPT, -ELIBBAD, .role = LOADER,
		  .path = "@/phdr-size", .detail = "*", .needed_by = "@/loader-phdr-size" },
		{ "@/loader-cut-phdrs", TROUBLE_ELF_CORRUPT, -ELIBBAD, .role = LOADER,
		  .path = "@/cut-phdrs", .detail = "*", .needed_by = "@/loader-cut-phdrs" },
		{ "@/loader-cut-header", TROUBLE_INTERP_FORMAT, -EIO, .role = LOADER,
		  .path = "@/cut-header", .detail = TROUBLE_SHORT,
		  .needed_by = "@/loader-cut-header" },
		{ "@/loader-relative-missing", TROUBLE_INTERP_RELATIVE, -ENOENT, .role = LOADER,
		  .path = "none", .needed_by = "@/loader-relative-missing" },
	};

	(void)state;
	judge_all(rows, ARRAY_SIZE(rows));
}

static void programs_that_end_before_they_begin_are_explained(void **state)
{
	static const struct row rows[] = {
		{ "@/skewed", TROUBLE_ALIGNMENT, KILLED(SIGSEGV), .role = PROGRAM, .detail = "4096",
		  .end = "@/skewed" },
		{ "@/loader-object", TROUBLE_ELF_TYPE, KILLED(SIGSEGV), .role = LOADER,
		  .path = "@/object", .detail = "an object file", .needed_by = "@/loader-object" },
		{ "@/loader-no-load", TROUBLE_ELF_CORRUPT, KILLED(SIGSEGV), .role = LOADER,
		  .path = "@/no-load", .detail = "*", .needed_by = "@/loader-no-load" },
		{ "@/no-load", TROUBLE_ELF_CORRUPT, KILLED(SIGSEGV), .role = PROGRAM,
		  .detail = "*" },
		{ "@/more-in-file", TROUBLE_ELF_CORRUPT, KILLED(SIGSEGV), .role = PROGRAM,
		  .detail = "*" },
		{ "@/cut-segment", TROUBLE_ELF_CORRUPT, 0, .role = PROGRAM, .detail = "*" },
	};

	(void)state;
	judge_all(rows, ARRAY_SIZE(rows));
}

static void env_is_followed_to_the_program_that_it_starts(void **state)
{
	static const struct row rows[] = {
		{ .program = "@/env-tool", NOTHING, .end = "@/bin/tool" },
		{ .program = "@/env-path", NOTHING, .end = "@/static" },
		{ .program = "@/env-both", NOTHING, .end = "@/bin2/both" },
		{ .program = "@/env-split", NOTHING, .end = "@/bin/tool" },
		{ .program = "@/env-split-dos", NOTHING, .end = "@/bin/tool" },
		{ .program = "@/env-other-path", NOTHING, .end = "@/bin2/both" },
		{ .program = "@/env-script", NOTHING, .end = "@/bin/tool" },
		{ .program = "@/env-text", NOTHING, .end = "/bin/sh" },
		{ "@/env-missing", TROUBLE_ENV_NOT_FOUND, 127, .role = SCRIPT,
		  .detail = "no-such-tool" },
		{ "@/to-env-missing", TROUBLE_ENV_NOT_FOUND, 127, .role = SCRIPT,
		  .path = "@/env-missing", .detail = "no-such-tool" },
		{ "@/env-i", TROUBLE_ENV_NOT_FOUND, 127, .role = SCRIPT, .detail = "tool" },
		{ "@/env-two", TROUBLE_ENV_SPLIT, 127, .role = SCRIPT, .detail = "tool -x" },
		{ "@/env-path-two", TROUBLE_ENV_SPLIT, 127, .role = SCRIPT,
		  .detail = "@/static -x" },
		{ "@/env-dos", TROUBLE_ENV_CR, 127, .role = SCRIPT, .detail = "tool" },
		{ "@/env-path-dos", NOTHING, .end = "@/static\r" },
	};

	(void)state;
	judge_all(rows, ARRAY_SIZE(rows));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_that_start_have_no_trouble),
		cmocka_unit_test(what_starts_and_is_worth_a_word),
		cmocka_unit_test(a_name_that_leads_nowhere_is_explained),
		cmocka_unit_test(scripts_that_do_not_start_are_explained),
		cmocka_unit_test(programs_that_the_kernel_does_not_load_are_explained),
		cmocka_unit_test(loaders_that_keep_a_program_from_starting_are_explained),
		cmocka_unit_test(programs_that_end_before_they_begin_are_explained),
		cmocka_unit_test(env_is_followed_to_the_program_that_it_starts),
	};

	return cmocka_run_group_tests(tests, make_tree, ground_close);
}
