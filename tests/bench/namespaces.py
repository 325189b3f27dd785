# SPDX-License-Identifier: MIT
"""
namespaces.py - what namespaces and mounts cost, beside bubblewrap with the same ones.

Both make user, mount, pid, net, ipc, uts and cgroup namespaces, the host's tree read-only, a fresh
/proc and an empty /tmp of their own; croft adds Landlock, a filter, and the proof of each. How that
grows: with launchers at work at the same time (the kernel builds mount namespaces under one lock),
with the mounts of the host (each is copied), with the memory of who launches (it must not be copied).

A launcher among N is measured by N drivers at once: the time of all, divided by the starts of all.
"""
import os
import shutil
import subprocess
import tempfile
import time

LAUNCHERS = [1, 2, 4, 8]
MORE_MOUNTS = [0, 100, 400]     # beside about 25
MEMORY_MIB = [1, 1024]
BUBBLEWRAP = ["--unshare-all", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]

BUDGETS = {
    "full namespaces, against bubblewrap": (0.5, "{:.2f}"),
    "full namespaces and a new root, against bubblewrap": (0.5, "{:.2f}"),
    "full namespaces, 8 launchers, against bubblewrap": (0.5, "{:.2f}"),
    "full namespaces, one of 8 launchers, against one": (1.0, "{:.2f}"),
    "full namespaces among 425 mounts, against bubblewrap": (0.5, "{:.2f}"),
    "full namespaces among 425 mounts, against 25": (2.0, "{:.2f}"),
    "croft_launch, namespaces, from 1 GiB, against 1 MiB": (1.5, "{:.2f}"),
}


def variants_of(bench, target):
    """What is started: name -> words, with croft's two shapes of the tree, and without namespaces."""
    apart = [word for name in ("processes", "ipc", "network", "hostname", "cgroup") for word in ("--isolate", name)]
    system = ["--profile", "system", "--execute", target]
    full = ["--tier", "namespaces", *system, "--private", "/tmp", *apart]
    variants = {
        "bare": [target],
        "croft, Landlock and a filter": bench.run("--tier", "landlock", *system, "--off", "private-tmp", target),
        "croft, full namespaces": bench.run(*full, target),
        "croft, full namespaces, new root": bench.run(*full, "--require", "hidden", target),
    }
    bwrap = shutil.which("bwrap")
    if bwrap:
        variants["bubblewrap, the same"] = [bwrap, *BUBBLEWRAP, target]
    else:
        bench.skip("bubblewrap with namespaces", "not installed")
    return variants


def works(bench, variants):
    """Takes out what does not start here, and says why."""
    for name in list(variants):
        tried = subprocess.run(variants[name], capture_output=True, text=True, cwd=bench.project)
        if tried.returncode != 0:
            bench.skip(name, "it does not start here: " + (tried.stderr.strip().splitlines() or ["no message"])[0])
            del variants[name]
    return variants


def part_namespaces(bench, run_class, median, noise_of, mount_script):
    """Fills the budgets above."""
    with tempfile.TemporaryDirectory(prefix="croft-bench-", dir="/var/tmp") as outside:    # of /tmp, which is replaced
        os.chmod(outside, 0o755)
        target = shutil.copy(bench.static_true, outside)
        variants = works(bench, variants_of(bench, target))
        if "croft, full namespaces" in variants:
            part_alone(bench, variants, run_class, median, noise_of)
            part_launchers(bench, variants, median, noise_of)
            part_mounts(bench, variants, run_class, median, noise_of, mount_script)
    part_memory(bench, median, noise_of)


def part_alone(bench, variants, run_class, median, noise_of):
    run = run_class(bench, variants, bench.rounds)
    print("\nFull namespaces (static program)")
    for name in run.names:
        print(f"  {name:36} {median(run.wall[name]):7.0f} µs, processor {median(run.cpu[name]):7.0f} µs, "
              f"{median(run.ratios(name, 'bare')):6.2f} times bare")
    bench.result["namespaces"] = run.medians()
    for name, budget in (("croft, full namespaces", "full namespaces, against bubblewrap"),
                         ("croft, full namespaces, new root", "full namespaces and a new root, against bubblewrap")):
        if name in run.names and "bubblewrap, the same" in run.names:
            ratios = run.ratios(name, "bubblewrap, the same")
            bench.budget(budget, median(ratios), noise_of(ratios))


def time_of_launchers(bench, command, launchers, rounds):
    """µs a start, of so many drivers at once."""
    begin = time.monotonic()
    drivers = [subprocess.Popen([bench.driver, str(rounds)], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, cwd=bench.project)
               for _ in range(launchers)]
    for driver in drivers:
        driver.stdin.write(("\t".join(command) + "\n").encode())
        driver.stdin.close()
    if any(driver.wait() != 0 for driver in drivers):
        raise SystemExit("bench: a driver failed")
    return (time.monotonic() - begin) / launchers / rounds * 1e6


