#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
old_kernels.py - kernels without Landlock or without newer calls: refused with the cause, or lived with.

The fakes answer for the kernel by filters; the whole suite runs under landlock_abi besides.
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

FAKES = os.path.join(BUILD, "tests")
NO_LANDLOCK = f"{FAKES}/no_landlock"
NO_SYSCALL = f"{FAKES}/no_syscall"
LANDLOCK_ABI = f"{FAKES}/landlock_abi"
CAUSES = {"enosys": "no Landlock", "eopnotsupp": "boot", "eperm": "outer"}
ALONE = ["--tier", "landlock"]
OFF_ALL = [word for name in ("files", "exec", "devices", "signals", "unix-abstract", "private-tmp")
           for word in ("--off", name)]


@test("without Landlock and without namespaces nothing is started, and the message says why", variants=list(CAUSES))
def _(refusal):
    result = run(NO_LANDLOCK, refusal, CROFT, "run", *MINIMUM, *ALONE, "--", PAYLOAD, "args", "started")
    status_is(result, 125)
    lacks(result.out, "started", "output")
    contains(result.err, CAUSES[refusal], "message")
    contains(result.err, "files", "message")
    status_is(confined([], "args", "started"), 0)


@test("without Landlock mounts keep the files where namespaces work, and else nothing is started", variants=list(CAUSES))
def _(refusal):
    folder = tempdir()
    granted, beside = write_file(f"{folder}/granted/file"), write_file(f"{folder}/beside/file")
    words = ["run", *MINIMUM, "--read", f"{folder}/granted", "--", PAYLOAD]

    def inside(*op):
        return run(NO_LANDLOCK, refusal, CROFT, *words, *op)
    if run(NO_LANDLOCK, refusal, CROFT, "plan", *MINIMUM, "--tier", "namespaces", "--", PAYLOAD).status:
        status_is(inside("open-read", granted), 125)
        return
    equal(said(inside("open-read", granted)), "ok", "what is granted")
    equal(said(inside("open-write", granted)), "EROFS", "what is granted for reading only")
    equal(said(inside("open-read", beside)), "ENOENT", "what is not granted")
    equal(said(run(CROFT, *words, "open-read", beside)), "EACCES", "what is not granted, with Landlock")


@test("without Landlock a command starts when what needs it is put off, and the filter still holds",
      variants=list(CAUSES))
def _(refusal):
    def held(*op):
        return said(run(NO_LANDLOCK, refusal, CROFT, "run", *MINIMUM, *OFF_ALL, "--", PAYLOAD, *op))
    other = str(helper_process().pid)
    equal(held("open-read", "/etc/passwd"), "ok", "a file")
    equal(held("socket", "inet", "stream"), "EACCES", "a socket")
    equal(held("io-uring"), "ENOSYS", "a ring")
    equal(held("call", "mount", "@none", "@/nowhere", "@tmpfs"), "EACCES", "a mount")
    for way in ("ptrace", "vm-read", "pidfd-getfd"):
        equal(held(way, other), "EACCES", way)


@test("putting off only some of what needs Landlock does not start the command", variants=["files", "exec"])
def _(name):
    result = run(NO_LANDLOCK, "enosys", CROFT, "run", *MINIMUM, *ALONE, "--off", name, "--", PAYLOAD, "args", "started")
    status_is(result, 125)
    lacks(result.out, "started", "output")


@test("croft takes the older way when a newer call is missing",
      variants=[f"{call} {errno}" for call in ("pidfd_open", "clone3", "close_range", "openat2",
                                               "pidfd_open,pidfd_send_signal,clone3,close_range,openat2,faccessat2")
                for errno in ("ENOSYS", "EPERM")])
def _(variant):
    calls, errno = variant.split()
    folder = tempdir()
    write_file(f"{folder}/file")
    for options in ([], ["--supervise"], ["--time", "20"]):
        words = [NO_SYSCALL, calls, errno, CROFT, "run", *MINIMUM, "--read", folder, *options, "--", PAYLOAD]

        def held(*op, words=tuple(words)):
            return said(run(*words, *op))
        equal(held("open-read", f"{folder}/file"), "ok", f"granted, {options}")
        equal(held("open-write", f"{folder}/file"), "EACCES", f"not granted, {options}")
        equal(held("fds"), "0\n1\n2", f"descriptors, {options}")
    result = run(NO_SYSCALL, calls, errno, CROFT, "run", *MINIMUM, "--time", "200ms", "--grace", "100ms", "--", PAYLOAD,
                 "sleep", "30")
    status_is(result, 124)


@test("a kernel that refuses filters stops the start")
def _():
    result = run(NO_SYSCALL, "seccomp", "EINVAL", CROFT, "run", *MINIMUM, "--", PAYLOAD, "args", "started")
    status_is(result, 125)
    lacks(result.out, "started", "output")
    contains(result.err, "filter", "message")


@test("each older Landlock is told from the others by its rows", variants=[1, 2, 3, 4, 5, 6])
def _(abi):
    if abi > ABI or FAKE:
        skip("the emulator itself is being emulated, or the host is older")
    result = succeeds(run(LANDLOCK_ABI, abi, CROFT, "plan", *MINIMUM, "--json", "--", PAYLOAD))
    rows = json.loads(result.out)
    rows = {r.get("protection", r.get("name")): r for r in rows.get("protections", rows.get("rows"))}
    equal(rows["signals"]["state"], "enforced" if abi >= SCOPES else "absent", "signals")
    equal(rows["devices"]["state"], "enforced" if abi >= IOCTL_DEV else "absent", "devices")
    equal(rows["files"]["state"], "enforced", "files")
    contains(json.dumps(rows["files"]), f"Landlock {abi}", "row files")


main()
