/* SPDX-License-Identifier: MIT */
/*
 * session_record.h - what the holder of a session tells, as bytes.
 *
 * One message: a head of fixed size, the tree, then texts that each end with a NUL: id, working
 * directory, words. Both ends are on one machine. Whoever reads it trusts nothing in it: any
 * process could have sent it.
 */
#ifndef CROFT_LAUNCH_SESSION_RECORD_H
#define CROFT_LAUNCH_SESSION_RECORD_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "plan/plan.h"

#define SESSION_ID_MAX 32
#define SESSION_MAX_RECORD (64U << 10) /* a socket's buffer takes it at once, whatever its bounds */
#define SESSION_MAX_WORDS 4096 /* more than a record of that size can hold in earnest */
#define SESSION_MAX_TREE (32U << 10) /* in a record; a larger one is told by its digest */

struct session_record {
	char id[SESSION_ID_MAX + 1];
	const char *workdir; /* absolute; in `data` */
	const char **words; /* owned, NULL-terminated; in `data` */
	size_t n_words;
	int64_t started_ms; /* CLOCK_MONOTONIC */
	unsigned namespaces; /* 1U << HOST_NS_* */
	uint64_t inodes[HOST_NS_MAX]; /* 0: not one of its own */
	const char *tree; /* session_tree; in `data` */
	size_t tree_len;
	/*
	 * What the host could do with namespaces and mounts when it was asked for the session: ns,
	 * ns_step, has_ns_by_capability and mount. Nothing else of it is told. Asking
	 * again would cost a command that joins more than all the rest.
	 */
	struct host host;
	char *data; /* owned */
};

/* Appends the message. All but words and data is taken from *record; see buf_error. */
void session_record_write(struct buf *buf, const struct session_record *record,
			  const char *const *words);

/*
 * Reads a message of any content; data and words are allocated. -EPROTO for what no holder of this
 * version sends, -ENOMEM. Stage session.
 */
int session_record_read(const char *data, size_t len, struct session_record *ret_record,
			struct croft_error *err);
void session_record_done(struct session_record *record);

/*
 * What a session makes once for all its commands, as bytes: namespaces, the kind of tree, and each
 * operation with the numbers of the files that it is about. Two plans have the same bytes just when
 * they make the same. Of a tree of more than SESSION_MAX_TREE it is the SHA-256 of these bytes.
 */
int session_tree(const struct plan *plan, struct buf *ret_tree);

/* The first operation of the plan that the record's tree has not; NULL: it cannot be told. */
const struct plan_mount_op *session_tree_differs(const struct session_record *record,
						 const struct plan *plan);

#endif
