/* SPDX-License-Identifier: MIT */
/*
 * acts_ns.c - which namespaces and mounts are to be had, found by making them in a child
 * that is gone a moment later, with all that it made.
 *
 * A zero from unshare(2) proves nothing: some kernels take a flag and do nothing, and some
 * hosts let a user namespace be made whose capabilities do nothing (AppArmor on Ubuntu
 * since 23.10). So every answer is an effect that was seen:
 *
 *   user     its link in /proc/self/ns is another, or no id is mapped any more; then both are
 *            mapped; and what its capabilities allow can be done (a mount)
 *   mount    its link is another; a tmpfs covers a directory; a bind of it is made
 *            read-only, and then a write is refused which was not before
 *   pid      the first process made after it has the number 1
 *   proc     a fresh one names that process "1"
 *   net      its link is another; lo is up, or was set up
 *   uts      its link is another; the host name is what it was set to
 *   ipc, cgroup   their links are others
 *
 * All are asked for by one unshare, as a launch does it, and one by one only where that is
 * refused. Nothing is mounted before the mount namespace is known to be another, and every
 * mount in it is private: nothing can reach the host's.
 *
 * A launch asks this each time, maybe from a process with gigabytes. So the child borrows the
 * caller's memory as vfork does, but where a filter is in force on us: that might kill the child
 * for a call, and up to Linux 5.15 the core dump of a process kills all who share its
 * memory. Then it has its own copy. What it found lies in a page that is shared either way,
 * and says "refused" until it is known better, so that a killed child tells how far it got.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "host/probe.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define STACK_SIZE ((size_t)256 * 1024) /* four 64 KiB pages, one of them the guard */
#define FIRST_KINDS (1U << HOST_NS_USER | 1U << HOST_NS_MOUNT | 1U << HOST_NS_PID)
#define SECCOMP_IN_FORCE 2 /* PR_GET_SECCOMP: a filter */
#define HOSTNAME "croft"

static const struct {
	int flag;
	const char *link; /* NULL: this process stays where it was */
} kinds[HOST_NS_MAX] = {
	[HOST_NS_USER] = { CLONE_NEWUSER, "/proc/self/ns/user" },
	[HOST_NS_MOUNT] = { CLONE_NEWNS, "/proc/self/ns/mnt" },
	[HOST_NS_PID] = { CLONE_NEWPID, NULL },
	[HOST_NS_NET] = { CLONE_NEWNET, "/proc/self/ns/net" },
	[HOST_NS_IPC] = { CLONE_NEWIPC, "/proc/self/ns/ipc" },
	[HOST_NS_UTS] = { CLONE_NEWUTS, "/proc/self/ns/uts" },
	[HOST_NS_CGROUP] = { CLONE_NEWCGROUP, "/proc/self/ns/cgroup" },
};

struct text {
	char data[32];
	size_t len;
};

struct act {
	/* what to do, and what user_namespaces(7) asks for, formatted before the child exists */
	unsigned wanted; /* 1U << HOST_NS_* */
	struct text deny, uid_map, gid_map;
	void *stack_top; /* for the child's child */
	int clone_flags;
	/* what came of it */
	enum host_ns_step step;
	/* errno of unshare; ENOTSUP: it had no effect; ENOENT: none can be seen, without a /proc */
	int made[HOST_NS_MAX];
	int errnum[HOST_NS_MAX]; /* the answer */
	int new_api_errnum, proc_errnum;
	bool is_read_only_whole;
	int lack; /* no answer, for want of means */
};

static bool is_wanted(const struct act *act, int kind)
{
	return act->wanted & 1U << kind;
}

/* The text of a link, "mnt:[4026531841]"; empty where /proc cannot tell. */
static struct text read_link(const char *path)
{
	struct text text = { .len = 0 };
	ssize_t len = path ? sys_readlinkat(AT_FDCWD, path, text.data, sizeof(text.data)) : 0;

	if (len > 0)
		text.len = (size_t)len;
	return text;
}

static bool has_mapped_ids(void)
{
	char text[64];

	return fd_read_now(AT_FDCWD, "/proc/self/uid_map", text, sizeof(text)) != 0;
}

/* How things were before: what must be other afterwards. */
struct before {
	struct text links[HOST_NS_MAX];
	bool has_mapped_ids;
};

static bool has_changed(const struct before *before, int kind)
{
	const struct text *old = &before->links[kind];
	struct text now = read_link(kinds[kind].link);

	if (old->len && now.len &&
	    (old->len != now.len || memcmp(old->data, now.data, now.len) != 0))
		return true;
	/* gVisor's link never changes, but the ids of a new namespace are mapped to nothing. */
	return kind == HOST_NS_USER && before->has_mapped_ids && !has_mapped_ids();
}

