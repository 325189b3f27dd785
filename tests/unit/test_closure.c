/* SPDX-License-Identifier: MIT */
/* test_closure.c - what a program needs: the lists, their limits, and who fills them. */
#include "make_root.h"

#include <asm/unistd.h>
#include <sys/statfs.h>

#include "elf/build.h"
#include "sys/fd.h"

static struct builder builder_of(const struct closure_input *input)
{
	return (struct builder){ &closure, input, &root_error };
}

static void every_rule_has_a_name_of_its_own_and_a_text(void **state)
{
	(void)state;
	for (int i = 0; i < RULE_MAX; i++) {
		assert_true(strlen(rule_text((enum closure_rule)i)) > 3);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(rule_name((enum closure_rule)i),
						rule_name((enum closure_rule)j));
	}
}

static void a_file_is_there_once_however_often_it_is_added(void **state)
{
	const struct closure_input input = root_input();
	struct builder builder = builder_of(&input);
	struct closure_file file = {
		.name = "a",
		.path = "/a",
		.real = "/a",
		.detail = "",
		.needed_by = CLOSURE_NONE,
		.dev = 1,
		.ino = 1,
	};
	size_t index;

	(void)state;
	for (uint64_t i = 0; i < 1000; i++) {
		file.ino = i;
		assert_int_equal(builder_add_file(&builder, &file, &index), 1);
		assert_int_equal(index, i);
	}
	file.dev = 2;
	assert_int_equal(builder_add_file(&builder, &file, &index), 1);
	file.dev = 1;
	file.name = "again";
	file.needed_by = 3;
	for (uint64_t i = 0; i < 1000; i++) {
		file.ino = i;
		assert_int_equal(builder_add_file(&builder, &file, &index), 0);
		assert_int_equal(index, i);
	}
	assert_int_equal(closure.n_files, 1001);
	assert_string_equal(closure.files[7].name, "a");
	/* but the need is noted */
	assert_int_equal(closure.n_edges, 1000);
	assert_int_equal(closure.edges[7].from, 3);
	assert_int_equal(closure.edges[7].to, 7);
	assert_string_equal(closure.edges[7].name, "again");
}

static void every_list_has_an_end(void **state)
{
	const struct closure_input input = root_input();
	struct builder builder = builder_of(&input);
	struct closure_file file = {
		.name = "a",
		.path = "/a",
		.real = "/a",
		.detail = "",
		.needed_by = CLOSURE_NONE,
	};
	size_t index;

	(void)state;
	for (file.ino = 0; file.ino < CLOSURE_MAX_FILES; file.ino++)
		assert_int_equal(builder_add_file(&builder, &file, &index), 1);
	assert_int_equal(builder_add_file(&builder, &file, &index), -EFBIG);
	for (size_t i = 0; i < CLOSURE_MAX_EDGES; i++)
		assert_int_equal(builder_add_missing(&builder, 0, "x"), 0);
	assert_int_equal(builder_add_missing(&builder, 0, "x"), -EFBIG);
	for (size_t i = 0; i < CLOSURE_MAX_TROUBLES; i++)
		assert_int_equal(builder_add_trouble(&builder, TROUBLE_MISSING, ROLE_LIBRARY, "x",
						     CLOSURE_NONE, ""),
				 0);
	assert_int_equal(builder_add_trouble(&builder, TROUBLE_MISSING, ROLE_LIBRARY, "x",
					     CLOSURE_NONE, ""),
			 -EFBIG);
	assert_int_equal(root_error.stage, CROFT_STAGE_EXEC);
	assert_int_equal(root_error.errnum, EFBIG);
}

static void the_first_trouble_that_weighs_enough_is_the_cause(void **state)
{
	const struct closure_input input = root_input();
	struct builder builder = builder_of(&input);
	static const enum trouble_kind kinds[] = { TROUBLE_SET_ID, TROUBLE_LIBRARY_MISSING,
						   TROUBLE_MISSING, TROUBLE_LOOP };

	(void)state;
	assert_null(closure_find_trouble(&closure, WEIGHT_NOTE));
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		assert_int_equal(builder_add_trouble(&builder, kinds[i], ROLE_PROGRAM, "/p",
						     CLOSURE_NONE, "d"),
				 0);
	assert_int_equal(closure_find_trouble(&closure, WEIGHT_NOTE)->kind, TROUBLE_SET_ID);
	assert_int_equal(closure_find_trouble(&closure, WEIGHT_START)->kind,
			 TROUBLE_LIBRARY_MISSING);
	assert_int_equal(closure_find_trouble(&closure, WEIGHT_EXEC)->kind, TROUBLE_MISSING);
	assert_true(builder_has_trouble(&builder, TROUBLE_LOOP, "/p", "d"));
	assert_false(builder_has_trouble(&builder, TROUBLE_LOOP, "/p", "e"));
	assert_false(builder_has_trouble(&builder, TROUBLE_LOOP, "/q", "d"));
	assert_false(builder_has_trouble(&builder, TROUBLE_DANGLING, "/p", "d"));
}

