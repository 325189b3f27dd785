/* SPDX-License-Identifier: MIT */
/*
 * test_chain_view.c - the same chain for others: another user, an image, a mount without execution;
 * and what is kept of it: files, who asked for them, errors, and how many calls it takes.
 */
#include "chain_of.h"
#include "make_elf.h"

/* As a user without privileges: what denies it depends on who runs the tests. */
struct user_row {
	struct row row;
	mode_t mode, own_mode; /* for the owner root; for an owner who is that user */
	const char *name;
};

static int judge_as_user(void *data)
{
	const struct user_row *user = data;

	if (geteuid() == 0 &&
	    (setresgid(65534, 65534, 65534) < 0 || setresuid(65534, 65534, 65534) < 0))
		return __LINE__;
	return judge(&user->row);
}

static void what_a_user_may_not_do_is_told_from_what_nobody_may(void **state)
{
	static const struct user_row rows[] = {
		{ { "@/mode", TROUBLE_NO_EXEC_FOR_YOU, -EACCES, .role = PROGRAM, .detail = "0744" },
		  0744,
		  0,
		  "mode" },
		{ { "@/mode", TROUBLE_NO_EXEC_FOR_YOU, -EACCES, .role = PROGRAM, .detail = "0655" },
		  0,
		  0655,
		  "mode" },
		{ { "@/mode", TROUBLE_NO_EXEC_FOR_YOU, -EACCES, .role = PROGRAM, .detail = "0710" },
		  0710,
		  0,
		  "mode" },
		{ { "@/mode", TROUBLE_NO_EXEC_FOR_YOU, -EACCES, .role = PROGRAM, .detail = "0055" },
		  0,
		  0055,
		  "mode" },
		{ { "@/mode", TROUBLE_NO_EXEC_BIT, -EACCES, .role = PROGRAM, .detail = "0600" },
		  0600,
		  0,
		  "mode" },
		{ { "@/mode", TROUBLE_UNREADABLE, 0, .role = PROGRAM }, 0711, 0311, "mode" },
		{ { "@/mode", NOTHING, .end = "@/mode" }, 0755, 0500, "mode" },
		{ { "@/closed/tool", TROUBLE_NO_SEARCH, -EACCES, .role = PROGRAM,
		    .detail = "@/closed" },
		  0700,
		  0077,
		  "closed" },
		{ { "@/closed/tool", NOTHING, .end = "@/closed/tool" }, 0711, 0500, "closed" },
		{ { "@/env-mode", TROUBLE_UNREADABLE, 0, .role = INTERPRETER,
		    .path = "@/bin/mode-tool", .needed_by = "@/env-mode" },
		  0711,
		  0311,
		  "bin/mode-tool" },
		{ { "@/env-mode", TROUBLE_NO_EXEC_FOR_YOU, 126, .role = INTERPRETER,
		    .path = "@/bin/mode-tool", .detail = "0710", .needed_by = "@/env-mode" },
		  0710,
		  0,
		  "bin/mode-tool" },
		{ { "@/env-closed", TROUBLE_ENV_NOT_FOUND, 126, .role = SCRIPT,
		    .detail = "closed-tool" },
		  0700,
		  0077,
		  "closed" },
		{ { "@/env-closed", NOTHING, .end = "@/closed/closed-tool" },
		  0711,
		  0500,
		  "closed" },
	};
	struct tiny tiny = tiny_make(NULL);
	char path[GROUND_PATH];

	(void)state;
	tiny_write("mode", &tiny, sizeof(tiny), 0755);
	tiny_write("closed/tool", &tiny, sizeof(tiny), 0755);
	tiny_write("closed/closed-tool", &tiny, sizeof(tiny), 0755);
	tiny_write("bin/mode-tool", &tiny, sizeof(tiny), 0755);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct user_row row = rows[i];
		mode_t mode = geteuid() == 0 ? row.mode : row.own_mode;
		int line;

		if (mode == 0)
			continue;
		assert_return_code(chmod(in_scratch(path, row.name), mode), errno);
		line = in_child(judge_as_user, &row);
		assert_return_code(chmod(path, 0755), errno);
		if (line)
			fail_msg("%s, row %zu: line %d", row.row.program, i, line);
	}
}

