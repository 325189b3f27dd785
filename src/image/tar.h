/* SPDX-License-Identifier: MIT */
/*
 * tar.h - a tar archive as a stream of entries, packed or not: libarchive behind a narrow door.
 *
 * Of libarchive only tar and four ways of packing are let in, each by its own first bytes, once,
 * and never through a program that libarchive would start. What an archive may cost is bounded
 * here: how much more comes out than goes in. (Headers are bounded by libarchive: pax and GNU ones
 * to some MiB each and some tens for one entry.)
 */
#ifndef CROFT_IMAGE_TAR_H
#define CROFT_IMAGE_TAR_H

#include <stdbool.h>
#include <stdint.h>

#include "image/bytes.h"

/*
 * A bomb is what unpacks to more than this, and more than so many times itself. gzip reaches 1032,
 * layers of programs 2 to 5; those of little more than zeros are small.
 */
#define TAR_FREE_BYTES (UINT64_C(512) << 20)
#define TAR_MAX_RATIO 128
/*
 * Nor may many that stay below that make up hours: of one image, the layers and all passes through
 * them together unpack to so many times what was read of them, and this. Honest ones stay below.
 */
#define TAR_IMAGE_BYTES (UINT64_C(2) << 30)
#define TAR_IMAGE_RATIO 16

enum packing { PACKING_NONE, PACKING_GZIP, PACKING_ZSTD, PACKING_XZ, PACKING_BZIP2, PACKING_MAX };

struct archive;
struct archive_entry;

struct tar {
	struct archive *archive;
	struct archive_entry *entry; /* after tar_next: libarchive's */
	uint64_t header; /* where the entry's headers begin, in the unpacked stream */
	const struct bytes *bytes;
	enum packing packing;
	uint64_t at; /* in bytes: how far it was read */
	struct digest_sum *sum; /* of all bytes, as they are read; NULL */
	uint64_t *image_bytes; /* what is left of TAR_IMAGE_BYTES; NULL: it does not count */
	bool is_cut; /* after the end: there was no mark of it */
	char *block; /* owned */
	char why[200]; /* after an error */
};

/* By the first bytes. An error of reading tells nothing, and comes again. */
enum packing packing_of(const struct bytes *bytes);

/*
 * Opens; `is_raw`: not as a tar, but as one entry with the unpacked bytes. `bytes` and `sum` must
 * outlive it. 0 or -errno with tar->why. tar_done in any case.
 */
int tar_open(struct tar *tar, const struct bytes *bytes, enum packing packing,
	     struct digest_sum *sum, bool is_raw);
/* 1: tar->entry and tar->header; 0: the end; -errno with tar->why. */
int tar_next(struct tar *tar);
/*
 * The entry's data: written to `fd` from `base` on, at most `max` bytes (-EFBIG); or passed over if
 * fd is -1. 0, or -errno with tar->why.
 */
int tar_copy(struct tar *tar, int fd, uint64_t base, uint64_t max);
/* Where the entry's data begins in an archive that is not packed. Before tar_copy. */
uint64_t tar_data_at(const struct tar *tar);
/* Reads what is left of the bytes, for the sum. 0 or -errno. */
int tar_drain(struct tar *tar);
void tar_done(struct tar *tar);

#endif
