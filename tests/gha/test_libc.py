# SPDX-License-Identifier: MIT
"""
test_libc.py - what is lent to an image that has no loader for the runner's node, and that node then runs in it.

The node is this machine's own, in a folder as the runner's externals are. It is started in each tree by `croft run
--root` with nothing but the image, the externals and what is lent.
"""
import json
import os
import re
import shutil

from harness import *

PRINT = os.path.join(BUILD, "tests", "gha_print")
NODE = shutil.which("node", path="/usr/local/bin:/usr/bin")
STORE = "/nix/store/00000000000000000000000000000000-closure"
MUSL = "/lib/ld-musl-x86_64.so.1"
IS_X86 = os.uname().machine == "x86_64"
# The program and a child by process.execPath: what actions do.
SCRIPT = ("console.log('node', process.version);"
          "console.log('child', require('child_process').execFileSync(process.execPath, ['-p', '6*7']).toString().trim())")


def libraries(program):
    """Names to files, as the loader has them; the loader under its whole name."""
    out = succeeds(run("ldd", program)).out
    found = dict(re.findall(r"^\s+(\S+) => (/\S+)", out, re.M))
    return found | {path: path for path in re.findall(r"^\s+(/\S+) \(", out, re.M)}


def put(root, path, source):
    to = root + path
    os.makedirs(os.path.dirname(to), exist_ok=True)
    shutil.copy(source, to)


def busybox(root, where, names=("sh", "cat", "env", "ls")):
    """A shell that needs no library."""
    put(root, f"{where}/busybox", "/bin/busybox")
    os.makedirs(root + "/bin", exist_ok=True)
    for name in names:
        os.symlink(f"{where}/busybox", f"{root}/bin/{name}")


def nix_like():
    """No /lib64, no /lib, nothing but links and a store; a program of glibc's in it with a loader of the store's."""
    root = tempdir()
    busybox(root, STORE + "/bin")
    put(root, STORE + "/lib/ld.so", libraries("/bin/cat")[loader()])
    put(root, STORE + "/lib/libc.so.6", libraries("/bin/cat")["libc.so.6"])
    source = write_file(os.path.join(tempdir(), "own.c"), '#include <stdio.h>\nint main(void) { return puts("own") < 0; }\n')
    succeeds(run("gcc", "-o", f"{root}{STORE}/bin/own", source, f"-Wl,--dynamic-linker={STORE}/lib/ld.so",
                 f"-Wl,-rpath,{STORE}/lib"))
    os.symlink(STORE + "/bin/own", root + "/bin/own")
    return root


def debian_like():
    root = tempdir()
    for name, path in libraries(NODE).items():
        put(root, name if name.startswith("/") else path, path)
    busybox(root, "/usr/bin")
    write_file(root + "/etc/os-release", "ID=debian\n")
    return root


def musl_like(release):
    """busybox and a libstdc++.so.6 of the other C library's, which node must not get."""
    root = tempdir()
    busybox(root, "/usr/bin")
    write_file(root + "/etc/os-release", release)
    succeeds(run("gcc", "-shared", "-nostdlib", "-x", "c", "/dev/null", "-o", root + "/usr/bin/x.so", "-Wl,-soname,libstdc++.so.6"))
    put(root, "/usr/lib/libstdc++.so.6", root + "/usr/bin/x.so")
    return root


def loader():
    return next(name for name in libraries("/bin/cat") if name.startswith("/"))


def externals(**nodes):
    """A folder of that many nodes: name to program."""
    folder = tempdir()
    for name, program in (nodes or {"node20": NODE}).items():
        put(folder, f"/{name}/bin/node", program)
    return folder


def plan(root, folder):
    before = names(root)
    got = json.loads(succeeds(run(PRINT, "libc", root, folder)).out)
    equal(names(root), before, "the image is only read")
    return got


def names(root):
    return sorted(os.path.join(at, name) for at, folders, files in os.walk(root) for name in folders + files)


def start(root, folder, got, *argv):
    """Runs it in the image with the externals and the loans mounted; the image stays as it is."""
    before = names(root)
    mounts = [f"{folder}:/__e:ro", *(f"{host}:{path}:ro" for path, host in got["loans"].items())]
    done = run_croft("run", "--root", root, "--upper", tempdir(), *(w for m in mounts for w in ("--mount", m)),
                     "--env", "OPENSSL_CONF=/dev/null", "--", *argv, timeout=60)
    equal(names(root), before, "the image is only read")
    return done


def runs(root, folder, got):
    """Each node of the plan and a child of it."""
    for name, (can_start, why, _mend) in got["nodes"].items():
        true(can_start, why)
        done = succeeds(start(root, folder, got, f"/__e/{name}/bin/node", "-e", SCRIPT))
        equal(done.out.splitlines()[1:], ["child 42"], str(done))


