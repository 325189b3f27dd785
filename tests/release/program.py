# SPDX-License-Identifier: MIT
"""
program.py - what is promised of the one static file: it needs nothing, is small, starts small.
"""
import json
import os
import shutil

from harness import *
from _elf import EM_AARCH64, EM_X86_64, PF_W, PF_X, PT_DYNAMIC, PT_INTERP, read_elf

MACHINES = {"x86_64": EM_X86_64, "aarch64": EM_AARCH64}
DOCTOR = os.path.join(os.path.dirname(CROFT), "croft-doctor")
PROGRAMS = {"croft": CROFT, "croft-doctor": DOCTOR}
PEAK = os.path.join(os.path.dirname(BUILD), "build-test", "tests", "peak")


def peak_kb(*command):
    r = run(PEAK, *command)
    succeeds(r)
    return int(r.err.splitlines()[-1])


@test("the release program is for this machine and asks for no interpreter and no library", variants=PROGRAMS)
def _(name):
    machine, headers = read_elf(PROGRAMS[name])
    equal(machine, MACHINES[os.uname().machine], "machine")
    types = [t for t, _ in headers]
    true(PT_INTERP not in types, "there is an INTERP segment: the program is not static")
    true(PT_DYNAMIC not in types, "there is a DYNAMIC segment: the program is not plainly static")


@test("a program of this system does ask for one, so the check can see it")
def _():
    types = [t for t, _ in read_elf("/bin/ls")[1]]
    true(PT_INTERP in types and PT_DYNAMIC in types, "/bin/ls has neither INTERP nor DYNAMIC")


@test("no segment of the release program is writable and executable", variants=PROGRAMS)
def _(name):
    for kind, flags in read_elf(PROGRAMS[name])[1]:
        true(flags & (PF_W | PF_X) != PF_W | PF_X, f"segment type {kind:#x} has flags {flags:#x}")


@test("the release program is smaller than 1 MiB")
def _():
    true(os.path.getsize(CROFT) < 1 << 20, f"{os.path.getsize(CROFT)} bytes")


@test("the release program runs in an empty root")
def _():
    root = tempdir()
    os.chmod(root, 0o755)
    shutil.copy(CROFT, f"{root}/croft")
    if IS_ROOT:
        r = run("/croft", "--version", preexec_fn=lambda: (os.chroot(root), os.chdir("/")))
    else:
        if run("unshare", "-r", "true").status != 0:
            skip("user namespaces are refused here")
        r = run("unshare", "-r", "chroot", root, "/croft", "--version")
    succeeds(r)
    matches(r.out, r"\A(croft )?\d+\.\d+\.\d+\n")


@test("the doctor looks at an empty root with nothing in it but itself and croft")
def _():
    root = tempdir()
    os.chmod(root, 0o755)
    for path in PROGRAMS.values():
        shutil.copy(path, root)
    wrap = [] if IS_ROOT else ["unshare", "-r"]
    if run(*wrap, "true").status != 0:
        skip("user namespaces are refused here")
    r = succeeds(run(*wrap, "chroot", root, "/croft", "doctor", "--json", timeout=60))
    found = {v["facility"]: v for v in json.loads(r.out)["verdicts"]}
    equal((found["userns"]["state"], found["userns"]["who"]), ("missing", "chroot"), "user namespaces in a chroot")


@test("--version needs at most 4 MiB at its peak")
def _():
    true(peak_kb(CROFT, "--version") <= 4096, f"{peak_kb(CROFT, '--version')} KiB")


@test("starting a command needs at most 4 MiB at its peak", variants=["in place", "--supervise"])
def _(way):
    options = [] if way == "in place" else [way]
    used = peak_kb(CROFT, "run", *options, "--execute", PAYLOAD, "--", PAYLOAD, "args", "started")
    true(used <= 4096, f"{used} KiB")


@test("a program that takes 16 MiB is seen to take them, so the check can see it")
def _():
    true(peak_kb("/usr/bin/python3", "-c", "b'x' * (16 << 20)") > 16 << 10, "not seen")


main()