/* Looks at a script whose interpreter may be executed and not read. */
static int look_at_unreadable(void *path)
{
	struct closure_input input = make_input();
	const struct closure_file *file;
	struct closure closure;
	struct chain_end end;
	struct stat st;

	if (geteuid() == 0 && setresuid(65534, 65534, 65534) < 0)
		return __LINE__;
	EXPECT(stat(path, &st) == 0);
	EXPECT(look("to-unread", &input, &closure, &end) == 0);
	EXPECT(closure.n_troubles == 1 && closure.troubles[0].kind == TROUBLE_UNREADABLE);
	EXPECT(closure.n_files == 3);
	file = &closure.files[2];
	EXPECT(file->dev == st.st_dev && file->ino == st.st_ino && !file->is_elf);
	EXPECT(file->needed_by == 1 && file->role == ROLE_INTERPRETER);
	EXPECT(!strcmp(file->path, path) && !strcmp(file->real, path));
	EXPECT(closure.n_edges == 2 && closure.edges[1].to == 2);
	closure_done(&closure);
	return 0;
}

static void a_file_that_may_not_be_read_is_in_the_closure_all_the_same(void **state)
{
	struct tiny tiny = tiny_make(NULL);
	char path[GROUND_PATH];

	(void)state;
	tiny_write("unread", &tiny, sizeof(tiny), geteuid() == 0 ? 0711 : 0311);
	make_script("to-unread", "#!@/by-unread\n");
	make_script("by-unread", "#!@/unread\n");
	(void)in_scratch(path, "unread");
	assert_int_equal(in_child(look_at_unreadable, path), 0);
}

static void root_may_execute_what_anybody_may(void **state)
{
	static const struct row rows[] = {
		{ .program = "@/others-x", NOTHING, .end = "@/others-x" },
	};

	(void)state;
	if (geteuid() == 0)
		judge_all(rows, 1);
}

/* Every file lies on a mount without execution. */
static long noexec(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	long r = sys_real(call, a, b, c, d, e, f);

	if (r == 0)
		((struct statfs *)(uintptr_t)b)->f_flags |= ST_NOEXEC | 0x20 /* ST_VALID */;
	return r;
}

static void a_mount_without_execution_is_named_first(void **state)
{
	static const struct row rows[] = {
		{ "@/static", TROUBLE_NOEXEC_MOUNT, -EINPROGRESS, .role = PROGRAM },
		{ "@/script", TROUBLE_NOEXEC_MOUNT, -EINPROGRESS, .role = SCRIPT },
		{ "@/no-x", TROUBLE_NOEXEC_MOUNT, -EINPROGRESS, .role = PROGRAM },
	};
	struct closure_input input = make_input();
	struct closure closure;
	struct chain_end end;

	(void)state;
	sys_replace(SYS_CALL_fstatfs, noexec);
	judge_all(rows, ARRAY_SIZE(rows));
	/* and the mode as well, if that is wrong, too */
	assert_int_equal(look("no-x", &input, &closure, &end), 0);
	assert_int_equal(closure.n_troubles, 2);
	assert_int_equal(closure.troubles[1].kind, TROUBLE_NO_EXEC_BIT);
	closure_done(&closure);
	assert_int_equal(look("static", &input, &closure, &end), 0);
	assert_int_equal(closure.n_troubles, 1);
	closure_done(&closure);
}

static void env_is_not_led_in_circles(void **state)
{
	static const struct row rows[] = {
		{ "@/env-nothing", TROUBLE_ENV_LOOP, -EINPROGRESS, .role = SCRIPT },
		{ "@/env-assigned", TROUBLE_ENV_LOOP, -EINPROGRESS, .role = SCRIPT,
		  .detail = "A=1 tool" },
		{ "@/bin/circle", TROUBLE_ENV_LOOP, -EINPROGRESS, .role = SCRIPT },
		/* what only env can tell is not told */
		{ .program = "@/env-unknown", NOTHING, -EINPROGRESS, .end = ENV },
	};

	(void)state;
	judge_all(rows, ARRAY_SIZE(rows));
}

