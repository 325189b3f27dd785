/* SPDX-License-Identifier: MIT */
/*
 * closure.h - what a program needs to start: the set of files, who needs each, and the rule
 * that found it.
 *
 *   program ─► "#!" chain ─► ELF interpreter ─► libraries, in the loader's own order
 *
 * Reading only: neither the program nor its loader, ldd or ldconfig is executed. What cannot
 * be found stays in the result as a trouble. What a program opens later by name (dlopen, data)
 * no static reader sees: profile/sets.h has names for the usual ones.
 * Source: ld.so(8), glibc's elf/dl-load.c; musl's ldso/dynlink.c; execve(2).
 */
#ifndef CROFT_ELF_CLOSURE_H
#define CROFT_ELF_CLOSURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "elf/index.h"
#include "elf/root.h"
#include "elf/trouble.h"

#define CLOSURE_MAX_FILES 4096 /* the largest desktop programs need some 400 */
#define CLOSURE_MAX_EDGES 65536
#define CLOSURE_MAX_TROUBLES 1024
#define CLOSURE_MAX_BYTES (32U << 20)
#define CLOSURE_NONE SIZE_MAX

/* How a file was found. */
enum closure_rule {
	RULE_GIVEN, /* the program, or a library that the caller named */
	RULE_SCRIPT, /* named by a "#!" line */
	RULE_ENV, /* looked up on PATH by env(1) */
	RULE_INTERP, /* PT_INTERP */
	RULE_PRELOAD, /* LD_PRELOAD */
	RULE_PRELOAD_FILE, /* ld.so.preload */
	RULE_NAME, /* needed under a name with a slash */
	RULE_RPATH, /* DT_RPATH, the needing file's own or inherited */
	RULE_LIBRARY_PATH, /* LD_LIBRARY_PATH */
	RULE_RUNPATH,
	RULE_CACHE, /* ld.so.cache */
	RULE_CONF, /* ld.so.conf, where there is no cache */
	RULE_DEFAULT, /* the loader's own directories */
	RULE_MUSL_PATH, /* ld-musl-ARCH.path, or musl's own directories */
	RULE_LOADER, /* the loader itself under its library name */
	RULE_CONFIG, /* read by the loader */
	RULE_MAX
};

struct closure_file {
	enum file_role role;
	enum closure_rule rule;
	const char *name; /* what was asked for: "libc.so.6", "/bin/sh" */
	const char *path; /* where it was found, as the kernel or loader names it; absolute */
	const char *real; /* symbolic links resolved, absolute in the root */
	const char *detail; /* the list entry or line that gave it: "$ORIGIN/../lib"; "" */
	size_t needed_by; /* index of the first that needs it; CLOSURE_NONE: given */
	uint64_t dev, ino;
	bool is_elf;
	uint8_t class; /* of ELF files */
	uint16_t machine;
	uint64_t load_size; /* bytes of memory that it takes at least, where it is loaded */
};

/* One "needs": for the tree, and for who needs what is missing. */
struct closure_edge {
	size_t from; /* index of a file */
	size_t to; /* index of a file; CLOSURE_NONE: not found */
	const char *name;
};

struct linkage;

struct closure {
	struct arena arena;
	struct closure_file *files; /* in the order found; each real file once */
	size_t n_files, files_capacity;
	struct closure_edge *edges;
	size_t n_edges, edges_capacity;
	struct trouble
		*troubles; /* in the order found: the first that weighs enough is the cause */
	size_t n_troubles, troubles_capacity;
	/* the rest is for the making */
	struct index inodes; /* of files */
	struct linkage *linkage; /* of the first program, for libraries that are added later */
};

#define CLOSURE_LIBRARIES (1U << 0) /* else only what exec itself looks at */
#define CLOSURE_VERSIONS (1U << 1) /* and whether needed symbol versions are defined */

/* All absolute inside the root; nothing is kept after the call but what is copied. */
struct closure_input {
	const struct root *root;
	const char *workdir; /* of the program; NULL: "/" */
	const char *path; /* its PATH, for env(1); NULL: none */
	const char *library_path; /* its LD_LIBRARY_PATH; NULL */
	const char *preload; /* its LD_PRELOAD; NULL */
	unsigned flags;
};

/*
 * Adds `program` (a name with a slash) and what it needs. What is wrong with the program or with
 * what it needs is a trouble, not an error. Errors (stage exec): -ENOMEM, -EFBIG (a limit
 * above), -EMFILE. A new closure: zeroed, then closure_init.
 */
void closure_init(struct closure *closure);
int closure_add_program(struct closure *closure, const struct closure_input *input,
			const char *program, struct croft_error *err);
/*
 * Adds a library that something will dlopen (a module of NSS, of Python), and what it needs, as
 * the loader of `program` would look for it (a file of the closure: its first, index 0). A
 * dlopen that fails is the program's own affair: what is missing gives no trouble, only an
 * edge to nothing. In an empty closure the library is looked at by itself, as the loader
 * would that a program of its kind has; then what is missing is a trouble.
 */
int closure_add_library(struct closure *closure, const struct closure_input *input,
			const char *library, struct croft_error *err);
/*
 * The same for an ELF program whose own loader is missing, as if `loader` lay in its place: what
 * would still be wrong then. The closure is empty before. -ENOENT and so on if one of both cannot
 * be opened, -ENOEXEC and -EBADMSG if one is no ELF file, not described.
 */
int closure_add_loaded(struct closure *closure, const struct closure_input *input,
		       const char *program, const char *loader, struct croft_error *err);
void closure_done(struct closure *closure);

/* The gravest first cause: the first trouble of at least that weight, or NULL. */
const struct trouble *closure_find_trouble(const struct closure *closure,
					   enum trouble_weight at_least);

/* "interpreter of '#!'", "DT_RPATH", ...: one line for people; names for JSON ("rpath"). */
const char *rule_text(enum closure_rule rule);
const char *rule_name(enum closure_rule rule);

#endif
