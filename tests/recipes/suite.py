# SPDX-License-Identifier: MIT
"""
suite.py - the programs of the suite "recipes" of tests/run.py: the files of examples/recipes under the engines they are for.

HTCondor is in no Debian 12: a tree with it, from the packages of Debian 13, comes by way of the cache of ./dev vm into the
stage, as gVisor does for the suite hosts. Where it cannot be had its tests are skipped by name.
"""
import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER.parent.parent / "tools" / "vm")]
# pylint: disable=wrong-import-position
import archive      # noqa: E402
import dev_vm       # noqa: E402
import kernels      # noqa: E402

RELEASE = "trixie"
PACKAGES = ["minicondor", "dash", "bash", "coreutils", "grep", "util-linux", "mount", "libmd0", "libyaml-0-2"]
# What they depend on and the tests do without: two thirds of the bytes.
WITHOUT = ["perl*", "libperl*", "*-perl", "python3*", "libpython3*", "systemd*", "libsystemd-shared", "apt", "dpkg", "gcc-*",
           "libicu*", "tzdata", "media-types", "libapt-pkg*", "passwd", "adduser"]
TREE = "htcondor-trixie"


def put_condor(stage):
    """The tree, in the stage."""
    cache = dev_vm.cache_folder()
    kept = cache / TREE
    try:
        with dev_vm.locked(cache):
            if not kept.exists():
                fresh = cache / f"{TREE}.new"
                shutil.rmtree(fresh, ignore_errors=True)
                for name in ("bin", "sbin", "lib", "lib64"):
                    (fresh / "usr" / name).mkdir(parents=True)
                    (fresh / name).symlink_to(f"usr/{name}")
                archive.Suite(cache, RELEASE).unpack_closure(PACKAGES, kernels.architecture(), fresh, WITHOUT)
                for folder in ("doc", "man", "locale", "info"):
                    shutil.rmtree(fresh / "usr" / "share" / folder, ignore_errors=True)
                fresh.rename(kept)
        shutil.copytree(kept, stage / TREE, symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", str(stage / TREE)], check=True)
    except (archive.Gone, OSError, subprocess.CalledProcessError) as e:
        print(f"HTCondor of Debian's {RELEASE}: {e}", file=sys.stderr)


def programs(runner, program, python):
    """runner: run.py's, for its builds and stage. program: its class. What takes root is not asked twice."""
    runner.build("build-test")
    if not (runner.stage / TREE).exists():
        put_condor(runner.stage)
    users = {"test_systemd": "self", "test_htcondor": "self", "test_texts": "self", "test_bazel": "user"}
    return [program(f"recipes/{path.stem}", [python, str(path)], users=users.get(path.stem, "both"), timeout=300)
            for path in sorted((runner.stage / "tests" / "recipes").glob("test_*.py"))]
