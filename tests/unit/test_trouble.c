/* SPDX-License-Identifier: MIT */
/*
 * test_trouble.c - the words for what can be behind a failed exec.
 *
 * Each kind is worded for each role, so that a new row cannot be left half done. What execve truly
 * answers is compared in test_chain.c; whether a mend helps, in tests/cli.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/elf.h"
#include "elf/script.h"
#include "elf/trouble.h"

static struct trouble make(enum trouble_kind kind, enum file_role role)
{
	return (struct trouble){ .kind = kind,
				 .role = role,
				 .path = "/p/file",
				 .needed_by = "/n/needing",
				 .detail = "the-detail" };
}

static const char *what(struct buf *buf, const struct trouble *trouble)
{
	buf_reset(buf);
	trouble_what(buf, trouble);
	assert_int_equal(buf_error(buf), 0);
	return buf_text(buf);
}

static const char *mend(struct buf *buf, const struct trouble *trouble)
{
	buf_reset(buf);
	trouble_mend(buf, trouble);
	assert_int_equal(buf_error(buf), 0);
	return buf_text(buf);
}

static void every_trouble_names_its_file_in_one_line_of_its_own(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(4096);

	(void)state;
	for (int kind = 0; kind < TROUBLE_MAX; kind++) {
		for (int role = 0; role < ROLE_MAX; role++) {
			struct trouble trouble =
				make((enum trouble_kind)kind, (enum file_role)role);
			const char *text = what(&buf, &trouble);

			assert_non_null(strstr(text, "'/p/file'"));
			assert_non_null(strstr(text, "'/n/needing'"));
			assert_null(strpbrk(text, "\n%"));
			assert_null(strpbrk(mend(&buf, &trouble), "\n%"));
		}
	}
}

static void every_name_is_one_word_of_its_own(void **state)
{
	(void)state;
	for (int kind = 0; kind < TROUBLE_MAX; kind++) {
		const char *name = trouble_name((enum trouble_kind)kind);

		assert_non_null(name);
		assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-"),
				 strlen(name));
		for (int other = 0; other < kind; other++)
			assert_string_not_equal(name, trouble_name((enum trouble_kind)other));
	}
}

static void no_two_kinds_share_their_words(void **state)
{
	AUTO_BUF struct buf one = BUF_INIT(4096), two = BUF_INIT(4096);

	(void)state;
	for (int kind = 0; kind < TROUBLE_MAX; kind++) {
		struct trouble trouble = make((enum trouble_kind)kind, ROLE_PROGRAM);
		const char *text = what(&one, &trouble);

		for (int other = 0; other < kind; other++) {
			trouble = make((enum trouble_kind)other, ROLE_PROGRAM);
			assert_string_not_equal(text, what(&two, &trouble));
		}
	}
}

static void a_role_is_heard_in_the_words(void **state)
{
	static const char *const words[] = {
		"'/p/file' of '/n/needing'",
		"'/p/file' of '/n/needing'",
		"the interpreter '/p/file' of '/n/needing'",
		"the ELF interpreter '/p/file' of '/n/needing'",
		"the library '/p/file' of '/n/needing'",
		"the loader's file '/p/file' of '/n/needing'",
	};
	AUTO_BUF struct buf buf = BUF_INIT(4096);

	(void)state;
	for (int role = 0; role < ROLE_MAX; role++) {
		struct trouble trouble = make(TROUBLE_MISSING, (enum file_role)role);
		const char *text = what(&buf, &trouble);

		assert_int_equal(strncmp(text, words[role], strlen(words[role])), 0);
		assert_string_equal(text + strlen(words[role]), " is missing");
		trouble.needed_by = "";
		assert_null(strstr(what(&buf, &trouble), " of "));
	}
}

static void the_errno_is_the_one_of_execve(void **state)
{
	static const struct {
		enum trouble_kind kind;
		int errnum;
		enum trouble_weight weight;
	} cases[] = {
		{ TROUBLE_MISSING, ENOENT, WEIGHT_EXEC },
		{ TROUBLE_DANGLING, ENOENT, WEIGHT_EXEC },
		{ TROUBLE_NO_DIRECTORY, ENOENT, WEIGHT_EXEC },
		{ TROUBLE_NOT_DIRECTORY, ENOTDIR, WEIGHT_EXEC },
		{ TROUBLE_LOOP, ELOOP, WEIGHT_EXEC },
		{ TROUBLE_NO_SEARCH, EACCES, WEIGHT_EXEC },
		{ TROUBLE_NAME_TOO_LONG, ENAMETOOLONG, WEIGHT_EXEC },
		{ TROUBLE_IS_DIRECTORY, EACCES, WEIGHT_EXEC },
		{ TROUBLE_NOT_REGULAR, EACCES, WEIGHT_EXEC },
		{ TROUBLE_NO_EXEC_BIT, EACCES, WEIGHT_EXEC },
		{ TROUBLE_NO_EXEC_FOR_YOU, EACCES, WEIGHT_EXEC },
		{ TROUBLE_NOEXEC_MOUNT, EACCES, WEIGHT_EXEC },
		{ TROUBLE_UNREADABLE, 0, WEIGHT_NOTE },
		{ TROUBLE_READ_ERROR, EIO, WEIGHT_EXEC },
		{ TROUBLE_SCRIPT_CR, ENOENT, WEIGHT_EXEC },
		{ TROUBLE_SCRIPT_EMPTY, ENOEXEC, WEIGHT_EXEC },
		{ TROUBLE_SCRIPT_TOO_LONG, ENOEXEC, WEIGHT_EXEC },
		{ TROUBLE_SCRIPT_TOO_DEEP, ELOOP, WEIGHT_EXEC },
		{ TROUBLE_SCRIPT_BOM, ENOEXEC, WEIGHT_EXEC },
		{ TROUBLE_ENV_SPLIT, 0, WEIGHT_START },
		{ TROUBLE_ENV_CR, 0, WEIGHT_START },
		{ TROUBLE_ENV_NOT_FOUND, 0, WEIGHT_START },
		{ TROUBLE_ENV_LOOP, 0, WEIGHT_START },
		{ TROUBLE_ARGUMENT_CR, 0, WEIGHT_NOTE },
		{ TROUBLE_SCRIPT_CUT, 0, WEIGHT_NOTE },
		{ TROUBLE_EMPTY_FILE, ENOEXEC, WEIGHT_EXEC },
		{ TROUBLE_NO_FORMAT, ENOEXEC, WEIGHT_EXEC },
		{ TROUBLE_ELF_TYPE, ENOEXEC, WEIGHT_EXEC },
		{ TROUBLE_WRONG_MACHINE, ENOEXEC, WEIGHT_EXEC },
		{ TROUBLE_NO_32BIT, ENOEXEC, WEIGHT_EXEC },
		{ TROUBLE_ALIGNMENT, 0, WEIGHT_START },
		{ TROUBLE_INTERP_TWICE, 0, WEIGHT_NOTE },
		{ TROUBLE_INTERP_RELATIVE, 0, WEIGHT_NOTE },
		{ TROUBLE_INTERP_FORMAT, ELIBBAD, WEIGHT_EXEC },
		{ TROUBLE_OTHER_LIBC, 0, WEIGHT_NOTE },
		{ TROUBLE_UNKNOWN_LOADER, 0, WEIGHT_NOTE },
		{ TROUBLE_SET_ID, 0, WEIGHT_NOTE },
		{ TROUBLE_SET_ID_NOSUID, 0, WEIGHT_NOTE },
		{ TROUBLE_NOT_GRANTED, EACCES, WEIGHT_EXEC },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct trouble trouble = make(cases[i].kind, ROLE_PROGRAM);

		assert_int_equal(trouble_errnum(&trouble), cases[i].errnum);
		assert_int_equal(trouble_weight(&trouble), cases[i].weight);
	}
	for (int kind = 0; kind < TROUBLE_MAX; kind++) {
		struct trouble trouble = make((enum trouble_kind)kind, ROLE_LOADER);

		/* exec fails, or it does not */
		assert_int_equal(trouble_errnum(&trouble) != 0,
				 trouble_weight(&trouble) == WEIGHT_EXEC);
	}
}

