/* SPDX-License-Identifier: MIT */
/*
 * peak.c - how much memory a program had at its peak: peak COMMAND [ARG...]
 *
 * Prints the kilobytes as the last line of standard error and ends as the command did. It
 * is small and static on purpose: the peak that the kernel reports for a process begins with that
 * of the process it was forked from, so that Python as the parent would measure itself.
 */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct rusage usage;
	int status = 0;
	pid_t pid;

	if (argc < 2) {
		fprintf(stderr, "usage: peak COMMAND [ARG...]\n");
		return 125;
	}
	pid = fork();
	if (pid == 0) {
		execv(argv[1], argv + 1);
		perror(argv[1]);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) != pid) {
		perror("peak");
		return 125;
	}
	fprintf(stderr, "%ld\n", usage.ru_maxrss);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
