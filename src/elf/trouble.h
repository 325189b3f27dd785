/* SPDX-License-Identifier: MIT */
/*
 * trouble.h - everything known that can be behind a failed exec, one row each.
 *
 * execve answers a dozen errnos for half a hundred causes, and a loader its own texts.
 * A trouble is one cause, found by looking (chain.c, closure.c), with the file at fault;
 * the table here words it and names the mend.
 */
#ifndef CROFT_ELF_TROUBLE_H
#define CROFT_ELF_TROUBLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* What the file at fault is to the program. */
enum file_role {
	ROLE_PROGRAM, /* the command itself */
	ROLE_SCRIPT, /* a script on the way: the command, or an interpreter that is a script */
	ROLE_INTERPRETER, /* what a "#!" line names */
	ROLE_LOADER, /* PT_INTERP: the ELF interpreter */
	ROLE_LIBRARY, /* DT_NEEDED, LD_PRELOAD, ld.so.preload */
	ROLE_CONFIG, /* read by the loader: ld.so.cache, ld.so.preload, ld-musl-*.path */
	ROLE_MAX
};

/* In the order in which kernel and loader meet them. */
enum trouble_kind {
	/* the name */
	TROUBLE_MISSING, /* ENOENT: no such file */
	TROUBLE_DANGLING, /* ENOENT: detail: the symbolic link, path: what it leads to */
	TROUBLE_NO_DIRECTORY, /* ENOENT: detail: the directory of the path that is missing */
	TROUBLE_NOT_DIRECTORY, /* ENOTDIR: detail: the part that is a file */
	TROUBLE_LOOP, /* ELOOP: symbolic links in a circle */
	TROUBLE_NO_SEARCH, /* EACCES: detail: the directory that may not be searched */
	TROUBLE_NAME_TOO_LONG, /* ENAMETOOLONG */
	/* the file */
	TROUBLE_IS_DIRECTORY, /* EACCES */
	TROUBLE_NOT_REGULAR, /* EACCES: detail: "a FIFO", "a device", "a socket" */
	TROUBLE_NO_EXEC_BIT, /* EACCES: nobody may; detail: the mode in octal */
	TROUBLE_NO_EXEC_FOR_YOU, /* EACCES: others may; detail: the mode in octal */
	TROUBLE_NOEXEC_MOUNT, /* EACCES */
	TROUBLE_UNREADABLE, /* it may run, but cannot be looked at; no failure by itself */
	TROUBLE_READ_ERROR, /* detail: the errno's text */
	/* scripts */
	TROUBLE_SCRIPT_CR, /* ENOENT: the interpreter's name, detail, ends in a carriage return */
	TROUBLE_SCRIPT_EMPTY, /* ENOEXEC: "#!" and nothing */
	TROUBLE_SCRIPT_TOO_LONG, /* ENOEXEC */
	TROUBLE_SCRIPT_CUT, /* more than 127 bytes: older kernels and gVisor cut the line */
	TROUBLE_SCRIPT_TOO_DEEP, /* ELOOP */
	TROUBLE_SCRIPT_BOM, /* ENOEXEC: a byte order mark before "#!" */
	TROUBLE_ENV_SPLIT, /* env is asked for a name with a space in it; detail: the name */
	TROUBLE_ENV_CR, /* env is asked for a name that ends in a carriage return */
	TROUBLE_ENV_NOT_FOUND, /* detail: the name that env will not find on PATH */
	TROUBLE_ENV_LOOP, /* env is told no program and runs the script again */
	TROUBLE_ARGUMENT_CR, /* the interpreter's argument ends in a carriage return; detail: it */
	/* no program */
	TROUBLE_EMPTY_FILE, /* ENOEXEC */
	TROUBLE_NO_FORMAT, /* ENOEXEC: no "#!" and no ELF; detail: what it looks like, or "" */
	TROUBLE_ELF_CORRUPT, /* ENOEXEC: detail: what */
	TROUBLE_ELF_TYPE, /* ENOEXEC: an object or core file; detail: which */
	TROUBLE_WRONG_MACHINE, /* ENOEXEC: detail: the machine; no binfmt_misc handler */
	TROUBLE_NO_32BIT, /* ENOEXEC: this kernel runs no 32-bit programs */
	TROUBLE_ALIGNMENT, /* killed when exec maps it; detail: the page size */
	TROUBLE_INTERP_TWICE, /* several PT_INTERP: Linux takes the first */
	TROUBLE_INTERP_RELATIVE, /* looked up from the working directory */
	TROUBLE_INTERP_FORMAT, /* ELIBBAD, EIO if shorter than a header; detail: what it is */
	/* after exec: the loader's */
	TROUBLE_LIBRARY_MISSING, /* in no directory of the search; path: the name */
	TROUBLE_LIBRARY_MACHINE, /* only there for another architecture; detail: where, which */
	TROUBLE_LIBRARY_UNREADABLE, /* there, and not to be read; detail: where */
	TROUBLE_LIBRARY_FORMAT, /* no ELF: placeholder, Git LFS pointer, linker script */
	TROUBLE_VERSION_MISSING, /* detail: "GLIBC_2.38"; path: the library that lacks it */
	TROUBLE_ISA_LEVEL, /* detail: "x86-64-v3": the CPU is older */
	TROUBLE_KERNEL_TOO_OLD, /* detail: the oldest kernel it takes */
	TROUBLE_OTHER_LIBC, /* a library for glibc, and the loader is musl's: it may do */
	TROUBLE_UNKNOWN_LOADER, /* neither glibc's nor musl's: its libraries are not followed */
	/* runs, but not as one may think */
	TROUBLE_SET_ID, /* detail: "set-user-ID", "set-group-ID": without effect in a sandbox */
	TROUBLE_SET_ID_NOSUID, /* the same: without effect anywhere */
	/* the sandbox's own */
	TROUBLE_NOT_GRANTED, /* EACCES: no grant covers it; detail: "execute" or "read" */
	TROUBLE_MAX
};

#define TROUBLE_SHORT "shorter than an ELF header" /* detail: EIO, not ELIBBAD */

/* What comes of it. */
enum trouble_weight {
	WEIGHT_NOTE, /* worth knowing */
	WEIGHT_START, /* exec works, the loader or env then ends the program */
	WEIGHT_EXEC, /* exec fails */
};

struct trouble {
	enum trouble_kind kind;
	enum file_role role; /* of the file at fault */
	const char *path; /* the file at fault */
	const char *needed_by; /* who needs it: path of a file; "" for the program itself */
	const char *detail; /* see above; "" */
	bool is_late; /* met when exec is done: by env, which may go on to the next on PATH */
};

enum trouble_weight trouble_weight(const struct trouble *trouble);
/* The errno that execve gives for it; 0 where exec works. */
int trouble_errnum(const struct trouble *trouble);
/*
 * One line each, without a final newline, not escaped: what is wrong, with every file named
 * ("its interpreter '/lib64/ld-linux-x86-64.so.2' is missing; the program itself is there"),
 * and what would mend it (may be "").
 */
void trouble_what(struct buf *buf, const struct trouble *trouble);
void trouble_mend(struct buf *buf, const struct trouble *trouble);
/* A word for JSON and tests: "missing", "script-cr", ... */
const char *trouble_name(enum trouble_kind kind);
/* "program", "script", "interpreter", "loader", "library", "configuration" */
const char *role_name(enum file_role role);
/*
 * The package family that brings a loader: "glibc (Debian: libc6; Alpine: gcompat; ...)" or
 * "musl (Debian: musl; ...)", by its name; NULL if unknown. A literal.
 */
const char *loader_family(const char *path);

#endif
