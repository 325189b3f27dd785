/* SPDX-License-Identifier: MIT */
/*
 * test_yaml.c - YAML is read as the plain part of it that a profile is written in; all else is
 * refused with its place, within bounds, and what is read is what stands there.
 */
#include "yaml_case.h"

static void a_file_is_a_tree_of_mappings_lists_and_texts(void **state)
{
	static const char *const cases[][2] = {
		{ "a", "a" },
		{ "a: b", "{a: b}" },
		{ "a: b\n", "{a: b}" },
		{ "--- \na: b\n", "{a: b}" },
		{ "---\na: b\n...\n", "{a: b}" },
		{ "a:\n  - x\n  - y\nb: [1, 2]\n", "{a: [x, y], b: [1, 2]}" },
		{ "a:\n- x\n- y\nb: {}\n", "{a: [x, y], b: {}}" },
		{ "{a: {b: {c: []}}, d: e}", "{a: {b: {c: []}}, d: e}" },
		{ "- - 1\n  - 2\n- 3\n", "[[1, 2], 3]" },
		{ "? a\n: b\n", "{a: b}" },
		{ "# only\na: b # behind\n", "{a: b}" },
		{ "a: b\r\nc:\r\n  - d\r\n", "{a: b, c: [d]}" },
		{ "\xef\xbb\xbf"
		  "a: b\n",
		  "{a: b}" },
		{ "a:\nb:\n", "{a: , b: }" },
		{ "[a, b,]", "[a, b]" },
		{ "- a: 1\n  b: 2\n", "[{a: 1, b: 2}]" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_reads(cases[i][0], cases[i][1]);
}

static void a_scalar_stays_the_text_that_was_written(void **state)
{
	static const char *const cases[][2] = {
		{ "[yes, no, on, off, true, null, ~]", "[yes, no, on, off, true, null, ~]" },
		{ "[010, 0x1F, 1_000, 1e3, 22:30, .inf]", "[010, 0x1F, 1_000, 1e3, 22:30, .inf]" },
		{ "['010', \"010\"]", "['010', '010']" },
		{ "[udp:53, ~/x, ./y, '${home}/z']", "[udp:53, ~/x, ./y, '${home}/z']" },
		{ "{set: {A: \"\", B: ''}}", "{set: {A: '', B: ''}}" },
		{ "a: |\n  x\n  y\n", "{a: 'x\ny\n'}" },
		{ "a: |-\n  x\n", "{a: 'x'}" },
		{ "a: >-\n  x\n  y\n", "{a: 'x y'}" },
		{ "a: x\n  y\n", "{a: x y}" },
		{ "\"\\x41\\u00e4\\t\": \"\\\"\"", "{A\xc3\xa4\t: '\"'}" },
		{ "\xc3\xa4: \xf0\x9f\x8c\xbe", "{\xc3\xa4: \xf0\x9f\x8c\xbe}" },
		{ "{<<: {a: b}}", "{<<: {a: b}}" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_reads(cases[i][0], cases[i][1]);
}

static void each_node_knows_where_it_begins(void **state)
{
	const struct yaml_node *node;

	(void)state;
	assert_int_equal(read_text("# head\n\xc3\xa4:\n  - x\n  - 'y'\nbcd: {e: \"f\"}\ng:\n"), 0);
	assert_int_equal(root->line, 2);
	assert_int_equal(root->column, 1);
	assert_int_equal(root->n_children, 3);
	assert_null(root->key);
	node = root->child;
	assert_int_equal(node->key_line, 2);
	assert_int_equal(node->key_column, 1);
	assert_int_equal(node->line, 3);
	assert_int_equal(node->column, 3);
	assert_int_equal(node->n_children, 2);
	assert_int_equal(node->child->line, 3);
	assert_int_equal(node->child->column, 5);
	assert_int_equal(node->child->next->line, 4);
	node = node->next;
	assert_int_equal(node->key_line, 5);
	assert_int_equal(node->column, 6);
	assert_int_equal(node->child->key_column, 7);
	assert_int_equal(node->child->column, 10);
	node = node->next; /* nothing, right behind its key */
	assert_int_equal(node->line, 6);
	assert_int_equal(node->column, 3);
	assert_null(node->next);
}

static void a_plain_text_over_several_lines_is_marked(void **state)
{
	const struct yaml_node *node;

	(void)state;
	assert_int_equal(read_text("[a b, c\n d, 'e\n f', \"g\n h\", i\n , j\n]"), 0);
	node = root->child;
	for (const char *expected = "010000"; *expected; expected++, node = node->next)
		assert_int_equal(node->is_folded, *expected == '1');
	assert_null(node);
	assert_int_equal(read_text("- |\n a\n b\n- >-\n a\n b\n- a\n"), 0);
	for (node = root->child; node; node = node->next)
		assert_false(node->is_folded);
}

static void columns_count_characters_and_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(read_text("\xc3\xa4\xc3\xa4: x"), 0);
	assert_int_equal(root->child->column, 5);
	assert_refused("\xc3\xa4 \x01", 4, -EINVAL, "x.yaml:1:3: a control character was found");
}

static void an_empty_file_is_an_error(void **state)
{
	static const char *const empty[] = { "",      "\n\n",       "   ",          "# words\n",
					     "---\n", "---\n...\n", "\xef\xbb\xbf", "\r\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(empty); i++)
		assert_refused(empty[i], strlen(empty[i]), -EINVAL,
			       "x.yaml:1:1: there is nothing in it");
	assert_reads("''", "''");
	assert_reads("{}", "{}");
}

static void what_makes_yaml_surprising_is_refused_by_name(void **state)
{
	static const struct refusal cases[] = {
		{ "a: &x b", "x.yaml:1:4: anchors ('&name') are not read" },
		{ "a: &x [b]", "x.yaml:1:4: anchors ('&name') are not read" },
		{ "&x {a: b}", "x.yaml:1:1: anchors ('&name') are not read" },
		{ "&x a: b", "x.yaml:1:1: anchors ('&name') are not read" },
		{ "a: *x", "x.yaml:1:4: aliases ('*name') are not read" },
		{ "*x : b", "x.yaml:1:1: aliases ('*name') are not read" },
		{ "a: !x b", "x.yaml:1:4: tags ('!name') are not read" },
		{ "a: !!str b", "x.yaml:1:4: tags ('!name') are not read" },
		{ "a: ! b", "x.yaml:1:4: tags ('!name') are not read" },
		{ "!!map {a: b}", "x.yaml:1:1: tags ('!name') are not read" },
		{ "- !<tag:yaml.org,2002:seq> []", "x.yaml:1:3: tags ('!name') are not read" },
		{ "%YAML 1.1\n---\na: b", "x.yaml:1:1: directives ('%YAML', '%TAG') are not read" },
		{ "%TAG ! tag:x,1:\n---\na: b",
		  "x.yaml:1:1: directives ('%YAML', '%TAG') are not read" },
		{ "a: b\n---\nc: d\n",
		  "x.yaml:2:1: the end of the file was expected, a second document was found" },
		{ "---\n---\n",
		  "x.yaml:2:1: the end of the file was expected, a second document was found" },
		{ "? [a]\n: b", "x.yaml:1:3: a key was expected, a list was found" },
		{ "{{a: b}: c}", "x.yaml:1:2: a key was expected, a mapping was found" },
		{ "?\n: b", "x.yaml:1:2: a key was expected, nothing was found" },
		{ "'': b", "x.yaml:1:1: a key was expected, nothing was found" },
	};

	(void)state;
	assert_all_refused(cases, ARRAY_SIZE(cases));
}

static void a_pattern_without_quotes_gets_a_hint(void **state)
{
	static const char *const texts[] = { "deny: [*.pem]", "- **/*.pem\n", "- *pem\n",
					     "a: *\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(read_text(texts[i]), -EINVAL);
		assert_string_equal(err.hint,
				    "a text that begins with '*' stands in quotes: \"*.pem\"");
	}
	assert_reads("- \"**/*.pem\"", "['**/*.pem']");
	assert_reads("- ./*.pem", "[./*.pem]");
}

static void a_variable_without_quotes_in_a_list_gets_a_hint(void **state)
{
	(void)state;
	assert_int_equal(read_text("write: [${project}/x]\n"), -EINVAL);
	assert_string_equal(err.hint, "in a list [...] a text with '${' in it stands in quotes");
	assert_reads("write: [\"${project}/x\"]\n", "{write: ['${project}/x']}");
	assert_reads("write:\n- ${project}/x\n", "{write: [${project}/x]}");
}

static void a_key_stands_once_in_its_mapping(void **state)
{
	static const struct refusal cases[] = {
		{ "a: 1\na: 2\n", "x.yaml:2:1: the key 'a' is there twice, first in line 1" },
		{ "a: 1\n\"a\": 2\n", "x.yaml:2:1: the key 'a' is there twice, first in line 1" },
		{ "'a': 1\n\"\\x61\": 2\n",
		  "x.yaml:2:1: the key 'a' is there twice, first in line 1" },
		{ "x: {b: 1, c: 2, b: 3}",
		  "x.yaml:1:17: the key 'b' is there twice, first in line 1" },
		{ "a: 1\nb: 2\nc: 3\nd: 4\ne: 5\nf: 6\ng: 7\nh: 8\ni: 9\nd: 10\n",
		  "x.yaml:10:1: the key 'd' is there twice, first in line 4" },
		{ "<<: {}\n<<: {}\n", "x.yaml:2:1: the key '<<' is there twice, first in line 1" },
	};

	(void)state;
	assert_all_refused(cases, ARRAY_SIZE(cases));
	assert_reads("a: {b: 1}\nc: {b: 2}\nb: a\nA: x\n", "{a: {b: 1}, c: {b: 2}, b: a, A: x}");
	assert_reads("{1: a, 2: b, 3: c, 4: d, 5: e, 6: f, 7: g, 8: h, 9: i, 10: j}",
		     "{1: a, 2: b, 3: c, 4: d, 5: e, 6: f, 7: g, 8: h, 9: i, 10: j}");
}

static void broken_yaml_is_told_with_its_place(void **state)
{
	static const struct refusal cases[] = {
		{ "a: [b",
		  "x.yaml:2:1: did not find expected ',' or ']', while parsing a flow sequence that began in line 1" },
		{ "a: 'b\n", "x.yaml:2:1: found unexpected end of stream, while scanning a quoted "
			     "scalar that began in line 1" },
		{ "a: b: c", "x.yaml:1:5: mapping values are not allowed in this context" },
		{ "a:\n  b: c\n d: e\n", "x.yaml:3:2: did not find expected key, while parsing a "
					 "block mapping that began in line 1" },
		{ "a: @b",
		  "x.yaml:1:4: found character that cannot start any token, while scanning "
		  "for the next token" },
		{ "a: \"\\q\"",
		  "x.yaml:1:5: found unknown escape character, while parsing a quoted "
		  "scalar" },
		{ "a\nb: c", "x.yaml:2:2: mapping values are not allowed in this context" },
		{ "a: b\nc\n",
		  "x.yaml:3:1: could not find expected ':', while scanning a simple key "
		  "that began in line 2" },
		{ "%FOO\n---\n", "x.yaml:1:5: found unknown directive name, while scanning a "
				 "directive" },
	};

	(void)state;
	assert_all_refused(cases, ARRAY_SIZE(cases));
}

static void a_tab_that_indents_gets_a_hint(void **state)
{
	static const char *const tabs[] = { "a:\n\tb: c\n", "a:\n\t- b\n", "a:\n  b: 1\n\tc: 2\n",
					    "\ta: b\n", "a:\n  \tb: c\n" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(tabs); i++) {
		assert_int_equal(read_text(tabs[i]), -EINVAL);
		assert_string_equal(err.hint,
				    "the line begins with a tab: YAML is indented by spaces");
	}
	assert_int_equal(read_text("a: [b\n"), -EINVAL);
	assert_string_equal(err.hint, "");
	assert_reads("a:\tb\t# c\n", "{a: b}");
}

static void escapes_cannot_bring_control_characters_in(void **state)
{
	static const char *const texts[] = { "\"\\0\"",     "\"a\\x00b\"", "\"\\e[0m\"",
					     "\"\\x1b\"",   "\"\\u007f\"", "\"\\x9b\"",
					     "\"\\u0085\"", "\"\\r\"",     "\"\\a\"",
					     "\"\\N\"" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		assert_refused(texts[i], strlen(texts[i]), -EINVAL,
			       "x.yaml:1:1: a text has a control character in it");
	assert_refused("{\"a\\0\": b}", 10, -EINVAL,
		       "x.yaml:1:2: a text has a control character in it");
	assert_refused("\"\\ud800\"", 8, -EINVAL,
		       "x.yaml:1:4: found invalid Unicode character escape code, while parsing a "
		       "quoted scalar");
}

static void the_depth_of_a_file_is_bounded(void **state)
{
	char text[2 * YAML_MAX_DEPTH + 8] = "";

	(void)state;
	memset(text, '[', YAML_MAX_DEPTH);
	memset(text + YAML_MAX_DEPTH, ']', YAML_MAX_DEPTH);
	assert_int_equal(read_text(text), 0);
	memset(text, '[', YAML_MAX_DEPTH + 1);
	memset(text + YAML_MAX_DEPTH + 1, ']', YAML_MAX_DEPTH + 1);
	assert_refused(text, strlen(text), -EOVERFLOW, "x.yaml:1:17: more than 16 levels");
	assert_refused("- - - - - - - - - - - - - - - - - a", 35, -EOVERFLOW,
		       "x.yaml:1:33: more than 16 levels");
}

static void the_length_of_a_text_is_bounded(void **state)
{
	char text[YAML_MAX_SCALAR + 16] = "a: ";

	(void)state;
	memset(text + 3, 'b', YAML_MAX_SCALAR);
	assert_int_equal(read_bytes(text, YAML_MAX_SCALAR + 3), 0);
	assert_int_equal(strlen(root->child->text), YAML_MAX_SCALAR);
	text[3 + YAML_MAX_SCALAR] = 'b';
	assert_refused(text, YAML_MAX_SCALAR + 4, -EOVERFLOW,
		       "x.yaml:1:4: more than 4096 bytes in one text");
}

/* "[a,a,...]" with so many items, of which each is `item`. */
static int read_items(size_t n, const char *item)
{
	size_t each = strlen(item) + 1, len = n * each + 2;
	char *text = malloc(len);
	int r;

	assert_non_null(text);
	text[0] = '[';
	for (size_t i = 0; i < n; i++) {
		memcpy(text + 1 + i * each, item, each - 1);
		text[i * each + each] = ',';
	}
	text[len - 1] = ']';
	r = read_bytes(text, len);
	free(text);
	return r;
}

static void the_number_of_keys_and_values_is_bounded(void **state)
{
	(void)state;
	/* the list itself is one */
	assert_int_equal(read_items(YAML_MAX_SCALARS - 1, "a"), 0);
	assert_int_equal(root->n_children, YAML_MAX_SCALARS - 1);
	assert_int_equal(read_items(YAML_MAX_SCALARS, "a"), -EOVERFLOW);
	assert_string_equal(err.what, "x.yaml:1:20000: more than 10000 keys and values");
	assert_int_equal(read_items(YAML_MAX_SCALARS, "[]"), -EOVERFLOW);
	assert_int_equal(read_items(YAML_MAX_SCALARS, "{}"), -EOVERFLOW);
	assert_int_equal(read_items(YAML_MAX_SCALARS / 3, "a: b"), 0);
	assert_int_equal(read_items(YAML_MAX_SCALARS / 2, "a: b"), -EOVERFLOW);
}

static void a_full_arena_is_an_error(void **state)
{
	struct arena small;
	struct croft_error small_err;
	struct yaml_node *small_root = NULL;
	/* so many keys that they are sorted */
	static const char text[] = "a: {b: [c, d], e: 'f'}\n"
				   "g: {1: , 2: , 3: , 4: , 5: , 6: , 7: , 8: , 9: }\n";
	int r = -1;

	(void)state;
	for (size_t size = 0; r != 0; size += 16) {
		assert_true(size < 4096);
		arena_init(&small, size);
		r = yaml_read("x", text, strlen(text), &small, &small_root, &small_err);
		assert_true(r == 0 || r == -ENOMEM);
		assert_true((r == 0) == (small_root != NULL));
		assert_true(r == 0 || !strcmp(small_err.what, "read a profile"));
		arena_done(&small);
	}
}

static void every_beginning_of_a_file_ends_well(void **state)
{
	static const char text[] =
		"version: 2\nprofiles:\n  a: &x !y\n    files: {read: ['/etc', \"~\"]}\n"
		"  b:\n  - |\n   text\n  - *x\n...\n";

	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		int r = read_bytes(text, len);

		assert_true(r == 0 || r == -EINVAL);
		assert_true(r == 0 || !strncmp(err.what, "x.yaml:", 7));
	}
}

static void kinds_have_names(void **state)
{
	(void)state;
	assert_string_equal(yaml_kind_name(YAML_MAPPING), "a mapping");
	assert_string_equal(yaml_kind_name(YAML_SEQUENCE), "a list");
	assert_string_equal(yaml_kind_name(YAML_SCALAR), "a text");
}

static void other_files_may_be_several_documents_within_bounds_of_their_own(void **state)
{
	static const char text[] = "---\na: 1\n---\n---\n- [[x]]\n...\n---\nlast\n";
	struct yaml_limits limits = { .depth = 3, .nodes = 20, .scalar = 10, .documents = 4 };
	struct croft_error why = { 0 };
	struct yaml_node *first = NULL;
	struct arena own;

	(void)state;
	arena_init(&own, 1U << 20);
	assert_int_equal(yaml_read_all("f", text, strlen(text), &limits, &own, &first, &why), 0);
	/* the empty one is none */
	assert_int_equal(first->kind, YAML_MAPPING);
	assert_int_equal(first->line, 2);
	assert_int_equal(first->next->kind, YAML_SEQUENCE);
	assert_string_equal(first->next->next->text, "last");
	assert_null(first->next->next->next);
	/* each bound */
	limits.documents = 3;
	assert_true(yaml_read_all("f", text, strlen(text), &limits, &own, &first, &why) < 0);
	assert_non_null(strstr(why.what, "f:7:1: more than 3 documents"));
	limits.documents = 4;
	limits.depth = 2;
	assert_true(yaml_read_all("f", text, strlen(text), &limits, &own, &first, &why) < 0);
	assert_non_null(strstr(why.what, "more than 2 levels"));
	limits.depth = 3;
	limits.scalar = 3;
	assert_true(yaml_read_all("f", text, strlen(text), &limits, &own, &first, &why) < 0);
	assert_non_null(strstr(why.what, "more than 3 bytes in one text"));
	limits.scalar = 10;
	limits.nodes = 2;
	assert_true(yaml_read_all("f", text, strlen(text), &limits, &own, &first, &why) < 0);
	assert_non_null(strstr(why.what, "more than 2 keys and values"));
	arena_done(&own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_is_a_tree_of_mappings_lists_and_texts),
		cmocka_unit_test(a_scalar_stays_the_text_that_was_written),
		cmocka_unit_test(each_node_knows_where_it_begins),
		cmocka_unit_test(a_plain_text_over_several_lines_is_marked),
		cmocka_unit_test(columns_count_characters_and_not_bytes),
		cmocka_unit_test(an_empty_file_is_an_error),
		cmocka_unit_test(what_makes_yaml_surprising_is_refused_by_name),
		cmocka_unit_test(a_pattern_without_quotes_gets_a_hint),
		cmocka_unit_test(a_variable_without_quotes_in_a_list_gets_a_hint),
		cmocka_unit_test(a_key_stands_once_in_its_mapping),
		cmocka_unit_test(broken_yaml_is_told_with_its_place),
		cmocka_unit_test(a_tab_that_indents_gets_a_hint),
		cmocka_unit_test(escapes_cannot_bring_control_characters_in),
		cmocka_unit_test(the_depth_of_a_file_is_bounded),
		cmocka_unit_test(the_length_of_a_text_is_bounded),
		cmocka_unit_test(the_number_of_keys_and_values_is_bounded),
		cmocka_unit_test(a_full_arena_is_an_error),
		cmocka_unit_test(every_beginning_of_a_file_ends_well),
		cmocka_unit_test(kinds_have_names),
		cmocka_unit_test(other_files_may_be_several_documents_within_bounds_of_their_own),
	};

	return cmocka_run_group_tests(tests, before, after);
}
