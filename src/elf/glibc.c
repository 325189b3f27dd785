/* SPDX-License-Identifier: MIT */
/*
 * glibc.c - libraries as glibc's ld.so looks for them.
 *
 * LD_PRELOAD, then ld.so.preload, then breadth first what each object needs, in the order of
 * its DT_NEEDED. A name is first compared with those of what is loaded: the names it was
 * asked for under, its path, its DT_SONAME. A name with a slash is a path. Any other is searched
 * for:
 *
 *   1. DT_RPATH of the needing object, of the one that needed that, and so on up to the
 *      program - unless the needing object has a DT_RUNPATH; an object that has both
 *      gives no DT_RPATH to those below it either
 *   2. LD_LIBRARY_PATH
 *   3. DT_RUNPATH of the needing object alone
 *   4. ld.so.cache
 *   5. the loader's own directories
 *
 * where an object linked with -z nodefaultlib skips 5, and what 4 has in those directories. A
 * library that cannot be preloaded is no failure.
 *
 * Not followed: DT_FILTER and DT_AUXILIARY, which no distribution's toolchain makes.
 *
 * Source: ld.so(8); glibc's elf/rtld.c (preloads), elf/dl-deps.c (the order), elf/dl-load.c
 * (_dl_map_object).
 */
#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/hwcaps.h"
#include "elf/linkage.h"
#include "sys/fd.h"

#define PRELOAD_MAX_BYTES (1U << 20)
#define CONF_PATH "/etc/ld.so.conf"

/* The directories that are compiled into the loader, as a list. */
static int ask_system(struct builder *builder, struct linkage *linkage)
{
	int r;

	if (linkage->system.is_known)
		return 0;
	r = linkage_ask_loader(builder, linkage);
	if (r == 0)
		r = linkage_new_list(builder, linkage, &linkage->system, linkage->info.n_dirs);
	for (size_t i = 0; r == 0 && i < linkage->info.n_dirs; i++)
		r = linkage_add_entry(builder, linkage, &linkage->system, linkage->info.dirs[i],
				      linkage->info.dirs[i]);
	return r;
}

/*
 * "$LIB" is compiled in too. The first of the loader's directories tells: "/lib/x86_64-linux-gnu"
 * on Debian, "/lib64" on Fedora; under another prefix, as in a Nix store, it is "lib".
 */
static int find_lib(struct builder *builder, struct linkage *linkage, const char **ret_lib)
{
	int r = linkage_ask_loader(builder, linkage);
	const char *dir = linkage->info.n_dirs ? linkage->info.dirs[0] : NULL;

	if (!dir)
		*ret_lib = NULL;
	else if (strncmp(dir, "/usr/", 5) == 0)
		*ret_lib = dir + 5;
	else
		*ret_lib = strncmp(dir, "/lib", 4) == 0 ? dir + 1 : path_base(dir);
	return r;
}

/* Replaces the tokens; asks only for those that are there. *ret_text "": unknown. */
static int expand(struct builder *builder, struct linkage *linkage, size_t object, const char *text,
		  const char **ret_text)
{
	struct path_tokens tokens = { NULL, NULL, NULL };
	int r;

	*ret_text = text;
	if (!strchr(text, '$'))
		return 0;
	if (path_has_token(text, "ORIGIN")) {
		tokens.origin = linkage_origin(builder, linkage, object);
		if (!tokens.origin)
			return builder_no_memory(builder);
	}
	if (path_has_token(text, "PLATFORM"))
		tokens.platform = hwcaps_platform(linkage);
	if (path_has_token(text, "LIB")) {
		r = find_lib(builder, linkage, &tokens.lib);
		if (r < 0)
			return r;
	}
	*ret_text = path_expand(&builder->closure->arena, text, &tokens);
	return *ret_text ? 0 : builder_no_memory(builder);
}

/*
 * Makes a list of a text. An empty element means the working directory, one that is empty
 * after its tokens were replaced means nothing (fillin_rpath).
 */
