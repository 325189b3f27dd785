/* SPDX-License-Identifier: MIT */
/*
 * probe_exec.c - what can be executed: a file in memory, a file that was just written, programs of
 * other architectures.
 *
 * All of it with programs of 200 bytes that only exit (tiny_elf.h), so that what is refused is
 * refused for where the file lies or for what it is. Those in TMPDIR, HOME and the working
 * directory have no name for longer than it takes to take it away: an end at any moment leaves
 * nothing. A file that is open for writing cannot be executed (ETXTBSY): it is opened
 * again, to be read, through /proc/self/fd; where there is no /proc there, by its name.
 *
 * noexec is a flag of a mount, and the kernel says EACCES, as it does for modes, Landlock and
 * SELinux. statfs tells of the flag, mountinfo which mount it is.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "doctor/tiny_elf.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define MFD_CLOEXEC_FLAG 1U
#define MFD_EXEC_FLAG 0x10U /* 6.3: "may be executed", against vm.memfd_noexec=1 */
#define NO_SUCH_FLAG 0x40000000U
#define BINFMT_FOLDER "/proc/sys/fs/binfmt_misc"

/*
 * A handler of binfmt_misc opens the program once more, as /dev/fd/N: of one that closes on exec
 * the kernel says ENOENT (load_misc_binary). qemu wants a name for it, too.
 */
static int exec_fd(void *arg)
{
	static char *const argv[] = { (char *)(uintptr_t) "croft-doctor", NULL };
	static char *const none[] = { NULL };
	const int *fd = arg;
	int r = sys_fcntl(*fd, F_SETFD, 0);

	if (r >= 0)
		r = (int)sys_raw(__NR_execveat, *fd, (long)(uintptr_t) "", (long)(uintptr_t)argv,
				 (long)(uintptr_t)none, AT_EMPTY_PATH, 0);
	return CHILD_ERRNO(r);
}

/* 0 if it ran; -errno of exec; -ENOTSUP if it was taken and did not run as it should. */
static int run_fd(int fd)
{
	int r = child_result(exec_fd, &fd);

	if (r == TINY_ELF_STATUS || r < 0)
		return r < 0 ? r : 0;
	return r == 0 || r >= CHILD_SIGNALLED ? -ENOTSUP : -r;
}

static int write_program(int fd, const struct tiny_elf *elf)
{
	unsigned char program[TINY_ELF_MAX];

	return fd_write_all(fd, program, tiny_elf_build(elf, program));
}

static int open_again(int fd)
{
	char path[32];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return sys_openat(AT_FDCWD, path, O_RDONLY, 0);
}

static int make_memfd(unsigned flags)
{
	return (int)sys_raw(__NR_memfd_create, (long)(uintptr_t) "croft-doctor",
			    MFD_CLOEXEC_FLAG | flags, 0, 0, 0, 0);
}

static void report_exec(const struct probe_context *context, enum obs id, const char *subject,
			const char *step, int r, int64_t value, const char *text)
{
	report_of(context, id, subject, r < 0 ? OBS_NO : OBS_YES,
		  r == -ENOTSUP ? "effect"
		  : r < 0       ? step
				: NULL,
		  r < 0 && r != -ENOTSUP ? -r : 0, value, text);
}

/* Flags that no kernel takes, and no file: what comes is EINVAL and EBADF, or a filter's. */
static void probe_invalid(const struct probe_context *context)
{
	static char *const none[] = { NULL };
	int r = make_memfd(NO_SUCH_FLAG);

	report_of(context, OBS_EXEC_INVALID, "memfd_create", OBS_NO, NULL, r < 0 ? -r : 0,
		  OBS_NO_VALUE, NULL);
	r = (int)sys_raw(__NR_execveat, -1, (long)(uintptr_t) "", (long)(uintptr_t)none,
			 (long)(uintptr_t)none, AT_EMPTY_PATH, 0);
	report_of(context, OBS_EXEC_INVALID, "execveat", OBS_NO, NULL, r < 0 ? -r : 0, OBS_NO_VALUE,
		  NULL);
}

