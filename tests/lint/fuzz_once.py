#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
fuzz_once.py - one libFuzzer harness for so many seconds, as one TAP test.

    fuzz_once.py HARNESS SECONDS CORPUS

New inputs go to a scratch directory, not to the corpus; an input that crashes is printed.
"""
import os
import subprocess
import sys
import tempfile

harness, seconds, corpus = sys.argv[1:4]
with tempfile.TemporaryDirectory() as scratch:
    os.mkdir(f"{scratch}/new")
    folders = [f"{scratch}/new"] + ([corpus] if os.path.isdir(corpus) else [])
    # One seed: a run that finds something new belongs to `./dev fuzz`, not to somebody's unrelated change.
    seed = ["-seed=1"] if int(seconds) <= 10 else []
    done = subprocess.run([harness, *seed, f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=1024", "-max_len=65536",
                           f"-artifact_prefix={scratch}/crash-", "-print_final_stats=1", *folders],
                          capture_output=True, text=True, errors="replace", check=False)
    executed = [l.split()[1] for l in done.stderr.splitlines() if l.startswith("stat::number_of_executed_units")]
    good = done.returncode == 0 and executed and int(executed[0]) > 100
    print("1..1")
    print("ok" if good else "not ok", f"1 - no input found in {seconds} s breaks {os.path.basename(harness)}")
    print(f"# {executed[0] if executed else 'no'} inputs tried")
    if not good:
        print("".join(f"# {line}\n" for line in done.stderr.splitlines()[-60:]), end="")
        for name in sorted(os.listdir(scratch)):
            if name.startswith("crash-"):
                with open(f"{scratch}/{name}", "rb") as f:
                    print(f"# {name}: {f.read(4096)!r}")
sys.exit(0 if good else 1)
