#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_tmpdir.py - the fresh TMPDIR: made, closed to others, gone after every end.

Nobody who waits is left when a command that runs in place has ended: the directory goes a moment
after that. So its end is polled for, and what the removal must not touch is looked at afterwards.
"""
from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import


@test("TMPDIR is a new empty directory with mode 0700 in the caller's TMPDIR", variants=TIERS)
def _(tier):
    place, env = parent()
    names = set()
    for _ in range(3):
        result = sh('stat -c "%a %u" "$TMPDIR"; ls -A "$TMPDIR"; echo "$TMPDIR"', *TIERS[tier], env=env)
        mode, name = succeeds(result).out.splitlines()
        equal(mode, f"700 {os.geteuid()}", "mode and owner")
        equal(os.path.dirname(name), place, "parent")
        true(FRESH.fullmatch(os.path.basename(name)), f"name {name}")
        names.add(name)
    equal(len(names), 3, "different names")
    gone(place)


@test("TMPDIR has mode 0700 whatever the umask is", variants=[0, 0o77, 0o177, 0o777])
def _(mask):
    place, env = parent()
    result = sh('stat -c %a "$TMPDIR" && umask 77 && echo x > "$TMPDIR/file" && cat "$TMPDIR/file"', env=env,
                preexec_fn=lambda: os.umask(mask))
    equal(succeeds(result).out, "700\nx\n", "mode and content")
    gone(place)


@test("the command can do with TMPDIR what programs do with one", variants=TIERS)
def _(tier):
    place, env = parent()
    text = """
import os, subprocess, tempfile
with tempfile.TemporaryDirectory() as d, tempfile.NamedTemporaryFile(dir=d) as f:
    assert d.startswith(os.environ["TMPDIR"]), d
    f.write(b"#!/bin/sh\\necho executed\\n"); f.flush()
    os.symlink(f.name, d + "/link"); os.link(f.name, d + "/hard"); os.mkfifo(d + "/pipe")
    os.mkdir(d + "/sub"); os.rename(d + "/hard", d + "/moved")
    with open(d + "/run", "wb") as program:
        program.write(open(f.name, "rb").read())
    os.chmod(d + "/run", 0o755)
    print(subprocess.check_output([d + "/run"]).decode(), end="")
    try: os.rename(d + "/moved", d + "/sub/moved")
    except OSError as e: print(e.errno)
