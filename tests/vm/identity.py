#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
identity.py - the guest is the one that was asked for: else all that the other files find is about another kernel.
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

NEWEST_AT_LEAST = 8


@test("the kernel has the version and the architecture that were asked for")
def _():
    name = os.uname()
    equal((".".join(name.release.split(".")[:2]), name.machine), (os.environ["VM_RELEASE"], os.environ["VM_ARCH"]), "kernel")


@test("the kernel's Landlock is of the age that it stands for")
def _():
    if os.environ["VM_ABI"]:
        equal(ABI, int(os.environ["VM_ABI"]), "ABI")
    else:
        true(ABI >= NEWEST_AT_LEAST, f"the newest kernel has ABI {ABI}")


@test("croft finds the same, and plans with it or says that it cannot")
def _():
    result = run_croft("plan", *MINIMUM, "--tier", "landlock", "--json", "--", PAYLOAD, "args")
    status_is(result, 0 if ABI else 125)
    equal(json.loads(result.out)["layers"]["landlock_abi"], ABI, "landlock_abi")


main()
