/* SPDX-License-Identifier: MIT */
/* test_room.c - the words of a room: what --mount and --user may say, and what the whole may be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "plan/room.h"

static int setup(void **state)
{
	static struct room room;

	room_init(&room);
	*state = &room;
	return 0;
}

static int teardown(void **state)
{
	room_done(*state);
	return 0;
}

static void a_mount_is_split_at_the_last_colon_and_slash(void **state)
{
	static const struct {
		const char *text, *host, *path;
		bool is_read_only;
	} cases[] = {
		{ "/a:/b", "/a", "/b", false },
		{ "/a:/b:ro", "/a", "/b", true },
		{ "/a:/b:rw", "/a", "/b", false },
		{ "./a:/b", "./a", "/b", false },
		{ "/a:/b:/c", "/a:/b", "/c", false },
		{ "/a:b:/c:ro", "/a:b", "/c", true },
		{ "/a:/b:ro:rw", "/a", "/b:ro", false },
		{ "/a://b//./c/", "/a", "/b/c", false },
		{ "/a:/dev/kvm", "/a", "/dev/kvm", false },
		{ "/a:/process", "/a", "/process", false },
		{ "/a:/...", "/a", "/...", false },
	};
	struct room *room = *state;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct croft_error err = { 0 };

		assert_int_equal(room_add_mount(room, cases[i].text, &err), 0);
		assert_string_equal(room->mounts[i].host, cases[i].host);
		assert_string_equal(room->mounts[i].path, cases[i].path);
		assert_int_equal(room->mounts[i].is_read_only, cases[i].is_read_only);
	}
}

static void what_cannot_be_mounted_is_refused(void **state)
{
	static const char *const texts[] = {
		"",          "/a",
		":/b",       "/a:b",
		"/a:",       "/a:ro",
		"/a:/",      "/a:/.",
		"/a://",     "/a:/../b",
		"/a:/b/..",  "/a:/proc",
		"/a:/proc/", "/a:/./proc/self",
		"/a:/sys",   "/a:/sys/x",
		"/a:/dev",   "/a:/dev/:ro",
	};
	struct room *room = *state;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct croft_error err = { 0 };

		assert_int_not_equal(room_add_mount(room, texts[i], &err), 0);
		assert_int_equal(err.stage, CROFT_STAGE_USAGE);
		assert_non_null(strstr(err.what, "--mount"));
	}
	assert_int_equal(room->n_mounts, 0);
}

static void more_mounts_than_the_limit_are_refused(void **state)
{
	struct room *room = *state;
	struct croft_error err = { 0 };

	for (size_t i = 0; i < ROOM_MAX_MOUNTS; i++)
		assert_int_equal(room_add_mount(room, "/a:/b", &err), 0);
	assert_int_not_equal(room_add_mount(room, "/a:/b", &err), 0);
	assert_int_equal(room_check(room, &err), 0);
	assert_int_equal(room->n_mounts, 1);
}

static void two_things_at_one_place_are_an_error_and_order_stays(void **state)
{
	struct room *room = *state;
	struct croft_error err = { 0 };

	assert_int_equal(room_add_mount(room, "/z:/m", &err), 0);
	assert_int_equal(room_add_mount(room, "/a:/k", &err), 0);
	assert_int_equal(room_add_mount(room, "/z:/m/", &err), 0);
	assert_int_equal(room_check(room, &err), 0);
	assert_int_equal(room->n_mounts, 2);
	assert_int_equal(room_add_mount(room, "/z:/m:ro", &err), 0);
	assert_int_not_equal(room_check(room, &err), 0);
	assert_non_null(strstr(err.what, "'/m'"));
}

static void ids_are_two_numbers(void **state)
{
	static const char *const wrong[] = {
		"", "1", "1:", ":1", "a:1", "1:1:1", "-1:1", "1 :1", "4294967295:1", "1:4294967296"
	};
	struct room *room = *state;
	struct croft_error err = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		assert_int_not_equal(room_set_ids(room, wrong[i], &err), 0);
	assert_false(room->has_ids);
	assert_int_equal(room_set_ids(room, "1000:100", &err), 0);
	assert_true(room->has_ids);
	assert_int_equal(room->uid, 1000);
	assert_int_equal(room->gid, 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_mount_is_split_at_the_last_colon_and_slash),
		TEST(what_cannot_be_mounted_is_refused),
		TEST(more_mounts_than_the_limit_are_refused),
		TEST(two_things_at_one_place_are_an_error_and_order_stays),
		TEST(ids_are_two_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
