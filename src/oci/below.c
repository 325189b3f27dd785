/* SPDX-License-Identifier: MIT */
/*
 * below.c - finds the runtime below and the static croft, and becomes the one.
 */
#include "oci/below.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "elf/elf.h"
#include "oci/owner.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define ELF_ARENA (1U << 20)
#define EVERYBODY_MAY_RUN (S_IROTH | S_IXOTH)

static const char *const folders[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
				       "/usr/bin",	  "/sbin",	    "/bin" };
static const char *const runtimes[] = { "crun", "runc" };

/* From the folder of croft-oci; PROGRAM_PLACE: as it is installed. */
static const char *const places[] = { PROGRAM_PLACE, "croft-static", "croft" };

static bool is_program(const char *path)
{
	return sys_faccessat(AT_FDCWD, path, X_OK) == 0;
}

static bool is_self(const char *path)
{
	struct stat self, found;

	return sys_fstatat(AT_FDCWD, "/proc/self/exe", &self, 0) == 0 &&
	       sys_fstatat(AT_FDCWD, path, &found, 0) == 0 && self.st_dev == found.st_dev &&
	       self.st_ino == found.st_ino;
}

int below_find_runtime(const struct settings *settings, char ret_path[PATH_MAX],
		       struct croft_error *err)
{
	bool is_found = *settings->runtime;
	int r;

	(void)snprintf(ret_path, PATH_MAX, "%s", settings->runtime);
	for (size_t i = 0; i < ARRAY_SIZE(runtimes) && !is_found; i++) {
		for (size_t k = 0; k < ARRAY_SIZE(folders) && !is_found; k++) {
			(void)snprintf(ret_path, PATH_MAX, "%s/%s", folders[k], runtimes[i]);
			is_found = is_program(ret_path) && !is_self(ret_path);
		}
	}
	if (is_found && !is_self(ret_path))
		return 0;
	r = fail(err, CROFT_STAGE_PREPARE, 0, "%s",
		 is_found ? "the runtime below croft-oci is croft-oci itself"
			  : "neither crun nor runc is there");
	fail_hint(err, "install one, or name it with the key 'runtime' of %s", SETTINGS_FILE);
	return r;
}

/* The folder of croft-oci, with a final slash. */
static int find_folder(char ret[PATH_MAX], struct croft_error *err)
{
	ssize_t len = sys_readlinkat(AT_FDCWD, "/proc/self/exe", ret, PATH_MAX - 1);
	char *slash;

	if (len < 0)
		return fail(err, CROFT_STAGE_PREPARE, (int)-len, "find the folder of croft-oci");
	ret[len] = '\0';
	slash = strrchr(ret, '/');
	if (!slash)
		return fail(err, CROFT_STAGE_PREPARE, ENOENT, "find the folder of croft-oci");
	slash[1] = '\0';
	return 0;
}

static int check_elf(const char *path, int fd, uint64_t size, struct croft_error *err)
{
	const char *why = "no ELF program";
	struct arena arena;
	struct elf elf;
	bool is_dynamic;
	int r;

	arena_init(&arena, ELF_ARENA);
	r = elf_read(fd, size, 0, &arena, &elf, &why);
	is_dynamic = r == 0 && elf.n_interp > 0;
	arena_done(&arena);
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, 0, "'%s' cannot run in containers: %s", path,
			    why);
	if (!is_dynamic)
		return 0;
	r = fail(
		err, CROFT_STAGE_PREPARE, 0,
		"'%s' cannot run in containers: it needs an ELF interpreter, which images need not have",
		path);
	fail_hint(err, "name a static croft (./dev build --release) with the key 'croft' of %s",
		  SETTINGS_FILE);
	return r;
}

static int check_croft(const char *path, struct croft_error *err)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	struct statfs fs;
	struct stat st;
	int r = fd < 0 ? fd : sys_fstatat(fd, "", &st, AT_EMPTY_PATH);

	if (r >= 0)
		r = sys_fstatfs(fd, &fs);
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "look at the static croft '%s'", path);
	if (!S_ISREG(st.st_mode) || (st.st_mode & EVERYBODY_MAY_RUN) != EVERYBODY_MAY_RUN)
		return fail(
			err, CROFT_STAGE_PREPARE, 0,
			"'%s' is no program that every user of a container may run (chmod a+rx)",
			path);
	if (!owner_may_decide(&st))
		return fail(err, CROFT_STAGE_PREPARE, 0,
			    "'%s' confines, and can be changed by others (chown root, chmod go-w)",
			    path);
	if (fs.f_flags & ST_NOEXEC)
		return fail(err, CROFT_STAGE_PREPARE, 0, "'%s' lies where nothing may run (noexec)",
			    path);
	return check_elf(path, fd, (uint64_t)st.st_size, err);
}

int below_find_croft(const struct settings *settings, char ret_path[PATH_MAX],
		     struct croft_error *err)
{
	char folder[PATH_MAX];
	int r;

	if (*settings->croft) {
		(void)snprintf(ret_path, PATH_MAX, "%s", settings->croft);
		return check_croft(ret_path, err);
	}
	r = find_folder(folder, err);
	for (size_t i = 0; i < ARRAY_SIZE(places) && r == 0; i++) {
		const char *place = places[i];
		int n = snprintf(ret_path, PATH_MAX, "%s%s", *place == '/' ? "" : folder, place);

		if (n > 0 && n < PATH_MAX && is_program(ret_path))
			return check_croft(ret_path, err);
	}
	if (r < 0)
		return r;
	r = fail(err, CROFT_STAGE_PREPARE, 0, "no static croft is installed with '%scroft-oci'",
		 folder);
	fail_hint(err, "name one with the key 'croft' of %s", SETTINGS_FILE);
	return r;
}

int below_become(const char *runtime, int argc, char *const argv[], struct croft_error *err)
{
	AUTO_FREE char **words = calloc((size_t)argc + 1, sizeof(*words));
	AUTO_FREE char *first = strdup(runtime);
	int r;

	if (!words || !first)
		return fail(err, CROFT_STAGE_EXEC, ENOMEM, "run '%s'", runtime);
	words[0] = first;
	for (int i = 1; i < argc; i++)
		words[i] = argv[i];
	r = sys_execve(runtime, words, environ);
	return fail(err, CROFT_STAGE_PREPARE, -r, "run the runtime '%s'", runtime);
}
