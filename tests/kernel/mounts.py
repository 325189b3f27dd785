#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
mounts.py - the tree of files that the command sees, made by mounts.

In every way there is: in the host's tree and in one of its own, with Landlock on top and without, by
the newer mount calls and by mount(2). What each way promises is the same; only the errno differs of
what is out of reach.
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

FAKES = os.path.join(BUILD, "tests")
NO_LANDLOCK = [f"{FAKES}/no_landlock", "enosys"]
OLD_CALLS = [f"{FAKES}/no_syscall", "open_tree,move_mount,fsopen,fsconfig,fsmount,mount_setattr,openat2", "ENOSYS"]
WAYS = {
    "in place": ([], ["--tier", "namespaces"]),
    "in place, no Landlock": (NO_LANDLOCK, ["--tier", "namespaces", "--require", "metadata"]),
    "new root": ([], ["--tier", "namespaces", "--require", "hidden"]),
    "new root, no Landlock": (NO_LANDLOCK, ["--tier", "namespaces", "--require", "hidden"]),
    "new root, mount(2)": (OLD_CALLS, ["--tier", "namespaces", "--require", "hidden"]),
    "new root, mount(2), no Landlock": (OLD_CALLS + NO_LANDLOCK, ["--tier", "namespaces"]),
}
REFUSED = ("EACCES", "EROFS", "ENOENT", "EPERM", "EBUSY", "EXDEV")


def ground():
    """tree/{own,secret,sub/deep,dir/inside}, beside/own; everybody may do everything there."""
    folder = public_dir()
    for name in ("tree/sub", "tree/dir", "beside"):
        os.makedirs(f"{folder}/{name}")
    for name in ("tree/own", "tree/secret", "tree/sub/deep", "tree/dir/inside", "beside/own"):
        with open(f"{folder}/{name}", "w", encoding="utf-8") as f:
            f.write("text of " + name)
    return folder


def in_way(way, options, ops, **how):
    """Several operations in one sandbox made in this way: their answers, in order."""
    if run(PAYLOAD, "unshare", "user", "mount").out != "ok\n":
        skip("no user namespaces here")
    wrap, words = WAYS[way]
    words = [*words, *options, "--", PAYLOAD, "each"]
    for op in ops:
        words += [*op, ","]
    result = run(*wrap, CROFT, "run", *MINIMUM, *words, **how)
    answers = said(result).splitlines()
    equal(len(answers), len(ops), f"number of answers\n{result}")
    return answers


@test("what is granted for writing is written, what is beside it is not", variants=list(WAYS))
def _(way):
    folder = ground()
    tree, beside = f"{folder}/tree", f"{folder}/beside"
    ops = [["append", f"{tree}/own"], ["create", f"{tree}/made"], ["unlink", f"{tree}/made"], ["open-read", f"{beside}/own"],
           ["append", f"{beside}/own"], ["create", f"{beside}/made"], ["chmod", f"{beside}/own", "600"], ["create", "/croft-made"]]
    answers = in_way(way, ["--write", tree, "--read", beside], ops)
    equal(answers[:4], ["ok"] * 4, "what is granted")
    for op, answer in zip(ops[4:], answers[4:]):
        refused(answer, op, REFUSED)
    equal(sorted(os.listdir(tree)), ["dir", "own", "secret", "sub"], "names in the directory")
    equal(in_way(way, ["--write", tree, "--write", beside], ops[4:7]), ["ok"] * 3, "granted as well")


@test("what is denied inside of a grant cannot be had by any name", variants=list(WAYS))
def _(way):
    folder = ground()
    tree = f"{folder}/tree"
    ops = [["open-read", f"{tree}/secret"], ["append", f"{tree}/secret"], ["open-read", f"{tree}/dir/inside"], ["read-dir", f"{tree}/dir"],
           ["rename", f"{tree}/secret", f"{tree}/x"], ["link", f"{tree}/secret", f"{tree}/x"], ["unlink", f"{tree}/secret"],
           ["rename", f"{tree}/dir", f"{tree}/x"], ["rmdir", f"{tree}/dir"], ["open-read", f"{tree}/sub/deep"],
           ["rename", f"{tree}/sub", f"{tree}/x"], ["exchange", f"{tree}/sub", f"{tree}/dir"], ["chmod", f"{tree}/secret", "666"]]
    twins = [["open-read", f"{tree}/own"], ["append", f"{tree}/own"], ["rename", f"{tree}/own", f"{tree}/x"],
             ["rename", f"{tree}/x", f"{tree}/own"]]
    denials = ["--deny", f"{tree}/secret", "--deny", f"{tree}/dir", "--deny", f"{tree}/sub/deep", "--require", "deny-inside"]
    answers = in_way(way, ["--write", tree, *denials], ops + twins)
    for op, answer in zip(ops, answers):
        refused(answer, op, REFUSED)
    equal(answers[len(ops):], ["ok"] * len(twins), "what is not denied")
    equal(read_file(f"{tree}/secret"), "text of tree/secret", "the denied file afterwards")


