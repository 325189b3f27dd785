/* SPDX-License-Identifier: MIT */
/*
 * pty.c - a pseudo terminal for the command, and the relay between it and the user's terminal.
 *
 * child-path: no allocation
 *
 * What the command has of a terminal is then its own: it cannot type into the user's, change its
 * settings or read what is typed later, whatever the filter lets pass; and it is in a session of
 * its own, so that no signal to "my process group" reaches the user's shell or croft. Escape
 * sequences do reach the user's terminal: they are what it is for.
 *
 * Which descriptors  Each of 0, 1 and 2 that is a terminal is replaced by the pseudo terminal; a
 *     pipe or a file is passed on as it is, unharmed by line endings and control characters. Where
 *     none is a terminal, 1 and 2 are replaced all the same, since that was asked for, and what
 *     is written goes to croft's own 1.
 * The other end  (slave) is opened here, before there is a child, through the master where that is
 *     possible (TIOCGPTPEER, since 4.13; not in gVisor before 2026), else by name, and then it is
 *     seen to be the same. It stays open in here until the end: gVisor answers EIO to a read of the
 *     master when nobody has it open, also before anybody had, so EIO would be no end. The end is
 *     the command's end, which wait(2) tells.
 * A /dev/pts of its own  has no name for a terminal of the host's. There the child makes another
 *     one when it is in its tree, and hands both ends over (SCM_RIGHTS); else this one serves.
 * The user's terminal  is raw meanwhile: Ctrl-C and Ctrl-Z are bytes that the command's terminal
 *     makes signals of. Its settings come back at every end that croft lives to see. Nothing is set
 *     and nothing read while croft is in the background.
 * Never blocking  A terminal or a pipe that nobody reads must not keep croft from its clock and its
 *     signals. The user's descriptors are shared with the shell, so O_NONBLOCK is not set on
 *     them; they are opened a second time (/proc/self/fd), and where that fails so little is
 *     written at once that poll(2) can promise it.
 * Hangup  When the user's terminal or the reader of the output is gone, the master is closed:
 *     the command gets SIGHUP and errors, as from any terminal that goes away.
 *
 * Settings by TCGETS with the kernel's own structure: newer C libraries ask TCGETS2, which gVisor
 * before 2026 does not know.
 */
#include "launch/pty.h"

#include <asm/ioctls.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define DRAIN_MS 10000 /* for a reader that takes nothing; one that takes something is waited for */
#define PAUSE_MS 100
#define PAUSE_PIECES 16 /* before a stop, of whoever else goes on writing */
#define PIPE_PIECE 4096 /* poll promises a pipe this much (PIPE_BUF) */
#define TERMINAL_PIECE 256

/* As the kernel has it; <asm/termios.h> would bring it with names of the C library's. */
struct size {
	unsigned short rows, columns, x_pixels, y_pixels;
};

static void flow_init(struct pty_flow *flow, char *data)
{
	flow->begin = flow->end = 0;
	flow->data = data;
}

void pty_init(struct pty *pty)
{
	memset(pty, 0, offsetof(struct pty, in_data));
	pty->master = pty->slave = pty->terminal = pty->in = pty->out = -1;
	pty->handover[0] = pty->handover[1] = -1;
	flow_init(&pty->to_command, pty->in_data);
	flow_init(&pty->to_user, pty->out_data);
}

static bool is_terminal(int fd)
{
	struct termios settings;

	return sys_ioctl(fd, TCGETS, &settings) == 0;
}

static bool can(int fd, int mode)
{
	int flags = sys_fcntl(fd, F_GETFL, 0);

	return flags >= 0 && ((flags & O_ACCMODE) == O_RDWR || (flags & O_ACCMODE) == mode);
}

/* The same file with a description of its own, which does not block; -errno where it cannot be. */
static int open_again(int fd, int mode)
{
	char name[] = "/proc/self/fd/0";

	name[sizeof(name) - 2] = (char)('0' + fd);
	return sys_openat(AT_FDCWD, name, mode | O_NOCTTY | O_NONBLOCK, 0);
}

static void choose_in(struct pty *pty)
{
	int fd;

	if (pty->terminal < 0 || !can(pty->terminal, O_RDONLY))
		return;
	fd = open_again(pty->terminal, O_RDONLY);
	pty->owns_in = fd >= 0;
	pty->in = fd >= 0 ? fd : pty->terminal;
}

