#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_exec_refused.py - a command that only the kernel refuses: no look at its files tells why.

As test_exec_explained.py: each cause is made, named and mended.
"""
import errno
import resource

from _exec import *      # pylint: disable=wildcard-import,unused-wildcard-import


@test("a first line of more than 127 bytes is no trouble on Linux; gVisor cuts it, which is said, and a link mends it")
def _():
    cause = Cause()
    cause.tiers = BOTH_TIERS
    program(cause.path("d" * 130 + "/interp"))
    write_file(cause.prog, f"#!{cause.path('d' * 130)}/interp\n", 0o755)
    if not IN_GVISOR:
        cause.mended()      # and has been so since 5.1
        return
    cause.explained(FOUND, f"the first line of '{cause.prog}' has more than 127 bytes", "symbolic link")
    os.symlink(cause.path("d" * 130), cause.path("short"))
    write_file(cause.prog, f"#!{cause.path('short')}/interp\n", 0o755)
    cause.mended()


@test("a filter that refuses execve itself is told from what else refuses it", variants=["EPERM", "ENOSYS"])
def _(answer):
    cause = Cause()
    program(cause.prog)
    words = ["run", "--profile", "system", "--execute", cause.folder]
    for tier in BOTH_TIERS:
        refused(run(os.path.join(BUILD, "tests/no_syscall"), "execve", answer, CROFT, *words, *tier, "--", cause.prog), FOUND,
                "a filter of system calls refuses execve itself", "--security-opt seccomp=FILE")
    cause.mended()


@test("where a filter keeps limits from being read a command without limits of its own starts all the same")
def _():
    if is_sanitized(CROFT):
        skip("a sanitizer cannot begin without the limits")
    cause = Cause()
    program(cause.prog)
    words = ["prlimit64", "EPERM", CROFT, "run", "--profile", "system", "--execute", cause.folder]
    succeeds(run(os.path.join(BUILD, "tests/no_syscall"), *words, "--", cause.prog))
    refused(run(os.path.join(BUILD, "tests/no_syscall"), *words, "--limit", "memory=1GiB", "--", cause.prog), 125,
            "read the limit on memory")


@test("a sandbox around croft that has not granted the program is told from what else refuses it")
def _():
    if IN_GVISOR:
        skip("gVisor has no Landlock")
    cause = Cause()
    program(cause.prog)
    outer = ["run", "--profile", "system", "--read", cause.folder, "--execute", CROFT]
    words = [CROFT, "run", "--profile", "system", "--execute", cause.folder]
    for tier in BOTH_TIERS:
        refused(run_croft(*outer, "--", *words, *tier, "--", cause.prog), FOUND, "a sandbox around croft (Landlock)",
                "croft run: --execute")
    succeeds(run_croft(*outer, "--execute", cause.folder, "--", *words, "--", cause.prog))


@test("a file with capabilities that it may not get is named: a copy of it runs, and so does it without them")
def _():
    if not IS_ROOT or IN_GVISOR:
        skip("only Linux's root can give a file capabilities")
    cause = Cause()
    cause.tiers = BOTH_TIERS
    program(cause.prog)
    # cap_net_raw, effective: as ping has it (linux/capability.h, struct vfs_cap_data)
    os.setxattr(cause.prog, "security.capability", struct.pack("<5I", 0x02000001, 1 << 13, 0, 0, 0))
    succeeds(run(cause.prog))
    cause.explained(FOUND, "the file has capabilities that it may not get here", "run a copy", f"setcap -r '{cause.prog}'")
    cause.words = [shutil.copyfile(cause.prog, cause.path("copy"))]
    os.chmod(cause.path("copy"), 0o755)
    cause.mended()
    cause.words = [cause.prog]
    os.removexattr(cause.prog, "security.capability")
    cause.mended()


@test("user 0 has no capabilities inside, so that another user's program needs its x bits")
def _():
    if not IS_ROOT:
        skip("only root's capabilities pass over modes")
    cause = Cause()
    cause.tiers = BOTH_TIERS
    program(cause.prog)
    os.chmod(cause.prog, 0o755)
    os.chown(cause.prog, 65534, 65534)
    os.chmod(cause.prog, 0o744)
    cause.explained(FOUND, "user 0 has no capabilities, so that its modes count", f"chmod a+x '{cause.prog}'")
    cause.mend_by(f"chmod a+x '{cause.prog}'")


@test("a program that is open for writing is busy")
def _():
    cause = Cause()
    cause.tiers = BOTH_TIERS
    program(cause.prog)
    with open(cause.prog, "ab"):
        if IN_GVISOR:
            cause.mended()      # it executes what is open for writing
        else:
            cause.explained(FOUND, cause.prog, "Text file busy")
    cause.mended()


@test("arguments that no longer fit with those that a script adds are too long a list")
def _():
    if IN_GVISOR:
        skip("gVisor does not bound the arguments by the stack's limit")
    cause = Cause()
    program(cause.path("s0"))
    for i in range(1, 6):       # each adds its argument and its interpreter's name, a kilobyte in all
        write_file(cause.path(f"s{i}"), f"#!{cause.path(f's{i - 1}')} {'x' * 150}\n", 0o755)
    cause.words = [cause.path("s5"), "a" * 90000, "b" * 90000, ""]
    cause.how = {"env": {"PATH": "/usr/bin"},
                 "preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_STACK, (1 << 20, 1 << 20))}

    def fits(size):
        """Whether croft itself can be started with as much; all arguments together have a quarter of the stack."""
        cause.words[3] = "c" * size
        try:
            cause.run()
        except OSError as e:
            equal(e.errno, errno.E2BIG, "errno")
            return False
        return True

    low, high = 0, 131000
    true(fits(low) and not fits(high), "the limit lies between the sizes that are tried")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    cause.words[3] = "c" * (low - 2000)
    cause.mended()
    cause.words[3] = "c" * low
    cause.explained(FOUND, "Argument list too long", "a quarter of the stack, 262144 bytes here")
    stack = int(re.search(r"ulimit -s (\d+)", cause.run().err)[1]) * 1024
    cause.how["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_STACK, (stack, stack))
    cause.mended()


main()
