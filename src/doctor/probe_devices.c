/* SPDX-License-Identifier: MIT */
/*
 * probe_devices.c - the devices that every program takes for granted, and the clock.
 *
 * A name in /dev proves nothing: a container that was made by hand has a regular file "null" that
 * grows, or a node with other numbers. So each is opened without waiting, its numbers are looked
 * at (Documentation/admin-guide/devices.txt), and it does what it is for: null takes everything
 * and gives nothing, zero gives zeros, full has no room, random and urandom give bytes, ptmx gives
 * a terminal that is then found in /dev/pts. /dev/tty says ENXIO to who has no terminal (EIO in
 * gVisor), and a probe may have none: that is the right device's answer.
 *
 * A device on a mount with nodev is there, has the right numbers, and is EACCES.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <time.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define DEVPTS_MAGIC 0x1cd1
#define TICK_MS 2
/* 2024-01-01 and 2100-01-01: certificates are valid between them. */
#define REALTIME_MIN INT64_C(1704067200)
#define REALTIME_MAX INT64_C(4102444800)

typedef int (*device_fn)(int fd, const char **step);

static int reads(int fd, const char **step)
{
	unsigned char bytes[16];
	ssize_t n = sys_read(fd, bytes, sizeof(bytes));

	*step = "read";
	/* EAGAIN: /dev/random before it has been seeded; it is the right device */
	return n == (ssize_t)sizeof(bytes) || n == -EAGAIN ? 0 : n < 0 ? (int)n : -ENOTSUP;
}

static int act_null(int fd, const char **step)
{
	char byte = 'x';
	ssize_t n = sys_write(fd, &byte, 1);

	*step = "write";
	if (n != 1)
		return n < 0 ? (int)n : -ENOTSUP;
	*step = "read";
	n = sys_read(fd, &byte, 1);
	return n < 0 ? (int)n : n ? -ENOTSUP : 0;
}

static int act_zero(int fd, const char **step)
{
	unsigned char bytes[16];
	ssize_t n = sys_read(fd, bytes, sizeof(bytes));

	*step = "read";
	if (n != (ssize_t)sizeof(bytes))
		return n < 0 ? (int)n : -ENOTSUP;
	for (size_t i = 0; i < sizeof(bytes); i++)
		if (bytes[i])
			return -ENOTSUP;
	return 0;
}

static int act_full(int fd, const char **step)
{
	ssize_t n = sys_write(fd, "x", 1);

	*step = "write";
	return n == -ENOSPC ? 0 : n < 0 ? (int)n : -ENOTSUP;
}

/* Its other half is in /dev/pts, under its number, and a character device. */
static int act_ptmx(int fd, const char **step)
{
	unsigned number = 0;
	char path[32];
	struct stat st;
	int r = sys_ioctl(fd, TIOCGPTN, &number);

	*step = "TIOCGPTN";
	if (r < 0)
		return r;
	*step = "pts";
	(void)snprintf(path, sizeof(path), "/dev/pts/%u", number);
	r = sys_fstatat(AT_FDCWD, path, &st, 0);
	return r < 0 ? r : S_ISCHR(st.st_mode) ? 0 : -ENOTSUP;
}

static const struct device {
	const char *path;
	unsigned major, minor;
	int flags;
	device_fn act; /* NULL: it is enough that it can be opened */
} devices[] = {
	{ "/dev/null", 1, 3, O_RDWR, act_null },   { "/dev/zero", 1, 5, O_RDONLY, act_zero },
	{ "/dev/full", 1, 7, O_WRONLY, act_full }, { "/dev/random", 1, 8, O_RDONLY, reads },
	{ "/dev/urandom", 1, 9, O_RDONLY, reads }, { "/dev/tty", 5, 0, O_RDWR, NULL },
	{ "/dev/ptmx", 5, 2, O_RDWR, act_ptmx },
};

static int try_device(const struct device *device, const char **step, struct stat *st)
{
	AUTO_FD int fd = -1;
	int r = sys_fstatat(AT_FDCWD, device->path, st, 0);

	*step = "stat";
	if (r < 0)
		return r;
	*step = "node";
	if (!S_ISCHR(st->st_mode) || st->st_rdev != makedev(device->major, device->minor))
		return -ENOTSUP;
	*step = "open";
	fd = sys_openat(AT_FDCWD, device->path, device->flags | O_NONBLOCK | O_NOCTTY, 0);
	if (fd < 0)
		/* nobody's terminal: gVisor has another errno for it */
		return (fd == -ENXIO || fd == -EIO) && !device->act ? 0 : fd;
	return device->act ? device->act(fd, step) : 0;
}

/* What was found in the place of the node; or the mount that takes no devices. */
static void describe(const struct device *device, const char *step, int r, const struct stat *st,
		     char *ret, size_t size)
{
	struct statfs fs;

	ret[0] = '\0';
	if (!strcmp(step, "node")) {
		if (S_ISCHR(st->st_mode))
			(void)snprintf(ret, size, "character device %u:%u", major(st->st_rdev),
				       minor(st->st_rdev));
		else
			(void)snprintf(ret, size, "%s",
				       S_ISREG(st->st_mode)   ? "a regular file"
				       : S_ISDIR(st->st_mode) ? "a directory"
							      : "no character device");
	} else if (!strcmp(step, "open") && r == -EACCES) {
		AUTO_FD int fd = sys_openat(AT_FDCWD, device->path, O_PATH, 0);

		if (fd >= 0 && sys_fstatfs(fd, &fs) == 0 && fs.f_flags & ST_NODEV)
			mount_point_of(device->path, ret, size);
	}
}

