#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
processes.py - reaching processes outside: signals (scope, ABI 6), ptrace and its relatives, limits.

The other process is of the same user and outside every sandbox. The twin is always the same
operation on a child inside, which must work: debuggers and job control live on it.
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

SIGNALS = [way for way in ("kill", "tgkill", "sigqueue", "pidfd-signal") if way not in FAKED_AWAY]
TRACES = [way for way in ("ptrace", "vm-read", "pidfd-getfd") if way not in FAKED_AWAY]


@test("a process outside cannot be signalled, a child can", variants=SIGNALS)
def _(way):
    other = str(helper_process().pid)
    answer = inside([], way, other)
    if ABI >= SCOPES:
        refused(answer, way, ("EPERM",))
        refused(inside([], "fork", way, other), f"{way} from a child", ("EPERM",))
    else:
        allowed(answer, f"{way} below the scope")
        contains(json.dumps(plan_rows()["signals"]), "can be signalled", "row signals")
    allowed(inside([], "with-child", way), f"{way} to a child")
    allowed(inside(["--off", "signals"], way, other), f"{way} with signals off")
    allowed(outside(way, other), f"{way} without a sandbox")


@test("a signal to the process group stays inside the sandbox")
def _():
    def share(options):
        """A process outside in one group with a sandboxed one that signals the group: has it been reached?"""
        other = helper_process(PAYLOAD, "wait-signal", str(int(signal.SIGUSR1)), process_group=0)
        equal(other.stdout.readline(), b"ready\n", "first line of the other")
        result = confined(options, "kill", "0", str(int(signal.SIGUSR1)), start_new_session=False,
                          process_group=other.pid)
        equal(result.status, -signal.SIGUSR1, "how the sandboxed process ended by its own signal")
        return wait_for(lambda: other.poll() is not None, 0.3)
    equal(share([]), ABI < SCOPES, "the process outside was reached")
    equal(share(["--off", "signals"]), True, "... and with signals off")


@test("the process that started croft cannot be signalled")
def _():
    answer = inside([], "kill", str(os.getpid()))
    equal(answer, "EPERM" if ABI >= SCOPES else "ok", "kill of the caller")
    equal(inside(["--off", "signals"], "kill", str(os.getpid())), "ok", "with signals off")


@test("the command cannot signal the supervisor that waits for it")
def _():
    scoped = "EPERM" if ABI >= SCOPES else "ok"
    equal(inside(["--supervise"], "kill-parent"), scoped, "kill of the supervisor")
    equal(inside(["--supervise", "--off", "signals"], "kill-parent"), "ok", "with signals off")


@test("a process outside cannot be traced or read, a child can", variants=TRACES)
def _(way):
    other = str(helper_process().pid)
    refused(inside([], way, other), way, ("EPERM", "EACCES", "ESRCH"))
    refused(inside([], "fork", way, other), f"{way} from a child", ("EPERM", "EACCES", "ESRCH"))
    allowed(inside([], "with-child", way), f"{way} of a child")
    allowed(outside(way, other), f"{way} without a sandbox")


@test("the secrets of a process outside cannot be read through /proc",
      variants=["environ", "mem", "maps", "root", "cwd/.", "fd/1"])
def _(name):
    other = helper_process().pid
    op = {"root": "read-dir", "cwd/.": "read-dir", "fd/1": "readlink"}.get(name, "open-read")
    options = ["--read", "/proc"]
    refused(inside(options, op, f"/proc/{other}/{name}"), name, ("EACCES", "EPERM"))
    allowed(outside(op, f"/proc/{other}/{name}"), f"{name} without a sandbox")
    allowed(inside([*options, "--read", "/"], op, f"/proc/self/{name}"), f"{name} of its own")


@test("the limits of a process outside cannot be changed, its own can")
def _():
    other = str(helper_process().pid)
    refused(inside([], "prlimit-write", other), "another's limits")
    allowed(inside(["--allow", "prlimit-others"], "prlimit-write", other), "allowed by name")
    allowed(inside([], "prlimit-write", "0"), "its own limits")
    allowed(outside("prlimit-write", other), "without a sandbox")


@test("what of other processes stays in reach is named in the plan")
def _():
    other = str(helper_process().pid)
    row = json.dumps(plan_rows()["processes"])
    for op in ("pidfd-open", "set-affinity", "set-priority", "prlimit-read"):
        if op in FAKED_AWAY:
            continue
        answer = inside([], op, other)
        if answer == "ok":
            contains(row, "priority and affinity" if op.startswith("set") else "can be seen", f"row, for {op}")
        else:
            refused(answer, op, ("EACCES", "EPERM"))
    status = f"/proc/{other}/status"
    allowed(inside(["--read", "/proc"], "open-read", status), "status of another process, /proc granted")
    contains(row, "/proc", "row processes")
    refused(inside([], "open-read", status), "status of another process, /proc not granted")


main()