static void what_env_finds_and_may_not_execute_is_named(void **state)
{
	static const struct row rows[] = {
		{ "@/env-no-x", TROUBLE_NO_EXEC_BIT, 126, .role = INTERPRETER, .path = "@/bin/no-x",
		  .detail = "0644", .needed_by = "@/env-no-x" },
		{ "@/env-path-missing", TROUBLE_MISSING, 127, .role = INTERPRETER, .path = "@/none",
		  .needed_by = "@/env-path-missing" },
	};

	(void)state;
	judge_all(rows, ARRAY_SIZE(rows));
}

static void without_a_path_env_looks_where_execvp_does(void **state)
{
	struct closure_input input = make_input();
	struct closure closure;
	struct chain_end end;

	(void)state;
	make_script("env-sh", "#!" ENV " sh\n");
	input.path = NULL;
	assert_int_equal(look("env-sh", &input, &closure, &end), 0);
	assert_string_equal(closure.files[end.program].path, "/bin/sh");
	closure_done(&closure);
	assert_int_equal(look("env-tool", &input, &closure, &end), 0);
	assert_int_equal(closure.troubles[0].kind, TROUBLE_ENV_NOT_FOUND);
	closure_done(&closure);
	/* an empty part of PATH is the working directory */
	input.path = "/none:";
	make_script("env-static", "#!" ENV " static\n");
	assert_int_equal(look("env-static", &input, &closure, &end), 0);
	assert_non_null(strstr(closure.files[end.program].real, "/static"));
	closure_done(&closure);
}

static const struct closure_file *find_file(const struct closure *closure, const char *path)
{
	char want[1024];

	expand(want, sizeof(want), path);
	for (size_t i = 0; i < closure->n_files; i++)
		if (!strcmp(closure->files[i].path, want))
			return &closure->files[i];
	return NULL;
}

static void each_file_tells_what_it_is_and_who_asked_for_it(void **state)
{
	static const struct {
		const char *path, *needed_by, *detail;
		enum file_role role;
		enum closure_rule rule;
	} files[] = {
		{ "@/env-dynamic", NULL, "", ROLE_SCRIPT, RULE_GIVEN },
		{ ENV, "@/env-dynamic", "#!" ENV " linked", ROLE_INTERPRETER, RULE_SCRIPT },
		{ "@/bin/linked", "@/env-dynamic", "linked", ROLE_INTERPRETER, RULE_ENV },
		{ "@/static", "@/bin/linked", "", ROLE_LOADER, RULE_INTERP },
	};
	struct closure_input input = make_input();
	struct closure closure;
	struct chain_end end;
	struct stat st;
	char path[GROUND_PATH];

	(void)state;
	make_script("env-dynamic", "#!" ENV " linked\n");
	assert_return_code(symlink("../dynamic", in_scratch(path, "bin/linked")), errno);
	assert_int_equal(look("env-dynamic", &input, &closure, &end), 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const struct closure_file *file = find_file(&closure, files[i].path);

		assert_non_null(file);
		assert_int_equal(file->role, files[i].role);
		assert_int_equal(file->rule, files[i].rule);
		assert_string_equal(file->detail, files[i].detail);
		assert_int_equal(file->is_elf, i > 0);
		assert_return_code(stat(file->real, &st), errno);
		assert_int_equal(file->dev, st.st_dev);
		assert_int_equal(file->ino, st.st_ino);
		assert_int_equal(file->class, i > 0 ? ELFCLASS64 : 0);
		assert_int_equal(file->machine, i > 0 ? TINY_MACHINE : 0);
		if (files[i].needed_by)
			assert_true(is_expanded(closure.files[file->needed_by].path,
						files[i].needed_by));
		else
			assert_true(file->needed_by == CLOSURE_NONE);
	}
	assert_true(is_expanded(find_file(&closure, "@/bin/linked")->real, "@/dynamic"));
	assert_true(end.is_dynamic);
	assert_true(is_expanded(closure.files[end.loader].path, "@/static"));
	assert_true(is_expanded(end.elf.interp, "@/static"));
	assert_int_equal(end.loader_elf.machine, TINY_MACHINE);
	closure_done(&closure);
	/* a static one has no loader; what is missing stands in the edges */
	assert_int_equal(look("static", &input, &closure, &end), 0);
	assert_false(end.is_dynamic);
	assert_true(end.loader == CLOSURE_NONE);
	closure_done(&closure);
	assert_int_equal(look("loader-missing", &input, &closure, &end), 0);
	assert_int_equal(closure.n_edges, 1);
	assert_true(closure.edges[0].to == CLOSURE_NONE);
	assert_true(is_expanded(closure.edges[0].name, "@/none"));
	closure_done(&closure);
}

