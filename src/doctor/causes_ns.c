/* SPDX-License-Identifier: MIT */
/*
 * causes_ns.c - why no user namespace can be used, and who says so.
 *
 * What works was seen by its effect (struct host). Where it does not, the step that was refused and
 * its errno leave a few causes each, which are told apart so, in this order:
 *
 *   unshare   a filter, if the same call with a flag that no kernel takes is not EINVAL
 *             a kernel that emulates Linux, if it takes that flag
 *             ENOSPC, EUSERS: the sysctl if it says 0, else too many in each other
 *             EACCES: a security module, by the list of the active ones
 *             EINVAL: a kernel without them
 *             EPERM: a chroot, if no mount is at "/"; the sysctl of some distributions, if it says
 *             0 and we are not root; ids that are not mapped here; else a chroot onto a mount
 *             point, which is what is left where no module that could refuse is active
 *   maps      /proc that is not there, or read-only; user 0 without CAP_SETFCAP (since 5.12);
 *             AppArmor, which makes namespaces and gives them no powers
 *   mount     not the user namespace's fault, but where AppArmor took its powers: causes_ns_mount.c
 *
 * Sources: kernel/user_namespace.c (create_user_ns, verify_root_map), kernel/fork.c,
 * user_namespaces(7).
 */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/causes_ns.h"
#include "plan/cause.h"

#define COST_OF_USERNS                                                                     \
	"every program can make user namespaces, and reach parts of the kernel that were " \
	"root's alone"
/* pivot_root in place of chroot: the new root is a mount of its own, and the old one is gone. */
#define LINE_OF_PIVOT                                                                           \
	"unshare --mount sh -c 'mount --rbind \"$0\" \"$0\" && cd \"$0\" && pivot_root . . && " \
	"umount -l . && cd / && exec \"$@\"' ROOT COMMAND"
#define MEND_OF_CHROOT "in place of 'chroot ROOT COMMAND', as root: " LINE_OF_PIVOT
/* What a program of such a profile starts keeps its name (security/apparmor/domain.c). */
#define MEND_OF_APPARMOR                                                                          \
	"the profile that croft brings, as root: " APPARMOR_MEND "; or for all programs: sysctl " \
	"kernel.apparmor_restrict_unprivileged_userns=0"
#define COST_OF_APPARMOR \
	"the profile: croft, and what it starts, may make user namespaces; the sysctl: " COST_OF_USERNS

static void say_filter(struct verdicts *verdicts, const struct observations *set, int errnum)
{
	const struct observation *invalid = observed_of(set, OBS_NS_INVALID, "user");
	const struct verdict verdict = {
		.who = WHO_FILTER,
		.cause = "userns-filter",
		.what = cause_text(CAUSE_FILTER).why,
		.evidence = verdicts_text(verdicts,
					  "%s; with a flag that no kernel takes: %s, not EINVAL",
					  ns_failure(verdicts, "unshare", errnum),
					  ns_failure(verdicts, invalid->step, invalid->errnum)),
		.mend = mend_rule(verdicts, set, filtered_calls(verdicts, set)),
		.cost = cost_of_filter,
	};

	ns_missing(verdicts, FACILITY_USERNS, &verdict);
}

static void say_limit(struct verdicts *verdicts, const struct observations *set, int errnum)
{
	const int64_t limit = ns_sysctl(set, "user.max_user_namespaces");
	const char *seen = ns_failure(verdicts, "unshare", errnum);
	const struct verdict by_sysctl = {
		.who = WHO_SYSCTL,
		.cause = "userns-limit",
		.what = cause_text(CAUSE_LIMIT_ZERO).why,
		.evidence = verdicts_text(verdicts, "%s; user.max_user_namespaces is 0", seen),
		.mend = "sysctl user.max_user_namespaces=15000 (as root, where the limit was set; "
			"to keep it: echo user.max_user_namespaces=15000 "
			">/etc/sysctl.d/60-userns.conf)",
		.cost = COST_OF_USERNS,
	};
	const struct verdict by_depth = {
		.who = WHO_LIMIT,
		.cause = "userns-nesting",
		.what = cause_text(CAUSE_NESTING).why,
		.evidence = limit == OBS_NO_VALUE
				    ? seen
				    : verdicts_text(verdicts,
						    "%s; user.max_user_namespaces is %lld here",
						    seen, (long long)limit),
		.mend = "start croft fewer sandboxes deep; or in those further out: sysctl "
			"user.max_user_namespaces=15000",
	};

	ns_missing(verdicts, FACILITY_USERNS, limit == 0 ? &by_sysctl : &by_depth);
}

