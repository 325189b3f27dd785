/* SPDX-License-Identifier: MIT */
/*
 * yaml.c - bytes that anybody may have written to a bounded tree.
 *
 *	bytes ─► yaml_bytes.c ─► libyaml's events ─► add_node ─► tree
 *
 * libyaml is asked for one event at a time, and each is judged before the next is asked for. So
 * a limit ends the reading where it is passed, and what the file holds behind that costs nothing.
 * Nothing recurs: the mappings and lists that are open lie on a stack of YAML_DEEPEST places.
 *
 * What makes YAML surprising is refused and not interpreted: anchors and aliases (a file of 1 KiB
 * can mean 1 GiB), tags (a type that is not the key's), directives, a second document (of which
 * another reader takes the other one). Scalars stay the text that was written: no yes that becomes
 * true, no 010 that becomes 8. "<<" is a key like any other.
 *
 * Invariants: each event is deleted on each path; the tree holds no pointer into libyaml's memory;
 * a text holds neither NUL nor a control character but tab and newline, which quotes and blocks
 * can bring.
 */
#include "profile/yaml.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yaml.h>

#include "base/text.h"
#include "profile/yaml_parts.h"

#define FEW_KEYS 8 /* up to here comparing each with each is the fastest */

/* Who writes "*.pem" without quotes means a pattern, and YAML an alias. */
#define QUOTE_STAR "a text that begins with '*' stands in quotes: \"*.pem\""

/* A mapping or list that is not closed yet. */
struct level {
	struct yaml_node *node;
	struct yaml_node *last; /* its newest child */
	struct yaml_node *named; /* of a mapping: has its key and waits for its value */
};

struct reader {
	const char *source;
	const char *data;
	size_t len;
	struct arena *arena;
	struct croft_error *err;
	const struct yaml_limits *limits;
	yaml_parser_t parser;
	struct level levels[YAML_DEEPEST];
	unsigned depth;
	struct yaml_node *root, *last_root;
	size_t n_nodes; /* keys, texts, lists and mappings */
	size_t n_documents;
};

static const struct yaml_limits profile_limits = {
	.depth = YAML_MAX_DEPTH,
	.nodes = YAML_MAX_SCALARS,
	.scalar = YAML_MAX_SCALAR,
	.documents = 1,
};

const char *yaml_kind_name(enum yaml_kind kind)
{
	return kind == YAML_MAPPING ? "a mapping" : kind == YAML_SEQUENCE ? "a list" : "a text";
}

/* The arena is full, or there is no memory for it. */
static int no_memory(struct croft_error *err)
{
	return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "read a profile");
}

/* libyaml counts from 0, editors from 1. */
static unsigned line_of(const yaml_mark_t *mark)
{
	return (unsigned)mark->line + 1;
}

static unsigned column_of(const yaml_mark_t *mark)
{
	return (unsigned)mark->column + 1;
}

static int refuse(struct reader *reader, const yaml_mark_t *mark, const char *what)
{
	return yaml_fail(reader->source, line_of(mark), column_of(mark), 0, reader->err, "%s",
			 what);
}

/* A limit of yaml.h was passed. */
static int too_many(struct reader *reader, const yaml_mark_t *mark, const char *what, size_t max)
{
	return yaml_fail(reader->source, line_of(mark), column_of(mark), EOVERFLOW, reader->err,
			 "more than %zu %s", max, what);
}

/* Three slips that libyaml's words do not lead to: what the line looks like does. */
static void hint_at_line(struct reader *reader, unsigned line)
{
	size_t len = 0, blanks = 0;
	const char *text = yaml_find_line(reader->data, reader->len, line, &len);

	if (reader->parser.context && strstr(reader->parser.context, "alias"))
		fail_hint(reader->err, QUOTE_STAR);
	else if (text && memmem(text, len, "${", 2))
		fail_hint(reader->err, "in a list [...] a text with '${' in it stands in quotes");
	while (text && blanks < len && text[blanks] == ' ')
		blanks++;
	/* YAML 1.1, section 5.2: a tab never indents; what libyaml says of it differs by place */
	if (text && blanks < len && text[blanks] == '\t')
		fail_hint(reader->err, "the line begins with a tab: YAML is indented by spaces");
}

