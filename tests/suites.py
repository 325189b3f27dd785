# SPDX-License-Identifier: MIT
"""
suites.py - which programs each suite of tests/run.py has, and how they are run.

A suite is a function from the runner (its stage and its builds) to a list of programs.
"""
import ctypes
import dataclasses
import os
import sys
from pathlib import Path

from doctor.suite import programs as doctor_programs
from hosts.suite import programs as hosts_programs
from nix.suite import programs as nix_programs
from recipes.suite import programs as recipes_programs
from vm.suite import programs as vm_programs

ROOT = Path(__file__).resolve().parent.parent
PYTHON = "/usr/bin/python3" if os.access("/usr/bin/python3", os.X_OK) else sys.executable


@dataclasses.dataclass
class Program:
    """One test program, in one setting."""
    name: str                   # suite/program
    argv: list
    build: str = "build-test"
    users: str = "both"         # "both"; "self": only as who runs this; "user": only without privileges
    fake: str = ""              # the emulated older kernel
    wrap: list = dataclasses.field(default_factory=list)    # what emulates it
    timeout: int = 120
    alone: bool = False         # not beside another program
    several: bool = False       # prints how other programs ended, in lines of JSON with the arguments of judge


def tests_in(runner, build, kinds, **how):
    """The C test programs of a build, by the prefix that tests/meson.build gives them."""
    runner.build(build)
    found = []
    for kind in kinds:
        for path in sorted((runner.stage / build / "tests").glob(f"{kind}-*")):
            argv = [str(path)]
            if kind == "replay":
                argv.append(str(runner.stage / "tests" / "fuzz" / "corpus" / path.name.removeprefix("replay-fuzz_")))
            found.append(Program(f"{kind}/{path.name.removeprefix(kind + '-')}", argv, build, **how))
    return found


# Not beside another program: what is counted by user over the whole machine (processes, message queues), what
# types into a terminal and waits for the answer, and what needs one port.
ALONE = ("limits", "unstopped", "test_terminal", "test_server")
# About the tests or the fakes themselves; a fake cannot run inside another.
ABOUT_FAKES = ("/meta", "/fakes", "/old_kernels")
# No matter of the kernel's age: what reads files and confines nothing.
ABOUT_FILES = ("/test_help", "/test_deps_", "/test_image", "/test_elf", "/test_exec_", "/test_bad_profiles",
               "/test_profile_commands", "/test_profile_examples", "/test_profile_import", "/test_profile_show")
# Slow, and no matter of Landlock's age: job control, who removes the TMPDIR, groups, and who outlives whom.
NOT_BY_AGE = ("/test_terminal", "/test_tmpdir", "/test_pty", "/test_limits", "/test_kill", "/test_doctor")
# What the tests themselves need one of the newer calls for: pidfds, here. What croft does without them is asked in
# the file itself, with the call refused to croft alone.
NEEDS_THE_CALLS = ("/test_join_fd",)
# No matter of those calls: other launchers' command lines, of which only the front is another; texts and questions.
# What the doctor says where they are missing is asked in the suite doctor.
NOT_BY_CALLS = ("/test_doctor", "/test_landrun", "/test_ai_sandbox", "/test_bad_input", "/test_check", "/test_plan", "/test_editors",
                "/test_examples")
# The command line by these: the oldest, and the first with ports. What else came with an ABI is rights on files (2, 3,
# 5), which the kernel suite asks for, and scopes (6), which the host's own kernel has in the suite cli.
AGES_OF_CLI = ("landlock-1", "landlock-4")

# Slow, and the same for every user: filters against every call, real tools under presets of their own, tests of tests,
# command lines that are no command lines, terminals.
ONE_USER = ("sim/", "presets/test_languages", "escape/meta", "escape/bad_input", "hosts/exec_", "doctor/test_ptyfix",
            "unit/test_pty", "cli/test_image_pod", "cli/test_image_check", "cli/test_image_hostile", "cli/test_image_layers")


