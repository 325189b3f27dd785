/* SPDX-License-Identifier: MIT */
/*
 * causes_devices.c - what is the matter with a device, or the clock.
 *
 * What is missing is made by one line for all of it. A node can be made only by root, and not in
 * a user namespace: there the host's own is mounted upon an empty file instead.
 */
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "doctor/causes_ns.h"
#include "doctor/judge.h"

static const struct node {
	const char *path;
	unsigned major, minor;
} nodes[] = {
	{ "/dev/null", 1, 3 },   { "/dev/zero", 1, 5 },    { "/dev/full", 1, 7 },
	{ "/dev/random", 1, 8 }, { "/dev/urandom", 1, 9 }, { "/dev/tty", 5, 0 },
};

/* NULL: no plain node, as /dev/ptmx */
static const struct node *find_node(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(nodes); i++)
		if (!strcmp(nodes[i].path, path))
			return &nodes[i];
	return NULL;
}

#define DEVPTS                                                                                \
	"mkdir -p /dev/pts && mount -t devpts -o newinstance,ptmxmode=0666,mode=0620 devpts " \
	"/dev/pts && ln -sf pts/ptmx /dev/ptmx"
#define SHM "mkdir -p -m 1777 /dev/shm && mount -t tmpfs -o nosuid,nodev,mode=1777 tmpfs /dev/shm"

/* What makes one thing that is not there. */
static const char *mend_absent(struct verdicts *verdicts, const char *path)
{
	const struct node *node = find_node(path);

	if (node)
		return verdicts_text(verdicts, "mknod -m 666 %s c %u %u", path, node->major,
				     node->minor);
	if (!strcmp(path, "/dev/shm"))
		return SHM;
	if (!strcmp(path, "/dev/fd"))
		return "ln -s /proc/self/fd /dev/fd";
	if (!strcmp(path, "/proc/self/exe"))
		return "mount -t proc proc /proc";
	return DEVPTS;
}

static bool has_text(const char *list, const char *text)
{
	return strstr(list, text);
}

static void judge_absent(struct verdicts *verdicts, const struct observations *set)
{
	static const struct cause_row row = {
		WHO_MOUNT, "device-missing", "devices that programs take for granted are not there",
		"", "nothing: every program may use them"
	};
	const struct observation *device = observed_next(set, OBS_DEVICE, NULL);
	const char *missing = "", *mend = "";

	for (; device; device = observed_next(set, OBS_DEVICE, device)) {
		const char *line;

		if (device->outcome != OBS_NO || device->errnum != ENOENT)
			continue;
		missing = judge_list(verdicts, missing, device->subject);
		line = mend_absent(verdicts, device->subject);
		/* one mount of devpts makes both */
		if (!has_text(mend, line))
			mend = verdicts_text(verdicts, "%s%s%s", mend, *mend ? " && " : "", line);
	}
	if (!*missing)
		return;
	if (was_seen(set, OBS_PLACE) && observed_of(set, OBS_PLACE, "userns")->outcome == OBS_YES)
		mend = "from outside, before it is entered: mount --rbind /dev ROOT/dev";
	judge_add(verdicts, FACILITY_DEVICES, VERDICT_MISSING, &row,
		  verdicts_text(verdicts, "ENOENT: %s", missing), mend);
}

struct device_row {
	const char *step; /* NULL: any */
	int errnum; /* 0: any; -1: no errno */
	const char *text; /* how the record's begins; NULL: any */
	struct cause_row row;
};

static const struct device_row device_rows[] = {
	{ "open",
	  EACCES,
	  "/",
	  { WHO_MOUNT, "device-nodev", "a device cannot be opened: its mount has nodev", "",
	    "every device node in it works" } },
	{ "open",
	  EPERM,
	  NULL,
	  { WHO_RUNTIME, "device-cgroup",
	    "a device cannot be opened: the control group's list of devices is without it", "",
	    "this device for all in that group" } },
	{ "open",
	  EACCES,
	  NULL,
	  { WHO_PRIVILEGE, "device-mode", "a device may not be opened by this user", "",
	    "every user may use it" } },
	{ "create",
	  EACCES,
	  NULL,
	  { WHO_PRIVILEGE, "shm-mode", "/dev/shm cannot be written by this user",
	    "chmod 1777 /dev/shm", "every user can use up its memory" } },
	{ "create",
	  EROFS,
	  NULL,
	  { WHO_MOUNT, "shm-read-only", "/dev/shm is mounted read-only",
	    "mount -o remount,rw /dev/shm", "" } },
	{ "write",
	  ENOSPC,
	  NULL,
	  { WHO_LIMIT, "shm-full", "/dev/shm is full", "mount -o remount,size=64m /dev/shm",
	    "as much memory" } },
	{ "mode",
	  0,
	  NULL,
	  { WHO_MOUNT, "pts-mode", "the directory /dev/pts may not be searched by everybody",
	    "chmod 755 /dev/pts", "" } },
	{ "type", 0, NULL, { WHO_MOUNT, "pts-type", "/dev/pts is no devpts", DEVPTS, "" } },
	{ NULL,
	  0,
	  NULL,
	  { WHO_MOUNT, "device-wrong",
	    "what has a device's name is another thing, or does not what it is for", "", "" } },
};

