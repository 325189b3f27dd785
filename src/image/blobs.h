/* SPDX-License-Identifier: MIT */
/*
 * blobs.h - the files that an image is packed in: of a directory, or members of an archive.
 *
 * A directory is read through elf/root.h: no link leads out of it, nothing but a regular file
 * is opened. Of an archive the places of its members are noted, and they are read where they
 * lie. An archive that is packed as a whole ("docker save | gzip") is unpacked into memory
 * first, up to a bound.
 */
#ifndef CROFT_IMAGE_BLOBS_H
#define CROFT_IMAGE_BLOBS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/err.h"
#include "elf/root.h"
#include "image/bytes.h"

#define BLOBS_MAX_MEMBERS \
	16384 /* a layer, its configuration and a link for each of 1024, and more */
#define BLOBS_MAX_UNPACKED (UINT64_C(2) << 30)

struct member {
	const char *name; /* without "./" in front */
	const char *link; /* of symbolic and hard links; else NULL */
	bool is_hard;
	bool is_regular; /* false with no link: a directory, a device, something with holes */
	uint64_t offset, size;
};

struct blobs {
	const char *name; /* the image's, for messages */
	struct root root; /* of a directory */
	bool is_archive;
	int fd; /* of an archive: owned */
	struct bytes bytes; /* the archive */
	struct member *members; /* in their order; in the arena, with their texts */
	size_t n_members, capacity;
	struct arena *arena; /* not owned */
};

/*
 * Either, told by what is there; what is neither a directory nor a regular file is not opened.
 * Errors: stage PREPARE. blobs_done in any case.
 */
int blobs_open(const char *name, struct arena *arena, struct blobs *ret_blobs,
	       bool *ret_is_directory, struct croft_error *err);
/* A directory. Errors as above. */
int blobs_open_directory(const char *name, struct arena *arena, struct blobs *ret_blobs,
			 struct croft_error *err);
/* An archive, from a regular file that is open: takes fd. Errors as above. */
int blobs_open_archive(const char *name, int fd, uint64_t size, struct arena *arena,
		       struct blobs *ret_blobs, struct croft_error *err);
void blobs_done(struct blobs *blobs);

/*
 * The blob of that name: *ret_fd is -1 or the caller's to close when the bytes are read. 0,
 * -ENOENT, or -errno; not described.
 */
int blobs_find(const struct blobs *blobs, const char *name, struct bytes *ret_bytes, int *ret_fd);
bool blobs_has(const struct blobs *blobs, const char *name);
/* Reads one of at most `max` bytes: malloc'd, NUL-terminated. Its length, or -errno, described. */
ssize_t blobs_load(const struct blobs *blobs, const char *name, const struct digest *digest,
		   size_t max, char **ret_data, struct croft_error *err);
/* Sums one up: its sha256. 0 or -errno, described. */
int blobs_sum(const struct blobs *blobs, const char *name, struct digest *ret_digest,
	      struct croft_error *err);
/* The same of any bytes; `name` is for messages. */
int blobs_sum_bytes(const struct blobs *blobs, const struct bytes *bytes, const char *name,
		    struct digest *ret_digest, struct croft_error *err);

#endif
