/* SPDX-License-Identifier: MIT */
/*
 * builtin.c - the built-in profiles: tables, no code.
 *
 *   empty     nothing: no file, no device, no variable, no TMPDIR
 *   system    programs and libraries of the system, its configuration, the
 *             usual devices, a plain environment, an own TMPDIR
 *   default   system, and the working directory to write and execute in
 *
 * Why these grants:
 *
 *   /proc is granted whole, to read: a rule for /proc/self would cover one
 *   process and not its children, and runtimes read their own maps and status at
 *   start. Landlock still refuses what ptrace refuses (environ, mem, root, fd of
 *   processes outside). That the command lines of others can be read is said by
 *   the row "processes"; a pid namespace is the answer to it.
 *
 *   /run and the home directory are not granted: the sockets and secrets are
 *   there. The four files of git are: with one present but unreadable git stops
 *   ("unknown error occurred while reading the configuration files"). git's
 *   credential store is not among them.
 *
 *   Devices carry the ioctl right: a terminal is of no use without it.
 */
#include "profile/builtin.h"

#include <assert.h>
#include <string.h>

#include "base/cleanup.h"

static const struct builtin_grant system_grants[] = {
	{ GRANT_READ | GRANT_EXECUTE, "optional:/usr", false },
	{ GRANT_READ | GRANT_EXECUTE, "optional:/bin", false },
	{ GRANT_READ | GRANT_EXECUTE, "optional:/sbin", false },
	{ GRANT_READ | GRANT_EXECUTE, "optional:/lib", false },
	{ GRANT_READ | GRANT_EXECUTE, "optional:/lib32", false },
	{ GRANT_READ | GRANT_EXECUTE, "optional:/lib64", false },
	{ GRANT_READ | GRANT_EXECUTE, "optional:/opt", false },
	{ GRANT_READ | GRANT_EXECUTE, "optional:/nix/store", false },
	{ GRANT_READ | GRANT_EXECUTE, "optional:/gnu/store", false },
	{ GRANT_READ, "optional:/etc", false },
	{ GRANT_READ, "optional:/proc", false },
	{ GRANT_READ, "optional:/sys/devices/system", false },
	{ GRANT_READ, "optional:/sys/fs/cgroup", false },
	{ GRANT_READ, "optional:/run/systemd/resolve/stub-resolv.conf", false },
	{ GRANT_READ, "optional:/run/systemd/resolve/resolv.conf", false },
	{ GRANT_READ, "optional:/run/current-system", false },
	{ GRANT_READ | GRANT_WRITE | GRANT_DEVICE, "optional:/dev/null", false },
	{ GRANT_READ | GRANT_WRITE | GRANT_DEVICE, "optional:/dev/zero", false },
	{ GRANT_READ | GRANT_WRITE | GRANT_DEVICE, "optional:/dev/full", false },
	{ GRANT_READ | GRANT_WRITE | GRANT_DEVICE, "optional:/dev/random", false },
	{ GRANT_READ | GRANT_WRITE | GRANT_DEVICE, "optional:/dev/urandom", false },
	{ GRANT_READ | GRANT_WRITE | GRANT_DEVICE, "optional:/dev/tty", false },
	{ GRANT_READ | GRANT_WRITE | GRANT_DEVICE, "optional:/dev/ptmx", false },
	{ GRANT_READ | GRANT_WRITE | GRANT_DEVICE, "optional:/dev/pts", false },
};

static const char *const system_env[] = {
	"PATH",        "HOME",     "PWD",       "USER",    "LOGNAME",      "SHELL",
	"TERM",        "TERMINFO", "COLORTERM", "COLUMNS", "LINES",        "NO_COLOR",
	"FORCE_COLOR", "LANG",     "LANGUAGE",  "LC_*",    "TZ",           "EDITOR",
	"VISUAL",      "PAGER",    "LESS",      "CI",      "CC",           "CXX",
	"CFLAGS",      "CXXFLAGS", "CPPFLAGS",  "LDFLAGS", "GIT_AUTHOR_*", "GIT_COMMITTER_*",
	NULL,
};

static const struct builtin_grant default_grants[] = {
	{ GRANT_READ | GRANT_WRITE | GRANT_EXECUTE, ".", true },
	{ GRANT_READ, "optional:~/.gitconfig", false },
	{ GRANT_READ, "optional:~/.config/git/config", false },
	{ GRANT_READ, "optional:~/.config/git/ignore", false },
	{ GRANT_READ, "optional:~/.config/git/attributes", false },
};

static const struct builtin builtins[] = {
	{
		.name = "default",
		.extends = "system",
		.grants = default_grants,
		.n_grants = ARRAY_SIZE(default_grants),
		.wants_tmpdir = true,
	},
	{
		.name = "system",
		.grants = system_grants,
		.n_grants = ARRAY_SIZE(system_grants),
		.env = system_env,
		.wants_tmpdir = true,
	},
	{
		.name = "empty",
	},
};

const struct name builtin_names[] = {
	{ "default", "the system, and the working directory writable" },
	{ "system", "programs, libraries, configuration and usual devices" },
	{ "empty", "nothing at all" },
};
const size_t n_builtin_names = ARRAY_SIZE(builtin_names);
static_assert(ARRAY_SIZE(builtin_names) == ARRAY_SIZE(builtins), "a name for each built-in");

const struct builtin *builtin_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(builtins); i++)
		if (!strcmp(builtins[i].name, name))
			return &builtins[i];
	return NULL;
}
