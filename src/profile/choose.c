/* SPDX-License-Identifier: MIT */
/*
 * choose.c - the doors for words of a fixed table, and for single values.
 *
 * A word that is in no table is an error with the nearest one. What is said twice holds as it
 * was said last; a flag that is set stays set.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "profile/parts.h"
#include "sys/abi.h"

int profile_find_word(const struct name *table, size_t n, const char *what, const char *word,
		      struct croft_error *err)
{
	int index = names_find(table, n, word);
	const char *nearest;
	int r;

	if (index >= 0)
		return index;
	nearest = names_nearest(table, n, word);
	r = fail(err, CROFT_STAGE_PROFILE, 0, "there is no %s '%s'", what, word);
	if (nearest) {
		fail_hint(err, "did you mean '%s'?", nearest);
	} else {
		char list[CROFT_HINT_SIZE] = "";
		size_t len = 0;

		for (size_t i = 0; i < n && len + strlen(table[i].name) + 3 < sizeof(list); i++) {
			memcpy(list + len, i ? ", " : "", i ? 2 : 0);
			len += i ? 2 : 0;
			memcpy(list + len, table[i].name, strlen(table[i].name) + 1);
			len += strlen(table[i].name);
		}
		fail_hint(err, "one of: %s", list);
	}
	return r;
}

int profile_set_limit(struct profile *profile, enum limit limit, const char *text,
		      struct croft_error *err)
{
	uint64_t value = 0;
	int r;

	if (limit == LIMIT_MEMORY || limit == LIMIT_FILE_SIZE) {
		r = size_parse(text, &value);
	} else if (limit == LIMIT_CPU) {
		r = time_parse(text, &value);
		if (r == 0)
			value = (value + 999) / 1000; /* the kernel counts whole seconds */
	} else {
		r = num_parse(text, 1, limit == LIMIT_CPU_PERCENT ? PROFILE_MAX_PERCENT : 1U << 30,
			      &value);
	}
	if (r < 0 || value == 0)
		return fail(err, CROFT_STAGE_PROFILE, 0, "'%s' is not a value for the limit '%s'",
			    text, limit_names[limit].name);
	profile->limits[limit] = value;
	profile->has_limit[limit] = true;
	return 0;
}

int profile_add_limit(struct profile *profile, const char *text, struct croft_error *err)
{
	const char *equals = strchr(text, '=');
	char name[32];
	int limit, r;

	if (!equals || (size_t)(equals - text) >= sizeof(name)) {
		r = fail(err, CROFT_STAGE_PROFILE, 0,
			 "the limit '%s' is not of the form NAME=VALUE", text);
		fail_hint(err, "for example memory=4GiB");
		return r;
	}
	memcpy(name, text, (size_t)(equals - text));
	name[equals - text] = '\0';
	limit = profile_find_word(limit_names, LIMIT_MAX, "limit", name, err);
	if (limit < 0)
		return limit;
	return profile_set_limit(profile, (enum limit)limit, equals + 1, err);
}

int profile_set_requirement(struct profile *profile, const char *protection,
			    enum requirement requirement, struct croft_error *err)
{
	int index = profile_find_word(protection_names, PROTECT_MAX, "protection", protection, err);

	if (index < 0)
		return index;
	profile->require[index] = requirement;
	profile->is_named[index] = true;
	/* who wants the promise wants the filter that keeps it */
	if (index == PROTECT_SYSCALLS && requirement != REQUIRE_OFF &&
	    profile->syscall_mode == SYSCALLS_OFF)
		profile->syscall_mode = SYSCALLS_STANDARD;
	/* a temporary directory is the one protection that is also a thing to make */
	if (index == PROTECT_PRIVATE_TMP)
		profile->wants_tmpdir = requirement != REQUIRE_OFF;
	return 0;
}

int profile_allow_group(struct profile *profile, const char *group, struct croft_error *err)
{
	int index = profile_find_word(syscall_group_names, GROUP_MAX, "group of system calls",
				      group, err);

	if (index < 0)
		return index;
	profile->allows_group[index] = true;
	return 0;
}

int profile_add_set(struct profile *profile, const char *name, struct croft_error *err)
{
	int index = profile_find_word(set_names, SET_MAX, "set", name, err);

	if (index < 0)
		return index;
	profile->wants_set[index] = true;
	return 0;
}

