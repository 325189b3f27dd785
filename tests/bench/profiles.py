# SPDX-License-Identifier: MIT
"""
profiles.py - what a profile costs: read from a file, built in, and how that grows with its size.

A file of N grants is compared with the same start where the same N grants stand on the command line, so
that only the reading is counted; both need a rule for each, which is counted elsewhere. `agent` is the
longest built-in profile and what people start most.
"""
import os

GRANTS = [60, 500, 1000, 2000]


def write_profile(path, grants):
    """A file of version 2 that grants reading of so many directories."""
    with open(path, "w", encoding="utf-8") as file:
        file.write("version: 2\nprofiles:\n  bench:\n    files:\n      read:\n")
        file.write("".join(f"        - {grant}\n" for grant in grants))
    os.chmod(path, 0o644)
    return path


def part_profiles(bench, run_class, median, noise_of):
    """Fills three budgets: agent, a file with a closure, and a grant among 2,000."""
    part_agent(bench, run_class, median, noise_of)
    part_growth(bench, run_class, median, noise_of)


def part_agent(bench, run_class, median, noise_of):
    target = "/bin/true"
    small = write_profile(os.path.join(bench.work, "small.yaml"), ["/etc", "/usr/share"])
    variants = {
        "bare": [target],
        "default": bench.run("--profile", "default", target),
        "agent": bench.run("--profile", "agent", target),
        "a file, with the closure": bench.run("--profile", small, "--with-deps", target),
    }
    run = run_class(bench, variants, bench.rounds)
    print("\nStart of /bin/true by profile")
    for name in run.names:
        print(f"  {name:28} {median(run.wall[name]):7.0f} µs {median(run.ratios(name, 'bare')):8.2f} times bare")
    bench.result["profiles"] = run.medians()
    for name, budget in (("agent", "--profile agent, against bare"),
                         ("a file, with the closure", "a profile file with a closure, against bare")):
        ratios = run.ratios(name, "bare")
        bench.budget(budget, median(ratios), noise_of(ratios))


def part_growth(bench, run_class, median, noise_of):
    tree = os.path.join(bench.work, "granted")
    grants = []
    for i in range(max(GRANTS)):
        path = os.path.join(tree, f"{i // 100:02}", f"{i % 100:02}")
        os.makedirs(path)
        grants.append(path)
    variants = {}
    for n in GRANTS:
        words = [word for path in grants[:n] for word in ("--read", path)]
        file = write_profile(os.path.join(bench.work, f"grants{n}.yaml"), grants[:n])
        end = ["--execute", bench.static_true, bench.static_true]
        variants[f"words {n}"] = bench.run("--profile", "empty", *words, *end)
        variants[f"file {n}"] = bench.run("--profile", file, *end)
    run = run_class(bench, variants, max(10, bench.rounds // 4))
    print("\nReading a profile file (against the same grants as words)")
    print(f"  {'grants':>8} {'words':>10} {'file':>10} {'added':>10} {'each':>9}")
    each = {}
    for n in GRANTS:
        added = [a - b for a, b in zip(run.wall[f"file {n}"], run.wall[f"words {n}"])]
        each[n] = (median(run.wall[f"file {n}"]) / n, noise_of(run.wall[f"file {n}"]) / n)
        print(f"  {n:8} {median(run.wall[f'words {n}']):7.0f} µs {median(run.wall[f'file {n}']):7.0f} µs "
              f"{median(added):7.0f} µs {median(added) / n:6.2f} µs")
    bench.result["profile_growth"] = run.medians()
    few, many = each[500], each[2000]
    bench.budget("a grant of a file of 2,000, against one of 500", many[0] / few[0],
                 (many[1] / many[0] + few[1] / few[0]) * many[0] / few[0])
