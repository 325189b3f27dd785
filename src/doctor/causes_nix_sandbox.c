/* SPDX-License-Identifier: MIT */
/*
 * causes_nix_sandbox.c - which of its causes "this system does not support the kernel namespaces
 * that are required for sandboxing" has here, or "user namespaces are not enabled", or what comes
 * later.
 *
 * The order is Nix's own. Where its second test failed at clone, and it had no user namespace for
 * that clone because of its first test, what the first test met is the cause. Masks over /proc are
 * the one cause where a user namespace is what hurts: the root of the host may mount proc there,
 * and the root of a user namespace may not.
 *
 * EPERM of clone is a filter's where a clone that the kernel refuses by its form is not EINVAL, a
 * chroot's where nothing is mounted at "/", else a security module's or unknown.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/nix_causes.h"

#define TEXT_SUPPORT                                                                      \
	"Nix says 'this system does not support the kernel namespaces that are required " \
	"for sandboxing', or builds without a sandbox: "
#define TEXT_ENABLED \
	"Nix says 'cannot perform a sandboxed build because user namespaces are not enabled': "

#define COST_FILTER "the container may make every system call"
#define COST_UNMASK "the container sees all of the host's /proc and /sys"

/* Both are needed for Nix: it sets the host name, which the default filter refuses. */
static const struct mend_words open_container = {
	.docker =
		"docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined "
		"--security-opt apparmor=unconfined ...",
	.podman = "podman run --security-opt unmask=ALL --security-opt seccomp=unconfined ...",
	.kubernetes =
		"spec: {hostUsers: false, containers: [{securityContext: {procMount: Unmasked, "
		"seccompProfile: {type: Unconfined}}}]}",
	.systemd =
		"systemctl edit nix-daemon, and write: [Service] RestrictNamespaces=no "
		"ProtectKernelTunables=no ProtectProc=default ProtectHostname=no SystemCallFilter=",
	.lxc = "lxc config set NAME security.nesting true",
	.nspawn = "systemd-nspawn --system-call-filter=@mount --private-users=no ...",
	.other =
		"run it where no filter of system calls refuses clone, unshare, mount, pivot_root, "
		"sethostname",
};

static const char chroot_mend[] =
	"enter the root by pivot_root: unshare --mount --propagation private sh -c 'mount --rbind "
	"\"$0\" \"$0\" && cd \"$0\" && pivot_root . . && umount -l . && exec \"$@\"' ROOT COMMAND";

static void missing(const struct nix_case *at, enum verdict_who who, const char *cause,
		    const char *before, const char *what, const char *evidence, const char *mend,
		    const char *cost)
{
	nix_verdict(at, FACILITY_NIX, VERDICT_MISSING, who, cause,
		    verdicts_text(at->verdicts, "%s%s", before, what), evidence, mend, cost);
}

static bool has_filter(const struct nix_case *at)
{
	return observed(at->set, OBS_NIX_CLONE_INVALID)->outcome == OBS_NO;
}

static bool has_mount_filter(const struct nix_case *at)
{
	return observed(at->set, OBS_NIX_MOUNT_INVALID)->outcome == OBS_NO;
}

static bool is_limit(int errnum)
{
	return errnum == ENOSPC || errnum == EUSERS;
}

/* A label that is none: of a host without such a module, or of who is not confined. */
static bool is_label(const char *text)
{
	return *text && strcmp(text, "unconfined") != 0 && !strstr(text, "revealing");
}

static const char *evidence_of(const struct nix_case *at, const struct observation *obs)
{
	return verdicts_text(at->verdicts, "%s%s%s%s%s", obs->step, obs->errnum ? ": " : "",
			     obs->errnum ? nix_errno(at, obs->errnum) : "", *obs->text ? "; " : "",
			     obs->text);
}

