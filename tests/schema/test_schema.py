#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_schema.py - the JSON Schema of profile files, judged by a validator that is not ours.

A validator from npm, with the YAML parser of editors, and croft judge the same files: all built-in
profiles, the examples of the manual, files that are right in unusual ways, and files with one
mistake each. They must say the same of each. So a schema that takes everything fails, one that
takes nothing fails, and so does a key that one of the two does not know.

What a schema cannot see, since YAML has made values of the words before, is listed with the words
that croft has for it: there the validator says yes and croft no.

The YAML server that editors use is asked as well: what it marks, offers and shows.

The packages are pinned, with digests, in package-lock.json. They are installed once, in a folder of
the build.
"""
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from harness import *   # noqa: E402,F403 pylint: disable=wrong-import-position,wildcard-import

SOURCE = os.environ["SOURCE"]
HERE = os.path.dirname(os.path.abspath(__file__))
KEYS = os.path.join(SOURCE, "docs", "keys")
PROFILES = os.path.join(SOURCE, "profiles")
HEAD = "version: 2\nprofiles:\n  example:\n"
CACHE = os.path.join(SOURCE, "build-npm", "schema")


def installed():
    """The folder with the packages; skips where they cannot be had."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            skip(f"{program} is not installed")
    lock = read_file(f"{HERE}/package-lock.json")
    if not os.path.exists(f"{CACHE}/lock") or read_file(f"{CACHE}/lock") != lock:
        shutil.rmtree(CACHE, ignore_errors=True)
        os.makedirs(CACHE)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(f"{HERE}/{name}", CACHE)
        result = run("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--cache", f"{CACHE}/cache", cwd=CACHE,
                     timeout=100)
        if result.status != 0:
            skip("no registry of npm packages can be reached")
        shutil.rmtree(f"{CACHE}/cache", ignore_errors=True)
        write_file(f"{CACHE}/lock", lock)
    return CACHE


def world():
    """A folder in which the examples have what they name, and its environment."""
    folder = tempdir()
    os.makedirs(f"{folder}/home")
    os.makedirs(f"{folder}/project/.git")
    write_file(f"{folder}/project/.git/HEAD", "ref: refs/heads/main\n")
    write_file(f"{folder}/project/team.yaml", "version: 2\nprofiles: { node: {} }\n")
    env = {"PATH": os.environ["PATH"], "HOME": f"{folder}/home", "CARGO_HOME": "/srv/cargo", "LANG": "C.UTF-8"}
    return f"{folder}/project", env


def schema_of(folder):
    path = f"{folder}/schema.json"
    result = succeeds(run(CROFT, "profile", "schema"))
    write_file(path, result.out)
    return path


def node(name, folder, env, *words):
    """What one of the programs in this folder answers, run beside the packages that it needs."""
    program = f"{installed()}/{name}"
    shutil.copy(f"{HERE}/{name}", program)
    return json.loads(succeeds(run("node", program, schema_of(folder), *words, cwd=folder, env=env)).out)


def validator(folder, env, files):
    """The validator's answers, one for each file."""
    return node("validate.js", folder, env, *files)


def editor(*questions):
    """What an editor shows: (text, line, column) each, from 0."""
    folder, env = world()
    asked = [{"text": text, "line": line, "column": column} for text, line, column in questions]
    return node("editor.js", folder, env, write_file(f"{folder}/questions.json", json.dumps(asked)))


def croft_says(folder, env, path, profiles):
    """(whether croft can make a profile of it, what it said)."""
    for name in profiles or [None]:
        word = f"{path}:{name}" if name else path
        result = run(CROFT, "profile", "show", "--resolved", word, cwd=folder, env=env)
        if result.status != 0:
            return False, result.err
    return True, ""


def both_say(documents, wanted):
    """Each document (name to text) is right, or wrong, to the validator and to croft."""
    folder, env = world()
    files = {}
    for name, text in documents.items():
        files[name] = f"{folder}/{re.sub('[^a-z0-9]+', '-', name.lower())}.yaml"
        write_file(files[name], text)
    answers = validator(folder, env, list(files.values()))
    wrong = []
    for name, path in files.items():
        answer = answers[path]
        is_right, said = croft_says(folder, env, path, answer["profiles"] if answer["valid"] else [])
        if not is_right and not re.match(rf"croft: {re.escape(path)}:\d+:\d+: ", said):
            wrong.append(f"croft names no place in {name}: {said}")
        if answer["valid"] != wanted:
            wrong.append(f"the validator says {answer['valid']} of {name}: {answer['errors']}")
        if is_right != wanted:
            wrong.append(f"croft says {is_right} of {name}: {said}")
    if wrong:
        fail("\n".join(wrong))


