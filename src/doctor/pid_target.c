/* SPDX-License-Identifier: MIT */
/*
 * pid_target.c - opens the process of --pid.
 *
 * The directory /proc/N is opened first and everything is read through it: it stays with the
 * process, and is dead (ESRCH) when that is. The pidfd is opened after it, and then the
 * directory is read once more: if it answers, both are of the same process, whatever became of
 * the number in between.
 *
 * A filter is read by PTRACE_SECCOMP_GET_FILTER, which wants a stopped process, root, and a
 * kernel with CONFIG_CHECKPOINT_RESTORE. A child of ours seizes it (no SIGSTOP is seen by
 * anybody), interrupts it, reads, and lets go; if the child is killed the kernel lets go. One that
 * does not stop, as it waits in the kernel for a device, is let go after PID_STOP_MS. Calls that a
 * stop would end with EINTR though no signal came (epoll_wait and some more, signal(7)) are
 * begun again, where the registers allow for that (x86_64).
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/ptrace.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "doctor/probe_pid.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define TICK_MS 5

static long trace(long request, pid_t pid, long address, long data)
{
	return sys_raw(SYS_ptrace, request, pid, address, data, 0, 0);
}

/* False: it did not stop in time, or is gone. */
static bool wait_for_stop(pid_t pid)
{
	for (int waited = 0; waited < PID_STOP_MS; waited += TICK_MS) {
		int status = 0, r = sys_wait4(pid, &status, WNOHANG | __WALL, NULL);

		if (r == pid)
			return WIFSTOPPED(status);
		if (r < 0 && r != -EINTR)
			return false;
		(void)sys_ppoll(NULL, 0, TICK_MS);
	}
	return false;
}

#ifdef __x86_64__
/* What struct user_regs_struct has, up to what is needed. */
struct registers {
	uint64_t before_ax[10], ax, cx, dx, si, di, orig_ax, ip, rest[10];
};

/* An unblocked signal is on its way: then the EINTR is its own. */
static bool has_pending_signal(const struct pid_target *target)
{
	char status[8192], line[64];
	uint64_t pending, shared, blocked;

	return text_read(target->proc_fd, "status", status, sizeof(status)) < 0 ||
	       !text_line(status, "SigPnd:", line, sizeof(line)) ||
	       text_number(line, 16, &pending) < 0 ||
	       !text_line(status, "ShdPnd:", line, sizeof(line)) ||
	       text_number(line, 16, &shared) < 0 ||
	       !text_line(status, "SigBlk:", line, sizeof(line)) ||
	       text_number(line, 16, &blocked) < 0 || ((pending | shared) & ~blocked);
}

/* The instruction syscall is two bytes, and ends with its number where the result is now. */
static void begin_again(const struct pid_target *target)
{
	static const long calls[] = { SYS_epoll_wait,   SYS_epoll_pwait, 441 /* epoll_pwait2 */,
				      SYS_semop,        SYS_semtimedop,  SYS_rt_sigtimedwait,
				      SYS_io_getevents, SYS_read /* of inotify */ };
	struct registers registers = { 0 };
	struct iovec whole = { &registers, sizeof(registers) };

	if (trace(PTRACE_GETREGSET, target->pid, NT_PRSTATUS, (long)&whole) < 0 ||
	    (int64_t)registers.ax != -EINTR || has_pending_signal(target))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if ((long)registers.orig_ax != calls[i])
			continue;
		registers.ax = registers.orig_ax;
		registers.ip -= 2;
		(void)trace(PTRACE_SETREGSET, target->pid, NT_PRSTATUS, (long)&whole);
		return;
	}
}
#else
/* The first argument is overwritten by the result, and nobody gives it back. */
static void begin_again(const struct pid_target *target)
{
	(void)target;
}
#endif

