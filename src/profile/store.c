/* SPDX-License-Identifier: MIT */
/*
 * store.c - finds profiles by their names, and lists what can be named.
 *
 * A name is looked up by one look in each directory; the directories are read only to list them,
 * or to say which known name is the nearest to one that is none. The built-in profiles are tables
 * of this program (tools/compile_profiles.c), in the order of their names.
 *
 * Names are checked before they become part of a path, so that none can leave the directory.
 */
#include "profile/store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define LISTING_MAX_BYTES (4U << 20) /* STORE_MAX_FILES longest names in each of two directories */
#define NEAR_ENOUGH 2

static int compare_name(const void *key, const void *member)
{
	const struct document *const *document = member;

	return strcmp(key, (*document)->profiles[0].name);
}

const struct document *store_builtin(const char *name)
{
	const struct document *const *found =
		bsearch(name, builtin_documents, n_builtin_documents,
			sizeof(const struct document *), compare_name);

	return found ? *found : NULL;
}

const char *store_config_home(struct arena *arena, const char *home, const char *const *envp)
{
	for (size_t i = 0; envp && envp[i]; i++)
		/* one that is not absolute is to be ignored (XDG Base Directory Specification) */
		if (!strncmp(envp[i], "XDG_CONFIG_HOME=/", 17))
			return arena_strdup(arena, envp[i] + 16);
	return home && home[0] == '/' ? arena_printf(arena, "%s/.config", home) : NULL;
}

/* The places that are directories, in their order. */
enum place { PLACE_USER, PLACE_SYSTEM, PLACE_BUILTIN };

/* 0 and the directory's name, or -ENOENT: there is no such place. */
static int directory_of(enum place place, const char *config_home, char *ret, size_t size)
{
	const char *base = place == PLACE_USER ? config_home : STORE_SYSTEM_DIR;
	const char *rest = place == PLACE_USER ? "/croft/profiles" : "";
	size_t base_len = base ? strlen(base) : 0, rest_len = strlen(rest);

	if (!base || base_len + rest_len >= size)
		return -ENOENT;
	memcpy(ret, base, base_len);
	memcpy(ret + base_len, rest, rest_len + 1);
	return 0;
}

/* True if the file lies in that directory, however the two are spelled. */
static bool lies_in(const char *path, const char *directory)
{
	const char *slash = strrchr(path, '/');
	size_t len = !slash ? 0 : slash == path ? 1 : (size_t)(slash - path);
	char parent[PATH_MAX] = ".";
	struct stat of_path, of_directory;

	if (len >= sizeof(parent))
		return false;
	if (len) {
		memcpy(parent, path, len);
		parent[len] = '\0';
	}
	return sys_fstatat(AT_FDCWD, parent, &of_path, 0) == 0 &&
	       sys_fstatat(AT_FDCWD, directory, &of_directory, 0) == 0 &&
	       of_path.st_dev == of_directory.st_dev && of_path.st_ino == of_directory.st_ino;
}

/* The first place that is looked at. */
static enum place first_place(const char *config_home, const char *after)
{
	char directory[PATH_MAX];

	for (enum place place = PLACE_USER; after && place < PLACE_BUILTIN; place++)
		if (directory_of(place, config_home, directory, sizeof(directory)) == 0 &&
		    lies_in(after, directory))
			return place + 1;
	return PLACE_USER;
}

/* 1 and the path in `ret` if that place has the name; 0 if not. */
static int look(enum place place, const char *config_home, const char *name, char *ret, size_t size,
		struct croft_error *err)
{
	size_t len, name_len = strlen(name);
	struct stat st;
	int r;

	if (directory_of(place, config_home, ret, size) < 0)
		return 0;
	len = strlen(ret);
	if (len + 1 + name_len + sizeof(STORE_SUFFIX) > size)
		return 0;
	ret[len] = '/';
	memcpy(ret + len + 1, name, name_len);
	memcpy(ret + len + 1 + name_len, STORE_SUFFIX, sizeof(STORE_SUFFIX));
	/* a link that leads nowhere is there: to read it is an error, and no looser one is taken */
	r = sys_fstatat(AT_FDCWD, ret, &st, AT_SYMLINK_NOFOLLOW);
	if (r == -ENOENT || r == -ENOTDIR || r == -EACCES)
		return 0;
	if (r < 0)
		return fail(err, CROFT_STAGE_PROFILE, -r, "look for the profile '%s'", ret);
	return 1;
}

/* The nearest of all names to one that is none. */
struct search {
	const char *wanted;
	unsigned distance;
	char nearest[DOCUMENT_MAX_NAME + 1];
};

static int compare_distance(void *context, const struct store_listed *listed)
{
	struct search *search = context;
	unsigned distance = names_distance(search->wanted, listed->name, NEAR_ENOUGH);

	if (distance < search->distance) {
		search->distance = distance;
		memcpy(search->nearest, listed->name, strlen(listed->name) + 1);
	}
	return 0;
}

static int not_found(const char *name, const char *config_home, const char *after,
		     struct croft_error *err)
{
	/* in a short word two changes make any other */
	struct search search = { .wanted = name, .distance = strlen(name) <= 4 ? 2 : 3 };

	/* the hint is the better for it; that a directory cannot be listed is no other error */
	(void)store_list(config_home, compare_distance, &search, NULL);
	(void)fail(err, CROFT_STAGE_PROFILE, 0, "there is no %sprofile '%s'", after ? "other " : "",
		   name);
	if (search.nearest[0] && strcmp(search.nearest, name) != 0)
		fail_hint(err, "did you mean '%s'?", search.nearest);
	else
		fail_hint(err, "'croft profile list' names them; a file is named with its '/'");
	return -ENOENT;
}

