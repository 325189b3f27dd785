# SPDX-License-Identifier: MIT
"""
test_image_layers.py - what an image made of layers is read as: layouts, archives, packings, whiteouts, mounts.
"""
import hashlib
import json
import os
import stat
import tarfile

from harness import *
from _image import *


def names(*layers, **how):
    """All names of an image of these layers."""
    path = as_directory(tempdir(), oci(*layers, **how))
    return sorted(read_image(path)[0])


def one(path, name, *options):
    return read_image(path, *options, names=[name])[0][name]


CONTENT = {"./etc/os-release": b"ID=debian\n", "usr/lib/libx.so.1": os.urandom(300_000), "usr/bin/x": os.urandom(9_000),
           "srv/data": os.urandom(70_000), "srv/empty": b""}


def content_layer():
    return layer(*[entry(name, data, mode=0o755 if "bin" in name else 0o644) for name, data in CONTENT.items()])


def check_content(path):
    found, last = read_image(path, "--sums")
    for name, data in CONTENT.items():
        equal(found["/" + name.removeprefix("./")]["sum"], hashlib.sha256(data).hexdigest(), name)
    return last


@test("every packing of a layer gives the same contents, whether they were expected to be asked for or not",
      variants=["none", "gzip", "zstd", "xz", "bzip2"])
def _(pack):
    equal(check_content(as_directory(tempdir(), oci(content_layer(), pack=pack)))["kind"], "oci-layout", "kind")


@test("layouts and archives give the same contents, and are told apart",
      variants=["oci-archive", "docker-archive", "docker-layout", "root-archive"])
def _(kind):
    path = os.path.join(tempdir(), "image")
    if kind == "oci-archive":
        as_archive(path, oci(content_layer(), pack="gzip"))
    elif kind == "docker-archive":
        as_archive(path, docker(content_layer()))
    elif kind == "docker-layout":
        as_directory(path, docker(content_layer()))
    else:
        write_file(path, content_layer())
    equal(check_content(path)["kind"], kind, "kind")


@test("an archive that is packed as a whole is read like any other", variants=sorted(PACK))
def _(pack):
    path = as_archive(os.path.join(tempdir(), "image"), docker(content_layer()), pack=pack)
    equal(check_content(path)["kind"], "docker-archive", "kind")


@test("a layer that is a link to another image's, as old docker save made them, is followed in the archive")
def _():
    store = docker(content_layer())
    moved = [symlink("0/layer.tar", "../other/layer.tar"), entry("other/layer.tar", store.pop("0/layer.tar"))]
    path = write_file(os.path.join(tempdir(), "image"), layer(*[entry(n, d) for n, d in store.items()], *moved))
    check_content(path)


@test("such a link is not followed out of the archive", variants=["../../../etc/passwd", "/etc/passwd", "layer.tar"])
def _(to):
    store = docker(content_layer())
    del store["0/layer.tar"]
    path = write_file(os.path.join(tempdir(), "image"),
                      layer(*[entry(n, d) for n, d in store.items()], symlink("0/layer.tar", to)))
    contains(refusal(path), "layer 1: read '0/layer.tar'")