/* The scratch directory as an image: its links start at its own root, and only bits count. */
static void in_an_image_names_are_the_images_and_modes_are_bits(void **state)
{
	struct tiny tiny = tiny_make("/lib/ld");
	struct closure_input input = { .workdir = "/bin", .path = "/opt:/bin" };
	struct closure closure;
	struct chain_end end;
	struct root root;
	char path[GROUND_PATH];

	(void)state;
	make_dir("image");
	make_dir("image/bin");
	make_dir("image/lib");
	tiny_write("image/bin/prog", &tiny, sizeof(tiny), 0700);
	tiny = tiny_make(NULL);
	tiny_write("image/lib/ld-real", &tiny, sizeof(tiny), 0755);
	tiny_write("image/bin/env", &tiny, sizeof(tiny), 0755);
	tiny_write("image/bin/no-x", &tiny, sizeof(tiny), 0666);
	make_file("image/bin/script", "#!/bin/env prog\n", 0755);
	assert_return_code(symlink("/lib/ld-real", in_scratch(path, "image/lib/ld")), errno);
	assert_int_equal(root_open(in_scratch(path, "image"), &root, NULL), 0);
	input.root = &root;
	ground_replace(SYS_CALL_faccessat, -EACCES);
	assert_int_equal(look("script", &input, &closure, &end), 0);
	assert_int_equal(closure.n_troubles, 0);
	assert_string_equal(closure.files[end.program].path, "/bin/prog");
	assert_string_equal(closure.files[end.loader].path, "/lib/ld");
	assert_string_equal(closure.files[end.loader].real, "/lib/ld-real");
	closure_done(&closure);
	assert_int_equal(look("./no-x", &input, &closure, &end), 0);
	assert_int_equal(closure.troubles[0].kind, TROUBLE_NO_EXEC_BIT);
	closure_done(&closure);
	root_done(&root);
}

static void running_out_of_descriptors_or_memory_is_an_error(void **state)
{
	static const int errnums[] = { EMFILE, ENFILE, ENOMEM };
	struct closure_input input = make_input();
	struct croft_error err;
	struct closure closure;
	struct chain_end end = { .program = 77 };
	struct builder builder = { .closure = &closure, .input = &input, .err = &err };

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(errnums); i++) {
		memset(&closure, 0, sizeof(closure));
		closure_init(&closure);
		ground_replace(SYS_CALL_openat, -errnums[i]);
		assert_int_equal(chain_follow(&builder, "static", &end), -errnums[i]);
		(void)ground_restore(NULL);
		assert_int_equal(err.stage, CROFT_STAGE_EXEC);
		assert_non_null(strstr(err.what, "static"));
		assert_int_equal(end.program, 77);
		assert_int_equal(closure.n_troubles, 0);
		closure_done(&closure);
	}
}

static void a_file_that_cannot_be_read_is_a_trouble(void **state)
{
	struct closure_input input = make_input();
	struct closure closure;
	struct chain_end end;

	(void)state;
	ground_replace(SYS_CALL_pread64, -EIO);
	assert_int_equal(look("static", &input, &closure, &end), 0);
	(void)ground_restore(NULL);
	assert_int_equal(closure.troubles[0].kind, TROUBLE_READ_ERROR);
	assert_non_null(strstr(closure.troubles[0].detail, "nput/output"));
	assert_true(end.program == CLOSURE_NONE);
	closure_done(&closure);
}

/* What is not there: the sysctl of kernels with 32-bit programs, or all of /proc/sys. */
static const char *hidden;

static long hide(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const char *path = (const char *)(uintptr_t)b;

	return strncmp(path, hidden, strlen(hidden)) ? sys_real(call, a, b, c, d, e, f) : -ENOENT;
}

