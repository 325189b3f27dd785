/* SPDX-License-Identifier: MIT */
/*
 * test_deps_print.c - a closure as text, as a tree, as JSON: closures made by hand, whole lines
 * compared. What rules and troubles are called is asked of the tables that own the words.
 */
#include "ground.h"

#include "base/json.h"
#include "cli/deps_print.h"
#include "json_check.h"

#define MAX_FILES 3000

struct given {
	struct closure_file files[MAX_FILES];
	struct closure_edge edges[MAX_FILES * 2];
	struct trouble troubles[4];
	struct deps_answer answer;
};

static struct given given;

static void start(const char *program)
{
	memset(&given, 0, sizeof(given));
	given.answer.program = program;
	given.answer.closure.files = given.files;
	given.answer.closure.edges = given.edges;
	given.answer.closure.troubles = given.troubles;
}

static size_t add(enum file_role role, enum closure_rule rule, const char *name, const char *path,
		  const char *detail, size_t needed_by)
{
	struct closure *closure = &given.answer.closure;
	size_t index = closure->n_files++;

	given.files[index] = (struct closure_file){
		.role = role,
		.rule = rule,
		.name = name,
		.path = path,
		.real = path,
		.detail = detail,
		.needed_by = needed_by,
	};
	if (needed_by != CLOSURE_NONE)
		given.edges[closure->n_edges++] = (struct closure_edge){ needed_by, index, name };
	return index;
}

static void add_edge(size_t from, size_t to, const char *name)
{
	given.edges[given.answer.closure.n_edges++] = (struct closure_edge){ from, to, name };
}

static void add_trouble(enum trouble_kind kind, enum file_role role, const char *path,
			const char *needed_by)
{
	given.troubles[given.answer.closure.n_troubles++] = (struct trouble){
		.kind = kind, .role = role, .path = path, .needed_by = needed_by, .detail = ""
	};
}

/* A program, its loader, two libraries that need each other. */
static void make_tool(void)
{
	start("tool");
	add(ROLE_PROGRAM, RULE_GIVEN, "/bin/tool", "/bin/tool", "", CLOSURE_NONE);
	add(ROLE_LIBRARY, RULE_RUNPATH, "liba.so", "/opt/liba.so", "$ORIGIN/..", 0);
	add(ROLE_LOADER, RULE_INTERP, "/lib/ld.so", "/lib/ld.so", "", 0);
	add(ROLE_LIBRARY, RULE_CACHE, "libb.so", "/lib/libb.so", "", 1);
	add_edge(3, 1, "liba.so");
	add_edge(0, 3, "libb.so");
}

/* The expected text has the rules' own words filled in. */
static void check(const struct buf *buf, const char *fmt, ...)
{
	char want[4096];
	va_list args;

	va_start(args, fmt);
	(void)vsnprintf(want, sizeof(want), fmt, args);
	va_end(args);
	assert_int_equal(buf_error(buf), 0);
	assert_string_equal(buf_text(buf), want);
}

static void files_are_told_a_line_each_and_libraries_last(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(1 << 20);

	(void)state;
	make_tool();
	deps_print(&buf, &given.answer);
	check(&buf,
	      "tool: can start\n"
	      "  program: /bin/tool\n"
	      "  loader: /lib/ld.so  (%s)\n"
	      "  liba.so => /opt/liba.so  (%s: $ORIGIN/..)\n"
	      "  libb.so => /lib/libb.so  (%s)\n",
	      rule_text(RULE_INTERP), rule_text(RULE_RUNPATH), rule_text(RULE_CACHE));
}

static void a_tree_tells_each_file_once_and_ends_in_a_loop(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(1 << 20);

	(void)state;
	make_tool();
	assert_int_equal(deps_print_tree(&buf, &given.answer), 0);
	check(&buf,
	      "tool: can start\n"
	      "  /bin/tool\n"
	      "    liba.so => /opt/liba.so  (%s: $ORIGIN/..)\n"
	      "      libb.so => /lib/libb.so  (%s)\n"
	      "        liba.so => /opt/liba.so  (%s: $ORIGIN/..)  (see above)\n"
	      "    /lib/ld.so  (%s)\n"
	      "    libb.so => /lib/libb.so  (%s)  (see above)\n",
	      rule_text(RULE_RUNPATH), rule_text(RULE_CACHE), rule_text(RULE_RUNPATH),
	      rule_text(RULE_INTERP), rule_text(RULE_CACHE));
}

