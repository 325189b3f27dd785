# SPDX-License-Identifier: MIT
"""
_escape.py - what the tests of this folder share: the tiers, a ground with canaries, the verdict.

Each file begins with a TABLE: an id of the list in meta.py, what must not happen, and what is
expected of each tier. CLOSED: it must not happen. The name of a row: it may, and then the row of
that name in `croft plan` must not say `enforced`; with words after a colon, the row must hold them
whatever it says. A tier that is not named is one where the question does not arise.

A test is a deed inside and a look from outside, at a canary: a file outside of every grant, a
server that counts visitors, a program that leaves a mark. Each deed is done a second time with what
lets it through, where it must succeed: so a deed that fails by accident fails its test, and so does
a sandbox that refuses everything.

    @escape("P3")
    def _(tier):
        attack("P3", tier, "ln $KEY stolen; cat stolen > out", lambda g: KEY in g.seen("out"),
               twin=["--write", "{home}"])
"""
import json
import shlex
import socket
import threading
import time

from harness import *       # pylint: disable=wildcard-import,unused-wildcard-import

PYTHON = "/usr/bin/python3"
TMP = os.path.realpath(tempfile.gettempdir())
KEY = "the text of the key"
BEFORE = "as it was\n"
CLOSED = "closed"
# A refusal: one line, after the one that names what is not enforced of what was only preferred.
MESSAGE = r"\A(croft: not enforced here: [^\n]+\n)?croft: [^\n]+\n\Z"

# What each tier is asked for by, and what runs it. The last two differ from the second in how the
# tree is made (from nothing, or from the host's), and in what enforces it (no Landlock at all).
TIERS = {
    "landlock": ((), ("--tier", "landlock")),
    "namespaces": ((), ("--tier", "namespaces")),
    "new root": ((), ("--tier", "namespaces", "--require", "hidden")),
    "mounts alone": ((os.path.join(BUILD, "tests", "no_landlock"), "enosys"), ("--tier", "namespaces")),
}
WITH_NAMESPACES = [name for name in TIERS if name != "landlock"]
ALL_CLOSED = dict.fromkeys(TIERS, CLOSED)
ESCAPES = {}        # id -> (what must not happen, tier -> expected)
_tried = set()


def expected(**others):
    """Closed in each tier but those that are named: the name of a row, or None where it does not arise."""
    others = {name.replace("_", " "): row for name, row in others.items()}
    return {name: row for name, row in {**ALL_CLOSED, **others}.items() if row}


def every_tier(row):
    return dict.fromkeys(TIERS, row)


def begin(table):
    """Takes the table of a file: (id, what must not happen, expected)."""
    ESCAPES.update({name: (what, tiers) for name, what, tiers in table})


def escape(name, more=""):
    """Makes one test of a function for each tier of the id's row."""
    what, tiers = ESCAPES[name]
    _tried.add(name)
    return test(f"{name}: {what}{more}", variants=list(tiers))


def has_namespaces():
    """Whether this user can have a user and a mount namespace here, asked without croft."""
    return run(PAYLOAD, "unshare", "user", "mount").out == "ok\n"


def landlock_abi():
    import ctypes       # pylint: disable=import-outside-toplevel
    return max(ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1), 0)


HAS_NAMESPACES = has_namespaces()
ABI = landlock_abi()


def needs_tier(tier):
    """Skips where the host has not what the tier rests on."""
    if tier != "landlock" and not HAS_NAMESPACES:
        skip("no user namespaces here")
    if tier != "mounts alone" and ABI == 0:
        skip("no Landlock here")


class Ground:
    """A home with a key and a canary, a project in it, and a place beside; croft at work in the project."""

    def __init__(self, tier):
        needs_tier(tier)
        self.tier = tier
        self.before = None      # the rows of the plan before anything was done
        self.top = tempdir()
        self.home = os.path.join(self.top, "home")
        self.project = os.path.join(self.home, "project")
        self.beside = os.path.join(self.home, "beside")
        self.ran = os.path.join(self.top, "ran")        # made by whatever ran that should not have
        for folder in (self.project, self.beside):
            os.makedirs(folder)
        self.key = write_file(os.path.join(self.home, ".ssh", "key"), KEY + "\n", 0o600)
        self.canary = write_file(os.path.join(self.home, "canary"), BEFORE)
        write_file(os.path.join(self.home, ".gitconfig"),
                   "[user]\n\tname = A Person\n\temail = person@example.org\n[init]\n\tdefaultBranch = trunk\n"
                   "[safe]\n\tdirectory = *\n[protocol \"file\"]\n\tallow = always\n")
        self.names = {"HOME": self.home, "PROJECT": self.project, "BESIDE": self.beside, "RAN": self.ran,
                      "KEY": self.key, "CANARY": self.canary, "PAYLOAD": PAYLOAD}
        self.env = {"PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "TERM": "xterm", "LANG": "C.UTF-8", "TMPDIR": TMP,
                    "SHELL": "/bin/bash", **self.names}

    def file(self, name, text="", mode=0o644):
        return write_file(os.path.join(self.project, name), text, mode)

    def seen(self, name):
        """The text of a file of the project, "" if there is none."""
        path = os.path.join(self.project, name)
        return read_file(path) if os.path.isfile(path) else ""

    def fill(self, options):
        return [str(word).replace("{home}", self.home).replace("{project}", self.project)
                .replace("{beside}", self.beside).replace("{top}", self.top) for word in options]

    def words(self, command, options=()):
        """croft's own words, before the command's."""
        wrap, tier = TIERS[self.tier]
        named = [word for name in self.names for word in ("--env", name)]
        return [*wrap, CROFT, command, *tier, "--execute", PAYLOAD, *named, *self.fill(options)]

    def run(self, *command, options=(), **how):
        how.setdefault("cwd", self.project)
        how.setdefault("env", self.env)
        return run(*self.words("run", options), "--", *command, **how)

    def sh(self, text, options=(), **how):
        return self.run("/bin/bash", "-c", text, options=options, **how)

    def python(self, text, *args, options=(), **how):
        return self.run(PYTHON, "-I", "-S", "-c", text, *args, options=options, **how)

    def payload(self, *op, options=(), **how):
        """What the payload said inside."""
        result = self.run(PAYLOAD, *op, options=options, **how)
        if result.status not in (0, 1) or not result.out:
            fail(f"the payload gave no answer\n{result}")
        return result.out.rstrip("\n")

    def outside(self, text):
        """A shell line of the user, without a sandbox."""
        return run("/bin/bash", "-c", text, cwd=self.project, env=self.env)

    def repository(self):
        """Makes a repository of the project, with one commit."""
        self.file("kept", "kept\n")
        succeeds(self.outside("git init -q . && git add kept && git commit -qm first"))
        return self

    def plan(self, options=()):
        result = succeeds(run(*self.words("plan", options), "--json", "--", "/bin/bash", cwd=self.project, env=self.env))
        return json.loads(result.out)

    def row(self, name, options=()):
        return next(row for row in self.plan(options)["protections"] if row["name"] == name)

    def said(self, name, options):
        """The row as it was before the deed, where that was asked: what was made by the deed is there now."""
        return next(row for row in self.before if row["name"] == name) if self.before else self.row(name, options)

    def is_whole(self):
        """Nothing outside of the project has changed."""
        return (read_file(self.canary), read_file(self.key), sorted(os.listdir(self.home)), os.listdir(self.beside),
                os.path.lexists(self.ran)) == (BEFORE, KEY + "\n", [".gitconfig", ".ssh", "beside", "canary", "project"],
                                               [], False)


