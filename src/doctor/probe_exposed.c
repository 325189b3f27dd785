/* SPDX-License-Identifier: MIT */
/*
 * probe_exposed.c - doors of the kernel that stand open to this process, and that croft's filter
 * closes to a command.
 *
 * Each is knocked at in the way that does least: a ring of no size, a map without attributes, an
 * event with none, a socket that is closed again. What says "wrong argument" (EFAULT, EINVAL) has
 * been reached; EPERM, EACCES, ENOSYS, ENODEV and their like are a closed door, whoever closed it.
 * TIOCSTI types one byte into a terminal that the probe has made for itself.
 *
 * Then the same again in a child under croft's own filter, as a plan with no wishes builds it:
 * each of them must be refused there, by EACCES or ENOSYS. Abstract sockets are Landlock's, or a
 * network namespace's: the filter cannot tell names, and is not asked.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "enforce/bpf.h"
#include "enforce/seccomp.h"
#include "plan/plan.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define NR_IO_URING_SETUP 425 /* 5.1; the same number on every architecture */
#define FAMILY_ALG 38
#define FAMILY_VSOCK 40
#define FAMILY_PACKET 17
#define KEY_SPEC_SESSION_KEYRING_ID (-3L)
#define BPF_ATTR_SIZE 48

static int opened(long fd)
{
	if (fd < 0)
		return (int)fd;
	(void)sys_close((int)fd);
	return 0;
}

static int knock_io_uring(void)
{
	/* no parameters: EFAULT of who takes rings, after whether they are allowed (6.6) */
	return (int)sys_raw(NR_IO_URING_SETUP, 1, 0, 0, 0, 0, 0);
}

static int knock_bpf(void)
{
	const char attr[BPF_ATTR_SIZE] = { 2 }; /* an array of nothing: EINVAL if it may be made */

	return opened(sys_raw(__NR_bpf, 0, (long)(uintptr_t)attr, sizeof(attr), 0, 0, 0));
}

static int knock_userfaultfd(void)
{
	return opened(
		sys_raw(__NR_userfaultfd, 1 /* UFFD_USER_MODE_ONLY */ | O_CLOEXEC, 0, 0, 0, 0, 0));
}

static int knock_perf(void)
{
	/* a software event of this process, outside of the kernel: type, size, config, ... */
	unsigned char attr[64] = { 1, 0, 0, 0, 64 };

	attr[40] = 0x60; /* exclude_kernel, exclude_hv */
	return opened(sys_raw(__NR_perf_event_open, (long)(uintptr_t)attr, 0, -1, -1, 8, 0));
}

static int knock_keyctl(void)
{
	long r = sys_raw(__NR_keyctl, 0 /* get its number */, KEY_SPEC_SESSION_KEYRING_ID, 0, 0, 0,
			 0);

	return r < 0 ? (int)r : 0;
}

/* A terminal of our own: what is typed into it reaches nobody. */
static int knock_tiocsti(void)
{
	AUTO_FD int master = sys_openat(AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY, 0), slave = -1;
	char path[32], byte = ' ';
	const struct sys_sigaction ignored = { .handler = SIG_IGN };
	unsigned number = 0;
	int unlock = 0, r;

	if (master < 0)
		return master;
	r = sys_ioctl(master, TIOCSPTLCK, &unlock);
	r = r < 0 ? r : sys_ioctl(master, TIOCGPTN, &number);
	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "/dev/pts/%u", number);
	/* at the end both sides are closed, and the leader of a session hears of it */
	(void)sys_sigaction(SIGHUP, &ignored, NULL);
	(void)sys_setsid();
	slave = sys_openat(AT_FDCWD, path, O_RDWR, 0);
	return slave < 0 ? slave : sys_ioctl(slave, TIOCSTI, &byte);
}

static int knock_vsock(void)
{
	return opened(sys_socket(FAMILY_VSOCK, SOCK_STREAM, 0));
}

static int knock_packet(void)
{
	return opened(sys_socket(FAMILY_PACKET, SOCK_RAW, 0));
}

static int knock_alg(void)
{
	return opened(sys_socket(FAMILY_ALG, SOCK_SEQPACKET, 0));
}

