# SPDX-License-Identifier: MIT
"""
_elf.py - the few facts of an ELF file that the release tests ask for (64-bit, little-endian).
"""
import struct

EM_X86_64, EM_AARCH64 = 62, 183
PT_DYNAMIC, PT_INTERP, PT_GNU_STACK, PF_X, PF_W = 2, 3, 0x6474e551, 1, 2


def read_elf(path):
    """-> (machine, [(type, flags)] of the program headers)"""
    with open(path, "rb") as f:
        data = f.read()
    if data[:6] != b"\x7fELF\x02\x01":
        raise ValueError(f"{path} is no 64-bit little-endian ELF file")
    machine, = struct.unpack_from("<H", data, 18)
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    return machine, [struct.unpack_from("<II", data, offset + i * size) for i in range(count)]
