# SPDX-License-Identifier: MIT
"""
_namespaces.py - deeds and mends that several of the environments about namespaces share.
"""
from _matrix import *       # pylint: disable=wildcard-import,unused-wildcard-import

USERNS = ["unshare", "--user", "--map-current-user", "true"]
MOUNT = ["unshare", "--user", "--map-current-user", "--keep-caps", "--mount", "mount", "-t", "tmpfs", "none", "/tmp"]
FRESH = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc", "true"]
MANY_FILES = [PYTHON, "-c", "import os; [os.dup(0) for _ in range(200)]"]
PLAIN = [CROFT, "run", "--profile", "system", "--execute", PAYLOAD]
INSIDE = [*PLAIN, "--tier", "namespaces", "--", PAYLOAD, "exit", "0"]
ISOLATED = [*PLAIN, "--tier", "namespaces", "--isolate", "processes", "--", PAYLOAD, "exit", "0"]


def allow(place, mend):
    """The rule that the mend prints, added to the emulated profile."""
    return place.plus("allow=" + ",".join(calls_in(mend)))


def enter(place, mend):
    """The line that the mend prints in place of 'chroot ROOT COMMAND'."""
    return place.plus("enter=" + shlex.join(words_in(mend, "unshare")))


def needs_of(*facilities):
    """also: these are said to be missing for want of user namespaces, and for nothing else."""
    def check(_, verdicts):
        for facility in facilities:
            equal([v["cause"] for v in verdicts if v["facility"] == facility], ["needs-userns"], f"causes of {facility}")
    return check


def works(*facilities):
    """also: these are said to work there."""
    def check(_, verdicts):
        for facility in facilities:
            equal([v["cause"] for v in verdicts if v["facility"] == facility], [""], f"causes of {facility}")
    return check
