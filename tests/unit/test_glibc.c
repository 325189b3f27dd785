/* SPDX-License-Identifier: MIT */
/*
 * test_glibc.c - where glibc's loader looks, in what order, and what it makes of what it finds.
 *
 * In images made for it; tests/cli/test_deps_fixtures.py asks the true loader. Here is what that
 * cannot be had for there: other roots and caches, other versions of glibc, other kernels.
 */
#include "make_root.h"

#include <sys/utsname.h>

#include "make_cache.h"

#define CACHE_FLAGS (elf_own_machine() == EM_AARCH64 ? 0x0a03U : 0x0303U)

static const struct object_spec empty_spec;

static void write_cache(const char *name, const char *path)
{
	const struct cache_row rows[] = { { CACHE_FLAGS, name, path, 0 } };
	const struct cache_plan plan = {
		.rows = rows, .n_rows = 1, .has_new = true, .align = 8, .endian = -1
	};
	struct cache_bytes bytes = make_cache(&plan);
	char file[GROUND_PATH];
	int fd = open(in_scratch(file, "image/etc/ld.so.cache"),
		      O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	assert_return_code(fd, errno);
	assert_int_equal(write(fd, bytes.data, bytes.size), (long)bytes.size);
	(void)close(fd);
	free(bytes.data);
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
		const char *dir;
		enum closure_rule rule;
	} places[] = {
		{ "/rpath", RULE_RPATH },  { "/env", RULE_LIBRARY_PATH },
		{ "/cached", RULE_CACHE }, { "/lib/multi", RULE_DEFAULT },
		{ "/lib", RULE_DEFAULT },
	};
	struct closure_input input = root_input();
	char path[64];

	(void)state;
	input.library_path = "/env";
	make_dynamic("/prog", "libx.so", "/rpath", NULL);
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		(void)snprintf(path, sizeof(path), "%s/libx.so", places[i].dir);
		make_library(path, NULL);
	}
	write_cache("libx.so", "/cached/libx.so");
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		(void)snprintf(path, sizeof(path), "%s/libx.so", places[i].dir);
		close_over(&input, "/prog");
		assert_found("libx.so", path, places[i].rule);
		assert_string_equal(found("libx.so")->detail,
				    places[i].rule == RULE_CACHE ? "" : places[i].dir);
		assert_no_trouble();
		remove_in_image(path);
	}
	close_over(&input, "/prog");
	assert_null(found("libx.so"));
	assert_trouble(TROUBLE_LIBRARY_MISSING, "libx.so");
}

static void runpath_stands_behind_the_environment(void **state)
{
	struct closure_input input = root_input();

	(void)state;
	make_dynamic("/prog", "libx.so", "/rpath", "/runpath");
	make_library("/rpath/libx.so", NULL);
	make_library("/runpath/libx.so", NULL);
	make_library("/env/libx.so", NULL);
	close_over(&input, "/prog");
	assert_found("libx.so", "/runpath/libx.so", RULE_RUNPATH);
	input.library_path = "/env";
	close_over(&input, "/prog");
	assert_found("libx.so", "/env/libx.so", RULE_LIBRARY_PATH);
}

static void a_cache_is_a_file_of_the_closure_if_it_was_asked(void **state)
{
	(void)state;
	make_dynamic("/prog", "libx.so", "/d", NULL);
	make_library("/d/libx.so", NULL);
	write_cache("libx.so", "/d/libx.so");
	close_over_plain("/prog");
	assert_null(found("/etc/ld.so.cache"));
	make_dynamic("/prog", "libx.so", NULL, NULL);
	close_over_plain("/prog");
	assert_found("/etc/ld.so.cache", "/etc/ld.so.cache", RULE_CONFIG);
}

static void a_cache_that_is_broken_or_lies_is_passed_over(void **state)
{
	(void)state;
	make_dynamic("/prog", "libx.so", NULL, NULL);
	make_library("/lib/libx.so", NULL);
	write_cache("libx.so", "/gone/libx.so");
	close_over_plain("/prog");
	assert_found("libx.so", "/lib/libx.so", RULE_DEFAULT);
	make_file("image/etc/ld.so.cache", "no cache", 0644);
	close_over_plain("/prog");
	assert_found("libx.so", "/lib/libx.so", RULE_DEFAULT);
	make_file("image/etc/ld.so.cache", "", 0644);
	close_over_plain("/prog");
	assert_found("libx.so", "/lib/libx.so", RULE_DEFAULT);
}

