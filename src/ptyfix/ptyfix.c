/* SPDX-License-Identifier: MIT */
/*
 * ptyfix.c - LD_PRELOAD=ptyfix.so: programs that use pseudo terminals as Linux has them, on kernels
 * that have them otherwise.
 *
 * Two differences are bridged, both gVisor's: a read of a master before anybody has opened the
 * slave (hold.c), and TCGETS2, which C libraries ask since glibc 2.42 (termios.c). On a kernel
 * without them every function here is the C library's, one jump later.
 *
 * What is put in front of the C library's: what makes a master (posix_openpt, getpt, and open of
 * /dev/ptmx by its four names), what reads or waits for one, and close. openpty and forkpty need
 * nothing there: their caller has the slave open from the beginning, and when he closes the last
 * one Linux answers EIO as well. Who reads by stdio is not seen reading; so fdopen lets go.
 *
 * There is no constructor, and nothing can fail that would not have failed without: each function
 * is looked up when it is first called. ld.so ignores the library for programs that change
 * their user.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

#include "ptyfix/hold.h"
#include "ptyfix/real.h"

/* Masters */

static int master_made(int fd)
{
	if (fd >= 0)
		hold_begin(fd);
	return fd;
}

PTYFIX_PUBLIC int posix_openpt(int flags)
{
	return master_made(REAL(int (*)(int), "posix_openpt")(flags));
}

PTYFIX_PUBLIC int getpt(void)
{
	return master_made(REAL(int (*)(void), "getpt")());
}

/* The name was a string that the kernel could read: the call that opened it has succeeded. */
static int opened(int fd, const char *path)
{
	if (fd < 0 || (strcmp(path, "/dev/ptmx") != 0 && strcmp(path, "/dev/pts/ptmx") != 0))
		return fd;
	return master_made(fd);
}

static mode_t mode_of(int flags, va_list args)
{
	bool has_mode = flags & O_CREAT || (flags & O_TMPFILE) == O_TMPFILE;

	return has_mode ? va_arg(args, mode_t) : 0;
}

#define WITH_MODE(call)                      \
	do {                                 \
		va_list args;                \
		mode_t mode;                 \
                                             \
		va_start(args, flags);       \
		mode = mode_of(flags, args); \
		va_end(args);                \
		return opened((call), path); \
	} while (0)

PTYFIX_PUBLIC int open(const char *path, int flags, ...)
{
	WITH_MODE(REAL(int (*)(const char *, int, ...), "open")(path, flags, mode));
}

PTYFIX_PUBLIC int open64(const char *path, int flags, ...)
{
	WITH_MODE(REAL(int (*)(const char *, int, ...), "open64")(path, flags, mode));
}

PTYFIX_PUBLIC int openat(int dirfd, const char *path, int flags, ...)
{
	WITH_MODE(REAL(int (*)(int, const char *, int, ...), "openat")(dirfd, path, flags, mode));
}

PTYFIX_PUBLIC int openat64(int dirfd, const char *path, int flags, ...)
{
	WITH_MODE(REAL(int (*)(int, const char *, int, ...), "openat64")(dirfd, path, flags, mode));
}

/* What programs call that are built with _FORTIFY_SOURCE. */
PTYFIX_PUBLIC int __open_2(const char *path, int flags);
PTYFIX_PUBLIC int __open64_2(const char *path, int flags);
PTYFIX_PUBLIC ssize_t __read_chk(int fd, void *data, size_t len, size_t size);
PTYFIX_PUBLIC int __poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms, size_t size);

int __open_2(const char *path, int flags)
{
	return opened(REAL(int (*)(const char *, int), "__open_2")(path, flags), path);
}

int __open64_2(const char *path, int flags)
{
	return opened(REAL(int (*)(const char *, int), "__open64_2")(path, flags), path);
}

/* Reading */

/* Before the C library's read. False: -1 and EINTR are the answer. */
static bool may_read(int fd)
{
	if (!hold_any() || hold_wait(fd))
		return true;
	errno = EINTR;
	return false;
}

