#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
truth.py - what croft says of a host is true there: run in each place of places.py, as root and not.

What the plan calls enforced is tried from inside, by several deeds, each of which must succeed without a
sandbox; what it does not call enforced must be said, with what would mend it, and where that is required nothing
may start. What every place has to enforce at least stands in the table MUST: a croft that gives up everywhere would
be truthful too.
"""
import ctypes
import json
import socket
import time

from harness import *       # pylint: disable=wildcard-import,unused-wildcard-import

PLACE = os.environ.get("PLACE", "plain")
ROWS = ("files exec devices metadata hidden deny-inside private-tmp tcp udp other-net unix-abstract unix-path signals ptrace "
        "processes ipc terminal syscalls privileges descriptors environment limits").split()
TEXT, KEY = "as it was\n", "the text of the key\n"

# What the probe must have found: namespaces with a user namespace, by a capability alone, or none.
NAMESPACES = {
    "podman-filter": "all", "no-landlock": "all", "landlock-off": "all", "masked-proc": "all", "podman": "all",
    "gvisor-systrap": "all", "gvisor-ptrace": "all", "by-capability": "capability",
    "no-userns-filter": "capability" if IS_ROOT else "none",
}.get(PLACE, "none")
HAS_PROC = NAMESPACES != "none" and PLACE not in ("masked-proc", "podman")
HAS_LANDLOCK = PLACE not in ("no-landlock", "landlock-off", "nothing", "gvisor-systrap", "gvisor-ptrace", "gvisor-2022")
ABI = max(ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1), 0)


def has_namespaces():
    """On this very host, asked without croft; in the other places it is known."""
    return NAMESPACES != "none" or PLACE == "plain" and run(PAYLOAD, "unshare", "user", "mount").out == "ok\n"


# What is enforced under all that can be asked for: by the filter and the child's own stages everywhere, ...
MUST = set("tcp udp other-net unix-path ptrace ipc terminal syscalls privileges descriptors environment limits".split())
if has_namespaces():
    MUST |= set("files exec devices metadata hidden deny-inside private-tmp unix-abstract processes".split())
if PLACE.startswith("gvisor"):
    MUST -= {"metadata"}    # on its tmpfs what is read-only can be changed
if ABI:
    MUST |= {"files", "exec", "private-tmp"}
if ABI >= 5:
    MUST |= {"devices"}
if ABI >= 6:
    MUST |= {"unix-abstract", "signals"}

# gVisor of 2022 has no subreaper, without which nothing is supervised.
WAYS = {"in place": [], **({"supervised": ["--supervise"]} if PLACE != "gvisor-2022" else {})}


class Ground:
    """Files that are granted, denied and not granted, and servers and a process of the host's."""

    def __init__(self):
        self.top = tempdir()
        os.chmod(self.top, 0o755)
        for name in ("read", "write", "write/denied", "secret"):
            os.makedirs(self.path(name))
        for name in ("read/file", "write/own", "write/denied/inside"):
            write_file(self.path(name), TEXT)
        write_file(self.path("secret/key"), KEY, 0o600)
        for name in ("read/tool", "secret/tool", "write/tool"):
            shutil.copy(PAYLOAD, self.path(name))
        os.symlink("key", self.path("secret/link"))
        self.options = ["--profile", "empty", "--execute", PAYLOAD, "--read", self.path("read"), "--write", self.path("write"),
                        "--deny", self.path("write/denied")]

    def path(self, name):
        return os.path.join(self.top, name)

    def outside(self):
        """What is not granted for writing, with its text and mode."""
        found = {}
        for folder, folders, files in os.walk(self.top):
            if folder == self.path("write"):
                folders[:] = ["denied"]
                files = []
            for path in [folder, *(os.path.join(folder, name) for name in files)]:
                is_file = os.path.isfile(path) and not os.path.islink(path)
                found[path] = (os.lstat(path).st_mode, open(path, "rb").read() if is_file else None)
        return found


def everything(requirement="prefer"):
    """All that can be asked for."""
    return [word for name in ("files", "processes", "ipc", "network") for word in ("--isolate", name)] + \
        [word for row in ROWS for word in (f"--{requirement}", row)]


def plan(options):
    """The rows; the status is 125 where something required is missing."""
    result = run_croft("plan", *options, "--json", "--", PAYLOAD, "args")
    if result.status not in (0, 125) or not result.out:
        fail(f"no plan\n{result}")
    return {row["name"]: row for row in json.loads(result.out)["protections"]}


