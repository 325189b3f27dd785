/* SPDX-License-Identifier: MIT */
/*
 * binfmt.c - formats that the host's administrator has registered (binfmt_misc).
 *
 * A handler's file reads so, as fs/binfmt_misc.c writes it:
 *
 *   enabled
 *   interpreter /usr/libexec/qemu-binfmt/aarch64-binfmt-P
 *   flags: POCF
 *   offset 0                                 or: extension .jar
 *   magic 7f454c460201010000000000000000000200b700
 *   mask ffffffffffffff00fffffffffffffffffeffffff
 *
 * The kernel goes through its list from the newest on and takes the first that fits. The
 * directory gives them in that order too, but nobody promises it: with two handlers for one
 * file the other may be named here.
 *
 * The text is the kernel's, and bounded all the same. It is asked for on the way to a refusal
 * only: a program of this machine does not come here.
 */
#include "elf/binfmt.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define DIRECTORY "/proc/sys/fs/binfmt_misc"

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = c ? strchr(digits, c) : NULL;

	return found ? (int)(found - digits) : -1;
}

/* "7f454c46" to bytes; how many, or -EBADMSG. */
static ssize_t parse_hex(const char *text, unsigned char bytes[BINFMT_HEAD])
{
	size_t n = 0;

	for (; *text; text += 2) {
		int high = digit(text[0]), low = high < 0 ? -1 : digit(text[1]);

		if (low < 0 || n == BINFMT_HEAD)
			return -EBADMSG;
		bytes[n++] = (unsigned char)(high << 4 | low);
	}
	return (ssize_t)n;
}

/* The rest of the line if it begins with that word. */
static const char *after(const char *line, const char *word)
{
	size_t len = strlen(word);

	return strncmp(line, word, len) ? NULL : line + len;
}

static int copy(char *to, size_t size, const char *text)
{
	if (!*text || strlen(text) >= size)
		return -EBADMSG;
	memcpy(to, text, strlen(text) + 1);
	return 0;
}

static int parse_line(const char *line, struct binfmt_handler *handler, ssize_t *mask_len)
{
	const char *value;
	uint64_t offset;
	ssize_t n;

	if ((value = after(line, "interpreter ")))
		return copy(handler->interpreter, sizeof(handler->interpreter), value);
	if ((value = after(line, "flags: "))) {
		handler->is_fixed = strchr(value, 'F') != NULL;
	} else if ((value = after(line, "extension ."))) {
		return copy(handler->extension, sizeof(handler->extension), value);
	} else if ((value = after(line, "offset "))) {
		if (num_parse(value, 0, BINFMT_HEAD, &offset) < 0)
			return -EBADMSG;
		handler->offset = (size_t)offset;
	} else if ((value = after(line, "magic "))) {
		n = parse_hex(value, handler->magic);
		if (n <= 0)
			return -EBADMSG;
		handler->len = (size_t)n;
	} else if ((value = after(line, "mask "))) {
		*mask_len = parse_hex(value, handler->mask);
	} else if (!strcmp(line, "enabled")) {
		handler->is_enabled = true;
	}
	return 0; /* what a later kernel adds is not known here */
}

int binfmt_parse(const char *text, struct binfmt_handler *ret_handler)
{
	struct binfmt_handler handler = { 0 };
	char line[PATH_MAX + 32];
	ssize_t mask_len = 0;

	memset(handler.mask, 0xff, sizeof(handler.mask));
	while (*text) {
		size_t len = strcspn(text, "\n");
		int r;

		if (len >= sizeof(line))
			return -EBADMSG;
		memcpy(line, text, len);
		line[len] = '\0';
		r = parse_line(line, &handler, &mask_len);
		if (r < 0)
			return r;
		text += len + (text[len] == '\n');
	}
	if (!*handler.interpreter || (handler.len == 0) == (handler.extension[0] == '\0') ||
	    handler.offset + handler.len > BINFMT_HEAD ||
	    (mask_len != 0 && mask_len != (ssize_t)handler.len))
		return -EBADMSG;
	*ret_handler = handler;
	return 0;
}

bool binfmt_matches(const struct binfmt_handler *handler, const char *head, size_t len,
		    const char *name)
{
	if (handler->extension[0]) {
		const char *dot = strrchr(name, '.'); /* of the whole name, as the kernel does */

		return dot && !strcmp(dot + 1, handler->extension);
	}
	for (size_t i = 0; i < handler->len; i++) {
		size_t at = handler->offset + i;
		/* behind the end of a short file the kernel's buffer is zero */
		unsigned char byte = at < len ? (unsigned char)head[at] : 0;

		if ((byte ^ handler->magic[i]) & handler->mask[i])
			return false;
	}
	return true;
}

/* A file of the directory: 1 if it is a handler for that file. */
static int try_handler(int dir, const char *entry, const char *head, size_t len, const char *name,
		       struct binfmt_handler *ret_handler)
{
	char text[BINFMT_MAX_BYTES];

	/* "." and ".." too; "register" is for writing, "status" of the whole */
	if (entry[0] == '.' || !strcmp(entry, "register") || !strcmp(entry, "status"))
		return 0;
	return fd_read_file(dir, entry, text, sizeof(text)) >= 0 &&
	       binfmt_parse(text, ret_handler) == 0 && ret_handler->is_enabled &&
	       binfmt_matches(ret_handler, head, len, name);
}

static bool is_switched_on(int dir)
{
	char text[32];

	return fd_read_file(dir, "status", text, sizeof(text)) >= 0 && !strcmp(text, "enabled\n");
}

int binfmt_find(const char *head, size_t len, const char *name, struct binfmt_handler *ret_handler)
{
	AUTO_FD int dir = sys_openat(AT_FDCWD, DIRECTORY, O_RDONLY | O_DIRECTORY, 0);
	_Alignas(struct sys_dirent) char entries[4096];
	unsigned n_handlers = 0;
	ssize_t n;

	/* not mounted: an empty directory */
	if (dir < 0 || !is_switched_on(dir))
		return 0;
	while ((n = sys_getdents64(dir, entries, sizeof(entries))) > 0) {
		for (ssize_t at = 0; at < n;) {
			const struct sys_dirent *entry = (const void *)(entries + at);

			if (n_handlers++ == BINFMT_MAX_HANDLERS)
				return 0;
			if (try_handler(dir, entry->name, head, len, name, ret_handler))
				return 1;
			at += entry->length;
		}
	}
	return 0;
}
