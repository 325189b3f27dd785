/* SPDX-License-Identifier: MIT */
/*
 * in_child.h - runs a function in a process of its own, for what cannot be undone: confinement,
 * limits, signals. What the child has to say is a small struct through a pipe.
 */
#ifndef CROFT_TESTS_UNIT_IN_CHILD_H
#define CROFT_TESTS_UNIT_IN_CHILD_H

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "croft.h"

struct said {
	int result;
	struct croft_error err;
	int answers[24];
};

typedef void (*child_fn)(const void *arg, struct said *said);

/* A child that hangs or dies fails the test. */
static inline struct said in_child(child_fn fn, const void *arg)
{
	struct said said = { 0 };
	int ends[2], status;
	pid_t pid;

	assert_int_equal(pipe(ends), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)alarm(20);
		(void)close(ends[0]);
		fn(arg, &said);
		if (write(ends[1], &said, sizeof(said)) != (ssize_t)sizeof(said))
			_exit(90);
		_exit(0);
	}
	(void)close(ends[1]);
	if (read(ends[0], &said, sizeof(said)) != (ssize_t)sizeof(said))
		said.result = -EPIPE;
	(void)close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (said.result == -EPIPE || status != 0)
		fail_msg("the child ended with 0x%x", status);
	return said;
}

static inline void pause_ms(long ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

	(void)nanosleep(&time, NULL);
}

static inline bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

/* Waits until a path is gone, some seconds at most. */
static inline bool goes_away(const char *path)
{
	for (int i = 0; i < 500 && is_there(path); i++)
		pause_ms(10);
	return !is_there(path);
}

/* A fresh directory below TMPDIR, its true name. */
static inline void make_scratch(char *path, size_t size)
{
	const char *tmp = getenv("TMPDIR");
	char name[256], *real;

	(void)snprintf(name, sizeof(name), "%s/croft-unit-XXXXXX", tmp && *tmp ? tmp : "/tmp");
	assert_non_null(mkdtemp(name));
	real = realpath(name, NULL);
	assert_true(real && strlen(real) < size);
	memcpy(path, real, strlen(real) + 1);
	free(real);
}

static inline void make_file(const char *dir, const char *name, const char *text, mode_t mode)
{
	char path[600];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	file = fopen(path, "we");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0 && fclose(file) == 0);
	assert_int_equal(chmod(path, mode), 0);
}

#endif