def deeds_in(ground, ops, options=None):
    """The payload's answers; options None: without a sandbox. What executes another program gets a start of its own."""
    croft = [] if options is None else [CROFT, "run", *ground.options, *options, "--"]
    groups = [[op] for op in ops] if ops[0][0] == "exec-path" else [ops]
    found = []
    for group in groups:
        result = run(*croft, PAYLOAD, "each", *[word for op in group for word in (*op, ",")])
        found += result.out.splitlines()
        if result.status == 125 or len(result.out.splitlines()) != len(group):
            fail(f"want {len(group)} answers\n{result}")
    return found


class Servers:
    """A TCP, a UDP and two unix sockets, and a process: what a sandbox must not reach."""

    def __init__(self, ground):
        self.stream, self.datagram = socket.socket(), socket.socket(type=socket.SOCK_DGRAM)
        self.named, self.abstract = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX)
        self.stream.bind(("127.0.0.1", 0))
        self.datagram.bind(("127.0.0.1", 0))
        self.named.bind(ground.path("secret/socket"))
        self.name = f"@croft-{os.getpid()}-{os.path.basename(ground.top)}"
        self.abstract.bind("\0" + self.name[1:])
        for server in (self.stream, self.named, self.abstract):
            server.listen(8)
        for server in (self.stream, self.datagram, self.named, self.abstract):
            cleanup(server.close)
        self.tcp, self.udp = str(self.stream.getsockname()[1]), str(self.datagram.getsockname()[1])
        self.child = subprocess.Popen([PAYLOAD, "sleep", "60"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        self.pid = str(self.child.pid)
        cleanup(self._end)
        self.child.stdout.readline()

    def _end(self):
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()


# Row -> deeds, of a ground and its servers. Each answers "ok" outside; inside nothing may.
DEEDS = {
    "files": lambda g, s: [
        ["open-read", g.path("secret/key")], ["open-write", g.path("secret/key")], ["create", g.path("secret/new")],
        ["open-write", g.path("read/file")], ["truncate", g.path("read/file")], ["mkdir", g.path("read/new")],
        ["mkdir", g.path("new")], ["symlink", "x", g.path("read/link")], ["read-dir", g.path("secret")],
        ["link", g.path("secret/key"), g.path("write/linked")], ["rename", g.path("read/file"), g.path("write/moved")],
        ["rename", g.path("secret/key"), g.path("write/taken")], ["open-read", "/etc/passwd"]],
    "exec": lambda g, s: [["exec-path", g.path(name), "args", "ok"] for name in
                          ("read/tool", "secret/tool", "write/tool")],
    "metadata": lambda g, s: [
        ["chmod", g.path("secret/key"), "0644"], ["chmod", g.path("read/file"), "0600"], ["utime", g.path("secret/key")],
        ["utime", g.path("read/file")], ["chown", g.path("secret/key")]],
    "hidden": lambda g, s: [
        ["stat", g.path("secret/key")], ["access", g.path("secret/key")], ["readlink", g.path("secret/link")],
        ["chdir", g.path("secret")], ["stat", "/etc/passwd"], ["statfs", g.path("secret/key")], ["inotify", g.path("secret/key")],
        ["open-path", g.path("secret/key")], ["stat", g.path("write/denied/inside")]],
    "deny-inside": lambda g, s: [
        ["open-read", g.path("write/denied/inside")], ["open-write", g.path("write/denied/inside")],
        ["create", g.path("write/denied/new")], ["unlink", g.path("write/denied/inside")],
        ["rename", g.path("write/denied"), g.path("write/free")], ["read-dir", g.path("write/denied")]],
    "tcp": lambda g, s: [["tcp-connect", s.tcp], ["tcp-listen", "0"], ["tcp-listen-unbound"]],
    "udp": lambda g, s: [["udp-send", s.udp], ["udp-connect", s.udp], ["udp-bind", "0"]],
    "other-net": lambda g, s: [["socket", "netlink", "raw"]],
    "unix-abstract": lambda g, s: [["unix-connect", s.name]],
    "unix-path": lambda g, s: [["unix-connect", g.path("secret/socket")]],
    "signals": lambda g, s: [["kill", s.pid, "0"], ["kill", s.pid, "18"], ["pidfd-signal", s.pid]],
    "ptrace": lambda g, s: [["ptrace", s.pid], ["vm-read", s.pid], ["pidfd-getfd", s.pid]],
    "processes": lambda g, s: [["pidfd-open", s.pid], ["set-priority", s.pid], ["set-affinity", s.pid], ["prlimit-read", s.pid]],
    "ipc": lambda g, s: [["shm-attach"], ["mq-open", "/croft-" + os.path.basename(g.top)]],
    "syscalls": lambda g, s: [["unshare", "user"], ["io-uring"], ["perf"], ["bpf"], ["userfaultfd"],
                              ["clone", "user"]],
}


@test("the place is what it stands for: Landlock, namespaces and proc are found as they are")
def _():
    if PLACE == "plain":
        skip("any host")
    saved = os.path.join(tempdir(), "host")
    succeeds(run_croft("plan", "--save-host", saved, "--profile", "empty", "--execute", PAYLOAD, *everything(), "--", PAYLOAD))
    host = dict(line.split(": ", 1) for line in read_file(saved).splitlines())
    equal((host["landlock-errno"] == "0", ABI > 0), (HAS_LANDLOCK, HAS_LANDLOCK), "Landlock, to croft and to us")
    equal(host["seccomp-errno"], "0", "filters")
    equal((host["ns-user"], host["ns-mount"], host["ns-by-capability"]),
          {"all": ("yes", "yes", "no"), "capability": ("no", "yes", "yes"), "none": ("no", "no", "no")}[NAMESPACES], "namespaces")
    equal(host["mount-proc"], "yes" if HAS_PROC else "no", "a fresh proc")


@test("what the plan calls enforced is enforced", variants=DEEDS)
def _(row):
    ground = Ground()
    servers = Servers(ground)
    options = everything()
    claimed = plan([*ground.options, *options])[row]
    ops = DEEDS[row](ground, servers)
    before = ground.outside()
    inside = deeds_in(ground, ops, options)
    done = [" ".join(op) for op, answer in zip(ops, inside) if answer == "ok"]
    if claimed["state"] == "enforced":
        equal(done, [], f"done inside, though the row says {claimed}")
        if row in ("files", "metadata", "deny-inside"):
            equal(ground.outside(), before, "what lies outside")
    other = Ground()
    servers = Servers(other)
    twin = deeds_in(other, DEEDS[row](other, servers))
    if "ok" not in twin:
        skip(f"nobody can do any of it here: {sorted(set(twin))}")


@test("where /proc is granted, its processes are the command's own, or the row says that they are not")
def _():
    ground = Ground()
    pid = Servers(ground).pid
    options = [*everything(), "--read", "/proc"]
    ops = [["stat", f"/proc/{pid}"], ["open-read", f"/proc/{pid}/cmdline"], ["open-read", f"/proc/{pid}/environ"],
           ["read-dir", f"/proc/{pid}/fd"], ["open-read", "/proc/self/status"]]
    claimed = plan([*ground.options, *options])["processes"]
    *seen, own = deeds_in(ground, ops, options)
    equal(own, "ok", "what is the command's own, in /proc")
    if claimed["state"] == "enforced":
        # Where the numbers begin anew, one may be taken by the command: then it is not that process.
        true("ok" not in seen or int(pid) < 10, f"seen: {seen}, and the row {claimed}")
    else:
        true(claimed["missing"], f"nothing is said: {claimed}")
    equal(claimed["state"] == "enforced", HAS_PROC or PLACE == "plain" and has_namespaces(), f"a proc of its own: {claimed}")


@test("no secret of croft's own environment is to be read in a /proc that is granted", variants=WAYS)
def _(way):
    ground = Ground()
    look = [word for pid in ("self", *range(1, 9)) for word in ("cat", f"/proc/{pid}/environ", ",")]
    result = run_croft("run", *ground.options, *everything(), *WAYS[way], "--read", "/proc", "--env", "PLAIN", "--", PAYLOAD, "each", *look,
                       env={**os.environ, "TOKEN": "secret-canary", "PLAIN": "plain-canary"})
    lacks(result.out, "secret-canary", "what can be read")
    contains(result.out, "plain-canary", "what was passed on")


@test("what is granted for reading on a tmpfs stays as it is, or the rows say that it does not")
def _():
    if not os.access("/dev/shm", os.W_OK):
        skip("no /dev/shm here")
    ground = Ground()
    folder = tempfile.mkdtemp(prefix="croft-t-", dir="/dev/shm")
    cleanup(shutil.rmtree, folder)
    path = write_file(os.path.join(folder, "file"), TEXT)
    before = os.stat(path)
    ground.options += ["--read", folder]
    rows = plan([*ground.options, *everything()])
    size, *rest = deeds_in(ground, [["truncate", path], ["chmod", path, "0777"], ["utime", path], ["chown", path]], everything())
    if rows["files"]["state"] == "enforced":
        differs(size, "ok", f"truncate, and the row {rows['files']}")
        equal(read_file(path), TEXT, "the file")
    if rows["metadata"]["state"] == "enforced":
        equal(("ok" in rest, os.stat(path).st_mode), (False, before.st_mode), f"a change, and the row {rows['metadata']}")


@test("a device that the system profile grants can be written")
def _():
    if not (ABI or has_namespaces()):
        skip("nothing starts with it here")
    ground = Ground()
    result = run_croft("run", "--profile", "system", "--write", ground.path("write"), "--", "/bin/sh", "-c",
                       "echo x >/dev/null && head -c 3 /dev/zero | wc -c", cwd=ground.path("write"))
    equal((result.status, result.out.strip()), (0, "3"), f"status and output\n{result}")


@test("what is granted can be done under all of it")
def _():
    ground = Ground()
    ops = [["open-read", ground.path("read/file")], ["read-dir", ground.path("read")], ["stat", ground.path("read/file")],
           ["write-text", ground.path("write/own"), "changed"], ["create", ground.path("write/new")],
           ["mkdir", ground.path("write/folder")], ["rename", ground.path("write/new"), ground.path("write/folder/moved")],
           ["unlink", ground.path("write/folder/moved")], ["with-child", "kill"]]
    equal(deeds_in(ground, ops, everything()), ["ok"] * len(ops), "answers")
    equal(read_file(ground.path("write/own"))[:7], "changed", "what was written, from outside")
    true(os.path.isdir(ground.path("write/folder")), "the directory is not there outside")


@test("what must be enforced here is")
def _():
    ground = Ground()
    rows = plan([*ground.options, *everything()])
    missing = {name: rows[name] for name in MUST if rows[name]["state"] != "enforced"}
    equal(missing, {}, "rows that are not")


@test("what is not enforced is said, with what would mend it")
def _():
    ground = Ground()
    rows = plan([*ground.options, *everything()])
    result = run_croft("run", *ground.options, *everything(), "--", PAYLOAD, "args", "ran")
    equal(result.out, "ran\n", "output")
    unkept = [row for row in rows.values() if row["state"] != "enforced"]
    for row in unkept:
        true(row["missing"] and row["mend"], f"nothing is said: {row}")
        contains(result.err, row["name"], "the line that names what is missing")
    if not unkept:
        equal(result.err, "", "standard error")


@test("nothing is started where one protection is required and not kept, and started where it is", variants=ROWS)
def _(row):
    ground = Ground()
    options = [*everything(), "--require", row]
    state = plan([*ground.options, *options])[row]["state"]
    for way in WAYS.values():
        # What is there already: where a denial is kept by rules beside it, nothing new can be made there.
        result = run_croft("run", *ground.options, *way, *options, "--", PAYLOAD, "write-text", ground.path("write/own"), "ran")
        has_run = read_file(ground.path("write/own")) != TEXT
        if state == "enforced":
            equal((result.status, has_run), (0, True), f"status and trace\n{result}")
        else:
            equal((result.status, has_run), (125, False), f"status and trace\n{result}")
            contains(result.err, f"'{row}'", "message")
        write_file(ground.path("write/own"), TEXT)


@test("a profile that requires Landlock starts nothing without it, whatever mounts can do", variants=["1", "7"])
def _(abi):
    ground = Ground()
    ran = ground.path("write/ran")
    profile = write_file(ground.path("profile.yaml"),
                         f"version: 2\nprofiles:\n  test:\n    require:\n      landlock: {abi}\n    files:\n"
                         f"      execute: ['{PAYLOAD}']\n      write: ['{ground.path('write')}']\n")
    result = run_croft("run", "--profile", profile, *everything(), "--", PAYLOAD, "create", ran)
    has_it = ABI >= int(abi)
    equal((result.status, os.path.exists(ran)), (0, True) if has_it else (125, False), f"status and trace\n{result}")
    if not has_it:
        contains(result.err, "Landlock", "message")


@test("a tier that is not to be had is refused and nothing runs", variants=["landlock", "namespaces"])
def _(tier):
    ground = Ground()
    ran = ground.path("write/ran")
    result = run_croft("run", *ground.options, "--tier", tier, "--prefer", "deny-inside", "--", PAYLOAD, "create", ran)
    can = ABI > 0 if tier == "landlock" else has_namespaces()
    equal((result.status, os.path.exists(ran)), (0, True) if can else (125, False), f"status and trace\n{result}")


@test("the default profile runs a command where files can be confined, and nothing elsewhere")
def _():
    folder = tempdir()
    can = ABI > 0 or has_namespaces()
    result = run_croft("run", "--", "/bin/sh", "-c", "echo text >file; cat file", cwd=folder)
    equal((result.status, result.out, os.listdir(folder)), (0, "text\n", ["file"]) if can else (125, "", []),
          f"status, output, files\n{result}")


@test("capabilities are given up, and so is the way to new ones")
def _():
    ground = Ground()
    state = dict(line.split(None, 1) for line in
                 run_croft("run", *ground.options, *everything(), "--", PAYLOAD, "status").out.splitlines())
    equal({name: state[name] for name in ("effective", "permitted", "inheritable")},
          {"effective": "0", "permitted": "0", "inheritable": "0"}, "capabilities")


@test("a descriptor and a variable that were not named do not come in")
def _():
    ground = Ground()
    with open(ground.path("secret/key"), encoding="utf-8") as key:
        os.set_inheritable(key.fileno(), True)
        result = run_croft("run", *ground.options, *everything(), "--", PAYLOAD, "each", "fds", ",", "env",
                           env={**os.environ, "TOKEN": "secret"}, pass_fds=[key.fileno()])
    lines = result.out.splitlines()
    equal([line for line in lines if line.isdigit() and int(line) > 2], [], "descriptors")
    lacks(result.out, "TOKEN", "environment")


@test("the TMPDIR is the command's own, and gone afterwards")
def _():
    ground = Ground()
    result = run_croft("run", *ground.options, *everything(), "--", PAYLOAD, "env")
    [tmp] = [line.removeprefix("TMPDIR=") for line in result.out.splitlines() if line.startswith("TMPDIR=")] or [None]
    row = plan([*ground.options, *everything()])["private-tmp"]
    if row["state"] == "enforced":
        true(tmp, f"no TMPDIR, and the row {row}")
    if tmp and tmp != "/tmp":
        true(wait_for(lambda: not os.path.exists(tmp)), f"{tmp} is still there")


@test("exit status, signal and time limit are told as everywhere", variants=WAYS)
def _(way):
    ground = Ground()
    options = [*ground.options, *everything(), *WAYS[way]]
    status_is(run_croft("run", *options, "--", PAYLOAD, "exit", "7"), 7)
    differs(run_croft("run", *options, "--", PAYLOAD, "signal-self", "KILL").status, 0, "status of a killed command")
    status_is(run_croft("run", *options, "--time", "700ms", "--grace", "100ms", "--", PAYLOAD, "sleep", "30"),
              124 if "supervised" in WAYS else 125)


def wait_for(condition, seconds=5.0):
    """Polls until condition() is true; whether it became so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


def running(pid):
    try:
        return read_file(f"/proc/{pid}/stat").rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


@test("what the command leaves running ends with it where that is promised")
def _():
    ground = Ground()
    options = [*everything(), *WAYS.get("supervised", [])]
    row = plan([*ground.options, *options])["processes"]
    tool = ground.path("read/tool")     # a name that no other test's processes have
    succeeds(run_croft("run", *ground.options, "--execute", tool, *options, "--", tool, "spawn-daemon", "20"))
    found = processes(ground)
    for pid in found:
        os.kill(int(pid), signal.SIGKILL)
    if row["state"] == "enforced":
        equal(found, [], "left running")


@test("nothing is left: no mount, no process, no file")
def _():
    ground = Ground()
    before = left(ground)
    for _ in range(3):
        succeeds(run_croft("run", *ground.options, *everything(), *WAYS.get("supervised", []), "--",
                           PAYLOAD, "args", ground.top))
        status_is(run_croft("run", *ground.options, *everything(), "--", "/nowhere/program"), 127)
    wait_for(lambda: added(before, left(ground)) == NOTHING)
    equal(added(before, left(ground)), NOTHING, "mounts, files in TMPDIR, processes")


NOTHING = ("", [], [])


def added(before, now):
    """What was not there before. What is gone may be another test's, whose cleaner had not ended yet."""
    mounts = now[0] if now[0] != before[0] else ""
    return mounts, [name for name in now[1] if name not in before[1]], [pid for pid in now[2] if pid not in before[2]]


def processes(ground):
    """Those that name the ground: other tests may run beside this one."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as words:
                if ground.top.encode() in words.read() and running(pid):
                    found.append(pid)
        except OSError:
            continue
    return found


def left(ground):
    return read_file("/proc/mounts"), sorted(os.listdir(tempfile.gettempdir())), processes(ground)


main()
