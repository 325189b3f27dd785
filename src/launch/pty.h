/* SPDX-License-Identifier: MIT */
/*
 * pty.h - a pseudo terminal of the command's own, and the relay between it and the user's.
 */
#ifndef CROFT_LAUNCH_PTY_H
#define CROFT_LAUNCH_PTY_H

#include <asm/termbits.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

#define PTY_MAX_POLL 3
#define PTY_IN_SIZE 4096 /* what a terminal takes in one piece */
#define PTY_OUT_SIZE 16384

/* Bytes on their way: from `begin` up to `end` of data. */
struct pty_flow {
	size_t begin, end;
	char *data;
};

struct pty {
	int master; /* -1: no pseudo terminal, or hung up */
	int slave; /* open until the end: see pty.c */
	int handover[2]; /* from the child, to here and from there; -1: nothing is handed over */
	bool is_replaced[3]; /* which of 0, 1, 2 the command has from it */
	int terminal; /* the user's, whose size and settings count; -1: none */
	int in, out; /* what is relayed from and to; -1: nothing */
	bool owns_in, owns_out; /* descriptors of our own */
	bool is_raw; /* the user's terminal, by us */
	struct termios settings; /* the user's, before */
	bool is_silent; /* no input for now: in the background */
	unsigned short rows, columns; /* of the user's, as last told */
	size_t out_piece; /* most that is written at once */
	struct pty_flow to_command, to_user;
	char in_data[PTY_IN_SIZE], out_data[PTY_OUT_SIZE];
};

/* No pseudo terminal. */
void pty_init(struct pty *pty);

/*
 * Makes the pseudo terminal, in the parent, with the settings and the size of the user's terminal
 * if there is one among 0, 1, 2. `has_own_names`: the command will have a /dev/pts of its own, and
 * pty_attach tries to make it there, where it has a name. Stage prepare.
 */
int pty_open(struct pty *pty, bool has_own_names, struct croft_error *err);

/*
 * Child stage: a session of its own, whose terminal it is; in the place of 0, 1, 2 as pty.c tells.
 * Nothing without a pseudo terminal.
 *
 * Needs: after mounts; before descriptors are marked, Landlock, seccomp. Must not: be done twice.
 */
int pty_attach(const struct pty *pty, struct croft_error *err);

/*
 * From here on what is typed is the command's: the user's terminal becomes raw. For a process
 * that is continued, too. Nothing where croft is in the background.
 */
void pty_begin(struct pty *pty);
/* Before croft stops itself: what there is goes out, and the user's terminal is as it was. */
void pty_pause(struct pty *pty);

#define PTY_LOOK_MS 200
/*
 * True while croft is in the background: no signal tells the end of that (a shell continues only
 * what has stopped), so pty_begin is to be called every PTY_LOOK_MS.
 */
static inline bool pty_is_silent(const struct pty *pty)
{
	return pty->master >= 0 && pty->is_silent;
}

/* What to wait for; n of it. Not more than PTY_MAX_POLL. */
unsigned pty_poll(const struct pty *pty, struct pollfd *ret_polls);
/* Moves what can be moved. Never blocks. */
void pty_relay(struct pty *pty, const struct pollfd *polls, unsigned n);
/* The user's terminal has another size. */
void pty_resize(struct pty *pty);

/*
 * The command and all that it left have ended: what they have written still goes out, as long as
 * somebody takes it. Then the user's terminal is as it was, and everything is closed.
 */
void pty_end(struct pty *pty);

#endif
