# SPDX-License-Identifier: MIT
"""
suite.py - the programs of the suite "hosts" of tests/run.py: what croft says of a host, in each place of places.py.

gVisor's runtime comes from Debian's packages, checked, into the cache of ./dev vm and from there into the stage:
the one of Debian 13, which has namespaces, and that of 12, which takes their flags and does nothing. Where one
cannot be had, its places are skipped by name.
"""
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER), str(FOLDER.parent.parent / "tools" / "vm")]
# pylint: disable=wrong-import-position
import archive      # noqa: E402
import dev_vm       # noqa: E402
import kernels      # noqa: E402
import places       # noqa: E402

RELEASES = ("trixie", "bookworm")


def put_packages(release, names, target):
    """Unpacks packages into target by way of the cache; on failure says why, and nothing is there."""
    cache = dev_vm.cache_folder()
    kept = cache / target.name
    try:
        with dev_vm.locked(cache):
            if not kept.exists():
                suite = archive.Suite(cache, release)
                fresh = cache / f"{target.name}.new"
                shutil.rmtree(fresh, ignore_errors=True)
                for name in names:
                    suite.unpack(suite.find(name, kernels.architecture()), fresh)
                fresh.rename(kept)
        shutil.copytree(kept, target, symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", str(target)], check=True)
    except (archive.Gone, OSError, subprocess.CalledProcessError) as e:
        print(f"{', '.join(names)} of Debian's {release}: {e}", file=sys.stderr)


def put_all(runner):
    """runsc of each release, in the stage."""
    for release in RELEASES:
        if not (runner.stage / f"runsc-{release}").exists():
            put_packages(release, ["runsc"], runner.stage / f"runsc-{release}")


def programs(runner, program, python):
    """runner: run.py's, for its builds and stage. program: its class."""
    runner.build("build-test")
    put_all(runner)
    folder = runner.stage / "tests" / "hosts"
    # What is behind a failed exec exists in gVisor too, and some of it is otherwise there.
    explained = [program(f"hosts/{name}", [python, str(runner.stage / "tests" / "cli" / f"test_{name}.py")],
                         wrap=[python, str(folder / "places.py"), "gvisor-systrap"], timeout=600, alone=True)
                 for name in ("exec_explained", "exec_libraries", "exec_refused")]
    return [program(f"hosts/{place}", [python, str(folder / "truth.py")], wrap=[python, str(folder / "places.py"), place],
                    timeout=600, alone=place.startswith("gvisor")) for place in places.PLACES] + explained
