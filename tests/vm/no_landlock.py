#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
no_landlock.py - a kernel that truly has no Landlock: mounts keep what it would, or nothing starts; the rest still holds.

tests/kernel/old_kernels.py asks the same of a kernel that is only played.
"""
import errno

from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

OFF_ALL = [word for name in ("files", "exec", "devices", "signals", "unix-abstract", "private-tmp")
           for word in ("--off", name)]
ONLY_LANDLOCK = ["--tier", "landlock"]     # without mounts in its place
CAUSES = {errno.ENOSYS: "no Landlock", errno.EOPNOTSUPP: "boot"}


def refusal():
    """The errno of a kernel that is asked for its Landlock."""
    libc = ctypes.CDLL(None, use_errno=True)
    equal(libc.syscall(444, None, ctypes.c_size_t(0), 1), -1, "landlock_create_ruleset")
    return ctypes.get_errno()


@test("the kernel refuses in the way that it stands for: not built in, or not enabled")
def _():
    equal(refusal(), errno.EOPNOTSUPP if os.environ["VM_OFF"] else errno.ENOSYS, "errno")


@test("nothing is started, and the message says why and names what is required", variants=["in place", "supervised"])
def _(tier):
    result = confined([*ONLY_LANDLOCK, *(["--supervise"] if tier == "supervised" else [])], "args", "started")
    status_is(result, 125)
    lacks(result.out, "started", "output")
    contains(result.err, CAUSES[refusal()], "message")
    contains(result.err, "files", "message")
    contains(said(confined(OFF_ALL, "args", "started")), "started", "with all of it put off")


@test("with mounts in its place what is granted can be read, and nothing else is there", variants=["in place", "supervised"])
def _(tier):
    options = ["--supervise"] if tier == "supervised" else []
    equal(inside([*options, "--read", "/etc/passwd"], "open-read", "/etc/passwd"), "ok", "a file that is granted")
    equal(inside(options, "open-read", "/etc/passwd"), "ENOENT", "one that is not")
    true(inside([*options, "--read", "/etc"], "append", "/etc/passwd") in ("EROFS", "EACCES"), "one for reading only can be written")
    equal(outside("open-read", "/etc/passwd"), "ok", "without a sandbox")


@test("the default profile does not start a command either, where mounts may not take its place")
def _():
    result = run_croft("run", *ONLY_LANDLOCK, "--", "/usr/bin/true")
    status_is(result, 125)
    contains(result.err, CAUSES[refusal()], "message")
    succeeds(run("/usr/bin/true"))


@test("putting off only some of what needs Landlock does not start the command", variants=["files", "exec"])
def _(name):
    result = confined([*ONLY_LANDLOCK, "--off", name], "args", "started")
    status_is(result, 125)
    lacks(result.out, "started", "output")
    status_is(confined(OFF_ALL, "args", "started"), 0)


@test("with all of it put off the filter still holds")
def _():
    other = str(helper_process().pid)
    equal(inside(OFF_ALL, "open-read", "/etc/passwd"), "ok", "a file")
    for op in (["socket", "inet", "stream"], ["socket", "netlink", "raw"], ["call", "mount", "@none", "@/nowhere", "@tmpfs"],
               ["ptrace", other], ["vm-read", other], ["pidfd-getfd", other]):
        equal(inside(OFF_ALL, *op), "EACCES", " ".join(op))
        differs(outside(*op), "EACCES", " ".join(op) + " without a sandbox")
    equal(inside(OFF_ALL, "io-uring"), "ENOSYS", "a ring")


@test("time and exit status are kept without Landlock as well")
def _():
    status_is(confined(OFF_ALL, "exit", "7"), 7)
    status_is(confined([*OFF_ALL, "--time", "500ms", "--grace", "100ms"], "sleep", "30"), 124)


main()
