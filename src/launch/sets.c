/* SPDX-License-Identifier: MIT */
/*
 * sets.c - the named sets of a profile, as grants on this machine.
 *
 *   patterns ─► names that exist, sorted ─► grants, each file once
 *                                      └──► modules ─► their closures ─► grants
 *
 * The tables name system directories, which root owns, so what is found is trusted as far as
 * the system is. What could hurt is only size: the directories that are listed and
 * the matches are bounded. Symbolic links are followed, as the programs do: what is granted is
 * what a name leads to, and two names for one file (/lib and /usr/lib) make one grant.
 *
 * A module is a library that its program opens by a name it makes up, so no reader of the program
 * sees it. What the module itself needs can be read from it: only the first step is a table's.
 * Modules are granted to be read, not executed: mmap with PROT_EXEC asks Landlock for nothing,
 * and the kernel executes none of them.
 *
 * Order: within a set that of its rows, within a row that of names. The same machine gives
 * the same plan, whatever order its directories have.
 *
 * Cost: a directory listed is some 20 microseconds, a module read another 30; Python with
 * many packages comes to 10 ms, the small sets to tenths of one.
 */
#include "launch/sets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/elf.h"
#include "launch/globs.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define NAME_BYTES (8U << 20) /* names while a set is looked up */

/* Names lie: /lib/x and /usr/lib/x are one file where /lib is a link. */
struct file_id {
	uint64_t dev, ino;
};

struct expansion {
	struct profile *profile;
	struct closure *closure;
	const struct closure_input *input;
	struct croft_error *err;

	const struct set *set;
	const struct set_path *row;
	struct arena arena; /* names and ids, for one set */
	struct file_id *seen; /* what this set has granted or looked at */
	size_t n_seen, seen_capacity;
};

static int no_memory(const struct expansion *expansion)
{
	return fail(expansion->err, CROFT_STAGE_PROFILE, ENOMEM, "look up '%s'",
		    expansion->set->origin);
}

static int too_many(const struct expansion *expansion, const char *where)
{
	return fail(expansion->err, CROFT_STAGE_PROFILE, EFBIG, "look up '%s' in '%s'",
		    expansion->set->origin, where);
}

/* Notes a file; 1 if this set had it before, 0 if not. */
static int note(struct expansion *expansion, const struct stat *st)
{
	struct file_id *seen;

	for (size_t i = 0; i < expansion->n_seen; i++)
		if (expansion->seen[i].dev == st->st_dev && expansion->seen[i].ino == st->st_ino)
			return 1;
	seen = arena_grow(&expansion->arena, expansion->seen, expansion->n_seen,
			  &expansion->seen_capacity, sizeof(*seen));
	if (!seen)
		return no_memory(expansion);
	expansion->seen = seen;
	seen[expansion->n_seen++] = (struct file_id){ .dev = st->st_dev, .ino = st->st_ino };
	return 0;
}

/*
 * Optional, since an upgrade may take the file away before the plan opens it: a set is what there
 * is, and no promise that it is there.
 */
static int grant(struct expansion *expansion, unsigned kinds, const char *path, bool is_library)
{
	struct profile *profile = expansion->profile;
	const char *text = arena_printf(&expansion->arena, "optional:%s", path);
	int r;

	if (!text)
		return no_memory(expansion);
	r = profile_add_path(profile, kinds, text, expansion->set->origin, expansion->err);
	if (r == 0)
		profile->grants[profile->n_grants - 1].is_library = is_library;
	return r;
}

/* The program whose loader will load the modules; NULL: there is none. */
static const struct closure_file *find_program(const struct closure *closure)
{
	for (size_t i = 0; i < closure->n_files; i++)
		if (closure->files[i].is_elf && closure->files[i].role != ROLE_LOADER)
			return &closure->files[i];
	return NULL;
}

/*
 * Debian keeps libraries of other machines beside its own (/usr/lib/aarch64-linux-gnu). The
 * loader would pass over them; to grant them would be wrong, if harmless, and each would
 * leave a trouble that is none.
 */
static bool is_for_program(const struct expansion *expansion, const struct closure_file *program,
			   const char *path)
{
	struct root_file file;
	struct arena arena;
	struct elf elf;
	const char *why;
	bool answer;
	int r = root_open_file(expansion->input->root, NULL, path, &file);

	if (r < 0)
		return false;
	arena_init(&arena, NAME_BYTES);
	r = elf_read(file.fd, file.size, 0, &arena, &elf, &why);
	answer = r == 0 && elf.class == program->class && elf.machine == program->machine;
	arena_done(&arena);
	root_file_done(&file);
	return answer;
}

/* What a module needs and the closure did not have is granted; the module itself is a row's. */
static int add_module(struct expansion *expansion, const char *path)
{
	struct closure *closure = expansion->closure;
	const struct closure_file *program = find_program(closure);
	size_t n = closure->n_files;
	int r;

	if (!program || !is_for_program(expansion, program, path))
		return 0;
	/* files are only ever appended: from `n` on they are this module's */
	r = closure_add_library(closure, expansion->input, path, expansion->err);
	for (; r == 0 && n < closure->n_files; n++) {
		const struct closure_file *file = &closure->files[n];

		if (file->rule != RULE_GIVEN)
			r = grant(expansion, GRANT_READ, *file->real ? file->real : file->path,
				  file->role == ROLE_LIBRARY);
	}
	return r;
}

/*
 * A whole name, which may or may not exist: what is missing, or may not be looked at, is left
 * out. Seen files count with the matches, so that the search in note() stays short as well.
 */
static int add_match(void *context, const char *path)
{
	struct expansion *expansion = context;
	struct stat st;
	int r = sys_fstatat(AT_FDCWD, path, &st, 0);

	if (r < 0)
		return 0;
	if (expansion->n_seen >= SETS_MAX_MATCHES)
		return too_many(expansion, path);
	r = note(expansion, &st);
	if (r != 0)
		return r < 0 ? r : 0;
	if (expansion->row->kinds)
		r = grant(expansion, expansion->row->kinds, path, expansion->row->is_module);
	if (r == 0 && expansion->row->is_module)
		r = add_module(expansion, path);
	return r;
}

static int add_set(struct expansion *expansion)
{
	int r = 0;

	arena_init(&expansion->arena, NAME_BYTES);
	expansion->seen = NULL;
	expansion->n_seen = expansion->seen_capacity = 0;
	for (expansion->row = expansion->set->paths; r == 0 && expansion->row->pattern;
	     expansion->row++) {
		struct glob glob = {
			.pattern = expansion->row->pattern,
			.is_table = true,
			.what = expansion->set->origin,
			.arena = &expansion->arena,
			.found = add_match,
			.context = expansion,
			.err = expansion->err,
		};

		r = glob_look_up(&glob);
	}
	arena_done(&expansion->arena);
	return r;
}

int sets_grant(struct profile *profile, struct closure *closure, const struct closure_input *input,
	       struct croft_error *err)
{
	struct expansion expansion = {
		.profile = profile,
		.closure = closure,
		.input = input,
		.err = err,
	};
	int r = 0;

	/* in the tables' order, not the command line's: the words of --with have none */
	for (int i = 0; i < SET_MAX && r == 0; i++) {
		if (!profile->wants_set[i])
			continue;
		expansion.set = set_get((enum grant_set)i);
		r = add_set(&expansion);
	}
	return r;
}