static void get_filters(pid_t pid, struct pid_filters *filters)
{
	for (unsigned i = 0; i < PID_FILTERS_MAX; i++) {
		long n = trace(PTRACE_SECCOMP_GET_FILTER, pid, i, 0);

		if (n == -ENOENT)
			return; /* that was the last */
		if (n > 0 && n <= PID_FILTER_MAX)
			n = trace(PTRACE_SECCOMP_GET_FILTER, pid, i,
				  (long)filters->all[i].instructions);
		if (n <= 0 || n > PID_FILTER_MAX) {
			filters->step = "get";
			filters->errnum = n < 0 ? (int)-n : EMSGSIZE;
			return;
		}
		filters->all[i].n = (unsigned)n;
		filters->n = i + 1;
	}
	filters->step = "count";
	filters->errnum = E2BIG;
}

static int read_filters(void *arg)
{
	struct pid_target *target = arg;
	struct pid_filters *filters = target->filters;
	char status[64];
	long r = trace(PTRACE_SEIZE, target->pid, 0, 0);

	filters->step = "seize";
	filters->errnum = r < 0 ? (int)-r : ETIMEDOUT;
	if (r < 0)
		return 1;
	filters->step = "stop";
	/* its number may have become another's before it was seized: then its directory is dead */
	if (text_read(target->proc_fd, "status", status, sizeof(status)) <= 0 ||
	    trace(PTRACE_INTERRUPT, target->pid, 0, 0) < 0 || !wait_for_stop(target->pid))
		return 1; /* our end lets it go */
	filters->errnum = 0;
	get_filters(target->pid, filters);
	begin_again(target);
	(void)trace(PTRACE_DETACH, target->pid, 0, 0);
	return 0;
}

static int fetch_filters(struct pid_target *target)
{
	void *page;
	int r = sys_mmap_shared(sizeof(struct pid_filters), &page);

	if (r < 0)
		return r;
	target->filters = page;
	target->filters->step = "seize";
	target->filters->errnum = EPERM;
	r = child_result(read_filters, target);
	return r < 0 ? r : 0;
}

/* "Uid:" and "Gid:" have four numbers; the last is the file system's. */
static size_t read_numbers(const char *line, uint32_t *ret, size_t max)
{
	size_t n = 0;

	while (n < max) {
		uint64_t number;

		line += strspn(line, " \t");
		if (text_number(line, 10, &number) < 0 || number > UINT32_MAX)
			break;
		ret[n++] = (uint32_t)number;
		line += strspn(line, "0123456789");
	}
	return n;
}

/* As seen from here to as seen there; UINT32_MAX: it has no number there. */
static uint32_t id_inside(const char *map, uint32_t id)
{
	while (*map) {
		uint32_t row[3];

		if (read_numbers(map, row, 3) == 3 && id >= row[1] && id - row[1] < row[2])
			return row[0] + (id - row[1]);
		map += strcspn(map, "\n");
		map += *map == '\n';
	}
	return UINT32_MAX;
}

static int map_ids(int proc_fd, const char *file, uint32_t *ids, size_t n)
{
	char map[8192];
	ssize_t r = text_read(proc_fd, file, map, sizeof(map));

	if (r < 0)
		return (int)r;
	for (size_t i = 0; i < n; i++) {
		ids[i] = id_inside(map, ids[i]);
		if (ids[i] == UINT32_MAX)
			return -EOVERFLOW;
	}
	return 0;
}

static int read_ids(struct pid_target *target)
{
	struct pid_ids *ids = &target->ids;
	char line[1024];
	int r;

	if (!text_line(target->status, "Uid:", line, sizeof(line)) ||
	    read_numbers(line, ids->uid, 3) != 3 ||
	    !text_line(target->status, "Gid:", line, sizeof(line)) ||
	    read_numbers(line, ids->gid, 3) != 3)
		return -EPROTO;
	(void)text_line(target->status, "Groups:", line, sizeof(line));
	ids->n_groups = read_numbers(line, ids->groups, PID_GROUPS_MAX);
	if (target->ns[0].is_ours)
		return 0; /* the numbers are the same there */
	r = map_ids(target->proc_fd, "uid_map", ids->uid, 3);
	if (r == 0)
		r = map_ids(target->proc_fd, "gid_map", ids->gid, 3);
	/* groups without a number there stay, and nobody could name them */
	if (r == 0 && map_ids(target->proc_fd, "gid_map", ids->groups, ids->n_groups) < 0)
		ids->n_groups = 0;
	return r;
}

