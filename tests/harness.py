# SPDX-License-Identifier: MIT
"""
harness.py - what a black-box test in Python needs: names, a sandbox to start, two printed values.

A test file imports it, writes functions under @test("a sentence"), and ends with main():

    from harness import *

    @test("a file outside the grants cannot be read")
    def _():
        r = run_croft("run", "--profile", "empty", "--read", PAYLOAD, "--", PAYLOAD, "read", "/etc/passwd")
        status_is(r, 13)

    main()

It prints TAP, one line a test, and what went wrong as "#" lines; tests/run.py adds it all up.
A test ends well by returning, badly by an exception (Failure or any other), and is skipped by
skip("reason"). @test("...", variants=[1, 2]) makes one test for each variant, which is given to
the function and named at the end of the sentence.

From the runner, by environment: CROFT and PAYLOAD (programs), TESTS (this folder), BUILD (where
the other test programs lie), FAKE (the emulated older kernel, "" for the true one).
"""
import inspect
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback

CROFT = os.environ.get("CROFT", "")
PAYLOAD = os.environ.get("PAYLOAD", "")
TESTS = os.environ.get("TESTS", os.path.dirname(os.path.abspath(__file__)))
BUILD = os.environ.get("BUILD", "")
FAKE = os.environ.get("FAKE", "")
IS_ROOT = os.geteuid() == 0

_tests = []         # (sentence, function, arguments), in order of writing
_cleanups = []      # of the running test, last one first


class Failure(Exception):
    """An expectation that did not hold."""


class Skip(Exception):
    """This machine cannot answer the question of the test."""


def test(sentence, variants=None):
    """Makes a test of a function; with variants, one for each, passed as its argument."""
    def add(function):
        if variants is None:
            _tests.append((sentence, function, ()))
        for variant in variants or ():
            _tests.append((f"{sentence} [{variant}]", function, (variant,)))
        return function
    return add


def skip(reason):
    """Ends the running test as skipped."""
    raise Skip(reason)


def cleanup(function, *args):
    """Calls function(*args) when the running test is over, however it ends; last one first."""
    _cleanups.append((function, args))


def tempdir():
    """A new empty directory, as its true path, removed after the test."""
    path = os.path.realpath(tempfile.mkdtemp(prefix="croft-t-"))
    cleanup(_remove_tree, path)
    return path


def _remove_tree(path):
    os.chmod(path, 0o700)       # a test may have taken our rights away
    for folder, inside, _ in os.walk(path):
        for name in inside:
            if not os.path.islink(os.path.join(folder, name)):
                os.chmod(os.path.join(folder, name), 0o700)
    shutil.rmtree(path)


