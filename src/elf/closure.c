/* SPDX-License-Identifier: MIT */
/*
 * closure.c - what a program needs to start: the lists, and who fills them.
 *
 * chain.c finds what exec looks at, up to the ELF program and its loader; whose loader it is
 * decides who goes on, glibc.c or musl.c. All of them add to three lists through the
 * functions here: files, each real one once; edges, one for each "needs"; troubles.
 *
 * Nothing is taken back. A second program adds to what the first one found, but has a
 * linkage of its own: what its loader has loaded does not depend on the first. That of the first
 * program is kept until closure_done, for closure_add_library.
 */
#include "elf/closure.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "elf/build.h"
#include "elf/linkage.h"
#include "sys/fd.h"

/* clang-format off */
static const struct {
	const char *name, *text;
} rules[] = {
	[RULE_GIVEN] = { "given", "named by the caller" },
	[RULE_SCRIPT] = { "script", "interpreter of '#!'" },
	[RULE_ENV] = { "env", "found on PATH by env" },
	[RULE_INTERP] = { "interp", "ELF interpreter" },
	[RULE_PRELOAD] = { "preload", "LD_PRELOAD" },
	[RULE_PRELOAD_FILE] = { "preload-file", "ld.so.preload" },
	[RULE_NAME] = { "name", "needed by path" },
	[RULE_RPATH] = { "rpath", "DT_RPATH" },
	[RULE_LIBRARY_PATH] = { "library-path", "LD_LIBRARY_PATH" },
	[RULE_RUNPATH] = { "runpath", "DT_RUNPATH" },
	[RULE_CACHE] = { "cache", "ld.so.cache" },
	[RULE_CONF] = { "conf", "ld.so.conf, as there is no cache" },
	[RULE_DEFAULT] = { "default", "the loader's own directories" },
	[RULE_MUSL_PATH] = { "musl-path", "musl's directories" },
	[RULE_LOADER] = { "loader", "the loader itself" },
	[RULE_CONFIG] = { "config", "read by the loader" },
};
/* clang-format on */

static_assert(ARRAY_SIZE(rules) == RULE_MAX, "each rule has a name and a text");

const char *rule_text(enum closure_rule rule)
{
	return rules[rule].text;
}

const char *rule_name(enum closure_rule rule)
{
	return rules[rule].name;
}

void closure_init(struct closure *closure)
{
	*closure = (struct closure){ .n_files = 0 };
	arena_init(&closure->arena, CLOSURE_MAX_BYTES);
}

void closure_done(struct closure *closure)
{
	linkage_done(closure->linkage);
	arena_done(&closure->arena);
	*closure = (struct closure){ .n_files = 0 };
}

const struct trouble *closure_find_trouble(const struct closure *closure,
					   enum trouble_weight at_least)
{
	for (size_t i = 0; i < closure->n_troubles; i++)
		if (trouble_weight(&closure->troubles[i]) >= at_least)
			return &closure->troubles[i];
	return NULL;
}

/* Out of memory, or of what CLOSURE_MAX_BYTES allows: the arena does not tell which. */
int builder_no_memory(struct builder *builder)
{
	return fail(builder->err, CROFT_STAGE_EXEC, ENOMEM, "listing what a program needs");
}

const char *builder_workdir(const struct builder *builder)
{
	return builder->input->workdir ? builder->input->workdir : "/";
}

static int too_many(struct builder *builder, size_t max, const char *what)
{
	const struct closure *closure = builder->closure;

	return fail(builder->err, CROFT_STAGE_EXEC, EFBIG, "'%s' needs more than %zu %s",
		    closure->n_files ? closure->files[0].path : "a program", max, what);
}

int builder_add_edge(struct builder *builder, size_t from, size_t to, const char *name)
{
	struct closure *closure = builder->closure;
	struct closure_edge *edges;
	const char *copy;

	if (closure->n_edges == CLOSURE_MAX_EDGES)
		return too_many(builder, CLOSURE_MAX_EDGES, "times something");
	edges = arena_grow(&closure->arena, closure->edges, closure->n_edges,
			   &closure->edges_capacity, sizeof(*edges));
	copy = arena_strdup(&closure->arena, name);
	if (!edges || !copy)
		return builder_no_memory(builder);
	closure->edges = edges;
	edges[closure->n_edges++] = (struct closure_edge){ .from = from, .to = to, .name = copy };
	return 0;
}

