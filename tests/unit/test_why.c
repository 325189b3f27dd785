/* SPDX-License-Identifier: MIT */
/*
 * test_why.c - what is allowed, by which rule; and the grant that is named is one that helps.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "base/cleanup.h"
#include "make_plan.h"

static struct why_answer ask(struct making *m, enum why_op op, const char *target)
{
	struct why_answer answer = { 0 };

	assert_int_equal(plan_why(m->plan, op, target, &answer, &m->err), 0);
	assert_non_null(answer.reason);
	assert_true(*answer.reason);
	assert_non_null(answer.grant);
	return answer;
}

static const struct {
	const char *wishes[MAX_WISHES][2];
	int abi;
	enum why_op op;
	const char *target;
	bool is_allowed;
	const char *says; /* in the reason */
	const char *grant;
} cases[] = {
	{ { { "read", "/srv" } }, 7, WHY_READ, "/srv/a/b", true, "--read '/srv'", "" },
	{ { { "read", "/srv" } }, 7, WHY_READ, "/srv", true, "--read '/srv'", "" },
	{ { { "read", "/srv" } }, 7, WHY_READ, "/srv2", false, "/srv2", "--read /srv2" },
	{ { { "read", "/srv" } }, 7, WHY_WRITE, "/srv/a", false, "/srv/a", "--write /srv/a" },
	{ { { "read", "/srv" } }, 7, WHY_EXECUTE, "/srv/a", false, "/srv/a", "--execute /srv/a" },
	{ { { "write", "/srv" } }, 7, WHY_WRITE, "/srv/a", true, "--write '/srv'", "" },
	{ { { "write", "/srv" } }, 7, WHY_CREATE, "/srv/new", true, "--write '/srv'", "" },
	/* a name is made in its directory: that is what has to be granted */
	{ { { "read", "/srv" } }, 7, WHY_CREATE, "/srv/new", false, "/srv", "--write /srv" },
	{ { { "write", "/srv" } }, 7, WHY_REMOVE, "/srv", false, "'/'", "" },
	{ { { "read", "/" } }, 7, WHY_READ, "/etc/shadow", true, "--read '/'", "" },
	{ { { "device", "/dev/kvm" } }, 7, WHY_DEVICE, "/dev/kvm", true, "--device", "" },
	{ { { "write", "/dev/kvm" } },
	  7,
	  WHY_DEVICE,
	  "/dev/kvm",
	  false,
	  "/dev/kvm",
	  "--device /dev/kvm" },
	{ { { "write", "/dev/kvm" } },
	  4,
	  WHY_DEVICE,
	  "/dev/kvm",
	  true,
	  "nothing in this plan limits",
	  "" },
	{ { { "off", "files" } },
	  7,
	  WHY_READ,
	  "/etc/shadow",
	  true,
	  "nothing in this plan limits",
	  "" },
	{ { { "socket", "/run/s" } }, 9, WHY_SOCKET, "/run/s", true, "--socket '/run/s'", "" },
	{ { { "socket", "/run/s" } }, 9, WHY_SOCKET, "/run/t", false, "/run/t", "--socket /run/t" },
	{ { { NULL, NULL } },
	  7,
	  WHY_SOCKET,
	  "/run/s",
	  false,
	  "as a whole",
	  "--socket /run/s --prefer unix-path" },
	{ { { "off", "unix-path" } },
	  7,
	  WHY_SOCKET,
	  "/run/s",
	  true,
	  "nothing in this plan limits",
	  "" },
	{ { { "connect", "443" } }, 7, WHY_CONNECT, "443", true, "--connect 443", "" },
	{ { { "connect", "443" } }, 7, WHY_CONNECT, "tcp:443", true, "--connect", "" },
	{ { { "connect", "443" } },
	  7,
	  WHY_CONNECT,
	  "80",
	  false,
	  "no grant names this port",
	  "--connect 80" },
	{ { { "connect", "443" } },
	  7,
	  WHY_CONNECT,
	  "udp:443",
	  false,
	  "not made at all",
	  "--connect udp:443 --prefer udp" },
	{ { { "connect", "443" } }, 7, WHY_LISTEN, "443", false, "no grant", "--listen 443" },
	{ { { NULL, NULL } }, 7, WHY_CONNECT, "443", false, "not made at all", "--connect 443" },
	{ { { "off", "tcp" } }, 7, WHY_CONNECT, "443", true, "nothing in this plan limits", "" },
	{ { { "env", "TERM" } }, 7, WHY_ENV, "TERM", true, "names it", "" },
	{ { { "env", "A=1" } }, 7, WHY_ENV, "A", true, "names it", "" },
	{ { { "env", "TERM" } }, 7, WHY_ENV, "EDITOR", false, "nothing names it", "--env EDITOR" },
	{ { { "env-all", NULL } }, 7, WHY_ENV, "API_KEY", false, "secret", "--env API_KEY" },
	{ { { "require", "private-tmp" } }, 7, WHY_ENV, "TMPDIR", true, "", "" },
	{ { { NULL, NULL } }, 7, WHY_SYSCALL, "bpf", false, "EACCES", "--allow bpf" },
	{ { { "allow", "bpf" } }, 7, WHY_SYSCALL, "bpf", true, "nothing in this plan refuses", "" },
	{ { { NULL, NULL } },
	  7,
	  WHY_SYSCALL,
	  "io_uring_setup",
	  false,
	  "ENOSYS",
	  "--allow io-uring --prefer tcp --prefer udp --prefer other-net --prefer unix-path" },
	{ { { NULL, NULL } }, 7, WHY_SYSCALL, "ioctl", true, "some arguments", "" },
	{ { { NULL, NULL } }, 7, WHY_SYSCALL, "socketpair", true, "some arguments", "" },
	{ { { "connect", "443" } }, 7, WHY_SYSCALL, "socket", true, "some arguments", "" },
	{ { { NULL, NULL } }, 7, WHY_SYSCALL, "ptrace", true, "nothing in this plan refuses", "" },
	{ { { NULL, NULL } }, 0, WHY_SYSCALL, "ptrace", false, "EACCES", "" },
};

