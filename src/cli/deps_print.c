/* SPDX-License-Identifier: MIT */
/*
 * deps_print.c - a closure as text, as a tree, as JSON.
 *
 * The text is laid out for somebody who looks for one thing: the verdict stands first, what
 * exec itself looks at next (program, "#!" chain, loader), then the libraries in the order in
 * which the loader would load them, and at the end what is wrong, with its mend.
 *
 * Each name in it was chosen by whoever made the file: in text all go through text_escape, so
 * that no line can be forged. A closure can be deep (a chain of a thousand libraries) and wide
 * (each of four thousand needed by each): the tree is walked without recursion, each file is told
 * once, and its indentation ends at TREE_MAX_INDENT. So a tree has as many lines as there are
 * needs (CLOSURE_MAX_EDGES), and its time is linear in them.
 *
 * The form is for people and may change; programs read the JSON, whose fields may not. There
 * paths are as the loader names them and as they really are, since both are asked for: the
 * first by who compares with ldd, the second by who grants or packs the file.
 *
 * Words for rules, roles and troubles belong to src/elf, which knows them. What is said here
 * in own words is only what the command line did: looked a name up and did not find it.
 */
#include "cli/deps_print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"

#define TREE_MAX_INDENT 40 /* levels; what lies deeper says how deep */

bool deps_starts(const struct deps_answer *answer)
{
	return !answer->path_searched && !closure_find_trouble(&answer->closure, WEIGHT_START);
}

/*
 * "name => path  (rule: detail)", without repeating what is the same. The path is what the loader
 * would print (ldd does), not where it leads: that is what people compare with.
 */
static void print_file(struct buf *buf, const struct closure_file *file, const char *name)
{
	if (*name && strcmp(name, file->path) != 0) {
		text_escape(buf, name);
		buf_puts(buf, " => ");
	}
	text_escape(buf, file->path);
	if (file->rule == RULE_GIVEN)
		return;
	buf_puts(buf, "  (");
	buf_puts(buf, rule_text(file->rule));
	if (*file->detail) {
		buf_puts(buf, ": ");
		text_escape(buf, file->detail);
	}
	buf_putc(buf, ')');
}

/* The first line, the only one that is not indented: grep '^[^ ]' gives one for each program. */
static void print_verdict(struct buf *buf, const struct deps_answer *answer)
{
	text_escape(buf, answer->program);
	if (answer->is_library)
		buf_puts(buf, deps_starts(answer) ? ": can be loaded" : ": cannot be loaded");
	else
		buf_puts(buf, deps_starts(answer) ? ": can start" : ": cannot start");
	buf_putc(buf, '\n');
}

/* As cli_fail words an error: what is wrong, and in parentheses what would mend it. */
static void print_what_and_mend(struct buf *buf, const char *what, const char *mend)
{
	text_escape(buf, what);
	if (*mend) {
		buf_puts(buf, " (");
		text_escape(buf, mend);
		buf_putc(buf, ')');
	}
	buf_putc(buf, '\n');
}

/* What a bare name that was not found comes to, in the words that JSON has too. */
static void say_not_found(const struct deps_answer *answer, struct buf *what, struct buf *mend)
{
	buf_printf(what, "'%s' is in no directory of PATH (%s)", answer->program,
		   answer->path_searched);
	buf_puts(mend, "write its full name, or add its directory to PATH");
}

/*
 * All of them, in the order found: with three libraries missing, who installs the first wants to
 * know of the others. Notes are told apart, since they stop nothing.
 */
static void print_troubles(struct buf *buf, const struct deps_answer *answer)
{
	const struct closure *closure = &answer->closure;
	AUTO_BUF struct buf what = BUF_INIT(64U << 10);
	AUTO_BUF struct buf mend = BUF_INIT(64U << 10);

	for (size_t i = 0; i < closure->n_troubles; i++) {
		const struct trouble *trouble = &closure->troubles[i];

		buf_reset(&what);
		buf_reset(&mend);
		trouble_what(&what, trouble);
		remedy_mend(&mend, &answer->remedy, trouble, NULL, NULL);
		if (trouble_weight(trouble) < WEIGHT_START)
			buf_puts(buf, "  note: ");
		else
			buf_puts(buf,
				 answer->is_library ? "  cannot be loaded: " : "  cannot start: ");
		print_what_and_mend(buf, buf_text(&what), buf_text(&mend));
	}
	if (!answer->path_searched)
		return;
	buf_reset(&what);
	buf_reset(&mend);
	say_not_found(answer, &what, &mend);
	buf_puts(buf, "  cannot start: ");
	print_what_and_mend(buf, buf_text(&what), buf_text(&mend));
}

