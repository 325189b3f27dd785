/* SPDX-License-Identifier: MIT */
/*
 * row_files.c - the rows on files: files, exec, devices, metadata.
 *
 * Landlock judges each use of a file; mounts decide what is there and what can be changed at all.
 * Where a host has no Landlock the second does it alone: then a grant is as fine as a mount is,
 * and the row says where that is coarser than what was granted.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "plan/pattern.h"
#include "plan/rows.h"

#define ROW_BYTES (1U << 17) /* a name of PATH_MAX, each byte escaped */

/* The rights that a mount gives to a file or directory of this access, at least. */
static uint64_t mount_gives(const struct plan_rule *grant)
{
	unsigned kinds = grant->access & FS_CHANGES & ~ABI_LANDLOCK_FS_REFER
				 ? GRANT_READ | GRANT_WRITE
				 : GRANT_READ;
	uint64_t access = kinds_to_access(kinds);

	return grant->is_directory ? access : access & ABI_LANDLOCK_FS_ON_FILE;
}

/* A grant that is finer than mounts are; NULL: none. */
static const struct plan_rule *find_finer(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_grants; i++) {
		const struct plan_rule *grant = &plan->grants[i];
		bool is_socket = !(grant->access & ~ABI_LANDLOCK_FS_RESOLVE_UNIX);

		if ((mount_gives(grant) & ~grant->access) && (grant->is_directory || !is_socket))
			return grant;
	}
	return NULL;
}

/* A part of /proc that is granted where no rule can single it out. */
static const struct plan_rule *find_part_of_proc(const struct plan *plan)
{
	const struct plan_rule *part = NULL;

	for (size_t i = 0; i < plan->n_grants; i++) {
		if (path_is_under(plan->grants[i].path, "/proc"))
			return NULL;
		if (path_is_under("/proc", plan->grants[i].path))
			part = &plan->grants[i];
	}
	return has_ns(plan, HOST_NS_PID) ? part : NULL;
}

static const char *name_grant(struct arena *arena, const char *path, const char *text)
{
	AUTO_BUF struct buf buf = BUF_INIT(ROW_BYTES);

	text_quote(&buf, path);
	buf_puts(&buf, text);
	return buf_error(&buf) < 0 ? NULL : arena_strdup(arena, buf_text(&buf));
}

static bool is_device(const struct plan *plan, size_t i)
{
	return plan->grants[i].access & ABI_LANDLOCK_FS_IOCTL_DEV;
}

/* Grants are for names. A file may have another one, made before and outside of them. */
static const char *note_of_links(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_grants; i++)
		if (plan->grants[i].access & ABI_LANDLOCK_FS_WRITE_FILE && !is_device(plan, i))
			return "what may be written may have a name elsewhere (a hard link)";
	return "";
}

/* What the words of mounts alone do not cover. */
static const char *note_of_mounts(const struct plan *plan, struct arena *arena)
{
	return row_join(arena, note_of_links(plan),
			grants_proc(plan) ? "a file that is handed over on a descriptor can be "
					    "opened again through /proc, for writing too where its "
					    "modes allow that"
					  : "");
}

static void judge_files_by_mounts(const struct plan *plan, struct arena *arena,
				  struct plan_row *row)
{
	const struct plan_rule *finer = find_finer(plan), *part = find_part_of_proc(plan);

	row->state = STATE_PARTIAL;
	row->mechanisms = "mounts";
	if (finer) {
		row->missing = name_grant(
			arena, finer->path,
			" is granted in part, and mounts alone give all of reading, or of writing");
		row->mend = "grant it with read or write, or a host with Landlock (Linux 5.13)";
	} else if (part) {
		row->missing = name_grant(
			arena, part->path,
			" is granted, and all of a /proc of its own can be read with it");
		row->mend = "grant /proc whole or not at all, or a host with Landlock (Linux 5.13)";
	} else if (grants_proc(plan) && !has_ns(plan, HOST_NS_PID) && !has_ns(plan, HOST_NS_USER)) {
		row->missing =
			"/proc is the host's: the root of another process of this user leads out";
		row->mend = "--isolate processes, or do not grant /proc";
	} else if (plan->syscalls.refuses_path_truncate && !has_seccomp(plan)) {
		row->missing = "files on a tmpfs can be truncated, also where they are read-only: "
			       "this kernel does not refuse it";
		row->mend = "system call filters, or a host with Landlock (Linux 6.2)";
	} else if (plan->syscalls.refuses_path_truncate) {
		row_enforced(row, "mounts + seccomp",
			     row_join(arena, "truncate(2) is refused everywhere",
				      note_of_mounts(plan, arena)));
	} else {
		row_enforced(row, "mounts", note_of_mounts(plan, arena));
	}
}

