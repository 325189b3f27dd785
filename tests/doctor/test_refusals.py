# SPDX-License-Identifier: MIT
"""
test_refusals.py - what croft run says in its one line when it refuses is what croft doctor says of the same place.
"""
from _matrix import *       # pylint: disable=wildcard-import,unused-wildcard-import

NAMESPACES = ["--tier", "namespaces"]
PROCESSES = ["--require", "processes"]
CASES = {
    "docker": (Place("docker"), NAMESPACES, "userns"),
    "no user namespaces": (Place("no-userns"), NAMESPACES, "userns"),
    "chroot": (Place("chroot"), NAMESPACES, "userns"),
    "masked /proc": (Place("masked-proc"), PROCESSES, "processes"),
    "user 0 without capabilities": (Place("no-caps"), NAMESPACES, "userns"),
    "no /proc": (Place("mounts", "run=mount -t tmpfs none /proc"), NAMESPACES, "userns"),
    "this host": (Place(), PROCESSES, "processes"),
}
CUT = 90    # what croft run says before it has a reason may take the rest of its line


@test("a refusal of croft run has the doctor's words, and what the doctor says is kept is not refused", variants=CASES)
def _(name):
    place, options, need = CASES[name]
    line = 'croft=$1; shift; "$croft" run "$@" -- true 2>&1; echo "status $?"; "$croft" doctor --need ' + need
    out = place.run("/bin/sh", "-c", line, "sh", CROFT, *options).out
    ran, _, said = out.partition("status ")
    if said.startswith("0\n"):
        true(f"\n{need}: had" in said, out)
        return
    found = re.search(rf"\n{need}: not had: (.*?) \[", said)
    true(found, out)
    contains(" ".join(ran.split()), found[1].split("(")[0][:CUT].strip())


main()
