/* SPDX-License-Identifier: MIT */
/*
 * test_causes_nix.c - every cause about Nix from planted observations, those included that this
 * machine cannot make: gVisor, security modules, kernels without a file that Nix reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/verdict.h"

#define RECORDS_MAX 10
#define NONE OBS_NO_VALUE

struct row {
	const char *cause; /* "": the facility works, and nothing else is said of it */
	enum facility facility;
	enum verdict_state state;
	enum verdict_who who;
	const char *mend, *evidence; /* parts of them; NULL: any */
	struct observation records[RECORDS_MAX]; /* beside those of a host where Nix works */
};

/* A host where root builds with build users: later records of a kind take the place of these. */
static const struct observation host[] = {
	{ OBS_NIX_SIGN, OBS_YES, 0, NONE, "store", "", "/nix/store" },
	{ OBS_NIX_BUILDS, OBS_YES, 0, 0, "", "no daemon", "here" },
	{ OBS_NIX_CONF, OBS_YES, 0, NONE, "sandbox", "default", "true" },
	{ OBS_NIX_CONF, OBS_YES, 0, NONE, "sandbox-fallback", "/etc/nix/nix.conf:3", "false" },
	{ OBS_NIX_CONF, OBS_YES, 0, NONE, "build-users-group", "default", "nixbld" },
	{ OBS_NIX_CONF, OBS_YES, 0, NONE, "require-drop-supplementary-groups", "default", "true" },
	{ OBS_NIX_USERNS, OBS_YES, 0, NONE, "", "", "" },
	{ OBS_NIX_USERNS_MADE, OBS_YES, 0, NONE, "", "", "" },
	{ OBS_NIX_CLONE_INVALID, OBS_YES, 0, NONE, "", "", "" },
	{ OBS_NIX_MOUNT_INVALID, OBS_YES, 0, NONE, "", "", "" },
	{ OBS_NIX_ROOT, OBS_YES, 0, NONE, "", "", "" },
	{ OBS_NIX_ADMIN, OBS_YES, 0, NONE, "", "", "" },
	{ OBS_NIX_NAMESPACES, OBS_YES, 0, 1, "", "", "" },
	{ OBS_NIX_SETUP, OBS_YES, 0, NONE, "parent", "", "" },
};

#define YES(id, value, subject, step, text)                      \
	{                                                        \
		OBS_##id, OBS_YES, 0, value, subject, step, text \
	}
#define NO(id, errnum, value, subject, step, text)                   \
	{                                                            \
		OBS_##id, OBS_NO, errnum, value, subject, step, text \
	}
#define MISSING(cause, who) cause, FACILITY_NIX, VERDICT_MISSING, who
#define CACHE(cause, who) cause, FACILITY_NIX_CACHE, VERDICT_MISSING, who
#define BUILDER(cause, who) cause, FACILITY_NIX_BUILDER, VERDICT_MISSING, who
#define USERS(cause, who) cause, FACILITY_NIX_USERS, VERDICT_MISSING, who
#define SHELL(cause, who) cause, FACILITY_NIX_SHELL, VERDICT_MISSING, who
#define UNKNOWN(cause, facility) cause, facility, VERDICT_UNKNOWN, WHO_UNKNOWN
#define PTY(cause) cause, FACILITY_NIX, VERDICT_PARTLY, WHO_KERNEL
#define SHIM "/srv/ptyfix.so"
#define NO_USERNS(step, errnum, text) NO(NIX_USERNS, errnum, NONE, "", step, text)
#define NO_USERS YES(NIX_CONF, NONE, "build-users-group", "/etc/nix/nix.conf:4", "")
#define FALLS_BACK YES(NIX_CONF, NONE, "sandbox-fallback", "default", "true")