/* A program in memory: as any program makes it, and as new ones do. */
static void probe_memfd(const struct probe_context *context)
{
	static const struct {
		const char *name;
		unsigned flags;
	} ways[] = { { "plain", 0 }, { "exec", MFD_EXEC_FLAG } };
	char text[16];
	uint64_t number;

	probe_invalid(context);
	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		AUTO_FD int fd = make_memfd(ways[i].flags);
		const char *step = "memfd_create";
		int r = fd;

		if (r >= 0) {
			step = "execveat";
			r = write_program(fd, &tiny_elfs[TINY_ELF_NATIVE]);
			r = r < 0 ? r : run_fd(fd);
		}
		report_exec(context, OBS_MEMFD_EXEC, ways[i].name, step, r, OBS_NO_VALUE, NULL);
	}
	if (text_read(AT_FDCWD, "/proc/sys/vm/memfd_noexec", text, sizeof(text)) > 0 &&
	    text_number(text, 10, &number) == 0)
		probe_value(context, OBS_MEMFD_NOEXEC, (int64_t)number, NULL);
}

/* Writable, and already without a name; -errno. */
static int make_nameless(int dir, const char **step)
{
	char name[48];
	int fd = sys_openat(dir, ".", O_TMPFILE | O_RDWR, 0700);

	*step = "create";
	if (fd >= 0)
		return fd;
	(void)snprintf(name, sizeof(name), ".croft-doctor-%d", sys_getpid());
	fd = sys_openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0700);
	if (fd >= 0)
		(void)sys_unlinkat(dir, name, 0);
	return fd;
}

/* gVisor and hosts without /proc: a name, for as long as it takes to open it again. */
static int make_named(int dir)
{
	AUTO_FD int fd = -1;
	char name[48];
	int again, r;

	(void)snprintf(name, sizeof(name), ".croft-doctor-%d", sys_getpid());
	fd = sys_openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0700);
	if (fd < 0)
		return fd;
	r = write_program(fd, &tiny_elfs[TINY_ELF_NATIVE]);
	again = r < 0 ? r : sys_openat(dir, name, O_RDONLY | O_NOFOLLOW, 0);
	(void)sys_unlinkat(dir, name, 0);
	return again;
}

static int run_written(int dir, const char **step)
{
	AUTO_FD int fd = make_nameless(dir, step);
	AUTO_FD int again = -1;
	int r;

	if (fd < 0)
		return fd;
	*step = "write";
	r = write_program(fd, &tiny_elfs[TINY_ELF_NATIVE]);
	if (r < 0)
		return r;
	again = open_again(fd);
	fd_close(&fd);
	if (again < 0) {
		*step = "open";
		again = make_named(dir);
	}
	if (again < 0)
		return again;
	*step = "execveat";
	return run_fd(again);
}

static void try_place(const struct probe_context *context, const char *name, const char *path)
{
	AUTO_FD int dir = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0);
	char text[512], mount[256];
	const char *step = "open";
	struct statfs fs;
	int r = dir < 0 ? dir : run_written(dir, &step);

	if (strcmp(step, "execveat") != 0) {
		/* what cannot be written cannot be asked: no trouble of exec's */
		report_of(context, OBS_EXEC_WRITTEN, name, OBS_NOT_ASKED, step, r < 0 ? -r : 0,
			  OBS_NO_VALUE, path);
		return;
	}
	(void)snprintf(text, sizeof(text), "%s", path);
	report_exec(context, OBS_EXEC_WRITTEN, name, step, r, OBS_NO_VALUE, text);
	if (r == -EACCES && sys_fstatfs(dir, &fs) == 0 && fs.f_flags & ST_NOEXEC) {
		mount_point_of(path, mount, sizeof(mount));
		report_of(context, OBS_NOEXEC, name, OBS_YES, NULL, 0, OBS_NO_VALUE, mount);
	}
}

