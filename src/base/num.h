/* SPDX-License-Identifier: MIT */
/*
 * num.h - strict numbers: the whole text or nothing, no sign, no white space,
 * no truncation. All return 0, -EINVAL (not a number of that form) or -ERANGE.
 */
#ifndef CROFT_BASE_NUM_H
#define CROFT_BASE_NUM_H

#include <stddef.h>
#include <stdint.h>

/* Decimal, min..max. */
int num_parse(const char *text, uint64_t min, uint64_t max, uint64_t *ret_value);
/*
 * A size in bytes: digits and an optional unit K, M, G, T or KiB, MiB, GiB, TiB (powers
 * of 1024) or kB, MB, GB, TB (of 1000).
 */
int size_parse(const char *text, uint64_t *ret_bytes);
/* A time: digits and an optional unit ms, s, m, h, d; no unit means seconds. At most 365 d. */
int time_parse(const char *text, uint64_t *ret_ms);

#endif
