/* SPDX-License-Identifier: MIT */
/*
 * test_causes_devices.c - what is the matter with devices and the clock, from what was observed.
 */
#include "planted.h"

#define GOOD(path)                        \
	{                                 \
		OBS_DEVICE, OBS_YES, path \
	}
#define BAD(path, step, errnum, text)                           \
	{                                                       \
		OBS_DEVICE, OBS_NO, path, step, errnum, 0, text \
	}

static const struct planted_case devices[] = {
	{ "all are there",
	  { GOOD("/dev/null"), GOOD("/dev/shm") },
	  FACILITY_DEVICES,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  "2 tried" },
	{ "what is missing is made by one line",
	  { GOOD("/dev/null"), BAD("/dev/zero", "stat", ENOENT, ""),
	    BAD("/dev/urandom", "stat", ENOENT, ""), BAD("/dev/fd", "open", ENOENT, "") },
	  FACILITY_DEVICES,
	  VERDICT_MISSING,
	  WHO_MOUNT,
	  "device-missing",
	  "mknod -m 666 /dev/zero c 1 5 && mknod -m 666 /dev/urandom c 1 9 && ln -s /proc/self/fd /dev/fd",
	  "/dev/zero, /dev/urandom, /dev/fd" },
	{ "one mount makes both of the terminals' names",
	  { BAD("/dev/ptmx", "stat", ENOENT, ""), BAD("/dev/pts", "stat", ENOENT, ""),
	    BAD("/dev/shm", "open", ENOENT, "") },
	  FACILITY_DEVICES,
	  VERDICT_MISSING,
	  WHO_MOUNT,
	  "device-missing",
	  "ln -sf pts/ptmx /dev/ptmx && mkdir -p -m 1777 /dev/shm",
	  NULL },
	{ "in a user namespace no node can be made",
	  { BAD("/dev/zero", "stat", ENOENT, ""), { OBS_PLACE, OBS_YES, "userns" } },
	  FACILITY_DEVICES,
	  VERDICT_MISSING,
	  WHO_MOUNT,
	  "device-missing",
	  "mount --rbind /dev ROOT/dev",
	  NULL },
	{ "a file with a device's name is told from the device",
	  { BAD("/dev/null", "node", 0, "a regular file") },
	  FACILITY_DEVICES,
	  VERDICT_MISSING,
	  WHO_MOUNT,
	  "device-wrong",
	  "rm -f /dev/null && mknod -m 666 /dev/null c 1 3",
	  "a regular file" },
	{ "a device that does something else is wrong too",
	  { BAD("/dev/zero", "read", 0, "") },
	  FACILITY_DEVICES,
	  VERDICT_MISSING,
	  WHO_MOUNT,
	  "device-wrong",
	  "mknod -m 666 /dev/zero c 1 5",
	  NULL },
	{ "nodev is the mount's",
	  { BAD("/dev/null", "open", EACCES, "/dev") },
	  FACILITY_DEVICES,
	  VERDICT_MISSING,
	  WHO_MOUNT,
	  "device-nodev",
	  "mount -o remount,bind,dev /dev",
	  NULL },
	{ "a mode is the file's",
	  { BAD("/dev/full", "open", EACCES, "") },
	  FACILITY_DEVICES,
	  VERDICT_MISSING,
	  WHO_PRIVILEGE,
	  "device-mode",
	  "chmod 666 /dev/full",
	  NULL },
	{ "EPERM is the group's list",
	  { BAD("/dev/full", "open", EPERM, ""), { OBS_PLACE, OBS_YES, "docker" } },
	  FACILITY_DEVICES,
	  VERDICT_MISSING,
	  WHO_RUNTIME,
	  "device-cgroup",
	  "docker run --device /dev/full",
	  NULL },
	{ "shared memory that this user cannot write",
	  { BAD("/dev/shm", "create", EACCES, "") },
	  FACILITY_DEVICES,
	  VERDICT_MISSING,
	  WHO_PRIVILEGE,
	  "shm-mode",
	  "chmod 1777 /dev/shm",
	  NULL },
	{ "shared memory that is read-only",
	  { BAD("/dev/shm", "create", EROFS, "") },
	  FACILITY_DEVICES,
	  VERDICT_MISSING,
	  WHO_MOUNT,
	  "shm-read-only",
	  "remount,rw /dev/shm",
	  NULL },
	{ "shared memory that is full",
	  { BAD("/dev/shm", "write", ENOSPC, "") },
	  FACILITY_DEVICES,
	  VERDICT_MISSING,
	  WHO_LIMIT,
	  "shm-full",
	  "size=",
	  NULL },
	{ "a directory of terminals that cannot be searched",
	  { BAD("/dev/pts", "mode", 0, "0620") },
	  FACILITY_DEVICES,
	  VERDICT_PARTLY,
	  WHO_MOUNT,
	  "pts-mode",
	  "chmod 755 /dev/pts",
	  "0620" },
	{ "a directory that is no devpts",
	  { BAD("/dev/pts", "type", 0, "") },
	  FACILITY_DEVICES,
	  VERDICT_MISSING,
	  WHO_MOUNT,
	  "pts-type",
	  "mount -t devpts",
	  NULL },
};

