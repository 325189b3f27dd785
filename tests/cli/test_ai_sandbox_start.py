#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_ai_sandbox_start.py - as ai-sandbox-landlock, croft reads the command line, prints or generates
what is asked for, and becomes the command.

At the end stand what the original's own tests ask of it, and the files that it ships.
"""
from _ai_sandbox import *       # pylint: disable=wildcard-import,unused-wildcard-import
from _files import loader_of

ROOT = ["--root", "/usr", "--read-only"]


def say(words):
    """A profile whose command prints these words."""
    return profile({"payload": ([PAYLOAD], RUN)}, command={"binary": PAYLOAD, "args": ["args", *words]})


# The command line

@test("what is wrong with the words is said in one line, and nothing is run", variants=[
    (["ls"], "'ls' is no option"), (["--rot=/usr"], "--root"), (["--root"], "--root needs a value"),
    (["--config", "/x"], "--config needs --profile"), (["--profile", "p"], "--profile needs --config"),
    (["--root", "/usr", "ls", "-l"], "'ls' is no option"), (["--root", "/usr", "--root", "/etc"], "given twice"),
    (["--check=1"], "takes no value"), (["--output", "f"], "--generate-profile"),
    (["--require-landlock", "--allow-unsandboxed"], "exclude"), ([], "--config FILE --profile NAME"),
    (["--print-config"], "--config FILE"), ([*ROOT, "--log-level", "wran", "--", "true"], "'warn'"),
    ([*ROOT, "--log-level", "loud", "--", "true"], "one of: error"), (ROOT, "no command"), ([*ROOT, "--"], "no command"),
    (["--root", "/missing", "--", "true"], "--root '/missing'"), (["--root", "/missing", "--dry-run"], "'/missing'"),
    ([*ROOT, "--keep-fd", "9", "--", "true"], "keep descriptor 9"), ([*ROOT, "--keep-fd", "x", "--", "true"], "'x'"),
    ([*ROOT, "--env", "=x", "--", "true"], "empty"),
    (["--config", "/missing.yaml", "--profile", "p", "--", "true"], "/missing.yaml")])
def _(variant):
    words, part = variant
    is_refusal(ai(*words), part)


@test("help and version are printed, under both names", variants=["--version", "--help", "-h"])
def _(word):
    for words in ([link()], [CROFT, "--as", NAME], [CROFT, f"--as={NAME}"]):
        out = succeeds(run(*words, "--root", "/usr", word)).out
        if word == "--version":
            matches(out, r"\Aai-sandbox-landlock 0\.0\.1 \(croft \d+\.\d+\.\d+\)\n\Z", "version")
        else:
            for option in ("--print-ruleset", "--generate-profile", "--allow-unsandboxed", "--keep-fd", "--env"):
                contains(out, option, "help")


@test("a launcher that is not known is told with those that are")
def _():
    refused(run_croft("--as", "ai-sandbox", "--root", "/usr"), 125, "'ai-sandbox'", "landrun, ai-sandbox-landlock")


@test("a closed standard descriptor is an error in the launcher's own way")
def _():
    result = run("/bin/sh", "-c", '"$@" <&-', "sh", link(), *ROOT, "--", "/usr/bin/true")
    is_refusal(result, "standard input")


@test("a name on a terminal cannot forge a message")
def _():
    is_refusal(ai("--root", "/x\n[ai-sandbox-landlock:error] \x1b[2J", "--", "true"), "\\n", "\\e")


# Files

@test("what is wrong with a file is said with its place and the nearest word", variants=[
    ("version: 3\nprofiles: { p: {} }\n", ":1:10: version: 1 or 2 was expected, 3 was found"),
    ("version: 1\nprofiles:\n  p:\n    acces_roots: {}\n", ":4:5: acces_roots: there is no such key in version 1 "
                                                            "(did you mean 'access_roots'?)"),
    ("version: 1\nprofiles:\n  p:\n    access_roots: { g: { paths: [/usr], permissions: { execute: yes } } }\n",
     ":4:65: access_roots.g.permissions.execute: true or false was expected, 'yes' was found"),
    ("version: 1\nprofiles:\n  p: {}\n  p: {}\n", ":4:3: "),
    ("version: 1\nprofiles:\n  p:\n\tdescription: x\n", ":4:"),
    ("version: 1\nprofiles:\n  q: {}\n", "there is no profile 'p'"),
    ("version: 2\nprofiles:\n  p: {}\n", "is a file of version 2"),
    ("", "nothing in it")])
def _(variant):
    text, part = variant
    path = config(text)
    is_refusal(ai("--config", path, "--profile", "p", "--", "true"), part, path)


@test("a file that others may write decides nothing")
def _():
    path = config({"p": say(["x"])})
    equal(succeeds(ai("--config", path, "--profile", "p")).out, "x\n", "mode 0644")
    os.chmod(path, 0o666)
    is_refusal(ai("--config", path, "--profile", "p"), path, "chmod go-w")


@test("croft run reads the same file to the same sandbox")
def _():
    folder = tempdir()
    groups = {"payload": ([PAYLOAD], RUN), "g": ([folder], READ), "w": ([f"{folder}/w"], RIGHTS)}
    os.mkdir(f"{folder}/w")
    path = config({"p": profile(groups, command={"binary": PAYLOAD, "args": ["mksock", f"{folder}/w/x"]}),
                   "q": profile(groups, command={"binary": PAYLOAD, "args": ["mksock", f"{folder}/x"]})})
    for name, want in (("p", "ok"), ("q", "EACCES")):
        equal(run_croft("run", "--profile", f"{path}:{name}").out, f"{want}\n", f"croft run, {name}")
        if want == "ok":
            os.unlink(f"{folder}/w/x")
        equal(ai("--config", path, "--profile", name).out, f"{want}\n", f"the front end, {name}")
    equal(run_croft("run", "--profile", f"{path}:p", "--", PAYLOAD, "args", "x").out, "x\n", "another command")


@test("log_level and dry_run of a file are the front end's")
def _():
    path = config({"p": {**say(["x"]), "dry_run": True, "log_level": "error"}})
    contains(succeeds(ai("--config", path, "--profile", "p")).out, "Ruleset (profile mode):", "the front end")
    equal(succeeds(run_croft("run", "--profile", path)).out, "x\n", "croft run")


# What is printed

@test("a dry run prints the ruleset and runs nothing", variants=["--dry-run", "--print-ruleset"])
def _(option):
    folder = tempdir()
    words = chosen({"payload": ([PAYLOAD], RUN), "g": ([folder], RIGHTS)})
    result = ai(*words, option, "--", PAYLOAD, "create", f"{folder}/ran")
    mode, handled, _, groups = ruleset(result)
    equal((mode, result.err, list(groups)), ("profile", "", ["payload", "g"]), "ruleset")
    true({"ReadFile", "WriteFile", "RemoveDir", "MakeReg"} <= set(handled), f"handled: {handled}")
    equal(groups["payload"]["allowed"], ["ReadFile", "ReadDir", "Execute"], "allowed")
    equal(os.listdir(folder), [], "what was made")
    succeeds(ai(*words, "--", PAYLOAD, "create", f"{folder}/ran"))
    equal(os.listdir(folder), ["ran"], "what was made without the option")


@test("a dry run says what would be ignored where there is no Landlock")
def _():
    result = ai(*ROOT, "--dry-run", wrapper=[f"{FAKES}/no_landlock", "enosys"])
    mode, handled, ignored, _ = ruleset(result)
    equal((mode, handled, len(ignored)), ("root", [], 16), "ruleset")


@test("dry_run in the profile prints the ruleset, and runs nothing")
def _():
    folder = tempdir()
    groups = {"g": ([folder, PAYLOAD], RIGHTS)}
    for dry_run, want in ((True, []), (False, ["ran"])):
        words = chosen(groups, dry_run=dry_run)
        result = succeeds(ai(*words, "--", PAYLOAD, "create", f"{folder}/ran"))
        equal((os.listdir(folder), result.out.startswith("Ruleset")), (want, dry_run), f"dry_run: {dry_run}")


@test("the printed profile is the one that was read, and is read again to the same")
def _():
    written = profile({"projects": (["~/p", "/srv/a b"], ["read_file", "write_file"]), "system": (["/usr"], RUN)},
                      description="a \"test\": 1", control_access={"execute": True}, log_level="warn", dry_run=False,
                      command={"binary": "vim", "args": ["-x", "$a", "# b"], "working_dir": "~/p", "env": {"K": "~/v"}})
    out = succeeds(ai("--config", config({"p": written}), "--profile", "p", "--print-config")).out
    for part in ("access_roots:\n", "command:\n", "  binary: vim\n", "log_level: warn\n"):
        contains(out, part, "profile")
    text = "version: 1\nprofiles:\n  p:\n" + "".join(f"    {line}\n" for line in out.splitlines())
    equal(succeeds(ai("--config", config(text), "--profile", "p", "--print-config")).out, out, "read and printed again")


@test("a profile is printed without a home, too")
def _():
    words = chosen({"g": (["~/x"], READ)})
    contains(succeeds(ai(*words, "--print-config", env={})).out, "- ~/x\n", "profile")
    is_refusal(ai(*words, "--dry-run", env={}), "HOME")


@test("in root mode the printed profile is what --root stands for")
def _():
    out = succeeds(ai("--root", PAYLOAD, "--read-only", "--print-config")).out
    text = "version: 1\nprofiles:\n  p:\n" + "".join(f"    {line}\n" for line in out.splitlines())
    words = ["--config", config(text), "--profile", "p"]
    equal(ruleset(ai(*words, "--dry-run"))[3]["projects"]["allowed"], ["ReadFile", "ReadDir", "Execute"], "allowed")
    equal(inside(words, "args", "x"), "x", "output")


@test("what is printed first is what the original prints first")
def _():
    words = [*ROOT, "--print-ruleset", "--print-config", "--check", "--generate-profile"]
    starts_with = [("--generate-profile", "version: 1\n"), ("--check", "Kernel release: "), ("--print-config", "# "),
                   ("--print-ruleset", "Ruleset (root mode):\n")]
    for option, first in starts_with:
        true(succeeds(ai(*words)).out.startswith(first), f"{words}: not {first!r}")
        words.remove(option)


# The generator

@test("a generated profile is read by croft itself, and its shell starts")
def _():
    home, folder = tempdir(), project("my project")
    write_file(f"{folder}/f", "text\n")
    env = {"HOME": home, "PATH": "/usr/bin:/bin"}
    os.makedirs(f"{home}/.ai-sandbox/cache")
    path = f"{folder}/made.yaml"
    result = succeeds(ai("--generate-profile", "--output", path, cwd=folder, env=env))
    equal((result.out, said(result, "info")), ("", [f"the profile 'my_project' was written to '{path}'"]), "said")
    equal(succeeds(ai("--generate-profile", cwd=folder, env=env)).out, read_file(path), "printed and written")
    words = ["--config", path, "--profile", "my_project"]
    groups = ruleset(ai(*words, "--dry-run", env=env))[3]
    equal(sorted(groups), ["cache", "projects", "system"], "groups")
    equal(groups["system"]["paths"][0], "/usr", "system")
    equal(groups["cache"]["paths"], [f"{home}/.ai-sandbox/cache"], "cache")
    equal(groups["projects"]["paths"], [folder], "projects")
    if os.path.realpath("/bin/bash").startswith("/usr"):
        text = f"pwd; read x < f; echo $x; echo y > {home}/.ai-sandbox/cache/new; echo z > f"
        result = ai(*words, stdin=text, env=env)
        equal(result.out, f"{folder}\ntext\n", "output")
        differs(result.status, 0, "writing to the project")
        equal((read_file(f"{folder}/f"), read_file(f"{home}/.ai-sandbox/cache/new")), ("text\n", "y\n"), "files")


@test("the work tree around is found without running git")
def _():
    tree = project("tree")
    os.makedirs(f"{tree}/.git")
    write_file(f"{tree}/.git/HEAD", "ref: refs/heads/main\n")
    os.makedirs(f"{tree}/src/deep")
    folder = tempdir()
    script(f"{folder}/git", f"touch {folder}/ran", "echo /elsewhere")
    env = {"PATH": f"{folder}:/usr/bin:/bin", "HOME": "/nowhere"}
    contains(succeeds(ai("--generate-profile", cwd=f"{tree}/src/deep", env=env)).out, f"working_dir: {tree}\n", "profile")
    contains(succeeds(ai("--generate-profile", "--root", "src", cwd=tree, env=env)).out, f"working_dir: {tree}/src\n",
             "with --root")
    shutil.rmtree(f"{tree}/.git")
    contains(succeeds(ai("--generate-profile", cwd=f"{tree}/src/deep", env=env)).out,
             f"working_dir: {tree}/src/deep\n", "without a work tree")
    true(not os.path.exists(f"{folder}/ran"), "git was run")


@test("a generated profile has the name that is given, and no other that is no name")
def _():
    contains(succeeds(ai("--generate-profile", "--root", "/srv/x", "--gen-name", "mine")).out, "profiles:\n  mine:\n",
             "profile")
    contains(succeeds(ai("--generate-profile", "--root", "/srv/x")).out, "profiles:\n  x:\n", "profile")
    is_refusal(ai("--generate-profile", "--gen-name", "my own"), "'my own'")
    is_refusal(ai("--generate-profile", "--output", f"{tempdir()}/missing/f"), "--output", "No such file")


@test("nothing is generated that croft itself would not read", variants=["newline", "latin1", "C1", "long"])
def _(kind):
    name, part = {"newline": (b"\n", "control character"), "latin1": (b"\xff", "UTF-8"),
                  "C1": (b"\xc2\x85", "control character"),
                  "long": (b"x" * 5000, "the profile that was made")}[kind]
    path = f"{tempdir()}/made"
    result = run(link(), "--generate-profile", "--gen-name", "n", "--output", path, "--root", b"/srv/" + name)
    is_refusal(result, part)
    true(not os.path.exists(path), "a file was written")


# The command

@test("a command behind the dashes wins over the profile's, whose directory and variables hold for both")
def _():
    folder = tempdir()
    command = {"binary": PAYLOAD, "args": ["args", "a b", "$c"], "working_dir": folder, "env": {"K": "v"}}
    words = chosen({"payload": ([PAYLOAD], RUN)}, command=command)
    equal(succeeds(ai(*words)).out, "a b\n$c\n", "the profile's")
    equal(inside(words, "args", "--root", "x"), "--root\nx", "the given one")
    equal(inside(words, "cwd"), folder, "directory")
    contains(inside(words, "env"), "K=v", "environment")


@test("the program is searched on PATH, and a ~/ before it is the home")
def _():
    home = tempdir()
    os.mkdir(f"{home}/bin")
    shutil.copy(PAYLOAD, f"{home}/bin/tool")
    for binary in ("tool", "~/bin/tool", f"{home}/bin/tool"):
        words = chosen({"g": (["~/bin"], RUN)}, command={"binary": binary, "args": ["args", "x"]})
        equal(succeeds(ai(*words, env={"HOME": home, "PATH": f"/usr/bin:{home}/bin"})).out, "x\n", binary)


@test("a directory that is missing is an error that names it")
def _():
    folder = f"{tempdir()}/missing"
    words = chosen({"payload": ([PAYLOAD], RUN)}, command={"binary": PAYLOAD, "working_dir": folder})
    is_refusal(ai(*words, "--", PAYLOAD, "cwd"), folder, "No such file")


@test("the command is this process: its status and its signal are what the caller sees")
def _():
    words = chosen({"payload": ([PAYLOAD], RUN)})
    for status in (0, 1, 7, 125, 255):
        status_is(ai(*words, "--", PAYLOAD, "exit", str(status)), status)
    for name in ("TERM", "KILL", "ABRT"):
        status_is(ai(*words, "--", PAYLOAD, "signal-self", str(signal_number(name))), -signal_number(name))
    child = subprocess.Popen([link(), *words, "--", PAYLOAD, "sleep", "60"], start_new_session=True,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    cleanup(child.kill)
    wait_until(lambda: PAYLOAD.encode() in open(f"/proc/{child.pid}/cmdline", "rb").read().split(b"\0")[0],
               "the command is executed")
    child.terminate()
    equal(child.wait(10), -15, "status")


@test("what cannot be executed is said by name, with a mend of this command line",
      variants=["missing", "mode", "ungranted", "root"])
def _(kind):
    folder = tempdir()
    plain = write_file(f"{folder}/f", "x", 0o644)
    path, part, mend = {"missing": (f"{folder}/missing", "find", None),
                        "mode": (plain, "is not executable", None),
                        "ungranted": (PAYLOAD, "no grant covers", "a group whose permissions are read_file and execute"),
                        "root": (PAYLOAD, "no grant covers", "--root alone is granted")}[kind]
    words = ["--root", folder] if kind == "root" else chosen({"g": ([folder], RUN)})
    result = ai(*words, "--", path)
    is_refusal(result, path, part, mend or "")
    if not mend:
        lacks(result.err, "group", "message")
    lacks(result.err, "--execute", "message")


@test("a library that no group grants is warned of before the start, with a mend of this command line")
def _():
    program = "/usr/bin/id"
    groups = {"g": ([program, loader_of(program)], RUN)}
    result = ai(*chosen(groups), "--", program)
    status_is(result, 127)      # the loader's
    warnings = "\n".join(said(result, "warn"))
    matches(warnings, r"\.so.*a group whose permissions are read_file and execute", "warnings")
    lacks(ai(*chosen(SYSTEM), "--", program).err, ".so", "with all granted")


@test("--root is the only tree that is granted, and --read-only lets nothing in it be changed")
def _():
    outside = write_file(f"{tempdir()}/f", "text")
    for options, want in (([], "ok"), (["--read-only"], "EACCES")):
        folder = tempdir()
        shutil.copy(PAYLOAD, f"{folder}/payload")
        write_file(f"{folder}/f", "text")
        words = ["--root", folder, *options, "--", f"{folder}/payload", "each"]
        for op in (["open-read", f"{folder}/f"], ["open-read", outside], ["open-write", f"{folder}/f"],
                   ["create", f"{folder}/new"], ["unlink", f"{folder}/f"]):
            words += [*op, ","]
        equal(ai(*words).out.split(), ["ok", "EACCES", want, want, want], f"with {options}")


@test("--read-only beside a profile takes writing from every group, and --root beside one grants nothing")
def _():
    folder, other = tempdir(), tempdir()
    write_file(f"{folder}/f", "text")
    write_file(f"{other}/f", "text")
    words = chosen({"payload": ([PAYLOAD], RUN), "g": ([folder], RIGHTS)})
    ops = ["each", "open-read", f"{folder}/f", ",", "open-write", f"{folder}/f", ",", "open-read", f"{other}/f", ","]
    equal(inside(words, *ops).split(), ["ok", "ok", "EACCES"], "as it is")
    equal(inside([*words, "--read-only"], *ops).split(), ["ok", "EACCES", "EACCES"], "with --read-only")
    result = ai(*words, "--root", other, "--", PAYLOAD, *ops)
    equal(result.out.split(), ["ok", "ok", "EACCES"], "with --root")
    contains(said(result, "warn")[0], "--root grants nothing", "warning")


@test("as much is told as --log-level says, else the profile, else info")
def _():
    missing = f"{tempdir()}/missing"
    groups = {"payload": ([PAYLOAD, missing], RUN)}
    kinds = {"error": set(), "warn": {"warn"}, "info": {"warn", "info"}, "debug": {"warn", "info", "debug"},
             "trace": {"warn", "info", "debug"}}

    def told(level, option):
        words = chosen(groups, **({"log_level": level} if level else {}))
        result = ai(*words, *(["--log-level", option] if option else []), "--no-color", "--", PAYLOAD, "args", "x")
        equal(succeeds(result).out, "x\n", "output")
        lacks(result.err, "\x1b", "standard error")
        return {kind for kind, _ in LINE.findall(result.err)}

    for level, want in kinds.items():
        equal(told(None, level), want, f"--log-level {level}")
        equal(told(level, None), want, f"log_level: {level}")
    equal(told("error", "debug"), kinds["debug"], "the option wins")
    equal(told(None, None), kinds["info"], "without either")


@test("what is told of a start does not hold the command's arguments")
def _():
    words = chosen({"payload": ([PAYLOAD], RUN)})
    result = succeeds(ai(*words, "--", PAYLOAD, "args", "--password=hunter2"))
    contains(result.err, "executing", "standard error")
    lacks(result.err, "hunter2", "standard error")


@test("a reader of the messages that went away does not keep the command from running")
def _():
    folder = tempdir()
    words = chosen({"payload": ([PAYLOAD], RUN), "g": ([folder], RIGHTS)})
    for number, handler in enumerate((signal.SIG_DFL, signal.SIG_IGN)):
        read_end, write_end = os.pipe()
        os.close(read_end)
        result = run(link(), *words, "--", PAYLOAD, "create", f"{folder}/{number}", stderr=write_end,
                     restore_signals=False, preexec_fn=lambda h=handler: signal.signal(signal.SIGPIPE, h))
        os.close(write_end)
        status_is(result, 0)
        true(os.path.exists(f"{folder}/{number}"), "the command did not run")
    # and the command has the disposition that it would have had
    text = "kill -PIPE $$; echo alive"
    status_is(ai(*chosen(SYSTEM), "--", "/bin/sh", "-c", text), -signal.SIGPIPE)


@test("what cannot be printed is a failure", variants=["--print-config", "--dry-run", "--generate-profile", "--check"])
def _(option):
    with open("/dev/full", "w", encoding="ascii") as full:
        result = run(link(), *ROOT, option, stdout=full)
    status_is(result, 1)
    contains(result.err, "standard output", "message")


# The original's own tests, and its files

EXAMPLE = """
version: 1 # the schema
profiles:
  editor:
    description: "An editor with its own home"
    access_roots:
      projects:
        paths:
          - ~/dev/app # the first
          - ~/dev/lib
        permissions: { read_file: true, read_dir: true, execute: true, write_file: true, remove_file: true,
                       remove_dir: false, truncate: true }
      system:
        paths: [/usr, /lib, /lib64]
        permissions: { read_file: true, read_dir: true, execute: true }
    control_access: { read_file: true, write_file: true, remove_dir: false }
    command:
      binary: code
      args:
        - .
      working_dir: ~/dev/app
      env:
        HOME: ~/.ai-sandbox/home
    log_level: info
    dry_run: false
  minimal:
    description: "One project, to read"
    access_roots:
      projects:
        paths:
          - ~/dev/test
        permissions:
          read_file: true
          read_dir: true
    control_access:
      read_file: true
      execute: false
    command:
      binary: /bin/bash
      args: []