static void refuse_all(struct act *act, int errnum)
{
	for (int i = 0; i < HOST_NS_MAX; i++)
		act->errnum[i] = errnum;
}

/* One unshare; where it is refused, one for each: which of them is it? */
static void make_all(struct act *act)
{
	int flags = 0;

	for (int i = 0; i < HOST_NS_MAX; i++)
		if (is_wanted(act, i))
			flags |= kinds[i].flag;
	if (sys_unshare(flags) == 0)
		return;
	for (int i = 0; i < HOST_NS_MAX; i++) {
		if (!is_wanted(act, i))
			continue;
		act->made[i] = -sys_unshare(kinds[i].flag);
		/* It is what gives the right to the others. */
		if (i == HOST_NS_USER && act->made[i])
			return;
	}
}

static void see_all(struct act *act, const struct before *before)
{
	for (int i = 0; i < HOST_NS_MAX; i++)
		if (is_wanted(act, i) && kinds[i].link && act->made[i] == 0 &&
		    !has_changed(before, i))
			act->made[i] = before->links[i].len ? ENOTSUP : ENOENT;
}

static int write_text(const char *path, const struct text *text)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, path, O_WRONLY, 0);

	return fd < 0 ? fd : fd_write_all(fd, text->data, text->len);
}

static int map_ids(struct act *act)
{
	int r;

	act->step = NS_STEP_SETGROUPS;
	r = write_text("/proc/self/setgroups", &act->deny);
	/* Not in gVisor, nor before 3.19: there the map may be written without. */
	if (r < 0 && r != -ENOENT)
		return r;
	act->step = NS_STEP_UID_MAP;
	r = write_text("/proc/self/uid_map", &act->uid_map);
	if (r < 0)
		return r;
	act->step = NS_STEP_GID_MAP;
	return write_text("/proc/self/gid_map", &act->gid_map);
}

