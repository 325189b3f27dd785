/* SPDX-License-Identifier: MIT */
/*
 * test_loader.c - what is compiled into a loader is read out of it: this machine's agrees with what
 * it says of itself, and loaders made by hand look like Nix's, Guix's, musl's and an enemy's.
 */
#include "ground.h"

#include "elf/ldcache.h"

#if defined(__x86_64__)
#define OWN_LOADER "/lib64/ld-linux-x86-64.so.2"
#define OWN_MUSL "/lib/ld-musl-x86_64.so.1"
#define OWN_ARCH "x86_64"
#else
#define OWN_LOADER "/lib/ld-linux-aarch64.so.1"
#define OWN_MUSL "/lib/ld-musl-aarch64.so.1"
#define OWN_ARCH "aarch64"
#endif
#define PIECE 8192 /* bytes that loader.c reads at once */
#define SCAN_MAX (16 << 20)
#define TEXT(literal) literal, sizeof(literal) /* with the NUL at its end */

#define STORE "/nix/store/k7zgvzp2r31zkg9xqgjim7mbknryv6bs-glibc-2.38-44"
#define NIX_TEXTS                                        \
	STORE "/lib/\0\1\0" STORE "/etc/ld.so.cache\0\2" \
	      "/etc/ld-nix.so.preload\0"                 \
	      "ld.so (GNU libc) stable release version 2.38.\nCopyright"
#define DEBIAN_TEXTS                                                          \
	"\1/lib/x86_64-linux-gnu/\0/usr/lib/x86_64-linux-gnu/\0/lib/\0/usr/lib/\0\0" \
	"/etc/ld.so.cache\0/var/tmp\0/etc/ld.so.preload\0"                     \
	"ld.so (Debian GLIBC 2.36-9) stable release version 2.36.\n"

static struct root root, host;
static struct arena arena;
static struct loader_info info;

static int before(void **state)
{
	struct croft_error err;

	memset(&info, 0, sizeof(info));
	arena_init(&arena, 1U << 20);
	return ground_open(state) || root_open("/", &host, &err) || root_open(scratch, &root, &err);
}

static int after(void **state)
{
	(void)ground_restore(state);
	root_done(&root);
	arena_done(&arena);
	return ground_close(state);
}

