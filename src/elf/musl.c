/* SPDX-License-Identifier: MIT */
/*
 * musl.c - libraries as musl's loader looks for them.
 *
 * LD_PRELOAD, then breadth first what each object needs. The names of the libraries that musl
 * is made of (libc, libpthread, libm, ...) mean the loader itself, whatever follows the dot. A
 * name with a slash is a path. Any other is compared with the file names of what was found by a
 * search before, and then searched for:
 *
 *   1. LD_LIBRARY_PATH
 *   2. DT_RUNPATH, or without one DT_RPATH, of the needing object, of the one that needed
 *      that, and so on: both are inherited
 *   3. what ld-musl-ARCH.path lists; without that file /lib, /usr/local/lib, /usr/lib
 *
 * Empty elements mean nothing, "$ORIGIN" is the only token, and a list with any other "$" is not
 * used. There is no cache, no choice by CPU, no version. The first file that opens is
 * taken; what else it may be is the end of the program (linkage.c).
 *
 * Source: musl's ldso/dynlink.c (load_library, path_open, fixup_rpath), version 1.2.5.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/linkage.h"
#include "sys/fd.h"

#define SEPARATORS ":\n"
#define SPACES " \t\n\v\f\r:" /* of LD_PRELOAD */
#define DEFAULT_PATH "/lib:/usr/local/lib:/usr/lib"
#define PATH_FILE_MAX_BYTES (1U << 20)
#define CANDIDATE_MAX 512 /* the loader's buffer, 2 * NAME_MAX + 2: longer names are passed over */

/* Does the name mean musl itself? */
static bool is_own_name(const struct linkage *linkage, const char *name)
{
	static const char *const own[] = {
		"libc.", "libpthread.", "librt.", "libm.", "libdl.", "libutil.", "libxnet.",
	};

	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		if (strncmp(name, own[i], strlen(own[i])) == 0)
			return true;
	return strcmp(name, linkage->objects[OBJECT_LOADER].path) == 0;
}

/* The elements of a text in which `origin`, if any, stands for "$ORIGIN". */
static int make_list(struct builder *builder, struct linkage *linkage, const char *text,
		     const char *origin, struct search_list *list)
{
	struct arena *arena = &builder->closure->arena;
	const struct path_tokens tokens = { .origin = origin };
	size_t n = 1, len;
	int r;

	for (const char *p = text; p && *p; p++)
		n += strchr(SEPARATORS, *p) != NULL;
	r = linkage_new_list(builder, linkage, list, n);
	while (r == 0 && text) {
		const char *element = path_next(&text, SEPARATORS, &len);
		const char *given = arena_strndup(arena, element, len);
		const char *path = given && origin ? path_expand(arena, given, &tokens) : given;
		if (!path)
			return builder_no_memory(builder);
		if (*path)
			r = linkage_add_entry(builder, linkage, list, given, path);
	}
	return r;
}

static int look_in(struct search *search, const struct search_list *list, enum closure_rule rule)
{
	struct builder *builder = search->builder;
	struct linkage *linkage = search->linkage;
	int r = ATTEMPT_NEXT;

	for (size_t i = 0; i < list->n && r == ATTEMPT_NEXT; i++) {
		char path[CANDIDATE_MAX];
		int n = snprintf(path, sizeof(path), "%s/%s",
				 linkage->dirs[list->entries[i].dir].path, search->name);

		if (++linkage->n_looks > LINKAGE_MAX_LOOKS)
			return fail(builder->err, CROFT_STAGE_EXEC, EFBIG,
				    "looking for '%s': more than %u directories looked at",
				    search->name, LINKAGE_MAX_LOOKS);
		if (n > 0 && (size_t)n < sizeof(path))
			r = linkage_try(search, path, rule, list->entries[i].given);
	}
	return r;
}

/* Has the list a "$" that is not "$ORIGIN"? Letters may follow: "$ORIGINAL" counts as one (sic). */
static bool has_other_token(const char *text)
{
	for (const char *p = strchr(text, '$'); p; p = strchr(p + 1, '$'))
		if (strncmp(p, "$ORIGIN", 7) != 0 && strncmp(p, "${ORIGIN}", 9) != 0)
			return true;
	return false;
}

static int ask_rpath(struct builder *builder, struct linkage *linkage, size_t index)
{
	struct object *object = &linkage->objects[index];
	const char *text = object->elf.runpath ? object->elf.runpath : object->elf.rpath;
	const char *origin = NULL;

	object->rpath.is_known = true;
	if (!text || has_other_token(text))
		return 0;
	if (strchr(text, '$')) {
		origin = linkage_origin(builder, linkage, index);
		if (!origin)
			return builder_no_memory(builder);
	}
	return make_list(builder, linkage, text, origin, &object->rpath);
}

static int look_in_rpaths(struct search *search)
{
	struct linkage *linkage = search->linkage;
	int r = ATTEMPT_NEXT;

	for (size_t at = search->needer; at != OBJECT_NONE && r == ATTEMPT_NEXT;
	     at = linkage->objects[at].needer) {
		struct object *object = &linkage->objects[at];

		if (!object->rpath.is_known) {
			r = ask_rpath(search->builder, linkage, at);
			if (r < 0)
				return r;
		}
		r = look_in(search, &object->rpath,
			    object->elf.runpath ? RULE_RUNPATH : RULE_RPATH);
	}
	return r;
}

