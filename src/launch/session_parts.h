/* SPDX-License-Identifier: MIT */
/*
 * session_parts.h - what the two ends of a session's socket share.
 */
#ifndef CROFT_LAUNCH_SESSION_PARTS_H
#define CROFT_LAUNCH_SESSION_PARTS_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

#include "base/err.h"

#define SESSION_COMM "croft-session" /* what the holder calls itself (PR_SET_NAME) */

/* The abstract address of a name of this user's; the id has been checked. Gives its length. */
size_t session_address(const char *id, struct sockaddr_un *ret_address);

/* "croft-session-1000-": the address up to the id, without the NUL at its front. */
#define SESSION_PREFIX_SIZE 32
size_t session_prefix(char ret_prefix[SESSION_PREFIX_SIZE]);

/*
 * The name of a session of this user's in a line of /proc/net/unix, or NULL. A line reads
 * "0000: 00000002 00000000 00010000 0005 01 4711 @croft-session-1000-ID".
 */
const char *session_in_line(const char *line);

/* Who is at the other end: who called listen(2) or connect(2), at that moment. */
int session_peer(int fd, struct ucred *ret_peer);

#endif
