/* SPDX-License-Identifier: MIT */
/*
 * mounts.c - what is mounted beneath granted directories, and on what they lie themselves.
 *
 * Landlock walks from a file up to the root through all mounts: whatever is mounted beneath a
 * granted directory is granted with it, a bind mount of another user's files like a disk. The
 * kernel's own file systems (proc, cgroup and so on) are not told of: they are where everybody
 * expects them.
 *
 * A mount point counts if what is found by its name now is that mount.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "check/parts.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define MAX_TOLD 8 /* mount points of one granted directory */
#define V9FS_TYPE "9p"

static void load_mounts(struct check *check)
{
	int r = mounts_read(&check->arena, &check->mounts, &check->n_mounts);

	/* without /proc nothing can be said of mounts */
	if (r == -ENOMEM)
		check->findings->error = r;
}

static const char *describe(struct check *check, const struct mount *mount)
{
	const char *text = mount_describe(&check->arena, mount);

	if (!text)
		check->findings->error = -ENOMEM;
	return text;
}

/* "upperdir=/x": the value up to the next comma, or NULL. */
static const char *option_value(struct check *check, const struct mount *mount, const char *name)
{
	size_t len = strlen(name);

	for (const char *option = mount->options; *option; option++) {
		size_t end = strcspn(option, ",");

		if (end > len && !strncmp(option, name, len) && option[len] == '=')
			return arena_strndup(&check->arena, option + len + 1, end - len - 1);
		option += end;
		if (!*option)
			break;
	}
	return NULL;
}

/*
 * In these modes v9fs keeps the inodes that it has made (fs/9p/v9fs.h: CACHE_META, CACHE_LOOSE);
 * in all others it makes one for each look-up.
 */
static bool keeps_inodes(struct check *check, const struct mount *mount)
{
	const char *cache = option_value(check, mount, "cache");

	return cache && (!strcmp(cache, "loose") || !strcmp(cache, "fscache"));
}

/* True if rules are lost there, and told. */
static bool tell_forgetful(struct check *check, const struct look *look, const char *path,
			   const struct mount *mount)
{
	if (strcmp(mount->type, V9FS_TYPE) != 0 || keeps_inodes(check, mount))
		return false;
	check_tell(check, FINDING_FORGETFUL, &look->spot,
		   &(struct words){ .path = path,
				    .detail = describe(check, mount),
				    .mend = "mount it with cache=loose, or work on a copy on "
					    "another file system" });
	return true;
}

static void find_beneath(struct check *check, const struct look *look)
{
	size_t n = 0;
	char more[32];

	for (size_t i = 0; i < check->n_mounts; i++) {
		const struct mount *mount = &check->mounts[i];

		if (!path_is_under(look->real, mount->point) || !strcmp(mount->point, look->real) ||
		    mount_is_kernels(mount) || mount_at(mount->point) != mount->id)
			continue;
		(void)tell_forgetful(check, look, mount->point, mount);
		if (++n <= MAX_TOLD)
			check_tell(check, FINDING_MOUNT, &look->spot,
				   &(struct words){ .path = look->path,
						    .detail = mount->point,
						    .other = describe(check, mount) });
	}
	(void)snprintf(more, sizeof(more), "%zu", n > MAX_TOLD ? n - MAX_TOLD : 0);
	if (n > MAX_TOLD)
		check_tell(check, FINDING_MORE_MOUNTS, &look->spot,
			   &(struct words){ .path = look->path, .detail = more });
}

/* The mount that a granted path lies on, or NULL. */
static const struct mount *mount_of(const struct check *check, const struct look *look)
{
	uint64_t id = mount_at(look->real);

	for (size_t i = 0; id && i < check->n_mounts; i++)
		if (check->mounts[i].id == id)
			return &check->mounts[i];
	return NULL;
}

static void judge_file_system(struct check *check, const struct look *look)
{
	const struct mount *mount = mount_of(check, look);
	struct words words = { .path = look->path };

	if (!mount)
		return;
	words.detail = describe(check, mount);
	if (tell_forgetful(check, look, look->path, mount))
		return;
	if (!strncmp(mount->type, "fuse", 4) && strcmp(mount->type, "fusectl") != 0) {
		check_tell(check, FINDING_SERVED, &look->spot, &words);
	} else if (!strcmp(mount->type, "overlay")) {
		/* in a container the layers' names are the host's, and lead nowhere */
		words.detail = option_value(check, mount, "upperdir");
		if (words.detail && look_exists(words.detail))
			check_tell(check, FINDING_OVERLAY, &look->spot, &words);
	}
}

void find_mounts(struct check *check)
{
	load_mounts(check);
	for (size_t i = 0; i < check->n_looks; i++) {
		const struct look *look = &check->looks[i];

		if (look->errnum || !look_is_first(check, look, LOOK_ANY))
			continue;
		judge_file_system(check, look);
		if (S_ISDIR(look->st.st_mode))
			find_beneath(check, look);
	}
}
