/* SPDX-License-Identifier: MIT */
/*
 * tar.c - a tar archive as a stream of entries, packed or not: libarchive behind a narrow door.
 *
 * libarchive would try every filter it knows, one inside another, and for some start a program. So
 * the packing is told by us, by the first bytes, and archive_read_append_filter takes exactly
 * that one; ARCHIVE_WARN from it means that a program would do it, and is refused.
 *
 * What is passed over in a packed archive is read block by block, since that is where the bomb is
 * noticed: libarchive's own skip would unpack a claimed TiB before it comes back. In one
 * that is not packed it is skipped, unless its sum is wanted.
 */
#include "image/tar.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/err.h"

#define BLOCK_SIZE ((size_t)256 << 10)

static const struct {
	const char *magic, *name;
	size_t len;
	int filter;
} packings[] = {
	[PACKING_GZIP] = { "\x1f\x8b", "gzip", 2, ARCHIVE_FILTER_GZIP },
	[PACKING_ZSTD] = { "\x28\xb5\x2f\xfd", "zstd", 4, ARCHIVE_FILTER_ZSTD },
	[PACKING_XZ] = { "\xfd"
			 "7zXZ",
			 "xz", 6, ARCHIVE_FILTER_XZ },
	[PACKING_BZIP2] = { "BZh", "bzip2", 3, ARCHIVE_FILTER_BZIP2 },
};
_Static_assert(ARRAY_SIZE(packings) == PACKING_MAX, "one row for each packing");

enum packing packing_of(const struct bytes *bytes)
{
	char head[6] = "";

	if (bytes_read(bytes, 0, head, sizeof(head)) > 0)
		for (int i = PACKING_GZIP; i < PACKING_MAX; i++)
			if (memcmp(head, packings[i].magic, packings[i].len) == 0)
				return (enum packing)i;
	return PACKING_NONE;
}

static int refuse(struct tar *tar, int errnum, const char *why)
{
	(void)snprintf(tar->why, sizeof(tar->why), "%s", why);
	return -errnum;
}

/* What libarchive says of its last failure. Its texts carry no names. */
static int refuse_archive(struct tar *tar)
{
	const char *why = archive_error_string(tar->archive);

	if (!tar->why[0])
		(void)refuse(tar, EIO, why ? why : "libarchive cannot read it");
	return -EIO;
}

static la_ssize_t read_block(struct archive *archive, void *data, const void **ret_block)
{
	struct tar *tar = data;
	ssize_t n = bytes_read(tar->bytes, tar->at, tar->block, BLOCK_SIZE);

	if (n < 0) {
		archive_set_error(archive, (int)-n, "%s", errno_text((int)-n));
		return ARCHIVE_FATAL;
	}
	if (tar->sum)
		digest_add(tar->sum, tar->block, (size_t)n);
	tar->at += (uint64_t)n;
	*ret_block = tar->block;
	return n;
}

static la_int64_t skip_bytes(struct archive *archive, void *data, la_int64_t wanted)
{
	struct tar *tar = data;
	uint64_t left = tar->at < tar->bytes->size ? tar->bytes->size - tar->at : 0;

	(void)archive;
	if (tar->sum || wanted <= 0)
		return 0;
	if ((uint64_t)wanted < left)
		left = (uint64_t)wanted;
	tar->at += left;
	return (la_int64_t)left;
}

int tar_open(struct tar *tar, const struct bytes *bytes, enum packing packing,
	     struct digest_sum *sum, bool is_raw)
{
	int r;

	*tar = (struct tar){ .bytes = bytes, .packing = packing, .sum = sum };
	tar->block = malloc(BLOCK_SIZE);
	tar->archive = archive_read_new();
	if (!tar->block || !tar->archive)
		return refuse(tar, ENOMEM, errno_text(ENOMEM));
	if (packing != PACKING_NONE &&
	    archive_read_append_filter(tar->archive, packings[packing].filter) != ARCHIVE_OK) {
		(void)snprintf(tar->why, sizeof(tar->why), "this libarchive has no %s",
			       packings[packing].name);
		return -EOPNOTSUPP;
	}
	r = is_raw ? archive_read_support_format_raw(tar->archive)
		   : archive_read_support_format_tar(tar->archive);
	if (r != ARCHIVE_OK)
		return refuse_archive(tar);
	r = archive_read_open2(tar->archive, tar, NULL, read_block, skip_bytes, NULL);
	return r < ARCHIVE_WARN ? refuse_archive(tar) : 0;
}

