/* SPDX-License-Identifier: MIT */
/*
 * test_status.c - the object of --status-fd tells what never ran from what ran and failed.
 */
#include "ground.h"

#include "cli/status.h"

static const struct {
	struct outcome outcome;
	struct croft_error err;
	int exit_status;
	const char *text; /* the whole object, which has no rows without a plan */
} rows[] = {
	{ .outcome = { .has_started = true,
		       .status = 0,
		       .wall_ms = 12,
		       .usage = { .ru_utime = { 1, 2 }, .ru_stime = { 0, 3 }, .ru_maxrss = 4 } },
	  .exit_status = 0,
	  .text = "{\"version\":1,\"started\":true,\"stage\":\"running\",\"error\":null,"
		  "\"exit_reason\":\"exit\",\"exit_status\":0,\"signal\":null,"
		  "\"usage\":{\"wall_ms\":12,\"user_us\":1000002,\"system_us\":3,"
		  "\"max_rss_kib\":4,\"killed_survivors\":0,\"killed_for_memory\":0}}\n" },
	{ .outcome = { .has_started = true, .status = 7 << 8, .n_killed = 2 },
	  .exit_status = 7,
	  .text = "{\"version\":1,\"started\":true,\"stage\":\"running\",\"error\":null,"
		  "\"exit_reason\":\"exit\",\"exit_status\":7,\"signal\":null,"
		  "\"usage\":{\"wall_ms\":0,\"user_us\":0,\"system_us\":0,"
		  "\"max_rss_kib\":0,\"killed_survivors\":2,\"killed_for_memory\":0}}\n" },
	{ .outcome = { .has_started = true, .status = 11 },
	  .exit_status = 139,
	  .text = "{\"version\":1,\"started\":true,\"stage\":\"running\",\"error\":null,"
		  "\"exit_reason\":\"signal\",\"exit_status\":139,\"signal\":11,"
		  "\"usage\":{\"wall_ms\":0,\"user_us\":0,\"system_us\":0,"
		  "\"max_rss_kib\":0,\"killed_survivors\":0,\"killed_for_memory\":0}}\n" },
	{ .outcome = { .has_started = true, .status = 15, .timed_out = true },
	  .exit_status = 124,
	  .text = "{\"version\":1,\"started\":true,\"stage\":\"running\",\"error\":null,"
		  "\"exit_reason\":\"time-limit\",\"exit_status\":124,\"signal\":15,"
		  "\"usage\":{\"wall_ms\":0,\"user_us\":0,\"system_us\":0,"
		  "\"max_rss_kib\":0,\"killed_survivors\":0,\"killed_for_memory\":0}}\n" },
	/* never ran: a status that is there is no status of the command */
	{ .outcome = { .status = 7 << 8 },
	  .err = { .stage = CROFT_STAGE_EXEC, .errnum = ENOENT, .what = "find 'a\"b\n'" },
	  .exit_status = 127,
	  .text = "{\"version\":1,\"started\":false,\"stage\":\"exec\","
		  "\"error\":{\"stage\":\"exec\",\"errno\":\"ENOENT\","
		  "\"what\":\"find 'a\\\"b\\n'\",\"hint\":\"\"},"
		  "\"exit_reason\":\"not-started\",\"exit_status\":127,\"signal\":null}\n" },
	{ .err = { .stage = CROFT_STAGE_PLAN, .what = "no", .hint = "mend it" },
	  .exit_status = 125,
	  .text = "{\"version\":1,\"started\":false,\"stage\":\"plan\","
		  "\"error\":{\"stage\":\"plan\",\"errno\":0,\"what\":\"no\","
		  "\"hint\":\"mend it\"},"
		  "\"exit_reason\":\"not-started\",\"exit_status\":125,\"signal\":null}\n" },
	{ .outcome = { .has_started = true, .status = 0 },
	  .err = { .stage = CROFT_STAGE_SUPERVISE, .errnum = 9999, .what = "w" },
	  .exit_status = 125,
	  .text = "{\"version\":1,\"started\":true,\"stage\":\"running\","
		  "\"error\":{\"stage\":\"supervise\",\"errno\":9999,\"what\":\"w\","
		  "\"hint\":\"\"},"
		  "\"exit_reason\":\"exit\",\"exit_status\":125,\"signal\":null,"
		  "\"usage\":{\"wall_ms\":0,\"user_us\":0,\"system_us\":0,"
		  "\"max_rss_kib\":0,\"killed_survivors\":0,\"killed_for_memory\":0}}\n" },
};

/* What status_write writes, through a pipe. */
static const char *written(const struct plan *plan, size_t row)
{
	static char text[32768];
	int ends[2];
	ssize_t n;

	assert_return_code(pipe(ends), errno);
	assert_int_equal(status_write(ends[1], plan, &rows[row].outcome, &rows[row].err,
				      rows[row].exit_status),
			 0);
	(void)close(ends[1]);
	n = read(ends[0], text, sizeof(text) - 1);
	assert_true(n > 0 && read(ends[0], text + n, 1) == 0);
	text[n] = '\0';
	(void)close(ends[0]);
	return text;
}

static void each_kind_of_end_is_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_string_equal(written(NULL, i), rows[i].text);
}

static void with_a_plan_every_protection_has_its_row(void **state)
{
	struct bare bare;
	const char *text;

	(void)state;
	bare_init(&bare, NULL);
	bare.plan.rows[PROTECT_TCP].state = STATE_PARTIAL;
	bare.plan.rows[PROTECT_TCP].missing = "a \"quoted\" reason";
	text = written(&bare.plan, 0);
	for (int i = 0; i < PROTECT_MAX; i++) {
		char name[64];

		(void)snprintf(name, sizeof(name), "\"%s\"", protection_names[i].name);
		assert_non_null(strstr(text, name));
	}
	assert_non_null(strstr(text, "a \\\"quoted\\\" reason"));
	assert_non_null(strstr(text, "\"partial\""));
	assert_string_equal(text + strlen(text) - 2, "}\n");
	assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
}

static void a_descriptor_that_takes_nothing_is_an_error(void **state)
{
	struct outcome outcome = { 0 };
	struct croft_error err = { 0 };
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC), full = open("/dev/full", O_WRONLY);

	(void)state;
	assert_int_equal(status_write(fd, NULL, &outcome, &err, 0), -EBADF);
	assert_int_equal(status_write(full, NULL, &outcome, &err, 0), -ENOSPC);
	(void)close(fd);
	(void)close(full);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kind_of_end_is_told_apart),
		cmocka_unit_test(with_a_plan_every_protection_has_its_row),
		cmocka_unit_test(a_descriptor_that_takes_nothing_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
