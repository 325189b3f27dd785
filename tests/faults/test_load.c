/* SPDX-License-Identifier: MIT */
/*
 * test_load.c - every system call of loading a profile fails once, at each of its uses.
 *
 * The profile is one of a user's, found by its name behind a symbolic link; it extends a file
 * beside the link and a built-in one. Whatever fails, either the load does, with an error of its
 * stage, or the very profile comes out that would have come out without: never a part of it,
 * never a looser one. No descriptor stays open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launch/tmpdir.h"
#include "profile/load.h"
#include "sys/calls.h"

#define MAX_USES 64 /* of one call in one load */

static char scratch[400];
static struct load_place place;

/* What fails: the use of `call` that has the number `at`, counted from 0. */
static struct {
	enum sys_call call;
	int at, n_uses;
	long answer;
} injected;

static long inject(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	bool fails = injected.n_uses++ == injected.at;

	/* the kernel gives the number back whatever close answers */
	if (fails && call == SYS_CALL_close)
		(void)sys_real(call, a, b, c, d, e, f);
	if (fails)
		return injected.answer;
	return sys_real(call, a, b, c, d, e, f);
}

static void make_file(const char *name, const char *text)
{
	char path[500];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", scratch, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0644), 0);
}

static int setup(void **state)
{
	static const char *const dirs[] = { "", "/.config", "/.config/croft",
					    "/.config/croft/profiles", "/kept" };
	const char *parent = getenv("TMPDIR");
	char path[500], target[500];

	(void)state;
	(void)snprintf(scratch, sizeof(scratch), "%s/croft-faults-XXXXXX",
		       parent ? parent : "/tmp");
	if (!mkdtemp(scratch))
		return -1;
	for (size_t i = 1; i < ARRAY_SIZE(dirs); i++) {
		(void)snprintf(path, sizeof(path), "%s%s", scratch, dirs[i]);
		if (mkdir(path, 0755) < 0)
			return -1;
	}
	make_file("kept/mine.yaml",
		  "version: 2\nprofiles:\n  mine:\n"
		  "    extends: [./.base.yaml, system]\n    files: {read: [/srv/mine]}\n");
	make_file(".config/croft/profiles/.base.yaml",
		  "version: 2\nprofiles: {base: {files: {deny: [/srv/secret]}}}\n");
	(void)snprintf(path, sizeof(path), "%s/.config/croft/profiles/mine.yaml", scratch);
	(void)snprintf(target, sizeof(target), "%s/kept/mine.yaml", scratch);
	place = (struct load_place){ .home = scratch, .workdir = scratch };
	return symlink(target, path);
}

static int teardown(void **state)
{
	(void)state;
	for (int i = 0; i < SYS_CALL_MAX; i++)
		sys_replace((enum sys_call)i, NULL);
	return tmpdir_remove(scratch);
}

/* The lowest free descriptor: the same before and after means that none was left open. */
static int lowest_free(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_int_equal(close(fd), 0);
	return fd;
}

static void assert_whole(const struct profile *profile)
{
	struct profile *system;

	assert_int_equal(profile_new("system", NULL, "/", &system, NULL), 0);
	assert_int_equal(profile->n_grants, system->n_grants + 1);
	assert_string_equal(profile->grants[system->n_grants].path, "/srv/mine");
	assert_int_equal(profile->n_denials, 1);
	assert_string_equal(profile->denials[0].path, "/srv/secret");
	assert_int_equal(profile->require[PROTECT_DENY_INSIDE], REQUIRE_REQUIRE);
	profile_free(system);
}

/* One load with that one failure in it. True if the call was used so often. */
static bool load_once(void)
{
	struct profile *profile = NULL;
	struct croft_error err = { 0 };
	int before = lowest_free(), r;

	injected.n_uses = 0;
	sys_replace(injected.call, inject);
	r = load_profile("mine", &place, &profile, &err);
	sys_replace(injected.call, NULL);
	assert_int_equal(lowest_free(), before);
	if (r == 0) {
		assert_whole(profile);
		profile_free(profile);
	} else {
		assert_null(profile);
		assert_int_equal(err.stage, CROFT_STAGE_PROFILE);
		assert_true(err.what[0] != '\0');
		/* what never happened is not told */
		assert_true(injected.n_uses > injected.at);
	}
	return injected.n_uses > injected.at;
}

static void a_load_fails_whole_or_not_at_all(void **state)
{
	/* EACCES and ENOENT are answers to a look for a name, not failures of it (test_store.c) */
	static const int errnums[] = { EIO, ENOMEM, EINTR, EMFILE };
	int n = 0;

	(void)state;
	for (int call = 0; call < SYS_CALL_MAX; call++)
		for (size_t i = 0; i < ARRAY_SIZE(errnums); i++) {
			injected.call = (enum sys_call)call;
			injected.answer = -errnums[i];
			for (injected.at = 0; injected.at < MAX_USES && load_once(); injected.at++)
				n++;
			assert_true(injected.at < MAX_USES);
		}
	/* two files: each is opened, looked at, read and closed */
	assert_true(n > 4 * 2 * 4);
}

static void calls_without_consequence_are_passed_over(void **state)
{
	(void)state;
	injected.call = SYS_CALL_close;
	injected.answer = -EIO;
	injected.at = 0;
	assert_true(load_once());
	injected.call = SYS_CALL_read;
	injected.answer = -EINTR;
	assert_true(load_once());
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_load_fails_whole_or_not_at_all),
		cmocka_unit_test(calls_without_consequence_are_passed_over),
	};

	return cmocka_run_group_tests_name("load faults", tests, setup, teardown);
}
