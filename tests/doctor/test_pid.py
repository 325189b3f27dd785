#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_pid.py - croft doctor --pid: what a process elsewhere is refused is what is told, not what this shell is; and that
process goes on as if nothing had been.
"""
import contextlib
import time

from _matrix import *       # pylint: disable=wildcard-import,unused-wildcard-import

# Waits in a call that every stop would end with EINTR, and prints how each wait ended.
EPOLL = """
import ctypes, os, select
libc = ctypes.CDLL(None, use_errno=True)
room = ctypes.create_string_buffer(64)
poll = select.epoll()
reading, writing = os.pipe()
poll.register(reading, select.EPOLLIN)
print("waits", os.getpid(), flush=True)
r = libc.epoll_wait(poll.fileno(), room, 1, int(os.environ["WAIT_MS"]))
print("ended", r, ctypes.get_errno(), flush=True)
"""


def descendants(pid):
    try:
        children = read_file(f"/proc/{pid}/task/{pid}/children").split()
    except OSError:
        children = []
    for child in children:
        yield int(child)
        yield from descendants(int(child))


def name_of(pid):
    try:
        return read_file(f"/proc/{pid}/comm").strip()
    except OSError:
        return ""


def started(*argv, name="sleep", **popen):
    """Starts it, and gives the number of the process of that name in it when it is there."""
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True, **popen)

    def end():
        for pid in [*descendants(child.pid), child.pid]:
            if name_of(pid) == name:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
        child.wait(timeout=20)      # who made the place ends with it, and clears it away
    cleanup(end)
    for _ in range(400):
        for pid in [child.pid, *descendants(child.pid)]:
            if name_of(pid) == name:
                return pid
        if child.poll() is not None:
            skip(f"'{' '.join(argv[:3])}' cannot be had here")
        time.sleep(0.025)
    return fail(f"no process '{name}' of {argv}")


def in_place(name, *options):
    words = [word for option in options for word in ("--with", option)]
    return started(PYTHON, PLACES, name, *words, "/bin/sleep", "100", stdout=subprocess.DEVNULL)


def look(pid, *asks):
    return doctor(Place(), "--pid", str(pid), *asks)


def causes(said, facility):
    return [v["cause"] or v["state"] for v in of_facility(said, facility)]


def root_only():
    if not IS_ROOT:
        skip("only root may look so far into another process")


@test("a process like this shell has what this shell has")
def _():
    said = look(started("/bin/sleep", "100"))
    equal(causes(said, "process"), ["works"], "process")
    for facility in ("userns", "landlock", "pty", "exec"):
        equal(causes(said, facility), causes(doctor(Place()), facility), facility)


ELSEWHERE = {"no-userns-filter": ("userns-filter", "process-filter"), "chroot": ("userns-chroot", "process-root"),
             "docker": ("userns-filter", "process-filter")}


@test("of a process in another place its own causes are told, by name", variants=list(ELSEWHERE))
def _(place):
    root_only()
    userns, process = ELSEWHERE[place]
    said = look(in_place(place))
    true(userns in causes(said, "userns"), f"causes of userns: {causes(said, 'userns')}")
    true(process in causes(said, "process"), f"causes of process: {causes(said, 'process')}")
    equal(causes(doctor(Place()), "userns"), ["works"], "of this shell")


@test("what lies over a process's /proc is told, and that no fresh one can be had there")
def _():
    root_only()
    said = look(in_place("masked-proc"))
    true("process-proc-covered" in causes(said, "process"), f"{causes(said, 'process')}")
    true("proc-covered" in causes(said, "proc"), f"{causes(said, 'proc')}")


@test("no_new_privs and a smaller bounding set are told, and are in force for the probes")
def _():
    root_only()
    said = look(started("setpriv", "--no-new-privs", "--bounding-set=-sys_admin", "sleep", "100"))
    for cause in ("process-no-new-privs", "process-bounding"):
        true(cause in causes(said, "process"), f"{cause}: {causes(said, 'process')}")
    true(causes(said, "privileges") != causes(doctor(Place()), "privileges"), f"privileges: {causes(said, 'privileges')}")


@test("probes are in that process's namespaces, its pid namespace too")
def _():
    root_only()
    pid = started("unshare", "--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child", "--mount-proc", "sleep", "100")
    report = look(pid)
    equal([v for v in report["verdicts"] if v["cause"] == "process-not-entered"], [], "what was not entered")
    equal(causes(report, "userns"), ["works"], "userns")


@test("probes are the process's user, in its user namespace")
def _():
    root_only()
    pid = started("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "unshare", "--user", "--map-root-user", "sleep", "100")
    said = look(pid)
    for cause in ("process-uid-map", "process-user"):
        true(cause in causes(said, "process"), f"{cause}: {causes(said, 'process')}")
    equal([v for v in said["verdicts"] if v["cause"] == "process-not-entered"], [], "what was not entered")


@test("a lower limit of the process is the probes' limit")
def _():
    said = look(started("prlimit", "--nofile=32:32", "sleep", "100"))
    true("process-limit-nofile" in causes(said, "process"), f"{causes(said, 'process')}")
    true(causes(said, "limits") != ["works"], f"limits: {causes(said, 'limits')}")


@test("a process with a filter waits on as if nothing had been, in a call that stops end")
def _():
    root_only()
    child = subprocess.Popen([*_filter("no-userns"), PYTHON, "-c", EPOLL], stdout=subprocess.PIPE, text=True,
                             env={**os.environ, "WAIT_MS": "4000"})
    cleanup(child.wait)
    cleanup(child.kill)
    pid = int(child.stdout.readline().split()[1])
    time.sleep(0.1)
    said = look(pid)
    true("userns-filter" in causes(said, "userns"), f"its filter was not read: {causes(said, 'userns')}")
    equal(read_file(f"/proc/{pid}/status").split("TracerPid:")[1].split()[0], "0", "who traces it afterwards")
    equal(child.stdout.readline(), "ended 0 0\n", "its wait: 0 is the end of its time, -1 4 an interruption")
    equal(child.wait(), 0, "status")


def _filter(name):
    return [os.path.join(BUILD, "tests", "container_filter"), name]


@test("a stopped process is looked at, and is stopped afterwards")
def _():
    root_only()
    pid = started(*_filter("no-userns"), "sleep", "100")
    os.kill(pid, signal.SIGSTOP)
    time.sleep(0.1)
    said = look(pid)
    os.kill(pid, 0)
    equal(read_file(f"/proc/{pid}/status").split("State:")[1].split()[0], "T", "state")
    true("userns-filter" in causes(said, "userns"), f"its filter was not read: {causes(said, 'userns')}")


@test("a process whose filter nobody may read is unknown, and never answered for by this shell")
def _():
    root_only()
    pid = started(*_filter("no-userns"), "sleep", "100")
    # a reader under a filter of its own may read none (PTRACE_SECCOMP_GET_FILTER: EACCES)
    result = run(*_filter("podman"), CROFT, "doctor", "--json", "--pid", str(pid), timeout=START)
    status_is(result, 0)
    said = json.loads(result.out)
    true("process-not-entered" in causes(said, "process"), f"{causes(said, 'process')}")
    equal(sorted({v["state"] for v in said["verdicts"] if v["facility"] in ("userns", "mount", "landlock", "exec", "limits")}),
          ["unknown"], "states")


@test("another user's process is told as far as it may be seen, and unknown beyond")
def _():
    if IS_ROOT:
        pid = started("sleep", "100")
        there = Place().within("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        said = doctor(there, "--pid", str(pid))
    else:
        said = doctor(Place(), "--pid", "1")
    true({"process-not-entered", "process-unseen"} & set(causes(said, "process")), f"{causes(said, 'process')}")
    equal({v["state"] for v in of_facility(said, "userns")}, {"unknown"}, "userns")


@test("a user may look at his own process without being root")
def _():
    pid = started("prlimit", "--nofile=99:99", *(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if IS_ROOT else []),
                  "sleep", "100")
    there = Place().within("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups") if IS_ROOT else Place()
    said = doctor(there, "--pid", str(pid))
    true("process-limit-nofile" in causes(said, "process"), f"{causes(said, 'process')}")
    equal([v for v in said["verdicts"] if v["cause"] == "process-not-entered"], [], "what was not entered")


@test("a process that is none, has ended, or is a zombie is an error that says so", variants=["none", "zombie", "number"])
def _(kind):
    if kind == "zombie":
        child = subprocess.Popen(["true"])
        cleanup(child.wait)
        time.sleep(0.2)
        number, part = str(child.pid), "has ended"
    elif kind == "none":
        number, part = str(int(read_file("/proc/sys/kernel/pid_max")) - 1), "No such process"
    else:
        number, part = "12x", "no number"
    result = run_croft("doctor", "--pid", number)
    status_is(result, 125)
    contains(result.err, part)
    equal(result.out, "", "standard output")


@test("a name that a process has chosen cannot write to the terminal")
def _():
    name = b"\033[2J\nx"
    script = f"import ctypes, time; ctypes.CDLL(None).prctl(15, {name!r}); time.sleep(100)"
    pid = started(PYTHON, "-c", script, name=name.decode().strip())
    result = run_croft("doctor", "--verbose", "--pid", str(pid), timeout=START)
    status_is(result, 0)
    lacks(result.out, "\033")
    contains(result.out, "pid-target \\e[2J")


@test("a process that ends while it is looked at leaves an answer")
def _():
    for delay in ("0.01", "0.05", "0.15"):
        child = subprocess.Popen([*(_filter("no-userns") if IS_ROOT else []), "sleep", delay])
        result = run_croft("doctor", "--json", "--pid", str(child.pid), timeout=START)
        child.wait()
        true(result.status in (0, 125), f"status\n{result}")
        if result.status == 0:
            equal([v["state"] for v in json.loads(result.out)["verdicts"] if v["facility"] == "process" and not v["cause"]
                   and v["state"] not in ("works", "unknown")], [], "states")


main()