static void judge_limit(const struct nix_case *at, const char *before,
			const struct observation *obs)
{
	const struct observation *limit = NULL, *lowest = NULL;

	while ((limit = observed_next(at->set, OBS_NIX_LIMIT, limit)))
		if (!lowest || limit->value < lowest->value)
			lowest = limit;
	if (!lowest || lowest->value > 1000) {
		missing(at, WHO_LIMIT, "nix-limit", before,
			"a limit on namespaces of an outer namespace, or 32 of them in each other",
			evidence_of(at, obs), "do it in the outer namespace, with fewer in between",
			"");
		return;
	}
	missing(at, WHO_LIMIT, "nix-limit", before,
		verdicts_text(at->verdicts, "user.%s is %lld", lowest->subject,
			      (long long)lowest->value),
		evidence_of(at, obs),
		verdicts_text(at->verdicts, "sysctl -w user.%s=15000", lowest->subject),
		"every user of this host may make namespaces");
}

static void judge_clone(const struct nix_case *at, const char *before,
			const struct observation *obs)
{
	int e = obs->errnum;

	if (is_limit(e))
		judge_limit(at, before, obs);
	else if (e == EAGAIN || e == ENOMEM)
		missing(at, WHO_LIMIT, "nix-processes", before,
			"no more processes are to be had (RLIMIT_NPROC, pids.max), or no memory",
			evidence_of(at, obs), "ulimit -u unlimited, or a higher pids.max", "");
	else if (has_filter(at))
		missing(at, WHO_FILTER, "nix-filter", before,
			"a filter of system calls refuses to make namespaces",
			verdicts_text(at->verdicts,
				      "%s; clone with flags that no kernel takes: %s, not EINVAL",
				      evidence_of(at, obs),
				      nix_errno(at,
						observed(at->set, OBS_NIX_CLONE_INVALID)->errnum)),
			mend_here(at->set, &open_container), COST_FILTER);
	else if (e == EINVAL)
		missing(at, WHO_KERNEL, "nix-kernel", before,
			"this kernel has no such namespaces (CONFIG_USER_NS, CONFIG_PID_NS)",
			evidence_of(at, obs), "a kernel that has them", "");
	else if (observed(at->set, OBS_NIX_ROOT)->outcome == OBS_NO)
		missing(at, WHO_CHROOT, "nix-chroot", before,
			"this is a chroot, in which the kernel makes no user namespace",
			verdicts_text(at->verdicts, "%s; %s", evidence_of(at, obs),
				      observed(at->set, OBS_NIX_ROOT)->text),
			chroot_mend, "");
	else if (e == EACCES)
		missing(at, WHO_LSM, "nix-lsm", before, "a security module refuses user namespaces",
			evidence_of(at, obs),
			"a policy that allows user_namespace create to nix (SELinux), or an AppArmor "
			"profile with 'userns,'",
			"");
	else if (!at->has_userns && observed(at->set, OBS_NIX_ADMIN)->outcome == OBS_NO)
		missing(at, WHO_PRIVILEGE, "nix-no-admin", before,
			"user namespaces are refused, by what cannot be told, and without them "
			"CAP_SYS_ADMIN is needed, which is not held",
			evidence_of(at, obs), mend_here(at->set, &open_container), COST_FILTER);
	else
		missing(at, WHO_UNKNOWN, "nix-clone-refused", before,
			"clone is refused: a filter that looks at its flags, a chroot upon a mount point, "
			"or a security module",
			evidence_of(at, obs), mend_here(at->set, &open_container), COST_FILTER);
}

static void judge_no_proc(const struct nix_case *at, const char *before,
			  const struct observation *obs)
{
	missing(at, WHO_MOUNT, "nix-no-proc", before,
		"there is no /proc here, which Nix reads before it tries anything",
		evidence_of(at, obs), "mount -t proc proc /proc", "");
}

/* A step of the builder's own, without a user namespace too. */
static bool is_setup_refused(const struct nix_case *at)
{
	const struct observation *obs = NULL;

	while ((obs = observed_next(at->set, OBS_NIX_SETUP, obs)))
		if (obs->outcome == OBS_NO)
			return true;
	return false;
}

