/* SPDX-License-Identifier: MIT */
/*
 * net.c - sockets: each way to reach a TCP or UDP port on the loopback, each way
 * to reach a named socket, and the families that need no address at all.
 */
#include "payload.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define PROTO_MPTCP 262 /* Linux 5.6 */
#define FLAG_FASTOPEN 0x20000000 /* MSG_FASTOPEN, Linux 3.7 */

static const struct word families[] = {
	{ "unix", AF_UNIX }, { "inet", AF_INET }, { "inet6", AF_INET6 }, { "netlink", 16 },
	{ "packet", 17 },    { "rds", 21 },       { "can", 29 },         { "tipc", 30 },
	{ "bluetooth", 31 }, { "alg", 38 },       { "vsock", 40 },       { "kcm", 41 },
	{ "smc", 43 },       { "xdp", 44 },
};
static const struct word types[] = {
	{ "stream", SOCK_STREAM },
	{ "dgram", SOCK_DGRAM },
	{ "raw", SOCK_RAW },
	{ "seqpacket", SOCK_SEQPACKET },
};
static const struct word protocols[] = {
	{ "tcp", 6 },    { "udp", 17 },      { "icmp", 1 },
	{ "sctp", 132 }, { "udplite", 136 }, { "mptcp", PROTO_MPTCP },
};

static int new_socket(unsigned long family, unsigned long type, unsigned long protocol)
{
	return value(socket((int)family, (int)type | SOCK_CLOEXEC, (int)protocol));
}

/* Closes and passes the answer on. */
static int done(int fd, int r)
{
	(void)close(fd);
	return r;
}

static int open_socket(int argc, char **argv)
{
	int fd = new_socket(payload_word(families, PAYLOAD_ENTRIES(families), argv[0]),
			    payload_word(types, PAYLOAD_ENTRIES(types), argv[1]),
			    argc > 2 ? payload_word(protocols, PAYLOAD_ENTRIES(protocols), argv[2])
				     : 0);

	return fd < 0 ? fd : done(fd, 0);
}

static int open_pair(int argc, char **argv)
{
	int fds[2];
	int r = result(socketpair(
		(int)payload_word(families, PAYLOAD_ENTRIES(families), argv[0]),
		(int)payload_word(types, PAYLOAD_ENTRIES(types), argv[1]) | SOCK_CLOEXEC, 0, fds));

	(void)argc;
	if (r < 0)
		return r;
	(void)close(fds[0]);
	return done(fds[1], 0);
}

static struct sockaddr_in loopback(const char *port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)payload_number(port)),
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
}

static int connect4(const char *port, unsigned long type, unsigned long protocol)
{
	struct sockaddr_in addr = loopback(port);
	int fd = new_socket(AF_INET, type, protocol);

	return fd < 0 ? fd
		      : done(fd, result(connect(fd, (const struct sockaddr *)&addr, sizeof(addr))));
}

static int bind4(const char *port, unsigned long type, unsigned long protocol)
{
	struct sockaddr_in addr = loopback(port);
	int fd = new_socket(AF_INET, type, protocol), one = 1;

	if (fd < 0)
		return fd;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	return done(fd, result(bind(fd, (const struct sockaddr *)&addr, sizeof(addr))));
}

static int tcp_connect(int argc, char **argv)
{
	(void)argc;
	return connect4(argv[0], SOCK_STREAM, 0);
}

