#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_proc.py - environments in which no fresh /proc can be mounted, or none is there."""
from _namespaces import *       # pylint: disable=wildcard-import,unused-wildcard-import

environment("something lies over a part of /proc", Place("masked-proc"), "proc", "proc-covered", "mount",
            mend=typed, deed=FRESH, also=works("userns", "mount", "pidns"))

environment("a second proc that nothing covers is enough", Place("masked-proc", "run=mount -t proc proc /mnt"), "proc",
            None, deed=FRESH, users="root")

environment("what binfmt_misc lies on is always empty, and hides nothing",
            Place("mounts", "run=mount -t tmpfs none /proc/sys/fs/binfmt_misc"), "proc", None, deed=FRESH)

environment("/proc is read-only", Place("mounts", "run=mount -o remount,bind,ro /proc"), "userns",
            "userns-read-only-proc", "mount", mend=typed, deed=USERNS, users="root")

environment("/proc has noatime, which a new one would not have", Place("mounts", "run=mount -o remount,bind,noatime /proc"), "proc",
            "proc-atime", "mount", mend=typed, deed=FRESH, users="root",
            also=lambda _, said: contains(the_verdict({"verdicts": said}, "proc", "proc-atime", "mount")["what"], "with noatime"))

environment("there is no /proc", Place("mounts", "run=mount -t tmpfs none /proc"), "userns", "userns-no-proc", "mount",
            mend=typed, deed=USERNS, users="root")

main()
