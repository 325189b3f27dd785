/* SPDX-License-Identifier: MIT */
/*
 * skeleton.c - the files of a build, from the first directory to the last.
 *
 * A builder makes its outputs in the store, where they do not exist before, may be files,
 * directories or links, and lie beside everything that it shall not see. So its store is a
 * directory of its own that has nothing in it but a mount point for each input, and what it has
 * made is moved out when it has ended well. A rename needs one file system: so this directory lies
 * in the real store, where whoever builds must be allowed to make names anyway. Its name is
 *
 *	HASH-croft-RANDOM		HASH: that of the first output
 *
 * which is a store path in form. Nix's collector of garbage keeps what has the hash of a path that
 * is being built, and removes anything else that is no valid path: so a build is not disturbed,
 * and what even a killed cleaner has left (a daemon kills all processes of a build user) goes with
 * the next collection.
 *
 *	root/	"/" of the room, read-only to the builder: etc, bin, and empty mount points
 *	store/	the builder's store
 *	tmp/	its /tmp: on disk, as in Nix's own sandbox
 *
 * Mode 0700: nobody else reaches a set-user-ID file that the builder makes, and from what is moved
 * out that bit is taken first. Nix's own sandbox refuses to make such files by a filter.
 *
 * What the builder has written is an enemy's: names are taken from the specification, never from
 * the directory; nothing is followed; the walk holds two descriptors a level and goes no deeper
 * than WALK_MAX, beyond which the outputs are refused.
 */
#include "drv/skeleton.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/cleanup.h"
#include "drv/spec.h"
#include "launch/cleaner.h"
#include "sys/calls.h"
#include "sys/fd.h"
#include "sys/path.h"

#define WALK_MAX 256 /* directories in each other: nixpkgs' deepest have some thirty */
#define DENTS_SIZE ((size_t)32 * 1024)
#define LINK_MAX_BYTES PATH_MAX
#define NR_FCHMODAT2 452 /* on every architecture */

static const char passwd_text[] = "root:x:0:0:Nix build user:/build:/noshell\n"
				  "nixbld:x:1000:100:Nix build user:/build:/noshell\n"
				  "nobody:x:65534:65534:Nobody:/:/noshell\n";
static const char group_text[] = "root:x:0:\nnixbld:!:100:\nnogroup:x:65534:\n";
static const char hosts_text[] = "127.0.0.1 localhost\n::1 localhost\n";
static const char nsswitch_text[] = "hosts: files dns\nservices: files\n";

/* What is in the root: a text, or NULL for a directory. */
static const struct {
	const char *path, *text;
} parts[] = {
	{ "etc", NULL },
	{ "dev", NULL },
	{ "proc", NULL },
	{ "sys", NULL },
	{ "tmp", NULL },
	{ "etc/passwd", passwd_text },
	{ "etc/group", group_text },
	{ "etc/hosts", hosts_text },
	{ "etc/nsswitch.conf", nsswitch_text },
};

static int write_file(int dir, const char *path, const char *text)
{
	AUTO_FD int fd = sys_openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);

	return fd < 0 ? fd : fd_write_all(fd, text, strlen(text));
}

/* Each part of an absolute path below `dir`. */
static int make_path(int dir, const char *path)
{
	char part[PATH_MAX];

	for (const char *end = path; *end;) {
		int r;

		end += 1 + strcspn(end + 1, "/");
		(void)snprintf(part, sizeof(part), "%.*s", (int)(end - path - 1), path + 1);
		r = sys_mkdirat(dir, part, 0755);
		if (r < 0 && r != -EEXIST)
			return r;
	}
	return 0;
}

/* A directory of the room's; one that lies in /tmp is a part of what is mounted there. */
static int make_place(int dir, int root, const char *path)
{
	static const char outer[] = "/tmp";
	AUTO_FD int tmp = -1;

	if (!path_is_under(outer, path))
		return make_path(root, path);
	tmp = path_open(dir, SKELETON_TMP, O_RDONLY | O_DIRECTORY);
	return tmp < 0 ? tmp : make_path(tmp, path + strlen(outer));
}

static int make_root(int dir, const struct build *build)
{
	AUTO_FD int root = -1;
	int r = sys_mkdirat(dir, SKELETON_ROOT, 0755);

	if (r < 0)
		return r;
	root = path_open(dir, SKELETON_ROOT, O_RDONLY | O_DIRECTORY);
	if (root < 0)
		return root;
	for (size_t i = 0; i < ARRAY_SIZE(parts) && r == 0; i++)
		r = parts[i].text ? write_file(root, parts[i].path, parts[i].text)
				  : sys_mkdirat(root, parts[i].path, 0755);
	if (r == 0)
		r = make_place(dir, root, build->store_dir);
	return r == 0 ? make_place(dir, root, build->tmp_inside) : r;
}

