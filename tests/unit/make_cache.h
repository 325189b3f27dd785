/* SPDX-License-Identifier: MIT */
/*
 * make_cache.h - ld.so.cache files made by hand: in either format or both, in either byte order,
 * with what an old, a new or a broken ldconfig would write.
 *
 * Written from glibc's description of the format (sysdeps/generic/dl-cache.h), and sharing nothing
 * with the reader.
 */
#ifndef CROFT_TESTS_UNIT_MAKE_CACHE_H
#define CROFT_TESTS_UNIT_MAKE_CACHE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_SIZE 65536
#define HWCAP_DIR(index) ((1ULL << 62) | (index)) /* an entry of a glibc-hwcaps directory */
#define HWCAP_NEEDS(level) ((uint64_t)((level) - 1) << 32) /* and the ISA level it needs */

struct cache_row {
	uint32_t flags;
	const char *name, *path;
	uint64_t hwcap;
};

struct cache_plan {
	const struct cache_row *rows; /* in the order in which they are written */
	size_t n_rows;
	const char *const *hwcaps; /* names of directories; NULL: no extension */
	size_t n_hwcaps;
	bool has_old, has_new;
	unsigned align; /* of the new format behind the old: 8, or 4 as i386 writes it */
	bool is_swapped;
	int endian; /* the header's byte; below 0: what is true */
};

struct cache_bytes {
	char *data; /* malloc'd, exactly `size` bytes */
	size_t size;
};

struct cache_maker {
	char bytes[CACHE_SIZE];
	size_t len;
	const struct cache_plan *plan;
};

static inline void put_number(struct cache_maker *maker, size_t at, uint64_t value, size_t size)
{
	uint16_t probe = 1;
	bool is_little = *(const char *)&probe == 1;

	for (size_t i = 0; i < size; i++) {
		size_t byte = is_little != maker->plan->is_swapped ? i : size - 1 - i;

		maker->bytes[at + i] = (char)(value >> (8 * byte));
	}
	if (maker->len < at + size)
		maker->len = at + size;
}

/* Appends a text; its offset in the file. */
static inline size_t put_text(struct cache_maker *maker, const char *text)
{
	size_t at = maker->len, len = strlen(text) + 1;

	memcpy(maker->bytes + at, text, len);
	maker->len += len;
	return at;
}

static inline void put_extension(struct cache_maker *maker, size_t header)
{
	const struct cache_plan *plan = maker->plan;
	size_t names[64], at;

	for (size_t i = 0; i < plan->n_hwcaps; i++)
		names[i] = put_text(maker, plan->hwcaps[i]);
	at = maker->len = (maker->len + 3) / 4 * 4;
	put_number(maker, header + 32, at, 4);
	put_number(maker, at, 0xeaa42174, 4);
	put_number(maker, at + 4, 2, 4);
	/* who made it (tag 0): one byte; then the names (tag 1) */
	put_number(maker, at + 16, at + 8 + 32 + plan->n_hwcaps * 4, 4);
	put_number(maker, at + 20, 1, 4);
	put_number(maker, at + 24, 1, 4);
	put_number(maker, at + 32, at + 8 + 32, 4);
	put_number(maker, at + 36, plan->n_hwcaps * 4, 4);
	for (size_t i = 0; i < plan->n_hwcaps; i++)
		put_number(maker, at + 40 + i * 4, names[i], 4);
	put_number(maker, maker->len, 'g', 1);
}

static inline struct cache_bytes make_cache(const struct cache_plan *plan)
{
	static struct cache_maker maker;
	size_t n = plan->n_rows, old_strings = 0, header = 0;
	struct cache_bytes bytes;

	memset(&maker, 0, sizeof(maker));
	maker.plan = plan;
	if (plan->has_old) {
		memcpy(maker.bytes, "ld.so-1.7.0", 11);
		put_number(&maker, 12, n, 4);
		old_strings = header = maker.len = 16 + n * 12;
	}
	if (plan->has_new) {
		uint16_t probe = 1;
		bool is_big = *(const char *)&probe == 0;

		header = (header + plan->align - 1) / plan->align * plan->align;
		memcpy(maker.bytes + header, "glibc-ld.so.cache1.1", 20);
		put_number(&maker, header + 20, n, 4);
		put_number(&maker, header + 28,
			   plan->endian >= 0                ? (unsigned)plan->endian
			   : is_big != plan->is_swapped ? 3
							: 2,
			   1);
		maker.len = header + 48 + n * 24;
	}
	for (size_t i = 0; i < n; i++) {
		const struct cache_row *row = &plan->rows[i];
		size_t name = put_text(&maker, row->name), path = put_text(&maker, row->path);

		if (plan->has_old) {
			put_number(&maker, 16 + i * 12, row->flags, 4);
			put_number(&maker, 16 + i * 12 + 4, name - old_strings, 4);
			put_number(&maker, 16 + i * 12 + 8, path - old_strings, 4);
		}
		if (plan->has_new) {
			size_t at = header + 48 + i * 24;

			put_number(&maker, at, row->flags, 4);
			put_number(&maker, at + 4, name - header, 4);
			put_number(&maker, at + 8, path - header, 4);
			put_number(&maker, at + 16, row->hwcap, 8);
		}
	}
	if (plan->hwcaps && plan->has_new)
		put_extension(&maker, header);
	bytes.size = maker.len;
	bytes.data = malloc(bytes.size ? bytes.size : 1);
	if (bytes.data)
		memcpy(bytes.data, maker.bytes, bytes.size);
	return bytes;
}

#endif
