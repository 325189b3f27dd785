#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_exit.py - how croft ends: statuses, signals, and one line that says why.
"""
from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

SIGNALS = ["HUP", "INT", "QUIT", "ABRT", "KILL", "SEGV", "PIPE", "ALRM", "TERM", "USR1", "XCPU", "RTMIN", "RTMAX"]


@test("the exit status is the command's own", variants=[0, 1, 2, 42, 99, 123, 128, 129, 255])
def _(status):
    for tier in TIERS.values():
        result = sh(f"exit {status}", *tier)
        status_is(result, status)
        equal(result.out + without_warning(result.err), "", "output of croft itself")


@test("a command may end with croft's own statuses, and croft says nothing then", variants=[124, 125, 126, 127])
def _(status):
    for tier in TIERS.values():
        result = sh(f"exit {status}", *tier)
        status_is(result, status)
        equal(without_warning(result.err), "", "standard error")
    result, said = status_of("--profile", "system", "--", "/bin/sh", "-c", f"exit {status}")
    equal((result.status, said["started"], said["exit_status"]), (status, True, status), "started, status")


@test("in place, a command that is killed ends by that signal", variants=SIGNALS)
def _(name):
    result = sh(f"ulimit -c 0; kill -{signal_number(name)} $$")
    status_is(result, -signal_number(name))
    equal(without_warning(result.err), "", "standard error")


@test("supervised, a command that is killed by signal n gives 128+n", variants=SIGNALS)
def _(name):
    result = sh(f"ulimit -c 0; kill -{signal_number(name)} $$", "--supervise")
    status_is(result, 128 + signal_number(name))
    equal(without_warning(result.err), "", "standard error")


@test("a shell sees a killed command in place as 128+n too")
def _():
    line = f"{CROFT} run --profile system -- /bin/sh -c 'kill -TERM $$'; echo $?"
    contains(succeeds(run("/bin/sh", "-c", line)).out, "143", "what the shell says")


@test("the time limit gives 124 and one line, a command in time its own status")
def _():
    result = sh("exec sleep 30", "--time", "200ms")
    refused(result, 124, "time limit")
    status_is(sh("exit 3", "--time", "30s"), 3)


@test("a wrong use gives 125", variants=[
    ["run"], ["run", "--"], ["run", "--supervise"], ["plan", "--nope"], ["why"], ["why", "read"],
    ["why", "read", "/etc", "more"], ["why", "fly", "/etc"], [], ["nope"], ["--nope"], ["run", "--read"]])
def _(words):
    refused(run_croft(*words), 125)


@test("a profile that cannot be built gives 125, and nothing runs")
def _():
    refuses(["--tier", "landlock", "--require", "hidden"], "'hidden'", "required", "--tier landlock")
    starts(["--tier", "landlock", "--prefer", "hidden"])


@test("a protection that is preferred and absent is named in one line, and the command runs")
def _():
    result = starts(["--prefer", "hidden"])
    equal(result.err.count("\n"), 1, f"lines of {result.err!r}")
    matches(result.err, r"^croft: not enforced here: .*hidden", "message")
    lacks(starts(["--off", "hidden"]).err, "hidden", "standard error when it is off")


@test("a command that is there and cannot be executed gives 126")
def _():
    folder = tempdir()
    plain = write_file(os.path.join(folder, "plain"), "#!/bin/sh\nexit 5\n", 0o644)
    options = ["--execute", folder]
    refuses_command([plain], 126, plain, "Permission denied", options=options)
    os.chmod(plain, 0o755)
    status_is(run_croft("run", "--profile", "system", *options, "--", plain), 5)


@test("a command that is not granted gives 126 and the grant that is missing")
def _():
    folder = tempdir()
    program = script(os.path.join(folder, "program"), "exit 6")
    refuses_command([program], 126, program, f"add --execute {program}")
    refuses_command([program], 126, f"add --execute {program}", options=["--read", folder])
    status_is(run_croft("run", "--profile", "system", "--execute", program, "--", program), 6)


@test("another hard link of a granted file is granted, a copy of it is not")
def _():
    folder = tempdir()
    program = os.path.join(folder, "program")
    shutil.copy(PAYLOAD, program)
    os.chmod(program, 0o755)
    os.link(program, os.path.join(folder, "link"))
    shutil.copy(program, os.path.join(folder, "copy"))
    words = ["run", "--profile", "empty", "--execute", program, "--"]
    succeeds(run_croft(*words, os.path.join(folder, "link"), "cwd"))
    refused(run_croft(*words, os.path.join(folder, "copy"), "cwd"), 126, "no grant covers")


@test("a command that is not there gives 127")
def _():
    refuses_command(["no-such-program-here"], 127, "no-such-program-here", "PATH")
    refuses_command(["/no/such/program"], 127, "/no/such/program")
    folder = tempdir()
    refuses_command([os.path.join(folder, "gone")], 127, "gone")
    status_is(run_croft("run", "--profile", "system", "--", "sh", "-c", "exit 7"), 7)


@test("127 and 126 come from the command's PATH: the first that can be executed wins")
def _():
    folder = tempdir()
    first, second = os.path.join(folder, "first"), os.path.join(folder, "second")
    write_file(os.path.join(first, "tool"), "#!/bin/sh\nexit 1\n", 0o644)
    script(os.path.join(second, "tool"), "exit 8")
    os.makedirs(os.path.join(first, "only"))
    options = ["--profile", "system", "--execute", folder]
    status_is(run_croft("run", *options, "--env", f"PATH={first}:{second}", "--", "tool"), 8)
    refused(run_croft("run", *options, "--env", f"PATH={first}", "--", "tool"), 126, "tool")
    refused(run_croft("run", *options, "--env", f"PATH={first}", "--", "only"), 127, "only")
    refused(run_croft("run", *options, "--env", f"PATH={folder}", "--", "tool"), 127, "tool")


@test("the PATH that counts is the one that the command gets, not croft's own")
def _():
    folder = tempdir()
    script(os.path.join(folder, "own-tool"), "exit 9")
    outer = dict(os.environ, PATH=f"{folder}:/usr/bin:/bin")
    options = ["--profile", "system", "--execute", folder]
    status_is(run_croft("run", *options, "--", "own-tool", env=outer), 9)
    refused(run_croft("run", *options, "--env", "PATH=/usr/bin", "--", "own-tool", env=outer), 127)
    status_is(run_croft("run", *options, "--env", f"PATH={folder}", "--", "own-tool"), 9)


FAILURES = {
    "a missing path": ["--read", "/nowhere/at/all"],
    "a wrong port": ["--connect", "65536"],
    "a wrong limit": ["--limit", "memory=lots"],
    "a wrong time": ["--time", "soon"],
    "an unknown option": ["--wriet", "/tmp"],
    "an unknown protection": ["--require", "luck"],
    "an unknown group": ["--allow", "everything"],
    "an unknown profile": ["--profile", "nope"],
    "a descriptor that is not open": ["--keep-fd", "77"],
    "a status descriptor that is not open": ["--status-fd", "78"],
    "a working directory that is not there": ["--chdir", "/nowhere/at/all"],
    "a switch with a value": ["--supervise=yes"],
    "a variable without a name": ["--env", "=x"],
    "a protection that cannot be had": ["--tier", "landlock", "--require", "hidden"],
}


@test("a failure is one line that begins with 'croft: ', on standard error alone, and nothing runs",
      variants=FAILURES)
def _(name):
    refuses(FAILURES[name])


@test("a failure is the same supervised, with status 125 and nothing run", variants=FAILURES)
def _(name):
    if name == "a switch with a value":
        refuses(FAILURES[name] + ["--time", "1m"])
    else:
        refuses(["--supervise", *FAILURES[name]])


HOSTILE = {
    "line break": "a\nb",
    "carriage return": "a\rb",
    "escape sequence": "a\x1b[2J\x1b]0;title\x07b",
    "backspace": "a\b\b\bb",
    "delete": "a\x7fb",
    "C1 control": "a\u009b31mb",
    "broken UTF-8": b"a\xff\xfe\x80b",
    "line separator": "a\u2028b",
    "right-to-left override": "a\u202eb",
}


@test("control characters in names cannot reach the terminal", variants=HOSTILE)
def _(name):
    text = HOSTILE[name]
    raw = text if isinstance(text, bytes) else text.encode()
    for words in ([b"run", b"--read", b"/nowhere/" + raw, b"true"], [b"run", b"--", b"/nowhere/" + raw],
                  [b"run", b"--", raw], [raw], [b"run", b"--" + raw], [b"run", b"--connect", raw, b"true"],
                  [b"run", b"--limit", raw + b"=1", b"true"], [b"run", b"--require", raw, b"true"],
                  [b"run", b"--read", raw, b"true"], [b"run", b"--chdir", b"/" + raw, b"true"],
                  [b"run", b"--profile", raw, b"true"], [b"run", b"--time", raw, b"true"],
                  [b"why", raw, b"/etc"], [b"plan", b"--host", raw]):
        result = run_croft(*words)
        true(result.status in (125, 127), f"status {result.status}\n{result}")
        is_message(result.err)
        for bad in ("\x1b", "\u009b", "\u2028", "\u202e", "\udcff"):
            lacks(result.err, bad, "message")


@test("a name that is printed by plan and why is escaped too", variants=["line break", "escape sequence"])
def _(name):
    folder = os.path.join(tempdir(), HOSTILE[name])
    os.mkdir(folder)
    for result in (run_croft("plan", "--profile", "empty", "--read", folder),
                   run_croft("why", "--profile", "empty", "--read", folder, "read", folder)):
        succeeds(result)
        lacks(result.out, "\x1b", "what is printed")
        lacks(result.out, HOSTILE[name], "what is printed")
    rules = json.loads(succeeds(run_croft("plan", "--profile", "empty", "--json", "--read", folder)).out)["rules"]
    equal([r["path"] for r in rules], [folder], "path in JSON")


@test("a failure of a stage in the child is said by name, and nothing ran", variants=["in place", "supervised"])
def _(name):
    canary, place = Canary(), os.path.join(tempdir(), "place")
    os.mkdir(place, 0o700 if IS_ROOT else 0)
    if IS_ROOT:     # who may enter any directory
        os.rmdir(place)
        write_file(place)
    options = TIERS[name] + ["--chdir", place]
    refused(canary.run(options), 125, place, "Not a directory" if IS_ROOT else "Permission denied")
    true(not canary.has_run(), "the command ran")
    if IS_ROOT:
        os.unlink(place)
        os.mkdir(place)
    os.chmod(place, 0o700)
    succeeds(canary.run(options))
    true(canary.has_run(), "the command did not run")


@test("an exec that fails after all checks gives 126, and the fresh TMPDIR goes",
      variants=["in place", "supervised"])
def _(name):
    # no look at a file tells that somebody has it open for writing
    busy = os.path.join(tempdir(), "busy")
    shutil.copy(PAYLOAD, busy)
    os.chmod(busy, 0o755)
    words = ["run", "--profile", "system", *TIERS[name], "--execute", busy, "--", busy, "cwd"]
    with open(busy, "r+b"):
        refused(run_croft(*words), 126, busy, "Text file busy", "open for writing")
    succeeds(run_croft(*words))
    wait_until(lambda: not leftovers(), "the TMPDIR is removed")


@test("messages go out whole when standard error is a full disk or gone")
def _():
    with open("/dev/full", "wb") as full:
        status_is(run_croft("run", "--read", "/nowhere", "--", "true", stderr=full), 125)
        status_is(run_croft("--version", stdout=full), 125)
        status_is(run_croft("plan", stdout=full, cwd=project()), 125)
    succeeds(run_croft("--version"))


@test("colours are not sent to what is not a terminal")
def _():
    for words, status in ((["--help"], 0), (["plan"], 0), (["run", "--nope"], 125), (["why", "read", "/etc"], 0)):
        result = run_croft(*words, cwd=project())
        status_is(result, status)
        lacks(result.out + result.err, "\x1b", "output")


main()
