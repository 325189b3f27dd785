#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_room.py - croft run --root: what is seen and kept in a room, and that nothing leads out of it.

The roots are made here of busybox, which is static: a directory and its links are all it takes.
"""
import concurrent.futures
import contextlib
import signal
import socket
import stat
import subprocess
import threading
import time

from harness import *       # pylint: disable=wildcard-import,unused-wildcard-import

BUSYBOX = "/bin/busybox"
TOOLS = "sh ls id cat mount umount touch mkdir rm env hostname grep sleep ps stat chroot ln wc nc".split()
SECRET = "the host's own words"


def make_root(*, places=(), tools=TOOLS):
    """A root of busybox and its links, whose places to mount upon are missing but for those named."""
    top = tempdir()
    os.chmod(top, 0o755)
    root = os.path.join(top, "root")
    os.makedirs(os.path.join(root, "bin"))
    shutil.copy(BUSYBOX, os.path.join(root, "bin/busybox"))
    for tool in tools:
        os.symlink("busybox", os.path.join(root, "bin", tool))
    for place in places:
        os.makedirs(os.path.join(root, place.lstrip("/")))
    return top, root


def room(root, *words, options=(), stdin=None, **how):
    """What is run in it; a text is a script of its shell."""
    argv = ["/bin/sh", "-c", words[0]] if len(words) == 1 else words
    return run_croft("run", "--root", root, *options, "--", *argv, stdin=stdin, **how)


def contents(top):
    """Each name under a directory, with what it is."""
    return sorted((os.path.relpath(os.path.join(at, name), top), os.lstat(os.path.join(at, name)).st_mode)
                  for at, dirs, files in os.walk(top) for name in dirs + files)


def need_room():
    """Skips where no mount namespace can be had."""
    _, root = make_root()
    r = room(root, "true", options=["--env", "PATH=/bin"])
    if r.status == 125 and "make namespaces" in r.err:
        skip("no mount namespace can be had here")


@test("the command sees the root that was named, and nothing of the tree around it")
def _():
    need_room()
    top, root = make_root(places=["etc", "srv"])
    with open(os.path.join(top, "secret"), "w", encoding="utf-8") as f:
        f.write(SECRET)
    r = room(root, f"ls /; cat {top}/secret; cat /../secret; cat /proc/1/root{top}/secret; "
                   f"cat /proc/self/cwd/..{top}/secret; ls {top}")
    true(SECRET not in r.out, r.out)
    equal(r.out.split(), ["bin", "dev", "etc", "proc", "srv"])


@test("what runs in a room has no way back: chroot, mount, unmount, nsenter by /proc, an inherited directory")
def _():
    need_room()
    top, root = make_root(places=["etc", "x"])
    with open(os.path.join(top, "secret"), "w", encoding="utf-8") as f:
        f.write(SECRET)
    held = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    os.set_inheritable(held, True)
    try:
        r = room(root, "mkdir /x/y; chroot /x /bin/ls; mount -t tmpfs none /x && echo mounted; "
                       "umount /proc && echo unmounted; "
                       f"cat /proc/self/fd/{held}/secret; "
                       f"for i in /proc/[0-9]*; do cat $i/root/{top}/secret $i/cwd/secret; done",
                 pass_fds=[held])
    finally:
        os.close(held)
    for word in (SECRET, "mounted", "unmounted"):
        true(word not in r.out, r.out)


@test("without --upper the root cannot be written and is as it was, places to mount upon included")
def _():
    need_room()
    top, root = make_root(places=["etc"])
    before = contents(root)
    os.mkdir(os.path.join(top, "work"))
    r = room(root, "touch /new /etc/new /bin/new; echo hello > /deep/er/place/file && cat /deep/er/place/file",
             options=["--mount", f"{top}/work:/deep/er/place"])
    equal(r.out, "hello\n", r.err)
    equal(r.err.count("Read-only file system"), 3, r.err)
    equal(contents(root), before)
    equal(os.listdir(os.path.join(top, "work")), ["file"])


@test("with --upper changes are kept there, seen by the next run, and the root is as it was")
def _():
    need_room()
    top, root = make_root(places=["etc"])
    before = contents(root)
    os.mkdir(os.path.join(top, "up"))
    options = ["--upper", f"{top}/up"]
    status_is(room(root, "echo one > /etc/one; rm /bin/nc; mkdir /app", options=options), 0)
    r = room(root, "cat /etc/one; ls -d /app; ls /bin/nc", options=options)
    equal(r.out, "one\n/app\n")
    true("No such file" in r.err, r.err)
    equal(contents(root), before)


@test("a mount is what was named: a directory, a file, read-only where that is said, the later one on top")
def _():
    need_room()
    top, root = make_root()
    for name in ("a", "b"):
        os.mkdir(os.path.join(top, name))
        with open(os.path.join(top, name, "name"), "w", encoding="utf-8") as f:
            f.write(name)
    options = ["--mount", f"{top}/a:/m", "--mount", f"{top}/b:/m/in:ro", "--mount", f"{top}/b/name:/m/file:ro"]
    os.mkdir(os.path.join(top, "a/in"))
    with open(os.path.join(top, "a/file"), "w", encoding="utf-8"):
        pass
    r = room(root, "cat /m/name /m/in/name /m/file; touch /m/new; touch /m/in/new; echo x > /m/file", options=options)
    equal(r.out, "abb")
    equal(r.err.count("Read-only file system"), 2, r.err)
    true(os.path.exists(os.path.join(top, "a/new")), "what was granted to be written was not")
    equal(sorted(os.listdir(os.path.join(top, "b"))), ["name"])


@test("what is mounted inside of a read-only mount is read-only as well")
def _():
    need_room()
    if not IS_ROOT:
        skip("only root can mount something beneath")
    top, root = make_root()
    os.makedirs(f"{top}/a/sub")
    subprocess.run(["mount", "-t", "tmpfs", "none", f"{top}/a/sub"], check=True)
    try:
        r = room(root, "touch /m/sub/new", options=["--mount", f"{top}/a:/m:ro"])
    finally:
        subprocess.run(["umount", f"{top}/a/sub"], check=True)
    true("Read-only file system" in r.err, r.err)


@test("a mount is refused with what is wrong with it", variants=[
    ("{top}:relative", "is not HOST:PATH"), ("{top}", "is not HOST:PATH"), ("{top}:/", "would lie over the whole root"),
    ("{top}:/proc", "fills itself"), ("{top}:/proc/self", "fills itself"), ("{top}:/sys/x", "fills itself"),
    ("{top}:/dev", "fills itself"), ("{top}:/a/../proc", "has a '..'"), ("{top}/missing:/m", "No such file"),
    ("{top}:/bin/busybox", "what is to be mounted is a directory"),
    ("{top}/root/bin/busybox:/bin", "what is to be mounted is a file")])
def _(variant):
    need_room()
    word, says = variant
    top, root = make_root()
    r = room(root, "echo ran", options=["--mount", word.format(top=top)])
    status_is(r, 125)
    equal(r.out, "")
    equal(len(r.err.splitlines()), 1, r.err)
    true(says in r.err, r.err)


@test("two things at one place are an error that names both, the same thing twice is none")
def _():
    need_room()
    top, root = make_root()
    for name in "ab":
        os.mkdir(os.path.join(top, name))
    r = room(root, "true", options=["--mount", f"{top}/a:/m", "--mount", f"{top}/b:/m"])
    status_is(r, 125)
    true(f"{top}/a" in r.err and f"{top}/b" in r.err, r.err)
    status_is(room(root, "ls /m", options=["--mount", f"{top}/a:/m", "--mount", f"{top}/a:/m"]), 0)


@test("a name with colons can be mounted")
def _():
    need_room()
    top, root = make_root()
    os.mkdir(os.path.join(top, "a:b:c"))
    with open(os.path.join(top, "a:b:c/f"), "w", encoding="utf-8") as f:
        f.write("found")
    equal(room(root, "cat /m/f", options=["--mount", f"{top}/a:b:c:/m:ro"]).out, "found")


@test("links of the root lead nowhere but into the root, whatever is mounted upon them", variants=[
    "dev", "proc", "tmp", "m", "etc"])
def _(variant):
    need_room()
    top, root = make_root()
    outside = os.path.join(top, "outside")
    os.mkdir(outside)
    os.symlink(outside, os.path.join(root, variant))
    os.mkdir(os.path.join(top, "work"))
    os.mkdir(os.path.join(top, "up"))
    before = contents(outside)
    options = ["--upper", f"{top}/up", "--mount", f"{top}/work:/m/n/o"]
    r = room(root, f"echo x > /m/n/o/file; ls {outside}/../secret", options=options)
    equal(contents(outside), before, f"status {r.status}, {r.err}")
    if r.status != 125:
        true(os.path.exists(f"{top}/work/file"), r.err)


@test("no link of the root brings what is mounted to a place that croft fills itself", variants=[
    ("m", "/proc"), ("m", "/proc/self"), ("m", "/sys"), ("m", "/dev"), ("m", "/"), ("proc", "/m"), ("dev", "/m"),
    ("m", "/etc")])
def _(variant):
    need_room()
    link, target = variant
    top, root = make_root(places=[place for place in ("proc", "dev", "sys", "etc", "m") if place != link])
    os.symlink(target, os.path.join(root, link))
    os.mkdir(os.path.join(top, "work"))
    r = room(root, "echo ran; echo x > /m/file", options=["--mount", f"{top}/work:/m"])
    if target == "/etc":
        equal(r.out, "ran\n", r.err)
        equal(os.listdir(f"{top}/work"), ["file"])
        return
    status_is(r, 125)
    equal(r.out, "")
    true("mount upon" in r.err or "find the place" in r.err, r.err)
    equal(len(r.err.splitlines()), 1, r.err)


@test("devices that a root brings cannot be opened, with an overlay and without", variants=["proc", "nothing", "upper"])
def _(variant):
    need_room()
    if not IS_ROOT:
        skip("only root can make a device")
    top, root = make_root(places=["dev", "proc"] if variant == "proc" else [])
    os.mkdir(f"{top}/up")
    os.mknod(f"{root}/zero", 0o666 | stat.S_IFCHR, os.makedev(1, 5))
    r = room(root, "cat /zero | wc -c; : < /dev/zero && echo own",
             options=["--upper", f"{top}/up"] if variant == "upper" else [])
    equal(r.out.split(), ["0", "own"], r.err)
    true("Permission denied" in r.err, r.err)


@test("what is mounted beneath a root that is not to be written cannot be written either")
def _():
    need_room()
    if not IS_ROOT:
        skip("only root can mount something beneath")
    _, root = make_root(places=["dev", "proc", "sub"])
    subprocess.run(["mount", "-t", "tmpfs", "none", f"{root}/sub"], check=True)
    try:
        r = room(root, "echo x > /sub/new; ls /sub")
        equal(os.listdir(f"{root}/sub"), [])
    finally:
        subprocess.run(["umount", f"{root}/sub"], check=True)
    equal(r.out, "")


@test("a directory as standard input, output or error is refused: all around it could be reached", variants=[0, 1, 2])
def _(variant):
    need_room()
    top, root = make_root()
    line = f'"$0" run --root {root} -- /bin/sh -c ": > /dev/null" {variant}< {top}'
    with subprocess.Popen(["/bin/sh", "-c", line, CROFT],
                          stderr=subprocess.PIPE, text=True) as croft:
        err = croft.communicate()[1]
    equal(croft.returncode, 125, err)
    true(variant == 2 or "leads out of the room" in err, err)
    with open(f"{top}/file", "w", encoding="utf-8") as f:
        f.write("a file is none")
    with open(f"{top}/file", encoding="utf-8") as f:
        equal(room(root, "cat", stdin=f.read()).out, "a file is none")


@test("a directory is not among the descriptors that are kept, a file may be")
def _():
    need_room()
    top, root = make_root()
    with open(f"{top}/file", "w", encoding="utf-8") as f:
        f.write("kept")
    for name, status in ((top, 125), (f"{top}/file", 0)):
        fd = os.open(name, os.O_RDONLY)
        try:
            r = room(root, f"cat /proc/self/fd/{fd}", options=["--keep-fd", str(fd)], pass_fds=[fd])
        finally:
            os.close(fd)
        status_is(r, status)
        equal("leads out of the room" in r.err, status == 125, r.err)


@test("an upper directory in the root, or above it, is refused before anything is made")
def _():
    top, root = make_root(places=["up"])
    r = room(root, "true", options=["--upper", f"{root}/up"])
    status_is(r, 125)
    true("lie in each other" in r.err, r.err)
    equal(os.listdir(f"{root}/up"), [])
    r = room(root, "true", options=["--upper", top])
    status_is(r, 125)
    true("lie in each other" in r.err, r.err)


@test("options of rooms without --root, and a root with a session, are refused")
def _():
    for options in (["--upper", "/tmp"], ["--mount", "/tmp:/m"], ["--user", "1:1"]):
        r = run_croft("run", *options, "--", "/bin/true")
        status_is(r, 125)
        true("goes with --root" in r.err, r.err)
    _, root = make_root()
    r = run_croft("run", "--root", root, "--session", "x", "--", "/bin/true")
    status_is(r, 125)
    true("cannot go with --root" in r.err, r.err)


@test("the profiles of rooms are refused elsewhere, by another profile's extends as well", variants=["job", "build"])
def _(variant):
    r = run_croft("run", "--profile", variant, "--", "/bin/true")
    status_is(r, 125)
    true("for rooms only" in r.err, r.err)
    top = tempdir()
    path = os.path.join(top, "p.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"version: 2\nprofiles:\n  p:\n    extends: [{variant}]\n")
    os.chmod(path, 0o644)
    r = run_croft("run", "--profile", path, "--", "/bin/true")
    status_is(r, 125)
    true("for rooms only" in r.err, r.err)


@test("a profile's file is the host's, and its paths are the room's")
def _():
    need_room()
    top, root = make_root(places=["etc", "open", "closed"])
    path = os.path.join(top, "p.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write("version: 2\nprofiles:\n  p:\n    files:\n      execute: [/bin]\n      read: [/open]\n")
    os.chmod(path, 0o644)
    for name in ("open", "closed"):
        with open(f"{root}/{name}/f", "w", encoding="utf-8") as f:
            f.write(name)
    r = room(root, "cat /open/f /closed/f", options=["--profile", path])
    equal(r.out, "open", r.err)
    true("Permission denied" in r.err, r.err)


def take_one(server):
    """The first connection is taken and closed; the end of the server without one is none of our business."""
    with contextlib.suppress(OSError):
        server.accept()[0].close()


@test("job has the host's network and build has none", variants=["job", "build"])
def _(variant):
    need_room()
    _, root = make_root()
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        threading.Thread(target=take_one, args=(server,), daemon=True).start()
        r = room(root, f"/bin/nc -w 2 127.0.0.1 {server.getsockname()[1]} < /dev/null && echo through",
                 options=["--profile", variant])
    equal("through" in r.out, variant == "job", r.err)


@test("the caller's user is 0 inside, or who --user says, and what is made is the caller's outside")
def _():
    need_room()
    top, root = make_root()
    os.mkdir(f"{top}/work")
    r = room(root, "id -u; id -g; touch /w/file", options=["--mount", f"{top}/work:/w"], )
    equal(r.out, "0\n0\n", r.err)
    r = room(root, "id -u; id -g; touch /w/other", options=["--mount", f"{top}/work:/w", "--user", "1000:100"])
    equal(r.out, "1000\n100\n", r.err)
    for name in ("file", "other"):
        equal(os.stat(f"{top}/work/{name}").st_uid, os.geteuid())


@test("what the kernel lets root change without a capability cannot be changed from a room")
def _():
    need_room()
    _, root = make_root(places=["sys"])
    r = room(root, "cat /proc/sys/kernel/core_pattern > /proc/sys/kernel/core_pattern || echo refused; "
                   "echo h > /proc/sysrq-trigger || echo refused; "
                   "ls /sys/kernel > /dev/null && touch /sys/new || echo refused")
    equal(r.out.split(), ["refused"] * 3, r.err)


@test("the devices without data are there, a terminal of its own can be made, and shared memory")
def _():
    need_room()
    _, root = make_root()
    r = room(root, "echo x > /dev/null && cat /dev/null && ls /dev /dev/pts && "
                   "echo m > /dev/shm/f && cat /dev/shm/f /dev/fd/0 < /dev/null; "
                   "stat -c %a /dev")
    status_is(r, 0)
    wanted = {"null", "zero", "full", "random", "urandom", "tty", "ptmx", "pts", "shm", "fd", "stdin"}
    true(wanted <= set(r.out.split()), r.out)
    true("sda" not in r.out and "mem" not in r.out.split(), r.out)
    equal(r.out.split()[-2:], ["m", "755"])


@test("options come from a descriptor as well, and stand in nobody's command line")
def _():
    need_room()
    _, root = make_root()
    words = ["--env", "SECRET=a\nlong=one", "--root", root]
    r = run_croft("run", "--options-fd", "0", "--", "/bin/sh", "-c", 'echo "$SECRET"; cat /proc/*/cmdline',
                  stdin="".join(word + "\0" for word in words))
    true(r.out.startswith("a\nlong=one\n"), r.out + r.err)
    true("SECRET=" not in r.out, r.out)


@test("options from a descriptor that are none are refused", variants=[
    ("--env", "the last word does not end"), ("word\0", "is no option"), ("--nosuch\0", "no option '--nosuch'"),
    ("--env\0", "needs a value")])
def _(variant):
    text, says = variant
    r = run_croft("run", "--options-fd", "0", "--", "/bin/true", stdin=text)
    status_is(r, 125)
    true(says in r.err, r.err)


@test("three thousand mounts are made in time")
def _():
    need_room()
    top, root = make_root(places=["dev", "proc", "store"])
    os.mkdir(f"{top}/many")
    os.mkdir(f"{top}/store")
    words = ["--mount", f"{top}/store:/store"]
    for i in range(3000):
        for at in ("many", "store"):
            with open(f"{top}/{at}/{i}", "w", encoding="utf-8"):
                pass
        words += ["--mount", f"{top}/many/{i}:/store/{i}:ro"]
    r = run_croft("run", "--root", root, "--options-fd", "0", "--", "/bin/sh", "-c",
                  "grep -c ' /store/' /proc/self/mountinfo", stdin="".join(word + "\0" for word in words))
    equal(r.out, "3000\n", r.err)


@test("the end is the command's: its status, a signal, a time limit, a missing program")
def _():
    need_room()
    _, root = make_root()
    equal(room(root, "exit 7").status, 7)
    equal(room(root, "kill -9 $$").status, 128 + 9)
    equal(room(root, "sleep 60", options=["--time", "200ms"]).status, 124)
    equal(room(root, "/bin/nosuch", "x").status, 127)


@test("a killed croft leaves no process and no mount")
def _():
    need_room()
    top, root = make_root()
    os.mkdir(f"{top}/up")
    mark = f"{top}/up/upper/ready"
    with subprocess.Popen([CROFT, "run", "--root", root, "--upper", f"{top}/up", "--", "/bin/sh", "-c",
                           "sleep 3333 & touch /ready; wait"]) as croft:
        for _ in range(500):
            if os.path.exists(mark):
                break
            time.sleep(0.02)
        true(os.path.exists(mark), "it never came so far")
        croft.send_signal(signal.SIGKILL)
        croft.wait()
    for _ in range(250):
        left = subprocess.run(["pgrep", "-f", "sleep 3333"], capture_output=True, text=True, check=False).stdout
        if not left:
            break
        time.sleep(0.02)
    equal(left, "")
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        true(top not in f.read(), "a mount is left")


@test("two rooms of one root at once do not meet")
def _():
    need_room()
    top, root = make_root()

    def one(i):
        os.mkdir(f"{top}/up{i}")
        return room(root, f"echo {i} > /mine; sleep 0.3; cat /mine", options=["--upper", f"{top}/up{i}"]).out

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        equal(list(pool.map(one, range(4))), [f"{i}\n" for i in range(4)])


JAIL = """
set -e
mount --bind {jail} {jail}
mount --make-shared {jail}
for d in usr dev proc; do mkdir -p {jail}/$d; mount --rbind /$d {jail}/$d; done
mount --bind {bin} {jail}/build
cat /proc/self/mountinfo > {top}/before
chroot {jail} /bin/sh -c 'cd /usr/bin && exec /build/croft "$@"' croft run --root /image -- /bin/sh -c 'ls /; touch /new; sleep 1' > {top}/out 2>&1 &
while ! grep -q sys {top}/out; do sleep 0.02; done
cat /proc/self/mountinfo > {top}/during
wait $!
"""


@test("in a chroot root has a room as well, and nothing of it is mounted for anybody else")
def _():
    if not IS_ROOT:
        skip("a user has no namespaces in a chroot")
    need_room()
    top, root = make_root(places=["sys"])
    jail = os.path.join(top, "jail")
    for name in ("build", "tmp"):
        os.makedirs(os.path.join(jail, name))
    for name in ("bin", "lib", "lib64", "sbin"):
        if os.path.islink("/" + name):
            os.symlink(os.readlink("/" + name), os.path.join(jail, name))
    os.rename(root, os.path.join(jail, "image"))
    script = JAIL.format(jail=jail, top=top, bin=os.path.dirname(CROFT))
    done = subprocess.run(["unshare", "--mount", "/bin/sh", "-c", script], capture_output=True, text=True, check=False)
    equal((done.returncode, done.stderr), (0, ""), "how it ended")
    with open(f"{top}/out", encoding="utf-8") as f:
        out = f.read()
    equal(out.split()[:4], ["bin", "dev", "proc", "sys"])
    true("Read-only file system" in out, out)
    with open(f"{top}/before", encoding="utf-8") as before, open(f"{top}/during", encoding="utf-8") as during:
        equal(during.read(), before.read(), "the mounts outside")


@test("a plan of a room says what it is, and is made of what is inside")
def _():
    need_room()
    top, root = make_root()
    r = run_croft("plan", "--root", root, "--mount", f"{top}:/m:ro", "--", "/bin/sh")
    status_is(r, 0)
    true(f"Room: '{root}'" in r.out and f"'/m' is '{top}', read-only" in r.out, r.out)
    true("Profile: job" in r.out, r.out)


@test("a root that is none is refused in one line", variants=["missing", "file"])
def _(variant):
    top, root = make_root()
    path = os.path.join(top, "missing") if variant == "missing" else os.path.join(root, "bin/busybox")
    r = room(path, "true")
    status_is(r, 125)
    equal(len(r.err.splitlines()), 1, r.err)


main()
