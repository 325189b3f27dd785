/* SPDX-License-Identifier: MIT */
/*
 * test_drv_env.c - a builder's variables and files, structured attributes, and what is refused.
 *
 * That all this is what Nix does is compared with Nix: nix/test_drv.py, nix/test_drv_newer.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "drv/checks.h"
#include "drv/drv_env.h"

#define PATH_OUT "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-a"
#define PATH_DEV "/nix/store/0123456789abcdfghijklmnpqrsvwxyz-a-dev"

static struct arena arena;
static struct croft_error err;
static const struct drv_output plain[] = { { "out", PATH_OUT, "", "" },
					   { "dev", PATH_DEV, "", "" } };
static const struct drv_output fixed[] = { { "out", PATH_OUT, "sha256", "00" } };

static int set_up(void **state)
{
	(void)state;
	memset(&err, 0, sizeof(err));
	arena_init(&arena, (size_t)64 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_done(&arena);
	return 0;
}

static struct drv make(const struct build_variable *env, size_t n_env)
{
	return (struct drv){ .store_dir = "/nix/store",
			     .outputs = plain,
			     .n_outputs = ARRAY_SIZE(plain),
			     .system = "x86_64-linux",
			     .builder = "/bin/sh",
			     .env = env,
			     .n_env = n_env };
}

static const char *look_up(const char *name)
{
	return strcmp(name, "proxy") == 0 ? "http://localhost" : NULL;
}

static const char *value_of(const struct drv_env *env, const char *name)
{
	const char *found = NULL;

	for (size_t i = 0; i < env->n; i++)
		if (!strcmp(env->variables[i].name, name)) {
			assert_null(found);
			found = env->variables[i].value;
		}
	return found;
}

static void a_builder_has_nixs_variables_and_the_derivations(void **state)
{
	static const struct build_variable own[] = {
		{ "PATH", "/own" }, { "TMPDIR", "/elsewhere" },       { "impureEnvVars", "proxy" },
		{ "name", "a" },    { "passAsFile", " text\n none" }, { "text", "passed" }
	};
	static const struct build_variable wanted[] = {
		{ "HOME", "/homeless-shelter" },
		{ "NIX_BUILD_CORES", "3" },
		{ "NIX_BUILD_TOP", "/build" },
		{ "NIX_LOG_FD", "2" },
		{ "NIX_STORE", "/nix/store" },
		{ "PATH", "/own" },
		{ "PWD", "/build" },
		{ "TEMP", "/build" },
		{ "TEMPDIR", "/build" },
		{ "TERM", "xterm-256color" },
		{ "TMP", "/build" },
		{ "TMPDIR", "/build" },
		{ "impureEnvVars", "proxy" },
		{ "name", "a" },
		{ "passAsFile", " text\n none" },
		{ "textPath", "/build/.attr-1lf969yddshzhld7sr1vbagr07bnygg99lgl6gk5kxcnp4z9wbcq" },
	};
	struct drv drv = make(own, ARRAY_SIZE(own));
	struct attrs attrs = { 0 };
	struct drv_env env;

	(void)state;
	assert_int_equal(drv_env_make(&arena, &drv, &attrs, 3, look_up, &env, &err), 0);
	assert_int_equal(env.n, ARRAY_SIZE(wanted));
	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
		assert_string_equal(value_of(&env, wanted[i].name), wanted[i].value);
	assert_int_equal(env.n_files, 1);
	assert_string_equal(env.files[0].data, "passed");
	assert_string_equal(env.files[0].name, strstr(wanted[15].value, ".attr"));
}

static void a_fixed_output_derivation_has_what_it_asks_of_the_caller(void **state)
{
	static const struct build_variable own[] = { { "impureEnvVars", "proxy none" } };
	struct drv drv = make(own, ARRAY_SIZE(own));
	struct attrs attrs = { 0 };
	struct drv_env env;

	(void)state;
	drv.outputs = fixed;
	drv.n_outputs = ARRAY_SIZE(fixed);
	assert_int_equal(drv_env_make(&arena, &drv, &attrs, 3, look_up, &env, &err), 0);
	assert_string_equal(value_of(&env, "NIX_OUTPUT_CHECKED"), "1");
	assert_string_equal(value_of(&env, "proxy"), "http://localhost");
	assert_string_equal(value_of(&env, "none"), "");
}

#define OUTPUTS "\"outputs\":{\"dev\":\"" PATH_DEV "\",\"out\":\"" PATH_OUT "\"}"
#define SHELL_OUTPUTS "declare -A outputs=(['dev']='" PATH_DEV "' ['out']='" PATH_OUT "' )\n"

static const struct {
	const char *given, *json, *shell;
} structured[] = {
	{ "{}", "{" OUTPUTS "}", SHELL_OUTPUTS },
	{ "{\"b\": 1, \"a\": \"x\"}", "{\"a\":\"x\",\"b\":1," OUTPUTS "}",
	  "declare a='x'\ndeclare b=1\n" SHELL_OUTPUTS },
	{ "{\"a\": [1, -2, true, false, null, \"it's\"]}",
	  "{\"a\":[1,-2,true,false,null,\"it's\"]," OUTPUTS "}",
	  "declare -a a=(1 -2 1  '' 'it'\\''s' )\n" SHELL_OUTPUTS },
	{ "{\"a\": 0.1, \"b\": 2.0, \"c\": 1e300, \"d\": 1.5e-7}",
	  "{\"a\":0.1,\"b\":2.0,\"c\":1e+300,\"d\":1.5e-07," OUTPUTS "}",
	  "declare b=2\ndeclare c=-2147483648\n" SHELL_OUTPUTS },
	{ "{\"a\": [[]], \"b\": {\"x\": {}}, \"c-d\": 1, \"1\": 1, \"_1\": null}",
	  "{\"1\":1,\"_1\":null,\"a\":[[]],\"b\":{\"x\":{}},\"c-d\":1," OUTPUTS "}",
	  "declare _1=''\n" SHELL_OUTPUTS },
	{ "{\"a\": \"\\u00e9\\n\\u0001\\u001f\\\\\\\"/\", \"outputs\": [\"out\"]}",
	  "{\"a\":\"\xc3\xa9\\n\\u0001\\u001f\\\\\\\"/\"," OUTPUTS "}",
	  "declare a='\xc3\xa9\n\x01\x1f\\\"/'\n" SHELL_OUTPUTS },
	{ "{\"a\": {\"y z\": 2, \"x\": \"1\"}}", "{\"a\":{\"x\":\"1\",\"y z\":2}," OUTPUTS "}",
	  "declare -A a=(['x']='1' ['y z']=2 )\n" SHELL_OUTPUTS },
};

static void structured_attributes_are_written_as_nix_writes_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(structured); i++) {
		const struct build_variable own[] = { { "__json", structured[i].given } };
		struct drv drv = make(own, 1);
		struct attrs attrs;
		struct drv_env env;

		assert_int_equal(attrs_load(&drv, &attrs, &err), 0);
		assert_int_equal(drv_env_make(&arena, &drv, &attrs, 3, look_up, &env, &err), 0);
		assert_int_equal(env.n_files, 2);
		assert_string_equal(env.files[0].name, ".attrs.sh");
		assert_string_equal(env.files[0].data, structured[i].shell);
		assert_string_equal(env.files[1].name, ".attrs.json");
		assert_string_equal(env.files[1].data, structured[i].json);
		assert_string_equal(value_of(&env, "NIX_ATTRS_SH_FILE"), "/build/.attrs.sh");
		assert_null(value_of(&env, "__json"));
		attrs_done(&attrs);
	}
}

/* A variable, or __json where the name is "": refused with a word, or NULL: taken. */
static const struct {
	const char *name, *value, *word;
} attributes[] = {
	{ "name", "a", NULL },
	{ "exportReferencesGraph", "x /nix/store/y", "'exportReferencesGraph'" },
	{ "exportReferencesGraph", "", NULL },
	{ "__noChroot", "1", "'__noChroot'" },
	{ "__noChroot", "0", NULL },
	{ "requiredSystemFeatures", "big-parallel recursive-nix", "'recursive-nix'" },
	{ "requiredSystemFeatures", "big-parallel", NULL },
	{ "", "{\"requiredSystemFeatures\":[\"uid-range\"]}", "'uid-range'" },
	{ "", "{\"requiredSystemFeatures\":\"kvm\"}", "is no list" },
	{ "", "{\"exportReferencesGraph\":{\"x\":[]}}", "'exportReferencesGraph'" },
	{ "", "{\"exportReferencesGraph\":{}}", NULL },
	{ "", "{\"unsafeDiscardReferences\":{\"out\":true}}", "'unsafeDiscardReferences'" },
	{ "", "[]", "is no object" },
	{ "", "{\"a\":1,\"a\":2}", "duplicate" },
	{ "allowedReferences", "out " PATH_DEV, NULL },
	{ "allowedReferences", "lib", "'lib'" },
	{ "allowedRequisites", "out", "needs Nix's database" },
	{ "disallowedReferences", "/etc/passwd", "'/etc/passwd'" },
	{ "", "{\"outputChecks\":{\"out\":{\"maxSize\":1,\"allowedReferences\":[]}}}", NULL },
	{ "", "{\"outputChecks\":{\"out\":{\"ignoreSelfRefs\":true}}}", NULL },
	{ "", "{\"outputChecks\":{\"lib\":{\"unknown\":1}}}", NULL },
	{ "", "{\"outputChecks\":{\"out\":{\"maxClosureSize\":1}}}", "'maxClosureSize'" },
	{ "", "{\"outputChecks\":{\"out\":{\"maxSize\":-1}}}", "'maxSize'" },
	{ "", "{\"outputChecks\":{\"out\":{\"allowedReferences\":\"x\"}}}", "is no list" },
	{ "", "{\"outputChecks\":{\"out\":[]}}", "is no object" },
};

