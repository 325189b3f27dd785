/* SPDX-License-Identifier: MIT */
/*
 * session_client.c - finds a session, and makes sure that it is one.
 *
 * The name alone proves nothing: who comes first has it. In this order:
 *
 *   connect       the kernel says who listens: user and number, as they were at listen(2)
 *   user          the same as ours, else it is not asked
 *   pidfd         of that number, and the directory of it in /proc; while the pidfd tells of no
 *                 end, both are one process, however often the number is used again
 *   record        one message, any bytes, read within two seconds
 *   namespaces    opened through that directory, and compared by inode with the record
 *   holder        it has a holder's name, and not no_new_privs, or more filters, where we have not
 *
 * The last is against a command of the same user in a sandbox without network namespace: it can
 * bind such a name, and what it says would decide with which grants another command runs. What
 * runs unconfined as the user is the user.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/num.h"
#include "launch/session.h"
#include "launch/session_parts.h"
#include "sys/calls.h"
#include "sys/fd.h"

#define SO_PEERPIDFD 77 /* since 6.5; asm-generic/socket.h */

#define PATIENCE_MS 2000
#define PAUSE_MS 5

int session_check_id(const char *id, struct croft_error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-.";
	size_t len = strlen(id);
	int r;

	if (len > 0 && len <= SESSION_ID_MAX && strspn(id, letters) == len && *id != '-' &&
	    *id != '.')
		return 0;
	r = fail(err, CROFT_STAGE_USAGE, 0, "'%s' cannot be the name of a session", id);
	fail_hint(err, "1 to %d letters, digits, '-', '_' and '.', beginning with none of the last",
		  SESSION_ID_MAX);
	return r;
}

size_t session_prefix(char ret_prefix[SESSION_PREFIX_SIZE])
{
	return (size_t)snprintf(ret_prefix, SESSION_PREFIX_SIZE, "croft-session-%u-",
				(unsigned)sys_geteuid());
}

size_t session_address(const char *id, struct sockaddr_un *ret_address)
{
	char prefix[SESSION_PREFIX_SIZE];
	size_t len = session_prefix(prefix), id_len = strlen(id);

	_Static_assert(1 + SESSION_PREFIX_SIZE + SESSION_ID_MAX < sizeof(ret_address->sun_path),
		       "every name fits");
	memset(ret_address, 0, sizeof(*ret_address));
	ret_address->sun_family = AF_UNIX;
	memcpy(ret_address->sun_path + 1, prefix, len);
	memcpy(ret_address->sun_path + 1 + len, id, id_len);
	return offsetof(struct sockaddr_un, sun_path) + 1 + len + id_len;
}

int session_peer(int fd, struct ucred *ret_peer)
{
	unsigned len = sizeof(*ret_peer);

	return sys_getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret_peer, &len);
}

static int no_session(const char *id, struct croft_error *err)
{
	(void)fail(err, CROFT_STAGE_SESSION, 0, "there is no session '%s'", id);
	fail_hint(err, "croft session list names those that there are");
	return -ENOENT;
}

/* A full queue of connections is asked again: the holder takes them one by one. */
static int connect_to(const char *id, int *ret_fd, struct croft_error *err)
{
	AUTO_FD int fd = sys_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	size_t len = session_address(id, &address);
	int r = fd < 0 ? fd : sys_connect(fd, (struct sockaddr *)&address, len);

	for (int waited = 0; r == -EAGAIN && waited < PATIENCE_MS; waited += PAUSE_MS) {
		(void)sys_ppoll(NULL, 0, PAUSE_MS);
		r = sys_connect(fd, (struct sockaddr *)&address, len);
	}
	if (r == -ECONNREFUSED)
		return no_session(id, err);
	if (r < 0) {
		r = fail(err, CROFT_STAGE_SESSION, -r, "connect to the session '%s'", id);
		if (r == -EPERM || r == -EACCES)
			fail_hint(err, "a sandbox around refuses it");
		return r;
	}
	*ret_fd = fd_take(&fd);
	return 0;
}

/*
 * The one who listens, by pidfd. Before 6.5 it is asked for by number, which may be another's when
 * who listened has ended and somebody else goes on with his socket; what it finds is judged by
 * its name too (check_holder). -1 in *ret_pidfd: none (before 5.3, and by filters, with EPERM).
 */
static int open_peer(int fd, pid_t pid, int *ret_pidfd)
{
	unsigned len = sizeof(*ret_pidfd);
	int r = sys_getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, ret_pidfd, &len);

	if (r != -ENOPROTOOPT)
		return r;
	r = sys_pidfd_open(pid, 0);
	*ret_pidfd = r < 0 ? -1 : r;
	return r == -ENOSYS || r == -EPERM || r >= 0 ? 0 : r;
}