/* After it. True: once more, for the end that was read is another thread's look. */
static bool was_read(int fd, ssize_t r)
{
	if (!hold_any())
		return false;
	if (r > 0)
		hold_end(fd);
	if (r >= 0 || errno != EIO || !hold_has(fd))
		return false;
	errno = EAGAIN;
	return !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

PTYFIX_PUBLIC ssize_t read(int fd, void *data, size_t len)
{
	ssize_t r;

	do
		r = may_read(fd) ? REAL(ssize_t(*)(int, void *, size_t), "read")(fd, data, len)
				 : -1;
	while (was_read(fd, r));
	return r;
}

ssize_t __read_chk(int fd, void *data, size_t len, size_t size)
{
	ssize_t r;

	do
		r = may_read(fd) ? REAL(ssize_t(*)(int, void *, size_t, size_t),
					"__read_chk")(fd, data, len, size)
				 : -1;
	while (was_read(fd, r));
	return r;
}

PTYFIX_PUBLIC int close(int fd)
{
	if (hold_any())
		hold_closing(fd);
	return REAL(int (*)(int), "close")(fd);
}

PTYFIX_PUBLIC FILE *fdopen(int fd, const char *mode)
{
	if (hold_any())
		hold_end(fd);
	return REAL(FILE * (*)(int, const char *), "fdopen")(fd, mode);
}

/* Waiting: in slices while anything is held, with a look before each. */

struct wait {
	int64_t end_ms; /* INT64_MAX: endless */
	sigset_t before; /* the caller's mask */
	struct timespec left; /* of this slice */
	bool is_limited; /* it has an end */
};

static struct wait wait_ms(int ms)
{
	return (struct wait){ .end_ms = ms < 0 ? INT64_MAX : hold_now_ms() + ms };
}

/* Rounded up; a time beyond all clocks is endless. */
static struct wait wait_time(const struct timespec *time)
{
	if (!time || time->tv_sec > INT32_MAX)
		return wait_ms(-1);
	return (struct wait){ .end_ms = hold_now_ms() + (int64_t)time->tv_sec * 1000 +
					(time->tv_nsec + 999999) / 1000000 };
}

static int64_t left_ms(const struct wait *wait)
{
	int64_t now = hold_now_ms();

	return wait->end_ms > now ? wait->end_ms - now : 0;
}

/* How long the next call of the C library's shall wait, which takes the caller's mask back. */
static void look(struct wait *wait)
{
	int64_t ms;

	hold_look();
	ms = left_ms(wait);
	wait->is_limited = hold_any() || wait->end_ms != INT64_MAX;
	if (hold_any() && ms > HOLD_SLICE_MS)
		ms = HOLD_SLICE_MS;
	wait->left = (struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };
}

/* How many of them showed nothing but another thread's look. */
static int count_looks(struct pollfd *fds, nfds_t n)
{
	int n_looks = 0;

	for (nfds_t i = 0; i < n && hold_any(); i++) {
		if (!(fds[i].revents & POLLHUP) || fds[i].revents & POLLIN || !hold_has(fds[i].fd))
			continue;
		fds[i].revents = 0;
		n_looks++;
	}
	return n_looks;
}

static int poll_in_slices(struct pollfd *fds, nfds_t n, struct wait wait, const sigset_t *mask)
{
	int r;

	hold_guard(&wait.before);
	do {
		look(&wait);
		r = REAL(int (*)(struct pollfd *, nfds_t, const struct timespec *,
				 const sigset_t *),
			 "ppoll")(fds, n, wait.is_limited ? &wait.left : NULL,
				  mask ? mask : &wait.before);
		if (r > 0)
			r -= count_looks(fds, n);
	} while (r == 0 && left_ms(&wait) > 0);
	hold_unguard(&wait.before);
	return r;
}

PTYFIX_PUBLIC int poll(struct pollfd *fds, nfds_t n, int timeout_ms)
{
	if (!hold_any())
		return REAL(int (*)(struct pollfd *, nfds_t, int), "poll")(fds, n, timeout_ms);
	return poll_in_slices(fds, n, wait_ms(timeout_ms), NULL);
}

int __poll_chk(struct pollfd *fds, nfds_t n, int timeout_ms, size_t size)
{
	if (size / sizeof(*fds) < n) /* too many: the C library's ends the program, in its words */
		return REAL(int (*)(struct pollfd *, nfds_t, int, size_t),
			    "__poll_chk")(fds, n, timeout_ms, size);
	return poll(fds, n, timeout_ms);
}

PTYFIX_PUBLIC int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout,
			const sigset_t *mask)
{
	if (!hold_any())
		return REAL(int (*)(struct pollfd *, nfds_t, const struct timespec *,
				    const sigset_t *),
			    "ppoll")(fds, n, timeout, mask);
	return poll_in_slices(fds, n, wait_time(timeout), mask);
}

