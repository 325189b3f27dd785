/* SPDX-License-Identifier: MIT */
/*
 * family.h - which family of systems an image is of, and what its packages are called.
 *
 * The same command comes with another package in each family, and the line that adds it is another
 * one. So a mend can only be exact when the family is known. It is told by several signs
 * together, of which each can be wrong: os-release is copied, a Debian image may have Nix on top.
 *
 * A name that stands in no table is not guessed: then the mend is the family's own way to find the
 * package.
 */
#ifndef CROFT_IMAGE_FAMILY_H
#define CROFT_IMAGE_FAMILY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/names.h"
#include "elf/root.h"

enum family {
	FAMILY_UNKNOWN,
	FAMILY_NIX, /* all of it lies in a Nix store: Nixery, dockerTools, NixOS */
	FAMILY_DEBIAN, /* with Ubuntu and all that has apt */
	FAMILY_ALPINE,
	FAMILY_FEDORA, /* with RHEL and its kin */
	FAMILY_ARCH,
	FAMILY_DISTROLESS, /* Debian's files without a package manager and a shell */
	FAMILY_BUSYBOX, /* busybox and nothing that adds to it */
	FAMILY_SCRATCH, /* some files of one's own */
	FAMILY_MAX
};

extern const struct name family_names[FAMILY_MAX]; /* "nix", "debian", ...; help: for people */

#define FAMILY_MAX_SIGNS 32

struct family_guess {
	enum family family;
	/* what spoke for it, literals: "/var/lib/dpkg/status", "os-release: ID=debian" */
	const char *signs[FAMILY_MAX_SIGNS];
	size_t n_signs;
	const char
		*manager; /* the package manager that is there: "microdnf"; NULL: the usual one */
};

/* Looks at some thirty names. What cannot be read is no sign. */
void family_detect(const struct root *root, struct family_guess *ret_guess);

/*
 * The lines that add a command, or a library by its soname, or a loader by its path, to an image of
 * that family; how to find them, where the name of the package is not known. Never empty.
 */
void family_mend_command(struct buf *buf, const struct family_guess *guess, const char *command);
void family_mend_library(struct buf *buf, const struct family_guess *guess, const char *soname);
/* The package itself: "libstdc++6"; NULL: not known. A literal. */
const char *family_command_package(enum family family, const char *command);
const char *family_library_package(enum family family, const char *soname);

#endif