static void a_loader_shorter_than_a_header_is_a_failed_read(void **state)
{
	struct trouble trouble = make(TROUBLE_INTERP_FORMAT, ROLE_LOADER);

	(void)state;
	trouble.detail = TROUBLE_SHORT;
	assert_int_equal(trouble_errnum(&trouble), EIO);
}

static void a_damaged_program_fails_exec_only_where_the_kernel_looks(void **state)
{
	struct trouble trouble = make(TROUBLE_ELF_CORRUPT, ROLE_PROGRAM);

	(void)state;
	trouble.detail = "its program headers lie outside of the file";
	assert_int_equal(trouble_errnum(&trouble), ENOEXEC);
	assert_int_equal(trouble_weight(&trouble), WEIGHT_EXEC);
	trouble.detail = "its interpreter's name lies outside of the file";
	assert_int_equal(trouble_errnum(&trouble), EIO);
	trouble.detail = "its dynamic section has no end";
	assert_int_equal(trouble_errnum(&trouble), 0);
	assert_int_equal(trouble_weight(&trouble), WEIGHT_START);
}

static void what_is_wrong_with_a_library_never_fails_exec(void **state)
{
	(void)state;
	for (int kind = 0; kind < TROUBLE_MAX; kind++) {
		struct trouble trouble = make((enum trouble_kind)kind, ROLE_LIBRARY);

		assert_int_equal(trouble_errnum(&trouble), 0);
		assert_true(trouble_weight(&trouble) <= WEIGHT_START);
		trouble.role = ROLE_CONFIG;
		assert_int_equal(trouble_errnum(&trouble), 0);
		assert_true(trouble_weight(&trouble) <= WEIGHT_START);
	}
}

