/* SPDX-License-Identifier: MIT */
/*
 * test_causes_groups.c - why there is no control group, and no range of ids, from what was
 * observed.
 */
#include "planted.h"

#define OWN(version)                                                              \
	{                                                                         \
		OBS_CGROUP_OWN, OBS_YES, NULL, NULL, 0, version, "/sys/fs/cgroup" \
	}
#define NOT_MADE(step, errnum)                                                   \
	{                                                                        \
		OBS_CGROUP_MAKE, OBS_NO, NULL, step, errnum, 0, "/sys/fs/cgroup" \
	}
#define MADE                                                                 \
	{                                                                    \
		OBS_CGROUP_MAKE, OBS_YES, NULL, NULL, 0, 0, "/sys/fs/cgroup" \
	}
#define PLACE(name)                      \
	{                                \
		OBS_PLACE, OBS_YES, name \
	}

static const struct planted_case groups[] = {
	{ "a group with limits works",
	  { OWN(2), MADE, { OBS_CGROUP_LIMIT, OBS_YES } },
	  FACILITY_CGROUP,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  NULL },
	{ "a group that is not ours is given by systemd",
	  { OWN(2), NOT_MADE("mkdir", EACCES) },
	  FACILITY_CGROUP,
	  VERDICT_MISSING,
	  WHO_PRIVILEGE,
	  "cgroup-not-delegated",
	  "systemd-run --user --scope -p Delegate=yes",
	  "mkdir: EACCES" },
	{ "EPERM is the same",
	  { OWN(2), NOT_MADE("mkdir", EPERM), PLACE("systemd") },
	  FACILITY_CGROUP,
	  VERDICT_MISSING,
	  WHO_PRIVILEGE,
	  "cgroup-not-delegated",
	  "Delegate=yes",
	  NULL },
	{ "a read-only tree is the mount's",
	  { OWN(2), NOT_MADE("mkdir", EROFS) },
	  FACILITY_CGROUP,
	  VERDICT_MISSING,
	  WHO_MOUNT,
	  "cgroup-read-only",
	  "mount -o remount,bind,rw /sys/fs/cgroup",
	  NULL },
	{ "in podman its options are named",
	  { OWN(2), NOT_MADE("mkdir", EROFS), PLACE("podman") },
	  FACILITY_CGROUP,
	  VERDICT_MISSING,
	  WHO_MOUNT,
	  "cgroup-read-only",
	  "podman run --cgroupns=private --security-opt unmask=/sys/fs/cgroup",
	  NULL },
	{ "no groups at all is the kernel's",
	  { OWN(0), NOT_MADE("find", ENOENT) },
	  FACILITY_CGROUP,
	  VERDICT_MISSING,
	  WHO_KERNEL,
	  "cgroup-none",
	  NULL,
	  NULL },
	{ "the old version alone is the boot's",
	  { OWN(1), NOT_MADE("find", ENOENT) },
	  FACILITY_CGROUP,
	  VERDICT_MISSING,
	  WHO_BOOT,
	  "cgroup-v1-only",
	  "systemd.unified_cgroup_hierarchy=1",
	  NULL },
	{ "in gVisor no boot helps",
	  { OWN(1), NOT_MADE("find", ENOENT), PLACE("gvisor") },
	  FACILITY_CGROUP,
	  VERDICT_MISSING,
	  WHO_BOOT,
	  "cgroup-v1-only",
	  "nothing inside",
	  NULL },
	{ "a tree that is not mounted is told from none",
	  { OWN(2), NOT_MADE("find", ENOENT) },
	  FACILITY_CGROUP,
	  VERDICT_MISSING,
	  WHO_MOUNT,
	  "cgroup-not-mounted",
	  "mount -t cgroup2 none /sys/fs/cgroup",
	  NULL },
	{ "a group that takes nobody is none",
	  { OWN(2), NOT_MADE("cgroup.procs", EACCES) },
	  FACILITY_CGROUP,
	  VERDICT_MISSING,
	  WHO_PRIVILEGE,
	  "cgroup-no-move",
	  NULL,
	  "cgroup.procs: EACCES" },
	{ "there can be too many groups",
	  { OWN(2), NOT_MADE("mkdir", EAGAIN) },
	  FACILITY_CGROUP,
	  VERDICT_MISSING,
	  WHO_LIMIT,
	  "cgroup-limit",
	  "cgroup.max.descendants",
	  NULL },
	{ "the old version keeps the limits",
	  { OWN(3),
	    MADE,
	    { OBS_CGROUP_LIMIT, OBS_NO, NULL, "pids.max", ENOENT, 0, "/sys/fs/cgroup/unified" } },
	  FACILITY_CGROUP,
	  VERDICT_PARTLY,
	  WHO_BOOT,
	  "cgroup-hybrid",
	  "cgroup_no_v1=all",
	  NULL },
	{ "limits that are not handed on",
	  { OWN(2),
	    MADE,
	    { OBS_CGROUP_LIMIT, OBS_NO, NULL, "pids.max", ENOENT, 0, "/sys/fs/cgroup/a" } },
	  FACILITY_CGROUP,
	  VERDICT_PARTLY,
	  WHO_PRIVILEGE,
	  "cgroup-no-controller",
	  ">/sys/fs/cgroup/a/cgroup.subtree_control",
	  NULL },
	{ "what has no name is told as it was seen",
	  { OWN(2), NOT_MADE("mkdir", EIO) },
	  FACILITY_CGROUP,
	  VERDICT_MISSING,
	  WHO_UNKNOWN,
	  "cgroup-other",
	  NULL,
	  "mkdir: EIO" },
};

