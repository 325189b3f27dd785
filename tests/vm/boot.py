#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
boot.py - the suite "vm" of tests/run.py: one kernel is booted, and what selection.py chose runs on it.

    boot.py list [NAME...]      the boots of every run, or those of these names: NAME ARCH CACHE on each line
    boot.py run NAME STAGE      one of them

Every run has no Landlock, ABI 2, 6 (on aarch64) and the newest; ./dev vm has more, and both architectures of each. ABI
1, 3, 4 and 5 have no packaged kernel and are played by tests/fakes in the suite "older". No Landlock has two faces: 5.10 has none built in, and
with "-off" behind its name a kernel has one that is not enabled, which also stands in when 5.10 is gone.

STAGE: where run.py has put the tests and the programs of its builds. "run" prints a line of JSON for each test
program of the guest and one for the machine itself: {"seconds": N, "judge": {arguments of run.py's judge}}.
A kernel that cannot be had is a skip with a name, unless it is required.
"""
import json
import signal
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS.parent / "tools" / "vm"))
# pylint: disable=wrong-import-position
import kernels                      # noqa: E402
import machine                      # noqa: E402
import selection                    # noqa: E402
import dev_vm                       # noqa: E402
from archive import Gone            # noqa: E402
from driver import MARK             # noqa: E402

IN_GUEST = "/srv/croft"
OFF, OFF_VERSION = "lsm=lockdown,yama", "6.1"
STATIC = ("payload", "landlock_abi", "no_landlock", "no_syscall")
TIMEOUT_SECONDS = 900
HAD, RUNS = "the kernel can be had", "boots and runs every test that was chosen"


def tell(title, seconds, **how):
    """One line for run.py."""
    print(json.dumps({"seconds": seconds, "judge": {"title": title, "late": 0, "left": [], **how}}), flush=True)


def tell_one(title, sentence, trouble="", skip="", seconds=0.0):
    """The result of the only test of that title."""
    out = f"1..1\n{'not ok' if trouble else 'ok'} 1 - {sentence}" + (f" # SKIP {skip}" if skip else "") + "\n"
    tell(title, seconds, status=1 if trouble else 0, out=out, err=trouble)


def programs(arch, stage):
    """What is added to the guest: (path here, path there)."""
    is_own = arch == kernels.architecture()
    croft = stage / ("build-release" if is_own else f"build-{arch}") / "croft"
    tests = stage / ("build-test" if is_own else f"build-{arch}") / "tests"
    return [(croft, "usr/local/bin/croft"), *[(tests / name, f"{IN_GUEST}/build/tests/{name}") for name in STATIC],
            (stage / "tests" / "harness.py", f"{IN_GUEST}/tests/harness.py"),
            *[(stage / "tests" / name, f"{IN_GUEST}/tests/{name}") for name in ("kernel", "cli", "vm", "fakes")]]


def environment(release, arch, abi, is_off):
    """
    Of the test programs, but for HOME and TMPDIR: as in tests/run.py. VM_*: what the kernel must prove to be.
    """
    return {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8", "TERM": "dumb", "FAKE": "", "SOURCE": IN_GUEST,
            "CROFT": "/usr/local/bin/croft", "PAYLOAD": f"{IN_GUEST}/build/tests/payload", "BUILD": f"{IN_GUEST}/build",
            "TESTS": f"{IN_GUEST}/tests", "PYTHONPATH": f"{IN_GUEST}/tests:{IN_GUEST}/tests/kernel",
            "PYTHONDONTWRITEBYTECODE": "1", "VM_RELEASE": release, "VM_ARCH": arch,
            "VM_ABI": "" if abi is None else str(abi), "VM_OFF": "yes" if is_off else ""}


def boots(only):
    """(name, kernel) of all boots."""
    found = []
    for kernel in kernels.ALL:
        names = [kernel.name, f"{kernel.name}-off"] if kernel.version == OFF_VERSION else [kernel.name]
        found += [(name, kernel) for name in names if name in (only or kernels.EVERY_RUN)]
    if unknown := set(only) - {name for name, _ in found}:
        sys.exit(f"no such kernel: {', '.join(sorted(unknown))}")
    # The longest first, lest one is left alone at the end.
    return sorted(found, key=lambda boot: -len(selection.runs(boot[1].name, abi_of(*boot))))


def abi_of(name, kernel):
    return 0 if name.endswith("-off") else kernel.abi


def boot(name, stage):
    """Boots, and tells all; see the head."""
    kernel = next(k for k in kernels.ALL if k.name == name.removesuffix("-off"))
    is_off = name.endswith("-off")
    title, cache = f"vm/{name}", dev_vm.cache_folder()
    try:
        folder, base, old = dev_vm.provide(kernel, cache, dev_vm.Suites(cache))
    except Gone as gone:
        is_required = kernel.version in kernels.REQUIRED
        return tell_one(title, HAD, str(gone) if is_required else "", "" if is_required else str(gone))
    if old:
        print(f"{title}: from the cache, for it cannot be had any more: {old}", file=sys.stderr)
    release = kernels.release_of(folder)
    if kernel.version == "newest":
        title = f"vm/{release}-{kernel.arch}"
    abi = abi_of(name, kernel)
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".json") as job:
        json.dump({"abi": abi, "kernel": kernel.name, "environment": environment(release, kernel.arch, abi, is_off)}, job)
        job.flush()
        output = bytearray()
        ended = machine.boot_twice(
            kernel.arch, folder, base, ["python3", f"{IN_GUEST}/tests/vm/driver.py", f"{IN_GUEST}/job"], output.extend,
            restart=output.clear, timeout=TIMEOUT_SECONDS, append=OFF if is_off else "",
            added=[*programs(kernel.arch, stage), (job.name, f"{IN_GUEST}/job")], links=[("usr/local/bin/landrun", "croft")])
    return pass_on(title, ended, output.decode("utf-8", "replace").splitlines(), [run[0] for run in selection.runs(kernel.name, abi)])


def pass_on(title, ended, lines, chosen):
    """Tells what the guest told, and whether that is all that it should have."""
    told = []
    for line in lines:
        if line.startswith(MARK):
            result = json.loads(line.removeprefix(MARK))
            told.append(result["judge"]["title"])
            tell(**{**result["judge"], "title": f"{title}/{told[-1]}"}, seconds=result["seconds"])
    trouble = ""
    if ended.status != 0 or told != chosen:
        trouble = "\n".join([f"status {ended.status}, {len(told)} of {len(chosen)} programs have told: {' '.join(told)}",
                             *(line for line in lines if not line.startswith(MARK)), ended.trouble])
    tell_one(title, RUNS, trouble, seconds=ended.boot_seconds)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))      # by way of the end of the machine
    command, *words = sys.argv[1:]
    if command == "list":
        cache = dev_vm.cache_folder()
        for name, kernel in boots(words):
            print(name, kernel.arch, cache)
    else:
        name, stage = words
        boot(name, Path(stage))


if __name__ == "__main__":
    main()
