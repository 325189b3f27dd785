#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
driver.py - inside a guest: runs the chosen test programs as both users, and reports each to the host.

What tests/run.py does outside happens here once more, in short: a private TMPDIR, a clean environment, an end to
what does not end, a look at what is left behind. Who judges is the host: for each program one line is printed,
MARK and what tests/run.py's judge wants to know, as JSON.

    driver.py JOB       a file with what boot.py wrote: {"kernel": NAME, "abi": N, "environment": {...}}
"""
import json
import os
import py_compile
import runpy
import shutil
import signal
import sys
import time
import traceback
# What the tests import: once here and not in each of them.
import ctypes, fcntl, inspect, pty, random, re, resource, select, shlex, socket     # noqa: E401,F401 pylint: disable=all
import struct, subprocess, tempfile, termios, threading                             # noqa: E401,F401 pylint: disable=all

import selection

MARK = "@result "
IDS = {"root": 0, "user": 1000}
HOMES = {"root": "/root", "user": "/home/user"}


def processes():
    """Living processes that are neither the kernel's, nor init, nor this one: id -> name."""
    found = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                name, rest = stat.read().split("(", 1)[1].rsplit(")", 1)
        except OSError:
            continue
        state, parent = rest.split()[:2]
        if state != "Z" and parent != "2" and int(pid) not in (1, 2, os.getpid()):
            found[int(pid)] = f"{name} ({pid})"
    return found


def settled(look, seconds=3):
    """What look() finds once nothing is left, or after some seconds: what is about to go may go."""
    end = time.monotonic() + seconds
    while (left := look()) and time.monotonic() < end:
        time.sleep(0.05)
    return left


def run_forked(path, words, env, cwd, uid, out, err):
    """
    In a child of this process: becomes the user and runs the script as an interpreter of its own would. Does not
    return. To start an interpreter and to import the modules above takes longer here than most tests.
    """
    status = 1
    try:
        os.setsid()
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
        os.umask(0o022)
        os.chdir(cwd)
        for number, source in ((0, os.open("/dev/null", os.O_RDONLY)), (1, out.fileno()), (2, err.fileno())):
            os.dup2(source, number)
        os.closerange(3, 64)
        os.environ.clear()
        os.environ.update(env)
        sys.argv = [path, *words]
        sys.path[:1] = [os.path.dirname(path), *env["PYTHONPATH"].split(":")]
        runpy.run_path(path, run_name="__main__")
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(bool(end.code))
    except BaseException:       # pylint: disable=broad-except
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def wait(pid, seconds):
    """The status of the child, as subprocess has it; None when it was killed for being late."""
    end = time.monotonic() + seconds
    while True:
        gone, status = os.waitpid(pid, os.WNOHANG)
        if gone:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            break
        time.sleep(0.02)
    for other in {pid, *processes()}:
        os.kill(other, signal.SIGKILL)
    os.waitpid(pid, 0)
    return None


def run_one(entry, user, environment):
    """Runs one test program; -> (how long it took, the arguments of judge but for the title)"""
    tmp = f"/tmp/{entry.path.replace('/', '-')}-{user}"
    os.mkdir(tmp, 0o700)
    os.chown(tmp, IDS[user], IDS[user])
    env = {**environment, "HOME": HOMES[user], "TMPDIR": tmp}
    begin = time.monotonic()
    with open("/run/out", "w+b") as out, open("/run/err", "w+b") as err:
        pid = os.fork()
        if pid == 0:
            run_forked(f"{environment['TESTS']}/{entry.path}.py", entry.words, env, tmp, IDS[user], out, err)
        status = wait(pid, entry.timeout)
        left = settled(lambda: sorted(os.listdir(tmp)))
        running = settled(processes)
        for other in running:
            os.kill(other, signal.SIGKILL)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    shutil.rmtree(tmp)
    return time.monotonic() - begin, {
        "status": -signal.SIGKILL if status is None else status, "out": texts[0], "err": texts[1][-8000:],
        "late": entry.timeout if status is None else 0, "left": left + list(running.values())}


def main():
    if os.getppid() != 1 or not os.path.exists("/run/command"):
        sys.exit("driver.py: only in a guest, for it ends every process that a test has left behind")
    with open(sys.argv[1], encoding="utf-8") as f:
        job = json.load(f)
    with open("/proc/sys/kernel/perf_event_paranoid", "w", encoding="utf-8") as f:
        f.write("2\n")      # Debian's 3 would refuse what the tests need as the twin of croft's refusal
    for module in ("harness", "kernel/_sandbox", "cli/_cli"):
        py_compile.compile(f"{job['environment']['TESTS']}/{module}.py")
    for title, entry, user in selection.runs(job["kernel"], job["abi"]):
        seconds, how = run_one(entry, user, job["environment"])
        print(MARK + json.dumps({"seconds": seconds, "judge": {"title": title, **how}}), flush=True)


if __name__ == "__main__":
    main()
