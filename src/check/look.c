/* SPDX-License-Identifier: MIT */
/*
 * look.c - the granted paths as they are now, and the names in a directory.
 *
 * Each grant is walked once, as a start would walk it (host/paths.h), and what it led to is kept
 * as text and numbers, not as a descriptor: a profile of thousands of grants costs the check one
 * descriptor at a time. Between the look and a later start everything may change; the
 * start looks again, and a finding is about now.
 *
 * Rights of version 1 (files.rights) are put into the words of grants, since the finders ask
 * whether something can be written, not by which of ten rights.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "check/parts.h"
#include "host/paths.h"
#include "launch/globs.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define DIRENT_BYTES 16384

bool look_exists(const char *path)
{
	struct stat st;

	return sys_fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static unsigned kinds_of_rights(uint64_t rights)
{
	const uint64_t read = ABI_LANDLOCK_FS_READ_FILE | ABI_LANDLOCK_FS_READ_DIR;
	const uint64_t other = read | ABI_LANDLOCK_FS_EXECUTE | ABI_LANDLOCK_FS_IOCTL_DEV |
			       ABI_LANDLOCK_FS_RESOLVE_UNIX;
	unsigned kinds = 0;

	if (rights & read)
		kinds |= GRANT_READ;
	if (rights & ABI_LANDLOCK_FS_EXECUTE)
		kinds |= GRANT_EXECUTE;
	if (rights & ABI_LANDLOCK_FS_IOCTL_DEV)
		kinds |= GRANT_DEVICE;
	if (rights & ABI_LANDLOCK_FS_RESOLVE_UNIX)
		kinds |= GRANT_SOCKET;
	/* whatever changes a file or a directory */
	if (rights & ~other)
		kinds |= GRANT_WRITE;
	return kinds;
}

static const char *without_final_slash(struct arena *arena, const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return arena_strndup(arena, path, len);
}

/* What is only known of something that is there. */
static void fill_facts(struct look *look, const struct path_fact *fact)
{
	struct statfs fs;
	int r = sys_fstatat(fact->fd, "", &look->st, AT_EMPTY_PATH);

	look->errnum = r < 0 ? -r : 0;
	if (sys_fstatfs(fact->fd, &fs) < 0)
		return;
	look->fs_type = (uint64_t)fs.f_type;
	look->is_noexec = fs.f_flags & ST_NOEXEC;
	look->is_readonly = fs.f_flags & ST_RDONLY;
}

static int no_memory(struct croft_error *err)
{
	return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "check a profile");
}

/*
 * The plan refuses the whole profile for it, and says so; what else is wrong with such a grant is
 * all that is wrong anywhere.
 */
static bool is_refused(const struct check *check, const struct look *look)
{
	const struct profile *profile = check->profile;
	bool is_root = !strcmp(look->real, "/");
	bool holds_home = profile->home && path_is_under(look->real, profile->home);

	return (look->kinds & GRANT_WRITE) && !profile->may_write_root &&
	       (is_root || (look->grant->is_project && holds_home));
}

static int look_at(struct check *check, const struct grant *grant, const char *path,
		   struct croft_error *err)
{
	struct look look = { .grant = grant, .kinds = grant->kinds };
	char resolved[PATH_MAX];
	struct path_fact fact;
	struct look *looks;
	int r;

	look.kinds |= kinds_of_rights(grant->rights);
	look.spot = spot_of_origin(&check->arena, grant->origin);
	look.path = without_final_slash(&check->arena, path);
	r = paths_open(&path, 1, &fact);
	if (r < 0)
		return fail(err, CROFT_STAGE_PROFILE, -r, "look at '%s'", path);
	look.errnum = fact.errnum;
	if (!fact.errnum) {
		look.real = arena_strdup(&check->arena, fact.real ? fact.real : path);
		fill_facts(&look, &fact);
	} else {
		r = path_resolve(path, resolved, sizeof(resolved));
		look.real = arena_strdup(&check->arena, r == 0 ? resolved : path);
	}
	paths_close(&fact, 1);
	if (look.real)
		look.real = without_final_slash(&check->arena, look.real);
	if (look.real && is_refused(check, &look))
		return 0;
	looks = arena_grow(&check->arena, check->looks, check->n_looks, &check->looks_capacity,
			   sizeof(*looks));
	if (!look.path || !look.real || !looks)
		return no_memory(err);
	check->looks = looks;
	looks[check->n_looks++] = look;
	return 0;
}

struct matching {
	struct check *check;
	const struct grant *grant;
	struct croft_error *err;
	size_t n;
};

static int look_at_match(void *context, const char *path)
{
	struct matching *matching = context;

	matching->n++;
	return look_at(matching->check, matching->grant, path, matching->err);
}

