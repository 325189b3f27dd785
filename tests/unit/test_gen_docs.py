#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_gen_docs.py - the generator of option tables, help, man page and completions.

The first half feeds it broken documents: one change to a good set, and the error must name
the file and the line. The second half looks at what it makes from the true documents: the
tables compile, the man page has no warning, each shell's completion is asked the questions
that a user's Tab key asks, and the words in the documents are the words in the source.
"""
import os
import pty
import re
import select
import shutil
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import *   # noqa: E402,F403 pylint: disable=wrong-import-position,wildcard-import

ROOT = os.path.realpath(os.path.join(TESTS, ".."))
DOCS = os.path.join(ROOT, "docs")
GENERATOR = os.path.join(ROOT, "tools", "gen_docs.py")

SMALL = {
    "commands/croft.md": "---\nname: croft\nsynopsis: COMMAND\nhelp: the program\ndate: January 1, 2026\n---\nText.\n",
    "commands/run.md": "---\nname: run\nsynopsis: [options]\nhelp: run it\norder: 1\n---\nText.\n",
    "names/colour.md": "---\nname: colour\ntitle: Colours\n---\n- `red`: like blood.\n- `blue`: like the sky.\n",
    "options/paint.md": "---\nlong: paint\nshort: p\narg: COLOUR\ncommands: run\ngroup: Files\nhelp: paint it\n"
                        "default: red\nrepeatable: yes\nsince: 0.1\nsee: dry\ncomplete: colour\n---\nPaints `it`.\n",
    "keys/paints.md": "---\nkey: paints\ntype: map\norder: 10\nsince: 0.2\nhelp: what to paint\n---\nText.\n",
    "keys/paints.walls.md": "---\nkey: paints.walls\ntype: words\nwords: set\nmax: 4\ndefault: none\norder: 20\n"
                            "since: 0.2\nhelp: the walls\nsee: paints\n---\nText.\n",
    "files/croft-profile.md": "---\nname: croft-profile\nhelp: files\ndate: January 1, 2026\n---\nText.\n\n## Keys\n\n"
                              "These.\n",
    "options/dry.md": "---\nlong: dry\ncommands: global run\ngroup: Output\nhelp: let it dry\nrepeatable: no\n"
                      "since: 0.1\n---\nText.\n",
}


def generate(what, docs=DOCS):
    """The output for what, and the run itself."""
    out = os.path.join(tempdir(), "out")
    result = run(sys.executable, GENERATOR, what, docs, out)
    return (read_file(out) if os.path.exists(out) else None), result


def small_docs(changes=None):
    """A folder with the small set of documents; changes: file to new text, or None to leave it out."""
    folder = tempdir()
    for name, text in {**SMALL, **(changes or {})}.items():
        if text is not None:
            write_file(os.path.join(folder, name), text)
    return folder


def needs(program):
    if not shutil.which(program):
        skip(f"{program} is not installed")


@test("the small set of documents that the errors below are made from is accepted")
def _():
    for what in ("def", "schema", "help", "man", "man5", "bash", "zsh", "fish"):
        text, result = generate(what, small_docs())
        succeeds(result)
        contains(text.lower(), "paint", what)


PAINT, DRY = "options/paint.md", "options/dry.md"
PAINTS, WALLS = "keys/paints.md", "keys/paints.walls.md"
BROKEN = {      # name: (file, old text, new text, line, part of the message)
    "unknown key": (PAINT, "short: p", "shirt: p", 3, "unknown key 'shirt'"),
    "key twice": (PAINT, "short: p", "short: p\nshort: q", 4, "stands twice"),
    "key missing": (PAINT, "group: Files\n", "", 12, "'group' is missing"),
    "no value": (PAINT, "short: p", "short:", 3, "not a 'key: value' line"),
    "space after the value": (PAINT, "short: p", "short: p ", 3, "not a 'key: value' line"),
    "no front matter": (PAINT, "---\nlong", "long", 1, "does not start with ---"),
    "front matter without end": (DRY, "---\nText.\n", "Text.", 8, "not a 'key: value' line"),
    "no text": (DRY, "Text.\n", "", 9, "there is no text"),
    "other file name": (PAINT, "long: paint", "long: print", 2, "a file of another name"),
    "bad option name": (DRY, "long: dry", "long: dry_it", 2, "of another name"),
    "short of two letters": (PAINT, "short: p", "short: pp", 3, "not one letter"),
    "unknown command": (PAINT, "commands: run", "commands: run fly", 5, "no such command"),
    "command twice": (PAINT, "commands: run", "commands: run run", 5, "named twice"),
    "unknown group": (PAINT, "group: Files", "group: Fun", 6, "no such group"),
    "long short help": (PAINT, "help: paint it", "help: " + "x" * 61, 7, "longer than 60"),
    "repeatable maybe": (PAINT, "repeatable: yes", "repeatable: maybe", 9, "yes or no"),
    "since a word": (PAINT, "since: 0.1", "since: ever", 10, "not a version"),
    "see nobody": (PAINT, "see: dry", "see: wet", 11, "no other option: 'wet'"),
    "see itself": (PAINT, "see: dry", "see: paint", 11, "no other option: 'paint'"),
    "unknown completion": (PAINT, "complete: colour", "complete: taste", 12, "no such completion"),
    "choices without choice": (PAINT, "complete: colour", "complete: choices", 12, "without a choice"),
    "completion without value": (DRY, "since: 0.1", "since: 0.1\ncomplete: path", 8, "only there"),
    "value without completion": (PAINT, "complete: colour\n", "", 1, "only there"),
    "control character": (PAINT, "Paints", "\x1bPaints", 14, "printable ASCII"),
    "letter outside ASCII": (PAINT, "Paints", "M\u00e4lt", 14, "printable ASCII"),
    "half a pair of marks": (PAINT, "`it`", "`it", 14, "without its other half"),
    "unknown Markdown": (PAINT, "Paints", "### Paints", 14, "form of Markdown"),
    "code too wide": (PAINT, "Paints `it`.", "    " + "x" * 69, 14, "longer than 68"),
    "space at the end": (PAINT, "`it`.", "`it`. ", 14, "white space at the end"),
    "item without text": ("names/colour.md", "`red`: like blood.", "`red`", 1, "not of the form"),
    "key of another name": (WALLS, "key: paints.walls", "key: paints.doors", 2, "a file of another name"),
    "unknown type": (PAINTS, "type: map", "type: heap", 3, "no such type: 'heap'"),
    "words of no type of words": (PAINTS, "type: map", "type: map\nwords: set", 4, "only there"),
    "type of words without words": (WALLS, "words: set\n", "", 1, "only there"),
    "unknown words": (WALLS, "words: set", "words: hues", 4, "no such list of words"),
    "max a word": (WALLS, "max: 4", "max: four", 5, "'max' is not a number"),
    "max zero": (WALLS, "max: 4", "max: 0", 5, "'max' is not a number"),
    "order twice": (WALLS, "order: 20", "order: 10", 7, "'paints' has this order already"),
    "order of a key a word": (WALLS, "order: 20", "order: last", 7, "'order' is not a number"),
    "since of a key a word": (WALLS, "since: 0.2", "since: ever", 8, "not a version"),
    "long help of a key": (PAINTS, "help: what to paint", "help: " + "x" * 61, 6, "longer than 60"),
    "see no key": (WALLS, "see: paints", "see: dry", 10, "no other key: 'dry'"),
    "see the key itself": (WALLS, "see: paints", "see: paints.walls", 10, "no other key"),
    "unknown operand": ("commands/run.md", "order: 1", "order: 1\ncomplete: moon", 6, "no such completion"),
    "order a word": ("commands/run.md", "order: 1", "order: first", 5, "not a number"),
}


@test("a document is refused with its file and line, and nothing is written:", variants=list(BROKEN))
def _(name):
    path, old, new, line, message = BROKEN[name]
    contains(SMALL[path], old, "the good document")
    docs = small_docs({path: SMALL[path].replace(old, new)})
    text, result = generate("def", docs)
    status_is(result, 1)
    contains(result.err, f"{docs}/{path}:{line}: ", "message")
    contains(result.err, message, "message")
    equal(text, None, "output")


@test("two options with the same short letter are refused")
def _():
    _, result = generate("def", small_docs({DRY: SMALL[DRY].replace("long: dry", "long: dry\nshort: p")}))
    status_is(result, 1)
    contains(result.err, "-p is already --dry")


@test("documents without any option are refused")
def _():
    _, result = generate("def", small_docs({PAINT: None, DRY: None}))
    status_is(result, 1)
    contains(result.err, "there are no options")


@test("a missing folder and a wrong word on the command line are errors")
def _():
    _, result = generate("def", "/nonexistent")
    status_is(result, 1)
    contains(result.err, "/nonexistent")
    status_is(run(sys.executable, GENERATOR, "pdf", DOCS, "/dev/null"), 2)
    status_is(run(sys.executable, GENERATOR), 2)


@test("documents without any key are refused")
def _():
    _, result = generate("schema", small_docs({PAINTS: None, WALLS: None}))
    status_is(result, 1)
    contains(result.err, "there are no keys")


@test("a key below what is missing, or is no map, is refused")
def _():
    for page in (None, SMALL[PAINTS].replace("type: map", "type: text")):
        _, result = generate("schema", small_docs({PAINTS: page}))
        status_is(result, 1)
        contains(result.err, f"{WALLS}:2: there is no map 'paints'")


@test("a key becomes one line of the schema, in the order that its page gives it")
def _():
    text, _ = generate("schema", small_docs())
    contains(text, 'SCHEMA(PAINTS, "paints", SCHEMA_MAP, NULL, 0, 0, NULL,\n\t"0.2", "what to paint")\n'
                   'SCHEMA(PAINTS_WALLS, "paints.walls", SCHEMA_WORDS, set_names, SET_MAX, 4, "none",\n'
                   '\t"0.2", "the walls")\n')
    other = {PAINTS: SMALL[PAINTS].replace("10", "30")}
    text, _ = generate("schema", small_docs(other))
    true(text.index("PAINTS_WALLS") < text.index("SCHEMA(PAINTS,"), "the order")


@test("an option becomes one line of the table, with every key in its place")
def _():
    text, _ = generate("def", small_docs())
    contains(text, 'OPTION(PAINT, "paint", \'p\', "COLOUR", GROUP_FILES, CMD_RUN,\n'
                   '\tIS_REPEATABLE, "paint it", "red")\n')
    contains(text, 'OPTION(DRY, "dry", 0, NULL, GROUP_OUTPUT, CMD_GLOBAL | CMD_RUN,\n\t0, "let it dry", NULL)\n')
    contains(text, 'OPTION_COMMAND(RUN, "run", "[options]",\n\t"run it")\n')


@test("quotes and backslashes in a text stay themselves in C")
def _():
    text, _ = generate("help", small_docs({DRY: SMALL[DRY].replace("Text.", 'Say "\\n".')}))
    contains(text, '"Say \\"\\\\n\\".\\n"')


@test("a text too long for a C string is refused")
def _():
    _, result = generate("help", small_docs({DRY: SMALL[DRY] + "word " * 900 + "word.\n"}))
    status_is(result, 1)
    contains(result.err, "longer than 4095 bytes")


@test("a line that starts like a request of roff stays text")
def _():
    text, _ = generate("man", small_docs({DRY: SMALL[DRY].replace("Text.", ".Sh Text")}))
    contains(text, "\n\\&.Sh Text\n")


@test("the option table and the long help compile without a warning", variants=["gcc", "clang"])
def _(compiler):
    needs(compiler)
    folder = tempdir()
    for what in ("def", "help"):
        text, result = generate(what)
        succeeds(result)
        write_file(f"{folder}/{what}", text)
    write_file(f"{folder}/t.c", """
