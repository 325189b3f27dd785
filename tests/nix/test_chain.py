#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_chain.py - Nix builds through croft on this host: what comes out, and what a builder could reach.
"""
import subprocess
import threading
import time

from _nix import *      # pylint: disable=wildcard-import,unused-wildcard-import

REFUSED = {"shadow": "ENOENT", "home": "ENOENT", "outside": "ENOENT"}
FAILED = 100        # nix-build's status where a builder failed
BUILT = ["dep", "fixed", "main", "structured"]


def check_probes(said, network="fixed"):
    equal(sorted(said), BUILT, "who said what it could reach")
    for name, got in said.items():
        equal({what: got[what] for what in REFUSED}, REFUSED, f"what {name} could reach")
        for what in ("input", "input-mode", "input-gone", "etc", "root") + (("input-directory",) if name == "main" else ()):
            true(got[what] in ("EROFS", "EACCES", "EPERM", "EBUSY"), f"{name}: {what} is {got[what]}, not refused")
        equal((got["tmp"], got["build"], got["beside"]), ("0", "0", "0"), f"what {name} may write")
        equal(got["tcp"] == "0", name == network, f"whether {name} reached a server of this host")
        true(got["kill"] != "0", f"{name} could send a signal to a process outside")
        lacks(str(got), "seen", f"processes that {name} sees")
        true(int(got["processes"]) <= 3, f"{name} sees {got['processes']} processes")
        equal(got["terminal"], "no", f"whether {name} has a terminal")


def check_main(nix, path):
    lines = read_file(os.path.join(nix.real_store, os.path.basename(path))).splitlines()
    equal(lines[0], "passed as a file", "passAsFile")
    matches(lines[1], "^header of .*-dep$", "an output of several, by another that is a link to it")
    equal(lines[2:4], ["library 0", '["a",{"b":"c"}'], "the default output; structured attributes")
    equal(lines[4:6], ["two", "lines"], "an argument of two lines")


class Server(threading.Thread):
    """Takes connections on the loopback device."""

    def __init__(self):
        super().__init__(daemon=True)
        import socket       # pylint: disable=import-outside-toplevel
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        cleanup(self.socket.close)
        self.start()

    def run(self):
        try:
            while True:
                self.socket.accept()[0].close()
        except OSError:
            return


@test("a chain is built, each builder is in a sandbox, and a second build is identical", variants=["own", "diverted"])
def _(kind):
    nix = Nix(diverted=kind == "diverted")
    chain, port = nix.chain(), str(Server().port)
    built = succeeds(nix.build(chain, "--argstr", "port", port, "-A", "main"))
    check_probes(probes(built.err))
    check_main(nix, built.out.strip())
    equal(nix.left(), [], "left in the store")
    for attribute in BUILT:
        checked = succeeds(nix.build(chain, "--argstr", "port", port, "--check", "-A", attribute))
        contains(checked.err, "checking outputs of", "what Nix says")
    equal(nix.left(), [], "left in the store")
    succeeds(nix.run("nix-store", "--verify", "--check-contents"))


@test("the status of a builder is the build's", variants=["exit 9", "kill -9 $$", "kill -TERM $$", "exit 125", "missing"])
def _(how):
    nix = Nix()
    wanted = {"exit 9": "failed with exit code 9", "kill -9 $$": "failed due to signal 9", "exit 125": "failed with exit code 125",
              "kill -TERM $$": "failed due to signal 15", "missing": "failed with exit code 127"}[how]
    file = nix.derivation(how)
    if how == "missing":
        write_file(file, read_file(file).replace('"/bin/sh"', '"/bin/other"'))
    result = nix.build(file)
    status_is(result, FAILED)
    contains(result.err, wanted, "what Nix says")
    equal(nix.left(), [], "left in the store")


@test("a builder that makes no output has not built, whatever it exits with")
def _():
    result = Nix().build(Nix().derivation("exit 0"))
    status_is(result, 1)
    contains(result.err, "failed to produce output path", "what Nix says")


@test("processes that a builder leaves behind end with it")
def _():
    nix = Nix()
    begin = time.monotonic()
    marks = [str(base + os.getpid()) for base in (200_000, 300_000)]
    succeeds(nix.build(nix.derivation(f"/bin/payload spawn-daemon {marks[0]}; (trap : HUP TERM; sleep {marks[1]}) & echo x > $out")))
    true(time.monotonic() - begin < 20, "the build waited for them")
    equal(processes_with(*marks), [], "processes that are left")


@test("a long log arrives as it was written, also what is written last")
def _():
    nix = Nix()
    text = "i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i + 1)); done; printf 'no end of line'; echo x > $out"
    result = succeeds(nix.build(nix.derivation(text)))
    lines = [line for line in result.err.splitlines() if line.startswith("line ")]
    equal((len(lines), lines[-1]), (20000, "line 19999"), "lines of the log")
    contains(result.err, "no end of line", "log")


@test("two builds at once do not meet")
def _():
    nix = Nix()
    text = "echo $name > /tmp/mine; echo $name > /build/mine; sleep 1; read -r a < /tmp/mine; read -r b < /build/mine; echo $a $b > $out"
    write_file(nix.path("two.nix"), "".join([
        "builtins.genList (n: derivation { name = \"one-${toString n}\"; system = builtins.currentSystem; builder = \"/bin/sh\"; ",
        f"args = [ \"-c\" ''{text}'' ]; }}) 4\n"]))
    built = succeeds(nix.build(nix.path("two.nix"), "--max-jobs", "4"))
    for number, path in enumerate(built.out.split()):
        equal(read_file(path), f"one-{number} one-{number}\n", "what a build found of its own")
    equal(nix.left(), [], "left in the store")


def processes_with(*words):
    """Numbers of the processes that have such a word among their own, in whatever namespace."""
    return [pid for pid, _, own in processes() if set(own) & set(words)]


def wait_for(condition, what, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        true(time.monotonic() < end, what)
        time.sleep(0.05)


@test("a build that is killed leaves nothing: no process, no file, no mount", variants=[
    "nix by KILL", "nix by INT", "nix by TERM", "croft-nix by KILL", "croft-nix by TERM", "croft by KILL"])
def _(how):
    nix = Nix()
    mark = str(4000 + os.getpid() % 1000 * 10)
    file = nix.derivation(f"echo part > $out; /bin/payload mkdir /build/kept; /bin/payload sleep {mark}; echo x > $out")
    victim, sig = how.split(" by ")
    # what nix-build itself leaves where it is killed is Nix's
    with subprocess.Popen(nix.words("nix-build", "--no-out-link", file), env={**nix.env(), "TMPDIR": nix.dir}, cwd=nix.dir, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, start_new_session=True) as child:
        wait_for(lambda: processes_with(mark), "the builder did not start")
        pids = {"nix": [child.pid], "croft-nix": croft_nix(nix), "croft": children_of(croft_nix(nix))}[victim]
        true(pids, f"no process of {victim} is there")
        for pid in pids:
            os.kill(pid, getattr(signal, "SIG" + sig))
        err = child.communicate(timeout=30)[1].decode()
    if victim != "nix":
        matches(err, "failed (due to signal|with exit code)", "what Nix says")
    wait_for(lambda: not processes_with(mark), "the builder is still there")
    wait_for(lambda: not nix.left(), f"left in the store: {nix.left()}")
    wait_for(lambda: not croft_nix(nix), "croft-nix is still there")
    lacks(read_file("/proc/self/mounts"), "-croft-", "mounts")
    equal([n for n in os.listdir(nix.real_store) if n.endswith("-one")], [], "outputs of a build that did not end")


def processes():
    """(number, parent, words) of each."""
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as f:
                parent = int(f.read().rsplit(")", 1)[1].split()[1])
            with open(f"/proc/{pid}/cmdline", "rb") as f:
                yield int(pid), parent, f.read().decode(errors="replace").split("\0")[:-1]
        except OSError:
            pass


def croft_nix(nix):
    """Those that build for this Nix, without the cleaner of each: a file below its directory is their last word."""
    found = {pid: parent for pid, parent, words in processes() if "nix-builder" in words and words[-1].startswith(nix.dir)}
    return [pid for pid, parent in found.items() if parent not in found]


def children_of(parents):
    """The croft run of each."""
    return [pid for pid, parent, words in processes() if parent in parents and "run" in words]


@test("limits and a time from the setting hold")
def _():
    nix = Nix(args=("nix-builder", "--mount", f"{PAYLOAD}:/bin/payload", "--limit", "open-files=77", "--time", "3s", "--grace", "1s"))
    mark = str(100_000 + os.getpid())   # another user's test may run beside this one
    result = nix.build(nix.derivation(f"ulimit -n; /bin/payload sleep {mark}; echo x > $out"))
    status_is(result, FAILED)
    contains(result.err, "77\n", "log")
    contains(result.err, "failed with exit code 124", "what Nix says")
    equal(processes_with(mark), [], "processes that are left")


@test("with build users, each build is one of them outside, and 1000 inside")
def _():
    if not IS_ROOT:
        skip("only root has build users")
    nix = Nix("build-users-group = nixbld", at="/srv")
    for name, line in (("passwd", "nixbld1:x:30001:30000:Nix build user 1:/var/empty:/usr/sbin/nologin\n"),
                       ("group", "nixbld:x:30000:nixbld1\n")):
        write_file(nix.path(name), read_file("/etc/" + name) + line)
    options = [f"run=mount --bind {nix.path(name)} /etc/{name}" for name in ("passwd", "group")]
    options.append(f"run=mount --bind {nix.dir} {nix.at}")      # Nix wants no directory that others may write above it
    nix.chain()
    built = succeeds(nix.build("/srv/chain.nix", "-A", "main", place="mounts", options=options))
    check_probes(probes(built.err), network=None)
    check_main(nix, built.out.strip())
    equal({os.lstat(os.path.join(nix.real_store, name)).st_uid for name in os.listdir(nix.real_store)}, {0}, "owners")
    equal(nix.left(), [], "left in the store")


@test("a full disk is the builder's error, or croft's in one line; nothing is left", variants=["blocks", "inodes"])
def _(what):
    nix = Nix()
    if not IS_ROOT:
        skip("only root can make a small file system here")
    os.makedirs(nix.real_store)
    file = nix.derivation("/bin/payload write-bytes $out 9000000 || exit 7")
    # looked at in the place itself: the file system is gone with it
    size = "size=2m" if what == "blocks" else "size=2m,nr_inodes=12"
    result = nix.within("mounts", [f"run=mount -t tmpfs -o {size} none {nix.real_store}"], "/bin/sh", "-c",
                        f'"$@" && exit 1; ls -a {nix.real_store}', "sh", *nix.words("nix-build", "--no-out-link", file))
    status_is(result, 0)
    contains(result.err, "failed with exit code 7" if what == "blocks" else "failed with exit code 125", "what Nix says")
    if what == "inodes":
        matches(result.err, "\\ncroft: make .*: No space left on device\\n", "what croft says")
    lacks(result.out, "-croft-", "left in the store")


main()
