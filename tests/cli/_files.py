# SPDX-License-Identifier: MIT
"""
_files.py - programs that miss something, made of programs that do not, and small roots.

A copy of a program with one name in it changed, byte by byte and no longer than before, needs
another file than the original: so each missing thing has its twin that is there, and no compiler is needed.
"""
from _cli import *      # pylint: disable=wildcard-import,unused-wildcard-import

TRUE = os.path.realpath("/usr/bin/true")
LIBC, OTHER_LIBC = b"libc.so.6", b"libq.so.6"


def loader_of(path):
    """The ELF interpreter that a program names."""
    with open(path, "rb") as f:
        return re.search(rb"(/[!-~]*/ld-[!-~]+)\0", f.read())[1].decode()


LOADER = loader_of(TRUE)
OTHER_LOADER = LOADER[:-1] + "9"


def changed(path, before, after, source=TRUE, mode=0o755):
    """A copy of a program with every `before` in it made `after`."""
    before, after = (text.encode() if isinstance(text, str) else text for text in (before, after))
    equal(len(before), len(after), "length of the names")
    with open(source, "rb") as f:
        data = f.read()
    true(before in data, f"{source} does not hold {before}")
    return write_file(path, data.replace(before, after), mode)


def library_of(name, program=TRUE):
    """Where the loader finds a library (the dynamic loader itself is asked)."""
    lines = run(program, env={"LD_TRACE_LOADED_OBJECTS": "1"}).out
    return os.path.realpath(re.search(rf"{re.escape(name)} => (\S+)", lines)[1])


def closure_of(program):
    """Paths of everything that the loader itself says it loads."""
    lines = run(program, env={"LD_TRACE_LOADED_OBJECTS": "1"}).out
    return sorted(os.path.realpath(path) for path in re.findall(r"(?:=> |^\s+)(/\S+) \(0x", lines, re.M))


def small_root():
    """
    A root with true in it and what it needs, reached through absolute symbolic links: these lead
    nowhere, or to the host's files, for who does not start again at the root.
    """
    root = tempdir()
    shutil.copy(TRUE, os.path.join(root, "true"))
    os.makedirs(f"{root}/usr/bin")
    os.makedirs(f"{root}/real/libs")
    os.rename(f"{root}/true", f"{root}/usr/bin/true")
    for name in (LOADER, library_of("libc.so.6")):
        shutil.copy(os.path.realpath(name), f"{root}/real/libs/{os.path.basename(name)}")
    if os.path.basename(library_of("libc.so.6")) != "libc.so.6":
        os.symlink(os.path.basename(library_of("libc.so.6")), f"{root}/real/libs/libc.so.6")
    for place in {os.path.dirname(LOADER), "/lib"}:
        os.symlink("/real/libs", root + place)
    os.symlink("/usr/bin", f"{root}/bin")
    return root
