#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_places.py - Nix builds through croft where its own sandbox cannot start: containers, gVisor, a chroot, a masked /proc.

In each place the chain is built, built again to compare, and every builder says what it could reach. First Nix alone is
asked in the same place: where it builds in its own sandbox there is nothing to show, and the test says so by failing.
"""
from _nix import *      # pylint: disable=wildcard-import,unused-wildcard-import

PLACES = ("podman", "gvisor-systrap", "masked-proc", "no-userns-filter", "chroot")
# Where the host's /proc is all there is, a builder may not have root's number outside: Nix has build users there.
BY_BUILD_USERS = ("podman", "masked-proc")
OUTSIDE = ("shadow", "home", "outside")
REFUSALS = {"docker": "user namespaces are refused here", "masked-proc": "the host's /proc"}


def options_of(place, nix):
    """What a place needs to see this Nix, at a name that others may not write above; and build users."""
    if nix.at == nix.dir:
        return []
    for name, line in (("passwd", "nixbld1:x:30001:30000:Nix build user 1:/var/empty:/usr/sbin/nologin\n"),
                       ("group", "nixbld:x:30000:nixbld1\n")):
        write_file(nix.path(name), read_file("/etc/" + name) + line)
    binds = [(nix.path(name), "/etc/" + name) for name in ("passwd", "group")] + [(nix.dir, nix.at)]
    if place == "podman":
        return [f"--volume={host}:{inside}" for host, inside in binds] + [f"--volume={SID}:{SID}:ro", f"--volume={nix.dir}:{nix.dir}"]
    return [f"run=mount --bind {host} {inside}" for host, inside in binds]


def alone(nix, place, file):
    """How Nix without croft ends there."""
    text = read_file(nix.path("nix.conf"))
    write_file(nix.path("nix.conf"), "".join(line + "\n" for line in text.splitlines() if not line.startswith("external")) +
               "experimental-features = nix-command\nsandbox-paths = /bin/sh=/bin/busybox\n")
    result = nix.build(file, place=place, options=options_of(place, nix))
    write_file(nix.path("nix.conf"), text)
    return result


@test("a chain is built in croft's sandbox, and identical again, where Nix's own cannot start", variants=PLACES)
def _(place):
    by_users = place in BY_BUILD_USERS
    nix = Nix(*["build-users-group = nixbld"] * by_users, shim=place.startswith("gvisor"), at="/srv" if by_users else None)
    nix.chain()
    nix.derivation("echo x > $out")
    differs(alone(nix, place, f"{nix.at}/one.nix").status, 0, "status of Nix's own sandbox")
    file, build = f"{nix.at}/chain.nix", " ".join(nix.words("nix-build", "--no-out-link"))
    # in one go: what gVisor writes is gone with it
    script = f"set -e; {build} {file} -A main; " + "; ".join(f"{build} {file} -A {a} --check" for a in ("dep", "main")) + \
        f"; cat {nix.at}/store/*-main; echo left:; ls -a {nix.at}/store; cat /proc/mounts"
    result = succeeds(nix.within(place, options_of(place, nix), "/bin/sh", "-c", script))
    contains(result.out, "passed as a file\n", "the result")
    lacks(result.out.split("left:\n")[1], "-croft-", "what is left")
    said = probes(result.err)
    equal(sorted(said), ["dep", "fixed", "main", "structured"], "who said what it could reach")
    for name, got in said.items():
        equal([got[what] for what in OUTSIDE], ["ENOENT"] * len(OUTSIDE), f"what {name} could reach")
        true(got["input"] != "0" and got["input-mode"] != "0" and got["input-gone"] != "0", f"what {name} may write: {got}")
        # gVisor heeds no read-only on "/" itself; what is written there is the build's own, and goes with it
        true(place.startswith("gvisor") or got["etc"] != "0", f"what {name} may write: {got}")
        true(got["unshare"] != "0" and got["kill"] != "0", f"{name} may do what it should not: {got}")
        true(name == "fixed" or got["tcp"] != "0", f"{name} has a network")


@test("where no room can be had, a build is refused in one line of its log, and nothing has run", variants=REFUSALS)
def _(place):
    nix = Nix()
    result = nix.build(nix.derivation("echo has run; echo x > $out"), place=place)
    differs(result.status, 0, "status")
    contains(result.err, "failed with exit code 125", "what Nix says")
    lacks(result.err, "has run", "log")
    lines = [line for line in result.err.splitlines() if line.startswith("croft: ") and not line.startswith("croft: note: ")]
    equal(len(lines), 1, f"lines of croft: {lines}")
    contains(lines[0], REFUSALS[place], "the line")
    equal(nix.left(), [], "left in the store")


main()
