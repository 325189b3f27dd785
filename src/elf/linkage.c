/* SPDX-License-Identifier: MIT */
/*
 * linkage.c - one program as its loader sees it.
 *
 * An object goes by several names: its path, what it was asked for under, with glibc its DT_SONAME.
 * Where two have the same name the one that was loaded first has it. All lookups are by hash, as
 * a thousand libraries that need each other ask a million times.
 *
 * Source: glibc's elf/dl-object.c (names and origins), elf/dl-version.c, sysdeps/x86/dl-prop.h (ISA
 * levels).
 */
#include "elf/linkage.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "sys/fd.h"

static bool is_name(const void *context, size_t value, const void *wanted)
{
	return strcmp(((const struct object_name *)context)[value].name, wanted) == 0;
}

static bool is_dir(const void *context, size_t value, const void *wanted)
{
	return strcmp(((const struct search_dir *)context)[value].path, wanted) == 0;
}

int linkage_add_name(struct builder *builder, struct linkage *linkage, size_t object,
		     const char *name)
{
	struct arena *arena = &builder->closure->arena;
	struct object_name *names = arena_grow(arena, linkage->names, linkage->n_names,
					       &linkage->names_capacity, sizeof(*names));

	if (!names)
		return builder_no_memory(builder);
	linkage->names = names;
	names[linkage->n_names] = (struct object_name){ .name = name, .object = object };
	if (index_add(&linkage->by_name, arena, index_hash_text(name), linkage->n_names) < 0)
		return builder_no_memory(builder);
	linkage->n_names++;
	return 0;
}

size_t linkage_find_name(const struct linkage *linkage, const char *name)
{
	size_t at =
		index_find(&linkage->by_name, index_hash_text(name), is_name, linkage->names, name);

	return at == INDEX_NONE ? OBJECT_NONE : linkage->names[at].object;
}

/* A directory that is searched, once for each way to write it. */
static int add_dir(struct builder *builder, struct linkage *linkage, const char *path,
		   size_t *ret_dir)
{
	struct arena *arena = &builder->closure->arena;
	uint64_t hash = index_hash_text(path);
	size_t at = index_find(&linkage->by_dir, hash, is_dir, linkage->dirs, path);
	struct search_dir *dirs;

	if (at != INDEX_NONE) {
		*ret_dir = at;
		return 0;
	}
	if (linkage->n_dirs == LINKAGE_MAX_DIRS)
		return fail(builder->err, CROFT_STAGE_EXEC, EFBIG,
			    "more than %d directories to look for libraries in", LINKAGE_MAX_DIRS);
	dirs = arena_grow(arena, linkage->dirs, linkage->n_dirs, &linkage->dirs_capacity,
			  sizeof(*dirs));
	if (!dirs || index_add(&linkage->by_dir, arena, hash, linkage->n_dirs) < 0)
		return builder_no_memory(builder);
	linkage->dirs = dirs;
	dirs[linkage->n_dirs] = (struct search_dir){ .path = path };
	*ret_dir = linkage->n_dirs++;
	return 0;
}

int linkage_new_list(struct builder *builder, struct linkage *linkage, struct search_list *list,
		     size_t n)
{
	list->is_known = true;
	if (n > LINKAGE_MAX_ENTRIES - linkage->n_entries)
		return fail(builder->err, CROFT_STAGE_EXEC, EFBIG,
			    "lists of directories with more than %u elements", LINKAGE_MAX_ENTRIES);
	linkage->n_entries += n;
	list->entries = arena_calloc(&builder->closure->arena, n, sizeof(*list->entries));
	return list->entries ? 0 : builder_no_memory(builder);
}

int linkage_add_entry(struct builder *builder, struct linkage *linkage, struct search_list *list,
		      const char *given, const char *path)
{
	size_t len = strlen(path), dir = 0;
	int r;

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (path[len]) {
		path = arena_strndup(&builder->closure->arena, path, len);
		if (!path)
			return builder_no_memory(builder);
	}
	r = add_dir(builder, linkage, path, &dir);
	if (r < 0)
		return r;
	for (size_t i = 0; i < list->n; i++)
		if (list->entries[i].dir == dir)
			return 0;
	list->entries[list->n++] = (struct search_entry){ .dir = dir, .given = given };
	return 0;
}