/* What Nix's first test met. */
static void judge_userns(const struct nix_case *at, const char *before)
{
	const struct observation *obs = observed(at->set, OBS_NIX_USERNS);
	bool works = was_seen(at->set, OBS_NIX_USERNS_MADE);
	struct verdicts *v = at->verdicts;
	const char *but = works ? ", though they can be made" : "";

	if (!strcmp(obs->step, "proc"))
		judge_no_proc(at, before, obs);
	else if (!strcmp(obs->step, "ns-link"))
		missing(at, WHO_KERNEL, "nix-no-userns", before,
			verdicts_text(v,
				      "there is no /proc/self/ns/user, so Nix takes it that there "
				      "are no user namespaces%s",
				      but),
			evidence_of(at, obs), "a kernel with CONFIG_USER_NS", "");
	else if (!strcmp(obs->step, "max-user-namespaces") && *obs->text)
		missing(at, WHO_LIMIT, "nix-max-user-namespaces", before,
			"user.max_user_namespaces is 0", "/proc/sys/user/max_user_namespaces: 0",
			"sysctl -w user.max_user_namespaces=15000",
			"every user of this host may make user namespaces");
	else if (!strcmp(obs->step, "max-user-namespaces"))
		missing(at, WHO_KERNEL, "nix-no-sysctl", before,
			verdicts_text(v,
				      "there is no /proc/sys/user/max_user_namespaces (gVisor has "
				      "none), so Nix takes it that there are no user namespaces%s",
				      but),
			works ? "clone(CLONE_NEWUSER) works" : evidence_of(at, obs),
			at->is_root && !is_setup_refused(at)
				? "build users, with which root needs none: see nix-users"
				: "croft run, whose sandbox does not ask for that file",
			"");
	else if (!strcmp(obs->step, "userns-clone-sysctl"))
		missing(at, WHO_SYSCTL, "nix-userns-clone", before,
			verdicts_text(v,
				      "kernel.unprivileged_userns_clone is 0, which Nix takes to "
				      "count for root too%s",
				      but),
			"/proc/sys/kernel/unprivileged_userns_clone: 0",
			"sysctl -w kernel.unprivileged_userns_clone=1",
			"every user of this host may make user namespaces");
	else
		judge_clone(at, before, obs);
}

/*
 * "umount /proc/tty; umount /proc/keys" for the root of the host; containers have their own
 * words.
 */
static const char *unmask_mend(const struct nix_case *at)
{
	static const struct mend_words words = {
		.docker = "docker run --security-opt systempaths=unconfined --security-opt "
			  "seccomp=unconfined --security-opt apparmor=unconfined ...",
		.podman =
			"podman run --security-opt unmask=ALL --security-opt seccomp=unconfined ...",
		.kubernetes = "spec: {hostUsers: false, containers: [{securityContext: {procMount: "
			      "Unmasked, seccompProfile: {type: Unconfined}}}]}",
		.systemd =
			"systemctl edit nix-daemon, and write: [Service] ProtectKernelTunables=no "
			"ProtectProc=default ProcSubset=all ProtectKernelLogs=no",
		.nspawn = "systemd-nspawn --bind-ro=/proc:/run/host-proc ... (a second proc that "
			  "nothing covers)",
		.lxc = "lxc config set NAME security.nesting true",
		.other = NULL,
	};
	const char *here = mend_here(at->set, &words), *text = "";
	const struct observation *obs = NULL;

	if (*here)
		return here;
	while ((obs = observed_next(at->set, OBS_NIX_PROC_OVER, obs)))
		text = verdicts_text(at->verdicts, "%s%sumount %s", text, *text ? "; " : "",
				     obs->subject);
	return text;
}

static void judge_proc(const struct nix_case *at, const struct observation *obs)
{
	const struct observation *over = NULL;
	const char *list = "", *reason = obs->text;
	unsigned n = 0;

	while ((over = observed_next(at->set, OBS_NIX_PROC_OVER, over)))
		if (n++ < 6)
			list = verdicts_text(at->verdicts, "%s%s%s", list, *list ? ", " : "",
					     over->subject);
	if (strstr(reason, "revealing") || (n > 0 && !is_label(reason)))
		missing(at, WHO_MOUNT, "nix-proc-masked", TEXT_SUPPORT,
			"parts of /proc are covered, and a user namespace may then mount no proc",
			verdicts_text(at->verdicts, "%s; over /proc: %s", evidence_of(at, obs),
				      n ? list : "nothing that is seen from here"),
			unmask_mend(at), COST_UNMASK);
	else if (obs->errnum == EACCES || is_label(reason))
		missing(at, WHO_LSM, "nix-lsm", TEXT_SUPPORT,
			"a security module refuses to mount proc", evidence_of(at, obs),
			"a policy that allows nix to mount (AppArmor: mount, userns,)", "");
	else
		missing(at, WHO_UNKNOWN, "nix-proc-refused", TEXT_SUPPORT,
			"a new proc may not be mounted: an outer proc that is covered, or a security "
			"module",
			evidence_of(at, obs), mend_here(at->set, &open_container), COST_UNMASK);
}

