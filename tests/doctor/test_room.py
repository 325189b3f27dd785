#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_room.py - environments with little room, and without control groups or ranges of ids: which limit it is, is named.
"""
from _namespaces import *       # pylint: disable=wildcard-import,unused-wildcard-import

PIPE = ["sh", "-c", "sleep 0.1 | sleep 0.1 | sleep 0.1"]
MANY_PROCESSES = ["sh", "-c", "for i in $(seq 40); do sleep 1 & done; wait"]
MUCH_SPACE = [PYTHON, "-c", "import mmap; mmap.mmap(-1, 6 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ)"]


def prlimit(*words):
    return Place().within("prlimit", *words)


def by_root(place, text):
    """
    'prlimit --pid $$ --nofile=4096:4096 (as root)': the option, in the place of what was planted. Who has
    CAP_SYS_RESOURCE could type the line; root of a container or of a small virtual machine has it not.
    """
    match = re.fullmatch(r"prlimit --pid \$\$ (--[a-z]+=[0-9a-z]+:[0-9a-z]+)", line_in(text))
    true(match, f"no limit to raise in the mend: {text!r}")
    return Place(place.name, *place.options, words=("prlimit", match[1]))


def more_processes(place, text):
    match = re.search(r"prlimit (?:--pid \$\$ )?--nproc=(\d+):", text)
    true(match, f"no limit to raise in the mend: {text!r}")
    return place.plus(f"nproc={match[1]}")


environment("there is room", Place(), "limits", None, deed=MANY_FILES)
environment("few files may be open", prlimit("--nofile=64:64"), "limits", "limit-nofile", "limit", mend=by_root, deed=MANY_FILES,
            users="root")
environment("few files may be open, until the user says otherwise", prlimit("--nofile=64:1024"), "limits", "limit-nofile", "limit",
            mend=typed_inside, deed=MANY_FILES, users="user")
environment("there is little address space", prlimit("--as=3221225472:"), "limits", "limit-as", "limit",
            mend=typed_inside, deed=MUCH_SPACE, users="user")
environment("not one process more", Place("few-processes", "nproc=2"), "userns", "no-process", "limit", mend=more_processes,
            deed=PIPE)
environment("a user may have few processes", Place("few-processes", "nproc=24"), "limits", "limit-nproc", "limit",
            mend=more_processes, deed=MANY_PROCESSES)
environment("a control group may have few processes", Place("pids-group", "pids=24"), "limits", "limit-pids", "limit", mend=typed,
            deed=MANY_PROCESSES, users="root")

UNIFIED = ("run=umount -R /sys/fs/cgroup || :", "run=mkdir -p /sys/fs/cgroup", "run=mount -t cgroup2 none /sys/fs/cgroup")
ACCOUNTS = "mount -t tmpfs none /etc && echo root:x:0:0::/root:/bin/sh >/etc/passwd && touch /etc/subuid /etc/subgid"

environment("control groups are mounted read-only",
            Place("mounts", *UNIFIED, "run=mount -o remount,bind,ro /sys/fs/cgroup"), "cgroup", "cgroup-read-only", "mount",
            mend=typed, fixed="gone", deed=["/bin/sh", "-c", "mkdir /sys/fs/cgroup/croft-test && rmdir /sys/fs/cgroup/croft-test"],
            users="root")
environment("control groups are not mounted", Place("mounts", "run=umount -R /sys/fs/cgroup"), "cgroup", "cgroup-not-mounted",
            "mount", mend=typed, fixed="gone", deed=["test", "-e", "/sys/fs/cgroup/cgroup.controllers"], users="root")
environment("this user has no line in /etc/subuid", Place("mounts", f"run={ACCOUNTS}"), "subid", "subid-no-range", "setting",
            mend=typed, deed=["unshare", "--map-root-user", "--map-auto", "true"], users="root")

main()
