/* SPDX-License-Identifier: MIT */
/*
 * causes_ns_files.c - why a file system cannot be mounted in a namespace of one's own: a fresh
 * proc, overlays, and those that builds and other sandboxes want; and which newer calls are hidden.
 *
 * A proc of a new pid namespace is refused (EPERM) as long as no proc that can be seen shows all of
 * itself (fs/namespace.c, mnt_already_visible, since 4.2): container runtimes cover parts of
 * theirs. The kernel says so in the descriptor of fsopen(2), "VFS: Mount too revealing", and
 * mount(2) tells nothing. Directories that are always empty are forgiven. sysfs is kept by the same
 * rule.
 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "doctor/causes_ns.h"
#include "plan/cause.h"

#define TEXT_BYTES 2048
#define COST_OF_PROC                                                                      \
	"what the runtime covered can be read and written inside by who has the rights: " \
	"/proc/sys, /proc/kcore, /proc/sysrq-trigger"
#define OR_WITHOUT "; or without it: keep the pid namespace that is there"

static bool is_revealing(const struct observation *obs)
{
	return obs->outcome == OBS_NO && strstr(obs->text, "too revealing");
}

/* "/proc/kcore /proc/keys"; of the covers. */
static const char *list_covers(struct verdicts *verdicts, const struct observations *set)
{
	AUTO_BUF struct buf buf = BUF_INIT(TEXT_BYTES);
	const struct observation *obs = NULL;

	while ((obs = observed_next(set, OBS_PROC_COVER, obs)))
		buf_printf(&buf, "%s%s", buf.len ? " " : "", obs->subject);
	/* beyond its room the list says enough as it is */
	return verdicts_text(verdicts, "%s", buf_text(&buf));
}

/* What runtimes cover, and nobody else does. */
static bool is_runtimes(const struct observations *set)
{
	static const char *const points[] = { "/proc/kcore", "/proc/keys", "/proc/timer_list",
					      "/proc/sys", "/proc/sysrq-trigger" };

	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		if (observed_of(set, OBS_PROC_COVER, points[i])->outcome == OBS_YES)
			return true;
	return false;
}

static void say_covered(struct verdicts *verdicts, const struct observations *set)
{
	const char *covers = list_covers(verdicts, set);
	const struct mend_words words = {
		.docker = "docker run --security-opt systempaths=unconfined" OR_WITHOUT,
		.podman = "podman run --security-opt unmask=ALL" OR_WITHOUT,
		.kubernetes =
			"securityContext: {procMount: Unmasked}, with hostUsers: false in the "
			"pod's spec" OR_WITHOUT,
		.systemd = "systemctl edit the unit: [Service] ProtectKernelTunables=no "
			   "ProtectKernelLogs=no ProtectProc=default ProcSubset=all" OR_WITHOUT,
		.lxc = "lxc config set NAME security.nesting=true" OR_WITHOUT,
		.nspawn = "a second proc that nothing covers, from outside: nsenter --target "
			  "$(machinectl show NAME --property Leader --value) --mount --pid mount "
			  "--mkdir -t proc proc /run/proc" OR_WITHOUT,
		.other = verdicts_text(verdicts,
				       "as root, where croft starts: umount %s" OR_WITHOUT, covers),
	};
	const struct verdict verdict = {
		.facility = FACILITY_PROC,
		.state = VERDICT_MISSING,
		.who = is_runtimes(set) ? WHO_RUNTIME : WHO_MOUNT,
		.cause = "proc-covered",
		.what = cause_text(CAUSE_PROC_COVERED).why,
		.evidence = verdicts_text(verdicts, "%s; covered: %s",
					  *observed_of(set, OBS_NS_MOUNT, "proc")->text
						  ? observed_of(set, OBS_NS_MOUNT, "proc")->text
						  : "EPERM from the kernel",
					  covers),
		.mend = mend_here(set, &words),
		.cost = COST_OF_PROC,
	};

	verdicts_add(verdicts, &verdict);
}

/* Nothing covers it, and yet it does not show all of itself. */
static void say_not_whole(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *here = observed(set, OBS_PROC_HERE);
	const bool is_here = here->outcome == OBS_YES, is_read_only = is_here && here->value == 1;
	const bool is_subset = is_here && !strcmp(here->step, "subset");
	const struct verdict none = {
		.facility = FACILITY_PROC,
		.state = VERDICT_MISSING,
		.who = WHO_MOUNT,
		.cause = is_subset ? "proc-subset" : "proc-none",
		.what = is_subset ? "a fresh /proc cannot be mounted, as the one here is less than "
				    "a whole proc (subset=pid)"
				  : "a fresh /proc cannot be mounted, as none is mounted here that "
				    "shows all of itself",
		.evidence = "VFS: Mount too revealing; nothing covers parts of /proc",
		.mend = "mount -t proc proc /proc",
	};
	const struct verdict read_only = {
		.facility = FACILITY_PROC,
		.state = VERDICT_MISSING,
		.who = WHO_MOUNT,
		.cause = "proc-read-only",
		.what = "a fresh /proc cannot be mounted, as the one here is read-only and a new "
			"one would not be",
		.evidence = "VFS: Mount too revealing; /proc is read-only",
		.mend = "mount -o remount,rw /proc",
	};

	const struct verdict atime = {
		.facility = FACILITY_PROC,
		.state = VERDICT_MISSING,
		.who = WHO_MOUNT,
		.cause = "proc-atime",
		.what = verdicts_text(verdicts,
				      "a fresh /proc cannot be mounted, as the one here is "
				      "mounted with %s and a new one would not be",
				      here->step),
		.evidence = verdicts_text(verdicts, "VFS: Mount too revealing; /proc has %s",
					  here->step),
		.mend = "mount -t proc proc /proc",
	};

	verdicts_add(verdicts, is_read_only                           ? &read_only
			       : is_here && *here->step && !is_subset ? &atime
								      : &none);
}