/* A directory to mount upon; which one does not matter, nobody else sees it. */
static const char *mount_place(struct stat *ret_st)
{
	static const char *const names[] = { "/tmp", "/var", "/usr", "/etc", "/dev", "/proc" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (sys_fstatat(AT_FDCWD, names[i], ret_st, 0) == 0 && S_ISDIR(ret_st->st_mode))
			return names[i];
	return NULL;
}

/* 0 if something can be made there, -EROFS where writing is refused by the mount. */
static int try_to_write(const char *place, const char *name)
{
	AUTO_FD int dir = sys_openat(AT_FDCWD, place, O_PATH | O_DIRECTORY, 0);

	return dir < 0 ? dir : sys_mkdirat(dir, name, 0700);
}

/* The name is one that was not tried before: what is there is EEXIST, read-only or not. */
static int see_read_only(const char *place, const char *name)
{
	int r = try_to_write(place, name);

	return r == -EROFS ? 0 : -ENOTSUP;
}

/* As a launch does: a copy of a tree, made read-only in one call with all below, attached. */
static int try_new_api(const char *place)
{
	static const struct abi_mount_attr attr = { .attr_set = ABI_MOUNT_ATTR_RDONLY };
	AUTO_FD int tree = sys_open_tree(AT_FDCWD, place, ABI_OPEN_TREE_CLONE | ABI_AT_RECURSIVE);
	int r;

	if (tree < 0)
		return tree;
	r = sys_mount_setattr(tree, "", AT_EMPTY_PATH | ABI_AT_RECURSIVE, &attr);
	if (r < 0)
		return r;
	r = sys_move_mount(tree, "", AT_FDCWD, place, ABI_MOVE_MOUNT_F_EMPTY_PATH);
	return r < 0 ? r : see_read_only(place, "refused");
}

static int try_old_api(const char *place)
{
	int r = sys_mount(place, place, NULL, MS_BIND, NULL);

	if (r < 0)
		return r;
	r = sys_mount(NULL, place, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
	return r < 0 ? r : see_read_only(place, "refused-too");
}

static int try_mounts(struct act *act)
{
	struct stat before, after;
	const char *place = mount_place(&before);
	int r;

	if (!place)
		return -ENOENT;
	/* Without a user namespace of its own the new tree is still joined to the host's. */
	r = sys_mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	if (r < 0)
		return r;
	r = sys_mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, "size=65536,mode=0700");
	if (r < 0)
		return r;
	r = sys_fstatat(AT_FDCWD, place, &after, 0);
	if (r < 0 || after.st_dev == before.st_dev)
		return -ENOTSUP;
	r = try_to_write(place, "made");
	if (r < 0)
		return r;
	act->new_api_errnum = -try_new_api(place);
	r = act->new_api_errnum ? try_old_api(place) : 0;
	if (r == 0)
		act->is_read_only_whole = sys_fchmodat(AT_FDCWD, place, 0700) == -EROFS;
	return r;
}

/* In the first process of a pid namespace: the proc at this descriptor is its own. */
static int see_proc(int proc)
{
	char name[16];
	ssize_t len = sys_readlinkat(proc, "self", name, sizeof(name));

	return len == 1 && name[0] == '1' ? 0 : -ENOTSUP;
}

static int try_new_proc(void)
{
	AUTO_FD int fs = sys_fsopen("proc");
	AUTO_FD int proc = -1;
	int r;

	if (fs < 0)
		return fs;
	r = sys_fsconfig(fs, ABI_FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r < 0)
		return r;
	proc = sys_fsmount(fs, 0);
	return proc < 0 ? proc : see_proc(proc);
}

static int try_proc(void)
{
	AUTO_FD int proc = -1;
	struct stat st;
	const char *place;
	int r = try_new_proc();

	if (r == 0)
		return 0;
	place = mount_place(&st);
	if (!place)
		return -ENOENT;
	r = sys_mount("proc", place, "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	if (r < 0)
		return r;
	proc = sys_openat(AT_FDCWD, place, O_PATH | O_DIRECTORY, 0);
	return proc < 0 ? proc : see_proc(proc);
}

static int act_first_process(void *arg)
{
	struct act *act = arg;

	if (sys_getpid() != 1)
		return 0;
	act->errnum[HOST_NS_PID] = 0;
	act->proc_errnum = act->errnum[HOST_NS_MOUNT] ? act->errnum[HOST_NS_MOUNT] : -try_proc();
	return 0;
}

static void try_pid(struct act *act)
{
	int status = 0, pid, r;

	if (act->made[HOST_NS_PID]) {
		act->errnum[HOST_NS_PID] = act->proc_errnum = act->made[HOST_NS_PID];
		return;
	}
	act->errnum[HOST_NS_PID] = ENOTSUP;
	pid = sys_clone(act_first_process, act->stack_top, act->clone_flags, act, NULL);
	if (pid < 0) {
		act->errnum[HOST_NS_PID] = act->proc_errnum = -pid;
		/* a limit on processes, or on memory */
		if (pid == -EAGAIN)
			act->lack = EAGAIN;
		return;
	}
	do
		r = sys_wait4(pid, &status, __WALL, NULL);
	while (r == -EINTR);
	if (act->errnum[HOST_NS_PID])
		act->proc_errnum = act->errnum[HOST_NS_PID];
}

static int try_net(void)
{
	struct ifreq lo = { .ifr_name = "lo" };
	AUTO_FD int fd = sys_socket(AF_INET, SOCK_DGRAM, 0);
	int r;

	if (fd < 0)
		return fd;
	r = sys_ioctl(fd, SIOCGIFFLAGS, &lo);
	if (r < 0)
		return r;
	/* In gVisor it is up from the start, and cannot be set. */
	if (lo.ifr_flags & IFF_UP)
		return 0;
	lo.ifr_flags |= IFF_UP;
	r = sys_ioctl(fd, SIOCSIFFLAGS, &lo);
	if (r < 0)
		return r;
	r = sys_ioctl(fd, SIOCGIFFLAGS, &lo);
	return r < 0 || !(lo.ifr_flags & IFF_UP) ? -ENOTSUP : 0;
}

static int try_uts(void)
{
	struct utsname name;
	int r = sys_sethostname(HOSTNAME, sizeof(HOSTNAME) - 1);

	if (r < 0)
		return r;
	r = sys_uname(&name);
	return r < 0 || strcmp(name.nodename, HOSTNAME) != 0 ? -ENOTSUP : 0;
}

static void try_other(struct act *act, int kind, int (*fn)(void))
{
	if (is_wanted(act, kind))
		act->errnum[kind] = act->made[kind] ? act->made[kind] : -fn();
}

/* Always 0: everything is in the act. */
static int act_namespaces(void *arg)
{
	struct act *act = arg;
	struct before before = { .has_mapped_ids = has_mapped_ids() };
	int r;

	for (int i = 0; i < HOST_NS_MAX; i++)
		before.links[i] = read_link(is_wanted(act, i) ? kinds[i].link : NULL);
	act->step = NS_STEP_UNSHARE;
	make_all(act);
	see_all(act, &before);
	r = is_wanted(act, HOST_NS_USER) ? -act->made[HOST_NS_USER] : 0;
	if (r == 0 && is_wanted(act, HOST_NS_USER))
		r = map_ids(act);
	if (r < 0) {
		refuse_all(act, -r);
		act->proc_errnum = -r;
		return 0;
	}
	act->step = NS_STEP_MOUNT;
	act->errnum[HOST_NS_IPC] = act->made[HOST_NS_IPC];
	act->errnum[HOST_NS_CGROUP] = act->made[HOST_NS_CGROUP];
	r = -act->made[HOST_NS_MOUNT];
	if (r == 0)
		r = try_mounts(act);
	act->errnum[HOST_NS_MOUNT] = act->errnum[HOST_NS_USER] = -r;
	if (r == 0)
		act->step = NS_STEP_NONE;
	try_pid(act);
	try_other(act, HOST_NS_NET, try_net);
	try_other(act, HOST_NS_UTS, try_uts);
	return 0;
}

static struct text map_text(unsigned id)
{
	struct text text;

	text.len = (size_t)snprintf(text.data, sizeof(text.data), "%u %u 1\n", id, id);
	return text;
}

static int find_lack(const struct act *act)
{
	int lack = act->lack;

	for (int i = 0; i < HOST_NS_MAX; i++)
		if (is_wanted(act, i) && fd_is_shortage(-act->errnum[i]))
			lack = act->errnum[i];
	if (fd_is_shortage(-act->new_api_errnum))
		lack = act->new_api_errnum;
	return fd_is_shortage(-act->proc_errnum) ? act->proc_errnum : lack;
}

/* Runs the act in a child, and gives what it found. */
static int act_out(unsigned wanted, struct act *ret_act, struct croft_error *err)
{
	static const char what[] = "namespaces";
	bool has_filter = sys_prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == SECCOMP_IN_FORCE;
	int flags = has_filter ? 0 : CLONE_VM | CLONE_VFORK;
	void *page, *stack;
	struct act *act;
	int r = sys_mmap_shared(sizeof(*act), &page);

	if (r < 0)
		return fail(err, CROFT_STAGE_HOST, -r, "memory for what is tried in a child");
	r = sys_mmap_stack(STACK_SIZE, &stack);
	if (r < 0) {
		(void)sys_munmap(page, sizeof(*act));
		return fail(err, CROFT_STAGE_HOST, -r, "memory for what is tried in a child");
	}
	act = page;
	*act = (struct act){
		.wanted = wanted,
		.deny = { .data = "deny", .len = 4 },
		.uid_map = map_text(sys_geteuid()),
		.gid_map = map_text(sys_getegid()),
		.stack_top = (char *)stack + STACK_SIZE,
		.clone_flags = flags,
		.step = NS_STEP_UNSHARE,
		.new_api_errnum = EPERM,
		.proc_errnum = EPERM,
	};
	refuse_all(act, EPERM);
	r = probe_in_child(act_namespaces, act, flags, what, err);
	*ret_act = *act;
	(void)sys_munmap(stack, STACK_SIZE);
	(void)sys_munmap(page, sizeof(*act));
	if (r < 0)
		return r;
	r = find_lack(ret_act);
	return r ? fail(err, CROFT_STAGE_HOST, r, "try namespaces in a child") : 0;
}

static void take_answers(struct host *host, const struct act *act)
{
	for (int i = 0; i < HOST_NS_MAX; i++) {
		if (!is_wanted(act, i))
			continue;
		host->ns[i].works = act->errnum[i] ? HOST_NO : HOST_YES;
		host->ns[i].errnum = act->errnum[i];
	}
	host->mount.has_new_api = act->new_api_errnum ? HOST_NO : HOST_YES;
	host->mount.is_read_only_whole = act->is_read_only_whole ? HOST_YES : HOST_NO;
	host->mount.can_proc = act->proc_errnum ? HOST_NO : HOST_YES;
	host->mount.proc_errnum = act->proc_errnum;
}

static bool may_do_without_user(void)
{
	struct sys_caps caps;

	return sys_capget(&caps) == 0 && caps.effective[0] & 1U << CAP_SYS_ADMIN;
}

int host_probe_namespaces(struct host *host, unsigned wanted, struct croft_error *err)
{
	struct act act = { 0 };
	int r = act_out(wanted | FIRST_KINDS, &act, err);

	if (r < 0)
		return r;
	take_answers(host, &act);
	host->ns_step = act.step;
	host->ns_refuser = NS_REFUSER_UNKNOWN;
	if (act.step == NS_STEP_UNSHARE)
		host->ns_refuser = host_find_refuser(act.errnum[HOST_NS_USER]);
	host->has_ns_by_capability = false;
	if (act.errnum[HOST_NS_USER] == 0 || !may_do_without_user())
		return 0;
	r = act_out((wanted | FIRST_KINDS) & ~(1U << HOST_NS_USER), &act, err);
	if (r < 0)
		return r;
	/* Without mounts of its own there is nothing to be had; what refused the first stays. */
	if (act.errnum[HOST_NS_MOUNT] == 0) {
		take_answers(host, &act);
		host->has_ns_by_capability = true;
	}
	return 0;
}
