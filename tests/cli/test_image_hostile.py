# SPDX-License-Identifier: MIT
"""
test_image_hostile.py - images made to harm whoever reads them: refused in one line that names the place, in bounded
memory and time, or read without leaving them.
"""
import gzip
import hashlib
import json
import os
import resource
import tarfile
import threading

from harness import *
from _image import *

# A sanitizer takes terabytes of addresses for itself; what is measured then is the memory in use.
IS_SANITIZED = is_sanitized(PRINT)
MEMORY = 1 << 30


def bounded():
    if not IS_SANITIZED:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def refused(path, *options, timeout=600 if IS_SANITIZED else 60):
    return refusal(path, *options, preexec_fn=bounded, timeout=timeout)


def image(*layers, **how):
    return as_directory(tempdir(), oci(*layers, **how))


def canary():
    """A file outside of every image."""
    return write_file(os.path.join(tempdir(), "outside"), "secret")


# Names that would lead out

@test("an entry that leads out, or cannot be, is refused with its layer and name", variants=[
    "absolute", "up", "up in the middle", "hard link out", "hard link to nothing", "hard link to a directory",
    "loop on the way", "below a file", "long part", "long name", "whiteout of nothing", "whiteout of up"])
def _(kind):
    bad, why = {
        "absolute": (["/etc/passwd"], "entry '/etc/passwd': an absolute name"),
        "up": (["../etc/passwd"], "entry '../etc/passwd': '..' in a name"),
        "up in the middle": (["a/../../etc/passwd"], "'..' in a name"),
        "hard link out": ([hard_link("a", "../../etc/passwd")], "entry 'a': a hard link to a name with '..'"),
        "hard link to nothing": ([hard_link("a", "etc/passwd")], "entry 'a': a hard link to what is not there"),
        "hard link to a directory": ([folder("d"), hard_link("a", "d")], "entry 'a': a hard link to a directory"),
        "loop on the way": ([symlink("a", "b"), symlink("b", "a"), "a/c"], "entry 'a/c': links lead in a circle"),
        "below a file": (["f", "f/x"], "entry 'f/x': it lies below what the same layer says is no directory"),
        "long part": (["a" * 256], "a part of its name is too long"),
        "long name": (["a/" * 2048 + "b"], "its name is too long"),
        "whiteout of nothing": ([folder("d"), "d/.wh."], "entry 'd/.wh.': a whiteout of no name"),
        "whiteout of up": ([folder("d"), "d/.wh..."], "a whiteout of no name"),
    }[kind]
    for pack in "none", "gzip":
        said = refused(image(layer("good"), layer(*bad), pack=pack))
        contains(said, "layer 2 (sha256:")
        contains(said, why)


@test("a link that the layer makes and then uses as a directory leads nowhere but in the image",
      variants=["absolute", "up", "hard link through it"])
def _(kind):
    outside = canary()
    away = os.path.dirname(outside)
    made = {"absolute": [symlink("out", away), "out/new"],
            "up": [symlink("d/out", "../" * 40 + away[1:]), "d/out/new"],
            "hard link through it": [symlink("out", away), entry(away[1:] + "/outside", b"inside"),
                                     hard_link("got", "out/outside")]}[kind]
    path = image(layer(*made))
    found, _last = read_image(path, "--sums", preexec_fn=bounded)
    equal(os.listdir(away), ["outside"])
    equal(read_file(outside), "secret")
    if kind == "hard link through it":
        equal(found["/got"]["size"], len("inside"))
    else:
        true(away + "/new" in found, f"{sorted(found)}")
    # and read through the link, the image's file comes, or nothing
    for name in "/out/outside", "/d/out/outside":
        lacks(str(read_image(path, "--sums", names=[name])[0]), hashlib.sha256(b"secret").hexdigest())


@test("links that lead in a circle, or out, are read as what they are, and never followed out")
def _():
    outside = canary()
    found, _last = read_image(image(layer(symlink("a", "b"), symlink("b", "a"), symlink("c", outside),
                                          symlink("d", "../../../.." + outside), symlink("self", "self/x"))))
    equal([found["/" + n]["link"] for n in "abcd"], ["b", "a", outside, "../../../.." + outside])
    said = read_image(image(layer(symlink("a", "b"), symlink("b", "a"), symlink("c", outside))),
                      names=["/a/.", "/c/."])[0]
    equal([said["/a/."]["error"], said["/c/."]["error"]],
          ["Too many levels of symbolic links", "No such file or directory"])


