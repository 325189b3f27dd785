/* SPDX-License-Identifier: MIT */
/*
 * test_calls.c - each real call does what its wrapper says. What the C library has
 * its own way of asking is compared with that.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define STACK_SIZE ((size_t)256 * 1024)

static enum sys_call last_call;
static long last_args[6];

static long fails_with_eproto(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	const long args[6] = { a, b, c, d, e, f };

	last_call = call;
	memcpy(last_args, args, sizeof(args));
	return -EPROTO;
}

static int restore(void **state)
{
	(void)state;
	for (int i = 0; i < SYS_CALL_MAX; i++)
		sys_replace((enum sys_call)i, NULL);
	return 0;
}

static char *const no_strings[] = { NULL };

static int child_exits_7(void *arg)
{
	(void)arg;
	return 7;
}

static void a_replacement_can_pass_the_call_on(void **state)
{
	(void)state;
	assert_int_equal(sys_real(SYS_CALL_getpid, 0, 0, 0, 0, 0, 0), getpid());
	assert_int_equal(sys_real(SYS_CALL_close, -1, 0, 0, 0, 0, 0), -EBADF);
	assert_int_equal(sys_real(SYS_CALL_clone, 0, 0, 0, 0, 0, 0), 0);
}

static bool is_cloexec(int fd)
{
	return fcntl(fd, F_GETFD) == FD_CLOEXEC;
}

static void descriptors_are_cloexec_from_birth(void **state)
{
	AUTO_FD int file = sys_openat(AT_FDCWD, "/dev/null", O_RDONLY, 0);
	AUTO_FD int pidfd = sys_pidfd_open(getpid(), 0);
	AUTO_FD int signals = sys_signalfd(0);
	int ends[2];

	(void)state;
	assert_true(is_cloexec(file));
	assert_true(is_cloexec(pidfd));
	assert_true(is_cloexec(signals));
	assert_true(fcntl(signals, F_GETFL) & O_NONBLOCK);
	assert_int_equal(sys_pipe(ends), 0);
	assert_true(is_cloexec(ends[0]));
	assert_true(is_cloexec(ends[1]));
	fd_close(&ends[0]);
	fd_close(&ends[1]);
}

static void a_stat_is_the_c_librarys_stat(void **state)
{
	AUTO_FD int fd = sys_openat(AT_FDCWD, "/", O_PATH, 0);
	struct stat expected, got, by_fd;

	(void)state;
	assert_int_equal(stat("/", &expected), 0);
	assert_int_equal(sys_fstatat(AT_FDCWD, "/", &got, 0), 0);
	assert_int_equal(sys_fstatat(fd, "", &by_fd, AT_EMPTY_PATH), 0);
	assert_int_equal(got.st_mode, expected.st_mode);
	assert_int_equal(got.st_ino, expected.st_ino);
	assert_int_equal(got.st_dev, expected.st_dev);
	assert_int_equal(got.st_uid, expected.st_uid);
	assert_int_equal(got.st_nlink, expected.st_nlink);
	assert_int_equal(got.st_mtime, expected.st_mtime);
	assert_int_equal(by_fd.st_ino, expected.st_ino);
}

static void files_are_made_moved_listed_and_removed(void **state)
{
	_Alignas(struct sys_dirent) char entries[1024];
	char dir[] = "/tmp/croft-test-calls-XXXXXX", link[8];
	struct stat found;
	int fd;

	(void)state;
	assert_non_null(mkdtemp(dir));
	fd = sys_openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY, 0);
	assert_int_equal(sys_mkdirat(fd, "a", 0700), 0);
	assert_int_equal(sys_mkdirat(fd, "a", 0700), -EEXIST);
	assert_int_equal(sys_fchmodat(fd, "a", 0750), 0);
	assert_int_equal(sys_renameat2(fd, "a", fd, "b", 0), 0);
	assert_int_equal(sys_fstatat(fd, "a", &found, 0), -ENOENT);
	assert_int_equal(sys_fstatat(fd, "b", &found, 0), 0);
	assert_int_equal(found.st_mode, S_IFDIR | 0750);
	assert_int_equal(sys_faccessat(fd, "b", F_OK), 0);
	assert_int_equal(sys_faccessat(fd, "a", F_OK), -ENOENT);
	assert_true(sys_getdents64(fd, entries, sizeof(entries)) > 0);
	assert_int_equal(sys_getdents64(fd, entries, sizeof(entries)), 0);
	assert_int_equal(symlinkat("0123456789", fd, "l"), 0);
	assert_int_equal(sys_readlinkat(fd, "l", link, sizeof(link)), 8);
	assert_memory_equal(link, "01234567", 8);
	assert_int_equal(sys_unlinkat(fd, "l", 0), 0);
	assert_int_equal(sys_unlinkat(fd, "b", 0), -EISDIR);
	assert_int_equal(sys_unlinkat(fd, "b", AT_REMOVEDIR), 0);
	fd_close(&fd);
	assert_int_equal(rmdir(dir), 0);
}

static void the_working_directory_is_told_and_changed(void **state)
{
	AUTO_FD int before = sys_openat(AT_FDCWD, ".", O_RDONLY | O_DIRECTORY, 0);
	char cwd[16];

	(void)state;
	assert_true(before >= 0);
	assert_int_equal(sys_chdir("/dev"), 0);
	assert_int_equal(sys_getcwd(cwd, sizeof(cwd)), 5);
	assert_string_equal(cwd, "/dev");
	assert_int_equal(sys_getcwd(cwd, 4), -ERANGE);
	assert_int_equal(sys_fchdir(before), 0);
	assert_int_equal(sys_chdir("/nowhere/at/all"), -ENOENT);
}

static void an_exec_that_fails_returns(void **state)
{
	(void)state;
	assert_int_equal(sys_execve("/nowhere/at/all", no_strings, no_strings), -ENOENT);
}

static void polls_end_in_time_or_when_ready(void **state)
{
	struct pollfd poll_in = { .events = POLLIN };
	int64_t before, after;
	int ends[2];

	(void)state;
	assert_int_equal(sys_pipe(ends), 0);
	poll_in.fd = ends[0];
	assert_int_equal(sys_ppoll(&poll_in, 1, 0), 0);
	assert_int_equal(sys_clock_ms(&before), 0);
	assert_int_equal(sys_ppoll(&poll_in, 1, 1020), 0);
	assert_int_equal(sys_clock_ms(&after), 0);
	assert_true(after - before >= 1019);
	assert_int_equal(sys_write(ends[1], "x", 1), 1);
	assert_int_equal(sys_ppoll(&poll_in, 1, -1), 1);
	assert_int_equal(poll_in.revents, POLLIN);
	fd_close(&ends[0]);
	fd_close(&ends[1]);
}

static int *shared_number;

static int child_writes_memory(void *arg)
{
	int *number = arg;

	*number = 5;
	return 3;
}

static void a_clone_has_its_own_memory_unless_it_borrows_ours(void **state)
{
	int number = 0, status = 0, pidfd = -1;
	siginfo_t info;
	void *base;
	pid_t pid;

	(void)state;
	assert_int_equal(sys_mmap_stack(STACK_SIZE, &base), 0);
	pid = sys_clone(child_writes_memory, (char *)base + STACK_SIZE, SIGCHLD, &number, NULL);
	assert_true(pid > 0);
	assert_int_equal(sys_wait4(pid, &status, 0, NULL), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_int_equal(number, 0);

	shared_number = &number;
	pid = sys_clone(child_writes_memory, (char *)base + STACK_SIZE,
			CLONE_VM | CLONE_VFORK | ABI_CLONE_PIDFD | SIGCHLD, shared_number, &pidfd);
	assert_true(pid > 0);
	assert_true(is_cloexec(pidfd));
	memset(&info, 0, sizeof(info));
	assert_int_equal(sys_waitid(P_PID, pid, &info, WEXITED), 0);
	assert_int_equal(info.si_pid, pid);
	assert_int_equal(info.si_status, 3);
	assert_int_equal(info.si_code, CLD_EXITED);
	assert_int_equal(number, 5);
	assert_int_equal(sys_pidfd_send_signal(pidfd, 0), -ESRCH);
	fd_close(&pidfd);
	assert_int_equal(sys_munmap(base, STACK_SIZE), 0);
}

static void a_clone_that_cannot_be_made_sets_no_pidfd(void **state)
{
	char data[64];
	int pidfd = -7;

	(void)state;
	sys_replace(SYS_CALL_clone, fails_with_eproto);
	assert_int_equal(sys_clone(child_exits_7, data, ABI_CLONE_PIDFD | SIGCHLD, NULL, &pidfd),
			 -EPROTO);
	assert_int_equal(pidfd, -7);
	assert_int_equal(last_args[0], ABI_CLONE_PIDFD | SIGCHLD);
	assert_int_equal(last_args[1], (long)(uintptr_t)data);
	sys_replace(SYS_CALL_clone, NULL);
	/* a thread must share the signal handlers, and those the memory (clone(2)) */
	assert_int_equal(sys_clone(child_exits_7, data + sizeof(data), CLONE_THREAD, NULL, &pidfd),
			 -EINVAL);
	assert_int_equal(pidfd, -7);
}

