/* SPDX-License-Identifier: MIT */
/*
 * test_ldconf.c - ld.so.conf is read as ldconfig reads it, whatever an image's author wrote there:
 * the directories, in order, or an error within bounds.
 */
#include "ground.h"

#include "elf/ldcache.h"

#define LDCONFIG "/sbin/ldconfig"

static struct root root;
static struct arena arena;
static const char **dirs;
static size_t n_dirs;

static int before(void **state)
{
	struct croft_error err;

	if (ground_open(state) != 0)
		return -1;
	make_dir("etc");
	make_dir("etc/conf.d");
	arena_init(&arena, 4U << 20);
	return root_open(scratch, &root, &err);
}

static int after(void **state)
{
	(void)ground_restore(state);
	root_done(&root);
	arena_done(&arena);
	return ground_close(state);
}

static int read_conf(void)
{
	arena_done(&arena);
	arena_init(&arena, 4U << 20);
	dirs = NULL;
	n_dirs = 0;
	return ldconf_read(&root, "/etc/conf", &arena, &dirs, &n_dirs);
}

/* The directories in one text, a space between them. */
static void assert_reads(const char *expected)
{
	char got[4096] = "";
	size_t len = 0;
	int r = read_conf();

	assert_int_equal(r, 0);
	for (size_t i = 0; i < n_dirs; i++)
		len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%s", i ? " " : "",
					dirs[i]);
	assert_string_equal(got, expected);
}

static void a_directory_stands_on_each_line(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "\n\n", "" },
		{ "/a", "/a" },
		{ "/a\n/b\n/c\n", "/a /b /c" },
		{ "  \t/a \t\r\n\f/b\v\n", "/a /b" },
		{ "/a/\n/b///\n/\n//\n", "/a /b /" },
		{ "# /a\n/b # c\n/d#e\n#\n", "/b /d" },
		{ "/a\n/b\n/a/\n", "/a /b" },
		{ "/a=libc6\n/b = glibc2\n/c=\n=x\n", "/a /b /c" },
		{ "/with a space\n", "/with a space" },
		{ "relative/dir\nlib\n./x\n", "" },
		{ "hwcap 1 nosegneg\nHwCap\t0 x\n/a\n", "/a" },
		{ "includes /etc/other\ninclude\ninclude  \n/a\n", "/a" },
	};

	(void)state;
	make_file("etc/other", "/other\n", 0644);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		make_file("etc/conf", cases[i][0], 0644);
		assert_reads(cases[i][1]);
	}
}

static void a_nul_byte_ends_its_line(void **state)
{
	static const char text[] = "/a\n/b\0/c\n/d\n";
	char path[GROUND_PATH];
	int fd = open(in_scratch(path, "etc/conf"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	(void)state;
	assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
	(void)close(fd);
	assert_reads("/a /b /d");
}

static void included_files_stand_where_they_are_included(void **state)
{
	static const char *const cases[][2] = {
		{ "/a\ninclude /etc/conf.d/*.conf\n/z\n", "/a /10 /9 /b /z" },
		{ "include conf.d/*.conf\n", "/10 /9 /b" },
		{ "include\tconf.d/b.conf   /etc/conf.d/10.conf\n", "/b /10" },
		{ "include conf.d/?.conf\n", "/9 /b" },
		{ "include conf.d/[0-9]*\n", "/10 /9" },
		{ "include conf.d/*\n", "/10 /9 /b /plain" },
		{ "include conf.d/.*.conf\n", "/hidden" },
		{ "include conf.d/\\b.conf\n", "/b" },
		{ "include conf.d/none* conf.d/none none/*.conf conf.d /\n/a\n", "/a" },
		{ "include ../etc/conf.d/b.conf # ../etc/conf.d/10.conf\n", "/b" },
		{ "include /link/b.conf link.conf\n", "/b /10" },
		{ "include conf.d/b.conf\ninclude conf.d/b.conf\n", "/b" },
	};
	char path[GROUND_PATH];

	(void)state;
	make_file("etc/conf.d/b.conf", "/b\n", 0644);
	make_file("etc/conf.d/10.conf", "/10\n", 0644);
	make_file("etc/conf.d/9.conf", "/9\n", 0644);
	make_file("etc/conf.d/plain", "/plain\n", 0644);
	make_file("etc/conf.d/.hidden.conf", "/hidden\n", 0644);
	/* absolute inside of this root */
	assert_return_code(symlink("/etc/conf.d", in_scratch(path, "link")), errno);
	assert_return_code(symlink("/etc/conf.d/10.conf", in_scratch(path, "etc/link.conf")),
			   errno);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		make_file("etc/conf", cases[i][0], 0644);
		assert_reads(cases[i][1]);
	}
}

static void included_files_include_beside_themselves(void **state)
{
	(void)state;
	make_file("etc/conf", "include conf.d/a\n/end\n", 0644);
	make_file("etc/conf.d/a", "/a\ninclude b ../c\n", 0644);
	make_file("etc/conf.d/b", "/b\n", 0644);
	make_file("etc/c", "/c\ninclude conf.d/b\n", 0644);
	assert_reads("/a /b /c /end");
}

static void what_cannot_be_read_is_left_out(void **state)
{
	char path[GROUND_PATH];

	(void)state;
	assert_reads("");
	make_dir("etc/conf");
	assert_reads("");
	assert_return_code(rmdir(in_scratch(path, "etc/conf")), errno);
	assert_return_code(mkfifo(in_scratch(path, "etc/fifo"), 0644), errno);
	assert_return_code(symlink("loop", in_scratch(path, "etc/loop")), errno);
	make_file("etc/conf", "/a\ninclude fifo loop /none loop/x conf.d\n/b\n", 0644);
	assert_reads("/a /b");
}

/* Bounds */

static void a_file_that_includes_itself_is_an_error(void **state)
{
	static const char *const texts[] = {
		"include conf\n", "/a\ninclude conf.d/other\n", "include conf.d/*\n",
		"include conf.d/link\n", "include ../etc/./conf\n",
	};
	char path[GROUND_PATH];

	(void)state;
	make_file("etc/conf.d/other", "/b\ninclude ../conf\n", 0644);
	assert_return_code(symlink("../conf", in_scratch(path, "etc/conf.d/link")), errno);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		make_file("etc/conf", texts[i], 0644);
		assert_int_equal(read_conf(), -ELOOP);
		assert_null(dirs);
	}
}