#define TICKS(name)                                          \
	{                                                    \
		OBS_CLOCK, OBS_YES, name, NULL, 0, 100, NULL \
	}
#define WRONG(name, errnum)                                        \
	{                                                          \
		OBS_CLOCK, OBS_NO, name, "effect", errnum, 5, NULL \
	}

static const struct planted_case clocks[] = {
	{ "the clock runs",
	  { TICKS("monotonic"), TICKS("realtime"), TICKS("boottime") },
	  FACILITY_CLOCK,
	  VERDICT_WORKS,
	  WHO_NOBODY,
	  "",
	  NULL,
	  NULL },
	{ "one that stands is named",
	  { WRONG("monotonic", 0) },
	  FACILITY_CLOCK,
	  VERDICT_MISSING,
	  WHO_KERNEL,
	  "clock-stands",
	  NULL,
	  "monotonic" },
	{ "a date that cannot be is named",
	  { TICKS("monotonic"), WRONG("realtime", 0) },
	  FACILITY_CLOCK,
	  VERDICT_MISSING,
	  WHO_SETTING,
	  "clock-wrong",
	  "timedatectl",
	  "5 s" },
	{ "a clock since boot that is behind",
	  { TICKS("monotonic"), WRONG("boottime", 0) },
	  FACILITY_CLOCK,
	  VERDICT_MISSING,
	  WHO_KERNEL,
	  "clock-boot",
	  NULL,
	  NULL },
	{ "a clock that is refused is a filter's",
	  { WRONG("monotonic", EPERM) },
	  FACILITY_CLOCK,
	  VERDICT_MISSING,
	  WHO_FILTER,
	  "clock-filter",
	  "\"clock_gettime\"",
	  "EPERM" },
	{ "a time namespace is said",
	  { TICKS("monotonic"), { OBS_TIMENS, OBS_YES, NULL, NULL, 0, 0, "86400 0" } },
	  FACILITY_CLOCK,
	  VERDICT_PARTLY,
	  WHO_RUNTIME,
	  "clock-namespace",
	  NULL,
	  "86400" },
};

static void devices_are_wrong_for_what_was_found(void **state)
{
	(void)state;
	check_cases(causes_devices, devices, ARRAY_SIZE(devices));
}

static void clocks_are_wrong_for_what_was_read(void **state)
{
	(void)state;
	check_cases(causes_devices, clocks, ARRAY_SIZE(clocks));
}

static void nothing_asked_is_nothing_known(void **state)
{
	static const enum facility facilities[] = { FACILITY_DEVICES, FACILITY_CLOCK };

	(void)state;
	check_unknown(causes_devices, facilities, ARRAY_SIZE(facilities));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(devices_are_wrong_for_what_was_found),
		cmocka_unit_test(clocks_are_wrong_for_what_was_read),
		cmocka_unit_test(nothing_asked_is_nothing_known),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
