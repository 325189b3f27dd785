#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_process.py - the process that the command is: its signals, its time, what it leaves behind.

In place there is no croft beside the command; supervised there is one that waits. What the caller
sees of the command must not differ but where it is said to.
"""
from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

TIERS = {"in place": [], "supervised": ["--supervise"]}
PLAIN = ["--profile", "system", "--execute", PAYLOAD]
FORWARDED = ["HUP", "INT", "QUIT", "USR1", "USR2", "ALRM", "TERM", "WINCH", "RTMIN", "RTMAX"]


def number_of(name):
    return int(getattr(signal, f"SIG{name}"))


def sh(text, *options, **how):
    return run_croft("run", *PLAIN, *options, "--", "/bin/sh", "-c", text, **how)


def python(text, *options, **how):
    """A Python program inside, from its standard input."""
    return run_croft("run", *PLAIN, *options, "--", PYTHON, "-c", text, **how)


def running(text, *options, **popen):
    return Running(*PLAIN, *options, "--", "/bin/sh", "-c", text, **popen)


# Who is who

@test("in place the command is the process that the caller started")
def _():
    child = running("echo $$; echo $PPID; sleep 30")
    equal((int(child.line()), int(child.line())), (child.pid, os.getpid()), "pid and parent")


@test("supervised the command is a child of croft, in the same process group and session")
def _():
    child = Running(*PLAIN, "--supervise", "--", PAYLOAD, "ids")
    ids = dict(line.split() for line in child.end().out.splitlines())
    equal((int(ids["ppid"]), int(ids["pgid"]), int(ids["sid"])), (child.pid, child.pid, child.pid), "parent, group, session")


# Signals

@test("a signal that is sent to croft reaches the command, once", variants=[f"{t}, {n}" for t in TIERS for n in FORWARDED])
def _(variant):
    tier, name = variant.split(", ")
    number = number_of(name)
    child = Running(*PLAIN, *TIERS[tier], "--", PAYLOAD, "wait-signal", number)
    equal(child.line(), "ready", "first line")
    child.kill(number)
    result = child.end()
    equal((result.status, result.out), (7, f"signal {number:02}\n"), "status and output")


@test("signals come through one after another", variants=TIERS)
def _(tier):
    child = running("trap 'echo one' USR1; trap 'echo two' USR2; trap 'echo end; exit 3' TERM; echo up; while :; do sleep 0.02; done",
                    *TIERS[tier])
    equal(child.line(), "up", "first line")
    for signum, word in ((signal.SIGUSR1, "one"), (signal.SIGUSR2, "two"), (signal.SIGUSR1, "one"), (signal.SIGTERM, "end")):
        child.kill(signum)
        equal(child.line(), word, f"answer to {signum.name}")
    status_is(child.end(), 3)


@test("a signal that ends the command ends croft as the tier says", variants=TIERS)
def _(tier):
    for name in ("TERM", "HUP", "INT", "USR1"):
        child = running("echo up; exec sleep 30", *TIERS[tier])
        equal(child.line(), "up", "first line")
        child.kill(number_of(name))
        status_is(child.end(), 128 + number_of(name) if tier == "supervised" else -number_of(name))


@test("a signal to the whole process group ends the command and croft", variants=TIERS)
def _(tier):
    child = running("echo $$; exec sleep 30", *TIERS[tier])
    pid = int(child.line())
    os.killpg(child.pid, signal.SIGTERM)
    status_is(child.end(), 143 if tier == "supervised" else -15)
    true(is_gone(pid), "the command is gone")


@test("a stop and a continue of the process group stop and continue the command", variants=TIERS)
def _(tier):
    child = running("echo $$; exec sleep 30", *TIERS[tier])
    pid = int(child.line())
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


# Status

FIELDS = {"version": int, "started": bool, "stage": str, "exit_reason": str, "exit_status": int, "layers": dict, "protections": list}


@test("the status says how the command ended", variants=["exit 0", "exit 3", "exit 125", "signal", "time-limit"])
def _(variant):
    text, options, want = {
        "exit 0": ("exit 0", [], ("exit", 0, None)),
        "exit 3": ("exit 3", [], ("exit", 3, None)),
        "exit 125": ("exit 125", [], ("exit", 125, None)),
        "signal": ("kill -USR1 $$", [], ("signal", 128 + number_of("USR1"), number_of("USR1"))),
        "time-limit": ("exec sleep 30", ["--time", "200ms"], ("time-limit", 124, number_of("TERM"))),
    }[variant]
    result, said = status_of(*PLAIN, *options, "--", "/bin/sh", "-c", text)
    for name, kind in FIELDS.items():
        true(isinstance(said.get(name), kind), f"{name} in {said}")
    equal((said["exit_reason"], said["exit_status"], said["signal"]), want, "reason, status, signal")
    equal(result.status, said["exit_status"], "exit status")
    equal((said["started"], said["stage"], said["error"]), (True, "running", None), "started, stage, error")


@test("the status tells what never ran from what ran and failed", variants=[
    "usage", "profile", "plan", "prepare", "workdir", "exec", "exec-missing"])
def _(variant):
    folder = tempdir()
    plain = write_file(os.path.join(folder, "plain"))
    broken = executable(os.path.join(folder, "broken"), b"\x7fELF" + bytes(60))
    words, stage, status = {
        "usage": ([], "usage", 125),
        "profile": (["--connect", "0", "--", "true"], "profile", 125),
        "plan": (["--require", "hidden", "--", "true"], "plan", 125),
        "prepare": (["--", "true"], "prepare", 125),
        "workdir": (["--chdir", plain, "--", "true"], "workdir", 125),
        "exec": (["--execute", broken, "--", broken], "exec", 126),
        "exec-missing": (["--", "no-such-program"], "exec", 127),
    }[variant]
    env = dict(os.environ, TMPDIR=plain) if variant == "prepare" else None
    result, said = status_of("--profile", "system", *words, env=env)
    status_is(result, status)
    equal((said["started"], said["stage"], said["exit_reason"], said["exit_status"], said["signal"]),
          (False, stage, "not-started", status, None), "what the status says")
    equal(said["error"]["stage"], stage, "stage of the error")
    true(said["error"]["what"], "what failed")
    true("usage" not in said, "nothing was used")
    contains(without_warning(result.err), said["error"]["what"], "message")


@test("the status of a wrong option cannot be told, and the message is")
def _():
    read_end, write_end = os.pipe()
    result = run_croft("run", "--status-fd", write_end, "--nope", "--", "true", pass_fds=[write_end])
    os.close(write_end)
    with os.fdopen(read_end) as f:
        text = f.read()
    refused(result, 125, "--nope")
    true(text == "" or json.loads(text)["started"] is False, f"status {text!r}")


@test("the status counts time, processor and memory plausibly")
def _():
    _, idle = status_of(*PLAIN, "--", "/bin/sh", "-c", "sleep 0.4")
    text = "import time\nx = bytearray(80 << 20)\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass"
    _, busy = status_of(*PLAIN, "--", PYTHON, "-c", text)
    true(400 <= idle["usage"]["wall_ms"] < 5000, f"wall time of a sleep {idle['usage']}")
    true(idle["usage"]["user_us"] < 200000, f"processor time of a sleep {idle['usage']}")
    true(busy["usage"]["user_us"] + busy["usage"]["system_us"] >= 390000, f"processor time of a loop {busy['usage']}")
    true(busy["usage"]["max_rss_kib"] >= 80 << 10, f"memory {busy['usage']}")
    true(idle["usage"]["max_rss_kib"] < 40 << 10, f"memory of a sleep {idle['usage']}")


@test("the status counts what was left behind")
def _():
    _, said = status_of(*PLAIN, "--", "/bin/sh", "-c", f"{PAYLOAD} spawn-daemon 60; {PAYLOAD} spawn-daemon 60")
    equal(said["usage"]["killed_survivors"], 2, "survivors")
    _, said = status_of(*PLAIN, "--", "/bin/true")
    equal(said["usage"]["killed_survivors"], 0, "survivors")


@test("the status shows the same protections as the plan")
def _():
    _, said = status_of(*PLAIN, "--", "/bin/true")
    plan = json.loads(succeeds(run_croft("plan", *PLAIN, "--supervise", "--json", "--", "/bin/true")).out)
    equal(said["protections"], plan["protections"], "protections")
    equal(said["layers"], plan["layers"], "layers")
    equal(said["layers"]["landlock_abi"], ABI, "ABI")


@test("the status is one line of JSON whatever the names are")
def _():
    for name in ("a\nb", '"quoted"\\', "\x1b[1m", "\udcff\udcfe", "\u2028"):
        result, said = status_of("--profile", "system", "--", b"/nowhere/" + os.fsencode(name))
        status_is(result, 127)
        contains(said["error"]["what"], "nowhere", "what failed")


@test("the command does not get the status descriptor")
def _():
    read_end, write_end = os.pipe()
    child = Running(*PLAIN, "--status-fd", write_end, "--", PAYLOAD, "fds", pass_fds=[write_end])
    os.close(write_end)
    equal(child.end().out.split(), ["0", "1", "2"], "descriptors")
    with os.fdopen(read_end) as f:
        equal(json.loads(f.read())["started"], True, "started")


@test("the status is whole on a regular file, and only at the end")
def _():
    path = os.path.join(tempdir(), "status")
    with open(path, "wb") as f:
        child = Running(*PLAIN, "--status-fd", f.fileno(), "--", "/bin/sh", "-c", "echo up; sleep 0.3; exit 2", pass_fds=[f.fileno()])
    equal(child.line(), "up", "line")
    equal(read_file(path), "", "status before the end")
    status_is(child.end(), 2)
    equal(json.loads(read_file(path))["exit_status"], 2, "status")


# Limits

@test("a limit is set for the command, soft and hard", variants=[
    ("memory=1GiB", "v", 1 << 20), ("memory=1000MB", "v", 976562), ("processes=77", "u", 77), ("open-files=55", "n", 55),
    ("file-size=1MiB", "f", 2048), ("cpu=30", "t", 30), ("cpu=2m", "t", 120), ("cpu=1500ms", "t", 2)])
def _(variant):
    text, letter, want = variant
    if IS_ROOT and text.startswith("processes"):    # whose processes are not counted
        refuses(["--limit", text], "'limits'", "user 0")
        text = f"{text} --prefer limits"
    for tier in TIERS.values():
        result = run_croft("run", *PLAIN, *tier, "--limit", *text.split(), "--", "/bin/dash", "-c", f"ulimit -S{dash(letter)}; ulimit -H{dash(letter)}")
        equal(succeeds(result).out.split(), [str(want)] * 2, "limits")


def dash(letter):
    """dash calls the number of processes p."""
    return "p" if letter == "u" else letter


@test("a limit stops what goes over it, and lets pass what does not", variants=["memory", "open-files", "file-size"])
def _(name):
    limit, text = {
        "memory": ("memory=300MiB", "bytearray({} << 20)"),
        "open-files": ("open-files=30", "[open('/dev/null') for _ in range({} // 25)]"),
        "file-size": ("file-size=100K", "open(__import__('os').environ['TMPDIR'] + '/f', 'wb', 0).write(bytes({} << 10))"),
    }[name]
    small, large = {"memory": (50, 600), "open-files": (250, 1000), "file-size": (90, 300)}[name]
    succeeds(python(text.format(small), "--limit", limit))
    true(python("import sys; f = " + text.format(large) + "; sys.exit(f != 300 << 10)", "--limit", limit).status != 0, "over the limit")
    succeeds(python(text.format(large)))


@test("the last word on a limit counts, and a lower one from outside stays")
def _():
    equal(sh("ulimit -n", "--limit", "open-files=90", "--limit", "open-files=80").out, "80\n", "limit")
    lower = "ulimit -n 40 && exec \"$@\""
    result = run("/bin/sh", "-c", lower, "sh", CROFT, "run", *PLAIN, "--limit", "open-files=80", "--", "/bin/sh", "-c", "ulimit -n")
    equal(succeeds(result).out, "40\n", "limit")


# Descriptors

def table(*options, keep=(), tier=()):
    """The descriptors inside."""
    words = [w for n in keep for w in ("--keep-fd", str(n))]
    result = run_croft("run", *PLAIN, *tier, *options, *words, "--", PAYLOAD, "fds", close_fds=False)
    return [int(n) for n in succeeds(result).out.split()]


@test("the descriptors inside are those that were listed, whatever the caller has open", variants=TIERS)
def _(tier):
    before = [int(n) for n in succeeds(payload("fds", close_fds=False)).out.split()]
    opened = []
    for n in (3, 5, 9, 77, 200, 999):
        source = os.open("/" if n == 9 else "/dev/null", os.O_RDONLY)
        if source != n:
            os.dup2(source, n)
            os.close(source)
        os.set_inheritable(n, True)
        cleanup(os.close, n)
        opened.append(n)
    equal([int(n) for n in succeeds(payload("fds", close_fds=False)).out.split()], sorted(before + opened), "descriptors without croft")
    equal(table(tier=TIERS[tier]), [0, 1, 2], "descriptors with none kept")
    equal(table(keep=[77], tier=TIERS[tier]), [0, 1, 2, 77], "descriptors with one kept")
    equal(table(keep=[999, 3, 200], tier=TIERS[tier]), [0, 1, 2, 3, 200, 999], "descriptors with three kept")
    equal(table(keep=opened, tier=TIERS[tier]), [0, 1, 2, *opened], "descriptors with all kept")
    true(set(before + opened) <= set(table("--off", "descriptors", tier=TIERS[tier])), "descriptors with the protection off")


@test("a descriptor that is close-on-exec is passed when it is listed")
def _():
    read_end, write_end = os.pipe()
    cleanup(os.close, read_end)
    shell = ["/bin/sh", "-c", f"echo through >&{write_end}"]
    os.set_inheritable(write_end, True)
    succeeds(run_croft("run", *PLAIN, "--keep-fd", write_end, "--", *shell, pass_fds=[write_end]))
    os.close(write_end)
    equal(os.read(read_end, 100), b"through\n", "what came through")


@test("0, 1 and 2 are passed as they are: same file, same place, same flags", variants=TIERS)
def _(tier):
    folder = tempdir()
    source = write_file(os.path.join(folder, "in"), "0123456789")
    show = ("import fcntl, os, sys\nos.write(2, repr([(os.fstat(n).st_dev, os.fstat(n).st_ino, fcntl.fcntl(n, fcntl.F_GETFL)) for n in (0, 1, 2)]"
            ").encode() + b'\\n' + os.read(0, 3))\nos.write(1, b'end')")
    seen = []
    for words in ([], [CROFT, "run", *PLAIN, *TIERS[tier], "--"]):
        out = write_file(os.path.join(folder, "out"), "start ")
        err = write_file(os.path.join(folder, "err"))
        with open(source, "rb", 0) as i, open(out, "ab", 0) as o, open(err, "wb", 0) as e:
            i.read(4)
            status_is(run(*words, PYTHON, "-c", show, stdin=i, stdout=o, stderr=e), 0)
            equal(i.read(1), b"7", "the caller's place in the file moved along")
        text = read_file(err)
        seen.append((text[text.index("["):], read_file(out)))
    equal(seen[1], seen[0], "with croft and without")


# What a process inherits

@test("the signals that the caller ignores or blocks stay so", variants=TIERS)
def _(tier):
    def prepare():
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGUSR2, signal.SIG_IGN)
        signal.pthread_sigmask(signal.SIG_SETMASK, {signal.SIGUSR1, signal.SIGTERM})
    for restore in (True, False):
        want = payload("signals", preexec_fn=prepare, restore_signals=restore).out
        got = run_croft("run", *PLAIN, *TIERS[tier], "--", PAYLOAD, "signals", preexec_fn=prepare, restore_signals=restore)
        equal(succeeds(got).out, want, "signals inside")
    contains(want, "ignored 13", "the twin without croft")
    plain = run_croft("run", *PLAIN, *TIERS[tier], "--", PAYLOAD, "signals")
    equal(succeeds(plain).out, payload("signals").out, "signals of a plain start")


@test("an ignored SIGCHLD stays ignored", variants=TIERS)
def _(tier):
    def prepare():
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    got = run_croft("run", *PLAIN, *TIERS[tier], "--", PAYLOAD, "signals", preexec_fn=prepare, timeout=8)
    contains(succeeds(got).out, f"ignored {int(signal.SIGCHLD)}\n", "signals inside")


@test("a reader that goes away ends the command by SIGPIPE, as without croft", variants=TIERS)
def _(tier):
    words = " ".join([CROFT, "run", *PLAIN, *TIERS[tier], "--"])
    line = f"{words} /bin/sh -c 'while :; do echo x; done' | head -n 1; echo ${{PIPESTATUS[0]}}"
    result = run("/bin/bash", "-c", line)
    equal(succeeds(result).out.split(), ["x", "141"], "output, and status of the writer")


@test("the umask stays", variants=[0, 0o22, 0o77, 0o27, 0o137, 0o777])
def _(mask):
    def prepare():
        os.umask(mask)
    for tier in TIERS.values():
        got = run_croft("run", *PLAIN, *tier, "--", PAYLOAD, "umask", preexec_fn=prepare)
        equal(succeeds(got).out, f"{mask:o}\n", "umask inside")


@test("priority, processors and limits of the caller stay", variants=TIERS)
def _(tier):
    text = "import os, resource\nprint(os.nice(0), sorted(os.sched_getaffinity(0)), resource.getrlimit(resource.RLIMIT_CORE), resource.getrlimit(resource.RLIMIT_NOFILE))"

    def prepare():
        import resource     # pylint: disable=import-outside-toplevel
        os.nice(3)
        os.sched_setaffinity(0, {0})
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_NOFILE, (300, 400))
    want = run(PYTHON, "-c", text, preexec_fn=prepare)
    got = run_croft("run", *PLAIN, *TIERS[tier], "--", PYTHON, "-c", text, preexec_fn=prepare)
    equal(succeeds(got).out, succeeds(want).out, "inside and outside")


# Environment and working directory

def variables(*options, env, profile="system"):
    words = ["--profile", profile, "--execute", PAYLOAD, "--off", "private-tmp", "--execute", "/usr"]
    for place in ("/lib", "/lib64"):
        words += ["--execute", "optional:" + place]
    result = run_croft("run", *words, *options, "--", PAYLOAD, "env", env=env, cwd="/usr")
    return dict(line.split("=", 1) for line in succeeds(result).out.splitlines() if "=" in line)


OUTSIDE = {"PATH": "/usr/bin", "HOME": "/nowhere", "TERM": "dumb", "LC_ALL": "C", "LANG": "C", "USER": "me", "EDITOR": "vi", "PLAIN": "p",
           "API_TOKEN": "t", "AWS_REGION": "a", "SSH_AUTH_SOCK": "/s", "MY_PASSWORD": "w", "DB_KEY": "k", "X_1": "1", "X_2": "2", "LD_PRELOAD": ""}


@test("the empty profile passes no variable")
def _():
    equal(variables(env=OUTSIDE, profile="empty"), {}, "variables")
    equal(variables("--env", "PLAIN", env=OUTSIDE, profile="empty"), {"PLAIN": "p"}, "variables")


@test("the system profile passes the usual ones and nothing else")
def _():
    inside = variables(env=OUTSIDE)
    equal(inside, {"PATH": "/usr/bin", "HOME": "/nowhere", "TERM": "dumb", "LC_ALL": "C", "LANG": "C", "USER": "me", "EDITOR": "vi",
                   "PWD": "/usr"}, "variables")


@test("--env passes by name, sets by value, takes a prefix, and the last value counts")
def _():
    inside = variables("--env", "API_TOKEN", "--env", "X_*", "--env", "NEW=a=b", "--env", "EMPTY=", "--env", "PLAIN=1", "--env", "PLAIN=2",
                       "--env", "MISSING", "--env", "EDITOR=ed", env=OUTSIDE)
    for name, value in {"API_TOKEN": "t", "X_1": "1", "X_2": "2", "NEW": "a=b", "EMPTY": "", "PLAIN": "2", "EDITOR": "ed"}.items():
        equal(inside.get(name), value, name)
    true("MISSING" not in inside, "a variable that is not set")


@test("--env-all passes all but what looks like a secret, which --env can name")
def _():
    inside = variables("--env-all", "--env", "DB_KEY", env=OUTSIDE)
    for name in ("PLAIN", "X_1", "DB_KEY"):
        equal(inside.get(name), OUTSIDE[name], name)
    for name in ("API_TOKEN", "AWS_REGION", "SSH_AUTH_SOCK", "MY_PASSWORD"):
        true(name not in inside, f"{name} is passed")


@test("values of variables are never printed, only names")
def _():
    env = dict(os.environ, PLAIN="value-one", API_TOKEN="value-two")
    for words in (["plan"], ["plan", "--json"], ["run", "--dry-run"]):
        result = run_croft(*words, "--profile", "system", "--env", "PLAIN", "--env", "SET=value-three", "--", "true", env=env)
        for value in ("value-one", "value-two", "value-three"):
            lacks(succeeds(result).out + result.err, value, "the plan")
        contains(result.out, "API_TOKEN" if "--json" in words else "PLAIN", "the plan")


@test("the command starts where croft was started, and PWD says so")
def _():
    folder = project()
    for tier in TIERS.values():
        result = run_croft("run", *tier, "--", "/bin/sh", "-c", "pwd -P; echo $PWD", cwd=folder, env=dict(os.environ, PWD="/elsewhere"))
        equal(succeeds(result).out.split(), [folder, folder], "directory and PWD")


@test("--chdir starts it elsewhere, in every form of a path, and PWD says so", variants=["absolute", "./", "~", "link"])
def _(form):
    folder = project()
    inner = os.path.join(folder, "inner")
    os.mkdir(inner)
    os.symlink(inner, os.path.join(folder, "link"))
    text = {"absolute": inner, "./": "./inner", "~": "~/inner", "link": "./link"}[form]
    env = dict(os.environ, HOME=folder)
    for tier in TIERS.values():
        result = run_croft("run", "--profile", "system", *tier, "--chdir", text, "--", "/bin/sh", "-c", "pwd -P; echo $PWD", cwd=folder, env=env)
        got, told = succeeds(result).out.split()
        equal((got, os.path.realpath(told)), (inner, inner), "directory and PWD")


@test("--chdir grants nothing, and './' still means where croft was started")
def _():
    folder, other = project(), project()
    write_file(os.path.join(folder, "file"), "here")
    write_file(os.path.join(other, "file"), "there")
    options = ["--profile", "system", "--chdir", other]
    true(run_croft("run", *options, "--", "cat", "file", cwd=folder).status != 0, "it could read the directory")
    result = run_croft("run", *options, "--read", "./file", "--", "cat", os.path.join(folder, "file"), cwd=folder)
    equal(succeeds(result).out, "here", "output")
    equal(succeeds(run_croft("run", *options, "--read", other, "--", "cat", "file", cwd=folder)).out, "there", "output")


@test("a command named by a relative path is looked up where it starts")
def _():
    folder = project()
    script(os.path.join(folder, "inner", "tool"), "echo inner")
    script(os.path.join(folder, "tool"), "echo outer")
    equal(succeeds(run_croft("run", "--", "./tool", cwd=folder)).out, "outer\n", "output")
    equal(succeeds(run_croft("run", "--chdir", "./inner", "--", "./tool", cwd=folder)).out, "inner\n", "output")
    equal(succeeds(run_croft("run", "--chdir", "./inner", "--", "../tool", cwd=folder)).out, "outer\n", "output")


@test("arguments reach the command byte for byte")
def _():
    words = [b"", b" ", b"a b", b"\n", b"\xff\xfe", b"$HOME", b"`x`", b"*", b"\\", b"'\"", b"-", b"--", b"x" * 100000]
    result = run_croft("run", *PLAIN, "--", PAYLOAD, "args", *words)
    equal(os.fsencode(succeeds(result).out), b"".join(w + b"\n" for w in words), "arguments")


@test("croft inside croft confines further, and not less", variants=TIERS)
def _(tier):
    folder = tempdir()
    path = write_file(os.path.join(folder, "file"), "text")
    outer = ["run", "--profile", "system", "--execute", CROFT, "--execute", BUILD]
    inner = [CROFT, "run", "--profile", "system", *TIERS[tier], "--off", "private-tmp"]
    equal(succeeds(run_croft(*outer, "--read", folder, "--", *inner, "--read", folder, "--", "cat", path)).out, "text", "cat")
    true(run_croft(*outer, "--read", folder, "--", *inner, "--", "cat", path).status != 0, "the inner one refuses")
    true(run_croft(*outer, "--", *inner, "--read", folder, "--", "cat", path).status != 0, "the outer one refuses")


main()
