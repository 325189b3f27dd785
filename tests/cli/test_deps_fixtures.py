#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_deps_fixtures.py - each rule by which glibc's loader finds a library, on files made for it.

Every test makes a few libraries and a program with gcc, asks the loader itself (LD_TRACE_LOADED_OBJECTS: it
prints what it loads and ends before the program starts) and croft deps, with the same working directory and
environment, and compares names, paths, their order and what is missing. Then it says which rule must have been the
one, so that both being wrong in the same way would be seen.

Nothing in the fixtures is ever run: they have no code.
"""
import json
import platform
import struct

from _libraries import *      # pylint: disable=wildcard-import,unused-wildcard-import

LOADERS = {"x86_64": "/lib64/ld-linux-x86-64.so.2", "aarch64": "/lib/ld-linux-aarch64.so.1"}
LOADER = LOADERS.get(platform.machine(), "")
OTHER_MACHINE = {"x86_64": 183, "aarch64": 62}
DT_NULL, DT_SONAME, DT_RPATH, DT_RUNPATH = 0, 14, 15, 29


def program(path, *needs, **how):
    return program_of(LOADER, path, *needs, **how)


def moved(path, where):
    """The library in another folder, from where it was linked."""
    os.makedirs(where, exist_ok=True)
    target = os.path.join(where, os.path.basename(path))
    os.rename(path, target)
    return target


def patch(path, offset, data):
    with open(path, "r+b") as f:
        f.seek(offset)
        f.write(data)
    return path


def dynamic_entries(path):
    """[(offset in the file, tag, value)]"""
    with open(path, "rb") as f:
        data = f.read()
    offset, = struct.unpack_from("<Q", data, 32)
    count, = struct.unpack_from("<H", data, 56)
    for i in range(count):
        kind, _, at, _, _, size = struct.unpack_from("<IIQQQQ", data, offset + 56 * i)
        if kind == 2:
            return [(p, *struct.unpack_from("<QQ", data, p)) for p in range(at, at + size, 16)]
    fail(f"{path} has no dynamic section")
    return []


def retag(path, old, new):
    """Makes one dynamic entry another: of the same string."""
    for at, tag, _ in dynamic_entries(path):
        if tag == old:
            return patch(path, at, struct.pack("<Q", new))
    fail(f"{path} has no entry {old}")
    return path


class Seen:
    """What one of the two says: libraries [(name, path)] in order, missing names, its words on failure."""

    def __init__(self, libraries, missing, words):
        self.libraries, self.missing, self.words = libraries, missing, words

    def path(self, name):
        return dict(self.libraries).get(name)


def ask_loader(path, cwd, env):
    """What the loader does; libraries None if it gives up."""
    result = run(path, cwd=cwd, env={**env, "LD_TRACE_LOADED_OBJECTS": "1", "LC_ALL": "C"})
    if result.status not in (0, 1) or "error while loading" in result.err:
        return Seen(None, set(), result.err)
    libraries, missing = [], set()
    for line in result.out.splitlines():
        match = re.fullmatch(r"\t(?:(.*) => )?(.*?)(?: \(0x[0-9a-f]+\))?", line)
        name, where = match[1] or match[2], match[2]
        if where == "not found":
            missing.add(name)
        elif not re.match(r"linux-vdso|statically linked", name) and os.path.basename(where) != os.path.basename(
                LOADER):
            libraries.append((name, os.path.join(cwd, where)))
    return Seen(libraries, missing, result.err)


def ask_croft(path, cwd, env):
    """The same of croft, and for each library the rule; troubles as a list."""
    result = run_croft("deps", "--json", "--", path, cwd=cwd, env={**PLAIN_ENV, **env}, timeout=60)
    true(result.status in (0, 1), f"croft failed\n{result}")
    answer = json.loads(result.out)["programs"][0]
    libraries = [f for f in answer["files"] if f["role"] == "library"]
    seen = Seen([(f["name"], f["path"]) for f in libraries], {n["name"] for n in answer["needs"] if n["to"] is None},
                json.dumps(answer["troubles"]))
    seen.rules = {f["name"]: f["rule"] for f in libraries}
    seen.details = {f["name"]: f["detail"] for f in libraries}
    seen.troubles = [t for t in answer["troubles"] if t["weight"] != "note"]
    seen.starts = answer["starts"]
    return seen


def agree(path, cwd=None, env=None, **rules):
    """
    Both find the same. rules: library's name ("liba" for liba.so) = the rule, or None: missing. Gives back
    what croft says.
    """
    if not LOADER or not os.path.exists(LOADER):
        skip("no glibc loader that this test knows")
    cwd, env = cwd or os.path.dirname(path), env or {}
    theirs, ours = ask_loader(path, cwd, env), ask_croft(path, cwd, env)
    true(theirs.libraries is not None, f"the loader gives up: {theirs.words}")
    equal(ours.libraries, theirs.libraries, "libraries")
    equal(ours.missing, theirs.missing, "missing")
    for name, rule in rules.items():
        equal(ours.rules.get(f"{name}.so"), rule, f"the rule for {name}.so")
        equal(f"{name}.so" in ours.missing, rule is None, f"{name}.so missing")
    equal(ours.starts, not theirs.missing and "version `" not in theirs.words, "whether it can start")
    return ours


def both_give_up(path, kind, words, cwd=None, env=None):
    """The loader ends the program with these words, and croft says so beforehand."""
    cwd, env = cwd or os.path.dirname(path), env or {}
    theirs, ours = ask_loader(path, cwd, env), ask_croft(path, cwd, env)
    true(theirs.libraries is None, f"the loader goes on: {theirs.libraries} {theirs.words}")
    contains(theirs.words, words)
    true(kind in [t["kind"] for t in ours.troubles], f"no {kind} in {ours.troubles}")
    equal(ours.starts, False, "whether it can start")
    return ours


@test("DT_RPATH of the program is inherited by its libraries")
def _():
    t = tempdir()
    b = library(f"{t}/d/libb.so")
    a = library(f"{t}/d/liba.so", b)
    agree(program(f"{t}/prog", a, rpath=f"{t}/d"), liba="rpath", libb="rpath")


@test("DT_RPATH of a library between is inherited too, the nearest first")
def _():
    t = tempdir()
    c = library(f"{t}/d/libc2.so")
    b = library(f"{t}/d/libb.so", c)
    a = library(f"{t}/a/liba.so", b, rpath=f"{t}/d")
    copied(c, f"{t}/a/libc2.so")
    seen = agree(program(f"{t}/prog", a, rpath=f"{t}/a"), liba="rpath", libb="rpath", libc2="rpath")
    equal(seen.path("libc2.so"), f"{t}/d/libc2.so")


@test("DT_RUNPATH is not inherited")
def _():
    t = tempdir()
    b = library(f"{t}/d/libb.so")
    a = library(f"{t}/d/liba.so", b)
    agree(program(f"{t}/prog", a, runpath=f"{t}/d"), liba="runpath", libb=None)


@test("a library with DT_RUNPATH does not look into what it would inherit")
def _():
    t = tempdir()
    b = library(f"{t}/d/libb.so")
    a = library(f"{t}/d/liba.so", b, runpath=f"{t}/nothing")
    agree(program(f"{t}/prog", a, rpath=f"{t}/d"), liba="rpath", libb=None)


@test("a library without DT_RUNPATH inherits past one that has it")
def _():
    t = tempdir()
    c = library(f"{t}/d/libc2.so")
    b = library(f"{t}/b/libb.so", c)
    a = library(f"{t}/d/liba.so", b, runpath=f"{t}/b")
    agree(program(f"{t}/prog", a, rpath=f"{t}/d"), liba="rpath", libb="runpath", libc2="rpath")


@test("DT_RPATH beside DT_RUNPATH counts for nothing", variants=["own", "inherited"])
def _(which):
    t = tempdir()
    b = library(f"{t}/d/libb.so")
    a = library(f"{t}/e/liba.so", b)
    # a second string for the spare entry that the linker leaves: the soname's
    prog = program(f"{t}/prog", a, runpath=f"{t}/e", options=[f"-Wl,-soname,{t}/d"])
    retag(prog, DT_SONAME, DT_RPATH)
    if which == "own":
        moved(a, f"{t}/d")
    agree(prog, liba=None if which == "own" else "runpath", **({} if which == "own" else {"libb": None}))


@test("$ORIGIN is the directory of the object that says it", variants=["$ORIGIN", "${ORIGIN}"])
def _(token):
    t = tempdir()
    b = library(f"{t}/d/sub/libb.so")
    a = library(f"{t}/d/liba.so", b, runpath=f"{token}/sub")
    seen = agree(program(f"{t}/bin/prog", a, runpath=f"{token}/../d"), liba="runpath", libb="runpath")
    equal(seen.path("libb.so"), f"{t}/bin/../d/sub/libb.so")
    equal(seen.details["libb.so"], f"{token}/sub")


@test("$ORIGINAL, $ORIGIN_ and a lone $ are no tokens")
def _():
    t = tempdir()
    a = library(f"{t}/bin/$ORIGINAL/liba.so")
    b = library(f"{t}/bin/x$/libb.so")
    prog = program(f"{t}/bin/prog", a, b, runpath="$ORIGINAL:$ORIGIN_:x$:${ORIGIN")
    agree(prog, liba="runpath", libb="runpath")


@test("$ORIGIN of a program is where it truly lies, that of a library where it was found")
def _():
    t = tempdir()
    b = library(f"{t}/real/libb.so")
    a = library(f"{t}/real/liba.so", b, runpath="$ORIGIN")
    prog = program(f"{t}/real/prog", a, runpath="$ORIGIN/../links")
    os.makedirs(f"{t}/links")
    os.symlink("../real/liba.so", f"{t}/links/liba.so")
    copied(b, f"{t}/links/libb.so")
    os.makedirs(f"{t}/bin")
    os.symlink("../real/prog", f"{t}/bin/prog")
    seen = agree(f"{t}/bin/prog", liba="runpath", libb="runpath")
    equal(seen.path("libb.so"), f"{t}/real/../links/libb.so")


@test("$LIB is what the loader was built with", variants=["$LIB", "${LIB}"])
def _(token):
    t = tempdir()
    a = library(f"{t}/liba.so")
    prog = program(f"{t}/prog", a, runpath=f"{t}/d/{token}")
    for name in ("lib", "lib64", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu"):
        copied(a, f"{t}/d/{name}/liba.so")
    agree(prog, liba="runpath")


@test("$PLATFORM is the CPU's name", variants=["$PLATFORM", "${PLATFORM}"])
def _(token):
    t = tempdir()
    a = library(f"{t}/liba.so")
    prog = program(f"{t}/prog", a, runpath=f"{t}/d/{token}")
    for name in ("haswell", "xeon_phi", "x86_64", "aarch64"):
        copied(a, f"{t}/d/{name}/liba.so")
    agree(prog, liba="runpath")


@test("tokens in a needed name are replaced")
def _():
    t = tempdir()
    a = library(f"{t}/d/liba.so", soname="$ORIGIN/d/liba.so")
    seen = agree(program(f"{t}/prog", a))
    equal(seen.rules[f"{t}/d/liba.so"], "name")


@test("a candidate of another kind is passed over", variants=["class", "machine"])
def _(kind):
    t = tempdir()
    a = library(f"{t}/good/liba.so")
    prog = program(f"{t}/prog", a, runpath=f"{t}/other:{t}/good")
    copied(a, f"{t}/other/liba.so")
    if kind == "class":
        patch(f"{t}/other/liba.so", 4, b"\x01")
    else:
        patch(f"{t}/other/liba.so", 18, struct.pack("<H", OTHER_MACHINE[platform.machine()]))
    seen = agree(prog, liba="runpath")
    equal(seen.path("liba.so"), f"{t}/good/liba.so")
    os.unlink(f"{t}/good/liba.so")
    seen = agree(prog, liba=None)
    equal([t["kind"] for t in seen.troubles], ["library-machine"])
    contains(seen.troubles[0]["detail"], f"{t}/other/liba.so (")


HWCAPS = ["glibc-hwcaps/x86-64-v4", "glibc-hwcaps/x86-64-v3", "glibc-hwcaps/x86-64-v2"]
OLDER = ["tls/haswell/avx512_1/x86_64", "tls/haswell/x86_64", "tls/x86_64/x86_64", "tls/x86_64", "tls",
         "haswell/avx512_1", "haswell", "avx512_1", "x86_64", "tls/aarch64/atomics", "aarch64"]


@test("of the subdirectories for CPUs the loader's is chosen", variants=["all", "v2", "v4", "older", "none"])
def _(which):
    t = tempdir()
    a = library(f"{t}/d/liba.so")
    prog = program(f"{t}/prog", a, runpath=f"{t}/d")
    names = {"all": HWCAPS + OLDER, "v2": HWCAPS[2:], "v4": HWCAPS[:1], "older": OLDER, "none": []}[which]
    for name in names:
        copied(a, f"{t}/d/{name}/liba.so")
    agree(prog, liba="runpath")


@test("each of the older subdirectories by itself is used or not, as the loader does", variants=OLDER)
def _(name):
    t = tempdir()
    a = library(f"{t}/liba.so")
    prog = program(f"{t}/prog", a, runpath=f"{t}/d")
    copied(a, f"{t}/d/{name}/liba.so")
    agree(prog)


@test("LD_LIBRARY_PATH stands behind DT_RPATH and before DT_RUNPATH")
def _():
    t = tempdir()
    a = library(f"{t}/d/liba.so")
    env = {"LD_LIBRARY_PATH": f"{t}/env"}
    old = program(f"{t}/old", a, rpath=f"{t}/d")
    new = program(f"{t}/new", a, runpath=f"{t}/d")
    copied(a, f"{t}/env/liba.so")
    agree(old, env=env, liba="rpath")
    agree(new, env=env, liba="library-path")
    agree(new, liba="runpath")


@test("LD_LIBRARY_PATH takes ':' and ';', tokens, and an empty element for the working directory",
      variants=["{t}/none;{t}/d", "$ORIGIN/d", "{t}/none:", ":{t}/none", "{t}/none::", ";", "{t}/d/", "d", "/"])
def _(value):
    t = tempdir()
    a = library(f"{t}/d/liba.so")
    prog = program(f"{t}/prog", a)
    copied(a, f"{t}/here/liba.so")
    here = f"{t}/here" if value.strip("/").replace("{t}/none", "").strip(":;") == "" else t
    agree(prog, cwd=here, env={"LD_LIBRARY_PATH": value.format(t=t)}, liba=None if value == "/" else "library-path")


@test("an empty LD_LIBRARY_PATH is none")
def _():
    t = tempdir()
    a = library(f"{t}/liba.so")
    agree(program(f"{t}/prog", a), env={"LD_LIBRARY_PATH": ""}, liba=None)


@test("a relative DT_RUNPATH starts at the working directory, an empty element is it",
      variants=["d", "./d/", "/nothing:d", "/nothing::"])
def _(value):
    t = tempdir()
    a = library(f"{t}/d/liba.so")
    prog = program(f"{t}/bin/prog", a, runpath=value)
    cwd = f"{t}/d" if value.endswith("::") else t
    agree(prog, cwd=cwd, liba="runpath")
    agree(prog, cwd=f"{t}/bin", liba=None)


@test("a library without DT_SONAME is found by its file's name")
def _():
    t = tempdir()
    a = library(f"{t}/d/liba.so", soname=None)
    prog = gcc(f"{t}/prog", "-pie", f"-Wl,-dynamic-linker,{LOADER}", f"-Wl,--enable-new-dtags,-rpath,{t}/d",
               f"-L{t}/d", "-la")
    equal(os.path.exists(a), True)
    agree(prog, liba="runpath")


@test("a name with a slash is a path", variants=["absolute", "relative"])
def _(how):
    t = tempdir()
    library(f"{t}/d/liba.so", soname=None)
    name = f"{t}/d/liba.so" if how == "absolute" else "d/liba.so"
    here = os.getcwd()
    try:
        os.chdir(t)
        prog = program(f"{t}/prog", name)
    finally:
        os.chdir(here)
    seen = agree(prog, cwd=t)
    equal(seen.rules[name], "name")
    os.unlink(f"{t}/d/liba.so")
    equal(agree(prog, cwd=t).missing, {name})


@test("a name that a loaded library has as DT_SONAME is not looked for")
def _():
    t = tempdir()
    a = library(f"{t}/d/other.so", soname="liba.so")
    b = library(f"{t}/d/libb.so", a)
    os.rename(a, f"{t}/first.so")
    prog = program(f"{t}/prog", b, rpath=f"{t}/d")
    library(f"{t}/d/liba.so", soname="liba.so")
    seen = agree(prog, env={"LD_PRELOAD": f"{t}/first.so"}, libb="rpath")
    equal(seen.path("liba.so"), None)
    agree(prog, liba="rpath")


@test("libraries that need each other are loaded once")
def _():
    t = tempdir()
    library(f"{t}/d/libb.so")
    a = library(f"{t}/d/liba.so", f"{t}/d/libb.so")
    b = library(f"{t}/d/libb.so", a)
    agree(program(f"{t}/prog", a, b, rpath=f"{t}/d"), liba="rpath", libb="rpath")


@test("one file under two names is loaded once", variants=["link", "symlink"])
def _(how):
    t = tempdir()
    a = library(f"{t}/d/liba.so")
    b = library(f"{t}/b/libb.so")
    prog = program(f"{t}/prog", a, b, rpath=f"{t}/d")
    (os.link if how == "link" else os.symlink)(a, f"{t}/d/libb.so")
    seen = agree(prog, liba="rpath")
    equal(len(seen.libraries), 1)


def numbered(template, path, own, needed):
    """A copy of the template, with other numbers in its names."""
    with open(template, "rb") as f:
        data = f.read()
    return write_file(path, data.replace(b"libn0000.so", b"libn%04d.so" % own)
                      .replace(b"libn9999.so", b"libn%04d.so" % needed))


def make_numbered(t, count, rpath=None):
    """libn0000.so ... in t/d, each needing the next, the last the first."""
    library(f"{t}/libn9999.so")
    template = library(f"{t}/libn0000.so", f"{t}/libn9999.so", rpath=rpath)
    for i in range(count):
        numbered(template, f"{t}/d/libn{i:04}.so", i, (i + 1) % count)


@test("a chain of 64 libraries, each needing the next, is followed to its end")
def _():
    t = tempdir()
    make_numbered(t, 64, rpath="$ORIGIN")
    seen = agree(program(f"{t}/prog", f"{t}/d/libn0000.so", runpath=f"{t}/d"))
    equal([name for name, _ in seen.libraries], [f"libn{i:04}.so" for i in range(64)])


@test("a program of 1,000 libraries has them all")
def _():
    t = tempdir()
    make_numbered(t, 1000)
    seen = agree(program(f"{t}/prog", *(f"{t}/d/libn{i:04}.so" for i in range(1000)), rpath=f"{t}/d"))
    equal(len(seen.libraries), 1000)
    equal(set(seen.rules.values()), {"rpath"})


@test("LD_PRELOAD takes names and paths, and its libraries come first", variants=[":", " ", " : "])
def _(separator):
    t = tempdir()
    a, b, e = (library(f"{t}/d/lib{x}.so") for x in "abe")
    d = library(f"{t}/libd.so", e, rpath=f"{t}/d")      # croft itself, which gets the same variable, needs it too
    prog = program(f"{t}/prog", a, rpath=f"{t}/d")
    seen = agree(prog, env={"LD_PRELOAD": separator.join(["libb.so", d])}, liba="rpath", libb="preload", libe="rpath")
    equal([p for _, p in seen.libraries], [b, d, a, e])


@test("what cannot be preloaded is passed over", variants=["missing", "text"])
def _(what):
    t = tempdir()
    a = library(f"{t}/d/liba.so")
    prog = program(f"{t}/prog", a, rpath=f"{t}/d")
    if what == "text":
        write_file(f"{t}/no.so", "no library at all, but long enough for the header of one, which has 64 bytes")
    theirs = ask_loader(prog, t, {"LD_PRELOAD": f"{t}/no.so"})
    ours = ask_croft(prog, t, {"LD_PRELOAD": f"{t}/no.so"})
    contains(theirs.words, "cannot be preloaded")
    equal(ours.libraries, theirs.libraries)
    equal((ours.starts, ours.troubles), (True, []))


@test("an object linked with -z nodefaultlib is not given libraries of the loader's own directories")
def _():
    t = tempdir()
    plain = program(f"{t}/plain", "-lm")
    strict = program(f"{t}/strict", "-lm", options=["-Wl,-z,nodefaultlib"])
    equal(agree(plain).rules["libm.so.6"], "cache")
    equal(agree(strict).missing, {"libm.so.6"})


@test("the loader under its library name is the loader")
def _():
    t = tempdir()
    agree(program(f"{t}/prog", LOADER))
    agree(program(f"{t}/more", LOADER, "-lm"))


@test("the kernel's own library is no file")
def _():
    t = tempdir()
    a = library(f"{t}/liba.so", soname="linux-vdso.so.1")
    equal(agree(program(f"{t}/prog", a)).libraries, [])


@test("a missing library is named with who needs it")
def _():
    t = tempdir()
    b = library(f"{t}/d/libb.so")
    a = library(f"{t}/d/liba.so", b)
    prog = program(f"{t}/prog", a, rpath=f"{t}/d")
    agree(prog, liba="rpath", libb="rpath")
    os.unlink(b)
    seen = agree(prog, liba="rpath", libb=None)
    equal([(x["kind"], x["path"], x["needed_by"]) for x in seen.troubles], [("library-missing", "libb.so", a)])


def versioned(t, path, *versions):
    write_file(f"{t}/map", "".join(f"{v} {{ global: f{i}; }};\n" for i, v in enumerate(versions)))
    code = write_file(f"{t}/f.c", "".join(f"int f{i}(void) {{ return {i}; }}\n" for i, _ in enumerate(versions)))
    return library(path, code, options=[f"-Wl,--version-script={t}/map"])


@test("a version that the library found does not define is missing")
def _():
    t = tempdir()
    a = versioned(t, f"{t}/d/liba.so", "A_1", "A_2")
    code = write_file(f"{t}/main.c", "int f0(void), f1(void); int g(void); int g(void) { return f0() + f1(); }")
    prog = program(f"{t}/prog", code, a, rpath=f"{t}/d")
    equal(agree(prog, liba="rpath").troubles, [])
    versioned(t, a, "A_1")
    seen = agree(prog, liba="rpath")
    equal([(x["kind"], x["path"], x["needed_by"], x["detail"]) for x in seen.troubles],
          [("version-missing", a, prog, "A_2")])
    library(a)      # without versions at all, which is only warned of
    equal(agree(prog, liba="rpath").troubles, [])


@test("what is no library where one should be ends the program",
      variants=["text", "short", "empty", "directory", "program", "object"])
def _(what):
    t = tempdir()
    a = library(f"{t}/d/liba.so")
    prog = program(f"{t}/prog", a, runpath=f"{t}/bad:{t}/d")
    agree(prog, liba="runpath")
    bad = f"{t}/bad/liba.so"
    os.makedirs(f"{t}/bad")
    words = "invalid ELF header"
    if what == "text":
        write_file(bad, "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12345\n")
    elif what in ("short", "empty"):
        with open(a, "rb") as f:
            write_file(bad, f.read(60) if what == "short" else b"")
        words = "file too short"
    elif what == "directory":
        os.makedirs(bad)
        words = "cannot read file data"
    elif what == "program":
        gcc(bad, "-pie")
        words = "cannot dynamically load position-independent executable"
    else:
        gcc(bad, "-r")
        words = "only ET_DYN and ET_EXEC can be loaded"
    both_give_up(prog, "library-format", words)


@test("a list of directories ends at a candidate that is a circle of links; the next list is looked at")
def _():
    t = tempdir()
    a = library(f"{t}/d/liba.so")
    prog = program(f"{t}/prog", a, rpath=f"{t}/bad:{t}/d")
    agree(prog, liba="rpath")
    os.makedirs(f"{t}/bad")
    os.symlink("liba.so", f"{t}/bad/liba.so")
    agree(prog, liba=None)
    agree(prog, env={"LD_LIBRARY_PATH": f"{t}/d"}, liba="library-path")


@test("a directory that is a file, or missing, or a dangling link, is passed over")
def _():
    t = tempdir()
    a = library(f"{t}/d/liba.so")
    prog = program(f"{t}/prog", a, runpath=f"{t}/file:{t}/none:{t}/link:{t}/d/")
    write_file(f"{t}/file")
    os.symlink("nowhere", f"{t}/link")
    agree(prog, liba="runpath")


@test("a library that may not be read is passed over, and named if there is no other")
def _():
    if IS_ROOT:
        skip("root may read everything")
    t = tempdir()
    a = library(f"{t}/d/liba.so")
    prog = program(f"{t}/prog", a, runpath=f"{t}/closed:{t}/d")
    os.chmod(copied(a, f"{t}/closed/liba.so"), 0)
    agree(prog, liba="runpath")
    os.unlink(a)
    equal([x["kind"] for x in agree(prog, liba=None).troubles], ["library-unreadable"])


@test("a directory that may be searched but not listed is looked into")
def _():
    t = tempdir()
    a = library(f"{t}/d/liba.so")
    prog = program(f"{t}/prog", a, runpath=f"{t}/d")
    copied(a, f"{t}/d/{HWCAPS[2]}/liba.so")
    os.chmod(f"{t}/d", 0o311)
    agree(prog, liba="runpath")


main()
