# SPDX-License-Identifier: MIT
"""
test_examples.py - the two programs of examples/, as a user of the library would run them.

They are the library's first users: what they print is said in their heads, and held here.
"""
import os

from harness import *

CONFINE = os.path.join(BUILD, "examples", "confine_self")
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


@test("launch_from_thread launches from a large process as fast as from a small one, and fork does not")
def _():
    def numbers(mib):
        r = succeeds(run(LAUNCH, mib, "/bin/true", timeout=60))
        found = [float(n) for n in re.findall(r"([0-9.]+) us", r.out)]
        true(len(found) >= 2, f"no two times in {r.out!r}")
        return found[0], found[1]
    launch_small, fork_small = numbers(1)
    launch_large, fork_large = numbers(512)
    # no timing but a growth: page tables of 512 MiB are some hundred times those of 1 MiB
    true(fork_large > 3 * fork_small, f"fork: {fork_small} us with 1 MiB, {fork_large} us with 512")
    true(launch_large < launch_small + fork_large / 2,
         f"launch: {launch_small} us with 1 MiB, {launch_large} us with 512; fork: {fork_large}")


@test("launch_from_thread tells of a command that cannot be found")
def _():
    r = run(LAUNCH, "1", "/nowhere/command")
    true(r.status != 0, f"status {r.status}")
    contains(r.err, "/nowhere/command")


main()
