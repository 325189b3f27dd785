/* SPDX-License-Identifier: MIT */
/*
 * test_binfmt.c - handlers of binfmt_misc: their text, and what they take.
 *
 * The kernel's own directory is the host's and may hold anything, so one in the scratch directory
 * takes its place. Its texts are as a 6.18 kernel wrote them.
 */
#include "tiny_elf.h"

#include "elf/binfmt.h"
#include "elf/build.h"

#define AARCH64                                                                                   \
	"enabled\ninterpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P\nflags: POCF\noffset 0\n" \
	"magic 7f454c460201010000000000000000000200b700\n"                                        \
	"mask ffffffffffffff00fffffffffffffffffeffffff\n"
#define JAR "enabled\ninterpreter /usr/bin/jexec\nflags: \nextension .jar\n"
#define AT_FOUR "enabled\ninterpreter /i\nflags: \noffset 4\nmagic 6162\n"

static void a_handlers_text_is_read(void **state)
{
	struct binfmt_handler handler;

	(void)state;
	assert_int_equal(binfmt_parse(AARCH64, &handler), 0);
	assert_string_equal(handler.interpreter, "/usr/libexec/qemu-binfmt/aarch64-binfmt-P");
	assert_true(handler.is_enabled);
	assert_true(handler.is_fixed);
	assert_int_equal(handler.offset, 0);
	assert_int_equal(handler.len, 20);
	assert_memory_equal(handler.magic, "\177ELF\2\1\1", 7);
	assert_int_equal(handler.mask[7], 0);
	assert_int_equal(handler.mask[16], 0xfe);
	assert_string_equal(handler.extension, "");
	assert_int_equal(binfmt_parse(JAR, &handler), 0);
	assert_string_equal(handler.extension, "jar");
	assert_false(handler.is_fixed);
	assert_int_equal(handler.len, 0);
	assert_int_equal(binfmt_parse(AT_FOUR, &handler), 0);
	assert_int_equal(handler.offset, 4);
	assert_int_equal(handler.mask[0], 0xff);
	assert_int_equal(binfmt_parse("disabled\ninterpreter /i\nflags: F\noffset 0\nmagic 00\n",
				      &handler),
			 0);
	assert_false(handler.is_enabled);
	/* a line that is not known yet, and a last one without an end */
	assert_int_equal(binfmt_parse("enabled\ninterpreter /i\nnew thing\noffset 0\nmagic 6a",
				      &handler),
			 0);
	assert_int_equal(handler.magic[0], 0x6a);
}

static void what_is_no_handlers_text_is_refused(void **state)
{
	static const char *const texts[] = {
		"",
		"enabled\n",
		"enabled\nflags: \noffset 0\nmagic 00\n",
		"enabled\ninterpreter \noffset 0\nmagic 00\n",
		"enabled\ninterpreter /i\nflags: \n",
		"enabled\ninterpreter /i\nextension .\n",
		"enabled\ninterpreter /i\nextension .a\noffset 0\nmagic 00\n",
		"enabled\ninterpreter /i\noffset 0\nmagic \n",
		"enabled\ninterpreter /i\noffset 0\nmagic 0\n",
		"enabled\ninterpreter /i\noffset 0\nmagic 0g\n",
		"enabled\ninterpreter /i\noffset 0\nmagic 0F\n",
		"enabled\ninterpreter /i\noffset -1\nmagic 00\n",
		"enabled\ninterpreter /i\noffset 257\nmagic 00\n",
		"enabled\ninterpreter /i\noffset 255\nmagic 0000\n",
		"enabled\ninterpreter /i\noffset 0\nmagic 0000\nmask ff\n",
		"enabled\ninterpreter /i\noffset 0\nmagic 0000\nmask ffff0\n",
	};
	struct binfmt_handler handler;
	char text[8192];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (binfmt_parse(texts[i], &handler) != -EBADMSG)
			fail_msg("%s", texts[i]);
	/* longer than any name, and than any magic */
	memset(text, 'a', sizeof(text));
	memcpy(text, "interpreter /", 13);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(binfmt_parse(text, &handler), -EBADMSG);
	text[PATH_MAX + 12] = '\0';
	assert_int_equal(binfmt_parse(text, &handler), -EBADMSG);
	memcpy(text, "magic ", 6);
	text[6 + 2 * 257] = '\0';
	assert_int_equal(binfmt_parse(text, &handler), -EBADMSG);
}