int store_find(const char *name, const char *config_home, const char *after,
	       struct store_found *ret_found, struct croft_error *err)
{
	char path[PATH_MAX];

	if (!document_is_name(name)) {
		int r = fail(err, CROFT_STAGE_PROFILE, 0, "'%s' is not the name of a profile",
			     name);

		fail_hint(err, "letters, digits, '.', '_' and '-'; a file is named with its '/'");
		return r;
	}
	for (enum place place = first_place(config_home, after); place < PLACE_BUILTIN; place++) {
		int r = look(place, config_home, name, path, sizeof(path), err);

		if (r < 0)
			return r;
		if (r > 0) {
			char *copy = strdup(path);

			if (!copy)
				return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "find a profile");
			*ret_found = (struct store_found){ .path = copy };
			return 0;
		}
	}
	if (!store_builtin(name))
		return not_found(name, config_home, after, err);
	*ret_found = (struct store_found){ .builtin = store_builtin(name) };
	return 0;
}

void store_found_done(struct store_found *found)
{
	free(found->path);
	*found = (struct store_found){ 0 };
}

/* What is listed, one place after another. */
struct listing {
	struct arena arena;
	struct store_listed *items;
	size_t n, capacity;
	size_t begin; /* of the place that is being read */
};

static int no_memory(struct croft_error *err)
{
	return fail(err, CROFT_STAGE_PROFILE, ENOMEM, "list the profiles");
}

static int add_item(struct listing *listing, const char *name, const char *path,
		    struct croft_error *err)
{
	struct store_listed *items = arena_grow(&listing->arena, listing->items, listing->n,
						&listing->capacity, sizeof(*items));
	bool is_shadowed = false;

	if (!items || !name)
		return no_memory(err);
	for (size_t i = 0; i < listing->begin && !is_shadowed; i++)
		is_shadowed = !strcmp(items[i].name, name);
	items[listing->n++] = (struct store_listed){ name, path, is_shadowed };
	listing->items = items;
	return 0;
}

/* An entry of a directory, if it is the file of a profile. */
static int add_file(struct listing *listing, const char *directory, const char *file,
		    struct croft_error *err)
{
	size_t len = strlen(file), suffix = strlen(STORE_SUFFIX);
	const char *name, *path;

	if (len <= suffix || strcmp(file + len - suffix, STORE_SUFFIX) != 0)
		return 0;
	name = arena_strndup(&listing->arena, file, len - suffix);
	if (!name)
		return no_memory(err);
	if (!document_is_name(name))
		return 0;
	if (listing->n - listing->begin >= STORE_MAX_FILES)
		return fail(err, CROFT_STAGE_PROFILE, EOVERFLOW,
			    "list more than %d profiles in '%s'", STORE_MAX_FILES, directory);
	path = arena_printf(&listing->arena, "%s/%s", directory, file);
	return path ? add_item(listing, name, path, err) : no_memory(err);
}

/* A directory that may be read: its descriptor; -ENOENT where there is none to look into. */
static int open_directory(const char *directory)
{
	int fd = sys_openat(AT_FDCWD, directory, O_RDONLY | O_DIRECTORY, 0);
	struct stat st;

	if (fd == -ENOTDIR)
		return -ENOENT;
	/* as in store_find: one that cannot even be reached is somebody else's */
	if (fd == -EACCES && sys_fstatat(AT_FDCWD, directory, &st, 0) == -EACCES)
		return -ENOENT;
	return fd;
}

static int read_directory(struct listing *listing, const char *directory, struct croft_error *err)
{
	_Alignas(struct sys_dirent) char data[8192];
	AUTO_FD int fd = open_directory(directory);
	ssize_t n = fd;
	int r = 0;

	if (fd == -ENOENT)
		return 0;
	while (n >= 0 && fd >= 0 && r == 0) {
		n = sys_getdents64(fd, data, sizeof(data));
		if (n == 0)
			return 0;
		for (ssize_t at = 0; at < n && r == 0;) {
			const struct sys_dirent *entry = (const void *)(data + at);

			r = add_file(listing, directory, entry->name, err);
			at += entry->length;
		}
	}
	return r < 0 ? r : fail(err, CROFT_STAGE_PROFILE, (int)-n, "list '%s'", directory);
}

static int compare_items(const void *a, const void *b)
{
	const struct store_listed *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int list_all(struct listing *listing, const char *config_home, struct croft_error *err)
{
	char directory[PATH_MAX];
	int r = 0;

	for (enum place place = PLACE_USER; place < PLACE_BUILTIN && r == 0; place++) {
		listing->begin = listing->n;
		if (directory_of(place, config_home, directory, sizeof(directory)) < 0)
			continue;
		r = read_directory(listing, directory, err);
		if (r == 0 && listing->n > listing->begin)
			qsort(listing->items + listing->begin, listing->n - listing->begin,
			      sizeof(*listing->items), compare_items);
	}
	listing->begin = listing->n;
	for (size_t i = 0; i < n_builtin_documents && r == 0; i++)
		r = add_item(listing, builtin_documents[i]->profiles[0].name, NULL, err);
	return r;
}

int store_list(const char *config_home,
	       int (*each)(void *context, const struct store_listed *listed), void *context,
	       struct croft_error *err)
{
	struct listing listing = { 0 };
	int r;

	arena_init(&listing.arena, LISTING_MAX_BYTES);
	r = list_all(&listing, config_home, err);
	for (size_t i = 0; i < listing.n && r >= 0; i++)
		r = each(context, &listing.items[i]);
	arena_done(&listing.arena);
	return r < 0 ? r : 0;
}