typedef int (*pselect_function)(int, fd_set *, fd_set *, fd_set *, const struct timespec *,
				const sigset_t *);

static int select_in_slices(int n, fd_set *sets[3], struct wait *wait, const sigset_t *mask)
{
	fd_set kept[3];
	int r;

	for (int i = 0; i < 3; i++) {
		if (sets[i])
			kept[i] = *sets[i];
	}
	hold_guard(&wait->before);
	do {
		for (int i = 0; i < 3; i++) {
			if (sets[i])
				*sets[i] = kept[i];
		}
		look(wait);
		r = REAL(pselect_function, "pselect")(n, sets[0], sets[1], sets[2],
						      wait->is_limited ? &wait->left : NULL,
						      mask ? mask : &wait->before);
	} while (r == 0 && left_ms(wait) > 0);
	hold_unguard(&wait->before);
	return r;
}

PTYFIX_PUBLIC int pselect(int n, fd_set *in, fd_set *out, fd_set *except,
			  const struct timespec *timeout, const sigset_t *mask)
{
	struct wait wait;

	/* Larger sets than the type has are a thing of their own. */
	if (!hold_any() || n > FD_SETSIZE)
		return REAL(pselect_function, "pselect")(n, in, out, except, timeout, mask);
	wait = wait_time(timeout);
	return select_in_slices(n, (fd_set *[3]){ in, out, except }, &wait, mask);
}

PTYFIX_PUBLIC int select(int n, fd_set *in, fd_set *out, fd_set *except, struct timeval *timeout)
{
	struct timespec time = { 0 };
	struct wait wait;
	int r;

	if (!hold_any() || n > FD_SETSIZE)
		return REAL(int (*)(int, fd_set *, fd_set *, fd_set *, struct timeval *),
			    "select")(n, in, out, except, timeout);
	if (timeout)
		time = (struct timespec){ timeout->tv_sec, timeout->tv_usec * 1000 };
	wait = wait_time(timeout ? &time : NULL);
	r = select_in_slices(n, (fd_set *[3]){ in, out, except }, &wait, NULL);
	if (timeout) /* as Linux does: what is left */
		*timeout = (struct timeval){ left_ms(&wait) / 1000, left_ms(&wait) % 1000 * 1000 };
	return r;
}

PTYFIX_PUBLIC int epoll_pwait(int fd, struct epoll_event *events, int n, int timeout_ms,
			      const sigset_t *mask)
{
	int (*real)(int, struct epoll_event *, int, int, const sigset_t *) =
		REAL(int (*)(int, struct epoll_event *, int, int, const sigset_t *), "epoll_pwait");
	struct wait wait;
	int r;

	if (!hold_any())
		return real(fd, events, n, timeout_ms, mask);
	wait = wait_ms(timeout_ms);
	hold_guard(&wait.before);
	do {
		look(&wait);
		r = real(fd, events, n,
			 wait.is_limited
				 ? (int)(wait.left.tv_sec * 1000 + wait.left.tv_nsec / 1000000)
				 : -1,
			 mask ? mask : &wait.before);
	} while (r == 0 && left_ms(&wait) > 0);
	hold_unguard(&wait.before);
	return r;
}

PTYFIX_PUBLIC int epoll_wait(int fd, struct epoll_event *events, int n, int timeout_ms)
{
	if (!hold_any())
		return REAL(int (*)(int, struct epoll_event *, int, int),
			    "epoll_wait")(fd, events, n, timeout_ms);
	return epoll_pwait(fd, events, n, timeout_ms, NULL);
}
