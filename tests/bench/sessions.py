# SPDX-License-Identifier: MIT
"""
sessions.py - what it costs a command to join a session, beside making the same namespaces.

Three starts in turn, each round: bare, by croft without namespaces, and joined; so both differences
are of one run. "Added to a plain start" is what the session alone costs: a joined command has its own
Landlock rules and filter, as the plain one has. The fourth and fifth make the namespaces anew, and
join one in which each command gets a pid namespace of its own.
"""
import os
import subprocess

BUDGETS = {
    "a session that is joined: added to bare, ms": (0.3, "{:.3f}"),
    "a session that is joined: added to croft run, ms": (0.1, "{:.3f}"),
    "a session that is joined, against making the same": (0.5, "{:.2f}"),
}
WISHES = ["--isolate", "files", "--isolate", "network", "--isolate", "ipc", "--isolate", "hostname"]


def start(bench, *options):
    """The name of a session, or "" with the reason said."""
    begun = subprocess.run([bench.croft, "session", "start", *options], capture_output=True, text=True, cwd=bench.project)
    if begun.returncode != 0:
        bench.skip("joining a session", (begun.stderr.strip().splitlines() or ["no message"])[0])
        return ""
    return begun.stdout.strip()


def part_sessions(bench, run_class, median, noise_of):
    """Fills the budgets above."""
    target = bench.static_true
    execute = ["--execute", os.path.dirname(target)]
    names = []
    try:
        for options in ([*execute, *WISHES], [*execute, *WISHES, "--isolate", "processes"]):
            name = start(bench, *options)
            if not name:
                return
            names.append(name)
        time_all(bench, target, names, execute, run_class, median, noise_of)
    finally:
        for name in names:
            subprocess.run([bench.croft, "session", "stop", name], capture_output=True, check=False)


def time_all(bench, target, names, execute, run_class, median, noise_of):
    alike = [*execute, *WISHES, "--private", "/tmp", "--require", "private-tmp"]
    run = run_class(bench, {
        "bare": [target],
        "croft run": bench.run("--off", "private-tmp", *execute, target),
        "croft run, the same namespaces": bench.run(*alike, target),
        "joined": bench.run("--session", names[0], target),
        "croft run, with a pid namespace": bench.run(*alike, "--isolate", "processes", target),
        "joined, with a pid namespace": bench.run("--session", names[1], target),
    }, bench.rounds)
    print("\nJoining a session (static program)")
    for name in run.names[1:]:
        print(f"  {name:44} added to bare {run.added(name, 'bare'):6.0f} µs")
    bench.result["sessions"] = run.medians()
    for to, label in (("bare", "bare"), ("croft run", "croft run")):
        added = [(a - b) / 1000 for a, b in zip(run.wall["joined"], run.wall[to])]
        bench.budget(f"a session that is joined: added to {label}, ms", median(added), noise_of(added))
    ratios = run.ratios("joined", "croft run, the same namespaces")
    bench.budget("a session that is joined, against making the same", median(ratios), noise_of(ratios))