"""


@test("rulesets and profiles of a file in the original's form are printed", variants=["editor", "minimal"])
def _(name):
    words = ["--config", config(EXAMPLE), "--profile", name]
    for option in ("--print-ruleset", "--dry-run"):
        out = succeeds(ai(*words, option)).out
        for part in ("Ruleset (profile mode)", "groups:", "projects:", "allowed"):
            contains(out, part, option)
    out = succeeds(ai(*words, "--print-config")).out
    for part in ("access_roots", "command:"):
        contains(out, part, "--print-config")


@test("a ruleset of --root is printed")
def _():
    out = succeeds(ai("--root", "/usr", "--read-only", "--print-ruleset")).out
    for part in ("Ruleset (root mode)", "allowed", "    - /usr\n"):
        contains(out, part, "--print-ruleset")


@test("a profile is generated for a directory that is not there")
def _():
    root = f"{tempdir()}/later"
    out = succeeds(ai("--generate-profile", "--gen-name", "integ", "--root", root)).out
    for part in ("version: 1\n", "\n  integ:\n", "\n      system:\n", "\n      cache:\n", "\n      projects:\n",
                 "binary: /bin/bash\n", f"working_dir: {root}\n", f"- {root}\n"):
        contains(out, part, "profile")


@test("a profile as the original generates it is read")
def _():
    off = {right: False for right in RIGHTS}
    made = {"made": {"description": "Generated", "access_roots": {
        "projects": {"paths": [tempdir()], "permissions": {**off, "read_file": True, "read_dir": True}},
        "system": {"paths": ["/usr", PAYLOAD], "permissions": {**off, **{r: True for r in RUN}}}},
        "control_access": {**off, "read_file": True}, "command": {"binary": "/bin/bash", "args": [], "env": None},
        "log_level": "info", "dry_run": False}}
    equal(inside(["--config", config(made), "--profile", "made"], "args", "x"), "x", "output")


@test("the command line of the original's manual works")
def _():
    # where /lib is no part of /usr, that tree alone has no loader
    root = "/usr" if os.path.realpath("/lib").startswith("/usr/") else "/"
    equal(succeeds(ai("--root", root, "--read-only", "--", "/usr/bin/echo", "ok")).out, "ok\n", "output")


main()
