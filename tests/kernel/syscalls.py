#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
syscalls.py - the baseline of refused system calls, group by group.

Each row: the group that `--allow` names, the operation, and the answer of the filter. The twin runs
with the group allowed: then the answer must be another one, and the same as without a sandbox, but
for what the missing privileges and Landlock refuse (EPERM). Arguments are chosen so that a call
which passes fails harmlessly: a bad pointer, a wrong magic number, descriptor -1.
"""
from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

BAD = str((1 << 64) - 1)    # -1: no descriptor, no address
ROWS = [
    ("user-namespaces", "unshare user", "EACCES"),
    ("user-namespaces", "unshare net", "EACCES"),
    ("user-namespaces", "unshare mount", "EACCES"),
    ("user-namespaces", "unshare time", "EACCES"),
    ("user-namespaces", "unshare user mount pid net ipc uts cgroup", "EACCES"),
    ("user-namespaces", "clone user", "EACCES"),
    ("user-namespaces", "clone net", "EACCES"),
    ("user-namespaces", "clone user pid mount", "EACCES"),
    ("user-namespaces", "clone3", "ENOSYS"),
    ("user-namespaces", "clone3 user", "ENOSYS"),
    ("user-namespaces", "setns user", "EACCES"),
    ("user-namespaces", "setns net", "EACCES"),
    ("mount", "call mount @none @/nowhere @tmpfs 0 0", "EACCES"),
    ("mount", "call umount2 @/nowhere 0", "EACCES"),
    ("mount", "call pivot_root @/nowhere @/nowhere", "EACCES"),
    ("mount", "call chroot @/", "EACCES"),
    ("mount", f"call open_tree {BAD} @@ 0", "EACCES"),
    ("mount", f"call move_mount {BAD} @@ {BAD} @@ 0", "EACCES"),
    ("mount", "call fsopen @tmpfs 0", "EACCES"),
    ("mount", f"call fsconfig {BAD} 0 0 0 0", "EACCES"),
    ("mount", f"call fsmount {BAD} 0 0", "EACCES"),
    ("mount", f"call fspick {BAD} @/nowhere 0", "EACCES"),
    ("mount", f"call mount_setattr {BAD} @@ 0 @@ 32", "EACCES"),
    ("mount", f"call open_tree_attr {BAD} @@ 0 0 0", "EACCES"),
    ("io-uring", "io-uring", "ENOSYS"),
    ("io-uring", f"call io_uring_enter {BAD} 0 0 0 0 0", "ENOSYS"),
    ("io-uring", f"call io_uring_register {BAD} 0 0 0", "ENOSYS"),
    ("keyring", "call keyctl 0 0xffffffffffffffff 0", "EACCES"),
    ("keyring", "call add_key @user @croft-test @x 1 0xfffffffffffffffe", "EACCES"),
    ("keyring", "call request_key @user @croft-test-none 0 0", "EACCES"),
    ("sysv-ipc", "shm-attach", "EACCES"),
    ("sysv-ipc", "call shmget 0x6c72 0 0", "EACCES"),
    ("sysv-ipc", f"call shmctl {BAD} 2 @@", "EACCES"),
    ("sysv-ipc", "call semget 0x6c72 0 0", "EACCES"),
    ("sysv-ipc", f"call semop {BAD} @@ 1", "EACCES"),
    ("sysv-ipc", f"call semctl {BAD} 0 11 0", "EACCES"),
    ("sysv-ipc", "call msgget 0x6c72 0", "EACCES"),
    ("sysv-ipc", f"call msgsnd {BAD} @@ 0 0", "EACCES"),
    ("sysv-ipc", f"call msgctl {BAD} 2 @@", "EACCES"),
    ("bpf", "bpf", "EACCES"),
    ("perf", "perf", "EACCES"),
    ("userfaultfd", "userfaultfd", "EACCES"),
    ("personality", "call personality 0x0040000", "EACCES"),
    ("personality", "call personality 8", "EACCES"),
    ("kernel", "call init_module 0 0 @@", "EACCES"),
    ("kernel", f"call finit_module {BAD} @@ 0", "EACCES"),
    ("kernel", "call delete_module @croft_test_none 0", "EACCES"),
    ("kernel", "call kexec_load 0 99999 0 0", "EACCES"),
    ("kernel", "call reboot 0 0 0 0", "EACCES"),
    ("kernel", "call swapon @/nowhere 0", "EACCES"),
    ("kernel", "call swapoff @/nowhere", "EACCES"),
    ("kernel", "call acct @/nowhere", "EACCES"),
    ("kernel", f"call settimeofday {BAD} 0", "EACCES"),
    ("kernel", f"call clock_settime 0 {BAD}", "EACCES"),
    ("kernel", "call quotactl 0 0 0 0", "EACCES"),
    ("kernel", f"call quotactl_fd {BAD} 0 0 0", "EACCES"),
    ("kernel", f"call open_by_handle_at {BAD} @@ 0", "EACCES"),
    ("kernel", "call fanotify_init 0xffff 0", "EACCES"),
    ("kernel", "call syslog 99 0 0", "EACCES"),
    ("kernel", f"call sethostname {BAD} 1", "EACCES"),
    ("kernel", f"call setdomainname {BAD} 1", "EACCES"),
]
ROWS = [row for row in ROWS if row[1].split()[0] not in FAKED_AWAY]
# What passes in every sandbox, so that the filter is not simply shut.
ORDINARY = ["unshare files", "clone", "call personality 0xffffffff", "call personality 0", "call getpid",
            "call memfd_create @x 1", "prlimit-read 0", "prlimit-write 0", "thread call getpid", "fork call getppid"]


@test("a call of the baseline is refused, and passes when its group is allowed", variants=[r[1] for r in ROWS])
def _(words):
    group, op, answer = next(r for r in ROWS if r[1] == words)
    op = op.split()
    equal(inside([], *op), answer, "in the sandbox")
    equal(inside([], "thread", *op), answer, "in a thread")
    free = outside(*op)
    twin = inside(allow(group), *op)
    if free in (answer, "ENOSYS"):
        # the host gives no other answer of its own: all that can be said is that nothing changed
        true(twin in (free, "EPERM"), f"allowed: {twin}, without a sandbox {free}")
    else:
        differs(twin, answer, f"answer with --allow {group}")
        true(twin in (free, "EPERM"), f"allowed: {twin}, without a sandbox {free}")
    others = inside(["--allow", "perf" if group != "perf" else "bpf"], *op)
    equal(others, answer, "with another group allowed")


@test("an ordinary call passes", variants=ORDINARY)
def _(words):
    allowed(inside([], *words.split()), words)


@test("--off syscalls lets the baseline pass, and leaves refused what other promises rest on")
def _():
    ops = [["call", "personality", "0x0040000"], ["call", "syslog", "99", "0", "0"], ["shm-attach"], ["io-uring"],
           ["socket", "inet", "stream"]]
    equal(each([], ops), ["EACCES", "EACCES", "EACCES", "ENOSYS", "EACCES"], "with the baseline")
    answers = each(["--off", "syscalls"], ops)
    equal(answers[0], "ok", "personality")
    differs(answers[1], "EACCES", "syslog with a wrong argument")
    equal(answers[2:], ["EACCES", "ENOSYS", "EACCES"], "System V objects, a ring, a socket")
    equal(inside(["--off", "ipc"], "shm-attach"), "ok", "with ipc off")
    equal(inside(["--off", "ipc"], "call", "personality", "0x0040000"), "EACCES", "the baseline with ipc off")


@test("a call by the door for 32-bit programs ends the process")
def _():
    if os.uname().machine != "x86_64":
        skip("only x86_64 has the door that is tried here")
    free = payload("int80")
    held = confined([], "int80")
    if free.status != 0:
        skip("this kernel takes no 32-bit calls")
    equal(held.status, -signal.SIGSYS, "how the payload ended")
    equal(free.out, "ok\n", "without a sandbox")
    status_is(confined([], "call", "getpid"), 0)


@test("a call by the x32 numbers does not exist")
def _():
    if os.uname().machine != "x86_64":
        skip("only x86_64 has x32")
    equal(inside([], "x32"), "ENOSYS", "getpid by its x32 number")
    equal(inside([], "call", "getpid"), "ok", "getpid by its own")


@test("numbers that are newer than croft do not exist", variants=["472", "500", "1000", str(1 << 31)])
def _(number):
    equal(inside([], "call", number), "ENOSYS", "answer")
    equal(inside([], "call", "getpid"), "ok", "a number that is known")


main()
