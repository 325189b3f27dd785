/* SPDX-License-Identifier: MIT */
/*
 * test_conceal.c - logins in URLs are hidden, and nothing else is changed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "doctor/conceal.h"

/* NULL: it stays as it is. */
static const char *const cases[][2] = {
	{ "", NULL },
	{ "no URL: a@b, c:d@e", NULL },
	{ "://", NULL },
	{ "https://cache.example.org", NULL },
	{ "https://cache.example.org:8443/a@b?priority=10&trusted=1#x", NULL },
	{ "https://ada:swordfish@cache.example.org/x", "https://***@cache.example.org/x" },
	{ "https://ghp_1234@cache.example.org", "https://***@cache.example.org" },
	{ "https://ada:p@ss:word@[2001:db8::1]:80/", "https://***@[2001:db8::1]:80/" },
	{ "https://ada:pw@a.example https://b.example 'http://c:d@e'",
	  "https://***@a.example https://b.example 'http://***@e'" },
	{ "ssh://ada@build.example", NULL },
	{ "ssh://ada:pw@build.example:22", "ssh://ada:***@build.example:22" },
	{ "SSH-NG://ada:pw@build.example", "SSH-NG://ada:***@build.example" },
	{ "ssh-ng://ada@build.example?ssh-key=/root/.ssh/id", NULL },
	{ "https://a.example/x?access_token=abc&y=1", "https://a.example/x?access_token=***&y=1" },
	{ "https://a.example/x?y=1&X-Amz-Signature=abc",
	  "https://a.example/x?y=1&X-Amz-Signature=***" },
	{ "https://a.example?PASSWORD=a&password=", "https://a.example?PASSWORD=***&password=" },
	{ "s3://bucket?secret-key=/etc/nix/key&profile=p", NULL },
	{ "https://a.example?&&=&x", NULL },
};

static void check(const char *text, const char *expected)
{
	AUTO_BUF struct buf buf = BUF_INIT(4096);

	conceal_urls(&buf, text);
	assert_int_equal(buf_error(&buf), 0);
	assert_string_equal(buf_text(&buf), expected);
}

static void of_urls_with_logins_only_these_are_hidden(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		check(cases[i][0], cases[i][1] ? cases[i][1] : cases[i][0]);
}

static void what_was_concealed_stays_as_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (cases[i][1])
			check(cases[i][1], cases[i][1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_urls_with_logins_only_these_are_hidden),
		cmocka_unit_test(what_was_concealed_stays_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