static void say_module(struct verdicts *verdicts, const struct observations *set, int errnum)
{
	const struct mend_words label = {
		.docker = "docker run --security-opt label=disable",
		.podman = "podman run --security-opt label=disable",
		.kubernetes = "securityContext: {seLinuxOptions: {type: spc_t}}",
		.other = "as root: ausearch -m avc -ts recent | audit2allow -M croft-userns && "
			 "semodule -i croft-userns.pp",
	};
	const bool is_selinux = ns_has_module(set, "selinux") == 1;
	const bool is_apparmor = !is_selinux && ns_has_module(set, "apparmor") == 1;
	const struct observation *own = observed(set, OBS_NS_LABEL);
	struct verdict verdict = {
		.who = WHO_LSM,
		.cause = "userns-lsm",
		.what = "a security module refuses user namespaces",
		.evidence = verdicts_text(verdicts, "%s; label: %s",
					  ns_failure(verdicts, "unshare", errnum),
					  *own->text ? own->text : "none"),
		.mend = "a policy of that module that allows user namespaces to croft",
	};

	if (is_selinux) {
		verdict.cause = "userns-selinux";
		verdict.what = cause_text(CAUSE_SELINUX).why;
		verdict.mend = mend_here(set, &label);
		verdict.cost = "what the policy refused this domain: user_namespace create";
	} else if (is_apparmor) {
		verdict.cause = "userns-apparmor";
		verdict.what = "AppArmor refuses user namespaces to this program";
		verdict.mend = MEND_OF_APPARMOR;
		verdict.cost = COST_OF_APPARMOR;
	}
	ns_missing(verdicts, FACILITY_USERNS, &verdict);
}

/* Modules that could refuse with EPERM as well as not: 1 there is one, 0 none, -1 not known. */
static int has_refusing_module(const struct observations *set)
{
	static const char *const modules[] = { "selinux", "apparmor", "smack", "tomoyo" };
	int found = 0;

	for (size_t i = 0; i < ARRAY_SIZE(modules); i++) {
		int has = ns_has_module(set, modules[i]);

		if (has)
			found = has;
	}
	return found;
}

static void say_chroot(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *root = observed(set, OBS_ROOT_MOUNT);
	const struct verdict seen = {
		.who = WHO_CHROOT,
		.cause = "userns-chroot",
		.what = cause_text(CAUSE_CHROOT).why,
		.evidence = verdicts_text(
			verdicts, "unshare: EPERM from the kernel; none of %lld mounts is at /",
			(long long)root->value),
		.mend = MEND_OF_CHROOT,
	};
	const struct verdict left = {
		.who = WHO_CHROOT,
		.cause = "userns-chroot-mount",
		.what = "this is a chroot onto a mount point, as nothing else is left: the kernel "
			"makes no user namespace in one",
		.evidence =
			"unshare: EPERM from the kernel; no filter, no sysctl, no security module "
			"that refuses, ids mapped",
		.mend = MEND_OF_CHROOT,
	};
	const struct verdict either = {
		.who = WHO_UNKNOWN,
		.cause = "userns-refused",
		.what = "the kernel refuses user namespaces: in a chroot onto a mount point, or "
			"by a security module",
		.evidence = verdicts_text(verdicts, "unshare: EPERM from the kernel; modules: %s",
					  observed(set, OBS_LSM_LIST)->outcome == OBS_YES
						  ? observed(set, OBS_LSM_LIST)->text
						  : "not known"),
		.mend = MEND_OF_CHROOT
		"; or a policy of the module that allows user namespaces to croft",
	};
	const int module = has_refusing_module(set);

	ns_missing(verdicts, FACILITY_USERNS,
		   root->outcome == OBS_NO ? &seen
		   : module == 0           ? &left
					   : &either);
}

