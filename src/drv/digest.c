/* SPDX-License-Identifier: MIT */
/*
 * digest.c - hashing by libmd, and the spellings of Nix.
 *
 * Nix's base 32 takes the number that the bytes are, little end first, and writes its digits of
 * five bits from the highest; it has no padding, and leaves out e, o, t and u.
 */
#include "drv/digest.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/names.h"

static const struct name kinds[] = {
	{ "md5", NULL }, { "sha1", NULL }, { "sha256", NULL }, { "sha512", NULL }
};
_Static_assert(ARRAY_SIZE(kinds) == DIGEST_MAX, "a name for each kind");

int digest_find(const char *name)
{
	return names_find(kinds, ARRAY_SIZE(kinds), name);
}

size_t digest_size(enum digest_kind kind)
{
	static const size_t sizes[] = { 16, 20, 32, 64 };

	return sizes[kind];
}

void digest_init(struct digest *digest, enum digest_kind kind)
{
	memset(digest, 0, sizeof(*digest));
	digest->kind = kind;
	if (kind == DIGEST_MD5)
		MD5Init(&digest->context.md5);
	else if (kind == DIGEST_SHA1)
		SHA1Init(&digest->context.sha1);
	else if (kind == DIGEST_SHA256)
		SHA256Init(&digest->context.sha2);
	else
		SHA512Init(&digest->context.sha2);
}

void digest_add(struct digest *digest, const void *data, size_t len)
{
	if (digest->kind == DIGEST_MD5)
		MD5Update(&digest->context.md5, data, len);
	else if (digest->kind == DIGEST_SHA1)
		SHA1Update(&digest->context.sha1, data, len);
	else if (digest->kind == DIGEST_SHA256)
		SHA256Update(&digest->context.sha2, data, len);
	else
		SHA512Update(&digest->context.sha2, data, len);
}

void digest_take(struct digest *digest, unsigned char ret_bytes[DIGEST_MAX_BYTES])
{
	memset(ret_bytes, 0, DIGEST_MAX_BYTES);
	if (digest->kind == DIGEST_MD5)
		MD5Final(ret_bytes, &digest->context.md5);
	else if (digest->kind == DIGEST_SHA1)
		SHA1Final(ret_bytes, &digest->context.sha1);
	else if (digest->kind == DIGEST_SHA256)
		SHA256Final(ret_bytes, &digest->context.sha2);
	else
		SHA512Final(ret_bytes, &digest->context.sha2);
}

void digest_hex(const unsigned char *bytes, size_t n, char ret_text[DIGEST_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		*ret_text++ = digits[bytes[i] >> 4];
		*ret_text++ = digits[bytes[i] & 15];
	}
	*ret_text = '\0';
}

void digest_base32(const unsigned char *bytes, size_t n, char ret_text[DIGEST_TEXT_SIZE])
{
	static const char digits[] = "0123456789abcdfghijklmnpqrsvwxyz";

	for (size_t left = (n * 8 + 4) / 5; left-- > 0;) {
		size_t byte = left * 5 / 8, bit = left * 5 % 8;
		unsigned value = (unsigned)bytes[byte] >> bit;

		if (byte + 1 < n)
			value |= (unsigned)bytes[byte + 1] << (8 - bit);
		*ret_text++ = digits[value & 31];
	}
	*ret_text = '\0';
}

void digest_sri(enum digest_kind kind, const unsigned char *bytes, char ret_text[DIGEST_TEXT_SIZE])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t n = digest_size(kind);
	char *out = ret_text + snprintf(ret_text, DIGEST_TEXT_SIZE, "%s-", kinds[kind].name);

	for (size_t i = 0; i < n; i += 3) {
		uint32_t value = (uint32_t)bytes[i] << 16;

		if (i + 1 < n)
			value |= (uint32_t)bytes[i + 1] << 8;
		if (i + 2 < n)
			value |= bytes[i + 2];
		*out++ = digits[value >> 18];
		*out++ = digits[value >> 12 & 63];
		*out++ = i + 1 < n ? digits[value >> 6 & 63] : '=';
		*out++ = i + 2 < n ? digits[value & 63] : '=';
	}
	*out = '\0';
}

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -EINVAL;
}

int digest_parse_hex(const char *text, size_t n, unsigned char *ret_bytes)
{
	if (strlen(text) != 2 * n)
		return -EINVAL;
	for (size_t i = 0; i < n; i++) {
		int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -EINVAL;
		ret_bytes[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}
