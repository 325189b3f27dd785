/* SPDX-License-Identifier: MIT */
/*
 * blobs.c - the files that an image is packed in: of a directory, or members of an archive.
 *
 * Members are told from each other by the exact name; docker save of some years ("abc/layer.tar")
 * links layers that two images share, by symbolic links, so these are followed, as texts, among
 * the members. Of several members with one name the last counts, as for who unpacks.
 */
#include "image/blobs.h"

#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "image/tar.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define LINKS_MAX 8
#define SUM_BLOCK ((size_t)256 << 10)

static int fail_image(const struct blobs *blobs, struct croft_error *err, int errnum,
		      const char *why)
{
	(void)fail(err, CROFT_STAGE_PREPARE, 0, "%s: %s", blobs->name, why);
	return -errnum;
}

int blobs_open_directory(const char *name, struct arena *arena, struct blobs *ret_blobs,
			 struct croft_error *err)
{
	/* "/" as a descriptor like any other: without one, root.h means this process's own root */
	const char *opened = name[strspn(name, "/")] ? name : "/.";

	*ret_blobs = (struct blobs){ .name = name, .root = { .fd = -1 }, .fd = -1, .arena = arena };
	return root_open(opened, &ret_blobs->root, err);
}

static const char *skip_dot(const char *name)
{
	while (!strncmp(name, "./", 2))
		name += 2 + strspn(name + 2, "/");
	return name;
}

static int add_member(struct blobs *blobs, const struct tar *tar, struct croft_error *err)
{
	struct archive_entry *entry = tar->entry;
	const char *name = archive_entry_pathname(entry), *hard = archive_entry_hardlink(entry);
	const char *link = hard ? hard : archive_entry_symlink(entry);
	struct member *members, *member;

	if (!name || !*name)
		return fail_image(blobs, err, EINVAL, "the archive has an entry without a name");
	members = arena_grow(blobs->arena, blobs->members, blobs->n_members, &blobs->capacity,
			     sizeof(*members));
	if (!members)
		return fail_image(blobs, err, ENOMEM, "no memory for the archive's members");
	blobs->members = members;
	member = &members[blobs->n_members];
	*member = (struct member){
		.name = arena_strdup(blobs->arena, skip_dot(name)),
		.link = link ? arena_strdup(blobs->arena, link) : NULL,
		.is_hard = hard,
		.is_regular = S_ISREG(archive_entry_filetype(entry)) && !hard &&
			      archive_entry_sparse_count(entry) == 0,
		.offset = tar_data_at(tar),
		.size = (uint64_t)archive_entry_size(entry),
	};
	if (!member->name || (link && !member->link))
		return fail_image(blobs, err, ENOMEM, "no memory for the archive's members");
	blobs->n_members++;
	return 0;
}

static int read_members(struct blobs *blobs, struct croft_error *err)
{
	struct tar tar;
	int r = tar_open(&tar, &blobs->bytes, PACKING_NONE, NULL, false);

	while (r >= 0 && blobs->n_members < BLOBS_MAX_MEMBERS) {
		r = tar_next(&tar);
		if (r == 0)
			break;
		if (r > 0) {
			r = add_member(blobs, &tar, err);
			if (r < 0) {
				tar_done(&tar);
				return r;
			}
			r = tar_copy(&tar, -1, 0, 0);
		}
	}
	if (r < 0)
		(void)fail(err, CROFT_STAGE_PREPARE, 0, "%s: %s: %s", blobs->name,
			   blobs->n_members ? "the archive is damaged" : "no tar archive", tar.why);
	else if (tar.is_cut)
		r = fail_image(blobs, err, EBADMSG, "the archive has no end: it is cut off");
	tar_done(&tar);
	return r;
}

