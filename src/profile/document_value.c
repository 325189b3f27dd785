/* SPDX-License-Identifier: MIT */
/*
 * document_value.c - one scalar of a profile file against the row of its key.
 *
 * A value is checked as text, as it stands in the file: YAML's own types play no part, so that
 * what is meant does not hang on whether a reader takes "off", "010" or "1e3" for a word or for a
 * number. Where readers differ (a number with a leading 0, null), the value is refused.
 *
 * What needs the machine or other profiles (whether a path exists, what a variable stands for,
 * '..') is not asked here: the doors of profile.h ask it, with the place of this entry.
 *
 * Every message is "key: what was expected, what was found". What was found is quoted, unless it is
 * a number, and cut where it is long: the place says where the rest stands.
 */
#include "profile/document_parts.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "base/text.h"
#include "profile/profile.h"
#include "profile/protection.h"
#include "sys/abi.h"

#define OPTIONAL "optional:"
#define VALUE_SHOWN 48 /* bytes of a value in a message */
#define DESCRIPTOR_LEAST 3 /* the standard ones are always kept */
#define DESCRIPTOR_MAX 1048575 /* as --keep-fd; the kernel's nr_open is 1048576 unless raised */
#define COUNT_MAX (1U << 30) /* as --limit */

const struct name right_names[] = {
	{ "execute", "execute files" },
	{ "write_file", "open files for writing" },
	{ "read_file", "open files for reading" },
	{ "read_dir", "list directories" },
	{ "remove_dir", "remove empty directories, or rename them" },
	{ "remove_file", "remove files, or rename them" },
	{ "make_char", "make character devices" },
	{ "make_dir", "make directories" },
	{ "make_reg", "make files" },
	{ "make_sock", "make unix sockets" },
	{ "make_fifo", "make named pipes" },
	{ "make_block", "make block devices" },
	{ "make_sym", "make symbolic links" },
	{ "refer", "link or rename from one directory to another" },
	{ "truncate", "shorten files" },
	{ "ioctl_dev", "use ioctl on devices" },
	{ "resolve_unix", "connect to unix sockets" },
};
static_assert(1ULL << (ARRAY_SIZE(right_names) - 1) == ABI_LANDLOCK_FS_RESOLVE_UNIX,
	      "a name for each right");
const size_t n_right_names = ARRAY_SIZE(right_names);

/* Null as YAML 1.2 (10.3.2) has it; in quotes each is a text. */
bool document_is_nothing(const struct yaml_node *node)
{
	static const char *const words[] = { "", "~", "null", "Null", "NULL" };

	if (node->kind != YAML_SCALAR || !node->is_plain)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(node->text, words[i]))
			return true;
	return false;
}

/* Digits only: shown without quotes, as it was most likely written without. */
static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text);
}

/* Bytes of the text that are shown: at most VALUE_SHOWN, and no part of a character. */
static int shown_len(const char *text)
{
	size_t len = strlen(text), shown = 0, n;

	while (shown < len) {
		n = text_utf8_len(text + shown, len - shown);
		if (n == 0 || shown + n > VALUE_SHOWN)
			break;
		shown += n;
	}
	return (int)shown;
}

/* Of the right kind, so its content is what is wrong. */
int document_wrong_value(const struct document_reader *reader, const struct yaml_node *node,
			 const char *path, const char *expected)
{
	const char *quote = node->is_plain && is_number(node->text) ? "" : "'";
	int shown = shown_len(node->text);

	return yaml_fail(reader->source, node->line, node->column, 0, reader->err,
			 "%s: %s was expected, %s%.*s%s%s was found", path, expected, quote, shown,
			 node->text, node->text[shown] ? "..." : "", quote);
}

/* What was found is named by its kind: its content may be a screen long. */
int document_unexpected(const struct document_reader *reader, const struct yaml_node *node,
			const char *path, const char *expected)
{
	const char *found = document_is_nothing(node) ? "nothing" : yaml_kind_name(node->kind);

	return yaml_fail(reader->source, node->line, node->column, 0, reader->err,
			 "%s%s%s was expected, %s was found", path, *path ? ": " : "", expected,
			 found);
}