"""
    result = python(text, *TIERS[tier], env=env)
    # to rename between directories is a right since ABI 2, and refused before
    equal(succeeds(result).out, "executed\n" + ("" if ABI >= REFER else "18\n"), "output")
    gone(place)


@test("the parent of TMPDIR stays closed: nothing beside it can be read or made")
def _():
    place, env = parent()
    secret = write_file(os.path.join(place, "secret"), "text")
    try_all = (f'cat {secret}; ls {place}; touch {place}/new; mv "$TMPDIR" {place}/other; rmdir "$TMPDIR"; '
               'ls -A "$TMPDIR"; echo end')
    result = sh(try_all, env=env)
    equal(result.out, "end\n", "what could be read")
    wait_until(lambda: os.listdir(place) == ["secret"], "only the secret is left")
    equal(succeeds(sh(f"cat {secret}", "--read", secret, env=env)).out, "text", "the twin that is granted")
    os.unlink(secret)
    gone(place)


@test("/tmp itself is not granted, and is with --write")
def _():
    place, env = parent()
    name = f"/tmp/croft-t-{os.getpid()}-made"
    true(sh(f"touch {name}", env=env).status != 0 and not os.path.exists(name), "it could write to /tmp")
    cleanup(lambda: os.path.exists(name) and os.unlink(name))
    succeeds(sh(f"touch {name}", "--write", "/tmp", env=env))
    true(os.path.exists(name), "the twin that is granted")
    gone(place)


@test("--off private-tmp makes none and sets no TMPDIR", variants=TIERS)
def _(tier):
    place, env = parent()
    result = sh('echo "[$TMPDIR]"', *TIERS[tier], "--off", "private-tmp", env=env)
    equal((succeeds(result).out, os.listdir(place)), ("[]\n", []), "TMPDIR, and what was made")


@test("another TMPDIR cannot be set or passed while croft makes one")
def _():
    place, env = parent()
    result = sh('echo "$TMPDIR"', "--env", "TMPDIR=/elsewhere", "--env-all", env=env)
    equal(os.path.dirname(succeeds(result).out.strip()), place, "parent of TMPDIR")
    result = sh('echo "$TMPDIR"', "--env", "TMPDIR=/elsewhere", "--off", "private-tmp", env=env)
    equal(succeeds(result).out, "/elsewhere\n", "TMPDIR when croft makes none")
    gone(place)


# The parent

@test("without TMPDIR, or with one that is empty or relative, the parent is /tmp", variants=["unset", "empty",
                                                                                             "relative"])
def _(variant):
    env = {k: v for k, v in os.environ.items() if k != "TMPDIR"}
    env.update({"unset": {}, "empty": {"TMPDIR": ""}, "relative": {"TMPDIR": "tmp"}}[variant])
    name = succeeds(sh('echo "$TMPDIR"', env=env)).out.strip()
    equal(os.path.dirname(name), "/tmp", "parent")
    wait_until(lambda: not os.path.exists(name), "it is removed")


@test("a parent that cannot be used is an error that names it, and nothing runs", variants=[
    "missing", "file", "closed", "read-only", "too long", "dangling link"])
def _(variant):
    place = tempdir()
    path = os.path.join(place, "parent")
    if variant == "file":
        write_file(path)
    elif variant == "closed":
        os.mkdir(path, 0o500)
        if IS_ROOT:     # whom modes do not stop
            path = "/proc/self/fd"
    elif variant == "read-only":
        path = "/proc"
    elif variant == "too long":
        path = "/" + "x" * 600
    elif variant == "dangling link":
        os.symlink("/nowhere", path)
    refuses([], path[:80], env=dict(os.environ, TMPDIR=path))
    starts(["--off", "private-tmp"], env=dict(os.environ, TMPDIR=path))
    refuses(["--supervise"], path[:80], env=dict(os.environ, TMPDIR=path))


@test("a parent behind a link, with slashes at its end, or with odd names works", variants=["link", "slashes",
                                                                                            "newline", "space"])
def _(variant):
    place = tempdir()
    real = os.path.join(place, {"newline": "a\nb", "space": "a b"}.get(variant, "real"))
    os.mkdir(real)
    os.symlink(real, os.path.join(place, "link"))
    path = {"link": os.path.join(place, "link"), "slashes": real + "///"}.get(variant, real)
    succeeds(sh('cd "$TMPDIR" && touch file && test "$(ls)" = file', env=dict(os.environ, TMPDIR=path)))
    gone(real)


# Every end

@test("it goes after an end by itself, a failure and a signal",
      variants=[f"{t}, {e}" for t in TIERS for e in ("exit 0", "exit 3", "kill -9 $$", "kill -TERM $$")])
def _(variant):
    tier, end = variant.split(", ")
    place, env = parent()
    result = sh(f'touch "$TMPDIR/file"; ls {TMP}/*/croft-* >/dev/null 2>&1; {end}', *TIERS[tier], env=env)
    true(result.status in (0, 3, -9, -15, 137, 143), f"status\n{result}")
    gone(place)


@test("it goes when croft or the command is killed from outside", variants=[
    "croft, supervised", "command, supervised", "command in place", "group, supervised", "group in place",
    "group by TERM"])
def _(variant):
    place, env = parent()
    options = ["--supervise"] if "supervised" in variant else []
    child = Running(*PLAIN, *options, "--", "/bin/sh", "-c",
                    'echo $$; touch "$TMPDIR/file"; echo up; exec sleep 60', env=env)
    pid = int(child.line())
    equal(child.line(), "up", "line")
    equal(len(os.listdir(place)), 1, "directories")
    if variant == "group by TERM":
        os.killpg(child.pid, signal.SIGTERM)
    elif variant.startswith("group"):
        os.killpg(child.pid, signal.SIGKILL)
    else:
        os.kill(child.pid if variant.startswith("croft") else pid, signal.SIGKILL)
    child.end()
    gone(place)
    wait_until(lambda: is_gone(pid), "the command is gone")


@test("it goes, or is never made, when the process group is killed at any moment of the start", variants=TIERS)
def _(tier):
    place, env = parent()
    for step in range(80):
        child = subprocess.Popen([CROFT, "run", "--profile", "system", *TIERS[tier], "--", "/bin/sleep", "60"],
                                 env=env, start_new_session=True,
                                 stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.perf_counter() + step * 0.0001
        while time.perf_counter() < end:
            pass
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()
    gone(place)


@test("it goes when the start fails: command missing, not executable, exec refused, required protection",
      variants=TIERS)
def _(tier):
    place, env = parent()
    broken = executable(os.path.join(tempdir(), "broken"), b"\x7fELF" + bytes(60))
    for words, status in ((["--", "no-such-program"], 127), (["--", "/etc/passwd"], 126),
                          (["--execute", broken, "--", broken], 126),
                          (["--tier", "landlock", "--require", "hidden", "--", "true"], 125),
                          (["--chdir", "/etc/passwd", "--", "true"], 125)):
        status_is(run_croft("run", "--profile", "system", *TIERS[tier], *words, env=env), status)
        gone(place)


@test("it goes after a time limit")
def _():
    place, env = parent()
    status_is(sh('touch "$TMPDIR/a"; trap "" TERM; while :; do sleep 0.02; done', "--time", "200ms", "--grace",
                 "100ms", env=env), 124)
    gone(place)


@test("a terminal that hangs up takes it along", variants=TIERS)
def _(tier):
    place, env = parent()
    terminal = Terminal(CROFT, "run", *PLAIN, *TIERS[tier], "--", "/bin/sh", "-c", "echo up; exec sleep 60",
                        env=env)
    terminal.expect("up\r\n")
    equal(len(os.listdir(place)), 1, "directories")
    terminal.send("\x03")
    terminal.wait()
    gone(place)


@test("plan, why and the dry run make none")
def _():
    place, env = parent()
    for words in (["plan", "--profile", "system"], ["why", "--profile", "system", "read", "/etc"],
                  ["run", "--profile", "system", "--dry-run", "--", "true"]):
        succeeds(run_croft(*words, env=env))
        equal(os.listdir(place), [], f"made by {words[0]}")


# Who removes it must not be noticed

@test("a command that waits for all its children is not kept waiting", variants=[
    "python wait", "python waitpid", "python waitid", "sh wait", "bash wait -n"])
def _(variant):
    place, env = parent()
    loop = """
