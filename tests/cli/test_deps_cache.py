#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_deps_cache.py - croft deps below a root whose ld.so.cache and other lists of the loader are broken.

A cache that a loader would not take leads nowhere, and nothing leads out of it; lists without end come to one.
"""
import itertools
import os
import struct

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import
from _deps import CACHE_FLAGS, DOES_NOT, FOREIGN, ODD, STARTS, Image, Odd, judged, judged_all
from _elf import Elf, spoiled


def cache(rows, *, has_old=False, has_new=True):
    """ld.so.cache in either format or both; rows of (name, path)."""
    texts, entries = b"", []
    for name, path in rows:
        entries.append((len(texts), len(texts) + len(name) + 1))
        texts += name.encode() + b"\0" + path.encode() + b"\0"
    data = b""
    if has_old:
        data = b"ld.so-1.7.0\0" + struct.pack("=I", len(rows))
        shift = (48 + 24 * len(rows) + -(len(data) + 12 * len(rows)) % 8) if has_new else 0
        for name, path in entries:
            data += struct.pack("=III", CACHE_FLAGS, name + shift, path + shift)
        data += bytes(-len(data) % 8) if has_new else b""
    if has_new:
        strings = 48 + 24 * len(rows)
        data += b"glibc-ld.so.cache1.1" + struct.pack("=IIB3xI12x", len(rows), len(texts), 2, 0)
        for name, path in entries:
            data += struct.pack("=IIIIQ", CACHE_FLAGS, name + strings, path + strings, 0, 0)
    return data + texts


CACHES = {"new": {}, "old": {"has_old": True, "has_new": False}, "both": {"has_old": True}}
CACHED = "/opt/far/liba.so.1"


def image_with_cache(kind):
    """An image whose library is where only the cache leads to."""
    image = Image()
    os.makedirs(image.path("/opt/far"))
    os.rename(image.path("/usr/lib/liba.so.1"), image.path(CACHED))
    data = cache([("liba.so.1", CACHED)], **CACHES[kind])
    image.add("/etc/ld.so.cache", data, 0o644)
    return image, data


@test("a library is found through a sound cache of each format", variants=list(CACHES))
def _(kind):
    image, _ = image_with_cache(kind)
    program = judged_all(STARTS, lambda *words: image.deps(*words, "/bin/prog"), CACHED)
    equal([f["rule"] for f in program["files"] if f["path"] == CACHED], ["cache"], "rule")
    os.unlink(image.path("/etc/ld.so.cache"))
    judged(image.deps(), DOES_NOT, "liba.so.1")


@test("a cache that is cut off anywhere leads nowhere else", variants=list(CACHES))
def _(kind):
    image, data = image_with_cache(kind)
    for size in range(0, len(data), 5):
        image.add("/etc/ld.so.cache", data[:size], 0o644)
        judged(image.deps(), DOES_NOT, "liba.so.1")


@test("no number in a cache leads out of it", variants=list(CACHES))
def _(kind):
    image, data = image_with_cache(kind)
    for at, value in itertools.product(range(0, len(data) - 3, 4), (0xffffffff, len(data))):
        image.add("/etc/ld.so.cache", spoiled(data, at, "I", value), 0o644)
        result = image.deps()
        if result.status not in (STARTS, DOES_NOT) or result.err:
            fail(f"{value:#x} at {at}: {result}")
        contains(result.out, CACHED if result.status == STARTS else "liba.so.1", f"{value:#x} at {at}")


@test("a cache that names a directory, a FIFO or the wrong machine is followed as the loader follows it")
def _():
    image, _ = image_with_cache("new")
    os.unlink(image.path(CACHED))
    for put in (os.mkdir, os.mkfifo):
        put(image.path(CACHED))
        judged(image.deps(), DOES_NOT, "liba.so.1")
        (os.rmdir if put is os.mkdir else os.unlink)(image.path(CACHED))
    image.add(CACHED, Elf(machine=FOREIGN, soname="liba.so.1").make())
    judged(image.deps(), DOES_NOT, "liba.so.1")


@test("a cache that is larger than any is not read into memory")
def _():
    image, _ = image_with_cache("new")
    os.truncate(image.path("/etc/ld.so.cache"), 2**40)
    judged(image.deps(), DOES_NOT, "liba.so.1")


@test("ld.so.conf that includes itself, and lists without end, come to an end")
def _():
    image = Image()
    image.add("/etc/ld.so.conf", b"include /etc/ld.so.conf\ninclude ld.so.*\n/opt/x\n", 0o644)
    judged(image.deps(), STARTS)
    image.add("/etc/ld.so.preload", b"liba.so.1 " * 20000, 0o644)
    judged(image.deps(), STARTS)
    for name in ("/etc/ld.so.preload", "/etc/ld.so.conf"):
        os.truncate(image.path(name), 2**40)
        result = image.deps()
        if result.status == 125:
            refused(result, 125, name)
        elif result.status not in (STARTS, DOES_NOT):
            fail(f"{result}")
        os.unlink(image.path(name))


main()
