/* SPDX-License-Identifier: MIT */
/*
 * test_calls_table.c - every call goes through the table: each wrapper asks its own
 * row, gives the arguments in the kernel's order, and returns what it gets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "sys/calls.h"

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

static int fds[2];
static struct stat st;
static siginfo_t info;
static struct sys_caps caps;
static struct rlimit limit;
static struct utsname uts;
static struct pollfd pollfd;
static int64_t ms;
static uint64_t set;
static char *const no_strings[] = { NULL };
static char data[64];
static void *stack;
static struct abi_mount_attr mount_attr;
static unsigned data_len;

static int child_exits_7(void *arg)
{
	(void)arg;
	return 7;
}

/* clang-format off */
static long do_openat(void) { return sys_openat(1, "x", 2, 3); }
static long do_openat2(void) { return sys_openat2(-1, "", 0, 0); }
static long do_close(void) { return sys_close(-1); }
static long do_close_range(void) { return sys_close_range(~0U, ~0U, 0); }
static long do_read(void) { return sys_read(-1, data, 1); }
static long do_pread64(void) { return sys_pread(-1, data, 1, 0); }
static long do_write(void) { return sys_write(-1, data, 1); }
static long do_newfstatat(void) { return sys_fstatat(-1, "", &st, 0); }
static long do_faccessat(void) { return sys_faccessat(-1, "", 0); }
static long do_readlinkat(void) { return sys_readlinkat(-1, "", data, 1); }
static long do_fstatfs(void) { return sys_fstatfs(-1, NULL); }
static long do_getdents64(void) { return sys_getdents64(-1, data, 1); }
static long do_mkdirat(void) { return sys_mkdirat(-1, "", 0); }
static long do_unlinkat(void) { return sys_unlinkat(-1, "", 0); }
static long do_renameat2(void) { return sys_renameat2(-1, "", -1, "", 0); }
static long do_fchmodat(void) { return sys_fchmodat(-1, "", 0); }
static long do_chdir(void) { return sys_chdir(""); }
static long do_fchdir(void) { return sys_fchdir(-1); }
static long do_getcwd(void) { return sys_getcwd(data, 0); }
static long do_fcntl(void) { return sys_fcntl(-1, F_GETFD, 0); }
static long do_pipe2(void) { return sys_pipe(fds); }
static long do_ppoll(void) { return sys_ppoll(&pollfd, 0, 0); }
static long do_clone(void) { return sys_clone(child_exits_7, data, 0, NULL, NULL); }
static long do_execve(void) { return sys_execve("", no_strings, no_strings); }
static long do_wait4(void) { return sys_wait4(1, NULL, 0, NULL); }
static long do_waitid(void) { return sys_waitid(P_PID, 1, &info, 0); }
static long do_kill(void) { return sys_kill(0, 0); }
static long do_tgkill(void) { return sys_tgkill(0, 0, 0); }
static long do_pidfd_open(void) { return sys_pidfd_open(0, 0); }
static long do_pidfd_send_signal(void) { return sys_pidfd_send_signal(-1, 0); }
static long do_signalfd4(void) { return sys_signalfd(0); }
static long do_rt_sigaction(void) { return sys_sigaction(0, NULL, NULL); }
static long do_rt_sigprocmask(void) { return sys_sigprocmask(0, NULL, &set); }
static long do_prctl(void) { return sys_prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0); }
static long do_capget(void) { return sys_capget(&caps); }
static long do_capset(void) { return sys_capset(&caps); }
static long do_prlimit64(void) { return sys_prlimit(RLIMIT_CORE, NULL, &limit); }
static long do_setsid(void) { return sys_setsid(); }
static long do_getpgid(void) { return sys_getpgid(-1); }
static long do_setpgid(void) { return sys_setpgid(-1, 0); }
static long do_getrandom(void) { return sys_getrandom(data, 1); }
static long do_uname(void) { return sys_uname(&uts); }
static long do_geteuid(void) { return (int)sys_geteuid(); }
static long do_getegid(void) { return (int)sys_getegid(); }
static long do_getuid(void) { return (int)sys_getuid(); }
static long do_getpid(void) { return sys_getpid(); }
static long do_getppid(void) { return sys_getppid(); }
static long do_gettid(void) { return sys_gettid(); }
static long do_unshare(void) { return sys_unshare(0); }
static long do_seccomp(void) { return sys_seccomp(99, 0, NULL); }
static long do_landlock_create_ruleset(void) { return sys_landlock_create_ruleset(NULL, 0, 99); }
static long do_landlock_add_rule(void) { return sys_landlock_add_rule(-1, 99, NULL, 0); }
static long do_landlock_restrict_self(void) { return sys_landlock_restrict_self(-1, 99); }
static long do_clock_gettime(void) { return sys_clock_ms(&ms); }
static long do_timer_create(void) { return sys_timer_start(1000000, SIGCONT); }
static long do_timer_settime(void) { return sys_timer_start(1000000, SIGCONT); }
static long do_timer_delete(void) { return sys_timer_stop(-1); }
static long do_mmap(void) { return sys_mmap_stack(STACK_SIZE, &stack); }
static long do_munmap(void) { return sys_munmap(data, 0); }
static long do_mount(void) { return sys_mount(NULL, "", NULL, 0, NULL); }
static long do_umount2(void) { return sys_umount("", 0); }
static long do_pivot_root(void) { return sys_pivot_root("", ""); }
static long do_chroot(void) { return sys_chroot(""); }
static long do_open_tree(void) { return sys_open_tree(-1, "", 0); }
static long do_move_mount(void) { return sys_move_mount(-1, "", -1, "", 0); }
static long do_mount_setattr(void) { return sys_mount_setattr(-1, "", 0, &mount_attr); }
static long do_fsopen(void) { return sys_fsopen(""); }
static long do_fsconfig(void) { return sys_fsconfig(-1, 0, NULL, NULL, 0); }
static long do_fsmount(void) { return sys_fsmount(-1, 0); }
static long do_symlinkat(void) { return sys_symlinkat("", -1, ""); }
static long do_setns(void) { return sys_setns(-1, 0); }
static long do_sethostname(void) { return sys_sethostname("", 0); }
static long do_ioctl(void) { return sys_ioctl(-1, 0, NULL); }
static long do_dup3(void) { return sys_dup3(-1, -1, 0); }
static long do_socket(void) { return sys_socket(-1, 0, 0); }
static long do_socketpair(void) { return sys_socketpair(-1, 0, fds); }
static long do_bind(void) { return sys_bind(-1, NULL, 0); }
static long do_listen(void) { return sys_listen(-1, 0); }
static long do_connect(void) { return sys_connect(-1, NULL, 0); }
static long do_accept4(void) { return sys_accept(-1); }
static long do_getsockopt(void) { return sys_getsockopt(-1, 0, 0, data, &data_len); }
static long do_sendmsg(void) { return sys_sendmsg(-1, NULL); }
static long do_recvmsg(void) { return sys_recvmsg(-1, NULL); }
static long do_raw(void) { return sys_raw(-1, 0, 0, 0, 0, 0, 0); }
/* clang-format on */