def part_launchers(bench, variants, median, noise_of):
    """Launches a second, all launchers together: each number of launchers several times, in turn."""
    repeats, starts = 7, max(40, bench.rounds)
    seen = {name: {n: [] for n in LAUNCHERS} for name in variants}
    for _ in range(repeats):
        for name, command in variants.items():
            for n in LAUNCHERS:
                seen[name][n].append(time_of_launchers(bench, command, n, max(5, starts // n)))
    print(f"\nLaunches a second, all launchers together ({os.cpu_count()} processors)")
    print(f"  {'':36}" + "".join(f" {n:>6}" for n in LAUNCHERS))
    for name, times in seen.items():
        print(f"  {name:36}" + "".join(f" {1e6 / median(times[n]):6.0f}" for n in LAUNCHERS))
    bench.result["launchers"] = {name: {n: round(1e6 / median(times[n]), 1) for n in LAUNCHERS} for name, times in seen.items()}
    full = seen["croft, full namespaces"]
    ratios = [a / b for a, b in zip(full[8], full[1])]
    bench.budget("full namespaces, one of 8 launchers, against one", median(ratios), noise_of(ratios))
    if "bubblewrap, the same" in seen:
        ratios = [a / b for a, b in zip(full[8], seen["bubblewrap, the same"][8])]
        bench.budget("full namespaces, 8 launchers, against bubblewrap", median(ratios), noise_of(ratios))


def part_mounts(bench, variants, run_class, median, noise_of, mount_script):
    place = os.path.join(bench.work, "more-mounts")
    os.mkdir(place)
    unshare = ["unshare", "--mount"] if os.geteuid() == 0 else ["unshare", "--map-root-user", "--mount"]
    script = [*unshare, "sh", "-c", mount_script, "sh", place]
    tried = subprocess.run([*script, "1", "true"], capture_output=True, text=True)
    if tried.returncode != 0:
        bench.skip("namespaces among mounts", (tried.stderr.strip().splitlines() or ["no mount namespace"])[0])
        return
    print("\nGrowth of full namespaces with mounts (static program)")
    print(f"  {'more mounts':>12}" + "".join(f" {name.split(', ', 1)[-1][:26]:>26}" for name in variants))
    bench.result["namespaces_mounts"] = {}
    walls = {}
    for n in MORE_MOUNTS:
        run = run_class(bench, variants, max(10, bench.rounds // 2), [*script, str(n)])
        print(f"  {n:12}" + "".join(f" {median(run.wall[name]):23.0f} µs" for name in variants))
        bench.result["namespaces_mounts"][n] = run.medians()
        walls[n] = run.wall["croft, full namespaces"]
        if n == MORE_MOUNTS[-1] and "bubblewrap, the same" in variants:
            ratios = run.ratios("croft, full namespaces", "bubblewrap, the same")
            bench.budget("full namespaces among 425 mounts, against bubblewrap", median(ratios), noise_of(ratios))
    few, many = walls[MORE_MOUNTS[0]], walls[MORE_MOUNTS[-1]]
    bench.budget("full namespaces among 425 mounts, against 25", median(many) / median(few), (noise_of(many) + noise_of(few)) / median(few))


def part_memory(bench, median, noise_of):
    """croft_launch with namespaces out of processes that have touched much memory: several of each size, in turn."""
    repeats = 7
    seen = {mib: [] for mib in MEMORY_MIB}
    for _ in range(repeats):
        for mib in MEMORY_MIB:
            done = subprocess.run([bench.launch, str(max(10, bench.rounds // repeats)), str(mib), bench.static_true, "namespaces"],
                                  capture_output=True, text=True)
            if done.returncode != 0:
                bench.skip("croft_launch with namespaces", done.stderr.strip())
                return
            seen[mib].append(median([int(line.split()[1]) / 1000 for line in done.stdout.splitlines() if line.startswith("croft ")]))
    print("\ncroft_launch with namespaces out of a process that holds memory (static program)")
    for mib, times in seen.items():
        print(f"  {mib:8} MiB {median(times):11.0f} µs")
    bench.result["namespaces_memory"] = {mib: round(median(times), 1) for mib, times in seen.items()}
    ratios = [high / low for low, high in zip(seen[MEMORY_MIB[0]], seen[MEMORY_MIB[-1]])]
    bench.budget("croft_launch, namespaces, from 1 GiB, against 1 MiB", median(ratios), noise_of(ratios))