/* What libyaml has against the text, in its words, at its place. */
static int fail_syntax(struct reader *reader)
{
	const yaml_parser_t *parser = &reader->parser;
	unsigned line = line_of(&parser->problem_mark);
	unsigned column = column_of(&parser->problem_mark);
	bool is_far = parser->context && parser->context_mark.line != parser->problem_mark.line;
	char since[32] = "";
	int r;

	if (parser->error == YAML_MEMORY_ERROR || !parser->problem)
		return no_memory(reader->err);
	if (is_far)
		(void)snprintf(since, sizeof(since), " that began in line %u",
			       line_of(&parser->context_mark));
	r = yaml_fail(reader->source, line, column, 0, reader->err, "%s%s%s%s", parser->problem,
		      parser->context ? ", " : "", parser->context ? parser->context : "", since);
	hint_at_line(reader, line);
	return r;
}

/*
 * Quotes can write any character, also those that yaml_check_bytes has refused: "\0" would end the
 * text for C and not for YAML, "\e[2J" would reach a terminal.
 */
static bool has_control(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)text[i];

		if ((c < 0x20 && c != '\t' && c != '\n') || c == 0x7f ||
		    (c == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] < 0xa0))
			return true;
	}
	return false;
}

/* The text of a scalar, copied, or NULL with *ret_error. */
static const char *take_text(struct reader *reader, const yaml_event_t *event, int *ret_error)
{
	const char *text = (const char *)event->data.scalar.value;
	size_t len = event->data.scalar.length;
	char *copy;

	if (len > reader->limits->scalar) {
		*ret_error = too_many(reader, &event->start_mark, "bytes in one text",
				      reader->limits->scalar);
		return NULL;
	}
	/* "\ud800" in quotes: libyaml makes three bytes of it that are no character */
	if (has_control(text, len) || !text_is_utf8(text, len)) {
		*ret_error =
			refuse(reader, &event->start_mark, "a text has a control character in it");
		return NULL;
	}
	copy = arena_strndup(reader->arena, text, len);
	if (!copy)
		*ret_error = no_memory(reader->err);
	return copy;
}

/* Room for one more key, text, list or mapping. */
static int count_node(struct reader *reader, const yaml_event_t *event)
{
	if (reader->n_nodes >= reader->limits->nodes)
		return too_many(reader, &event->start_mark, "keys and values",
				reader->limits->nodes);
	reader->n_nodes++;
	return 0;
}

/* The next node of a mapping is its key: makes the node that the value will fill. */
static int take_key(struct reader *reader, struct level *level, const yaml_event_t *event)
{
	struct yaml_node *node;
	int r = 0;

	if (event->type != YAML_SCALAR_EVENT)
		return yaml_fail(reader->source, line_of(&event->start_mark),
				 column_of(&event->start_mark), 0, reader->err,
				 "a key was expected, %s was found",
				 event->type == YAML_SEQUENCE_START_EVENT ? "a list" : "a mapping");
	node = arena_alloc(reader->arena, sizeof(*node));
	if (!node)
		return no_memory(reader->err);
	node->key = take_text(reader, event, &r);
	if (!node->key)
		return r;
	if (!*node->key)
		return refuse(reader, &event->start_mark, "a key was expected, nothing was found");
	node->key_line = line_of(&event->start_mark);
	node->key_column = column_of(&event->start_mark);
	level->named = node;
	return 0;
}

/* Puts a node where it belongs: the root, the next item, the value of the key before it. */
static struct yaml_node *place_node(struct reader *reader)
{
	struct level *level = reader->depth > 0 ? &reader->levels[reader->depth - 1] : NULL;
	struct yaml_node *node = level ? level->named : NULL;

	if (!node)
		node = arena_alloc(reader->arena, sizeof(*node));
	if (!node)
		return NULL;
	if (!level) {
		if (reader->last_root)
			reader->last_root->next = node;
		else
			reader->root = node;
		reader->last_root = node;
		return node;
	}
	level->named = NULL;
	if (level->last)
		level->last->next = node;
	else
		level->node->child = node;
	level->last = node;
	level->node->n_children++;
	return node;
}

/*
 * A scalar, or the beginning of a list or mapping. In a mapping they take turns: key, value, key.
 * A node is put into the tree before it is filled, so that a half-read file leaves nothing loose.
 */
