/* SPDX-License-Identifier: MIT */
/*
 * session.h - namespaces that are made once, for many commands.
 *
 * docs/design/sessions.md tells what the commands of a session share. A session is one process, its
 * holder; there is no file. It is found by the name of an abstract socket, "croft-session-UID-ID",
 * and tells each process of the same user what it holds (session_record.h). Whoever joins opens
 * the namespaces himself, out of /proc, so that the holder gives nothing away that its user could
 * not have without it.
 *
 * For the command line only: a holder is a process that stays.
 */
#ifndef CROFT_LAUNCH_SESSION_H
#define CROFT_LAUNCH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"
#include "enforce/join.h"
#include "launch/session_record.h"
#include "plan/plan.h"

#define SESSION_LIST_MAX 256 /* in one list; a holder has 200 KiB, nobody keeps this many */

/* What a session is started with; nothing is taken. */
struct session_start {
	const char *id; /* NULL: one that nobody can guess is made */
	const char *workdir; /* absolute: what the words were read in */
	const char *const *words; /* NULL-terminated options that make the profile */
	const struct plan *plan; /* of TIER_NAMESPACES */
};

/* 0, or an error of stage usage: 1 to 32 letters, digits, '-', '_' and '.', no '-' or '.' first. */
int session_check_id(const char *id, struct croft_error *err);

/*
 * Makes the namespaces and the tree, in a process that stays when the caller ends. Comes back when
 * it can be joined; ret_id is its name then. -EEXIST: there is one of that name.
 */
int session_start(const struct session_start *start, char ret_id[SESSION_ID_MAX + 1],
		  struct croft_error *err);

/* A session that was found. */
struct session {
	pid_t pid; /* of the holder; a number that `pidfd` keeps true */
	int pidfd; /* owned */
	int proc; /* owned: the holder's directory in /proc */
	struct session_record record; /* owned */
};

/*
 * Finds the holder of a name and asks it. -ENOENT: there is none. It is the same user's, or an
 * error says whose. Waits at most two seconds for an answer.
 */
int session_find(const char *id, struct session *ret_session, struct croft_error *err);
void session_done(struct session *session);

/*
 * Opens the holder's namespaces for joining, and verifies that they are those of which the record
 * tells, and that the holder is no more confined than the caller: a command inside of some
 * sandbox shall not be taken for a session.
 */
int session_open(const struct session *session, struct join *ret_join, struct croft_error *err);

/*
 * -ESTALE and what differs unless the session's tree and namespaces are exactly those of `plan`.
 * Its rows are true of a joined command only then.
 */
int session_compare(const struct session *session, const struct plan *plan,
		    struct croft_error *err);

/*
 * Adds to the rows of a plan what its command shares with the session's others. -ENOMEM.
 */
int session_note(struct plan *plan, struct croft_error *err);

/*
 * Kills the holder and whatever is still in its namespaces; comes back when nothing is left.
 * *ret_killed: processes besides the holder.
 */
int session_stop(struct session *session, unsigned *ret_killed, struct croft_error *err);

/*
 * The names of this user's sessions, in the order of the kernel's list, each once; free() what
 * *ret_ids points to. What is listed may be another user's, or have ended: session_find tells.
 */
int session_list(char (**ret_ids)[SESSION_ID_MAX + 1], size_t *ret_n, struct croft_error *err);

#endif
