/* SPDX-License-Identifier: MIT */
/*
 * script.c - what the kernel and env(1) make of a script's first line.
 *
 * The line is read twice: by the kernel, which knows white space and nothing else, and, where the
 * interpreter is env, by env, which has options, assignments and (with -S) a small language
 * of quotes. Both are followed to the letter, since people meet exactly the difference:
 * "#!/usr/bin/env sh -e" names one program, called "sh -e".
 *
 * A file that is neither a script nor ELF is guessed at: a pointer of Git LFS and a web page in
 * place of a download are the usual ones.
 *
 * The bytes are an enemy's. All is pure: no call, no allocation, no more than 256 bytes looked at.
 * Source: fs/binfmt_script.c; "env invocation" in the manual of GNU coreutils, measured with 9.1.
 */
#include "elf/script.h"

#include <string.h>
#include <strings.h>

#include "base/cleanup.h"

#define BLANK " \t" /* what the kernel takes for white space */
#define SPLIT_BLANK " \t\n\v\f\r" /* what env -S does: a carriage return does no harm there */

/* What some editors put before a text: the kernel sees no script then, and no shell either. */
static const char bom[] = { '\xef', '\xbb', '\xbf', '#', '!' };

static bool starts_with(const char *head, size_t len, const char *bytes, size_t n)
{
	return len >= n && memcmp(head, bytes, n) == 0;
}

/*
 * Ends the line in `buf` (SCRIPT_HEAD bytes and a NUL) where the kernel does. False: the name
 * does not end within them.
 */
static bool cut_line(char *buf)
{
	size_t end = strcspn(buf, "\n"); /* a NUL before the newline ends it too (strnchr) */
	bool is_cut = end >= SCRIPT_HEAD - 1 && buf[end] != '\n';

	if (buf[end] != '\n') {
		size_t name = 2 + strspn(buf + 2, BLANK);

		/* a name of no length is one that is left out, not one that is too long */
		if (name < SCRIPT_HEAD && name + strcspn(buf + name, BLANK) == SCRIPT_HEAD)
			return false;
		/* the last of the bytes is never looked at */
		end = is_cut ? SCRIPT_HEAD - 1 : end;
	}
	/* at a NUL, or the file's end, the white space before it stays */
	while ((is_cut || buf[end] == '\n') && end > 2 && strchr(BLANK, buf[end - 1]))
		buf[--end] = '\n';
	buf[end] = '\0';
	return true;
}

void script_parse(const char *head, size_t len, struct script_line *ret_line)
{
	char buf[SCRIPT_HEAD + 1] = { 0 };
	const char *name, *argument, *end;
	size_t name_len;
	bool is_whole; /* the line's end was seen */

	memset(ret_line, 0, sizeof(*ret_line));
	len = len < SCRIPT_HEAD ? len : SCRIPT_HEAD;
	ret_line->has_bom = starts_with(head, len, bom, sizeof(bom));
	if (!starts_with(head, len, "#!", 2))
		return;
	memcpy(buf, head, len);
	is_whole = len < SCRIPT_HEAD || strchr(buf, '\n');
	if (!cut_line(buf)) {
		ret_line->kind = SCRIPT_TOO_LONG;
		return;
	}
	/* the interpreter, and all the rest as it stands: one argument, whatever is in it */
	name = buf + 2 + strspn(buf + 2, BLANK);
	name_len = strcspn(name, BLANK);
	if (name_len == 0) {
		ret_line->kind = SCRIPT_EMPTY;
		return;
	}
	argument = name + name_len + strspn(name + name_len, BLANK);
	memcpy(ret_line->interpreter, name, name_len);
	memcpy(ret_line->argument, argument, strlen(argument));
	end = *argument ? argument + strlen(argument) : name + name_len;
	ret_line->kind = SCRIPT_OK;
	ret_line->has_cr = is_whole && end[-1] == '\r';
	ret_line->is_long_for_old = end - buf > SCRIPT_HEAD_OLD - 1;
}

/* The words that env gets: one, until -S cuts it up. */
struct words {
	const char *at; /* NULL: none left */
	bool is_split;
	bool is_unknown; /* something in them that only env can tell */
	char word[SCRIPT_HEAD];
};

/* "\t" and so on; '\0' for what env refuses. */
static char escaped(char c)
{
	static const char from[] = "fnrtv_#$\"'\\", to[] = "\f\n\r\t\v #$\"'\\";
	const char *found = c ? strchr(from, c) : NULL;

	return found ? to[found - from] : '\0';
}