static void judge_private(const struct nix_case *at, const struct observation *obs)
{
	if (obs->errnum == EINVAL)
		missing(at, WHO_CHROOT, "nix-chroot", TEXT_SUPPORT,
			"this is a chroot: its root is no mount point, and cannot be made private",
			verdicts_text(at->verdicts, "%s; %s", evidence_of(at, obs),
				      observed(at->set, OBS_NIX_ROOT)->text),
			chroot_mend, "");
	else if (has_mount_filter(at))
		missing(at, WHO_FILTER, "nix-filter", TEXT_SUPPORT,
			"a filter of system calls refuses mount", evidence_of(at, obs),
			mend_here(at->set, &open_container), COST_FILTER);
	else if (obs->errnum == EACCES || is_label(obs->text))
		missing(at, WHO_LSM, "nix-lsm", TEXT_SUPPORT,
			"a security module takes away what a user namespace may do",
			evidence_of(at, obs),
			"an AppArmor profile for nix with 'userns,', or sysctl -w "
			"kernel.apparmor_restrict_unprivileged_userns=0",
			"the latter: every program may make user namespaces");
	else
		missing(at, WHO_KERNEL, "nix-clone-mounts", TEXT_SUPPORT,
			"clone gives the new mount namespace to the outer user namespace (gVisor before "
			"September 2024): nothing may be mounted in it",
			evidence_of(at, obs),
			"a newer gVisor, or croft run, which makes it by unshare", "");
}

static void judge_namespaces(const struct nix_case *at)
{
	const struct observation *obs = observed(at->set, OBS_NIX_NAMESPACES);

	if (!strcmp(obs->step, "no-proc"))
		judge_no_proc(at, TEXT_SUPPORT, obs);
	else if (!strcmp(obs->step, "private"))
		judge_private(at, obs);
	else if (!strcmp(obs->step, "proc"))
		judge_proc(at, obs);
	else if (!strcmp(obs->step, "effect"))
		missing(at, WHO_KERNEL, "nix-namespaces-void", TEXT_SUPPORT,
			"this kernel takes the flags and makes no namespace", evidence_of(at, obs),
			"a newer kernel", "");
	else if (obs->outcome == OBS_LATE || obs->outcome == OBS_BROKEN ||
		 obs->outcome == OBS_NOT_ASKED)
		nix_verdict(at, FACILITY_NIX, VERDICT_UNKNOWN, WHO_UNKNOWN, "nix-not-tried",
			    "Nix's tests could not be made", obs_outcome_names[obs->outcome].name,
			    "", "");
	else if (!at->has_userns && obs->value == 0)
		judge_userns(at, TEXT_SUPPORT);
	else
		judge_clone(at, TEXT_SUPPORT, obs);
}

#define STEP_PARENT 0

/* Steps of the builder that nothing catches. */
struct step {
	const char *subject;
	int errnum; /* 0: any */
	enum verdict_who who;
	const char *cause, *what, *mend; /* mend NULL: the container's */
	const char *cost;
};

