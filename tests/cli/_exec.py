# SPDX-License-Identifier: MIT
"""
_exec.py - something that keeps a program from starting, and how croft names it: what the tests about that share.

They run in gVisor as well (tests/hosts): what it does otherwise than Linux is told by IN_GVISOR, with the reason
beside each.
"""
import errno
import platform
import struct

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

NATIVE, EXIT = {"x86_64": (62, b"\xb8\x3c\0\0\0\x31\xff\x0f\x05"),
                "aarch64": (183, b"\0\0\x80\xd2\xa8\x0b\x80\xd2\x01\0\0\xd4")}[platform.machine()]
S390, REL = 22, 1
FOUND, NOT_FOUND = 126, 127
ENV = "/usr/bin/env"
BOM = b"\xef\xbb\xbf"
BOTH_TIERS = [[], ["--supervise"]]
IN_GVISOR = os.environ.get("PLACE", "").startswith("gvisor")


def elf(interp=None, machine=NATIVE, kind=3, phdr_size=56, interps=1, shift=0):
    """A program that ends with 0; `shift`: its one segment starts so far from where its address says."""
    count = 1 + (interps if interp else 0)
    name = (interp or "").encode() + b"\0"
    start = 64 + 56 * count
    size = start + len(EXIT) + len(name)
    header = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHIQQQIHHHHHH", kind, machine, 1, 0x400000 + start, 64, 0, 0,
                                                      64, phdr_size, count, 0, 0, 0)
    phdrs = struct.pack("<IIQQQQQQ", 1, 5, shift, 0x400000, 0, size, size, 65536)
    phdrs += struct.pack("<IIQQQQQQ", 3, 4, start + len(EXIT), 0, 0, len(name), len(name), 1) * (count - 1)
    return header + phdrs + EXIT + name


def program(path, **how):
    return write_file(path, elf(**how), 0o755)


class Cause:
    """
    A folder with something wrong in it. `explained` sees it named, `mended` sees the same command run: in place, and
    supervised too where the kernel is the first to know (`tiers`), for then a child says it.
    """
    tiers = [[]]

    def __init__(self):
        self.folder = tempdir()
        self.words = [os.path.join(self.folder, "prog")]
        self.how = {"env": {"PATH": "/usr/bin:/bin"}}
        self.options = []

    def path(self, name):
        return os.path.join(self.folder, name)

    @property
    def prog(self):
        return self.path("prog")

    def run(self, *tier):
        return run_croft("run", "--profile", "system", "--execute", self.folder, *self.options, *tier, "--", *self.words, **self.how)

    def explained(self, status, *parts):
        for tier in self.tiers:
            refused(self.run(*tier), status, *parts)

    def doubted(self, status, *parts):
        """It is started, since what will happen is not croft's to decide; but it is said."""
        for tier in self.tiers:
            result = self.run(*tier)
            status_is(result, status)
            line = without_warning(result.err).split("\n")[0]
            matches(line, "^croft: warning: ", "first line")
            for part in parts:
                contains(line, part, "warning")

    def mended(self):
        for tier in self.tiers:
            result = succeeds(self.run(*tier))
            equal(without_warning(result.err), "", "standard error")

    def mend_by(self, result):
        """Does what stands behind the words in the message: a line for a shell."""
        succeeds(run("/bin/sh", "-c", result))
        self.mended()


def within_mount(folder, flag, words):
    """These words of a shell with `folder` on a mount with that flag; the mount is gone at the end."""
    enter = ["unshare", "-m"] if IS_ROOT else ["unshare", "-Urm"]
    if run(*enter, "mount", "-t", "tmpfs", "none", folder).status:
        skip("no mount can be made here")
    return run(*enter, "/bin/sh", "-c", f"mount -t tmpfs -o {flag} none '{folder}' && {words}")