int linkage_add_object(struct builder *builder, struct linkage *linkage,
		       const struct object *object)
{
	struct arena *arena = &builder->closure->arena;
	const struct closure_file *file = &builder->closure->files[object->file];
	size_t n = linkage->n_objects;
	struct object *objects = arena_grow(arena, linkage->objects, n, &linkage->objects_capacity,
					    sizeof(*objects));
	int r = 0;

	if (!objects ||
	    index_add(&linkage->inodes, arena, index_hash_inode(file->dev, file->ino), n) < 0)
		return builder_no_memory(builder);
	linkage->objects = objects;
	objects[n] = *object;
	linkage->n_objects++;
	/* the program's own path is no name that it could be needed under */
	if (n != OBJECT_PROGRAM)
		r = linkage_add_name(builder, linkage, n, object->path);
	if (r == 0 && !linkage->info.is_musl && object->elf.soname)
		r = linkage_add_name(builder, linkage, n, object->elf.soname);
	return r;
}

int linkage_new(struct builder *builder, const struct chain_end *end,
		const struct loader_info *info, struct linkage **ret_linkage)
{
	const struct closure_file *files = builder->closure->files;
	struct linkage *linkage = arena_alloc(&builder->closure->arena, sizeof(*linkage));
	struct object program, loader;
	int r;

	if (!linkage)
		return builder_no_memory(builder);
	linkage->info = *info;
	program = (struct object){
		.file = end->program,
		.needer = OBJECT_NONE,
		.path = files[end->program].path,
		.elf = end->elf,
	};
	loader = (struct object){
		.file = end->loader,
		.needer = OBJECT_NONE,
		.path = end->elf.interp, /* by that very text */
		.elf = end->loader_elf,
	};
	r = linkage_add_object(builder, linkage, &program);
	if (r == 0)
		r = linkage_add_object(builder, linkage, &loader);
	if (r == 0)
		*ret_linkage = linkage;
	return r;
}

void linkage_done(struct linkage *linkage)
{
	if (linkage && linkage->has_cache)
		ldcache_done(&linkage->cache);
}

int linkage_ask_loader(struct builder *builder, struct linkage *linkage)
{
	const struct closure *closure = builder->closure;
	const char *path = closure->files[linkage->objects[OBJECT_LOADER].file].path;
	struct loader_info info;
	int r;

	if (linkage->has_asked_loader)
		return 0;
	linkage->has_asked_loader = true;
	if (linkage->info.n_dirs) /* it had to be read before */
		return 0;
	r = loader_read(builder->input->root, path, true, &builder->closure->arena, &info);
	if (fd_is_shortage(r))
		return fail(builder->err, CROFT_STAGE_EXEC, -r, "reading '%s'", path);
	if (r < 0) /* replaced or gone since it was found: it has no directories any more */
		return 0;
	linkage->info.dirs = info.dirs;
	linkage->info.n_dirs = info.n_dirs;
	if (info.glibc_version)
		linkage->info.glibc_version = info.glibc_version;
	return 0;
}

unsigned linkage_cpu_level(struct linkage *linkage)
{
	const struct elf *elf = &linkage->objects[OBJECT_PROGRAM].elf;

	if (!linkage->has_cpu_level) {
		linkage->has_cpu_level = true;
		if (elf->machine == elf_own_machine() && elf->class == elf_own_class())
			linkage->cpu_level = elf_cpu_level();
	}
	return linkage->cpu_level;
}

/*
 * Of a library the directory where it was found, links and all; of the program the one
 * that the kernel has in /proc/self/exe, where links are resolved. (A library in the program's
 * place is looked at by itself.)
 */
const char *linkage_origin(struct builder *builder, struct linkage *linkage, size_t index)
{
	struct object *object = &linkage->objects[index];
	const struct closure_file *file = &builder->closure->files[object->file];
	char full[PATH_MAX];

	if (object->origin)
		return object->origin;
	if (index == OBJECT_PROGRAM && file->role != ROLE_LIBRARY)
		(void)snprintf(full, sizeof(full), "%s", file->real[0] ? file->real : file->path);
	else if (path_join(full, builder_workdir(builder), object->path, "") < 0)
		return "";
	object->origin = path_dir(&builder->closure->arena, full);
	return object->origin;
}

