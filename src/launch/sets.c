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

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "elf/elf.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define NAME_BYTES (8U << 20) /* names while a set is looked up */
#define DIRENT_BYTES 32768

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

/*
 * Not fnmatch(3): patterns here are parts of longer texts, and the static build gains nothing from
 * brackets and locales. Linear but for the last '*', which is enough: what an earlier one took
 * could only have been shorter.
 */
bool sets_match(const char *pattern, size_t len, const char *name)
{
	const char *end = pattern + len, *star = NULL, *retry = NULL;

	if (name[0] == '.' && (!len || pattern[0] != '.'))
		return false;
	/* on a mismatch the last '*' takes one byte more */
	while (*name) {
		if (pattern < end && *pattern == '*') {
			star = ++pattern;
			retry = name;
		} else if (pattern < end && *pattern == *name) {
			pattern++;
			name++;
		} else if (star) {
			pattern = star;
			name = ++retry;
		} else {
			return false;
		}
	}
	while (pattern < end && *pattern == '*')
		pattern++;
	return pattern == end;
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
static int grant(struct expansion *expansion, unsigned kinds, const char *path)
{
	const char *text = arena_printf(&expansion->arena, "optional:%s", path);

	if (!text)
		return no_memory(expansion);
	return profile_add_path(expansion->profile, kinds, text, expansion->set->origin,
				expansion->err);
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
			r = grant(expansion, GRANT_READ, *file->real ? file->real : file->path);
	}
	return r;
}

/*
 * A whole name, which may or may not exist: what is missing, or may not be looked at, is left
 * out. Seen files count with the matches, so that the search in note() stays short as well.
 */
static int add_match(struct expansion *expansion, const char *path)
{
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
		r = grant(expansion, expansion->row->kinds, path);
	if (r == 0 && expansion->row->is_module)
		r = add_module(expansion, path);
	return r;
}

struct entry {
	const char *name;
	bool may_be_dir;
};

struct entries {
	struct entry *list; /* in the arena */
	size_t n, capacity;
};

/*
 * What of a directory is looked for: names that fit `len` bytes of `pattern`, and with
 * wants_dirs the directories to walk through.
 */
struct wish {
	const char *pattern;
	size_t len;
	bool are_dirs; /* more components follow: a file is of no use */
	bool wants_dirs;
};

/* Compiled Python files: as many directories again as there are packages, and no module. */
static bool is_walked(const char *name)
{
	return name[0] != '.' && strcmp(name, "__pycache__") != 0;
}

static int take_entries(struct expansion *expansion, struct entries *entries, const char *block,
			size_t size, const struct wish *wish)
{
	for (size_t at = 0; at < size;) {
		const struct sys_dirent *found = (const void *)(block + at);
		/* some file systems do not tell: then the open of it will */
		bool may_be_dir = found->type == DT_DIR || found->type == DT_UNKNOWN;
		bool fits = sets_match(wish->pattern, wish->len, found->name);
		struct entry *grown;

		at += found->length;
		/* a link is followed where the table names it, not on a walk: it may lead back */
		if (fits && wish->are_dirs)
			fits = may_be_dir || found->type == DT_LNK;
		if (!fits && !(wish->wants_dirs && may_be_dir && is_walked(found->name)))
			continue;
		grown = arena_grow(&expansion->arena, entries->list, entries->n, &entries->capacity,
				   sizeof(*grown));
		if (!grown)
			return no_memory(expansion);
		entries->list = grown;
		grown += entries->n++;
		grown->name = arena_strdup(&expansion->arena, found->name);
		grown->may_be_dir = may_be_dir;
		if (!grown->name)
			return no_memory(expansion);
	}
	return 0;
}

static int compare_entries(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->name, ((const struct entry *)b)->name);
}

/*
 * The entries of `dir` that are wished, sorted: the order of a directory is an accident, that of a
 * plan should not be. None where it cannot be listed: what this user may not see is not granted.
 */
static int list(struct expansion *expansion, const char *dir, const struct wish *wish,
		struct entries *entries)
{
	_Alignas(struct sys_dirent) char block[DIRENT_BYTES];
	AUTO_FD int fd = sys_openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0);
	ssize_t n;

	/* these are not the directory's: to go on would leave out what is there */
	if (fd == -EMFILE || fd == -ENFILE || fd == -ENOMEM)
		return fail(expansion->err, CROFT_STAGE_PROFILE, -fd, "look up '%s' in '%s'",
			    expansion->set->origin, dir);
	while (fd >= 0 && (n = sys_getdents64(fd, block, sizeof(block))) > 0) {
		int r = take_entries(expansion, entries, block, (size_t)n, wish);

		if (r < 0)
			return r;
		if (entries->n > SETS_MAX_NAMES)
			return too_many(expansion, dir);
	}
	if (entries->n)
		qsort(entries->list, entries->n, sizeof(*entries->list), compare_entries);
	return 0;
}

/* Files that fit the last component of a pattern, in `dir` (with its slash) and below it. */
static int walk(struct expansion *expansion, const char *dir, const char *pattern, unsigned depth)
{
	const struct wish wish = {
		.pattern = pattern,
		.len = strlen(pattern),
		.wants_dirs = depth < SETS_MAX_DEPTH,
	};
	struct entries entries = { 0 };
	int r = list(expansion, dir, &wish, &entries);

	for (size_t i = 0; r == 0 && i < entries.n; i++) {
		const struct entry *entry = &entries.list[i];
		const char *path = arena_printf(&expansion->arena, "%s%s%s", dir, entry->name,
						entry->may_be_dir ? "/" : "");

		if (!path)
			r = no_memory(expansion);
		else if (entry->may_be_dir)
			r = walk(expansion, path, pattern, depth + 1);
		else
			r = add_match(expansion, path);
	}
	return r;
}

/*
 * `path` (all of it exists, or nothing of it is known yet) and the rest of a pattern. As deep as
 * the pattern has components with '*'.
 */
static int expand(struct expansion *expansion, const char *path, const char *rest)
{
	const char *star = strchr(rest, '*'), *start = star;
	struct entries entries = { 0 };
	struct wish wish = { 0 };
	const char *dir;
	int r;

	if (!star) {
		dir = arena_printf(&expansion->arena, "%s%s", path, rest);
		return dir ? add_match(expansion, dir) : no_memory(expansion);
	}
	while (start[-1] != '/')
		start--;
	dir = arena_printf(&expansion->arena, "%s%.*s", path, (int)(start - rest), rest);
	if (!dir)
		return no_memory(expansion);
	if (!strncmp(start, "**/", 3))
		return walk(expansion, dir, start + 3, 0);
	wish.pattern = start;
	wish.len = strcspn(start, "/");
	wish.are_dirs = start[wish.len] != '\0';
	r = list(expansion, dir, &wish, &entries);
	for (size_t i = 0; r == 0 && i < entries.n; i++) {
		const char *next =
			arena_printf(&expansion->arena, "%s%s", dir, entries.list[i].name);

		r = next ? expand(expansion, next, start + wish.len) : no_memory(expansion);
	}
	return r;
}

static int add_set(struct expansion *expansion)
{
	int r = 0;

	arena_init(&expansion->arena, NAME_BYTES);
	expansion->seen = NULL;
	expansion->n_seen = expansion->seen_capacity = 0;
	for (expansion->row = expansion->set->paths; r == 0 && expansion->row->pattern;
	     expansion->row++)
		r = expand(expansion, "", expansion->row->pattern);
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
