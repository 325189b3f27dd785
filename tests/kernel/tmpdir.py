#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
tmpdir.py - the fresh TMPDIR: the command's own, and gone afterwards, however it ended.

Removal may follow the end by a moment (whoever cleans up outlives croft), so it is polled for.
"""
import contextlib
import glob

from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

PROFILE = ("--profile", "system", "--execute", PAYLOAD)
GONE_WITHIN = 10.0


def start(*op, options=(), cwd="/"):
    """Starts the payload, in its own session; the child, and the first line that it prints."""
    child = subprocess.Popen([CROFT, "run", *PROFILE, *options, "--", PAYLOAD, *op], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, text=True, cwd=cwd, start_new_session=True)

    def end():
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        child.stdout.close()
    cleanup(end)
    return child


def tmpdir_of(*options, op=("env",), **how):
    result = run_croft("run", *PROFILE, *options, "--", PAYLOAD, *op, cwd="/", **how)
    values = [line.split("=", 1)[1] for line in said(result).splitlines() if line.startswith("TMPDIR=")]
    equal(len(values), 1, "number of TMPDIR variables")
    return values[0]


def is_gone(path):
    true(wait_for(lambda: not os.path.lexists(path), GONE_WITHIN), f"{path} is still there")


@test("the command has a fresh TMPDIR of its own, which is gone afterwards", variants=["in place", "supervised"])
def _(way):
    options = ["--supervise"] if way == "supervised" else []
    first, second = tmpdir_of(*options), tmpdir_of(*options)
    differs(first, second, "TMPDIR of the second run")
    differs(first, os.environ.get("TMPDIR", "/tmp"), "TMPDIR")
    is_gone(first)
    is_gone(second)


def tmpdir_of_running(child):
    """Read from the environment of whichever process of its session runs the payload."""
    found = []

    def look():
        for entry in os.listdir("/proc"):
            if not entry.isdigit():
                continue
            try:
                with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as f:
                    session = int(f.read().rsplit(")", 1)[1].split()[3])
                with open(f"/proc/{entry}/environ", "rb") as f:
                    values = f.read().split(b"\0")
                program = os.readlink(f"/proc/{entry}/exe")
            except OSError:
                continue
            for value in values:
                if session == child.pid and program == os.path.realpath(PAYLOAD) and value.startswith(b"TMPDIR="):
                    found.append((int(entry), value[7:].decode()))
        return bool(found)
    true(wait_for(look), "the payload did not start")
    return found[0]


def run_in_tmpdir(script):
    """A shell in its TMPDIR, which first prints the name and the mode of that."""
    script = "cd \"$TMPDIR\" && pwd && stat -c %a . && " + script
    return run_croft("run", *PROFILE, "--", "/bin/sh", "-c", script, cwd="/")


@test("TMPDIR is closed to others and usable by the command")
def _():
    result = succeeds(run_in_tmpdir("mkdir -p a/b && echo x > a/b/f && cp /bin/true t && ./t && cat a/b/f"))
    path, mode, text = result.out.split()
    equal((mode, text), ("700", "x"), "mode and content")
    is_gone(path)


@test("another sandbox cannot reach into a TMPDIR that is in use")
def _():
    child = start("sleep", "60")
    equal(child.stdout.readline(), "ready\n", "first line")
    _, path = tmpdir_of_running(child)
    true(os.path.isdir(path), f"{path} is there while the command runs")
    equal(os.stat(path).st_mode & 0o7777, 0o700, "mode")
    for op in (["read-dir", path], ["create", f"{path}/x"]):
        refused(said(run_croft("run", *PROFILE, "--", PAYLOAD, *op, cwd="/")), " ".join(op))
    beside = f"{os.path.dirname(path)}/croft-test-new"
    refused(said(run_croft("run", *PROFILE, "--", PAYLOAD, "create", beside, cwd="/")), "create beside it")
    allowed(outside("read-dir", path), "without a sandbox")


@test("TMPDIR is removed when croft or the command is killed",
      variants=["in place", "supervised: croft", "supervised: the command", "supervised: the whole session"])
def _(way):
    child = start("sleep", "60", options=["--supervise"] if way != "in place" else [])
    equal(child.stdout.readline(), "ready\n", "first line")
    command, path = tmpdir_of_running(child)
    true(os.path.isdir(path), f"{path} is there while the command runs")
    write_file(f"{path}/deep/er/file", "left behind")
    os.chmod(f"{path}/deep", 0)
    if way == "supervised: the whole session":
        os.killpg(child.pid, signal.SIGKILL)
    else:
        os.kill(command if way == "supervised: the command" else child.pid, signal.SIGKILL)
    child.wait(10)
    is_gone(path)
    true(wait_for(lambda: not is_running(command)), "the command is gone too")


def started_with(word):
    """
    The processes, as this host numbers them, that have this word on their command line; without croft's cleaner, whose
    command line is croft's.
    """
    found = []
    for folder in glob.glob("/proc/[0-9]*"):
        with contextlib.suppress(OSError):
            if word in read_file(f"{folder}/cmdline").split("\0") and read_file(f"{folder}/comm").strip() != "croft":
                found.append(int(folder.split("/")[2]))
    return [pid for pid in found if is_running(pid)]


@test("TMPDIR goes with the command, though it left a process behind")
def _():
    seconds = str(100000 + os.getpid())     # by which the process is known: its number may be another inside
    lines = said(run_croft("run", *PROFILE, "--", PAYLOAD, "each", "env", ",", "spawn-daemon", seconds, cwd="/")).splitlines()
    for pid in started_with(seconds):
        cleanup(os.kill, pid, signal.SIGKILL)
    is_gone(next(v[7:] for v in lines if v.startswith("TMPDIR=")))
    # a pid namespace takes all with it
    equal(len(started_with(seconds)), 0 if os.environ["FAKE"] == "namespaces" else 1, "processes left behind")


@test("--off private-tmp makes no TMPDIR, and the caller's is not passed on")
def _():
    lines = said(run_croft("run", *PROFILE, "--off", "private-tmp", "--", PAYLOAD, "env", cwd="/")).splitlines()
    equal([v for v in lines if v.startswith("TMPDIR=")], [], "TMPDIR")
    differs(tmpdir_of(), "", "TMPDIR with the protection")


@test("links in TMPDIR are removed and not followed")
def _():
    folder = tempdir()
    write_file(f"{folder}/precious", "stay")
    result = succeeds(run_in_tmpdir(f"ln -s {folder} dir && ln -s {folder}/precious file"))
    is_gone(result.out.split()[0])
    equal(read_file(f"{folder}/precious"), "stay", "what the links led to")


main()
