#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
loader.py - what croft deps says of every dynamic ELF file of this machine is what the loader does.

The loader is asked with LD_TRACE_LOADED_OBJECTS: it then loads a program's libraries, prints them and ends
before the program's first instruction. (croft never does that; only this test does.) A library is given to
the loader as if it were a program, which croft deps understands the same way.

Compared are names, paths and their order, and what is not found. DEPS_FILES=N in the environment takes N files.
"""
import json
import platform
import stat
import struct
from concurrent.futures import ThreadPoolExecutor

from harness import *      # pylint: disable=wildcard-import,unused-wildcard-import

FOLDERS = ["/bin", "/sbin", "/lib", "/lib64", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/usr/libexec",
           "/usr/local/bin", "/usr/local/sbin", "/usr/local/lib", "/opt"]
LIMIT = int(os.environ.get("DEPS_FILES", "0"))
LOADERS = {"x86_64": (62, "/lib64/ld-linux-x86-64.so.2"), "aarch64": (183, "/lib/ld-linux-aarch64.so.1")}
MACHINE, LOADER = LOADERS.get(platform.machine(), (None, None))
TRACE = {"LD_TRACE_LOADED_OBJECTS": "1", "LC_ALL": "C"}
AT_ONCE = 2         # processes: as many as the smallest machine has cores
CHUNK = 100         # files for one process of croft
PT_DYNAMIC, PT_INTERP = 2, 3

# Troubles that the loader, when it traces, just calls "not found" and goes on.
NOT_FOUND = ("library-missing", "library-machine", "library-unreadable", "missing", "no-directory", "dangling-link",
             "not-directory", "link-loop", "no-search")

# Where the answers may differ, and why: (part of the path, reason). Empty is as it should be.
EXCEPTIONS = []


def program_headers(path):
    """(kinds of program headers with something in them, interpreter) of a file that this machine's loader takes."""
    with open(path, "rb") as f:
        head = f.read(64)
        if len(head) < 64 or head[:6] != b"\x7fELF\x02\x01":
            return set(), None
        kind, machine = struct.unpack_from("<HH", head, 16)
        offset, = struct.unpack_from("<Q", head, 32)
        size, count = struct.unpack_from("<HH", head, 54)
        if machine != MACHINE or kind not in (2, 3) or size != 56:
            return set(), None
        f.seek(offset)
        table = f.read(size * count)
        kinds, interp = set(), None
        for at in range(0, len(table) - 55, 56):
            entry = struct.unpack_from("<IIQQQQQQ", table, at)
            if entry[5]:
                kinds.add(entry[0])
            if entry[0] == PT_INTERP and interp is None:
                f.seek(entry[2])
                interp = f.read(entry[5]).rstrip(b"\0").decode()
        return kinds, interp


def all_files():
    """Every regular file under the folders, each once."""
    seen = set()
    for top in FOLDERS:
        if not os.path.isdir(top) or os.path.islink(top):
            continue
        for folder, _, names in os.walk(top):
            for name in names:
                path = os.path.join(folder, name)
                try:
                    st = os.lstat(path)
                except OSError:
                    continue
                if stat.S_ISREG(st.st_mode) and (st.st_dev, st.st_ino) not in seen:
                    seen.add((st.st_dev, st.st_ino))
                    yield path, st.st_mode


def gains_rights(path, mode):
    """Whether executing it gives rights: then the loader hears no variables, and the program would run."""
    return bool(mode & (stat.S_ISUID | stat.S_ISGID)) or "security.capability" in os.listxattr(path)


