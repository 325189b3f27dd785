#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_landrun.py - as landrun, croft grants what each option says, and no more.

Each option's row of rights, with what it allows and what it does not, and what an older kernel makes
of it. What landrun does not restrict must pass; where it lets the restricted pass, we do not.
"""
from _landrun import *      # pylint: disable=wildcard-import,unused-wildcard-import


# Rights

TABLE = {       # what each grants on a directory and what is in it; None: refused on some kernels
    "--ro": {"open-read", "read-dir"},
    "--rox": {"open-read", "read-dir", "exec-path"},
    "--rw": {"open-read", "read-dir", "open-write", "open-trunc", "truncate", "create", "unlink", "mkdir", "rmdir",
             "rename", "symlink", "mknod", "mksock"},
    "--unix": {"open-read", "read-dir"},
}
TABLE["--rwx"] = TABLE["--rw"] | {"exec-path"}


def allowed_in(folder, options):
    """What can be done in a directory, each thing on a file of its own: a set of operations."""
    for name in ("read", "write", "trunc", "cut", "gone", "old"):
        write_file(f"{folder}/{name}", "text")
    os.makedirs(f"{folder}/empty", exist_ok=True)
    shutil.copy(PAYLOAD, f"{folder}/program")
    ops = [["open-read", f"{folder}/read"], ["read-dir", folder], ["open-write", f"{folder}/write"],
           ["open-trunc", f"{folder}/trunc"], ["truncate", f"{folder}/cut"], ["create", f"{folder}/new"],
           ["unlink", f"{folder}/gone"], ["mkdir", f"{folder}/dir"], ["rmdir", f"{folder}/empty"],
           ["rename", f"{folder}/old", f"{folder}/renamed"], ["symlink", "x", f"{folder}/sym"],
           ["mknod", "fifo", f"{folder}/fifo"], ["mksock", f"{folder}/sock"], ["exec-path", f"{folder}/program", "cwd"]]
    return {op[0] for op, answer in zip(ops, each(options, *ops)) if answer not in ("EACCES", "EPERM")}


def on_this_kernel(operations):
    """Below ABI 3 truncation by name is refused to all; open-trunc is a read-only open that truncates."""
    return operations - {"truncate", "open-trunc"} if ABI < TRUNCATE else operations


@test("an option gives the rights of its row on a directory, and no other", variants=sorted(TABLE))
def _(option):
    equal(allowed_in(tempdir(), [option, tempdir()]), set(), "what a grant elsewhere allows")
    folder = tempdir()
    equal(allowed_in(folder, [option, folder]), on_this_kernel(TABLE[option]), "what is allowed")


@test("an option on a file gives its rights on that file alone", variants=sorted(TABLE))
def _(option):
    folder = tempdir()
    file, other = write_file(f"{folder}/file", "text"), write_file(f"{folder}/other", "text")
    program = shutil.copy(PAYLOAD, f"{folder}/program")
    equal(each([option, f"{file},{program}"], ["open-read", file], ["open-write", file], ["open-read", other],
               ["read-dir", folder], ["create", f"{folder}/new"], ["unlink", file]),
          ["ok", "ok" if "w" in option else "EACCES", *["EACCES"] * 4], "answers")
    result = landrun(*MINIMUM, option, program, "--", PAYLOAD, "exec-path", program, "cwd")
    status_is(result, 0 if option in ("--rox", "--rwx") else 1)


@test("ioctl on a device passes where writing is granted, and nowhere else")
def _():
    ops = [["ioctl-dev", "/dev/zero", "0x1234"]]
    want = "EACCES" if ABI >= IOCTL_DEV else "ENOTTY"
    equal(each(["--ro", "/dev/zero"], *ops), [want], "with --ro")
    equal(each(["--rw", "/dev/zero"], *ops), ["ENOTTY"], "with --rw")
    equal(each(FREE, *ops), ["ENOTTY"], "with files left alone")


@test("files can be moved between two directories that may be written")
def _():
    one, two = tempdir(), tempdir()
    want = "ok" if ABI >= REFER else "EXDEV"
    write_file(f"{one}/a")
    equal(inside(["--rw", one, "--rw", two], "rename", f"{one}/a", f"{two}/a"), want, "answer")
    write_file(f"{one}/b")
    differs(inside(["--rw", one, "--ro", two], "rename", f"{one}/b", f"{two}/b"), "ok", "answer")


@test("paths are repeated and split at commas; relative ones and '..' mean what they mean outside")
def _():
    folder = tempdir()
    for name in ("a", "b", "c", "d"):
        write_file(f"{folder}/{name}/f", name)
    os.symlink("a", f"{folder}/link")
    reads = [["open-read", f"{folder}/{name}/f"] for name in "abcd"]

    def readable(*options):
        words = ["each", *[w for op in reads for w in (*op, ",")]]
        return "".join(name for name, answer in zip("abcd", inside(options, *words, cwd=f"{folder}/c").split())
                       if answer == "ok")
    equal(readable("--ro", f"{folder}/a,{folder}/b", "--ro", f"{folder}/d"), "abd", "lists")
    equal(readable("--ro", "."), "c", "the working directory")
    equal(readable("--ro", "./f"), "c", "a relative file")
    equal(readable("--ro", "../a,../b/"), "ab", "'..'")
    equal(readable("--ro", "../link/../d"), "d", "'..' behind a link")
    equal(readable("--ro", ".."), "abcd", "the directory above")


@test("'~' and 'optional:' are names like any other")
def _():
    folder = tempdir()
    write_file(f"{folder}/~/f")
    write_file(f"{folder}/optional:x")
    home = dict(os.environ, HOME="/etc")
    equal(inside(["--ro", "~"], "open-read", f"{folder}/~/f", cwd=folder, env=home), "ok", "~")
    equal(inside(["--ro", "~"], "open-read", "/etc/passwd", cwd=folder, env=home), "EACCES", "HOME")
    equal(inside(["--ro", "optional:x"], "open-read", f"{folder}/optional:x", cwd=folder), "ok", "optional:")
    is_refusal(landrun(*MINIMUM, "--ro", "optional:y", "--", PAYLOAD, "cwd", cwd=folder), "--ro", "optional:y")


@test("a missing path is an error that names it, and --ignore-missing passes over it", variants=[
    "--ro", "--rox", "--rw", "--rwx", "--unix"])
def _(option):
    missing = f"{tempdir()}/missing"
    result, has_run = marked(BEST, option, missing)
    is_refusal(result, option, missing, "No such file", "--ignore-missing")
    true(not has_run, "it ran")
    result, has_run = marked(BEST, option, f"{missing},{missing}/..", "--ignore-missing")
    succeeds(result)
    true(has_run, "it did not run")
    is_refusal(marked(BEST, "--ignore-missing=false", option, missing)[0], missing)


@test("a standard stream may be granted by name, whatever it is")
def _():
    folder = tempdir()
    streams = ["--rw", "/dev/stdin,/dev/stdout,/dev/stderr,/dev/fd/0"]
    cat = [BEST, *SYSTEM, *streams, "cat", "/dev/stdin"]
    equal(succeeds(landrun(*cat, stdin="a pipe")).out, "a pipe", "a pipe")
    with open(write_file(f"{folder}/f", "a file"), encoding="utf-8") as f:
        equal(succeeds(landrun(*cat, stdin=f)).out, "a file", "a file")
        without = [BEST, *SYSTEM, "cat", "/dev/stdin"]
        f.seek(0)
        differs(landrun(*without, stdin=f).status, 0, "opening the file again without a grant")
    one, two = socket.socketpair()
    with one, two:
        equal(landrun(*MINIMUM, *streams, "--", PAYLOAD, "fds", stdin=one).out.split(), ["0", "1", "2"], "a socket")


@test("everything may be granted, to write too")
def _():
    path = write_file(f"{tempdir()}/f")
    equal(each(["--rw", "/"], ["open-write", path], ["exec-path", "/bin/true"]), ["ok", "EACCES"], "with --rw /")
    equal(each(["--ro", "/"], ["open-write", path], ["open-read", path]), ["EACCES", "ok"], "with --ro /")


@test("with files left alone grants of paths are not looked at, and ports stay closed")
def _():
    path = write_file(f"{tempdir()}/f")
    port = listener()
    options = ["--unrestricted-filesystem", "--ro", "/missing", "--unix", "/missing"]
    equal(inside([], "open-write", path), "EACCES", "a file, without the option")
    if ABI < TCP:
        is_refusal(landrun(BEST, *options, PAYLOAD, "cwd"), "nothing")
        return
    equal(each(options, ["open-write", path], ["tcp-connect", port]), ["ok", "EACCES"], "answers")


# Network

@test("TCP ports are open as granted")
def _():
    one, two, other = listener(), listener(), listener()
    free, taken = unused_port(), unused_port()
    ops = [["tcp-connect", one], ["tcp-connect", two], ["tcp-connect", other], ["tcp-bind", free], ["tcp-bind", taken]]
    equal(each([], *ops), ["EACCES"] * 5, "with nothing granted")
    equal(each(["--unrestricted-network"], *ops), ["ok"] * 5, "with the network left alone")
    if ABI < TCP:
        equal(each(["--connect-tcp", one], *ops), ["ok"] * 5, "where ports cannot be told apart")
        return
    equal(each(["--connect-tcp", f"{one},{two}", "--bind-tcp", free], *ops), ["ok", "ok", "EACCES", "ok", "EACCES"],
          "with three granted")
    equal(each(["--connect-tcp", one, "-connect-tcp=" + two, "--bind-tcp", "0"], *ops),
          ["ok", "ok", "EACCES", "EACCES", "EACCES"], "with two granted")


@test("MPTCP and fast open do not go around the ports", variants=[
    "mptcp-connect", "fastopen-sendto", "fastopen-sendmsg", "fastopen-sendmmsg"])
def _(way):
    granted, other = listener(), listener()
    free = said(payload(way, other))
    true(free in ("ok", "EPROTONOSUPPORT", "EOPNOTSUPP", "ENOPROTOOPT"), f"without a sandbox: {free}")
    equal(inside(["--connect-tcp", granted], way, other), "EACCES", "a port that is not granted")
    equal(inside([], way, other), "EACCES", "with nothing granted")
    equal(inside(["--unrestricted-network"], way, other), free, "with the network left alone")


@test("what landrun does not restrict passes", variants=["udp-connect", "udp-send", "netlink", "icmp", "io-uring",
                                                        "unix-listen", "unbound"])
def _(way):
    port = listener()
    op = {"netlink": ["socket", "netlink", "raw"], "icmp": ["socket", "inet", "dgram", "icmp"], "io-uring": ["io-uring"],
          "unix-listen": ["unix-bind", "@croft-test-" + port], "unbound": ["tcp-listen-unbound"]}.get(way, [way, port])
    want = said(payload(*op))
    if way == "io-uring" and ABI < TRUNCATE:    # a ring could truncate unseen by the filter
        want = "ENOSYS"
    equal(inside(["--connect-tcp", port], *op), want, "answer")


@test("a port that is none is an error, never another port", variants=[
    "65536", "65616", "-1", "x", "", "80,", "8 0", "0x50", "udp:53"])
def _(port):
    for option in ("--bind-tcp", "--connect-tcp"):
        result, has_run = marked(BEST, f"{option}={port}")
        is_refusal(result, option, "is not a port")
        true(not has_run, "it ran")
        succeeds(marked(BEST, f"{option}=65535")[0])


# Scopes

@test("signals and abstract sockets outside are out of reach, unless left alone")
def _():
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(f"\0croft-landrun-{os.getpid()}")
        server.listen(4)
        ops = [["kill-parent", "0"], ["unix-connect", f"@croft-landrun-{os.getpid()}"]]
        answers = each([], *ops)
        equal(answers, ["EPERM", "EPERM"] if ABI >= SCOPES else ["ok", "ok"], "restricted")
        equal(each(["--unrestricted-scoped"], *ops), ["ok", "ok"], "left alone")


@test("a path socket outside is reached as granted, where the kernel can tell")
def _():
    path = f"{tempdir()}/s"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(4)
        os.chmod(path, 0o777)
        want = "EACCES" if ABI >= PATH_SOCKETS else "ok"
        for options, answer in (([], want), (["--rw", path], want), (["--unix", path], "ok"),
                                (["--unix", os.path.dirname(path)], "ok"), (FREE, "ok")):
            equal(inside(options, "unix-connect", path), answer, f"with {options}")


# Environment, descriptors, privileges

@test("the environment is empty but for --env, whose values are not split")
def _():
    outer = dict(os.environ, GIVEN="g", OTHER="o", EMPTY="")

    def variables(*options):
        return sorted(succeeds(landrun(*MINIMUM, *options, "--", PAYLOAD, "env", env=outer)).out.splitlines())
    equal(variables(), [], "without --env")
    equal(variables("--env", "GIVEN", "--env", "NOT_SET", "-env", "EMPTY"), ["EMPTY=", "GIVEN=g"], "passed on")
    equal(variables("--env", "LIST=a,b,c", "--env", "GIVEN=new"), ["GIVEN=new", "LIST=a,b,c"], "set")
    equal(variables("--env=OTHE*", "--env=PWD"), [f"PWD={outer['PWD']}"] if "PWD" in outer else [], "names")


@test("descriptors above 2 are closed to the command unless --keep-fd lists them")
def _():
    read, write = os.pipe()
    cleanup(os.close, read)
    cleanup(os.close, write)

    def table(*options):
        return landrun(*MINIMUM, *options, "--", PAYLOAD, "fds", pass_fds=[read, write]).out.split()
    equal(table(), ["0", "1", "2"], "without --keep-fd")
    equal(table("--keep-fd", str(write)), ["0", "1", "2", str(write)], "with one")
    equal(table("--keep-fd", f"{read},{write}"), ["0", "1", "2", str(read), str(write)], "with two")
    equal(table(*FREE), ["0", "1", "2"], "with all left alone")
    is_refusal(landrun(*MINIMUM, "--keep-fd", "987", "--", PAYLOAD, "fds"), "987")


def capabilities(result):
    return re.findall(r"(?:CapPrm|CapEff|NoNewPrivs):\s*(\w+)", succeeds(result).out)


@test("privileges are those of the caller, and no new ones can be had")
def _():
    show = ["/bin/sh", "-c", "cat /proc/self/status"]
    outer = capabilities(run(*show))
    equal(capabilities(landrun(BEST, *SYSTEM, "--ro", "/proc", *show, "--env", "PATH", env={"PATH": "/bin"})),
          [*outer[:2], "1"], "restricted")
    equal(capabilities(landrun(*FREE, *show)), outer, "with all left alone")


# The kernel's age

@test("an older kernel is an error that names what is missing, and --best-effort goes on")
def _():
    if ABI >= PATH_SOCKETS:
        true(marked()[1], "it did not run")
        return
    result, has_run = marked()
    is_refusal(result, f"ABI {ABI}", "ABI 9", "resolve_unix", "--best-effort")
    true(not has_run, "it ran")
    result, has_run = marked(BEST)
    equal(succeeds(result).err, "", "standard error")
    true(has_run, "it did not run")
    # nothing of ABI 9 is wanted where files are left alone
    result = landrun("--unrestricted-filesystem", PAYLOAD, "cwd")
    status_is(result, 0 if ABI >= SCOPES else 1)


@test("without Landlock nothing is run, --best-effort or not", variants=["enosys", "eopnotsupp", "eperm"])
def _(refusal):
    wrapper = [f"{FAKES}/no_landlock", refusal]
    cause = {"enosys": "no Landlock", "eopnotsupp": "boot", "eperm": "outer"}[refusal]
    for options in ([], [BEST], [BEST, *FREE[:2]], [BEST, *FREE[1:]]):
        result, has_run = marked(*options, wrapper=wrapper)
        is_refusal(result, cause)
        true(not has_run, f"it ran with {options}")
    equal(succeeds(landrun(*FREE, PAYLOAD, "args", "x", wrapper=wrapper)).err, "", "standard error")


@test("on every ABI a directory to write does not cost the rest of the sandbox",
      variants=[str(n) for n in range(1, ABI)] if not FAKE else ["this"])
def _(abi):
    wrapper = [] if FAKE else [f"{FAKES}/landlock_abi", abi]
    folder, secret = tempdir(), write_file(f"{tempdir()}/secret", "s")
    words = [*MINIMUM, "--rw", folder, "--", PAYLOAD]
    equal(said(landrun(*words, "open-read", secret, wrapper=wrapper)), "EACCES", "an ungranted file")
    equal(said(landrun(*words, "create", f"{folder}/f", wrapper=wrapper)), "ok", "a granted directory")
    equal(said(landrun(*MINIMUM, "--ro", secret, "--", PAYLOAD, "open-read", secret, wrapper=wrapper)), "ok", "granted")
    is_refusal(landrun("--rox", PAYLOAD, "--rw", folder, "--", PAYLOAD, "cwd", wrapper=wrapper), "ABI 9")


@test("a restriction that this kernel knows nothing of is an error with --best-effort too")
def _():
    result = landrun(BEST, *FREE[:2], PAYLOAD, "args", "x")
    if ABI >= SCOPES:
        equal(succeeds(result).out, "x\n", "output")
    else:
        is_refusal(result, f"ABI {ABI}", "nothing")


@test("the flags of the audit log are taken")
def _():
    for flag in ("--log-disable-originating", "--log-enable-subprocesses", "--log-disable-subdomains"):
        equal(inside([flag], "cwd"), os.getcwd(), flag)
        equal(inside([flag], "open-read", "/etc/passwd"), "EACCES", flag)


main()