/* Below ABI 3 Landlock does not see truncate(2). */
static void judge_files_old(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	bool moves = plan->handled_fs & ABI_LANDLOCK_FS_REFER;

	if (has_seccomp(plan)) {
		row_enforced(row, row_landlock(plan, arena, " + seccomp"),
			     row_join(arena,
				      moves ? "truncate(2) is refused everywhere"
					    : "truncate(2) and moving to another directory are "
					      "refused",
				      note_of_links(plan)));
	} else if (plan->has_tree) {
		row_enforced(row, row_landlock(plan, arena, " + mounts"),
			     row_join(arena, moves ? "" : "moving to another directory is refused",
				      note_of_links(plan)));
	} else {
		row->state = STATE_PARTIAL;
		row->mechanisms = row_landlock(plan, arena, "");
		row->missing = "files outside the grants can be truncated";
		row->mend = row_newer(plan, arena, PROTECT_FILES, 3, ", or system call filters");
	}
}

void judge_files(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (plan->abi == 0 && plan->has_new_root)
		judge_files_by_mounts(plan, arena, row);
	else if (plan->abi == 0)
		row_no_landlock(plan, arena, row);
	else if (plan->syscalls.refuses_path_truncate)
		judge_files_old(plan, arena, row);
	else
		row_enforced(row,
			     row_landlock_since(plan, arena, 3,
						plan->has_new_root ? " + mounts" : ""),
			     row_join(arena,
				      plan->handled_fs & ABI_LANDLOCK_FS_REFER
					      ? ""
					      : "moving to another directory is refused",
				      note_of_links(plan)));
}

void judge_exec(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (plan->handled_fs & ABI_LANDLOCK_FS_EXECUTE)
		row_enforced(
			row, row_landlock(plan, arena, ""),
			"no promise that other code cannot run: an interpreter runs any file it can read, memory can be executed");
	else if (!is_wanted(plan, PROTECT_FILES))
		row_absent(row, "file protection is off, and this rests on it",
			   "leave files on, or say --off exec too");
	else if (plan->abi == 0 && plan->has_new_root)
		row_enforced(
			row, "noexec mounts",
			"libraries can be mapped only where executing is granted; no promise that other code cannot run: an interpreter runs any file it can read, memory can be executed");
	else
		row_no_landlock(plan, arena, row);
}

/* True if a device can be opened and no right to its ioctl was granted with it. */
static bool has_plain_device(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n_grants; i++) {
		const struct plan_rule *grant = &plan->grants[i];
		bool may_hold = grant->is_directory ? path_is_under(grant->path, "/dev") ||
							      path_is_under("/dev", grant->path)
						    : path_is_under("/dev", grant->path);

		if (may_hold && !(grant->access & ABI_LANDLOCK_FS_IOCTL_DEV))
			return true;
	}
	return false;
}

void judge_devices(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	if (plan->handled_fs & ABI_LANDLOCK_FS_IOCTL_DEV) {
		row_enforced(row, row_landlock_since(plan, arena, 5, ""), "");
	} else if (!is_wanted(plan, PROTECT_FILES)) {
		row_absent(row, "file protection is off, and this rests on it",
			   "leave files on, or say --off devices too");
	} else if (plan->has_new_root && !has_plain_device(plan)) {
		row_enforced(row, "nodev mounts", "");
	} else if (plan->has_new_root) {
		row->state = STATE_PARTIAL;
		row->mechanisms = "nodev mounts";
		row->missing = "any ioctl passes on a device that is granted in any way";
		row->mend = row_newer(plan, arena, PROTECT_DEVICES, 5, "");
	} else if (plan->abi == 0) {
		row_no_landlock(plan, arena, row);
	} else {
		row_absent(row, "any ioctl on a device that may be opened passes",
			   row_newer(plan, arena, PROTECT_DEVICES, 5, ""));
	}
}

static void row_partly_read_only(struct plan_row *row)
{
	row->state = STATE_PARTIAL;
	row->mechanisms = "read-only mounts";
	row->missing = "modes, owners and times of files on a tmpfs can be changed, also where "
		       "they are read-only: this kernel does not refuse it";
	row->mend = "a host whose kernel does, not an emulation of one";
}

void judge_metadata(const struct plan *plan, struct arena *arena, struct plan_row *row)
{
	static const char why[] =
		"chmod, chown, utime and xattr pass on the caller's own files everywhere: Landlock does not see them";

	if (!is_wanted(plan, PROTECT_FILES))
		row_absent(row, "file protection is off, and this rests on it",
			   "leave files on, or say --off metadata too");
	else if (plan->has_tree && is_read_only_in_part(plan))
		row_partly_read_only(row);
	else if (plan->has_tree)
		row_enforced(row, "read-only mounts",
			     "what a kept descriptor is open on is not covered");
	else
		row_by_namespaces(plan, arena, row, HOST_NS_MOUNT, why);
}
