# SPDX-License-Identifier: MIT
"""
test_examples.py - the two programs of examples/, as a user of the library would run them.

They are the library's first users: what they print is said in their heads, and held here.
"""
import os

from harness import *

CONFINE = os.path.join(BUILD, "examples", "confine_self")
# A confined process cannot look for its leaks as it ends: the sanitizer would fail on that alone.
os.environ["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"
LAUNCH = os.path.join(BUILD, "examples", "launch_from_thread")


@test("confine_self reads what lies in its directory and is refused everywhere else")
def _():
    folder = tempdir()
    inside, outside = write_file(f"{folder}/in/file", "x"), write_file(f"{folder}/out/file", "x")
    r = succeeds(run(CONFINE, f"{folder}/in", inside, outside, "/etc/passwd"))
    equal(r.out, f"{inside}: may be read\n{outside}: Permission denied\n/etc/passwd: Permission denied\n")
    equal(r.err, "", "stderr")


@test("confine_self with everything granted reads everything: it is the grant that decides")
def _():
    outside = write_file(f"{tempdir()}/file", "x")
    r = succeeds(run(CONFINE, "/", outside, "/etc/passwd"))
    equal(r.out, f"{outside}: may be read\n/etc/passwd: may be read\n")


@test("a link out of the directory is refused, a link inside is followed")
def _():
    folder = tempdir()
    write_file(f"{folder}/in/file", "x")
    secret = write_file(f"{folder}/secret", "x")
    os.symlink(secret, f"{folder}/in/out")
    os.symlink("file", f"{folder}/in/stays")
    r = succeeds(run(CONFINE, f"{folder}/in", f"{folder}/in/out", f"{folder}/in/stays"))
    equal(r.out, f"{folder}/in/out: Permission denied\n{folder}/in/stays: may be read\n")


@test("confine_self says what is wrong with a directory that is missing, and reads nothing")
def _():
    r = run(CONFINE, "/nowhere", "/etc/passwd")
    status_is(r, 125)
    equal(r.out, "")
    matches(r.err, r"\Aconfine_self: plan: .*/nowhere.*No such file or directory")


@test("launch_from_thread launches from a process of any size", variants=[1, 64])
def _(mib):
    r = succeeds(run(LAUNCH, mib, "/bin/true", timeout=60))
    matches(r.out, rf"\A{mib} MiB touched: croft_launch [0-9]+ us, fork alone [0-9]+ us ")


@test("launch_from_thread tells of a command that cannot be found")
def _():
    r = run(LAUNCH, "1", "/nowhere/command")
    true(r.status != 0, f"status {r.status}")
    contains(r.err, "/nowhere/command")


main()