static void an_image_without_a_cache_has_the_directories_of_its_configuration(void **state)
{
	(void)state;
	make_dynamic("/prog", "libx.so", NULL, NULL);
	make_library("/local/libx.so", NULL);
	make_library("/lib/libx.so", NULL);
	make_file("image/etc/ld.so.conf", "/nothing\n/local\n", 0644);
	close_over_plain("/prog");
	assert_found("libx.so", "/local/libx.so", RULE_CONF);
	/* with a cache, that alone */
	write_cache("liby.so", "/local/liby.so");
	close_over_plain("/prog");
	assert_found("libx.so", "/lib/libx.so", RULE_DEFAULT);
}

static void an_object_without_default_directories_gets_none_of_them(void **state)
{
	(void)state;
	make_library("/lib/libx.so", NULL);
	make_library("/cached/libx.so", NULL);
	make_object("/prog", &(struct object_spec){ .interp = ROOT_LOADER,
						    .is_nodeflib = true,
						    .needs = { "libx.so" } });
	write_cache("libx.so", "/lib/libx.so");
	close_over_plain("/prog");
	assert_trouble(TROUBLE_LIBRARY_MISSING, "libx.so");
	write_cache("libx.so", "/cached/libx.so");
	close_over_plain("/prog");
	assert_found("libx.so", "/cached/libx.so", RULE_CACHE);
	make_dynamic("/prog", "libx.so", NULL, NULL);
	write_cache("libx.so", "/lib/libx.so");
	close_over_plain("/prog");
	assert_found("libx.so", "/lib/libx.so", RULE_CACHE);
}

static void preloads_come_from_the_variable_and_then_from_the_file(void **state)
{
	struct closure_input input = root_input();

	(void)state;
	input.preload = " liba.so:/d/libb.so missing.so";
	input.library_path = "/d";
	make_dynamic("/prog", "libx.so", NULL, NULL);
	for (size_t i = 0; i < 5; i++)
		make_library(((const char *const[]){ "/d/liba.so", "/d/libb.so", "/d/libc.so",
						     "/d/libd.so", "/d/libx.so" })[i],
			     NULL);
	make_file("image/etc/ld.so.preload", "# libx.so\nlibc.so\t# no\n:libd.so", 0644);
	close_over(&input, "/prog");
	assert_found("liba.so", "/d/liba.so", RULE_PRELOAD);
	assert_found("/d/libb.so", "/d/libb.so", RULE_PRELOAD);
	assert_found("libc.so", "/d/libc.so", RULE_PRELOAD_FILE);
	assert_found("libd.so", "/d/libd.so", RULE_PRELOAD_FILE);
	assert_found("libx.so", "/d/libx.so", RULE_LIBRARY_PATH);
	assert_found("/etc/ld.so.preload", "/etc/ld.so.preload", RULE_CONFIG);
	/* what cannot be preloaded is no failure, but it is noted */
	assert_null(found("missing.so"));
	assert_no_trouble();
}

static void a_tokens_value_comes_from_the_loader_and_the_object(void **state)
{
	(void)state;
	make_dynamic("/opt/bin/prog", "libx.so", NULL, "$ORIGIN/../$LIB");
	/* the first of the loader's directories is /lib/multi */
	make_library("/opt/bin/../lib/multi/libx.so", NULL);
	close_over_plain("/opt/bin/prog");
	assert_found("libx.so", "/opt/bin/../lib/multi/libx.so", RULE_RUNPATH);
	assert_string_equal(found("libx.so")->real, "/opt/lib/multi/libx.so");
	assert_string_equal(found("libx.so")->detail, "$ORIGIN/../$LIB");
}

#define STORE "/nix/store/h-glibc"

/* The loader of a store knows nothing of /lib and /etc. */
static void a_loader_in_a_store_has_directories_of_its_own(void **state)
{
	(void)state;
	make_object(STORE "/lib/ld-linux-test.so.2",
		    &(struct object_spec){ STRINGS("release version 2.39.\0" STORE
						   "/etc/ld.so.cache\0" STORE "/lib/\0") });
	make_object("/prog", &(struct object_spec){ .interp = STORE "/lib/ld-linux-test.so.2",
						    .runpath = "/x/$LIB",
						    .needs = { "libx.so", "liby.so" } });
	make_library("/x/lib/libx.so", NULL);
	make_library("/lib/liby.so", NULL);
	write_cache("liby.so", "/lib/liby.so");
	close_over_plain("/prog");
	assert_found("libx.so", "/x/lib/libx.so", RULE_RUNPATH);
	assert_trouble(TROUBLE_LIBRARY_MISSING, "liby.so");
	make_library(STORE "/lib/liby.so", NULL);
	close_over_plain("/prog");
	assert_found("liby.so", STORE "/lib/liby.so", RULE_DEFAULT);
	assert_null(found("/etc/ld.so.cache"));
	assert_no_trouble();
}

