/* SPDX-License-Identifier: MIT */
/*
 * room.c - the words of a room, checked.
 *
 * A pure function of the text. Whether a name is there, and what it is, is seen when the room is
 * made. The places that croft fills itself cannot be mounted upon: a proc that somebody else chose
 * would be believed by croft itself, which runs inside from then on.
 */
#include "plan/room.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/text.h"
#include "sys/path.h"

void room_init(struct room *room)
{
	*room = (struct room){ 0 };
	arena_init(&room->arena, ROOM_MAX_BYTES);
}

void room_done(struct room *room)
{
	arena_done(&room->arena);
}

static int no_mount(const char *text, const char *why, struct croft_error *err)
{
	int r = fail(err, CROFT_STAGE_USAGE, 0, "--mount: '%s' %s", text, why);

	fail_hint(err, "for example: --mount ./ext:/__e:ro");
	return r;
}

static bool has_dotdot(const char *path)
{
	char name[PATH_NAME_SIZE];
	int len;

	while ((len = path_component(&path, name)) > 0)
		continue;
	return len < 0;
}

/* "//a/./b/" is "/a/b". In place. */
static void clean(char *path)
{
	char *out = path;

	for (const char *p = path; *p;) {
		size_t len;

		p += strspn(p, "/");
		len = strcspn(p, "/");
		if (len == 0)
			break;
		if (len != 1 || p[0] != '.') {
			*out++ = '/';
			memmove(out, p, len);
			out += len;
		}
		p += len;
	}
	if (out == path)
		*out++ = '/';
	*out = '\0';
}

/* Why nothing may be mounted there; NULL: it may. */
static const char *refused(const char *path)
{
	if (!strcmp(path, "/"))
		return "would lie over the whole root: that is --root";
	if (path_is_under("/proc", path) || path_is_under("/sys", path) || !strcmp(path, "/dev"))
		return "is at a place that croft fills itself";
	return NULL;
}

bool room_owns(const char *path)
{
	return refused(path);
}

/* Cuts ":ro" or ":rw" off. */
static bool cut_mode(char *text)
{
	size_t len = strlen(text);
	bool is_read_only = len > 3 && !strcmp(text + len - 3, ":ro");

	if (is_read_only || (len > 3 && !strcmp(text + len - 3, ":rw")))
		text[len - 3] = '\0';
	return is_read_only;
}

static char *last_colon(char *text)
{
	char *found = NULL;

	for (char *at = strstr(text, ":/"); at; at = strstr(at + 1, ":/"))
		found = at;
	return found;
}

int room_add_mount(struct room *room, const char *text, struct croft_error *err)
{
	char *host = arena_strdup(&room->arena, text);
	struct room_mount *mounts;
	const char *why;
	bool is_read_only;
	char *path;

	if (!host)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "store a mount");
	if (room->n_mounts == ROOM_MAX_MOUNTS)
		return fail(err, CROFT_STAGE_USAGE, 0, "more than %d mounts", ROOM_MAX_MOUNTS);
	is_read_only = cut_mode(host);
	path = last_colon(host);
	if (!path || path == host)
		return no_mount(text, "is not HOST:PATH with an absolute PATH", err);
	*path++ = '\0';
	if (has_dotdot(path))
		return no_mount(text, "has a '..' in PATH, or a name that is too long", err);
	clean(path);
	why = refused(path);
	if (why)
		return no_mount(text, why, err);
	mounts = arena_grow(&room->arena, room->mounts, room->n_mounts, &room->capacity,
			    sizeof(*mounts));
	if (!mounts)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "store a mount");
	room->mounts = mounts;
	room->mounts[room->n_mounts++] =
		(struct room_mount){ .host = host, .path = path, .is_read_only = is_read_only };
	return 0;
}

int room_set_ids(struct room *room, const char *text, struct croft_error *err)
{
	char uid[16] = "";
	size_t len = strcspn(text, ":");
	uint64_t ids[2];

	if (len < sizeof(uid) && text[len] == ':') {
		memcpy(uid, text, len);
		if (num_parse(uid, 0, UINT32_MAX - 1, &ids[0]) == 0 &&
		    num_parse(text + len + 1, 0, UINT32_MAX - 1, &ids[1]) == 0) {
			room->has_ids = true;
			room->uid = (unsigned)ids[0];
			room->gid = (unsigned)ids[1];
			return 0;
		}
	}
	return fail(err, CROFT_STAGE_USAGE, 0, "--user: '%s' is not UID:GID, two numbers", text);
}

static int by_path(const void *a, const void *b)
{
	const struct room_mount *const *x = a, *const *y = b;
	int order = strcmp((*x)->path, (*y)->path);

	return order ? order : (*x > *y) - (*x < *y);
}

static int differ(const struct room_mount *a, const struct room_mount *b, struct croft_error *err)
{
	int r = fail(err, CROFT_STAGE_USAGE, 0, "two mounts lie at '%s': '%s'%s and '%s'%s",
		     a->path, a->host, a->is_read_only ? ", read-only," : "", b->host,
		     b->is_read_only ? ", read-only" : "");

	fail_hint(err, "leave one of them out");
	return r;
}

int room_check(struct room *room, struct croft_error *err)
{
	struct room_mount **sorted;
	size_t kept = 0;

	if (room->n_mounts < 2)
		return 0;
	sorted = arena_alloc(&room->arena, room->n_mounts * sizeof(struct room_mount *));
	if (!sorted)
		return fail(err, CROFT_STAGE_USAGE, ENOMEM, "compare the mounts");
	for (size_t i = 0; i < room->n_mounts; i++)
		sorted[i] = &room->mounts[i];
	qsort(sorted, room->n_mounts, sizeof(struct room_mount *), by_path);
	for (size_t i = 1; i < room->n_mounts; i++) {
		struct room_mount *a = sorted[i - 1], *b = sorted[i];

		if (strcmp(a->path, b->path) != 0)
			continue;
		if (strcmp(a->host, b->host) != 0 || a->is_read_only != b->is_read_only)
			return differ(a, b, err);
		/* the same again; what is compared with it next is the first one's twin */
		a->host = "";
	}
	for (size_t i = 0; i < room->n_mounts; i++)
		if (*room->mounts[i].host)
			room->mounts[kept++] = room->mounts[i];
	room->n_mounts = kept;
	return 0;
}

void room_print(struct buf *buf, const struct room *room)
{
	buf_puts(buf, "Room: '");
	text_escape(buf, room->root);
	buf_puts(buf, "' is its root, ");
	if (room->upper) {
		buf_puts(buf, "what is written to it goes to '");
		text_escape(buf, room->upper);
		buf_puts(buf, "'\n");
	} else {
		buf_puts(buf, "read-only\n");
	}
	for (size_t i = 0; i < room->n_mounts; i++) {
		buf_puts(buf, "  '");
		text_escape(buf, room->mounts[i].path);
		buf_puts(buf, "' is '");
		text_escape(buf, room->mounts[i].host);
		buf_puts(buf, room->mounts[i].is_read_only ? "', read-only\n" : "'\n");
	}
}