static const struct step steps[] = {
	[STEP_PARENT] = { "parent", 0, WHO_KERNEL, "nix-clone-parent",
			  "Nix aborts with 'cannot get exit status of PID': CLONE_PARENT is taken and ignored (gVisor "
			  "before June 2026)",
			  "a newer gVisor", "" },
	{ "setgroups", 0, WHO_PRIVILEGE, "nix-setgroups",
	  "builds end with 'setgroups failed': groups may not be dropped in this user namespace",
	  "write in /etc/nix/nix.conf: require-drop-supplementary-groups = false",
	  "builds keep the groups of who builds" },
	{ "uid-map", 0, WHO_PRIVILEGE, "nix-uid-map",
	  "builds end while the ids of the user namespace are mapped: this root has neither CAP_SETUID "
	  "nor CAP_SETFCAP, or a security module took them in the namespace",
	  "run it with both (docker run, podman run: --cap-add SETUID,SETGID,SETFCAP), or as a user who is "
	  "not root",
	  "" },
	{ "lo", 0, WHO_KERNEL, "nix-lo",
	  "builds end with 'cannot set loopback interface flags' (gVisor's lo is up and takes no "
	  "flags)",
	  "a kernel that has SIOCSIFFLAGS", "" },
	{ "hostname", 0, WHO_FILTER, "nix-hostname",
	  "builds end with 'cannot set host name': a filter of system calls refuses it", NULL,
	  COST_FILTER },
	{ "domainname", 0, WHO_FILTER, "nix-hostname",
	  "builds end with 'cannot set domain name': a filter of system calls refuses it", NULL,
	  COST_FILTER },
	{ "shm", 0, WHO_KERNEL, "nix-shm-size",
	  "builds end with 'mounting /dev/shm': the kernel takes no such size",
	  "write in /etc/nix/nix.conf: sandbox-dev-shm-size = 1073741824", "" },
};

static bool is_forgiven(const struct nix_case *at, const struct step *step)
{
	return !strcmp(step->subject, "setgroups") &&
	       nix_setting_is(at->set, "require-drop-supplementary-groups", "false") &&
	       observed_of(at->set, OBS_NIX_SETUP, "setgroups")->errnum == EPERM;
}

/* False: the probe was ended, or never began. */
static bool was_all_tried(const struct nix_case *at)
{
	const struct observation *obs = observed_next(at->set, OBS_NIX_SETUP, NULL);
	bool is_there = obs != NULL;

	for (; obs; obs = observed_next(at->set, OBS_NIX_SETUP, obs))
		if (obs->outcome == OBS_LATE || obs->outcome == OBS_BROKEN)
			return false;
	return is_there;
}

/* True: it was not refused. */
static bool judge_step(const struct nix_case *at, const struct step *step)
{
	const struct observation *obs = observed_of(at->set, OBS_NIX_SETUP, step->subject);

	if (obs->outcome != OBS_NO || is_forgiven(at, step))
		return true;
	missing(at, step->who, step->cause, step->what,
		at->falls_back ? " (sandbox-fallback does not help)" : "", evidence_of(at, obs),
		step->mend ? step->mend : mend_here(at->set, &open_container), step->cost);
	return false;
}

/* True: nothing was refused. */
static bool judge_setup(const struct nix_case *at)
{
	const struct observation *clone = observed_of(at->set, OBS_NIX_SETUP, "clone");
	bool works = true;

	if (!was_all_tried(at)) {
		nix_verdict(at, FACILITY_NIX, VERDICT_UNKNOWN, WHO_UNKNOWN, "nix-not-tried",
			    "what Nix's builder does before a build could not be tried to its end",
			    obs_names[OBS_NIX_SETUP].name, "", "");
		return false;
	}
	if (clone->outcome == OBS_NO) {
		judge_clone(at, "Nix says 'cloning builder process': ", clone);
		return false;
	}
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		/* host and domain name: who refuses the one refuses the other */
		if (i > 0 && !works && !strcmp(steps[i].cause, steps[i - 1].cause))
			continue;
		works = judge_step(at, &steps[i]) && works;
	}
	return works;
}

void causes_nix_sandbox(const struct nix_case *at)
{
	const struct observation *obs = observed(at->set, OBS_NIX_NAMESPACES);

	if (!at->has_namespaces) {
		judge_namespaces(at);
		return;
	}
	if (!at->has_userns && !at->has_build_users) {
		judge_userns(at, TEXT_ENABLED);
		/* the builder is there by then, and what ends it tells another thing */
		judge_step(at, &steps[STEP_PARENT]);
		return;
	}
	if (judge_setup(at))
		nix_verdict(at, FACILITY_NIX, VERDICT_WORKS, WHO_NOBODY, "", "",
			    obs->value ? "by a user namespace" : "as root with build users", "",
			    "");
}