static int make_list(struct builder *builder, struct linkage *linkage, size_t object,
		     const char *text, const char *separators, struct search_list *list)
{
	struct arena *arena = &builder->closure->arena;
	size_t n = 1, len;
	int r;

	list->is_known = true;
	if (!text || !*text)
		return 0;
	for (const char *p = text; *p; p++)
		n += strchr(separators, *p) != NULL;
	r = linkage_new_list(builder, linkage, list, n);
	while (r == 0 && text) {
		const char *element = path_next(&text, separators, &len);
		const char *given = arena_strndup(arena, element, len), *path;

		if (!given)
			return builder_no_memory(builder);
		r = expand(builder, linkage, object, given, &path);
		if (r == 0 && (len == 0 || *path))
			r = linkage_add_entry(builder, linkage, list, given, path);
	}
	return r;
}

/* One directory with its subdirectories. ATTEMPT_STOP if the list ends here, or another attempt. */
static int look_in_dir(struct search *search, const struct search_dir *dir, enum closure_rule rule,
		       const char *given)
{
	int r = ATTEMPT_NEXT;

	for (size_t i = 0; i < dir->n_subdirs; i++) {
		size_t len = strlen(dir->path);
		char path[PATH_MAX];
		int n = snprintf(path, sizeof(path), "%s%s%s%s", dir->path,
				 len && dir->path[len - 1] != '/' ? "/" : "", dir->subdirs[i],
				 search->name);

		r = n < 0 || n >= PATH_MAX ? (int)ATTEMPT_STOP
					   : linkage_try(search, path, rule, given);
		if (r < 0 || r == ATTEMPT_FOUND || r == ATTEMPT_FATAL)
			return r;
	}
	return r;
}

static int look_in(struct search *search, const struct search_list *list, enum closure_rule rule)
{
	struct builder *builder = search->builder;
	struct linkage *linkage = search->linkage;
	int r = ATTEMPT_NEXT;

	for (size_t i = 0; i < list->n && r == ATTEMPT_NEXT; i++) {
		struct search_dir *dir = &linkage->dirs[list->entries[i].dir];
		char full[PATH_MAX];

		if (++linkage->n_looks > LINKAGE_MAX_LOOKS)
			return fail(builder->err, CROFT_STAGE_EXEC, EFBIG,
				    "looking for '%s': more than %u directories looked at",
				    search->name, LINKAGE_MAX_LOOKS);
		if (!dir->is_known &&
		    path_join(full, builder_workdir(builder), dir->path, "") == 0) {
			r = hwcaps_look_up(builder, linkage, full, dir);
			if (r < 0)
				return r;
		}
		r = look_in_dir(search, dir, rule, list->entries[i].given);
	}
	return r == ATTEMPT_STOP ? (int)ATTEMPT_NEXT : r;
}

/* DT_RPATH, the needing object's own and inherited. */
static int look_in_rpaths(struct search *search)
{
	struct linkage *linkage = search->linkage;
	int r = ATTEMPT_NEXT;

	if (linkage->objects[search->needer].elf.runpath)
		return ATTEMPT_NEXT;
	for (size_t at = search->needer; at != OBJECT_NONE && r == ATTEMPT_NEXT;
	     at = linkage->objects[at].needer) {
		struct object *object = &linkage->objects[at];

		if (object->elf.runpath || !object->elf.rpath)
			continue;
		if (!object->rpath.is_known) {
			r = make_list(search->builder, linkage, at, object->elf.rpath, ":",
				      &object->rpath);
			if (r < 0)
				return r;
		}
		r = look_in(search, &object->rpath, RULE_RPATH);
	}
	return r;
}

static int look_in_library_path(struct search *search)
{
	struct linkage *linkage = search->linkage;

	if (!linkage->library_path.is_known) {
		int r = make_list(search->builder, linkage, OBJECT_PROGRAM,
				  search->builder->input->library_path, ":;",
				  &linkage->library_path);

		if (r < 0)
			return r;
	}
	return look_in(search, &linkage->library_path, RULE_LIBRARY_PATH);
}

static int look_in_runpath(struct search *search)
{
	struct object *object = &search->linkage->objects[search->needer];

	if (!object->elf.runpath)
		return ATTEMPT_NEXT;
	if (!object->runpath.is_known) {
		int r = make_list(search->builder, search->linkage, search->needer,
				  object->elf.runpath, ":", &object->runpath);

		if (r < 0)
			return r;
	}
	return look_in(search, &object->runpath, RULE_RUNPATH);
}

/*
 * In an image without a cache ld.so.conf takes its place. The loader itself never reads that file;
 * but an image is often looked at before ldconfig has run in it, and where its libraries
 * will be found is then the better answer. For the real root the loader's answer counts.
 */
