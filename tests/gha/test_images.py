# SPDX-License-Identifier: MIT
"""
test_images.py - `croft image unpack`: what lies on the disk afterwards, once for each digest, whoever made the image.
"""
import json
import os
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import threading
import time

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))

from harness import *    # noqa: E402
from _image import *     # noqa: E402

CONFIG = {"Env": ["PATH=/bin", "A=b c\n"], "Entrypoint": ["/entry"], "Cmd": ["x", ""], "WorkingDir": "/srv", "User": "1:2"}


def unpack(path, *options, cache=None, **how):
    return run_croft("image", "unpack", "--cache", cache or os.path.join(tempdir(), "cache"), *options, path, **how)


def unpacked(path, *options, **how):
    """The one line of JSON."""
    done = succeeds(unpack(path, "--json", *options, **how))
    equal(done.out.count("\n"), 1, "lines")
    return json.loads(done.out)


def refused(path, *options, **how):
    done = unpack(path, *options, **how)
    status_is(done, 125)
    equal((done.out, done.err.count("\n")), ("", 1), f"one line: {done}")
    return done.err


def tree(root):
    """Every name below, with what it is."""
    found = {}
    for folder_, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder_, name)
            st = os.lstat(path)
            what = f"{stat.S_IMODE(st.st_mode):o}"
            if stat.S_ISLNK(st.st_mode):
                what = "-> " + os.readlink(path)
            elif stat.S_ISREG(st.st_mode):
                what += " " + read_file(path)
            found[os.path.relpath(path, root)] = what
    return found


def image(*layers, **how):
    return as_directory(tempdir(), oci(*layers, **how))


def left(cache):
    """What is in the cache but locks."""
    return sorted(name for name in os.listdir(cache) if not name.startswith(".lock-")) if os.path.exists(cache) else []


BASE = layer(folder("bin", mode=0o755), entry("bin/sh", b"shell", mode=0o755), symlink("sbin", "bin"), folder("etc"),
             entry("etc/a", b"1"), entry("etc/b", b"2"), hard_link("etc/c", "etc/a"), folder("opaque"),
             entry("opaque/low", b""), folder("tmp", mode=0o1777), entry("gone", b"x"))
TOP = layer(entry("bin/new", b"n", mode=0o700), "etc/.wh.b", entry("etc/a", b"changed"), "opaque/.wh..wh..opq",
            entry("opaque/high", b""), ".wh.gone", folder("deep/er/est"))
WANTED = {"bin": "755", "bin/sh": "755 shell", "bin/new": "700 n", "sbin": "-> bin", "etc": "755", "etc/a": "644 changed",
          "etc/c": "644 1", "opaque": "755", "opaque/high": "644 ", "tmp": "1777", "deep": "755", "deep/er": "755",
          "deep/er/est": "755"}


@test("an image lies on the disk as a container of it would see it, by any packing and kind",
      variants=["none", "gzip", "zstd", "xz", "bzip2", "oci-archive", "docker-archive", "docker-layout", "packed docker save"])
def _(kind):
    path = os.path.join(tempdir(), "image")
    if kind in PACK:
        path = image(BASE, TOP, pack=kind)
    elif kind == "oci-archive":
        as_archive(path, oci(BASE, TOP, pack="gzip"))
    elif kind == "docker-layout":
        as_directory(path, docker(BASE, TOP))
    else:
        as_archive(path, docker(BASE, TOP), pack="gzip" if kind.startswith("packed") else "none")
    got = unpacked(path)
    equal(tree(got["root"]), WANTED)
    equal(os.stat(got["root"]).st_uid, os.geteuid())
    true(got["digest"].startswith("sha256:") and os.path.basename(os.path.dirname(got["root"])) == got["digest"][7:], got)


@test("the JSON has what the image says of how it is run; without --json it is the path alone")
def _():
    path, cache = image(BASE, config=CONFIG), os.path.join(tempdir(), "cache")
    got = unpacked(path, cache=cache)
    equal({k: got[k] for k in got if k not in ("root", "digest")},
          {"env": CONFIG["Env"], "entrypoint": ["/entry"], "cmd": ["x", ""], "workdir": "/srv", "user": "1:2"})
    equal(succeeds(unpack(path, cache=cache)).out, got["root"] + "\n")
    index = json.loads(read_file(os.path.join(path, "index.json")))
    equal(got["digest"], index["manifests"][0]["digest"])


