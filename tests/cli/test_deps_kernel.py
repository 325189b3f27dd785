#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_deps_kernel.py - croft deps says of hand-made programs what this kernel does with them.

Each is executed: it ends with 42, or exec refuses it. Those that are loaded and then crash are nobody's example.
"""
import errno

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import
from _deps import DOES_NOT, FOREIGN, IS_ARM, STARTS, static_program
from _elf import I386, PT_DYNAMIC, PT_INTERP, PT_LOAD, PT_NOTE, spoiled


REFUSALS = (errno.ENOEXEC, errno.ENOENT, errno.EACCES, errno.EINVAL, errno.EIO, errno.ELIBBAD)


def kernel_cases():
    """What only the kernel looks at, by name."""
    _, data = static_program()
    yield "sound", data
    for what, at, letter, values in (
            ("version of the format", 6, "B", (0, 2)), ("operating system", 7, "B", (3, 255)),
            ("type", 16, "H", (0, 1, 3, 4)), ("machine", 18, "H", (0, I386, FOREIGN)), ("version", 20, "I", (0, 7)),
            ("sections", 40, "Q", (2**60,)), ("flags", 48, "I", (0xffffffff,)), ("header's size", 52, "H", (0, 1)),
            ("size", 54, "H", (0, 32, 57)), ("count", 56, "H", (0, 2, 0xffff)), ("sections' size", 58, "H", (0, 1)),
            ("alignment", 64 + 48, "Q", (0, 1, 3, 2**21)), ("size in memory", 64 + 40, "Q", (0x1000, 0x100000))):
        for value in values:
            if (what, value) != ("type", 3) or not IS_ARM:
                yield f"{what} {value}", spoiled(data, at, letter, value)
    for what, phdr in (("notes outside", (PT_NOTE, 4, 2**40, 0, 9, 9, 4)),
                       ("empty dynamic section", (PT_DYNAMIC, 4, 0, 0, 0, 0, 8)),
                       ("empty segment", (PT_LOAD, 4, 0, 0x40000, 0, 0, 0x1000)),
                       ("zeros only", (PT_LOAD, 6, 0, 0x40000, 0, 0x1000, 0x1000))):
        yield what, static_program(phdrs=[phdr])[1]
    for interp in (b"", b"\0", b"\0\0", b"/no/such\0", b"/usr\0", b"/etc/passwd\0", b"no-such\0", b"/no/such",
                   b"/" * 4095 + b"\0", b"/" * 4096 + b"\0"):
        yield f"interpreter {interp[:12]!r}", static_program(interp=interp)[1]
    made, data = static_program(interp=b"/no/such\0")
    yield "interpreter outside", spoiled(data, made.at[f"phdr {PT_INTERP}"] + 8, "Q", 2**40)


@test("a program that the kernel runs is said to start, and one that it refuses is not")
def _():
    folder = tempdir()
    n_runs = 0
    for i, (what, data) in enumerate(kernel_cases()):
        path = write_file(os.path.join(folder, f"p{i}"), data, 0o755)
        status = why = None
        try:
            status = run(path).status
        except OSError as no:
            why = no.errno
        if status is not None and status != 42:     # it was loaded, and crashed
            continue
        if status is None and why not in REFUSALS:
            fail(f"{what}: exec: {errno.errorcode[why]}")
        result = run_croft("deps", path)
        equal(result.status, STARTS if status == 42 else DOES_NOT, f"{what}: {result.out}")
        n_runs += status == 42
    if n_runs < 15:
        fail(f"only {n_runs} of the programs ran: this test shows nothing")


main()