/* Where nothing is near, as many words as a hint holds: the page of the key has all. */
void document_hint_words(const struct document_reader *reader, const struct name *words, size_t n,
			 const char *word)
{
	const char *nearest = names_nearest(words, n, word);
	char list[CROFT_HINT_SIZE - sizeof("one of: ")] = "";
	size_t len = 0;

	if (nearest) {
		fail_hint(reader->err, "did you mean '%s'?", nearest);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		size_t room = sizeof(list) - len;

		if (!words[i].name)
			continue;
		if (strlen(words[i].name) + sizeof(", ...") > room) {
			(void)snprintf(list + len, room, ", ...");
			break;
		}
		len += (size_t)snprintf(list + len, room, "%s%s", len ? ", " : "", words[i].name);
	}
	fail_hint(reader->err, "one of: %s", list);
}

/* A wrong value where a table of words says what is right. */
static int fail_word(const struct document_reader *reader, const struct yaml_node *node,
		     const char *path, const char *expected, const struct name *words, size_t n)
{
	int r = document_wrong_value(reader, node, path, expected);

	document_hint_words(reader, words, n, node->text);
	return r;
}

/*
 * What one item of the list must be, or the value itself: a list is looked at before its items, so
 * where this is asked for, the list is one.
 */
static const char *item_text(enum schema_type type)
{
	switch (type) {
	case SCHEMA_TEXTS:
		return schema_type_text(SCHEMA_TEXT);
	case SCHEMA_PATHS:
		return schema_type_text(SCHEMA_PATH);
	case SCHEMA_PORTS:
		return "a port";
	case SCHEMA_WORDS:
		return schema_type_text(SCHEMA_WORD);
	case SCHEMA_COUNTS:
		return schema_type_text(SCHEMA_COUNT);
	case SCHEMA_VARIABLES:
		return schema_type_text(SCHEMA_TEXT);
	default:
		return schema_type_text(type);
	}
}

/* 010 is eight in YAML 1.1 and ten in 1.2: neither is what croft guesses. */
static bool has_leading_zero(const char *text)
{
	return text[0] == '0' && text[1] >= '0' && text[1] <= '9';
}

/* A range in words of numbers: "up to 11" leaves open whether 0 is taken. */
static int check_number(const struct document_reader *reader, const char *path,
			const struct yaml_node *node, uint64_t least, uint64_t most)
{
	char expected[64];
	uint64_t value;

	if (!has_leading_zero(node->text) && num_parse(node->text, least, most, &value) == 0)
		return 0;
	(void)snprintf(expected, sizeof(expected), "a number from %llu to %llu",
		       (unsigned long long)least, (unsigned long long)most);
	return document_wrong_value(reader, node, path, expected);
}

/* 443, "tcp:443", "udp:53"; 0 only to listen, where the kernel chooses then. */
static int check_port(const struct document_reader *reader, enum schema_id id, const char *path,
		      const struct yaml_node *node)
{
	bool has_word = !strncmp(node->text, "tcp:", 4) || !strncmp(node->text, "udp:", 4);
	const char *number = node->text + (has_word ? 4 : 0);
	uint64_t value;
	int r;

	if (!has_leading_zero(number) &&
	    num_parse(number, id == KEY_NETWORK_LISTEN ? 0 : 1, UINT16_MAX, &value) == 0)
		return 0;
	r = document_wrong_value(reader, node, path, item_text(SCHEMA_PORTS));
	fail_hint(reader->err, "a port is a number up to 65535, 'udp:' before it for UDP");
	return r;
}

/* A size or a time above nothing. */
static int check_amount(const struct document_reader *reader, enum schema_type type,
			const char *path, const struct yaml_node *node)
{
	uint64_t value = 0;
	int r = type == SCHEMA_SIZE ? size_parse(node->text, &value)
				    : time_parse(node->text, &value);

	if (r == 0 && value > 0 && !has_leading_zero(node->text))
		return 0;
	return document_wrong_value(reader, node, path, schema_type_text(type));
}

