/* SPDX-License-Identifier: MIT */
/*
 * probe_limits.c - room: whether as many processes, descriptors and as much memory are to be had
 * as an ordinary build takes, and what the limits say that stand in the way.
 *
 * A limit that is low and reached by nobody is no trouble; so the room is tried (ROOM), by a child
 * that takes it and gives it back at once, and the limits are read to explain a refusal. EAGAIN of
 * clone is RLIMIT_NPROC's (of all processes of the user, and not for root) and pids.max's of a
 * control group. They are told apart by doing: the soft limit is raised as far as it goes, which
 * helps or does not; and a group counts its refusals in pids.events, which has grown or not.
 *
 * Memory is mapped and not touched: address space (RLIMIT_AS) without a right to it, which
 * counts nowhere else, and memory that may be written, which the kernel may refuse to promise
 * (vm.overcommit_memory=2, RLIMIT_DATA). memory.max of a group refuses nothing: it kills. It
 * is only read.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "doctor/groups.h"
#include "doctor/since.h"
#include "sys/calls.h"
#include "sys/fd.h"

/* What a build takes without anybody's noticing: make -j8, or a test runner with its workers. */
#define ROOM_PROCESSES 32
#define ROOM_FILES 256
#define ROOM_MEMORY ((size_t)256 << 20)
/* node, Go and WebAssembly reserve some gigabytes before they begin. */
#define ROOM_ADDRESSES ((size_t)8 << 30)

static const struct limit {
	const char *name;
	int resource;
	const char *line; /* of /proc/PID/limits */
} limits[] = {
	{ "nproc", RLIMIT_NPROC, "Max processes" },
	{ "nofile", RLIMIT_NOFILE, "Max open files" },
	{ "as", RLIMIT_AS, "Max address space" },
	{ "data", RLIMIT_DATA, "Max data size" },
	{ "fsize", RLIMIT_FSIZE, "Max file size" },
	{ "cpu", RLIMIT_CPU, "Max cpu time" },
	{ "memlock", RLIMIT_MEMLOCK, "Max locked memory" },
};

struct limit_since {
	const struct limit *limit;
	uint64_t soft;
};

static bool has_limit(int proc_dir, const void *arg)
{
	const struct limit_since *since = arg;
	char text[4096], value[64];
	uint64_t soft;

	return text_read(proc_dir, "limits", text, sizeof(text)) > 0 &&
	       text_line(text, since->limit->line, value, sizeof(value)) &&
	       text_number(value, 10, &soft) == 0 && soft == since->soft;
}

static void print_limit(char *ret, size_t size, uint64_t value)
{
	if (value == RLIM_INFINITY)
		(void)snprintf(ret, size, "unlimited");
	else
		(void)snprintf(ret, size, "%" PRIu64, value);
}

/* Those that are not unlimited; "soft hard since". */
static void report_limit(const struct probe_context *context, const struct limit *limit)
{
	struct limit_since since = { .limit = limit };
	struct rlimit value;
	char hard[32], who[256] = "", text[320];

	if (sys_raw(__NR_prlimit64, context->pid, limit->resource, 0, (long)(uintptr_t)&value, 0,
		    0) < 0 ||
	    value.rlim_cur == RLIM_INFINITY)
		return;
	since.soft = value.rlim_cur;
	since_find(context->pid ? context->pid : sys_getppid(), has_limit, &since, who,
		   sizeof(who));
	print_limit(hard, sizeof(hard), value.rlim_max);
	(void)snprintf(text, sizeof(text), "hard limit %s%s%s", hard, who[0] ? "; since " : "",
		       who);
	report_of(context, OBS_LIMIT, limit->name, OBS_YES, NULL, 0, (int64_t)value.rlim_cur, text);
}

static void probe_limits(const struct probe_context *context)
{
	static const char *const files[] = { "pids.max", "memory.max" };
	uint64_t number;
	char text[16];

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		report_limit(context, &limits[i]);
	/* 2: what is promised is counted, and no more than there is */
	if (text_read(AT_FDCWD, "/proc/sys/vm/overcommit_memory", text, sizeof(text)) > 0 &&
	    text_number(text, 10, &number) == 0 && number == 2)
		report_of(context, OBS_LIMIT, "vm.overcommit_memory", OBS_YES, NULL, 0, 2, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char group[GROUP_PATH_SIZE];
		uint64_t value;

		if (group_lowest(context->proc_fd, files[i], &value, group) == 1)
			report_of(context, OBS_LIMIT, files[i], OBS_YES, NULL, 0, (int64_t)value,
				  group);
	}
}

