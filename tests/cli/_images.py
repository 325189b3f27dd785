# SPDX-License-Identifier: MIT
"""
_images.py - images to look into with croft image check: made of this machine's files, in each form that is read.

An image is a directory here; `forms` gives the same as an OCI layout and as an archive of docker save. Programs
are the machine's own, with the libraries that its loader finds for them, or small ones made with gcc.
"""
import functools
import hashlib
import io
import json
import tarfile

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

MACHINE = os.uname().machine
INTERP = {"x86_64": "/lib64/ld-linux-x86-64.so.2", "aarch64": "/lib/ld-linux-aarch64.so.1"}[MACHINE]
MUSL_INTERP = f"/lib/ld-musl-{MACHINE}.so.1"
OCI_MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}[MACHINE]
USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
HASH = "0123456789abcdfghijklmnpqrsvwxyz"
FOUND, SOUND = 1, 0

RELEASES = {
    "debian": "ID=debian\nVERSION_ID=\"12\"\n",
    "ubuntu": "ID=ubuntu\nID_LIKE=debian\n",
    "alpine": "ID=alpine\n",
    "fedora": "ID=fedora\n",
    "rhel": "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n",
    "arch": "ID=arch\n",
}
# What else there is in such an image.
MARKS = {
    "debian": ["/var/lib/dpkg/status", "/usr/bin/apt-get", "/etc/debian_version"],
    "ubuntu": ["/var/lib/dpkg/status", "/usr/bin/apt-get"],
    "alpine": ["/lib/apk/db/installed", "/sbin/apk"],
    "fedora": ["/usr/lib/sysimage/rpm/rpmdb.sqlite", "/usr/bin/dnf"],
    "rhel": ["/var/lib/rpm/rpmdb.sqlite", "/usr/bin/microdnf"],
    "arch": ["/var/lib/pacman/local/ALPM_DB_VERSION"],
}


def host_libraries(program):
    """Where the loader finds what the program needs: (name, path)."""
    listed = run("ldd", program).out
    return [(m[1].strip(), m[2]) for m in re.finditer(r"^\s*(\S+) => (/\S+)", listed, re.MULTILINE)] + \
        [(os.path.basename(m[1]), m[1]) for m in re.finditer(r"^\s*(/\S+) \(", listed, re.MULTILINE)]


ENTER = ["chroot"] if IS_ROOT else ["unshare", "-Ur", "chroot"]


@functools.cache
def can_enter():
    return run(*ENTER, "/", "/bin/true").status == 0


class Image:
    """A root directory of one family."""

    def __init__(self, family=None):
        self.root = os.path.join(tempdir(), "image")
        os.mkdir(self.root)
        self.config = {}
        if family in RELEASES:
            self.add("/etc/os-release", RELEASES[family])
            for name in MARKS[family]:
                self.add(name, "#!/bin/sh\n", 0o755)
            self.take("/bin/sh", "/bin/dash")

    def path(self, name):
        return self.root + name

    def add(self, name, data="", mode=0o644):
        return write_file(self.path(name), data, mode)

    def link(self, name, target):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        os.symlink(target, self.path(name))

    def copy(self, source, name):
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        if not os.path.lexists(self.path(name)):
            shutil.copy(os.path.realpath(source), self.path(name))

    def take(self, name, source=None):
        """A program of this machine with its libraries, each where its loader will look."""
        self.copy(source or shutil.which(name), name if name.startswith("/") else f"/usr/bin/{name}")
        for _, path in host_libraries(source or shutil.which(name)):
            self.copy(path, path)

    def made(self, name, text="", *options, compiler="gcc"):
        """A program of ours: it prints its name, or does what the text says."""
        source = os.path.join(tempdir(), "made.c")
        write_file(source, f"#include <stdio.h>\nint more(void);\nint main(void) {{ {text} puts(\"{os.path.basename(name)}\");"
                   " return 0; }\n")
        os.makedirs(os.path.dirname(self.path(name)), exist_ok=True)
        succeeds(run(compiler, "-o", self.path(name), source, *options))

    def check(self, *words, **how):
        return run_croft("image", "check", *words, self.root, **how)

    def starts(self, *words):
        """Really, below the image's root."""
        if not can_enter():
            skip("no other root can be had here")
        return run(*ENTER, self.root, *words)


def blob(folder, data):
    digest = hashlib.sha256(data).hexdigest()
    write_file(os.path.join(folder, "blobs", "sha256", digest), data)
    return {"digest": f"sha256:{digest}", "size": len(data)}


def layer_of(image):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        tar.add(image.root, ".")
    return out.getvalue()


def config_of(image, layer):
    return json.dumps({"architecture": OCI_MACHINE, "os": "linux", "config": image.config,
                       "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]}}).encode()


def oci_layout(image, layer):
    folder = os.path.join(tempdir(), "layout")
    kind = "application/vnd.oci.image."
    manifest = {"schemaVersion": 2, "mediaType": kind + "manifest.v1+json",
                "config": {"mediaType": kind + "config.v1+json", **blob(folder, config_of(image, layer))},
                "layers": [{"mediaType": kind + "layer.v1.tar", **blob(folder, layer)}]}
    index = {"schemaVersion": 2, "manifests": [{"mediaType": kind + "manifest.v1+json",
                                                **blob(folder, json.dumps(manifest).encode())}]}
    write_file(os.path.join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}')
    write_file(os.path.join(folder, "index.json"), json.dumps(index))
    return folder


def docker_archive(image, layer):
    path = os.path.join(tempdir(), "saved.tar")
    members = {"abc/layer.tar": layer, "config.json": config_of(image, layer),
               "manifest.json": json.dumps([{"Config": "config.json", "RepoTags": ["job:1"], "Layers": ["abc/layer.tar"]}]).encode()}
    with tarfile.open(path, "w") as tar:
        for name, data in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return path


def forms(image):
    """The same image in each form: what it is called, and its path."""
    layer = layer_of(image)
    found = {"an OCI layout": oci_layout(image, layer), "an archive of docker save": docker_archive(image, layer)}
    return found if image.config else {"a directory": image.root, **found}


def answer_of(path, *words):
    result = run_croft("image", "check", "--json", *words, path)
    equal(result.err, "", "standard error")
    answer = json.loads(result.out)
    equal(result.status, FOUND if answer["findings"] else SOUND, "status")
    return answer


def findings(image, *words):
    """[(what, mend)], the same from each form and in the text for people."""
    found = None
    for name, path in forms(image).items():
        answer = answer_of(path, *words)
        these = [(f["what"], f["mend"]) for f in answer["findings"]]
        equal(these, these if found is None else found, f"the findings of {name}")
        found = these
    lines = run_croft("image", "check", *words, path).out.splitlines()
    # what is quoted in JSON is escaped in the text
    equal(len(lines), len(found), "lines")
    for line, (what, mend) in zip(lines, found):
        matches(line, r"^croft: ", "line")
        contains(line, what.split("\\")[0], "line")
        contains(line, mend.split("\\")[0], "line")
    return found


def finds(image, words, *expected):
    """Just these findings, each given as parts of its line, in this order."""
    found = findings(image, *words)
    lines = [f"{what} ({mend})" for what, mend in found]
    equal(len(lines), len(expected), f"number of findings {lines}")
    for line, parts in zip(lines, expected):
        for part in parts:
            contains(line, part, "finding")
    return found


def sound(image, *words):
    equal(findings(image, *words), [], "findings")
