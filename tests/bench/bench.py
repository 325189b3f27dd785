# SPDX-License-Identifier: MIT
"""
bench.py - what a start costs, beside other launchers on this machine, and how that grows.

    ./dev bench [--rounds N] [--quick] [--croft PROGRAM] [--out DIRECTORY]

driver.c does the timing, one round after another; this file says what is started, and divides: a
ratio is the median, over all rounds, of a start divided by the bare start of the same round. What
else the machine does spoils both alike. "again" is the bare start divided by itself: how far it is
from 1 is the noise of this machine. Numbers of another machine, or of another run, are not comparable;
ratios are, roughly.

Prints tables, and writes them as DIRECTORY/start-up.svg and, with the raw medians, start-up.json. The
last table holds the budgets. The exit status is 1 if one is exceeded by more than its noise.
"""
import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile

import closures
import namespaces
import plot
import profiles
import sessions

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HERE = os.path.join(ROOT, "tests", "bench")

FILES = ["files", "exec", "devices"]
SCOPES = ["signals", "unix-abstract", "ptrace"]
CALLS = ["tcp", "udp", "other-net", "unix-path", "ipc", "terminal", "syscalls"]
PROCESS = ["privileges", "descriptors", "environment", "limits"]
PROTECTIONS = FILES + SCOPES + CALLS + PROCESS + [
    "private-tmp", "metadata", "hidden", "deny-inside", "processes"]

RULES = [1, 5, 20, 100, 500, 1000, 2000]
MOUNTS = [0, 100, 400]
MEMORY_MIB = [1, 128, 512]

# The budgets: limit, and how the value is written. Values and their noise are filled in by the parts below.
BUDGETS = {
    "start, against bare": (1.3, "{:.2f}"),
    "start, against bubblewrap": (0.3, "{:.2f}"),
    "start with a TMPDIR, against bare": (1.3, "{:.2f}"),
    "start with a TMPDIR, against bubblewrap": (0.3, "{:.2f}"),
    "a rule among 2,000, against one among 100": (1.5, "{:.2f}"),
    "start among 400 mounts, against none": (1.15, "{:.2f}"),
    "croft_launch from 512 MiB, against 1 MiB": (1.5, "{:.2f}"),
    "--with-deps, 10 libraries: added, in bare starts": (1 / 3, "{:.2f}"),
    "--with-deps, 10 libraries, against bare": (1.6, "{:.2f}"),
    "a library among 300, against one among 100": (1.5, "{:.2f}"),
    "--profile agent, against bare": (1.6, "{:.2f}"),
    "a profile file with a closure, against bare": (1.6, "{:.2f}"),
    "a grant of a file of 2,000, against one of 500": (1.5, "{:.2f}"),
    "peak memory, KiB": (4096, "{:.0f}"),
    "peak memory with 2,000 grants, KiB": (4096, "{:.0f}"),
    "program, bytes": (1 << 20, "{:,.0f}"),
    "things it needs in its root directory": (0, "{:.0f}"),
    **namespaces.BUDGETS,
    **sessions.BUDGETS,
}


def quantile(values, q):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(q * len(ordered)))]


def median(values):
    return quantile(values, 0.5)


def noise_of(values):
    """How far the median of another run would be off: two standard errors, from the quartiles."""
    return 2 * 0.93 * (quantile(values, 0.75) - quantile(values, 0.25)) / len(values) ** 0.5


class Run:
    """The samples of one driver run, by the variants' names."""

    def __init__(self, bench, variants, rounds, prefix=()):
        names = list(variants)
        lines = "".join("\t".join(variants[name]) + "\n" for name in names)
        done = subprocess.run([*prefix, bench.driver, str(rounds)], input=lines, capture_output=True,
                              text=True, cwd=bench.project)
        if done.returncode != 0:
            sys.exit(f"bench: the driver failed: {done.stderr.strip()}")
        self.wall = {name: [0.0] * rounds for name in names}
        self.cpu = {name: [0.0] * rounds for name in names}
        self.peak = {name: 0 for name in names}
        for line in done.stdout.splitlines():
            at, variant, wall, cpu, peak = (int(word) for word in line.split())
            name = names[variant]
            self.wall[name][at] = wall / 1000
            self.cpu[name][at] = cpu / 1000
            self.peak[name] = max(self.peak[name], peak)
        self.names = names

    def ratios(self, name, to):
        return [a / b for a, b in zip(self.wall[name], self.wall[to])]

    def added(self, name, to):
        return median([a - b for a, b in zip(self.wall[name], self.wall[to])])

    def medians(self):
        return {name: {"wall_us": round(median(self.wall[name]), 1), "cpu_us": round(median(self.cpu[name]), 1),
                       "peak_kib": self.peak[name]} for name in self.names}


