# SPDX-License-Identifier: MIT
"""
_sandbox.py - what the tests of this folder share: one sandboxed operation, and the kernel's age.

The tests ask the kernel, not croft: the payload does one thing inside the sandbox and says `ok` or
the errno. The bare minimum that can start is `--profile empty --execute PAYLOAD`: no other file, no
device, no variable. Each denial stands beside its twin that is allowed, so neither a sandbox that
refuses everything nor one that lets everything pass can come through; meta.py proves that.

The suite also runs under an emulator of older Landlock ABIs. Nothing here asks which: the age is
asked of the kernel, as croft does, and what must happen is computed from it. What each ABI brought
(Documentation/userspace-api/landlock.rst):
"""
import ctypes
import json
import subprocess
import time

from harness import *       # pylint: disable=wildcard-import,unused-wildcard-import

REFER, TRUNCATE, TCP, IOCTL_DEV, SCOPES, AUDIT, PATH_SOCKETS, UDP = 2, 3, 4, 5, 6, 7, 9, 10

PR_SET_CHILD_SUBREAPER = 36


def landlock_abi():
    """The ABI that a process here sees; 0: no Landlock."""
    return max(ctypes.CDLL(None).syscall(444, None, ctypes.c_size_t(0), 1), 0)


ABI = landlock_abi()
# Where the runner plays a kernel without the newer calls, these operations say nothing about croft.
FAKED_AWAY = ("openat2-read", "openat2-trunc", "pidfd-open", "pidfd-signal", "pidfd-getfd", "setns") \
    if FAKE.startswith("calls-") else ()
MINIMUM = ("--profile", "empty", "--execute", PAYLOAD)


def confined(options, *op, **how):
    """croft run with the bare minimum and these options over the payload doing op; its Result."""
    return run_croft("run", *MINIMUM, *options, "--", PAYLOAD, *op, **how)


def said(result):
    """What the payload said. That it did not get to speak, or was used wrongly, fails the test."""
    if result.status not in (0, 1) or (result.status == 1 and not result.out):
        fail(f"the payload gave no answer\n{result}")
    # Under the tier namespaces a read-only mount is asked before Landlock is, and answers in its own word.
    return result.out.rstrip("\n").replace("EROFS", "EACCES" if FAKE == "namespaces" else "EROFS")


def inside(options, *op, **how):
    return said(confined(options, *op, **how))


def outside(*op, **how):
    """The same without a sandbox."""
    return said(payload(*op, **how))


def each(options, ops, **how):
    """Several operations in one sandbox: their answers, in order. options None: without a sandbox."""
    words = ["each"]
    for op in ops:
        words += [*op, ","]
    text = outside(*words, **how) if options is None else inside(options, *words, **how)
    answers = text.splitlines()
    equal(len(answers), len(ops), f"number of answers to {ops}")
    return answers


def allow(group):
    """The options that open a group of system calls. A ring goes around the filter: what rests on it is only preferred."""
    words = ["--allow", group]
    if group == "io-uring":
        for row in ("tcp", "udp", "other-net", "unix-path", "unix-abstract", "files"):
            words += ["--prefer", row]
    return words


def refused(answer, what, errnos=("EACCES",)):
    if answer not in errnos:
        fail(f"{what}: got {answer}, want {' or '.join(errnos)}")


def allowed(answer, what, answers=("ok",)):
    if answer not in answers:
        fail(f"{what}: got {answer}, want {' or '.join(answers)}")


def plan_rows(*options):
    """The rows of `croft plan` on this host: name -> object."""
    result = succeeds(run_croft("plan", *MINIMUM, *options, "--json", "--", PAYLOAD, "args"))
    rows = json.loads(result.out)
    rows = rows.get("protections", rows.get("rows"))
    return {row.get("protection", row.get("name")): row for row in rows}


def wait_for(condition, seconds=5.0):
    """Polls until condition() is true; whether it became so."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.01)
    return bool(condition())


def public_dir():
    """As tempdir(), but where every user may come: TMPDIR itself may be closed to others."""
    path = os.path.realpath(tempfile.mkdtemp(prefix="croft-t-", dir="/tmp"))
    cleanup(shutil.rmtree, path)
    os.chmod(path, 0o755)
    return path


def is_running(pid):
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def helper_process(*argv, **popen):
    """A process outside the sandbox, of the same user, ended after the test."""
    child = subprocess.Popen(argv or [PAYLOAD, "sleep", "60"], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, **popen)

    def end():
        child.kill()
        child.wait()
        child.stdout.close()
    cleanup(end)
    if not argv:
        equal(child.stdout.readline(), b"ready\n", "first line of the helper")
    return child
