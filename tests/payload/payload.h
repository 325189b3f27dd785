/* SPDX-License-Identifier: MIT */
/*
 * payload.h - what the parts of the payload share.
 *
 * An operation is one row of a table: its name, how many arguments it takes, and
 * a function that does it and returns 0, a negative errno value, or
 * PAYLOAD_PRINTED when it has printed its own answer.
 */
#ifndef CROFT_TESTS_PAYLOAD_H
#define CROFT_TESTS_PAYLOAD_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdnoreturn.h>

#define PAYLOAD_PRINTED 1 /* the operation has printed its own lines */
#define PAYLOAD_NO_MAX 64 /* "any number" of arguments */

#define PAYLOAD_ENTRIES(a) (sizeof(a) / sizeof((a)[0]))

/* argv[0] is the first argument of the operation, not its name. */
typedef int (*op_fn)(int argc, char **argv);

struct op {
	const char *name;
	const char *args; /* for the list of operations */
	int min_args;
	int max_args;
	op_fn run;
};

struct word { /* a name for a number of the kernel's */
	const char *name;
	unsigned long value;
};

extern const struct op file_ops[], metadata_ops[], net_ops[], process_ops[], kernel_ops[],
	state_ops[];
extern const size_t n_file_ops, n_metadata_ops, n_net_ops, n_process_ops, n_kernel_ops, n_state_ops;

extern const char *payload_program; /* argv[0]: how to start this program again */

/* What a system call through libc gave: 0 (any success) or -errno. */
static inline int result(long r)
{
	return r < 0 ? -errno : 0;
}

/* As result, but keeps the value (a descriptor, a pid). */
static inline int value(long r)
{
	return r < 0 ? -errno : (int)r;
}

/* Does the operation argv[0] with the rest as arguments, prints the answer: the exit status. */
int payload_run(int argc, char **argv);
/* The name of a positive errno, or NULL for one that is not in the table. */
const char *payload_errno_name(int errnum);
/* A whole number in C notation, or a word of the table; anything else ends it with status 2. */
unsigned long payload_number(const char *text);
unsigned long payload_word(const struct word *words, size_t n, const char *text);
int payload_int(const char *text);
/* Ends the program with status 2: the test is wrong, not the sandbox. */
noreturn void payload_misuse(const char *what, const char *text);

#endif
