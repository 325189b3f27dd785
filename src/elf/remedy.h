/* SPDX-License-Identifier: MIT */
/*
 * remedy.h - what would make a program start whose loader or libraries are missing.
 *
 * The file that is missing first does not decide it. A program for glibc in an image that has its
 * glibc in a Nix store lacks a loader; a link to the store's would be enough for a program
 * that needs the C library alone, and is not for one that needs libstdc++ as well. So all of
 * what the program needs is looked for, as the loader would that could be given to it:
 *
 *   a loader of its kind that is here ─► a closure with that one in place of its own
 *     └─► nothing missing            a link to the loader
 *     └─► missing, but here          LOADER --library-path DIRECTORIES PROGRAM, or patchelf
 *     └─► missing, and nowhere       their packages, and no word of a link
 *
 * Only looked for after something has failed: a Nix store is read through.
 */
#ifndef CROFT_ELF_REMEDY_H
#define CROFT_ELF_REMEDY_H

#include "elf/closure.h"

#define REMEDY_MAX_NAMES 64 /* libraries that are looked for elsewhere */
#define REMEDY_MAX_STORE 16384 /* packages of a store that are looked through */

enum remedy_kind {
	REMEDY_NONE, /* nothing better to say than the trouble's own mend */
	REMEDY_LINK, /* a link at `interp` to `loader` is all that it needs */
	REMEDY_LOADER, /* it starts as: loader --library-path dirs program */
	REMEDY_ENVIRONMENT, /* its loader is there; it starts with LD_LIBRARY_PATH=dirs */
	REMEDY_ABSENT, /* what is in `absent` is nowhere; `loader` may be here all the same */
	REMEDY_TOO_OLD, /* `loader` would do, but `older` lacks a version */
};

struct remedy {
	enum remedy_kind kind;
	const char *program; /* who lacks it */
	const char *interp; /* its PT_INTERP, where that is what is missing; NULL */
	const char *loader; /* one of its kind that is here; NULL */
	const char *dirs; /* "DIR:DIR"; NULL */
	const char **absent; /* names of libraries */
	size_t n_absent;
	const char *other; /* the loader of the image's other C library (musl, glibc); NULL */
	bool is_other_musl;
	const char *older, *version; /* of REMEDY_TOO_OLD: the library, "GLIBC_2.38" */
};

/*
 * For a closure that was made with that input: looks through the root for what is missing in it, a
 * loader or libraries. Texts live in the closure's arena. REMEDY_NONE where nothing is
 * missing, or nothing can be told. 0, or -ENOMEM and the like.
 */
int remedy_find(struct closure *closure, const struct closure_input *input,
		struct remedy *ret_remedy);

/* Appends how a library is got, by its soname or its loader's path; may append nothing. */
typedef void (*remedy_package_fn)(void *context, struct buf *buf, const char *soname);

/*
 * One line, as trouble_mend, for a trouble of that closure: what is known of all of it, or where
 * that says nothing the trouble's own mend. `add_package` NULL: in general words.
 */
void remedy_mend(struct buf *buf, const struct remedy *remedy, const struct trouble *trouble,
		 remedy_package_fn add_package, void *context);

#endif
