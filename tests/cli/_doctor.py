# SPDX-License-Identifier: MIT
"""
_doctor.py - what the tests of croft doctor share: sets of observations made by hand, answers, and
what there is on a host before and after.
"""
import functools
import json
import pathlib

from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

SOURCE = os.environ["SOURCE"]
STATES = {"works", "partly", "missing", "no-effect", "unknown"}
WHO = {"nobody", "kernel", "boot", "sysctl", "lsm", "filter", "runtime", "mount", "limit", "chroot", "privilege",
       "setting", "not-there", "network", "remote", "unknown"}
PROTECTIONS = ("files exec devices metadata hidden deny-inside private-tmp tcp udp other-net unix-abstract unix-path "
               "signals ptrace processes ipc terminal syscalls privileges descriptors environment limits").split()


def facilities():
    """The words of --need, from the table that the program is made of."""
    text = read_file(os.path.join(SOURCE, "src", "doctor", "facilities.def"))
    return re.findall(r'^FACILITY\(\w+, "([^"]+)"', text, re.M)


def doctor(*args, **how):
    how.setdefault("timeout", 20)
    return run_croft("doctor", *args, **how)


def answer(*args, **how):
    """The object of --json."""
    return json.loads(succeeds(doctor("--json", *args, **how)).out)


def on_terminal(*args, **how):
    """What croft doctor prints on a terminal."""
    terminal = Terminal(CROFT, "doctor", *args, **how)
    while terminal.read(10):
        pass
    return terminal.log.replace("\r", "")


@functools.cache
def this_host():
    return json.loads(succeeds(doctor("--save", "-")).out)["host"]


def saved(observations=()):
    """A file as --save writes it, with these records and the host of now."""
    made = {"version": 1, "observations": list(observations), "host": this_host()}
    return write_file(os.path.join(tempdir(), "set.json"), json.dumps(made))


def children_of(pid):
    found = []
    for path in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(path.parent.name))
    return found


def groups():
    """Directories of the control groups that we are in, where they can be seen."""
    found = set()
    for line in read_file("/proc/self/cgroup").splitlines():
        _, names, path = line.split(":", 2)
        for root in ("/sys/fs/cgroup", "/sys/fs/cgroup/unified", f"/sys/fs/cgroup/{names}"):
            if os.path.isdir(root + path):
                found |= {os.path.join(root + path, n) for n in os.listdir(root + path)}
    return found
