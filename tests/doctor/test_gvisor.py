#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_gvisor.py - gVisor of 2024 on both platforms, and of 2022, which takes flags and makes no namespaces. Its own ways
are told as the kernel's, and not taken for a filter's.

A start costs a second there, and a fork a hundred times as much as elsewhere: all that is asked of one place is read from
one report.
"""
from _namespaces import *       # pylint: disable=wildcard-import,unused-wildcard-import

NEWER, OTHER, OLDER = Place("gvisor-systrap"), Place("gvisor-ptrace"), Place("gvisor-2022")
OVERLAY = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-ec", "mount -t tmpfs none /tmp; cd /tmp; mkdir l u w m; "
           "echo low >l/f; mount -t overlay -o lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w none m; echo high >m/f; "
           "grep low l/f; grep high u/f"]
PERCENT = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "-o", "size=50%", "none", "/tmp"]


for place in (NEWER, OTHER):
    environment(f"{place.name}: namespaces can be had, if asked for carefully", place, "userns", None, deed=ISOLATED,
                also=works("pidns", "proc", "netns", "ipcns", "utsns"))

CAUSES = [("cgroupns", "cgroupns-no-effect", ""), ("filesystems", "tmpfs-percent-refused", "sizes in bytes"),
          ("landlock", "landlock-no-kernel", "nothing inside"), ("seccomp", "notify-no-kernel", "nothing for croft")]


@test("what gVisor has not is the kernel's doing, with a mend that is true there", variants=CAUSES)
def _(variant):
    facility, cause, mend = variant
    contains(the_verdict(seen(NEWER), facility, cause, "kernel")["mend"], mend, "mend")
    lacks([v["cause"] for v in of_facility(seen(Place()), facility)], cause, "causes on this host")


@test("a tmpfs with its size in bytes, the mend, is taken where one in per cent is not")
def _():
    differs(NEWER.run(*PERCENT).status, 0, "status with a size in per cent")
    status_is(NEWER.run(*[word.replace("50%", "1G") for word in PERCENT]), 0)


@test("what is written in an overlay lies above, and not beneath, as the doctor says")
def _():
    equal([v["state"] for v in of_facility(seen(NEWER), "overlay")], ["works"], "states")
    status_is(NEWER.run(*OVERLAY), 0)


@test("no filter is blamed for what gVisor does in its own way, and no device", variants=[NEWER.name, OLDER.name])
def _(name):
    said = seen(Place(name))["verdicts"]
    equal([v for v in said if v["who"] == "filter"], [], "what a filter is blamed for")
    equal([v for v in said if v["cause"] == "device-wrong"], [], "devices that are blamed: its terminal has an errno of its own")


@test("the place is told to be gVisor, with the sign of it")
def _():
    signs = [o for o in seen(NEWER)["observations"] if o["kind"] == "place" and o["outcome"] == "yes"]
    true("gvisor" in [o["subject"] for o in signs], f"signs: {signs}")


@test("a key of a file of sysctl.d that gVisor has not is set without effect, and no trouble")
def _():
    equal({v["state"] for v in of_facility(seen(NEWER), "config")} - {"no-effect", "works"}, set(), "states")


environment("gVisor of 2022: mount namespaces are taken and not made", OLDER, "mount", "mount-no-effect", "kernel",
            deed=INSIDE, fixed="gone",
            mend=lambda place, text: place.instead(NEWER.name) if "2023-07-31" in text else place)

main()
