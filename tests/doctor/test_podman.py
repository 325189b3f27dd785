#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_podman.py - podman's container, by default and as its options change it, after the mends that croft doctor prints.

The options are taken from the printed text. The folklore beside them is tested too: what it does not mend is still
named (research on this stands in docs/design/doctor-causes.md). Docker's own lines are tried with podman in its place, whose
options are the same: the report is judged once more as Docker's, which is a word of it.
"""
from _namespaces import *       # pylint: disable=wildcard-import,unused-wildcard-import

PROFILE = "/usr/share/containers/seccomp.json"
HOSTNAME = ["unshare", "--user", "--map-root-user", "--uts", "hostname", "inside"]
MOUNTING = ["unshare", "--user", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "none", "/tmp"]
GROUP = ["/bin/sh", "-c", "mkdir /sys/fs/cgroup/croft-test && rmdir /sys/fs/cgroup/croft-test"]
CHOWN = ["/bin/sh", "-c", 'touch "$TMPDIR/x" && chown 7:7 "$TMPDIR/x" && rm "$TMPDIR/x"']


def add_options(place, mend):
    return place.plus(*options_in(mend))


def add_rule(place, mend, source=PROFILE):
    """The container's profile with the rule that the mend prints, in the file that its option names."""
    profile = json.loads(read_file(source))
    contains(mend, 'put first in "syscalls"', "mend")
    profile["syscalls"].insert(0, {"names": calls_in(mend), "action": "SCMP_ACT_ALLOW"})
    [option] = options_in(mend)
    name = option.rsplit("=", 1)[1]
    path = write_file(os.path.join(tempdir(), name), json.dumps(profile))
    return place.plus(option.replace(name, path))


def strict():
    """Under a profile that refuses namespaces, as Docker's does."""
    profile = json.loads(read_file(PROFILE))
    for rule in profile["syscalls"]:
        rule["names"] = [name for name in rule["names"] if name != "unshare"]
    profile["syscalls"].append({"names": ["unshare"], "action": "SCMP_ACT_ERRNO", "errnoRet": 1})
    strict.path = write_file(os.path.join(tempdir(), "strict.json"), json.dumps(profile))
    return DEFAULT.plus(f"--security-opt=seccomp={strict.path}")


def add_to_strict(_, mend):
    return add_rule(DEFAULT, mend, strict.path)


def as_docker(place, facility, cause):
    """The mend that Docker's user is told: the report of the place, judged as one from a container of Docker."""
    report = {key: value for key, value in seen(place).items() if key in ("version", "host", "observations")}
    signs = [o for o in report["observations"] if o["kind"] == "place" and o["subject"] == "podman"]
    true(signs, "podman's container is not known as one")
    for sign in signs:
        sign["subject"] = "docker"
    saved = write_file(os.path.join(tempdir(), "report"), json.dumps(report))
    said = json.loads(succeeds(run_croft("doctor", "--json", "--load", saved)).out)
    [verdict] = [v for v in of_facility(said, facility) if v["cause"] == cause]
    true(re.match("docker run ", verdict["mend"]), f"no mend of Docker's: {verdict['mend']!r}")
    return verdict["mend"]


def is_podman(_, verdicts):
    proc = [v for v in verdicts if v["facility"] == "proc"]
    true(all("podman" in v["mend"] for v in proc if v["mend"]), f"the mend is not podman's\n{proc}")
    equal([v["state"] for v in verdicts if v["facility"] == "seccomp"], ["works"], "filters")


DEFAULT, UNMASKED = Place("podman"), Place("podman", "--security-opt=unmask=ALL")
FEW = Place("podman", "--cap-drop=setuid", "--cap-drop=chown")

environment("podman's default container", DEFAULT, "proc", "proc-covered", "runtime", mend=add_options, deed=ISOLATED, also=is_podman)
environment("podman's default container", DEFAULT, "cgroup", "cgroup-read-only", "mount", fixed="gone", deed=GROUP,
            mend=lambda place, text: place.plus(*options_in(text, "--cgroupns"), *options_in(text)))
environment("podman with seccomp=unconfined, which does not help", Place("podman", "--security-opt=seccomp=unconfined"),
            "proc", "proc-covered", "runtime", mend=add_options, deed=ISOLATED, also=works("utsns"))
environment("podman with CAP_SYS_ADMIN, which does not help", Place("podman", "--cap-add=SYS_ADMIN"),
            "proc", "proc-covered", "runtime", mend=add_options, deed=FRESH)
environment("podman with unmask=ALL, where the filter is left", UNMASKED, "utsns", "utsns-filter", "filter", mend=add_rule, deed=HOSTNAME,
            also=works("proc", "userns"))
environment("podman with both", UNMASKED.plus("--security-opt=seccomp=unconfined"), "proc", None, deed=ISOLATED,
            also=works("utsns", "mount", "netns"))
environment("podman, privileged", Place("podman", "--privileged"), "proc", None, deed=ISOLATED, also=works("utsns", "userns"))
environment("podman was told to set no_new_privs", Place("podman", "--security-opt=no-new-privileges"), "privileges", "nnp-set",
            "privilege", mend=lambda place, text: (contains(text, "without --security-opt no-new-privileges"),
                                                   place.without("--security-opt=no-new-privileges"))[1], fixed="gone",
            deed=["grep", "-q", "NoNewPrivs:\t0", "/proc/self/status"])
environment("podman gave few capabilities", FEW, "privileges", "cap-bounding", "privilege", fixed="gone", deed=CHOWN,
            mend=lambda place, text: Place("podman", *options_in(text, "--cap-add")))
environment("podman without a capability that root needs to map himself", Place("podman", "--cap-drop=setfcap"), "userns", "userns-setfcap",
            "privilege", mend=lambda place, text: Place("podman", *options_in(text, "--cap-add")), deed=MOUNTING)
environment("podman gave few files", Place("podman", "--ulimit=nofile=64:64"), "limits", "limit-nofile", "limit",
            mend=lambda place, text: place.plus(*options_in(text, "--ulimit")), fixed="gone", deed=MANY_FILES)
environment("podman was given a profile that refuses namespaces", strict, "userns", "userns-filter", "filter", mend=add_to_strict,
            deed=MOUNTING)


# Docker's lines: facility, cause, the place, what fails in it, and how the line's options are read.
DOCKER = {
    "proc-covered": ("proc", DEFAULT, ISOLATED, options_in),
    "utsns-filter": ("utsns", UNMASKED, HOSTNAME, lambda text: add_rule(UNMASKED, text).options),
    "cap-bounding": ("privileges", FEW, CHOWN, lambda text: options_in(text, "--cap-add")),
}


@test("Docker's line of the mend works, with podman in Docker's place", variants=DOCKER)
def _(cause):
    facility, place, deed, read = DOCKER[cause]
    text = as_docker(place, facility, cause)
    # --cap-drop and --cap-add of one name are an error
    mended = (DEFAULT if place is FEW else place).plus(*read(text))
    said, result = ask(mended, deed=deed)
    status_is(result, 0)
    lacks([v["cause"] for v in of_facility(said, facility)], cause, f"causes after the mend {text!r}")


main()
