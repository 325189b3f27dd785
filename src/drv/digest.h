/* SPDX-License-Identifier: MIT */
/*
 * digest.h - the hashes that Nix knows, in the three ways that it writes them.
 */
#ifndef CROFT_DRV_DIGEST_H
#define CROFT_DRV_DIGEST_H

#include <stddef.h>

#include <sys/types.h>

#include <md5.h>
#include <sha1.h>
#include <sha2.h>

#define DIGEST_MAX_BYTES 64
#define DIGEST_TEXT_SIZE 160 /* "sha512-" and base 64, or hexadecimal, with the NUL */

enum digest_kind { DIGEST_MD5, DIGEST_SHA1, DIGEST_SHA256, DIGEST_SHA512, DIGEST_MAX };

struct digest {
	enum digest_kind kind;
	union {
		MD5_CTX md5;
		SHA1_CTX sha1;
		SHA2_CTX sha2;
	} context;
};

/* "sha256" and so on: a kind, or -EINVAL. */
int digest_find(const char *name);
size_t digest_size(enum digest_kind kind);

void digest_init(struct digest *digest, enum digest_kind kind);
void digest_add(struct digest *digest, const void *data, size_t len);
void digest_take(struct digest *digest, unsigned char ret_bytes[DIGEST_MAX_BYTES]);

void digest_hex(const unsigned char *bytes, size_t n, char ret_text[DIGEST_TEXT_SIZE]);
/* Nix's base 32: its own letters, the last five bits first. */
void digest_base32(const unsigned char *bytes, size_t n, char ret_text[DIGEST_TEXT_SIZE]);
/* "sha256-" and base 64, as in the W3C's Subresource Integrity. */
void digest_sri(enum digest_kind kind, const unsigned char *bytes, char ret_text[DIGEST_TEXT_SIZE]);
/* Reads hexadecimal of exactly 2 * n letters: 0 or -EINVAL. */
int digest_parse_hex(const char *text, size_t n, unsigned char *ret_bytes);

#endif