import os
if os.fork() == 0:
    os._exit(0)
n = 0
try:
    while True:
        {}
        n += 1
except ChildProcessError:
    print(n)
"""
    words = {
        "python wait": [PYTHON, "-c", loop.format("os.wait()")],
        "python waitpid": [PYTHON, "-c", loop.format("os.waitpid(-1, 0)")],
        "python waitid": [PYTHON, "-c", loop.format("os.waitid(os.P_ALL, 0, os.WEXITED)")],
        "sh wait": ["/bin/sh", "-c", "sleep 0.1 & sleep 0.05 & wait; echo 1"],
        "bash wait -n": ["/bin/bash", "-c", "sleep 0.1 & wait -n; wait; wait -n || echo 1"],
    }[variant]
    began = time.monotonic()
    result = run_croft("run", *PLAIN, "--", *words, env=env, timeout=10)
    equal(succeeds(result).out, "1\n", "children that were waited for")
    true(time.monotonic() - began < 5, "it was kept waiting")
    gone(place)


@test("the command gets no SIGCHLD that is not its own, and sees no child at its start")
def _():
    place, env = parent()
    text = """
import os, signal, time
got = []
signal.signal(signal.SIGCHLD, lambda *_: got.append(1))
time.sleep(0.3)
print(len(got))
try: os.waitpid(-1, os.WNOHANG); print("a child")
except ChildProcessError: print("none")
"""
    equal(succeeds(python(text, env=env)).out, "0\nnone\n", "signals and children")
    gone(place)


@test("a pipe behind croft ends with the command", variants=TIERS)
def _(tier):
    place, env = parent()
    began = time.monotonic()
    words = " ".join([CROFT, "run", *PLAIN, *TIERS[tier], "--"])
    result = run("/bin/sh", "-c", f"{words} /bin/echo text | cat; echo end", env=env)
    equal(succeeds(result).out, "text\nend\n", "output")
    true(time.monotonic() - began < 5, "the pipe stayed open")
    gone(place)


@test("a command that closes its output and runs on ends the pipe behind it")
def _():
    place, env = parent()
    child = Running(*PLAIN, "--", "/bin/sh", "-c", "exec >&- 2>&-; sleep 30", env=env)
    true(select.select([child.child.stdout], [], [], 5)[0], "the pipe stays open")
    equal((child.child.stdout.read(), child.child.poll()), (b"", None), "what was read, and the command runs")
    child.kill(signal.SIGTERM)
    child.end()
    gone(place)


@test("a lock that the caller holds on a descriptor is free after the command, as without croft")
def _():
    place, env = parent()
    path = write_file(os.path.join(tempdir(), "lock"))
    with open(path, "rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        child = Running(*PLAIN, "--keep-fd", held.fileno(), "--", "/bin/sh", "-c", "echo up; sleep 0.3", env=env,
                        pass_fds=[held.fileno()])
    child.line()
    with open(path, "rb") as again:
        raises_errno(11, fcntl.flock, again, fcntl.LOCK_EX | fcntl.LOCK_NB)
        child.end()
        fcntl.flock(again, fcntl.LOCK_EX | fcntl.LOCK_NB)
    gone(place)


@test("no process of croft is left some moments later, zombies included", variants=TIERS)
def _(tier):
    # whoever cleans up becomes a child of this process, which then sees all that is left
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    cleanup(ctypes.CDLL(None).prctl, PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
    place, env = parent()
    for text in ("exit 0", "exit 3", "kill -9 $$"):
        sh(text, *TIERS[tier], env=env)
    gone(place)

    def alone():
        try:
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        except ChildProcessError:
            return True
        return False
    wait_until(alone, "no child is left", 5)


@test("the removal does not wait for a terminal, a directory or a mount of the caller")
def _():
    place, env = parent()
    here = os.path.join(tempdir(), "here")
    os.mkdir(here)
    child = Running(*PLAIN, "--", "/bin/sh", "-c", "echo up; read x", env=env, cwd=here, stdin=subprocess.PIPE)
    child.line()

    def holders():
        return [n for n in filter(str.isdigit, os.listdir("/proc")) if link(f"/proc/{n}/cwd") == here]
    wait_until(lambda: holders() == [str(child.pid)], "no other process holds the working directory")
    child.end()
    gone(place)


def link(path):
    try:
        return os.readlink(path)
    except OSError:
        return ""


@test("threads do not end it: neither an exec in one nor the end of the first one")
def _():
    place, env = parent()
    text = """