static int add_node(struct reader *reader, const yaml_event_t *event)
{
	struct level *level = reader->depth > 0 ? &reader->levels[reader->depth - 1] : NULL;
	struct yaml_node *node;
	int r = count_node(reader, event);

	if (r < 0)
		return r;
	if (level && level->node->kind == YAML_MAPPING && !level->named)
		return take_key(reader, level, event);
	if (event->type != YAML_SCALAR_EVENT && reader->depth >= reader->limits->depth)
		return too_many(reader, &event->start_mark, "levels", reader->limits->depth);
	node = place_node(reader);
	if (!node)
		return no_memory(reader->err);
	node->line = line_of(&event->start_mark);
	node->column = column_of(&event->start_mark);
	if (event->type == YAML_SCALAR_EVENT) {
		node->kind = YAML_SCALAR;
		node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
		node->is_folded = node->is_plain && event->start_mark.line != event->end_mark.line;
		node->text = take_text(reader, event, &r);
		return r;
	}
	node->kind = event->type == YAML_MAPPING_START_EVENT ? YAML_MAPPING : YAML_SEQUENCE;
	reader->levels[reader->depth++] = (struct level){ .node = node };
	return 0;
}

/* Same keys beside each other, in the order of the file. */
static int compare_keys(const void *a, const void *b)
{
	const struct yaml_node *x = *(const struct yaml_node *const *)a;
	const struct yaml_node *y = *(const struct yaml_node *const *)b;
	int order = strcmp(x->key, y->key);

	if (order == 0)
		order = (x->key_line > y->key_line) - (x->key_line < y->key_line);
	if (order == 0)
		order = (x->key_column > y->key_column) - (x->key_column < y->key_column);
	return order;
}

/* Which of two would hold is what readers of YAML disagree about. */
static int fail_twice(struct reader *reader, const struct yaml_node *first,
		      const struct yaml_node *again)
{
	return yaml_fail(reader->source, again->key_line, again->key_column, 0, reader->err,
			 "the key '%.64s' is there twice, first in line %u", again->key,
			 first->key_line);
}

/*
 * Many keys are sorted: comparing each with each of ten thousand would take a second, and who
 * writes the file chooses how many there are. The second of two is the one that is told.
 */
static int check_many_keys(struct reader *reader, const struct yaml_node *mapping)
{
	const struct yaml_node **sorted =
		arena_calloc(reader->arena, mapping->n_children, sizeof(const struct yaml_node *));
	size_t n = 0;

	if (!sorted)
		return no_memory(reader->err);
	for (const struct yaml_node *child = mapping->child; child; child = child->next)
		sorted[n++] = child;
	qsort(sorted, n, sizeof(const struct yaml_node *), compare_keys);
	for (size_t i = 1; i < n; i++)
		if (!strcmp(sorted[i - 1]->key, sorted[i]->key))
			return fail_twice(reader, sorted[i - 1], sorted[i]);
	return 0;
}

/* When a mapping ends: all of its keys are known then. */
static int check_keys(struct reader *reader, const struct yaml_node *mapping)
{
	if (mapping->n_children > FEW_KEYS)
		return check_many_keys(reader, mapping);
	for (const struct yaml_node *again = mapping->child; again; again = again->next)
		for (const struct yaml_node *first = mapping->child; first != again;
		     first = first->next)
			if (!strcmp(first->key, again->key))
				return fail_twice(reader, first, again);
	return 0;
}

/* A profile's second document would be passed over by one reader, and taken by another. */
static int check_document(struct reader *reader, const yaml_event_t *event)
{
	if (++reader->n_documents > reader->limits->documents && reader->limits->documents > 1)
		return too_many(reader, &event->start_mark, "documents", reader->limits->documents);
	if (reader->n_documents > reader->limits->documents)
		return refuse(reader, &event->start_mark,
			      "the end of the file was expected, a second document was found");
	if (event->data.document_start.version_directive ||
	    event->data.document_start.tag_directives.start !=
		    event->data.document_start.tag_directives.end)
		return refuse(reader, &event->start_mark,
			      "directives ('%YAML', '%TAG') are not read");
	return 0;
}