static int ask_conf(struct builder *builder, struct linkage *linkage)
{
	const char **dirs;
	size_t n;
	int r = ldconf_read(builder->input->root, CONF_PATH, &builder->closure->arena, &dirs, &n);

	if (r == -ELOOP)
		return 0;
	if (r < 0)
		return fail(builder->err, CROFT_STAGE_EXEC, -r, "reading '%s'", CONF_PATH);
	r = linkage_new_list(builder, linkage, &linkage->conf, n);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = linkage_add_entry(builder, linkage, &linkage->conf, dirs[i], dirs[i]);
	return r;
}

/*
 * As ldcache_load, of a file that is open: that it is also one of the closure's files shall not
 * cost a second open. The loader goes on without a cache that it cannot use, and so do we.
 */
static int read_cache(struct builder *builder, struct linkage *linkage,
		      const struct root_file *file)
{
	AUTO_FREE char *data = NULL;
	ssize_t n;
	int r;

	if (file->size == 0 || file->size > LDCACHE_MAX_BYTES)
		return 0;
	data = malloc(file->size);
	if (!data)
		return builder_no_memory(builder);
	n = fd_read_full(file->fd, data, file->size);
	if (n <= 0)
		return 0;
	r = ldcache_parse(data, (size_t)n, &linkage->cache);
	if (r < 0)
		return r == -ENOMEM ? builder_no_memory(builder) : 0;
	(void)take_ptr(&data); /* the cache's now */
	linkage->has_cache = true;
	return linkage_add_opened(builder, linkage, linkage->info.cache, file);
}

static int ask_cache(struct builder *builder, struct linkage *linkage)
{
	const char *path = linkage->info.cache;
	struct root_file file;
	int r;

	if (linkage->has_asked_cache || !path)
		return 0;
	linkage->has_asked_cache = true;
	r = root_open_file(builder->input->root, NULL, path, &file);
	if (fd_is_shortage(r))
		return fail(builder->err, CROFT_STAGE_EXEC, -r, "reading '%s'", path);
	if (r < 0)
		return r == -ENOENT && root_is_image(builder->input->root)
			       ? ask_conf(builder, linkage)
			       : 0;
	r = read_cache(builder, linkage, &file);
	root_file_done(&file);
	return r;
}

/* Is it below one of the loader's own directories? The text is compared, as the loader does. */
static bool is_in_system(const struct linkage *linkage, const char *path)
{
	for (size_t i = 0; i < linkage->info.n_dirs; i++) {
		size_t len = strlen(linkage->info.dirs[i]);

		if (strncmp(path, linkage->info.dirs[i], len) == 0 && path[len] == '/')
			return true;
	}
	return false;
}

static int look_in_cache(struct search *search)
{
	struct builder *builder = search->builder;
	struct linkage *linkage = search->linkage;
	const struct elf *program = &linkage->objects[OBJECT_PROGRAM].elf;
	struct ldcache_target target = {
		.class = program->class,
		.machine = program->machine,
		.elf_flags = program->flags,
	};
	const char *path;
	int r = ask_cache(builder, linkage);

	if (r < 0)
		return r;
	if (!linkage->has_cache)
		return look_in(search, &linkage->conf, RULE_CONF);
	if (linkage->cache.n_hwcaps)
		target.cpu_level = linkage_cpu_level(linkage);
	path = ldcache_find(&linkage->cache, search->name, &target);
	if (!path)
		return ATTEMPT_NEXT;
	if (linkage->objects[search->needer].elf.is_nodeflib) {
		r = linkage_ask_loader(builder, linkage);
		if (r < 0 || is_in_system(linkage, path))
			return r < 0 ? r : ATTEMPT_NEXT;
	}
	r = linkage_try(search, path, RULE_CACHE, "");
	return r == ATTEMPT_STOP ? (int)ATTEMPT_NEXT : r;
}

static int look_in_system(struct search *search)
{
	struct linkage *linkage = search->linkage;
	int r;

	if (linkage->objects[search->needer].elf.is_nodeflib)
		return ATTEMPT_NEXT;
	r = ask_system(search->builder, linkage);
	return r < 0 ? r : look_in(search, &linkage->system, RULE_DEFAULT);
}