def in_profile(lines):
    """A file of one profile that has these lines."""
    return HEAD + "".join(f"    {line}\n" for line in lines.splitlines())


def code_blocks(path):
    """The examples of a page: what is indented by four spaces, parted by other lines."""
    blocks, block = [], []
    for line in read_file(path).splitlines() + ["end"]:
        if line.startswith("    ") or (not line and block):
            block.append(line[4:])
        elif block:
            blocks.append("\n".join(block).rstrip() + "\n")
            block = []
    return blocks


def examples():
    found = {}
    for page in sorted(os.listdir(KEYS)):
        key = page.removesuffix(".md").partition(".")[0]
        for index, block in enumerate(code_blocks(f"{KEYS}/{page}")):
            if block.startswith("version:"):
                found[f"{page} {index}"] = block
            elif re.match("[a-z_]+:", block):
                true(re.search(f"(?m)^{key}:", block), f"the example of {page} does not show its key")
                found[f"{page} {index}"] = in_profile(block)
    return found


@test("the examples in the manual are right to the validator and to croft, and each key has one")
def _():
    found = examples()
    for page in os.listdir(KEYS):
        true(any(name.startswith(page) for name in found), f"{page} has no example")
    both_say(found, True)


@test("the built-in profiles are right to the validator and to croft")
def _():
    documents = {name: read_file(f"{PROFILES}/{name}") for name in os.listdir(PROFILES) if name.endswith(".yaml")}
    true(len(documents) >= 3, "the profiles were not found")
    both_say(documents, True)


def told_failures(page):
    """(file, message) of each item "`YAML`: `message`" under How it fails."""
    key = page.removesuffix(".md")
    text = re.sub(r"\n +", " ", read_file(f"{KEYS}/{page}").partition("## How it fails\n")[2])
    for yaml, message in re.findall(r"(?m)^- `([^`]+)`: `([^`]+)`", text):
        if key == "version":
            yield f"{yaml}\nprofiles: {{ p: {{}} }}\n", message
        elif key == "profiles":
            yield f"version: 2\n{yaml}\n", message
        else:
            yield in_profile(yaml), message


@test("each way to fail that the manual tells is what croft says, and each key has one")
def _():
    project, env = world()
    wrong = []
    for page in sorted(os.listdir(KEYS)):
        found = list(told_failures(page))
        if not found and page != "files.device.md":
            wrong.append(f"{page} tells none")
        for text, message in found:
            path = write_file(f"{project}/wrong.yaml", text)
            result = run(CROFT, "plan", "--profile", path, cwd=project, env=env)
            if result.status != 125 or message not in result.err:
                wrong.append(f"{page} tells {message!r}, croft says {result.status}: {result.err}")
    if wrong:
        fail("\n".join(wrong))


RIGHT = {
    "nothing in a profile": "version: 2\nprofiles: { p: {} }\n",
    "version in quotes": "version: '2'\nprofiles: { p: {} }\n",
    "the short form of syscalls": in_profile("syscalls: strict"),
    "its long form": in_profile("syscalls: { mode: 'off' }"),
    "numbers in quotes": in_profile("abi: '4'\nlimits: { processes: '9', time: 30, memory: 5000 }\ndescriptors: ['3']"),
    "a size and a time with units": in_profile("limits: { memory: 4GiB, file_size: 10MB, cpu: 2m, time: 500ms }"),
    "ports": in_profile("network: { connect: [1, 65535, '80', 'tcp:443', 'udp:53'], listen: [0, 'udp:0', 65535] }"),
    "a number and a boolean as text": in_profile("environment: { set: { CI: 1, DEBUG: true } }"),
    "empty lists": in_profile("files: { read: [] }\nextends: []\nwith: []"),
    "an empty text and lines in a value": in_profile("environment: { set: { A: '', B: \"a\\nb\" } }"),
    "a variable's name that is a star": in_profile("environment: { pass: ['*', 'LC_*'] }"),
    "a bare tilde": in_profile("files: { read: [~] }"),
    "a hidden name and one with two dots in it": in_profile("files: { read: [.git, a..b, ...] }"),
    "exact rights": in_profile("files: { rights: [{ paths: [/srv], allow: [read_file, refer] }] }"),
    "all requirements": in_profile("require: { files: require, udp: prefer, ipc: 'off', landlock: 1 }"),
    "JSON": '{"version": 2, "profiles": {"p": {"files": {"read": ["/etc"]}, "audit": true}}}\n',
    "version 1": "version: 1\nprofiles:\n  p:\n    access_roots: {}\n",
    "version 1 without saying so": "profiles:\n  p:\n    description: d\n",
    "all of version 1": """
profiles:
  p:
    description: null
    access_roots:
      system: { paths: [/usr, ~/x], permissions: { read_file: true, read_dir: true, execute: true } }
      work: { paths: [/srv], permissions: { write_file: true, remove_file: false, remove_dir: null, truncate: true } }
    control_access: { read_file: true, execute: false }
    command: { binary: /bin/sh, args: [-c, "true"], working_dir: /srv, env: { A: 1, B: ~/b } }
    log_level: info
    dry_run: false
""",
}


