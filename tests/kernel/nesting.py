#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
nesting.py - croft inside croft: rights only shrink, and the kernel's 16 layers end in a clear word.
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

LAYERS = 16
OUTER = ("--profile", "system", "--off", "private-tmp", "--execute", CROFT, "--execute", PAYLOAD)


def libraries():
    """Where croft's own library lies when it is built as a shared one."""
    folders = [f"{os.path.dirname(CROFT)}/src"]
    return [word for folder in folders if os.path.isdir(folder) for word in ("--execute", folder)]


def nested(depth, options, *op):
    """croft run croft run ... payload op: `depth` layers, the innermost with these options."""
    words = []
    for _ in range(depth - 1):
        words += [CROFT, "run", *OUTER, *libraries(), *options, "--"]
    return run(*words, CROFT, "run", *OUTER, *libraries(), *options, "--", PAYLOAD, *op, cwd="/")


@test("croft runs inside croft, and the inner grants cannot widen the outer")
def _():
    folder = tempdir()
    write_file(f"{folder}/granted/file")
    write_file(f"{folder}/outside/file")
    base = (*OUTER, *libraries(), "--read", f"{folder}/granted")
    inner = ("run", "--profile", "empty", "--execute", PAYLOAD, "--read", f"{folder}/granted")
    wide = (*inner, "--write", f"{folder}/granted")
    equal(said(run_croft("run", *base, "--", CROFT, *inner, "--", PAYLOAD, "open-read", f"{folder}/granted/file",
                         cwd="/")), "ok", "granted by both")
    equal(said(run_croft("run", *base, "--", CROFT, *wide, "--", PAYLOAD, "open-write", f"{folder}/granted/file",
                         cwd="/")), "EACCES", "granted by the inner alone")
    equal(said(run_croft("run", *base, "--", CROFT, *inner, "--", PAYLOAD, "open-read", f"{folder}/outside/file",
                         cwd="/")), "EACCES", "granted by none")
    equal(said(run_croft("run", *base, "--", CROFT, "run", *OUTER, *libraries(), "--", PAYLOAD, "open-read",
                         f"{folder}/granted/file", cwd="/")), "EACCES", "granted by the outer alone")


@test("a system call group that the outer refuses stays refused inside")
def _():
    allow = ["--allow", "sysv-ipc"]
    equal(said(run_croft("run", *OUTER, *libraries(), "--", CROFT, "run", *OUTER, *libraries(), *allow, "--", PAYLOAD,
                         "shm-attach", cwd="/")), "EACCES", "allowed by the inner alone")
    equal(said(run_croft("run", *OUTER, *libraries(), *allow, "--", CROFT, "run", *OUTER, *libraries(), *allow, "--",
                         PAYLOAD, "shm-attach", cwd="/")), "ok", "allowed by both")


@test("sixteen layers work, the seventeenth says why not")
def _():
    result = nested(LAYERS, [], "args", "started")
    status_is(result, 0)
    equal(result.out, "started\n", "output of the sixteenth")
    result = nested(LAYERS + 1, [], "args", "started")
    status_is(result, 125)
    lacks(result.out, "started", "output of the seventeenth")
    matches(result.err, r"(?m)^croft: .*([Ll]andlock|layer)", "message")
    # each layer may warn of what an older kernel cannot give
    said_once = [line for line in result.err.splitlines() if "not enforced here" not in line]
    equal(len(said_once), 1, f"number of lines in {result.err!r}")


@test("a sandbox inside a sandbox has each protection that it reports")
def _():
    options = ["--off", "unix-path"]
    equal(said(nested(3, options, "socket", "inet", "stream")), "EACCES", "a socket three layers down")
    equal(said(nested(3, [*options, "--off", "tcp"], "socket", "inet", "stream")), "ok", "with tcp off in each")
    equal(said(nested(3, options, "with-child", "kill")), "ok", "a child three layers down")
    scoped = "EPERM" if ABI >= SCOPES else "ok"
    equal(said(nested(3, options, "kill", str(os.getpid()))), scoped, "a process outside")


main()
