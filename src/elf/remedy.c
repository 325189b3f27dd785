/* SPDX-License-Identifier: MIT */
/*
 * remedy.c - from what is missing to what would do.
 *
 * Where a loader or a library could lie is a list of directories: the usual ones, and
 * `lib` of each package of a Nix or Guix store. A library counts as found when it is an ELF
 * file of the program's machine and class and is not built for the other C library. Whether
 * that is enough is not concluded from names: a closure is made with what was found in its place,
 * by the same code that tells what is wrong.
 *
 * The files are an enemy's. Each list here has a bound, and the closures have theirs.
 */
#include "elf/remedy.h"

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/text.h"
#include "elf/build.h"
#include "elf/search_path.h"
#include "sys/fd.h"

#define TRIES_MAX 4 /* libraries that need libraries that need libraries */
#define ELF_BYTES (4U << 20) /* of one file that is looked at: its tables and names */
#define DIRS_MAX_BYTES 4096
#define LIST_NAMES 4 /* that are told before "and N more" */

/* The directories that loaders of one kind or another search. */
static const char *const usual_dirs[] = {
	"/lib64",
	"/usr/lib64",
	"/lib",
	"/usr/lib",
	"/lib/x86_64-linux-gnu",
	"/usr/lib/x86_64-linux-gnu",
	"/lib/aarch64-linux-gnu",
	"/usr/lib/aarch64-linux-gnu",
	"/lib/x86_64-linux-musl",
	"/usr/lib/x86_64-linux-musl",
	"/lib/aarch64-linux-musl",
	"/usr/lib/aarch64-linux-musl",
	"/usr/local/lib",
	"/usr/local/lib64",
};

static const char *const stores[] = { "/nix/store", "/gnu/store" };

/* A name that is looked for. */
struct wanted {
	const char *name;
	const char *dir; /* where it is; NULL */
};

struct hunt {
	struct closure *closure; /* whose arena keeps the texts */
	const struct closure_input *input;
	const char *path; /* of the program, absolute */
	const struct elf *program; /* its machine, class and C library count */
	bool is_musl;
	struct wanted *wanted;
	size_t n_wanted;
	const char *store;
	size_t n_looked;
};

static bool is_musl_name(const char *name)
{
	return !strncmp(name, "ld-musl-", 8) || !strncmp(name, "libc.musl-", 10);
}

/* One of glibc's or musl's, by its name. */
static bool is_known_loader(const char *base)
{
	return is_musl_name(base) || !strncmp(base, "ld-linux", 8) ||
	       !strncmp(base, "ld64.so", 7) || !strncmp(base, "ld.so.1", 7);
}

/* By what it needs: a library of the other C library would not be loaded, or not work. */
static bool is_for_libc(const struct elf *elf, bool is_musl)
{
	for (size_t i = 0; i < elf->n_needed; i++) {
		if (is_musl && !strcmp(elf->needed[i], "libc.so.6"))
			return false;
		if (!is_musl && is_musl_name(elf->needed[i]))
			return false;
	}
	return true;
}

/* Is there a file at that path that would do for the program? */
static bool would_do(const struct hunt *hunt, const char *path)
{
	struct root_file file;
	struct arena arena;
	struct elf elf;
	const char *why;
	bool would;

	if (root_open_file(hunt->input->root, NULL, path, &file) < 0)
		return false;
	arena_init(&arena, ELF_BYTES);
	would = elf_read(file.fd, file.size, 0, &arena, &elf, &why) == 0 &&
		elf.machine == hunt->program->machine && elf.class == hunt->program->class &&
		elf.type == ET_DYN && is_for_libc(&elf, hunt->is_musl);
	arena_done(&arena);
	root_file_done(&file);
	return would;
}

/* Looks for all names that are not found yet. 0 to go on, 1: all are found. */
static int look_in(struct hunt *hunt, const char *path)
{
	struct root_dir dir;
	bool has_all = true;

	if (root_open_dir(hunt->input->root, path, &dir) < 0)
		return 0;
	for (size_t i = 0; i < hunt->n_wanted; i++) {
		struct wanted *wanted = &hunt->wanted[i];
		char full[PATH_MAX];

		if (!wanted->dir && root_dir_has(&dir, wanted->name) &&
		    path_join(full, "/", path, wanted->name) == 0 && would_do(hunt, full))
			wanted->dir = arena_strdup(&hunt->closure->arena, path);
		has_all &= wanted->dir != NULL;
	}
	root_dir_done(&dir);
	return has_all;
}

