#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_config.py - files of sysctl.d with keys that this kernel has not, and values that are not in force: told as what does
nothing, and never as a cause; and files that would hold the doctor up.
"""
from _matrix import *       # pylint: disable=wildcard-import,unused-wildcard-import

EMPTY = "mount -t tmpfs none /etc/sysctl.d"


def planted(*lines):
    """This host with such files in /etc/sysctl.d and no others there."""
    return Place("mounts", f"run={EMPTY}", *(f"run={line}" for line in lines))


def said_of(place, part):
    """The verdicts on configuration that name this; all of them are no trouble of the host."""
    verdicts = of_facility(doctor(place), "config")
    equal({v["state"] for v in verdicts} - {"no-effect", "works"}, set(), "states of config")
    return [v for v in verdicts if part in v["what"]]


@test("a key that this kernel has not is told with its line, and the printed mend takes the line out")
def _():
    place = planted("printf '# words\\nkernel.croft_none=1\\nkernel.hostname=x\\n' >/etc/sysctl.d/90-it.conf")
    found = said_of(place, "kernel.croft_none")
    equal([(v["cause"], v["who"], v["state"]) for v in found], [("sysctl-no-key", "setting", "no-effect")], "said")
    equal(found[0]["what"], "kernel.croft_none is set in /etc/sysctl.d/90-it.conf:2, this kernel has no such key: no effect, "
          "not your cause", "what")
    mended = place.plus(f"run={found[0]['mend']}")
    equal(said_of(mended, "kernel.croft_none"), [], "said after the mend")
    equal(mended.run("cat", "/etc/sysctl.d/90-it.conf").out, "# words\nkernel.hostname=x\n", "the other lines")


@test("a value that is not in force is told with what is, and the printed mend sets it")
def _():
    place = planted("echo user.max_user_namespaces=1234 >/etc/sysctl.d/90-it.conf")
    found = said_of(place, "user.max_user_namespaces")
    equal([v["cause"] for v in found], ["sysctl-not-in-force"], "said")
    contains(found[0]["evidence"], "/etc/sysctl.d/90-it.conf:1 sets 1234, in force is ")
    equal(found[0]["mend"], "sysctl -w user.max_user_namespaces=1234", "mend")
    equal([v for v in said_of(planted("echo user.max_user_namespaces=$(cat /proc/sys/user/max_user_namespaces) "
                                      ">/etc/sysctl.d/90-it.conf"), "user.max_user_namespaces")], [], "of the value in force")


@test("a line that a later one overrides is told, in the order of names and not of directories")
def _():
    found = said_of(planted("echo user.max_user_namespaces=5 >/etc/sysctl.d/10-it.conf",
                            "echo user.max_user_namespaces=$(cat /proc/sys/user/max_user_namespaces) >/etc/sysctl.d/99-it.conf"),
                    "user.max_user_namespaces")
    equal([v["cause"] for v in found], ["sysctl-overridden"], "said")
    contains(found[0]["evidence"], "/etc/sysctl.d/10-it.conf:1 sets 5, /etc/sysctl.d/99-it.conf:1 sets ")


@test("a FIFO, a link to itself, a directory and a file of a TiB are passed over in time, and told")
def _():
    place = planted("mkfifo /etc/sysctl.d/1.conf", "ln -s 2.conf /etc/sysctl.d/2.conf", "mkdir /etc/sysctl.d/3.conf",
                    "truncate -s 1T /etc/sysctl.d/4.conf", "echo kernel.croft_none=1 >/etc/sysctl.d/5.conf")
    for number in (1, 2, 3):
        equal([v["cause"] for v in said_of(place, f"/etc/sysctl.d/{number}.conf")], ["sysctl-unread"], f"of {number}.conf")
    equal([v["cause"] for v in said_of(place, "/etc/sysctl.d/4.conf")], ["sysctl-limit"], "of 4.conf")
    equal(len(said_of(place, "/etc/sysctl.d/5.conf:1")), 1, "what comes after them")


main()
