# SPDX-License-Identifier: MIT
"""
closures.py - what finding a program's libraries costs, and how that grows with their number.

Programs of N small libraries are made with the C compiler. `croft run --with-deps` is compared with the same
start where the directories are granted by hand, so that only the finding and the rule for each file are
counted; and `croft deps` with other programs that list libraries, where they are installed.
"""
import os
import shutil
import subprocess

LIBRARIES = [1, 10, 100, 300]
TOOLS = {
    "libtree": ["libtree", "-vvv"],
    "lddtree": ["lddtree"],
    "ldd (runs the loader)": ["ldd"],
}


def make_program(folder, n):
    """A program that needs n libraries, each of which needs the C library."""
    os.mkdir(folder)
    names = [f"one{i}" for i in range(n)]
    source = os.path.join(folder, "one.c")
    for i, name in enumerate(names):
        with open(source, "w", encoding="utf-8") as file:
            file.write(f"#include <stdio.h>\nint {name}(void) {{ return fflush(NULL) + {i}; }}\n")
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", f"{folder}/lib{name}.so", source], check=True)
    with open(source, "w", encoding="utf-8") as file:
        file.write("".join(f"int {name}(void);\n" for name in names))
        file.write("int main(void) { return 0 * (" + " + ".join(f"{name}()" for name in names) + "); }\n")
    program = os.path.join(folder, "program")
    subprocess.run(["cc", "-O1", "-o", program, source, "-L", folder, "-Wl,--no-as-needed", *[f"-l{n}" for n in names],
                    "-Wl,--disable-new-dtags", "-Wl,-rpath,$ORIGIN"], check=True)
    return program


def directories_of(croft, program):
    """Where everything lies that the program needs: what a user would grant by hand."""
    done = subprocess.run([croft, "deps", program], capture_output=True, text=True, check=True)
    words = {word for line in done.stdout.splitlines() for word in line.split() if word.startswith("/")}
    return sorted({os.path.dirname(os.path.realpath(word)) for word in words if os.path.isfile(word)})


def variants_of(bench, program):
    """The same program started bare, with directories granted by hand, and with what croft finds."""
    plain = ["--profile", "empty", "--off", "private-tmp"]
    by_hand = [word for path in directories_of(bench.croft, program) for word in ("--execute", path)]
    return {
        "bare": [program],
        "granted by hand": bench.run(*plain, *by_hand, "--read", "/etc/ld.so.cache", program),
        "--with-deps": bench.run(*plain, "--with-deps", program),
    }


def part_closures(bench, run_class, median, noise_of):
    """Fills two budgets: ten libraries against a bare start, and how it grows to three hundred."""
    print("\nFinding libraries (dynamic programs)")
    print(f"  {'libraries':>10} {'bare':>10} {'by hand':>10} {'--with-deps':>12} {'added':>10} {'each':>9}")
    bench.result["closures"] = {}
    each = {}
    for n in LIBRARIES:
        program = make_program(os.path.join(bench.work, f"libraries{n}"), n)
        run = run_class(bench, variants_of(bench, program), max(10, bench.rounds // (4 if n > 50 else 1)))
        added = [a - b for a, b in zip(run.wall["--with-deps"], run.wall["granted by hand"])]
        each[n] = (median(added) / n, noise_of(added) / n)
        times = {name: median(run.wall[name]) for name in run.names}
        print(f"  {n:10} {times['bare']:7.0f} µs {times['granted by hand']:7.0f} µs {times['--with-deps']:9.0f} µs "
              f"{median(added):7.0f} µs {each[n][0]:6.1f} µs")
        bench.result["closures"][n] = run.medians()
        if n == 10:
            shares = [a / b for a, b in zip(added, run.wall["bare"])]
            bench.budget("--with-deps, 10 libraries: added, in bare starts", median(shares), noise_of(shares))
            ratios = run.ratios("--with-deps", "bare")
            bench.budget("--with-deps, 10 libraries, against bare", median(ratios), noise_of(ratios))
    few, many = each[100], each[300]
    bench.budget("a library among 300, against one among 100", many[0] / few[0],
                 (many[1] / many[0] + few[1] / few[0]) * many[0] / few[0])
    compare_tools(bench, run_class, median)


def compare_tools(bench, run_class, median):
    """croft deps beside others that list libraries, on a program of a hundred."""
    program = os.path.join(bench.work, "libraries100", "program")
    variants = {"croft deps": [bench.croft, "deps", program]}
    for name, command in TOOLS.items():
        found = shutil.which(command[0])
        if not found:
            bench.skip(name, "not installed")
            continue
        words = [found, *command[1:], program]
        tried = subprocess.run(words, capture_output=True, text=True)
        if tried.returncode == 0:
            variants[name] = words
        else:
            bench.skip(name, (tried.stderr.strip().splitlines() or ["no message"])[-1])
    run = run_class(bench, variants, max(10, bench.rounds // 10))
    print("\nListing the libraries of a program of 100")
    for name in run.names:
        print(f"  {name:24} {median(run.wall[name]):9.0f} µs  {median(run.ratios(name, 'croft deps')):8.2f} times croft deps")
    bench.result["listing"] = run.medians()
