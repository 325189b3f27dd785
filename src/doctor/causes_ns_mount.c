/* SPDX-License-Identifier: MIT */
/*
 * causes_ns_mount.c - why nothing can be mounted in a namespace of one's own.
 *
 * The user namespace is there, and a mount says EPERM, EACCES or EINVAL. In this order:
 *
 *   the mount namespace itself    its own sysctl (ENOSPC), a filter of its flag, no effect
 *   a filter                      mount with a type at an address that nobody has: EFAULT is the
 *                                 kernel's (fs/namespace.c copies it before it looks at anything)
 *   an emulated kernel            it takes a flag of unshare that there is none of
 *   a chroot                      by capability alone: "/" cannot be made private (EINVAL)
 *   Landlock of an outer sandbox  layers are there, and they refuse every mount (EPERM)
 *   AppArmor, SELinux             EACCES (a container's profile denies mount: Docker's does)
 *
 * What works in part is told by itself: croft has older ways for each, but its words are not for
 * others.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/causes_ns.h"
#include "plan/cause.h"

/* The mount namespace was not made: true if that is told. */
static bool say_namespace(struct verdicts *verdicts, const struct observations *set, int errnum)
{
	const struct observation *kind = observed_of(set, OBS_NS_KIND, "mount");
	const int64_t limit = ns_sysctl(set, "user.max_mnt_namespaces");
	const struct verdict by_sysctl = {
		.who = limit == 0 ? WHO_SYSCTL : WHO_LIMIT,
		.cause = "mount-limit",
		.what = "no mount namespace may be made: the limit user.max_mnt_namespaces is "
			"reached",
		.evidence =
			verdicts_text(verdicts, "%s; user.max_mnt_namespaces is %lld",
				      ns_failure(verdicts, "unshare", errnum), (long long)limit),
		.mend = "sysctl user.max_mnt_namespaces=15000 (as root, where the limit was set; "
			"to keep it: echo user.max_mnt_namespaces=15000 "
			">/etc/sysctl.d/60-userns.conf)",
		.cost = "every program can make mount namespaces",
	};
	const struct verdict by_filter = {
		.who = WHO_FILTER,
		.cause = "mount-namespace-filter",
		.what = "a system call filter refuses mount namespaces",
		.evidence =
			verdicts_text(verdicts, "%s; with a flag that no kernel takes: not EINVAL",
				      ns_failure(verdicts, "unshare", errnum)),
		.mend = mend_rule(verdicts, set, filtered_calls(verdicts, set)),
		.cost = cost_of_filter,
	};
	const struct mend_words words = {
		.gvisor = "a runsc built after 2023-07-31, which has mount namespaces",
		.other = cause_text(CAUSE_MOUNT_NO_EFFECT).mend,
	};
	const struct verdict no_effect = {
		.who = WHO_KERNEL,
		.cause = "mount-no-effect",
		.what = cause_text(CAUSE_MOUNT_NO_EFFECT).why,
		.evidence = "unshare: 0; the link in /proc/self/ns is as before",
		.mend = mend_here(set, &words),
	};

	if (errnum == ENOTSUP || (kind->outcome == OBS_NO && !strcmp(kind->step, "link")))
		ns_missing(verdicts, FACILITY_MOUNT, &no_effect);
	else if (answer_of_kind(set, "mount") == ANSWER_FILTER)
		ns_missing(verdicts, FACILITY_MOUNT, &by_filter);
	else if (kind->outcome == OBS_NO && (errnum == ENOSPC || errnum == EUSERS))
		ns_missing(verdicts, FACILITY_MOUNT, &by_sysctl);
	else
		return false;
	return true;
}

static void say_emulated(struct verdicts *verdicts, const struct observations *set, int errnum)
{
	const struct mend_words words = {
		.gvisor = "a runsc built after 2023-07-31, which has mount namespaces",
		.other = cause_text(CAUSE_MOUNT_NO_EFFECT).mend,
	};
	const struct verdict verdict = {
		.who = WHO_KERNEL,
		.cause = "mount-emulated",
		.what = "this is no Linux but an emulation of one, and it refuses mounts in a "
			"namespace of its own",
		.evidence = verdicts_text(verdicts,
					  "%s; unshare takes a flag that no kernel of Linux does",
					  ns_failure(verdicts, "mount", errnum)),
		.mend = mend_here(set, &words),
	};

	ns_missing(verdicts, FACILITY_MOUNT, &verdict);
}

