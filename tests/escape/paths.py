#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
paths.py - other names for the same thing: links, races, /proc, descriptors, mounts (P1 to P16).
"""
from _escape import *     # pylint: disable=wildcard-import,unused-wildcard-import

TABLE = [
    # id, what must not happen, expected
    ("P1", "croft, which is not confined itself, follows a link that the command made", ALL_CLOSED),
    ("P2", "a directory that is swapped for a link while it is written leads outside", ALL_CLOSED),
    ("P3", "a new hard link makes a file readable that is not granted", ALL_CLOSED),
    ("P4", "a hard link that was there before leads to a file outside", every_tier("files: hard link")),
    ("P5", "what is denied is freed by renaming a directory above it", expected(landlock="deny-inside")),
    ("P6", "what fits a denied pattern is made later, and read or written", every_tier("deny-inside")),
    ("P7", "a denied file is reached by another spelling of its name", expected(landlock="deny-inside")),
    ("P8", "a file that may not be read is read inside of what may not be written",
     expected(landlock="deny-inside")),
    ("P9", "a file is reached by way of the directories of /proc", ALL_CLOSED),
    ("P10", "a denied directory is reached at another place where it is mounted", every_tier("deny-inside: mount")),
    ("P11", "the memory, the root or the descriptors of another process are reached by /proc", ALL_CLOSED),
    ("P12", "a directory that the caller left open leads outside", ALL_CLOSED),
    ("P12b", "a file that the caller left open for reading is opened anew for writing",
     expected(mounts_alone="files: descriptor")),
    ("P13", "a file that may not be executed is executed by another way",
     {**every_tier("exec: memory can be executed")}),
    ("P14", "a device that is not granted is opened or made", ALL_CLOSED),
    ("P15", "the home directory or / becomes writable because croft was started there", ALL_CLOSED),
    ("P16", "mode, owner, times or attributes of a file outside are changed", expected(landlock="metadata")),
    ("P16b", "the name, size or times of a file outside are seen",
     {"landlock": "hidden", "namespaces": "hidden", "new root": CLOSED, "mounts alone": CLOSED}),
]
begin(TABLE)


@escape("P1")
def _(tier):
    for options in ([], ["--supervise"]):
        g = Ground(tier)
        line = 'ln -s "$HOME" "$TMPDIR/l"; mkdir "$TMPDIR/d"; ln -s "$HOME/.ssh" "$TMPDIR/d/x"; ln -s "$CANARY" "$TMPDIR/c"; ' \
            'echo "$TMPDIR" > where; chmod 0 "$TMPDIR/d"'
        result = started(g.sh(line, options))
        fresh = g.seen("where").strip()
        true(fresh, f"the command ran\n{result}")
        true(wait_for(lambda: not os.path.lexists(fresh)), f"{fresh} was removed")
        judge("P1", g, not g.is_whole(), options, result)


SWAP = r'''
import ctypes, os, sys, threading, time
libc = ctypes.CDLL(None)
os.makedirs("d", exist_ok=True)
os.path.lexists("l") or os.symlink(os.environ["BESIDE"], "l")
end = time.monotonic() + 0.6
def swap():
    while time.monotonic() < end:
        libc.renameat2(-100, b"d", -100, b"l", 2)
thread = threading.Thread(target=swap)
thread.start()
n = 0
while time.monotonic() < end:
    n += 1
    try:
        open(f"d/f{n % 50}", "w").close()
    except OSError:
        pass
thread.join()
print(sum(name.startswith("f") for d in ("d", "l") if not os.path.islink(d) for name in os.listdir(d)))
'''


@escape("P2")
def _(tier):
    g = Ground(tier)
    result = started(g.python(SWAP))
    true(int(result.out) > 0, "nothing was written into the true directory")
    judge("P2", g, os.listdir(g.beside) != [], (), result)
    free = Ground(tier)
    succeeds(free.python(SWAP, options=["--write", "{beside}"]))
    true(os.listdir(free.beside), "where it is granted nothing was written outside")


@escape("P3")
def _(tier):
    attack("P3", tier, 'ln "$KEY" stolen; cat stolen > out', lambda g: KEY in g.seen("out"), twin=None)
    attack("P3", tier, 'ln "$CANARY" stolen; echo evil >> stolen', lambda g: read_file(g.canary) != BEFORE, twin=None)
    g = Ground(tier)
    g.file("own", KEY)
    succeeds(g.sh("ln own other"))
    equal(g.seen("other"), KEY, "a link to a file of the project")


@escape("P4")
def _(tier):
    attack("P4", tier, "echo evil >> linked", lambda g: read_file(g.canary) != BEFORE,
           prepare=lambda g: os.link(g.canary, os.path.join(g.project, "linked")))


@escape("P5")
def _(tier):
    deed = "mv a z; mv a/b a/z; mv a/b/kept a/b/y; rm -rf a; mkdir -p a/b; echo evil > a/b/kept; cat z/b/kept a/z/kept a/b/y > out; " \
        "echo evil > z/b/kept; mv --exchange -T a other; true"

    def prepare(g):
        g.file("a/b/kept", KEY)
        g.file("other/b/kept", "evil")
    for option in ("--deny", "--deny-write"):
        attack("P5", tier, deed, lambda g: g.seen("a/b/kept") != KEY, [option, "./a/b/kept", "--prefer", "deny-inside"],
               prepare=prepare)
    g = Ground(tier)
    prepare(g)
    succeeds(started(g.sh("mv other moved; echo x > a/b/new; mv a/b/new a/b/newer; mkdir a/c; mv a/c a/d",
                          ["--deny", "./a/b/kept", "--prefer", "deny-inside"])))


@escape("P6")
def _(tier):
    attack("P6", tier, "echo secret > late.pem; cat late.pem > out", lambda g: "secret" in g.seen("out"),
           ["--deny", "./**/*.pem", "--prefer", "deny-inside"])


SPELLINGS = ["secret/key", "./secret//key", "secret/./key", "other/../secret/key", "$PROJECT/secret/key", "$HOME/../home/project/secret/key",
             "link/key", "hop", "/proc/self/cwd/secret/key", "/proc/self/root$PROJECT/secret/key", "/proc/thread-self/cwd/secret/key"]
DENIED_AS = ["./secret", "./secret/", "{project}/secret", "{project}//secret/.", "./link", "./secret/key"]


@escape("P7")
def _(tier):
    def prepare(g):
        g.file("secret/key", KEY)
        g.file("other/x")
        os.symlink("secret", os.path.join(g.project, "link"))
        os.symlink("secret/key", os.path.join(g.project, "hop"))
    deed = "; ".join(f'cat "{s}" >> out' for s in SPELLINGS) + \
        '; exec 7< secret; cat /proc/self/fd/7/key /dev/fd/7/key >> out; cd secret; cat key >> ../out'
    for name in DENIED_AS:
        attack("P7", tier, deed, lambda g: KEY in g.seen("out"), ["--deny", name, "--prefer", "deny-inside"], prepare=prepare)


@escape("P8")
def _(tier):
    def prepare(g):
        g.file("a/secret/key", KEY)
        g.file("a/open", "open\n")
    both = ["--deny-write", "./a", "--deny", "./a/secret"], ["--deny", "./a/secret", "--deny-write", "./a"]
    for options in both:
        options = [*options, "--prefer", "deny-inside"]
        attack("P8", tier, "cat a/secret/key > out; echo evil > a/new; echo evil > a/open",
               lambda g: KEY in g.seen("out") or g.seen("a/new") != "" or g.seen("a/open") != "open\n", options, prepare=prepare)
        g = Ground(tier)
        prepare(g)
        equal(started(g.sh("cat a/open", options)).out, "open\n", "what may be read")


ALIASES = ["/proc/self/root", "/proc/self/task/self/root", "/proc/thread-self/root", "/proc/1/root", "/proc/$PPID/root",
           "/proc/self/cwd/../..", "/proc/self/fd/../root"]


@escape("P9")
def _(tier):
    deed = "; ".join(f'cat {a}"$KEY" >> out; echo evil >> {a}"$CANARY"' for a in ALIASES)
    attack("P9", tier, deed, lambda g: KEY in g.seen("out") or read_file(g.canary) != BEFORE, ["--read", "/proc"],
           twin=["--read", "/proc", "--write", "{home}"])


@escape("P10")
def _(tier):
    g = Ground(tier)
    os.makedirs(os.path.join(g.project, "secret"))
    os.makedirs(os.path.join(g.project, "alias"))
    g.file("secret/key", KEY)
    options = ["--deny", "./secret", "--prefer", "deny-inside"]
    inner = " ".join(map(shlex.quote, [*g.words("run", options), "--", "/bin/sh", "-c", "cat alias/key > out; echo ran > ran"]))
    asked = " ".join(map(shlex.quote, [*g.words("plan", options), "--json", "--", "/bin/sh"]))
    mount = f"mount --bind secret alias || exit 77; {asked} > plan && {inner}"
    result = run(*OWN_MOUNTS, "/bin/sh", "-c", mount, cwd=g.project, env=g.env)
    if result.status == 77:
        skip("nothing can be mounted here")
    equal(g.seen("ran"), "ran\n", f"croft started\n{result}")
    row = next(r for r in json.loads(g.seen("plan"))["protections"] if r["name"] == "deny-inside")
    if KEY in g.seen("out") and row["state"] == "enforced":
        contains(json.dumps(row), "mount", f"it was read, and the row {row}")


LOOK = r'''
import os, sys
mine, found = set(), []
for name in os.listdir("/proc"):
    if name.isdigit() and int(name) != os.getpid():
        for what, flags in (("mem", os.O_RDWR), ("mem", os.O_RDONLY), ("environ", os.O_RDONLY), ("maps", os.O_RDONLY),
                            ("syscall", os.O_RDONLY), ("auxv", os.O_RDONLY)):
            try:
                with open(os.open(f"/proc/{name}/{what}", flags), "rb", 0) as f:
                    if what == "mem" or f.read(1):
                        found.append(f"{name}/{what}")
            except OSError:
                pass
        for what in ("root/.", "cwd/.", "fd/0", "fd/1", "fd/3", "ns/mnt", "exe"):
            try:
                os.readlink(f"/proc/{name}/{what}") if what[-1] != "." else os.listdir(f"/proc/{name}/{what}")
                found.append(f"{name}/{what}")
            except OSError:
                pass
print(len([n for n in os.listdir("/proc") if n.isdigit()]), *found)
'''


@escape("P11")
def _(tier):
    for options in ([], ["--supervise"], ["--time", "30"], ["--isolate", "processes", "--prefer", "processes"]):
        g = Ground(tier)
        helper_process(env=g.env)
        result = started(g.python(LOOK, options=["--read", "/proc", *options]))
        n, *found = succeeds(result).out.split()
        true(int(n) >= 1, "no process is seen at all, not even one's own")
        judge("P11", g, found, options, result)
    free = Ground(tier)
    true(len(free.outside(f"{PYTHON} -I -S -c {shlex.quote(LOOK)}").out.split()) > 1, "outside nothing is reached")


# Python does not start with a directory for standard input: the payload makes a file by such a number instead.
LEAK = r'''
import os, sys
out = []
for fd in map(int, sys.argv[1:]):
    for path in (os.environ["CANARY"].lstrip("/"), os.environ["HOME"].lstrip("/") + "/../home/canary"):
        try:
            os.write(os.open(path, os.O_WRONLY | os.O_APPEND, dir_fd=fd), b"evil\n")
            out.append(fd)
        except OSError:
            pass
print(out)
'''


def leak_to(g, fds, options=()):
    """The command tries each number; croft is started with "/" open at each."""
    def place():
        top = os.open("/", os.O_RDONLY | os.O_DIRECTORY)
        for fd in fds:
            os.dup2(top, fd, inheritable=True)
    return g.python(LEAK, *map(str, fds), options=options, preexec_fn=place, close_fds=False)


@escape("P12", ", by a number that is not listed")
def _(tier):
    g = Ground(tier)
    result = started(leak_to(g, [9, 20, 200]))
    equal(result.out, "[]\n", "descriptors that led outside")
    equal(read_file(g.canary), BEFORE, "the canary")
    if tier == "mounts alone":
        return      # where nothing judges them they cannot be kept
    keep = [word for fd in (9, 20, 200) for word in ("--keep-fd", str(fd))]
    result = leak_to(g, [9, 20, 200], [*keep, "--write", "{home}"])
    equal(read_file(g.canary), BEFORE + 6 * "evil\n", f"the canary where all is granted\n{result}")


@escape("P12", ", by standard input or one that is kept")
def _(tier):
    for fd, options in ((0, []), (2, []), (9, ["--keep-fd", "9"])):
        g = Ground(tier)
        new = os.path.join(g.beside, "new")

        def place():
            os.dup2(os.open("/", os.O_RDONLY | os.O_DIRECTORY), fd, inheritable=True)   # pylint: disable=cell-var-from-loop
        result = g.run(PAYLOAD, "fd-create", fd, new[1:], options=options, preexec_fn=place, close_fds=False)
        judge("P12", g, os.path.lexists(new), (), result)     # a plan asks for no descriptor
        if tier != "mounts alone":
            matches(result.out, "^E(ACCES|ROFS|PERM)\n", f"answer to a file by {fd}")
        else:       # nothing judges such a descriptor there: croft refuses it
            status_is(result, 125)
            matches(result.err, rf"\b{fd}\b" if fd != 2 else "", "message")
    g = Ground(tier)

    def place_project():
        os.dup2(os.open(g.project, os.O_RDONLY | os.O_DIRECTORY), 0, inheritable=True)
    if tier != "mounts alone":
        result = g.run(PAYLOAD, "fd-create", "0", "new", preexec_fn=place_project, close_fds=False)
        true(result.out == "ok\n" or tier != "landlock", f"in a directory that may be written: {result}")


@escape("P12b")
def _(tier):
    for fd, options in ((0, []), (9, ["--keep-fd", "9"])):
        g = Ground(tier)

        def place():
            os.dup2(os.open(g.canary, os.O_RDONLY), fd, inheritable=True)
        line = f"head -c 3 <&{fd}; echo evil >> /proc/self/fd/{fd}; echo evil >> /dev/fd/{fd}"
        result = started(g.sh(line, options, preexec_fn=place, close_fds=False))
        equal(result.out, BEFORE[:3], "what is read through it")
        judge("P12b", g, read_file(g.canary) != BEFORE, (), result)     # as P12
    free = Ground(tier)
    free.outside('exec 9< "$CANARY"; echo evil >> /proc/self/fd/9')
    contains(read_file(free.canary), "evil", "the canary without a sandbox")


@escape("P13")
def _(tier):
    g = Ground(tier)
    tool = write_file(os.path.join(g.beside, "tool"), open("/bin/true", "rb").read(), 0o755)
    reading = ["--read", tool]
    result = g.run(tool, options=reading)
    status_is(result, 126)
    status_is(g.run(tool, options=["--execute", tool]), 0)
    ways = {"loader": f'"$(ls /lib64/ld-linux-x86-64.so.2 /lib/ld-linux-aarch64.so.1 2>/dev/null | head -1)" {tool}',
            "copy": f"cp {tool} copy && ./copy", "memory": f'"$PAYLOAD" exec-memfd {tool}'}
    for way, line in ways.items():
        result = started(g.sh(line, reading))
        judge("P13", g, result.status == 0, reading, f"{way}: {result}")


@escape("P14")
def _(tier):
    g = Ground(tier)
    devices = [d for d in ("/dev/kvm", "/dev/fuse", "/dev/mem", "/dev/kmsg", "/dev/vda", "/dev/sda", "/dev/loop-control",
                           "/dev/net/tun", "/dev/tty0", "/dev/console", "/dev/dri/card0") if os.path.exists(d)]
    for device in devices:
        differs(g.payload("open-both", device), "ok", f"opening {device}")
        differs(g.payload("open-read", device), "ok", f"reading {device}")
    for kind in ("char", "block"):
        differs(g.payload("mknod", kind, os.path.join(g.project, kind)), "ok", f"making a {kind} device")
    equal(g.payload("mknod", "fifo", os.path.join(g.project, "fifo")), "ok", "making a pipe")
    name = f"/dev/shm/croft-t-{os.getpid()}"
    cleanup(lambda: os.path.lexists(name) and os.unlink(name))
    differs(g.payload("create", name), "ok", "making a file in /dev/shm")
    equal(g.payload("device-write", "/dev/null"), "ok", "throwing away")


@escape("P15")
def _(tier):
    g = Ground(tier)
    for where in (g.home, g.top, "/"):
        result = g.sh('echo evil >> "$CANARY"; touch "$RAN"', cwd=where)
        judge("P15", g, not g.is_whole(), (), result)
        status_is(result, 125)
    succeeds(g.sh("echo fine > here"))


CHANGES = [["chmod", "{}", "0777"], ["utime", "{}"], ["setxattr", "{}"], ["chown", "{}"]]


@escape("P16")
def _(tier):
    g = Ground(tier)
    done = []
    for op in CHANGES:
        words = [word.replace("{}", g.canary) for word in op]
        own = [word.replace("{}", g.file("own")) for word in op]
        free = run(PAYLOAD, *own, env=g.env).out.strip()
        if free == "ok":
            equal(g.payload(*own, options=["--require", "metadata"] if tier != "landlock" else []), "ok", f"{op[0]} of a file of the project")
            done += [op[0]] if g.payload(*words, options=["--prefer", "metadata"]) == "ok" else []
    judge("P16", g, done, ["--prefer", "metadata"], done)


@escape("P16b")
def _(tier):
    g = Ground(tier)
    options = ["--prefer", "hidden"]
    seen = [op for op in ("stat", "access", "chdir", "open-path", "statfs", "inotify")
            if g.payload(op, os.path.dirname(g.key), options=options) == "ok"]
    judge("P16b", g, seen, options, seen)
    for op in ("stat", "access", "chdir", "open-path"):
        equal(g.payload(op, g.project, options=options), "ok", f"{op} of the project")


finish()
