#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_bad_paths.py - grants that are wrong: paths that are missing, relative, too long, odd; too many; no ports.

Each is a clear one-line error and nothing runs. Beside each stands the nearest thing that is right,
and it must start.
"""
import resource

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

PATH_OPTIONS = ["--read", "--write", "--execute", "--device", "--socket"]
MAX_PATH, MAX_GRANTS = 4095, 4096


def grant(option, path):
    """The words for a path grant: below ABI 9 a socket grant has to be accepted as what it is."""
    return [option, path] + (["--prefer", "unix-path"] if option == "--socket" and ABI < PATH_SOCKETS else [])


# Paths

@test("a grant on a missing path is refused and named", variants=PATH_OPTIONS)
def _(option):
    path = os.path.join(tempdir(), "missing")
    refuses(grant(option, path), f"{option} '{path}'", "No such file", "optional:")
    starts(grant(option, f"optional:{path}"))
    write_file(path)
    starts(grant(option, path))


@test("a grant on a path below a missing directory is refused, below a file too")
def _():
    folder = tempdir()
    write_file(os.path.join(folder, "file"))
    refuses(["--read", f"{folder}/missing/deep/name"], "No such file")
    refuses(["--read", f"{folder}/file/name"], "Not a directory", "is a file")
    starts(["--read", f"optional:{folder}/missing/deep/name"])
    starts(["--read", f"optional:{folder}/file/name"])


@test("a file where the name asks for a directory is refused", variants=PATH_OPTIONS)
def _(option):
    path = write_file(os.path.join(tempdir(), "file"))
    refuses(grant(option, path + "/"), "Not a directory")
    starts(grant(option, path))
    starts(grant(option, os.path.dirname(path) + "/"))


@test("a grant that means a tree gives a file only the rights of a file")
def _():
    path = write_file(os.path.join(tempdir(), "file"), "old")
    options = ["--profile", "empty", "--execute", PAYLOAD, "--write", path]
    if "sanitize" not in BUILD:     # a static payload needs nothing else
        succeeds(run_croft("run", *options, "--", PAYLOAD, "write-text", path, "new"))
        equal(read_file(path), "new", "content")
        status_is(run_croft("run", *options, "--", PAYLOAD, "unlink", path), 1)
        true(os.path.exists(path), "a grant on a file does not allow to remove it")


@test("a bare relative path is refused, and the form that is meant is named", variants=PATH_OPTIONS)
def _(option):
    folder = project()
    os.mkdir(os.path.join(folder, "src"))
    refuses(grant(option, "src"), "'src' is relative", "'./src'", cwd=folder)
    refuses(grant(option, "optional:src"), "'src' is relative", cwd=folder)
    starts(grant(option, "./src"), cwd=folder)


@test("names that only look like the forms are relative names", variants=["~user", "~~", ".hidden", "...", "-",
                                                                          "@x", "opt:x"])
def _(name):
    folder = project()
    write_file(os.path.join(folder, name))
    refuses(["--read", name], "relative", cwd=folder)
    starts(["--read", "./" + name], cwd=folder)


@test("a path with '..' in it is refused, three dots are a name",
      variants=["..", "../x", "/usr/..", "/usr/../etc", "/usr//../etc", "./..", "~/..", "optional:/usr/.."])
def _(path):
    refuses(["--read", path], "'..'")
    folder = tempdir()
    os.mkdir(os.path.join(folder, "..."))
    os.mkdir(os.path.join(folder, "..x"))
    starts(["--read", f"{folder}/...", "--read", f"{folder}/..x"])


@test("slashes and dots in a path make no difference")
def _():
    folder = tempdir()
    path = write_file(os.path.join(folder, "a", "file"), "text")
    for name in (f"/{folder}/a/file", f"{folder}//a///file", f"{folder}/./a/./file", f"{folder}/a/.//file"):
        result = run_croft("run", "--profile", "system", "--read", name, "--", "cat", path)
        equal((result.status, result.out), (0, "text"), f"cat with --read {name}: {result.err}")
    status_is(run_croft("run", "--profile", "system", "--", "cat", path), 1)


@test("a link is followed to what it leads to; one that leads nowhere is a missing path")
def _():
    folder = tempdir()
    target = write_file(os.path.join(folder, "target"), "text")
    link, dangling, loop = (os.path.join(folder, n) for n in ("link", "dangling", "loop"))
    os.symlink(target, link)
    os.symlink(os.path.join(folder, "nowhere"), dangling)
    os.symlink(loop, loop)
    equal(succeeds(run_croft("run", "--profile", "system", "--read", link, "--", "cat", target)).out, "text", "cat")
    refuses(["--read", dangling], dangling, "No such file")
    refuses(["--read", loop], loop)
    starts(["--read", f"optional:{dangling}"])


@test("'/' can be granted to read and not to write")
def _():
    secret = write_file(os.path.join(tempdir(), "secret"), "text")
    read = ["run", "--profile", "system", "--read", "/", "--"]
    equal(succeeds(run_croft(*read, "cat", secret)).out, "text", "cat")
    status_is(run_croft(*read, "rm", "-f", secret), 1)
    for form in ("/", "//", "/.", "///./"):
        refuses(["--write", form], "nothing protected")
    refuses(["--read", "/", "--write", "/"], "--write '/'")
    # what leads to / by a link is / as well
    link = os.path.join(tempdir(), "root")
    os.symlink("/", link)
    refuses(["--write", link], "nothing protected")
    equal(read_file(secret), "text", "the file outside")


@test("an empty string is no value", variants=[
    "--read", "--write", "--execute", "--device", "--socket", "--connect", "--listen", "--env", "--limit", "--time",
    "--grace",
    "--keep-fd", "--status-fd", "--chdir", "--require", "--prefer", "--off", "--allow", "--profile"])
def _(option):
    refuses([option, ""])
    refuses([f"{option}="])


@test("'optional:' without a path is refused")
def _():
    refuses(["--read", "optional:"], "empty")
    starts(["--read", "optional:/"])


def long_directory(parent, size):
    """A directory whose name has `size` bytes in all, made step by step as mkdir takes no longer name."""
    here = os.open(parent, os.O_RDONLY)
    path = parent
    while size - len(path) > 1:
        rest = size - len(path) - 1
        name = "d" * (rest if rest <= 250 else 200)
        os.mkdir(name, dir_fd=here)
        deeper = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here, path = deeper, f"{path}/{name}"
    os.close(here)
    return path


@test("a path of 4095 bytes is taken, a longer one refused")
def _():
    folder = tempdir()
    path = long_directory(folder, MAX_PATH)
    cleanup(run, "/bin/rm", "-rf", os.path.join(folder, "d" * 200))
    equal(len(path), MAX_PATH, "bytes")
    starts(["--read", path])
    result = run_croft("plan", "--profile", "empty", "--read", path, "--json")
    equal(json.loads(succeeds(result).out)["rules"][0]["granted_as"], path, "path in the plan")
    for bad in (path + "d", "/" + "x" * 5000, "./" + "x" * 5000, "x" * 100000):
        refuses(["--read", bad])
    refuses(["--read", "/" + "x" * 256], "File name too long")


@test("long values of other options are refused or taken, and the message stays one line",
      variants=["--connect", "--limit", "--time", "--require", "--allow", "--profile", "--keep-fd", "--chdir",
                "--env"])
def _(option):
    if option == "--env":
        starts([option, "LONG=" + "x" * 100000])
        starts([option, "N" * 100000])
    else:
        refuses([option, "x" * 100000])


@test("names with line breaks, escapes, spaces, quotes and colons are granted as they are",
      variants=["a\nb", "a\x1b[1mb", " ", "a b", "'\"`$(x)", "a:b,c", "*", "%s%n", "\\", "=", "ü\u2028", "-rf",
                "optional:x"])
def _(name):
    path = write_file(os.path.join(tempdir(), name), "text")
    equal(succeeds(run_croft("run", "--profile", "system", "--read", path, "--", "cat", path)).out, "text", "cat")
    status_is(run_croft("run", "--profile", "system", "--", "cat", path), 1)
    refuses(["--read", path + "-missing"])


@test("a name that is no UTF-8 is granted as it is")
def _():
    path = os.path.join(os.fsencode(tempdir()), b"\xff\xfe")
    write_file(os.fsdecode(path), "text")
    result = run_croft("run", "--profile", "system", "--read", path, "--", "cat", path)
    equal(succeeds(result).out, "text", "cat")
    status_is(run_croft("run", "--profile", "system", "--", "cat", path), 1)


# Many grants

def many_files(count):
    folder = tempdir()
    names = [os.path.join(folder, str(n)) for n in range(count)]
    for name in names:
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o644))
    return names


def soft_limit(count):
    def apply():
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (count, hard))
    return apply


@test("2,000 grants work whatever the soft limit on open files is, and the command gets that limit",
      variants=[64, 256, 1024, 4096])
def _(soft):
    names = many_files(2000)
    words = [w for n in names for w in ("--read", n)]
    for tier in ([], ["--supervise"]):
        result = run_croft("run", "--profile", "system", *tier, *words, "--", "sh", "-c",
                           f"ulimit -Sn && ulimit -Hn && cat {names[0]} {names[1999]}", preexec_fn=soft_limit(soft))
        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        equal(succeeds(result).out.split(), [str(soft), str(hard)], "limits inside")
    status_is(run_croft("run", "--profile", "system", *words[2:], "--", "cat", names[0]), 1)


@test("some hundred grants work under a soft limit below their number", variants=[100, 300, 480, 511, 512])
def _(count):
    words = [w for n in many_files(count) for w in ("--read", n)]
    starts(words, preexec_fn=soft_limit(64))


@test("plan, why and the dry run take as many grants as run does")
def _():
    names = many_files(2000)
    words = [w for n in names for w in ("--read", n)]
    how = {"preexec_fn": soft_limit(1024)}
    for first, last in ((["plan"], []), (["run", "--dry-run"], ["--", "true"]), (["why"], ["read", names[7]])):
        succeeds(run_croft(*first, "--profile", "system", *words, *last, **how))


@test("5,000 grants are refused, with the number that is allowed")
def _():
    name = write_file(os.path.join(tempdir(), "file"))
    refuses(["--read", name] * 5000, str(MAX_GRANTS))
    # the profile has its own
    plan = json.loads(succeeds(run_croft("plan", "--json", "--profile", "empty",
                                         *["--read", name] * MAX_GRANTS)).out)
    true(len(plan["rules"]) >= 1, "the grants of the plan")
    refused(run_croft("plan", "--profile", "empty", *["--read", name] * (MAX_GRANTS + 1)), 125, str(MAX_GRANTS))


@test("more ports, variables or descriptors than anybody needs are refused", variants=["--connect", "--env",
                                                                                       "--keep-fd"])
def _(option):
    refuses([w for n in range(3, 3000) for w in (option, str(n))])


# Ports

@test("what is no port is refused", variants=[
    "65536", "-1", "0", "99999999999999999999", "+80", "0x50", "80.0", "1e3", " 80", "80 ", "http", "80,443",
    "80-90", "::", "*",
    "tcp:", "udp:", "tcp:0", "udp:65536", "sctp:80", "TCP:80", "tcp:tcp:80", "127.0.0.1:80", "80:tcp"])
def _(text):
    refuses(["--connect", text], "is not a port")
    if text not in ("0", "tcp:0"):
        refuses(["--listen", text], "is not a port")


@test("ports from 1 to 65535 are taken, and 0 to listen on one that the kernel chooses",
      variants=["1", "65535", "tcp:443"])
def _(text):
    if ABI < TCP:
        refuses(["--connect", text], "'tcp'")
    starts(["--connect", text, "--prefer", "tcp"])
    starts(["--listen", text, "--prefer", "tcp"])
    starts(["--listen", "0", "--prefer", "tcp"])


main()