static void what_is_missing_stands_below_whoever_needs_it(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(1 << 20);
	AUTO_BUF struct buf what = BUF_INIT(4096);
	AUTO_BUF struct buf mend = BUF_INIT(4096);

	(void)state;
	start("tool");
	add(ROLE_PROGRAM, RULE_GIVEN, "/bin/tool", "/bin/tool", "", CLOSURE_NONE);
	add_edge(0, CLOSURE_NONE, "libgone.so");
	add_trouble(TROUBLE_LIBRARY_MISSING, ROLE_LIBRARY, "libgone.so", "/bin/tool");
	trouble_what(&what, &given.troubles[0]);
	trouble_mend(&mend, &given.troubles[0]);
	assert_false(deps_starts(&given.answer));
	assert_int_equal(deps_print_tree(&buf, &given.answer), 0);
	check(&buf,
	      "tool: cannot start\n"
	      "  /bin/tool\n"
	      "    libgone.so => not found\n"
	      "  cannot start: %s%s%s%s\n",
	      buf_text(&what), mend.len ? " (" : "", buf_text(&mend), mend.len ? ")" : "");
}

static void a_note_does_not_stop_a_start(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(1 << 20);

	(void)state;
	start("su");
	add(ROLE_PROGRAM, RULE_GIVEN, "/bin/su", "/bin/su", "", CLOSURE_NONE);
	add_trouble(TROUBLE_SET_ID, ROLE_PROGRAM, "/bin/su", "");
	assert_true(deps_starts(&given.answer));
	deps_print(&buf, &given.answer);
	assert_non_null(strstr(buf_text(&buf), "su: can start\n"));
	assert_non_null(strstr(buf_text(&buf), "\n  note: "));
	assert_null(strstr(buf_text(&buf), "cannot"));
}

static void a_library_is_loaded_not_started(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(1 << 20);

	(void)state;
	start("./libx.so");
	given.answer.is_library = true;
	add(ROLE_LIBRARY, RULE_GIVEN, "./libx.so", "/p/libx.so", "", CLOSURE_NONE);
	deps_print(&buf, &given.answer);
	check(&buf, "./libx.so: can be loaded\n  library: ./libx.so => /p/libx.so\n");
	add_trouble(TROUBLE_LIBRARY_MISSING, ROLE_LIBRARY, "liby.so", "/p/libx.so");
	buf_reset(&buf);
	deps_print(&buf, &given.answer);
	assert_non_null(strstr(buf_text(&buf), "./libx.so: cannot be loaded\n"));
	assert_non_null(strstr(buf_text(&buf), "\n  cannot be loaded: "));
}

static void a_name_that_is_nowhere_on_the_path_is_missing(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(1 << 20);
	struct json json;

	(void)state;
	start("nosuch");
	given.answer.path_searched = "/a:/b";
	assert_false(deps_starts(&given.answer));
	deps_print(&buf, &given.answer);
	assert_non_null(strstr(buf_text(&buf), "nosuch: cannot start\n"));
	assert_non_null(strstr(buf_text(&buf), "'nosuch' is in no directory of PATH (/a:/b)"));
	buf_reset(&buf);
	json_init(&json, &buf);
	deps_print_json(&json, &given.answer);
	buf_putc(json.buf, '\n');
	assert_true(json_is_valid(buf_text(&buf)));
	assert_non_null(strstr(buf_text(&buf), "\"starts\":false"));
	assert_non_null(strstr(buf_text(&buf), "\"kind\":\"missing\""));
}

