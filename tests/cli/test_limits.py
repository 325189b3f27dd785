#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_limits.py - limits that bite, limits of nothing and of more than there is, and the end of everything at the end.

In each tier, in place and supervised. What needs a control group with controllers is in tests/vm/control_groups.py;
here the group is there or not, as the machine has it.
"""
import contextlib
import errno
import resource

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

MIB = 1 << 20
NAMESPACES = ["--tier", "namespaces"]


def has_namespaces():
    return run_croft("run", *PLAIN, *NAMESPACES, "--", "/bin/true").status == 0


HOW = {"in place": [], "supervised": ["--supervise"]}
if has_namespaces():
    HOW["namespaces"] = NAMESPACES
# Without a pid namespace as well as with one.
STAYING = {name: options for name, options in HOW.items() if options}


def row(name, *options):
    """The state of a protection and what gives it."""
    plan = json.loads(run_croft("plan", *PLAIN, *options, "--json", "--", "/bin/true").out)
    found = next(row for row in plan["protections"] if row["name"] == name)
    return found["state"], found["mechanisms"]


def groups():
    """Control groups of croft in the trees that this process can see."""
    return {os.path.join(path, name) for path, names, _ in os.walk("/sys/fs/cgroup") for name in names
            if re.fullmatch("croft-[0-9a-f]{24}", name)}


@test("a limit of nothing is refused: no command could live under it", variants=[
    f"{name}={value}" for name in ("memory", "processes", "open-files", "file-size", "cpu", "cpu-percent")
    for value in ("0", "-1", "", "1.5", "0x10", "18446744073709551616")])
def _(limit):
    refuses(["--limit", limit], limit.split("=")[0])


@test("limits far above what the machine has are no limits", variants=list(HOW))
def _(how):
    limits = ["memory=16777215T", "open-files=1073741824", "file-size=16777215T", "cpu=365d"]
    starts([*HOW[how], *[word for limit in limits for word in ("--limit", limit)]])


@test("the smallest limits refuse the start or the command, and nothing hangs or is left", variants=[
    f"{limit}, {how}" for limit in ("memory=1", "memory=4096", "open-files=1", "file-size=1", "cpu=1") for how in HOW])
def _(variant):
    limit, how = variant.split(", ")
    before = groups()
    result = run_croft("run", *PLAIN, *HOW[how], "--limit", limit, "--", "/bin/true")
    name = limit.split("=")[0]
    if name in ("cpu", "file-size"):
        succeeds(result)
    else:
        # exec, the loader of libraries or the kernel says no: never croft's own crash
        true(result.status in (125, 126, 127, 137, -signal.SIGKILL, -signal.SIGSEGV, 139), f"{result}")
    wait_until(lambda: groups() <= before, "no group is left")


@test("a share of the processors needs a control group: without one nothing runs, or it is said")
def _():
    state, mechanisms = row("limits", "--limit", "cpu-percent=50")
    if state == "enforced":
        contains(mechanisms, "control group", "mechanisms")
        starts(["--limit", "cpu-percent=50"])
    else:
        refuses(["--limit", "cpu-percent=50"], "cpu-percent", "control group")
        contains(starts(["--limit", "cpu-percent=50", "--prefer", "limits"]).err, "cpu-percent", "warning")


@test("too much memory is refused or ends in a kill, less is not", variants=list(HOW))
def _(how):
    def ask(size):
        return run_croft("run", *PLAIN, *HOW[how], "--limit", "memory=200MiB", "--", PAYLOAD, "allocate", size)
    equal(ask(20 * MIB).out.strip(), "ok", "20 MiB")
    result = ask(1024 * MIB)
    true(result.out.strip() == "ENOMEM" or result.status in (137, -signal.SIGKILL), f"1 GiB: {result}")


def count_own():
    """Threads of this user, which is what the kernel counts: of processes that have ended and wait to be waited for, too."""
    found = 0
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            status = read_file(f"/proc/{name}/status")
        except OSError:
            continue
        if re.search(rf"^Uid:\s+{os.getuid()}\s", status, re.M):
            threads = re.search(r"^Threads:\s+(\d+)", status, re.M)
            found += max(1, int(threads[1]) if threads else 1)
    return found


@test("a fork bomb stays within the limit, and all of it is gone at the end", variants=list(STAYING))
def _(how):
    if row("limits", "--limit", "processes=50")[0] != "enforced":
        skip("the kernel does not count the processes of user 0, and there is no control group")
    mechanisms = row("limits", "--limit", "processes=50")[1]
    most = 50 + (0 if "control group" in mechanisms else count_own())
    mark = f"{time.monotonic_ns()}"
    began = time.monotonic()
    # the pause is made before the bomb, and that by one fork: afterwards the shell may have no process left
    result = sh(f"b() {{ b | b & }}; sleep 0.5 & s=$!; b {mark} & wait $s; exit 3", *HOW[how], "--limit", f"processes={most}", timeout=60)
    status_is(result, 3)
    true(time.monotonic() - began < 30, "it took too long")
    wait_until(lambda: not named(mark), "nothing of the bomb is left")


def named(mark):
    """Processes that have the mark among their arguments, but for this one."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as f:
                if mark.encode() in f.read() and int(name) != os.getpid() and state_of(name) != "Z":
                    found.append(int(name))
        except OSError:
            pass
    return found


@test("a file does not grow over the limit, and up to it there is no trouble", variants=list(HOW))
def _(how):
    folder = tempdir()
    options = [*HOW[how], "--write", folder, "--limit", "file-size=64KiB"]
    run_croft("run", *PLAIN, *options, "--", PAYLOAD, "write-bytes", f"{folder}/big", MIB)
    equal(os.path.getsize(f"{folder}/big"), 65536, "size of the large one")
    succeeds(run_croft("run", *PLAIN, *options, "--", PAYLOAD, "write-bytes", f"{folder}/small", 65536))
    equal(os.path.getsize(f"{folder}/small"), 65536, "size of the small one")


