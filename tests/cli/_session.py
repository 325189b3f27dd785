# SPDX-License-Identifier: MIT
"""
_session.py - what the tests of sessions share: sessions that end with the test, commands in them.
"""
from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import
import ctypes
import socket

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
PREFIX = f"croft-session-{os.geteuid()}-"
SIMPLE = ["--isolate", "files"]


def works(*names):
    """True if a process of ours gets these namespaces, and may mount in them."""
    return run("unshare", "--user", "--map-root-user", *(f"--{name}" for name in names), "true").status == 0


def needs_namespaces(*names):
    """Skips where the host has none: then no session can be."""
    if not works("mount", *names):
        skip("no namespaces here")


def names():
    return [s["id"] for s in listed()]


def listed():
    return json.loads(succeeds(run_croft("session", "list", "--json")).out)["sessions"]


def holder_of(name):
    """The number of the holder's process."""
    return next(s["pid"] for s in listed() if s["id"] == name)


class Session:
    """A session in a project of its own, ended after the test. In it: run, sh."""

    def __init__(self, *options, name=None, folder=None):
        needs_namespaces()
        self.folder = folder or project()
        words = ["--name", name] if name else []
        result = succeeds(run_croft("session", "start", *words, *(options or SIMPLE), cwd=self.folder))
        matches(result.out, r"\A[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,31}\n\Z", "the name")
        self.name = result.out.strip()
        self.pid = holder_of(self.name)
        cleanup(self.stop)

    def stop(self):
        if self.name in names():
            succeeds(run_croft("session", "stop", self.name))

    def run(self, *command, options=(), cwd=None, **how):
        return run_croft("run", "--session", self.name, *options, "--", *command, cwd=cwd or self.folder, **how)

    def sh(self, text, *options, **how):
        return self.run("/bin/sh", "-c", text, options=options, **how)

    def start(self, text, *options):
        """A shell line in it that is not waited for."""
        return Running("--session", self.name, *options, "--", "/bin/sh", "-c", text, cwd=self.folder)

    def inodes(self):
        """
        Its namespaces, by kind, as the kernel tells them of the holder. They are held open: the number of one that is
        gone is soon that of another's, beside this test.
        """
        found = {}
        for kind in ("user", "mnt", "net", "ipc", "uts"):
            fd = os.open(f"/proc/{self.pid}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)
            cleanup(os.close, fd)
            found[kind] = os.fstat(fd).st_ino
        return found


def in_namespace(inode, kind="user"):
    """The processes that are in a namespace."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.stat(f"/proc/{pid}/ns/{kind}").st_ino == inode and not is_gone(pid):
                found.append(int(pid))
        except OSError:
            pass
    return found


def as_nobody(*argv, **how):
    return run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", *argv, **how)
