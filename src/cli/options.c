/* SPDX-License-Identifier: MIT */
/*
 * options.c - parses the command line, and prints help from the same tables.
 */
#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "base/num.h"
#include "sys/calls.h"

enum option_flag { IS_REPEATABLE = 1 };

enum option_group {
#define OPTION_GROUP(id, title) GROUP_##id,
#include "options.def"
	GROUPS_MAX
};

struct option {
	const char *name;
	const char *origin;
	const char *arg; /* NULL: a switch; "[word]": that word may follow */
	const char *help;
	const char *fallback;
	unsigned commands;
	unsigned flags;
	enum option_group group;
	char letter;
};

static const struct option options[OPT_MAX] = {
#define OPTION(id, long_name, short_letter, argument, in_group, for_commands, has_flags, \
	       short_help, default_text)                                                 \
	[OPT_##id] = {                                                                   \
		.name = long_name,                                                       \
		.origin = "--" long_name,                                                \
		.arg = argument,                                                         \
		.help = short_help,                                                      \
		.fallback = default_text,                                                \
		.commands = for_commands,                                                \
		.flags = has_flags,                                                      \
		.group = in_group,                                                       \
		.letter = short_letter,                                                  \
	},
#include "options.def"
};

static const char *const group_titles[GROUPS_MAX] = {
#define OPTION_GROUP(id, title) [GROUP_##id] = title,
#include "options.def"
};

/* help.def's rows in one table each: X(id, text). */
static const char *const option_texts[OPT_MAX] = {
#define OPTION_HELP(id, text) [OPT_##id] = text,
#include "help.def"
};

struct command_text {
	enum option_command command;
	const char *name;
	const char *synopsis;
	const char *help;
};

static const struct command_text commands[] = {
#define OPTION_COMMAND(id, name, synopsis, help) { CMD_##id, name, synopsis, help },
#include "options.def"
};

static const struct {
	enum option_command command;
	const char *text;
} command_texts[] = {
#define COMMAND_HELP(id, text) { CMD_##id, text },
#include "help.def"
};

static const char *const program_texts[] = {
#define PROGRAM_HELP(text) text,
#include "help.def"
};

static const struct {
	const char *id, *title, *text;
} topics[] = {
#define TOPIC_HELP(id, title, text) { #id, title, text },
#include "help.def"
};

const char *option_name(enum option_id id)
{
	return options[id].name;
}

const char *option_origin(enum option_id id)
{
	return options[id].origin;
}

static const char *command_name(enum option_command command)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].command == command)
			return commands[i].name;
	return NULL;
}

/* "list" of "profile list" where `parent` is "profile"; NULL: the command is no verb of it. */
static const char *verb_of(const struct command_text *text, enum option_command parent)
{
	const char *name = command_name(parent);
	size_t len = name ? strlen(name) : 0;

	return len && !strncmp(text->name, name, len) && text->name[len] == ' '
		       ? text->name + len + 1
		       : NULL;
}

/* "croft run" or "croft": what a usage error sends the user to. */
static void hint_help(struct croft_error *err, enum option_command command)
{
	const char *name = command_name(command);

	fail_hint(err, "see croft%s%s --help", name ? " " : "", name ? name : "");
}

int options_verb(enum option_command parent, const char *verb, enum option_command *ret_command,
		 struct croft_error *err)
{
	struct name names[ARRAY_SIZE(commands)] = { 0 };
	AUTO_BUF struct buf all = BUF_INIT(256);
	const char *nearest = NULL;
	int r;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		names[i].name = verb_of(&commands[i], parent);
		if (!names[i].name)
			continue;
		if (verb && !strcmp(names[i].name, verb)) {
			*ret_command = commands[i].command;
			return 0;
		}
		buf_printf(&all, "%s%s", all.len ? ", " : "", names[i].name);
	}
	if (!verb)
		return fail(err, CROFT_STAGE_USAGE, 0, "croft %s needs one of %s",
			    command_name(parent), buf_text(&all));
	r = fail(err, CROFT_STAGE_USAGE, 0, "croft %s has no '%s', only %s", command_name(parent),
		 verb, buf_text(&all));
	nearest = names_nearest(names, ARRAY_SIZE(names), verb);
	if (nearest)
		fail_hint(err, "did you mean '%s'?", nearest);
	else
		hint_help(err, parent);
	return r;
}

