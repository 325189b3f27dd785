#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_kernels.py - on which kernels each preset starts, planned for hosts that were recorded.

A preset that asks for what only newer kernels can tell apart would not start on the others, or open
more than it says. Which do is written down here, and in the heads of the presets.
"""
from _home import *     # pylint: disable=wildcard-import,unused-wildcard-import

HOSTS = os.path.join(TESTS, "plan", "hosts")
PRESETS = ["default", "devices", "empty", "nss", "server", "ssh-client", "system", "tls", "tty", *IN_PROJECT]
WITH_PORTS = ["agent", "server", "ssh-client"]
TCP = 4     # the ABI that tells TCP ports apart


def refused_rows(h, preset, abi, *options):
    """What is required of a kernel with this ABI and not enforced there: the start is refused for it."""
    host = f"{HOSTS}/abi-{abi:02}.host"
    result = run_croft("plan", "--json", "--host", host, *chosen(preset), *options, "--execute", PAYLOAD,
                       "--", PAYLOAD, "env", cwd=h.project, env=h.env)
    rows = json.loads(result.out)["protections"]
    true(len(rows) > 15, f"rows of the plan: {rows}")
    return [row["name"] for row in rows if row["requirement"] == "require" and row["state"] != "enforced"]


def ground():
    h = Home()
    for folder in ("logs", "tmp"):
        os.mkdir(os.path.join(h.project, folder))
    return h


@test("a preset starts on every kernel with Landlock, those with ports where ports can be told apart", variants=PRESETS)
def _(preset):
    h = ground()
    for abi in range(1, 12):
        want = ["tcp"] if preset.removesuffix(LANDLOCK_ONLY) in WITH_PORTS and abi < TCP else []
        equal(refused_rows(h, preset, abi), want, f"what stops {preset} with ABI {abi}")


@test("the option that the heads name lets them start there", variants=WITH_PORTS)
def _(preset):
    h = ground()
    contains(read_file(os.path.join(os.path.dirname(TESTS), "docs/design/presets.md")), "`--prefer tcp`", "the page")
    for abi in range(1, TCP):
        equal(refused_rows(h, preset, abi, "--prefer", "tcp"), [], f"what stops {preset} with ABI {abi}")


@test("asking for names by UDP would stop the agent before ABI 10, which is why it asks by TCP")
def _():
    h = ground()
    equal(refused_rows(h, "agent", 9, "--connect", "udp:53"), ["udp"], "with ABI 9")
    equal(refused_rows(h, "agent", 10, "--connect", "udp:53"), [], "with ABI 10")


main()
