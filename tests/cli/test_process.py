#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_process.py - the process that the command is: its signals, its time, what it leaves behind.

In place there is no croft beside the command; supervised there is one that waits. What the caller
sees of the command must not differ but where it is said to.
"""
from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

FORWARDED = ["HUP", "INT", "QUIT", "USR1", "USR2", "ALRM", "TERM", "WINCH", "RTMIN", "RTMAX"]


# Who is who

@test("in place the command is the process that the caller started")
def _():
    child = running("echo $$; echo $PPID; sleep 30")
    equal((int(child.line()), int(child.line())), (child.pid, os.getpid()), "pid and parent")


@test("supervised the command is a child of croft, in the same process group and session")
def _():
    child = Running(*PLAIN, "--supervise", "--", PAYLOAD, "ids")
    ids = dict(line.split() for line in child.end().out.splitlines())
    equal((int(ids["ppid"]), int(ids["pgid"]), int(ids["sid"])), (child.pid, child.pid, child.pid),
          "parent, group, session")


# Signals

@test("a signal that is sent to croft reaches the command, once",
      variants=[f"{t}, {n}" for t in TIERS for n in FORWARDED])
def _(variant):
    tier, name = variant.split(", ")
    number = signal_number(name)
    child = Running(*PLAIN, *TIERS[tier], "--", PAYLOAD, "wait-signal", number)
    equal(child.line(), "ready", "first line")
    child.kill(number)
    result = child.end()
    equal((result.status, result.out), (7, f"signal {number:02}\n"), "status and output")


@test("signals come through one after another", variants=TIERS)
def _(tier):
    child = running("trap 'echo one' USR1; trap 'echo two' USR2; trap 'echo end; exit 3' TERM; echo up; "
                    "while :; do sleep 0.02; done",
                    *TIERS[tier])
    equal(child.line(), "up", "first line")
    for signum, word in ((signal.SIGUSR1, "one"), (signal.SIGUSR2, "two"), (signal.SIGUSR1, "one"),
                         (signal.SIGTERM, "end")):
        child.kill(signum)
        equal(child.line(), word, f"answer to {signum.name}")
    status_is(child.end(), 3)


@test("a signal that ends the command ends croft as the tier says", variants=TIERS)
def _(tier):
    for name in ("TERM", "HUP", "INT", "USR1"):
        child = running("echo up; exec sleep 30", *TIERS[tier])
        equal(child.line(), "up", "first line")
        child.kill(signal_number(name))
        status_is(child.end(), -signal_number(name) if tier == "in place" else 128 + signal_number(name))


@test("a signal to the whole process group ends the command and croft", variants=TIERS)
def _(tier):
    child = running("echo $$; exec sleep 30", *TIERS[tier])
    pid = number_outside(child.child.pid, int(child.line()))
    os.killpg(child.pid, signal.SIGTERM)
    status_is(child.end(), -15 if tier == "in place" else 143)
    true(is_gone(pid), "the command is gone")


@test("a stop and a continue of the process group stop and continue the command", variants=TIERS)
def _(tier):
    child = running("echo $$; exec sleep 30", *TIERS[tier])
    pid = number_outside(child.child.pid, int(child.line()))
    os.killpg(child.pid, signal.SIGSTOP)
    wait_until(lambda: state_of(pid) == "T", "the command stops")
    os.killpg(child.pid, signal.SIGCONT)
    wait_until(lambda: state_of(pid) in ("R", "S"), "the command goes on")
    child.kill(signal.SIGTERM)
    child.end()


@test("a supervised command that stopped goes on when croft is told to continue")
def _():
    child = running("echo $$; kill -STOP $$; echo on; exit 4", "--supervise")
    pid = int(child.line())
    wait_until(lambda: state_of(pid) == "T" and state_of(child.pid) == "T", "croft stops with the command")
    child.kill(signal.SIGCONT)
    equal(child.line(), "on", "second line")
    status_is(child.end(), 4)


@test("when croft is killed the supervised command dies with it")
def _():
    child = running("echo $$; exec sleep 30", "--supervise")
    pid = int(child.line())
    child.kill(signal.SIGKILL)
    wait_until(lambda: is_gone(pid), "the command dies")
    # the twin: what is only asked to end may live on
    child = running("trap '' TERM; echo $$; while :; do sleep 0.02; done", "--supervise")
    pid = int(child.line())
    child.kill(signal.SIGTERM)
    time.sleep(0.3)
    true(not is_gone(pid) and child.child.poll() is None, "the command may ignore TERM")


@test("a caller that ignores SIGCHLD can supervise", variants=["ends at once", "ends later"])
def _(variant):
    text = "exit 3" if variant == "ends at once" else "sleep 0.3; exit 3"
    result = sh(text, "--supervise", preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN), timeout=8)
    status_is(result, 3)


# Time

@test("at the end of the time the command gets TERM and may end by itself")
def _():
    result = sh("trap 'echo told; exit 9' TERM; while :; do sleep 0.02; done", "--time", "300ms", "--grace", "10s")
    equal((result.status, result.out), (124, "told\n"), "status and output")


@test("a command that does not heed TERM is killed after the grace, not before")
def _():
    began = time.monotonic()
    result = sh("trap '' TERM; echo up; while :; do sleep 0.02; done", "--time", "300ms", "--grace", "500ms")
    took = time.monotonic() - began
    equal((result.status, result.out), (124, "up\n"), "status and output")
    true(0.75 < took < 5, f"it took {took:.2f} s")


@test("the time ends everything that the command has started, daemons too")
def _():
    child = running(f"{PAYLOAD} spawn-daemon 60; (sleep 60 & echo $!); echo $$; sleep 60", "--time", "400ms")
    pids = [int(child.line()) for _ in range(3)]
    status_is(child.end(), 124)
    for pid in pids:
        true(is_gone(pid), f"process {pid} is still there")


@test("a time that is not reached changes nothing")
def _():
    result = sh("sleep 0.1; echo done; exit 5", "--time", "20s", "--grace", "1ms")
    equal((result.status, result.out, without_warning(result.err)), (5, "done\n", ""), "status and output")


@test("the time also ends a command that is stopped")
def _():
    child = running("echo $$; exec sleep 60", "--time", "600ms", "--grace", "100ms")
    pid = int(child.line())
    os.kill(pid, signal.SIGSTOP)
    status_is(child.end(), 124)
    true(is_gone(pid), "the command is gone")


@test("a stopped command is told of the end of its time, and may still end by itself")
def _():
    child = running("trap 'echo told; exit 9' TERM; echo $$; sleep 60 & wait", "--time", "600ms", "--grace", "20s")
    os.kill(int(child.line()), signal.SIGSTOP)
    result = child.end()
    equal((result.status, result.out), (124, "told\n"), "status and output")


# What is left behind

@test("supervised, daemons in sessions of their own are gone at the end", variants=[1, 20])
def _(count):
    result = sh(f"for i in $(seq {count}); do {PAYLOAD} spawn-daemon 60; done; exit 6", "--supervise")
    status_is(result, 6)
    pids = [int(line) for line in result.out.split()]
    equal(len(pids), count, "daemons")
    for pid in pids:
        true(is_gone(pid), f"daemon {pid} is still there")
    matches(result.err, rf"croft: {count} process(es)? .*killed", "message")


@test("in place, daemons live on, and croft has said that it does not promise otherwise")
def _():
    result = sh(f"{PAYLOAD} spawn-daemon 30")
    pid = int(succeeds(result).out)
    cleanup(os.kill, pid, signal.SIGKILL)
    time.sleep(0.2)
    true(not is_gone(pid), "the daemon lives")
    contains(succeeds(run_croft("plan", *PLAIN)).out, "survives", "the plan")


@test("supervised, a tree of processes that heed no signal is gone at the end")
def _():
    text = """
