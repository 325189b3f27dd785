#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
dev_vm.py - a command, or the tests of the guest, on real kernels in virtual machines.

Called by ./dev vm. Kernels and the guest's programs come from Debian's packages and lie in a cache outside of the
tree; nothing has to be root, and no virtualisation is needed. The static croft of the architecture is on the
guest's PATH, as landrun too. The command has no standard input; standard output and error both come out here.
"""
import argparse
import contextlib
import fcntl
import os
import signal
import subprocess
import sys
from pathlib import Path

import guest
import kernels
import machine
from archive import Gone, Suite

ROOT = Path(__file__).resolve().parent.parent.parent
DEFAULT = "6.12"

TEXT = """\
usage: ./dev vm [OPTION...] [-- COMMAND [ARG...]]

Boots packaged kernels under qemu (software emulation) and runs COMMAND there, with the static croft on PATH;
the status is the command's. Without COMMAND: runs the tests there. With neither kernel nor --all: the command
on 6.12, the tests on the kernels of `./dev test vm`. With no --arch: the command on this machine's, the tests on
both, and --all on both.

  --kernel VERSION   this kernel (--list names them); may be repeated
  --arch ARCH        x86_64 or aarch64
  --all              every kernel
  --list             print the kernels, and which are in the cache
  --user             run COMMAND as uid 1000
  --append WORDS     more of the kernel's command line, such as lsm=lockdown,yama
  --timeout SECONDS  of each machine, boot included (120)
  --boot-log         print the kernel's messages too
  --time             print how long boot and command took

Status: the command's; 124 when it was not done in time, 125 when the machine died twice, 2 for wrong usage,
3 when a kernel cannot be had. With several kernels: the first that is not 0.
Cache: $CROFT_VM_CACHE, else croft-vm in $XDG_CACHE_HOME or ~/.cache.
"""


class Suites(dict):
    """Each suite of the archive, made when it is asked for."""

    def __init__(self, cache):
        super().__init__()
        self.cache = cache

    def __missing__(self, name):
        self[name] = Suite(self.cache, name)
        return self[name]


def cache_folder():
    """Where the cache lies; made when it is not there."""
    path = os.environ.get("CROFT_VM_CACHE")
    if not path:
        path = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "croft-vm")
    folder = Path(os.path.abspath(path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def locked(cache):
    """One at a time fills the cache; what is in it is read without a lock, for it is replaced as a whole."""
    with open(cache / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def provide(kernel, cache, suites):
    """-> (folder of the kernel, the archive of its guest, None or why it is an older copy). May raise Gone."""
    with locked(cache):
        folder, trouble = kernels.fetch(kernel, cache, suites)
        return folder, guest.base(kernel.arch, cache, suites), trouble


def static_croft(arch):
    """The static program for that architecture, built if need be."""
    build = "build-release" if arch == kernels.architecture() else f"build-{arch}"
    done = subprocess.run([sys.executable, "tests/run.py", "--build", build], cwd=ROOT, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        sys.stderr.write(done.stdout.decode("utf-8", "replace"))
        sys.exit(f"vm: croft for {arch} could not be built")
    return ROOT / build / "croft"


def chosen(args, parser):
    """The kernels that are meant."""
    for version in args.kernel:
        if version not in kernels.versions():
            parser.error(f"no kernel '{version}'; there are: {', '.join(kernels.versions())}")
    if args.arch and args.arch not in kernels.ARCHES:
        parser.error(f"no architecture '{args.arch}'; there are: {', '.join(kernels.ARCHES)}")
    if args.all and args.kernel:
        parser.error("--all and --kernel exclude each other")
    if args.all:
        wanted = [version for version in kernels.versions() if version != "newest"]
    else:
        wanted = args.kernel or ([DEFAULT] if args.command else kernels.TESTED)
    found = [k for k in kernels.ALL if k.version in wanted and args.arch in (None, k.arch)]
    if args.command and not args.all and not args.arch:     # each kernel once
        found = [k for k in found if k.arch == kernels.architecture()] or found
    if not found:
        parser.error(f"there is no such kernel for {args.arch}")
    return found


def run_command(args, wanted):
    """The command on each of the kernels; the first status that is not 0."""
    cache, first = cache_folder(), 0
    suites = Suites(cache)
    for kernel in wanted:
        if len(wanted) > 1:
            print(f"vm: {kernel.name}", file=sys.stderr)
        try:
            folder, base, trouble = provide(kernel, cache, suites)
        except Gone as gone:
            print(f"vm: {kernel.name} cannot be had: {gone}", file=sys.stderr)
            first = first or 3
            continue
        if trouble:
            print(f"vm: {kernel.name} is from the cache, for it cannot be had any more: {trouble}", file=sys.stderr)

        def write(data):
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()
        ended = machine.boot_twice(
            kernel.arch, folder, base, args.command, write, timeout=args.timeout, append=args.append,
            boot_log=args.boot_log, as_user=args.user, added=[(static_croft(kernel.arch), "usr/local/bin/croft")],
            links=[("usr/local/bin/landrun", "croft")])
        if ended.trouble:
            print(f"vm: {kernel.name}: {ended.trouble}", file=sys.stderr)
        if args.time:
            print(f"vm: {kernel.name}: {ended.boot_seconds:.1f} s to boot, {ended.seconds:.1f} s in all", file=sys.stderr)
        first = first or ended.status
    return first


def print_list():
    """Every kernel, with what is known of it without asking anybody."""
    cache = cache_folder()
    for kernel in kernels.ALL:
        package = cache / "kernel" / kernel.name / "package"
        abi = "ABI of its Landlock is asked of it" if kernel.abi is None else \
            f"Landlock ABI {kernel.abi}" if kernel.abi else "no Landlock"
        there = f"cached: {' '.join(package.read_text(encoding='utf-8').split()[:2])}" if package.exists() else "not cached"
        print(f"{kernel.version:9} {kernel.arch:8} {abi + ',':36} {there}")


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))      # by way of the end of the machine
    words = sys.argv[1:]
    at = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(prog="./dev vm", add_help=False, allow_abbrev=False,
                                     usage="./dev vm [OPTION...] [-- COMMAND [ARG...]]; ./dev vm --help tells more")
    parser.add_argument("--help", "-h", action="store_true")
    parser.add_argument("--kernel", action="append", default=[])
    parser.add_argument("--arch")
    for flag in ("--all", "--list", "--user", "--boot-log", "--time"):
        parser.add_argument(flag, action="store_true")
    parser.add_argument("--append", default="")
    parser.add_argument("--timeout", type=int, default=machine.TIMEOUT_SECONDS)
    args = parser.parse_args(words[:at])
    args.command = words[at + 1:]
    if at < len(words) and not args.command:
        parser.error("no command after --")
    if args.help:
        print(TEXT, end="")
        return 0
    if args.list:
        print_list()
        return 0
    wanted = chosen(args, parser)
    if args.command:
        return run_command(args, wanted)
    if args.user or args.append or args.boot_log:
        parser.error("--user, --append and --boot-log are for a command")
    os.execv(sys.executable, [sys.executable, str(ROOT / "tests" / "run.py"), "--vm",
                              ",".join(kernel.name for kernel in wanted), "vm"])


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
