/* SPDX-License-Identifier: MIT */
/*
 * probe_ns_mounts.c - what can be mounted in a namespace of one's own, each seen by its effect.
 *
 * croft's own mounts (tmpfs, a bind made read-only, a fresh proc, mounts by descriptor) are seen by
 * host.h's probe. Here are those that other sandboxes and builds want besides, and the reason that
 * the kernel gives for a proc or sysfs that it refuses: mount(2) says EPERM, and the descriptor of
 * fsopen(2) says "VFS: Mount too revealing" (fs/namespace.c, mnt_already_visible).
 *
 * Every one has a child of its own in namespaces of its own, and nothing is mounted before the
 * mount namespace is known to be another. The ground is a tmpfs over the probe's own directory,
 * where the child makes what it needs.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "doctor/ns.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define OPTIONS_ROOM 3072 /* of the kernel's page: three names of a directory for temporary files */

struct page {
	int errnum;
	bool is_done;
	char step[16];
	char text[160]; /* what the kernel said */
	const char *ground; /* a directory of ours; the child's working directory lies on it */
	int (*fn)(struct page *page);
};

static int failed(struct page *page, const char *step, int r)
{
	strncpy(page->step, step, sizeof(page->step) - 1);
	return r;
}

/* The message of a context of fsopen: "e VFS: Mount too revealing". */
static void read_message(struct page *page, int fs)
{
	ssize_t n = sys_read(fs, page->text, sizeof(page->text) - 1);

	page->text[n < 0 ? 0 : n] = '\0';
	page->text[strcspn(page->text, "\n")] = '\0';
}