int linkage_check_isa(struct builder *builder, struct linkage *linkage, size_t index)
{
	const struct object *object = &linkage->objects[index];
	unsigned needed = object->elf.isa_needed, level = 0;
	unsigned glibc = linkage->info.glibc_version;
	char text[32];

	/* since glibc 2.33; every x86-64 is of the first level */
	if (linkage->info.is_musl || (glibc && glibc < 233) || needed <= 1 ||
	    linkage_cpu_level(linkage) == 0)
		return 0;
	for (unsigned bit = 0; bit < 32; bit++)
		if (needed & (1U << bit))
			level = bit + 1;
	if (needed < 1U << 4 && level <= linkage_cpu_level(linkage))
		return 0;
	(void)snprintf(text, sizeof(text), "x86-64-v%u", level);
	return builder_add_trouble(builder, TROUBLE_ISA_LEVEL,
				   index == OBJECT_PROGRAM ? ROLE_PROGRAM : ROLE_LIBRARY,
				   builder->closure->files[object->file].path,
				   object->needer == OBJECT_NONE
					   ? CLOSURE_NONE
					   : linkage->objects[object->needer].file,
				   text);
}

int linkage_add_opened(struct builder *builder, const struct linkage *linkage, const char *path,
		       const struct root_file *file)
{
	const struct closure_file config = {
		.role = ROLE_CONFIG,
		.rule = RULE_CONFIG,
		.name = path,
		.path = path,
		.real = file->real,
		.detail = "",
		.needed_by = linkage->objects[OBJECT_LOADER].file,
		.dev = file->dev,
		.ino = file->ino,
	};
	size_t index;
	int r = builder_add_file(builder, &config, &index);

	return r < 0 ? r : 0;
}

int linkage_add_config(struct builder *builder, const struct linkage *linkage, const char *path)
{
	struct root_file file;
	int r = root_open_file(builder->input->root, NULL, path, &file);

	if (fd_is_shortage(r))
		return fail(builder->err, CROFT_STAGE_EXEC, -r, "opening '%s'", path);
	if (r < 0)
		return 0;
	r = linkage_add_opened(builder, linkage, path, &file);
	root_file_done(&file);
	return r;
}

static bool defines(const struct elf *elf, const char *version)
{
	/* one without a list has them all: the loader only warns */
	if (!elf->has_verdefs)
		return true;
	for (size_t i = 0; i < elf->n_verdefs; i++)
		if (strcmp(elf->verdefs[i], version) == 0)
			return true;
	return false;
}

int linkage_check_versions(struct builder *builder, const struct linkage *linkage)
{
	const struct closure *closure = builder->closure;

	for (size_t i = 0; i < linkage->n_objects; i++) {
		const struct object *object = &linkage->objects[i];

		for (size_t j = 0; j < object->elf.n_verneeds; j++) {
			const struct elf_verneed *need = &object->elf.verneeds[j];
			size_t found = need->is_weak ? OBJECT_NONE
						     : linkage_find_name(linkage, need->file);
			const char *path;
			int r;

			if (found == OBJECT_NONE ||
			    defines(&linkage->objects[found].elf, need->version))
				continue;
			path = closure->files[linkage->objects[found].file].path;
			if (builder_has_trouble(builder, TROUBLE_VERSION_MISSING, path,
						need->version))
				continue;
			r = builder_add_trouble(builder, TROUBLE_VERSION_MISSING, ROLE_LIBRARY,
						path, object->file, need->version);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

int linkage_load_needs(struct builder *builder, struct linkage *linkage, size_t first,
		       bool is_optional, load_fn load_needed)
{
	/* both counts grow while the loop runs */
	for (size_t at = first; at < linkage->n_objects; at++) {
		for (size_t i = 0; i < linkage->objects[at].elf.n_needed; i++) {
			struct search search = {
				.builder = builder,
				.linkage = linkage,
				.name = linkage->objects[at].elf.needed[i],
				.needer = at,
				.rule = RULE_MAX,
				.is_optional = is_optional,
			};
			int r = load_needed(&search);

			if (r < 0)
				return r;
		}
	}
	return 0;
}

int linkage_load_given(struct builder *builder, struct linkage *linkage, const char *library,
		       load_fn load, load_fn load_needed)
{
	size_t first = linkage->n_objects;
	struct search search = {
		.builder = builder,
		.linkage = linkage,
		.name = arena_strdup(&builder->closure->arena, library),
		.needer = OBJECT_PROGRAM,
		.rule = RULE_GIVEN,
		.is_optional = true,
	};
	int r = search.name ? load(&search) : builder_no_memory(builder);

	return r < 0 ? r : linkage_load_needs(builder, linkage, first, true, load_needed);
}
