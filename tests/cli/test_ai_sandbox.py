#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_ai_sandbox.py - what a profile of version 1 lets through and what not, as ai-sandbox-landlock.

The original handles only what some group grants, so that its read-only profiles block no writing.
Each operation here is refused without its right and works with it. The notes that the original
gives its users on security are tests, too.
"""
import socket

from _ai_sandbox import *       # pylint: disable=wildcard-import,unused-wildcard-import

# operation: (its words in a directory {d} with a file f, a directory e and a file e/g; the rights that it needs)
OPERATIONS = {
    "read": (["open-read", "{d}/f"], ["read_file"]),
    "list": (["read-dir", "{d}"], ["read_dir"]),
    "write": (["open-write", "{d}/f"], ["write_file"]),
    "append": (["append", "{d}/f"], ["write_file"]),
    "cut": (["truncate", "{d}/f"], ["truncate"]),
    "cut in opening": (["open-write-trunc", "{d}/f"], ["write_file", "truncate"]),
    "create": (["create", "{d}/new"], ["write_file"]),
    "make a directory": (["mkdir", "{d}/new"], ["write_file"]),
    "make a link": (["symlink", "f", "{d}/new"], ["write_file"]),
    "make a pipe": (["mknod", "fifo", "{d}/new"], ["write_file"]),
    "make a socket": (["mksock", "{d}/new"], ["write_file"]),
    "remove": (["unlink", "{d}/f"], ["remove_file"]),
    "remove a directory": (["rmdir", "{d}/empty"], ["remove_dir"]),
    "rename": (["rename", "{d}/f", "{d}/new"], ["write_file", "remove_file"]),
    "move": (["rename", "{d}/e/g", "{d}/new"], ["write_file", "remove_file"]),
    "move a directory": (["rename", "{d}/empty", "{d}/e/new"], ["write_file", "remove_file", "remove_dir"]),
    "link": (["link", "{d}/f", "{d}/e/new"], ["write_file", "remove_file"]),
}
REFUSALS = {"EACCES", "EXDEV"}      # the second where only moving is refused


def tree():
    """A directory with something to do everything to."""
    folder = tempdir()
    write_file(f"{folder}/f", "text")
    write_file(f"{folder}/e/g", "text")
    os.mkdir(f"{folder}/empty")
    return folder


def content(folder):
    """All names and texts of a directory."""
    found = {}
    for path, folders, files in os.walk(folder):
        for name in folders + files:
            full = os.path.join(path, name)
            is_text = os.path.isfile(full) and not os.path.islink(full)
            found[os.path.relpath(full, folder)] = read_file(full) if is_text else None
    return found


def attempt(name, rights):
    """The operation with these rights on the directory: its answer, and whether anything changed."""
    folder = tree()
    before = content(folder)
    words = [word.format(d=folder) for word in OPERATIONS[name][0]]
    answer = each({"projects": ([folder], rights)}, words)[0]
    return answer, content(folder) != before


def is_judged(name):
    """Whether this kernel tells the operation apart."""
    return not (name.startswith("cut") and ABI < TRUNCATE) and not (
        name in ("move", "move a directory", "link") and ABI < REFER)


@test("an operation works with the rights that it needs and no others", variants=list(OPERATIONS))
def _(name):
    if is_judged(name):
        equal(attempt(name, OPERATIONS[name][1])[0], "ok", "with just these")
    for right in OPERATIONS[name][1]:
        others = [r for r in RIGHTS if r != right]
        if name.startswith("cut") and ABI < TRUNCATE and right == "truncate":
            continue
        answer, changed = attempt(name, others)
        true(answer in REFUSALS, f"without {right}: {answer}")
        true(not changed, f"something changed without {right}")


@test("a profile for reading lets nothing be changed in any way", variants=list(OPERATIONS))
def _(name):
    answer, changed = attempt(name, RUN)
    equal(answer, "ok" if name in ("read", "list") else answer, "reading")
    if name not in ("read", "list"):
        true(answer in REFUSALS, f"answer {answer}")
    true(not changed, "something changed")


@test("nothing is let through where a group grants nothing", variants=list(OPERATIONS))
def _(name):
    answer, changed = attempt(name, [])
    true(answer in REFUSALS and not changed, f"answer {answer}")


@test("outside the groups nothing can be changed, whatever some group grants", variants=list(OPERATIONS))
def _(name):
    folder, granted = tree(), tree()
    before = content(folder)
    words = [word.format(d=folder) for word in OPERATIONS[name][0]]
    true(each({"projects": ([granted], RIGHTS)}, words)[0] in REFUSALS, "outside")
    equal(content(folder), before, "the directory outside")


@test("executing takes its own right")
def _():
    folder = tempdir()
    program = shutil.copy(PAYLOAD, f"{folder}/program")
    for rights, want in ((RUN, "x"), (READ, "EACCES"), ([r for r in RIGHTS if r != "execute"], "EACCES")):
        equal(each({"g": ([folder], rights)}, ["exec-path", program, "args", "x"])[0], want, f"with {rights}")


@test("rights on a file are those that files take")
def _():
    folder = tempdir()
    path, other = write_file(f"{folder}/f", "text"), write_file(f"{folder}/other", "text")
    ops = [["open-read", path], ["open-write", path], ["unlink", path], ["create", f"{folder}/new"],
           ["open-read", other]]
    equal(each({"g": ([path], RIGHTS)}, *ops), ["ok", "ok", "EACCES", "EACCES", "EACCES"], "answers")


@test("control_access grants nothing and takes nothing")
def _():
    folder = tree()
    ops = [["open-read", f"{folder}/f"], ["open-write", f"{folder}/f"]]
    for rights in ({}, {r: True for r in RIGHTS}, {r: False for r in RIGHTS}):
        answers = each({"g": ([folder], READ)}, *ops, control_access=rights)
        equal(answers, ["ok", "EACCES"], f"with {rights}")


@test("groups add up, and a path in two has the rights of both")
def _():
    folder = tree()
    ops = [["open-read", f"{folder}/f"], ["open-write", f"{folder}/f"], ["unlink", f"{folder}/f"]]
    equal(each({"a": ([folder], ["read_file"]), "b": ([f"{folder}/f"], ["write_file"])}, *ops), ["ok", "ok", "EACCES"],
          "answers")


# The original's notes on security

@test("a granted path that is a symbolic link stands for what it leads to, and the ruleset shows it")
def _():
    folder, real, other = tempdir(), tree(), tree()
    os.symlink(real, f"{folder}/link")
    groups = {"g": ([f"{folder}/link"], READ)}
    ops = [["open-read", f"{real}/f"], ["open-read", f"{folder}/link/f"], ["open-read", f"{other}/f"]]
    equal(each(groups, *ops), ["ok", "ok", "EACCES"], "answers")
    equal(ruleset(ai(*chosen(groups), "--dry-run"))[3]["g"]["paths"], [f"{folder}/link -> {real}"], "printed")
    # a link that is turned later leads where nothing is granted
    script(f"{folder}/turn", f"ln -sfn {other} {folder}/link", f"cat {folder}/link/f")
    groups = {**SYSTEM, "g": ([f"{folder}/link"], READ), "d": ([folder], RIGHTS)}
    result = ai(*chosen(groups), "--", f"{folder}/turn")
    differs(result.status, 0, "reading through the turned link")
    equal(os.readlink(f"{folder}/link"), other, "the link")


@test("a symbolic link inside a granted tree that leads outside is refused")
def _():
    folder, outside = tree(), tree()
    os.symlink(f"{outside}/f", f"{folder}/out")
    os.symlink(f"{folder}/f", f"{folder}/in")
    ops = [["open-read", f"{folder}/in"], ["open-read", f"{folder}/out"], ["open-write", f"{folder}/out"]]
    equal(each({"g": ([folder], RIGHTS)}, *ops), ["ok", "EACCES", "EACCES"], "answers")


@test("open descriptors are closed to the command but for those that are listed")
def _():
    groups = {"payload": ([PAYLOAD], RUN)}
    folder = os.open(tree(), os.O_RDONLY | os.O_DIRECTORY)
    cleanup(os.close, folder)
    equal(inside(chosen(groups), "fds", pass_fds=[folder]).split(), ["0", "1", "2"], "descriptors")
    words = [*chosen(groups), "--keep-fd", str(folder)]
    equal(inside(words, "fds", pass_fds=[folder]).split(), ["0", "1", "2", str(folder)], "with one listed")
    # what is kept is what it was: a directory is no way to files that are not granted
    equal(inside(words, "fd-create", str(folder), "new", pass_fds=[folder]), "EACCES", "by the directory")


@test("restrictions are inherited by all that the command starts", variants=["fork", "thread", "exec"])
def _(way):
    folder = tree()
    words = chosen({"payload": ([PAYLOAD], RUN), "g": ([folder], READ)})
    for op, want in (("open-write", "EACCES"), ("open-read", "ok")):
        equal(inside(words, way, op, f"{folder}/f"), want, op)


@test("Landlock only takes: what the caller may not read stays unreadable")
def _():
    folder = tempdir()
    path = write_file(f"{folder}/mine", "text", 0o000)
    free = payload("open-read", path).out.strip()
    equal(free, "ok" if IS_ROOT else "EACCES", "without a sandbox")
    equal(each({"g": ([folder], RIGHTS)}, ["open-read", path])[0], free, "with all rights")


@test("rights that this kernel's Landlock does not know are listed as ignored",
      variants=[str(n) for n in range(1, ABI)] if not FAKE else ["this"])
def _(abi):
    wrapper = [] if FAKE else [f"{FAKES}/landlock_abi", abi]
    number = ABI if FAKE else int(abi)
    missing = {name for name, since in (("Refer", REFER), ("Truncate", TRUNCATE), ("IoctlDev", IOCTL_DEV))
               if number < since}
    words = chosen({"g": ([tree()], RIGHTS), "r": (["/usr"], READ)})
    mode, handled, ignored, groups = ruleset(ai(*words, "--print-ruleset", wrapper=wrapper))
    equal((mode, set(ignored), set(groups["g"]["ignored"]), groups["r"]["ignored"]), ("profile", missing, missing, []),
          "ignored")
    true(not missing & set(handled) and len(handled) == 16 - len(missing), f"handled: {handled}")


@test("without Landlock nothing is run but by the user's word", variants=["enosys", "eopnotsupp", "eperm"])
def _(refusal):
    wrapper = [f"{FAKES}/no_landlock", refusal]
    folder = tempdir()
    command = ["--", PAYLOAD, "create", f"{folder}/ran"]
    words = chosen({"g": ([folder, PAYLOAD], RIGHTS)})
    cause = {"enosys": "no Landlock", "eopnotsupp": "boot", "eperm": "outer"}[refusal]
    for options in ([], ["--require-landlock"]):
        is_refusal(ai(*words, *options, *command, wrapper=wrapper), "Landlock is not available", cause,
                   "--allow-unsandboxed")
        true(not os.listdir(folder), f"it ran with {options}")
    result = succeeds(ai(*words, "--allow-unsandboxed", "--log-level", "error", *command, wrapper=wrapper))
    equal(os.listdir(folder), ["ran"], "what ran")
    equal(said(result, "warn"), ["there is no Landlock: the command runs without a sandbox"], "said at any level")
    # it is still without descriptors and secrets
    env = dict(os.environ, API_TOKEN="s")
    out = ai(*words, "--allow-unsandboxed", "--", PAYLOAD, "env", wrapper=wrapper, env=env).out
    lacks(out, "API_TOKEN", "environment")


@test("with Landlock --allow-unsandboxed changes nothing")
def _():
    folder = tree()
    answers = each({"g": ([folder], READ)}, ["open-write", f"{folder}/f"], ["open-read", f"{folder}/f"],
                   options=["--allow-unsandboxed"])
    equal(answers, ["EACCES", "ok"], "answers")


@test("--check says whether Landlock can be used, and whether it hides names")
def _():
    out = succeeds(ai("--check")).out
    for part in (f"Kernel release: {os.uname().release}\n", f"Landlock ABI: {ABI}\n", "LSM list: ", "Enforced: yes",
                 "Hidden: no", "Result: Landlock is available and usable\n"):
        contains(out, part, "report")
    result = ai("--check", wrapper=[f"{FAKES}/no_landlock", "enosys"])
    status_is(result, 1)
    contains(result.out, "Landlock ABI: none", "report")
    contains(result.out, "Result: Landlock is not available\n", "report")
    equal(said(result, "error"), ["Landlock cannot be used here"], "error")


# What stays open, and what does not

@test("the network and other processes stay as they are, and croft run can take them away")
def _():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(8)
        port = str(server.getsockname()[1])
        path = config({"p": profile({"g": ([PAYLOAD], RUN)})})
        words = ["--config", path, "--profile", "p"]
        for op in (["tcp-connect", port], ["udp-send", port], ["socket", "unix", "stream"],
                   ["kill", str(os.getpid()), "0"]):
            equal(inside(words, *op), "ok", op[0])
        run_words = ["run", "--profile", path, "--", PAYLOAD, "tcp-connect", port]
        equal(run_croft(*run_words).out, "ok\n", "croft run")
        run_words[1:1] = ["--require", "tcp", "--require", "other-net"]
        equal(run_croft(*run_words).out, "EACCES\n", "croft run --require tcp")


@test("variables that look like secrets are held back, which is said, and --env passes one on")
def _():
    env = {"PATH": "/usr/bin", "HOME": "/home/ada", "API_TOKEN": "one", "OTHER_SECRET": "two", "LANG": "C"}
    words = chosen({"payload": ([PAYLOAD], RUN)})
    result = succeeds(ai(*words, "--", PAYLOAD, "env", env=env))
    equal(sorted(line.split("=")[0] for line in result.out.split()), ["HOME", "LANG", "PATH", "PWD"], "passed")
    contains(said(result, "info")[0], "held back: API_TOKEN, OTHER_SECRET (--env NAME passes one on)", "message")
    lacks(result.err, "two", "standard error")
    out = inside([*words, "--env", "API_TOKEN", "--env", "CI=1"], "env", env=env).splitlines()
    true("API_TOKEN=one" in out and "CI=1" in out and not any("OTHER" in line for line in out), f"passed: {out}")


@test("the profile's env is set, with the home where it begins with ~/")
def _():
    env = {"PATH": "/usr/bin", "HOME": "/home/ada", "SET": "outer"}
    values = {"SET": "inner", "BOX": "~/box", "TILDE": "~", "MIDDLE": "a~/b", "MONEY": "$HOME ${home} $$", "N": 1}
    words = chosen({"payload": ([PAYLOAD], RUN)}, command={"binary": PAYLOAD, "env": values})
    out = inside(words, "env", env=env).splitlines()
    for line in ("SET=inner", "BOX=/home/ada/box", "TILDE=~", "MIDDLE=a~/b", "MONEY=$HOME ${home} $$", "N=1"):
        true(line in out, f"without {line}: {out}")


# Paths

@test("a leading ~/ is the home, and a relative path is one of the working directory")
def _():
    home, here = tree(), tree()
    words = chosen({"payload": ([PAYLOAD], RUN), "g": (["~/e", "e", "./empty"], READ)})
    how = {"env": dict(os.environ, HOME=home), "cwd": here}
    for path, want in ((f"{home}/e/g", "ok"), (f"{home}/f", "EACCES"), (f"{here}/e/g", "ok"), (f"{here}/f", "EACCES")):
        equal(inside(words, "open-read", path, **how), want, path)


@test("without HOME a path below it is an error, and others are none")
def _():
    env = {"PATH": "/usr/bin"}
    is_refusal(ai(*chosen({"g": (["~/x", "/usr"], READ)}), "--", "true", env=env), "'~/x'", "HOME")
    equal(inside(chosen({"g": ([PAYLOAD], RUN)}), "args", "x", env=env), "x", "output")


@test("a path that is missing is passed over, and said")
def _():
    missing = f"{tempdir()}/missing"
    words = chosen({"payload": ([PAYLOAD], RUN), "g": ([missing], RIGHTS)})
    result = succeeds(ai(*words, "--", PAYLOAD, "args", "x"))
    equal(said(result, "warn")[:1], [f"the path '{missing}' is passed over: No such file or directory"], "warning")
    equal(ruleset(ai(*words, "--dry-run"))[3]["g"]["paths"], [f"{missing} (passed over: No such file or directory)"],
          "printed")
    # it may be made by somebody later: that grants nothing
    folder = os.path.dirname(missing)
    result = ai(*chosen({"payload": ([PAYLOAD], RUN), "g": ([missing], RIGHTS), "d": ([folder], ["write_file"])}), "--",
                PAYLOAD, "each", "mkdir", missing, ",", "read-dir", missing, ",")
    equal(result.out.split(), ["ok", "EACCES"], "made later")


@test("a star or a dollar is a letter of a name")
def _():
    folder = tempdir()
    star, dollar = write_file(f"{folder}/*", "x"), write_file(f"{folder}/$HOME", "x")
    other = write_file(f"{folder}/other", "x")
    ops = [["open-read", path] for path in (star, dollar, other)]
    equal(each({"g": ([star, dollar], READ)}, *ops), ["ok", "ok", "EACCES"], "answers")


@test("a path with '..' in it is an error with its place")
def _():
    path = config('version: 1\nprofiles:\n  p:\n    access_roots: { g: { paths: [/usr/../etc], permissions: '
                  '{ read_file: true } } }\n')
    is_refusal(ai("--config", path, "--profile", "p", "--", "true"), f"{path}:4:34", "'..'")


@test("everything may be granted, to write too, by who says so")
def _():
    folder = tree()
    equal(each({"g": (["/"], RIGHTS)}, ["open-write", f"{folder}/f"])[0], "ok", "paths: [/]")
    equal(inside(["--root", "/"], "open-write", f"{folder}/f"), "ok", "--root /")
    equal(inside(["--root", "/", "--read-only"], "open-write", f"{folder}/f"), "EACCES", "--root / --read-only")


main()
