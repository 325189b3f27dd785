#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
meta.py - the suite on trial: a sandbox that refuses everything fails, and so does one that refuses nothing.

Two fake launchers take croft's command line: deny_all.sh answers EACCES to every operation without
doing it, allow_all.sh does everything. Run against each of them, every single test of the files below must
fail: a test that passes has no denial, or no twin that is allowed.
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

SUBJECTS = ["files", "links", "inherit", "devices", "net", "unix_sockets", "processes", "syscalls"]
# What can only ask one question: sentence (its beginning) -> the launcher that may pass it.
ONE_SIDED = {
    "an ordinary call passes": "allow_all",                     # the twin of the whole table before it
    "a call by the x32 numbers does not exist": "allow_all",    # nor does it on most kernels: the filter only
    "numbers that are newer than croft do not exist": "allow_all",  # keeps it so; tests/sim shows that it does
}


def verdicts(subject, launcher):
    """Sentence -> "ok", "not ok" or "skip", of a file run with a fake launcher as croft."""
    env = {**os.environ, "CROFT": os.path.join(TESTS, "fakes", launcher)}
    result = run(sys.executable, os.path.join(TESTS, "kernel", f"{subject}.py"), env=env, timeout=110)
    found = {}
    for line in result.out.splitlines():
        parts = re.match(r"(ok|not ok) \d+ - (.*?)( # SKIP .*)?$", line)
        if parts:
            found[parts[2]] = "skip" if parts[3] else parts[1]
    true(found, f"the suite ran\n{result}")
    return found


@test("every test fails with a sandbox that refuses everything", variants=SUBJECTS)
def _(subject):
    passed = [s for s, v in verdicts(subject, "deny_all.sh").items() if v == "ok"]
    equal([s for s in passed if ONE_SIDED.get(s.split(" [")[0]) != "deny_all"], [], "tests that passed")


@test("every test fails with a sandbox that refuses nothing", variants=SUBJECTS)
def _(subject):
    passed = [s for s, v in verdicts(subject, "allow_all.sh").items() if v == "ok"]
    equal([s for s in passed if ONE_SIDED.get(s.split(" [")[0]) != "allow_all"], [], "tests that passed")


main()