static int tcp6_connect(int argc, char **argv)
{
	struct sockaddr_in6 addr = { .sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	int fd = new_socket(AF_INET6, SOCK_STREAM, 0);

	(void)argc;
	addr.sin6_port = htons((uint16_t)payload_number(argv[0]));
	return fd < 0 ? fd
		      : done(fd, result(connect(fd, (const struct sockaddr *)&addr, sizeof(addr))));
}

static int tcp_bind(int argc, char **argv)
{
	(void)argc;
	return bind4(argv[0], SOCK_STREAM, 0);
}

static int tcp_listen(int argc, char **argv)
{
	struct sockaddr_in addr = loopback(argv[0]);
	int fd = new_socket(AF_INET, SOCK_STREAM, 0), one = 1, r;

	(void)argc;
	if (fd < 0)
		return fd;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	r = result(bind(fd, (const struct sockaddr *)&addr, sizeof(addr)));
	return done(fd, r < 0 ? r : result(listen(fd, 1)));
}

/* The kernel binds a port by itself: a server without bind(2). */
static int tcp_listen_unbound(int argc, char **argv)
{
	int fd = new_socket(AF_INET, SOCK_STREAM, 0);

	(void)argc;
	(void)argv;
	return fd < 0 ? fd : done(fd, result(listen(fd, 1)));
}

static int mptcp_connect(int argc, char **argv)
{
	(void)argc;
	return connect4(argv[0], SOCK_STREAM, PROTO_MPTCP);
}

static int mptcp_bind(int argc, char **argv)
{
	(void)argc;
	return bind4(argv[0], SOCK_STREAM, PROTO_MPTCP);
}

static int fastopen_sendto(int argc, char **argv)
{
	struct sockaddr_in addr = loopback(argv[0]);
	int fd = new_socket(AF_INET, SOCK_STREAM, 0);

	(void)argc;
	return fd < 0 ? fd
		      : done(fd, result(sendto(fd, "x", 1, FLAG_FASTOPEN | MSG_NOSIGNAL,
					       (const struct sockaddr *)&addr, sizeof(addr))));
}

static int fastopen_message(const char *port, int many)
{
	struct sockaddr_in addr = loopback(port);
	struct iovec part = { .iov_base = (char[]){ 'x' }, .iov_len = 1 };
	struct mmsghdr message = { .msg_hdr = { .msg_name = &addr,
						.msg_namelen = sizeof(addr),
						.msg_iov = &part,
						.msg_iovlen = 1 } };
	int fd = new_socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0)
		return fd;
	if (many)
		return done(fd, result(sendmmsg(fd, &message, 1, FLAG_FASTOPEN | MSG_NOSIGNAL)));
	return done(fd, result(sendmsg(fd, &message.msg_hdr, FLAG_FASTOPEN | MSG_NOSIGNAL)));
}

static int fastopen_sendmsg(int argc, char **argv)
{
	(void)argc;
	return fastopen_message(argv[0], 0);
}

static int fastopen_sendmmsg(int argc, char **argv)
{
	(void)argc;
	return fastopen_message(argv[0], 1);
}

/* The other way to the same end: an option on the socket, then an ordinary connect. */
static int fastopen_option(int argc, char **argv)
{
	struct sockaddr_in addr = loopback(argv[0]);
	int fd = new_socket(AF_INET, SOCK_STREAM, 0), one = 1, r;

	(void)argc;
	if (fd < 0)
		return fd;
	r = result(setsockopt(fd, IPPROTO_TCP, 30 /* TCP_FASTOPEN_CONNECT, Linux 4.11 */, &one,
			      sizeof(one)));
	if (r == 0)
		r = result(connect(fd, (const struct sockaddr *)&addr, sizeof(addr)));
	if (r == 0)
		r = result(send(fd, "x", 1, MSG_NOSIGNAL));
	return done(fd, r);
}

static int udp_bind(int argc, char **argv)
{
	(void)argc;
	return bind4(argv[0], SOCK_DGRAM, 0);
}

static int udp_connect(int argc, char **argv)
{
	(void)argc;
	return connect4(argv[0], SOCK_DGRAM, 0);
}

static int udp_send(int argc, char **argv)
{
	struct sockaddr_in addr = loopback(argv[0]);
	int fd = new_socket(AF_INET, SOCK_DGRAM, 0);

	(void)argc;
	return fd < 0 ? fd
		      : done(fd, result(sendto(fd, "x", 1, 0, (const struct sockaddr *)&addr,
					       sizeof(addr))));
}