/* Length and emptiness; what a path means is load_expand's to say. */
static int check_path(const struct document_reader *reader, enum schema_id id, const char *path,
		      const struct yaml_node *node)
{
	const char *text = node->text;
	bool is_optional = !strncmp(text, OPTIONAL, strlen(OPTIONAL));

	/* the directory to start in: without it there is no other */
	if (is_optional && id == KEY_COMMAND_DIRECTORY)
		return document_wrong_value(reader, node, path, "a path without 'optional:'");
	if (is_optional)
		text += strlen(OPTIONAL);
	if (!*text)
		return yaml_fail(reader->source, node->line, node->column, 0, reader->err,
				 "%s: a path was expected, an empty text was found", path);
	if (strlen(text) < PROFILE_MAX_PATH)
		return 0;
	return yaml_fail(reader->source, node->line, node->column, 0, reader->err,
			 "%s: a path of at most %d bytes was expected, one of %zu was found", path,
			 PROFILE_MAX_PATH - 1, strlen(text));
}

/* "yes" is true in YAML 1.1 and a text in 1.2; "true" in quotes is a text in both. */
static int check_bool(const struct document_reader *reader, const char *path,
		      const struct yaml_node *node)
{
	bool is_word = !strcmp(node->text, "true") || !strcmp(node->text, "false");

	if (is_word && node->is_plain)
		return 0;
	return document_wrong_value(reader, node, path,
				    is_word ? "true or false without quotes"
					    : schema_type_text(SCHEMA_BOOL));
}

/* POSIX, Base Definitions, 8.1: names that the shell can set. */
bool document_is_variable(const char *text)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
	static const char all[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

	return strspn(text, letters) > 0 && strspn(text, all) == strlen(text);
}

/* A name of environment.pass: as the environment has it, so not only what a shell takes. */
static int check_passed(const struct document_reader *reader, const char *path,
			const struct yaml_node *node)
{
	const char *star = strchr(node->text, '*');
	int r;

	if (*node->text && !strchr(node->text, '=') && (!star || !star[1]))
		return 0;
	r = document_wrong_value(reader, node, path, "a variable's name");
	fail_hint(reader->err, "%s",
		  strchr(node->text, '=') ? "values stand under environment.set: { NAME: value }"
		  : star ? "'*' stands for any letters at the end of a name, and nowhere else"
			 : "for example PATH, or \"LC_*\"");
	return r;
}

/* A text whose key wants more than a text. */
static int check_text(const struct document_reader *reader, enum schema_id id, const char *path,
		      const struct yaml_node *node)
{
	switch (id) {
	case KEY_ENVIRONMENT_PASS:
		return check_passed(reader, path, node);
	case KEY_ENVIRONMENT_USE:
		return document_is_variable(node->text)
			       ? 0
			       : document_wrong_value(reader, node, path, "a variable's name");
	case KEY_EXTENDS:
	case KEY_COMMAND_PROGRAM:
	case KEY_SYSCALLS_REFUSE:
		if (*node->text)
			return 0;
		return yaml_fail(reader->source, node->line, node->column, 0, reader->err,
				 "%s: a name was expected, an empty text was found", path);
	default:
		return 0; /* a description, an argument: any */
	}
}

/*
 * Tabs and newlines come from blocks ('|') and from "\n" in quotes. Inside of an argument or a
 * value they may be meant; at an end, or in a name or path, they are a slip.
 */
static int check_lines(const struct document_reader *reader, enum schema_id id, const char *path,
		       const struct yaml_node *node)
{
	bool may_have = id == KEY_COMMAND_ARGS || id == KEY_ENVIRONMENT_SET;
	size_t len = strlen(node->text);
	int r;

	/* "[.env" and ".git]" in the next line are one path to YAML, which denies nothing */
	if (node->is_folded && id != KEY_DESCRIPTION) {
		r = yaml_fail(reader->source, node->line, node->column, 0, reader->err,
			      "%s: %s was expected, one over several lines was found", path,
			      item_text(schema_keys[id].type));
		fail_hint(reader->err, "is a ',' or '-' missing? a long text stands in quotes");
		return r;
	}
	if (len == 0 || !strpbrk(node->text, "\t\n"))
		return 0;
	if (may_have && !strchr("\t\n", node->text[0]) && !strchr("\t\n", node->text[len - 1]))
		return 0;
	r = yaml_fail(reader->source, node->line, node->column, 0, reader->err,
		      "%s: %s was expected, a tab or newline was found %s it", path,
		      item_text(schema_keys[id].type), may_have ? "at an end of" : "in");
	if (node->text[len - 1] == '\n')
		fail_hint(reader->err, "'|-' and '>-' leave the last newline out");
	return r;
}