#include <stddef.h>
enum { CMD_RUN, CMD_PLAN, CMD_WHY, CMD_GLOBAL, CMD_DEPS, CMD_CHECK, CMD_PROFILE, CMD_PROFILE_LIST, CMD_PROFILE_SHOW,
	CMD_PROFILE_NEW, CMD_PROFILE_SCHEMA, CMD_PROFILE_TRUST, CMD_PROFILE_IMPORT, CMD_PROFILE_EXPORT,
	CMD_SESSION, CMD_SESSION_START, CMD_SESSION_LIST, CMD_SESSION_STOP, CMD_DOCTOR, CMD_IMAGE, CMD_IMAGE_CHECK, CMD_IMAGE_UNPACK, CMD_GHA_HOOK, CMD_NIX_BUILDER, CMD_NIX_DRV,
	IS_REPEATABLE };
#define OPTION_GROUP(id, title) GROUP_##id,
enum group {
#include "def"
GROUP_COUNT };
struct option { const char *name; char letter; const char *arg; enum group group; int commands, flags;
	const char *help, *fallback, *more; };
#define OPTION(id, ...) OPT_##id,
enum {
#include "def"
OPT_COUNT };
#define OPTION(id, name, letter, arg, group, commands, flags, help, fallback) \\
	[OPT_##id] = { name, letter, arg, group, commands, flags, help, fallback, NULL },
extern const struct option options[];
const struct option options[] = {
#include "def"
};
#define OPTION_HELP(id, text) [OPT_##id] = text,
#define COMMAND_HELP(id, text) text,
#define PROGRAM_HELP(text) text,
#define TOPIC_HELP(id, title, text) title, text,
extern const char *const texts[];
const char *const texts[] = {
#include "help"
};
""")
    succeeds(run(compiler, "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Woverlength-strings", "-Wundef",
                 "-Wwrite-strings", "-Wno-gnu-zero-variadic-macro-arguments", "-Werror", "-c", f"{folder}/t.c",
                 "-o", f"{folder}/t.o"))


@test("each line of the long help fits a terminal of 80 columns with room to indent it")
def _():
    text, _ = generate("help")
    for line in re.findall(r'^\t"(.*)\\n"$', text, re.M):
        true(len(line.replace("\\", "")) <= 72, f"too wide: {line}")


def man_page(what, name):
    """The page as a reader sees it, after mandoc had nothing against it."""
    needs("mandoc")
    text, result = generate(what)
    succeeds(result)
    path = write_file(f"{tempdir()}/{name}", text)
    lint = run("mandoc", "-T", "lint", "-W", "warning", path)
    equal((lint.status, lint.out, lint.err), (0, "", ""), "mandoc")
    return re.sub(".\b", "", run("mandoc", "-T", "ascii", path).out)


@test("the man page has no warning and shows each option and command")
def _():
    shown = man_page("man", "croft.1")
    for name in sorted(os.listdir(f"{DOCS}/options")):
        matches(shown, rf"(?m)^ +(-\w, )?--{name.removesuffix('.md')}( |$)", "man page")
    names = [name.removesuffix(".md") for name in sorted(os.listdir(f"{DOCS}/commands"))]
    for name in names:
        parent, _, verb = name.partition("-")
        word = f"{parent} {verb}" if parent in names and verb else name
        matches(shown, rf"(?m)^     croft{'' if name == 'croft' else ' ' + word}( |$)", "man page")


@test("the man page of profile files has no warning and shows each key and each built-in profile")
def _():
    shown = man_page("man5", "croft-profile.5")
    for name in sorted(os.listdir(f"{DOCS}/keys")):
        matches(shown, rf"(?m)^     {re.escape(name.removesuffix('.md'))}( |$)", "man page")
    for word in documented_words("profile"):
        matches(shown, rf"(?m)^     {word}( |$)", "man page")
    for head in ("NAME", "DESCRIPTION", "WHERE PROFILES ARE FOUND", "VARIABLES", "PATTERNS", "VERSION 1", "SEE ALSO"):
        matches(shown, f"(?m)^{head}$", "man page")


@test("the lint of the man page does find a mistake")
def _():
    needs("mandoc")
    page = write_file(f"{tempdir()}/croft.1", ".Dd January 1, 2026\n.Dt CROFT 1\n.Os\n.Sh NAME\n.Nm croft\n.El\n")
    differs(run("mandoc", "-T", "lint", "-W", "warning", page).status, 0, "status")


WORD_TABLES = {     # names file: (header, start of the enumerators)
    "protection": ("profile/protection.h", "PROTECT_"),
    "group": ("profile/profile.h", "GROUP_"),
    "limit": ("profile/profile.h", "LIMIT_"),
    "operation": ("plan/plan.h", "WHY_"),
}


def documented_words(name):
    return re.findall(r"^- `([^`]+)`:", read_file(f"{DOCS}/names/{name}.md"), re.M)


@test("the words of a list in the documents are those of the enum in the source, in its order:",
      variants=list(WORD_TABLES))
def _(name):
    header, prefix = WORD_TABLES[name]
    text = re.sub(r"/\*.*?\*/", "", read_file(f"{ROOT}/src/{header}"), flags=re.S)
    enum = next(body for body in re.findall(r"enum \w+ \{(.*?)\}", text, re.S) if f"{prefix}MAX" in body)
    words = [word.strip()[len(prefix):].lower().replace("_", "-") for word in enum.split(",")]
    equal(documented_words(name), [word for word in words if word and word != "max"])


@test("the profiles in the documents are the files of profiles/, all of which are built in")
def _():
    files = sorted(name for name in os.listdir(f"{ROOT}/profiles") if name.endswith(".yaml"))
    equal([f"{name}.yaml" for name in documented_words("profile")], files)
    equal(re.findall(r"'([^']+\.yaml)'", read_file(f"{ROOT}/profiles/meson.build")), files)


@test("what the documents say of a profile begins as its own description does")
def _():
    text = re.sub(r"\n +", " ", read_file(f"{DOCS}/names/profile.md")).replace("`", "")
    for word, told in re.findall(r"^- ([\w-]+): (.*)$", text, re.M):
        own = re.search("(?m)^    description: (.*)$", read_file(f"{ROOT}/profiles/{word}.yaml"))[1]
        true(len(os.path.commonprefix([told, own])) >= min(10, len(own)), f"{word}: {told!r} and {own!r}")


@test("the requirements told in the documents are the source's own")
def _():
    table = re.search(r"default_requirements\[\w+\] = \{(.*?)\};", read_file(f"{ROOT}/src/profile/profile.c"), re.S)[1]
    told = {"REQUIRE": "Required.", "PREFER": "Preferred.", "OFF": "Off."}
    want = {name.lower().replace("_", "-"): told[level]
            for name, level in re.findall(r"\[PROTECT_(\w+)\] = REQUIRE_(\w+)", table)}
    text = re.sub(r"\n +", " ", read_file(f"{DOCS}/names/protection.md"))
    equal({word: rest.split()[-1] for word, rest in re.findall(r"^- `([^`]+)`: (.*)$", text, re.M)}, want)


def keys_of(path):
    return dict(line.split(": ", 1) for line in read_file(path).split("---\n")[1].splitlines())


def check_example(line, options):
    """Reads a line as croft's parser does: each option is one of the command's, and has a value if it takes one."""
    words = line.split()
    if words[1].startswith("-"):
        words.insert(1, "global")
    command, rest = words[1], words[2:]
    while rest and rest[0].startswith("-") and rest[0] != "--":
        name, equals, _ = rest.pop(0).partition("=")
        if name == "--as":      # the rest is another launcher's
            return
        option = options.get(name.removeprefix("--"))
        true(option and command in option["commands"].split(), f"{line!r}: croft {command} has no {name}")
        takes = "arg" in option and not option["arg"].startswith("[")
        true(takes or not equals, f"{line!r}: {name} takes no value")
        if takes and not equals:
            true(rest and rest.pop(0), f"{line!r}: {name} has no value")


@test("the examples in the documents use options that their command has")
def _():
    options = {name.removesuffix(".md"): keys_of(f"{DOCS}/options/{name}") for name in os.listdir(f"{DOCS}/options")}
    n_examples = 0
    for folder in ("options", "commands"):
        for name in os.listdir(f"{DOCS}/{folder}"):
            text = read_file(f"{DOCS}/{folder}/{name}").replace("\\\n", " ")
            for line in re.findall(r"^    (croft .*)$", text, re.M):
                check_example(line, options)
                n_examples += 1
    true(n_examples >= len(options) - 1, f"only {n_examples} examples")


@test("the check of the examples does find an option that the command has not")
def _():
    options = {"dry": {"commands": "run"}, "paint": {"commands": "run", "arg": "COLOUR"}}
    check_example("croft run --dry --paint=red --paint red -- x --wet", options)
    for line in ("croft run --wet -- x", "croft plan --dry", "croft run --paint", "croft run --dry=1"):
        try:
            check_example(line, options)
        except Failure:
            continue
        fail(f"{line!r} passed")


# Each question is asked of every shell in the folder below. The answer: words that must be offered,
# and words that must not.
QUESTIONS = {
    "croft ": (["run", "plan", "why", "deps", "check", "profile"], ["--read", "schema"]),
    "croft --v": (["--version"], ["--read", "run"]),
    "croft run --re": (["--read", "--require"], ["--env", "--host"]),
    "croft plan --h": (["--host", "--help"], ["--status-fd"]),
    "croft run --require un": (["unix-path", "unix-abstract"], ["udp"]),
    "croft run --off=un": (["unix-path", "unix-abstract"], ["udp"]),
    "croft deps --": (["--root", "--tree", "--json"], ["--read"]),
    "croft run --with py": (["python"], ["perl"]),
    "croft run --profile ": (["default", "system", "empty", "our-own"], ["run"]),
    "croft run --profile ./some": (["./some-profile.yaml", "./some-folder"], ["./some-file"]),
    "croft run --profile=sys": (["system"], ["default"]),
    "croft pro": (["profile"], ["profile-list"]),
    "croft profile ": (["list", "show", "new", "schema", "trust", "import", "export"], ["run", "some-file"]),
    "croft profile s": (["show", "schema"], ["list"]),
    "croft profile --he": (["--help"], ["--yaml", "--version"]),
    "croft profile show --": (["--yaml", "--resolved", "--origin", "--json"], ["--list", "--version"]),
    "croft profile show --yaml def": (["default"], ["system"]),
    "croft profile show some": (["some-profile.yaml", "some-folder"], ["some-file"]),
    "croft profile import --from sr": (["srt"], ["landlockconfig"]),
    "croft profile import --from srt some-fi": (["some-file"], ["some-folder"]),
    "croft profile list some": ([], ["some-file", "some-folder", "some-profile.yaml"]),
    "croft check --st": (["--strict"], ["--status-fd"]),
    "croft check some": (["some-profile.yaml", "some-folder"], ["some-file"]),
    "croft run --limit me": (["memory="], ["cpu="]),
    "croft run --allow io": (["io-uring"], ["bpf"]),
    "croft run --read ./so": (["./some-file", "./some-folder"], []),
    "croft run --read optional:./some-fo": (["some-folder"], ["some-file"]),
    "croft run --read=./some-fo": (["some-folder"], ["some-file"]),
    "croft run --chdir ./so": (["some-folder"], ["some-file"]),
    "croft run --env HIGHLY_UNL": (["HIGHLY_UNLIKELY"], []),
    "croft run --env=A=B --require=ipc --pro": (["--profile"], ["--prefer"]),
    "croft run --read / --off ipc -- croft-test-com": (["croft-test-command"], []),
    "croft run --read / croft-test-com": (["croft-test-command"], []),
    "croft run --read croft-test-com": ([], ["croft-test-command"]),
    "croft run croft-test-command --re": ([], ["--read", "--require"]),
    "croft run -- croft-test-command some-fo": (["some-folder"], ["some-file"]),
    "croft why --connect 443 ": (["connect", "syscall"], ["run", "--read"]),
    "croft run --off=": (["unix-path", "udp"], []),
    "croft why read --re": ([], ["--read", "--require"]),
    "croft why env HIGHLY_UNL": (["HIGHLY_UNLIKELY"], []),
    "croft why read ./some-fo": (["some-folder"], ["some-file"]),
}


def shell_folder():
    """A folder with things to complete, and an environment in which a command and a variable can be found."""
    folder = tempdir()
    os.mkdir(f"{folder}/some-folder")
    write_file(f"{folder}/some-file")
    write_file(f"{folder}/some-profile.yaml")
    write_file(f"{folder}/croft/profiles/our-own.yaml")
    write_file(f"{folder}/bin/croft-test-command", "#!/bin/sh\n", 0o755)
    env = {"PATH": f"{folder}/bin:{os.environ['PATH']}", "HOME": folder, "TERM": "dumb", "HIGHLY_UNLIKELY": "1",
           "LC_ALL": "C", "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder}
    return folder, env


def check_answer(shell, question, answer):
    wanted, unwanted = QUESTIONS[question]
    words = re.split(r"\s+", answer)
    for word in wanted:
        # zsh shows the last part of a path only
        true(any(w.rstrip("/").endswith(word) or word == "./" + w.rstrip("/") for w in words),
             f"{shell}: {question!r} lacks {word!r}:\n{answer}")
    for word in unwanted:
        true(all(w.rstrip("/") != word for w in words), f"{shell}: {question!r} offers {word!r}:\n{answer}")


BASH_DRIVER = r"""
source "$1"
line=$2
# as readline does it: words are parted at blanks, = and :
COMP_WORDS=() word=
for ((i = 0; i < ${#line}; i++)); do
	c=${line:i:1}
	case $c in
	' ') [[ -n $word ]] && COMP_WORDS+=("$word"); word= ;;
	= | :) [[ -n $word ]] && COMP_WORDS+=("$word"); COMP_WORDS+=("$c"); word= ;;
	*) word+=$c ;;
	esac
done
COMP_WORDS+=("$word")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
compopt() { :; }
_croft
printf '%s\n' "${COMPREPLY[@]}"
"""


@test("bash completes", variants=[q for q in QUESTIONS if "croft-test-command some" not in q])
def _(question):
    needs("bash")
    folder, env = shell_folder()
    text, _ = generate("bash")
    write_file(f"{folder}/bin/croft.bash", text)
    result = run("bash", "--norc", "-c", BASH_DRIVER, "bash", f"{folder}/bin/croft.bash", question, cwd=folder, env=env)
    equal(result.err, "", "stderr")
    check_answer("bash", question, result.out)


@test("bash gives the words after the command to the command's own completion")
def _():
    needs("bash")
    folder, env = shell_folder()
    text, _ = generate("bash")
    write_file(f"{folder}/bin/croft.bash", text)
    driver = '_command_offset() { echo "offset $1"; }\n' + BASH_DRIVER
    for line, offset in {"croft run --env A=B -- make al": 7, "croft run make": 2, "croft run ": 2}.items():
        result = run("bash", "--norc", "-c", driver, "bash", f"{folder}/bin/croft.bash", line, cwd=folder, env=env)
        contains(result.out, f"offset {offset}\n", line)


@test("bash completes a relative name with the ./ that croft asks for")
def _():
    needs("bash")
    folder, env = shell_folder()
    text, _ = generate("bash")
    write_file(f"{folder}/bin/croft.bash", text)
    result = run("bash", "--norc", "-c", BASH_DRIVER, "bash", f"{folder}/bin/croft.bash", "croft run --read some-fo",
                 cwd=folder, env=env)
    equal(result.out, "./some-folder\n")


@test("fish completes", variants=list(QUESTIONS))
def _(question):
    needs("fish")
    folder, env = shell_folder()
    text, _ = generate("fish")
    write_file(f"{folder}/bin/croft.fish", text)
    succeeds(run("fish", "--no-config", "-n", f"{folder}/bin/croft.fish", env=env))
    result = run("fish", "--no-config", "-c", "source $argv[1]; complete -C $argv[2]", f"{folder}/bin/croft.fish",
                 question, cwd=folder, env=env)
    equal(result.err, "", "stderr")
    check_answer("fish", question, result.out)


class Terminal:
    """A shell in a terminal of its own."""

    def __init__(self, argv, folder, env):
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.chdir(folder)
            os.execvpe(argv[0], argv, env)
        cleanup(self.close)

    def close(self):
        os.close(self.fd)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)

    def ask(self, keys, end, seconds=20):
        """Sends the keys; all that is written until the text `end` has come."""
        os.write(self.fd, keys.encode())
        out, deadline = "", time.monotonic() + seconds
        while end not in out:
            if not select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]:
                fail(f"no answer to {keys!r}, only {out!r}")
            out += os.read(self.fd, 65536).decode("utf-8", "replace")
        return out


@test("zsh completes what the Tab key is asked for")
def _():
    needs("zsh")
    folder, env = shell_folder()
    text, _ = generate("zsh")
    write_file(f"{folder}/functions/_croft", text)
    succeeds(run("zsh", "-f", "-n", f"{folder}/functions/_croft"))
    zsh = Terminal(["zsh", "-f", "-i"], folder, env)
    # the widget lists what would be offered, then says so in one word that can be waited for
    zsh.ask("PS1=; unsetopt zle_bracketed_paste; fpath=($PWD/functions $fpath); autoload -Uz compinit; "
            "compinit -D -u; LISTMAX=9999; setopt list_ambiguous; unsetopt beep; "
            "all() { zle list-choices; zle -R; print -r -- ; print -r 'that''s all'; }; "
            "zle -N all; bindkey '^G' all; print rea''dy\n", "ready")
    for question in QUESTIONS:
        answer = zsh.ask(f"\x15{question}\x07", "thats all")
        check_answer("zsh", question, answer.replace(question, ""))


if __name__ == "__main__":
    main()