/* A name as the kernel takes it; a leading '@' stands for the NUL of an abstract name. */
static socklen_t unix_address(const char *name, struct sockaddr_un *ret_addr)
{
	size_t len = strlen(name);

	if (len == 0 || len >= sizeof(ret_addr->sun_path))
		payload_misuse("not a socket name", name);
	memset(ret_addr, 0, sizeof(*ret_addr));
	ret_addr->sun_family = AF_UNIX;
	memcpy(ret_addr->sun_path, name, len);
	if (name[0] == '@')
		ret_addr->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + (name[0] != '@'));
}

static int unix_connect(int argc, char **argv)
{
	struct sockaddr_un addr;
	socklen_t len = unix_address(argv[0], &addr);
	int fd = new_socket(
		AF_UNIX,
		argc > 1 ? payload_word(types, PAYLOAD_ENTRIES(types), argv[1]) : SOCK_STREAM, 0);

	return fd < 0 ? fd : done(fd, result(connect(fd, (const struct sockaddr *)&addr, len)));
}

static int unix_bind(int argc, char **argv)
{
	struct sockaddr_un addr;
	socklen_t len = unix_address(argv[0], &addr);
	int fd = new_socket(AF_UNIX, SOCK_STREAM, 0);

	(void)argc;
	return fd < 0 ? fd : done(fd, result(bind(fd, (const struct sockaddr *)&addr, len)));
}

static int unix_sendto(int argc, char **argv)
{
	struct sockaddr_un addr;
	socklen_t len = unix_address(argv[0], &addr);
	int fd = new_socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)argc;
	return fd < 0 ? fd
		      : done(fd,
			     result(sendto(fd, "x", 1, 0, (const struct sockaddr *)&addr, len)));
}

/*
 * One end of a pair can be pointed at another address: a way to a named datagram
 * socket for which socket(2) is never called.
 */
static int unix_pair_sendto(int argc, char **argv)
{
	struct sockaddr_un addr;
	socklen_t len = unix_address(argv[0], &addr);
	int fds[2], r = result(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds));

	(void)argc;
	if (r < 0)
		return r;
	(void)close(fds[0]);
	r = result(connect(fds[1], (const struct sockaddr *)&addr, len));
	return done(fds[1], r < 0 ? r : result(send(fds[1], "x", 1, MSG_NOSIGNAL)));
}

const struct op net_ops[] = {
	{ "socket", "FAMILY TYPE [PROTOCOL]", 2, 3, open_socket },
	{ "socketpair", "FAMILY TYPE", 2, 2, open_pair },
	{ "tcp-connect", "PORT", 1, 1, tcp_connect },
	{ "tcp6-connect", "PORT", 1, 1, tcp6_connect },
	{ "tcp-bind", "PORT", 1, 1, tcp_bind },
	{ "tcp-listen", "PORT", 1, 1, tcp_listen },
	{ "tcp-listen-unbound", "", 0, 0, tcp_listen_unbound },
	{ "mptcp-connect", "PORT", 1, 1, mptcp_connect },
	{ "mptcp-bind", "PORT", 1, 1, mptcp_bind },
	{ "fastopen-sendto", "PORT", 1, 1, fastopen_sendto },
	{ "fastopen-sendmsg", "PORT", 1, 1, fastopen_sendmsg },
	{ "fastopen-sendmmsg", "PORT", 1, 1, fastopen_sendmmsg },
	{ "fastopen-option", "PORT", 1, 1, fastopen_option },
	{ "udp-bind", "PORT", 1, 1, udp_bind },
	{ "udp-connect", "PORT", 1, 1, udp_connect },
	{ "udp-send", "PORT", 1, 1, udp_send },
	{ "unix-connect", "PATH|@NAME [TYPE]", 1, 2, unix_connect },
	{ "unix-bind", "PATH|@NAME", 1, 1, unix_bind },
	{ "unix-sendto", "PATH|@NAME", 1, 1, unix_sendto },
	{ "unix-pair-sendto", "PATH|@NAME", 1, 1, unix_pair_sendto },
};
const size_t n_net_ops = PAYLOAD_ENTRIES(net_ops);