/* A mount point of the same kind, or the link itself. */
static int add_input(int real, int store, const char *name, struct croft_error *err)
{
	char link[LINK_MAX_BYTES + 1];
	struct stat st;
	ssize_t len;
	int r = sys_fstatat(real, name, &st, AT_SYMLINK_NOFOLLOW);

	if (r < 0) {
		r = fail(err, CROFT_STAGE_PREPARE, -r, "find the input '%s' in the store", name);
		fail_hint(err, "what a derivation needs must be there before it is built");
		return r;
	}
	if (S_ISDIR(st.st_mode)) {
		r = sys_mkdirat(store, name, 0755);
	} else if (S_ISREG(st.st_mode)) {
		r = write_file(store, name, "");
	} else if (S_ISLNK(st.st_mode)) {
		len = sys_readlinkat(real, name, link, LINK_MAX_BYTES);
		link[len < 0 ? 0 : len] = '\0';
		r = len < 0 ? (int)len : sys_symlinkat(link, store, name);
	} else {
		return fail(err, CROFT_STAGE_PREPARE, 0, "the input '%s' is no file of a store",
			    name);
	}
	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "make room for the input '%s'", name) : 0;
}

static int make_store(int dir, const struct build *build, struct croft_error *err)
{
	AUTO_FD int real = -1, store = -1;
	int r = sys_mkdirat(dir, SKELETON_STORE, 0755);

	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "make the build's store");
	store = path_open(dir, SKELETON_STORE, O_RDONLY | O_DIRECTORY);
	if (store < 0)
		return fail(err, CROFT_STAGE_PREPARE, -store, "make the build's store");
	real = sys_openat(AT_FDCWD, build->real_store_dir, O_PATH | O_DIRECTORY, 0);
	if (real < 0)
		return fail(err, CROFT_STAGE_PREPARE, -real, "open the store '%s'",
			    build->real_store_dir);
	for (size_t i = 0; i < build->n_inputs && r == 0; i++)
		r = add_input(real, store, store_name(build->store_dir, build->inputs[i]), err);
	return r;
}

static int choose_name(const struct build *build, const char *result_dir, char *ret_path,
		       struct croft_error *err)
{
	const char *name = store_name(build->store_dir, build->outputs[0].path);
	unsigned char random[12];
	ssize_t n = sys_getrandom(random, sizeof(random));
	int len;

	if (n != (ssize_t)sizeof(random))
		return fail(err, CROFT_STAGE_PREPARE, n < 0 ? (int)-n : EIO, "get random bytes");
	len = snprintf(ret_path, TMPDIR_NAME_SIZE, "%s/%.*s-croft-", result_dir, STORE_HASH_LEN,
		       name);
	for (size_t i = 0; i < sizeof(random) && len < TMPDIR_NAME_SIZE - 3; i++)
		len += snprintf(ret_path + len, 3, "%02x", random[i]);
	if (len >= TMPDIR_NAME_SIZE - 3) {
		*ret_path = '\0';
		return fail(err, CROFT_STAGE_PREPARE, ENAMETOOLONG, "build in '%s'", result_dir);
	}
	return 0;
}

int skeleton_make(const struct build *build, const char *result_dir, struct skeleton *ret_skeleton,
		  struct croft_error *err)
{
	struct skeleton *skeleton = ret_skeleton;
	int r = choose_name(build, result_dir, skeleton->path, err);

	if (r == 0)
		r = cleaner_start(skeleton->path, NULL, &skeleton->cleaner, err);
	if (r < 0)
		return r;
	r = sys_mkdirat(AT_FDCWD, skeleton->path, 0700);
	if (r == 0)
		skeleton->fd = r = path_open(AT_FDCWD, skeleton->path, O_RDONLY | O_DIRECTORY);
	if (r >= 0)
		r = sys_mkdirat(skeleton->fd, SKELETON_TMP, 0755);
	if (r == 0)
		r = sys_fchmodat(skeleton->fd, SKELETON_TMP, 01777);
	if (r == 0)
		r = make_root(skeleton->fd, build);
	if (r < 0) {
		r = fail(err, CROFT_STAGE_PREPARE, -r, "make the build's directory '%s'",
			 skeleton->path);
		if (r == -EACCES || r == -EPERM || r == -EROFS)
			fail_hint(err, "who builds must be able to write into '%s'", result_dir);
		return r;
	}
	return make_store(skeleton->fd, build, err);
}

int skeleton_add_point(const struct skeleton *skeleton, const char *path, bool is_directory,
		       struct croft_error *err)
{
	AUTO_FD int root = path_open(skeleton->fd, SKELETON_ROOT, O_RDONLY | O_DIRECTORY);
	char parent[PATH_MAX];
	int r = root < 0 ? root : 0;

