#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
unix_sockets.py - named sockets of processes outside: by path and by abstract name.

A session bus starts programs outside the sandbox for whoever can connect, so a path socket is a way
out. Landlock tells them apart from ABI 9; below it the filter makes no unix socket but a connected
pair. `--off unix-path` opens paths; then abstract names rest on Landlock's scope (ABI 6).
"""
import socket

from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

OPEN = ["--off", "unix-path"]
DENIED = ("EACCES", "EPERM")


def server(kind, name):
    """A socket of this process under a path or an abstract name (\\0...)."""
    sock = socket.socket(socket.AF_UNIX, kind)
    cleanup(sock.close)
    sock.bind(name)
    if kind == socket.SOCK_STREAM:
        sock.listen(16)


@test("a path socket outside cannot be reached without a grant",
      variants=["unix-connect stream", "unix-connect dgram", "unix-sendto", "unix-pair-sendto"])
def _(way):
    op, *kind = way.split()
    path = f"{tempdir()}/s"
    server(socket.SOCK_STREAM if kind == ["stream"] else socket.SOCK_DGRAM, path)
    refused(inside([], op, path, *kind), way)
    refused(inside(["--write", os.path.dirname(path)], op, path, *kind), f"{way} with --write on its directory")
    allowed(inside(OPEN, op, path, *kind), f"{way} with unix-path off")
    allowed(outside(op, path, *kind), f"{way} without a sandbox")


@test("--socket opens the granted socket, or is refused where sockets cannot be told apart")
def _():
    path, other = f"{tempdir()}/s", f"{tempdir()}/s"
    server(socket.SOCK_STREAM, path)
    server(socket.SOCK_STREAM, other)
    options = ["--socket", path]
    if ABI >= PATH_SOCKETS:
        equal(each(options, [["unix-connect", path], ["unix-connect", other]]), ["ok", "EACCES"], "answers")
        return
    result = confined(options, "args", "started")
    status_is(result, 125)
    lacks(result.out, "started", "output")
    contains(result.err, "unix-path", "message")
    allowed(inside([*options, "--prefer", "unix-path"], "unix-connect", path), "with unix-path preferred")
    contains(json.dumps(plan_rows(*options, "--prefer", "unix-path")["unix-path"]), "session bus", "row unix-path")


@test("an abstract socket outside cannot be reached", variants=["unix-connect", "unix-sendto", "unix-pair-sendto"])
def _(op):
    name = f"croft-test-{os.getpid()}-{op}"
    server(socket.SOCK_STREAM if op == "unix-connect" else socket.SOCK_DGRAM, "\0" + name)
    refused(inside([], op, "@" + name), op, DENIED)
    scoped = inside(OPEN, op, "@" + name)
    if ABI >= SCOPES:
        refused(scoped, f"{op} where unix sockets can be made", DENIED)
    else:
        allowed(scoped, f"{op} without the scope")
        contains(json.dumps(plan_rows(*OPEN)["unix-abstract"]), "can be reached", "row unix-abstract")
    allowed(inside([*OPEN, "--off", "unix-abstract"], op, "@" + name), f"{op} with unix-abstract off")
    allowed(outside(op, "@" + name), f"{op} without a sandbox")


@test("a named socket of the command's own needs no grant but that to create it")
def _():
    folder = tempdir()
    answer = inside(["--write", folder], "mksock", f"{folder}/own")
    if ABI >= PATH_SOCKETS:
        allowed(answer, "bind in a granted directory")
    else:
        refused(answer, "bind")
        allowed(inside(["--write", folder, *OPEN], "mksock", f"{folder}/own"), "bind with unix-path off")
    refused(inside(OPEN, "mksock", f"{folder}/other"), "bind in a directory that is not granted")
    allowed(inside(OPEN, "unix-bind", f"@croft-test-own-{os.getpid()}"), "bind of an abstract name")


main()