static void what_env_meets_never_fails_exec(void **state)
{
	(void)state;
	for (int kind = 0; kind < TROUBLE_MAX; kind++) {
		struct trouble trouble = make((enum trouble_kind)kind, ROLE_PROGRAM);

		trouble.is_late = true;
		assert_int_equal(trouble_errnum(&trouble), 0);
		assert_true(trouble_weight(&trouble) <= WEIGHT_START);
	}
}

static void what_a_file_looks_like_is_said_with_what_to_do_then(void **state)
{
	AUTO_BUF struct buf plain = BUF_INIT(4096), buf = BUF_INIT(4096);
	struct trouble trouble = make(TROUBLE_NO_FORMAT, ROLE_PROGRAM);
	const char *without;

	(void)state;
	trouble.detail = "";
	without = mend(&plain, &trouble);
	assert_null(strstr(what(&buf, &trouble), "looks like"));
	for (size_t i = 0; script_guesses[i]; i++) {
		trouble.detail = script_guesses[i];
		assert_non_null(strstr(what(&buf, &trouble), script_guesses[i]));
		assert_string_not_equal(mend(&buf, &trouble), without);
	}
}

static void a_missing_loader_is_explained_by_its_family(void **state)
{
	static const struct {
		const char *path, *part;
	} cases[] = {
		{ "/lib64/ld-linux-x86-64.so.2", "glibc (Debian: libc6;" },
		{ "/lib/ld-linux-aarch64.so.1", "glibc (Debian: libc6;" },
		{ "/lib/ld-linux.so.2", "32-bit glibc" },
		{ "/lib/ld-linux-armhf.so.3", "glibc (Debian: libc6;" },
		{ "/lib64/ld64.so.2", "glibc" },
		{ "/lib/ld-musl-x86_64.so.1", "musl" },
		{ "/lib/ld-uClibc.so.0", "uClibc" },
		{ "/lib/ld64-uClibc.so.1", "uClibc" },
		{ "/lib64/ld-lsb-x86-64.so.3", "Linux Standard Base" },
		{ "/system/bin/linker64", "Android" },
		{ "/apex/com.android.runtime/bin/linker64", "Android" },
		{ "/libexec/ld-elf.so.1", "FreeBSD" },
		{ "/nix/store/x-glibc-2.40/lib/ld-linux-x86-64.so.2", "Nix store" },
		{ "/gnu/store/x-glibc-2.39/lib/ld-linux-x86-64.so.2", "Guix store" },
	};
	AUTO_BUF struct buf buf = BUF_INIT(4096);
	struct trouble trouble = make(TROUBLE_MISSING, ROLE_LOADER);

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_non_null(loader_family(cases[i].path));
		assert_non_null(strstr(loader_family(cases[i].path), cases[i].part));
		trouble.path = cases[i].path;
		assert_non_null(strstr(mend(&buf, &trouble), cases[i].part));
		assert_non_null(strstr(mend(&buf, &trouble), "the program itself is there"));
	}
	assert_non_null(strstr(loader_family("ld-linux-x86-64.so.2"), "glibc"));
	assert_null(loader_family("/lib64/ld-nowhere.so.2"));
	assert_null(loader_family("/opt/linker"));
	assert_null(loader_family(""));
	trouble.path = "/lib64/ld-nowhere.so.2";
	assert_non_null(strstr(mend(&buf, &trouble), "the program itself is there"));
	trouble.path = "ld-linux-x86-64.so.2";
	assert_non_null(strstr(mend(&buf, &trouble), "patchelf --set-interpreter"));
	/* the same where its whole directory is missing, or something else lies there */
	trouble = make(TROUBLE_NO_DIRECTORY, ROLE_LOADER);
	trouble.path = "/lib64/ld-linux-x86-64.so.2";
	assert_non_null(strstr(mend(&buf, &trouble), "libc6"));
	trouble.kind = TROUBLE_INTERP_FORMAT;
	assert_non_null(strstr(mend(&buf, &trouble), "libc6"));
}