static void link_in_image(const char *target, const char *name)
{
	char path[GROUND_PATH];

	(void)snprintf(path, sizeof(path), "%s/image%s", scratch, name);
	assert_return_code(symlink(target, path), errno);
}

/* Why a name could not be opened. */
static void each_way_to_be_missing_is_told_apart(void **state)
{
	static const struct {
		const char *name;
		int errnum; /* what the open gave */
		enum trouble_kind kind;
		const char *path, *detail;
	} rows[] = {
		{ "/d/none", ENOENT, TROUBLE_MISSING, "/d/none", "" },
		{ "none", ENOENT, TROUBLE_MISSING, "none", "" },
		{ "/to-d/none", ENOENT, TROUBLE_MISSING, "/to-d/none", "" },
		{ "/none/x", ENOENT, TROUBLE_NO_DIRECTORY, "/none/x", "/none" },
		{ "/d/none/deep/x", ENOENT, TROUBLE_NO_DIRECTORY, "/d/none/deep/x", "/d/none" },
		{ "/dangling", ENOENT, TROUBLE_DANGLING, "/nowhere", "/dangling" },
		{ "/d/near", ENOENT, TROUBLE_DANGLING, "/d/gone", "/d/near" },
		{ "/d/file/x", ENOTDIR, TROUBLE_NOT_DIRECTORY, "/d/file/x", "/d/file" },
		{ "/loop", ELOOP, TROUBLE_LOOP, "/loop", "" },
		{ "/d", EISDIR, TROUBLE_IS_DIRECTORY, "/d", "" },
		{ "/fifo", EINVAL, TROUBLE_NOT_REGULAR, "/fifo", "a FIFO" },
		{ "/d/file", EACCES, TROUBLE_UNREADABLE, "/d/file", "" },
		{ "/d/file", EIO, TROUBLE_READ_ERROR, "/d/file", "Input/output error" },
	};
	const struct closure_input input = root_input();
	struct builder builder = builder_of(&input);
	char path[GROUND_PATH];

	(void)state;
	make_dir("image/d");
	make_dir("image/srv");
	make_file("image/d/file", "", 0644);
	link_in_image("d", "/to-d");
	link_in_image("/nowhere/x", "/dangling");
	link_in_image("gone", "/d/near");
	link_in_image("loop", "/loop");
	assert_return_code(mkfifo(in_scratch(path, "image/fifo"), 0600), errno);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct trouble *trouble;

		assert_int_equal(builder_add_walk_trouble(&builder, ROLE_LIBRARY, rows[i].name,
							  CLOSURE_NONE, rows[i].errnum),
				 0);
		assert_int_equal(closure.n_troubles, i + 1);
		trouble = &closure.troubles[i];
		assert_string_equal(trouble_name(trouble->kind), trouble_name(rows[i].kind));
		assert_string_equal(trouble->path, rows[i].path);
		assert_string_equal(trouble->detail, rows[i].detail);
		assert_int_equal(trouble->role, ROLE_LIBRARY);
	}
}

static void a_name_that_is_too_long_is_told(void **state)
{
	const struct closure_input input = root_input();
	struct builder builder = builder_of(&input);
	char name[PATH_MAX + 10];

	(void)state;
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(builder_add_walk_trouble(&builder, ROLE_PROGRAM, name, CLOSURE_NONE,
						  ENAMETOOLONG),
			 0);
	assert_int_equal(closure.troubles[0].kind, TROUBLE_NAME_TOO_LONG);
}

static void only_what_exec_looks_at_is_looked_at_unless_libraries_are_wanted(void **state)
{
	struct closure_input input = root_input();

	(void)state;
	make_dynamic("/prog", "libx.so", NULL, NULL);
	input.flags = 0;
	close_over(&input, "/prog");
	assert_int_equal(closure.n_files, 2);
	assert_no_trouble();
	input.flags = CLOSURE_LIBRARIES;
	close_over(&input, "/prog");
	assert_trouble(TROUBLE_LIBRARY_MISSING, "libx.so");
}