static int unknown_option(enum option_command command, const char *word, struct croft_error *err)
{
	struct name names[OPT_MAX] = { 0 };
	const char *nearest;
	char bare[32] = "";
	size_t len = strcspn(word, "=");
	int r = fail(err, CROFT_STAGE_USAGE, 0, "there is no option '%.*s'",
		     (int)(len < 64 ? len : 64), word);

	for (int id = 0; id < OPT_MAX; id++)
		if (options[id].commands & command)
			names[id].name = options[id].name;
	if (len > 2 && len - 2 < sizeof(bare)) {
		memcpy(bare, word + 2, len - 2);
		nearest = names_nearest(names, OPT_MAX, bare);
		if (nearest) {
			fail_hint(err, "did you mean --%s?", nearest);
			return r;
		}
	}
	hint_help(err, command);
	return r;
}

static int find_option(enum option_command command, const char *word)
{
	size_t len = strcspn(word, "=");

	for (int id = 0; id < OPT_MAX; id++) {
		const struct option *option = &options[id];

		if (!(option->commands & command))
			continue;
		if (word[1] == '-' && strlen(option->name) == len - 2 &&
		    !strncmp(option->name, word + 2, len - 2))
			return id;
		if (word[1] != '-' && word[1] == option->letter && !word[2])
			return id;
	}
	return -ENOENT;
}

/* True if `value` is the word in the brackets of "[all]". */
static bool is_bracketed(const char *arg, const char *value)
{
	size_t len = strlen(value);

	return strlen(arg) == len + 2 && !strncmp(arg + 1, value, len);
}

/* Finds the value of argv[*at]; moves *at when it is the next word. */
static int take_value(enum option_command command, enum option_id id, int argc, char *const argv[],
		      int *at, const char **ret_value, struct croft_error *err)
{
	const struct option *option = &options[id];
	const char *equals = strchr(argv[*at], '=');
	const char *next = *at + 1 < argc ? argv[*at + 1] : NULL;
	int r;

	if (!option->arg) {
		*ret_value = NULL;
		if (!equals)
			return 0;
		r = fail(err, CROFT_STAGE_USAGE, 0, "--%s takes no value", option->name);
		hint_help(err, command);
		return r;
	}
	if (option->arg[0] == '[') {
		*ret_value = NULL;
		if (!equals && next && is_bracketed(option->arg, next)) {
			*ret_value = next;
			(*at)++;
		} else if (equals) {
			*ret_value = equals + 1;
		}
		if (!*ret_value || is_bracketed(option->arg, *ret_value))
			return 0;
		return fail(err, CROFT_STAGE_USAGE, 0, "--%s takes %s or nothing", option->name,
			    option->arg);
	}
	if (!equals && !next) {
		r = fail(err, CROFT_STAGE_USAGE, 0, "--%s needs a value: %s", option->name,
			 option->arg);
		hint_help(err, command);
		return r;
	}
	*ret_value = equals ? equals + 1 : next;
	if (!equals)
		(*at)++;
	return 0;
}

/* Space for as many words more. */
static int make_space(struct option_list *list, size_t n)
{
	struct option_word *words = reallocarray(list->words, list->n + n, sizeof(*words));

	if (!words)
		return -ENOMEM;
	list->words = words;
	return 0;
}

static int parse(enum option_command command, int argc, char *const argv[], int first,
		 struct option_list *list, struct croft_error *err)
{
	const size_t at_start = list->n;
	int at;