static void a_relative_path_starts_at_the_working_directory_of_the_program(void **state)
{
	struct closure_input input = root_input();

	(void)state;
	make_dynamic("/prog", "libx.so", NULL, "d:");
	make_library("/srv/d/libx.so", NULL);
	close_over_plain("/prog");
	assert_found("libx.so", "/srv/d/libx.so", RULE_RUNPATH);
	input.workdir = "/srv/d";
	close_over(&input, "/prog");
	assert_found("libx.so", "/srv/d/libx.so", RULE_RUNPATH);
	input.workdir = NULL;
	close_over(&input, "/prog");
	assert_trouble(TROUBLE_LIBRARY_MISSING, "libx.so");
}

static void a_name_that_is_there_is_not_searched_again(void **state)
{
	(void)state;
	make_object("/prog",
		    &(struct object_spec){ .interp = ROOT_LOADER,
					   .rpath = "/d",
					   .needs = { "liba.so", "libb.so", "alias.so" } });
	make_object("/d/liba.so", &(struct object_spec){ .soname = "alias.so" });
	make_object("/d/libb.so",
		    &(struct object_spec){ .needs = { "liba.so", "alias.so", "ld-linux-test.so.2",
						      ROOT_LOADER } });
	make_library("/d/alias.so", NULL);
	close_over_plain("/prog");
	assert_found("alias.so", "/d/liba.so", RULE_RPATH);
	assert_found("ld-linux-test.so.2", ROOT_LOADER, RULE_INTERP);
	assert_int_equal(closure.n_files, 4);
	/* an edge for each need: the program's loader, 3, 4 */
	assert_int_equal(closure.n_edges, 8);
}

static void a_file_under_two_names_is_looked_at_once(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	make_object("/prog", &(struct object_spec){ .interp = ROOT_LOADER,
						    .rpath = "/d",
						    .needs = { "liba.so", "libb.so" } });
	make_library("/d/liba.so", "libc2.so");
	make_library("/d/libc2.so", NULL);
	assert_return_code(symlink("liba.so", in_scratch(path, "image/d/libb.so")), errno);
	close_over_plain("/prog");
	assert_found("libb.so", "/d/liba.so", RULE_RPATH);
	assert_int_equal(closure.n_files, 4);
	/* what it needs is needed once: the loader, two names, and that */
	assert_int_equal(closure.n_edges, 4);
}

/* /closed/libx.so is for others. */
static long is_closed(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	if (strstr((const char *)(uintptr_t)b, "closed/libx.so"))
		return -EACCES;
	return sys_real(call, a, b, c, d, e, f);
}

static void a_file_that_may_not_be_read_is_passed_over(void **state)
{
	(void)state;
	make_dynamic("/prog", "libx.so", NULL, "/closed:/good");
	make_library("/closed/libx.so", NULL);
	make_library("/good/libx.so", NULL);
	close_over_plain("/prog");
	assert_found("libx.so", "/closed/libx.so", RULE_RUNPATH);
	sys_replace(SYS_CALL_openat, is_closed);
	sys_replace(SYS_CALL_openat2, is_closed);
	close_over_plain("/prog");
	assert_found("libx.so", "/good/libx.so", RULE_RUNPATH);
	assert_no_trouble();
	make_dynamic("/prog", "libx.so", NULL, "/closed");
	close_over_plain("/prog");
	assert_trouble(TROUBLE_LIBRARY_UNREADABLE, "libx.so");
	assert_string_equal(closure_find_trouble(&closure, WEIGHT_START)->detail,
			    "/closed/libx.so");
}

static void the_kernels_library_is_neither_there_nor_missing(void **state)
{
	(void)state;
	make_dynamic("/prog", "linux-vdso.so.1", NULL, NULL);
	close_over_plain("/prog");
	assert_int_equal(closure.n_edges, 1);
	assert_no_trouble();
}

