/* SPDX-License-Identifier: MIT */
/* started.h - a command started in a pid namespace, and what /proc says of its processes. */
#ifndef CROFT_TESTS_UNIT_STARTED_H
#define CROFT_TESTS_UNIT_STARTED_H

#include "ground.h"

#include "launch/launch.h"

#define BIT(kind) (1U << HOST_NS_##kind)
#define EXITED(code) ((code) << 8)

struct fixture {
	struct bare bare;
	struct launch launch;
	pid_t pid;
	int pidfd;
};

static inline void prepare(struct fixture *f, const char *const *argv)
{
	bare_init(&f->bare, argv);
	f->bare.plan.tier = TIER_NAMESPACES;
	f->bare.plan.namespaces = BIT(USER) | BIT(MOUNT) | BIT(PID) | BIT(IPC) | BIT(UTS);
	launch_init(&f->launch);
	f->launch.plan = &f->bare.plan;
	f->pidfd = -1;
	assert_int_equal(namespaces_prepare(&f->bare.plan, &f->launch.namespaces, NULL), 0);
}

static inline int start(struct fixture *f)
{
	return launch_start(&f->launch, &f->pid, &f->pidfd, NULL);
}

static inline int finish(struct fixture *f, int *ret_status, unsigned *ret_killed)
{
	EXPECT(waitpid(f->pid, ret_status, 0) == f->pid);
	EXPECT(init_end(&f->launch.init, ret_killed, NULL) == 0);
	if (f->pidfd >= 0)
		(void)close(f->pidfd);
	EXPECT(has_no_children());
	return 0;
}

/* /proc/PID/status, the text after the key. */
static inline const char *status_of(pid_t pid, const char *key)
{
	static char text[8192];
	char path[64];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		(void)close(fd);
	text[n > 0 ? n : 0] = '\0';
	key = strstr(text, key);
	return key ? strchr(key, ':') + 1 : "";
}

static inline uint64_t mask_of(pid_t pid, const char *key)
{
	return strtoull(status_of(pid, key), NULL, 16);
}

static inline bool is_there(pid_t pid)
{
	const char *state = status_of(pid, "\nState");

	return state[0] && state[1] && strchr("RSDT", state[1]);
}

static inline bool has_ended(const void *pid)
{
	return !is_there(*(const pid_t *)pid);
}

#endif