/* Whose it is. Takes the number, and makes it sure. */
static int identify(int fd, const char *id, struct session *session, struct croft_error *err)
{
	struct ucred peer;
	char path[32];
	int r = session_peer(fd, &peer);

	if (r < 0)
		return fail(err, CROFT_STAGE_SESSION, -r, "ask who holds the session '%s'", id);
	if (peer.uid != sys_geteuid()) {
		r = fail(err, CROFT_STAGE_SESSION, EPERM,
			 "the session '%s' is held by user %u, in this user's name", id,
			 (unsigned)peer.uid);
		fail_hint(err, "it is not used; take another name");
		return r;
	}
	if (peer.pid <= 0)
		return fail(err, CROFT_STAGE_SESSION, ESRCH,
			    "the holder of the session '%s' is not to be seen from here", id);
	session->pid = peer.pid;
	r = open_peer(fd, peer.pid, &session->pidfd);
	if (r < 0)
		return fail(err, CROFT_STAGE_SESSION, -r, "open the holder of the session '%s'",
			    id);
	(void)snprintf(path, sizeof(path), "/proc/%d", peer.pid);
	session->proc = sys_openat(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0);
	if (session->proc < 0)
		return fail(err, CROFT_STAGE_SESSION, -session->proc,
			    "look at the holder of the session '%s'", id);
	return 0;
}

/* The holder's one message; the end of the connection without one is an empty message. */
static int receive(int fd, struct session_record *ret_record, struct croft_error *err)
{
	AUTO_FREE char *data = malloc(SESSION_MAX_RECORD);
	struct iovec part = { .iov_base = data, .iov_len = SESSION_MAX_RECORD };
	struct msghdr header = { .msg_iov = &part, .msg_iovlen = 1 };
	struct pollfd poll = { .fd = fd, .events = POLLIN };
	ssize_t n;
	int r;

	if (!data)
		return fail(err, CROFT_STAGE_SESSION, ENOMEM, "read what the holder tells");
	do {
		r = sys_ppoll(&poll, 1, PATIENCE_MS);
	} while (r == -EINTR);
	if (r == 0) {
		r = fail(err, CROFT_STAGE_SESSION, ETIMEDOUT, "wait for the session's holder");
		fail_hint(err, "it may be stopped: kill -CONT, or croft session stop");
		return r;
	}
	n = r < 0 ? r : sys_recvmsg(fd, &header);
	if (n < 0)
		return fail(err, CROFT_STAGE_SESSION, (int)-n, "read what the holder tells");
	/* one that does not fit has lost its end */
	return session_record_read(data, header.msg_flags & MSG_TRUNC ? 0 : (size_t)n, ret_record,
				   err);
}

int session_find(const char *id, struct session *ret_session, struct croft_error *err)
{
	struct session session = { .pidfd = -1, .proc = -1 };
	AUTO_FD int fd = -1;
	int r = session_check_id(id, err);

	if (r == 0)
		r = connect_to(id, &fd, err);
	if (r == 0)
		r = identify(fd, id, &session, err);
	if (r == 0)
		r = receive(fd, &session.record, err);
	if (r == 0 && strcmp(session.record.id, id) != 0)
		r = fail(err, CROFT_STAGE_SESSION, EPROTO, "the session '%s' calls itself '%s'", id,
			 session.record.id);
	if (r < 0) {
		session_done(&session);
		return r;
	}
	*ret_session = session;
	return 0;
}

void session_done(struct session *session)
{
	if (session->pidfd >= 0)
		fd_close(&session->pidfd);
	if (session->proc >= 0)
		fd_close(&session->proc);
	session_record_done(&session->record);
}

/* Confinement as /proc/PID/status tells it; the name in there cannot hold a line's end. */
struct confinement {
	bool is_named; /* as a holder names itself */
	uint64_t no_new_privs, mode, filters;
};

static bool read_number(const char *text, const char *key, uint64_t *ret_number)
{
	const char *at = strstr(text, key);
	char digits[21];
	size_t len;

	if (!at)
		return false;
	at += strlen(key);
	len = strspn(at, "0123456789");
	if (len >= sizeof(digits))
		return false;
	memcpy(digits, at, len);
	digits[len] = '\0';
	return num_parse(digits, 0, UINT64_MAX, ret_number) == 0;
}