static uint64_t status_hex(const struct pid_target *target, const char *word)
{
	char line[64];
	uint64_t number = 0;

	if (text_line(target->status, word, line, sizeof(line)))
		(void)text_number(line, 16, &number);
	return number;
}

static void read_status(struct pid_target *target)
{
	char line[64];

	target->caps_effective = status_hex(target, "CapEff:");
	target->caps_permitted = status_hex(target, "CapPrm:");
	target->caps_inheritable = status_hex(target, "CapInh:");
	target->caps_bounding = status_hex(target, "CapBnd:");
	target->has_nnp = status_hex(target, "NoNewPrivs:") == 1;
	target->seccomp = text_line(target->status, "Seccomp:", line, sizeof(line))
				  ? (int)status_hex(target, "Seccomp:")
				  : -1;
}

static void open_namespaces(struct pid_target *target)
{
	static const struct pid_ns kinds[PID_NS_KINDS] = {
		{ .name = "user", .flag = CLONE_NEWUSER },
		{ .name = "mnt", .flag = CLONE_NEWNS },
		{ .name = "pid", .flag = CLONE_NEWPID },
		{ .name = "net", .flag = CLONE_NEWNET },
		{ .name = "ipc", .flag = CLONE_NEWIPC },
		{ .name = "uts", .flag = CLONE_NEWUTS },
		{ .name = "cgroup", .flag = CLONE_NEWCGROUP },
	};

	for (size_t i = 0; i < PID_NS_KINDS; i++) {
		struct pid_ns *ns = &target->ns[i];
		char name[16], self[32], here[64] = "", there[64] = "";
		ssize_t n;

		*ns = kinds[i];
		ns->fd = -1;
		(void)snprintf(name, sizeof(name), "ns/%s", ns->name);
		(void)snprintf(self, sizeof(self), "/proc/self/%s", name);
		n = sys_readlinkat(target->proc_fd, name, there, sizeof(there) - 1);
		if (n > 0 && sys_readlinkat(AT_FDCWD, self, here, sizeof(here) - 1) > 0)
			ns->is_ours = strcmp(here, there) == 0;
		else if (n < 0 && n != -ENOENT)
			ns->errnum = (int)-n;
		else if (n == -ENOENT &&
			 sys_readlinkat(AT_FDCWD, self, here, sizeof(here)) == -ENOENT)
			ns->is_ours = true; /* this kernel has no such kind */
		if (ns->is_ours || ns->errnum)
			continue;
		ns->fd = sys_openat(target->proc_fd, name, O_RDONLY, 0);
		ns->errnum = ns->fd < 0 ? -ns->fd : 0;
	}
}

/* "unlimited" or a number, after blanks; what stands behind it. NULL: neither. */
static const char *read_limit(const char *text, rlim_t *ret)
{
	uint64_t number;

	text += strspn(text, " ");
	if (strncmp(text, "unlimited", 9) == 0)
		*ret = RLIM_INFINITY;
	else if (text_number(text, 10, &number) == 0)
		*ret = number;
	else
		return NULL;
	return text + strcspn(text, " \n");
}

/* Where the file is missing, or has not all of them: gVisor. */
static int ask_limits(struct pid_target *target)
{
	for (int i = 0; i < (int)RLIM_NLIMITS; i++) {
		long r = sys_raw(SYS_prlimit64, target->pid, i, 0, (long)&target->limits[i], 0, 0);

		if (r < 0)
			return (int)r;
	}
	return 0;
}

/*
 * From its file, which anybody may read: prlimit wants CAP_SYS_RESOURCE for another user's, and a
 * number that is still its own.
 */