static void the_depth_of_includes_has_a_bound(void **state)
{
	char name[64], text[64];

	(void)state;
	make_file("etc/conf", "include conf.d/1\n", 0644);
	for (int i = 1; i < LDCONF_MAX_DEPTH; i++) {
		(void)snprintf(name, sizeof(name), "etc/conf.d/%d", i);
		(void)snprintf(text, sizeof(text), "include %d\n/%d\n", i + 1, i);
		make_file(name, text, 0644);
	}
	assert_reads("/7 /6 /5 /4 /3 /2 /1");
	(void)snprintf(name, sizeof(name), "etc/conf.d/%d", LDCONF_MAX_DEPTH);
	make_file(name, "/8\n", 0644);
	assert_int_equal(read_conf(), -EFBIG);
}

static void the_number_of_files_has_a_bound(void **state)
{
	char name[64], text[64];

	(void)state;
	make_file("etc/conf", "include conf.d/*\n", 0644);
	for (int i = 1; i < LDCONF_MAX_FILES; i++) {
		(void)snprintf(name, sizeof(name), "etc/conf.d/%03d", i);
		(void)snprintf(text, sizeof(text), "/%d\n", i);
		make_file(name, text, 0644);
	}
	assert_int_equal(read_conf(), 0);
	assert_int_equal(n_dirs, LDCONF_MAX_FILES - 1);
	assert_string_equal(dirs[n_dirs - 1], "/255");
	make_file("etc/conf.d/last", "", 0644);
	assert_int_equal(read_conf(), -EFBIG);
	make_file("etc/conf.d/one-too-many", "", 0644);
	assert_int_equal(read_conf(), -EFBIG);
	/* the same file again and again */
	memset(text, 0, sizeof(text));
	make_file("etc/conf", "include a\n", 0644);
	make_file("etc/a", "include b b b b b b b b b b b b b b b b b b b b\n", 0644);
	make_file("etc/b", "include c c c c c c c c c c c c c c c c c c c c\n", 0644);
	make_file("etc/c", "/c\n", 0644);
	assert_int_equal(read_conf(), -EFBIG);
	make_file("etc/b", "include c c c c c c c c c c\n", 0644);
	assert_reads("/c");
}

static void the_number_of_directories_and_bytes_has_a_bound(void **state)
{
	char *text = calloc(1, LDCONF_MAX_BYTES + 2);
	size_t len = 0;

	(void)state;
	assert_non_null(text);
	for (int i = 0; i < LDCONF_MAX_DIRS; i++)
		len += (size_t)snprintf(text + len, 32, "/%d\n/%d\n", i, i);
	make_file("etc/conf", text, 0644);
	assert_int_equal(read_conf(), 0);
	assert_int_equal(n_dirs, LDCONF_MAX_DIRS);
	memcpy(text + len, "/more\n", 7);
	make_file("etc/conf", text, 0644);
	assert_int_equal(read_conf(), -EFBIG);
	memset(text, '#', LDCONF_MAX_BYTES);
	memcpy(text, "/a\n", 3);
	make_file("etc/conf", text, 0644);
	assert_reads("/a");
	text[LDCONF_MAX_BYTES] = '#';
	make_file("etc/conf", text, 0644);
	assert_int_equal(read_conf(), -EFBIG);
	make_file("etc/conf.d/big", text, 0644);
	make_file("etc/conf", "include conf.d/big\n", 0644);
	assert_int_equal(read_conf(), -EFBIG);
	free(text);
}

