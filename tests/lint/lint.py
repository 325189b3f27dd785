#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
lint.py - the house rules that a machine can check. TAP; run from the root of the tree.

    lint.py            every check, each preceded by proof that it can find something
    lint.py --fix      puts right what clang-format can

A check is a function from a Tree to findings ("path:line: what"). Beside each stand snippets that it must
find and must not find; a check that is blind to its own snippet fails, so none can go blind unseen.
"""
import dataclasses
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import format as clang_format

FILE_CAP, FUNCTION_CAP, COLUMNS = 600, 100, 100
SPDX = "SPDX-License-Identifier: MIT"

# An include may point to its own folder and to what stands here.
LAYERS = {
    "base": set(),
    "sys": {"base"},
    "host": {"base", "sys"},
    "profile": {"base", "sys"},
    "elf": {"base", "sys"},
    "plan": {"base", "sys", "host", "profile", "elf"},
    "enforce": {"base", "sys", "host", "profile", "elf", "plan"},
    "launch": {"base", "sys", "host", "profile", "elf", "plan", "enforce"},
    "check": {"base", "sys", "host", "profile", "elf", "plan", "enforce", "launch"},
    "cli": {"base", "sys", "host", "profile", "elf", "plan", "enforce", "launch", "check"},
    "import": {"base", "sys", "profile", "cli"},
    "doctor": {"base", "sys", "host", "profile", "elf", "plan", "enforce", "launch", "cli"},
    "nix": {"base", "sys", "elf", "doctor", "cli"},
    "image": {"base", "sys", "elf", "profile", "launch", "cli"},
    "gha": {"base", "sys", "elf", "profile", "launch", "cli"},
    "drv": {"base", "sys", "elf", "launch", "cli"},
    "slurm": {"base", "sys", "launch", "cli"},
    "oci": {"base", "sys", "host", "profile", "elf", "cli"},
    "ptyfix": set(),
}

# Stands in front of the C library in other people's programs: it has errno to keep, and no caller to keep state for it.
PRELOADED = "src/ptyfix/"

# Called by Slurm without a pointer of its own: what is kept from one call to the next has no other place.
CALLED_BACK = "src/slurm/spank.c"

# Never called anywhere in src, and why.
BANNED = {
    **dict.fromkeys(["strcpy", "strcat", "sprintf", "vsprintf", "gets", "stpcpy", "strncat"], "does not know the size"),
    **dict.fromkeys(["alloca", "strdupa"], "the stack has no limit that is checked"),
    **dict.fromkeys(["system", "popen", "wordexp"], "starts a shell"),
    **dict.fromkeys(["atoi", "atol", "atoll", "strtol", "strtoul", "strtoll", "strtoull", "sscanf"], "use base/num.h"),
    **dict.fromkeys(["tmpnam", "mktemp", "tempnam"], "a name that others can take first"),
    **dict.fromkeys(["setjmp", "longjmp"], "leaves scopes without their cleanup"),
    **dict.fromkeys(["rand", "srand", "random", "drand48"], "guessable"),
    **dict.fromkeys(["strtok", "localtime", "gmtime", "ctime", "asctime", "strerror"], "shared state"),
    **dict.fromkeys(["fork", "vfork", "posix_spawn"], "sys_clone is the only way to a child"),
    **dict.fromkeys(["goto"], "use AUTO_FREE, AUTO_FD and take"),
}
# Not in the library, only in the command line.
LIBRARY_BANNED = dict.fromkeys(
    ["printf", "fprintf", "puts", "putchar", "perror", "fputs", "fwrite", "exit", "_exit", "_Exit", "abort", "getenv",
     "setenv", "putenv", "unsetenv", "signal", "atexit", "syslog"], "the library prints nothing and never exits")
# Programs of their own, which look at the environment that they are called in.
PROGRAMS = ("src/doctor/", "src/drv/", "src/gha/", "src/image/", "src/nix/", "src/oci/")
# Not where the parent's memory is borrowed.
CHILD_MARK = "child-path: no allocation"
CHILD_BANNED = dict.fromkeys(
    ["malloc", "calloc", "realloc", "free", "strdup", "asprintf", "printf", "fprintf", "puts", "fopen", "fflush",
     "pthread_mutex_lock", "exit", "setenv", "getenv", "opendir", "readdir", "getpwnam", "getpwuid", "syslog",
     "arena_alloc", "arena_strdup", "arena_printf", "buf_puts", "buf_printf", "buf_add", "qsort", "dlopen"],
    "allocates, locks, or is not the child's to touch")


@dataclasses.dataclass
class Tree:
    """Paths (as written in findings) to texts, and where they lie for tools that want files."""
    files: dict
    root: Path

    def under(self, *prefixes, ends=(".c", ".h")):
        for path, text in sorted(self.files.items()):
            if path.startswith(prefixes) and path.endswith(ends):
                yield path, text


def code_only(text, keep_strings=False):
    """C without comments and strings; lines keep their numbers."""
    def blank(m):
        if keep_strings and m[0][0] == '"':
            return m[0]
        return re.sub(r"[^\n]", " ", m[0]) if m[0][0] == "/" else '""'
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'', blank, text, flags=re.S)


def calls(text, names):
    """(line, name) of each use of a name as a call, or of a keyword."""
    code = code_only(text)
    for m in re.finditer(r"(?<![\w.>])(\w+)\s*(\(|\b)", code):
        if m[1] in names and (m[2] == "(" or m[1] == "goto"):
            yield code.count("\n", 0, m.start()) + 1, m[1]


def functions(text):
    """(name, line, lines) of each function of a kernel-style file: '{' and '}' alone in the first column."""
    begin, name = None, ""
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if line == "{":
            begin = number
            head = " ".join(lines[max(0, number - 6):number - 1])
            found = re.findall(r"(\w+)\(", head)
            name = found[-1] if found else "?"
        elif line == "}" and begin:
            yield name, begin, number - begin + 1
            begin = None


# The checks: findings = check(tree)

def check_layers(tree):
    """no include points upward"""
    for path, text in tree.under("src/"):
        folder = path.split("/")[1]
        for number, line in enumerate(text.split("\n"), 1):
            m = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not m:
                continue
            to = m[1].split("/")[0] if "/" in m[1] else folder
            if folder not in LAYERS:
                yield f"{path}:{number}: the folder src/{folder} has no place among the layers"
            elif m[1].endswith(".def") or m[1] in ("croft.h", "help.h"):
                continue
            elif to != folder and to not in LAYERS[folder]:
                yield f"{path}:{number}: {folder} includes {m[1]}, which is not below it"


def check_banned(tree):
    """no banned function is called"""
    for path, text in tree.under("src/", "include/"):
        for number, name in calls(text, BANNED):
            yield f"{path}:{number}: {name}: {BANNED[name]}"


def check_library(tree):
    """the library neither prints nor exits nor touches the environment"""
    for path, text in tree.under("src/"):
        if path.startswith("src/cli/"):
            continue
        for number, name in calls(text, LIBRARY_BANNED):
            if name != "getenv" or not path.startswith(PROGRAMS):
                yield f"{path}:{number}: {name}: {LIBRARY_BANNED[name]}"


def check_child(tree):
    """what runs in borrowed memory neither allocates nor locks"""
    marked = [(p, t) for p, t in tree.under("src/") if CHILD_MARK in t.split("*/")[1] if t.count("*/") > 1]
    for path, text in marked:
        for number, name in calls(text, CHILD_BANNED):
            yield f"{path}:{number}: {name}: {CHILD_BANNED[name]}"
    if not any(p.startswith("src/launch/child") for p, _ in marked):
        yield f"src/launch: no child file has the line '{CHILD_MARK}' in its head"


def check_errno(tree):
    """errno is read only where the system calls are"""
    for path, text in tree.under("src/"):
        if path != "src/sys/calls.c" and not path.startswith(PRELOADED):
            for m in re.finditer(r"(?<![\w.>\"])errno(?!\w|\.h)", code_only(text)):
                yield f"{path}:{text.count(chr(10), 0, m.start()) + 1}: errno"


def check_sizes(tree):
    """no file and no function is too long, no line too wide"""
    for path, text in tree.under("src/", "include/", "tests/", "examples/", "tools/", ends=(".c", ".h", ".py", ".sh")):
        n_lines = text.count("\n")
        if n_lines > FILE_CAP:
            yield f"{path}: {n_lines} lines, {FILE_CAP} at most"
        if path.endswith((".c", ".h")):
            for name, line, length in functions(text):
                if length > FUNCTION_CAP:
                    yield f"{path}:{line}: {name} has {length} lines, {FUNCTION_CAP} at most"
            for number, line in enumerate(text.split("\n"), 1):
                if len(line.expandtabs(8)) > COLUMNS and not line.lstrip().startswith('"'):
                    yield f"{path}:{number}: {len(line.expandtabs(8))} columns, {COLUMNS} at most"


def check_heads(tree):
    """every file has its licence line and says what it is for"""
    for path, text in tree.under("src/", "include/", "tests/", "examples/", "tools/", ends=(".c", ".h", ".map")):
        if path.startswith("tools/demo/"):
            continue
        lines = text.split("\n")
        if lines[0] != f"/* {SPDX} */":
            yield f"{path}:1: not the licence line"
        if len(lines) < 3 or not re.match(r"/\* .{12,}|/\*\n \* .{12,}", "\n".join(lines[1:3])):
            yield f"{path}:2: no head that says what the file is for"
    for path, text in tree.under("tests/", "tools/", ends=(".py", ".sh")):
        if SPDX not in "\n".join(text.split("\n")[:3]):
            yield f"{path}:1: no licence line"


def check_guards(tree):
    """every header has the guard of its path"""
    for path, text in tree.under("src/", "include/", ends=".h"):
        parts = path.removeprefix("src/").removeprefix("include/").upper()
        guard = ("CROFT_" + re.sub(r"\W", "_", parts)).replace("CROFT_CROFT_H", "CROFT_H")
        if f"#ifndef {guard}\n#define {guard}\n" not in text:
            yield f"{path}:1: no guard {guard}"


def check_headers_alone(tree):
    """every header compiles by itself"""
    with tempfile.TemporaryDirectory() as made:
        for what in ("def", "help", "schema"):    # what the build makes from the docs
            if (tree.root / "tools" / "gen_docs.py").exists():
                subprocess.run([sys.executable, tree.root / "tools" / "gen_docs.py", what, tree.root / "docs",
                                f"{made}/{'options' if what == 'def' else what}.def"], check=True)
        for path, _ in tree.under("src/", "include/", ends=".h"):
            done = subprocess.run(
                ["gcc", "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror", "-Iinclude", "-Isrc", f"-I{made}",
                 "-fsyntax-only", "-x", "c", "-"], input=f'#include "{path}"\n', cwd=tree.root, capture_output=True,
                text=True, check=False)
            if done.returncode != 0:
                yield f"{path}: {done.stderr.strip()}"


def check_statics(tree):
    """the library keeps no state that changes"""
    for path, text in tree.under("src/", ends=".c"):
        for number, line in enumerate(code_only(text).split("\n"), 1):
            m = re.match(r"\t*static\s+(?!const\b|inline\b|_Noreturn\b|noreturn\b|_Thread_local\b|_Atomic\b|"
                         r"struct \w+ \*?\w+\(|[\w\s*]+\()(.*[;={])", line)
            if m and "const" not in line.split("=")[0] and path not in ("src/sys/calls.c", CALLED_BACK) \
                    and not path.startswith(PRELOADED):
                yield f"{path}:{number}: {line.strip()}"


def check_words(tree):
    """nothing is left to do, and no machine's path is named"""
    here = re.escape(str(Path.cwd())) if len(Path.cwd().parts) > 2 else "(?!)"
    bad = re.compile(r"\b(" + "TO" + "DO|FIX" + r"ME|XXX|HACK)\b|" + here + r"\b")
    for path, text in sorted(tree.files.items()):
        if path == "tests/lint/lint.py":
            continue
        for number, line in enumerate(text.split("\n"), 1):
            if m := bad.search(line):
                yield f"{path}:{number}: {m[0]}"


