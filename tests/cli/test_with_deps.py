#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_with_deps.py - --with-deps and --with from outside: what a command gets, and that it gets no more.

All commands here start from the profile "empty": what works, works by the grants that were found.
Each refusal stands beside the same words with one grant more; each set beside the same program
without it. What runs is what most systems have; a program that is missing skips its test.
"""
import glob

from _files import *      # pylint: disable=wildcard-import,unused-wildcard-import

EMPTY = ["--profile", "empty", "--with-deps"]
ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
SH = "/bin/sh"


def within(*command, options=(), env=None, **how):
    """A command with its closure and these options more; its variables are passed on."""
    env = ENV if env is None else env
    passed = [word for name in env for word in ("--env", name)]
    result = run_croft("run", *EMPTY, *passed, *options, "--", *command, env=env, **how)
    result.err = without_warning(result.err)
    return result


def needs(*programs):
    for program in programs:
        if not os.path.exists(program):
            skip(f"{program} is not here")


def twins(command, options, check, **how):
    """Without the options the check fails, with them it holds."""
    poor, rich = within(*command, **how), within(*command, options=options, **how)
    true(not check(poor), f"it works without {options}\n{poor}")
    true(check(rich), f"it does not work with {options}\n{rich}")


def works(result):
    return result.status == 0


@test("a dynamic program starts with nothing else granted", variants=list(TIERS))
def _(tier):
    succeeds(within(TRUE, options=TIERS[tier]))
    equal(succeeds(within("/usr/bin/env", "A=b", options=TIERS[tier], env={})).out, "A=b\n", "output")
    equal(succeeds(within("true", options=TIERS[tier])).out, "", "a bare name")
    # the twin: to grant the program alone is not enough
    poor = run_croft("run", "--profile", "empty", "--execute", TRUE, *TIERS[tier], "--", TRUE)
    differs(poor.status, 0, "status without its closure")


@test("a static program gets itself and nothing more")
def _():
    succeeds(within(PAYLOAD, "open-read", PAYLOAD))
    contains(within(PAYLOAD, "open-read", LOADER).out, "EACCES", "output")
    succeeds(within(PAYLOAD, "open-read", LOADER, options=["--read", LOADER]))


@test("its own libraries can be read, any other file of their directory cannot")
def _():
    own, other = library_of("libc.so.6"), library_of("libm.so.6", PYTHON)
    equal(os.path.dirname(own), os.path.dirname(other), "directories")
    succeeds(within("/usr/bin/head", "-c1", own))
    differs(within("/usr/bin/head", "-c1", other).status, 0, "status")
    succeeds(within("/usr/bin/head", "-c1", other, options=["--read", other]))
    differs(within("/usr/bin/ls", os.path.dirname(own)).status, 0, "status of listing the directory")


@test("nothing can be written, and no other program executed")
def _():
    folder = tempdir()
    os.chmod(folder, 0o777)
    write = [SH, "-c", f"echo x >{folder}/file"]
    differs(within(*write).status, 0, "status")
    true(not os.path.exists(f"{folder}/file"), "it was written")
    succeeds(within(*write, options=["--write", folder]))
    status_is(within(SH, "-c", "exec /usr/bin/env"), 126)
    succeeds(within(SH, "-c", "exec /usr/bin/env", options=["--execute", "/usr/bin/env"]))
    # a library is there to be mapped, not to be executed
    status_is(within(SH, "-c", f"exec {library_of('libc.so.6')}"), 126)


@test("LD_LIBRARY_PATH counts where it is passed on, and only there")
def _():
    folder = tempdir()
    os.chmod(folder, 0o755)
    program = changed(f"{folder}/program", LIBC, OTHER_LIBC)
    os.mkdir(f"{folder}/libs")
    shutil.copy(library_of("libc.so.6"), f"{folder}/libs/{OTHER_LIBC.decode()}")
    env = {"LD_LIBRARY_PATH": f"{folder}/libs"}
    succeeds(within(program, env=env))
    poor = run_croft("run", *EMPTY, "--", program, env=env)
    differs(poor.status, 0, "status")
    contains(poor.err, OTHER_LIBC.decode(), "message")
    succeeds(run_croft("run", *EMPTY, "--env", f"LD_LIBRARY_PATH={folder}/libs", "--", program, env={}))


@test("LD_PRELOAD counts where the command gets it, and only there")
def _():
    library = library_of("libm.so.6", PYTHON)
    command = ["/usr/bin/head", "-c1", library]
    succeeds(within(*command, options=["--env", f"LD_PRELOAD={library}"]))
    differs(within(*command).status, 0, "status without it")
    # a sanitizer's own library wants to come first, in croft's process
    env = {"LD_PRELOAD": library, "ASAN_OPTIONS": "verify_asan_link_order=0"}
    succeeds(within(*command, env=env))
    differs(run_croft("run", *EMPTY, "--", *command, env=env).status, 0, "status where it is not passed on")


@test("a script starts with its interpreters, through env as well", variants=["sh", "env sh", "env -S sh -e"])
def _(interpreter):
    folder = tempdir()
    os.chmod(folder, 0o755)
    path = script(f"{folder}/script", "echo done",
                  interpreter=f"/usr/bin/{interpreter}" if "env" in interpreter else SH)
    equal(succeeds(within(path)).out, "done\n", "output")
    equal(succeeds(within("./script", cwd=folder)).out, "done\n", "by a relative name")
    equal(succeeds(within("./script", options=["--chdir", folder], cwd="/")).out, "done\n", "after --chdir")
    write_file(f"{folder}/other")
    differs(within("/usr/bin/head", f"{folder}/other").status, 0, "the status of reading beside it")


@test("what is missing stops the start, and is named", variants=["loader", "program", "interpreter"])
def _(kind):
    folder = tempdir()
    os.chmod(folder, 0o755)
    if kind == "loader":
        path, part, status = changed(f"{folder}/program", LOADER, OTHER_LOADER), OTHER_LOADER, 126
    elif kind == "program":
        path, part, status = f"{folder}/gone", f"{folder}/gone", 127
    else:
        path, part, status = script(f"{folder}/script", interpreter="/no/such/shell"), "/no/such/shell", 126
    for tier in TIERS.values():
        result = within(path, options=tier)
        status_is(result, status)
        is_message(result.err)
        contains(result.err, part, "message")


@test("the grants are in the plan under the name of who asked, and a dry run starts nothing")
def _():
    result = succeeds(run_croft("run", *EMPTY, "--with", "timezone", "--dry-run", "--json", "--", TRUE, env=ENV))
    rules = {rule["path"]: (rule["origin"], rule["access"]) for rule in json.loads(result.out)["rules"]}
    equal(rules[TRUE], ("--with-deps", "execute read_file"), "the program")
    equal(rules[os.path.realpath(LOADER)], ("--with-deps", "execute read_file"), "its loader")
    equal(rules[library_of("libc.so.6")], ("--with-deps", "read_file"), "a library")
    if os.path.exists("/usr/share/zoneinfo"):
        equal(rules["/usr/share/zoneinfo"], ("--with timezone", "read_file read_dir"), "a set")
    canary = Canary()
    succeeds(canary.run(["--with-deps", "--dry-run"]))
    true(not canary.has_run(), "it ran")


@test("a set that does not exist is misuse, with the nearest name")
def _():
    refuses(["--with", "pyton"], "'pyton'", "'python'")
    refuses(["--with", "everything"], "'everything'", "nss")
    starts(["--with", "python", "--with", "nss", "--with", "nss"])


# Each set, on a program that is nothing without it.

@test("nss: who a user is")
def _():
    needs("/usr/bin/getent")
    twins(["/usr/bin/getent", "passwd", "root"], ["--with", "nss"], lambda r: r.out.startswith("root:"))
    twins(["/usr/bin/id", "-un", "0"], ["--with", "nss"], lambda r: r.out == "root\n")
    twins(["/usr/bin/getent", "hosts", "localhost"], ["--with", "nss"], lambda r: "localhost" in r.out)


@test("gconv: a character set of another language")
def _():
    needs("/usr/bin/iconv")
    twins(["/usr/bin/iconv", "-f", "EUC-JP", "-t", "UTF-8"], ["--with", "gconv"],
          lambda r: r.status == 0 and r.out == "abc", stdin="abc")


@test("locale: the locales that are installed")
def _():
    needs("/usr/bin/locale")
    bare = run("/usr/bin/locale", "-a").out.split()
    if set(bare) <= {"C", "POSIX"}:
        skip("no locale is installed")
    twins(["/usr/bin/locale", "-a"], ["--with", "locale"], lambda r: r.out.split() == bare)


@test("timezone: the name of a zone")
def _():
    if not os.path.exists("/usr/share/zoneinfo/Asia/Tokyo"):
        skip("no time zones are installed")
    twins(["/usr/bin/date", "-d", "@0", "+%Z %H"], ["--with", "timezone"], lambda r: r.out == "JST 09\n",
          env={**ENV, "TZ": "Asia/Tokyo"})


@test("ca-certificates: whom TLS trusts")
def _():
    if not os.path.exists("/etc/ssl/certs/ca-certificates.crt"):
        skip("no certificates are installed")
    text = "import ssl; c = ssl.create_default_context(); print(len(c.get_ca_certs()) > 10)"
    poor = within(PYTHON, "-c", text, options=["--with", "python"])
    rich = within(PYTHON, "-c", text, options=["--with", "python", "--with", "ca-certificates"])
    equal((poor.out == "True\n", rich.out), (False, "True\n"), f"trust without and with\n{poor}\n{rich}")


@test("terminfo: what a terminal can do")
def _():
    needs("/usr/bin/tput")
    twins(["/usr/bin/tput", "-T", "xterm", "bold"], ["--with", "terminfo"], lambda r: r.out == "\x1b[1m")


@test("python: modules, those with libraries of their own too")
def _():
    twins([PYTHON, "-c", "import json; print(json.dumps([1]))"], ["--with", "python"], lambda r: r.out == "[1]\n")
    modules = "ssl, sqlite3, ctypes, bz2, lzma, decimal, curses, readline"
    twins([PYTHON, "-c", f"import {modules}; print('all')"], ["--with", "python"], lambda r: r.out == "all\n")
    twins([PYTHON, "-c", "import ssl"], ["--with", "python", "--with", "ca-certificates"], works)


@test("perl: modules, those with libraries of their own too")
def _():
    needs("/usr/bin/perl")
    text = "use POSIX; use List::Util qw(sum); use Compress::Zlib; print floor(sum(1, 0.5))"
    if run("/usr/bin/perl", "-e", text).status != 0:
        text = "use POSIX; use List::Util qw(sum); print floor(sum(1, 0.5))"
    twins(["/usr/bin/perl", "-e", text], ["--with", "perl"], lambda r: r.out == "1")


@test("node: a script, with modules")
def _():
    needs("/usr/bin/node")
    if not any(map(os.path.exists, ("/etc/ssl/openssl.cnf", "/etc/pki/tls/openssl.cnf"))):
        skip("no configuration of OpenSSL: Node.js starts without the set")
    twins(["/usr/bin/node", "-e", "console.log(require('path').join('a', 'b'))"], ["--with", "node"],
          lambda r: r.out == "a/b\n")


PAM = """
import ctypes, sys
pam = ctypes.CDLL(None)
class Conversation(ctypes.Structure):
    _fields_ = [("function", ctypes.c_void_p), ("data", ctypes.c_void_p)]
