#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
devices.py - ioctl on devices (Landlock ABI 5), the devices of the default profile, and terminals.

RNDGETENTCNT reads the entropy count from /dev/urandom: an ioctl that needs no privilege and changes
nothing. TCGETS reads the settings of a terminal.
"""
import fcntl
import pty
import termios

from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

RNDGETENTCNT = "0x80045200"
TCGETS = "0x5401"
FIONCLEX = "0x5450"
URANDOM = ["ioctl-dev", "/dev/urandom", RNDGETENTCNT]


@test("an ioctl on a device needs the device grant")
def _():
    late = "EACCES" if ABI >= IOCTL_DEV else "ok"
    equal(inside(["--read", "/dev/urandom"], *URANDOM), late, "with --read alone")
    equal(inside(["--write", "/dev/urandom"], *URANDOM), late, "with --write alone")
    equal(inside(["--read", "/dev/urandom", "--device", "/dev/urandom"], *URANDOM), "ok", "with --device")
    equal(inside(["--read", "/dev/urandom", "--device", "/dev/zero"], *URANDOM), late, "with --device of another")
    equal(inside(["--read", "/dev/urandom", "--off", "devices"], *URANDOM), "ok", "with devices off")
    equal(outside(*URANDOM), "ok", "without a sandbox")


@test("an ioctl that every descriptor has passes without the device grant")
def _():
    allowed(inside(["--read", "/dev/urandom"], "ioctl-dev", "/dev/urandom", FIONCLEX), "FIONCLEX")
    refused(inside([], "ioctl-dev", "/dev/urandom", FIONCLEX), "FIONCLEX on what may not be opened")


@test("a device that is not granted cannot be opened, one that is can be used")
def _():
    refused(inside([], "device-read", "/dev/zero"), "reading")
    refused(inside(["--read", "/dev/zero"], "device-write", "/dev/null"), "another device")
    allowed(inside(["--read", "/dev/zero"], "device-read", "/dev/zero"), "reading")
    allowed(inside(["--write", "/dev/null"], "device-write", "/dev/null"), "writing")


@test("the usual devices work in the default and system profiles, and others do not", variants=["default", "system"])
def _(profile):
    folder = tempdir()
    words = ["each"]
    ops = {("device-write", "/dev/null"): "ok", ("device-read", "/dev/zero"): "ok",
           ("device-read", "/dev/urandom"): "ok", ("device-write", "/dev/full"): "ENOSPC",
           ("open-both", "/dev/null"): "ok", ("ioctl-dev", "/dev/urandom", RNDGETENTCNT): "ok",
           ("open-read", "/dev/kmsg"): "EACCES", ("open-read", "/dev/mem"): "EACCES",
           ("open-read", "/dev/console"): "EACCES", ("open-read", "/dev/loop-control"): "EACCES",
           ("read-dir", "/dev"): "EACCES"}
    ops = {op: want for op, want in ops.items() if os.path.exists(op[1])}
    for op in ops:
        words += [*op, ","]
    result = run_croft("run", "--profile", profile, "--execute", PAYLOAD, "--", PAYLOAD, *words, cwd=folder)
    equal(dict(zip(ops, said(result).splitlines())), ops, "answers")


def on_terminal(options, *op):
    """The payload on a terminal of its own, as its controlling one; said, and what a reader of it got."""
    master, slave = pty.openpty()
    cleanup(os.close, master)

    def take_terminal():
        fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    try:
        settings = termios.tcgetattr(slave)
        settings[3] &= ~(termios.ECHO | termios.ICANON)
        termios.tcsetattr(slave, termios.TCSANOW, settings)
        how = {"stdin": slave, "preexec_fn": take_terminal}
        answer = outside(*op, **how) if options is None else inside(options, *op, **how)
        os.set_blocking(slave, False)
        try:
            typed = os.read(slave, 100)
        except BlockingIOError:
            typed = b""
    finally:
        os.close(slave)
    return answer, typed


@test("nothing can be typed into the caller's terminal", variants=["tiocsti", "tiocsti high"])
def _(request):
    words = ["terminal", *request.split()]
    free, free_typed = on_terminal(None, *words)
    equal(on_terminal([], *words), ("EACCES", b""), "in the sandbox")
    equal(on_terminal(["--off", "syscalls"], *words), ("EACCES", b""), "with only syscalls off")
    equal(on_terminal([], "fork", *words), ("EACCES", b""), "in a child")
    equal(on_terminal(["--device", "/dev/tty"], *words), ("EACCES", b""), "with the device granted")
    for open_door in (["--allow", "terminal"], ["--off", "terminal"]):
        answer = on_terminal(open_door, *words)
        # the kernel may want a privilege that the sandbox does not have (dev.tty.legacy_tiocsti)
        true(answer == (free, free_typed) or answer[0] in ("EIO", "EPERM"), f"with {open_door}: {answer}")


@test("the requests that take over a terminal are refused, others pass",
      variants=["tioclinux", "tioclinux high", "tioccons", "tiocsetd", "tiocsetd high"])
def _(request):
    words = ["terminal", *request.split()]
    free, _ = on_terminal(None, *words)
    differs(free, "EACCES", "without a sandbox")
    equal(on_terminal([], *words)[0], "EACCES", "in the sandbox")
    answer, _ = on_terminal(["--allow", "terminal"], *words)
    true(answer in (free, "EPERM"), f"allowed: {answer}, want {free}")
    equal(on_terminal([], "terminal", "tcgets")[0], "ok", "TCGETS")


@test("a terminal that was open before keeps its settings calls")
def _():
    equal(on_terminal([], "ioctl-fd", "0", TCGETS)[0], "ok", "TCGETS on standard input")
    equal(on_terminal([], "open-read", "/dev/tty")[0], "EACCES", "opening it anew")
    equal(on_terminal(["--read", "/dev/tty"], "open-read", "/dev/tty")[0], "ok", "opening it anew with a grant")


main()
