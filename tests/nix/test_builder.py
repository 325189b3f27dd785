#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_builder.py - croft nix-builder by itself, with files that Nix would write, and with others.

No Nix is needed here: what it does with what is said stands in test_chain.py.
"""
import contextlib
import json
import socket
import subprocess
import threading

from harness import *       # pylint: disable=wildcard-import,unused-wildcard-import

HASH = "0123456789abcdfghijklmnpqrsvwxyz"
SHELL = "/bin/busybox"
READY = "\x02\n"


class Build:
    """A store, a build directory and the file that names them."""

    def __init__(self, text="echo x > $out", **changes):
        if not os.path.exists(SHELL):
            skip("busybox is not installed")
        self.dir = tempdir()
        os.chmod(self.dir, 0o755)
        self.store, self.top = self.path("store"), self.path("top")
        os.makedirs(self.store)
        os.makedirs(os.path.join(self.top, "build"))
        self.out = f"/nix/store/{HASH}-out"
        self.spec = {
            "version": 1, "builder": "/bin/sh", "args": ["-c", text], "system": f"{os.uname().machine}-linux",
            "env": {"out": self.out, "HOME": "/homeless-shelter", "PATH": "/path-not-set"}, "inputPaths": [],
            "outputs": {"out": self.out}, "storeDir": "/nix/store", "realStoreDir": self.store, "topTmpDir": self.top,
            "tmpDir": os.path.join(self.top, "build"), "tmpDirInSandbox": "/build", **changes}

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def input(self, name, text=None):
        """An input of the store, a file or (without a text) a directory."""
        path = os.path.join(self.store, f"{HASH}-{name}")
        if text is None:
            os.makedirs(path)
        else:
            write_file(path, text, 0o444)
        self.spec["inputPaths"].append(f"/nix/store/{HASH}-{name}")
        return f"/nix/store/{HASH}-{name}"

    def run(self, *options, text=None, **how):
        """As Nix would: the file is the last word; what is left is looked at."""
        file = write_file(os.path.join(self.top, "build.json"), json.dumps(self.spec) if text is None else text)
        result = run_croft("nix-builder", *options, file, **how)
        contains(result.err[:2], READY, "what Nix waits for")
        result.err = result.err[2:]
        equal([name for name in os.listdir(self.store) if "-croft-" in name], [], "left in the store")
        return result

    def result(self):
        return read_file(os.path.join(self.store, f"{HASH}-out"))


def one_line(result, *parts):
    """Refused before anything ran: in one line that has these parts."""
    status_is(result, 125)
    equal((result.err.count("\n"), result.err[:7]), (1, "croft: "), f"lines of {result.err!r}")
    for part in parts:
        contains(result.err, part, "the line")


@test("a build has its variables and no other, whatever they are called and hold")
def _():
    build = Build()
    build.spec.update(builder="/bin/payload", args=["env"])
    build.spec["env"].update({"TMPDIR": "/build", "odd name": "two\nlines", "LD_PRELOAD": "/none", "BIG": "b" * 100000, "E": "",
                              "CROFT_STATUS": "x", "ends*": "star"})
    result = succeeds(build.run("--mount", f"{PAYLOAD}:/bin/payload", env={**os.environ, "SECRET": "secret"}))
    wanted = [f"{name}={value}" for name, value in build.spec["env"].items()]
    equal(set(result.err.split("\n")) ^ set("\n".join(wanted).split("\n") + [""]), set(), "variables that differ")


@test("a build has its directory, its user, its name and limits")
def _():
    build = Build("{ /bin/payload cwd; /bin/payload ids; read -r n < /proc/sys/kernel/hostname; echo host=$n; ulimit -c; umask; } > $out")
    succeeds(build.run("--mount", f"{PAYLOAD}:/bin/payload"))
    text = build.result()
    contains(text, "/build\n", "directory")
    contains(text, "\nuid 1000\neuid 1000\ngid 100\negid 100\n", "user")
    matches(text, r"host=(?!" + re.escape(os.uname().nodename) + r"\n)", "host name")
    contains(text, "\n0\n0022\n", "limit on core files, and umask")


@test("inputs are read, of each kind, and never written; what is beside them is not there")
def _():
    build = Build("cat $file $dir/x $link > $out; for p in $file $dir/x $dir; do echo y > $p; rm -rf $p; chmod 777 $p; done 2>/dev/null; "
                  "for p in /nix/store/*; do echo ${p##*-}; done >> $out")
    env = build.spec["env"]
    env["file"], env["dir"], env["link"] = build.input("file", "file\n"), build.input("dir"), f"/nix/store/{HASH}-link"
    write_file(os.path.join(build.store, f"{HASH}-dir", "x"), "x\n")
    os.symlink(env["file"], os.path.join(build.store, f"{HASH}-link"))
    build.spec["inputPaths"].append(env["link"])
    write_file(os.path.join(build.store, f"{HASH}-other"), "other\n")
    succeeds(build.run())
    equal(build.result(), "file\nx\nfile\ndir\nfile\nlink\nout\n", "what the builder saw")
    equal(read_file(os.path.join(build.store, f"{HASH}-file")), "file\n", "the input")


@test("thousands of inputs are no matter")
def _():
    build = Build("n=0; for p in /nix/store/*; do n=$((n + 1)); done; echo $n > $out")
    for number in range(2000):
        build.input(f"i{number}", str(number))
    succeeds(build.run(timeout=60))
    equal(build.result(), "2000\n", "inputs")


NETWORKS = {
    "no mark": ({}, False), "both marks": ({"NIX_OUTPUT_CHECKED": "1", "outputHash": "x"}, True),
    "the word alone": ({"NIX_OUTPUT_CHECKED": "1"}, False), "the hash alone": ({"outputHash": "x"}, False),
    "the word, and structured attributes": ({"NIX_OUTPUT_CHECKED": "1", "structured": "1"}, True),
}


@test("the network is there for a fixed-output derivation alone", variants=NETWORKS)
def _(marks):
    env, reaches = NETWORKS[marks]
    env = dict(env)
    server = socket.create_server(("127.0.0.1", 0))
    cleanup(server.close)
    threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
    port = server.getsockname()[1]
    build = Build(f"/bin/payload tcp-connect {port}; [ -e /etc/resolv.conf ] && echo names; echo x > $out")
    if env.pop("structured", ""):
        write_file(os.path.join(build.spec["tmpDir"], ".attrs.json"), "{}")
    build.spec["env"].update(env)
    result = succeeds(build.run("--mount", f"{PAYLOAD}:/bin/payload"))
    equal("names" in result.err, reaches and os.path.exists("/etc/resolv.conf"), "whether it has name servers")
    equal("E" not in result.err, reaches, f"whether it reaches the host: {result.err!r}")
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()


WRONG = {"no JSON": "{", "a list": "[]", "empty": "", "deep": "[" * 100000, "NUL": '{"a":"\\u0000"}', "twice": '{"a":1,"a":2}'}


@test("what Nix does not write is refused in one line", variants=WRONG)
def _(what):
    one_line(Build().run(text=WRONG[what]), "build.json")


@test("members that are wrong are named", variants=[
    ("version", 2), ("builder", "sh"), ("builder", "builtin:fetchurl"), ("inputPaths", ["/etc/shadow"]), ("inputPaths", "x"),
    ("outputs", {}), ("outputs", {"out": "/etc/x"}), ("realStoreDir", "relative"), ("tmpDir", "/etc"), ("tmpDirInSandbox", "/../x"),
    ("storeDir", "/")])
def _(variant):
    key, value = variant
    one_line(Build(**{key: value}).run(), "build.json", "version" if key == "version" else f"'{key}'" if key != "storeDir" else "storeDir")


@test("a huge file is refused")
def _():
    build = Build()
    file = build.path("huge")
    with open(file, "wb") as f:
        f.truncate(1 << 30)
    result = run_croft("nix-builder", file)
    status_is(result, 125)
    contains(result.err, "croft: read ", "what is said")


@test("an input, a store or a directory that is missing is named", variants=["input", "store", "tmp"])
def _(what):
    build = Build()
    if what == "input":
        build.spec["inputPaths"] = [f"/nix/store/{HASH}-gone"]
    elif what == "store":
        build.spec["realStoreDir"] = build.path("gone")
    else:
        os.rmdir(build.spec["tmpDir"])
    result = build.run()
    status_is(result, 125)
    contains(result.err, "gone" if what != "tmp" else build.spec["tmpDir"], "the line")
    equal(os.listdir(build.store), [], "outputs")


@test("an output that is there already is not written over, and that is no success")
def _():
    build = Build()
    write_file(os.path.join(build.store, f"{HASH}-out"), "old\n")
    result = build.run()
    status_is(result, 125)
    contains(result.err, "move the output", "the line")
    equal(build.result(), "old\n", "what was there")


@test("the outputs of a build that failed are not moved")
def _():
    build = Build("echo x > $out; exit 3")
    status_is(build.run(), 3)
    equal(os.listdir(build.store), [], "outputs")


@test("what a builder leaves at an output is moved as it is, but for bits", variants=["link", "fifo", "tree", "set-user-ID"])
def _(kind):
    text = {"link": "ln -s /etc/passwd $out", "fifo": "mkfifo $out", "tree": "mkdir -p $out/a/b; ln -s / $out/a/l; chmod 0 $out/a/b; "
            "chmod 555 $out/a $out", "set-user-ID": "echo x > $out; chmod 6755 $out"}[kind]
    build = Build(text)
    result = build.run()
    path = os.path.join(build.store, f"{HASH}-out")
    if kind == "set-user-ID" and result.status != 0:
        return      # refused inside already
    succeeds(result)
    mode = os.lstat(path).st_mode
    equal(mode & 0o6000, 0, "bits")
    if kind == "link":
        equal(os.readlink(path), "/etc/passwd", "link")
    if kind == "tree":
        equal(os.readlink(path + "/a/l"), "/", "link")


@test("a shell that needs libraries, or is none, is refused", variants=["/bin/bash", "/etc/passwd", "/srv/none"])
def _(shell):
    one_line(Build().run("--sh", shell), shell)


@test("a mount that lies where the build has its own is refused", variants=[
    "/etc:/nix/store/x", "/etc:/build", "/etc:/proc/x", "relative:/x", "/etc", "/etc:/a/../b", "/srv/none:/x"])
def _(mount):
    one_line(Build().run("--mount", mount), mount.rsplit(":", 1)[0] if "none" in mount else "--mount")


@test("features that no room has are refused by name", variants=["kvm", "uid-range", "big-parallel"])
def _(feature):
    for in_file in (False, True):
        build = Build()
        if in_file:
            write_file(os.path.join(build.spec["tmpDir"], ".attrs.json"), json.dumps({"requiredSystemFeatures": ["x", feature]}))
        else:
            build.spec["env"]["requiredSystemFeatures"] = f"x {feature}"
        if feature == "big-parallel":
            succeeds(build.run())
        else:
            one_line(build.run(), f"'{feature}'")


@test("TERM to croft is TERM to the builder, and all is gone then")
def _():
    build = Build("trap 'echo told; exit 5' TERM; echo begun; while :; do sleep 0.1; done")
    file = write_file(os.path.join(build.top, "build.json"), json.dumps(build.spec))
    with subprocess.Popen([CROFT, "nix-builder", file], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL) as child:
        while b"begun" not in (line := child.stderr.readline()):
            true(line, "the builder did not begin")
        child.terminate()
        rest = child.stderr.read().decode()
        equal(child.wait(timeout=20), 5, "status")
    contains(rest, "told", "log")
    equal(os.listdir(build.store), [], "left in the store")


@test("without words, or with too many, it says what it wants")
def _():
    for words in ((), ("a", "b")):
        result = run_croft("nix-builder", *words)
        status_is(result, 125)
        contains(result.err, "one file is wanted", "what is said")
    succeeds(run_croft("nix-builder", "--help"))


main()