/* What it stands for now. Too many names are an error of the plan, which says so. */
static int look_at_pattern(struct check *check, const struct grant *grant, struct croft_error *err)
{
	struct spot spot = spot_of_origin(&check->arena, grant->origin);
	struct matching matching = { .check = check, .grant = grant, .err = err };
	struct arena arena;
	struct glob glob = { .pattern = grant->path,
			     .what = grant->path,
			     .arena = &arena,
			     .found = look_at_match,
			     .context = &matching,
			     .err = err };
	int r;

	arena_init(&arena, FINDINGS_MAX_BYTES);
	r = glob_look_up(&glob);
	arena_done(&arena);
	if (r == 0 && !matching.n && !grant->is_optional)
		check_tell(check, FINDING_NO_MATCH, &spot, &(struct words){ .path = grant->path });
	return r == -EFBIG ? 0 : r;
}

int look_at_grants(struct check *check, struct croft_error *err)
{
	for (size_t i = 0; i < check->profile->n_grants; i++) {
		const struct grant *grant = &check->profile->grants[i];
		int r = grant->is_pattern ? look_at_pattern(check, grant, err)
					  : look_at(check, grant, grant->path, err);

		if (r < 0)
			return r;
	}
	return 0;
}

bool look_is_first(const struct check *check, const struct look *look, unsigned kinds)
{
	for (const struct look *other = check->looks; other < look; other++)
		if (!other->errnum && (other->kinds & kinds) &&
		    other->spot.is_builtin == look->spot.is_builtin &&
		    !strcmp(other->real, look->real))
			return false;
	return true;
}

const struct look *look_covering(const struct check *check, const char *path, unsigned kinds)
{
	for (size_t i = 0; i < check->n_looks; i++) {
		const struct look *look = &check->looks[i];

		if (!look->errnum && (look->kinds & kinds) && path_is_under(look->real, path))
			return look;
	}
	return NULL;
}

const struct look *look_letting_write(const struct check *check, const char *path)
{
	char real[PATH_MAX];
	int r;

	if (path_resolve(path, real, sizeof(real)) < 0)
		return NULL;
	r = sys_faccessat(AT_FDCWD, real, W_OK);
	return r == 0 || r == -ENOENT ? look_covering(check, real, GRANT_WRITE) : NULL;
}

const char *look_kinds_text(struct check *check, unsigned kinds)
{
	AUTO_BUF struct buf buf = BUF_INIT(256);
	const char *text;

	for (int i = 0; i < GRANT_KIND_COUNT; i++)
		if (kinds & (1U << i))
			buf_printf(&buf, "%s%s", buf.len ? ", " : "", grant_kind_names[i].name);
	text = arena_strdup(&check->arena, buf_text(&buf));
	if (!text)
		check->findings->error = -ENOMEM;
	return text;
}

bool look_is_kernels(uint64_t fs_type)
{
	/* include/uapi/linux/magic.h, which not every C library brings */
	static const uint64_t types[] = {
		0x9fa0, /* proc */
		0x62656572, /* sysfs */
		0x27e0eb, /* cgroup */
		0x63677270, /* cgroup2 */
		0x1cd1, /* devpts */
		0x64626720, /* debugfs */
		0x74726163, /* tracefs */
		0x73636673, /* securityfs */
	};

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (types[i] == fs_type)
			return true;
	return false;
}

static int compare_names(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

const char *look_examples(struct check *check, const char **names, size_t n)
{
	AUTO_BUF struct buf buf = BUF_INIT((size_t)(EXAMPLES + 1) * PATH_MAX);
	const char *text;

	qsort(names, n, sizeof(*names), compare_names);
	for (size_t i = 0; i < n && i < EXAMPLES; i++)
		buf_printf(&buf, "%s%s", i ? ", " : "", names[i]);
	if (n > EXAMPLES)
		buf_printf(&buf, " and %zu more", n - EXAMPLES);
	text = arena_strdup(&check->arena, buf_text(&buf));
	if (!text)
		check->findings->error = -ENOMEM;
	return text;
}

/* The entries of one getdents64; false when enough was seen. */
static bool list_entries(int fd, const char *dir, const char *data, size_t len, size_t *used,
			 look_name_fn each, void *context)
{
	for (size_t at = 0; at < len;) {
		const struct sys_dirent *entry = (const void *)(data + at);

		at += entry->length;
		if (!strcmp(entry->name, ".") || !strcmp(entry->name, ".."))
			continue;
		if (*used >= LOOK_MAX_NAMES)
			return false;
		(*used)++;
		each(context, fd, dir, entry->name);
	}
	return true;
}

void look_list(const char *dir, size_t *used, look_name_fn each, void *context)
{
	AUTO_FREE char *data = malloc(DIRENT_BYTES);
	AUTO_FD int fd = sys_openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0);
	ssize_t n;

	if (fd < 0 || !data)
		return;
	do
		n = sys_getdents64(fd, data, DIRENT_BYTES);
	while (n > 0 && list_entries(fd, dir, data, (size_t)n, used, each, context));
}
