/* SPDX-License-Identifier: MIT */
/*
 * cmd_profile_import.c - croft profile import: other launchers' settings to a profile.
 *
 * The reading is done by croft-import, an executable of its own for the weight of its JSON
 * library. It is found beside croft itself and nowhere else: a search on PATH would run
 * whatever somebody has put there. It is opened once and executed by that descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/cmd_profile.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define IMPORTER "croft-import"

/* Opens croft-import beside this program. */
static int open_importer(int *ret_fd, struct croft_error *err)
{
	char path[PATH_MAX + sizeof(IMPORTER)];
	ssize_t len = sys_readlinkat(AT_FDCWD, "/proc/self/exe", path, PATH_MAX - 1);
	char *slash;
	int r;

	if (len < 0)
		return fail(err, CROFT_STAGE_USAGE, (int)-len, "find the folder of croft");
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (!slash)
		return fail(err, CROFT_STAGE_USAGE, ENOENT, "find the folder of '%s'", path);
	memcpy(slash + 1, IMPORTER, sizeof(IMPORTER));
	r = sys_openat(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);
	if (r < 0) {
		*ret_fd = -1;
		r = fail(err, CROFT_STAGE_USAGE, -r, "run '%s'", path);
		fail_hint(err, "it is built where jansson is (./dev build), and lies beside croft");
		return r;
	}
	*ret_fd = r;
	return 0;
}

static int run_importer(const char *format, const char *file, struct croft_error *err)
{
	AUTO_FD int fd = -1;
	char name[] = IMPORTER, self[64], format_copy[32], file_copy[PATH_MAX];
	char *const argv[] = { name, format_copy, file_copy, NULL };
	int r = open_importer(&fd, err);

	if (r < 0)
		return r;
	if (strlen(format) >= sizeof(format_copy) || strlen(file) >= sizeof(file_copy))
		return fail(err, CROFT_STAGE_USAGE, ENAMETOOLONG, "import '%.40s...'", file);
	memcpy(format_copy, format, strlen(format) + 1);
	memcpy(file_copy, file, strlen(file) + 1);
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	r = sys_execve(self, argv, environ);
	return fail(err, CROFT_STAGE_USAGE, -r, "run %s", IMPORTER);
}

int cmd_profile_import(const struct option_list *list, const char *const *words)
{
	const char *format = options_value(list, OPT_FROM, NULL);
	struct croft_error err = { 0 };

	if (!format || !words[0] || words[1]) {
		(void)fail(&err, CROFT_STAGE_USAGE, 0, "a format and one file are needed");
		fail_hint(&err, "for example: croft profile import --from srt settings.json");
		return cli_fail(&err);
	}
	/* returns only if it failed */
	(void)run_importer(format, words[0], &err);
	return cli_fail(&err);
}