int builder_add_missing(struct builder *builder, size_t from, const char *name)
{
	return builder_add_edge(builder, from, CLOSURE_NONE, name);
}

static bool is_same(const void *context, size_t value, const void *wanted)
{
	const struct closure_file *have = &((const struct closure_file *)context)[value];
	const struct closure_file *file = wanted;

	return have->ino == file->ino && have->dev == file->dev;
}

/* Appends a copy of the file. Its texts are seldom long, and mostly the same. */
static int append_file(struct builder *builder, const struct closure_file *file, uint64_t hash)
{
	struct closure *closure = builder->closure;
	struct arena *arena = &closure->arena;
	struct closure_file copy = *file, *files;

	if (closure->n_files == CLOSURE_MAX_FILES)
		return too_many(builder, CLOSURE_MAX_FILES, "files");
	files = arena_grow(arena, closure->files, closure->n_files, &closure->files_capacity,
			   sizeof(*files));
	copy.path = arena_strdup(arena, file->path);
	copy.name = copy.path && strcmp(file->name, file->path) == 0
			    ? copy.path
			    : arena_strdup(arena, file->name);
	copy.real = copy.path && strcmp(file->real, file->path) == 0
			    ? copy.path
			    : arena_strdup(arena, file->real);
	copy.detail = *file->detail ? arena_strdup(arena, file->detail) : "";
	if (!files || !copy.path || !copy.name || !copy.real || !copy.detail ||
	    index_add(&closure->inodes, arena, hash, closure->n_files) < 0)
		return builder_no_memory(builder);
	closure->files = files;
	files[closure->n_files++] = copy;
	return 1;
}

int builder_add_file(struct builder *builder, const struct closure_file *file, size_t *ret_index)
{
	struct closure *closure = builder->closure;
	uint64_t hash = index_hash_inode(file->dev, file->ino);
	size_t index = index_find(&closure->inodes, hash, is_same, closure->files, file);
	int r = 0;

	if (index == INDEX_NONE) {
		index = closure->n_files;
		r = append_file(builder, file, hash);
		if (r < 0)
			return r;
	}
	if (file->needed_by != CLOSURE_NONE) {
		int r_edge = builder_add_edge(builder, file->needed_by, index, file->name);

		if (r_edge < 0)
			return r_edge;
	}
	*ret_index = index;
	return r;
}

int builder_add_trouble(struct builder *builder, enum trouble_kind kind, enum file_role role,
			const char *path, size_t needed_by, const char *detail)
{
	struct closure *closure = builder->closure;
	struct arena *arena = &closure->arena;
	struct trouble *troubles;
	struct trouble trouble = { .kind = kind, .role = role };

	if (closure->n_troubles == CLOSURE_MAX_TROUBLES)
		return too_many(builder, CLOSURE_MAX_TROUBLES, "things that it cannot have");
	troubles = arena_grow(arena, closure->troubles, closure->n_troubles,
			      &closure->troubles_capacity, sizeof(*troubles));
	trouble.path = arena_strdup(arena, path);
	trouble.detail = arena_strdup(arena, detail);
	/* a file of the list, whose texts are in the arena already */
	trouble.needed_by = needed_by == CLOSURE_NONE ? "" : closure->files[needed_by].path;
	if (!troubles || !trouble.path || !trouble.detail)
		return builder_no_memory(builder);
	closure->troubles = troubles;
	troubles[closure->n_troubles++] = trouble;
	return 0;
}

bool builder_has_trouble(const struct builder *builder, enum trouble_kind kind, const char *path,
			 const char *detail)
{
	const struct closure *closure = builder->closure;

	for (size_t i = 0; i < closure->n_troubles; i++) {
		const struct trouble *trouble = &closure->troubles[i];

		if (trouble->kind == kind && strcmp(trouble->path, path) == 0 &&
		    strcmp(trouble->detail, detail) == 0)
			return true;
	}
	return false;
}

/* Something that is no regular file. */
static const char *file_type_text(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFIFO:
		return "a FIFO";
	case S_IFSOCK:
		return "a socket";
	default:
		return "a device";
	}
}

/*
 * ENOENT has three causes. If the directory of the path is there, its last part is missing: itself,
 * or as a link to something that is.
 */
