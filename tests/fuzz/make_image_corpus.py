# SPDX-License-Identifier: MIT
"""
make_image_corpus.py - writes the first inputs of fuzz_image: small archives of each kind.

    PYTHONPATH=tests:tests/cli BUILD=. python3 tests/fuzz/make_image_corpus.py DIRECTORY
"""
import os
import sys

from _image import *

ALL = layer(entry("bin/sh", b"#!/bin/x\n", mode=0o755), folder("etc"), symlink("lib", "usr/lib"), "lib/libc.so.6",
            hard_link("bin/bash", "bin/sh"), ".wh.old", "usr/.wh..wh..opq", entry("fifo", kind=tarfile.FIFOTYPE))
MADE = {
    "root": ALL,
    "root-gnu": layer(entry("a" * 150, b"x" * 600), symlink("l", "b" * 150), form=tarfile.GNU_FORMAT),
    "root-pax": layer(entry("\u00e9" * 120, b"y"), entry("n", b"1", pax_headers={"mtime": "1.5", "uid": "3000000000"})),
    "docker": layer(*[entry(n, d) for n, d in docker(ALL, layer("etc/x", ".wh.bin")).items()]),
    "docker-gzip-layer": layer(*[entry(n, PACK["gzip"](d) if n.endswith(".tar") else d)
                                 for n, d in docker(ALL).items()]),
    "oci": layer(*[entry(n, d) for n, d in oci(ALL, pack="gzip").items()]),
    **{f"root-{pack}": PACK[pack](ALL) for pack in PACK if pack != "none"},
}

for name, data in MADE.items():
    with open(os.path.join(sys.argv[1], name), "wb") as f:
        f.write(data)
