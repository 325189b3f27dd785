#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_bad_input.py - what people and scripts get wrong: each a clear one-line error, and nothing run.

Beside each stands the nearest thing that is right, and it must start.
"""
import fcntl
import socket

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import


# Options

@test("an unknown option is refused and the nearest one named", variants=[
    ("--raed", "--read"), ("--writ", "--write"), ("--exceute", "--execute"), ("--dryrun", "--dry-run"),
    ("--statusfd", "--status-fd"),
    ("--Read", "--read"), ("--reads=/etc", "--read")])
def _(words):
    wrong, nearest = words
    refuses([wrong], wrong.split("=")[0], nearest)


@test("an unknown option is refused though nothing is near", variants=["--xyzzy", "-x", "-rf", "---", "--=",
                                                                       "--read-", "-"])
def _(word):
    if word == "-":     # a word like any other: the command
        refused(run_croft("run", "-"), 127, "'-'")
    else:
        refuses([word], "no option")


@test("options of other commands are not those of run", variants=["--host", "--save-host", "--version"])
def _(word):
    refuses([word, "x"], word)


@test("names of options cannot be shortened", variants=["--rea", "--sup", "--dry", "--keep", "--h"])
def _(word):
    refuses([word, "3"], "no option")


@test("an option without its value is refused", variants=["--read", "--connect", "--env", "--time", "--keep-fd",
                                                          "--profile"])
def _(option):
    refused(run_croft("run", option), 125, option, "needs a value")
    refused(run_croft("run", "--supervise", option), 125, option)


@test("a value is taken as the next word or after '=', whatever it looks like")
def _():
    folder = tempdir()
    path = write_file(os.path.join(folder, "a=b"), "text")
    for words in (["--read", path], [f"--read={path}"]):
        equal(succeeds(run_croft("run", "--profile", "system", *words, "--", "cat", path)).out, "text",
              f"with {words}")
    for words in (["--env", "A=-x=--y"], ["--env=A=-x=--y"]):
        result = run_croft("run", "--profile", "system", *words, "--", "sh", "-c", 'echo "$A"')
        equal(succeeds(result).out, "-x=--y\n", f"with {words}")
    # the next word is the value, also when it looks like an option
    refuses(["--read", "--write"], "'--write' is relative")
    refuses(["--read", "--"], "'--' is relative")


@test("a switch takes no value", variants=["--supervise", "--env-all", "--audit", "--dry-run", "--json"])
def _(option):
    for text in ("=", "=yes", "=0", "=no"):
        refuses([option + text], option, "no value")


@test("a switch does not take the next word")
def _():
    starts(["--supervise"])
    starts(["--env-all"])
    starts(["--audit"])


@test("an option that counts once is refused when given twice", variants=[
    ["--supervise"], ["--env-all"], ["--time", "9s"], ["--grace", "9s"], ["--chdir", "/"], ["--profile", "system"],
    ["--audit"]])
def _(words):
    refuses(words + words, words[0], "twice")
    if words[0] != "--profile":
        starts(words)


@test("an option after the command is the command's", variants=["in place", "supervised"])
def _(tier):
    options = ["--profile", "system"] + (["--supervise"] if tier == "supervised" else [])
    for words in (["--read", "/etc/shadow"], ["--write", "/"], ["--", "--help"], ["--help"], ["-h"], ["--version"],
                  ["--nope"],
                  ["--time", "1ms"], ["--status-fd", "99"], ["", "-"], ["--supervise"]):
        result = run_croft("run", *options, "--execute", PAYLOAD, PAYLOAD, "args", *words)
        again = run_croft("run", *options, "--execute", PAYLOAD, "--", PAYLOAD, "args", *words)
        plain = payload("args", *words)
        equal((result.status, result.out), (0, plain.out), f"arguments {words} {result.err}")
        equal((again.status, again.out), (0, plain.out), f"arguments {words} after --")


@test("a grant after the command grants nothing")
def _():
    secret = write_file(os.path.join(tempdir(), "secret"), "text")
    result = run_croft("run", "--profile", "system", "cat", secret, "--read", secret)
    true(result.status != 0 and "text" not in result.out, f"the file was read\n{result}")
    succeeds(run_croft("run", "--profile", "system", "--read", secret, "cat", secret))


@test("after '--' a word that looks like an option is the command's name")
def _():
    refuses_command(["--read"], 127, "'--read'")
    folder = tempdir()
    script(os.path.join(folder, "--read"), "echo ran $1")
    result = run_croft("run", "--profile", "system", "--execute", folder, "--env", f"PATH={folder}:/bin", "--",
                       "--read", "x")
    equal(succeeds(result).out, "ran x\n", "output")


@test("the second '--' belongs to the command")
def _():
    result = run_croft("run", "--profile", "system", "--", "--", "x")
    refused(result, 127, "'--'")


# The command

@test("no command is an error, with or without options", variants=[[], ["--"], ["--profile", "system"],
                                                                   ["--supervise", "--"]])
def _(words):
    refused(run_croft("run", *words), 125, "no command")


@test("an empty command is not found", variants=[[""], ["--", ""], ["--", "", "x"]])
def _(words):
    refused(run_croft("run", "--profile", "system", *words), 127, "empty")


@test("empty words after the command stay")
def _():
    equal(succeeds(run_croft("run", "--profile", "system", "printf", "[%s]", "", "a", "")).out, "[][a][]", "output")


@test("a croft that is called without any word, or with empty ones, says what it needs",
      variants=[[], [b""], [b"", b""], [b"croft", b""], [b"croft", b"", b"run"]])
def _(argv):
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(write_end, 2)
        words = (ctypes.c_char_p * (len(argv) + 1))(*argv, None)
        nothing = (ctypes.c_char_p * 1)(None)
        ctypes.CDLL(None).execve(os.fsencode(CROFT), words, nothing)
        os._exit(99)
    os.close(write_end)
    with os.fdopen(read_end) as f:
        text = f.read()
    equal(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 125, "status")
    is_message(text)


@test("a command that is a directory, a pipe, a device or a socket cannot be executed",
      variants=["directory", "pipe", "device", "socket"])
def _(kind):
    path = os.path.join(tempdir(), "it")
    if kind == "directory":
        os.mkdir(path)
    elif kind == "pipe":
        os.mkfifo(path, 0o755)
    elif kind == "device":
        path = "/dev/null"
    else:
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
        os.chmod(path, 0o755)
    refuses_command([path], 126, path, options=["--execute", path])


@test("a directory on PATH with the command's name is passed over")
def _():
    folder = tempdir()
    os.makedirs(os.path.join(folder, "a", "tool"))
    script(os.path.join(folder, "b", "tool"), "echo found")
    options = ["--profile", "system", "--execute", folder, "--env", f"PATH={folder}/a:{folder}/b"]
    equal(succeeds(run_croft("run", *options, "--", "tool")).out, "found\n", "output")


@test("a script whose interpreter is missing is explained", variants=["#!/no/such/sh", "#! /no/such/sh -e",
                                                                      "#!no-such-sh"])
def _(line):
    folder = tempdir()
    path = executable(os.path.join(folder, "script"), f"{line}\necho ran\n")
    refuses_command([path], 126, path, "no", "such", "interpreter", options=["--execute", folder])
    executable(path, "#!/bin/sh\necho ran\n")
    equal(succeeds(run_croft("run", "--profile", "system", "--execute", folder, "--", path)).out, "ran\n", "output")


@test("a script with DOS line ends is explained")
def _():
    folder = tempdir()
    path = executable(os.path.join(folder, "script"), "#!/bin/sh\r\necho ran\r\n")
    refuses_command([path], 126, path, "DOS line ends", options=["--execute", folder])


@test("a script whose interpreter is not granted is explained")
def _():
    folder = tempdir()
    shell = os.path.join(folder, "own-sh")
    shutil.copy("/bin/sh", shell)
    os.chmod(shell, 0o755)
    path = executable(os.path.join(folder, "script"), f"#!{shell}\necho ran\n")
    refuses_command([path], 126, f"add --execute {shell}", options=["--execute", path])
    result = run_croft("run", "--profile", "system", "--execute", path, "--execute", shell, "--", path)
    equal(succeeds(result).out, "ran\n", "output")


@test("an interpreter that is a script itself, and has none, is explained")
def _():
    folder = tempdir()
    middle = executable(os.path.join(folder, "middle"), "#!/no/such/sh\n")
    path = executable(os.path.join(folder, "script"), f"#!{middle}\n")
    result = run_croft("run", "--profile", "system", "--execute", folder, "--", path)
    refused(result, 126)
    contains(result.err, "/no/such/sh", "message")


@test("a file of text without a first line is no program")
def _():
    folder = tempdir()
    for name, text in (("empty", ""), ("text", "echo ran\n"), ("half", "#!"), ("blank", "#! \n")):
        path = executable(os.path.join(folder, name), text)
        refuses_command([path], 126, path, options=["--execute", folder])


@test("a program for another loader that is missing is refused, not called missing itself")
def _():
    folder = tempdir()
    with open("/bin/true", "rb") as f:
        image = f.read()
    start = image.find(b"/lib")
    loader = image[start:image.index(b"\0", start)]
    path = executable(os.path.join(folder, "program"), image.replace(loader, b"/lip" + loader[4:], 1))
    equal(run(CROFT, "run", "--profile", "system", "--execute", folder, "--", path).status, 126, "status")


# The surroundings

@test("without PATH a bare name is explained, a full one runs")
def _():
    bare = {k: v for k, v in os.environ.items() if k != "PATH"}
    refused(run_croft("run", "--profile", "system", "--", "true", env=bare), 127, "PATH")
    succeeds(run_croft("run", "--profile", "system", "--", "/bin/true", env=bare))
    succeeds(run_croft("run", "--profile", "system", "--env", "PATH=/bin", "--", "true", env=bare))
    refused(run_croft("run", "--profile", "empty", "--execute", "/usr", "--", "true"), 127, "PATH")


@test("an empty entry of PATH is the working directory, and an empty PATH has only that")
def _():
    folder = project()
    script(os.path.join(folder, "own-tool"), "echo ran")
    for path in ("", ":/bin", "/bin:", "/bin::/usr/bin"):
        result = run_croft("run", "--env", f"PATH={path}", "--", "own-tool", cwd=folder)
        equal(succeeds(result).out, "ran\n", f"output with PATH={path!r}")
    refused(run_croft("run", "--env", "PATH=/bin", "--", "own-tool", cwd=folder), 127)


@test("without HOME everything starts that needs none, '~' is explained")
def _():
    bare = {k: v for k, v in os.environ.items() if k != "HOME"}
    starts([], env=bare)
    succeeds(run_croft("run", "--", "true", cwd=project(), env=bare))
    refuses(["--read", "~/x"], "HOME", env=bare)
    refuses(["--write", "~"], "HOME", env=bare)
    home = tempdir()
    write_file(os.path.join(home, "x"))
    starts(["--read", "~/x"], env=dict(bare, HOME=home))


@test("a HOME that is empty or relative is no home", variants=["", "home", "."])
def _(text):
    refuses(["--read", "~/x"], "HOME", env=dict(os.environ, HOME=text))
    starts([], env=dict(os.environ, HOME=text))


@test("a HOME that does not exist does no harm until it is needed")
def _():
    env = dict(os.environ, HOME="/nowhere/home")
    succeeds(run_croft("run", "--", "true", cwd=project(), env=env))
    refuses(["--read", "~"], "/nowhere/home", env=env)
    starts(["--read", "optional:~"], env=env)


@test("an environment without any variable is enough")
def _():
    starts([], env={})


CLOSED = [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]]


@test("closed standard descriptors are refused, and nothing lands in them", variants=CLOSED)
def _(closed):
    for tier in ([], ["--supervise"]):
        canary = Canary()
        target = write_file(os.path.join(tempdir(), "target"), "untouched")
        line = " ".join(f"{n}>&-" if n else "0<&-" for n in closed)
        inner = " ".join(map(shell_word, [CROFT, "run", *canary.grants, *tier, "--read", target, "--",
                                          *canary.command]))
        result = run("/bin/sh", "-c", f"{inner} {line}")
        status_is(result, 125)
        if 2 not in closed:
            is_message(result.err)
            contains(result.err, f"descriptor {closed[0]}", "message")
        true(not canary.has_run(), "the command ran")
        equal(read_file(target), "untouched", "a file that was granted")
    starts([], stdin=subprocess.DEVNULL)


def shell_word(text):
    return "'" + text.replace("'", "'\\''") + "'"


@test("help and version refuse a closed standard output as well")
def _():
    status_is(run("/bin/sh", "-c", f"{CROFT} --version >&-"), 125)
    status_is(run("/bin/sh", "-c", f"{CROFT} --help >&-"), 125)
    succeeds(run("/bin/sh", "-c", f"{CROFT} --version >/dev/null"))


def from_removed(*args):
    """croft from a directory that is no more."""
    folder = os.path.join(tempdir(), "gone")
    os.mkdir(folder)

    def remove():
        os.chdir(folder)
        os.rmdir(folder)
    return run_croft(*args, preexec_fn=remove)


@test("a working directory that was removed is explained, and does no harm where it is not needed")
def _():
    refused(from_removed("run", "--", "/bin/true"), 125, "working directory")
    refused(from_removed("run", "--profile", "system", "--read", ".", "--", "/bin/true"), 125, "working directory")
    refused(from_removed("run", "--profile", "system", "--read", "./x", "--", "/bin/true"), 125,
            "working directory")
    succeeds(from_removed("run", "--profile", "system", "--", "/bin/true"))
    equal(succeeds(from_removed("run", "--profile", "system", "--chdir", "/usr", "--", "pwd")).out, "/usr\n", "pwd")


@test("a descriptor that is given twice is refused")
def _():
    with open("/dev/null", "rb") as f:
        n = fcntl.fcntl(f, fcntl.F_DUPFD, 20)
    cleanup(os.close, n)
    refuses(["--keep-fd", str(n), "--keep-fd", str(n)], f"{n} is given twice", pass_fds=[n])
    refuses(["--keep-fd", str(n), "--keep-fd", f"0{n}"], pass_fds=[n])
    starts(["--keep-fd", str(n)], pass_fds=[n])


@test("what is no descriptor cannot be kept", variants=["-1", "0", "1", "2", "x", "3.0", "99999999999", "1048576",
                                                        "4294967299", " 3"])
def _(text):
    refuses(["--keep-fd", text])


@test("a descriptor that is closed cannot be kept, nor one of croft's own", variants=[3, 4, 5, 9, 100])
def _(n):
    refuses(["--keep-fd", str(n)], str(n), "Bad file descriptor", close_fds=True)


@test("the status needs a descriptor that is open for writing")
def _():
    for text in ("-1", "x", "1048576", "99999999999"):
        refuses(["--status-fd", text])
    refuses(["--status-fd", "77"], "77")
    with open("/dev/null", "rb") as f:
        refuses(["--status-fd", "0"], "not open for writing", stdin=f)
    with open("/etc/passwd", "rb") as f:
        refuses(["--status-fd", str(f.fileno())], "not open for writing", pass_fds=[f.fileno()])
        path = os.open("/tmp", os.O_PATH)
        cleanup(os.close, path)
        refuses(["--status-fd", str(path)], pass_fds=[path])
    with open("/dev/null", "wb") as f:
        starts(["--status-fd", str(f.fileno())], pass_fds=[f.fileno()])


# The working directory of the default profile

@test("the default profile does not take the home directory, one above it, or / for a project")
def _():
    base = tempdir()
    home = os.path.join(base, "home", "me")
    inside = os.path.join(home, "project")
    os.makedirs(inside)
    env = dict(os.environ, HOME=home)
    for place in (home, os.path.dirname(home), base, "/"):
        refused(run_croft("run", "--", "true", cwd=place, env=env), 125, "working directory", f"'{place}'")
        refused(run_croft("plan", cwd=place, env=env), 125, "working directory")
        succeeds(run_croft("run", "--profile", "system", "--", "true", cwd=place, env=env))
    succeeds(run_croft("run", "--", "touch", "made", cwd=inside, env=env))
    true(os.path.exists(os.path.join(inside, "made")), "the project is writable")
    beside = os.path.join(base, "home", "me2")
    os.mkdir(beside)
    succeeds(run_croft("run", "--", "true", cwd=beside, env=env))


@test("a home behind a link is still known as home, however it is spelled")
def _():
    base = tempdir()
    home = os.path.join(base, "home")
    os.mkdir(home)
    os.symlink(home, os.path.join(base, "link"))
    for name in (os.path.join(base, "link"), home + "/", home + "/.", f"{base}//home", f"{base}/link/../home"):
        refused(run_croft("run", "--", "true", cwd=home, env=dict(os.environ, HOME=name)), 125, "home directory")
    succeeds(run_croft("run", "--", "true", cwd=home, env=dict(os.environ, HOME="/nowhere")))


@test("what is said is done: --write of the home directory is no mistake")
def _():
    home = tempdir()
    env = dict(os.environ, HOME=home)
    succeeds(run_croft("run", "--profile", "system", "--write", "~", "--", "touch", f"{home}/made", env=env))
    true(os.path.exists(os.path.join(home, "made")), "the home directory is writable")


# Values

@test("what is no time is refused", variants=["0", "0s", "-1", "1.5s", "1 s", "s", "1w", "1s1", "366d",
                                              "99999999999999999999", "0x1", "+1"])
def _(text):
    refuses(["--time", text])
    refuses(["--time", "1h", "--grace", text])


@test("times are taken in every unit", variants=["500ms", "90", "90s", "30m", "2h", "1d", "365d"])
def _(text):
    starts(["--time", text])
    starts(["--time", "1h", "--grace", text])


@test("what is no limit is refused", variants=[
    "memory", "memory=", "memory=0", "memory=-1", "memory=1X", "memory=1.5G", "memory=99999999999999999999",
    "memory= 1G", "memory=1G ",
    "memory=16777216T", "processes=0", "processes=x", "processes=1K", "open-files=0", "file-size=", "cpu=0",
    "cpu=fast", "=1",
    "Memory=1G", "core=1", "memory:1G"])
def _(text):
    refuses(["--limit", text])


@test("sizes are taken in every unit", variants=["4294967296", "4G", "4GiB", "4GB", "4194304K", "4194304KiB",
                                                 "4096M", "1T", "1TiB"])
def _(text):
    starts(["--limit", f"file-size={text}"])


@test("names of protections, groups and profiles are whole words, and the nearest is named", variants=[
    ("--require", "file", "files"), ("--prefer", "signal", "signals"), ("--off", "private-tmpp", "private-tmp"),
    ("--allow", "iouring", "io-uring"), ("--profile", "defualt", "default"), ("--limit", "memry=1G", "memory")])
def _(words):
    option, wrong, nearest = words
    refused(run_croft("run", option, wrong, "--", "true", cwd=project()), 125, f"'{nearest}'")


main()
