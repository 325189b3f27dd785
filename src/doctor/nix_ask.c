/* SPDX-License-Identifier: MIT */
/*
 * nix_ask.c - runs croft-doctor-nix as a probe: its time, its processes and its reports are bounded
 * by the runner as everybody's are.
 *
 * The program gets two words, the descriptor of the reports and a directory for its files, and the
 * environment as it is: Nix's and curl's variables decide what it does.
 *
 * It is opened before the probe is made, and executed by descriptor: with --pid the probe is in
 * that process's root and namespaces then, where the same name may be another file or none. What
 * it is linked with is looked for there; where that is not found the answer says so.
 */
#include "doctor/nix_ask.h"

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define REPORT_FD 3

#define OWN_FD "/proc/self/fd/"

static int open_program(int *ret_fd, struct croft_error *err)
{
	char path[PATH_MAX + sizeof(NIX_ASK_PROGRAM)];
	ssize_t len = sys_readlinkat(AT_FDCWD, "/proc/self/exe", path, PATH_MAX - 1);
	char *slash;
	int fd;

	if (len < 0)
		return fail(err, CROFT_STAGE_USAGE, (int)-len, "find the folder of croft-doctor");
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return fail(err, CROFT_STAGE_USAGE, ENOENT, "find the folder of '%s'", path);
	memcpy(slash + 1, NIX_ASK_PROGRAM, sizeof(NIX_ASK_PROGRAM));
	fd = sys_openat(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);
	if (fd < 0) {
		int r = fail(err, CROFT_STAGE_USAGE, -fd, "run '%s'", path);

		fail_hint(err, "it is built where libcurl is (./dev build), and lies beside croft");
		return r;
	}
	*ret_fd = fd;
	return 0;
}

/* Where that process's root is another the directory is named by a descriptor (pid_enter.c). */
static void keep_tmp(const char *tmp, char ret[PATH_MAX])
{
	uint64_t number;
	int fd;

	(void)snprintf(ret, PATH_MAX, "%s", tmp);
	if (strncmp(tmp, OWN_FD, strlen(OWN_FD)) != 0 ||
	    num_parse(tmp + strlen(OWN_FD), 0, INT_MAX, &number) < 0)
		return;
	fd = sys_fcntl((int)number, F_DUPFD_CLOEXEC, REPORT_FD + 1);
	if (fd >= 0 && sys_fcntl(fd, F_SETFD, 0) == 0)
		(void)snprintf(ret, PATH_MAX, OWN_FD "%d", fd);
}

static void run_program(const struct probe_context *context)
{
	static const enum obs kinds[] = { OBS_NIX_CACHE, OBS_NIX_BUILDER };
	char name[] = NIX_ASK_PROGRAM, report[16], tmp[PATH_MAX];
	char *const argv[] = { name, report, tmp, NULL };
	/* above the one that is made now, so that it is not covered */
	int fd = sys_fcntl(context->program_fd, F_DUPFD_CLOEXEC, REPORT_FD + 1);
	long r;

	keep_tmp(context->tmp, tmp);
	if (fd < 0 ||
	    (context->report_fd != REPORT_FD && sys_dup3(context->report_fd, REPORT_FD, 0) < 0) ||
	    (context->report_fd == REPORT_FD && sys_fcntl(REPORT_FD, F_SETFD, 0) < 0))
		return;
	(void)snprintf(report, sizeof(report), "%d", REPORT_FD);
	r = sys_raw(__NR_execveat, fd, (long)(uintptr_t) "", (long)(uintptr_t)argv,
		    (long)(uintptr_t)environ, AT_EMPTY_PATH, 0);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		probe_report(context, &(struct observation){
					      .id = kinds[i],
					      .outcome = OBS_BROKEN,
					      .errnum = (int)-r,
					      .value = OBS_NO_VALUE,
					      .step = "execveat",
					      .text = NIX_ASK_PROGRAM " cannot be run there",
				      });
}

int nix_ask(const struct probe_context *context, pid_t spare, struct observations *set,
	    struct croft_error *err)
{
	static const struct probe probe = { .id = OBS_NIX_CACHE,
					    .run = run_program,
					    .limit_ms = NIX_ASK_LIMIT_MS,
					    .wants_tmp = true };
	static const struct probe_table table = { &probe, 1 };
	const struct probe_table *const tables[] = { &table };
	struct probe_context inside = *context;
	AUTO_FD int fd = -1;
	int r = open_program(&fd, err);

	inside.program_fd = fd;
	return r < 0 ? r : probes_run(tables, 1, &inside, spare, set, err);
}
