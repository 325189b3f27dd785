#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_deps_musl.py - each rule by which musl's loader finds a library, on files made for it.

As test_deps_fixtures.py does for glibc: a few libraries and a program without code are made with gcc, musl's
loader is asked with --list (which prints what it loads and does not start the program), then croft deps, and
names, paths and order are compared.
"""
import json
import platform

from _libraries import *      # pylint: disable=wildcard-import,unused-wildcard-import

LOADER = f"/lib/ld-musl-{platform.machine()}.so.1"


def program(path, *needs, **how):
    return program_of(LOADER, path, *needs, **how)


def ask_loader(path, cwd, env):
    """([(name, path)] in order, what it says of what is wrong); the loader itself is left out."""
    result = run(LOADER, "--list", path, cwd=cwd, env=env)
    found = re.findall(r"^\t(.*) => (.*) \(0x[0-9a-f]+\)$", result.out, re.MULTILINE)
    return [(n, os.path.join(cwd, p)) for n, p in found if p != LOADER], result.err


def ask_croft(path, cwd, env):
    result = run_croft("deps", "--json", "--", path, cwd=cwd, env={**PLAIN_ENV, **env})
    true(result.status in (0, 1), f"croft failed\n{result}")
    return json.loads(result.out)["programs"][0]


def agree(path, cwd=None, env=None, **rules):
    """As test_deps_fixtures.agree."""
    if not os.path.exists(LOADER):
        skip("no musl on this machine")
    cwd, env = cwd or os.path.dirname(path), env or {}
    libraries, words = ask_loader(path, cwd, env)
    answer = ask_croft(path, cwd, env)
    ours = [f for f in answer["files"] if f["role"] == "library"]
    equal([(f["name"], f["path"]) for f in ours], libraries, "libraries")
    for name, rule in rules.items():
        equal({f["name"]: f["rule"] for f in ours}.get(f"{name}.so"), rule, f"the rule for {name}.so")
    wrong = {t["path"] for t in answer["troubles"] if t["weight"] != "note"}
    equal(wrong, set(re.findall(r"Error loading shared library (.*?):", words)), "what is wrong")
    return answer


@test("musl: DT_RUNPATH and DT_RPATH are both inherited", variants=["rpath", "runpath"])
def _(tag):
    t = tempdir()
    b = library(f"{t}/d/libb.so")
    a = library(f"{t}/d/liba.so", b)
    agree(program(f"{t}/prog", a, **{tag: f"{t}/d"}), liba=tag, libb=tag)


@test("musl: the needing object's own list comes first, then those above it")
def _():
    t = tempdir()
    c = library(f"{t}/c/libc2.so")
    b = library(f"{t}/d/libb.so", c)
    a = library(f"{t}/d/liba.so", b, runpath=f"{t}/c")
    library(f"{t}/c/libb.so")
    agree(program(f"{t}/prog", a, runpath=f"{t}/d"), liba="runpath", libb="runpath")
    agree(program(f"{t}/deep", b, runpath=f"{t}/d:{t}/c"), libb="runpath", libc2="runpath")


@test("musl: LD_LIBRARY_PATH comes before everything, and its empty elements mean nothing",
      variants=["{t}/env", ":{t}/env:", "{t}/none\n{t}/env", "env"])
def _(value):
    t = tempdir()
    a = library(f"{t}/d/liba.so")
    prog = program(f"{t}/prog", a, rpath=f"{t}/d")
    library(f"{t}/env/liba.so")
    agree(prog, env={"LD_LIBRARY_PATH": value.format(t=t)}, liba="library-path")
    agree(prog, env={"LD_LIBRARY_PATH": ":"}, cwd=f"{t}/env", liba="rpath")


@test("musl: $ORIGIN is replaced; a list with another token is not used", variants=["$ORIGIN", "${ORIGIN}", "$LIB"])
def _(token):
    t = tempdir()
    b = library(f"{t}/d/sub/libb.so")
    a = library(f"{t}/d/liba.so", b, runpath=f"$ORIGIN/sub:{token}")
    agree(program(f"{t}/bin/prog", a, runpath="$ORIGIN/../d"), liba="runpath",
          libb=None if token == "$LIB" else "runpath")


@test("musl: names of its own libraries are the loader, whatever lies in the directories")
def _():
    t = tempdir()
    own = [library(f"{t}/d/{name}") for name in ("libc.so", "libm.so.6", "libpthread.so.0", "libc.musl-x.so.1")]
    other = library(f"{t}/d/libmine.so")
    answer = agree(program(f"{t}/prog", *own, other, rpath=f"{t}/d"))
    needs = {n["name"]: n["to"] for n in answer["needs"]}
    equal([needs[os.path.basename(path)] for path in own], [LOADER] * 4)


@test("musl: a name with a slash is a path")
def _():
    t = tempdir()
    a = library(f"{t}/d/liba.so", soname=f"{t}/d/liba.so")
    b = library(f"{t}/d/libb.so", a)
    agree(program(f"{t}/prog", a, b, rpath=f"{t}/d"), libb="rpath")


@test("musl: DT_SONAME is no name that a library is found under")
def _():
    t = tempdir()
    b = library(f"{t}/d/libb.so")
    a = library(f"{t}/d/liba.so", soname="libb.so")
    prog = gcc(f"{t}/prog", "-pie", f"-Wl,-dynamic-linker,{LOADER}", f"-Wl,-rpath,{t}/d", b)
    agree(prog, env={"LD_PRELOAD": a}, libb="runpath")


@test("musl: LD_PRELOAD takes names and paths, and what cannot be loaded is passed over",
      variants=[":", " ", "\n:"])
def _(separator):
    t = tempdir()
    a, b = library(f"{t}/d/liba.so"), library(f"{t}/env/libb.so")
    c = library(f"{t}/libx.so", a)
    prog = program(f"{t}/prog", a, rpath=f"{t}/d")
    # croft itself gets the variable too, and glibc's loader must find the same
    env = {"LD_PRELOAD": separator.join(["libb.so", c]), "LD_LIBRARY_PATH": f"{t}/env:{t}/d"}
    agree(prog, env=env, libb="preload", liba="library-path")
    equal(os.path.exists(b), True)


@test("musl: one file under two names is loaded once")
def _():
    t = tempdir()
    a = library(f"{t}/d/liba.so")
    b = library(f"{t}/libb.so")
    prog = program(f"{t}/prog", a, b, rpath=f"{t}/d")
    os.symlink("liba.so", f"{t}/d/libb.so")
    agree(prog, liba="rpath")


@test("musl: a missing library is named")
def _():
    t = tempdir()
    a = library(f"{t}/liba.so")
    answer = agree(program(f"{t}/prog", a), liba=None)
    equal([(x["kind"], x["path"]) for x in answer["troubles"]], [("library-missing", "liba.so")])


@test("musl: the directories of its own file are searched last")
def _():
    t = tempdir()
    files = [f"/etc/ld-musl-{platform.machine()}.path"]
    if not os.path.exists(files[0]):
        skip("musl has no file of directories here")
    directory = read_file(files[0]).replace("\n", ":").strip(":").split(":")
    here = [f for d in directory if os.path.isdir(d) for f in os.listdir(d)
            if f.startswith("lib") and f.endswith(".so") and f not in ("libc.so", "libm.so", "libpthread.so", "libdl.so",
                                                                      "librt.so", "libutil.so", "libxnet.so")]
    a = library(f"{t}/{here[0] if here else 'libnothing-of-the-kind.so'}")
    answer = agree(program(f"{t}/prog", a))
    true(files[0] in [f["path"] for f in answer["files"] if f["role"] == "configuration"],
         f"{files[0]} is not among {answer['files']}")


@test("musl: what is no library where one should be ends the program", variants=["text", "directory"])
def _(what):
    t = tempdir()
    a = library(f"{t}/d/liba.so")
    prog = program(f"{t}/prog", a, runpath=f"{t}/bad:{t}/d")
    if what == "text":
        write_file(f"{t}/bad/liba.so", "no library at all, but long enough for the header of one: 64 bytes")
    else:
        os.makedirs(f"{t}/bad/liba.so")
    if not os.path.exists(LOADER):
        skip("no musl on this machine")
    _, words = ask_loader(prog, t, {})
    contains(words, "Error loading shared library liba.so")
    troubles = ask_croft(prog, t, {})["troubles"]
    equal([(x["kind"], x["path"]) for x in troubles], [("library-format", f"{t}/bad/liba.so")])


main()
