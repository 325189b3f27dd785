#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_kernel.py - environments in which Landlock, filters, tracing or privileges are kept away: who said no is named.

Deeds of one call are made by number, for the C library has no function for each.
"""
from _matrix import *   # pylint: disable=wildcard-import,unused-wildcard-import

LANDLOCK = "landlock_create_ruleset,landlock_add_rule,landlock_restrict_self"
MACHINE = os.uname().machine
SECCOMP = {"x86_64": 317}.get(MACHINE, 277)
# Whether an action is known: needs no privilege, and changes nothing.
FILTERS = [PYTHON, "-c", f"import ctypes, sys; action = ctypes.c_uint32(0x7fff0000); "
           f"sys.exit(ctypes.CDLL(None).syscall({SECCOMP}, 2, 0, ctypes.byref(action)) < 0)"]
READING = [PYTHON, "-c", "import ctypes, os, sys; sys.exit(ctypes.CDLL(None).process_vm_readv(os.getpid(), None, 0, None, 0, 0) < 0)"]
SUPERVISED = [os.path.join(BUILD, "tests", "landlock_abi"), "3"]
HELPED = ["unshare", "--map-root-user", "--map-auto", "true"]
TRACING = [PYTHON, "-c", "import ctypes, os, sys; libc = ctypes.CDLL(None, use_errno=True); sys.exit(libc.ptrace(0, 0, 0, 0) < 0)"]
UNDER_LANDLOCK = [CROFT, "run", "--profile", "system", "--tier", "landlock", "--", "/bin/true"]


def refused(calls, errno):
    """A container's filter that answers these calls so."""
    return Place("calls", f"deny={calls}", f"errno={errno}")


def allowed(place, text):
    """The rule that the mend prints, in the filter."""
    return place.plus("allow=" + ",".join(calls_in(text)))


for name in ("ENOSYS", "EOPNOTSUPP", "EPERM"):
    environment(f"a filter answers {name} in the place of Landlock", refused(LANDLOCK, name), "landlock", "landlock-filter", "filter",
                mend=allowed, fixed="gone", deed=UNDER_LANDLOCK, users="user")


@test("without a filter none is blamed for anything")
def _():
    equal([v for v in seen(Place())["verdicts"] if v["who"] == "filter"], [], "what a filter is blamed for")


environment("filters can be installed", Place(), "seccomp", None)
environment("a filter refuses filters", refused("seccomp", "EPERM"), "seccomp", "seccomp-filter", "filter", mend=allowed,
            deed=FILTERS, users="user")
environment("an outer supervisor answers system calls already", Place().within(*SUPERVISED), "seccomp", "notify-taken", "filter",
            mend=outside("outside of that supervisor"), deed=[*SUPERVISED, "true"], users="user")
environment("the kernel's Landlock is one of Linux 6.2", Place().within(*SUPERVISED), "landlock", "landlock-old", "kernel",
            users="user", also=lambda place, said: contains(the_verdict({"verdicts": said}, "landlock", "landlock-old", "kernel")["evidence"],
                                              "TCP ports"),
            not_mended="no other kernel can be booted here")

environment("children can be traced", Place(), "ptrace", None, deed=TRACING)
environment("a filter refuses tracing", refused("ptrace,process_vm_readv", "EPERM"), "ptrace", "ptrace-filter", "filter",
            mend=allowed, deed=TRACING, users="user")
environment("a filter hides the reading of a child's memory", refused("process_vm_readv", "ENOSYS"), "ptrace", "ptrace-filter",
            "filter", mend=allowed, deed=READING, users="user")


def since_setpriv(_, said):
    """The evidence names the process that has it first, and not the test's own."""
    evidence = the_verdict({"verdicts": said}, "privileges", "nnp-set", "privilege")["evidence"]
    true(re.search(r"set since process \d+ \(.+\), not its parent", evidence), evidence)


environment("no_new_privs is set", Place().within("setpriv", "--no-new-privs"), "privileges", "nnp-set", "privilege",
            also=since_setpriv, mend=outside("outside of what has set it"), fixed="gone")

if IS_ROOT:
    # Files of accounts that know a range of ids for user 65534, and newuidmap, which needs its bit to map them.
    ACCOUNTS = "mount -t tmpfs none /etc && echo nobody:x:65534:65534::/:/bin/sh >/etc/passwd && " \
               "echo nobody:100000:65536 | tee /etc/subuid >/etc/subgid"
    NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")

    def helper(mode, flags):
        """newuidmap with that mode, on a mount with those flags."""
        return Place("mounts", f"run={ACCOUNTS}", f"run=mount -t tmpfs -o {flags} none /mnt && cp /usr/bin/newuidmap /mnt/n",
                     f"run=chmod {mode} /mnt/n && mount --bind /mnt/n /usr/bin/newuidmap").within(*NOBODY)

    environment("a helper is not set-user-ID", helper("755", "mode=755"), "privileges", "helper-mode", "privilege", mend=typed,
                fixed="gone", deed=HELPED)
    environment("a helper lies on a mount with nosuid", helper("4755", "nosuid,mode=755"), "privileges", "helper-nosuid", "mount",
                mend=typed, fixed="gone", deed=HELPED)
    environment("no_new_privs is set for who maps ids by a helper",
                Place("mounts", f"run={ACCOUNTS}").within(*NOBODY, "--no-new-privs"), "subid", "subid-nnp", "privilege", deed=HELPED,
                mend=lambda place, _: Place(place.name, *place.options, words=NOBODY))

    def give(place, text):
        """The capabilities that the mend names are kept."""
        names = re.findall(r"CAP_([A-Z_]+)", text)
        true(names, f"no capability in the mend: {text!r}")
        return place.plus("keep=" + ",".join(name.lower() for name in names))

    environment("the bounding set is empty", Place("no-caps"), "privileges", "cap-bounding", "privilege", mend=give, fixed="gone",
                deed=["setpriv", "--reuid=65534", "--clear-groups", "true"])
    environment("securebits take root's rights",
                Place().within("setpriv", "--securebits=+noroot,+noroot_locked"), "privileges", "securebits", "privilege",
                mend=outside("outside of what has set them"), fixed="gone", deed=["unshare", "--mount", "true"])

main()