/* EPERM, and it is the kernel's own. */
static void say_refused(struct verdicts *verdicts, const struct observations *set)
{
	const struct verdict by_sysctl = {
		.who = WHO_SYSCTL,
		.cause = "userns-sysctl",
		.what = cause_text(CAUSE_CLONE_SYSCTL).why,
		.evidence =
			"unshare: EPERM from the kernel; kernel.unprivileged_userns_clone is 0, "
			"and this is not root",
		.mend = "sysctl kernel.unprivileged_userns_clone=1 (as root; to keep it: echo "
			"kernel.unprivileged_userns_clone=1 >/etc/sysctl.d/60-userns.conf)",
		.cost = COST_OF_USERNS,
	};
	const struct verdict unmapped = {
		.who = WHO_PRIVILEGE,
		.cause = "userns-unmapped",
		.what = "this process has a user or group that is nobody's in its own user "
			"namespace, and such a one makes none",
		.evidence = verdicts_text(verdicts, "unshare: EPERM from the kernel; uid_map: %s",
					  observed(set, OBS_ID_MAP)->text),
		.mend = "map the user in the namespace around: unshare --user --map-current-user",
	};
	const struct observation *caps = observed(set, OBS_NS_CAPS);
	const bool is_admin = caps->outcome == OBS_YES && caps->value & 1LL << CAP_SYS_ADMIN;

	const bool is_chroot = observed(set, OBS_ROOT_MOUNT)->outcome == OBS_NO;

	if (!is_chroot && ns_sysctl(set, "kernel.unprivileged_userns_clone") == 0 && !is_admin)
		ns_missing(verdicts, FACILITY_USERNS, &by_sysctl);
	else if (!is_chroot && !strcmp(observed(set, OBS_ID_MAP)->step, "unmapped"))
		ns_missing(verdicts, FACILITY_USERNS, &unmapped);
	else
		say_chroot(verdicts, set);
}

static void say_no_effect(struct verdicts *verdicts, const struct observations *set)
{
	const bool has_filter = observed(set, OBS_FILTER_MODE)->value == 2;
	const struct verdict verdict = {
		.who = has_filter ? WHO_FILTER : WHO_KERNEL,
		.cause = "userns-no-effect",
		.what = has_filter ? "unshare is answered with success by a filter and never made"
				   : cause_text(CAUSE_NO_EFFECT).why,
		.evidence = "unshare: 0; the links in /proc/self/ns and the ids are as before",
		.mend = has_filter ? mend_rule(verdicts, set, filtered_calls(verdicts, set))
				   : cause_text(CAUSE_NO_EFFECT).mend,
		.cost = has_filter ? cost_of_filter : "",
	};

	ns_missing(verdicts, FACILITY_USERNS, &verdict);
}

static void say_absent(struct verdicts *verdicts, const struct observations *set)
{
	const struct mend_words words = {
		.wsl = "WSL 2: wsl --set-version NAME 2",
		.other = cause_text(CAUSE_ABSENT).mend,
	};
	const struct verdict verdict = {
		.who = WHO_KERNEL,
		.cause = "userns-absent",
		.what = cause_text(CAUSE_ABSENT).why,
		.evidence = "unshare: EINVAL, as for a flag that there is none of",
		.mend = mend_here(set, &words),
	};

	ns_missing(verdicts, FACILITY_USERNS, &verdict);
}

static void say_void(struct verdicts *verdicts, const struct observations *set, const char *step,
		     int errnum)
{
	const bool is_apparmor = ns_is_restricted(set);
	const char *label = observed(set, OBS_NS_USE)->text;
	const struct verdict verdict = {
		.who = WHO_LSM,
		.cause = is_apparmor ? "userns-apparmor" : "userns-void",
		.what = is_apparmor ? cause_text(CAUSE_APPARMOR).why
				    : "user namespaces are made here and given no powers, by a "
				      "security module",
		.evidence =
			verdicts_text(verdicts, "%s; label inside: %s",
				      ns_failure(verdicts, step, errnum), *label ? label : "none"),
		.mend = is_apparmor
				? MEND_OF_APPARMOR
				: "a policy of that module that allows user namespaces to croft",
		.cost = is_apparmor ? COST_OF_APPARMOR : "",
	};

	ns_missing(verdicts, FACILITY_USERNS, &verdict);
}

