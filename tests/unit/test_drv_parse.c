/* SPDX-License-Identifier: MIT */
/*
 * test_drv_parse.c - derivations as Nix writes them, and as nobody may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "drv/drv_parse.h"

#define STORE "/nix/store/"
#define HASH "0123456789abcdfghijklmnpqrsvwxyz"
#define A STORE HASH "-a"
#define IN STORE HASH "-in.drv"
#define OUT(name, path) "(\"" name "\",\"" path "\",\"\",\"\")"
#define REST \
	",\"x86_64-linux\",\"/bin/sh\",[\"-c\",\"a\\nb\"],[(\"name\",\"a\"),(\"q\",\"\\\"\\\\\\t\\r\")])"
#define WHOLE \
	"Derive([" OUT("out", A) "],[(\"" IN "\",[\"dev\",\"out\"])],[\"" STORE HASH "-src\"]" REST
#define DERIVE(outputs, inputs, sources) "Derive([" outputs "],[" inputs "],[" sources "]" REST

static struct arena arena;

static int parse(const char *text, size_t len, struct drv *ret_drv, struct croft_error *err)
{
	arena_done(&arena);
	arena_init(&arena, 1 << 20);
	return drv_parse(&arena, "a.drv", text, len, ret_drv, err);
}

static void reads_a_whole_one(void **state)
{
	struct croft_error err = { 0 };
	struct drv drv;

	(void)state;
	assert_int_equal(parse(WHOLE, strlen(WHOLE), &drv, &err), 0);
	assert_string_equal(drv.store_dir, "/nix/store");
	assert_int_equal(drv.n_outputs, 1);
	assert_string_equal(drv.outputs[0].name, "out");
	assert_string_equal(drv.outputs[0].path, A);
	assert_int_equal(drv.n_inputs, 1);
	assert_string_equal(drv.inputs[0].path, IN);
	assert_int_equal(drv.inputs[0].n_outputs, 2);
	assert_string_equal(drv.inputs[0].outputs[1], "out");
	assert_int_equal(drv.n_sources, 1);
	assert_string_equal(drv.system, "x86_64-linux");
	assert_string_equal(drv.builder, "/bin/sh");
	assert_int_equal(drv.n_args, 2);
	assert_string_equal(drv.args[1], "a\nb");
	assert_string_equal(drv_variable(&drv, "q"), "\"\\\t\r");
	assert_null(drv_variable(&drv, "nam"));
	assert_non_null(drv_find_output(&drv, "out"));
	assert_null(drv_find_output(&drv, "dev"));
	assert_false(drv_is_fixed(&drv));
}

static void every_beginning_of_one_is_refused(void **state)
{
	struct drv drv;

	(void)state;
	for (size_t len = 0; len < strlen(WHOLE); len++) {
		struct croft_error err = { 0 };

		assert_true(parse(WHOLE, len, &drv, &err) < 0);
		assert_true(err.what[0]);
	}
}

static const struct {
	const char *text, *what;
} refused[] = {
	{ "", "does not begin with" },
	{ "derive(", "does not begin with" },
	{ "DrvWithVersion(\"xp-dyn-drv\",[", "DrvWithVersion" },
	{ WHOLE "\n", "behind the end" },
	{ "Derive( [", "form" },
	{ "Derive([],[],[]" REST, "0 outputs" },
	{ DERIVE(OUT("out", A) "," OUT("out", A "b"), "", ""), "an output stands twice: 'out'" },
	{ DERIVE(OUT("out", A) "," OUT("dev", A), "", ""), "two outputs have one path" },
	{ DERIVE(OUT("out", A) ",", "", ""), "form" },
	{ DERIVE(OUT("", A), "", ""), "no name" },
	{ DERIVE(OUT("out", A "/b"), "", ""), "no path of the store" },
	{ DERIVE(OUT("out", STORE HASH "-.."
				       "/.."),
		 "", ""),
	  "no path" },
	{ DERIVE(OUT("out", "relative"), "", ""), "no path of a store" },
	{ DERIVE(OUT("out", STORE "short-a"), "", ""), "no path of the store" },
	{ DERIVE(OUT("out", STORE HASH "-a b"), "", ""), "no path of the store" },
	{ DERIVE(OUT("out", A) "," OUT("dev", "/gnu/store/" HASH "-a"), "", ""),
	  "no path of the store" },
	{ DERIVE(OUT("out", A), "(\"" A "\",[\"out\"])", ""), "no .drv" },
	{ DERIVE(OUT("out", A), "(\"" IN "\",[])", ""), "of no output" },
	{ DERIVE(OUT("out", A), "(\"" IN "\",[\"out\"]),(\"" IN "\",[\"dev\"])", ""),
	  "an input stands twice" },
	{ DERIVE(OUT("out", A), "", "\"/etc/passwd\""), "a source is no path" },
	{ DERIVE(OUT("out", A), "", "\"" A "\",\"" A "\""), "a source stands twice" },
	{ "Derive([" OUT("out", A) "],[],[],\"s\",\"b\",[],[(\"a\",\"1\"),(\"a\",\"2\")])",
	  "a variable stands twice: 'a'" },
	{ "Derive([" OUT("out", A) "],[],[],\"s\",\"b\",[],[(\"a=b\",\"1\")])",
	  "no name of a variable" },
	{ "Derive([" OUT("out", A) "],[],[],\"s\",\"b\",[],[(\"\",\"1\")])",
	  "no name of a variable" },
	{ "Derive([" OUT("out", A) "],[],[],\"\\x\",\"b\",[],[])", "escape" },
	{ "Derive([" OUT("out", A) "],[],[],\"s\",\"b\",[\"\\", "within a string" },
};

static void what_is_not_of_the_form_is_refused_with_its_reason(void **state)
{
	struct drv drv;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct croft_error err = { 0 };

		assert_true(parse(refused[i].text, strlen(refused[i].text), &drv, &err) < 0);
		if (!strstr(err.what, refused[i].what))
			fail_msg("%s: said '%s'", refused[i].text, err.what);
	}
}

static void a_nul_is_refused(void **state)
{
	static const char text[] = "Derive([" OUT("o\0t", A) "],[],[]" REST;
	struct croft_error err = { 0 };
	struct drv drv;

	(void)state;
	assert_true(parse(text, sizeof(text) - 1, &drv, &err) < 0);
	assert_non_null(strstr(err.what, "NUL"));
}

static void one_hash_and_one_output_is_fixed(void **state)
{
	static const char text[] = "Derive([(\"out\",\"" A "\",\"sha256\",\"00\")],[],[]" REST;
	struct croft_error err = { 0 };
	struct drv drv;

	(void)state;
	assert_int_equal(parse(text, strlen(text), &drv, &err), 0);
	assert_true(drv_is_fixed(&drv));
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_whole_one),
		cmocka_unit_test(every_beginning_of_one_is_refused),
		cmocka_unit_test(what_is_not_of_the_form_is_refused_with_its_reason),
		cmocka_unit_test(a_nul_is_refused),
		cmocka_unit_test(one_hash_and_one_output_is_fixed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