@test("a digest that is none, or leads out, is refused", variants=["../../etc/passwd", "sha256:../x", "md5:00",
                                                                  "sha256:" + "A" * 64, "sha256:" + "0" * 63, ""])
def _(text):
    store = layout({"digest": text, "size": 1})
    contains(refused(as_directory(tempdir(), store)), "is no sha256 or sha512 digest")


# Bytes that are not what they should be

@test("a blob that is not what its digest says is refused by its name", variants=["layer", "config", "manifest", "size"])
def _(what):
    store = oci(layer("a", "b"))
    for name, data in list(store.items()):
        kind = ("config" if b"rootfs" in data[:200] else "manifest" if b"schemaVersion" in data[:30] else "layer")
        if name.startswith("blobs/") and kind == what:
            store[name] = data[:-1] + bytes([data[-1] ^ 1])
            said = refused(as_directory(tempdir(), store))
            contains(said, "not those of that digest")
            contains(said, f"layer 1 (sha256:{name[13:25]})" if what == "layer" else name)
        elif name.startswith("blobs/") and kind == "layer" and what == "size":
            store[name] = data + END
            contains(refused(as_directory(tempdir(), store)), "its size is not what the manifest says")


@test("a layer of docker save that is not what the configuration says is refused")
def _():
    store = docker(layer("a"), layer("b"))
    store["1/layer.tar"] = layer("other")
    contains(refused(as_archive(os.path.join(tempdir(), "i"), store)), "layer 2 (sha256:")