static void a_loader_that_nobody_knows_is_named(void **state)
{
	(void)state;
	make_object("/lib/ld-strange.1", &(struct object_spec){ .soname = "x" });
	make_object("/prog",
		    &(struct object_spec){ .interp = "/lib/ld-strange.1", .needs = { "libx.so" } });
	close_over_plain("/prog");
	assert_int_equal(closure.n_troubles, 1);
	assert_int_equal(closure.troubles[0].kind, TROUBLE_UNKNOWN_LOADER);
	assert_string_equal(closure.troubles[0].path, "/lib/ld-strange.1");
}

/* "#!/bin/env prog": first env runs, with its own libraries. */
static void env_on_the_way_needs_its_own_libraries(void **state)
{
	struct closure_input input = root_input();

	(void)state;
	input.path = "/bin";
	make_dynamic("/bin/env", "libenv.so", "/d", NULL);
	make_dynamic("/bin/prog", "libprog.so", "/e", NULL);
	make_library("/d/libenv.so", NULL);
	make_library("/e/libprog.so", NULL);
	make_library("/e/libx.so", NULL);
	make_library("/mod.so", "libx.so");
	make_file("image/script", "#!/bin/env prog\n", 0755);
	close_over(&input, "/script");
	assert_found("libenv.so", "/d/libenv.so", RULE_RPATH);
	assert_found("libprog.so", "/e/libprog.so", RULE_RPATH);
	assert_no_trouble();
	/* what is added later is the program's, not env's */
	assert_int_equal(closure_add_library(&closure, &input, "/mod.so", &root_error), 0);
	assert_found("libx.so", "/e/libx.so", RULE_RPATH);
}

static void a_second_program_adds_to_the_first_but_inherits_nothing(void **state)
{
	const struct closure_input input = root_input();

	(void)state;
	make_dynamic("/one", "libx.so", "/d", NULL);
	make_dynamic("/two", "liby.so", NULL, NULL);
	make_library("/d/libx.so", NULL);
	make_library("/lib/liby.so", "libx.so");
	make_library("/lib/libx.so", NULL);
	close_over(&input, "/one");
	assert_int_equal(closure_add_program(&closure, &input, "/two", &root_error), 0);
	assert_found("liby.so", "/lib/liby.so", RULE_DEFAULT);
	/* its own libx.so, though one of that name is there for the first */
	assert_string_equal(closure.files[closure.n_files - 1].path, "/lib/libx.so");
	assert_int_equal(closure.n_files, 6);
}

/* The loader's name is compiled into alone.c, for this machine. */
static const char *own_loader(void)
{
	return elf_own_machine() == EM_AARCH64 ? "/lib/ld-linux-aarch64.so.1"
					       : "/lib64/ld-linux-x86-64.so.2";
}

static void a_library_by_itself_has_the_loader_of_its_kind(void **state)
{
	const struct closure_input input = root_input();
	char cache[] = "/etc/ld.so.cache";

	(void)state;
	make_library("/mod/plugin.so", "libx.so");
	make_library("/lib/libx.so", "none.so");
	make_dir("image/lib64");
	assert_int_equal(closure_add_library(&closure, &input, "/mod/plugin.so", &root_error), 0);
	assert_trouble(TROUBLE_MISSING, own_loader());
	closure_done(&closure);
	closure_init(&closure);
	make_object(own_loader(),
		    &(struct object_spec){ .strings = cache, .n_strings = sizeof(cache) });
	assert_int_equal(closure_add_library(&closure, &input, "/mod/plugin.so", &root_error), 0);
	assert_int_equal(closure.files[0].role, ROLE_LIBRARY);
	assert_int_equal(closure.files[0].rule, RULE_GIVEN);
	assert_int_equal(closure.files[1].role, ROLE_LOADER);
	/* by itself it is what is asked about: what it lacks is a trouble */
	assert_trouble(TROUBLE_LIBRARY_MISSING, "libx.so");
}

static void a_program_without_a_loader_gets_the_file_alone(void **state)
{
	const struct closure_input input = root_input();

	(void)state;
	make_object("/static", &(struct object_spec){ .is_program = true });
	make_library("/mod.so", "none.so");
	close_over(&input, "/static");
	assert_int_equal(closure_add_library(&closure, &input, "/mod.so", &root_error), 0);
	assert_int_equal(closure_add_library(&closure, &input, "/gone.so", &root_error), 0);
	assert_int_equal(closure.n_files, 2);
	assert_string_equal(closure.files[1].path, "/mod.so");
	assert_null(found("/gone.so"));
	assert_no_trouble();
}

