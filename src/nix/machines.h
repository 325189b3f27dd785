/* SPDX-License-Identifier: MIT */
/*
 * machines.h - Nix's remote builders: the setting `builders`, and the files of lines that it names.
 *
 * A line has up to eight words: URI, systems, private key, jobs, speed, features, mandatory
 * features, public host key in base64; "-" leaves one out. Lines end at a newline or a ';', '#'
 * begins a comment, "@FILE" stands for what a file has, and a file that is not there for nothing.
 * Source: Nix's src/libstore/machines.cc (2.0 to 2.36), ssh.cc.
 */
#ifndef CROFT_NIX_MACHINES_H
#define CROFT_NIX_MACHINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

#define MACHINES_MAX 256
#define MACHINES_DEPTH_MAX 8 /* of files that name files */
#define MACHINES_FILE_MAX ((size_t)1 << 20)

struct nix_machine {
	const char *uri; /* as it is written, but for a "ssh://" that was left out */
	const char *user, *host, *port; /* "" where the URI has none */
	const char *key; /* a private key's file, or "" */
	const char *program; /* remote-program of the URI, or "" */
	const char *host_key; /* base64, or "" */
	bool is_ng; /* ssh-ng: the daemon's protocol, not nix-store --serve */
	bool is_ssh; /* else nothing is asked */
	const char *fault; /* why the line cannot be read; "" */
};

/* The text of a file: its length and malloc'd text, or -errno. */
typedef long (*machines_reader)(void *context, const char *path, char **ret_text);

/* 0 or -ENOMEM, -E2BIG (a limit; what came before is there). Everything lies in the arena. */
int machines_parse(struct arena *arena, const char *builders, machines_reader reader, void *context,
		   struct nix_machine **ret_machines, size_t *ret_n);

/* Decodes base64 of at most size - 1 bytes of text: its length, or -EINVAL. NUL-terminated. */
int base64_decode(const char *text, char *ret, size_t size);

#endif