def write_file(path, text="", mode=0o644):
    """Creates a file (text or bytes), its folders too; gives back the path."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(path, mode)
    return path


def is_sanitized(program):
    """Whether it was built with the sanitizers, which take time, memory, limits and /proc of their own."""
    with open(program, "rb") as f:
        return b"__asan_init" in f.read()


def read_file(path):
    with open(path, encoding="utf-8", errors="surrogateescape") as f:
        return f.read()


class Result:
    """How a program ended. status: exit status, or -N when it was killed by signal N."""

    def __init__(self, argv, status, out, err):
        self.argv, self.status, self.out, self.err = argv, status, out, err

    def __str__(self):
        return (f"command: {' '.join(map(repr, self.argv))}\nstatus:  {self.status}\n"
                f"stdout:  {self.out!r}\nstderr:  {self.err!r}")


def run(*argv, stdin="", cwd=None, env=None, timeout=30, **popen):
    """
    Runs a program to its end and gives a Result. env replaces the whole environment (None: ours).
    stdin is text, or a file object or descriptor. Not ended in time: its process group is killed
    and the test fails. Other arguments go to subprocess.Popen (pass_fds, preexec_fn, ...).
    """
    argv = [str(a) if not isinstance(a, bytes) else a for a in argv]
    text = stdin.encode() if isinstance(stdin, str) else None
    popen.setdefault("start_new_session", True)
    popen.setdefault("stdout", subprocess.PIPE)
    popen.setdefault("stderr", subprocess.PIPE)
    child = subprocess.Popen(argv, cwd=cwd, env=env,
                             stdin=stdin if text is None else subprocess.PIPE, **popen)
    try:
        out, err = child.communicate(text, timeout=timeout)
    except subprocess.TimeoutExpired as late:
        if popen["start_new_session"]:
            os.killpg(child.pid, signal.SIGKILL)
        child.kill()
        try:    # what left the group may hold the pipes open for ever
            child.communicate(timeout=2)
        except subprocess.TimeoutExpired:
            pass
        raise Failure(f"{argv} did not end in {timeout} s") from late
    return Result(argv, child.returncode, *[(b or b"").decode("utf-8", "surrogateescape") for b in (out, err)])


def run_croft(*args, **how):
    """croft with these arguments, as run()."""
    return run(CROFT, *args, **how)


def payload(*args, **how):
    """The payload without a sandbox, as run(): the allowing twin of a test that denies."""
    return run(PAYLOAD, *args, **how)


# Expectations. Each raises Failure with both values printed.

def fail(message):
    raise Failure(message)


def equal(got, want, what="value"):
    if got != want:
        fail(f"{what}:\n  got  {got!r}\n  want {want!r}")


def differs(got, other, what="value"):
    if got == other:
        fail(f"{what}: is {got!r}, should differ")


def true(condition, message):
    if not condition:
        fail(message)


def contains(text, part, what="text"):
    if part not in text:
        fail(f"{what}:\n  got  {text!r}\n  without {part!r}")


def lacks(text, part, what="text"):
    if part in text:
        fail(f"{what}:\n  got  {text!r}\n  which should not hold {part!r}")


def matches(text, pattern, what="text"):
    if not re.search(pattern, text):
        fail(f"{what}:\n  got  {text!r}\n  does not match {pattern!r}")


def status_is(result, want):
    """The program ended so; says all about the run when it did not."""
    if result.status != want:
        fail(f"status {result.status}, want {want}\n{result}")


def succeeds(result):
    status_is(result, 0)
    return result


def raises_errno(errnum, function, *args, **kwargs):
    """function(...) must fail with this errno."""
    try:
        function(*args, **kwargs)
    except OSError as e:
        equal(e.errno, errnum, "errno")
        return
    fail(f"{function.__name__}{args} succeeded, want errno {errnum}")


def _run_one(number, sentence, function, args):
    """True when the test did not fail."""
    directive, trouble = "", []
    try:
        function(*args)
    except Skip as e:
        directive = f" # SKIP {e}"
    except Failure as e:
        where = inspect.trace()[1]
        trouble.append(f"{os.path.basename(where.filename)}:{where.lineno}: {e}")
    except Exception:       # pylint: disable=broad-except
        trouble.append(traceback.format_exc())
    while _cleanups:
        undo, undo_args = _cleanups.pop()
        try:
            undo(*undo_args)
        except Exception:   # pylint: disable=broad-except
            trouble.append("cleanup: " + traceback.format_exc())
    name = sentence.replace("#", "\\#").replace("\n", "\\n")
    print(("not ok" if trouble else "ok"), number, "-", name + ("" if trouble else directive))
    for line in "\n".join(trouble).splitlines():
        print("#", line.encode("utf-8", "backslashreplace").decode())
    sys.stdout.flush()
    return not trouble


def main():
    """Runs all tests of the file, or those whose sentence holds a word of the command line; exits."""
    words = sys.argv[1:]
    chosen = [t for t in _tests if not words or any(w in t[0] for w in words)]
    print(f"1..{len(chosen)}")
    results = [_run_one(n, *t) for n, t in enumerate(chosen, 1)]
    sys.exit(0 if all(results) and results else 1)
