#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_kill.py - kill -9 of each process of croft, at any moment: nothing is left.

From outside: whatever is killed, and whenever, in the end there is no process, no mount, no
temporary directory, and the project is as it was, for git too. The moments are random, some
microseconds apart; tests/faults/test_kill.c does the same at each system call.

The test is a subreaper: what outlives croft becomes its child, and is seen.
"""
import ctypes
import random

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

ROUNDS = 100
WAYS = {
    "supervised": ["--supervise"],
    "with a pid namespace": ["--isolate", "processes"],
    "with a tree of its own": ["--isolate", "processes", "--require", "hidden", "--private", "/tmp"],
}
# What leaves two processes behind and waits to be ended; and, where a killed croft cannot reach those, what does not.
COMMAND = ["/bin/sh", "-c", "sleep 20 & (setsid sleep 20 &); echo up; sleep 20"]
ALONE = ["/bin/sh", "-c", "echo up; exec sleep 20"]

ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children(pid):
    try:
        return [int(word) for word in read_file(f"/proc/{pid}/task/{pid}/children").split()]
    except OSError:
        return []


def name_of(pid):
    try:
        return read_file(f"/proc/{pid}/comm").strip()
    except OSError:
        return ""


def reap(seconds=5.0):
    """All that has become our child ends; what does not is named."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG | 0x40000000)    # __WALL
        except ChildProcessError:
            return
        if pid == 0:
            time.sleep(0.001)
    left = children(os.getpid())
    words = [read_file(f"/proc/{pid}/cmdline") for pid in left]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    fail(f"processes are left: {words}")


def tree(path):
    return sorted(os.path.join(folder, name) for folder, folders, names in os.walk(path) for name in folders + names)


class Scene:
    """A project under git, a place for temporary directories, and how both and the mounts look."""

    def __init__(self):
        self.project = project()
        self.tmp, self.env = parent()
        write_file(os.path.join(self.project, "file"), "text\n")
        run("git", "init", "-q", self.project)
        self.before = self.look()

    def look(self):
        return (read_file("/proc/self/mountinfo"), tree(self.project),
                run("git", "-C", self.project, "status", "--porcelain").out)

    def start(self, *options):
        words = [CROFT, "run", "--profile", "system", "--write", self.project, *options, "--",
                 *(ALONE if options == ("--supervise",) else COMMAND)]
        return subprocess.Popen(words, cwd=self.project, env=self.env, stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def check(self):
        wait_until(lambda: not os.listdir(self.tmp), f"the temporary directories are gone: {os.listdir(self.tmp)}")
        equal(self.look(), self.before, "mounts, project, git status")


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


@test("croft is killed at any moment of its start", variants=WAYS)
def _(way):
    scene = Scene()
    for _ in range(ROUNDS):
        croft = scene.start(*WAYS[way])
        time.sleep(random.uniform(0, 0.02))
        croft.kill()
        croft.stdout.close()
        croft.wait()
        reap()
    scene.check()


@test("whichever child of croft is killed, at any moment", variants=WAYS)
def _(way):
    scene = Scene()
    killed = set()
    for _ in range(ROUNDS):
        croft = scene.start(*WAYS[way])
        end = time.monotonic() + random.uniform(0, 0.025)
        found = []
        while time.monotonic() < end:
            found = children(croft.pid) or found
        if found:
            victim = random.choice(found)
            killed.add(name_of(victim))
            kill(victim)
        # The cleaner is nobody's end but its own. With it dead croft alone removes the directory: so no
        # second kill before the command runs, or croft has seen its own end.
        select.select([croft.stdout], [], [], 10)
        croft.terminate()
        croft.stdout.close()
        croft.wait()
        reap()
    true(len(killed) > 1, f"more than one kind of process was killed: {killed}")
    scene.check()


@test("each process of a command that runs is killed", variants=WAYS)
def _(way):
    scene = Scene()
    for turn in range(ROUNDS // 4):
        croft = scene.start(*WAYS[way])
        equal(croft.stdout.readline(), b"up\n", "first line")
        family = [croft.pid, *children(croft.pid)]
        kill(family[turn % len(family)])
        time.sleep(0.002)
        croft.terminate()
        croft.stdout.close()
        croft.wait()
        reap()
    scene.check()


main()
