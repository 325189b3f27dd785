/* SPDX-License-Identifier: MIT */
/*
 * session_of.h - sessions with plans made by hand: namespaces without a tree, so that what is
 * tested is the holder and its client.
 */
#ifndef CROFT_TESTS_SESSION_OF_H
#define CROFT_TESTS_SESSION_OF_H

#include "ground.h"

#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "enforce/namespaces.h"
#include "launch/session.h"
#include "launch/session_parts.h"

static const char *const no_words[] = { NULL };
static const char *const some_words[] = { "--profile=default", "--isolate=network", NULL };

struct started {
	struct bare bare;
	char id[SESSION_ID_MAX + 1];
};

static inline bool has_namespaces(void)
{
	int status = 1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0);
	(void)waitpid(pid, &status, 0);
	return status == 0;
}

static inline int start(struct started *started, const char *id, unsigned kinds,
			struct croft_error *err)
{
	struct session_start start = {
		.id = id, .workdir = scratch, .words = some_words, .plan = &started->bare.plan
	};

	bare_init(&started->bare, no_words);
	started->bare.plan.tier = TIER_NAMESPACES;
	started->bare.plan.namespaces = 1U << HOST_NS_USER | 1U << HOST_NS_MOUNT | kinds;
	return session_start(&start, started->id, err);
}

static inline void must_start(struct started *started, unsigned kinds)
{
	struct croft_error err = { 0 };

	if (!has_namespaces())
		skip();
	if (start(started, NULL, kinds, &err) < 0)
		fail_msg("%s: %s", err.what, strerror(err.errnum));
}

static inline void must_find(const char *id, struct session *session)
{
	struct croft_error err = { 0 };

	if (session_find(id, session, &err) < 0)
		fail_msg("%s: %s", err.what, strerror(err.errnum));
}

static inline void end(const char *id)
{
	struct session session;
	unsigned killed;

	must_find(id, &session);
	assert_int_equal(session_stop(&session, &killed, NULL), 0);
	session_done(&session);
	assert_int_equal(session_find(id, &session, NULL), -ENOENT);
}

/* A socket of any abstract name, in this process. */
static inline int bind_raw(const char *name, size_t len)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	memcpy(address.sun_path + 1, name, len);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address,
			   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + len)) < 0)
		return -1;
	return fd;
}

static inline bool has_ended(const void *data)
{
	const int *pidfd = data;
	struct pollfd poll_it = { .fd = *pidfd, .events = POLLIN };

	return poll(&poll_it, 1, 0) == 1;
}

#endif