class Bench:
    """What all parts share: programs, a project to run in, results."""

    def __init__(self, croft, work, rounds):
        self.croft = croft
        self.work = work
        self.rounds = rounds
        self.project = os.path.join(work, "project")
        self.driver = os.path.join(work, "driver")
        self.launch = os.path.join(work, "launch")
        self.exec = os.path.join(work, "exec")
        self.static_true = os.path.join(work, "true")
        self.values = {}            # budget: (value, noise)
        self.result = {"rounds": rounds, "kernel": os.uname().release, "skipped": {}}

    def build(self):
        os.mkdir(self.project)
        os.chmod(self.work, 0o755)
        library = os.path.join(os.path.dirname(self.croft), "src", "libcroft-all.a")
        needed = [os.path.join(ROOT, ".deps", "musl", "lib", name) for name in ("libyaml.a", "libmd.a")]
        headers = os.path.join(os.path.dirname(self.croft), "kernel-headers")
        flags = ["musl-gcc", "-std=c17", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-Werror", "-static",
                 "-idirafter", headers, "-I", os.path.join(ROOT, "include")]
        for program, extra in (("driver", []), ("true", []), ("exec", []), ("launch", [library, *needed])):
            subprocess.run([*flags, "-o", os.path.join(self.work, program),
                            os.path.join(HERE, program + ".c"), *extra], check=True)

    def run(self, *options):
        return [self.croft, "run", *options]

    def keeping(self, *protections):
        """Everything off but these."""
        options = []
        for name in PROTECTIONS:
            if name not in protections:
                options += ["--off", name]
        return options

    def skip(self, what, why):
        self.result["skipped"][what] = why
        print(f"  {what}: skipped, {why}")

    def budget(self, name, value, noise=0.0):
        self.values[name] = (value, noise)


def layers(bench, target):
    """Variants of croft, each with one thing more than the one above it, or one thing alone."""
    execute = ["--execute", os.path.dirname(os.path.realpath(target))]
    variants = {
        "croft, all off": bench.run("--profile", "empty", *bench.keeping(), target),
        "croft, descriptors, environment, privileges": bench.run(
            "--profile", "empty", *bench.keeping(*PROCESS), target),
        "croft, Landlock only, profile system": bench.run(
            "--profile", "system", *execute, *bench.keeping(*FILES, *SCOPES), target),
        "croft, seccomp only": bench.run("--profile", "empty", *bench.keeping(*CALLS), target),
        "croft, TMPDIR only": bench.run(
            "--profile", "system", *bench.keeping("private-tmp"), target),
        "croft, default without TMPDIR": bench.run("--off", "private-tmp", *execute, target),
        "croft, default": bench.run(*execute, target),
    }
    if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK):
        variants["croft, default, TMPDIR in memory"] = ["TMPDIR=/dev/shm", *bench.run(*execute, target)]
    else:
        bench.skip("TMPDIR in memory", "/dev/shm is not there")
    variants["croft, default, supervised"] = bench.run("--supervise", *execute, target)
    return variants


PEERS = {
    "setpriv --no-new-privs": ["setpriv", "--no-new-privs"],
    "bubblewrap --ro-bind / /": ["bwrap", "--ro-bind", "/", "/"],
    "landrun --rox /": ["landrun", "--rox", "/"],
}
# Works on after it has ended, so that it would slow down whatever comes next: timed apart.
SLOW_PEERS = {
    "firejail --noprofile": ["firejail", "--quiet", "--noprofile"],
}