static void say_proc(struct verdicts *verdicts, const struct observations *set,
		     const struct host *host)
{
	const struct observation *proc = observed_of(set, OBS_NS_MOUNT, "proc");
	const int errnum = host->mount.proc_errnum;
	const bool is_filter = answer_of_call(set, "mount") == ANSWER_FILTER;
	const struct verdict other = {
		.facility = FACILITY_PROC,
		.state = VERDICT_MISSING,
		.who = is_filter          ? WHO_FILTER
		       : errnum == ENODEV ? WHO_KERNEL
					  : WHO_UNKNOWN,
		.cause = is_filter ? "proc-filter" : "proc-refused",
		.what = "a fresh /proc cannot be mounted",
		.evidence = ns_failure(verdicts, "mount", errnum),
		.mend = is_filter ? mend_rule(verdicts, set, "mount") : "",
		.cost = is_filter ? cost_of_filter : "",
	};
	const bool has_covers = observed_next(set, OBS_PROC_COVER, NULL) != NULL;

	/* An older kernel has no descriptor to say it: then the covers do. */
	if (is_revealing(proc) || (errnum == EPERM && has_covers && !is_filter))
		has_covers ? say_covered(verdicts, set) : say_not_whole(verdicts, set);
	else
		verdicts_add(verdicts, &other);
}

static void judge_proc(struct verdicts *verdicts, const struct observations *set)
{
	const struct host *host = ns_host(set);
	const struct verdict *mount = verdict_of(verdicts, FACILITY_MOUNT),
			     *pid = verdict_of(verdicts, FACILITY_PIDNS);

	if (!host || host->mount.can_proc == HOST_UNKNOWN)
		ns_unknown(verdicts, FACILITY_PROC, observed(set, OBS_HOST));
	else if (host->mount.can_proc == HOST_YES)
		ns_works(verdicts, FACILITY_PROC,
			 "mounted in a pid namespace, and names its first process 1");
	else if (mount->state == VERDICT_MISSING)
		ns_needs(verdicts, FACILITY_PROC, FACILITY_MOUNT);
	else if (pid->state == VERDICT_MISSING)
		ns_needs(verdicts, FACILITY_PROC, FACILITY_PIDNS);
	else
		say_proc(verdicts, set, host);
}

static void judge_overlay(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *plain = observed_of(set, OBS_NS_MOUNT, "overlay");
	const struct observation *xattr = observed_of(set, OBS_NS_MOUNT, "overlay-userxattr");
	const struct verdict *mount = verdict_of(verdicts, FACILITY_MOUNT);
	const bool is_absent = plain->errnum == ENODEV;
	const struct verdict verdict = {
		.facility = FACILITY_OVERLAY,
		.state = VERDICT_MISSING,
		.who = WHO_KERNEL,
		.cause = is_absent ? "overlay-absent" : "overlay-refused",
		.what = is_absent ? "this kernel has no overlay file system"
				  : "overlays cannot be mounted in a user namespace",
		.evidence = verdicts_text(verdicts, "%s; with userxattr: %s",
					  ns_failure(verdicts, plain->step, plain->errnum),
					  ns_failure(verdicts, xattr->step, xattr->errnum)),
		.mend = is_absent ? "modprobe overlay (as root; to keep it: echo overlay "
				    ">/etc/modules-load.d/overlay.conf)"
				  : "Linux 5.11, or fuse-overlayfs in its place",
	};

	if (plain->outcome == OBS_YES || xattr->outcome == OBS_YES)
		ns_works(verdicts, FACILITY_OVERLAY,
			 plain->outcome == OBS_YES ? "what is written lies above, and not beneath"
						   : "with userxattr alone");
	else if (plain->outcome == OBS_NO)
		verdicts_add(verdicts, &verdict);
	else if (mount && mount->state == VERDICT_MISSING)
		ns_needs(verdicts, FACILITY_OVERLAY, FACILITY_MOUNT);
	else
		ns_unknown(verdicts, FACILITY_OVERLAY, plain);
}

