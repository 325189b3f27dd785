# SPDX-License-Identifier: MIT
"""
selection.py - what runs inside a guest.

A start of a process there costs twenty times what it costs outside, so each program has to earn its place. On
every kernel: what Landlock of that age denies and allows, as root and as a user; as one of them what does not depend on
who asks. Once on aarch64 also what the filter and the launcher do, for no other suite runs croft on that
architecture. What no kernel answers otherwise (messages, options, plans) is left to the suites outside.
"""
import dataclasses

BOTH, ROOT, USER = ("root", "user"), ("root",), ("user",)
# Every right on files both ways; left out is every right under every kind of grant.
FILES = ("all grants on one tree", "a grant on a file", "a grant holds", "a path that contains no grant", "the default profile")


@dataclasses.dataclass(frozen=True)
class Entry:
    path: str               # below tests/, without .py
    users: tuple = BOTH
    words: tuple = ()       # parts of the sentences that are meant; none: all tests
    timeout: int = 300


WITH_LANDLOCK = [
    Entry("vm/identity", USER),
    Entry("vm/dynamic"),
    Entry("kernel/files", BOTH, FILES),
    Entry("kernel/links"),
    Entry("kernel/unix_sockets"),
    Entry("kernel/devices"),
    Entry("kernel/processes"),
    Entry("kernel/privileges", ROOT),
    Entry("kernel/inherit", ROOT),
    Entry("kernel/nesting", USER),
    Entry("kernel/net", USER),
    Entry("kernel/unstopped", USER),
    Entry("kernel/tmpdir", USER),
    Entry("cli/test_status", USER, ("the status says how", "never ran", "SIGPIPE")),
]
# Once on the other architecture, for it has numbers and structures of its own, whatever the kernel's age.
OTHER_ARCHITECTURE = [
    Entry("kernel/net", ROOT),
    Entry("kernel/syscalls", USER),
    Entry("kernel/descriptors", USER),
    Entry("kernel/limits", USER),
    Entry("cli/test_exit", USER),
]
WITHOUT_LANDLOCK = [
    Entry("vm/identity", USER),
    Entry("vm/no_landlock"),
]
# Once with the file that kills a whole group (5.14) and once without it; it starts a hundred processes.
GROUPS = [
    Entry("vm/control_groups", ROOT, timeout=600),
]
WITH_GROUPS = ("5.10-x86_64", "6.1-x86_64")


def runs(name, abi):
    """(title, entry, user) of all that runs on the kernel of that name, which has that Landlock."""
    entries = WITHOUT_LANDLOCK if abi == 0 else WITH_LANDLOCK + (OTHER_ARCHITECTURE if name == "6.12-aarch64" else [])
    entries = entries + (GROUPS if name in WITH_GROUPS else [])
    return [(f"{entry.path.split('/')[1]}/{user}", entry, user) for entry in entries for user in entry.users]
