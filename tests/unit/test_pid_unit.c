/* SPDX-License-Identifier: MIT */
/*
 * test_pid_unit.c - which unit of systemd a control group is of, and what its files take away.
 */
#include "planted_files.h"

#include "doctor/probe_pid.h"

static struct files files;

static int setup(void **state)
{
	(void)state;
	files_new(&files);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	files_end(&files);
	return 0;
}

static void the_unit_is_the_last_part_that_is_one(void **state)
{
	static const struct {
		const char *group, *unit;
	} rows[] = {
		{ "/system.slice/web.service", "web.service" },
		{ "/system.slice/web.service/inner/group", "web.service" },
		{ "/user.slice/user-1000.slice/user@1000.service/app.slice/editor.service",
		  "editor.service" },
		{ "/machine.slice/libpod-01.scope/container", "libpod-01.scope" },
		{ "/system.slice/system-getty.slice/getty@tty1.service", "getty@tty1.service" },
		{ "/system.slice/dev-disk\\x2dby.service", "dev-disk\\x2dby.service" },
		{ "/", "" },
		{ "", "" },
		{ "/system.slice", "" },
		{ "/.service", "" },
		{ "/-x.service", "" },
		{ "/a b.service", "" },
		{ "/$(reboot).service", "" },
		{ "/x\033[2J.service", "" },
	};
	char unit[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		pid_unit_name(rows[i].group, unit, sizeof(unit));
		assert_string_equal(unit, rows[i].unit);
	}
}

static void a_name_that_does_not_fit_is_none(void **state)
{
	char unit[8];

	(void)state;
	pid_unit_name("/system.slice/web.service", unit, sizeof(unit));
	assert_string_equal(unit, "");
}

static void look(const char *unit)
{
	struct probe_context context = files_context(&files);

	pid_unit_look(&context, files.root, unit);
	files_take(&files);
}

static void directives_are_told_with_file_and_line(void **state)
{
	(void)state;
	files_put(&files, "usr/lib/systemd/system/web.service",
		  "[Service]\nExecStart=/bin/true\nRestrictNamespaces = yes\nPrivateUsers=no\n"
		  "SystemCallFilter=@system-service \nNoNewPrivileges=\n#ProtectProc=invisible\n");
	files_put(&files, "etc/systemd/system/web.service.d/more.conf",
		  "[Service]\nProtectKernelTunables=true\n");
	files_put(&files, "etc/systemd/system/web.service.d/more.conf~", "PrivateUsers=yes\n");
	look("web.service");
	files_said(&files, OBS_PID_UNIT, "web.service", "", "/usr/lib/systemd/system/web.service");
	assert_int_equal(files_count(&files, OBS_PID_DIRECTIVE), 3);
	files_said(&files, OBS_PID_DIRECTIVE, "RestrictNamespaces=yes", "",
		   "/usr/lib/systemd/system/web.service:3");
	files_said(&files, OBS_PID_DIRECTIVE, "SystemCallFilter=@system-service", "",
		   "/usr/lib/systemd/system/web.service:5");
	files_said(&files, OBS_PID_DIRECTIVE, "ProtectKernelTunables=true", "",
		   "/etc/systemd/system/web.service.d/more.conf:2");
}

static void the_first_directory_and_then_the_template_count(void **state)
{
	(void)state;
	files_put(&files, "usr/lib/systemd/system/web@.service", "NoNewPrivileges=yes\n");
	files_put(&files, "etc/systemd/system/web@.service", "PrivateUsers=yes\n");
	look("web@one.service");
	assert_int_equal(files_count(&files, OBS_PID_DIRECTIVE), 1);
	files_said(&files, OBS_PID_DIRECTIVE, "PrivateUsers=yes", "",
		   "/etc/systemd/system/web@.service:1");
	files_put(&files, "run/systemd/transient/web@one.service", "ProtectProc=invisible\n");
	look("web@one.service");
	assert_int_equal(files_count(&files, OBS_PID_DIRECTIVE), 1);
	files_said(&files, OBS_PID_DIRECTIVE, "ProtectProc=invisible", "", "transient");
}

static void a_unit_without_files_is_told_without(void **state)
{
	(void)state;
	look("gone.service");
	files_said(&files, OBS_PID_UNIT, "gone.service", "", "");
	assert_string_equal(observed(&files.set, OBS_PID_UNIT)->text, "");
}

static void what_is_no_file_or_too_large_is_none(void **state)
{
	char name[512];

	(void)state;
	files_name(&files, "etc/systemd/system/web.service", name);
	assert_int_equal(mkfifo(name, 0644), 0);
	files_name(&files, "etc/systemd/system/web.service.d/a.conf", name);
	assert_int_equal(mkfifo(name, 0644), 0);
	files_put(&files, "run/systemd/system/web.service", "PrivateUsers=yes\n");
	files_name(&files, "run/systemd/system/web.service", name);
	assert_int_equal(truncate(name, 1 << 20), 0);
	files_put(&files, "usr/lib/systemd/system/web.service", "PrivateUsers=yes\n");
	look("web.service");
	assert_int_equal(files_count(&files, OBS_PID_DIRECTIVE), 1);
	files_said(&files, OBS_PID_DIRECTIVE, "PrivateUsers=yes", "", "/usr/lib/");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(the_unit_is_the_last_part_that_is_one),
		TEST(a_name_that_does_not_fit_is_none),
		TEST(directives_are_told_with_file_and_line),
		TEST(the_first_directory_and_then_the_template_count),
		TEST(a_unit_without_files_is_told_without),
		TEST(what_is_no_file_or_too_large_is_none),
#undef TEST
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
