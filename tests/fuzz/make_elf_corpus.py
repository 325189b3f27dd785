#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
make_elf_corpus.py - writes the seeds of fuzz_elf: tests/fuzz/corpus/elf.

    make_elf_corpus.py [DIRECTORY]

The seeds are in the tree; this is how they were made, and how to make more. None is larger than 4 KiB.
"""
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "cli"))
# pylint: disable-next=wrong-import-position
from _elf import AARCH64, ET_CORE, ET_EXEC, ET_REL, I386, PT_GNU_STACK, Elf, spoiled

KINDS = {"64-little": {}, "64-big": {"order": ">", "machine": 21}, "32-little": {"is_64": False, "machine": I386},
         "32-big": {"is_64": False, "order": ">", "machine": 8}}


def library(**members):
    """Everything that is read."""
    elf = Elf(**members)
    pad = [0] if elf.is_64 else []
    elf.notes = elf.note(1, [0, 3, 2, 0]) + elf.note(5, [0xc0000002, 4, 3, *pad, 0xc0008002, 4, 1, *pad])
    elf.note_align = 8 if elf.is_64 else 4
    elf.interp = b"/lib64/ld-linux-x86-64.so.2\0"
    elf.needed, elf.soname = ["libm.so.6", "libc.so.6"], "libx.so.1"
    elf.rpath, elf.runpath, elf.flags_1 = "/opt/lib", "$ORIGIN/../lib:${LIB}", 0x800
    elf.verneeds = {"libm.so.6": ["GLIBC_2.29"], "libc.so.6": ["GLIBC_2.2.5", "GLIBC_2.38"]}
    elf.verdefs = ["libx.so.1", "X_1", "X_2"]
    elf.phdrs = [(PT_GNU_STACK, 7, 0, 0, 0, 0, 16)]
    return elf


def seeds():
    for kind, members in KINDS.items():
        yield f"library-{kind}", library(**members).make()
    yield "static", Elf(type=ET_EXEC).make()
    yield "static-aarch64", Elf(type=ET_EXEC, machine=AARCH64).make()
    yield "object", Elf(type=ET_REL).make()
    yield "core", Elf(type=ET_CORE).make()
    yield "no-elf", b"#!/bin/sh\n"
    elf = library()
    data = elf.make()
    yield "cut-header", data[:50]
    yield "cut-names", data[:elf.at["names"] + 10]
    yield "verneed-loop", spoiled(data, elf.at["verneed"] + 12, "I", 1)
    yield "verneed-shared", spoiled(data, elf.at["verneed"] + 8, "I", 48)
    yield "verdef-far", spoiled(data, elf.at["verdef"] + 16, "I", 0xffffffff)
    yield "interp-long", spoiled(data, elf.at["phdr 3"] + 32, "Q", 4097)
    yield "phdrs-many", spoiled(data, 56, "H", 0xffff)
    yield "load-wraps", spoiled(data, elf.at["phdr 1"] + 8, "Q", 2**64 - 16)
    yield "dynamic-elsewhere", spoiled(data, elf.at["phdr 2"] + 16, "Q", 0)
    yield "note-huge", spoiled(data, elf.at["notes"] + 4, "I", 0xfffffff0)


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "corpus", "elf")
    os.makedirs(folder, exist_ok=True)
    for name, data in seeds():
        with open(os.path.join(folder, name), "wb") as f:
            f.write(data)


if __name__ == "__main__":
    main()
