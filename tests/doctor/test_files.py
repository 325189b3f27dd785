#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_files.py - environments in which files are not executed, devices are not there, or the clock is another's.
"""
import struct

from _namespaces import *       # pylint: disable=wildcard-import,unused-wildcard-import

# Beside others, who look whether a doctor has left something in HOME.
RUNS_WRITTEN = ["/bin/sh", "-c", 'cp /bin/true "$TMPDIR/written" && "$TMPDIR/written"; r=$?; rm -f "$TMPDIR/written"; exit $r']
IN_MEMORY = [PYTHON, "-c", "import os, sys; fd = os.memfd_create('x'); os.write(fd, open('/bin/true', 'rb').read()); "
             "os.execve(f'/proc/self/fd/{fd}', ['true'], {})"]


environment("what is written is executed", Place(), "exec", None, deed=IN_MEMORY)


NO_EXEC = Place("mounts", "run=mount -t tmpfs -o noexec,mode=1777 none /mnt").within("env", "TMPDIR=/mnt")


environment("TMPDIR is on a mount with noexec", NO_EXEC, "exec", "exec-noexec", "mount", fixed="gone", deed=RUNS_WRITTEN,
            mend=lambda place, text: typed(place, text.split("; or ")[1]))
environment("a directory beside a TMPDIR with noexec", NO_EXEC, "exec", "exec-noexec", "mount", fixed="gone", deed=RUNS_WRITTEN,
            mend=typed_inside, users="user")
environment("a filter refuses programs in memory", Place("calls", "deny=memfd_create", "errno=EPERM"), "exec", "memfd-filter", "filter",
            mend=allow, deed=IN_MEMORY, users="user")


def runs_foreign(place):
    """A program of aarch64 that ends with 42: mov x0,#42; mov x8,#93; svc #0."""
    code = struct.pack("<3I", 0xd2800540, 0xd2800ba8, 0xd4000001)
    head = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 2, 183, 1, 0x400078, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0x400000, 0x400000, 120 + len(code), 120 + len(code), 0x10000)
    path = write_file(os.path.join(tempdir(), "foreign"), head + load + code, 0o755)
    return place.run("/bin/sh", "-c", '"$0"; test $? = 42', path)


def has_handlers():
    """Somebody has registered handlers here already: then nothing is missing."""
    return os.path.isdir("/proc/sys/fs/binfmt_misc") and any(n.startswith("qemu-") for n in os.listdir("/proc/sys/fs/binfmt_misc"))


HANDLER = "/proc/sys/fs/binfmt_misc/qemu-aarch64"

if os.uname().machine == "x86_64" and not has_handlers():
    environment("no handler for programs of aarch64 is registered", Place(), "arch", "arch-no-handler", "not-there",
                deed=runs_foreign, users="user", not_mended="no package is installed by tests", twin=Place("handlers"),
                also=lambda place, said: contains(the_verdict({"verdicts": said}, "arch", "arch-no-handler", "not-there")["evidence"],
                                                  "aarch64"))
    environment("handlers for other architectures are registered", Place("handlers"), "arch", None, deed=runs_foreign, users="user")
    environment("a handler is disabled", Place("handlers", f"run=echo 0 >{HANDLER}"), "arch", "arch-handler-disabled", "setting",
                mend=typed, deed=runs_foreign, users="user")
    environment("a handler's program is not in this root",
                Place("handlers", f"run=echo -1 >{HANDLER}",
                      f"run=printf %s ':qemu-aarch64:M:18:\\xb7\\x00::/srv/none:' >{os.path.dirname(HANDLER)}/register"),
                "arch", "arch-handler-gone", "not-there", deed=runs_foreign, users="user", twin=Place("handlers"),
                not_mended="no package is installed by tests")

# A /dev made by hand, with what the test itself needs.
BARE = ("run=mount -t tmpfs -o mode=755 none /dev", "run=mknod -m 666 /dev/null c 1 3")
# A place for what is put over a device, gone with the mount namespace.
ASIDE = ("run=mount -t tmpfs none /mnt",)
ZERO = ["/bin/sh", "-c", "test $(head -c 4 /dev/zero | wc -c) = 4"]
SHM = ["/bin/sh", "-c", ": >/dev/shm/x"]

environment("devices are there", Place(), "devices", None, deed=ZERO)
environment("a sysctl refuses programs in memory", Place("sysctls", "vm.memfd_noexec=2"), "exec", "memfd-noexec", "sysctl",
            mend=typed, deed=IN_MEMORY, users="root")
environment("a /dev without most devices", Place("mounts", *BARE), "devices", "device-missing", "mount", mend=typed,
            deed=["/bin/sh", "-c", "head -c 4 /dev/urandom && exec 3<>/dev/ptmx && : >/dev/shm/x"], users="root")
environment("a file in the place of a device", Place("mounts", *BARE, "run=touch /dev/zero"), "devices", "device-wrong", "mount",
            mend=typed, fixed="gone", deed=ZERO, users="root")
environment("a device on a mount with nodev",
            Place("mounts", *ASIDE, "run=mknod -m 666 /mnt/zero c 1 5", "run=mount -o remount,nodev /mnt",
                  "run=mount --bind /mnt/zero /dev/zero"),
            "devices", "device-nodev", "mount", mend=typed, fixed="gone", deed=ZERO, users="root")
environment("shared memory that a user cannot write",
            Place("mounts", "run=mount -t tmpfs -o mode=755 none /dev/shm").within(
                "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"),
            "devices", "shm-mode", "privilege", mend=typed, deed=SHM, users="root")
environment("a time namespace shifts the clock", Place().within("unshare", "--time", "--boottime", "86400", "--fork"),
            "clock", "clock-namespace", "runtime", mend=outside("without it"), users="root",
            deed=[PYTHON, "-c", "import time; assert time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic() < 86000"])
environment("the clock runs", Place(), "clock", None)


@test("doors of the kernel that are open here are closed by croft's filter; abstract sockets may need a newer kernel")
def _():
    open_doors = [v["evidence"] for v in of_facility(seen(Place()), "exposed") if v["state"] != "works"]
    true(open_doors in ([], ["abstract"]), f"not closed: {open_doors}")


main()