/*
 * Either all but the libraries, in the order found, which is that of a start, or the libraries:
 * these bear no word before them, for there are many. A library that was asked for is not
 * among them: it stands where a program would.
 */
static void print_files(struct buf *buf, const struct closure *closure, bool are_libraries)
{
	for (size_t i = 0; i < closure->n_files; i++) {
		const struct closure_file *file = &closure->files[i];
		bool is_plain = file->role == ROLE_LIBRARY && file->rule != RULE_GIVEN;

		if (is_plain != are_libraries)
			continue;
		buf_puts(buf, "  ");
		if (!is_plain)
			buf_printf(buf, "%s: ", role_name(file->role));
		print_file(buf, file, file->name);
		buf_putc(buf, '\n');
	}
}

void deps_print(struct buf *buf, const struct deps_answer *answer)
{
	print_verdict(buf, answer);
	print_files(buf, &answer->closure, false);
	print_files(buf, &answer->closure, true);
	print_troubles(buf, answer);
}

/* The edges by the file they start from, in their order: next[i] follows edge i. */
struct tree {
	const struct closure *closure;
	size_t *first; /* for each file, CLOSURE_NONE: needs nothing */
	size_t *next; /* for each edge */
	bool *is_told; /* for each file */
	size_t *path; /* the edges that led to where the walk is: at most one for each file */
	size_t depth;
};

static void tree_done(struct tree *tree)
{
	free(tree->first);
	free(tree->next);
	free(tree->is_told);
	free(tree->path);
}

/* Backwards, so that each list of edges has the order in which they were added. */
static int tree_init(struct tree *tree, const struct closure *closure)
{
	tree->closure = closure;
	tree->first = calloc(closure->n_files + 1, sizeof(*tree->first));
	tree->next = calloc(closure->n_edges + 1, sizeof(*tree->next));
	tree->is_told = calloc(closure->n_files + 1, sizeof(*tree->is_told));
	tree->path = calloc(closure->n_files + 1, sizeof(*tree->path));
	if (!tree->first || !tree->next || !tree->is_told || !tree->path)
		return -ENOMEM;
	for (size_t i = 0; i < closure->n_files; i++)
		tree->first[i] = CLOSURE_NONE;
	for (size_t i = closure->n_edges; i > 0; i--) {
		size_t from = closure->edges[i - 1].from;

		tree->next[i - 1] = tree->first[from];
		tree->first[from] = i - 1;
	}
	return 0;
}

static void tree_indent(struct buf *buf, size_t depth)
{
	size_t shown = depth < TREE_MAX_INDENT ? depth : TREE_MAX_INDENT;

	for (size_t i = 0; i <= shown; i++)
		buf_puts(buf, "  ");
	if (depth > TREE_MAX_INDENT)
		buf_printf(buf, "[level %zu] ", depth);
}

/* One line for a file; true if what it needs is to be told now. */
static bool tree_line(struct tree *tree, struct buf *buf, size_t file, const char *name)
{
	bool has_children = tree->first[file] != CLOSURE_NONE;
	bool was_told = tree->is_told[file];

	tree_indent(buf, tree->depth);
	print_file(buf, &tree->closure->files[file], name);
	buf_puts(buf, was_told && has_children ? "  (see above)\n" : "\n");
	tree->is_told[file] = true;
	return has_children && !was_told;
}

/*
 * Depth first. tree->path holds the edges from the root to here: the way back up, and its length is
 * the depth. It cannot be longer than there are files, as each is entered once.
 */
static void tree_walk(struct tree *tree, struct buf *buf, size_t root)
{
	const char *name = tree->closure->files[root].name;
	size_t edge = tree_line(tree, buf, root, name) ? tree->first[root] : CLOSURE_NONE;

	tree->depth = 1;
	while (edge != CLOSURE_NONE || tree->depth > 1) {
		const struct closure_edge *at;

		if (edge == CLOSURE_NONE) { /* back to the one above */
			tree->depth--;
			edge = tree->next[tree->path[tree->depth]];
			continue;
		}
		at = &tree->closure->edges[edge];
		if (at->to == CLOSURE_NONE) {
			tree_indent(buf, tree->depth);
			text_escape(buf, at->name);
			buf_puts(buf, " => not found\n");
		} else if (tree_line(tree, buf, at->to, at->name)) {
			tree->path[tree->depth++] = edge;
			edge = tree->first[at->to];
			continue;
		}
		edge = tree->next[edge];
	}
	tree->depth = 0;
}

