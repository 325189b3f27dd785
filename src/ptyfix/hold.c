/* SPDX-License-Identifier: MIT */
/*
 * hold.c - which slaves are held open, and when they are let go of.
 *
 * On Linux a master whose slave was never opened blocks its reader, and one whose last slave was
 * closed answers EIO. gVisor asks only whether a slave is open now, so both get EIO, and who reads
 * before his child has opened the slave takes the child for dead (google/gvisor#13738). While a
 * slave is held here, neither a read nor a poll sees that.
 *
 * A held slave hides the true end as well, so it must go as early as it can: at the first byte
 * (hold_end), with the last descriptor of the master, and as soon as somebody else has the slave
 * open. That is seen by doing: ours is closed for a moment, and if poll(2) then reports no hang-up,
 * another is open, and ours stays closed. Otherwise it is opened again. Who opens, writes nothing
 * and closes between two looks is missed; so where this process has no living child left the slave
 * is let go of half a second later (it may be a stranger who is to open it: then half a second must
 * be enough for him).
 *
 * A healthy kernel is recognised by the first master: it answers EAGAIN to a read that does not
 * wait. After that nothing is ever done.
 *
 * Whose     An entry belongs to the process that made it. A forked child closes its copies at once
 *           (pthread_atfork), and until it says so nobody looks; one that shares memory until exec
 *           (vfork) finds another process's number in it and leaves it alone; CLOEXEC does the
 *           rest.
 * Threads   An entry is changed only by who has turned its state from HELD to LOOKING, by one
 *           atomic exchange. There are no locks. Another thread may meet the moment in which the
 *           slave is closed; so a hang-up, or EIO, of a master that is held is none (hold_has).
 * Signals   A look blocks them all, and the wait after it takes the caller's mask back in the same
 *           call: a signal is not lost between them, and no handler leaves an entry half changed.
 * Numbers   A descriptor that the program has closed behind our back (close_range) may be another
 *           file by now: before ours is closed it is seen to be the same device still. They are
 *           kept above 100, where programs do not look for theirs.
 * Libraries Nothing is called that only one C library has: musl's loader ends a program whose
 *           preloaded library wants a name that it does not know.
 */
#include "ptyfix/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "ptyfix/real.h"

#define FIRST_NUMBER 100 /* of a held descriptor */
#define GRACE_MS 500 /* without a living child */
#define COPY_MS 2000 /* for a forked child to begin */
#define NUMBERS_MAX 1024 /* of descriptors among which another of the same master is looked for */

enum state { FREE, MAKING, HELD, LOOKING };
enum health { UNKNOWN, HEALTHY, EARLY_EIO };

struct hold {
	_Atomic int state;
	pid_t owner;
	_Atomic int master; /* a number, which may be another file's by now */
	int slave;
	unsigned number; /* of /dev/pts/N */
	dev_t master_device, slave_device;
	bool has_hangup; /* poll tells of a slave that nobody has open (gVisor since 2024) */
	int64_t looked_ms, alone_since_ms; /* 0: a child lives */
};

static struct hold _Alignas(64) holds[HOLDS_MAX];
static _Atomic int n_held;
static _Atomic int health;
static pthread_once_t prepared = PTHREAD_ONCE_INIT;
static bool is_prepared;
/* Children that may still have copies of what is held here; in memory that they share with us. */
static _Atomic int *n_copying;
static _Atomic int64_t forked_ms;

int64_t hold_now_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The kernel's own, for the C library's names are ours. */
static void raw_close(int fd)
{
	(void)syscall(SYS_close, fd);
}

/* What poll tells within so long, under the mask; 0: nothing, or *ret_is_interrupted. */
static short events_of(int fd, int64_t wait_ms, const sigset_t *mask, bool *ret_is_interrupted)
{
	struct pollfd one = { .fd = fd, .events = POLLIN };
	struct timespec wait = { .tv_nsec = wait_ms * 1000000 };
	int r = REAL(int (*)(struct pollfd *, nfds_t, const struct timespec *, const sigset_t *),
		     "ppoll")(&one, 1, &wait, mask);

	*ret_is_interrupted = r < 0 && errno == EINTR;
	return r > 0 ? one.revents : 0;
}

static bool is_hung_up(int master)
{
	bool is_interrupted;

	return events_of(master, 0, NULL, &is_interrupted) & POLLHUP;
}

/* The errno of a read that does not wait. Only for a master that nobody else knows of. */
static int read_errno(int master)
{
	int flags = fcntl(master, F_GETFL), error;
	char byte;

	if (flags < 0 || fcntl(master, F_SETFL, flags | O_NONBLOCK) < 0)
		return 0;
	error = syscall(SYS_read, master, &byte, 1L) < 0 ? errno : 0;
	(void)fcntl(master, F_SETFL, flags);
	return error;
}