/* One step through a word of -S: a byte is added to it, or a quote begins or ends. */
static const char *step(const char *at, char *quote, char *word, size_t *len)
{
	char c = *at;

	/* the quote that is open ends; the other kind is a byte like any */
	if (c == *quote && c) {
		*quote = '\0';
		return at + 1;
	}
	if (!*quote && (c == '\'' || c == '"')) {
		*quote = c;
		return at + 1;
	}
	/* between single quotes only these two are escaped */
	if (c == '\\' && (*quote != '\'' || at[1] == '\'' || at[1] == '\\')) {
		c = escaped(at[1]);
		if (!c)
			return NULL;
		at++;
	} else if (c == '$' && *quote != '\'') {
		/* ${NAME}: of an environment that is not known here */
		return NULL;
	}
	word[(*len)++] = c;
	return at + 1;
}

/* The next word of -S, without its quotes. */
static bool next_split(struct words *words)
{
	const char *at = words->at;
	char quote = '\0';
	size_t len = 0;

	while (*at && (strchr(SPLIT_BLANK, *at) || !strncmp(at, "\\_", 2)))
		at += *at == '\\' ? 2 : 1;
	/* a comment, or the escape that ends everything */
	if (!*at || *at == '#' || !strncmp(at, "\\c", 2))
		return false;
	while (*at && (quote || (!strchr(SPLIT_BLANK, *at) && strncmp(at, "\\_", 2) != 0))) {
		if (!quote && !strncmp(at, "\\c", 2)) {
			at = "";
			break;
		}
		at = step(at, &quote, words->word, &len);
		if (!at)
			break;
	}
	words->is_unknown = words->is_unknown || !at || quote;
	words->word[len] = '\0';
	words->at = at;
	return !words->is_unknown;
}

static bool next_word(struct words *words)
{
	if (!words->at || words->is_unknown)
		return false;
	if (words->is_split)
		return next_split(words);
	memcpy(words->word, words->at, strlen(words->at) + 1);
	words->at = NULL;
	return words->word[0] != '\0';
}

/* The string of -S takes the place of the words; within one it would have to go before the rest. */
static void split(struct words *words, const char *argument, size_t offset)
{
	words->is_unknown = words->is_unknown || words->is_split;
	words->is_split = true;
	words->at = argument + offset;
}

static void set_path(struct script_env *env, const char *path)
{
	/* execvp takes an empty one for the working directory */
	path = *path ? path : ".";
	memcpy(env->path, path, strlen(path) + 1);
}

/* -u NAME: `name` stands in the same word, or is the next one. */
static void unset(struct words *words, const char *name, struct script_env *env)
{
	if (!*name) {
		if (!next_word(words)) {
			words->is_unknown = true;
			return;
		}
		name = words->word;
	}
	if (!strcmp(name, "PATH"))
		set_path(env, SCRIPT_ENV_PATH);
}

/*
 * "--name" or "--name=value". getopt_long takes beginnings of names as well; such lines are left to
 * env, as are options that change where or how it looks (--chdir, --argv0).
 */
static void take_long(struct words *words, const char *argument, struct script_env *env)
{
	static const char *const plain[] = { "--debug", "--list-signal-handling" };
	static const char *const signals[] = { "--block-signal", "--default-signal",
					       "--ignore-signal" };
	const char *word = words->word;

	if (!strncmp(word, "--split-string=", 15)) {
		split(words, argument, 15);
		return;
	}
	if (!strcmp(word, "--ignore-environment")) {
		set_path(env, SCRIPT_ENV_PATH);
		return;
	}
	if (!strncmp(word, "--unset=", 8) && word[8]) {
		unset(words, word + 8, env);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(plain); i++)
		if (!strcmp(word, plain[i]))
			return;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (!strncmp(word, signals[i], strlen(signals[i])))
			return;
	words->is_unknown = true;
}

/* "-i", "-vS words", "-uNAME": options that stand in one word. */
static void take_short(struct words *words, const char *argument, struct script_env *env)
{
	/* a lone "-" is -i */
	if (!words->word[1])
		set_path(env, SCRIPT_ENV_PATH);
	for (size_t i = 1; words->word[i]; i++) {
		switch (words->word[i]) {
		case 'i':
			set_path(env, SCRIPT_ENV_PATH);
			break;
		case 'v':
			break;
		case 'S':
			split(words, argument, i + 1);
			return;
		case 'u':
			unset(words, words->word + i + 1, env);
			return;
		default:
			words->is_unknown = true;
			return;
		}
	}
}

