/* SPDX-License-Identifier: MIT */
/*
 * script.h - the first line of a script, as the kernel reads it (fs/binfmt_script.c).
 *
 * The kernel looks at the first 256 bytes (BINPRM_BUF_SIZE; 128 before 5.1), takes the first
 * word after "#!" as the interpreter and all the rest of the line, without the
 * white space around it, as one argument. Since 5.1 a name that does not end within
 * those bytes is refused (ENOEXEC), not cut; gVisor cuts.
 */
#ifndef CROFT_ELF_SCRIPT_H
#define CROFT_ELF_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#define SCRIPT_HEAD 256 /* BINPRM_BUF_SIZE since 5.1 */
#define SCRIPT_HEAD_OLD 128 /* before */
#define SCRIPT_DEPTH 5 /* interpreters of interpreters that exec follows (fs/exec.c) */
/* What execvp searches where PATH is not set (glibc; musl puts /usr/local/bin before it). */
#define SCRIPT_ENV_PATH "/bin:/usr/bin"

enum script_kind {
	SCRIPT_NONE, /* no "#!" */
	SCRIPT_OK,
	SCRIPT_EMPTY, /* "#!" and nothing */
	SCRIPT_TOO_LONG, /* the interpreter's name does not end in what the kernel reads */
};

struct script_line {
	enum script_kind kind;
	char interpreter[SCRIPT_HEAD];
	char argument[SCRIPT_HEAD]; /* "" : none; white space inside is kept */
	bool has_cr; /* the line ends in a carriage return: it is part of the last word */
	bool has_bom; /* UTF-8 byte order mark before "#!": the kernel sees no script */
	bool is_long_for_old; /* fits 256 bytes, not 128: kernels before 5.1 cut it */
};

/* `head` is the file's first bytes, at most SCRIPT_HEAD of them count. */
void script_parse(const char *head, size_t len, struct script_line *ret_line);

/*
 * What env(1) will do with that argument: the program it looks up on PATH.
 * "-S words", "--split-string=words", options of env before the program and K=V words
 * are understood; without -S the whole argument is one name ("sh -e" is then not found).
 * Where no program is named, env takes the next word of its command line, which is the
 * script itself: it runs that again, without end.
 */
struct script_env {
	char program[SCRIPT_HEAD]; /* "" : none named */
	/* the PATH it is looked up on, where the line says so (also by -i: SCRIPT_ENV_PATH) */
	char path[SCRIPT_HEAD];
	bool needs_split; /* there is white space in the name and no -S: env will not find it */
	bool is_unknown; /* only env can tell: ${VARIABLE}, another directory (-C), a bad option */
};
void script_parse_env(const char *argument, struct script_env *ret_env);

/*
 * What a file that is neither ELF nor a script looks like, by its first bytes: "a Git LFS
 * pointer", "text", ...; "" if it looks like nothing known. A literal, one of script_guesses.
 */
const char *script_guess(const char *head, size_t len);
extern const char *const script_guesses[]; /* all but "", NULL-terminated */

#endif
