/* SPDX-License-Identifier: MIT */
/*
 * test_print.c - the parts of the text of a plan. Whole texts are compared by tests/plan.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/cleanup.h"
#include "make_plan.h"
#include "plan/print.h"

/* The kernel's names, in the order of the bits. */
static const char *const rights[] = {
	"execute",   "write_file", "read_file", "read_dir",  "remove_dir",   "remove_file",
	"make_char", "make_dir",   "make_reg",  "make_sock", "make_fifo",    "make_block",
	"make_sym",  "refer",      "truncate",  "ioctl_dev", "resolve_unix",
};

static void each_right_has_its_kernel_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++) {
		AUTO_BUF struct buf buf = BUF_INIT(256);

		print_fs_access(&buf, 1ULL << i);
		assert_string_equal(buf_text(&buf), rights[i]);
	}
}

static void rights_are_joined_by_blanks_and_none_is_nothing(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(256);

	(void)state;
	print_fs_access(&buf, ABI_LANDLOCK_FS_EXECUTE | ABI_LANDLOCK_FS_REFER);
	buf_putc(&buf, ';');
	print_fs_access(&buf, 0);
	buf_putc(&buf, ';');
	print_net_access(&buf, 0xf);
	assert_string_equal(buf_text(&buf),
			    "execute refer;nothing;bind_tcp connect_tcp bind_udp connect_send_udp");
}

static char *print(struct making *m)
{
	struct buf buf = BUF_INIT(1 << 20);

	make(m);
	assert_int_equal(m->result, 0);
	plan_print(&buf, m->plan);
	assert_int_equal(buf_error(&buf), 0);
	return buf.data;
}

static void names_from_outside_cannot_forge_a_line(void **state)
{
	static const char *const environment[] = { "A\nProtections:=1", "B\033[2J=1", NULL };
	struct making m = { .host = make_host(7),
			    .environment = environment,
			    .wishes = { { "read", "/x\nProtections:" },
					{ "env-all", NULL },
					{ "chdir", "/\r\033]0;title\a" },
					{ "write", "/x\xe2\x80\xaey" } } };
	AUTO_FREE char *text = print(&m);

	(void)state;
	for (const char *p = text; *p; p++)
		assert_true(*p == '\n' || ((unsigned char)*p >= 0x20 && (unsigned char)*p != 0x7f));
	/* one line of its own, and one that starts none */
	assert_ptr_equal(strstr(text, "\nProtections:"),
			 strrchr(text, '\n') ? strstr(text, "\nProtections:\n") : NULL);
	assert_null(strstr(text, "\xe2\x80\xae"));
	make_done(&m);
}

static void values_of_variables_are_never_printed(void **state)
{
	static const char *const environment[] = { "TERM=hunter2", "OTHER=hunter2", NULL };
	struct making m = { .host = make_host(7),
			    .environment = environment,
			    .wishes = { { "env", "TERM" }, { "env", "KEY=hunter2" } } };
	AUTO_FREE char *text = print(&m);

	(void)state;
	assert_null(strstr(text, "hunter2"));
	assert_non_null(strstr(text, "Environment: TERM KEY, 1 not passed"));
	make_done(&m);
}

static void what_a_newer_landlock_would_handle_is_named_with_its_kernel(void **state)
{
	struct making old = { .host = make_host(5) },
		      new = { .host = make_host(ABI_LANDLOCK_NEWEST) };
	AUTO_FREE char *text = print(&old), *newest = print(&new);

	(void)state;
	assert_non_null(strstr(text, "signal (Landlock 6, Linux 6.12)"));
	assert_non_null(strstr(text, "resolve_unix (Landlock 9, Linux 7.1)"));
	assert_null(strstr(text, "ioctl_dev (Landlock"));
	assert_null(strstr(newest, "ignored here"));
	make_done(&old);
	make_done(&new);
}

static void a_plan_with_more_rules_is_told_to_cost_more(void **state)
{
	struct making few = { .host = make_host(7), .wishes = { { "read", "/a" } } };
	struct making more = { .host = make_host(7),
			       .wishes = { { "read", "/a" }, { "read", "/b" }, { "time", "1" } } };

	(void)state;
	make(&few);
	make(&more);
	assert_true(plan_estimate_us(few.plan) > 0);
	assert_true(plan_estimate_us(more.plan) > plan_estimate_us(few.plan));
	make_done(&few);
	make_done(&more);
}

static void a_buffer_that_is_too_small_is_an_error_and_no_half_text_passes_for_whole(void **state)
{
	struct making m = { .host = make_host(7) };
	AUTO_BUF struct buf buf = BUF_INIT(100);

	(void)state;
	make(&m);
	plan_print(&buf, m.plan);
	assert_int_equal(buf_error(&buf), -EOVERFLOW);
	make_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_right_has_its_kernel_name),
		cmocka_unit_test(rights_are_joined_by_blanks_and_none_is_nothing),
		cmocka_unit_test(names_from_outside_cannot_forge_a_line),
		cmocka_unit_test(values_of_variables_are_never_printed),
		cmocka_unit_test(what_a_newer_landlock_would_handle_is_named_with_its_kernel),
		cmocka_unit_test(a_plan_with_more_rules_is_told_to_cost_more),
		cmocka_unit_test(
			a_buffer_that_is_too_small_is_an_error_and_no_half_text_passes_for_whole),
	};

	return cmocka_run_group_tests_name("print", tests, NULL, NULL);
}
