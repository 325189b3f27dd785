/* SPDX-License-Identifier: MIT */
/*
 * launch.c - what a start costs a process that holds much memory.
 *
 * usage: launch ROUNDS MIB PROGRAM [TIER]
 *
 * Touches MIB mebibytes, then starts PROGRAM and waits for it, ROUNDS times by croft_launch and
 * then ROUNDS times by fork and execve. Prints one line for each start: way, wall time in ns.
 * Not in turn: a fork of much memory leaves no cache warm for what comes after it.
 *
 * The sandbox is the built-in profile "system" without a TMPDIR: nothing whose cost depends on
 * the file system is in the numbers.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "croft.h"

extern char **environ;

static void die(const char *what, const char *why)
{
	(void)fprintf(stderr, "launch: %s: %s\n", what, why);
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (uint64_t)at.tv_sec * 1000000000U + (uint64_t)at.tv_nsec;
}

/* Small pages, as in a process whose memory was taken piece by piece. */
static void touch(size_t mib)
{
	size_t size = mib << 20;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		die("mmap", strerror(errno));
	(void)madvise(memory, size, MADV_NOHUGEPAGE);
	for (size_t at = 0; at < size; at += 4096)
		memory[at] = 1;
}

static struct croft_plan *make_plan(struct croft_profile **ret_profile, const char *const *argv,
				    const char *tier)
{
	struct croft_error err = { 0 };
	struct croft_plan *plan = NULL;

	if (croft_profile_new("system", NULL, "/", 0, ret_profile, &err) < 0 ||
	    croft_profile_set(*ret_profile, "off", "private-tmp", &err) < 0 ||
	    croft_profile_set(*ret_profile, "execute", argv[0], &err) < 0 ||
	    (tier && croft_profile_set(*ret_profile, "tier", tier, &err) < 0) ||
	    croft_plan_new(*ret_profile, argv, (const char *const *)environ, 0, &plan, &err) < 0)
		die(err.what, strerror(err.errnum));
	return plan;
}

static uint64_t by_croft(const struct croft_plan *plan)
{
	struct croft_error err = { 0 };
	struct croft_child *child;
	uint64_t begin = now_ns(), end;
	int status = 0;

	if (croft_launch(plan, 0, &child, &err) < 0 || croft_child_wait(child, &status, &err) < 0)
		die(err.what, strerror(err.errnum));
	end = now_ns();
	if (status != 0)
		die("croft_launch", "the program failed");
	croft_child_free(child);
	return end - begin;
}

static uint64_t by_fork(const char *const *argv)
{
	uint64_t begin = now_ns();
	int status = 0;
	pid_t pid = fork();

	if (pid == 0) {
		(void)execve(argv[0], (char *const *)(uintptr_t)argv, environ);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
		die("fork and execve", argv[0]);
	return now_ns() - begin;
}

int main(int argc, char *argv[])
{
	long rounds = argc == 4 || argc == 5 ? strtol(argv[1], NULL, 10) : 0;
	long mib = argc == 4 || argc == 5 ? strtol(argv[2], NULL, 10) : 0;
	const char *command[] = { NULL, NULL };
	struct croft_profile *profile = NULL;
	struct croft_plan *plan;

	if (rounds < 1 || mib < 1) {
		(void)fprintf(stderr, "usage: launch ROUNDS MIB PROGRAM [TIER]\n");
		return 2;
	}
	command[0] = argv[3];
	plan = make_plan(&profile, command, argc == 5 ? argv[4] : NULL);
	touch((size_t)mib);
	for (long round = 0; round < rounds; round++)
		(void)printf("croft %" PRIu64 "\n", by_croft(plan));
	for (long round = 0; round < rounds; round++)
		(void)printf("fork %" PRIu64 "\n", by_fork(command));
	croft_plan_free(plan);
	croft_profile_free(profile);
	return fflush(stdout) ? 1 : 0;
}
