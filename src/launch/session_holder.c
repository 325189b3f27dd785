/* SPDX-License-Identifier: MIT */
/*
 * session_holder.c - the process that holds a session's namespaces.
 *
 *   croft session start ── clone ──► maker ── clone ──► holder
 *        │ waits for the report        │ unshares          │ first process of the pid namespace,
 *        ▼                             ▼                   │ if there is one; builds the tree,
 *      ends                          ends                  ▼ listens, reports, stays
 *
 * Both are copies, not borrowers, of croft's memory: the holder stays when croft ends. It keeps two
 * descriptors, the socket and a signalfd, stands in "/" of its own tree, is a session leader
 * without terminal and hears TERM alone. It reads nothing from anybody: who connects and is of the
 * same user gets one message that was written beforehand, and the connection is closed. What
 * cannot be sent at once is not sent.
 *
 * It keeps the capabilities that it has in its user namespace. So no command of the session,
 * which has none, may trace it or look into it (ptrace(2), access mode checking). It does not
 * set no_new_privs: that it has none tells a holder from a command that poses as one
 * (session_client.c).
 *
 * The name is bound before the namespaces are made, for it has to be found in the caller's network
 * namespace, and is listened on at the very end, by the holder itself: SO_PEERCRED of a client then
 * gives the holder's number, and a session that is not ready refuses connections.
 *
 * When croft is killed while this goes on, the report finds no reader, and the holder ends.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "enforce/mounts.h"
#include "enforce/namespaces.h"
#include "launch/session.h"
#include "launch/session_parts.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define STACK_SIZE (256UL << 10) /* the deepest is a walk of paths, under 32 KiB */
#define BACKLOG 64 /* who finds it full tries again */

struct holder {
	const struct session_start *start;
	struct namespaces ns;
	struct session_record record;
	void *stack; /* of the holder, for the maker to start it on */
	int listener, report; /* owned */
};

/*
 * One message to whoever is of the same user. Never waits: a socket's buffer takes a record, and
 * who does not read keeps nothing but that socket.
 */
