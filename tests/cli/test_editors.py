#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
test_editors.py - vim and less, driven key by key in a terminal multiplexer, as a person drives them.

The multiplexer runs outside of the sandbox; the shell in it starts croft.
"""
from _world import *     # pylint: disable=wildcard-import,unused-wildcard-import

RUN = f"{CROFT} run -- "


@test("vim edits and saves a file, and leaves a sane terminal", variants=["in place", "supervised"])
def _(tier):
    w = World()
    w.file("file.txt", "first line\nsecond line\n")
    t = Tmux(w)
    t.type((RUN if tier == "in place" else f"{CROFT} run --supervise -- ") + "vim file.txt")
    t.keys("Enter")
    t.see("second line[^$]*~")
    t.type("onew text")
    t.keys("Escape")
    t.type(":w")
    t.keys("Enter")
    t.see("written")
    equal(read_file(os.path.join(w.project, "file.txt")), "first line\nnew text\nsecond line\n", "the saved file")
    t.type(":%s/line/LINE/g | wq")
    t.keys("Enter")
    wait_until(lambda: "first LINE" in read_file(os.path.join(w.project, "file.txt")), "vim saves")
    t.see(r"%sh%\s*$")
    t.sane()
    equal(sorted(os.listdir(w.project)), ["file.txt"], "files in the project: no swap file is left")


@test("vim is stopped by Ctrl-Z and comes back by fg", variants=["in place", "supervised"])
def _(tier):
    w = World()
    w.file("file.txt", "some text\n")
    t = Tmux(w)
    t.type((RUN if tier == "in place" else f"{CROFT} run --supervise -- ") + "vim file.txt")
    t.keys("Enter")
    t.see("some text[^$]*~")
    for _ in range(2):
        t.keys("C-z")
        t.see(r"Stopped[^$]*%sh%\s*$")
        t.type("clear; fg")
        t.keys("Enter")
        t.see("some text[^$]*~")
    t.type(":q")
    t.keys("Enter")
    t.see(r"%sh%\s*$")
    t.sane()


@test("vim cannot open the key or write beside the project, and can where that is granted")
def _():
    w = World()
    w.file("file.txt", "some text\n")
    t = Tmux(w)
    for options, can in (("", False), (f"--read {w.key} --write {w.beside} ", True)):
        t.type(f"clear; {CROFT} run {options}-- vim file.txt")
        t.keys("Enter")
        t.see("some text[^$]*~")
        t.type(f":w! {w.beside}/by-vim")
        t.keys("Enter")
        t.see("written" if can else "E212")
        equal(os.path.exists(f"{w.beside}/by-vim"), can, "the file beside the project")
        t.type(f":e! {w.key}")
        t.keys("Enter")
        t.keys("Enter")
        t.type(":echo 'got<' . getline(1) . '>'")
        t.keys("Enter")
        t.see(f"got<{KEY if can else ''}>")
        t.keys("Enter")
        t.type(":q!")
        t.keys("Enter")
        t.see(r"%sh%\s*$")
    t.sane()


@test("less pages, searches, quits, and leaves a sane terminal", variants=["in place", "supervised"])
def _(tier):
    w = World()
    w.file("file.txt", "".join(f"line number {n}\n" for n in range(1, 301)) + "needle here\n" + "tail\n" * 40)
    t = Tmux(w)
    t.type((RUN if tier == "in place" else f"{CROFT} run --supervise -- ") + "less file.txt")
    t.keys("Enter")
    t.see("line number 29\n")
    t.keys("Space")
    t.see("line number 58\n")
    t.type("/needle")
    t.keys("Enter")
    t.see("^needle here")
    t.type("g")
    t.see("^line number 1\n")
    t.type("G")
    t.see("tail\n.*END")
    t.type("q")
    t.see(r"%sh%\s*$")
    t.sane()


@test("less cannot show the key, and can where that is granted; a pipe into less works")
def _():
    w = World()
    t = Tmux(w)
    t.type(f"clear; {RUN}less {w.key}")
    t.keys("Enter")
    t.see("(?i)permission denied")
    t.type("q")
    lacks(t.screen(), KEY, "the screen")
    t.keys("C-c")
    t.type(f"clear; {CROFT} run --read {w.key} -- less {w.key}")
    t.keys("Enter")
    t.see(KEY)
    t.type("q")
    t.see(r"%sh%\s*$")
    t.type(f"clear; seq 500 | {RUN}less")
    t.keys("Enter")
    t.see("\n29\n")
    t.keys("Space")
    t.see("\n58\n")
    t.type("q")
    t.see(r"%sh%\s*$")
    t.sane()


main()