import threading, os, time
def other(): os.execv("/bin/sh", ["sh", "-c", "sleep 0.5; test -d $TMPDIR && echo there"])
threading.Thread(target=other).start(); time.sleep(5)
"""
    equal(succeeds(python(text, env=env)).out, "there\n", "TMPDIR after an exec in a thread")
    text = """
import ctypes, os, threading, time
def other():
    time.sleep(0.5); os.write(1, b"there" if os.path.isdir(os.environ["TMPDIR"]) else b"gone"); os._exit(0)
threading.Thread(target=other).start()
ctypes.CDLL(None).syscall({"x86_64": 60, "aarch64": 93}[os.uname().machine], 0)     # exit, of this thread
"""
    equal(succeeds(python(text, env=env)).out, "there", "TMPDIR after the end of the first thread")
    gone(place)


@test("twenty at once have twenty directories, and all go")
def _():
    place, env = parent()
    children = [Running(*PLAIN, "--", "/bin/sh", "-c", "echo $TMPDIR; read x", env=env,
                        stdin=subprocess.PIPE) for _ in range(20)]
    names = {child.line() for child in children}
    equal((len(names), len(os.listdir(place))), (20, 20), "names and directories")
    for child in children:
        child.end()
    gone(place)


@test("a command may empty its TMPDIR, close it, open it to others, or leave it alone: all end well")
def _():
    place, env = parent()
    for text in ('rm -rf "$TMPDIR"/*', 'chmod 000 "$TMPDIR"', 'chmod 755 "$TMPDIR"; mkdir "$TMPDIR/a"', ":"):
        succeeds(sh(text, env=env))
        gone(place)


main()
