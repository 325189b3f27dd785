/* SPDX-License-Identifier: MIT */
/*
 * causes_nix_place.c - build users, the store, the daemon, and the shell in Nix's sandbox.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/nix_causes.h"

static void judge_group(const struct nix_case *at)
{
	const struct observation *group = observed(at->set, OBS_NIX_GROUP);
	struct verdicts *v = at->verdicts;
	const char *name = group->subject;
	const char *members =
		verdicts_text(v,
			      "for n in 1 2 3 4; do useradd -r -M -N -g %s -G %s -d /var/empty -s "
			      "/usr/sbin/nologin nixbld$n; done",
			      name, name);

	if (group->outcome != OBS_NO)
		return;
	if (!strcmp(group->step, "group"))
		nix_verdict(at, FACILITY_NIX_USERS, VERDICT_MISSING, WHO_MISSING,
			    "nix-group-missing",
			    verdicts_text(v,
					  "every build ends with: the group '%s' specified in "
					  "'build-users-group' does not exist",
					  name),
			    verdicts_text(v, "build-users-group = %s (%s)", name,
					  nix_setting_place(at->set, "build-users-group")),
			    verdicts_text(v, "groupadd -r %s && %s", name, members), "");
	else if (!strcmp(group->step, "members"))
		nix_verdict(
			at, FACILITY_NIX_USERS, VERDICT_MISSING, WHO_MISSING, "nix-group-empty",
			verdicts_text(v,
				      "every build ends with: the build users group '%s' has "
				      "no members",
				      name),
			"members are those that /etc/group names, not those whose first group it is",
			members, "");
	else if (!strcmp(group->step, "root"))
		nix_verdict(at, FACILITY_NIX_USERS, VERDICT_MISSING, WHO_SETTING, "nix-group-root",
			    verdicts_text(v,
					  "builds end with: the Nix user should not be a member of "
					  "'%s'",
					  name),
			    verdicts_text(v, "'%s', who is in it, is root", group->text),
			    verdicts_text(v, "gpasswd -d '%s' '%s'", group->text, name), "");
	else
		nix_verdict(at, FACILITY_NIX_USERS, VERDICT_MISSING, WHO_MISSING, "nix-group-user",
			    verdicts_text(v,
					  "builds end with: the user '%s' in the group '%s' does "
					  "not exist",
					  group->text, name),
			    verdicts_text(v, "no account '%s'", group->text),
			    verdicts_text(v, "gpasswd -d '%s' '%s'", group->text, name), "");
}

static void judge_store(const struct nix_case *at)
{
	const struct observation *store = observed(at->set, OBS_NIX_STORE);
	struct verdicts *v = at->verdicts;
	const char *path = store->subject;

	if (store->outcome != OBS_NO)
		return;
	nix_verdict(
		at, FACILITY_NIX_USERS, VERDICT_MISSING,
		store->errnum == EROFS ? WHO_MOUNT : WHO_PRIVILEGE, "nix-store-unwritable",
		verdicts_text(v, "this user builds without a daemon and may not write to %s", path),
		verdicts_text(v, "%s: %s; no daemon's socket", path, nix_errno(at, store->errnum)),
		store->errnum == EROFS
			? verdicts_text(v, "mount -o remount,rw %s", path)
			: "systemctl enable --now nix-daemon.socket (or, for one user alone: "
			  "sudo chown -R \"$(id -u)\" /nix)",
		"");
}

static void judge_socket(const struct nix_case *at)
{
	const struct observation *socket = observed(at->set, OBS_NIX_SOCKET);
	struct verdicts *v = at->verdicts;

	if (socket->outcome != OBS_NO)
		return;
	if (socket->errnum == EACCES || socket->errnum == EPERM)
		nix_verdict(at, FACILITY_NIX_USERS, VERDICT_MISSING, WHO_PRIVILEGE,
			    "nix-daemon-denied", "this user may not connect to Nix's daemon",
			    verdicts_text(v, "connect %s: %s", socket->subject,
					  nix_errno(at, socket->errnum)),
			    "chmod 0755 /nix/var/nix/daemon-socket && chmod 0666 "
			    "/nix/var/nix/daemon-socket/socket",
			    "every user of this host may ask the daemon to build");
	else
		nix_verdict(
			at, FACILITY_NIX_USERS, VERDICT_MISSING, WHO_MISSING, "nix-daemon-down",
			"Nix is told to use its daemon, and the daemon takes no connection",
			verdicts_text(v, "connect %s: %s", socket->subject,
				      nix_errno(at, socket->errnum)),
			"systemctl restart nix-daemon.socket nix-daemon.service (without systemd: "
			"nix-daemon &)",
			"");
}

/* A probe that was ended has found nothing: that is no "works". */
static bool was_ended(const struct nix_case *at, enum obs id)
{
	enum obs_outcome outcome = observed(at->set, id)->outcome;

	return outcome == OBS_LATE || outcome == OBS_BROKEN;
}

