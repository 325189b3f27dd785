/* SPDX-License-Identifier: MIT */
/*
 * fuzz_options.c - any words through the command line's parser.
 *
 * The first line is the command ("run", "plan", "why", "deps", else croft itself), each other line
 * a word. Beside memory errors, it looks for an option that is not one of the command's, for a
 * value that is not the word that was written, for an option taken twice, and for a look at what
 * stands behind the first word that is no option: those words are replaced by pointers to
 * nowhere, and the parser must not notice.
 */
#include <errno.h>

#include "cli/options.h"

#include "check.h"

enum { IS_REPEATABLE = 1 };

/* The tables, as the parser has them too. */
static const struct {
	const char *name;
	const char *arg;
	unsigned commands;
	unsigned flags;
	char letter;
} known[OPT_MAX] = {
#define OPTION(id, name, letter, arg, group, commands, flags, help, fallback) \
	{ name, arg, commands, flags, letter },
#include "options.def"
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* True if the word is this option, in one of its spellings; *ret_value is what follows a '='. */
static bool spells(const char *word, enum option_id id, const char **ret_value)
{
	size_t len = strlen(known[id].name);
	const char *end;

	*ret_value = NULL;
	if (word[0] == '-' && word[1] == known[id].letter && !word[2])
		return true;
	if (strncmp(word, "--", 2) != 0 || strncmp(word + 2, known[id].name, len) != 0)
		return false;
	end = word + 2 + len;
	if (*end == '=')
		*ret_value = end + 1;
	return !*end || *end == '=';
}

/* "[all]" and "all" */
static bool is_optional_word(const char *arg, const char *word)
{
	size_t len = strlen(word);

	return strlen(arg) == len + 2 && !strncmp(arg + 1, word, len);
}

/* Walks over what one option took; returns the index of what follows. */
static int check_word(enum option_command command, const struct option_word *word, int argc,
		      char *const argv[], int at)
{
	const char *arg, *joined;

	assert(at < argc && (int)word->id >= 0 && word->id < OPT_MAX);
	arg = known[word->id].arg;
	assert(known[word->id].commands & command);
	assert(spells(argv[at], word->id, &joined));
	assert(strcmp(option_name(word->id), known[word->id].name) == 0);
	if (!arg) {
		assert(!word->value && !joined);
		return at + 1;
	}
	if (joined) {
		assert(word->value == joined);
		assert(arg[0] != '[' || is_optional_word(arg, joined));
		return at + 1;
	}
	if (arg[0] == '[' && !word->value) {
		assert(at + 1 == argc || !is_optional_word(arg, argv[at + 1]));
		return at + 1;
	}
	assert(at + 1 < argc && word->value == argv[at + 1]);
	assert(arg[0] != '[' || is_optional_word(arg, word->value));
	return at + 2;
}

/* Each word accounts for what it took, and nothing else was taken. Returns true after "--". */
static bool check_list(enum option_command command, const struct option_list *list, int argc,
		       char *const argv[])
{
	bool is_given[OPT_MAX] = { false };
	int at = 1;

	for (size_t i = 0; i < list->n; i++) {
		enum option_id id = list->words[i].id;

		at = check_word(command, &list->words[i], argc, argv, at);
		assert(!is_given[id] || (known[id].flags & IS_REPEATABLE));
		is_given[id] = true;
	}
	for (int id = 0; id < OPT_MAX; id++)
		assert(options_has(list, (enum option_id)id) == is_given[id]);
	if (at < argc && strcmp(argv[at], "--") == 0) {
		assert(list->next == at + 1);
		return true;
	}
	assert(list->next == at);
	assert(at == argc || argv[at][0] != '-' || !argv[at][1]);
	return false;
}

/* The same again, with the words behind the first that is no option out of reach. */
static void check_blind(enum option_command command, const struct option_list *list, int argc,
			char **argv, bool has_dashes)
{
	struct option_list blind = { 0 };
	struct croft_error err;

	for (int i = list->next + !has_dashes; i < argc; i++)
		argv[i] = (char *)(uintptr_t)16;
	assert(options_parse(command, argc, argv, 1, &blind, &err) == 0);
	assert(blind.n == list->n && blind.next == list->next);
	for (size_t i = 0; i < blind.n; i++) {
		assert(blind.words[i].id == list->words[i].id);
		assert(blind.words[i].value == list->words[i].value);
	}
	options_done(&blind);
}

/* What the parser should say: true if every word up to the first that is no option is one. */
static bool is_good(enum option_command command, int argc, char *const argv[])
{
	bool is_given[OPT_MAX] = { false };

	for (int at = 1; at < argc && argv[at][0] == '-' && argv[at][1]; at++) {
		const char *joined = NULL, *arg;
		int id = 0;

		if (!strcmp(argv[at], "--"))
			return true;
		while (id < OPT_MAX && !((known[id].commands & command) &&
					 spells(argv[at], (enum option_id)id, &joined)))
			id++;
		if (id == OPT_MAX || (is_given[id] && !(known[id].flags & IS_REPEATABLE)))
			return false;
		is_given[id] = true;
		arg = known[id].arg;
		if (joined && (!arg || (arg[0] == '[' && !is_optional_word(arg, joined))))
			return false;
		if (!arg || joined)
			continue;
		if (arg[0] != '[' && ++at == argc)
			return false;
		if (arg[0] == '[' && at + 1 < argc && is_optional_word(arg, argv[at + 1]))
			at++;
	}
	return true;
}

static enum option_command find_command(const char *word)
{
	return !strcmp(word, "run")    ? CMD_RUN
	       : !strcmp(word, "plan") ? CMD_PLAN
	       : !strcmp(word, "why")  ? CMD_WHY
	       : !strcmp(word, "deps") ? CMD_DEPS
				       : CMD_GLOBAL;
}

static void fuzz_options(enum option_command command, int argc, char **argv)
{
	struct option_list list = { .next = -7 };
	struct croft_error err = { 0 };
	int r = options_parse(command, argc, argv, 1, &list, &err);

	assert((r == 0) == is_good(command, argc, argv));
	if (r < 0) {
		assert(err.stage == CROFT_STAGE_USAGE && *err.what);
		assert(memchr(err.what, '\0', sizeof(err.what)));
		assert(!list.words && list.n == 0 && list.next == -7);
		return;
	}
	assert(r == 0 && list.next >= 1 && list.next <= argc);
	for (size_t i = 0; i < list.n; i++) {
		const char *last = options_value(&list, list.words[i].id, "nothing");

		assert(i + 1 < list.n || last == list.words[i].value);
	}
	check_blind(command, &list, argc, argv, check_list(command, &list, argc, argv));
	options_done(&list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct lines lines;

	if (!lines_init(&lines, data, size))
		return 0;
	if (lines.n > 0)
		fuzz_options(find_command(lines.words[0]), (int)lines.n, lines.words);
	lines_done(&lines);
	return 0;
}
