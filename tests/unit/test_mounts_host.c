/* SPDX-License-Identifier: MIT */
/*
 * test_mounts_host.c - what the host has mounted already: it comes along, gets the flags of the
 * grant, keeps those it has, and the host never notices.
 *
 * The host is played by a first pair of namespaces; what is locked there is what a second user
 * namespace inherits.
 */
#include "mounts_ground.h"
#include "mounts_run.h"

static bool mount_at(const char *name, unsigned long flags)
{
	char path[GROUND_PATH];

	return mount("x", in_scratch(path, name), "tmpfs", 0, "") == 0 &&
	       (flags == 0 || mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | flags, NULL) == 0);
}

static bool make_dir_at(const char *name)
{
	char path[GROUND_PATH];

	return mkdir(in_scratch(path, name), 0755) == 0;
}

static int what_is_mounted_beneath_comes_along(void *data)
{
	static struct ops ops;
	const unsigned long all = ST_RDONLY | ST_NOEXEC | ST_NODEV | ST_NOSUID;

	EXPECT(enter_namespaces(0));
	EXPECT(mount_at("work/sub", 0) && make_dir_at("work/sub/more"));
	EXPECT(mount_at("work/sub/more", 0));
	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work",
		  MOUNT_RDONLY | MOUNT_NOEXEC | MOUNT_NODEV | MOUNT_NOSUID);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_create("work/sub/made") == EROFS && can_create("work/sub/more/made") == EROFS);
	EXPECT((flags_at("work/sub") & all) == all && (flags_at("work/sub/more") & all) == all);
	EXPECT(can_read("work/sub/deep") == ENOENT);
	return 0;
}

static int what_is_mounted_beneath_can_be_written(void *data)
{
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	EXPECT(mount_at("work/sub", 0));
	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", 0);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_create("work/sub/made") == 0);
	return 0;
}

/* Locked by the second user namespace. */
static int what_the_host_has_read_only_stays_so(void *data)
{
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	EXPECT(mount_at("work/sub", MS_RDONLY) && mount_at("work/hooks", 0));
	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", 0);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_create("work/made") == 0 && can_remove("work/made") == 0);
	EXPECT(can_create("work/sub/made") == EROFS && can_create("work/hooks/made") == 0);
	return 0;
}

/* Locked by nobody: the same user namespace owns them, as where there are no others. */
static int what_is_read_only_stays_so_without_a_lock(void *data)
{
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	EXPECT(mount_at("work/sub", MS_RDONLY) && mount_at("work/hooks", 0));
	EXPECT(mount_at("beside", MS_RDONLY));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", 0);
	(void)add(&ops, MOUNT_BIND, "beside", 0);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_create("work/made") == 0 && can_remove("work/made") == 0);
	EXPECT(can_create("work/sub/made") == EROFS && can_create("work/hooks/made") == 0);
	EXPECT(can_create("beside/made") == EROFS);
	return 0;
}

static int flags_of_the_host_are_kept(void *data)
{
	static struct ops ops;
	const unsigned long had = ST_NOSUID | ST_NODEV | ST_NOEXEC | ST_NOATIME;

	EXPECT(enter_namespaces(0));
	EXPECT(mount_at("work/sub", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME));
	EXPECT(mount_at("beside", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_NOATIME));
	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", MOUNT_RDONLY);
	(void)add(&ops, MOUNT_BIND, "beside", MOUNT_RDONLY);
	EXPECT(apply(&ops) == 0);
	EXPECT((flags_at("work/sub") & (had | ST_RDONLY)) == (had | ST_RDONLY));
	EXPECT((flags_at("beside") & (had | ST_RDONLY)) == (had | ST_RDONLY));
	return 0;
}

static int what_may_not_be_copied_is_left_out_or_comes(void *data)
{
	static struct ops ops;
	char path[GROUND_PATH];

	EXPECT(enter_namespaces(0));
	EXPECT(mount_at("work/sub", 0));
	EXPECT(mount(NULL, in_scratch(path, "work/sub"), NULL, MS_UNBINDABLE, NULL) == 0);
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", MOUNT_RDONLY);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	/* not as the mount that it was, and not writable either */
	EXPECT(can_create("work/sub/made") == EROFS);
	return 0;
}

