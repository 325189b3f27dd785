#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
_inside.py - runs a command in a place, and tells as JSON how it ended, how long it took, and what it left there.

    _inside.py DEED COMMAND...

DEED is a second command, as a list in JSON, or null; it is run afterwards, so that a place need not be made twice.

Left behind would be: a mount, a file in the directories for temporary files, in HOME or the working directory, a group
of processes, a running process. Ours are known by a variable that only they have: other tests may run beside this one.
"""
import json
import os
import subprocess
import sys
import time

MARK = "CROFT_TEST_MARK"
STAYS = 5.0     # seconds
PATIENCE = 20   # seconds, for a doctor that hangs: a failure that says so, not one of the frame


def entries(folder):
    try:
        return {os.path.join(folder, name) for name in os.listdir(folder)}
    except OSError:
        return set()


def groups():
    """Directories of control groups that a doctor makes (probe_groups.c)."""
    return {os.path.join(parent, name) for parent, names, _ in os.walk("/sys/fs/cgroup") for name in names if "croft-doctor" in name}


def mounts():
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as lines:
            return set(lines)
    except OSError:
        return set()


def running(mark):
    """Processes that bear the mark, but this one."""
    found = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as env:
                if f"{MARK}={mark}\0".encode() in env.read() and int(pid) != os.getpid():
                    found.add(f"process {pid}")
        except OSError:
            continue
    return found


def look(mark):
    folders = {os.environ.get("TMPDIR", "/tmp"), os.environ.get("HOME", "/"), os.getcwd()}
    # What is everybody's: only what bears our name.
    shared = {path for folder in ("/tmp", "/var/tmp", "/dev/shm", "/dev/mqueue") for path in entries(folder)
              if "croft-doctor" in path}
    seen = set().union(mounts(), groups(), running(mark), shared, *(entries(folder) for folder in folders - {"/tmp"}))
    return seen


def run(command):
    """-> [status, standard output, standard error]; what cannot be started has failed."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except OSError as e:
        return [126, "", str(e)]
    return [done.returncode, done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")]


def main():
    deed, command = json.loads(sys.argv[1]), sys.argv[2:]
    mark = f"{os.getpid()}-{time.monotonic_ns()}"
    before = look(mark)
    env = {**os.environ, MARK: mark}
    start = time.monotonic()
    with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          start_new_session=True) as child:
        try:
            out, err = child.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, 9)
            out, err = b"", f"did not end in {PATIENCE} s".encode()
            child.wait()
    seconds = time.monotonic() - start
    # What another doctor has made beside this one is gone in a moment; what is left behind stays.
    end = time.monotonic() + STAYS
    while (left := look(mark) - before) and time.monotonic() < end:
        time.sleep(0.1)
    report = {"status": child.returncode, "seconds": round(seconds, 2), "left": sorted(left),
              "out": out.decode("utf-8", "replace"), "err": err.decode("utf-8", "replace")}
    if deed:
        report["deed"] = run(deed)
    print(json.dumps(report))


main()