def needs_node():
    if not NODE:
        skip("node is not installed")


@test("node and a child of it run in an image without a C library for it, and the image's own programs as before",
      variants=["nix-like", "musl-like", "empty"])
def _(kind):
    needs_node()
    root = {"nix-like": nix_like, "musl-like": lambda: musl_like("ID=void\n"), "empty": tempdir}[kind]()
    folder = externals(node20=NODE, node24=NODE)
    got = plan(root, folder)
    equal((got["alpine"], list(got["nodes"])), (False, ["node20", "node24"]))
    contains(got["loans"], loader())
    contains(sorted(got["loans"]), os.path.dirname(libraries(NODE)["libc.so.6"]).replace("/usr/lib", "/lib") + "/libc.so.6")
    runs(root, folder, got)
    if kind == "nix-like":
        equal(succeeds(start(root, folder, got, "/bin/own")).out, "own\n")
    if kind != "empty":
        equal(succeeds(start(root, folder, got, "/bin/sh", "-c", "echo sh")).out, "sh\n")


@test("without the loans it does not start there: what is missing is the loader")
def _():
    needs_node()
    root, folder = nix_like(), externals()
    done = start(root, folder, {"loans": {}}, "/__e/node20/bin/node", "-e", SCRIPT)
    status_is(done, 126)
    contains(done.err, f"the ELF interpreter '{loader()}' of '/__e/node20/bin/node' is missing")


@test("an image with a fitting C library gets nothing, and one that lacks a library gets that alone")
def _():
    needs_node()
    root, folder = debian_like(), externals()
    got = plan(root, folder)
    equal(got["loans"], {})
    runs(root, folder, got)
    found = libraries(NODE)
    if "libstdc++.so.6" not in found:
        skip("this machine's node has libstdc++ in itself")
    os.unlink(root + found["libstdc++.so.6"])
    got = plan(root, folder)
    equal([os.path.basename(path) for path in got["loans"]], ["libstdc++.so.6"])
    runs(root, folder, got)


@test("an Alpine image is told to the runner as one where there is a node for it, and only then",
      variants=["ID=alpine", 'ID="alpine"', "no node of it", "ID=debian"])
def _(release):
    if not IS_X86:
        skip("the runner has a node for Alpine on x86_64 alone")
    if not shutil.which("musl-gcc"):
        skip("musl-gcc is not installed")
    source = write_file(os.path.join(tempdir(), "n.c"), '#include <stdio.h>\nint main(void) { return puts("musl") < 0; }\n')
    program = os.path.join(os.path.dirname(source), "node")
    succeeds(run("musl-gcc", "-o", program, source))
    nodes = {"node20": "/bin/cat"} | ({} if release == "no node of it" else {"node20_alpine": program})
    root, folder = musl_like("ID=alpine\n" if release == "no node of it" else release + "\n"), externals(**nodes)
    got = plan(root, folder)
    is_alpine = release in ("ID=alpine", 'ID="alpine"')
    equal((got["alpine"], list(got["nodes"])), (is_alpine, ["node20_alpine" if is_alpine else "node20"]))
    if is_alpine:
        equal(list(got["loans"]), [MUSL])
        equal(succeeds(start(root, folder, got, "/__e/node20_alpine/bin/node")).out, "musl\n")
    else:
        contains(got["loans"], loader())


@test("the image's links lead nowhere but in the image")
def _():
    root = tempdir()
    outside = tempdir()
    write_file(outside + "/os-release", "ID=alpine\n")
    os.symlink(outside, root + "/etc")
    for name in "lib", "lib64", "usr":
        os.symlink("/" + name, f"{root}/{name}")
    got = plan(root, externals(node20="/bin/cat"))
    equal((got["alpine"], got["nodes"]["node20"][0]), (False, False))


@test("externals that are empty, or are not there, are said in one line", variants=["empty", "missing", "relative"])
def _(kind):
    folder = {"empty": tempdir(), "missing": os.path.join(tempdir(), "x"), "relative": "x"}[kind]
    done = run(PRINT, "libc", tempdir(), folder)
    equal((done.status, done.out, done.err.count("\n")), (1, "", 1), str(done))
    contains(done.err, "externals")


@test("half a C library in the image is refused, with what is missing")
def _():
    root = tempdir()
    place = os.path.dirname(libraries("/bin/cat")["libc.so.6"]).replace("/usr/lib", "/lib")
    put(root, place + "/libc.so.6", libraries("/bin/cat")["libc.so.6"])
    can_start, why, mend = plan(root, externals(node20="/bin/cat"))["nodes"]["node20"]
    equal(can_start, False)
    contains(why, f"the image has '{place}/libc.so.6' but not the '{loader()}' that belongs to it")
    contains(mend, "C library")


main()
