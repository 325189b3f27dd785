/* SPDX-License-Identifier: MIT */
/* test_store.c - which files may decide a policy, and in which of them a name is found. */
#include "ground.h"

#include <sys/socket.h>
#include <sys/un.h>

#include "profile/store.h"
#include "profile/yaml.h"

#define SOMEBODY 4242 /* nobody's number here */
#define SOMEBODY_ELSE 4243

static struct croft_error err;

static int setup(void **state)
{
	(void)state;
	memset(&err, 0, sizeof(err));
	make_dir("d");
	make_dir("other");
	make_file("d/p.yaml", "version: 2\n", 0644);
	return 0;
}

static int teardown(void **state)
{
	char path[GROUND_PATH];

	(void)ground_restore(state);
	/* what a test made impossible to remove */
	(void)chmod(in_scratch(path, "d"), 0755);
	(void)tmpdir_remove(in_scratch(path, "d"));
	return tmpdir_remove(in_scratch(path, "other"));
}

/* Read with that result; the error's text has `what` in it, its hint `hint`. */
static void reads(const char *name, int result, const char *what, const char *hint)
{
	struct store_text text = { 0 };
	char path[GROUND_PATH];
	int before = lowest_free();

	if (name[0] != '/')
		name = in_scratch(path, name);
	memset(&err, 0, sizeof(err));
	assert_int_equal(store_read(name, &text, &err), result);
	if (result < 0) {
		assert_int_equal(err.stage, CROFT_STAGE_PROFILE);
		if (!strstr(err.what, what))
			fail_msg("'%s' in '%s'", what, err.what);
		if (!strstr(err.hint, hint))
			fail_msg("'%s' in '%s'", hint, err.hint);
		assert_null(text.data);
		assert_int_equal(store_read(name, &text, NULL), result);
	}
	store_text_done(&text);
	assert_int_equal(lowest_free(), before);
}

static void change(const char *name, mode_t mode)
{
	char path[GROUND_PATH];

	assert_return_code(chmod(in_scratch(path, name), mode), errno);
}

static void link_to(const char *target, const char *name)
{
	char path[GROUND_PATH];

	assert_return_code(symlink(target, in_scratch(path, name)), errno);
}

static void a_file_is_read_whole(void **state)
{
	struct store_text text;
	char path[GROUND_PATH];
	struct stat st;

	(void)state;
	assert_int_equal(store_read(in_scratch(path, "d/p.yaml"), &text, &err), 0);
	assert_int_equal(text.len, 11);
	assert_memory_equal(text.data, "version: 2\n", 11);
	assert_return_code(stat(path, &st), errno);
	assert_int_equal(text.device, st.st_dev);
	assert_int_equal(text.inode, st.st_ino);
	store_text_done(&text);
	assert_null(text.data);
	make_file("d/empty.yaml", "", 0600);
	reads("d/empty.yaml", 0, NULL, NULL);
}

static void a_name_without_a_directory_is_in_the_working_directory(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	assert_return_code(chdir(in_scratch(path, "d")), errno);
	struct store_text text;

	assert_int_equal(store_read("p.yaml", &text, &err), 0);
	store_text_done(&text);
	change("d", 0777);
	assert_int_equal(store_read("p.yaml", &text, &err), -EPERM);
	assert_string_equal(err.what, "read the directory '.', which others may write");
	assert_return_code(chdir(scratch), errno);
}

static void what_is_not_there_is_said(void **state)
{
	(void)state;
	reads("d/none.yaml", -ENOENT, "read the profile '", "");
	reads("d/p.yaml/x", -ENOTDIR, "read the profile '", "");
}

static void what_may_not_be_read_is_said(void **state)
{
	(void)state;
	ground_replace(SYS_CALL_openat, -EACCES);
	reads("d/p.yaml", -EACCES, "read the profile '", "");
}

static void a_file_that_others_may_write_is_refused(void **state)
{
	(void)state;
	change("d/p.yaml", 0666);
	reads("d/p.yaml", -EPERM, "p.yaml', which others may write", "chmod go-w '");
	change("d/p.yaml", 0664);
	reads("d/p.yaml", -EPERM, "p.yaml', which its group may write", "chmod go-w '");
	/* a file has no sticky bit that would keep anybody out */
	change("d/p.yaml", 01666);
	reads("d/p.yaml", -EPERM, "which others may write", "chmod go-w '");
	change("d/p.yaml", 0755);
	reads("d/p.yaml", 0, NULL, NULL);
	change("d/p.yaml", 0400);
	reads("d/p.yaml", 0, NULL, NULL);
}

