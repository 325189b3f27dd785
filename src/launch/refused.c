/* SPDX-License-Identifier: MIT */
/*
 * refused.c - why the kernel did not execute the command.
 *
 * child-path: no allocation
 *
 * What can be seen beforehand was looked at (command.c): what is left are causes that show only
 * now, and those that no look at the file tells. Where one errno has several, they are told apart
 * by doing:
 *
 *   a filter      execve of the empty name: the kernel says ENOENT before it looks at anything
 *                 (getname, since 2.6.39), so any other answer is not the kernel's
 *   capabilities  a file that has more of them, and the flag "effective", than the bounding set
 *                 lets it have: EPERM (bprm_caps_from_vfs_caps in security/commoncap.c). As root
 *                 croft has emptied that set; a container's is small
 *   modes         faccessat asks them alone, and user 0 has no capabilities by now
 *   a sandbox     Landlock takes sixteen layers: how many more it takes tells how many there were
 *   a cut line    gVisor, and Linux before 5.1, look at 127 bytes of a script
 */
#include "launch/refused.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "elf/script.h"
#include "sys/calls.h"
#include "sys/fd.h"

/* fs/exec.c: what one string may have, what all may have at least and at most. */
#define STRING_MAX_BYTES (128UL << 10)
#define ALL_MIN_BYTES (128UL << 10)
#define ALL_MAX_BYTES (6UL << 20)
/* What a chain of scripts may add: its names and arguments, once more for each interpreter. */
#define SCRIPTS_BYTES (16UL << 10)

static bool is_filter(const struct plan_command *command, int errnum)
{
	int r = sys_execve("", (char *const *)(uintptr_t)command->argv,
			   (char *const *)(uintptr_t)command->envp);

	return r == -errnum && errnum != ENOENT;
}

/* Would the file have capabilities that the bounding set keeps from it? */
static bool has_capabilities_beyond(const char *path)
{
	struct vfs_ns_cap_data data;
	long n = sys_raw(__NR_getxattr, (long)(uintptr_t)path,
			 (long)(uintptr_t) "security.capability", (long)(uintptr_t)&data,
			 sizeof(data), 0, 0);

	if (n < (long)XATTR_CAPS_SZ_1 || !(data.magic_etc & VFS_CAP_FLAGS_EFFECTIVE))
		return false;
	for (unsigned long cap = 0; cap < (n < (long)XATTR_CAPS_SZ_2 ? 32 : 64); cap++)
		if (data.data[cap / 32].permitted >> cap % 32 & 1 &&
		    sys_prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 0)
			return true;
	return false;
}

/* Is there another sandbox of Landlock around this one? */
static bool has_outer_layer(const struct launch *launch)
{
	static const struct abi_landlock_ruleset_attr attr = {
		.handled_access_fs = ABI_LANDLOCK_FS_EXECUTE,
	};
	AUTO_FD int ruleset = sys_landlock_create_ruleset(&attr, sizeof(attr.handled_access_fs), 0);
	int added = launch->ruleset >= 0, r = ruleset;

	while (r >= 0 && added <= ABI_LANDLOCK_MAX_LAYERS) {
		r = sys_landlock_restrict_self(ruleset, 0);
		added += r == 0;
	}
	return r == -E2BIG && added < ABI_LANDLOCK_MAX_LAYERS;
}

static void hint_denied(const struct launch *launch, struct croft_error *err)
{
	const char *path = launch->plan->command.path;

	if (sys_faccessat(AT_FDCWD, path, X_OK) == -EACCES && sys_geteuid() == 0)
		fail_hint(err,
			  "inside, user 0 has no capabilities, so that its modes count: "
			  "chmod a+x '%s'",
			  path);
	else if (has_outer_layer(launch))
		fail_hint(err,
			  "a sandbox around croft (Landlock) does not let it, or what it "
			  "needs to start, be executed: grant it there (croft run: --execute)");
	else if (sys_geteuid() == 0)
		fail_hint(err, "inside, user 0 has no capabilities: what starts it must be "
			       "executable by its modes; or a security module refuses it");
	else
		fail_hint(err, "its modes, mount and grants allow it: a security module may not");
}