/* What keeps the command apart in that way. */
static const enum protection *promises_of(enum isolation isolation, size_t *ret_n)
{
	static const enum protection files[] = { PROTECT_HIDDEN };
	static const enum protection processes[] = { PROTECT_PROCESSES };
	static const enum protection ipc[] = { PROTECT_IPC };
	static const enum protection network[] = { PROTECT_TCP, PROTECT_UDP, PROTECT_OTHER_NET,
						   PROTECT_UNIX_ABSTRACT };
	static const struct {
		const enum protection *list;
		size_t n;
	} promises[ISOLATE_MAX] = {
		[ISOLATE_FILES] = { files, ARRAY_SIZE(files) },
		[ISOLATE_PROCESSES] = { processes, ARRAY_SIZE(processes) },
		[ISOLATE_IPC] = { ipc, ARRAY_SIZE(ipc) },
		[ISOLATE_NETWORK] = { network, ARRAY_SIZE(network) },
		/* no protection is about these two: they are made, or the start is refused */
		[ISOLATE_HOSTNAME] = { NULL, 0 },
		[ISOLATE_CGROUP] = { NULL, 0 },
	};

	*ret_n = promises[isolation].n;
	return promises[isolation].list;
}

int profile_add_isolation(struct profile *profile, const char *name, struct croft_error *err)
{
	int index = profile_find_word(isolation_names, ISOLATE_MAX, "isolation", name, err);
	const enum protection *list;
	size_t n;

	if (index < 0)
		return index;
	list = promises_of((enum isolation)index, &n);
	for (size_t i = 0; i < n; i++)
		if (!profile->is_named[list[i]])
			profile->require[list[i]] = REQUIRE_REQUIRE;
	profile->isolates[index] = true;
	return 0;
}

int profile_set_syscall_mode(struct profile *profile, const char *name, struct croft_error *err)
{
	int index = profile_find_word(syscall_mode_names, SYSCALLS_MODE_MAX, "mode", name, err);

	if (index < 0)
		return index;
	/* the promise goes and comes back with the filter */
	if (index == SYSCALLS_OFF)
		profile->require[PROTECT_SYSCALLS] = REQUIRE_OFF;
	else if (profile->syscall_mode == SYSCALLS_OFF)
		profile->require[PROTECT_SYSCALLS] = REQUIRE_REQUIRE;
	profile->syscall_mode = (enum syscall_mode)index;
	return 0;
}

int profile_set_git(struct profile *profile, const char *name, struct croft_error *err)
{
	int index =
		profile_find_word(git_choice_names, GIT_CHOICE_MAX, "choice for git", name, err);

	if (index < 0)
		return index;
	profile->protects_git = index == GIT_PROTECT;
	if (profile->protects_git && !profile->is_named[PROTECT_DENY_INSIDE] &&
	    profile->require[PROTECT_DENY_INSIDE] == REQUIRE_OFF)
		profile->require[PROTECT_DENY_INSIDE] = REQUIRE_PREFER;
	return 0;
}

/* Which names are system calls is known where the filter is made (plan/syscalls.h). */
int profile_refuse_call(struct profile *profile, const char *name, struct croft_error *err)
{
	const char *copy;
	int r;

	if (!*name || name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_")])
		return fail(err, CROFT_STAGE_PROFILE, 0, "'%s' is not the name of a system call",
			    name);
	for (size_t i = 0; i < profile->n_refused_calls; i++)
		if (!strcmp(profile->refused_calls[i], name))
			return 0;
	copy = arena_strdup(&profile->arena, name);
	if (!copy)
		return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "store a system call");
	r = profile_room(profile, (void **)&profile->refused_calls, profile->n_refused_calls,
			 &profile->refused_calls_capacity, sizeof(copy), PROFILE_MAX_CALLS,
			 "system call", err);
	if (r < 0)
		return r;
	profile->refused_calls[profile->n_refused_calls++] = copy;
	return 0;
}

static int parse_abi(const char *text, unsigned *ret_abi, struct croft_error *err)
{
	uint64_t abi;
	int r;

	if (num_parse(text, 1, ABI_LANDLOCK_NEWEST, &abi) < 0) {
		r = fail(err, CROFT_STAGE_PROFILE, 0, "'%s' is not an ABI of Landlock", text);
		fail_hint(err, "a number from 1 to %d", ABI_LANDLOCK_NEWEST);
		return r;
	}
	*ret_abi = (unsigned)abi;
	return 0;
}

int profile_set_abi(struct profile *profile, const char *text, struct croft_error *err)
{
	return parse_abi(text, &profile->abi, err);
}

int profile_set_min_landlock(struct profile *profile, const char *text, struct croft_error *err)
{
	return parse_abi(text, &profile->min_landlock, err);
}