/* A file system whose server is gone answers nothing: it is in nobody's way. */
static int what_is_dead_does_not_matter(void *data)
{
	static struct ops ops;
	char path[GROUND_PATH], options[80];
	struct stat st;
	int fd;

	EXPECT(enter_namespaces(0));
	fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	/* only root may, where the modes are the kernel's own */
	if (fd < 0)
		return 0;
	(void)snprintf(options, sizeof(options), "fd=%d,rootmode=40000,user_id=%u,group_id=%u", fd,
		       geteuid(), getegid());
	EXPECT(mount("x", in_scratch(path, "work/sub"), "fuse", MS_NOSUID | MS_NODEV, options) ==
	       0);
	(void)close(fd);
	EXPECT(stat(path, &st) < 0 && errno == ENOTCONN);
	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", MOUNT_RDONLY | MOUNT_NOSUID);
	(void)add(&ops, MOUNT_BIND, "work/hooks", 0);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_create("work/made") == EROFS && has_text("work/own", "own"));
	EXPECT(stat(path, &st) < 0 && errno == ENOTCONN);
	return 0;
}

/* As user 0 of a container where there are no user namespaces. */
static int capabilities_alone_are_enough(void *data)
{
	static struct ops ops;
	struct sys_caps caps;

	EXPECT(sys_capget(&caps) == 0);
	if (!(caps.effective[0] & (1U << 21 /* CAP_SYS_ADMIN */)))
		return 0;
	EXPECT(unshare(CLONE_NEWNS) == 0);
	EXPECT(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0);
	EXPECT(mount_at("work/sub", MS_RDONLY));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", 0);
	(void)add(&ops, MOUNT_MASK_FILE, "work/secret", 0);
	(void)add(&ops, MOUNT_TMPFS, "work/hidden", 0);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_create("work/made") == 0 && can_remove("work/made") == 0);
	EXPECT(can_create("work/sub/made") == EROFS && can_read("work/secret") == EACCES);
	EXPECT(can_read("work/hidden/inside") == ENOENT && can_create("beside/made") != 0);
	return 0;
}

/* The host's namespace sees none of it, though everything is shared there. */
static int the_host_sees_nothing(void *data)
{
	static struct ops ops;
	int before, after, ends[2], status;
	pid_t pid;
	char go;

	EXPECT(enter_namespaces(0));
	EXPECT(mount_at("beside", 0));
	EXPECT(mount(NULL, "/", NULL, MS_REC | MS_SHARED, NULL) == 0);
	before = count_mounts();
	EXPECT(pipe(ends) == 0);
	pid = fork();
	if (pid == 0) {
		if (!enter_namespaces(0))
			_exit(1);
		ops_init(&ops, *(enum way *)data);
		(void)add(&ops, MOUNT_BIND, "work", 0);
		(void)add(&ops, MOUNT_TMPFS, "work/hidden", 0);
		(void)add(&ops, MOUNT_MASK_FILE, "work/secret", 0);
		if (apply(&ops) < 0 || write(ends[1], "x", 1) != 1)
			_exit(2);
		(void)pause();
	}
	(void)close(ends[1]);
	EXPECT(read(ends[0], &go, 1) == 1);
	after = count_mounts();
	EXPECT(can_read("work/secret") == 0 && can_read("work/hidden/inside") == 0);
	EXPECT(can_create("made") == 0 && can_remove("made") == 0);
	EXPECT(kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
	EXPECT(before == after);
	return 0;
}

static int many_mounts_come_along(void *data)
{
	static struct ops ops;
	char name[32];

	EXPECT(enter_namespaces(0));
	EXPECT(mount_at("work", 0));
	for (int i = 0; i < 400; i++) {
		(void)snprintf(name, sizeof(name), "work/%d", i);
		EXPECT(make_dir_at(name) && mount_at(name, 0));
	}
	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "work", MOUNT_RDONLY);
	(void)add(&ops, MOUNT_BIND, "work/7", 0);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	for (int i = 0; i < 400; i++) {
		(void)snprintf(name, sizeof(name), "work/%d/made", i);
		EXPECT(can_create(name) == (i == 7 ? 0 : EROFS));
	}
	return 0;
}

static int many_grants_are_not_too_many(void *data)
{
	static struct ops ops;
	char name[32];

	EXPECT(enter_namespaces(0));
	EXPECT(mount_at("work", 0));
	ops_init(&ops, *(enum way *)data);
	for (int i = 0; i < 300; i++) {
		(void)snprintf(name, sizeof(name), "work/%d", i);
		EXPECT(make_dir_at(name));
		(void)add(&ops, MOUNT_BIND, name, i % 2 ? MOUNT_RDONLY : 0);
	}
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	for (int i = 0; i < 300; i++) {
		(void)snprintf(name, sizeof(name), "work/%d/made", i);
		EXPECT(can_create(name) == (i % 2 ? EROFS : 0));
	}
	EXPECT(can_create("work/made") == EROFS);
	return 0;
}

