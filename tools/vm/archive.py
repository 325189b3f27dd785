# SPDX-License-Identifier: MIT
"""
archive.py - Debian packages of any suite and architecture, without touching this machine's own apt.

Each suite gets an apt root of its own in the cache: one line of sources, its own lists, status and locks. So
nothing outside changes, no foreign architecture has to be added, and nobody has to be root. The address of the
mirror is the one in this machine's configuration. apt checks the signature of the suite with Debian's keyring,
the index against that, and each package against the index; the SHA-256 is computed here once more, of the
bytes that are unpacked.

An index is asked for again when it is older than a day, or when a package that was to be had yesterday cannot
be downloaded any more.
"""
import dataclasses
import fnmatch
import getpass
import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
FRESH_SECONDS = 24 * 3600
DEBIAN = {"x86_64": "amd64", "aarch64": "arm64"}

CONF = """\
Dir::State "{root}/"; Dir::State::lists "{root}/lists/"; Dir::State::status "{root}/status";
Dir::Cache "{root}/"; Dir::Cache::archives "{root}/archives/";
Dir::Cache::pkgcache "pkgcache.bin"; Dir::Cache::srcpkgcache "";
Dir::Etc::sourcelist "{root}/sources.list"; Dir::Etc::sourceparts "{root}/none";
Dir::Etc::preferences "{root}/none/p"; Dir::Etc::preferencesparts "{root}/none";
APT::Architecture "amd64"; APT::Architectures {{ "amd64"; "arm64"; }};
APT::Sandbox::User "{user}"; APT::Update::Error-Mode "any"; Acquire::Languages "none"; Acquire::PDiffs "false";
Acquire::Retries "3"; Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false"; APT::Get::List-Cleanup "true";
#clear APT::Update::Pre-Invoke; #clear APT::Update::Post-Invoke; #clear APT::Update::Post-Invoke-Success;
"""


class Gone(Exception):
    """The mirror has no such package, or no such suite, any more."""


@dataclasses.dataclass(frozen=True)
class Package:
    name: str
    arch: str           # Debian's name of it
    version: str
    sha256: str
    suite: str

    def __str__(self):
        return f"{self.name} {self.version} {self.sha256}"


def call(*argv, env=None):
    """Standard output of a program that succeeds; else CalledProcessError."""
    return subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=env, text=True).stdout


def mirror():
    """The address of Debian's main archive, as this machine is configured."""
    rows = call("apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN) $(LABEL)", "Created-By: Packages")
    for row in sorted(set(rows.splitlines())):
        address, *words = row.split(" ")
        if words == ["Debian", "Debian"]:
            return address
    raise Gone("the apt configuration of this machine has no mirror of Debian (or its lists are empty: apt-get update)")


