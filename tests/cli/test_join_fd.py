#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_join_fd.py - namespaces that a descriptor holds are joined, and what holds none is refused.
"""
from _session import *      # pylint: disable=wildcard-import,unused-wildcard-import

KINDS = ["user", "mnt", "net", "ipc", "uts"]


class Holder:
    """A process with namespaces of its own, ended after the test."""

    def __init__(self, *options):
        needs_namespaces("net", "ipc", "uts")
        self.child = subprocess.Popen(["unshare", "--user", "--map-current-user", "--mount", "--net", "--ipc", "--uts",
                                       *options, "sh", "-c", "echo up; exec sleep 60"], stdout=subprocess.PIPE)
        cleanup(self.child.wait)
        cleanup(self.child.kill)
        equal(self.child.stdout.readline(), b"up\n", "first line")
        self.pid = self.child.pid

    def inode(self, kind):
        return os.stat(f"/proc/{self.pid}/ns/{kind}").st_ino

    def open(self, kind):
        fd = os.open(f"/proc/{self.pid}/ns/{kind}", os.O_RDONLY)
        cleanup(os.close, fd)
        return fd

    def pidfd(self):
        fd = os.pidfd_open(self.pid)
        cleanup(os.close, fd)
        return fd


# At its end the leak sanitizer stops the process from a thread of its own, and waits for that thread to say so for
# ever where new tasks would be in another pid namespace.
UNCHECKED = {**os.environ, "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}


def join(fds, *command, options=(), wrap=(), **how):
    words = [word for fd in fds for word in ("--join-fd", fd)]
    return run(*wrap, CROFT, "run", *PLAIN, *words, *options, "--", *command, pass_fds=list(fds), cwd="/", **how)


def inside(result):
    """The namespaces by kind, out of readlink's lines."""
    return dict((kind, int(number)) for kind, number in re.findall(r"(\w+):\[(\d+)\]", succeeds(result).out))


LINKS = ["readlink", *(f"/proc/self/ns/{kind}" for kind in KINDS)]


@test("a pidfd joins every namespace in which its process is and the caller is not",
      variants=["in place", "supervised"])
def _(tier):
    holder = Holder()
    equal(inside(join([holder.pidfd()], *LINKS, options=TIERS[tier])), {k: holder.inode(k) for k in KINDS}, "namespaces")


@test("a descriptor of one namespace joins that one, several one after another, in any order")
def _():
    holder = Holder()
    mine = {k: os.stat(f"/proc/self/ns/{k}").st_ino for k in KINDS}
    for kinds in (["user"], ["net", "user"], ["uts", "ipc", "user"]):
        want = {k: holder.inode(k) if k in kinds else mine[k] for k in KINDS}
        equal(inside(join([holder.open(k) for k in kinds], *LINKS)), want, f"namespaces with {kinds}")


@test("the command has no capability in what was joined, and its descriptor is not passed on")
def _():
    holder = Holder()
    fd = holder.pidfd()
    text = succeeds(join([fd], "cat", "/proc/self/status")).out
    contains(text, "CapEff:\t0000000000000000\n", "status")
    equal(succeeds(join([fd], PAYLOAD, "fds")).out, succeeds(run_croft("run", *PLAIN, "--", PAYLOAD, "fds")).out,
          "descriptors")


@test("a joined pid namespace is the command's")
def _():
    needs_namespaces("pid", "fork")
    holder = Holder("--pid", "--fork", "--kill-child")
    child = wait_until(lambda: read_file(f"/proc/{holder.pid}/task/{holder.pid}/children").split(), "the child")
    fd = os.pidfd_open(int(child[0]))
    cleanup(os.close, fd)
    pid = int(succeeds(join([fd], "sh", "-c", "echo $$", env=UNCHECKED)).out)
    true(pid < 100, f"number {pid}")
    refused(join([fd], "true", options=["--isolate", "processes"], env=UNCHECKED), 125, "a pid namespace is joined")


@test("where pidfds are refused a descriptor of a namespace joins it, and that of a pid namespace is refused",
      variants=["ENOSYS", "EPERM"])