@test("what is denied for writing inside of a grant is read and never changed", variants=list(WAYS))
def _(way):
    tree = f"{ground()}/tree"
    ops = [["append", f"{tree}/sub/deep"], ["create", f"{tree}/sub/made"], ["rename", f"{tree}/sub", f"{tree}/x"], ["rmdir", f"{tree}/sub"]]
    options = ["--write", tree, "--deny-write", f"{tree}/sub", "--require", "deny-inside"]
    answers = in_way(way, options, [["open-read", f"{tree}/sub/deep"], ["append", f"{tree}/own"], *ops])
    equal(answers[:2], ["ok", "ok"], "reading it, writing beside it")
    for op, answer in zip(ops, answers[2:]):
        refused(answer, op, REFUSED)


@test("a private directory is empty, and nothing of it stays", variants=list(WAYS))
def _(way):
    folder = ground()
    tree = f"{folder}/tree"
    ops = [["open-read", f"{tree}/dir/inside"], ["create", f"{tree}/dir/made"], ["open-read", f"{tree}/dir/made"]]
    equal(in_way(way, ["--write", tree, "--private", f"{tree}/dir"], ops), ["ENOENT", "ok", "ok"], "answers")
    equal(os.listdir(f"{tree}/dir"), ["inside"], "names on the host afterwards")
    equal(in_way(way, ["--write", tree], ops[:1]), ["ok"], "without --private")


@test("names with blanks, newlines and backslashes are granted and denied as any other", variants=list(WAYS))
def _(way):
    folder = ground()
    odd = f"{folder}/a b\n\\040\t"
    os.mkdir(odd)
    for name in ("x\\y", "own"):
        with open(f"{odd}/{name}", "w", encoding="utf-8") as f:
            f.write("x")
    ops = [["append", f"{odd}/own"], ["open-read", f"{odd}/x\\y"]]
    answers = in_way(way, ["--write", odd, "--deny", f"{odd}/x\\y", "--require", "deny-inside"], ops)
    equal(answers[0], "ok", "the grant")
    refused(answers[1], "the denied name", REFUSED)
    equal(in_way(way, ["--write", odd], ops), ["ok", "ok"], "without the denial")


@test("the host's mounts and files are the same afterwards", variants=list(WAYS))
def _(way):
    folder = ground()
    before = read_file("/proc/self/mountinfo"), sorted(os.listdir(folder)), sorted(os.listdir("/"))
    in_way(way, ["--write", f"{folder}/tree", "--deny", f"{folder}/tree/secret", "--private", f"{folder}/beside"],
           [["append", f"{folder}/tree/own"]])
    equal((read_file("/proc/self/mountinfo"), sorted(os.listdir(folder)), sorted(os.listdir("/"))), before, "what is there")


@test("more grants than there may be open files are made all the same", variants=["in place", "new root", "new root, mount(2)"])
def _(way):
    folder = public_dir()
    names = [f"{folder}/{i}" for i in range(80)]
    options = []
    for name in names:
        os.mkdir(name)
        options += ["--write", name]
    equal(in_way(way, options, [["create", f"{n}/made"] for n in names]), ["ok"] * len(names), "answers")
    refused(in_way(way, options, [["create", f"{folder}/made"]])[0], "beside them", REFUSED)


@test("everything may be read and one directory written where there is no Landlock",
      variants=["in place, no Landlock", "new root, mount(2), no Landlock"])
def _(way):
    folder = ground()
    ops = [["open-read", f"{folder}/beside/own"], ["append", f"{folder}/tree/own"], ["append", f"{folder}/beside/own"],
           ["open-read", f"{folder}/tree/secret"]]
    options = ["--read", "/", "--write", f"{folder}/tree", "--deny", f"{folder}/tree/secret"]
    answers = in_way(way, options, ops)
    equal(answers[:2], ["ok", "ok"], "what is granted")
    refused(answers[2], "writing beside it", REFUSED)
    refused(answers[3], "the denied file", REFUSED)


main()
