/* SPDX-License-Identifier: MIT */
/*
 * mounts_new.c - mounts by descriptors: open_tree, mount_setattr, move_mount, fsopen.
 *
 * child-path: no allocation
 *
 * A copy of a tree of mounts is made detached, gets its flags, submounts and all, in one call that
 * does everything or nothing, and is attached when it is what it should be. Nobody ever sees it
 * without its flags, and nothing has to be listed. mount_setattr is the newest of the calls (since
 * 5.12) and decides; gVisor has some of the others and not this one.
 *
 * open_tree takes a copy of what is attached in this mount namespace only (of detached trees since
 * 6.15). So what other copies are made of is attached upon "/" itself: process roots and
 * descriptors below stay where they are, so no name leads there.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "base/cleanup.h"
#include "enforce/mounts_parts.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define AT_FD AT_EMPTY_PATH /* the descriptor itself */
#define ATTACH (ABI_MOVE_MOUNT_F_EMPTY_PATH | ABI_MOVE_MOUNT_T_EMPTY_PATH)
#define MESSAGE_SIZE 160

/*
 * By doing, with a descriptor that is none: EBADF comes from who has read the arguments. A filter
 * or an older kernel says something else, and one that misses is enough to take the old way.
 */
bool mounts_has_new_api(void)
{
	const struct abi_mount_attr attr = { .attr_set = ABI_MOUNT_ATTR_RDONLY };
	AUTO_FD int fs = -1;

	if (sys_mount_setattr(-1, "", AT_FD | ABI_AT_RECURSIVE, &attr) != -EBADF ||
	    sys_open_tree(-1, "", AT_FD | ABI_OPEN_TREE_CLONE) != -EBADF ||
	    sys_move_mount(-1, "", -1, "", ATTACH) != -EBADF || sys_fsmount(-1, 0) != -EBADF)
		return false;
	fs = sys_fsopen("tmpfs");
	return fs >= 0;
}

static unsigned attrs_of(unsigned flags)
{
	return (flags & MOUNT_RDONLY ? ABI_MOUNT_ATTR_RDONLY : 0) |
	       (flags & MOUNT_NOEXEC ? ABI_MOUNT_ATTR_NOEXEC : 0) |
	       (flags & MOUNT_NODEV ? ABI_MOUNT_ATTR_NODEV : 0) |
	       (flags & MOUNT_NOSUID ? ABI_MOUNT_ATTR_NOSUID : 0);
}

int new_copy(int source, const char *path, struct croft_error *err)
{
	int fd = sys_open_tree(source, "", AT_FD | ABI_OPEN_TREE_CLONE | ABI_AT_RECURSIVE);

	return fd < 0 ? fail(err, CROFT_STAGE_MOUNTS, -fd, "copy the mounts at '%s'", path) : fd;
}

int new_set_flags(int fd, unsigned flags, unsigned at_flags, const char *path,
		  struct croft_error *err)
{
	const struct abi_mount_attr attr = { .attr_set = attrs_of(flags) };
	int r = flags ? sys_mount_setattr(fd, "", AT_FD | at_flags, &attr) : 0;

	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "set the mount flags of '%s'", path) : 0;
}

int new_attach(int fd, int point, const char *path, struct croft_error *err)
{
	int r = sys_move_mount(fd, "", point, "", ATTACH);

	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "mount upon '%s'", path) : 0;
}

/* The kernel's own words ("e VFS: Mount too revealing"), where it has any. */
static void add_message(int fs, struct croft_error *err)
{
	char message[MESSAGE_SIZE];
	ssize_t n = sys_read(fs, message, sizeof(message) - 1);

	if (n <= 2)
		return;
	message[n] = '\0';
	message[strcspn(message, "\n")] = '\0';
	fail_hint(err, "the kernel says: %s", message + 2);
}

static int configure(int fs, const struct fresh *fresh)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(fresh->options) && fresh->options[i][0]; i++) {
		const char *value = fresh->options[i][1];

		r = sys_fsconfig(fs, value ? ABI_FSCONFIG_SET_STRING : ABI_FSCONFIG_SET_FLAG,
				 fresh->options[i][0], value, 0);
	}
	return r < 0 ? r : sys_fsconfig(fs, ABI_FSCONFIG_CMD_CREATE, NULL, NULL, 0);
}

int new_fresh(const struct fresh *fresh, const char *path, struct croft_error *err)
{
	AUTO_FD int fs = sys_fsopen(fresh->type);
	int r = fs < 0 ? fs : configure(fs, fresh);

	if (r >= 0)
		r = sys_fsmount(fs, attrs_of(fresh->flags));
	if (r >= 0)
		return r;
	(void)fail(err, CROFT_STAGE_MOUNTS, -r, "make a fresh %s for '%s'", fresh->type, path);
	if (fs >= 0)
		add_message(fs, err);
	return r;
}

int new_stack(int fd, int root, struct croft_error *err)
{
	return new_attach(fd, root, "/", err);
}

int new_unstack(int *fd, struct croft_error *err)
{
	int r = sys_fchdir(*fd);

	if (r == 0)
		r = sys_umount(".", MNT_DETACH);
	fd_close(fd);
	return r < 0 ? fail(err, CROFT_STAGE_MOUNTS, -r, "unmount what was needed meanwhile") : 0;
}
