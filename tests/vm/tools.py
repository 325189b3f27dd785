#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
tools.py - tools/vm and boot.py on trial: a run that tested nothing must not look green.

Most of it with a qemu that is played: a script on PATH that takes the tag of the guest's init from the initramfs
and prints what a console would. One true boot at the end.
"""
import contextlib
import io
import json
from pathlib import Path

from harness import *       # pylint: disable=wildcard-import,unused-wildcard-import

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent.parent / "tools" / "vm")]
# pylint: disable=wrong-import-position
import archive      # noqa: E402
import boot         # noqa: E402
import kernels      # noqa: E402
import machine      # noqa: E402
import selection    # noqa: E402

QEMU = """#!/bin/sh
while [ "$1" != -initrd ]; do shift; done
tag=$(grep -a -o -m 1 'vm-[0-9a-f]\\{16\\}' "$2")
n=$(($(cat COUNT) + 1))
echo $n >COUNT
echo 'early words'
"""
STARTED = 'echo "$tag:start:1.5"\n'


def played(script, twice=False, timeout=10):
    """A run in a machine that is played: (Ended, output, how many machines were started)."""
    folder = tempdir()
    count = write_file(f"{folder}/count", "0\n")
    write_file(f"{folder}/qemu-system-x86_64", QEMU.replace("COUNT", count) + script, 0o755)
    write_file(f"{folder}/base", "")
    path = os.environ["PATH"]
    os.environ["PATH"] = f"{folder}:{path}"
    output = bytearray()
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            ended = (machine.boot_twice if twice else machine.boot)(
                "x86_64", Path(folder), f"{folder}/base", ["true"], output.extend, timeout=timeout,
                **({"restart": output.clear} if twice else {}))
    finally:
        os.environ["PATH"] = path
    return ended, bytes(output), int(read_file(count))


@test("the command's status and output are passed on, and nothing else", variants=[0, 3, 125, 137])
def _(status):
    ended, output, count = played(STARTED + f'echo one; printf two; echo "$tag:exit:{status}:2.5"; echo late words')
    equal((ended.status, output, count), (status, b"one\ntwo", 1), "status, output, machines")


@test("a machine that ends without the command's status has died, and its last words are told",
      variants=["early", "started"])
def _(when):
    ended, output, count = played((STARTED if when == "started" else "") + "echo Kernel panic; exit 0")
    equal((ended.status, count), (machine.DIED, 1), "status, machines")
    contains(ended.trouble, "Kernel panic", "trouble")
    equal(output, b"Kernel panic\n" if when == "started" else b"", "output")


@test("a machine that is not done in time is ended")
def _():
    ended, _, count = played(STARTED + "exec sleep 30", twice=True, timeout=1)
    equal((ended.status, count), (machine.LATE, 1), "status, machines")


@test("a machine that died is started once more, and what it printed is forgotten")
def _():
    ended, output, count = played(STARTED + 'echo words; [ $n = 1 ] || echo "$tag:exit:4:2"', twice=True)
    equal((ended.status, output, count), (4, b"words\n", 2), "status, output, machines")


@test("a machine that died twice is not started again, and any status of the command is final")
def _():
    ended, _, count = played(STARTED, twice=True)
    equal((ended.status, count), (machine.DIED, 2), "status, machines")
    ended, _, count = played(STARTED + 'echo "$tag:exit:125:2"', twice=True)
    equal((ended.status, count), (125, 1), "status, machines")


@test("a kernel cannot end its run by words that look like the status")
def _():
    ended, output, _ = played(STARTED + 'echo "vm-0000000000000000:exit:0:2"')
    equal(ended.status, machine.DIED, "status")
    contains(output.decode(), "exit:0", "output")


def told_by(function, *args):
    """What run.py would read."""
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        function(*args)
    return [json.loads(line)["judge"] for line in text.getvalue().splitlines()]


@test("a kernel that cannot be had is a skip with a name, and a failure if it is required")
def _():
    def gone(*_):
        raise archive.Gone("not on the mirror")
    true_provide = boot.dev_vm.provide
    boot.dev_vm.provide = gone
    cleanup(setattr, boot.dev_vm, "provide", true_provide)
    for kernel in kernels.ALL:
        [judge] = told_by(boot.boot, kernel.name, Path("/nowhere"))
        is_required = kernel.version in ("6.1", "6.12")
        equal(judge["status"], 1 if is_required else 0, f"status for {kernel.name}")
        contains(judge["out"], "not ok 1 - " if is_required else "# SKIP not on the mirror", kernel.name)


@test("every run has no Landlock, none enabled, ABI 2, 6 and the newest; ./dev vm these and 8 on both architectures")
def _():
    names = [name for name, _ in boot.boots([])]
    equal(sorted(names), ["5.10-x86_64", "6.1-x86_64", "6.1-x86_64-off", "6.12-aarch64", "newest-x86_64"], "boots")
    equal(kernels.TESTED, ("5.10", "6.1", "6.12", "7.0", "newest"), "kernels of ./dev vm")
    more = [f"{version}-{arch}" for version in kernels.TESTED for arch in kernels.ARCHES] + ["6.1-aarch64-off"]
    equal(sorted(name for name, _ in boot.boots(more)), sorted(more), "boots that were asked for")
    for name in names:
        true(selection.runs(name, boot.abi_of(name, kernels.find(*name.removesuffix("-off").split("-")))), f"tests of {name}")
    for name in selection.WITH_GROUPS:
        contains(names, name, "boots")
    equal([kernels.find(v, "aarch64").abi for v in ("5.10", "6.1", "6.12", "7.0")], [0, 2, 6, 8], "ABIs")
    for abi in (0, 2, None):
        equal({user for _, _, user in selection.runs("6.12-x86_64", abi)}, {"root", "user"}, f"users with ABI {abi}")


@test("a guest that told less or other than was chosen has failed", variants=["all", "too few", "none", "status", "other"])
def _(what):
    line = boot.MARK + json.dumps({"seconds": 1, "judge": {"title": "a/root", "status": 0, "out": "1..1\nok 1 - x\n",
                                                           "err": "", "late": 0, "left": []}})
    lines = {"none": [], "too few": [line]}.get(what, [line, line.replace("a/root", "c/root" if what == "other" else "b/root")])
    judges = told_by(boot.pass_on, "vm/x", machine.Ended(3 if what == "status" else 0), ["noise", *lines], ["a/root", "b/root"])
    equal(len(judges), len(lines) + 1, "results")
    equal(judges[-1]["status"], 0 if what == "all" else 1, "status of the machine")
    if lines:
        equal(judges[0]["title"], "vm/x/a/root", "title")


@test("a package whose bytes are not those of the index is not unpacked", variants=["good", "bad"])
def _(kind):
    folder = Path(tempdir())
    write_file(f"{folder}/p/DEBIAN/control",
               "Package: p\nVersion: 1\nArchitecture: all\nMaintainer: a <a@b>\nDescription: p\n")
    write_file(f"{folder}/p/usr/file", "text")
    os.chmod(folder / "p" / "DEBIAN", 0o755)
    succeeds(run("dpkg-deb", "--build", folder / "p", folder / "p.deb"))
    digest = archive.hashlib.sha256((folder / "p.deb").read_bytes()).hexdigest()
    suite = archive.Suite(folder, "suite")
    suite.root.mkdir(parents=True)
    true_call = archive.call
    archive.call = lambda *argv, **_: shutil.copy(folder / "p.deb", argv[4])     # in place of the download
    cleanup(setattr, archive, "call", true_call)
    package = archive.Package("p", "all", "1", digest if kind == "good" else "0" * 64, "suite")
    try:
        suite.unpack(package, folder / "target")
    except archive.Gone as gone:
        contains(str(gone), "SHA-256", "message")
    equal((folder / "target" / "usr" / "file").exists(), kind == "good", "unpacked")


@test("a command in a true machine gets its words as they are, and its status comes back")
def _():
    words = ["a b", "", "$HOME", "'\"\\", "*"]
    result = run(sys.executable, f"{os.environ['SOURCE']}/tools/vm/dev_vm.py", "--kernel", "6.12", "--", "sh", "-c",
                 'printf "%s|" "$(uname -r | cut -d. -f1-2)" "$(landrun --help >/dev/null; echo $?)" "$@"; exit 7', "sh", *words,
                 timeout=280)
    status_is(result, 7)
    equal(result.out, "|".join(["6.12", "0", *words, ""]), "output")


main()
