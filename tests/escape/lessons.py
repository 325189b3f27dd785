#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
lessons.py - what other sandboxes were broken by, each CVE's lesson as a test (L1 to L13).
"""
import fcntl
import hashlib

from _escape import *     # pylint: disable=wildcard-import,unused-wildcard-import

TABLE = [
    # id, what must not happen, expected
    # L1, typing into the terminal (CVE-2017-5226, -2019-10063, -2023-28100): S13 of sockets.py
    ("L2", "a descriptor of croft's own, or a working directory by a descriptor, leads outside", ALL_CLOSED),  # CVE-2024-21626
    ("L3", "croft's own program is overwritten from inside", ALL_CLOSED),       # CVE-2019-5736
    ("L4", "names that are swapped while croft starts lead outside", ALL_CLOSED),   # CVE-2021-30465, -2025-31133, -2024-42472
    ("L4b", "mounts that come and go while croft starts lead outside", ALL_CLOSED),     # CVE-2025-52565
    ("L5", "a false /proc takes what croft writes for the kernel",              # CVE-2019-16884, -2025-52881
     {t: CLOSED for t in WITH_NAMESPACES}),
    ("L6", "a word that somebody else chose becomes an option", ALL_CLOSED),    # CVE-2024-32462, -2020-17367
    ("L7", "croft has or takes a privilege of its file", ALL_CLOSED),           # CVE-2020-5291, -2022-31214
    ("L8", "a capability is left in one of the five sets", ALL_CLOSED),         # CVE-2022-27650
    ("L9", "what is joined is not what was meant", {"namespaces": CLOSED}),     # CVE-2022-31214
    ("L10", "the end of a thread, or of croft, leaves the command without its rules", ALL_CLOSED),
    ("L12", "the working directory leads out of the tree", ALL_CLOSED),
    ("L13", "what is mounted inside shows outside", {t: CLOSED for t in WITH_NAMESPACES}),
    ("L14", "a mask is taken off or looked behind from inside", {t: CLOSED for t in WITH_NAMESPACES}),
]
begin(TABLE)

ISOLATED = ["--isolate", "processes", "--prefer", "processes"]
WAYS = ([], ["--supervise"], ["--time", "30"], ISOLATED)


@escape("L2", ", by what is open inside")
def _(tier):
    for options in WAYS:
        g = Ground(tier)
        helper_process(PAYLOAD, "sleep", "60", stdin=os.open("/", os.O_RDONLY), env=g.env)      # its descriptor leads everywhere
        equal(g.payload("fds", options=options), "0\n1\n2", f"descriptors with {options}")
        text = started(g.sh('for f in /proc/[0-9]*/fd/*; do cat "$f$KEY"; echo evil >> "$f$CANARY"; done; echo end',
                            ["--read", "/proc", *options])).out
        contains(text, "end\n", "the command ran")
        lacks(text, KEY, "what the descriptors of all processes led to")
        equal(read_file(g.canary), BEFORE, "the canary")


@escape("L2", ", by /proc/self/fd/N as the working directory")
def _(tier):
    def place():
        os.dup2(os.open("/", os.O_RDONLY), 9, inheritable=True)
    for options in (["--chdir", "/proc/self/fd/9"], ["--keep-fd", "9", "--chdir", "/proc/self/fd/9"], ["--chdir", "/proc/self/cwd"]):
        g = Ground(tier)
        text = 'pwd -P; cat ."$KEY" "../..$KEY"; echo evil >> ."$CANARY"; ls ../../../proc/1/root'
        result = g.sh(text, options, preexec_fn=place, close_fds=False)
        judge("L2", g, read_file(g.canary) != BEFORE or KEY in result.out, options, result)
        if result.status == 125:
            matches(result.err, MESSAGE, "message")
    g = Ground(tier)
    options = ["--profile", "system", "--write", "{project}", "--chdir", g.project]
    honest = succeeds(g.sh("pwd -P", options, cwd="/", preexec_fn=place, close_fds=False))
    equal(honest.out, g.project + "\n", "an honest one")


@escape("L2", ", by a working directory that is removed, moved or closed while croft starts")
def _(tier):
    g = Ground(tier)
    work = os.path.join(g.project, "work")
    os.mkdir(work)
    gone = ["/bin/sh", "-c", f'cd "{work}" && rmdir "{work}" && exec "$@"', "sh"]
    result = run(*gone, *g.words("run", ["--profile", "system", "--write", g.project]), "--", "/bin/sh", "-c", 'echo evil >> "$CANARY"; ls',
                 cwd=g.project, env=g.env)
    judge("L2", g, not g.is_whole(), (), result)
    true(result.status == 125 or g.project not in result.out, f"{result}")
    succeeds(g.sh("true"))


OVERWRITE = r'''
import glob, os, sys
done, names = [], [sys.argv[1], *glob.glob("/proc/*/exe"), *glob.glob("/proc/*/map_files/*"), *glob.glob("/proc/*/task/*/exe")]
for name in names:
    for flags in (os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC):
        try:
            os.close(os.open(name, flags))
            done.append(name)
        except OSError:
            pass
for act in (lambda: os.unlink(sys.argv[1]), lambda: os.rename(sys.argv[1], sys.argv[1] + ".x")):
    try:
        act()
        done.append("changed")
    except OSError:
        pass
print("seen", len(names), *done)
'''


@escape("L3")
def _(tier):
    for options in WAYS:
        g = Ground(tier)
        own = os.path.join(g.beside, "croft")
        shutil.copytree(os.path.dirname(CROFT), g.beside, dirs_exist_ok=True, symlinks=True,
                        ignore=lambda folder, names: [n for n in names if folder == os.path.dirname(CROFT) and n not in ("croft", "src")
                                                      or n.endswith(".p")])
        before = hashlib.sha256(open(own, "rb").read()).digest()
        words = g.words("run", ["--read", "/proc", *options])
        words[words.index(CROFT)] = own
        result = succeeds(started(run(*words, "--", PYTHON, "-I", "-S", "-c", OVERWRITE, own, cwd=g.project, env=g.env)))
        count, *done = result.out.split()[1:]
        true(int(count) > 1, "no process was looked at")
        python_itself = [d for d in done if d.startswith("/proc/")]
        equal((done, python_itself), ([], []), f"opened for writing, or changed, with {options}")
        equal(hashlib.sha256(open(own, "rb").read()).digest(), before, "croft's program")
        true(os.stat(own).st_nlink == 1 and os.access(own, os.X_OK), "croft's program")


EXCHANGE = r'''
import ctypes, os, sys, time
libc = ctypes.CDLL(None)
a, b, seconds = sys.argv[1].encode(), sys.argv[2].encode(), float(sys.argv[3])
end = time.monotonic() + seconds
print("ready", flush=True)
n = 0
while time.monotonic() < end and os.getppid() != 1:
    libc.renameat2(-100, a, -100, b, 2)
    n += 1
    if n % 50 == 0:
        time.sleep(0.0002)
'''


class Swapper:
    """Another process of the user that exchanges two names as fast as it can, until stop()."""

    def __init__(self, a, b):
        self.child = subprocess.Popen([PYTHON, "-I", "-S", "-c", EXCHANGE, a, b, "60"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        equal(self.child.stdout.readline(), b"ready\n", "first line of the swapper")
        cleanup(self.stop)

    def stop(self):
        self.child.kill()
        self.child.wait()
        self.child.stdout.close()


# What is asked of the name that is swapped; {a}: it is exchanged with a link to the home's keys, or to the home
RACES = {
    "denied inside": ["--deny", "./a/key", "--prefer", "deny-inside"],
    "kept from writing": ["--deny-write", "./a/deep/x", "--prefer", "deny-inside"],
    "private": ["--private", "./a", "--prefer", "private-tmp"],
    "masked": ["--deny", "./a", "--prefer", "deny-inside"],
    "hidden": ["--hide", "./a/deep", "--prefer", "hidden", "--prefer", "deny-inside"],
    "the working directory": ["--chdir", "./a"],
}


@escape("L4")
def _(tier):
    n_started = n_refused = 0
    for wishes in RACES.values():
        g = Ground(tier)
        g.file("a/key", "mine\n")
        g.file("a/deep/x", "mine\n")
        os.symlink(os.path.dirname(g.key), os.path.join(g.project, "b"))
        swapper = Swapper(os.path.join(g.project, "a"), os.path.join(g.project, "b"))
        text = 'touch "$PROJECT/ran"; cat a/key b/key "$PROJECT"/a/key "$PROJECT"/b/key "$KEY" key; ' \
            'for d in . a b "$PROJECT/a" "$PROJECT/b"; do echo evil > $d/planted; done; ' \
            'for d in . a b; do rm -f "$PROJECT/$d/planted"; done; echo evil >> "$CANARY"'
        for _ in range(8):
            result = g.sh(text, wishes)
            lacks(result.out, KEY, f"what was read, with {wishes}")
            equal(sorted(os.listdir(os.path.dirname(g.key))), ["key"], f"the directory of keys, with {wishes}")
            equal((read_file(g.canary), read_file(g.key)), (BEFORE, KEY + "\n"), "the canary and the key")
            if result.status == 125:
                n_refused += 1
                matches(result.err, MESSAGE, "message")
            elif os.path.lexists(os.path.join(g.project, "ran")):
                n_started += 1
                os.unlink(os.path.join(g.project, "ran"))
        swapper.stop()
        equal(sorted(os.listdir(g.project)), ["a", "b"], "the project")
    true(n_started > 0, f"it never started; refused {n_refused} times")


MOUNTING = '''
mkdir -p "$1/a" "$1/empty"
( while :; do mount --bind "$2" "$1/a" && umount -l "$1/a"; mount -t tmpfs none "$1/a" && umount -l "$1/a"; done 2> /dev/null ) &
busy=$!
mount --bind "$2" "$1/a" && umount -l "$1/a" || { kill $busy; exit 77; }
shift 2
n=0
while [ $n -lt 15 ]; do "$@"; n=$((n + 1)); done
kill $busy
wait 2> /dev/null
exit 0
'''


@escape("L4b")
def _(tier):
    for wishes in (["--deny", "./a/key", "--prefer", "deny-inside"], ["--deny-write", "./a", "--prefer", "deny-inside"]):
        g = Ground(tier)
        g.file("a/x", "mine\n")
        text = 'echo ran >> "$PROJECT/ran"; echo evil >> "$CANARY"; cat "$KEY"; ls / > /dev/null; echo evil > ../beside/x'
        result = run(*OWN_MOUNTS, "/bin/sh", "-c", MOUNTING, "sh", g.project, g.beside, *g.words("run", wishes), "--", "/bin/sh", "-c", text,
                     cwd=g.project, env=g.env, timeout=60)
        if result.status == 77:
            skip("nothing can be mounted here")
        lacks(result.out, KEY, "what was read")
        equal(read_file(g.canary), BEFORE, f"the canary\n{result}")
        equal(os.listdir(g.beside), [], "what is beside")
        for line in result.err.splitlines():
            true(line.startswith(("croft: ", "sh: ")) or any(part in line for part in ("/bin/sh", "cat: ", "ls: ")),
                 f"unexpected: {line}")
        contains(g.seen("ran") + "".join(re.findall("croft: ", result.err)), "r", "it started, or said why not")


# A /proc that somebody made: the files that croft writes lead to the canary, or swallow what is written.
FALSE_PROC = '''
mkdir "$1/p" && mount -t tmpfs none "$1/p" || exit 77
for d in self thread-self 1 self/task/1; do mkdir -p "$1/p/$d/ns" "$1/p/$d/attr" "$1/p/$d/fd"; done
for d in self thread-self 1; do
	for f in uid_map gid_map setgroups oom_score_adj attr/exec loginuid cgroup; do
		if [ "$2" = link ]; then ln -s "$CANARY" "$1/p/$d/$f"; else : > "$1/p/$d/$f"; fi
	done
	for n in user mnt pid net ipc uts cgroup; do ln -s "$n:[1]" "$1/p/$d/ns/$n"; done
done
mount --bind "$1/p" /proc || exit 77
shift 2
exec "$@"
'''


@escape("L5")
def _(tier):
    for kind in ("link", "file"):
        g = Ground(tier)
        words = g.words("run", ["--require", "metadata"] if tier != "mounts alone" else [])
        result = run(*OWN_MOUNTS, "/bin/sh", "-c", FALSE_PROC, "sh", g.project, kind, *words, "--", "/bin/sh", "-c",
                     'echo ran > ran; chmod 0777 "$CANARY"; cat "$KEY" > out; echo evil >> "$CANARY"', cwd=g.project, env=g.env)
        if result.status == 77:
            skip("nothing can be mounted here")
        equal(read_file(g.canary), BEFORE, f"the canary, with a {kind}\n{result}")
        lacks(g.seen("out"), KEY, "what was read")
        equal(os.stat(g.canary).st_mode & 0o777, 0o644, f"the mode of the canary, with a {kind}\n{result}")
        if not g.seen("ran"):
            status_is(result, 125)
            matches(result.err, MESSAGE, "message")
    succeeds(g.sh("true"))


@escape("L6")
def _(tier):
    g = Ground(tier)
    g.env["PATH"] = f"{g.project}:" + g.env["PATH"]
    words = ["--off=files", "--write=/", "-x", "--", "--profile", "--tier=landlock", "--session", "--join-fd=9", "--pty"]
    for word in words:
        if "/" not in word:
            g.file(word, f'#!/bin/sh\necho "ran $0"; cat "{g.key}"\n', 0o755)
        result = g.run(word)        # behind the "--" it is a name
        lacks(result.out, KEY, "what was read")
        true("ran" in result.out or result.status in (126, 127), f"{word}: {result}")
    for option in ("--chdir", "--profile", "--read", "--tier", "--limit", "--keep-fd", "--time", "--isolate", "--deny"):
        for word in ("--off", "--", "-1", "", "--off=files", "\n", "landlock\n", "namespaces --off files", "0x9", "9 ", "\x1b[2J"):
            result = g.sh('cat "$KEY"', [option, word])
            lacks(result.out, KEY, f"{option} {word!r}: what was read")
            true(result.status in (125, 1), f"{option} {word!r}: {result}")
            lacks(result.err, "\x1b", "message")
    succeeds(g.sh("true", ["--chdir", "."[:0] or g.project]))


@escape("L7")
def _(tier):
    g = Ground(tier)
    mode = os.stat(CROFT).st_mode
    equal(mode & 0o6000, 0, "the bits that change the user, of croft's file")
    raises_errno(61, os.getxattr, CROFT, "security.capability")
    own = os.path.join(g.beside, "croft")
    shutil.copytree(os.path.dirname(CROFT), g.beside, dirs_exist_ok=True, symlinks=True,
                    ignore=lambda folder, names: [n for n in names if folder == os.path.dirname(CROFT) and n not in ("croft", "src")
                                                  or n.endswith(".p")])
    os.chmod(own, 0o4755 if not IS_ROOT else 0o755)
    words = g.words("run")
    words[words.index(CROFT)] = own
    if IS_ROOT:     # root's own, with the bit, started by another user
        os.chmod(own, 0o4755)
        for path in (g.top, g.home, g.project):
            os.chmod(path, 0o777)
        result = run(*words, "--", PAYLOAD, "ids", cwd=g.project, env=g.env, user=65534, group=65534, extra_groups=[])
        true(result.status == 125 or "euid 65534\n" in result.out and "egid 65534" in result.out,
             f"with the bit it gave the caller another user\n{result}")
    else:
        own = [line for line in run(PAYLOAD, "ids", env=g.env).out.splitlines() if "id 65534" in line or " " + str(os.getuid()) in line]
        equal([line for line in g.payload("ids").splitlines() if line[:1] in "ueg" and "gid" in line or "uid" in line],
              [line for line in own if line[:1] in "ueg" and "gid" in line or "uid" in line], "the ids")


@escape("L8")
def _(tier):
    for options in (*WAYS, ["--prefer", "metadata"]):
        for how in ([], ["fork"], ["exec"], ["thread"]):
            g = Ground(tier)
            state = succeeds(started(g.run(PAYLOAD, *how, "status", options=options))).out
            sets = re.findall(r"(?m)^(?:effective|permitted|inheritable|bounding|ambient) ([0-9a-f]+)$", state)
            if not IS_ROOT and tier == "landlock":      # only in a namespace of his own may a user empty the bounding set
                sets = [s for s in sets if s != re.search("(?m)^bounding (.*)$", state)[1]] + ["0"]
            true(len(sets) == 5 and all(int(s, 16) == 0 for s in sets), f"sets of capabilities with {options} {how}: {state}")


@escape("L9")
def _(tier):
    g = Ground(tier)
    help_text = run(CROFT, "run", "--help").out
    if "--join-fd" not in help_text:
        skip("this croft joins nothing")
    other = helper_process(env=g.env)
    pidfd, file_fd, folder = os.pidfd_open(other.pid), os.open(g.canary, os.O_RDONLY), os.open("/", os.O_RDONLY)
    user = os.open(f"/proc/{other.pid}/ns/user", os.O_RDONLY)
    cleanup(lambda: [os.close(fd) for fd in (pidfd, file_fd, folder, user)])
    for fd in (pidfd, file_fd, folder, user):
        result = g.sh('echo ran > ran; cat "$KEY" > out', ["--join-fd", fd], pass_fds=[fd])
        lacks(g.seen("out"), KEY, "what was read")
        true(result.status == 125 or not g.seen("out"), f"joined {fd}: {result}")
    for word in ("../../x", "0", "-1", "x" * 300, "", "/etc", "self", "1"):
        result = g.sh('echo ran >> ran2; cat "$KEY" > out', ["--session", word])
        status_is(result, 125)
        true(not g.seen("ran2"), f"a session '{word}' was joined")


THREADS = r'''
import ctypes, os, sys, threading, time
def late():
    time.sleep(0.1)
    out = []
    for path in (os.environ["KEY"],):
        try:
            out.append(open(path).read())
        except OSError as e:
            out.append(e.strerror)
    try:
        open(os.environ["CANARY"], "a").write("evil\n")
    except OSError:
        pass
    print(out, flush=True)
    os._exit(0)
threading.Thread(target=late).start()
ctypes.CDLL(None).syscall(60 if os.uname().machine == "x86_64" else 93, 0)
'''


@escape("L10")
def _(tier):
    for options in WAYS:
        g = Ground(tier)
        result = started(g.python(THREADS, options=options))
        matches(result.out, r"^\['.*(denied|No such).*'\]\n$", f"what a thread read after the first had ended, with {options}\n{result}")
        equal(read_file(g.canary), BEFORE, "the canary")
        g = Ground(tier)
        child = subprocess.Popen([*g.words("run", options), "--", "/bin/sh", "-c",
                                  'echo ready; n=0; while [ $n -lt 40 ]; do cat "$KEY" >> out 2> /dev/null; echo evil >> "$CANARY"; '
                                  'sleep 0.01; n=$((n + 1)); done'],
                                 cwd=g.project, env=g.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        equal(child.stdout.readline(), b"ready\n", f"first line with {options}")
        child.kill()
        child.wait()
        child.stdout.close()
        time.sleep(0.3)
        lacks(g.seen("out"), KEY, "what was read after croft was killed")
        true(g.is_whole(), "something outside has changed after croft was killed")
    equal(Ground(tier).sh('cat "$KEY"', ["--read", "{home}"]).out, KEY + "\n", "what is granted")


@escape("L12")
def _(tier):
    g = Ground(tier)
    text = 'readlink /proc/self/cwd; cd ../../../../../../../../..; pwd; ls -1; echo --; ls -1 /; echo --; cat ".$KEY" "./$KEY" "../$KEY"'
    result = started(g.sh(text, ["--read", "/proc"]))
    contains(result.out, g.project + "\n", "the working directory")
    lacks(result.out, KEY, "what was read")
    top, root, _ = result.out.split("/\n", 1)[1].split("--\n")
    equal(top, root, "the topmost directory from where the command started, and /")
    if tier in ("new root", "mounts alone"):
        lacks("\n" + root, "\nboot\n", "names in /")
    for where in (g.beside, os.path.dirname(g.key)):
        result = g.sh('ls; cat key; echo evil > x', ["--profile", "system", "--write", "{project}", "--chdir", where])
        lacks(result.out, "key", f"a working directory that is not granted: {result}; output")
        true(not os.path.lexists(os.path.join(where, "x")), "it was written")


@escape("L13")
def _(tier):
    g = Ground(tier)
    g.file("secret", KEY)
    os.mkdir(os.path.join(g.project, "own"))
    wishes = ["--deny", "./secret", "--private", "./own", *ISOLATED]
    before = read_file("/proc/self/mountinfo").count("\n")
    child = subprocess.Popen([*g.words("run", wishes), "--", "/bin/sh", "-c", "echo x > own/x; echo ready; cat"], cwd=g.project, env=g.env,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    line = child.stdout.readline()
    state = (read_file("/proc/self/mountinfo").count("\n"), g.seen("secret"), os.listdir(os.path.join(g.project, "own")))
    child.stdin.close()
    child.wait()
    err = child.stderr.read()
    child.stdout.close()
    child.stderr.close()
    equal((line, state), (b"ready\n", (before, KEY, [])), f"first line; mounts, a denied file and a private directory as seen outside\n{err}")
    equal((read_file("/proc/self/mountinfo").count("\n"), sorted(os.listdir(g.project))), (before, ["own", "secret"]), "afterwards")


@escape("L13", ", where mounts are shared with others either")
def _(tier):
    g = Ground(tier)
    os.mkdir(os.path.join(g.project, "own"))
    inner = " ".join(map(shlex.quote, [*g.words("run", ["--private", "./own"]), "--", "/bin/sh", "-c", "echo x > own/x; cat own/x"]))
    script = f"mount --make-rshared / || exit 77; before=$(wc -l < /proc/self/mountinfo); {inner} && ls own && " \
        "test $before = $(wc -l < /proc/self/mountinfo) && echo same"
    result = run(*OWN_MOUNTS, "/bin/sh", "-c", script, cwd=g.project, env=g.env)
    if result.status == 77:
        skip("nothing can be mounted here")
    equal(succeeds(result).out, "x\nsame\n", "output")


UNMASK = r'''
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
p = os.environ["PROJECT"].encode()
done = []
for name in (b"/secret", b"/dir", b"", b"/dir/x"):
    for flags in (0, 2, 8):
        libc.umount2(p + name, flags) == 0 and done.append(name)
    for flags in (0x1000, 0x20 | 0x1000, 0x20, 0x40000, 0x4000, 0x2000):
        libc.mount(b"none", p + name, b"tmpfs", flags, None) == 0 and done.append((name, flags))
for call, args in ((428, (-100, p, 1)), (430, (b"tmpfs", 0)), (442, (-100, p, 0x8000, b"\0" * 32, 32))):
    libc.syscall(call, *args) >= 0 and done.append(call)
for name in ("secret", "dir"):
    for act in (lambda n: os.unlink(n), lambda n: os.rmdir(n), lambda n: os.rename(n, n + ".x"), lambda n: os.chmod(n, 0o777),
                lambda n: os.link(n, n + ".y"), lambda n: os.listdir(n), lambda n: open(n).read(), lambda n: open(n, "w")):
        try:
            act(name)
            done.append(name)
        except OSError:
            pass
open("fine", "w").write("fine")
print(done)
'''


@escape("L14")
def _(tier):
    g = Ground(tier)
    g.file("secret", KEY)
    g.file("dir/x", KEY)
    result = succeeds(started(g.python(UNMASK, options=["--deny", "./secret", "--deny", "./dir"])))
    equal(result.out, "[]\n", "what was possible")
    equal((g.seen("secret"), g.seen("dir/x"), g.seen("fine")), (KEY, KEY, "fine"), "what is there")
    true("secret" in g.python(UNMASK).out, "without the denials nothing is possible either")


finish()
