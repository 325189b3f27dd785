#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
files.py - every right of Landlock on files: refused without the grant, allowed with it.

The tree of each test; the grants are on `granted`, never on `outside`:

    root/
        granted/
            file            "0123456789"
            dead            a file to remove
            prog            a copy of the payload (where executed)
            one/file        a directory to move things from
            two/            ... and to
            empty/          a directory to remove
        outside/            the same
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

READS = {"read", "execute", "write", "device"}     # each of them reads too
WRITES = {"write", "device"}
KINDS = ["none", "read", "execute", "write", "device", "socket"]
PATH_TRUNCATIONS = {"truncate", "open-trunc", "openat2-trunc"}
# (right, operation below the tree: "+" stands before a path, the grants that allow it)
OPERATIONS = [
    ("READ_FILE", ["open-read", "+file"], READS),
    ("READ_FILE", ["cat", "+one/ok"], READS),
    ("READ_FILE", ["mmap-exec", "+file"], READS),
    ("READ_DIR", ["read-dir", "+one"], READS),
    ("READ_DIR", ["read-dir", "+"], READS),
    ("WRITE_FILE", ["open-write", "+file"], WRITES),
    ("WRITE_FILE", ["open-both", "+file"], WRITES),
    ("WRITE_FILE", ["append", "+file"], WRITES),
    ("EXECUTE", ["exec-path", "+prog", "args", "ok"], {"execute"}),
    ("TRUNCATE", ["truncate", "+file"], WRITES),
    ("TRUNCATE", ["open-trunc", "+file"], WRITES),
    ("TRUNCATE", ["openat2-trunc", "+file"], WRITES),
    ("TRUNCATE", ["open-write-trunc", "+file"], WRITES),
    ("TRUNCATE", ["ftruncate", "+file"], WRITES),
    ("MAKE_REG", ["create", "+new"], WRITES),
    ("MAKE_REG", ["creat", "+new"], WRITES),
    ("WRITE_FILE", ["tmpfile", "+"], WRITES),
    ("MAKE_DIR", ["mkdir", "+new"], WRITES),
    ("MAKE_SYM", ["symlink", "target", "+new"], WRITES),
    ("MAKE_FIFO", ["mknod", "fifo", "+new"], WRITES),
    ("REMOVE_FILE", ["unlink", "+dead"], WRITES),
    ("REMOVE_DIR", ["rmdir", "+empty"], WRITES),
    ("REMOVE_FILE and MAKE_REG", ["rename", "+dead", "+new"], WRITES),
    ("REMOVE_DIR and MAKE_DIR", ["rename", "+empty", "+new"], WRITES),
    ("REMOVE_FILE and MAKE_REG", ["exchange", "+dead", "+file"], WRITES),
    ("MAKE_REG", ["link", "+file", "+new"], WRITES),
    ("REFER", ["rename", "+one/file", "+two/file"], WRITES),
    ("REFER", ["link", "+one/file", "+two/file"], WRITES),
    ("REFER", ["exchange", "+one/file", "+two/other"], WRITES),
    # nobody may make a device; EPERM would be the missing privilege, behind a right that was given
    ("MAKE_CHAR", ["mknod", "char", "+new"], set()),
    ("MAKE_BLOCK", ["mknod", "block", "+new"], set()),
]
OPERATIONS = [row for row in OPERATIONS if row[1][0] not in FAKED_AWAY]
NAMES = [f"{right}: {' '.join(op)}" for right, op, _ in OPERATIONS]


def make_tree(op=()):
    root = tempdir()
    for top in ("granted", "outside"):
        base = f"{root}/{top}"
        for name in ("file", "dead", "one/file", "two/other"):
            write_file(f"{base}/{name}", "0123456789")
        write_file(f"{base}/one/ok", "ok\n")
        os.mkdir(f"{base}/empty")
        if "+prog" in op:
            shutil.copy(PAYLOAD, f"{base}/prog")
    return root


def placed(op, base):
    return [f"{base}/{word[1:]}".rstrip("/") if word.startswith("+") else word for word in op]


def expected(op, right, kind, kinds):
    """The answers that are right for one operation under one grant, by the kernel's age."""
    denied = ("EACCES", "EXDEV") if right == "REFER" else ("EACCES",)
    if ABI < TRUNCATE and op[0] == "openat2-trunc":
        return ("ENOSYS",)      # its flags lie in memory, where no filter sees them
    if kind not in kinds:
        return denied
    if right == "REFER" and ABI < REFER:
        return ("EXDEV",)
    if ABI < TRUNCATE and op[0] in PATH_TRUNCATIONS:
        return ("EACCES",)      # closed for all by the filter: the kernel cannot tell granted from not
    return ("ok",)