@test("a layer that ends too early is refused, though its digest is right", variants=sorted(PACK))
def _(pack):
    data = PACK[pack](layer(entry("first", os.urandom(40_000)), entry("second", os.urandom(40_000))))
    said = refused(image(layer("x"), packed=[data[:len(data) // 2]]))
    contains(said, "layer 1 (sha256:")


@test("an archive that is cut off is refused, also where an entry ends; with a right digest its layer may lack the end")
def _():
    whole = as_archive(os.path.join(tempdir(), "i"), docker(layer(entry("a", b"x" * 3000), "b")))
    data = open(whole, "rb").read()
    end = len(data.rstrip(b"\0")) + 511 & ~511     # the last entry's; the mark of the end is behind it
    for at in range(0, end + 1, 512):
        with open(whole, "wb") as f:
            f.write(data[:at])
        said = refused(whole)
        contains(said, "no tar archive" if at == 0 else "the archive ", f"at {at}")
    for pack in "none", "gzip":
        with open(whole, "wb") as f:
            f.write(data[:end + 512])
        read_image(whole)
        bare = layer("a", "b")[:1024]
        contains(refused(write_file(whole, PACK[pack](bare))), "the archive has no end: it is cut off", pack)
        equal(sorted(read_image(image(bare, pack=pack))[0]), ["/a", "/b"])
    store = docker(layer("a"))
    store["0/layer.tar"] = gzip.compress(bare)
    contains(refused(as_archive(whole, store)), "layer 1: it has no end: it is cut off")


@test("a damaged layer is refused, or read, and never harms", variants=sorted(PACK))
def _(pack):
    data = PACK[pack](layer(*[entry(f"d/{n}", os.urandom(3000)) for n in range(8)]))
    refusals = 0
    for at in range(0, min(len(data), 24_000), 1200):
        bad = data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1:]
        done = run(PRINT, "--sums", image(layer("x"), packed=[bad]), preexec_fn=bounded)
        true(done.status in (0, 1) and (done.status == 0 or done.err.count("\n") == 1), str(done))
        refusals += done.status
    true(refusals > 0, "no damage was noticed")


@test("what is no archive is refused", variants=["empty", "text", "zeros", "gzip of text", "half a header"])
def _(kind):
    data = {"empty": b"", "text": b"hello" * 1000, "zeros": b"", "gzip of text": gzip.compress(b"hello" * 1000),
            "half a header": layer("a")[:300]}[kind]
    path = write_file(os.path.join(tempdir(), "i"), data)
    if kind == "zeros":     # is an empty archive, as far as it goes: an image with nothing in it
        write_file(path, END)
        equal(read_image(path)[0], {})
        return
    contains(refused(path), "no tar archive")


# Too much

@test("ten million entries are refused after two million, in bounded memory")
def _():
    template = bytearray(raw_header(b"d/00000", size=0))
    plain = sum(template) - sum(template[148:156]) + 8 * 32
    zeros = sum(b"00000")
    heads = []
    for n in range(100_000):
        digits = b"%05d" % n
        template[2:7] = digits
        template[148:156] = b"%06o\0 " % (plain + sum(digits) - zeros)
        heads.append(bytes(template))
    chunk = gzip.compress(b"".join(heads), 6)
    path = as_directory(tempdir(), docker(layer("x")))
    with open(f"{path}/0/layer.tar", "wb") as f:
        for part in range(100):
            f.write(gzip.compress(layer(folder(f"{part}"), symlink("d", f"{part}"))[:1024]) + chunk)
        f.write(gzip.compress(END))
    contains(refused(path), "the image has more than 2,097,152 names")


@test("a layer that claims a TiB it does not have is refused", variants=["none", "gzip"])
def _(pack):
    data = raw_header(b"huge", size=1 << 40) + b"x" * 5000
    said = refused(image(layer("x"), packed=[PACK[pack](data)]))
    contains(said, "layer 1 (sha256:")
    contains(said, "entry 'huge'")
    for kind, name in (b"x", "pax header"), (b"L", "long name"), (b"g", "global header"):
        said = refused(image(layer("x"), packed=[PACK[pack](raw_header(b"h", kind, 1 << 40) + b"x" * 5000)]))
        contains(said, "layer 1 (sha256:", name)


@test("a layer that is a TiB of holes is refused; without a digest it is read to the end of its archive")
def _():
    data = layer("a")
    store = oci(data)
    path, name = as_directory(tempdir(), store), "blobs/sha256/" + digest(data)[7:]
    with open(f"{path}/{name}", "r+b") as f:
        f.truncate(1 << 40)
    text = next(n for n, d in store.items() if b'"layers": ' in d)
    made = json.dumps(json.loads(store[text]) | {"layers": [{"digest": digest(data), "size": 1 << 40}]}).encode()
    as_directory(path, layout(blob(store, made)) | {"blobs/sha256/" + digest(made)[7:]: made})
    contains(refused(path), "it has more than 128 GiB")
    path = as_directory(tempdir(), docker(gzip.compress(data)))
    text = next(n for n in os.listdir(path) if n.endswith(".json") and n != "manifest.json")
    write_file(f"{path}/config.json", "{}")
    write_file(f"{path}/manifest.json", read_file(f"{path}/manifest.json").replace(text, "config.json"))
    write_file(f"{path}/0/layer.tar", data)
    with open(f"{path}/0/layer.tar", "r+b") as f:
        f.truncate(100 << 30)
    equal(sorted(read_image(path, preexec_fn=bounded, timeout=20)[0]), ["/a"])


@test("a file that claims a TiB of holes is a name like any other, and opening it is refused")
def _():
    made = os.path.join(tempdir(), "t.tar")
    with open(os.path.join(os.path.dirname(made), "holes"), "wb") as f:
        f.truncate(1 << 40)
    succeeds(run("tar", "-S", "-cf", made, "-C", os.path.dirname(made), "holes"))
    for pack in "none", "gzip":
        path = image(open(made, "rb").read(), pack=pack)
        found, last = read_image(path, "--sums", preexec_fn=bounded)
        equal((found["/holes"]["size"], found["/holes"]["sum"]), (1 << 40, "File too large"))
        contains(last["notes"][0], "more than 512 MiB")


@test("a layer that unpacks to more than it should is refused as a bomb", variants=["a file", "the archive"])
def _(kind):
    zeros = gzip.compress(bytes(16 << 20), 6)
    path = as_directory(tempdir(), docker(layer("x")))
    lead = gzip.compress(raw_header(b"zeros", size=64 << 30))
    if kind == "the archive":
        path = os.path.join(path, "archive")
        write_file(path)
    with open(path if kind == "the archive" else f"{path}/0/layer.tar", "wb") as f:
        f.write(lead + zeros * 400)
    contains(refused(path), "a decompression bomb")


@test("a layer below the bound, named again and again, is refused when all together are too much")
def _():
    data = gzip.compress(raw_header(b"zeros", size=512 << 20)) + gzip.compress(bytes(16 << 20), 6) * 32 + gzip.compress(END)
    store = {}
    each = blob(store, data)
    made = {"config": blob(store, b"{}"), "layers": [each] * 500}
    path = as_directory(tempdir(), store | layout(blob(store, json.dumps(made).encode())) | store)
    contains(refused(path), "the layers and the passes through them unpack to too much in all")


@test("headers of 100 MB, and headers without end, are refused")
def _():
    many = gzip.compress(b"a" * (20 << 20), 1) * 5
    for kind, name in (b"x", "pax header"), (b"L", "long name"):
        data = gzip.compress(raw_header(b"h", kind, 100 << 20)) + many + gzip.compress(raw_header(b"f") + END)
        contains(refused(image(layer("x"), packed=[data])), "layer 1 (sha256:", name)
    body = b"13 comment=a\n".ljust(512, b"\0")
    for kind in b"x", b"g":
        data = (raw_header(b"h", kind, 13) + body) * 100_000 + raw_header(b"f") + END
        contains(refused(image(layer("x"), packed=[gzip.compress(data, 1)])), "layer 1 (sha256:", str(kind))


@test("five hundred layers are read, a thousand are refused")
def _():
    found, last = read_image(image(*[layer(f"{n}") for n in range(500)]), preexec_fn=bounded)
    equal((len(found), last["layers"]), (500, 500))
    contains(refused(image(*[layer(f"{n}") for n in range(1000)])), "more than 500 layers")


@test("a JSON of 100 MB is not read", variants=["index.json", "manifest.json"])
def _(name):
    path = as_directory(tempdir(), oci(layer("a")) if name == "index.json" else docker(layer("a")))
    with open(f"{path}/{name}", "r+b") as f:
        f.truncate(100 << 20)
    if name == "index.json":    # a directory with another manifest.json is what it is
        contains(refused(path), f"{name}: it has more than 4 MiB")
    store = {n: open(f"{path}/{n}", "rb").read() for n in (name, "oci-layout") if os.path.exists(f"{path}/{n}")}
    contains(refused(as_archive(os.path.join(tempdir(), "i"), store)), f"{name}: it has more than 4 MiB")


@test("JSON that is none, or too deep, or of another shape is refused", variants=[
    b"", b"{", b"deep", b"[]", b"{}", b'{"manifests": {}}', b'{"manifests": [1, "x", null, []]}', b"null",
    b'{"manifests": []}', b'{"manifests": [{"digest": 1}]}', b'\xff\xfe', b'{"manifests": [{"size": -1}]}'])
def _(text):
    text = b"[" * 100_000 if text == b"deep" else text
    contains(refused(as_directory(tempdir(), {"oci-layout": b"{}", "index.json": text})), "index.json")


@test("a list of docker save that is of another shape is refused", variants=[
    b"[]", b"[1]", b"[{}]", b'[{"Config": "c"}]', b'[{"Config": "c", "Layers": []}]', b'[{"Config": 1, "Layers": []}]',
    b'[{"Config": "../../../etc/passwd", "Layers": []}]', b'[{"Config": "manifest.json", "Layers": ["/etc/passwd"]}]',
    b'[{"Config": "manifest.json", "Layers": [1]}]'])
def _(text):
    path = as_archive(os.path.join(tempdir(), "i"), {"manifest.json": text})
    true(refused(path).startswith(path), "the image is not named")
    true(refused(as_directory(tempdir(), {"manifest.json": text})), "refused")


@test("indexes that lead on and on, or a manifest that names itself, are refused")
def _():
    store = {}
    inner = manifest(store, [layer("a")])
    for _level in range(10):
        inner = blob(store, json.dumps({"manifests": [inner]}).encode())
    contains(refused(as_directory(tempdir(), store | layout(inner))), "indexes lead on without end")
    # nobody can make bytes that hold their own digest: it is the digest that is wrong
    for key in "manifests", "layers":
        name = "blobs/sha256/" + "0" * 64
        itself = {"digest": "sha256:" + "0" * 64, "size": 1}
        text = json.dumps({key: [itself], "config": itself}).encode()
        contains(refused(as_directory(tempdir(), {name: text} | layout(itself))), "not those of that digest")


# Where the image lies

@test("an image that is a FIFO, a device or a socket is refused without waiting", variants=["fifo", "/dev/zero",
                                                                                           "/dev/tty", "link to fifo"])
def _(kind):
    path = kind
    if "fifo" in kind:
        path = os.path.join(tempdir(), "i")
        os.mkfifo(path)
    if kind == "link to fifo":
        os.symlink(path, path + "-link")
        path += "-link"
    contains(refused(path, timeout=10), "neither a directory nor a regular file")


@test("FIFOs in the place of what a layout is made of are refused without waiting")
def _():
    store = oci(layer("a"))
    for name in store:
        path = as_directory(tempdir(), store)
        os.unlink(f"{path}/{name}")
        os.mkfifo(f"{path}/{name}")
        done = run(PRINT, path, timeout=10)
        true(done.status == (0 if name in ("oci-layout", "index.json") else 1), str(done))


@test("links in a layout do not lead out of it")
def _():
    store = oci(layer("a"))
    for name in store:
        path, away = as_directory(tempdir(), store), os.path.join(tempdir(), "away")
        os.rename(f"{path}/{name}", away)
        os.symlink(away, f"{path}/{name}")
        done = run(PRINT, path, timeout=10)
        if name.startswith("blobs"):
            status_is(done, 1)
            contains(done.err, "No such file")
        else:
            equal(json.loads(done.out.splitlines()[-1])["kind"], "directory")


@test("FIFOs and devices in a directory, and in layers, are names, and are not opened")
def _():
    path = tempdir()
    os.mkfifo(f"{path}/fifo")
    found, _last = read_image(path, "--sums", timeout=10)
    equal(list(found), ["/fifo"])
    made = [entry("fifo", kind=tarfile.FIFOTYPE), entry("null", kind=tarfile.CHRTYPE, devmajor=1, devminor=3),
            entry("sda", kind=tarfile.BLKTYPE, devmajor=8)]
    found, _last = read_image(image(layer(*made)), "--sums", timeout=10)
    equal([found["/" + n]["mode"] >> 12 for n in ("fifo", "null", "sda")], [1, 2, 6])


@test("what may not be read is said: an image, a directory in it, a blob")
def _():
    if IS_ROOT:
        become = {"preexec_fn": lambda: (os.setgroups([]), os.setresgid(65534, 65534, 65534),
                                         os.setresuid(65534, 65534, 65534))}
    else:
        become = {}
    top = tempdir()
    os.chmod(top, 0o755)
    path = f"{top}/root"
    write_file(f"{path}/closed/x", "x")
    write_file(f"{path}/open/x", "x")
    os.chmod(f"{path}/closed", 0)
    found, _last = read_image(path, names=["/closed/x", "/open/x"], **become)
    equal(found["/closed/x"].get("error"), "Permission denied")
    equal(found["/open/x"]["size"], 1)
    blobs = as_directory(f"{top}/blobs", oci(layer("a")))
    name = next(n for n in oci(layer("a")) if n.startswith("blobs/"))
    os.chmod(f"{blobs}/{name}", 0)
    contains(refusal(blobs, **become), "Permission denied")
    write_file(f"{top}/archive", layer("a"), 0)
    contains(refusal(f"{top}/archive", **become), "Permission denied")


@test("an image that changes while it is read is read or refused, and nothing else")
def _():
    path = tempdir()
    store = oci(layer(*[entry(f"d/{n}", os.urandom(20_000)) for n in range(60)]), pack="gzip")
    as_directory(path, store)
    stop = threading.Event()

    def change():
        while not stop.is_set():
            for name, data in store.items():
                for change in (data[:len(data) // 2], b"", data):
                    write_file(f"{path}/{name}", change)
    thread = threading.Thread(target=change)
    thread.start()
    cleanup(thread.join)
    cleanup(stop.set)
    ends = {run(PRINT, "--sums", path, preexec_fn=bounded, timeout=30).status for _n in range(40)}
    true(ends <= {0, 1}, f"{ends}")


@test("a directory that changes while it is read under a mount is read, and never left")
def _():
    outside, path, host = canary(), tempdir(), tempdir()
    write_file(f"{path}/d/outside", "inside")
    stop = threading.Event()

    def change():
        while not stop.is_set():
            os.rename(f"{path}/d", f"{path}/away")
            os.symlink(os.path.dirname(outside), f"{path}/d")
            os.unlink(f"{path}/d")
            os.rename(f"{path}/away", f"{path}/d")
    thread = threading.Thread(target=change)
    thread.start()
    cleanup(thread.join)
    cleanup(stop.set)
    secret = hashlib.sha256(b"secret").hexdigest()
    for _n in range(60):
        found, _last = read_image(path, "--sums", "--mount", f"{host}:/m", names=["/d/outside"])
        lacks(str(found), secret)


main()
