# SPDX-License-Identifier: MIT
"""
_stuck.py - runs a command where some directories are of a server that says nothing.

    _stuck.py DIRECTORY... -- COMMAND

A file system of FUSE's is mounted over each, in a mount namespace of its own. Who asks about a name there waits in
the kernel, and cannot be killed once the question has been taken: so it is with a hard NFS mount too. It needs root and
/dev/fuse. Exit status 77: it cannot be had here.
"""
import ctypes
import os
import struct
import sys
import threading

CLONE_NEWNS = 0x20000
MS_PRIVATE_REC = 1 << 18 | 1 << 14
FUSE_INIT = 26
libc = ctypes.CDLL(None, use_errno=True)


def mount(source, target, kind, flags, data):
    if libc.mount(source, target, kind, ctypes.c_ulong(flags), data):
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()), os.fsdecode(target))


def serve(fd):
    """Greets the kernel, takes every question, and answers none."""
    while True:
        try:
            request = os.read(fd, 1 << 20)
        except OSError:
            return
        _, opcode, unique = struct.unpack_from("<IIQ", request)
        if opcode == FUSE_INIT:
            body = struct.pack("<IIIIHHIIHHI28x", 7, 19, 65536, 0, 12, 9, 65536, 1, 0, 0, 0)
            os.write(fd, struct.pack("<IiQ", 16 + len(body), 0, unique) + body)


def main():
    split = sys.argv.index("--")
    points, command = sys.argv[1:split], sys.argv[split + 1:]
    fds = []
    try:
        if libc.unshare(CLONE_NEWNS):
            raise OSError(ctypes.get_errno(), "unshare")
        mount(b"none", b"/", None, MS_PRIVATE_REC, None)
        for point in points:
            fds.append(os.open("/dev/fuse", os.O_RDWR))
            mount(b"stuck", os.fsencode(point), b"fuse", 0, f"fd={fds[-1]},rootmode=40000,user_id=0,group_id=0,allow_other".encode())
    except OSError as why:
        print(why, file=sys.stderr)
        return 77
    for fd in fds:
        threading.Thread(target=serve, args=(fd,), daemon=True).start()
    # not by subprocess, which looks into /proc
    pid = os.posix_spawnp(command[0], command, os.environ)
    result = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    for fd in fds:
        os.close(fd)        # whoever waits gets ENOTCONN, and ends
    # not by exit(): a thread waits in read
    os._exit(result)        # pylint: disable=protected-access


if __name__ == "__main__":
    sys.exit(main())