/* One package of a store. */
static int look_in_package(void *context, const char *name)
{
	struct hunt *hunt = context;
	char lib[PATH_MAX], package[PATH_MAX];

	if (++hunt->n_looked > REMEDY_MAX_STORE)
		return 1;
	if (path_join(package, "/", hunt->store, name) < 0 ||
	    path_join(lib, "/", package, "lib") < 0)
		return 0;
	return look_in(hunt, lib);
}

/* What a program brings itself: beside it, or in lib/ there or one up. */
static int look_beside(struct hunt *hunt)
{
	const char *dir = path_dir(&hunt->closure->arena, hunt->path);
	const char *parent = dir ? path_dir(&hunt->closure->arena, dir) : NULL;
	char path[PATH_MAX];

	if (!parent)
		return 0;
	return look_in(hunt, dir) ||
	       (path_join(path, "/", dir, "lib") == 0 && look_in(hunt, path)) ||
	       (path_join(path, "/", parent, "lib") == 0 && look_in(hunt, path));
}

/* Fills `dir` of what can be found. */
static void hunt_all(struct hunt *hunt)
{
	if (look_beside(hunt))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(usual_dirs); i++)
		if (look_in(hunt, usual_dirs[i]))
			return;
	for (size_t i = 0; i < ARRAY_SIZE(stores); i++) {
		struct root_dir dir;
		int r;

		if (root_open_dir(hunt->input->root, stores[i], &dir) < 0)
			continue;
		hunt->store = stores[i];
		r = root_dir_list(&dir, look_in_package, hunt);
		root_dir_done(&dir);
		if (r != 0)
			return;
	}
}

/* The loader of that name that is here, in the arena; NULL. */
static const char *find_loader(struct hunt *hunt, const char *name)
{
	struct wanted wanted = { .name = name };

	hunt->wanted = &wanted;
	hunt->n_wanted = 1;
	hunt->n_looked = 0;
	hunt_all(hunt);
	hunt->wanted = NULL;
	hunt->n_wanted = 0;
	return wanted.dir ? arena_path(&hunt->closure->arena, wanted.dir, name) : NULL;
}

/* What the other C library's loader is called on that machine; NULL. */
static const char *other_loader(const struct elf *program, bool is_musl)
{
	if (program->class != ELFCLASS64)
		return NULL;
	if (program->machine == EM_X86_64)
		return is_musl ? "ld-linux-x86-64.so.2" : "ld-musl-x86_64.so.1";
	if (program->machine == EM_AARCH64)
		return is_musl ? "ld-linux-aarch64.so.1" : "ld-musl-aarch64.so.1";
	return NULL;
}

/* A closure of the program, with `loader` in place of its own if that is not NULL. */
static int try(struct closure *trial, const struct hunt *hunt, const struct remedy *remedy)
{
	struct closure_input input = *hunt->input;
	struct croft_error err = { 0 };

	input.flags |= CLOSURE_LIBRARIES | CLOSURE_VERSIONS;
	if (remedy->dirs)
		input.library_path = remedy->dirs;
	closure_init(trial);
	if (remedy->interp)
		return closure_add_loaded(trial, &input, remedy->program, remedy->loader, &err);
	return closure_add_program(trial, &input, remedy->program, &err);
}

/* The libraries that a closure lacks, as names to look for; copied. */
static int want_missing(struct hunt *hunt, const struct closure *trial)
{
	struct arena *arena = &hunt->closure->arena;

	hunt->wanted = arena_calloc(arena, REMEDY_MAX_NAMES, sizeof(*hunt->wanted));
	hunt->n_wanted = 0;
	hunt->n_looked = 0;
	if (!hunt->wanted)
		return -ENOMEM;
	for (size_t i = 0; i < trial->n_troubles && hunt->n_wanted < REMEDY_MAX_NAMES; i++) {
		const struct trouble *trouble = &trial->troubles[i];
		const char *name;

		if (trouble->kind != TROUBLE_LIBRARY_MISSING &&
		    trouble->kind != TROUBLE_LIBRARY_MACHINE)
			continue;
		name = arena_strdup(arena, path_base(trouble->path));
		if (!name)
			return -ENOMEM;
		hunt->wanted[hunt->n_wanted++].name = name;
	}
	return 0;
}