static int check_ratio(struct tar *tar)
{
	uint64_t out = (uint64_t)archive_filter_bytes(tar->archive, 0);

	if (tar->packing == PACKING_NONE)
		return 0;
	if (tar->image_bytes && out > *tar->image_bytes + tar->at * TAR_IMAGE_RATIO)
		return refuse(tar, EFBIG,
			      "the layers and the passes through them unpack to too much in all: "
			      "unpack the image first");
	if (out <= TAR_FREE_BYTES + tar->at * TAR_MAX_RATIO)
		return 0;
	(void)snprintf(tar->why, sizeof(tar->why),
		       "%llu MiB become more than %llu: a decompression bomb",
		       (unsigned long long)(tar->at >> 20), (unsigned long long)(out >> 20));
	return -EFBIG;
}

int tar_next(struct tar *tar)
{
	la_int64_t from = archive_filter_bytes(tar->archive, 0);
	int r = archive_read_next_header(tar->archive, &tar->entry);

	/* libarchive takes a bare end for one, as tar(1) does; the mark is zeros, which it reads */
	tar->is_cut = r == ARCHIVE_EOF && archive_filter_bytes(tar->archive, 0) == from;
	if (r == ARCHIVE_EOF)
		return 0;
	/* WARN: a name that is not of the locale's characters, say. Names are bytes here. */
	if (r != ARCHIVE_OK && r != ARCHIVE_WARN)
		return refuse_archive(tar);
	tar->header = (uint64_t)archive_read_header_position(tar->archive);
	r = check_ratio(tar);
	return r < 0 ? r : 1;
}

uint64_t tar_data_at(const struct tar *tar)
{
	return (uint64_t)archive_filter_bytes(tar->archive, 0);
}

int tar_copy(struct tar *tar, int fd, uint64_t base, uint64_t max)
{
	const void *data;
	la_int64_t at;
	size_t len;
	int r;

	if (fd < 0 && tar->packing == PACKING_NONE)
		return archive_read_data_skip(tar->archive) < ARCHIVE_WARN ? refuse_archive(tar)
									   : 0;
	while ((r = archive_read_data_block(tar->archive, &data, &len, &at)) != ARCHIVE_EOF) {
		if (r < ARCHIVE_WARN)
			return refuse_archive(tar);
		r = check_ratio(tar);
		if (r == 0 && fd >= 0 && (at < 0 || (uint64_t)at > max || len > max - (uint64_t)at))
			r = refuse(tar, EFBIG, "it is larger than it said, or than can be kept");
		if (r == 0 && fd >= 0)
			r = memory_write(fd, data, len, base + (uint64_t)at);
		if (r < 0)
			return tar->why[0] ? r : refuse(tar, -r, errno_text(-r));
	}
	return 0;
}

int tar_drain(struct tar *tar)
{
	ssize_t n;

	while ((n = bytes_read(tar->bytes, tar->at, tar->block, BLOCK_SIZE)) > 0) {
		if (tar->sum)
			digest_add(tar->sum, tar->block, (size_t)n);
		tar->at += (uint64_t)n;
	}
	return n < 0 ? (int)n : 0;
}

void tar_done(struct tar *tar)
{
	uint64_t out = tar->archive ? (uint64_t)archive_filter_bytes(tar->archive, 0) : 0;
	uint64_t paid = tar->at * TAR_IMAGE_RATIO, over = out > paid ? out - paid : 0;

	if (tar->image_bytes && tar->packing != PACKING_NONE)
		*tar->image_bytes -= over < *tar->image_bytes ? over : *tar->image_bytes;
	if (tar->archive)
		(void)archive_read_free(tar->archive);
	free(tar->block);
	tar->archive = NULL;
	tar->block = NULL;
}