@test("hard links stay links, and times of files stay")
def _():
    data = layer(entry("a", b"x", mtime=1_000_000_000), folder("d"), hard_link("d/b", "a"), hard_link("c", "d/b"))
    root = unpacked(image(data))["root"]
    st = os.stat(os.path.join(root, "a"))
    equal((st.st_nlink, int(st.st_mtime)), (3, 1_000_000_000))
    for name in "d/b", "c":
        equal(os.stat(os.path.join(root, name)).st_ino, st.st_ino, name)


@test("set-id bits are dropped, a directory keeps its owner's rights, devices are left out with a warning")
def _():
    data = layer(entry("su", b"", mode=0o6755), folder("shut", mode=0o2), entry("shut/x", b"1", mode=0o0),
                 entry("null", kind=tarfile.CHRTYPE, devmajor=1, devminor=3), entry("fifo", kind=tarfile.FIFOTYPE))
    done = succeeds(unpack(image(data)))
    equal(tree(done.out.strip()), {"su": "755 ", "shut": "702", "shut/x": "400 1"})
    contains(done.err, "2 devices, FIFOs or sockets of the image were left out")


@test("a directory is its own root, and a tar of one is unpacked by the digest of its bytes")
def _():
    path = tempdir()
    write_file(os.path.join(path, "bin/sh"))
    got = unpacked(path)
    equal((got["root"], got["digest"], got["env"], got["workdir"]), (os.path.realpath(path), None, [], "/"))
    got = unpacked(write_file(os.path.join(tempdir(), "root.tar"), BASE + b""))
    equal(got["digest"], digest(BASE))
    contains(tree(got["root"]), "bin/sh")
    contains(refused(path, "--tag", "x"), "--tag")


@test("what was unpacked is a root to run in, which stays as it is")
def _():
    with open("/bin/busybox", "rb") as file:
        shell = file.read()
    root = unpacked(image(layer(folder("bin"), entry("bin/sh", shell, mode=0o755), folder("srv"), entry("srv/a", b"1")),
                          layer(symlink("bin/cat", "sh"), entry("srv/b", b"2"), "srv/.wh.a")))["root"]
    before = tree(root)
    upper = tempdir()
    done = run_croft("run", "--root", root, "--upper", upper, "--", "/bin/sh", "-c",
                     "cat /srv/*; echo 3 >/srv/b; rm /bin/cat; echo 4 >/srv/c")
    equal(succeeds(done).out, "2")
    equal(tree(root), before)
    equal(read_file(os.path.join(upper, "upper/srv/b")), "3\n")


@test("a second call reads no layer, and gives the same root")
def _():
    path, cache = image(BASE, TOP), os.path.join(tempdir(), "cache")
    first = unpacked(path, cache=cache)
    for name in os.listdir(os.path.join(path, "blobs/sha256")):
        full = os.path.join(path, "blobs/sha256", name)
        if os.path.getsize(full) >= 10240:
            os.unlink(full)
    equal(unpacked(path, cache=cache), first)
    contains(refused(path), "layer 1")


@test("the cache is that of the environment where none is named", variants=["XDG_CACHE_HOME", "HOME", "neither"])
def _(name):
    home = tempdir()
    env = {k: v for k, v in os.environ.items() if k not in ("XDG_CACHE_HOME", "HOME")}
    done = run_croft("image", "unpack", image(BASE), env=env | ({name: home} if name != "neither" else {}))
    if name == "neither":
        status_is(done, 125)
        contains(done.err, "--cache")
    else:
        true(succeeds(done).out.startswith(os.path.join(home, "croft" if name != "HOME" else ".cache/croft", "images")), done)


@test("a cache that others may write is refused")
def _():
    cache = tempdir()
    os.chmod(cache, 0o777)
    contains(refused(image(BASE), cache=cache), "may be written by others")