static void mends_that_depend_on_more_than_the_kind(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(4096);
	struct trouble trouble = make(TROUBLE_MISSING, ROLE_INTERPRETER);

	(void)state;
	assert_non_null(strstr(mend(&buf, &trouble), "the script itself is there"));
	trouble.path = "python3";
	assert_non_null(strstr(mend(&buf, &trouble), "#!/usr/bin/env python3"));
	trouble = make(TROUBLE_ENV_LOOP, ROLE_SCRIPT);
	assert_string_equal(mend(&buf, &trouble), "write '#!/usr/bin/env -S the-detail'");
	trouble.detail = "";
	assert_string_equal(mend(&buf, &trouble), "name the interpreter: #!/usr/bin/env sh");
	trouble = make(TROUBLE_NOT_GRANTED, ROLE_PROGRAM);
	assert_string_equal(mend(&buf, &trouble), "add --execute /p/file");
	trouble.detail = "read";
	assert_string_equal(mend(&buf, &trouble),
			    "add --read /p/file, or --with-deps for all that it needs");
	trouble = make(TROUBLE_NO_EXEC_BIT, ROLE_SCRIPT);
	assert_non_null(strstr(mend(&buf, &trouble), "name its interpreter before it"));
}

static void a_foreign_program_is_told_from_this_machine(void **state)
{
	const char *own = elf_machine_name(elf_own_class(), elf_own_machine());
	AUTO_BUF struct buf buf = BUF_INIT(4096);
	struct trouble trouble = make(TROUBLE_WRONG_MACHINE, ROLE_PROGRAM);
	const char *text = what(&buf, &trouble);

	(void)state;
	assert_non_null(own);
	assert_non_null(strstr(text, "built for the-detail"));
	assert_non_null(strstr(text, own));
	assert_non_null(strstr(mend(&buf, &trouble), own));
}

static void roles_have_names(void **state)
{
	(void)state;
	assert_string_equal(role_name(ROLE_PROGRAM), "program");
	assert_string_equal(role_name(ROLE_SCRIPT), "script");
	assert_string_equal(role_name(ROLE_INTERPRETER), "interpreter");
	assert_string_equal(role_name(ROLE_LOADER), "loader");
	assert_string_equal(role_name(ROLE_LIBRARY), "library");
	assert_string_equal(role_name(ROLE_CONFIG), "configuration");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_trouble_names_its_file_in_one_line_of_its_own),
		cmocka_unit_test(every_name_is_one_word_of_its_own),
		cmocka_unit_test(no_two_kinds_share_their_words),
		cmocka_unit_test(a_role_is_heard_in_the_words),
		cmocka_unit_test(the_errno_is_the_one_of_execve),
		cmocka_unit_test(a_loader_shorter_than_a_header_is_a_failed_read),
		cmocka_unit_test(a_damaged_program_fails_exec_only_where_the_kernel_looks),
		cmocka_unit_test(what_is_wrong_with_a_library_never_fails_exec),
		cmocka_unit_test(what_env_meets_never_fails_exec),
		cmocka_unit_test(what_a_file_looks_like_is_said_with_what_to_do_then),
		cmocka_unit_test(a_missing_loader_is_explained_by_its_family),
		cmocka_unit_test(mends_that_depend_on_more_than_the_kind),
		cmocka_unit_test(a_foreign_program_is_told_from_this_machine),
		cmocka_unit_test(roles_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