/* "docker save | gzip": into memory. */
static int unpack(struct blobs *blobs, enum packing packing, struct croft_error *err)
{
	AUTO_FD int fd = memory_open();
	struct stat st;
	struct tar tar;
	int r;

	if (fd < 0)
		return fail_image(blobs, err, -fd, "no file in memory can be made to unpack it");
	r = tar_open(&tar, &blobs->bytes, packing, NULL, true);
	if (r == 0)
		r = tar_next(&tar);
	if (r > 0)
		r = tar_copy(&tar, fd, 0, BLOBS_MAX_UNPACKED);
	if (r == -EFBIG && !strstr(tar.why, "bomb")) {
		(void)fail(err, CROFT_STAGE_PREPARE, 0, "%s: it unpacks to more than 2 GiB",
			   blobs->name);
		fail_hint(err, "unpack it to a file first: that is then read in place");
	} else if (r < 0) {
		(void)fail(err, CROFT_STAGE_PREPARE, 0, "%s: unpacking: %s", blobs->name, tar.why);
	}
	tar_done(&tar);
	if (r == 0)
		r = sys_fstatat(fd, "", &st, AT_EMPTY_PATH);
	if (r < 0)
		return r;
	fd_close(&blobs->fd);
	blobs->bytes = (struct bytes){ fd, 0, (uint64_t)st.st_size };
	blobs->fd = fd_take(&fd);
	return 0;
}

int blobs_open_archive(const char *name, int fd, uint64_t size, struct arena *arena,
		       struct blobs *ret_blobs, struct croft_error *err)
{
	enum packing packing;
	int r = 0;

	*ret_blobs = (struct blobs){
		.name = name,
		.root = { .fd = -1 },
		.is_archive = true,
		.fd = fd,
		.bytes = { fd, 0, size },
		.arena = arena,
	};
	packing = packing_of(&ret_blobs->bytes);
	if (packing != PACKING_NONE)
		r = unpack(ret_blobs, packing, err);
	return r < 0 ? r : read_members(ret_blobs, err);
}

int blobs_open(const char *name, struct arena *arena, struct blobs *ret_blobs,
	       bool *ret_is_directory, struct croft_error *err)
{
	AUTO_FD int handle = -1;
	AUTO_FD int fd = -1;
	struct stat st;
	char link[32];
	int r;

	*ret_blobs = (struct blobs){ .name = name, .root = { .fd = -1 }, .fd = -1 };
	/* O_PATH first: a FIFO would make us wait, a device would be woken */
	handle = sys_openat(AT_FDCWD, name, O_PATH, 0);
	r = handle < 0 ? handle : sys_fstatat(handle, "", &st, AT_EMPTY_PATH);
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "open '%s'", name);
	*ret_is_directory = S_ISDIR(st.st_mode);
	if (*ret_is_directory)
		return blobs_open_directory(name, arena, ret_blobs, err);
	if (!S_ISREG(st.st_mode))
		return fail(err, CROFT_STAGE_PREPARE, 0,
			    "'%s' is no image: neither a directory nor a regular file", name);
	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", handle);
	fd = sys_openat(AT_FDCWD, link, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	if (fd == -ENOENT || fd == -ENOTDIR) /* no /proc */
		fd = sys_openat(AT_FDCWD, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0);
	r = fd < 0 ? fd : sys_fstatat(fd, "", &st, AT_EMPTY_PATH);
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "open '%s'", name);
	return blobs_open_archive(name, fd_take(&fd), (uint64_t)st.st_size, arena, ret_blobs, err);
}

void blobs_done(struct blobs *blobs)
{
	root_done(&blobs->root);
	fd_close(&blobs->fd);
}

/* The last of that name. */
static const struct member *find_member(const struct blobs *blobs, const char *name)
{
	for (size_t i = blobs->n_members; i > 0; i--)
		if (strcmp(blobs->members[i - 1].name, name) == 0)
			return &blobs->members[i - 1];
	return NULL;
}

/* "a/b" with the link "../c/d" is "c/d"; false: it leads out, or is too long. */
static bool join_link(char name[PATH_MAX], const struct member *member)
{
	char out[PATH_MAX] = "";
	size_t len = 0;
	int n;

	if (member->is_hard)
		n = snprintf(name, PATH_MAX, "%s", member->link);
	else
		n = snprintf(name, PATH_MAX, "%.*s/../%s", (int)strlen(member->name), member->name,
			     member->link);
	if (n < 0 || n >= PATH_MAX || member->link[0] == '/')
		return false;
	for (const char *at = name; *at;) {
		size_t part = strcspn(at, "/");

		if (part == 2 && !strncmp(at, "..", 2)) {
			if (len == 0)
				return false;
			while (len > 0 && out[--len] != '/')
				continue;
		} else if (part > 0 && !(part == 1 && *at == '.')) {
			if (len > 0)
				out[len++] = '/';
			memcpy(out + len, at, part);
			len += part;
		}
		at += part + strspn(at + part, "/");
	}
	memcpy(name, out, len);
	name[len] = '\0';
	return true;
}