@test("of several images --tag and --arch take one")
def _():
    store = {}
    one = manifest(store, [layer(entry("one"))])
    two = manifest(store, [layer(entry("two"))])
    other = manifest(store, [layer(entry("other"))], machine="arm64")
    note = "org.opencontainers.image.ref.name"
    for made, tag in (one, "t:1"), (two, "t:2"), (other, "t:1"):
        made["annotations"] = {note: tag}
        made["platform"] = {"os": "linux", "architecture": "arm64" if made is other else "amd64"}
    path = as_directory(tempdir(), store | layout(one, two, other))
    for options, name in (["--tag", "t:2", "--arch", "amd64"], "two"), (["--tag", "t:1", "--arch", "arm64"], "other"):
        equal(list(tree(unpacked(path, *options)["root"])), [name])
    contains(refused(path, "--tag", "t:3"), "no image has that tag")


@test("a name that leads out is refused, and nothing is left in the cache", variants=[
    "absolute", "up", "up in the middle", "hard link up", "hard link absolute", "below a file"])
def _(kind):
    cache, outside = os.path.join(tempdir(), "c", "cache"), write_file(os.path.join(tempdir(), "outside"), "secret")
    bad = {"absolute": [outside], "up": ["../x"], "up in the middle": [folder("a"), "a/../../../x"],
           "hard link up": [hard_link("h", "../" * 30 + outside[1:])], "hard link absolute": [hard_link("h", outside)],
           "below a file": ["f", "f/x"]}[kind]
    said = refused(image(BASE, layer(*bad)), cache=cache)
    contains(said, "layer 2 (sha256:")
    equal((left(cache), read_file(outside), os.listdir(os.path.dirname(outside))), ([], "secret", ["outside"]))
    equal(os.listdir(os.path.dirname(cache)), ["cache"])


@test("a link that leads out is made as a text, and nothing is written, chmodded or linked through it", variants=[
    "file through it", "file in its place", "up", "directory in its place", "hard link through it", "hard link to it",
    "mode of what it leads to"])
def _(kind):
    away = tempdir()
    outside = write_file(os.path.join(away, "outside"), "secret", mode=0o600)
    lower, upper = [symlink("out", away)], {
        "file through it": ["out/new", "out/outside"], "up": [symlink("d/u", "../" * 40 + away[1:]), "d/u/new"],
        "file in its place": [entry("out", b"mine")], "directory in its place": [folder("out"), "out/new"],
        "hard link through it": [entry("x", b"1"), hard_link("out/h", "x")], "hard link to it": [hard_link("h", "out")],
        "mode of what it leads to": [symlink("l", outside), folder("out/sub", mode=0o777)]}[kind]
    for layers in ([layer(*lower, *upper)], [layer(*lower), layer(*upper)]):
        done = unpack(image(*layers))
        true(done.status in (0, 125), done)
        equal(os.listdir(away), ["outside"])
        equal((read_file(outside), os.stat(outside).st_mode & 0o777, os.stat(outside).st_nlink), ("secret", 0o600, 1))
        equal(os.stat(away).st_mode & 0o777, 0o700)


@test("a blob with other bytes than its digest says is refused, whenever that comes to light", variants=["layer", "config"])
def _(which):
    store, cache = oci(BASE, TOP, pack="gzip"), os.path.join(tempdir(), "cache")
    for name, data in list(store.items()):
        if name.startswith("blobs") and (data[:2] == b"\x1f\x8b") == (which == "layer"):
            store[name] = data[:-6] + b"\0" + data[-5:]
    said = refused(as_directory(tempdir(), store), cache=cache)
    contains(said, "its bytes are not those of that digest")
    equal(left(cache), [])


@test("docker save with the same configuration and other bytes of packed layers does not get the other's root")
def _():
    cache = os.path.join(tempdir(), "cache")
    roots = set()
    for data in b"good", b"evil":
        store = docker(layer(entry("x", b"good")))
        store["0/layer.tar"] = PACK["gzip"](layer(entry("x", data)))
        root = unpacked(as_directory(tempdir(), store), cache=cache)["root"]
        equal(read_file(os.path.join(root, "x")), data.decode())
        roots.add(root)
    equal(len(roots), 2)


BIG = layer(*[entry(f"f{n}", os.urandom(1 << 20)) for n in range(40)])


