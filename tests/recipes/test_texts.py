#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_texts.py - the pages of docs/recipes hold the very files of examples/recipes, and README leads to each page.
"""
import json

from _recipes import *

# "`examples/recipes/NAME/FILE`", then a fenced block.
QUOTED = re.compile(r"^`(examples/recipes/[\w./-]+)`[^\n]*\n\n```\w*\n(.*?)^```$", re.M | re.S)


@test("each example stands in its page, letter by letter")
def _():
    seen = {}
    for page in sorted(DOCS.glob("*.md")):
        for name, text in QUOTED.findall(read_file(page)):
            equal(text, read_file(SOURCE / name), f"{page.name}, {name}")
            seen[name] = page
    files = {str(path.relative_to(SOURCE)) for path in EXAMPLES.rglob("*") if path.is_file()}
    true(len(files) > 8, f"only {files}")
    equal(sorted(seen), sorted(files), "files that are quoted")


@test("README names every page")
def _():
    text = read_file(SOURCE / "README.md")
    equal([page.name for page in sorted(DOCS.glob("*.md")) if f"docs/recipes/{page.name}" not in text], [], "pages it lacks")


@test("each page says what it does not do")
def _():
    equal([page.name for page in sorted(DOCS.glob("*.md")) if "\n## What it does not do\n" not in read_file(page)], [], "pages")


@test("what the pages lead to is there")
def _():
    for page in sorted(DOCS.glob("*.md")):
        for link in re.findall(r"\]\(([^)#:]+)\)", read_file(page)):
            true((page.parent / link).exists(), f"{page.name}: {link}")


@test("the setting for Nix is what Nix reads: a line of JSON each")
def _():
    lines = read_file(EXAMPLES / "nix" / "nix.conf").splitlines()
    equal([line.split(" = ")[0] for line in lines], ["extra-experimental-features", "external-builders"], "names")
    [builder] = json.loads(lines[1].split(" = ", 1)[1])
    equal((builder["program"], builder["args"]), (CROFT_THERE, ["nix-builder"]), "what is called")


@test("the hook's file becomes croft: the same process, with the request on its standard input")
def _():
    folder = tempdir()
    hook = installed(EXAMPLES / "github-runner" / "hook.sh", f"{folder}/hook.sh")
    double = write_file(f"{folder}/croft", '#!/bin/sh\necho "$$ $*"; cat; exit 7\n', 0o755)
    write_file(hook, read_file(hook).replace(CROFT, double))
    got = run("bash", "-c", f"echo $$; exec bash -e {hook}", stdin='{"command":"prepare_job"}\n')
    status_is(got, 7)
    pid, said, request = got.out.splitlines()
    equal(said, f"{pid} gha-hook", "process and words")
    equal(request, '{"command":"prepare_job"}', "its input")
    env = dict(line.split("=") for line in read_file(EXAMPLES / "github-runner" / "env").splitlines())
    true(env["ACTIONS_RUNNER_CONTAINER_HOOKS"].endswith(".sh"), "the runner takes .sh and .js alone")


main()
