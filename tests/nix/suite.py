# SPDX-License-Identifier: MIT
"""
suite.py - the programs of the suite "nix" of tests/run.py: every tests/nix/test_*.py, as root and not.

External builders came with Nix 2.32, which no release of Debian had when this was written. So nix-bin comes from sid,
with the libraries that it depends on and their C library, checked, into the cache of ./dev vm and from there into the
stage; _nix.py says how it is run among the programs of this machine.
"""
import re
import shutil
import sys
from pathlib import Path

import archive
import dev_vm
import kernels
from hosts import suite as hosts

RELEASE = "sid"
# Followed from package to package: libraries. What else Nix depends on is for commands that are not tried here.
FOLLOWED = re.compile(r"lib|zlib|gcc-\d+-base$|nix-bin$|bash-static$")
# As one user only: places that root alone can make.
ONCE = ("test_places", "test_remote")


def closure(suite, first):
    """The packages that `first` depends on, as far as FOLLOWED says; of alternatives the first that there is."""
    found, waiting = {}, [first]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        package = suite.find(name, kernels.architecture())
        found[name] = package
        for depends in suite.depends(package):
            name = next((n for n in depends if FOLLOWED.match(n) and suite.has(n)), None)
            waiting += [name] if name else []
    return list(found.values())


def put_nix(runner):
    """nix-bin of sid and what it needs, in the stage; on failure says why, and nothing is there."""
    target = runner.stage / "nix-sid"
    cache = dev_vm.cache_folder()
    kept = cache / "nix-sid"
    try:
        with dev_vm.locked(cache):
            if not kept.exists():
                suite = archive.Suite(cache, RELEASE)
                fresh = cache / "nix-sid.new"
                shutil.rmtree(fresh, ignore_errors=True)
                for package in closure(suite, "nix-bin"):
                    suite.unpack(package, fresh)
                fresh.rename(kept)
        shutil.copytree(kept, target, symlinks=True)
    except (archive.Gone, OSError) as e:
        print(f"nix-bin of Debian's {RELEASE}: {e}", file=sys.stderr)


def programs(runner, program, python):
    """runner: run.py's, for its builds and stage. program: its class."""
    runner.build("build-test")
    hosts.put_all(runner)
    if not (runner.stage / "nix-sid").exists():
        put_nix(runner)
    return [program(f"nix/{path.stem}", [python, str(path)], timeout=300, alone=path.stem == "test_places",
                    users="self" if path.stem in ONCE else "both")
            for path in sorted(Path(runner.stage / "tests" / "nix").glob("test_*.py"))]