static void a_lack_of_memory_or_descriptors_is_an_error(void **state)
{
	struct arena small;

	(void)state;
	make_file("etc/conf", "/a\ninclude conf.d/* conf.d/x\n/b\n", 0644);
	make_file("etc/conf.d/x", "/x\n", 0644);
	for (size_t max = 0; max < 4096; max += 16) {
		int r;

		arena_init(&small, max);
		r = ldconf_read(&root, "/etc/conf", &small, &dirs, &n_dirs);
		arena_done(&small);
		assert_true(r == -ENOMEM || r == 0);
		if (max < 64)
			assert_int_equal(r, -ENOMEM);
	}
	assert_reads("/a /x /b");
	ground_replace(SYS_CALL_openat2, -EMFILE);
	assert_int_equal(read_conf(), -EMFILE);
}

/* The other opinion */

/* What `ldconfig -v` would look through, without the directories that it adds itself. */
static bool ask_ldconfig(char *got, size_t size)
{
	char conf[GROUND_PATH], path[GROUND_PATH], line[1024];
	const char *const argv[] = { "ldconfig", "-N", "-X",
				     "-v",       "-f", in_scratch(conf, "etc/conf"),
				     NULL };
	size_t len = 0;
	FILE *out;
	pid_t pid;
	int status;

	if (access(LDCONFIG, X_OK) != 0)
		return false;
	pid = fork();
	if (pid == 0) {
		int fd = open(in_scratch(path, "out"), O_WRONLY | O_CREAT | O_TRUNC, 0644);
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		if (dup2(fd, 1) < 0 || dup2(null, 2) < 0)
			_exit(126);
		execv(LDCONFIG, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	out = fopen(in_scratch(path, "out"), "re");
	assert_non_null(out);
	got[0] = '\0';
	while (fgets(line, sizeof(line), out)) {
		if (line[0] != '/' || !strstr(line, "(from /"))
			continue;
		line[strcspn(line, ":")] = '\0';
		len += (size_t)snprintf(got + len, size - len, "%s%s", len ? " " : "", line);
	}
	(void)fclose(out);
	return true;
}

/* A file whose text has the scratch directory's name where "@" stands. */
static void make_conf(const char *name, const char *text)
{
	char full[8192];
	size_t len = 0;

	for (; *text; text++)
		len += (size_t)snprintf(full + len, sizeof(full) - len, "%.*s",
					*text == '@' ? (int)strlen(scratch) : 1,
					*text == '@' ? scratch : text);
	make_file(name, full, 0644);
}

static void ldconfig_reads_the_same(void **state)
{
	static const char order[] = "abfhidejck"; /* in which the directories are found */
	char got[8192], ours[8192], path[GROUND_PATH];
	struct root host = { .fd = -1 };
	size_t len = 0;

	(void)state;
	for (char dir[] = "a"; dir[0] <= 'k'; dir[0]++)
		make_dir(dir);
	make_conf("etc/conf",
		  "# comment\n @/a/ # more\n\n@/b=libc6\ninclude conf.d/*.conf @/etc/c[k]\n"
		  "hwcap 0 x\n\t@/c\t\ninclude none* none\n@/k//\n@/a\n");
	make_conf("etc/conf.d/1.conf", "@/d\n@/e\n");
	make_conf("etc/conf.d/0.conf", "@/f\ninclude more ../again\n");
	make_conf("etc/conf.d/.x.conf", "@/g\n");
	make_conf("etc/conf.d/more", "@/h\n");
	make_conf("etc/again", "@/i\n");
	make_conf("etc/ck", "@/j\n");
	if (!ask_ldconfig(got, sizeof(got))) {
		print_message("# skip: no ldconfig on this machine\n");
		skip();
	}
	assert_int_equal(ldconf_read(&host, in_scratch(path, "etc/conf"), &arena, &dirs, &n_dirs),
			 0);
	assert_int_equal(n_dirs, sizeof(order) - 1);
	for (size_t i = 0; i < n_dirs; i++) {
		char one[16];

		(void)snprintf(one, sizeof(one), "%c", order[i]);
		assert_string_equal(dirs[i], in_scratch(path, one));
		len += (size_t)snprintf(ours + len, sizeof(ours) - len, "%s%s", len ? " " : "",
					dirs[i]);
	}
	assert_string_equal(ours, got);
}

#define CONF_TEST(test) cmocka_unit_test_setup_teardown(test, before, after)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONF_TEST(a_directory_stands_on_each_line),
		CONF_TEST(a_nul_byte_ends_its_line),
		CONF_TEST(included_files_stand_where_they_are_included),
		CONF_TEST(included_files_include_beside_themselves),
		CONF_TEST(what_cannot_be_read_is_left_out),
		CONF_TEST(a_file_that_includes_itself_is_an_error),
		CONF_TEST(the_depth_of_includes_has_a_bound),
		CONF_TEST(the_number_of_files_has_a_bound),
		CONF_TEST(the_number_of_directories_and_bytes_has_a_bound),
		CONF_TEST(a_lack_of_memory_or_descriptors_is_an_error),
		CONF_TEST(ldconfig_reads_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
