#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
control_groups.py - limits by a control group of version 2, and that nothing in one outlives its command.

As root in the root of the tree, and as a user in a group that was delegated to them: a group of their own with
controllers on, and in it another one that croft is started in, as a service manager would have it.
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

TREE = "/sys/fs/cgroup"
DELEGATED = f"{TREE}/delegated"
JOB = f"{DELEGATED}/job"
USER = 1000
MIB = 1 << 20
ENV = {**os.environ, "TMPDIR": "/tmp"}      # that of the tests is root's
WHO = ["root", "a user with a delegated group"]
OPTIONS = ["--profile", "system"] if ABI else ["--profile", "system", "--tier", "namespaces"]


def put(path, text):
    with open(path, "w", encoding="ascii") as f:
        f.write(text)


def delegate():
    put(f"{TREE}/cgroup.subtree_control", "+memory +pids +cpu")
    if os.path.isdir(JOB):
        return
    for group in (DELEGATED, JOB):
        os.mkdir(group)
        for name in ("", "/cgroup.procs", "/cgroup.subtree_control", "/cgroup.threads"):
            os.chown(group + name, USER, USER)
    put(f"{DELEGATED}/cgroup.subtree_control", "+memory +pids +cpu")


def become(who):
    """What a child does before croft is executed in it."""
    if who == "root":
        return
    put(f"{JOB}/cgroup.procs", "0")
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)


def croft(who, options, *command, **how):
    delegate()
    return run_croft("run", *OPTIONS, *options, "--", *command, preexec_fn=lambda: become(who), cwd="/", env=ENV, **how)


def groups():
    """Groups of croft that are there."""
    return [path for path, names, _ in os.walk(TREE) for path in [f"{path}/{name}" for name in names]
            if os.path.basename(path).startswith("croft-")]


def no_groups():
    wait_for(lambda: not groups())
    equal(groups(), [], "groups that are left")


HOLD = """
import os, sys, time
pids = []
for _ in range(int(sys.argv[1])):
    pids.append(os.fork())
    if pids[-1] == 0:
        held = bytearray(b"x" * int(sys.argv[2]))
        time.sleep(float(sys.argv[3]))
        os._exit(0)
print([os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids].count(-9), "killed")
"""


@test("the plan says that a control group keeps the limits", variants=WHO)
def _(who):
    delegate()
    text = run_croft("plan", "--json", *OPTIONS, "--limit", "memory=64MiB", "--limit", "cpu-percent=50", "--", "/bin/true",
                     preexec_fn=lambda: become(who)).out
    row = next(row for row in json.loads(text)["protections"] if row["name"] == "limits")
    equal(row["state"], "enforced", "state")
    contains(row["mechanisms"], "control group", "mechanisms")


@test("memory is counted for all processes together", variants=WHO)
def _(who):
    hold = ["/usr/bin/python3", "-c", HOLD, "2", 40 * MIB, "1"]
    for tier in ([], ["--supervise"]):
        result = croft(who, ["--limit", "memory=70MiB", *tier], *hold)
        matches(result.out, "[12] killed", "two of 40 MiB under a limit of 70")
        contains(croft(who, ["--limit", "memory=200MiB", *tier], *hold).out, "0 killed", "two of 40 MiB under 200")
    contains(result.err, "the memory limit of 73400320 bytes was reached", "what croft says")
    no_groups()


@test("memory that is reserved and not used is not counted", variants=WHO)
def _(who):
    text = f"import mmap; m = mmap.mmap(-1, {200 * MIB}, mmap.MAP_PRIVATE); print('reserved')"
    result = succeeds(croft(who, ["--limit", "memory=60MiB"], "/usr/bin/python3", "-c", text))
    equal(result.out, "reserved\n", "output")


@test("processes are counted for this command only, those of user 0 too", variants=WHO)
def _(who):
    options = ["--execute", PAYLOAD]
    got = int(croft(who, [*options, "--limit", "processes=20"], PAYLOAD, "fork-many", "100").out)
    equal(got, 19, "children beside the command itself")
    equal(int(croft(who, options, PAYLOAD, "fork-many", "100").out), 100, "children without a limit")
    no_groups()


@test("a fork bomb ends with the command, and nothing of it is left", variants=WHO)
def _(who):
    bomb = "b() { b | b & }; sleep 0.5 & s=$!; b & wait $s; exit 3"
    for tier in ([], ["--supervise"]):
        status_is(croft(who, ["--limit", "processes=50", *tier], "/bin/sh", "-c", bomb), 3)
        no_groups()