def check_sources_named(tree):
    """meson knows every source and every page that something is made from"""
    named = "\n".join(t for p, t in tree.files.items() if p.endswith("meson.build"))
    for path, _ in tree.under("src/", "tests/", "examples/", "docs/", ends=(".c", ".md")):
        if path.startswith(("tests/bench/", "tests/release/yaml_one", "docs/design/")):
            continue    # compiled by bench.py and parts.py; for people only
        folder, name = path.rsplit("/", 1)
        if f"'{folder.split('/', 1)[-1]}/{name}'" not in named and f"'{name}'" not in named:
            yield f"{path}: in no meson.build"


def check_options_used(tree):
    """every page of an option belongs to an option that does something: a key of the profile, or the command line's"""
    keys = tree.files.get("src/profile/set.c", "")
    code = "".join(t for _, t in tree.under("src/cli/", "src/doctor/", "src/image/", "src/drv/"))
    for path, _ in tree.under("docs/options/", ends=".md"):
        name = path.rsplit("/", 1)[1].removesuffix(".md")
        if f'"{name}"' not in keys and not re.search(rf"\bOPT_{name.upper().replace('-', '_')}\b", code):
            yield f"{path}: neither a key in src/profile/set.c nor an OPT_ in src/cli"


def check_format(tree):
    """clang-format agrees"""
    for path, text in tree.under("src/", "include/", "tests/", "examples/"):
        style = f"file:{tree.root}/.clang-format"
        yield from (f"{path}:{finding}" for finding in clang_format.compare(text, style)[1])