static void each_question_has_its_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct making m = { .host = make_host(cases[i].abi), .tmpdir = "/tmp/croft-1" };
		struct why_answer answer;

		memcpy(m.wishes, cases[i].wishes, sizeof(m.wishes));
		make(&m);
		answer = ask(&m, cases[i].op, cases[i].target);
		if (answer.is_allowed != cases[i].is_allowed ||
		    !strstr(answer.reason, cases[i].says) ||
		    strcmp(answer.grant, cases[i].grant) != 0)
			fail_msg("case %zu, %s %s: %s: %s [%s]", i, why_op_names[cases[i].op].name,
				 cases[i].target, answer.is_allowed ? "allowed" : "refused",
				 answer.reason, answer.grant);
		make_done(&m);
	}
}

/* "--read /x --prefer y" becomes two more wishes. */
static void add_wishes(struct making *m, char *words)
{
	size_t n = 0;

	while (m->wishes[n][0])
		n++;
	for (char *word = strtok(words, " "); word; word = strtok(NULL, " ")) {
		m->wishes[n][0] = word + 2;
		m->wishes[n++][1] = strtok(NULL, " ");
	}
}

static const struct {
	enum why_op op;
	const char *target;
} questions[] = {
	{ WHY_READ, "/etc/passwd" },  { WHY_WRITE, "/srv/x" },
	{ WHY_EXECUTE, "/srv/x" },    { WHY_CREATE, "/srv/x/new" },
	{ WHY_REMOVE, "/srv/x/old" }, { WHY_DEVICE, "/dev/kvm" },
	{ WHY_SOCKET, "/run/s" },     { WHY_CONNECT, "443" },
	{ WHY_CONNECT, "udp:53" },    { WHY_LISTEN, "8080" },
	{ WHY_LISTEN, "udp:5353" },   { WHY_ENV, "API_KEY" },
	{ WHY_SYSCALL, "bpf" },       { WHY_SYSCALL, "unshare" },
	{ WHY_SYSCALL, "keyctl" },    { WHY_SYSCALL, "clone3" },
	{ WHY_SYSCALL, "mount" },     { WHY_SYSCALL, "io_uring_setup" },
	{ WHY_SYSCALL, "shmget" },    { WHY_LISTEN, "0" },
};

static void the_grant_that_is_named_allows_it_and_croft_still_starts(void **state)
{
	(void)state;
	for (int abi = 1; abi <= ABI_LANDLOCK_NEWEST; abi++)
		for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
			struct making m = { .host = make_host(abi),
					    .wishes = { { "read", "/srv" } } };
			struct making again = { .host = make_host(abi),
						.wishes = { { "read", "/srv" } } };
			struct why_answer answer;
			AUTO_FREE char *words = NULL;

			make(&m);
			answer = ask(&m, questions[i].op, questions[i].target);
			if (!answer.is_allowed) {
				words = strdup(answer.grant);
				assert_non_null(words);
				add_wishes(&again, words);
			}
			make(&again);
			assert_int_equal(again.result, 0);
			if (!ask(&again, questions[i].op, questions[i].target).is_allowed ||
			    plan_check(again.plan, NULL) < 0)
				fail_msg("ABI %d, %s %s: '%s' does not help", abi,
					 why_op_names[questions[i].op].name, questions[i].target,
					 answer.grant);
			make_done(&m);
			make_done(&again);
		}
}

