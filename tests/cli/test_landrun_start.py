#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_landrun_start.py - as landrun, croft reads its command line, finds the command and becomes it.

What the command needs is found without being executed; each failure is one line with the name
that matters. At the end stand command lines that are in use elsewhere, with this machine's paths.
"""
from _landrun import *      # pylint: disable=wildcard-import,unused-wildcard-import


# The command line

@test("what follows the command is the command's, options included")
def _():
    secret = write_file(f"{tempdir()}/secret", "s")
    for dashes in ([], ["--"]):
        result = landrun(*MINIMUM, *dashes, PAYLOAD, "args", "--rw", "/root", "--", "-la")
        equal(succeeds(result).out.splitlines(), ["--rw", "/root", "--", "-la"], "arguments")
        words = [PAYLOAD, "each", "open-read", secret, ",", "args", "--ro", secret, ","]
        equal(landrun(*MINIMUM, *dashes, *words).out.splitlines()[0], "EACCES", "what the tail names")
    equal(landrun(*MINIMUM, "--ro", secret, *words).out.splitlines()[0], "ok", "what an option names")


@test("what is wrong with the words is said in one line", variants=[
    ("--no-such-option", "--no-such-option"), ("--rx", "'--rx'"), ("-x", "'-x'"), ("--ldd=perhaps", "'perhaps'"),
    ("--best-efort", "--best-effort"), ("--ro", "--ro needs a value"), ("", "find"), ("/missing/prog", "/missing/prog"),
    ("no-such-program-at-all", "no-such-program-at-all"), ("/etc/passwd", "/etc/passwd"), ("/usr", "/usr")])
def _(variant):
    word, part = variant
    is_refusal(landrun(BEST, "--rox", "/", word), part)


@test("without a command there is nothing to do", variants=["", "--", BEST])
def _(word):
    is_refusal(landrun(*word.split()), "no command")


@test("a name on a terminal cannot forge a message")
def _():
    is_refusal(landrun(BEST, "--ro", "/x\n[landrun:error] \x1b[2J", "true"), "\\n", "\\e")


@test("help and version are printed, under both names", variants=["--version", "-v", "--help", "-h", "-help"])
def _(word):
    for words in ([link()], [CROFT, "--as", "landrun"], [CROFT, "--as=landrun"]):
        out = succeeds(run(*words, "--rox", "/usr", word)).out
        if "v" in word:
            matches(out, r"\Alandrun version 0\.1\.18 \(croft \d+\.\d+\.\d+\)\n\Z", "version")
        else:
            for option in ("--rwx", "--best-effort", "--keep-fd", "LANDRUN_LOG_LEVEL"):
                contains(out, option, "help")


@test("only the name itself makes croft a landrun")
def _():
    folder = tempdir()
    for name, is_landrun in (("landrun", True), ("croft", False), ("my-landrun", False), ("landrun.sh", False)):
        os.symlink(CROFT, f"{folder}/{name}")
        result = run(f"{folder}/{name}", *MINIMUM, "--", PAYLOAD, "args", "x")
        status_is(result, 0 if is_landrun else 125)
    equal(succeeds(run_croft("--as", "landrun", *MINIMUM, PAYLOAD, "args", "x")).out, "x\n", "--as")
    for words in (["--as", "nolaunch"], ["--as=", "x"], ["--as", "landru"]):
        refused(run_croft(*words, "--rox", "/"), 125, "landrun")
    refused(run_croft("--as"), 125, "--as needs a value")


@test("messages come at the level that was asked for")
def _():
    words = ["--rox", PAYLOAD, "--connect-tcp", "443", "--", PAYLOAD, "args", "x"]
    info, debug = re.compile(r"(\[landrun\] [^\n]*\n)+"), re.compile(r"(\[landrun(:debug)?\] [^\n]*\n)+")

    def err(*options, **env):
        result = landrun(BEST, *options, *words, env=dict(os.environ, **env))
        equal(succeeds(result).out, "x\n", "output")
        return ASAN_STACK.sub("", result.err)
    for options, env in (((), {}), (("--log-level", "error"), {"LANDRUN_LOG_LEVEL": "debug"}),
                         (("--log-level=nonsense",), {}), ((), {"LANDRUN_LOG_LEVEL": "loud"})):
        equal(err(*options, **env), "", f"with {options} {env}")
    for options, env in ((("--log-level", "info"), {}), (("-log-level=INFO",), {}), ((), {"LANDRUN_LOG_LEVEL": "info"})):
        true(info.fullmatch(err(*options, **env)), f"with {options} {env}")
        contains(err(*options, **env), PAYLOAD, "the command")
    text = err("--log-level", "debug")
    true(debug.fullmatch(text), f"not all lines have a prefix: {text!r}")
    for part in (f"ABI {ABI}", f"'{PAYLOAD}' (--rox)", "[landrun:debug] Environment: nothing"):
        contains(text, part, "debug")


# Starting

@test("the command takes landrun's place: process, standard streams, directory, exit status")
def _():
    folder = tempdir()
    child = subprocess.Popen([link(), BEST, *SYSTEM, "--", "/bin/sh", "-c", "read x; echo $$ $x; pwd; exit 7"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
    out = child.communicate(b"word\n", timeout=30)[0].decode()
    equal(out.splitlines(), [f"{child.pid} word", folder], "output")
    equal(child.returncode, 7, "status")


@test("a signal reaches the command itself, and its end is the launcher's", variants=["TERM", "KILL", "SEGV"])
def _(name):
    status_is(landrun(*MINIMUM, "--", PAYLOAD, "signal-self", str(signal_number(name))),
              -signal_number(name))


@test("the command is searched on landrun's own PATH, and its name stays as written")
def _():
    folder = tempdir()
    shutil.copy(PAYLOAD, f"{folder}/tool")
    words = [BEST, "--rox", folder, "--", "tool", "env"]
    equal(succeeds(landrun(*words, env={"PATH": f"/missing:{folder}"})).out, "", "environment")
    is_refusal(landrun(*words, env={"PATH": "/missing"}), "tool")
    is_refusal(landrun(*words, env={}), "tool", "PATH")
    equal(succeeds(landrun(BEST, "--rox", folder, "./tool", "args", "x", cwd=folder)).out, "x\n", "a relative name")


@test("a closed standard stream is said")
def _():
    result = run("/bin/sh", "-c", 'exec "$0" "$@" <&-', link(), *MINIMUM, "--", PAYLOAD, "cwd")
    is_refusal(result, "standard input")


# --add-exec and --ldd

SHELL = "/bin/sh"


def script_of(interpreter, text, name="script"):
    return executable(f"{tempdir()}/{name}", f"#!{interpreter}\n{text}\n")


@test("--add-exec and --ldd grant what a program needs to start, and either alone does not", variants=[
    "/bin/true", "/bin/ls", PYTHON, "/bin/bash"])
def _(program):
    words = [program, "--version"]
    plain = run(*words)
    equal(succeeds(landrun(BEST, "-ldd", "-add-exec", "--", *words)).out, plain.out, "output")
    is_refusal(landrun(BEST, "--ldd", *words), os.path.realpath(program), "--add-exec")
    is_refusal(landrun(BEST, "--add-exec", *words), "ld", "--ldd")
    is_refusal(landrun(BEST, *words), os.path.realpath(program), "--add-exec")


@test("a program that is granted under another of its names is executed")
def _():
    folder = tempdir()
    shutil.copy(PAYLOAD, f"{folder}/one")
    os.link(f"{folder}/one", f"{folder}/two")
    shutil.copy(PAYLOAD, f"{folder}/three")
    equal(succeeds(landrun(BEST, "--rox", f"{folder}/one", f"{folder}/two", "args", "x")).out, "x\n", "output")
    is_refusal(landrun(BEST, "--rox", f"{folder}/one", f"{folder}/three", "args", "x"), f"{folder}/three", "--rox")


@test("--ldd grants files, not the directories they are in")
def _():
    result = landrun(BEST, "--add-exec", "--ldd", SHELL, "-c", "echo ran; . /etc/passwd")
    contains(result.out, "ran", "output")
    differs(result.status, 0, "status")


@test("--ldd follows the interpreters of a script", variants=["/bin/sh", "/usr/bin/env sh", "/usr/bin/env -S sh -e"])
def _(interpreter):
    path = script_of(interpreter, "echo ran $0")
    words = [BEST, "--add-exec", path]
    equal(succeeds(landrun(*words[:2], "--ldd", path)).out, f"ran {path}\n", "with --ldd")
    is_refusal(landrun(*words), os.path.realpath(interpreter.split()[0]), "--ldd")


@test("--ldd follows a script whose interpreter is a script")
def _():
    inner = script_of("/bin/sh", "echo inner $1", "inner")
    outer = script_of(inner, "", "outer")
    equal(succeeds(landrun(BEST, "--add-exec", "--ldd", outer)).out, f"inner {outer}\n", "output")
    is_refusal(landrun(BEST, "--add-exec", outer), inner)


@test("an interpreter or loader that is not there is named, with and without --ldd")
def _():
    gone = f"{tempdir()}/gone"
    with open("/bin/true", "rb") as f:
        program = f.read()
    match = re.search(rb"/lib[\w./-]*/ld-[\w.-]+", program)
    broken = executable(f"{tempdir()}/broken", program.replace(match[0], match[0][:-1] + b"X"))
    for options in ([], ["--ldd", "--add-exec"]):
        is_refusal(landrun(BEST, "--rox", "/", *options, script_of(gone, "")), gone)
        is_refusal(landrun(BEST, "--rox", "/", *options, broken), match[0].decode()[:-1] + "X")


def needing(name):
    """A program that needs the C library under another name of the same length."""
    with open("/bin/true", "rb") as f:
        program = f.read()
    true(b"libc.so.6" in program, "no libc.so.6 in /bin/true")
    return executable(f"{tempdir()}/program", program.replace(b"libc.so.6", name.encode()))


def libc():
    maps = read_file("/proc/self/maps")
    return re.search(r"/\S*libc\.so\.6", maps)[0]


@test("a library that is nowhere is warned of by name, and the start goes on")
def _():
    program = needing("libq.so.6")
    result = landrun(BEST, "--add-exec", "--ldd", program)
    status_is(result, 127)      # the loader's
    matches(result.err, r"\A\[landrun\] warning: --ldd: [^\n]*libq\.so\.6[^\n]*\n", "standard error")
    equal(landrun(BEST, "--add-exec", "--ldd", "/bin/true").err, "", "without trouble")


@test("LD_LIBRARY_PATH counts if --env passes it")
def _():
    program, folder = needing("libq.so.6"), tempdir()
    shutil.copy(libc(), f"{folder}/libq.so.6")
    words = [BEST, "--add-exec", "--ldd", program]
    outer = dict(os.environ, LD_LIBRARY_PATH=folder)
    result = landrun("--env", "LD_LIBRARY_PATH", *words, env=outer)
    equal((result.status, result.err), (0, ""), "passed")
    equal(landrun("--env", f"LD_LIBRARY_PATH={folder}", *words).status, 0, "set")
    status_is(landrun(*words, env=outer), 127)


@test("LD_PRELOAD counts if --env passes it")
def _():
    library = shutil.copy(f"{os.path.dirname(libc())}/libm.so.6", f"{tempdir()}/libp.so")
    words = [BEST, "--add-exec", "--env", f"LD_PRELOAD={library}"]
    contains(landrun(*words, *SYSTEM, "/bin/true").err, "cannot be preloaded", "without --ldd")
    result = landrun(*words, "--ldd", "/bin/true")
    equal((result.status, result.err), (0, ""), "with --ldd")


# Command lines in use

@test("command lines that are in use work")
def _():
    folder = tempdir()
    os.makedirs(f"{folder}/project/.lake")
    os.makedirs(f"{folder}/cache")
    env = dict(os.environ, HOME=folder, TERM="xterm")
    lines = {
        # a checker of proofs: what is built may be written, nothing else
        "comparator": ["--best-effort", "--ro", "/", "--rw", "/dev", "-ldd", "-add-exec", "--env", "PATH", "--env",
                       "HOME", "--ro", f"{folder}/project", "--rwx", f"{folder}/project/.lake", "--rox", "/usr"],
        # a Nix module
        "module": ["--best-effort", "--rox", "/usr,/bin,/lib", "--ro", "/dev,/etc,/sys,/proc", "--rw",
                   "/dev/null,/dev/zero", "--rwx", f"{folder}/project/.lake", "--rw", f"{folder}/cache", "--env", "HOME",
                   "--env", "TERM", "--env", "PATH", "--connect-tcp", "443", "--unrestricted-network"],
        # a course's terminal
        "course": ["--best-effort", "--add-exec", "--unrestricted-network", "-env", "PATH", "--env", "HOME", "--rox",
                   "/bin,/lib,/opt,/sys,/usr,/sbin,/etc", "--rwx", "/proc", "--rwx", "/dev/null,/dev/urandom",
                   "--rwx", f"{folder}/project/.lake/"],
    }
    for name, words in lines.items():
        made, other = f"{folder}/project/.lake/{name}", f"{folder}/project/{name}"
        for dashes in ([], ["--"]):
            text = f"echo x > {made} && cat {made} && ! (echo x > {other}) 2>/dev/null && echo $HOME"
            result = landrun("--ignore-missing", *words, *dashes, "/bin/sh", "-c", text, env=env)
            equal((succeeds(result).out, result.err), (f"x\n{folder}\n", ""), name)
            true(not os.path.exists(other), f"{name}: written outside")


@test("an installer's check of its own build passes")
def _():
    folder = tempdir()
    write_file(f"{folder}/dir1/file1", "content\n")
    system = [BEST, *SYSTEM]
    how = {"cwd": folder}
    status_is(landrun(*system, "sh", "-c", "exit", **how), 0)
    differs(landrun(*system, "sh", "-c", "< dir1/file1", **how).status, 0, "reading ungranted")
    equal(landrun(*system, "--ro", "./dir1", "--env", "PATH", "sh", "-c", "cat dir1/file1", **how).out, "content\n",
          "reading")
    differs(landrun(*system, "--ro", "./dir1", "sh", "-c", "echo x > dir1/file1", **how).status, 0, "writing ungranted")
    equal(read_file(f"{folder}/dir1/file1"), "content\n", "the file")
    succeeds(landrun(*system, "--rw", "./dir1", "sh", "-c", "echo x > dir1/file1", **how))
    equal(read_file(f"{folder}/dir1/file1"), "x\n", "the file")


main()