static void names_cannot_forge_a_line(void **state)
{
	static const char evil[] = "/bin/x\n  cannot start: \033[2J\xe2\x80\xae";
	AUTO_BUF struct buf buf = BUF_INIT(1 << 20);
	AUTO_BUF struct buf tree = BUF_INIT(1 << 20);
	AUTO_BUF struct buf text = BUF_INIT(1 << 20);
	struct json json;

	(void)state;
	start(evil);
	add(ROLE_PROGRAM, RULE_GIVEN, evil, evil, "", CLOSURE_NONE);
	add(ROLE_LIBRARY, RULE_RPATH, evil, "/lib/a", evil, 0);
	add_edge(1, CLOSURE_NONE, evil);
	add_trouble(TROUBLE_LIBRARY_MISSING, ROLE_LIBRARY, evil, evil);
	deps_print(&buf, &given.answer);
	assert_int_equal(deps_print_tree(&tree, &given.answer), 0);
	buf_add(&buf, buf_text(&tree), tree.len);
	for (const char *p = buf_text(&buf); *p; p++)
		assert_true(*p == '\n' || ((unsigned char)*p >= 0x20 && *p != 0x7f));
	assert_null(strstr(buf_text(&buf), "\xe2\x80\xae"));
	assert_null(strstr(buf_text(&buf), "\n  cannot start: \\e"));
	json_init(&json, &text);
	deps_print_json(&json, &given.answer);
	buf_putc(json.buf, '\n');
	assert_true(json_is_valid(buf_text(&text)));
}

static void json_names_the_files_the_needs_and_the_troubles(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(1 << 20);
	struct json json;

	(void)state;
	make_tool();
	add_edge(1, CLOSURE_NONE, "libgone.so");
	add_trouble(TROUBLE_LIBRARY_MISSING, ROLE_LIBRARY, "libgone.so", "/opt/liba.so");
	json_init(&json, &buf);
	deps_print_json(&json, &given.answer);
	buf_putc(json.buf, '\n');
	assert_true(json_is_valid(buf_text(&buf)));
	assert_non_null(
		strstr(buf_text(&buf), "{\"program\":\"tool\",\"starts\":false,\"files\":["));
	assert_non_null(strstr(buf_text(&buf), "\"needed_by\":null"));
	assert_non_null(strstr(buf_text(&buf), "\"name\":\"libb.so\",\"role\":\"library\""));
	assert_non_null(strstr(buf_text(&buf),
			       "{\"from\":\"/opt/liba.so\",\"to\":null,\"name\":\"libgone.so\"}"));
	assert_non_null(strstr(buf_text(&buf), "\"weight\":\"start\""));
}

/* A chain as long as this, told by recursion with a line's indentation each, would be megabytes. */
static void a_deep_tree_stays_readable(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(1 << 20);
	char last[64];

	(void)state;
	start("deep");
	add(ROLE_PROGRAM, RULE_GIVEN, "/bin/deep", "/bin/deep", "", CLOSURE_NONE);
	for (size_t i = 1; i < MAX_FILES; i++)
		add(ROLE_LIBRARY, RULE_CACHE, "lib.so", "/lib/lib.so", "", i - 1);
	assert_int_equal(deps_print_tree(&buf, &given.answer), 0);
	assert_int_equal(buf_error(&buf), 0);
	(void)snprintf(last, sizeof(last), " [level %d] lib.so => /lib/lib.so", MAX_FILES - 1);
	assert_non_null(strstr(buf_text(&buf), last));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(files_are_told_a_line_each_and_libraries_last),
		cmocka_unit_test(a_tree_tells_each_file_once_and_ends_in_a_loop),
		cmocka_unit_test(what_is_missing_stands_below_whoever_needs_it),
		cmocka_unit_test(a_note_does_not_stop_a_start),
		cmocka_unit_test(a_library_is_loaded_not_started),
		cmocka_unit_test(a_name_that_is_nowhere_on_the_path_is_missing),
		cmocka_unit_test(names_cannot_forge_a_line),
		cmocka_unit_test(json_names_the_files_the_needs_and_the_troubles),
		cmocka_unit_test(a_deep_tree_stays_readable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
