#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
readelf.py - what croft reads of the ELF files of this machine is what readelf prints of them.

readelf (binutils) shares no code and no ideas with croft's reader: it goes by section headers where it can.
All kinds of files are asked about: programs, libraries, static ones, objects. Of more than LIMIT files a part
is taken, so that a run stays short; ELF_FILES=100000 in the environment takes them all.
"""
import shutil

from harness import *      # pylint: disable=wildcard-import,unused-wildcard-import

FOLDERS = ["/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib64", "/usr/local", "/lib", "/bin"]
LIMIT = int(os.environ.get("ELF_FILES", "250"))
LEVELS = {"x86-64-baseline": 1, "x86-64-v2": 2, "x86-64-v3": 4, "x86-64-v4": 8}


def is_elf(path):
    """A whole file: those with debug information only have headers that promise more than they hold."""
    try:
        if os.path.islink(path) or not os.path.isfile(path) or path.endswith(".debug"):
            return False
        with open(path, "rb") as f:
            return f.read(4) == b"\x7fELF"
    except OSError:
        return False


def may_be_elf(name):
    """By its name alone: asking 100,000 files what they are takes longer than the whole test."""
    return ".so" in name or "." not in name or name.endswith((".o", ".node", ".bin"))


def files():
    """At most about LIMIT of them, from all over the folders."""
    names = sorted({os.path.join(folder, name) for top in FOLDERS for folder, _, names in os.walk(top)
                    for name in names if "\n" not in name and (LIMIT > 10000 or may_be_elf(name))})
    found = {}      # by inode: /lib is often /usr/lib
    for i in range(37):     # every 37th name first, then those behind them, till there are enough
        for path in names[i::37]:
            if len(found) < LIMIT and is_elf(path):
                found.setdefault(os.stat(path).st_ino, path)
    return sorted(found.values())


def ours(paths):
    """What elf_print says of each: {path: {key: [value, ...]}}"""
    result = run(os.path.join(BUILD, "tests", "elf_print"), stdin="".join(f"{p}\n" for p in paths), timeout=120)
    status_is(result, 0)
    said, path = {}, None
    for line in result.out.splitlines():
        key, _, value = line.partition(" ")
        if key == "file":
            path = value
            said[path] = {}
        else:
            said[path].setdefault(key, []).append(value)
    return said


def sections(text):
    """readelf's output for several files, cut at the lines that name them."""
    parts = re.split(r"^File: (.*)\n", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2])) if len(parts) > 1 else {}


def versions(text):
    """Needed versions as (file, name, is weak) and defined names without the base name."""
    needs, defs, file = [], [], None
    for line in text.splitlines():
        if m := re.search(r"Version: 1  File: (\S+)  Cnt:", line):
            file = m[1]
        elif (m := re.search(r"  Name: (\S+)  Flags: (.+?)\s+Version: \d+", line)) and "Rev:" not in line:
            needs.append(f"{file} {m[1]} {int('WEAK' in m[2])}")
        elif (m := re.search(r"Rev: 1  Flags: (.+?)\s+Index: \d+  Cnt: \d+  Name: (.+)$", line)) and "BASE" not in m[1]:
            defs.append(m[2])
    return needs, defs


def theirs(text):
    """The same of readelf's text, in elf_print's words."""
    said = {}

    def find(pattern, flags=re.MULTILINE):
        return re.findall(pattern, text, flags)

    bits = find(r"^  Class: +ELF(\d+)")[0]
    is_big = int("big endian" in find(r"^  Data: +(.*)")[0])
    kinds = {"REL": 1, "EXEC": 2, "DYN": 3, "CORE": 4}
    said["kind"] = [f"{bits} {is_big} {kinds[find(r'^  Type: +([A-Z]+)')[0]]}"]
    for key, tag, label in (("needed", "NEEDED", "Shared library"), ("soname", "SONAME", "Library soname"),
                            ("rpath", "RPATH", "Library rpath"), ("runpath", "RUNPATH", "Library runpath")):
        said[key] = find(rf"\({tag}\) +{label}: \[(.*)\]$")
    said["interp"] = find(r"\[Requesting program interpreter: (.*)\]$")
    # Files of debug information only have an empty one, with which glibc deals as with none.
    said["dynamic"] = [str(int(any(int(size, 16) for size in find(r"^  DYNAMIC +\S+ \S+ \S+ (0x\S+)"))))]
    said["align"] = [hex(max((int(a, 16) for a in find(r"^  LOAD .* (0x[0-9a-f]+)$")), default=0))]
    said["exec stack"] = [str(int(any("E" in flags for flags in find(r"^  GNU_STACK +(?:0x\S+ +){5}(.{3})"))))]
    flags_1 = " ".join(find(r"\(FLAGS_1\) +Flags: (.*)$")).split()
    said["flags"] = [f"{int('NODEFLIB' in flags_1)} {int('PIE' in flags_1)}"]
    said["verneed"], said["verdef"] = versions(text)
    said["abi"] = [f"0 {v}" for v in find(r"OS: Linux, ABI: (\S+)")][:1]
    isa = [sum(LEVELS.get(word.strip(), 0) for word in line.split(",")) for line in find(r"x86 ISA needed: (.*)$")]
    said["isa"] = [hex(isa[0]) if isa else "0x0"]
    return said


def in_common(said):
    """elf_print's words cut to what readelf can be asked."""
    bits, is_big, kind, _, _ = said["header"][0].split()
    dynamic, n_interp, interp, align, has_exec_stack = said["segments"][0].split()
    return {"kind": [f"{bits} {is_big} {kind}"], "interp": [interp] if n_interp != "0" else [],
            "dynamic": [dynamic], "align": [hex(int(align, 16))], "exec stack": [has_exec_stack],
            "flags": said["flags"], "isa": [hex(int(said["isa"][0], 16))], "abi": said.get("abi", []),
            **{key: said.get(key, []) for key in ("needed", "soname", "rpath", "runpath", "verneed", "verdef")}}


@test("of each ELF file of this machine as much is read as readelf prints, and the same")
def _():
    if not shutil.which("readelf"):
        skip("readelf is not installed")
    paths = files()
    if len(paths) < 20:
        skip("fewer than 20 ELF files on this machine")
    said = ours(paths)
    printed = {}
    for i in range(0, len(paths), 50):
        result = run("readelf", "-W", "-h", "-l", "-d", "-V", "-n", "--", *paths[i:i + 50], CROFT,
                     env={**os.environ, "LC_ALL": "C"}, timeout=120)
        printed |= sections(result.out)
    compared = 0
    for path in paths:
        if "error" in said[path]:
            fail(f"{path}: {said[path]['error'][0]}")
        own = in_common(said[path])
        if own["kind"][0].endswith((" 1", " 4")):       # of objects and core files only the header is read
            own, other = ({"kind": d["kind"]} for d in (own, theirs(printed[path])))
        else:
            other = theirs(printed[path])
        for key, value in own.items():
            equal(value, other[key], f"{key} of {path}")
        compared += 1
    equal(compared, len(paths), "files compared")


main()
