#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
limits.py - resource limits: set in the command, felt by it, and not to be raised again.
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

MIB = 1 << 20


def rlimits(options=None):
    text = outside("rlimits") if options is None else inside(options, "rlimits")
    return {line.split()[0]: line.split()[1:] for line in text.splitlines()}


@test("a limit is set, soft and hard, and the others stay", variants=[
    "memory=512MiB 536870912", "open-files=32 32", "file-size=1MiB 1048576", "cpu=7 7", "processes=500 500"])
def _(variant):
    limit, value = variant.split()
    name = limit.split("=")[0]
    options = ["--limit", limit]
    if name == "processes" and IS_ROOT:
        status_is(confined(options, "args"), 125)       # the kernel does not count those of user 0
        options += ["--prefer", "limits"]
    found, free = rlimits(options), rlimits()
    equal(found.pop(name), [value, value], name)
    free.pop(name)
    equal(found, free, "the other limits")


@test("more memory than the limit cannot be had, less can")
def _():
    equal(each(["--limit", "memory=256MiB"], [["allocate", 1024 * MIB], ["allocate", 16 * MIB]]),
          ["ENOMEM", "ok"], "answers")
    equal(inside([], "allocate", 300 * MIB), "ok", "without a limit")


@test("more descriptors than the limit cannot be had")
def _():
    equal(inside(["--limit", "open-files=32"], "open-many", "100"), "29", "beside the standard ones")
    equal(inside([], "open-many", "100"), "100", "without a limit")


@test("a file does not grow over the limit")
def _():
    folder = tempdir()
    options = ["--write", folder]
    result = confined([*options, "--limit", "file-size=64KiB"], "write-bytes", f"{folder}/big", str(MIB))
    equal(result.status, -signal.SIGXFSZ, "how the payload ended")
    equal(os.path.getsize(f"{folder}/big"), 65536, "size")
    equal(inside([*options, "--limit", "file-size=2MiB"], "write-bytes", f"{folder}/small", str(MIB)), "ok", "below it")


@test("processor time over the limit ends the command")
def _():
    result = confined(["--limit", "cpu=1"], "spin", timeout=60)
    true(result.status in (-signal.SIGXCPU, -signal.SIGKILL), f"ended by the limit: {result}")
    status_is(confined(["--limit", "cpu=1"], "args"), 0)


def count_own():
    """Threads of this user, which is what the kernel counts."""
    n = 0
    for entry in os.listdir("/proc"):
        try:
            if entry.isdigit() and os.stat(f"/proc/{entry}").st_uid == os.getuid():
                n += len(os.listdir(f"/proc/{entry}/task"))
        except OSError:     # it has ended meanwhile
            pass
    return n


@test("more processes than the limit cannot be had by an ordinary user")
def _():
    if IS_ROOT:
        skip("the other users' suite: the kernel does not count the processes of user 0")
    got = int(inside(["--limit", f"processes={count_own() + 20}"], "fork-many", "200"))
    true(0 < got < 60, f"{got} children under a limit of 20 more")
    equal(inside([], "fork-many", "100"), "100", "without a limit")


@test("a limit cannot be raised again")
def _():
    options = ["--limit", "open-files=32"]
    # prlimit64(0, RLIMIT_NOFILE, {0, 0} at @@, 0) lowers; raising needs a privilege: the payload's way is its own
    equal(inside(options, "exec", "open-many", "100"), "29", "after an exec")
    equal(inside(options, "fork", "open-many", "100"), "29", "in a child")


@test("a limit on one's own process is no limit on the caller")
def _():
    before = rlimits()
    status_is(confined(["--limit", "open-files=16", "--limit", "memory=1GiB", "--supervise"], "args"), 0)
    equal(rlimits(), before, "the caller's limits")


main()