/* Nothing of the copy of everything is left, and "/" is what it was. */
static int many_grants_leave_nothing_behind(void *data)
{
	static struct ops ops;
	char name[32];
	int n;

	EXPECT(enter_namespaces(0));
	EXPECT(mount_at("work", 0));
	n = count_mounts();
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "/proc", MOUNT_RDONLY);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(name, sizeof(name), "work/%d", i);
		EXPECT(make_dir_at(name));
		(void)add(&ops, MOUNT_BIND, name, 0);
	}
	EXPECT(apply(&ops) == 0);
	if (ops.way != IN_PLACE)
		n = 1;
	EXPECT(count_mounts() >= n + 101 && count_mounts() <= n + 101 + 4);
	return 0;
}

static int few_descriptors_are_enough(void *data)
{
	const struct rlimit few = { .rlim_cur = 20, .rlim_max = 20 };
	static struct ops ops;
	char name[32];

	EXPECT(enter_namespaces(0));
	EXPECT(mount_at("work", 0));
	ops_init(&ops, *(enum way *)data);
	for (int i = 0; i < 40; i++) {
		(void)snprintf(name, sizeof(name), "work/%d", i);
		EXPECT(make_dir_at(name));
		(void)add(&ops, MOUNT_BIND, name, 0);
	}
	EXPECT(setrlimit(RLIMIT_NOFILE, &few) == 0);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_create("work/0/made") == 0 && can_create("work/39/made") == 0);
	EXPECT(can_create("work/made") == EROFS);
	return 0;
}

static int the_whole_tree_can_be_granted(void *data)
{
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	EXPECT(mount_at("beside", 0));
	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	if (ops.way != IN_PLACE)
		(void)add(&ops, MOUNT_BIND, "/", MOUNT_RDONLY | MOUNT_NOSUID);
	(void)add(&ops, MOUNT_BIND, "work", MOUNT_NOSUID);
	(void)add(&ops, MOUNT_MASK_FILE, "work/secret", 0);
	(void)add(&ops, MOUNT_MASK_DIRECTORY, "tools", 0);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_read("/etc/passwd") == 0 && can_create("/croft-made") == EROFS);
	EXPECT(can_create("made") == EROFS && can_create("beside/made") == EROFS);
	EXPECT(can_create("work/made") == 0 && can_remove("work/made") == 0);
	EXPECT(can_read("work/secret") == EACCES && can_read("tools/run") == EACCES);
	if (ops.way != IN_PLACE)
		EXPECT((flags_at("beside") & ST_NOSUID) && (flags_at("/") & ST_NOSUID));
	EXPECT(can_read("/proc/self/status") == 0);
	return 0;
}

static int nothing_is_mounted_upon_the_root_itself(void *data)
{
	static struct ops ops;

	if (*(enum way *)data != IN_PLACE)
		return 0;
	EXPECT(enter_namespaces(0));
	ops_init(&ops, IN_PLACE);
	(void)add(&ops, MOUNT_BIND, "/", 0);
	EXPECT(apply(&ops) == -EINVAL && strstr(ops.err.what, "'/'"));
	return 0;
}

static int a_part_of_proc_can_be_granted(void *data)
{
	static struct ops ops;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_BIND, "/proc/sys", MOUNT_RDONLY);
	(void)add(&ops, MOUNT_BIND, "/proc/version", MOUNT_RDONLY);
	(void)add(&ops, MOUNT_BIND, "/sys", MOUNT_RDONLY | MOUNT_NOEXEC);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	EXPECT(can_read("/proc/sys/kernel/ostype") == 0 && can_read("/proc/version") == 0);
	EXPECT(can_read("/sys/kernel") == 0);
	EXPECT(can_read("/proc/uptime") == (ops.way == IN_PLACE ? 0 : ENOENT));
	return 0;
}

/* As kernels that do not know the option: of a mount since 5.8. */
static long knows_no_hidepid(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const char *text =
		call == SYS_CALL_mount ? (const char *)(uintptr_t)e : (const char *)(uintptr_t)c;

	if (text && strstr(text, "hidepid"))
		return -EINVAL;
	return sys_real(call, a, b, c, d, e, f);
}