class Suite:
    """One suite of the archive, both architectures."""

    def __init__(self, cache, name):
        self.name, self.root = name, cache / "apt" / name
        self.is_checked = False

    def _apt(self, *words):
        return call(*words[:1], "-c", str(self.root / "apt.conf"), *words[1:], env={**os.environ, "LC_ALL": "C"})

    def refresh(self, by_all_means=False):
        """Makes the index current."""
        if self.is_checked and not by_all_means:
            return
        for folder in ("lists/partial", "archives/partial", "none"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        (self.root / "status").touch()
        (self.root / "apt.conf").write_text(CONF.format(root=self.root, user=getpass.getuser()), encoding="utf-8")
        stamp = self.root / "updated"
        if by_all_means or not stamp.exists() or not 0 <= time.time() - stamp.stat().st_mtime < FRESH_SECONDS:
            self._update()
            stamp.touch()
        self.is_checked = True

    def _update(self):
        if not os.path.exists(KEYRING):
            raise Gone(f"{KEYRING} is missing (package debian-archive-keyring): nothing could be checked")
        (self.root / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror()} {self.name} main\n", encoding="utf-8")
        try:
            self._apt("apt-get", "-qq", "update")
        except subprocess.CalledProcessError as e:
            said = [line for line in e.stderr.splitlines() if line.startswith("E:")] or ["apt-get update failed"]
            raise Gone(f"suite {self.name}: {said[0]}") from e

    def find(self, pattern, arch):
        """The package of that name, or of several whose name matches the pattern, that of the highest version."""
        self.refresh()
        deb = DEBIAN[arch]
        names = self._apt("apt-cache", "pkgnames", pattern.split("*")[0]).split()
        best = None
        for name in fnmatch.filter(sorted(names), pattern):
            for found in self._versions(name, deb):
                if not best or self._is_newer(found.version, best.version):
                    best = found
        if not best:
            raise Gone(f"suite {self.name} has no {pattern} for {deb}")
        return best

    def _versions(self, name, deb):
        try:
            text = self._apt("apt-cache", "show", f"{name}:{deb}")
        except subprocess.CalledProcessError:   # of another architecture only
            return
        for paragraph in text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and line[0] != " ")
            if fields.get("Architecture") in (deb, "all") and "SHA256" in fields:
                yield Package(name, deb, fields["Version"], fields["SHA256"], self.name)

    def has(self, name):
        """Whether there is a package of that name."""
        self.refresh()
        return name in self._apt("apt-cache", "pkgnames", name).split()

    def depends(self, package):
        """What it depends on, as lists of alternative names."""
        text = self._apt("apt-cache", "show", f"{package.name}:{package.arch}={package.version}")
        fields = dict(line.split(": ", 1) for line in text.split("\n\n")[0].splitlines() if ": " in line and line[0] != " ")
        every = [fields[f] for f in ("Pre-Depends", "Depends") if f in fields]
        return [[word.split()[0].split(":")[0] for word in group.split("|")] for line in every for group in line.split(", ")]

    @staticmethod
    def _is_newer(version, other):
        return subprocess.run(["dpkg", "--compare-versions", version, "gt", other], check=False).returncode == 0

    def unpack_closure(self, names, arch, target, without=()):
        """
        Downloads and unpacks packages with all that they depend on, but for those whose names fit a pattern of without. apt
        checks each against the index.
        """
        self.refresh()
        with tempfile.TemporaryDirectory(dir=self.root) as folder:
            Path(folder, "partial").mkdir()
            options = ["-qq", "-c", str(self.root / "apt.conf"), "-o", f"Dir::Cache::archives={folder}",
                       "-o", "APT::Install-Recommends=false"]
            try:
                call("apt-get", *options, "-y", "--download-only", "install", *[f"{name}:{DEBIAN[arch]}" for name in names])
            except subprocess.CalledProcessError as e:
                raise Gone(f"{', '.join(names)}: {(e.stderr.strip().splitlines() or ['cannot be downloaded'])[-1]}") from e
            target.mkdir(parents=True, exist_ok=True)
            for deb in sorted(Path(folder).glob("*.deb")):
                if not any(fnmatch.fnmatchcase(deb.name.split("_")[0], pattern) for pattern in without):
                    unpack_file(deb, target)

    def unpack(self, package, target):
        """Downloads, checks and unpacks a package below target."""
        with tempfile.TemporaryDirectory(dir=self.root) as folder:
            try:
                call("sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", folder, "apt-get", "-qq", "-c",
                     str(self.root / "apt.conf"), "download", f"{package.name}:{package.arch}={package.version}")
            except subprocess.CalledProcessError as e:
                raise Gone(f"{package.name} {package.version}: {e.stderr.strip() or 'cannot be downloaded'}") from e
            [deb] = Path(folder).glob("*.deb")
            digest = hashlib.sha256(deb.read_bytes()).hexdigest()
            if digest != package.sha256:
                raise Gone(f"{package.name} {package.version}: SHA-256 {digest}, the index says {package.sha256}")
            target.mkdir(parents=True, exist_ok=True)
            unpack_file(deb, target)


def unpack_file(deb, target):
    """A package's files below target, through the directories' links that are there."""
    with subprocess.Popen(["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE) as source:
        subprocess.run(["tar", "-x", "--no-same-owner", "--keep-directory-symlink", "-C", target], stdin=source.stdout, check=True)
    if source.returncode != 0:
        raise Gone(f"{Path(deb).name}: dpkg-deb ended with {source.returncode}")


def replace_tree(new, old):
    """Puts a finished directory in the place of another, so that nobody sees half of one."""
    if old.exists():
        shutil.rmtree(old)
    new.rename(old)
