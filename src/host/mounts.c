/* SPDX-License-Identifier: MIT */
/*
 * mounts.c - reads /proc/self/mountinfo, and asks which mount a name leads to.
 *
 * The list also has mounts that lie under later ones, and the text of it is the kernel's but the
 * names in it are anybody's: a line that is not of the form in proc(5) is passed over. A mount
 * point counts if what is found by its name now is that mount, by the number in fdinfo (since
 * 3.15).
 */
#include "host/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define MOUNTINFO_BYTES (4U << 20) /* of some 20,000 mounts; a host of containers has hundreds */

/* Undoes the kernel's "\040" in place (fs/proc_namespace.c: mangle). */
static char *unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; from++) {
		bool is_octal = from[0] == '\\' && from[1] >= '0' && from[1] <= '3' &&
				from[2] >= '0' && from[2] <= '7' && from[3] >= '0' &&
				from[3] <= '7';

		if (is_octal) {
			*to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0');
			from += 3;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return text;
}

/* The next word of a line, or "": a source may be empty. */
static char *next_word(char **rest)
{
	char *word = *rest;

	*rest = word + strcspn(word, " ");
	if (**rest)
		*(*rest)++ = '\0';
	return word;
}

/* "36 35 98:0 /root /point rw,noatime master:1 - ext4 /dev/sda1 rw": proc(5) */
static bool parse_line(char *line, struct mount *ret_mount)
{
	const char *word;
	struct mount mount;

	if (num_parse(next_word(&line), 0, UINT64_MAX, &mount.id) < 0)
		return false;
	(void)next_word(&line);
	(void)next_word(&line);
	mount.root = unescape(next_word(&line));
	mount.point = unescape(next_word(&line));
	do
		word = next_word(&line);
	while (*word && strcmp(word, "-") != 0);
	mount.type = unescape(next_word(&line));
	mount.source = unescape(next_word(&line));
	mount.options = unescape(next_word(&line));
	*ret_mount = mount;
	return mount.point[0] == '/' && *mount.type;
}

int mounts_read(struct arena *arena, struct mount **ret_mounts, size_t *ret_n)
{
	AUTO_FREE char *data = malloc(MOUNTINFO_BYTES);
	struct mount *mounts = NULL;
	size_t n = 0, capacity = 0;
	char *text, *next;
	ssize_t len;

	len = data ? fd_read_now(AT_FDCWD, "/proc/self/mountinfo", data, MOUNTINFO_BYTES) : -ENOMEM;
	if (len < 0)
		return (int)len;
	text = arena_strndup(arena, data, (size_t)len);
	if (!text)
		return -ENOMEM;
	for (; *text; text = next) {
		struct mount mount;

		next = text + strcspn(text, "\n");
		if (*next)
			*next++ = '\0';
		if (!parse_line(text, &mount))
			continue;
		mounts = arena_grow(arena, mounts, n, &capacity, sizeof(*mounts));
		if (!mounts)
			return -ENOMEM;
		mounts[n++] = mount;
	}
	*ret_mounts = mounts;
	*ret_n = n;
	return 0;
}

bool mount_is_kernels(const struct mount *mount)
{
	static const char *const types[] = { "proc",     "sysfs",      "cgroup",     "cgroup2",
					     "devpts",   "devtmpfs",   "mqueue",     "debugfs",
					     "tracefs",  "securityfs", "pstore",     "bpf",
					     "configfs", "fusectl",    "hugetlbfs",  "binfmt_misc",
					     "efivarfs", "autofs",     "rpc_pipefs", "nsfs",
					     "selinuxfs" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (!strcmp(mount->type, types[i]))
			return true;
	return !strncmp(mount->point, "/proc/", 6) || !strncmp(mount->point, "/sys/", 5);
}

uint64_t mount_at(const char *path)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, path, O_PATH | O_NOFOLLOW, 0);
	char name[64], text[512];
	const char *found;
	uint64_t id;
	char *end;

	if (fd < 0)
		return 0;
	(void)snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	if (fd_read_now(AT_FDCWD, name, text, sizeof(text)) < 0)
		return 0;
	found = strstr(text, "mnt_id:");
	if (!found)
		return 0;
	found += strlen("mnt_id:");
	found += strspn(found, " \t");
	end = strchr(found, '\n');
	if (end)
		*end = '\0';
	return num_parse(found, 1, UINT64_MAX, &id) == 0 ? id : 0;
}

const char *mount_describe(struct arena *arena, const struct mount *mount)
{
	bool is_part = strcmp(mount->root, "/") != 0, is_named = *mount->source;

	return arena_printf(arena, "%s%s%s%s%s%s%s", mount->source, is_named ? " (" : "",
			    mount->type, is_named ? ")" : "", is_part ? ", of its '" : "",
			    is_part ? mount->root : "", is_part ? "'" : "");
}
