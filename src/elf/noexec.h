/* SPDX-License-Identifier: MIT */
/*
 * noexec.h - whether a file lies on a mount without execution.
 */
#ifndef CROFT_ELF_NOEXEC_H
#define CROFT_ELF_NOEXEC_H

#include <stdbool.h>

/*
 * By the flags of the mount that the open file is on. Where the kernel does not tell them (gVisor),
 * by the line of /proc/self/mountinfo for `real`, its absolute name in the real root; "" if there
 * is none. False where nobody tells.
 */
bool noexec_is_on(int fd, const char *real);
/* What a text as that of mountinfo says of the name. */
bool noexec_by_text(const char *mountinfo, const char *real);
/*
 * Of an open file on such a mount: is it kept from being mapped for execution too, as a loader does
 * with libraries? Found by doing. False where the file cannot be mapped for another reason.
 */
bool noexec_is_held(int fd);

#endif