static void a_file_of_another_machine_or_class_is_passed_over(void **state)
{
	const struct trouble *trouble;

	(void)state;
	make_dynamic("/prog", "libx.so", NULL, "/machine:/class:/good");
	make_object("/machine/libx.so", &(struct object_spec){ .is_other_machine = true });
	make_object("/class/libx.so", &(struct object_spec){ .is_other_class = true });
	make_library("/good/libx.so", NULL);
	close_over_plain("/prog");
	assert_found("libx.so", "/good/libx.so", RULE_RUNPATH);
	assert_no_trouble();
	remove_in_image("/good/libx.so");
	close_over_plain("/prog");
	assert_trouble(TROUBLE_LIBRARY_MACHINE, "libx.so");
	trouble = closure_find_trouble(&closure, WEIGHT_START);
	assert_non_null(strstr(trouble->detail, "/machine/libx.so ("));
	assert_string_equal(trouble->needed_by, "/prog");
}

static void what_is_no_library_ends_the_search(void **state)
{
	static const struct {
		const char *text, *detail;
	} rows[] = {
		{ "", "an empty file" },
		{ "#!/bin/sh\n", "a script" },
		{ "/* GNU ld script */\nGROUP ( libc.so.6 )\n", "a linker script" },
		{ "version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer" },
	};

	(void)state;
	make_dynamic("/prog", "libx.so", NULL, "/bad:/good");
	make_library("/good/libx.so", NULL);
	make_dir("image/bad");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		make_file("image/bad/libx.so", rows[i].text, 0644);
		close_over_plain("/prog");
		assert_trouble(TROUBLE_LIBRARY_FORMAT, "/bad/libx.so");
		assert_string_equal(closure_find_trouble(&closure, WEIGHT_START)->detail,
				    rows[i].detail);
		assert_null(found("libx.so"));
	}
	make_object("/bad/libx.so", &(struct object_spec){ .is_program = true });
	close_over_plain("/prog");
	assert_trouble(TROUBLE_LIBRARY_FORMAT, "/bad/libx.so");
	remove_in_image("/bad/libx.so");
	close_over_plain("/prog");
	assert_no_trouble();
}

static void one_broken_library_is_told_once_however_many_need_it(void **state)
{
	(void)state;
	make_object("/prog", &(struct object_spec){ .interp = ROOT_LOADER,
						    .rpath = "/d",
						    .needs = { "liba.so", "libb.so", "libx.so" } });
	make_library("/d/liba.so", "libx.so");
	make_library("/d/libb.so", "libx.so");
	close_over_plain("/prog");
	assert_int_equal(closure.n_troubles, 1);
	make_file("image/d/libx.so", "text", 0644);
	close_over_plain("/prog");
	assert_int_equal(closure.n_troubles, 1);
	assert_int_equal(closure.n_edges, 6);
}

static void a_path_that_leads_nowhere_has_the_reason_of_a_path(void **state)
{
	(void)state;
	make_library("/d/liba.so", "/d/none.so");
	make_dynamic("/prog", "/d/liba.so", NULL, NULL);
	close_over_plain("/prog");
	assert_found("/d/liba.so", "/d/liba.so", RULE_NAME);
	assert_trouble(TROUBLE_MISSING, "/d/none.so");
	assert_string_equal(closure_find_trouble(&closure, WEIGHT_START)->needed_by, "/d/liba.so");
	assert_null(closure_find_trouble(&closure, WEIGHT_EXEC));
	make_dynamic("/prog", "none/libx.so", NULL, NULL);
	close_over_plain("/prog");
	assert_trouble(TROUBLE_NO_DIRECTORY, "none/libx.so");
}

/* uname says 5.10. */
static long old_kernel(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	struct utsname *name = (struct utsname *)(uintptr_t)a;

	(void)call, (void)b, (void)c, (void)d, (void)e, (void)f;
	(void)snprintf(name->release, sizeof(name->release), "5.10.0-9-amd64");
	return 0;
}

static void libraries_for_newer_kernels_are_passed_over_before_2_36(void **state)
{
	(void)state;
	make_dynamic("/prog", "libx.so", NULL, "/new:/good");
	make_object("/new/libx.so", &(struct object_spec){ .is_kernel_new = true });
	make_library("/good/libx.so", NULL);
	sys_replace(SYS_CALL_uname, old_kernel);
	close_over_plain("/prog");
	assert_found("libx.so", "/new/libx.so", RULE_RUNPATH);
	make_loaders("2.35");
	close_over_plain("/prog");
	assert_found("libx.so", "/good/libx.so", RULE_RUNPATH);
	remove_in_image("/good/libx.so");
	close_over_plain("/prog");
	assert_trouble(TROUBLE_KERNEL_TOO_OLD, "libx.so");
	assert_string_equal(closure_find_trouble(&closure, WEIGHT_START)->detail, "99.0.0");
}