static void a_magic_is_compared_below_its_mask(void **state)
{
	struct binfmt_handler handler;
	char head[64] = "\177ELF\2\1\1";

	(void)state;
	assert_int_equal(binfmt_parse(AARCH64, &handler), 0);
	head[16] = 2;
	head[18] = (char)0xb7;
	assert_true(binfmt_matches(&handler, head, sizeof(head), "x"));
	head[16] = 3; /* ET_DYN: the mask leaves it open */
	assert_true(binfmt_matches(&handler, head, sizeof(head), "x"));
	head[7] = 9;
	assert_true(binfmt_matches(&handler, head, sizeof(head), "x"));
	head[18] = 0x3e;
	assert_false(binfmt_matches(&handler, head, sizeof(head), "x"));
	assert_int_equal(binfmt_parse(AT_FOUR, &handler), 0);
	assert_true(binfmt_matches(&handler, "....ab", 6, "x"));
	assert_false(binfmt_matches(&handler, "....ab", 5, "x"));
	assert_false(binfmt_matches(&handler, "...ab.", 6, "x"));
	assert_false(binfmt_matches(&handler, "", 0, "x"));
	/* behind the end of a file there are zeros */
	assert_int_equal(binfmt_parse("enabled\ninterpreter /i\noffset 1\nmagic 00\n", &handler),
			 0);
	assert_true(binfmt_matches(&handler, "a", 1, "x"));
	assert_false(binfmt_matches(&handler, "ab", 2, "x"));
}

static void an_extension_is_what_follows_the_last_dot(void **state)
{
	struct binfmt_handler handler;

	(void)state;
	assert_int_equal(binfmt_parse(JAR, &handler), 0);
	assert_true(binfmt_matches(&handler, "", 0, "/x/a.jar"));
	assert_true(binfmt_matches(&handler, "", 0, "a.b.jar"));
	assert_false(binfmt_matches(&handler, "", 0, "/x/a.jar.gz"));
	assert_false(binfmt_matches(&handler, "", 0, "/x/jar"));
	assert_false(binfmt_matches(&handler, "", 0, "/x.d/a"));
	assert_false(binfmt_matches(&handler, "", 0, "a.JAR"));
}

static long elsewhere(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	static const char kernels[] = "/proc/sys/fs/binfmt_misc";
	char path[GROUND_PATH];

	if (strcmp((const char *)(uintptr_t)b, kernels) != 0)
		return sys_real(call, a, b, c, d, e, f);
	return sys_real(call, a, (long)(uintptr_t)in_scratch(path, "misc"), c, d, e, f);
}

static void the_enabled_handlers_are_asked(void **state)
{
	struct binfmt_handler handler;

	(void)state;
	sys_replace(SYS_CALL_openat, elsewhere);
	assert_int_equal(binfmt_find("abab", 4, "x.jar", &handler), 0);
	make_dir("misc");
	/* mounted nowhere, the directory is empty */
	assert_int_equal(binfmt_find("abab", 4, "x.jar", &handler), 0);
	make_file("misc/status", "enabled\n", 0644);
	make_file("misc/register", JAR, 0644);
	make_file("misc/broken", "enabled\ninterpreter /b\noffset 0\nmagic zz\n", 0644);
	make_file("misc/off", "disabled\ninterpreter /off\nflags: \nextension .jar\n", 0644);
	assert_int_equal(binfmt_find("abab", 4, "x.jar", &handler), 0);
	make_file("misc/jar", JAR, 0644);
	make_file("misc/four", AT_FOUR, 0644);
	assert_int_equal(binfmt_find("abab", 4, "x.jar", &handler), 1);
	assert_string_equal(handler.interpreter, "/usr/bin/jexec");
	assert_int_equal(binfmt_find("....ab", 6, "x", &handler), 1);
	assert_string_equal(handler.interpreter, "/i");
	assert_int_equal(binfmt_find("....xb", 6, "x", &handler), 0);
	make_file("misc/status", "disabled\n", 0644);
	assert_int_equal(binfmt_find("abab", 4, "x.jar", &handler), 0);
}