static void without_filters_landlock_is_still_asked(void **state)
{
	struct making m = { .host = make_host(7), .wishes = { { "connect", "443" } } };

	(void)state;
	m.host.seccomp.errnum = EINVAL;
	make(&m);
	assert_true(ask(&m, WHY_CONNECT, "443").is_allowed);
	assert_false(ask(&m, WHY_CONNECT, "80").is_allowed);
	assert_true(ask(&m, WHY_CONNECT, "udp:80").is_allowed);
	assert_true(ask(&m, WHY_SYSCALL, "bpf").is_allowed);
	assert_true(ask(&m, WHY_SOCKET, "/run/s").is_allowed);
	make_done(&m);
}

static void the_tmpdir_is_the_commands_own(void **state)
{
	struct making m = { .host = make_host(7),
			    .wishes = { { "require", "private-tmp" } },
			    .tmpdir = "/tmp/croft-1" };

	(void)state;
	make(&m);
	assert_true(ask(&m, WHY_WRITE, "/tmp/croft-1/x").is_allowed);
	assert_true(ask(&m, WHY_EXECUTE, "/tmp/croft-1/x").is_allowed);
	assert_true(ask(&m, WHY_CREATE, "/tmp/croft-1/x").is_allowed);
	assert_false(ask(&m, WHY_CREATE, "/tmp/croft-1").is_allowed);
	assert_false(ask(&m, WHY_WRITE, "/tmp/croft-12").is_allowed);
	assert_false(ask(&m, WHY_READ, "/tmp").is_allowed);
	make_done(&m);
}

static void a_question_that_makes_no_sense_is_an_error(void **state)
{
	static const struct {
		enum why_op op;
		const char *target;
	} wrong[] = {
		{ WHY_READ, "etc/passwd" },   { WHY_READ, "" },      { WHY_CONNECT, "65536" },
		{ WHY_CONNECT, "http" },      { WHY_CONNECT, "" },   { WHY_LISTEN, "udp:" },
		{ WHY_CONNECT, "tcp:udp:1" }, { WHY_CONNECT, "-1" },
	};
	struct making m = { .host = make_host(7) };

	(void)state;
	make(&m);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct why_answer answer;
		struct croft_error err = { 0 };

		if (plan_why(m.plan, wrong[i].op, wrong[i].target, &answer, &err) >= 0)
			fail_msg("'%s' has an answer", wrong[i].target);
		assert_int_equal(err.stage, CROFT_STAGE_USAGE);
	}
	make_done(&m);
}

static void all_rights_must_be_given_and_what_is_not_handled_counts_as_given(void **state)
{
	struct making m = { .host = make_host(4),
			    .wishes = { { "read", "/srv" }, { "execute", "/srv/bin" } } };

	(void)state;
	make(&m);
	assert_true(plan_allows(m.plan, "/srv/bin/x",
				ABI_LANDLOCK_FS_READ_FILE | ABI_LANDLOCK_FS_EXECUTE));
	assert_false(
		plan_allows(m.plan, "/srv/x", ABI_LANDLOCK_FS_READ_FILE | ABI_LANDLOCK_FS_EXECUTE));
	assert_true(plan_allows(m.plan, "/srv/x",
				ABI_LANDLOCK_FS_READ_FILE | ABI_LANDLOCK_FS_IOCTL_DEV));
	assert_true(plan_allows(m.plan, "/nowhere", ABI_LANDLOCK_FS_IOCTL_DEV));
	assert_false(plan_allows(m.plan, "/srvx", ABI_LANDLOCK_FS_READ_FILE));
	make_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_question_has_its_answer),
		cmocka_unit_test(the_grant_that_is_named_allows_it_and_croft_still_starts),
		cmocka_unit_test(without_filters_landlock_is_still_asked),
		cmocka_unit_test(the_tmpdir_is_the_commands_own),
		cmocka_unit_test(a_question_that_makes_no_sense_is_an_error),
		cmocka_unit_test(all_rights_must_be_given_and_what_is_not_handled_counts_as_given),
	};

	return cmocka_run_group_tests_name("why", tests, NULL, NULL);
}
