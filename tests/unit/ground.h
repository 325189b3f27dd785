/* SPDX-License-Identifier: MIT */
/*
 * ground.h - what the unit tests of enforce, launch and cli stand on: a directory of their own,
 * processes that may be confined or killed, and plans made by hand.
 *
 * An assertion of cmocka must not fail in a forked process, which would go on with the tests there.
 * So what runs in one is a function that gives the number of the line that was wrong (EXPECT), and
 * in_child hands it over.
 */
#ifndef CROFT_TESTS_UNIT_GROUND_H
#define CROFT_TESTS_UNIT_GROUND_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "launch/tmpdir.h"
#include "plan/plan.h"
#include "sys/calls.h"

#define GROUND_PATH 600 /* the scratch directory and a short name in it */

static char scratch[512]; /* the true name of this program's directory */

/* In a function for in_child: ends it with this line's number unless the condition holds. */
#define EXPECT(condition)                \
	do {                             \
		if (!(condition))        \
			return __LINE__; \
	} while (0)

static inline int ground_open(void **state)
{
	const char *parent = getenv("TMPDIR");
	char path[400], *real;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/croft-unit-XXXXXX", parent ? parent : "/tmp");
	if (!mkdtemp(path))
		return -1;
	real = realpath(path, NULL);
	if (!real || strlen(real) >= sizeof(scratch))
		return -1;
	(void)snprintf(scratch, sizeof(scratch), "%s", real);
	free(real);
	return 0;
}

static inline int ground_close(void **state)
{
	(void)state;
	return tmpdir_remove(scratch);
}

/* The real calls again; as a teardown. */
static inline int ground_restore(void **state)
{
	(void)state;
	for (int i = 0; i < SYS_CALL_MAX; i++)
		sys_replace((enum sys_call)i, NULL);
	return 0;
}

/* A replacement that fails: what it answers is set beside it. */
static long ground_answer;

static inline long ground_gives(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	(void)call, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
	return ground_answer;
}

static inline void ground_replace(enum sys_call call, long answer)
{
	ground_answer = answer;
	sys_replace(call, ground_gives);
}

/* scratch/name; the buffer is the caller's. */
static inline const char *in_scratch(char path[GROUND_PATH], const char *name)
{
	(void)snprintf(path, GROUND_PATH, "%s/%s", scratch, name);
	return path;
}

static inline void make_dir(const char *name)
{
	char path[GROUND_PATH];

	assert_return_code(mkdir(in_scratch(path, name), 0755), errno);
}

static inline void make_file(const char *name, const char *text, mode_t mode)
{
	char path[GROUND_PATH];
	int fd = open(in_scratch(path, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_return_code(fd, errno);
	assert_int_equal(write(fd, text, strlen(text)), (long)strlen(text));
	assert_return_code(fchmod(fd, mode), errno);
	(void)close(fd);
}

/*
 * The smallest file that exec takes for a static program of this machine: one segment of nothing
 * but itself. Never executed here.
 */
static inline void make_program(const char *name)
{
	static const struct {
		Elf64_Ehdr header;
		Elf64_Phdr segment;
	} image = {
		.header = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			    .e_type = ET_EXEC,
#ifdef __aarch64__
			    .e_machine = EM_AARCH64,
#else
			    .e_machine = EM_X86_64,
#endif
			    .e_version = EV_CURRENT,
			    .e_entry = 0x400000,
			    .e_phoff = sizeof(Elf64_Ehdr),
			    .e_ehsize = sizeof(Elf64_Ehdr),
			    .e_phentsize = sizeof(Elf64_Phdr),
			    .e_phnum = 1 },
		.segment = { .p_type = PT_LOAD,
			     .p_flags = PF_R | PF_X,
			     .p_vaddr = 0x400000,
			     .p_paddr = 0x400000,
			     .p_filesz = sizeof(image),
			     .p_memsz = sizeof(image),
			     .p_align = 4096 },
	};
	char path[GROUND_PATH];
	int fd = open(in_scratch(path, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);

	assert_return_code(fd, errno);
	assert_int_equal(write(fd, &image, sizeof(image)), (long)sizeof(image));
	assert_return_code(fchmod(fd, 0755), errno);
	(void)close(fd);
}

/* The text of a file in the scratch directory, "" if there is none. */
static inline const char *text_of(const char *name, char *text, size_t size)
{
	char path[GROUND_PATH];
	int fd = open(in_scratch(path, name), O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		(void)close(fd);
	return text;
}

static inline bool exists(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0;
}

/* How many names there are in a directory of the scratch directory, "" for itself. */
static inline int count_names(const char *name)
{
	_Alignas(uint64_t) char entries[4096];
	char path[GROUND_PATH];
	int fd = open(in_scratch(path, name), O_RDONLY | O_DIRECTORY | O_CLOEXEC), count = 0;
	ssize_t n;

	while ((n = sys_getdents64(fd, entries, sizeof(entries))) > 0)
		for (ssize_t at = 0; at < n; count++)
			at += ((const struct sys_dirent *)(const void *)(entries + at))->length;
	(void)close(fd);
	return count - 2;
}

/* The lowest free descriptor: the same before and after means that none was left open. */
static inline int lowest_free(void)
{
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (fd >= 0)
		(void)close(fd);
	return fd;
}

/* True if there is no child of any kind, dead ones included. */
static inline bool has_no_children(void)
{
	return waitpid(-1, NULL, __WALL | WNOHANG) == -1 && errno == ECHILD;
}

/* True as soon as the condition is; false if it is not within some seconds. */
static inline bool comes_true(bool (*is)(const void *), const void *data)
{
	for (int i = 0; i < 1000; i++) {
		if (is(data))
			return true;
		(void)usleep(5000);
	}
	return false;
}

static inline bool is_gone(const void *path)
{
	return !exists(path);
}

/*
 * Runs fn in a process of its own: 0 if it gives 0, else the line that it gives; below 0 if the
 * process ended before, by -signal or -1000 - status.
 */
static inline int in_child(int (*fn)(void *), void *data)
{
	int *line = mmap(NULL, sizeof(*line), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			 -1, 0);
	int status, result;
	pid_t pid;

	assert_true(line != MAP_FAILED);
	*line = INT_MIN;
	pid = fork();
	if (pid == 0) {
		*line = fn(data);
		_exit(0);
	}
	assert_return_code(pid, errno);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	result = *line;
	if (WIFSIGNALED(status))
		result = -WTERMSIG(status);
	else if (WEXITSTATUS(status) || result == INT_MIN)
		result = -1000 - WEXITSTATUS(status);
	(void)munmap(line, sizeof(*line));
	return result;
}

/* A plan made by hand, in which nothing is wanted: no Landlock, no filter, no row. */
struct bare {
	struct profile profile;
	struct plan plan;
};

static inline void bare_init(struct bare *bare, const char *const *argv)
{
	static const char *const no_env[] = { "PATH=/usr/bin:/bin", NULL };

	memset(bare, 0, sizeof(*bare));
	bare->plan.profile = &bare->profile;
	bare->plan.syscalls.is_off = true;
	bare->plan.command.argv = argv;
	bare->plan.command.path = argv ? argv[0] : NULL;
	bare->plan.command.envp = no_env;
	for (int i = 0; i < PROTECT_MAX; i++) {
		bare->plan.rows[i].protection = (enum protection)i;
		bare->plan.rows[i].state = STATE_ABSENT;
		bare->plan.rows[i].mechanisms = bare->plan.rows[i].missing = "";
		bare->plan.rows[i].mend = "";
	}
}

#endif
