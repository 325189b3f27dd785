/* SPDX-License-Identifier: MIT */
/*
 * binfmt.h - formats that the host's administrator has registered (binfmt_misc).
 *
 * A program of a foreign machine may well run: through qemu-user, say. The kernel's
 * handlers are files in /proc/sys/fs/binfmt_misc (Documentation/admin-guide/binfmt-misc.rst).
 */
#ifndef CROFT_ELF_BINFMT_H
#define CROFT_ELF_BINFMT_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#define BINFMT_HEAD 256 /* where a magic lies: BINPRM_BUF_SIZE since 5.1 */
#define BINFMT_MAX_BYTES 8192 /* of one handler's text: the kernel's is below a page */
#define BINFMT_MAX_HANDLERS 1024 /* qemu has some forty */

/* One handler, as its file in binfmt_misc describes it. */
struct binfmt_handler {
	char interpreter[PATH_MAX];
	bool is_enabled;
	bool is_fixed; /* flag F (since 4.8): opened when it was registered, its name may be gone */
	char extension[BINFMT_HEAD]; /* without the dot; "": by magic */
	size_t offset, len; /* of the magic in the file */
	unsigned char magic[BINFMT_HEAD], mask[BINFMT_HEAD];
};

/* The text of a handler's file. 0, or -EBADMSG: it is none. */
int binfmt_parse(const char *text, struct binfmt_handler *ret_handler);
/* Does it take a file that starts with `head` and has that name? */
bool binfmt_matches(const struct binfmt_handler *handler, const char *head, size_t len,
		    const char *name);
/*
 * Is there an enabled handler for that file? 1 and *ret_handler if so, 0 if not (also
 * where binfmt_misc is not mounted, or may not be read).
 * Always asks the real /proc: handlers belong to the host.
 */
int binfmt_find(const char *head, size_t len, const char *name, struct binfmt_handler *ret_handler);

#endif
