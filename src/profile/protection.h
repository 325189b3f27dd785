/* SPDX-License-Identifier: MIT */
/*
 * protection.h - the promises, each with a name, and how much each is wanted.
 *
 * A protection is a promise to the user, not a mechanism of the kernel. A plan
 * has one row for each, in this order; --dry-run, --status-fd and the one-line
 * warning all print those rows.
 */
#ifndef CROFT_PROFILE_PROTECTION_H
#define CROFT_PROFILE_PROTECTION_H

#include "base/names.h"

enum protection {
	PROTECT_FILES,
	PROTECT_EXEC,
	PROTECT_DEVICES,
	PROTECT_METADATA,
	PROTECT_HIDDEN,
	PROTECT_DENY_INSIDE,
	PROTECT_PRIVATE_TMP,
	PROTECT_TCP,
	PROTECT_UDP,
	PROTECT_OTHER_NET,
	PROTECT_UNIX_ABSTRACT,
	PROTECT_UNIX_PATH,
	PROTECT_SIGNALS,
	PROTECT_PTRACE,
	PROTECT_PROCESSES,
	PROTECT_IPC,
	PROTECT_TERMINAL,
	PROTECT_SYSCALLS,
	PROTECT_PRIVILEGES,
	PROTECT_DESCRIPTORS,
	PROTECT_ENVIRONMENT,
	PROTECT_LIMITS,
	PROTECT_MAX
};

enum requirement {
	REQUIRE_OFF, /* not wanted: by the user's own word, or the profile's */
	REQUIRE_PREFER, /* wanted; its absence is reported */
	REQUIRE_REQUIRE, /* without it nothing is started */
	REQUIRE_MAX
};

/* Names with the promise as help, in enum order. */
extern const struct name protection_names[PROTECT_MAX];
extern const struct name requirement_names[REQUIRE_MAX]; /* "off", "prefer", "require" */

#endif
