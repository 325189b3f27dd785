/* SPDX-License-Identifier: MIT */
/*
 * probe_rights.c - each right of Landlock by its effect.
 *
 * A version number says which rights a kernel knows, not that it keeps them. So each is acted
 * out by a child: a ruleset that handles this right alone, one rule that grants it beneath one
 * directory (or for one port), and the same operation three times:
 *
 *   before    not confined: what the host says anyway, allowed or not
 *   denied    confined, without a rule: the right's own errno, and not what was said before
 *   granted   confined, with a rule: the same as before
 *
 * So nobody has to be allowed to make a device to see that making one is judged. Scopes have
 * no rules: there `before` is the twin.
 *
 * Directories of the same form are made for each of the three, before anything is confined; the
 * operations that change something have a name of their own each. Sockets of the network are
 * bound to and connected on the loopback only; where there is none both answers are the same
 * errno, and the right is judged first all the same.
 */
#include <asm/unistd.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <termios.h>

#include "base/cleanup.h"
#include "doctor/child.h"
#include "doctor/tiny_elf.h"
#include "sys/calls.h"
#include "sys/fd.h"

enum turn { TURN_BEFORE, TURN_DENIED, TURN_GRANTED, TURN_MAX };

static const char *const places[TURN_MAX] = { "before", "denied", "granted" };

/* What the operations work upon. */
struct ground {
	int dirs[TURN_MAX];
	struct sockaddr_in tcp, udp; /* where a socket of ours listens */
	struct sockaddr_un abstract;
	size_t abstract_len;
	pid_t outside; /* a process that is not confined */
};

typedef int (*act_fn)(const struct ground *ground, enum turn turn);

/* A descriptor is no answer. */
static int opened(int fd)
{
	if (fd < 0)
		return fd;
	(void)sys_close(fd);
	return 0;
}

static int act_write(const struct ground *ground, enum turn turn)
{
	return opened(sys_openat(ground->dirs[turn], "file", O_WRONLY, 0));
}

static int act_read(const struct ground *ground, enum turn turn)
{
	return opened(sys_openat(ground->dirs[turn], "file", O_RDONLY, 0));
}

static int act_list(const struct ground *ground, enum turn turn)
{
	return opened(sys_openat(ground->dirs[turn], ".", O_RDONLY | O_DIRECTORY, 0));
}

static int exec_it(void *arg)
{
	static char *const none[] = { NULL };
	const int *dir = arg;

	return CHILD_ERRNO((int)sys_raw(__NR_execveat, *dir, (long)(uintptr_t) "run",
					(long)(uintptr_t)none, (long)(uintptr_t)none, 0, 0));
}

static int act_execute(const struct ground *ground, enum turn turn)
{
	int dir = ground->dirs[turn], r = child_result(exec_it, &dir);

	return r == TINY_ELF_STATUS ? 0 : r < 0 ? r : -r;
}

static int act_remove_dir(const struct ground *ground, enum turn turn)
{
	return sys_unlinkat(ground->dirs[turn], "empty", AT_REMOVEDIR);
}

static int act_remove_file(const struct ground *ground, enum turn turn)
{
	return sys_unlinkat(ground->dirs[turn], "gone", 0);
}

static int make_node(const struct ground *ground, enum turn turn, const char *name, mode_t type)
{
	return (int)sys_raw(__NR_mknodat, ground->dirs[turn], (long)(uintptr_t)name,
			    (long)(type | 0600), 0, 0, 0);
}

static int act_make_char(const struct ground *ground, enum turn turn)
{
	return make_node(ground, turn, "char", S_IFCHR);
}

static int act_make_dir(const struct ground *ground, enum turn turn)
{
	return sys_mkdirat(ground->dirs[turn], "dir", 0700);
}

static int act_make_reg(const struct ground *ground, enum turn turn)
{
	return make_node(ground, turn, "reg", S_IFREG);
}

static int act_make_sock(const struct ground *ground, enum turn turn)
{
	return make_node(ground, turn, "sock", S_IFSOCK);
}

static int act_make_fifo(const struct ground *ground, enum turn turn)
{
	return make_node(ground, turn, "fifo", S_IFIFO);
}

static int act_make_block(const struct ground *ground, enum turn turn)
{
	return make_node(ground, turn, "block", S_IFBLK);
}