/* Adds the directories of what was found to remedy->dirs; what was not, to `absent`. */
static int take_found(const struct hunt *hunt, struct remedy *remedy)
{
	struct arena *arena = &hunt->closure->arena;
	AUTO_BUF struct buf dirs = BUF_INIT(DIRS_MAX_BYTES);

	buf_puts(&dirs, remedy->dirs ? remedy->dirs : "");
	remedy->absent = arena_calloc(arena, hunt->n_wanted + 1, sizeof(*remedy->absent));
	remedy->n_absent = 0;
	if (!remedy->absent)
		return -ENOMEM;
	for (size_t i = 0; i < hunt->n_wanted; i++) {
		const struct wanted *wanted = &hunt->wanted[i];
		const char *at = wanted->dir ? strstr(buf_text(&dirs), wanted->dir) : NULL;
		size_t len = wanted->dir ? strlen(wanted->dir) : 0;

		if (!wanted->dir)
			remedy->absent[remedy->n_absent++] = wanted->name;
		else if (!at || (at[len] != ':' && at[len] != '\0'))
			buf_printf(&dirs, "%s%s", dirs.len ? ":" : "", wanted->dir);
	}
	if (buf_error(&dirs))
		return buf_error(&dirs);
	remedy->dirs = dirs.len ? arena_strdup(arena, buf_text(&dirs)) : NULL;
	return dirs.len && !remedy->dirs ? -ENOMEM : 0;
}

/* What is left to be wrong when all libraries are there: their versions. */
static int judge_rest(const struct hunt *hunt, const struct closure *trial, struct remedy *remedy)
{
	struct arena *arena = &hunt->closure->arena;

	for (size_t i = 0; i < trial->n_troubles; i++) {
		const struct trouble *trouble = &trial->troubles[i];

		if (trouble_weight(trouble) < WEIGHT_START)
			continue;
		remedy->kind = REMEDY_NONE;
		if (trouble->kind != TROUBLE_VERSION_MISSING)
			return 0;
		remedy->kind = REMEDY_TOO_OLD;
		remedy->older = arena_strdup(arena, trouble->path);
		remedy->version = arena_strdup(arena, trouble->detail);
		return remedy->older && remedy->version ? 0 : -ENOMEM;
	}
	return 0;
}

/*
 * Tries, looks for what is missing then, and tries with the directories where that lies, until
 * nothing more is missing or it is nowhere.
 */
static int try_all(struct hunt *hunt, struct remedy *remedy)
{
	int r = 0;

	for (unsigned i = 0; i < TRIES_MAX && r == 0; i++) {
		struct closure trial;

		r = try(&trial, hunt, remedy);
		if (r == 0)
			r = want_missing(hunt, &trial);
		if (r == 0 && hunt->n_wanted == 0) {
			remedy->kind = !remedy->interp ? REMEDY_ENVIRONMENT
				       : remedy->dirs  ? REMEDY_LOADER
						       : REMEDY_LINK;
			r = judge_rest(hunt, &trial, remedy);
			closure_done(&trial);
			return r;
		}
		closure_done(&trial);
		if (r == 0) {
			hunt_all(hunt);
			r = take_found(hunt, remedy);
		}
		if (r == 0 && remedy->n_absent > 0) {
			remedy->kind = REMEDY_ABSENT;
			return 0;
		}
	}
	return r;
}

/* Without any loader of its kind: which of its libraries are nowhere. */
static int find_absent(struct hunt *hunt, struct remedy *remedy)
{
	struct arena *arena = &hunt->closure->arena;
	const char *other = other_loader(hunt->program, hunt->is_musl);
	size_t n = hunt->program->n_needed;
	int r;

	hunt->wanted = arena_calloc(arena, REMEDY_MAX_NAMES, sizeof(*hunt->wanted));
	if (!hunt->wanted)
		return -ENOMEM;
	hunt->n_looked = 0;
	hunt->n_wanted = 0;
	for (size_t i = 0; i < n && hunt->n_wanted < REMEDY_MAX_NAMES; i++) {
		const char *name = arena_strdup(arena, hunt->program->needed[i]);

		if (!name)
			return -ENOMEM;
		if (!strchr(name, '/'))
			hunt->wanted[hunt->n_wanted++].name = name;
	}
	hunt_all(hunt);
	r = take_found(hunt, remedy);
	remedy->kind = REMEDY_ABSENT;
	if (r == 0 && other) {
		hunt->is_musl = !hunt->is_musl;
		remedy->other = find_loader(hunt, other);
		remedy->is_other_musl = hunt->is_musl;
	}
	return r;
}

