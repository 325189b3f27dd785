#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
descriptors.py - open files that the caller leaves: only 0, 1, 2 and the listed ones survive.

A descriptor keeps the power that it was opened with, so one that slips through is a hole in every
grant. Where one is kept on purpose, what can still not be done with it is shown too.
"""
import fcntl
import socket

from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

KEPT, OTHER, FAR = 7, 8, 900


def put(path, number, flags=os.O_RDWR):
    """Opens a file at a number, by way of one that no test uses: dup2 onto itself would leave it close-on-exec."""
    high = fcntl.fcntl(os.open(path, flags), fcntl.F_DUPFD_CLOEXEC, 1000)
    os.dup2(high, number, inheritable=True)


def with_fds(options, *op, fds, **how):
    """The payload started with these descriptors open: number -> (path, flags)."""
    def place():
        for number, (path, flags) in fds.items():
            put(path, number, flags)
    result = confined(options, *op, preexec_fn=place, close_fds=False, **how) if options is not None else \
        payload(*op, preexec_fn=place, close_fds=False, **how)
    return said(result)


@test("descriptors that are not listed are closed, listed ones survive")
def _():
    folder = tempdir()
    path = write_file(f"{folder}/file", "text")
    fds = {n: (path, os.O_RDWR) for n in (3, 4, KEPT, OTHER, FAR)}
    equal(with_fds([], "fds", fds=fds), "0\n1\n2", "with none listed")
    equal(with_fds(["--keep-fd", str(KEPT)], "fds", fds=fds), f"0\n1\n2\n{KEPT}", "with one listed")
    equal(with_fds(["--keep-fd", str(FAR), "--keep-fd", "3"], "fds", fds=fds), f"0\n1\n2\n3\n{FAR}", "with two")
    equal(with_fds(["--keep-fd", str(KEPT), "--supervise"], "fds", fds=fds), f"0\n1\n2\n{KEPT}", "supervised")
    contains("\n" + with_fds(None, "fds", fds=fds) + "\n", f"\n{FAR}\n", "without a sandbox")


@test("descriptors are closed also where the kernel has no close_range")
def _():
    fake = os.path.join(BUILD, "tests", "no_syscall")
    path = write_file(f"{tempdir()}/file", "text")
    for errno in ("ENOSYS", "EPERM", "EINVAL"):
        def place():
            put(path, KEPT)
            put(path, FAR)
        result = run(fake, "close_range", errno, CROFT, "run", *MINIMUM, "--keep-fd", str(KEPT), "--", PAYLOAD,
                     "fds", preexec_fn=place, close_fds=False)
        equal(said(result), f"0\n1\n2\n{KEPT}", f"descriptors, close_range answering {errno}")


@test("a descriptor that is listed and not open stops the start")
def _():
    result = confined(["--keep-fd", "9"], "args", "started")
    status_is(result, 125)
    lacks(result.out, "started", "output")
    contains(result.err, "9", "message")


@test("an open directory that is not listed is of no use, a listed one gives no right to create")
def _():
    folder = tempdir()
    fds = {KEPT: (folder, os.O_RDONLY | os.O_DIRECTORY)}
    equal(with_fds([], "fd-create", KEPT, "new", fds=fds), "EBADF", "not listed")
    equal(with_fds(["--keep-fd", str(KEPT)], "fd-create", KEPT, "new", fds=fds), "EACCES", "listed")
    equal(with_fds(["--keep-fd", str(KEPT), "--write", folder], "fd-create", KEPT, "new", fds=fds), "ok",
          "listed, and the directory granted")
    equal(with_fds(None, "fd-create", KEPT, "free", fds=fds), "ok", "without a sandbox")
    equal(with_fds(["--keep-fd", str(KEPT)], "fd-create", KEPT, "late",
                   fds={KEPT: (folder, os.O_PATH)}), "EACCES", "a path descriptor")


@test("a listed descriptor keeps the power it was opened with")
def _():
    path = write_file(f"{tempdir()}/file", "text")
    keep = ["--keep-fd", str(KEPT)]
    equal(with_fds(keep, "fd-write", KEPT, "TEXT", fds={KEPT: (path, os.O_RDWR)}), "ok", "write")
    equal(read_file(path), "TEXT", "content")
    equal(with_fds(keep, "fd-write", KEPT, "x", fds={KEPT: (path, os.O_RDONLY)}), "EBADF", "write to a reader")
    equal(with_fds(keep, "fd-read", KEPT, fds={KEPT: (path, os.O_RDONLY)}), "ok", "read")
    equal(with_fds([], "fd-read", KEPT, fds={KEPT: (path, os.O_RDONLY)}), "EBADF", "read, not listed")


@test("the command holds nothing of croft's own")
def _():
    for options in ([], ["--supervise"], ["--time", "30"]):
        for profile in ("empty", "system"):
            words = ["run", "--profile", profile, "--execute", PAYLOAD, *options, "--", PAYLOAD]
            equal(said(run_croft(*words, "fds", cwd="/")), "0\n1\n2", f"descriptors with {words}")
            equal(said(run_croft(*words, "exec", "fds", cwd="/")), "0\n1\n2", f"after an exec with {words}")


@test("an open connection that is kept still works, and opens no other")
def _():
    server = socket.socket()
    cleanup(server.close)
    server.bind(("127.0.0.1", 0))
    server.listen(2)
    client = socket.create_connection(server.getsockname())
    cleanup(client.close)

    def place():
        os.dup2(client.fileno(), KEPT, inheritable=True)
    how = {"preexec_fn": place, "close_fds": False}
    equal(inside(["--keep-fd", str(KEPT)], "fd-write", KEPT, "hello", **how), "ok", "write to the kept connection")
    equal(inside([], "fd-write", KEPT, "hello", **how), "EBADF", "write, not listed")
    refused(inside(["--keep-fd", str(KEPT)], "tcp-connect", server.getsockname()[1], **how), "a new connection")


main()
