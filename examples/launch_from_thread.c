/* SPDX-License-Identifier: MIT */
/*
 * launch_from_thread.c - a confined child from a thread of a large process.
 *
 *   launch_from_thread [MIB [COMMAND [ARG...]]]        512, /bin/true
 *
 * Touches MIB of memory, starts a thread, and launches COMMAND from there: confined, and
 * beside it by plain fork and exec. Prints how long each took to have the command
 * running. fork copies the page tables of all that memory; croft_launch does not.
 *
 *   cc launch_from_thread.c $(pkg-config --cflags --libs croft) -pthread
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* environ */
#endif
#include <croft.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 9

struct work {
	char *const *argv;
	double launch_us[ROUNDS], fork_us[ROUNDS];
	struct croft_error err;
	int result;
};

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static int launch_once(struct croft_plan *plan, double *ret_us, struct croft_error *err)
{
	struct croft_child *child;
	double start = now_us();
	int status, r = croft_launch(plan, 0, &child, err);

	if (r < 0)
		return r;
	*ret_us = now_us() - start;
	r = croft_child_wait(child, &status, err);
	croft_child_free(child);
	if (r == 0 && status != 0)
		fprintf(stderr, "launch_from_thread: the command ended with 0x%x\n", status);
	return r;
}

/* fork returns when the page tables are copied; what exec takes is not even counted. */
static double fork_once(char *const *argv)
{
	double start = now_us(), took;
	pid_t pid = fork();

	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	took = now_us() - start;
	if (pid > 0)
		waitpid(pid, NULL, 0);
	return took;
}

static void *work(void *data)
{
	struct work *work = data;
	struct croft_profile *profile = NULL;
	struct croft_plan *plan = NULL;

	work->result = croft_profile_new("system", NULL, NULL, 0, &profile, &work->err);
	if (work->result == 0)
		work->result = croft_plan_new(profile, (const char *const *)work->argv,
					      (const char *const *)environ, 0, &plan, &work->err);
	for (int i = 0; i < ROUNDS && work->result == 0; i++) {
		work->result = launch_once(plan, &work->launch_us[i], &work->err);
		work->fork_us[i] = fork_once(work->argv);
	}
	croft_plan_free(plan);
	croft_profile_free(profile);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

int main(int argc, char *argv[])
{
	static char program[] = "/bin/true";
	static char *const plain[] = { program, NULL };
	struct work state = { .argv = argc > 2 ? argv + 2 : plain };
	size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 512;
	char *memory = malloc(mib << 20);
	pthread_t thread;

	if (!memory) {
		fprintf(stderr, "launch_from_thread: no memory for %zu MiB\n", mib);
		return 1;
	}
	for (size_t i = 0; i < mib << 20; i += 4096)
		memory[i] = 1;
	if (pthread_create(&thread, NULL, work, &state) || pthread_join(thread, NULL)) {
		fprintf(stderr, "launch_from_thread: no thread can be made\n");
		free(memory);
		return 1;
	}
	if (state.result < 0) {
		fprintf(stderr, "launch_from_thread: %s: %s\n", croft_stage_name(state.err.stage),
			state.err.what);
		free(memory);
		return 125;
	}
	qsort(state.launch_us, ROUNDS, sizeof(double), compare);
	qsort(state.fork_us, ROUNDS, sizeof(double), compare);
	printf("%zu MiB touched: croft_launch %.0f us, fork alone %.0f us (medians of %d)\n", mib,
	       state.launch_us[ROUNDS / 2], state.fork_us[ROUNDS / 2], ROUNDS);
	free(memory);
	return 0;
}