@test("the configuration says what is run: user, directory, PATH, entrypoint, command")
def _():
    config = {"User": "7:8", "WorkingDir": "/srv", "Env": ["PATH=/a", "X=1", "PATH=/b:/c"],
              "Entrypoint": ["/bin/e", "-x"], "Cmd": ["y"]}
    last = read_image(as_directory(tempdir(), oci(layer("a"), config=config)))[1]
    equal([last[k] for k in ("user", "workdir", "path", "entrypoint", "cmd", "architecture", "os")],
          ["7:8", "/srv", "/b:/c", ["/bin/e", "-x"], ["y"], "amd64", "linux"])
    last = read_image(as_directory(tempdir(), oci(layer("a"))))[1]
    equal([last["user"], last["workdir"], last["path"], last["entrypoint"]],
          ["", "/", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", []])


# Layers over layers

@test("a later layer's entry takes the place of a lower one's, and says which layer it is of")
def _():
    path = as_directory(tempdir(), oci(layer(entry("a", b"1"), entry("b", b"1")), layer(entry("a", b"22", uid=5))))
    a, b = one(path, "/a"), one(path, "/b")
    equal((a["size"], a["uid"], a["origin"][:7]), (2, 5, "layer 2"))
    equal((b["size"], b["uid"], b["origin"][:7]), (1, 0, "layer 1"))


@test("a whiteout takes away what lower layers have, with all below it, and nothing else")
def _():
    equal(names(layer("d/x", "d/y/z", "e", "f"), layer("d/.wh.y", ".wh.e", ".wh.none", "g/.wh.x")),
          ["/d", "/d/x", "/f"])


@test("a whiteout does not take away what its own layer has put there, whichever comes first")
def _():
    for order in ("new/a", "new/.wh.a"), ("new/.wh.a", "new/a"):
        equal(names(layer("new/old"), layer(*order)), ["/new", "/new/a", "/new/old"])
    equal(names(layer("d/old"), layer("d/new", ".wh.d")), ["/d", "/d/new"])


@test("an opaque directory hides what lower layers have in it, and keeps its own layer's, whichever comes first")
def _():
    for order in (".wh..wh..opq", "new", "deep/new"), ("new", "deep/new", ".wh..wh..opq"):
        equal(names(layer("d/old", "d/deep/old", "d/deeper/er/old", "other"), layer(*[f"d/{n}" for n in order])),
              ["/d", "/d/deep", "/d/deep/new", "/d/new", "/other"])


@test("opaque directories within opaque directories, and in the root, hide each what is theirs")
def _():
    equal(names(layer("a/b/c/1", "a/b/2", "a/3"), layer("a/b/c/.wh..wh..opq", "a/b/.wh..wh..opq", "a/b/c/n")),
          ["/a", "/a/3", "/a/b", "/a/b/c", "/a/b/c/n"])
    equal(names(layer("a/b", "c"), layer("d", ".wh..wh..opq")), ["/d"])


@test("what was taken away can come back in a later layer")
def _():
    equal(names(layer("a/b"), layer(".wh.a"), layer("a/c")), ["/a", "/a/c"])
    equal(names(layer("a/b"), layer("a/.wh..wh..opq"), layer("a/b")), ["/a", "/a/b"])


@test("aufs's own files in a layer are no names of the image")
def _():
    equal(names(layer("a", folder(".wh..wh.plnk"), ".wh..wh.aufs")), ["/a"])


@test("a file takes the place of a directory with all below it, and a directory that of a file")
def _():
    equal(names(layer("a/b/c"), layer("a")), ["/a"])
    equal(names(layer("a"), layer("a/b")), ["/a", "/a/b"])
    equal(names(layer("a/b"), layer(folder("a", mode=0o700))), ["/a", "/a/b"])


@test("a directory's mode is the last layer's that names it; one that none names has the usual one")
def _():
    path = as_directory(tempdir(), oci(layer(folder("a", mode=0o755), "b/c"), layer(folder("a", mode=0o711, gid=3))))
    a, b = one(path, "/a"), one(path, "/b")
    equal((stat.S_IMODE(a["mode"]), a["gid"], stat.S_IMODE(b["mode"])), (0o711, 3, 0o755))


@test("a hard link has the content of what it links to, in its own layer and in a lower one, and keeps it")
def _():
    path = as_directory(tempdir(), oci(layer(entry("a", b"one"), hard_link("b", "a")),
                                       layer(hard_link("c", "a"), hard_link("d", "/b")),
                                       layer(entry("a", b"three"))))
    found, _last = read_image(path, "--sums")
    for name, data in ("/a", b"three"), ("/b", b"one"), ("/c", b"one"), ("/d", b"one"):
        equal(found[name]["sum"], hashlib.sha256(data).hexdigest(), name)


@test("a link of a lower layer on the way to an entry is replaced by a directory, as overlayfs shows it, and noted")
def _():
    path = as_directory(tempdir(), oci(layer("usr/lib/x", symlink("lib", "usr/lib")), layer("lib/y")))
    found, last = read_image(path)
    equal(sorted(found), ["/lib", "/lib/y", "/usr", "/usr/lib", "/usr/lib/x"])
    contains(last["notes"][0], "in the place of links of lower layers")


@test("a link of the same layer on the way to an entry is followed, inside the image")
def _():
    equal(names(layer("usr/lib/x", symlink("lib", "/usr/lib"), "lib/y")),
          ["/lib", "/usr", "/usr/lib", "/usr/lib/x", "/usr/lib/y"])


@test("of two entries with one name in a layer the later one counts")
def _():
    path = as_directory(tempdir(), oci(layer(entry("a", b"1"), entry("a", b"22"), symlink("b", "x"), entry("b", b"3"))))
    found, _last = read_image(path, "--sums")
    equal(found["/a"]["sum"], hashlib.sha256(b"22").hexdigest())
    equal(found["/b"]["sum"], hashlib.sha256(b"3").hexdigest())


@test("names are bytes: long ones, other alphabets, spaces, newlines and control characters come as they are")
def _():
    odd = ["a" * 255, "d/" * 50 + "x", "b\n\x01\x7f", "\u00e9t\u00e9", "caf\udce9", " "]
    for form in tarfile.PAX_FORMAT, tarfile.GNU_FORMAT:
        found = names(layer(*odd, form=form))
        for name in odd:
            shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
            true("/" + shown in found, f"{shown!r} is not in {found}")


@test("a file with holes is as long as it says, and its holes are zeros")
def _():
    big = tempdir()
    with open(f"{big}/holes", "wb") as f:
        f.seek(3_000_000)
        f.write(b"x" * 100)
        f.truncate(9_000_000)
    want = hashlib.sha256(open(f"{big}/holes", "rb").read()).hexdigest()
    for form in "gnu", "pax":
        succeeds(run("tar", "-S", f"--format={form}", "-cf", f"{big}/{form}.tar", "-C", big, "holes"))
        for pack in "none", "gzip":
            data = open(f"{big}/{form}.tar", "rb").read()
            path = as_directory(tempdir(), oci(data, pack=pack))
            found = read_image(path, "--sums")[0]["/holes"]
            equal((found["size"], found["sum"]), (9_000_000, want), f"{form} {pack}")


# Which image

@test("of several platforms this machine's is taken, or the one that is asked for; a lack is told with what there is")
def _():
    store = {}
    made = [manifest(store, [layer(name)], machine=name) | {"platform": {"os": "linux", "architecture": name}}
            for name in ("s390x", "arm64", "amd64")]
    made += [manifest(store, [layer("bom")]) | {"platform": {"os": "unknown", "architecture": "unknown"}}]
    inner = blob(store, json.dumps({"schemaVersion": 2, "manifests": made}).encode())
    path = as_directory(tempdir(), store | layout(inner))
    equal(sorted(read_image(path)[0]), ["/" + {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]])
    equal(sorted(read_image(path, "--arch", "s390x")[0]), ["/s390x"])
    contains(refusal(path, "--arch", "riscv64"),
             "--arch: no image is for it: there are linux/s390x, linux/arm64, linux/amd64")


@test("the only image there is is taken, though it is another machine's, unless a machine was asked for")
def _():
    store = {}
    only = manifest(store, [layer("a")], machine="s390x") | {"platform": {"os": "linux", "architecture": "s390x"}}
    path = as_directory(tempdir(), store | layout(only))
    equal(sorted(read_image(path)[0]), ["/a"])
    contains(refusal(path, "--arch", "amd64"), "there are linux/s390x")
    # where no index says it, the configuration does
    path = as_archive(os.path.join(tempdir(), "i"), docker(layer("a")))
    equal(sorted(read_image(path, "--arch", "amd64")[0]), ["/a"])
    contains(refusal(path, "--arch", "s390x"), "--arch: the image is for 'amd64', not 's390x'")


@test("of several images the one with the tag is taken; without a tag that is refused")
def _():
    store = {}
    made = [manifest(store, [layer(tag)]) | {"annotations": {"org.opencontainers.image.ref.name": tag}}
            for tag in ("one", "two")]
    path = as_directory(tempdir(), store | layout(*made))
    equal(sorted(read_image(path, "--tag", "two")[0]), ["/two"])
    contains(refusal(path), "several images, of which --tag takes one: there are one, two")
    contains(refusal(path, "--tag", "three"), "--tag: no image has that tag: there are one, two")
    # docker save has the whole name beside what is behind its colon
    for each, name in zip(made, ("a/x", "b/x")):
        each["annotations"] = {"org.opencontainers.image.ref.name": "1", "io.containerd.image.name": f"example.org/{name}:1"}
    path = as_directory(tempdir(), store | layout(*made))
    equal(sorted(read_image(path, "--tag", "b/x:1")[0]), ["/two"])
    for part in "1", "x:1":
        contains(refusal(path, "--tag", part), "several images, of which --tag takes one: there are example.org/a/x:1, example")
    made[0].pop("annotations")
    contains(refusal(as_directory(tempdir(), store | layout(*made))), "there are (one without a tag), example.org/b/x:1")


@test("of several images in a docker save the one with the tag is taken; without a tag that is refused")
def _():
    one, two = docker(layer("one")), docker(layer("two"))
    two["two/layer.tar"] = two.pop("0/layer.tar")
    lists = [json.loads(store.pop("manifest.json"))[0] for store in (one, two)]
    lists[1] |= {"Layers": ["two/layer.tar"], "RepoTags": ["u:2", "example.org/t:2"]}
    path = as_archive(os.path.join(tempdir(), "i"), one | two | {"manifest.json": json.dumps(lists).encode()})
    for tag in "example.org/t:2", "t:2", "u:2":
        equal(sorted(read_image(path, "--tag", tag)[0]), ["/two"])
    contains(refusal(path), "several images, of which --tag takes one: there are t:1, u:2")
    for tag in "t:3", ":2", "2", "org/t:2":
        contains(refusal(path, "--tag", tag), "--tag: no image has that tag: there are t:1, u:2")


# Directories and mounts

@test("a directory is the image as it is, whatever lies in it that is no manifest")
def _():
    path = tempdir()
    write_file(f"{path}/etc/x", "1")
    write_file(f"{path}/manifest.json", '{"name": "an application of the web"}')
    found, last = read_image(path)
    equal((sorted(found), last["kind"]), (["/etc", "/etc/x", "/manifest.json"], "directory"))


@test("a mount lies over the image, its links start at the image's root, and what is not in it is the image's",
      variants=["directory", "layers"])
def _(kind):
    host = tempdir()
    write_file(f"{host}/node", "node")
    os.symlink("/etc/inside", f"{host}/abs")
    os.symlink("../../../../../../etc/inside", f"{host}/up")
    if kind == "directory":
        image = tempdir()
        write_file(f"{image}/etc/inside", "in")
        write_file(f"{image}/opt/hidden", "h")
        write_file(f"{image}/opt-file", "o")
    else:
        image = as_directory(tempdir(), oci(layer(entry("etc/inside", b"in"), "opt/hidden", "opt-file")))
    options = ["--sums", "--mount", f"{host}:/__e/tools", "--mount", f"{host}:/opt", "--mount", f"{host}/node:/opt/n"]
    found, _last = read_image(image, *options)
    equal(found["/__e/tools/node"]["sum"], hashlib.sha256(b"node").hexdigest())
    equal(found["/opt/n"]["sum"], hashlib.sha256(b"node").hexdigest())
    equal(found["/etc/inside"]["sum"], hashlib.sha256(b"in").hexdigest())
    equal(found["/__e/tools/node"]["origin"], host)
    true("/opt/hidden" not in found and "/opt-file" in found, f"{sorted(found)}")
    for name in "/__e/tools/abs", "/__e/tools/up":
        equal(read_image(image, *options, names=[name + "/."])[0][name + "/."]["error"], "Not a directory")


@test("a mount on a link of the image lies where the link leads, inside the image")
def _():
    host = tempdir()
    write_file(f"{host}/f", "x")
    image = as_directory(tempdir(), oci(layer("srv/real/a", symlink("at", "/srv/real"))))
    equal(sorted(read_image(image, "--mount", f"{host}:/at/m")[0]),
          ["/at", "/srv", "/srv/real", "/srv/real/a", "/srv/real/m", "/srv/real/m/f"])


@test("a mount that cannot be is refused in one line")
def _():
    image = as_directory(tempdir(), oci(layer("file")))
    fifo = os.path.join(tempdir(), "fifo")
    os.mkfifo(fifo)
    for mount, why in ((f"{fifo}:/x", "neither a directory nor a regular file"), ("/nowhere:/x", "No such file"),
                       ("/etc", "is not HOST:PATH"), (":/x", "is not HOST:PATH"), ("/etc:/file/x", "Not a directory")):
        contains(refusal(image, "--mount", mount), why)


main()
