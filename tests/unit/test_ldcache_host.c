/* SPDX-License-Identifier: MIT */
/*
 * test_ldcache_host.c - caches in files: found below a root, and read as ldconfig itself reads this
 * machine's and those that it makes for us.
 */
#include "ground.h"

#include "cache_finds.h"

#define LDCONFIG "/sbin/ldconfig"

static struct root host;

/* Files */

static void a_cache_is_loaded_from_below_the_root(void **state)
{
	static const struct cache_row rows[] = { { 0x0303, "liba.so", "/a", 0 } };
	const struct cache_plan plan = NEW_CACHE(rows);
	struct cache_bytes bytes = make_cache(&plan);
	struct ldcache cache = { .size = 7 };
	struct croft_error err;
	char path[GROUND_PATH];
	struct root root;
	int fd;

	(void)state;
	assert_int_equal(root_open(scratch, &root, &err), 0);
	make_file("empty", "", 0644);
	fd = open(in_scratch(path, "cache"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_int_equal(write(fd, bytes.data, bytes.size), (long)bytes.size);
	free(bytes.data);
	assert_int_equal(ldcache_load(&root, "/none", &cache), -ENOENT);
	assert_int_equal(ldcache_load(&root, "/empty", &cache), -EBADMSG);
	assert_int_equal(ldcache_load(&root, "/", &cache), -EISDIR);
	assert_int_equal(cache.size, 7);
	assert_int_equal(ldcache_load(&root, "/cache", &cache), 0);
	assert_finds(&cache, "liba.so", &x86_64, "/a");
	ldcache_done(&cache);
	assert_return_code(ftruncate(fd, LDCACHE_MAX_BYTES), errno);
	assert_int_equal(ldcache_load(&root, "/cache", &cache), -EFBIG);
	(void)close(fd);
	root_done(&root);
}

/* What ldconfig says */

/* Runs ldconfig, its output to scratch/out; false if there is none. */
static bool run_ldconfig(const char *const *argv)
{
	char path[GROUND_PATH];
	int status;
	pid_t pid;

	if (access(LDCONFIG, X_OK) != 0)
		return false;
	pid = fork();
	if (pid == 0) {
		int out = open(in_scratch(path, "out"), O_WRONLY | O_CREAT | O_TRUNC, 0644);
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		if (dup2(out, 1) < 0 || dup2(null, 2) < 0)
			_exit(126);
		execv(LDCONFIG, (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	return true;
}

/* The flags that ldconfig puts in words, for the machines that our tests run on. */
static bool is_own_kind(const char *line)
{
#if defined(__x86_64__)
	return strstr(line, "(libc6,x86-64)") != NULL;
#else
	return strstr(line, "(libc6,AArch64)") != NULL;
#endif
}

static const struct ldcache_target own = { ELFCLASS64,
#if defined(__x86_64__)
	EM_X86_64,
#else
	EM_AARCH64,
#endif
					   0, 4 };

/*
 * Every library of our kind that `ldconfig -p` printed to scratch/out is found at that path, or
 * its name stands there before. How many there are.
 */
static unsigned compare_with_ldconfig(const struct ldcache *cache)
{
	char path[GROUND_PATH], line[1024], before[1024] = "";
	FILE *out = fopen(in_scratch(path, "out"), "re");
	unsigned n = 0;

	assert_non_null(out);
	while (fgets(line, sizeof(line), out)) {
		char *name = line + 1, *to = strstr(line, " => ");

		if (line[0] != '\t' || !to || !is_own_kind(line))
			continue;
		name[strcspn(name, " ")] = '\0';
		to[strcspn(to, "\n")] = '\0';
		if (strcmp(name, before) != 0)
			assert_finds(cache, name, &own, to + 4);
		memcpy(before, name, strlen(name) + 1);
		n++;
	}
	(void)fclose(out);
	return n;
}

static void this_machines_cache_is_read_as_ldconfig_reads_it(void **state)
{
	static const char *const argv[] = { "ldconfig", "-p", NULL };
	struct ldcache cache;

	(void)state;
	if (!run_ldconfig(argv) || access("/etc/ld.so.cache", R_OK) != 0) {
		print_message("# skip: no ldconfig or no cache on this machine\n");
		skip();
	}
	assert_int_equal(ldcache_load(&host, "/etc/ld.so.cache", &cache), 0);
	assert_true(cache.is_sorted);
	assert_true(compare_with_ldconfig(&cache) > 0);
	ldcache_done(&cache);
}

/* Puts a copy of a library of this machine there; under its own name, as ldconfig wants it. */
static void copy_library(const char *dir)
{
	static const char *const places[] = { "/lib/x86_64-linux-gnu/libdl.so.2",
					      "/lib/aarch64-linux-gnu/libdl.so.2",
					      "/lib64/libdl.so.2", "/usr/lib/libdl.so.2" };
	char name[64], *data = NULL, path[GROUND_PATH];
	ssize_t n = -1;
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(places) && n < 0; i++)
		n = root_read_file(&host, places[i], 16 << 20, &data);
	assert_true(n > 0);
	(void)snprintf(name, sizeof(name), "%s/libdl.so.2", dir);
	fd = open(in_scratch(path, name), O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	assert_int_equal(write(fd, data, (size_t)n), n);
	(void)close(fd);
	free(data);
}

/* In scratch/made, which is ldconfig's root: nothing of the system's is read or written. */
static bool make_with_ldconfig(const char *format, struct ldcache *ret_cache)
{
	char path[GROUND_PATH];
	const char *const make[] = { "ldconfig", "-r",    in_scratch(path, "made"),
				     "-X",       "-C",    "/cache",
				     "-f",       "/conf", "-c",
				     format,     NULL };
	const char *const print[] = { "ldconfig", "-r", path, "-p", "-C", "/cache", NULL };
	struct croft_error err;
	struct root root;

	if (!run_ldconfig(make))
		return false;
	assert_true(run_ldconfig(print));
	assert_int_equal(root_open(path, &root, &err), 0);
	assert_int_equal(ldcache_load(&root, "/cache", ret_cache), 0);
	root_done(&root);
	return true;
}

static void caches_that_ldconfig_makes_are_read_in_each_format(void **state)
{
	static const char *const formats[] = { "new", "compat", "old" };
	static const char *const dirs[] = { "made/one", "made/one/glibc-hwcaps",
					    "made/one/glibc-hwcaps/x86-64-v2",
					    "made/one/glibc-hwcaps/x86-64-v3",
					    "made/one/glibc-hwcaps/other" };
	static const char *const expected[] = { "/one/libdl.so.2", "/one/libdl.so.2",
						"/one/glibc-hwcaps/x86-64-v2/libdl.so.2",
						"/one/glibc-hwcaps/x86-64-v3/libdl.so.2",
						"/one/glibc-hwcaps/x86-64-v3/libdl.so.2" };
	struct ldcache cache;

	(void)state;
	make_dir("made");
	make_dir(dirs[0]);
	make_file("made/conf", "/one\n", 0644);
	copy_library(dirs[0]);
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		if (!make_with_ldconfig(formats[i], &cache)) {
			print_message("# skip: no ldconfig on this machine\n");
			skip();
		}
		assert_int_equal(cache.n_entries == 0, i == 2);
		assert_int_equal(compare_with_ldconfig(&cache), 1);
		assert_finds(&cache, "libdl.so.2", &own, "/one/libdl.so.2");
		ldcache_done(&cache);
	}
	/* with these ldconfig 2.36 itself overruns its memory, but for the new format */
	for (size_t i = 1; i < ARRAY_SIZE(dirs); i++) {
		make_dir(dirs[i]);
		if (i > 1)
			copy_library(dirs[i]);
	}
	assert_true(make_with_ldconfig("new", &cache));
	assert_int_equal(cache.n_hwcaps, 3);
	for (unsigned level = 0; level < ARRAY_SIZE(expected); level++) {
		struct ldcache_target target = own;

		target.cpu_level = level;
		assert_finds(&cache, "libdl.so.2", &target, expected[level]);
	}
	ldcache_done(&cache);
}

static int open_ground(void **state)
{
	struct croft_error err;

	return ground_open(state) || root_open("/", &host, &err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cache_is_loaded_from_below_the_root),
		cmocka_unit_test(this_machines_cache_is_read_as_ldconfig_reads_it),
		cmocka_unit_test(caches_that_ldconfig_makes_are_read_in_each_format),
	};

	return cmocka_run_group_tests(tests, open_ground, ground_close);
}