static void judge_users(const struct nix_case *at)
{
	judge_group(at);
	judge_store(at);
	judge_socket(at);
	if (was_ended(at, OBS_NIX_GROUP) || was_ended(at, OBS_NIX_STORE) ||
	    was_ended(at, OBS_NIX_SOCKET))
		nix_verdict(at, FACILITY_NIX_USERS, VERDICT_UNKNOWN, WHO_UNKNOWN,
			    "nix-users-not-asked", "accounts or the store gave no answer in time",
			    "late", "", "");
	if (!verdict_of(at->verdicts, FACILITY_NIX_USERS))
		nix_verdict(at, FACILITY_NIX_USERS, VERDICT_WORKS, WHO_NOBODY, "", "", "", "", "");
}

static void judge_shell(const struct nix_case *at)
{
	static const char mend[] =
		"apt-get install busybox-static (or another static shell), and write "
		"in /etc/nix/nix.conf: extra-sandbox-paths = /bin/sh=/bin/busybox";
	static const char cost[] = "builds see this shell, which is no input of theirs";
	const struct observation *shell = observed(at->set, OBS_NIX_SHELL);
	const char *place = nix_setting_place(at->set, "sandbox-paths");
	struct verdicts *v = at->verdicts;

	if (shell->outcome == OBS_YES)
		nix_verdict(at, FACILITY_NIX_SHELL, VERDICT_WORKS, WHO_NOBODY, "", "",
			    shell->subject, "", "");
	if (was_ended(at, OBS_NIX_SHELL))
		nix_verdict(at, FACILITY_NIX_SHELL, VERDICT_UNKNOWN, WHO_UNKNOWN,
			    "nix-shell-not-asked", "the shell was not looked at to its end", "late",
			    "", "");
	if (shell->outcome != OBS_NO)
		return;
	if (!strcmp(shell->step, "entry"))
		nix_verdict(
			at, FACILITY_NIX_SHELL, VERDICT_MISSING, WHO_SETTING, "nix-shell-entry",
			"no /bin/sh in Nix's sandbox: builders that are it, and programs that call "
			"system(3), end with \"executing '/bin/sh': No such file or directory\"",
			verdicts_text(v, "sandbox-paths = %s (%s)",
				      nix_setting(at->set, "sandbox-paths"), place),
			mend, cost);
	else if (!strcmp(shell->step, "missing"))
		nix_verdict(
			at, FACILITY_NIX_SHELL, VERDICT_MISSING, WHO_MISSING, "nix-shell-missing",
			verdicts_text(v,
				      "sandbox-paths names '%s' for /bin/sh, which is not there "
				      "or not to be executed",
				      shell->subject),
			verdicts_text(v, "%s: %s", place, nix_errno(at, shell->errnum)), mend,
			cost);
	else
		nix_verdict(
			at, FACILITY_NIX_SHELL, VERDICT_MISSING, WHO_SETTING, "nix-shell-libraries",
			verdicts_text(v,
				      "'%s' is /bin/sh in Nix's sandbox and needs '%s', which is "
				      "not: it ends with 'No such file or directory'",
				      shell->subject, shell->text),
			verdicts_text(v, "sandbox-paths = %s (%s)",
				      nix_setting(at->set, "sandbox-paths"), place),
			mend, cost);
}

void causes_nix_place(const struct nix_case *at)
{
	judge_users(at);
	judge_shell(at);
}
