# SPDX-License-Identifier: MIT
"""
_elf.py - ELF files made by hand: for tests about files that no linker makes.

All of the file is loaded at BASE by one PT_LOAD. Behind the headers lie, in this order: the interpreter's
name, notes, the names, needed and defined versions, the dynamic section. A test takes the bytes, and the
places of what it wants to spoil from `Elf.at`.
"""
import struct

BASE = 0x10000
X86_64, I386, AARCH64 = 62, 3, 183
ET_REL, ET_EXEC, ET_DYN, ET_CORE = 1, 2, 3, 4
PT_LOAD, PT_DYNAMIC, PT_INTERP, PT_NOTE, PT_GNU_PROPERTY, PT_GNU_STACK = 1, 2, 3, 4, 0x6474e553, 0x6474e551
DT_NEEDED, DT_STRTAB, DT_STRSZ, DT_SONAME, DT_RPATH, DT_RUNPATH = 1, 5, 10, 14, 15, 29
DT_FLAGS_1, DT_VERDEF, DT_VERNEED = 0x6ffffffb, 0x6ffffffc, 0x6ffffffe     # the counts of the last two: one more


class Elf:
    """One file: what is wanted is given as members, `make` gives the bytes."""

    # pylint: disable=too-many-instance-attributes
    def __init__(self, **members):
        self.is_64, self.order, self.machine, self.type, self.flags = True, "<", X86_64, ET_DYN, 0
        self.interp = None              # bytes, with the NUL that the kernel wants
        self.needed, self.soname, self.rpath, self.runpath = [], None, None, None
        self.flags_1 = 0
        self.notes = b""                # of one PT_NOTE
        self.note_align = 4
        self.verneeds = {}              # file: [version, ...]
        self.verdefs = []               # the first is the base name
        self.entries = []               # more (tag, value) of the dynamic section
        self.phdrs = []                 # more (type, flags, offset, address, size in the file, in memory, align)
        self.is_dynamic = None          # None: if there is something to put into it
        self.at = {}                    # "phdr TYPE", "dynamic", "names", "verneed", "verdef", "interp", "notes"
        self.__dict__.update(members)

    def pack(self, letters, *values):
        return struct.pack(self.order + letters, *values)

    def phdr(self, kind, flags, offset, address, file_size, memory_size, align):
        if self.is_64:
            return self.pack("IIQQQQQQ", kind, flags, offset, address, address, file_size, memory_size, align)
        return self.pack("IIIIIIII", kind, offset, address, address, file_size, memory_size, flags, align)

    def note(self, kind, words, name=b"GNU\0"):
        return self.pack("III", len(name), 4 * len(words), kind) + name + self.pack(f"{len(words)}I", *words)

    def _versions(self, name):
        """The bytes of needed and of defined versions."""
        needs = b""
        for i, (file, versions) in enumerate(self.verneeds.items()):
            last = i == len(self.verneeds) - 1
            needs += self.pack("HHIII", 1, len(versions), name(file), 16, 0 if last else 16 + 16 * len(versions))
            for j, version in enumerate(versions):
                needs += self.pack("IHHII", 0, 0, 2 + j, name(version), 0 if j == len(versions) - 1 else 16)
        defs = b""
        for i, version in enumerate(self.verdefs):
            defs += self.pack("HHHHIII", 1, i == 0, i + 1, 1, 0, 20, 0 if i == len(self.verdefs) - 1 else 28)
            defs += self.pack("II", name(version), 0)
        return needs, defs

    def make(self):
        names = bytearray(b"\0")

        def name(text):
            names.extend(text.encode("latin-1") + b"\0")
            return len(names) - len(text) - 1

        entries = [(DT_NEEDED, name(n)) for n in self.needed]
        entries += [(tag, name(text)) for tag, text in ((DT_SONAME, self.soname), (DT_RPATH, self.rpath),
                                                       (DT_RUNPATH, self.runpath)) if text is not None]
        needs, defs = self._versions(name)
        is_dynamic = bool(entries or needs or defs or self.entries or self.flags_1)
        if self.is_dynamic is not None:
            is_dynamic = self.is_dynamic
        count = 1 + (self.interp is not None) + bool(self.notes) + is_dynamic + len(self.phdrs)
        header_size, phdr_size = (64, 56) if self.is_64 else (52, 32)
        body, start = bytearray(), (header_size + count * phdr_size + 15) // 16 * 16

        def place(key, data):
            body.extend(bytes(-len(body) % 16))
            self.at[key] = start + len(body)
            body.extend(data)
            return self.at[key], len(data)

        parts = []
        if self.interp is not None:
            parts.append((PT_INTERP, *place("interp", self.interp), 1))
        if self.notes:
            parts.append((PT_NOTE, *place("notes", self.notes), self.note_align))
        place("names", names)
        entries += [(DT_STRTAB, BASE + self.at["names"]), (DT_STRSZ, len(names))]
        for key, data, tag, n in (("verneed", needs, DT_VERNEED, len(self.verneeds)),
                                  ("verdef", defs, DT_VERDEF, len(self.verdefs))):
            if data:
                entries += [(tag, BASE + place(key, data)[0]), (tag + 1, n)]
        entries += [(DT_FLAGS_1, self.flags_1)] * bool(self.flags_1) + list(self.entries) + [(0, 0)]
        if is_dynamic:
            word = "Q" if self.is_64 else "I"
            parts.append((PT_DYNAMIC, *place("dynamic", b"".join(self.pack(2 * word, *e) for e in entries)), 8))
        size = start + len(body)
        return self._header(count) + self._phdrs(parts, size, start) + bytes(body)

    def _header(self, count):
        sizes = (64, 56) if self.is_64 else (52, 32)
        ident = b"\x7fELF" + bytes([2 if self.is_64 else 1, 1 if self.order == "<" else 2, 1, 0]) + bytes(8)
        return ident + self.pack("HHIQQQIHHHHHH" if self.is_64 else "HHIIIIIHHHHHH", self.type, self.machine, 1, BASE,
                                 sizes[0], 0, self.flags, *sizes, count, 0, 0, 0)

    def _phdrs(self, parts, size, start):
        at = 64 if self.is_64 else 52
        phdrs = [(PT_LOAD, 5, 0, BASE, size, size, 0x1000)]
        phdrs += [(kind, 4, offset, BASE + offset, length, length, align) for kind, offset, length, align in parts]
        phdrs += self.phdrs
        for i, phdr in enumerate(phdrs):
            self.at[f"phdr {phdr[0]}"] = at + i * (56 if self.is_64 else 32)
        return b"".join(self.phdr(*p) for p in phdrs).ljust(start - at, b"\0")


def spoiled(data, at, letters, *values, order="<"):
    """The bytes with others at one place."""
    data = bytearray(data)
    struct.pack_into(order + letters, data, at, *values)
    return bytes(data)
