/* SPDX-License-Identifier: MIT */
/*
 * test_check_mounts.c - mounts beneath granted directories, and what these lie on: by a mountinfo
 * that a test writes, since to mount needs a privilege; and by a real mount where that is to be
 * had.
 *
 * A line counts if its number is that of what is found under its mount point now. All of the
 * scratch directory lies on one mount: with that number, a plain directory passes for a mount
 * point; with another, for one that is hidden under a later mount.
 */
#include "check_of.h"

#include <sched.h>
#include <sys/mount.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>

static unsigned long mount_id; /* of the scratch directory */
static char mountinfo[GROUND_PATH]; /* what is read in place of the kernel's */

static long read_other_mountinfo(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const char *path = (const char *)(uintptr_t)b;

	if (!strcmp(path, "/proc/self/mountinfo"))
		b = (long)(uintptr_t)mountinfo;
	return sys_real(call, a, b, c, d, e, f);
}

static unsigned long find_mount_id(const char *path)
{
	char name[64], text[512];
	int fd = open(path, O_PATH | O_CLOEXEC);
	unsigned long id = 0;
	ssize_t n;
	int info;

	(void)snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	info = open(name, O_RDONLY | O_CLOEXEC);
	n = read(info, text, sizeof(text) - 1);
	if (n > 0) {
		text[n] = '\0';
		if (sscanf(strstr(text, "mnt_id:"), "mnt_id: %lu", &id) != 1)
			id = 0;
	}
	(void)close(info);
	(void)close(fd);
	return id;
}