static void say_module(struct verdicts *verdicts, const struct observations *set, int errnum)
{
	const bool is_selinux = ns_has_module(set, "selinux") == 1;
	const bool is_apparmor = !is_selinux && ns_has_module(set, "apparmor") == 1;
	const struct mend_words label = {
		.docker = "docker run --security-opt label=disable",
		.podman = "podman run --security-opt label=disable",
		.kubernetes = "securityContext: {seLinuxOptions: {type: spc_t}}",
		.other = "as root: ausearch -m avc -ts recent | audit2allow -M croft-mount && "
			 "semodule -i croft-mount.pp",
	};
	const struct mend_words profile = {
		.docker = "docker run --security-opt apparmor=unconfined",
		.podman = "podman run --security-opt apparmor=unconfined",
		.kubernetes = "securityContext: {appArmorProfile: {type: Unconfined}}",
		.lxc = "lxc config set NAME security.nesting=true",
		.other = "in the AppArmor profile that this runs under: mount, umount, pivot_root,",
	};
	const char *own = observed(set, OBS_NS_LABEL)->text;
	const struct verdict verdict = {
		.who = is_selinux || is_apparmor ? WHO_LSM : WHO_UNKNOWN,
		.cause = is_selinux    ? "mount-selinux"
			 : is_apparmor ? "mount-apparmor"
				       : "mount-refused",
		.what = is_selinux    ? "SELinux refuses mounts to this domain"
			: is_apparmor ? "AppArmor refuses mounts to what runs under this profile"
				      : cause_text(CAUSE_MOUNT_REFUSED).why,
		.evidence =
			verdicts_text(verdicts, "%s from the kernel; label: %s",
				      ns_failure(verdicts, "mount", errnum), *own ? own : "none"),
		.mend = is_selinux    ? mend_here(set, &label)
			: is_apparmor ? mend_here(set, &profile)
				      : cause_text(CAUSE_MOUNT_REFUSED).mend,
		.cost = is_selinux    ? "the label's separation from the host and other containers"
			: is_apparmor ? "what else the profile kept the container from"
				      : "",
	};

	ns_missing(verdicts, FACILITY_MOUNT, &verdict);
}

static void say_mount(struct verdicts *verdicts, const struct observations *set, int errnum)
{
	const struct observation *layers = observed(set, OBS_LANDLOCK_LAYERS);
	const struct observation *use = observed(set, OBS_NS_USE);
	const struct verdict by_filter = {
		.who = WHO_FILTER,
		.cause = "mount-filter",
		.what = "a system call filter refuses mounts",
		.evidence = verdicts_text(verdicts, "%s; with a type at no address: not EFAULT",
					  ns_failure(verdicts, "mount", errnum)),
		.mend = mend_rule(verdicts, set, filtered_calls(verdicts, set)),
		.cost = cost_of_filter,
	};
	const struct verdict by_chroot = {
		.who = WHO_CHROOT,
		.cause = "mount-chroot",
		.what = "this is a chroot: what is mounted cannot be made its own, as / is no "
			"mount point",
		.evidence = ns_failure(verdicts, "private", errnum),
		.mend = "mount --bind ROOT ROOT before the chroot, or pivot_root in place of it",
	};
	const struct verdict by_landlock = {
		.who = WHO_LSM,
		.cause = "mount-landlock",
		.what = "an outer sandbox of Landlock refuses every mount",
		.evidence = verdicts_text(
			verdicts, "%s from the kernel; layers of Landlock here: %lld",
			ns_failure(verdicts, *use->step ? use->step : "mount", errnum),
			(long long)layers->value),
		.mend = "start croft outside of that sandbox, or with --tier landlock in it",
	};

	if (answer_of_call(set, "mount") == ANSWER_FILTER)
		ns_missing(verdicts, FACILITY_MOUNT, &by_filter);
	else if (answer_of_kind(set, "user") == ANSWER_TAKEN)
		say_emulated(verdicts, set, errnum);
	else if (errnum == EINVAL && observed(set, OBS_ROOT_MOUNT)->outcome == OBS_NO)
		ns_missing(verdicts, FACILITY_MOUNT, &by_chroot);
	else if (layers->outcome == OBS_YES && layers->value > 0)
		ns_missing(verdicts, FACILITY_MOUNT, &by_landlock);
	else
		say_module(verdicts, set, errnum);
}