@test("an image that changes while it is unpacked is refused by its digest, and leaves nothing")
def _():
    path, cache = image(BIG), os.path.join(tempdir(), "cache")
    blob_ = max((os.path.join(path, "blobs/sha256", n) for n in os.listdir(os.path.join(path, "blobs/sha256"))),
                key=os.path.getsize)
    stop = threading.Event()

    def change():
        # from the moment when names have been read on: contents are being written
        while not stop.is_set() and not [n for n in left(cache) if n.startswith(".new-")]:
            time.sleep(0.001)
        with open(blob_, "r+b") as file:
            file.seek(-2_000_000, os.SEEK_END)
            file.write(b"\0" * 4096)

    thread = threading.Thread(target=change)
    thread.start()
    said = refused(path, cache=cache)
    stop.set()
    thread.join()
    contains(said, "its bytes are not those of that digest")
    equal(left(cache), [])


@test("killed at any moment it leaves what the next call removes, of this image or another")
def _():
    path, other, cache = image(BIG), image(BASE), os.path.join(tempdir(), "cache")
    n_left = 0
    for delay in 0.02, 0.08, 0.15, 0.3:
        with subprocess.Popen([CROFT, "image", "unpack", "--cache", cache, path], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as child:
            limit = time.monotonic() + 20
            while delay > 0.05 and not left(cache) and time.monotonic() < limit and child.poll() is None:
                time.sleep(0.001)
            time.sleep(delay / 4)
            child.send_signal(signal.SIGKILL)
        n_left += bool(left(cache))
    true(n_left, "it was never caught at it")
    if [name for name in left(cache) if name.startswith(".new-")]:
        succeeds(unpack(other, cache=cache))
        equal([name for name in left(cache) if name.startswith(".new-")], [])
    root = unpacked(path, cache=cache)["root"]
    equal(sorted(os.listdir(root)), sorted(f"f{n}" for n in range(40)))
    equal([name for name in left(cache) if name.startswith(".new-")], [])


@test("two at once do not meet: both give the same whole root, and one of them waits")
def _():
    path, cache = image(BIG), os.path.join(tempdir(), "cache")
    children = [subprocess.Popen([CROFT, "image", "unpack", "--cache", cache, path], stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, text=True) for _ in range(4)]
    said = [child.communicate(timeout=60) + (child.returncode,) for child in children]
    equal({s[2] for s in said}, {0}, str(said))
    equal(len({s[0] for s in said}), 1, str(said))
    equal(len(os.listdir(said[0][0].strip())), 40)


@test("who waits for another says so after a second, and goes on when that one is gone")
def _():
    path, cache = image(BASE), os.path.join(tempdir(), "cache")
    key = json.loads(read_file(os.path.join(path, "index.json")))["manifests"][0]["digest"][7:]
    os.mkdir(cache, 0o700)
    with open(os.path.join(cache, ".lock-" + key), "w", encoding="utf-8") as lock:
        import fcntl    # pylint: disable=import-outside-toplevel
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen([CROFT, "image", "unpack", "--cache", cache, path], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True) as child:
            contains(child.stderr.readline(), "another croft is unpacking this image")
            time.sleep(0.3)
            equal((child.poll(), left(cache)), (None, []), "while the lock is another's")
            fcntl.flock(lock, fcntl.LOCK_UN)
            out, _err = child.communicate(timeout=30)
    equal(os.path.isdir(out.strip()), True)


@test("a full disk is one line, and leaves nothing")
def _():
    cache = tempdir()
    done = run("/usr/bin/unshare", "-rm", "/bin/sh", "-c",
               'mount -t tmpfs -o size=8m,mode=700 none "$1" && shift && "$@"; s=$?; ls -A "$0" | grep -v lock; exit $s',
               cache, cache, CROFT, "image", "unpack", "--cache", cache, image(BIG))
    if "unshare" in done.err or "mount" in done.err:
        skip("no user namespace here to mount a small tmpfs in")
    status_is(done, 125)
    contains(done.err, "No space left on device")
    contains(done.err, "--cache DIR")
    equal((done.out, done.err.count("\n")), ("", 1), str(done))


@test("a file that is no image, and a FIFO, are refused in one line", variants=["text", "fifo", "missing"])
def _(kind):
    path = os.path.join(tempdir(), "x")
    if kind == "text":
        write_file(path, "no tar\n" * 1000)
    elif kind == "fifo":
        os.mkfifo(path)
    refused(path, timeout=10)


main()
