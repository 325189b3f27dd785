/* SPDX-License-Identifier: MIT */
/*
 * causes_groups.c - why no control group of one's own, and why no range of ids.
 *
 * What mkdir says is the answer: EROFS is how container runtimes mount the tree, EACCES and
 * EPERM are the owner's who has not given us a part of it, ENOENT is a tree that is not mounted or
 * a place in it that cannot be seen. A group without pids.max is one whose parent does not hand the
 * controller on, or, on hosts with both versions, keeps it in the old one.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/judge.h"

#define DELEGATE "systemd-run --user --scope -p Delegate=yes croft run ..."

enum version { VERSION_NONE, VERSION_1, VERSION_2, VERSION_BOTH };

static const struct cause_row not_delegated = {
	WHO_PRIVILEGE, "cgroup-not-delegated", "this user has been given no control group to use",
	DELEGATE, "nothing: what is in the group can only be limited further"
};

static void judge_not_found(struct verdicts *verdicts, const struct observations *set, int version)
{
	static const struct cause_row none = { WHO_KERNEL, "cgroup-none",
					       "this kernel has no control groups",
					       "a kernel with CONFIG_CGROUPS=y", "" };
	static const struct cause_row old = {
		WHO_BOOT, "cgroup-v1-only", "there are only control groups of version 1",
		"systemd.unified_cgroup_hierarchy=1 on the kernel's command line, and a reboot",
		"programs that know only version 1 find no control groups"
	};
	static const struct cause_row hidden = {
		WHO_MOUNT, "cgroup-not-mounted",
		"the tree of control groups is not mounted, or our own place in it is not shown",
		"", ""
	};
	const struct cause_row *row = version == VERSION_NONE ? &none
				      : version == VERSION_1  ? &old
							      : &hidden;
	const char *mend = row->mend;

	if (row == &hidden)
		mend = mend_here(
			set,
			&(struct mend_words){
				.docker = "docker run --cgroupns=private",
				.podman = "podman run --cgroups=enabled --cgroupns=private",
				.other =
					"mkdir -p /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup",
			});
	judge_add(
		verdicts, FACILITY_CGROUP, VERDICT_MISSING, row,
		verdicts_text(verdicts, "/proc/self/cgroup: %s",
			      version == VERSION_NONE ? "no line"
			      : version == VERSION_1  ? "no line of version 2"
						      : "a line of version 2, and no directory"),
		judge_gvisor(
			set,
			"nothing inside: gVisor has no control groups of version 2; limits are set outside (docker run --memory, --pids-limit)",
			mend));
}

static void judge_not_made(struct verdicts *verdicts, const struct observations *set,
			   const struct observation *made)
{
	static const struct cause_row read_only = {
		WHO_MOUNT, "cgroup-read-only", "the tree of control groups is mounted read-only",
		"", "what is inside can make groups, beneath its own"
	};
	static const struct cause_row stays = {
		WHO_PRIVILEGE, "cgroup-no-move",
		"a control group can be made, but no process of ours be moved into it", DELEGATE, ""
	};
	static const struct cause_row limit = {
		WHO_LIMIT, "cgroup-limit", "there may be no more control groups",
		"cgroup.max.descendants and cgroup.max.depth of the groups above: echo max into them",
		""
	};
	static const struct cause_row other = { WHO_UNKNOWN, "cgroup-other",
						"no control group of our own can be had", "", "" };
	const struct cause_row *row = &other;
	const char *mend = NULL;

	if (!strcmp(made->step, "mkdir") && made->errnum == EROFS) {
		row = &read_only;
		mend = mend_here(
			set,
			&(struct mend_words){
				.docker =
					"docker run --cgroupns=private --security-opt writable-cgroups=true",
				.podman =
					"podman run --cgroupns=private --security-opt unmask=/sys/fs/cgroup",
				.systemd = "ProtectControlGroups=no and Delegate=yes (in the unit)",
				.other = verdicts_text(verdicts, "mount -o remount,bind,rw %s",
						       !strncmp(made->text,
								"/sys/fs/cgroup/unified", 22)
							       ? "/sys/fs/cgroup/unified"
							       : "/sys/fs/cgroup"),
			});
	} else if (!strcmp(made->step, "mkdir") &&
		   (made->errnum == EACCES || made->errnum == EPERM)) {
		row = &not_delegated;
		mend = mend_here(set, &(struct mend_words){
					      .systemd = "Delegate=yes (in the unit)",
					      .other = DELEGATE,
				      });
	} else if (made->errnum == EAGAIN) {
		row = &limit;
	} else if (!strcmp(made->step, "cgroup.procs") || !strcmp(made->step, "effect")) {
		row = &stays;
	}
	judge_add(verdicts, FACILITY_CGROUP, VERDICT_MISSING, row,
		  verdicts_text(verdicts, "%s in %s", judge_step(verdicts, made), made->text),
		  mend);
}

static void judge_no_limit(struct verdicts *verdicts, const struct observation *limit, int version)
{
	static const struct cause_row both = {
		WHO_BOOT, "cgroup-hybrid",
		"control groups can gather processes and not limit them: the old version has the limits here",
		"systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all on the kernel's command line, and a reboot",
		"programs that know only version 1 find no control groups"
	};
	static const struct cause_row off = {
		WHO_PRIVILEGE, "cgroup-no-controller",
		"control groups can gather processes and not limit them: limits are not handed on to them",
		"", ""
	};

	judge_add(
		verdicts, FACILITY_CGROUP, VERDICT_PARTLY, version == VERSION_BOTH ? &both : &off,
		verdicts_text(verdicts, "%s in %s", judge_step(verdicts, limit), limit->text),
		version == VERSION_BOTH
			? NULL
			: verdicts_text(
				  verdicts,
				  "echo '+pids +memory +cpu' >%s/cgroup.subtree_control; or " DELEGATE,
				  limit->text));
}

static void judge_cgroup(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *own = observed(set, OBS_CGROUP_OWN),
				 *made = observed(set, OBS_CGROUP_MAKE),
				 *limit = observed(set, OBS_CGROUP_LIMIT);

	if (!was_asked(made))
		judge_unknown(verdicts, FACILITY_CGROUP, made);
	else if (made->outcome == OBS_NO && !strcmp(made->step, "find"))
		judge_not_found(verdicts, set, (int)own->value);
	else if (made->outcome == OBS_NO)
		judge_not_made(verdicts, set, made);
	else if (limit->outcome == OBS_NO)
		judge_no_limit(verdicts, limit, (int)own->value);
	else
		judge_works(verdicts, FACILITY_CGROUP,
			    verdicts_text(verdicts, "a group was made in %s, limited and used",
					  made->text));
}

static const struct cause_row *why_not_mapped(const struct observations *set,
					      const struct observation *range)
{
	static const struct cause_row no_range = { WHO_SETTING, "subid-no-range",
						   "this user has no range of subordinate ids", "",
						   "ids that belong to this user" };
	static const struct cause_row nnp = { WHO_PRIVILEGE, "subid-nnp",
					      "newuidmap has no rights: no_new_privs is set",
					      "as told with privileges", "" };
	static const struct cause_row nosuid = { WHO_MOUNT, "subid-nosuid",
						 "newuidmap has no rights: its mount has nosuid",
						 "as told with privileges", "" };
	static const struct cause_row mode = {
		WHO_PRIVILEGE, "subid-mode", "newuidmap is not set-user-ID and has no capabilities",
		"", "who starts it is its owner for as long as it runs"
	};
	static const struct cause_row other = { WHO_UNKNOWN, "subid-refused",
						"newuidmap does not map the range", "", "" };
	const struct observation *helper = observed_next(set, OBS_SETUID_HELPER, NULL);

	if (range->outcome != OBS_YES)
		return &no_range;
	for (; helper; helper = observed_next(set, OBS_SETUID_HELPER, helper)) {
		if (!strstr(helper->subject, "/newuidmap") || helper->outcome != OBS_NO)
			continue;
		return !strcmp(helper->step, "no-new-privs") ? &nnp
		       : !strcmp(helper->step, "nosuid")     ? &nosuid
							     : &mode;
	}
	return &other;
}

static void judge_subid(struct verdicts *verdicts, const struct observations *set)
{
	static const struct cause_row absent = {
		WHO_MISSING, "subid-no-program", "newuidmap is not installed",
		"apt-get install uidmap (Debian); dnf install shadow-utils (Fedora); apk add shadow-uidmap (Alpine)",
		"two programs that may map the ids of /etc/subuid"
	};
	static const struct cause_row userns = {
		WHO_UNKNOWN, "subid-no-userns",
		"there is no user namespace to map a range into: see userns", "as told with userns",
		""
	};
	const struct observation *map = observed(set, OBS_NEWUIDMAP),
				 *range = observed_of(set, OBS_SUBID_RANGE, "/etc/subuid");
	const struct cause_row *row;
	const char *mend = NULL;

	if (!was_asked(map)) {
		judge_unknown(verdicts, FACILITY_SUBID, map);
		return;
	}
	if (map->outcome == OBS_YES) {
		judge_works(verdicts, FACILITY_SUBID,
			    verdicts_text(verdicts, "%s was mapped", range->text));
		return;
	}
	if (!strcmp(map->step, "find"))
		row = &absent;
	else if (!strcmp(map->step, "unshare") || !strcmp(map->step, "clone"))
		row = &userns;
	else
		row = why_not_mapped(set, range);
	if (!strcmp(row->cause, "subid-no-range"))
		mend = verdicts_text(
			verdicts,
			"usermod --add-subuids 100000-165535 --add-subgids 100000-165535 %s",
			*range->step ? range->step : "USER");
	else if (!strcmp(row->cause, "subid-mode"))
		mend = "chmod u+s /usr/bin/newuidmap /usr/bin/newgidmap";
	judge_add(verdicts, FACILITY_SUBID, VERDICT_MISSING, row,
		  *map->text ? map->text : judge_step(verdicts, map), mend);
}

void causes_groups(struct verdicts *verdicts, const struct observations *set)
{
	judge_cgroup(verdicts, set);
	judge_subid(verdicts, set);
}