/* One that a process outside of any sandbox listens on can be connected to. */
static int knock_abstract(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	AUTO_FD int listener = sys_socket(AF_UNIX, SOCK_STREAM, 0);
	AUTO_FD int fd = sys_socket(AF_UNIX, SOCK_STREAM, 0);
	unsigned len = sizeof(address);
	int r = listener < 0 || fd < 0 ? -EAFNOSUPPORT
				       : sys_bind(listener, (const struct sockaddr *)&address,
						  sizeof(address.sun_family));

	r = r < 0 ? r : sys_listen(listener, 1);
	if (r < 0)
		return r;
	r = (int)sys_raw(__NR_getsockname, listener, (long)(uintptr_t)&address,
			 (long)(uintptr_t)&len, 0, 0, 0);
	return r < 0 ? r : sys_connect(fd, (const struct sockaddr *)&address, len);
}

static const struct door {
	const char *name;
	int (*knock)(void);
	bool is_filters; /* croft's filter closes it */
} doors[] = {
	{ "io_uring", knock_io_uring, true },
	{ "bpf", knock_bpf, true },
	{ "userfaultfd", knock_userfaultfd, true },
	{ "perf", knock_perf, true },
	{ "keyctl", knock_keyctl, true },
	{ "tiocsti", knock_tiocsti, true },
	{ "vsock", knock_vsock, true },
	{ "packet", knock_packet, true },
	{ "alg", knock_alg, true },
	{ "abstract", knock_abstract, false },
};

/* It got as far as to look at what it was given. */
static bool is_open(int r)
{
	return r == 0 || r == -EFAULT || r == -EINVAL;
}

static int act_knock(void *arg)
{
	const struct door *door = arg;
	int r = door->knock();

	return is_open(r) ? 0 : CHILD_ERRNO(r);
}

struct guarded {
	const struct door *door;
	const struct sock_filter *filter;
	size_t n;
};

#define NO_FILTER 255

static int act_guarded(void *arg)
{
	const struct guarded *guarded = arg;
	int r = sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

	if (r < 0 || seccomp_apply(guarded->filter, guarded->n, NULL) < 0)
		return NO_FILTER;
	return act_knock((void *)(uintptr_t)guarded->door);
}

/* The filter of a plan in which nothing is asked for: how many instructions, or -errno. */
static int build_filter(struct sock_filter filter[BPF_MAX_FILTER])
{
	static const char *const no_environment[] = { NULL };
	struct plan_input input = { .environ = no_environment };
	struct profile *profile = NULL;
	struct plan *plan = NULL;
	struct croft_error err;
	struct host host;
	int r = host_probe(&host, &err);

	if (r == 0)
		r = profile_new("empty", NULL, NULL, &profile, &err);
	if (r == 0) {
		input.profile = profile;
		input.host = &host;
		r = plan_build(&input, &plan, &err);
	}
	if (r == 0)
		r = filter_build(&plan->syscalls, filter, &err);
	plan_free(plan);
	profile_free(profile);
	return r;
}

static void probe_doors(const struct probe_context *context)
{
	struct sock_filter filter[BPF_MAX_FILTER];
	int n = build_filter(filter);

	for (size_t i = 0; i < ARRAY_SIZE(doors); i++) {
		struct guarded guarded = { &doors[i], filter, n > 0 ? (size_t)n : 0 };
		int r = child_result(act_knock, (void *)(uintptr_t)&doors[i]);

		report_of(context, OBS_EXPOSED, doors[i].name, r ? OBS_NO : OBS_YES,
			  r >= CHILD_SIGNALLED ? "killed" : NULL,
			  r > 0 && r < CHILD_SIGNALLED ? r : 0, OBS_NO_VALUE, NULL);
		if (r || !doors[i].is_filters || n <= 0)
			continue;
		r = child_result(act_guarded, &guarded);
		if (r == NO_FILTER || r < 0)
			continue;
		report_of(context, OBS_EXPOSED_CLOSED, doors[i].name, r ? OBS_YES : OBS_NO, NULL,
			  r >= CHILD_SIGNALLED ? 0 : r, OBS_NO_VALUE, NULL);
	}
}

static const struct probe probes[] = {
	{ .id = OBS_EXPOSED, .run = probe_doors },
};
const struct probe_table probes_exposed = { probes, ARRAY_SIZE(probes) };