# The clock of an emulated machine and its timer do not agree: the kernel's own count is asked.
SPIN = f"""
import time
end = time.process_time() + 0.5
while time.process_time() < end:
    pass
group = open("/proc/self/cgroup").read().strip().split("::")[1]
print(open("{TREE}" + group + "/cpu.stat").read())
"""


@test("a share of a processor is all that can be had", variants=WHO)
def _(who):
    for limit, is_held in (("20", True), ("1000", False)):
        text = succeeds(croft(who, ["--read", TREE, "--limit", f"cpu-percent={limit}"], "/usr/bin/python3", "-c", SPIN)).out
        stat = dict(line.split() for line in text.splitlines() if line)
        equal(int(stat["nr_throttled"]) > 0, is_held, f"held back with {limit} %: {stat}")


def daemon(mark, end):
    """Of another session and, when its parent has gone, of another parent; "up" is said when both are there."""
    return (f"up=$(setsid sh -c 'setsid sh -c \"echo up; exec >&2; sleep 1000; : {mark}\" & exec sleep 1000 >&2' &); "
            f"echo $up; {end}")


def marked(mark):
    """Living processes that have the mark in their arguments, wherever they think they are."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as f:
                if mark.encode() in f.read() and is_running(int(name)):
                    found.append(int(name))
        except OSError:
            pass
    return found


@test("what has left the session and its parents ends with the command, in place too", variants=WHO)
def _(who):
    for number, options in enumerate((["--limit", "processes=50"], ["--supervise"], ["--time", "20s"])):
        mark = f"mark-{who[0]}-{number}"
        result = croft(who, options, "/bin/sh", "-c", daemon(mark, "exit 4"))
        status_is(result, 4)
        equal(result.out, "up\n", "output")
        wait_for(lambda: not marked(mark))      # pylint: disable=cell-var-from-loop
        equal(marked(mark), [], f"what lives on with {options}")
        no_groups()


@test("everything ends when croft is killed with SIGKILL", variants=WHO)
def _(who):
    delegate()
    for number, options in enumerate((["--limit", "processes=50"], ["--time", "1h"], ["--supervise", "--limit", "memory=100MiB"])):
        mark = f"killed-{who[0]}-{number}"
        # pylint: disable=consider-using-with
        child = subprocess.Popen([CROFT, "run", *OPTIONS, *options, "--", "/bin/sh", "-c", daemon(mark, "sleep 1000")],
                                 stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                                 preexec_fn=lambda: become(who), cwd="/", env=ENV)
        equal(child.stdout.readline(), b"up\n", "output")
        true(marked(mark), "it runs")
        child.kill()
        child.wait()
        child.stdout.close()
        wait_for(lambda: not marked(mark))      # pylint: disable=cell-var-from-loop
        equal(marked(mark), [], f"what lives on with {options}")
        no_groups()


@test("the lower limits of the group that croft is started in hold on")
def _():
    delegate()
    put(f"{JOB}/memory.max", str(48 * MIB))
    put(f"{JOB}/pids.max", "30")
    try:
        result = croft(WHO[1], ["--read", TREE, "--limit", "memory=1GiB", "--limit", "processes=20"], "/bin/sh", "-c",
                       f"cd {TREE}/$(sed -n 's/^0:://p' /proc/self/cgroup) && cat memory.max pids.max")
        equal(result.out, f"{48 * MIB}\n20\n", "limits of the command's group")
    finally:
        put(f"{JOB}/memory.max", "max")
        put(f"{JOB}/pids.max", "max")


@test("a user whose group has no controllers is told so, and nothing runs with less")
def _():
    delegate()
    put(f"{DELEGATED}/cgroup.subtree_control", "-cpu")
    try:
        result = croft(WHO[1], ["--limit", "cpu-percent=50"], "/bin/echo", "started")
        status_is(result, 125)
        lacks(result.out, "started", "output")
        contains(result.err, "cgroup.subtree_control", "the mend")
        contains(croft(WHO[1], ["--limit", "cpu-percent=50", "--prefer", "limits"], "/bin/echo", "started").out, "started")
    finally:
        put(f"{DELEGATED}/cgroup.subtree_control", "+cpu")


main()