/* A file below the scratch directory, its directories too: ELF's magic, then the texts at `at`. */
static void make_loader(const char *name, size_t at, const char *texts, size_t len)
{
	char path[GROUND_PATH];
	int fd;

	(void)in_scratch(path, name);
	for (char *slash = path + strlen(scratch) + 1; (slash = strchr(slash, '/')); slash++) {
		*slash = '\0';
		(void)mkdir(path, 0755);
		*slash = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	assert_return_code(fd, errno);
	assert_int_equal(write(fd, "\177ELF", 4), 4);
	assert_int_equal(pwrite(fd, texts, len, (off_t)at), (long)len);
	(void)close(fd);
}

static void assert_dirs(const char *expected)
{
	char got[8192] = "";
	size_t len = 0;

	for (size_t i = 0; i < info.n_dirs; i++)
		len += (size_t)snprintf(got + len, sizeof(got) - len, "%s%s", i ? " " : "",
					info.dirs[i]);
	assert_string_equal(got, expected);
}

static void assert_text(const char *got, const char *expected)
{
	if (!expected)
		assert_null(got);
	else
		assert_string_equal(got, expected);
}

/* This machine's */

/* The value of `key="value"` in what the loader says of itself; NULL if it is not there. */
static const char *diagnostic(const char *text, const char *key, char *value, size_t size)
{
	char start[64];
	const char *at;

	(void)snprintf(start, sizeof(start), "\n%s=\"", key);
	at = strstr(text, start);
	if (!at)
		return NULL;
	at += strlen(start);
	(void)snprintf(value, size, "%.*s", (int)strcspn(at, "\""), at);
	return value;
}

/* Runs `OWN_LOADER --list-diagnostics`, which is there since glibc 2.33. */
static bool ask_loader(char *text, size_t size)
{
	int ends[2], status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	assert_return_code(pipe2(ends, O_CLOEXEC), errno);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		if (dup2(ends[1], 1) < 0 || dup2(null, 2) < 0)
			_exit(126);
		execl(OWN_LOADER, "ld.so", "--list-diagnostics", (char *)NULL);
		_exit(127);
	}
	(void)close(ends[1]);
	while ((n = read(ends[0], text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	text[len] = '\0';
	(void)close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status == 0 && strstr(text, "path.system_dirs[0x0]");
}

static void this_machines_loader_agrees(void **state)
{
	static char text[65536];
	char value[512], key[64];
	size_t n = 0;

	(void)state;
	if (!ask_loader(text, sizeof(text))) {
		print_message("# skip: the loader of this machine does not tell its directories\n");
		skip();
	}
	assert_int_equal(loader_read(&host, OWN_LOADER, true, &arena, &info), 0);
	for (;; n++) {
		(void)snprintf(key, sizeof(key), "path.system_dirs[0x%zx]", n);
		if (!diagnostic(text, key, value, sizeof(value)))
			break;
		assert_true(n < info.n_dirs);
		value[strlen(value) - 1] = '\0'; /* the slash */
		assert_string_equal(info.dirs[n], value);
	}
	assert_int_equal(info.n_dirs, n);
	assert_non_null(diagnostic(text, "path.sysconfdir", value, sizeof(value) - 16));
	memcpy(value + strlen(value), "/ld.so.cache", 13);
	assert_string_equal(info.cache, value);
	assert_non_null(diagnostic(text, "version.version", value, sizeof(value)));
	assert_int_equal(info.glibc_version, 200 + atoi(value + 2));
	assert_false(info.is_musl);
	assert_null(info.musl_arch);
}

static void musl_of_this_machine_is_known(void **state)
{
	char *real = realpath(OWN_MUSL, NULL);

	(void)state;
	if (!real) {
		print_message("# skip: there is no musl on this machine\n");
		skip();
	}
	for (int i = 0; i < 2; i++) {
		memset(&info, 0, sizeof(info));
		assert_int_equal(loader_read(&host, i ? real : OWN_MUSL, false, &arena, &info), 0);
		assert_true(info.is_musl);
		assert_string_equal(info.musl_arch, OWN_ARCH);
		assert_dirs("/lib /usr/local/lib /usr/lib");
		assert_null(info.cache);
		assert_null(info.preload);
		assert_int_equal(info.glibc_version, 0);
	}
	free(real);
}

static void a_program_that_is_no_loader_has_nothing(void **state)
{
	(void)state;
	assert_int_equal(loader_read(&host, "/bin/sh", true, &arena, &info), 0);
	assert_dirs("");
	assert_null(info.cache);
	assert_null(info.preload);
	assert_false(info.is_musl);
}

/* Kinds of loader */

static unsigned n_reads;

static long counts_reads(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	n_reads++;
	return sys_real(call, a, b, c, d, e, f);
}

static void the_systems_own_loaders_are_not_read_unless_asked(void **state)
{
	static const char *const names[] = {
		"lib64/ld-linux-x86-64.so.2",
		"lib/ld-linux.so.2",
		"usr/lib/aarch64/ld-linux-aarch64.so.1",
		"usr/lib64/ld64.so.2",
		"lib32/ld.so.1",
		"libx32/ld-linux-x32.so.2",
	};
	char path[GROUND_PATH];

	(void)state;
	sys_replace(SYS_CALL_pread64, counts_reads);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		make_loader(names[i], 5000, TEXT(DEBIAN_TEXTS));
		(void)snprintf(path, sizeof(path), "/%s", names[i]);
		n_reads = 0;
		assert_int_equal(loader_read(&root, path, false, &arena, &info), 0);
		assert_int_equal(n_reads, 1); /* its magic */
		assert_string_equal(info.cache, "/etc/ld.so.cache");
		assert_string_equal(info.preload, "/etc/ld.so.preload");
		assert_int_equal(info.glibc_version, 0);
		assert_dirs("");
		assert_int_equal(loader_read(&root, path, true, &arena, &info), 0);
		assert_int_equal(info.glibc_version, 236);
		assert_dirs("/lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu /lib /usr/lib");
	}
}

static void loaders_elsewhere_are_read(void **state)
{
	static const struct {
		const char *name; /* where the file is */
		const char *link; /* and the name under which it is asked for; NULL: the same */
		const char *texts;
		size_t len;
		const char *cache, *preload, *dirs;
		unsigned version;
	} cases[] = {
		{ STORE "/lib/ld-linux-x86-64.so.2", NULL, TEXT(NIX_TEXTS),
		  STORE "/etc/ld.so.cache", "/etc/ld-nix.so.preload", STORE "/lib", 238 },
		/* where the system's name leads to the store */
		{ STORE "/lib/ld-linux-x86-64.so.2", "lib64/ld-linux-x86-64.so.2", TEXT(NIX_TEXTS),
		  STORE "/etc/ld.so.cache", "/etc/ld-nix.so.preload", STORE "/lib", 238 },
		{ "gnu/store/x-glibc-2.35/lib/ld-linux-x86-64.so.2", NULL,
		  TEXT("/gnu/store/x-glibc-2.35/lib/\0\0/ld.so cache is lacking\0"
		       "/gnu/store/x-glibc-2.35/etc/ld.so.cache\0/etc/ld.so.preload\0"),
		  NULL, "/etc/ld.so.preload", "/gnu/store/x-glibc-2.35/lib", 0 },
		{ "opt/glibc/lib/ld-2.31.so", "opt/glibc/lib/ld-linux-x86-64.so.2",
		  TEXT("/opt/glibc/lib/\0\0/opt/glibc/etc/ld.so.cache\0"),
		  "/opt/glibc/etc/ld.so.cache", NULL, "/opt/glibc/lib", 231 },
		{ "opt/sysroot/libx/my-loader", NULL, TEXT(DEBIAN_TEXTS), "/etc/ld.so.cache",
		  "/etc/ld.so.preload",
		  "/lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu /lib /usr/lib", 236 },
		/* no sign of glibc: the directories are of something else */
		{ "opt/other/ld-linux.so.9", NULL, TEXT("/opt/other/\0\0/etc/other.cache\0"), NULL,
		  NULL, "", 0 },
	};
	char path[GROUND_PATH], target[GROUND_PATH];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *name = cases[i].name + (cases[i].name[0] == '/');

		make_loader(name, 70000, cases[i].texts, cases[i].len);
		if (cases[i].link) {
			make_loader(cases[i].link, 4, "", 0); /* for its directory */
			(void)unlink(in_scratch(path, cases[i].link));
			(void)snprintf(target, sizeof(target), "/%s", name);
			assert_return_code(symlink(target, path), errno);
		}
		(void)snprintf(path, sizeof(path), "/%s", cases[i].link ? cases[i].link : name);
		for (int wants_dirs = 0; wants_dirs < 2; wants_dirs++) {
			memset(&info, 0, sizeof(info));
			assert_int_equal(loader_read(&root, path, wants_dirs, &arena, &info), 0);
			assert_text(info.cache, cases[i].cache);
			assert_text(info.preload, cases[i].preload);
			assert_dirs(cases[i].dirs);
			assert_int_equal(info.glibc_version, cases[i].version);
			assert_false(info.is_musl);
		}
	}
}

static void musl_is_known_by_name_or_by_its_path_file(void **state)
{
	static const struct {
		const char *name;
		const char *texts;
		size_t len;
		const char *arch; /* NULL: it is no musl */
	} cases[] = {
		{ "lib/ld-musl-armhf.so.1", TEXT(""), "armhf" },
		{ "nix/store/x-musl/lib/ld-musl-x86_64.so.1", TEXT(""), "x86_64" },
		{ "usr/lib/musl/lib/libc.so", TEXT("\1/etc/ld-musl-riscv64.path\0"), "riscv64" },
		{ "opt/libc.so", TEXT("%.*s/etc/ld-musl-x86_64.path\0"), "x86_64" },
		{ "opt/no-loader", TEXT("/etc/ld-musl-.path\0"), NULL },
		{ "opt/none-either", TEXT("/etc/ld-musl-x86_64.conf\0ld-musl-x\0"), NULL },
		{ "opt/ld-musl-.so.1", TEXT(""), NULL },
		{ "opt/ld-musl-a-name-that-no-machine-ever-had-in-its-life.so.1", TEXT(""), NULL },
	};
	char path[GROUND_PATH];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		make_loader(cases[i].name, 9000, cases[i].texts, cases[i].len);
		(void)snprintf(path, sizeof(path), "/%s", cases[i].name);
		assert_int_equal(loader_read(&root, path, true, &arena, &info), 0);
		assert_int_equal(info.is_musl, cases[i].arch != NULL);
		assert_text(info.musl_arch, cases[i].arch);
		assert_dirs(cases[i].arch ? "/lib /usr/local/lib /usr/lib" : "");
	}
}

