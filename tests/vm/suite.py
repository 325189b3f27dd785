# SPDX-License-Identifier: MIT
"""
suite.py - the programs of the suite "vm" of tests/run.py: one for each kernel, and one that tries the tools.
"""
import os
import sys


def programs(runner, program, python, only):
    """
    runner: run.py's, for builds, stage and processes. program: its class. only: names of boots, none: those of
    every run.
    """
    builds = {arch: "build-release" if arch == os.uname().machine else f"build-{arch}" for arch in ("x86_64", "aarch64")}
    for build in ("build-test", *builds.values()):
        runner.build(build)
    folder = runner.stage / "tests" / "vm"
    boot = [python, str(folder / "boot.py")]
    status, text = runner.processes.call([*boot, "list", *only])
    if status != 0:
        sys.exit(f"run.py: {text.strip()}")
    boots = [line.split(" ", 2) for line in text.splitlines()]
    # Named here, for a test program has the stage for a home.
    how = {"users": "self", "timeout": 2000, "wrap": ["env", f"CROFT_VM_CACHE={boots[0][2]}"]}
    found = [program(f"vm/{name}", [*boot, "run", name, str(runner.stage)], builds[arch], several=True, **how)
             for name, arch, _ in boots]
    return found if only else [program("vm/tools", [python, str(folder / "tools.py")], "build-release", **how), *found]