static void every_call_can_be_made_to_fail(void **state)
{
	static const struct {
		enum sys_call call;
		const char *name;
		long (*make)(void);
	} cases[] = {
/* clang-format off */
#define X(name) { SYS_CALL_##name, #name, do_##name },
		SYS_CALLS(X)
#undef X
		/* clang-format on */
	};

	(void)state;
	assert_int_equal(ARRAY_SIZE(cases), SYS_CALL_MAX);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		sys_replace(cases[i].call, fails_with_eproto);
		last_call = SYS_CALL_MAX;
		assert_int_equal(cases[i].make(), -EPROTO);
		assert_int_equal(last_call, cases[i].call);
		assert_string_equal(sys_name(cases[i].call), cases[i].name);
		sys_replace(cases[i].call, NULL);
	}
}

static void arguments_arrive_in_the_kernels_order(void **state)
{
	(void)state;
	sys_replace(SYS_CALL_openat, fails_with_eproto);
	sys_replace(SYS_CALL_prlimit64, fails_with_eproto);
	sys_replace(SYS_CALL_waitid, fails_with_eproto);
	sys_replace(SYS_CALL_ppoll, fails_with_eproto);
	assert_int_equal(sys_openat(5, "name", O_RDWR, 0600), -EPROTO);
	assert_int_equal(last_args[0], 5);
	assert_string_equal((const char *)(uintptr_t)last_args[1], "name");
	assert_int_equal(last_args[2], O_RDWR | O_CLOEXEC);
	assert_int_equal(last_args[3], 0600);
	assert_int_equal(sys_prlimit(RLIMIT_CORE, NULL, &limit), -EPROTO);
	assert_int_equal(last_args[0], 0);
	assert_int_equal(last_args[1], RLIMIT_CORE);
	assert_int_equal(last_args[3], (long)(uintptr_t)&limit);
	assert_int_equal(sys_waitid(P_PID, 7, &info, WEXITED), -EPROTO);
	assert_int_equal(last_args[3], WEXITED);
	assert_int_equal(last_args[4], 0);
	assert_int_equal(sys_ppoll(&pollfd, 1, -1), -EPROTO);
	assert_int_equal(last_args[2], 0);
	assert_int_equal(last_args[4], 8);
}

static void a_call_by_number_reaches_the_kernel_with_its_arguments(void **state)
{
	(void)state;
	assert_int_equal(sys_raw(__NR_getpid, 0, 0, 0, 0, 0, 0), sys_getpid());
	/* dirfd, name, flags, mode: each in its place, and the errno comes back */
	assert_int_equal(sys_raw(__NR_openat, AT_FDCWD, (long)(uintptr_t) "/", O_WRONLY, 0, 0, 0),
			 -EISDIR);
	assert_int_equal(sys_raw(-1, 0, 0, 0, 0, 0, 0), -ENOSYS);
	sys_replace(SYS_CALL_raw, fails_with_eproto);
	assert_int_equal(sys_raw(7, 1, 2, 3, 4, 5, 6), -EPROTO);
	assert_int_equal(last_args[0], 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(every_call_can_be_made_to_fail, restore),
		cmocka_unit_test_teardown(arguments_arrive_in_the_kernels_order, restore),
		cmocka_unit_test_teardown(a_call_by_number_reaches_the_kernel_with_its_arguments,
					  restore),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