/* Roots are what nobody needs: the program, and what the caller or LD_PRELOAD named. */
int deps_print_tree(struct buf *buf, const struct deps_answer *answer)
{
	struct tree tree = { 0 };
	int r = tree_init(&tree, &answer->closure);

	if (r == 0) {
		print_verdict(buf, answer);
		for (size_t i = 0; i < answer->closure.n_files; i++)
			if (answer->closure.files[i].needed_by == CLOSURE_NONE && !tree.is_told[i])
				tree_walk(&tree, buf, i);
		print_troubles(buf, answer);
	}
	tree_done(&tree);
	return r;
}

static void json_pair(struct json *json, const char *key, const char *value)
{
	json_key(json, key);
	json_string(json, value);
}

/* NULL, which JSON writes as null, for none. */
static const char *path_of(const struct closure *closure, size_t index)
{
	return index == CLOSURE_NONE ? NULL : closure->files[index].path;
}

/* "files" and "needs": the same closure as a list and as a graph, joined by "path". */
static void json_files(struct json *json, const struct closure *closure)
{
	json_key(json, "files");
	json_array_begin(json);
	for (size_t i = 0; i < closure->n_files; i++) {
		const struct closure_file *file = &closure->files[i];

		json_object_begin(json);
		json_pair(json, "path", file->path);
		json_pair(json, "real", file->real);
		json_pair(json, "name", file->name);
		json_pair(json, "role", role_name(file->role));
		json_pair(json, "rule", rule_name(file->rule));
		json_pair(json, "detail", file->detail);
		json_pair(json, "needed_by", path_of(closure, file->needed_by));
		json_object_end(json);
	}
	json_array_end(json);
	json_key(json, "needs");
	json_array_begin(json);
	for (size_t i = 0; i < closure->n_edges; i++) {
		const struct closure_edge *edge = &closure->edges[i];

		json_object_begin(json);
		json_pair(json, "from", path_of(closure, edge->from));
		json_pair(json, "to", path_of(closure, edge->to));
		json_pair(json, "name", edge->name);
		json_object_end(json);
	}
	json_array_end(json);
}

static void json_trouble(struct json *json, const struct trouble *trouble, const char *what,
			 const char *mend)
{
	static const char *const weights[] = {
		[WEIGHT_NOTE] = "note",
		[WEIGHT_START] = "start",
		[WEIGHT_EXEC] = "exec",
	};

	json_object_begin(json);
	json_pair(json, "kind", trouble_name(trouble->kind));
	json_pair(json, "role", role_name(trouble->role));
	json_pair(json, "path", trouble->path);
	json_pair(json, "needed_by", *trouble->needed_by ? trouble->needed_by : NULL);
	json_pair(json, "detail", trouble->detail);
	json_pair(json, "weight", weights[trouble_weight(trouble)]);
	json_pair(json, "what", what);
	json_pair(json, "mend", mend);
	json_object_end(json);
}

/* The sentences too, not only kinds: who reads JSON to show it need not word them anew. */
static void json_troubles(struct json *json, const struct deps_answer *answer)
{
	AUTO_BUF struct buf what = BUF_INIT(64U << 10);
	AUTO_BUF struct buf mend = BUF_INIT(64U << 10);

	json_key(json, "troubles");
	json_array_begin(json);
	for (size_t i = 0; i < answer->closure.n_troubles; i++) {
		const struct trouble *trouble = &answer->closure.troubles[i];

		buf_reset(&what);
		buf_reset(&mend);
		trouble_what(&what, trouble);
		remedy_mend(&mend, &answer->remedy, trouble, NULL, NULL);
		json_trouble(json, trouble, buf_text(&what), buf_text(&mend));
	}
	if (answer->path_searched) {
		/* of no file, so the closure has none for it */
		struct trouble trouble = {
			.kind = TROUBLE_MISSING,
			.role = ROLE_PROGRAM,
			.path = answer->program,
			.needed_by = "",
			.detail = "",
		};

		buf_reset(&what);
		buf_reset(&mend);
		say_not_found(answer, &what, &mend);
		json_trouble(json, &trouble, buf_text(&what), buf_text(&mend));
	}
	json_array_end(json);
}

void deps_print_json(struct json *json, const struct deps_answer *answer)
{
	json_object_begin(json);
	json_pair(json, "program", answer->program);
	json_key(json, "starts");
	json_bool(json, deps_starts(answer));
	json_files(json, &answer->closure);
	json_troubles(json, answer);
	json_object_end(json);
}