def subjects():
    """[(path, interpreter or None, whether it gains rights)] of what a glibc loader of this machine loads."""
    found = []
    for path, mode in all_files():
        try:
            kinds, interp = program_headers(path)
        except (OSError, UnicodeDecodeError):
            continue
        if PT_DYNAMIC not in kinds or (interp and (interp != LOADER or not os.access(path, os.X_OK))):
            continue    # of another loader; or cannot be started
        if not os.path.samefile(path, LOADER):
            found.append((path, interp, gains_rights(path, mode)))
    return found[:: max(1, len(found) // LIMIT)] if LIMIT else found


def parse_trace(text):
    """([(name, path), ...] in order, {missing names}) of what the loader printed."""
    loaded, missing = [], set()
    for line in text.splitlines():
        match = re.fullmatch(r"\t(.*) => (.*) \(0x[0-9a-f]+\)", line)
        if match:
            loaded.append(match.groups())
            continue
        match = re.fullmatch(r"\t(.*) => not found", line)
        if match:
            missing.add(match[1])
            continue
        match = re.fullmatch(r"\t(.*) \(0x[0-9a-f]+\)", line)
        if match:
            loaded.append((match[1], match[1]))
    # the kernel's own library, and the loader, which it lists somewhere or not at all
    loaded = [(n, p) for n, p in loaded if not n.startswith("linux-vdso") and os.path.basename(p) !=
              os.path.basename(LOADER)]
    return loaded, missing


def ask_loader(subject):
    """What the loader does with one file, or None and what it says if it gives up."""
    path, interp, gains = subject
    argv = [path] if interp and not gains else [LOADER, path]
    result = run(*argv, env=TRACE, start_new_session=False)
    if result.status not in (0, 1) or "error while loading" in result.err:
        return None, result.err
    return parse_trace(result.out), result.err


def ask_croft(paths):
    result = run_croft("deps", "--json", "--", *paths, env={"PATH": "/usr/bin:/bin"}, start_new_session=False,
                       timeout=120)
    true(result.status in (0, 1), f"croft failed\n{result}")
    return json.loads(result.out)["programs"]


def parse_croft(answer):
    """The same of croft's answer."""
    libraries = [(f["name"], f["path"]) for f in answer["files"] if f["role"] == "library" and f["rule"] != "given"]
    return libraries, {n["name"] for n in answer["needs"] if n["to"] is None}


def in_chunks(items, n):
    return [items[i:i + n] for i in range(0, len(items), n)]


def reason_for(path):
    return next((reason for part, reason in EXCEPTIONS if part in path), None)


def compare(subject, answer, told):
    """What differs, as a line; None: nothing."""
    path, trace, said = subject[0], told[0], told[1].strip()
    fatal = [t for t in answer["troubles"] if t["weight"] != "note" and t["kind"] not in NOT_FOUND]
    if reason_for(path):
        return None
    if trace is None:
        return None if fatal else f"{path}: the loader gives up ({said}), croft sees nothing wrong"
    ours = parse_croft(answer)
    if ours != trace:
        return (f"{path}:\n  loader only {[x for x in trace[0] if x not in ours[0]]} missing {trace[1] - ours[1]}"
                f"\n  croft only  {[x for x in ours[0] if x not in trace[0]]} missing {ours[1] - trace[1]}"
                + ("\n  in another order" if sorted(ours[0]) == sorted(trace[0]) else ""))
    has_version = [t for t in fatal if t["kind"] == "version-missing"]
    if bool(has_version) != (": version `" in said):
        return f"{path}: versions: the loader says {said!r}, croft {has_version}"
    if [t for t in fatal if t["kind"] != "version-missing"]:
        return f"{path}: croft sees {fatal}, the loader nothing"
    return None


@test("croft deps finds what the loader finds, for every dynamic file under the system's bin and lib directories")
def _():
    if not LOADER or not os.path.exists(LOADER):
        skip("no glibc loader that this test knows")
    files = subjects()
    true(len(files) >= 100, f"only {len(files)} dynamic files on this machine")
    with ThreadPoolExecutor(AT_ONCE) as pool:
        chunks = in_chunks([path for path, _, _ in files], CHUNK)
        answers = [a for chunk in pool.map(ask_croft, chunks) for a in chunk]
        told = list(pool.map(ask_loader, files))
    wrong = [line for line in map(compare, files, answers, told) if line]
    print(f"# {len(files)} files, {sum(1 for _, interp, _ in files if interp)} of them programs")
    true(not wrong, f"{len(wrong)} of {len(files)} differ:\n" + "\n".join(wrong[:20]))


main()