static void choose_out(struct pty *pty, int to)
{
	struct stat st;
	int fd = -1;

	pty->out = to;
	pty->out_piece = is_terminal(to) ? TERMINAL_PIECE : PIPE_PIECE;
	/* not a file: it would be written from its beginning again */
	if (sys_fstatat(to, "", &st, AT_EMPTY_PATH) == 0 &&
	    (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		fd = open_again(to, O_WRONLY);
	if (fd < 0)
		return;
	pty->owns_out = true;
	pty->out = fd;
	pty->out_piece = PTY_OUT_SIZE;
}

static void choose_descriptors(struct pty *pty)
{
	static const int wanted_in[] = { 0, 2, 1 }, wanted_out[] = { 1, 2, 0 };
	int to = -1;

	for (int fd = 0; fd < 3; fd++)
		pty->is_replaced[fd] = is_terminal(fd);
	for (size_t i = 0; i < 3; i++) {
		if (pty->terminal < 0 && pty->is_replaced[wanted_in[i]])
			pty->terminal = wanted_in[i];
		if (to < 0 && pty->is_replaced[wanted_out[i]] && can(wanted_out[i], O_WRONLY))
			to = wanted_out[i];
	}
	if (to < 0) {
		to = 1;
		pty->is_replaced[1] = pty->is_replaced[2] = true;
	}
	choose_in(pty);
	choose_out(pty, to);
}

/* Two files of one name may be of two instances of devpts: what is set at one end shows here. */
static bool is_other_end(int master, int slave)
{
	struct size mark = { .rows = 7, .columns = 77, .x_pixels = 777 }, seen = { 0 };

	return sys_ioctl(master, TIOCSWINSZ, &mark) == 0 &&
	       sys_ioctl(slave, TIOCGWINSZ, &seen) == 0 && seen.rows == mark.rows &&
	       seen.columns == mark.columns && seen.x_pixels == mark.x_pixels;
}

/* "/dev/pts/N" */
static int open_by_name(int master)
{
	char name[24] = "/dev/pts/", digits[12];
	size_t at = sizeof(digits) - 1, len = strlen(name);
	unsigned number;
	int r = sys_ioctl(master, TIOCGPTN, &number), fd;

	if (r < 0)
		return r;
	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	memcpy(name + len, digits + at, sizeof(digits) - at);
	fd = sys_openat(AT_FDCWD, name, O_RDWR | O_NOCTTY, 0);
	if (fd < 0 || is_other_end(master, fd))
		return fd;
	fd_close(&fd);
	return -ENXIO;
}

static int open_slave(int master)
{
	const unsigned long flags = O_RDWR | O_NOCTTY | O_CLOEXEC;
	int unlocked = 0, fd;
	int r = sys_ioctl(master, TIOCSPTLCK, &unlocked);

	if (r < 0)
		return r;
	fd = sys_ioctl(master, TIOCGPTPEER, (void *)flags);
	return fd >= 0 ? fd : open_by_name(master);
}

static int open_master(void)
{
	const int flags = O_RDWR | O_NOCTTY | O_NONBLOCK;
	int fd = sys_openat(AT_FDCWD, "/dev/ptmx", flags, 0);

	/* a container may have only the one of its instance */
	return fd == -ENOENT ? sys_openat(AT_FDCWD, "/dev/pts/ptmx", flags, 0) : fd;
}

void pty_resize(struct pty *pty)
{
	struct size size = { .rows = 24, .columns = 80 };

	if (pty->master < 0)
		return;
	if (pty->terminal >= 0)
		(void)sys_ioctl(pty->terminal, TIOCGWINSZ, &size);
	/* the command may have chosen another one for itself: only news are told */
	if (size.rows == pty->rows && size.columns == pty->columns)
		return;
	pty->rows = size.rows;
	pty->columns = size.columns;
	(void)sys_ioctl(pty->master, TIOCSWINSZ, &size);
}

/* As the user's terminal is; what cannot be set is as the kernel has it. */
static void set_up(const struct pty *pty, int master, int slave)
{
	struct size size = { .rows = pty->rows, .columns = pty->columns };

	(void)sys_ioctl(master, TIOCSWINSZ, &size);
	if (pty->terminal >= 0)
		(void)sys_ioctl(slave, TCSETS, (void *)(uintptr_t)&pty->settings);
}

int pty_open(struct pty *pty, bool has_own_names, struct croft_error *err)
{
	int r;

	pty->master = open_master();
	if (pty->master < 0) {
		r = fail(err, CROFT_STAGE_PREPARE, -pty->master, "open '/dev/ptmx'");
		fail_hint(err, "without --pty the command has the terminal that croft has");
		pty->master = -1;
		return r;
	}
	pty->slave = open_slave(pty->master);
	if (pty->slave < 0) {
		r = fail(err, CROFT_STAGE_PREPARE, -pty->slave, "open the new pseudo terminal");
		pty->slave = -1;
		return r;
	}
	r = has_own_names ? sys_socketpair(AF_UNIX, SOCK_STREAM, pty->handover) : 0;
	if (r < 0)
		return fail(err, CROFT_STAGE_PREPARE, -r, "make a socket pair");
	choose_descriptors(pty);
	if (pty->terminal >= 0 && sys_ioctl(pty->terminal, TCGETS, &pty->settings) < 0)
		pty->terminal = -1;
	pty_resize(pty);
	set_up(pty, pty->master, pty->slave);
	return 0;
}

union control {
	struct cmsghdr header;
	char room[CMSG_SPACE(2 * sizeof(int))];
};

static int hand_over(int to, int master, int slave)
{
	union control control;
	char byte = 0;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control.room) };
	const int fds[2] = { master, slave };

	memset(&control, 0, sizeof(control));
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(&control.header), fds, sizeof(fds));
	return sys_sendmsg(to, &message) == 1 ? 0 : -EIO;
}