@test("unusual files are right to both")
def _():
    both_say(RIGHT, True)


WRONG = {
    # the top of a file
    "no profiles": "version: 2\n",
    "an empty mapping of profiles": "version: 2\nprofiles: {}\n",
    "profiles are a list": "version: 2\nprofiles: [p]\n",
    "a list": "- version: 2\n",
    "a text": "version\n",
    "an unknown version": "version: 3\nprofiles: { p: {} }\n",
    "version a word": "version: two\nprofiles: { p: {} }\n",
    "an unknown key at the top": "version: 2\nprofile: {}\nprofiles: { p: {} }\n",
    "a key of profiles at the top": "version: 2\nfiles: {}\nprofiles: { p: {} }\n",
    "a profile that is nothing": "version: 2\nprofiles: { p: }\n",
    "a profile that is a list": "version: 2\nprofiles: { p: [] }\n",
    "a name with a slash": "version: 2\nprofiles: { a/b: {} }\n",
    "a name like a file": "version: 2\nprofiles: { a.yaml: {} }\n",
    "a name like an option": "version: 2\nprofiles: { -a: {} }\n",
    "a long name": f"version: 2\nprofiles: {{ {'a' * 65}: {{}} }}\n",
    "too many profiles": "version: 2\nprofiles:\n" + "".join(f"  p{n}: {{}}\n" for n in range(257)),
    "version 2 without saying so": "profiles: { p: { files: { read: [/etc] } } }\n",
    # keys
    "an unknown key": in_profile("fiels: {}"),
    "an unknown key of a mapping": in_profile("files: { raed: [/etc] }"),
    "a map that is a list": in_profile("files: [/etc]"),
    "a map that is nothing": in_profile("files:"),
    "a key that is nothing": in_profile("description:"),
    # types
    "a text that is a list": in_profile("description: [a]"),
    "texts that are a text": in_profile("extends: default"),
    "a text in a list that is a list": in_profile("extends: [[default]]"),
    "a description of two lines": in_profile('description: "a\\nb"'),
    "a size with a leading zero": in_profile("limits: { memory: 0512MiB }"),
    "a time with a leading zero": in_profile("limits: { time: 05m }"),
    "an empty name": in_profile("extends: ['']"),
    "a newline in a name": in_profile('extends: ["a\\n"]'),
    "paths that are a text": in_profile("files: { read: /etc }"),
    "a path that is a mapping": in_profile("files: { read: [{ a: b }] }"),
    "an empty path": in_profile("files: { read: [''] }"),
    "a path up": in_profile("files: { read: [../x] }"),
    "a path up and down": in_profile("files: { write: [/usr/../etc] }"),
    "an optional path up": in_profile("files: { read: ['optional:..'] }"),
    "a tab in a path": in_profile('files: { read: ["/a\\tb"] }'),
    "a right that is none": in_profile("files: { rights: [{ paths: [/srv], allow: [read] }] }"),
    "rights without paths": in_profile("files: { rights: [{ allow: [read_file] }] }"),
    "rights without rights": in_profile("files: { rights: [{ paths: [/srv], allow: [] }] }"),
    "rights with another key": in_profile("files: { rights: [{ paths: [/a], allow: [refer], deny: [] }] }"),
    "rights that are texts": in_profile("files: { rights: [/srv] }"),
    "a port too high": in_profile("network: { connect: [65536] }"),
    "a port in quotes too high": in_profile("network: { connect: ['tcp:65536'] }"),
    "connecting to port 0": in_profile("network: { connect: [0] }"),
    "a port below 0": in_profile("network: { listen: [-1] }"),
    "a word as port": in_profile("network: { connect: [https] }"),
    "another protocol": in_profile("network: { connect: ['sctp:9'] }"),
    "a host": in_profile("network: { connect: ['example.org:443'] }"),
    "a word that is none": in_profile("syscalls: strct"),
    "a word of a list that is none": in_profile("with: [nsss]"),
    "a group that is none": in_profile("syscalls: { allow: [sudo] }"),
    "an isolation that is none": in_profile("isolate: [all]"),
    "a system call with a slash": in_profile("syscalls: { refuse: [a/b] }"),
    "yes for true": in_profile("audit: yes"),
    "true in quotes": in_profile("audit: 'true'"),
    "a number for true": in_profile("supervise: 1"),
    "a number too high": in_profile("abi: 12"),
    "a number that is 0": in_profile("limits: { processes: 0 }"),
    "a number with a point": in_profile("limits: { open_files: 1.5 }"),
    "a number that is a word": in_profile("limits: { processes: many }"),
    "a descriptor too low": in_profile("descriptors: [2]"),
    "a descriptor twice": in_profile("descriptors: [3, 3]"),
    "a size with another unit": in_profile("limits: { memory: 4Gb }"),
    "a size of nothing": in_profile("limits: { memory: 0 }"),
    "a size below nothing": in_profile("limits: { memory: -1 }"),
    "a time with another unit": in_profile("limits: { time: 3w }"),
    "a time of nothing": in_profile("limits: { cpu: 0s }"),
    "a variable's name with a dash": in_profile("environment: { set: { A-B: c } }"),
    "a variable that is a list": in_profile("environment: { set: { A: [b] } }"),
    "a variable that is nothing": in_profile("environment: { set: { A: } }"),
    "a variable that ends in a newline": in_profile('environment: { set: { A: "b\\n" } }'),
    "a value where a name is meant": in_profile("environment: { pass: [A=b] }"),
    "a star in a name": in_profile("environment: { pass: ['A*B'] }"),
    "a name to use that is none": in_profile("environment: { use: ['A*'] }"),
    "variables as a list": in_profile("environment: { set: [A=b] }"),
    "an unknown protection": in_profile("require: { filse: require }"),
    "an unknown requirement": in_profile("require: { files: maybe }"),
    "Landlock as a word": in_profile("require: { landlock: new }"),
    "a Landlock of the future": in_profile("require: { landlock: 99 }"),
    "requirements as a list": in_profile("require: [files]"),
    "too many items": in_profile("descriptors: [" + ", ".join(str(n) for n in range(3, 300)) + "]"),
    # version 1
    "version 1: an unknown key": "profiles: { p: { acces_roots: {} } }\n",
    "version 1: an unknown right": "profiles: { p: { access_roots: { g: { paths: [/a], permissions: { read: true } } } } }\n",
    "version 1: no permissions": "profiles: { p: { access_roots: { g: { paths: [/a] } } } }\n",
    "version 1: no paths": "profiles: { p: { access_roots: { g: { permissions: {} } } } }\n",
    "version 1: a right that is a word": "profiles: { p: { control_access: { execute: maybe } } }\n",
    "version 1: a command without program": "profiles: { p: { command: { args: [] } } }\n",
    "version 1: another level": "profiles: { p: { log_level: loud } }\n",
    "version 1: roots as a list": "profiles: { p: { access_roots: [/usr] } }\n",
    "version 1: an empty path": "profiles: { p: { access_roots: { g: { paths: [''], permissions: { execute: true } } } } }\n",
}