def settled(programs):
    """The programs, each for the users that it is a matter of."""
    for program in programs:
        if program.users == "both" and program.name.startswith(ONE_USER):
            program.users = "user"
    return programs


def scripts_in(runner, folder, suite=None, **how):
    """The Python tests of a folder."""
    return [Program(f"{suite or folder}/{path.stem}", [PYTHON, str(path)], alone=path.stem in ALONE, **how)
            for path in sorted((runner.stage / "tests" / folder).glob("*.py")) if not path.name.startswith("_")]


def older_kernels(runner):
    """
    The kernel and cli suites once more with each older Landlock, and without the newer calls: as the user alone but for
    the oldest, for who may do what is no matter of age. No Landlock at all is another matter, for mounts take its
    place then, or nothing starts: tests/kernel/old_kernels.py.
    """
    newer = "close_range,openat2,pidfd_open,pidfd_send_signal,faccessat2"
    fakes = {f"landlock-{n}": ["landlock_abi", str(n)] for n in range(1, min(7, landlock_abi()))}
    # glibc makes threads with clone3 and falls back after ENOSYS only: with EPERM no threaded program runs.
    fakes |= {"calls-enosys": ["no_syscall", newer + ",clone3", "ENOSYS"], "calls-eperm": ["no_syscall", newer, "EPERM"]}
    runner.build("build-test")
    found = []
    for fake, (program, *args) in fakes.items():
        wrap = [str(runner.stage / "build-test" / "tests" / program), *args]
        by_calls = program == "no_syscall"
        left_out = ABOUT_FAKES + ABOUT_FILES + (NEEDS_THE_CALLS + NOT_BY_CALLS if by_calls else NOT_BY_AGE)
        users = "both" if fake == "landlock-1" else "user"
        # The kernel suite asks for the newer calls itself; without them only croft can be tested from outside.
        suites = [] if by_calls else ["kernel"]
        for suite in suites + (["cli"] if by_calls or fake in AGES_OF_CLI else []):
            found += [p for p in scripts_in(runner, suite, f"older/{suite}", fake=fake, wrap=wrap, timeout=300, users=users)
                      if not any(part in p.name for part in left_out)]
    return found


# Of the kernel suite, what is the same under each tier. The rest is about Landlock alone, or about one process.
UNDER_EACH_TIER = ("files", "devices", "descriptors", "inherit", "net", "tmpdir")


def escapes(runner):
    """Known ways out, under each tier; and the kernel suite once more with namespaces."""
    build = runner.stage / "build-test"
    runner.build("build-test")
    wrap = ["env", f"CROFT={runner.stage / 'tests' / 'fakes' / 'with_tier.sh'}", f"CROFT_BELOW={build / 'croft'}",
            "CROFT_TIER=namespaces"]
    again = [p for p in scripts_in(runner, "kernel", "escape/kernel", fake="namespaces", wrap=wrap, timeout=300)
             if p.name.rsplit("/", 1)[1] in UNDER_EACH_TIER]
    return scripts_in(runner, "escape", timeout=600) + again


def landlock_abi():
    """Of the running kernel; 0 without Landlock."""
    create_ruleset, version = 444, 1
    return max(0, ctypes.CDLL(None, use_errno=True).syscall(create_ruleset, None, ctypes.c_size_t(0), version))


# C tests that take another way as root.
BY_USER = ("/test_acts", "/test_calls", "/test_chain_view", "/test_check_mounts", "/test_host", "/test_mounts",
           "/test_process", "/test_project", "/test_sandbox", "/test_session", "/test_start", "/test_store", "/test_tmpdir",
           "/test_trust")
# Command line tests that mostly wait; what they wait for has a unit test of its own.
WAITING = ("/test_terminal", "/test_kill", "/test_pty", "/test_tmpdir")