def check_blanks(tree):
    """no blank ends a line, every file ends with one newline"""
    for path, text in sorted(tree.files.items()):
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip() and not path.endswith((".md", ".txt", ".case")):
                yield f"{path}:{number}: blank at the end"
        if text and not path.endswith(".case") and (not text.endswith("\n") or text.endswith("\n\n")):
            yield f"{path}: does not end with one newline"


HEAD = f"/* {SPDX} */\n/*\n * x.c - an example for the lint, not a file.\n */\n"

# check: ((path, text that must be found), (path, text that must pass))
SNIPPETS = {
    check_layers: (("src/base/x.c", '#include "plan/plan.h"\n'), ("src/plan/x.c", '#include "base/buf.h"\n')),
    check_banned: (("src/cli/x.c", "int f(void)\n{\n\treturn system(\"ls\");\n}\n"),
                   ("src/cli/x.c", "/* system(x) */ const char *s = \"system(x)\"; int a = b.system;\n")),
    check_library: (("src/base/x.c", "void f(void)\n{\n\tprintf(\"x\");\n}\n"), ("src/cli/x.c", "void f(void)\n{\n\tprintf(\"\");\n}\n")),
    check_child: (("src/launch/child.c", HEAD.replace("an example", CHILD_MARK) + "void f(void)\n{\n\tfree(0);\n}\n"),
                  ("src/launch/child.c", HEAD.replace("an example", CHILD_MARK) + "int a;\n")),
    check_errno: (("src/base/x.c", "int f(void)\n{\n\treturn -errno;\n}\n"), ("src/base/x.c", "#include <errno.h>\nint errnum; /* errno */\n")),
    check_sizes: (("src/base/x.c", "int f(void)\n{\n" + "\tg();\n" * 99 + "}\n"), ("src/base/x.c", "int f(void)\n{\n" + "\tg();\n" * 98 + "}\n")),
    check_heads: (("src/base/x.c", f"/* {SPDX} */\nint a;\n"), ("src/base/x.c", HEAD)),
    check_guards: (("src/base/x.h", "#ifndef X_H\n#define X_H\n#endif\n"), ("src/base/x.h", "#ifndef CROFT_BASE_X_H\n#define CROFT_BASE_X_H\n#endif\n")),
    check_headers_alone: (("src/base/x.h", "size_t f(void);\n"), ("src/base/x.h", "#include <stddef.h>\nsize_t f(void);\n")),
    check_statics: (("src/base/x.c", "static int count;\n"), ("src/base/x.c", "static const int count = 1;\nstatic int f(int a)\n{\n}\n")),
    check_words: (("src/base/x.c", "/* TO" + "DO: later */\n"), ("src/base/x.c", "/* to do is not the word */\n")),
    check_sources_named: (("src/base/nowhere.c", ""), ("src/base/x.h", "")),
    check_options_used: (("docs/options/nowhere.md", ""), ("docs/names/nowhere.md", "")),
    check_format: (("src/base/x.c", "int f( int a ) {\n  return a;\n}\n"), ("src/base/x.c", "int f(int a)\n{\n\treturn a;\n}\n")),
    check_blanks: (("src/base/x.c", "int a; \n"), ("src/base/x.c", "int a;\n")),
}