static int act_make_sym(const struct ground *ground, enum turn turn)
{
	return sys_symlinkat("file", ground->dirs[turn], "sym");
}

static int act_refer(const struct ground *ground, enum turn turn)
{
	return sys_renameat2(ground->dirs[turn], "from/moved", ground->dirs[turn], "to/moved", 0);
}

/* truncate(2) by descriptor of a directory: through its name in /proc, or where it is. */
static int act_truncate(const struct ground *ground, enum turn turn)
{
	int r = sys_fchdir(ground->dirs[turn]);

	return r < 0 ? r : (int)sys_raw(__NR_truncate, (long)(uintptr_t) "file", 0, 0, 0, 0, 0);
}

/* ENOTTY where it is allowed: /dev/null is no terminal. Without a turn: the rule is on it. */
static int act_ioctl(const struct ground *ground, enum turn turn)
{
	AUTO_FD int fd =
		sys_openat(AT_FDCWD, turn == TURN_DENIED ? "/dev/zero" : "/dev/null", O_RDONLY, 0);
	struct termios unused;

	(void)ground;
	return fd < 0 ? fd : sys_ioctl(fd, TCGETS, &unused);
}

static int act_path_socket(const struct ground *ground, enum turn turn)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "listens" };
	AUTO_FD int fd = sys_socket(AF_UNIX, SOCK_STREAM, 0);
	int r = fd < 0 ? fd : sys_fchdir(ground->dirs[turn]);

	return r < 0 ? r : sys_connect(fd, (const struct sockaddr *)&address, sizeof(address));
}