/* gVisor gives the number to both ends: only the device tells that it is the master. */
static bool is_master_of(const struct hold *hold, int fd)
{
	struct stat st;
	unsigned number;

	return ioctl(fd, TIOCGPTN, &number) == 0 && number == hold->number && fstat(fd, &st) == 0 &&
	       st.st_rdev == hold->master_device;
}

static void close_slave(struct hold *hold)
{
	struct stat st;

	if (fstat(hold->slave, &st) == 0 && S_ISCHR(st.st_mode) && st.st_rdev == hold->slave_device)
		raw_close(hold->slave);
	hold->slave = -1;
}

static bool seize(struct hold *hold)
{
	int held = HELD;

	return atomic_compare_exchange_strong(&hold->state, &held, LOOKING);
}

static void put_free(struct hold *hold)
{
	atomic_store(&hold->state, FREE);
	atomic_fetch_sub(&n_held, 1);
}

static void before_fork(void)
{
	atomic_store(&forked_ms, hold_now_ms());
	atomic_fetch_add(n_copying, 1);
}

/* In a forked child, before anything else runs: the parent's are the parent's. */
static void forget_after_fork(void)
{
	for (size_t i = 0; i < HOLDS_MAX; i++) {
		if (atomic_load(&holds[i].state) != FREE && holds[i].slave >= 0)
			close_slave(&holds[i]);
		atomic_store(&holds[i].state, FREE);
	}
	atomic_store(&n_held, 0);
	if (atomic_fetch_sub(n_copying, 1) <= 0)
		atomic_fetch_add(n_copying, 1); /* so late that nobody waits for it any more */
}

/* A copy in a child that has not come so far would look like somebody else's. */
static bool may_have_copies(int64_t now)
{
	if (atomic_load(n_copying) <= 0)
		return false;
	if (now - atomic_load(&forked_ms) < COPY_MS)
		return true;
	atomic_store(n_copying, 0); /* no child was made, or it was killed before it came so far */
	return false;
}

static int open_slave(int master, unsigned number)
{
	char name[32];
	int unlocked = 0, fd, high;

	(void)ioctl(master, TIOCSPTLCK, &unlocked);
	fd = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC); /* gVisor since 2026 */
	if (fd < 0) {
		(void)snprintf(name, sizeof(name), "/dev/pts/%u", number);
		fd = (int)syscall(SYS_openat, AT_FDCWD, name, O_RDWR | O_NOCTTY | O_CLOEXEC, 0);
	}
	if (fd < 0)
		return -1;
	high = fcntl(fd, F_DUPFD_CLOEXEC, FIRST_NUMBER);
	if (high < 0)
		return fd; /* the limit on numbers is lower */
	raw_close(fd);
	return high;
}

/* Opens it and sees that it helps: a name may be another instance's of devpts. */
static bool fill(struct hold *hold, int master)
{
	struct stat st;

	if (ioctl(master, TIOCGPTN, &hold->number) < 0 || fstat(master, &st) < 0)
		return false;
	hold->master_device = st.st_rdev;
	hold->has_hangup = is_hung_up(master);
	hold->slave = open_slave(master, hold->number);
	if (hold->slave < 0)
		return false;
	if (fstat(hold->slave, &st) < 0 || read_errno(master) != EAGAIN) {
		raw_close(hold->slave);
		return false;
	}
	hold->slave_device = st.st_rdev;
	hold->master = master;
	hold->owner = getpid();
	hold->looked_ms = hold_now_ms();
	hold->alone_since_ms = 0;
	return true;
}

static bool is_healthy(int master)
{
	int known = atomic_load(&health);

	if (known == UNKNOWN) {
		known = read_errno(master) == EIO ? EARLY_EIO : HEALTHY;
		atomic_store(&health, known);
	}
	return known == HEALTHY;
}

typedef void (*handler)(void);

/* glibc has pthread_atfork to link with only, and for who looks it up another name. */
static bool at_fork(handler before, handler in_child)
{
	uintptr_t posix = (uintptr_t)dlsym(RTLD_NEXT, "pthread_atfork"),
		  glibc = (uintptr_t)dlsym(RTLD_NEXT, "__register_atfork");

	if (glibc)
		return ((int (*)(handler, handler, handler, void *))glibc)(before, NULL, in_child,
									   NULL) == 0;
	return posix && ((int (*)(handler, handler, handler))posix)(before, NULL, in_child) == 0;
}