static int child_waits(void *arg)
{
	(void)arg;
	return sys_ppoll(NULL, 0, -1);
}

static void signals_reach_a_child_by_number_and_by_descriptor(void **state)
{
	struct rusage usage;
	int status, pidfd = -1;
	void *base;
	pid_t pid;

	(void)state;
	assert_int_equal(sys_mmap_stack(STACK_SIZE, &base), 0);
	pid = sys_clone(child_waits, (char *)base + STACK_SIZE, SIGCHLD, NULL, NULL);
	assert_true(pid > 0);
	assert_int_equal(sys_wait4(pid, &status, WNOHANG, NULL), 0);
	assert_int_equal(sys_kill(pid, SIGKILL), 0);
	memset(&usage, 0xff, sizeof(usage));
	assert_int_equal(sys_wait4(pid, &status, 0, &usage), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_true(usage.ru_maxrss >= 0); /* it was -1 */

	pid = sys_clone(child_waits, (char *)base + STACK_SIZE, ABI_CLONE_PIDFD | SIGCHLD, NULL,
			&pidfd);
	assert_true(pid > 0);
	assert_int_equal(sys_pidfd_send_signal(pidfd, SIGKILL), 0);
	assert_int_equal(sys_wait4(pid, &status, 0, NULL), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	fd_close(&pidfd);
	assert_int_equal(sys_munmap(base, STACK_SIZE), 0);
}

/* The signal that ended a child which wrote one byte there, or 0. */
static int signal_of_a_write_to(volatile char *at)
{
	int status = 0;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		(void)signal(SIGSEGV, SIG_DFL);
		*at = 1;
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void a_stack_has_a_guard_at_its_low_end(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *base = NULL;

	(void)state;
	assert_int_equal(sys_mmap_stack(STACK_SIZE, &base), 0);
	assert_int_equal(signal_of_a_write_to(base), SIGSEGV);
	assert_int_equal(signal_of_a_write_to((char *)base + page - 1), SIGSEGV);
	assert_int_equal(signal_of_a_write_to((char *)base + page), 0);
	assert_int_equal(signal_of_a_write_to((char *)base + STACK_SIZE - 1), 0);
	assert_int_equal(sys_munmap(base, STACK_SIZE), 0);
	assert_int_equal(sys_mmap_stack(page, &base), -EINVAL);
	assert_int_equal(sys_mmap_stack(0, &base), -EINVAL);
}

static long mapped_at;

static long second_map_fails(enum sys_call call, long a, long b, long c, long d, long e, long f)
{
	if (mapped_at)
		return -ENOMEM;
	mapped_at = sys_real(call, a, b, c, d, e, f);
	return mapped_at;
}

static void a_stack_that_fails_half_way_leaves_no_mapping(void **state)
{
	unsigned char is_resident[STACK_SIZE / 4096];
	void *base = NULL;

	(void)state;
	mapped_at = 0;
	sys_replace(SYS_CALL_mmap, second_map_fails);
	assert_int_equal(sys_mmap_stack(STACK_SIZE, &base), -ENOMEM);
	assert_null(base);
	assert_int_equal(mincore((void *)(uintptr_t)mapped_at, STACK_SIZE, is_resident), -1);
	assert_int_equal(errno, ENOMEM);
}

static void dispositions_and_masks_are_those_the_c_library_sees(void **state)
{
	const struct sys_sigaction ignore = { .handler = SIG_IGN };
	const uint64_t usr1 = UINT64_C(1) << (SIGUSR1 - 1);
	struct sys_sigaction old, now;
	struct sigaction seen;
	uint64_t old_mask = 0;
	sigset_t seen_mask;

	(void)state;
	assert_int_equal(sys_sigaction(SIGUSR2, &ignore, &old), 0);
	assert_true(old.handler == SIG_DFL);
	assert_int_equal(sigaction(SIGUSR2, NULL, &seen), 0);
	assert_true(seen.sa_handler == SIG_IGN);
	assert_int_equal(sys_sigaction(SIGUSR2, &old, &now), 0);
	assert_true(now.handler == SIG_IGN);
	assert_int_equal(sys_sigaction(SIGKILL, &ignore, NULL), -EINVAL);

	assert_int_equal(sys_sigprocmask(SIG_BLOCK, &usr1, &old_mask), 0);
	assert_int_equal(old_mask & usr1, 0);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &seen_mask), 0);
	assert_true(sigismember(&seen_mask, SIGUSR1));
	assert_int_equal(sys_sigprocmask(SIG_SETMASK, &old_mask, NULL), 0);
	assert_int_equal(sigprocmask(SIG_BLOCK, NULL, &seen_mask), 0);
	assert_false(sigismember(&seen_mask, SIGUSR1));
}

static void a_blocked_signal_is_read_from_a_descriptor(void **state)
{
	const uint64_t usr1 = UINT64_C(1) << (SIGUSR1 - 1);
	AUTO_FD int fd = sys_signalfd(usr1);
	char got[128];
	uint64_t old;

	(void)state;
	assert_int_equal(sys_sigprocmask(SIG_BLOCK, &usr1, &old), 0);
	assert_int_equal(sys_read(fd, got, sizeof(got)), -EAGAIN);
	assert_int_equal(sys_tgkill(sys_getpid(), sys_gettid(), SIGUSR1), 0);
	assert_int_equal(sys_read(fd, got, sizeof(got)), sizeof(got));
	assert_int_equal(got[0], SIGUSR1);
	assert_int_equal(sys_sigprocmask(SIG_SETMASK, &old, NULL), 0);
}

/* A line of /proc/self/status, as a hexadecimal number. */
static unsigned long long status_hex(const char *key)
{
	char text[8192];
	const char *at;

	assert_true(fd_read_file(AT_FDCWD, "/proc/self/status", text, sizeof(text)) > 0);
	at = strstr(text, key);
	assert_non_null(at);
	return strtoull(at + strlen(key), NULL, 16);
}

static void capabilities_are_those_of_proc_and_are_set_as_given(void **state)
{
	struct sys_caps got, dropped;
	int status = 0;
	pid_t pid;

	(void)state;
	assert_int_equal(sys_capget(&got), 0);
	assert_true(((unsigned long long)got.permitted[1] << 32 | got.permitted[0]) ==
		    status_hex("CapPrm:"));
	assert_true(((unsigned long long)got.effective[1] << 32 | got.effective[0]) ==
		    status_hex("CapEff:"));
	assert_true(((unsigned long long)got.inheritable[1] << 32 | got.inheritable[0]) ==
		    status_hex("CapInh:"));
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		memset(&dropped, 0, sizeof(dropped));
		_exit(sys_capset(&dropped) == 0 && sys_capget(&dropped) == 0 &&
				      !dropped.permitted[0] && !dropped.permitted[1]
			      ? 0
			      : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void limits_are_those_of_the_c_library_and_are_set(void **state)
{
	struct rlimit seen, old, lower;

	(void)state;
	assert_int_equal(sys_prlimit(RLIMIT_NOFILE, NULL, &old), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &seen), 0);
	assert_int_equal(old.rlim_cur, seen.rlim_cur);
	assert_int_equal(old.rlim_max, seen.rlim_max);
	lower = (struct rlimit){ .rlim_cur = 100, .rlim_max = old.rlim_max };
	assert_int_equal(sys_prlimit(RLIMIT_NOFILE, &lower, NULL), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &seen), 0);
	assert_int_equal(seen.rlim_cur, 100);
	assert_int_equal(sys_prlimit(RLIMIT_NOFILE, &old, NULL), 0);
}

static void identities_are_those_of_the_c_library(void **state)
{
	struct utsname name;

	(void)state;
	assert_int_equal(sys_getpid(), getpid());
	assert_int_equal(sys_getppid(), getppid());
	assert_int_equal(sys_getuid(), getuid());
	assert_int_equal(sys_geteuid(), geteuid());
	assert_int_equal(sys_getegid(), getegid());
	assert_int_equal(sys_gettid(), getpid());
	assert_int_equal(sys_uname(&name), 0);
	assert_string_equal(name.sysname, "Linux");
}

static void random_bytes_differ(void **state)
{
	char a[16] = "", b[16] = "";

	(void)state;
	assert_int_equal(sys_getrandom(a, sizeof(a)), 16);
	assert_int_equal(sys_getrandom(b, sizeof(b)), 16);
	assert_memory_not_equal(a, b, sizeof(a));
}

static void a_range_of_descriptors_is_closed(void **state)
{
	int low = sys_fcntl(0, F_DUPFD_CLOEXEC, 900), high = sys_fcntl(0, F_DUPFD_CLOEXEC, 901);
	int r = sys_close_range(900, 901, 0);

	(void)state;
	if (r == -ENOSYS) {
		print_message("no close_range here\n");
		skip();
	}
	assert_int_equal(low, 900);
	assert_int_equal(high, 901);
	assert_int_equal(r, 0);
	assert_int_equal(sys_close(900), -EBADF);
	assert_int_equal(sys_close(901), -EBADF);
}

static void prctl_and_unshare_do_what_they_say(void **state)
{
	int status = 0;
	pid_t pid = fork();

	(void)state;
	assert_true(pid >= 0);
	if (pid == 0) {
		if (sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		    sys_prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
			_exit(1);
		if (sys_unshare(CLONE_FILES) != 0 || sys_unshare(1) != -EINVAL)
			_exit(2);
		if (sys_setsid() != getpid() || sys_setsid() != -EPERM)
			_exit(3);
		sys_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* gVisor refuses a number that is no int, and "to the last one" must hold there as well. */
static void a_range_of_descriptors_ends_where_they_do(void **state)
{
	(void)state;
	sys_replace(SYS_CALL_close_range, fails_with_eproto);
	assert_int_equal(sys_close_range(3, ~0U, 4), -EPROTO);
	assert_int_equal(last_args[0], 3);
	assert_int_equal(last_args[1], INT_MAX);
	assert_int_equal(sys_close_range(UINT_MAX, UINT_MAX, 4), -EPROTO);
	assert_int_equal(last_args[0], INT_MAX);
	assert_int_equal(sys_close_range(0, 7, 0), -EPROTO);
	assert_int_equal(last_args[1], 7);
}

static void shared_memory_is_shared_with_a_copy_of_the_process(void **state)
{
	void *base = NULL, *other;
	pid_t pid;

	(void)state;
	assert_int_equal(sys_mmap_shared(sizeof(int), &base), 0);
	assert_int_equal(*(int *)base, 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		*(int *)base = 7;
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_int_equal(*(int *)base, 7);
	assert_int_equal(sys_munmap(base, sizeof(int)), 0);
	sys_replace(SYS_CALL_mmap, fails_with_eproto);
	other = base;
	assert_int_equal(sys_mmap_shared(sizeof(int), &other), -EPROTO);
	assert_ptr_equal(other, base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_replacement_can_pass_the_call_on),
		cmocka_unit_test(descriptors_are_cloexec_from_birth),
		cmocka_unit_test(a_stat_is_the_c_librarys_stat),
		cmocka_unit_test(files_are_made_moved_listed_and_removed),
		cmocka_unit_test(the_working_directory_is_told_and_changed),
		cmocka_unit_test(an_exec_that_fails_returns),
		cmocka_unit_test(polls_end_in_time_or_when_ready),
		cmocka_unit_test(a_clone_has_its_own_memory_unless_it_borrows_ours),
		cmocka_unit_test_teardown(a_clone_that_cannot_be_made_sets_no_pidfd, restore),
		cmocka_unit_test(signals_reach_a_child_by_number_and_by_descriptor),
		cmocka_unit_test(a_stack_has_a_guard_at_its_low_end),
		cmocka_unit_test_teardown(a_stack_that_fails_half_way_leaves_no_mapping, restore),
		cmocka_unit_test(dispositions_and_masks_are_those_the_c_library_sees),
		cmocka_unit_test(a_blocked_signal_is_read_from_a_descriptor),
		cmocka_unit_test(capabilities_are_those_of_proc_and_are_set_as_given),
		cmocka_unit_test(limits_are_those_of_the_c_library_and_are_set),
		cmocka_unit_test(identities_are_those_of_the_c_library),
		cmocka_unit_test(random_bytes_differ),
		cmocka_unit_test(a_range_of_descriptors_is_closed),
		cmocka_unit_test(prctl_and_unshare_do_what_they_say),
		cmocka_unit_test_teardown(a_range_of_descriptors_ends_where_they_do, restore),
		cmocka_unit_test_teardown(shared_memory_is_shared_with_a_copy_of_the_process,
					  restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
