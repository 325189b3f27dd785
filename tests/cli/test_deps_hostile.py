#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_deps_hostile.py - croft deps and files that nobody should have to read.

Truncated, corrupt, huge and cyclic files as program, library, ELF interpreter and script; names that are no
file. Whatever it is: an end in time, exit status 1 with a line that names the file (or 0 where the thing does no
harm), never a signal. Beside it stands the sound one, which can start.
"""
import json
import random
import struct

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import
from _deps import (DOES_NOT, FOREIGN, LOADER, LOADER_TEXTS, ODD, STARTS, Image, Odd, elf, judged, judged_all,
                   static_program)
from _elf import BASE, DT_NEEDED, ET_CORE, ET_REL, PT_DYNAMIC, PT_GNU_PROPERTY, PT_INTERP, PT_NOTE, spoiled


@test("the sound files that the spoiled ones are made of can start")
def _():
    image = Image()
    for name in ("/bin/prog", "/bin/script"):
        program = judged_all(STARTS, lambda *words, n=name: image.deps(*words, n), LOADER, "/usr/lib/liba.so.1")
        equal(program["troubles"], [], f"troubles of {name}")


# Spoiled ELF files. Each a function from what was made to bytes.

SPOILED = {
    "nothing": lambda e, d: b"",
    "one byte": lambda e, d: d[:1],
    "only the magic": lambda e, d: d[:4],
    "half a header": lambda e, d: d[:40],
    "a header and no more": lambda e, d: d[:64],
    "half of its program headers": lambda e, d: d[:100],
    "no program headers": lambda e, d: spoiled(d, 56, "H", 0),
    "too many program headers": lambda e, d: spoiled(d, 56, "H", 600),
    "the most program headers": lambda e, d: spoiled(d, 56, "H", 0xffff),
    "program headers of a wrong size": lambda e, d: spoiled(d, 54, "H", 1),
    "program headers behind its end": lambda e, d: spoiled(d, 32, "Q", 2**64 - 1),
    "an unknown class": lambda e, d: spoiled(d, 4, "B", 7),
    "an unknown byte order": lambda e, d: spoiled(d, 5, "B", 7),
    "an object file": lambda e, d: spoiled(d, 16, "H", ET_REL),
    "a core file": lambda e, d: spoiled(d, 16, "H", ET_CORE),
    "another machine": lambda e, d: spoiled(d, 18, "H", FOREIGN),
    "no segment to load": lambda e, d: spoiled(d, 64, "I", 0),
    "a segment behind its end": lambda e, d: spoiled(d, 64 + 32, "QQ", 2**20, 2**20),
    "a segment beyond all files": lambda e, d: spoiled(d, 64 + 8, "Q", 2**64 - 4096),
    "a segment beyond all addresses": lambda e, d: spoiled(d, 64 + 40, "Q", 2**64 - 1),
    "more of a segment in the file than in memory": lambda e, d: spoiled(d, 64 + 40, "Q", 16),
    "a dynamic section elsewhere": lambda e, d: spoiled(d, e.at[f"phdr {PT_DYNAMIC}"] + 16, "Q", 0),
    "a dynamic section without end": lambda e, d: d[:-16] + b"\x17" + d[-15:],
    "a name outside of its table": lambda e, d: spoiled(d, e.at["dynamic"] + 8, "Q", 2**40),
    "a string table elsewhere": lambda e, d: d.replace(struct.pack("<QQ", 5, BASE + e.at["names"]),
                                                       struct.pack("<QQ", 5, 1)),
    "an empty string table": lambda e, d: re.sub(struct.pack("<Q", 10) + b".{8}", struct.pack("<QQ", 10, 0), d,
                                                 flags=re.DOTALL),
}
OF_PROGRAMS = {
    "no interpreter's name": lambda e, d: spoiled(d, e.at[f"phdr {PT_INTERP}"] + 32, "Q", 0),
    "an interpreter's name without end": lambda e, d: spoiled(d, e.at[f"phdr {PT_INTERP}"] + 32, "Q", 5),
    "an interpreter's name that is too long": lambda e, d: spoiled(d, e.at[f"phdr {PT_INTERP}"] + 32, "Q", 4097),
    "an interpreter's name behind its end": lambda e, d: spoiled(d, e.at[f"phdr {PT_INTERP}"] + 8, "Q", 2**40),
    "needed versions in a circle": lambda e, d: spoiled(d, e.at["verneed"] + 16 + 12, "I", 1),
    "needed versions behind its end": lambda e, d: spoiled(d, e.at["verneed"] + 8, "I", 0xffffffff),
}
OF_LIBRARIES = {
    "defined versions in a circle": lambda e, d: spoiled(d, e.at["verdef"] + 16, "I", 1),
    "defined versions behind its end": lambda e, d: spoiled(d, e.at["verdef"] + 16, "I", 0xfffffffc),
}


@test("of a spoiled program it is said that it cannot start", variants=[*SPOILED, *OF_PROGRAMS])
def _(what):
    image = Image()
    image.add("/bin/prog", (SPOILED | OF_PROGRAMS)[what](image.program, image.read("/bin/prog")))
    program = judged_all(DOES_NOT, lambda *words: image.deps(*words, "/bin/prog"), "/bin/prog")
    equal(program["troubles"][0]["path"], "/bin/prog", "the file at fault")


@test("of a spoiled library it is said that it cannot be loaded", variants=[*SPOILED, *OF_LIBRARIES])
def _(what):
    image = Image()
    image.add("/usr/lib/liba.so.1", (SPOILED | OF_LIBRARIES)[what](image.library, image.read("/usr/lib/liba.so.1")))
    program = judged_all(DOES_NOT, lambda *words: image.deps(*words, "/bin/prog"), "liba.so.1")
    if not any("liba.so.1" in t["path"] + t["detail"] for t in program["troubles"]):
        fail(f"not named: {program['troubles']}")


@test("of a spoiled ELF interpreter it is said that it is none", variants=list(SPOILED))
def _(what):
    image = Image()
    image.add(LOADER, SPOILED[what](image.loader, image.read(LOADER)[:-len(LOADER_TEXTS)]))
    judged_all(DOES_NOT, lambda *words: image.deps(*words, "/bin/script"), LOADER, "/bin/prog")


@test("notes that are not as they should be keep no program from starting", variants=[PT_NOTE, PT_GNU_PROPERTY])
def _(kind):
    image = Image()
    for offset, size in ((2**40, 100), (2**64 - 1, 2**64 - 1), (0, 2**40), (0, 20), (0, 0)):
        _, data = elf(interp=LOADER.encode() + b"\0", needed=["libc.so.6"],
                      phdrs=[(kind, 4, offset, 0, size, size, 8)])
        image.add("/bin/prog", data)
        judged(image.deps(), STARTS)


@test("a program cut off anywhere is told, and with random bytes in it ends in an answer")
def _():
    image = Image()
    data = image.read("/bin/prog")
    chance = random.Random(3)
    for size in range(0, len(data), 7):
        image.add(f"/bin/cut-{size}", data[:size])
    for i in range(300):
        bad = bytearray(data)
        for _ in range(chance.choice((1, 2, 8))):
            bad[chance.randrange(len(bad))] = chance.choice((0, 1, 0x7f, 0x80, 0xff, chance.randrange(256)))
        image.add(f"/bin/random-{i}", bytes(bad))
    names = sorted(f"/bin/{n}" for n in os.listdir(image.path("/bin")) if "-" in n)
    cut = [n for n in names if n.startswith("/bin/cut")]
    answer = json.loads(judged(image.deps("--json", *cut), DOES_NOT).out)
    equal([(p["program"], p["starts"]) for p in answer["programs"]], [(n, False) for n in cut], "answers")
    result = image.deps(*names)
    if result.status not in (STARTS, DOES_NOT):
        fail(f"{result}")
    for name in names:
        contains(result.out, f"{name}: can", "answers")


# Files in circles, deep and many

@test("libraries that need each other and themselves are each told once")
def _():
    image = Image()
    image.add("/usr/lib/liba.so.1", elf(soname="liba.so.1", needed=["libb.so.1", "liba.so.1"])[1])
    image.add("/usr/lib/libb.so.1", elf(soname="libb.so.1", needed=["liba.so.1", "libb.so.1"])[1])
    program = judged_all(STARTS, lambda *words: image.deps(*words, "/bin/prog"), "libb.so.1")
    paths = [f["path"] for f in program["files"]]
    equal(len(paths), len(set(paths)), "files")


@test("scripts and ELF interpreters that lead back to themselves come to an end")
def _():
    image = Image()
    image.add("/bin/circle", b"#!/bin/other\n")
    image.add("/bin/other", b"#!/bin/circle\n")
    judged(image.deps("/bin/circle"), DOES_NOT, "/bin/circle")
    image.add("/bin/self", elf(interp=b"/bin/self\0", needed=["libc.so.6"])[1])
    result = image.deps("/bin/self")    # the kernel maps it twice, and what then happens is its own affair
    if result.status not in (STARTS, DOES_NOT):
        fail(f"{result}")


@test("symbolic links in a circle are said to be that", variants=["/bin/prog", LOADER, "/usr/lib/liba.so.1"])
def _(name):
    image = Image()
    os.unlink(image.path(name))
    os.symlink(os.path.basename(name) + ".other", image.path(name))
    os.symlink(os.path.basename(name), image.path(name + ".other"))
    judged(image.deps(), DOES_NOT, os.path.basename(name))


@test("a file that is larger than any disk is read no further than it must be", variants=["/bin/prog", LOADER,
                                                                                          "/usr/lib/liba.so.1"])
def _(name):
    image = Image()
    data = image.read(name)
    os.truncate(image.path(name), 2**42)
    judged(image.deps(), STARTS)
    image.add(name, spoiled(data, 32, "Q", 2**41))      # its program headers are zeros, far away
    os.truncate(image.path(name), 2**42)
    judged(image.deps(), DOES_NOT, os.path.basename(name))
    image.add(name, b"")
    os.truncate(image.path(name), 2**42)
    judged(image.deps(), DOES_NOT, os.path.basename(name))


@test("a program that needs more than anybody could is refused with its name, and one with many libraries is not")
def _():
    image = Image()
    image.add("/bin/prog", elf(interp=LOADER.encode() + b"\0", needed=["libc.so.6"] * 4096)[1])
    judged(image.deps(), STARTS)
    image.add("/bin/prog", elf(interp=LOADER.encode() + b"\0", needed=["libc.so.6"] * 4097)[1])
    judged(image.deps(), DOES_NOT, "/bin/prog")
    image.add("/bin/prog", elf(interp=LOADER.encode() + b"\0", entries=[(0x17, 0)] * 65536 + [(DT_NEEDED, 0)])[1])
    judged(image.deps(), DOES_NOT, "/bin/prog")
    image.add("/bin/prog", elf(interp=LOADER.encode() + b"\0", needed=["x" * 4096])[1])
    judged(image.deps(), DOES_NOT, "/bin/prog")


@test("many missing libraries, all with long names, are an error that says which limit was met")
def _():
    image = Image()
    many = [f"lib{i}{'x' * 200}.so" for i in range(4000)]
    image.add("/bin/prog", elf(interp=LOADER.encode() + b"\0", needed=many)[1])
    result = image.deps(timeout=120)
    if result.status == DOES_NOT:
        judged(result, DOES_NOT, "lib0x")
    else:
        refused(result, 125, "/bin/prog")


# Names that are no file



@test("what is no file is told by name and holds nothing up, as a program", variants=ODD)
def _(kind):
    image = Image()
    getattr(Odd, kind)(image.path("/bin/odd"))
    judged_all(DOES_NOT, lambda *words: image.deps(*words, "/bin/odd"), "/bin/odd")
    image.add("/bin/of-odd", b"#!/bin/odd\n")
    judged(image.deps("/bin/of-odd"), DOES_NOT, "/bin/odd", "/bin/of-odd")


@test("what is no file is told by name and holds nothing up, as library and ELF interpreter", variants=ODD)
def _(kind):
    for name in (LOADER, "/usr/lib/liba.so.1"):
        image = Image()
        os.unlink(image.path(name))
        getattr(Odd, kind)(image.path(name))
        judged(image.deps(), DOES_NOT, os.path.basename(name), "/bin/prog")


@test("what is no file holds nothing up as a configuration of the loader", variants=ODD)
def _(kind):
    for name in ("/etc/ld.so.cache", "/etc/ld.so.preload", "/etc/ld.so.conf"):
        image = Image()
        os.mkdir(image.path("/etc"))
        getattr(Odd, kind)(image.path(name))
        judged(image.deps(), STARTS)


@test("FIFOs and devices of this machine are no programs")
def _():
    folder = tempdir()
    fifo = os.path.join(folder, "fifo")
    os.mkfifo(fifo, 0o777)
    for path in (fifo, folder, "/dev/zero", "/dev/null", "/proc", "/"):
        judged(run_croft("deps", path), DOES_NOT, path)
    judged(run_croft("deps", write_file(os.path.join(folder, "static"), static_program()[1], 0o755)), STARTS)


@test("a root that is no directory, and a name that is none, are misuse")
def _():
    image = Image()
    for root in (image.path("/bin/prog"), image.path("/no/such"), ""):
        refused(run_croft("deps", "--root", root, "/bin/prog"), 125)
    os.mkfifo(image.path("/fifo"))
    refused(run_croft("deps", "--root", image.path("/fifo"), "/bin/prog"), 125, "fifo")
    refused(image.deps(""), 125, "empty")
    judged(image.deps("/bin/prog"), STARTS)


@test("names that are too long are told, not cut")
def _():
    image = Image()
    judged(image.deps("/" + "x" * 300), DOES_NOT, "x" * 200)
    judged(image.deps("/bin" + "/x" * 3000), DOES_NOT)
    image.add("/bin/prog", elf(interp=b"/" + b"y" * 300 + b"\0")[1])
    judged(image.deps(), DOES_NOT, "y" * 200, "/bin/prog")
    image.add("/bin/prog", elf(interp=LOADER.encode() + b"\0", runpath="/" + "z" * 4000, needed=["libc.so.6"])[1])
    judged(image.deps(), STARTS)


# Text that is meant for a terminal

@test("no name out of a file reaches the terminal or JSON unescaped")
def _():
    image = Image()
    bad = "\x1b]0;owned\x07\nprog: can start\x85\x9b31m"
    image.add("/bin/needs", elf(interp=LOADER.encode() + b"\0", needed=[bad], runpath="/" + bad,
                                verneeds={bad: [bad]})[1])
    image.add("/bin/interp", elf(interp=f"/{bad}\0".encode("latin-1"))[1])
    image.add("/bin/script", f"#!/{bad[:9]} {bad}\n".encode("latin-1"))
    image.add("/bin/env", b"#!/usr/bin/env " + bad[:9].encode() + b"\n")
    for name in ("needs", "interp", "script", "env"):
        judged_all(DOES_NOT, lambda *words, n=name: image.deps(*words, f"/bin/{n}"), f"/bin/{name}")


main()
