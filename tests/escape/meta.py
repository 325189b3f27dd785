#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
meta.py - the list of known escapes: each has a test here, one elsewhere, or a reason to have none.

The list is that of published and measured ways out of sandboxes for coding agents: what is written
now and executed later (E), names and aliases (P), sockets and delegated authority (S), environment,
processes and policy (V); and the lessons of CVEs of other sandboxes (L). HERE is read from the
tables of the files beside this one.
"""
import ast

from harness import *       # pylint: disable=wildcard-import,unused-wildcard-import

HOW_MANY = {"E": 13, "P": 16, "S": 18, "V": 17, "L": 14}
# Tested in another folder: the file, and a part of its sentence.
ELSEWHERE = {
    "L1": ("escape/sockets", "with the upper bits of the request set either"),
    "S17": ("kernel/unstopped", "what passes Landlock is closed by croft"),
    "V6": ("cli/test_project_file", "by being there a file cannot add its wish"),
    "V7": ("cli/test_project_file", "a command that was confined by default cannot approve anything"),
    "V10": ("kernel/inherit", "a setuid program of root gives no privilege"),
    "V12": ("kernel/limits", "more processes than the limit cannot be had"),
    "L11": ("kernel/unstopped", "a ring goes around the filter"),
}
# Neither files, descriptors, /proc, sockets, terminals, processes nor the environment; or nothing that croft has.
NO_MATTER = {
    "S14": "what the command prints goes to the caller as it is; croft's own messages show control characters as text (unit/test_text)",
    "V3": "croft judges what is done, and no words of commands",
    "V4": "croft judges what is done, and no words of commands",
    "V8": "an agent's tools that run outside of croft are outside of croft",
    "V16": "nothing is copied back after a run: the command writes in place",
    "V17": "nothing is reviewed between writing and applying: the command writes in place",
}
FILES = ["later", "paths", "sockets", "process", "lessons"]
SUBJECTS = [*FILES, "bad_input"]
# What can only ask one question, and may pass where nothing is confined: croft itself runs no other program.
ONE_SIDED = ("E4", "V5") if IS_ROOT else ("E4", "V5", "L8")     # an ordinary user has no capability to lose


def here():
    """id -> file, from the tables."""
    found = {}
    for name in FILES:
        tree = ast.parse(read_file(os.path.join(TESTS, "escape", f"{name}.py")))
        tables = [node.value for node in tree.body if isinstance(node, ast.Assign) and node.targets[0].id == "TABLE"]
        equal(len(tables), 1, f"tables of {name}")
        for row in tables[0].elts:
            word = row.elts[0].value
            true(word not in found, f"{word} stands twice")
            found[word] = name
    return found


@test("each known escape has a test, here or elsewhere, or a reason to have none")
def _():
    known = {re.sub(r"[a-z]+$", "", word) for word in here()} | set(ELSEWHERE) | set(NO_MATTER)
    wanted = {f"{letter}{n}" for letter, count in HOW_MANY.items() for n in range(1, count + 1)}
    equal(sorted(wanted - known), [], "without a test")
    equal(sorted(known - wanted), [], "not in the list")
    equal(sorted(set(NO_MATTER) & (set(here()) | set(ELSEWHERE))), [], "with a test, and said to be no matter")


@test("a test that is said to be elsewhere is there")
def _():
    for word, (file, sentence) in ELSEWHERE.items():
        contains(read_file(os.path.join(TESTS, f"{file}.py")), sentence, f"{file}.py, for {word}")


@test("each table names tiers that there are, and each of its rows has a test")
def _():
    for name in SUBJECTS:
        text = read_file(os.path.join(TESTS, "escape", f"{name}.py"))
        for word in [w for w, file in here().items() if file == name]:
            contains(text, f'@escape("{word}"', f"{name}.py")
        matches(text, r"\nfinish\(\)\n$", f"the end of {name}.py")


@test("every test fails with a launcher that refuses everything, and with one that confines nothing",
      variants=[f"{s}, {launcher}" for s in SUBJECTS for launcher in ("deny_all.sh", "allow_all.sh")])
def _(variant):
    subject, launcher = variant.split(", ")
    # what gets out where nothing is confined stays in there
    env = {**os.environ, "CROFT": os.path.join(TESTS, "fakes", launcher), "TMPDIR": tempdir()}
    result = run(sys.executable, os.path.join(TESTS, "escape", f"{subject}.py"), "[landlock]", env=env, timeout=200)
    passed = [line for line in result.out.splitlines() if line.startswith("ok ") and "# SKIP" not in line]
    contains(result.out, "not ok 1 ", f"the file ran\n{result}; output")
    if launcher == "allow_all.sh":
        passed = [line for line in passed if line.split()[3].strip(":") not in ONE_SIDED]
    equal(passed, [], "tests that passed")


main()