/* One more than there are. */
typedef int (*take_fn)(size_t n);

static int take_process(size_t n)
{
	pid_t pid = child_start(child_pause, NULL);

	(void)n;
	return pid < 0 ? pid : 0;
}

static int take_file(size_t n)
{
	int fd;

	/* nothing is opened: it is the number that is taken */
	(void)n;
	fd = sys_fcntl(0, F_DUPFD_CLOEXEC, 0);
	return fd < 0 ? fd : 0;
}

static int take_pages(size_t size, int protection)
{
	long r = sys_raw(__NR_mmap, 0, (long)size, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return r < 0 && r > -4096 ? (int)r : 0;
}

static int take_memory(size_t n)
{
	(void)n;
	return take_pages(ROOM_MEMORY, PROT_READ | PROT_WRITE);
}

static int take_addresses(size_t n)
{
	(void)n;
	return take_pages(ROOM_ADDRESSES, PROT_NONE);
}

struct room {
	const char *name;
	take_fn take;
	size_t wanted;
	int resource;
	/* found */
	size_t n;
	int errnum;
	bool helps_soft; /* with the soft limit raised there is one more */
};

/* In a process of its own, with which everything that was taken goes. */
static int act_take(void *arg)
{
	struct room *room = arg;
	struct rlimit limit;
	int r = 0;

	for (room->n = 0; room->n < room->wanted; room->n++) {
		r = room->take(room->n);
		if (r < 0)
			break;
	}
	room->errnum = -r;
	if (r == 0 || sys_prlimit(room->resource, NULL, &limit) < 0 ||
	    limit.rlim_cur == limit.rlim_max)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	room->helps_soft =
		sys_prlimit(room->resource, &limit, NULL) == 0 && room->take(room->n) == 0;
	return 0;
}

static void try_room(const struct probe_context *context, struct room *page,
		     const struct room *wanted)
{
	char group[GROUP_PATH_SIZE] = "", grown[GROUP_PATH_SIZE] = "";
	uint64_t before = 0, after = 0;
	int r;

	*page = *wanted;
	(void)group_refusals(context->proc_fd, &before, group);
	r = child_result(act_take, page);
	(void)group_refusals(context->proc_fd, &after, grown);
	if (r != 0) {
		/* the first process that is wanted is the one that takes the others */
		report_of(context, OBS_ROOM, wanted->name,
			  r == -EAGAIN || r == -ENOMEM ? OBS_NO : OBS_BROKEN, "clone",
			  r < 0 ? -r : 0, 0, after > before ? grown : NULL);
		return;
	}
	report_of(context, OBS_ROOM, wanted->name, page->errnum ? OBS_NO : OBS_YES,
		  !page->errnum      ? NULL
		  : page->helps_soft ? "soft"
				     : "hard",
		  page->errnum, (int64_t)page->n, after > before ? grown : NULL);
}

static void probe_room(const struct probe_context *context)
{
	static const struct room rooms[] = {
		{ "processes", take_process, ROOM_PROCESSES, RLIMIT_NPROC, 0, 0, false },
		{ "files", take_file, ROOM_FILES, RLIMIT_NOFILE, 0, 0, false },
		{ "memory", take_memory, 1, RLIMIT_DATA, 0, 0, false },
		{ "addresses", take_addresses, 1, RLIMIT_AS, 0, 0, false },
	};
	void *page;
	int r = sys_mmap_shared(sizeof(struct room), &page);

	if (r < 0) {
		report_of(context, OBS_ROOM, "memory", OBS_NO, "mmap", -r, 0, NULL);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rooms); i++)
		try_room(context, page, &rooms[i]);
}

static const struct probe probes[] = {
	{ .id = OBS_LIMIT, .run = probe_limits },
	{ .id = OBS_ROOM, .run = probe_room },
};
const struct probe_table probes_limits = { probes, ARRAY_SIZE(probes) };
