/* SPDX-License-Identifier: MIT */
/*
 * beside.h - the programs that lie beside croft and do what needs more than croft has in itself.
 */
#ifndef CROFT_CLI_BESIDE_H
#define CROFT_CLI_BESIDE_H

#include "base/err.h"

/*
 * Becomes the program `name` of croft's own folder, with argv[1...] as they are and `name` in
 * place of argv[0]. Returns only if that fails: -errno, stage usage; `reason` is the hint where the
 * program is not there ("it is built where jansson is").
 */
int beside_run(const char *name, const char *reason, int argc, char *const argv[],
	       struct croft_error *err);

#endif
