/* SPDX-License-Identifier: MIT */
/*
 * bytes.c - a piece of a file that can be read at any place, and whether it is what it should be.
 *
 * A file that becomes shorter while it is read ends earlier; its digest, or the archive in
 * it, will then tell. Contents that are handed out lie in files of memory (memfd, since 3.17), so
 * that an image leaves nothing on any disk, not even when croft is killed.
 */
#include "image/bytes.h"

#include <asm/unistd.h>
#include <errno.h>
#include <linux/memfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "sys/calls.h"

ssize_t bytes_read(const struct bytes *bytes, uint64_t at, void *data, size_t len)
{
	ssize_t n;

	if (at >= bytes->size)
		return 0;
	if (len > bytes->size - at)
		len = (size_t)(bytes->size - at);
	do
		n = sys_pread(bytes->fd, data, len, bytes->offset + at);
	while (n == -EINTR);
	return n;
}

ssize_t bytes_load(const struct bytes *bytes, size_t max, char **ret_data)
{
	AUTO_FREE char *data = NULL;
	size_t len = 0;
	ssize_t n;

	if (bytes->size > max)
		return -EFBIG;
	data = malloc((size_t)bytes->size + 1);
	if (!data)
		return -ENOMEM;
	while ((n = bytes_read(bytes, len, data + len, (size_t)bytes->size - len)) > 0)
		len += (size_t)n;
	if (n < 0)
		return n;
	data[len] = '\0';
	*ret_data = take_ptr(&data);
	return (ssize_t)len;
}

/* Digests */

static const char sha256[] = "sha256:", sha512[] = "sha512:";

int digest_parse(const char *text, struct digest *ret_digest)
{
	bool is_long = strncmp(text, sha512, sizeof(sha512) - 1) == 0;
	size_t len = is_long ? SHA512_DIGEST_LENGTH * 2 : SHA256_DIGEST_LENGTH * 2;

	if (!is_long && strncmp(text, sha256, sizeof(sha256) - 1) != 0)
		return -EINVAL;
	text += sizeof(sha256) - 1;
	/* a name of a file is made of it: nothing else than this may come through */
	if (strlen(text) != len || strspn(text, "0123456789abcdef") != len)
		return -EINVAL;
	ret_digest->is_given = true;
	ret_digest->is_long = is_long;
	memcpy(ret_digest->hex, text, len + 1);
	return 0;
}

void digest_shorten(const struct digest *digest, char *text, size_t size)
{
	(void)snprintf(text, size, "%s%.12s", digest->is_long ? sha512 : sha256, digest->hex);
}

void digest_begin(struct digest_sum *sum, const struct digest *digest)
{
	sum->is_long = digest->is_long;
	if (sum->is_long)
		SHA512Init(&sum->context);
	else
		SHA256Init(&sum->context);
}

void digest_add(struct digest_sum *sum, const void *data, size_t len)
{
	if (sum->is_long)
		SHA512Update(&sum->context, data, len);
	else
		SHA256Update(&sum->context, data, len);
}

void digest_end(struct digest_sum *sum, struct digest *ret_digest)
{
	static const char digits[] = "0123456789abcdef";
	size_t len = sum->is_long ? SHA512_DIGEST_LENGTH : SHA256_DIGEST_LENGTH;
	uint8_t is[SHA512_DIGEST_LENGTH];

	if (sum->is_long)
		SHA512Final(is, &sum->context);
	else
		SHA256Final(is, &sum->context);
	for (size_t i = 0; i < len; i++) {
		ret_digest->hex[2 * i] = digits[is[i] >> 4];
		ret_digest->hex[2 * i + 1] = digits[is[i] & 15];
	}
	ret_digest->hex[2 * len] = '\0';
	ret_digest->is_given = true;
	ret_digest->is_long = sum->is_long;
}

bool digest_is(struct digest_sum *sum, const struct digest *digest)
{
	struct digest is;

	digest_end(sum, &is);
	return strcmp(is.hex, digest->hex) == 0;
}

/* Memory */

int memory_open(void)
{
	return (int)sys_raw(__NR_memfd_create, (long)"croft-image", MFD_CLOEXEC, 0, 0, 0, 0);
}

int memory_write(int fd, const void *data, size_t len, uint64_t at)
{
	const char *from = data;

	while (len > 0) {
		long n = sys_raw(__NR_pwrite64, fd, (long)from, (long)len, (long)at, 0, 0);

		if (n == -EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? (int)n : -EIO;
		from += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return 0;
}

int memory_resize(int fd, uint64_t size)
{
	return (int)sys_raw(__NR_ftruncate, fd, (long)size, 0, 0, 0, 0);
}

int memory_copy(int from, uint64_t at, uint64_t len, int to)
{
	const struct bytes bytes = { from, at, len };
	char block[65536];
	uint64_t done = 0;
	ssize_t n;
	int r = 0;

	while (r == 0 && (n = bytes_read(&bytes, done, block, sizeof(block))) != 0) {
		if (n < 0)
			return (int)n;
		r = memory_write(to, block, (size_t)n, done);
		done += (uint64_t)n;
	}
	return r;
}