@test("files with one mistake are wrong to both")
def _():
    both_say(WRONG, False)


# What is gone when YAML has read the file: the validator takes it, and croft says why not.
UNSEEN = {
    "a number with a leading zero": (in_profile("limits: { processes: 010 }"), "a number"),
    "a number as a power": (in_profile("limits: { processes: 1e3 }"), "a number"),
    "True": (in_profile("audit: True"), "true or false"),
    "an anchor": (in_profile("files: { read: &a [/etc], write: [/srv] }"), "anchors"),
    "a tag": (in_profile("abi: !!int 4"), "tags"),
    "a number above the greatest in quotes": (in_profile("abi: '99'"), "1 to 11"),
}


@test("what a schema cannot see is refused by croft:", variants=list(UNSEEN))
def _(name):
    text, said = UNSEEN[name]
    folder, env = world()
    path = write_file(f"{folder}/unseen.yaml", text)
    equal(validator(folder, env, [path])[path]["valid"], True, "the validator")
    is_right, words = croft_says(folder, env, path, [])
    equal(is_right, False, "croft")
    contains(words, said)


@test("what croft prints of a profile is right to the validator: as YAML, resolved, and as JSON")
def _():
    folder, env = world()
    files = []
    for name in sorted(n.removesuffix(".yaml") for n in os.listdir(PROFILES) if n.endswith(".yaml")):
        for form in ("--yaml", "--resolved"):
            result = succeeds(run(CROFT, "profile", "show", form, "--origin", name, cwd=folder, env=env))
            files.append(write_file(f"{folder}/{name}{form}.yaml", result.out))
        result = succeeds(run(CROFT, "profile", "show", "--resolved", "--json", name, cwd=folder, env=env))
        profile = json.loads(result.out)["profile"]
        files.append(write_file(f"{folder}/{name}.json", json.dumps({"version": 2, "profiles": {"p": profile}})))
    wrong = {path: answer["errors"] for path, answer in validator(folder, env, files).items() if not answer["valid"]}
    equal(wrong, {})


