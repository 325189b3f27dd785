/* SPDX-License-Identifier: MIT */
/*
 * answers.h - whether a name can be asked about without waiting for ever.
 */
#ifndef CROFT_HOST_ANSWERS_H
#define CROFT_HOST_ANSWERS_H

#include <stddef.h>
#include <stdint.h>

#define ANSWERS_MAX 8
#define ANSWERS_MS 250 /* more than a busy machine takes, and a small part of two seconds */

/*
 * Looks at some names (at most ANSWERS_MAX; NULL: not this one), all at once, in children: the bits
 * of those that gave an answer, whatever it was, within limit_ms. Where no process can be made
 * the bit is set: nothing is known. A child that waits in the kernel is killed, and left if it
 * cannot be.
 */
unsigned answers_of(const char *const *paths, size_t n, int64_t limit_ms);

#endif