def judge(name, ground, harmed, options=(), result=None):
    """The verdict: harm is done only where the table names a row, and that row must say it."""
    row = ESCAPES[name][1][ground.tier]
    part, _, words = row.partition(": ")
    if row != CLOSED and words:
        said = ground.said(part, options)
        contains(json.dumps(said, ensure_ascii=False), words, f"row {part}")
    if not harmed:
        return
    if row == CLOSED:
        fail(f"it happened\n{result}")
    if not words:
        said = ground.said(part, options)
        differs(said["state"], "enforced", f"it happened, and the row {part}: {said}; state")


def started(result):
    """croft has started the command: what then failed, failed inside."""
    if result.status == 125 and result.err.startswith("croft: "):
        fail(f"croft did not start\n{result}")
    return result


def attack(name, tier, deed, harmed, options=(), twin=(), prepare=None, **how):
    """
    A shell line inside, and what harmed(ground) sees afterwards from outside; the same once more on
    new ground with the options of twin (None: outside of croft), where it must do the harm.
    """
    ground = Ground(tier)
    if prepare:
        prepare(ground)
    if ESCAPES[name][1][tier] != CLOSED:
        ground.before = ground.plan(options)["protections"]
    result = started(ground.sh(deed, options, **how))
    judge(name, ground, harmed(ground), options, result)
    other = Ground(tier)
    if prepare:
        prepare(other)
    result = other.outside(deed) if twin is None else other.sh(deed, twin, **how)
    true(harmed(other), f"where it is let through it does not happen\n{result}")
    return ground


class Server:
    """A unix socket of the user that counts who comes: path or "@name", stream or datagram."""

    def __init__(self, address, kind=socket.SOCK_STREAM, send_fd=None):
        self.visitors = 0
        self.address = address
        self.send_fd = send_fd
        self.socket = socket.socket(socket.AF_UNIX, kind)
        self.socket.bind("\0" + address[1:] if address[0] == "@" else address)
        self.socket.settimeout(0.05)
        self.is_stream = kind == socket.SOCK_STREAM
        if self.is_stream:
            self.socket.listen(8)
        self.is_over = False
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()
        cleanup(self._end)

    def _serve(self):
        while not self.is_over:
            try:
                if self.is_stream:
                    visitor = self.socket.accept()[0]
                    if self.send_fd is not None:
                        socket.send_fds(visitor, [b"x"], [self.send_fd])
                    visitor.close()
                else:
                    self.socket.recv(100)
                self.visitors += 1
            except OSError:
                pass

    def _end(self):
        self.is_over = True
        self.thread.join()
        self.socket.close()

    def has_visitors(self, more_than=0):
        return wait_for(lambda: self.visitors > more_than, 0.2)


def wait_for(condition, seconds=5.0):
    """Polls until condition() is true; whether it became so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


def is_running(pid):
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def helper_process(*argv, **popen):
    """A process outside the sandbox, of the same user, ended after the test."""
    popen.setdefault("stdin", subprocess.DEVNULL)
    child = subprocess.Popen(argv or [PAYLOAD, "sleep", "60"], stdout=subprocess.PIPE, **popen)

    def end():
        child.kill()
        child.wait()
        child.stdout.close()
    cleanup(end)
    if not argv:
        equal(child.stdout.readline(), b"ready\n", "first line of the helper")
    return child


# In a mount namespace of its own, where the test may mount as it likes.
OWN_MOUNTS = ["unshare", "-m"] if IS_ROOT else ["unshare", "-Urm"]


def finish():
    """The end of each file: every row of its table has a test."""
    import harness      # pylint: disable=import-outside-toplevel
    missing = sorted(set(ESCAPES) - _tried)
    true(not missing, f"rows of the table without a test: {missing}")
    harness.main()