static int look_everywhere(struct search *search)
{
	static int (*const places[])(struct search *) = {
		look_in_rpaths, look_in_library_path, look_in_runpath,
		look_in_cache,  look_in_system,
	};
	int r = ATTEMPT_NEXT;

	for (size_t i = 0; i < ARRAY_SIZE(places) && r == ATTEMPT_NEXT; i++)
		r = places[i](search);
	return r;
}

/* The kernel's own library, which is no file: vdso(7). It is loaded before any other. */
static bool is_vdso(const struct linkage *linkage, const char *name)
{
	bool is_386 = linkage->objects[OBJECT_PROGRAM].elf.machine == EM_386;

	return strcmp(name, is_386 ? "linux-gate.so.1" : "linux-vdso.so.1") == 0;
}

/* Loads one library. Failing to find it is no error. */
static int load(struct search *search)
{
	int r;

	search->object = linkage_find_name(search->linkage, search->name);
	if (search->object != OBJECT_NONE)
		return linkage_settle(search, ATTEMPT_FOUND);
	if (is_vdso(search->linkage, search->name))
		return 0;
	if (!strchr(search->name, '/')) {
		r = look_everywhere(search);
	} else {
		r = expand(search->builder, search->linkage, search->needer, search->name,
			   &search->name);
		if (r == 0)
			r = linkage_try(search, search->name, RULE_NAME, "");
	}
	return r < 0 ? r : linkage_settle(search, (enum attempt)r);
}

/* The same for a name as a file has it: with tokens, which may leave nothing of it. */
static int load_needed(struct search *search)
{
	const char *name;
	int r = expand(search->builder, search->linkage, search->needer, search->name, &name);

	if (r < 0)
		return r;
	if (*name == '\0')
		return linkage_settle(search, ATTEMPT_NEXT);
	search->name = name;
	return load(search);
}

/* Each name of a list of libraries to preload. `rule` says whose list. */
static int preload(struct builder *builder, struct linkage *linkage, const char *list,
		   const char *separators, enum closure_rule rule)
{
	int r = 0;

	while (list && r == 0) {
		size_t len;
		const char *name = path_next(&list, separators, &len);
		struct search search = {
			.builder = builder,
			.linkage = linkage,
			.needer = OBJECT_PROGRAM,
			.rule = rule,
			.is_optional = true,
		};

		/* the loader has a buffer of PATH_MAX bytes for each name of the variable */
		if (len == 0 || (rule == RULE_PRELOAD && len >= PATH_MAX))
			continue;
		search.name = arena_strndup(&builder->closure->arena, name, len);
		r = search.name ? load(&search) : builder_no_memory(builder);
	}
	return r;
}

/* ld.so.preload: the same with white space of all kinds, and "#" to the end of the line. */
static int preload_file(struct builder *builder, struct linkage *linkage)
{
	AUTO_FREE char *text = NULL;
	ssize_t n;
	int r;

	if (!linkage->info.preload)
		return 0;
	n = root_read_file(builder->input->root, linkage->info.preload, PRELOAD_MAX_BYTES, &text);
	if (fd_is_shortage(n) || n == -EFBIG)
		return fail(builder->err, CROFT_STAGE_EXEC, (int)-n, "reading '%s'",
			    linkage->info.preload);
	if (n < 0)
		return 0;
	r = linkage_add_config(builder, linkage, linkage->info.preload);
	if (r < 0)
		return r;
	for (char *p = strchr(text, '#'); p; p = strchr(p, '#'))
		memset(p, ' ', strcspn(p, "\n"));
	return preload(builder, linkage, text, ": \t\n", RULE_PRELOAD_FILE);
}

int glibc_add_libraries(struct builder *builder, struct linkage *linkage)
{
	int r = linkage_check_isa(builder, linkage, OBJECT_PROGRAM);

	if (r == 0)
		r = preload(builder, linkage, builder->input->preload, " :", RULE_PRELOAD);
	if (r == 0)
		r = preload_file(builder, linkage);
	if (r == 0)
		r = linkage_load_needs(builder, linkage, OBJECT_PROGRAM, false, load_needed);
	if (r == 0 && builder->input->flags & CLOSURE_VERSIONS)
		r = linkage_check_versions(builder, linkage);
	return r;
}

int glibc_add_library(struct builder *builder, struct linkage *linkage, const char *library)
{
	return linkage_load_given(builder, linkage, library, load, load_needed);
}