/* Strings */

static void texts_are_found_wherever_the_pieces_are_cut(void **state)
{
	(void)state;
	for (size_t at = PIECE - sizeof(NIX_TEXTS) - 2; at < PIECE + 2; at++) {
		make_loader("opt/ld-linux.so", at, TEXT(NIX_TEXTS));
		memset(&info, 0, sizeof(info));
		assert_int_equal(loader_read(&root, "/opt/ld-linux.so", false, &arena, &info), 0);
		assert_text(info.cache, STORE "/etc/ld.so.cache");
		assert_text(info.preload, "/etc/ld-nix.so.preload");
		assert_dirs(STORE "/lib");
		assert_int_equal(info.glibc_version, 238);
		arena_done(&arena);
		arena_init(&arena, 1U << 20);
	}
}

#define CACHE "\1/x/ld.so.cache\0\1" /* so that it counts as glibc's */

static void the_list_of_directories_is_the_longest_run(void **state)
{
	static const struct {
		const char *texts;
		size_t len;
		const char *dirs;
	} cases[] = {
		{ TEXT(CACHE "/\0/w/\0\1/lib/\0/usr/lib/\0\0/v/\0"), "/lib /usr/lib" },
		{ TEXT(CACHE "/w/\0\0/opt/lib/\0\0/v/\0"), "/opt/lib" },
		{ TEXT(CACHE "/opt/lib/\0\0/opt/bli/\0"), "/opt/lib" },
		{ TEXT(CACHE "/a/\0/b\0/c/\0/d/\0e/\0/f/"), "/c /d" },
		{ TEXT(CACHE "/a/\1/b/\0/c/"), "/b /c" },
		{ TEXT(CACHE "\0/\0\0//\0\0"), "/" },
		{ TEXT(CACHE "lib/\0/lib\0"), "" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		make_loader("opt/ld-linux.so", 4, cases[i].texts, cases[i].len);
		assert_int_equal(loader_read(&root, "/opt/ld-linux.so", true, &arena, &info), 0);
		assert_dirs(cases[i].dirs);
	}
}

static void versions_are_two_numbers(void **state)
{
	static const struct {
		const char *texts;
		size_t len;
		unsigned version;
	} cases[] = {
		{ TEXT(CACHE "stable release version 2.36."), 236 },
		{ TEXT(CACHE "development release version 2.9"), 209 },
		{ TEXT(CACHE "release version 2.40.9000.\n"), 240 },
		{ TEXT(CACHE "release version 2."), 0 },
		{ TEXT(CACHE "release version 2.x"), 0 },
		{ TEXT(CACHE "release version 3.1."), 0 },
		{ TEXT(CACHE "release version 2.123."), 0 },
		{ TEXT(CACHE "release version "), 0 },
		{ TEXT(CACHE "release version %s\0release version 2.31.\0release version 2.32.\n"),
		  231 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		make_loader("opt/ld-linux.so", 4, cases[i].texts, cases[i].len);
		assert_int_equal(loader_read(&root, "/opt/ld-linux.so", true, &arena, &info), 0);
		assert_int_equal(info.glibc_version, cases[i].version);
	}
}

/* Bounds */

static void what_lies_far_behind_is_not_read(void **state)
{
	(void)state;
	make_loader("opt/ld-linux.so", SCAN_MAX - sizeof(NIX_TEXTS), TEXT(NIX_TEXTS));
	assert_int_equal(loader_read(&root, "/opt/ld-linux.so", true, &arena, &info), 0);
	assert_dirs(STORE "/lib");
	make_loader("opt/ld-linux.so", SCAN_MAX, TEXT(NIX_TEXTS));
	assert_int_equal(loader_read(&root, "/opt/ld-linux.so", true, &arena, &info), 0);
	assert_dirs("");
	assert_null(info.cache);
}

static void an_enemys_texts_are_bounded(void **state)
{
	static char texts[3 << 16];
	size_t len = 0;

	(void)state;
	/* more directories than any loader has: the first are kept */
	len = (size_t)snprintf(texts, sizeof(texts), "\1/x/ld.so.cache%c", 0);
	for (int i = 0; i < 5000; i++)
		len += (size_t)snprintf(texts + len, sizeof(texts) - len, "/%d/%c", i, 0);
	make_loader("opt/ld-linux.so", 4, texts, len);
	assert_int_equal(loader_read(&root, "/opt/ld-linux.so", true, &arena, &info), 0);
	assert_int_equal(info.n_dirs, 32);
	assert_string_equal(info.dirs[0], "/0");
	assert_string_equal(info.dirs[31], "/31");
	/* texts as long as a path may be, and longer; arrays full to the last byte */
	for (size_t dir = PATH_MAX - 3; dir < PATH_MAX + 3; dir++) {
		len = (size_t)snprintf(texts, sizeof(texts), "\1/x/ld.so.cache%c", 0);
		memset(texts + len, 'd', dir);
		texts[len] = texts[len + dir - 1] = '/';
		texts[len + dir] = '\0';
		make_loader("opt/ld-linux.so", 4, texts, len + dir + 1);
		assert_int_equal(loader_read(&root, "/opt/ld-linux.so", true, &arena, &info), 0);
		assert_int_equal(info.n_dirs, dir < PATH_MAX);
		assert_string_equal(info.cache, "/x/ld.so.cache");
	}
	/* two that are too long together: the first is kept */
	len = (size_t)snprintf(texts, sizeof(texts), "\1/x/ld.so.cache%c/%03000d/%c/%03000d/%c", 0,
			       1, 0, 2, 0);
	make_loader("opt/ld-linux.so", 4, texts, len);
	assert_int_equal(loader_read(&root, "/opt/ld-linux.so", true, &arena, &info), 0);
	assert_int_equal(info.n_dirs, 1);
	assert_int_equal(info.dirs[0][3000], '1');
	memset(texts, '/', sizeof(texts));
	make_loader("opt/ld-linux.so", 4, texts, sizeof(texts));
	assert_int_equal(loader_read(&root, "/opt/ld-linux.so", true, &arena, &info), 0);
	assert_dirs("");
}

static void what_is_no_elf_file_is_an_error(void **state)
{
	static const char *const names[] = { "empty", "short", "script", "fifo", "dir", "none" };
	static const int errors[] = { -ENOEXEC, -ENOEXEC, -ENOEXEC, -EINVAL, -EISDIR, -ENOENT };
	char path[GROUND_PATH];

	(void)state;
	make_file("empty", "", 0755);
	make_file("short", "\177EL", 0755);
	make_file("script", "#!/bin/sh\n/lib/\n", 0755);
	make_dir("dir");
	assert_return_code(mkfifo(in_scratch(path, "fifo"), 0755), errno);
	info.n_dirs = 7;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		(void)snprintf(path, sizeof(path), "/%s", names[i]);
		assert_int_equal(loader_read(&root, path, true, &arena, &info), errors[i]);
	}
	assert_int_equal(info.n_dirs, 7);
}

static void a_lack_of_memory_and_a_read_error_are_given_on(void **state)
{
	bool has_failed = false, has_worked = false;

	(void)state;
	make_loader("opt/ld-linux.so", 4, TEXT(NIX_TEXTS));
	make_loader("opt/ld-musl-x.so.1", 4, TEXT(""));
	make_loader("opt/libc.so", 4, TEXT("/etc/ld-musl-x86_64.path\0"));
	for (size_t max = 0; max < 4096; max += 16) {
		static const char *const names[] = { "/opt/ld-linux.so", "/opt/ld-musl-x.so.1",
						     "/opt/libc.so" };

		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			struct arena small;
			int r;

			arena_init(&small, max);
			r = loader_read(&root, names[i], true, &small, &info);
			arena_done(&small);
			assert_true(r == 0 || r == -ENOMEM);
			assert_true(r == -ENOMEM || max > 0);
			has_failed = has_failed || r;
			has_worked = has_worked || !r;
		}
	}
	assert_true(has_failed && has_worked);
	memset(&info, 0, sizeof(info));
	ground_replace(SYS_CALL_pread64, -EIO);
	assert_int_equal(loader_read(&root, "/opt/ld-linux.so", true, &arena, &info), -EIO);
}

#define LOADER_TEST(test) cmocka_unit_test_setup_teardown(test, before, after)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOADER_TEST(this_machines_loader_agrees),
		LOADER_TEST(musl_of_this_machine_is_known),
		LOADER_TEST(a_program_that_is_no_loader_has_nothing),
		LOADER_TEST(the_systems_own_loaders_are_not_read_unless_asked),
		LOADER_TEST(loaders_elsewhere_are_read),
		LOADER_TEST(musl_is_known_by_name_or_by_its_path_file),
		LOADER_TEST(texts_are_found_wherever_the_pieces_are_cut),
		LOADER_TEST(the_list_of_directories_is_the_longest_run),
		LOADER_TEST(versions_are_two_numbers),
		LOADER_TEST(what_lies_far_behind_is_not_read),
		LOADER_TEST(an_enemys_texts_are_bounded),
		LOADER_TEST(what_is_no_elf_file_is_an_error),
		LOADER_TEST(a_lack_of_memory_and_a_read_error_are_given_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
