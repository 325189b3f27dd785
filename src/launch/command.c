/* SPDX-License-Identifier: MIT */
/*
 * command.c - finds the command and looks at it, before anything is confined.
 *
 * Afterwards it would be too late: a process that may not read a file cannot say what
 * is wrong with it, and the kernel's EACCES and ENOENT have many causes. So each
 * candidate is judged here, by the plan's own rules, and the message names the
 * one thing that is missing and the grant that would give it.
 *
 * What is found is executed by name. The name could be swapped in between; the
 * decision does not rest on it, since the kernel judges the file that is executed.
 */
#include "launch/command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/paths.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define SCRIPT_DEPTH 5 /* what the kernel follows (search_binary_handler) */
#define SCRIPT_HEAD 256 /* what the kernel reads of a first line (BINPRM_BUF_SIZE, since 5.1) */

/*
 * A directory of PATH (not terminated; empty means here) and a name, as seen from the command's
 * working directory.
 */
static int join(const struct plan *plan, const char *dir, size_t dir_len, const char *name,
		char *ret_path, size_t size)
{
	const char *base = plan->workdir && dir[0] != '/' && name[0] != '/' ? plan->workdir : "";
	int n;

	if (dir_len == 0 || name[0] == '/')
		dir_len = 0;
	n = snprintf(ret_path, size, "%s%s%.*s%s%s", base, *base ? "/" : "", (int)dir_len, dir,
		     dir_len ? "/" : "", name);
	return n < 0 || (size_t)n >= size ? -ENAMETOOLONG : 0;
}

static bool is_granted(const struct plan *plan, const char *path)
{
	char real[PATH_MAX];

	/* what cannot be resolved cannot be executed either: let that be said */
	if (path_resolve(path, real, sizeof(real)) < 0)
		return true;
	return plan_allows(plan, real, ABI_LANDLOCK_FS_EXECUTE);
}

static int not_granted(const char *name, const char *path, struct croft_error *err)
{
	char real[PATH_MAX];
	int r;

	if (path_resolve(path, real, sizeof(real)) < 0)
		real[0] = '\0';
	r = fail(err, CROFT_STAGE_EXEC, EACCES, "execute '%s': no grant covers '%s'", name,
		 *real ? real : path);
	fail_hint(err, "add --execute %s", *real ? real : path);
	return r;
}

/* 0 if this is a file that the kernel could execute, for a user like this one. */
static int check_file(const char *path)
{
	struct stat st;
	int r = sys_fstatat(AT_FDCWD, path, &st, 0);

	if (r < 0)
		return r;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	return sys_faccessat(AT_FDCWD, path, X_OK);
}

/* Cuts the interpreter out of "#! /bin/sh -e\n", in place. NULL if there is none. */
static char *interpreter_of(char *head)
{
	char *start;

	if (head[0] != '#' || head[1] != '!')
		return NULL;
	start = head + 2 + strspn(head + 2, " \t");
	start[strcspn(start, " \t\n")] = '\0';
	return *start ? start : NULL;
}

/* The first bytes of a file, NUL-terminated; "" if it cannot be read. */
static void read_head(const char *path, char head[SCRIPT_HEAD + 1])
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, path, O_RDONLY, 0);
	ssize_t n = fd < 0 ? fd : fd_read_full(fd, head, SCRIPT_HEAD);

	/* a program may be executable and not readable; then it is no script */
	head[n < 0 ? 0 : n] = '\0';
}

/* One interpreter: it has to be there and granted. */
static int check_interpreter(const struct plan *plan, const char *name, const char *interpreter,
			     struct croft_error *err)
{
	int r = check_file(interpreter);

	if (r == -ENOENT || r == -ENOTDIR) {
		size_t len = strlen(interpreter);

		r = fail(err, CROFT_STAGE_EXEC, 0, "execute '%s': its interpreter '%s' is missing",
			 name, interpreter);
		if (len > 1 && interpreter[len - 1] == '\r')
			fail_hint(
				err,
				"the first line ends in a carriage return: the file has DOS line ends");
		else
			fail_hint(err,
				  "the file itself is there; install '%s' or mend its first line",
				  interpreter);
		return r;
	}
	if (r == -EISDIR)
		return fail(err, CROFT_STAGE_EXEC, 0,
			    "execute '%s': its interpreter '%s' is a directory", name, interpreter);
	if (r < 0)
		return fail(err, CROFT_STAGE_EXEC, -r, "execute '%s': its interpreter '%s'", name,
			    interpreter);
	return is_granted(plan, interpreter) ? 0 : not_granted(interpreter, interpreter, err);
}