#define RANGE                                                                                \
	{                                                                                    \
		OBS_SUBID_RANGE, OBS_YES, "/etc/subuid", "ada", 0, 65536, "ada:100000:65536" \
	}
#define NO_RANGE                                              \
	{                                                     \
		OBS_SUBID_RANGE, OBS_NO, "/etc/subuid", "ada" \
	}
#define NOT_MAPPED(step, words)                                \
	{                                                      \
		OBS_NEWUIDMAP, OBS_NO, NULL, step, 0, 1, words \
	}
#define HELPER(step)                                                  \
	{                                                             \
		OBS_SETUID_HELPER, OBS_NO, "/usr/bin/newuidmap", step \
	}

static const struct planted_case ranges[] = {
	{ "a range that was mapped works",
	  { RANGE, { OBS_NEWUIDMAP, OBS_YES } },
	  FACILITY_SUBID,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  "ada:100000:65536" },
	{ "no program",
	  { RANGE, { OBS_NEWUIDMAP, OBS_NO, NULL, "find", ENOENT } },
	  FACILITY_SUBID,
	  VERDICT_MISSING,
	  WHO_MISSING,
	  "subid-no-program",
	  "apt-get install uidmap",
	  NULL },
	{ "no user namespace",
	  { RANGE, { OBS_NEWUIDMAP, OBS_NO, NULL, "unshare", EPERM } },
	  FACILITY_SUBID,
	  VERDICT_MISSING,
	  WHO_UNKNOWN,
	  "subid-no-userns",
	  "userns",
	  NULL },
	{ "no line for this user",
	  { NO_RANGE, NOT_MAPPED("newuidmap", "newuidmap: uid range not allowed") },
	  FACILITY_SUBID,
	  VERDICT_MISSING,
	  WHO_SETTING,
	  "subid-no-range",
	  "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ada",
	  "not allowed" },
	{ "no rights under no_new_privs",
	  { RANGE, NOT_MAPPED("newuidmap", ""), HELPER("no-new-privs") },
	  FACILITY_SUBID,
	  VERDICT_MISSING,
	  WHO_PRIVILEGE,
	  "subid-nnp",
	  NULL,
	  NULL },
	{ "no rights on a mount with nosuid",
	  { RANGE, NOT_MAPPED("newuidmap", ""), HELPER("nosuid") },
	  FACILITY_SUBID,
	  VERDICT_MISSING,
	  WHO_MOUNT,
	  "subid-nosuid",
	  NULL,
	  NULL },
	{ "no rights without its mode",
	  { RANGE, NOT_MAPPED("newuidmap", ""), HELPER("mode") },
	  FACILITY_SUBID,
	  VERDICT_MISSING,
	  WHO_PRIVILEGE,
	  "subid-mode",
	  "chmod u+s /usr/bin/newuidmap",
	  NULL },
	{ "what it says is told where nothing else is wrong",
	  { RANGE, NOT_MAPPED("newuidmap", "newuidmap: write to uid_map failed") },
	  FACILITY_SUBID,
	  VERDICT_MISSING,
	  WHO_UNKNOWN,
	  "subid-refused",
	  NULL,
	  "write to uid_map failed" },
};

static void groups_are_missing_for_what_the_kernel_said(void **state)
{
	(void)state;
	check_cases(causes_groups, groups, ARRAY_SIZE(groups));
}

static void ranges_are_missing_for_what_newuidmap_needs(void **state)
{
	(void)state;
	check_cases(causes_groups, ranges, ARRAY_SIZE(ranges));
}

static void nothing_asked_is_nothing_known(void **state)
{
	static const enum facility facilities[] = { FACILITY_CGROUP, FACILITY_SUBID };

	(void)state;
	check_unknown(causes_groups, facilities, ARRAY_SIZE(facilities));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_are_missing_for_what_the_kernel_said),
		cmocka_unit_test(ranges_are_missing_for_what_newuidmap_needs),
		cmocka_unit_test(nothing_asked_is_nothing_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
