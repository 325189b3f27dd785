/* SPDX-License-Identifier: MIT */
/*
 * hwcaps.h - the subdirectories that glibc's loader tries before each directory: inside src/elf
 * only.
 */
#ifndef CROFT_ELF_HWCAPS_H
#define CROFT_ELF_HWCAPS_H

#include "elf/linkage.h"

/* "$PLATFORM" as the loader has it; NULL: unknown. A literal. */
const char *hwcaps_platform(struct linkage *linkage);
/*
 * Fills in which subdirectories of one directory are worth a look. `full` is its absolute path.
 * 0, -ENOMEM or -EMFILE, described.
 */
int hwcaps_look_up(struct builder *builder, struct linkage *linkage, const char *full,
		   struct search_dir *dir);

#endif
