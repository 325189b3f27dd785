#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
analyze.py - three analysers over every source of the product: clang-tidy, gcc -fanalyzer, cppcheck.

Run from the root of the tree, with build-clang configured (its compile_commands.json is used). TAP,
one test for each tool and file, and one for each tool that proves it can find something.
"""
import atexit
import concurrent.futures
import functools
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

JOBS = 2
FLAGS = ["-std=c17", "-D_GNU_SOURCE", "-Iinclude", "-Isrc", "-Ibuild-clang/docs",
         '-DPTYFIX_PLACE="ptyfix.so"', '-DAPPARMOR_MEND="apparmor_parser"', '-DCROFT_PLACE="/usr/bin/croft"',
         '-DPROGRAM_PLACE="../libexec/croft/croft-static"']

# What gcc 12's analyser is told not to say, and why.
GCC_OFF = [
    "-Wno-analyzer-malloc-leak",    # loses what is given away through an out parameter; LeakSanitizer does not
]

# What cppcheck is told not to say, and why.
CPPCHECK_OFF = [
    "memleak",                  # does not see __attribute__((cleanup)); LeakSanitizer does
    "missingIncludeSystem",     # it is not given the system's headers, on purpose: they take long
    "unusedFunction",           # it sees one file at a time; the linker drops what is unused
    "checkersReport",           # a line about itself
    "normalCheckLevelMaxBranches",  # the same
]

# How far clang's analyser follows the paths of one function. Its own 225000 take up to four times as long a file, and
# found nothing more in the same sources.
DEPTH = [f"--extra-arg={word}" for word in ("-Xclang", "-analyzer-config", "-Xclang", "max-nodes=50000")]

# Each tool must find the null pointer here.
PLANTED = """#include <stddef.h>
int planted(void);
int planted(void)
{
	int *p = NULL;

	return *p;
}
"""


def call(*argv):
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def tidy(path):
    where = ["-p", one_each()] if not path.startswith("/") else []
    return call("clang-tidy", "--quiet", "--warnings-as-errors=*", *DEPTH, *where, path,
                *(["--"] + FLAGS if not where else []))


@functools.cache
def one_each():
    """
    A folder with compile_commands.json where each file stands once. What is compiled for two programs would be
    looked at twice by one clang-tidy, which then takes every va_list for uninitialized.
    """
    commands = json.loads(Path("build-clang/compile_commands.json").read_text(encoding="utf-8"))
    folder = tempfile.mkdtemp(prefix="croft-analyze-")
    atexit.register(shutil.rmtree, folder)
    once = list({c["file"]: c for c in commands}.values())
    Path(folder, "compile_commands.json").write_text(json.dumps(once), encoding="utf-8")
    return folder


def gcc(path):
    return call("gcc", *FLAGS, "-O2", "-Wall", "-Wextra", "-fanalyzer", "-fdiagnostics-path-format=none", *GCC_OFF,
                "-Werror", "-c", "-o", "/dev/null", path)


def cppcheck(path):
    return call("cppcheck", "--quiet", "--std=c11", "--enable=warning,performance,portability", "--inline-suppr",
                "--error-exitcode=1", *[f"--suppress={s}" for s in CPPCHECK_OFF], "-D__linux__", "-D__x86_64__",
                "-Iinclude", "-Isrc", "-Ibuild-clang/docs", path)


def main():
    tools = {"clang-tidy": tidy, "gcc -fanalyzer": gcc, "cppcheck": cppcheck}
    commands = json.loads(Path("build-clang/compile_commands.json").read_text(encoding="utf-8"))
    built = {str((Path("build-clang") / c["file"]).resolve().relative_to(Path.cwd())) for c in commands}
    sources = sorted(f for f in built if f.startswith(("src/", "examples/")))
    with tempfile.TemporaryDirectory() as folder:
        planted = Path(folder) / "planted.c"
        planted.write_text(PLANTED, encoding="utf-8")
        (Path(folder) / ".clang-tidy").write_bytes(Path(".clang-tidy").read_bytes())
        work = [(name, tool, path) for name, tool in tools.items() for path in [str(planted), *sources]]
        print(f"1..{len(work)}")
        failed = False
        with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
            results = pool.map(lambda w: w[1](w[2]), work)
            for number, ((name, _, path), (status, text)) in enumerate(zip(work, results), 1):
                is_planted = path == str(planted)
                good = (status != 0 and "null" in text.lower()) if is_planted else status == 0
                failed = failed or not good
                sentence = f"{name} finds a planted null pointer" if is_planted else f"{name} has nothing to say about {path}"
                print("ok" if good else "not ok", number, "-", sentence)
                if not good:
                    print("".join(f"# {line}\n" for line in text.splitlines()), end="")
                sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