/* What builds mount beside; each by itself. */
static const struct part {
	const char *name, *cause, *what, *mend;
} parts[] = {
	{ "tmpfs-percent", "tmpfs-percent", "the size of a tmpfs cannot be told in per cent",
	  "sizes in bytes (Nix: sandbox-dev-shm-size = 1G)" },
	{ "devpts", "devpts", "no devpts of its own can be mounted", "the host's /dev/pts, bound" },
	{ "mqueue", "mqueue", "no mqueue can be mounted", "go without /dev/mqueue" },
	{ "cgroup2", "cgroup2", "no cgroup2 can be mounted",
	  "the host's /sys/fs/cgroup, bound read-only" },
	{ "sysfs", "sysfs", "no sysfs can be mounted", "the host's /sys, bound read-only" },
};

static void judge_part(struct verdicts *verdicts, const struct observations *set,
		       const struct part *part, bool *is_whole)
{
	const struct observation *obs = observed_of(set, OBS_NS_MOUNT, part->name);
	const bool is_covered = is_revealing(obs);
	const struct verdict verdict = {
		.facility = FACILITY_FILESYSTEMS,
		.state = VERDICT_PARTLY,
		.who = is_covered                                       ? WHO_RUNTIME
		       : obs->errnum == ENODEV || obs->errnum == EINVAL ? WHO_KERNEL
									: WHO_UNKNOWN,
		.cause = is_covered ? verdicts_text(verdicts, "%s-covered", part->cause)
				    : verdicts_text(verdicts, "%s-refused", part->cause),
		.what = is_covered ? verdicts_text(verdicts,
						   "%s, as parts of the one here are covered",
						   part->what)
				   : part->what,
		.evidence = verdicts_text(verdicts, "%s%s%s",
					  ns_failure(verdicts, obs->step, obs->errnum),
					  *obs->text ? "; " : "", obs->text),
		.mend = part->mend,
	};

	if (obs->outcome != OBS_NO)
		return;
	verdicts_add(verdicts, &verdict);
	*is_whole = false;
}

static void judge_filesystems(struct verdicts *verdicts, const struct observations *set)
{
	const struct verdict *mount = verdict_of(verdicts, FACILITY_MOUNT);
	const struct observation *first = observed_of(set, OBS_NS_MOUNT, "tmpfs-percent");
	bool is_whole = true;

	if (mount && mount->state == VERDICT_MISSING) {
		ns_needs(verdicts, FACILITY_FILESYSTEMS, FACILITY_MOUNT);
		return;
	}
	if (first->outcome != OBS_YES && first->outcome != OBS_NO) {
		ns_unknown(verdicts, FACILITY_FILESYSTEMS, first);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		judge_part(verdicts, set, &parts[i], &is_whole);
	if (is_whole)
		ns_works(verdicts, FACILITY_FILESYSTEMS, "each was mounted");
}

/* croft has an older way for each: this is for who hunts a difference. */
static void judge_calls(struct verdicts *verdicts, const struct observations *set)
{
	static const char *const calls[] = { "clone3", "openat2", "close_range", "pidfd_open",
					     "pidfd_send_signal" };
	AUTO_BUF struct buf hidden = BUF_INIT(TEXT_BYTES), absent = BUF_INIT(TEXT_BYTES);
	struct verdict verdict = { .facility = FACILITY_CALLS, .state = VERDICT_PARTLY };
	bool is_asked = false;

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		enum answer answer = answer_of_call(set, calls[i]);
		struct buf *buf = answer == ANSWER_FILTER ? &hidden : &absent;

		is_asked |= answer != ANSWER_UNKNOWN;
		if (answer == ANSWER_FILTER || answer == ANSWER_ABSENT)
			buf_printf(buf, "%s%s", buf->len ? "," : "", calls[i]);
	}
	if (hidden.len) {
		verdict.who = WHO_FILTER;
		verdict.cause = "calls-filter";
		verdict.what = verdicts_text(
			verdicts,
			"a system call filter hides %s from programs, which fall back where the "
			"answer is ENOSYS",
			buf_text(&hidden));
		verdict.evidence = "later calls are there, or the answer is not the kernel's";
		verdict.mend = mend_rule(verdicts, set, buf_text(&hidden));
		verdicts_add(verdicts, &verdict);
	}
	if (absent.len) {
		const bool has_filter = observed(set, OBS_FILTER_MODE)->value == 2;

		/* the older a filter's list, the more it knows nothing of */
		verdict.who = has_filter ? WHO_UNKNOWN : WHO_KERNEL;
		verdict.cause = "calls-absent";
		verdict.what = verdicts_text(verdicts, "this kernel%s has no %s",
					     has_filter ? ", or a filter older than they are," : "",
					     buf_text(&absent));
		verdict.evidence = "ENOSYS, as for all later ones that were asked";
		verdict.mend = "a newer kernel: Linux 5.11 has them all";
		verdict.cost = "";
		verdicts_add(verdicts, &verdict);
	}
	if (!is_asked)
		ns_unknown(verdicts, FACILITY_CALLS, observed(set, OBS_NS_CALL));
	else if (!hidden.len && !absent.len)
		ns_works(verdicts, FACILITY_CALLS, "the kernel itself answers each");
}

void causes_ns_files(struct verdicts *verdicts, const struct observations *set)
{
	judge_proc(verdicts, set);
	judge_overlay(verdicts, set);
	judge_filesystems(verdicts, set);
	judge_calls(verdicts, set);
}
