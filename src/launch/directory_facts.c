/* SPDX-License-Identifier: MIT */
/*
 * directory_facts.c - what lies beside denied names.
 *
 * Two mechanisms need it. A name that does not exist is kept from being made by a directory that is
 * read-only, with each of its entries bound back as it was. And where there is only Landlock,
 * which has no deny rule, rules for all that lies beside a denied name take the place of the rule
 * above it. Both hold for the entries that are there now, each costs something, and so a
 * directory with more than DIRECTORY_ENTRIES_MAX of them is a fact with EFBIG and no list.
 *
 * Half a list would be worse than none: what it left out would be shut off. An entry that goes away
 * while the directory is listed is not in it; any other trouble is the directory's.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "host/beneath.h"
#include "launch/denial_parts.h"
#include "plan/pattern.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define DIRENT_BYTES 32768

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct entry_fact *)a)->name, ((const struct entry_fact *)b)->name);
}

/* A directory while it is listed. */
struct listing {
	struct denial_facts *facts;
	struct path_facts *opened; /* NULL: entries are not opened */
	struct directory_fact *directory;
	size_t capacity;
	int fd;
};

static int open_entry(struct listing *listing, const char *name, struct entry_fact *entry)
{
	struct path_facts *opened = listing->opened;
	AUTO_FD int fd = sys_openat(listing->fd, name, O_PATH | O_NOFOLLOW, 0);
	struct path_fact *grown;
	struct stat st;

	if (fd < 0)
		return fd_is_shortage(fd) ? fd : 0;
	if (sys_fstatat(fd, "", &st, AT_EMPTY_PATH) < 0 || st.st_ino != entry->ino ||
	    st.st_dev != entry->dev)
		return 0;
	grown = realloc(opened->list, (opened->n + 1) * sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	opened->list = grown;
	entry->fact = opened->n;
	grown[opened->n++] = (struct path_fact){
		.fd = fd_take(&fd), .type = entry->type, .dev = entry->dev, .ino = entry->ino
	};
	return 0;
}

static int read_target(struct listing *listing, struct entry_fact *entry)
{
	char text[PATH_MAX];
	ssize_t n = sys_readlinkat(listing->fd, entry->name, text, sizeof(text));

	if (n < 0 || (size_t)n == sizeof(text))
		return 0;
	entry->target = arena_strndup(&listing->facts->arena, text, (size_t)n);
	return entry->target ? 0 : -ENOMEM;
}

static int add_entry(struct listing *listing, const char *name)
{
	struct directory_fact *directory = listing->directory;
	struct entry_fact *entries = (struct entry_fact *)(uintptr_t)directory->entries, *entry;
	struct stat st;
	int r = sys_fstatat(listing->fd, name, &st, AT_SYMLINK_NOFOLLOW);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (directory->n_entries >= DIRECTORY_ENTRIES_MAX)
		return -EFBIG;
	entries = arena_grow(&listing->facts->arena, entries, directory->n_entries,
			     &listing->capacity, sizeof(*entries));
	if (!entries)
		return -ENOMEM;
	directory->entries = entries;
	entry = &entries[directory->n_entries++];
	*entry = (struct entry_fact){ .name = arena_strdup(&listing->facts->arena, name),
				      .type = st.st_mode & S_IFMT,
				      .dev = st.st_dev,
				      .ino = st.st_ino,
				      .fact = SIZE_MAX };
	if (!entry->name)
		return -ENOMEM;
	if (S_ISLNK(st.st_mode))
		return read_target(listing, entry);
	return listing->opened ? open_entry(listing, name, entry) : 0;
}

static int add_entries(struct listing *listing)
{
	_Alignas(struct sys_dirent) char block[DIRENT_BYTES];
	ssize_t n;

	while ((n = sys_getdents64(listing->fd, block, sizeof(block))) > 0)
		for (ssize_t at = 0; at < n;) {
			const struct sys_dirent *entry = (const void *)(block + at);
			int r = 0;

			at += entry->length;
			if (strcmp(entry->name, ".") != 0 && strcmp(entry->name, "..") != 0)
				r = add_entry(listing, entry->name);
			if (r < 0)
				return r;
		}
	return (int)n;
}

static int list_directory(struct denial_facts *facts, const char *path, struct path_facts *opened)
{
	struct listing listing = { .facts = facts, .opened = opened };
	AUTO_FD int fd = -1;
	struct directory_fact *grown;
	struct stat st = { 0 };
	int r;

	for (size_t i = 0; i < facts->n_directories; i++)
		if (!strcmp(facts->directories[i].path, path))
			return 0;
	listing.fd = fd = beneath_open(AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
	r = fd < 0 ? fd : sys_fstatat(fd, "", &st, AT_EMPTY_PATH);
	grown = arena_grow(&facts->arena, facts->directories, facts->n_directories,
			   &facts->directories_capacity, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	facts->directories = grown;
	listing.directory = &grown[facts->n_directories++];
	*listing.directory = (struct directory_fact){ .path = arena_strdup(&facts->arena, path),
						      .dev = st.st_dev,
						      .ino = st.st_ino };
	if (!listing.directory->path)
		return -ENOMEM;
	if (r == 0)
		r = add_entries(&listing);
	if (r == -ENOMEM)
		return r;
	listing.directory->errnum = -r;
	if (r < 0)
		listing.directory->n_entries = 0; /* half a list is none */
	else if (listing.directory->n_entries)
		qsort((void *)(uintptr_t)listing.directory->entries, listing.directory->n_entries,
		      sizeof(struct entry_fact), compare_entries);
	return 0;
}

static int compare_directories(const void *a, const void *b)
{
	return path_order(((const struct directory_fact *)a)->path,
			  ((const struct directory_fact *)b)->path);
}

static int finish_directories(struct denial_facts *facts, int r, struct croft_error *err)
{
	if (facts->n_directories)
		qsort(facts->directories, facts->n_directories, sizeof(*facts->directories),
		      compare_directories);
	return r < 0 ? fail(err, CROFT_STAGE_PREPARE, -r, "list directories of denials") : 0;
}

int denial_facts_list_closed(struct denial_facts *facts, const struct profile *profile,
			     const struct path_facts *grants, struct croft_error *err)
{
	const struct granted granted = { .profile = profile, .facts = grants };
	int r = 0;

	for (size_t i = 0; r == 0 && i < profile->n_denials; i++) {
		const char *above = facts->list[i].above;

		if (above && !profile->denials[i].stays_open &&
		    denial_is_changeable(&granted, above))
			r = list_directory(facts, above, NULL);
	}
	return finish_directories(facts, r, err);
}

/* The directories from `tree` down to the one that `path` is in; with is_closed `path` as well. */
static int list_between(struct denial_facts *facts, const char *tree, const char *path,
			bool is_closed, struct path_facts *opened)
{
	char dir[PATH_MAX];
	size_t len = strlen(path);
	int r = 0;

	if (len >= sizeof(dir))
		return 0;
	memcpy(dir, path, len + 1);
	if (is_closed)
		r = list_directory(facts, dir, opened);
	while (r == 0 && strcmp(dir, tree) != 0 && dir[1]) {
		char *slash = strrchr(dir, '/');

		slash[slash == dir] = '\0';
		r = list_directory(facts, dir, opened);
	}
	return r;
}

int denial_facts_list_beside(struct denial_facts *facts, const struct profile *profile,
			     const char *const *denied, struct path_facts *grants,
			     struct croft_error *err)
{
	int r = 0;

	facts->n_directories = 0;
	facts->has_beside = true;
	for (size_t i = 0; r == 0 && i < profile->n_denials; i++) {
		const struct denial_fact *fact = &facts->list[i];
		const char *path = fact->above;

		/* git makes its locks beside what it obeys: rules for the rest would end that */
		if (strchr(profile->denials[i].path, '*') || profile->denials[i].is_git)
			continue;
		if (!path)
			path = denial_leads(&facts->arena, &profile->denials[i], denied[i]);
		if (!path)
			return fail(err, CROFT_STAGE_PREPARE, ENOMEM,
				    "list directories of denials");
		for (size_t j = 0; r == 0 && j < profile->n_grants; j++) {
			const char *tree = granted_directory(&profile->grants[j], &grants->list[j]);

			if (tree && path_is_under(tree, path) &&
			    (profile->denials[i].kind != DENY_WRITE ||
			     grant_may_change(&profile->grants[j])))
				r = list_between(facts, tree, path, fact->above != NULL, grants);
		}
	}
	return finish_directories(facts, r, err);
}

/* The topmost directory that is granted on the way to `path`; NULL: none is. */
static const char *find_topmost(const struct profile *profile, const struct path_facts *grants,
				const char *path)
{
	const char *topmost = NULL;

	for (size_t i = 0; i < profile->n_grants; i++) {
		const char *tree = granted_directory(&profile->grants[i], &grants->list[i]);

		if (tree && path_is_under(tree, path) && (!topmost || path_is_under(tree, topmost)))
			topmost = tree;
	}
	return topmost;
}

int denial_facts_list_hidden(struct denial_facts *facts, const struct profile *profile,
			     const struct path_facts *grants, struct croft_error *err)
{
	const struct granted granted = { .profile = profile, .facts = grants };
	int r = 0;

	for (size_t i = 0; r == 0 && i < profile->n_denials; i++) {
		const struct denial *denial = &profile->denials[i];
		const char *path, *topmost;

		if (denial->kind != DENY_HIDE || strchr(denial->path, '*') || facts->list[i].errnum)
			continue;
		path = denial_leads(&facts->arena, denial, facts->denied[i]);
		if (!path)
			return fail(err, CROFT_STAGE_PREPARE, ENOMEM,
				    "list directories of denials");
		topmost = find_topmost(profile, grants, path);
		if (topmost && !denial_is_changeable(&granted, path))
			r = list_between(facts, topmost, path, false, NULL);
	}
	return finish_directories(facts, r, err);
}
