#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_apparmor.py - the profile for hosts where AppArmor keeps user namespaces from programs that it does not know: its
syntax, by the parser itself, and that it names croft where it is installed. Whether it lets croft make them is the kernel's
answer, and no kernel of ours has AppArmor.
"""
import json
from pathlib import Path

from harness import *

PROFILE = os.path.join(BUILD, "data", "apparmor", "croft")
ROOT = Path(TESTS).parent / "apparmor-trixie"


def parse(path, *options):
    """apparmor_parser of Debian 13, by its own loader: the one here may be too old for user namespaces."""
    loaders = list(ROOT.glob("usr/lib/*/ld-linux-*.so.*"))
    if not loaders:
        skip("Debian's package apparmor could not be had")
    return run(str(loaders[0]), "--library-path", str(loaders[0].parent), str(ROOT / "usr/sbin/apparmor_parser"), "--skip-kernel-load",
               "--skip-cache", "--base", str(ROOT / "etc/apparmor.d"), *options, path)


@test("the profile is what AppArmor's parser takes, and gives user namespaces to croft without confining it")
def _():
    result = parse(PROFILE, "--debug")
    status_is(result, 0)
    contains(result.out, "croft")
    contains(result.out, "userns,")
    contains(result.out, "Mode: unconfined") if "Mode:" in result.out else contains(result.err, "Mode: unconfined")


@test("the parser refuses what it does not know")
def _():
    wrong = write_file(os.path.join(tempdir(), "wrong"), read_file(PROFILE).replace("userns,", "usernses,"))
    differs(parse(wrong).status, 0, "status")


@test("the profile is for the programs as they are installed, and for no other")
def _():
    names = re.findall(r'^profile croft "([^"]+)" ', read_file(PROFILE), re.M)
    equal(len(names), 1, "profiles")
    true(names[0].endswith("/bin/croft{,-doctor}") and names[0].startswith("/"), names[0])
    equal(re.findall(r"[*?\[@]", names[0]), [], "patterns that would take in other programs")


@test("on a host that restricts user namespaces the doctor names the file of the profile, and what it gives away")
def _():
    saved = os.path.join(tempdir(), "observations.json")
    succeeds(run(CROFT, "doctor", "--save", saved))
    host = json.loads(read_file(saved))
    namespaces = {f"ns-{kind}": "no" for kind in ("user", "mount", "pid", "net", "ipc", "uts", "cgroup")}
    host["host"].update({**namespaces, **{f"{name}-errno": "13" for name in namespaces}, "ns-step": "mount", "uid": "1000", "capabilities": "no"})
    host["observations"] = [seen for seen in host["observations"] if seen["kind"] not in ("ns-use", "ns-kind", "ns-mount")] + [
        {"kind": "ns-use", "outcome": "no", "step": "mount", "errno": 13, "text": "unprivileged_userns (enforce)"}]
    write_file(saved, json.dumps(host))
    said = json.loads(succeeds(run(CROFT, "doctor", "--load", saved, "--json")).out)
    found = [v for v in said["verdicts"] if v["cause"] == "userns-apparmor"]
    equal([(v["facility"], v["who"]) for v in found], [("userns", "lsm")], "verdicts")
    contains(found[0]["mend"], "apparmor_parser -r /etc/apparmor.d/croft")
    contains(found[0]["mend"], "install -m 644 /usr/local/etc/apparmor.d/croft /etc/apparmor.d/croft && ")
    contains(found[0]["cost"], "croft, and what it starts, may make user namespaces")


@test("the profile's own lines to load and to remove it are commands")
def _():
    contains(read_file(PROFILE), "#     apparmor_parser -r /etc/apparmor.d/croft\n")
    contains(read_file(PROFILE), "#     apparmor_parser -R /etc/apparmor.d/croft && rm /etc/apparmor.d/croft\n")


main()
