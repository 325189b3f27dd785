/* SPDX-License-Identifier: MIT */
/*
 * test_remedy.c - the words for what would do, by all that a program needs.
 *
 * That they help is tried with real loaders in tests/cli/test_image_check.py and
 * test_exec_explained.py.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "elf/remedy.h"

static const struct trouble loader_missing = { .kind = TROUBLE_MISSING,
					       .role = ROLE_LOADER,
					       .path = "/lib64/ld-linux-x86-64.so.2",
					       .needed_by = "/srv/prog",
					       .detail = "" };
static const struct trouble library_missing = { .kind = TROUBLE_LIBRARY_MISSING,
						.role = ROLE_LIBRARY,
						.path = "libmore.so.1",
						.needed_by = "/srv/prog",
						.detail = "" };
static const char *absent[] = { "libstdc++.so.6", "libgcc_s.so.1", "liba.so", "libb.so",
				"libc9.so" };

static void add_package(void *context, struct buf *buf, const char *soname)
{
	(void)context;
	buf_printf(buf, "get %s", strstr(soname, "lib") == soname ? soname : "the loader");
}

static const char *mend(struct buf *buf, const struct remedy *remedy, const struct trouble *trouble,
			remedy_package_fn add)
{
	buf_reset(buf);
	remedy_mend(buf, remedy, trouble, add, NULL);
	assert_int_equal(buf_error(buf), 0);
	assert_null(strpbrk(buf_text(buf), "\n%"));
	return buf_text(buf);
}

static void without_a_remedy_it_is_the_troubles_own_mend(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(4096), own = BUF_INIT(4096);
	const struct remedy none = { 0 };

	(void)state;
	trouble_mend(&own, &loader_missing);
	assert_string_equal(mend(&buf, &none, &loader_missing, NULL), buf_text(&own));
	buf_reset(&own);
	trouble_mend(&own, &library_missing);
	assert_string_equal(mend(&buf, &none, &library_missing, NULL), buf_text(&own));
	assert_string_equal(mend(&buf, &none, &library_missing, add_package), "get libmore.so.1");
}

static void a_link_is_a_line_for_a_shell(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(4096);
	const struct remedy link = { .kind = REMEDY_LINK,
				     .program = "/srv/prog",
				     .interp = "/lib64/ld-linux-x86-64.so.2",
				     .loader = "/usr/lib/my loader" };

	(void)state;
	assert_non_null(strstr(mend(&buf, &link, &loader_missing, NULL),
			       "mkdir -p /lib64 && ln -s '/usr/lib/my loader' "
			       "/lib64/ld-linux-x86-64.so.2"));
}

static void libraries_elsewhere_are_named_with_the_loader_that_takes_them(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(4096);
	struct remedy remedy = { .kind = REMEDY_LOADER,
				 .program = "/srv/prog",
				 .interp = "/lib64/ld-linux-x86-64.so.2",
				 .loader = "/store/ld",
				 .dirs = "/store/a:/store/b" };

	(void)state;
	mend(&buf, &remedy, &loader_missing, NULL);
	assert_non_null(
		strstr(buf_text(&buf), "/store/ld --library-path /store/a:/store/b /srv/prog;"));
	assert_non_null(strstr(buf_text(&buf),
			       "patchelf --set-interpreter /store/ld --force-rpath --set-rpath "
			       "/store/a:/store/b /srv/prog"));
	remedy.kind = REMEDY_ENVIRONMENT;
	remedy.interp = NULL;
	assert_non_null(strstr(mend(&buf, &remedy, &library_missing, add_package),
			       "LD_LIBRARY_PATH=/store/a:/store/b"));
}

static void what_is_nowhere_is_named_and_no_link_is_advised(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(4096);
	struct remedy remedy = { .kind = REMEDY_ABSENT,
				 .program = "/srv/prog",
				 .interp = "/lib64/ld-linux-x86-64.so.2",
				 .loader = "/store/ld",
				 .absent = absent,
				 .n_absent = 1 };

	(void)state;
	mend(&buf, &remedy, &loader_missing, add_package);
	assert_non_null(strstr(buf_text(&buf),
			       "a link to /store/ld would not do: "
			       "libstdc++.so.6 is nowhere here; get libstdc++.so.6"));
	assert_null(strstr(buf_text(&buf), "ln -s"));
	assert_null(strstr(buf_text(&buf), "get the loader"));
	remedy.loader = NULL;
	remedy.n_absent = 5;
	mend(&buf, &remedy, &loader_missing, add_package);
	assert_non_null(strstr(buf_text(&buf), "liba.so, libb.so and 1 more are nowhere here"));
	assert_non_null(strstr(buf_text(&buf), "; get libc9.so; get the loader"));
	remedy.n_absent = 0;
	assert_non_null(strstr(mend(&buf, &remedy, &loader_missing, NULL), "libc6"));
}

static void the_other_c_library_is_named(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(4096);
	const struct remedy remedy = { .kind = REMEDY_ABSENT,
				       .program = "/srv/prog",
				       .interp = "/lib64/ld-linux-x86-64.so.2",
				       .absent = absent,
				       .n_absent = 1,
				       .other = "/lib/ld-musl-x86_64.so.1",
				       .is_other_musl = true };
	struct trouble musl = library_missing;

	(void)state;
	mend(&buf, &remedy, &loader_missing, add_package);
	assert_non_null(
		strstr(buf_text(&buf), "it is built for glibc, and the C library here is musl"));
	assert_non_null(strstr(buf_text(&buf), "or get a build for musl"));
	musl.path = "libc.musl-x86_64.so.1";
	assert_non_null(strstr(mend(&buf, &remedy, &musl, add_package), "is built for musl"));
}

static void a_library_that_is_too_old_is_no_case_for_a_link(void **state)
{
	AUTO_BUF struct buf buf = BUF_INIT(4096);
	const struct remedy remedy = { .kind = REMEDY_TOO_OLD,
				       .program = "/srv/prog",
				       .interp = "/lib64/ld-linux-x86-64.so.2",
				       .loader = "/store/ld",
				       .older = "/store/libc.so.6",
				       .version = "GLIBC_2.38" };

	(void)state;
	assert_non_null(strstr(mend(&buf, &remedy, &loader_missing, NULL),
			       "a link would not do: /store/libc.so.6 lacks GLIBC_2.38"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_remedy_it_is_the_troubles_own_mend),
		cmocka_unit_test(a_link_is_a_line_for_a_shell),
		cmocka_unit_test(libraries_elsewhere_are_named_with_the_loader_that_takes_them),
		cmocka_unit_test(what_is_nowhere_is_named_and_no_link_is_advised),
		cmocka_unit_test(the_other_c_library_is_named),
		cmocka_unit_test(a_library_that_is_too_old_is_no_case_for_a_link),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