	for (at = first; at < argc && argv[at][0] == '-' && argv[at][1]; at++) {
		struct option_word word;
		int id, r;

		if (!strcmp(argv[at], "--")) {
			at++;
			break;
		}
		id = find_option(command, argv[at]);
		if (id < 0)
			return unknown_option(command, argv[at], err);
		word.id = (enum option_id)id;
		r = take_value(command, word.id, argc, argv, &at, &word.value, err);
		if (r < 0)
			return r;
		if (!(options[id].flags & IS_REPEATABLE) && options_has(list, word.id))
			return fail(err, CROFT_STAGE_USAGE, 0, "--%s is given twice",
				    options[id].name);
		if (at_start == list->n && make_space(list, (size_t)(argc - first)) < 0)
			return fail(err, CROFT_STAGE_USAGE, ENOMEM, "read the command line");
		list->words[list->n++] = word;
	}
	list->next = at;
	return 0;
}

/* Each word ends with a NUL, the last one too. Counts them, or -EINVAL. */
static int split_words(char *data, size_t len, char **words)
{
	int n = 0;

	if (len > 0 && data[len - 1])
		return -EINVAL;
	for (size_t at = 0; at < len; at += strlen(data + at) + 1) {
		if (words)
			words[n] = data + at;
		n++;
	}
	return n;
}

static int parse_more(enum option_command command, struct option_list *list, size_t len,
		      struct croft_error *err)
{
	const int n = split_words(list->more, len, NULL), next = list->next;
	AUTO_FREE char **words = NULL;
	int r;

	if (n < 0)
		return fail(err, CROFT_STAGE_USAGE, 0,
			    "--options-fd: the last word does not end with a NUL byte");
	words = calloc((size_t)n + 1, sizeof(*words));
	if (!words)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "read the options of --options-fd");
	(void)split_words(list->more, len, words);
	r = parse(command, n, words, 0, list, err);
	if (r == 0 && list->next < n)
		r = fail(err, CROFT_STAGE_USAGE, 0, "--options-fd: '%s' is no option",
			 words[list->next]);
	list->next = next;
	return r;
}

/* Words that are too many for a command line, or that nobody shall read in /proc/PID/cmdline. */
static int read_more(enum option_command command, struct option_list *list, struct croft_error *err)
{
	const char *text = options_value(list, OPT_OPTIONS_FD, NULL);
	size_t len = 0, size = 65536;
	uint64_t fd;
	ssize_t n;

	if (!text)
		return 0;
	if (num_parse(text, 0, 1048575, &fd) < 0)
		return fail(err, CROFT_STAGE_USAGE, 0, "--options-fd: '%s' is no descriptor", text);
	list->more = malloc(size);
	while (list->more) {
		n = sys_read((int)fd, list->more + len, size - len);
		if (n == -EINTR)
			continue;
		if (n < 0)
			return fail(err, CROFT_STAGE_USAGE, (int)-n, "read --options-fd %s", text);
		if (n == 0)
			return parse_more(command, list, len, err);
		len += (size_t)n;
		if (len == OPTIONS_MAX_BYTES)
			return fail(err, CROFT_STAGE_USAGE, EFBIG, "read --options-fd %s", text);
		if (len == size) {
			char *grown = realloc(list->more, size * 2);

			size *= 2;
			if (!grown)
				break;
			list->more = grown;
		}
	}
	return fail(err, CROFT_STAGE_USAGE, ENOMEM, "read --options-fd %s", text);
}

int options_parse(enum option_command command, int argc, char *const argv[], int first,
		  struct option_list *ret_list, struct croft_error *err)
{
	struct option_list list = { 0 };
	int r;

	r = parse(command, argc, argv, first, &list, err);
	if (r == 0)
		r = read_more(command, &list, err);
	if (r < 0) {
		options_done(&list);
		return r;
	}
	*ret_list = list;
	return 0;
}

void options_done(struct option_list *list)
{
	free(list->words);
	free(list->more);
	list->words = NULL;
	list->more = NULL;
	list->n = 0;
}

