#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_help.py - what croft says about itself: help, version, and the completion made of the same words.

The documents in docs/ are the source of it all. So each option that has a document must be in the
help of its commands and be taken by them, and nothing else.
"""
from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

ROOT = os.path.dirname(TESTS)
TO_START = ["run", "plan", "why", "deps"]   # their options may be followed by a path
VERBS = [f"profile {verb}" for verb in ("list", "show", "new", "schema", "trust", "import", "export")]
COMMANDS = TO_START + ["check", "profile"] + VERBS
WIDTH = 100


def documents():
    """Option -> the keys at the head of its document."""
    found = {}
    folder = os.path.join(ROOT, "docs", "options")
    for name in sorted(os.listdir(folder)):
        head = read_file(os.path.join(folder, name)).split("---")[1]
        found[name.removesuffix(".md")] = dict(line.split(": ",
                                                          1) for line in head.strip().splitlines() if ": " in line)
    return found


OPTIONS = documents()


def options_of(command):
    return {name for name, keys in OPTIONS.items() if command.replace(" ", "-") in keys["commands"].split()}


def named_in(help_text):
    """The options that begin a line of a help text."""
    return set(re.findall(r"(?m)^  (?:-\w, )?--([a-z-]+)", help_text))


@test("the short help of a command names each of its options once, with its default, in lines of 100 columns",
      variants=COMMANDS)
def _(command):
    option = "--root" if command == "deps" else "--read"
    more = [[option, "/nowhere", "--help"]] if command in TO_START else []
    for words in (["--help"], ["-h"], *more):
        result = succeeds(run_croft(*command.split(), *words))
        equal(result.err, "", "standard error")
        equal(named_in(result.out), options_of(command), "options")
        contains(result.out, f"croft {command} ", "the help")
        for line in result.out.splitlines():
            true(len(line) <= WIDTH, f"a line of {len(line)} columns: {line}")
    for name in options_of(command):
        keys = OPTIONS[name]
        line = re.search(rf"(?m)^  (?:-\w, )?--{name}\b.*(\n {{20,}}.*)?", result.out)[0]
        contains(line, keys["help"], f"the line of --{name}")
        if "default" in keys:
            contains(line, keys["default"], f"the line of --{name}")


@test("the help of croft itself names the commands and its own options")
def _():
    for words in (["--help"], ["-h"]):
        text = succeeds(run_croft(*words)).out
        for command in COMMANDS:
            matches(text, rf"(?m)^  croft {command} ", "the help")
        equal(named_in(text), options_of("global"), "options")
        true(all(len(line) <= WIDTH for line in text.splitlines()), "the lines are too long")


@test("--help all has everything: each option's whole document, the lists of words, the exit statuses",
      variants=COMMANDS + ["croft"])
def _(command):
    words = [] if command == "croft" else command.split()
    result = succeeds(run_croft(*words, "--help", "all"))
    equal(result.out, succeeds(run_croft(*words, "--help=all")).out, "both forms")
    equal(named_in(result.out), set(OPTIONS) if command == "croft" else options_of(command), "options")
    true(len(result.out) > 2 * len(run_croft(*words, "--help").out), "it is longer than the short one")
    true(all(len(line) <= WIDTH for line in result.out.splitlines()), "the lines are too long")
    if command == "run":
        contains(result.out, "How it fails", "the help")
        for word in ("private-tmp", "io-uring", "open-files", "empty"):
            contains(result.out, word, "the help")
    if command == "croft":
        for status in ("124", "125", "126", "127"):
            contains(result.out, status, "the help")


@test("--help takes 'all' or nothing")
def _():
    refused(run_croft("run", "--help=some"), 125, "--help", "all")
    refused(run_croft("--help=some"), 125, "--help")
    # another word is the command, and help was asked for
    succeeds(run_croft("run", "--help", "--", "true"))


@test("the help of croft profile names its verbs, and a wrong or missing verb is answered by them")
def _():
    text = succeeds(run_croft("profile", "--help")).out
    for verb in VERBS:
        matches(text, rf"(?m)^  croft {verb} ", "the help")
    for words in (["profile"], ["profile", "lsit"], ["profile", "zzz"]):
        refused(run_croft(*words), 125, "list, show, new, schema, trust, import, export")
    refused(run_croft("profile", "lsit"), 125, "did you mean 'list'?")


@test("help runs nothing and needs nothing")
def _():
    canary = Canary()
    succeeds(canary.run(["--help"]))
    true(not canary.has_run(), "the command ran")
    succeeds(run_croft("--help", env={}))
    succeeds(run_croft("run", "--help", env={}, cwd="/"))


@test("the version is one line that begins with the name")
def _():
    for words in (["--version"], ["-V"]):
        matches(succeeds(run_croft(*words)).out, r"\Acroft \d+\.\d+\.\d+\n\Z", "version")


@test("each option of the documents is taken by its commands and by no other", variants=sorted(OPTIONS))
def _(name):
    keys = OPTIONS[name]
    for command in COMMANDS:
        result = run_croft(*command.split(), f"--{name}=x" if "arg" in keys else f"--{name}", "--nope")
        unknown = f"no option '--{name}'" in result.err
        equal(unknown, name not in options_of(command), f"--{name} of croft {command}: {result.err}")


@test("an option can be given twice only if its document says so",
      variants=sorted(n for n, k in OPTIONS.items() if "run" in k["commands"].split()))
def _(name):
    keys = OPTIONS[name]
    word = f"--{name}=x" if "arg" in keys and name != "help" else f"--{name}"
    result = run_croft("run", word, word, "--", "true")
    equal("twice" in result.err, keys["repeatable"] == "no", f"{result.err}")


@test("the completion of bash offers the options that the help names", variants=COMMANDS)
def _(command):
    path = os.path.join(tempdir(), "croft.bash")
    succeeds(run(PYTHON, os.path.join(ROOT, "tools", "gen_docs.py"), "bash", os.path.join(ROOT, "docs"), path))
    text = f"""
source {path}
COMP_WORDS=(croft {command} --) COMP_CWORD={1 + len(command.split())} COMP_LINE='croft {command} --'
COMP_POINT=${{#COMP_LINE}}
function=$(complete -p croft | sed 's/.*-F *\\([^ ]*\\).*/\\1/')
$function croft -- {command}
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    result = run("/bin/bash", "--norc", "-c", text)
    offered = {word.strip().rstrip("=").removeprefix("--") for word in result.out.split() if word.startswith("--")}
    equal(offered, options_of(command), "options")


@test("completion and man page can be made, and name every option", variants=["zsh", "fish", "bash", "man"])
def _(kind):
    path = os.path.join(tempdir(), "made")
    succeeds(run(PYTHON, os.path.join(ROOT, "tools", "gen_docs.py"), kind, os.path.join(ROOT, "docs"), path))
    text = read_file(path)
    for name in OPTIONS:
        true(re.search(rf"\b{name}\b", text.replace("\\-", "-")), f"--{name} is not there")


@test("a mistake is answered by the nearest help: croft's, or that of the command")
def _():
    refused(run_croft(), 125, "croft --help")
    refused(run_croft("--nope"), 125, "croft --help")
    refused(run_croft("run", "--xyzzy"), 125, "croft run --help")
    refused(run_croft("why", "--xyzzy"), 125, "croft why --help")
    refused(run_croft("runn"), 125, "'run'")


main()