void script_parse_env(const char *argument, struct script_env *ret_env)
{
	struct words words = { .at = argument };
	bool has_options = true, has_word;

	memset(ret_env, 0, sizeof(*ret_env));
	if (strlen(argument) >= SCRIPT_HEAD) {
		ret_env->is_unknown = true;
		return;
	}
	while ((has_word = next_word(&words)) && has_options && words.word[0] == '-') {
		has_options = strcmp(words.word, "--") != 0;
		if (has_options && words.word[1] == '-')
			take_long(&words, argument, ret_env);
		else if (has_options)
			take_short(&words, argument, ret_env);
	}
	for (; has_word && strchr(words.word, '='); has_word = next_word(&words))
		if (!strncmp(words.word, "PATH=", 5))
			set_path(ret_env, words.word + 5);
	/* the kernel's white space only: a carriage return has a trouble of its own */
	ret_env->needs_split = !words.is_split && strpbrk(argument, BLANK);
	/* an option with white space in it: what env says then leads to -S as well */
	if (words.is_unknown && ret_env->needs_split)
		memcpy(ret_env->program, argument, strlen(argument) + 1);
	else if (has_word)
		memcpy(ret_env->program, words.word, strlen(words.word) + 1);
	ret_env->is_unknown = words.is_unknown && !ret_env->needs_split;
}

#define LFS "version https://git-lfs.github.com/spec/"

/*
 * First bytes, as file(1) knows them. Java's class files and Mach-O's "fat" ones begin alike: what
 * follows is a version above 44 there, and here how many machines there are.
 */
/* clang-format off */
static const struct {
	const char *bytes;
	size_t len;
	const char *guess;
} magics[] = {
#define MAGIC(bytes, guess) { bytes, sizeof(bytes) - 1, guess }
	MAGIC(LFS,                        "a Git LFS pointer"),
	MAGIC("MZ",                       "a Windows program"),
	MAGIC("\xcf\xfa\xed\xfe",         "a Mach-O program (macOS)"),
	MAGIC("\xce\xfa\xed\xfe",         "a Mach-O program (macOS)"),
	MAGIC("\xfe\xed\xfa\xcf",         "a Mach-O program (macOS)"),
	MAGIC("\xfe\xed\xfa\xce",         "a Mach-O program (macOS)"),
	MAGIC("\xca\xfe\xba\xbe\0\0\0\1", "a Mach-O program (macOS)"),
	MAGIC("\xca\xfe\xba\xbe\0\0\0\2", "a Mach-O program (macOS)"),
	MAGIC("\xca\xfe\xba\xbe",         "a Java class"),
	MAGIC("\0asm",                    "a WebAssembly module"),
	MAGIC("\x1f\x8b",                 "a gzip archive"),
	MAGIC("PK\3\4",                   "a zip archive"),
	MAGIC("\xfd" "7zXZ\0",            "an xz archive"),
	MAGIC("BZh",                      "a bzip2 archive"),
	MAGIC("\x28\xb5\x2f\xfd",         "a zstd archive"),
	MAGIC("!<arch>\n",                "an ar archive"),
	MAGIC("# This is a shell archive", "a shell archive"),
	MAGIC("\xff\xfe",                 "UTF-16 text"),
	MAGIC("\xfe\xff",                 "UTF-16 text"),
#undef MAGIC
};
/* clang-format on */

#define GUESS_HTML "an HTML page"
#define GUESS_ZEROS "zeros"
#define GUESS_LATE "text with a '#!' that is not at its start"
#define GUESS_TEXT "text"

const char *const script_guesses[] = {
	"a Git LFS pointer",
	"a Windows program",
	"a Mach-O program (macOS)",
	"a Java class",
	"a WebAssembly module",
	"a gzip archive",
	"a zip archive",
	"an xz archive",
	"a bzip2 archive",
	"a zstd archive",
	"an ar archive",
	"a shell archive",
	"UTF-16 text",
	GUESS_HTML,
	GUESS_ZEROS,
	GUESS_LATE,
	GUESS_TEXT,
	NULL,
};

static bool is_html(const char *text, size_t len)
{
	return (len >= 14 && !strncasecmp(text, "<!doctype html", 14)) ||
	       (len >= 5 && !strncasecmp(text, "<html", 5));
}

/* UTF-8, the last character of which may be cut, or Latin 1; no control character but blanks. */
static bool is_text(const char *head, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)head[i];

		if ((c < 0x20 && !memchr("\t\n\f\r\x1b", c, 5)) || c == 0x7f)
			return false;
	}
	return len > 0;
}

const char *script_guess(const char *head, size_t len)
{
	size_t blank = 0;

	len = len < SCRIPT_HEAD ? len : SCRIPT_HEAD;
	for (size_t i = 0; i < ARRAY_SIZE(magics); i++)
		if (starts_with(head, len, magics[i].bytes, magics[i].len))
			return magics[i].guess;
	while (blank < len && memchr("\t\n\r ", head[blank], 4))
		blank++;
	if (is_html(head + blank, len - blank))
		return GUESS_HTML;
	if (len > 0 && head[0] == '\0' && memcmp(head, head + 1, len - 1) == 0)
		return GUESS_ZEROS;
	if (!is_text(head, len))
		return "";
	if (blank > 0 && starts_with(head + blank, len - blank, "#!", 2))
		return GUESS_LATE;
	return GUESS_TEXT;
}
