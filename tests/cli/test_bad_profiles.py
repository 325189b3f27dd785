#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_bad_profiles.py - profile files that are broken, hostile or not ours: each a clear error in one line that
names the file (and the place in it, where the file was read), and nothing run.

Beside each stands the nearest file that is right, and with it the command must run.
"""
import socket

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

GOOD = """\
version: 2
profiles:
  p:
    extends: [system]
    description: words
"""
KIB = 1024
MAX_BYTES = 1024 * KIB
OTHER_USER = 65533


def profile(text, name="p.yaml", mode=0o644, folder=None):
    """A file with a profile in a directory of its own."""
    return write_file(os.path.join(folder or tempdir(), name), text, mode)


def commands(path, canary):
    """Everything that reads a profile to run something or to tell of it."""
    words = ["--profile", path, "--execute", PAYLOAD, "--write", canary.folder]
    command = ["--", *canary.command]
    return [["run", *words, *command], ["run", *words, "--supervise", *command], ["run", *words, "--dry-run", *command],
            ["plan", *words, *command], ["why", *words, "read", PAYLOAD]]


def refused_profile(path, *parts, **how):
    """No command of croft takes this file, and nothing ran."""
    canary = Canary()
    for words in commands(path, canary):
        refused(run_croft(*words, **how), 125, *parts)
    true(not canary.has_run(), f"the command ran with {path}")


def taken_profile(path, **how):
    """With this file the command runs, and the others answer."""
    canary = Canary()
    for words in commands(path, canary):
        succeeds(run_croft(*words, **how))
        equal(canary.has_run(), words[0] == "run" and "--dry-run" not in words, "the command ran")
        if canary.has_run():
            os.unlink(canary.path)


# What is in the file. The place is counted in lines and columns from 1.

@test("a file that is right is taken, with line ends of either kind, with a mark at its beginning", variants=[
    "\n", "\r\n", "mark"])
def _(kind):
    text = GOOD.replace("\n", "\r\n") if kind == "\r\n" else GOOD
    taken_profile(profile(("\N{BYTE ORDER MARK}" if kind == "mark" else "") + text))


CONTENTS = {
    "empty": (b"", "1:1: there is nothing in it"),
    "only words of a comment": (b"# version: 2\n", "1:1: there is nothing in it"),
    "cut in a list": (GOOD.encode()[:GOOD.index("]")], "5:1: did not find expected ',' or ']'"),
    "cut in a text": (GOOD.encode() + b"    sockets: ['/run/x\n", "7:1: found unexpected end of stream"),
    "cut in a character": (GOOD.encode() + b"    # \xc3", "6:7: a byte that is not UTF-8"),
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(64), "1:1: a control character was found"),
    "compressed": (b"\x1f\x8b\x08\x00\x00", "1:1: a control character was found"),
    "a NUL byte": (GOOD.encode() + b"    abi: 3\0\n", "6:11: a NUL byte was found"),
    "a NUL byte by an escape": (GOOD.encode() + b'    sockets: ["/run/x\\0y"]\n',
                                "6:15: a text has a control character in it"),
    "NUL bytes only": (bytes(4096), "1:1: a NUL byte was found"),
    "not UTF-8": (GOOD.encode() + b"    sockets: [/run/\xe4]\n", "6:20: a byte that is not UTF-8"),
    "UTF-16": (GOOD.encode("utf-16"), "1:1: UTF-8 was expected, UTF-16 was found"),
    "UTF-16 without its mark": (GOOD.encode("utf-16-be"), "1:1: UTF-8 was expected, UTF-16 was found"),
    "an escape sequence": (GOOD.encode() + b"    # \x1b[2J\n", "6:7: a control character was found"),
    "a mark that turns the writing": (GOOD.encode() + "    # \u202e\n".encode(), "6:7: a mark that changes"),
    "a tab that indents": (GOOD.encode() + b"\tabi: 3\n", "the line begins with a tab: YAML is indented by spaces"),
    "a carriage return alone": (GOOD.encode() + b"    abi: 3\r    audit: true\n", "6:11: a carriage return"),
    "deep brackets": (b"version: 2\nprofiles: " + b"[" * 100000, "2:26: more than 16 levels"),
    "deep braces": (b"version: 2\nprofiles: " + b"{a: " * 100000, "2:71: more than 16 levels"),
    "deep lists": (b"- " * 100000, "1:33: more than 16 levels"),
    "a billion laughs": (b"a: &a [x, x, x, x, x, x, x, x, x]\n" +
                         b"".join(b"%c: &%c [%b]\n" % (c + 1, c + 1, b", ".join([b"*%c" % c] * 9))
                                  for c in range(ord("a"), ord("i"))), "1:4: anchors"),
    "a text that is repeated by alias": (GOOD.encode() + b"    sockets: [*x]\n", "6:15: aliases"),
    "a tag": (b"version: 2\nprofiles: !!python/object:x {}\n", "2:11: tags"),
    "a directive": (b"%YAML 1.1\n---\n" + GOOD.encode(), "1:1: directives"),
    "two documents": (GOOD.encode() + b"---\n" + GOOD.encode(), "6:1: the end of the file was expected"),
    "a long text": (GOOD.encode() + b"    sockets: [/" + b"x" * 4096 + b"]\n", "6:15: more than 4096 bytes"),
    "many texts": (GOOD.encode() + b"    sockets: [" + b"/x," * 10001 + b"]\n", "more than 10000 keys and values"),
    "a list": (b"- version: 2\n", "1:1: a mapping with 'version' and 'profiles' was expected, a list was found"),
    "a version of the future": (b"version: 3\nprofiles: {p: {}}\n",
                                "1:10: version: 1 or 2 was expected, 3 was found"),
    "no profile": (b"version: 2\nprofiles: {}\n", "2:11: profiles: at least one profile was expected"),
    "a key twice": (GOOD.encode() + b"    description: others\n",
                    "6:5: the key 'description' is there twice, first in line 5"),
    "a key twice, once in quotes": (GOOD.encode() + b'    "extends": [empty]\n',
                                    "6:5: the key 'extends' is there twice, first in line 4"),
    "a profile twice": (GOOD.encode() + b"  p: {}\n", "6:3: the key 'p' is there twice, first in line 3"),
    "an unknown key": (GOOD.encode() + b"    files:\n      raed: [/etc]\n",
                       "7:7: files.raed: there is no such key"),
    "a merge key": (GOOD.encode() + b"    <<: {abi: 3}\n", "6:5: <<: there is no such key"),
    "a key of a profile at the top": (b"version: 2\nfiles: {read: [/]}\nprofiles: {p: {}}\n",
                                      "2:1: files: there is no such key"),
    "a text in place of a list": (GOOD.encode() + b"    files:\n      read: /etc\n",
                                  "7:13: files.read: a list of paths was expected, a text was found"),
    "nothing in place of a list": (GOOD.encode() + b"    files:\n      deny:\n",
                                   "7:12: files.deny: a list of paths was expected, nothing was found"),
    "a pattern without quotes": (GOOD.encode() + b"    files: {deny: [*.pem]}\n",
                                 "a text that begins with '*' stands in quotes"),
    "a comma that is missing": (GOOD.encode() + b"    files:\n      deny: [.env\n        .git]\n",
                                "7:14: files.deny: a path was expected, one over several lines was found"),
    "yes in place of true": (GOOD.encode() + b"    audit: yes\n",
                             "6:12: audit: true or false was expected, 'yes' was found"),
    "no in place of off": (GOOD.encode() + b"    require: {tcp: no}\n",
                           "6:20: require.tcp: require, prefer or off was expected, 'no' was found"),
    "a number that readers differ about": (GOOD.encode() + b"    network: {connect: [0443]}\n",
                                           "6:25: network.connect: a port was expected, 0443 was found"),
    "an unknown set": (GOOD.encode() + b"    with: [ns]\n", "6:12: with: a known word was expected, 'ns' was found"),
    "a profile's name with a path in it": (b"version: 2\nprofiles: {../p: {}}\n",
                                           "2:12: profiles: a profile's name was expected, '../p' was found"),
}


@test("a file that is broken is refused, with its name and the place", variants=list(CONTENTS))
def _(kind):
    data, part = CONTENTS[kind]
    path = profile(data)
    if re.match(r"\d+:\d+: ", part):
        part = f"p.yaml:{part}"
    refused_profile(path, "p.yaml:", part)


@test("the nearest word is named", variants=[
    ("files: {raed: [/etc]}", "did you mean 'read'?"), ("isolate: [process]", "did you mean 'processes'?"),
    ("enviroment: {}", "did you mean 'environment'?"), ("syscalls: strct", "did you mean 'strict'?"),
    ("read: [/etc]", "did you mean 'files.read'?"), ("require: {hiden: off}", "did you mean 'hidden'?")])
def _(words):
    line, part = words
    refused_profile(profile(GOOD + f"    {line}\n"), "p.yaml:6:", part)


@test("every cut of a file is an error or a whole profile, and never ends otherwise")
def _():
    folder = tempdir()
    for length in range(0, len(GOOD), 3):
        path = profile(GOOD[:length], folder=folder)
        result = run_croft("plan", "--profile", path, "--execute", PAYLOAD, "--", PAYLOAD)
        true(result.status in (0, 125), f"cut after {length} bytes\n{result}")
        if result.status == 125:
            is_message(result.err)


@test("what a message shows of a file cannot move the cursor")
def _():
    path = profile(GOOD + "    abi: \"\\t\\u3042\u00e4\"\n", name="\x1b[2Jp\n.yaml")
    result = run_croft("run", "--profile", path, "--", PAYLOAD)
    refused(result, 125, "p\\n.yaml:6:")


# How big it is

@test("a file of 1 MiB is read, one byte more is refused")
def _():
    text = GOOD + "# " + "x" * (MAX_BYTES - len(GOOD) - 2)
    taken_profile(profile(text))
    refused_profile(profile(text + "x"), "p.yaml", "1024 KiB")


@test("a file of 100 MB is refused at once, whatever it says it holds", variants=["sparse", "spaces"])
def _(kind):
    path = profile(GOOD)
    if kind == "sparse":
        os.truncate(path, 100_000_000)
    else:
        with open(path, "ab") as f:
            for _ in range(100):
                f.write(b" " * 1_000_000)
    refused_profile(path, "p.yaml", "1024 KiB", timeout=5)


@test("a mebibyte of anything is refused within a second", variants=[
    "[", "{", "- ", "? ", "[? ", "a: ", "#", "\n", " ", "'", '"', "a ", "x: y\n", "? a\n", "- a\n", "&a ", "*a ", "!a ",
    "%", "---\n", "|\n", "\\", ": ", ",", "\"a\":"])
def _(unit):
    path = profile((unit * MAX_BYTES)[:MAX_BYTES])
    refused(run_croft("run", "--profile", path, "--", PAYLOAD, timeout=10), 125, "p.yaml:")


# What the file is, and whose

@test("a file that is not there is an error")
def _():
    path = os.path.join(tempdir(), "p.yaml")
    refused_profile(path, path, "No such file or directory")
    refused_profile(os.path.join(path, "p.yaml"), "p.yaml/p.yaml")
    taken_profile(profile(GOOD, folder=os.path.dirname(path)))


@test("a directory is no profile")
def _():
    path = os.path.join(tempdir(), "p.yaml")
    os.mkdir(path)
    refused_profile(path, path, "Is a directory")


@test("a FIFO is no profile, and nobody waits for it")
def _():
    path = os.path.join(tempdir(), "p.yaml")
    os.mkfifo(path)
    refused_profile(path, path, "a FIFO", timeout=5)


@test("a FIFO that somebody writes a profile to is no profile either")
def _():
    path = os.path.join(tempdir(), "p.yaml")
    os.mkfifo(path)
    fd = os.open(path, os.O_RDWR)
    cleanup(os.close, fd)
    os.write(fd, GOOD.encode())
    refused_profile(path, path, "a FIFO", timeout=5)


@test("a device or a socket is no profile", variants=["/dev/null", "/dev/zero", "socket"])
def _(path):
    if path == "socket":
        path = os.path.join(tempdir(), "p.yaml")
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(path)
    refused_profile(path, path, "file", timeout=5)


@test("a link to a profile is followed; a loop of links and a link to nothing are errors")
def _():
    folder = tempdir()
    link = os.path.join(folder, "link.yaml")
    os.symlink(profile(GOOD), link)
    taken_profile(link)
    os.unlink(link)
    os.symlink("link.yaml", link)
    refused_profile(link, "link.yaml", "Too many levels of symbolic links")
    os.unlink(link)
    os.symlink("nowhere", link)
    refused_profile(link, "link.yaml", "No such file or directory")


def other_users_file():
    """A file of somebody who is neither the caller nor root, in a directory of the caller."""
    if not IS_ROOT:
        skip("only root can give a file away")
    path = profile(GOOD)
    os.chown(path, OTHER_USER, OTHER_USER)
    return path


@test("another user's file decides nothing, by its name or by a link")
def _():
    path = other_users_file()
    refused_profile(path, path, f"belongs to user {OTHER_USER}", "yours or root's")
    link = os.path.join(tempdir(), "link.yaml")
    os.symlink(path, link)
    refused_profile(link, "link.yaml", f"belongs to user {OTHER_USER}")
    os.chown(path, 0, 0)
    taken_profile(link)


@test("a file that is extended is judged as well")
def _():
    path = other_users_file()
    own = profile(f"version: 2\nprofiles:\n  p:\n    extends: [{path}]\n")
    refused_profile(own, f"belongs to user {OTHER_USER}")
    os.chown(path, 0, 0)
    taken_profile(own)


@test("a profile in a directory of another user decides nothing")
def _():
    if not IS_ROOT:
        skip("only root can give a directory away")
    folder = os.path.join(tempdir(), "theirs")
    os.mkdir(folder, 0o755)
    path = profile(GOOD, folder=folder)
    os.chown(folder, OTHER_USER, OTHER_USER)
    refused_profile(path, folder, f"belongs to user {OTHER_USER}")
    os.chown(folder, 0, 0)
    taken_profile(path)


@test("a file that others may write decides nothing", variants=[0o666, 0o646, 0o664, 0o620, 0o602, 0o777])
def _(mode):
    path = profile(GOOD, mode=mode)
    refused_profile(path, path, "may write", "chmod go-w")
    os.chmod(path, mode & 0o755)
    taken_profile(path)


@test("a file in a directory that others may write decides nothing, unless a sticky bit keeps them from it",
      variants=[0o777, 0o775, 0o773])
def _(mode):
    folder = os.path.join(tempdir(), "open")
    path = profile(GOOD, folder=folder)
    os.chmod(folder, mode)
    refused_profile(path, folder, "may write", "chmod go-w")
    os.chmod(folder, mode | 0o1000)
    taken_profile(path)
    os.chmod(folder, mode & 0o755)
    taken_profile(path)


@test("a link in a directory that others may write decides nothing")
def _():
    folder = os.path.join(tempdir(), "open")
    os.mkdir(folder, 0o755)
    link = os.path.join(folder, "link.yaml")
    os.symlink(profile(GOOD), link)
    os.chmod(folder, 0o777)
    refused_profile(link, folder, "may write")
    os.chmod(folder, 0o755)
    taken_profile(link)


@test("a file that may not be read is an error")
def _():
    if IS_ROOT:
        skip("root may read everything")
    path = profile(GOOD, mode=0o000)
    refused_profile(path, path, "Permission denied")
    os.chmod(path, 0o400)
    taken_profile(path)


# Which profile of it, and what that extends

@test("a profile that extends itself is an error that names the way", variants=[1, 2, 3, 16])
def _(length):
    text = "version: 2\nprofiles:\n"
    for n in range(length):
        text += f"  p{n}:\n    extends: [p{(n + 1) % length}]\n"
    if length == 1:     # its own name is the next place that has it: here nobody has
        refused_profile(profile(text) + ":p0", "p.yaml:4:15: ", "'p0'")
        return
    refused_profile(profile(text) + ":p0", "p.yaml:", "extends itself", "p0", "p1")
    taken_profile(profile(text.replace(f"  p{length - 1}:\n    extends: [p0]",
                                       f"  p{length - 1}:\n    extends: [system]")) + ":p0")


@test("files that extend one another are an error")
def _():
    folder = tempdir()
    for name, other in (("a", "b"), ("b", "a")):
        profile(f"version: 2\nprofiles:\n  {name}:\n    extends: [./{other}.yaml]\n", f"{name}.yaml", folder=folder)
    refused_profile(os.path.join(folder, "a.yaml"), "extends itself")
    profile(GOOD, "b.yaml", folder=folder)
    taken_profile(os.path.join(folder, "a.yaml"))


@test("what is extended and not there is an error at its place", variants=["nobody", "./nobody.yaml", "./p.yaml:nobody"])
def _(word):
    refused_profile(profile(f"version: 2\nprofiles:\n  p:\n    extends: [{word}]\n"), "p.yaml:4:15: ", "nobody")


@test("what is broken in a file that is extended is told with that file's name")
def _():
    folder = tempdir()
    profile(GOOD + "    files: {raed: [/etc]}\n", "base.yaml", folder=folder)
    path = profile("version: 2\nprofiles:\n  p:\n    extends: [./base.yaml]\n", folder=folder)
    refused_profile(path, "base.yaml:6:13: files.raed: there is no such key")


@test("a file with several profiles and no name is an error that lists them, and an unknown name too")
def _():
    path = profile(GOOD + "  q: {extends: [system]}\n")
    refused_profile(path, "p.yaml", "several profiles", "p, q")
    refused_profile(path + ":r", "p.yaml", "'r'", "p, q")
    taken_profile(path + ":q")


main()