/* The chain of "#!" lines: an interpreter may be a script itself, to the kernel's depth. */
static int check_script(const struct plan *plan, const char *name, const char *path,
			struct croft_error *err)
{
	char heads[2][SCRIPT_HEAD + 1]; /* the next is read while the name in the last is in use */

	for (unsigned depth = 0; depth < SCRIPT_DEPTH; depth++) {
		char *interpreter;
		int r;

		read_head(path, heads[depth % 2]);
		interpreter = interpreter_of(heads[depth % 2]);
		if (!interpreter)
			return 0;
		r = check_interpreter(plan, name, interpreter, err);
		if (r < 0)
			return r;
		path = interpreter;
	}
	return fail(err, CROFT_STAGE_EXEC, ELOOP,
		    "execute '%s': its interpreters are scripts, %d deep", name, SCRIPT_DEPTH);
}

static int judge(const struct plan *plan, const char *name, const char *path,
		 struct croft_error *err)
{
	int r = check_file(path);

	if (r == -ENOENT || r == -ENOTDIR)
		return fail(err, CROFT_STAGE_EXEC, ENOENT, "find '%s'", name);
	if (r < 0) {
		r = fail(err, CROFT_STAGE_EXEC, -r, "execute '%s'", name);
		if (r == -EACCES)
			fail_hint(
				err,
				"it is not an executable file: chmod +x it, or name its interpreter before it");
		return r;
	}
	if (!is_granted(plan, path))
		return not_granted(name, path, err);
	return check_script(plan, name, path, err);
}

/*
 * The first candidate on PATH that can be executed; else what was wrong with the best of the
 * others.
 */
static int search(const struct plan *plan, const char *name, const char *path, char *ret_path,
		  size_t size, struct croft_error *err)
{
	struct croft_error best;
	int r = fail(&best, CROFT_STAGE_EXEC, ENOENT, "find '%s' on PATH", name);

	for (const char *entry = path;; entry++) {
		size_t len = strcspn(entry, ":");
		struct croft_error error;
		int verdict;

		/* ret_path takes each candidate in turn; what fits nowhere is no candidate */
		if (len < PATH_MAX && join(plan, entry, len, name, ret_path, size) == 0) {
			verdict = judge(plan, name, ret_path, &error);
			if (verdict == 0)
				return 0;
			if (r == -ENOENT && verdict != -ENOENT && verdict != -EISDIR) {
				best = error;
				r = verdict;
			}
		}
		entry += len;
		if (!*entry)
			break;
	}
	if (err)
		*err = best;
	return r;
}

int command_find(const struct plan *plan, char *ret_path, size_t size, struct croft_error *err)
{
	const char *name = plan->command.argv[0];
	const char *search_path = NULL;
	int r;

	if (!*name)
		return fail(err, CROFT_STAGE_EXEC, ENOENT, "find a command with an empty name");
	if (strlen(name) >= size)
		return fail(err, CROFT_STAGE_EXEC, ENAMETOOLONG, "find a command of %zu bytes",
			    strlen(name));
	if (strchr(name, '/')) {
		r = join(plan, "", 0, name, ret_path, size);
		if (r < 0)
			return fail(err, CROFT_STAGE_EXEC, -r, "find '%s'", name);
		/* executed after the change of directory: under the name that was given */
		r = judge(plan, name, ret_path, err);
		if (r == 0)
			memcpy(ret_path, name, strlen(name) + 1);
		return r;
	}
	for (const char *const *entry = plan->command.envp; *entry && !search_path; entry++)
		if (!strncmp(*entry, "PATH=", 5))
			search_path = *entry + 5;
	if (!search_path) {
		r = fail(err, CROFT_STAGE_EXEC, ENOENT, "find '%s': the command has no PATH", name);
		fail_hint(err, "write the program's full name, or pass PATH with --env PATH");
		return r;
	}
	return search(plan, name, search_path, ret_path, size, err);
}
