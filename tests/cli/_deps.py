# SPDX-License-Identifier: MIT
"""
_deps.py - a root directory to look into with croft deps, and how its answers are judged.

Loader, program, script and library in it are made by hand (_elf.py), so that no file of this machine matters.
"""
import json
import socket
import stat

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import
from _elf import AARCH64, BASE, ET_EXEC, X86_64, Elf, spoiled

IS_ARM = os.uname().machine == "aarch64"
OWN, FOREIGN = (AARCH64, X86_64) if IS_ARM else (X86_64, AARCH64)
LOADER = "/lib/ld-linux-aarch64.so.1" if IS_ARM else "/lib64/ld-linux-x86-64.so.2"
# exit(42)
CODE = bytes.fromhex("a80b8052400580d2010000d4" if IS_ARM else "b83c000000bf2a0000000f05")
# What croft reads of a loader: the directories that it was built with, where its cache is, its age.
LOADER_TEXTS = b"\0/lib/\0/usr/lib/\0\0/etc/ld.so.cache\0stable release version 2.36.\n\0"
CACHE_FLAGS = 0x0a03 if IS_ARM else 0x0303
STARTS, DOES_NOT = 0, 1


def elf(**members):
    made = Elf(machine=OWN, **members)
    return made, made.make()


class Image:
    """A root directory with a loader, a program, a script and a library in it; everything sound."""

    def __init__(self):
        self.root = tempdir()
        self.program, data = elf(interp=LOADER.encode() + b"\0", needed=["liba.so.1", "libc.so.6"],
                                 verneeds={"libc.so.6": ["GLIBC_2.3"]})
        self.add("/bin/prog", data)
        self.loader, data = elf(soname=os.path.basename(LOADER), verdefs=["ld.so", "GLIBC_2.3"])
        self.add(LOADER, data + LOADER_TEXTS)
        self.libc, data = elf(soname="libc.so.6", needed=[os.path.basename(LOADER)], verdefs=["libc.so.6", "GLIBC_2.3"])
        self.add("/lib/libc.so.6", data)
        self.library, data = elf(soname="liba.so.1", needed=["libc.so.6"], verdefs=["liba.so.1", "A_1"],
                                 verneeds={"libc.so.6": ["GLIBC_2.3"]})
        self.add("/usr/lib/liba.so.1", data)
        self.add("/bin/script", b"#!/bin/prog -x\n")

    def path(self, name):
        return self.root + name

    def add(self, name, data=b"", mode=0o755):
        return write_file(self.path(name), data, mode)

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def deps(self, *words, **how):
        return run_croft("deps", "--root", self.root, *(words or ["/bin/prog"]), timeout=how.pop("timeout", 60), **how)


def judged(result, status, *parts):
    """It ended so, said nothing to standard error, and its answer holds the parts and no control character."""
    status_is(result, status)
    equal(result.err, "", "standard error")
    for part in parts:
        contains(result.out, part, "answer")
    if re.search(r"[\x00-\x09\x0b-\x1f\x7f]", result.out):
        fail(f"control characters: {result.out!r}")
    return result


def judged_all(status, result_of, *parts):
    """As text, as a tree and as JSON: all three say it."""
    for words in ([], ["--tree"]):
        judged(result_of(*words), status, "can start" if status == STARTS else "cannot start", *parts)
    answer = json.loads(judged(result_of("--json"), status).out)
    equal([p["starts"] for p in answer["programs"]], [status == STARTS], "starts")
    return answer["programs"][0]


def static_program(**members):
    """A program that ends with 42, and its maker; its only PT_LOAD comes first."""
    made, data = elf(type=ET_EXEC, **members)
    data += CODE
    return made, spoiled(spoiled(data, 24, "Q", BASE + len(data) - len(CODE)), 64 + 32, "QQ", len(data), len(data))


class Odd:
    """Puts something that is no regular file under a name."""

    @staticmethod
    def directory(path):
        os.mkdir(path)

    @staticmethod
    def fifo(path):
        os.mkfifo(path, 0o777)

    @staticmethod
    def socket(path):
        here = os.getcwd()
        os.chdir(os.path.dirname(path))     # the name of a socket is at most 107 bytes long
        with socket.socket(socket.AF_UNIX) as s:
            s.bind(os.path.basename(path))
        os.chdir(here)
        os.chmod(path, 0o777)

    @staticmethod
    def device(path):
        try:
            os.mknod(path, stat.S_IFCHR | 0o777, os.makedev(1, 5))     # /dev/zero
        except PermissionError:
            skip("this root cannot make a device")


ODD = ["directory", "fifo", "socket"] + ["device"] * IS_ROOT      # nobody else can make one
