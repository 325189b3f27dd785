/* SPDX-License-Identifier: MIT */
/*
 * child.h - what probes need beside probe.h: processes of their own that go on beside them,
 * texts of /proc, and numbers in them.
 */
#ifndef CROFT_DOCTOR_CHILD_H
#define CROFT_DOCTOR_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "doctor/probe.h"

#define CHILD_SIGNALLED 256 /* child_end: so much and the signal's number */
/* What fn returns for an errno: exit statuses have eight bits, and errnos end at 133. */
#define CHILD_ERRNO(r) ((r) < 0 ? -(r)&0xff : 0)

/*
 * Starts fn(arg) in a process with a copy of this one's memory and its exit status for a result.
 * Its number, or -errno. It dies with its parent.
 */
pid_t child_start(int (*fn)(void *), void *arg);
/* The same, and it has the same descriptors as this one: what either opens, both have. */
pid_t child_start_sharing(int (*fn)(void *), void *arg);
/* Waits for it, `is_killed` first: its exit status, CHILD_SIGNALLED + signal, or -errno. */
int child_end(pid_t pid, bool is_killed);
/* Both: what fn(arg) comes to in a process of its own. */
int child_result(int (*fn)(void *), void *arg);
/* Never returns: for what is only there to be looked at, or counted. */
int child_pause(void *unused);

/*
 * Reads a text of at most size - 1 bytes, what is beyond is left out; never waits for a FIFO's
 * other end. Its length or -errno; the text is "" then.
 */
ssize_t text_read(int dirfd, const char *path, char *ret, size_t size);
/*
 * The rest of the line that begins with `word` ("NoNewPrivs:"), without the white space before it;
 * false: there is no such line, ret is "".
 */
bool text_line(const char *text, const char *word, char *ret, size_t size);
/* The decimal or, with base 16, hexadecimal number that a text begins with; -EINVAL: none. */
int text_number(const char *text, unsigned base, uint64_t *ret);

/* The mount point that a name lies beneath; the name itself if it cannot be told. */
void mount_point_of(const char *path, char *ret, size_t size);

/* A record about one of several. */
void report_of(const struct probe_context *context, enum obs id, const char *subject,
	       enum obs_outcome outcome, const char *step, int errnum, int64_t value,
	       const char *text);

#endif