def _(errno_name):
    needs_namespaces("pid", "fork")
    old = [f"{BUILD}/tests/no_syscall", "pidfd_open,pidfd_send_signal,openat2,close_range", errno_name]
    holder = Holder("--pid", "--fork", "--kill-child")
    result = join([holder.open("user"), holder.open("uts")], "readlink", "/proc/self/ns/uts", wrap=old)
    contains(succeeds(result).out, f"[{holder.inode('uts')}]", "namespace")
    fds = [holder.open(kind) for kind in ("user", "pid_for_children")]
    refused(join(fds, "true", wrap=old, env=UNCHECKED), 125, "open a pidfd of croft for the joined pid namespace")
    succeeds(join(fds, "true", env=UNCHECKED))


@test("a command in a joined pid namespace ends with croft")
def _():
    needs_namespaces("pid", "fork")
    holder = Holder("--pid", "--fork", "--kill-child")
    child = wait_until(lambda: read_file(f"/proc/{holder.pid}/task/{holder.pid}/children").split(), "the child")
    fd = os.pidfd_open(int(child[0]))
    cleanup(os.close, fd)
    croft = Running(*PLAIN, "--join-fd", fd, "--", "/bin/sh", "-c", "echo up; exec sleep 55", pass_fds=[fd], cwd="/")
    equal(croft.line(), "up", "first line")
    command = int(read_file(f"/proc/{croft.pid}/task/{croft.pid}/children").split()[-1])
    os.kill(croft.pid, signal.SIGKILL)
    wait_until(lambda: is_gone(command), "the command ends")


@test("what is no namespace is refused, and nothing runs")
def _():
    fd = os.open("/dev/null", os.O_RDONLY)
    cleanup(os.close, fd)
    folder = os.open("/proc/self/ns", os.O_RDONLY)
    cleanup(os.close, folder)
    for one in (fd, folder):
        refused(join([one], "true"), 125, f"descriptor {one} holds no namespace")
    refused(run_croft("run", *PLAIN, "--join-fd", "77", "--", "true"), 125, "join by descriptor 77: Bad file descriptor")
    for word in ("", "x", "-1", "2", "99999999999"):
        refused(run_croft("run", *PLAIN, f"--join-fd={word}", "--", "true"), 125, "--join-fd", "is no descriptor")


@test("a kind that is there twice is refused")
def _():
    holder = Holder()
    refused(join([holder.open("net"), holder.pidfd()], "true"), 125, "two net namespaces cannot be joined")


@test("a process that has ended is refused")
def _():
    child = subprocess.Popen(["true"])
    fd = os.pidfd_open(child.pid)
    cleanup(os.close, fd)
    child.wait()
    refused(join([fd], "true"), 125, f"join the process of descriptor {fd}: No such process")


@test("a namespace that one has no capability over is refused, with what is missing")
def _():
    if IS_ROOT:
        skip("root may join them all")
    holder = Holder()
    refused(join([holder.open("net")], "true"), 125, "join a net namespace: Operation not permitted",
            "its user namespace has to be joined too")


@test("paths are those of the joined mount namespace, and the profile is the caller's")
def _():
    needs_namespaces()
    folder = tempdir()
    write_file(f"{folder}/p.yaml", "version: 2\nprofiles:\n  p:\n    extends: [system]\n"
                                   "    files: { read: [/mnt] }\n")
    child = subprocess.Popen(["unshare", "--user", "--map-root-user", "--mount", "sh", "-c",
                              f"mount -t tmpfs none /mnt && echo inner > /mnt/x && mount -t tmpfs none {folder} && "
                              "echo up && exec sleep 60"], stdout=subprocess.PIPE)
    cleanup(child.wait)
    cleanup(child.kill)
    equal(child.stdout.readline(), b"up\n", "first line")
    fd = os.pidfd_open(child.pid)
    cleanup(os.close, fd)
    options = ["--profile", f"{folder}/p.yaml", "--join-fd", fd]
    r = run_croft("run", *options, "--", "/bin/cat", "/mnt/x", pass_fds=[fd], cwd="/")
    equal(succeeds(r).out, "inner\n", "the file")
    hidden = os.path.join(folder, "gone")
    os.mkdir(hidden)
    refused(run_croft("run", *options, "--", "/bin/true", pass_fds=[fd], cwd=hidden), 125, hidden,
            "--chdir names a directory that is there")
    succeeds(run_croft("run", *options, "--chdir", "/", "--", "/bin/true", pass_fds=[fd], cwd=hidden))


main()
