/* SPDX-License-Identifier: MIT */
/*
 * paths.c - is each granted path there, is it what it says, is it needed?
 *
 * A grant is needed if no other gives as much on what it leads to. Where two lead to the same only
 * by a link, that is this machine's doing: it is told of a path that has to be there, and not
 * of an optional one, which is written for many machines. A link to what is granted anyway is not
 * worth a word for itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/cleanup.h"
#include "check/parts.h"
#include "sys/calls.h"

/* The same path but for empty and "." components. */
static bool is_same_text(const char *a, const char *b)
{
	for (;;) {
		size_t len_a, len_b;

		while (*a == '/' || (*a == '.' && (a[1] == '/' || !a[1])))
			a++;
		while (*b == '/' || (*b == '.' && (b[1] == '/' || !b[1])))
			b++;
		len_a = strcspn(a, "/");
		len_b = strcspn(b, "/");
		if (len_a != len_b || strncmp(a, b, len_a) != 0)
			return false;
		if (!len_a)
			return true;
		a += len_a;
		b += len_b;
	}
}

static void tell_missing(struct check *check, const struct look *look)
{
	struct words words = { .path = look->path, .detail = errno_text(look->errnum) };

	if (look->grant->is_optional && look->errnum == ENOENT)
		words.mend = "made later, it is granted from the next start on";
	if (look->grant->is_optional)
		check_tell(check, FINDING_NOT_THERE, &look->spot, &words);
	else if (look->errnum == ENOENT)
		check_tell(check, FINDING_MISSING, &look->spot, &words);
	else
		check_tell(check, FINDING_UNREACHABLE, &look->spot, &words);
}

/* True if `outer` gives all that `inner` does, and is there whenever that is. */
static bool gives_as_much(const struct look *outer, const struct look *inner)
{
	return !outer->errnum && outer->grant != inner->grant &&
	       !(inner->grant->kinds & ~outer->grant->kinds) &&
	       !(inner->grant->rights & ~outer->grant->rights) &&
	       (inner->grant->is_optional || !outer->grant->is_optional);
}

static bool covers(const struct look *outer, const struct look *inner)
{
	if (!gives_as_much(outer, inner))
		return false;
	if (strcmp(outer->real, inner->real) != 0)
		return S_ISDIR(outer->st.st_mode) && path_is_under(outer->real, inner->real);
	/* of two that are alike the later one is in excess */
	return outer < inner || !gives_as_much(inner, outer);
}

static const struct look *find_cover(const struct check *check, const struct look *look)
{
	for (size_t i = 0; i < check->n_looks; i++)
		if (covers(&check->looks[i], look))
			return &check->looks[i];
	return NULL;
}

static void judge(struct check *check, const struct look *look)
{
	const struct look *cover = find_cover(check, look);
	const char *path = look->path;
	/* /proc/self and its like are links by nature */
	bool is_link = !look_is_kernels(look->fs_type) && !is_same_text(look->path, look->real);

	if (is_link)
		path = arena_printf(&check->arena, "%s, which is %s", look->path, look->real);
	if (!path)
		check->findings->error = -ENOMEM;
	if (cover && (!look->grant->is_optional || path_is_under(cover->path, look->path)))
		check_tell(check, FINDING_COVERED, &look->spot,
			   &(struct words){ .path = path,
					    .detail = cover->path,
					    .other = cover->grant->origin });
	else if (is_link && !cover)
		check_tell(check, FINDING_SYMLINK, &look->spot,
			   &(struct words){ .path = look->path, .detail = look->real });
}

/* A grant that cannot be used as it is meant. */
static void judge_use(struct check *check, const struct look *look)
{
	const struct look *dir;

	if (look->is_noexec && (look->kinds & GRANT_EXECUTE))
		check_tell(check, FINDING_MOUNT_FORBIDS, &look->spot,
			   &(struct words){
				   .path = look->path, .detail = "executing", .other = "noexec" });
	if (look->is_readonly && (look->kinds & GRANT_WRITE))
		check_tell(check, FINDING_MOUNT_FORBIDS, &look->spot,
			   &(struct words){
				   .path = look->path, .detail = "writing", .other = "read-only" });
	if (!S_ISREG(look->st.st_mode) || !(look->kinds & GRANT_WRITE))
		return;
	/* in a directory that is granted for writing too it can be replaced */
	for (dir = check->looks; dir < check->looks + check->n_looks; dir++)
		if (!dir->errnum && (dir->kinds & GRANT_WRITE) && S_ISDIR(dir->st.st_mode) &&
		    path_is_under(dir->real, look->real))
			return;
	check_tell(check, FINDING_ONE_FILE, &look->spot, &(struct words){ .path = look->path });
}

/* Where the command starts: no grant, and so never optional. */
static void judge_workdir(struct check *check)
{
	const char *path = check->profile->chdir;
	struct spot spot = check_spot_of_key(check, KEY_COMMAND_DIRECTORY, NULL);
	struct stat st;
	int r = path ? sys_fstatat(AT_FDCWD, path, &st, 0) : 0;

	if (!path || (r == 0 && S_ISDIR(st.st_mode)))
		return;
	if (r == -ENOENT)
		check_tell(check, FINDING_MISSING, &spot,
			   &(struct words){ .path = path, .mend = "create it" });
	else
		check_tell(check, FINDING_UNREACHABLE, &spot,
			   &(struct words){ .path = path,
					    .detail = errno_text(r < 0 ? -r : ENOTDIR),
					    .mend = "name a directory that you can enter" });
}

void find_paths(struct check *check)
{
	judge_workdir(check);
	for (size_t i = 0; i < check->n_looks; i++) {
		if (check->looks[i].errnum) {
			tell_missing(check, &check->looks[i]);
		} else {
			judge(check, &check->looks[i]);
			judge_use(check, &check->looks[i]);
		}
	}
}
