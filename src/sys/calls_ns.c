/* SPDX-License-Identifier: MIT */
/*
 * calls_ns.c - the wrappers of calls.h for namespaces, mounts, sockets and terminals.
 *
 * Apart from calls.c for its length alone: the table is there. As there, nothing
 * allocates or locks, and errno is not touched.
 */
#include <fcntl.h>
#include <sys/socket.h>

#include "sys/calls_parts.h"

int sys_setns(int fd, int type)
{
	return (int)CALL(setns, fd, type);
}

int sys_sethostname(const char *name, size_t len)
{
	return (int)CALL(sethostname, PTR(name), len);
}

int sys_mount(const char *source, const char *target, const char *type, unsigned long flags,
	      const char *data)
{
	return (int)CALL(mount, PTR(source), PTR(target), PTR(type), flags, PTR(data));
}

int sys_umount(const char *target, int flags)
{
	return (int)CALL(umount2, PTR(target), flags);
}

int sys_pivot_root(const char *root, const char *old)
{
	return (int)CALL(pivot_root, PTR(root), PTR(old));
}

int sys_chroot(const char *path)
{
	return (int)CALL(chroot, PTR(path));
}

int sys_open_tree(int dirfd, const char *path, unsigned flags)
{
	return (int)CALL(open_tree, dirfd, PTR(path), flags | ABI_OPEN_TREE_CLOEXEC);
}

int sys_fsopen(const char *type)
{
	return (int)CALL(fsopen, PTR(type), ABI_FSOPEN_CLOEXEC);
}

int sys_fsmount(int fs, unsigned attrs)
{
	return (int)CALL(fsmount, fs, ABI_FSMOUNT_CLOEXEC, attrs);
}

int sys_fsconfig(int fs, unsigned command, const char *key, const char *value, int aux)
{
	return (int)CALL(fsconfig, fs, command, PTR(key), PTR(value), aux);
}

int sys_move_mount(int from, const char *from_path, int to, const char *to_path, unsigned flags)
{
	return (int)CALL(move_mount, from, PTR(from_path), to, PTR(to_path), flags);
}

int sys_mount_setattr(int dirfd, const char *path, unsigned flags,
		      const struct abi_mount_attr *attr)
{
	return (int)CALL(mount_setattr, dirfd, PTR(path), flags, PTR(attr), sizeof(*attr));
}

int sys_symlinkat(const char *text, int dirfd, const char *path)
{
	return (int)CALL(symlinkat, PTR(text), dirfd, PTR(path));
}

int sys_ioctl(int fd, unsigned long request, void *arg)
{
	return (int)CALL(ioctl, fd, request, PTR(arg));
}

int sys_dup3(int from, int to, int flags)
{
	return (int)CALL(dup3, from, to, flags);
}

int sys_socket(int family, int type, int protocol)
{
	return (int)CALL(socket, family, type | SOCK_CLOEXEC, protocol);
}

int sys_socketpair(int family, int type, int ret_fds[2])
{
	return (int)CALL(socketpair, family, type | SOCK_CLOEXEC, 0, PTR(ret_fds));
}

int sys_bind(int fd, const struct sockaddr *address, size_t len)
{
	return (int)CALL(bind, fd, PTR(address), len);
}

int sys_listen(int fd, int backlog)
{
	return (int)CALL(listen, fd, backlog);
}

int sys_connect(int fd, const struct sockaddr *address, size_t len)
{
	return (int)CALL(connect, fd, PTR(address), len);
}

int sys_accept(int fd)
{
	return (int)CALL(accept4, fd, 0, 0, SOCK_CLOEXEC);
}

int sys_getsockopt(int fd, int level, int option, void *ret_value, unsigned *len)
{
	return (int)CALL(getsockopt, fd, level, option, PTR(ret_value), PTR(len));
}

ssize_t sys_sendmsg(int fd, const struct msghdr *message)
{
	return CALL(sendmsg, fd, PTR(message), MSG_NOSIGNAL);
}

ssize_t sys_recvmsg(int fd, struct msghdr *message)
{
	return CALL(recvmsg, fd, PTR(message), MSG_CMSG_CLOEXEC);
}