/* Anchors and tags stand before the node that they are of. */
static int check_properties(struct reader *reader, const yaml_event_t *event)
{
	const yaml_char_t *anchor = NULL, *tag = NULL;

	if (event->type == YAML_SCALAR_EVENT) {
		anchor = event->data.scalar.anchor;
		tag = event->data.scalar.tag;
	} else if (event->type == YAML_SEQUENCE_START_EVENT) {
		anchor = event->data.sequence_start.anchor;
		tag = event->data.sequence_start.tag;
	} else {
		anchor = event->data.mapping_start.anchor;
		tag = event->data.mapping_start.tag;
	}
	if (anchor)
		return refuse(reader, &event->start_mark, "anchors ('&name') are not read");
	if (tag)
		return refuse(reader, &event->start_mark, "tags ('!name') are not read");
	return 0;
}

/* What an event does to the tree. Those of the stream and of ends of documents do nothing. */
static int take_event(struct reader *reader, const yaml_event_t *event)
{
	int r;

	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		return check_document(reader, event);
	case YAML_ALIAS_EVENT:
		r = refuse(reader, &event->start_mark, "aliases ('*name') are not read");
		fail_hint(reader->err, QUOTE_STAR);
		return r;
	case YAML_SCALAR_EVENT:
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		r = check_properties(reader, event);
		return r < 0 ? r : add_node(reader, event);
	case YAML_MAPPING_END_EVENT:
		reader->depth--;
		return check_keys(reader, reader->levels[reader->depth].node);
	case YAML_SEQUENCE_END_EVENT:
		reader->depth--;
		return 0;
	default:
		return 0;
	}
}

/* Pulls events until the end of the stream or the first that is refused. */
static int read_events(struct reader *reader)
{
	bool is_end = false;
	int r = 0;

	while (r == 0 && !is_end) {
		yaml_event_t event;

		if (!yaml_parser_parse(&reader->parser, &event))
			return fail_syntax(reader);
		is_end = event.type == YAML_STREAM_END_EVENT;
		r = take_event(reader, &event);
		yaml_event_delete(&event);
	}
	return r;
}

/* Nothing stands in it: "---" and the next one. */
static bool is_empty(const struct yaml_node *root)
{
	return root->kind == YAML_SCALAR && root->is_plain && !*root->text;
}

/* The documents without the empty ones. */
static struct yaml_node *drop_empty(struct yaml_node *root)
{
	struct yaml_node *first = NULL, *last = NULL;

	for (; root; root = root->next) {
		if (is_empty(root))
			continue;
		if (last)
			last->next = root;
		else
			first = root;
		last = root;
	}
	if (last)
		last->next = NULL;
	return first;
}

/*
 * The parser is told that it reads UTF-8, so that it does not look for other encodings. It lives on
 * the stack, what it allocates is gone with yaml_parser_delete on each way out.
 */
int yaml_read_all(const char *source, const char *data, size_t len,
		  const struct yaml_limits *limits, struct arena *arena,
		  struct yaml_node **ret_root, struct croft_error *err)
{
	struct reader reader = { .source = source, .arena = arena, .limits = limits, .err = err };
	struct yaml_node *root;
	size_t skip = 0;
	int r;

	if (len > YAML_MAX_BYTES)
		return yaml_fail(source, 1, 1, EOVERFLOW, err, "more than %u bytes",
				 YAML_MAX_BYTES);
	r = yaml_check_bytes(source, data, len, &skip, err);
	if (r < 0)
		return r;
	reader.data = data + skip;
	reader.len = len - skip;
	if (!yaml_parser_initialize(&reader.parser))
		return no_memory(err);
	yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&reader.parser, (const unsigned char *)reader.data,
				     reader.len);
	r = read_events(&reader);
	yaml_parser_delete(&reader.parser);
	if (r < 0)
		return r;
	root = drop_empty(reader.root);
	if (!root)
		return yaml_fail(source, 1, 1, 0, err, "there is nothing in it");
	*ret_root = root;
	return 0;
}

int yaml_read(const char *source, const char *data, size_t len, struct arena *arena,
	      struct yaml_node **ret_root, struct croft_error *err)
{
	return yaml_read_all(source, data, len, &profile_limits, arena, ret_root, err);
}
