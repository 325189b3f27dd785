/* SPDX-License-Identifier: MIT */
/*
 * linkage.h - one program as its loader sees it: inside src/elf only.
 *
 * An object is a file that the loader would have mapped. The list begins with the
 * program and its loader; libraries follow in the order in which they are loaded,
 * which is also the order in which their own needs are looked at. glibc.c and musl.c say where to
 * look for a name, linkage.c what a file that is found there is worth.
 */
#ifndef CROFT_ELF_LINKAGE_H
#define CROFT_ELF_LINKAGE_H

#include "elf/build.h"
#include "elf/index.h"
#include "elf/search_path.h"

#define OBJECT_PROGRAM 0
#define OBJECT_LOADER 1
#define OBJECT_NONE SIZE_MAX
#define LINKAGE_MAX_DIRS 8192 /* different directories that are searched; hundreds in a Nix store */
#define LINKAGE_MAX_ENTRIES (1U << 18) /* elements of all lists together */
/* Elements that are looked at: 1,000 libraries that inherit all DT_RPATH before them need half. */
#define LINKAGE_MAX_LOOKS (1U << 20)

/* A directory that is searched, as the loader writes it: without a final slash, "" for ".". */
struct search_dir {
	const char *path;
	bool is_known; /* the rest has been looked up */
	const char *const *subdirs; /* each with a final slash, or "" for the directory itself */
	size_t n_subdirs; /* 0: there is no such directory */
};

struct search_entry {
	size_t dir; /* index in dirs */
	const char *given; /* the element before its tokens were replaced */
};

struct search_list {
	bool is_known;
	struct search_entry *entries;
	size_t n;
};

struct object {
	size_t file; /* index in the closure's files */
	size_t needer; /* the object that it was loaded for; OBJECT_NONE: none */
	const char *path; /* where the loader found it: may be relative */
	const char *origin; /* NULL: not asked for yet */
	struct elf elf;
	struct search_list rpath, runpath; /* musl: rpath alone, for both */
};

struct object_name {
	const char *name;
	size_t object;
};

struct linkage {
	struct loader_info info;
	bool has_asked_loader;
	struct object *objects;
	size_t n_objects, objects_capacity;
	struct index inodes; /* of objects */
	struct object_name *names;
	size_t n_names, names_capacity;
	struct index by_name;
	struct search_dir *dirs;
	size_t n_dirs, dirs_capacity;
	struct index by_dir;
	size_t n_entries, n_looks;
	struct search_list library_path, system; /* system: the loader's own, or musl's file's */
	struct search_list conf; /* ld.so.conf's, where an image has no cache */
	struct ldcache cache;
	bool has_asked_cache, has_cache;
	bool has_cpu_level;
	unsigned cpu_level;
};

/* Zeroed, with program and loader as the first two objects. 0 or -ENOMEM, described. */
int linkage_new(struct builder *builder, const struct chain_end *end,
		const struct loader_info *info, struct linkage **ret_linkage);
void linkage_done(struct linkage *linkage); /* the memory is the closure's */

/*
 * Makes sure that info.dirs and glibc_version are there: mostly nobody needs them, and they cost
 * reading the whole loader. A version below 2.34 is known by name before. 0 or an error.
 */
int linkage_ask_loader(struct builder *builder, struct linkage *linkage);
/* The level of this CPU for programs of this machine, asked once: the question is a dear one. */
unsigned linkage_cpu_level(struct linkage *linkage);
/* Is the kernel older than the file's ABI tag asks for? */
bool linkage_is_kernel_older(const struct elf *elf);
/* "$ORIGIN" of an object. NULL: out of memory. */
const char *linkage_origin(struct builder *builder, struct linkage *linkage, size_t object);
/* Adds an object under the names that it has from the start. 0 or -ENOMEM. */
int linkage_add_object(struct builder *builder, struct linkage *linkage,
		       const struct object *object);
/* Another name for an object. 0 or -ENOMEM. */
int linkage_add_name(struct builder *builder, struct linkage *linkage, size_t object,
		     const char *name);
/* The first object that goes by the name; OBJECT_NONE. */
size_t linkage_find_name(const struct linkage *linkage, const char *name);
/*
 * Adds an element to a list that has room for it, but not a directory that the list has already.
 * `path` is its text with tokens replaced. 0, -ENOMEM or -EFBIG.
 */
int linkage_add_entry(struct builder *builder, struct linkage *linkage, struct search_list *list,
		      const char *given, const char *path);
/* Makes the room for n elements. 0, -ENOMEM or -EFBIG. */
int linkage_new_list(struct builder *builder, struct linkage *linkage, struct search_list *list,
		     size_t n);
/* A file that the loader itself reads; one that is not there is not added. 0 or an error. */
int linkage_add_config(struct builder *builder, const struct linkage *linkage, const char *path);
int linkage_add_opened(struct builder *builder, const struct linkage *linkage, const char *path,
		       const struct root_file *file);

/* How the search for one name goes on after a look at one file. */
enum attempt {
	ATTEMPT_NEXT, /* nothing that would do: the next directory */
	ATTEMPT_FOUND, /* search->object */
	ATTEMPT_STOP, /* the rest of this list is not looked at */
	ATTEMPT_FATAL, /* the loader gives up; that has become a trouble */
};

struct search {
	struct builder *builder;
	struct linkage *linkage;
	const char *name;
	size_t needer; /* object; OBJECT_NONE: nobody */
	enum closure_rule rule; /* instead of the one that finds it; RULE_MAX: as found */
	bool is_optional; /* nothing about it becomes a trouble: the program starts without it */
	size_t object; /* what was found */
	bool is_new; /* and was not there before */
	/* the first candidate that was passed over, for the case that none is better */
	enum trouble_kind passed_kind;
	const char *passed_detail; /* NULL: none */
};

/*
 * Looks at one file, `path` as the loader writes it. An enum attempt, or an error: -ENOMEM,
 * -EFBIG, -EMFILE.
 */
int linkage_try(struct search *search, const char *path, enum closure_rule rule,
		const char *detail);
/*
 * The end of a search: another name and an edge for what was found; or a trouble, and an edge to
 * nothing. 0 or an error.
 */
int linkage_settle(struct search *search, enum attempt attempt);

/* Loads the library that a search is for, as one kind of loader does. 0 or an error. */
typedef int (*load_fn)(struct search *search);
/* What the objects from `first` on need, and what those bring with them, breadth first. */
int linkage_load_needs(struct builder *builder, struct linkage *linkage, size_t first,
		       bool is_optional, load_fn load_needed);
/* A library that the program would open later by name, and its needs. */
int linkage_load_given(struct builder *builder, struct linkage *linkage, const char *library,
		       load_fn load, load_fn load_needed);
/* Each needed version against those that are defined where its file was found. 0 or an error. */
int linkage_check_versions(struct builder *builder, const struct linkage *linkage);
/* What of this CPU the file's own note asks for in vain. 0 or an error. */
int linkage_check_isa(struct builder *builder, struct linkage *linkage, size_t object);

#endif