static int make_world(void **state)
{
	static const char *const dirs[] = { "home",     "project",  "tree", "tree/a b",
					    "tree/sub", "tree-not", "upper" };

	if (ground_open(state) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		make_dir(dirs[i]);
	mount_id = find_mount_id(scratch);
	(void)in_scratch(mountinfo, "mountinfo");
	return mount_id ? 0 : -1;
}

/* Checks reading @/tree with this mountinfo; '@' as in check_of.h, '#' is the right number. */
static void check_with(const char *lines)
{
	AUTO_BUF struct buf text = BUF_INIT(65536), all = BUF_INIT(65536);

	put_scratch(&text, lines);
	for (const char *p = buf_text(&text); *p; p++) {
		if (*p == '#')
			buf_printf(&all, "%lu", mount_id);
		else
			buf_putc(&all, *p);
	}
	make_file("mountinfo", buf_text(&all), 0600);
	sys_replace(SYS_CALL_openat, read_other_mountinfo);
	check_body("    files: { read: ['@/tree'] }", ABI_LANDLOCK_NEWEST, NULL);
	sys_replace(SYS_CALL_openat, NULL);
}

static const struct {
	const char *lines;
	enum finding_kind kind;
	const char *text; /* NULL: nothing is told */
} rows[] = {
	{ "# 1 8:1 / @/tree/sub rw,noatime shared:1 - ext4 /dev/sda1 rw\n", FINDING_MOUNT,
	  "'@/tree/sub' beneath '@/tree' is a mount of /dev/sda1 (ext4), and" },
	{ "# 1 8:1 / @/tree/a\\040b rw - ext4 /dev/disk\\011x rw\n", FINDING_MOUNT,
	  "'@/tree/a b' beneath '@/tree' is a mount of /dev/disk\tx (ext4), and" },
	/* a bind mount: which directory of what */
	{ "# 1 8:1 /ada/private @/tree/sub rw shared:1 master:2 - ext4 /dev/sda1 rw\n",
	  FINDING_MOUNT, "mount of /dev/sda1 (ext4), of its '/ada/private', and" },
	{ "# 1 8:1 / @/tree/sub rw - fuse.x  rw,user_id=0\n", FINDING_MOUNT,
	  "is a mount of fuse.x, and" },
	{ "# 1 8:1 / @/tree-not rw - ext4 /dev/sda1 rw\n", FINDING_MOUNT, NULL },
	{ "# 1 8:1 / @/tree/gone rw - ext4 /dev/sda1 rw\n", FINDING_MOUNT, NULL },
	{ "# 1 0:1 / @/tree/sub rw - proc proc rw\n", FINDING_MOUNT, NULL },
	/* hidden under another mount: the number is not that of what is there */
	{ "999999999 1 8:1 / @/tree/sub rw - ext4 /dev/sda1 rw\n", FINDING_MOUNT, NULL },
	/* the granted directory itself is no mount beneath it */
	{ "# 1 8:1 / @/tree rw - ext4 /dev/sda1 rw\n", FINDING_MOUNT, NULL },
	{ "no mountinfo\n\n# 1\n# 1 8:1 / relative rw - ext4 x rw\n", FINDING_MOUNT, NULL },

	{ "# 1 0:1 / @ rw - 9p host rw,trans=virtio,cache=none\n", FINDING_FORGETFUL,
	  "'@/tree' is on host (9p), where Landlock can lose its rules" },
	/* one beneath what is granted */
	{ "# 1 0:1 / @/tree/sub rw - 9p host rw\n", FINDING_FORGETFUL,
	  "'@/tree/sub' is on host (9p)" },
	{ "# 1 0:1 / @ rw - 9p host rw,access=client,mmap\n", FINDING_FORGETFUL, "host (9p)" },
	{ "# 1 0:1 / @ rw - 9p host rw,cache=loose,access=client\n", FINDING_FORGETFUL, NULL },
	{ "# 1 0:1 / @ rw - 9p host rw,cache=fscache\n", FINDING_FORGETFUL, NULL },
	{ "# 1 0:1 / @ rw - ext4 /dev/sda1 rw\n", FINDING_FORGETFUL, NULL },
	{ "# 1 0:1 / @ rw - fuse.sshfs ada:/ rw\n", FINDING_SERVED,
	  "'@/tree' is on ada:/ (fuse.ss" },
	{ "# 1 0:1 / @ rw - fuseblk /dev/sda1 rw\n", FINDING_SERVED, "'@/tree' is on /dev/sda1" },
	{ "# 1 0:1 / @ rw - ext4 /dev/sda1 rw\n", FINDING_SERVED, NULL },
	{ "# 1 0:1 / @ rw - overlay overlay rw,lowerdir=/x,upperdir=@/upper,workdir=/y\n",
	  FINDING_OVERLAY,
	  "'@/tree' is an overlay, and the grant is for the merged tree alone: "
	  "its layer '@/upper'" },
	/* in a container the layer is another machine's name */
	{ "# 1 0:1 / @ rw - overlay overlay rw,lowerdir=/x,upperdir=@/gone,workdir=/y\n",
	  FINDING_OVERLAY, NULL },
	{ "# 1 0:1 / @ rw - overlay overlay rw,lowerdir=@/upper\n", FINDING_OVERLAY, NULL },
};

static void a_mount_is_told_of_with_its_source_and_type(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		check_with(rows[i].lines);
		if (rows[i].text && !told(rows[i].kind, rows[i].text))
			fail_msg("row %zu: not told of '%s':\n%s", i, rows[i].text, all_told());
		else if (!rows[i].text && told(rows[i].kind, ""))
			fail_msg("row %zu: told of:\n%s", i, all_told());
	}
}

static unsigned long extra_flags;

static long statfs_with_flags(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	long r = sys_real(call, a, b, c, d, e, f);

	if (r == 0)
		((struct statfs *)(uintptr_t)b)->f_flags |= (long)extra_flags;
	return r;
}

static void what_a_mount_forbids_is_told_of(void **state)
{
	(void)state;
	sys_replace(SYS_CALL_fstatfs, statfs_with_flags);
	extra_flags = ST_NOEXEC;
	check_body("    files: { execute: ['@/tree'] }", ABI_LANDLOCK_NEWEST, NULL);
	assert_non_null(told(FINDING_MOUNT_FORBIDS, "'@/tree' is granted for executing, and lies "
						    "on a file system that is mounted noexec"));
	check_body("    files: { write: ['@/tree'] }", ABI_LANDLOCK_NEWEST, NULL);
	assert_null(told(FINDING_MOUNT_FORBIDS, ""));
	extra_flags = ST_RDONLY;
	check_body("    files: { write: ['@/tree'] }", ABI_LANDLOCK_NEWEST, NULL);
	assert_non_null(told(FINDING_MOUNT_FORBIDS, "for writing"));
	extra_flags = 0;
	check_body("    files: { write: ['@/tree'], execute: ['@/tree'] }", ABI_LANDLOCK_NEWEST,
		   NULL);
	assert_null(told(FINDING_MOUNT_FORBIDS, ""));
}

