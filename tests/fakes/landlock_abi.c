/* SPDX-License-Identifier: MIT */
/*
 * landlock_abi - runs a command as if the kernel's Landlock were an older one.
 *
 *	landlock_abi N COMMAND [ARG...]		N from 1 to the kernel's own ABI
 *
 * How. A seccomp filter hands the three Landlock calls of the command, and of
 * everything it starts, to a supervisor (user notification, since Linux 5.0; with
 * "let it continue" since 5.5). The supervisor answers what an old kernel would
 * answer: N to the version query, EINVAL to the errata query below ABI 7, EINVAL
 * to bits, rule types and flags that N did not have, E2BIG to bytes behind the
 * struct of N that are not zero. Everything else continues to the real kernel. A
 * right that is not handled is not restricted, so enforcement is that of N too.
 *
 * Nothing shows to the command but Landlock's age: the command is executed in
 * place (same process id, parent, group, terminal, exit status) and the supervisor
 * is the one that is forked off: in its own session, with no descriptor but the
 * listener. It ends when the last process under the filter has.
 *
 * The struct is read from the caller's memory before the kernel reads it again; a
 * caller that changes it in between fools only its own test.
 *
 * Not imitated: bugs that old kernels had, and LANDLOCK_ADD_RULE rights that were not
 * handled (the real kernel refuses them itself).
 */
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "filter.h"

#define RULE_NET_PORT 2
#define CREATE_VERSION 1U
#define CREATE_ERRATA 2U
#define ATTR_MAX 4096 /* the kernel takes no more than a page */
#define PASS 1 /* judge: the real kernel may answer */

/* What each ABI brought; masks are cumulative. */
static const struct abi {
	uint64_t fs, net, scoped;
	uint32_t restrict_flags, add_flags;
	uint32_t attr_size; /* of struct landlock_ruleset_attr */
} abis[] = {
	[1] = { 0x1fff, 0, 0, 0, 0, 8 }, /* Linux 5.13 */
	[2] = { 0x3fff, 0, 0, 0, 0, 8 }, /* 5.19: refer */
	[3] = { 0x7fff, 0, 0, 0, 0, 8 }, /* 6.2: truncate */
	[4] = { 0x7fff, 0x3, 0, 0, 0, 16 }, /* 6.7: TCP */
	[5] = { 0xffff, 0x3, 0, 0, 0, 16 }, /* 6.10: device ioctl */
	[6] = { 0xffff, 0x3, 0x3, 0, 0, 24 }, /* 6.12: scopes */
	[7] = { 0xffff, 0x3, 0x3, 0x7, 0, 24 }, /* 6.15: audit flags */
	[8] = { 0xffff, 0x3, 0x3, 0xf, 0, 24 }, /* 7.0: all threads */
	[9] = { 0x1ffff, 0x3, 0x3, 0xf, 0, 24 }, /* 7.1: path sockets */
	[10] = { 0x1ffff, 0xf, 0x3, 0xf, 1, 48 }, /* 7.2: UDP, quiet rules */
	[11] = { 0x1ffff, 0xf, 0x3, 0x1f, 1, 48 }, /* 7.3: no_new_privs */
};
#define ABI_NEWEST ((int)(sizeof(abis) / sizeof(abis[0])) - 1)

/* Reads from the caller's memory: 0, or -EFAULT, or -EPERM when this supervisor may not look. */
static int read_caller(pid_t pid, uint64_t address, void *data, size_t len)
{
	struct iovec local = { .iov_base = data, .iov_len = len };
	struct iovec remote = { .iov_base = (void *)(uintptr_t)address, .iov_len = len };
	ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);

	if (n < 0)
		return errno == EFAULT ? -EFAULT : -EPERM;
	return (size_t)n == len ? 0 : -EFAULT;
}

static int judge_query(int number, const uint64_t *args)
{
	uint32_t flags = (uint32_t)args[2];

	if (flags == CREATE_VERSION)
		return args[0] || args[1] ? -EINVAL : number << 8;
	return flags == CREATE_ERRATA && number >= 7 ? PASS : -EINVAL;
}

static int judge_create(int number, pid_t pid, const uint64_t *args)
{
	static unsigned char bytes[ATTR_MAX];
	const struct abi *abi = &abis[number];
	uint64_t fields[3] = { 0 };
	size_t size = args[1];
	int r;

	if ((uint32_t)args[2])
		return judge_query(number, args);
	if (size < 8 || size > ATTR_MAX)
		return PASS;
	r = read_caller(pid, args[0], bytes, size);
	if (r < 0)
		return r;
	for (size_t i = abi->attr_size; i < size; i++)
		if (bytes[i])
			return -E2BIG;
	memcpy(fields, bytes, size < sizeof(fields) ? size : sizeof(fields));
	if ((fields[0] & ~abi->fs) || (fields[1] & ~abi->net) || (fields[2] & ~abi->scoped))
		return -EINVAL;
	return PASS;
}