/* An ABI tag of 99.0.0 in a static program: nobody but the program itself looks at it. */
static void a_static_program_for_a_newer_kernel_is_one_that_cannot_start(void **state)
{
	(void)state;
	make_object("/static", &(struct object_spec){ .is_kernel_new = true, .is_program = true });
	sys_replace(SYS_CALL_uname, old_kernel);
	close_over_plain("/static");
	assert_trouble(TROUBLE_KERNEL_TOO_OLD, "/static");
	make_object("/static", &(struct object_spec){ .is_program = true });
	close_over_plain("/static");
	assert_no_trouble();
}

static void older_subdirectories_are_searched_before_2_37(void **state)
{
	(void)state;
	make_dynamic("/prog", "libx.so", NULL, "/d");
	make_library("/d/libx.so", NULL);
	make_library("/d/tls/libx.so", NULL);
	close_over_plain("/prog");
	assert_found("libx.so", "/d/libx.so", RULE_RUNPATH);
	make_loaders("2.36");
	close_over_plain("/prog");
	assert_found("libx.so", "/d/tls/libx.so", RULE_RUNPATH);
	make_loaders("2.37");
	close_over_plain("/prog");
	assert_found("libx.so", "/d/libx.so", RULE_RUNPATH);
}

static void the_best_subdirectory_for_this_cpu_is_taken(void **state)
{
	unsigned level = elf_cpu_level();
	char best[64] = "/d/libx.so", path[64];

	(void)state;
	make_dynamic("/prog", "libx.so", NULL, "/d");
	make_library("/d/libx.so", NULL);
	for (unsigned i = 2; i <= 4; i++) {
		(void)snprintf(path, sizeof(path), "/d/glibc-hwcaps/x86-64-v%u/libx.so", i);
		make_library(path, NULL);
		if (i <= level)
			memcpy(best, path, sizeof(best));
	}
	close_over_plain("/prog");
	assert_found("libx.so", best, RULE_RUNPATH);
}

static void a_cpu_that_is_too_old_is_told(void **state)
{
	unsigned level = elf_cpu_level();

	(void)state;
	if (level == 0)
		return; /* no x86: the note means nothing */
	make_dynamic("/prog", "libx.so", NULL, "/d");
	make_object("/d/libx.so", &(struct object_spec){ .isa_needed = (1U << level) - 1 });
	close_over_plain("/prog");
	assert_no_trouble();
	make_object("/d/libx.so", &(struct object_spec){ .isa_needed = 1U << level });
	close_over_plain("/prog");
	assert_trouble(TROUBLE_ISA_LEVEL, "/d/libx.so");
	make_object("/prog",
		    &(struct object_spec){ .interp = ROOT_LOADER, .isa_needed = 1U << level });
	close_over_plain("/prog");
	assert_trouble(TROUBLE_ISA_LEVEL, "/prog");
}

static void versions_are_compared_only_if_that_is_asked_for(void **state)
{
	struct closure_input input = root_input();

	(void)state;
	make_object("/prog", &(struct object_spec){ .interp = ROOT_LOADER,
						    .runpath = "/d",
						    .needs = { "libx.so" },
						    .verneed = "X_2",
						    .verneed_file = "libx.so" });
	make_object("/d/libx.so", &(struct object_spec){ .verdef = "X_2" });
	close_over(&input, "/prog");
	assert_no_trouble();
	make_object("/d/libx.so", &empty_spec); /* has no versions at all */
	close_over(&input, "/prog");
	assert_no_trouble();
	make_object("/d/libx.so", &(struct object_spec){ .verdef = "X_1" });
	close_over(&input, "/prog");
	assert_trouble(TROUBLE_VERSION_MISSING, "/d/libx.so");
	assert_string_equal(closure_find_trouble(&closure, WEIGHT_START)->detail, "X_2");
	input.flags = CLOSURE_LIBRARIES;
	close_over(&input, "/prog");
	assert_no_trouble();
}

