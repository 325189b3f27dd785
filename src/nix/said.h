/* SPDX-License-Identifier: MIT */
/*
 * said.h - what ssh -v said: how far it came, and why it went no further.
 */
#ifndef CROFT_NIX_SAID_H
#define CROFT_NIX_SAID_H

#include <stdbool.h>

#define SAID_WORD_MAX 1024

struct ssh_said {
	/* a step of OBS_NIX_BUILDER: never "", as who asks looks for Nix's greeting himself */
	const char *step;
	char line[SAID_WORD_MAX]; /* that tells it, or what the builder's shell said last; "" */
	char fingerprint[SAID_WORD_MAX]; /* of the host key that was shown; "" */
	char name[SAID_WORD_MAX]; /* under which a host key is looked for, if none fits; "" */
	char file[SAID_WORD_MAX]; /* that has another one; "" */
	char key[SAID_WORD_MAX]; /* the first private key that was offered; "" */
};

/*
 * Reads ssh's standard error. status: its exit status, CHILD_SIGNALLED + signal, -ETIMEDOUT where
 * it was ended by time, -EFBIG for too much. The texts of the builder are among ssh's own: they
 * cannot make a failed login of one that worked, nor a host key's trouble of anything else.
 */
void said_read(const char *text, int status, struct ssh_said *ret);

#endif
