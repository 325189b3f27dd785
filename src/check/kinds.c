/* SPDX-License-Identifier: MIT */
/*
 * kinds.c - the words for everything that croft check can say of a profile.
 *
 * One table: a word for programs, how much it weighs, how much when it stands in a built-in
 * profile, what is so and why that matters, what would mend it. The texts are templates:
 *
 *   %p   the path it is about          %d   the detail          %o   the other thing
 *   %w   the path as a word for a shell
 *
 * A text says what was seen on this machine and what comes of it, and no more: each of them is
 * tried in tests/unit/test_check*.c or tests/cli/test_check.py, beside a twin that lacks only what
 * it is about. A mend is a thing that the writer of the profile can do; where the profile
 * is right and the host is not, it is the host's.
 *
 * In a built-in profile, what is meant so there weighs less, and what depends on the distribution
 * (/bin is a link on most) says nothing to whoever extends it.
 */
#include <assert.h>

#include "base/cleanup.h"
#include "check/parts.h"

#define ERROR SEVERITY_ERROR
#define WARNING SEVERITY_WARNING
#define NOTE SEVERITY_NOTE
#define SILENT SEVERITY_MAX

/* clang-format off */
const struct kind finding_kinds[] = {
	/* The file. What the reader, the loader and the planner say has its own mend. */
	[FINDING_FILE] = { "file", ERROR, ERROR,
		"%d",
		"" },
	[FINDING_REFUSED] = { "refused", ERROR, ERROR,
		"croft run refuses it: %d",
		"" },
	[FINDING_COMMAND] = { "command", WARNING, WARNING,
		"the profile's command cannot start here: %d",
		"" },

	/* Paths: Landlock ties a rule to what is there when the sandbox is made. */
	[FINDING_MISSING] = { "missing", ERROR, ERROR,
		"'%p' does not exist",
		"create it, or write 'optional:' before it if it may be missing" },
	[FINDING_UNREACHABLE] = { "unreachable", ERROR, ERROR,
		"'%p' cannot be opened: %d",
		"grant what you can reach yourself, or write 'optional:' before it" },
	[FINDING_NOT_THERE] = { "not-there", NOTE, SILENT,
		"'%p' is left out here: %d",
		"" },
	[FINDING_NO_MATCH] = { "no-match", ERROR, ERROR,
		"no name matches '%p'",
		"correct it, or write 'optional:' before it if there may be none" },
	[FINDING_SYMLINK] = { "symlink", NOTE, SILENT,
		"'%p' is reached by a symbolic link: what is granted is '%d'",
		"name that, if whoever can change the link should not choose what is granted" },
	[FINDING_COVERED] = { "covered", NOTE, SILENT,
		"'%p' needs no grant of its own: '%d' (%o) covers it",
		"leave one of them out" },

	/* docs/design/paths.md: a rule stays with the file that had the name */
	[FINDING_ONE_FILE] = { "one-file", NOTE, SILENT,
		"'%p' is a single file: a program that saves by renaming a new file over it (editors "
		"do) cannot, and if that is done outside the grant is lost",
		"grant its directory, if the file is replaced and not rewritten" },
	[FINDING_MOUNT_FORBIDS] = { "mount-forbids", NOTE, SILENT,
		"'%p' is granted for %d, and lies on a file system that is mounted %o",
		"grant less, or have it mounted otherwise" },

	/* Grants that give much. */
	[FINDING_ROOT] = { "root", WARNING, WARNING,
		"'/' is granted (%d): nothing on this machine is kept from the command",
		"grant the directories that it needs" },
	[FINDING_HOME] = { "home", WARNING, WARNING,
		"the home directory '%p' is granted (%d), with all that is and will be in it",
		"grant the directories in it that are needed" },
	[FINDING_ABOVE_HOME] = { "above-home", WARNING, WARNING,
		"'%p' is granted (%d), and the home directory '%o' is in it",
		"grant the directories that are needed" },
	[FINDING_SECRETS] = { "secrets", WARNING, NOTE,
		"'%p' is granted, and with it what usually holds secrets: %d",
		"grant what is needed beside them" },
	[FINDING_WRITE_EXECUTE] = { "write-execute", WARNING, NOTE,
		"'%p' can be written and executed (%d): what is put there can be run",
		"leave out one of the two, unless programs are built there" },
	[FINDING_OTHERS_WRITE] = { "others-write", NOTE, NOTE,
		"'%p' is granted for executing, and every user of this machine may write to it",
		"grant what is needed of it, or take the right away: chmod o-w %w" },
	[FINDING_ON_YOUR_PATH] = { "on-your-path", WARNING, WARNING,
		"'%p' can be written and is on your PATH: what is put there is later run outside",
		"grant no writing there, or take it off PATH" },
	[FINDING_ON_COMMAND_PATH] = { "on-command-path", WARNING, WARNING,
		"'%p' can be written and is on the command's PATH: it can replace its programs",
		"grant no writing there, or take it off PATH" },
	[FINDING_POLICY] = { "policy", WARNING, WARNING,
		"'%p' can be written, and decides what croft grants later: %d",
		"grant less than '%o'" },
	[FINDING_AUTHORITY] = { "authority", WARNING, NOTE,
		"the socket '%p' can be reached: %d",
		"leave it out, unless the command may do that" },

	/* Granted trees, at their top levels. */
	[FINDING_LINKS_OUT] = { "links-out", NOTE, SILENT,
		"links in '%p' lead where nothing is granted, and are refused: %d",
		"grant what they lead to, if it is needed" },
	[FINDING_HARD_LINKS] = { "hard-links", WARNING, NOTE,
		"files in '%p' have other names (hard links), perhaps outside of it, which "
		"writing changes too: %d",
		"copy them: cp -p FILE NEW && mv NEW FILE" },
	[FINDING_MOUNT] = { "mount", NOTE, NOTE,
		"'%d' beneath '%p' is a mount of %o, and is granted with it",
		"unmount it, or grant the directories beside it, if that is not meant" },
	[FINDING_MORE_MOUNTS] = { "mount", NOTE, NOTE,
		"there are %d more mounts beneath '%p', granted with it",
		"see findmnt" },
	/*
	 * Landlock holds an inode; these file systems make a new one at the next look-up, to which
	 * no rule is tied (https://github.com/landlock-lsm/linux/issues/45). The grant fails, not
	 * the sandbox.
	 */
	[FINDING_FORGETFUL] = { "file-system", WARNING, WARNING,
		"'%p' is on %d, where Landlock can lose its rules: granted files may be refused",
		"" },
	[FINDING_SERVED] = { "served", NOTE, SILENT,
		"'%p' is on %d: Landlock's rules hold there as long as its server calls a file by "
		"the same number",
		"" },
	/* Documentation/userspace-api/landlock.rst: each layer is a hierarchy of its own. */
	[FINDING_OVERLAY] = { "overlay", NOTE, SILENT,
		"'%p' is an overlay, and the grant is for the merged tree alone: its layer '%d' "
		"is another",
		"grant that too, if it is used directly" },

	/* The environment. */
	[FINDING_SECRET_PASSED] = { "secret-passed", WARNING, NOTE,
		"the variable %d is passed on, which usually holds a secret or leads to one",
		"leave it out, unless the command needs it" },
	[FINDING_SECRET_WRITTEN] = { "secret-written", WARNING, NOTE,
		"the variable %d has a secret's name, and its value stands in this file",
		"pass it on from your environment (environment.pass)" },
	[FINDING_UNSET] = { "unset", NOTE, SILENT,
		"the variable %d is in environment.use and is not set here",
		"" },

	/* What this host makes of it. */
	[FINDING_NOT_KEPT] = { "not-kept", WARNING, WARNING,
		"this host refuses to start it: '%d' is required and not kept here: %o",
		"" },
	[FINDING_NOT_KEPT_HERE] = { "not-kept-here", NOTE, NOTE,
		"'%d' is not kept on this host: %o",
		"" },
	[FINDING_PUT_OFF] = { "put-off", WARNING, NOTE,
		"'%d' is off, and with it the promise: %o",
		"leave it out, or write prefer" },
	[FINDING_NO_PROMISE] = { "no-promise", WARNING, NOTE,
		"nothing is promised of these, which are off: %d",
		"name under 'require' what should hold" },
	[FINDING_SYSCALLS_OFF] = { "syscalls-off", WARNING, WARNING,
		"system calls are not filtered: the dangerous ones, and sockets that Landlock "
		"does not judge, are open",
		"allow the groups that are needed by name (syscalls.allow)" },
	[FINDING_TOO_OLD] = { "too-old", WARNING, WARNING,
		"this host refuses to start it: Landlock %d is required, and there is %o here",
		"" },
	[FINDING_IGNORED] = { "ignored", NOTE, NOTE,
		"this kernel's Landlock does not know the right %d, which '%p' is granted with: %o",
		"" },
	[FINDING_DENIAL] = { "denial", WARNING, SILENT,
		"no denial is kept here of %d: '%p' is granted (%o), and Landlock takes nothing back",
		"deny what exists, without '*'; a host with namespaces; or grant what is beside it" },
	[FINDING_SEEN] = { "seen", NOTE, SILENT,
		"Landlock hides nothing: of files that may not be opened, names, sizes and times can "
		"be seen",
		"keep nothing in a name" },
};
/* clang-format on */

static_assert(ARRAY_SIZE(finding_kinds) == FINDING_MAX, "each kind has a row");

const struct name severity_names[SEVERITY_MAX] = {
	[SEVERITY_ERROR] = { "error", "croft run refuses it" },
	[SEVERITY_WARNING] = { "warning", "it is weaker than it looks" },
	[SEVERITY_NOTE] = { "note", "worth knowing" },
};
static_assert(ARRAY_SIZE(severity_names) == SEVERITY_MAX, "a name for each severity");

const char *finding_name(enum finding_kind kind)
{
	return finding_kinds[kind].name;
}