/*
 * In the child: a pseudo terminal of the devpts that was mounted for it. -errno where there is none
 * to be had: then the host's serves, without a name in there.
 */
static int make_inside(const struct pty *pty)
{
	AUTO_FD int master = -1, slave = -1;
	int r;

	if (pty->handover[1] < 0)
		return -ENOENT;
	master = sys_openat(AT_FDCWD, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_NONBLOCK, 0);
	slave = master < 0 ? master : open_slave(master);
	if (slave < 0)
		return slave;
	set_up(pty, master, slave);
	r = hand_over(pty->handover[1], master, slave);
	return r < 0 ? r : fd_take(&slave);
}

/* In the parent, when the child runs: its pseudo terminal in the place of ours, if it made one. */
static void take_over(struct pty *pty)
{
	union control control;
	char byte;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = &control,
				  .msg_controllen = sizeof(control.room) };
	int fds[2];

	/* so that nothing sent is an end, and no wait */
	fd_close(&pty->handover[1]);
	if (sys_recvmsg(pty->handover[0], &message) == 1 &&
	    message.msg_controllen >= CMSG_LEN(sizeof(fds)) &&
	    control.header.cmsg_type == SCM_RIGHTS &&
	    control.header.cmsg_len == CMSG_LEN(sizeof(fds))) {
		memcpy(fds, CMSG_DATA(&control.header), sizeof(fds));
		fd_close(&pty->master);
		fd_close(&pty->slave);
		pty->master = fds[0];
		pty->slave = fds[1];
	}
	fd_close(&pty->handover[0]);
}

static int attach(const struct pty *pty, int slave, struct croft_error *err)
{
	int r = sys_setsid();

	if (r < 0)
		return fail(err, CROFT_STAGE_START, -r, "make a session for the command");
	r = sys_ioctl(slave, TIOCSCTTY, NULL);
	if (r < 0)
		return fail(err, CROFT_STAGE_START, -r, "make the pseudo terminal that session's");
	for (int fd = 0; fd < 3; fd++) {
		r = pty->is_replaced[fd] ? sys_dup3(slave, fd, 0) : 0;
		if (r < 0)
			return fail(err, CROFT_STAGE_START, -r,
				    "put the pseudo terminal in the place of descriptor %d", fd);
	}
	return 0;
}

int pty_attach(const struct pty *pty, struct croft_error *err)
{
	AUTO_FD int inside = -1;

	if (pty->slave < 0)
		return 0;
	inside = make_inside(pty);
	return attach(pty, inside >= 0 ? inside : pty->slave, err);
}

/* True as well where there is no job control: the terminal is not that of our session. */
static bool is_in_foreground(int terminal)
{
	int group;

	return sys_ioctl(terminal, TIOCGPGRP, &group) < 0 || group == sys_getpgid(0);
}

