/* SPDX-License-Identifier: MIT */
/*
 * filter.h - a small seccomp filter for the emulators: some numbers get one answer.
 *
 * The emulators stand between croft and the kernel, so what they do must not
 * show: the command keeps its process id, its parent, its descriptors, and may
 * install filters of its own, fork and vfork. They execute the command in place.
 */
#ifndef CROFT_TESTS_FAKES_FILTER_H
#define CROFT_TESTS_FAKES_FILTER_H

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILTER_MAX 32 /* numbers in one filter */
#define NR_LANDLOCK_CREATE_RULESET 444 /* Linux 5.13; the same on every architecture */
#define NR_LANDLOCK_ADD_RULE 445
#define NR_LANDLOCK_RESTRICT_SELF 446

struct filter_errno {
	const char *name; /* as in errno(3), lower or upper case is the caller's affair */
	int errnum;
};

/* Ends the program: the emulator could not be set up, so the test would test nothing. */
static inline void filter_die(const char *program, const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", program, what, strerror(errno));
	exit(125);
}

/*
 * Gives each of the n call numbers the same seccomp action, all others pass.
 * Returns what seccomp(2) gave: a listener with SECCOMP_FILTER_FLAG_NEW_LISTENER.
 * A process without CAP_SYS_ADMIN needs no_new_privs for it, which is then set.
 */
static inline int filter_install(const uint32_t *numbers, size_t n, uint32_t action, unsigned flags)
{
	struct sock_filter program[FILTER_MAX + 3] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	};
	struct sock_fprog prog = { .len = (unsigned short)(n + 3), .filter = program };
	long r;

	if (n > FILTER_MAX) {
		errno = E2BIG;
		return -1;
	}
	for (size_t i = 0; i < n; i++)
		program[i + 1] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, numbers[i],
							      (unsigned char)(n - i), 0);
	program[n + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program[n + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
	if (r < 0 && errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
	return (int)r;
}

/* Executes the command in place; ends the program as a shell would when it cannot. */
static inline void filter_exec(const char *program, char **argv)
{
	int fd;

	execvp(argv[0], argv);
	/* where it is execve that is refused, this is another call */
	fd = errno == ENOENT ? -1 : open(argv[0], O_PATH | O_CLOEXEC);
	if (fd >= 0)
		syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	fprintf(stderr, "%s: %s: %s\n", program, argv[0], strerror(errno));
	exit(errno == ENOENT ? 127 : 126);
}

#endif