static void report(const struct probe_context *context, const char *path, int r, const char *step,
		   const char *text)
{
	report_of(context, OBS_DEVICE, path, r < 0 ? OBS_NO : OBS_YES, r < 0 ? step : NULL,
		  r < 0 && r != -ENOTSUP ? -r : 0, OBS_NO_VALUE, text);
}

/* A directory of devpts that others may search: grantpt of others' programs looks there. */
static void probe_pts(const struct probe_context *context)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, "/dev/pts", O_PATH | O_DIRECTORY, 0);
	char text[32] = "";
	const char *step = "stat";
	struct statfs fs;
	struct stat st;
	int r = fd < 0 ? fd : sys_fstatat(fd, "", &st, AT_EMPTY_PATH);

	if (r == 0) {
		step = "type";
		r = sys_fstatfs(fd, &fs);
		if (r == 0 && fs.f_type != DEVPTS_MAGIC)
			r = -ENOTSUP;
	}
	if (r == 0) {
		step = "mode";
		(void)snprintf(text, sizeof(text), "%04o", st.st_mode & 07777U);
		if ((st.st_mode & 0555) != 0555)
			r = -ENOTSUP;
	}
	report(context, "/dev/pts", r, step, text);
}

static void probe_shm(const struct probe_context *context)
{
	AUTO_FD int dir = sys_openat(AT_FDCWD, "/dev/shm", O_RDONLY | O_DIRECTORY, 0);
	AUTO_FD int fd = -1;
	const char *step = "open";
	char name[48];
	int r = dir;

	if (dir >= 0) {
		step = "create";
		(void)snprintf(name, sizeof(name), "croft-doctor-%d", sys_getpid());
		fd = sys_openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
		r = fd;
	}
	if (fd >= 0) {
		(void)sys_unlinkat(dir, name, 0);
		step = "write";
		r = fd_write_all(fd, "x", 1);
	}
	report(context, "/dev/shm", r, step, NULL);
}

/* /dev/fd is what shells make <(...) of; /proc/self/exe is what programs start themselves by. */
static void probe_links(const struct probe_context *context)
{
	static const char *const names[] = { "/dev/fd/0", "/proc/self/exe" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		AUTO_FD int fd = sys_openat(AT_FDCWD, names[i], O_RDONLY | O_NONBLOCK, 0);
		char magic[4] = "";
		int r = fd;

		if (fd >= 0 && i == 1 &&
		    (fd_read_full(fd, magic, sizeof(magic)) != (ssize_t)sizeof(magic) ||
		     memcmp(magic, "\177ELF", 4) != 0))
			r = -ENOTSUP;
		report(context, i ? names[i] : "/dev/fd", r, "open", NULL);
	}
}

static void probe_devices(const struct probe_context *context)
{
	for (size_t i = 0; i < ARRAY_SIZE(devices); i++) {
		const char *step = "stat";
		struct stat st;
		char text[256];
		int r = try_device(&devices[i], &step, &st);

		describe(&devices[i], step, r, &st, text, sizeof(text));
		report(context, devices[i].path, r, step, text);
	}
	probe_pts(context);
	probe_shm(context);
	probe_links(context);
}

static int read_clock(int clock, struct timespec *ret)
{
	return (int)sys_raw(__NR_clock_gettime, clock, (long)(uintptr_t)ret, 0, 0, 0, 0);
}

static void report_clock(const struct probe_context *context, const char *name, int r,
			 int64_t seconds)
{
	report_of(context, OBS_CLOCK, name, r < 0 ? OBS_NO : OBS_YES,
		  r == -ENOTSUP ? "effect"
		  : r < 0       ? "clock_gettime"
				: NULL,
		  r < 0 && r != -ENOTSUP ? -r : 0, seconds, NULL);
}

static int64_t difference_ns(const struct timespec *a, const struct timespec *b)
{
	return ((int64_t)b->tv_sec - a->tv_sec) * 1000000000 + b->tv_nsec - a->tv_nsec;
}

static void probe_clock(const struct probe_context *context)
{
	struct timespec first = { 0 }, second = { 0 }, now = { 0 };
	char text[256];
	int r = read_clock(CLOCK_MONOTONIC, &first);

	if (r == 0) {
		(void)sys_ppoll(NULL, 0, TICK_MS);
		r = read_clock(CLOCK_MONOTONIC, &second);
		/* it has waited for two milliseconds: a clock that stands still says otherwise */
		if (r == 0 && difference_ns(&first, &second) < INT64_C(500000) * TICK_MS)
			r = -ENOTSUP;
	}
	report_clock(context, "monotonic", r, first.tv_sec);
	r = read_clock(CLOCK_REALTIME, &now);
	if (r == 0 && (now.tv_sec < REALTIME_MIN || now.tv_sec > REALTIME_MAX))
		r = -ENOTSUP;
	report_clock(context, "realtime", r, now.tv_sec);
	r = read_clock(CLOCK_BOOTTIME, &now);
	/* it counts what the machine slept as well: never less than the other */
	if (r == 0 && difference_ns(&second, &now) < 0)
		r = -ENOTSUP;
	report_clock(context, "boottime", r, now.tv_sec);
	if (text_read(context->proc_fd, "timens_offsets", text, sizeof(text)) > 0) {
		char value[64];

		(void)text_line(text, "boottime", value, sizeof(value));
		/* "0 0" without a time namespace */
		if (value[0] && value[0] != '0')
			probe_yes(context, OBS_TIMENS, value);
	}
}

static const struct probe probes[] = {
	{ .id = OBS_DEVICE, .run = probe_devices },
	{ .id = OBS_CLOCK, .run = probe_clock },
};
const struct probe_table probes_devices = { probes, ARRAY_SIZE(probes) };
