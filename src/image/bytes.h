/* SPDX-License-Identifier: MIT */
/*
 * bytes.h - a piece of a file that can be read at any place, and whether it is what it should be.
 *
 * A blob of a layout is a whole file, a member of an archive a part of one. Digests are those
 * of the image specification (descriptor.md): sha256 and sha512, in lower case. What has
 * another digest than was promised is never used.
 */
#ifndef CROFT_IMAGE_BYTES_H
#define CROFT_IMAGE_BYTES_H

#include <sha2.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define DIGEST_HEX_SIZE (SHA512_DIGEST_LENGTH * 2 + 1)

struct bytes {
	int fd; /* not owned */
	uint64_t offset, size;
};

/* At most `len` bytes from `at`: how many, 0 at the end, or -errno. */
ssize_t bytes_read(const struct bytes *bytes, uint64_t at, void *data, size_t len);
/* All of it, NUL-terminated and malloc'd: its length, -EFBIG (more than `max`), or -errno. */
ssize_t bytes_load(const struct bytes *bytes, size_t max, char **ret_data);

struct digest {
	bool is_given, is_long; /* sha512 */
	char hex[DIGEST_HEX_SIZE];
};

struct digest_sum {
	SHA2_CTX context;
	bool is_long;
};

/* "sha256:0123...": 0, or -EINVAL: another algorithm or form. */
int digest_parse(const char *text, struct digest *ret_digest);
/* "sha256:0123456789ab": enough for people. */
void digest_shorten(const struct digest *digest, char *text, size_t size);
/* Of the kind of `digest`; zeroed: sha256. */
void digest_begin(struct digest_sum *sum, const struct digest *digest);
void digest_add(struct digest_sum *sum, const void *data, size_t len);
/* Both end the sum. */
void digest_end(struct digest_sum *sum, struct digest *ret_digest);
bool digest_is(struct digest_sum *sum, const struct digest *digest);

/* A file in memory alone, for reading and writing: a descriptor or -errno. */
int memory_open(void);
/* Writes all, at that place. 0 or -errno. */
int memory_write(int fd, const void *data, size_t len, uint64_t at);
int memory_resize(int fd, uint64_t size);
int memory_copy(int from, uint64_t at, uint64_t len, int to);

#endif