static void at_map(struct verdicts *verdicts, const struct observations *set, const char *step,
		   int errnum)
{
	const struct mend_words keep = {
		.docker = "docker run --cap-add SETFCAP (or another user: --user 1000)",
		.podman = "podman run --cap-add SETFCAP (or another user: --user 1000)",
		.kubernetes =
			"securityContext: {capabilities: {add: [SETFCAP]}} (or runAsUser: 1000)",
		.systemd =
			"systemctl edit the unit: [Service] CapabilityBoundingSet=CAP_SETFCAP (or "
			"User=)",
		.other = "keep CAP_SETFCAP where the others are dropped (setpriv "
			 "--bounding-set=-all,+setfcap), or be another user than 0",
	};
	const struct verdict setfcap = {
		.who = WHO_PRIVILEGE,
		.cause = "userns-setfcap",
		.what = cause_text(CAUSE_SETFCAP).why,
		.evidence = verdicts_text(verdicts, "%s; user 0 without CAP_SETFCAP",
					  ns_failure(verdicts, step, errnum)),
		.mend = mend_here(set, &keep),
		.cost = "capabilities may be given to files of this user namespace",
	};
	const struct verdict no_proc = {
		.who = WHO_MOUNT,
		.cause = "userns-no-proc",
		.what = cause_text(CAUSE_NO_PROC).why,
		.evidence = ns_failure(verdicts, step, errnum),
		.mend = cause_text(CAUSE_NO_PROC).mend,
	};
	const struct verdict read_only = {
		.who = WHO_MOUNT,
		.cause = "userns-read-only-proc",
		.what = cause_text(CAUSE_PROC_READ_ONLY).why,
		.evidence = ns_failure(verdicts, step, errnum),
		.mend = cause_text(CAUSE_PROC_READ_ONLY).mend,
	};
	const struct observation *caps = observed(set, OBS_NS_CAPS);
	const bool has_setfcap = caps->outcome == OBS_YES && caps->value & 1LL << CAP_SETFCAP;

	if (errnum == ENOENT)
		ns_missing(verdicts, FACILITY_USERNS, &no_proc);
	else if (errnum == EROFS)
		ns_missing(verdicts, FACILITY_USERNS, &read_only);
	else if (!strcmp(step, "uid_map") && set->host.uid == 0 && !has_setfcap &&
		 caps->outcome == OBS_YES)
		ns_missing(verdicts, FACILITY_USERNS, &setfcap);
	else
		say_void(verdicts, set, step, errnum);
}

static void at_unshare(struct verdicts *verdicts, const struct observations *set, int errnum)
{
	const enum answer answer = answer_of_kind(set, "user");
	const struct verdict emulated = {
		.who = WHO_KERNEL,
		.cause = "userns-emulated",
		.what = "this is no Linux but an emulation of one, and it refuses user namespaces",
		.evidence =
			verdicts_text(verdicts, "%s; it takes a flag that no kernel of Linux does",
				      ns_failure(verdicts, "unshare", errnum)),
		.mend = cause_text(CAUSE_NO_EFFECT).mend,
	};

	/* Without /proc no effect can be seen, and that is the trouble itself. */
	if (errnum == ENOENT || (errnum == ENOTSUP && observed(set, OBS_NS_USE)->errnum == ENOENT))
		at_map(verdicts, set, "uid_map", ENOENT);
	else if (errnum == ENOTSUP)
		say_no_effect(verdicts, set);
	else if (answer == ANSWER_FILTER)
		say_filter(verdicts, set, errnum);
	else if (answer == ANSWER_TAKEN)
		ns_missing(verdicts, FACILITY_USERNS, &emulated);
	else if (errnum == ENOSPC || errnum == EUSERS)
		say_limit(verdicts, set, errnum);
	else if (errnum == EACCES)
		say_module(verdicts, set, errnum);
	else if (errnum == EINVAL)
		say_absent(verdicts, set);
	else
		say_refused(verdicts, set);
}

void causes_ns_user(struct verdicts *verdicts, const struct observations *set)
{
	const struct host *host = ns_host(set);
	const struct observation *use = observed(set, OBS_NS_USE);
	int errnum;

	if (!host) {
		ns_unknown(verdicts, FACILITY_USERNS, observed(set, OBS_HOST));
		return;
	}
	errnum = host->ns[HOST_NS_USER].errnum;
	switch (host->ns[HOST_NS_USER].works == HOST_YES ? NS_STEP_NONE : host->ns_step) {
	case NS_STEP_NONE:
		ns_works(verdicts, FACILITY_USERNS, "made, ids mapped, a tmpfs mounted in it");
		return;
	case NS_STEP_SETGROUPS:
	case NS_STEP_UID_MAP:
	case NS_STEP_GID_MAP:
		at_map(verdicts, set, host_ns_step_names[host->ns_step].name, errnum);
		return;
	case NS_STEP_MOUNT:
		/* Of a refusal by a filter or Landlock the user namespace knows nothing. */
		if (ns_is_restricted(set) && answer_of_call(set, "mount") != ANSWER_FILTER)
			say_void(verdicts, set, *use->step ? use->step : "mount", errnum);
		else
			ns_works(verdicts, FACILITY_USERNS, "made, ids mapped; mounts are refused");
		return;
	case NS_STEP_UNSHARE:
	case NS_STEP_MAX:
		at_unshare(verdicts, set, errnum);
		return;
	}
}

void causes_ns(struct verdicts *verdicts, const struct observations *set)
{
	causes_ns_user(verdicts, set);
	causes_ns_mount(verdicts, set);
	causes_ns_kinds(verdicts, set);
	causes_ns_files(verdicts, set);
}
