#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
links.py - ways around a grant: symbolic and hard links, "..", renames between trees.

    root/
        red/        granted to read         file  in -> file   out -> ../green/secret   outdir -> ../green
        blue/       granted to write        file  in -> file   out -> ../green/secret   outdir -> ../green
        exe/        granted to write and execute
        twin/       granted to write, as blue
        green/      not granted             secret
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import


def make_tree():
    root = tempdir()
    for name in ("red", "blue", "exe", "twin", "green"):
        write_file(f"{root}/{name}/file", "0123456789")
        os.mkdir(f"{root}/{name}/dir")
        os.symlink("file", f"{root}/{name}/in")
        os.symlink("../green/secret", f"{root}/{name}/out")
        os.symlink("../green", f"{root}/{name}/outdir")
    write_file(f"{root}/green/secret", "secret")
    return root


def grants(root):
    return ["--read", f"{root}/red", "--write", f"{root}/blue", "--write", f"{root}/twin",
            "--write", f"{root}/exe", "--execute", f"{root}/exe"]


@test("a symbolic link out of a grant leads nowhere, one inside it works")
def _():
    root = make_tree()
    ops = {("open-read", "red/in"): "ok", ("open-read", "red/out"): "EACCES",
           ("open-read", "red/outdir/secret"): "EACCES", ("read-dir", "red/outdir"): "EACCES",
           ("open-write", "blue/in"): "ok", ("open-write", "blue/out"): "EACCES",
           ("creat", "blue/outdir/new"): "EACCES", ("unlink", "blue/outdir/secret"): "EACCES",
           ("unlink", "blue/out"): "ok"}
    equal(each(grants(root), [[op, f"{root}/{path}"] for op, path in ops]), list(ops.values()), "answers")


@test("a symbolic link made by the command leads nowhere either")
def _():
    root = make_tree()
    equal(each(grants(root), [["symlink", f"{root}/green/secret", f"{root}/blue/mine"],
                              ["open-read", f"{root}/blue/mine"],
                              ["symlink", f"{root}/blue/file", f"{root}/blue/own"],
                              ["open-read", f"{root}/blue/own"]]), ["ok", "EACCES", "ok", "ok"], "answers")


@test("dot-dot out of a grant leads nowhere")
def _():
    root = make_tree()
    equal(each(grants(root), [["open-read", f"{root}/red/../green/secret"],
                              ["open-write", f"{root}/blue/dir/../../green/secret"],
                              ["open-write", f"{root}/red/../blue/file"]]), ["EACCES", "EACCES", "ok"], "answers")


@test("a granted symbolic link grants what it leads to, and not its other neighbours")
def _():
    root = make_tree()
    equal(each(["--read", f"{root}/red/outdir"], [["open-read", f"{root}/green/secret"],
                                                  ["open-read", f"{root}/red/outdir/secret"],
                                                  ["open-read", f"{root}/red/file"]]),
          ["ok", "ok", "EACCES"], "answers")


@test("no file is moved or linked out of a tree that may only be read")
def _():
    root = make_tree()
    for op in ("rename", "link"):
        refused(inside(grants(root), op, f"{root}/red/file", f"{root}/blue/stolen"), f"{op} from a read grant",
                ("EACCES", "EXDEV"))
        refused(inside(grants(root), op, f"{root}/green/secret", f"{root}/blue/stolen"), f"{op} from no grant",
                ("EACCES", "EXDEV"))
        refused(inside(grants(root), op, f"{root}/blue/file", f"{root}/green/planted"), f"{op} to no grant",
                ("EACCES", "EXDEV"))
        refused(inside(grants(root), op, f"{root}/blue/file", f"{root}/red/planted"), f"{op} to a read grant",
                ("EACCES", "EXDEV"))
        allowed(inside(grants(root), op, f"{root}/blue/file", f"{root}/twin/moved"), f"{op} between equal grants",
                ("ok",) if ABI >= REFER else ("EXDEV",))
        root = make_tree()
        allowed(inside(grants(root), op, f"{root}/blue/file", f"{root}/blue/moved"), f"{op} inside one directory")
        root = make_tree()


@test("a file does not gain the right to be executed by being moved")
def _():
    root = make_tree()
    refused(inside(grants(root), "rename", f"{root}/blue/file", f"{root}/exe/moved"), "into an execute grant",
            ("EXDEV",))
    refused(inside(grants(root), "exchange", f"{root}/blue/file", f"{root}/exe/file"), "exchanged", ("EXDEV",))
    allowed(inside(grants(root), "rename", f"{root}/exe/file", f"{root}/exe/dir/moved"), "inside the execute grant",
            ("ok",) if ABI >= REFER else ("EXDEV",))


@test("a directory is not moved to where its files would gain rights")
def _():
    root = make_tree()
    refused(inside(grants(root), "rename", f"{root}/blue/dir", f"{root}/exe/moved"), "a directory", ("EXDEV",))
    refused(inside(grants(root), "rename", f"{root}/red/dir", f"{root}/blue/moved"), "a directory that may be read",
            ("EACCES", "EXDEV"))
    allowed(inside(grants(root), "rename", f"{root}/blue/dir", f"{root}/twin/moved"), "between equal grants",
            ("ok",) if ABI >= REFER else ("EXDEV",))


@test("the directories of /proc/self lead out of no grant")
def _():
    root = make_tree()
    options = [*grants(root), "--read", "/proc"]
    equal(each(options, [["open-read", f"/proc/self/root{root}/green/secret"],
                         ["open-read", f"/proc/self/root{root}/red/file"],
                         ["open-read", "/proc/self/cwd/green/secret"],
                         ["open-read", "/proc/self/cwd/red/file"]], cwd=root),
          ["EACCES", "ok", "EACCES", "ok"], "answers")


main()