static const char *mend_device(struct verdicts *verdicts, const struct observations *set,
			       const struct device_row *row, const struct observation *device)
{
	const char *cause = row->row.cause, *path = device->subject;

	if (!strcmp(cause, "device-nodev"))
		return verdicts_text(verdicts, "mount -o remount,bind,dev %s", device->text);
	if (!strcmp(cause, "device-cgroup"))
		return mend_here(
			set,
			&(struct mend_words){
				.docker = verdicts_text(verdicts, "docker run --device %s", path),
				.podman = verdicts_text(verdicts, "podman run --device %s", path),
				.systemd = verdicts_text(verdicts,
							 "DeviceAllow=%s rw (in the unit)", path),
				.other = verdicts_text(
					verdicts,
					"the device %s in the list of whoever made the group",
					path),
			});
	if (!strcmp(cause, "device-mode"))
		return verdicts_text(verdicts, "chmod 666 %s", path);
	if (!strcmp(cause, "device-wrong"))
		return find_node(path) ? verdicts_text(verdicts, "rm -f %s && %s", path,
						       mend_absent(verdicts, path))
				       : mend_absent(verdicts, path);
	return NULL;
}

static void judge_broken(struct verdicts *verdicts, const struct observations *set,
			 const struct observation *device)
{
	for (size_t i = 0; i < ARRAY_SIZE(device_rows); i++) {
		const struct device_row *row = &device_rows[i];

		if ((row->step && strcmp(row->step, device->step) != 0) ||
		    (row->errnum && row->errnum != device->errnum) ||
		    (row->text && strncmp(row->text, device->text, strlen(row->text)) != 0))
			continue;
		judge_add(verdicts, FACILITY_DEVICES,
			  row->step && !strcmp(row->step, "mode") ? VERDICT_PARTLY
								  : VERDICT_MISSING,
			  &row->row,
			  verdicts_text(verdicts, "%s: %s%s%s", device->subject,
					judge_step(verdicts, device), *device->text ? ": " : "",
					device->text),
			  mend_device(verdicts, set, row, device));
		return;
	}
}

static void judge_devices(struct verdicts *verdicts, const struct observations *set)
{
	const struct observation *device = observed_next(set, OBS_DEVICE, NULL);
	unsigned n = 0;

	if (!device || (device->outcome != OBS_YES && device->outcome != OBS_NO)) {
		judge_unknown(verdicts, FACILITY_DEVICES, observed(set, OBS_DEVICE));
		return;
	}
	judge_absent(verdicts, set);
	for (; device; device = observed_next(set, OBS_DEVICE, device)) {
		n += device->outcome == OBS_YES;
		if (device->outcome == OBS_NO && device->errnum != ENOENT)
			judge_broken(verdicts, set, device);
	}
	if (!verdict_of(verdicts, FACILITY_DEVICES))
		judge_works(verdicts, FACILITY_DEVICES, verdicts_text(verdicts, "%u tried", n));
}

static void judge_clock(struct verdicts *verdicts, const struct observations *set)
{
	static const struct cause_row stands = {
		WHO_KERNEL, "clock-stands", "the clock stands still",
		"another clock source: cat /sys/devices/system/clocksource/clocksource0/available_clocksource, and echo one of them >current_clocksource",
		""
	};
	static const struct cause_row wrong = {
		WHO_SETTING, "clock-wrong",
		"the date cannot be right: certificates are not valid yet, or no more",
		"timedatectl set-ntp true; or date -s 'YYYY-MM-DD HH:MM'", ""
	};
	static const struct cause_row boot = {
		WHO_KERNEL, "clock-boot",
		"the clock since boot is behind the one that stops in sleep",
		"nothing for croft; times since boot are not to be trusted here", ""
	};
	static const struct cause_row shifted = {
		WHO_RUNTIME, "clock-namespace", "a time namespace shifts the clock since boot",
		"a start without it (unshare without --boottime and --monotonic)", ""
	};
	static const struct cause_row refused = { WHO_FILTER, "clock-filter",
						  "the clock may not be read", "", "" };
	static const struct {
		const char *name;
		const struct cause_row *row;
	} clocks[] = { { "monotonic", &stands }, { "realtime", &wrong }, { "boottime", &boot } };
	const struct observation *timens = observed(set, OBS_TIMENS);

	if (!was_asked(observed(set, OBS_CLOCK))) {
		judge_unknown(verdicts, FACILITY_CLOCK, observed(set, OBS_CLOCK));
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(clocks); i++) {
		const struct observation *clock = observed_of(set, OBS_CLOCK, clocks[i].name);

		if (clock->outcome == OBS_NO)
			judge_add(verdicts, FACILITY_CLOCK, VERDICT_MISSING,
				  clock->errnum ? &refused : clocks[i].row,
				  verdicts_text(verdicts, "%s: %s, %lld s", clock->subject,
						judge_step(verdicts, clock),
						(long long)clock->value),
				  clock->errnum ? mend_rule(verdicts, set, "clock_gettime") : NULL);
	}
	if (timens->outcome == OBS_YES)
		judge_add(verdicts, FACILITY_CLOCK, VERDICT_PARTLY, &shifted,
			  verdicts_text(verdicts, "/proc/self/timens_offsets: boottime %s",
					timens->text),
			  NULL);
	if (!verdict_of(verdicts, FACILITY_CLOCK))
		judge_works(verdicts, FACILITY_CLOCK, "it runs");
}

void causes_devices(struct verdicts *verdicts, const struct observations *set)
{
	judge_devices(verdicts, set);
	judge_clock(verdicts, set);
}