def sanitized(runner):
    """
    Every C test and the command line with the sanitizers, which make all of it three times as slow: as the user alone
    but where root takes another way. As root it all runs without them.
    """
    found = tests_in(runner, "build-sanitize", ["faults", "unit", "sim", "plan", "replay"], timeout=900, users="user")
    found += [p for p in scripts_in(runner, "cli", build="build-sanitize", timeout=300, users="user")
              if not any(part in p.name for part in WAITING)]
    for program in found:
        if program.name.startswith("unit/") and any(part in program.name for part in BY_USER):
            program.users = "both"
        program.name = "sanitize/" + program.name
    return found


def released(runner):
    for build in ("build-test", "build-release", "build-aarch64"):
        runner.build(build)
    return [Program(f"release/{name}", [PYTHON, str(runner.stage / "tests" / "release" / f"{name}.py")],
                    "build-release", users) for name, users in (("program", "both"), ("parts", "self"))]


def fuzzed(runner):
    """Each harness for a while, starting from its corpus; what it finds is printed with the input."""
    runner.build("build-fuzz")
    found = []
    for path in sorted((runner.stage / "build-fuzz" / "tests").glob("fuzz_*")):
        argv = [PYTHON, str(ROOT / "tests/lint/fuzz_once.py"), str(path), str(runner.fuzz_seconds),
                str(ROOT / "tests" / "fuzz" / "corpus" / path.name.removeprefix("fuzz_"))]
        found.append(Program(f"fuzz/{path.name.removeprefix('fuzz_')}", argv, "build-fuzz", "self",
                             timeout=runner.fuzz_seconds + 120))
    return found


def ocis(runner):
    """croft-oci before a stub, and under podman and containerd, the second of which is root's."""
    runner.build("build-test")
    found = scripts_in(runner, "oci", timeout=300)
    for program in found:
        if program.name.endswith("containerd"):
            program.users = "self"
    return found


def lint(_):
    return [Program(f"lint/{name}", [PYTHON, str(ROOT / "tests" / "lint" / f"{name}.py")], build="", users="self",
                    timeout=300) for name in ("lint", "runner")]


def analyzers(_):
    return [Program("analyze/analyze", [PYTHON, str(ROOT / "tests/lint/analyze.py")], build="build-clang",
                    users="self", timeout=900)]


SUITES = {
    "lint": lint,
    # the Python ones are about documents, which no user sees otherwise
    "unit": lambda r: tests_in(r, "build-test", ["unit"]) + scripts_in(r, "unit", users="self"),
    "sim": lambda r: tests_in(r, "build-test", ["sim"]),
    "plan": lambda r: tests_in(r, "build-test", ["plan"]),
    "replay": lambda r: tests_in(r, "build-test", ["replay"]),
    "faults": lambda r: tests_in(r, "build-test", ["faults"]),
    "kernel": lambda r: scripts_in(r, "kernel"),
    "cli": lambda r: scripts_in(r, "cli"),
    "presets": lambda r: scripts_in(r, "presets", timeout=300),
    "room": lambda r: scripts_in(r, "room"),
    "schema": lambda r: scripts_in(r, "schema", users="self"),
    "deps": lambda r: scripts_in(r, "deps", users="self", timeout=600),
    "gha": lambda r: scripts_in(r, "gha", timeout=300),
    "escape": escapes,
    "hosts": lambda r: hosts_programs(r, Program, PYTHON),
    "doctor": lambda r: doctor_programs(r, Program, PYTHON),
    "nix": lambda r: nix_programs(r, Program, PYTHON),
    "slurm": lambda r: scripts_in(r, "slurm", users="self", timeout=300),
    "oci": ocis,
    "recipes": lambda r: recipes_programs(r, Program, PYTHON),
    "older": older_kernels,
    "vm": lambda r: vm_programs(r, Program, PYTHON, r.only_vm),
    "release": released,
    "sanitize": sanitized,
    "analyze": analyzers,
    "fuzz": fuzzed,
}
QUICK = ["lint", "unit", "sim", "plan", "replay", "faults", "kernel", "cli"]
