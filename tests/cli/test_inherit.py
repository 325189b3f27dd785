#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_inherit.py - what the command gets from its caller, and what it does not.

Limits, descriptors, signal dispositions, umask, environment, working directory, arguments: whatever
croft is not told to change must be as it is without croft.
"""
import resource

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import


# Limits

@test("a limit is set for the command, soft and hard", variants=[
    ("memory=1GiB", "v", 1 << 20), ("memory=1000MB", "v", 976562), ("processes=77", "u", 77),
    ("open-files=55", "n", 55),
    ("file-size=1MiB", "f", 2048), ("cpu=30", "t", 30), ("cpu=2m", "t", 120), ("cpu=1500ms", "t", 2)])
def _(variant):
    text, letter, want = variant
    if IS_ROOT and text.startswith("processes"):    # whose processes are not counted
        refuses(["--limit", text], "'limits'", "user 0")
        text = f"{text} --prefer limits"
    for tier in TIERS.values():
        result = run_croft("run", *PLAIN, *tier, "--limit", *text.split(), "--", "/bin/dash", "-c",
                           f"ulimit -S{dash(letter)}; ulimit -H{dash(letter)}")
        equal(succeeds(result).out.split(), [str(want)] * 2, "limits")


def dash(letter):
    """dash calls the number of processes p."""
    return "p" if letter == "u" else letter


@test("a limit stops what goes over it, and lets pass what does not", variants=["memory", "open-files",
                                                                                "file-size"])
def _(name):
    limit, text = {
        "memory": ("memory=300MiB", "bytearray({} << 20)"),
        "open-files": ("open-files=30", "[open('/dev/null') for _ in range({} // 25)]"),
        "file-size": ("file-size=100K",
                      "open(__import__('os').environ['TMPDIR'] + '/f', 'wb', 0).write(bytes({} << 10))"),
    }[name]
    small, large = {"memory": (50, 600), "open-files": (250, 1000), "file-size": (90, 300)}[name]
    succeeds(python(text.format(small), "--limit", limit))
    true(python("import sys; f = " + text.format(large) + "; sys.exit(f != 300 << 10)", "--limit",
                limit).status != 0, "over the limit")
    succeeds(python(text.format(large)))


@test("the last word on a limit counts, and a lower one from outside stays")
def _():
    equal(sh("ulimit -n", "--limit", "open-files=90", "--limit", "open-files=80").out, "80\n", "limit")
    lower = "ulimit -n 40 && exec \"$@\""
    result = run("/bin/sh", "-c", lower, "sh", CROFT, "run", *PLAIN, "--limit", "open-files=80", "--", "/bin/sh",
                 "-c", "ulimit -n")
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
    equal([int(n) for n in succeeds(payload("fds", close_fds=False)).out.split()], sorted(before + opened),
          "descriptors without croft")
    equal(table(tier=TIERS[tier]), [0, 1, 2], "descriptors with none kept")
    equal(table(keep=[77], tier=TIERS[tier]), [0, 1, 2, 77], "descriptors with one kept")
    equal(table(keep=[999, 3, 200], tier=TIERS[tier]), [0, 1, 2, 3, 200, 999], "descriptors with three kept")
    equal(table(keep=opened, tier=TIERS[tier]), [0, 1, 2, *opened], "descriptors with all kept")
    true(set(before + opened) <= set(table("--off", "descriptors", tier=TIERS[tier])),
         "descriptors with the protection off")


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
    show = """
import fcntl, os
table = [(os.fstat(n).st_dev, os.fstat(n).st_ino, fcntl.fcntl(n, fcntl.F_GETFL)) for n in (0, 1, 2)]
os.write(2, repr(table).encode() + b" " + os.read(0, 3))
os.write(1, b"end")
"""
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
        got = run_croft("run", *PLAIN, *TIERS[tier], "--", PAYLOAD, "signals", preexec_fn=prepare,
                        restore_signals=restore)
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
    text = """
import os, resource
print(os.nice(0), os.sched_getaffinity(0), resource.getrlimit(resource.RLIMIT_CORE),
      resource.getrlimit(resource.RLIMIT_NOFILE))