/* The second process of a pid namespace, where the first keeps all its capabilities. */
static int in_own_proc(enum way way, bool has_hidepid)
{
	const unsigned long flags = ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC;
	static struct ops ops;
	struct sys_caps before, after;

	ops_init(&ops, way);
	(void)add(&ops, MOUNT_BIND, "work", 0);
	(void)add(&ops, MOUNT_PROC, "/proc", MOUNT_RDONLY);
	if (!has_hidepid) {
		sys_replace(SYS_CALL_mount, knows_no_hidepid);
		if (way != NEW_ROOT_OLD_CALLS)
			sys_replace(SYS_CALL_fsconfig, knows_no_hidepid);
	}
	if (sys_capget(&before) < 0 || apply(&ops) != 0 || sys_capget(&after) < 0 ||
	    memcmp(&before, &after, sizeof(after)) != 0)
		return 1;
	if (!drop_capabilities() || can_read("/proc/self/status") || can_read("/proc/2/status") ||
	    can_read("/proc/3/status") != ENOENT)
		return 2;
	if ((flags_at("/proc") & flags) != flags || can_write("/proc/self/comm") != EROFS)
		return 3;
	/* hidden, or an empty directory in its place */
	if (can_read("/proc/1/status") == 0 || can_read("/proc/1/environ") == 0)
		return 4;
	return can_read("/proc/1") == (has_hidepid ? ENOENT : EACCES) ? 0 : 5;
}

static int with_own_proc(enum way way, bool has_hidepid)
{
	int status;
	pid_t pid;

	EXPECT(enter_namespaces(CLONE_NEWPID));
	pid = fork();
	if (pid == 0) {
		pid = fork();
		if (pid == 0)
			_exit(in_own_proc(way, has_hidepid));
		_exit(waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
									   : 9);
	}
	EXPECT(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
	return WEXITSTATUS(status);
}

static int a_fresh_proc_shows_its_own_processes(void *data)
{
	return with_own_proc(*(enum way *)data, true);
}

static int a_proc_that_hides_nothing_is_covered(void *data)
{
	return with_own_proc(*(enum way *)data, false);
}

/* A part of the host's proc is covered: the kernel refuses a whole one, and its words are told. */
static int a_refused_proc_is_explained(void *data)
{
	static struct ops ops;
	int status;
	pid_t pid;

	EXPECT(enter_namespaces(0));
	EXPECT(mount("x", "/proc/tty", "tmpfs", 0, "") == 0);
	EXPECT(enter_namespaces(CLONE_NEWPID));
	pid = fork();
	if (pid > 0)
		EXPECT(waitpid(pid, &status, 0) == pid);
	if (pid > 0)
		return WIFEXITED(status) ? WEXITSTATUS(status) : __LINE__;
	ops_init(&ops, *(enum way *)data);
	(void)add(&ops, MOUNT_PROC, "/proc", 0);
	if (apply(&ops) != -EPERM || ops.err.stage != CROFT_STAGE_MOUNTS)
		_exit(1);
	if (!strstr(ops.err.what, "a fresh proc"))
		_exit(2);
	if (ops.way != NEW_ROOT_OLD_CALLS && !strstr(ops.err.hint, "too revealing"))
		_exit(3);
	_exit(0);
}

static int terminals_of_its_own(void *data)
{
	static struct ops ops;
	int fd, number = -1;
	struct stat st;

	EXPECT(enter_namespaces(0));
	ops_init(&ops, *(enum way *)data);
	if (ops.way != IN_PLACE)
		add(&ops, MOUNT_LINK, "/dev/ptmx", 0)->source = "pts/ptmx";
	(void)add(&ops, MOUNT_DEVPTS, "/dev/pts", 0);
	EXPECT(apply(&ops) == 0 && drop_capabilities());
	fd = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	EXPECT(fd >= 0 && sys_ioctl(fd, 0x80045430 /* TIOCGPTN */, &number) == 0);
	EXPECT(number == 0 && stat("/dev/pts/0", &st) == 0 && S_ISCHR(st.st_mode));
	EXPECT(stat("/dev/pts/1", &st) < 0 && errno == ENOENT);
	return 0;
}

#define CASES(X)                                       \
	X(what_is_mounted_beneath_comes_along)         \
	X(what_is_mounted_beneath_can_be_written)      \
	X(what_the_host_has_read_only_stays_so)        \
	X(what_is_read_only_stays_so_without_a_lock)   \
	X(flags_of_the_host_are_kept)                  \
	X(what_may_not_be_copied_is_left_out_or_comes) \
	X(what_is_dead_does_not_matter)                \
	X(capabilities_alone_are_enough)               \
	X(the_host_sees_nothing)                       \
	X(many_mounts_come_along)                      \
	X(many_grants_are_not_too_many)                \
	X(many_grants_leave_nothing_behind)            \
	X(few_descriptors_are_enough)                  \
	X(the_whole_tree_can_be_granted)               \
	X(nothing_is_mounted_upon_the_root_itself)     \
	X(a_part_of_proc_can_be_granted)               \
	X(a_fresh_proc_shows_its_own_processes)        \
	X(a_proc_that_hides_nothing_is_covered)        \
	X(a_refused_proc_is_explained)                 \
	X(terminals_of_its_own)

RUN_CASES
