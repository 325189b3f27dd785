#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_session.py - a session from outside: what its commands share, who may use it, how it ends.
"""
from _session import *      # pylint: disable=wildcard-import,unused-wildcard-import


# What is shared

@test("what one command writes to /tmp the next one finds, and the host does not")
def _():
    session = Session()
    equal(succeeds(session.sh("echo here > /tmp/croft-shared; echo $TMPDIR")).out, "/tmp\n", "TMPDIR")
    equal(succeeds(session.sh("cat /tmp/croft-shared")).out, "here\n", "what the second reads")
    true(not os.path.lexists("/tmp/croft-shared"), "the host has the file")
    other = Session()
    differs(other.sh("cat /tmp/croft-shared").status, 0, "status in another session")


@test("a command writes to the project, and nowhere else on the host")
def _():
    session = Session()
    beside = os.path.join(os.path.dirname(session.folder), "beside")
    succeeds(session.sh("echo mine > ./made"))
    equal(read_file(f"{session.folder}/made"), "mine\n", "the file")
    # with the session's own /tmp above it this may be a file of the session
    session.sh(f"echo mine > {beside}")
    true(not os.path.lexists(beside), "the file beside the project is there")
    differs(session.sh("echo mine > /usr/croft-was-here").status, 0, "status of a write to /usr")
    true(not os.path.lexists("/usr/croft-was-here"), "the file in /usr is there")


@test("commands are in the session's namespaces, and those that the profile does not want are the host's")
def _():
    session = Session("--isolate", "files", "--isolate", "ipc", "--isolate", "hostname")
    inodes = session.inodes()
    text = succeeds(session.sh("cd /proc/self/ns && for i in user mnt net ipc uts; do readlink $i; done")).out
    inside = dict(re.findall(r"(\w+):\[(\d+)\]", text))
    for kind in ("user", "mnt", "ipc", "uts"):
        equal(int(inside[kind]), inodes[kind], f"{kind} namespace")
        differs(inodes[kind], os.stat(f"/proc/self/ns/{kind}").st_ino, f"{kind} namespace of the session")
    equal(int(inside["net"]), os.stat("/proc/self/ns/net").st_ino, "net namespace")


@test("System V objects of one command are there for the next one, and not for another session")
def _():
    options = ["--isolate", "files", "--isolate", "ipc", "--allow", "sysv-ipc"]
    session, other = Session(*options), Session(*options)
    succeeds(session.run("ipcmk", "-M", "4096"))
    equal(len(re.findall("^0x", succeeds(session.run("ipcs", "-m")).out, re.M)), 1, "segments in the session")
    equal(len(re.findall("^0x", succeeds(other.run("ipcs", "-m")).out, re.M)), 0, "segments in another one")


@test("one command cannot trace another one, nor signal it where Landlock has scopes")
def _():
    session = Session()
    child = session.start("echo $$; sleep 30")
    pid = child.line().strip()
    equal(session.run(PYTHON, "-c", f"""
import ctypes, os
def errno_of(f, *args):
    try:
        f(*args)
    except OSError as e:
        return e.errno
    return 0
print(errno_of(os.kill, {pid}, 0), errno_of(os.readlink, "/proc/{pid}/root"),
      errno_of(open, "/proc/{pid}/mem", "rb"))
