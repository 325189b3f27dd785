# SPDX-License-Identifier: MIT
"""
cpio.py - an archive as the kernel unpacks it at boot (format "newc").

Written here and not by cpio(1), so that owners and modes are what we say, without root and without a copy of the
tree. Whole archives may stand one behind another in one file: a later file takes the place of an earlier one.
Documentation/driver-api/early-userspace/buffer-format.rst
"""
import os
import stat

ALIGN = 4


class Cpio:
    """An archive being written: folders come before what is in them, and of themselves."""

    def __init__(self, stream):
        self.stream, self.made, self.inode = stream, {""}, 0

    def _entry(self, path, mode, data=b"", owner=0):
        self.inode += 1
        name = path.encode() + b"\0"
        fields = [self.inode, mode, owner, owner, 2 if stat.S_ISDIR(mode) else 1, 0, len(data), 0, 0, 0, 0, len(name), 0]
        self._padded(b"070701" + b"".join(b"%08x" % field for field in fields) + name)
        self._padded(data)

    def _padded(self, data):
        self.stream.write(data + b"\0" * (-len(data) % ALIGN))

    def _parents(self, path):
        parent = os.path.dirname(path)
        if parent not in self.made:
            self.folder(parent)

    def folder(self, path, mode=0o755, owner=0):
        self._parents(path)
        self.made.add(path)
        self._entry(path, stat.S_IFDIR | mode, owner=owner)

    def file(self, path, data, mode=0o644):
        self._parents(path)
        self._entry(path, stat.S_IFREG | mode, data.encode() if isinstance(data, str) else data)

    def link(self, path, target):
        self._parents(path)
        self._entry(path, stat.S_IFLNK | 0o777, target.encode())

    def add(self, source, path):
        """A file or symbolic link of this machine, as root's and readable by all; or a folder with all that is in it."""
        if source.is_symlink():
            self.link(path, os.readlink(source))
        elif source.is_dir():
            self.folder(path)
            for inside in sorted(source.iterdir()):
                if inside.name != "__pycache__":
                    self.add(inside, f"{path}/{inside.name}")
        else:
            self.file(path, source.read_bytes(), 0o755 if os.access(source, os.X_OK) else 0o644)

    def end(self):
        self.inode = -1
        self._entry("TRAILER!!!", 0)
