#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
bad_input.py - wishes that contradict one another, names that lead astray, a host that runs out: B1 to B12.

Each start either works, with every canary whole and every denial kept, or is refused with status
125 and one line. It never ends by a signal of its own fault, is never weaker than its plan says,
and leaves nothing: no name in the project, no directory, no mount, no process.
"""
import resource

from _escape import *     # pylint: disable=wildcard-import,unused-wildcard-import

TABLE = [
    # id, what must not happen, expected
    ("B1", "grants that overlap or contradict one another give more than the wider one", ALL_CLOSED),
    ("B2", "a denial above a grant, or beside it in both words, is lost", ALL_CLOSED),
    ("B3", "a name on itself, or twice, breaks the start or what is kept", ALL_CLOSED),
    ("B4", "names in /proc grant or deny what they should not", ALL_CLOSED),
    ("B5", "names behind links grant or deny something else", ALL_CLOSED),
    ("B6", "names that are swapped all the time make a start weaker", ALL_CLOSED),
    ("B7", "a full disk makes a start weaker, or leaves something", ALL_CLOSED),
    ("B8", "too few descriptors make a start weaker, or leave something", ALL_CLOSED),
    ("B9", "too little memory makes a start weaker, or leaves something", ALL_CLOSED),
    ("B10", "too few processes or namespaces make a start weaker, or leave something", ALL_CLOSED),
    ("B11", "a limit of zero is no limit, or ends croft itself", ALL_CLOSED),
    ("B12", "very many or very long names make a start weaker", ALL_CLOSED),
]
begin(TABLE)

DENY = ["--prefer", "deny-inside", "--prefer", "hidden", "--prefer", "private-tmp"]
# Tries to read and change everything that the ground has, and says what it could.
TRY = r'''
import os, sys
project, home = os.environ["PROJECT"], os.environ["HOME"]
print("started")
for name in ("key", "deep/key", "deep/er/key", "open", "deep/open"):
    for base in (project + "/a", project + "/link", "a", "/proc/self/cwd/a"):
        try:
            print("read", name, open(f"{base}/{name}").read().strip())
        except OSError:
            pass
    try:
        with open(f"{project}/a/{name}", "a") as f:
            f.write("evil\n")
            print("wrote", name)
    except OSError:
        pass
for path in (os.environ["KEY"], os.environ["CANARY"]):
    try:
        print("read", open(path).read().strip(), "outside")
    except OSError:
        pass
for path in (os.environ["CANARY"], os.environ["BESIDE"] + "/new", home + "/new", os.environ["RAN"]):
    try:
        open(path, "a").write("evil\n")
    except OSError:
        pass
'''


def ground(tier):
    g = Ground(tier)
    for name in ("key", "deep/key", "deep/er/key"):
        g.file(f"a/{name}", f"secret of {name}\n")
    for name in ("open", "deep/open"):
        g.file(f"a/{name}", "open\n")
    os.symlink("a", os.path.join(g.project, "link"))
    return g


def names_of(g):
    return sorted(os.path.relpath(os.path.join(folder, name), g.project)
                  for folder, folders, files in os.walk(g.project) for name in folders + files)


def leftovers(g):
    return [n for n in os.listdir(g.env["TMPDIR"]) if re.fullmatch("croft-[0-9a-f]{24}", n)]


def attempt(g, wishes, may_read=(), may_write=(), **how):
    """
    One start with these wishes: what it could do inside, as a set; None: it was refused. may_read and
    may_write: names in a/ that the wishes let be read and written.
    """
    g.env["TMPDIR"] = os.path.join(g.top, "tmp")
    os.makedirs(g.env["TMPDIR"], exist_ok=True)
    before = names_of(g)
    rows = rows_before(g, wishes)
    result = g.python(TRY, options=wishes, **how)
    return verdict(g, wishes, result, before, may_read, may_write, rows)


def rows_before(g, wishes):
    """What the plan says of the denials, before anything is done; nothing where there is no plan."""
    result = run(*g.words("plan", wishes), "--json", "--", PYTHON, cwd=g.project, env=g.env)
    if result.status != 0:
        return {}
    about = {"deny-inside": "--deny", "hidden": "--hide", "private-tmp": "--private"}
    return {row["name"]: row for row in json.loads(result.out)["protections"] if about.get(row["name"], "none") in wishes or
            row["name"] == "deny-inside" and "--deny-write" in wishes}


def verdict(g, wishes, result, before, may_read=(), may_write=(), rows=None):
    equal((read_file(g.canary), read_file(g.key), os.listdir(g.beside), os.path.lexists(g.ran), os.path.lexists(g.home + "/new")),
          (BEFORE, KEY + "\n", [], False, False), f"what is outside, with {wishes}\n{result}\ncanary, key, beside, mark, new")
    equal(names_of(g), before, f"names in the project, with {wishes}\n{result}")
    true(wait_for(lambda: not leftovers(g)), f"{leftovers(g)} is left, with {wishes}")
    if result.status == 125 and "started" not in result.out:
        matches(result.err, MESSAGE, f"message, with {wishes}")
        return None
    lines = result.out.splitlines()
    if "started" not in lines:
        true(result.status in (126, 127) and (result.err.startswith("croft: ") or "error while loading" in result.err) or result.status == 1,
             f"neither started nor refused, with {wishes}\n{result}")
        return None
    read = {line.split()[1] for line in lines if line.startswith("read") and not line.endswith("outside")}
    wrote = {line.split()[1] for line in lines if line.startswith("wrote")}
    lacks(result.out, "outside", f"what was read, with {wishes}")
    if may_read is not None and not (read <= set(may_read) and wrote <= set(may_write)):
        true(any(row["state"] != "enforced" and row["requirement"] != "require" for row in (rows or {}).values()),
             f"more than was granted, with {wishes}: read {read}, wrote {wrote}\n{rows}")
    return read | wrote


ALL = ("key", "deep/key", "deep/er/key", "open", "deep/open")


@escape("B1")
def _(tier):
    system = ["--profile", "system"]
    cases = [
        (["--read", "./a", "--write", "./a"], ALL, ALL),
        (["--write", "./a", "--read", "./a"], ALL, ALL),
        (["--write", "./a/deep", "--read", "./a"], ALL, ("deep/key", "deep/er/key", "deep/open")),
        (["--read", "./a/deep", "--write", "./a/deep/er"], ("deep/key", "deep/er/key", "deep/open"), ("deep/er/key",)),
        (["--read", "./a", "--read", "./a/deep", "--read", "./a/deep/er", "--read", "./a/key", "--write", "./a/key"], ALL, ("key",)),
        (["--execute", "./a", "--read", "./a", "--device", "./a/open"], ALL, ("open",)),
        (["--read", "/", "--deny", "{home}/.ssh", "--deny", "{home}/canary", "--deny", "{home}/beside", *DENY], ALL, ()),
    ]
    for wishes, may_read, may_write in cases:
        if wishes[1] == "/" and tier == "landlock":
            continue
        g = ground(tier)
        done = attempt(g, [*system, *wishes], may_read, may_write)
        true(done is not None and done == set(may_read) | set(may_write), f"with {wishes}: {done}")


@escape("B2")
def _(tier):
    cases = [
        ["--deny", "./a"], ["--deny", "./a", "--write", "./a/deep"], ["--write", "./a/deep", "--deny", "./a"],
        ["--deny", "./a", "--deny-write", "./a", "--hide", "./a"], ["--deny", "./a/deep", "--read", "./a/deep/er", "--deny", "./a/deep/er"],
        ["--deny", "./a/*", "--write", "./a"], ["--deny", "./a/**", "--write", "./a/deep/er"], ["--deny", "."],
        ["--deny", "{home}", "--write", "./a"], ["--deny", "/", "--read", "./a"], ["--hide", "./a/deep", "--write", "./a/deep/er/key"],
    ]
    n_started = 0
    for wishes in cases:
        closed = () if wishes[1] in ("./a", ".", "{home}", "/", "./a/*", "./a/**") or "--deny" in wishes and "./a" in wishes else ("key", "open")
        g = ground(tier)
        n_started += attempt(g, [*wishes, *DENY], closed, closed) is not None
        g = ground(tier)
        n_started += attempt(g, wishes, closed, closed) is not None
    true(n_started > 2, f"of all these only {n_started} started")


@escape("B3")
def _(tier):
    cases = [
        (["--private", "./a", "--private", "./a"], ()), (["--private", "./a", "--write", "./a"], None), (["--private", "."], None),
        (["--private", "./a", "--private", "./a/deep", "--read", "./a/key"], None), (["--private", "/"], ()),
        (["--private", "/tmp", "--private", "{project}"], ()),
        (["--private", "./a/open"], ALL), (["--private", "/proc"], ALL), (["--private", "/dev"], ALL), (["--private", "/usr"], ALL),
        (["--deny", "./a/key", "--deny", "./a/key", "--hide", "./a/key"], ("deep/key", "deep/er/key", "open", "deep/open")),
        (["--deny-write", "./a", "--deny-write", "./a/deep", "--deny-write", "./a/deep/er/key"], ALL),
        (["--private", "./a", "--deny", "./a"], ()), (["--private", "./a", "--hide", "./a/deep"], ()),
        (["--deny", "/proc"], ALL), (["--deny", "/dev/null"], ALL), (["--hide", "/etc/passwd"], ALL), (["--deny", "/bin/bash"], ALL),
    ]
    for wishes, may_read in cases:
        g = ground(tier)
        attempt(g, [*wishes, *DENY], may_read, ALL)
        attempt(g, wishes, may_read, ALL)
    true(attempt(ground(tier), [], ALL, ALL), "without such words it starts")


@escape("B4")
def _(tier):
    for option in ("--read", "--write", "--deny", "--hide", "--private", "--deny-write", "--execute", "--device", "--chdir"):
        for path in ("/proc/self", "/proc/self/root", "/proc/self/cwd", "/proc/self/fd/0", "/proc/self/fd", "/proc/1", "/proc/1/root",
                     "/proc/self/exe", "/proc/self/ns/mnt", "/proc/sys", "/proc/self/mem", "/proc", "/dev/fd/0", "/dev/stdin",
                     "/proc/self/root{home}/.ssh", "/proc/self/task"):
            if option in ("--read", "--write", "--execute", "--device") and "root" in path or option == "--chdir":
                continue    # root by another name is root: that grants everything, as it says
            g = ground(tier)
            attempt(g, [option, path, *DENY], ALL, ALL)
    g = ground(tier)
    true(attempt(g, ["--read", "/proc/self", "--read", "/proc"], ALL, ALL), "parts of /proc that are granted together")


@escape("B5")
def _(tier):
    def prepare():
        g = ground(tier)
        for name, to in (("to-key", "a/key"), ("loop", "loop"), ("to-nothing", "nothing"), ("to-home", g.home), ("to-link", "link/deep"),
                         ("up", ".."), ("a/in", "deep"), ("long", "./" * 1000 + "a")):
            os.symlink(to, os.path.join(g.project, name))
        return g
    left = ("open", "deep/key", "deep/er/key", "deep/open")
    cases = [
        (["--deny", "./to-key"], left), (["--deny", "./link/key"], left), (["--deny", "./loop"], ALL), (["--deny", "./to-nothing"], ALL),
        (["--deny", "./to-link"], ("key", "open")), (["--deny", "./a/in"], ("key", "open")), (["--deny", "./long/key"], left),
        (["--private", "./link"], ()), (["--private", "./loop"], ALL), (["--private", "./to-nothing"], ALL),
        (["--hide", "./link/deep"], ("key", "open")), (["--deny-write", "./to-nothing"], ALL),
        (["--deny-write", "./loop/x"], ALL), (["--write", "./loop"], ALL), (["--write", "./to-nothing"], ALL),
    ]
    for wishes, may_read in cases:
        attempt(prepare(), [*wishes, *DENY], may_read, ALL)
        attempt(prepare(), wishes, may_read, ALL)
    true(attempt(prepare(), [], ALL, ALL), "without such words it starts")


SWAPS = r'''
import ctypes, os, sys, time
libc = ctypes.CDLL(None)
names = [n.encode() for n in sys.argv[1:]]
print("ready", flush=True)
while os.getppid() != 1:
    for a, b in zip(names[::2], names[1::2]):
        libc.renameat2(-100, a, -100, b, 2)
'''


@escape("B6")
def _(tier):
    n_started = n_refused = 0
    for wishes in (["--deny", "./a/key"], ["--deny-write", "./a/deep/key"], ["--private", "./a/deep"],
                   ["--hide", "./a/deep", "--deny", "./a/new"]):
        g = Ground(tier)
        for side in ("a", "b"):
            for name in ("key", "open", "deep/key", "deep/er/x"):
                g.file(f"{side}/{name}", f"{side}\n")
        g.file("c", "a file\n")
        os.symlink(g.home, os.path.join(g.project, "d"))
        pairs = [("a", "b"), ("a/deep", "c"), ("b/deep", "d"), ("a/key", "b/open"), ("a", "d"), ("c", "b")]
        words = [os.path.join(g.project, n) for pair in pairs for n in pair]
        swapper = subprocess.Popen([PYTHON, "-I", "-S", "-c", SWAPS, *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        cleanup(lambda child=swapper: (child.kill(), child.wait(), child.stdout.close()))
        swapper.stdout.readline()
        text = 'echo started; cat "$KEY" d/.ssh/key a/.ssh/key b/.ssh/key c/.ssh/key; echo evil >> "$CANARY"; echo evil >> d/canary; ' \
            'echo evil >> a/canary; rm -f a/canary b/canary c/canary; echo evil > "$BESIDE/x"'
        for _ in range(10):
            result = g.sh(text, [*wishes, *DENY])
            lacks(result.out, KEY, f"what was read, with {wishes}")
            true(g.is_whole(), f"the home has changed, with {wishes}\n{result}")
            if "started" in result.out:
                n_started += 1
            else:
                n_refused += 1
                status_is(result, 125)
                matches(result.err, MESSAGE, "message")
        swapper.kill()
        swapper.wait()
        names = {name for _, folders, files in os.walk(g.project) for name in folders + files}
        equal(sorted(names - {"a", "b", "c", "d", "key", "open", "deep", "er", "x", "canary"}), [], "names that are left in the project")
    true(n_started > 0, f"it never started; {n_refused} were refused")


FULL = 'mount -t tmpfs -o size=64k,mode=0777 none "$1" || exit 77; dd if=/dev/zero of="$1/fill" bs=4096 > /dev/null 2>&1; ' \
    'shift; "$@"; status=$?; ls -A "$TMPDIR" >&2; exit $status'


@escape("B7")
def _(tier):
    for wishes in ([], ["--deny", "./a/key", "--private", "./a/deep", *DENY], ["--supervise", "--off", "private-tmp"]):
        g = ground(tier)
        full = os.path.join(g.top, "full")
        os.mkdir(full)
        g.env["TMPDIR"] = full
        before = names_of(g)
        result = run(*OWN_MOUNTS, "/bin/sh", "-c", FULL, "sh", full, *g.words("run", wishes), "--", PYTHON, "-I", "-S", "-c", TRY,
                     cwd=g.project, env=g.env)
        if result.status == 77:
            skip("nothing can be mounted here")
        true(wait_for(lambda: not re.search("croft-[0-9a-f]{24}", result.err), 0.1) or "started" in result.out,
             f"a directory is left on the full disk\n{result}")
        result.err = re.sub(r"(?m)^(fill|croft-[0-9a-f]{24})\n", "", result.err)
        verdict(g, wishes, result, before, ALL, ALL)
    true(attempt(ground(tier), [], ALL, ALL), "with room enough it starts")


@escape("B8")
def _(tier):
    n_started = 0
    for limit in [*range(3, 24), 32, 64]:
        for wishes in (["--deny", "./a/key", *DENY], ["--supervise"]):
            g = ground(tier)

            def few():
                resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))      # pylint: disable=cell-var-from-loop
            n_started += attempt(g, wishes, ALL if tier == "landlock" or wishes[0] != "--deny" else ALL[1:], ALL, preexec_fn=few) is not None
    true(0 < n_started < 46, f"it started {n_started} times of 46")


@escape("B9")
def _(tier):
    n_started = 0
    for mebibytes in (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24, 64, 256):
        g = ground(tier)

        def little():
            resource.setrlimit(resource.RLIMIT_AS, (mebibytes << 20, mebibytes << 20))      # pylint: disable=cell-var-from-loop
        g.env["TMPDIR"] = os.path.join(g.top, "tmp")
        os.makedirs(g.env["TMPDIR"], exist_ok=True)
        before = names_of(g)
        result = g.run(PAYLOAD, "open-write", g.canary, options=["--deny", "./a/key", *DENY], preexec_fn=little)
        n_started += result.out.startswith("E")
        true(result.out in ("", "EACCES\n", "EROFS\n", "ENOENT\n"), f"with {mebibytes} MiB: {result}")
        true(result.out or "croft: " in result.err or result.status in (126, 127, -signal.SIGKILL, -signal.SIGSEGV, -signal.SIGABRT)
             or "error while loading" in result.err or "ERROR" in result.err,
             f"with {mebibytes} MiB it did not start, and said nothing: {result}")
        equal((read_file(g.canary), names_of(g)), (BEFORE, before), "the canary, and the project")
        true(wait_for(lambda: not leftovers(g)), f"{leftovers(g)} is left with {mebibytes} MiB")    # pylint: disable=cell-var-from-loop
    true(n_started > 0 and attempt(ground(tier), [], ALL, ALL), "it started with no amount of memory")


@escape("B10")
def _(tier):
    if IS_ROOT:
        for knob in ("user", "mnt", "pid", "net"):
            g = ground(tier)
            g.env["TMPDIR"] = os.path.join(g.top, "tmp")
            os.mkdir(g.env["TMPDIR"])
            before = names_of(g)
            line = f'echo 0 > /proc/sys/user/max_{knob}_namespaces || exit 77; exec "$@"'
            result = run("unshare", "-Ur", "/bin/sh", "-c", line, "sh", *g.words("run", ["--deny", "./a/key", *DENY]), "--", PYTHON, "-I", "-S",
                         "-c", TRY, cwd=g.project, env=g.env)
            if result.status == 77:
                skip("the number of namespaces cannot be limited here")
            verdict(g, ["--deny", "./a/key", *DENY], result, before, ALL, ALL)
    else:
        for spare in range(0, 6):
            g = ground(tier)

            def few():
                resource.setrlimit(resource.RLIMIT_NPROC, (spare, spare))       # pylint: disable=cell-var-from-loop
            for wishes in (["--supervise"], ["--deny", "./a/key", *DENY]):
                attempt(g, wishes, ALL, ALL, preexec_fn=few)
    true(attempt(ground(tier), [], ALL, ALL), "with as many as there are it starts")


@escape("B11")
def _(tier):
    for name in ("memory", "processes", "open-files", "file-size", "cpu", "core"):
        g = ground(tier)
        for wishes in (["--limit", f"{name}=0"], ["--limit", f"{name}=0", "--supervise"], ["--limit", f"{name}=0", "--deny", "./a/key", *DENY]):
            result = g.run(PAYLOAD, "each", "open-write", g.canary, ",", "open-read", g.key, ",", options=wishes)
            true("ok" not in result.out, f"with {wishes}: {result}")
            true(result.status in (0, 1, 125, 126, 127) or result.status < 0, f"with {wishes}: {result}")
            if result.status == 125:
                matches(result.err, MESSAGE, f"message, with {wishes}")
    status_is(Ground(tier).sh("true", ["--time", "0"]), 125)
    equal(Ground(tier).payload("rlimits", options=["--limit", "core=0"]).count("core 0"), 1, "a limit of zero that is one") \
        if Ground(tier).sh("true", ["--limit", "core=0"]).status == 0 else None


@escape("B12")
def _(tier):
    g = ground(tier)
    folder = os.path.join(g.project, "many")
    os.mkdir(folder)
    for n in range(300):
        write_file(os.path.join(folder, f"f{n}"), "x")
    deep = "/".join(["d" * 200] * 15)
    os.makedirs(os.path.join(g.project, deep))
    many = [word for n in range(300) for word in ("--deny", f"./many/f{n}")]
    text = "echo started; cat many/f0 many/f299; echo evil > many/new; ls d*/d* > /dev/null"
    for wishes in ([*many, *DENY], many, ["--deny", "./many/new", *DENY], ["--deny", "./many/new"], ["--deny", f"./{deep}", *DENY],
                   ["--deny", f"./{deep}"], ["--private", f"./{deep}"], ["--deny", "./many/f*", *DENY]):
        row = rows_before(g, wishes).get("deny-inside")
        result = g.sh(text, wishes)
        if "started" not in result.out:
            status_is(result, 125)
            matches(result.err, MESSAGE, f"message, with {wishes[:2]}")
            continue
        read = "x" in result.out.replace("started", "")
        made = os.path.lexists(os.path.join(folder, "new"))
        if made:
            os.unlink(os.path.join(folder, "new"))
        bad = (wishes[1].startswith("./many/f") and read) or (wishes[1] == "./many/new" and made)
        true(not bad or row and row["state"] != "enforced", f"with {wishes[:2]} it is weaker than the row says: {row}\n{result}")
        equal(len(os.listdir(folder)), 300, "names in the directory")
    succeeds(g.sh("cat many/f0", []))


finish()