import os, signal, time, sys
for n in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
    signal.signal(n, signal.SIG_IGN)
for depth in range(6):
    if os.fork() == 0:
        os.setsid()
    print(os.getpid(), flush=True)
    if depth == 5: time.sleep(60)
time.sleep(60)
"""
    child = Running(*PLAIN, "--supervise", "--", PYTHON, "-c", f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", {text!r}])
time.sleep(1.5)
sys.exit(2)
""")
    result = child.end(20)
    status_is(result, 2)
    pids = {int(line) for line in result.out.split()}
    true(len(pids) > 10, f"processes: {pids}")
    for pid in pids:
        true(is_gone(pid), f"process {pid} is still there")


@test("supervised, a chain of processes that fork and end is caught")
def _():
    chain = """
import os, time
end = time.monotonic() + 6      # whatever happens
if os.fork(): os._exit(0)
os.setsid()
while time.monotonic() < end:
    if os.fork(): os._exit(0)
os.write(1, b"lived to the end")
"""
    began = time.monotonic()
    result = python(chain, "--supervise")
    took = time.monotonic() - began
    equal(result.out, "", "what the chain says")
    status_is(result, 0)
    true(took < 5, f"it took {took:.1f} s")


def children_of(pid):
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            text = read_file(f"/proc/{name}/stat")
        except OSError:
            continue
        fields = text[text.rindex(")") + 2:].split()
        if int(fields[1]) == pid:
            found.append((int(name), fields[0]))
    return found


@test("supervised, orphans that end are reaped while the command runs")
def _():
    child = running("(sleep 0.05 &); (sleep 0.05 &); sleep 0.3; echo now; exec sleep 30", "--supervise")
    equal(child.line(), "now", "line")
    wait_until(lambda: not [p for p, state in children_of(child.pid) if state == "Z"], "no zombie is left", 3)
    child.kill(signal.SIGTERM)
    child.end()


@test("supervised, what the command leaves running holds no pipe open behind croft")
def _():
    began = time.monotonic()
    result = sh("sleep 20 & echo done", "--supervise")
    equal(succeeds(result).out, "done\n", "output")
    true(time.monotonic() - began < 5, "the pipe stayed open")


main()