static int by_context(struct page *page, const char *type)
{
	AUTO_FD int fs = sys_fsopen(type);
	AUTO_FD int mount = -1;
	int r;

	if (fs < 0)
		return failed(page, "fsopen", fs);
	r = sys_fsconfig(fs, ABI_FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (r < 0) {
		read_message(page, fs);
		return failed(page, "fsconfig", r);
	}
	mount = sys_fsmount(fs, 0);
	if (mount >= 0)
		return 0;
	read_message(page, fs);
	return failed(page, "fsmount", mount);
}

/* By the older call where the newer ones are not to be had. */
static int by_either(struct page *page, const char *type)
{
	int r = by_context(page, type);

	if (r == 0 || *page->text || strcmp(page->step, "fsmount") == 0)
		return r;
	r = sys_mount(type, "place", type, MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL);
	return r < 0 ? failed(page, "mount", r) : 0;
}

/* A mount namespace's proc is of the pid namespace that its maker is in: of a new one here. */
static int proc_of_its_own(void *arg)
{
	struct page *page = arg;

	page->errnum = -by_either(page, "proc");
	return 0;
}

static int try_proc(struct page *page)
{
	int r = sys_unshare(CLONE_NEWPID);

	if (r < 0)
		return failed(page, "unshare", r);
	r = child_result(proc_of_its_own, page);
	return r < 0 ? failed(page, "fork", r) : -page->errnum;
}

static int try_sysfs(struct page *page)
{
	int r = sys_unshare(CLONE_NEWNET);

	return r < 0 ? failed(page, "unshare", r) : by_either(page, "sysfs");
}

static int try_percent(struct page *page)
{
	int r = sys_mount("tmpfs", "place", "tmpfs", 0, "size=50%");

	return r < 0 ? failed(page, "mount", r) : 0;
}

/* A new instance names its first terminal 0, whatever was there before. */
static int try_devpts(struct page *page)
{
	AUTO_FD int master = -1;
	int r = sys_mount("devpts", "place", "devpts", MS_NOSUID | MS_NOEXEC,
			  "newinstance,ptmxmode=0666,mode=0620");

	if (r < 0)
		return failed(page, "mount", r);
	master = sys_openat(AT_FDCWD, "place/ptmx", O_RDWR | O_NOCTTY, 0);
	if (master < 0)
		return failed(page, "open", master);
	r = sys_faccessat(AT_FDCWD, "place/0", 0);
	return r < 0 ? failed(page, "first", r) : 0;
}

static int try_mqueue(struct page *page)
{
	int r = sys_unshare(CLONE_NEWIPC);

	if (r < 0)
		return failed(page, "unshare", r);
	r = sys_mount("mqueue", "place", "mqueue", 0, NULL);
	return r < 0 ? failed(page, "mount", r) : 0;
}

static int try_cgroup2(struct page *page)
{
	int r = sys_unshare(CLONE_NEWCGROUP);

	if (r < 0)
		return failed(page, "unshare", r);
	r = sys_mount("cgroup2", "place", "cgroup2", 0, NULL);
	return r < 0 ? failed(page, "mount", r) : 0;
}

/* What lies beneath is seen, and what is made comes to lie above and not there. */
static int overlay(struct page *page, const char *more)
{
	char options[OPTIONS_ROOM];
	int len = snprintf(options, sizeof(options),
			   "lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work%s", page->ground,
			   page->ground, page->ground, more);
	int r;

	if (len >= (int)sizeof(options))
		return failed(page, "options", -ENAMETOOLONG);
	/* by whole names: gVisor takes no others */
	r = sys_mount("overlay", "place", "overlay", 0, options);
	if (r < 0)
		return failed(page, "mount", r);
	r = sys_faccessat(AT_FDCWD, "place/below", 0);
	if (r < 0)
		return failed(page, "lower", r);
	r = sys_mkdirat(AT_FDCWD, "place/made", 0700);
	if (r < 0)
		return failed(page, "write", r);
	return sys_faccessat(AT_FDCWD, "upper/made", 0) < 0 ||
			       sys_faccessat(AT_FDCWD, "lower/made", 0) == 0
		       ? failed(page, "effect", -ENOTSUP)
		       : 0;
}

static int try_overlay(struct page *page)
{
	return overlay(page, "");
}

static int try_overlay_userxattr(struct page *page)
{
	return overlay(page, ",userxattr");
}

/* The old root is gone afterwards: what was found by its name is not found any more. */
static int try_pivot(struct page *page)
{
	int r = sys_mount("tmpfs", "place", "tmpfs", 0, "size=65536");

	if (r < 0)
		return failed(page, "mount", r);
	r = sys_chdir("place");
	if (r == 0)
		r = sys_pivot_root(".", ".");
	if (r < 0)
		return failed(page, "pivot_root", r);
	r = sys_umount(".", MNT_DETACH);
	if (r < 0)
		return failed(page, "umount2", r);
	return sys_chdir("/") == 0 && sys_faccessat(AT_FDCWD, "/proc", 0) == -ENOENT
		       ? 0
		       : failed(page, "effect", -ENOTSUP);
}

static const struct {
	const char *name;
	int (*fn)(struct page *page);
} kinds[] = {
	{ "proc", try_proc },
	{ "sysfs", try_sysfs },
	{ "tmpfs-percent", try_percent },
	{ "devpts", try_devpts },
	{ "mqueue", try_mqueue },
	{ "cgroup2", try_cgroup2 },
	{ "overlay", try_overlay },
	{ "overlay-userxattr", try_overlay_userxattr },
	{ "pivot-root", try_pivot },
};

static int make_ground(struct page *page)
{
	static const char *const names[] = { "place", "lower", "lower/below", "upper", "work" };
	int r = ns_own_mounts();

	if (r < 0)
		return failed(page, "private", r);
	r = sys_mount("tmpfs", page->ground, "tmpfs", MS_NOSUID | MS_NODEV, "size=1048576");
	if (r < 0)
		return failed(page, "ground", r);
	r = sys_chdir(page->ground);
	for (size_t i = 0; i < ARRAY_SIZE(names) && r >= 0; i++)
		r = sys_mkdirat(AT_FDCWD, names[i], 0700);
	return r < 0 ? failed(page, "directory", r) : 0;
}

static int act(void *arg)
{
	struct page *page = arg;
	struct ns_way way;
	int r = ns_enter(CLONE_NEWNS, &way);

	if (r < 0)
		(void)failed(page, "enter", r);
	else
		r = make_ground(page);
	if (r == 0)
		r = page->fn(page);
	page->errnum = -r;
	page->is_done = true;
	return 0;
}

static void report(const struct probe_context *context, const char *name, int r,
		   const struct page *page)
{
	/* Without a way in, or any mount at all, nothing is known of this one. */
	bool is_ground = strcmp(page->step, "enter") != 0 && strcmp(page->step, "private") != 0 &&
			 strcmp(page->step, "ground") != 0;
	enum obs_outcome outcome = page->errnum == 0 ? OBS_YES : OBS_NO;

	if (r < 0)
		report_of(context, OBS_NS_MOUNT, name, OBS_BROKEN, "fork", -r, OBS_NO_VALUE, NULL);
	else if (!page->is_done)
		report_of(context, OBS_NS_MOUNT, name, OBS_NO, "killed", 0, OBS_NO_VALUE, NULL);
	else
		report_of(context, OBS_NS_MOUNT, name, is_ground ? outcome : OBS_NOT_ASKED,
			  page->errnum ? page->step : NULL, page->errnum, OBS_NO_VALUE, page->text);
}

static void probe_mounts(const struct probe_context *context)
{
	struct page *page;
	void *memory;

	if (sys_mmap_shared(sizeof(*page), &memory) < 0)
		return;
	page = memory;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		*page = (struct page){ .ground = context->tmp, .fn = kinds[i].fn };
		report(context, kinds[i].name, child_result(act, page), page);
	}
	(void)sys_munmap(memory, sizeof(*page));
}

static const struct probe probes[] = {
	{ .id = OBS_NS_MOUNT, .run = probe_mounts, .wants_tmp = true },
};

const struct probe_table probes_ns_mounts = { probes, ARRAY_SIZE(probes) };