@test("a file operation needs the grant for its right", variants=NAMES)
def _(name):
    right, op, kinds = OPERATIONS[NAMES.index(name)]
    for kind in KINDS:
        base = f"{make_tree(op)}/granted"
        options = [] if kind == "none" else [f"--{kind}", base]
        if kind == "socket" and ABI < PATH_SOCKETS:
            options += ["--prefer", "unix-path"]
        answer = inside(options, *placed(op, base))
        want = expected(op, right, kind, kinds)
        if answer not in want:
            fail(f"{op} with grant '{kind}' on ABI {ABI}: got {answer}, want {want}")
    base = f"{make_tree(op)}/granted"
    if kinds:
        allowed(outside(*placed(op, base)), "without a sandbox")
    else:
        allowed(inside(["--write", base], "mknod", "fifo", f"{base}/new"), "a pipe where a device is refused")


@test("all grants on one tree give nothing beside it", variants=NAMES)
def _(name):
    right, op, kinds = OPERATIONS[NAMES.index(name)]
    root = make_tree(op)
    options = [word for kind in KINDS[1:] for word in (f"--{kind}", f"{root}/granted")]
    if ABI < PATH_SOCKETS:
        options += ["--prefer", "unix-path"]
    answer = inside(options, *placed(op, f"{root}/outside"))
    if answer not in expected(op, right, "none", kinds):
        fail(f"{op} beside the grants: got {answer}")
    twin = inside(options, *placed(op, f"{root}/granted"))
    if twin not in expected(op, right, "write" if "write" in kinds else "execute", kinds):
        fail(f"{op} in the grants: got {twin}")
    if not kinds:
        allowed(inside(options, "mknod", "fifo", f"{root}/granted/new"), "a pipe where a device is refused")


@test("a grant on a file is a grant on that file alone")
def _():
    base = f"{make_tree()}/granted"
    reads = ["--read", f"{base}/file"]
    writes = ["--write", f"{base}/file"]
    answers = each(reads, [["open-read", f"{base}/file"], ["open-read", f"{base}/dead"],
                           ["open-write", f"{base}/file"], ["read-dir", base]])
    equal(answers, ["ok", "EACCES", "EACCES", "EACCES"], "with --read on the file")
    answers = each(writes, [["open-write", f"{base}/file"], ["open-write", f"{base}/dead"],
                            ["open-write-trunc", f"{base}/file"], ["ftruncate", f"{base}/file"],
                            ["unlink", f"{base}/file"], ["create", f"{base}/new"],
                            ["rename", f"{base}/file", f"{base}/new"]])
    equal(answers, ["ok", "EACCES", "ok", "ok", "EACCES", "EACCES", "EACCES"], "with --write on the file")


@test("a grant holds for what is created or replaced in it, and a name is looked up at the start")
def _():
    base = f"{make_tree()}/granted"
    equal(each(["--write", base], [["create", f"{base}/new"], ["open-write", f"{base}/new"],
                                   ["mkdir", f"{base}/dir"], ["create", f"{base}/dir/x"],
                                   ["open-read", f"{base}/dir/x"]]), ["ok"] * 5, "created inside")
    equal(each(["--write", base, "--execute", base], [["rename", f"{base}/dead", f"{base}/file"],
                                                      ["open-write", f"{base}/file"]]),
          ["ok", "ok"], "a replaced file in a granted directory")
    base = f"{make_tree()}/granted"
    options = ["--read", base, "--write", f"{base}/file"]
    equal(inside(options, "open-write", f"{base}/file"), "ok", "a granted file")
    os.replace(f"{base}/dead", f"{base}/file")
    equal(inside(options, "open-write", f"{base}/file"), "ok", "a file that took its name before the start")
    equal(inside(options, "open-write", f"{base}/one/file"), "EACCES", "a file beside it")


@test("a path that contains no grant is refused also as the working directory")
def _():
    root = make_tree()
    equal(each([], [["open-read", "file"], ["read-dir", "."]], cwd=f"{root}/outside"), ["EACCES", "EACCES"], "empty")
    equal(each(["--read", "."], [["open-read", "file"], ["read-dir", "."], ["open-write", "file"]],
               cwd=f"{root}/granted"), ["ok", "ok", "EACCES"], "--read .")


@test("the default profile writes to the working directory and nowhere else")
def _():
    root, beside = make_tree(["+prog"]), public_dir()
    ops = {("create", "new"): "ok", ("open-write", "one/file"): "ok", ("unlink", "dead"): "ok",
           ("open-write", "../outside/file"): "EACCES", ("open-read", "../outside/file"): "EACCES",
           ("create", f"{beside}/new"): "EACCES", ("read-dir", beside): "EACCES",
           ("open-read", "/etc/passwd"): "ok", ("open-write", "/etc/passwd"): "EACCES",
           ("read-dir", "/usr/bin"): "ok", ("read-dir", os.environ.get("HOME", "/root")): "EACCES",
           ("exec-path", "./prog", "args", "ok"): "ok"}
    ops = {op: want for op, want in ops.items() if op[0] != "read-dir" or os.path.isdir(op[1])}
    words = ["each"]
    for op in ops:
        words += [*op, ","]
    answers = said(run_croft("run", "--", "./prog", *words, cwd=f"{root}/granted")).splitlines()
    equal(dict(zip(ops, answers)), ops, "answers")


main()