static void a_directory_that_others_may_write_is_refused(void **state)
{
	(void)state;
	change("d", 0777);
	reads("d/p.yaml", -EPERM, "read the directory '", "chmod go-w '");
	change("d", 0775);
	reads("d/p.yaml", -EPERM, "d', which its group may write", "chmod go-w '");
	/* in /tmp others can write, but take away nothing */
	change("d", 01777);
	reads("d/p.yaml", 0, NULL, NULL);
}

/* As somebody else: the file, its directory or both are another user's. */
static void what_belongs_to_another_user_is_refused(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	if (geteuid() == 0) {
		assert_return_code(chown(in_scratch(path, "d/p.yaml"), SOMEBODY_ELSE, 0), errno);
		reads("d/p.yaml", -EPERM, "belongs to user 4243", "yours or root's");
		assert_return_code(chown(path, SOMEBODY, 0), errno);
	}
	ground_replace(SYS_CALL_geteuid, SOMEBODY);
	if (geteuid() == 0) {
		reads("d/p.yaml", 0, NULL, NULL);
		assert_return_code(chown(in_scratch(path, "d"), SOMEBODY_ELSE, 0), errno);
		reads("d/p.yaml", -EPERM, "read the directory '", "yours or root's");
	} else {
		reads("d/p.yaml", -EPERM, "read the profile '", "yours or root's");
	}
}

static void what_belongs_to_root_is_read_by_all(void **state)
{
	(void)state;
	ground_replace(SYS_CALL_geteuid, SOMEBODY);
	reads("/etc/passwd", 0, NULL, NULL);
}

static void a_link_to_an_own_file_is_followed(void **state)
{
	(void)state;
	link_to("../d/p.yaml", "other/relative.yaml");
	link_to("relative.yaml", "other/twice.yaml");
	reads("other/relative.yaml", 0, NULL, NULL);
	reads("other/twice.yaml", 0, NULL, NULL);
}

static void a_link_is_judged_at_both_ends(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	link_to(in_scratch(path, "d/p.yaml"), "other/absolute.yaml");
	reads("other/absolute.yaml", 0, NULL, NULL);
	change("d/p.yaml", 0666);
	reads("other/absolute.yaml", -EPERM, "absolute.yaml', which others may write", "");
	change("d/p.yaml", 0644);
	change("d", 0777);
	reads("other/absolute.yaml", -EPERM, "/d', which others may write", "");
	change("d", 0755);
	change("other", 0777);
	reads("other/absolute.yaml", -EPERM, "/other', which others may write", "");
}

static void a_link_in_the_middle_is_judged_too(void **state)
{
	(void)state;
	make_dir("d/middle");
	link_to("../p.yaml", "d/middle/second.yaml");
	link_to("../d/middle/second.yaml", "other/first.yaml");
	reads("other/first.yaml", 0, NULL, NULL);
	change("d/middle", 0777);
	reads("other/first.yaml", -EPERM, "middle', which others may write", "");
}

static void a_link_that_leads_nowhere_is_said(void **state)
{
	(void)state;
	link_to("none", "other/none.yaml");
	link_to("loop.yaml", "other/loop.yaml");
	reads("other/none.yaml", -ENOENT, "none.yaml", "");
	reads("other/loop.yaml", -ELOOP, "loop.yaml", "");
}

static void only_files_are_read(void **state)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	char path[GROUND_PATH];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)state;
	reads("d", -EISDIR, "read the profile '", "");
	assert_return_code(mkfifo(in_scratch(path, "d/fifo"), 0600), errno);
	reads("d/fifo", -EINVAL, "fifo' is a FIFO, not a file", "");
	reads("/dev/null", -EINVAL, "the profile '/dev/null' is a device, not a file", "");
	assert_return_code(chdir(in_scratch(path, "d")), errno);
	assert_return_code(bind(fd, (const void *)&address, sizeof(address)), errno);
	assert_return_code(chdir(scratch), errno);
	(void)close(fd);
	reads("d/socket", -EINVAL, "socket' is not a file", "");
}

static void a_file_may_be_as_large_as_the_reader_takes(void **state)
{
	struct store_text text;
	char path[GROUND_PATH];

	(void)state;
	assert_return_code(truncate(in_scratch(path, "d/p.yaml"), YAML_MAX_BYTES), errno);
	assert_int_equal(store_read(path, &text, &err), 0);
	assert_int_equal(text.len, YAML_MAX_BYTES);
	store_text_done(&text);
	assert_return_code(truncate(path, YAML_MAX_BYTES + 1), errno);
	reads("d/p.yaml", -EFBIG, "read the profile '", "a profile has at most 1024 KiB");
	assert_return_code(truncate(path, 100L << 20), errno);
	reads("d/p.yaml", -EFBIG, "read the profile '", "a profile has at most 1024 KiB");
}

