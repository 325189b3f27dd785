# SPDX-License-Identifier: MIT
"""
suite.py - the programs of the suite "doctor" of tests/run.py: every tests/doctor/test_*.py, as root and not.

_matrix.py tells what they are. gVisor's runtime comes to the stage as for the suite "hosts"; and the parser of AppArmor
that knows user namespaces, with the C library that it wants.
"""
from hosts import suite as hosts

# As one user only: about servers, whoever asks them; places that are the same whoever is in them, or that root alone
# can make; texts. Of the others, each test says itself for whom it is (_matrix.py).
ONCE = ("test_apparmor", "test_config", "test_gvisor", "test_mends", "test_nix_builder", "test_nix_cache", "test_places",
        "test_podman", "test_refusals")
# What counts all processes of a user, and what is too slow beside others.
ALONE = ("test_gvisor", "test_nix_builder", "test_room")


def programs(runner, program, python):
    """runner: run.py's, for its builds and stage. program: its class."""
    runner.build("build-test")
    hosts.put_all(runner)
    parser = runner.stage / "apparmor-trixie"
    if not parser.exists():
        hosts.put_packages("trixie", ["apparmor", "libc6", "libgcc-s1", "libstdc++6"], parser)
    return [program(f"doctor/{path.stem}", [python, str(path)], timeout=600, alone=path.stem in ALONE,
                    users="self" if path.stem in ONCE else "both")
            for path in sorted((runner.stage / "tests" / "doctor").glob("test_*.py"))]
