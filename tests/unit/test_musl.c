/* SPDX-License-Identifier: MIT */
/*
 * test_musl.c - where musl's loader looks, and what it makes of what it finds.
 *
 * In images made for it; tests/cli/test_deps_musl.py asks the true loader.
 */
#include "make_root.h"

static void make_musl_program(const char *name, const char *need, const char *rpath,
			      const char *runpath)
{
	make_object(name, &(struct object_spec){ .interp = ROOT_MUSL,
						 .is_program = true,
						 .rpath = rpath,
						 .runpath = runpath,
						 .needs = { need } });
}

static void remove_in_image(const char *name)
{
	char path[GROUND_PATH];

	(void)snprintf(path, sizeof(path), "%s/image%s", scratch, name);
	assert_return_code(unlink(path), errno);
}

/* Each place in turn, when the ones before it are taken away. */
static void places_are_searched_in_order(void **state)
{
	static const struct {
		const char *path;
		enum closure_rule rule;
	} places[] = {
		{ "/env/libx.so", RULE_LIBRARY_PATH },
		{ "/rpath/libx.so", RULE_RPATH },
		{ "/lib/libx.so", RULE_MUSL_PATH },
		{ "/usr/local/lib/libx.so", RULE_MUSL_PATH },
		{ "/usr/lib/libx.so", RULE_MUSL_PATH },
	};
	struct closure_input input = root_input();

	(void)state;
	input.library_path = "/env";
	make_musl_program("/prog", "libx.so", "/rpath", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		make_library(places[i].path, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		close_over(&input, "/prog");
		assert_found("libx.so", places[i].path, places[i].rule);
		remove_in_image(places[i].path);
	}
	close_over(&input, "/prog");
	assert_trouble(TROUBLE_LIBRARY_MISSING, "libx.so");
}

static void its_own_file_takes_the_place_of_the_usual_directories(void **state)
{
	(void)state;
	make_musl_program("/prog", "libx.so", NULL, NULL);
	make_library("/lib/libx.so", NULL);
	make_library("/a/libx.so", NULL);
	make_file("image/etc/ld-musl-test.path", "/nothing\n/a:/lib\n", 0644);
	close_over_plain("/prog");
	assert_found("libx.so", "/a/libx.so", RULE_MUSL_PATH);
	assert_string_equal(found("libx.so")->detail, "/a");
	assert_found("/etc/ld-musl-test.path", "/etc/ld-musl-test.path", RULE_CONFIG);
	/* an empty one: there are no directories at all */
	make_file("image/etc/ld-musl-test.path", "", 0644);
	close_over_plain("/prog");
	assert_trouble(TROUBLE_LIBRARY_MISSING, "libx.so");
}

static void the_file_lies_beside_the_loaders_own_tree(void **state)
{
	(void)state;
	make_object("/opt/musl/lib/ld-musl-test.so.1",
		    &(struct object_spec){ STRINGS("/etc/ld-musl-test.path") });
	make_object("/prog", &(struct object_spec){ .interp = "/opt/musl/lib/ld-musl-test.so.1",
						    .needs = { "libx.so" } });
	make_library("/a/libx.so", NULL);
	make_library("/b/libx.so", NULL);
	make_dir("image/opt/musl/etc");
	make_file("image/opt/musl/etc/ld-musl-test.path", "/a", 0644);
	make_file("image/etc/ld-musl-test.path", "/b", 0644);
	close_over_plain("/prog");
	assert_found("libx.so", "/a/libx.so", RULE_MUSL_PATH);
}

static void both_kinds_of_list_are_inherited(void **state)
{
	(void)state;
	make_musl_program("/prog", "liba.so", NULL, "/d");
	make_library("/d/liba.so", "libb.so");
	make_object("/d/libb.so", &(struct object_spec){ .needs = { "libc2.so" },
							 .runpath = "/e",
							 .rpath = "/d" });
	make_library("/e/libc2.so", "libd.so");
	make_library("/d/libd.so", NULL);
	make_library("/d/libc2.so", NULL);
	close_over_plain("/prog");
	assert_found("libb.so", "/d/libb.so", RULE_RUNPATH);
	assert_found("libc2.so", "/e/libc2.so", RULE_RUNPATH); /* not its DT_RPATH */
	assert_found("libd.so", "/d/libd.so", RULE_RUNPATH);
	assert_no_trouble();
}

static void origin_is_the_only_token(void **state)
{
	(void)state;
	make_musl_program("/opt/bin/prog", "libx.so", "${ORIGIN}/../d:/e", NULL);
	make_library("/opt/bin/../d/libx.so", NULL);
	make_library("/e/libx.so", NULL);
	close_over_plain("/opt/bin/prog");
	assert_found("libx.so", "/opt/bin/../d/libx.so", RULE_RPATH);
	/* the whole list counts for nothing */
	make_musl_program("/opt/bin/prog", "libx.so", "/e:$LIB", NULL);
	close_over_plain("/opt/bin/prog");
	assert_trouble(TROUBLE_LIBRARY_MISSING, "libx.so");
}

static void its_own_libraries_are_the_loader(void **state)
{
	static const char *const names[] = { "libc.so",         "libc.musl-test.so.1", "libm.so.6",
					     "libpthread.so.0", "libdl.so.2",          ROOT_MUSL };
	struct object_spec spec = { .interp = ROOT_MUSL, .rpath = "/d" };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		spec.needs[i] = names[i];
	make_object("/prog", &spec);
	make_library("/d/libc.so", NULL);
	make_library("/d/libm.so.6", NULL);
	close_over_plain("/prog");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		assert_found(names[i], ROOT_MUSL, RULE_INTERP);
	assert_int_equal(closure.n_files, 2);
	assert_no_trouble();
}

static void preloads_do_not_look_into_the_programs_list(void **state)
{
	struct closure_input input = root_input();

	(void)state;
	input.preload = "libx.so\t:liby.so\n";
	make_musl_program("/prog", NULL, "/rpath", NULL);
	make_library("/rpath/libx.so", NULL);
	make_library("/lib/liby.so", NULL);
	close_over(&input, "/prog");
	assert_null(found("libx.so"));
	assert_found("liby.so", "/lib/liby.so", RULE_PRELOAD);
	assert_int_equal(found("liby.so")->needed_by, 0);
	assert_no_trouble();
}

static void the_first_file_that_opens_is_taken_whatever_it_is(void **state)
{
	const struct trouble *trouble;

	(void)state;
	make_musl_program("/prog", "libx.so", "/bad:/good", NULL);
	make_library("/good/libx.so", NULL);
	make_object("/bad/libx.so", &(struct object_spec){ .is_other_machine = true });
	close_over_plain("/prog");
	assert_trouble(TROUBLE_LIBRARY_MACHINE, "libx.so");
	trouble = closure_find_trouble(&closure, WEIGHT_START);
	assert_non_null(strstr(trouble->detail, "/bad/libx.so"));
	make_file("image/bad/libx.so", "text", 0644);
	close_over_plain("/prog");
	assert_trouble(TROUBLE_LIBRARY_FORMAT, "/bad/libx.so");
	remove_in_image("/bad/libx.so");
	close_over_plain("/prog");
	assert_found("libx.so", "/good/libx.so", RULE_RPATH);
}

static void versions_and_levels_of_cpus_mean_nothing(void **state)
{
	(void)state;
	make_object("/prog", &(struct object_spec){ .interp = ROOT_MUSL,
						    .runpath = "/d",
						    .needs = { "libx.so" },
						    .verneed = "X_2",
						    .verneed_file = "libx.so" });
	make_object("/d/libx.so", &(struct object_spec){ .verdef = "X_1", .isa_needed = 1U << 9 });
	close_over_plain("/prog");
	assert_found("libx.so", "/d/libx.so", RULE_RUNPATH);
	assert_no_trouble();
}

static void a_name_too_long_for_the_loaders_buffer_is_passed_over(void **state)
{
	char dir[480] = "/d", list[520];
	const char *name = "lib-with-a-name-of-forty-two-characters.so";

	(void)state;
	while (strlen(dir) + 6 < sizeof(dir))
		memcpy(dir + strlen(dir), "/part", 6);
	(void)snprintf(list, sizeof(list), "%s:/good", dir);
	make_musl_program("/prog", name, list, NULL);
	make_library("/good/lib-with-a-name-of-forty-two-characters.so", NULL);
	close_over_plain("/prog");
	assert_found(name, "/good/lib-with-a-name-of-forty-two-characters.so", RULE_RPATH);
}

static void a_library_that_is_added_later_inherits_from_the_program(void **state)
{
	const struct closure_input input = root_input();

	(void)state;
	make_musl_program("/prog", NULL, "/d", NULL);
	make_library("/mod/plugin.so", "libx.so");
	make_library("/d/libx.so", "none.so");
	close_over(&input, "/prog");
	assert_int_equal(closure_add_library(&closure, &input, "/mod/plugin.so", NULL), 0);
	assert_found("libx.so", "/d/libx.so", RULE_RPATH);
	assert_null(found("none.so"));
	assert_no_trouble();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROOT_TEST(places_are_searched_in_order),
		ROOT_TEST(its_own_file_takes_the_place_of_the_usual_directories),
		ROOT_TEST(the_file_lies_beside_the_loaders_own_tree),
		ROOT_TEST(both_kinds_of_list_are_inherited),
		ROOT_TEST(origin_is_the_only_token),
		ROOT_TEST(its_own_libraries_are_the_loader),
		ROOT_TEST(preloads_do_not_look_into_the_programs_list),
		ROOT_TEST(the_first_file_that_opens_is_taken_whatever_it_is),
		ROOT_TEST(versions_and_levels_of_cpus_mean_nothing),
		ROOT_TEST(a_name_too_long_for_the_loaders_buffer_is_passed_over),
		ROOT_TEST(a_library_that_is_added_later_inherits_from_the_program),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
