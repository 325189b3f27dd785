/* SPDX-License-Identifier: MIT */
/*
 * set.c - a wish by its key.
 *
 * The command line, the library and, later, profile files say the same things
 * with the same words; this table is where the words meet the doors of add.c.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "profile/profile.h"

enum form {
	FORM_PATH, /* number: the grant's kinds */
	FORM_PORT, /* number: enum port_use */
	FORM_DENIAL, /* number: enum denial_kind */
	FORM_REQUIRE, /* number: enum requirement */
	FORM_TIME, /* number: offset of an uint64_t */
	FORM_SWITCH, /* number: offset of a bool */
	FORM_ENV,
	FORM_LIMIT,
	FORM_ALLOW,
	FORM_SET,
	FORM_ISOLATE,
	FORM_GIT,
	FORM_FD,
	FORM_CHDIR,
	FORM_TIER,
};

struct key {
	const char *name;
	enum form form;
	size_t number;
};

static const struct key keys[] = {
	{ "read", FORM_PATH, GRANT_READ },
	{ "execute", FORM_PATH, GRANT_READ | GRANT_EXECUTE },
	{ "write", FORM_PATH, GRANT_READ | GRANT_WRITE },
	{ "device", FORM_PATH, GRANT_READ | GRANT_WRITE | GRANT_DEVICE },
	{ "socket", FORM_PATH, GRANT_SOCKET },
	{ "deny", FORM_DENIAL, DENY_ALL },
	{ "deny-write", FORM_DENIAL, DENY_WRITE },
	{ "hide", FORM_DENIAL, DENY_HIDE },
	{ "private", FORM_DENIAL, DENY_PRIVATE },
	{ "connect", FORM_PORT, PORT_CONNECT },
	{ "listen", FORM_PORT, PORT_LISTEN },
	{ "env", FORM_ENV, 0 },
	{ "env-all", FORM_SWITCH, offsetof(struct profile, wants_env_all) },
	{ "limit", FORM_LIMIT, 0 },
	{ "time", FORM_TIME, offsetof(struct profile, time_ms) },
	{ "grace", FORM_TIME, offsetof(struct profile, grace_ms) },
	{ "require", FORM_REQUIRE, REQUIRE_REQUIRE },
	{ "prefer", FORM_REQUIRE, REQUIRE_PREFER },
	{ "off", FORM_REQUIRE, REQUIRE_OFF },
	{ "allow", FORM_ALLOW, 0 },
	{ "isolate", FORM_ISOLATE, 0 },
	{ "git", FORM_GIT, 0 },
	{ "keep-fd", FORM_FD, 0 },
	{ "chdir", FORM_CHDIR, 0 },
	{ "container", FORM_SWITCH, offsetof(struct profile, may_write_root) },
	{ "tier", FORM_TIER, 0 },
	{ "pty", FORM_SWITCH, offsetof(struct profile, wants_pty) },
	{ "supervise", FORM_SWITCH, offsetof(struct profile, wants_supervisor) },
	{ "audit", FORM_SWITCH, offsetof(struct profile, wants_audit) },
	{ "with", FORM_SET, 0 },
	{ "with-deps", FORM_SWITCH, offsetof(struct profile, wants_deps) },
};

static int set_time(struct profile *profile, const struct key *key, const char *value,
		    struct croft_error *err)
{
	uint64_t *field = (uint64_t *)(void *)((char *)profile + key->number);
	uint64_t ms;
	int r;

	if (time_parse(value, &ms) < 0 || ms == 0) {
		r = fail(err, CROFT_STAGE_PROFILE, 0, "'%s' is not a time", value);
		fail_hint(err, "for example 500ms, 90s, 30m, 2h");
		return r;
	}
	*field = ms;
	return 0;
}

static int set_tier(struct profile *profile, const char *value, struct croft_error *err)
{
	int tier = names_find(tier_choice_names, TIER_CHOICE_MAX, value);
	int r;

	if (tier >= 0) {
		profile->tier = (enum tier_choice)tier;
		return 0;
	}
	r = fail(err, CROFT_STAGE_PROFILE, 0, "there is no tier '%s'", value);
	fail_hint(err, "one of: any, landlock, namespaces");
	return r;
}

int profile_set(struct profile *profile, const char *key, const char *value, const char *origin,
		struct croft_error *err)
{
	const struct key *found = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(keys) && !found; i++)
		if (!strcmp(keys[i].name, key))
			found = &keys[i];
	if (!found)
		return fail(err, CROFT_STAGE_PROFILE, ENOENT, "a profile has no key '%s'", key);
	if (!value != (found->form == FORM_SWITCH))
		return fail(err, CROFT_STAGE_PROFILE, 0, "the key '%s' takes %s value", key,
			    value ? "no" : "a");
	switch (found->form) {
	case FORM_PATH:
		return profile_add_path(profile, (unsigned)found->number, value, origin, err);
	case FORM_PORT:
		return profile_add_port(profile, (enum port_use)found->number, value, origin, err);
	case FORM_DENIAL:
		return profile_add_denial(profile, (enum denial_kind)found->number, value, origin,
					  err);
	case FORM_ISOLATE:
		return profile_add_isolation(profile, value, err);
	case FORM_GIT:
		return profile_set_git(profile, value, err);
	case FORM_REQUIRE:
		return profile_set_requirement(profile, value, (enum requirement)found->number,
					       err);
	case FORM_TIME:
		return set_time(profile, found, value, err);
	case FORM_SWITCH:
		*(bool *)((char *)profile + found->number) = true;
		return 0;
	case FORM_ENV:
		return profile_add_env(profile, value, origin, err);
	case FORM_LIMIT:
		return profile_add_limit(profile, value, err);
	case FORM_ALLOW:
		return profile_allow_group(profile, value, err);
	case FORM_SET:
		return profile_add_set(profile, value, err);
	case FORM_FD:
		return profile_add_fd(profile, value, err);
	case FORM_CHDIR:
		return profile_set_chdir(profile, value, err);
	case FORM_TIER:
		return set_tier(profile, value, err);
	}
	return -EINVAL;
}
