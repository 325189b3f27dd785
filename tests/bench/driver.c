/* SPDX-License-Identifier: MIT */
/*
 * driver.c - starts programs and says how long each start took.
 *
 * usage: driver ROUNDS < VARIANTS
 *
 * A variant is one line: the words of a command, split at tabs. Words of the form NAME=VALUE in
 * front are set in its environment; the word after them is the path to execute. In each round
 * every variant is started once and waited for, in an order that changes from round to
 * round. So what else this machine does meets all of them alike, and numbers of one round
 * can be divided by each other.
 *
 * Prints one line for each start: round, variant (from 0), wall and processor time in ns,
 * peak memory in KiB. Time and memory are those of the process and of what it has waited
 * for. The peak is never below this program's own (the kernel carries it over exec): that is why
 * it is small, and built as one static file. What the programs print goes to /dev/null.
 *
 * Starting is vfork and execve, so that the cost of copying this process is in none
 * of the numbers. A start that does not end with status 0 ends the run: the time of a
 * launcher that failed is the time of something else.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_VARIANTS 64
#define MAX_WORDS 8192
#define MAX_SETTINGS 8

extern char **environ;

struct variant {
	char **words; /* from the path on */
	char **envp;
};

struct sample {
	uint64_t wall_ns;
	uint64_t cpu_ns;
	long peak_kib;
};

static void die(const char *what, const char *name)
{
	(void)fprintf(stderr, "driver: %s: %s: %s\n", what, name, strerror(errno));
	exit(1);
}

static uint64_t now_ns(void)
{
	struct timespec at;

	(void)clock_gettime(CLOCK_MONOTONIC, &at);
	return (uint64_t)at.tv_sec * 1000000000U + (uint64_t)at.tv_nsec;
}

static uint64_t to_ns(struct timeval time)
{
	return (uint64_t)time.tv_sec * 1000000000U + (uint64_t)time.tv_usec * 1000U;
}

/* Splits the line in place. The words live as long as it does. */
static char **split(char *line)
{
	char **words = calloc(MAX_WORDS + 1, sizeof(*words));
	size_t n = 0;

	if (!words)
		die("memory", "words");
	for (char *word = strtok(line, "\t\n"); word; word = strtok(NULL, "\t\n")) {
		if (n == MAX_WORDS) {
			errno = E2BIG;
			die("split", words[0]);
		}
		words[n++] = word;
	}
	return words;
}

/*
 * Makes the environment: this process's own, and the settings in front of the command. Returns
 * the first word after them.
 */
static char **set_environment(char **words, char ***ret_envp)
{
	size_t n = 0, at = 0;
	char **envp;

	while (environ[n])
		n++;
	envp = calloc(n + MAX_SETTINGS + 1, sizeof(*envp));
	if (!envp)
		die("memory", "environment");
	for (; words[0] && words[0][0] != '/' && strchr(words[0], '=') && at < MAX_SETTINGS;
	     words++)
		envp[at++] = words[0];
	for (size_t i = 0, set = at; i < n; i++) {
		bool is_set = false;

		for (size_t j = 0; j < set && !is_set; j++)
			is_set = !strncmp(environ[i], envp[j], strcspn(envp[j], "=") + 1);
		if (!is_set)
			envp[at++] = environ[i];
	}
	*ret_envp = envp;
	return words;
}

static size_t read_variants(struct variant *variants)
{
	char *line = NULL;
	size_t n = 0, size = 0;

	while (getline(&line, &size, stdin) > 1) {
		if (n == MAX_VARIANTS) {
			errno = E2BIG;
			die("read", "variants");
		}
		variants[n].words = set_environment(split(line), &variants[n].envp);
		if (!variants[n++].words[0]) {
			errno = EINVAL;
			die("read", "a variant without a command");
		}
		line = NULL;
		size = 0;
	}
	free(line);
	return n;
}

/*
 * The child of vfork borrows this process: it executes or ends, nothing else. The exec
 * error comes back in memory that both see.
 */
static struct sample start(const struct variant *variant)
{
	volatile int exec_errno = 0;
	struct sample sample;
	struct rusage usage;
	int status = 0;
	uint64_t begin = now_ns();
	pid_t pid = vfork();

	if (pid == 0) {
		(void)execve(variant->words[0], variant->words, variant->envp);
		exec_errno = errno;
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
		die("start", variant->words[0]);
	sample.wall_ns = now_ns() - begin;
	sample.cpu_ns = to_ns(usage.ru_utime) + to_ns(usage.ru_stime);
	sample.peak_kib = usage.ru_maxrss;
	if (exec_errno) {
		errno = exec_errno;
		die("execute", variant->words[0]);
	}
	if (status != 0) {
		(void)fprintf(stderr, "driver: %s ended with wait status 0x%x\n", variant->words[0],
			      (unsigned)status);
		exit(1);
	}
	return sample;
}

/* Another order in each round, the same in each run. */
static void shuffle(size_t *order, size_t n, uint32_t *seed)
{
	for (size_t i = n; i > 1; i--) {
		size_t other, old = order[i - 1];

		*seed = *seed * 1664525U + 1013904223U;
		other = (*seed >> 8) % i;
		order[i - 1] = order[other];
		order[other] = old;
	}
}

/* A stream on standard output as it was; what is started gets /dev/null in its place. */
static FILE *take_output(void)
{
	int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	FILE *out = saved < 0 ? NULL : fdopen(saved, "w");

	if (!out || null < 0 || dup2(null, STDOUT_FILENO) < 0)
		die("redirect", "standard output");
	return out;
}

int main(int argc, char *argv[])
{
	struct variant variants[MAX_VARIANTS];
	size_t order[MAX_VARIANTS];
	long rounds = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
	uint32_t seed = 1;
	FILE *out;
	size_t n;

	if (rounds < 1) {
		(void)fprintf(stderr, "usage: driver ROUNDS < VARIANTS\n");
		return 2;
	}
	out = take_output();
	n = read_variants(variants);
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (long round = 0; round < rounds; round++) {
		shuffle(order, n, &seed);
		for (size_t i = 0; i < n; i++) {
			struct sample sample = start(&variants[order[i]]);

			(void)fprintf(out, "%ld %zu %" PRIu64 " %" PRIu64 " %ld\n", round, order[i],
				      sample.wall_ns, sample.cpu_ns, sample.peak_kib);
		}
	}
	return ferror(out) || fclose(out) ? 1 : 0;
}