/* The mount of libx.so alone is noexec. */
static long is_noexec(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	struct statfs *fs = (struct statfs *)(uintptr_t)b;
	char link[64], name[PATH_MAX] = "";
	long r = sys_real(call, a, b, c, d, e, f);

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%ld", a);
	if (r == 0 && readlink(link, name, sizeof(name) - 1) > 0 && strstr(name, "libx.so"))
		fs->f_flags |= 8; /* ST_NOEXEC */
	return r;
}

/* And the kernel holds the flag against mappings, or one does that is no Linux. */
static long refuses_to_map(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	return a == __NR_mmap ? -EPERM : sys_real(call, a, b, c, d, e, f);
}

static void a_library_on_a_noexec_mount_cannot_be_loaded(void **state)
{
	(void)state;
	make_dynamic("/prog", "libx.so", "/d", NULL);
	make_library("/d/libx.so", NULL);
	close_over_plain("/prog");
	assert_no_trouble();
	sys_replace(SYS_CALL_fstatfs, is_noexec);
	close_over_plain("/prog");
	assert_no_trouble();
	sys_replace(SYS_CALL_raw, refuses_to_map);
	close_over_plain("/prog");
	assert_trouble(TROUBLE_NOEXEC_MOUNT, "/d/libx.so");
	assert_int_equal(closure_find_trouble(&closure, WEIGHT_START)->role, ROLE_LIBRARY);
	assert_null(closure_find_trouble(&closure, WEIGHT_EXEC));
}

/* Which call of a kind fails, and how. */
static unsigned calls_left;
static long failure;

static long fails_later(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	if (calls_left == 0)
		return failure;
	calls_left--;
	return sys_real(call, a, b, c, d, e, f);
}

/* Each open in turn has no descriptor left: an error, described, and nothing stays open. */
static void a_lack_of_descriptors_is_an_error_wherever_it_comes(void **state)
{
	static const enum sys_call opens[] = { SYS_CALL_openat, SYS_CALL_openat2 };
	const struct closure_input input = root_input();
	unsigned n_failed = 0;
	int before, r;

	(void)state;
	make_dynamic("/prog", "libx.so", "/d:/e", NULL);
	make_library("/e/libx.so", "liby.so");
	make_library("/lib/liby.so", NULL);
	make_file("image/etc/ld.so.cache", "broken", 0644);
	before = lowest_free();
	for (size_t i = 0; i < ARRAY_SIZE(opens); i++) {
		for (unsigned n = 0; n < 100; n++) {
			calls_left = n;
			failure = -EMFILE;
			sys_replace(opens[i], fails_later);
			closure_done(&closure);
			closure_init(&closure);
			root_error = (struct croft_error){ 0 };
			r = closure_add_program(&closure, &input, "/prog", &root_error);
			sys_replace(opens[i], NULL);
			assert_int_equal(lowest_free(), before);
			if (calls_left)
				break;
			if (r == 0) /* a way around it was taken */
				continue;
			n_failed++;
			assert_int_equal(r, -EMFILE);
			assert_int_equal(root_error.errnum, EMFILE);
			assert_true(root_error.what[0] != '\0');
		}
	}
	assert_true(n_failed > 8);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		ROOT_TEST(every_rule_has_a_name_of_its_own_and_a_text),
		ROOT_TEST(a_file_is_there_once_however_often_it_is_added),
		ROOT_TEST(every_list_has_an_end),
		ROOT_TEST(the_first_trouble_that_weighs_enough_is_the_cause),
		ROOT_TEST(each_way_to_be_missing_is_told_apart),
		ROOT_TEST(a_name_that_is_too_long_is_told),
		ROOT_TEST(only_what_exec_looks_at_is_looked_at_unless_libraries_are_wanted),
		ROOT_TEST(a_loader_that_nobody_knows_is_named),
		ROOT_TEST(env_on_the_way_needs_its_own_libraries),
		ROOT_TEST(a_second_program_adds_to_the_first_but_inherits_nothing),
		ROOT_TEST(a_library_by_itself_has_the_loader_of_its_kind),
		ROOT_TEST(a_program_without_a_loader_gets_the_file_alone),
		ROOT_TEST(a_library_on_a_noexec_mount_cannot_be_loaded),
		ROOT_TEST(a_lack_of_descriptors_is_an_error_wherever_it_comes),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