static void many_mounts_are_counted_and_not_all_named(void **state)
{
	AUTO_BUF struct buf lines = BUF_INIT(65536);
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 20; i++)
		buf_printf(&lines, "# 1 8:%d / @/tree/sub rw - ext4 /dev/sd%c rw\n", i, 'a' + i);
	check_with(buf_text(&lines));
	for (size_t i = 0; i < found.n; i++)
		n += found.items[i].kind == FINDING_MOUNT;
	assert_int_equal(n, 8);
	assert_non_null(told(FINDING_MORE_MOUNTS, "12 more mounts beneath '@/tree'"));
}

/*
 * In a process of its own, which may make namespaces: 0, a line, or NOT_ALLOWED. `data` is the name
 * of the profile's file.
 */
#define NOT_ALLOWED (-1)

static bool write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool is_done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	(void)close(fd);
	return is_done;
}

/* A mount namespace; an ordinary user gets it with a user namespace in which he is himself. */
static bool has_namespace(void)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char map[64];

	if (uid == 0)
		return unshare(CLONE_NEWNS) == 0;
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 || !write_to("/proc/self/setgroups", "deny"))
		return false;
	(void)snprintf(map, sizeof(map), "%u %u 1", gid, gid);
	if (!write_to("/proc/self/gid_map", map))
		return false;
	(void)snprintf(map, sizeof(map), "%u %u 1", uid, uid);
	return write_to("/proc/self/uid_map", map);
}

static int find_real_mount(void *data)
{
	static const char *const none[] = { NULL };
	const struct host host = host_of(ABI_LANDLOCK_NEWEST);
	char path[GROUND_PATH];
	size_t n;

	if (!has_namespace() || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("mine", in_scratch(path, "tree/sub"), "tmpfs", 0, NULL) < 0)
		return NOT_ALLOWED;
	/* which is not entered: what is in there is another's */
	EXPECT(symlink("/", in_scratch(path, "tree/sub/away")) == 0);
	EXPECT(check_in_world(data, &host, none, &n) == 0);
	EXPECT(!told(FINDING_LINKS_OUT, ""));
	EXPECT(told(FINDING_MOUNT, "'@/tree/sub' beneath '@/tree' is a mount of mine (tmpfs)"));
	/* another one above hides it */
	EXPECT(mount("other", in_scratch(path, "tree"), "tmpfs", 0, NULL) == 0);
	EXPECT(check_in_world(data, &host, none, &n) == 0);
	EXPECT(!told(FINDING_MOUNT, ""));
	return 0;
}

static void a_real_mount_is_found(void **state)
{
	char path[GROUND_PATH];
	int result;

	(void)state;
	check_body("    files: { read: ['@/tree'] }", ABI_LANDLOCK_NEWEST, NULL);
	assert_null(told(FINDING_MOUNT, ""));
	result = in_child(find_real_mount, (void *)(uintptr_t)in_scratch(path, "p.yaml"));
	if (result == NOT_ALLOWED)
		skip();
	assert_int_equal(result, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(a_mount_is_told_of_with_its_source_and_type,
					  ground_restore),
		cmocka_unit_test_teardown(many_mounts_are_counted_and_not_all_named,
					  ground_restore),
		cmocka_unit_test_teardown(what_a_mount_forbids_is_told_of, ground_restore),
		cmocka_unit_test(a_real_mount_is_found),
	};

	return cmocka_run_group_tests_name("check_mounts", tests, make_world, check_close);
}