static int read_limits(struct pid_target *target)
{
	static const char *const names[RLIM_NLIMITS] = {
		[RLIMIT_CPU] = "Max cpu time",
		[RLIMIT_FSIZE] = "Max file size",
		[RLIMIT_DATA] = "Max data size",
		[RLIMIT_STACK] = "Max stack size",
		[RLIMIT_CORE] = "Max core file size",
		[RLIMIT_RSS] = "Max resident set",
		[RLIMIT_NPROC] = "Max processes",
		[RLIMIT_NOFILE] = "Max open files",
		[RLIMIT_MEMLOCK] = "Max locked memory",
		[RLIMIT_AS] = "Max address space",
		[RLIMIT_LOCKS] = "Max file locks",
		[RLIMIT_SIGPENDING] = "Max pending signals",
		[RLIMIT_MSGQUEUE] = "Max msgqueue size",
		[RLIMIT_NICE] = "Max nice priority",
		[RLIMIT_RTPRIO] = "Max realtime priority",
		[RLIMIT_RTTIME] = "Max realtime timeout",
	};
	char text[8192];

	if (text_read(target->proc_fd, "limits", text, sizeof(text)) <= 0)
		return ask_limits(target);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct rlimit *limit = &target->limits[i];
		const char *at = strstr(text, names[i]);

		at = at ? read_limit(at + strlen(names[i]), &limit->rlim_cur) : NULL;
		if (!at || !read_limit(at, &limit->rlim_max))
			return ask_limits(target);
	}
	return 0;
}

static int has_ended(struct croft_error *err, pid_t pid, const char *what)
{
	return fail(err, CROFT_STAGE_USAGE, ESRCH, "look at process %d%s", (int)pid, what);
}

static int open_all(struct pid_target *target, struct croft_error *err)
{
	char path[32], state[8] = "";
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d", (int)target->pid);
	target->proc_fd = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
	if (target->proc_fd < 0)
		return fail(err, CROFT_STAGE_USAGE,
			    target->proc_fd == -ENOENT ? ESRCH : -target->proc_fd,
			    "look at process %d", (int)target->pid);
	target->pidfd = sys_pidfd_open(target->pid, 0);
	if (target->pidfd == -ESRCH)
		return has_ended(err, target->pid, "");
	if (text_read(target->proc_fd, "status", target->status, sizeof(target->status)) <= 0)
		return has_ended(err, target->pid, "");
	(void)text_line(target->status, "State:", state, sizeof(state));
	if (*state == 'Z' || *state == 'X')
		return has_ended(err, target->pid, ": it has ended, and waits for its parent");
	read_status(target);
	open_namespaces(target);
	r = sys_openat(target->proc_fd, "root", O_PATH | O_DIRECTORY, 0);
	target->root_fd = r < 0 ? -1 : r;
	target->root_errnum = r < 0 ? -r : 0;
	r = read_ids(target);
	target->ids_errnum = r < 0 ? -r : 0;
	r = read_limits(target);
	target->limits_errnum = r < 0 ? -r : 0;
	if (target->seccomp == 2 && fetch_filters(target) < 0)
		return fail(err, CROFT_STAGE_HOST, ENOMEM, "memory for the filters of process %d",
			    (int)target->pid);
	return 0;
}

int pid_target_open(pid_t pid, struct pid_target **ret_target, struct croft_error *err)
{
	struct pid_target *target = calloc(1, sizeof(*target));
	int r;

	if (!target)
		return fail(err, CROFT_STAGE_HOST, ENOMEM, "look at process %d", (int)pid);
	target->pid = pid;
	target->proc_fd = target->pidfd = target->root_fd = -1;
	for (size_t i = 0; i < PID_NS_KINDS; i++)
		target->ns[i].fd = -1;
	r = open_all(target, err);
	if (r < 0)
		pid_target_close(target);
	else
		*ret_target = target;
	return r;
}

void pid_target_close(struct pid_target *target)
{
	if (!target)
		return;
	if (target->pidfd >= 0)
		fd_close(&target->pidfd);
	if (target->proc_fd >= 0)
		fd_close(&target->proc_fd);
	fd_close(&target->root_fd);
	for (size_t i = 0; i < PID_NS_KINDS; i++)
		if (target->ns[i].fd >= 0)
			fd_close(&target->ns[i].fd);
	if (target->filters)
		(void)sys_munmap(target->filters, sizeof(*target->filters));
	free(target);
}
