#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_git.py - git under the preset of its name: what people do with it works, and its secrets stay shut.
"""
from _home import *     # pylint: disable=wildcard-import,unused-wildcard-import

WORK = """
git init -q
git add one
git commit -q -m first
git checkout -q -b side
echo 2 > two
git add -A
git commit -q -m second
git checkout -q trunk
echo 3 > one
git stash -q
git stash pop -q
git commit -q -a -m third
git merge -q side -m merge
git commit -q --amend -m 'merge, amended'
git tag -a v1 -m tag
git describe
git gc -q
git fsck --no-dangling
git log --format='%an <%ae>' -1
"""


@test("git makes a repository, commits by the user's name, branches, merges, stashes, tags and packs")
def _():
    needs("git")
    h = Home()
    h.file("one", "1\n")
    result = succeeds(h.sh("git", WORK))
    equal(result.out.split("\n")[:2], ["v1", "A Person <person@example.org>"], "output")
    equal(h.outside("git", "log", "--format=%s", "-1").out, "merge, amended\n", "log from outside")


@test("git clones, adds work trees and submodules, fetches and pushes inside of the project")
def _():
    needs("git")
    h = Home()
    h.file("one", "1\n")
    succeeds(h.sh("git", "git init -q; git add one; git commit -q -m first"))
    text = """
        git clone -q . copy
        git clone -q --bare . bare.git
        git worktree add -q tree -b side
        echo 2 > tree/two
        git -C tree add two
        git -C tree commit -q -m 'in the tree'
        git remote add there ./bare.git
        git push -q there trunk side
        git -C copy submodule --quiet add ../bare.git sub
        git -C copy commit -q -m submodule
        git -C copy log --format=%s -1
        git -C bare.git log --format=%s -1 side
    """
    equal(succeeds(h.sh("git", text)).out, "submodule\nin the tree\n", "output")


@test("git works in a work tree of which only a directory is entered, and runs its hooks")
def _():
    needs("git")
    h = Home()
    h.file("sub/file", "text\n")
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "outside"]):
        succeeds(h.outside("git", *words))
    h.file(".git/hooks/pre-commit", "#!/bin/sh\necho hook ran >&2\n", 0o755)
    h.file("sub/file", "more\n")
    result = succeeds(h.sh("git", "git commit -q -am inside; git log --format=%s", cwd=os.path.join(h.project, "sub")))
    equal((result.out, "hook ran" in result.err), ("inside\noutside\n", True), "log, and the hook")


@test("git reads the configuration below XDG_CONFIG_HOME, and cannot change the user's")
def _():
    needs("git")
    h = Home()
    os.unlink(h.path(".gitconfig"))
    h.write(".config/git/config", "[user]\n\tname = Somebody\n\temail = s@example.org\n")
    h.write("elsewhere/git/config", "[user]\n\tname = Else\n\temail = e@example.org\n")
    h.write("elsewhere/git/ignore", "*.o\n")
    text = "git init -q; git config user.name; echo > a.o; git status --short --ignored"
    equal(succeeds(h.sh("git", text)).out, "Somebody\n?? a.o\n", "output")
    env = {"XDG_CONFIG_HOME": h.path("elsewhere")}
    equal(succeeds(h.sh("git", text, env=env)).out, "Else\n!! a.o\n", "output")
    result = h.run("git", "git", "config", "--global", "core.fsmonitor", "evil")
    true(result.status != 0, "the user's configuration was changed")
    lacks(read_file(h.path(".config/git/config")), "evil", "the configuration")
    succeeds(h.outside("git", "config", "--global", "core.fsmonitor", "good"))


@test("git's stored passwords stay shut, and are there for the user outside")
def _():
    needs("git")
    h = Home()
    h.write(".gitconfig", "[credential]\n\thelper = store\n")
    h.write(".git-credentials", "https://ada:sesame@example.org\n")
    ask = "printf 'protocol=https\\nhost=example.org\\nusername=ada\\n\\n' | GIT_TERMINAL_PROMPT=0 git credential fill"
    contains(h.outside("/bin/sh", "-c", ask).out, "sesame", "git outside")
    lacks(str(h.run("git", "/bin/sh", "-c", ask, env={"GIT_TERMINAL_PROMPT": "0"})), "sesame", "git inside")


@test("a repository beside the project can neither be read nor written, and can where that is granted")
def _():
    needs("git")
    h = Home()
    beside = h.mkdir("src/beside")
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "beside"]):
        succeeds(h.outside("git", *words, cwd=beside))
    true(h.run("git", "git", "clone", "-q", beside, "copy").status != 0, "it was cloned")
    true(h.run("git", "git", "-C", beside, "log").status != 0, "its log was read")
    succeeds(h.run("git", "git", "clone", "-q", beside, "copy", options=["--read", beside]))
    true(h.has("copy/.git"), "no copy")


@test("a work tree whose repository is elsewhere needs that granted")
def _():
    needs("git")
    h = Home()
    main_tree = h.mkdir("src/main")
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"],
                  ["worktree", "add", "-q", os.path.join(h.project, "tree")]):
        succeeds(h.outside("git", *words, cwd=main_tree))
    tree = os.path.join(h.project, "tree")
    commit = ["git", "commit", "-q", "--allow-empty", "-m", "inside"]
    true(h.run("git", *commit, cwd=tree).status != 0, "it was committed to the other repository")
    succeeds(h.run("git", *commit, cwd=tree, options=["--write", main_tree + "/.git"]))
    equal(h.outside("git", "log", "--format=%s", cwd=tree).out, "inside\nfirst\n", "log")


main()
