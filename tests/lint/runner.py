#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
runner.py - tests/run.py must not let anything pass: each way in which a test program can go wrong
is played by a small one, and must be counted as a failure; the good twin must not.
"""
import contextlib
import io
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
import run as runner_module     # noqa: E402 pylint: disable=wrong-import-position
from harness import *           # noqa: E402,F403 pylint: disable=wrong-import-position,wildcard-import

GOOD = "echo 1..2; echo 'ok 1 - a'; echo 'ok 2 - b'"


def outcome_of(script, allowed="", **how):
    """Runs a shell script as a test program, by itself. -> (passed, failed, skipped, what was printed)"""
    program = runner_module.Program("played/program", ["sh", "-c", script], build="", users="self", **how)
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        runner = runner_module.Runner(keep=False, fuzz_seconds=0)
        runner.allowed = runner_module.AllowedSkips(write_path("skips", allowed))
        runner.open_stage()
        try:
            runner.run_suite("played", [program])
        finally:
            runner.close_stage()
        status = runner.summary()
    failed = sum(len(o.failures) for o in runner.outcomes)
    equal(status, 1 if failed or not any(o.passed for o in runner.outcomes) else 0, "exit status of the runner")
    matches(output.getvalue(), r"\n\d+ passed, \d+ failed, \d+ skipped\n\Z")
    return (sum(o.passed for o in runner.outcomes), failed, sum(len(o.skips) for o in runner.outcomes), output.getvalue())


def write_path(name, text):
    return runner_module.Path(write_file(os.path.join(tempdir(), name), text))


@test("a program that passes its tests passes")
def _():
    equal(outcome_of(GOOD)[:3], (2, 0, 0), "counts")


BAD = {
    "a failing test": "echo 1..2; echo 'ok 1 - a'; echo 'not ok 2 - b'; exit 1",
    "fewer tests than planned": "echo 1..3; echo 'ok 1 - a'; echo 'ok 2 - b'",
    "more tests than planned": "echo 1..1; echo 'ok 1 - a'; echo 'ok 2 - b'",
    "no plan": "echo 'ok 1 - a'; echo 'ok 2 - b'",
    "no output": "true",
    "an empty plan": "echo 1..0",
    "a status without a failing test": GOOD + "; exit 3",
    "a crash": GOOD + "; kill -SEGV $$",
    "bailing out": "echo 1..2; echo 'ok 1 - a'; echo 'Bail out! no more'",
    "a file left in TMPDIR": GOOD + "; touch $TMPDIR/left",
    "a process left behind": GOOD + "; sleep 30 >/dev/null 2>&1 & exit 0",
    "a skip that nobody allowed": "echo 1..2; echo 'ok 1 - a'; echo 'ok 2 - b # SKIP no kernel'",
    "a skip as cmocka prints it": "echo 1..2; echo 'ok 1 - a'; echo 'not ok 2 # SKIP b'",
}


@test("a program with this defect fails", variants=list(BAD))
def _(defect):
    _, failed, _, output = outcome_of(BAD[defect])
    true(failed >= 1, f"passes: {output}")


@test("a program that does not end fails")
def _():
    equal(outcome_of(GOOD + "; sleep 30", timeout=1)[1], 1, "failed")


@test("a skip that is listed with a reason is counted as skipped")
def _():
    script = "echo 1..2; echo 'ok 1 - a'; echo 'ok 2 - b # SKIP no kernel'"
    equal(outcome_of(script, "played/program: b # for this test\n")[:3], (1, 0, 1), "counts")


@test("a skip that is listed for another program does not count")
def _():
    script = "echo 1..2; echo 'ok 1 - a'; echo 'ok 2 - b # SKIP no kernel'"
    equal(outcome_of(script, "played/other: b # for this test\n")[1], 1, "failed")


@test("a program that cannot be started fails")
def _():
    equal(outcome_of(GOOD, wrap=["/nowhere/at-all"])[1], 1, "failed")


@test("an orphan that has ended is buried at once, as under init")
def _():
    script = ("echo 1..1; pid=$(sh -c 'sleep 0.1 >/dev/null & echo $!'); n=0; "
              "while kill -0 $pid 2>/dev/null && [ $n -lt 40 ]; do n=$((n + 1)); sleep 0.05; done; "
              "[ $n -lt 40 ] && echo ok 1 - gone || echo not ok 1 - gone")
    equal(outcome_of(script)[:3], (1, 0, 0), "counts")


@test("the status of what the runner starts itself is never lost")
def _():
    processes = runner_module.Processes.start()
    for number in range(200):
        equal(processes.call(["sh", "-c", f"exit {number % 7}"])[0], number % 7, "status")


@test("what a failing test says is printed")
def _():
    output = outcome_of("echo 1..1; echo 'not ok 1 - a'; echo '# because of x'; echo deeper >&2; exit 1")[3]
    contains(output, "because of x")
    contains(output, "deeper")


main()
