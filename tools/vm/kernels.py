# SPDX-License-Identifier: MIT
"""
kernels.py - which kernels there are, by package name, and how one comes into the cache.

A kernel is named by its version and architecture, 6.12-x86_64. In the cache it is a folder:

    kernel/6.12-x86_64/vmlinuz      the image
    kernel/6.12-x86_64/package      name, version and SHA-256 of the package it was in

Suites move on and packages vanish. Then Gone is raised, with a sentence; a copy in the cache is still used,
for what was checked when it came is as good today. The cloud flavour of Debian is small, has what is needed
built in, and boots without modules.
"""
import dataclasses
import shutil
import subprocess
import tempfile
from pathlib import Path

from archive import DEBIAN, Gone, replace_tree

ARCHES = ("x86_64", "aarch64")


@dataclasses.dataclass(frozen=True)
class Kernel:
    version: str        # "6.12", or "newest"
    arch: str
    suite: str
    pattern: str        # of the package's name, @ for Debian's name of the architecture
    abi: int            # of its Landlock; 0: none, None: known when it runs

    @property
    def name(self):
        return f"{self.version}-{self.arch}"


# Version, suite, pattern, ABI. Since 6.19 the image is in linux-binary-*; linux-image-* became a package that has
# no files and asks for it.
TABLE = [
    ("5.10", "bullseye", "linux-image-5.10.*-cloud-@", 0),
    ("6.1", "bookworm", "linux-image-6.1.*-cloud-@", 2),
    ("6.12", "trixie", "linux-image-6.12.*-cloud-@", 6),
    ("6.16", "trixie-backports", "linux-image-6.16.*-cloud-@", 7),
    ("6.17", "trixie-backports", "linux-image-6.17.*-cloud-@", 7),
    ("6.18", "trixie-backports", "linux-image-6.18.*-cloud-@", 7),
    ("6.19", "trixie-backports", "linux-binary-6.19.*-cloud-@", 7),
    ("7.0", "trixie-backports", "linux-binary-7.0.*-cloud-@", 8),
    ("7.1", "trixie-backports", "linux-binary-7.1.*-cloud-@", 9),
    ("7.2", "trixie-backports", "linux-binary-7.2.*-cloud-@", 10),
    ("7.3", "trixie-backports", "linux-binary-7.3.*-cloud-@", 11),
    ("newest", "trixie-backports", "linux-binary-*-cloud-@", None),
]
# 16 KiB pages, on aarch64 only.
TABLE_16K = [
    ("6.12-16k", "trixie", "linux-image-6.12.*-@-16k", 6),
    ("7.3-16k", "trixie-backports", "linux-binary-7.3.*-@-16k", 11),
]

ALL = [Kernel(version, arch, suite, pattern.replace("@", DEBIAN[arch]), abi)
       for arch in ARCHES for version, suite, pattern, abi in TABLE + (TABLE_16K if arch == "aarch64" else [])]
# What the tests run on by ./dev vm, on both architectures: no Landlock, ABI 2, 6 and 8, and the newest there is.
TESTED = ("5.10", "6.1", "6.12", "7.0", "newest")
# And in every ./dev test, for each is emulated for a minute or two: what tells something that no other of them does.
# None built in; none enabled; the oldest Landlock; the other architecture; the newest.
EVERY_RUN = ("5.10-x86_64", "6.1-x86_64-off", "6.1-x86_64", "6.12-aarch64", "newest-x86_64")
# Stable releases that stay on the mirrors: a run that could not test these has tested nothing.
REQUIRED = ("6.1", "6.12")


def versions():
    return list(dict.fromkeys(kernel.version for kernel in ALL))


def find(version, arch):
    """The kernel of that name; None if there is none."""
    return next((k for k in ALL if (k.version, k.arch) == (version, arch)), None)


def fetch(kernel, cache, suites):
    """
    Puts the kernel into the cache. -> (its folder, None or a sentence why it is an older copy)

    suites: name -> Suite. Raises Gone.
    """
    folder = cache / "kernel" / kernel.name
    is_there = (folder / "vmlinuz").exists()
    try:
        suite = suites[kernel.suite]
        package = suite.find(kernel.pattern, kernel.arch)
        if is_there and (folder / "package").read_text(encoding="utf-8") == str(package):
            return folder, None
        try:
            _unpack(suite, package, folder)
        except Gone:    # the index of yesterday names what the mirror has replaced
            suite.refresh(by_all_means=True)
            _unpack(suite, suite.find(kernel.pattern, kernel.arch), folder)
    except Gone as gone:
        if is_there:
            return folder, str(gone)
        raise
    return folder, None


def _unpack(suite, package, folder):
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        work = Path(work)
        suite.unpack(package, work / "all")
        # Under /boot, and since 6.19 under /usr/lib/modules.
        images = [path for path in sorted((work / "all").rglob("*")) if path.is_file() and not path.is_symlink()
                  and (path.name.startswith("vmlinuz") or path.name in ("linux", "Image"))]
        if not images:
            raise Gone(f"{package.name} {package.version} holds no kernel image")
        new = work / "new"
        new.mkdir()
        shutil.move(images[0], new / "vmlinuz")
        (new / "package").write_text(str(package), encoding="utf-8")
        replace_tree(new, folder)


def release_of(folder):
    """The version of a kernel in the cache, as 7.3: from the name of its package."""
    name = (folder / "package").read_text(encoding="utf-8").split()[0]
    return ".".join(name.split("-")[2].split(".")[:2])


def architecture():
    """Of this machine, by the kernel's name."""
    return subprocess.run(["uname", "-m"], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