handle, talk = ctypes.c_void_p(), Conversation()
status = pam.pam_start_confdir(b"croft-test", b"root", ctypes.byref(talk), sys.argv[1].encode(), ctypes.byref(handle))
print(status or pam.pam_authenticate(handle, 0))
"""


@test("pam: modules that say yes and no")
def _():
    success, refusal = 0, 7
    libraries = [path for path in glob.glob("/lib/*/libpam.so.0") + glob.glob("/lib*/libpam.so.0")
                 if loader_machine(path) == loader_machine(PYTHON)]
    if not libraries:
        skip("no PAM is installed")
    folder = tempdir()
    os.chmod(folder, 0o755)
    preload = ["--env", f"LD_PRELOAD={libraries[0]}"]
    for module, want in (("pam_permit.so", success), ("pam_deny.so", refusal)):
        for service in ("croft-test", "other"):
            write_file(f"{folder}/{service}", f"auth required {module}\n")
        command = [PYTHON, "-c", PAM, folder]
        # libpam opens the socket of the audit log, and ends when it may not
        options = [*preload, "--with", "python", "--read", folder, "--off", "other-net", "--prefer", "tcp", "--prefer", "udp"]
        poor = within(*command, options=options)
        rich = within(*command, options=[*options, "--with", "pam"])
        true(rich.out == f"{want}\n" and poor.out not in (rich.out, ""), f"{module}\n{poor}\n{rich}")


def loader_machine(path):
    """The bytes of an ELF file that say for which machine it is."""
    with open(path, "rb") as f:
        head = f.read(20)
    return head[4:6], head[18:20]


def all_sets():
    """--with for each set that is documented."""
    text = read_file(os.path.join(os.path.dirname(TESTS), "docs", "names", "set.md"))
    return [word for name in re.findall(r"(?m)^- `([a-z-]+)`:", text) for word in ("--with", name)]


@test("no set opens what holds secrets, even for root")
def _():
    sets = all_sets()
    equal(len(sets), 20, "sets")
    secrets = ["/etc/shadow", "/etc/gshadow", "/etc/security/opasswd", "/etc/ssl/private", "/etc/sudoers", "/root"]
    plan = json.loads(succeeds(run_croft("plan", *EMPTY, *sets, "--json", "--", PAYLOAD, env=ENV)).out)
    for rule in plan["rules"]:
        true(not any(f"{path}/".startswith(f"{rule['path']}/") for path in secrets), str(rule))
    # and by doing, where this user may read them at all
    for path in filter(lambda path: os.access(path, os.R_OK), secrets):
        command = ["/usr/bin/ls" if os.path.isdir(path) else "/usr/bin/head", path]
        differs(within(*command, options=sets).status, 0, f"status of reading {path}")
        succeeds(within(*command, options=[*sets, "--read", path]))


@test("no set lets anything be written or executed")
def _():
    sets = all_sets()
    result = succeeds(run_croft("plan", *EMPTY, *sets, "--json", "--", PAYLOAD, env=ENV))
    rules = [rule for rule in json.loads(result.out)["rules"] if rule["origin"].startswith("--with ")]
    true(len(rules) > 20, f"{len(rules)} rules of sets")
    for rule in rules:
        true(set(rule["access"].split()) <= {"read_file", "read_dir"}, str(rule))


main()
