#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
unstopped.py - what Landlock alone does not stop: each is closed by croft, or named in its plan.

A list of known ways past Landlock's rights, measured on Linux 6.18 with everything of ABI 7 handled
and nothing granted. Each row is tried on an object outside the grants. `refused`: croft closes it,
and the twin shows that the operation works otherwise. `ok`: it passes, and then the row of the plan
that it belongs to must name it in these words. A row whose answer changes has to be moved here.

The object is a file of the same user; `PID` is a process of the same user, `DIR` a directory.
"""
import socket

from _sandbox import *      # pylint: disable=wildcard-import,unused-wildcard-import

# (operation, the row of the plan, words in that row); all pass
NAMED = [
    ("stat FILE", "hidden", "stat"),
    ("access FILE", "hidden", "access"),
    ("readlink LINK", "hidden", "readlink"),
    ("chdir DIR", "hidden", "chdir"),
    ("statfs FILE", "hidden", "statfs"),
    ("open-path FILE", "hidden", "names, sizes and times can be seen"),
    ("name-to-handle FILE", "hidden", "names, sizes and times can be seen"),
    ("inotify DIR", "hidden", "inotify"),
    ("chmod FILE 0600", "metadata", "chmod"),
    ("chown FILE", "metadata", "chown"),
    ("utime FILE", "metadata", "utime"),
    ("setxattr FILE", "metadata", "xattr"),
    ("listxattr FILE", "metadata", "xattr"),
    ("pidfd-open PID", "processes", "pidfd_open"),
    ("set-affinity PID", "processes", "affinity"),
    ("set-priority PID", "processes", "priority"),
    ("exec-memfd PAYLOAD args ok", "exec", "memory can be executed"),
    ("mmap-exec PAYLOAD", "exec", "memory can be executed"),
]
NAMED = [row for row in NAMED if row[0].split()[0] not in FAKED_AWAY]
# (operation, the option of the twin); all refused
CLOSED = [
    ("prlimit-write PID", "--allow=prlimit-others"),
    ("unshare user", "--allow=user-namespaces"),
    ("clone user", "--allow=user-namespaces"),
    ("call chroot @/", "--allow=mount"),
    ("call chroot DIR", "--allow=mount"),
    ("unix-connect SOCKET", "--off=unix-path"),
    ("udp-bind 0", "--off=udp"),
    ("udp-connect 9", "--off=udp"),
    ("udp-send 9", "--off=udp"),
    ("mptcp-bind 0", "--off=other-net"),
    ("mptcp-connect 9", "--off=other-net"),
    ("fastopen-sendto 9", "--off=tcp"),
    ("tcp-listen-unbound", "--off=tcp"),
    ("socket netlink raw 0", "--off=other-net"),
    ("socket vsock stream", "--off=other-net"),
    ("socket alg seqpacket", "--off=other-net"),
    ("socket packet raw", "--off=other-net"),
    ("socket inet stream sctp", "--off=other-net"),
    ("socket smc stream", "--off=other-net"),
    ("io-uring", "--allow=io-uring"),
    ("shm-attach", "--allow=sysv-ipc"),
    ("call semget 0 1 0600", "--allow=sysv-ipc"),
    ("call msgget 0 0600", "--allow=sysv-ipc"),
    ("call keyctl 0 0xffffffffffffffff 0", "--allow=keyring"),
    ("call add_key @user @croft-test @x 1 0xfffffffffffffffe", "--allow=keyring"),
    ("bpf", "--allow=bpf"),
    ("perf", "--allow=perf"),
    ("call fanotify_init 0 0", "--allow=kernel"),
    ("call sethostname @croft 0xffff", "--allow=kernel"),
    ("shm-open croft-test-NUMBER", "--write=/dev/shm"),
    ("device-write /dev/null", "--write=/dev/null"),
    ("device-read /dev/urandom", "--read=/dev/urandom"),
]


def fill(words):
    """Puts real objects into an operation."""
    folder = tempdir()
    objects = {"FILE": f"{folder}/file", "DIR": folder, "LINK": f"{folder}/link", "SOCKET": f"{folder}/s",
               "PAYLOAD": PAYLOAD}
    write_file(objects["FILE"])
    os.symlink("file", objects["LINK"])
    if "PID" in words:
        objects["PID"] = str(helper_process().pid)
    if "SOCKET" in words:
        server = socket.socket(socket.AF_UNIX)
        cleanup(server.close)
        server.bind(objects["SOCKET"])
        server.listen(1)
    number = str(os.getpid())
    return [("@" + objects[w[1:]]) if w[:1] == "@" and w[1:] in objects else objects.get(w, w).replace("NUMBER", number)
            for w in words.replace("call chroot DIR", "call chroot @DIR").split()]


@test("what passes Landlock and croft is named in the plan", variants=[r[0] for r in NAMED])
def _(words):
    _, row, text = next(r for r in NAMED if r[0] == words)
    op = fill(words)
    free, held = outside(*op), inside([], *op)
    if free not in ("ok",):
        skip(f"the host itself answers {free}")
    if held == "ok":
        contains(json.dumps(plan_rows()[row], ensure_ascii=False), text, f"row {row}")
        contains(succeeds(run_croft("plan", *MINIMUM, "--", PAYLOAD)).out, text, "the plan as text")
    elif not (IS_ROOT and held == "EPERM" and "PID" in words):
        fail(f"{words} answers {held} now: if croft closes it, move it to CLOSED")
    # user 0 in the sandbox has fewer capabilities than its other processes, so some of them are out of
    # reach; the run as an ordinary user finds them in reach


@test("what passes Landlock is closed by croft", variants=[r[0] for r in CLOSED])
def _(words):
    option = next(r[1] for r in CLOSED if r[0] == words)
    op = fill(words)
    refused(inside([], *op), words, ("EACCES", "ENOSYS"))
    free = outside(*op)
    if free in ("EACCES", "ENOSYS"):
        return      # the host gives nobody more than that
    word, value = option.split("=", 1)
    options = allow(value) if word == "--allow" else [word, value]
    if value == "other-net":
        options += ["--prefer", "tcp", "--prefer", "udp"]   # it undoes these two, and says so
    twin = inside(options, *op)
    true(twin in (free, "EPERM"), f"with '{option}': {twin}, without a sandbox {free}")


@test("an interpreter runs a file that may only be read, and the plan says so")
def _():
    folder = tempdir()
    script = write_file(f"{folder}/script", "echo ran\n", 0o755)
    result = run_croft("run", "--profile", "system", "--read", script, "--", "/bin/sh", script, cwd="/")
    equal(result.out, "ran\n", "output of the interpreter")
    result = run_croft("run", "--profile", "system", "--read", script, "--", script, cwd="/")
    status_is(result, 126)
    equal(result.out, "", "output of the script executed")
    contains(json.dumps(plan_rows()["exec"]), "an interpreter runs any file it can read", "row exec")


@test("a door that is opened by name is named in the plan", variants=[
    "io-uring", "user-namespaces", "sysv-ipc", "keyring", "terminal", "mount", "bpf", "perf", "userfaultfd",
    "personality", "kernel", "prlimit-others"])
def _(group):
    contains(json.dumps(plan_rows(*allow(group))), f"allowed by name: {group}", "rows")
    lacks(json.dumps(plan_rows()), "allowed by name", "rows with nothing allowed")


@test("a message queue by name cannot be opened, and is not made or removed either, or the row ipc says so")
def _():
    name, other = f"croft-test-{os.getpid()}", f"croft-test-{os.getpid()}-other"
    cleanup(payload, "mq-unlink", name)
    cleanup(payload, "mq-unlink", other)
    row = json.dumps(plan_rows()["ipc"])
    free = outside("mq-open", name)
    if free != "ok":
        skip(f"the host itself answers {free}")
    refused(inside([], "mq-open", name), "mq_open")
    made = outside("mq-unlink", name) == "ok"
    true(not made or "queue" in row, f"a queue was made although mq_open was refused, and the row says {row}")
    equal(outside("mq-keep", other), "ok", "a queue of somebody else")
    removed = inside([], "mq-unlink", other)
    true(removed == "EACCES" or "queue" in row, f"mq_unlink of another's queue: {removed}, and the row says {row}")


@test("a ring goes around the filter: what rests on it is no longer enforced, and stops the start if required")
def _():
    result = confined(["--allow", "io-uring"], "args", "started")
    status_is(result, 125)
    lacks(result.out, "started", "output")
    contains(result.err, "io_uring", "message")
    rows, before = plan_rows(*allow("io-uring")), plan_rows()
    filtered = {"udp", "other-net"} | ({"unix-path"} if ABI < PATH_SOCKETS else set())
    filtered |= {"tcp"} if ABI < TCP else set()
    for name in filtered:
        equal(before[name]["state"], "enforced", f"row {name} without a ring")
        equal(rows[name]["state"], "partial", f"row {name} with rings allowed")
        contains(json.dumps(rows[name]), "io_uring", f"row {name}")
    equal(inside(allow("io-uring"), "socket", "inet", "dgram"), "EACCES", "an ordinary socket still")


@test("MPTCP let in by --off other-net is no way around the row tcp, or it says that it is one")
def _():
    result = confined(["--off", "other-net"], "args", "started")
    status_is(result, 125)
    lacks(result.out, "started", "output")
    contains(result.err, "MPTCP", "message")
    accepted = ["--off", "other-net", "--prefer", "tcp", "--prefer", "udp"]
    answer = inside(accepted, "mptcp-connect", "9")
    row = plan_rows(*accepted)["tcp"]
    is_told = row["state"] != "enforced" or "other-net" in json.dumps(row) or "MPTCP" in json.dumps(row)
    true(answer == "EACCES" or is_told, f"mptcp-connect: {answer}; the row tcp claims: {row}")


main()