def find_peers(bench, known):
    """Those of the launchers that are installed and work here, without their target."""
    found = {}
    for name, command in known.items():
        program = shutil.which(command[0])
        if not program:
            bench.skip(name, "not installed")
            continue
        command = [program, *command[1:]]
        tried = subprocess.run([*command, "/bin/true"], capture_output=True, text=True, cwd=bench.project)
        if tried.returncode == 0:
            found[name] = command
        else:
            words = (tried.stderr.strip().splitlines() or ["no message"])[0]
            bench.skip(name, f"it does not start here: {words}")
    return found


def print_table(heading, rows):
    print(f"\n{heading}")
    print(f"  {'':44} {'against bare':>12} {'':>7} {'added':>9} {'cpu':>9}")
    for name, row in rows.items():
        print(f"  {name:44} {row['ratio']:10.2f}   ±{row['noise']:5.2f} "
              f"{row['added_us']:6.0f} µs {row['cpu_us']:6.0f} µs")


def rows_of(run):
    """A row of the table for each variant."""
    medians = run.medians()
    for name in run.names:
        ratios = run.ratios(name, "bare")
        medians[name].update(ratio=round(median(ratios), 3), noise=round(noise_of(ratios), 3),
                             added_us=round(run.added(name, "bare"), 1))
    return medians


