# SPDX-License-Identifier: MIT
"""
_image.py - images made in Python, and what image_print reads of them.

A layer is the bytes of a tar. A store (of names to bytes) becomes a directory or a tar. Nothing of
what is compared was made by the library that reads it.
"""
import bz2
import gzip
import hashlib
import io
import json
import lzma
import os
import shutil
import subprocess
import tarfile

from harness import BUILD, run, write_file

PRINT = os.path.join(BUILD, "tests", "image_print")


def entry(name, data=b"", kind=None, mode=None, link="", **more):
    """One entry, as its TarInfo and its bytes. kind: one of tarfile's types."""
    info = tarfile.TarInfo(name)
    info.type = kind or tarfile.REGTYPE
    info.size = len(data)
    info.mode = mode if mode is not None else 0o755 if kind == tarfile.DIRTYPE else 0o644
    info.linkname = link
    for key, value in more.items():
        setattr(info, key, value)
    return info, data


def folder(name, **more):
    return entry(name, kind=tarfile.DIRTYPE, **more)


def symlink(name, to):
    return entry(name, kind=tarfile.SYMTYPE, link=to, mode=0o777)


def hard_link(name, to):
    return entry(name, kind=tarfile.LNKTYPE, link=to)


def layer(*entries, form=tarfile.PAX_FORMAT):
    """The bytes of a tar of entries; a str is an empty file of that name."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=form) as tar:
        for each in entries:
            info, data = entry(each) if isinstance(each, str) else each
            tar.addfile(info, io.BytesIO(data) if data else None)
    return out.getvalue()


def raw_header(name, kind=b"0", size=0, link=""):
    """512 bytes that Python's own writer would refuse to write, with the right sum."""
    head = bytearray(512)
    head[0:len(name)] = name
    head[100:108] = b"0000644\0"
    head[108:116] = head[116:124] = b"0000000\0"
    head[124:136] = b"%011o\0" % size if size < 8 ** 11 else b"\x80" + size.to_bytes(11, "big")
    head[136:148] = b"00000000000\0"
    head[148:156] = b" " * 8
    head[156:157] = kind
    head[157:157 + len(link)] = link.encode()
    head[257:265] = b"ustar\x0000"
    head[148:156] = b"%06o\0 " % sum(head)
    return bytes(head)


END = b"\0" * 1024


def zstd(data):
    return subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True).stdout


PACK = {"none": lambda d: d, "gzip": lambda d: gzip.compress(d, 1), "bzip2": bz2.compress, "xz": lzma.compress}
if shutil.which("zstd"):
    PACK["zstd"] = zstd


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


def blob(store, data, **more):
    """Puts a blob into a store; its descriptor."""
    store["blobs/sha256/" + digest(data)[7:]] = data
    return {"digest": digest(data), "size": len(data), **more}


def manifest(store, layers, config=None, pack="none", packed=None, machine="amd64"):
    """A manifest of these layers, as a descriptor. packed: the bytes as they are to lie there."""
    blobs = packed or [PACK[pack](data) for data in layers]
    config = {"architecture": machine, "os": "linux", "config": config or {},
              "rootfs": {"type": "layers", "diff_ids": [digest(data) for data in layers]}}
    made = {"schemaVersion": 2, "config": blob(store, json.dumps(config).encode()),
            "layers": [blob(store, data, mediaType="application/vnd.oci.image.layer.v1.tar") for data in blobs]}
    return blob(store, json.dumps(made).encode(), mediaType="application/vnd.oci.image.manifest.v1+json")


def layout(*descriptors):
    """index.json and oci-layout for a store."""
    return {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}',
            "index.json": json.dumps({"schemaVersion": 2, "manifests": list(descriptors)}).encode()}


def oci(*layers, **how):
    """A store with one image."""
    store = {}
    return store | layout(manifest(store, layers, **how)) | store


def docker(*layers, config=None):
    """A store as docker save of old wrote it."""
    store = {f"{number}/layer.tar": data for number, data in enumerate(layers)}
    text = json.dumps({"architecture": "amd64", "os": "linux", "config": config or {},
                       "rootfs": {"diff_ids": [digest(data) for data in layers]}}).encode()
    name = digest(text)[7:] + ".json"
    return store | {name: text, "manifest.json": json.dumps(
        [{"Config": name, "RepoTags": ["t:1"], "Layers": list(store)}]).encode()}


def as_directory(path, store):
    for name, data in store.items():
        write_file(os.path.join(path, name), data)
    return path


def as_archive(path, store, pack="none"):
    return write_file(path, PACK[pack](layer(*[entry(name, data) for name, data in store.items()])))


def read_image(path, *options, names=(), **how):
    """What image_print says: (names to what is known of each, the last line); a refusal raises."""
    done = run(PRINT, *options, path, *names, **how)
    if done.status != 0:
        raise ValueError(done.err.rstrip("\n") if done.status == 1 else str(done))
    lines = [json.loads(line) for line in done.out.splitlines()]
    return {line.pop("name"): line for line in lines[:-1]}, lines[-1]


def refusal(path, *options, **how):
    """The one line with which an image is refused."""
    done = run(PRINT, *options, path, **how)
    if done.status != 1 or done.err.count("\n") != 1:
        raise AssertionError(f"not refused by one line: {done}")
    return done.err.rstrip("\n")