def self_test(check):
    """None, or why the check cannot be trusted."""
    bad, good = SNIPPETS[check]
    for (path, text), wanted in ((bad, True), (good, False)):
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / path).parent.mkdir(parents=True)
            (Path(folder) / path).write_text(text, encoding="utf-8")
            (Path(folder) / ".clang-format").write_bytes(Path(".clang-format").read_bytes())
            findings = list(check(Tree({path: text}, Path(folder))))
        if wanted and not findings:
            return f"finds nothing in {text!r}"
        if not wanted and findings:
            return f"finds {findings} in {text!r}"
    return None


def read_tree():
    """What git would take from here: files that are not ignored, committed or not."""
    names = subprocess.run(["git", "-c", f"safe.directory={Path.cwd()}", "ls-files", "-co", "--exclude-standard", "-z"],
                           capture_output=True, check=True).stdout.decode().split("\0")
    files = {}
    for name in filter(None, names):
        data = Path(name).read_bytes() if Path(name).is_file() else b""
        if b"\0" not in data and "/corpus/" not in name and not name.endswith(".svg"):
            files[name] = data.decode("utf-8", "replace")
    return Tree(files, Path.cwd())


def comment_share(tree):
    """Of the lines of src and include, those with a comment, in percent."""
    n_all = n_comment = 0
    for _, text in tree.under("src/", "include/"):
        with_blanks = code_only(text, keep_strings=True).split("\n")
        for line, code in zip(text.split("\n"), with_blanks):
            n_all += 1
            n_comment += line != code
    return 100 * n_comment // max(n_all, 1)


def main():
    tree = read_tree()
    if sys.argv[1:] == ["--fix"]:
        for path, text in tree.under("src/", "include/", "tests/", "examples/"):
            mended, findings = clang_format.compare(text)
            if findings:
                Path(path).write_text(mended, encoding="utf-8")
                print(f"{path}: {len(findings)} places put right")
        return 0
    checks = list(SNIPPETS)
    print(f"1..{2 * len(checks)}")
    number, failed = 0, False
    for check in checks:
        blind, findings = self_test(check), list(check(tree))
        for name, trouble in ((f"the check can find something: {check.__doc__}", [blind] if blind else []),
                              (check.__doc__, findings)):
            number += 1
            failed = failed or bool(trouble)
            print("not ok" if trouble else "ok", number, "-", name)
            print("".join(f"# {line}\n" for line in trouble), end="")
    print(f"# {comment_share(tree)} % of the lines of src and include bear a comment (a fifth to a quarter is meant)")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