static const struct row rows[] = {
	{ "", FACILITY_NIX, VERDICT_WORKS, WHO_NOBODY, NULL, "user namespace", { { 0 } } },
	/* the first test, and what becomes of it for root with and without build users */
	{ "",
	  FACILITY_NIX,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  NULL,
	  "build users",
	  { NO_USERNS("max-user-namespaces", 0, "0"), YES(NIX_NAMESPACES, 0, "", "", "") } },
	{ MISSING("nix-max-user-namespaces", WHO_LIMIT),
	  "sysctl -w user.max_user_namespaces=",
	  NULL,
	  { NO_USERNS("max-user-namespaces", 0, "0"), YES(NIX_NAMESPACES, 0, "", "", ""),
	    NO_USERS } },
	{ MISSING("nix-clone-parent", WHO_KERNEL),
	  "a newer gVisor",
	  "ECHILD",
	  { NO_USERNS("max-user-namespaces", 0, ""), YES(NIX_NAMESPACES, 0, "", "", ""), NO_USERS,
	    NO(NIX_SETUP, ECHILD, NONE, "parent", "parent", "") } },
	{ MISSING("nix-no-sysctl", WHO_KERNEL),
	  "croft run",
	  NULL,
	  { NO_USERNS("max-user-namespaces", 0, ""), YES(NIX_NAMESPACES, 0, "", "", ""), NO_USERS,
	    NO(NIX_SETUP, ECHILD, NONE, "parent", "parent", "") } },
	{ MISSING("nix-no-sysctl", WHO_KERNEL),
	  "build users",
	  "clone(CLONE_NEWUSER) works",
	  { NO_USERNS("max-user-namespaces", 0, ""), YES(NIX_NAMESPACES, 0, "", "", ""),
	    NO_USERS } },
	{ MISSING("nix-userns-clone", WHO_SYSCTL),
	  "kernel.unprivileged_userns_clone=1",
	  NULL,
	  { NO_USERNS("userns-clone-sysctl", 0, "0"), YES(NIX_NAMESPACES, 0, "", "", ""),
	    NO_USERS } },
	{ MISSING("nix-no-userns", WHO_KERNEL),
	  "CONFIG_USER_NS",
	  NULL,
	  { NO_USERNS("ns-link", 0, ""), YES(NIX_NAMESPACES, 0, "", "", ""), NO_USERS } },
	{ MISSING("nix-filter", WHO_FILTER),
	  "clone, unshare",
	  "ENOSYS, not EINVAL",
	  { NO_USERNS("clone", EPERM, ""), YES(NIX_NAMESPACES, 0, "", "", ""), NO_USERS,
	    NO(NIX_CLONE_INVALID, ENOSYS, NONE, "", "clone", "") } },
	{ MISSING("nix-limit", WHO_LIMIT),
	  "sysctl -w user.max_user_namespaces=15000",
	  "ENOSPC",
	  { NO_USERNS("clone", ENOSPC, ""), YES(NIX_NAMESPACES, 0, "", "", ""), NO_USERS,
	    YES(NIX_LIMIT, 3, "max_user_namespaces", "", "") } },
	{ MISSING("nix-limit", WHO_LIMIT),
	  "outer namespace",
	  "EUSERS",
	  { NO_USERNS("clone", EUSERS, ""), YES(NIX_NAMESPACES, 0, "", "", ""), NO_USERS } },
	{ MISSING("nix-lsm", WHO_LSM),
	  "user_namespace create",
	  "EACCES",
	  { NO_USERNS("clone", EACCES, ""), YES(NIX_NAMESPACES, 0, "", "", ""), NO_USERS } },
	{ MISSING("nix-processes", WHO_LIMIT),
	  "ulimit",
	  "EAGAIN",
	  { NO(NIX_NAMESPACES, EAGAIN, 1, "", "clone", "") } },
	/* the second test: the six causes of one sentence */
	{ MISSING("nix-chroot", WHO_CHROOT),
	  "pivot_root",
	  "EINVAL",
	  { NO(NIX_NAMESPACES, EINVAL, 0, "", "private", ""), NO_USERNS("clone", EPERM, ""),
	    NO(NIX_ROOT, 0, NONE, "", "mountinfo", "no mount has the mount point /") } },
	{ MISSING("nix-chroot", WHO_CHROOT),
	  "pivot_root",
	  "no mount has the mount point /",
	  { NO(NIX_NAMESPACES, EPERM, 0, "", "clone", ""), NO_USERNS("clone", EPERM, ""),
	    NO(NIX_ROOT, 0, NONE, "", "mountinfo", "no mount has the mount point /") } },
	{ MISSING("nix-filter", WHO_FILTER),
	  "seccomp=unconfined",
	  NULL,
	  { NO(NIX_NAMESPACES, EPERM, 0, "", "clone", ""), NO_USERNS("clone", EPERM, ""),
	    NO(NIX_CLONE_INVALID, EPERM, NONE, "", "clone", ""),
	    YES(PLACE, NONE, "docker", "", "x") } },
	{ MISSING("nix-filter", WHO_FILTER),
	  NULL,
	  "EPERM",
	  { NO(NIX_NAMESPACES, EPERM, 1, "", "private", ""),
	    NO(NIX_MOUNT_INVALID, EPERM, NONE, "", "mount", "") } },
	{ MISSING("nix-no-admin", WHO_PRIVILEGE),
	  NULL,
	  "EPERM",
	  { NO(NIX_NAMESPACES, EPERM, 0, "", "clone", ""), NO_USERNS("clone", EPERM, ""),
	    NO(NIX_ADMIN, 0, NONE, "", "capability", "") } },
	{ MISSING("nix-lsm", WHO_LSM),
	  "userns,",
	  "unprivileged_userns",
	  { NO(NIX_NAMESPACES, EACCES, 1, "", "private", "unprivileged_userns (enforce)") } },
	{ MISSING("nix-lsm", WHO_LSM),
	  "mount",
	  NULL,
	  { NO(NIX_NAMESPACES, EACCES, 1, "", "proc", "") } },
	{ MISSING("nix-proc-masked", WHO_MOUNT),
	  "umount /proc/tty; umount /proc/keys",
	  "too revealing",
	  { NO(NIX_NAMESPACES, EPERM, 1, "", "proc", "e VFS: Mount too revealing"),
	    YES(NIX_PROC_OVER, NONE, "/proc/tty", "", "tmpfs /"),
	    YES(NIX_PROC_OVER, NONE, "/proc/keys", "", "tmpfs /") } },
	{ MISSING("nix-proc-masked", WHO_MOUNT),
	  "unmask=ALL --security-opt seccomp=unconfined",
	  NULL,
	  { NO(NIX_NAMESPACES, EPERM, 1, "", "proc", ""),
	    YES(NIX_PROC_OVER, NONE, "/proc/tty", "", "tmpfs /"),
	    YES(PLACE, NONE, "podman", "", "x") } },
	{ MISSING("nix-proc-refused", WHO_UNKNOWN),
	  NULL,
	  "EPERM",
	  { NO(NIX_NAMESPACES, EPERM, 1, "", "proc", "") } },
	{ MISSING("nix-clone-mounts", WHO_KERNEL),
	  "gVisor",
	  "EPERM",
	  { NO(NIX_NAMESPACES, EPERM, 1, "", "private", "") } },
	{ MISSING("nix-no-proc", WHO_MOUNT),
	  "mount -t proc proc /proc",
	  NULL,
	  { NO_USERNS("proc", 0, ""), NO(NIX_NAMESPACES, 0, 0, "", "no-proc", "") } },
	{ MISSING("nix-namespaces-void", WHO_KERNEL),
	  NULL,
	  "effect",
	  { NO(NIX_NAMESPACES, 0, 0, "", "effect", "the mount namespace is the same") } },
	{ MISSING("nix-clone-refused", WHO_UNKNOWN),
	  NULL,
	  "EPERM",
	  { NO(NIX_NAMESPACES, EPERM, 1, "", "clone", "") } },
	{ MISSING("nix-kernel", WHO_KERNEL),
	  NULL,
	  "EINVAL",
	  { NO(NIX_NAMESPACES, EINVAL, 1, "", "clone", "") } },
	{ UNKNOWN("nix-not-tried", FACILITY_NIX),
	  NULL,
	  NULL,
	  { { OBS_NIX_NAMESPACES, OBS_LATE, 0, NONE, "", "", "" } } },
	/* what no fallback catches */
	{ MISSING("nix-hostname", WHO_FILTER),
	  NULL,
	  "EPERM",
	  { NO(NIX_SETUP, EPERM, NONE, "hostname", "hostname", ""),
	    NO(NIX_SETUP, EPERM, NONE, "domainname", "domainname", "") } },
	{ MISSING("nix-hostname", WHO_FILTER),
	  NULL,
	  "EPERM",
	  { NO(NIX_SETUP, EPERM, NONE, "domainname", "domainname", "") } },
	{ MISSING("nix-lo", WHO_KERNEL),
	  NULL,
	  "ENOTTY",
	  { NO(NIX_SETUP, ENOTTY, NONE, "lo", "lo", "") } },
	{ MISSING("nix-shm-size", WHO_KERNEL),
	  "sandbox-dev-shm-size = 1073741824",
	  "size=50%",
	  { NO(NIX_SETUP, EINVAL, NONE, "shm", "shm", "size=50%") } },
	{ MISSING("nix-clone-parent", WHO_KERNEL),
	  NULL,
	  "ECHILD",
	  { NO(NIX_SETUP, ECHILD, NONE, "parent", "parent", "") } },
	{ MISSING("nix-uid-map", WHO_PRIVILEGE),
	  "SETFCAP",
	  "EPERM",
	  { NO(NIX_SETUP, EPERM, NONE, "uid-map", "uid-map", "") } },
	{ MISSING("nix-setgroups", WHO_PRIVILEGE),
	  "require-drop-supplementary-groups = false",
	  "EPERM",
	  { NO(NIX_SETUP, EPERM, NONE, "setgroups", "setgroups", "") } },
	{ "",
	  FACILITY_NIX,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  NULL,
	  NULL,
	  { NO(NIX_SETUP, EPERM, NONE, "setgroups", "setgroups", ""),
	    YES(NIX_CONF, NONE, "require-drop-supplementary-groups", "default", "false") } },
	{ MISSING("nix-filter", WHO_FILTER),
	  NULL,
	  NULL,
	  { NO(NIX_SETUP, EPERM, NONE, "clone", "clone", ""),
	    NO(NIX_CLONE_INVALID, EPERM, NONE, "", "clone", "") } },
	/* what was not asked to its end works not */
	{ UNKNOWN("nix-not-tried", FACILITY_NIX),
	  NULL,
	  NULL,
	  { { OBS_NIX_SETUP, OBS_LATE, 0, NONE, "", "", "" } } },
	{ UNKNOWN("nix-users-not-asked", FACILITY_NIX_USERS),
	  NULL,
	  NULL,
	  { { OBS_NIX_GROUP, OBS_LATE, 0, NONE, "", "", "" } } },
	{ UNKNOWN("nix-shell-not-asked", FACILITY_NIX_SHELL),
	  NULL,
	  NULL,
	  { { OBS_NIX_SHELL, OBS_LATE, 0, NONE, "", "", "" } } },
	/* settings, and who is asked */
	{ MISSING("nix-sandbox-off", WHO_SETTING),
	  "sandbox = true",
	  "nix.conf:9",
	  { YES(NIX_CONF, NONE, "sandbox", "/etc/nix/nix.conf:9", "false") } },
	{ "nix-sandbox-relaxed",
	  FACILITY_NIX,
	  VERDICT_PARTLY,
	  WHO_SETTING,
	  "sandbox = true",
	  NULL,
	  { YES(NIX_CONF, NONE, "sandbox", "/etc/nix/nix.conf:9", "relaxed") } },
	{ UNKNOWN("nix-asked-as-user", FACILITY_NIX),
	  "sudo croft doctor",
	  NULL,
	  { YES(NIX_BUILDS, 1000, "", "the daemon's socket is there", "daemon") } },
	{ "nix-elsewhere",
	  FACILITY_NIX,
	  VERDICT_UNKNOWN,
	  WHO_NOBODY,
	  NULL,
	  NULL,
	  { YES(NIX_BUILDS, 0, "", "NIX_REMOTE", "elsewhere") } },
	{ "nix-silent-fallback",
	  FACILITY_NIX_FALLBACK,
	  VERDICT_MISSING,
	  WHO_SETTING,
	  "sandbox-fallback = false",
	  "sandbox-fallback = true",
	  { NO(NIX_NAMESPACES, EINVAL, 0, "", "private", ""), FALLS_BACK } },
	{ "nix-fallback-on",
	  FACILITY_NIX_FALLBACK,
	  VERDICT_PARTLY,
	  WHO_SETTING,
	  "sandbox-fallback = false",
	  "its default",
	  { FALLS_BACK } },
	{ "", FACILITY_NIX_FALLBACK, VERDICT_WORKS, WHO_NOBODY, NULL, "nix.conf:3", { { 0 } } },
	{ "",
	  FACILITY_NIX_FALLBACK,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  NULL,
	  NULL,
	  { YES(NIX_BUILDS, 1000, "", "no state directory", "chroot-store"), FALLS_BACK,
	    NO(NIX_NAMESPACES, EINVAL, 0, "", "private", "") } },
	/* pseudo terminals */
	{ PTY("nix-pty-early-eio"),
	  "Nix 2.14",
	  "EIO",
	  { NO(PTY_EARLY_READ, EIO, NONE, "", "read", ""), YES(PTY_SHIM, NONE, "", "", SHIM),
	    NO(PTY_RACE, 0, 0, "2000 us, slave held", "read", "") } },
	{ PTY("nix-pty-early-eio"),
	  "Nix 2.14",
	  NULL,
	  { NO(PTY_EARLY_READ, EIO, NONE, "", "read", ""),
	    YES(PTY_RACE, 3, "2000 us, slave held", "read", "") } },
	{ PTY("nix-pty-early-eio"),
	  "LD_PRELOAD=" SHIM " nix build",
	  NULL,
	  { NO(PTY_EARLY_READ, EIO, NONE, "", "read", ""), YES(PTY_SHIM, NONE, "", "", SHIM),
	    YES(PTY_RACE, 3, "2000 us, slave held", "read", "") } },
	{ PTY("nix-pty-no-hangup"),
	  "gVisor of 2024",
	  NULL,
	  { NO(PTY_HANGUP, 0, NONE, "", "read", ""), YES(PTY_SHIM, NONE, "", "", SHIM) } },
	{ PTY("nix-pty-tcgets2"),
	  "gVisor of 2026",
	  "ENOTTY",
	  { NO(PTY_CALL, ENOTTY, NONE, "TCGETS2", "ioctl", "") } },
	{ PTY("nix-pty-tcgets2"),
	  "LD_PRELOAD=" SHIM,
	  NULL,
	  { NO(PTY_CALL, ENOTTY, NONE, "TCGETS2", "ioctl", ""),
	    YES(PTY_SHIM, NONE, "", "", SHIM) } },
	/* users, store, daemon */
	{ "", FACILITY_NIX_USERS, VERDICT_WORKS, WHO_NOBODY, NULL, NULL, { { 0 } } },
	{ USERS("nix-group-missing", WHO_MISSING),
	  "groupadd -r nixbld",
	  NULL,
	  { NO(NIX_GROUP, 0, NONE, "nixbld", "group", "") } },
	{ USERS("nix-group-empty", WHO_MISSING),
	  "useradd",
	  NULL,
	  { NO(NIX_GROUP, 0, 0, "nixbld", "members", "") } },
	{ USERS("nix-group-root", WHO_SETTING),
	  "gpasswd -d 'root' 'nixbld'",
	  "'root', who is in it",
	  { NO(NIX_GROUP, 0, NONE, "nixbld", "root", "root") } },
	{ USERS("nix-group-user", WHO_MISSING),
	  "gpasswd -d 'ada' 'nixbld'",
	  NULL,
	  { NO(NIX_GROUP, 0, NONE, "nixbld", "user", "ada") } },
	{ USERS("nix-store-unwritable", WHO_MOUNT),
	  "mount -o remount,rw /nix/store",
	  "EROFS",
	  { NO(NIX_STORE, EROFS, NONE, "/nix/store", "write", "") } },
	{ USERS("nix-store-unwritable", WHO_PRIVILEGE),
	  "nix-daemon",
	  "EACCES",
	  { NO(NIX_STORE, EACCES, NONE, "/nix/store", "write", "") } },
	{ USERS("nix-daemon-down", WHO_MISSING),
	  "nix-daemon",
	  "ECONNREFUSED",
	  { NO(NIX_SOCKET, ECONNREFUSED, NONE, "/s", "connect", "") } },
	{ USERS("nix-daemon-denied", WHO_PRIVILEGE),
	  "chmod",
	  "EACCES",
	  { NO(NIX_SOCKET, EACCES, NONE, "/s", "connect", "") } },
	/* the shell */
	{ "",
	  FACILITY_NIX_SHELL,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  NULL,
	  "/bin/busybox",
	  { YES(NIX_SHELL, NONE, "/bin/busybox", "", "") } },
	{ SHELL("nix-shell-entry", WHO_SETTING),
	  "busybox-static",
	  NULL,
	  { NO(NIX_SHELL, 0, NONE, "/bin/sh", "entry", "") } },
	{ SHELL("nix-shell-missing", WHO_MISSING),
	  NULL,
	  "ENOENT",
	  { NO(NIX_SHELL, ENOENT, NONE, "/srv/sh", "missing", "") } },
	{ SHELL("nix-shell-libraries", WHO_SETTING),
	  NULL,
	  NULL,
	  { NO(NIX_SHELL, 0, NONE, "/bin/sh", "libraries", "/lib64/ld-linux-x86-64.so.2") } },
	/* the network: what the tests of servers cannot plant */
	{ CACHE("cache-late", WHO_NETWORK),
	  "route",
	  "timed out",
	  { NO(NIX_CACHE, 0, NONE, "http://192.0.2.1", "late", "timed out") } },
	{ "cache-not-asked",
	  FACILITY_NIX_CACHE,
	  VERDICT_UNKNOWN,
	  WHO_NOBODY,
	  NULL,
	  NULL,
	  { { OBS_NIX_CACHE, OBS_BROKEN, 0, NONE, "s3://x", "scheme", "only http" } } },
	{ BUILDER("builder-unreachable", WHO_NETWORK),
	  "route",
	  "timed out",
	  { NO(NIX_BUILDER, 0, 255, "ssh://x", "unreachable", "timed out") } },
	{ BUILDER("builder-no-ssh", WHO_MISSING),
	  "openssh-client",
	  NULL,
	  { NO(NIX_BUILDER, 0, NONE, "ssh://x", "program", "no ssh") } },
	{ BUILDER("builder-host-key-changed", WHO_REMOTE),
	  "ssh-keygen -R '[x]:2222' -f /k; ssh -oStrictHostKeyChecking=ask -p2222 x true </dev/null "
	  "(as who builds), and answer SHA256:abc if",
	  NULL,
	  { NO(NIX_BUILDER, 0, 255, "ssh://x", "host-key-changed", "verification failed"),
	    YES(NIX_HOST_KEY, 0, "ssh://x", "SHA256:abc", "ssh-keygen -R '[x]:2222' -f /k"),
	    YES(NIX_BUILDER_SSH, NONE, "ssh://x", "", "ssh -p2222 x") } },
	{ BUILDER("builder-host-key-unknown", WHO_SETTING),
	  "the eighth word",
	  NULL,
	  { NO(NIX_BUILDER, 0, 255, "ssh://x", "host-key-unknown", "verification failed"),
	    YES(NIX_HOST_KEY, 1, "ssh://x", "SHA256:abc", "") } },
	{ BUILDER("builder-key-denied", WHO_PRIVILEGE),
	  "sudo croft doctor --nix",
	  "/root/key",
	  { NO(NIX_BUILDER, 0, 255, "ssh://x", "key-denied", "/root/key") } },
	{ BUILDER("builder-other", WHO_UNKNOWN),
	  "to try it: ssh -i /k x",
	  NULL,
	  { NO(NIX_BUILDER, 0, 255, "ssh://x", "other", "Unable to negotiate"),
	    YES(NIX_BUILDER_SSH, NONE, "ssh://x", "", "ssh -i /k x") } },
	{ BUILDER("nix-no-jobs", WHO_SETTING),
	  "max-jobs = auto",
	  "/etc/nix/nix.conf:7",
	  { YES(NIX_CONF, NONE, "max-jobs", "/etc/nix/nix.conf:7", "0"),
	    YES(NIX_CONF, NONE, "builders", "/etc/nix/nix.conf:8", "") } },
	{ CACHE("cache-login", WHO_REMOTE),
	  "/etc/nix/netrc may have it: sudo",
	  "401",
	  { NO(NIX_CACHE, EACCES, 401, "https://[::1]:8/x", "login", "HTTP 401") } },
	{ CACHE("cache-login-refused", WHO_REMOTE),
	  "correct in /etc/nix/netrc: machine ::1 login",
	  "401",
	  { NO(NIX_CACHE, 0, 401, "https://[::1]:8/x", "login-refused", "HTTP 401") } },
	{ "builder-asked-as-other",
	  FACILITY_NIX_BUILDER,
	  VERDICT_UNKNOWN,
	  WHO_NOBODY,
	  "sudo",
	  "root's keys",
	  { NO(NIX_BUILDER, 0, 255, "ssh://x", "denied", "Permission denied (publickey)"),
	    NO(NIX_BUILDER_AS, 0, NONE, "", "daemon", "root's keys") } },
	/* configuration */
	{ "nix-conf-unread",
	  FACILITY_CONFIG,
	  VERDICT_NO_EFFECT,
	  WHO_SETTING,
	  NULL,
	  "EACCES",
	  { NO(NIX_CONF_FAULT, EACCES, NONE, "/etc/nix/nix.conf:7", "unread", "/srv/tokens") } },
	{ "nix-conf-limit",
	  FACILITY_CONFIG,
	  VERDICT_UNKNOWN,
	  WHO_SETTING,
	  NULL,
	  "too many",
	  { NO(NIX_CONF_FAULT, 0, NONE, "/etc/nix/nix.conf:4097", "limit", "too many lines") } },
};

