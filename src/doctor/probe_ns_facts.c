/* SPDX-License-Identifier: MIT */
/*
 * probe_ns_facts.c - what is read to explain a refusal, and decides nothing by itself.
 *
 * Settings of the kernel, our capabilities, the ids of this user namespace, what lies over parts
 * of /proc. And two things that are certain:
 *
 *   a chroot        its processes see no mount at "/": the list of mounts begins at their root
 *                   (fs/proc_namespace.c), which is none. One into a mount point is not seen so.
 *   Landlock        a process may have sixteen layers of it (LANDLOCK_MAX_NUM_LAYERS): how many
 *                   can be added tells how many were there. An outer sandbox of this kind refuses
 *                   every mount (hook_sb_mount and its like), with the errno of all others.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "host/mounts.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define COVERS_MAX 40 /* a container's runtime lays a dozen */
#define MOUNTS_BYTES (16U << 20) /* of a list that host/mounts.h lets be read */

static void probe_settings(const struct probe_context *context)
{
	static const char *const keys[] = {
		"user.max_user_namespaces",
		"user.max_mnt_namespaces",
		"user.max_pid_namespaces",
		"user.max_net_namespaces",
		"user.max_ipc_namespaces",
		"user.max_uts_namespaces",
		"user.max_cgroup_namespaces",
		"user.max_time_namespaces",
		"kernel.unprivileged_userns_clone",
		"kernel.apparmor_restrict_unprivileged_userns",
		"kernel.apparmor_restrict_unprivileged_unconfined",
	};
	char path[96], text[32];
	uint64_t value;

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		const size_t folder = strcspn(keys[i], ".");

		(void)snprintf(path, sizeof(path), "/proc/sys/%.*s/%s", (int)folder, keys[i],
			       keys[i] + folder + 1);
		if (text_read(AT_FDCWD, path, text, sizeof(text)) > 0 &&
		    text_number(text, 10, &value) == 0 && value <= INT64_MAX)
			report_of(context, OBS_SYSCTL, keys[i], OBS_YES, NULL, 0, (int64_t)value,
				  NULL);
	}
}

static void probe_caps(const struct probe_context *context)
{
	struct sys_caps caps;

	if (sys_capget(&caps) == 0)
		probe_value(context, OBS_NS_CAPS,
			    (int64_t)((uint64_t)caps.effective[1] << 32 | caps.effective[0]), NULL);
}

/* What came first of the sixteen is ours already. The ruleset forbids what nobody here does. */
static void probe_layers(const struct probe_context *context)
{
	static const struct abi_landlock_ruleset_attr attr = {
		.handled_access_fs = ABI_LANDLOCK_FS_MAKE_BLOCK,
	};
	AUTO_FD int ruleset = sys_landlock_create_ruleset(&attr, sizeof(attr.handled_access_fs), 0);
	int added = 0, r;

	if (ruleset < 0)
		return;
	r = sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	while (r == 0 && added <= ABI_LANDLOCK_MAX_LAYERS) {
		r = sys_landlock_restrict_self(ruleset, 0);
		added += r == 0;
	}
	if (r == -E2BIG)
		probe_value(context, OBS_LANDLOCK_LAYERS, ABI_LANDLOCK_MAX_LAYERS - added, NULL);
	else
		probe_no(context, OBS_LANDLOCK_LAYERS, "restrict", -r, NULL);
}

/* "         0       1000          1": inside, outside, how many. False: no such line. */
static bool parse_ids(const char *line, uint64_t ret[3])
{
	for (int i = 0; i < 3; i++) {
		line += strspn(line, " ");
		if (text_number(line, 10, &ret[i]) < 0)
			return false;
		line += strcspn(line, " ");
	}
	return true;
}

