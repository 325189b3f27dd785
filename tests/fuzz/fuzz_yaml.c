/* SPDX-License-Identifier: MIT */
/*
 * fuzz_yaml.c - the bytes of a profile file, which anybody may have written.
 *
 * Beside memory errors and endless reading, it looks for a tree beyond its bounds or whose places
 * are not in the file, for a text that a terminal would obey, for a key that stands twice, for
 * an entry that its key does not take (asked in other words than the reader does), for an error
 * that does not say where, and for a profile that is another one when it is printed and read again.
 */
#include <errno.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/names.h"
#include "profile/document.h"
#include "profile/profile.h"
#include "profile/profile_print.h"
#include "profile/yaml.h"

#include "check.h"

#define SOURCE "fuzz.yaml"
#define ARENA_MAX (16U << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
	unsigned n_lines;
	size_t n_nodes;
};

static void check_place(const struct seen *seen, unsigned line, unsigned column)
{
	/* libyaml counts the end of a file without a last newline as the line behind it */
	assert(line >= 1 && line <= seen->n_lines + 1);
	assert(column >= 1 && column <= YAML_MAX_BYTES + 1);
}

static void check_text(const char *text)
{
	assert(text && strlen(text) <= YAML_MAX_SCALAR);
	for (size_t i = 0, len = strlen(text), n; i < len; i += n) {
		uint32_t c = 0;

		n = decode(text + i, len - i, &c);
		assert(n > 0);
		assert(c == '\t' || c == '\n' ||
		       (c >= 0x20 && c != 0x7f && !(c > 0x7f && c < 0xa0)));
	}
}

static void check_node(const struct yaml_node *node, struct seen *seen, unsigned depth);

static void check_children(const struct yaml_node *node, struct seen *seen, unsigned depth)
{
	size_t n = 0;

	for (const struct yaml_node *child = node->child; child; child = child->next) {
		assert((child->key != NULL) == (node->kind == YAML_MAPPING));
		check_node(child, seen, depth);
		/* all pairs of a mapping take too long where there are thousands */
		for (const struct yaml_node *other = node->child;
		     child->key && n < 200 && other != child; other = other->next)
			assert(strcmp(other->key, child->key) != 0);
		n++;
	}
	assert(n == node->n_children);
}

static void check_node(const struct yaml_node *node, struct seen *seen, unsigned depth)
{
	assert(++seen->n_nodes <= YAML_MAX_SCALARS);
	check_place(seen, node->line, node->column);
	if (node->key) {
		assert(++seen->n_nodes <= YAML_MAX_SCALARS);
		assert(*node->key);
		check_text(node->key);
		check_place(seen, node->key_line, node->key_column);
		assert(node->key_line <= node->line);
	}
	assert((node->text != NULL) == (node->kind == YAML_SCALAR));
	if (node->kind == YAML_SCALAR) {
		check_text(node->text);
		assert(!node->child && node->n_children == 0);
		return;
	}
	assert(depth < YAML_MAX_DEPTH);
	check_children(node, seen, depth + 1);
}

/* "fuzz.yaml:3:14: what", whatever the file is. */
static void check_error(int r, const struct croft_error *err)
{
	const char *at = err->what;

	assert(r == -EINVAL || r == -EOVERFLOW);
	assert(err->stage == CROFT_STAGE_PROFILE && err->errnum == 0);
	assert(!strncmp(at, SOURCE ":", strlen(SOURCE ":")));
	at += strlen(SOURCE ":");
	for (int i = 0; i < 2; i++) {
		size_t len = strspn(at, "0123456789");

		assert(len > 0 && *at != '0' && at[len] == ':');
		at += len + 1;
	}
	assert(at[0] == ' ' && at[1]);
	assert(strlen(err->what) < sizeof(err->what) && strlen(err->hint) < sizeof(err->hint));
}

static bool is_among(const struct name *names, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(names[i].name, word))
			return true;
	return false;
}

/* Digits without a leading 0, within the range. */
static void check_number(const char *text, unsigned long least, unsigned long most)
{
	assert(*text && strspn(text, "0123456789") == strlen(text));
	assert(text[0] != '0' || !text[1]);
	assert(strtoul(text, NULL, 10) >= least && strtoul(text, NULL, 10) <= most);
}

static void check_port(const struct entry *entry)
{
	bool has_word = !strncmp(entry->value, "udp:", 4) || !strncmp(entry->value, "tcp:", 4);

	check_number(entry->value + (has_word ? 4 : 0), entry->key == KEY_NETWORK_LISTEN ? 0 : 1,
		     65535);
}

static void check_require(const struct entry *entry)
{
	if (!strcmp(entry->name, "landlock")) {
		check_number(entry->value, 1, 11);
		return;
	}
	assert(is_among(protection_names, PROTECT_MAX, entry->name));
	assert(is_among(requirement_names, REQUIRE_MAX, entry->value));
}