static int add_missing_trouble(struct builder *builder, enum file_role role, const char *path,
			       const char *full, size_t needed_by, const struct root_walk *walk)
{
	const char *dir = path_dir(&builder->closure->arena, full), *base = path_base(full);
	struct root_walk parent;
	char plain[PATH_MAX];

	if (!dir)
		return builder_no_memory(builder);
	root_walk(builder->input->root, NULL, dir, &parent);
	if (parent.errnum != 0)
		return builder_add_trouble(builder, TROUBLE_NO_DIRECTORY, role, path, needed_by,
					   parent.at);
	if (path_join(plain, "/", parent.real, base) < 0 || strcmp(plain, walk->at) == 0 ||
	    !walk->link[0])
		return builder_add_trouble(builder, TROUBLE_MISSING, role, path, needed_by, "");
	return builder_add_trouble(builder, TROUBLE_DANGLING, role, walk->at, needed_by,
				   walk->link);
}

int builder_add_walk_trouble(struct builder *builder, enum file_role role, const char *path,
			     size_t needed_by, int errnum)
{
	const struct root *root = builder->input->root;
	struct root_walk walk;
	char full[PATH_MAX];

	if (path_join(full, builder_workdir(builder), path, "") < 0)
		return builder_add_trouble(builder, TROUBLE_NAME_TOO_LONG, role, path, needed_by,
					   "");
	root_walk(root, NULL, full, &walk);
	switch (walk.errnum ? walk.errnum : errnum) {
	case ENOENT:
		return add_missing_trouble(builder, role, path, full, needed_by, &walk);
	case ENOTDIR:
		return builder_add_trouble(builder, TROUBLE_NOT_DIRECTORY, role, path, needed_by,
					   walk.at);
	case ELOOP:
		return builder_add_trouble(builder, TROUBLE_LOOP, role, path, needed_by, "");
	case ENAMETOOLONG:
		return builder_add_trouble(builder, TROUBLE_NAME_TOO_LONG, role, path, needed_by,
					   "");
	case EACCES:
		if (walk.errnum == 0)
			return builder_add_trouble(builder, TROUBLE_UNREADABLE, role, path,
						   needed_by, "");
		return builder_add_trouble(builder, TROUBLE_NO_SEARCH, role, path, needed_by,
					   walk.at);
	case EISDIR:
		return builder_add_trouble(builder, TROUBLE_IS_DIRECTORY, role, path, needed_by,
					   "");
	case EINVAL:
		return builder_add_trouble(builder, TROUBLE_NOT_REGULAR, role, path, needed_by,
					   file_type_text(walk.mode));
	default:
		return builder_add_trouble(builder, TROUBLE_READ_ERROR, role, path, needed_by,
					   errno_text(walk.errnum ? walk.errnum : errnum));
	}
}

/*
 * Static programs look at their own ABI tag when they start ("FATAL: kernel too old"); of dynamic
 * ones nobody does, and the loader looks at those of libraries.
 */
static int check_static(struct builder *builder, const struct chain_end *end)
{
	const struct closure *closure = builder->closure;
	const uint32_t *oldest = end->elf.abi_version;
	char text[48];

	if (end->elf.interp || !linkage_is_kernel_older(&end->elf))
		return 0;
	(void)snprintf(text, sizeof(text), "%u.%u.%u", oldest[0], oldest[1], oldest[2]);
	return builder_add_trouble(builder, TROUBLE_KERNEL_TOO_OLD, ROLE_PROGRAM,
				   closure->files[end->program].path, CLOSURE_NONE, text);
}

/* `is_kept`: later libraries are this program's. */
static int add_libraries(struct builder *builder, const struct chain_end *end, bool is_kept)
{
	struct closure *closure = builder->closure;
	const char *path = closure->files[end->loader].path;
	struct linkage *linkage = NULL;
	struct loader_info info;
	int r = loader_read(builder->input->root, path, false, &closure->arena, &info);

	if (fd_is_shortage(r))
		return fail(builder->err, CROFT_STAGE_EXEC, -r, "reading '%s'", path);
	if (r < 0) /* it was there a moment ago */
		return builder_add_trouble(builder, TROUBLE_READ_ERROR, ROLE_LOADER, path,
					   end->program, errno_text(-r));
	if (!info.is_musl && !info.cache && !info.glibc_version)
		return builder_add_trouble(builder, TROUBLE_UNKNOWN_LOADER, ROLE_LOADER, path,
					   end->program, "");
	r = linkage_new(builder, end, &info, &linkage);
	if (r == 0)
		r = info.is_musl ? musl_add_libraries(builder, linkage)
				 : glibc_add_libraries(builder, linkage);
	if (r == 0 && is_kept && !closure->linkage)
		closure->linkage = linkage;
	else
		linkage_done(linkage);
	return r;
}