static struct termios make_raw(struct termios settings)
{
	settings.c_iflag &=
		~(tcflag_t)(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
	settings.c_oflag &= ~(tcflag_t)OPOST;
	settings.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	settings.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
	settings.c_cflag |= CS8;
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	return settings;
}

void pty_begin(struct pty *pty)
{
	struct termios raw = make_raw(pty->settings);

	if (pty->handover[0] >= 0)
		take_over(pty);
	if (pty->master < 0 || pty->terminal < 0)
		return;
	pty->is_silent = !is_in_foreground(pty->terminal);
	if (pty->is_silent)
		return;
	/* what is typed ahead stays: it is the command's */
	pty->is_raw = sys_ioctl(pty->terminal, TCSETS, &raw) == 0;
	pty_resize(pty);
}

static void restore(struct pty *pty)
{
	/* in the background it is somebody else's to set; the shell has done so */
	if (pty->is_raw && is_in_foreground(pty->terminal))
		(void)sys_ioctl(pty->terminal, TCSETS, &pty->settings);
	pty->is_raw = false;
}

static bool is_empty(const struct pty_flow *flow)
{
	return flow->begin == flow->end;
}

static void hang_up(struct pty *pty)
{
	fd_close(&pty->master);
	flow_init(&pty->to_user, pty->out_data);
	flow_init(&pty->to_command, pty->in_data);
}

unsigned pty_poll(const struct pty *pty, struct pollfd *ret_polls)
{
	const short from_command = is_empty(&pty->to_user) ? POLLIN : 0;
	const short to_command = is_empty(&pty->to_command) ? 0 : POLLOUT;
	unsigned n = 0;

	if (pty->master < 0)
		return 0;
	/* asked for nothing, it would still tell of a hangup, again and again */
	if (from_command || to_command)
		ret_polls[n++] = (struct pollfd){ .fd = pty->master,
						  .events = (short)(from_command | to_command) };
	if (pty->in >= 0 && !pty->is_silent && !to_command)
		ret_polls[n++] = (struct pollfd){ .fd = pty->in, .events = POLLIN };
	if (!from_command)
		ret_polls[n++] = (struct pollfd){ .fd = pty->out, .events = POLLOUT };
	return n;
}

/* True if something came. */
static bool fill(struct pty_flow *flow, int fd, size_t size, int *ret_error)
{
	ssize_t n = sys_read(fd, flow->data, size);

	*ret_error = n < 0 ? (int)-n : 0;
	flow->begin = 0;
	flow->end = n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* 0, also if nothing could be written now; else what is wrong. */
static int empty(struct pty_flow *flow, int fd, size_t piece)
{
	size_t len = flow->end - flow->begin;
	ssize_t n = len ? sys_write(fd, flow->data + flow->begin, len < piece ? len : piece) : 0;

	if (n > 0)
		flow->begin += (size_t)n;
	return n >= 0 || n == -EAGAIN || n == -EINTR ? 0 : (int)-n;
}

static void take_input(struct pty *pty)
{
	int error;

	if (fill(&pty->to_command, pty->in, PTY_IN_SIZE, &error))
		return;
	/* EIO: in the background by now; SIGCONT will tell when not any more */
	if (error == EIO)
		pty->is_silent = true;
	else if (error != EAGAIN && error != EINTR)
		hang_up(pty);
}

static void write_out(struct pty *pty)
{
	if (empty(&pty->to_user, pty->out, pty->out_piece))
		hang_up(pty);
}

/* An error of the master is no end, and is not told: see the head. */
static void relay_master(struct pty *pty, short events)
{
	int error;

	if ((events & POLLOUT) && empty(&pty->to_command, pty->master, PTY_IN_SIZE))
		flow_init(&pty->to_command, pty->in_data);
	/* at once: most often there is room, and another wait is saved */
	if ((events & POLLIN) && is_empty(&pty->to_user) &&
	    fill(&pty->to_user, pty->master, PTY_OUT_SIZE, &error) && pty->owns_out)
		write_out(pty);
}

void pty_relay(struct pty *pty, const struct pollfd *polls, unsigned n)
{
	for (unsigned i = 0; i < n && pty->master >= 0; i++) {
		if (!polls[i].revents)
			continue;
		if (polls[i].fd == pty->master)
			relay_master(pty, polls[i].revents);
		else if (polls[i].events & POLLOUT)
			write_out(pty);
		else /* not POLLIN alone: gVisor adds to what was asked */
			take_input(pty);
	}
}

/* What is on its way, and what is left in the pseudo terminal; not more than so many pieces. */
static void drain(struct pty *pty, int wait_ms, unsigned n_pieces)
{
	int error;

	while (pty->master >= 0 && n_pieces-- > 0 &&
	       (!is_empty(&pty->to_user) ||
		fill(&pty->to_user, pty->master, PTY_OUT_SIZE, &error))) {
		struct pollfd poll = { .fd = pty->out, .events = POLLOUT };
		int r = sys_ppoll(&poll, 1, wait_ms);

		if (r == 0 || (r < 0 && r != -EINTR))
			return;
		write_out(pty);
	}
}

void pty_pause(struct pty *pty)
{
	drain(pty, PAUSE_MS, PAUSE_PIECES);
	restore(pty);
}

void pty_end(struct pty *pty)
{
	fd_close(&pty->handover[0]);
	fd_close(&pty->handover[1]);
	/* whoever still has it open is nobody whose words are waited for */
	fd_close(&pty->slave);
	drain(pty, DRAIN_MS, UINT_MAX);
	restore(pty);
	fd_close(&pty->master);
	if (pty->owns_in)
		fd_close(&pty->in);
	if (pty->owns_out)
		fd_close(&pty->out);
	pty->in = pty->out = -1;
	pty->owns_in = pty->owns_out = false;
}
