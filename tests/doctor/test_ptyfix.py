#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_ptyfix.py - the shim for pseudo terminals: nothing is another with it on this kernel, and in gVisor what fails
without it works.

pty_behaviour.c has the expectations, each a word; newer_libc.c stands for a C library that asks TCGETS2.
"""
import atexit
import functools
import tempfile

from _matrix import *

BEHAVIOUR = os.path.join(BUILD, "tests", "pty_behaviour")
NEWER = os.path.join(BUILD, "tests", "newer_libc.so")
SHIM = os.path.join(BUILD, "src", "ptyfix.so")
GVISOR = Place("gvisor-systrap")
OLD_GVISOR = Place("gvisor-2022")
RACES = ["race-0", "race-200", "race-2000"]
WAITS = ["poll", "select", "epoll", "epoll-edge", "ptmx", "duplicate", "no-wait", "closed-behind", "shared-memory", "two-threads", "threads",
         "interrupted", "alarms"]
OTHERS = ["silent-short", "silent-long", "silent-polled", "no-leak", "openpty", "forkpty", "settings", "no-terminal", "number-again"]
SETTINGS = ["settings", "openpty"]


def behave(place, tries, words, *libraries):
    """What the program prints: a word to 'ok' or what failed."""
    preload = ["env", f"LD_PRELOAD={':'.join(libraries)}"] if libraries else []
    result = place.run(*preload, BEHAVIOUR, str(tries), *words)
    equal(result.err, "", f"standard error\n{result}")
    said = dict(line.split(" ", 1) for line in result.out.splitlines())
    true(said and (words == ["all"] or set(said) == set(words)), f"not all was tried\n{result}")
    return said


def all_ok(said):
    equal({word: text for word, text in said.items() if text != "ok"}, {}, "what does not hold")


def all_fail(said):
    equal({word: text for word, text in said.items() if not text.startswith("failed")}, {}, "what holds without the shim")


@functools.cache
def said_in_gvisor():
    """The doctor's word there, once: croft as it is installed, in a folder that it was moved to."""
    prefix = os.path.realpath(tempfile.mkdtemp(prefix="croft-t-"))
    atexit.register(shutil.rmtree, prefix)
    os.chmod(prefix, 0o755)
    for name, folder in (("croft", "bin"), ("croft-doctor", "bin"), ("src/ptyfix.so", "libexec/croft")):
        os.makedirs(os.path.join(prefix, folder), exist_ok=True)
        shutil.copy(os.path.join(BUILD, name), os.path.join(prefix, folder))
    for _ in range(2):  # on a busy machine there may be no time for an answer
        said = json.loads(succeeds(GVISOR.run(os.path.join(prefix, "bin", "croft"), "doctor", "--json")).out)
        if not [v for v in said["verdicts"] if v["facility"] in ("pty", "pipe") and v["state"] == "unknown"]:
            break
    return prefix, said


def mend_of(cause):
    """The library that the verdict's mend, LD_PRELOAD=PATH COMMAND, names: the one of that folder."""
    prefix, said = said_in_gvisor()
    verdict = the_verdict(said, "pty", cause, "kernel")
    path = os.path.join(prefix, "libexec", "croft", "ptyfix.so")
    equal(verdict["mend"], f"LD_PRELOAD={path} COMMAND", "mend")
    contains(verdict["cost"], "dynamically linked programs only", "cost")
    return path


@test("on this kernel every expectation holds, with the shim as without it")
def _():
    all_ok(behave(Place(), 2, ["all"]))
    all_ok(behave(Place(), 2, ["all"], SHIM))


@test("a program of another C library is started with the shim as without it")
def _():
    if not shutil.which("musl-gcc"):
        skip("no musl on the machine")
    program = os.path.join(tempdir(), "other")
    source = write_file(program + ".c", "#include <stdlib.h>\n#include <fcntl.h>\nint main(void)\n{\n"
                        "\treturn posix_openpt(O_RDWR | O_NOCTTY) < 0;\n}\n")
    succeeds(run("musl-gcc", "-D_GNU_SOURCE", "-o", program, source))
    contains(read_file(program), "/ld-musl", "its loader")
    status_is(run("env", f"LD_PRELOAD={SHIM}", program), 0)


@test("in gVisor a read before the other end is open fails, however it is waited for: 'pty-early-eio' is named, and with its mend "
      "all is as on Linux, no end is hidden, nothing leaks")
def _():
    all_fail(behave(GVISOR, 2, RACES + WAITS))
    all_ok(behave(GVISOR, 4, RACES + WAITS + OTHERS, mend_of("pty-early-eio")))


@test("in gVisor a C library that asks TCGETS2 takes a terminal for none: 'pty-tcgets2' is named, and with its mend for one")
def _():
    all_fail(behave(GVISOR, 1, SETTINGS, NEWER))
    all_ok(behave(GVISOR, 1, SETTINGS + ["no-terminal"], mend_of("pty-tcgets2"), NEWER))


@test("with a C library that asks TCGETS2 nothing is another on this kernel")
def _():
    all_ok(behave(Place(), 1, SETTINGS + ["no-terminal"], NEWER))
    all_ok(behave(Place(), 1, SETTINGS + ["no-terminal"], SHIM, NEWER))


@test("gVisor of 2022, where lines come: 'pty-no-hangup' is named and no shim, and a pipe, its mend, has an end")
def _():
    verdict = the_verdict(doctor(OLD_GVISOR), "pty", "pty-no-hangup", "kernel")
    equal(verdict["mend"], "COMMAND </dev/null 2>&1 | cat", "mend")
    status_is(OLD_GVISOR.run("/bin/sh", "-c", verdict["mend"].replace("COMMAND", "echo x")), 0)
    # The shim leaves it as it is: a line comes; and the read of race-2000 never ends, the alarm does.
    result = OLD_GVISOR.run("env", f"LD_PRELOAD={SHIM}", BEHAVIOUR, "1", "first-byte", "race-2000")
    equal((result.out, result.status != 0), ("first-byte ok\n", True), f"{result}")


@test("gVisor's pipes, which were blamed, are said to work")
def _():
    equal([v["state"] for v in of_facility(said_in_gvisor()[1], "pipe")], ["works"], "state")


environment("this kernel's pseudo terminals", Place(), "pty", None)
environment("this kernel's pipes", Place(), "pipe", None)

main()
