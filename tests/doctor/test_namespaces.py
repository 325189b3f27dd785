#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""test_namespaces.py - environments without namespaces: filters, limits, chroots, capabilities, outer sandboxes."""
from _namespaces import *       # pylint: disable=wildcard-import,unused-wildcard-import

OPEN_TREE = 428     # on every architecture
# In the chroot's root, and nowhere else: who was led out of it would have namespaces, too.
THERE = ["/bin/sh", "-c", f"test -e /in-chroot && exec {shlex.join(USERNS)}"]
EVERY = ("mount", "pidns", "proc", "netns", "ipcns", "utsns", "overlay")

environment("this host as it is", Place(), "userns", None, deed=USERNS,
            also=works("calls", "mount", "pidns", "proc", "netns", "ipcns", "utsns", "cgroupns", "overlay"))

environment("a filter like Docker's", Place("docker"), "userns", "userns-filter", "filter", mend=allow,
            deed=MOUNT, also=needs_of(*EVERY))

environment("a filter of user namespaces alone", Place("no-userns-filter"), "userns", "userns-filter", "filter",
            mend=allow, deed=USERNS, users="user")

environment("a filter like podman's", Place("podman-filter"), "utsns", "utsns-filter", "filter", mend=allow,
            deed=["unshare", "--user", "--map-root-user", "--uts", "hostname", "inside"], also=works("userns", "mount", "proc"),
            users="user")

environment("a filter that kills who makes a namespace", Place("calls", "deny=unshare", "errno=KILL"),
            "userns", "userns-filter", "filter", mend=allow, deed=USERNS, also=needs_of("mount", "pidns"),
            users="user")

environment("a filter that answers with a success that never was", Place("calls", "deny=unshare", "errno=OK"),
            "userns", "userns-no-effect", "filter", mend=allow, deed=INSIDE, users="user")

environment("a filter that hides namespaces as a missing call", Place("calls", "deny=unshare", "errno=ENOSYS"),
            "userns", "userns-filter", "filter", mend=allow, deed=USERNS, users="user")

environment("a filter of mount alone", Place("calls", "deny=mount", "errno=EPERM"),
            "mount", "mount-filter", "filter", mend=allow, deed=MOUNT, also=works("userns", "pidns", "netns", "ipcns", "utsns"),
            users="user")

environment("a filter of pivot_root alone", Place("calls", "deny=pivot_root", "errno=EPERM"),
            "mount", "pivot-root-filter", "filter", mend=allow, also=works("userns", "proc"), users="user",
            deed=["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", "mount --rbind / /mnt && cd /mnt && pivot_root . ."])

environment("a filter that hides mounts by descriptor", Place("calls", "deny=open_tree,move_mount,mount_setattr",
                                                              "errno=ENOSYS"),
            "mount", "mount-api-filter", "filter", mend=allow, also=works("userns", "proc", "overlay"), users="user",
            deed=[PYTHON, "-c", f"import ctypes, sys; sys.exit(ctypes.CDLL(None).syscall({OPEN_TREE}, -100, b'/', 0) < 0)"])

environment("a filter that hides calls, which later ones betray", Place("calls", "deny=openat2,pidfd_open", "errno=ENOSYS"),
            "calls", "calls-filter", "filter", mend=allow, also=works("userns", "mount"), users="user",
            deed=[PYTHON, "-c", "import os; os.pidfd_open(os.getpid())"])

environment("a limit of no user namespaces", Place("sysctls", "user.max_user_namespaces=0"),
            "userns", "userns-limit", "sysctl", mend=typed, deed=USERNS, also=needs_of(*EVERY))

for kind, key, option in (("mount", "mnt", "--mount"), ("pidns", "pid", "--pid"), ("netns", "net", "--net"),
                          ("ipcns", "ipc", "--ipc"), ("utsns", "uts", "--uts"), ("cgroupns", "cgroup", "--cgroup")):
    environment(f"a limit of no {key} namespaces", Place("sysctls", f"user.max_{key}_namespaces=0"),
                kind, f"{kind}-limit", "sysctl", mend=typed, users="user",
                deed=["unshare", "--user", "--map-current-user", option, "--fork", "true"], also=works("userns"))

environment("the same limit and its root, who needs no user namespace", Place("by-capability"),
            "userns", "userns-limit", "sysctl", also=works("mount", "pidns", "proc", "netns", "ipcns", "utsns"),
            not_mended="the limit is the same as before")

environment("as many user namespaces in each other as there may be", Place("nested", "depth=33"),
            "userns", "userns-nesting", "limit", deed=USERNS, users="user",
            mend=lambda place, text: Place("nested", "depth=32") if "fewer" in text else place)

environment("a chroot", Place("chroot"), "userns", "userns-chroot", "chroot", mend=enter, deed=THERE,
            also=needs_of("mount", "netns"))

environment("a chroot onto a mount point", Place("chroot", "mount-point"), "userns", "userns-chroot-mount", "chroot",
            mend=enter, deed=THERE)

environment("user 0 without capabilities", Place("no-caps"), "userns", "userns-setfcap", "privilege", deed=USERNS, users="root",
            mend=lambda place, text: place.plus("keep=" + re.search(r"-all,\+(\w+)", text)[1]), also=needs_of(*EVERY))

environment("another sandbox of Landlock around", Place("landlocked", "layers=2"), "mount", "mount-landlock", "lsm", deed=MOUNT,
            mend=outside("outside of that sandbox"), users="user", also=works("userns", "pidns", "netns", "ipcns", "utsns"))

main()