static int read_confinement(int proc, struct confinement *ret_confinement, struct croft_error *err)
{
	struct confinement found = { 0 };
	char text[8192];
	ssize_t n = fd_read_file(proc, "status", text, sizeof(text));

	if (n < 0)
		return fail(err, CROFT_STAGE_SESSION, (int)-n,
			    "read how the session's holder is confined");
	/* since 4.10 and 3.8; the count of filters only since 5.9 */
	if (!read_number(text, "\nNoNewPrivs:\t", &found.no_new_privs) ||
	    !read_number(text, "\nSeccomp:\t", &found.mode))
		return fail(err, CROFT_STAGE_SESSION, EPROTO,
			    "see how the session's holder is confined");
	(void)read_number(text, "\nSeccomp_filters:\t", &found.filters);
	found.is_named = strncmp(text, "Name:\t" SESSION_COMM "\n", sizeof(SESSION_COMM) + 6) == 0;
	*ret_confinement = found;
	return 0;
}

static int check_holder(const struct session *session, struct croft_error *err)
{
	AUTO_FD int own = -1;
	struct confinement its = { 0 }, ours = { 0 };
	int r = read_confinement(session->proc, &its, err);

	if (r == 0 && !its.is_named)
		r = fail(err, CROFT_STAGE_SESSION, ESRCH,
			 "the session '%s' has no holder: process %d is another",
			 session->record.id, session->pid);
	if (r < 0 || (!its.no_new_privs && !its.mode))
		return r;
	own = sys_openat(AT_FDCWD, "/proc/self", O_PATH | O_DIRECTORY, 0);
	r = own < 0 ? fail(err, CROFT_STAGE_SESSION, -own, "open '/proc/self'")
		    : read_confinement(own, &ours, err);
	if (r < 0 || (its.no_new_privs <= ours.no_new_privs && its.mode <= ours.mode &&
		      its.filters <= ours.filters))
		return r;
	r = fail(err, CROFT_STAGE_SESSION, EPERM,
		 "the session '%s' is held by process %d, which is confined itself",
		 session->record.id, session->pid);
	fail_hint(err, "a command in a sandbox poses as a session: it is not joined");
	return r;
}

/* What is to be joined is what the record tells of: no kind more or less, and the same inodes. */
static int check_inodes(const struct session *session, const struct join *join,
			struct croft_error *err)
{
	const struct session_record *record = &session->record;

	for (int i = 0; i < HOST_NS_MAX; i++) {
		bool is_held = record->namespaces & 1U << i;

		if (is_held == (join->fds[i] >= 0) &&
		    (!is_held || record->inodes[i] == join->inodes[i]))
			continue;
		return fail(err, CROFT_STAGE_SESSION, ESTALE,
			    "the %s namespace of process %d is not that of the session '%s'",
			    host_ns_names[i].name, session->pid, record->id);
	}
	return 0;
}

int session_open(const struct session *session, struct join *ret_join, struct croft_error *err)
{
	struct join join;
	int r;

	join_init(&join);
	r = join_add_process(&join, session->proc, session->pidfd, err);
	if (r == 0)
		r = check_inodes(session, &join, err);
	if (r == 0)
		r = check_holder(session, err);
	if (r < 0) {
		join_done(&join);
		return r;
	}
	join.wants_own_pid = session->record.namespaces & 1U << HOST_NS_PID;
	*ret_join = join;
	return 0;
}

int session_compare(const struct session *session, const struct plan *plan, struct croft_error *err)
{
	AUTO_BUF struct buf tree = BUF_INIT(PLAN_MAX_BYTES);
	const struct session_record *record = &session->record;
	const struct plan_mount_op *op;
	int r = session_tree(plan, &tree);

	if (r < 0)
		return fail(err, CROFT_STAGE_SESSION, -r, "compare the trees of files");
	/*
	 * What is joined is what the record names, and no less than what the plan wants. A plan
	 * that would have to know more of the host than the session's did is another one.
	 */
	if (!plan->asks_namespaces && plan->namespaces == record->namespaces &&
	    plan->tier == TIER_NAMESPACES && tree.len == record->tree_len &&
	    memcmp(tree.data, record->tree, tree.len) == 0)
		return 0;
	op = session_tree_differs(record, plan);
	r = fail(err, CROFT_STAGE_SESSION, ESTALE,
		 "the session '%s' has not the tree that the profile gives now%s%s%s", record->id,
		 op ? ": it differs at '" : "", op ? op->path : "", op ? "'" : "");
	fail_hint(err, "the profile or files that it names have changed: stop the session and "
		       "start it again");
	return r;
}