const char *options_value(const struct option_list *list, enum option_id id, const char *fallback)
{
	for (size_t i = list->n; i > 0; i--)
		if (list->words[i - 1].id == id)
			return list->words[i - 1].value;
	return fallback;
}

bool options_has(const struct option_list *list, enum option_id id)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->words[i].id == id)
			return true;
	return false;
}

#define HELP_COLUMN 24

static void print_option(struct buf *buf, enum option_id id, bool wants_all)
{
	const struct option *option = &options[id];
	size_t start = buf->len;

	buf_printf(buf, "  ");
	if (option->letter)
		buf_printf(buf, "-%c, ", option->letter);
	buf_printf(buf, "%s%s%s", option->origin, option->arg ? " " : "",
		   option->arg ? option->arg : "");
	if (buf->len - start >= HELP_COLUMN) {
		buf_putc(buf, '\n');
		start = buf->len;
	}
	while (buf->len - start < HELP_COLUMN && buf_error(buf) == 0)
		buf_putc(buf, ' ');
	buf_puts(buf, option->help);
	if (option->fallback)
		buf_printf(buf, " (default: %s)", option->fallback);
	buf_putc(buf, '\n');
	if (!wants_all || !option_texts[id])
		return;
	buf_putc(buf, '\n');
	for (const char *line = option_texts[id]; *line;) {
		size_t len = strcspn(line, "\n");

		if (len)
			buf_puts(buf, "      ");
		buf_add(buf, line, len);
		buf_putc(buf, '\n');
		line += len + (line[len] == '\n');
	}
}

static void print_usage(struct buf *buf, enum option_command command)
{
	if (command == CMD_GLOBAL)
		buf_puts(buf, "usage: croft COMMAND ...\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command_text *text = &commands[i];

		if (text->command == command)
			buf_printf(buf, "usage: croft %s %s\n%s\n", text->name, text->synopsis,
				   text->help);
		else if (command == CMD_GLOBAL || verb_of(text, command))
			buf_printf(buf, "  croft %s %s\n      %s\n", text->name, text->synopsis,
				   text->help);
	}
}

static void print_long_text(struct buf *buf, enum option_command command)
{
	buf_putc(buf, '\n');
	for (size_t i = 0; command == CMD_GLOBAL && i < ARRAY_SIZE(program_texts); i++)
		buf_printf(buf, "%s\n", program_texts[i]);
	for (size_t i = 0; i < ARRAY_SIZE(command_texts); i++)
		if (command_texts[i].command == command)
			buf_printf(buf, "%s\n", command_texts[i].text);
}

void options_help(struct buf *buf, enum option_command command, bool wants_all)
{
	unsigned shown = command;

	print_usage(buf, command);
	if (wants_all)
		print_long_text(buf, command);
	/* everything about the program is everything about its commands */
	if (wants_all && command == CMD_GLOBAL)
		shown = ~0U;
	for (int group = 0; group < GROUPS_MAX; group++) {
		bool has_title = false;

		for (int id = 0; id < OPT_MAX; id++) {
			if (options[id].group != (enum option_group)group ||
			    !(options[id].commands & shown))
				continue;
			if (!has_title)
				buf_printf(buf, "\n%s\n", group_titles[group]);
			has_title = true;
			print_option(buf, (enum option_id)id, wants_all);
		}
	}
	for (size_t i = 0; wants_all && i < ARRAY_SIZE(topics); i++)
		buf_printf(buf, "\n%s\n\n%s\n", topics[i].title, topics[i].text);
	if (!wants_all)
		buf_printf(
			buf,
			"\nEverything about each option: --help all, or the manual page croft(1).\n");
}

void options_topic(struct buf *buf, const char *id)
{
	for (size_t i = 0; i < ARRAY_SIZE(topics); i++)
		if (!strcmp(topics[i].id, id))
			buf_puts(buf, topics[i].text);
}
