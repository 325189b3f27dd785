/* SPDX-License-Identifier: MIT */
/*
 * build.h - what the parts of a closure's making share: inside src/elf only.
 *
 *   chain*.c     program, "#!" lines, env, ELF interpreter: what exec looks at
 *   alone.c      a library without a program
 *   glibc.c      libraries as glibc's ld.so looks for them
 *   musl.c       libraries as musl's does
 *   linkage.c    what a loader makes of the files that it finds
 *   closure.c    the functions of closure.h, and the lists
 */
#ifndef CROFT_ELF_BUILD_H
#define CROFT_ELF_BUILD_H

#include "elf/closure.h"
#include "elf/elf.h"
#include "elf/ldcache.h"

struct builder {
	struct closure *closure;
	const struct closure_input *input;
	struct croft_error *err;
};

/* What chain_follow found at the end of the chain: the ELF program that will really run. */
struct chain_end {
	bool is_dynamic; /* its interpreter could be opened: its libraries are to be found */
	size_t program; /* index in files; CLOSURE_NONE: none (missing, a wrong format, ...) */
	size_t loader; /* index in files; CLOSURE_NONE */
	struct elf elf; /* of the program; texts in the closure's arena */
	struct elf loader_elf;
};

/*
 * Adds a file, or finds it by device and inode; *ret_index. `file` is copied into the arena
 * where its texts are not. Returns 1 if it is new, 0 if it was there, -ENOMEM or -EFBIG
 * (described). An edge from needed_by (if any) is added in both cases.
 */
int builder_add_file(struct builder *builder, const struct closure_file *file, size_t *ret_index);
/* An edge to a file that is there already, or (add_missing) to something that was not found. */
int builder_add_edge(struct builder *builder, size_t from, size_t to, const char *name);
int builder_add_missing(struct builder *builder, size_t from, const char *name);
/* Copies the texts. 0 or an error, described. */
int builder_add_trouble(struct builder *builder, enum trouble_kind kind, enum file_role role,
			const char *path, size_t needed_by, const char *detail);
/* Is the same told already? One trouble for each thing is enough: edges tell who needs it. */
bool builder_has_trouble(const struct builder *builder, enum trouble_kind kind, const char *path,
			 const char *detail);
/* -ENOMEM, described. */
int builder_no_memory(struct builder *builder);
const char *builder_workdir(const struct builder *builder);
/* Why a name could not be opened, as a trouble: walks it. `errnum` is what the open gave. */
int builder_add_walk_trouble(struct builder *builder, enum file_role role, const char *path,
			     size_t needed_by, int errnum);

/*
 * Follows what exec would: the program, "#!" interpreters (role SCRIPT for what has a "#!" line,
 * INTERPRETER for what one names and is ELF), env's program on PATH, PT_INTERP. Each
 * obstacle becomes a trouble and ends the chain.
 */
int chain_follow(struct builder *builder, const char *program, struct chain_end *ret_end);

/*
 * The same for a library by itself, with the loader that a program of its kind would have. No
 * loader in *ret_end: it needs nothing, or there is a trouble.
 */
int alone_follow(struct builder *builder, const char *library, struct chain_end *ret_end);
/* Just the file, for a program whose loader is not known; missing, the first file lacks it. */
int alone_add(struct builder *builder, const char *library);

/* What a loader has loaded for one program: linkage.h. */
struct linkage;

/* The libraries of the program, breadth first, as that loader finds them. */
int glibc_add_libraries(struct builder *builder, struct linkage *linkage);
int musl_add_libraries(struct builder *builder, struct linkage *linkage);
/* One library that the program would open later, and its own. */
int glibc_add_library(struct builder *builder, struct linkage *linkage, const char *library);
int musl_add_library(struct builder *builder, struct linkage *linkage, const char *library);

#endif