static void hint_too_long(const struct plan_command *command, struct croft_error *err)
{
	const char *const *lists[] = { command->argv, command->envp };
	size_t all = strlen(command->path) + 1, longest = 0, may = ALL_MIN_BYTES;
	struct rlimit stack = { 0, 0 };

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		for (const char *const *at = lists[i]; at && *at; at++) {
			size_t len = strlen(*at) + 1;

			all += len + sizeof(*at);
			longest = len > longest ? len : longest;
		}
	}
	if (sys_prlimit(RLIMIT_STACK, NULL, &stack) == 0 && stack.rlim_cur / 4 > may)
		may = stack.rlim_cur / 4 < ALL_MAX_BYTES ? stack.rlim_cur / 4 : ALL_MAX_BYTES;
	all += SCRIPTS_BYTES;
	if (longest > STRING_MAX_BYTES)
		fail_hint(err,
			  "one argument or variable has %zu bytes, and 128 KiB are the most: "
			  "give it by a file or a pipe",
			  longest - 1);
	else if (all > ALL_MAX_BYTES)
		fail_hint(err,
			  "arguments and variables have %zu bytes in all, and 6 MiB are the "
			  "most: give them by a file or a pipe",
			  all - SCRIPTS_BYTES);
	else
		fail_hint(err,
			  "arguments and variables may have a quarter of the stack, %zu bytes "
			  "here with what scripts add: ulimit -s %zu",
			  may, all * 4 / 1024 + 1);
}

/* Is the interpreter's name longer than what this kernel looks at? */
static bool is_cut(const char *path)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	char head[SCRIPT_HEAD + 1] = "";
	ssize_t n = fd < 0 ? fd : fd_read_full(fd, head, SCRIPT_HEAD);
	struct script_line line;

	if (n < 2)
		return false;
	script_parse(head, (size_t)n, &line);
	return line.kind == SCRIPT_OK && line.is_long_for_old &&
	       2 + strspn(head + 2, " \t") + strlen(line.interpreter) >= SCRIPT_HEAD_OLD;
}

/* True if that was it. */
static bool say_special(const struct launch *launch, int errnum, struct croft_error *err)
{
	const struct plan_command *command = &launch->plan->command;

	if ((errnum == ENOENT || errnum == ENOEXEC) && is_cut(command->path)) {
		(void)fail(err, CROFT_STAGE_EXEC, 0,
			   "the first line of '%s' has more than 127 bytes, where this kernel "
			   "cuts its interpreter's name",
			   command->path);
		fail_hint(err, "shorten it, with a symbolic link or '#!/usr/bin/env NAME'");
		return true;
	}
	(void)fail(err, CROFT_STAGE_EXEC, errnum, "execute '%s'", command->path);
	if (is_filter(command, errnum))
		fail_hint(err, "a filter of system calls refuses execve itself: start croft "
			       "without it, or let it allow execve (Docker, podman: "
			       "--security-opt seccomp=FILE)");
	else if (errnum == EPERM && has_capabilities_beyond(command->path))
		fail_hint(err,
			  "the file has capabilities that it may not get here: run a copy, "
			  "which has none, or take them off: setcap -r '%s'",
			  command->path);
	else if (errnum == EACCES)
		hint_denied(launch, err);
	else if (errnum == E2BIG)
		hint_too_long(command, err);
	else
		return false;
	return true;
}

int refused_say(const struct launch *launch, int errnum, struct croft_error *err)
{
	static const struct {
		int errnum;
		const char *hint;
	} hints[] = {
		{ ENOENT, "it was there a moment ago, with all that it names" },
		{ EPERM, "a security module outside of croft refuses it" },
		{ ETXTBSY, "something has it open for writing: wait for it, or run a copy" },
		{ ENOMEM, "see --limit memory, 'ulimit -v' and the cgroup's memory limit" },
		{ EAGAIN, "this user has too many processes: see --limit processes" },
		{ EINVAL, "the kernel cannot map it: it may be for another page size" },
		{ ENOEXEC, "no handler of this kernel knows its format" },
	};

	bool is_said = say_special(launch, errnum, err);

	/* the command was found: status 126, not 127 */
	if (errnum == ENOENT && !is_said)
		(void)fail(err, CROFT_STAGE_EXEC, 0, "execute '%s': the kernel finds no such file",
			   launch->plan->command.path);
	for (size_t i = 0; i < ARRAY_SIZE(hints) && !is_said; i++)
		if (hints[i].errnum == errnum)
			fail_hint(err, "%s", hints[i].hint);
	return errnum == ENOENT ? -EINVAL : -errnum;
}