	(void)snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(path, '/') - path), path);
	if (r == 0)
		r = make_path(root, is_directory ? path : parent);
	if (r == 0 && !is_directory)
		r = write_file(root, path + 1, "");
	if (r < 0 && r != -EEXIST)
		return fail(err, CROFT_STAGE_PREPARE, -r, "make room for a mount at '%s'", path);
	return 0;
}

static int clear_bits(int dir, const char *name, unsigned depth);

static int clear_entries(int dir, const char *name, unsigned depth)
{
	AUTO_FREE char *data = malloc(DENTS_SIZE);
	AUTO_FD int fd = -1;
	ssize_t len = 1;

	if (!data)
		return -ENOMEM;
	if (depth == 0)
		return -ELOOP;
	fd = path_open(dir, name, O_RDONLY | O_DIRECTORY);
	while (fd >= 0 && (len = sys_getdents64(fd, data, DENTS_SIZE)) > 0) {
		for (ssize_t at = 0; at < len;) {
			const struct sys_dirent *entry = (const void *)(data + at);
			int r = 0;

			at += entry->length;
			if (strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
				r = clear_bits(fd, entry->name, depth - 1);
			if (r < 0)
				return r;
		}
	}
	return fd < 0 ? fd : (int)len;
}

/*
 * Of a file that is no link; where the kernel cannot promise that (before 6.6) nobody is left who
 * could put one there: the directory is ours alone, and the builder is dead.
 */
static int set_mode(int dir, const char *name, mode_t mode)
{
	long r = sys_raw(NR_FCHMODAT2, dir, (long)(uintptr_t)name, mode, AT_SYMLINK_NOFOLLOW, 0, 0);

	/* EPERM: a container's filter that does not know it */
	return r == -ENOSYS || r == -EPERM ? sys_fchmodat(dir, name, mode) : (int)r;
}

/* Takes the two bits off everything below; a directory is made enterable for that. */
static int clear_bits(int dir, const char *name, unsigned depth)
{
	struct stat st;
	mode_t wanted;
	int r = sys_fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW);

	if (r < 0 || S_ISLNK(st.st_mode))
		return r;
	wanted = (st.st_mode & 0777) | (S_ISDIR(st.st_mode) ? 0700 : 0);
	if (wanted != (st.st_mode & 07777))
		r = set_mode(dir, name, wanted);
	return r == 0 && S_ISDIR(st.st_mode) ? clear_entries(dir, name, depth) : r;
}

static int take_output(int store, int result, const char *name, struct croft_error *err)
{
	struct stat st;
	int r = sys_fstatat(store, name, &st, AT_SYMLINK_NOFOLLOW);

	if (r == -ENOENT)
		return 0;
	if (r == 0)
		r = clear_bits(store, name, WALK_MAX);
	if (r < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, -r, "look through the output '%s'", name);
	/* its mode may have been changed, and is Nix's to settle: 0555 or 0444 in the end */
	r = sys_renameat2(store, name, result, name, RENAME_NOREPLACE);
	if (r == -EINVAL || r == -ENOSYS) { /* file systems that do not know the flag */
		r = sys_fstatat(result, name, &st, AT_SYMLINK_NOFOLLOW);
		r = r == -ENOENT ? sys_renameat2(store, name, result, name, 0) : -EEXIST;
	}
	return r < 0 ? fail(err, CROFT_STAGE_SUPERVISE, -r, "move the output '%s' out", name) : 0;
}

int skeleton_take_outputs(const struct skeleton *skeleton, const struct build *build,
			  const char *result_dir, struct croft_error *err)
{
	AUTO_FD int store = path_open(skeleton->fd, SKELETON_STORE, O_RDONLY | O_DIRECTORY);
	AUTO_FD int result = sys_openat(AT_FDCWD, result_dir, O_PATH | O_DIRECTORY, 0);
	int r = 0;

	if (store < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, -store, "open the build's store");
	if (result < 0)
		return fail(err, CROFT_STAGE_SUPERVISE, -result, "open '%s'", result_dir);
	for (size_t i = 0; i < build->n_outputs && r == 0; i++)
		r = take_output(store, result, store_name(build->store_dir, build->outputs[i].path),
				err);
	return r;
}

int skeleton_done(struct skeleton *skeleton, struct croft_error *err)
{
	int r = 0;

	fd_close(&skeleton->fd);
	if (skeleton->cleaner > 0)
		r = cleaner_finish(skeleton->path, NULL, skeleton->cleaner, err);
	skeleton->cleaner = 0;
	return r;
}