@test("a croft that may open nothing more says so, and leaves nothing", variants=list(HOW))
def _(how):
    before = groups()
    refused_at, started_at = [], []
    for most in range(3, 60, 4):
        canary = Canary()
        result = canary.run(HOW[how], preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)))
        if canary.has_run():        # pylint: disable=cell-var-from-loop
            started_at.append(most)
        else:
            true(result.status in (125, 126, 127), f"{result}")
            true("croft:" in result.err or most < 5, f"no word of why with {most}: {result}")
            refused_at.append(most)
    true(refused_at and started_at, f"both happen: {refused_at} {started_at}")
    true(max(refused_at) < max(started_at), "more descriptors are enough")
    wait_until(lambda: groups() <= before, "no group is left")


@test("at its time the command gets TERM, has its grace, and gets KILL", variants=list(HOW))
def _(how):
    text = "trap 'echo asked' TERM; echo up; while :; do sleep 0.05; done"
    began = time.monotonic()
    result = sh(text, *HOW[how], "--time", "300ms", "--grace", "400ms")
    took = time.monotonic() - began
    status_is(result, 124)
    equal(result.out, "up\nasked\n", "output")
    true(0.65 < took < 5, f"{took} s")
    result = sh("trap 'exit 3' TERM; while :; do sleep 0.05; done", *HOW[how], "--time", "300ms", "--grace", "20s")
    status_is(result, 124)


@test("a command that writes without end is ended at its time", variants=list(HOW))
def _(how):
    with open("/dev/null", "wb") as null:
        result = subprocess.run([CROFT, "run", *PLAIN, *HOW[how], "--time", "300ms", "--", "/usr/bin/yes"], stdout=null,
                                stderr=subprocess.DEVNULL, timeout=20, check=False)
    equal(result.returncode, 124, "status")


# Twice forked, in a session of its own, without a descriptor of ours; blocks what can be blocked.
DAEMON = """
import os, signal, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.chdir("/")
        signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
        null = os.open("/dev/null", os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(null, fd)
        time.sleep(300)
    os._exit(0)
os.wait()
"""


def daemon(mark, end):
    return f"{PYTHON} -c '{DAEMON}' {mark}; echo up; {end}"


@test("a daemon ends with the command", variants=list(STAYING))
def _(how):
    mark = f"mark-{time.monotonic_ns()}"
    result = sh(daemon(mark, "exit 4"), *STAYING[how])
    status_is(result, 4)
    equal(named(mark), [], "processes that are left")


@test("a daemon ends at the time limit", variants=list(HOW))
def _(how):
    mark = f"mark-{time.monotonic_ns()}"
    result = sh(daemon(mark, "exec sleep 100"), *HOW[how], "--time", "1s")
    status_is(result, 124)
    equal(named(mark), [], "processes that are left")


@test("a daemon ends when croft is killed with SIGKILL, or the plan has said that it does not", variants=list(STAYING))
def _(how):
    mark = f"mark-{time.monotonic_ns()}"
    before = groups()
    child = running(daemon(mark, "exec sleep 100"), *STAYING[how])
    equal(child.line(), "up", "output")
    equal(len(named(mark)) > 0, True, "the daemon runs")
    child.kill(signal.SIGKILL)
    child.child.wait()
    if how != "namespaces" and "control group" not in row("processes", *STAYING[how])[1]:
        differs(row("processes", *STAYING[how])[0], "enforced", "the row on processes")
        for pid in named(mark):
            # not croft's cleaner, which shares its command line and may not be done yet
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                if read_file(f"/proc/{pid}/comm").strip() != "croft":
                    os.kill(pid, signal.SIGKILL)
        skip("no pid namespace and no control group of its own: the plan says so")
    wait_until(lambda: not named(mark), "the daemon ends")
    wait_until(lambda: groups() <= before, "no group is left")


@test("no control group is left behind, whatever the end", variants=list(HOW))
def _(how):
    before = groups()
    for text, options in (("exit 0", []), ("exit 3", []), ("kill -KILL $$", []), ("exec sleep 30", ["--time", "200ms"])):
        sh(text, *HOW[how], *options)
        run_croft("run", *PLAIN, *HOW[how], *options, "--", "/nowhere/at-all")
    wait_until(lambda: groups() <= before, f"no group is left: {groups() - before}")


@test("the limits of who calls croft are not raised by it", variants=list(HOW))
def _(how):
    def lower():
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
    folder = tempdir()
    result = run_croft("run", *PLAIN, *HOW[how], "--write", folder, "--limit", "file-size=1MiB", "--", PAYLOAD,
                       "write-bytes", f"{folder}/big", 65536, preexec_fn=lower)
    equal(os.path.getsize(f"{folder}/big"), 4096, f"size {result}")


@test("a full disk under a fresh TMPDIR is the command's trouble, not croft's", variants=list(HOW))
def _(how):
    if not IS_ROOT:
        skip("only user 0 can make a small file system")
    folder = tempdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], check=False).returncode:
        skip("no file system can be mounted here")
    cleanup(subprocess.run, ["umount", "-l", folder])
    os.chmod(folder, 0o1777)
    result = sh("head -c 1000000 /dev/zero > $TMPDIR/big; echo $?; ls $TMPDIR", *HOW[how], "--write", folder,
                env=dict(os.environ, TMPDIR=folder))
    succeeds(result)
    contains(result.err, os.strerror(errno.ENOSPC), "what the shell says")
    wait_until(lambda: not os.listdir(folder), "the directory is removed")


main()
