#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_places.py - what kind of place this is: each sign is told with its evidence, and words the mends alone. gVisor's
and podman's are told with the rest of what is asked there (test_gvisor.py, test_podman.py).
"""
from _namespaces import *       # pylint: disable=wildcard-import,unused-wildcard-import

SIGNS = {
    "a chroot": (Place("chroot"), "chroot"),
    "a user namespace": (Place("no-userns"), "userns"),
    "a job of CI": (Place().setting(GITHUB_ACTIONS="true"), "ci"),
    "a pod": (Place().setting(KUBERNETES_SERVICE_HOST="10.0.0.1"), "kubernetes"),
    "a unit of systemd": (Place().setting(INVOCATION_ID="0" * 32), "systemd"),
    "what says so itself": (Place().setting(container="lxc"), "lxc"),
}


def signs(said):
    return {obs["subject"]: obs["text"] for obs in said["observations"]
            if obs["kind"] == "place" and obs["outcome"] == "yes"}


@test("the kind of place is told, with the sign of it", variants=SIGNS)
def _(name):
    place, word = SIGNS[name]
    found = signs(doctor(place))
    true(found.get(word), f"no sign of '{word}': {found}")


@test("a variable changes the words of a mend and no verdict", variants=["a pod", "a unit of systemd", "what says so itself"])
def _(name):
    told = []
    for said in (seen(Place("docker")), doctor(Place("docker", settings=SIGNS[name][0].settings))):
        ours = [v for v in said["verdicts"] if v["facility"] in ("userns", "mount", "proc", "utsns", "calls")]
        told.append(([(v["facility"], v["state"], v["who"], v["cause"], v["evidence"]) for v in ours], [v["mend"] for v in ours]))
    equal(told[1][0], told[0][0], "verdicts")
    differs(told[1][1], told[0][1], "mends")


main()
