/* SPDX-License-Identifier: MIT */
/*
 * beside.c - runs a program that lies beside croft.
 *
 * What needs a heavier library, or is not wanted in the small program that starts sandboxes, is an
 * executable of its own. It is found beside croft itself and nowhere else: a search on PATH would
 * run whatever somebody has put there. It is opened once and executed by that descriptor.
 *
 * Where /proc is missing, is no proc or gives no answer, which is one of the things that croft
 * doctor is called for, croft's own place is the name that it was executed by, if that is a whole
 * one: the kernel has it so (AT_EXECFN, since 2.6.28), and whoever could put another program there
 * could have replaced croft.
 */
#include "cli/beside.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "host/answers.h"
#include "sys/calls.h"
#include "sys/fd.h"

/* The length of croft's own name, not NUL-terminated; below PATH_MAX. */
static ssize_t find_self(char *ret_path)
{
	static const char *const proc = "/proc/self";
	const char *name = (const char *)(uintptr_t)getauxval(AT_EXECFN);
	ssize_t len = -ENOENT;

	if (answers_of(&proc, 1, ANSWERS_MS))
		len = sys_readlinkat(AT_FDCWD, "/proc/self/exe", ret_path, PATH_MAX - 1);
	if (len >= 0 || !name || name[0] != '/' || strlen(name) >= PATH_MAX)
		return len;
	memcpy(ret_path, name, strlen(name));
	return (ssize_t)strlen(name);
}

/* By descriptor (execveat, since 3.19), which needs no /proc as its name there would. */
static int execute(int fd, char *const words[])
{
	char self[64];
	long r = sys_raw(__NR_execveat, fd, (long)(uintptr_t) "", (long)(uintptr_t)words,
			 (long)(uintptr_t)environ, AT_EMPTY_PATH, 0);

	if (r != -ENOSYS)
		return (int)r;
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return sys_execve(self, words, environ);
}

static int open_beside(const char *name, const char *reason, int *ret_fd, struct croft_error *err)
{
	char path[PATH_MAX + NAME_MAX];
	ssize_t len = find_self(path);
	char *slash;
	int r;

	if (len < 0)
		return fail(err, CROFT_STAGE_USAGE, (int)-len, "find the folder of croft");
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (!slash || strlen(name) >= NAME_MAX)
		return fail(err, CROFT_STAGE_USAGE, ENOENT, "find the folder of '%s'", path);
	memcpy(slash + 1, name, strlen(name) + 1);
	r = sys_openat(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);
	if (r < 0) {
		r = fail(err, CROFT_STAGE_USAGE, -r, "run '%s'", path);
		fail_hint(err, "%s, and lies beside croft", reason);
		return r;
	}
	*ret_fd = r;
	return 0;
}

int beside_run(const char *name, const char *reason, int argc, char *const argv[],
	       struct croft_error *err)
{
	AUTO_FREE char **words = calloc((size_t)argc + 1, sizeof(*words));
	AUTO_FREE char *first = strdup(name);
	AUTO_FD int fd = -1;
	int r;

	if (!words || !first)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "run %s", name);
	r = open_beside(name, reason, &fd, err);
	if (r < 0)
		return r;
	words[0] = first;
	for (int i = 1; i < argc; i++)
		words[i] = argv[i];
	r = execute(fd, words);
	return fail(err, CROFT_STAGE_USAGE, -r, "run %s", name);
}