static void check_value(const struct entry *entry)
{
	const struct schema_key *key = &schema_keys[entry->key];

	switch (key->type) {
	case SCHEMA_PATH:
	case SCHEMA_PATHS:
	case SCHEMA_RIGHTS:
		assert(key->type != SCHEMA_RIGHTS || entry->rights != 0);
		assert(*entry->value && !strchr(entry->value, '\n'));
		assert(strlen(entry->value) < PROFILE_MAX_PATH || strchr(entry->value, ':'));
		break;
	case SCHEMA_PORTS:
		check_port(entry);
		break;
	case SCHEMA_WORD:
	case SCHEMA_WORDS:
		assert(is_among(key->words, key->n_words, entry->value));
		break;
	case SCHEMA_BOOL:
		assert(!strcmp(entry->value, "true") || !strcmp(entry->value, "false"));
		break;
	case SCHEMA_COUNT:
		check_number(entry->value, 1, key->max ? key->max : 1UL << 30);
		break;
	case SCHEMA_COUNTS:
		check_number(entry->value, 3, 1048575);
		break;
	case SCHEMA_SIZE:
	case SCHEMA_TIME:
		assert(entry->value[0] >= '1' && entry->value[0] <= '9');
		break;
	case SCHEMA_VARIABLES:
		assert(entry->name && *entry->name && !strchr(entry->name, '='));
		break;
	case SCHEMA_REQUIRE:
		check_require(entry);
		break;
	default:
		assert(key->type == SCHEMA_TEXT || key->type == SCHEMA_TEXTS);
	}
}

static void check_entries(const struct document *document, const struct document_profile *profile,
			  const struct seen *seen)
{
	for (size_t i = 0; i < profile->n_entries; i++) {
		const struct entry *entry = &profile->entries[i];

		assert(entry->key < KEY_MAX && schema_keys[entry->key].type != SCHEMA_MAP);
		assert(entry->key != KEY_VERSION && entry->key != KEY_PROFILES);
		assert(entry->rights == 0 || entry->key == KEY_FILES_RIGHTS);
		assert(entry->rights >> n_right_names == 0);
		check_text(entry->value);
		check_place(seen, entry->line, entry->column);
		if (document->version == 2)
			check_value(entry);
	}
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* The next entry of that key, from *at on. */
static const struct entry *next_of(const struct document_profile *profile, enum schema_id key,
				   size_t *at)
{
	while (*at < profile->n_entries && profile->entries[*at].key != key)
		(*at)++;
	return *at < profile->n_entries ? &profile->entries[(*at)++] : NULL;
}

/* The same entries, in the same order for each key. */
static void check_same(const struct document_profile *a, const struct document_profile *b)
{
	assert(!strcmp(a->name, b->name) && a->n_entries == b->n_entries);
	for (int key = 0; key < KEY_MAX; key++) {
		size_t at_a = 0, at_b = 0;
		const struct entry *x, *y;

		do {
			x = next_of(a, (enum schema_id)key, &at_a);
			y = next_of(b, (enum schema_id)key, &at_b);
			assert(!x == !y);
			assert(!x || (is_same_text(x->name, y->name) &&
				      !strcmp(x->value, y->value) && x->rights == y->rights));
		} while (x);
	}
}

/* Printed as a file and read again. What is printed may pass a limit that the file kept. */
static void check_printed(const struct document *document, const struct document_profile *profile)
{
	AUTO_BUF struct buf buf = BUF_INIT(2 * YAML_MAX_BYTES);
	struct document again = { .source = NULL };
	struct croft_error err = { 0 };
	struct arena arena;
	int r;

	profile_print_document(&buf, document, profile, false);
	if (buf_error(&buf) != 0)
		return;
	arena_init(&arena, ARENA_MAX);
	r = document_read(SOURCE, buf_text(&buf), buf.len, &arena, &again, &err);
	assert(r == 0 || r == -EOVERFLOW);
	if (r == 0) {
		assert(again.version == 2 && again.n_profiles == 1);
		check_same(profile, &again.profiles[0]);
	}
	arena_done(&arena);
}

static void check_document(const struct document *document, const struct seen *seen)
{
	assert(!strcmp(document->source, SOURCE));
	assert(document->version == 1 || document->version == 2);
	assert(document->n_profiles <= DOCUMENT_MAX_PROFILES);
	for (size_t i = 0; i < document->n_profiles; i++) {
		const struct document_profile *profile = &document->profiles[i];

		check_place(seen, profile->line, profile->column);
		assert(document_find(document, profile->name) == profile);
		if (document->version == 2)
			assert(document_is_name(profile->name));
		check_entries(document, profile, seen);
		if (document->version == 2)
			check_printed(document, profile);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct seen seen = { .n_lines = 1 };
	struct document document = { .source = NULL };
	struct croft_error err = { 0 };
	struct yaml_node *root = NULL;
	struct arena arena;
	int r;

	for (size_t i = 0; i < size; i++)
		seen.n_lines += data[i] == '\n';
	arena_init(&arena, ARENA_MAX);
	r = yaml_read(SOURCE, text, size, &arena, &root, &err);
	if (r < 0)
		check_error(r, &err);
	else
		check_node(root, &seen, 0);
	if (r == 0) {
		r = document_read(SOURCE, text, size, &arena, &document, &err);
		if (r < 0)
			check_error(r, &err);
		else
			check_document(&document, &seen);
	} else {
		assert(document_read(SOURCE, text, size, &arena, &document, &err) == r);
	}
	arena_done(&arena);
	return 0;
}
