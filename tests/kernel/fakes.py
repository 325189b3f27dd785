#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
fakes.py - the emulators themselves: they must play an old kernel well, and show in nothing else.

The other suites believe them, so they are tried here without croft.
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

FAKES = os.path.join(BUILD, "tests")
ABIS = range(1, 8)
# What an ABI knows: file rights, net rights, scopes, bytes of the struct, flags of restrict_self.
KNOWN = {1: (0x1fff, 0, 0, 8, 0), 2: (0x3fff, 0, 0, 8, 0), 3: (0x7fff, 0, 0, 8, 0), 4: (0x7fff, 3, 0, 16, 0),
         5: (0xffff, 3, 0, 16, 0), 6: (0xffff, 3, 3, 24, 0), 7: (0xffff, 3, 3, 24, 7)}
ASK = """
import ctypes, errno, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(number, *args):
    args = [ctypes.c_size_t(a) if isinstance(a, int) else a for a in args]
    result = libc.syscall(number, *args)
    return result if result >= 0 else errno.errorcode[ctypes.get_errno()]
def ruleset(*fields):
    return call(444, struct.pack("QQQ", *fields), 24, 0)
def verdict(result):
    return result if isinstance(result, str) else "ok"
print(call(444, None, 0, 1), verdict(call(444, None, 0, 2)))
print(*[verdict(ruleset(1 << bit, 0, 0)) for bit in range(18)])
print(*[verdict(ruleset(1, 1 << bit, 0)) for bit in range(3)])
print(*[verdict(ruleset(1, 0, 1 << bit)) for bit in range(3)])
fd = ruleset(1, 0, 0)
libc.prctl(38, 1, 0, 0, 0)
print(*[verdict(call(446, fd, 1 << bit)) for bit in range(4)])
print(verdict(call(446, fd, 0)), verdict(call(445, fd, 2, struct.pack("QQ", 1, 80), 0)))
"""


def emulated(abi, *argv, **how):
    if FAKE:
        skip("one emulator cannot run inside another")
    if abi > ABI:
        skip(f"the host has Landlock ABI {ABI} only")
    return run(f"{FAKES}/landlock_abi", abi, *argv, **how)


@test("the emulator of Landlock knows what that ABI knew and refuses the rest as it did", variants=ABIS)
def _(abi):
    fs, net, scoped, size, flags = KNOWN[abi]
    lines = [line.split() for line in succeeds(emulated(abi, sys.executable, "-c", ASK)).out.splitlines()]
    equal(lines[0], [str(abi), "ok" if abi >= 7 else "EINVAL"], "version and errata")
    equal(lines[1], ["ok" if fs >> bit & 1 else "EINVAL" for bit in range(18)], "file rights")
    equal(lines[2], ["E2BIG" if size < 16 else "ok" if net >> bit & 1 else "EINVAL" for bit in range(3)], "net rights")
    equal(lines[3], ["E2BIG" if size < 24 else "ok" if scoped >> bit & 1 else "EINVAL" for bit in range(3)], "scopes")
    equal(lines[4], ["ok" if flags >> bit & 1 else "EINVAL" for bit in range(4)], "flags of restrict_self")
    equal(lines[5], ["ok", "EINVAL"], "restricting, and a port rule that is not handled")


@test("the emulator shows in nothing else: ids, status, signals, descriptors")
def _():
    text = said(emulated(min(3, ABI), PAYLOAD, "ids"))
    ids = dict(line.split() for line in text.splitlines())
    equal(ids["ppid"], str(os.getpid()), "parent of the command")
    equal(ids["pid"], ids["sid"], "the command is the process that was started")
    equal(said(emulated(min(3, ABI), PAYLOAD, "fds")), "0\n1\n2", "descriptors")
    status_is(emulated(min(3, ABI), PAYLOAD, "exit", "7"), 7)
    status_is(emulated(min(3, ABI), PAYLOAD, "signal-self", "9"), -9)
    status_is(emulated(min(3, ABI), f"{FAKES}/nothing"), 127)
    status_is(emulated(0, PAYLOAD, "args"), 125)


@test("the supervisor of the emulator ends with the last process under it")
def _():
    if FAKE:
        skip("one emulator cannot run inside another")

    def supervisors():
        found = set()
        for entry in os.listdir("/proc"):
            try:
                if entry.isdigit() and os.readlink(f"/proc/{entry}/exe").endswith("/landlock_abi"):
                    found.add(int(entry))
            except OSError:
                pass
        return found
    before = supervisors()
    child = helper_process(f"{FAKES}/landlock_abi", "1", PAYLOAD, "sleep", "60")
    equal(child.stdout.readline(), b"ready\n", "first line")
    mine = supervisors() - before
    true(mine, "a supervisor runs")
    child.kill()
    child.wait()
    true(wait_for(lambda: not mine & supervisors()), "the supervisor is gone")


@test("the fakes without Landlock answer each of its calls alike", variants=["enosys", "eopnotsupp", "eperm"])
def _(errno):
    ops = []
    for number in ("444", "445", "446"):
        ops += ["call", number, "0", "0", "1", ","]
    result = run(f"{FAKES}/no_landlock", errno, PAYLOAD, "each", *ops)
    equal(said(result).splitlines(), [errno.upper()] * 3, "answers")
    equal(said(run(f"{FAKES}/no_landlock", errno, PAYLOAD, "call", "getpid")), "ok", "another call")


@test("the fake without newer calls answers those that are named and no other")
def _():
    result = run(f"{FAKES}/no_syscall", "clone3,pidfd_open", "EPERM", PAYLOAD, "each", "clone3", ",", "pidfd-open", "1",
                 ",", "openat2-read", "/", ",", "fork", "clone3")
    equal(said(result).splitlines(), ["EPERM", "EPERM", "ok", "EPERM"], "answers")
    for wrong in (["nothing", "ENOSYS"], ["clone3", "EWHAT"], ["", "ENOSYS"]):
        status_is(run(f"{FAKES}/no_syscall", *wrong, PAYLOAD, "args"), 125)


main()