""").out, f"{1 if ABI >= SCOPES else 0} 13 13\n", "errnos of kill, of a look at its root, and of its memory")
    equal(os.kill(int(pid), 0), None, "the same from outside")


@test("with a pid namespace one command does not see another one, nor the holder")
def _():
    needs_namespaces("pid", "fork", "mount-proc")
    session = Session("--isolate", "files", "--isolate", "processes")
    child = session.start("echo up; sleep 30")
    equal(child.line(), "up", "first line")
    # its own init is hidden (hidepid); the shell is the second
    equal(succeeds(session.sh("echo /proc/[0-9]*")).out, "/proc/2\n", "what is seen")


@test("variables, limits and time of one command are not another one's")
def _():
    session = Session()
    equal(succeeds(session.sh("echo $A; ulimit -n", "--env", "A=b", "--limit", "open-files=77")).out, "b\n77\n",
          "with options")
    equal(succeeds(session.sh("echo [$A]")).out, "[]\n", "without")
    status_is(session.sh("sleep 30", "--time", "200ms"), 124)
    status_is(session.sh("exit 7", "--time", "10s"), 7)


@test("a command starts where the caller stands, or where it is told to")
def _():
    session = Session()
    os.makedirs(f"{session.folder}/a/b")
    equal(succeeds(session.sh("pwd", cwd=f"{session.folder}/a")).out, f"{session.folder}/a\n", "directory")
    equal(succeeds(session.sh("pwd", "--chdir", "b", cwd=f"{session.folder}/a")).out, f"{session.folder}/a/b\n",
          "directory with a relative --chdir")
    equal(succeeds(session.sh("pwd", "--chdir", "/usr", cwd="/")).out, "/usr\n", "directory with --chdir")
    hidden = tempdir()
    refused(session.sh("pwd", cwd=hidden), 125, hidden, "--chdir names a directory that the session has")


@test("exit status and status object are as without a session")
def _():
    session = Session()
    status_is(session.sh("exit 3"), 3)
    status_is(session.sh("kill -9 $$"), -9)
    status_is(session.sh("kill -9 $$", "--supervise"), 137)
    status_is(session.run("/nowhere/x"), 127)
    result, status = status_of("--session", session.name, "--", "/bin/sh", "-c", "exit 3", cwd=session.folder)
    equal((result.status, status["started"], status["exit_status"]), (3, True, 3), "status")


@test("a command of a session has no capability, no new privileges and a filter")
def _():
    session = Session()
    text = succeeds(session.sh("cat /proc/self/status")).out
    for line in ("NoNewPrivs:\t1", "Seccomp:\t2", "CapPrm:\t0000000000000000", "CapBnd:\t0000000000000000"):
        contains(text, line + "\n", "status")
    differs(session.run("unshare", "--user", "true").status, 0, "status of a user namespace inside")
    differs(session.run("mount", "-t", "tmpfs", "none", "/tmp").status, 0, "status of a mount inside")


@test("a command of a session cannot look into the holder")
def _():
    session = Session()
    text = f"""
import os
for f in (lambda: os.readlink("/proc/{session.pid}/root"), lambda: os.readlink("/proc/{session.pid}/fd/3"),
          lambda: open("/proc/{session.pid}/mem", "rb"), lambda: open("/proc/{session.pid}/environ").read(),
          lambda: os.kill({session.pid}, 9)):
    try:
        f()
        print("done")
    except OSError:
        print("refused")