"""

    def prepare():
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


OUTSIDE = {"PATH": "/usr/bin", "HOME": "/nowhere", "TERM": "dumb", "LC_ALL": "C", "LANG": "C", "USER": "me",
           "EDITOR": "vi", "PLAIN": "p",
           "API_TOKEN": "t", "AWS_REGION": "a", "SSH_AUTH_SOCK": "/s", "MY_PASSWORD": "w", "DB_KEY": "k",
           "X_1": "1", "X_2": "2", "LD_PRELOAD": ""}


@test("the empty profile passes no variable")
def _():
    equal(variables(env=OUTSIDE, profile="empty"), {}, "variables")
    equal(variables("--env", "PLAIN", env=OUTSIDE, profile="empty"), {"PLAIN": "p"}, "variables")


@test("the system profile passes the usual ones and nothing else")
def _():
    inside = variables(env=OUTSIDE)
    equal(inside, {"PATH": "/usr/bin", "HOME": "/nowhere", "TERM": "dumb", "LC_ALL": "C", "LANG": "C", "USER": "me",
                   "EDITOR": "vi",
                   "PWD": "/usr"}, "variables")


@test("--env passes by name, sets by value, takes a prefix, and the last value counts")
def _():
    inside = variables("--env", "API_TOKEN", "--env", "X_*", "--env", "NEW=a=b", "--env", "EMPTY=", "--env",
                       "PLAIN=1", "--env", "PLAIN=2",
                       "--env", "MISSING", "--env", "EDITOR=ed", env=OUTSIDE)
    for name, value in {"API_TOKEN": "t", "X_1": "1", "X_2": "2", "NEW": "a=b", "EMPTY": "", "PLAIN": "2",
                        "EDITOR": "ed"}.items():
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
        result = run_croft(*words, "--profile", "system", "--env", "PLAIN", "--env", "SET=value-three", "--",
                           "true", env=env)
        for value in ("value-one", "value-two", "value-three"):
            lacks(succeeds(result).out + result.err, value, "the plan")
        contains(result.out, "API_TOKEN" if "--json" in words else "PLAIN", "the plan")


@test("the command starts where croft was started, and PWD says so")
def _():
    folder = project()
    for tier in TIERS.values():
        result = run_croft("run", *tier, "--", "/bin/sh", "-c", "pwd -P; echo $PWD", cwd=folder,
                           env=dict(os.environ, PWD="/elsewhere"))
        equal(succeeds(result).out.split(), [folder, folder], "directory and PWD")


@test("--chdir starts it elsewhere, in every form of a path, and PWD says so", variants=["absolute", "./", "~",
                                                                                         "link"])
def _(form):
    folder = project()
    inner = os.path.join(folder, "inner")
    os.mkdir(inner)
    os.symlink(inner, os.path.join(folder, "link"))
    text = {"absolute": inner, "./": "./inner", "~": "~/inner", "link": "./link"}[form]
    env = dict(os.environ, HOME=folder)
    for tier in TIERS.values():
        result = run_croft("run", "--profile", "system", *tier, "--chdir", text, "--", "/bin/sh", "-c",
                           "pwd -P; echo $PWD", cwd=folder, env=env)
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
    equal(succeeds(run_croft("run", *options, "--read", other, "--", "cat", "file", cwd=folder)).out, "there",
          "output")


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
    words = [b"", b" ", b"a b", b"\n", b"\xff\xfe", b"$HOME", b"`x`", b"*", b"\\", b"'\"", b"-", b"--",
             b"x" * 100000]
    result = run_croft("run", *PLAIN, "--", PAYLOAD, "args", *words)
    equal(os.fsencode(succeeds(result).out), b"".join(w + b"\n" for w in words), "arguments")


@test("croft inside croft confines further, and not less", variants=["in place", "supervised"])
def _(tier):
    folder = tempdir()
    path = write_file(os.path.join(folder, "file"), "text")
    outer = ["run", "--profile", "system", "--execute", CROFT]
    inner = [CROFT, "run", "--profile", "system", *TIERS[tier], "--off", "private-tmp"]
    equal(succeeds(run_croft(*outer, "--read", folder, "--", *inner, "--read", folder, "--", "cat", path)).out,
          "text", "cat")
    true(run_croft(*outer, "--read", folder, "--", *inner, "--", "cat", path).status != 0, "the inner one refuses")
    true(run_croft(*outer, "--", *inner, "--read", folder, "--", "cat", path).status != 0, "the outer one refuses")


main()
