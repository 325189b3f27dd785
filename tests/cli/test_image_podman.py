# SPDX-License-Identifier: MIT
"""
test_image_podman.py - images that podman has made, in every form it saves: the tree that is read of them is the one
that podman shows, and the commands that are said to start are those that start in podman's tree.
"""
import hashlib
import json
import os
import shutil
import stat
import tarfile
import tempfile

from harness import *
from _image import *

FORMS = {"docker-archive": "docker-archive", "oci-archive": "oci-archive", "oci-dir": "oci-layout", "docker-dir": "dir"}

BUILD_FILE = """
FROM scratch
COPY one /
RUN []
COPY two /
ENV PATH=/bin:/opt LD_LIBRARY_PATH=/lib
WORKDIR /srv
USER 7:8
ENTRYPOINT ["/bin/program"]
CMD ["-x", "y"]
"""


COMMANDS = ["sh", "tar", "cat", "cp", "mv"]


def make_trees(top):
    """What the two layers are copied from."""
    write_file(f"{top}/one/bin/program", "#!/bin/sh\n", 0o4755)
    write_file(f"{top}/one/lib/libx.so.1", os.urandom(200_000))
    write_file(f"{top}/one/etc/long/" + "n" * 180, "long")
    write_file(f"{top}/one/etc/\u00e9t\u00e9 \n", "odd")
    os.symlink("../etc", f"{top}/one/lib/etc")
    os.symlink("/nowhere", f"{top}/one/dangling")
    os.makedirs(f"{top}/one/replaced/by/file")
    write_file(f"{top}/one/same", "lower")
    if os.access("/bin/busybox", os.X_OK):
        shutil.copy("/bin/busybox", f"{top}/one/bin/busybox")
        for name in COMMANDS:
            os.symlink("busybox", f"{top}/one/bin/{name}")
    os.makedirs(f"{top}/two")
    write_file(f"{top}/two/same", "upper")
    write_file(f"{top}/two/bin/second", "2", 0o755)
    os.link(f"{top}/two/bin/second", f"{top}/two/bin/third")


def in_tar(path):
    """What podman's export has: names to what image_print says of them."""
    found = {}
    with tarfile.open(path) as tar:
        for each in tar:
            name = "/" + each.name.strip("/")
            target = tar.getmember(each.linkname) if each.islnk() else each
            kind = stat.S_IFREG if target.isreg() else stat.S_IFDIR if target.isdir() else stat.S_IFLNK
            found[name] = {"mode": kind | target.mode, "uid": target.uid, "gid": target.gid}
            if target.isreg():
                found[name]["sum"] = hashlib.sha256(tar.extractfile(target).read()).hexdigest()
            if target.issym():
                found[name]["link"] = target.linkname
    found.pop("/", None)
    return found


def podman(top, short, *words):
    # a store of its own, and nothing of the machine's
    return succeeds(run("podman", f"--root={top}/store", f"--runroot={short}/run", f"--tmpdir={short}/tmp",
                        "--storage-driver=vfs", "--cgroup-manager=cgroupfs", *words, timeout=120))


@test("what podman saves is read as the tree that podman exports, in every form, with the configuration")
def _():
    if not IS_ROOT:
        skip("podman's container is made by root here")
    if not shutil.which("podman"):
        skip("podman is not installed")
    top = tempdir()
    short = tempfile.mkdtemp(prefix="croft-t-", dir="/tmp")     # podman takes no run root of more than 50 characters
    cleanup(lambda: shutil.rmtree(short))
    make_trees(f"{top}/context")
    write_file(f"{top}/context/Containerfile", BUILD_FILE.replace("RUN []\n", ""))
    podman(top, short, "build", "--isolation=chroot", "--layers", "-q", "-t", "made:1", f"{top}/context")
    # a layer with whiteouts comes of a container in which something was removed
    podman(top, short, "create", "--name", "c", "made:1")
    mounted = podman(top, short, "mount", "c").out.strip()
    shutil.rmtree(f"{mounted}/replaced")
    write_file(f"{mounted}/replaced", "now a file")
    os.unlink(f"{mounted}/dangling")
    shutil.rmtree(f"{mounted}/etc/long")
    os.makedirs(f"{mounted}/etc/long")
    write_file(f"{mounted}/etc/long/new", "new")
    if os.path.exists(f"{mounted}/bin/busybox"):
        os.unlink(f"{mounted}/bin/tar")
        os.unlink(f"{mounted}/bin/cat")
        os.symlink("/nowhere/cat", f"{mounted}/bin/cat")
        os.unlink(f"{mounted}/bin/cp")
        os.link(f"{mounted}/bin/busybox", f"{mounted}/bin/cp")
    podman(top, short, "commit", "-q", "c", "made:2")
    podman(top, short, "export", "-o", f"{top}/tree.tar", "c")
    want = in_tar(f"{top}/tree.tar")
    fail = {name for name in COMMANDS if run("chroot", mounted, f"/bin/{name}", "--help").status}
    for form, kind in FORMS.items():
        podman(top, short, "save", "-q", "--format", form, "-o", f"{top}/{form}", "made:2")
        found, last = read_image(f"{top}/{form}", "--sums")
        got = {name: {key: value for key, value in known.items() if key in ("mode", "uid", "gid", "sum", "link")}
               for name, known in found.items()}
        for name in sorted(set(want) | set(got)):
            equal(got.get(name), want.get(name), f"{form}: {name}")
        equal(last["kind"], kind, "kind")
        answer = json.loads(run(CROFT, "image", "check", "--json", "--need", ",".join(COMMANDS), f"{top}/{form}").out)
        equal({found["subject"] for found in answer["findings"]}, fail, f"{form}: what does not start")
        equal([last[key] for key in ("user", "workdir", "path", "entrypoint", "cmd", "os")],
              ["7:8", "/srv", "/bin:/opt", ["/bin/program"], ["-x", "y"], "linux"], form)
        true(last["layers"] >= 3, f"{form}: {last['layers']} layers")
    true("/dangling" not in want and "/etc/long/new" in want and "/etc/long/" + "n" * 180 not in want,
         f"podman has not removed what was removed: {sorted(want)}")


main()
