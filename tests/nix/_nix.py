# SPDX-License-Identifier: MIT
"""
_nix.py - what the tests of croft's parts for Nix share: a Nix that knows external builders, with a store of its own.

The Nix is Debian sid's (suite.py). It is run by its own loader with its own libraries, by one script for each of its
names, so that nothing of it reaches what it starts: the builder, ssh, a shell are this machine's. Nix finds itself by
NIX_BIN_DIR. Nothing of this machine's own Nix is touched: configuration, store, state and log lie in the test's directory.

Two kinds of store: `store_dir` is where the store is, and what derivations say (NIX_STORE_DIR); with diverted=True it is
/nix/store for derivations and lies elsewhere (--store DIR), as for a user who may not have a /nix.
"""
import json
import os
import shutil
import stat
import sys

sys.path[:0] = [os.environ.get("TESTS", "")]
# pylint: disable=wildcard-import,unused-wildcard-import,wrong-import-position
from harness import *           # noqa: E402
from hosts import places        # noqa: E402

STAGE = os.path.dirname(TESTS)
SID = os.path.join(STAGE, "nix-sid")
HERE = os.path.join(TESTS, "nix")
NAMES = ("nix", "nix-build", "nix-daemon", "nix-hash", "nix-instantiate", "nix-store")
SHIM = os.path.join(BUILD, "src", "ptyfix.so")
LONG = 100


def needs_nix():
    if not os.path.exists(os.path.join(SID, "usr", "bin", "nix")):
        skip("Nix 2.34 could not be had from Debian's sid")


class Nix:
    """A configuration, and the store that a Nix with it has."""

    def __init__(self, *lines, args=("nix-builder", "--mount", f"{PAYLOAD}:/bin/payload"), diverted=False, shim=False,
                 at=None):
        needs_nix()
        self.dir = tempdir()
        self.at = at or self.dir        # where Nix sees it
        os.chmod(self.dir, 0o755)
        self.diverted = diverted
        self.bin = self.path("bin")
        for name in NAMES:
            self._wrap(name, shim)
        builder = {"systems": [f"{os.uname().machine}-linux"], "program": CROFT, "args": list(args)}
        self.conf = ["experimental-features = nix-command external-builders", "substituters =", "sandbox = true",
                     "sandbox-fallback = false", f"external-builders = {json.dumps([builder])}", *lines]
        if not any(line.startswith("build-users-group") for line in lines):
            self.conf.append("build-users-group =")
        self.write()

    def write(self, *lines):
        write_file(self.path("nix.conf"), "".join(line + "\n" for line in (*self.conf, *lines)))
        return self

    def _wrap(self, name, shim):
        libs = os.path.join(SID, "usr", "lib", os.uname().machine + "-linux-gnu")
        [loader] = [p for p in (os.path.join(SID, "usr", "lib64", "ld-linux-x86-64.so.2"),
                                os.path.join(SID, "usr", "lib", "ld-linux-aarch64.so.1")) if os.path.exists(p)]
        preload = f"--preload {SHIM} " if shim else ""
        write_file(os.path.join(self.bin, name), f"#!/bin/sh\nexec {loader} --library-path {libs} {preload}--argv0 {name} "
                   f"{os.path.join(SID, 'usr', 'bin', 'nix')} \"$@\"\n", 0o755)

    def path(self, *names):
        return os.path.join(self.dir, *names)

    @property
    def real_store(self):
        return self.path("diverted", "nix", "store") if self.diverted else self.path("store")

    def env(self):
        own = {} if self.diverted else {"NIX_STORE_DIR": f"{self.at}/store", "NIX_STATE_DIR": f"{self.at}/var",
                                        "NIX_LOG_DIR": f"{self.at}/log"}
        return {**os.environ, "NIX_CONF_DIR": self.at, "HOME": self.at, "XDG_CONFIG_HOME": f"{self.at}/config",
                "XDG_CACHE_HOME": f"{self.at}/cache", "NIX_USER_CONF_FILES": "", "NIX_BIN_DIR": self.bin, "NIX_REMOTE": "",
                "NIX_PATH": "", "GC_MARKERS": "1", **own}

    def words(self, name, *args):
        return [os.path.join(self.bin, name), *(["--store", self.path("diverted")] if self.diverted else []), *args]

    def run(self, name, *args, place="plain", options=(), **how):
        """One of Nix's programs, as a Result. A place that cannot be had skips the test."""
        return self.within(place, options, *self.words(name, *args), **how)

    def within(self, place, options, *words, **how):
        env = {**self.env(), "PLACE": place, **how.pop("env", {})}
        how = {"timeout": LONG, "cwd": self.dir, **how}
        try:
            with places.made(place, words, options) as argv:
                return run(*argv, env=env, **how)
        except places.Absent as e:
            return skip(str(e))

    def build(self, file, *args, **how):
        return self.run("nix-build", "--no-out-link", file, *args, **how)

    def derivation(self, text, **more):
        """A file with one derivation, whose builder is the shell with this text."""
        words = "".join(f"{name} = {value}; " for name, value in more.items())
        return write_file(self.path("one.nix"), 'derivation { name = "one"; system = builtins.currentSystem; '
                          f"builder = \"/bin/sh\"; args = [ \"-c\" ''{text}'' ]; {words}}}\n")

    def chain(self, port=1):
        """The chain of chain.nix, told what to try."""
        outside = write_file(self.path("outside"), "outside\n")
        text = read_file(os.path.join(HERE, "try.sh"))
        for name, value in (("OUTSIDE", outside), ("PORT", port), ("PID", os.getpid()), ("COMM", "python3")):
            text = text.replace(f"@{name}@", str(value))
        write_file(self.path("try.sh"), text)
        shutil.copy(os.path.join(HERE, "chain.nix"), self.path("chain.nix"))
        return self.path("chain.nix")

    def left(self):
        """What lies in the store that is no path, lock or link of Nix's; and build directories."""
        store = self.real_store
        names = os.listdir(store) if os.path.isdir(store) else []
        return [n for n in names if "-croft-" in n] + [n for n in names if n.endswith(".tmp")]


def probes(text):
    """What the builders said of their tries: {builder: {what: value}}."""
    said = {}
    for line in text.splitlines():
        words = line.split(": ")
        if len(words) >= 4 and words[0].endswith("probe"):
            said.setdefault(words[1], {})[words[2]] = words[3]
        elif len(words) == 3 and words[0].endswith("probe"):
            key, _, value = words[2].partition(": ")
            said.setdefault(words[1], {})[key] = value
    return said
