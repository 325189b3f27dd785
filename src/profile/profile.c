/* SPDX-License-Identifier: MIT */
/*
 * profile.c - the life of a profile: new from a built-in, freed at once.
 *
 * The built-in's tables go through the same doors (profile_add_*) as the user's
 * options, so there is one set of rules for what a path or a name may be. The
 * loader of profile files will use those doors too.
 */
#include "profile/profile.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "profile/builtin.h"

#define DEFAULT_GRACE_MS 5000 /* what process managers commonly give between TERM and KILL */

const struct name grant_kind_names[GRANT_KIND_COUNT] = {
	{ "read", "read files, list directories" },
	{ "execute", "execute files" },
	{ "write", "write, create, remove, rename, truncate" },
	{ "device", "ioctl on devices" },
	{ "socket", "connect to path sockets" },
};
static_assert(1 << (GRANT_KIND_COUNT - 1) == GRANT_SOCKET, "a name for each kind");

const struct name limit_names[LIMIT_MAX] = {
	[LIMIT_MEMORY] = { "memory", "address space of each process, bytes" },
	[LIMIT_PROCESSES] = { "processes", "processes and threads of this user" },
	[LIMIT_OPEN_FILES] = { "open-files", "open descriptors of each process" },
	[LIMIT_FILE_SIZE] = { "file-size", "size of a written file, bytes" },
	[LIMIT_CPU] = { "cpu", "processor time of each process" },
};
static_assert(ARRAY_SIZE(limit_names) == LIMIT_MAX, "a name for each limit");

const struct name syscall_group_names[GROUP_MAX] = {
	[GROUP_USER_NAMESPACES] = { "user-namespaces", "new namespaces of any kind" },
	[GROUP_MOUNT] = { "mount", "the mount family, pivot_root, chroot" },
	[GROUP_IO_URING] = { "io-uring", "io_uring" },
	[GROUP_KEYRING] = { "keyring", "the kernel's keyrings" },
	[GROUP_SYSV_IPC] = { "sysv-ipc", "System V IPC, POSIX message queues" },
	[GROUP_BPF] = { "bpf", "bpf" },
	[GROUP_PERF] = { "perf", "perf_event_open" },
	[GROUP_USERFAULTFD] = { "userfaultfd", "userfaultfd" },
	[GROUP_PERSONALITY] = { "personality", "changes of the execution domain" },
	[GROUP_KERNEL] = { "kernel", "modules, kexec, reboot, swap, clocks and the like" },
	[GROUP_TERMINAL] = { "terminal", "TIOCSTI, TIOCLINUX, TIOCCONS, TIOCSETD" },
	[GROUP_PRLIMIT_OTHERS] = { "prlimit-others", "limits of other processes" },
};
static_assert(ARRAY_SIZE(syscall_group_names) == GROUP_MAX, "a name for each group");

/* What each profile wants of each protection until a word of the user's changes it. */
static const enum requirement default_requirements[PROTECT_MAX] = {
	[PROTECT_FILES] = REQUIRE_REQUIRE,
	[PROTECT_EXEC] = REQUIRE_REQUIRE,
	[PROTECT_DEVICES] = REQUIRE_PREFER,
	[PROTECT_METADATA] = REQUIRE_OFF, /* needs read-only mounts */
	[PROTECT_HIDDEN] = REQUIRE_OFF, /* needs mounts */
	[PROTECT_DENY_INSIDE] = REQUIRE_OFF, /* needs mounts */
	[PROTECT_PRIVATE_TMP] = REQUIRE_PREFER,
	[PROTECT_TCP] = REQUIRE_REQUIRE,
	[PROTECT_UDP] = REQUIRE_REQUIRE,
	[PROTECT_OTHER_NET] = REQUIRE_REQUIRE,
	[PROTECT_UNIX_ABSTRACT] = REQUIRE_PREFER,
	[PROTECT_UNIX_PATH] = REQUIRE_REQUIRE, /* a session bus starts programs outside */
	[PROTECT_SIGNALS] = REQUIRE_PREFER,
	[PROTECT_PTRACE] = REQUIRE_REQUIRE,
	[PROTECT_PROCESSES] = REQUIRE_OFF, /* needs a pid namespace */
	[PROTECT_IPC] = REQUIRE_REQUIRE,
	[PROTECT_TERMINAL] = REQUIRE_REQUIRE,
	[PROTECT_SYSCALLS] = REQUIRE_REQUIRE,
	[PROTECT_PRIVILEGES] = REQUIRE_REQUIRE,
	[PROTECT_DESCRIPTORS] = REQUIRE_REQUIRE,
	[PROTECT_ENVIRONMENT] = REQUIRE_REQUIRE,
	[PROTECT_LIMITS] = REQUIRE_REQUIRE,
};

static int add_builtin(struct profile *profile, const struct builtin *builtin,
		       struct croft_error *err)
{
	const char *origin;
	int r;

	if (builtin->extends) {
		const struct builtin *base = builtin_find(builtin->extends);

		assert(base);
		r = add_builtin(profile, base, err);
		if (r < 0)
			return r;
	}
	origin = arena_printf(&profile->arena, "profile %s", builtin->name);
	if (!origin)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "read the profile '%s'",
			    builtin->name);
	for (size_t i = 0; i < builtin->n_grants; i++) {
		const struct builtin_grant *grant = &builtin->grants[i];

		/* without a home the optional grants under it have no meaning */
		if (!profile->home && !strncmp(grant->path, "optional:~", 10))
			continue;
		r = profile_add_path(profile, grant->kinds, grant->path, origin, err);
		if (r < 0)
			return r;
		profile->grants[profile->n_grants - 1].is_project = grant->is_project;
	}
	for (size_t i = 0; builtin->env && builtin->env[i]; i++) {
		r = profile_add_env(profile, builtin->env[i], origin, err);
		if (r < 0)
			return r;
	}
	profile->wants_tmpdir = builtin->wants_tmpdir;
	return 0;
}

static const char *absolute_or_null(struct arena *arena, const char *path)
{
	return path && path[0] == '/' ? arena_strdup(arena, path) : NULL;
}

int profile_new(const char *builtin, const char *home, const char *workdir,
		struct profile **ret_profile, struct croft_error *err)
{
	const struct builtin *base = builtin_find(builtin);
	struct profile *profile;
	int r;

	if (!base) {
		const char *nearest = names_nearest(builtin_names, n_builtin_names, builtin);

		r = fail(err, CROFT_STAGE_PROFILE, 0, "there is no profile '%s'", builtin);
		fail_hint(err, "%s%s%s",
			  nearest ? "did you mean '" : "built in are: default, system, empty",
			  nearest ? nearest : "", nearest ? "'?" : "");
		return r;
	}
	profile = calloc(1, sizeof(*profile));
	if (!profile)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "make a profile");
	arena_init(&profile->arena, PROFILE_MAX_BYTES);
	profile->name = base->name;
	profile->home = absolute_or_null(&profile->arena, home);
	profile->workdir = absolute_or_null(&profile->arena, workdir);
	profile->grace_ms = DEFAULT_GRACE_MS;
	memcpy(profile->require, default_requirements, sizeof(profile->require));
	r = add_builtin(profile, base, err);
	if (r < 0) {
		profile_free(profile);
		return r;
	}
	if (!profile->wants_tmpdir)
		profile->require[PROTECT_PRIVATE_TMP] = REQUIRE_OFF;
	*ret_profile = profile;
	return 0;
}

void profile_free(struct profile *profile)
{
	if (!profile)
		return;
	arena_done(&profile->arena);
	free(profile);
}