/* PASS; or the answer: -errno, or the ABI shifted by 8, so that it is not PASS. */
static int judge(int number, pid_t pid, uint32_t nr, const uint64_t *args)
{
	const struct abi *abi = &abis[number];

	if (nr == NR_LANDLOCK_CREATE_RULESET)
		return judge_create(number, pid, args);
	if (nr == NR_LANDLOCK_ADD_RULE) {
		bool is_unknown_type = (uint32_t)args[1] == RULE_NET_PORT && !abi->net;

		return is_unknown_type || ((uint32_t)args[3] & ~abi->add_flags) ? -EINVAL : PASS;
	}
	return (uint32_t)args[1] & ~abi->restrict_flags ? -EINVAL : PASS;
}

/* Answers until no process is left under the filter. */
static void supervise(int listener, int number)
{
	struct pollfd ready = { .fd = listener, .events = POLLIN };
	struct seccomp_notif request;
	struct seccomp_notif_resp answer;
	int r;

	for (;;) {
		if (poll(&ready, 1, -1) < 0 && errno != EINTR)
			return;
		if (!(ready.revents & POLLIN)) {
			if (ready.revents & (POLLHUP | POLLERR))
				return;
			continue;
		}
		memset(&request, 0, sizeof(request));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) < 0)
			continue; /* the caller was killed meanwhile */
		r = judge(number, (pid_t)request.pid, (uint32_t)request.data.nr,
			  (const uint64_t *)request.data.args);
		memset(&answer, 0, sizeof(answer));
		answer.id = request.id;
		if (r == PASS)
			answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		else if (r < 0)
			answer.error = r;
		else
			answer.val = r >> 8;
		(void)ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

static int receive_fd(int channel)
{
	union {
		char data[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .data = { 0 } };
	char byte;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control.data,
				  .msg_controllen = sizeof(control.data) };
	int fd = -1;

	if (recvmsg(channel, &message, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&message))
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
	return fd;
}

static int send_fd(int channel, int fd)
{
	union {
		char data[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .data = { 0 } };
	char byte = 0;
	struct iovec part = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = { .msg_iov = &part,
				  .msg_iovlen = 1,
				  .msg_control = control.data,
				  .msg_controllen = sizeof(control.data) };
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);

	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(channel, &message, MSG_NOSIGNAL) == 1 ? 0 : -1;
}

/* The supervisor holds nothing of the caller's: not its terminal, pipes, directory. */
static void run_supervisor(int channel, int number)
{
	int listener = receive_fd(channel);

	if (listener < 0)
		_exit(1);
	(void)setsid();
	if (chdir("/") < 0 || dup2(listener, 0) < 0)
		_exit(1);
	if (syscall(SYS_close_range, 1U, ~0U, 0U) < 0)
		for (int fd = 1; fd < 65536; fd++)
			(void)close(fd);
	supervise(0, number);
	_exit(0);
}

/* Twice forked, so that it is no child of the command. Returns the channel to it. */
static int start_supervisor(int number)
{
	int channel[2], status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) < 0)
		filter_die("landlock_abi", "socketpair");
	pid = fork();
	if (pid < 0)
		filter_die("landlock_abi", "fork");
	if (pid == 0) {
		pid = fork();
		if (pid != 0)
			_exit(pid < 0);
		(void)close(channel[0]);
		run_supervisor(channel[1], number);
	}
	(void)close(channel[1]);
	if (waitpid(pid, &status, 0) < 0 || status != 0)
		filter_die("landlock_abi", "the supervisor");
	return channel[0];
}

static int host_abi(void)
{
	return (int)syscall(NR_LANDLOCK_CREATE_RULESET, NULL, 0, CREATE_VERSION);
}

int main(int argc, char **argv)
{
	static const uint32_t numbers[] = {
		NR_LANDLOCK_CREATE_RULESET,
		NR_LANDLOCK_ADD_RULE,
		NR_LANDLOCK_RESTRICT_SELF,
	};
	int number = argc > 2 ? atoi(argv[1]) : 0, channel, listener;

	if (number < 1 || number > ABI_NEWEST || number > host_abi()) {
		fprintf(stderr, "usage: landlock_abi N COMMAND [ARG...]   N: 1..%d here\n",
			host_abi());
		return 125;
	}
	channel = start_supervisor(number);
	listener = filter_install(numbers, 3, SECCOMP_RET_USER_NOTIF,
				  SECCOMP_FILTER_FLAG_NEW_LISTENER);
	if (listener < 0)
		filter_die("landlock_abi", "seccomp");
	if (send_fd(channel, listener) < 0)
		filter_die("landlock_abi", "sendmsg");
	(void)close(channel);
	(void)close(listener);
	filter_exec("landlock_abi", argv + 2);
}