static bool is_replaced(const struct row *row, const struct observation *obs)
{
	for (size_t i = 0; i < RECORDS_MAX && row->records[i].subject; i++)
		if (row->records[i].id == obs->id && !strcmp(row->records[i].subject, obs->subject))
			return true;
	return false;
}

static void plant(struct observations *set, const struct row *row)
{
	for (size_t i = 0; i < ARRAY_SIZE(host); i++)
		if (!is_replaced(row, &host[i]))
			assert_int_equal(observations_add(set, &host[i]), 0);
	for (size_t i = 0; i < RECORDS_MAX && row->records[i].subject; i++)
		assert_int_equal(observations_add(set, &row->records[i]), 0);
}

/* The verdict with the row's cause, which is said once. */
static const struct verdict *find(const struct verdicts *verdicts, const struct row *row)
{
	const struct verdict *found = NULL;

	for (size_t i = 0; i < verdicts->n; i++) {
		const struct verdict *one = &verdicts->items[i];

		if (one->facility != row->facility)
			continue;
		if (!*row->cause && *one->cause)
			fail_msg("'%s' is said where all is well", one->cause);
		if (strcmp(one->cause, row->cause) != 0)
			continue;
		if (found)
			fail_msg("'%s' is said twice", row->cause);
		found = one;
	}
	if (!found)
		fail_msg("'%s' of %s is not said", row->cause, facility_names[row->facility].name);
	return found;
}

