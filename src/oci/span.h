/* SPDX-License-Identifier: MIT */
/*
 * span.h - where a value stands in the bytes of a JSON text.
 *
 * A config.json is not written anew: what is added goes in between its bytes, so that everything
 * else stays as the engine wrote it, numbers of 64 bits without a sign too, which jansson cannot
 * hold. These functions are for texts that jansson has read; given others they return an error, or
 * some part of the text, and do not leave it.
 *
 * Go's reader, which runc has, takes "Args" for "args" and the last one of several; jansson
 * and crun's do not. So an object in which something is looked for may not have a key that is
 * written with escapes, beyond ASCII, or like a known one but for its case.
 */
#ifndef CROFT_OCI_SPAN_H
#define CROFT_OCI_SPAN_H

#include <stddef.h>

struct span {
	size_t start, end; /* bytes; `end` is behind the value */
};

/* The outermost value. 0 or -EINVAL. */
int span_whole(const char *text, size_t len, struct span *ret_value);
/*
 * The value of `key` in the object at `object`: 0, -ENOENT, -ENOTDIR (it is no object), or -EINVAL:
 * a key as told above, or no JSON.
 */
int span_member(const char *text, struct span object, const char *key, struct span *ret_value);

#endif