static int find_for_loader(struct hunt *hunt, struct remedy *remedy)
{
	const char *base = path_base(remedy->interp);

	/* of other systems nothing is known; a store's path says exactly which one it wants */
	if (remedy->interp[0] != '/' || !is_known_loader(base) ||
	    !strncmp(remedy->interp, "/nix/store/", 11) ||
	    !strncmp(remedy->interp, "/gnu/store/", 11))
		return 0;
	hunt->is_musl = is_musl_name(base);
	remedy->loader = find_loader(hunt, base);
	return remedy->loader ? try_all(hunt, remedy) : find_absent(hunt, remedy);
}

static bool is_about_loader(const struct trouble *trouble)
{
	return trouble->role == ROLE_LOADER && *trouble->needed_by &&
	       (trouble->kind == TROUBLE_MISSING || trouble->kind == TROUBLE_DANGLING ||
		trouble->kind == TROUBLE_NO_DIRECTORY);
}

/* The ELF program of a closure whose loader was found. */
static const char *find_program(const struct closure *closure)
{
	for (size_t i = 0; i < closure->n_files; i++)
		if (closure->files[i].role == ROLE_LOADER &&
		    closure->files[i].needed_by != CLOSURE_NONE)
			return closure->files[closure->files[i].needed_by].path;
	return NULL;
}

/* The first trouble that something may be done about here. */
static const struct trouble *find_trouble(const struct closure *closure)
{
	for (size_t i = 0; i < closure->n_troubles; i++) {
		const struct trouble *trouble = &closure->troubles[i];

		if (is_about_loader(trouble) || trouble->kind == TROUBLE_LIBRARY_MISSING)
			return trouble;
	}
	return NULL;
}

int remedy_find(struct closure *closure, const struct closure_input *input,
		struct remedy *ret_remedy)
{
	const struct trouble *trouble = find_trouble(closure);
	struct hunt hunt = { .closure = closure, .input = input };
	struct remedy remedy = { 0 };
	struct root_file file;
	struct arena arena;
	struct elf elf;
	const char *why;
	int r;

	*ret_remedy = remedy;
	if (trouble)
		remedy.program =
			is_about_loader(trouble) ? trouble->needed_by : find_program(closure);
	if (!remedy.program ||
	    root_open_file(input->root, input->workdir, remedy.program, &file) < 0)
		return 0;
	arena_init(&arena, ELF_BYTES);
	r = elf_read(file.fd, file.size, 0, &arena, &elf, &why);
	root_file_done(&file);
	hunt.program = &elf;
	hunt.path = remedy.program;
	if (r == 0 && elf.interp && is_about_loader(trouble)) {
		remedy.interp = arena_strdup(&closure->arena, elf.interp);
		r = remedy.interp ? find_for_loader(&hunt, &remedy) : -ENOMEM;
	} else if (r == 0 && elf.interp) {
		hunt.is_musl = is_musl_name(path_base(elf.interp));
		r = try_all(&hunt, &remedy);
	}
	arena_done(&arena);
	if (r == 0)
		*ret_remedy = remedy;
	/* what is wrong with these files is no reason not to say the plain mend */
	return fd_is_shortage(r) ? r : 0;
}

/* "libstdc++.so.6, libgcc_s.so.1 and 3 more" */
static void add_names(struct buf *buf, const struct remedy *remedy)
{
	for (size_t i = 0; i < remedy->n_absent && i < LIST_NAMES; i++)
		buf_printf(buf, "%s%s", i ? ", " : "", remedy->absent[i]);
	if (remedy->n_absent > LIST_NAMES)
		buf_printf(buf, " and %zu more", remedy->n_absent - LIST_NAMES);
	buf_puts(buf, remedy->n_absent == 1 ? " is nowhere here" : " are nowhere here");
}

/* How the absent ones are got, each way once: several libraries may be of one package. */
static void add_packages(struct buf *buf, const struct remedy *remedy,
			 remedy_package_fn add_package, void *context)
{
	AUTO_BUF struct buf all = BUF_INIT(64U << 10);

	for (size_t i = 0; i <= remedy->n_absent; i++) {
		AUTO_BUF struct buf one = BUF_INIT(16U << 10);
		bool is_loader = i == remedy->n_absent;

		if (is_loader && (remedy->loader || !remedy->interp))
			break;
		add_package(context, &one, is_loader ? remedy->interp : remedy->absent[i]);
		if (!one.len || strstr(buf_text(&all), buf_text(&one)))
			continue;
		buf_printf(&all, "; %s", buf_text(&one));
	}
	buf_puts(buf, buf_text(&all));
}