/* The least number that the key takes: 0 of anything is no limit, and no ABI. */
static uint64_t least_of(enum schema_id id)
{
	return id == KEY_DESCRIPTORS ? DESCRIPTOR_LEAST : 1;
}

/* The greatest: of the row, or where it names none, what the doors of profile.h take. */
static uint64_t most_of(enum schema_id id)
{
	const struct schema_key *key = &schema_keys[id];

	if (key->type == SCHEMA_COUNTS)
		return DESCRIPTOR_MAX; /* `max` is how many there may be */
	return key->max ? key->max : COUNT_MAX;
}

/* Nothing, or a list where one value is wanted. The home directory is written as null is: ~ */
static int check_kind(const struct document_reader *reader, enum schema_type type, const char *path,
		      const struct yaml_node *node)
{
	bool is_home = (type == SCHEMA_PATH || type == SCHEMA_PATHS) && node->kind == YAML_SCALAR &&
		       !strcmp(node->text, "~");
	int r;

	if (node->kind == YAML_SCALAR && (is_home || !document_is_nothing(node)))
		return 0;
	r = document_unexpected(reader, node, path, item_text(type));
	if (node->kind == YAML_SCALAR && *node->text)
		fail_hint(reader->err, "the word %s is written \"%s\"", node->text, node->text);
	return r;
}

/*
 * Kind, then what every text must be, then what the type asks for. What is a mapping by its type
 * comes here value by value.
 */
int document_check_value(const struct document_reader *reader, enum schema_id id, const char *path,
			 const struct yaml_node *node)
{
	const struct schema_key *key = &schema_keys[id];
	int r = check_kind(reader, key->type, path, node);

	if (r == 0)
		r = check_lines(reader, id, path, node);
	if (r < 0)
		return r;
	switch (key->type) {
	case SCHEMA_PATH:
	case SCHEMA_PATHS:
		return check_path(reader, id, path, node);
	case SCHEMA_PORTS:
		return check_port(reader, id, path, node);
	case SCHEMA_WORD:
	case SCHEMA_WORDS:
		if (names_find(key->words, key->n_words, node->text) >= 0)
			return 0;
		return fail_word(reader, node, path, schema_type_text(SCHEMA_WORD), key->words,
				 key->n_words);
	case SCHEMA_BOOL:
		return check_bool(reader, path, node);
	case SCHEMA_COUNT:
	case SCHEMA_COUNTS:
		return check_number(reader, path, node, least_of(id), most_of(id));
	case SCHEMA_SIZE:
	case SCHEMA_TIME:
		return check_amount(reader, key->type, path, node);
	default:
		return check_text(reader, id, path, node);
	}
}

int document_check_requirement(const struct document_reader *reader, const char *name,
			       const char *path, const struct yaml_node *node)
{
	if (node->kind != YAML_SCALAR || document_is_nothing(node))
		return document_unexpected(reader, node, path,
					   strcmp(name, "landlock") ? "require, prefer or off"
								    : "a Landlock ABI");
	if (!strcmp(name, "landlock"))
		return check_number(reader, path, node, 1, ABI_LANDLOCK_NEWEST);
	if (names_find(requirement_names, REQUIRE_MAX, node->text) >= 0)
		return 0;
	return fail_word(reader, node, path, "require, prefer or off", requirement_names,
			 REQUIRE_MAX);
}

int document_check_right(const struct document_reader *reader, const char *path,
			 const struct yaml_node *node, uint64_t *ret_right)
{
	int right;

	if (node->kind != YAML_SCALAR || document_is_nothing(node))
		return document_unexpected(reader, node, path, "a right");
	right = names_find(right_names, n_right_names, node->text);
	if (right < 0)
		return fail_word(reader, node, path, "a right", right_names, n_right_names);
	*ret_right = 1ULL << right;
	return 0;
}
