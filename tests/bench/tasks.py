# SPDX-License-Identifier: MIT
"""
tasks.py - what croft adds to a task of Slurm and to a launch, over a thousand of each.

    ./dev bench tasks [--pairs N] [--build DIRECTORY]

Pairs: a step of a job without the plugin's sandbox, and one with it, in an order that changes; a bare
start, and one by `croft run`. A ratio is the median, over all pairs, of the second divided by the
first of the same pair. Growth is the same of the last tenth of the pairs, divided by
that of the first tenth: what grows with the number of tasks would show there. At the end nothing
may be left: no TMPDIR, no process of croft's.

Needs root and Slurm (tests/slurm/_cluster.py brings up its own). Prints a table; judges nothing but
what is left.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
TRUE = "/bin/true"


def left():
    """Directories and processes of croft's."""
    found = [name for name in os.listdir("/tmp") if name.startswith("croft-") and len(name) == 30]
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
                comm, rest = f.read().split("(", 1)[1].rsplit(")", 1)
        except (OSError, ValueError):
            continue
        if comm == "croft" and rest.split()[0] != "Z":     # orphans become our children, whom nobody buries here
            found.append(f"{pid} croft")
    return found


def row(name, pairs):
    """One line: medians, ratio, growth. Pairs of seconds, (without, with)."""
    ratios = [b / a for a, b in pairs]
    tenth = max(1, len(ratios) // 10)
    growth = statistics.median(ratios[-tenth:]) / statistics.median(ratios[:tenth])
    added = statistics.median(b - a for a, b in pairs)
    print(f"{name:34} {len(pairs):6} {statistics.median(a for a, _ in pairs) * 1e3:9.2f} "
          f"{statistics.median(b for _, b in pairs) * 1e3:9.2f} {added * 1e3:9.2f} {statistics.median(ratios):7.2f} {growth:7.2f}",
          flush=True)


def timed(*argv, **how):
    begin = time.monotonic()
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **how)
    return time.monotonic() - begin


def steps(cluster, n, profile):
    """Steps of one job: pairs of seconds."""
    home, folder = cluster.path("home-0"), cluster.path("work")
    os.makedirs(folder, exist_ok=True)
    env = {**cluster.env, "HOME": home}
    inside = (f"import json, sys\nsys.path.insert(0, {os.path.dirname(__file__)!r})\nfrom tasks import timed\n"
              f"call = lambda word: timed('srun', '--quiet', '-n1', '--croft=' + word, {TRUE!r})\npairs = []\n"
              f"for i in range({n}):\n"
              f"    words = ['off', {profile!r}]\n"
              "    times = {word: call(word) for word in (words if i % 2 else words[::-1])}\n"
              "    pairs.append([times[word] for word in words])\n"
              "print(json.dumps(pairs))\n")
    done = subprocess.run(["salloc", "--quiet", "-n1", sys.executable, "-c", inside], cwd=folder, env=env, check=True,
                          capture_output=True, text=True)
    return json.loads(done.stdout)


def launches(croft, n, profile):
    """Starts by driver.c, which costs nothing itself: pairs of seconds."""
    with tempfile.TemporaryDirectory() as folder:
        driver = os.path.join(folder, "driver")
        subprocess.run(["gcc", "-O2", "-static", "-o", driver, os.path.join(ROOT, "tests", "bench", "driver.c")], check=True)
        variants = "\t".join([TRUE]) + "\n" + "\t".join([croft, "run", "--profile", profile, "--", TRUE]) + "\n"
        done = subprocess.run([driver, str(n)], input=variants, capture_output=True, text=True, check=True, cwd=folder)
    rounds = {}
    for line in done.stdout.splitlines():
        number, variant, wall, *_ = map(int, line.split())
        rounds.setdefault(number, {})[variant] = wall / 1e9
    return [(times[0], times[1]) for times in rounds.values()]


def main():
    parser = argparse.ArgumentParser(description="What croft adds to a task of Slurm, and to a launch.")
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--profile", default="default")
    parser.add_argument("--build", default=os.path.join(ROOT, "build"))
    arguments = parser.parse_args()
    build = os.path.abspath(arguments.build)
    os.environ |= {"TESTS": os.path.join(ROOT, "tests"), "BUILD": build, "CROFT": os.path.join(build, "croft"), "SOURCE": ROOT}
    sys.path[:0] = [os.path.join(ROOT, "tests"), os.path.join(ROOT, "tests", "slurm")]
    import _cluster     # pylint: disable=import-outside-toplevel
    before = left()
    print(f"{'milliseconds':34} {'pairs':>6} {'without':>9} {'with':>9} {'added':>9} {'ratio':>7} {'growth':>7}")
    row("a launch", launches(os.environ["CROFT"], arguments.pairs, arguments.profile))
    if reason := _cluster.why_not():
        sys.exit(f"tasks.py: {reason}")
    cluster = _cluster.Cluster().up()
    row("a step of a job", steps(cluster, arguments.pairs, arguments.profile))
    cluster.stop()
    more = sorted(set(left()) - set(before))
    print(f"left: {', '.join(more) or 'nothing'}")
    return 1 if more else 0


if __name__ == "__main__":
    sys.exit(main())