static int look_in_library_path(struct search *search)
{
	struct linkage *linkage = search->linkage;
	const char *text = search->builder->input->library_path;

	if (text && !linkage->library_path.is_known) {
		int r = make_list(search->builder, linkage, text, NULL, &linkage->library_path);

		if (r < 0)
			return r;
	}
	return look_in(search, &linkage->library_path, RULE_LIBRARY_PATH);
}

/*
 * The file lies beside the loader's tree: that of /lib/ld-musl-x86_64.so.1 in /etc, that of
 * /opt/musl/lib/ld-musl-x86_64.so.1 in /opt/musl/etc.
 */
static int find_path_file(const struct linkage *linkage, char ret_path[PATH_MAX])
{
	const char *loader = linkage->objects[OBJECT_LOADER].path;
	size_t len = 0;
	int n;

	if (loader[0] == '/' && strlen(loader) < PATH_MAX)
		for (size_t i = 0, last = 0; loader[i]; i++)
			if (loader[i] == '/')
				len = last, last = i;
	n = snprintf(ret_path, PATH_MAX, "%.*s/etc/ld-musl-%s.path", (int)len, loader,
		     linkage->info.musl_arch ? linkage->info.musl_arch : "");
	return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static int ask_system(struct builder *builder, struct linkage *linkage)
{
	AUTO_FREE char *text = NULL;
	char path[PATH_MAX];
	ssize_t n = find_path_file(linkage, path);
	int r;

	if (n == 0)
		n = root_read_file(builder->input->root, path, PATH_FILE_MAX_BYTES, &text);
	if (n == -ENOENT)
		return make_list(builder, linkage, DEFAULT_PATH, NULL, &linkage->system);
	if (fd_is_shortage(n) || n == -EFBIG)
		return fail(builder->err, CROFT_STAGE_EXEC, (int)-n, "reading '%s'", path);
	linkage->system.is_known = true;
	if (n < 0) /* there, but not to be read: then there are no directories at all */
		return 0;
	r = linkage_add_config(builder, linkage, path);
	return r < 0 ? r : make_list(builder, linkage, text, NULL, &linkage->system);
}

static int look_in_system(struct search *search)
{
	struct linkage *linkage = search->linkage;

	if (!linkage->system.is_known) {
		int r = ask_system(search->builder, linkage);

		if (r < 0)
			return r;
	}
	return look_in(search, &linkage->system, RULE_MUSL_PATH);
}

static int look_everywhere(struct search *search)
{
	int r = ATTEMPT_NEXT;

	if (strlen(search->name) > NAME_MAX)
		return r;
	r = look_in_library_path(search);
	if (r == ATTEMPT_NEXT)
		r = look_in_rpaths(search);
	if (r == ATTEMPT_NEXT)
		r = look_in_system(search);
	return r;
}

/* musl stands in for glibc's library, whose name this is, and has most of its symbols, not all. */
static int note_other_libc(struct search *search)
{
	const struct object *needer = &search->linkage->objects[search->needer];

	return builder_add_trouble(search->builder, TROUBLE_OTHER_LIBC, ROLE_LIBRARY, needer->path,
				   CLOSURE_NONE, "");
}

/* Loads one library. Failing to find it is no error. */
static int load(struct search *search)
{
	int r;

	if (!strcmp(search->name, "libc.so.6") && search->needer != OBJECT_NONE) {
		r = note_other_libc(search);
		if (r < 0)
			return r;
	}
	if (is_own_name(search->linkage, search->name))
		search->object = OBJECT_LOADER;
	else if (strchr(search->name, '/'))
		search->object = OBJECT_NONE; /* by what it opens, never by name */
	else
		search->object = linkage_find_name(search->linkage, search->name);
	if (search->object != OBJECT_NONE)
		r = ATTEMPT_FOUND;
	else if (strchr(search->name, '/'))
		r = linkage_try(search, search->name, RULE_NAME, "");
	else
		r = look_everywhere(search);
	return r < 0 ? r : linkage_settle(search, (enum attempt)r);
}

/* Nobody needs what is preloaded: no DT_RPATH is asked for it. What fails is passed over. */
static int preload(struct builder *builder, struct linkage *linkage)
{
	const char *list = builder->input->preload;
	int r = 0;

	while (list && r == 0) {
		size_t len;
		const char *name = path_next(&list, SPACES, &len);
		struct search search = {
			.builder = builder,
			.linkage = linkage,
			.needer = OBJECT_NONE,
			.rule = RULE_PRELOAD,
			.is_optional = true,
		};

		if (len == 0)
			continue;
		search.name = arena_strndup(&builder->closure->arena, name, len);
		r = search.name ? load(&search) : builder_no_memory(builder);
	}
	return r;
}

int musl_add_libraries(struct builder *builder, struct linkage *linkage)
{
	int r = preload(builder, linkage);

	return r < 0 ? r : linkage_load_needs(builder, linkage, OBJECT_PROGRAM, false, load);
}

int musl_add_library(struct builder *builder, struct linkage *linkage, const char *library)
{
	return linkage_load_given(builder, linkage, library, load, load);
}