/* What is bound to is port 0, and connected to is ours: denied and granted is another rule. */
static int bind_port(int type)
{
	const struct sockaddr_in any = { .sin_family = AF_INET,
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	AUTO_FD int fd = sys_socket(AF_INET, type, 0);

	return fd < 0 ? fd : sys_bind(fd, (const struct sockaddr *)&any, sizeof(any));
}

static int connect_port(int type, const struct sockaddr_in *address)
{
	AUTO_FD int fd = sys_socket(AF_INET, type | SOCK_NONBLOCK, 0);
	int r = fd < 0 ? fd : sys_connect(fd, (const struct sockaddr *)address, sizeof(*address));

	return r == -EINPROGRESS ? 0 : r;
}

static int act_bind_tcp(const struct ground *ground, enum turn turn)
{
	(void)ground;
	(void)turn;
	return bind_port(SOCK_STREAM);
}

static int act_connect_tcp(const struct ground *ground, enum turn turn)
{
	(void)turn;
	return connect_port(SOCK_STREAM, &ground->tcp);
}

static int act_bind_udp(const struct ground *ground, enum turn turn)
{
	(void)ground;
	(void)turn;
	return bind_port(SOCK_DGRAM);
}

static int act_connect_udp(const struct ground *ground, enum turn turn)
{
	(void)turn;
	return connect_port(SOCK_DGRAM, &ground->udp);
}

static int act_abstract(const struct ground *ground, enum turn turn)
{
	AUTO_FD int fd = sys_socket(AF_UNIX, SOCK_STREAM, 0);

	(void)turn;
	return fd < 0 ? fd
		      : sys_connect(fd, (const struct sockaddr *)&ground->abstract,
				    ground->abstract_len);
}

static int act_signal(const struct ground *ground, enum turn turn)
{
	(void)turn;
	return sys_kill(ground->outside, 0);
}

enum kind {
	KIND_FS,
	KIND_AUDIT,
	KIND_DEVICE,
	KIND_BIND,
	KIND_CONNECT_TCP,
	KIND_CONNECT_UDP,
	KIND_SCOPE
};

static const struct right {
	const char *name;
	enum kind kind;
	uint64_t bit;
	int refusal;
	act_fn act;
} rights[] = {
	{ "execute", KIND_FS, ABI_LANDLOCK_FS_EXECUTE, EACCES, act_execute },
	{ "write-file", KIND_FS, ABI_LANDLOCK_FS_WRITE_FILE, EACCES, act_write },
	{ "read-file", KIND_FS, ABI_LANDLOCK_FS_READ_FILE, EACCES, act_read },
	{ "read-dir", KIND_FS, ABI_LANDLOCK_FS_READ_DIR, EACCES, act_list },
	{ "remove-dir", KIND_FS, ABI_LANDLOCK_FS_REMOVE_DIR, EACCES, act_remove_dir },
	{ "remove-file", KIND_FS, ABI_LANDLOCK_FS_REMOVE_FILE, EACCES, act_remove_file },
	{ "make-char", KIND_FS, ABI_LANDLOCK_FS_MAKE_CHAR, EACCES, act_make_char },
	{ "make-dir", KIND_FS, ABI_LANDLOCK_FS_MAKE_DIR, EACCES, act_make_dir },
	{ "make-reg", KIND_FS, ABI_LANDLOCK_FS_MAKE_REG, EACCES, act_make_reg },
	{ "make-sock", KIND_FS, ABI_LANDLOCK_FS_MAKE_SOCK, EACCES, act_make_sock },
	{ "make-fifo", KIND_FS, ABI_LANDLOCK_FS_MAKE_FIFO, EACCES, act_make_fifo },
	{ "make-block", KIND_FS, ABI_LANDLOCK_FS_MAKE_BLOCK, EACCES, act_make_block },
	{ "make-sym", KIND_FS, ABI_LANDLOCK_FS_MAKE_SYM, EACCES, act_make_sym },
	{ "refer", KIND_FS, ABI_LANDLOCK_FS_REFER, EXDEV, act_refer },
	{ "truncate", KIND_FS, ABI_LANDLOCK_FS_TRUNCATE, EACCES, act_truncate },
	{ "ioctl-dev", KIND_DEVICE, ABI_LANDLOCK_FS_IOCTL_DEV, EACCES, act_ioctl },
	{ "resolve-unix", KIND_FS, ABI_LANDLOCK_FS_RESOLVE_UNIX, EACCES, act_path_socket },
	{ "bind-tcp", KIND_BIND, ABI_LANDLOCK_NET_BIND_TCP, EACCES, act_bind_tcp },
	{ "connect-tcp", KIND_CONNECT_TCP, ABI_LANDLOCK_NET_CONNECT_TCP, EACCES, act_connect_tcp },
	{ "bind-udp", KIND_BIND, ABI_LANDLOCK_NET_BIND_UDP, EACCES, act_bind_udp },
	{ "connect-udp", KIND_CONNECT_UDP, ABI_LANDLOCK_NET_CONNECT_SEND_UDP, EACCES,
	  act_connect_udp },
	{ "scope-abstract", KIND_SCOPE, ABI_LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET, EPERM,
	  act_abstract },
	{ "scope-signal", KIND_SCOPE, ABI_LANDLOCK_SCOPE_SIGNAL, EPERM, act_signal },
	/* what is logged, auditd alone could see: that the flags are taken, and the rules hold */
	{ "audit-flags", KIND_AUDIT, ABI_LANDLOCK_FS_READ_FILE, EACCES, act_read },
};

static bool is_known(const struct landlock_abi *abi, const struct right *right)
{
	switch (right->kind) {
	case KIND_AUDIT:
		return abi->restrict_flags & ABI_LANDLOCK_RESTRICT_LOG_NEW_EXEC_ON;
	case KIND_FS:
	case KIND_DEVICE:
		return abi->fs & right->bit;
	case KIND_SCOPE:
		return abi->scoped & right->bit;
	default:
		return abi->net & right->bit;
	}
}

static int add_rule(int ruleset, const struct ground *ground, const struct right *right,
		    bool is_granted)
{
	struct abi_landlock_path_beneath_attr path = { .allowed_access = right->bit };
	struct abi_landlock_net_port_attr port = { .allowed_access = right->bit };
	AUTO_FD int device = -1;

	switch (right->kind) {
	case KIND_DEVICE:
		device = sys_openat(AT_FDCWD, "/dev/null", O_PATH, 0);
		path.parent_fd = device;
		return device < 0 ? device
				  : sys_landlock_add_rule(ruleset, ABI_LANDLOCK_RULE_PATH_BENEATH,
							  &path, 0);
	case KIND_FS:
	case KIND_AUDIT:
		path.parent_fd = ground->dirs[TURN_GRANTED];
		return sys_landlock_add_rule(ruleset, ABI_LANDLOCK_RULE_PATH_BENEATH, &path, 0);
	case KIND_CONNECT_TCP:
		port.port = ntohs(ground->tcp.sin_port);
		break;
	case KIND_CONNECT_UDP:
		port.port = ntohs(ground->udp.sin_port);
		break;
	case KIND_SCOPE:
		return 0;
	case KIND_BIND:
		break;
	}
	return is_granted ? sys_landlock_add_rule(ruleset, ABI_LANDLOCK_RULE_NET_PORT, &port, 0)
			  : 0;
}

static int confine(const struct ground *ground, const struct right *right, bool is_granted)
{
	bool is_audit = right->kind == KIND_AUDIT;
	bool is_fs = is_audit || right->kind == KIND_FS || right->kind == KIND_DEVICE;
	bool is_scope = right->kind == KIND_SCOPE;
	const struct abi_landlock_ruleset_attr attr = {
		.handled_access_fs = is_fs ? right->bit : 0,
		.handled_access_net = is_fs || is_scope ? 0 : right->bit,
		.scoped = is_scope ? right->bit : 0,
	};
	int r = sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	AUTO_FD int ruleset = sys_landlock_create_ruleset(&attr, sizeof(attr), 0);

	if (r < 0 || ruleset < 0)
		return r < 0 ? r : ruleset;
	r = add_rule(ruleset, ground, right, is_granted);
	if (r < 0)
		return r;
	return sys_landlock_restrict_self(ruleset,
					  is_audit ? ABI_LANDLOCK_RESTRICT_LOG_NEW_EXEC_ON : 0);
}

struct trial {
	const struct ground *ground;
	const struct right *right;
	bool is_granted; /* the port's rule is made; a path's always is */
};

#define CANNOT_CONFINE 254

/* Exits with the errno of the turn, confined. */
static int act_turn(void *arg)
{
	const struct trial *trial = arg;

	if (confine(trial->ground, trial->right, trial->is_granted) < 0)
		return CANNOT_CONFINE;
	return CHILD_ERRNO(
		trial->right->act(trial->ground, trial->is_granted ? TURN_GRANTED : TURN_DENIED));
}

static int act_before(void *arg)
{
	const struct trial *trial = arg;

	return CHILD_ERRNO(trial->right->act(trial->ground, TURN_BEFORE));
}

static void try_right(const struct probe_context *context, const struct ground *ground,
		      const struct right *right)
{
	struct trial trial = { ground, right, false };
	int before = child_result(act_before, &trial);
	int denied = child_result(act_turn, &trial), granted;
	const char *step = NULL;

	trial.is_granted = true;
	granted = right->kind == KIND_SCOPE ? before : child_result(act_turn, &trial);
	if (before < 0 || denied < 0 || granted < 0)
		report_of(context, OBS_LANDLOCK_RIGHT, right->name, OBS_BROKEN, "clone", EAGAIN,
			  OBS_NO_VALUE, NULL);
	else if (before == right->refusal)
		/* refused by something else in any case: nothing to be seen */
		report_of(context, OBS_LANDLOCK_RIGHT, right->name, OBS_NOT_ASKED, "before", before,
			  OBS_NO_VALUE, "refused without Landlock, too");
	else if (denied != right->refusal)
		step = denied == CANNOT_CONFINE ? "confine" : "denied";
	else if (granted != before)
		step = "granted";
	else
		report_of(context, OBS_LANDLOCK_RIGHT, right->name, OBS_YES, NULL, 0, OBS_NO_VALUE,
			  NULL);
	if (step)
		report_of(context, OBS_LANDLOCK_RIGHT, right->name, OBS_NO, step,
			  step[0] == 'g'             ? granted
			  : denied == CANNOT_CONFINE ? 0
						     : denied,
			  OBS_NO_VALUE, NULL);
}

/* A file with these bytes. */
static int put_file(int dir, const char *name, const void *data, size_t len, mode_t mode)
{
	AUTO_FD int fd = sys_openat(dir, name, O_WRONLY | O_CREAT | O_EXCL, mode);

	return fd < 0 ? fd : fd_write_all(fd, data, len);
}

static int make_place(int tmp, const char *name, int *ret_dir)
{
	const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "listens" };
	unsigned char program[TINY_ELF_MAX];
	size_t len = tiny_elf_build(&tiny_elfs[TINY_ELF_NATIVE], program);
	int r = sys_mkdirat(tmp, name, 0700), dir, fd;

	if (r < 0)
		return r;
	dir = sys_openat(tmp, name, O_RDONLY | O_DIRECTORY, 0);
	if (dir < 0)
		return dir;
	*ret_dir = dir;
	if ((r = put_file(dir, "file", "x", 1, 0600)) < 0 ||
	    (r = put_file(dir, "gone", "x", 1, 0600)) < 0 ||
	    (r = put_file(dir, "run", program, len, 0700)) < 0 ||
	    (r = sys_mkdirat(dir, "empty", 0700)) < 0 || (r = sys_mkdirat(dir, "from", 0700)) < 0 ||
	    (r = sys_mkdirat(dir, "to", 0700)) < 0 ||
	    (r = put_file(dir, "from/moved", "x", 1, 0600)) < 0 || (r = sys_fchdir(dir)) < 0)
		return r;
	/* The socket stays open with the process. Without it only resolve-unix sees ENOENT. */
	fd = sys_socket(AF_UNIX, SOCK_STREAM, 0);
	if (fd >= 0 && sys_bind(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
		(void)sys_listen(fd, 8);
	return 0;
}

/* Listens on a port of the kernel's choice; a port of 1 where there is no loopback. */
static struct sockaddr_in listen_on(int type)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = sys_socket(AF_INET, type, 0);
	unsigned len = sizeof(address);

	if (fd < 0 || sys_bind(fd, (const struct sockaddr *)&address, len) < 0 ||
	    sys_raw(__NR_getsockname, fd, (long)(uintptr_t)&address, (long)(uintptr_t)&len, 0, 0,
		    0) < 0)
		address.sin_port = htons(1);
	else if (type == SOCK_STREAM)
		(void)sys_listen(fd, 8);
	return address;
}

/* A name that the kernel chooses (unix(7), autobind): nobody's else. */
static void listen_abstract(struct ground *ground)
{
	int fd = sys_socket(AF_UNIX, SOCK_STREAM, 0);
	unsigned len = sizeof(ground->abstract);

	ground->abstract = (struct sockaddr_un){ .sun_family = AF_UNIX };
	ground->abstract_len = sizeof(ground->abstract.sun_family);
	if (fd < 0 ||
	    sys_bind(fd, (const struct sockaddr *)&ground->abstract, ground->abstract_len) < 0 ||
	    sys_listen(fd, 8) < 0)
		return;
	if (sys_raw(__NR_getsockname, fd, (long)(uintptr_t)&ground->abstract, (long)(uintptr_t)&len,
		    0, 0, 0) == 0)
		ground->abstract_len = len;
}

static void probe_rights(const struct probe_context *context)
{
	int version = sys_landlock_create_ruleset(NULL, 0, ABI_LANDLOCK_CREATE_RULESET_VERSION);
	const struct landlock_abi *abi = landlock_abi_get(version);
	struct ground ground = { .outside = sys_getpid() };
	AUTO_FD int tmp = -1;

	if (version <= 0)
		return;
	tmp = sys_openat(AT_FDCWD, context->tmp, O_RDONLY | O_DIRECTORY, 0);
	for (int i = 0; i < TURN_MAX; i++) {
		int r = tmp < 0 ? tmp : make_place(tmp, places[i], &ground.dirs[i]);

		if (r < 0) {
			report_of(context, OBS_LANDLOCK_RIGHT, NULL, OBS_BROKEN, "prepare", -r,
				  OBS_NO_VALUE, context->tmp);
			return;
		}
	}
	ground.tcp = listen_on(SOCK_STREAM);
	ground.udp = listen_on(SOCK_DGRAM);
	listen_abstract(&ground);
	for (size_t i = 0; i < ARRAY_SIZE(rights); i++)
		if (is_known(abi, &rights[i]))
			try_right(context, &ground, &rights[i]);
}

static const struct probe probes[] = {
	{ .id = OBS_LANDLOCK_RIGHT, .run = probe_rights, .wants_tmp = true },
};
const struct probe_table probes_rights = { probes, ARRAY_SIZE(probes) };