def start_one(bench, target, found, slow):
    """Times all that can start the target. Gives the run (slow ones left out) and all rows."""
    variants = {"bare": [target], "bare again": [target], "a launcher that only executes": [bench.exec, target],
                **layers(bench, target)}
    variants.update({name: [*command, target] for name, command in found.items()})
    run = Run(bench, variants, bench.rounds)
    rows = rows_of(run)
    if slow:
        more = {"bare": [target], **{name: [*command, target] for name, command in slow.items()}}
        more_rows = rows_of(Run(bench, more, max(10, bench.rounds // 10)))
        rows.update({name: more_rows[name] for name in slow})
    return run, rows


def part_start(bench):
    """Start-up by layer, and of peers, for a dynamic and for a static program."""
    found, slow = find_peers(bench, PEERS), find_peers(bench, SLOW_PEERS)
    run, rows = start_one(bench, "/bin/true", found, slow)
    print_table("Start of /bin/true", rows)
    bench.result["start_dynamic"] = rows
    bubblewrap = "bubblewrap --ro-bind / /"
    for label, name in (("start", "croft, default without TMPDIR"), ("start with a TMPDIR", "croft, default")):
        ratios = run.ratios(name, "bare")
        bench.budget(f"{label}, against bare", median(ratios), noise_of(ratios))
        if bubblewrap in found:
            ratios = run.ratios(name, bubblewrap)
            bench.budget(f"{label}, against bubblewrap", median(ratios), noise_of(ratios))
    run, rows = start_one(bench, bench.static_true, found, slow)
    print_table("Start of a static program that does nothing", rows)
    bench.result["start_static"] = rows
    bench.budget("peak memory, KiB", max(run.peak[name] for name in run.names if name.startswith("croft")))


def part_rules(bench):
    """Growth with the number of grants; each on a directory of its own."""
    tree = os.path.join(bench.work, "tree")
    grants = []
    for i in range(max(RULES)):
        path = os.path.join(tree, f"{i // 100:02}", f"{i % 100:02}")
        os.makedirs(path)
        grants += ["--read", path]
    fixed = ["--profile", "empty", "--execute", bench.static_true, *bench.keeping(*FILES, *SCOPES)]
    variants = {}
    for n in [0, *RULES]:
        words = [*fixed, *grants[:2 * n], bench.static_true]
        variants[f"bare {n}"] = [bench.static_true, "run", *words]
        variants[f"croft {n}"] = bench.run(*words)
    run = Run(bench, variants, max(10, bench.rounds // 2))
    # Against a bare start with the same words: the kernel copies them, and 4,000 of them take a while.
    added = {n: [a - b for a, b in zip(run.wall[f"croft {n}"], run.wall[f"bare {n}"])] for n in [0, *RULES]}
    print("\nGrowth with rules (static program, Landlock only)")
    print(f"  {'rules':>6} {'added to bare':>14} {'each':>10}")
    base = median(added[0])
    points = []
    for n in RULES:
        points.append((n, median(added[n])))
        print(f"  {n:6} {median(added[n]):11.0f} µs {(median(added[n]) - base) / n:7.2f} µs")
    bench.result["rules"] = run.medians()
    few, many = (median(added[100]) - base) / 100, (median(added[2000]) - base) / 2000
    bench.budget("a rule among 2,000, against one among 100", many / few,
                 (noise_of(added[100]) + noise_of(added[0])) / 100 / few * many / few)
    bench.budget("peak memory with 2,000 grants, KiB", run.peak["croft 2000"])
    return points


# Binds one small tmpfs again and again, then starts the driver there.
MOUNT_SCRIPT = """
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs "$1"
mkdir "$1/from"
i=0
while [ $i -lt "$2" ]; do mkdir "$1/$i"; mount --bind "$1/from" "$1/$i"; i=$((i + 1)); done
shift 2
exec "$@"
"""


def part_mounts(bench):
    """Growth with the mounts of the host, in a mount namespace of its own."""
    place = os.path.join(bench.work, "mounts")
    os.mkdir(place)
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    script = [*unshare, "sh", "-c", MOUNT_SCRIPT, "sh", place]
    tried = subprocess.run([*script, "1", "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        bench.skip("growth with mounts", (tried.stderr.strip().splitlines() or ["no mount namespace"])[0])
        return {}
    target = bench.static_true
    variants = {"bare": [target], "croft": bench.run("--off", "private-tmp", "--execute", target, target)}
    bwrap = shutil.which("bwrap")
    if bwrap:
        variants["bubblewrap"] = [bwrap, "--ro-bind", "/", "/", target]
    series = {name: [] for name in variants if name != "bare"}
    noises = []
    print("\nGrowth with mounts (static program)")
    print(f"  {'more mounts':>12}" + "".join(f" {name:>14}" for name in series))
    bench.result["mounts"] = {}
    for n in MOUNTS:
        run = Run(bench, variants, max(10, bench.rounds // 2), [*script, str(n)])
        for name in series:
            series[name].append((n, run.added(name, "bare")))
        ratios = run.ratios("croft", "bare")
        noises.append((median(ratios), noise_of(ratios)))
        print(f"  {n:12}" + "".join(f" {series[name][-1][1]:11.0f} µs" for name in series))
        bench.result["mounts"][n] = run.medians()
    (first, noise), (last, other) = noises[0], noises[-1]
    bench.budget("start among 400 mounts, against none", last / first, (noise + other) / first)
    return series


def launch_medians(bench, mib, rounds):
    """The median times of croft_launch and of fork, in µs, out of one process that has touched so much."""
    done = subprocess.run([bench.launch, str(rounds), str(mib), bench.static_true], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"bench: {done.stderr.strip()}")
    times = {"croft": [], "fork": []}
    for line in done.stdout.splitlines():
        way, wall = line.split()
        times[way].append(int(wall) / 1000)
    return median(times["croft"]), median(times["fork"])


def part_memory(bench):
    """croft_launch and fork out of processes that have touched much memory: several of each size, in turn."""
    repeats = 7
    seen = {mib: [] for mib in MEMORY_MIB}
    for _ in range(repeats):
        for mib in MEMORY_MIB:
            seen[mib].append(launch_medians(bench, mib, max(10, bench.rounds // repeats)))
    series = {"croft_launch": [], "fork and exec": []}
    print("\nStart out of a process that holds memory (static program)")
    print(f"  {'touched':>12} {'croft_launch':>14} {'fork and exec':>14}")
    bench.result["memory"] = {}
    for mib, times in seen.items():
        croft, fork = median([time[0] for time in times]), median([time[1] for time in times])
        series["croft_launch"].append((mib, croft))
        series["fork and exec"].append((mib, fork))
        print(f"  {mib:8} MiB {croft:11.0f} µs {fork:11.0f} µs")
        bench.result["memory"][mib] = {"croft_us": round(croft, 1), "fork_us": round(fork, 1)}
    ratios = [high[0] / low[0] for low, high in zip(seen[MEMORY_MIB[0]], seen[MEMORY_MIB[-1]])]
    bench.budget("croft_launch from 512 MiB, against 1 MiB", median(ratios), noise_of(ratios))
    return series


def part_program(bench):
    """The program as a file: its size, and that it needs no other."""
    bench.budget("program, bytes", os.path.getsize(bench.croft))
    root = os.path.join(bench.work, "root")
    os.mkdir(root)
    shutil.copy(bench.croft, os.path.join(root, "croft"))
    enter = ["chroot", root] if os.geteuid() == 0 else ["unshare", "--map-root-user", "chroot", root]
    done = subprocess.run([*enter, "/croft", "--version"], capture_output=True, text=True)
    if done.returncode == 0 and done.stdout.startswith("croft "):
        bench.budget("things it needs in its root directory", 0)
    elif done.stderr.startswith("unshare:"):
        bench.skip("start in an empty root", done.stderr.strip())
    else:
        bench.budget("things it needs in its root directory", 1)


def judge(bench):
    """Prints the budgets; True if none is exceeded by more than its noise."""
    print("\nBudgets")
    print(f"  {'':50} {'measured':>10} {'':>8} {'at most':>10}")
    is_well = True
    bench.result["budgets"] = {}
    for name, (limit, form) in BUDGETS.items():
        if name not in bench.values:
            print(f"  {name:50} {'not measured':>10}")
            continue
        value, noise = bench.values[name]
        verdict = "within" if value <= limit else "OVER" if value - noise > limit else "over, by less than the noise"
        is_well = is_well and verdict != "OVER"
        spread = f"±{form.format(noise)}" if noise else ""
        print(f"  {name:50} {form.format(value):>10} {spread:>8} {form.format(limit):>10}  {verdict}")
        bench.result["budgets"][name] = {"value": round(value, 3), "noise": round(noise, 3), "limit": limit,
                                         "verdict": verdict}
    return is_well


def parse_arguments():
    parser = argparse.ArgumentParser(prog="./dev bench", description="What a start costs, and how that grows.")
    parser.add_argument("--rounds", type=int, default=200, help="how often each variant is started (default 200)")
    parser.add_argument("--quick", action="store_true", help="40 rounds: the shape, not the digits")
    parser.add_argument("--croft", default=os.path.join(ROOT, "build-release", "croft"), help="the program to measure")
    parser.add_argument("--out", default=os.path.join(ROOT, "build", "bench"), help="where the plot and the JSON go")
    return parser.parse_args()


def main():
    arguments = parse_arguments()
    rounds = 40 if arguments.quick else arguments.rounds
    if rounds < 10:
        sys.exit("bench: fewer than 10 rounds say nothing")
    with tempfile.TemporaryDirectory(prefix="croft-bench-") as work:
        bench = Bench(os.path.abspath(arguments.croft), work, rounds)
        bench.build()
        print(f"{rounds} rounds, Linux {os.uname().release}, {os.cpu_count()} processors, "
              f"load {os.getloadavg()[0]:.1f}")
        part_start(bench)
        rules = part_rules(bench)
        mounts = part_mounts(bench)
        memory = part_memory(bench)
        part_program(bench)
        closures.part_closures(bench, Run, median, noise_of)
        profiles.part_profiles(bench, Run, median, noise_of)
        namespaces.part_namespaces(bench, Run, median, noise_of, MOUNT_SCRIPT)
        sessions.part_sessions(bench, Run, median, noise_of)
        is_well = judge(bench)
    os.makedirs(arguments.out, exist_ok=True)
    svg = os.path.join(arguments.out, "start-up.svg")
    with open(svg, "w", encoding="utf-8") as file:
        file.write(plot.draw(bench.result["start_dynamic"], rules, mounts, memory))
    with open(os.path.join(arguments.out, "start-up.json"), "w", encoding="utf-8") as file:
        json.dump(bench.result, file, indent=1, ensure_ascii=False)
    print(f"\nwritten: {os.path.relpath(svg)} and start-up.json beside it")
    sys.exit(0 if is_well else 1)


main()