@test("an editor marks what is wrong, and nothing in what is right")
def _():
    right, key, word, port, old = editor(
        (in_profile("files: { read: [/etc, ~] }\nsyscalls: off\nrequire: { udp: off }"), 3, 6),
        (in_profile("files: { raed: [/etc] }"), 3, 6), (in_profile("syscalls: strct"), 3, 6),
        (in_profile("network: { connect: [70000] }"), 3, 6), ("profiles:\n  p:\n    log_level: loud\n", 2, 6))
    equal(right["wrong"], [])
    contains(str(key["wrong"]), "raed is not allowed")
    contains(str(word["wrong"]), '"standard", "strict", "off"')
    contains(str(port["wrong"]), "65535")
    contains(str(old["wrong"]), '"error", "warn", "info"')


@test("an editor offers the keys and words of the place where the cursor is, and shows their help")
def _():
    top, files, required, mode, old, shown = editor(
        (HEAD + "    \n", 3, 4), (in_profile("files:\n  \n"), 4, 6), (in_profile("require:\n  \n"), 4, 6),
        (in_profile("syscalls: "), 3, 14), ("profiles:\n  p:\n    \n", 2, 4),
        (in_profile("network:\n  listen: [80]"), 4, 8))
    keys = {page.removesuffix(".md") for page in os.listdir(KEYS)} - {"version", "profiles"}
    equal(set(top["offered"]), {key for key in keys if "." not in key})
    equal(set(files["offered"]), {key.removeprefix("files.") for key in keys if key.startswith("files.")})
    true({"landlock", "deny-inside", "udp"} <= set(required["offered"]), f"protections: {required['offered']}")
    true({"standard", "strict", "off"} <= set(mode["offered"]), f"modes: {mode['offered']}")
    equal(set(old["offered"]), {"description", "access_roots", "control_access", "command", "log_level", "dry_run"})
    contains(shown["shown"], "ports that it may listen on")


@test("each key of the schema has its help in the words of the manual")
def _():
    schema = json.loads(succeeds(run(CROFT, "profile", "schema")).out)
    profile = schema["definitions"]["profile"]["properties"]
    for page in os.listdir(KEYS):
        key = page.removesuffix(".md")
        text = read_file(f"{KEYS}/{page}")
        words = re.search("(?m)^help: (.*)$", text)[1]
        node = schema["then"]["properties"] if key in ("version", "profiles") else profile
        for part in key.split("."):
            node = node[part] if part in node else node["anyOf"][1]["properties"][part]
            described, node = node, node.get("properties", node)
        contains(described["description"], words, key)
        default = re.search("(?m)^default: (.*)$", text)
        if default:
            contains(described["description"], default[1], key)


if __name__ == "__main__":
    main()