static void mend_absent(struct buf *buf, const struct remedy *remedy, remedy_package_fn add_package,
			void *context)
{
	bool is_glibc = !is_musl_name(path_base(remedy->interp));

	buf_puts(buf, "the program itself is there; ");
	if (remedy->loader) {
		buf_puts(buf, "a link to ");
		text_word(buf, remedy->loader);
		buf_puts(buf, " would not do: ");
	} else if (remedy->other) {
		buf_printf(buf, "it is built for %s, and the C library here is %s: ",
			   is_glibc ? "glibc" : "musl", remedy->is_other_musl ? "musl" : "glibc");
	}
	if (remedy->n_absent) {
		add_names(buf, remedy);
		buf_puts(buf, remedy->loader || add_package ? "" : ", and ");
	}
	if (add_package)
		add_packages(buf, remedy, add_package, context);
	else if (!remedy->loader)
		buf_printf(buf, "its loader comes with %s", loader_family(remedy->interp));
	if (remedy->other && is_glibc)
		buf_puts(buf, "; or get a build for musl");
}

/* The directory that the link lies in may be missing too. */
static void mend_link(struct buf *buf, const struct remedy *remedy)
{
	AUTO_BUF struct buf dir = BUF_INIT(PATH_MAX);

	buf_add(&dir, remedy->interp, (size_t)(strrchr(remedy->interp, '/') - remedy->interp));
	buf_puts(buf, "the program itself is there, and a link is enough: mkdir -p ");
	text_word(buf, dir.len ? buf_text(&dir) : "/");
	buf_puts(buf, " && ln -s ");
	text_word(buf, remedy->loader);
	buf_putc(buf, ' ');
	text_word(buf, remedy->interp);
}

static void mend_by_loader(struct buf *buf, const struct remedy *remedy)
{
	buf_puts(buf,
		 "the program itself is there; a link to a loader would not do, start it as: ");
	text_word(buf, remedy->loader);
	buf_puts(buf, " --library-path ");
	text_word(buf, remedy->dirs);
	buf_putc(buf, ' ');
	text_word(buf, remedy->program);
	buf_puts(buf, "; or for good: patchelf --set-interpreter ");
	text_word(buf, remedy->loader);
	/* DT_RUNPATH, the other kind, is not passed on: what a library needs is not found by it */
	buf_puts(buf, " --force-rpath --set-rpath ");
	text_word(buf, remedy->dirs);
	buf_putc(buf, ' ');
	text_word(buf, remedy->program);
}

/* Of one missing library: only where all that is missing lies somewhere is there more to say. */
static void mend_library(struct buf *buf, const struct remedy *remedy,
			 const struct trouble *trouble, remedy_package_fn add_package,
			 void *context)
{
	bool is_musl = is_musl_name(path_base(trouble->path));

	if (remedy->kind == REMEDY_ENVIRONMENT && remedy->dirs) {
		buf_puts(buf, "it lies where the loader does not look: LD_LIBRARY_PATH=");
		text_word(buf, remedy->dirs);
	} else if (is_musl && trouble->kind == TROUBLE_LIBRARY_MISSING) {
		buf_puts(buf,
			 "the library that needs it is built for musl, and the program for glibc: "
			 "put glibc's build in its place");
	} else if (add_package) {
		add_package(context, buf, trouble->path);
	} else {
		trouble_mend(buf, trouble);
	}
}

void remedy_mend(struct buf *buf, const struct remedy *remedy, const struct trouble *trouble,
		 remedy_package_fn add_package, void *context)
{
	if (trouble->kind == TROUBLE_LIBRARY_MISSING) {
		mend_library(buf, remedy, trouble, add_package, context);
		return;
	}
	switch (is_about_loader(trouble) ? remedy->kind : REMEDY_NONE) {
	case REMEDY_LINK:
		mend_link(buf, remedy);
		break;
	case REMEDY_LOADER:
		mend_by_loader(buf, remedy);
		break;
	case REMEDY_ABSENT:
		mend_absent(buf, remedy, add_package, context);
		break;
	case REMEDY_TOO_OLD:
		buf_puts(buf, "the program itself is there; a link would not do: ");
		text_word(buf, remedy->older);
		buf_printf(buf, " lacks %s, so it is older than the one that was linked with",
			   remedy->version);
		break;
	default:
		trouble_mend(buf, trouble);
	}
}