static void what_croft_does_not_do_is_refused_by_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++) {
		const char *name = *attributes[i].name ? attributes[i].name : "__json";
		const struct build_variable own[] = { { name, attributes[i].value } };
		const struct output_checks *checks;
		struct drv drv = make(own, 1);
		struct graph graph = { 0 };
		struct attrs attrs;
		int r = attrs_load(&drv, &attrs, &err);

		if (r == 0)
			r = attrs_check(&attrs, &drv, "a.drv", &err);
		if (r == 0)
			r = checks_load(&attrs, &drv, &graph, &arena, &checks, &err);
		if ((r == 0) != (attributes[i].word == NULL) ||
		    (r < 0 && !strstr(err.what, attributes[i].word)))
			fail_msg("%s=%s: %d, %s", name, attributes[i].value, r, err.what);
		attrs_done(&attrs);
	}
}

static const struct {
	struct drv_output output;
	const char *builder, *word;
} forms[] = {
	{ { "out", PATH_OUT, "", "" }, "/bin/sh", NULL },
	{ { "out", PATH_OUT, "r:sha256", "00" }, "/bin/sh", NULL },
	{ { "out", "", "r:sha256", "" }, "/bin/sh", "content-addressed" },
	{ { "out", "", "r:sha256", "impure" }, "/bin/sh", "impure" },
	{ { "out", "", "", "" }, "/bin/sh", "without a path" },
	{ { "bin", PATH_OUT, "sha256", "00" }, "/bin/sh", "'bin'" },
	{ { "out", PATH_OUT, "", "" }, "builtin:fetchurl", "'builtin:fetchurl'" },
	{ { "out", PATH_OUT, "", "" }, "sh", "no absolute path" },
};

static void outputs_and_builders_that_only_nix_has_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		struct drv drv = make(NULL, 0);
		struct attrs attrs = { 0 };
		int r;

		drv.outputs = &forms[i].output;
		drv.n_outputs = 1;
		drv.builder = forms[i].builder;
		r = attrs_check(&attrs, &drv, "a.drv", &err);
		if ((r == 0) != (forms[i].word == NULL) ||
		    (r < 0 && !strstr(err.what, forms[i].word)))
			fail_msg("%zu: %d, %s", i, r, err.what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_builder_has_nixs_variables_and_the_derivations,
						set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			a_fixed_output_derivation_has_what_it_asks_of_the_caller, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			structured_attributes_are_written_as_nix_writes_them, set_up, tear_down),
		cmocka_unit_test_setup_teardown(what_croft_does_not_do_is_refused_by_name, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(outputs_and_builders_that_only_nix_has_are_refused,
						set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