static void probe_written(const struct probe_context *context)
{
	const char *tmp = getenv("TMPDIR"), *home = getenv("HOME");

	try_place(context, "TMPDIR", tmp && *tmp ? tmp : "/tmp");
	if (home && *home)
		try_place(context, "HOME", home);
	try_place(context, "cwd", ".");
}

/* Executed as a file in memory; where there are none, written. */
static int run_elf(const struct probe_context *context, const struct tiny_elf *elf)
{
	AUTO_FD int memory = make_memfd(MFD_EXEC_FLAG), again = -1;
	AUTO_FD int dir = -1;
	int r;

	/* EINVAL: the flag is not known, before 6.3 and in gVisor */
	if (memory < 0)
		memory = make_memfd(0);
	if (memory < 0) {
		dir = sys_openat(AT_FDCWD, context->tmp, O_RDONLY | O_DIRECTORY, 0);
		memory = dir < 0 ? dir : sys_openat(dir, elf->name, O_RDWR | O_CREAT, 0700);
	}
	r = memory < 0 ? memory : write_program(memory, elf);
	if (r < 0)
		return r;
	if (dir < 0)
		return run_fd(memory);
	fd_close(&memory);
	again = sys_openat(dir, elf->name, O_RDONLY, 0);
	return again < 0 ? again : run_fd(again);
}

/* What binfmt_misc has for it, by the name that qemu's packages give; flags and interpreter. */
static void report_handler(const struct probe_context *context, const struct tiny_elf *elf)
{
	char path[96], text[2048], interpreter[256], flags[32];
	struct stat st;
	bool is_fixed, is_there;

	(void)snprintf(path, sizeof(path), BINFMT_FOLDER "/qemu-%s", elf->qemu);
	if (text_read(AT_FDCWD, path, text, sizeof(text)) <= 0 ||
	    !text_line(text, "interpreter ", interpreter, sizeof(interpreter)))
		return;
	(void)text_line(text, "flags:", flags, sizeof(flags));
	is_fixed = strchr(flags, 'F');
	is_there = sys_fstatat(AT_FDCWD, interpreter, &st, 0) == 0;
	report_of(context, OBS_BINFMT, elf->name, OBS_YES,
		  strncmp(text, "enabled", 7) ? "disabled"
		  : is_fixed || is_there      ? NULL
					      : "missing",
		  0, is_fixed, interpreter);
}

static void probe_arch(const struct probe_context *context)
{
	for (size_t i = 0; i < n_tiny_elfs; i++) {
		report_exec(context, OBS_ARCH_RUNS, tiny_elfs[i].name, "execveat",
			    run_elf(context, &tiny_elfs[i]), (int64_t)i, NULL);
		report_handler(context, &tiny_elfs[i]);
	}
	probe_value(context, OBS_PAGE_SIZE, sysconf(_SC_PAGESIZE), NULL);
}

/* Programs of 2010 call the kernel's page for the time; a new kernel may have none there. */
#if defined(__x86_64__)
#define VSYSCALL_TIME UINT64_C(0xffffffffff600400)

static int act_vsyscall(void *unused)
{
	long (*time_of)(long *) = (long (*)(long *))(uintptr_t)VSYSCALL_TIME;

	(void)unused;
	return time_of(NULL) > 0 ? 0 : 1;
}

static void probe_vsyscall(const struct probe_context *context)
{
	int r = child_result(act_vsyscall, NULL);

	if (r == 0)
		probe_yes(context, OBS_VSYSCALL, NULL);
	else
		probe_no(context, OBS_VSYSCALL, r >= CHILD_SIGNALLED ? "signal" : "effect", 0,
			 NULL);
}
#endif

static const struct probe probes[] = {
	{ .id = OBS_MEMFD_EXEC, .run = probe_memfd },
	{ .id = OBS_EXEC_WRITTEN, .run = probe_written },
	{ .id = OBS_ARCH_RUNS, .run = probe_arch, .wants_tmp = true },
#if defined(__x86_64__)
	{ .id = OBS_VSYSCALL, .run = probe_vsyscall },
#endif
};
const struct probe_table probes_exec = { probes, ARRAY_SIZE(probes) };