/* Without the handlers a copy could stay open in a child: then nothing is held. */
static void prepare(void)
{
	void *page = mmap(NULL, sizeof(*n_copying), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return;
	n_copying = page;
	is_prepared = at_fork(before_fork, forget_after_fork);
}

static bool is_safe_to_fork(void)
{
	return pthread_once(&prepared, prepare) == 0 && is_prepared;
}

void hold_begin(int master)
{
	int error = errno;

	if (!is_healthy(master) && is_safe_to_fork()) {
		for (size_t i = 0; i < HOLDS_MAX; i++) {
			int expected = FREE;

			if (!atomic_compare_exchange_strong(&holds[i].state, &expected, MAKING))
				continue;
			atomic_fetch_add(&n_held, 1);
			if (fill(&holds[i], master))
				atomic_store(&holds[i].state, HELD);
			else
				put_free(&holds[i]);
			break;
		}
	}
	errno = error;
}

static bool is_ours(const struct hold *hold)
{
	int state = atomic_load(&hold->state);

	return (state == HELD || state == LOOKING) && hold->owner == getpid();
}

static struct hold *find(int fd)
{
	for (size_t i = 0; i < HOLDS_MAX && hold_any(); i++) {
		if (is_ours(&holds[i]) && is_master_of(&holds[i], fd))
			return &holds[i];
	}
	return NULL;
}

bool hold_any(void)
{
	return atomic_load_explicit(&n_held, memory_order_acquire) > 0;
}

bool hold_has(int fd)
{
	int error = errno;
	bool is_held = find(fd) != NULL;

	errno = error;
	return is_held;
}

void hold_guard(sigset_t *ret_before)
{
	sigset_t all;

	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, ret_before);
}

void hold_unguard(const sigset_t *before)
{
	(void)pthread_sigmask(SIG_SETMASK, before, NULL);
}

static void let_go(struct hold *hold)
{
	sigset_t before;

	hold_guard(&before);
	if (hold && seize(hold)) {
		close_slave(hold);
		put_free(hold);
	}
	hold_unguard(&before);
}

void hold_end(int master)
{
	int error = errno;

	let_go(find(master));
	errno = error;
}

void hold_closing(int fd)
{
	int error = errno;
	struct hold *hold = find(fd);
	bool is_last = true;

	for (int other = 0; hold && other < NUMBERS_MAX && is_last; other++) {
		if (other == fd || !is_master_of(hold, other))
			continue;
		hold->master = other;
		is_last = false;
	}
	if (is_last)
		let_go(hold);
	errno = error;
}

/* Zombies are no living children: they have no state to wait for but their end. */
static bool has_living_child(void)
{
	siginfo_t info = { 0 };

	return waitid(P_ALL, 0, &info, WSTOPPED | WNOHANG | WNOWAIT) == 0 || errno != ECHILD;
}

/* True: it was let go of. With signals blocked. */
static bool look_at(struct hold *hold, int master)
{
	int64_t now = hold_now_ms();
	bool is_over;

	if (now - hold->looked_ms < HOLD_SLICE_MS || may_have_copies(now) || !seize(hold))
		return false;
	hold->looked_ms = now;
	if (has_living_child())
		hold->alone_since_ms = 0;
	else if (!hold->alone_since_ms)
		hold->alone_since_ms = now;
	is_over = hold->alone_since_ms && now - hold->alone_since_ms > GRACE_MS;
	if (!is_master_of(hold, master)) {
		close_slave(hold);
		is_over = true;
	} else if (hold->has_hangup || is_over) {
		close_slave(hold);
		is_over = is_over || !is_hung_up(master);
		if (!is_over)
			hold->slave = open_slave(master, hold->number);
	}
	if (is_over || hold->slave < 0) {
		put_free(hold);
		return true;
	}
	atomic_store(&hold->state, HELD);
	return false;
}

void hold_look(void)
{
	int error = errno;

	for (size_t i = 0; i < HOLDS_MAX && hold_any(); i++) {
		if (is_ours(&holds[i]))
			(void)look_at(&holds[i], holds[i].master);
	}
	errno = error;
}

/* poll(2) is never started again after a handler, read(2) is where the handler says so. */
static bool has_interrupting_handler(void)
{
	for (int sig = 1; sig < SIGRTMAX; sig++) {
		struct sigaction act;

		if (sigaction(sig, NULL, &act) == 0 && act.sa_handler != SIG_DFL &&
		    act.sa_handler != SIG_IGN && !(act.sa_flags & SA_RESTART))
			return true;
	}
	return false;
}

bool hold_wait(int fd)
{
	struct hold *hold;
	int error = errno;
	bool is_over = false, is_interrupted = false;
	sigset_t before;

	hold_guard(&before);
	while (!is_over && !is_interrupted && (hold = find(fd)) != NULL) {
		bool has_signal = false;
		short events = 0;

		is_over = look_at(hold, fd) || fcntl(fd, F_GETFL) & O_NONBLOCK;
		if (!is_over)
			events = events_of(fd, HOLD_SLICE_MS, &before, &has_signal);
		if (events && !(events & POLLIN)) /* another thread is looking */
			(void)events_of(-1, 1, &before, &has_signal);
		is_over = is_over || events & POLLIN;
		is_interrupted = has_signal && has_interrupting_handler();
	}
	hold_unguard(&before);
	errno = error;
	return !is_interrupted;
}
