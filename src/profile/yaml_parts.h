/* SPDX-License-Identifier: MIT */
/*
 * yaml_parts.h - what the parts of the YAML reader share: inside src/profile only.
 *
 *   yaml.c           events to a tree
 *   yaml_bytes.c     the bytes before that, and how a place in them is named
 */
#ifndef CROFT_PROFILE_YAML_PARTS_H
#define CROFT_PROFILE_YAML_PARTS_H

#include <stddef.h>

#include "base/err.h"

/*
 * 0 if all of it is UTF-8 of characters that an editor shows, tabs, and lines that end in "\n" or
 * "\r\n"; else as yaml_fail, at the first byte that is not. *ret_skip: bytes of a byte order
 * mark before the text.
 */
int yaml_check_bytes(const char *source, const char *data, size_t len, size_t *ret_skip,
		     struct croft_error *err);

/* The line of that number, counted from 1, without its newline; NULL behind the last one. */
const char *yaml_find_line(const char *data, size_t len, unsigned line, size_t *ret_len);

#endif