/* Static or dynamic: what the end of a chain needs. */
static int add_needs(struct builder *builder, const struct chain_end *end, bool is_kept)
{
	if (end->program == CLOSURE_NONE)
		return 0;
	if (!end->is_dynamic)
		return check_static(builder, end);
	return builder->input->flags & CLOSURE_LIBRARIES ? add_libraries(builder, end, is_kept) : 0;
}

/* env, which a "#!" line starts, and which then starts the program: it has needs of its own. */
static int add_passed_program(struct builder *builder, size_t file)
{
	struct chain_end end = { .program = CLOSURE_NONE, .loader = CLOSURE_NONE };
	int r = chain_follow(builder, builder->closure->files[file].path, &end);

	return r < 0 ? r : add_needs(builder, &end, false);
}

int closure_add_program(struct closure *closure, const struct closure_input *input,
			const char *program, struct croft_error *err)
{
	struct builder builder = { closure, input, err };
	struct chain_end end = { .program = CLOSURE_NONE, .loader = CLOSURE_NONE };
	size_t first = closure->n_files, last;
	int r = chain_follow(&builder, program, &end);

	last = closure->n_files;
	/* not what env found: its own loader is env's matter, after exec */
	for (size_t i = first; r >= 0 && end.program != CLOSURE_NONE && i < last; i++)
		if (closure->files[i].role == ROLE_INTERPRETER && closure->files[i].is_elf &&
		    closure->files[i].rule == RULE_SCRIPT && i != end.program)
			r = add_passed_program(&builder, i);
	return r < 0 ? r : add_needs(&builder, &end, true);
}

/* One of the two files of closure_add_loaded. */
static int add_given(struct builder *builder, const char *path, enum file_role role,
		     size_t needed_by, struct elf *ret_elf, size_t *ret_index)
{
	struct closure_file file = { .role = role, .name = path, .path = path, .detail = "" };
	const struct closure_input *input = builder->input;
	struct root_file opened;
	const char *why;
	int r = root_open_file(input->root, input->workdir, path, &opened);

	if (r < 0)
		return r;
	r = elf_read(opened.fd, opened.size, input->flags & CLOSURE_VERSIONS ? ELF_VERSIONS : 0,
		     &builder->closure->arena, ret_elf, &why);
	file.rule = needed_by == CLOSURE_NONE ? RULE_GIVEN : RULE_INTERP;
	file.real = opened.real;
	file.needed_by = needed_by;
	file.dev = opened.dev;
	file.ino = opened.ino;
	file.is_elf = true;
	file.class = ret_elf->class;
	file.machine = ret_elf->machine;
	if (r == 0)
		r = builder_add_file(builder, &file, ret_index);
	root_file_done(&opened);
	return r < 0 ? r : 0;
}

int closure_add_loaded(struct closure *closure, const struct closure_input *input,
		       const char *program, const char *loader, struct croft_error *err)
{
	struct builder builder = { closure, input, err };
	struct chain_end end = { .is_dynamic = true };
	int r = add_given(&builder, program, ROLE_PROGRAM, CLOSURE_NONE, &end.elf, &end.program);

	if (r == 0)
		r = add_given(&builder, loader, ROLE_LOADER, end.program, &end.loader_elf,
			      &end.loader);
	if (r == 0 && !end.elf.interp)
		r = -ENOEXEC;
	return r < 0 ? r : add_libraries(&builder, &end, true);
}

/* An empty closure: the library stands for itself. */
static int add_by_itself(struct builder *builder, const char *library)
{
	struct chain_end end = { .program = CLOSURE_NONE, .loader = CLOSURE_NONE };
	int r = alone_follow(builder, library, &end);

	if (r < 0 || !end.is_dynamic || !(builder->input->flags & CLOSURE_LIBRARIES))
		return r;
	return add_libraries(builder, &end, true);
}

int closure_add_library(struct closure *closure, const struct closure_input *input,
			const char *library, struct croft_error *err)
{
	struct builder builder = { closure, input, err };

	if (closure->n_files == 0)
		return add_by_itself(&builder, library);
	if (!closure->linkage)
		return alone_add(&builder, library);
	if (closure->linkage->info.is_musl)
		return musl_add_library(&builder, closure->linkage, library);
	return glibc_add_library(&builder, closure->linkage, library);
}
