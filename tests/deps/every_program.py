#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
every_program.py - every dynamic program in /usr/bin, with its closure and nothing else.

Each is asked for its version or help bare; what answers must answer the same from inside, where all
that is granted is what --with-deps found. What does not is in REASONS, with the reason and with the
set or grant that mends it, and is run with that too.

As root the programs run as nobody, in an empty directory. None gets HOME. NEVER names those
that could do harm when they do not know the option.
"""
import concurrent.futures
import fnmatch
import glob

from harness import *       # pylint: disable=wildcard-import,unused-wildcard-import

FOLDER = "/usr/bin"
ENV = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
SECONDS = 10
NEVER = {"halt", "init", "poweroff", "reboot", "runlevel", "shutdown", "systemctl", "telinit"}
NOBODY = {"user": 65534, "group": 65534, "extra_groups": []} if IS_ROOT else {}

SYSTEM = ["--execute", "/usr", "--execute", "optional:/lib", "--execute", "optional:/lib64", "--execute", "optional:/bin"]
NO_NET_ROW = ["--off", "other-net", "--prefer", "tcp", "--prefer", "udp"]

# (what it needs besides, the grants that mend it, patterns for the programs' names)
REASONS = [
    ("opens /dev/null to write, then its configuration", ["--write", "/dev/null", "--read", "optional:/etc/gitconfig"],
     "git"),
    ("opens /dev/null to write", ["--write", "/dev/null"], "dbus-daemon"),
    ("opens /dev/null to write, then asks who the user is", ["--write", "/dev/null", "--with", "nss"], "slogin ssh"),
    ("opens /dev/null to write, then reads /proc", ["--write", "/dev/null", "--read", "/proc", "--with", "nss"], "lsof"),
    ("runs other programs", SYSTEM, "*gcc-ar* *gcc-nm* *gcc-ranlib*"),
    ("runs other programs, which read /proc", SYSTEM + ["--read", "/proc"], "valgrind.bin"),
    ("runs other programs, which read data", SYSTEM, "groff"),
    ("reads its data", ["--read", "optional:/usr/share/groff"], "pre-grohtml"),
    ("reads its data", ["--with", "nss", "--read", "optional:/usr/share/tcltk"], "wish*"),
    ("reads its configuration", ["--read", "optional:/etc/apt", "--read", "optional:/usr/share/dpkg"], "apt apt-*"),
    ("reads its configuration", ["--read", "optional:/etc/dpkg"], "dpkg"),
    ("reads its configuration and /proc", ["--read", "optional:/etc/systemd", "--read", "/proc"], "systemd"),
    ("reads its configuration, and asks who the user is", ["--with", "nss", "--read", "optional:/etc/wgetrc"], "wget"),
    ("asks who the user is", ["--with", "nss"], "cargo ccache firecfg sqlite3"),
    ("asks who the user is, and reads its configuration and what it is made of", [
        "--with", "nss", "--read", "optional:/etc/bazel", "--read", "optional:/usr/share/bazel"], "bazel-*"),
    ("asks who the user is, and reads /proc", ["--with", "nss", "--read", "/proc"], "nix"),
    ("asks who the user is, and reads its data", ["--with", "nss", "--read", "optional:/usr/share/glib-2.0"],
     "gsettings"),
    ("reads /proc", ["--read", "/proc"], "ip ps top"),
    ("executes a copy of itself, which it reads through /proc", ["--read", "/proc"], "crun"),
    ("asks who the user is, and reads its configuration", [
        "--with", "nss", "--read", "optional:/usr/share/containers", "--read", "optional:/etc/containers"], "podman"),
    ("asks for the machine's processors", ["--read", "/proc", "--read", "/sys/devices/system"],
     "clangd* *gp-collect-app"),
    ("opens the socket of the audit log", NO_NET_ROW, "chage lastlog"),
    ("opens the socket of the audit log, and asks who the user is and what a password may be",
     NO_NET_ROW + ["--with", "pam", "--with", "nss"], "gpasswd"),
    ("opens a socket to ask for interfaces, and reads /proc", ["--off", "udp", "--read", "/proc"], "fuser"),
    ("talks to a service", ["--off", "unix-path", "--off", "unix-abstract"], "pkcon"),
    ("reads its working directory", ["--read", "."], "lsattr"),
    ("writes its log where it stands", ["--write", "."], "nvim"),
    ("lists the terminals that are described", ["--with", "terminfo"], "toe"),
    ("wants a locale with UTF-8", ["--with", "locale"], "tmux"),
    ("registers itself in shared memory", ["--write", "/dev/shm"], "llvm-omp-device-info*"),
    ("runs Python inside, which looks for its modules", ["--with", "python", "--with", "nss"], "gdb"),
    ("reads the time zone, and opens a library by name", [
        "--with", "timezone", "--read", "optional:/lib/x86_64-linux-gnu/libpthread.so.0"],
     "compileserver-3.2.2 fpcmkcfg fpdoc pas2js-3.2.2"),
    ("reads the time zone and its configuration, opens a library by name, and writes where it stands", [
        "--with", "timezone", "--read", "optional:/lib/x86_64-linux-gnu/libpthread.so.0", "--read", "/etc",
        "--write", "."], "fppkg"),
    ("starts a virtual machine, which opens its libraries by name, and its configuration", SYSTEM + [
        "--read", "/etc", "--read", "/proc", "--write", "/dev/null"], """
        jar jarsigner java javac javadoc javap jcmd jdb jdeprscan jdeps jfr jhsdb jimage jinfo jlink jmap jmod
        jpackage jps jrunscript jshell jstack jstat jstatd keytool"""),
]


def exception_of(name):
    """The grants that this program needs besides its closure."""
    for _, grants, patterns in REASONS:
        if any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns.split()):
            return grants
    return []


def is_dynamic(path):
    """Names an ELF interpreter."""
    try:
        with open(path, "rb") as f:
            head = f.read(65536)
    except OSError:     # not for us to read
        return False
    return head[:4] == b"\x7fELF" and re.search(rb"/ld(-linux|-musl|64|\.so)[!-~]*\0", head) is not None


def programs():
    """A name for each file."""
    found = {}
    for name in sorted(os.listdir(FOLDER)):
        path = os.path.join(FOLDER, name)
        if name in NEVER or not os.path.isfile(path) or not os.access(path, os.X_OK):
            continue
        file = os.stat(path)
        key = (file.st_dev, file.st_ino)
        if key not in found and is_dynamic(path):
            found[key] = name
    return sorted(found.values())


def first_line(argv, cwd):
    """(status, the first line that is printed), None when it does not end."""
    try:
        ended = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               cwd=cwd, env=ENV, timeout=SECONDS, check=False, start_new_session=True, **NOBODY)
    except subprocess.TimeoutExpired:
        return None
    lines = ended.stdout.decode("utf-8", "replace").strip().splitlines()
    lines = [line for line in lines if not line.startswith("croft: not enforced here: ")]
    return ended.returncode, lines[0] if lines else ""


def question_for(name, cwd):
    """The option that makes it say what it is, and its answer; None if it has none."""
    for option in ("--version", "--help", "-h", "-V"):
        answer = first_line([os.path.join(FOLDER, name), option], cwd)
        if answer is None:      # it waits for something: a server, most likely
            return None
        if answer[0] == 0 and answer[1]:
            return option, answer
    return None


def confined(name, option, extra, cwd):
    argv = [CROFT, "run", "--profile", "empty", "--with-deps", "--env", "PATH", *extra, "--",
            os.path.join(FOLDER, name), option]
    return first_line(argv, cwd)


def compare(name, cwd):
    """None where there is nothing to compare, else what was wrong with it ("": nothing)."""
    found = question_for(name, cwd)
    if found is None:
        return None
    option, want = found
    got = confined(name, option, exception_of(name), cwd)
    if got == want or is_same_but_numbers(name, option, got, want, cwd):
        return ""
    return f"{name} {option}: {got}, bare {want}"


def is_same_but_numbers(name, option, got, want, cwd):
    """For those that print the time or a process number: two bare runs differ in the same way."""
    again = first_line([os.path.join(FOLDER, name), option], cwd)
    if got is None or again is None or again == want:
        return False
    return re.sub(r"\d+", "0", str(got)) == re.sub(r"\d+", "0", str(want)) == re.sub(r"\d+", "0", str(again))


def needs_no_more(name, cwd):
    """True if the closure alone is enough after all."""
    found = question_for(name, cwd)
    return found is not None and confined(name, found[0], [], cwd) == found[1]


def ground():
    """An empty directory to stand in. What the virtual machine of Java leaves in /tmp is removed, if it was not there."""
    traces = set(glob.glob("/tmp/hsperfdata_*"))
    cleanup(lambda: [shutil.rmtree(path) for path in set(glob.glob("/tmp/hsperfdata_*")) - traces])
    folder = tempdir()
    os.chmod(folder, 0o755)
    cwd = os.path.join(folder, "cwd")
    os.mkdir(cwd)
    os.chmod(cwd, 0o777)
    return cwd


@test("every dynamic program in /usr/bin that prints a version or help does so with its closure alone")
def _():
    cwd, names = ground(), programs()
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = dict(zip(names, pool.map(lambda name: compare(name, cwd), names)))
    wrong = [text for text in answers.values() if text]
    asked = [name for name, text in answers.items() if text is not None]
    true(len(asked) > 20, f"only {len(asked)} of {len(names)} programs could be asked")
    print(f"# {len(asked)} of {len(names)} programs were compared, "
          f"{len([name for name in asked if exception_of(name)])} of them with more than their closure")
    true(not wrong, "\n".join([f"{len(wrong)} of {len(asked)} programs:", *wrong]))


@test("without what its exception names each of these answers otherwise: no exception is idle")
def _():
    cwd = ground()
    names = [name for name in programs() if exception_of(name)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        idle = [name for name, is_idle in zip(names, pool.map(lambda name: needs_no_more(name, cwd), names)) if is_idle]
    equal(idle, [], "exceptions that are none")



main()