static int find_in_archive(const struct blobs *blobs, const char *name, struct bytes *ret_bytes)
{
	const struct member *member = find_member(blobs, name);
	char at[PATH_MAX];

	for (int i = 0; member && member->link && i < LINKS_MAX; i++)
		member = join_link(at, member) ? find_member(blobs, at) : NULL;
	if (!member)
		return -ENOENT;
	if (member->link)
		return -ELOOP;
	if (!member->is_regular || member->offset > blobs->bytes.size ||
	    member->size > blobs->bytes.size - member->offset)
		return -EINVAL;
	*ret_bytes = (struct bytes){ blobs->fd, member->offset, member->size };
	return 0;
}

int blobs_find(const struct blobs *blobs, const char *name, struct bytes *ret_bytes, int *ret_fd)
{
	struct root_file file;
	int r;

	*ret_fd = -1;
	if (blobs->is_archive)
		return find_in_archive(blobs, skip_dot(name), ret_bytes);
	r = root_open_file(&blobs->root, NULL, name, &file);
	if (r < 0)
		return r;
	*ret_bytes = (struct bytes){ file.fd, 0, file.size };
	*ret_fd = file.fd;
	return 0;
}

bool blobs_has(const struct blobs *blobs, const char *name)
{
	struct bytes bytes;
	int fd, r = blobs_find(blobs, name, &bytes, &fd);

	fd_close(&fd);
	return r == 0;
}

ssize_t blobs_load(const struct blobs *blobs, const char *name, const struct digest *digest,
		   size_t max, char **ret_data, struct croft_error *err)
{
	AUTO_FREE char *data = NULL;
	AUTO_FD int fd = -1;
	struct digest_sum sum;
	struct bytes bytes;
	ssize_t n = blobs_find(blobs, name, &bytes, &fd);

	if (n == 0)
		n = bytes_load(&bytes, max, &data);
	if (n == -EFBIG)
		(void)fail(err, CROFT_STAGE_PREPARE, 0, "%s: %s: it has more than %zu MiB",
			   blobs->name, name, max >> 20);
	else if (n < 0)
		return fail(err, CROFT_STAGE_PREPARE, (int)-n, "%s: read '%s'", blobs->name, name);
	if (n < 0)
		return n;
	if (digest && digest->is_given) {
		digest_begin(&sum, digest);
		digest_add(&sum, data, (size_t)n);
		if (!digest_is(&sum, digest)) {
			(void)fail(err, CROFT_STAGE_PREPARE, 0,
				   "%s: %s: its bytes are not those of that digest", blobs->name,
				   name);
			return -EBADMSG;
		}
	}
	*ret_data = take_ptr(&data);
	return n;
}

int blobs_sum_bytes(const struct blobs *blobs, const struct bytes *bytes, const char *name,
		    struct digest *ret_digest, struct croft_error *err)
{
	AUTO_FREE char *block = malloc(SUM_BLOCK);
	struct digest_sum sum;
	uint64_t at = 0;
	ssize_t n = block ? 0 : -ENOMEM;

	*ret_digest = (struct digest){ .is_given = false };
	digest_begin(&sum, ret_digest);
	while (block && (n = bytes_read(bytes, at, block, SUM_BLOCK)) > 0) {
		digest_add(&sum, block, (size_t)n);
		at += (uint64_t)n;
	}
	if (n < 0)
		return fail(err, CROFT_STAGE_PREPARE, (int)-n, "%s: read '%s'", blobs->name, name);
	digest_end(&sum, ret_digest);
	return 0;
}

int blobs_sum(const struct blobs *blobs, const char *name, struct digest *ret_digest,
	      struct croft_error *err)
{
	AUTO_FD int fd = -1;
	struct bytes bytes;
	int r = blobs_find(blobs, name, &bytes, &fd);

	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "%s: read '%s'", blobs->name, name);
	return blobs_sum_bytes(blobs, &bytes, name, ret_digest, err);
}