static void check(const struct row *row)
{
	const struct verdict *one;
	struct observations set;
	struct verdicts verdicts;

	observations_init(&set);
	verdicts_init(&verdicts);
	plant(&set, row);
	causes_nix(&verdicts, &set);
	assert_int_equal(verdicts.error, 0);
	one = find(&verdicts, row);
	if (one->state != row->state || one->who != row->who)
		fail_msg("'%s': %s by %s", row->cause, verdict_state_names[one->state].name,
			 verdict_who_names[one->who].name);
	if (row->mend && !strstr(one->mend, row->mend))
		fail_msg("'%s': the mend is '%s'", row->cause, one->mend);
	if (row->evidence && !strstr(one->evidence, row->evidence))
		fail_msg("'%s': the evidence is '%s'", row->cause, one->evidence);
	if (*row->cause && !*one->what)
		fail_msg("'%s' is told without words", row->cause);
	verdicts_done(&verdicts);
	observations_done(&set);
}

static void each_cause_is_named_with_who_said_no_and_its_mend(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		check(&rows[i]);
}

static void without_a_sign_of_nix_nothing_is_said(void **state)
{
	struct observations set;
	struct verdicts verdicts;

	(void)state;
	observations_init(&set);
	verdicts_init(&verdicts);
	causes_nix(&verdicts, &set);
	assert_int_equal(verdicts.n, 0);
	for (size_t i = 1; i < ARRAY_SIZE(host); i++)
		assert_int_equal(observations_add(&set, &host[i]), 0);
	causes_nix(&verdicts, &set);
	assert_int_equal(verdicts.n, 0);
	observations_done(&set);
	observations_init(&set);
	assert_int_equal(observations_add(&set, &(struct observation){ OBS_NIX_CONF, OBS_LATE, 0,
								       NONE, "", "", "" }),
			 0);
	causes_nix(&verdicts, &set);
	assert_int_equal(verdicts.items[0].state, VERDICT_UNKNOWN);
	verdicts_done(&verdicts);
	observations_done(&set);
}

static void a_file_that_nix_cannot_read_to_its_end_leaves_nothing_else_to_say(void **state)
{
	static const struct row row = {
		.records = { NO(NIX_CONF_FAULT, 0, NONE, "/etc/nix/nix.conf:1", "syntax",
				"sandbox") },
	};
	struct observations set;
	struct verdicts verdicts;

	(void)state;
	observations_init(&set);
	verdicts_init(&verdicts);
	plant(&set, &row);
	causes_nix(&verdicts, &set);
	assert_string_equal(verdict_of(&verdicts, FACILITY_NIX)->cause, "nix-conf-syntax");
	assert_null(verdict_of(&verdicts, FACILITY_NIX_FALLBACK));
	verdicts_done(&verdicts);
	observations_done(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_cause_is_named_with_who_said_no_and_its_mend),
		cmocka_unit_test(without_a_sign_of_nix_nothing_is_said),
		cmocka_unit_test(a_file_that_nix_cannot_read_to_its_end_leaves_nothing_else_to_say),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
