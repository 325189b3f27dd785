/* SPDX-License-Identifier: MIT */
/*
 * protection.c - names and promises of the protections.
 *
 * The help text of each entry is the promise itself, in the user's words; it is
 * printed by plans and by the list of names that a wrong name gets as its answer.
 */
#include "profile/protection.h"

#include <assert.h>

#include "base/cleanup.h"

const struct name protection_names[PROTECT_MAX] = {
	[PROTECT_FILES] = { "files",
			    "only granted paths can be read, written, created or removed" },
	[PROTECT_EXEC] = { "exec", "only granted files can be executed" },
	[PROTECT_DEVICES] = { "devices", "ioctl on devices only where granted" },
	[PROTECT_METADATA] = { "metadata",
			       "chmod, chown, utime, xattr only where writing is granted" },
	[PROTECT_HIDDEN] = { "hidden", "names outside the grants cannot be seen" },
	[PROTECT_DENY_INSIDE] = { "deny-inside",
				  "a denied path inside a granted tree stays denied" },
	[PROTECT_PRIVATE_TMP] = { "private-tmp", "own empty TMPDIR, gone afterwards" },
	[PROTECT_TCP] = { "tcp", "TCP connect and listen only as granted" },
	[PROTECT_UDP] = { "udp", "UDP only as granted" },
	[PROTECT_OTHER_NET] = { "other-net", "no other way to a network" },
	[PROTECT_UNIX_ABSTRACT] = { "unix-abstract", "no abstract unix sockets of outside" },
	[PROTECT_UNIX_PATH] = { "unix-path", "only granted path sockets" },
	[PROTECT_SIGNALS] = { "signals", "no signals to processes outside" },
	[PROTECT_PTRACE] = { "ptrace", "no tracing of processes outside" },
	[PROTECT_PROCESSES] = { "processes", "others cannot be seen; nothing survives" },
	[PROTECT_IPC] = { "ipc", "no System V IPC, message queues or keyring of the host" },
	[PROTECT_TERMINAL] = { "terminal", "cannot type into the caller's terminal" },
	[PROTECT_SYSCALLS] = { "syscalls", "the dangerous system calls are refused" },
	[PROTECT_PRIVILEGES] = { "privileges", "no new privileges, no capabilities" },
	[PROTECT_DESCRIPTORS] = { "descriptors", "only listed descriptors survive" },
	[PROTECT_ENVIRONMENT] = { "environment", "only listed variables survive" },
	[PROTECT_LIMITS] = { "limits", "the limits that were asked for" },
};
static_assert(ARRAY_SIZE(protection_names) == PROTECT_MAX, "a name for each protection");

const struct name requirement_names[REQUIRE_MAX] = {
	[REQUIRE_OFF] = { "off", "not wanted" },
	[REQUIRE_PREFER] = { "prefer", "wanted; its absence is reported" },
	[REQUIRE_REQUIRE] = { "require", "without it nothing is started" },
};
static_assert(ARRAY_SIZE(requirement_names) == REQUIRE_MAX, "a name for each requirement");