/* How many ids are mapped, and if ours is one of them: who is nobody makes no namespace. */
static void probe_ids(const struct probe_context *context)
{
	char text[4096];
	uint64_t numbers[3], count = 0;
	const unsigned own = sys_geteuid();
	bool is_mapped = false;

	if (text_read(AT_FDCWD, "/proc/self/uid_map", text, sizeof(text)) <= 0)
		return;
	for (const char *line = text; *line && parse_ids(line, numbers);) {
		count += numbers[2] < UINT32_MAX ? numbers[2] : UINT32_MAX;
		is_mapped |= own >= numbers[0] && own - numbers[0] < numbers[2];
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	text[strcspn(text, "\n")] = '\0';
	report_of(context, OBS_ID_MAP, NULL, OBS_YES, is_mapped ? NULL : "unmapped", 0,
		  (int64_t)count, text + strspn(text, " "));
}

static bool is_read_only(const char *path)
{
	return sys_faccessat(AT_FDCWD, path, W_OK) == -EROFS;
}

static void report_cover(const struct probe_context *context, const struct mount *mount)
{
	char text[256];

	(void)snprintf(text, sizeof(text), "%s (%s)", mount->source, mount->type);
	report_of(context, OBS_PROC_COVER, mount->point, OBS_YES, NULL, 0,
		  is_read_only(mount->point), text);
}

/* What binfmt_misc lies on is empty, and the kernel made it so: it hides nothing. */
static bool is_forgiven(const char *point)
{
	static const char *const points[] = { "/proc/sys/fs/binfmt_misc", "/proc/fs/nfsd" };

	for (size_t i = 0; i < ARRAY_SIZE(points); i++)
		if (!strcmp(point, points[i]))
			return true;
	return false;
}

/* What a new proc would not have: it must be no less strict, and of the same kind of atime. */
static const char *oddity_of(const struct mount *proc)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY, 0);
	struct statfs fs;

	if (strstr(proc->options, "subset=pid"))
		return "subset";
	if (fd < 0 || sys_fstatfs(fd, &fs) < 0)
		return NULL;
	return fs.f_flags & ST_NOATIME       ? "noatime"
	       : fs.f_flags & ST_NODIRATIME  ? "nodiratime"
	       : !(fs.f_flags & ST_RELATIME) ? "strictatime"
					     : NULL;
}

static void probe_mountinfo(const struct probe_context *context)
{
	struct arena arena;
	struct mount *mounts = NULL;
	size_t n = 0, n_covers = 0;
	bool has_root = false, has_proc = false;
	int r;

	arena_init(&arena, MOUNTS_BYTES);
	r = mounts_read(&arena, &mounts, &n);
	for (size_t i = 0; i < n; i++) {
		has_root |= !strcmp(mounts[i].point, "/");
		if (!strcmp(mounts[i].point, "/proc")) {
			has_proc = !strcmp(mounts[i].type, "proc");
			report_of(context, OBS_PROC_HERE, NULL, has_proc ? OBS_YES : OBS_NO,
				  has_proc ? oddity_of(&mounts[i]) : NULL, 0, is_read_only("/proc"),
				  mounts[i].type);
		}
		if (!strncmp(mounts[i].point, "/proc/", 6) && n_covers++ < COVERS_MAX &&
		    !is_forgiven(mounts[i].point))
			report_cover(context, &mounts[i]);
	}
	if (r < 0)
		report_of(context, OBS_ROOT_MOUNT, NULL, OBS_NOT_ASKED, "read", -r, OBS_NO_VALUE,
			  NULL);
	else
		report_of(context, OBS_ROOT_MOUNT, NULL, has_root ? OBS_YES : OBS_NO, NULL, 0,
			  (int64_t)n, NULL);
	arena_done(&arena);
}

static const struct probe probes[] = {
	{ .id = OBS_SYSCTL, .run = probe_settings },
	{ .id = OBS_NS_CAPS, .run = probe_caps },
	{ .id = OBS_ID_MAP, .run = probe_ids },
	{ .id = OBS_ROOT_MOUNT, .run = probe_mountinfo },
	{ .id = OBS_LANDLOCK_LAYERS, .run = probe_layers },
};

const struct probe_table probes_ns_facts = { probes, ARRAY_SIZE(probes) };
