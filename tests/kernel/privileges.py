#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
privileges.py - no capabilities, no way to new ones, and what user 0 is left with.
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

SETS = ("effective", "permitted", "inheritable", "ambient")


def status(options, *way):
    return dict(line.split() for line in inside(options, *way, "status").splitlines())


@test("the command has no capabilities, no_new_privs and a filter", variants=["", "fork", "exec", "thread"])
def _(way):
    found = status([], *way.split())
    equal({name: found[name] for name in SETS}, {name: "0" for name in SETS}, "capabilities")
    equal((found["no-new-privs"], found["seccomp"]), ("1", "2"), "no_new_privs and seccomp")
    if IS_ROOT:
        free = dict(line.split() for line in outside("status").splitlines())
        differs(free["effective"], "0", "capabilities without a sandbox")
        equal(found["bounding"], "0", "bounding set")


@test("a supervised command has no more", variants=["--supervise", "--time=30"])
def _(option):
    found = status([option])
    equal({name: found[name] for name in SETS}, {name: "0" for name in SETS}, "capabilities")
    equal((found["no-new-privs"], found["seccomp"]), ("1", "2"), "no_new_privs and seccomp")


@test("no_new_privs stays with every filter switched off")
def _():
    words = []
    for name in ("syscalls", "terminal", "ipc", "tcp", "udp", "other-net", "unix-path", "unix-abstract"):
        words += ["--off", name]
    found = status(words)
    equal((found["no-new-privs"], found["effective"]), ("1", "0"), "no_new_privs and capabilities")


@test("the user and groups are the caller's")
def _():
    ours = {"uid": os.getuid(), "euid": os.geteuid(), "gid": os.getgid(), "egid": os.getegid()}
    found = dict(line.split() for line in inside([], "ids").splitlines())
    equal({k: int(found[k]) for k in ours}, ours, "ids")


@test("user 0 cannot do what needs a capability", variants=[
    "chown of another's file", "setuid", "setgroups", "a raw device node", "reading another's file"])
def _(deed):
    if not IS_ROOT:
        skip("the other users' suite: an ordinary user has no capability to lose")
    folder = public_dir()
    theirs = write_file(f"{folder}/theirs", "x", 0o600)
    os.chown(theirs, 65534, 65534)
    ops = {"chown of another's file": ["chown", theirs], "setuid": ["call", "setuid", "65534"],
           "setgroups": ["call", "setgroups", "0", "0"], "a raw device node": ["mknod", "char", f"{folder}/node"],
           "reading another's file": ["open-read", theirs]}
    options = ["--read", folder, "--write", folder]
    refused(inside(options, *ops[deed]), deed, ("EPERM", "EACCES"))
    allowed(outside(*ops[deed]), f"{deed} without a sandbox")


@test("the working directory, umask and signals are the caller's")
def _():
    folder = tempdir()
    equal(inside(["--read", folder], "cwd", cwd=folder), folder, "working directory")
    equal(inside([], "umask", umask=0o027), "27", "umask")
    equal(inside([], "signals"), outside("signals"), "blocked and ignored signals")

    def ignore():
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
    for options in ([], ["--supervise"]):
        # SIGPIPE: python ignores it for its children's parents, and restores it for them
        equal(inside(options, "signals", preexec_fn=ignore), "ignored 1\nblocked 10", f"signals with {options}")


main()
