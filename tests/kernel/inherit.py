#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
inherit.py - whatever the command starts is confined as it is.

One forbidden and one allowed thing of each mechanism (Landlock files, the filter, no_new_privs) are
asked in children, threads, executed programs, and programs that change their user when executed.
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

NOBODY = 65534
WAYS = ["fork", "thread", "exec", "fork fork", "fork exec", "exec thread", "thread fork exec", "exec exec exec"]


@test("what the command starts is confined as it is", variants=WAYS)
def _(way):
    root = tempdir()
    write_file(f"{root}/granted/file")
    write_file(f"{root}/outside/file")
    options = ["--read", f"{root}/granted"]
    words = way.split()
    refused(inside(options, *words, "open-read", f"{root}/outside/file"), "a file outside")
    allowed(inside(options, *words, "open-read", f"{root}/granted/file"), "a granted file")
    refused(inside(options, *words, "socket", "inet", "stream"), "a socket")
    allowed(inside([*options, "--off", "tcp"], *words, "socket", "inet", "stream"), "a socket with tcp off")
    equal(inside(options, *words, "status").splitlines()[:3], ["no-new-privs 1", "seccomp 2", "effective 0"], "status")


@test("a program that changes its user when executed gains nothing")
def _():
    if not IS_ROOT:
        skip("only root can make a setuid program of another user")
    program = f"{public_dir()}/program"
    shutil.copy(PAYLOAD, program)
    os.chown(program, NOBODY, NOBODY)
    os.chmod(program, 0o6755)
    free = outside("exec-path", program, "ids").splitlines()
    if f"euid {NOBODY}" not in free:
        skip("the temporary directory is mounted nosuid")
    held = inside(["--execute", program], "exec-path", program, "ids").splitlines()
    equal(held[-4:], ["uid 0", "euid 0", "gid 0", "egid 0"], "ids in the sandbox")
    refused(inside(["--execute", program], "exec-path", program, "open-read", "/etc/hostname"), "a file outside")


@test("a setuid program of root gives no privilege to a user in the sandbox")
def _():
    if not IS_ROOT:
        skip("only root can make a setuid program of root")
    program = f"{public_dir()}/program"
    shutil.copy(PAYLOAD, program)
    os.chmod(program, 0o4755)
    user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
    if "euid 0" not in outside("exec-path", program, "ids", **user).splitlines():
        skip("the temporary directory is mounted nosuid")
    held = inside(["--execute", program], "exec-path", program, "each", "ids", ",", "status", **user)
    contains(held, f"euid {NOBODY}\n", "ids in the sandbox")
    contains(held, "permitted 0\n", "status in the sandbox")


main()