/* The chain of a program that a handler takes, or of one that none takes. */
static void follow(const char *name, struct closure *closure, struct chain_end *ret_end)
{
	static const struct root host = { .fd = -1, .path = "/" };
	const struct closure_input input = { .root = &host, .workdir = scratch };
	struct croft_error err;
	struct builder builder = { .closure = closure, .input = &input, .err = &err };

	*closure = (struct closure){ 0 };
	closure_init(closure);
	assert_int_equal(chain_follow(&builder, name, ret_end), 0);
}

static void make_handler(const char *format, const char *interpreter)
{
	char text[1024], path[GROUND_PATH];

	(void)snprintf(text, sizeof(text), format, in_scratch(path, interpreter));
	make_file("misc/test", text, 0644);
}

static void a_program_with_a_handler_runs_by_its_interpreter(void **state)
{
	static const char plain[] = "enabled\ninterpreter %s\nflags: \nextension .tst\n",
			  fixed[] = "enabled\ninterpreter %s\nflags: F\nextension .tst\n";
	struct tiny tiny = tiny_make(NULL);
	struct closure closure;
	struct chain_end end;

	(void)state;
	make_file("misc/status", "enabled\n", 0644);
	tiny_write("emulator", &tiny, sizeof(tiny), 0755);
	tiny.header.e_machine = EM_S390;
	tiny_write("foreign", &tiny, sizeof(tiny), 0755);
	tiny_write("foreign.tst", &tiny, sizeof(tiny), 0755);
	make_file("text.tst", "text\n", 0755);
	make_file("empty.tst", "", 0755);
	make_handler(plain, "emulator");
	sys_replace(SYS_CALL_openat, elsewhere);
	follow("foreign", &closure, &end);
	assert_int_equal(closure.troubles[0].kind, TROUBLE_WRONG_MACHINE);
	closure_done(&closure);
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = { "foreign.tst", "text.tst", "empty.tst" };

		follow(names[i], &closure, &end);
		assert_int_equal(closure.n_troubles, 0);
		assert_non_null(strstr(closure.files[end.program].path, "/emulator"));
		assert_int_equal(closure.files[end.program].role, ROLE_INTERPRETER);
		assert_string_equal(closure.files[end.program].detail, "binfmt_misc");
		closure_done(&closure);
	}
	/* by what the file holds */
	make_handler("enabled\ninterpreter %s\nflags: \noffset 18\nmagic 1600\n", "emulator");
	follow("foreign", &closure, &end);
	assert_int_equal(closure.n_troubles, 0);
	assert_non_null(strstr(closure.files[end.program].path, "/emulator"));
	closure_done(&closure);
	/* an interpreter that is missing is missed, unless it was opened long ago */
	make_handler(plain, "none");
	follow("foreign.tst", &closure, &end);
	assert_int_equal(closure.troubles[0].kind, TROUBLE_MISSING);
	assert_int_equal(closure.troubles[0].role, ROLE_INTERPRETER);
	closure_done(&closure);
	make_handler(fixed, "none");
	follow("foreign.tst", &closure, &end);
	assert_int_equal(closure.n_troubles, 0);
	assert_true(end.program == CLOSURE_NONE);
	closure_done(&closure);
}

static void a_handler_for_handlers_ends(void **state)
{
	struct closure closure;
	struct chain_end end;

	(void)state;
	make_file("loop.tst", "text\n", 0755);
	make_handler("enabled\ninterpreter %s\nflags: \nextension .tst\n", "loop.tst");
	sys_replace(SYS_CALL_openat, elsewhere);
	follow("loop.tst", &closure, &end);
	assert_int_equal(closure.troubles[0].kind, TROUBLE_SCRIPT_TOO_DEEP);
	closure_done(&closure);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_handlers_text_is_read),
		cmocka_unit_test(what_is_no_handlers_text_is_refused),
		cmocka_unit_test(a_magic_is_compared_below_its_mask),
		cmocka_unit_test(an_extension_is_what_follows_the_last_dot),
		cmocka_unit_test_teardown(the_enabled_handlers_are_asked, ground_restore),
		cmocka_unit_test_teardown(a_program_with_a_handler_runs_by_its_interpreter,
					  ground_restore),
		cmocka_unit_test_teardown(a_handler_for_handlers_ends, ground_restore),
	};

	return cmocka_run_group_tests(tests, ground_open, ground_close);
}