"""
    equal(session.run(PYTHON, "-c", text).out, "refused\n" * 4 + ("refused\n" if ABI >= SCOPES else "done\n"),
          "answers")
    equal(is_gone(session.pid), ABI < SCOPES, "the holder was killed")


# Names

@test("a session that is started without a name gets one, and each another one")
def _():
    a, b = Session(), Session()
    differs(a.name, b.name, "name")
    equal(sorted(names()), sorted({a.name, b.name} | set(names())), "the list")


@test("a name is given once")
def _():
    session = Session(name="croft-test.1")
    equal(session.name, "croft-test.1", "name")
    refused(run_croft("session", "start", "--name", session.name, *SIMPLE, cwd=session.folder), 125,
            "there is a session 'croft-test.1' already")
    succeeds(session.sh("true"))


@test("a wrong name is refused", variants=["", "a b", "-x", ".x", "a/b", "x" * 33])
def _(name):
    refused(run_croft("session", "start", f"--name={name}", *SIMPLE), 125, "cannot be the name of a session")
    refused(run_croft("session", "stop", "--", name), 125, "cannot be the name of a session")
    refused(run_croft("run", f"--session={name}", "--", "true"), 125, "cannot be the name of a session")


@test("a session that is not there is an error, for run and for stop")
def _():
    refused(run_croft("run", "--session", "nobody", "--", "true"), 125, "there is no session 'nobody'",
            "croft session list")
    refused(run_croft("session", "stop", "nobody"), 125, "there is no session 'nobody'")


@test("the list tells name, holder, profile and directory, as text and as JSON")
def _():
    session = Session("--profile", "default", *SIMPLE)
    line = next(s for s in listed() if s["id"] == session.name)
    equal((line["profile"], line["directory"]), ("default", session.folder), "profile and directory")
    contains(line["namespaces"], "mount", "namespaces")
    text = succeeds(run_croft("session", "list")).out
    matches(text, rf"(?m)^{session.name} +{line['pid']} +\d+s  default  {session.folder}$", "the line")


@test("the plan of a command says what the session's commands have in common")
def _():
    session = Session("--isolate", "files", "--isolate", "network", "--isolate", "ipc")
    plan = json.loads(succeeds(session.run("true", options=["--dry-run", "--json"])).out)
    rows = {row["name"]: json.dumps(row) for row in plan["protections"]}
    for name in ("private-tmp", "tcp", "ipc", "unix-abstract"):
        contains(rows[name], "the session's commands have", f"row {name}")
    lacks(rows["files"], "session", "row files")


@test("the command's own options may stand beside --session, and others not",
      variants=["--read=/etc", "--write=/tmp", "--profile=default", "--connect=443", "--off=tcp", "--prefer=tcp",
                "--isolate=ipc", "--private=/x", "--allow=bpf", "--with-deps", "--env-all", "--join-fd=3"])
def _(option):
    session = Session()
    refused(session.sh("true", option), 125, f"{option.split('=')[0]} does not go with --session")


@test("words where none belong are refused")
def _():
    refused(run_croft("session", "start", "true"), 125, "croft session start takes no 'true'")
    refused(run_croft("session", "list", "x"), 125, "croft session list takes no 'x'")
    refused(run_croft("session", "stop"), 125, "no session to stop")
    refused(run_croft("session", "stop", "--all", "x"), 125, "--all stands alone")
    refused(run_croft("session"), 125, "croft session needs one of")
    refused(run_croft("session", "start", "--with-deps"), 125, "--with-deps")


@test("a profile that needs no namespaces makes no session")
def _():
    refused(run_croft("session", "start", "--profile", "empty", "--name", "croft-empty"), 125, "would hold nothing")
    true("croft-empty" not in names(), "there is a session")


@test("a profile that cannot be kept makes no session")
def _():
    refused(run_croft("session", "start", *SIMPLE, "--read", "/nowhere/at/all", "--name", "croft-none"), 125,
            "/nowhere/at/all")
    true("croft-none" not in names(), "there is a session")


# Changes

@test("a profile that gives another tree than the session has stops the start; one that gives the same does not")
def _():
    folder = project()
    os.mkdir(f"{folder}/data")
    profile = write_file(f"{folder}/p.yaml", "version: 2\nprofiles:\n  p:\n    extends: [default]\n"
                                             "    isolate: [files]\n")
    session = Session("--profile", profile, folder=folder)
    succeeds(session.sh("true"))
    text = read_file(profile)
    write_file(profile, text + "    environment:\n      set: { A: new }\n")
    equal(succeeds(session.sh("echo $A")).out, "new\n", "a variable that came later")
    write_file(profile, text + "    files:\n      deny: [./data]\n")
    refused(session.sh("true"), 125, f"it differs at '{folder}/data'", "stop the session and start it again")
    write_file(profile, text)
    succeeds(session.sh("true"))


@test("a denied file that was replaced on the host stops the start")
def _():
    folder = project()
    secret = write_file(f"{folder}/secret", "one")
    session = Session(*SIMPLE, "--deny", "./secret", folder=folder)
    differs(session.sh("cat ./secret").status, 0, "status of a look")
    write_file(f"{folder}/new", "two")
    os.rename(f"{folder}/new", secret)
    refused(session.sh("cat ./secret"), 125, f"it differs at '{secret}'")


# The end

@test("stop ends the holder and all that runs in the session, and leaves nothing",
      variants=["in place", "supervised", "with a pid namespace"])
def _(variant):
    options = SIMPLE
    if variant == "with a pid namespace":
        needs_namespaces("pid", "fork", "mount-proc")
        options = [*SIMPLE, "--isolate", "processes"]
    session = Session(*options)
    inode = session.inodes()["user"]
    children = [session.start("(setsid sleep 50 &) ; echo up; exec sleep 50",
                              *(["--supervise"] if variant == "supervised" else [])) for _ in range(2)]
    for child in children:
        equal(child.line(), "up", "first line")
    true(len(in_namespace(inode)) >= 5, f"too few processes in the session: {in_namespace(inode)}")
    result = succeeds(run_croft("session", "stop", session.name))
    matches(result.err, r"\Acroft: \d+ processes of the session '[^']+' were killed\n\Z", "message")
    equal(in_namespace(inode), [], "processes in the session's namespaces")
    true(is_gone(session.pid), "the holder is there")
    for child in children:
        differs(child.end().status, 0, "status")
    true(session.name not in names(), "it is listed")


@test("stop of several names goes on after one that is not there, and says so")
def _():
    a, b = Session(), Session()
    result = run_croft("session", "stop", a.name, "nobody", b.name)
    refused(result, 125, "there is no session 'nobody'")
    true(not {a.name, b.name} & set(names()), "one is left")


@test("stop --all ends every session")
def _():
    a, b = Session(), Session()
    succeeds(run_croft("session", "stop", "--all"))
    true(not {a.name, b.name} & set(names()), "one is left")
    true(is_gone(a.pid) and is_gone(b.pid), "a holder is left")


@test("when the holder is killed its commands go on, and the namespaces end with the last of them",
      variants=["KILL", "TERM"])
def _(name):
    session = Session()
    inode = session.inodes()["mnt"]
    child = session.start("echo up; exec sleep 50")
    equal(child.line(), "up", "first line")
    os.kill(session.pid, signal_number(name))
    wait_until(lambda: is_gone(session.pid), "the holder ends")
    refused(session.sh("true"), 125, f"there is no session '{session.name}'")
    equal(in_namespace(inode, "mnt"), [child.pid], "who is left")
    child.child.kill()
    child.end()
    equal(in_namespace(inode, "mnt"), [], "who is left afterwards")


@test("croft killed at any moment of a start leaves a session that works, or nothing")
def _():
    needs_namespaces()
    folder = project()
    before = set(names())
    for i in range(40):
        child = subprocess.Popen([CROFT, "session", "start", "--name", f"croft-kill-{i}", *SIMPLE], cwd=folder,
                                 stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(i * 0.0005)
        child.kill()
        child.wait()
        # half made, it ends when it finds nobody to tell
        wait_until(lambda: all(run_croft("run", "--session", n, "--", "true", cwd=folder).status == 0
                               for n in set(names()) - before), "what is listed works")
        for name in set(names()) - before:
            succeeds(run_croft("session", "stop", name))
    equal(set(names()), before, "sessions")
    wait_until(lambda: not [p for p in filter(str.isdigit, os.listdir("/proc"))
                            if not is_gone(p) and holds_kill_name(p)], "no process of a start is left")


def holds_kill_name(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as f:
            return b"croft-kill-" in f.read()
    except OSError:
        return False


@test("a start keeps no descriptor of its caller: a pipe behind it ends")
def _():
    needs_namespaces()
    r = run("/bin/sh", "-c", '"$0" session start --name croft-pipe --isolate files | cat', CROFT, cwd=project(),
            timeout=10)
    cleanup(run_croft, "session", "stop", "croft-pipe")
    equal(succeeds(r).out, "croft-pipe\n", "what came through the pipe")


# Others

@test("another user cannot join, list or stop a session")
def _():
    if not IS_ROOT:
        skip("only root can be somebody else")
    session = Session()
    for words in (["run", "--session", session.name, "--", "true"], ["session", "stop", session.name]):
        refused(as_nobody(CROFT, *words, cwd="/"), 125, "there is no session")
    lacks(succeeds(as_nobody(CROFT, "session", "list", cwd="/")).out, session.name, "the list")
    # the socket itself tells another user nothing
    text = f"""
import socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.connect("\\0{PREFIX}{session.name}")
print(s.recv(65536))
"""
    equal(succeeds(as_nobody(PYTHON, "-c", text, cwd="/")).out, "b''\n", "what it tells")
    succeeds(session.sh("true"))


@test("a name that another user holds in our place is not used, and said to be his")
def _():
    if not IS_ROOT:
        skip("only root can be somebody else")
    text = f"""
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
s.bind("\\0{PREFIX}croft-squat")
s.listen(5)
print("up", flush=True)
sys.stdin.read()
"""
    child = subprocess.Popen(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", PYTHON, "-c", text],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd="/")
    cleanup(child.wait)
    cleanup(child.stdin.close)
    equal(child.stdout.readline(), b"up\n", "first line")
    said = "held by user 65534, in this user's name"
    refused(run_croft("run", "--session", "croft-squat", "--", "true"), 125, said)
    refused(run_croft("session", "stop", "croft-squat"), 125, said)
    refused(run_croft("session", "start", "--name", "croft-squat", *SIMPLE, cwd=project()), 125, said)
    result = succeeds(run_croft("session", "list"))
    lacks(result.out, "croft-squat", "the list")
    contains(result.err, said, "warning")


@test("a session cannot be started or joined from inside of a sandbox, with the cause named")
def _():
    needs_namespaces()
    session = Session()
    inside = ["run", "--profile", "system", "--execute", CROFT, "--"]
    refused(run_croft(*inside, CROFT, "session", "start", *SIMPLE, cwd=session.folder), 125)
    refused(run_croft(*inside, CROFT, "run", "--session", session.name, "--", "true", cwd=session.folder), 125)
    refused(run_croft(*inside, CROFT, "session", "stop", session.name, cwd=session.folder), 125)
    succeeds(session.sh("true"))


@test("where namespaces are refused no session starts, with the cause named", variants=["ENOSYS", "EPERM", "ENOSPC"])
def _(errno_name):
    result = run(f"{BUILD}/tests/no_syscall", "unshare", errno_name, CROFT, "session", "start", "--name", "croft-no",
                 *SIMPLE, cwd=project())
    status_is(result, 125)
    matches(result.err, r"\Acroft: [^\n]+\n\Z", "message")
    true("croft-no" not in names(), "there is a session")


@test("where setns is refused no command joins, with the cause named", variants=["ENOSYS", "EPERM"])
def _(errno_name):
    session = Session()
    result = run(f"{BUILD}/tests/no_syscall", "setns", errno_name, CROFT, "run", "--session", session.name, "--", "true",
                 cwd=session.folder)
    refused(result, 125, "join a user namespace")


@test("older kernels without pidfds, openat2 or close_range have sessions too")
def _():
    needs_namespaces()
    old = [f"{BUILD}/tests/no_syscall", "pidfd_open,pidfd_send_signal,openat2,close_range", "ENOSYS", CROFT]
    folder = project()
    succeeds(run(*old, "session", "start", "--name", "croft-old", *SIMPLE, cwd=folder))
    cleanup(run_croft, "session", "stop", "croft-old")
    succeeds(run(*old, "run", "--session", "croft-old", "--", "/bin/sh", "-c", "echo x > /tmp/x", cwd=folder))
    succeeds(run(*old, "session", "stop", "croft-old"))
    true("croft-old" not in names(), "it is listed")


main()
