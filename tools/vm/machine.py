# SPDX-License-Identifier: MIT
"""
machine.py - one virtual machine: boots, runs its command, tells how that ended.

Software emulation only: no machine that runs the tests has to offer virtualisation. The settings are those
under which no guest died in hundreds of boots; docs/design/real-kernels.md has the numbers.

  x86_64    cmpxchg16b is hidden from the guest: under QEMU 7.2 the flags are wrong around it, and one boot in four
            ends in a crash of the kernel. One thread for all processors: one that runs beside another that patches
            the kernel's code meets a stale breakpoint.
  aarch64   pointer authentication by QEMU's own quick hash: the one of the architecture takes half of the time.

The guest's console is the only way out. Its init prints a line before and one after the command, with a tag that
nobody can guess; what lies between is the command's, the last line says its status.
"""
import dataclasses
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import guest

LATE, DIED = 124, 125       # statuses of this program, not of the command
TIMEOUT_SECONDS = 120
QEMU = {
    "x86_64": (["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg,thread=single", "-cpu", "max,-cx16"], "ttyS0"),
    "aarch64": (["qemu-system-aarch64", "-machine", "virt", "-accel", "tcg,thread=multi", "-cpu", "max,pauth-impdef=on"],
                "ttyAMA0"),
}


@dataclasses.dataclass
class Ended:
    """How it went: the command's status, or LATE or DIED with what was seen last. A command may end with 125 too."""
    status: int
    has_died: bool = False
    trouble: str = ""
    boot_seconds: float = 0.0
    seconds: float = 0.0


def boot(arch, kernel, base_archive, command, write=sys.stdout.buffer.write, timeout=TIMEOUT_SECONDS, append="",
         boot_log=False, memory_mb=1024, **contents):
    """
    Runs a command in a machine of its own. write gets the bytes that it prints; contents go to guest.initramfs.

    boot_log: the kernel's messages are printed as well, all that comes before the command too.
    """
    tag = "vm-" + secrets.token_hex(8)
    words, console = QEMU[arch]
    with tempfile.TemporaryDirectory(prefix="croft-vm-") as work:
        image = Path(work) / "initramfs"
        guest.initramfs(image, base_archive, tag, command, **contents)
        begin = time.monotonic()
        with subprocess.Popen(
                [*words, "-smp", "1", "-m", str(memory_mb), "-nodefaults", "-no-user-config", "-display", "none",
                 "-no-reboot", "-serial", "stdio", "-kernel", str(kernel / "vmlinuz"), "-initrd", str(image), "-append",
                 f"console={console} panic=-1 loglevel={7 if boot_log else 1} {append}"],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as qemu:
            is_late = threading.Event()
            timer = threading.Timer(timeout, lambda: (is_late.set(), qemu.kill()))
            timer.start()
            try:
                ended = _listen(qemu.stdout, tag.encode(), write, boot_log, begin)
            finally:
                timer.cancel()
                qemu.kill()
    ended.seconds = time.monotonic() - begin
    if ended.has_died and is_late.is_set():
        ended.status, ended.has_died = LATE, False
        ended.trouble = f"not done after {timeout} s; last words:\n{ended.trouble}"
    elif ended.has_died:
        ended.trouble = f"ended without the command's status; last words:\n{ended.trouble}"
    return ended


def boot_twice(*args, restart=lambda: None, **how):
    """
    As boot(), and once more if the machine died: the fault of an emulator, once in a while. Any status of the
    command is final, and so is a second death. restart is called in between: what was written is void.
    """
    ended = boot(*args, **how)
    if ended.has_died:
        print(f"vm: the machine died, and is started once more: {ended.trouble}", file=sys.stderr)
        restart()
        ended = boot(*args, **how)
    return ended


def _listen(console, tag, write, boot_log, begin):
    """Reads the console to the line that tells the status, or to its end."""
    ended, has_started, last = Ended(DIED, has_died=True), False, []
    for line in console:
        before, found, rest = line.partition(tag + b":")
        if not found:
            if has_started or boot_log:
                write(line if has_started else line.replace(b"\r\n", b"\n"))
            last = [*last[-39:], line.decode("utf-8", "replace").rstrip("\r\n")]
        elif rest.startswith(b"start:"):
            has_started, ended.boot_seconds = True, time.monotonic() - begin
        else:
            write(before)
            ended.status, ended.has_died = int(rest.split(b":")[1]), False
            return ended
    ended.trouble = "\n".join(last)
    return ended