static void say_api(struct verdicts *verdicts, const struct observations *set)
{
	static const char *const calls[] = { "open_tree", "move_mount", "mount_setattr" };
	bool is_hidden = false;
	struct verdict verdict = {
		.facility = FACILITY_MOUNT,
		.state = VERDICT_PARTLY,
		/* the older a filter's list, the more it knows nothing of */
		.who = observed(set, OBS_FILTER_MODE)->value == 2 ? WHO_UNKNOWN : WHO_KERNEL,
		.cause = "mount-api-absent",
		.what = "mounts by descriptor are not to be had: croft takes the older calls, and "
			"cannot make what lies beneath a read-only mount so in one step",
		.evidence = "open_tree, mount_setattr, move_mount: one of them is refused",
		.mend = "Linux 5.12",
	};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		is_hidden |= answer_of_call(set, calls[i]) == ANSWER_FILTER;
	if (is_hidden) {
		verdict.who = WHO_FILTER;
		verdict.cause = "mount-api-filter";
		verdict.evidence =
			verdicts_text(verdicts, "a filter refuses %s, while later calls are there",
				      filtered_calls(verdicts, set));
		verdict.mend = mend_rule(verdicts, set, filtered_calls(verdicts, set));
		verdict.cost = cost_of_filter;
	}
	verdicts_add(verdicts, &verdict);
}

static void say_pivot(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *pivot = observed_of(set, OBS_NS_MOUNT, "pivot-root");
	const bool is_filter = answer_of_call(set, "pivot_root") == ANSWER_FILTER ||
			       answer_of_call(set, "umount2") == ANSWER_FILTER;
	const struct verdict verdict = {
		.facility = FACILITY_MOUNT,
		.state = VERDICT_MISSING,
		.who = is_filter ? WHO_FILTER : WHO_UNKNOWN,
		.cause = is_filter ? "pivot-root-filter" : "pivot-root-refused",
		.what = "mounts can be made, but not a root of them",
		.evidence = ns_failure(verdicts, pivot->step, pivot->errnum),
		.mend = is_filter ? mend_rule(verdicts, set, filtered_calls(verdicts, set)) : "",
		.cost = is_filter ? cost_of_filter : "",
	};

	verdicts_add(verdicts, &verdict);
}

void causes_ns_mount(struct verdicts *verdicts, const struct observations *set)
{
	const struct host *host = ns_host(set);
	const struct verdict *user = verdict_of(verdicts, FACILITY_USERNS);
	bool is_whole = true;

	if (!host) {
		ns_unknown(verdicts, FACILITY_MOUNT, observed(set, OBS_HOST));
		return;
	}
	if (host->ns[HOST_NS_MOUNT].works != HOST_YES) {
		if (user->state != VERDICT_WORKS && !host->has_ns_by_capability)
			ns_needs(verdicts, FACILITY_MOUNT, FACILITY_USERNS);
		else if (!say_namespace(verdicts, set, host->ns[HOST_NS_MOUNT].errnum))
			say_mount(verdicts, set, host->ns[HOST_NS_MOUNT].errnum);
		return;
	}
	if (observed_of(set, OBS_NS_MOUNT, "pivot-root")->outcome == OBS_NO) {
		say_pivot(verdicts, set);
		is_whole = false;
	}
	if (host->mount.has_new_api == HOST_NO) {
		say_api(verdicts, set);
		is_whole = false;
	}
	if (is_whole)
		ns_works(verdicts, FACILITY_MOUNT,
			 host->has_ns_by_capability
				 ? "by CAP_SYS_ADMIN: a tmpfs, and a bind that is read-only then"
				 : "a tmpfs, and a bind that is read-only then");
}