static void serve(const struct holder *holder, const struct buf *message)
{
	AUTO_FD int fd = sys_accept(holder->listener);
	struct iovec part = { .iov_base = message->data, .iov_len = message->len };
	const struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	struct ucred peer;

	if (fd < 0 || session_peer(fd, &peer) < 0 || peer.uid != sys_geteuid())
		return;
	if (sys_fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		(void)sys_sendmsg(fd, &header);
}

/* Until TERM, or for good. */
static void stay(const struct holder *holder, int signals, const struct buf *message)
{
	struct pollfd polls[] = { { .fd = holder->listener, .events = POLLIN },
				  { .fd = signals, .events = POLLIN } };

	for (;;) {
		int n = sys_ppoll(polls, ARRAY_SIZE(polls), -1);

		if (n < 0 && n != -EINTR)
			return;
		if (n > 0 && polls[1].revents)
			return;
		if (n > 0 && polls[0].revents)
			serve(holder, message);
	}
}

static int read_inodes(struct session_record *record, struct croft_error *err)
{
	AUTO_FD int dir = sys_openat(AT_FDCWD, "/proc/self/ns", O_PATH | O_DIRECTORY, 0);

	if (dir < 0)
		return fail(err, CROFT_STAGE_SESSION, -dir, "look at the session's namespaces");
	for (int i = 0; i < HOST_NS_MAX; i++)
		if (record->namespaces & 1U << i)
			record->inodes[i] = namespaces_number(dir, (enum host_ns)i);
	return 0;
}

/* Everything up to being joinable. In the holder. */
static int prepare(struct holder *holder, int *ret_signals, struct buf *ret_message,
		   struct croft_error *err)
{
	const struct sys_sigaction ignore = { .handler = SIG_IGN };
	const struct plan *plan = holder->start->plan;
	int r = read_inodes(&holder->record, err);

	if (r == 0)
		r = mounts_apply(plan, -1, err);
	if (r < 0)
		return r;
	session_record_write(ret_message, &holder->record, holder->start->words);
	r = buf_error(ret_message);
	if (r < 0)
		return fail(err, CROFT_STAGE_SESSION, -r, "write the session's record");
	/* orphans in its pid namespace become its children: they end unseen */
	r = sys_sigaction(SIGCHLD, &ignore, NULL);
	if (r == 0)
		r = *ret_signals = sys_signalfd(1ULL << (SIGTERM - 1));
	if (r >= 0)
		r = sys_prctl(PR_SET_NAME, (unsigned long)(uintptr_t)SESSION_COMM, 0, 0, 0);
	if (r == 0)
		r = sys_listen(holder->listener, BACKLOG);
	return r < 0 ? fail(err, CROFT_STAGE_SESSION, -r, "listen for who joins the session") : 0;
}

static _Noreturn void report(const struct holder *holder, const struct croft_error *error)
{
	(void)fd_write_all(holder->report, error, sizeof(*error));
	sys_exit(1);
}

static int holder_main(void *data)
{
	struct holder *holder = data;
	AUTO_BUF struct buf message = BUF_INIT(SESSION_MAX_RECORD);
	struct croft_error error = { 0 };
	int signals = -1;

	if (prepare(holder, &signals, &message, &error) < 0)
		report(holder, &error);
	/* an error without a text is none; with no reader croft has gone, and so do we */
	if (fd_write_all(holder->report, &error, sizeof(error)) < 0)
		sys_exit(1);
	fd_close(&holder->report);
	stay(holder, signals, &message);
	sys_exit(0);
}

/* The second clone is what a pid namespace takes: its first process is the holder. */
static int maker_main(void *data)
{
	struct holder *holder = data;
	struct croft_error error = { 0 };
	int pid;

	(void)sys_setsid();
	fd_close_others(holder->listener, holder->report);
	if (namespaces_enter(&holder->ns, &error) < 0)
		report(holder, &error);
	pid = sys_clone(holder_main, (char *)holder->stack + STACK_SIZE, SIGCHLD, holder, NULL);
	if (pid < 0) {
		(void)fail(&error, CROFT_STAGE_SESSION, -pid, "start the holder of the session");
		report(holder, &error);
	}
	sys_exit(0);
}

/* Waits for the maker, and for the holder's word that it can be joined. */
static int read_report(int fd, pid_t maker, struct croft_error *err)
{
	struct croft_error error;
	ssize_t n = fd_read_full(fd, &error, sizeof(error));
	int r;

	do {
		r = sys_wait4(maker, NULL, 0, NULL);
	} while (r == -EINTR);
	if (n != (ssize_t)sizeof(error))
		return fail(err, CROFT_STAGE_SESSION, n < 0 ? (int)-n : ECHILD,
			    "start the session: its holder ended");
	if (!error.what[0])
		return 0;
	*err = error;
	return error.errnum ? -error.errnum : -EINVAL;
}

/* All signals are blocked in what is made, and stay so there. */
static int start_maker(struct holder *holder, void *stack, struct croft_error *err)
{
	const uint64_t all = ~0ULL;
	uint64_t mask;
	int pid, r = sys_sigprocmask(SIG_SETMASK, &all, &mask);

	if (r < 0)
		return fail(err, CROFT_STAGE_SESSION, -r, "block the signals");
	pid = sys_clone(maker_main, (char *)stack + STACK_SIZE, SIGCHLD, holder, NULL);
	r = sys_sigprocmask(SIG_SETMASK, &mask, NULL);
	if (pid < 0)
		return fail(err, CROFT_STAGE_SESSION, -pid, "start the holder of the session");
	if (r < 0) {
		(void)sys_kill(pid, SIGKILL);
		return fail(err, CROFT_STAGE_SESSION, -r, "restore the signal mask");
	}
	return pid;
}

static int start_on(struct holder *holder, char *stacks, struct croft_error *err)
{
	AUTO_FD int read_end = -1;
	int ends[2], pid, r = sys_pipe(ends);

	if (r < 0)
		return fail(err, CROFT_STAGE_SESSION, -r, "make a pipe for the holder's report");
	read_end = ends[0];
	holder->report = ends[1];
	holder->stack = stacks + STACK_SIZE;
	pid = start_maker(holder, stacks, err);
	fd_close(&holder->report);
	return pid < 0 ? pid : read_report(read_end, pid, err);
}

static int make_id(char id[SESSION_ID_MAX + 1], struct croft_error *err)
{
	/* no letters that are taken for one another */
	static const char letters[] = "abcdefghjkmnpqrstuvwxyz23456789x";
	uint8_t random[10];
	ssize_t n = sys_getrandom(random, sizeof(random));

	_Static_assert(sizeof(letters) == 33, "five bits a letter");
	if (n != (ssize_t)sizeof(random))
		return fail(err, CROFT_STAGE_SESSION, n < 0 ? (int)-n : EIO,
			    "make a name for the session");
	for (size_t i = 0; i < sizeof(random); i++)
		id[i] = letters[random[i] % 32];
	id[sizeof(random)] = '\0';
	return 0;
}

/* The name is taken: by a session of this user, or by somebody who squats on it. */
static int name_is_taken(const char *id, struct croft_error *err)
{
	struct session session;
	int r = session_find(id, &session, err);

	/* another user's, as session_find says; or it has just ended, or is being started */
	if (r < 0 && r != -ENOENT)
		return r;
	if (r == 0)
		session_done(&session);
	r = fail(err, CROFT_STAGE_SESSION, 0, "there is a session '%s' already", id);
	fail_hint(err, "croft session stop %s ends it", id);
	return r < 0 ? -EEXIST : r;
}

static int bind_name(struct holder *holder, struct croft_error *err)
{
	const struct session_start *start = holder->start;
	struct sockaddr_un address;
	size_t len;
	int r;

	if (start->id)
		memcpy(holder->record.id, start->id, strlen(start->id) + 1);
	r = start->id ? 0 : make_id(holder->record.id, err);
	if (r < 0)
		return r;
	len = session_address(holder->record.id, &address);
	holder->listener = sys_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	r = holder->listener < 0 ? holder->listener
				 : sys_bind(holder->listener, (struct sockaddr *)&address, len);
	if (r == -EADDRINUSE)
		return name_is_taken(holder->record.id, err);
	return r < 0 ? fail(err, CROFT_STAGE_SESSION, -r, "make the session's socket") : 0;
}

static int start_holder(struct holder *holder, struct croft_error *err)
{
	AUTO_BUF struct buf tree = BUF_INIT(PLAN_MAX_BYTES);
	void *stacks;
	int r = namespaces_prepare(holder->start->plan, &holder->ns, err);

	if (r == 0)
		r = bind_name(holder, err);
	if (r < 0)
		return r;
	r = sys_clock_ms(&holder->record.started_ms);
	if (r < 0)
		return fail(err, CROFT_STAGE_SESSION, -r, "read the clock");
	holder->record.workdir = holder->start->workdir;
	holder->record.namespaces = holder->start->plan->namespaces;
	holder->record.host = holder->start->plan->host;
	r = session_tree(holder->start->plan, &tree);
	if (r < 0)
		return fail(err, CROFT_STAGE_SESSION, -r, "describe the session's tree");
	holder->record.tree = tree.data;
	holder->record.tree_len = tree.len;
	r = sys_mmap_stack(2 * STACK_SIZE, &stacks);
	if (r < 0)
		return fail(err, CROFT_STAGE_SESSION, -r, "make stacks for the session");
	r = start_on(holder, stacks, err);
	(void)sys_munmap(stacks, 2 * STACK_SIZE);
	return r;
}

int session_start(const struct session_start *start, char ret_id[SESSION_ID_MAX + 1],
		  struct croft_error *err)
{
	struct holder holder = { .start = start, .listener = -1, .report = -1 };
	int r = start->id ? session_check_id(start->id, err) : 0;

	if (r == 0)
		r = start_holder(&holder, err);
	if (holder.listener >= 0)
		fd_close(&holder.listener);
	if (r == 0)
		memcpy(ret_id, holder.record.id, sizeof(holder.record.id));
	return r;
}