static void a_kernel_without_32_bit_programs_is_told_by_its_sysctl(void **state)
{
	/* exit(0) for i386; the 32-bit calls of arm are not tried */
	static const unsigned char code[] = { 0xb8, 1, 0, 0, 0, 0x31, 0xdb, 0xcd, 0x80 };
	bool is_x86 = TINY_MACHINE == EM_X86_64, has_sysctl = exists("/proc/sys/abi/vsyscall32");
	const struct row runs = { .program = "@/i386", NOTHING, .end = "@/i386" };
	const struct row fails = { "@/i386", TROUBLE_NO_32BIT, -ENOEXEC, .role = PROGRAM,
				   .detail = "i386" };
	const struct row hidden_fails = { "@/i386", TROUBLE_NO_32BIT, -EINPROGRESS, .role = PROGRAM,
					  .detail = "i386" };
	struct image program;
	char path[GROUND_PATH];
	int fd;

	(void)state;
	image_init(&program, false, false);
	PUT(&program, 0, Ehdr, e_machine, is_x86 ? EM_386 : EM_ARM);
	PUT(&program, 0, Ehdr, e_entry, IMAGE_BASE + IMAGE_FREE);
	PUT(&program, phdr_at(&program, 0), Phdr, p_flags, PF_R | PF_X);
	memcpy(program.bytes + IMAGE_FREE, code, sizeof(code));
	fd = open(in_scratch(path, "i386"), O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_int_equal(write(fd, program.bytes, program.size), (long)program.size);
	(void)close(fd);
	image_done(&program);
	if (is_x86)
		judge_all(has_sysctl ? &runs : &fails, 1);
	hidden = "/proc/sys/abi/vsyscall32";
	sys_replace(SYS_CALL_newfstatat, hide);
	if (is_x86)
		judge_all(&hidden_fails, 1);
	else
		judge_all(
			&(const struct row){
				.program = "@/i386", NOTHING, -EINPROGRESS, .end = "@/i386" },
			1);
	hidden = "/proc/sys/";
	judge_all(
		&(const struct row){ .program = "@/i386", NOTHING, -EINPROGRESS, .end = "@/i386" },
		1);
}

static unsigned n_calls;

static long count_call(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	n_calls++;
	return sys_real(call, a, b, c, d, e, f);
}

/* It stands before every launch. Per file: eight to open it by root_open_file, one to read. */
static void a_plain_program_is_followed_in_few_calls(void **state)
{
	struct closure_input input = make_input();
	struct closure closure;
	struct chain_end end;

	(void)state;
	for (int i = 0; i < SYS_CALL_MAX; i++)
		if (i != SYS_CALL_clone)
			sys_replace((enum sys_call)i, count_call);
	n_calls = 0;
	assert_int_equal(look("dynamic", &input, &closure, &end), 0);
	(void)ground_restore(NULL);
	assert_true(end.is_dynamic);
	assert_true(n_calls > 0 && n_calls <= 18);
	closure_done(&closure);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_a_user_may_not_do_is_told_from_what_nobody_may),
		cmocka_unit_test(a_file_that_may_not_be_read_is_in_the_closure_all_the_same),
		cmocka_unit_test(root_may_execute_what_anybody_may),
		cmocka_unit_test_teardown(a_mount_without_execution_is_named_first, ground_restore),
		cmocka_unit_test(env_is_not_led_in_circles),
		cmocka_unit_test(what_env_finds_and_may_not_execute_is_named),
		cmocka_unit_test(without_a_path_env_looks_where_execvp_does),
		cmocka_unit_test(each_file_tells_what_it_is_and_who_asked_for_it),
		cmocka_unit_test_teardown(in_an_image_names_are_the_images_and_modes_are_bits,
					  ground_restore),
		cmocka_unit_test_teardown(running_out_of_descriptors_or_memory_is_an_error,
					  ground_restore),
		cmocka_unit_test_teardown(a_file_that_cannot_be_read_is_a_trouble, ground_restore),
		cmocka_unit_test_teardown(a_kernel_without_32_bit_programs_is_told_by_its_sysctl,
					  ground_restore),
		cmocka_unit_test_teardown(a_plain_program_is_followed_in_few_calls, ground_restore),
	};

	return cmocka_run_group_tests(tests, make_tree, ground_close);
}