/* What is opened later is looked for as the program's loader would, and never a failure. */
static void a_library_that_is_added_later_knows_what_is_loaded(void **state)
{
	const struct closure_input input = root_input();

	(void)state;
	make_dynamic("/prog", "libx.so", "/d", NULL);
	make_library("/d/libx.so", NULL);
	make_object("/mod/plugin.so",
		    &(struct object_spec){ .needs = { "libx.so", "liby.so", "none.so" },
					   .runpath = "$ORIGIN" });
	make_library("/mod/liby.so", NULL);
	make_library("/mod/libx.so", NULL);
	close_over(&input, "/prog");
	assert_int_equal(closure_add_library(&closure, &input, "/mod/plugin.so", NULL), 0);
	assert_found("libx.so", "/d/libx.so", RULE_RPATH);
	assert_found("liby.so", "/mod/liby.so", RULE_RUNPATH);
	assert_null(found("none.so"));
	assert_int_equal(closure.n_files, 5);
	assert_string_equal(closure.files[3].path, "/mod/plugin.so");
	assert_int_equal(closure.files[3].rule, RULE_GIVEN);
	assert_int_equal(closure.files[3].needed_by, CLOSURE_NONE);
	assert_no_trouble();
	/* again, and one that is not there */
	assert_int_equal(closure_add_library(&closure, &input, "/mod/plugin.so", NULL), 0);
	assert_int_equal(closure_add_library(&closure, &input, "gone.so", NULL), 0);
	assert_int_equal(closure.n_files, 5);
	assert_null(found("gone.so"));
	assert_no_trouble();
}

static void a_list_without_end_is_refused(void **state)
{
	const struct closure_input plain = root_input();
	struct closure_input input = plain;
	char *list = calloc(20000, 8);
	size_t len = 0;

	(void)state;
	assert_non_null(list);
	for (size_t i = 0; i < 10000; i++)
		len += (size_t)snprintf(list + len, 16, "/d%zu:", i);
	make_dynamic("/prog", "libx.so", NULL, NULL);
	make_library("/lib/libx.so", NULL);
	input.library_path = list;
	assert_int_equal(closure_add_program(&closure, &input, "/prog", &root_error), -EFBIG);
	assert_int_equal(root_error.stage, CROFT_STAGE_EXEC);
	list[0] = '\0';
	close_over(&input, "/prog");
	assert_found("libx.so", "/lib/libx.so", RULE_DEFAULT);
	free(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROOT_TEST(places_are_searched_in_order),
		ROOT_TEST(runpath_stands_behind_the_environment),
		ROOT_TEST(a_cache_is_a_file_of_the_closure_if_it_was_asked),
		ROOT_TEST(a_cache_that_is_broken_or_lies_is_passed_over),
		ROOT_TEST(an_image_without_a_cache_has_the_directories_of_its_configuration),
		ROOT_TEST(an_object_without_default_directories_gets_none_of_them),
		ROOT_TEST(preloads_come_from_the_variable_and_then_from_the_file),
		ROOT_TEST(a_tokens_value_comes_from_the_loader_and_the_object),
		ROOT_TEST(a_loader_in_a_store_has_directories_of_its_own),
		ROOT_TEST(a_relative_path_starts_at_the_working_directory_of_the_program),
		ROOT_TEST(a_name_that_is_there_is_not_searched_again),
		ROOT_TEST(a_file_under_two_names_is_looked_at_once),
		ROOT_TEST(a_file_that_may_not_be_read_is_passed_over),
		ROOT_TEST(the_kernels_library_is_neither_there_nor_missing),
		ROOT_TEST(a_file_of_another_machine_or_class_is_passed_over),
		ROOT_TEST(what_is_no_library_ends_the_search),
		ROOT_TEST(one_broken_library_is_told_once_however_many_need_it),
		ROOT_TEST(a_path_that_leads_nowhere_has_the_reason_of_a_path),
		ROOT_TEST(libraries_for_newer_kernels_are_passed_over_before_2_36),
		ROOT_TEST(a_static_program_for_a_newer_kernel_is_one_that_cannot_start),
		ROOT_TEST(older_subdirectories_are_searched_before_2_37),
		ROOT_TEST(the_best_subdirectory_for_this_cpu_is_taken),
		ROOT_TEST(a_cpu_that_is_too_old_is_told),
		ROOT_TEST(versions_are_compared_only_if_that_is_asked_for),
		ROOT_TEST(a_library_that_is_added_later_knows_what_is_loaded),
		ROOT_TEST(a_list_without_end_is_refused),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
