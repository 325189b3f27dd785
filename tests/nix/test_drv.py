#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_drv.py - croft nix-drv: one derivation built without Nix, beside what Debian's own Nix makes of the same one.

Derivations are made by nix-instantiate in a store of the test's own; inputs are built by that Nix. Where its sandbox cannot
start, what needs its builds is passed over.
"""
import contextlib
import json
import pty
import select
import shlex
import socket
import threading
import time

from harness import *       # pylint: disable=wildcard-import,unused-wildcard-import

BUSYBOX = "/bin/busybox"
LONG = 100
TEXT = """
{ text, port ? "1" }:
let
  build = name: text: more: derivation ({
    inherit name;
    system = builtins.currentSystem;
    builder = "/bin/sh";
    args = [ "-e" "-c" text ];
  } // more);
  flat = wanted: { outputHashMode = "flat"; outputHashAlgo = "sha256"; outputHash = builtins.hashString "sha256" wanted; };
  source = builtins.toFile "source" "source\\n";
in rec {
  dep = build "dep" "echo library > $out; /bin/payload mkdir $dev; echo header of $out > $dev/header"
    { outputs = [ "out" "dev" ]; };
  fixed = build "fixed" "printf hello > $out" (flat "hello");
  main = build "main" "read -r a < $source; read -r b < $dev/header; read -r c < $fixed || :; read -r d < $textPath || :;
    echo $a $b $c $d > $out" { inherit source fixed; inherit (dep) dev; text = "passed"; passAsFile = [ "text" ]; };
  wrong = build "wrong" "printf hullo > $out" (flat "hello");
  one = build "one" text { inherit port; };
  two = build "two" text { inherit port; outputs = [ "out" "dev" ]; };
  net = build "net" text ({ inherit port; impureEnvVars = [ "OUTSIDE" ]; } // flat "hello");
  only = build "only" "echo ${dep} > $out" { allowedReferences = [ ]; };
  own = build "own" "echo $out > $out" { allowedReferences = [ "out" ]; };
  never = build "never" "echo $dep > $out" { inherit dep; disallowedReferences = [ dep ]; };
  deeply = build "deeply" "echo ${dep.dev} > $out" { allowedRequisites = [ dep.dev ]; };
  deep = build "deep" "echo ${dep.dev} > $out" { allowedRequisites = [ dep dep.dev ]; };
  not = build "not" "echo ${dep.dev} > $out" { disallowedRequisites = [ dep ]; };
  structured = derivation {
    name = "structured";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    __structuredAttrs = true;
    args = [ "-c" "read -r json < /build/.attrs.json || :; path=\\${json#*'\\"outputs\\":{\\"out\\":\\"'};
      { echo \\"$json\\"; while IFS= read -r line; do echo \\"$line\\"; done < /build/.attrs.sh; } > \\${path%%'\\"'*}" ];
    whole = 1; real = 1.5; large = 1.0e300; yes = true; no = false; nothing = null;
    word = "it's \\"one\\" \\\\ \\n\\t é"; list = [ 1 "a b" true null ]; nested = [ [ 1 ] ];
    table = { x = "1"; "y z" = 2; }; deeper = { x = { }; }; "no-name" = 1;
  };
  large = derivation {
    name = "large";
    system = builtins.currentSystem;
    builder = "/bin/sh";
    __structuredAttrs = true;
    args = [ "-c" "read -r json < /build/.attrs.json || :; path=\\${json#*'\\"outputs\\":{\\"out\\":\\"'};
      echo 0123456789 > \\${path%%'\\"'*}" ];
    outputChecks.out.maxSize = 8;
  };
  graph = build "graph" "echo > $out" { exportReferencesGraph = [ "x" dep ]; };
  fetch = build "fetch" "" { builder = "builtin:fetchurl"; url = "x"; };
  recursive = build "recursive" "" { requiredSystemFeatures = [ "recursive-nix" ]; };
  other = build "other" "" { system = "mips-linux"; };
}
"""


class Store:
    """A store with a Nix, and croft beside it."""

    def __init__(self, diverted=False):
        for program, package in (("nix-instantiate", "nix-bin"), (BUSYBOX, "busybox-static")):
            if not shutil.which(program):
                skip(f"{package} is not installed")
        self.dir = tempdir()
        os.chmod(self.dir, 0o755)
        self.root = os.path.join(self.dir, "diverted") if diverted else None
        self.store = os.path.join(self.dir, "diverted/nix/store" if diverted else "store")
        self.own = {} if diverted else {"NIX_STORE_DIR": self.store, "NIX_STATE_DIR": self.path("var"),
                                        "NIX_LOG_DIR": self.path("log")}
        self.env = {**os.environ, **self.own, "NIX_CONF_DIR": self.dir, "HOME": self.dir, "NIX_REMOTE": "", "NIX_PATH": "",
                    "XDG_CACHE_HOME": self.path("cache"), "XDG_CONFIG_HOME": self.path("config")}
        write_file(self.path("nix.conf"), "sandbox = true\nsandbox-fallback = false\nbuild-users-group =\nsubstituters =\n"
                   f"sandbox-paths = /bin/sh={BUSYBOX} /bin/busybox={BUSYBOX} /bin/payload={PAYLOAD}\n")
        self.file = write_file(self.path("all.nix"), TEXT)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    def nix(self, name, *args):
        divert = ["--store", self.root] if self.root else []
        return run(name, *divert, *args, env=self.env, timeout=LONG, cwd=self.dir)

    def instantiate(self, attribute, text="exit 0", port=1):
        r = succeeds(self.nix("nix-instantiate", self.file, "--argstr", "text", text, "--argstr", "port", str(port),
                              "-A", attribute))
        return self.real(r.out.strip().split("!")[0])

    def real(self, path):
        return os.path.join(self.store, os.path.basename(path))

    def realise(self, drv):
        """By Nix itself; passed over where its own sandbox cannot start."""
        r = self.nix("nix-store", "-r", "/nix/store/" + os.path.basename(drv) if self.root else drv)
        if r.status and re.search("namespaces|setting up a private|Operation not permitted|pivot", r.err):
            skip("the sandbox of Nix cannot start here")
        return r

    def inputs(self, drv):
        """All that a derivation takes, built by Nix."""
        named = "/nix/store/" + os.path.basename(drv) if self.root else drv
        for name in succeeds(self.nix("nix-store", "-q", "--references", named)).out.split():
            succeeds(self.realise(self.real(name)))

    def words(self, drv, *options):
        divert = ["--store", self.root] if self.root else []
        return [CROFT, "nix-drv", *divert, "--sh", BUSYBOX, "--mount", f"{PAYLOAD}:/bin/payload", "--mount",
                f"{BUSYBOX}:/bin/busybox", *options, drv]

    def build(self, drv, *options, **how):
        how = {"timeout": LONG, "cwd": self.dir, "env": self.env, **how}
        return run(*self.words(drv, *options), **how)

    def one(self, text, *options, attribute="one", port=1, **how):
        return self.build(self.instantiate(attribute, text, port), *options, **how)

    def left(self):
        return sorted(n for n in os.listdir(self.dir) if n.startswith(("result", "croft-", "out2")))

    def result(self, out="result"):
        """The files of a result, by the names of their outputs' paths."""
        names = os.listdir(self.path(out))
        return {name: self.path(out, name) for name in names}


class Server(threading.Thread):
    """Takes connections on the loopback device."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        cleanup(self.socket.close)
        self.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                self.socket.accept()[0].close()


def same_as_nix(store, drv, *options):
    """Built by both: the same archives, hashes, references. Gives croft's answer."""
    store.inputs(drv)
    said = json.loads(succeeds(store.build(drv, "--json", *options)).out)
    succeeds(store.realise(drv))
    for name, output in said["outputs"].items():
        path = output["path"]
        hashed = succeeds(store.nix("nix-store", "-q", "--hash", path)).out.strip()
        own = run("nix-hash", "--type", "sha256", "--base32", os.path.join(said["result"], os.path.basename(path)))
        equal("sha256:" + own.out.strip(), hashed, f"the hash of {name}, by Nix, of both")
        sri = succeeds(run("nix", "--extra-experimental-features", "nix-command", "hash", "to-sri", "--type", "sha256",
                           own.out.strip(), env=store.env)).out.strip()
        equal(output["narHash"], sri, f"the hash of {name}")
        equal(str(output["narSize"]), succeeds(store.nix("nix-store", "-q", "--size", path)).out.strip(), "its size")
        equal(output["references"], sorted(store.nix("nix-store", "-q", "--references", path).out.split()), "references")
    return said


@test("a chain gives the archives that Nix gives", variants=["own", "diverted"])
def _(kind):
    store = Store(diverted=kind == "diverted")
    said = same_as_nix(store, store.instantiate("main"))
    equal(list(said["outputs"]), ["out"], "outputs")
    [file] = store.result().values()
    contains(read_file(file), "source header of", "what was made")
    contains(read_file(file), "hello passed", "what was made")
    equal(os.stat(file).st_mode & 0o7777, 0o444, "mode")
    equal(os.stat(file).st_mtime, 1, "time of modification")


@test("several outputs, with links, programs and odd names, are as Nix makes them")
def _():
    store = Store()
    odd = ("/bin/payload mkdir $out; /bin/payload mkdir $dev; echo x > $out/b; echo y > \"$out/a b\"; echo > $out/B; "
           "/bin/payload mkdir $out/d; /bin/payload symlink $dev $out/d/link; /bin/payload symlink nowhere $dev/l; "
           "echo $dev > $dev/own; /bin/busybox chmod 700 $out/b; printf é > $out/é; : > $out/d/.h")
    drv = store.instantiate("two", odd)
    said = same_as_nix(store, drv)
    equal(sorted(said["outputs"]), ["dev", "out"], "outputs")
    succeeds(store.build(drv, "--out", "again"))
    r = succeeds(store.build(drv, "--out", "third"))
    matches(r.out, r"^dev sha256-\S{44} /\S+/third/\S+-two-dev\nout sha256-\S{44} /\S+/third/\S+-two\n$", "what it says")
    program = [p for p in store.result().values() if p.endswith("-two")][0] + "/b"
    equal(os.stat(program).st_mode & 0o7777, 0o555, "mode of a program")


@test("a builder has the variables and files that Nix gives it", variants=["one", "structured"])
def _(attribute):
    store = Store()
    show = "export -p | /bin/busybox grep -v '^export HOSTNAME=' > $out; for f in .attr-*; do echo $f >> $out; done; id >> $out || :"
    same_as_nix(store, store.instantiate(attribute, show))


@test("a fixed-output derivation is compared with its hash", variants=["right", "wrong"])
def _(kind):
    store = Store()
    r = store.build(store.instantiate("fixed" if kind == "right" else "wrong"))
    if kind == "right":
        succeeds(r)
        return
    status_is(r, 125)
    for part in ("wanted sha256-LPJNul+wow4m6DsqxbninhsWHlwfp0JecwQzYpOLmCQ=", "got sha256-eDUGahRXUEIXaIyPXQaQnGWR4Mp4wlTM8XRQ0NmZyrA=",
                 "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
                 "7835066a1457504217688c8f5d06909c6591e0ca78c254ccf17450d0d999cab0"):
        contains(r.err, part, "what croft says")
    equal(store.left(), [], "left behind")


@test("a builder's end is croft's", variants=["exit 9", "kill -9 $$", "kill -15 $$", "exit 125"])
def _(text):
    store = Store()
    r = store.one(f"echo said; {text}")
    status_is(r, {"exit 9": 9, "kill -9 $$": 137, "kill -15 $$": 143, "exit 125": 125}[text])
    contains(r.err, "said\n", "the log")
    matches(r.err, "croft: the builder of '.*-one.drv' (ended with exit status|was ended by signal)", "what croft says")
    equal((r.out, store.left()), ("", []), "stdout and what is left")


@test("an output that was not made, or that no store can hold, is refused",
      variants=["true", "/bin/busybox mkfifo $out", "/bin/busybox mkdir $out; /bin/busybox mkfifo $out/x",
                "echo > $out; /bin/busybox chmod 666 $out"])
def _(text):
    store = Store()
    r = store.one(text)
    status_is(r, 125)
    matches(r.err, "^croft: .*(has not made the output 'out'|is no file|may be written)[^\n]*\n$", "what croft says")
    equal(store.left(), [], "left behind")


@test("outputs that refer to each other are refused, as Nix does")
def _():
    store = Store()
    drv = store.instantiate("two", "echo $out > $dev; echo $dev > $out")
    r = store.build(drv)
    status_is(r, 125)
    matches(r.err, "^croft: the outputs 'dev' and 'out' refer to each other[^\n]*\n$", "what croft says")
    contains(store.realise(drv).err, "cycle", "what Nix says")


def kept_command(store, drv):
    r = store.build(drv, "--keep-failed")
    status_is(r, 9)
    equal(store.left(), ["result.failed"], "left")
    [line] = [line for line in r.err.splitlines() if line.startswith("croft: kept")]
    words = shlex.split(line.split(": ", 2)[2])
    equal(words[:2], ["croft", "nix-drv"], "the command")
    return r, [CROFT, *words[1:]]


@test("what failed is kept, and the printed command opens a shell with the same variables")
def _():
    store = Store()
    text = "export -p > exported; echo said; echo kept > here; exit 9"
    _, words = kept_command(store, store.instantiate("one", text))
    r = succeeds(run(*words, stdin="export -p; read -r x < here; echo \"x=$x $PWD\"; echo new > there; echo > $out\n", env=store.env,
                     cwd=store.dir))
    contains(r.out, "x=kept /build", "what the shell has")
    equal([line for line in r.out.splitlines() if line.startswith("export")],
          read_file(store.path("result.failed", "exported")).splitlines(), "variables of shell and build")
    equal(read_file(store.path("result.failed", "there")), "new\n", "what the shell has written")
    equal(store.left(), ["result.failed"], "left")
    status_is(run(*words, stdin="exit 3", env=store.env, cwd=store.dir), 3)
    status_is(store.one(text, "--keep-failed"), 9)
    equal(store.left(), ["result.failed", "result.failed-2"], "kept, twice")


@test("on a terminal the shell opens at once, and the status is still the build's")
def _():
    store = Store()
    words = store.words(store.instantiate("one", "echo kept > here; exit 9"), "--keep-failed")
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(store.dir)
        os.execve(words[0], words, store.env)
    seen, status, end = b"", None, time.monotonic() + 60
    os.write(master, b"read -r x < here; echo \"<$x $name>\"; exit 3\n")
    while status is None and time.monotonic() < end:
        with contextlib.suppress(OSError):
            if select.select([master], [], [], 0.2)[0]:
                seen += os.read(master, 65536)
        done, word = os.waitpid(pid, os.WNOHANG)
        status = os.waitstatus_to_exitcode(word) if done else None
    if status is None:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    with contextlib.suppress(OSError):
        while select.select([master], [], [], 0.2)[0]:
            seen += os.read(master, 65536)
    os.close(master)
    equal(status, 9, f"status, with {seen!r}")
    contains(seen.decode(), "<kept one>", "what the shell says")
    equal(store.left(), ["result.failed"], "left")


@test("a missing input is named, with the command that gets it; and then it builds")
def _():
    store = Store()
    drv = store.instantiate("main")
    r = store.build(drv)
    status_is(r, 125)
    matches(r.err, r"^croft: the input '\S+-(dep-dev|fixed)' and 1 more: No such file or directory \(nix-store -r \$\(", "what it says")
    equal(store.left(), [], "left")
    mend = r.err[r.err.index("(nix-store") + 1:].rstrip()[:-1]
    got = run("sh", "-c", mend, env=store.env, cwd=store.dir, timeout=LONG)
    if got.status:
        store.inputs(drv)
    succeeds(store.build(drv))


@test("the closure comes from a list where it is given, and every input must stand in it")
def _():
    store = Store()
    drv = store.instantiate("main")
    store.inputs(drv)
    direct = [p for p in store.nix("nix-store", "-qR", "--include-outputs", drv).out.split() if not p.endswith(".drv")]
    write_file(store.path("list"), "".join(p + "\n" for p in direct))
    env = {**store.env, "NIX_STATE_DIR": store.path("nowhere")}
    status_is(store.build(drv, env=env), 125)
    succeeds(store.build(drv, "--closure", "list", env=env))
    write_file(store.path("list"), "".join(p + "\n" for p in direct if "-dep-dev" not in p))
    r = store.build(drv, "--closure", "list", "--out", "out2", env=env)
    status_is(r, 125)
    contains(r.err, "-dep-dev' in the list 'list'", "what it says")
    for line in ("/etc/passwd", "no path", store.store):
        write_file(store.path("list"), "".join(p + "\n" for p in direct) + line + "\n")
        status_is(store.build(drv, "--closure", "list", "--out", "out2", env=env), 125)


CHECKS = {"only": "allowedReferences", "own": None, "never": "disallowedReferences", "deeply": "allowedRequisites",
          "deep": None, "not": "disallowedRequisites", "large": "maxSize"}


@test("demands on outputs are kept as Nix keeps them", variants=list(CHECKS))
def _(attribute):
    store = Store()
    drv = store.instantiate(attribute)
    store.inputs(drv)
    r = store.build(drv)
    by_nix = store.realise(drv)
    equal(by_nix.status == 0, CHECKS[attribute] is None, "whether Nix builds it")
    if CHECKS[attribute] is None:
        succeeds(r)
        return
    status_is(r, 125)
    contains(r.err, CHECKS[attribute], "what croft says")
    equal(store.left(), [], "left")


@test("what croft does not build is refused by its name",
      variants=["graph exportReferencesGraph", "fetch builtin:fetchurl", "recursive recursive-nix", "other mips-linux"])
def _(variant):
    attribute, word = variant.split()
    store = Store()
    drv = store.instantiate(attribute)
    if attribute == "graph":
        store.inputs(drv)
    r = store.build(drv)
    status_is(r, 125)
    matches(r.err, f"^croft: [^\n]*'{word}'[^\n]*\n$", "what croft says")
    equal(store.left(), [], "left")


@test("outputs by content, dynamic and hostile derivations are refused",
      variants=['("out","","r:sha256","")', '("out","","sha256","impure")', '("out","","","")', "dynamic", "cut", "link", "directory",
                "huge"])
def _(kind):
    store = Store()
    drv = store.instantiate("one")
    text = read_file(drv)
    output = text[text.index("(") + 2:text.index(")") + 1]
    odd = store.path("odd.drv")
    if kind == "directory":
        os.mkdir(odd)
    elif kind == "huge":
        with open(odd, "wb") as f:
            f.truncate(1 << 33)
    elif kind == "link":
        text = text.replace(store.store + "/", store.store + "/../../etc/")
    elif kind == "cut":
        text = text[:-20]
    elif kind == "dynamic":
        text = "DrvWithVersion(\"xp-dyn-drv\"," + text[7:]
    else:
        text = text.replace(output, kind)
    if kind not in ("directory", "huge"):
        write_file(odd, text)
    r = store.build(odd)
    status_is(r, 125)
    matches(r.err, "^croft: [^\n]+\n$", "what croft says")
    equal(store.left(), [], "left")


PROBE = """probe() { what=$1; shift; got=$(/bin/payload "$@" 2>/dev/null) && got=0; echo "probe: $what: $got"; }
probe shadow open-read /etc/shadow; probe outside open-read %(outside)s; probe root create /own; probe etc create /etc/own
probe beside create ${out%%/*}/own; probe tmp create /tmp/own; probe build create /build/own; probe tcp tcp-connect $port
probe kill kill %(pid)d 0; [ -t 1 ] && echo "probe: terminal: yes"; echo "probe: variable: $OUTSIDE"; printf hello > $out"""


@test("a builder is in a sandbox, with the network only where its output is fixed", variants=["one", "net"])
def _(attribute):
    store = Store()
    outside = write_file(store.path("outside"), "outside\n")
    text = PROBE % {"outside": outside, "pid": os.getpid()}
    r = succeeds(store.one(text, attribute=attribute, port=Server().port, env={**store.env, "OUTSIDE": "caller"}))
    said = dict(line.split(": ")[1:3] for line in r.err.splitlines() if line.startswith("probe: "))
    equal((said["shadow"], said["outside"]), ("ENOENT", "ENOENT"), "files of the host")
    true(said["root"] in ("EROFS", "EACCES") and said["etc"] in ("EROFS", "EACCES"), f"the root can be written: {said}")
    equal((said["tmp"], said["build"], said["beside"]), ("0", "0", "0"), "what it may write")
    equal(said["tcp"] == "0", attribute == "net", "whether it reached a server of this host")
    true(said["kill"] != "0", "it could send a signal outside")
    lacks(str(said), "terminal", "probes")
    equal(said["variable"], "caller" if attribute == "net" else "", "a variable of the caller")
    equal(store.left(), ["result"], "left")


def processes_of(store):
    """The command lines, of all processes, that name the test's directory."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            line = read_file(f"/proc/{pid}/cmdline")
            found += [line] if store.dir in line else []
    return found


@test("whenever it is killed, nothing is left and no builder goes on", variants=["INT", "TERM", "KILL"])
def _(name):
    store = Store()
    drv = store.instantiate("one", f": of {store.dir}; /bin/busybox mkdir $out; while :; do echo x > $out/$RANDOM; done")
    for delay in (0, 0.01, 0.03, 0.06, 0.1, 0.2, 0.5):
        with subprocess.Popen(store.words(drv), cwd=store.dir, env=store.env, stderr=subprocess.PIPE,
                              start_new_session=True) as child:
            time.sleep(delay)
            child.send_signal(getattr(signal, "SIG" + name))
            try:
                child.communicate(timeout=20)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                fail(f"it does not end by {name} after {delay} s")
            differs(child.returncode, 0, "status")
        end = time.monotonic() + 10
        while (store.left() or processes_of(store)) and time.monotonic() < end:
            time.sleep(0.05)
        equal(store.left(), [], f"left after {name} at {delay} s")
        equal(processes_of(store), [], f"processes after {name} at {delay} s")


@test("a log and an output of many megabytes come through whole")
def _():
    store = Store()
    r = succeeds(store.one("/bin/busybox seq 3000000; /bin/busybox head -c 100000000 /dev/zero > $out"))
    true(len(r.err) >= 20000000, f"the log has {len(r.err)} bytes")
    [file] = store.result().values()
    equal(os.stat(file).st_size, 100000000, "size")


@test("a full disk is a failure that leaves nothing")
def _():
    if not IS_ROOT:
        skip("only root can mount a small one")
    store = Store()
    drv = store.instantiate("one", "/bin/busybox head -c 100000000 /dev/zero > $out")
    small = store.path("small")
    os.mkdir(small)
    succeeds(run("mount", "-t", "tmpfs", "-o", "size=4m", "none", small))
    cleanup(run, "umount", "-l", small)
    r = store.build(drv, "--out", os.path.join(small, "out"))
    differs(r.status, 0, "status")
    contains(r.err, "ended with exit status", "what croft says")
    equal(os.listdir(small), [], "left")


@test("a result is not written over another")
def _():
    store = Store()
    os.mkdir(store.path("result"))
    r = store.one("echo > $out")
    status_is(r, 125)
    contains(r.err, "--out DIR", "the mend")
    r = store.one("echo > $out", "--out", "missing/out")
    status_is(r, 125)
    contains(r.err, "missing", "what is missing")


@test("a wrong call is refused", variants=["", "a b", "--shell . --json x", "--shell nowhere x", "--store nowhere x", "/nowhere.drv",
                                           "--closure nowhere {drv}", "--sh nowhere {drv}"])
def _(words):
    store = Store()
    drv = store.instantiate("one")
    r = run(CROFT, "nix-drv", *words.format(drv=drv).split(), env=store.env, cwd=store.dir)
    status_is(r, 125)
    matches(r.err, "^croft: [^\n]+\n$", "what croft says")
    equal(store.left(), [], "left")


main()
