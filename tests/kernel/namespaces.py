#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
namespaces.py - the pid namespace: who is in it, who cannot be reached in it, and that it is the end of
all that is.

The first process of the namespace shares croft's memory. It is the escape to think of first: so
all that could be done to it is tried from inside, with Landlock and without, with the filter and
without it, and each time stands beside the same done to a process of the command's own.
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

INSIDE = ["--isolate", "processes"]
NO_LANDLOCK = os.path.join(BUILD, "tests", "no_landlock")
PLAIN = ["--profile", "system", "--execute", PAYLOAD]
PYTHON = "/usr/bin/python3"


WAYS = {
    "with everything": INSIDE,
    "without a filter": [*INSIDE, "--off", "syscalls", "--prefer", "ipc"],
    "with capabilities": [*INSIDE, "--off", "privileges", "--off", "syscalls"],
}
WITHOUT = {f"{name}, and no Landlock": options for name, options in WAYS.items()}
ALL = [*WAYS, *WITHOUT]


def within(way, *op):
    """The command op inside in this way."""
    if run(CROFT, "plan", *PLAIN, *INSIDE, "--tier", "namespaces", "--require", "processes", "--", "/bin/true").status:
        skip("no pid namespace with a proc of its own here")
    words = [CROFT, "run", *PLAIN, "--read", "/proc", *(WAYS | WITHOUT)[way], "--", *op]
    return run(*([NO_LANDLOCK, "enosys"] if way in WITHOUT else []), *words)


INIT = r"""
import ctypes, os, signal, sys
libc = ctypes.CDLL(None, use_errno=True)
target = int(sys.argv[1])
done = []

def attempt(name, fn):
    try:
        if fn() not in (-1, None):
            done.append(name)
    except OSError:
        pass

for name in ("mem", "maps", "environ", "auxv", "syscall", "stack", "io", "map_files"):
    attempt(name, lambda: os.listdir(f"/proc/{target}/{name}") and 1 if name == "map_files"
            else len(open(f"/proc/{target}/{name}", "rb").read(0)) + 1)
attempt("mem for writing", lambda: os.open(f"/proc/{target}/mem", os.O_RDWR))
for name in ("root", "cwd", "exe", "fd/0", "ns/mnt"):
    attempt(name, lambda: len(os.readlink(f"/proc/{target}/{name}")))
attempt("root/.", lambda: len(os.listdir(f"/proc/{target}/root/")))
attempt("ptrace attach", lambda: libc.ptrace(16, target, 0, 0))
attempt("ptrace seize", lambda: libc.ptrace(0x4206, target, 0, 0))
buffer = ctypes.create_string_buffer(8)

class Iovec(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]

local = Iovec(ctypes.addressof(buffer), 8)
remote = Iovec(ctypes.addressof(buffer), 8)
for name, call in (("process_vm_readv", 310), ("process_vm_writev", 311)):
    if os.uname().machine == "x86_64":
        attempt(name, lambda: libc.syscall(call, target, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0) >= 0 or -1)
        attempt("kcmp", lambda: libc.syscall(312, target, os.getpid(), 1, 0, 0) >= 0 or -1)
attempt("pidfd_getfd", lambda: libc.syscall(438, os.pidfd_open(target), 0, 0))
for name in ("oom_score_adj", "coredump_filter", "clear_refs", "timerslack_ns", "comm"):
    attempt(f"write {name}", lambda: os.open(f"/proc/{target}/{name}", os.O_WRONLY))
print(",".join(done) or "nothing")
"""


@test("whatever is tried on the first process, nothing comes of it; on one's own child it does", variants=ALL)
def _(way):
    result = within(way, PYTHON, "-c", INIT, "1")
    succeeds(result)
    equal(result.out, "nothing\n", "what worked on process 1")
    child = "import subprocess, sys; c = subprocess.Popen(['/bin/sleep', '20']); " \
            "print(subprocess.run([sys.executable, '-c', sys.argv[1], str(c.pid)], capture_output=True, " \
            "text=True).stdout); c.kill()"
    answer = succeeds(within(way, PYTHON, "-c", child, INIT)).out
    # without Landlock the filter refuses these, of a child too
    for name in ("maps", "environ", "exe", *(() if way in WITHOUT else ("ptrace attach", "pidfd_getfd"))):
        contains(answer, name, "what works on a child")


@test("in a user namespace made further inside nothing comes of it either", variants=[w for w in ALL if "filter" in w])
def _(way):
    nested = "import ctypes, sys; assert ctypes.CDLL(None).unshare(0x10000000) == 0\n" \
             "status = open('/proc/self/status').read()\n" \
             "assert int(status.split('CapEff:')[1].split()[0], 16) & 1 << 19\n"
    result = within(way, PYTHON, "-c", nested + INIT, "1")
    equal(succeeds(result).out, "nothing\n", "what worked on process 1")


@test("no signal from inside reaches the first process", variants=ALL)
def _(way):
    text = "import os, signal, time\n" \
           "for n in range(1, 65):\n" \
           "    try: os.kill(1, n)\n" \
           "    except OSError: pass\n" \
           "time.sleep(0.1); print('still here')"
    equal(succeeds(within(way, PYTHON, "-c", text)).out, "still here\n", "output")


@test("the command is the second process, and sees none of the host's")
def _():
    other = str(helper_process().pid)
    text = "import os; print(os.getpid(), os.getppid(), sorted(int(n) for n in os.listdir('/proc') if n.isdigit()))"
    result = succeeds(within("with everything", PYTHON, "-c", text))
    equal(result.out, "2 0 [2]\n", "number, parent, and all that /proc shows")
    refused(inside([*INSIDE], "kill", other), "a signal to a number outside", ("ESRCH", "EPERM"))


@test("nothing outlives the command, however it hides")
def _():
    marker = f"{61 + os.getpid() % 7}.{os.getpid()}"
    text = f"setsid sleep {marker} & (setsid sh -c 'trap \"\" TERM HUP; exec sleep {marker}' &) ; sleep 0.2; exit 3"
    result = within("with everything", "/bin/sh", "-c", text)
    status_is(result, 3)
    contains(result.err, "that the command left running were killed", "message")
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            words = read_file(f"/proc/{name}/cmdline").split("\0")
        except OSError:
            continue
        true(marker not in words, f"process {name} is still there")


main()