/* Files of /proc have no size, so what is read is more than was announced. */
static void a_file_that_changes_while_it_is_read_is_refused(void **state)
{
	(void)state;
	reads("/proc/self/status", -EBUSY, "'/proc/self/status', which is being written", "");
}

static void failing_calls_are_told(void **state)
{
	static const struct {
		enum sys_call call;
		const char *what;
	} cases[] = {
		{ SYS_CALL_newfstatat, "look at the profile '" },
		{ SYS_CALL_readlinkat, "read the link '" },
		{ SYS_CALL_read, "read the profile '" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		ground_replace(cases[i].call, -EIO);
		reads("d/p.yaml", -EIO, cases[i].what, "");
		(void)ground_restore(state);
	}
}

/* Names */

/* What the system's directory is taken to have: files of these names. */
static const char *const *system_files;
static bool has_system_directory;

/* newfstatat that finds those; all else is real. */
static long fstatat_of_system(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const char *path = (const char *)(uintptr_t)b;
	size_t len = strlen(STORE_SYSTEM_DIR);
	struct stat *st = (struct stat *)(uintptr_t)c;

	if (strncmp(path, STORE_SYSTEM_DIR, len) != 0)
		return sys_real(call, a, b, c, d, e, f);
	memset(st, 0, sizeof(*st));
	if (!path[len])
		return has_system_directory ? 0 : -ENOENT;
	for (const char *const *file = system_files; file && *file; file++)
		if (!strcmp(path + len + 1, *file))
			return 0;
	return -ENOENT;
}

/* The user's files are in scratch/d/croft/profiles. */
static void make_places(const char *const *files)
{
	make_dir("d/croft");
	make_dir("d/croft/profiles");
	make_file("d/croft/profiles/mine.yaml", "", 0644);
	make_file("d/croft/profiles/default.yaml", "", 0644);
	system_files = files;
	has_system_directory = files != NULL;
	sys_replace(SYS_CALL_newfstatat, fstatat_of_system);
}

/* `expected`: "" for a built-in, else the end of a path. */
static void finds(const char *name, const char *after, const char *expected)
{
	char config[GROUND_PATH], of_after[GROUND_PATH];
	struct store_found found = { 0 };

	if (after && after[0] != '/')
		after = in_scratch(of_after, after);
	if (store_find(name, in_scratch(config, "d"), after, &found, &err) < 0)
		fail_msg("%s: %s", name, err.what);
	if (*expected) {
		assert_null(found.builtin);
		assert_string_equal(found.path + strlen(found.path) - strlen(expected), expected);
	} else {
		assert_null(found.path);
		assert_string_equal(found.builtin->profiles[0].name, name);
	}
	store_found_done(&found);
	assert_null(found.path);
}

static void finds_nothing(const char *name, const char *after, int result, const char *what,
			  const char *hint)
{
	char config[GROUND_PATH], of_after[GROUND_PATH];
	struct store_found found = { 0 };

	if (after)
		after = in_scratch(of_after, after);
	in_scratch(config, "d");
	memset(&err, 0, sizeof(err));
	assert_int_equal(store_find(name, config, after, &found, &err), result);
	assert_string_equal(err.what, what);
	assert_string_equal(err.hint, hint);
	assert_int_equal(store_find(name, config, after, &found, NULL), result);
}

static void the_users_profile_comes_first_then_the_systems_then_the_built_in(void **state)
{
	static const char *const files[] = { "mine.yaml", "default.yaml", "system.yaml", NULL };

	(void)state;
	make_places(files);
	finds("mine", NULL, "d/croft/profiles/mine.yaml");
	finds("default", NULL, "d/croft/profiles/default.yaml");
	finds("system", NULL, "/etc/croft/profiles/system.yaml");
	finds("empty", NULL, "");
}

static void behind_a_place_only_later_ones_are_looked_at(void **state)
{
	static const char *const files[] = { "default.yaml", NULL };

	(void)state;
	make_places(files);
	finds("default", "d/croft/profiles/default.yaml", "/etc/croft/profiles/default.yaml");
	/* however the directory is spelled */
	link_to("../d/croft/profiles", "other/link");
	finds("default", "other/link/default.yaml", "/etc/croft/profiles/default.yaml");
	/* a file that is in no place has all of them behind it */
	finds("default", "d/p.yaml", "d/croft/profiles/default.yaml");
	finds("default", "/etc/croft/profiles/default.yaml", "");
	finds("empty", "d/croft/profiles/default.yaml", "");
	finds_nothing("mine", "d/croft/profiles/mine.yaml", -ENOENT,
		      "there is no other profile 'mine'",
		      "'croft profile list' names them; a file is named with its '/'");
}

static void a_name_that_is_none_gets_the_nearest_of_all_places(void **state)
{
	(void)state;
	make_places(NULL);
	finds_nothing("systme", NULL, -ENOENT, "there is no profile 'systme'",
		      "did you mean 'system'?");
	finds_nothing("mime", NULL, -ENOENT, "there is no profile 'mime'", "did you mean 'mine'?");
	finds_nothing("something-else", NULL, -ENOENT, "there is no profile 'something-else'",
		      "'croft profile list' names them; a file is named with its '/'");
}

static void what_cannot_be_a_name_is_not_looked_for(void **state)
{
	static const char *const names[] = { "", "a b", "a:b", "x\n" };
	char what[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(what, sizeof(what), "'%s' is not the name of a profile", names[i]);
		finds_nothing(names[i], NULL, -EINVAL, what,
			      "letters, digits, '.', '_' and '-'; a file is named with its '/'");
	}
}

static void without_a_home_there_are_the_other_places(void **state)
{
	struct store_found found;

	(void)state;
	make_places(NULL);
	assert_int_equal(store_find("default", NULL, NULL, &found, &err), 0);
	assert_non_null(found.builtin);
	assert_int_equal(store_find("mine", NULL, NULL, &found, &err), -ENOENT);
}

/* The directory of another user, or what a sandbox around croft does not grant. */
static void a_directory_that_may_not_be_searched_is_passed_over(void **state)
{
	struct store_found found;

	(void)state;
	ground_replace(SYS_CALL_newfstatat, -EACCES);
	assert_int_equal(store_find("default", scratch, NULL, &found, &err), 0);
	assert_non_null(found.builtin);
	ground_replace(SYS_CALL_newfstatat, -EIO);
	assert_int_equal(store_find("default", scratch, NULL, &found, &err), -EIO);
	assert_non_null(strstr(err.what, "look for the profile '"));
}

/* A looser one must not be taken in its place. */
static void a_link_that_leads_nowhere_is_found_all_the_same(void **state)
{
	(void)state;
	make_places(NULL);
	link_to("nowhere", "d/croft/profiles/system.yaml");
	finds("system", NULL, "d/croft/profiles/system.yaml");
}

/* Lists */

struct seen {
	char text[4096];
	size_t n, n_max;
};

static int see(void *context, const struct store_listed *listed)
{
	struct seen *seen = context;
	size_t len = strlen(seen->text);

	(void)snprintf(seen->text + len, sizeof(seen->text) - len, "%s%s%s ",
		       listed->path ? "" : "(", listed->name, listed->is_shadowed ? "*" : "");
	seen->n++;
	if (listed->path)
		assert_non_null(strstr(listed->path, listed->name));
	return seen->n == seen->n_max ? -ECANCELED : 0;
}

static void names_are_listed_in_the_order_in_which_they_are_found(void **state)
{
	struct seen seen = { 0 };
	char config[GROUND_PATH];

	(void)state;
	make_places(NULL);
	make_file("d/croft/profiles/a.yaml", "", 0644);
	make_file("d/croft/profiles/b.yml", "", 0644);
	make_file("d/croft/profiles/c", "", 0644);
	make_file("d/croft/profiles/.yaml", "", 0644);
	make_file("d/croft/profiles/with space.yaml", "", 0644);
	assert_int_equal(store_list(in_scratch(config, "d"), see, &seen, &err), 0);
	assert_int_equal(strncmp(seen.text, "a default mine (", 16), 0);
	assert_non_null(strstr(seen.text, "(default* "));
	assert_non_null(strstr(seen.text, "(empty "));
	assert_int_equal(seen.n, 3 + n_builtin_documents);
}

static void a_reader_that_has_enough_ends_the_list(void **state)
{
	struct seen seen = { .n_max = 2 };

	(void)state;
	assert_int_equal(store_list(NULL, see, &seen, &err), -ECANCELED);
	assert_int_equal(seen.n, 2);
}

static void a_directory_that_is_not_there_is_passed_over(void **state)
{
	struct seen seen = { 0 };
	char config[GROUND_PATH];

	(void)state;
	assert_int_equal(store_list(in_scratch(config, "d"), see, &seen, &err), 0);
	assert_true(seen.n >= n_builtin_documents);
	memset(&seen, 0, sizeof(seen));
	assert_int_equal(store_list(in_scratch(config, "d/p.yaml"), see, &seen, &err), 0);
	assert_true(seen.n >= n_builtin_documents);
}

static void a_directory_that_cannot_be_listed_is_an_error(void **state)
{
	struct seen seen = { 0 };
	char config[GROUND_PATH];

	(void)state;
	make_places(NULL);
	in_scratch(config, "d");
	ground_replace(SYS_CALL_openat, -EACCES);
	assert_int_equal(store_list(config, see, &seen, &err), -EACCES);
	assert_non_null(strstr(err.what, "list '"));
	/* but not one that cannot even be reached */
	ground_replace(SYS_CALL_newfstatat, -EACCES);
	sys_replace(SYS_CALL_openat, ground_gives);
	assert_int_equal(store_list(config, see, &seen, &err), 0);
	(void)ground_restore(state);
	ground_replace(SYS_CALL_getdents64, -EIO);
	assert_int_equal(store_list(config, see, &seen, &err), -EIO);
	assert_int_equal(lowest_free(), lowest_free());
}

static void a_directory_has_so_many_profiles_and_no_more(void **state)
{
	struct seen seen = { 0 };
	char config[GROUND_PATH], name[64];

	(void)state;
	make_places(NULL);
	for (int i = 0; i < STORE_MAX_FILES - 2; i++) {
		(void)snprintf(name, sizeof(name), "d/croft/profiles/p%d.yaml", i);
		make_file(name, "", 0600);
	}
	assert_int_equal(store_list(in_scratch(config, "d"), see, &seen, &err), 0);
	assert_int_equal(seen.n, STORE_MAX_FILES + n_builtin_documents);
	make_file("d/croft/profiles/one-more.yaml", "", 0600);
	assert_int_equal(store_list(config, see, &seen, &err), -EOVERFLOW);
	assert_non_null(strstr(err.what, "list more than 4096 profiles in '"));
}

static void the_configuration_is_where_the_specification_says(void **state)
{
	static const char *const set[] = { "HOME=/x", "XDG_CONFIG_HOME=/srv/config", NULL };
	static const char *const relative[] = { "XDG_CONFIG_HOME=config", NULL };
	struct arena arena;

	(void)state;
	arena_init(&arena, 4096);
	assert_string_equal(store_config_home(&arena, "/home/ada", set), "/srv/config");
	assert_string_equal(store_config_home(&arena, NULL, set), "/srv/config");
	assert_string_equal(store_config_home(&arena, "/home/ada", relative), "/home/ada/.config");
	assert_string_equal(store_config_home(&arena, "/home/ada", NULL), "/home/ada/.config");
	assert_null(store_config_home(&arena, NULL, relative));
	assert_null(store_config_home(&arena, "ada", NULL));
	arena_done(&arena);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_read_whole),
		TEST(a_name_without_a_directory_is_in_the_working_directory),
		TEST(what_is_not_there_is_said),
		TEST(what_may_not_be_read_is_said),
		TEST(a_file_that_others_may_write_is_refused),
		TEST(a_directory_that_others_may_write_is_refused),
		TEST(what_belongs_to_another_user_is_refused),
		TEST(what_belongs_to_root_is_read_by_all),
		TEST(a_link_to_an_own_file_is_followed),
		TEST(a_link_is_judged_at_both_ends),
		TEST(a_link_in_the_middle_is_judged_too),
		TEST(a_link_that_leads_nowhere_is_said),
		TEST(only_files_are_read),
		TEST(a_file_may_be_as_large_as_the_reader_takes),
		TEST(a_file_that_changes_while_it_is_read_is_refused),
		TEST(failing_calls_are_told),
		TEST(the_users_profile_comes_first_then_the_systems_then_the_built_in),
		TEST(behind_a_place_only_later_ones_are_looked_at),
		TEST(a_name_that_is_none_gets_the_nearest_of_all_places),
		TEST(what_cannot_be_a_name_is_not_looked_for),
		TEST(without_a_home_there_are_the_other_places),
		TEST(a_directory_that_may_not_be_searched_is_passed_over),
		TEST(a_link_that_leads_nowhere_is_found_all_the_same),
		TEST(names_are_listed_in_the_order_in_which_they_are_found),
		TEST(a_reader_that_has_enough_ends_the_list),
		TEST(a_directory_that_is_not_there_is_passed_over),
		TEST(a_directory_that_cannot_be_listed_is_an_error),
		TEST(a_directory_has_so_many_profiles_and_no_more),
		TEST(the_configuration_is_where_the_specification_says),
	};

	return cmocka_run_group_tests_name("store", tests, ground_open, ground_close);
}
